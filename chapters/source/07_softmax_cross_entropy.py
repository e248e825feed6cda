# %% [markdown]
# # Lesson 07 · Softmax and cross-entropy
#
# In lesson 05 a network read digits. It had ten outputs, one for each digit, and the loss was the squared miss from a 1 in the right place and
# 0 elsewhere. It worked. But what does it *say* when an output is 1.7, or -0.3? How sure is it? And why should an output of 1.7 in the right
# place, surely a good sign, be punished like one of 0.3?
#
# Nearly every classifier that you have heard of, from the one that sorts mail to the ones that write text, is built another way:
#
# 1. it gives one number for each class, any number at all (these are called **logits**),
# 2. **softmax** turns them into probabilities,
# 3. the loss is its **surprise** at the right answer: minus the logarithm of the probability it gave to it.
#
# Steps 2 and 3 together are called **cross-entropy**. Two things about it are worth a lesson. Its gradient is the simplest one in this course:
# *what the model believes, minus what is true*. And written as it stands in a book, it breaks: exponentials overflow, and logarithms of 0
# are taken. You will write each piece so that it cannot break, and find out why the pieces belong together.
#
# You need lesson 05 (operations in the form `f(...) -> (output, backward)`) and from lesson 06 `nn.Linear`. Plan two to three hours. As before:
# where a cell says `YOUR CODE HERE`, write the code, run the cell, and run the check below it. `course.hint("loss.softmax")` helps in three steps.

# %%
import inspect
import math

import matplotlib.pyplot as plt
import numpy as np

import learnnn as torch
import learnnn.nn.functional as F
from learnnn import autograd, course, datasets, inspection, nn, ops
from learnnn.course import unfinished

unfinished.explain_unfinished()
kept = course.load_mine()

# %% [markdown]
# ## 1 · The finished thing
#
# 150 irises of three species, and four measurements of each: length and width of sepal and petal. Edgar Anderson measured them, R. A. Fisher made them famous
# in 1936. Thirty flowers we put aside.

# %%
data = datasets.iris()
X, y = data.X.astype(float), data.y  # (150, 4), each column with mean 0 and deviation 1; (150,)
names = data.target_names
order = np.random.default_rng(0).permutation(len(X))
test, train = order[:30], order[30:]  # 120 to learn from
print(names)

# %% [markdown]
# The model could not be smaller: one `nn.Linear`, four numbers in, three logits out. The loss is `F.cross_entropy`, and what goes into it are the logits and the
# right classes as whole numbers: 0, 1 or 2. The rest is the loop of lesson 05.

# %%
def descend(model, loss, inputs, targets, steps=200, rate=1.0):
    """Go downhill, on all examples at once: the loss before each step."""
    losses = []
    for _ in range(steps):
        cost = loss(model(inputs), targets)
        cost.backward()
        losses.append(cost.item())
        with torch.no_grad():
            for knob in model.parameters():
                knob -= rate * knob.grad
                knob.grad = None
    return losses


flowers, species = torch.tensor(X[train]), torch.tensor(y[train])


def learn(loss, steps=200, begin=None):
    """Train a linear classifier on the 120 flowers: the model, and its losses."""
    torch.manual_seed(0)
    model = nn.Linear(4, 3).double()
    if begin is not None:
        model.load_state_dict(begin)
    return model, descend(model, loss, flowers, species, steps)


def share_right(model, some=test):
    """The share of these flowers whose largest logit is the right one."""
    return (model(torch.tensor(X[some])).argmax(1).numpy() == y[some]).mean()


model, losses = learn(F.cross_entropy)
print(f"loss {losses[0]:.3f} at the start, {losses[-1]:.3f} after {len(losses)} steps")
right = share_right(model, train), share_right(model)
print(f"right on {right[0]:.1%} of the training flowers, {right[1]:.1%} of the 30 others")

# %% [markdown]
# Now ask it about five flowers that it has never seen. On the left its logits, on the right what softmax makes of them.

# %%
logits = model(torch.tensor(X[test[:5]]))
left = logits.numpy(force=True).round(1).tolist()
right = F.softmax(logits, 1).numpy(force=True).round(2).tolist()
for z, p, k in zip(left, right, y[test]):
    print(f"{z!s:22} {p!s:20} it is a {names[k]}")

# %% [markdown]
# Each row on the right adds up to 1, and says something that one can use: *this one surely, that one rather*. The logits on the left may be anything.
#
# With two of the four measurements, those of the petals, there is a picture. Colours fade where the model is not sure. Take a flower near a border and move it far away, with the mouse: the model learns anew, and the borders follow.

# %%
def learn_petals(points, kinds, steps=50):
    """Go on learning from these points (N, 2) and their species (N,)."""
    points, kinds = torch.tensor(points).double(), torch.tensor(kinds)
    descend(petal_model, F.cross_entropy, points, kinds, steps)


torch.manual_seed(0)
petal_model = nn.Linear(2, 3).double()
learn_petals(X[train][:, 2:], y[train], steps=200)
inspection.decision_boundary(
    petal_model,
    X[:, 2:],
    y,
    class_names=names,
    features=("petal length", "petal width"),
    retrain=learn_petals,
)

# %% [markdown]
# The borders are straight lines: logits are weighted sums, and where two of them are equal is a line, or in four dimensions a plane. What is new in this lesson
# is everything behind the logits.
#
# ## 2 · By hand, on paper
#
# ### From numbers to probabilities
#
# A flower gets the logits (2, 1, 0). We want three probabilities: positive, adding up to 1, the larger the logit the larger. Two steps do it. The exponential makes everything
# positive; dividing by the sum makes them add up to 1.
#
# | | class 0 | class 1 | class 2 | sum |
# |---|---|---|---|---|
# | logit z | 2 | 1 | 0 | |
# | exp(z) | 7.389 | 2.718 | 1 | 11.107 |
# | p = exp(z) / sum | 0.665 | 0.245 | 0.090 | 1 |
#
# $$p_j = \frac{e^{z_j}}{\sum_k e^{z_k}}$$
#
# That is **softmax**. Read it in ratios: one more in the logit means 2.718 times as likely, against any other class. Two more, 7.389 times.
#
# ### Predict, then run
#
# The code of the next cell holds the answer, so run it without reading it, and commit yourself. (Two more of this kind will follow.)

# %% jupyter={"source_hidden": true}
inspection.predict(
    "Add 100 to each of the three logits (2, 1, 0). What happens to the probabilities?",
    "they stay as they are",
    options=["the first goes to 1", "they all come near to 1/3", "they stay as they are", "they grow by a factor"],
    because="Every exponential is multiplied by the same number, exp(100), and so is their sum. It cancels. "
    "Only differences between logits count. This is worth more than it seems: it will save us from overflow.",
)

# %% [markdown]
# ### Surprise
#
# The model gave the right answer the probability p. How bad is that? The measure is its **surprise**, -log p:
#
# | p of the right class | 1 | 0.9 | 1/2 | 1/3 | 0.09 | 0.001 | 0 |
# |---|---|---|---|---|---|---|---|
# | surprise -log p | 0 | 0.105 | 0.693 | 1.099 | 2.408 | 6.908 | ∞ |
#
# Nothing for what one was sure of, more and more for what one held impossible. Why the logarithm? The probability that a model gives to *all* 120 answers is
# a product of 120 numbers, and a logarithm turns the product into a sum. To make the data as likely as possible is to make the sum of surprises
# as small as possible. (Unit: nats. 0.693 nats are one bit, one fair coin.)
#
# **Cross-entropy** is the mean surprise over the examples. A question about it, to be run before it is read:

# %% jupyter={"source_hidden": true}
inspection.predict(
    "A model that knows nothing gives each of three classes the same probability. What is its mean surprise?",
    math.log(3),
    tolerance=0.005,
    because="Whatever is right had p = 1/3, and -log(1/3) = log 3 = 1.099. Look at the first loss in section 1: nearly that. "
    "A network at its beginning should start near log of the number of classes. If it starts at 7, look for a mistake.",
)

# %% [markdown]
# ### The gradient, by nudging
#
# Take the flower with logits (2, 1, 0) once more, and say that class 1 is right. The loss is -log 0.245 = 1.408. Which way, and how fast, does it move with each logit? The machine nudges:

# %%
def book_loss(z, label):
    """Cross-entropy of one example, as it stands in a book."""
    return -math.log(math.exp(z[label]) / sum(math.exp(v) for v in z))


z, label, nudge = [2.0, 1.0, 0.0], 1, 1e-6
slopes = []
for j in range(3):
    up, down = z.copy(), z.copy()
    up[j] += nudge
    down[j] -= nudge
    slopes.append((book_loss(up, label) - book_loss(down, label)) / (2 * nudge))

print("loss:  ", round(book_loss(z, label), 3))
print("slopes:", [round(slope, 3) for slope in slopes])

# %% [markdown]
# Compare them with the table of probabilities above before you read on. Two of the three you have seen already. And the third?
#
# <details>
# <summary><b>Answer</b></summary>
#
# The slopes are the probabilities, 0.665, 0.245, 0.090, but at the right class 1 is subtracted: 0.245 - 1 = -0.755. *What the model believes, minus what is true.* Both add up to 1, so the
# slopes add up to 0: what one class gains, the others lose. In section 7 you will see why.
# </details>

# %% [markdown]
# ## 3 · Rebuild: log-sum-exp
#
# The surprise, written out, is $-\log p_j = \log \sum_k e^{z_k} - z_j$. So the one hard part in all of this is the **logarithm of a sum of exponentials**. Hard for a machine, that is:

# %%
with np.errstate(over="ignore"):
    print("exp(709) =", np.exp(709.0))
    print("exp(710) =", np.exp(710.0))
    print("exp(-746) =", np.exp(-746.0))
    print("float32: exp(89) =", np.exp(np.float32(89)))

# %% [markdown]
# Past 709 there is nothing but infinity, in float32 already past 88. And log(exp(1000) + exp(1000)) is a harmless number, 1000.693. We only must not go through exp(1000) to get there.
#
# The way around is the answer to the first question above. Take the largest number m out of every exponent, and put it back at the end:
#
# $$\log \sum_k e^{z_k} = m + \log \sum_k e^{z_k - m}$$
#
# Now the largest exponent is 0. Nothing can overflow, and the sum is at least 1, so the logarithm is safe too. The others may become 0 without harm: next to 1 they are nothing.
#
# By the way, log-sum-exp of (2, 1, 0) is 2.41, and of (20, 10, 0) it is 20.00005. It is a **soft maximum**: the largest number, and a bit more if others come near.
#
# Its slopes? By the chain rule, first that of the logarithm, 1 / sum, then that of exp: $e^{z_j} / \sum_k e^{z_k}$. You know these numbers. The slopes of log-sum-exp *are* the probabilities.
#
# ### Write it
#
# `log_sum_exp(x, dim)` works along one axis, and the axis is gone in the output. Mind two things from lesson 05: the largest number of each line has to be subtracted from that line (`keepdims=True`), and g lacks the axis too
# (`np.expand_dims`).

# %% tags=["exercise"] nbgrader={"grade_id": "loss.log_sum_exp", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def log_sum_exp(x, dim):
    """log(sum(exp(x))) along the axis dim, safely: (output, backward)."""
    ### BEGIN SOLUTION
    top = x.max(axis=dim, keepdims=True)
    e = np.exp(x - top)  # the largest is exp(0) = 1
    total = e.sum(axis=dim, keepdims=True)

    def backward(g):
        return (np.expand_dims(g, dim) * e / total,)

    return np.squeeze(np.log(total) + top, axis=dim), backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.log_sum_exp", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("loss.log_sum_exp", log_sum_exp)
### BEGIN HIDDEN TESTS
assert course.check("loss.log_sum_exp", log_sum_exp)
### END HIDDEN TESTS

# %% [markdown]
# The check knows the right answers without your trick: it works with decimal numbers of forty digits, in which exp(1000) is a number like any other.
#
# ## 4 · softmax
#
# Forward you have nearly written it: exponentials (with the largest taken out, since it cancels), divided by their sum. Backward there is something new.
#
# Up to now, operations worked element by element, or summed. In softmax **every output of a line depends on every input of it**, because they share one sum. Raise one logit, and its own probability rises; all
# others fall. On paper, with p = (0.665, 0.245, 0.090), nudge the logit of class 1:
#
# - its own output rises with slope $p_1 (1 - p_1) = 0.245 \cdot 0.755 = 0.185$,
# - output 0 falls with slope $-p_0\, p_1 = -0.163$, output 2 with $-p_2\, p_1 = -0.022$. (Together: 0. They still add up to 1.)
#
# Three paths lead from the logit to the loss, so add: $g_1\, p_1 (1 - p_1) - g_0\, p_0\, p_1 - g_2\, p_2\, p_1$. Take $p_1$ out, and it becomes short:
#
# $$\text{gradient of } z_j = p_j \Big( g_j - \sum_i g_i\, p_i \Big)$$
#
# In words: from each g take the *average of all g, weighed by the probabilities*, and multiply by p. If all g are alike, nothing is left: softmax cannot raise all of its outputs at once.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.softmax", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def softmax(x, dim):
    """exp(x), divided by its sum along the axis dim: (output, backward)."""
    ### BEGIN SOLUTION
    e = np.exp(x - x.max(axis=dim, keepdims=True))
    y = e / e.sum(axis=dim, keepdims=True)

    def backward(g):
        average = (g * y).sum(axis=dim, keepdims=True)
        return (y * (g - average),)

    return y, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.softmax", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("loss.softmax", softmax)
### BEGIN HIDDEN TESTS
assert course.check("loss.softmax", softmax)
### END HIDDEN TESTS

# %% [markdown]
# ### Look inside: what if the others are forgotten?
#
# A colleague takes softmax for a function of each element, like tanh, with slope p (1 - p). It is the most frequent wrong gradient of all. Here is yours under the magnifying glass, and theirs:

# %%
rng = np.random.default_rng(0)
z = torch.tensor(rng.normal(size=(4, 3)), requires_grad=True)
inspection.gradcheck(autograd.from_backward(lambda x: softmax(x, 1)), (z,))

# %%
def colleagues_softmax(x):
    y = softmax(x, 1)[0]
    return y, lambda g: (g * y * (1 - y),)


inspection.gradcheck(autograd.from_backward(colleagues_softmax), (z,))

# %% [markdown]
# Everything is wrong, and nothing looks suspicious: the numbers have about the right size, and every sign is right. The report has noticed what you know from the formula: a right gradient of softmax adds up to 0 along the axis.
#
# ### The triangle
#
# Three probabilities that add up to 1 are a point in a triangle. In a corner one class is certain, on an edge one is ruled out, in the middle all are alike. Here are three flowers by their logits. The line
# shows where each goes when its logits are divided by a number, the **temperature**: below 1 the differences grow, above 1 they shrink.

# %%
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, math.sqrt(3) / 2]])  # a class each
COLOURS = ("#2a7ab8", "#d3691e", "#2f9e60")


def draw_triangle(axes, corner_names):
    """An empty triangle."""
    axes.fill(*CORNERS.T, facecolor="none", edgecolor="#8a94a0")
    for corner, name, colour in zip(CORNERS, corner_names, COLOURS):
        axes.text(*(1.15 * corner - 0.15 * CORNERS.mean(axis=0)), name, color=colour, ha="center", va="center")
    axes.set(xlim=(-0.25, 1.25), ylim=(-0.18, 1.0), aspect="equal")
    axes.axis("off")


figure, axes = plt.subplots(figsize=(6, 4.6), layout="constrained")
draw_triangle(axes, ("class 0", "class 1", "class 2"))
for scores, colour in zip([[2.0, 1.0, 0.0], [0.0, 1.5, 1.0], [0.5, -1.0, 1.5]], COLOURS):
    heats = np.geomspace(0.02, 100, 200)[:, None]  # a column: a row of probabilities for each
    axes.plot(*(softmax(np.array(scores) / heats, 1)[0] @ CORNERS).T, color=colour)
    for heat in (0.5, 1.0, 2.0):
        place = softmax(np.array(scores) / heat, 0)[0] @ CORNERS
        axes.plot(*place, "o", color=colour, ms=8 if heat == 1 else 4)
        if scores[0] == 2:
            axes.annotate(f"{heat:g}", place + np.array([-0.02, 0.03]), color=colour, ha="right")
axes.set_title("softmax of z / temperature: from a corner (cold) to the middle (hot)", size=10)
plt.show()

# %% [markdown]
# The large dots are temperature 1. Hot, everybody ends in the middle, knowing nothing; cold, in a corner, certain. The order of the classes never changes. (Trained networks are often too sure of themselves, and one number, a
# temperature, repairs it. It is also the dial with which text generators are made bold or careful. You will write it in section 13.)

# %% [markdown]
# ## 5 · The logarithm of softmax
#
# Surprise is minus the logarithm of a probability. So: softmax, then log? Try it on a model that is sure of the first class:

# %%
with np.errstate(divide="ignore"):
    print(np.log(softmax(np.array([0.0, -1000.0]), 0)[0]))

# %% [markdown]
# The second probability is exp(-1000), too small for a float. It became 0, and log 0 is minus infinity. Yet the right answer is -1000, as plain as can be. The cure is not to make probabilities at all:
#
# $$\log p_j = \log \frac{e^{z_j}}{\sum_k e^{z_k}} = z_j - \log \sum_k e^{z_k}$$
#
# A subtraction. And the gradient follows from what you have. z goes in directly, with slope 1: g. And it goes in through log-sum-exp, which is subtracted from *every* output of the line: what arrives there is minus the sum of
# all g of the line, and it is passed on with the slopes of log-sum-exp, the probabilities.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.log_softmax", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def log_softmax(x, dim):
    """log(softmax(x)) along the axis dim, without taking the logarithm of 0: (output, backward)."""
    ### BEGIN SOLUTION
    total, _ = log_sum_exp(x, dim)
    y = x - np.expand_dims(total, dim)

    def backward(g):
        return (g - np.exp(y) * g.sum(axis=dim, keepdims=True),)

    return y, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.log_softmax", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("loss.log_softmax", log_softmax)
### BEGIN HIDDEN TESTS
assert course.check("loss.log_softmax", log_softmax)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · Picking the right one
#
# ### one-hot
#
# Labels are whole numbers: 2 is a name for virginica. It would make no sense to compute with them, as if virginica were twice versicolor. As a probability, "it is class 2" is the row (0, 0, 1): all of it in one place. A row for each
# example, and no gradient this time, since nobody nudges a label.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.one_hot", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def one_hot(labels, classes):
    """labels (N,) from 0 to classes - 1 -> an array (N, classes) with a 1 at each label, else 0."""
    ### BEGIN SOLUTION
    hot = np.zeros((len(labels), classes))
    hot[np.arange(len(labels)), labels] = 1
    return hot
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.one_hot", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("loss.one_hot", one_hot)
### BEGIN HIDDEN TESTS
assert course.check("loss.one_hot", one_hot)
### END HIDDEN TESTS

# %% [markdown]
# ### nll
#
# Now the loss, from the logarithms: in each row pick the one at the label, take the mean over the rows, put a minus before it. It has a long name, *negative log-likelihood*, and a short one, `nll`.
#
# Two ways lead there. Index with pairs, (row, label); or multiply by one-hot and sum. Either is fine. For the gradient, ask which elements of log_p the loss depends on at all. `backward` gives the gradient of log_p only, as a tuple of one.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.nll", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def nll(log_p, labels):
    """Minus the mean of log_p (N, C) at the labels (N,): (output, backward)."""
    ### BEGIN SOLUTION
    rows = np.arange(len(labels))

    def backward(g):
        grad = np.zeros_like(log_p)
        grad[rows, labels] = -g / len(labels)
        return (grad,)

    return -log_p[rows, labels].mean(), backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.nll", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("loss.nll", nll)
### BEGIN HIDDEN TESTS
assert course.check("loss.nll", nll)
### END HIDDEN TESTS

# %% [markdown]
# ## 7 · Cross-entropy, in one step
#
# You could stop here: `nll(log_softmax(z, 1), labels)` is cross-entropy. But send a gradient back through both, on paper:
#
# - nll gives -1/N at the label of each row, and 0 elsewhere: minus one-hot, over N.
# - log-softmax makes of a g: g minus p times the sum of g. The sum of that row is -1/N. So: -one-hot/N **+** p/N.
#
# $$\text{gradient of } z = \frac{p - \text{one-hot}}{N}$$
#
# There it is again, *what the model believes, minus what is true*. The logarithm and the exponential have cancelled each other. Two operations with somewhat difficult gradients make one with the simplest gradient there is, and it would be foolish not
# to write it as one. Before you do, a question (run it unread):

# %% jupyter={"source_hidden": true}
inspection.predict(
    "A single example with two classes. The logits are (0, 20), and class 0 is right: the model is sure, and wrong. "
    "What is the gradient of the two logits, about?",
    "(-1, 1)",
    options=["(-20, 20)", "(-1, 1)", "(0, 0)", "(0, 1)"],
    because="p is about (0, 1), one-hot is (1, 0), and the difference is (-1, 1): as large as it can get. "
    "The more wrong, the stronger the pull, up to 1 and never beyond. Remember this when we come to the squared error.",
)

# %% [markdown]
# ### Write it
#
# From the logits straight to the loss, and back. You may use what you have written, or write it afresh in a few lines. Either way: no overflow, no log of 0, also where the model is sure and wrong.
#
# A trap that catches everybody once: if you subtract 1 *in* the array of probabilities, a second call of backward finds it already subtracted.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.cross_entropy", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def cross_entropy(z, labels):
    """The mean surprise of logits z (N, C) at the labels (N,): (output, backward)."""
    ### BEGIN SOLUTION
    log_p, _ = log_softmax(z, 1)
    loss, _ = nll(log_p, labels)

    def backward(g):
        return (g * (np.exp(log_p) - one_hot(labels, z.shape[1])) / len(labels),)

    return loss, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.cross_entropy", "solution": false, "grade": true, "locked": true, "points": 3, "schema_version": 3, "task": false}
course.check("loss.cross_entropy", cross_entropy)
### BEGIN HIDDEN TESTS
assert course.check("loss.cross_entropy", cross_entropy)
### END HIDDEN TESTS

# %% [markdown]
# The three numbers of section 2, in one line. And the check that every loss deserves:

# %%
loss, backward = cross_entropy(np.array([[2.0, 1.0, 0.0]]), np.array([1]))
print("loss:    ", round(float(loss), 3))
print("gradient:", backward(1.0)[0].round(3).tolist())

# %%
few = np.array([0, 2, 1, 1])  # labels for the four rows of z
inspection.gradcheck(autograd.from_backward(lambda z: cross_entropy(z, few)), (z,))

# %% [markdown]
# ### Why not the squared error?
#
# It would be the first idea: probabilities by softmax, then the squared difference from one-hot, as in lesson 05. Take two classes, and let the model lean to the wrong side, more and more. Both losses grow. What about their slopes?

# %%
lean = np.linspace(-8, 8, 161)  # logit of the right class, minus that of the wrong one
pair = np.stack([lean, np.zeros_like(lean)], 1)  # (161, 2)
p, pull = softmax(pair, 1)
miss = p - np.array([1.0, 0.0])
curves = {
    "cross-entropy": (-log_softmax(pair, 1)[0][:, 0], miss[:, 0], "#2a7ab8"),
    "squared error": ((miss**2).sum(1), pull(2 * miss)[0][:, 0], "#d3691e"),
}

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for name, (values, slope, colour) in curves.items():
    left.plot(lean, values, color=colour, label=name)
    right.plot(lean, slope, color=colour, label=name)
left.set(title="loss", xlabel="sure and wrong   ←   lean   →   sure and right")
right.set(title="its slope", xlabel="sure and wrong   ←   lean   →   sure and right")
left.legend()
plt.show()

# %% [markdown]
# On the far left, where the model is sure and wrong, the squared error is *flat*. The factor p in front of softmax's gradient is to blame: what is held impossible hardly moves. The loss says "very bad", and the gradient says "no need to do
# anything". Cross-entropy's logarithm grows just as fast as p vanishes, and the slope stays at -1.
#
# Is that only theory? Let both begin from the same bad place: the weights that section 1 has found, with the opposite sign, and larger. This model is sure, and always wrong.

# %%
my_cross_entropy = autograd.from_backward(cross_entropy)
softmax_of_rows = autograd.from_backward(lambda x: softmax(x, 1))


def squared_error(z, labels):
    """Of the probabilities."""
    miss = softmax_of_rows(z) - torch.tensor(one_hot(labels.numpy(), 3))
    return (miss * miss).sum(1).mean()


wrong_way = {name: -1.5 * knob for name, knob in model.state_dict().items()}
for name, cost in (("cross-entropy", my_cross_entropy), ("squared error", squared_error)):
    trained, history = learn(cost, steps=300, begin=wrong_way)
    ends = f"loss {history[0]:5.2f} at the start, {history[-1]:.2f} at the end"
    print(f"{name}: {ends}, right on {share_right(trained, train):.1%}")

# %% [markdown]
# Same beginning, same number of steps. One is as good as ever, the other has not moved. In a large network some neurons always begin badly; with the squared error they would stay so.
#
# ## 8 · Yes or no
#
# Many questions have two answers: spam or not, a photograph with a cat or without. Then one logit is enough. Set that of "no" to 0, and softmax of (0, z) gives for "yes"
#
# $$p = \frac{e^z}{e^0 + e^z} = \frac{1}{1 + e^{-z}}$$
#
# which is the logistic function of lesson 01. The loss is the same as before, minus the logarithm of the probability of what is true. It is written for an answer t that is 1, 0, or anything between:
#
# $$-\big(t \log p + (1 - t) \log (1 - p)\big) = \log(1 + e^z) - t\,z$$
#
# The right-hand side is what one should compute (check it on paper: put p in). And $\log(1 + e^z)$ is log-sum-exp of 0 and z, so you know how to make it safe: $\max(z, 0) + \log(1 + e^{-|z|})$. The gradient of one element? You will not be surprised.
#
# Here each element is a question of its own, and z may have any shape. The loss is the mean over **all elements**.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.bce_with_logits", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def bce_with_logits(z, t):
    """The mean surprise of yes-or-no logits z at the answers t, of the same shape: (output, backward)."""
    ### BEGIN SOLUTION
    losses = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))

    def backward(g):
        e = np.exp(-np.abs(z))  # at most 1
        p = np.where(z >= 0, 1, e) / (1 + e)
        return (g * (p - t) / z.size,)

    return losses.mean(), backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.bce_with_logits", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("loss.bce_with_logits", bce_with_logits)
### BEGIN HIDDEN TESTS
assert course.check("loss.bce_with_logits", bce_with_logits)
### END HIDDEN TESTS

# %% [markdown]
# One of several, or several yes-or-no questions? It is a question about the world, not about mathematics. A flower has exactly one species: softmax, in which classes compete. A photograph may show a cat *and* a dog: one logistic function each.
#
# ## 9 · Break it on purpose
#
# Four mistakes that everybody makes once. None of the last three gives an error; you see them only if you know what to look for.
#
# ### Exponentials that overflow

# %%
def book_cross_entropy(z, labels):
    """As it stands in a book."""
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(z)), labels]).mean()


with np.errstate(all="ignore"):
    for size in (1.0, 100.0, 1000.0):
        question = np.array([[0.0, size]]), np.array([0])
        book, yours = book_cross_entropy(*question), cross_entropy(*question)[0]
        print(f"logits (0, {size:g}), class 0 is right: book {book:.4g}, yours {yours:.4g}")

# %% [markdown]
# One such nan in one row of a batch, and after the next step *all* weights are nan. Many people repair it with a small number, `log(p + 1e-8)`. That gives 18.4 where 100 is right, with a slope of nearly 0: the flat place of the squared error, come back.
#
# ### Three that run
#
# - **softmax twice**: the network ends in a softmax, and the loss takes another one.
# - **the wrong axis**: softmax down the columns, so that the flowers compete with each other for each species.
# - **no mean**: the losses are added up.
#
# Before you run it, guess for each: will it learn, and to what value can its loss go down at best?

# %%
log_softmax_of_columns = autograd.from_backward(lambda x: log_softmax(x, 0))
my_nll = autograd.from_backward(nll)

mistakes = {
    "right": my_cross_entropy,
    "softmax twice": lambda z, labels: my_cross_entropy(softmax_of_rows(z), labels),
    "wrong axis": lambda z, labels: my_nll(log_softmax_of_columns(z), labels),
    "no mean": lambda z, labels: my_cross_entropy(z, labels) * len(labels),
}
figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (name, cost), colour in zip(mistakes.items(), (*COLOURS, "#8a5fbf")):
    trained, history = learn(cost)
    history = np.array(history) / (len(train) if name == "no mean" else 1)  # to be compared
    axes.plot(history, color=colour, label=name)
    course_of_it = f"loss {history[0]:.2f}, {history[1]:.2f}, ... {history[-1]:.2f}"
    print(f"{name:14} {course_of_it}, right on {share_right(trained, train):.1%}")
axes.set(xlabel="step", ylabel="loss (a mean for all)", yscale="log")
axes.legend(ncols=4, loc="upper center", fontsize=9)
plt.show()

# %% [markdown]
# <details>
# <summary><b>What you see</b> (open it when you have guessed)</summary>
#
# **softmax twice** learns, slowly, and even classifies well. But its loss cannot fall below 0.55. What goes into the second softmax are probabilities, at best (1, 0, 0), and softmax of *that* is (0.58, 0.21, 0.21): a surprise
# of 0.551 for a perfect model. If your loss hangs near such a number, look for a second softmax.
#
# **The wrong axis** is quite wrong: now all 120 flowers share one unit of "setosa", and about 40 of them are right, so the best that each can get is 1/40, with a surprise of log 40 = 3.7. It is a loss that depends on who else is in the
# batch. A first loss of 4.8 = log 120 in place of log 3 gives it away.
#
# **No mean** is right, and 120 times as steep. With a rate of 1.0 the first step overshoots and the loss jumps to nearly eight times its beginning. Here it recovers, and goes on jumping to and fro; a deeper network might never come back. And if you change the batch size, you would
# have to change the rate. A mean does not care how many there are.
# </details>

# %% [markdown]
# ## 10 · Use it: three species
#
# The classifier of section 1, with your loss. Everything from the logits to the loss and back is yours.

# %%
mine, my_losses = learn(my_cross_entropy)
print("the losses are those of section 1, step by step:", np.allclose(losses, my_losses))

scores = mine(torch.tensor(X)).numpy(force=True)  # (150, 3)
beliefs = softmax(scores, 1)[0]
table = np.zeros((3, 3), int)
np.add.at(table, (y[test], beliefs[test].argmax(1)), 1)
print("of the 30 flowers put aside (rows: what it is, columns: what it says)")
for name, row in zip(names, table):
    print(f"{name:11} {row.tolist()}")

# %% [markdown]
# All 150 flowers in the triangle, coloured by what they are. A cross marks those that are nearest to a wrong corner.

# %%
figure, axes = plt.subplots(figsize=(6, 4.6), layout="constrained")
draw_triangle(axes, names)
places, said = beliefs @ CORNERS, beliefs.argmax(1)
for k in range(3):
    for sign, some in (("o", (y == k) & (said == k)), ("x", (y == k) & (said != k))):
        size, width = (8, 2) if sign == "x" else (5, 0)
        axes.plot(*places[some].T, sign, color=COLOURS[k], ms=size, mew=width, alpha=0.8)
plt.show()

# %% [markdown]
# Setosa is no question. Versicolor and virginica lie along one edge, and the doubtful ones in the middle of it. The crosses are not stupid mistakes: none of them was surer than 0.7. A classifier that says how sure it is can be asked to hand such
# flowers on to a botanist.
#
# ### Put yours in
#
# What passes its check may stay: `course.use` keeps each part in your folder, and learnnn runs it from now on, in this and in later lessons.

# %%
parts = {
    "loss.log_sum_exp": log_sum_exp,
    "loss.softmax": softmax,
    "loss.log_softmax": log_softmax,
    "loss.one_hot": one_hot,
    "loss.nll": nll,
    "loss.cross_entropy": cross_entropy,
    "loss.bce_with_logits": bce_with_logits,
}
for id, part in parts.items():
    print(course.use(id, part))

# %% [markdown]
# Now the framework, in its own words, with a hidden layer, and with its loss as a module. `nn.CrossEntropyLoss` looks up `cross_entropy` when it is called, and finds yours.

# %%
torch.manual_seed(0)
network = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3)).double()
criterion = nn.CrossEntropyLoss()
descend(network, criterion, flowers, species, rate=0.5)

loss = criterion(network(flowers), species)
print(f"loss {loss.item():.3f}, right on {share_right(network):.1%} of the 30 flowers put aside")
inspection.graph(loss, names=network)

# %% [markdown]
# ### Label smoothing
#
# Cross-entropy has an appetite. A probability of 1 needs an infinite logit, so it is never content: where the flowers can be separated, it makes the weights larger and larger, and the model surer and surer. Large networks learn their
# examples by heart that way, and are wrong with great confidence.
#
# A simple cure (Szegedy and others, 2016): do not ask for certainty. Take the share s away from the label, and spread it evenly over **all** C classes, the right one included. With C = 4, label 1 and s = 0.2 the target is not (0, 1, 0, 0) but (0.05, 0.85, 0.05, 0.05).
#
# Nothing else changes. The loss of a row is minus the sum of target times log p, over all classes, where one-hot left only one of them; and the gradient is what the model believes minus what it is *told*, over N.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.smoothed", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def smoothed(z, labels, smoothing):
    """Cross-entropy of logits z (N, C) against softened labels (N,): (output, backward)."""
    ### BEGIN SOLUTION
    classes = z.shape[1]
    target = (1 - smoothing) * one_hot(labels, classes) + smoothing / classes
    log_p, _ = log_softmax(z, 1)

    def backward(g):
        return (g * (np.exp(log_p) - target) / len(labels),)

    return -(target * log_p).sum() / len(labels), backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.smoothed", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("loss.smoothed", smoothed)
### BEGIN HIDDEN TESTS
assert course.check("loss.smoothed", smoothed)
### END HIDDEN TESTS

# %% [markdown]
# It serves learnnn wherever somebody asks for `label_smoothing`. How far is the right logit ahead of the others, with and without?

# %%
print(course.use("loss.smoothed", smoothed))
for smoothing in (0.0, 0.1):
    for steps in (200, 1000, 2000):
        criterion = nn.CrossEntropyLoss(label_smoothing=smoothing)
        trained, history = learn(criterion, steps=steps)
        ordered = np.sort(trained(flowers).numpy(force=True), axis=1)
        lead = (ordered[:, 2] - ordered[:, 1]).mean()
        told = f"smoothing {smoothing}, {steps:4} steps: the largest logit leads by {lead:.1f}"
        print(f"{told}, right on {share_right(trained):.0%} of the 30")

# %% [markdown]
# Without smoothing the lead grows and grows. With it, there is a place to arrive at: the target is 0.933 for the right class and 0.033 for each other one, and a lead of log(0.933 / 0.033) = 3.3 would be perfect.
#
# And is it *better* here? Look at the last column: no. A flower far on the right side of a border, with a probability above 0.933, is now pulled **back**, and there are many of these. A model that draws straight lines has nothing to give way with but the
# lines themselves. Smoothing is a remedy for large networks, which can learn their examples by heart. Remedies without an illness have side effects.
#
# ## 11 · The shipped source beside your own
#
# learnnn's own softmax and log-softmax, live from the installed file. The rule stands above the operation, `y` is the output:

# %%
print(inspect.getsource(ops.reduce.softmax))
print(inspect.getsource(ops.reduce.log_softmax))

# %% [markdown]
# And the case of cross-entropy that nearly every classifier needs. Find in it: the largest that is taken out, log-sum-exp, the probabilities, and the 1 that is subtracted at the labels. Why may it write `p[rows, target] -= g / n` in place, where you were warned?

# %%
print(inspect.getsource(ops.loss._mean_over_labels))

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# `p = e * (...)` makes a new array in each call of backward. `e` itself is never changed after the forward pass, so a second call begins afresh.
# </details>
#
# ## 12 · The same lines in PyTorch
#
# ```python
# import torch
# from torch import nn
# import torch.nn.functional as F
#
# z = torch.tensor([[2.0, 1.0, 0.0]], requires_grad=True)
# label = torch.tensor([1])                  # int64, shape (N,), not one-hot
#
# loss = F.cross_entropy(z, label)           # from logits: no softmax before it
# loss.backward()
# z.grad                                     # tensor([[ 0.6652, -0.7553,  0.0900]])
#
# F.nll_loss(F.log_softmax(z, dim=1), label) # the same in two steps
# F.softmax(z, dim=1)                        # to look at probabilities
# nn.CrossEntropyLoss(label_smoothing=0.1)
# F.binary_cross_entropy_with_logits(z, torch.tensor([[0.0, 1.0, 1.0]]))  # targets are floats here
# ```
#
# | you will see | what it means |
# |---|---|
# | a model that ends in `nn.Linear`, without a softmax | it gives logits, and the loss does the rest |
# | a model that ends in `nn.LogSoftmax` | its loss is `nn.NLLLoss` |
# | `nn.BCELoss` | takes probabilities; prefer the one with logits |
# | `torch.logsumexp(z, dim=1)` | yours of section 3 |
# | `ignore_index`, `weight` | rows that do not count; classes that count more |

# %% [markdown]
# ## 13 · Exercises
#
# ### Graded: temperature
#
# softmax of z / t, along the last axis. Two steps, and one of them you have. Mind the gradient.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.temperature", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def temperature(z, t):
    """softmax of z / t along the last axis, t a positive number: (output, backward)."""
    ### BEGIN SOLUTION
    y, pull = softmax(z / t, -1)

    def backward(g):
        return (pull(g)[0] / t,)

    return y, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.temperature", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("loss.temperature", temperature)
### BEGIN HIDDEN TESTS
assert course.check("loss.temperature", temperature)
### END HIDDEN TESTS

# %% [markdown]
# Here is the dial to play with, on the flower of which the model is least sure. (The picture was made for language models, in which the classes are the possible next words, called tokens. Leave top-k and top-p alone until lesson 18.)

# %%
doubtful = beliefs.max(axis=1).argmin()
title = f"flower {doubtful}, a {names[y[doubtful]]}"
inspection.sampling(scores[doubtful], tokens=names, title=title)

# %% [markdown]
# ### Graded: perplexity
#
# A surprise of 1.1 nats: is that much? The exponential of the mean surprise is easier to read, **perplexity**: the model is as torn as if it had to choose evenly among so many classes. Knowing nothing about three species has perplexity 3, and certainty 1. Language
# models are compared by it: among how many words do they waver?

# %% tags=["exercise"] nbgrader={"grade_id": "loss.perplexity", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def perplexity(z, labels):
    """exp of the mean surprise of logits z (N, C) at the labels (N,): a number."""
    ### BEGIN SOLUTION
    surprise, _ = cross_entropy(z, labels)
    return float(np.exp(surprise))
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.perplexity", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("loss.perplexity", perplexity)
### BEGIN HIDDEN TESTS
assert course.check("loss.perplexity", perplexity)
### END HIDDEN TESTS

# %%
for k, name in enumerate(names):
    print(f"{name:11} {perplexity(scores[y == k], y[y == k]):.2f}")

# %% [markdown]
# ### Predict, then run
#
# On paper first. The logits are logarithms, so softmax has an easy time:
#
# ```python
# z = np.log([[1, 2, 5],
#             [3, 3, 2]])
# labels = np.array([1, 0])
# loss, backward = cross_entropy(z, labels)
# (grad,) = backward(1.0)
# ```
#
# What are `grad[0, 1]`, `grad[0, 2]`, and the sum of row 1, `grad[1].sum()`?

# %% tags=["exercise"] nbgrader={"grade_id": "loss.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """grad[0, 1], grad[0, 2], and the sum of grad[1]."""
    ### BEGIN SOLUTION
    # Row 0: p = (1/8, 2/8, 5/8), one-hot = (0, 1, 0). Their difference, halved: the mean is over two rows.
    # p adds up to 1, one-hot adds up to 1: the difference adds up to 0.
    return (2 / 8 - 1) / 2, (5 / 8) / 2, 0.0
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("loss.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("loss.predict", prediction)
### END HIDDEN TESTS

# %%
loss, backward = cross_entropy(np.log([[1, 2, 5], [3, 3, 2]]), np.array([1, 0]))
(grad,) = backward(1.0)
numbers = grad[0, 1], grad[0, 2], abs(grad[1].sum())
print("grad[0, 1], grad[0, 2], grad[1].sum():", *np.round(numbers, 4))

# %% [markdown]
# ### Find the bug
#
# A colleague asks a single yes-or-no question: is it a virginica? One logit for each flower, `nn.Linear(4, 1)`, and a loss written as in section 8. The loss goes down a little, no warning, no nan. But what it has learned is strange:

# %%
def yes_no_loss(z, t):
    losses = np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))

    def backward(g):
        miss = 0.5 + 0.5 * np.tanh(z / 2) - t  # the logistic function of z, minus the answers
        return (g * miss.sum(axis=1, keepdims=True) / losses.size,)  # in the shape of z

    return losses.mean(), backward


def is_virginica(loss):
    """Train on the question, and tell what came of it."""
    torch.manual_seed(0)
    asked = nn.Linear(4, 1).double()
    virginica = y[train] == 2
    answers = torch.tensor(virginica.astype(float))  # (120,)
    history = descend(asked, autograd.from_backward(loss), flowers, answers, steps=300)
    p = 1 / (1 + np.exp(-asked(flowers).numpy(force=True)[:, 0]))
    print(f"loss {history[0]:.3f} at the start, {history[-1]:.3f} at the end")
    print(f"mean p of the virginicas {p[virginica].mean():.2f}, of the others {p[~virginica].mean():.2f}")


is_virginica(yes_no_loss)
print(f"share of virginica among the training flowers: {(y[train] == 2).mean():.2f}")

# %% [markdown]
# It believes the same of every flower: the average. What is the cause?
#
# - **A** an exponential overflows
# - **B** the losses are added up where their mean is meant
# - **C** logits and answers have different shapes, and every logit meets every answer
# - **D** the gradient has the wrong sign
# - **E** the logistic function is wrong here, it should be a softmax over the flowers
#
# Repair `yes_no_loss` so that it takes z (N, 1) and t (N,) as they come, and give back the repaired function together with the letter.

# %% tags=["exercise"] nbgrader={"grade_id": "loss.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired yes_no_loss(z, t), the letter of the cause)."""
    ### BEGIN SOLUTION

    def yes_no_loss(z, t):
        return bce_with_logits(z, t.reshape(z.shape))

    return yes_no_loss, "C"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.loss.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("loss.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("loss.find_the_bug", repair)
### END HIDDEN TESTS

# %%
is_virginica(repair()[0])

# %% [markdown]
# (N, 1) against (N,): few traps in this trade have cost more working days. `miss.sum(axis=1, keepdims=True)`, which looks like tidiness, is what kept it from being noticed: it folds the table back into the right shape. learnnn and PyTorch refuse such a
# pair in `binary_cross_entropy_with_logits`. Your own code has to look at shapes itself.
#
# ### To go on with, ungraded
#
# - Show on paper that `temperature` is the same as taking p to the power 1 / t and dividing by the sum.
# - Let the weights of section 10 be drawn every 50 steps in the triangle. How do the flowers travel?
# - Classes that count more: give `cross_entropy` an argument `weight` of shape (C,). What does the mean divide by? (PyTorch: by the sum of the weights of the labels.)
# - `softmax` and `sigmoid` agree for two classes. Test it with your functions, gradients included.
# - Find the temperature that makes the mean surprise of the 30 flowers put aside smallest. Is the model of section 10 too sure, or too modest? (Guo and others, below.)
# - The focal loss (Lin and others, 2017) multiplies the surprise by (1 - p) to a power. What does that do to the gradient of easy examples?
#
# ## 14 · What you have now, and where to read on
#
# The loss of every classifier in this course, and of the language models at its end: log-sum-exp, a pick, a mean. You know why it takes logits, why the largest is taken out, and why the gradient is what the model believes minus what is true.
# You have also seen the mistakes that do not announce themselves, and a number for each to know it by: 0.55, log of the batch size, the average of the answers.
#
# - C. M. Bishop, *Pattern Recognition and Machine Learning*, Springer, 2006, chapter 4: softmax regression, and why these losses and outputs belong together.
# - I. Goodfellow, Y. Bengio, A. Courville, [Deep Learning](https://www.deeplearningbook.org), MIT Press, 2016, sections 4.1 and 6.2: overflow, and losses that do not saturate.
# - P. Blanchard, D. J. Higham, N. J. Higham, [Accurately computing the log-sum-exp and softmax functions](https://doi.org/10.1093/imanum/draa038), IMA Journal of Numerical Analysis 41, 2021: how exact the trick is.
# - J. S. Bridle, Probabilistic interpretation of feedforward classification network outputs, in *Neurocomputing*, Springer, 1990: where the name softmax comes from.
# - C. Szegedy et al., [Rethinking the Inception Architecture for Computer Vision](https://arxiv.org/abs/1512.00567), CVPR 2016: label smoothing. R. Müller, S. Kornblith, G. Hinton, [When Does Label Smoothing Help?](https://arxiv.org/abs/1906.02629), NeurIPS 2019.
# - C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, [On Calibration of Modern Neural Networks](https://arxiv.org/abs/1706.04599), ICML 2017: too sure, and a temperature against it.
# - C. E. Shannon, A Mathematical Theory of Communication, *Bell System Technical Journal* 27, 1948: surprise, measured.
#
# **Next:** lesson 08 takes better steps than ours. Back to the [start page](00_start.ipynb).
