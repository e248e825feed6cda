# %% [markdown]
# # Lesson 05 · Tensor autograd
#
# In lesson 03 you built numbers that find their own slopes, and in lesson 04 they carried a network. It worked, and it was
# slow: a hundred flowers and three knobs made a graph of more than a thousand nodes. A photograph has a million numbers. Nobody
# trains on photographs one number at a time.
#
# The way out changes one word: in place of a *number*, each node holds an **array**. A layer of neurons is then one step,
# `x @ w + b`, for all examples at once. What you know stays true. Along a path multiply, over paths add, a node has its turn
# after all that use it. Three things are new, and they are what this lesson is about:
#
# 1. what the slope of an array operation even is, and why we never write it down,
# 2. **broadcasting**: numpy copies numbers silently, so their gradients have to be added up again,
# 3. the gradient of a **matrix product**, which everybody looks up, and which you will be able to read off a table.
#
# At the end your code trains a network on handwritten digits, first in a `Tensor` class of your own, then inside learnnn.
#
# You need lesson 03, and numpy arrays: shapes, `axis`, `@`. Plan three hours, in as many sittings as you like. As before: where a
# cell says `YOUR CODE HERE`, write the code, run the cell, and run the check below it. `course.hint("tensor.mul")` helps in three
# steps.

# %%
import inspect
import math
import time

import matplotlib.pyplot as plt
import numpy as np

import learnnn as torch
from learnnn import autograd, course, datasets, inspection, nn, ops
from learnnn.course import unfinished

unfinished.explain_unfinished()
kept = course.load_mine()

# %% [markdown]
# ## 1 · The finished thing
#
# Handwritten digits: 1,797 pictures of 8 by 8 pixels, collected at Boğaziçi University and packed with scikit-learn. 357 of them we put aside, to
# test on what the network has never seen.

# %%
X, y = datasets.digits()
X = X.reshape(len(X), -1).astype(float) / X.max()  # (1797, 64): one row a picture, pixels from 0 to 1
order = np.random.default_rng(0).permutation(len(X))
test, train = order[:357], order[357:]  # 1440 to learn from
targets = np.eye(10)[y]  # (1797, 10): a 1 in the column of the right digit, else 0

figure, axes = plt.subplots(1, 8, figsize=(8, 1.3), layout="constrained")
for panel, i in zip(axes, train):
    panel.imshow(X[i].reshape(8, 8), cmap="gray_r")
    panel.set_title(str(y[i]), fontsize=10)
    panel.axis("off")
plt.show()

# %% [markdown]
# And here is learnnn, learning them. 64 pixels go into 32 neurons with tanh, these into 10 outputs, one for each digit. The
# loss is the mean of the squared misses, and a step is a step downhill, just as in lesson 03. Look for the loop over pixels, or
# over pictures: there is none.

# %%
def first_weights():
    """Small random numbers to begin with (how small, and why, is lesson 06)."""
    rng = np.random.default_rng(0)
    w1, w2 = rng.normal(size=(64, 32)) / 8, rng.normal(size=(32, 10)) / 6
    return [w1, np.zeros(32), w2, np.zeros(10)]


def batches(seed, size=32):
    """The training pictures in a new order, 32 at a time."""
    shuffled = np.random.default_rng(seed).permutation(train)
    return [shuffled[i : i + size] for i in range(0, len(shuffled), size)]


w1, b1, w2, b2 = knobs = [torch.tensor(w, requires_grad=True) for w in first_weights()]

losses = []
for epoch in range(30):
    for batch in batches(epoch):
        pictures, wanted = torch.tensor(X[batch]), torch.tensor(targets[batch])  # (32, 64), (32, 10)
        miss = (pictures @ w1 + b1).tanh() @ w2 + b2 - wanted  # (32, 10)
        loss = (miss * miss).mean()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for knob in knobs:
                knob -= 1.0 * knob.grad
                knob.grad = None

answers = ((torch.tensor(X[test]) @ w1 + b1).tanh() @ w2 + b2).argmax(1)
print(f"{len(losses)} steps, loss {losses[0]:.3f} at the start, {losses[-1]:.3f} at the end")
print(f"right on {(answers.numpy() == y[test]).mean():.1%} of the 357 pictures it has never seen")

# %% [markdown]
# That took about as long as one blink. This is the graph of the last step. Count the boxes: so few, for a loss made of
# more than seventy thousand multiplications.

# %%
inspection.graph(loss)

# %% [markdown]
# Each box with a dark sign is one operation on whole arrays. If we can say for each *kind* of box how a gradient gets through it, we are done:
# the rest, the order and the sweep, you wrote in lesson 03.
#
# ## 2 · By hand, on paper
#
# ### A gradient has the shape of its array
#
# First a question of form. Take arrays instead of numbers, and the slope of a step becomes a monster: 32 × 64 inputs and 32 × 32 outputs have
# 2,097,152 slopes between them, nearly all of them 0. We never write this table down, because we never need it. What we need is:
#
# > Given `g`, the gradient of the **output** (how fast the final loss moves with each of its elements), find the gradient of each **input**.
#
# Both have the shapes of their arrays. An array of shape (64, 32) has a gradient of shape (64, 32), one number for each element, and
# each says: if this element grew a little, the loss would move so fast. Whenever you are lost in this lesson, ask for the shape.

# %% [markdown]
# ### A matrix product
#
# $$a = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}, \qquad b = \begin{pmatrix} 5 & 6 \\ 7 & 8 \end{pmatrix}, \qquad y = a\,b = \begin{pmatrix} 19 & 22 \\ 43 & 50 \end{pmatrix}$$
#
# Suppose that what comes after has sent back this gradient of y (numbers chosen so that you can see later where each came from):
#
# $$g = \begin{pmatrix} 1 & 10 \\ 100 & 1000 \end{pmatrix}$$
#
# Now nudge the single number $a_{00} = 1$. Which elements of y move? Only those of the first row:
#
# | output | written out | slope in $a_{00}$ | times its g |
# |---|---|---|---|
# | $y_{00}$ | $a_{00} b_{00} + a_{01} b_{10}$ | $b_{00} = 5$ | 5 · 1 |
# | $y_{01}$ | $a_{00} b_{01} + a_{01} b_{11}$ | $b_{01} = 6$ | 6 · 10 |
# | $y_{10}$ | $a_{10} b_{00} + a_{11} b_{10}$ | 0 | 0 |
# | $y_{11}$ | $a_{10} b_{01} + a_{11} b_{11}$ | 0 | 0 |
#
# Two paths, so add: the gradient of $a_{00}$ is 5 + 60 = **65**. Nothing but lesson 03. Do $a_{10}$ on paper now (it is 6500), and one
# element of b. $b_{00}$ is in $y_{00}$ with slope $a_{00} = 1$, and in $y_{10}$ with slope $a_{10} = 3$: 1 · 1 + 3 · 100 = **301**.
#
# The machine can do it for all eight, by nudging, which is slow and knows no theory:

# %%
def nudged_gradients(f, *arrays, g=1.0, nudge=1e-5):
    """How fast sum(g * f(...)) moves with every element of every array: one nudge up and one down for each."""
    arrays = [np.array(a, dtype=float) for a in arrays]
    found = [np.zeros_like(a) for a in arrays]
    for a, slopes in zip(arrays, found):
        for place in np.ndindex(a.shape):
            before = a[place]
            a[place] = before + nudge
            up = np.sum(g * f(*arrays))
            a[place] = before - nudge
            down = np.sum(g * f(*arrays))
            a[place] = before
            slopes[place] = round((up - down) / (2 * nudge), 4)
    return found


a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
g = np.array([[1.0, 10.0], [100.0, 1000.0]])

grad_a, grad_b = nudged_gradients(lambda a, b: a @ b, a, b, g=g)
print("gradient of a:", grad_a.tolist())
print("gradient of b:", grad_b.tolist())

# %% [markdown]
# Keep these eight numbers in view. You will get them again, in one line, in section 6.
#
# ### Predict, then run
#
# Now `y = a + bias` with the same a, and `bias = [10, 20]`. numpy adds the bias to both rows. The gradient of y is g once more. What is the gradient of
# the bias?
#
# 1. g itself, `[[1, 10], [100, 1000]]`: the slope of a sum is 1
# 2. `[1, 10]`, the first row: that is where the bias came in
# 3. `[101, 1010]`, the rows added up
# 4. `[50.5, 505]`, the mean of the rows: both have an equal say
#
# Decide before you run the next cell.

# %%
_, grad_bias = nudged_gradients(lambda a, bias: a + bias, a, [10, 20], g=g)
grad_bias.tolist()

# %% [markdown]
# <details>
# <summary><b>Answer</b> (open it when you have decided)</summary>
#
# It is 3: **[101, 1010]**. The 10 stands in the first row and, copied by numpy, in the second row. Nudge it, and both rows move. Two paths, so add.
#
# 1 cannot be, for its shape: the bias has two numbers, so its gradient has two. And the mean is tempting, but nothing in the chain rule ever divides: a
# number that is used twice counts twice.
# </details>

# %% [markdown]
# ## 3 · Rebuild: the form of an operation
#
# In lesson 03 an operation gave back its value and its slopes. With arrays it gives back its output, and, in place of the slopes, a
# *function* that does with them what is to be done:
#
# ```python
# def operation(a, b):
#     output = ...
#
#     def backward(g):            # g: the gradient of the output, with the output's shape
#         return ..., ...         # the gradients of a and of b, with their shapes
#
#     return output, backward     # the function itself, not called: nobody knows g yet
# ```
#
# `backward` is written inside the operation, so it sees `a`, `b` and `output` and remembers them, until the sweep comes by with a g. It always
# gives a tuple, also for a single input; then python wants the comma, `(grad,)`.
#
# ### exp, to practise the form
#
# exp works on each element by itself, so nothing is new: *slope times g, element by element*. And exp is the function that is its own slope.

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.exp", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def exp(x):
    """exp of each element: (output, backward)."""
    ### BEGIN SOLUTION
    y = np.exp(x)

    def backward(g):
        return (g * y,)

    return y, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.exp", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("tensor.exp", exp)
### BEGIN HIDDEN TESTS
assert course.check("tensor.exp", exp)
### END HIDDEN TESTS

# %% [markdown]
# The check tries your function on shapes you may not have thought of (no axis, an axis of size 1, no element at all), with a random g, and gets its own
# answer by nudging, as you did above.
#
# ### tanh and relu
#
# The same for `tanh`, whose slope is told from the output: 1 - y · y. And `relu`, which lets positive numbers pass and makes the others 0. For the array
# that says where x is positive, write `x > 0`: it holds True and False, and in a product they count as 1 and 0. At exactly 0, where the corner is, take
# the slope 0, as PyTorch does.

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.tanh", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def tanh(x):
    """tanh of each element: (output, backward)."""
    ### BEGIN SOLUTION
    y = np.tanh(x)

    def backward(g):
        return (g * (1 - y * y),)

    return y, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.tanh", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("tensor.tanh", tanh)
### BEGIN HIDDEN TESTS
assert course.check("tensor.tanh", tanh)
### END HIDDEN TESTS

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.relu", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def relu(x):
    """x where it is positive, else 0: (output, backward)."""
    ### BEGIN SOLUTION

    def backward(g):
        return (g * (x > 0),)

    return np.maximum(x, 0), backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.relu", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("tensor.relu", relu)
### BEGIN HIDDEN TESTS
assert course.check("tensor.relu", relu)
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Broadcasting, and the way back
#
# numpy combines arrays of different shapes. It writes the shapes under each other, **lined up at their right ends**, and makes copies of two kinds:
#
# - an axis that one of them does not have at all is put *in front*, with as many copies as needed;
# - an axis of size 1 is *stretched*.
#
# | | shapes, lined up | what is copied |
# |---|---|---|
# | a matrix and a row | `(2, 3)` and `(   3,)` | the row, along a new axis 0 |
# | a matrix and a column | `(2, 3)` and `(2, 1)` | the column, along axis 1 |
# | a matrix and a number | `(2, 3)` and `(    )` | the number, along both |
#
# The gradient of something copied is the **sum over its copies**. In the pictures, forward goes to the right on top, backward to the left below. (The gradients on the left were found by nudging.)

# %%
def draw_numbers(axes, array, room, title, colour):
    """A small array as a grid of numbers, in a panel with room for an array of shape `room`."""
    for (i, j), number in np.ndenumerate(np.atleast_2d(array)):
        axes.add_patch(plt.Rectangle((j, i), 1, 1, facecolor="none", edgecolor="#8a94a0"))
        axes.text(j + 0.5, i + 0.5, f"{number:g}", ha="center", va="center", color=colour, fontsize=12)
    axes.set(xlim=(-0.1, room[1] + 0.1), ylim=(room[0] + 0.1, -0.1), aspect="equal")
    axes.set_title(title, fontsize=10, loc="left")
    axes.axis("off")


def draw_broadcast(value, g):
    """A value and its copies on top; the gradients of the copies, and that of the value, below."""
    value, g = np.array(value, dtype=float), np.array(g, dtype=float)
    (gradient,) = nudged_gradients(lambda value: value + np.zeros(g.shape), value, g=g)
    _, panels = plt.subplots(2, 2, figsize=(6, 3.8), layout="constrained")
    draw_numbers(panels[0, 0], value, g.shape, f"the value: {value.shape}", "#2a7ab8")
    draw_numbers(panels[0, 1], np.broadcast_to(value, g.shape), g.shape, f"→  its copies: {g.shape}", "#2a7ab8")
    draw_numbers(panels[1, 0], gradient, g.shape, f"its gradient: {value.shape}  ←", "#d3691e")
    draw_numbers(panels[1, 1], g, g.shape, f"g, one for each copy: {g.shape}", "#d3691e")
    plt.show()


draw_broadcast([10, 20, 30], [[1, 2, 3], [100, 200, 300]])

# %%
draw_broadcast([[10], [20]], [[1, 2, 3], [100, 200, 300]])

# %% [markdown]
# ### Write it
#
# `unbroadcast(grad, shape)`: `grad` is the gradient of the copies, `shape` the shape that the value had before it was copied. Give the gradient of the value, an
# array of exactly that shape.
#
# Three traps:
#
# - The shapes are lined up at the right. So axis 0 of `shape` need not be axis 0 of `grad`. (Sum the axes in front away first, then they agree.)
# - After `grad.sum(axis=0)` the axis is gone, and what was axis 1 is axis 0 now. `sum` takes several axes at once: `axis=(0, 1)`.
# - An axis of size 1 has to stay: `keepdims=True`.

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.unbroadcast", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def unbroadcast(grad, shape):
    """The sum over the copies: an array of `shape`."""
    ### BEGIN SOLUTION
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))  # axes that were put in front
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)  # axes of size 1
    return grad.sum(axis=stretched, keepdims=True)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.unbroadcast", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("tensor.unbroadcast", unbroadcast)
### BEGIN HIDDEN TESTS
assert course.check("tensor.unbroadcast", unbroadcast)
### END HIDDEN TESTS

# %% [markdown]
# ### Sum and product
#
# Now the operations with two inputs are quickly written. On single numbers you know them: the slopes of a + b are 1 and 1, those of a * b are
# b and a. Do it element by element, then bring each gradient back to the shape of its own input, with your `unbroadcast`. Either input may be the one that was copied.

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.add", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def add(a, b):
    """a + b, with broadcasting: (output, backward)."""
    ### BEGIN SOLUTION

    def backward(g):
        return unbroadcast(g, a.shape), unbroadcast(g, b.shape)

    return a + b, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.add", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("tensor.add", add)
### BEGIN HIDDEN TESTS
assert course.check("tensor.add", add)
### END HIDDEN TESTS

# %% [markdown]
# For the product, mind what comes first: multiply, or fold back? (Every copy meets a factor of its own.)

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.mul", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def mul(a, b):
    """a * b, element by element, with broadcasting: (output, backward)."""
    ### BEGIN SOLUTION

    def backward(g):
        return unbroadcast(g * b, a.shape), unbroadcast(g * a, b.shape)

    return a * b, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.mul", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("tensor.mul", mul)
### BEGIN HIDDEN TESTS
assert course.check("tensor.mul", mul)
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · Sums and means
#
# Broadcasting copies, and its gradient sums. So what is the gradient of a **sum**? It copies. Each element went into one place of the output, one for one,
# and gets the g of that place.
#
# ### Predict, then run
#
# x has shape (2, 2), and `out = x.sum(axis=1)` adds up each *row*, so `out` has shape (2,). Let g = [10, 20]. A colleague writes the gradient as
# `np.broadcast_to(g, x.shape)`. The shape is right. What do they get, and what is right?
#
# 1. `[[10, 20], [10, 20]]`, and that is right
# 2. `[[10, 20], [10, 20]]`, and `[[10, 10], [20, 20]]` is right
# 3. `[[10, 10], [20, 20]]`, and that is right
# 4. an error

# %%
x, g = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])
(right,) = nudged_gradients(lambda x: x.sum(axis=1), x, g=g)
print("colleague:", np.broadcast_to(g, x.shape).tolist())
print("right:    ", right.tolist())

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# It is 2. Both elements of the first row went into the first sum, so both get its 10. But the sum has lost an axis, and numpy, which lines up at the right, took
# g for a *row*. No error, the shape fits, and every gradient is in the wrong place. (With a (2, 3) array you would at least get an error. Square examples hide
# such bugs; the checks here use few of them.)
#
# Put the lost axis back first, with size 1: `np.expand_dims(g, 1)` makes g a column of shape (2, 1), and *that* broadcasts as it should.
# </details>

# %% [markdown]
# ### Write them
#
# `dim` says over what to sum, in PyTorch's word: None for everything, one axis, or a tuple of axes. With `keepdim=True` the summed axes stay, with size 1.
# numpy's `sum(axis=..., keepdims=...)` and `np.expand_dims(g, ...)` take the same kinds of `dim`. (The name ends with an underscore, since `sum` is python's own.)

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.sum", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def sum_(x, dim=None, keepdim=False):
    """The sum over the axes dim: (output, backward)."""
    ### BEGIN SOLUTION

    def backward(g):
        if dim is not None and not keepdim:
            g = np.expand_dims(g, dim)  # the summed axes again, with size 1
        return (np.broadcast_to(g, x.shape),)

    return x.sum(axis=dim, keepdims=keepdim), backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.sum", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("tensor.sum", sum_)
### BEGIN HIDDEN TESTS
assert course.check("tensor.sum", sum_)
### END HIDDEN TESTS

# %% [markdown]
# A mean is a sum divided by n, and its gradient is divided by n too. Getting this n wrong is the best hidden bug of all: the direction of the gradient stays right,
# only its length is off, by 32 perhaps, and the network learns, too slowly, and nobody knows why. So: with `dim` given, **how many elements go into one mean?**

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.mean", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def mean(x, dim=None, keepdim=False):
    """The mean over the axes dim: (output, backward)."""
    ### BEGIN SOLUTION
    total, pull = sum_(x, dim, keepdim)
    n = x.size // total.size  # how many elements went into each

    def backward(g):
        (grad,) = pull(g)
        return (grad / n,)

    return total / n, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.mean", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("tensor.mean", mean)
### BEGIN HIDDEN TESTS
assert course.check("tensor.mean", mean)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · The matrix product
#
# Back to the table of section 2. For $a_{00}$ it said $g_{00} b_{00} + g_{01} b_{01}$: a row of g times a *row* of b. For any element:
#
# $$\text{gradient of } a_{ip} = \sum_j g_{ij}\, b_{pj}$$
#
# A matrix product multiplies rows by columns. If rows are to meet rows, one of the two has to be turned over, so that its rows become columns. That is what `.T` is for.
#
# Do the same for b: $b_{00}$ had $a_{00} g_{00} + a_{10} g_{10}$. A column of a times a column of g. Which one has to be turned?
#
# And there is a second way to find it, which you will use for the rest of your life. With `a` of shape (n, k) and `b` of shape (k, m), g is (n, m). The gradient
# of a has to be (n, k), made of g and b. Try to put (n, m) and (k, m) together so that (n, k) comes out: there is only one way.

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.matmul", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def matmul(a, b):
    """The matrix product of a (n, k) and b (k, m): (output, backward)."""
    ### BEGIN SOLUTION

    def backward(g):
        return g @ b.T, a.T @ g

    return a @ b, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.matmul", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("tensor.matmul", matmul)
### BEGIN HIDDEN TESTS
assert course.check("tensor.matmul", matmul)
### END HIDDEN TESTS

# %% [markdown]
# The eight numbers of section 2, in one line:

# %%
a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
output, backward = matmul(a, b)
for name, grad in zip("ab", backward(np.array([[1.0, 10.0], [100.0, 1000.0]]))):
    print(f"gradient of {name}:", grad.tolist())

# %% [markdown]
# ## 7 · Tensor
#
# Now the class. It is `Value` of lesson 03 with three changes: `data` and `grad` are arrays; in place of slopes it keeps `pull`, the backward function of the
# operation that made it; and `@`, `sum` and `mean` have joined in.
#
# The order is the one you wrote. If you kept yours with `course.use` in lesson 03, it is taken; else this one:

# %%
def topological_order(root):
    """Every node reachable from root: each once, each before its parents (lesson 03)."""
    finished, seen, stack = [], set(), [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            finished.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return finished[::-1]


topological_order = course.mine("scalar.topological_order", default=topological_order)

# %% [markdown]
# Two methods are yours to write. Both are lesson 03's, with arrays.
#
# `record` applies an operation: wrap what is no Tensor yet, give the arrays inside (and the options, `dim` and `keepdim`) to `f`, and make a new Tensor out of what comes
# back, which knows its parents and its pull.
#
# `backward` is the sweep. Nodes that have parents start over with zeros (`np.zeros_like(node.data)`), inputs keep what they have. The root gets ones. Then each node, in order,
# pulls its gradient through its own operation, which gives one piece for each parent. Pieces are **added**; write `parent.grad = parent.grad + piece`, with a new array,
# and not `+=`. (Why? That is the last exercise of this lesson.)

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.Tensor", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Tensor:
    """An array that remembers how it was computed, and finds its own gradient."""

    __array_ufunc__ = None  # array + Tensor: numpy steps back, and python asks the Tensor

    def __init__(self, data, parents=(), pull=None, op=""):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self.parents, self.pull, self.op = parents, pull, op

    def record(self, op, f, *inputs, **options):
        """Apply f to inputs, of which some may be plain arrays or numbers: a new Tensor."""
        ### BEGIN SOLUTION
        parents = tuple(x if isinstance(x, Tensor) else Tensor(x) for x in inputs)
        data, pull = f(*[parent.data for parent in parents], **options)
        return Tensor(data, parents, pull, op)
        ### END SOLUTION

    def backward(self):
        """Fill in .grad for every Tensor that this one depends on."""
        ### BEGIN SOLUTION
        order = topological_order(self)
        for node in order:
            if node.parents:
                node.grad = np.zeros_like(node.data)
        self.grad = np.ones_like(self.data)
        for node in order:
            if node.parents:
                for parent, piece in zip(node.parents, node.pull(node.grad)):
                    parent.grad = parent.grad + piece
        ### END SOLUTION

    def __add__(self, other):
        return self.record("+", add, self, other)

    def __radd__(self, other):  # other + self
        return self.record("+", add, other, self)

    def __mul__(self, other):
        return self.record("*", mul, self, other)

    def __rmul__(self, other):
        return self.record("*", mul, other, self)

    def __matmul__(self, other):
        return self.record("@", matmul, self, other)

    def __rmatmul__(self, other):
        return self.record("@", matmul, other, self)

    def __sub__(self, other):
        return self + -1 * other

    def exp(self):
        return self.record("exp", exp, self)

    def tanh(self):
        return self.record("tanh", tanh, self)

    def relu(self):
        return self.record("relu", relu, self)

    def sum(self, dim=None, keepdim=False):
        return self.record("sum", sum_, self, dim=dim, keepdim=keepdim)

    def mean(self, dim=None, keepdim=False):
        return self.record("mean", mean, self, dim=dim, keepdim=keepdim)

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.Tensor", "solution": false, "grade": true, "locked": true, "points": 3, "schema_version": 3, "task": false}
course.check("tensor.Tensor", Tensor)
### BEGIN HIDDEN TESTS
assert course.check("tensor.Tensor", Tensor)
### END HIDDEN TESTS

# %% [markdown]
# ### Look inside
#
# A layer of two neurons, on two examples with two numbers each. Read it from the right. Where does the gradient of `bias` get its shape back, and what is the
# gradient of `weights`? (You can do it by hand: each of the four outputs gets 1/4 from the mean.)

# %%
x = Tensor([[1, 2], [3, 4]])
weights = Tensor([[0.5, -1], [1, 0.5]])
bias = Tensor([1, -1])

out = (x @ weights + bias).relu().mean()
out.backward()
inspection.graph(out)

# %% [markdown]
# ### Is it right?
#
# You have nudged by hand. learnnn has it as a tool, for any operation on tensors: `inspection.gradcheck`. And `autograd.from_backward` turns an operation in your form into one on learnnn's
# tensors. Here is your matrix product:

# %%
rng = np.random.default_rng(0)
a, b = (torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in ((3, 4), (4, 2)))

inspection.gradcheck(autograd.from_backward(matmul), (a, b))

# %% [markdown]
# And here is the colleague of section 5, who forgot to put the lost axis back, on a square. The picture marks the elements that are wrong. Before you run it: are there any that come out right?

# %%
def colleagues_sum(x):
    """The sum of each row."""

    def backward(g):
        return (np.broadcast_to(g, x.shape),)

    return x.sum(axis=1), backward


x = torch.tensor(rng.normal(size=(4, 4)), requires_grad=True)
inspection.gradcheck(autograd.from_backward(colleagues_sum), (x,))

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# Those on the **diagonal**. The element in row i and column j should get the i-th number of g and gets the j-th; where i is j, that is the same. (So it is the transpose of the right one, as the report
# has noticed.) A pattern tells more than "wrong": a right diagonal smells of exchanged axes, a single wrong row of an index that is off by one, a common factor everywhere of a forgotten n.
# </details>

# %% [markdown]
# ## 8 · The same gradient, from one number at a time
#
# Does it agree with lesson 03's engine? Here is `Value` once more, cut down to what we need: + and *, and a sweep. The same little layer, four examples, written out number by
# number.

# %%
class Value:
    """Lesson 03's number that remembers, in short."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = float(data), 0.0, parents, slopes

    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def backward(self):
        self.grad = 1.0
        for node in topological_order(self):
            for parent, slope in zip(node.parents, node.slopes):
                parent.grad += slope * node.grad


def with_values(x, w):
    """The sum of tanh(x @ w), one number at a time."""
    total = Value(0.0)
    for row in x:
        for j in range(len(w[0])):
            dot = Value(0.0)
            for p, number in enumerate(row):
                dot = dot + number * w[p][j]
            total = total + dot.tanh()
    return total


def compare(n, k, m):
    """Both engines on (n, k) @ (k, m): the gradients of the weights, the numbers of nodes, and how much longer the first takes."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(n, k)), rng.normal(size=(k, m)) / np.sqrt(k)

    begin = time.perf_counter()
    many_w = [[Value(number) for number in row] for row in w]
    many = with_values([[Value(number) for number in row] for row in x], many_w)
    many.backward()
    slow = time.perf_counter() - begin

    quick = []
    for _ in range(5):  # so short that chance has a say: the best of five
        begin = time.perf_counter()
        one_w = Tensor(w)
        one = (Tensor(x) @ one_w).tanh().sum()
        one.backward()
        quick.append(time.perf_counter() - begin)

    grads = np.array([[v.grad for v in row] for row in many_w]), one_w.grad
    return grads, [len(topological_order(root)) for root in (many, one)], slow / min(quick)


(by_values, by_tensor), nodes, ratio = compare(4, 3, 2)
print("by values:", by_values.round(6).tolist())
print("by tensor:", by_tensor.round(6).tolist())
print("nodes:", nodes)

# %% [markdown]
# The same numbers. Now the size of the first layer of our digits network, with a batch of 8 pictures: 64 inputs, 32 neurons.
#
# Before you run it: how many nodes will each engine have, about? And how much faster is the second, two times, ten times, a hundred?

# %%
(by_values, by_tensor), nodes, ratio = compare(8, 64, 32)
print("the gradients agree:", np.allclose(by_values, by_tensor))
print(f"nodes: {nodes[0]:,} and {nodes[1]}")
print("more than twenty times as fast:", ratio > 20)

# %% [markdown]
# It is usually several hundred times faster (print `ratio`, and try larger layers). Nothing about the mathematics has changed. But python spends its time on each *node*: making it, finding its
# place in the order, calling its function. Five nodes cost nothing, and inside them numpy multiplies whole matrices at the speed of the machine. PyTorch, and learnnn, are built on this
# one observation.

# %% [markdown]
# ## 9 · Use it: your Tensor reads handwriting
#
# The network of section 1, line by line the same, with `Tensor` in place of learnnn. Everything that runs here is yours, from the sum up.

# %%
w1, b1, w2, b2 = knobs = [Tensor(w) for w in first_weights()]


def my_answers():
    """For each test picture, the digit whose output is largest."""
    return ((X[test] @ w1 + b1).tanh() @ w2 + b2).data.argmax(axis=1)


my_losses = []
for epoch in range(30):
    for batch in batches(epoch):
        miss = (X[batch] @ w1 + b1).tanh() @ w2 + b2 - targets[batch]
        loss = (miss * miss).mean()
        loss.backward()
        my_losses.append(float(loss.data))
        for knob in knobs:
            knob.data = knob.data - 1.0 * knob.grad
            knob.grad = np.zeros_like(knob.data)

print(f"right on {(my_answers() == y[test]).mean():.1%} of the 357 pictures it has never seen")
print("the losses are those of section 1, step by step:", np.allclose(losses, my_losses))

# %% [markdown]
# Which pictures does it get wrong? Look at a few before you blame the network. Above each, the right digit, and the one it saw.

# %%
answers = my_answers()
wrong = np.flatnonzero(answers != y[test])
figure, (left_axes, axes) = plt.subplots(1, 2, figsize=(9, 2.6), layout="constrained", width_ratios=(2, 3))
left_axes.plot(np.convolve(my_losses, np.ones(45) / 45, mode="valid"), color="#2a7ab8")
left_axes.set(xlabel="step", ylabel="loss", title="Downhill (mean of 45 steps)", ylim=(0, None))
axes.axis("off")
axes.set_title("What it gets wrong")
for place, i in enumerate(wrong[:6]):
    panel = axes.inset_axes((place / 6, 0.1, 0.15, 0.62))
    panel.imshow(X[test[i]].reshape(8, 8), cmap="gray_r")
    panel.set_title(f"{y[test[i]]}, not {answers[i]}", fontsize=10)
    panel.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# ### Put yours in
#
# Now the same from the other side: learnnn's tensors, learnnn's training, and your operations inside. `with course.swapped(...)` borrows them for the length of a block. In the picture, what your code
# computed is drawn in your colour.

# %%
parts = {
    "tensor.unbroadcast": unbroadcast,
    "tensor.add": add,
    "tensor.mul": mul,
    "tensor.tanh": tanh,
    "tensor.mean": mean,
    "tensor.matmul": matmul,
}

with course.swapped(parts):
    w1, b1, w2, b2 = knobs = [torch.tensor(w, requires_grad=True) for w in first_weights()]
    swapped_losses = []
    for epoch in range(30):
        for batch in batches(epoch):
            miss = (torch.tensor(X[batch]) @ w1 + b1).tanh() @ w2 + b2 + -1.0 * torch.tensor(targets[batch])
            loss = (miss * miss).mean()
            loss.backward()
            swapped_losses.append(loss.item())
            with torch.no_grad():
                for knob in knobs:
                    knob -= 1.0 * knob.grad
                    knob.grad = None

print("the same losses once more:", np.allclose(losses, swapped_losses))
inspection.graph(loss)

# %% [markdown]
# ### A whole layer in one step
#
# PyTorch's layer of neurons is called `nn.Linear`. It keeps its weight with **a row for each neuron**, (out, in), so it computes `x @ weight.T + bias`. And it does so in one operation, not
# in three: fewer nodes, fewer arrays in between. Write that operation. It has three inputs and three gradients, and all that is in it you have already: a matmul whose second factor comes in turned, and
# an add whose second input was copied to every row.

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.linear", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def linear(x, weight, bias):
    """x @ weight.T + bias for x (n, k), weight (m, k), bias (m,): (output, backward)."""
    ### BEGIN SOLUTION

    def backward(g):
        return g @ weight, g.T @ x, g.sum(axis=0)

    return x @ weight.T + bias, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.linear", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("tensor.linear", linear)
### BEGIN HIDDEN TESTS
assert course.check("tensor.linear", linear)
### END HIDDEN TESTS

# %% [markdown]
# With it, `nn.Linear` is yours too. What passes its check may stay: `course.use` keeps each part in your folder, and from now on, in this and in later lessons, learnnn runs it.

# %%
finished = parts | {"tensor.exp": exp, "tensor.relu": relu, "tensor.sum": sum_, "tensor.linear": linear}
for name, part in finished.items():
    print(course.use(name, part))

# %% tags=["shipped"]
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).double()

for epoch in range(30):
    for batch in batches(epoch):
        miss = model(torch.tensor(X[batch])) - torch.tensor(targets[batch])
        loss = (miss * miss).mean()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 1.0 * parameter.grad
                parameter.grad = None

answers = model(torch.tensor(X[test])).argmax(1).numpy()
print(f"right on {(answers == y[test]).mean():.1%} of the 357 pictures it has never seen")
inspection.graph(loss, names=model)

# %% [markdown]
# One box is still grey. Which operation is it, and how would you write it? (It is in the list of section 12.)
#
# ### Where does the time go?
#
# `inspection.profile` runs a step of training a few times, with a stopwatch at every operation: how long does it take, forward and backward, and how many bytes does it keep until backward comes by?
#
# Nearly all of the arithmetic is in the two layers: each of the 32 pictures meets 64 · 32 + 32 · 10 weights there, and everything else is one multiplication or comparison for each neuron. Before you run it: of the
# whole time, what part do the two `linear` have, about? Nine tenths, a half, a third? And who has the rest?

# %% tags=["nbval-ignore-output"]
def profile_step(some):
    """What one step on these pictures takes: forward, loss, backward."""
    pictures, wanted = torch.tensor(X[some]), torch.tensor(targets[some])

    def squared_miss(answers):
        miss = answers - wanted
        return (miss * miss).mean()

    return inspection.profile(model, pictures, loss=squared_miss, repeat=20)


profile_step(train[:32])

# %% [markdown]
# Now the same step on all 1,440 pictures at once, 45 times as many. How many times as long will it take?

# %% tags=["nbval-ignore-output"]
profile_step(train)

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# When this page was made, the two `linear` had about a **third** of the time on 32 pictures. The rest is python. `between operations` is what runs in no operation at all: forward, the way from one to the next; backward, the
# sweep, which finds the order and adds the pieces up. And the small operations take nearly as long as the large ones, since for each of them python has to call a function, make a node, and remember its
# parents, be the array large or small.
#
# So 45 times the pictures took only about **5 times** as long: there are as many steps as before, and only numpy's part has grown. Now `linear` has well over half. It is what section 8 found, seen from inside: python pays for each
# node, numpy for each number. To make a small network faster, have fewer nodes (one `linear` in place of three operations); to make a large one faster, multiply faster.
# </details>
#
# ### What is kept?
#
# The last column is memory: arrays that cannot be let go before backward, because your closures remember them. It can be had on paper. The hidden layer of 32 pictures is (32, 32) numbers of 8 bytes, 8,192 bytes. Your `relu` remembers its
# input, to see where it was positive. The matrix product after it remembers *its* input, for the gradient of the weights, and that is relu's output: another 8,192 bytes, of nearly the same numbers. That is one array too many. How would
# you write `relu` so that one will do?

# %%
def thrifty_relu(x):
    y = np.maximum(x, 0)

    def backward(g):
        return (g * (y > 0),)  # y is positive where x is

    return y, backward


def bytes_kept(rectify):
    """By a network that rectifies its hidden layer in this way, for 32 pictures."""
    operation = autograd.from_backward(rectify)
    return inspection.profile(lambda x: operation(x @ w1) @ w2, torch.tensor(X[train[:32]])).kept


print(f"relu: {bytes_kept(relu):,} bytes wait for backward")
print(f"thrifty_relu: {bytes_kept(thrifty_relu):,} bytes")

# %% [markdown]
# Now both remember the same array, y, and it is counted once. (x is what the first `@` has made; nobody else needs it, and its memory is free again as soon as relu has run.) In a network of many such layers that is half of the memory, and memory decides how large a network
# fits into a machine. It is why learnnn's own rules name what they need, as you will see now. (To the operations that you swap in, learnnn adds their inputs, in case somebody asks for a gradient of the gradient.)
#
# ## 10 · The shipped source beside your own
#
# This is how learnnn itself says what you have just written, live from the installed file:

# %%
print(inspect.getsource(ops.pointwise.mul))
print(inspect.getsource(ops.pointwise.tanh))
print(inspect.getsource(ops.reduce.sum))

# %% [markdown]
# The rules stand right above the operation, one for each input, and each names what it needs: `g`, other inputs, `y` for the output. So the engine knows what to keep in memory and what to let go. (Your
# `backward` keeps everything that it can see.) Nowhere is an un-broadcast: the sweep does it, in one place, for all operations. That is a fair division of labour, and a good reason
# to look at the sweep again:

# %%
print(inspect.getsource(autograd.sweep))

# %% [markdown]
# Find the line with `_fit`: there your `unbroadcast` is called. And find `mine`: this sweep does add in place, but only into an array that nobody else can hold.
#
# The matrix product has to deal with vectors, and with stacks of matrices; the case you know is the last line of the first rule:

# %%
print(inspect.getsource(ops.linalg._matmul_input))
print(inspect.getsource(ops.linalg._matmul_other))

# %% [markdown]
# ## 11 · The same lines in PyTorch
#
# Section 1 in PyTorch is section 1 with another import. Your operations have their counterpart too:
#
# ```python
# import torch
#
# class Tanh(torch.autograd.Function):
#     @staticmethod
#     def forward(ctx, x):
#         y = torch.tanh(x)
#         ctx.save_for_backward(y)          # what your backward remembers by standing inside
#         return y
#
#     @staticmethod
#     def backward(ctx, g):
#         (y,) = ctx.saved_tensors
#         return g * (1 - y * y)
#
# x = torch.randn(3, dtype=torch.float64, requires_grad=True)
# Tanh.apply(x).sum().backward()
# torch.autograd.gradcheck(Tanh.apply, (x,))   # nudging, in float64
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `t.data`, `t.grad` | `t.detach()`, `t.grad` | `grad` is `None` before the first backward |
# | `t.pull` | `t.grad_fn` | an object such as `<MulBackward0>` |
# | `backward` of a Tensor of any shape starts with ones | only a single number may; else `out.backward(g)` | a gradient is always that of *one* number |
# | float64 | float32 unless told otherwise | half the memory, twice the speed; gradients are checked in float64 |
# | `unbroadcast` | inside the engine (`sum_to_size`) | |

# %% [markdown]
# ## 12 · Exercises
#
# ### Graded: axes in another order
#
# `permute` moves axes: axis i of the output is axis `dims[i]` of x. A matrix transpose is `dims = (1, 0)`. Nothing is computed, so the gradient only has to find its way back. For a transpose, the way back is
# another transpose. For (2, 0, 1) it is not (2, 0, 1). What is it?

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.permute", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def permute(x, dims):
    """The axes of x in the order dims, a tuple: (output, backward)."""
    ### BEGIN SOLUTION

    def backward(g):
        return (g.transpose(np.argsort(dims)),)  # argsort: at which place does axis 0 stand now, axis 1, ...

    return x.transpose(dims), backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.permute", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("tensor.permute", permute)
### BEGIN HIDDEN TESTS
assert course.check("tensor.permute", permute)
### END HIDDEN TESTS

# %% [markdown]
# ### Graded: picking elements
#
# `x[index]` picks. What was not picked has gradient 0; what was picked gets its g; and what was picked **twice** gets the sum of both. This is the operation by which a language model looks up
# its words (lesson 13), and there the same word comes many times in a batch. Try in a cell of your own what `z = np.zeros(3); z[[1, 1]] += np.array([1.0, 5.0])` does, before you write it.

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.getitem", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def getitem(x, index):
    """x[index], for any index that numpy takes: (output, backward)."""
    ### BEGIN SOLUTION

    def backward(g):
        grad = np.zeros_like(x)
        np.add.at(grad, index, g)  # += would do each place only once
        return (grad,)

    return x[index], backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.getitem", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("tensor.getitem", getitem)
### BEGIN HIDDEN TESTS
assert course.check("tensor.getitem", getitem)
### END HIDDEN TESTS

# %% [markdown]
# Keep these two as well. Later lessons will use them, without telling you each time.

# %%
for name, part in {"tensor.permute": permute, "tensor.getitem": getitem}.items():
    print(course.use(name, part))

# %% [markdown]
# ### Predict, then run
#
# On paper first:
#
# ```python
# x = Tensor(np.full((4, 3), 2.0))                 # four rows of twos
# w = Tensor([[1, 2], [3, 4], [5, 6]])
# b = Tensor([0, 0])
# loss = (x @ w + b).mean()
# loss.backward()
# ```
#
# What are `b.grad[0]`, `w.grad[0, 0]` and `x.grad[0, 0]`? The check says right or wrong, and if your number is a well-known slip, which. Then run the cell after it.

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """b.grad[0], w.grad[0, 0] and x.grad[0, 0]."""
    ### BEGIN SOLUTION
    # The mean is over 4 * 2 = 8 numbers: each of them gets 1/8.
    # b[0] was copied to 4 rows. w[0, 0] meets a 2 in each of the 4 rows.
    # x[0, 0] meets w[0, 0] = 1 and w[0, 1] = 2.
    return 4 / 8, 4 * 2 / 8, (1 + 2) / 8
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("tensor.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("tensor.predict", prediction)
### END HIDDEN TESTS

# %%
x = Tensor(np.full((4, 3), 2.0))
w = Tensor([[1, 2], [3, 4], [5, 6]])
b = Tensor([0, 0])
loss = (x @ w + b).mean()
loss.backward()
print("b.grad[0], w.grad[0, 0], x.grad[0, 0]:", b.grad[0], w.grad[0, 0], x.grad[0, 0])

# %% [markdown]
# ### Find the bug
#
# A colleague wants to save memory: no arrays full of zeros to begin with, no new array for each sum. Their gradients start over in every call; the first piece that arrives is kept, and further ones are added in
# place. Their `+` is thrifty too: where both shapes agree there is nothing to un-broadcast, so it hands g straight on. All of their tests pass. Then somebody adds a skip connection.

# %%
class Thrifty(Tensor):
    def __add__(self, other):
        return Thrifty(self.data + other.data, (self, other), lambda g: (g, g), "+")

    def __mul__(self, other):
        return Thrifty(self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data), "*")


def thrifty_backward(root):
    order = topological_order(root)
    for node in order:
        node.grad = None
    root.grad = np.ones_like(root.data)
    for node in order:
        if node.parents:
            for parent, piece in zip(node.parents, node.pull(node.grad)):
                if parent.grad is None:
                    parent.grad = piece
                else:
                    parent.grad += piece


def gradients_with(backward, expression):
    a, b = Thrifty([1.0, 2.0]), Thrifty([3.0, 4.0])
    backward(expression(a, b))
    return f"a: {a.grad.tolist()}  b: {b.grad.tolist()}"


print("a * b      ", gradients_with(thrifty_backward, lambda a, b: a * b))
print("a + b * b  ", gradients_with(thrifty_backward, lambda a, b: a + b * b))
print("a + b + a  ", gradients_with(thrifty_backward, lambda a, b: a + b + a))

# %% [markdown]
# The first two are right. In the third, b is used once, so its gradient should be 1 everywhere. What is the cause?
#
# - **A** the root never gets its ones
# - **B** parents have their turn before the nodes that use them
# - **C** two tensors hold the same array as gradient, and adding to one of them in place changes the other
# - **D** a gradient is overwritten where it should be added to
# - **E** a gradient is not brought back to the shape of its tensor
#
# Repair `thrifty_backward`, and give back the repaired function together with the letter. (Leave the class as it is.)

# %% tags=["exercise"] nbgrader={"grade_id": "tensor.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired backward(root), the letter of the cause)."""
    ### BEGIN SOLUTION

    def backward(root):
        order = topological_order(root)
        for node in order:
            node.grad = None
        root.grad = np.ones_like(root.data)
        for node in order:
            if node.parents:
                for parent, piece in zip(node.parents, node.pull(node.grad)):
                    if parent.grad is None:
                        parent.grad = piece
                    else:
                        parent.grad = parent.grad + piece  # a new array: whoever holds the old one keeps it

    return backward, "C"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.tensor.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("tensor.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("tensor.find_the_bug", repair)
### END HIDDEN TESTS

# %%
print("a + b + a  ", gradients_with(repair()[0], lambda a, b: a + b + a))

# %% [markdown]
# Two names for one array: numpy's oldest trap, and PyTorch's too, where `x.grad` may be shared with what a hook has kept. If a number changes that nobody has touched, ask who else holds its array.
#
# ### To go on with, ungraded
#
# - Write `sub`, with two gradients and one minus sign. Swap it in (`ops.sub = autograd.from_backward(sub, origin="yours")`), and look at the graph of section 9 again.
# - `log` and division. Where do they need care?
# - `max` over an axis: who gets the gradient, and what about ties?
# - Let your `matmul` multiply stacks of matrices, (s, n, k) @ (s, k, m). What replaces `.T`? What if one factor is a single matrix that all share?
# - `with_values` of section 8: find the formula for its number of nodes.
# - How much memory do your other closures hold after `loss = ...`, before backward? Which of the arrays are really needed? (`inspection.profile(...).operations` says what each keeps.)
#
# ## 13 · What you have now, and where to read on
#
# An engine that records operations on arrays and sends gradients back through them: a dozen rules, each of two or three lines, an order, and a sweep. There is nothing else in the engines that train language models,
# apart from more rules, and enormous care for speed. You have also seen what goes wrong without an error: a wrong axis, a wrong n, a shared array. Looking at shapes finds the first, nudging
# finds them all.
#
# - T. Parr, J. Howard, [The Matrix Calculus You Need For Deep Learning](https://arxiv.org/abs/1802.01528), 2018: the tables of slopes that we never wrote down, explained slowly.
# - A. Karpathy, [Yes you should understand backprop](https://karpathy.medium.com/yes-you-should-understand-backprop-e2f06eab496b), 2016: what happens to those who do not.
# - C. R. Harris et al., [Array programming with NumPy](https://www.nature.com/articles/s41586-020-2649-2), Nature 585, 2020; and numpy's own page on
#   [broadcasting](https://numpy.org/doc/stable/user/basics.broadcasting.html).
# - D. Maclaurin, D. Duvenaud, R. P. Adams, [HIPS autograd](https://github.com/HIPS/autograd): an engine like yours that differentiates numpy itself; its table of rules is worth an evening.
# - A. Paszke et al., [PyTorch: An Imperative Style, High-Performance Deep Learning Library](https://arxiv.org/abs/1912.01703), 2019: how the real one is built.
#
# **Next:** lesson 06 puts weights and their beginnings into modules. Back to the [start page](00_start.ipynb).
