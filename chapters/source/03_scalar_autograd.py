# %% [markdown]
# # Lesson 03 · Scalar autograd
#
# A neural network learns by asking one question over and over: *if I turn this knob a little, does the result
# get better or worse, and how fast?* The answer for one knob is a slope, and a network has thousands of knobs,
# or billions. This lesson is about the method that finds all their slopes in one sweep: **automatic
# differentiation**, autograd for short.
#
# At the end you have written a number type called `Value` that remembers how it was computed and finds its own
# slopes. It takes about a hundred lines, and nothing in it is a trick. Your ordering of the graph then goes into
# learnnn itself and runs its tensors, in this lesson and in later ones.
#
# You need python: functions, classes, lists. From mathematics you need the idea of a slope, and we go through
# that by hand first. Plan two to three hours, in as many sittings as you like.
#
# **How it goes.** Read, guess, run. Where a cell says `YOUR CODE HERE`, write the code, run the cell, and run the
# check below it. A failed check says what it saw. If you are stuck, `course.hint("scalar.mul")` (with the name of
# your exercise) gives three steps of help, one for each call.

# %%
import math

import matplotlib.pyplot as plt

import learnnn as torch
from learnnn import autograd, course, datasets, inspection
from learnnn.course import unfinished

unfinished.explain_unfinished()
kept = course.load_mine()

# %% [markdown]
# ## 1 · The finished thing
#
# Here is what we are after, as learnnn does it (and PyTorch, in the same words). Three numbers go into an
# expression; one line asks for slopes.

# %%
a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(-3.0, requires_grad=True)
c = torch.tensor(10.0, requires_grad=True)

out = a * b + c
out.backward()

print("out =", out.item())
print("slopes of out in a, b, c:", a.grad.item(), b.grad.item(), c.grad.item())

# %% [markdown]
# Read the slopes like this: near these numbers, `out` **falls** by 3 for each unit that `a` grows, rises by 2 for
# each unit of `b`, and moves one for one with `c`.
#
# Nobody told `backward()` what the expression was. It found out from this:

# %%
inspection.graph(out)

# %% [markdown]
# While python worked out `a * b + c` from left to right, each step left a note behind: *what I did, and with which
# numbers*. `backward()` reads these notes from the end to the beginning. That is the whole idea, and you will
# now build it.

# %% [markdown]
# ## 2 · By hand, on paper
#
# ### A slope is what a nudge does
#
# Take `out = a * b + c` with a = 2, b = -3, c = 10. Turn `a` up from 2 to 2.001 and work it out again:
#
# | | a | b | c | a * b | out |
# |---|---|---|---|---|---|
# | before | 2 | -3 | 10 | -6 | 4 |
# | after | 2.001 | -3 | 10 | -6.003 | 3.997 |
#
# The nudge was +0.001, the result moved by -0.003. So the slope is -0.003 / 0.001 = **-3**. The machine can do that
# for all three:

# %%
def f(a, b, c):
    return a * b + c


def slopes_by_nudging(f, *numbers, nudge=0.001):
    """Move one number at a time, and see by how much f moves for it."""
    slopes = []
    for i in range(len(numbers)):
        nudged = list(numbers)
        nudged[i] += nudge
        slopes.append(round((f(*nudged) - f(*numbers)) / nudge, 4))
    return slopes


slopes_by_nudging(f, 2.0, -3.0, 10.0)

# %% [markdown]
# Right, and no way to train a network: it runs the whole calculation once more *for each input*. With a million
# inputs that is a million runs for a single step. We want all slopes for the price of about one more run.
#
# ### Small steps are easy
#
# Break the expression into steps so small that each has a slope you can see at once:
#
# - `m = a * b`. If a grows by a little, m grows by b times as much. (Think of a rectangle with sides a and b: widen
#   a, and you add a strip that is b high.) So m's slope in a is b, and its slope in b is a.
# - `out = m + c`. If m grows by a little, out grows by the same. So the slope is 1, for both inputs.
#
# ### Along a path, multiply
#
# How does `out` move with `a`? `a` moves `m`, and `m` moves `out`. If m moves -3 times as fast as a, and out moves 1
# times as fast as m, then out moves -3 · 1 = -3 times as fast as a. Like gears. This is the **chain rule**.
#
# So start at the end, with a slope of 1 (out moves one for one with itself), and walk back:
#
# | number | value (forward, top to bottom) | used in | slope there | gradient: slope of out (backward, bottom to top) |
# |---|---|---|---|---|
# | a | 2 | m = a * b | b = -3 | -3 · 1 = **-3** |
# | b | -3 | m = a * b | a = 2 | 2 · 1 = **2** |
# | c | 10 | out = m + c | 1 | 1 · 1 = **1** |
# | m | -6 | out = m + c | 1 | 1 · 1 = **1** |
# | out | 4 | (the end) | | **1** |
#
# Two words from here on. The **slope** belongs to one step: how its output moves with one of its inputs. The
# **gradient** of a number is the slope of the *final result* in it, over all the steps in between.

# %% [markdown]
# ### Predict, then run
#
# Now `out = a * b + a`, still with a = 2 and b = -3. The number a is used in two places. What is its gradient?
#
# 1. -3, what it was before
# 2. 1, from the last use
# 3. -2, both together
# 4. -3 · 1 = -3, both multiplied
#
# Decide before you run the next cell.

# %%
slopes_by_nudging(lambda a, b: a * b + a, 2.0, -3.0)

# %% [markdown]
# <details>
# <summary><b>Answer</b> (open it when you have decided)</summary>
#
# It is 3: **-2**. A nudge of a reaches the result on two ways, and both effects happen at the same time, so they
# **add up**: -3 by way of the product, +1 directly, -2 together.
#
# Along a path, multiply. Over different paths, add. All of autograd follows from these two rules.
# </details>

# %% [markdown]
# ## 3 · Rebuild: one step at a time
#
# We write each operation as a function that gives back two things: its **value**, and a tuple with its **slope in each
# input**. The slopes are worked out right there, while the inputs are at hand.
#
# ### Addition
#
# Which numbers does nudging show for a + b? Try a few in your head, then write it.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.add", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def add(a, b):
    """a + b and its slopes: (value, (slope in a, slope in b))."""
    ### BEGIN SOLUTION
    return a + b, (1.0, 1.0)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.add", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("scalar.add", add)
### BEGIN HIDDEN TESTS
assert course.check("scalar.add", add)
### END HIDDEN TESTS

# %% [markdown]
# The check does not know your code. It tries numbers of its own, some fixed and some drawn anew each time, and works the
# slopes out in an entirely different way (with *dual numbers*, see Further reading).
#
# ### Multiplication
#
# You have already met it in the table: the rectangle and its strips. It is the rule that people get the wrong way round.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.mul", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def mul(a, b):
    """a * b and its slopes: (value, (slope in a, slope in b))."""
    ### BEGIN SOLUTION
    return a * b, (b, a)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.mul", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("scalar.mul", mul)
### BEGIN HIDDEN TESTS
assert course.check("scalar.mul", mul)
### END HIDDEN TESTS

# %% [markdown]
# ### Powers
#
# `a ** n`, where n is a plain number that never changes; only a gets a slope. Start from what you know. `a ** 2` is
# `a * a`: two places to nudge, each leaves one other a standing, so the slope is a + a = 2 · a. `a ** 3` is `a * a * a`:
# three places to nudge, each leaves a · a standing. And `a ** n`?
#
# Two things to mind. A tuple with a single entry needs its comma: `(slope,)`. And try `a ** 0` at a = 0 before you run the
# check.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.power", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def power(a, n):
    """a ** n and its slope in a: (value, (slope in a,))."""
    ### BEGIN SOLUTION
    slope = n * a ** (n - 1) if n != 0 else 0.0
    return a**n, (slope,)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.power", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("scalar.power", power)
### BEGIN HIDDEN TESTS
assert course.check("scalar.power", power)
### END HIDDEN TESTS

# %% [markdown]
# ### A squashing function
#
# Neurons need something that is not a straight line. `tanh` squashes every number into the range from -1 to 1: steep in
# the middle, flat at both ends.

# %%
xs = [i / 20 for i in range(-80, 81)]
ts = [math.tanh(x) for x in xs]
figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
axes.plot(xs, ts, color="#2a7ab8", label="t = tanh(a)")
axes.plot(xs, [1 - t * t for t in ts], color="#d3691e", linestyle="--", label="its slope, 1 - t * t")
axes.set(xlabel="a", ylim=(-1.15, 1.15))
axes.grid(alpha=0.3)
axes.legend(loc="lower right", frameon=False)
plt.show()

# %% [markdown]
# Its slope has an unusual form: it can be told from the *output*. With t = tanh(a), the slope is 1 - t · t. (In the picture:
# where the blue line passes 0, the dashed one is at its peak.)

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.tanh", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def tanh(a):
    """tanh(a) and its slope: (value, (slope in a,))."""
    ### BEGIN SOLUTION
    t = math.tanh(a)
    return t, (1 - t**2,)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.tanh", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("scalar.tanh", tanh)
### BEGIN HIDDEN TESTS
assert course.check("scalar.tanh", tanh)
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · Numbers that remember
#
# Your rules know single steps. To walk back over many, every number must remember where it came from. A `Node` holds
#
# - `data`, the number itself, and `grad`, its gradient, 0 until we know better,
# - `parents`, the nodes it was computed from, and `slopes`, one for each parent, in the same order,
# - `op`, a word for the picture.
#
# This one is given; there is nothing clever in it. A node without parents is an **input** (PyTorch says *leaf*).

# %%
class Node:
    """A number that remembers what it was computed from."""

    def __init__(self, data, parents=(), slopes=(), op=""):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.slopes = slopes
        self.op = op

    def __repr__(self):
        return f"Node({self.data})"


def record(op, rule, *parents):
    """Apply a rule to nodes: a new node that remembers its parents and the slopes in them."""
    value, slopes = rule(*[parent.data for parent in parents])
    return Node(value, parents, slopes, op)


def example():
    """m * c + m, with m = a * b, step by step."""
    a, b, c = Node(2.0), Node(3.0), Node(4.0)
    m = record("*", mul, a, b)
    out = record("+", add, record("*", mul, m, c), m)
    return a, b, c, m, out


a, b, c, m, out = example()
print(out, "comes from", out.parents, "with slopes", out.slopes)
inspection.graph(out)

# %% [markdown]
# Follow the lines. `m` (the 6) is used **twice**, once in m * c and once directly. Real networks are full of numbers like it:
# every weight of lesson 04 is used for every example.
#
# ## 5 · In which order?
#
# We walk from `out` backward. Each node will hand gradient to its parents: *slope times my own gradient*. Now picture
# yourself at `m`. It receives one share from the sum, and another from the product. If m hands its gradient on after
# the first share has come, its parents a and b never hear of the second.
#
# **A node may have its turn only after every node that uses it.**
#
# ### Predict, then run
#
# In the graph above (a = 2, b = 3, c = 4), the gradient of m is 1 + 4 = 5, so a should get 3 · 5 = 15. Suppose m gets
# its turn right after `out`, before `m * c`. What does a get?
#
# 1. 15 all the same, as all the shares come in at some time
# 2. 3
# 3. 12
# 4. an error

# %%
a, b, c, m, out = example()
product = out.parents[0]  # m * c
order = [out, m, product, c, a, b]  # m has its turn too early

out.grad = 1.0
for node in order:
    for parent, slope in zip(node.parents, node.slopes):
        parent.grad += slope * node.grad

print("gradient of m:", m.grad, "  gradient of a:", a.grad)

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# It is 2: **3**. When m had its turn it had received 1, from the sum, and passed on 3 · 1. The 4 from the product arrived
# afterwards: m's own gradient reads 5, correctly, but the 4 never travelled on to a and b. There was no error and no
# warning. A network trained in this way learns badly, for no visible reason.
# </details>
#
# A list in which each node comes before its own parents is called a **topological order**. (Often the other direction
# bears the name; it is the same list turned over.)

# %% [markdown]
# ### Write it
#
# You get the root, the final result. List every node that can be reached from it through `.parents`: each **once**, each
# **before its parents**. Use nothing but `.parents`.
#
# A thought to start from. "Before its parents" is hard to know on the way down, but its mirror image is easy: *write a
# node down when all its parents are written down already*. Do that, and turn the list over at the end.
#
# Three traps have caught almost everybody:
#
# - Writing a node down when you first meet it is too early: a longer way to it may still come.
# - A function that calls itself for each parent stops at a depth of 1,000 calls. Real graphs are deeper. Keep a list of
#   things to do (a **stack**: `append` and `pop` at the end).
# - `y = y + y` done 40 times makes 41 nodes and 1,099,511,627,776 paths. Visit nodes, not paths.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.topological_order", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def topological_order(root):
    """Every node reachable from root: each once, each before its parents."""
    ### BEGIN SOLUTION
    finished, seen, stack = [], set(), [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            finished.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))  # come back to it when its parents are done
            for parent in node.parents:
                stack.append((parent, False))
    return finished[::-1]
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.topological_order", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("scalar.topological_order", topological_order)
### BEGIN HIDDEN TESTS
assert course.check("scalar.topological_order", topological_order)
### END HIDDEN TESTS

# %%
a, b, c, m, out = example()
topological_order(out)

# %% [markdown]
# Hold your list against the picture in section 4. The 30 comes first, then 24, then 6, then 2 and 3 in either order; the 4, which is c,
# may stand anywhere after the 24.
#
# ## 6 · The backward pass
#
# All the pieces are there. In words:
#
# 1. The nodes in between forget what an earlier pass left with them: `grad` back to 0 where there are parents. Inputs
#    keep theirs: gradients of several passes add up there. (You will see why at the end of this section.)
# 2. The root gets its gradient: how fast does the result move with itself?
# 3. In topological order, each node hands every parent its share: slope times own gradient. Shares are **added**.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.backward", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def backward(root):
    """Fill in .grad for every node that root depends on."""
    ### BEGIN SOLUTION
    order = topological_order(root)
    for node in order:
        if node.parents:
            node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.backward", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("scalar.backward", backward)
### BEGIN HIDDEN TESTS
assert course.check("scalar.backward", backward)
### END HIDDEN TESTS

# %% [markdown]
# Now on the graph from section 4. The picture shows each number, and its gradient beside it.

# %%
a, b, c, m, out = example()
backward(out)
inspection.graph(out)

# %% [markdown]
# Check two of them by hand: m gets 1 + 4 = 5, and a gets 3 · 5 = 15. And nudging agrees:

# %%
slopes_by_nudging(lambda a, b, c: a * b * c + a * b, 2.0, 3.0, 4.0)

# %% [markdown]
# ### Predict, then run
#
# `a.grad` is 15 now. We call `backward(out)` once more, on the same graph. What will be in `a.grad`?
#
# 1. 15: the slope has not changed
# 2. 30
# 3. 57
# 4. an error

# %%
a, b, c, m, out = example()
backward(out)
backward(out)
print("gradient of a:", a.grad)

# %% [markdown]
# <details>
# <summary><b>Answer</b></summary>
#
# It is 2: **30**, 15 from each pass. That is what you wrote: inputs collect. It looks like a nuisance here, and it is wanted: when a
# weight takes part in two losses, or in many small batches, its gradients have to be added up. PyTorch does the same, and
# it is why every training loop there says `optimizer.zero_grad()`. Forgetting it is the best known bug of all.
#
# (57 is what comes out when nodes in between do *not* start over: they pass on their old gradient a second time. You
# will see it in section 8.)
# </details>

# %% [markdown]
# ## 7 · Value
#
# Writing `record("+", add, record("*", mul, m, c), m)` is no way to live. Python lets a class say what `+` and `*`
# mean: `a + b` calls `a.__add__(b)`. So we put it all into a class, and expressions write themselves down.
#
# Addition is given as the pattern. Some help for the rest:
#
# - A plain number may stand on either side. In `a + 3`, wrap the 3 in a `Value` (there is `as_value` for it). For `3 + a` python
#   asks the 3 first, which knows nothing of Values, and then calls `a.__radd__(3)`. In `__rsub__` and `__rtruediv__`, mind who
#   stands on the left.
# - Negation, subtraction and division need no slopes of their own: a - b is a + (-1) · b, and a / b is a · b ** -1.
# - The exponent in `a ** n` stays a plain number. To give `record_value` a rule with one input, write
#   `lambda a: power(a, n)`.
# - `exp` is the function that is its own slope. The slope of `log` at a is 1 / a. `relu` lets positive numbers through and turns
#   the others into 0: think what a nudge does on each side.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.Value", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Value:
    """A number that remembers how it was computed, and finds its own slopes."""

    def __init__(self, data, parents=(), slopes=(), op=""):
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.slopes = slopes
        self.op = op

    def __repr__(self):
        return f"Value({self.data:g})"

    def __add__(self, other):
        return record_value("+", add, self, as_value(other))

    def __mul__(self, other):
        ### BEGIN SOLUTION
        return record_value("*", mul, self, as_value(other))
        ### END SOLUTION

    def __pow__(self, n):
        ### BEGIN SOLUTION
        return record_value(f"**{n}", lambda a: power(a, n), self)
        ### END SOLUTION

    def tanh(self):
        ### BEGIN SOLUTION
        return record_value("tanh", tanh, self)
        ### END SOLUTION

    def exp(self):
        ### BEGIN SOLUTION
        e = math.exp(self.data)
        return Value(e, (self,), (e,), "exp")
        ### END SOLUTION

    def log(self):
        ### BEGIN SOLUTION
        return Value(math.log(self.data), (self,), (1 / self.data,), "log")
        ### END SOLUTION

    def relu(self):
        ### BEGIN SOLUTION
        return Value(max(0.0, self.data), (self,), (1.0 if self.data > 0 else 0.0,), "relu")
        ### END SOLUTION

    def __neg__(self):
        ### BEGIN SOLUTION
        return self * -1
        ### END SOLUTION

    def __sub__(self, other):
        ### BEGIN SOLUTION
        return self + (-as_value(other))
        ### END SOLUTION

    def __truediv__(self, other):
        ### BEGIN SOLUTION
        return self * as_value(other) ** -1
        ### END SOLUTION

    def __radd__(self, other):  # other + self
        ### BEGIN SOLUTION
        return self + other
        ### END SOLUTION

    def __rmul__(self, other):  # other * self
        ### BEGIN SOLUTION
        return self * other
        ### END SOLUTION

    def __rsub__(self, other):  # other - self
        ### BEGIN SOLUTION
        return as_value(other) - self
        ### END SOLUTION

    def __rtruediv__(self, other):  # other / self
        ### BEGIN SOLUTION
        return as_value(other) / self
        ### END SOLUTION

    def backward(self):
        ### BEGIN SOLUTION
        backward(self)
        ### END SOLUTION


def as_value(x):
    """x itself if it is a Value already, else x wrapped in one."""
    return x if isinstance(x, Value) else Value(x)


def record_value(op, rule, *parents):
    """As `record`, with Values."""
    value, slopes = rule(*[parent.data for parent in parents])
    return Value(value, parents, slopes, op)

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.Value", "solution": false, "grade": true, "locked": true, "points": 3, "schema_version": 3, "task": false}
course.check("scalar.Value", Value)
### BEGIN HIDDEN TESTS
assert course.check("scalar.Value", Value)
### END HIDDEN TESTS

# %% [markdown]
# Lesson 04 builds a network on it, so keep it: `course.use` checks it once more and puts its source into your folder `mine`, with all that it needs.

# %%
course.use("scalar.Value", Value)

# %% [markdown]
# Compare with section 1. The lines are the same, and now every one of them is yours.

# %%
a, b, c = Value(2.0), Value(-3.0), Value(10.0)
out = a * b + c
out.backward()
print("out =", out.data)
print("slopes of out in a, b, c:", a.grad, b.grad, c.grad)

# %% [markdown]
# ### Look inside
#
# Something bigger: a neuron from lesson 01, with two inputs, two weights, a bias and tanh. Read the picture from its right end:
# the gradient of the output is 1; find the places where it shrinks, and why. (How flat is tanh there?)

# %%
x1, x2 = Value(2.0), Value(0.5)
w1, w2, bias = Value(-0.5), Value(1.0), Value(1.5)

neuron = (x1 * w1 + x2 * w2 + bias).tanh()
neuron.backward()
inspection.graph(neuron)

# %% [markdown]
# Change numbers and run it again. With `bias = Value(6.0)` the neuron is *saturated*: tanh is flat there, and next to nothing of the
# gradient gets through to the weights. A network whose neurons are all in this state has stopped learning. Keep this in mind;
# lesson 06 is about it.

# %% [markdown]
# ## 8 · Break it on purpose
#
# You know an engine when you know how it fails. Three small sabotages of `backward`, each of them a thing people really write. The
# graph is the one from before: m = a · b, out = m · c + m, at a = 2, b = 3, c = 4, where the gradients of a, b, c should
# be 15, 10 and 6.
#
# Before you run it: which of the three goes wrong *in the first call*?

# %%
def overwriting(root):
    root.grad = 1.0
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad = slope * node.grad  # = instead of +=


def upside_down(root):
    root.grad = 1.0
    for node in topological_order(root)[::-1]:  # inputs first
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad


def forgetting_nothing(root):
    root.grad = 1.0  # and the nodes in between keep what they had
    for node in topological_order(root):
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad


def gradients_after(sweep, calls):
    a, b, c = Value(2.0), Value(3.0), Value(4.0)
    m = a * b
    out = m * c + m
    for _ in range(calls):
        sweep(out)
    return f"{a.grad:>6g} {b.grad:>6g} {c.grad:>6g}"


print(f"{'':20}{'after one call':27}after two")
print(f"{'gradient of':20}{'a':>6} {'b':>6} {'c':>6}    {'a':>6} {'b':>6} {'c':>6}")
for sweep in (backward, overwriting, upside_down, forgetting_nothing):
    print(f"{sweep.__name__:20}{gradients_after(sweep, 1):24}{gradients_after(sweep, 2)}")

# %% [markdown]
# <details>
# <summary><b>What happened</b></summary>
#
# - **overwriting** is wrong at once, wherever a number is used twice. m receives 1 and 4, and keeps only the one that came
#   last. (On an expression in which every number is used once, it would be right. A test on `a * b + c` does not find this bug.)
# - **upside_down** leaves all three inputs at 0: they sit two steps from the root, and when the nodes in between had their turn they
#   held nothing to pass on. The second call finds something, left over from the first, and passes on the past.
# - **forgetting_nothing** is right the first time. The second time, m·c and m pass on the gradient of both calls, and a reads
#   57 where 30 belongs. Bugs that show only in the second call are the ones that reach the training loop.
# </details>
#
# Can you make a graph on which `upside_down` is right? (There is one with two numbers.) On which *all* of them are right?

# %%
# a cell to play in

# %% [markdown]
# ## 9 · Use it: a neuron that learns flowers
#
# The iris data that R. A. Fisher published in 1936, from Edgar Anderson's measurements: petal length and width of two
# species that look alike, *versicolor* and *virginica*, 50 flowers each. One neuron is to tell them apart: towards -1 for one, +1 for the other.

# %%
measurements, species = datasets.iris()
rows = [(float(x[2]), float(x[3]), -1.0 if y == 1 else 1.0) for x, y in zip(measurements, species) if y > 0]
length, width = sum(r[0] for r in rows) / 100, sum(r[1] for r in rows) / 100
flowers = [(x1 - length, x2 - width, t) for x1, x2, t in rows]  # measured from the average flower

print(len(flowers), "flowers; the first:", rows[0])

# %% [markdown]
# The loss is the mean of the squared misses. A step is what lesson 02 calls gradient descent: each knob goes a little
# against its gradient, since the gradient points uphill. Look at the line that makes new Values: a fresh graph and fresh gradients
# in every step, so nothing from the last step is left.

# %%
def loss_of(w1, w2, bias, flowers):
    total = 0
    for x1, x2, target in flowers:
        guess = (x1 * w1 + x2 * w2 + bias).tanh()
        total = total + (guess - target) ** 2
    return total / len(flowers)


def train(flowers, steps=60):
    knobs, losses = [0.0, 0.0, 0.0], []
    for _ in range(steps):
        values = [Value(knob) for knob in knobs]
        loss = loss_of(*values, flowers)
        loss.backward()
        losses.append(loss.data)
        knobs = [v.data - 0.5 * v.grad for v in values]
    return knobs, losses, len(topological_order(loss))


knobs, losses, nodes = train(flowers)
print(f"loss {losses[0]:.4f} at the start, {losses[-1]:.4f} at the end; {nodes} nodes in the graph of a step")

# %%
def side(x1, x2):
    return 1.0 if x1 * knobs[0] + x2 * knobs[1] + knobs[2] > 0 else -1.0


right = sum(side(x1, x2) == target for x1, x2, target in flowers)
print(f"{right} of {len(flowers)} flowers on their own side of the line")

figure, (left_axes, axes) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left_axes.plot(losses, color="#2a7ab8")
left_axes.set(xlabel="step", ylabel="loss", title="Sixty steps downhill", ylim=(0, None))
for target, name, colour, marker in ((-1, "versicolor", "#2a7ab8", "o"), (1, "virginica", "#d3691e", "^")):
    chosen = [row for row in rows if row[2] == target]
    axes.scatter([r[0] for r in chosen], [r[1] for r in chosen], s=22, c=colour, marker=marker, label=name, alpha=0.8)
ends = (2.8, 7.0)
axes.plot(ends, [width - (knobs[0] * (x - length) + knobs[2]) / knobs[1] for x in ends], color="#444", linewidth=1.5)
axes.set(xlabel="petal length (cm)", ylabel="petal width (cm)", ylim=(0.9, 2.7), xlim=ends, title="Where the neuron says 0")
axes.legend(frameon=False, loc="lower right")
plt.show()

# %% [markdown]
# A handful stay on the wrong side. That is not the engine's fault: in these two measurements the species overlap, and one straight line
# is all that a single neuron has. In lesson 04 you put several of them together.
#
# Here is the squared miss of a single flower, as a graph. You would have had to differentiate this by hand, a hundred times over, in
# each of the sixty steps.

# %%
w1, w2, bias = (Value(knob) for knob in knobs)
x1, x2, target = (Value(number) for number in flowers[0])

squared_miss = ((x1 * w1 + x2 * w2 + bias).tanh() - target) ** 2
squared_miss.backward()
inspection.graph(squared_miss)

# %% [markdown]
# ## 10 · The shipped source beside your own
#
# This is the ordering that learnnn comes with, live from the installed file:

# %%
import inspect

course.restore("scalar.topological_order")  # learnnn's own again, in case yours is in use from an earlier sitting
print(inspect.getsource(autograd.topological_order))

# %% [markdown]
# It is shorter than yours, and it uses one thing that you were not allowed: every node of learnnn carries a number, `order`, counted up when it is
# made. A node is always made after its parents. So it is enough to collect all nodes and sort them, newest first. (Why does
# that put each node before its parents?)
#
# And this is learnnn's backward pass. It has more to do than yours (arrays, hooks, freeing memory on the way, gradients
# of gradients), but look for the three things you know: the order, the gradient it starts with, and the sum.

# %%
print(inspect.getsource(autograd.sweep))

# %% [markdown]
# ### Put yours in
#
# Both use nothing of a node but what you used. So yours fits. `course.use` checks it, keeps it in your folder, and from then on
# learnnn runs it, in this notebook and in later lessons.

# %%
course.use("scalar.topological_order", topological_order)

# %% [markdown]
# Now the same neuron once more, with learnnn's tensors: all hundred flowers in one array, the loop over flowers gone, and
# your order under it. Compare the losses with those of section 9.

# %% tags=["shipped"]
X = torch.tensor([[x1, x2] for x1, x2, _ in flowers])  # (100, 2)
targets = torch.tensor([[t] for _, _, t in flowers])  # (100, 1)
weights = torch.zeros(2, 1, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)

tensor_losses = []
for _ in range(60):
    loss = (((X @ weights + bias).tanh() - targets) ** 2).mean()
    loss.backward()
    tensor_losses.append(loss.item())
    with torch.no_grad():
        for knob in (weights, bias):
            knob -= 0.5 * knob.grad
            knob.grad = None

print("learnnn runs your order:", autograd.topological_order is topological_order)
for step in (0, 10, 59):
    print(f"step {step:2}:  your Value {losses[step]:.5f}   tensors {tensor_losses[step]:.5f}")
print("nodes in the last graph:", len(topological_order(loss.grad_fn)))

# %% [markdown]
# The same numbers, from a graph of eight nodes in place of one with more than a thousand; nothing else has changed. What is
# inside those eight nodes is lesson 05.
#
# ## 11 · The same lines in PyTorch
#
# learnnn has PyTorch's names, so there is not much to translate. Only the import differs:
#
# ```python
# import torch
#
# a = torch.tensor(2.0, requires_grad=True)
# b = torch.tensor(-3.0, requires_grad=True)
# c = torch.tensor(10.0, requires_grad=True)
#
# out = a * b + c
# out.backward()
# print(a.grad, b.grad, c.grad)      # tensor(-3.) tensor(2.) tensor(1.)
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `v.data` | `t.item()` | the number |
# | `v.grad` | `t.grad` | `None` there until a backward has come by, and kept only for inputs (leaves) |
# | `v.parents`, `v.slopes` | `t.grad_fn`, `t.grad_fn.next_functions` | what was recorded |
# | `backward` twice on one graph | `out.backward(retain_graph=True)`, then again | PyTorch frees the graph after one pass, unless told not to |
# | inputs collect | inputs collect | hence `optimizer.zero_grad()` |

# %% [markdown]
# ## 12 · Exercises
#
# ### Graded: the larger of two
#
# `max(a, b)` is a step like the others, and networks use it all the time (max pooling, in lesson 11). Nudge the
# larger one, and the result follows; nudge the smaller one, and nothing happens. And when both are equal? Then a nudge
# upward and a nudge downward disagree, and one has to choose. Give each **half**, as PyTorch's `torch.maximum` does.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.maximum", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def maximum(a, b):
    """max(a, b) and its slopes: (value, (slope in a, slope in b))."""
    ### BEGIN SOLUTION
    if a == b:
        return a, (0.5, 0.5)
    return max(a, b), ((1.0, 0.0) if a > b else (0.0, 1.0))
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.maximum", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("scalar.maximum", maximum)
### BEGIN HIDDEN TESTS
assert course.check("scalar.maximum", maximum)
### END HIDDEN TESTS

# %% [markdown]
# ### Graded: Newton's method
#
# Gradients are good for more than going downhill. Where is f zero? Stand at x. If f were a straight line with the slope it has here,
# it would be zero at x - f(x) / slope. Go there and do it again. Newton's method closes in astonishingly fast, and the
# slope is what you have just learned to get for free.
#
# `f` is a function that takes a `Value` and gives a `Value`. Start at x, take `steps` steps, give back a plain number.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.newton", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def newton(f, x, steps=10):
    """Where f is 0, found from x."""
    ### BEGIN SOLUTION
    for _ in range(steps):
        value = Value(x)
        out = f(value)
        out.backward()
        x = x - out.data / value.grad
    return x
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.newton", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("scalar.newton", newton)
### BEGIN HIDDEN TESTS
assert course.check("scalar.newton", newton)
### END HIDDEN TESTS

# %% [markdown]
# A question from life: someone lends you 250 today and wants 100 back at the end of each of the next three years. What
# yearly interest is that? A payment after n years is worth 100 / r ** n today, where r is 1 plus the rate; find the r at which the payments
# are worth 250. No formula gives it in one line. Newton does:

# %%
def left_to_pay(r):
    return 100 / r + 100 / r**2 + 100 / r**3 - 250


rate = newton(left_to_pay, 1.1) - 1
print(f"{100 * rate:.3f} % a year")

# %% [markdown]
# ### Predict, then run
#
# On paper first:
#
# ```python
# a = Value(3.0)
# b = a * a
# c = b * a
# b.backward()
# c.backward()
# ```
#
# What are `a.grad`, `b.grad` and `c.grad` in the end? Fill in your three numbers. The check says right or wrong, and if your number is
# a well-known slip, which; then run the cell after it.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """a.grad, b.grad and c.grad after both calls."""
    ### BEGIN SOLUTION
    # b.backward():  a gets 3 + 3 = 6
    # c.backward():  b starts over and gets 3; a gets 9 directly and 3 * 6 = 18 through b: 6 + 9 + 18 = 33
    return 33, 3, 1
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("scalar.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("scalar.predict", prediction)
### END HIDDEN TESTS

# %%
a = Value(3.0)
b = a * a
c = b * a
b.backward()
c.backward()
print("a.grad, b.grad, c.grad:", a.grad, b.grad, c.grad)

# %% [markdown]
# ### Find the bug
#
# A colleague's Value, with an addition of their own: `+=`. Every test they wrote passes. Then they fit a line through three points by
# adding up the squared misses, and it goes exactly through the first point, as if the others were not there.

# %%
class Broken:
    def __init__(self, data, parents=(), slopes=(), op=""):
        self.data, self.grad = data, 0.0
        self.parents, self.slopes, self.op = parents, slopes, op

    def make(self, data, parents, slopes, op):
        return type(self)(data, parents, slopes, op)

    def wrap(self, x):
        return x if isinstance(x, Broken) else self.make(x, (), (), "")

    def __add__(self, other):
        other = self.wrap(other)
        return self.make(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __iadd__(self, other):
        other = self.wrap(other)
        self.data += other.data
        return self

    def __mul__(self, other):
        other = self.wrap(other)
        return self.make(self.data * other.data, (self, other), (other.data, self.data), "*")

    def backward(self):
        order = topological_order(self)
        for node in order:
            node.grad = 0.0 if node.parents else node.grad
        self.grad = 1.0
        for node in order:
            for parent, slope in zip(node.parents, node.slopes):
                parent.grad += slope * node.grad


def fit(Number, points, steps=1000):
    """A line through the points: slope w and height h, by gradient descent."""
    w, h = 0.0, 0.0
    for _ in range(steps):
        knobs = Number(w), Number(h)
        misses = [knobs[0] * x + knobs[1] + -y for x, y in points]
        total = misses[0] * misses[0]
        for miss in misses[1:]:
            total += miss * miss
        total.backward()
        w, h = w - 0.02 * knobs[0].grad, h - 0.02 * knobs[1].grad
    return w, h


points = [(1.0, 1.0), (2.0, 3.0), (3.0, 5.0)]  # all on the line y = 2 * x - 1
w, h = fit(Broken, points)
print(f"y = {w:.2f} * x + {h:.2f}")
for x, y in points:
    print(f"at x = {x:g}: {w * x + h:.2f}, should be {y:g}")

# %% [markdown]
# What is the cause?
#
# - **A** the two slopes of `*` are swapped
# - **B** a gradient is overwritten where it should be added to
# - **C** `+=` changes the number in place, and what was added leaves no trace in the graph
# - **D** the root never gets its gradient of 1
# - **E** parents have their turn before the nodes that use them
#
# Repair it (a subclass of `Broken` that writes one method anew is enough), and give back the repaired class together with the letter.

# %% tags=["exercise"] nbgrader={"grade_id": "scalar.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired class, the letter of the cause)."""
    ### BEGIN SOLUTION

    class Repaired(Broken):
        def __iadd__(self, other):
            return self + other  # a new number that knows both parents

    return Repaired, "C"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.scalar.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("scalar.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("scalar.find_the_bug", repair)
### END HIDDEN TESTS

# %%
w, h = fit(repair()[0], points)
print(f"y = {w:.2f} * x + {h:.2f}")

# %% [markdown]
# In PyTorch `+=` changes a tensor in place as well. But it is recorded like every other step, and PyTorch counts the changes: a backward pass that
# would need a number which has been overwritten since is refused ("modified by an inplace operation"). learnnn does the same.
#
# ### To go on with, ungraded
#
# - Add `sin` and `cos` to your Value. Check them by nudging.
# - `sqrt` is a power. Where does its slope cause trouble?
# - Give `Value` a method `graph()` that shows its own picture.
# - How many nodes does `loss` of section 9 have for n flowers? Find the formula, then count with `topological_order`.
# - With `a ** n`, let n be a Value too. (Hint: a ** n = exp(n · log a). What does that demand of a?)
#
# ## 13 · What you have now, and where to read on
#
# A number type that records what happens to it, an order in which gradients may travel, and a sweep that adds up over paths what it has
# multiplied along them. PyTorch's engine does this with arrays in place of numbers, and with a great deal of care for speed and memory.
# In lesson 04 your `Value` carries a small network; lesson 05 replaces its numbers by arrays.
#
# - Andrej Karpathy, [micrograd](https://github.com/karpathy/micrograd): a `Value` like yours with its network, in two short files, and the lecture
#   that builds it. Compare how it stores the backward step: as a little function in each node, where you keep slopes.
# - A. G. Baydin, B. A. Pearlmutter, A. A. Radul, J. M. Siskind, [Automatic Differentiation in Machine Learning: a Survey](https://arxiv.org/abs/1502.05767),
#   Journal of Machine Learning Research 18, 2018. Section 3 has forward mode with dual numbers (what checks your exercises here) and reverse mode (what you built).
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*, Nature 323, 1986: the four pages that made
#   it the way to train networks.
# - PyTorch, [Autograd mechanics](https://pytorch.org/docs/stable/notes/autograd.html): how the real engine records, saves and frees.
#
# **Next:** back to the [start page](00_start.ipynb), or on to [lesson 05, tensor autograd](05_tensor_autograd.ipynb).
