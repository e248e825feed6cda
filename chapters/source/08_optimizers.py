# %% [markdown]
# # Lesson 08 · Optimizers
#
# You can find the gradient of anything now. It says in which direction the loss falls fastest, *right here*. It does not say how far to go. It does not
# say what it was a step ago, and it speaks of all the weights in one breath, though some of them may need steps a thousand times as long as others.
#
# An **optimizer** is what makes steps out of gradients. You know the simplest one, `p -= lr * p.grad`. All the famous ones are a few lines longer, and each of these
# lines answers one of these complaints:
#
# 1. the gradient forgets: **momentum** remembers,
# 2. it has one scale for everybody: **RMSprop** and **Adam** give every weight its own,
# 3. the right step at the start is the wrong one at the end: **schedules** change the learning rate,
# 4. and once in a while it is enormous: **clipping** keeps it in bounds.
#
# At the end your optimizers train a network on real medical data inside learnnn, and whatever you train in later lessons, they move the weights.
#
# You need lessons 05 to 07 (tensors, modules, cross-entropy). Plan two to three hours. As before: where a cell says `YOUR CODE HERE`, write the code, run the cell, and
# run the check below it. `course.hint("optim.Adam")` helps in three steps.

# %%
import inspect
import math

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
# In 1993 doctors in Wisconsin looked at cells from 569 breast lumps under a microscope, and a program measured the nuclei: radius, area, smoothness, thirty numbers for each
# patient. Later it was known which lumps were cancer. A fifth of the patients we put aside; on the others a small network learns to tell malignant from benign.
#
# Three runs: the same network, the same first weights, the same batches in the same order. Only the line that makes the optimizer differs.

# %%
(X, y), (X_test, y_test) = datasets.breast_cancer(split=0.2)


def train(make_optimizer, epochs=10):
    """A network learns: the loss at each step, and how often it is right on new patients."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(30, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = make_optimizer(model.parameters())
    losses = []
    for epoch in range(epochs):
        order = np.random.default_rng(epoch).permutation(len(X))
        for batch in np.array_split(order, 14):  # 32 or 33 patients each
            wanted = torch.tensor(y[batch]).float().reshape(-1, 1)
            loss = nn.functional.binary_cross_entropy_with_logits(model(torch.tensor(X[batch])), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    said = model(torch.tensor(X_test)).detach().numpy()[:, 0] > 0
    return losses, (said == (y_test == 1)).mean()


runs = {
    "SGD": train(lambda params: optim.SGD(params, lr=0.01)),
    "SGD with momentum": train(lambda params: optim.SGD(params, lr=0.01, momentum=0.9)),
    "Adam": train(lambda params: optim.Adam(params, lr=0.01)),
}

figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
for (name, (losses, right)), colour in zip(runs.items(), ("#8a8f98", "#2a7ab8", "#d3691e")):
    axes.plot(np.convolve(losses, np.ones(7) / 7, mode="valid"), label=name, color=colour)
    print(f"{name:18}  loss at the end {np.mean(losses[-14:]):.2f}, right on {right:.0%} of the new patients")
axes.set(xlabel="step", ylabel="loss (mean of 7 steps)", ylim=(0, None), title="One learning rate, three optimizers")
axes.legend(frameon=False, loc="upper right")
plt.show()

# %% [markdown]
# The grey line is on its way to where the others have been for a long time. (To be fair: with a learning rate thirty times as large it gets there too. That somebody has to find this number is half of the story
# of this lesson, and section 13 measures it.)
#
# ## 2 · By hand, on paper
#
# ### A ravine
#
# All the trouble can be seen in two dimensions. Here is a loss with two weights, x and y:
#
# $$f(x, y) = \tfrac12\,(x^2 + 25\,y^2), \qquad \text{gradient} = (x,\; 25\,y)$$
#
# A long valley. Along x the ground is nearly flat; across, along y, it is 25 times as steep. Drop the ball somewhere, and turn its learning rate: 0.03, 0.07, 0.09.

# %%
def ravine(x, y):
    return (x * x + 25 * y * y) / 2


inspection.landscape(ravine, extent=(-5, 5, -2.5, 2.5), title="a ravine")

# %% [markdown]
# A step of gradient descent is x - lr · x = **(1 - lr) · x**, and y - lr · 25 y = **(1 - 25 lr) · y**. Each step multiplies both by a number of its own. From (1, 1):
#
# | lr | x is multiplied by | y is multiplied by | after 3 steps |
# |---|---|---|---|
# | 0.04 | 0.96 | 0 | (0.885, 0) |
# | 0.06 | 0.94 | -0.5 | (0.831, -0.125) |
# | 0.08 | 0.92 | ? | ? |
#
# With 0.06, y jumps to the other wall of the valley in every step, and still gets nearer. Fill in the last row. What is special about 0.08?

# ### Predict, then run
#
# Now lr = 0.09, a hundredth more. Write down a number before you commit to it: the page asks for it first, and works out the answer afterwards.

# %%
def y_after_ten_steps(lr=0.09):
    y = 1.0
    for _ in range(10):
        y = y - lr * 25 * y
    return y


inspection.predict(
    "Ten steps of gradient descent from (1, 1) with lr = 0.09. What is y, about?",
    y_after_ten_steps,
    tolerance=0.5,
)

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# y is multiplied by 1 - 25 · 0.09 = -1.25 each time, and 1.25¹⁰ is about **9.3**. It jumps from wall to wall, and a little higher up each time: the learning rate is too large for this direction. With 0.08 the factor is -1, and y goes from 1 to -1 and back for ever.
# </details>
#
# So the steep direction decides how large lr may be (below 2/25 = 0.08), and with that lr the flat direction has to crawl. The best compromise makes both factors equal in size: lr = 2/26, and then either shrinks to
# **0.923** of itself in a step. For a ravine 25 times as steep one way as the other, that is 30 steps for each decimal place. Real losses are not 25 times as steep in one direction as in another. Thousands are common.
#
# ### Remember the last steps
#
# What would a heavy ball do? Along the valley it is pushed in the same direction all the time, and picks up speed. Across, it is pushed to the left, to the right, to the left, and that cancels. So let us **add up the gradients**, in such a way that old
# ones fade: the sum becomes 0.9 times the old sum, plus the new gradient.
#
# | | gradients | the sum after each step | in the end |
# |---|---|---|---|
# | along | 1, 1, 1, 1, ... | 1, 1.9, 2.71, 3.439, ... | ? |
# | across | 1, -1, 1, -1, ... | 1, -0.1, 0.91, -0.181, ... | ±0.53 |

# Fill in the last column of the first row. (You may do it with a pencil, or with thought: in the end the sum no longer changes.)

# %%
def sum_in_the_end(momentum=0.9):
    total = 0.0
    for _ in range(1000):
        total = momentum * total + 1
    return round(total, 6)


inspection.predict(
    "Gradients 1, 1, 1, ... and momentum 0.9. Where does the sum end?",
    sum_in_the_end,
    tolerance=0.1,
)

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# Where it no longer changes, sum = 0.9 · sum + 1, so 0.1 · sum = 1: it ends at **10**. In general at 1 / (1 - momentum).
# </details>
#
# **Ten times as far** in the direction that all agree on, and only half as far in the direction that changes its mind. That is all there is to momentum, and you could stop reading here and still have understood why everybody uses it.
#
# ## 3 · Rebuild: the walk
#
# First the part that all optimizers share. It has nothing to do with mathematics: somebody has to keep the list of parameters, forget old gradients, go over all parameters, and **keep for each what is to be remembered about it**.
#
# A parameter, for an optimizer, is two arrays. (Lesson 06's have the same two, and more.)

# %%
class Parameter:
    """Numbers to be learned, and their gradient: None until a backward has come by."""

    def __init__(self, data):
        self.data = np.array(data, dtype=float)
        self.grad = None

# %% [markdown]
# The class has four methods:
#
# - `__init__(params, lr)`. `params` is anything one can loop over; often it is `model.parameters()`, which is a *generator*: it can be gone through **once**. Keep `self.params`, a list, `self.lr`, and `self.state`, a list with **one dictionary for
#   each parameter**, empty at first.
# - `zero_grad()` sets every `.grad` to None.
# - `step()` goes over the parameters. One whose `.grad` is None took no part in the loss; leave it alone. For the others, `p.data` becomes `self.update(p.data, p.grad, state)`, with the parameter's own dictionary.
# - `update(p, g, state)` is the rule: arrays in, the new array out. Here: gradient descent. It does not need `state`. All the classes to come inherit the walk, and only bring their own `update`.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.Optimizer", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Optimizer:
    """Gradient descent, and the walk over the parameters."""

    def __init__(self, params, lr):
        ### BEGIN SOLUTION
        self.params = list(params)
        self.lr = lr
        self.state = [{} for _ in self.params]
        ### END SOLUTION

    def zero_grad(self):
        ### BEGIN SOLUTION
        for p in self.params:
            p.grad = None
        ### END SOLUTION

    def step(self):
        ### BEGIN SOLUTION
        for p, state in zip(self.params, self.state):
            if p.grad is not None:
                p.data = self.update(p.data, p.grad, state)
        ### END SOLUTION

    def update(self, p, g, state):
        """The new p, where the gradient is g."""
        ### BEGIN SOLUTION
        return p - self.lr * g
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.Optimizer", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("optim.Optimizer", Optimizer)
### BEGIN HIDDEN TESTS
assert course.check("optim.Optimizer", Optimizer)
### END HIDDEN TESTS

# %% [markdown]
# Down the ravine with it, to see the factors of the table:

# %%
def path_of(make_optimizer, start, gradient, steps):
    """The places a parameter comes to: (steps + 1, ...)."""
    p = Parameter(start)
    optimizer = make_optimizer([p])
    places = [p.data.copy()]
    for _ in range(steps):
        optimizer.zero_grad()
        p.grad = gradient(p.data)
        optimizer.step()
        places.append(p.data.copy())
    return np.array(places)


def ravine_slope(p):
    return np.array([1.0, 25.0]) * p


def descent(lr):
    return path_of(lambda params: Optimizer(params, lr), [1.0, 1.0], ravine_slope, 10)


for lr in (0.04, 0.06, 0.08, 0.09):
    places = descent(lr)
    after = [places[n].round(3).tolist() for n in (3, 10)]
    print(f"lr = {lr}:  after 3 steps {after[0]}, after 10 steps {after[1]}")

# %% [markdown]
# ## 4 · Momentum
#
# In PyTorch's words: a buffer `buf` for each parameter, which becomes `momentum * buf + g`, and a step of `lr * buf`. In the very first step there is no old buffer, so buf is just g.
#
# Keep it in `state["buf"]`. At the first call `state` is empty; `state.get("buf", 0.0)` gives 0.0 then, and otherwise what you put there.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.Momentum", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Momentum(Optimizer):
    """Gradient descent with a running sum of gradients."""

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum

    def update(self, p, g, state):
        ### BEGIN SOLUTION
        state["buf"] = self.momentum * state.get("buf", 0.0) + g
        return p - self.lr * state["buf"]
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.Momentum", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("optim.Momentum", Momentum)
### BEGIN HIDDEN TESTS
assert course.check("optim.Momentum", Momentum)
### END HIDDEN TESTS

# %% [markdown]
# Why did the update get `state`, and not simply keep `self.buf`? Because it runs once for *each* parameter. A weight and a bias that share a buffer push each other around. (Try it, the check knows this one.)
#
# How much is it worth? Both with their best settings on the ravine, from (1, 1). For momentum these are known too (Polyak, 1964): lr = 4/36, momentum = (4/6)².

# %%
def steps_until(places, near=0.001):
    """The first step from which on the distance to (0, 0) is less than `near`."""
    return 1 + max(np.flatnonzero(np.linalg.norm(places, axis=1) >= near))


for name, make in {
    "gradient descent": lambda params: Optimizer(params, lr=2 / 26),
    "momentum": lambda params: Momentum(params, lr=4 / 36, momentum=(4 / 6) ** 2),
}.items():
    places = path_of(make, [1.0, 1.0], ravine_slope, 200)
    print(f"{name:17} within 0.001 of the bottom after {steps_until(places)} steps")

# %% [markdown]
# For a ravine 25 times as steep one way as the other, gradient descent needs steps in proportion to 25, momentum in proportion to its *root*, 5. For 10,000 it is 100 times faster.
#
# ### Nesterov
#
# Momentum has a weakness that you saw with the ball: it overshoots. When it comes to the bottom, it has speed, and only *there* the gradient begins to brake. Yurii Nesterov's idea (1983): we know already that the buffer will carry us on by `momentum * buf` in the next step.
# So let that count now, and the new gradient in full: brake before the bend.
#
# The buffer is kept as before. Only the step is another: along `g + momentum * buf`, with the *new* buf.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.Nesterov", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Nesterov(Momentum):
    """Momentum that looks a step ahead."""

    def update(self, p, g, state):
        ### BEGIN SOLUTION
        buf = state["buf"] = self.momentum * state.get("buf", 0.0) + g
        return p - self.lr * (g + self.momentum * buf)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.Nesterov", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("optim.Nesterov", Nesterov)
### BEGIN HIDDEN TESTS
assert course.check("optim.Nesterov", Nesterov)
### END HIDDEN TESTS

# %% [markdown]
# ### Look inside: a race
#
# Your three, from the same place. Play it, drag the start, turn the learning rates. 0.9 is a lot of momentum for this ravine: watch how the ball is carried past the bottom, from wall to wall, and how much sooner Nesterov brakes. At which rate does the first one begin to zigzag? (You know the number.) (Nesterov's own paper evaluates the gradient at the place ahead; in PyTorch's form, and yours, the parameter *is* at the place ahead, so no second gradient is needed.)

# %%
three = {
    "gradient descent": lambda params: Optimizer(params, lr=0.03),
    "momentum": lambda params: Momentum(params, lr=0.03),
    "Nesterov": lambda params: Nesterov(params, lr=0.03),
}
inspection.optimizer_race("ravine", three, steps=80)

# %% [markdown]
# ## 5 · SGD, with all that PyTorch means by it
#
# "Stochastic gradient descent": gradients come from a few examples at a time, so each is a random sample of the true one. PyTorch's class of that name does gradient descent, momentum and Nesterov, by its arguments, and one thing more, **weight decay**.
#
# Large weights are often a sign that a network learns single examples by heart (lesson 09). So one adds a penalty to the loss, $\tfrac12 \lambda\, p^2$ for each weight. Its slope is λ · p. So nobody bothers to compute the penalty: it is enough to **add `weight_decay * p`
# to the gradient**, and each weight is pulled towards 0, the harder the larger it is.
#
# The order matters:
#
# 1. add the decay to the gradient (a new array: `g += ...` would write into `p.grad`),
# 2. with a momentum, update `state["buf"]` with *this* gradient; the step is buf, or with `nesterov` what section 4 says,
# 3. step by lr times it.
#
# With momentum = 0 there is nothing to remember.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.SGD", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class SGD(Optimizer):
    """Gradient descent with PyTorch's options."""

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr)
        self.momentum, self.weight_decay, self.nesterov = momentum, weight_decay, nesterov

    def update(self, p, g, state):
        ### BEGIN SOLUTION
        g = g + self.weight_decay * p
        if self.momentum:
            buf = state["buf"] = self.momentum * state.get("buf", 0.0) + g
            g = g + self.momentum * buf if self.nesterov else buf
        return p - self.lr * g
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.SGD", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("optim.SGD", SGD)
### BEGIN HIDDEN TESTS
assert course.check("optim.SGD", SGD)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · Every number at its own scale: RMSprop
#
# Momentum helps in a ravine. But why is there a ravine? Because one weight's gradients are 25 times as large as another's. So **divide each gradient by its own usual size**, and the ravine is gone.
#
# What is the usual size of a number that changes its sign all the time? Not its mean, which may be 0. Its *root mean square*: square, take the mean, take the root. And the mean has to be a running one, since sizes change in the course of training:
#
# $$v \leftarrow \alpha\, v + (1 - \alpha)\, g^2 \qquad\qquad p \leftarrow p - \text{lr}\;\frac{g}{\sqrt{v} + \varepsilon}$$
#
# With α = 0.99, v is the mean square of about the last hundred gradients. It begins at 0. Everything goes element by element: v has the shape of p. And ε is a tiny number that keeps a gradient of 0 from becoming 0 / 0.
#
# In contrast to momentum this is a **mean**: the new square counts 1 - α, so that the weights of all squares add up to 1 in the long run.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.RMSprop", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class RMSprop(Optimizer):
    """Every number at its own scale."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(params, lr)
        self.alpha, self.eps = alpha, eps

    def update(self, p, g, state):
        """Keeps the running mean of g * g in state["v"]."""
        ### BEGIN SOLUTION
        state["v"] = self.alpha * state.get("v", 0.0) + (1 - self.alpha) * g * g
        return p - self.lr * g / (np.sqrt(state["v"]) + self.eps)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.RMSprop", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("optim.RMSprop", RMSprop)
### BEGIN HIDDEN TESTS
assert course.check("optim.RMSprop", RMSprop)
### END HIDDEN TESTS

# %% [markdown]
# Here is a ravine again, and now not 25 times as steep across but a million times. Gradient descent has to stay below 2/1,000,000, so along the valley nothing moves at all:

# %%
def canyon_slope(p):
    return np.array([1.0, 1_000_000.0]) * p


for name, make in {
    "gradient descent": lambda params: Optimizer(params, lr=1e-6),
    "RMSprop": lambda params: RMSprop(params, lr=0.01),
}.items():
    places = path_of(make, [1.0, 1.0], canyon_slope, 100)
    print(f"{name:17} after 100 steps: x = {places[-1, 0]:.4f}, y = {places[-1, 1]:.4f}")

# %% [markdown]
# For RMSprop x and y are the same story: multiply a gradient by a million, and its root mean square grows by a million too. But look at the very first steps:

# %%
places = path_of(lambda params: RMSprop(params, lr=0.01), [1.0, 1.0], canyon_slope, 100)
moves = np.abs(np.diff(places[:, 0]))  # of x
print("lr is 0.01. The first three steps of x:", moves[:3].round(3).tolist())
print("the 60th:", moves[59].round(3))

# %% [markdown]
# The first step is **ten times** as long as lr. v begins at 0, so after one step it is not g² but 0.01 · g², its root is a tenth of |g|, and g divided by a tenth of |g| is 10. The running mean is too small as long as it is young. It gets over it; a large network may not, if its first
# steps throw the weights to where it cannot learn. The next rule sees to that.
#
# ## 7 · Adam
#
# Adam (Kingma and Ba, 2015) is momentum and RMSprop in one, with a correction for young means. It is what nearly everything is trained with.
#
# It keeps *two* running means, both beginning at 0: **m** of the gradient, **v** of its square. And it counts its steps, **t** = 1, 2, 3, ...
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad\qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$
#
# Now the correction. Let the gradient be 4 in every step, and β₁ = 0.9. The mean of 4, 4, 4 should be 4.
#
# | t | m | what is missing | m / (1 - 0.9ᵗ) |
# |---|---|---|---|
# | 1 | 0.4 | only 0.1 of the weight is given out | 0.4 / 0.1 = 4 |
# | 2 | 0.9 · 0.4 + 0.4 = 0.76 | 0.19 is given out | 0.76 / 0.19 = 4 |
# | 3 | 0.9 · 0.76 + 0.4 = 1.084 | 0.271 | 4 |
#
# After t steps the weights that have been given out add up to 1 - βᵗ. Divide by it, and a young mean is as good as an old one. Do the same for v with β₂. Then
#
# $$p \leftarrow p - \text{lr}\;\frac{\hat m}{\sqrt{\hat v} + \varepsilon} \qquad\text{with}\quad \hat m = \frac{m}{1 - \beta_1^t},\quad \hat v = \frac{v}{1 - \beta_2^t}$$
#
# What is kept in `state` is the plain `m`, `v` and `t`. The corrected ones are used in this step and forgotten. And t belongs into `state` too: parameters that sit out some steps are younger than others.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.Adam", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Adam(Optimizer):
    """The mean gradient over the root mean square gradient."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr)
        self.betas, self.eps = betas, eps

    def update(self, p, g, state):
        """Keeps state["t"], state["m"] and state["v"]."""
        ### BEGIN SOLUTION
        beta1, beta2 = self.betas
        state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g * g
        m = state["m"] / (1 - beta1 ** state["t"])
        v = state["v"] / (1 - beta2 ** state["t"])
        return p - self.lr * m / (np.sqrt(v) + self.eps)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.Adam", "solution": false, "grade": true, "locked": true, "points": 3, "schema_version": 3, "task": false}
course.check("optim.Adam", Adam)
### BEGIN HIDDEN TESTS
assert course.check("optim.Adam", Adam)
### END HIDDEN TESTS

# %% [markdown]
# ### Predict, then run
#
# A colleague measures a loss in cents and not in euros, so every gradient is 100 times as large. What does Adam do?
#
# 1. steps 100 times as long
# 2. steps 10 times as long, because of the root
# 3. practically the same steps
# 4. steps a hundredth as long

# %%
def paid_in(unit):
    return path_of(lambda params: Adam(params, lr=0.1), [1.0, 1.0], lambda p: unit * ravine_slope(p), 5)


for unit in (1, 100):
    print(f"gradients times {unit:3}:  x is", paid_in(unit)[:, 0].round(4).tolist())

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# It is 3. m grows 100 times, v 10,000 times, its root 100 times, and the ratio stays. (Only ε does not grow, and it is tiny.) With SGD the steps would be 100 times as long.
# </details>
#
# Every step is about lr long, at first exactly. That is what makes Adam so pleasant: **lr is the length of a step**, in the units of the weights, whatever the loss is measured in. When m̂ is small against √v̂, since the gradients disagree, the steps get shorter.
#
# ## 8 · AdamW: decay that is not divided
#
# How to add weight decay to Adam? As in SGD, one would think: `g + weight_decay * p`. For years everybody did. Then Loshchilov and Hutter (2019) looked at what comes of it. Two weights, both at 1. Neither is of any use, their gradients go up and down and cancel. But one has large gradients, the
# other small ones:

# %%
class AdamWithDecayInTheGradient(Adam):
    """As everybody did it."""

    def update(self, p, g, state):
        return super().update(p, g + 0.1 * p, state)


def up_and_down(make_optimizer, steps=500):
    p = Parameter([1.0, 1.0])
    optimizer = make_optimizer([p])
    for step in range(steps):
        p.grad = np.array([100.0, 0.01]) * (-1) ** step
        optimizer.step()
    return p.data


large, small = up_and_down(lambda params: AdamWithDecayInTheGradient(params, lr=0.01))
print(f"large gradients: {large:.3f}   small gradients: {abs(small):.3f}")

# %% [markdown]
# The second is gone, the first as good as untouched. Of course: the decay went through the division. Where gradients are large, the pull of 0.1 is divided by 100 along with them. So the weights that move most are those that are *not* held back.
#
# The remedy is to keep the decay out of the gradient. **First shrink p, by the factor 1 - lr · weight_decay. Then Adam's step, with the gradient as it is.** `super().update(p, g, state)` is Adam's step.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.AdamW", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class AdamW(Adam):
    """Adam, and apart from it a pull of the weights towards 0."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas, eps)
        self.weight_decay = weight_decay

    def update(self, p, g, state):
        ### BEGIN SOLUTION
        p = p * (1 - self.lr * self.weight_decay)
        return super().update(p, g, state)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.AdamW", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("optim.AdamW", AdamW)
### BEGIN HIDDEN TESTS
assert course.check("optim.AdamW", AdamW)
### END HIDDEN TESTS

# %%
large, small = up_and_down(lambda params: AdamW(params, lr=0.01, weight_decay=0.1))
print(f"large gradients: {large:.3f}   small gradients: {small:.3f}")
print(f"(1 - 0.001) ** 500 = {0.999**500:.3f}")

# %% [markdown]
# Both have shrunk alike, by what the decay says. (The last hundredth is the up and down itself.)
#
# ## 9 · Schedules
#
# ### Why a good learning rate does not stay good
#
# Gradients from a few examples are noisy. Far from the bottom that hardly matters. Near it the noise is all there is: every step kicks the weights away again, about lr times the noise far. A large lr gets down fast and then dances around the bottom; a small one ends lower and takes
# forever. So begin with a large one, and make it smaller. A **schedule** is a function from the epoch to the learning rate.
#
# The oldest: times gamma (a tenth, say) every `step_size` epochs. Epochs count from 0, so with `step_size=3` the epochs 0, 1, 2 have lr, and 3, 4, 5 have lr · gamma.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.step_schedule", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def step_schedule(epoch, lr, step_size, gamma=0.1):
    """The learning rate of an epoch: times gamma every step_size epochs."""
    ### BEGIN SOLUTION
    return lr * gamma ** (epoch // step_size)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.step_schedule", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("optim.step_schedule", step_schedule)
### BEGIN HIDDEN TESTS
assert course.check("optim.step_schedule", step_schedule)
### END HIDDEN TESTS

# %% [markdown]
# The one you will meet most: half a **cosine**, from lr at epoch 0 down to eta_min at epoch T_max. It begins and ends gently and needs no list of epochs. Build it in three thoughts: the cosine goes from 1 (at angle 0) to -1 (at angle π); (1 + cos) / 2 goes from 1 to 0; and that has to be stretched so that it
# goes from lr to eta_min.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.cosine_schedule", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def cosine_schedule(epoch, lr, T_max, eta_min=0.0):
    """The learning rate of an epoch from 0 to T_max: along half a cosine from lr to eta_min."""
    ### BEGIN SOLUTION
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * epoch / T_max)) / 2
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.cosine_schedule", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("optim.cosine_schedule", cosine_schedule)
### BEGIN HIDDEN TESTS
assert course.check("optim.cosine_schedule", cosine_schedule)
### END HIDDEN TESTS

# %% [markdown]
# Two hundred weights begin at 10 and should come to 0. The gradient is p itself, plus noise of size 1. Three constant rates, and your schedules. To use a schedule, set `optimizer.lr` before each step.

# %%
def noisy(rate, steps=300):
    """Mean square distance from the bottom after each step; rate(step) is the learning rate."""
    rng = np.random.default_rng(0)
    p = Parameter(np.full(200, 10.0))
    optimizer = SGD([p], lr=rate(0))
    distances = []
    for step in range(steps):
        optimizer.lr = rate(step)
        p.grad = p.data + rng.normal(size=200)
        optimizer.step()
        distances.append((p.data**2).mean())
    return distances


rates = {
    "0.3": lambda step: 0.3,
    "0.03": lambda step: 0.03,
    "0.003": lambda step: 0.003,
    "step, from 0.3": lambda step: step_schedule(step, 0.3, 75, 0.3),
    "cosine, from 0.3": lambda step: cosine_schedule(step, 0.3, 300),
}
colours = ("#c9ccd1", "#a3a8b0", "#7a808a", "#2a7ab8", "#d3691e")
figure, (left_axes, axes) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained", width_ratios=(2, 3))
for (name, rate), colour in zip(rates.items(), colours):
    distances = noisy(rate)
    left_axes.plot([rate(step) for step in range(300)], color=colour)
    axes.plot(distances, color=colour, label=name)
    print(f"lr {name:17} mean square distance after 50 steps {distances[49]:.3f}, after 300 {distances[-1]:.3f}")
left_axes.set(xlabel="step", title="learning rate", yscale="log", ylim=(1e-3, 1))
axes.set(xlabel="step", title="mean square distance from the bottom", yscale="log")
axes.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# Large rates fall fast and stay high (the noise floor), small ones are on their way still, and the schedules have both. Follow the orange line: it is in the *second half* of a cosine that everything is won. (Is there a constant rate that does as well? For exactly 300 steps, yes: 0.02, try it. You would have to know it beforehand, and it would be
# another one for 1,000 steps.)
#
# ## 10 · Clipping
#
# Now to the accidents. Some losses have **cliffs**. Multiply a number by the same weight twenty times, as a recurrent network does when it reads twenty letters (lesson 14): the output is w²⁰. Let it be asked to be 1.

# %%
def cliff_slope(w):
    """The slope of (w ** 20 - 1) ** 2 / 2."""
    return (w**20 - 1) * 20 * w**19


for w in (0.9, 1.0, 1.1, 1.2, 1.3):
    print(f"w = {w}: slope {cliff_slope(w):12,.1f}")

# %% [markdown]
# From 1.3, at lr = 0.01, one step leads to -5,526, where w²⁰ has seventy-five digits. The *direction* was right. Only the length was mad. So: **if the gradient is longer than some limit, shorten it to that limit, and keep its direction.**
#
# To keep the direction, all parameters have to be shortened by the same factor. So the length is that of *all* gradients together, as if they were one long vector:
#
# $$\text{norm} = \sqrt{\textstyle\sum \text{of all } g^2} \qquad\qquad \text{factor} = \frac{\text{max\_norm}}{\text{norm} + 10^{-6}}, \text{ but at most } 1$$
#
# `clip_grad_norm_(params, max_norm)` multiplies every `p.grad` by the factor and gives back the norm *before*, which is what one wants to watch. (The underscore is PyTorch's sign for "changes what it was given".) Mind parameters whose grad is None, and mind that params may be a generator once more: you need two loops.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.clip_grad_norm_", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def clip_grad_norm_(params, max_norm):
    """Shorten all gradients by one factor, so that their norm is at most max_norm; the norm they had."""
    ### BEGIN SOLUTION
    params = [p for p in params if p.grad is not None]
    total = math.sqrt(sum((p.grad**2).sum() for p in params))
    factor = min(1.0, max_norm / (total + 1e-6))
    for p in params:
        p.grad = p.grad * factor
    return total
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.clip_grad_norm_", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("optim.clip_grad_norm_", clip_grad_norm_)
### BEGIN HIDDEN TESTS
assert course.check("optim.clip_grad_norm_", clip_grad_norm_)
### END HIDDEN TESTS

# %%
w = Parameter(1.3)
optimizer = SGD([w], lr=0.01)
walked, norms = [1.3], []
for _ in range(60):
    w.grad = np.asarray(cliff_slope(w.data))
    norms.append(float(clip_grad_norm_([w], max_norm=1.0)))
    optimizer.step()
    walked.append(float(w.data))
print("the first norms:", [f"{norm:,.0f}" for norm in norms[:5]])
print("w after 0, 10, 20, 30, 60 steps:", [round(walked[i], 3) for i in (0, 10, 20, 30, 60)])

# %% [markdown]
# It climbs down the cliff a hundredth at a time, and settles near 1. Near it, not at it: at w = 1 the curvature is 400, and lr = 0.01 is more than the 2/400 it could stand (section 2). Clipping saved the run, and it does not replace a suitable learning rate.
#
# ## 11 · Look inside
#
# All of yours, on Rosenbrock's banana: a bent ravine, with a floor that is almost flat. It was made in 1960 to annoy optimizers, and it still does. Watch who reaches the floor first, and then who gets along it. Drag the start to the other side.

# %%
mine = {
    "gradient descent": lambda params: SGD(params, lr=0.001),
    "momentum": lambda params: SGD(params, lr=0.001, momentum=0.9),
    "RMSprop": lambda params: RMSprop(params, lr=0.02),
    "Adam": lambda params: Adam(params, lr=0.1),
    "AdamW": lambda params: AdamW(params, lr=0.1, weight_decay=0.1),
}
inspection.optimizer_race("rosenbrock", mine, steps=500)

# %% [markdown]
# Before you read on, answer three questions with the picture. Who zigzags at first, and why only they? Why does AdamW slow down before the cross? And what has happened to RMSprop near step 480?
#
# <details>
# <summary><b>Answers</b></summary>
#
# Those with momentum arrive at the floor with speed and run up the other wall. Those without it stop where the ground is flat, and then have nothing to carry them along the floor.
#
# AdamW is pulled towards (0, 0) all the time, and the lowest point is at (1, 1). With decay one minimizes something else, on purpose.
#
# RMSprop was thrown out of the valley. On the floor its gradients had been tiny for a hundred steps, so v had become tiny too, and g divided by its root grew and grew: a larger and larger learning rate in disguise, until the walls were too steep for it (section 2). One leap, gradients are large again, v recovers, and it goes on. Losses of large
# networks that are trained with Adam show such spikes too, late in training, for the same reason.
# </details>
#
# ## 12 · Break it on purpose
#
# ### Lie to Adam about its age
#
# The correction looks like a detail. What if one leaves it out? You need not change your class: tell it that it is a hundred thousand steps old, and 1 - βᵗ is 1.

# %%
lie = {"t": 100_000, "m": 0.0, "v": 0.0}
honest, lied_to = [1.0], [1.0]
optimizer = Adam([Parameter(1.0)], lr=0.01)
state = {}
for _ in range(30):
    honest.append(float(optimizer.update(np.array(honest[-1]), np.array(4.0), state)))
    lied_to.append(float(optimizer.update(np.array(lied_to[-1]), np.array(4.0), lie)))

print("steps, honest:  ", np.abs(np.diff(honest))[[0, 1, 4, 9, 29]].round(4).tolist())
print("steps, lied to: ", np.abs(np.diff(lied_to))[[0, 1, 4, 9, 29]].round(4).tolist())

# %% [markdown]
# The gradient is 4 in every step, so every step should be lr = 0.01 long. Without the correction they are three to seven times as long in the beginning. Why too *long*, if both means are too small? Because v is the slower one: m has caught up after twenty steps, v needs thousands. That is what a **warm-up** of the learning rate helps against,
# and the reason that it is so popular (first exercise below).
#
# ### Forget zero_grad
#
# Every beginner does it once: no `zero_grad`, so each backward *adds* to what is there.
#
# **Predict first:** with plain gradient descent, to which optimizer is that equal, step by step?
#
# 1. gradient descent with twice the learning rate
# 2. momentum = 0.9
# 3. momentum = 1
# 4. none: it diverges at once

# %%
p = Parameter([1.0, 1.0])
optimizer = Optimizer([p], lr=0.01)
forgetful = [p.data.copy()]
for _ in range(200):
    p.grad = ravine_slope(p.data) if p.grad is None else p.grad + ravine_slope(p.data)
    optimizer.step()
    forgetful.append(p.data.copy())
forgetful = np.array(forgetful)
usual, frictionless = (
    path_of(lambda params, mu=mu: Momentum(params, lr=0.01, momentum=mu), [1.0, 1.0], ravine_slope, 200)
    for mu in (0.9, 1.0)
)
print("the same path as with momentum = 1:", np.allclose(forgetful, frictionless))
figure, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
axes.plot(forgetful[:, 0], color="#d3691e", label="x, zero_grad forgotten")
axes.plot(usual[:, 0], color="#2a7ab8", label="x, momentum 0.9")
axes.axhline(0, color="#8a8f98", linewidth=0.8)
axes.set(xlabel="step", ylim=(-1.2, 1.7))
axes.legend(frameon=False, loc="upper right", ncols=2)
plt.show()

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# It is 3: p.grad becomes p.grad + g, which is 1.0 · buf + g. A sum in which nothing ever fades, a ball without friction: it swings through the valley for ever.
# </details>
#
# If a loss goes up and down in slow, regular waves, this is the first thing to look for.
#
# ## 13 · Use it: in doctors' units
#
# Back to the patients. In section 1 every measurement had been scaled to mean 0 and deviation 1. Now take them as the doctors gave them, with only the mean removed. The area of a nucleus varies by hundreds, its smoothness by hundredths:

# %%
(raw, y), (raw_test, y_test) = datasets.breast_cancer(split=0.2, scale=False)
middle = raw.mean(0, dtype=float)
raw, raw_test = raw - middle, raw_test - middle  # float64 from here on
spread = raw.std(0)
print(f"the largest deviation is {spread.max():.0f}, the smallest {spread.min():.4f}")

# %% [markdown]
# A single logistic unit (lesson 01), with thirty weights. Its gradient you know from lesson 07, error times input, so a line of numpy will do:

# %%
def slopes(features, w, b):
    """The loss of a logistic unit on all training patients, and its gradients in w (30,) and b."""
    z = features @ w + b  # (455,)
    error = 1 / (1 + np.exp(-z.clip(-500, 500))) - y
    return np.logaddexp(0, z).mean() - (z * y).mean(), features.T @ error / len(y), error.mean()


def fit(features, make_optimizer, lr, steps=300):
    """The loss after so many steps, each on all patients."""
    w, b = Parameter(np.zeros(30)), Parameter(0.0)
    optimizer = make_optimizer([w, b], lr)
    for _ in range(steps):
        _, w.grad, b.grad = slopes(features, w.data, b.data)
        optimizer.step()
    return slopes(features, w.data, b.data)[0]


contenders = {
    "SGD": SGD,
    "momentum": lambda params, lr: SGD(params, lr, momentum=0.9),
    "RMSprop": RMSprop,
    "Adam": Adam,
}
learning_rates = 10.0 ** np.arange(-7, 2)
results = {
    units: {
        name: [fit(features, make, lr) for lr in learning_rates] for name, make in contenders.items()
    }
    for units, features in {"in doctors' units": raw, "scaled to deviation 1": raw / spread}.items()
}
colours = ("#8a8f98", "#2a7ab8", "#6a9f3a", "#d3691e")

figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained", sharey=True)
for axes, (units, by_name) in zip(panels, results.items()):
    for (name, losses), colour in zip(by_name.items(), colours):
        axes.plot(learning_rates, losses, "o-", color=colour, label=name, markersize=4)
        print(f"{units:22} {name:9} best loss {min(losses):.2f}")
    axes.set(xscale="log", yscale="log", ylim=(0.02, 2), xlabel="learning rate", title=units)
panels[0].set_ylabel("loss after 300 steps")
panels[0].legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# Read it slowly, there is a lot in it.
#
# - **On the left**, gradient descent is lost. With any rate that the area can stand, the smoothness does not move. RMSprop and Adam do far better, since each weight has its own scale.
# - **On the right** all of them get there, each at its own learning rate. So the best optimizer is to *scale your data first*. Then why bother? Because you can scale the inputs, and not what the hidden layers give to one another. (Lesson 10 tries.)
# - **Where the valleys are.** From left to right, the best rate of gradient descent moves from 0.0001 to 10, a hundred thousand times. Adam's 0.01 and 0.1 do well on both sides, since its lr is the length of a step, whatever the units of the data. If you may try only once, try Adam.
#
# Nowhere does it say that Adam ends lowest. For image networks, SGD with momentum and a schedule, well tuned, is often the better one; Wilson et al. (below) make the case.
#
# ### Put yours in
#
# Your classes know parameters and gradients, and nothing else of a model. So they fit into learnnn. It keeps what is around a rule (groups of parameters with settings of their own, saving and loading, the schedules' clock), and asks your `update` how far to go.

# %%
parts = {
    "optim.SGD": SGD,
    "optim.RMSprop": RMSprop,
    "optim.Adam": Adam,
    "optim.AdamW": AdamW,
    "optim.step_schedule": step_schedule,
    "optim.cosine_schedule": cosine_schedule,
    "optim.clip_grad_norm_": clip_grad_norm_,
}
steps_on_the_way = {"optim.Optimizer": Optimizer, "optim.Momentum": Momentum, "optim.Nesterov": Nesterov}
for id, part in (parts | steps_on_the_way).items():
    print(course.use(id, part))

# %% [markdown]
# Section 1 once more, to the letter, with your rules inside:

# %% tags=["shipped"]
(X, y), (X_test, y_test) = datasets.breast_cancer(split=0.2)

for name, make in {
    "SGD": lambda params: optim.SGD(params, lr=0.01),
    "SGD with momentum": lambda params: optim.SGD(params, lr=0.01, momentum=0.9),
    "Adam": lambda params: optim.Adam(params, lr=0.01),
}.items():
    losses, right = train(make)
    same = np.allclose(losses, runs[name][0], rtol=1e-3, atol=1e-4)
    print(f"{name:18}  the losses of section 1: {same};  right on {right:.0%} of the new patients")

# %% [markdown]
# And all of it together, as one trains today: AdamW, a cosine, gradients clipped. The picture shows the loss around the place where the training ended, in the two directions in which the weights moved most, and the way they took.

# %% tags=["shipped"]
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(30, 16), nn.Tanh(), nn.Linear(16, 1)).double()
optimizer = optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.01)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
inputs, wanted = torch.tensor(X).double(), torch.tensor(y).double().reshape(-1, 1)
criterion = nn.functional.binary_cross_entropy_with_logits

path, rates_set = [], []
for epoch in range(10):
    for batch in np.array_split(np.random.default_rng(epoch).permutation(len(X)), 14):
        path.append({name: p.detach().clone() for name, p in model.named_parameters()})
        loss = criterion(model(inputs[batch]), wanted[batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
    rates_set += scheduler.get_last_lr()
    scheduler.step()

said = model(torch.tensor(X_test).double()).detach().numpy()[:, 0] > 0
print(f"right on {(said == (y_test == 1)).mean():.0%} of the new patients")
print("learning rate:", " ".join(f"{rate:.4f}" for rate in rates_set))
inspection.landscape(model, (inputs, wanted), loss=criterion, path=path[::4])

# %% [markdown]
# ## 14 · The shipped source beside your own
#
# The rules that learnnn comes with, live from the installed files. (`optim.Adam` is yours at the moment. The shipped classes are still where they have always been, in modules of their own.)

# %%
print(inspect.getsource(optim.sgd.SGD.update))
print(inspect.getsource(optim.adaptive.RMSprop.update))
print(inspect.getsource(optim.adam.Adam.update))

# %% [markdown]
# You can read them now. What differs: everything is changed **in place** (`*=`, `out=t`), as a model's weights may fill half of the memory and nobody wants three copies of them; and `update` gets small parameters laid side by side in one long array, because numpy takes as long to start as to multiply a thousand numbers. Where is Adam's
# correction? It has been worked into two numbers of the step, as section 2 of the paper proposes at its end:

# %%
print(inspect.getsource(optim.adam.Adam.numbers))

# %% [markdown]
# Convince yourself that it is the same: divide numerator and denominator of your last line by what is missing. And the walk, with what yours has not: groups of parameters, and small ones that travel together. Find your `if p.grad is not None`.

# %%
print(inspect.getsource(optim.Optimizer.step))
print(inspect.getsource(optim.Optimizer._step_group))

# %% [markdown]
# ## 15 · The same lines in PyTorch
#
# ```python
# import torch
# from torch import nn, optim
#
# optimizer = optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.01)
# scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
#
# for epoch in range(10):
#     for inputs, wanted in batches:
#         loss = criterion(model(inputs), wanted)
#         optimizer.zero_grad()
#         loss.backward()
#         nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)   # after backward, before step
#         optimizer.step()
#     scheduler.step()                                                  # after the optimizer, once an epoch
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `optimizer.lr` | `optimizer.param_groups[0]["lr"]` | groups of parameters may have settings of their own, such as no decay for biases |
# | `optimizer.state[i]` | `optimizer.state[p]` | names: `momentum_buffer`; `square_avg`; `exp_avg`, `exp_avg_sq`, `step` |
# | `state["buf"]` begins as g | the same | `dampening` weighs later gradients with 1 - dampening |
# | `Adam` has no decay | `Adam(weight_decay=...)` adds it to the gradient | section 8 says why you want `AdamW` |
# | `optimizer.lr = cosine_schedule(...)` | `scheduler.step()` | a class that remembers the epoch and sets the rate |
# | | `optimizer.state_dict()` | save it along with the model: without m and v a resumed training starts with young means |

# %% [markdown]
# ## 16 · Exercises
#
# ### Graded: warm up, then cool down
#
# The schedule that large networks are trained with. In the first `warm` steps the rate climbs in a straight line: lr · 1/warm, lr · 2/warm, ..., lr. Then, from step `warm` on, it goes down along half a cosine, from lr at step `warm` to 0 at step `total`. Steps count from 0. (The first step
# has lr / warm, not 0: a step of 0 would be wasted.) With `warm=0` the cosine begins at once.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.warmup", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def warmup(step, lr, warm, total):
    """The learning rate of a step: up to lr in `warm` steps, then down to 0 at step `total`."""
    ### BEGIN SOLUTION
    if step < warm:
        return lr * (step + 1) / warm
    return cosine_schedule(step - warm, lr, total - warm)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.warmup", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("optim.warmup", warmup)
### BEGIN HIDDEN TESTS
assert course.check("optim.warmup", warmup)
### END HIDDEN TESTS

# %%
figure, axes = plt.subplots(figsize=(6, 2.2), layout="constrained")
axes.plot([warmup(step, 0.001, 40, 400) for step in range(401)], color="#d3691e")
axes.set(xlabel="step", ylabel="learning rate", title="40 steps up, 360 down")
plt.show()

# %% [markdown]
# In learnnn and PyTorch any function can be a schedule: `optim.lr_scheduler.LambdaLR(optimizer, lambda step: warmup(step, 1.0, 40, 400))` multiplies the first rate by it.
#
# ### Graded: Adagrad
#
# The grandfather of RMSprop and Adam (Duchi, Hazan and Singer, 2011). It divides by the root of the **sum of all squares so far**: `state["total"]` grows by g · g in each step, and nothing is ever forgotten. So every weight has a schedule of its own, built in: where much has been learned, steps become short. For rare
# words that is just right. In long trainings it stops too early, and that is why RMSprop forgets.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.Adagrad", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Adagrad(Optimizer):
    """The gradient over the root of the sum of all squares so far."""

    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, lr)
        self.eps = eps

    def update(self, p, g, state):
        """Keeps the sum of g * g in state["total"]."""
        ### BEGIN SOLUTION
        state["total"] = state.get("total", 0.0) + g * g
        return p - self.lr * g / (np.sqrt(state["total"]) + self.eps)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.Adagrad", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("optim.Adagrad", Adagrad)
### BEGIN HIDDEN TESTS
assert course.check("optim.Adagrad", Adagrad)
### END HIDDEN TESTS

# %% [markdown]
# How long are its steps when the gradient is always 1? And how far does it get in n steps? Guess a formula from these, then prove it. (How does 1 + 1/√2 + 1/√3 + ... grow?)

# %%
places = path_of(lambda params: Adagrad(params, lr=1.0), 0.0, lambda p: np.array(1.0), 10_000)
print("the steps 1, 4, 9, 100:", [round(float(places[n - 1] - places[n]), 4) for n in (1, 4, 9, 100)])
print("after 100 and 10,000 steps:", round(-float(places[100]), 2), round(-float(places[10_000]), 2))

# %%
for id, part in {"optim.warmup": warmup, "optim.Adagrad": Adagrad}.items():
    print(course.use(id, part))

# %% [markdown]
# ### Predict, then run
#
# On paper first. A weight stands at w = 1. Its gradient is 4 in each of **two** steps, lr is 0.1. Where is w after both of them with
#
# 1. SGD with momentum 0.9,
# 2. Adam (betas and eps as usual),
# 3. SGD with weight_decay 0.5, without momentum?
#
# The check says right or wrong, and if your number is a well-known slip, which. Then run the cell after it.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """w with momentum, with Adam, and with weight decay."""
    ### BEGIN SOLUTION
    # momentum: buf is 4, then 0.9 * 4 + 4 = 7.6, so 1 - 0.4 - 0.76
    # Adam: both corrected means are exact, 4 and 16, so each step is 0.1 * 4 / 4
    # decay: 4 + 0.5 * 1 = 4.5 leads to 0.55, then 4 + 0.5 * 0.55 = 4.275
    return -0.16, 0.8, 0.1225
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("optim.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("optim.predict", prediction)
### END HIDDEN TESTS

# %%
for name, make in {
    "momentum": lambda params: SGD(params, 0.1, momentum=0.9),
    "Adam": lambda params: Adam(params, 0.1),
    "decay": lambda params: SGD(params, 0.1, weight_decay=0.5),
}.items():
    print(f"{name:9} {path_of(make, 1.0, lambda p: np.array(4.0), 2).round(4).tolist()}")

# %% [markdown]
# ### Find the bug
#
# A colleague trains a network with two heads: one body, and on it a head that predicts a tumour's area, and another that predicts its smoothness. The heads take turns, so in each step one of them has no gradient. They inherit from your Adam, and tidied up the walk: first collect what moves, then move it. All their tests pass, and
# each head alone learns perfectly. Together, the second never gets anywhere.

# %%
class Tidy(Adam):
    def step(self):
        moving = [p for p in self.params if p.grad is not None]
        for p, state in zip(moving, self.state):
            p.data = self.update(p.data, p.grad, state)


def train_heads(optimizer_class, turns, steps=1000):
    """How far each head is from its aim in the end. Areas have large gradients, smoothness small ones."""
    area, smoothness, body = Parameter([0.0]), Parameter([0.0]), Parameter([0.0])
    optimizer = optimizer_class([area, smoothness, body], lr=0.01)
    jobs = {"area": (area, 3.0, 100.0), "smoothness": (smoothness, -1.0, 0.01)}
    for step in range(steps):
        head, aim, unit = jobs[turns[step % len(turns)]]
        optimizer.zero_grad()
        miss = body.data + head.data - aim
        head.grad, body.grad = unit * miss, unit * miss
        optimizer.step()
    misses = {name: abs(float((body.data + head.data - aim)[0])) for name, (head, aim, _) in jobs.items()}
    return {name: round(misses[name], 2) for name in turns}


for turns in (["area"], ["smoothness"], ["area", "smoothness"]):
    print(f"{' and '.join(turns):20} theirs misses by {train_heads(Tidy, turns)}")
print(f"{'':20} your own Adam: {train_heads(Adam, ['area', 'smoothness'])}")

# %% [markdown]
# What is the cause?
#
# - **A** gradients of the step before are still there
# - **B** the bias correction divides by the wrong power
# - **C** a parameter is updated with another one's memory
# - **D** the learning rate of the second head is too small
# - **E** a gradient is changed in place while another parameter still needs it
#
# Repair `step`, and give back the repaired class together with the letter.

# %% tags=["exercise"] nbgrader={"grade_id": "optim.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired class, the letter of the cause)."""
    ### BEGIN SOLUTION

    class Repaired(Tidy):
        def step(self):
            pairs = list(zip(self.params, self.state))  # pair first, leave out then
            for p, state in pairs:
                if p.grad is not None:
                    p.data = self.update(p.data, p.grad, state)

    return Repaired, "C"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.optim.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("optim.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("optim.find_the_bug", repair)
### END HIDDEN TESTS

# %%
print("repaired:", train_heads(repair()[0], ["area", "smoothness"]))

# %% [markdown]
# Nothing here raises an error: both heads have one shape. State that lives *beside* the thing it belongs to has to be tied to it, by a dictionary or in pairs, and never by a place in a list that somebody may filter. PyTorch keeps `optimizer.state[p]`.
#
# ### To go on with, ungraded
#
# - `dampening`: PyTorch's `buf = momentum * buf + (1 - dampening) * g`, but for the first step. Add it to your SGD.
# - Restart the cosine: when it has come down, jump up again (Loshchilov and Hutter, 2017). `CosineAnnealingWarmRestarts` is what PyTorch calls it.
# - Nadam: put Nesterov's idea into Adam. Which of the two means has to look ahead?
# - Sign descent: the step is lr times the sign of m. Race it against Adam. How much do they differ? (See Lion, Chen et al. 2023.)
# - Train section 1 with a batch of 4 and with all 455. How should lr change with the size of a batch? Measure it before you look it up.
# - The curvature of the ravine is known, so Newton's method (lesson 03) would be there in one step. Why does nobody train networks with it? How many numbers has the matrix of second slopes for a million weights?
#
# ## 17 · What you have now, and where to read on
#
# A walk over parameters, and half a dozen rules of two to six lines. A sum that remembers, a mean that measures, a correction for youth, a pull that is kept apart, a rate that changes, and a limit. There is not much more in the optimizers that train the largest models of today.
#
# - S. Ruder, [An overview of gradient descent optimization algorithms](https://arxiv.org/abs/1609.04747), 2016: the family tree.
# - G. Goh, [Why Momentum Really Works](https://distill.pub/2017/momentum/), Distill, 2017: the ravine with sliders, and all of the mathematics behind section 4.
# - B. T. Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964, and I. Sutskever, J. Martens, G. Dahl, G. Hinton, *On the importance of initialization and momentum in deep learning*, ICML 2013: the beginning of momentum, and its
#   return, in the form of Nesterov's that PyTorch uses.
# - D. P. Kingma, J. Ba, [Adam: A Method for Stochastic Optimization](https://arxiv.org/abs/1412.6980), ICLR 2015. Read section 3 on the correction: you have just written it.
# - I. Loshchilov, F. Hutter, [Decoupled Weight Decay Regularization](https://arxiv.org/abs/1711.05101), ICLR 2019, and [SGDR](https://arxiv.org/abs/1608.03983), ICLR 2017: AdamW, and the cosine.
# - R. Pascanu, T. Mikolov, Y. Bengio, [On the difficulty of training recurrent neural networks](https://arxiv.org/abs/1211.5063), ICML 2013: cliffs, and clipping.
# - A. C. Wilson, R. Roelofs, M. Stern, N. Srebro, B. Recht, [The Marginal Value of Adaptive Gradient Methods in Machine Learning](https://arxiv.org/abs/1705.08292), NeurIPS 2017: the case for SGD.
# - W. N. Street, W. H. Wolberg, O. L. Mangasarian, *Nuclear feature extraction for breast tumor diagnosis*, 1993: where the patients come from.
#
# **Next:** lesson 09 puts the loop around all this, and asks whether the network has learned anything but its own examples. Back to the [start page](00_start.ipynb).
