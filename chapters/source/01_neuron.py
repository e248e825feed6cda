# %% [markdown]
# # Lesson 01 · A neuron
#
# In 1960 a machine in Buffalo learned to tell shapes apart. Nobody had told it how. It had been shown examples, and after each mistake it had turned
# its own knobs a little. Inside was a simple part, repeated: multiply each input by a weight, add up, and compare the sum with a threshold. Every
# network you have heard of, up to those that write text, is made of descendants of that part.
#
# In this lesson you write one. First it decides, with knobs that you set by hand. Then it says how sure it is. Then it learns: from flowers that a
# botanist measured in the 1930s it finds its own knobs, in a few hundred small steps. Nothing is taken from a library but the arithmetic of arrays.
#
# You need a little python (functions, lists, loops) and school mathematics: the slope of a curve, e to the power x, the logarithm. Arrays of numbers
# are introduced as we go. Plan two to three hours, in as many sittings as you like.
#
# **How it goes.** Read, guess, run (Shift+Enter). Where a cell says `YOUR CODE HERE`, write the code, run the cell, and run the check below it. A
# failed check says what it saw. If you are stuck, `course.hint("neuron.sigmoid")` (with the name of your exercise) gives three steps of help, one for
# each call.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import learnnn as torch
from learnnn import course, datasets, inspection, nn
from learnnn.course import unfinished

unfinished.explain_unfinished()

# %% [markdown]
# ## 1 · The finished thing
#
# The data first. The botanist is Edgar Anderson; R. A. Fisher made his irises famous in 1936. We take two species that look alike, 50 flowers each:
# *Iris versicolor*, which we call class 0, and *Iris virginica*, class 1. Of each flower we use two numbers, length and width of a petal, in
# centimetres.

# %%
measurements, species = datasets.iris(scale=False)
measurements = measurements.astype(float).round(1)  # in centimetres, to the millimetre

two_species = species > 0  # 0 is setosa; it comes later
flowers = measurements[two_species][:, 2:]  # petal length and petal width
y = (species[two_species] == 2).astype(int)  # 1 for virginica, 0 for versicolor

names, features = ["versicolor", "virginica"], ("petal length (cm)", "petal width (cm)")
for i in (0, 1, 50, 51):
    print(f"flower {i:2}: petals {flowers[i, 0]:.1f} cm long and {flowers[i, 1]:.1f} cm wide, {names[y[i]]}")

# %% [markdown]
# And here is what we are after, as learnnn does it (and PyTorch, in the same words): one neuron that learns to tell the two apart. Do not try to read
# this cell yet. Run it, and look at the picture. At the end of the lesson you come back to it, and each of its lines will be one of yours.

# %%
average = flowers.mean(axis=0)  # the average flower
inputs = torch.tensor(flowers - average, dtype=torch.float64)
targets = torch.tensor(y, dtype=torch.float64)

model = nn.Linear(2, 1, dtype=torch.float64)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
for _ in range(300):
    loss = nn.functional.binary_cross_entropy_with_logits(model(inputs)[:, 0], targets)
    loss.backward()
    with torch.no_grad():
        for knob in model.parameters():
            knob -= 1.0 * knob.grad
            knob.grad = None

finished = lambda points: model(torch.tensor(points - average)).sigmoid()[:, 0].detach().numpy()
words = {"class_names": names, "features": features}
inspection.decision_boundary(finished, flowers, y, **words, title="One neuron, after 300 steps")

# %% [markdown]
# Every point is a flower. The neuron has drawn a line: on one side it says *virginica*, on the other *versicolor*, and the further away from the line,
# the surer it is, which is what the colour shows. Five flowers of the hundred are on the wrong side (they have rings).
#
# Three numbers hold all of this: two weights and a bias.

# %% [markdown]
# ## 2 · By hand, on paper
#
# ### Vote, add up, compare
#
# Suppose someone asks *you* to tell the two apart. You look at a few flowers and say: virginica has the longer petals and the wider ones; width tells
# more, so it counts double; and in all it should come to more than 8. As a formula:
#
# > it is virginica if 1 · length + 2 · width > 8
#
# That is a neuron. It has a **weight** for each input, which says how much this input counts: here 1 and 2. And it has a threshold, 8. It is more
# convenient to bring the 8 to the other side,
#
# > 1 · length + 2 · width - 8 > 0
#
# and to call the -8 the **bias** b: a head start, or a handicap, which is there before any input has come. The sum on the left has a name too. We call
# it z. If z is above 0, the neuron **fires**.
#
# | flower | length x1 | width x2 | 1 · x1 | 2 · x2 | b | z | fires? |
# |---|---|---|---|---|---|---|---|
# | A | 6.0 | 2.5 | 6.0 | 5.0 | -8 | 3.0 | yes: virginica |
# | B | 4.0 | 1.0 | 4.0 | 2.0 | -8 | -2.0 | no: versicolor |
# | C | 5.0 | 1.5 | ? | ? | -8 | ? | ? |
#
# Fill in the last row. It is a special one.
#
# <details>
# <summary><b>Answer</b> (open it when you have decided)</summary>
#
# 5 + 3 - 8 = 0. Flower C lies exactly on the line. We have to say what happens there, and we say: a neuron fires when z is *above* 0. So it does not.
# </details>
#
# ### Where the line is
#
# All flowers with z = 0 lie on a straight line: 1 · x1 + 2 · x2 - 8 = 0. For a length of 4 that is at a width of 2, for a length of 6 at a width of 1.
# Put two points on paper, join them, and you have drawn what this neuron thinks.
#
# ### Predict, then run
#
# The next cell asks a question. Choose before you go on; a wrong guess teaches more than an answer that you only read.

# %% jupyter={"source_hidden": true}
inspection.predict(
    "Multiply both weights and the bias by 10: weights 10 and 20, bias -80. Where is the line now?",
    "where it was",
    options=["ten times as far away", "it has turned", "where it was", "it is gone: everything fires"],
    because="z is ten times as large everywhere, and ten times 0 is 0. The line stays, and so does every answer. "
    "What changes is how fast z grows as you walk away from the line. "
    "In section 5 that turns out to be how sure the neuron is.",
)

# %% [markdown]
# ## 3 · Rebuild: a neuron that decides
#
# ### The weighted sum
#
# A flower is a list of inputs, `x = [6.0, 2.5]`. The weights are a list of the same length, `w = [1.0, 2.0]`. Multiply each input by its own weight,
# add the products up, and add b. Write it so that it works for lists of any length: later flowers have four measurements, and a digit has 64 pixels.
# For pairs out of two lists python has `zip`:

# %%
for x_i, w_i in zip([6.0, 2.5], [1.0, 2.0]):
    print("input", x_i, "with weight", w_i)

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.weighted_sum", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def weighted_sum(x, w, b):
    """The products of inputs and weights, added up, plus b."""
    ### BEGIN SOLUTION
    total = b
    for x_i, w_i in zip(x, w):
        total = total + x_i * w_i
    return total
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.weighted_sum", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("neuron.weighted_sum", weighted_sum)
### BEGIN HIDDEN TESTS
assert course.check("neuron.weighted_sum", weighted_sum)
### END HIDDEN TESTS

# %% [markdown]
# The check does not know your code. It asks it questions, some fixed and some drawn anew each time, and works the answers out in another way.
#
# Now the three flowers of the table. They should come to 3, -2 and 0:

# %%
for flower in ([6.0, 2.5], [4.0, 1.0], [5.0, 1.5]):
    print(flower, "->", weighted_sum(flower, [1.0, 2.0], -8.0))

# %% [markdown]
# ### The threshold
#
# z comes in, a decision comes out: 1 if it fires, 0 if not.

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.step", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def step(z):
    """1 if z is above 0, else 0."""
    ### BEGIN SOLUTION
    return 1 if z > 0 else 0
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.step", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("neuron.step", step)
### BEGIN HIDDEN TESTS
assert course.check("neuron.step", step)
### END HIDDEN TESTS

# %% [markdown]
# ### Set the knobs yourself
#
# The two together are the neuron of 1943, when Warren McCulloch and Walter Pitts wrote down what a nerve cell might be computing. It cannot learn. You
# do that part. Below, only the length counts, so the line stands upright: everything longer than 5 cm is called virginica. **Change the three numbers
# and run the cell again**, as often as you like. How many of the hundred can you get on the right side?

# %%
w1, w2, b = 1.0, 0.0, -5.0


def by_hand(points):
    return np.array([step(weighted_sum(point, [w1, w2], b)) for point in points.tolist()])


inspection.decision_boundary(by_hand, flowers, y, **words, title="Knobs set by hand")

# %% [markdown]
# What you will have noticed:
#
# - The two weights turn the line. With w2 = 0 the width does not matter, and the line is upright. Give w2 something, and it leans.
# - b moves the line without turning it.
# - Three numbers can be found by trying. But you were looking at the picture. With 64 inputs there is no picture, and with a million weights there is
#   no trying either.
#
# We need a rule that turns the knobs by itself. Before that, two preparations.

# %% [markdown]
# ## 4 · Many flowers at once: rows of numbers
#
# So far we take one flower at a time. From here on we want a hundred of them in one line of code, and numpy's **arrays** do this. You have one already:

# %%
print("shape of flowers:", flowers.shape)
print("the first row:", flowers[0])
print("its length:", flowers[0, 0])
print("the first three lengths:", flowers[:3, 0])

# %% [markdown]
# An array is a table of numbers. Its **shape** here is (100, 2): 100 rows, one for each flower, and 2 columns, one for each input. `flowers[0]` is a
# row, `flowers[:3, 0]` means *the rows before the third, of these column 0*. (Counting starts at 0.) We write (N, D) when we mean *some number of
# flowers, some number of inputs*.
#
# Arithmetic works on all numbers of an array at once, and that is all the magic there is:

# %%
x = np.array([6.0, 2.5])
w = np.array([1.0, 2.0])
print("x * w      =", x * w, "    pair by pair")
print("x - 1      =", x - 1, "    the 1 meets every number")
print("x > 5      =", x > 5, "    a question to every number")
print("(x * w).sum() =", (x * w).sum())
print("x @ w      =", x @ w, "          products, added up: one step")

# %% [markdown]
# `x @ w` is a weighted sum, without a loop. And if a whole table stands on the left, `X @ w` does it for *each row*: (100, 2) @ (2,) gives (100,), a
# hundred sums. The two lengths that stand side by side, here the two 2s, must be the same; they are what is added over, and they are gone afterwards.
# Keep an eye on shapes; most mistakes in this trade are mistakes of shape, and they can be seen by printing `.shape`.

# %%
z = flowers @ w - 8.0
print("shape of z:", z.shape)
print("four of the hundred sums:", z[[0, 1, 50, 51]].round(2))
print("the first, with your function:", round(weighted_sum(flowers[0], w, -8.0), 2))
print("of 100 flowers fire:", (z > 0).sum())

# %% [markdown]
# The last line is worth a second look. `z > 0` is an array of True and False. True counts as 1, so `.sum()` counts how many are true, and `.mean()`
# gives their share.
#
# One step more of preparation. Nearly all petals are 3 to 7 cm long, and what matters is whether they are longer or shorter than usual. So from now on
# we measure **from the average flower**: 0 is average, +1 is a centimetre more. (Why this makes learning easier you will see in section 9, where we
# leave it out.)

# %%
average = flowers.mean(axis=0)  # the mean down each column: shape (2,)
X = flowers - average
print("the average flower:", average.round(3))
print("the first one, measured from it:", X[0].round(3))

# %% [markdown]
# `axis=0` says *down the columns*: the mean over the rows, one for each column. And `flowers - average` is (100, 2) minus (2,): numpy takes the two
# numbers away from every row.

# %% [markdown]
# ## 5 · How sure? The sigmoid
#
# A flower just over the line and one far beyond it get the same answer, 1. You would not say that about either in the same tone. And there is a worse
# trouble: the step is *flat*. Turn a knob a little, and not one decision changes; so nothing tells you whether you turned it the right way. To learn
# from small changes, the answer must change a little when the knobs do.
#
# So we replace the step by something soft. It should be near 0 for sums far below 0, near 1 far above, and exactly one half on the line. This one has
# these properties, and it is everywhere:
#
# $$ \text{sigmoid}(z) = \frac{1}{1 + e^{-z}} $$
#
# We will read its answer as a probability p: *how sure am I that this is a 1?*

# %%
zs = np.linspace(-6, 6, 241)
figure, axes = plt.subplots(figsize=(6.4, 2.7), layout="constrained")
axes.plot(zs, (zs > 0) * 1.0, color="#8a8f98", linestyle="--", label="step")
axes.plot(zs, 1 / (1 + np.exp(-zs)), color="#2a7ab8", label="sigmoid")
for name, at in (("C", 0.0), ("A", 3.0), ("B", -2.0)):
    axes.plot(at, 1 / (1 + math.exp(-at)), "o", color="#d3691e")
    axes.text(at + 0.1, 1 / (1 + math.exp(-at)) - 0.1, name)
axes.set(xlabel="z", ylabel="p", ylim=(-0.08, 1.08))
axes.grid(alpha=0.3)
axes.legend(loc="upper left", frameon=False)
plt.show()

# %% [markdown]
# By hand, for the three flowers of section 2 (the orange points):
#
# | flower | z | e to the -z | 1 + that | p |
# |---|---|---|---|---|
# | A | 3 | 0.0498 | 1.0498 | 0.953 |
# | B | -2 | 7.389 | 8.389 | 0.119 |
# | C | 0 | 1 | 2 | 0.5 |
#
# ### Where the plain formula breaks
#
# Before you write it: what does python make of a flower that is *very* far from the line?

# %%
for z_far in (10.0, 700.0, -700.0, -1000.0):
    try:
        print(f"z = {z_far:7g}: p = {1 / (1 + math.exp(-z_far)):.3g}")
    except OverflowError as error:
        print(f"z = {z_far:7g}: {type(error).__name__}: {error}")

# %% [markdown]
# The answer at -1000 is practically 0, no doubt about it. But on the way to it stands e to the power +1000, a number with 435 digits, and a float ends
# at 309. (numpy does not stop there. It prints a warning, goes on with *infinity*, and one day your loss is `nan`.) Weights grow while a network
# learns, so sums like that do occur.
#
# The cure is to ask exp only for numbers that are not above 0: those powers lie between 0 and 1, and nothing can happen. For z below 0, multiply the
# top and the bottom of the fraction by $e^{z}$:
#
# $$ \frac{1}{1 + e^{-z}} = \frac{e^{z}}{e^{z} + 1} $$
#
# The left form is safe for z above 0, the right one below. Two tools:
#
# - `np.abs(z)` is the size of z, so `np.exp(-np.abs(z))` is safe for every z. It is $e^{-z}$ above 0 and $e^{z}$ below.
# - `np.where(condition, a, b)` chooses number by number: a where the condition is true, else b. Mind that it works out *both* sides before it chooses.
#
# Write it for a number or an array of any shape. `z >= 0` works for both.

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.sigmoid", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def sigmoid(z):
    """1 / (1 + exp(-z)), for each number in z, without overflow."""
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(z))  # at most 1
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.sigmoid", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("neuron.sigmoid", sigmoid)
### BEGIN HIDDEN TESTS
assert course.check("neuron.sigmoid", sigmoid)
### END HIDDEN TESTS

# %% [markdown]
# ### The neuron
#
# Weighted sum, then sigmoid, for all rows of X at once: N flowers in, N probabilities out. (One line will do.)

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.neuron", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def neuron(X, w, b):
    """The probability of a 1 for each row of X: (N, D) -> (N,)."""
    ### BEGIN SOLUTION
    return sigmoid(X @ w + b)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.neuron", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("neuron.neuron", neuron)
### BEGIN HIDDEN TESTS
assert course.check("neuron.neuron", neuron)
### END HIDDEN TESTS

# %%
three = np.array([[6.0, 2.5], [4.0, 1.0], [5.0, 1.5]])
print(neuron(three, np.array([1.0, 2.0]), -8.0).round(3))

# %% [markdown]
# Those are A, B and C again, as in your table. Now remember the question of section 2, and run this: the same line, with knobs ten times as large.

# %%
figure, panels = plt.subplots(1, 2, figsize=(8.6, 3.1), layout="constrained", sharey=True)
lengths, widths = np.meshgrid(np.linspace(2.8, 7.1, 160), np.linspace(0.9, 2.6, 120))
plane = np.stack([lengths.ravel(), widths.ravel()], axis=1)  # every point of the plane as a row
for axes, factor in zip(panels, (1, 10)):
    p = neuron(plane, factor * np.array([1.0, 2.0]), factor * -8.0).reshape(lengths.shape)
    shades = axes.contourf(lengths, widths, p, levels=np.linspace(0, 1, 11), cmap="PuOr_r")
    axes.set(title=f"w = ({factor}, {2 * factor}), b = {-8 * factor}", xlabel=features[0])
panels[0].set_ylabel(features[1])
figure.colorbar(shades, ax=panels, label="p")
plt.show()

# %% [markdown]
# The line where p is one half is the same. On the left the neuron is undecided over half the plane; on the right it is certain nearly everywhere. **The
# direction of w says where the line runs; the size of w says how sure the neuron is.** Both are to be learned.

# %% [markdown]
# ## 6 · How wrong? The loss
#
# To learn, the neuron has to know how well it is doing, as one number: the **loss**, which is to become small. Counting wrong decisions will not do,
# for the reason we had: a count does not move when the knobs move a little.
#
# So we ask: *how much was the true answer given?* A flower is virginica (y = 1), the neuron said p = 0.8: the truth was given 0.8. Another is
# versicolor (y = 0), and it got p = 0.8 as well: the truth was given only 0.2. How bad is that? The measure is the **surprise**, -log of what the truth
# was given:
#
# | the truth was given | 1 | 0.8 | 0.5 | 0.2 | 0.01 | near 0 |
# |---|---|---|---|---|---|---|
# | surprise -log | 0 | 0.22 | 0.69 | 1.61 | 4.61 | as large as you like |
#
# Why a logarithm? Think of the probability that *all* answers come out as they did. Probabilities of several things are multiplied: 0.8 · 0.5 · 0.2.
# The logarithm turns products into sums, so that every flower has its own share in the loss, and we can work on sums. And it has a character that we
# want: to be certain and wrong is unforgivable.
#
# The **log loss** is the mean surprise over the flowers. (PyTorch's name is *binary cross-entropy*.)

# %% jupyter={"source_hidden": true}
inspection.predict(
    "All knobs are 0: the neuron says 0.5 to every flower. What is its log loss on our hundred flowers, about?",
    "0.69",
    options=["0", "0.5", "0.69", "50"],
    because="Every true answer was given one half, whichever it is, and -log(0.5) = 0.693. "
    "It is the loss of knowing nothing. A neuron with a larger one would do better to shrug.",
)

# %% [markdown]
# Write it with arrays: p and y have the same shape, (N,). Choose first what each true answer was given (`np.where` again; the condition is `y == 1`),
# then take the logarithm (`np.log`), then the mean.
#
# There is a formula in the books that does without choosing, -(y · log p + (1 - y) · log(1 - p)). It is the same on paper. Try in your head what it
# does when p is exactly 1 and y is 1, before you use it.

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.log_loss", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def log_loss(p, y):
    """The mean of -log(what the true answer was given)."""
    ### BEGIN SOLUTION
    right = np.where(y == 1, p, 1 - p)
    return -np.log(right).mean()
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.log_loss", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("neuron.log_loss", log_loss)
### BEGIN HIDDEN TESTS
assert course.check("neuron.log_loss", log_loss)
### END HIDDEN TESTS

# %%
for said in (0.5, 0.8, 0.99):
    p = np.array([said, said])
    twice, once = log_loss(p, np.array([1, 1])), log_loss(p, np.array([1, 0]))
    print(f"says {said} to both: loss {twice:.2f} if it is right twice, {once:.2f} if it is wrong once")

# %% [markdown]
# Look at the last column. Confidence pays as long as you are right. The loss is smallest for a neuron that is exactly as sure as it deserves to be.

# %% [markdown]
# ## 7 · Which way? The gradient
#
# Three knobs, one number that should fall. For each knob we want to know: *if I turn it up a little, does the loss grow or shrink, and how fast?* That
# is a slope. The slopes of all knobs together are the **gradient**.
#
# ### By nudging
#
# Slopes can be found without any mathematics: turn the knob a little up, a little down, and look at the difference.

# %%
def loss_at(X, y, w, b):
    return log_loss(neuron(X, w, b), y)


def slopes_by_nudging(X, y, w, b, nudge=1e-5):
    """The slope of the loss in each weight, and in b: up a little, down a little."""
    dw = np.zeros(len(w))
    for i in range(len(w)):
        little = np.zeros(len(w))
        little[i] = nudge
        dw[i] = (loss_at(X, y, w + little, b) - loss_at(X, y, w - little, b)) / (2 * nudge)
    db = (loss_at(X, y, w, b + nudge) - loss_at(X, y, w, b - nudge)) / (2 * nudge)
    return dw, db


dw, db = slopes_by_nudging(X, y, np.array([1.0, 0.0]), 0.5)
print("slopes in the weights:", dw.round(4), "  slope in b:", round(db, 4))

# %% [markdown]
# Read it like this: with these knobs the loss *falls* when w2 grows (its slope is negative) and when b gets smaller. So that is the way to turn them.
#
# It works, and it is slow: every knob costs two runs over all flowers. Three knobs are nothing; a million are hopeless. We want a formula. Nudging
# stays with us all the same, as the judge: whatever formula we find, it must agree.
#
# ### By thinking
#
# Take one flower, and go from the loss back to the knobs, one link at a time.
#
# **From the loss to z.** If the flower is a 1, its loss is -log p, and with p = 1 / (1 + e⁻ᶻ) that is log(1 + e⁻ᶻ). From school: the slope of log(u) is
# 1/u, times the slope of u. Here u = 1 + e⁻ᶻ, whose slope is -e⁻ᶻ. So the slope of the loss in z is
#
# $$ \frac{-e^{-z}}{1 + e^{-z}} = -(1 - p) = p - 1 $$
#
# If the flower is a 0, its loss is -log(1 - p) = log(1 + eᶻ), and in the same way the slope is eᶻ / (1 + eᶻ) = p, which is p - 0.
#
# Look what has happened. All the exponentials are gone, and both cases are the same thing:
#
# > the slope of the loss in z is **p - y**: what it said, minus what it should have said
#
# This is the **miss**. It is negative where p is too low, positive where it is too high, and near 0 where nothing is to be learned. That it is so
# simple is no accident; log loss and sigmoid are made for each other.
#
# **From z to the knobs.** z = w1 · x1 + w2 · x2 + b. Turn w1 up by 0.1, and z grows by 0.1 · x1: the slope of z in w1 is x1. In w2 it is x2, and in b
# it is 1.
#
# **Both together.** The knob moves z, z moves the loss; the slopes multiply, like gears:
#
# > slope in w1: (p - y) · x1,  in w2: (p - y) · x2,  in b: (p - y)
#
# In words: *a weight is to blame for a miss as much as its input was present.*
#
# **Many flowers.** The loss is the mean over the flowers, so each slope is the mean of the flowers' slopes.
#
# ### An example on paper
#
# Two flowers, D = 2, all knobs at 0. Then z = 0 and p = 0.5 for both.
#
# | x1 | x2 | y | p | miss p - y | miss · x1 | miss · x2 |
# |---|---|---|---|---|---|---|
# | 1 | 0 | 1 | 0.5 | -0.5 | -0.5 | 0 |
# | 0 | 2 | 0 | 0.5 | 0.5 | 0 | 1 |
# | | | | mean: | **0** | **-0.25** | **0.5** |
#
# So dw = (-0.25, 0.5) and db = 0.
#
# ### Write it
#
# `miss = neuron(X, w, b) - y` is an array (N,), a miss for each flower. Then dw, of shape (D,): for each column of X, the mean of its numbers times the
# misses. There are several ways:
#
# - a loop over the flowers with a running total, as in `weighted_sum`,
# - or `X.T @ miss`. `X.T` is the table turned on its side, (D, N), a row for each input; `@` then adds the products over the flowers, (D, N) @ (N,)
#   gives (D,). What is left to do?

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.gradient", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def gradient(X, y, w, b):
    """The slopes of the log loss: (dw, db), of shape (D,) and a number."""
    ### BEGIN SOLUTION
    miss = neuron(X, w, b) - y  # (N,)
    return X.T @ miss / len(X), miss.mean()
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.gradient", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("neuron.gradient", gradient)
### BEGIN HIDDEN TESTS
assert course.check("neuron.gradient", gradient)
### END HIDDEN TESTS

# %% [markdown]
# Does it agree with nudging, on the hundred flowers?

# %%
w, b = np.array([1.0, 0.0]), 0.5
for name, slopes in (("formula", gradient), ("nudging", slopes_by_nudging)):
    dw, db = slopes(X, y, w, b)
    print(f"{name}: slopes in the weights {dw.round(6)}, in b {db:.6f}")

# %% [markdown]
# ## 8 · A step, and many of them
#
# The gradient points to where the loss *grows*. So we turn each knob the other way, by an amount in proportion to its slope:
#
# > new w = w - lr · dw,  new b = b - lr · db
#
# The factor lr is the **learning rate**, and it says how long the step is. How to choose it is what lesson 02 is about; here 1 does well.
#
# Both slopes are to be taken *at the same point*, before anything moves. And give back new knobs, without changing those that came in: whoever called
# you may still need them.

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.update", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def update(X, y, w, b, lr):
    """w and b after one step against the gradient."""
    ### BEGIN SOLUTION
    dw, db = gradient(X, y, w, b)
    return w - lr * dw, b - lr * db
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.update", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("neuron.update", update)
### BEGIN HIDDEN TESTS
assert course.check("neuron.update", update)
### END HIDDEN TESTS

# %% [markdown]
# One measure more, for people: the **accuracy**, the share of flowers on the right side. A p above 0.5 counts as a 1, anything else as a 0, as in
# `step`. (It is no loss, since it does not feel small changes. It is what you tell others.)

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.accuracy", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def accuracy(p, y):
    """The share of right decisions, between 0 and 1."""
    ### BEGIN SOLUTION
    return np.mean((p > 0.5) == y)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.accuracy", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("neuron.accuracy", accuracy)
### BEGIN HIDDEN TESTS
assert course.check("neuron.accuracy", accuracy)
### END HIDDEN TESTS

# %% [markdown]
# And now it learns. Start with all knobs at 0, knowing nothing, and take a step again and again. That is all.

# %%
def train(X, y, steps=300, lr=1.0):
    """Knobs found from nothing: w, b, and the loss before each step."""
    w, b = np.zeros(X.shape[1]), 0.0
    losses = []
    for _ in range(steps):
        losses.append(loss_at(X, y, w, b))
        w, b = update(X, y, w, b, lr)
    return w, b, losses


w, b, losses = train(X, y)
print(f"loss {losses[0]:.3f} at the start, {losses[-1]:.3f} at the end")
print(f"w = ({w[0]:.3f}, {w[1]:.3f}), b = {b:.3f}")
print(f"accuracy {accuracy(neuron(X, w, b), y):.2f}")

# %% [markdown]
# 0.693 at the start: you have predicted that. And in the end five flowers on the wrong side, just as many as in section 1. Nobody told it that width
# counts, or where the line should be.
#
# ### Look inside: the line on its way

# %%
figure, (left_axes, axes) = plt.subplots(1, 2, figsize=(9.2, 3.5), layout="constrained")
left_axes.plot(losses, color="#2a7ab8")
left_axes.axhline(math.log(2), color="#8a8f98", linestyle=":", label="knowing nothing")
left_axes.set(xlabel="step", ylabel="log loss", ylim=(0, 0.75), title="300 steps")
left_axes.legend(frameon=False)
for kind, colour, marker in ((0, "#2a7ab8", "o"), (1, "#d3691e", "^")):
    axes.scatter(*flowers[y == kind].T, s=20, c=colour, marker=marker, label=names[kind], alpha=0.7)
ends = np.array([2.8, 7.1])
for steps, strength in ((1, 0.25), (5, 0.4), (20, 0.6), (300, 1.0)):
    w_then, b_then, _ = train(X, y, steps)
    line = average[1] - (w_then[0] * (ends - average[0]) + b_then) / w_then[1]
    axes.plot(ends, line, color="#444", alpha=strength, linewidth=0.8 + strength, label=f"step {steps}")
axes.set(xlabel=features[0], ylabel=features[1], xlim=ends, ylim=(0.9, 2.6), title="Where p is one half")
axes.legend(frameon=False, fontsize=8, loc="upper left")
plt.show()

# %% [markdown]
# The first step already finds a fair line: the direction from one crowd to the other. The rest of the time goes into turning it a little and, more than
# that, into getting surer: w grows from step to step.
#
# ### Look inside: the line that you drag
#
# Now take hold of it. In the picture below you can **drag flowers**, add some, paint them in the other colour and erase them (the tools are beside the
# picture). When you pause, your neuron is trained anew, from nothing, on the flowers as they are then. Some things to try:
#
# - Drag a single versicolor deep into virginica's land. How far does the line follow? Look at the colours too: how sure is it now?
# - Give it a few flowers of class 1 at the lower left, on the far side of class 0. Can one line do justice to all?
# - Erase nearly everything, until two flowers are left, one of each kind. Where is the line then?

# %%
knobs = {"w": w, "b": b}


def belief(points):
    return neuron(points - average, knobs["w"], knobs["b"])


def learn_again(points, labels):
    knobs["w"], knobs["b"], _ = train(points - average, labels)


inspection.decision_boundary(belief, flowers, y, **words, retrain=learn_again, title="Your neuron")

# %% [markdown]
# <details>
# <summary><b>What you may have seen</b></summary>
#
# - One flower far on the wrong side pulls with a miss of nearly 1, multiplied by its large inputs: it has more influence than dozens of flowers that
#   are right already, whose misses are near 0. The line gives way a little. Above all the neuron becomes less sure, everywhere: w gets shorter.
# - No. A single line has two sides. This is the limit of the neuron, and the reason for lesson 04.
# - Nearly half way between the two, and nearly at right angles to the way from one to the other. Nothing else is fair to both.
# </details>

# %% [markdown]
# ## 9 · Break it on purpose
#
# Four ways to go wrong, each of which people really write. Before you run the cell: how many of them will end with a loss *above* 0.693, worse than
# knowing nothing?

# %%
def uphill(X, y, w, b, lr):
    dw, db = gradient(X, y, w, b)
    return w + lr * dw, b + lr * db


def added_up(X, y, w, b, lr):  # the sum over the flowers in place of the mean
    miss = neuron(X, w, b) - y
    return w - lr * X.T @ miss, b - lr * miss.sum()


def without_inputs(X, y, w, b, lr):  # the same slope for every weight
    miss = neuron(X, w, b) - y
    return w - lr * miss.mean(), b - lr * miss.mean()


def fit_with(rule, X, y, steps=100, lr=1.0):
    w, b = np.zeros(2), 0.0
    for _ in range(steps):
        w, b = rule(X, y, w, b, lr)
    return w, b


def told(name, X, w, b):
    with np.errstate(divide="ignore"):  # certain and wrong: the logarithm of 0 is minus infinity
        loss = loss_at(X, y, w, b)
    right = accuracy(neuron(X, w, b), y)
    print(f"{name:24} loss {loss:5.2f}   accuracy {right:.2f}   w = ({w[0]:.1f}, {w[1]:.1f}), b = {b:.1f}")


for name, rule, data in (
    ("as it should be", update, X),
    ("uphill", uphill, X),
    ("added up, not averaged", added_up, X),
    ("without the inputs", without_inputs, X),
    ("not from the average", update, flowers),
):
    told(name, data, *fit_with(rule, data, y))

# %% [markdown]
# <details>
# <summary><b>What happened</b></summary>
#
# Two are worse than knowing nothing, one has learned nothing at all, and one gets away with it.
#
# - **uphill**: the loss grows without end. `inf` is infinity: some flower's true answer was given so little that a float calls it 0. It is wrong about
#   nearly all flowers, and certain of it.
# - **added up**: the steps are 100 times as long. Here it survives, and is even ahead; in lesson 02 you will see descents that fly apart. Note that
#   with a sum the right learning rate depends on how many flowers there are. With a mean it does not.
# - **without the inputs**: there are 50 flowers of each class, their misses cancel, and nothing ever moves. The loss stays at 0.693. This is the
#   quietest of all bugs: no error, no wild numbers, no learning.
# - **not from the average**: all inputs are positive now, between 1 and 7. Then b and the weights get in each other's way: to lower z for one class you
#   lower it for both, and then you take back too much. The steps overshoot from one side to the other, and the loss jumps about. A far smaller learning
#   rate works, and takes thousands of steps. Measuring from the average costs one subtraction.
# </details>
#
# ### The other loss
#
# Why not simply the square of the miss, (p - y)²? It is 0 when right and 1 when wrong, and easy to explain. Its slope in z is 2 (p - y) · p (1 - p).
# The new factor p (1 - p) is the slope of the sigmoid. Think of a neuron that is *certain and wrong*: p = 0.999 where y is 0.

# %% jupyter={"source_hidden": true}
inspection.predict(
    "p = 0.999, and the true answer is 0. How strongly do the two losses pull at z: log loss, and squared miss?",
    "0.999 and 0.002",
    options=["0.999 and 0.998", "0.999 and 0.002", "0.002 and 0.999", "0.001 and 0.002"],
    because="The log loss pulls with p - y = 0.999. The squared miss with 2 · 0.999 · 0.999 · 0.001 = 0.002, 500 times less: "
    "out there the sigmoid is flat, and a knob that changes nothing seems to be worth nothing.",
)

# %% [markdown]
# So let us start the neuron in that state: weights that point the wrong way, and large.

# %%
def squared_miss_update(X, y, w, b, lr):
    p = neuron(X, w, b)
    pull = 2 * (p - y) * p * (1 - p)  # (N,)
    return w - lr * X.T @ pull / len(X), b - lr * pull.mean()


for name, rule in (("log loss", update), ("squared miss", squared_miss_update)):
    w_bad, b_bad = np.array([-8.0, -8.0]), 0.0
    print(name)
    for steps in (0, 20, 100):
        w_then, b_then = w_bad, b_bad
        for _ in range(steps):
            w_then, b_then = rule(X, y, w_then, b_then, 1.0)
        right = accuracy(neuron(X, w_then, b_then), y)
        print(f"    after {steps:3} steps: accuracy {right:.2f}, w = ({w_then[0]:.1f}, {w_then[1]:.1f})")

# %% [markdown]
# With the log loss it is on its way after twenty steps, and as good as ever after a hundred. With the squared miss it has hardly moved: it is wrong
# about nearly every flower, and has stopped learning. Such a neuron is called **saturated**. Keep the word; it comes back whenever networks get deep.

# %% [markdown]
# ## 10 · Use it: the third species
#
# Until now we left out *Iris setosa*, the small one. Let us ask for it: class 1 is setosa, class 0 the other two, 150 flowers.

# %%
all_petals = measurements[:, 2:]
centre = all_petals.mean(axis=0)
is_setosa = (species == 0).astype(int)

print(f"{'steps':>6}  {'loss':>8}  {'accuracy':>8}   {'w':^16}   {'least sure of':>13}")
for steps in (10, 100, 1000, 10000):
    w3, b3, losses3 = train(all_petals - centre, is_setosa, steps)
    p = neuron(all_petals - centre, w3, b3)
    given = np.where(is_setosa == 1, p, 1 - p)  # what the true answers were given
    numbers = f"{steps:6}  {losses3[-1]:8.5f}  {accuracy(p, is_setosa):8.3f}"
    print(f"{numbers}   ({w3[0]:6.2f}, {w3[1]:6.2f})   {given.min():13.4f}")

# %% [markdown]
# Every flower on its side, after a hundred steps. And it does not stop. The weights grow, and grow, ever more slowly, and the loss sinks towards 0
# without arriving. When a line separates the classes perfectly, *no* knobs are best: twice as large is always a little surer. A neuron that has seen
# 150 flowers and says 0.9999 about the next one claims more than it can know. What to do about it (stop early, or charge for large weights) is part of
# lesson 09.
#
# ### And the one in the middle?
#
# Once more, with versicolor as class 1. It lies between the other two.

# %%
is_versicolor = (species == 1).astype(int)
w3, b3, _ = train(all_petals - centre, is_versicolor, 1000)
middle = lambda points: neuron(points - centre, w3, b3)
other_words = {"class_names": ["the others", "versicolor"], "features": features}
inspection.decision_boundary(middle, all_petals, is_versicolor, **other_words, title="One against the rest")

# %% [markdown]
# It cannot. You would need two lines, one on either side, and a neuron has one. More steps do not help, nor does another loss; what is missing is a
# second neuron, and one that listens to both. You will build that in lesson 04.
#
# In 1969 Marvin Minsky and Seymour Papert wrote a whole book about what a single layer of such neurons cannot do, and for some years many took it for
# the end of the matter.

# %% [markdown]
# ## 11 · The shipped source beside your own
#
# learnnn has a sigmoid as well. This is it, live from the installed file:

# %% tags=["shipped"]
import inspect

from learnnn import ops

print(inspect.getsource(ops.sigmoid))

# %% [markdown]
# The line above the function is its slope, y (1 - y) in terms of its output: what we met as p (1 - p). (learnnn keeps a slope beside each operation;
# that is what lessons 03 and 05 are about.) And the function itself is another cure for the overflow. The curve tanh is a sigmoid of twice the
# steepness, stretched from 0..1 to -1..1, and `np.tanh` is careful by itself. Both give the same numbers:

# %% tags=["shipped"]
zs = np.array([-1000.0, -30.0, -2.0, 0.0, 3.0, 1000.0])
difference = np.abs(ops.sigmoid(torch.tensor(zs)).numpy() - sigmoid(zs))
print("largest difference:", float(difference.max().round(12)))

# %% [markdown]
# ### Put yours in
#
# From lesson 03 on, parts that you have written run *inside* learnnn, in place of its own: you hand them over with `course.use`. The parts of this
# lesson are not among them, since learnnn's counterparts also know their slopes, and yours do not yet. So here we do the next best thing, and let both
# neurons, yours and learnnn's, learn the same flowers from the same start, step by step. These are the lines of section 1 again. Compare them with your
# own: `nn.Linear` is the weighted sum, `binary_cross_entropy_with_logits` your sigmoid and log loss in one, `backward()` the gradient, and the last
# loop your update.

# %% tags=["shipped"]
model = nn.Linear(2, 1, dtype=torch.float64)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
w, b = np.zeros(2), 0.0
inputs, targets = torch.tensor(X), torch.tensor(y, dtype=torch.float64)

print("step    learnnn's loss    your loss")
for i in range(300):
    loss = nn.functional.binary_cross_entropy_with_logits(model(inputs)[:, 0], targets)
    if i in (0, 1, 10, 299):
        print(f"{i:4}    {loss.item():14.6f}    {loss_at(X, y, w, b):9.6f}")
    loss.backward()
    with torch.no_grad():
        for knob in model.parameters():
            knob -= 1.0 * knob.grad
            knob.grad = None
    w, b = update(X, y, w, b, 1.0)

print("weights:", model.weight.detach().numpy()[0].round(6), "and", w.round(6))

# %% [markdown]
# The same numbers, to the last digit shown. What learnnn does with `backward()` for any formula, you did by hand for this one.
#
# ## 12 · The same lines in PyTorch
#
# learnnn has PyTorch's names, so only the import differs:
#
# ```python
# import torch
# from torch import nn
#
# model = nn.Linear(2, 1)                       # w, shape (1, 2), and b: random at first
# logits = model(inputs)[:, 0]                  # the weighted sums z, shape (N,)
# loss = nn.functional.binary_cross_entropy_with_logits(logits, targets)
# loss.backward()                               # model.weight.grad and model.bias.grad
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `X @ w + b` | `nn.Linear(2, 1)` | z is called a *logit* there |
# | `sigmoid(z)` | `torch.sigmoid(z)` | |
# | `log_loss(p, y)` | `F.binary_cross_entropy(p, y)` | y must be floats; -log is cut off at 100 |
# | `log_loss(sigmoid(z), y)` | `F.binary_cross_entropy_with_logits(z, y)` | in one step, and safe for large z; lesson 07 builds it |
# | `gradient` | `loss.backward()` | |
# | `update` | `torch.optim.SGD(model.parameters(), lr=1.0)` | lesson 08 |

# %% [markdown]
# ## 13 · Exercises
#
# ### Graded: the perceptron
#
# Frank Rosenblatt's perceptron, the machine from the beginning of this lesson, had no sigmoid and no loss. It had the step, and a rule (published in
# 1958). Show it the flowers one after the other:
#
# - Its answer is right: change nothing.
# - It says 0 and should say 1: add the flower to the weights, and 1 to b.
# - It says 1 and should say 0: subtract them.
#
# With miss = y - step(z), which is 1, 0 or -1, all three are w + miss · x and b + miss. A correction is made *at once*, and the next flower meets the
# new knobs. Write one pass over all flowers, and count the corrections.

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.perceptron", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def perceptron(X, y, w, b):
    """One pass of the perceptron rule: (w, b, number of corrections)."""
    ### BEGIN SOLUTION
    corrections = 0
    for x, answer in zip(X, y):
        miss = answer - step(x @ w + b)
        if miss != 0:
            w, b = w + miss * x, b + miss
            corrections += 1
    return w, b, corrections
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.perceptron", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("neuron.perceptron", perceptron)
### BEGIN HIDDEN TESTS
assert course.check("neuron.perceptron", perceptron)
### END HIDDEN TESTS

# %%
def passes(X, y, count):
    w, b, made = np.zeros(2), 0.0, []
    for _ in range(count):
        w, b, corrections = perceptron(X, y, w, b)
        made.append(int(corrections))
    return made


print("setosa against the rest:    corrections in each pass", passes(all_petals, is_setosa, 5))
print("versicolor and virginica:   corrections in each pass", passes(X, y, 12))

# %% [markdown]
# On setosa it is done after two passes: the third finds nothing to correct, and nothing will ever change again. That is a theorem (A. B. J. Novikoff,
# 1962): if some line separates the classes, the perceptron finds one. On the two that overlap it never comes to rest, since there is always a flower to
# run after. The logistic unit settles in both cases, because it weighs all flowers against each other.
#
# ### Graded: standardize
#
# Subtracting the average helped. There is a second half to it. Suppose one person measures in millimetres and another in metres: the inputs then differ
# by a factor of a thousand, and so do the slopes (slope = miss · input). No learning rate suits both. So divide each column by its **standard
# deviation** as well, its typical distance from the mean: `.std(axis=0)`.
#
# An important detail: the ruler is made once, from flowers that you *know*, and new flowers are measured with the same ruler. Hence two arguments. And
# if a column of `known` never varies, its deviation is 0: divide by 1 there (`np.where`).

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.standardize", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def standardize(X, known):
    """Each column of X, minus known's mean, divided by known's deviation."""
    ### BEGIN SOLUTION
    deviation = known.std(axis=0)
    return (X - known.mean(axis=0)) / np.where(deviation == 0, 1.0, deviation)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.standardize", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("neuron.standardize", standardize)
### BEGIN HIDDEN TESTS
assert course.check("neuron.standardize", standardize)
### END HIDDEN TESTS

# %% [markdown]
# All four measurements now, lengths in millimetres, widths in metres. 70 flowers to learn from, and 30 that the neuron never sees before the end.

# %%
four = measurements[two_species] * [10, 0.01, 10, 0.01]
order = np.random.default_rng(2).permutation(100)
known, new = order[:70], order[70:]

centred = four - four[known].mean(axis=0)
for name, data in (("centred", centred), ("standardized", standardize(four, four[known]))):
    for lr in (1.0, 0.01):
        w4, b4, losses4 = train(data[known], y[known], 300, lr)
        seen, unseen = (accuracy(neuron(data[part], w4, b4), y[part]) for part in (known, new))
        print(f"{name:12} lr {lr:4g}: loss {losses4[-1]:.3f}, accuracy {seen:.3f} on known, {unseen:.3f} on new flowers")

# %% [markdown]
# Merely centred, the widths, a few hundredths of a metre, have slopes so small that their weights stay where they are, whatever the learning rate does
# for the lengths. Standardized, all four take part. (A good learning rate it still needs. And do not read much into the last column: of 30 new flowers,
# 0.967 means that one is wrong.)
#
# ### Predict, then run
#
# On paper. One flower, one step of the log loss:
#
# - x = (2, 3), y = 1
# - w = (2, -1), b = -1, lr = 0.2
#
# Where are w1, w2 and b after the step? Begin with z; it comes out as a number whose sigmoid you know. Fill in your three numbers. The check says right
# or wrong, and if your number is a well-known slip, which.

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """w1, w2 and b after one step."""
    ### BEGIN SOLUTION
    # z = 4 - 3 - 1 = 0, so p = 0.5 and the miss is -0.5
    # slopes: -0.5 * 2 = -1, -0.5 * 3 = -1.5, -0.5; each knob moves by -0.2 times its slope
    return 2.2, -0.7, -0.9
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("neuron.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("neuron.predict", prediction)
### END HIDDEN TESTS

# %%
w_new, b_new = update(np.array([[2.0, 3.0]]), np.array([1]), np.array([2.0, -1.0]), -1.0, 0.2)
print("w1, w2, b:", round(float(w_new[0]), 6), round(float(w_new[1]), 6), round(float(b_new), 6))

# %% [markdown]
# ### Find the bug
#
# A colleague has put it all into one function. It has been tested: setosa against the rest, in centimetres, works. Then somebody measures in whole
# millimetres, with a learning rate to go with it. No error, no warning, and a neuron that says the same about every flower.

# %%
def broken_fit(X, y, steps, lr):
    w = np.zeros_like(X[0])
    b = 0.0
    for _ in range(steps):
        miss = 1 / (1 + np.exp(-(X @ w + b))) - y
        w[:] = w - lr * X.T @ miss / len(X)
        b = b - lr * miss.mean()
    return w, b


centimetres = all_petals - centre
millimetres = np.round(10 * centimetres).astype(int)


def try_out(fit):
    for unit, data, lr in (("cm", centimetres, 1.0), ("mm", millimetres, 0.01)):
        w, b = fit(data, is_setosa, 200, lr)
        p = neuron(data, w, b)
        print(f"in {unit}: w = ({w[0]:.3f}, {w[1]:.3f}), b = {b:.3f}, accuracy {accuracy(p, is_setosa):.2f}")
        print(f"       p from {p.min():.3f} to {p.max():.3f}")


try_out(broken_fit)

# %% [markdown]
# What is the cause?
#
# - **A** it walks uphill: the sign of the step is wrong
# - **B** the learning rate is too small, so that nothing happens in 200 steps
# - **C** X and y are no longer in the same order
# - **D** the weights can hold only whole numbers, and every step is cut down to nothing
# - **E** b is never updated
#
# Repair it, and give back the repaired function together with the letter.

# %% tags=["exercise"] nbgrader={"grade_id": "neuron.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired function, the letter of the cause)."""
    ### BEGIN SOLUTION

    def fit(X, y, steps, lr):
        w, b = np.zeros(X.shape[1]), 0.0  # zeros_like(X[0]) would take over the kind of number, too
        for _ in range(steps):
            w, b = update(X, y, w, b, lr)
        return w, b

    return fit, "D"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.neuron.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("neuron.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("neuron.find_the_bug", repair)
### END HIDDEN TESTS

# %%
try_out(repair()[0])

# %% [markdown]
# An array has one kind of number, its `dtype`, decided when it is made. What you write into it with `w[:] = ...` is converted, silently, and whole
# numbers lose everything after the point. (`w -= ...` would have raised an error, which would have been kinder.) When something does not learn, print
# the dtypes along with the shapes.
#
# ### To go on with, ungraded
#
# - Build AND, OR and NOT out of `step` and `weighted_sum`, with knobs found on paper. Then try XOR (1 if exactly one of two inputs is 1). Why does it
#   not work? Draw the four points.
# - `weighted_sum([1, 2, 3], [1, 1], 0)` gives 3 without complaint. Why? Make it raise a `ValueError` that a beginner would understand.
# - Use all four measurements on setosa against the rest. Which weight ends up largest, and does that mean that this measurement is the most important?
#   Try it with and without `standardize`.
# - Label the classes -1 and +1. What does the log loss look like then? (One log, one exp, and no case to choose.)
# - Draw the loss as a landscape over w1 and w2, with b = 0, by `inspection.landscape`. Let the ball roll. That is lesson 02.
#
# ## 14 · What you have now, and where to read on
#
# A unit that adds up its inputs, each with a weight, and says how sure it is. A loss that takes certainty seriously. A gradient that came out as *what
# it said, minus what it should have said, times the input*. And a step against it. In this form it is statistics, under the name of *logistic
# regression*, nearly 70 years old and in daily use in hospitals and banks. As a part, by the million, it is deep learning.
#
# What is missing: how to choose the step (lesson 02); how to get gradients without deriving each formula by hand (lesson 03); and more than one neuron
# (lesson 04).
#
# - W. S. McCulloch, W. Pitts, *A logical calculus of the ideas immanent in nervous activity*, Bulletin of Mathematical Biophysics 5, 1943: the neuron
#   with a threshold.
# - F. Rosenblatt, *The perceptron: a probabilistic model for information storage and organization in the brain*, Psychological Review 65, 1958: the one
#   that learns.
# - D. R. Cox, *The regression analysis of binary sequences*, Journal of the Royal Statistical Society B 20, 1958: the logistic unit, as statistics, in
#   the same year.
# - R. A. Fisher, *The use of multiple measurements in taxonomic problems*, Annals of Eugenics 7, 1936: the irises.
# - M. Minsky, S. Papert, *Perceptrons*, MIT Press, 1969: what one layer cannot do.
# - C. M. Bishop, *Pattern Recognition and Machine Learning*, Springer, 2006, sections 4.1.7 (perceptron) and 4.3.2 (logistic regression).
#
# **Next:** back to the [start page](00_start.ipynb), or on to [lesson 02, gradient descent](02_gradient_descent.ipynb).
