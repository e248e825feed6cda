# %% [markdown]
# # Lesson 10 · Normalization and residuals
#
# You can build networks, train them, and keep them from learning by heart. So far they had two or three layers. Why not thirty? A deep network can do in
# steps what a shallow one has to do at once, and every network you have heard of is deep.
#
# Try it, and nothing happens. The loss stays where chance puts it, for hours, without an error. For many years that was nearly the end of the story. Then, within the one year 2015,
# came two tricks, so small that each fits into one line:
#
# 1. **normalization**: before each layer, bring the numbers back to mean 0 and variance 1;
# 2. a **way past**: let a layer not *make* its output, but *add* to its input.
#
# You will write both, with their gradients by hand, and see why neither alone is enough. On the way you meet the layer that
# breaks more models than any other, because it does one thing in training and another in use: batch norm.
#
# You need lessons 05 to 09. Plan three hours. Where a cell says `YOUR CODE HERE`, write the code, run the cell, and run the check below it. `course.hint("norm.normalize")` helps in
# three steps.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

import learnnn as torch
from learnnn import autograd, course, datasets, inspection, nn, ops, optim
from learnnn.course import unfinished

unfinished.explain_unfinished()
kept = course.load_mine()

# %% [markdown]
# ## 1 · The finished thing
#
# Handwritten digits again, 1,438 to learn from and 359 to test on. The network is narrow and deep: 64 pixels go into 16 numbers, these through **thirty** layers of 16 neurons, and the last 16 numbers
# into 10 scores. The two tricks can be switched on and off.

# %%
(X, y), (X_test, y_test) = datasets.digits(split=0.2)
X, y, X_test, y_test = map(torch.tensor, (X, y, X_test, y_test))  # (1438, 64), (1438,), (359, 64), (359,)


class Deep(nn.Module):
    """Thirty layers of 16 neurons, with or without a norm before each, with or without a way past it."""

    def __init__(self, norm, past, depth=30, width=16):
        super().__init__()
        self.past = past
        self.first = nn.Linear(64, width)
        self.norms = nn.ModuleList([nn.LayerNorm(width) if norm else nn.Identity() for _ in range(depth)])
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.last = nn.Linear(width, 10)

    def forward(self, x):
        x = self.first(x)
        for norm, layer in zip(self.norms, self.layers):
            change = layer(norm(x)).relu()
            x = x + change if self.past else change
        return self.last(x)


def train(model, epochs=8, lr=0.1, size=64):
    """The losses, step by step, of plain gradient descent."""
    optimizer, losses = optim.SGD(model.parameters(), lr=lr), []
    for epoch in range(epochs):
        shuffled = np.random.default_rng(epoch).permutation(len(X))
        for start in range(0, len(X) - size + 1, size):
            batch = shuffled[start : start + size]
            loss = nn.functional.cross_entropy(model(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def accuracy(model):
    """The share of the test pictures that are read rightly."""
    model.eval()
    with torch.no_grad():
        answers = model(X_test).argmax(1).numpy()
    model.train()
    return float((answers == y_test.numpy()).mean())


def about(share):
    """To 5 %: the last digits differ from machine to machine."""
    return f"about {round(20 * share) * 5} %"


losses, models = {}, {}
for name, norm, past in (("plain", False, False), ("both tricks", True, True)):
    torch.manual_seed(0)
    models[name] = Deep(norm, past)
    losses[name] = train(models[name])
    print(f"{name:12} loss {losses[name][-1]:.1f} at the end, right on {about(accuracy(models[name]))} of the test pictures")

# %%
figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
for (name, curve), colour in zip(losses.items(), ("#8a94a0", "#2a7ab8")):
    axes.plot(np.convolve(curve, np.ones(10) / 10, mode="valid"), label=name, color=colour, linewidth=2.5)
axes.axhline(np.log(10), color="#d3691e", linewidth=1, linestyle=":", label="pure guessing: log 10")
axes.set(xlabel="step", ylabel="loss", title="Thirty layers (mean of 10 steps)", ylim=(0, 5))
axes.legend()
plt.show()

# %% [markdown]
# The same layers, the same beginning, the same steps. The plain one guesses, and goes on guessing. Look at `forward`: the difference is `norm(x)` and `x +`.
#
# ## 2 · By hand, on paper
#
# ### Four numbers
#
# To **normalize** numbers means: take away their mean, and divide by how far they typically are from it. Take x = [0, 8, 6, 6].
#
# | | | | | | |
# |---|---|---|---|---|---|
# | x | 0 | 8 | 6 | 6 | mean 5 |
# | less the mean | -5 | 3 | 1 | 1 | mean 0 |
# | squared | 25 | 9 | 1 | 1 | mean 9: the **variance** |
# | divided by √9 = 3 | -5/3 | 1 | 1/3 | 1/3 | z: mean 0, variance 1 |
#
# In the denominator stands $s = \sqrt{\text{variance} + \epsilon}$, with a tiny ε such as 0.00001. If all numbers are equal the variance is 0, and ε is all that stands between you and 0 / 0. It stands *under* the root.
#
# ### Its gradient
#
# Now the interesting half. Nudge one number, say $x_0$, up by a little. What moves? **Everything**, and by three paths:
#
# 1. directly: $z_0$ rises by $1/s$;
# 2. through the mean, which rises by $1/n$: *every* z falls by $1/(ns)$;
# 3. through the deviation. It changes by $z_0/n$ (a number above the mean, moved further up, widens the spread; one below, moved up, narrows it). Every $z_i$ was divided by it, so every $z_i$ changes by $-z_i z_0 / (ns)$.
#
# Along a path multiply, over paths add: each of these changes meets its $g_i$, and all are added up. What comes out is
#
# $$\text{gradient of } x_j = \frac1s\Big( g_j \;-\; \text{mean}(g) \;-\; z_j \cdot \text{mean}(g \cdot z) \Big)$$
#
# Three terms, three paths. Do it once on paper, with g = [1, 0, 0, 0]: mean(g) = 1/4, mean(g · z) = -5/12, so the first element has
# (1 - 1/4 - 25/36) / 3 = 0.0185, and the second has (0 - 1/4 + 5/12) / 3 = 0.0556. The machine can do it by nudging:

# %%
def nudged_gradient(f, x, g, nudge=1e-5):
    """How fast sum(g * f(x)) moves with each element of x."""
    x, slopes = np.array(x, dtype=float), []
    for i in range(len(x)):
        ends = []
        for step in (nudge, -nudge):
            moved = x.copy()
            moved[i] += step
            ends.append(np.sum(g * f(moved)))
        slopes.append((ends[0] - ends[1]) / (2 * nudge))
    return np.round(slopes, 4) + 0.0


def plainly_normalized(x):
    return (x - x.mean()) / x.std()


x, g = np.array([0.0, 8.0, 6.0, 6.0]), np.array([1.0, 0.0, 0.0, 0.0])
print("z:       ", plainly_normalized(x).round(4).tolist())
print("gradient:", nudged_gradient(plainly_normalized, x, g).tolist())

# %% [markdown]
# Do you see how small the first one is? $x_0$ is nearly alone on its side: push it up, and the mean follows, and the spread shrinks. What comes in large at g leaves this layer tamed.
#
# ### Predict, then run

# %% jupyter={"source_hidden": true}
inspection.predict(
    "All four numbers are multiplied by 10 before they are normalized: x = [0, 80, 60, 60], and g is the same. So is the output z. The first element of the gradient was 0.0185. What is it now?",
    lambda: nudged_gradient(plainly_normalized, 10 * x, g)[0],
    tolerance=0.0003,
)

# %%
print("gradient:", nudged_gradient(plainly_normalized, 10 * x, g).tolist())

# %% [markdown]
# A tenth of what it was: s is ten times as large, and it stands in the denominator. A nudge of 1 means less among numbers in the eighties than among numbers below ten.
#
# This is worth a second look. If the weights before a norm grow, the gradient that reaches them shrinks by as much. A norm takes the size out of the forward pass *and* puts a brake on the backward one, by itself.
#
# And two things you can check on any gradient of a norm, with no machine at all:
#
# - shifting all x does nothing to z. So the gradient has to be blind to shifts: **its elements add up to 0**.
# - stretching x around its mean does nothing either (ε aside): **the sum of gradient times z is 0**.
#
# Look at what was printed: do they add up to 0? These two *invariances* are the best test of this lesson's code.

# %% [markdown]
# ## 3 · Rebuild: normalize
#
# In the form of lesson 05: `(output, backward)`, plain numpy arrays. `axis` says which numbers belong together: mean and variance are taken along it. Your friends are `x.mean(axis=axis, keepdims=True)` and `x.var(axis=axis, keepdims=True)`: with `keepdims` the axis stays, with size 1, and what you get
# broadcasts against x.

# %% tags=["exercise"] nbgrader={"grade_id": "norm.normalize", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def normalize(x, axis, eps=1e-5):
    """x with mean 0 and variance 1 along axis: (output, backward)."""
    ### BEGIN SOLUTION
    s = np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    z = (x - x.mean(axis=axis, keepdims=True)) / s

    def backward(g):
        level = g.mean(axis=axis, keepdims=True)
        along = (g * z).mean(axis=axis, keepdims=True)
        return ((g - level - z * along) / s,)

    return z, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.normalize", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("norm.normalize", normalize)
### BEGIN HIDDEN TESTS
assert course.check("norm.normalize", normalize)
### END HIDDEN TESTS

# %% [markdown]
# The four numbers of section 2, and the two invariances:

# %%
z, backward = normalize(x, 0, eps=0.0)
(gradient,) = backward(g)
print("z:       ", z.round(4).tolist())
print("gradient:", gradient.round(4).tolist())
print("sum of the gradient, and of gradient times z:", abs(gradient.sum().round(12)), abs((gradient * z).sum().round(12)))

# %% [markdown]
# ### Look inside: what the short way costs
#
# A colleague writes `backward` as `g / s`. "Mean and deviation are just numbers," they say, "why make it complicated?" Here is their gradient against nudging, on three rows of four. Before you run it: will some elements be right by luck?

# %%
def colleagues_norm(x):
    s = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    return (x - x.mean(axis=1, keepdims=True)) / s, lambda g: (g / s,)


rng = np.random.default_rng(0)
rows = torch.tensor(rng.normal(size=(3, 4)), requires_grad=True)
inspection.gradcheck(autograd.from_backward(colleagues_norm), (rows,))

# %% [markdown]
# None is right; and the tool has noticed the first invariance: these rows do not add up to 0. Yet a network would still learn with it, after a fashion. Much of this gradient points the right way, and what does not are shifts and stretches, which the norm throws away at the next step. That kind of error can live in a code base for years. Yours:

# %%
inspection.gradcheck(autograd.from_backward(lambda x: normalize(x, 1)), (rows,))

# %% [markdown]
# ## 4 · Layer norm: every example by itself
#
# Which numbers are to be normalized together? The first answer is also the simpler one: **those of one example**. A picture that went through a layer of 16 neurons is now 16 numbers: make *them* mean 0 and variance 1, without a look at any other picture. That is **layer norm**. (It came second, in 2016. Every language
# model has it, or its cousin, which is an exercise below.)
#
# Then two more things happen. A network may *want* some neuron at another level. So each place gets a factor, `weight`, and a shift, `bias`, that are learned; they begin with 1 and 0, and at first do nothing:
#
# $$\text{out} = z \cdot \text{weight} + \text{bias}$$
#
# You have written that gradient in lesson 05: what meets a copied parameter is summed over its copies.
#
# x may have more axes than two, (batch, time, features), say, and the example may have more than one. How many is told by `weight`: normalize over as many *last* axes of x as weight has. `normalize` takes a tuple of axes.
#
# - The last axes: `tuple(range(x.ndim - weight.ndim, x.ndim))`.
# - The others, the first ones, are those along which weight and bias were copied.
# - `normalize` gives back a `backward` too, and it is made for you to call it. (Like every backward it gives a tuple, here with a single gradient in it.)

# %% tags=["exercise"] nbgrader={"grade_id": "norm.layer_norm", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def layer_norm(x, weight, bias, eps=1e-5):
    """x normalized over as many last axes as weight has, times weight, plus bias: (output, backward)."""
    ### BEGIN SOLUTION
    first = tuple(range(x.ndim - weight.ndim))  # the axes that the parameters were copied along
    z, pull = normalize(x, tuple(range(len(first), x.ndim)), eps)

    def backward(g):
        (grad,) = pull(g * weight)
        return grad, (g * z).sum(axis=first), g.sum(axis=first)

    return z * weight + bias, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.layer_norm", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("norm.layer_norm", layer_norm)
### BEGIN HIDDEN TESTS
assert course.check("norm.layer_norm", layer_norm)
### END HIDDEN TESTS

# %% [markdown]
# ### What it is good for, on a picture
#
# The same digit three times: as it is, photographed in bad light, and as a faint print on grey paper. To a neuron these are three very different inputs. To a neuron behind a layer norm?

# %%
digit = X_test[3].numpy().astype(float)
versions = {"as it is": digit, "a quarter of the light": digit / 4, "faint, on grey paper": 0.4 + digit / 5}
figure, panels = plt.subplots(2, 3, figsize=(6, 4), layout="constrained")
for (title, pixels), (above, below) in zip(versions.items(), panels.T):
    normalized, _ = layer_norm(pixels, np.ones(64), np.zeros(64))
    above.imshow(pixels.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
    above.set_title(title, fontsize=10)
    below.imshow(normalized.reshape(8, 8), cmap="gray_r", vmin=-2, vmax=2)
    below.set_title("after layer norm", fontsize=10)
for panel in panels.flat:
    panel.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# Shift and scale are gone; the shape of the digit is what is left. The same holds in the middle of a network, where nobody can see it: whatever the layers before have done to the *level* and the *size* of the numbers, this layer does not notice.
#
# ## 5 · Batch norm: every feature over the batch
#
# The other answer, and the first in time: take **one neuron**, and normalize what it says **about all examples of the batch**. A neuron that always says 100, give or take 1, now speaks of the differences.

# %%
def draw_table(axes, title, across):
    """A batch of 4 examples with 6 features, coloured by what is normalized together."""
    colours = plt.cm.tab10(np.arange(6))
    for i in range(4):
        for j in range(6):
            colour = colours[i if across else j]
            axes.add_patch(plt.Rectangle((j, i), 0.92, 0.92, facecolor=(*colour[:3], 0.45), edgecolor=colour))
    axes.set(xlim=(-0.1, 6.1), ylim=(4.1, -0.1), aspect="equal", xticks=[], yticks=[], xlabel="features", ylabel="examples")
    axes.set_title(title, fontsize=10)


figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 2.6), layout="constrained")
draw_table(left, "layer norm: a mean for each example", across=True)
draw_table(right, "batch norm: a mean for each feature", across=False)
plt.show()

# %% [markdown]
# The formula is the same, along the other axis. And yet it is another kind of layer, because of one question: **when the network is in use, and one single picture comes in, what is the mean of the batch?**
#
# There is none. So batch norm keeps a record while it trains: a running mean and a running variance for each feature, which follow those of the batches slowly:
#
# $$\text{running} \leftarrow (1 - \text{momentum}) \cdot \text{running} + \text{momentum} \cdot \text{batch's}, \qquad \text{momentum} = 0.1$$
#
# In **training** it normalizes by the batch's own numbers and moves the record. In **evaluation** it normalizes by the record and leaves it alone. (Careful with the word. The momentum of an optimizer, 0.9, is the share of the *old*. Here it is the share of the *new*. PyTorch has it so, other libraries the other way round, and nobody is warned.)

# %% jupyter={"source_hidden": true}
inspection.predict(
    "The running mean begins at 0. The mean of every batch is exactly 10, momentum is 0.1. After how many batches is the running mean above 6 for the first time? (A rough idea will do: one, six, ten, sixty?)",
    lambda: next(k for k in range(1, 1000) if 10 * (1 - 0.9**k) > 6),
    tolerance=1,
)

# %%
running = 0.0
for batch in range(1, 11):
    running = 0.9 * running + 0.1 * 10
    print(f"after {batch:2} batches: {running:.2f}")

# %% [markdown]
# What is missing to 10 shrinks by a tenth with each batch. So a record with momentum 0.1 remembers some ten batches, and has forgotten where it began after thirty or forty.
#
# Two fine points, both of which have cost people weeks:
#
# - The batch is normalized by its variance as it is, the mean of the squared distances: divided by N. The *record* takes the one divided by N - 1 (`x.var(axis=0, ddof=1)`). It wants to know the spread of all the data, and a sample's own mean is always a little too close to it.
# - A batch of **one** has no spread. In training, raise a `ValueError`.
#
# The arguments are PyTorch's, in PyTorch's order. The two running arrays belong to whoever calls you, and are changed **in place**: `running_mean[...] = ...`. (It is the only function of this course that writes into what it was given. In a function, `running_mean = ...` would only stick the name on another array.)
#
# And the gradient? In training you have it: `normalize(x, 0, eps)`. In evaluation think before you write. Does the running mean move if you nudge x?

# %% tags=["exercise"] nbgrader={"grade_id": "norm.batch_norm", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def batch_norm(x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    """x (N, D) normalized column by column, times weight, plus bias: (output, backward for x, weight, bias)."""
    ### BEGIN SOLUTION
    if training:
        if len(x) == 1:
            raise ValueError("one example has no variance: use a larger batch, or evaluation mode")
        z, pull = normalize(x, 0, eps)
        running_mean[...] = (1 - momentum) * running_mean + momentum * x.mean(axis=0)
        running_var[...] = (1 - momentum) * running_var + momentum * x.var(axis=0, ddof=1)
    else:
        s = np.sqrt(running_var + eps)
        z = (x - running_mean) / s
        pull = lambda g: (g / s,)  # constants now: nothing to go through

    def backward(g):
        (grad,) = pull(g * weight)
        return grad, (g * z).sum(axis=0), g.sum(axis=0)

    return z * weight + bias, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.batch_norm", "solution": false, "grade": true, "locked": true, "points": 3, "schema_version": 3, "task": false}
course.check("norm.batch_norm", batch_norm)
### BEGIN HIDDEN TESTS
assert course.check("norm.batch_norm", batch_norm)
### END HIDDEN TESTS

# %% [markdown]
# Both of your functions passed, so both may go to work. `course.use` keeps them in your folder, and from now on learnnn's own `nn.LayerNorm` and `nn.functional.batch_norm` run your code.

# %%
for id, part in {"norm.layer_norm": layer_norm, "norm.batch_norm": batch_norm}.items():
    print(course.use(id, part))

# %% [markdown]
# ### The layer
#
# A function cannot keep a record; an object can. Your `BatchNorm1d` is a Module (lesson 06), with two kinds of things inside:
#
# - `weight` and `bias` are **trained**: `nn.Parameter`, ones and zeros;
# - `running_mean` and `running_var` are **counted**. No optimizer may touch them, no weight decay may shrink them, and yet they have to be saved with the model: without them the model is another one. Such a thing is a **buffer**:
#   `self.register_buffer("running_mean", torch.zeros(num_features))` makes `self.running_mean`, lists it in `state_dict()`, and keeps it out of `parameters()`. The variance begins with ones.
#
# In `forward`, call `nn.functional.batch_norm` (which is yours now) with all of it. In which mode the model is, `self.training` knows.

# %% tags=["exercise"] nbgrader={"grade_id": "norm.BatchNorm1d", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class BatchNorm1d(nn.Module):
    """Normalizes each of num_features over the batch."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        ### BEGIN SOLUTION
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        record = self.running_mean, self.running_var
        return nn.functional.batch_norm(x, *record, self.weight, self.bias, self.training, self.momentum, self.eps)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.BatchNorm1d", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("norm.BatchNorm1d", BatchNorm1d)
### BEGIN HIDDEN TESTS
assert course.check("norm.BatchNorm1d", BatchNorm1d)
### END HIDDEN TESTS

# %%
print(course.use("norm.BatchNorm1d", BatchNorm1d))

# %% [markdown]
# ## 6 · Break it on purpose
#
# Nothing in deep learning fails as quietly as batch norm. Here is a small healthy network with one; then three ways to ruin it.

# %%
def small_network(momentum=0.1):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32, momentum=momentum), nn.ReLU(), nn.Linear(32, 10))


small = small_network()
small_losses = train(small, epochs=4)
print(f"in evaluation, right on {about(accuracy(small))} of the test pictures")

# %% [markdown]
# ### One: `model.eval()` forgotten
#
# We test the very same network without switching to evaluation, so it uses the statistics of whatever comes in together. First with the test pictures as they come; then sorted, all zeros first, then all ones. The pictures are the same ones. **Predict**: does the order matter, and how much?

# %%
def share_right(model, order, size=32):
    """With the model as it is, the pictures in batches, in that order."""
    right = 0
    with torch.no_grad():
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            right += (model(X_test[batch]).argmax(1).numpy() == y_test[batch].numpy()).sum()
    return right / len(order)


as_they_come, by_digit = np.arange(len(X_test)), np.argsort(y_test.numpy(), kind="stable")
for mode in ("eval", "train"):
    for title, order in (("as they come", as_they_come), ("sorted by digit", by_digit)):
        model = small_network()
        model.load_state_dict(small.state_dict())
        model.train(mode == "train")
        print(f"{mode:5} mode, {title:15}: {about(share_right(model, order))}")

# %% [markdown]
# In evaluation the order does not matter, as it should. In training mode, in mixed company, one hardly notices, and that is how the bug survives. But in a batch of nothing but zeros, "what all have in common" *is* the zero. Batch norm takes it away as the mean, and what is left is how this zero differs from other zeros.
#
# So a network in training mode can be right in your tests and wrong in use, where pictures come one by one or in odd lots. If a model with batch norm behaves strangely, ask first: **which mode is it in?**
#
# ### Two: momentum the wrong way round
#
# With `momentum=0.9`, meant as in an optimizer, the record forgets nine tenths with each batch. The loss in training is not touched at all, since there the record is not used. We train both with batches of 4, and look at the test pictures in evaluation after each of the last 60 steps.

# %%
def evaluated_while_training(momentum, steps=300, size=4, last=60):
    model, found = small_network(momentum), []
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    for step in range(steps):
        batch = np.random.default_rng(step).permutation(len(X))[:size]
        loss = nn.functional.cross_entropy(model(X[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step >= steps - last:
            found.append(accuracy(model))
    return found


figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
shaky = {}
for momentum, colour in ((0.1, "#2a7ab8"), (0.9, "#d3691e")):
    shaky[momentum] = evaluated_while_training(momentum)
    axes.plot(shaky[momentum], color=colour, label=f"momentum = {momentum}")
axes.set(xlabel="step (the last 60)", ylabel="test accuracy", ylim=(0.4, 1), title="The same training, two records")
axes.legend(loc="lower right")
plt.show()
print("the worse record is the shakier one:", np.ptp(shaky[0.9]) > 2 * np.ptp(shaky[0.1]))

# %% [markdown]
# The weights are the same in both, step by step. What goes up and down is the record: at 0.9 it is little more than the last four pictures. Whether your model is good depends on which picture happened to come last.
#
# ### Three: a batch of one

# %%
try:
    small_network()(X[:1])
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# Be glad of this error. Without it: the mean of one number is the number, so z is 0, whatever comes in, and the output is the bias. No gradient, no error, no learning. It happens to people whose data set has 1,025 pictures and whose batches have 32: 1,025 = 32 · 32 + 1. (What did `drop_last` do, in lesson 09?)
#
# Layer norm has none of these troubles: no record, no modes, and one example is as good as many. Why would anybody use batch norm? In networks on images it often trains a little better, and in use it costs *nothing at all*: an exercise below makes it vanish.

# %% [markdown]
# ## 7 · Thirty layers, and how gradients get through them
#
# Does a norm before each layer let thirty layers learn? Let us look at the gradient first, before any step is made. How large is it (the root of its mean square) in the weights of each layer? In a healthy network it is of one size from the first layer to the last.

# %%
def flow(norm, past):
    """The size of the gradient in the weights of each of the thirty layers, at the very beginning."""
    torch.manual_seed(0)
    model = Deep(norm, past)
    nn.functional.cross_entropy(model(X[:256]), y[:256]).backward()
    return [float(np.sqrt((layer.weight.grad.numpy().astype(float) ** 2).mean())) for layer in model.layers]


def draw_flow(kinds):
    _, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for (title, norm, past), colour in zip(kinds, ("#8a94a0", "#d3691e", "#7a4fb5", "#2a7ab8")):
        axes.semilogy(range(1, 31), flow(norm, past), color=colour, marker="o", markersize=3, label=title)
    axes.set(xlabel="layer", ylabel="size of the gradient", title="Gradient flow by depth, before the first step")
    axes.legend(loc="lower right")
    plt.show()


draw_flow([("plain", False, False), ("norm", True, False)])
for title, norm in (("plain", False), ("norm", True)):
    sizes = flow(norm, False)
    print(f"{title}: from the last layer to the first the gradient changes by 10 to the {round(np.log10(sizes[0] / sizes[-1]))}")

# %% [markdown]
# Read it from the right, as the gradient does. In the **plain** network it loses a factor of about 2.4 in each layer: relu closes half of the neurons, and the weights begin small. After thirty layers it is down by eleven powers of ten. The first layers do not learn, and whatever the last ones do, they do it on
# numbers that have nothing of the picture left in them.
#
# The **norm** has cured the forward pass: in front of each layer stand numbers of size 1. But look at the gradient. It does not vanish; it *grows*, several hundred times from the last layer to the first. Every norm divides by s, s is below 1 behind a relu, and that gives back a little more than weights and relu
# have taken away. A little more, thirty times over, is the same story in the other direction. (For wide networks with batch norm it has been worked out: a factor of about 1.2 a layer. Yang and others, 2019.) You can repair it with a smaller learning rate for the first layers, and for other depths with another. Or with a plus sign.
#
# You might say: begin with better weights. He's, of lesson 06, keep the sizes right at the beginning, and they do help. But with the first step the weights are no longer those you chose, and at 16 neurons a layer chance alone ruins the balance. A norm holds at every step.

# %% [markdown]
# ## 8 · Rebuild: a way past
#
# All layers so far *replace* what comes in: y = f(x). Let this one **add** to it:
#
# $$y = x + f(x)$$
#
# The slope of f is f', whatever it is. The slope of y is **1 + f'**. Even where f' is 0, where every relu is closed, there is a way for the gradient: through the plus sign, as it came. Two layers have slope
#
# $$(1 + f_1')(1 + f_2') = 1 + f_1' + f_2' + f_1' f_2'$$
#
# Four paths: past both, through one, through the other, through both. With thirty layers there are a thousand million paths, and the one that goes past all of them has slope exactly 1. Compare: f' = 0.4 in each of thirty layers.

# %%
print(f"through all thirty: 0.4 ** 30 = {0.4 ** 30:.0e}")
print(f"with a way past:    1.4 ** 30 = {1.4 ** 30:,.0f}")

# %% [markdown]
# That is the other ditch, you will say, and you are right. Keep it in mind.
#
# f is now called a **branch**, or a *residual*: what is left to add. If f is 0 the layer does nothing, which is a fine place to start: a block has to learn a correction, and not to carry everything through.
#
# `Residual(inner)` wraps any module. Two things to mind. The module has to be found by `parameters()` (lesson 06: how?). And where inner changes the shape, refuse with a `ValueError`: adding (32, 1) to (32, 16) would *work*, since numpy broadcasts, and be nonsense.

# %% tags=["exercise"] nbgrader={"grade_id": "norm.Residual", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Residual(nn.Module):
    """x + inner(x)."""

    def __init__(self, inner):
        ### BEGIN SOLUTION
        super().__init__()
        self.inner = inner
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        change = self.inner(x)
        if change.shape != x.shape:
            raise ValueError(f"inner makes {tuple(change.shape)} of {tuple(x.shape)}: only like shapes can be added")
        return x + change
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.Residual", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("norm.Residual", Residual)
### BEGIN HIDDEN TESTS
assert course.check("norm.Residual", Residual)
### END HIDDEN TESTS

# %% [markdown]
# One block of it as a graph. Follow the gradient, from right to left: at the plus it is handed on twice, unchanged. One copy goes into the branch, the other one home.

# %%
torch.manual_seed(0)
x = torch.tensor([[1.0, -2.0, 0.5]], requires_grad=True)
out = Residual(nn.Sequential(nn.Linear(3, 3), nn.ReLU()))(x).sum()
out.backward()
inspection.graph(out)

# %% [markdown]
# ### All four
#
# Now all combinations. **Predict**: where will "way past, no norm" lie?

# %%
draw_flow([("plain", False, False), ("norm", True, False), ("way past", False, True), ("both", True, True)])

# %% [markdown]
# <details>
# <summary><b>What you see</b></summary>
#
# The way past alone has no vanishing gradient; it is of one size from the first to the last layer. But that size is hundreds of times too large. Each layer *adds* to what comes in, relu only ever adds upwards, and thirty layers later the numbers are huge, and the loss with them.
#
# With **both**, each cures what the other breaks. The norm stands *inside* the branch: it sees to it that the branch gets numbers of size 1 and answers in kind, so thirty branches add thirty moderate amounts. And the way past sees to it that the gradient need not go through thirty norms. The line is nearly level, and it
# lies where a learning rate of 0.1 makes sense.
# </details>
#
# We train the two that we have not seen yet, just as in section 1.

# %%
for name, norm, past in (("norm only", True, False), ("way past only", False, True)):
    torch.manual_seed(0)
    models[name] = Deep(norm, past)
    losses[name] = train(models[name])
for name, curve in losses.items():
    end = f"{curve[-1]:.1f}" if np.isfinite(curve[-1]) else "not a number"
    print(f"{name:14} loss at the end: {end:13} right on {about(accuracy(models[name]))}")

# %% [markdown]
# Three of four guess. None of the two tricks is enough alone, not here at least: thirty layers this narrow are a hard case. In 2015, both came within the same year, and networks went from twenty layers to a hundred and fifty.

# %% [markdown]
# ### The block
#
# What everybody builds now is a **pre-norm block**: a norm, a layer, relu, a second layer, and the way past. The second layer is there so that a branch can also take away: behind a relu it could only add.
#
# $$y = x + \text{second}(\text{relu}(\text{first}(\text{norm}(x))))$$
#
# Make `hidden` four times as large as `width`, and this is one half of a block of GPT (lessons 17 and 18). The parts have to be called `norm`, `first` and `second`.

# %% tags=["exercise"] nbgrader={"grade_id": "norm.ResidualBlock", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class ResidualBlock(nn.Module):
    """x + second(relu(first(norm(x)))), with `hidden` numbers between first and second."""

    def __init__(self, width, hidden):
        ### BEGIN SOLUTION
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, hidden)
        self.second = nn.Linear(hidden, width)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        change = self.first(self.norm(x)).relu()
        return x + self.second(change)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.ResidualBlock", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("norm.ResidualBlock", ResidualBlock)
### BEGIN HIDDEN TESTS
assert course.check("norm.ResidualBlock", ResidualBlock)
### END HIDDEN TESTS

# %% [markdown]
# ## 9 · Use it: digits, thirty layers deep
#
# Fifteen of your blocks make thirty layers. A last norm stands before the scores, as in every pre-norm network: what has been added up along the way is brought to size 1 once more.

# %%
torch.manual_seed(0)
deep = nn.Sequential(nn.Linear(64, 16), *[ResidualBlock(16, 16) for _ in range(15)], nn.LayerNorm(16), nn.Linear(16, 10))
deep_losses = train(deep)
print(f"right on {about(accuracy(deep))} of the test pictures")

# %% [markdown]
# ### Look inside: watch it train
#
# `inspection.watch` records what flows through a model while it trains, and says what is wrong with it. First the plain network of section 1, with an eye on every fifth layer; then yours. What does it complain about?

# %% tags=["nbval-ignore-output"]
def watched(model, layers, title, steps=40):
    """Some steps of training under observation."""
    watch = inspection.watch(model, layers=layers, title=title)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with watch:
        for step in range(steps):
            batch = np.random.default_rng(step).permutation(len(X))[:64]
            loss = nn.functional.cross_entropy(model(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step()
    return watch


torch.manual_seed(0)
watched(Deep(norm=False, past=False), ["first", *[f"layers.{i}" for i in range(4, 30, 5)], "last"], "plain")

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
fresh = nn.Sequential(nn.Linear(64, 16), *[ResidualBlock(16, 16) for _ in range(15)], nn.LayerNorm(16), nn.Linear(16, 10))
watched(fresh, ["0", *[f"{i}.second" for i in range(3, 16, 3)], "17"], "fifteen blocks, yours")

# %% [markdown]
# ### Can you take a layer out?
#
# A strange property of residual networks (Veit and others, 2016): since each block only adds, one can be removed after training, and the rest goes on. In a plain network that would be the end. We take out each block in turn. **Predict**: how much is lost?

# %%
def without_block(model, i):
    parts = [part for j, part in enumerate(model) if j != i]
    return nn.Sequential(*parts)


shares = [accuracy(without_block(deep, i)) for i in range(1, 16)]
figure, axes = plt.subplots(figsize=(7, 2.4), layout="constrained")
axes.bar(range(1, 16), shares, color="#2a7ab8")
axes.axhline(accuracy(deep), color="#d3691e", linewidth=1.5)
axes.set(xlabel="block taken out", ylabel="test accuracy", ylim=(0, 1.05), xticks=range(1, 16), title="Fourteen of fifteen blocks (the line: all fifteen)")
plt.show()
print("most single blocks can go without ruining it:", np.median(shares) > 0.7)

# %% [markdown]
# Some matter more than others, and hardly one is indispensable. The thousand million paths of section 8 are not a manner of speaking: with one block less, half of them are left.
#
# ### Put yours in
#
# What is left to keep: the two modules have no counterpart in learnnn (PyTorch has none either; everybody writes `x + ...` by hand), but later lessons will build on yours.

# %%
for id, part in {"norm.normalize": normalize, "norm.Residual": Residual, "norm.ResidualBlock": ResidualBlock}.items():
    print(course.use(id, part))

# %% [markdown]
# And here is learnnn's own training with your norms inside: a network with both of them, drawn with what your code computed in your colour. (Where an operation is grey, learnnn ran its own.)

# %%
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), ResidualBlock(32, 32), nn.LayerNorm(32), nn.Linear(32, 10))
mixed_losses = train(model)
print(f"right on {about(accuracy(model))} of the test pictures")

# %% tags=["nbval-ignore-output"]
inspection.graph(nn.functional.cross_entropy(model(X[:64]), y[:64]), names=model)

# %% [markdown]
# ## 10 · The shipped source beside your own
#
# learnnn has one operation for all of its norms. Live from the installed file:

# %%
print(inspect.getsource(ops.normalization._normalize))

# %% [markdown]
# Look for your three terms in `backward`: `gz * factor` is the direct one, `level` the mean, and `along` the mean of g times z. Two things are done differently. The bracket is written so that each step works in place, in an array that is already there; a norm costs memory traffic more than arithmetic. And z is not kept from the forward pass
# but computed once more from x, which somebody else remembers anyway: one array less that waits for backward.
#
# Batch norm and its record:

# %%
print(inspect.getsource(ops.normalization.batch_norm))
print(inspect.getsource(ops.normalization._follow))
print(inspect.getsource(ops.normalization._with_running))

# %% [markdown]
# In evaluation it says `input * scale + shift`: everything that is constant has been put into two arrays. Keep this in mind for an exercise below.
#
# ## 11 · The same lines in PyTorch
#
# ```python
# import torch
# from torch import nn
#
# class ResidualBlock(nn.Module):
#     def __init__(self, width, hidden):
#         ...                                       # yours, word for word
#
# deep = nn.Sequential(nn.Linear(64, 16), *[ResidualBlock(16, 16) for _ in range(15)], nn.LayerNorm(16), nn.Linear(16, 10))
#
# deep.train()                                      # batch norm: the batch's numbers, and the record moves
# deep.eval()                                       # batch norm: the record
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `layer_norm(x, weight, bias)` | `F.layer_norm(x, (16,), weight, bias)` | the shape is said, not read off the weight |
# | `batch_norm(...)` | `F.batch_norm(...)` | same order; the running arrays change in place there too |
# | `BatchNorm1d` | `nn.BatchNorm1d` | and `num_batches_tracked`, a third buffer; `momentum=None` is the plain mean over all batches |
# | `rms_norm` (below) | `F.rms_norm`, `nn.RMSNorm` | |
# | `fold_batch_norm` (below) | `torch.nn.utils.fusion.fuse_linear_bn_eval` | done by every inference engine |
#
# For images, (N, C, H, W), there is `nn.BatchNorm2d`: one mean for each channel, over all pictures *and* all places. You meet it in lesson 12.

# %% [markdown]
# ## 12 · Exercises
#
# ### Graded: only the size
#
# Is the mean important at all? **RMS norm** leaves it in. It divides by the root of the mean square, and multiplies by weight:
#
# $$\text{out} = \frac{x}{\sqrt{\text{mean}(x^2) + \epsilon}} \cdot \text{weight}$$
#
# One mean less to compute, no bias, and large language models train as well with it. Work out the gradient as in section 2: how many paths are left? Along the last axis; gradients of x and weight.

# %% tags=["exercise"] nbgrader={"grade_id": "norm.rms_norm", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def rms_norm(x, weight, eps=1e-6):
    """x over its root mean square along the last axis, times weight (D,): (output, backward)."""
    ### BEGIN SOLUTION
    size = np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
    z = x / size

    def backward(g):
        gz = g * weight
        grad = (gz - z * (gz * z).mean(axis=-1, keepdims=True)) / size
        return grad, (g * z).sum(axis=tuple(range(x.ndim - 1)))

    return z * weight, backward
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.rms_norm", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("norm.rms_norm", rms_norm)
### BEGIN HIDDEN TESTS
assert course.check("norm.rms_norm", rms_norm)
### END HIDDEN TESTS

# %%
print(course.use("norm.rms_norm", rms_norm))

# %% [markdown]
# ### Graded: make it vanish
#
# In use, a batch norm behind a Linear does this to each neuron: weighted sum, plus bias, less the running mean, over the root, times gain, plus shift. With everything constant, that is a weighted sum and a number: **another Linear**. Find its weight and bias, and the batch norm can be thrown away. (That is how your phone
# runs networks that were trained with batch norm.)
#
# To avoid two things called weight, batch norm's are `gain` and `shift` here. `weight` is (out, in), a row a neuron; all others are (out,). New arrays, please: the trained model should stay as it is.

# %% tags=["exercise"] nbgrader={"grade_id": "norm.fold_batch_norm", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def fold_batch_norm(weight, bias, running_mean, running_var, gain, shift, eps=1e-5):
    """(weight, bias) of the one Linear that does what Linear and batch norm do in evaluation."""
    ### BEGIN SOLUTION
    scale = gain / np.sqrt(running_var + eps)  # (out,): one factor for each neuron
    return weight * scale[:, None], (bias - running_mean) * scale + shift
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.fold_batch_norm", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("norm.fold_batch_norm", fold_batch_norm)
### BEGIN HIDDEN TESTS
assert course.check("norm.fold_batch_norm", fold_batch_norm)
### END HIDDEN TESTS

# %% [markdown]
# On the small network of section 6: 4 modules become 3, and it says the same.

# %%
linear, norm, _, last = small
folded = nn.Linear(64, 32)
arrays = [p.detach().numpy() for p in (linear.weight, linear.bias, norm.running_mean, norm.running_var, norm.weight, norm.bias)]
with torch.no_grad():
    for parameter, new in zip((folded.weight, folded.bias), fold_batch_norm(*arrays)):
        parameter.copy_(torch.tensor(new))
    small.eval()
    difference = (nn.Sequential(folded, nn.ReLU(), last)(X_test) - small(X_test)).abs().max().item()
print("the same scores:", difference < 1e-3)

# %% [markdown]
# ### Predict, then run
#
# On paper. This is x, with eps = 0, weight 1, bias 0:
#
# | | | | |
# |---|---|---|---|
# | **10** | 10 | 4 | 4 |
# | 2 | 0 | 7 | 1 |
# | 4 | 3 | 3 | 8 |
# | 4 | 5 | 1 | 0 |
#
# 1. `out[0, 0]` of **batch norm** in training?
# 2. `out[0, 0]` of **layer norm**?
# 3. `running_var[0]` after the batch norm, if it began with 1 and momentum is 0.1?
# 4. The loss is batch norm's `out.sum()`. What is the gradient of `x[0, 0]`?

# %% tags=["exercise"] nbgrader={"grade_id": "norm.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """Batch norm's out[0, 0], layer norm's out[0, 0], running_var[0], the gradient of x[0, 0]."""
    ### BEGIN SOLUTION
    # Column 0: mean 5, distances 5, -3, -1, -1, squares 36 in all: variance 9, and by n - 1 it is 12.
    # Row 0: mean 7, distances 3, 3, -3, -3: deviation 3. And the sum of z is 0, whatever x is.
    return 5 / 3, 3 / 3, 0.9 * 1 + 0.1 * 12, 0
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("norm.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("norm.predict", prediction)
### END HIDDEN TESTS

# %%
table = torch.tensor([[10.0, 10, 4, 4], [2, 0, 7, 1], [4, 3, 3, 8], [4, 5, 1, 0]], dtype=torch.float64, requires_grad=True)
layer = nn.BatchNorm1d(4, eps=0).double()
out = layer(table)
out.sum().backward()
by_row = nn.functional.layer_norm(table, (4,), torch.ones(4).double(), torch.zeros(4).double(), eps=0)
print("batch norm:", round(out[0, 0].item(), 4), " layer norm:", round(by_row[0, 0].item(), 4))
print("running_var[0]:", round(layer.running_var[0].item(), 4), " gradient:", abs(round(table.grad[0, 0].item(), 6)))

# %% [markdown]
# ### Find the bug
#
# A colleague has written a small batch norm for numpy, without gain and shift. All their tests pass. They put two of them into a network, and in training all is well. In evaluation it talks nonsense.

# %%
class Norm:
    """Batch norm without gain and shift."""

    training, running = True, {"mean": 0.0, "var": 1.0}  # how every layer begins

    def __init__(self, momentum=0.1):
        self.momentum = momentum

    def __call__(self, x):
        if self.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.follow("mean", mean)
            self.follow("var", x.var(axis=0, ddof=1))
        else:
            mean, var = self.running["mean"], self.running["var"]
        return (x - mean) / np.sqrt(var + 1e-5)

    def follow(self, name, new):
        m = self.momentum
        self.running[name] = (1 - m) * self.running[name] + m * new


def spread_in_evaluation(layers, inputs):
    """Train each layer on its input, 50 times, then ask it about the same input: mean and deviation of its answer."""
    for _ in range(50):
        for layer, x in zip(layers, inputs):
            layer(x)
    for layer, x in zip(layers, inputs):
        layer.training = False
        print(f"   mean {abs(layer(x).mean()):5.1f}, deviation {layer(x).std():5.1f}")


some = np.random.default_rng(0).normal(size=(100, 3))
print("one layer:")
spread_in_evaluation([Norm()], [some])
print("two layers, of which the second gets larger numbers:")
spread_in_evaluation([Norm(), Norm()], [some, 20 * some + 100])

# %% [markdown]
# Alone it is right, mean 0 and deviation 1 (nearly). In company neither is. What is the cause?
#
# - **A** the running variance is divided by the wrong n
# - **B** both layers keep their record in one and the same place
# - **C** in evaluation it uses the batch's own numbers
# - **D** momentum is the wrong way round
# - **E** the record also moves in evaluation
#
# Repair the class, and give it back together with the letter. Copy it into the cell, and change what is to be changed.

# %% tags=["exercise"] nbgrader={"grade_id": "norm.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired class, the letter of the cause)."""
    ### BEGIN SOLUTION

    class Norm:
        def __init__(self, momentum=0.1):
            self.momentum, self.training = momentum, True
            self.running = {"mean": 0.0, "var": 1.0}  # made here, in the body: a new one for each layer

        def __call__(self, x):
            if self.training:
                mean, var = x.mean(axis=0), x.var(axis=0)
                self.follow("mean", mean)
                self.follow("var", x.var(axis=0, ddof=1))
            else:
                mean, var = self.running["mean"], self.running["var"]
            return (x - mean) / np.sqrt(var + 1e-5)

        def follow(self, name, new):
            m = self.momentum
            self.running[name] = (1 - m) * self.running[name] + m * new

    return Norm, "B"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.norm.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("norm.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("norm.find_the_bug", repair)
### END HIDDEN TESTS

# %%
Repaired, _ = repair()
spread_in_evaluation([Repaired(), Repaired()], [some, 20 * some + 100])

# %% [markdown]
# What stands in the body of a class is made once, when python reads it, and all objects share it. `layer.training = False` gives that layer a `training` of its own; `self.running[name] = ...` writes into the one dictionary of all. A default value in a `def` line is the same trap, it too is made only once. In a test with one layer
# none of this can be seen: test with two.
#
# ### To go on with, ungraded
#
# - Put the norm *after* the sum, `norm(x + f(x))`, as in the first transformers, and draw the gradient flow. What has become of the way past?
# - Begin each block's `second` with zeros (`nn.init.zeros_`). What does the network compute before the first step? Does it train faster?
# - Make `Deep` sixty layers deep, then a hundred and twenty. Where does "both" end?
# - Give the plain network He's beginning (lesson 06), and Adam (lesson 08). How deep do you get without any trick of this lesson?
# - Measure the noise: with batch norm, the same picture gets another answer in each batch. Why may that even help? (Think of dropout.)
# - The bias of a Linear that stands before a batch norm does nothing. Why? Check its gradient.
# - **Group norm** lies between the two: the features of one example in groups. Write it with `normalize` and two reshapes.
#
# ## 13 · What you have now, and where to read on
#
# Two small layers, and with them depth. You can derive a gradient through a mean and a deviation, and test it by what it must not see. You know why the plus sign does more for a gradient than any choice of weights. And you know the layer with two faces, and will ask, when a model behaves strangely in use: which mode?
#
# - S. Ioffe, C. Szegedy, [Batch Normalization](https://arxiv.org/abs/1502.03167), 2015. Why it works is still argued about: S. Santurkar et al., [How Does Batch Normalization Help Optimization?](https://arxiv.org/abs/1805.11604), 2018.
# - J. L. Ba, J. R. Kiros, G. E. Hinton, [Layer Normalization](https://arxiv.org/abs/1607.06450), 2016.
# - B. Zhang, R. Sennrich, [Root Mean Square Layer Normalization](https://arxiv.org/abs/1910.07467), 2019.
# - K. He, X. Zhang, S. Ren, J. Sun, [Deep Residual Learning for Image Recognition](https://arxiv.org/abs/1512.03385), 2015, and the clear way past: [Identity Mappings in Deep Residual Networks](https://arxiv.org/abs/1603.05027), 2016.
# - A. Veit, M. Wilber, S. Belongie, [Residual Networks Behave Like Ensembles of Relatively Shallow Networks](https://arxiv.org/abs/1605.06431), 2016: the blocks one can take out.
# - G. Yang et al., [A Mean Field Theory of Batch Normalization](https://arxiv.org/abs/1902.08129), 2019: why norms alone explode.
# - R. Xiong et al., [On Layer Normalization in the Transformer Architecture](https://arxiv.org/abs/2002.04745), 2020: before the branch, or after the sum?
#
# **Next:** lesson 11 lets neurons look at small patches of a picture. Back to the [start page](00_start.ipynb).
