# %% [markdown]
# # Lesson 09 · Training and regularization
#
# You have a network, a loss, its gradients, and an optimizer. What is still missing is what surrounds them: the loop, and the question that you have been
# able to put off until now. The loss on the training data goes down, as it should. **What has the network learned: the digits, or the pictures?**
#
# A network with some thousand weights can learn a few hundred pictures by heart, mistakes and all. Its training loss is then perfect, and it knows nothing. This is
# called *overfitting*, and it is what nearly all of practical deep learning is about. Not the mathematics, but five or six habits:
#
# 1. put some data aside, **before** anything else, and look at it as rarely as possible,
# 2. go through the rest in shuffled batches, with a loop whose lines stand in the right order,
# 3. make learning by heart harder: **dropout**, and a price for large weights,
# 4. stop in time,
# 5. and measure more than one number.
#
# Each of them is a few lines of code, and each has its famous way to go wrong without an error message. At the end all of it is yours, and runs inside learnnn.
#
# You need lessons 05 to 08 (tensors, modules, cross-entropy, optimizers). Plan three hours, in as many sittings as you like. As before: where a cell says
# `YOUR CODE HERE`, write the code, run the cell, and run the check below it. `course.hint("training.split")` helps in three steps.

# %%
import inspect
import itertools

import matplotlib.pyplot as plt
import numpy as np

import learnnn as torch
import learnnn.nn.functional as F
from learnnn import course, datasets, inspection, nn, optim, training
from learnnn.course import unfinished
from learnnn.training import metrics
from learnnn.utils import data

unfinished.explain_unfinished()
kept = course.load_mine()

# %% [markdown]
# ## 1 · The finished thing
#
# Digits again, but as they come in real life: there are only 200 of them to learn from, and somebody typed their labels **in a hurry**. Three times in ten they hit any key.
# (We do that on purpose, so that we know which ones are wrong. It is worse than usual, but wrong labels are usual: the best known collections have a few in a hundred.)

# %%
X, y = datasets.digits()  # (1797, 64), ink from 0 to 1, and (1797,)


def typed_in_a_hurry(labels, seed=0):
    """Labels, of which three in ten have become any digit."""
    rng = np.random.default_rng(seed)
    anything = rng.integers(0, 10, len(labels))
    return np.where(rng.random(len(labels)) < 0.3, anything, labels)


def first_try(p, weight_decay, callbacks=()):
    """learnnn learns from 200 hurried labels, and is measured on 400 right ones."""
    torch.manual_seed(0)
    shuffled = np.random.default_rng(0).permutation(len(X))
    few, check = shuffled[:200], shuffled[200:600]
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 10)).double()
    optimizer = optim.AdamW(model.parameters(), lr=0.01, weight_decay=weight_decay)
    trainer = training.Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=["accuracy"])
    learned = data.TensorDataset(torch.tensor(X[few]).double(), torch.tensor(typed_in_a_hurry(y[few])))
    loader, unseen = data.DataLoader(learned, batch_size=20, shuffle=True), (X[check], y[check])
    return trainer.fit(loader, validation_data=unseen, epochs=60, callbacks=callbacks, verbose=False)


plain = first_try(p=0.0, weight_decay=0.0)
careful = first_try(p=0.5, weight_decay=0.1, callbacks=[training.EarlyStopping(patience=10)])

for name, history in {"plain": plain, "careful": careful}.items():
    learned, new = history["accuracy"][-1], history["val_accuracy"][-1]
    print(f"{name:8} right on {learned:4.0%} of what it learned from, on {new:.0%} of what it has never seen")

# %% [markdown]
# The first network ends up agreeing with nearly **every** label it was given, also with the wrong ones. The second one is worse at that, and better at reading.
#
# Look at the curves. Move over them, and switch runs on and off. The full lines are what the network learns from, the dashed ones (`val_`) what it never sees.

# %%
inspection.dashboard({"plain": plain, "careful": careful})

# %% [markdown]
# (The dashed line of the second run lies *below* its full one. That is no mistake: the full line is measured while it learns, with half of the neurons missing. Section 6.)
#
# The dashed line of the first run falls for a while, together with the full one, and then **turns up** while the full one goes on falling. From there on the network is learning by heart. In this lesson you will build everything that was in
# those twenty lines: the loader, the loop, dropout, the price for large weights, the stopping, the measuring.
#
# ## 2 · By hand, on paper
#
# ### Remembering is not knowing
#
# Overfitting has nothing to do with networks. Here are six measurements of something simple (a straight line, plus a little noise), and two curves through them: one with two knobs, a line, and one with six, a polynomial of degree five. `np.polyfit` finds for
# each the knobs that make the squared misses smallest.

# %%
rng = np.random.default_rng(21)
at = np.linspace(-1, 1, 6)
seen = at + rng.normal(scale=0.3, size=6)
between = (at[1:] + at[:-1]) / 2  # five more places, at which we measure later
unseen = between + rng.normal(scale=0.3, size=5)

line, wiggle = np.polyfit(at, seen, 1), np.polyfit(at, seen, 5)

# %% jupyter={"source_hidden": true}
inspection.predict(
    "What is the mean squared miss of the degree-five polynomial on the six points that it was fitted to?",
    "0",
    options=["about that of the line", "half of it", "0", "larger: it wiggles"],
    because="Six knobs, six points: it can go through all of them exactly. It has learned them by heart, noise included.",
)

# %%
def miss(knobs, x, y):
    """The mean squared miss of a polynomial."""
    return np.mean((np.polyval(knobs, x) - y) ** 2)


figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained", sharey=True)
fine = np.linspace(-1, 1, 200)
for panel, knobs, name in zip(axes, (line, wiggle), ("two knobs", "six knobs")):
    panel.plot(fine, np.polyval(knobs, fine), color="#8a8f98")
    panel.plot(at, seen, "o", color="#2a7ab8", label=f"fitted to these: {miss(knobs, at, seen):.3f}")
    panel.plot(between, unseen, "s", color="#d3691e", label=f"never seen: {miss(knobs, between, unseen):.3f}")
    panel.set(title=name, ylim=(-2.2, 2.2))
    panel.legend(frameon=False, loc="upper left")
plt.show()

# %% [markdown]
# The number that training makes small says nothing about the points in between. **A loss on data that was learned from is not a measurement.** So some data is put aside, and only what is put aside measures.
#
# ### A mean of means
#
# Seven examples, batches of three: 3 + 3 + 1. The mean losses of the batches are 1, 1 and 8. What is the mean loss of an example? The mean of the three numbers is 3.33. But 8 is the loss of one single example, and
# the 1's stand for three each:
#
# $$\frac{3 \cdot 1 + 3 \cdot 1 + 1 \cdot 8}{7} = 2$$
#
# A small thing, and it makes two programs disagree about the same network, only because their batches had other sizes. Keep sums, and divide once at the end.
#
# ### Dropout
#
# Four neurons hold h = [2, 4, 6, 8]. Dropout with p = 0.5 tosses a coin for each: heads, it stays; tails, it is 0. Whoever stays is **doubled**. Say that the first and the last stay: [4, 0, 0, 16].
#
# Why doubled? The next layer adds them up. Without dropout it gets 20. Half of the neurons are gone, so on the average half of the sum is gone; doubling puts it back. There are only 16 ways in which four coins can fall. Look at all of them:

# %%
h = np.array([2.0, 4.0, 6.0, 8.0])
coins = np.array(list(itertools.product((0, 1), repeat=4)))  # (16, 4)
thinned = coins * h / (1 - 0.5)  # (16, 4)

print("the first three:", thinned[:3].tolist())
print("the sums go from", thinned.sum(axis=1).min(), "to", thinned.sum(axis=1).max())
print("the mean of all sixteen:", thinned.mean(axis=0).tolist())

# %% [markdown]
# In the mean every neuron has the value it had. In a single step it never has: it is either too large or absent, and whoever relies on one particular neighbour will be let down every other time. That is the whole idea.
#
# ### Predict, then run

# %% jupyter={"source_hidden": true}
inspection.predict(
    "Dropout with p = 0.75, training. What becomes of a neuron of 3 that stays?",
    "12",
    options=["3", "4", "6", "12"],
    because="p is the probability to be dropped, so a quarter stays: 3 / (1 - 0.75) = 12. (Dividing by p gives 4. For p = 0.5 both agree, and the mistake hides.)",
)

# %% [markdown]
# ## 3 · Rebuild: put some aside
#
# `split(n, fraction, generator)` draws the numbers 0 to n - 1 into two parts, to train on and to hold out. Three things to mind:
#
# - **No number in both parts.** Else you measure what was learned by heart. Shuffle once, then cut: so it cannot happen.
# - **Shuffled.** Data often lie in an order (all zeros first, or one writer after the other), and the last third is then another world than the first two.
# - **Repeatable.** Draw with `torch.randperm(n, generator=generator)`, which gives 0 to n - 1 in random order. A `torch.Generator` is a source of random numbers of its own; without one (None) the common source is used, which
#   `torch.manual_seed` sets. Whoever passes the same generator gets the same split.

# %% tags=["exercise"] nbgrader={"grade_id": "training.split", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def split(n, fraction, generator=None):
    """0 to n - 1 in two lists: (to train on, held out), of which the second has round(n * fraction)."""
    ### BEGIN SOLUTION
    order = torch.randperm(n, generator=generator).tolist()
    k = round(n * fraction)
    return order[k:], order[:k]
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.split", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("training.split", split)
### BEGIN HIDDEN TESTS
assert course.check("training.split", split)
### END HIDDEN TESTS

# %% [markdown]
# We split twice. Two thirds of the pictures are put aside as the **test** part, and we do not look at them before section 12. Of the rest, 200 are to learn from, and 399 are the **validation** part: on these we compare whatever we try.
#
# Why two parts, and not one? Because comparing is a kind of learning too. If you try a hundred settings and keep the one that does best on the validation part, a little luck comes along, and its number is too good. Only a part that took no part in any
# decision tells the truth.

# %%
generator = torch.Generator().manual_seed(0)
known, test = map(np.array, split(len(X), 2 / 3, generator))
few, check = (known[part] for part in split(len(known), 2 / 3, generator))
labels = typed_in_a_hurry(y[few])

print(len(few), "to learn from,", len(check), "to compare with,", len(test), "for the end")
print((labels != y[few]).sum(), "of the 200 labels are wrong")

figure, axes = plt.subplots(1, 10, figsize=(9, 1.4), layout="constrained")
for panel, i, label in zip(axes, few, labels):
    panel.imshow(X[i].reshape(8, 8), cmap="gray_r")
    panel.set_title(str(label), fontsize=10, color="#2a7ab8" if label == y[i] else "#d3691e")
    panel.axis("off")
plt.show()

# %% [markdown]
# Above each picture, what was typed; in orange, where it is wrong. The network is not told which.
#
# ### One scale for all, and whose?
#
# Optimizers like inputs that are all of one size (lesson 08). So every column, here every pixel, is shifted and scaled until it has mean 0 and standard deviation 1. But *mean* and *deviation* of what? Here the first leak waits.
#
# If you measure them on all pictures, the network is trained with numbers that come from pictures it was never to see. With pixels that does little harm; with few and wild data it does a lot. And it is a habit. So: **measure on the training part, treat all parts with the same two numbers.**
#
# One trap more. The pixel in the corner is white in all the 200 pictures. Its deviation is 0, and dividing by 0 gives nan. Such a column is only shifted. (Some add a tiny number to every deviation. Then, when a new picture *does* have ink there, it becomes a number of nine digits.)

# %% tags=["exercise"] nbgrader={"grade_id": "training.standardize", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def standardize(train, other):
    """Both parts, (n, d) and (m, d), on the scale of the first: (train, other)."""
    ### BEGIN SOLUTION
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (train - mean) / std, (other - mean) / std
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.standardize", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("training.standardize", standardize)
### BEGIN HIDDEN TESTS
assert course.check("training.standardize", standardize)
### END HIDDEN TESTS

# %%
ink = X.astype(float)
x_few, x_check = standardize(ink[few], ink[check])
_, x_test = standardize(ink[few], ink[test])

print("training part:   mean of the first pixels", x_few.mean(axis=0)[:4].round(2) + 0.0)
print("validation part: mean of the first pixels", x_check.mean(axis=0)[:4].round(2) + 0.0)

# %% [markdown]
# The validation part's means are not 0, and they should not be. It is another sample.
#
# ## 4 · Batches
#
# `batches` makes lists of numbers: which examples come together. Each round begins with an order, 0 to n - 1 as they are or shuffled, which is then cut up. Whatever does not fill a batch makes a shorter one at the end, unless `drop_last` asks to leave it out.
#
# Why shuffle, and why anew for each round? The gradient of a batch is a guess at the gradient of everything, and a guess should not lean to one side. In section 11 you will see what a fixed order can do.

# %% tags=["exercise"] nbgrader={"grade_id": "training.batches", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def batches(n, batch_size, shuffle=False, drop_last=False, generator=None):
    """0 to n - 1 in lists of batch_size."""
    ### BEGIN SOLUTION
    order = torch.randperm(n, generator=generator).tolist() if shuffle else list(range(n))
    found = [order[i : i + batch_size] for i in range(0, n, batch_size)]
    return [batch for batch in found if len(batch) == batch_size or not drop_last]
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.batches", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("training.batches", batches)
### BEGIN HIDDEN TESTS
assert course.check("training.batches", batches)
### END HIDDEN TESTS

# %%
print(batches(7, 3))
print(batches(7, 3, drop_last=True))
print(batches(7, 3, shuffle=True, generator=generator))
print(batches(7, 3, shuffle=True, generator=generator), "the next round")

# %% [markdown]
# ### DataLoader
#
# Now the thing that you write behind the `in` of a training loop:
#
# ```python
# for x, y in loader: ...      # once through the data: one round, an *epoch*
# ```
#
# A **data set** is anything with a length that gives example i for `dataset[i]`. Ours gives pairs of tensors: the 64 pixels, and the label.

# %%
class Pairs:
    """A data set: example i is (x[i], y[i])."""

    def __init__(self, x, y):
        self.x, self.y = torch.tensor(x), torch.tensor(y)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


learned = Pairs(x_few, labels)
print(len(learned), "examples; the first has pixels", learned[0][0].shape, "and label", learned[0][1].item())

# %% [markdown]
# `for` calls `iter(loader)`, and that calls `__iter__`. **Every time.** So whatever belongs to one round, above all the order, has its place in `__iter__` and not in `__init__`. The handiest way is to write `__iter__` with `yield`: each round is then a
# generator of its own, which knows by itself how far it is.
#
# Three methods are yours:
#
# - `__iter__`: the batches of a round. Get the numbers from your `batches`, and the examples from `self.dataset[i]`.
# - `collate`: from a list of examples, [(x, y), (x, y), ...], to a batch: all x's in one tensor (batch, 64), all y's in one tensor (batch,). `torch.stack` makes one tensor of a list of them, with a new first axis.
# - `__len__`: how many batches a round has.

# %% tags=["exercise"] nbgrader={"grade_id": "training.DataLoader", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class DataLoader:
    """Batches of a data set, anew for each round."""

    def __init__(self, dataset, batch_size=1, shuffle=False, drop_last=False, generator=None):
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle
        self.drop_last, self.generator = drop_last, generator

    def __iter__(self):
        """The batches of one round, one after the other."""
        ### BEGIN SOLUTION
        for numbers in batches(len(self.dataset), self.batch_size, self.shuffle, self.drop_last, self.generator):
            yield self.collate([self.dataset[i] for i in numbers])
        ### END SOLUTION

    def collate(self, examples):
        """A list of pairs -> [all x's, all y's]."""
        ### BEGIN SOLUTION
        return [torch.stack(column) for column in zip(*examples)]
        ### END SOLUTION

    def __len__(self):
        """How many batches there are in a round."""
        ### BEGIN SOLUTION
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.DataLoader", "solution": false, "grade": true, "locked": true, "points": 3, "schema_version": 3, "task": false}
course.check("training.DataLoader", DataLoader)
### BEGIN HIDDEN TESTS
assert course.check("training.DataLoader", DataLoader)
### END HIDDEN TESTS

# %%
loader = DataLoader(learned, batch_size=20, shuffle=True)
pixels, digits = next(iter(loader))
print(len(loader), "batches a round; the first: pixels", pixels.shape, "and labels", digits.tolist())

# %% [markdown]
# ## 5 · The loop
#
# Five lines for each batch, and their order matters. `loss_fn(scores, y)` is the loss of a batch, a mean over its examples, such as `F.cross_entropy` of lesson 07.
#
# | | | |
# |---|---|---|
# | 1 | clear | `optimizer.zero_grad()`, as `backward` **adds** to what is there |
# | 2 | forward | `model(x)` |
# | 3 | loss | `loss_fn(..., y)` |
# | 4 | backward | fills `.grad` |
# | 5 | step | the optimizer reads `.grad` and moves the weights |
#
# None of the wrong orders gives an error. Forget to clear, and old gradients come along. Clear between 4 and 5, and every step is a step of length zero.
#
# Before the loop comes `model.train()`. A module knows whether it is being trained or used (`model.training`), as some layers do something else in training; you will write the first such layer in the next section. The switch **stays** where it was last put.
#
# `train_epoch` gives back the mean loss over the examples, as a plain number. Mind section 2: the last batch may be short. And take the number out of the tensor with `.item()`: a sum of tensors would keep the graph of every batch alive.

# %% tags=["exercise"] nbgrader={"grade_id": "training.fit", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def train_epoch(model, loss_fn, optimizer, loader):
    """Once through the loader, a step for each batch: the mean loss of the examples."""
    ### BEGIN SOLUTION
    model.train()
    total, count = 0.0, 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.fit", "solution": false, "grade": true, "locked": true, "points": 3, "schema_version": 3, "task": false}
course.check("training.fit", train_epoch)
### BEGIN HIDDEN TESTS
assert course.check("training.fit", train_epoch)
### END HIDDEN TESTS

# %% [markdown]
# ### Measure, and change nothing
#
# The counterpart: mean loss and share of right answers, without learning. `model.eval()` puts the switch the other way. Under `with torch.no_grad():` nothing is recorded, which saves time and memory (no graph, as nobody will ask for a gradient). The network's answer is the class with the largest score,
# `scores.argmax(1)`.

# %% tags=["exercise"] nbgrader={"grade_id": "training.evaluate", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def evaluate(model, loss_fn, loader):
    """(mean loss, share of right answers) over the examples of the loader."""
    ### BEGIN SOLUTION
    model.eval()
    total, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            scores = model(x)
            total += loss_fn(scores, y).item() * len(x)
            right += (scores.argmax(1) == y).sum().item()
            count += len(x)
    return total / count, right / count
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.evaluate", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("training.evaluate", evaluate)
### BEGIN HIDDEN TESTS
assert course.check("training.evaluate", evaluate)
### END HIDDEN TESTS

# %% [markdown]
# ### Let it overfit
#
# Now all together. `fit` trains for some epochs and measures after each, on what is learned from and on the validation part. (To measure, a list with one large batch is loader enough: a loader is whatever gives batches of x and y.)

# %%
learned_from = [(learned.x, learned.y)]
validation = [(torch.tensor(x_check), torch.tensor(y[check]))]


def network(width=64):
    """64 pixels -> width neurons -> 10 scores, always from the same first weights."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10)).double()


def fit(model, epochs=60, loss_fn=F.cross_entropy, after_epoch=None):
    """Train, and measure after every epoch; stops when after_epoch(history) says True."""
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    loader = DataLoader(learned, batch_size=20, shuffle=True)
    history = {"loss": [], "val_loss": [], "accuracy": [], "val_accuracy": []}
    for _ in range(epochs):
        train_epoch(model, loss_fn, optimizer, loader)
        for name, part in (("", learned_from), ("val_", validation)):
            loss, accuracy = evaluate(model, F.cross_entropy, part)
            history[name + "loss"].append(loss)
            history[name + "accuracy"].append(accuracy)
        if after_epoch and after_epoch(history):
            break
    return history


def told(history):
    """The last measurements: on what was learned from, and in validation."""
    loss, val_loss, accuracy, val_accuracy = (values[-1] for values in history.values())
    return f"loss {loss:.2f} and {val_loss:.2f}, right on {accuracy:.0%} and {val_accuracy:.0%}"


model = network()
overfitted = fit(model)
print("on what it learned from, and in validation:", told(overfitted))
inspection.dashboard({"no care at all": overfitted})

# %% [markdown]
# It is all there. The validation loss has its best epoch (the diamond) early, and turns up. Now the advantage of having spoiled the labels ourselves: we can ask what the network says about the pictures whose labels are **wrong**. Does it repeat what was typed, or does it give the digit that is to be seen?

# %%
spoiled = np.flatnonzero(labels != y[few])


def about_the_wrong_ones(model):
    """Of the pictures with a wrong label: how often it repeats the label, how often it sees the digit."""
    model.eval()
    with torch.no_grad():
        answers = model(learned.x[spoiled]).argmax(1).numpy()
    repeats, sees = (answers == labels[spoiled]).sum(), (answers == y[few][spoiled]).sum()
    return f"of {len(spoiled)} wrong labels it repeats {repeats}; for {sees} it says the true digit"


print(f"after {len(overfitted['loss'])} epochs: {about_the_wrong_ones(model)}")
model = network()
fit(model, epochs=8)
print(f"after 8 epochs:  {about_the_wrong_ones(model)}")

# %% [markdown]
# Read that twice. After eight epochs the network is *right* about most of the pictures whose label is wrong: it has seen other fours, and this looks like a four, whatever it says on the label. What fits many examples is learned first; the exceptions
# are learned one by one, later, by heart. Everything that follows is about staying on the left side of that.
#
# ## 6 · Dropout
#
# `dropout(x, p, training)`: in training every element of x becomes 0 with probability p, each by itself and anew in every call, and those that stay are divided by 1 - p. Otherwise x comes back as it is.
#
# - Draw with `torch.rand(x.shape)`: numbers between 0 and 1, one for each element. How often is such a number below p?
# - Write it with tensors (`*`, comparisons, `.to(x.dtype)` to make ones and zeros of True and False). Then the gradient takes care of itself: it gets the same factors.
# - With p = 1 nothing stays. Give back zeros, and do not divide by 0.

# %% tags=["exercise"] nbgrader={"grade_id": "training.dropout", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def dropout(x, p=0.5, training=True):
    """Elements of x are 0 with probability p, and otherwise divided by 1 - p; x itself when not in training."""
    ### BEGIN SOLUTION
    if not training or p == 0:
        return x
    keep = (torch.rand(x.shape) >= p).to(x.dtype)
    return x * keep / (1 - p) if p < 1 else x * 0
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.dropout", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("training.dropout", dropout)
### BEGIN HIDDEN TESTS
assert course.check("training.dropout", dropout)
### END HIDDEN TESTS

# %% [markdown]
# As a layer it hands over the switch of its module. `model.train()` and `model.eval()` put that of all modules inside.

# %%
class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        return dropout(x, self.p, self.training)


def network(width=64, p=0.0):
    """64 pixels -> width neurons, of which some are dropped -> 10 scores."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), Dropout(p), nn.Linear(width, 10)).double()


model = network(p=0.8)
dropped = fit(model)
print("without dropout: ", told(overfitted))
print("with p = 0.8:    ", told(dropped))
print(about_the_wrong_ones(model))
inspection.dashboard({"no care at all": overfitted, "dropout, p = 0.8": dropped})

# %% [markdown]
# It gets much farther from what was typed, and nearer to what is to be seen. To learn an exception by heart takes several neurons that work together on just this picture, and they never find each other all present.
#
# ### Forget the switch
#
# What happens if you measure without `model.eval()`? Three measurements of one and the same network, with the switch left on training:

# %%
model.train()
with torch.no_grad():
    for _ in range(3):
        x, wanted = validation[0]
        print(f"in training mode: loss {F.cross_entropy(model(x), wanted).item():.2f}")
print(f"in evaluation mode: loss {evaluate(model, F.cross_entropy, validation)[0]:.2f}")

# %% [markdown]
# Three measurements, three numbers, and all of them too bad: four fifths of the network were missing each time. If a measurement is not the same when you repeat it, look for the switch first.
#
# ## 7 · A price for large weights
#
# The other way to make learning by heart harder is to let it cost something. A network that bends around single pictures needs large weights. So add a price to the loss:
#
# $$\text{loss} = \text{cross-entropy} \;+\; \ell_1 \sum |w| \;+\; \frac{\ell_2}{2} \sum w^2$$
#
# What do they do to one weight, in one step? The gradient of the second is $\ell_2 w$: every step takes away a **share** of the weight, large ones lose much, small ones nearly nothing. (That is why the half is there, and why optimizers call it *weight decay*.) The gradient of the first is $\ell_1$ times the **sign** of w: every step
# takes away the same **amount**, and what is small already ends at zero and stays there.

# %% jupyter={"source_hidden": true}
inspection.predict(
    "w = [3, 0.001]. Which price has a gradient that pulls equally hard at both?",
    "l1, the absolute values",
    options=["l1, the absolute values", "l2, half the squares", "both", "neither"],
    because="The slope of |w| is 1 for every positive w. The slope of w²/2 is w: 3 for the one, 0.001 for the other.",
)

# %% [markdown]
# `penalty(parameters, l1, l2)` adds up the price over all parameters, and gives it as a tensor (`w.abs()`, `.sum()`), through which gradients flow. Mind that `model.parameters()` can be gone through only once: one loop for both.

# %% tags=["exercise"] nbgrader={"grade_id": "training.penalty", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def penalty(parameters, l1=0.0, l2=0.0):
    """l1 times the absolute values, plus l2 times half the squares, over all parameters: a tensor."""
    ### BEGIN SOLUTION
    total = 0.0
    for w in parameters:
        total = total + l1 * w.abs().sum() + l2 / 2 * (w * w).sum()
    return total
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.penalty", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("training.penalty", penalty)
### BEGIN HIDDEN TESTS
assert course.check("training.penalty", penalty)
### END HIDDEN TESTS

# %% [markdown]
# Biases are usually free of charge: they do not bend anything. So the price is for the two weight matrices.

# %%
def weights_of(model):
    return [w for w in model.parameters() if w.ndim == 2]


def priced(model, **prices):
    """A loss with a price for this model's weights."""
    return lambda scores, y: F.cross_entropy(scores, y) + penalty(weights_of(model), **prices)


def trained_at(**prices):
    """A network that has learned at these prices, and its history."""
    model = network()
    return model, fit(model, loss_fn=priced(model, **prices))


priced_networks = {"no price": trained_at(), "l2 = 0.1": trained_at(l2=0.1), "l1 = 0.01": trained_at(l1=0.01)}
for name, (_, history) in priced_networks.items():
    print(f"{name:10}", told(history))

# %%
def sizes_of(model):
    """How large each of its weights is."""
    return np.abs(np.concatenate([w.detach().numpy().ravel() for w in weights_of(model)]))


sizes = {name: sizes_of(model) for name, (model, _) in priced_networks.items()}
figure, axes = plt.subplots(1, 3, figsize=(9, 2.4), layout="constrained", sharey=True)
for panel, (name, size) in zip(axes, sizes.items()):
    panel.hist(size, bins=np.linspace(0, 0.5, 26), color="#2a7ab8")
    panel.set(title=f"{name}: {(size < 0.01).mean():.0%} below 0.01", xlabel="size of a weight", yscale="log")
axes[0].set_ylabel("how many")
plt.show()

# %% [markdown]
# The same 4,736 weights three times. l2 makes all of them smaller. l1 pushes most of them to nothing, and leaves few that matter: the network has *chosen* among pixels.
#
# ## 8 · Stop in time
#
# The cheapest of all: the best network was there, eight or ten epochs after the beginning. Take that one. We only cannot know at the time that it is the best, as the validation loss goes up and down a little anyway. So have **patience**: stop when so many epochs in a row were not better than the best so far, and go back to the best.
#
# ```python
# stopper = EarlyStopping(patience=5, min_delta=0.0)
# stopper.step(val_loss, model)    # after every epoch: is it time to stop?
# stopper.restore(model)           # at the end: the best weights again
# ```
#
# - A loss is better when it is below `best - min_delta`. Then it becomes the best, the count of waiting starts again at 0, and the weights are kept.
# - Otherwise the count grows by 1. `step` gives back whether it has reached `patience`.
# - `model.state_dict()` gives the tensors of a model by name (lesson 06), and `model.load_state_dict(...)` writes such tensors back into it. Ask yourself **whose** tensors they are. The optimizer changes them in place, tomorrow as well. `w.clone()` makes a copy.
# - `best` is the best loss so far. Before the first epoch: `float("inf")`, which any loss is below.

# %% tags=["exercise"] nbgrader={"grade_id": "training.EarlyStopping", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
class EarlyStopping:
    """Says when the loss has not got better for `patience` epochs, and knows the best weights."""

    def __init__(self, patience=5, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.waited, self.weights = float("inf"), 0, None

    def step(self, loss, model):
        """Note the loss after an epoch: True when it is time to stop."""
        ### BEGIN SOLUTION
        if loss < self.best - self.min_delta:
            self.best, self.waited = loss, 0
            self.weights = {name: w.clone() for name, w in model.state_dict().items()}
        else:
            self.waited += 1
        return self.waited >= self.patience
        ### END SOLUTION

    def restore(self, model):
        """Put the best weights back into the model."""
        ### BEGIN SOLUTION
        model.load_state_dict(self.weights)
        ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.EarlyStopping", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("training.EarlyStopping", EarlyStopping)
### BEGIN HIDDEN TESTS
assert course.check("training.EarlyStopping", EarlyStopping)
### END HIDDEN TESTS

# %%
model, stopper = network(), EarlyStopping(patience=8)
stopped = fit(model, after_epoch=lambda history: stopper.step(history["val_loss"][-1], model))
stopper.restore(model)

print(f"stopped after {len(stopped['loss'])} epochs, best validation loss {stopper.best:.2f}")
print(f"with the best weights: right on {evaluate(model, F.cross_entropy, validation)[1]:.0%} of the validation part")
print(about_the_wrong_ones(model))

# %% [markdown]
# ### Watch it happen
#
# In two dimensions learning by heart can be seen. Eighty points of two kinds, some of them on the wrong side of the border. A network learns them while a recorder looks on. Drag the time: when does the border begin to reach for single points?

# %%
X_moons, y_moons = datasets.moons(80, noise=0.35, seed=1)
torch.manual_seed(0)
layers = [nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2)]
bender = nn.Sequential(*layers).double()
optimizer = optim.Adam(bender.parameters(), lr=0.01)
recorder = inspection.Recorder(bender)
moons = DataLoader(Pairs(X_moons.astype(float), y_moons), batch_size=20, shuffle=True)
for epoch in range(150):
    recorder.step(loss=train_epoch(bender, F.cross_entropy, optimizer, moons))

border = inspection.decision_boundary(bender, X_moons, y_moons, resolution=60)
inspection.replay(recorder, border, frames=16)

# %% [markdown]
# ## 9 · The overfitting dial
#
# Three dials, turned one at a time: how wide the network is, how much is dropped, how much a weight costs. For each setting a whole training, and two numbers at its end: the loss on what was learned from, and the validation loss.

# %%
def turn(settings, dropout_rate=lambda s: 0.0, width=lambda s: 64, price=lambda s: {}):
    """[(loss, validation loss) at the end of training] for each setting of a dial."""
    found = []
    for setting in settings:
        model = network(width(setting), dropout_rate(setting))
        loss_fn = priced(model, **price(setting)) if price(setting) else F.cross_entropy
        history = fit(model, epochs=40, loss_fn=loss_fn)
        found.append((history["loss"][-1], history["val_loss"][-1]))
    return np.array(found)


widths, rates = (2, 8, 32, 128), (0.0, 0.3, 0.6, 0.8, 0.9)
by_width = turn(widths, width=lambda s: s)
by_rate = turn(rates, dropout_rate=lambda s: s)

# %%
costs = (0.0, 0.01, 0.03, 0.1, 0.3)
by_cost = turn(costs, price=lambda s: {"l2": s} if s else {})

figure, axes = plt.subplots(1, 3, figsize=(10, 2.8), layout="constrained", sharey=True)
panels = (("neurons", widths, by_width), ("dropout p", rates, by_rate), ("l2", costs, by_cost))
for panel, (name, settings, losses) in zip(axes, panels):
    panel.plot(losses[:, 0], "o-", color="#2a7ab8", label="learned from")
    panel.plot(losses[:, 1], "s--", color="#d3691e", label="validation")
    panel.set(xlabel=name, xticks=range(len(settings)), xticklabels=settings, ylim=(0, 2))
axes[0].set_ylabel("loss after 40 epochs")
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# Read each panel from the side where the two lines are far apart to the side where they meet.
#
# - **They are far apart, and validation is bad**: learning by heart. Turn the dial towards care.
# - **They meet, and both are bad**: the network can no longer learn at all, *underfitting*. Turn back.
# - The best setting lies in between, and there the training loss is **not** the best.
#
# The first panel holds a surprise. The widest network is not the worst one, though it has the most knobs. The picture with the polynomial was too simple: among the many ways to fit the data, gradient descent finds smooth ones first, and wide networks have more of these. (People are still arguing about why. Reading: Zhang, and Belkin, at
# the end.)
#
# Here is the same to play with, in two dimensions. Give it more neurons, more noise, fewer points; then switch regularization on, and watch the two losses.

# %%
dials = inspection.playground(
    "moons", layers=(8, 8), noise=0.4, points=80, test=0.5, learning_rate=0.01, optimizer="adam",
    regularization="l2", rate=0.0, seed=1,
)
dials.step(1000)
dials

# %% [markdown]
# ## 10 · More than one number
#
# "Right on 85 %" hides who is taken for whom. The **confusion matrix** tells: row i, column j holds how often a picture of digit i got the answer j. What is right stands on the diagonal.
#
# Write it for arrays of whole numbers. A loop is fine. If you want to do without, remember `np.add.at` of lesson 05.

# %% tags=["exercise"] nbgrader={"grade_id": "training.confusion_matrix", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def confusion_matrix(answers, labels, classes):
    """How often row (the label) was taken for column (the answer): (classes, classes)."""
    ### BEGIN SOLUTION
    table = np.zeros((classes, classes), int)
    np.add.at(table, (labels, answers), 1)
    return table
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.confusion_matrix", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("training.confusion_matrix", confusion_matrix)
### BEGIN HIDDEN TESTS
assert course.check("training.confusion_matrix", confusion_matrix)
### END HIDDEN TESTS

# %%
def answers_of(model, x):
    """The class with the largest score, for each row."""
    model.eval()
    with torch.no_grad():
        return model(torch.tensor(x)).argmax(1).numpy()


table = confusion_matrix(answers_of(model, x_check), y[check], 10)
figure, axes = plt.subplots(figsize=(4.2, 4), layout="constrained")
axes.imshow(table, cmap="Blues", vmax=60)
for (i, j), count in np.ndenumerate(table):
    if count:
        colour = "white" if count > 30 else "#d3691e" if i != j else "#333333"
        axes.text(j, i, count, ha="center", va="center", color=colour)
axes.set(xlabel="what the network says", ylabel="what it is", xticks=range(10), yticks=range(10))
plt.show()

# %% [markdown]
# The orange numbers are mistakes. Look for the largest: which digit is taken for which? Would you have guessed it from the way they are written?
#
# For a single digit two questions can be asked, and they are not the same. Of all that the network **called** an 8, how many are? (That is *precision*, along a column.) Of all that **are** an 8, how many did it find? (*Recall*, along a row.) You will write both in section 15.
#
# ## 11 · Break it on purpose
#
# ### A leak
#
# Sixty patients, two thousand measurements of each, and a disease that strikes like a coin: the labels here *are* coin flips, and the measurements noise. Nothing can be learned.
#
# A colleague proceeds with care. From the two thousand they pick the ten measurements that go best with the disease. Then they put half of the patients aside, train on the others with these ten, and measure on those put aside.

# %% jupyter={"source_hidden": true}
inspection.predict(
    "How often will their classifier be right about the patients that were put aside?",
    "about 80 %",
    options=["about 50 %, it is all noise", "about 55 %", "about 80 %", "100 %"],
    because="The ten were picked with a look at all patients, also at those put aside afterwards. Among two thousand columns of noise there are always ten that happen to fit these sixty.",
)

# %%
def best_ten(table, sick):
    """The ten columns whose means differ most between the sick and the others."""
    return np.argsort(np.abs(table[sick].mean(0) - table[~sick].mean(0)))[-10:]


def trained_and_measured(table, sick, train, held):
    """Learn the two means, and call sick whoever is nearer to theirs: the share of right answers on `held`."""
    ill, well = (table[train][sick[train] == kind].mean(0) for kind in (True, False))
    said = ((table[held] - ill) ** 2).sum(1) < ((table[held] - well) ** 2).sum(1)
    return (said == sick[held]).mean()


def experiment(seed):
    rng = np.random.default_rng(seed)
    table, sick = rng.normal(size=(60, 2000)), rng.permutation(np.arange(60) < 30)
    train, held = map(np.array, split(60, 0.5, torch.Generator().manual_seed(seed)))
    picked_first = table[:, best_ten(table, sick)]
    picked_after = table[:, best_ten(table[train], sick[train])]
    return [trained_and_measured(picked, sick, train, held) for picked in (picked_first, picked_after)]


leaked, honest = np.mean([experiment(seed) for seed in range(20)], axis=0)
print(f"picked first, then put aside: right on {leaked:.0%}")
print(f"put aside, then picked:       right on {honest:.0%}")

# %% [markdown]
# Every line of code was right; only their order was not. This has happened in published medicine, many times. **Whatever is chosen by looking at data (a scale, a column, a setting, an epoch) is part of the training**, and comes after putting aside.
#
# ### An order that is not shuffled
#
# The same network, the same 200 pictures, sorted by label: first all the zeros, then all the ones. And a loader that does not shuffle. Four rounds with plain gradient descent and a large step.

# %%
by_label = np.argsort(labels, kind="stable")
in_order = DataLoader(Pairs(x_few[by_label], labels[by_label]), batch_size=20)
for name, loader in {"shuffled": DataLoader(learned, batch_size=20, shuffle=True), "sorted": in_order}.items():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.3)
    for _ in range(4):
        train_epoch(model, F.cross_entropy, optimizer, loader)
    says = np.bincount(answers_of(model, x_check), minlength=10)
    _, right = evaluate(model, F.cross_entropy, validation)
    print(f"{name:9} right on {right:.0%}; how often it says 0 to 9: {says.tolist()}")

# %% [markdown]
# The same pictures, each the same number of times. But the last thing that the second network has seen are nines, and it says 9 twice as often as the other; ones and fives are long ago. With a small learning rate the harm is smaller, as no single batch moves much. You can try; but nobody who shuffles has to.
#
# ## 12 · Use it
#
# Everything together: dropout, a price, and stopping in time. Which settings? Those that do best on the validation part, of a few that we try. Only then, and only once, the test part.
#
# *Best* by which number? Above you have seen the price of l2 = 0.1 make the loss worse and the answers better: with small weights the network is never very sure, and the loss charges for that. We care for answers, so we choose by them.

# %%
def careful_fit(width, p, l2):
    """Train with all the care of this lesson: (the model with its best weights, its accuracy in validation)."""
    model, stopper = network(width, p), EarlyStopping(patience=10)
    fit(model, 60, priced(model, l2=l2), lambda history: stopper.step(history["val_loss"][-1], model))
    stopper.restore(model)
    return model, evaluate(model, F.cross_entropy, validation)[1]


tried = {}
for width, p, l2 in ((64, 0.0, 0.0), (64, 0.5, 0.03), (128, 0.8, 0.0), (128, 0.8, 0.03), (128, 0.0, 0.1)):
    tried[width, p, l2] = careful_fit(width, p, l2)
    print(f"{width:3} neurons, p = {p}, l2 = {l2}: right on {tried[width, p, l2][1]:.1%} of the validation part")

chosen = max(tried, key=lambda setting: tried[setting][1])
print("chosen:", chosen)

# %% [markdown]
# And now the 1,198 pictures that nobody has looked at so far, once.

# %%
careless = network()
fit(careless)
for name, model in {"no care at all": careless, "chosen": tried[chosen][0]}.items():
    _, accuracy = evaluate(model, F.cross_entropy, [(torch.tensor(x_test), torch.tensor(y[test]))])
    print(f"{name:15} right on {accuracy:.0%} of the test part; {about_the_wrong_ones(model)}")

# %% [markdown]
# The teacher, whoever typed the labels, was right on 155 of 200, or 78 %. The careless network is as good as its teacher. The other one is better: it has averaged out mistakes that do not agree with each other.
#
# (Its test number is a little below its validation number, as is to be expected. Five settings were compared, and a bit of luck was chosen along with the best. The test part has seen no such choice.)
#
# One word of honesty about these numbers. The digits were written by thirteen people, and a random split puts digits of each of them into all parts. So we have measured how well the network reads *these thirteen*. For new writers one would have to put whole writers aside. What the
# test part is like decides what its number means.
#
# ### Put yours in
#
# learnnn's `Trainer` is this loop with some more comfort. With `course.use` your loader, your dropout, your stopping and your confusion matrix take the place of its own.

# %%
parts = {
    "training.split": split,
    "training.standardize": standardize,
    "training.batches": batches,
    "training.DataLoader": DataLoader,
    "training.dropout": dropout,
    "training.penalty": penalty,
    "training.fit": train_epoch,
    "training.evaluate": evaluate,
    "training.EarlyStopping": EarlyStopping,
    "training.confusion_matrix": confusion_matrix,
}
for id, part in parts.items():
    print(course.use(id, part))

# %% [markdown]
# And section 1 once more, with your parts inside, watched while it trains.

# %% tags=["nbval-ignore-output"]
watchers = [training.EarlyStopping(patience=10), inspection.LiveMetrics()]
my_run = first_try(p=0.5, weight_decay=0.1, callbacks=watchers)

# %%
print("the same losses as in section 1:", np.allclose(careful["val_loss"], my_run["val_loss"]))
print(f"stopped after {len(my_run['loss'])} of 60 epochs")

# %% [markdown]
# (If you draw your random numbers in another way, the losses are others, and just as good.)
#
# `precision` and `recall` of learnnn count with your table now, and in the graph of a step the dropout is in your colour:

# %% tags=["shipped"]
model = nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 10)).double()
loss = F.cross_entropy(model(learned.x[:20]), learned.y[:20])
loss.backward()

said = answers_of(tried[chosen][0], x_check)
print("mean precision:", round(metrics.precision(said, y[check]), 2))
print("mean recall:", round(metrics.recall(said, y[check]), 2))
inspection.graph(loss, names=model)

# %% [markdown]
# ### Look inside
#
# `inspection.watch` listens to every layer while a model trains: how large are its outputs, how large the gradients that come back, how large a step is compared with the weight it moves. Here the network without any care. Move the slider from the first steps to the last: what do the gradients do, once it knows everything by heart?

# %% tags=["shipped"]
model = network()
trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.003))
watched = inspection.watch(model, every=5)
loader = data.DataLoader(learned, batch_size=20, shuffle=True)
trainer.fit(loader, epochs=60, callbacks=[watched], verbose=False)
watched

# %% [markdown]
# They fade. With a training loss near 0 there is nothing left to learn *from these 200 pictures*: nothing pulls at the weights any more, neither in the right direction nor in a wrong one. That is why it does not get better again, however long you wait.
#
# ## 13 · The shipped source beside your own
#
# Live from the installed file. PyTorch splits the loader into a *sampler*, which draws the order, a *batch sampler*, which cuts it up, and the loader, which fetches and stacks:

# %%
print(inspect.getsource(data.RandomSampler.__iter__))
print(inspect.getsource(data.BatchSampler.__iter__))

# %% [markdown]
# Dropout. Where do you find your mask, and where the division?

# %%
print(inspect.getsource(nn.functional._drop))

# %% [markdown]
# And the heart of the Trainer: one step, and the adding up of an epoch. Look for your five lines.

# %%
print(inspect.getsource(training.Trainer._step))
print(inspect.getsource(training.trainer.Tally.add))

# %% [markdown]
# `closure` is there for one optimizer (L-BFGS), which wants to ask for loss and gradients several times in one step. And `size` in `add` is what section 2 was about.
#
# ## 14 · The same lines in PyTorch
#
# ```python
# import torch
# from torch import nn
# from torch.utils.data import DataLoader, TensorDataset, random_split
#
# dataset = TensorDataset(X, y)
# learned, validation = random_split(dataset, [0.8, 0.2], generator=torch.Generator().manual_seed(0))
# loader = DataLoader(learned, batch_size=20, shuffle=True)
#
# model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10))
# optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
#
# for epoch in range(60):
#     model.train()
#     for inputs, wanted in loader:
#         loss = nn.functional.cross_entropy(model(inputs), wanted)
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#     model.eval()
#     with torch.no_grad():
#         ...
# ```
#
# | yours | PyTorch | |
# |---|---|---|
# | `split` | `random_split` | gives data sets, not numbers |
# | `standardize` | `sklearn.preprocessing.StandardScaler` | `fit` on the training part, `transform` all parts |
# | `DataLoader` | `DataLoader` | with worker processes that fetch ahead, and samplers of your own |
# | `dropout`, `Dropout` | `F.dropout`, `nn.Dropout` | `Dropout2d` drops whole channels |
# | `penalty(..., l2=...)` | `weight_decay=` of SGD | in Adam the two differ: that is what AdamW is for (lesson 08) |
# | `penalty(..., l1=...)` | written by hand, as here | |
# | `train_epoch`, `evaluate`, `EarlyStopping` | written by hand | the Trainers of Lightning, Keras or learnnn have them |

# %% [markdown]
# ## 15 · Exercises
#
# ### Graded: precision and recall
#
# A network that calls **everything** an 8 finds every 8, and is useless. One that says 8 only when it is quite sure, once in a hundred times, makes no mistake, and is useless too. From a confusion matrix, for each class: of what was called so, the share that is (precision); of what is, the share that was called
# so (recall). Where there is nothing to take a share of, 0.

# %% tags=["exercise"] nbgrader={"grade_id": "training.precision_recall", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def precision_recall(table):
    """(precision, recall) of each class, two arrays (classes,), from a confusion matrix."""
    ### BEGIN SOLUTION
    hits = np.diagonal(table)
    called, there = table.sum(axis=0), table.sum(axis=1)
    return hits / np.maximum(called, 1), hits / np.maximum(there, 1)
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.precision_recall", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("training.precision_recall", precision_recall)
### BEGIN HIDDEN TESTS
assert course.check("training.precision_recall", precision_recall)
### END HIDDEN TESTS

# %%
precision, recall = precision_recall(table)
for digit in (int(precision.argmin()), int(recall.argmin())):
    print(f"digit {digit}: {precision[digit]:.0%} of what it calls so are, and it finds {recall[digit]:.0%} of them")

# %% [markdown]
# ### Graded: every example is held out once
#
# 399 pictures to validate on is a luxury. With 200 in all, holding out 40 leaves a measurement that depends on which 40. So do it k times: cut the shuffled data into k *folds*, hold out each in its turn, train on all the others, and average. Every example is then used for measuring once, and never on a network that has
# learned from it.
#
# n need not be a multiple of k; the sizes of the folds differ by at most 1.

# %% tags=["exercise"] nbgrader={"grade_id": "training.k_fold", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def k_fold(n, k, generator=None):
    """k pairs (numbers to train on, numbers held out): each of 0 to n - 1 is held out exactly once."""
    ### BEGIN SOLUTION
    order = torch.randperm(n, generator=generator).tolist()
    folds = [order[i::k] for i in range(k)]
    return [([v for v in order if v not in held], held) for held in folds]
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.k_fold", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("training.k_fold", k_fold)
### BEGIN HIDDEN TESTS
assert course.check("training.k_fold", k_fold)
### END HIDDEN TESTS

# %%
scores = []
for part, held in k_fold(len(few), 5, torch.Generator().manual_seed(0)):
    part, held = np.array(part), np.array(list(held))
    x_part, x_held = standardize(ink[few][part], ink[few][held])
    model = network(p=0.5)
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    loader = DataLoader(Pairs(x_part, labels[part]), batch_size=20, shuffle=True)
    for _ in range(10):
        train_epoch(model, F.cross_entropy, optimizer, loader)
    scores.append((answers_of(model, x_held) == y[few][held]).mean())
print("right on", [f"{score:.0%}" for score in scores], f"mean {np.mean(scores):.0%}")

# %% [markdown]
# Look at how far the five are apart. Each of them alone would have been your measurement. (We have counted with the true digits. What would you get with the labels as typed, and why could it never be near 100 %?)
#
# ### Predict, then run
#
# On paper first. Four numbers:
#
# 1. 10 pictures, batches of 4, nothing dropped, three epochs. How many **steps** does the optimizer take?
# 2. The mean losses of these three batches (4, 4 and 2 pictures) are 2, 2 and 5. What is the **mean loss** of the epoch?
# 3. Dropout with p = 0.8 in training. What becomes of a **pixel** of 3 that stays?
# 4. Validation losses 0.9, 0.7, 0.8, 0.6, 0.65, 0.61, 0.5, and patience 2. The weights of which **epoch** are restored? (The first is epoch 1.)

# %% tags=["exercise"] nbgrader={"grade_id": "training.predict", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def prediction():
    """(the steps, the mean loss, the kept pixel, the epoch whose weights are restored)"""
    ### BEGIN SOLUTION
    # 10 = 4 + 4 + 2: three batches, three times.  (4 * 2 + 4 * 2 + 2 * 5) / 10.  3 / (1 - 0.8).
    # After 0.6 come two that are not better: stop in epoch 6, back to epoch 4. The 0.5 is never seen.
    return 9, 2.6, 15, 4
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.predict", "solution": false, "grade": true, "locked": true, "points": 1, "schema_version": 3, "task": false}
course.check("training.predict", prediction)
### BEGIN HIDDEN TESTS
assert course.check("training.predict", prediction)
### END HIDDEN TESTS

# %%
ten = DataLoader(Pairs(np.zeros((10, 1)), np.arange(10)), batch_size=4)
sizes = [len(numbers) for _, numbers in ten]
stays = dropout(torch.full((50,), 3.0), 0.8).numpy().max()
line, stopper = nn.Linear(1, 1), EarlyStopping(patience=2)
for epoch, loss in enumerate((0.9, 0.7, 0.8, 0.6, 0.65, 0.61, 0.5), 1):
    with torch.no_grad():
        line.weight.fill_(epoch)
    if stopper.step(loss, line):
        break
stopper.restore(line)
print("steps:", 3 * len(ten), " mean loss:", np.average([2, 2, 5], weights=sizes))
print("pixel:", round(float(stays), 4), " epoch:", int(line.weight.item()))

# %% [markdown]
# ### Find the bug
#
# A colleague has written train and measure in one function. It runs, the losses go down, all is well. Only: they say that dropout "does nothing for us", and show these runs.

# %%
def colleagues_fit(model, loss_fn, optimizer, loader, check, epochs):
    """[(training loss, validation loss) of each epoch]"""
    history = []
    model.train()
    for epoch in range(epochs):
        sums, seen = 0.0, 0
        for inputs, wanted in loader:
            loss = loss_fn(model(inputs), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            sums, seen = sums + loss.item() * len(inputs), seen + len(inputs)
        model.eval()
        checked, there = 0.0, 0
        with torch.no_grad():
            for inputs, wanted in check:
                checked += loss_fn(model(inputs), wanted).item() * len(inputs)
                there += len(inputs)
        history.append((sums / seen, checked / there))
    return history


def training_losses(fit, p):
    """The training loss of the first six epochs, with this fit and this dropout."""
    model = network(p=p)
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    loader = DataLoader(learned, batch_size=20, shuffle=True)
    history = fit(model, F.cross_entropy, optimizer, loader, validation, 6)
    return "  ".join(f"{loss:.2f}" for loss, _ in history)


for p in (0.0, 0.5, 0.99):
    print(f"p = {p:4}: {training_losses(colleagues_fit, p)}")

# %% [markdown]
# With p = 0.99 one neuron in a hundred is there. In the first epoch one can see it. And then? What is the cause?
#
# - **A** the gradients are cleared in the wrong place
# - **B** after the first measurement the model stays in evaluation mode
# - **C** `no_grad` switches dropout off
# - **D** the mean is not weighted by the sizes of the batches
# - **E** the network learns from the validation pictures
#
# Repair the function, and give it back together with the letter.

# %% tags=["exercise"] nbgrader={"grade_id": "training.find_the_bug", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}
def repair():
    """(the repaired fit(model, loss_fn, optimizer, loader, check, epochs), the letter of the cause)."""
    ### BEGIN SOLUTION

    def repaired_fit(model, loss_fn, optimizer, loader, check, epochs):
        history = []
        for epoch in range(epochs):
            model.train()  # for every epoch: the measurement has left the model in evaluation mode
            sums, seen = 0.0, 0
            for inputs, wanted in loader:
                loss = loss_fn(model(inputs), wanted)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                sums, seen = sums + loss.item() * len(inputs), seen + len(inputs)
            model.eval()
            checked, there = 0.0, 0
            with torch.no_grad():
                for inputs, wanted in check:
                    checked += loss_fn(model(inputs), wanted).item() * len(inputs)
                    there += len(inputs)
            history.append((sums / seen, checked / there))
        return history

    return repaired_fit, "B"
    ### END SOLUTION

# %% tags=["check"] nbgrader={"grade_id": "check.training.find_the_bug", "solution": false, "grade": true, "locked": true, "points": 2, "schema_version": 3, "task": false}
course.check("training.find_the_bug", repair)
### BEGIN HIDDEN TESTS
assert course.check("training.find_the_bug", repair)
### END HIDDEN TESTS

# %%
print(f"p = 0.99: {training_losses(repair()[0], 0.99)}")

# %% [markdown]
# No error, no nan, nothing that stands out. Curves that look the same with a setting and without it are a symptom too: *is it switched on at all?*
#
# ### To go on with, ungraded
#
# - With p = 0.8 the training loss that `train_epoch` gives back is larger than the validation loss. Is that a miracle? (Two reasons. One of them is the switch.)
# - `split` for rare classes: make it draw so that every class has the same share in both parts (*stratified*).
# - Put writers aside: train on the first 599 rows of X, which come from some of the thirteen, validate on the last 399, and compare with a random split of the same sizes.
# - Move every training picture by a pixel in a random direction, anew in every epoch: in `Pairs.__getitem__`. What does that do to the validation loss? (It is called augmentation, and is often worth more than all of the above.)
# - Find the wrong labels: train with care, and list the training pictures whose label has the largest loss. How many of the first thirty are really wrong?
# - Dropout at the *input*: put `Dropout(0.2)` before the first layer. And what if you leave dropout on, ask the network thirty times, and look at how much its answers differ?
# - Gradient accumulation: make `train_epoch` take a step only after every fourth batch, so that it is the step of a batch four times as large. What has to be divided by four?
#
# ## 16 · What you have now, and where to read on
#
# A training program: data put aside without a leak, batches, the loop, the two modes, three ways to make learning by heart harder, a way to stop, and honest numbers. What you have seen of it goes wrong in silence, all of it: a leak, an unshuffled order, a forgotten switch, an alias for a copy. The defence is always the same: ask what a
# number was measured on, and break it on purpose once to see what that looks like.
#
# - N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, [Dropout: A Simple Way to Prevent Neural Networks from Overfitting](https://jmlr.org/papers/v15/srivastava14a.html), JMLR 15, 2014.
# - L. Prechelt, [Early Stopping, But When?](https://doi.org/10.1007/3-540-49430-8_3), in: Neural Networks: Tricks of the Trade, Springer 1998: fourteen ways to decide, compared.
# - T. Hastie, R. Tibshirani, J. Friedman, [The Elements of Statistical Learning](https://hastie.su.domains/ElemStatLearn/), 2nd edition, Springer 2009, chapter 7: validation done right and wrong, with the coin flips of section 11.
# - C. Ambroise, G. J. McLachlan, [Selection bias in gene extraction on the basis of microarray gene-expression data](https://doi.org/10.1073/pnas.102102699), PNAS 99, 2002: the leak of section 11 in published results.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, [Understanding deep learning requires rethinking generalization](https://arxiv.org/abs/1611.03530), ICLR 2017: large networks learn any labels by heart, even random ones.
# - M. Belkin, D. Hsu, S. Ma, S. Mandal, [Reconciling modern machine-learning practice and the classical bias-variance trade-off](https://doi.org/10.1073/pnas.1903070116), PNAS 116, 2019: why the widest network was not the worst.
# - C. G. Northcutt, A. Athalye, J. Mueller, [Pervasive Label Errors in Test Sets Destabilize Machine Learning Benchmarks](https://arxiv.org/abs/2103.14749), NeurIPS 2021: how wrong the labels are that everybody measures on.
# - A. Karpathy, [A Recipe for Training Neural Networks](https://karpathy.github.io/2019/04/25/recipe/), 2019: habits like those of this lesson, by somebody who has made all the mistakes.
#
# **Next:** lesson 10 keeps deep networks trainable, with norms and residuals. Back to the [start page](00_start.ipynb).
