# %% [markdown]
# # Lesson 02 · Gradient descent
#
# In lesson 01 one neuron learned by small corrections: look at how wrong it was, turn its knobs a little, again. This lesson is
# about that loop itself. It has three parts: a number that says how wrong the model is (the **loss**), the direction in which
# that number falls (the **gradient**), and how far to go (the **learning rate**). Nothing else trains the networks in the
# later lessons. They have more knobs, that is all.
#
# We take the simplest model there is, a straight line, and for a good reason: for a line somebody worked out the perfect
# answer two hundred years ago. So for once you can hold what the loop finds against what is true. You will see when it gets there, when it
# crawls, and when it flies off to infinity, and you will be able to say beforehand which.
#
# You need lesson 01: a weighted sum, numpy rows, and the idea of a slope. Plan two to three hours, in as many sittings as you
# like. Where a cell says `YOUR CODE HERE`, write the code, run the cell, and run the check below it. `course.hint("descent.mse")`
# helps in three steps.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

import learnnn as torch
from learnnn import course, datasets, inspection, nn, optim
from learnnn.course import unfinished

unfinished.explain_unfinished()
kept = course.load_mine()

# %% [markdown]
# ## 1 · The finished thing
#
# 442 people with diabetes. At the first visit ten things were measured; one of them is the body mass index, weight in kilograms divided by the square of the height in metres. A
# year later a doctor gave a number to how far the disease had gone on, from 25 (hardly) to 346 (very far). Does the first tell anything about the second?
#
# Here learnnn draws a straight line through the patients, starting from a line that knows nothing. `nn` and `optim` you will build in lessons 06 and 08. For now it is enough to read the
# four lines of the loop like a recipe.

# %%
measured = datasets.diabetes(scale=False)
bmi = measured.X[:, 2:3].astype(float)  # (442, 1): one row a patient, one column
progression = measured.y.astype(float)  # (442,)

from_average = (bmi - bmi.mean()) / bmi.std()  # how far from the average patient (why, is section 9)
inputs, wanted = torch.tensor(from_average), torch.tensor(progression)[:, None]  # (442, 1), (442, 1)

torch.manual_seed(0)
model = nn.Linear(1, 1).double()
optimizer = optim.SGD(model.parameters(), lr=0.1)

lines, losses = [], []
for _ in range(31):
    loss = nn.functional.mse_loss(model(inputs), wanted)  # how wrong?
    lines.append((model.weight.item(), model.bias.item()))
    losses.append(loss.item())
    optimizer.zero_grad()
    loss.backward()  # which way is down?
    optimizer.step()  # go there, a little

print(f"loss {losses[0]:.0f} at the start, {losses[-1]:.0f} after 30 steps")

# %%
figure, (axes, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
axes.scatter(bmi[:, 0], progression, s=9, color="#8a8f98", alpha=0.6)
ends = np.array([17.0, 43.0])
shades = plt.get_cmap("viridis")
for step_number in (0, 1, 2, 4, 8, 30):
    w, b = lines[step_number]
    colour = shades(0.9 - 0.9 * min(step_number, 10) / 10)
    axes.plot(ends, w * (ends - bmi.mean()) / bmi.std() + b, color=colour, linewidth=2, label=f"step {step_number}")
axes.set(xlabel="body mass index", ylabel="progression after a year", title="A line finds its place", ylim=(-25, 440))
axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)
right.plot(losses, "o-", color="#2a7ab8", markersize=3)
right.set(xlabel="step", ylabel="loss", title="The loss falls", ylim=(0, None))
plt.show()

# %% [markdown]
# Two things to notice. The steps are long at first and get short by themselves, though the recipe is the same each time. And the loss does not fall to 0: it comes to rest near 3,900, since no straight line passes through all of
# these patients. By the end of the lesson both are things you can compute.
#
# ## 2 · By hand, on paper
#
# ### How wrong?
#
# Three points will do: x = -1, 0, 1 with y = 0, 1, 5. The model says `w * x + b`. It starts with w = 0 and b = 0, so it says 0 every time.
#
# | x | y | prediction | miss = prediction - y | squared |
# |---|---|---|---|---|
# | -1 | 0 | 0 | 0 | 0 |
# | 0 | 1 | 0 | -1 | 1 |
# | 1 | 5 | 0 | -5 | 25 |
#
# The **loss** is the mean of the last column: 26 / 3 = **8.67**. Squares, for three reasons. A miss upward and a miss downward do not cancel. A big miss counts far more than a small one. And a square is smooth: it has a slope
# everywhere, which the plain distance has not.
#
# ### Which way is down?
#
# Nudge a knob and see. Turn w from 0 up to 0.1, with b still 0: the predictions become -0.1, 0, 0.1, the misses -0.1, -1, -4.9, the squares 0.01, 1, 24.01. The loss is now 25.02 / 3 = 8.34. It fell by 0.327 for a nudge of 0.1, so the slope is
# about **-3.3**. The same for b: misses 0.1, -0.9, -4.9, squares 0.01, 0.81, 24.01, loss 8.277, fallen by 0.39: a slope of about **-3.9**.
#
# Both slopes are negative: the loss falls when the knobs go up. All slopes together, one for each knob, are called the **gradient**. It points to where the loss *grows* fastest. We want the opposite.
#
# ### How far?
#
# The exact slopes (section 5 has the formula) are -10/3 and -4. Take 0.3 of each, against the sign:
#
# $$w = 0 - 0.3 \cdot \left(-\tfrac{10}{3}\right) = 1, \qquad b = 0 - 0.3 \cdot (-4) = 1.2$$
#
# The predictions are now 0.2, 1.2, 2.2, the misses 0.2, 0.2, -2.8, and the loss is 7.92 / 3 = **2.64**. From 8.67 to 2.64 in one step. The 0.3 is the **learning rate**.
#
# ### Predict, then run
#
# Suppose you were less patient, and took 1.5 in place of 0.3, in the very same direction.

# %% jupyter={"source_hidden": true}
inspection.predict(
    "One step with a learning rate of 1.5, from w = 0, b = 0. The loss was 8.67. It is then",
    "higher than before",
    options=["lower than with 0.3, as the step is longer", "2.64 again", "higher than before", "8.67 still"],
    because="The direction is right, but the step goes over the bottom and up the other side: w = 5 and b = 6 give a loss of 20.67.",
)

# %%
def loss_after_one_step(learning_rate):
    w, b = 0 + learning_rate * 10 / 3, 0 + learning_rate * 4
    misses = [w * x + b - y for x, y in ((-1, 0), (0, 1), (1, 5))]
    return sum(miss**2 for miss in misses) / 3


for learning_rate in (0.1, 0.3, 0.5, 0.7, 1.0, 1.5):
    print(f"learning rate {learning_rate}: loss {loss_after_one_step(learning_rate):6.2f}")

# %% [markdown]
# A gradient tells the truth about where you stand. It says nothing about the ground a step further on. Keep both sentences in mind; section 8 is about the second.
#
# ## 3 · Rebuild: a model and a loss
#
# ### All predictions at once
#
# A patient is a row of D numbers, and there are N of them: X is an array (N, D). The model has one weight for each column, w of shape (D,), and one number b. In lesson 01 you took the weighted sum of one row. Now of all rows,
# without a loop: `@` multiplies along the axis that both share, and adds up.

# %% tags=["exercise"] nbgrader={"grade_id": "descent.predict_linear", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def predict_linear(X, w, b):
    """The weighted sum of each row, plus b: (N, D), (D,), a number -> (N,)."""
    ### BEGIN SOLUTION
    return X @ w + b
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.predict_linear", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("descent.predict_linear", predict_linear)
### BEGIN HIDDEN TESTS
assert course.check("descent.predict_linear", predict_linear)
### END HIDDEN TESTS

# %% [markdown]
# ### The mean squared error
#
# As in the table of section 2. One number for all the patients together.

# %% tags=["exercise"] nbgrader={"grade_id": "descent.mse", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def mse(predictions, targets):
    """The mean of the squared misses: two arrays of one shape -> a number."""
    ### BEGIN SOLUTION
    return np.mean((predictions - targets) ** 2)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.mse", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("descent.mse", mse)
### BEGIN HIDDEN TESTS
assert course.check("descent.mse", mse)
### END HIDDEN TESTS

# %% [markdown]
# The three points again, and the two losses you know from paper:

# %%
points_X = np.array([[-1.0], [0.0], [1.0]])  # (3, 1)
points_y = np.array([0.0, 1.0, 5.0])  # (3,)

for w, b in ((0.0, 0.0), (1.0, 1.2)):
    loss = mse(predict_linear(points_X, np.array([w]), b), points_y)
    print(f"w = {w}, b = {b}: loss {loss:.2f}")

# %% [markdown]
# ## 4 · Look inside: the loss is a landscape
#
# The patients do not change. What changes is w and b. So look at the loss as a function of *these two*: over each place (w, b) stands a height. A model is a place on this map, training is a walk, and the best line sits at the lowest point.
#
# This is the map for the 442 patients. From left to right runs w, from front to back runs b. **Drop a ball** on it: click on the map, and it rolls (*Step* goes one step at a time, *Back* puts it where you dropped it). The ball does what you are about to write: look at the slope where it lies, take a step against it, again. Then turn its learning rate up to about 0.9, go *Back*, and
# press *Roll* once more. And what happens at 1, and above?

# %%
def loss_at(w, b):
    return mse(predict_linear(from_average, np.array([w]), b), progression)


inspection.landscape(loss_at, extent=(-60, 150, 40, 270), title="mean squared error over w (x) and b (y)")

# %% [markdown]
# One bowl, one lowest point, and every way down leads there. That is special to a linear model with squared misses. The landscapes of networks have more than one valley, and passes, and plains; lesson 08 goes there. But every valley, near its bottom, looks like this one, so what you
# learn about this bowl stays true.
#
# ## 5 · Which way is down?
#
# ### A gradient by nudging
#
# In section 2 you nudged each knob and looked. Two refinements make a tool of it that will serve you through the whole course:
#
# - Nudge to **both sides**, up and down, and divide by the distance between the two. Then the bend of the curve cancels out.
# - One knob at a time, the others held still, and each put back before the next has its turn.
#
# `f` takes an array like w and gives a number. w may have any shape (`np.ndindex(w.shape)` goes over all its places), and it may hold integers, which cannot hold a nudge. It belongs to the caller: leave it as it is.

# %% tags=["exercise"] nbgrader={"grade_id": "descent.numerical_gradient", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def numerical_gradient(f, w, nudge=1e-5):
    """The slope of f in each number of w, by nudging it up and down: an array shaped as w."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    gradient = np.zeros_like(w)
    for at in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[at] += nudge
        down[at] -= nudge
        gradient[at] = (f(up) - f(down)) / (2 * nudge)
    return gradient
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.numerical_gradient", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("descent.numerical_gradient", numerical_gradient)
### BEGIN HIDDEN TESTS
assert course.check("descent.numerical_gradient", numerical_gradient)
### END HIDDEN TESTS

# %% [markdown]
# On the three points, with w and b side by side in one array:

# %%
def loss_of_knobs(knobs):
    return mse(predict_linear(points_X, knobs[:-1], knobs[-1]), points_y)


print("at w = 0, b = 0:  ", numerical_gradient(loss_of_knobs, np.array([0.0, 0.0])).round(4))
print("at w = 1, b = 1.2:", numerical_gradient(loss_of_knobs, np.array([1.0, 1.2])).round(4))

# %% [markdown]
# -10/3 and -4: the exact slopes. On a parabola, both sides together make no error at all.
#
# ### Predict, then look
#
# On other curves there is an error, and a smaller nudge makes it smaller. So why not take a nudge of 0.000000000001?

# %% jupyter={"source_hidden": true}
inspection.predict(
    "The slope of exp at 1, by nudging, in ordinary floats. The error gets smaller as the nudge does,",
    "until the nudge is too small; then it grows again",
    options=["all the way down", "until the nudge is too small; then it grows again", "until it is exactly 0"],
    because="Floats hold about 16 digits. Two nearly equal numbers are subtracted, so the digits that tell them apart get few, and dividing by a tiny nudge blows up what rounding has done to them.",
)

# %%
nudges = 10.0 ** np.arange(-12, 0.5, 0.25)
one_sided = [abs((np.exp(1 + h) - np.exp(1)) / h - np.e) for h in nudges]
both_sides = [abs(numerical_gradient(lambda w: np.exp(w[0]), [1.0], h)[0] - np.e) for h in nudges]

figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.loglog(nudges, one_sided, "o-", color="#d3691e", markersize=3, label="upward only")
axes.loglog(nudges, both_sides, "o-", color="#2a7ab8", markersize=3, label="both sides")
axes.axvline(1e-5, color="#8a8f98", linestyle=":", linewidth=1)
axes.set(xlabel="nudge", ylabel="error of the slope of exp at 1")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# From right to left both lines fall: one-sided in step with the nudge, both sides twice as steeply (ten times smaller a nudge, a hundred times smaller an error). Then rounding takes over. Near 1e-5, the dotted line, both sides together are right to about ten digits. That is why it is the default.
#
# ### A gradient by formula
#
# Nudging costs two full evaluations of the loss **for each knob**. For two knobs, who cares; for a million, nobody waits. So look for a formula. One example first:
#
# 1. Its loss is miss². If the miss grows by a little, the square grows 2 · miss times as much (the slope of m² is 2m).
# 2. The miss is `w * x + b - y`. If w grows by a little, the miss grows x times as much. If b does, it grows by just as much.
# 3. One after the other: the slope of miss² in w is **2 · miss · x**, and in b it is **2 · miss**.
#
# The loss is the mean over the examples, so its slope is the mean of theirs. With D columns, each weight has its own x: for weight j, the mean of 2 · miss · x_j.
#
# On the three points, at w = b = 0: the misses are 0, -1, -5 and x is -1, 0, 1. So the slope in w is 2 · (0 + 0 - 5) / 3 = -10/3, and in b it is 2 · (0 - 1 - 5) / 3 = -4.
#
# Now for all weights in one go. `X` is (N, D), the misses are (N,), and the sum goes over the N examples. Which way round must X stand?

# %% tags=["exercise"] nbgrader={"grade_id": "descent.gradient", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def gradient(X, y, w, b):
    """The slopes of the mean squared error: (grad_w of shape (D,), grad_b, a number)."""
    ### BEGIN SOLUTION
    miss = predict_linear(X, w, b) - y  # (N,)
    grad_w = 2 * X.T @ miss / len(y)  # (D, N) @ (N,) -> (D,)
    grad_b = 2 * miss.mean()
    return grad_w, grad_b
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.gradient", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("descent.gradient", gradient)
### BEGIN HIDDEN TESTS
assert course.check("descent.gradient", gradient)
### END HIDDEN TESTS

# %% [markdown]
# The check compares with differences on a parabola, which are exact. You can do such a thing yourself from now on, for any formula that you are not sure of: hold it against nudging. Here for all ten measurements and eleven knobs, at a place drawn at random.

# %%
everything = measured.X.astype(float)  # (442, 10)
rng = np.random.default_rng(0)
knobs = rng.normal(size=11)

by_formula = np.append(*gradient(everything, progression, knobs[:-1], knobs[-1]))
by_nudging = numerical_gradient(
    lambda k: mse(predict_linear(everything, k[:-1], k[-1]), progression), knobs, nudge=1e-3
)

print(f"{'':8}{'formula':>12}{'nudging':>12}")
for name, one, other in zip([*measured.feature_names, "b"], by_formula, by_nudging):
    print(f"{name:8}{one:12.2f}{other:12.2f}")

# %% [markdown]
# ## 6 · Going down
#
# ### A step
#
# Against the gradient, lr times as far. Give back the new w and the new b, and leave the old array as it is (no `-=`): in a moment somebody will want to draw the way you took.

# %% tags=["exercise"] nbgrader={"grade_id": "descent.step", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def step(w, b, grad_w, grad_b, lr):
    """One step downhill: (new w, new b)."""
    ### BEGIN SOLUTION
    return w - lr * grad_w, b - lr * grad_b
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.step", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("descent.step", step)
### BEGIN HIDDEN TESTS
assert course.check("descent.step", step)
### END HIDDEN TESTS

# %% [markdown]
# ### And again
#
# The whole of gradient descent: find the slopes where you are, take a step, and so on. Keep the losses: the one at the start, and the one after each step. It is the first thing that anybody who trains a model looks at.

# %% tags=["exercise"] nbgrader={"grade_id": "descent.descend", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def descend(X, y, w, b, lr, steps):
    """Gradient descent from (w, b): (w, b, the steps + 1 losses on the way)."""
    ### BEGIN SOLUTION
    losses = [mse(predict_linear(X, w, b), y)]
    for _ in range(steps):
        grad_w, grad_b = gradient(X, y, w, b)
        w, b = step(w, b, grad_w, grad_b, lr)
        losses.append(mse(predict_linear(X, w, b), y))
    return w, b, losses
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.descend", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("descent.descend", descend)
### BEGIN HIDDEN TESTS
assert course.check("descent.descend", descend)
### END HIDDEN TESTS

# %%
w, b, losses = descend(points_X, points_y, np.zeros(1), 0.0, lr=0.3, steps=20)
for t in (0, 1, 2, 5, 10, 20):
    print(f"step {t:2}: loss {losses[t]:.4f}")
print(f"the line: y = {w[0]:.3f} * x + {b:.3f}")

# %% [markdown]
# The first two losses are those from paper. And section 1, with your own code from the first line to the last:

# %%
w, b, losses = descend(from_average, progression, np.zeros(1), 0.0, lr=0.1, steps=30)
print(f"loss {losses[0]:.0f} at the start, {losses[-1]:.2f} after 30 steps")
print(f"progression = {w[0]:.2f} * (deviations from the average bmi) + {b:.2f}")

# %% [markdown]
# In words: the average patient is at about 152, and a patient whose body mass index is one standard deviation (4.4) above the average is at about 45 more.
#
# ## 7 · Straight to the bottom
#
# Is that the best line, or would more steps find a better one? For a line we can know. At the lowest point of the bowl the ground is level: **the gradient is 0**. That is an equation, and it can be solved without a single step.
#
# Put a column of ones behind X, and call it A. Then b is one more weight, and the predictions are `A @ both`. The gradient is 2/N · A.T @ (A @ both - y). It is 0 where
#
# $$A^\top A \; \text{both} = A^\top y$$
#
# These are the **normal equations** (Legendre 1805, Gauss 1809): as many equations as unknowns. `np.linalg.solve(M, v)` solves them. By hand for the three points: A.T @ A is [[2, 0], [0, 3]], A.T @ y is [5, 6], so w = 5/2 and b = 2, just where the steps were heading.

# %% tags=["exercise"] nbgrader={"grade_id": "descent.least_squares", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def least_squares(X, y):
    """The best line there is: (w of shape (D,), b)."""
    ### BEGIN SOLUTION
    A = np.column_stack([X, np.ones(len(X))])  # (N, D + 1)
    both = np.linalg.solve(A.T @ A, A.T @ y)  # (D + 1,)
    return both[:-1], both[-1]
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.least_squares", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("descent.least_squares", least_squares)
### BEGIN HIDDEN TESTS
assert course.check("descent.least_squares", least_squares)
### END HIDDEN TESTS

# %%
w_best, b_best = least_squares(from_average, progression)
best = mse(predict_linear(from_average, w_best, b_best), progression)

print(f"{'least squares':20} w = {w_best[0]:.6f}  b = {b_best:.6f}  loss {best:.6f}")
for steps in (10, 30, 60):
    w, b, losses = descend(from_average, progression, np.zeros(1), 0.0, lr=0.1, steps=steps)
    print(f"{f'descent, {steps} steps':20} w = {w[0]:.6f}  b = {b:.6f}  loss {losses[-1]:.6f}")

# %% [markdown]
# Every ten steps bring about one more digit. So the descent finds the bottom, and its loss of 3,890 is the best that a line can do.
#
# Then why walk at all, if one can jump? Because the jump exists for this model only. The moment there is a tanh in the middle, the equation "gradient = 0" has no solution that anybody can write down. The walk needs nothing but a slope, and a slope can always be had. (Even for a line:
# to solve the equations for D columns takes about D³ multiplications. For a million columns that is out of the question, and a step takes N · D.)
#
# ## 8 · How far? The learning rate
#
# Four learning rates, the same start, and the same forty steps.

# %%
rates = (0.01, 0.1, 0.95, 1.02)
figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
for lr, colour in zip(rates, ("#8a8f98", "#2a7ab8", "#6a9f3a", "#d3691e")):
    _, _, losses = descend(from_average, progression, np.zeros(1), 0.0, lr=lr, steps=40)
    axes.semilogy(np.array(losses) - best, color=colour, label=f"lr = {lr}", linewidth=2)
    print(f"lr = {lr:<5} loss above the best after 40 steps: {losses[-1] - best:12.2f}")
axes.set(xlabel="step", ylabel="loss above the best", ylim=(1, 1e6))
axes.legend(frameon=False, loc="lower left")
plt.show()

# %% [markdown]
# Too small, and you will be here tomorrow. Much larger, and it works nearly as badly. A little larger still, and every step makes it *worse*. The border is sharp, and it can be computed.
#
# ### Why there is a border
#
# Look at a bowl with one knob: the loss is c/2 · (w - best)². Its slope is c · (w - best): the **curvature** c says how fast the slope changes as you walk. A step gives
#
# $$w_{new} - best = (w - best) - lr \cdot c \cdot (w - best) = (1 - lr \cdot c)\,(w - best)$$
#
# So every step multiplies the distance to the bottom by the same factor, **1 - lr · c**. Everything follows from it:
#
# | lr · c | factor | what happens |
# |---|---|---|
# | 0.1 | 0.9 | a tenth of the way each time |
# | 1 | 0 | at the bottom in one step |
# | 1.9 | -0.9 | over to the other side each time, and slowly closer |
# | 2 | -1 | there and back, for ever |
# | 2.1 | -1.1 | over to the other side each time, and further away |
#
# The descent converges as long as the factor is between -1 and 1, that is, **lr below 2 / c**. And it explains what section 1 left open: the steps get shorter by themselves because each is a fixed share of what is left.

# %%
def walk(start, lr, steps, curvature=2.0):
    """Where w is after each step on curvature / 2 * w ** 2."""
    return start * (1 - lr * curvature) ** np.arange(steps + 1)


ws = np.linspace(-3.2, 3.2, 200)
figure, panels = plt.subplots(1, 4, figsize=(10, 2.6), layout="constrained", sharey=True)
for axes, lr in zip(panels, (0.05, 0.35, 0.95, 1.05)):
    path = walk(-2.0, lr, steps=7)
    axes.plot(ws, ws**2, color="#8a8f98", linewidth=1)
    axes.plot(path, path**2, "o-", color="#d3691e" if lr > 1 else "#2a7ab8", markersize=4, linewidth=1.2)
    axes.set(title=f"lr = {lr}, factor {1 - 2 * lr:g}", xlabel="w", xlim=(-3.4, 3.4), ylim=(-0.5, 10))
panels[0].set_ylabel("w²  (curvature 2)")
plt.show()

# %% [markdown]
# What is the curvature of our bowl? The slope in w is the mean of 2 · miss · x. If w grows by 1, each miss grows by x, so the slope grows by the mean of 2 · x²: that is the curvature in w. In b it is 2. Here x is measured in deviations from the average, so the mean of x² is 1.

# %% jupyter={"source_hidden": true}
inspection.predict(
    "The curvature is 2 in w and 2 in b. What is the learning rate at which the descent on the 442 patients begins to diverge?",
    1.0,
    because="2 / c = 2 / 2 = 1. That is why 0.95 came down in the picture and 1.02 did not. And lr = 0.5 = 1 / c makes the factor 0: one single step.",
)

# %%
for lr in (0.5, 0.99, 1.0, 1.01):
    _, _, losses = descend(from_average, progression, np.zeros(1), 0.0, lr=lr, steps=200)
    shown = "  ".join(f"{abs(loss - best):12.2f}" for loss in (losses[0], losses[1], losses[10], losses[200]))
    print(f"lr = {lr:<5} {shown}")

# %% [markdown]
# (Columns: the loss above the best at the start, after 1, 10 and 200 steps.) With 0.5 it is there in one step. With exactly 1 it swings from one wall of the bowl to the other and never loses any height.
#
# ## 9 · Scale your columns
#
# All this time the body mass index was measured in deviations from the average patient. What if we take it as the doctor wrote it down: 32.1, 21.6, 30.5? The best line is the same line, told in other numbers.

# %%
w_raw, b_raw = least_squares(bmi, progression)
print(f"least squares on the index as written: progression = {w_raw[0]:.2f} * bmi {b_raw:+.2f}")
print(f"the same loss: {mse(predict_linear(bmi, w_raw, b_raw), progression):.2f}")

c = 2 * (bmi**2).mean()
print(f"curvature in w: {c:.0f}, so the learning rate must stay below about {2 / c:.5f}")

# %% [markdown]
# And in b the curvature is 2, as ever. Just below the border, at 0.00135, the factor for b alone would be 1 - 0.00135 · 2 = 0.9973 in each step, and it has to travel from 0 to -118. In truth it is worse. A smaller b can nearly be made good by a larger w, so along that line the ground is flatter still.

# %%
for steps in (100, 1000, 10_000):
    w, b, losses = descend(bmi, progression, np.zeros(1), 0.0, lr=0.00135, steps=steps)
    print(f"{steps:6} steps: w = {w[0]:5.2f}  b = {b:7.2f}  loss {losses[-1]:.1f}")
print(f"the best:     w = {w_raw[0]:5.2f}  b = {b_raw:7.2f}  loss {best:.1f}")

# %% [markdown]
# Ten thousand steps, and it is half-way. Where thirty steps did before. Nothing is wrong with the code; it is the shape of the landscape:

# %%
def path_of(X, lr, steps, start):
    """The places (w, b) after each step, (steps + 1, 2)."""
    places = [start]
    for _ in range(steps):
        w, b, _ = descend(X, progression, np.array(places[-1][:1]), places[-1][1], lr, 1)
        places.append((w[0], b))
    return np.array(places)


figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for axes, X, lr, (w0, w1, b0, b1), title in (
    (panels[0], bmi, 0.00135, (-5, 25, -400, 300), "as written: a ravine"),
    (panels[1], from_average, 0.1, (-40, 130, 50, 260), "in deviations: a bowl"),
):
    grid_w, grid_b = np.meshgrid(np.linspace(w0, w1, 60), np.linspace(b0, b1, 60))
    heights = [mse(predict_linear(X, np.array([w]), b), progression) for w, b in zip(grid_w.flat, grid_b.flat)]
    levels = best + 10 ** np.linspace(1.5, 5.5, 15)
    axes.contour(grid_w, grid_b, np.reshape(heights, grid_w.shape), levels=levels, cmap="Blues_r", linewidths=0.8)
    path = path_of(X, lr, 60, (w0 + 0.15 * (w1 - w0), b0 + 0.8 * (b1 - b0)))
    axes.plot(path[:, 0], path[:, 1], "o-", color="#d3691e", markersize=3, linewidth=1)
    axes.plot(*np.append(*least_squares(X, progression)), "*", color="#6a9f3a", markersize=13)
    axes.set(xlabel="w", ylabel="b", title=f"{title}, 60 steps", xlim=(w0, w1), ylim=(b0, b1))
plt.show()

# %% [markdown]
# On the left is a ravine. Across it the walls are steep, and forbid long steps; along it the ground is almost level, and long steps are what one would need there. The ratio of the two curvatures says how bad it is: the **condition number**, here about 26,000. On the right it is 1.
#
# The ball agrees. Drop it anywhere in this one, and turn up its learning rate until it leaves the map:

# %%
def loss_as_written(w, b):
    return mse(predict_linear(bmi, np.array([w]), b), progression)


inspection.landscape(loss_as_written, extent=(-5, 25, -400, 300), title="bmi as written: w (x) and b (y)")

# %% [markdown]
# The cure costs one line: take out of each column its mean, and divide by its deviation. (The graded exercise `neuron.standardize` of lesson 01 is just that.) It changes nothing about which lines the model can draw, and everything about how fast it finds the best one. Two remarks from practice:
#
# - Take mean and deviation from the patients you train on, and use *these same numbers* on new ones. A new patient alone has no deviation.
# - The weights you find belong to the scaled columns. Weight divided by deviation is the weight in the old unit.

# %%
w, b, _ = descend(from_average, progression, np.zeros(1), 0.0, lr=0.1, steps=100)
print(f"back in the old units: progression = {w[0] / bmi.std():.2f} * bmi {b - w[0] * bmi.mean() / bmi.std():+.2f}")

# %% jupyter={"source_hidden": true}
inspection.predict(
    "A column holds heights in metres. Somebody hands it to you in centimetres, 100 times as large. The largest learning rate gets",
    "about 10,000 times smaller",
    options=["100 times larger", "100 times smaller", "about 10,000 times smaller", "no different"],
    because="The curvature in that weight is the mean of 2 · x²: it grows with the square of the unit.",
)

# %% [markdown]
# ## 10 · Break it on purpose
#
# Four small sabotages of the descent, each of which people really write. Before you run it: which of them will you notice from the losses, and which not?

# %%
def losses_of(move, steps=20, lr=0.3):
    """The losses on the three points, with another way to take a step."""
    w, b, start = np.zeros(1), 0.0, gradient(points_X, points_y, np.zeros(1), 0.0)
    losses = []
    for _ in range(steps + 1):
        losses.append(mse(predict_linear(points_X, w, b), points_y))
        w, b = move(w, b, lr, start)
    return losses


def right_way(w, b, lr, start):
    return step(w, b, *gradient(points_X, points_y, w, b), lr)


def uphill(w, b, lr, start):
    return step(w, b, *gradient(points_X, points_y, w, b), -lr)


def sum_for_mean(w, b, lr, start):
    return step(w, b, *gradient(points_X, points_y, w, b), lr * 3)  # three points: the sum is 3 means


def slope_of_the_start(w, b, lr, start):
    return step(w, b, *start, lr)


def w_before_b(w, b, lr, start):
    w, _ = step(w, b, *gradient(points_X, points_y, w, b), lr)
    _, b = step(w, b, *gradient(points_X, points_y, w, b), lr)
    return w, b


print(f"{'loss after step':20}" + "".join(f"{t:>13}" for t in (0, 1, 2, 5, 20)))
for move in (right_way, uphill, sum_for_mean, slope_of_the_start, w_before_b):
    losses = losses_of(move)
    print(f"{move.__name__:20}" + "".join(f"{losses[t]:13.4g}" for t in (0, 1, 2, 5, 20)))

# %% [markdown]
# <details>
# <summary><b>What happened</b></summary>
#
# - **uphill** grows at once, and faster and faster. When a loss grows from the very first step, look at the sign, then at the learning rate.
# - **sum_for_mean** works as if the learning rate was 0.9. In b the curvature is 2, so the border is 1: it still comes down, from side to side. With four points instead of three it would have flown off. If your learning rate has to change with the amount of data, look for this bug.
# - **slope_of_the_start** falls nicely at first and then climbs: it walks straight on, past the bottom and up the other side. Look at steps 1 and 2 alone and you would be content.
# - **w_before_b** is not noticed. On these points w and b do not disturb each other, so the losses are the very same; on others they differ a little. It is a method of its own ("coordinate descent") and it converges too. It is just not what you meant to write.
# </details>
#
# ### One more, without any loss
#
# Somebody draws the way of w on a map. They keep each w in a list. Guess what is in the list at the end.

# %%
w, way = np.zeros(1), []
for _ in range(4):
    way.append(w)
    w -= 0.3 * gradient(points_X, points_y, w, 2.0)[0]

print([round(place.item(), 3) for place in way])

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# Four times the last one. `w -= ...` changes the array where it is, and the list holds four times that same array. With `w = w - ...` a new one is made each time. That is why `step` was not allowed to use `-=`.
# </details>

# %% [markdown]
# ## 11 · Use it: all ten measurements
#
# Age, sex, body mass index, blood pressure, and six values from the blood (s1 to s6: cholesterol and its kinds, triglycerides, sugar). 88 patients are put aside: the model never sees them, and at the end they say what it is worth.

# %%
order = np.random.default_rng(0).permutation(442)
test, train = order[:88], order[88:]  # 88 and 354 row numbers

middle, spread = everything[train].mean(axis=0), everything[train].std(axis=0)  # (10,), (10,)
scaled = (everything - middle) / spread  # (442, 10)
X_train, y_train, X_test, y_test = scaled[train], progression[train], scaled[test], progression[test]

print(f"always the average: loss {mse(np.full(88, y_train.mean()), y_test):.0f} on new patients")
w_ten, b_ten = least_squares(X_train, y_train)
print(f"least squares:      loss {mse(predict_linear(X_test, w_ten, b_ten), y_test):.0f} on new patients")

found = {}
for steps in (10, 100, 1000, 10_000):
    w, b, losses = descend(X_train, y_train, np.zeros(10), 0.0, lr=0.1, steps=steps)
    found[steps] = w
    on_new = mse(predict_linear(X_test, w, b), y_test)
    off = abs(w - w_ten).max()
    print(f"{steps:6} steps: loss {losses[-1]:.1f}, {on_new:.0f} on new patients, weights off by up to {off:.1f}")

# %% [markdown]
# The root of the loss is in the unit of the thing itself: guessing the average is off by about 77, the line by about 53. Better, and far from good. Ten numbers from one visit do not tell where somebody will be in a year.
#
# Something else is strange. After 100 steps the loss on new patients is as low as it will get. But the weights are still off by more than 30. How can a model be as good as the best with weights so different from the best?

# %%
figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
places = np.arange(10)
for shift, (name, weights, colour) in enumerate(
    (("100 steps", found[100], "#8a8f98"), ("1000 steps", found[1000], "#2a7ab8"), ("least squares", w_ten, "#d3691e"))
):
    axes.bar(places + 0.27 * (shift - 1), weights, 0.27, color=colour, label=name)
axes.set_xticks(places, measured.feature_names)
axes.axhline(0, color="#8a8f98", linewidth=0.8)
axes.set(ylabel="weight", title="The same predictions, nearly")
axes.legend(frameon=False)
plt.show()

together = np.corrcoef(X_train[:, 4], X_train[:, 5])[0, 1]
print(f"s1 and s2 go together: correlation {together:.2f}")

# %% [markdown]
# s1 (all cholesterol) and s2 (one kind of it) rise and fall together. Take some weight from one and give it to the other, and the predictions hardly move: in that direction the landscape is nearly level. There the descent crawls, and it does not matter, since the loss hardly changes. What does matter: **do not read a
# single weight as if it was a finding.** The 100-step model says cholesterol plays a small part, the best one says it plays a huge one, in opposite ways for s1 and s2. Both predict equally well.
#
# ### A few patients at a time
#
# Each step looks at all 354 patients. With 354 million of them that would be a long look for one short step. So ask fewer: take 16 at random, and go by *their* gradient. It is wrong, of course. But in which way?

# %%
rng = np.random.default_rng(0)
whole = gradient(X_train, y_train, np.zeros(10), 0.0)[0]  # (10,)


def gradient_of_a_few(size):
    few = rng.choice(len(X_train), size, replace=False)
    return gradient(X_train[few], y_train[few], np.zeros(10), 0.0)[0]


guesses = {size: np.array([gradient_of_a_few(size) for _ in range(5000)]) for size in (1, 16, 64)}  # (5000, 10) each
print(f"slope in the weight of bmi, all patients: {whole[2]:.1f}")
for size, drawn in guesses.items():
    mean, spread_of_guesses = drawn[:, 2].mean(), drawn[:, 2].std()
    print(f"{size:3} patients: on average {mean:6.1f}, and usually within {spread_of_guesses:5.1f} of that")

# %% [markdown]
# Single guesses are off, often badly. But they are not off to one side: on average they are right (the mean of a fair sample is, on average, the mean of all). Such a guess is called **unbiased**, and a walk that trusts it is **stochastic gradient descent** (Robbins and Monro, 1951). It staggers downhill. Look also at the last
# column: four times the patients make the error about half. So a step with 64 patients costs four times a step with 16, and is not four times as good. Small batches are a bargain.
#
# You will write them in the exercises.

# %% [markdown]
# ## 12 · Put yours in, and the shipped source beside your own
#
# Your parts are kept from here on. None of them takes the place of something in learnnn yet: to train there, a part must also find gradients, and that is lesson 03.

# %%
parts = {
    "descent.predict_linear": predict_linear,
    "descent.mse": mse,
    "descent.numerical_gradient": numerical_gradient,
    "descent.gradient": gradient,
    "descent.step": step,
    "descent.descend": descend,
    "descent.least_squares": least_squares,
}
for id, part in parts.items():
    print(course.use(id, part))

# %% [markdown]
# But you can run both side by side. learnnn's own loss, gradient and step, on the ten measurements, from zero, with your learning rate:

# %% tags=["shipped"]
model = nn.Linear(10, 1).double()
with torch.no_grad():
    model.weight.zero_()
    model.bias.zero_()
optimizer = optim.SGD(model.parameters(), lr=0.1)
inputs, wanted = torch.tensor(X_train), torch.tensor(y_train)[:, None]

for _ in range(100):
    loss = nn.functional.mse_loss(model(inputs), wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

theirs = model.weight.detach().numpy()[0]
print("learnnn:", theirs.round(3))
print("yours:  ", found[100].round(3))
print(f"largest difference: {abs(theirs - found[100]).max():.6f}")

# %% [markdown]
# The same numbers. And this is the step that learnnn comes with. Without momentum (`memory` is empty then), only the last two lines are left: `t` becomes lr times the gradient, and is subtracted from the parameter.

# %% tags=["shipped"]
print(inspect.getsource(optim.SGD.update))

# %% [markdown]
# It writes in place, `p -= t`, which you were not allowed to. An optimizer owns its parameters, and a network with a billion of them has no room for a second copy. Now you know what it pays for that: whoever wants to keep a parameter has to copy it.
#
# This is how learnnn finds gradients by nudging. It is what `gradcheck` compares every formula with:

# %% tags=["shipped"]
from learnnn.autograd.gradcheck import _by_differences

print(inspect.getsource(_by_differences))

# %% [markdown]
# Your `numerical_gradient`, with two differences. `func` may give more than one number, so there is a row of slopes for each place. And it nudges x itself and puts the number back from where it was kept (`kept`), which saves the copies.
#
# ## 13 · The same lines in PyTorch
#
# Section 1 is PyTorch with another import. The descent in full:
#
# ```python
# import torch
# from torch import nn
#
# model = nn.Linear(10, 1)
# optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
# for _ in range(100):
#     loss = nn.functional.mse_loss(model(X), y[:, None])   # (N, 1) and (N, 1)
#     optimizer.zero_grad()
#     loss.backward()
#     optimizer.step()
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `predict_linear(X, w, b)` | `nn.Linear(D, 1)(X)` | gives a column, (N, 1) |
# | `mse` | `nn.functional.mse_loss` | warns if the two shapes differ (the last exercise shows why) |
# | `gradient`, by formula | `loss.backward()` | for every model that you can write down, lesson 03 |
# | `numerical_gradient` | `torch.autograd.gradcheck` | compares both, in float64 |
# | `step` | `optimizer.step()` | in place |
# | `least_squares` | `torch.linalg.lstsq` | by QR, which is safer than the normal equations |

# %% [markdown]
# ## 14 · Exercises
#
# ### Graded: the largest learning rate
#
# With one column you read the border off the curvature. With more there is a curvature for each direction, not only along the knobs: a direction in which several knobs pull together can be steeper than each of them alone. It is the steepest direction that decides.
#
# With the column of ones behind X, called A, the gradient is 2/N · A.T @ (A @ both - y). When `both` moves, it changes by the matrix **H = 2/N · A.T @ A** times that move (H for Hesse). Along certain directions a symmetric matrix only stretches: its eigenvectors; how much are its eigenvalues,
# and `np.linalg.eigvalsh(H)` has them. Each direction has its own factor 1 - lr · eigenvalue. So?

# %% tags=["exercise"] nbgrader={"grade_id": "descent.largest_rate", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def largest_rate(X):
    """The learning rate up to which descent on the mean squared error of X @ w + b comes down."""
    ### BEGIN SOLUTION
    A = np.column_stack([X, np.ones(len(X))])  # (N, D + 1)
    H = 2 * A.T @ A / len(X)  # (D + 1, D + 1)
    return 2 / np.linalg.eigvalsh(H).max()
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.largest_rate", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("descent.largest_rate", largest_rate)
### BEGIN HIDDEN TESTS
assert course.check("descent.largest_rate", largest_rate)
### END HIDDEN TESTS

# %% [markdown]
# Try it where it matters, on the ten measurements: one percent below the border, and one percent above.

# %%
border = largest_rate(X_train)
print(f"scaled columns: {border:.4f};   as written: {largest_rate(everything[train]):.8f}")
for share in (0.5, 0.99, 1.01):
    _, _, losses = descend(X_train, y_train, np.zeros(10), 0.0, lr=share * border, steps=1000)
    print(f"{share:4} of it:  after 10 steps {losses[10]:10.4g}   100 {losses[100]:10.4g}   1000 {losses[1000]:10.4g}")

# %% [markdown]
# ### Graded: shuffled minibatches
#
# Draw 16 at random, and again, and again: some patients would come often and others never. The usual way is fairer. Shuffle all row numbers, cut the row of them into pieces of `size`, and take these one after the other. That is one **epoch**: everybody has been asked once. Then shuffle anew.
#
# `rng` is a generator such as `np.random.default_rng(0)`. Draw from it and from no other, so that a run can be repeated.

# %% tags=["exercise"] nbgrader={"grade_id": "descent.batches", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def batches(count, size, rng):
    """The rows 0 to count - 1, shuffled and cut: a list of arrays of at most size row numbers."""
    ### BEGIN SOLUTION
    order = rng.permutation(count)
    return [order[start : start + size] for start in range(0, count, size)]
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.batches", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("descent.batches", batches)
### BEGIN HIDDEN TESTS
assert course.check("descent.batches", batches)
### END HIDDEN TESTS

# %% [markdown]
# Now a fair race: how far does each come, measured by the number of patients it has looked at? One curve takes a step for all 354, one for each 16.

# %%
def descend_by_batches(X, y, lr, size, epochs, rng):
    w, b = np.zeros(X.shape[1]), 0.0
    losses = [mse(predict_linear(X, w, b), y)]
    for _ in range(epochs):
        for rows in batches(len(X), size, rng):
            w, b = step(w, b, *gradient(X[rows], y[rows], w, b), lr)
        losses.append(mse(predict_linear(X, w, b), y))
    return w, b, losses


best_ten = mse(predict_linear(X_train, w_ten, b_ten), y_train)
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for name, lr, size, colour in (
    ("all 354, lr = 0.1", 0.1, 354, "#8a8f98"),
    ("16 at a time, lr = 0.02", 0.02, 16, "#d3691e"),
    ("16 at a time, lr = 0.005", 0.005, 16, "#2a7ab8"),
):
    _, _, losses = descend_by_batches(X_train, y_train, lr, size, 60, np.random.default_rng(0))
    above = np.array(losses) - best_ten
    axes.semilogy(above, color=colour, label=name)
    early, late = above[3], above[-20:].mean()
    print(f"{name:26} above the best after 3 epochs {early:6.0f}, in the last 20 on average {late:3.0f}")
axes.set(xlabel="epoch (every patient looked at once)", ylabel="loss above the best")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# After three epochs the small batches are where the whole data set needs twelve: they took 69 steps in that time, and not three. Then the orange curve stops falling and trembles. Near the bottom the true slope is small, and what is left is the noise of the draw. A smaller rate trembles less and ends lower, but starts
# as slowly as the whole data set does. So one begins large and goes smaller; lesson 08 calls it a schedule.
#
# Your batches fit into learnnn: its loader takes a list of row numbers for each batch.

# %%
print(course.use("descent.batches", batches))
print(course.use("descent.largest_rate", largest_rate))

# %% tags=["shipped"]
rows = torch.utils.data.TensorDataset(torch.tensor(X_train), torch.tensor(y_train)[:, None])
rng = np.random.default_rng(0)
with torch.no_grad():
    model.weight.zero_()
    model.bias.zero_()
optimizer = optim.SGD(model.parameters(), lr=0.02)

for _ in range(3):
    for some, their in torch.utils.data.DataLoader(rows, batch_sampler=batches(len(rows), 16, rng)):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(some), their).backward()
        optimizer.step()

_, _, losses = descend_by_batches(X_train, y_train, 0.02, 16, 3, np.random.default_rng(0))
loss = nn.functional.mse_loss(model(inputs), wanted).item()
print(f"learnnn with your batches, 3 epochs: loss {loss:.3f};   all yours: {losses[-1]:.3f}")

# %% [markdown]
# ### Predict, then run
#
# On paper first. The loss is f(w) = 2 w², and w starts at 1. Where is w after **two** steps with a learning rate of 0.1? With 0.5? With 0.6? The check says right or wrong, and if your three numbers are a well-known slip, which.

# %% tags=["exercise"] nbgrader={"grade_id": "descent.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """w after two steps, with lr = 0.1, lr = 0.5 and lr = 0.6."""
    ### BEGIN SOLUTION
    # the slope is 4 w, so a step makes w into (1 - 4 lr) * w: the factors are 0.6, -1 and -1.4
    return 0.6 * 0.6, 1.0, 1.4 * 1.4
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("descent.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("descent.predict", prediction)
### END HIDDEN TESTS

# %%
for lr in (0.1, 0.5, 0.6):
    w = np.array([1.0])
    for _ in range(2):
        w = w - lr * numerical_gradient(lambda w: 2 * w[0] ** 2, w)
    print(f"lr = {lr}: w = {w[0]:.4f}")

# %% [markdown]
# ### Find the bug
#
# A colleague fits a line, with one column and everything in one function. It runs without an error, the loss falls, b comes out right. And the line is perfectly flat: their conclusion is that body mass index has nothing to do with diabetes.

# %%
def colleagues_fit(x, y, lr=0.1, steps=200):
    X = x.reshape(-1, 1)
    w, b = np.zeros((1, 1)), 0.0
    for _ in range(steps):
        miss = X @ w + b - y
        w = w - lr * 2 * (X * miss).mean()
        b = b - lr * 2 * miss.mean()
    return w.item(), b


w, b = colleagues_fit(from_average[:, 0], progression)
print(f"colleague:     progression = {abs(w):.2f} * x + {b:.2f}")
print(f"least squares: progression = {w_best[0]:.2f} * x + {b_best:.2f}")

# %% [markdown]
# What is the cause?
#
# - **A** the step goes uphill
# - **B** the learning rate is too small, and 200 steps are not enough
# - **C** the prediction is a column and the targets are not, so every prediction is compared with every target
# - **D** the factor 2 of the slope is missing
# - **E** the column is not scaled
#
# Repair it, and give back the repaired function together with the letter. (`print(miss.shape)` is allowed. It always is.)

# %% tags=["exercise"] nbgrader={"grade_id": "descent.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired fit(x, y, lr, steps), the letter of the cause)."""
    ### BEGIN SOLUTION

    def repaired(x, y, lr=0.1, steps=200):
        X = x.reshape(-1, 1)
        w, b = np.zeros(1), 0.0  # w of shape (1,), so that X @ w is (N,), as y is
        for _ in range(steps):
            miss = X @ w + b - y
            w = w - lr * 2 * (x * miss).mean()
            b = b - lr * 2 * miss.mean()
        return w.item(), b

    return repaired, "C"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.descent.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("descent.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("descent.find_the_bug", repair)
### END HIDDEN TESTS

# %%
w, b = repair()[0](from_average[:, 0], progression)
print(f"repaired: progression = {w:.2f} * x + {b:.2f}")

# %% [markdown]
# (N, 1) less (N,) is not an error for numpy: it repeats both until they fit, and there are N · N misses, each prediction with each target. The best answer to all targets at once is their mean, so the slope goes to 0. It costs so much time because it fails in silence. PyTorch gives a warning in
# `mse_loss`, and nothing if you write the subtraction yourself. Lesson 05 is about this repeating, and what it is good for.
#
# ### To go on with, ungraded
#
# - **Momentum.** The ball on the landscape has a second setting. Give it some in the ravine of section 9. The rule: keep a running direction, `v = 0.9 * v + gradient`, and step along v. Write it in three lines, and find out how many of the 10,000 steps it saves. (Lesson 08 explains why.)
# - Fit a parabola: give X a second column, bmi². What does it do to the loss, and to `largest_rate`, before and after scaling?
# - Replace the squares by distances, `abs(miss)`. What is the gradient now? Add one absurd patient (bmi 27, progression 5000) and compare both lines.
# - `least_squares` with a column twice: what does numpy say, and why? What does the descent do with it?
# - Let each step choose its own learning rate: on a parabola the best one for the present gradient can be computed. (Hint: how does the loss change along the line you are about to walk?)
#
# ## 15 · What you have now, and where to read on
#
# A loss, its gradient by formula and by nudging, a loop that walks down, and a truth to hold it against. A law that says when the loop converges (lr below 2 / curvature) and how fast (the ratio of the largest curvature to the smallest). Two cures for slow walks: scale the columns, and ask fewer patients a step. From here on every lesson does this; what changes is
# the model, and where its slopes come from. Finding those slopes *without* a formula, for any model you can write down, is next.
#
# - A. Cauchy, *Méthode générale pour la résolution des systèmes d'équations simultanées*, Comptes Rendus 25, 1847: three pages, and the first gradient descent.
# - H. Robbins, S. Monro, [A Stochastic Approximation Method](https://doi.org/10.1214/aoms/1177729586), Annals of Mathematical Statistics 22, 1951: why a noisy slope is enough.
# - G. Goh, [Why Momentum Really Works](https://distill.pub/2017/momentum/), Distill, 2017: section 8 of this lesson, taken further, with pictures to play with.
# - L. Bottou, F. E. Curtis, J. Nocedal, [Optimization Methods for Large-Scale Machine Learning](https://arxiv.org/abs/1606.04838), SIAM Review 60, 2018: the theory of small batches.
# - B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, [Least Angle Regression](https://arxiv.org/abs/math/0406456), Annals of Statistics 32, 2004: where the 442 patients come from.
#
# **Next:** [lesson 03, scalar autograd](03_scalar_autograd.ipynb). Back to the [start page](00_start.ipynb).
