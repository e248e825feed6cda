"""Lesson 09, training and regularization: what is asked, what learners get wrong, and a truth of its own.

The truth is a definition written out in python loops: gradients of a straight line by their formula, losses by log and
exp. What is drawn at random is judged by what must hold for any draw: every example once, none in both parts, about the
right share.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import copy
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from typing import Any

import numpy as np

import learnnn as torch
from learnnn import nn, optim, training
from learnnn.autograd import Variable, from_backward
from learnnn.course.exercise import Exercise, Mistake, Trial, register
from learnnn.course.exercises.ch05_tensor_autograd import array, drawn, judged, question, saying, spelled
from learnnn.training import metrics
from learnnn.utils import data


def lesson(id: str, code: Any, **parts: Any) -> Exercise:
    return register(Exercise(id=f"training.{id}", lesson=9, solution=code, **parts))


def variation(cls: type, **methods: Any) -> type:
    """The class with some of its methods replaced."""
    return type(cls.__name__, (cls,), methods)


# ------------------------------------------------------------------------------------- what holds for any draw
def undisturbed(run: Callable) -> Callable:
    """The same, with learnnn's random numbers afterwards where they were."""

    def guarded(*args: Any) -> Any:
        before = torch.get_rng_state()
        try:
            return run(*args)
        finally:
            torch.set_rng_state(before)

    return guarded


def seeded(seed: int | None) -> Any:
    return None if seed is None else torch.Generator().manual_seed(seed)


def numbers(indices: Any) -> list[int]:
    """Indices from a list, an array or a tensor, as a list."""
    return [int(i) for i in np.asarray(indices).ravel()]


def amount(count: int) -> str:
    return "some" if count else "none"


def a_block(indices: Sequence[int]) -> bool:
    """Are these neighbours, such as 6, 7, 8, in whatever order?"""
    return sorted(indices) == list(range(min(indices), max(indices) + 1))


G_IGNORED = "The generator that was passed is not used: {inputs}. Hand it on to what draws: `torch.randperm(n, generator=generator)`. Else nobody can repeat your experiment."
NUMPYS_OWN = "You draw with numpy's own generator, which `torch.manual_seed` and `generator` know nothing of, so nobody can repeat your experiment: `torch.randperm(n, generator=generator)`."
FIXED_SEED = "Your order is the same for every seed: somewhere in your code stands a seed of its own. Draw from `generator`, and leave seeds to the caller."


# ------------------------------------------------------------------------------------------------------ split
def split(n, fraction, generator=None):
    order = torch.randperm(n, generator=generator).tolist()
    k = round(n * fraction)
    return order[k:], order[:k]


def split_from_the_end(n, fraction, generator=None):
    order = torch.randperm(n, generator=generator)
    rest = n - round(fraction * n)
    return order[:rest], order[rest:]


def split_by_mask(n, fraction, generator=None):
    held = np.zeros(n, bool)
    held[torch.randperm(n, generator=generator).numpy()[: round(n * fraction)]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def split_by_sorting(n, fraction, generator=None):
    order = np.argsort(torch.rand(n, generator=generator).numpy(), kind="stable")
    held = set(order[: round(n * fraction)].tolist())
    return [i for i in range(n) if i not in held], sorted(held)


SPLITS = ((10, 0.2), (9, 0.3), (11, 0.3), (100, 0.29), (60, 0.25), (5, 0.0))


@undisturbed
def parts_of(n: int, fraction: float, seed: int, f: Callable) -> Any:
    """The sizes, and what is in both parts, in neither, or twice in one."""
    train, held = map(numbers, f(n, fraction, seeded(seed)))
    twice = len(train) - len(set(train)) + len(held) - len(set(held))
    neither = set(range(n)) - set(train) - set(held)
    return (len(train), len(held)), {"in both": amount(len(set(train) & set(held))), "in neither": amount(len(neither)), "twice in one": amount(twice)}


@undisturbed
def mixed(n: int, fraction: float, seed: int, f: Callable) -> str:
    held = numbers(f(n, fraction, seeded(seed))[1])
    if not a_block(held):
        return "from all over"
    return "the first ones" if min(held) == 0 else "neighbours"


@undisturbed
def held_out_again(n: int, fraction: float, seeds: tuple, f: Callable) -> str:
    """Is the same held out with generators of these seeds?"""
    found = [sorted(numbers(f(n, fraction, seeded(seed))[1])) for seed in seeds]
    return "the same" if found[0] == found[1] else "others"


@undisturbed
def held_out_unseeded(n: int, fraction: float, f: Callable) -> str:
    """The same without a generator, both times after torch.manual_seed(5)."""
    found = []
    for _ in range(2):
        torch.manual_seed(5)
        found.append(sorted(numbers(f(n, fraction)[1])))
    return "the same" if found[0] == found[1] else "others"


def split_trials(rng: np.random.Generator) -> Iterator[Trial]:
    one, other = (int(i) for i in rng.choice(1000, 2, replace=False))
    nothing = {"in both": "none", "in neither": "none", "twice in one": "none"}
    for n, fraction in (*SPLITS, (int(rng.integers(200, 300)), 0.5001)):
        k = math.floor(n * fraction + 0.5)
        yield Trial("answers: ((how many to train on, how many held out), what went wrong)", f"n = {n}, fraction = {fraction}", partial(parts_of, n, fraction, one), ((n - k, k), nothing))
    yield Trial("which ones are held out", "n = 60, fraction = 0.25", partial(mixed, 60, 0.25, one), "from all over")
    yield Trial("held out by two generators of one seed", f"n = 60, fraction = 0.25, seed {one} twice", partial(held_out_again, 60, 0.25, (one, one)), "the same")
    yield Trial("held out by generators of two seeds", f"n = 60, fraction = 0.25, seeds {one} and {other}", partial(held_out_again, 60, 0.25, (one, other)), "others")
    yield Trial("held out without a generator, each time after torch.manual_seed(5)", "n = 60, fraction = 0.25", partial(held_out_unseeded, 60, 0.25), "the same")


def split_in_order(n, fraction, generator=None):
    k = round(n * fraction)
    return list(range(n - k)), list(range(n - k, n))


def split_twice_shuffled(n, fraction, generator=None):
    k = round(n * fraction)
    return torch.randperm(n, generator=generator)[k:], torch.randperm(n, generator=generator)[:k]


def split_drawing_again(n, fraction, generator=None):
    k = round(n * fraction)
    held = torch.randint(0, n, (k,), generator=generator).tolist()
    return [i for i in range(n) if i not in held], held


def train_on_all(n, fraction, generator=None):
    order = torch.randperm(n, generator=generator).tolist()
    return order, order[: round(n * fraction)]


def split_by(order: Callable = lambda n, generator: torch.randperm(n, generator=generator), size: Callable = lambda n, fraction: round(n * fraction), cut: Callable = lambda order, k: (order[k:], order[:k])) -> Callable:
    """A split with some of its parts replaced."""
    return lambda n, fraction, generator=None: cut(numbers(order(n, generator)), size(n, fraction))


lesson(
    "split",
    split,
    title="Put some aside",
    statement="Numbers 0 to n-1, drawn into two parts: `round(n * fraction)` of them are held out, the others are there to train on. Give both lists, training first. Draw with `torch.randperm(n, generator=generator)`.",
    signature="split(n, fraction, generator=None) -> (numbers to train on, numbers held out)",
    trials=split_trials,
    variants=(split_from_the_end, split_by_mask, split_by_sorting),
    hints=(
        "Shuffle once, then cut. Whatever lies before the cut goes to one part, whatever lies behind it to the other: so no number can be in both.",
        "`torch.randperm(n, generator=generator)` gives 0 to n-1 in random order. `.tolist()` makes a list of it. Where do you cut?",
        "With `k = round(n * fraction)`: the first k are held out, and everything from k on is to train on. Give back the training part first.",
    ),
    mistakes=(
        Mistake("not-shuffled", split_in_order, "You cut the numbers as they come. Data often lie in some order (first all the zeros, then all the ones; first one writer, then the next), and then the two parts are different worlds. Shuffle first."),
        Mistake("first-ones-held-out", split_by(lambda n, generator: range(n)), "You hold out the first ones, in the order in which they lie. Shuffle first: data often lie sorted."),
        Mistake("cut-unshuffled-and-rounded-down", split_by(lambda n, generator: range(n), lambda n, fraction: int(n * fraction)), "Two things. You hold out the first ones, in the order in which they lie: shuffle first, as data often lie sorted. And `int` cuts off what is behind the point, where `round` is asked."),
        Mistake("shuffled-twice", split_twice_shuffled, "With {inputs} some are in both parts: you shuffled once for each of them. Shuffle once, keep the order, and cut it in two."),
        Mistake("drawn-with-repeats", split_drawing_again, "With {inputs} you draw each number anew, so one comes several times, and the part is smaller than it looks. A permutation has each number once."),
        Mistake("trains-on-everything", train_on_all, "What is held out is in the training part too: {inputs}. It then measures only how well the network remembers."),
        Mistake("parts-exchanged", split_by(cut=lambda order, k: (order[:k], order[k:])), "The parts are exchanged: with {inputs} you train on {actual} and should train on {expected}. Training comes first."),
        Mistake("one-lost-at-the-cut", split_by(cut=lambda order, k: (order[k + 1 :], order[:k])), "One number is in neither part: with {inputs} the training part has {actual} numbers. `order[:k]` ends before k, so the other part starts at k."),
        Mistake("one-in-both-parts", split_by(cut=lambda order, k: (order[max(0, k - 1) :], order[:k])), "One number is in both parts: `order[:k]` ends with place k - 1, so the other part starts at k."),
        Mistake("counted-from-the-end", split_by(cut=lambda order, k: (order[:-k], order[-k:])), "`order[-k:]` is the last k, but for k = 0 it is everything: -0 is 0, and the slice starts at the beginning. With {inputs} nothing is left to train on. Count from the front: `n - k`."),
        Mistake("rounded-down", split_by(size=lambda n, fraction: int(n * fraction)), "With {inputs} you hold out too few: `int` cuts off what is behind the point, and 100 * 0.29 is 28.999999999999996 to a computer. Use `round`."),
        Mistake("rounded-up", split_by(size=lambda n, fraction: math.ceil(n * fraction)), "With {inputs} you hold out too many: the task says `round`."),
        Mistake("generator-ignored", split_by(lambda n, generator: torch.randperm(n)), G_IGNORED),
        Mistake("numpys-own-generator", split_by(lambda n, generator: np.random.permutation(n)), NUMPYS_OWN),
        Mistake("seed-of-its-own", split_by(lambda n, generator: np.random.default_rng(0).permutation(n)), FIXED_SEED),
    ),
)


# ------------------------------------------------------------------------------------------------- standardize
def standardize(train, other):
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (train - mean) / std, (other - mean) / std


def standardize_by_loop(train, other):
    parts = [np.array(part, float) for part in (train, other)]
    for j in range(train.shape[1]):
        mean, std = np.mean(train[:, j]), np.std(train[:, j])
        for part in parts:
            part[:, j] = (part[:, j] - mean) / (std if std > 0 else 1.0)
    return parts


def standardize_by_function(train, other):
    shift = np.mean(train, 0)
    scale = np.sqrt(np.mean((train - shift) ** 2, 0))
    scale[scale == 0] = 1
    rescaled = lambda x: (x - shift) / scale
    return rescaled(train), rescaled(other)


def standardize_by_dividing(train, other):
    std = np.std(train, axis=0, keepdims=True)
    safe = std + (std == 0)
    return (train - train.mean(0, keepdims=True)) / safe, (other - train.mean(0, keepdims=True)) / safe


def column_numbers(column: Sequence[float]) -> tuple[float, float]:
    """Mean and deviation, one number after the other; the deviation of equal numbers counts as 1."""
    mean = math.fsum(column) / len(column)
    std = math.sqrt(math.fsum((v - mean) ** 2 for v in column) / len(column))
    return mean, 1.0 if len(set(column)) == 1 else std


def standardized(train: np.ndarray, other: np.ndarray) -> tuple:
    known = [column_numbers(train[:, j].tolist()) for j in range(train.shape[1])]
    return tuple(np.array([[(v - mean) / std for v, (mean, std) in zip(row, known)] for row in part.tolist()]).reshape(part.shape) for part in (train, other))


def call_standardize(train: np.ndarray, other: np.ndarray, f: Callable) -> Any:
    return tuple(f(train, other))


def standardize_trials(rng: np.random.Generator) -> Iterator[Trial]:
    spread = drawn(rng, 6, 3) * [1, 10, 0.5] + [0, 100, -3]
    flat = drawn(rng, 5, 2)
    flat[:, 1] = 4
    cases = (
        (array([1], [3]), array([[5]])), (array([1, 10], [3, 30]), array([[2, 20]])), (array([1, 7], [3, 7]), array([2, 7], [5, 9])), (array([0, 2], [4, 2], [8, 2]), array([4, 2], [0, 3])),
        (spread, drawn(rng, 4, 3)), (flat, drawn(rng, 3, 2)), (drawn(rng, 4, 1), drawn(rng, 1, 1)), (drawn(rng, 8, 4)[::2, ::2], drawn(rng, 3, 2)), (drawn(rng, 1, 3), drawn(rng, 2, 3)), (drawn(rng, 3, 3) * 5, drawn(rng, 3, 3)),
    )
    for train, other in cases:
        yield Trial("answers: (the training part, the other part)", question(("train", "other"), (train, other)), partial(call_standardize, train, other), standardized(train, other))


def safe(std: Any) -> Any:
    return np.where(std == 0, 1, std)


def each_by_its_own(train, other):
    return tuple((part - part.mean(0)) / safe(part.std(0)) for part in (train, other))


def each_unguarded(train, other):
    return tuple((part - part.mean(0)) / part.std(0) for part in (train, other))


def both_together(train, other):
    both = np.concatenate([train, other])
    return tuple((part - both.mean(0)) / safe(both.std(0)) for part in (train, other))


def by_the_other_part(train, other):
    return tuple((part - other.mean(0)) / safe(other.std(0)) for part in (train, other))


def training_part_only(train, other):
    return (train - train.mean(0)) / safe(train.std(0)), other


def between_0_and_1(train, other):
    low, wide = train.min(0), safe(train.max(0) - train.min(0))
    return (train - low) / wide, (other - low) / wide


def overwriting(train, other):
    mean, std = train.mean(0), safe(train.std(0))
    for part in (train, other):
        part -= mean
        part /= std
    return train, other


def shifted_before_measuring(train, other):
    train = train - train.mean(0)
    mean, std = train.mean(0), safe(train.std(0))
    return (train - mean) / std, (other - mean) / std


def standardized_by(mean: Callable = lambda t: t.mean(axis=0), std: Callable = lambda t: safe(t.std(axis=0))) -> Callable:
    """The right way with another mean or deviation."""
    return lambda train, other: tuple((part - mean(train)) / std(train) for part in (train, other))


lesson(
    "standardize",
    standardize,
    title="One scale, that of the training part",
    statement="Shift and scale every column so that it has mean 0 and standard deviation 1 in the training part. The other part is treated with the same numbers. A column that never changes in the training part is only shifted.",
    signature="standardize(train, other) -> (train, other), both rescaled; (n, d) and (m, d)",
    trials=standardize_trials,
    variants=(standardize_by_loop, standardize_by_function, standardize_by_dividing),
    hints=(
        "Two numbers for each column: its mean and its deviation. Both come from `train`, and both parts are treated with them.",
        "`train.mean(axis=0)` has a number for each column. What is `train.std(axis=0)` for a column of equal numbers, and what happens when you divide by it?",
        "`std = np.where(std == 0, 1, std)` puts a 1 in place of every 0. Then (part - mean) / std, once for each part.",
    ),
    mistakes=(
        Mistake("each-part-by-its-own", each_by_its_own, "You measure each part by itself. Then the same picture becomes other numbers in one part than in the other: here {inputs}. Mean and deviation come from `train`, for both."),
        Mistake("each-by-its-own-unguarded", each_unguarded, "Two things. You measure each part by itself, so the same picture becomes other numbers in one part than in the other: mean and deviation come from `train`, for both. And where a column never changes its deviation is 0, and you divide by it."),
        Mistake("measured-on-both-together", both_together, "You measure mean and deviation on both parts together. That is a leak: the training now knows something of the part that was put aside. Measure `train` alone."),
        Mistake("measured-on-the-other-part", by_the_other_part, "Your mean and deviation come from `other`. They come from `train`."),
        Mistake("only-the-training-part", training_part_only, "The other part comes back as it was. The network would see it in another unit than what it learned with."),
        Mistake("one-mean-for-all-columns", standardized_by(lambda t: t.mean(), lambda t: t.std() or 1), "You take one mean and one deviation for the whole table. Every column has its own: `axis=0`."),
        Mistake("rows-for-columns", lambda train, other: tuple((part - part.mean(axis=1, keepdims=True)) / safe(part.std(axis=1, keepdims=True)) for part in (train, other)), "You standardize rows. A column holds one quantity of all examples, and it is the columns that need one scale: `axis=0`."),
        Mistake("variance-for-deviation", standardized_by(std=lambda t: safe(t.var(axis=0))), "You divide by the variance. The standard deviation is its root: `std`."),
        Mistake("not-scaled", standardized_by(std=lambda t: 1), "The means are right, and the columns still have the spread they had: divide by the deviation."),
        Mistake("not-shifted", standardized_by(mean=lambda t: 0), "The spread is right, and the columns still have the mean they had: subtract it first."),
        Mistake("zero-deviation-not-minded", standardized_by(std=lambda t: t.std(axis=0)), "With {inputs} a column never changes in the training part. Its deviation is 0, and dividing by it gives nan or infinity: the corner of a picture is white in all of them."),
        Mistake("a-little-added", standardized_by(std=lambda t: t.std(axis=0) + 1e-8), "Adding a very small number avoids the nan. But where a column never changes in training, and does in the other part, you divide by that very small number: {actual} in place of {expected}. Put a 1 there."),
        Mistake("n-minus-1", standardized_by(std=lambda t: safe(t.std(axis=0, ddof=1)) if len(t) > 1 else 1), "You divide the squares by n - 1 (`ddof=1`). For the training part to have deviation 1 as numpy measures it, divide by n."),
        Mistake("between-0-and-1", between_0_and_1, "You bring the columns between 0 and 1. That is a useful scale too, but another one: mean 0 and deviation 1 are asked."),
        Mistake("measured-after-shifting", shifted_before_measuring, "You shift `train` first and measure its mean afterwards: it is 0 then, and the other part is not shifted at all."),
        Mistake("inputs-overwritten", overwriting, "You write into the arrays you were given (`-=`, `/=`, `x[...] =`). They are the caller's data, in their own units. Make new ones."),
    ),
)


# ----------------------------------------------------------------------------------------------------- batches
def batches(n, batch_size, shuffle=False, drop_last=False, generator=None):
    order = torch.randperm(n, generator=generator).tolist() if shuffle else list(range(n))
    found = [order[i : i + batch_size] for i in range(0, n, batch_size)]
    return [batch for batch in found if len(batch) == batch_size or not drop_last]


def batches_by_yielding(n, batch_size, shuffle=False, drop_last=False, generator=None):
    order = torch.randperm(n, generator=generator).numpy() if shuffle else np.arange(n)
    end = n - n % batch_size if drop_last else n
    for start in range(0, end, batch_size):
        yield order[start : start + batch_size]


def batches_by_collecting(n, batch_size, shuffle=False, drop_last=False, generator=None):
    found, batch = [], []
    for i in (torch.randperm(n, generator=generator) if shuffle else torch.arange(n)).tolist():
        batch.append(i)
        if len(batch) == batch_size:
            found.append(batch)
            batch = []
    if batch and not drop_last:
        found.append(batch)
    return found


def batches_by_counting(n, batch_size, shuffle=False, drop_last=False, generator=None):
    order = np.arange(n)
    if shuffle:
        order = order[torch.randperm(n, generator=generator).numpy()]
    count = n // batch_size if drop_last else math.ceil(n / batch_size)
    return tuple(order[k * batch_size : min(n, (k + 1) * batch_size)] for k in range(count))


def in_batches(n: int, size: int, drop_last: bool) -> list[list[int]]:
    """0 to n-1, a number at a time."""
    found: list[list[int]] = []
    for i in range(n):
        if i % size == 0:
            found.append([])
        found[-1].append(i)
    return [batch for batch in found if len(batch) == size or not drop_last]


def as_lists(found: Any) -> list[list[int]]:
    return list(map(numbers, found))


@undisturbed
def call_batches(n: int, size: int, drop_last: bool, f: Callable) -> Any:
    torch.manual_seed(0)
    return as_lists(f(n, size, drop_last=drop_last))


@undisturbed
def shuffled_batches(n: int, size: int, drop_last: bool, seed: int, f: Callable) -> Any:
    found = as_lists(f(n, size, True, drop_last, seeded(seed)))
    flat = [i for batch in found for i in batch]
    return [len(batch) for batch in found], {"twice": amount(len(flat) - len(set(flat))), "beyond the data": amount(len(set(flat) - set(range(n))))}


@undisturbed
def disorder(n: int, size: int, seed: int, f: Callable) -> dict:
    """What kind of order it is, for so many numbers that chance has no say."""
    found = as_lists(f(n, size, shuffle=True, generator=seeded(seed)))
    return {
        "numbers within a batch": "in order" if all(batch == sorted(batch) for batch in found) else "mixed",
        "a batch holds": "neighbours" if all(map(a_block, found)) else "numbers from all over",
    }


@undisturbed
def rounds(n: int, size: int, seeds: tuple, f: Callable) -> str:
    """Is the order of two rounds the same? None: the second goes on with the generator of the first."""
    generator, found = seeded(seeds[0]), []
    for i, seed in enumerate(seeds):
        generator = generator if seed is None or not i else seeded(seed)
        found.append(as_lists(f(n, size, shuffle=True, generator=generator)))
    return "the same" if found[0] == found[1] else "another"


@undisturbed
def unseeded(n: int, size: int, f: Callable) -> str:
    """Is the order the same when both rounds begin with torch.manual_seed(5), and no generator is passed?"""
    found = []
    for _ in range(2):
        torch.manual_seed(5)
        found.append(as_lists(f(n, size, shuffle=True)))
    return "the same" if found[0] == found[1] else "another"


def batch_trials(rng: np.random.Generator) -> Iterator[Trial]:
    seed, other = (int(i) for i in rng.choice(1000, 2, replace=False))
    n, size = int(rng.integers(20, 30)), int(rng.integers(3, 7))
    for n_, size_, drop in ((5, 2, False), (6, 2, False), (5, 2, True), (6, 3, True), (3, 5, False), (3, 5, True), (4, 1, False), (0, 3, False), (7, 7, True), (n, size, False), (n, size, True)):
        told = ", drop_last=True" if drop else ""
        yield Trial("", f"n = {n_}, batch_size = {size_}{told}", partial(call_batches, n_, size_, drop), in_batches(n_, size_, drop))
    for n_, size_, drop in ((12, 5, False), (12, 5, True), (12, 4, False), (n, size, False)):
        sizes = [len(batch) for batch in in_batches(n_, size_, drop)]
        told = f"n = {n_}, batch_size = {size_}, shuffle=True{', drop_last=True' if drop else ''}"
        yield Trial("answers: (how many in each batch, what went wrong)", told, partial(shuffled_batches, n_, size_, drop, seed), (sizes, {"twice": "none", "beyond the data": "none"}))
    yield Trial("the order", "n = 60, batch_size = 15, shuffle=True", partial(disorder, 60, 15, seed), {"numbers within a batch": "mixed", "a batch holds": "numbers from all over"})
    told = "n = 60, batch_size = 15, shuffle=True"
    yield Trial("the order of a second call with the same generator", told, partial(rounds, 60, 15, (seed, None)), "another")
    yield Trial("the order with a new generator of the same seed", told, partial(rounds, 60, 15, (seed, seed)), "the same")
    yield Trial("the order with a generator of another seed", told, partial(rounds, 60, 15, (seed, other)), "another")
    yield Trial("the order without a generator, each time after torch.manual_seed(5)", told, partial(unseeded, 60, 15), "the same")


def cut_up(order: Sequence[int], size: int, drop_last: bool) -> list:
    return [order[i : i + size] for i in range(0, len(order) - (len(order) % size if drop_last else 0), size)]


def batched_by(cut: Callable = cut_up, order: Callable = lambda n, shuffle, generator: torch.randperm(n, generator=generator) if shuffle else range(n)) -> Callable:
    """Batches with another way to cut, or another order."""

    def f(n, batch_size, shuffle=False, drop_last=False, generator=None):
        return cut(numbers(list(order(n, shuffle, generator))), batch_size, drop_last)

    return f


def only_batches_in_disorder(n, batch_size, shuffle=False, drop_last=False, generator=None):
    found = cut_up(list(range(n)), batch_size, drop_last)
    return [found[i] for i in torch.randperm(len(found), generator=generator).tolist()] if shuffle else found


def only_within_the_batches(n, batch_size, shuffle=False, drop_last=False, generator=None):
    found = cut_up(list(range(n)), batch_size, drop_last)
    mix = lambda batch: [batch[i] for i in torch.randperm(len(batch), generator=generator).tolist()]
    return list(map(mix, found)) if shuffle else found


def one_too_many(order, size, drop_last):
    full = len(order) // size
    found = [order[k * size : (k + 1) * size] for k in range(full)]
    return found if drop_last else [*found, order[full * size :]]


def counted_as_batches(order, size, drop_last):
    return [part.tolist() for part in np.array_split(np.asarray(order, int), size)]


lesson(
    "batches",
    batches,
    title="Batches of numbers",
    statement="The numbers 0 to n-1 in lists of `batch_size`, in order, or with `shuffle` in a new random order at every call. The last list may be shorter; with `drop_last` it is left out.",
    signature="batches(n, batch_size, shuffle=False, drop_last=False, generator=None) -> a list of lists of numbers",
    trials=batch_trials,
    variants=(batches_by_yielding, batches_by_collecting, batches_by_counting),
    hints=(
        "Two steps: an order (0 to n-1 as they are, or shuffled), then cut it up. A slice may reach over the end: `[1, 2, 3][2:4]` is `[3]`.",
        "`range(0, n, batch_size)` gives where each batch starts. The batch that starts at i is `order[i : i + batch_size]`.",
        "`order = torch.randperm(n, generator=generator).tolist() if shuffle else list(range(n))`. With drop_last keep only the batches with `len(batch) == batch_size`.",
    ),
    mistakes=(
        Mistake("short-batch-always-dropped", batched_by(lambda order, size, drop_last: cut_up(order, size, True)), "With {inputs} the last numbers are lost. Only with drop_last=True is the short batch left out: else some pictures are never learned from."),
        Mistake("drop-last-ignored", batched_by(lambda order, size, drop_last: cut_up(order, size, False)), "With {inputs} the last batch is shorter than the others, and drop_last=True asks to leave it out."),
        Mistake("drop-last-turned-over", batched_by(lambda order, size, drop_last: cut_up(order, size, not drop_last)), "You drop the short batch when drop_last is False, and keep it when it is True."),
        Mistake("last-batch-always-dropped", batched_by(lambda order, size, drop_last: cut_up(order, size, False)[: -1 if drop_last else None]), "With {inputs} the last batch is full, and you drop it all the same. Only a short one is left out."),
        Mistake("an-empty-batch-at-the-end", batched_by(one_too_many), "With {inputs} there is an empty batch at the end. Where n is a multiple of batch_size nothing is left over. (The mean of no losses is nan.)"),
        Mistake("size-taken-for-a-count", batched_by(counted_as_batches), "You make `batch_size` batches. It says how many numbers are in one of them."),
        Mistake("one-short-of-the-size", batched_by(lambda order, size, drop_last: [order[i : i + size - 1] for i in range(0, len(order) - (len(order) % size if drop_last else 0), size)]), "Your batches have one number too few: a slice ends before its end, so `order[i : i + batch_size]` has batch_size of them."),
        Mistake("overlapping", batched_by(lambda order, size, drop_last: [order[i : i + size + 1] for i in range(0, len(order) - (len(order) % size if drop_last else 0), size)]), "The last number of a batch is also the first of the next: a slice ends before its end, so `order[i : i + batch_size]` is enough."),
        Mistake("never-shuffled", batched_by(order=lambda n, shuffle, generator: range(n)), "With shuffle=True the order is still 0, 1, 2, ...: the batches are then the same in every round."),
        Mistake("always-shuffled", batched_by(order=lambda n, shuffle, generator: torch.randperm(n, generator=generator)), "You shuffle although shuffle is False. To measure, the order is kept."),
        Mistake("only-the-batches-shuffled", only_batches_in_disorder, "You change the order of the batches, and in each of them are the same neighbours as before. Shuffle the numbers, then cut."),
        Mistake("only-within-the-batches", only_within_the_batches, "You shuffle within each batch, and the same numbers stay together in every round. Shuffle all of them, then cut."),
        Mistake("drawn-with-repeats", batched_by(order=lambda n, shuffle, generator: torch.randint(0, max(1, n), (n,), generator=generator) if shuffle else range(n)), "Some numbers come twice, so others never come. In a round each example has its turn once: a permutation."),
        Mistake("generator-ignored", batched_by(order=lambda n, shuffle, generator: torch.randperm(n) if shuffle else range(n)), G_IGNORED),
        Mistake("numpys-own-generator", batched_by(order=lambda n, shuffle, generator: np.random.permutation(n) if shuffle else range(n)), NUMPYS_OWN),
        Mistake("seed-of-its-own", batched_by(order=lambda n, shuffle, generator: np.random.default_rng(0).permutation(n) if shuffle else range(n)), "The order is the same in every round: somewhere in your code stands a seed of its own. Draw from `generator`, which moves on."),
        Mistake("started-from-one", batched_by(order=lambda n, shuffle, generator: torch.randperm(n, generator=generator) + 1 if shuffle else range(1, n + 1)), "Your numbers go from 1 to n. Places in an array are counted from 0."),
    ),
)


# -------------------------------------------------------------------------------------------------- DataLoader
class DataLoader:
    def __init__(self, dataset, batch_size=1, shuffle=False, drop_last=False, generator=None):
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle
        self.drop_last, self.generator = drop_last, generator

    def __iter__(self):
        for numbers in batches(len(self.dataset), self.batch_size, self.shuffle, self.drop_last, self.generator):
            yield self.collate([self.dataset[i] for i in numbers])

    def collate(self, examples):
        return [torch.stack(column) for column in zip(*examples)]

    def __len__(self):
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


class LoaderOfLists:
    def __init__(self, dataset, batch_size=1, shuffle=False, drop_last=False, generator=None):
        self.dataset, self.generator, self.shuffle = dataset, generator, shuffle
        self.size, self.drop_last = batch_size, drop_last

    def __len__(self):
        full, rest = divmod(len(self.dataset), self.size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self):
        n = len(self.dataset)
        order = torch.randperm(n, generator=self.generator).tolist() if self.shuffle else list(range(n))
        found = []
        for k in range(len(self)):
            xs, ys = [], []
            for i in order[k * self.size : (k + 1) * self.size]:
                x, y = self.dataset[i]
                xs.append(x)
                ys.append(y)
            found.append((torch.stack(xs), torch.stack(ys)))
        return iter(found)


class LoaderWithIterator(DataLoader):
    def __iter__(self):
        numbers = list(batches_by_yielding(len(self.dataset), self.batch_size, self.shuffle, self.drop_last, self.generator))
        return map(self.load, numbers)

    def load(self, numbers):
        examples = [self.dataset[int(i)] for i in numbers]
        x = torch.cat([x.unsqueeze(0) for x, _ in examples])
        y = torch.cat([y.reshape(1) for _, y in examples])
        return x, y


class LoaderOverArrays(DataLoader):
    def collate(self, examples):
        xs, ys = zip(*examples)
        return torch.tensor(np.stack([x.numpy() for x in xs])), torch.tensor(np.array([y.item() for y in ys]))

    def __len__(self):
        return len(batches(len(self.dataset), self.batch_size, drop_last=self.drop_last))


class Pairs:
    """A data set of pairs: pixels (n, d) and labels (n,)."""

    def __init__(self, x: Any, y: Any):
        self.x, self.y = torch.tensor(x), torch.tensor(y)

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple:
        if not 0 <= int(i) < len(self):
            raise IndexError(f"example {i} of {len(self)}")
        return self.x[int(i)], self.y[int(i)]


def tens(n: int) -> tuple:
    """Example i is ([10 i, 10 i + 1], i), so that it can be told which x goes with which y."""
    return np.array([[10.0 * i, 10.0 * i + 1] for i in range(n)]).reshape(n, 2), np.arange(n)


def loaded(loader: Any) -> list:
    return [tuple(loader_part(part) for part in batch) for batch in loader]


def loader_part(part: Any) -> Any:
    return np.asarray(part.detach()) if isinstance(part, Variable) else part


def call_loader(n: int, options: dict, times: int, cls: type) -> Any:
    """The batches of the last of so many rounds."""
    loader = cls(Pairs(*tens(n)), **options)
    return [loaded(loader) for _ in range(times)][-1]


def lengths(n: int, options: dict, cls: type) -> Any:
    loader = cls(Pairs(*tens(n)), **options)
    return len(loader), len(list(loader))


def side_by_side(n: int, options: dict, cls: type) -> Any:
    """Labels from two rounds that run at the same time."""
    loader = cls(Pairs(*tens(n)), **options)
    return [(numbers(one[1]), numbers(other[1])) for one, other in zip(loader, loader)]


def kinds(cls: type) -> Any:
    x, y = next(iter(cls(Pairs(np.ones((3, 2), np.float32), np.arange(3)), batch_size=3)))
    return tuple(f"{type(part).__name__} of {getattr(part, 'dtype', '?')}" for part in (x, y))


@undisturbed
def shuffled_loader(n: int, size: int, drop_last: bool, seed: int, cls: type) -> Any:
    found = loaded(cls(Pairs(*tens(n)), batch_size=size, shuffle=True, drop_last=drop_last, generator=seeded(seed)))
    ys = [int(i) for _, y in found for i in np.ravel(y)]
    matching = all(np.array_equal(np.asarray(x)[:, 0], 10.0 * np.ravel(y)) for x, y in found)
    return [len(y) for _, y in found], {"twice": amount(len(ys) - len(set(ys))), "x and y": "of the same example" if matching else "of different examples"}


@undisturbed
def loader_rounds(n: int, size: int, seeds: tuple, cls: type) -> str:
    """Is the order of two rounds the same? With one seed: two rounds of one loader; else a new loader for each."""
    loader, found = cls(Pairs(*tens(n)), batch_size=size, shuffle=True, generator=seeded(seeds[0])), []
    for i, seed in enumerate(seeds):
        if i and seed is not None:
            loader = cls(Pairs(*tens(n)), batch_size=size, shuffle=True, generator=seeded(seed))
        found.append([numbers(y) for _, y in loader])
    return "the same" if found[0] == found[1] else "another"


@undisturbed
def unseeded_rounds(n: int, size: int, cls: type) -> str:
    found = []
    for _ in range(2):
        torch.manual_seed(5)
        found.append([numbers(y) for _, y in cls(Pairs(*tens(n)), batch_size=size, shuffle=True)])
    return "the same" if found[0] == found[1] else "another"


@undisturbed
def loader_order(n: int, size: int, seed: int, cls: type) -> str:
    found = [i for _, y in cls(Pairs(*tens(n)), batch_size=size, shuffle=True, generator=seeded(seed)) for i in numbers(y)]
    return "that of the data set" if found == sorted(found) else "mixed"


def loader_text(n: int, options: dict) -> str:
    return ", ".join([f"{n} examples", *(f"{name}={value}" for name, value in options.items())])


def loader_trials(rng: np.random.Generator) -> Iterator[Trial]:
    seed, other = (int(i) for i in rng.choice(1000, 2, replace=False))
    n, size = int(rng.integers(9, 14)), int(rng.integers(3, 6))
    cases: tuple = ((2, {}), (3, {"batch_size": 2}), (4, {"batch_size": 2}), (3, {"batch_size": 2, "drop_last": True}), (4, {"batch_size": 2, "drop_last": True}), (2, {"batch_size": 5}), (n, {"batch_size": size}), (0, {"batch_size": 2}))
    for n_, options in cases:
        x, y = tens(n_)
        expected = [(x[numbers], y[numbers]) for numbers in in_batches(n_, options.get("batch_size", 1), options.get("drop_last", False))]
        for times in (1, 2):
            told = f"{loader_text(n_, options)}, the {'first' if times == 1 else 'second'} round"
            yield Trial("the batches, each (x, y); example i is ([10 i, 10 i + 1], i)", told, partial(call_loader, n_, options, times), expected)
        yield Trial("answers: (len(loader), how many batches come)", loader_text(n_, options), partial(lengths, n_, options), (len(expected),) * 2)
    yield Trial("the labels of two rounds side by side, zip(loader, loader)", "4 examples, batch_size=2", partial(side_by_side, 4, {"batch_size": 2}), [([0, 1], [0, 1]), ([2, 3], [2, 3])])
    yield Trial("what x and y are", "3 examples of float32, labels int64", kinds, ("Tensor of float32", "Tensor of int64"))
    for n_, size_, drop in ((7, 3, False), (7, 3, True), (40, 8, False)):
        options = {"batch_size": size_, "shuffle": True, **({"drop_last": True} if drop else {})}
        sizes = [len(batch) for batch in in_batches(n_, size_, drop)]
        yield Trial("answers: (how many in each batch, what went wrong)", loader_text(n_, options), partial(shuffled_loader, n_, size_, drop, seed), (sizes, {"twice": "none", "x and y": "of the same example"}))
    told = "40 examples, batch_size=8, shuffle=True"
    yield Trial("the order", told, partial(loader_order, 40, 8, seed), "mixed")
    yield Trial("the order of the second round", told, partial(loader_rounds, 40, 8, (seed, None)), "another")
    yield Trial("the order in a new loader with a generator of the same seed", told, partial(loader_rounds, 40, 8, (seed, seed)), "the same")
    yield Trial("the order in a new loader with a generator of another seed", told, partial(loader_rounds, 40, 8, (seed, other)), "another")
    yield Trial("the order without a generator, each time after torch.manual_seed(5)", told, partial(unseeded_rounds, 40, 8), "the same")


def pairs_of_tensors(dataset: Any) -> bool:
    """Is every example surely a pair of tensors, without asking for one?"""
    while type(dataset) is data.Subset:
        dataset = dataset.dataset
    return type(dataset) is data.TensorDataset and len(dataset.tensors) == 2 and not any(t.requires_grad for t in dataset.tensors)


class Places:
    """A data set whose example i is the pair (i, i): what makes batches of it makes batches of numbers."""

    def __init__(self, dataset: Any):
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: Any) -> tuple:
        return torch.tensor(int(i)), torch.tensor(int(i))


def adapt_loader(cls: type) -> type:
    """The learner's loader behind PyTorch's arguments.

    It makes the batches of whatever has a length. It stacks pairs of tensors; of other examples it makes the order, and
    learnnn stacks. Samplers, a collate_fn, streams and batch_size=None are left to the shipped loader.
    """
    shipped = data.DataLoader
    signature = inspect.signature(shipped.__init__)

    class Yours(shipped):  # type: ignore[valid-type, misc]
        __doc__ = shipped.__doc__

        @wraps(shipped.__init__)
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)
            asked = signature.bind(self, *args, **kwargs).arguments
            unasked = [asked.get(name) for name in ("sampler", "batch_sampler", "collate_fn")]
            fits = unasked == [None] * 3 and self.batch_size is not None and hasattr(self.dataset, "__len__")
            self.whole = pairs_of_tensors(self.dataset)
            self.mine = None
            if fits and not isinstance(self.dataset, data.IterableDataset):
                given = self.dataset if self.whole else Places(self.dataset)
                self.mine = cls(given, self.batch_size, bool(asked.get("shuffle")), self.drop_last, self.generator)

        def __iter__(self) -> Iterator[Any]:
            return super().__iter__() if self.mine is None else self.made()

        def made(self) -> Iterator[Any]:
            """The learner's batches; nothing is drawn before the first is asked for."""
            for batch in self.mine:
                yield list(batch) if self.whole else self._fetch(numbers(batch[0]))

        def __len__(self) -> int:
            return super().__len__() if self.mine is None else len(self.mine)

    for name in ("__name__", "__qualname__", "__module__"):
        setattr(Yours, name, getattr(shipped, name))
    return Yours


def loading(batch: Callable, **methods: Any) -> type:
    """The loader with another way to make a batch of some examples."""
    return variation(DataLoader, collate=lambda self, examples: batch(examples), **methods)


def with_batches(make: Callable) -> type:
    """The loader with other numbers: make(self) gives them for a round."""

    def __iter__(self):
        for numbers in make(self):
            yield self.collate([self.dataset[i] for i in numbers])

    return variation(DataLoader, __iter__=__iter__)


def options_of(self: Any) -> tuple:
    return len(self.dataset), self.batch_size, self.shuffle, self.drop_last, self.generator


class ShuffledOnce(DataLoader):
    def __init__(self, dataset, batch_size=1, shuffle=False, drop_last=False, generator=None):
        super().__init__(dataset, batch_size, shuffle, drop_last, generator)
        self.numbers = batches(len(dataset), batch_size, shuffle, drop_last, generator)

    def __iter__(self):
        return (self.collate([self.dataset[i] for i in numbers]) for numbers in self.numbers)


class OneRoundOnly(DataLoader):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.rest = super().__iter__()

    def __iter__(self):
        return self.rest


class OwnIterator(DataLoader):
    def __iter__(self):
        self.waiting = batches(*options_of(self))
        return self

    def __next__(self):
        if not self.waiting:
            raise StopIteration
        return self.collate([self.dataset[i] for i in self.waiting.pop(0)])


class PartsShuffledApart(DataLoader):
    def __iter__(self):
        for one, other in zip(batches(*options_of(self)), batches(*options_of(self))):
            yield [torch.stack([self.dataset[i][0] for i in one]), torch.stack([self.dataset[i][1] for i in other])]


class LabelsInOrder(DataLoader):
    def __iter__(self):
        n, size, _, drop_last, _ = options_of(self)
        for one, other in zip(batches(*options_of(self)), batches(n, size, False, drop_last)):
            yield [torch.stack([self.dataset[i][0] for i in one]), torch.stack([self.dataset[i][1] for i in other])]


def stacked(column: Sequence[Any], dtype: Any = None) -> Any:
    return torch.tensor(np.stack([np.asarray(v) for v in column]), dtype=dtype)


lesson(
    "DataLoader",
    DataLoader,
    title="DataLoader: batches of a data set, anew for each round",
    statement="`for x, y in loader` goes once through the data set: pairs of tensors x (batch, d) and y (batch,), made of the examples `dataset[i]`, in order or shuffled anew for every round. `len(loader)` is the number of batches.",
    signature="class DataLoader: DataLoader(dataset, batch_size=1, shuffle=False, drop_last=False, generator=None)",
    trials=loader_trials,
    variants=(LoaderOfLists, LoaderWithIterator, LoaderOverArrays),
    hints=(
        "`__init__` only remembers. `__iter__` is called by every `for`, so that is where a new round begins: call your `batches` there.",
        "Write `__iter__` with `yield`: for each list of numbers, collect the examples `self.dataset[i]`, then make one x and one y of them. `zip(*examples)` turns pairs into a row of x's and a row of y's.",
        "`torch.stack([...])` makes one tensor (batch, d) of a list of tensors (d,). `len` is n // batch_size, and one more for a short batch, unless it is dropped.",
    ),
    replaces="learnnn.utils.data.DataLoader",
    adapt=adapt_loader,
    points=2,
    mistakes=(
        Mistake("shuffled-only-once", ShuffledOnce, "The second round has the order of the first. `__init__` runs once, `__iter__` at the start of every round: draw the order there."),
        Mistake("one-round-only", OneRoundOnly, "In the second round nothing comes: a generator can be gone through once. Start a new one in `__iter__`, each time it is called."),
        Mistake("one-place-for-all-rounds", OwnIterator, "Two rounds at the same time get in each other's way: {inputs}. `__iter__` returned the loader itself, which has only one place to remember how far it is. With `yield` in `__iter__` each round has its own."),
        Mistake("x-and-y-shuffled-apart", PartsShuffledApart, "x and y no longer belong together: you draw one order for x and another for y. Draw the numbers once, and use them for both."),
        Mistake("y-not-shuffled", LabelsInOrder, "x is shuffled, and y is not: every picture gets the label of another."),
        Mistake("short-batch-lost", with_batches(lambda self: batches(len(self.dataset), self.batch_size, self.shuffle, True, self.generator)), "With {inputs} the last, shorter batch is missing. It is left out only with drop_last=True."),
        Mistake("drop-last-ignored", variation(with_batches(lambda self: batches(len(self.dataset), self.batch_size, self.shuffle, False, self.generator)), __len__=lambda self: -(-len(self.dataset) // self.batch_size)), "With {inputs} the last batch is shorter than the others, and drop_last=True asks to leave it out."),
        Mistake("shuffle-ignored", with_batches(lambda self: batches(len(self.dataset), self.batch_size, False, self.drop_last)), "With shuffle=True the order is still that of the data set."),
        Mistake("generator-ignored", with_batches(lambda self: batches(len(self.dataset), self.batch_size, self.shuffle, self.drop_last)), G_IGNORED),
        Mistake("same-order-every-round", with_batches(lambda self: batches(len(self.dataset), self.batch_size, self.shuffle, self.drop_last, torch.Generator().manual_seed(0))), "Every round has the same order: you make a new generator for each of them. The one that was passed moves on by itself."),
        Mistake("length-of-the-data", variation(DataLoader, __len__=lambda self: len(self.dataset)), "`len(loader)` is {actual}, the number of examples. It is the number of batches: here {expected}."),
        Mistake("length-rounded-down", variation(DataLoader, __len__=lambda self: len(self.dataset) // self.batch_size), "With {inputs} `len(loader)` does not count the shorter batch at the end."),
        Mistake("length-rounded-up", variation(DataLoader, __len__=lambda self: -(-len(self.dataset) // self.batch_size)), "With {inputs} `len(loader)` counts a batch that is dropped."),
        Mistake("examples-not-stacked", loading(lambda examples: [list(column) for column in zip(*examples)]), "Your x is a list of tensors. A network takes one tensor with an axis for the examples: `torch.stack`."),
        Mistake("pairs-not-taken-apart", loading(lambda examples: examples), "You hand out a list of pairs (x, y). One pair of lists is needed: all x's, and all y's. `zip(*examples)` turns one into the other."),
        Mistake("arrays-handed-out", loading(lambda examples: [np.stack([np.asarray(v) for v in column]) for column in zip(*examples)]), "You hand out numpy arrays. A network of learnnn takes tensors: `torch.stack` gives one."),
        Mistake("stacked-along-the-wrong-axis", loading(lambda examples: [torch.stack([x for x, _ in examples], dim=1), torch.stack([y for _, y in examples])]), "Your x is (d, batch). The examples come first: (batch, d)."),
        Mistake("labels-as-floats", loading(lambda examples: [stacked([x for x, _ in examples]), stacked([y for _, y in examples], torch.float32)]), "Your labels are {actual}; they came as int64. A class is a whole number, and cross-entropy asks for one."),
        Mistake("pixels-in-double", loading(lambda examples: [stacked([x for x, _ in examples], torch.float64), stacked([y for _, y in examples])]), "Your x is {actual}, from float32 examples. Keep the dtype that you are given: the network's weights are float32 too."),
        Mistake("y-as-a-column", loading(lambda examples: [torch.stack([x for x, _ in examples]), torch.stack([y for _, y in examples]).unsqueeze(1)]), "Your y is (batch, 1). Labels are (batch,): with a column, many losses broadcast in silence."),
    ),
)


# ----------------------------------------------------------------------------------------------------- dropout
def dropout(x, p=0.5, training=True):
    if not training or p == 0:
        return x
    keep = (torch.rand(x.shape) >= p).to(x.dtype)
    return x * keep / (1 - p) if p < 1 else x * 0


def dropout_by_scaled_mask(x, p=0.5, training=True):
    if training:
        scale = 0.0 if p == 1 else 1 / (1 - p)
        mask = torch.tensor((torch.rand(x.shape).numpy() > p) * scale, dtype=x.dtype)
        x = mask * x
    return x


def dropout_by_where(x, p=0.5, training=True):
    if not training:
        return x
    dropped = torch.rand(x.shape) < p
    return torch.where(dropped, torch.zeros(x.shape, dtype=x.dtype), x / max(1 - p, 1e-30))


def dropout_by_bernoulli(x, p=0.5, training=True):
    kept = 1 - p if training else 1.0
    mask = torch.bernoulli(torch.full(x.shape, kept, dtype=x.dtype))
    return x * mask * (1 / kept if kept else 0.0)


MANY = 20_000


def values_met(x: Any) -> list[float]:
    return sorted({round(float(v), 6) for v in np.asarray(x).ravel()})[:4]


@undisturbed
def dropped(value: float, p: float, f: Callable) -> Any:
    """Which values come of many equal ones, and about what share of them is 0 (to a tenth)."""
    out = np.asarray(f(torch.tensor(np.full(MANY, value)), p).detach())
    return values_met(out), f"about {round(float((out == 0).mean()), 1):g} of them 0"


@undisturbed
def dropped_at(x: np.ndarray, p: float, training: bool, f: Callable) -> Any:
    return f(torch.tensor(x), p, training=training)


@undisturbed
def defaults(x: np.ndarray, f: Callable) -> Any:
    out = np.asarray(f(torch.tensor(x)).detach())
    return values_met(out), f"about {round(float((out == 0).mean()), 1):g} of them 0"


@undisturbed
def togetherness(f: Callable) -> str:
    out = np.asarray(f(torch.ones(100, 100, dtype=torch.float64), 0.5).detach())
    if (out == out[:1]).all():
        return "whole columns"
    return "whole rows" if (out == out[:, :1]).all() else "each element by itself"


@undisturbed
def two_draws(seeds: tuple, f: Callable) -> str:
    x, found = torch.ones(200, dtype=torch.float64), []
    torch.manual_seed(seeds[0])
    for seed in seeds:
        if seed is not None:
            torch.manual_seed(seed)
        found.append(np.asarray(f(x, 0.5).detach()))
    return "the same" if np.array_equal(*found, equal_nan=True) else "others"


@undisturbed
def passes_gradient(p: float, f: Callable) -> str:
    """For inputs that are all 1 the gradient of the sum is the output itself."""
    x = torch.ones(500, dtype=torch.float64, requires_grad=True)
    out = f(x, p)
    out.sum().backward()
    if x.grad is None:
        return "no gradient comes back"
    return "passes where the output does, as large" if np.allclose(x.grad.numpy(), out.detach().numpy()) else "differs from the output"


@undisturbed
def dropout_leaves(f: Callable) -> list[float]:
    x = torch.ones(100, dtype=torch.float64)
    f(x, 0.5)
    return values_met(x)


@undisturbed
def dropout_dtype(training: bool, f: Callable) -> str:
    return str(f(torch.ones(8, dtype=torch.float32), 0.5, training=training).dtype)


def dropout_trials(rng: np.random.Generator) -> Iterator[Trial]:
    drawn_p = round(float(rng.uniform(0.57, 0.63)), 3)
    label = "answers: (the values that come out, how many are 0)"
    for value, p in ((1.0, 0.5), (1.0, 0.2), (1.0, 0.8), (3.0, 0.9), (2.0, 0.3), (1.0, drawn_p)):
        yield Trial(label, f"x = {value:g} (20,000 times), p = {p}", partial(dropped, value, p), ([0.0, round(value / (1 - p), 6)], f"about {round(p, 1):g} of them 0"))
    yield Trial(label, "x = 1 (20,000 times), p and training not given", partial(defaults, np.ones(MANY)), ([0.0, 2.0], "about 0.5 of them 0"))
    x = drawn(rng, 3, 2)
    for p, training_ in ((0.5, False), (0.8, False), (0.0, True), (0.0, False), (1.0, False)):
        yield Trial("the output", f"x = {spelled(x)}, p = {p:g}, training={training_}", partial(dropped_at, x, p, training_), x)
    yield Trial("the output", "x = [1, 2], p = 1, training=True", partial(dropped_at, array([1, 2]), 1.0, True), np.zeros(2))
    yield Trial("the output", "x of shape (0, 3), p = 0.5, training=True", partial(dropped_at, np.zeros((0, 3)), 0.5, True), np.zeros((0, 3)))
    yield Trial("what becomes 0 together", "x = ones of shape (100, 100), p = 0.5", togetherness, "each element by itself")
    yield Trial("what is dropped in a second call", "x = 200 ones, p = 0.5", partial(two_draws, (int(rng.integers(1000)), None)), "others")
    seed = int(rng.integers(1, 1000))
    yield Trial("what is dropped in a second call, each after torch.manual_seed of one number", "x = 200 ones, p = 0.5", partial(two_draws, (seed, seed)), "the same")
    yield Trial("the gradient of the sum", "x = 500 ones, p = 0.5", partial(passes_gradient, 0.5), "passes where the output does, as large")
    yield Trial("the values of x itself afterwards", "x = 100 ones, p = 0.5", dropout_leaves, [1.0])
    for training_ in (True, False):
        yield Trial("dtype of the output", f"x = 8 ones of float32, training={training_}", partial(dropout_dtype, training_), "float32")


def handed_on(x):
    return x, lambda g: (g,)


handed_on.__name__ = "dropout"
marked = from_backward(handed_on, origin="yours", twice=True)  # a step that changes nothing and bears the learner's colour


def adapt_dropout(f: Callable) -> Callable:
    """The learner's dropout for tensors of floats; in place, other dtypes and impossible p are left to the shipped one."""
    shipped = nn.functional.dropout

    @wraps(shipped)
    def yours(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        if inplace or not isinstance(input, Variable) or input.dtype.kind != "f" or not 0 <= p <= 1:
            return shipped(input, p, training, inplace)
        out = f(input, p, training)
        return out if out is input else marked(out)

    return yours


def keeping(x: Any, p: float) -> Any:
    """1 with probability 1 - p, else 0."""
    return (torch.rand(x.shape) >= p).to(x.dtype)


def dropping_by(train: Callable = lambda x, p: x * keeping(x, p) / (1 - p) if p < 1 else x * 0, evaluate: Callable = lambda x, p: x) -> Callable:
    """Dropout with something else done in training, or in evaluation."""
    return lambda x, p=0.5, training=True: train(x, p) if training else evaluate(x, p)


def scaled(x: Any, p: float) -> Any:
    return x / (1 - p) if p < 1 else x * 0


def together(axis: int) -> Callable:
    def train(x, p):
        shape = [1 if i == axis else n for i, n in enumerate(x.shape)] if x.ndim > 1 else x.shape
        return scaled(x * (torch.rand(shape) >= p).to(x.dtype), p)

    return train


def dropped_by_seed(x, p):
    torch.manual_seed(0)
    return scaled(x * keeping(x, p), p)


def by_numpy(x, p):
    return scaled(x * torch.tensor(np.random.random(x.shape) >= p).to(x.dtype), p)


def through_numpy(x, p):
    return torch.tensor((x.detach().numpy() * (torch.rand(x.shape).numpy() >= p) / (1 - p if p < 1 else 1)).astype(x.dtype))


def overwriting_x(x, p):
    array = x.detach().numpy()
    array[torch.rand(x.shape).numpy() < p] = 0
    return scaled(x, p)


def by_the_share(x, p):
    keep = keeping(x, p)
    return x * keep / keep.mean() if p < 1 and 0 not in x.shape else x * 0


lesson(
    "dropout",
    dropout,
    title="Dropout",
    statement="In training every element of x becomes 0 with probability p, each by itself and anew in every call, and the others are divided by 1 - p. Otherwise x comes back as it is.",
    signature="dropout(x, p=0.5, training=True) -> a tensor of x's shape",
    trials=dropout_trials,
    variants=(dropout_by_scaled_mask, dropout_by_where, dropout_by_bernoulli),
    hints=(
        "Draw a number between 0 and 1 for each element: `torch.rand(x.shape)`. How often is it below p?",
        "`torch.rand(x.shape) >= p` is True for what is kept. As a tensor of x's dtype, `.to(x.dtype)`, it holds 1 and 0: multiply. What is kept must grow so that the mean stays.",
        "Divide by 1 - p: with p = 0.75 a quarter is kept, 4 times as large. And with p = 1 nothing is kept: give back zeros, without dividing.",
    ),
    replaces="learnnn.nn.functional.dropout",
    adapt=adapt_dropout,
    points=2,
    mistakes=(
        Mistake("not-rescaled", dropping_by(lambda x, p: x * keeping(x, p)), "What is kept keeps its size, so the sum shrinks to 1 - p of itself, and in evaluation, where nothing is dropped, the next layer gets more than it has learned with. Divide by 1 - p."),
        Mistake("divided-by-p", dropping_by(lambda x, p: x * keeping(x, p) / p), "You divide by p. (For p = 0.5 it makes no difference, and the bug hides.) A share of 1 - p is kept: divide by that."),
        Mistake("p-kept", dropping_by(lambda x, p: x * (1 - keeping(x, p)) / (1 - p)), "With {inputs} you keep what should go: p is the probability to be dropped."),
        Mistake("p-taken-for-the-share-kept", dropping_by(lambda x, p: x * (1 - keeping(x, p)) / p), "You take p for the share that is kept. (Some older programs did. In PyTorch p is the probability to be dropped.) For p = 0.5 it makes no difference, and the bug hides."),
        Mistake("scaled-in-evaluation", dropping_by(lambda x, p: x * keeping(x, p), lambda x, p: x * (1 - p)), "You leave the size in training and multiply by 1 - p in evaluation. So it was in the first papers; since then it is done the other way round, so that a finished network needs no scaling: divide in training."),
        Mistake("scaled-in-evaluation-too", dropping_by(evaluate=scaled), "In evaluation x comes back as it is. You divide it by 1 - p there too."),
        Mistake("dropped-in-evaluation-too", lambda x, p=0.5, training=True: scaled(x * keeping(x, p), p), "You drop in evaluation too: with {inputs} nothing is to be dropped. The answers of a finished network would change from one call to the next."),
        Mistake("never-asks-for-training", lambda x, p=0.5, training=True: x * keeping(x, p) / (1 - p), "You never look at `training`: in evaluation x comes back as it is. (And with p = 1 you divide by 0: give back zeros there.)"),
        Mistake("only-a-mask", lambda x, p=0.5, training=True: x * keeping(x, p), "You multiply by ones and zeros, and that is all. Two things are missing: in evaluation x comes back as it is; in training, what stays is divided by 1 - p."),
        Mistake("training-turned-over", lambda x, p=0.5, training=True: x if training else scaled(x * keeping(x, p), p), "You drop in evaluation, and not in training."),
        Mistake("whole-rows-dropped", dropping_by(together(1)), "You draw one number for a whole row, so all of an example's elements go together. Draw one for each element: `torch.rand(x.shape)`."),
        Mistake("whole-columns-dropped", dropping_by(together(0)), "You draw one number for a whole column, so an element is dropped for all examples at once. Draw one for each: `torch.rand(x.shape)`."),
        Mistake("same-ones-every-time", dropping_by(dropped_by_seed), "Every call drops the same elements: somewhere in your code stands a seed. Those elements would never learn anything."),
        Mistake("numpys-own-generator", dropping_by(by_numpy), "You draw with numpy's own generator, which `torch.manual_seed` does not reach, so nobody can repeat your training. `torch.rand(x.shape)` draws the same numbers after the same seed."),
        Mistake("nothing-left-at-one", dropping_by(lambda x, p: x * keeping(x, p) / (1 - p)), "With p = 1 all is dropped, and you divide 0 by 0, which is nan. Give back zeros there."),
        Mistake("division-by-zero-at-one", dropping_by(lambda x, p: x * keeping(x, p) * (1 / (1 - p))), "With p = 1 you divide 1 by 0. Nothing is kept then: give back zeros."),
        Mistake("gradient-lost", dropping_by(through_numpy), "The output is right, and no gradient comes back through it: on the way the tensor became an array (`.numpy()`, `.detach()`, `.item()`). Multiply tensors."),
        Mistake("input-overwritten", dropping_by(overwriting_x), "You write zeros into x itself, which others still need. Multiply by a tensor of ones and zeros; that gives a new one."),
        Mistake("divided-by-the-share-met", dropping_by(by_the_share), "You divide by the share that happened to be kept. It is a little different in every call; 1 - p is the share to be expected."),
        Mistake("noise-for-a-mask", dropping_by(lambda x, p: x * torch.rand(x.shape).to(x.dtype)), "You multiply by the drawn numbers themselves. Compare them with p first: each element is either kept or 0."),
    ),
)


# ----------------------------------------------------------------------------------------------------- penalty
def penalty(parameters, l1=0.0, l2=0.0):
    total = 0.0
    for w in parameters:
        total = total + l1 * w.abs().sum() + l2 / 2 * (w * w).sum()
    return total


def penalty_of_sums(parameters, l1=0.0, l2=0.0):
    parameters = list(parameters)
    absolute = sum(w.abs().sum() for w in parameters)
    squared = sum((w**2).sum() for w in parameters)
    return l1 * absolute + 0.5 * l2 * squared


def penalty_of_one_row(parameters, l1=0.0, l2=0.0):
    row = torch.cat([w.reshape(-1) for w in parameters])
    return (l1 * row.abs()).sum() + (row @ row) * l2 / 2


def penalty_by_relu(parameters, l1=0.0, l2=0.0):
    parts = [(l1 * (w.relu() + (-w).relu()) + l2 * 0.5 * w * w).sum() for w in parameters]
    return torch.stack(parts).sum()


def penalized(arrays: Sequence[np.ndarray], l1: float, l2: float, once: bool, f: Callable) -> Any:
    """(the penalty, its gradients); `once`: handed over as what can be gone through one time."""
    weights = [torch.tensor(a, requires_grad=True) for a in arrays]
    out = f(iter(weights) if once else weights, l1, l2)
    if isinstance(out, Variable) and out.requires_grad:
        out.backward()
    return out, tuple(np.zeros(w.shape) if w.grad is None else w.grad for w in weights)


def penalty_defined(arrays: Sequence[np.ndarray], l1: float, l2: float) -> tuple:
    flat = [v for a in arrays for v in a.ravel().tolist()]
    slope = lambda v: l1 * ((v > 0) - (v < 0)) + l2 * v
    grads = tuple(np.array([slope(v) for v in a.ravel().tolist()], float).reshape(a.shape) for a in arrays)
    return math.fsum(l1 * abs(v) + l2 * v * v / 2 for v in flat), grads


def penalty_trials(rng: np.random.Generator) -> Iterator[Trial]:
    small, two = (array([3, -4]),), (array([1, -2]), array([[3], [0]]))
    random = drawn(rng, 3, 2), drawn(rng, 2), np.asarray(drawn(rng, 2, 1, 2))
    cases = [(small, 1.0, 0.0), (small, 0.0, 1.0), (small, 0.1, 0.0), (small, 0.0, 0.1), (two, 1.0, 0.0), (two, 0.0, 2.0), (two, 0.5, 4.0), (two, 0.0, 0.0), (random, 0.01, 0.3), (random, 0.3, 0.0), ((drawn(rng, 4, 4).T[::2], np.zeros(3)), 0.2, 0.1)]
    for arrays, l1, l2 in cases:
        text = ", ".join([f"parameters = [{', '.join(map(spelled, arrays))}]", f"l1 = {l1:g}", f"l2 = {l2:g}"])
        yield Trial("answers: (the penalty, its gradients)", text, partial(penalized, arrays, l1, l2, False), penalty_defined(arrays, l1, l2))
    text = "parameters = iter([[1, -2], [[3], [0]]]), l1 = 0.5, l2 = 4"
    yield Trial("the same from model.parameters(), which can be gone through once", text, partial(penalized, two, 0.5, 4.0, True), penalty_defined(two, 0.5, 4.0))


def penalty_with(l1_part: Callable = lambda w: w.abs().sum(), l2_part: Callable = lambda w: (w * w).sum() / 2) -> Callable:
    """The penalty with another measure of a parameter."""
    return lambda parameters, l1=0.0, l2=0.0: sum(l1 * l1_part(w) + l2 * l2_part(w) for w in parameters)


def gone_through_twice(parameters, l1=0.0, l2=0.0):
    return l1 * sum(w.abs().sum() for w in parameters) + l2 / 2 * sum((w * w).sum() for w in parameters)


def gone_through_twice_in_full(parameters, l1=0.0, l2=0.0):
    return l1 * sum(w.abs().sum() for w in parameters) + l2 * sum((w * w).sum() for w in parameters)


def only_the_last(parameters, l1=0.0, l2=0.0):
    total = 0.0
    for w in parameters:
        total = l1 * w.abs().sum() + l2 / 2 * (w * w).sum()
    return total


def only_the_first(parameters, l1=0.0, l2=0.0):
    for w in parameters:
        return l1 * w.abs().sum() + l2 / 2 * (w * w).sum()


lesson(
    "penalty",
    penalty,
    title="A price for large weights",
    statement="l1 times the sum of the absolute values of all parameters, plus l2 times half of the sum of their squares: one number, a tensor, through which gradients flow.",
    signature="penalty(parameters, l1=0.0, l2=0.0) -> a tensor without axes",
    trials=penalty_trials,
    variants=(penalty_of_sums, penalty_of_one_row, penalty_by_relu),
    hints=(
        "Go through the parameters and add up. For one parameter w, which operations give the sum of the absolute values, and half the sum of the squares?",
        "`w.abs().sum()` and `(w * w).sum() / 2`. Both parts in one loop: what model.parameters() gives can be gone through only once.",
        "Start with `total = 0.0`; in the loop `total = total + l1 * ... + l2 / 2 * ...`; give back total. No `.item()`, no `.detach()`: the gradient has to find its way back.",
    ),
    mistakes=(
        Mistake("half-forgotten", penalty_with(l2_part=lambda w: (w * w).sum()), "The half is missing: with {inputs} you have {actual}, and {expected} is right. With the half, the gradient of l2 is l2 * w, which is what optimizers call weight decay."),
        Mistake("half-for-both", penalty_with(lambda w: w.abs().sum() / 2), "The half belongs to the squares only, not to the absolute values."),
        Mistake("mean-for-sum", penalty_with(lambda w: w.abs().mean(), lambda w: (w * w).mean() / 2), "You take the mean over the elements of a parameter. The price is for each weight: the sum."),
        Mistake("absolute-value-forgotten", penalty_with(lambda w: w.sum()), "Without the absolute value, a weight of -4 makes the price smaller, and training would push weights to minus infinity."),
        Mistake("root-of-the-squares", penalty_with(l2_part=lambda w: w.norm() if w.array.any() else w.sum()), "You take the length of the weights, the root of the sum of squares. The price is half of the sum itself."),
        Mistake("sum-squared", penalty_with(l2_part=lambda w: w.sum() * w.sum() / 2), "You add up first and square then: weights of 3 and -3 would cost nothing. Square each, then add up."),
        Mistake("l1-and-l2-exchanged", lambda parameters, l1=0.0, l2=0.0: penalty(parameters, l2, l1), "l1 and l2 are exchanged: l1 goes with the absolute values."),
        Mistake("l2-left-out", penalty_with(l2_part=lambda w: (w * 0).sum()), "The part with l2 is missing: half the sum of the squares, times l2."),
        Mistake("l1-left-out", penalty_with(lambda w: (w * 0).sum()), "The part with l1 is missing: the sum of the absolute values, times l1."),
        Mistake("only-the-last-parameter", only_the_last, "With {inputs} only the last parameter counts: in the loop, `total =` overwrites what was there. Add to it."),
        Mistake("only-the-first-parameter", only_the_first, "With {inputs} only the first parameter counts: there is a `return` inside the loop."),
        Mistake("gone-through-twice", gone_through_twice, "Right for a list. But model.parameters() can be gone through only once: in your second loop nothing is left, so l2 costs nothing. Do both in one loop, or make a list first."),
        Mistake("gone-through-twice-and-no-half", gone_through_twice_in_full, "Two things. The half is missing: with {inputs} you have {actual}, and {expected} is right. And model.parameters() can be gone through only once: in your second loop nothing is left."),
        Mistake("gradient-lost", penalty_with(lambda w: w.detach().abs().sum(), lambda w: (w.detach() * w.detach()).sum() / 2), "The number is right, and no gradient comes back: `.detach()`, `.item()`, `.data` or `.numpy()` cut the graph. A price that has no slope changes nothing in training."),
        Mistake("no-factors", lambda parameters, l1=0.0, l2=0.0: penalty(parameters, float(l1 > 0), float(l2 > 0)), "l1 and l2 are not used as factors: with {inputs} you have {actual} in place of {expected}."),
    ),
)


# ------------------------------------------------------------------------------------------ a round of training
def train_epoch(model, loss_fn, optimizer, loader):
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


def train_epoch_clearing_after(model, loss_fn, optimizer, loader):
    model.train(True)
    losses, sizes = [], []
    for x, y in loader:
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        sizes.append(y.shape[0])
    return float(np.average(losses, weights=sizes))


def train_epoch_by_hand(model, loss_fn, optimizer, loader):
    seen = []
    model.train()
    for batch in loader:
        out = model(batch[0])
        loss = loss_fn(out, batch[1])
        for p in model.parameters():
            p.grad = None
        loss.backward()
        optimizer.step()
        seen += [loss.item()] * len(out)
    return sum(seen) / len(seen)


def train_epoch_detached(model, loss_fn, optimizer, loader):
    total, n = torch.tensor(0.0, dtype=torch.float64), 0
    for x, y in loader:
        model.train()
        optimizer.zero_grad(set_to_none=False)
        loss = loss_fn(model(x), y)
        total, n = total + loss.detach() * x.shape[0], n + x.shape[0]
        loss.backward()
        optimizer.step()
    return total.item() / n


class Line(nn.Module):
    """w * x + b with one weight, which begins at 0, and notes how it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.w, self.b = (nn.Parameter(torch.zeros(1, 1, dtype=torch.float64)) for _ in range(2))
        self.modes: list[bool] = []
        self.recorded: list[bool] = []

    def forward(self, x: Any) -> Any:
        self.modes.append(self.training)
        self.recorded.append(torch.is_grad_enabled())
        return x @ self.w + self.b

    def numbers(self) -> tuple:
        return float(self.w.array[0, 0]), float(self.b.array[0, 0])


class Batches:
    """A loader that has these batches; `dataset` may hold more examples, as with drop_last."""

    def __init__(self, batches: Sequence[tuple], beyond: int = 0):
        self.batches = [(torch.tensor(np.reshape(x, (-1, 1))), torch.tensor(np.reshape(y, (-1, 1)))) for x, y in batches]
        self.dataset = range(sum(len(x) for x, _ in batches) + beyond)
        self.batch_size = len(batches[0][0])
        self.rounds = 0

    def __iter__(self) -> Iterator:
        self.rounds += 1
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def mean_square(output: Any, target: Any) -> Any:
    miss = output - target
    return (miss * miss).mean()


def line_of(model: Line) -> tuple:
    """(w, b), rounded, so that a report can be read."""
    return tuple(round(v, 9) + 0.0 for v in model.numbers())


def train_line(batches: Sequence[tuple], rate: float, epochs: int, beyond: int, f: Callable) -> Any:
    """(mean loss of the last epoch, (w, b) afterwards)"""
    model, found = Line(), None
    optimizer = optim.SGD(model.parameters(), lr=rate)
    loader = Batches(batches, beyond)
    for _ in range(epochs):
        found = f(model, mean_square, optimizer, loader)
    return found, line_of(model)


def line_trained(batches: Sequence[tuple], rate: float, epochs: int) -> tuple:
    """The same by the formula: the slopes of the mean square are 2/n times the sums of miss * x and of miss."""
    w = b = mean = 0.0
    for _ in range(epochs):
        losses = []
        for x, y in batches:
            miss = [w * u + b - v for u, v in zip(x, y)]
            losses += [m * m for m in miss]
            w, b = w - rate * 2 / len(x) * sum(m * u for m, u in zip(miss, x)), b - rate * 2 / len(x) * sum(miss)
        mean = sum(losses) / len(losses)
    return mean, (round(w, 9) + 0.0, round(b, 9) + 0.0)


def modes_of(batches: Sequence[tuple], before: bool, f: Callable) -> list[str]:
    model = Line().train(before)
    f(model, mean_square, optim.SGD(model.parameters(), lr=0.1), Batches(batches))
    return ["training" if mode else "evaluation" for mode in model.modes]


class Watched:
    """An optimizer that notes whether its steps find gradients, and which are cleared before a step took them."""

    def __init__(self, model: Any):
        self.parameters, self.optimizer = list(model.parameters()), optim.SGD(model.parameters(), lr=0.1)
        self.steps: list[str] = []
        self.lost, self.taken = 0, 0.0

    def total(self) -> float:
        return sum(float(np.abs(p.grad.array).sum()) for p in self.parameters if p.grad is not None)

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.lost += self.total() not in (0.0, self.taken)
        self.optimizer.zero_grad(set_to_none)

    def step(self) -> None:
        self.taken = self.total()
        self.steps.append("gradients" if self.taken else "nothing")
        self.optimizer.step()


def steps_of(batches: Sequence[tuple], f: Callable) -> dict:
    model = Line()
    optimizer = Watched(model)
    f(model, mean_square, optimizer, Batches(batches))
    return {"steps": optimizer.steps, "gradients cleared before any step took them": optimizer.lost}


def kind_of_loss(batches: Sequence[tuple], f: Callable) -> str:
    model = Line()
    found = f(model, mean_square, optim.SGD(model.parameters(), lr=0.1), Batches(batches))
    return "a plain number" if isinstance(found, int | float) else f"a {type(found).__name__}"


def times_through(batches: Sequence[tuple], f: Callable) -> int:
    model, loader = Line(), Batches(batches)
    f(model, mean_square, optim.SGD(model.parameters(), lr=0.1), loader)
    return loader.rounds


def batches_text(batches: Sequence[tuple]) -> str:
    return ", ".join(f"(x = {spelled(array(x))}, y = {spelled(array(y))})" for x, y in batches)


def some_batches(rng: np.random.Generator, *sizes: int) -> list[tuple]:
    return [(tuple(drawn(rng, n).tolist()), tuple(drawn(rng, n).tolist())) for n in sizes]


ONE, TWO = [((1.0, 2.0), (1.0, 3.0))], [((1.0, 2.0), (1.0, 3.0)), ((1.0,), (4.0,))]


def epoch_trials(rng: np.random.Generator) -> Iterator[Trial]:
    label = "answers: (mean loss, (w, b) afterwards); the model is w * x + b and begins at w = b = 0"
    cases = [(ONE, 0.1, 1, 0), (TWO, 0.1, 1, 0), (ONE, 0.1, 2, 0), (TWO, 0.1, 2, 1)]
    cases += [(some_batches(rng, *sizes), 0.05, epochs, beyond) for sizes, epochs, beyond in (((4, 4, 1), 1, 0), ((3, 3, 3), 2, 2), ((1, 1), 3, 0), ((5, 2), 1, 0))]
    for given, rate, epochs, beyond in cases:
        more = f", {beyond} more in loader.dataset" if beyond else ""
        told = f"lr = {rate}, batches {batches_text(given)}{', in the second epoch' if epochs == 2 else f', epoch {epochs}' if epochs > 2 else ''}{more}"
        yield Trial(label, told, partial(train_line, given, rate, epochs, beyond), line_trained(given, rate, epochs))
    for before in (False, True):
        told = f"two batches, the model was in {'training' if before else 'evaluation'} mode"
        yield Trial("the mode of the model at each batch", told, partial(modes_of, TWO, before), ["training", "training"])
    yield Trial("what each step finds, and what is lost", "two batches", partial(steps_of, TWO), {"steps": ["gradients", "gradients"], "gradients cleared before any step took them": 0})
    yield Trial("what is given back", "two batches", partial(kind_of_loss, TWO), "a plain number")
    yield Trial("how often the loader is gone through", "two batches", partial(times_through, TWO), 1)


def epoch_with(step: Callable, end: Callable = lambda losses, sizes, loader: sum(a * n for a, n in zip(losses, sizes)) / sum(sizes), begin: Callable = lambda model, optimizer: model.train(), then: Callable = lambda model, optimizer: None) -> Callable:
    """A round of training with some of its parts replaced; `step` gives what is noted as the loss."""

    def train_epoch(model, loss_fn, optimizer, loader):
        begin(model, optimizer)
        losses, sizes = [], []
        for x, y in loader:
            losses.append(step(model, loss_fn, optimizer, x, y))
            sizes.append(len(x))
        then(model, optimizer)
        return end(losses, sizes, loader)

    return train_epoch


def usual(model, loss_fn, optimizer, x, y):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def never_cleared(model, loss_fn, optimizer, x, y):
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def cleared_too_late(model, loss_fn, optimizer, x, y):
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def stepped_too_early(model, loss_fn, optimizer, x, y):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    optimizer.step()
    loss.backward()
    return loss.item()


def stepped_before_clearing(model, loss_fn, optimizer, x, y):
    optimizer.step()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    return loss.item()


def never_stepped(model, loss_fn, optimizer, x, y):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    return loss.item()


def stepped_twice(model, loss_fn, optimizer, x, y):
    loss = usual(model, loss_fn, optimizer, x, y)
    optimizer.step()
    return loss


def measured_after(model, loss_fn, optimizer, x, y):
    usual(model, loss_fn, optimizer, x, y)
    return loss_fn(model(x), y).item()


def kept_as_tensor(model, loss_fn, optimizer, x, y):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def only_backward(model, loss_fn, optimizer, x, y):
    loss = loss_fn(model(x), y)
    loss.backward()
    return loss.item()


def first_batch_only(model, loss_fn, optimizer, loader):
    model.train()
    total, count = 0.0, 0
    for x, y in loader:
        total += usual(model, loss_fn, optimizer, x, y) * len(x)
        count += len(x)
        return total / count


def zero_grad_only(model, optimizer):
    model.train()
    optimizer.zero_grad()


def evaluating(model, optimizer):
    model.eval()


def nothing(model, optimizer):
    pass


MEAN_HINT = "Your loss is {actual}, and {expected} is right, with {inputs}. "

lesson(
    "fit",
    train_epoch,
    title="One epoch of training",
    statement="Go once through the loader in training mode. For each batch: clear the gradients, forward, loss, backward, step. Give back the mean loss over all examples, a plain number; a short batch counts for less.",
    signature="train_epoch(model, loss_fn, optimizer, loader) -> mean loss",
    trials=epoch_trials,
    variants=(train_epoch_clearing_after, train_epoch_by_hand, train_epoch_detached),
    hints=(
        "Five lines for each batch, in this order: clear, forward, loss, backward, step. Before the loop: `model.train()`.",
        "`loss.item()` is the mean over this batch. Times len(x) it is the sum over its examples; and sums can be added up.",
        "Two counters before the loop, `total, count = 0.0, 0`. In it, `total += loss.item() * len(x)` and `count += len(x)`. After it, one division.",
    ),
    points=2,
    mistakes=(
        Mistake("never-cleared", epoch_with(never_cleared), "The first batch goes right; from the second on, the gradients of all earlier batches are in the step too. `backward` adds: clear with `optimizer.zero_grad()` before it."),
        Mistake("cleared-once-an-epoch", epoch_with(never_cleared, begin=zero_grad_only), "You clear the gradients once, before the loop. They have to be cleared for every batch."),
        Mistake("cleared-before-the-step", epoch_with(cleared_too_late), "You clear the gradients between `backward` and `step`: the step finds none, and nothing is ever learned. Clear before `backward`, or after `step`."),
        Mistake("stepped-before-backward", epoch_with(stepped_too_early), "The step comes before `backward`: it finds no gradients. (Without an error: an optimizer passes over parameters that have none.)"),
        Mistake("one-batch-behind", epoch_with(stepped_before_clearing), "Each batch's step is taken with the gradients of the batch before, and the last batch has none at all. The step comes last: clear, forward, backward, step."),
        Mistake("neither-cleared-nor-in-training-mode", epoch_with(never_cleared, begin=nothing), "Two things are missing: `model.train()` before the loop, and `optimizer.zero_grad()` for each batch, as `backward` adds to what is there."),
        Mistake("bare-loop", epoch_with(never_cleared, lambda losses, sizes, loader: sum(losses) / len(losses), begin=nothing), "Three things: `model.train()` before the loop, `optimizer.zero_grad()` for each batch, as `backward` adds to what is there; and the mean is over examples, so that a short batch counts for less."),
        Mistake("never-stepped", epoch_with(never_stepped), "The gradients are there, and nobody takes the step: w and b are what they were. `optimizer.step()`."),
        Mistake("stepped-twice", epoch_with(stepped_twice), "Two steps are taken for each batch."),
        Mistake("one-step-an-epoch", epoch_with(only_backward, begin=zero_grad_only, then=lambda model, optimizer: optimizer.step()), "There is one step at the end, with the gradients of all batches added up. A step belongs to every batch: put it inside the loop."),
        Mistake("means-averaged", epoch_with(usual, lambda losses, sizes, loader: sum(losses) / len(losses)), MEAN_HINT + "You take the mean of the batches' losses, so an example in a short batch counts for more than the others. Weigh each by its size."),
        Mistake("divided-by-the-batches", epoch_with(usual, lambda losses, sizes, loader: sum(a * n for a, n in zip(losses, sizes)) / len(sizes)), MEAN_HINT + "You multiply by the sizes, and divide by the number of batches. Divide by the number of examples."),
        Mistake("divided-by-the-examples", epoch_with(usual, lambda losses, sizes, loader: sum(losses) / sum(sizes)), MEAN_HINT + "`loss.item()` is a mean already. Multiply it by the size of its batch before you add it up."),
        Mistake("divided-by-the-data-set", epoch_with(usual, lambda losses, sizes, loader: sum(a * n for a, n in zip(losses, sizes)) / len(loader.dataset)), MEAN_HINT + "You divide by len(loader.dataset). With drop_last some of it was not seen: count what came."),
        Mistake("not-divided", epoch_with(usual, lambda losses, sizes, loader: sum(losses)), MEAN_HINT + "The sum of the losses depends on how many batches there are. Asked is the mean over the examples."),
        Mistake("last-loss", epoch_with(usual, lambda losses, sizes, loader: losses[-1]), MEAN_HINT + "That is the loss of the last batch."),
        Mistake("measured-after-the-step", epoch_with(measured_after), MEAN_HINT + "You ask the model once more after the step. It costs a second forward pass, and flatters: use the loss you have."),
        Mistake("only-the-first-batch", first_batch_only, "After the first batch it is over: a `return` stands inside the loop."),
        Mistake("mode-not-set", epoch_with(usual, begin=nothing), "You do not say `model.train()`. After a measurement the model is in evaluation mode, and would train without dropout."),
        Mistake("in-evaluation-mode", epoch_with(usual, begin=evaluating), "The model is in evaluation mode while it trains: dropout does nothing then."),
        Mistake("losses-kept-as-tensors", epoch_with(kept_as_tensor), "What comes back is a tensor, with the graphs of all batches hanging on it: memory grows with every batch. `loss.item()` takes the number out."),
    ),
)


# ---------------------------------------------------------------------------------------------------- evaluate
def evaluate(model, loss_fn, loader):
    model.eval()
    total, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            scores = model(x)
            total += loss_fn(scores, y).item() * len(x)
            right += (scores.argmax(1) == y).sum().item()
            count += len(x)
    return total / count, right / count


@torch.no_grad()
def evaluate_by_lists(model, loss_fn, loader):
    model.eval()
    losses, hits = [], []
    for x, y in loader:
        scores = model(x)
        losses += [loss_fn(scores, y).item()] * len(y)
        hits += (scores.numpy().argmax(axis=1) == y.numpy()).tolist()
    return float(np.mean(losses)), float(np.mean(hits))


def evaluate_and_go_back(model, loss_fn, loader):
    before = model.training
    model.train(False)
    found = []
    with torch.no_grad():
        for x, y in loader:
            scores = model(x)
            found.append((loss_fn(scores, y).item(), (scores.argmax(dim=-1) == y).to(torch.float64).mean().item(), len(x)))
    model.train(before)
    losses, shares, sizes = zip(*found)
    return np.average(losses, weights=sizes), np.average(shares, weights=sizes)


def evaluate_all_together(model, loss_fn, loader):
    model.eval()
    with torch.no_grad():
        parts = [(model(x), y) for x, y in loader]
        scores, labels = torch.cat([s for s, _ in parts]), torch.cat([y for _, y in parts])
        return loss_fn(scores, labels).item(), (scores.argmax(1) == labels).numpy().mean()


class Scores(nn.Module):
    """Gives its input as scores, after a layer that must not change; notes how it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, dtype=torch.float64))
        self.modes: list[bool] = []
        self.recorded: list[bool] = []

    def forward(self, x: Any) -> Any:
        self.modes.append(self.training)
        self.recorded.append(torch.is_grad_enabled())
        return x * self.scale


def score_loss(scores: Any, labels: Any) -> Any:
    """The mean of (1 - score of the right class) squared: simple enough for paper."""
    miss = 1 - scores[torch.arange(len(labels)), labels]
    return (miss * miss).mean()


def scored(batches: Sequence[tuple]) -> list[tuple]:
    return [(torch.tensor(x), torch.tensor(y)) for x, y in batches]


def call_evaluate(batches: Sequence[tuple], f: Callable) -> Any:
    return f(Scores(), score_loss, scored(batches))


def measured(batches: Sequence[tuple]) -> tuple[float, float]:
    """The same, a row at a time."""
    rows = [(row, int(label)) for x, y in batches for row, label in zip(x.tolist(), y)]
    losses = [(1 - row[label]) ** 2 for row, label in rows]
    return sum(losses) / len(rows), sum(row.index(max(row)) == label for row, label in rows) / len(rows)


def noted(batches: Sequence[tuple], what: str, before: bool, f: Callable) -> list[bool]:
    model = Scores().train(before)
    f(model, score_loss, scored(batches))
    return getattr(model, what)


def left_behind(batches: Sequence[tuple], f: Callable) -> dict:
    """What a measurement must not change."""
    model = Scores()
    f(model, score_loss, scored(batches))
    return {"parameter": float(model.scale.detach()[0]), "gradient": "there is one" if model.scale.grad is not None else "none"}


def plain_kinds(batches: Sequence[tuple], f: Callable) -> tuple:
    return tuple("a plain number" if isinstance(v, int | float) else f"a {type(v).__name__}" for v in f(Scores(), score_loss, scored(batches)))


def scores_text(batches: Sequence[tuple]) -> str:
    return ", ".join(f"(scores {spelled(x)}, labels {spelled(y)})" for x, y in batches)


def random_scores(rng: np.random.Generator, *sizes: int, classes: int = 3) -> list[tuple]:
    return [(rng.permuted(np.tile(np.arange(classes) / 2, (n, 1)), axis=1), rng.integers(0, classes, n)) for n in sizes]


EVEN = [(array([1, 0], [0, 1]), np.array([0, 0]))]
UNEVEN = [(array([1, 0], [0, 1], [1, 0]), np.array([0, 1, 0])), (array([[0.0, 3.0]]), np.array([0]))]


def evaluate_trials(rng: np.random.Generator) -> Iterator[Trial]:
    label = "answers: (mean loss, accuracy); the loss of a row is (1 - score of its label) squared"
    for given in (EVEN, UNEVEN, random_scores(rng, 3, 3, 1), random_scores(rng, 4, 2, classes=4), random_scores(rng, 6), random_scores(rng, 1), [(array([0, 1, 2], [2, 0, 1]), np.array([2, 1]))]):
        yield Trial(label, scores_text(given), partial(call_evaluate, given), measured(given))
    for before in (True, False):
        told = f"two batches, the model was in {'training' if before else 'evaluation'} mode"
        yield Trial("is the model in training mode, at each batch?", told, partial(noted, UNEVEN, "modes", before), [False, False])
    yield Trial("is a graph recorded, at each batch?", "two batches", partial(noted, UNEVEN, "recorded", True), [False, False])
    yield Trial("the model afterwards", "two batches", partial(left_behind, UNEVEN), {"parameter": 1.0, "gradient": "none"})
    yield Trial("what is given back", "two batches", partial(plain_kinds, UNEVEN), ("a plain number", "a plain number"))


def evaluating_with(loss: Callable = lambda losses, hits, sizes: sum(a * n for a, n in zip(losses, sizes)) / sum(sizes), accuracy: Callable = lambda losses, hits, sizes: sum(hits) / sum(sizes), hit: Callable = lambda scores, y: (scores.argmax(1) == y).sum().item(), begin: Callable = lambda model: model.eval(), recorded: bool = False, number: Callable = lambda loss: loss.item()) -> Callable:
    """A measurement with some of its parts replaced."""

    def evaluate(model, loss_fn, loader):
        begin(model)
        losses, hits, sizes = [], [], []
        with torch.set_grad_enabled(recorded):
            for x, y in loader:
                scores = model(x)
                losses.append(number(loss_fn(scores, y)))
                hits.append(hit(scores, y))
                sizes.append(len(x))
        return loss(losses, hits, sizes), accuracy(losses, hits, sizes)

    return evaluate


def mean_of_batches(losses, hits, sizes):
    return sum(losses) / len(losses)


def share_of_batches(losses, hits, sizes):
    return sum(h / n for h, n in zip(hits, sizes)) / len(sizes)


def evaluate_with_backward(model, loss_fn, loader):
    model.eval()
    total, right, count = 0.0, 0, 0
    for x, y in loader:
        scores = model(x)
        loss = loss_fn(scores, y)
        loss.backward()
        total, right, count = total + loss.item() * len(x), right + (scores.argmax(1) == y).sum().item(), count + len(x)
    return total / count, right / count


def last_batch_only(model, loss_fn, loader):
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            scores = model(x)
            found = loss_fn(scores, y).item(), (scores.argmax(1) == y).to(torch.float64).mean().item()
    return found


lesson(
    "evaluate",
    evaluate,
    title="Measure, and change nothing",
    statement="Mean loss and accuracy over all examples of the loader, as plain numbers, in evaluation mode and without recording a graph. The model gives scores (batch, classes); its answer is the class with the largest score.",
    signature="evaluate(model, loss_fn, loader) -> (mean loss, share of right answers)",
    trials=evaluate_trials,
    variants=(evaluate_by_lists, evaluate_and_go_back, evaluate_all_together),
    hints=(
        "It is your train_epoch without clearing, backward and step. Two things come in: `model.eval()`, and `with torch.no_grad():` around the loop.",
        "The answers are `scores.argmax(1)`, one for each row. Compare them with y, and count: `(...).sum().item()`.",
        "Three counters: the sum of the losses (each times the size of its batch), the number of right answers, the number of examples. Divide after the loop.",
    ),
    mistakes=(
        Mistake("mode-not-set", evaluating_with(begin=lambda model: None), "The model is still in training mode when you measure: dropout would go on dropping. `model.eval()` comes first."),
        Mistake("in-training-mode", evaluating_with(begin=lambda model: model.train()), "You put the model into training mode to measure it. `model.eval()`."),
        Mistake("graph-recorded", evaluating_with(recorded=True), "A graph is recorded for every batch, which nobody will use: it costs memory and time. Put the loop under `with torch.no_grad():`."),
        Mistake("neither-eval-nor-no-grad", evaluating_with(begin=lambda model: None, recorded=True), "Two things are missing: `model.eval()`, so that dropout does not go on dropping; and `with torch.no_grad():`, as nobody will ask for a gradient here."),
        Mistake("bare-loop", evaluating_with(mean_of_batches, share_of_batches, begin=lambda model: None, recorded=True), "Three things: `model.eval()`, so that dropout does not go on dropping; `with torch.no_grad():`, as nobody will ask for a gradient; and means over examples, not over batches, as the last batch may be short."),
        Mistake("backward-in-a-measurement", evaluate_with_backward, "Your measurement leaves gradients behind. The next step of training would take them along: no `backward` here."),
        Mistake("mean-of-means", evaluating_with(mean_of_batches), "Your loss is {actual}, and {expected} is right: you average the batches' means, so that an example in a short batch counts for more. Weigh each by its size."),
        Mistake("accuracies-averaged", evaluating_with(accuracy=share_of_batches), "Your accuracy is {actual}, and {expected} is right: you average the batches' shares, so that an example in a short batch counts for more. Count all hits, then divide once."),
        Mistake("both-averaged-by-batches", evaluating_with(mean_of_batches, share_of_batches), "You average over the batches, loss and accuracy, so that an example in a short batch counts for more. Add up over examples, then divide once."),
        Mistake("last-batch-only", last_batch_only, "That is the loss and accuracy of the last batch: in the loop, `=` overwrites what was there. Add up."),
        Mistake("hits-not-divided", evaluating_with(accuracy=lambda losses, hits, sizes: sum(hits)), "Your accuracy is the number of right answers, {actual}. As a share of all examples it is {expected}."),
        Mistake("in-percent", evaluating_with(accuracy=lambda losses, hits, sizes: 100 * sum(hits) / sum(sizes)), "Your accuracy is in percent. A share lies between 0 and 1."),
        Mistake("hits-divided-by-the-batches", evaluating_with(accuracy=lambda losses, hits, sizes: sum(hits) / len(sizes)), "You divide the number of right answers by the number of batches. Divide by the number of examples."),
        Mistake("loss-divided-by-the-batches", evaluating_with(lambda losses, hits, sizes: sum(a * n for a, n in zip(losses, sizes)) / len(sizes)), "You divide the summed loss by the number of batches. Divide by the number of examples."),
        Mistake("share-of-wrong-answers", evaluating_with(accuracy=lambda losses, hits, sizes: 1 - sum(hits) / sum(sizes)), "That is the share of wrong answers."),
        Mistake("smallest-score", evaluating_with(hit=lambda scores, y: ((-scores).argmax(1) == y).sum().item()), "The answer is the class with the largest score, `argmax`. You take the smallest."),
        Mistake("order-exchanged", lambda model, loss_fn, loader: evaluate(model, loss_fn, loader)[::-1], "Loss first, accuracy second: yours come the other way round."),
        Mistake("accuracy-missing", lambda model, loss_fn, loader: evaluate(model, loss_fn, loader)[0], "Two numbers are asked: the mean loss, and the share of right answers."),
        Mistake("loss-kept-as-a-tensor", evaluating_with(number=lambda loss: loss), "Your loss is a tensor. `.item()` takes the number out."),
    ),
)


# ---------------------------------------------------------------------------------------------- early stopping
class EarlyStopping:
    def __init__(self, patience=5, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.waited, self.weights = math.inf, 0, None

    def step(self, loss, model):
        if loss < self.best - self.min_delta:
            self.best, self.waited = loss, 0
            self.weights = {name: w.clone() for name, w in model.state_dict().items()}
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model):
        model.load_state_dict(self.weights)


class StoppingByEpochs:
    def __init__(self, patience=5, min_delta=0.0):
        self.patience, self.min_delta, self.best = patience, min_delta, float("inf")
        self.epoch = self.best_epoch = 0

    def step(self, loss, model):
        self.epoch += 1
        if self.best - loss > self.min_delta:
            self.best, self.best_epoch = loss, self.epoch
            self.kept = copy.deepcopy(model.state_dict())
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        model.load_state_dict(self.kept)


class StoppingWithArrays:
    def __init__(self, patience=5, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best = None
        self.bad = 0

    def step(self, loss, model):
        better = self.best is None or loss < self.best - self.min_delta
        self.bad = 0 if better else self.bad + 1
        if better:
            self.best = loss
            self.arrays = [np.array(p.detach().numpy()) for p in model.parameters()]
            self.rest = {name: np.array(b.numpy()) for name, b in model.named_buffers()}
        return not self.bad < self.patience

    def restore(self, model):
        with torch.no_grad():
            for p, kept in zip(model.parameters(), self.arrays):
                p.copy_(torch.tensor(kept))
            for name, b in model.named_buffers():
                b.copy_(torch.tensor(self.rest[name]))


class StoppingByHistory:
    def __init__(self, patience=5, min_delta=0.0):
        self.patience, self.min_delta, self.best = patience, min_delta, math.inf
        self.better = []

    def step(self, loss, model):
        self.better.append(loss < self.best - self.min_delta)
        if self.better[-1]:
            self.best, self.model = loss, copy.deepcopy(model)
        return len(self.better) >= self.patience and not any(self.better[-self.patience :])

    def restore(self, model):
        model.load_state_dict(self.model.state_dict())


class Stepped(nn.Module):
    """One weight and one buffer, which hold the number of the epoch; both are written in place, as optimizers do."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(1, dtype=torch.float64))

    def at(self, epoch: int) -> Any:
        with torch.no_grad():
            self.weight.fill_(epoch)
            self.mean.fill_(10 * epoch)
        return self

    def numbers(self) -> tuple:
        return float(self.weight.detach()[0]), float(self.mean[0])


def stopped(losses: Sequence[float], options: dict, cls: type) -> Any:
    """(the epoch in which it says stop, 0 if never; the weight and the buffer after restoring; best)"""
    model, stopper, end = Stepped(), cls(**options), 0
    for epoch, loss in enumerate(losses, 1):
        if stopper.step(loss, model.at(epoch)):
            end = epoch
            break
    stopper.restore(model)
    return end, model.numbers(), stopper.best


def stopping_defined(losses: Sequence[float], patience: int = 5, min_delta: float = 0.0) -> tuple:
    """The same, from the list of all epochs that were better than the last better one before them."""
    records = [1]
    for epoch in range(2, len(losses) + 1):
        if losses[records[-1] - 1] - losses[epoch - 1] > min_delta:
            records.append(epoch)
        if epoch - records[-1] == patience:
            return epoch, (float(records[-1]), 10.0 * records[-1]), losses[records[-1] - 1]
    return 0, (float(records[-1]), 10.0 * records[-1]), losses[records[-1] - 1]


def restored_twice(cls: type) -> Any:
    """Weights after restoring, training on, and restoring once more."""
    model, stopper = Stepped(), cls(patience=2)
    for epoch, loss in enumerate((3.0, 2.0, 4.0), 1):
        stopper.step(loss, model.at(epoch))
    stopper.restore(model)
    model.at(9)
    stopper.restore(model)
    return model.numbers()


def restored_elsewhere(cls: type) -> Any:
    """Weights of another model of the same kind, into which the best ones are written."""
    model, stopper, other = Stepped(), cls(patience=2), Stepped().at(7)
    for epoch, loss in enumerate((3.0, 2.0, 4.0), 1):
        stopper.step(loss, model.at(epoch))
    stopper.restore(other)
    return other.numbers()


def two_at_once(cls: type) -> Any:
    """The answers of two stoppers, each with a model of its own, in turn."""
    one, other = cls(patience=2), cls(patience=2)
    found = [(bool(one.step(a, Stepped().at(1))), bool(other.step(b, Stepped().at(2)))) for a, b in zip((1.0, 2.0, 3.0), (5.0, 4.0, 3.0))]
    return found, (one.best, other.best)


def says(losses: Sequence[float], cls: type) -> list[bool]:
    stopper, model = cls(patience=2), Stepped()
    return [bool(stopper.step(loss, model)) for loss in losses]


STOPS: tuple = (
    ([3, 2, 4, 5], {"patience": 2}), ([3, 2, 4, 5, 1], {"patience": 1}), ([3, 2, 4, 1, 5, 6], {"patience": 2}), ([3, 4, 2, 3, 1, 2], {"patience": 2}), ([2, 2, 2, 2], {"patience": 2}), ([3, 2, 1], {"patience": 2}),
    ([5, 4, 6, 5, 5.5], {"patience": 2}), ([10, 9.5, 9, 8.5, 8], {"patience": 2, "min_delta": 1}), ([10, 8, 7.5, 6.5, 6, 5.8], {"patience": 2, "min_delta": 1}), ([4, 3, 2], {"patience": 2, "min_delta": 1}), ([10, 10.5, 11.5, 12], {"patience": 2, "min_delta": 1}), ([1, 2, 3, 4, 5, 6, 7], {}), ([-1, -3, -2, -2], {"patience": 2}),
    ([0.5, 0.6, 0.55, 0.52, 0.7], {"patience": 3}), ([0.01, 0.005, 0.004, 0.003], {"patience": 2, "min_delta": 0.5}),
)


def stopping_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases: list = [([float(v) for v in losses], options) for losses, options in STOPS]
    for patience in (2, 3):
        cases.append((np.abs(drawn(rng, 12)).round(1).tolist(), {"patience": patience}))
    label = "answers: (epoch of the stop or 0, (weight, buffer) after restore, best); in epoch e the weight is e, the buffer 10 e"
    for losses, options in cases:
        told = ", ".join([f"losses {spelled(array(losses))}", *(f"{name}={value}" for name, value in options.items())])
        yield Trial(label, told, partial(stopped, losses, options), stopping_defined(losses, **options))
    yield Trial("answers: (weight, buffer) when it is restored, trained on, and restored once more", "losses [3, 2, 4], patience=2", restored_twice, (2.0, 20.0))
    yield Trial("answers: (weight, buffer) of another model, in which they were (7, 70), after restore", "losses [3, 2, 4], patience=2", restored_elsewhere, (2.0, 20.0))
    yield Trial("what two stoppers say in turn, and their best", "losses [1, 2, 3] and [5, 4, 3], patience=2", two_at_once, ([(False, False), (False, False), (True, False)], (1.0, 3.0)))
    yield Trial("what it says, epoch by epoch", "losses [1, 2, 2, 0.5, 1], patience=2", partial(says, (1.0, 2.0, 2.0, 0.5, 1.0)), [False, False, True, False, False])


def adapt_stopping(cls: type) -> type:
    """The learner's stopper as a callback of the Trainer."""
    shipped = training.EarlyStopping

    class Yours(shipped):  # type: ignore[valid-type, misc]
        __doc__ = shipped.__doc__

        def on_train_begin(self) -> None:
            super().on_train_begin()
            self.mine = cls(self.patience, self.min_delta)

        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if self.monitor not in logs:
                super().on_epoch_end(epoch, logs)  # its error says what there is
            value, before = self.sign * logs[self.monitor], self.best
            stop = self.mine.step(value, self.trainer.model)
            if not self.best_epoch or self.mine.best != before:
                self.best, self.best_epoch = self.mine.best, epoch
            if stop:
                self.stopped_epoch, self.trainer.stop = epoch, True

        def on_train_end(self) -> None:
            if self.restore_best and self.best_epoch:
                self.mine.restore(self.trainer.model)

        def state_dict(self) -> dict:
            if self.restore_best and self.best_epoch:
                self.weights = kept_by(self.mine, self.trainer.model)
            return super().state_dict()

        def load_state_dict(self, state: Any) -> None:
            super().load_state_dict(state)
            replay(self, len(self.trainer.history.epochs))

    for name in ("__name__", "__qualname__", "__module__"):
        setattr(Yours, name, getattr(shipped, name))
    return Yours


def arrays_of(model: Any) -> dict[str, np.ndarray]:
    return {name: w.array.copy() for name, w in model.state_dict().items()}


def kept_by(stopper: Any, model: Any) -> dict[str, np.ndarray]:
    """The weights that a stopper would restore; the model keeps its own."""
    now = arrays_of(model)
    stopper.restore(model)
    kept = arrays_of(model)
    model.load_state_dict(now)
    return kept


def replay(callback: Any, epochs: int) -> None:
    """Bring the learner's stopper to where a saved run stood: its best epoch, then those that were no better."""
    if not callback.best_epoch:
        return
    model = callback.trainer.model
    now = arrays_of(model)
    if callback.weights is not None:
        model.load_state_dict(callback.weights)
    for _ in range(1 + epochs - callback.best_epoch):
        callback.mine.step(callback.best, model)
    model.load_state_dict(now)


def stopping(better: Callable = lambda self, loss: loss < self.best - self.min_delta, keep: Callable = lambda model: {name: w.clone() for name, w in model.state_dict().items()}, over: Callable = lambda self: self.waited >= self.patience, best: Callable = lambda self, loss, better: loss if better else self.best, wait: Callable = lambda self, better: 0 if better else self.waited + 1, when: Callable = lambda better, over: better, **methods: Any) -> type:
    """The stopper with some of its parts replaced."""

    def step(self, loss, model):
        improved = better(self, loss)
        self.best, self.waited = best(self, loss, improved), wait(self, improved)
        self.last = loss
        if when(improved, over(self)) or self.weights is None:
            self.weights = keep(model)
        return over(self)

    return variation(EarlyStopping, step=step, last=math.inf, **methods)


class SharedList(EarlyStopping):
    waits = []  # noqa: RUF012

    def step(self, loss, model):
        if loss < self.best - self.min_delta:
            self.best = loss
            self.weights = {name: w.clone() for name, w in model.state_dict().items()}
            self.waits.clear()
        else:
            self.waits.append(loss)
        return len(self.waits) >= self.patience


def hand_over(self, model):
    return self.weights


def parameters_only(self, model):
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(self.weights[name])


def takes_over(self, model):
    for name, p in model.named_parameters():
        p.array = self.weights[name].array
    for name, b in model.named_buffers():
        b.array = self.weights[name].array


lesson(
    "EarlyStopping",
    EarlyStopping,
    title="Stop in time, and go back to the best",
    statement="`step(loss, model)` comes after every epoch. A loss is better when it is smaller than the best so far by more than min_delta: then it becomes the best, and the model's weights are kept. It says True when `patience` epochs in a row were not better. `restore(model)` puts the best weights back. `best` is the best loss so far.",
    signature="class EarlyStopping: EarlyStopping(patience=5, min_delta=0.0); step(loss, model) -> stop?; restore(model); best",
    trials=stopping_trials,
    variants=(StoppingByEpochs, StoppingWithArrays, StoppingByHistory),
    hints=(
        "It has to remember three things: the best loss (infinity, before there is any), how many epochs in a row were not better, and the weights of the best epoch.",
        "`model.state_dict()` gives the weights by name. They are the model's own tensors, which the optimizer goes on changing: keep a copy of each, `w.clone()`.",
        "If `loss < self.best - self.min_delta`: new best, the count of waiting becomes 0, copies of the weights. Else the count grows by 1. Give back whether it has reached patience. `restore` is `model.load_state_dict(...)`.",
    ),
    replaces="learnnn.training.EarlyStopping",
    adapt=adapt_stopping,
    points=2,
    mistakes=(
        Mistake("weights-not-copied", stopping(keep=lambda model: model.state_dict()), "What you restore are the weights of the last epoch: you kept the model's own tensors (or the model itself), and training goes on changing them. Keep a copy of each, `w.clone()`."),
        Mistake("last-weights-kept", stopping(when=lambda better, over: True), "You keep the weights after every epoch, better or not, so in the end you have the last ones. Keep them only when the loss is better."),
        Mistake("kept-when-it-stops", stopping(when=lambda better, over: over), "You keep the weights when it is time to stop. By then they are `patience` epochs past their best: keep them whenever the loss is better."),
        Mistake("nothing-restored", stopping(restore=hand_over), "`restore` leaves the model as it is. Write the kept weights into it: `model.load_state_dict(...)`."),
        Mistake("parameters-only", stopping(restore=parameters_only), "The parameters come back, and the buffers do not (the running means of a normalization, for example). `state_dict` and `load_state_dict` know both."),
        Mistake("restored-by-reference", stopping(restore=takes_over), "After `restore` the model and you hold the same arrays, so when it trains on, what you kept changes too. `load_state_dict` copies."),
        Mistake("count-never-reset", stopping(wait=lambda self, better: self.waited + (not better)), "With {inputs} you count all epochs that were not better. It is those in a row that count: a better one sets the count back to 0."),
        Mistake("one-epoch-too-late", stopping(over=lambda self: self.waited > self.patience), "With {inputs} you stop one epoch late: `patience` epochs that were not better are enough."),
        Mistake("one-epoch-too-early", stopping(over=lambda self: self.waited >= max(1, self.patience - 1)), "With {inputs} you stop one epoch early: as many as `patience` have to pass."),
        Mistake("min-delta-ignored", stopping(better=lambda self, loss: loss < self.best), "With {inputs} an epoch counts as better although it gained less than min_delta."),
        Mistake("min-delta-added", stopping(better=lambda self, loss: loss < self.best + self.min_delta), "You add min_delta to the best: so a loss that is a little worse counts as better. Better is below best - min_delta."),
        Mistake("ties-count-as-better", stopping(better=lambda self, loss: loss <= self.best - self.min_delta), "With {inputs} the same loss again counts as better. It has to be smaller, and with min_delta by more than that."),
        Mistake("compared-with-the-last", stopping(better=lambda self, loss: loss < self.last - self.min_delta), "You compare with the epoch before. A loss that falls, rises and falls a little is still worse than the best: compare with the best so far."),
        Mistake("best-creeps-along", stopping(best=lambda self, loss, better: min(self.best, loss)), "With {inputs} `best` moves down with every small gain, so several small gains together never count as better. It moves only when a loss is better by more than min_delta."),
        Mistake("larger-is-better", stopping(better=lambda self, loss: self.weights is None or loss > self.best + self.min_delta), "You wait for the loss to grow. A loss is better when it is smaller."),
        Mistake("best-starts-at-zero", variation(stopping(better=lambda self, loss: loss < self.best - self.min_delta), __init__=lambda self, patience=5, min_delta=0.0: vars(self).update(patience=patience, min_delta=min_delta, best=0.0, waited=0, weights=None)), "Your best begins at 0, and no loss is ever smaller. Begin with `math.inf`, or with the first loss."),
        Mistake("min-delta-as-a-share", stopping(better=lambda self, loss: loss < self.best * (1 - self.min_delta) if self.best < math.inf else True), "You take min_delta for a share of the best. It is the amount itself: better is below best - min_delta."),
        Mistake("shared-by-all-objects", SharedList, "Two stoppers count together: {inputs}. A list that stands in the class, outside `__init__`, is one list for all objects. Make it in `__init__`: `self.waits = []`."),
        Mistake("never-says-stop", stopping(over=lambda self: None), "`step` never says True. Give back whether so many epochs in a row were not better."),
    ),
)


# ------------------------------------------------------------------------------------------- confusion matrix
def confusion_matrix(answers, labels, classes):
    table = np.zeros((classes, classes), int)
    np.add.at(table, (labels, answers), 1)
    return table


def confusion_by_loop(answers, labels, classes):
    table = np.zeros((classes, classes), int)
    for answer, label in zip(answers, labels):
        table[label, answer] += 1
    return table


def confusion_by_bincount(answers, labels, classes):
    return np.bincount(np.asarray(labels) * classes + np.asarray(answers), minlength=classes**2).reshape(classes, classes)


def confusion_by_one_hot(answers, labels, classes):
    one = np.eye(classes, dtype=int)
    return one[labels].T @ one[answers]


def counted(answers: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    pairs = list(zip(labels.tolist(), answers.tolist()))
    return np.array([[pairs.count((i, j)) for j in range(classes)] for i in range(classes)])


def call_confusion(answers: np.ndarray, labels: np.ndarray, classes: int, f: Callable) -> Any:
    return f(answers, labels, classes)


def confusion_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases: list = [([1], [0], 2), ([0, 1, 1], [0, 1, 0], 2), ([1, 1, 1], [0, 0, 0], 2), ([0, 2], [2, 2], 3), ([0, 0, 0, 1], [0, 0, 0, 0], 3), ([1, 0], [1, 0], 4), ([], [], 2)]
    cases += [(rng.integers(0, k, n), rng.integers(0, k, n), k) for n, k in ((12, 2), (20, 3), (30, 5))]
    for a, b, classes in cases:
        answers, labels = np.array(a, int), np.array(b, int)
        yield Trial("how often row (the label) was taken for column (the answer)", f"answers = {answers.tolist()}, labels = {labels.tolist()}, classes = {classes}", partial(call_confusion, answers, labels, classes), counted(answers, labels, classes))
    labels = np.repeat(np.array([0, 1, 1]), 2)[::2]
    yield Trial("", "answers = [1, 1, 0], labels = [0, 1, 1] (every second of an array), classes = 2", partial(call_confusion, np.array([1, 1, 0]), labels, 2), counted(np.array([1, 1, 0]), labels, 2))


def adapt_confusion(f: Callable) -> Callable:
    """The learner's count behind learnnn's forms of answers: scores (N, C), or labels."""
    shipped = metrics.confusion_matrix

    @wraps(shipped)
    def yours(output: Any, target: Any) -> np.ndarray:
        answers, labels, classes = metrics._answers(output, target, "confusion_matrix")
        whole = (labels == labels.astype(np.int64)).all()
        if not whole or min(labels.min(), answers.min()) < 0:
            return shipped(output, target)
        classes = max(classes, int(labels.max()) + 1, int(answers.max()) + 1, 2)
        return np.asarray(f(answers.astype(np.int64), labels.astype(np.int64), classes))

    return yours


def counting_pairs(count: Callable) -> Callable:
    """A table that `count(table, label, answer)` fills, pair by pair."""

    def confusion_matrix(answers, labels, classes):
        table = np.zeros((classes, classes), int)
        for answer, label in zip(answers, labels):
            count(table, label, answer)
        return table

    return confusion_matrix


def add_one(table, label, answer):
    table[label, answer] += 1


def add_turned(table, label, answer):
    table[answer, label] += 1


def add_both_ways(table, label, answer):
    table[label, answer] += 1
    table[answer, label] += 1


def add_wrong_only(table, label, answer):
    table[label, answer] += label != answer


def add_right_only(table, label, answer):
    table[label, answer] += label == answer


def add_all_of_a_row(table, label, answer):
    table[label, :] += 1


def repeats_lost(answers, labels, classes):
    table = np.zeros((classes, classes), int)
    table[labels, answers] += 1
    return table


def only_classes_met(answers, labels, classes):
    met = sorted(set(answers.tolist()) | set(labels.tolist()))
    return np.array([[sum((labels == i) & (answers == j)) for j in met] for i in met]).reshape(len(met), len(met))


def up_to_the_largest(answers, labels, classes):
    n = max([0, *answers.tolist(), *labels.tolist()]) + 1
    return confusion_by_loop(answers, labels, n)


def counted_from_one(answers, labels, classes):
    table = np.zeros((classes + 1, classes + 1), int)
    np.add.at(table, (labels + 1, answers + 1), 1)
    return table


def as_shares(answers, labels, classes):
    table = confusion_by_loop(answers, labels, classes)
    return table / np.maximum(1, table.sum(axis=1, keepdims=True))


def of_all(answers, labels, classes):
    return confusion_by_loop(answers, labels, classes) / max(1, len(labels))


def from_the_labels(answers, labels, classes):
    return confusion_by_loop(labels, labels, classes)


lesson(
    "confusion_matrix",
    confusion_matrix,
    title="What was taken for what",
    statement="A table (classes, classes) of whole numbers: in row i, column j, how often an example of class i got the answer j. answers and labels are arrays (n,) of whole numbers.",
    signature="confusion_matrix(answers, labels, classes) -> array (classes, classes)",
    trials=confusion_trials,
    variants=(confusion_by_loop, confusion_by_bincount, confusion_by_one_hot),
    hints=(
        "Start with a table of zeros. Every example adds 1 in one place: which row, which column?",
        "A loop over `zip(answers, labels)` is fine. Rows are the truth: `table[label, answer]`.",
        "Without a loop: `np.add.at(table, (labels, answers), 1)` adds once for each pair, also where a pair comes twice. (`table[labels, answers] += 1` adds only once.)",
    ),
    replaces="learnnn.training.metrics.confusion_matrix",
    adapt=adapt_confusion,
    mistakes=(
        Mistake("rows-and-columns-exchanged", counting_pairs(add_turned), "Your table is turned over: rows are the labels, columns the answers. With {inputs}, where does the first pair belong?"),
        Mistake("repeats-lost", repeats_lost, "With {inputs} a pair comes several times, and your table counts it once. (`table[labels, answers] += 1` adds once for each place; `np.add.at` adds again and again.)"),
        Mistake("pairs-counted-both-ways", counting_pairs(add_both_ways), "You count each pair both ways. A 4 that was taken for a 9 is not a 9 that was taken for a 4."),
        Mistake("only-the-mistakes", counting_pairs(add_wrong_only), "Only the wrong answers are counted. The right ones belong on the diagonal."),
        Mistake("only-the-right-ones", counting_pairs(add_right_only), "Only the right answers are counted. The others show what was taken for what."),
        Mistake("whole-rows", counting_pairs(add_all_of_a_row), "You add 1 to the whole row of the label. Only the column of the answer gets it."),
        Mistake("only-classes-that-occur", only_classes_met, "With {inputs} your table has only the classes that occur, so its rows no longer stand for the numbers of the classes. It has `classes` rows, some may be empty."),
        Mistake("up-to-the-largest", up_to_the_largest, "With {inputs} your table ends at the largest number that occurs. It has `classes` rows and columns."),
        Mistake("counted-from-one", counted_from_one, "Your classes begin with 1. They are counted from 0."),
        Mistake("shares-of-rows", as_shares, "You divide each row by its sum. Asked are the counts."),
        Mistake("shares-of-all", of_all, "You divide by the number of examples. Asked are the counts."),
        Mistake("answers-not-used", from_the_labels, "Your table counts each label with itself: the answers are not used at all."),
    ),
)


# ------------------------------------------------------------------------------------------ precision, recall
def precision_recall(table):
    hits = np.diagonal(table)
    called, there = table.sum(axis=0), table.sum(axis=1)
    return hits / np.maximum(called, 1), hits / np.maximum(there, 1)


def precision_recall_by_loop(table):
    n = len(table)
    precision, recall = np.zeros(n), np.zeros(n)
    for c in range(n):
        if sum(table[:, c]):
            precision[c] = table[c, c] / sum(table[:, c])
        if sum(table[c, :]):
            recall[c] = table[c, c] / sum(table[c, :])
    return precision, recall


def precision_recall_by_where(table):
    hits = np.diag(table).astype(float)
    share = lambda total: np.where(total == 0, 0.0, hits / np.where(total == 0, 1, total))
    return [share(table.sum(0)), share(table.sum(1))]


def precision_recall_by_divide(table):
    hits = np.einsum("ii->i", table).astype(float)
    found = [np.divide(hits, t, out=np.zeros(len(table)), where=t > 0) for t in (np.ones(len(table)) @ table, table @ np.ones(len(table)))]
    return np.stack(found)


def shares(table: np.ndarray) -> tuple:
    rows = table.tolist()
    share = lambda part, whole: part / whole if whole else 0.0
    return np.array([share(rows[c][c], sum(row[c] for row in rows)) for c in range(len(rows))]), np.array([share(rows[c][c], sum(rows[c])) for c in range(len(rows))])


def call_precision_recall(table: np.ndarray, f: Callable) -> Any:
    return tuple(f(table))


def precision_trials(rng: np.random.Generator) -> Iterator[Trial]:
    tables = [[[3, 1], [0, 4]], [[2, 0], [2, 0]], [[0, 3], [0, 5]], [[0, 0], [1, 9]], [[5, 0], [0, 7]], [[90, 0], [9, 1]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[4, 1, 0], [0, 0, 0], [2, 0, 3]], [[0, 0], [0, 0]]]
    for rows in (*tables, rng.integers(1, 9, (3, 3)), rng.integers(1, 30, (5, 5)), rng.integers(1, 9, (8, 4))[::2]):
        table = np.array(rows, int)
        told = f"table = {table.tolist()}"
        yield Trial("answers: (precision of each class, recall of each class)", told, partial(call_precision_recall, table), shares(table))


def rated(precision: Callable, recall: Callable) -> Callable:
    return lambda table: (precision(table), recall(table))


def by_columns(table):
    return np.diagonal(table) / np.maximum(table.sum(axis=0), 1)


def by_rows(table):
    return np.diagonal(table) / np.maximum(table.sum(axis=1), 1)


def by_all(table):
    return np.diagonal(table) / max(table.sum(), 1)


def unguarded(axis: int) -> Callable:
    return lambda table: np.diagonal(table) / table.sum(axis=axis)


def one_where_none(axis: int) -> Callable:
    return lambda table: np.where(table.sum(axis=axis) == 0, 1.0, np.diagonal(table) / np.maximum(table.sum(axis=axis), 1))


def against_the_wrong_ones(axis: int) -> Callable:
    return lambda table: np.diagonal(table) / np.maximum(table.sum(axis=axis) - np.diagonal(table), 1)


def whole_numbers(axis: int) -> Callable:
    return lambda table: np.diagonal(table) // np.maximum(table.sum(axis=axis), 1)


def rest_of(axis: int) -> Callable:
    return lambda table: (table.sum(axis=axis) - np.diagonal(table)) / np.maximum(table.sum(axis=axis), 1)


def harmonic(table):
    p, r = by_columns(table), by_rows(table)
    return 2 * p * r / np.where(p + r == 0, 1, p + r)


def overall(table):
    return np.full(len(table), np.trace(table) / max(table.sum(), 1))


lesson(
    "precision_recall",
    precision_recall,
    title="Precision and recall",
    statement="From a confusion matrix (row the label, column the answer), two arrays with a number for each class. Precision: of those that were called c, the share that are c. Recall: of those that are c, the share that were called so. 0 where there are none to take a share of.",
    signature="precision_recall(table) -> (precision, recall), arrays (classes,)",
    trials=precision_trials,
    variants=(precision_recall_by_loop, precision_recall_by_where, precision_recall_by_divide),
    hints=(
        "Both have the same numerator: the right answers of each class. Where do they stand in the table?",
        "Row c holds all examples of class c; column c holds all that were called c. So one is divided by the sums of rows, the other by the sums of columns.",
        "`np.diagonal(table)` over `table.sum(axis=0)` and over `table.sum(axis=1)`. Where a sum is 0, so is the diagonal: divide by `np.maximum(sum, 1)`.",
    ),
    mistakes=(
        Mistake("exchanged", rated(by_rows, by_columns), "Precision and recall are exchanged. Precision looks at what was called c: a column. Recall looks at what is c: a row."),
        Mistake("both-by-rows", rated(by_rows, by_rows), "The recall is right, and your precision is the same. Precision divides by how many were called c: the sum of a column."),
        Mistake("both-by-columns", rated(by_columns, by_columns), "The precision is right, and your recall is the same. Recall divides by how many are c: the sum of a row."),
        Mistake("divided-by-all", rated(by_all, by_all), "You divide by the number of all examples. Precision and recall look at one class each: a column's sum, and a row's."),
        Mistake("accuracy-for-both", rated(overall, overall), "That is the accuracy, the share of right answers altogether. A class that is never found does not show in it."),
        Mistake("nan-where-there-are-none", rated(unguarded(0), unguarded(1)), "With {inputs} nothing was called one of the classes, or nothing is, and you divide 0 by 0. Give 0 there."),
        Mistake("one-where-there-are-none", rated(one_where_none(0), one_where_none(1)), "Where there is nothing to take a share of, 0 is asked."),
        Mistake("right-against-wrong", rated(against_the_wrong_ones(0), against_the_wrong_ones(1)), "You divide the right ones by the wrong ones. A share divides by all of them, the right ones too."),
        Mistake("share-of-wrong-ones", rated(rest_of(0), rest_of(1)), "Those are the shares of wrong ones."),
        Mistake("whole-numbers-only", rated(whole_numbers(0), whole_numbers(1)), "`//` leaves only 0 and 1 of a share. Use `/`."),
        Mistake("averaged-over-classes", lambda table: (by_columns(table).mean(), by_rows(table).mean()), "You average over the classes. A number for each class is asked; the mean hides the bad ones."),
        Mistake("harmonic-mean", rated(harmonic, harmonic), "That is F1, which mixes the two. Asked are both of them, one after the other."),
        Mistake("only-precision", lambda table: by_columns(table), "Two arrays are asked: precision and recall."),
    ),
)


# ------------------------------------------------------------------------------------------------------ k folds
def k_fold(n, k, generator=None):
    order = torch.randperm(n, generator=generator).numpy()
    folds = np.array_split(order, k)
    return [(np.concatenate(folds[:i] + folds[i + 1 :]), fold) for i, fold in enumerate(folds)]


def k_fold_by_strides(n, k, generator=None):
    order = torch.randperm(n, generator=generator).tolist()
    return [([v for place, v in enumerate(order) if place % k != i], order[i::k]) for i in range(k)]


def k_fold_by_labels(n, k, generator=None):
    fold_of = (np.arange(n) * k // n)[torch.randperm(n, generator=generator).numpy()]
    for i in range(k):
        yield np.flatnonzero(fold_of != i), np.flatnonzero(fold_of == i)


def k_fold_by_sets(n, k, generator=None):
    order, everything, start, found = torch.randperm(n, generator=generator).tolist(), set(range(n)), 0, []
    for i in range(k):
        size = n // k + (i < n % k)
        held = order[start : start + size]
        start += size
        found.append((sorted(everything - set(held)), held))
    return found


@undisturbed
def folds_of(n: int, k: int, seed: int, f: Callable) -> Any:
    folds = [(numbers(train), numbers(held)) for train, held in f(n, k, seeded(seed))]
    tested = [i for _, held in folds for i in held]
    both = sum(len(set(train) & set(held)) for train, held in folds)
    lost = sum(len(set(range(n)) - set(train) - set(held)) for train, held in folds)
    return sorted(len(held) for _, held in folds), {"in both parts": amount(both), "in neither part": amount(lost), "held out twice": amount(len(tested) - len(set(tested))), "never held out": amount(n - len(set(tested)))}


@undisturbed
def mixed_folds(n: int, k: int, seed: int, f: Callable) -> str:
    helds = [sorted(numbers(held)) for _, held in f(n, k, seeded(seed))]
    if all(map(a_block, helds)):
        return "neighbours"
    return "every k-th" if sorted(helds) == sorted(list(range(i, n, k)) for i in range(k)) else "numbers from all over"


@undisturbed
def folds_again(n: int, k: int, seeds: tuple, f: Callable) -> str:
    found = [[sorted(numbers(held)) for _, held in f(n, k, seeded(seed))] for seed in seeds]
    return "the same" if found[0] == found[1] else "others"


@undisturbed
def folds_unseeded(n: int, k: int, f: Callable) -> str:
    found = []
    for _ in range(2):
        torch.manual_seed(5)
        found.append([sorted(numbers(held)) for _, held in f(n, k)])
    return "the same" if found[0] == found[1] else "others"


def fold_trials(rng: np.random.Generator) -> Iterator[Trial]:
    seed, other = (int(i) for i in rng.choice(1000, 2, replace=False))
    nothing = {"in both parts": "none", "in neither part": "none", "held out twice": "none", "never held out": "none"}
    for n, k in ((6, 3), (7, 3), (8, 3), (4, 4), (5, 2), (20, 6), (int(rng.integers(30, 60)), 7)):
        sizes = sorted([n // k] * (k - n % k) + [n // k + 1] * (n % k))
        yield Trial("answers: (how many each fold holds out, in order of size; what went wrong)", f"n = {n}, k = {k}", partial(folds_of, n, k, seed), (sizes, nothing))
    yield Trial("a fold holds out", "n = 60, k = 4", partial(mixed_folds, 60, 4, seed), "numbers from all over")
    told = "n = 60, k = 4"
    yield Trial("the folds with two generators of one seed", told, partial(folds_again, 60, 4, (seed, seed)), "the same")
    yield Trial("the folds with generators of two seeds", told, partial(folds_again, 60, 4, (seed, other)), "others")
    yield Trial("the folds without a generator, each time after torch.manual_seed(5)", told, partial(folds_unseeded, 60, 4), "the same")


def folded_by(fold: Callable, order: Callable = lambda n, generator: torch.randperm(n, generator=generator), rest: Callable = lambda order, held: [i for i in order if i not in held]) -> Callable:
    """Folds with another way to cut, another order, or another training part."""

    def k_fold(n, k, generator=None):
        numbered = numbers(order(n, generator))
        return [(rest(numbered, held), held) for held in fold(numbered, k)]

    return k_fold


def even(order, k):
    return [part.tolist() for part in np.array_split(np.array(order), k)]


def rest_lost(order, k):
    return [order[i * (len(order) // k) : (i + 1) * (len(order) // k)] for i in range(k)]


def rest_in_the_last(order, k):
    size = len(order) // k
    return [order[i * size : (i + 1) * size if i < k - 1 else None] for i in range(k)]


def cut_by_rounding_up(order, k):
    size = -(-len(order) // k)
    return [order[i * size : (i + 1) * size] for i in range(k)]


def drawn_anew(n, k, generator=None):
    found = []
    for i in range(k):
        order = torch.randperm(n, generator=generator).tolist()
        size = n // k + (i < n % k)
        found.append((order[size:], order[:size]))
    return found


def trained_on_one_fold(n, k, generator=None):
    folds = even(torch.randperm(n, generator=generator).tolist(), k)
    return [(folds[i - 1], folds[i]) for i in range(k)]


lesson(
    "k_fold",
    k_fold,
    title="Every example is held out once",
    statement="k pairs (numbers to train on, numbers held out) of 0 to n-1, shuffled. Every number is held out in exactly one of the pairs, and the sizes of the held-out parts differ by at most 1.",
    signature="k_fold(n, k, generator=None) -> k pairs (numbers to train on, numbers held out)",
    trials=fold_trials,
    variants=(k_fold_by_strides, k_fold_by_labels, k_fold_by_sets),
    hints=(
        "Shuffle once, then cut the order into k pieces. Each piece is held out in its turn, all the others are there to train on.",
        "n need not be a multiple of k. Either n % k of the pieces get one more, or you deal the numbers out like cards: piece i gets `order[i::k]`.",
        "For each i: held = order[i::k], and the training part is every number of the order that is not in held.",
    ),
    points=2,
    mistakes=(
        Mistake("rest-never-held-out", folded_by(rest_lost), "With {inputs} some are never held out: n // k for each fold leaves a rest."),
        Mistake("rest-in-the-last-fold", folded_by(rest_in_the_last), "With {inputs} the last fold takes all that is left over, and becomes larger than the others by more than 1. Spread the rest."),
        Mistake("last-fold-too-small", folded_by(cut_by_rounding_up), "With {inputs} all folds but the last ones are as large as can be, and little is left for those. Sizes may differ by 1."),
        Mistake("drawn-anew-for-each-fold", drawn_anew, "You shuffle anew for each fold, so some numbers are held out twice and others never. Shuffle once, before the folds."),
        Mistake("trains-on-everything", folded_by(even, rest=lambda order, held: order), "What is held out is also trained on: leave it out of the training part."),
        Mistake("parts-exchanged", lambda n, k, generator=None: [(held, train) for train, held in k_fold(n, k, generator)], "The parts are exchanged: the training part comes first, and is the larger one."),
        Mistake("not-shuffled", folded_by(even, order=lambda n, generator: range(n)), "Your folds are neighbours. Data often lie in some order: shuffle first."),
        Mistake("dealt-out-unshuffled", folded_by(lambda order, k: [order[i::k] for i in range(k)], order=lambda n, generator: range(n)), "You deal the numbers out in turn, without shuffling. If the data repeat in some rhythm, each fold gets one kind. Shuffle first."),
        Mistake("one-fold-missing", lambda n, k, generator=None: k_fold(n, k, generator)[:-1], "There are only k - 1 pairs, so what the last one would hold out is never tested."),
        Mistake("only-one-other-fold-to-train-on", trained_on_one_fold, "You train on one other fold only. All the others are there to train on."),
        Mistake("generator-ignored", folded_by(even, order=lambda n, generator: torch.randperm(n)), G_IGNORED),
        Mistake("numpys-own-generator", folded_by(even, order=lambda n, generator: np.random.permutation(n)), NUMPYS_OWN),
        Mistake("seed-of-its-own", folded_by(even, order=lambda n, generator: np.random.default_rng(0).permutation(n)), FIXED_SEED),
    ),
)


# --------------------------------------------------------------------------------------- predict, then run
PREDICTED = ("the steps", "the mean loss", "the kept pixel", "the epoch whose weights are restored")


def predicted_values() -> tuple:
    steps = 3 * len(in_batches(10, 4, False))
    losses = [loss for loss, size in ((2.0, 4), (2.0, 4), (5.0, 2)) for _ in range(size)]
    (kept,) = {v / (1 - 0.8) for v in (3.0,)}
    _, (epoch, _), _ = stopping_defined([0.9, 0.7, 0.8, 0.6, 0.65, 0.61, 0.5], patience=2)
    return steps, sum(losses) / len(losses), kept, epoch


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for place, value in enumerate(predicted_values()):
        yield Trial("", PREDICTED[place], partial(judged, place, float(value)), "right")


def prediction():
    # 10 = 4 + 4 + 2: three batches an epoch.  (4 * 2 + 4 * 2 + 2 * 5) / 10.  3 / (1 - 0.8).  0.6 in epoch 4 is never beaten in time
    return 9, 2.6, 15, 4


lesson(
    "predict",
    prediction,
    title="Predict, then run: steps, a mean, a pixel, an epoch",
    statement="10 pictures in batches of 4, nothing dropped, three epochs: how many steps? The losses of an epoch's batches are 2, 2 and 5: what is the epoch's? Dropout with p = 0.8 keeps a pixel of 3: what comes out? Losses 0.9, 0.7, 0.8, 0.6, 0.65, 0.61, 0.5 and patience 2: the weights of which epoch (from 1) are restored?",
    signature="prediction() -> (steps, mean loss, kept pixel, epoch)",
    trials=prediction_trials,
    variants=(lambda: [9, 2.6, 15, 4], lambda: np.array([9.0, 2.6, 15.0, 4.0]), saying(3 * 3, 26 / 10, 3 / (1 - 0.8), 4)),
    hints=(
        "Write the four batches... or are there four? 10 pictures, 4 in a batch: count on your fingers. Then which batch has how many pictures?",
        "The mean is over pictures: 4 of them have loss 2 on average, 4 more too, and only 2 have 5. And dropout with p = 0.8 keeps a fifth, so what is kept grows fivefold.",
        "Stopping: go through the losses with two counters, the best so far, and how many since. It stops when the second reaches 2. What comes after is never seen.",
    ),
    mistakes=(
        Mistake("short-batches-dropped", saying(6, 2.6, 15, 4), "You left the short batch out. Nothing is dropped: the last two pictures make a batch of their own."),
        Mistake("steps-of-one-epoch", saying(3, 2.6, 15, 4), "Those are the steps of one epoch. There are three."),
        Mistake("steps-by-pictures", saying(30, 2.6, 15, 4), "A step belongs to a batch, not to a picture."),
        Mistake("mean-of-the-means", saying(9, 3, 15, 4), "That is the mean of the three numbers. The last of them stands for two pictures only, the others for four."),
        Mistake("kept-unchanged", saying(9, 2.6, 3, 4), "What is kept grows, so that the mean stays: it is divided by 1 - p."),
        Mistake("divided-by-p", saying(9, 2.6, 3 / 0.8, 4), "You divided by p. What is kept is divided by the share that is kept, 1 - p."),
        Mistake("multiplied-by-the-share", saying(9, 2.6, 3 * 0.2, 4), "You multiplied by 1 - p. It is divided: what is left has to make up for what is gone."),
        Mistake("epoch-of-the-stop", saying(9, 2.6, 15, 6), "That is the epoch in which it stops. What is restored are the best weights so far."),
        Mistake("best-of-all", saying(9, 2.6, 15, 7), "The last epoch would have been the best. But patience ran out before it: two epochs in a row were not better, and nobody ever saw it."),
        Mistake("stopped-at-the-first-bump", saying(9, 2.6, 15, 2), "One epoch that is not better is no reason to stop with patience 2, and the next one is better again: the count goes back to 0."),
    ),
)


# -------------------------------------------------------------------------------------------- find the bug
def mended(model, loss_fn, optimizer, loader, check, epochs):
    history = []
    for _ in range(epochs):
        model.train()
        total, count = 0.0, 0
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            total, count = total + loss.item() * len(x), count + len(x)
        model.eval()
        with torch.no_grad():
            checked = [(loss_fn(model(x), y).item() * len(x), len(x)) for x, y in check]
        history.append((total / count, sum(a for a, _ in checked) / sum(n for _, n in checked)))
    return history


def fitting(before: str = "", each: str = "train", check: str = "eval", after: str = "", clear: bool = True, weighted: bool = True, learn: bool = False, swap: bool = False) -> Callable:
    """A fit that calls these methods of the model: before all, before an epoch, before measuring, after measuring."""

    def fit(model, loss_fn, optimizer, loader, checks, epochs):
        say = lambda name: getattr(model, name)() if name else None
        history = []
        say(before)
        for _ in range(epochs):
            say(each)
            trained = through(model, loss_fn, optimizer if clear else Unclearing(optimizer), loader, weighted)
            say(check)
            with torch.set_grad_enabled(learn):
                checked = through(model, loss_fn, optimizer if learn else None, checks, weighted)
            say(after)
            history.append((checked, trained) if swap else (trained, checked))
        return history

    return fit


class Unclearing:
    """An optimizer that forgets to clear."""

    def __init__(self, optimizer: Any):
        self.step, self.zero_grad = optimizer.step, lambda: None


def through(model: Any, loss_fn: Callable, optimizer: Any, loader: Any, weighted: bool = True) -> float:
    """Once through a loader, learning where there is an optimizer: the mean loss."""
    total, count = 0.0, 0
    for x, y in loader:
        if optimizer:
            optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        if optimizer:
            loss.backward()
            optimizer.step()
        size = len(x) if weighted else 1
        total, count = total + loss.item() * size, count + size
    return total / count


unmended = fitting(before="train", each="")


def repair():
    def fit(model, loss_fn, optimizer, loader, check, epochs):
        history = []
        for _ in range(epochs):
            model.train()  # before every epoch: the measurement has left the model in evaluation mode
            total, count = 0.0, 0
            for x, y in loader:
                optimizer.zero_grad()
                loss = loss_fn(model(x), y)
                loss.backward()
                optimizer.step()
                total, count = total + loss.item() * len(x), count + len(x)
            model.eval()
            with torch.no_grad():
                checked = sum(loss_fn(model(x), y).item() * len(x) for x, y in check) / sum(len(x) for x, y in check)
            history.append((total / count, checked))
        return history

    return fit, "B"


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "B" else f"not {letter}"


def modes_in_fit(epochs: int, repair: Callable) -> list[str]:
    model = Line()
    repair()[0](model, mean_square, optim.SGD(model.parameters(), lr=0.1), Batches(TWO), Batches(ONE), epochs)
    return ["training" if mode else "evaluation" for mode in model.modes]


def numbers_of_fit(batches: Sequence[tuple], checks: Sequence[tuple], epochs: int, repair: Callable) -> Any:
    model = Line()
    history = repair()[0](model, mean_square, optim.SGD(model.parameters(), lr=0.1), Batches(batches), Batches(checks), epochs)
    return [tuple(row) for row in history], line_of(model)


def fit_defined(batches: Sequence[tuple], checks: Sequence[tuple], epochs: int) -> Any:
    history = []
    for epoch in range(1, epochs + 1):
        mean, (w, b) = line_trained(batches, 0.1, epoch)
        misses = [(w * u + b - v) ** 2 for x, y in checks for u, v in zip(x, y)]
        history.append((mean, sum(misses) / len(misses)))
    return history, (w, b)


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for epochs in (1, 2, 3):
        modes = (["training"] * 2 + ["evaluation"]) * epochs
        yield Trial("the mode at each batch: two to train on, then one to measure", f"{epochs} epoch{'s' * (epochs > 1)}", partial(modes_in_fit, epochs), modes)
    label = "answers: ([(training loss, validation loss), ...], (w, b) afterwards); the model is w * x + b and begins at w = b = 0"
    for given, checks, epochs in ((ONE, [((2.0,), (1.0,))], 1), (TWO, [((2.0, 0.0), (1.0, 1.0)), ((3.0,), (3.0,))], 2), (some_batches(rng, 3, 2), some_batches(rng, 2, 1), 2)):
        told = f"train on {batches_text(given)}, measure on {batches_text(checks)}, {epochs} epoch{'s' * (epochs > 1)}"
        yield Trial(label, told, partial(numbers_of_fit, given, checks, epochs), fit_defined(given, checks, epochs))
    yield Trial("the letter", "cause", cause_of, CAUSE)


lesson(
    "find_the_bug",
    repair,
    title="Find the bug: dropout that works only once",
    statement="Repair the colleague's fit, and name the cause by its letter.",
    signature="repair() -> (the repaired fit(model, loss_fn, optimizer, loader, check, epochs), the letter of the cause)",
    trials=bug_trials,
    variants=(saying(mended, "B"), saying(fitting(before="train", each="", after="train"), "b"), saying(fitting(each="train", check="eval", after="train"), " B ")),
    hints=(
        "Write down, for two epochs, in which mode the model is at every call: `model.train()` and `model.eval()` are switches, and stay as they were last set.",
        "When does the second epoch begin, and what was the last switch before it?",
        "Either set `model.train()` at the beginning of every epoch, or again after every measurement.",
    ),
    points=2,
    mistakes=(
        Mistake("named-not-repaired", saying(unmended, "B"), "That is the cause; the code still has it. Look at {inputs}: in which mode does the model come into the second one?"),
        Mistake("cause-A", saying(mended, "A"), "The repair works. But the gradients were cleared before every batch, from the beginning."),
        Mistake("cause-C", saying(mended, "C"), "The repair works. But `no_grad` was there, and has nothing to do with dropout."),
        Mistake("cause-D", saying(mended, "D"), "The repair works. But the means were weighted by the sizes of the batches, from the beginning."),
        Mistake("cause-E", saying(mended, "E"), "The repair works. But nothing was learned from the validation pictures: there is no step there."),
        Mistake("measured-in-training-mode", saying(fitting(each="train", check=""), "B"), "Now the model stays in training mode, and is measured with dropout switched on. To measure, `model.eval()`."),
        Mistake("trained-in-evaluation-mode", saying(fitting(each="eval", check="eval"), "B"), "Now the model trains in evaluation mode from the first epoch on: dropout never works."),
        Mistake("modes-exchanged", saying(fitting(each="eval", check="train"), "B"), "The two switches are exchanged: train() before training, eval() before measuring."),
        Mistake("clearing-lost", saying(fitting(clear=False), "B"), "The modes are right now, and the gradients are no longer cleared: a line was lost on the way."),
        Mistake("weights-of-the-mean-lost", saying(fitting(weighted=False), "B"), "The modes are right now, and the means are no longer weighted by the sizes of the batches."),
        Mistake("learns-while-measuring", saying(fitting(learn=True), "B"), "The modes are right now, but the model learns from what it should only be measured on."),
        Mistake("losses-exchanged", saying(fitting(swap=True), "B"), "The modes are right now, and the two losses are exchanged: training first."),
    ),
)
