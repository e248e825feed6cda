# %% [markdown]
# # Lesson 04 · A network of Values
#
# One neuron draws one straight line. In lesson 03 it divided two species of iris, and a handful of flowers stayed on the wrong
# side, whatever we did. This lesson puts several neurons together: some look at the point, others look at what those have said.
# That is a **multilayer perceptron**, MLP for short, and it can bend its line.
#
# You write it from nothing but the `Value` of lesson 03: a neuron, a layer, a network, a loss, and the loop that trains it.
# There is no new mathematics. Your `backward` already knows how to send a gradient through any expression, and a network is
# only a long one.
#
# At the end your network separates two half moons that no line can separate, you have watched it do so, you have broken it in three
# ways that every practitioner meets, and you know exactly why nobody builds real networks like this.
#
# You need lesson 03, and the idea of a step downhill from lesson 02. Plan two to three hours. As before: where a cell says `YOUR CODE HERE`,
# write the code, run the cell, and run the check below it. `course.hint("mlp.Layer")` helps in three steps.

# %%
import inspect
import math
import random

import matplotlib.pyplot as plt

import learnnn as torch
from learnnn import autograd, course, datasets, inspection, nn
from learnnn.course import unfinished

unfinished.explain_unfinished()
kept = course.load_mine()

# %% [markdown]
# ## 1 · The finished thing
#
# The points form two half moons that reach into each other. (They are drawn by a formula, with some noise. You can see at a glance whether a
# network has understood them, and that is why everybody begins here.) A network of eight neurons and one more has looked at them 1,400 times, a
# few at a time.

# %%
playground = inspection.playground("moons", layers=(8,), learning_rate=0.3, noise=0.1)
playground.step(1400)
playground

# %% [markdown]
# Each of the small pictures is one neuron, and what it says about every point of the plane. Look at the hidden ones, in the middle column. Every one of them
# is a soft **straight** edge. The last picture is their weighted sum, squashed, and it is bent.
#
# In a notebook you can play: start it over, take neurons away until it fails, make the noise large, drag a weight. How few neurons are enough?
# Come back when you have a guess. You are about to build what is in there.
#
# ## 2 · By hand, on paper
#
# ### What one neuron cannot do
#
# Four points. The targets say "one of the two, but not both":
#
# | x1 | x2 | target |
# |---|---|---|
# | 0 | 0 | no |
# | 1 | 0 | yes |
# | 0 | 1 | yes |
# | 1 | 1 | no |
#
# Draw them, and try to separate yes from no with one straight line. It cannot be done: the two yes points lie on one diagonal, the two no points on
# the other, and the diagonals cross. Marvin Minsky and Seymour Papert wrote a book about such limits in 1969, and for years many took it for the end of the subject.
#
# ### What three can do
#
# Take two neurons that fire (1) or not (0), as in lesson 01, and a third that looks **only at those two**:
#
# - `a` fires if x1 + x2 > 0.5: at least one of them is there
# - `b` fires if x1 + x2 > 1.5: both are there
# - `out` fires if a - b > 0.5: at least one, but not both
#
# | x1 | x2 | a | b | a - b | out |
# |---|---|---|---|---|---|
# | 0 | 0 | 0 | 0 | 0 | no |
# | 1 | 0 | 1 | 0 | 1 | yes |
# | 0 | 1 | 1 | 0 | 1 | yes |
# | 1 | 1 | 1 | 1 | 0 | no |
#
# `a` and `b` have moved the points: what was at (1, 0) and what was at (0, 1) is now at the same place, (a, b) = (1, 0). In the new place a line is enough. This is
# what hidden layers do. They do not answer the question, they **restate** it, until it is easy.

# %%
def fires(total, threshold):
    return 1 if total > threshold else 0


def one_but_not_both(x1, x2):
    a, b = fires(x1 + x2, 0.5), fires(x1 + x2, 1.5)
    return fires(a - b, 0.5)


[one_but_not_both(x1, x2) for x1, x2 in ((0, 0), (1, 0), (0, 1), (1, 1))]

# %% [markdown]
# ### Predict, then run
#
# We set these weights by hand. Suppose somebody leaves the firing out, as a needless complication: two neurons that just give back their weighted sums, and a third that
# takes a weighted sum of those. For one input x:
#
# - `a = 2 * x + 1`
# - `b = -x + 3`
# - `out = a - 2 * b + 1`

# %%
def without_firing(x):
    a, b = 2 * x + 1, -x + 3
    return a - 2 * b + 1


inspection.predict(
    "out at x = 0 is -4. By how much does it grow from x = 0 to 1, and by how much from x = 100 to 101?",
    lambda: [without_firing(1) - without_firing(0), without_firing(101) - without_firing(100)],
)

# %% [markdown]
# <details>
# <summary><b>Why</b> (open it when you have committed to two numbers)</summary>
#
# out = (2x + 1) - 2 · (-x + 3) + 1 = 4x - 4, so it is 4 here and 4 there. A weighted sum of weighted sums is a weighted sum.
# </details>
#
# One straight line, with one slope everywhere. You could have had it with a single neuron, and a hundred layers would not change that. All that layers can do, they can do because of
# the **bend** between them. We use `tanh`, a firing that is soft, so that it has slopes.
#
# ### Whose fault is it?
#
# How does a hidden neuron learn? Nobody tells it what it should have said. Take the smallest network there is, one hidden neuron and one after it:
#
# `h = tanh(w * x + b)`,  `score = v * h + c`,  with x = 1, w = 3, b = -3, v = -2, c = 1. The target is -1, the loss the squared miss, (score - target)².
#
# Forward: w · x + b = 0, so h = tanh(0) = 0, so score = 1, so the miss is 2 and the loss 4. Backward, as in lesson 03, from the end:
#
# | number | used in | slope there | gradient |
# |---|---|---|---|
# | score | (score - target)² | 2 · miss = 4 | **4** |
# | c | v · h + c | 1 | 4 · 1 = **4** |
# | v | v · h + c | h = 0 | 4 · 0 = **0** |
# | h | v · h + c | v = -2 | 4 · -2 = **-8** |
# | w · x + b | tanh | 1 - h² = 1 | -8 · 1 = **-8** |
# | b | w · x + b | 1 | -8 · 1 = **-8** |
# | w | w · x + b | x = 1 | -8 · 1 = **-8** |
#
# Read the line of `h`. The score is too high by 2, and h takes part in it by way of v = -2. So h is told: *you should have been larger*. The blame arrives at the hidden neuron multiplied by
# the weight that listens to it. If nobody listens (v = 0), no blame comes, and it learns nothing. Keep that for section 8.
#
# Rumelhart, Hinton and Williams published this in 1986 under the name back-propagation. You have it already: it is your `backward`.

# %% [markdown]
# ## 3 · Rebuild: a neuron
#
# ### Your Value
#
# If you kept your `Value` with `course.use("scalar.Value", Value)` in lesson 03, it carries this lesson. If not, take one just like it, or go back for a minute and keep yours.

# %%
Value = course.mine("scalar.Value", default=course.find("scalar.Value").solution)

x, w = Value(3.0), Value(-2.0)
out = x * w + 1
out.backward()
print(out.data, x.grad, w.grad)

# %% [markdown]
# ### Neuron
#
# In lesson 03 the neuron was a line of code: `(x1 * w1 + x2 * w2 + bias).tanh()`. Now it becomes a class, for any number of inputs, that keeps its own weights and can **list** them.
#
# - `Neuron(inputs, rng)` draws a weight for each input, a number from -1 to 1: `rng.uniform(-1, 1)`. The `rng` is a `random.Random`, python's generator of random numbers; with the same seed it
#   draws the same numbers again. The bias starts at 0.
# - `neuron(x)` takes a list of as many numbers (or Values) and gives back tanh of the weighted sum plus bias. With `linear=True` it leaves tanh out; the very last neuron of a network will need that.
#   (Python calls `__call__` when you write `neuron(x)`.)
# - `neuron.parameters()` lists the Values that can be trained: the weights in their order, then the bias.
#
# The check uses your notebook's `Value`. It puts numbers of its own into the parameters, nudges them one by one, and compares.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.Neuron", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Neuron:
    """tanh of a weighted sum plus bias; the sum itself where linear."""

    def __init__(self, inputs, rng, linear=False):
        ### BEGIN SOLUTION
        self.weights = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.bias = Value(0.0)
        self.linear = linear
        ### END SOLUTION

    def __call__(self, x):
        ### BEGIN SOLUTION
        total = self.bias
        for weight, number in zip(self.weights, x):
            total = total + weight * number
        return total if self.linear else total.tanh()
        ### END SOLUTION

    def parameters(self):
        ### BEGIN SOLUTION
        return [*self.weights, self.bias]
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.Neuron", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("mlp.Neuron", Neuron)
### BEGIN HIDDEN TESTS
assert course.check("mlp.Neuron", Neuron)
### END HIDDEN TESTS

# %% [markdown]
# A new neuron, and what it says. Run the cell a few times with other seeds.

# %%
neuron = Neuron(2, random.Random(0))
print("parameters:", [round(p.data, 3) for p in neuron.parameters()])
print("at (1, 0):", round(neuron([1.0, 0.0]).data, 3))
print("at (0, 1):", round(neuron([0.0, 1.0]).data, 3))

# %% [markdown]
# ## 4 · Layers
#
# ### Layer
#
# A layer is a row of neurons side by side. They all get the **same** x, and each gives its own answer. Nothing is computed here that a Neuron does not do; the layer makes them, asks them, and collects.
#
# `Layer(inputs, outputs, rng, linear=False)` has `outputs` neurons with `inputs` inputs each. `layer(x)` is the list of their answers, `layer.parameters()` one flat list of all their parameters.
#
# One trap is set for you. Python's `[thing] * 3` does not make three things.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.Layer", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class Layer:
    """Neurons side by side: from `inputs` numbers to `outputs` numbers."""

    def __init__(self, inputs, outputs, rng, linear=False):
        ### BEGIN SOLUTION
        self.neurons = [Neuron(inputs, rng, linear) for _ in range(outputs)]
        ### END SOLUTION

    def __call__(self, x):
        ### BEGIN SOLUTION
        return [neuron(x) for neuron in self.neurons]
        ### END SOLUTION

    def parameters(self):
        ### BEGIN SOLUTION
        return [p for neuron in self.neurons for p in neuron.parameters()]
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.Layer", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("mlp.Layer", Layer)
### BEGIN HIDDEN TESTS
assert course.check("mlp.Layer", Layer)
### END HIDDEN TESTS

# %% [markdown]
# ### MLP
#
# And a network is layers one **after** the other: what comes out of one goes into the next. `MLP(2, [8, 4], rng)` takes 2 numbers through a layer of 8 and a layer of 4 to a single linear neuron at the end.
#
# Why is the last one linear? Its answer is a **score**: above 0 says one class, below 0 the other, and far from 0 says it with confidence. tanh would forbid it to be confident.
#
# `network(x)` gives back that one Value, not a list with one entry.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.MLP", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class MLP:
    """Layers one after the other: tanh layers as wide as `hidden` says, then one linear neuron."""

    def __init__(self, inputs, hidden, rng):
        ### BEGIN SOLUTION
        self.layers = []
        for width in hidden:
            self.layers.append(Layer(inputs, width, rng))
            inputs = width
        self.layers.append(Layer(inputs, 1, rng, linear=True))
        ### END SOLUTION

    def __call__(self, x):
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer(x)
        return x[0]
        ### END SOLUTION

    def parameters(self):
        ### BEGIN SOLUTION
        return [p for layer in self.layers for p in layer.parameters()]
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.MLP", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("mlp.MLP", MLP)
### BEGIN HIDDEN TESTS
assert course.check("mlp.MLP", MLP)
### END HIDDEN TESTS

# %% [markdown]
# How many knobs does the network of section 1 have? It has 2 inputs, 8 hidden neurons and 1 at the end. Count on paper before you look.

# %%
knobs = MLP(2, [8], random.Random(0)).parameters()
inspection.predict(
    "How many parameters has MLP(2, [8], rng), weights and biases together?",
    lambda: len(knobs),
)

# %% [markdown]
# <details>
# <summary><b>Why</b></summary>
#
# Each hidden neuron has 2 weights and a bias: 8 times 3. The last one has 8 weights and a bias.
# </details>
#
# ### Look inside
#
# Here is a small one, with two hidden neurons, at one point, after `backward()`. In a notebook press play, and watch the values come down and the gradients go up.

# %%
small = MLP(2, [2], random.Random(1))
score = small([0.5, -1.0])
score.backward()
inspection.graph(score, direction="down")

# %% [markdown]
# Find the two hidden neurons: each is a little tree that ends in a tanh. They never meet before the end, where each is multiplied by the weight that listens to it. And find a weight whose gradient is small. Why is
# it? A small input is one reason. The other two are further on: a tanh that is flat where it stands, and somebody who hardly listens. Which is it here?

# %% [markdown]
# ## 5 · What is a good score?
#
# Targets are +1 for one class and -1 for the other. We want one number that says how bad the scores are, and that has slopes. Three candidates for a point with target t and score s:
#
# - the **squared miss** (s - t)², as in lesson 03;
# - the **hinge**: relu(1 - t · s). Nothing to pay once the score is right by 1;
# - the **logistic** loss: log(1 + exp(-t · s)), the hinge with its corner rounded off. It is the one whose neuron you met in lesson 01.
#
# What do they make of a point with target +1?

# %%
candidates = {
    "squared miss": lambda s: (s - 1) ** 2,
    "hinge": lambda s: max(0.0, 1 - s),
    "logistic": lambda s: math.log(1 + math.exp(-s)),
}
print(f"{'score':>14}" + "".join(f"{s:>8g}" for s in (-2, 0, 1, 3, 5)))
for name, price in candidates.items():
    print(f"{name:>14}" + "".join(f"{price(s):>8.2f}" for s in (-2, 0, 1, 3, 5)))

figure, axes = plt.subplots(figsize=(6, 2.9), layout="constrained")
xs = [i / 20 for i in range(-50, 91)]
for (name, price), style in zip(candidates.items(), (":", "--", "-")):
    axes.plot(xs, [price(s) for s in xs], style, label=name)
axes.set(xlabel="score, for a point with target +1", ylabel="loss", ylim=(0, 5))
axes.grid(alpha=0.3)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# A score of 5 is right, and very sure of it. The squared miss charges 16 for it, and only 9 for a score of -2, which is wrong. It does not ask for the right *side*, it asks for the number 1.
# The other two ask for the side. We take the logistic one, since it never goes quite flat: there is always a little to gain.
#
# ### Write it, and mind the large numbers
#
# The mean over all points of log(1 + exp(-t · s)), as a `Value`. The formula can be written down as it stands, and will work for weeks. Then one point is wrong with a score of 1000, and python says `OverflowError`, as exp(1000)
# has 435 digits. But look: for a large z, log(1 + exp(z)) is nearly z. And exactly:
#
# > log(1 + exp(z)) = z + log(1 + exp(-z))
#
# The left form is safe where z is below 0, the right one where it is above. You may look at `z.data` to decide.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.loss", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def loss(scores, targets):
    """The mean of log(1 + exp(-target * score)): scores are Values, targets +1 or -1."""
    ### BEGIN SOLUTION
    total = 0
    for score, target in zip(scores, targets):
        z = -target * score
        if z.data > 0:
            total = total + z + (1 + (-z).exp()).log()
        else:
            total = total + (1 + z.exp()).log()
    return total / len(scores)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.loss", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("mlp.loss", loss)
### BEGIN HIDDEN TESTS
assert course.check("mlp.loss", loss)
### END HIDDEN TESTS

# %% [markdown]
# A number to remember: a network that knows nothing and says 0 everywhere pays log 2.

# %%
print(round(loss([Value(0.0), Value(0.0)], [1, -1]).data, 4), round(math.log(2), 4))

# %% [markdown]
# ### And for people: accuracy
#
# A loss is for the machine. People ask how many are right. A score above 0 says +1, any other says -1. (This has no useful slope: nudge a weight, and almost always no point changes sides. That is why we do not train on it.)

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.accuracy", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def accuracy(scores, targets):
    """The part of the points on the right side, a plain number from 0 to 1."""
    ### BEGIN SOLUTION
    right = 0
    for score, target in zip(scores, targets):
        side = 1 if score.data > 0 else -1
        right += side == target
    return right / len(scores)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.accuracy", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("mlp.accuracy", accuracy)
### BEGIN HIDDEN TESTS
assert course.check("mlp.accuracy", accuracy)
### END HIDDEN TESTS

# %% [markdown]
# ## 6 · The loop
#
# ### Clear the gradients
#
# In lesson 03 every step made new Values, so gradients were fresh. A network keeps its Values, and inputs **collect** gradients over several passes. So somebody has to clear them before each pass. PyTorch's name
# for it is `zero_grad`.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.zero_grad", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def zero_grad(parameters):
    """Put the gradient of every Value in the list back to 0."""
    ### BEGIN SOLUTION
    for parameter in parameters:
        parameter.grad = 0.0
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.zero_grad", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("mlp.zero_grad", zero_grad)
### BEGIN HIDDEN TESTS
assert course.check("mlp.zero_grad", zero_grad)
### END HIDDEN TESTS

# %% [markdown]
# ### One step
#
# All the pieces are there. In words:
#
# 1. forward: the score of every point, and the loss of them all;
# 2. clear the gradients;
# 3. backward;
# 4. every parameter moves against its gradient, by `learning_rate` times it. Change its `.data`: it stays the same Value, in its place in the network.
#
# Give back the loss **before** the step, as a plain number. You have it anyway.
#
# The check brings a small model of its own, v · tanh(w · x + b) + c, with four parameters, and knows where they should be afterwards.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.train_step", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def train_step(model, points, targets, learning_rate):
    """One step downhill; gives back the loss before it."""
    ### BEGIN SOLUTION
    value = loss([model(x) for x in points], targets)
    zero_grad(model.parameters())
    value.backward()
    for parameter in model.parameters():
        parameter.data -= learning_rate * parameter.grad
    return value.data
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.train_step", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("mlp.train_step", train_step)
### BEGIN HIDDEN TESTS
assert course.check("mlp.train_step", train_step)
### END HIDDEN TESTS

# %% [markdown]
# Does it learn the four points of section 2, which no line can separate? Nobody sets a weight by hand this time.

# %%
corners, answers = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [-1, 1, 1, -1]

network = MLP(2, [4], random.Random(0))
for step in range(201):
    value = train_step(network, corners, answers, learning_rate=1.0)
    if step % 50 == 0:
        print(f"step {step:3}: loss {value:.4f}")
print("scores:", [round(network(x).data, 1) for x in corners])

# %% [markdown]
# ## 7 · Use it: two moons
#
# Sixty points to learn from, and two hundred that the network will not see until the end.

# %%
def moons(n, noise, seed):
    """Points as lists of two numbers, and targets +1 or -1."""
    X, y = datasets.moons(n, noise=noise, seed=seed)
    return X.tolist(), [1 if label else -1 for label in y]


points, targets = moons(60, noise=0.1, seed=0)
new_points, new_targets = moons(200, noise=0.1, seed=1)

network = MLP(2, [8], random.Random(1))
recorder = inspection.Recorder(network)
picture = inspection.decision_boundary(network, points, targets, resolution=16, title="eight neurons")
picture

# %% [markdown]
# That is what it believes before it has learned anything: an accident of the first weights. Now train it, and **look at the picture above** while it runs. It is asked anew every ten steps, at 16 × 16 points.
# (More would take longer than the training.)

# %%
losses = []
for step in range(150):
    losses.append(train_step(network, points, targets, learning_rate=2.0))
    recorder.step(loss=losses[-1])
    if step % 10 == 9:
        picture.update(f"step {step + 1}, loss {losses[-1]:.3f}")

for step in (0, 10, 20, 50, 100, 149):
    print(f"step {step:3}: loss {losses[step]:.4f}")
seen = accuracy([network(x) for x in points], targets)
unseen = accuracy([network(x) for x in new_points], new_targets)
print(f"right on the points it learned from: {seen:.1%}, on new ones: {unseen:.1%}")

# %% [markdown]
# If it went too fast, here it is again, to be played back and forth. Watch for the order in which things happen. The best straight line is found within ten steps, and then the loss hardly
# moves: 0.29 at step 10, 0.28 at step 20. At step 40 the line begins to bend, and the loss falls again.

# %%
inspection.replay(recorder, picture, frames=16, title="sixty points, eight neurons")

# %% [markdown]
# That flat stretch is worth remembering. Somebody who looks at the loss alone stops at step 20, with 51 of 60 points right, sure that the network "has converged".
#
# ### Change the question
#
# The next picture trains your network again whenever you have changed a point: drag one into the other moon, paint a few new ones, wait a few seconds. (Every change costs forty steps of your engine. You will feel
# why section 9 is coming.) Can you place a point so that it gets it wrong even so?

# %%
def retrain(X, y):
    for _ in range(40):
        train_step(network, X.tolist(), [int(label) for label in y], learning_rate=1.0)


inspection.decision_boundary(
    network, points, targets, resolution=16, retrain=retrain, title="drag a point, and it trains again"
)

# %% [markdown]
# ## 8 · Break it on purpose
#
# ### All weights the same
#
# Why did we draw the weights at random? Zero is such a tidy number to start from.
#
# Before you run it: eight hidden neurons, all weights 0, the output neuron too. Which parameters will have moved after 60 steps? (Think of the line of `h` in section 2: the blame arrives multiplied by the weight
# that listens.) And what if all start at 0.5?

# %%
def train(model, learning_rate, steps=60, step=train_step):
    """The losses of some steps."""
    return [step(model, points, targets, learning_rate) for _ in range(steps)]


def hidden_neurons(model):
    """The eight hidden neurons, each as its two weights and its bias, rounded."""
    numbers = [round(p.data, 4) for p in model.parameters()[:24]]
    return [tuple(numbers[i : i + 3]) for i in range(0, 24, 3)]


for start in (0.0, 0.5):
    model = MLP(2, [8], random.Random(1))
    for parameter in model.parameters():
        parameter.data = start
    found = train(model, learning_rate=1.0)
    different = len(set(hidden_neurons(model)))
    print(f"all at {start}: loss {found[0]:.4f} -> {found[-1]:.4f}, different hidden neurons: {different}")

same = model  # the one that started at 0.5

# %%
inspection.decision_boundary(same, points, targets, resolution=16, title="eight that started alike")

# %% [markdown]
# <details>
# <summary><b>What happened</b></summary>
#
# With zeros, nothing moved at all. The hidden neurons all say 0, so the weights that listen to them have slope 0; and since those weights are 0, no blame comes back to the hidden neurons. Only the last bias could move, and with thirty
# points in each class there is nothing to gain for it. The loss stays at log 2: knowing nothing.
#
# With 0.5 it learns something. But all eight neurons see the same, say the same, are listened to in the same way, and so get the *same* gradient. They were one neuron at the start, and they are one neuron at the end, at the price of eight: the boundary is as
# straight as that of one. Random weights are there to break this **symmetry**. How large they should be is a question of its own, for lesson 06.
# </details>
#
# ### Without the bend
#
# The same network with `linear=True` everywhere. Section 2 says what to expect; here it is on the moons.

# %%
class Straight:
    """Two layers without tanh."""

    def __init__(self, rng):
        self.hidden, self.last = Layer(2, 8, rng, linear=True), Layer(8, 1, rng, linear=True)

    def __call__(self, x):
        return self.last(self.hidden(x))[0]

    def parameters(self):
        return [*self.hidden.parameters(), *self.last.parameters()]


straight = Straight(random.Random(1))
found = train(straight, learning_rate=0.5)
print(f"33 parameters, two layers: loss {found[0]:.4f} -> {found[-1]:.4f}")

line = MLP(2, [], random.Random(1))
found = train(line, learning_rate=0.5)
print(f" 3 parameters, one neuron: loss {found[0]:.4f} -> {found[-1]:.4f}")

inspection.decision_boundary(straight, points, targets, resolution=16, title="two layers, no bend")

# %% [markdown]
# ### Gradients that are not cleared
#
# Here is your step without `zero_grad`. Every pass adds to what earlier ones have left, so each step goes along the sum of **all** gradients so far. First with a single neuron, which has one lowest point to find; then with the network.
#
# Before you run it, guess for each: does the loss fall more slowly, swing, or fly off?

# %%
def step_without_clearing(model, points, targets, learning_rate):
    value = loss([model(x) for x in points], targets)
    value.backward()
    for parameter in model.parameters():
        parameter.data -= learning_rate * parameter.grad
    return value.data


shown = (0, 5, 10, 15, 20, 30, 40, 50, 59)
print(f"{'step':>26}" + "".join(f"{step:>8}" for step in shown))
for name, hidden in (("one neuron", []), ("eight and one", [8])):
    for how, step in (("cleared", train_step), ("not cleared", step_without_clearing)):
        found = train(MLP(2, hidden, random.Random(1)), 0.5, step=step)
        print(f"{f'{name}, {how}':>26}" + "".join(f"{found[i]:>8.3f}" for i in shown))

# %% [markdown]
# <details>
# <summary><b>What happened</b></summary>
#
# One neuron **swings**. It is a ball without friction: it gathers speed on the way down, shoots through the lowest point and up the other side, and never comes to rest. With clearing it settles.
#
# And the network? It trains. Here it is even *faster* than the right code, since the gathered speed carries it over the flat stretch of section 7. That is what makes this the best known bug of all so hard to find: nothing crashes, some
# runs get better, and the next one, with another learning rate or another start, never settles. Gathered speed with a brake is a method, and a good one. It is called momentum, and lesson 08 builds it on purpose.
# </details>

# %% [markdown]
# ## 9 · Why nobody does it like this
#
# Sixty points, 33 parameters, 150 steps, and you could watch the clock. What is python doing all the time? Here is the loss of **one** point. (In a notebook press Fit to see all of it.)

# %%
inspection.graph(loss([network(points[0])], targets[:1]), title="the loss of one point")

# %%
def nodes_in(value):
    """How many Values took part in this one."""
    seen, todo = {value}, [value]
    while todo:
        new = set(todo.pop().parents) - seen
        seen |= new
        todo.extend(new)
    return len(seen)


one = nodes_in(network(points[0]))
everything = nodes_in(loss([network(x) for x in points], targets))
print("nodes in the score of one point:   ", one)
print("nodes in the loss of all sixty:    ", everything)
print("nodes made and walked in 150 steps:", 150 * everything)

# %% [markdown]
# Where do they come from? A hidden neuron with two inputs takes a product and a sum for each input, and a tanh: five nodes, eight times over. The last neuron takes a product and a sum for each of the eight. That is for one point, without the loss,
# and all of it again for each of the sixty, though the **weights are the same** every time.
#
# Now the digits of lesson 05: 64 pixels, 32 hidden neurons, 1,440 pictures. For one picture the hidden layer alone takes 32 · (64 + 64 + 1) nodes.

# %%
per_picture = 32 * (64 + 64 + 1)
print(f"{per_picture:,} nodes for one picture, {1440 * per_picture:,} for all of them once")
print(f"that is {1440 * per_picture // everything:,} times the work of one of our steps")

# %% [markdown]
# And each of these nodes is a python object that does a *single* multiplication. Making it and finding its turn costs perhaps a thousand times as much as the multiplication itself. The way out changes one word: in place of a number, each node will hold an
# **array**. All sixty points and all eight neurons become one product, one sum, one tanh. That is lesson 05.
#
# ## 10 · The shipped source beside your own
#
# learnnn has the same three things. Here a layer is `nn.Linear`, without the tanh, which is a layer of its own, and a network is `nn.Sequential`. This is all that they compute, live from the installed files:

# %% tags=["shipped"]
print(inspect.getsource(nn.Linear.forward))
print(inspect.getsource(nn.Sequential.forward))

# %% [markdown]
# The second is your `MLP.__call__`, line for line. The first is your `Layer.__call__` for all points at once: a weighted sum is a product of matrices. (Only the line with `F.linear` computes; the rest explains itself when shapes do not fit.)
#
# ### Put yours in
#
# `course.use` keeps what you wrote. There is no class in learnnn that works on single numbers, so nothing of it is replaced; but what you keep can be loaded in any notebook with `course.mine("mlp.MLP")`.

# %%
parts = {
    "mlp.Neuron": Neuron, "mlp.Layer": Layer, "mlp.MLP": MLP, "mlp.loss": loss,
    "mlp.accuracy": accuracy, "mlp.zero_grad": zero_grad, "mlp.train_step": train_step,
}
for name, part in parts.items():
    print(course.use(name, part))

# %% [markdown]
# And learnnn can run it. This is the playground of section 1 with **your** network in it, trained by **your** step. (It can draw the units of layers that work on arrays; of yours it draws the answer.)

# %% tags=["shipped"]
mine = MLP(2, [6], random.Random(1))


def my_step(X, y):
    return train_step(mine, X.tolist(), [1 if label else -1 for label in y], learning_rate=1.0)


data = datasets.moons(80, noise=0.1)
at_play = inspection.playground(data, model=mine, train_step=my_step, title="your network at play")
at_play.step(100)
at_play

# %% [markdown]
# Now the other way round: learnnn's tensors, with the first weights of your network of section 7. If everything is right, the losses have to be the same, step by step.

# %% tags=["shipped"]
first = [p.data for p in MLP(2, [8], random.Random(1)).parameters()]
hidden = torch.tensor(first[:24], dtype=torch.float64).reshape(8, 3)  # a row for each neuron
last = torch.tensor(first[24:], dtype=torch.float64)  # (9,)

model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()
with torch.no_grad():
    model[0].weight.copy_(hidden[:, :2])  # (8, 2)
    model[0].bias.copy_(hidden[:, 2])
    model[2].weight.copy_(last[:8].reshape(1, 8))
    model[2].bias.copy_(last[8:])

X = torch.tensor(points, dtype=torch.float64)  # (60, 2)
t = torch.tensor(targets, dtype=torch.float64)  # (60,)
tensor_losses = []
for _ in range(150):
    scores = model(X)[:, 0]
    value = nn.functional.softplus(-t * scores).mean()  # log(1 + exp(.)), safe on both sides
    model.zero_grad()
    value.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 2.0 * parameter.grad
    tensor_losses.append(value.item())

for step in (0, 10, 20, 50, 100, 149):
    print(f"step {step:3}:  your Values {losses[step]:.4f}   tensors {tensor_losses[step]:.4f}")
print("nodes in a step:", everything, "and", len(autograd.topological_order(value.grad_fn)))

# %% [markdown]
# The same numbers, from a graph that fits on a postcard.
#
# ## 11 · The same lines in PyTorch
#
# ```python
# import torch
# from torch import nn
#
# model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
# optimizer = torch.optim.SGD(model.parameters(), lr=2.0)
#
# for step in range(150):
#     loss = nn.functional.softplus(-t * model(X)[:, 0]).mean()
#     optimizer.zero_grad()
#     loss.backward()
#     optimizer.step()
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `Layer(2, 8, rng)` | `nn.Linear(2, 8)`, then `nn.Tanh()` | the bend is a layer of its own |
# | `MLP(2, [8], rng)` | `nn.Sequential(...)` | |
# | `rng.uniform(-1, 1)` | uniform from -1/√inputs to 1/√inputs | why: lesson 06 |
# | `loss` with targets +1, -1 | `nn.BCEWithLogitsLoss` with targets 1, 0 | the same number (lesson 07) |
# | `zero_grad(parameters)` | `optimizer.zero_grad()` | sets `.grad` to `None` there, which saves memory |
# | the loop over parameters | `optimizer.step()` | lesson 08 |

# %% [markdown]
# ## 12 · Exercises
#
# ### Graded: how many parameters?
#
# People quote networks by this number. Write the function that works it out from the sizes alone, without building anything: one neuron first, then a layer, then all of them.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.count_parameters", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def count_parameters(inputs, hidden):
    """How many parameters MLP(inputs, hidden, rng) has."""
    ### BEGIN SOLUTION
    count = 0
    for width in [*hidden, 1]:
        count += width * (inputs + 1)
        inputs = width
    return count
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.count_parameters", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("mlp.count_parameters", count_parameters)
### BEGIN HIDDEN TESTS
assert course.check("mlp.count_parameters", count_parameters)
### END HIDDEN TESTS

# %%
for inputs, hidden in ((2, [8]), (64, [32]), (784, [512, 512])):
    print(f"{inputs} inputs, hidden {hidden}: {count_parameters(inputs, hidden):,} parameters")

# %% [markdown]
# ### Graded: a price on large weights
#
# Large weights make sharp edges: a small step across the plane, and the network changes its mind. When points are few and noisy, it uses that to wind around single points, which no new point will confirm. So put a price on weights:
#
# > price = strength / 2 · (the sum of the squares of all parameters)
#
# added to the loss. Its gradient in p is strength · p, so every step also draws each parameter a little towards 0. Hence the name, **weight decay**. (Often the biases are left out. Here all pay.)

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.weight_decay", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def weight_decay(parameters, strength):
    """strength / 2 times the sum of the squares, a Value."""
    ### BEGIN SOLUTION
    total = 0
    for parameter in parameters:
        total = total + parameter * parameter
    return strength / 2 * total
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.weight_decay", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("mlp.weight_decay", weight_decay)
### BEGIN HIDDEN TESTS
assert course.check("mlp.weight_decay", weight_decay)
### END HIDDEN TESTS

# %% [markdown]
# Twenty noisy points, and the price at three strengths. Guess first: which of the three columns goes up all the way, which goes down all the way, and which has its best in between?

# %%
few, few_targets = moons(20, noise=0.2, seed=3)
others, other_targets = moons(100, noise=0.2, seed=4)

print(f"{'strength':>8}{'loss':>9}{'on new points':>16}{'sum of squares':>17}")
for strength in (0.0, 0.003, 0.03):
    model = MLP(2, [8], random.Random(1))
    for _ in range(150):
        value = loss([model(x) for x in few], few_targets)
        value = value + weight_decay(model.parameters(), strength)
        zero_grad(model.parameters())
        value.backward()
        for parameter in model.parameters():
            parameter.data -= 2.0 * parameter.grad
    on_few = loss([model(x) for x in few], few_targets).data
    on_others = loss([model(x) for x in others], other_targets).data
    size = sum(p.data**2 for p in model.parameters())
    print(f"{strength:>8}{on_few:>9.3f}{on_others:>16.3f}{size:>17.1f}")

# %% [markdown]
# With a little of it the network does worse on its own twenty points, and better on new ones. With ten times as much it no longer dares to bend at all. Where the best strength lies, nobody can tell beforehand: one tries, on points that were held back. Lesson 09 makes a method of it.
#
# ### Predict, then run
#
# On paper first, as in section 2, with the loss of section 5:
#
# ```python
# w, b, v, c = Value(1.0), Value(-2.0), Value(3.0), Value(0.0)
# h = (w * 2.0 + b).tanh()          # x is 2
# score = v * h + c
# loss([score], [1]).backward()
# ```
#
# What are `c.grad`, `v.grad`, `b.grad` and `w.grad`? One thing you need: the slope of log(1 + exp(-s)) at s = 0 is -1/2. (Halfway between the flat side and the steep one.) The check says right or wrong, and if your number is a well-known slip, which; then
# run the cell after it.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """c.grad, v.grad, b.grad and w.grad."""
    ### BEGIN SOLUTION
    # w * 2 + b = 0, so h = 0 and the score is 0: the slope there is -1/2, and arrives at c.
    # v gets -1/2 * h = 0.  h gets -1/2 * 3 = -3/2.  tanh has slope 1 at 0, so b gets -3/2, and w gets that times 2.
    return -0.5, 0.0, -1.5, -3.0
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("mlp.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("mlp.predict", prediction)
### END HIDDEN TESTS

# %%
w, b, v, c = Value(1.0), Value(-2.0), Value(3.0), Value(0.0)
h = (w * 2.0 + b).tanh()
score = v * h + c
loss([score], [1]).backward()
print("c.grad, v.grad, b.grad, w.grad:", c.grad, v.grad, b.grad, w.grad)

# %% [markdown]
# ### Find the bug
#
# A colleague has written a layer of their own. They took your neuron, your loss and your training step, and they are disappointed: with eight hidden neurons, and as many steps as you like, their boundary stays a straight line.

# %%
class Broken:
    def __init__(self, inputs, outputs, rng, linear=False):
        self.neurons = [Neuron(inputs, rng, linear)] * outputs

    def __call__(self, x):
        said = []
        for neuron in self.neurons:
            said.append(neuron(x))
        return said

    def parameters(self):
        found = []
        for neuron in self.neurons:
            found.extend(neuron.parameters())
        return found


class TheirMLP:
    """A network of two layers, made of any kind of layer."""

    def __init__(self, kind, rng):
        self.hidden, self.last = kind(2, 8, rng), kind(8, 1, rng, linear=True)

    def __call__(self, x):
        return self.last(self.hidden(x))[0]

    def parameters(self):
        return [*self.hidden.parameters(), *self.last.parameters()]


theirs = TheirMLP(Broken, random.Random(1))
found = train(theirs, learning_rate=0.5)
print(f"{len(theirs.parameters())} parameters, loss {found[0]:.4f} -> {found[-1]:.4f}")
inspection.decision_boundary(theirs, points, targets, resolution=16, title="a colleague's eight")

# %% [markdown]
# What is the cause?
#
# - **A** all weights start at 0
# - **B** there is no tanh between the layers
# - **C** the eight neurons are one and the same object
# - **D** gradients are not cleared between steps
# - **E** the parameters of the hidden layer are not listed, so they are not trained
#
# Each of the five can make a network worse, and most of them would draw a straight line. So do not guess: ask the network. What are its parameters? How many different ones are there?

# %%
# a cell to investigate in

# %% [markdown]
# Repair it (a subclass of `Broken` that writes one method anew is enough), and give back the repaired class together with the letter.

# %% tags=["exercise"] nbgrader={"grade_id": "mlp.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired class, the letter of the cause)."""
    ### BEGIN SOLUTION

    class Repaired(Broken):
        def __init__(self, inputs, outputs, rng, linear=False):
            self.neurons = []
            for _ in range(outputs):
                self.neurons.append(Neuron(inputs, rng, linear))  # each made for its place

    return Repaired, "C"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.mlp.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("mlp.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("mlp.find_the_bug", repair)
### END HIDDEN TESTS

# %%
repaired = TheirMLP(repair()[0], random.Random(1))
found = train(repaired, learning_rate=2.0, steps=80)
different = len(set(map(id, repaired.parameters())))
print(f"{different} different parameters, loss {found[0]:.4f} -> {found[-1]:.4f}")

# %% [markdown]
# The list had eight places, and in each of them stood the same neuron. Its parameters were listed eight times, so even their number looked right, and each step moved them eight times. Two names for one object: you have met it in section 8 as an
# accident of the numbers, and you will meet it in lesson 05 with arrays.
#
# ### To go on with, ungraded
#
# - How few hidden neurons separate the moons? Try 2, 3, 4 with several seeds. What does a failed run look like in the playground?
# - Two hidden layers of four, `MLP(2, [4, 4], rng)`, have about as many parameters as one of eight. Which learns faster, with which learning rate?
# - Train with the hinge, `(1 - target * score).relu()`. Which points still have a gradient at the end? (They are the ones that hold the boundary in place, the *support vectors*.)
# - Give `Neuron` a choice of `relu` in place of `tanh`. What has become of the boundary?
# - The flowers of lesson 03 with a hidden layer: does it help on flowers that were held back?
# - Find the formula for the nodes in the score of `MLP(n, [m], rng)`, and check it with `nodes_in`. What does your `Neuron` do more, or less, than it must?
#
# ## 13 · What you have now, and where to read on
#
# Neurons, layers and networks, as three short classes that know nothing of slopes; a loss that survives large numbers; and the four lines of the training loop, which stay the same up to the largest language models. You have seen that layers
# need a bend, that neurons need to start apart, that a flat loss may be a pause and not the end, and that a bug can look like good luck.
#
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*, Nature 323, 1986: hidden units that find features nobody told them.
# - M. Minsky, S. Papert, *Perceptrons*, MIT Press, 1969: what one layer cannot do, proved.
# - G. Cybenko, *Approximation by superpositions of a sigmoidal function*, Mathematics of Control, Signals and Systems 2, 1989: one hidden layer, wide enough, can come close to any continuous function. (It does not say how to find the weights.)
# - Andrej Karpathy, [micrograd](https://github.com/karpathy/micrograd): its `nn.py` has the same three classes; his demo trains on these same moons, with the hinge.
# - D. Smilkov, S. Carter, D. Sculley, F. B. Viégas, M. Wattenberg, [Direct-Manipulation Visualization of Deep Networks](https://arxiv.org/abs/1708.03788), 2017: the playground that the one of section 1 is modelled on.
#
# **Next:** back to the [start page](00_start.ipynb), or on to [lesson 05, tensor autograd](05_tensor_autograd.ipynb).
