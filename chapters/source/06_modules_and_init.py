# %% [markdown]
# # Lesson 06 · Modules and initialization
#
# Lesson 05 ended with a network of two layers, and its knobs in a row: `w1, b1, w2, b2`. For two layers that will do. With twelve layers it would be
# twenty-four names, to be handed to every function, stepped one by one, and saved under names that somebody has to remember. Nobody works like that.
#
# This lesson has two halves. The first is about order: a **module** is an object that knows its parameters, and the modules inside it, so that a
# network of any size is *one* thing that you can call, train, and save. The second is about a question that lesson 05 passed over: with which
# numbers do the weights begin? "Small random ones", it said. How small decides whether a deep network learns at all, and you
# can work it out with a pencil.
#
# At the end your `Linear` and your first weights go into learnnn and run its networks.
#
# You need lesson 05, and of python a little about classes: `__init__`, inheritance, `super()`. Plan two to three hours, in as many sittings as you like. As before: where a
# cell says `YOUR CODE HERE`, write the code, run the cell, and run the check below it. `course.hint("nn.Linear")` helps in three steps.

# %%
import inspect
import io
import math
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

import learnnn as torch
from learnnn import course, datasets, inspection, nn
from learnnn.course import unfinished

unfinished.explain_unfinished()
kept = course.load_mine()
torch.set_default_dtype(torch.float64)  # double precision, as in lesson 05

# %% [markdown]
# ## 1 · The finished thing
#
# The data: 178 bottles of wine from Piedmont, of three kinds, Barolo, Grignolino and Barbera. Each was measured in thirteen ways: alcohol, acids, colour, and so on. Which kind is it? A
# quarter of the bottles we put aside, to test on what the network has never seen.

# %%
(X, y), (X_test, y_test) = datasets.wine(split=0.25)
X, X_test = torch.tensor(X.astype(float)), torch.tensor(X_test.astype(float))
wanted = torch.tensor(np.eye(3)[y])  # (134, 3): a 1 in the column of the right kind, else 0

print(", ".join(datasets.wine().feature_names))
print(tuple(X.shape), "to learn from,", tuple(X_test.shape), "to test on")
print("of each kind:", np.bincount(y).tolist())
print("first bottle:", X[0].numpy().round(1).tolist())

# %% [markdown]
# Each column has been moved and stretched so that its mean is 0 and its standard deviation 1. (The *standard deviation* says how far numbers typically lie from their mean. It will
# be the hero of this lesson, and from now on we just say **deviation**.)
#
# And here are two networks, built and trained by learnnn. They are twelve layers deep, far deeper than this task needs, so that you can see what depth does. Both have the same shape, the same
# data, the same number of steps, the same learning rate. Look for the difference.

# %%
def deep(depth=12, width=64):
    """13 measurements, so many layers of tanh, 3 kinds of wine."""
    layers = [nn.Linear(13, width), nn.Tanh()]
    for _ in range(depth - 1):
        layers += [nn.Linear(width, width), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(width, 3))


def train(model, steps=150, rate=0.1):
    """Downhill on the mean of the squared misses; the loss before each step."""
    losses = []
    for _ in range(steps):
        miss = model(X) - wanted
        loss = (miss * miss).mean()
        model.zero_grad()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= rate * parameter.grad
    return losses


def score(model):
    """The part of the test bottles whose kind it names."""
    return (model(X_test).detach().numpy().argmax(axis=1) == y_test).mean()


def report(name, model, losses):
    """How a training went, in one line."""
    print(f"{name}: loss {losses[0]:.2f} at the start, {losses[-1]:.2f} at the end;", end=" ")
    print(f"right on {score(model):.0%} of the test bottles")


def numbers_in(model):
    """How many numbers its parameters hold."""
    return sum(parameter.numel() for parameter in model.parameters())


torch.manual_seed(0)
first = deep()

torch.manual_seed(0)
second = deep()
for layer in second:
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)

curves = {"as it comes": train(first), "with other first weights": train(second)}
for (name, losses), model in zip(curves.items(), (first, second)):
    report(name, model, losses)

# %%
figure, axes = plt.subplots(figsize=(6.5, 3), layout="constrained")
for (name, losses), colour in zip(curves.items(), ("#d3691e", "#2a7ab8")):
    axes.plot(losses, color=colour, label=name)
axes.set(xlabel="step", ylabel="loss", ylim=(0, 0.5))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# The first network falls to 0.22 at once, and stays there. That number has a meaning: it is the loss of somebody who never looks at the bottle and always answers with the shares of the three kinds. (You
# can check it. A share p costs p · (1 - p) on average, and the shares are 51, 51 and 32 of 134.)

# %%
shares = np.bincount(y) / len(y)
print("loss without looking at the bottle:", round(float(np.mean(shares * (1 - shares))), 3))

# %% [markdown]
# So the first network has learned nothing about wine. The second learns within twenty steps. No bug, no better algorithm: only the numbers they began with.
#
# Look also at what `train` is given: **one** object, `model`. It does not know how many layers there are. `model.parameters()` has them all, and each has a name:

# %%
for name, parameter in list(second.named_parameters())[:4]:
    print(name, tuple(parameter.shape))
print("... and so on,", numbers_in(second), "numbers in all")

# %% [markdown]
# ## 2 · By hand, on paper
#
# ### A model is a tree
#
# A small network: a body of two layers, and a head. Each layer keeps two arrays. A layer from k to m has m · k weights and m biases.
#
# ```
# model
# ├── body
# │   ├── 0: Linear(13, 16)      weight (16, 13), bias (16,)
# │   └── 1: Linear(16, 8)       weight (8, 16), bias (8,)
# └── head: Linear(8, 3)         weight (3, 8), bias (3,)
# ```
#
# | name | shape | numbers |
# |---|---|---|
# | `body.0.weight` | (16, 13) | 208 |
# | `body.0.bias` | (16,) | 16 |
# | `body.1.weight` | (8, 16) | ? |
# | `body.1.bias` | (8,) | 8 |
# | `head.weight` | (3, 8) | ? |
# | `head.bias` | (3,) | 3 |
#
# Fill in the two gaps, and add up. (You should get 387.) A name is the way from the root to the array, with dots between. Folders and files, nothing more.
#
# ### What a neuron does to the size of a signal
#
# Now the other half. A neuron adds up products: $z = w_1 x_1 + w_2 x_2 + \dots + w_n x_n$. How large is z, if inputs and weights are random?
#
# Make it as simple as it gets. Four inputs, and each product is +1 or -1, by the toss of a coin. There are sixteen ways for four coins to fall:
#
# | z | -4 | -2 | 0 | 2 | 4 |
# |---|---|---|---|---|---|
# | ways | 1 | 4 | 6 | 4 | 1 |
# | z · z | 16 | 4 | 0 | 4 | 16 |
#
# The mean of z is 0. The mean of z · z is (1 · 16 + 4 · 4 + 0 + 4 · 4 + 1 · 16) / 16 = **4**. This mean square is called the **variance**, and its root, **2**, is the deviation.
#
# So four terms of size 1 do not make 4. They make 2, since most of the time some cancel others. With n terms the variance is n, and the deviation is $\sqrt n$. (Why do variances simply add up? Square
# a sum, and there are the squares, and the mixed products. A mixed product of two independent coins is as often +1 as -1, so on average it vanishes. What stays is the squares.)
#
# If the weights are drawn at random around 0, with deviation $s$, and the inputs have mean square $v$, each product has the mean square $s^2 v$, there are n of them, and
#
# $$\text{mean square of } z = n \cdot s^2 \cdot v, \qquad \text{deviation of } z = \sqrt n \cdot s \cdot \text{deviation of } x$$
#
# That is the one formula of this lesson. Read it as: **a layer multiplies the size of the signal by $\sqrt n \cdot s$.** And then comes the next layer, and does it again.
#
# | weights | factor of a layer with 64 inputs | after 12 layers |
# |---|---|---|
# | deviation 1 | 8 | 68,719,476,736 |
# | deviation 1/8 | 1 | 1 |
# | deviation 1/80 | 1/10 | 0.000000000001 |
#
# ### Predict, then run
#
# The middle row is the one we want. A colleague has it, and finds the network too small. So they widen every layer from 64 to 256 neurons, and leave everything else as it was, also the weights' deviation of 1/8.

# %%
def passed_through(widths, deviation):
    """The deviation of numbers of size 1 after layers of these widths, without any tanh."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, widths[0]))
    for k, m in pairwise(widths):
        x = x @ rng.normal(0, deviation, (k, m))
    return float(x.std())


def nearest(options):
    """The option that is nearest to what comes out of twelve layers of 256."""
    size = passed_through([256] * 13, 1 / 8)
    return min(options, key=lambda option: abs(float(option.replace(",", "")) - size))


sizes = ["1", "2", "24", "4,000"]
inspection.predict(
    "Twelve layers of 256 neurons, weights of deviation 1/8. "
    "A signal of size 1 goes in. What comes out is about",
    lambda: nearest(sizes),
    options=sizes,
)

# %%
for width in (64, 256):
    factor = passed_through([width] * 13, 1 / 8)
    print(f"width {width}: it comes out {factor:,.1f} times as large")

# %% [markdown]
# <details>
# <summary><b>Why</b> (open it when you have decided)</summary>
#
# Four times the inputs, so the root of four times the size: each layer now doubles it. Twelve layers make $2^{12} = 4096$. The measured number is near that, and not exactly it, since the weights are random. So there is no deviation that
# is right by itself. It has to follow the width: $s = 1/\sqrt n$.
# </details>
#
# Keep the formula in view. It comes back in section 8. First, we need something to keep the weights in.

# %% [markdown]
# ## 3 · Rebuild: Parameter
#
# Among the tensors of a model, some are to be learned, and some are not: a table of constants, a mask, a running count. Somebody has to say which. In PyTorch it is said by the *kind* of object: a **Parameter** is a
# tensor like any other, of a class of its own, which asks for a gradient from the beginning.
#
# ```python
# p = Parameter(torch.tensor([1.0, 2.0]))
# p.requires_grad            # True, unless Parameter(..., requires_grad=False)
# isinstance(p, torch.Tensor)  # True: p + 1, p @ x, everything works
# ```
#
# A class that is derived from another begins with `super().__init__(...)`, which does what the other would have done. `torch.Tensor(data)` makes a tensor of data. One more line, and you have it.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.Parameter", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Parameter(torch.Tensor):
    """A tensor that a module keeps, and that training changes."""

    def __init__(self, data, requires_grad=True):
        ### BEGIN SOLUTION
        super().__init__(data)
        self.requires_grad = requires_grad
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.Parameter", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("nn.Parameter", Parameter)
### BEGIN HIDDEN TESTS
assert course.check("nn.Parameter", Parameter)
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Module
#
# ### How an object can notice what it is given
#
# We want to write
#
# ```python
# self.weight = Parameter(...)
# ```
#
# and the object shall take note: *aha, a parameter, and its name is `weight`*. Python has a door for that. Whenever somebody writes `thing.name = value`, python calls `thing.__setattr__("name", value)`. Usually
# that just stores the value. But a class may put its own method there:

# %%
class Nosy:
    def __setattr__(self, name, value):
        print(f"somebody sets {name!r} to {value!r}")
        super().__setattr__(name, value)  # and then what python does anyway


thing = Nosy()
thing.colour = "red"
print(thing.colour)

# %% [markdown]
# ### What a module does
#
# A `Module` has two dictionaries, `_parameters` and `_modules`, and a flag, `training`. They are set for you in `__init__`, in a roundabout way: `vars(self)` is the dictionary in which python keeps an object's attributes, and writing
# there directly does not call `__setattr__`, which could not work yet. The rest is yours:
#
# - **`__setattr__`**: a Parameter goes into `_parameters`, a Module into `_modules`, both under their name. In any case the attribute is set as usual, so that `self.weight` works. And think of the second time: if
#   `m.bias` was a Parameter and somebody sets `m.bias = None`, it has to *leave* the dictionary (`pop(name, None)` takes an entry out, if it is there).
# - **`named_parameters`**: all pairs (name, parameter) of the tree. Your own first, then those of each part, with the part's name and a dot in front. That is a recursion: to know all parameters of a part, ask the part. A parameter
#   that two parts share comes **once**, under its first name, or training would step with it twice. Same means the same *object*: remember `id(parameter)`. You may return a list, or use `yield`.
# - **`parameters`**: the same without names.
# - **`train(mode=True)`** sets `training` to mode, here and in all parts, and returns `self`. **`eval()`** is `train(False)`. (Nothing in this lesson depends on it. In lesson 09 some layers will behave differently while training.)
# - **`zero_grad`**: every parameter's `grad` becomes None.
# - **`__call__`**: `model(x)` calls `model.forward(x)`, with everything it was given.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.Module", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Module:
    """Something with parameters that can be called; models are trees of them."""

    def __init__(self):
        vars(self).update(_parameters={}, _modules={}, training=True)

    def __setattr__(self, name, value):
        """Set an attribute, and take note of parameters and parts."""
        ### BEGIN SOLUTION
        for registry, kind in ((self._parameters, Parameter), (self._modules, Module)):
            if isinstance(value, kind):
                registry[name] = value
            else:
                registry.pop(name, None)  # it may have been one before
        super().__setattr__(name, value)
        ### END SOLUTION

    def named_parameters(self):
        """(name, parameter) for the whole tree, each parameter once."""
        ### BEGIN SOLUTION
        found = list(self._parameters.items())
        for child, module in self._modules.items():
            below = module.named_parameters()
            found += [(f"{child}.{name}", parameter) for name, parameter in below]
        seen = set()
        for name, parameter in found:
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter
        ### END SOLUTION

    def parameters(self):
        """All parameters of the tree, each once."""
        ### BEGIN SOLUTION
        return [parameter for _, parameter in self.named_parameters()]
        ### END SOLUTION

    def train(self, mode=True):
        """Training mode for the whole tree, or evaluation mode; returns the module."""
        ### BEGIN SOLUTION
        self.training = mode
        for module in self._modules.values():
            module.train(mode)
        return self
        ### END SOLUTION

    def eval(self):
        """Evaluation mode for the whole tree; returns the module."""
        ### BEGIN SOLUTION
        return self.train(False)
        ### END SOLUTION

    def zero_grad(self):
        """Forget the gradients of all parameters."""
        ### BEGIN SOLUTION
        for parameter in self.parameters():
            parameter.grad = None
        ### END SOLUTION

    def __call__(self, *inputs, **options):
        """What forward makes of the inputs."""
        ### BEGIN SOLUTION
        return self.forward(*inputs, **options)
        ### END SOLUTION

    def __repr__(self):
        own = [f"{name} {tuple(p.shape)}" for name, p in self._parameters.items()]
        parts = [f"({name}): {part!r}" for name, part in self._modules.items()]
        inside = "".join("\n  " + part.replace("\n", "\n  ") for part in parts)
        return f"{type(self).__name__}({', '.join(own)}{inside}" + ("\n)" if parts else ")")

# %% tags=["check"] nbgrader={"grade_id": "check.nn.Module", "solution": false, "grade": true, "locked": true, "points": 3, "schema_version": 3, "task": false}
course.check("nn.Module", Module)
### BEGIN HIDDEN TESTS
assert course.check("nn.Module", Module)
### END HIDDEN TESTS

# %% [markdown]
# Try it on the smallest model there is. A class, an `__init__` that sets what is to be kept, and a `forward`:

# %%
class Line(Module):
    def __init__(self):
        super().__init__()  # first of all: it makes the dictionaries
        self.slope = Parameter(torch.tensor(2.0))
        self.height = Parameter(torch.tensor(1.0))

    def forward(self, x):
        return self.slope * x + self.height


line = Line()
out = line(torch.tensor(3.0))
out.backward()
print("line(3) =", out.item())
print("gradients:", {name: p.grad.item() for name, p in line.named_parameters()})

# %% [markdown]
# What if somebody forgets `super().__init__()`? Everybody does, once. Better that you have seen the error before:

# %%
class Forgetful(Module):
    def __init__(self):
        self.slope = Parameter(torch.tensor(2.0))


try:
    Forgetful()
except AttributeError as error:
    print("AttributeError:", error)

# %% [markdown]
# ## 5 · Linear
#
# Now the layer from which most networks are made. In lesson 05 you wrote its arithmetic, `x @ weight.T + bias`. The weight has **a row for each neuron**: (out, in).
#
# It needs first numbers. PyTorch, and learnnn, draw weight and bias evenly between $-b$ and $b$, with $b = 1 / \sqrt{\text{in}}$. Take that for now; whether it is a good choice is what section 8 is about.
# `torch.empty(m, k).uniform_(-b, b)` makes a tensor of that shape and fills it. (`torch.empty` alone contains whatever happened to be in the memory.)
#
# With `bias=False` there is none: `self.bias = None`, and `forward` adds nothing.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.Linear", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Linear(Module):
    """A layer of neurons: x @ weight.T + bias."""

    def __init__(self, in_features, out_features, bias=True):
        ### BEGIN SOLUTION
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        self.weight = Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))
        self.bias = Parameter(torch.empty(out_features).uniform_(-bound, bound)) if bias else None
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        out = x @ self.weight.T
        return out if self.bias is None else out + self.bias
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.Linear", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("nn.Linear", Linear)
### BEGIN HIDDEN TESTS
assert course.check("nn.Linear", Linear)
### END HIDDEN TESTS

# %% [markdown]
# The check cannot know which random numbers you draw. So it draws forty thousand, and asks where they lie: their mean, their deviation, and which part of them is within one deviation of the mean. That last number tells
# apart what a histogram would show you: of evenly spread numbers it is 58 %, of normal ones (the bell curve) 68 %.
#
# ## 6 · Sequential
#
# Most networks are layers in a row: what one gives, the next one takes. `Sequential(a, b, c)` is a module that holds modules, under the names "0", "1", "2". A name that is no proper python name can be set with
# `setattr(self, "0", module)`, which goes through your `__setattr__` like anything else.
#
# A Sequential should also know its length, `len(model)`, and its parts, `model[0]`, `model[-1]` (python calls `__len__` and `__getitem__`). And it should refuse what is no Module, with a TypeError. Why that? Because of
# `Sequential(Linear(2, 2), torch.tanh)`. `torch.tanh` is a function. Your `__setattr__` would not register it, and the network would silently run without it.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.Sequential", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Sequential(Module):
    """Modules one after the other."""

    def __init__(self, *modules):
        ### BEGIN SOLUTION
        super().__init__()
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(f"Sequential takes modules, and {module!r} is none")
            setattr(self, str(i), module)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        for module in self._modules.values():
            x = module(x)
        return x
        ### END SOLUTION

    def __len__(self):
        ### BEGIN SOLUTION
        return len(self._modules)
        ### END SOLUTION

    def __getitem__(self, index):
        ### BEGIN SOLUTION
        return list(self._modules.values())[index]
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.Sequential", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("nn.Sequential", Sequential)
### BEGIN HIDDEN TESTS
assert course.check("nn.Sequential", Sequential)
### END HIDDEN TESTS

# %% [markdown]
# The activations become modules too. They have nothing to keep, so a `forward` is all there is. And the model of section 2 is three lines:

# %%
class Tanh(Module):
    def forward(self, x):
        return x.tanh()


class ReLU(Module):
    def forward(self, x):
        return x.relu()


class Classifier(Module):
    """A body that looks, and a head that decides."""

    def __init__(self, body, head):
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x):
        return self.head(self.body(x).tanh())


torch.manual_seed(0)
model = Classifier(Sequential(Linear(13, 16), Linear(16, 8)), Linear(8, 3))
print(model)
print({name: parameter.numel() for name, parameter in model.named_parameters()})
print(numbers_in(model), "numbers in all")

# %% [markdown]
# There are your 387. And `train` of section 1 takes it as it is, since all it asks for is `model(X)`, `parameters()` and `zero_grad()`:

# %%
report("three layers", model, train(model))

# %% [markdown]
# A small network, three layers, and all is well. (So much for the need of twelve. Wine is easy. We go deep because the trouble shows there, not because this task asks for it.)
#
# ## 7 · What a model has learned, in a dictionary
#
# Training took a second here. Elsewhere it takes a month, and then one wants to keep what was learned: not the code, which is in a file anyway, only the numbers. A **state dict** is a plain dictionary from names to numbers:
#
# ```python
# {"body.0.weight": tensor(...), "body.0.bias": tensor(...), ...}
# ```
#
# Two differences from `named_parameters`. It has *every* name: if two parts share a parameter, it is listed under both names, so that it can be loaded into a model that does not share. And the tensors are detached: `parameter.detach()` has
# the same numbers, in the same memory, and no part in any graph. Write it as a function of a module; it needs nothing but `module._parameters` and `module._modules`.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.state_dict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def state_dict(module):
    """Every parameter of the tree by its name, detached."""
    ### BEGIN SOLUTION
    state = {name: parameter.detach() for name, parameter in module._parameters.items()}
    for child, part in module._modules.items():
        for name, tensor in state_dict(part).items():
            state[f"{child}.{name}"] = tensor
    return state
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.state_dict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("nn.state_dict", state_dict)
### BEGIN HIDDEN TESTS
assert course.check("nn.state_dict", state_dict)
### END HIDDEN TESTS

# %% [markdown]
# And back. `load_state_dict` writes numbers into a module that is there already. Whoever loads the wrong file should hear of it *before* the model is half overwritten. So, first look for all that could be wrong:
#
# - a name that the module has and the state has not,
# - a name that the state has and the module has not,
# - a shape that differs. (Look closely: `copy_` broadcasts, so a (1, 1) would fit into a (2, 1), and no one would notice.)
#
# If there is any of these, raise a `RuntimeError` whose message names the culprits. Only then write, in place: `a.copy_(b)` writes the numbers of b into the memory of a. Writing into a Parameter is refused while gradients are recorded. But you have just built
# a dictionary of tensors that share the parameters' memory, and are not Parameters.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.load_state_dict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def load_state_dict(module, state):
    """Take over all the numbers of a state dict; or raise RuntimeError, and change nothing."""
    ### BEGIN SOLUTION
    mine = state_dict(module)
    missing = [name for name in mine if name not in state]
    unexpected = [name for name in state if name not in mine]
    misfits = [name for name in mine if name in state and mine[name].shape != state[name].shape]
    if missing or unexpected or misfits:
        raise RuntimeError(f"missing: {missing}; unexpected: {unexpected}; of another shape: {misfits}")
    for name, numbers in mine.items():
        numbers.copy_(state[name])
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.load_state_dict", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("nn.load_state_dict", load_state_dict)
### BEGIN HIDDEN TESTS
assert course.check("nn.load_state_dict", load_state_dict)
### END HIDDEN TESTS

# %% [markdown]
# Now the trained model can travel. Here it goes into a file (one in memory, so as not to leave anything lying around), and comes out in a model that was made a moment ago and knows nothing:

# %%
file = io.BytesIO()
np.savez(file, **{name: numbers.numpy() for name, numbers in state_dict(model).items()})
file.seek(0)

newcomer = Classifier(Sequential(Linear(13, 16), Linear(16, 8)), Linear(8, 3))
print(f"before: right on {score(newcomer):.0%}")
stored = {name: torch.tensor(numbers) for name, numbers in np.load(file).items()}
load_state_dict(newcomer, stored)
print(f"after:  right on {score(newcomer):.0%}")

try:
    load_state_dict(Classifier(Sequential(Linear(13, 16)), Linear(16, 3)), state_dict(model))
except RuntimeError as error:
    print("into another model:", error)

# %% [markdown]
# ### Predict, then run
#
# A network may get worse again after a while. So a careful colleague keeps the weights of the best moment:
#
# ```python
# best = state_dict(model)     # this was the best so far
# train(model, ...)            # it went on, and became worse
# load_state_dict(model, best) # back to the best
# ```
#
# What do they have in the end?
#
# 1. the weights of the best moment
# 2. the weights of the last moment
# 3. an error
#
# Decide before you run the next cell.

# %%
line = Line()
best = state_dict(line)
with torch.no_grad():
    for parameter in line.parameters():
        parameter += 10.0  # it went on
load_state_dict(line, best)
print("slope:", line.slope.item(), "(it was 2 at the best moment)")

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# It is 2, **the last moment**, and nobody is told. A state dict shares the parameters' memory: it is a view of the model, and no photograph of it. That is so in PyTorch too, for a good reason (a model that fills half of the memory could not be saved otherwise), and it has cost
# many people a night. For a snapshot, copy: `{name: numbers.clone() for name, numbers in state_dict(model).items()}`, or `copy.deepcopy`.
# </details>

# %% [markdown]
# ## 8 · With which numbers to begin
#
# Back to the pencil. *A layer multiplies the size of the signal by $\sqrt n \cdot s$*, with n inputs and weights of deviation s. What does that say about the first network of section 1? Its weights lie evenly between $-b$ and $b$, with
# $b = 1/\sqrt n$. Even numbers between $-b$ and $b$ have the deviation $b / \sqrt 3$. So the factor is
#
# $$\sqrt n \cdot \frac{1}{\sqrt{3 n}} = \frac{1}{\sqrt 3} \approx 0.58$$
#
# whatever the width. After twelve layers, $(1/\sqrt3)^{12} = 1/729$. The signal of the bottle is nearly gone before it reaches the output; what is left there are the biases, the same for every bottle. **That** is why it could
# only learn the shares. And when the gradient comes back through the same twelve layers, it shrinks by the same factor once more.
#
# ### Look inside
#
# The tanh between the layers changes this a little (it makes large numbers smaller), but not much. See for yourself. `layers_of` builds a deep network of your own modules and fills its weights with a function of your choice; the picture
# shows all the numbers that come out of a tanh, for the whole training set. Above each panel: by how much the output of a neuron **differs from bottle to bottle** (its deviation over the bottles, mean of all neurons). That is all that later layers can go by.

# %%
def layers_of(activation, fill, depth=12, width=64, seed=0):
    """A deep network; fill(weight) fills its weights, and its biases are 0 then."""
    torch.manual_seed(seed)
    widths = [13] + [width] * depth
    layers = [part for k, m in pairwise(widths) for part in (Linear(k, m), activation())]
    model = Sequential(*layers, Linear(width, 3))
    for layer in model:
        if isinstance(layer, Linear) and fill:
            fill(layer.weight)
            layer.bias.data = torch.zeros(len(layer.bias))
    return model


def after_each(model, x, kind):
    """What comes out of each part of that kind, as arrays."""
    found = []
    for module in model:
        x = module(x)
        if isinstance(module, kind):
            found.append(x.detach().numpy())
    return found


def normal(deviation):
    """A function that fills a weight with normal numbers of that deviation."""

    def fill(weight):
        with torch.no_grad():
            weight.normal_(0, deviation)

    return fill


FILLS = {
    "as it comes": None,
    "too small: deviation 0.03": normal(0.03),
    "too large: deviation 1": normal(1.0),
    "deviation 1/8": normal(1 / 8),
}


def show_activations(fills, activation, span, heights):
    """A row of histograms for each way to fill: the numbers after layers 1, 4, 8 and 12."""
    height = 1.35 * len(fills)
    figure = plt.figure(figsize=(9, height), layout="constrained")
    rows = figure.subplots(len(fills), 4, sharex=True, squeeze=False)
    for row, (name, fill) in zip(rows, fills.items()):
        outputs = after_each(layers_of(activation, fill), X, activation)
        for panel, depth in zip(row, (1, 4, 8, 12)):
            numbers = outputs[depth - 1].ravel()
            panel.hist(numbers, bins=61, range=span, density=True, color="#2a7ab8")
            panel.set(yticks=[], xlim=span, ylim=(0, heights))
            between = outputs[depth - 1].std(axis=0).mean()
            panel.set_title(f"layer {depth}: differs by {between:.1g}", fontsize=9)
        label = name.replace(": ", ":\n")
        row[0].set_ylabel(label, fontsize=9, rotation=0, ha="right", va="center")
    plt.show()


show_activations(FILLS, Tanh, (-1.05, 1.05), 4)

# %% [markdown]
# Read it row by row. As it comes, layer 12 still gives numbers, but they are the biases of the layers before, and hardly differ from bottle to bottle. With weights that are too small, everything is 0 by layer 4. With weights that are too large, nearly all neurons sit at +1 or -1: the flat ends
# of tanh, where the slope is 0 and hardly any gradient gets through. In the last row the signal reaches layer 12 with something left to say.
#
# The same in numbers. To see the pure formula, take the tanh away. The dots are measured, the lines are $(\sqrt n \cdot s)^{\text{depth}}$:

# %%
class Nothing(Module):
    """Hands on its input."""

    def forward(self, x):
        return x


def size(numbers):
    """The root of the mean square."""
    return float(np.sqrt(np.mean(np.square(numbers))))


def sizes_by_depth(activation, fill, width=64, depth=12):
    """The size of the signal before each activation, from random numbers of size 1."""
    torch.manual_seed(1)
    parts = []
    for _ in range(depth):
        parts += [Linear(width, width, bias=False), activation()]
    if fill:
        for layer in parts[::2]:
            fill(layer.weight)
    x, found = torch.randn(400, width), []
    for module in parts:
        x = module(x)
        if isinstance(module, Linear):
            found.append(size(x.detach().numpy()))
    return found


COLOURS = ("#d3691e", "#8a5fb0", "#3a8f5c", "#2a7ab8")


def draw_by_depth(activation, cases, width=64):
    """Dots: measured. Lines: a factor for each layer. `cases`: name -> (fill, factor)."""
    _, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
    depths = np.arange(1, 13)
    for (name, (fill, factor)), colour in zip(cases.items(), COLOURS):
        sizes = sizes_by_depth(activation, fill, width)
        axes.plot(depths, sizes, "o", color=colour, label=name)
        axes.plot(depths, factor**depths, "-", color=colour, lw=1)
    axes.set(xlabel="depth", ylabel="size of the signal", yscale="log", xticks=depths)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()


draw_by_depth(
    Nothing,
    {
        "as it comes": (None, 1 / math.sqrt(3)),
        "deviation 0.03": (normal(0.03), 8 * 0.03),
        "deviation 1/4": (normal(1 / 4), 2.0),
        "deviation 1/8": (normal(1 / 8), 1.0),
    },
)

# %% [markdown]
# The pencil was right. (Even the small wobble of the dots is chance: other random numbers, another wobble.)
#
# ### fan_in and fan_out
#
# So the deviation has to be $1/\sqrt n$, with n the number of *inputs* of the layer, its **fan_in**. That keeps the signal on its way forward.
#
# And on the way back? From lesson 05 you know that the gradient of x is `g @ weight`: each input adds up a product for every *output* it goes to. So the same reasoning, with the number of outputs, the **fan_out**. To keep the gradient
# at its size, the deviation has to be $1/\sqrt{\text{fan\_out}}$.
#
# For a weight of shape (out, in) that is easily said. Write it so that it will still be right in lesson 11, where a weight has more axes: (out, in, h, w) has h · w weights for each pair of output and input, so that both numbers are h · w
# times as large. A bias, with its one axis, has no fan: raise a `ValueError` for fewer than two axes. (`math.prod` multiplies a list of numbers, and gives 1 for none.)

# %% tags=["exercise"] nbgrader={"grade_id": "nn.fan", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def fan(shape):
    """(fan_in, fan_out) of a weight of this shape, (out, in) or (out, in, ...)."""
    ### BEGIN SOLUTION
    if len(shape) < 2:
        raise ValueError(f"a weight has at least two axes, (out, in), this one is {shape}")
    out_features, in_features, *field = shape
    return in_features * math.prod(field), out_features * math.prod(field)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.fan", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("nn.fan", fan)
### BEGIN HIDDEN TESTS
assert course.check("nn.fan", fan)
### END HIDDEN TESTS

# %% [markdown]
# ### Xavier
#
# Forward wants $s^2 = 1/\text{fan\_in}$, backward wants $s^2 = 1/\text{fan\_out}$. Unless a layer is square, it cannot have both. In 2010 Xavier Glorot and Yoshua Bengio proposed to meet in the middle, with the mean of the two fans:
#
# $$s^2 = \frac{1}{(\text{fan\_in} + \text{fan\_out}) / 2} = \frac{2}{\text{fan\_in} + \text{fan\_out}}$$
#
# Drawn evenly between $-b$ and $b$, where the deviation is $b/\sqrt3$, that means $b = \sqrt 3 \cdot s = \sqrt{6 / (\text{fan\_in} + \text{fan\_out})}$. A **gain** multiplies the whole, for activations that make signals smaller. It is 1 unless somebody says otherwise.
#
# The function fills a tensor **in place**, as the underscore at the end of its name says, and returns it. `tensor.uniform_(-b, b)` fills. If the tensor is a Parameter, this must happen under `with torch.no_grad():`, since it is no step that anybody should differentiate.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.xavier_uniform_", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def xavier_uniform_(tensor, gain=1.0):
    """Fill a weight evenly, so that signals keep their size in both directions; returns it."""
    ### BEGIN SOLUTION
    fan_in, fan_out = fan(tensor.shape)
    bound = gain * math.sqrt(6 / (fan_in + fan_out))
    with torch.no_grad():
        tensor.uniform_(-bound, bound)
    return tensor
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.xavier_uniform_", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("nn.xavier_uniform_", xavier_uniform_)
### BEGIN HIDDEN TESTS
assert course.check("nn.xavier_uniform_", xavier_uniform_)
### END HIDDEN TESTS

# %% [markdown]
# ### relu throws half away
#
# tanh is nearly a straight line near 0, so a small signal passes unharmed. relu is different. Four numbers, before and after:
#
# | | | | | | mean of the squares |
# |---|---|---|---|---|---|
# | z | -3 | -1 | 1 | 3 | (9 + 1 + 1 + 9) / 4 = 5 |
# | relu(z) | 0 | 0 | 1 | 3 | (0 + 0 + 1 + 9) / 4 = 2.5 |
#
# Half of the mean square is gone, as it must be where positive and negative numbers are alike. So each layer multiplies the mean square by $n \cdot s^2 / 2$, and to keep it we need $s^2 = 2 / \text{fan\_in}$, that is
#
# $$s = \frac{\sqrt 2}{\sqrt{\text{fan\_in}}}$$
#
# Kaiming He and his colleagues found this in 2015, and with it trained networks of thirty layers that had stood still before. The $\sqrt 2$ is the gain of relu. They use fan_in alone: if one direction is kept exactly, the other is off by a single factor for the whole
# network (the ratio of its first and last width), and not by one for each layer.
#
# `tensor.normal_(mean, deviation)` fills with normal numbers. It wants the deviation, not the variance.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.kaiming_normal_", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def kaiming_normal_(tensor, gain=2**0.5):
    """Fill a weight with normal numbers, for signals that relu halves; returns it."""
    ### BEGIN SOLUTION
    fan_in, _ = fan(tensor.shape)
    with torch.no_grad():
        tensor.normal_(0, gain / math.sqrt(fan_in))
    return tensor
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.kaiming_normal_", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("nn.kaiming_normal_", kaiming_normal_)
### BEGIN HIDDEN TESTS
assert course.check("nn.kaiming_normal_", kaiming_normal_)
### END HIDDEN TESTS

# %% [markdown]
# ### Predict, then run
#
# A relu network, twelve layers of 64 neurons. You begin with Xavier's weights in place of He's. On paper: by which factor is the *size* of the signal multiplied in each layer, and how much of it is left after twelve? Then look whether the dots agree.

# %%
draw_by_depth(
    ReLU,
    {
        "as it comes": (None, math.sqrt(1 / 6)),
        "Xavier": (xavier_uniform_, math.sqrt(1 / 2)),
        "He": (kaiming_normal_, 1.0),
    },
)

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# The layers are square, so Xavier's $s^2$ is 1/64, and the mean square is multiplied by $64 \cdot \frac{1}{64} / 2 = 1/2$. Its root is 0.71. Eleven relus stand between the first layer and the twelfth: what is left is $0.71^{11}$ of what the first had, about a fiftieth. (All
# dots stand above their lines by the same $\sqrt 2$, since there is no relu before the first layer.) As it comes, $s^2 = 1/192$, and the factor is $1/\sqrt 6 = 0.41$.
#
# The dots wander more than without relu. Sixty-four neurons are not many, of which half are silent, and chance has a say. With `width=512` in the call they keep to their lines.
# </details>

# %% [markdown]
# ## 9 · Break it on purpose
#
# ### All weights the same
#
# Why random numbers at all? Zero is a clean beginning. So is one tenth, everywhere.

# %%
def constant(number):
    def fill(weight):
        with torch.no_grad():
            weight.fill_(number)

    return fill


def different_neurons(model):
    """How many different rows the second layer's weight has."""
    return len(np.unique(model[2].weight.detach().numpy().round(9), axis=0))


beginnings = {
    "zeros": constant(0.0),
    "a tenth everywhere": constant(0.1),
    "Xavier": xavier_uniform_,
}
for name, fill in beginnings.items():
    model = layers_of(Tanh, fill, depth=2, width=16)
    losses = train(model)
    print(f"{name}: loss {losses[-1]:.3f}, {different_neurons(model)} different neurons of 16")

# %% [markdown]
# With zeros nothing moves but the last bias, and we are back at the loss of those who do not look. With a tenth it does learn something, but look at the neurons: all sixteen of a layer are the same. They begin alike, so they give the same output, so they get the same gradient, so
# they stay alike for ever. Sixteen neurons with the strength of one. Random numbers are not there to be good guesses. They are there to be **different**.
#
# ### Layers in a list
#
# Predict first. What does this model print for the number of its parameters?

# %%
class Stack(Module):
    def __init__(self):
        super().__init__()
        self.layers = [Linear(13, 16), Tanh(), Linear(16, 3)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


stack = Stack()
print("its output:", tuple(stack(X).shape))
print("its parameters:", numbers_in(stack))

# %% [markdown]
# <details>
# <summary><b>Why</b></summary>
#
# **0.** `__setattr__` was given a *list*. A list is neither a Parameter nor a Module, so nobody took note. The model computes, and `train` runs without an error, stepping with nothing. `Sequential` is the remedy, or `setattr` with a
# name for each (PyTorch also has `nn.ModuleList`, a list that registers). Whenever a network does not learn, count its parameters first.
# </details>
#
# ### The same layer three times
#
# `[Linear(16, 16)] * 3` looks like three layers. How many numbers does training change in this one, with 16 · 16 + 16 = 272 for each layer?

# %%
thrice = Sequential(*[Linear(16, 16)] * 3)
print(len(thrice), "layers,", numbers_in(thrice), "numbers")
print("the first is the third:", thrice[0] is thrice[2])

# %% [markdown]
# python's `*` repeats the *reference*: one layer, used three times. Sometimes that is meant, and called weight sharing. Then it is good that your `named_parameters` gives it once. If it is not meant, write `[Linear(16, 16) for _ in range(3)]`.

# %% [markdown]
# ## 10 · Use it: deep networks on wine
#
# Now the race of section 1, with your modules, your first weights, and four starting points. Twelve layers of tanh, the same steps for all:

# %%
starts = {
    "as it comes": None,
    "too small": normal(0.03),
    "too large": normal(0.3),
    "Xavier": xavier_uniform_,
}
figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (name, fill), colour in zip(starts.items(), COLOURS):
    model = layers_of(Tanh, fill)
    losses = train(model)
    axes.plot(losses, color=colour, label=name)
    most = "most" if score(model) > 0.9 else "too few"
    print(f"{name}: loss {losses[-1]:.2f} at the end; right on {most} of the test bottles")
axes.axhline(np.mean(shares * (1 - shares)), color="#8a94a0", lw=1, ls=":")
axes.set(xlabel="step", ylabel="loss", ylim=(0, 0.6))
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# The dotted line is the loss of those who do not look. Two of the four never leave it. The one that is too large is a case of its own. It jumps about for a while, and then its loss goes to nothing, and yet it fails on bottles that it has not seen. Its neurons sit at the
# flat ends, like switches. Two wines that are nearly alike throw different switches in layer 1, and after twelve layers have nothing in common. So it can learn every training bottle by heart, and that tells it nothing about the next one. (More on this in lesson 09.)
#
# ### And the gradient?
#
# A layer learns from the gradient that reaches it. Here is its size at each layer, before the first step, for the same four. (The gradient of each weight, root of the mean square.)

# %%
def gradient_sizes(model):
    """The size of the gradient of each layer's weight, before any step."""
    miss = model(X) - wanted
    model.zero_grad()
    (miss * miss).mean().backward()
    return [size(layer.weight.grad.numpy()) for layer in model if isinstance(layer, Linear)]


figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (name, fill), colour in zip(starts.items(), COLOURS):
    sizes = gradient_sizes(layers_of(Tanh, fill))
    axes.plot(range(1, 14), sizes, "o-", ms=4, color=colour, label=name)
axes.set(xlabel="layer", ylabel="size of the gradient", yscale="log", xticks=range(1, 14))
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# Read it from the right, as the gradient travels. With Xavier's weights all layers get about the same. As it comes, each layer hands on a bit more than half, and the first one gets less than a hundredth of what the twelfth had: the **vanishing gradient**. Where the weights are too large, the
# gradient grows on its way, and the first layer gets ten times as much: the **exploding** one. And in the network that is too small all is lost in both directions. Lesson 10 has two more remedies; lesson 14 meets the same trouble again, in time.

# %% [markdown]
# ### Put yours in
#
# Now the same from the other side: learnnn builds and trains the network, with your parts inside. `course.use` checks each, keeps it in your folder, and from now on, in this and in later lessons, learnnn runs it.
#
# `nn.Linear` becomes yours in a special way. Other code expects many things of a layer of learnnn's (names, copies, hooks, a place in a file). So learnnn keeps a shell of its own around your layer: your `__init__` gives the first numbers,
# your `forward` computes, and the shell does the rest. If anything is called that your layer was not written for, the shipped one steps in. Your `Module` stays in this notebook. It works in the same way as the shipped one, and could not take its place while everything stands on it.

# %%
parts = {"nn.Parameter": Parameter, "nn.Module": Module}
parts |= {"nn.Linear": Linear, "nn.Sequential": Sequential}
parts |= {"nn.state_dict": state_dict, "nn.load_state_dict": load_state_dict, "nn.fan": fan}
parts |= {"nn.xavier_uniform_": xavier_uniform_, "nn.kaiming_normal_": kaiming_normal_}
for exercise, part in parts.items():
    print(course.use(exercise, part))

# %%
torch.manual_seed(0)
model = deep()
for layer in model:
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)

losses = train(model)
report("with yours", model, losses)
print("as in section 1:", abs(losses[-1] - curves["with other first weights"][-1]) < 0.01)

# %% [markdown]
# Here is what its `nn.Linear` and `nn.Sequential` compute, in a small network of that kind. The operations are those of lesson 05: what you kept there is in your colour.

# %%
def squared_miss(answers):
    miss = answers - wanted
    return (miss * miss).mean()


torch.manual_seed(0)
small = nn.Sequential(nn.Linear(13, 8), nn.Tanh(), nn.Linear(8, 3))
inspection.graph(squared_miss(small(X)), names=small)

# %% [markdown]
# ### Watch it while it trains
#
# First weights are a promise for the first step. Is it kept? `inspection.watch` looks at every layer while training runs. Move through the steps, and choose what to see: activations, gradients, or how far each layer moves. If something is wrong, it says so
# below. First a network of six layers whose weights are too large, then one with yours:

# %% tags=["nbval-ignore-output"]
def watched(fill, steps=60, rate=0.1):
    """Train for a while, and look at every fifth step."""
    torch.manual_seed(0)
    model = deep(depth=6)
    for layer in model[::2]:
        fill(layer.weight)
        nn.init.zeros_(layer.bias)
    watch = inspection.watch(model, every=5)
    with watch:
        for _ in range(steps):
            model.zero_grad()
            squared_miss(model(X)).backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= rate * parameter.grad
            watch.step()
    return watch


watched(normal(0.5))

# %% tags=["nbval-ignore-output"]
watched(xavier_uniform_)

# %% [markdown]
# ## 11 · The shipped source beside your own
#
# This is how learnnn itself registers attributes, live from the installed file:

# %%
print(inspect.getsource(nn.Module.__setattr__))
print(inspect.getsource(nn.Module._register))

# %% [markdown]
# The same idea, with three registries: the third is for **buffers**, tensors that belong to the model and are saved with it, but are not trained (the running mean in lesson 10 is one). Much of it is for errors: what if `super().__init__()` was forgotten, what if
# somebody sets a parameter's name to a plain tensor? And unlike yours it does not set the attribute as well. Python then finds nothing under that name, and asks `__getattr__`, which looks into the registries:

# %%
print(inspect.getsource(nn.Module.__getattr__))
print(inspect.getsource(nn.Module._named))

# %% [markdown]
# The initializations are one line each, since `_fans` and `uniform_` do the work. And the whole of the shipped Linear; look how much of it is there to explain to somebody what they did wrong:

# %%
shipped = {"learnnn.nn.init.xavier_uniform_": nn.init.xavier_uniform_, "learnnn.nn.Linear": nn.Linear}
shipped |= course.swap.shipped()  # where yours has taken the place, what was there before
print(inspect.getsource(shipped["learnnn.nn.init.xavier_uniform_"]))
print(inspect.getsource(nn.init._fans))
print(inspect.getsource(shipped["learnnn.nn.Linear"]))

# %% [markdown]
# ## 12 · The same lines in PyTorch
#
# Section 1 in PyTorch is section 1 with another import. Your classes are written there in the same words:
#
# ```python
# import torch
# from torch import nn
#
# class Classifier(nn.Module):
#     def __init__(self, body, head):
#         super().__init__()
#         self.body, self.head = body, head
#
#     def forward(self, x):
#         return self.head(self.body(x).tanh())
#
# model = Classifier(nn.Sequential(nn.Linear(13, 16), nn.Linear(16, 8)), nn.Linear(8, 3))
# torch.save(model.state_dict(), "wine.pt")
# model.load_state_dict(torch.load("wine.pt"))
#
# for layer in model.modules():
#     if isinstance(layer, nn.Linear):
#         nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
#         nn.init.zeros_(layer.bias)
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `kaiming_normal_(w, gain)` | `kaiming_normal_(w, a=0, mode="fan_in", nonlinearity="leaky_relu")` | the gain is worked out from the name: `nn.init.calculate_gain("relu")` is √2 |
# | gain 1 for tanh | `calculate_gain("tanh")` is 5/3 | a rule of thumb, since tanh shrinks what is not small |
# | `Linear` draws with bound 1/√in | the same, written as `kaiming_uniform_(w, a=math.sqrt(5))` | nobody is fond of that line; it is kept so that old results come out as before |
# | `state_dict(model)` | `model.state_dict()` | with buffers too |
# | `Parameter` copies its data | `nn.Parameter` shares the memory of its data | |

# %% [markdown]
# ## 13 · Exercises
#
# ### Graded: Flatten
#
# The digits of lesson 05 are pictures, (N, 8, 8), and a Linear wants rows, (N, 64). There we reshaped by hand. A model for pictures should do that itself. Write the layer: everything behind the first axis becomes one axis. It should also work where somebody filters a batch and
# no picture is left, (0, 8, 8). Mind that `reshape(0, -1)` cannot work out the -1.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.Flatten", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Flatten(Module):
    """(N, ...) -> (N, K): each example as one row."""

    def forward(self, x):
        ### BEGIN SOLUTION
        return x.reshape(len(x), math.prod(x.shape[1:]))
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.Flatten", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("nn.Flatten", Flatten)
### BEGIN HIDDEN TESTS
assert course.check("nn.Flatten", Flatten)
### END HIDDEN TESTS

# %% [markdown]
# ### Graded: where are the numbers?
#
# Before you train a model that somebody else has built, look at where its numbers are. Write `count(module)`: a dictionary with an entry for each of the module's own parameters and each of its direct parts, and how many numbers **training changes** there, counting everything
# below. A shared parameter counts once, where it comes first. What does not ask for a gradient (a layer that somebody has frozen) counts 0, and a part without parameters is listed, with 0.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.count", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def count(module):
    """How many numbers training changes, for each own parameter and each direct part."""
    ### BEGIN SOLUTION
    totals = dict.fromkeys([*module._parameters, *module._modules], 0)
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            totals[name.split(".")[0]] += parameter.numel()
    return totals
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.count", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("nn.count", count)
### BEGIN HIDDEN TESTS
assert course.check("nn.count", count)
### END HIDDEN TESTS

# %%
print(count(Classifier(Sequential(Linear(13, 16), Linear(16, 8)), Linear(8, 3))))
print(count(layers_of(Tanh, None, depth=3)))

# %% [markdown]
# ### Predict, then run
#
# On paper first:
#
# ```python
# shared = Linear(8, 8)
# model = Sequential(Linear(4, 8), shared, ReLU(), shared, Linear(8, 2))
# ```
#
# How many numbers does training change? And how many entries has `state_dict(model)`?
#
# Then, the pencil once more. A signal of deviation 1 goes through ten layers `Linear(100, 100, bias=False)`, one after the other, with nothing in between. The weights have mean 0 and deviation 0.05. With which deviation does it come out?

# %% tags=["exercise"] nbgrader={"grade_id": "nn.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """The number of trained numbers, the number of entries, the deviation after ten layers."""
    ### BEGIN SOLUTION
    # 4*8 + 8 = 40 in the first layer, 8*8 + 8 = 72 in the shared one, 8*2 + 2 = 18 in the last.
    # Four layers with weight and bias: a state dict lists the shared ones under both names.
    # Each layer multiplies the deviation by sqrt(100) * 0.05 = 0.5, ten times over.
    return 40 + 72 + 18, 8, 0.5**10
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("nn.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("nn.predict", prediction)
### END HIDDEN TESTS

# %%
shared = Linear(8, 8)
model = Sequential(Linear(4, 8), shared, ReLU(), shared, Linear(8, 2))
print(numbers_in(model), "numbers,", len(state_dict(model)), "entries")
print("deviation after ten layers:", f"{passed_through([100] * 11, 0.05):.4f}")

# %% [markdown]
# ### Find the bug
#
# A trained body is worth keeping when the task changes. A colleague wants to know of each bottle whether it is a Barbera, yes or no. They keep the body of a trained model, put a new head on it, with one output, and train both a little. The loss falls. But it falls less
# than it should, and then they see this:

# %%
def retrain(model, head, x, wanted, steps, rate):
    """Put a new head on a model, and train both; the loss of the last step."""
    knobs = list(model.parameters())
    model.head = head
    for _ in range(steps):
        miss = model(x) - wanted
        loss = (miss * miss).mean()
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for knob in knobs:
                if knob.grad is not None:  # what has no gradient stays as it is
                    knob -= rate * knob.grad
    return loss.item()


def try_out(retrain):
    """A new head on a body: the loss, and by how much each part has moved."""
    torch.manual_seed(0)
    model = Classifier(Linear(13, 8), Linear(8, 3))
    train(model, steps=60)
    head = Linear(8, 1)
    parts = {"body.weight": model.body.weight, "head.weight": head.weight}
    before = {name: part.detach().clone() for name, part in parts.items()}
    loss = retrain(model, head, X, wanted[:, 2:], 30, 0.1)
    print(f"loss {loss:.3f}")
    for name, part in parts.items():
        moved = (part.detach() - before[name]).abs().max().item()
        print(f"  {name} has moved by up to {moved:.2f}")


try_out(retrain)

# %% [markdown]
# The new head still has the random numbers it began with. What is the cause?
#
# - **A** the new head is not registered, so the model does not know its parameters
# - **B** no gradient reaches the new head
# - **C** the list of knobs holds the parameters that the model had before it got the head
# - **D** `zero_grad` wipes the gradients out before they are used
# - **E** the model still computes with its old head
#
# Each of these can be tested, with one or two lines in a cell of your own. Repair `retrain`, and give back the repaired function together with the letter.

# %% tags=["exercise"] nbgrader={"grade_id": "nn.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired retrain, the letter of the cause)."""
    ### BEGIN SOLUTION

    def retrain(model, head, x, wanted, steps, rate):
        model.head = head
        knobs = list(model.parameters())  # only now: with those of the new head
        for _ in range(steps):
            miss = model(x) - wanted
            loss = (miss * miss).mean()
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for knob in knobs:
                    if knob.grad is not None:
                        knob -= rate * knob.grad
        return loss.item()

    return retrain, "C"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.nn.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("nn.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("nn.find_the_bug", repair)
### END HIDDEN TESTS

# %%
try_out(repair()[0])

# %% [markdown]
# An optimizer (lesson 08) is such a list of knobs. Whoever exchanges a part of a model after making the optimizer has this bug, in PyTorch as here. And the line that makes it silent, `if knob.grad is not None`, is in every optimizer too.
#
# ### To go on with, ungraded
#
# - `named_modules()`: (path, module) for the whole tree. Then write `apply(fn)`, which calls fn on each module, and with it initialize a model in one line.
# - `xavier_normal_` and `kaiming_uniform_`. Which of the numbers 2, 3, 6 stands where?
# - What gain does tanh need, so that the deviation stays the same from layer to layer? Measure it, and compare with 5/3.
# - Take the data as they were measured, `datasets.wine(scale=False)`, where proline is in the hundreds. What does the first layer do? (`show_activations` shows it.) First weights assume inputs of size 1; here you see why data are scaled.
# - `register_buffer(name, tensor)` for your Module: saved with it, and not trained.
# - Give your Module PyTorch's `__getattr__`, in place of setting the attribute twice. What does it do to speed?
# - Rows at right angles keep the size of *every* signal, not only on average: look up `nn.init.orthogonal_`, and let it run against Xavier at depth 50.
# - `course.find_the_bug(seed=1)`: a broken component in a working network.
#
# ## 14 · What you have now, and where to read on
#
# A model as one object: it knows its parameters by name, however deep, it can be switched, saved, loaded, and its layers can be exchanged. And a formula of three letters, $\sqrt n \cdot s$, that tells with which numbers a network has to begin, whatever its depth. You have also met the
# silent failures of this floor of the building: layers in a list, a view taken for a snapshot, one layer instead of three, a list of knobs that is out of date. None of them raises an error. Counting parameters, and looking whether they move, finds all four.
#
# - X. Glorot, Y. Bengio, [Understanding the difficulty of training deep feedforward neural networks](https://proceedings.mlr.press/v9/glorot10a.html), 2010. Figure 6 is the histogram that you have drawn.
# - K. He, X. Zhang, S. Ren, J. Sun, [Delving Deep into Rectifiers](https://arxiv.org/abs/1502.01852), 2015: the factor of two, in section 2.2.
# - Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, [Efficient BackProp](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf), 1998: most of it was known then, scaling of the inputs included.
# - A. M. Saxe, J. L. McClelland, S. Ganguli, [Exact solutions to the nonlinear dynamics of learning in deep linear neural networks](https://arxiv.org/abs/1312.6120), 2013: where orthogonal weights come from.
# - S. Aeberhard, M. Forina, [Wine](https://archive.ics.uci.edu/dataset/109/wine), UCI Machine Learning Repository, 1992: the bottles.
#
# **Next:** lesson 07 gives the outputs a meaning: probabilities, and the loss that belongs to them. Back to the [start page](00_start.ipynb).
