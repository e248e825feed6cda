"""Lesson 04, a network of Values: what is asked, what learners get wrong, and a truth of its own.

The truth knows no Value, no graph and no class: the same network as one function of plain numbers, and its slopes by
nudging one number at a time (central differences).
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, pairwise
from types import FunctionType
from typing import Any

import numpy as np

from learnnn.course.exercise import Exercise, Mistake, Trial, register
from learnnn.course.exercises.ch03_scalar_autograd import Value, saying, tidy

NUDGE = 1e-5


# ------------------------------------------------------------------------------- truth: plain numbers, and nudging
def plain_neuron(x: Sequence[float], numbers: Sequence[float], linear: bool = False) -> float:
    """A neuron of weights, then bias."""
    *weights, bias = numbers
    total = math.fsum([bias, *(w * xi for w, xi in zip(weights, x, strict=True))])
    return total if linear else math.tanh(total)


def plain_layer(x: Sequence[float], numbers: Sequence[float], linear: bool = False) -> list[float]:
    """Neurons one after the other in `numbers`, each with all of x."""
    size = len(x) + 1
    return [plain_neuron(x, numbers[i : i + size], linear) for i in range(0, len(numbers), size)]


def plain_network(x: Sequence[float], numbers: Sequence[float], hidden: Sequence[int]) -> float:
    """tanh layers of these widths, then one linear neuron."""
    for width in hidden:
        used = width * (len(x) + 1)
        x, numbers = plain_layer(x, numbers[:used]), numbers[used:]
    return plain_neuron(x, numbers, linear=True)


def plain_loss(scores: Sequence[float], targets: Sequence[float]) -> float:
    """The mean of log(1 + exp(-target * score)), which numpy has as logaddexp(0, .)."""
    return float(np.mean(np.logaddexp(0.0, -np.multiply(scores, targets))))


def nudged(function: Callable, numbers: Sequence[float]) -> tuple:
    """The slope of function(numbers) in each of the numbers, by central differences."""
    numbers = np.array(numbers, dtype=float)
    steps = NUDGE * np.eye(len(numbers))
    return tuple((function(list(numbers + step)) - function(list(numbers - step))) / (2 * NUDGE) for step in steps)


# --------------------------------------------------------------------------------------- what is asked of Values
class NotValues(TypeError):
    """Something else than a list of Values."""


class Nested(NotValues):
    """A list of lists."""


class NotAList(NotValues):
    """A single Value, where a list of them belongs."""


class NotAValue(TypeError):
    """A plain number, or something else, where a Value belongs."""


class ListForValue(NotAValue):
    """A list, where a single Value belongs."""


class NothingForValue(NotAValue):
    """None, where a Value belongs."""


class ValueForNumber(TypeError):
    """A Value, where a plain number belongs."""


def number_of(code: Any) -> type:
    """The class called `Value` where the code was written: the learner's own. Without one, the bank's."""
    functions = [code] if isinstance(code, FunctionType) else [f for f in vars(code).values() if isinstance(f, FunctionType)]
    return next((f.__globals__["Value"] for f in functions if "Value" in f.__globals__), Value)


def told(thing: Any) -> str:
    """What kind of thing this is, for a message."""
    if thing is None:
        return "None (is a `return` missing?)"
    if isinstance(thing, list | tuple):
        return f"a {type(thing).__name__} of {len(thing)}"
    return f"a Value of {thing.data:g}" if is_value(thing) else f"a {type(thing).__name__}"


def is_value(thing: Any) -> bool:
    return all(hasattr(thing, name) for name in ("data", "grad", "backward"))


def a_value(thing: Any) -> Any:
    """The thing itself, if it is a Value."""
    if is_value(thing):
        return thing
    kind = NothingForValue if thing is None else ListForValue if isinstance(thing, list | tuple) else NotAValue
    raise kind(f"a Value belongs here, and this is {told(thing)}")


def listed(parameters: Any) -> list:
    """The parameters themselves, if they are a list of Values."""
    if not isinstance(parameters, list | tuple):
        raise NotValues(f"parameters() should give back a list of Values, and this is {told(parameters)}")
    if strange := [p for p in parameters if not is_value(p)]:
        kind = Nested if isinstance(strange[0], list | tuple) else NotValues
        raise kind(f"parameters() should list Values, and there is {told(strange[0])} in it")
    return list(parameters)


def with_numbers(part: Any, numbers: Sequence[float]) -> list:
    """Put numbers into the parameters, in their order; they must be as many."""
    parameters = listed(part.parameters())
    if len(parameters) != len(numbers):
        raise AssertionError(f"parameters() lists {len(parameters)}, and there should be {len(numbers)}")
    for parameter, number in zip(parameters, numbers):
        parameter.data = number
    return parameters


def number(thing: Any) -> Any:
    """Values are named, as a plain number is asked."""
    if is_value(thing):
        raise ValueForNumber(f"a plain number belongs here, and this is {told(thing)}: take its .data")
    return thing


def tidied(rng: np.random.Generator, count: int, scale: float = 1.0) -> list[float]:
    """Random numbers a learner can read."""
    return [tidy(scale * number) for number in rng.normal(size=count)]


def row(numbers: Sequence[float]) -> str:
    return f"[{', '.join(f'{n:g}' for n in numbers)}]"


def seeded(rng: np.random.Generator) -> int:
    return int(rng.integers(1000))


def ordered_apart(parameters: list) -> str:
    """How many there are, and how many different ones."""
    return f"{len(parameters)} parameters, {len(set(map(id, parameters)))} different ones"


# --------------------------------------------------------------------------------------------------------- Neuron
class Neuron:
    def __init__(self, inputs, rng, linear=False):
        self.weights = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.bias = Value(0.0)
        self.linear = linear

    def __call__(self, x):
        total = self.bias
        for weight, number in zip(self.weights, x):
            total = total + weight * number
        return total if self.linear else total.tanh()

    def parameters(self):
        return [*self.weights, self.bias]


class NeuronInOneList:
    def __init__(self, inputs, rng, linear=False):
        self.knobs = [Value(2 * rng.random() - 1) for _ in range(inputs)] + [Value(0)]
        self.squash = (lambda total: total) if linear else (lambda total: total.tanh())

    def __call__(self, x):
        return self.squash(sum((k * xi for k, xi in zip(self.knobs, x)), self.knobs[-1]))

    def parameters(self):
        return self.knobs


class NeuronByIndex:
    def __init__(self, inputs, rng, linear=False):
        self.w, self.b, self.linear = [], Value(0.0), linear
        for _ in range(inputs):
            self.w.append(Value(rng.uniform(-0.9, 0.9)))

    def __call__(self, x):
        out = 0.0
        for i in range(len(self.w)):
            out = out + x[i] * self.w[i]
        out = out + self.b
        return out if self.linear else out.tanh()

    def parameters(self):
        return [*self.w, self.b]


class NeuronByExp:
    def __init__(self, inputs, rng, linear=False):
        self.w = tuple(Value(rng.triangular(-1, 1)) for _ in range(inputs))
        self.b, self.linear = Value(0.0), linear

    def __call__(self, x):
        total = self.b + sum(wi * xi for wi, xi in zip(self.w, x))
        return total if self.linear else 1 - 2 / ((2 * total).exp() + 1)

    def parameters(self):
        return (*self.w, self.b)


def neuron_start(numbers: list[float]) -> str:
    """What a neuron starts with, judged: the bias comes last."""
    *weights, bias = numbers
    if bias != 0:
        return f"the bias, which comes last, starts at {bias:g}"
    if any(abs(w) > 1 for w in weights):
        return f"a weight starts outside -1 to 1: {row(weights)}"
    if len(set(weights)) < len(weights):
        return f"weights start alike: {row(weights)}"
    return STARTED


STARTED = "different weights between -1 and 1, bias 0"


def started(cls: type, seed: int) -> str:
    return neuron_start([p.data for p in listed(cls(5, random.Random(seed)).parameters())])


def two_started(cls: type, seed: int) -> str:
    rng = random.Random(seed)
    one, other = ([p.data for p in listed(cls(3, rng).parameters())] for _ in range(2))
    return "alike" if one[:3] == other[:3] else "unlike"


def two_apart(cls: type) -> float:
    """Two neurons are two: numbers put into one do not show in the other."""
    rng = random.Random(0)
    one, other = cls(1, rng, True), cls(1, rng, True)
    with_numbers(one, [3.0, 1.0])
    with_numbers(other, [5.0, 2.0])
    return a_value(one([1.0])).data


def neuron_answer(x: list[float], numbers: list[float], linear: bool, times: int, cls: type) -> tuple:
    """Its answer, and the gradients of its parameters; called `times` times, the last call counts."""
    neuron = cls(len(x), random.Random(0), linear)
    parameters = with_numbers(neuron, numbers)
    for _ in range(times):
        out = a_value(neuron(list(x)))
    out.backward()
    return out.data, tuple(p.grad for p in parameters)


def neuron_gradient_in_x(x: list[float], numbers: list[float], cls: type) -> tuple:
    neuron, inputs = cls(len(x), random.Random(0)), [number_of(cls)(xi) for xi in x]
    with_numbers(neuron, numbers)
    a_value(neuron(inputs)).backward()
    return tuple(p.grad for p in inputs)


def neuron_text(x: list[float], numbers: list[float], linear: bool) -> str:
    kind = ", linear" if linear else ""
    return f"x = {row(x)}, weights = {row(numbers[:-1])}, bias = {numbers[-1]:g}{kind}"


def neuron_trials(rng: np.random.Generator) -> Iterator[Trial]:
    seed = seeded(rng)
    yield Trial("how many parameters", "Neuron(3, rng)", lambda cls: ordered_apart(listed(cls(3, random.Random(seed)).parameters())), "4 parameters, 4 different ones")
    cases = [([2.0], [3.0, 1.0], True), ([2.0], [0.5, -0.75], False), ([1.0, 2.0], [3.0, 1.0, -4.0], True), ([2.0, 0.5], [-0.5, 1.0, 0.75], False), ([0.5, -1.0, 2.0], [0.4, 0.2, -0.3, 0.1], False)]
    cases += [(tidied(rng, n), tidied(rng, n + 1, 0.6), linear) for n in (1, 2, 4) for linear in (False, True)]
    for x, numbers, linear in cases:
        expected = plain_neuron(x, numbers, linear), nudged(lambda p: plain_neuron(x, p, linear), numbers)  # noqa: B023
        yield Trial("the output, and its gradient in each weight and the bias", neuron_text(x, numbers, linear), partial(neuron_answer, x, numbers, linear, 1), expected)
    x, numbers = [2.0, -1.0], [0.3, 0.5, 0.1]
    expected = plain_neuron(x, numbers), nudged(lambda p: plain_neuron(x, p), numbers)
    yield Trial("the same, when it is called a second time", neuron_text(x, numbers, False), partial(neuron_answer, x, numbers, False, 2), expected)
    yield Trial("gradients in x, when x holds Values", neuron_text(x, numbers, False), partial(neuron_gradient_in_x, x, numbers), nudged(lambda x: plain_neuron(x, numbers), x))
    yield Trial("its first numbers: weights, then bias", "Neuron(5, rng), just made", lambda cls: started(cls, seed), STARTED)
    yield Trial("the weights of two neurons made with the same rng, one after the other", "Neuron(3, rng) twice, just made", lambda cls: two_started(cls, seed), "unlike")
    yield Trial("the first of two neurons, after both have got numbers", "first: w = 3, b = 1; second: w = 5, b = 2; x = [1], linear", two_apart, 4.0)


def but(cls: type, **methods: Any) -> type:
    """The right class with some methods written differently."""
    return type(cls.__name__, (cls,), {"__module__": __name__, **methods})


def neuron_made(weights: Callable, bias: Callable = lambda rng: Value(0.0)) -> type:
    """A neuron that starts in another way."""

    def __init__(self, inputs, rng, linear=False):
        self.weights, self.bias, self.linear = weights(inputs, rng), bias(rng), linear

    return but(Neuron, __init__=__init__)


def squashed(self, total):
    return total if self.linear else total.tanh()


def neuron_without_bias(self, x):
    return squashed(self, sum(w * xi for w, xi in zip(self.weights, x)))


def neuron_with_bias_for_each(self, x):
    return squashed(self, sum(w * xi + self.bias for w, xi in zip(self.weights, x)))


def neuron_squashing_each(self, x):
    return self.bias + sum(squashed(self, w * xi) for w, xi in zip(self.weights, x))


def neuron_overwriting(self, x):
    for w, xi in zip(self.weights, x):
        total = self.bias + w * xi
    return squashed(self, total)


def neuron_stopping_early(self, x):
    total = self.bias
    for i in range(max(len(x) - 1, 1)):
        total = total + self.weights[i] * x[i]
    return squashed(self, total)


def neuron_off_the_graph(self, x):
    return Value(squashed(self, self.bias + sum(w * xi for w, xi in zip(self.weights, x))).data)


def neuron_growing(self, x):
    self.bias = self.bias + sum(w * xi for w, xi in zip(self.weights, x))
    return squashed(self, self.bias)


def neuron_starting_in_each_call(self, x):
    self.weights = [Value(0.7) for _ in x]
    return Neuron.__call__(self, x)


def neuron_off_its_weights(self, x):
    return squashed(self, self.bias + sum(w.data * xi for w, xi in zip(self.weights, x)))


def neuron_in_plain_numbers(self, x):
    total = self.bias.data + sum(w.data * getattr(xi, "data", xi) for w, xi in zip(self.weights, x))
    return total if self.linear else math.tanh(total)


class NeuronWithSharedWeights(Neuron):
    """Weights in the class: one list for all neurons."""

    weights: list = []  # noqa: RUF012

    def __init__(self, inputs, rng, linear=False):
        drawn = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        NeuronWithSharedWeights.weights[:] = drawn
        self.bias, self.linear = Value(0.0), linear


register(
    Exercise(
        id="mlp.Neuron",
        lesson=4,
        title="A neuron of Values",
        statement="A class: `Neuron(inputs, rng, linear=False)` draws one weight an input from rng.uniform(-1, 1), and has a bias that starts at 0. Called with x, a list of numbers or of Values, it gives back tanh of the weighted sum plus bias, or that sum itself if it is linear. `parameters()` lists its Values: the weights, then the bias. The check uses the `Value` of your notebook, puts numbers of its own into the parameters, and finds their slopes by nudging.",
        signature="class Neuron: Neuron(inputs, rng, linear=False), neuron(x) -> Value, neuron.parameters() -> list of Values",
        trials=neuron_trials,
        solution=Neuron,
        variants=(NeuronInOneList, NeuronByIndex, NeuronByExp),
        hints=(
            "It is the neuron of lesson 03, in a class: in __init__ make the Values and keep them in self, in __call__ use them, in parameters list them.",
            "In __call__ start with the bias and add weight * input, pair by pair; zip(self.weights, x) gives the pairs. Nothing but Values and x may take part: no .data, else the graph ends there.",
            "`total = self.bias`; in the loop `total = total + weight * number`; after it `total.tanh()`, unless self.linear. parameters is `self.weights + [self.bias]`.",
        ),
        mistakes=(
            Mistake("bias-forgotten", but(Neuron, __call__=neuron_without_bias), "The bias takes no part in the answer: you have {actual}, {expected} is right. Weighted sum *plus bias*, then tanh."),
            Mistake("bias-added-for-each-input", but(Neuron, __call__=neuron_with_bias_for_each), "The bias is added once for each input. It belongs to the neuron: add it once, outside the loop."),
            Mistake("bias-not-listed", but(Neuron, parameters=lambda self: self.weights), "parameters() leaves the bias out. What is not listed is never trained, and nothing complains."),
            Mistake("weights-not-listed", but(Neuron, parameters=lambda self: [self.bias]), "parameters() lists the bias alone. The weights have to be there too, before it."),
            Mistake("bias-listed-first", but(Neuron, parameters=lambda self: [self.bias, *self.weights]), "parameters() begins with the bias. Asked are the weights in their order, then the bias."),
            Mistake("weights-in-a-list-of-their-own", but(Neuron, parameters=lambda self: [self.weights, self.bias]), "parameters() has a list in it: [[w, w], b]. It should be one flat list of Values: add lists with +, or unpack with *."),
            Mistake("bias-added-to-the-list", but(Neuron, parameters=lambda self: self.weights + self.bias), "parameters() adds a Value to a list. A list grows by a list: put the bias into one, [self.bias], first."),
            Mistake("always-linear", but(Neuron, __call__=lambda self, x: self.bias + sum(w * xi for w, xi in zip(self.weights, x))), "The sum comes out as it is ({actual}). Unless the neuron is linear, tanh belongs around it."),
            Mistake("never-linear", but(Neuron, __call__=lambda self, x: (self.bias + sum(w * xi for w, xi in zip(self.weights, x))).tanh()), "tanh is there, but also where linear=True was asked for: then the sum itself is the answer, {expected}."),
            Mistake("linear-the-wrong-way-round", but(Neuron, __call__=lambda self, x: (self.bias + sum(w * xi for w, xi in zip(self.weights, x))).tanh() if self.linear else self.bias + sum(w * xi for w, xi in zip(self.weights, x))), "Linear neurons squash and the others do not: the two cases of `linear` have changed places."),
            Mistake("each-product-squashed", but(Neuron, __call__=neuron_squashing_each), "tanh is around each product. A neuron sums first, adds the bias, and squashes the whole once."),
            Mistake("sum-overwritten", but(Neuron, __call__=neuron_overwriting), "Only the last input counts: in every turn of the loop the total begins anew. Add to what is there: `total = total + ...`."),
            Mistake("last-input-left-out", but(Neuron, __call__=neuron_stopping_early), "With two or more inputs the last one is left out. range(n) ends at n - 1 already; zip counts for you."),
            Mistake("graph-cut", but(Neuron, __call__=neuron_off_the_graph), "The output is right, and every gradient is 0: you made a new Value out of `.data`, which knows nothing of the weights. Leave the numbers in their Values."),
            Mistake("weights-taken-out-of-the-graph", but(Neuron, __call__=neuron_off_its_weights), "The output is right, and the weights get no gradient: you multiplied by w.data, a plain number. Multiply by the Value itself."),
            Mistake("plain-number-returned", but(Neuron, __call__=neuron_in_plain_numbers), "A plain number came back. It has no graph, so nothing can be trained. Compute with the Values themselves, without .data."),
            Mistake("state-kept-between-calls", but(Neuron, __call__=neuron_growing), "The first call is right, a second one is not: you changed self.bias in the call. Use a name of your own for the running total."),
            Mistake("weights-made-in-the-call", but(Neuron, __call__=neuron_starting_in_each_call), "The weights are made in __call__, anew for each question, so nothing that is learned stays. Make them in __init__."),
            Mistake("one-weight-repeated", neuron_made(lambda inputs, rng: [Value(rng.uniform(-1, 1))] * inputs), "`[Value(...)] * n` makes one Value and lists it n times: all inputs share a single weight. A comprehension makes n of them."),
            Mistake("one-number-for-all-weights", neuron_made(lambda inputs, rng: (lambda drawn: [Value(drawn) for _ in range(inputs)])(rng.uniform(-1, 1))), "The weights are different Values that start with the same number. Draw inside the loop: one number for each."),
            Mistake("weights-start-at-zero", neuron_made(lambda inputs, rng: [Value(0.0) for _ in range(inputs)]), "All weights start at 0. Then all neurons of a layer are the same, and remain so (section 8 shows it). Draw them from rng."),
            Mistake("weights-start-positive", neuron_made(lambda inputs, rng: [Value(1 + rng.random()) for _ in range(inputs)]), "Your weights start outside -1 to 1. Asked is rng.uniform(-1, 1) for each."),
            Mistake("bias-drawn-too", neuron_made(lambda inputs, rng: [Value(rng.uniform(-1, 1)) for _ in range(inputs)], lambda rng: Value(rng.uniform(-1, 1))), "The bias is drawn from rng as well. It may start at 0: the weights differ already."),
            Mistake("weights-are-plain-numbers", neuron_made(lambda inputs, rng: [rng.uniform(-1, 1) for _ in range(inputs)]), "The weights are plain numbers, with no .grad to train them by. Wrap each in Value(...)."),
            Mistake("same-draws-for-every-neuron", neuron_made(lambda inputs, rng: [Value(number) for number in map(random.Random(0).uniform, [-1] * inputs, [1] * inputs)]), "Two neurons start with the same weights: you began a random generator of your own with a fixed seed. Draw from the rng that is handed in; it goes on from neuron to neuron."),
            Mistake("weights-shared-by-the-class", NeuronWithSharedWeights, "Two neurons share their weights: a list that is written below `class Neuron:` belongs to the class, and there is one for all. Make it in __init__, as self.weights."),
        ),
        points=2,
    )
)


# ---------------------------------------------------------------------------------------------------------- Layer
class Layer:
    def __init__(self, inputs, outputs, rng, linear=False):
        self.neurons = [Neuron(inputs, rng, linear) for _ in range(outputs)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


class LayerByLoops:
    def __init__(self, inputs, outputs, rng, linear=False):
        self.neurons = []
        for _ in range(outputs):
            self.neurons.append(NeuronByIndex(inputs, rng, linear=linear))

    def __call__(self, x):
        answers = []
        for neuron in self.neurons:
            answers.append(neuron(x))
        return answers

    def parameters(self):
        everything = []
        for neuron in self.neurons:
            everything += neuron.parameters()
        return everything


class LayerOfRows:
    """No neurons: a table of weights, a row for each output."""

    def __init__(self, inputs, outputs, rng, linear=False):
        self.rows = [[Value(rng.uniform(-1, 1)) for _ in range(inputs)] for _ in range(outputs)]
        self.biases, self.linear = [Value(0.0) for _ in range(outputs)], linear

    def __call__(self, x):
        totals = [sum((w * xi for w, xi in zip(row, x)), b) for row, b in zip(self.rows, self.biases)]
        return totals if self.linear else [total.tanh() for total in totals]

    def parameters(self):
        return [p for row, b in zip(self.rows, self.biases) for p in (*row, b)]


class LayerByMap:
    def __init__(self, inputs, outputs, rng, linear=False):
        self.parts = tuple(NeuronInOneList(inputs, rng, linear) for _ in range(outputs))

    def __call__(self, x):
        return [*(part(x) for part in self.parts)]

    def parameters(self):
        return [*chain.from_iterable(part.parameters() for part in self.parts)]


def layer_start(numbers: list[float], inputs: int) -> str:
    """What a layer starts with: no two neurons alike, every bias 0."""
    size = inputs + 1
    neurons = [numbers[i : i + size] for i in range(0, len(numbers), size)]
    if wrong := [said for said in map(neuron_start, neurons) if said != STARTED]:
        return wrong[0]
    alike = len(set(map(tuple, neurons))) < len(neurons)
    return "neurons start alike" if alike else "no two neurons alike"


def layer_started(cls: type, seed: int) -> str:
    layer = cls(2, 4, random.Random(seed))
    return layer_start([p.data for p in listed(layer.parameters())], 2)


def layer_answer(x: list[float], numbers: list[float], linear: bool, cls: type) -> tuple:
    """Its outputs, and the gradients of (1 * first + 2 * second + ...) in its parameters."""
    layer = cls(len(x), len(numbers) // (len(x) + 1), random.Random(0), linear)
    parameters = with_numbers(layer, numbers)
    outs = outputs_of(layer(list(x)))
    weighted(outs).backward()
    return [out.data for out in outs], tuple(p.grad for p in parameters)


def outputs_of(answer: Any) -> list:
    """The outputs, if they are a list of Values."""
    if not isinstance(answer, list | tuple):
        kind = NotAList if is_value(answer) else NotValues
        raise kind(f"a layer gives back a list of Values, one for each neuron, and this is {told(answer)}")
    return [a_value(out) for out in answer]


def weighted(outs: Sequence) -> Any:
    """1 * first + 2 * second + ...: a number in which each output counts differently."""
    return sum((i + 2) * out for i, out in enumerate(outs[1:])) + outs[0]


def layer_gradient_in_x(x: list[float], numbers: list[float], cls: type) -> tuple:
    layer, inputs = cls(len(x), 2, random.Random(0)), [number_of(cls)(xi) for xi in x]
    with_numbers(layer, numbers)
    weighted(outputs_of(layer(inputs))).backward()
    return tuple(p.grad for p in inputs)


def layer_text(x: list[float], numbers: list[float], linear: bool) -> str:
    size = len(x) + 1
    rows = "; ".join(row(numbers[i : i + size]) for i in range(0, len(numbers), size))
    return f"x = {row(x)}, weights and bias of each neuron: {rows}{', linear' if linear else ''}"


LAYER_LABEL = "the outputs, and the gradients of 1 * first + 2 * second + ... in the parameters"


def layer_trials(rng: np.random.Generator) -> Iterator[Trial]:
    seed = seeded(rng)
    yield Trial("how many parameters", "Layer(2, 3, rng)", lambda cls: ordered_apart(listed(cls(2, 3, random.Random(seed)).parameters())), "9 parameters, 9 different ones")
    cases = [([2.0], [3.0, 1.0], True), ([2.0], [0.5, -0.75], False), ([1.0], [2.0, 0.0, 3.0, -1.0], True), ([1.0, 2.0], [0.5, 0.25, 0.0, -0.5, 0.75, 0.5], False)]
    cases += [(tidied(rng, n), tidied(rng, m * (n + 1), 0.6), linear) for n, m, linear in ((1, 3, False), (2, 2, True), (3, 2, False), (2, 4, False))]
    for x, numbers, linear in cases:
        outs = lambda p: plain_layer(x, p, linear)  # noqa: B023
        expected = outs(numbers), nudged(lambda p: weighted(outs(p)), numbers)  # noqa: B023
        yield Trial(LAYER_LABEL, layer_text(x, numbers, linear), partial(layer_answer, x, numbers, linear), expected)
    x, numbers = [2.0, -1.0], [0.3, 0.5, 0.1, -0.2, 0.4, 0.0]
    yield Trial("gradients in x, when x holds Values", layer_text(x, numbers, False), partial(layer_gradient_in_x, x, numbers), nudged(lambda x: weighted(plain_layer(x, numbers)), x))
    yield Trial("its first numbers", "Layer(2, 4, rng), just made", lambda cls: layer_started(cls, seed), "no two neurons alike")


def layer_of(neurons: Callable) -> type:
    """A layer that makes its neurons in another way."""

    def __init__(self, inputs, outputs, rng, linear=False):
        self.neurons = neurons(inputs, outputs, rng, linear)

    return but(Layer, __init__=__init__)


def layer_in_a_chain(self, x):
    outs = []
    for neuron in self.neurons:
        out = neuron(x)
        outs.append(out)
        x = [out] * len(x)
    return outs


def layer_returning_early(self, x):
    outs = []
    for neuron in self.neurons:
        outs.append(neuron(x))
        return outs


def layer_parameters_of_the_last(self):
    for neuron in self.neurons:
        parameters = neuron.parameters()
    return parameters


def layer_by_columns(self):
    """All first weights, then all second ones, ...: a transposed table."""
    return [p for column in zip(*(neuron.parameters() for neuron in self.neurons)) for p in column]


def layer_biases_last(self):
    return [w for neuron in self.neurons for w in neuron.weights] + [neuron.bias for neuron in self.neurons]


def layer_fresh_copies(self):
    return [Value(p.data) for neuron in self.neurons for p in neuron.parameters()]


register(
    Exercise(
        id="mlp.Layer",
        lesson=4,
        title="A layer: neurons side by side",
        statement="A class: `Layer(inputs, outputs, rng, linear=False)` holds `outputs` neurons, each with `inputs` inputs. Called with x it gives back the list of their outputs, also if there is only one. `parameters()` is one flat list, neuron after neuron.",
        signature="class Layer: Layer(inputs, outputs, rng, linear=False), layer(x) -> list of Values, layer.parameters() -> list of Values",
        trials=layer_trials,
        solution=Layer,
        variants=(LayerByLoops, LayerOfRows, LayerByMap),
        hints=(
            "Nothing is computed here that a Neuron does not do: make them, ask each with the same x, collect what they say.",
            "In __init__ a comprehension makes `outputs` neurons; hand rng and linear on to each. In __call__ a second one asks them.",
            "parameters needs a loop in a loop: for each neuron, for each of its parameters. `[p for neuron in ... for p in ...]` makes it one flat list.",
        ),
        mistakes=(
            Mistake("one-neuron-repeated", layer_of(lambda inputs, outputs, rng, linear: [Neuron(inputs, rng, linear)] * outputs), "`[Neuron(...)] * n` makes one neuron and lists it n times. All outputs are the same number, and will stay so. A comprehension makes n neurons."),
            Mistake("sizes-swapped", layer_of(lambda inputs, outputs, rng, linear: [Neuron(outputs, rng, linear) for _ in range(inputs)]), "inputs and outputs have changed places: there are as many neurons as there should be inputs."),
            Mistake("neurons-in-a-chain", but(Layer, __call__=layer_in_a_chain), "You hand one neuron's output to the next. In a layer they stand side by side: each gets the same x."),
            Mistake("linear-not-handed-on", layer_of(lambda inputs, outputs, rng, linear: [Neuron(inputs, rng) for _ in range(outputs)]), "Layer(..., linear=True) should make linear neurons. Hand `linear` on to each Neuron."),
            Mistake("always-linear", layer_of(lambda inputs, outputs, rng, linear: [Neuron(inputs, rng, True) for _ in range(outputs)]), "All your neurons are linear, also where linear=False. Hand on what came in."),
            Mistake("outputs-added-up", but(Layer, __call__=lambda self, x: sum(neuron(x) for neuron in self.neurons)), "One number comes back, the sum. A layer's answer is a list: one output for each neuron."),
            Mistake("generator-returned", but(Layer, __call__=lambda self, x: (neuron(x) for neuron in self.neurons)), "Round brackets around a comprehension make a generator, which can be read only once; the next layer reads it once for each of its neurons. Square brackets make a list."),
            Mistake("returned-in-the-loop", but(Layer, __call__=layer_returning_early), "Only the first neuron's output comes back: the `return` stands inside the loop."),
            Mistake("outputs-turned-over", but(Layer, __call__=lambda self, x: [neuron(x) for neuron in self.neurons[::-1]]), "The outputs come in the wrong order: the last neuron first."),
            Mistake("parameters-nested", but(Layer, parameters=lambda self: [neuron.parameters() for neuron in self.neurons]), "parameters() is a list of lists. A training loop wants one flat list of Values."),
            Mistake("parameters-are-neurons", but(Layer, parameters=lambda self: list(self.neurons)), "parameters() lists the neurons. Asked are the Values in them: every neuron can list its own."),
            Mistake("parameters-of-the-last-neuron", but(Layer, parameters=layer_parameters_of_the_last), "Only the last neuron's parameters are listed: the list is overwritten in each turn. The other neurons would never learn."),
            Mistake("parameters-by-columns", but(Layer, parameters=layer_by_columns), "The order is all first weights, then all second ones (the table, transposed). Asked is neuron after neuron."),
            Mistake("biases-at-the-end", but(Layer, parameters=layer_biases_last), "All weights come first, and then the biases. Asked is neuron after neuron, each with its own bias last."),
            Mistake("copies-listed", but(Layer, parameters=layer_fresh_copies), "parameters() makes new Values with the same numbers. Whoever trains those trains copies, and the layer stays as it is. List the Values themselves."),
            Mistake("generator-restarted", layer_of(lambda inputs, outputs, rng, linear: [Neuron(inputs, random.Random(7), linear) for _ in range(outputs)]), "All neurons start with the same weights: each gets a random generator that was begun anew. Hand on the rng that came in."),
        ),
    )
)


# ------------------------------------------------------------------------------------------------------------ MLP
class MLP:
    def __init__(self, inputs, hidden, rng):
        self.layers = []
        for width in hidden:
            self.layers.append(Layer(inputs, width, rng))
            inputs = width
        self.layers.append(Layer(inputs, 1, rng, linear=True))

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x[0]

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


class MLPByCounting:
    def __init__(self, inputs, hidden, rng):
        self.layers, before = [], inputs
        for width in (*hidden, 1):
            last = len(self.layers) == len(hidden)
            self.layers.append(LayerByLoops(before, width, rng, linear=last))
            before = width

    def __call__(self, x):
        signal = x
        for layer in self.layers:
            signal = layer(signal)
        (score,) = signal
        return score

    def parameters(self):
        everything = []
        for layer in self.layers:
            everything.extend(layer.parameters())
        return everything


class MLPWithAnOutputNeuron:
    def __init__(self, inputs, hidden, rng):
        self.body = []
        for width in hidden:
            self.body.append(LayerOfRows(inputs, width, rng))
            inputs = width
        self.head = NeuronByIndex(inputs, rng, linear=True)

    def __call__(self, x):
        for layer in self.body:
            x = layer(x)
        return self.head(x)

    def parameters(self):
        return [*chain.from_iterable(part.parameters() for part in (*self.body, self.head))]


class MLPOfItself:
    """A layer, and a network for the rest."""

    def __init__(self, inputs, hidden, rng):
        width = hidden[0] if hidden else 1
        self.layer = Layer(inputs, width, rng, linear=not hidden)
        self.rest = MLPOfItself(width, hidden[1:], rng) if hidden else None

    def __call__(self, x):
        return self.rest(self.layer(x)) if self.rest else self.layer(x)[0]

    def parameters(self):
        return self.layer.parameters() + (self.rest.parameters() if self.rest else [])


def size_of(inputs: int, hidden: Sequence[int]) -> int:
    """How many parameters such a network has, by counting the ends of connections."""
    sizes = [inputs, *hidden, 1]
    return sum((before + 1) * width for before, width in pairwise(sizes))


def network_answer(x: list[float], hidden: tuple, numbers: list[float], cls: type) -> tuple:
    network = cls(len(x), list(hidden), random.Random(0))
    parameters = with_numbers(network, numbers)
    out = a_value(network(list(x)))
    out.backward()
    return out.data, tuple(p.grad for p in parameters)


def network_started(cls: type, seed: int) -> str:
    network = cls(2, [3], random.Random(seed))
    numbers = [p.data for p in listed(network.parameters())]
    said = layer_start(numbers[:9], 2)
    return said if said != "no two neurons alike" else f"no two hidden neurons alike; the last one: {neuron_start(numbers[9:])}"


def hidden_afterwards(cls: type) -> list:
    """The list of widths after two networks were made with it."""
    hidden = [2, 3]
    for _ in range(2):
        cls(2, hidden, random.Random(0))
    return hidden


def streams_differ(cls: type, seed: int) -> str:
    """Do the two layers of a network with equal sizes start alike?"""
    numbers = [p.data for p in listed(cls(2, [2, 2], random.Random(seed)).parameters())]
    return "both hidden layers start alike" if numbers[:6] == numbers[6:12] else "the hidden layers start differently"


def network_trials(rng: np.random.Generator) -> Iterator[Trial]:
    seed = seeded(rng)
    for inputs, hidden in ((2, [3]), (3, [2, 4]), (2, [])):
        count = size_of(inputs, hidden)
        yield Trial("how many parameters", f"MLP({inputs}, {hidden}, rng)", lambda cls, i=inputs, h=hidden: ordered_apart(listed(cls(i, list(h), random.Random(seed)).parameters())), f"{count} parameters, {count} different ones")
    cases = [([2.0], (), [3.0, 1.0]), ([2.0], (1,), [0.5, -0.75, 2.0, 0.5]), ([1.0, -1.0], (2,), [0.5, 0.25, 0.0, -0.5, 0.75, 0.5, 1.0, -2.0, 0.25])]
    cases += [(tidied(rng, n), hidden, tidied(rng, size_of(n, hidden), 0.8)) for n, hidden in ((2, ()), (2, (3,)), (1, (2, 3)), (3, (2, 2)), (2, (3, 1)))]
    for x, hidden, numbers in cases:
        answer = lambda p: plain_network(x, p, hidden)  # noqa: B023
        yield Trial("the score, and its gradient in each parameter", f"x = {row(x)}, hidden = {list(hidden)}, parameters = {row(numbers)}", partial(network_answer, x, hidden, numbers), (answer(numbers), nudged(answer, numbers)))
    yield Trial("its first numbers", "MLP(2, [3], rng), just made", lambda cls: network_started(cls, seed), f"no two hidden neurons alike; the last one: {STARTED}")
    yield Trial("its two hidden layers", "MLP(2, [2, 2], rng), just made", lambda cls: streams_differ(cls, seed), "the hidden layers start differently")
    yield Trial("the list `hidden` after two networks were made with it", "hidden = [2, 3]", hidden_afterwards, [2, 3])


def network_of(layers: Callable) -> type:
    """A network that makes its layers in another way."""

    def __init__(self, inputs, hidden, rng):
        self.layers = layers(inputs, hidden, rng)

    return but(MLP, __init__=__init__)


def stacked(sizes, rng, last_linear=True, others_linear=False):
    """Layers from size to size."""
    count = len(sizes) - 1
    return [Layer(sizes[i], sizes[i + 1], rng, last_linear if i == count - 1 else others_linear) for i in range(count)]


def layers_changing_the_list(inputs, hidden, rng):
    hidden.append(1)
    return stacked([inputs, *hidden], rng)


def network_in_parallel(self, x):
    """Every layer gets the points themselves."""
    for layer in self.layers:
        out = layer(x)
    return out[0]


def network_backwards(self, x):
    for layer in self.layers[::-1]:
        x = layer(x)
    return x[0]


def network_cutting(self, x):
    for layer in self.layers:
        x = [out.data for out in layer(x)] if layer is not self.layers[-1] else layer(x)
    return x[0]


def network_skipping_the_last(self, x):
    for layer in self.layers[:-1] or self.layers:
        x = layer(x)
    return x[0]


def network_leaving_early(self, x):
    for layer in self.layers:
        return layer(x)[0]


def network_squashed(self, x):
    return MLP.__call__(self, x).tanh()


register(
    Exercise(
        id="mlp.MLP",
        lesson=4,
        title="MLP: layers one after the other",
        statement="A class: `MLP(inputs, hidden, rng)`, where hidden lists the widths of the tanh layers; after them comes one linear neuron. MLP(2, [8], rng) takes 2 numbers through 8 neurons to 1. Called with x it gives back a single Value, the score. `parameters()` is one flat list, layer after layer. The list `hidden` stays as it is; it may be empty.",
        signature="class MLP: MLP(inputs, hidden, rng), network(x) -> Value, network.parameters() -> list of Values",
        trials=network_trials,
        solution=MLP,
        variants=(MLPByCounting, MLPWithAnOutputNeuron, MLPOfItself),
        hints=(
            "What comes out of one layer goes into the next. So each layer has as many inputs as the one before has outputs; the first has `inputs`.",
            "In __init__ go through hidden: make a layer from `inputs` to `width`, and remember that the next one gets `width` numbers. After the loop comes the linear layer, with 1 output.",
            "In __call__: `x = layer(x)` for one layer after the other, and at the end the only entry of the list, x[0]. In the loop of __init__, after the layer is made: `inputs = width`.",
        ),
        mistakes=(
            Mistake("score-squashed", network_of(lambda inputs, hidden, rng: stacked([inputs, *hidden, 1], rng, last_linear=False)), "The last neuron squashes as well, so no score is beyond -1 and 1: {actual} where {expected} is right. Make the last layer linear."),
            Mistake("no-tanh-anywhere", network_of(lambda inputs, hidden, rng: stacked([inputs, *hidden, 1], rng, others_linear=True)), "All layers are linear. Then the whole is one straight line again, however many layers there are (section 8). Only the last is linear."),
            Mistake("linear-the-wrong-way-round", network_of(lambda inputs, hidden, rng: stacked([inputs, *hidden, 1], rng, False, True)), "The hidden layers are linear and the last one squashes: it should be the other way round."),
            Mistake("every-layer-gets-the-points", but(MLP, __call__=network_in_parallel), "Every layer gets the original x, and only the last one's answer is used. What comes out of one layer goes into the next: `x = layer(x)`. (zip hides it: it stops at the shorter of its lists.)"),
            Mistake("layers-backwards", but(MLP, __call__=network_backwards), "The last layer gets x first. Go through the layers in the order in which they were made."),
            Mistake("last-layer-not-used", but(MLP, __call__=network_skipping_the_last), "The last layer is made and listed, and takes no part in the answer."),
            Mistake("first-layer-only", but(MLP, __call__=network_leaving_early), "The `return` stands inside the loop: only the first layer has been asked."),
            Mistake("list-returned", but(MLP, __call__=lambda self, x: [MLP.__call__(self, x)]), "A list with one entry came back. The score is that entry."),
            Mistake("graph-cut-between-layers", but(MLP, __call__=network_cutting), "The score is right; the gradients of the hidden layers are 0. Between the layers you went over to plain numbers (.data): hand the Values on."),
            Mistake("parameters-of-the-last-layer", but(MLP, parameters=lambda self: self.layers[-1].parameters()), "Only the last layer's parameters are listed. The hidden ones would stay as they were drawn."),
            Mistake("output-layer-not-listed", but(MLP, parameters=lambda self: [p for layer in self.layers[:-1] for p in layer.parameters()]), "The last layer's parameters are not listed, so it would never learn."),
            Mistake("parameters-nested", but(MLP, parameters=lambda self: [layer.parameters() for layer in self.layers]), "parameters() is a list of lists. Make it one flat list of Values."),
            Mistake("last-layer-listed-first", but(MLP, parameters=lambda self: [p for layer in self.layers[::-1] for p in layer.parameters()]), "The last layer's parameters come first. Asked is the order of the forward pass."),
            Mistake("a-hidden-layer-skipped", network_of(lambda inputs, hidden, rng: stacked([inputs, *hidden[:-1], 1], rng)), "A hidden layer is missing, the last one. Is a range one too short?"),
            Mistake("all-widths-from-the-first", network_of(lambda inputs, hidden, rng: stacked([inputs, *[w for w in hidden[:1] for _ in hidden], 1], rng)), "All hidden layers are as wide as the first. Take each width from the list."),
            Mistake("inputs-never-change", network_of(lambda inputs, hidden, rng: [*(Layer(inputs, width, rng) for width in hidden), Layer(inputs, 1, rng, True)]), "Every layer has as many inputs as the network. From the second on, a layer gets what the one before gives: as many numbers as that has neurons."),
            Mistake("no-hidden-layer-forgotten", network_of(lambda inputs, hidden, rng: [*stacked([inputs, *hidden], rng, False), Layer(hidden[-1], 1, rng, True)]), "With an empty list there is no hidden[-1]. Keep the number of inputs of the next layer in a name of its own; then the empty list is no special case."),
            Mistake("hidden-list-changed", network_of(layers_changing_the_list), "You append to `hidden`, which is the caller's list: a second network made with it is another one. Make a new list: [inputs, *hidden, 1]."),
            Mistake("generator-restarted", network_of(lambda inputs, hidden, rng: (lambda sizes: [Layer(n, m, random.Random(3), i == len(hidden)) for i, (n, m) in enumerate(pairwise(sizes))])([inputs, *hidden, 1])), "Layers of the same size start with the same numbers: each gets a random generator begun anew. Hand the same rng on."),
        ),
        points=2,
    )
)


# ----------------------------------------------------------------------------------------------------------- loss
def loss(scores, targets):
    total = 0
    for score, target in zip(scores, targets):
        miss = -target * score
        if miss.data > 0:
            total = total + miss + (1 + (-miss).exp()).log()
        else:
            total = total + (1 + miss.exp()).log()
    return total / len(scores)


def loss_by_relu(scores, targets):
    terms = []
    for score, target in zip(scores, targets):
        miss = score * -target
        size = miss.relu() + (-miss).relu() if miss.data else miss * 0  # |miss|
        terms.append(miss.relu() + (1 + (-size).exp()).log() if miss.data else (miss * 0.5 + math.log(2)))
    return sum(terms) * (1 / len(terms))


def loss_by_shift(scores, targets):
    """log(e^0 + e^miss), the larger exponent taken out."""
    total = Value(0.0)
    for i in range(len(scores)):
        miss = scores[i] * (-1 * targets[i])
        top = max(0.0, miss.data)
        total = total + ((miss - top).exp() + math.exp(-top)).log() + top
    return total / len(targets)


def loss_by_softplus(scores, targets):
    def softplus(z):
        return (1 + z.exp()).log() if z.data < 30 else z

    return sum(softplus(-(t * s)) / len(scores) for s, t in zip(scores, targets))


def loss_answer(scores: list[float], targets: list[float], loss: Callable) -> tuple:
    """The loss, and its gradient in each score."""
    values = [number_of(loss)(score) for score in scores]
    out = a_value(loss(values, list(targets)))
    out.backward()
    return out.data, tuple(value.grad for value in values)


def loss_text(scores: Sequence[float], targets: Sequence[float]) -> str:
    return f"scores = {row(scores)}, targets = {row(targets)}"


LOSS_CASES = (([0.0], [1.0]), ([2.0], [1.0]), ([2.0], [-1.0]), ([1.0, -1.0], [1.0, 1.0]), ([2.0, 0.5], [-1.0, 1.0]), ([3.0, -2.0, 0.5], [1.0, -1.0, -1.0]), ([1000.0], [1.0]), ([1000.0], [-1.0]), ([-900.0, 2.0], [1.0, 1.0]))


def loss_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [*LOSS_CASES, *((tidied(rng, n, 2.0), rng.choice([-1.0, 1.0], n).tolist()) for n in (2, 3, 5))]
    for scores, targets in cases:
        expected = plain_loss(scores, targets), nudged(lambda s: plain_loss(s, targets), scores)  # noqa: B023
        yield Trial("the loss, and its gradient in each score", loss_text(scores, targets), partial(loss_answer, scores, targets), expected)


def mean_of(term: Callable, divide: Callable = len) -> Callable:
    """The mean of term(score, target), or the sum divided by something else."""

    def loss(scores, targets):
        return sum(term(score, target) for score, target in zip(scores, targets)) / divide(scores)

    return loss


def softplus(z):
    return z + (1 + (-z).exp()).log() if z.data > 0 else (1 + z.exp()).log()


def loss_of_the_last(scores, targets):
    for score, target in zip(scores, targets):
        total = softplus(score * -target)
    return total / len(scores)


def loss_leaving_early(scores, targets):
    total = 0
    for score, target in zip(scores, targets):
        total = total + softplus(score * -target)
        return total / len(scores)


register(
    Exercise(
        id="mlp.loss",
        lesson=4,
        title="The logistic loss, on Values",
        statement="Scores are Values, targets plain numbers, +1 or -1. Give back the mean of log(1 + exp(-target * score)) as a Value whose backward reaches the scores. It must manage scores of 1000 and more, on either side.",
        signature="loss(scores, targets) -> Value",
        trials=loss_trials,
        solution=loss,
        variants=(loss_by_relu, loss_by_shift, loss_by_softplus),
        hints=(
            "Value has exp and log, so the formula can be written down as it stands, for one score; add up and divide. Then try a score of 1000 with target -1.",
            "log(1 + exp(z)) is the same as z + log(1 + exp(-z)): take the form in which exp gets a negative number. `z.data > 0` tells which.",
            "In the loop: `z = -target * score`; where z.data > 0 add `z + (1 + (-z).exp()).log()`, else `(1 + z.exp()).log()`; after the loop divide by len(scores).",
        ),
        mistakes=(
            Mistake("overflow", mean_of(lambda s, t: (1 + (s * -t).exp()).log()), "Right for small scores. At {inputs} exp gets a number so large that python gives up. log(1 + exp(z)) = z + log(1 + exp(-z)): use that form where z is positive."),
            Mistake("underflow", mean_of(lambda s, t: s * -t + (1 + (s * t).exp()).log()), "The other form, used everywhere, overflows on the other side: where the score is right by 1000, exp gets +1000. Choose the form by the sign of z."),
            Mistake("values-compared", mean_of(lambda s, t: softplus(s * -t) if s * t > 0 else s * -t), "A Value cannot be compared with 0: your class says nothing about `>`. Ask its .data."),
            Mistake("not-averaged", mean_of(lambda s, t: softplus(s * -t), lambda scores: 1), "You have the sum: {ratio} times the mean. With twice as many points it would be twice as large, and every step twice as long. Divide by their number."),
            Mistake("averaged-twice", mean_of(lambda s, t: softplus(s * -t), lambda scores: len(scores) ** 2), "You divide by the number of points twice: is there a division inside the loop, and one after it?"),
            Mistake("sign-flipped", mean_of(lambda s, t: softplus(s * t)), "A score on the right side should cost little. Yours costs more the more it is right: a minus is missing in the exponent."),
            Mistake("targets-ignored", mean_of(lambda s, t: softplus(-s)), "The targets take no part: every point is treated as if its target were +1."),
            Mistake("one-forgotten", mean_of(lambda s, t: s * -t), "log(exp(z)) is z again, a straight line that falls without end: the network would only shout louder. The 1 + in the logarithm makes it level out at 0."),
            Mistake("squared-miss", mean_of(lambda s, t: (s - t) ** 2), "That is the squared miss of section 5. It punishes a score of 3 for a target of 1, which is very right. Asked is log(1 + exp(-target * score))."),
            Mistake("hinge", mean_of(lambda s, t: (1 - s * t).relu()), "That is the hinge loss, relu(1 - target * score): it bends at 1. Asked is its smooth relative, log(1 + exp(-target * score))."),
            Mistake("half-of-the-slope", mean_of(lambda s, t: softplus(s * (-0.5 * t))), "Your exponent is half as large as it should be: -target * score."),
            Mistake("logarithm-of-two-missing-base", mean_of(lambda s, t: softplus(s * -t) * (1 / math.log(2))), "Yours is {ratio} times as large: a logarithm to base 2. Value.log is the natural one; leave it as it is."),
            Mistake("last-point-only", loss_of_the_last, "Only the last point counts: the total is overwritten in each turn. Add to it."),
            Mistake("first-point-only", loss_leaving_early, "Only the first point counts: the `return` stands inside the loop."),
            Mistake("graph-cut", lambda scores, targets: Value(loss(scores, targets).data), "The number is right, and no gradient reaches the scores: you made a new Value out of plain numbers. Leave .data out of the sum."),
            Mistake("plain-number-returned", lambda scores, targets: loss(scores, targets).data, "A plain number came back. The training loop calls backward() on the loss: give back the Value."),
            Mistake("nothing-returned", lambda scores, targets: None, "Nothing came back: is the `return` missing?"),
            Mistake("list-returned", lambda scores, targets: [softplus(s * -t) for s, t in zip(scores, targets)], "There is no single Value: add the losses of all points up, and divide by their number."),
        ),
    )
)


# ------------------------------------------------------------------------------------------------------- accuracy
def accuracy(scores, targets):
    right = 0
    for score, target in zip(scores, targets):
        side = 1 if score.data > 0 else -1
        right += side == target
    return right / len(scores)


def accuracy_by_mean(scores, targets):
    return np.mean([(score.data > 0) == (target > 0) for score, target in zip(scores, targets)])


def accuracy_by_misses(scores, targets):
    misses = [1 for score, target in zip(scores, targets) if (score.data > 0) != (target == 1)]
    return 1 - len(misses) / len(targets)


def accuracy_by_arrays(scores, targets):
    sides = np.where(np.array([score.data for score in scores]) > 0, 1.0, -1.0)
    return float((sides == np.array(targets)).sum()) / len(scores)


def accuracy_answer(scores: list[float], targets: list[float], accuracy: Callable) -> Any:
    return number(accuracy([number_of(accuracy)(score) for score in scores], list(targets)))


ACCURACY_CASES = (([2.0], [1.0]), ([-2.0], [1.0]), ([0.25], [1.0]), ([-0.25], [-1.0]), ([1.0], [1.0]), ([0.0], [1.0]), ([0.0], [-1.0]), ([2.0, -1.0], [1.0, 1.0]), ([2.0, -1.0, 3.0], [1.0, -1.0, -1.0]), ([0.5, 0.25, -3.0, 1.5], [-1.0, 1.0, -1.0, -1.0]))


def accuracy_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [*ACCURACY_CASES, *((tidied(rng, n, 2.0), rng.choice([-1.0, 1.0], n).tolist()) for n in (4, 7, 10))]
    for scores, targets in cases:
        expected = float(np.mean((np.array(scores) > 0) == (np.array(targets) > 0)))
        yield Trial("the part that is right", loss_text(scores, targets), partial(accuracy_answer, scores, targets), expected)


def counted(is_right: Callable, share: Callable = lambda right, count: right / count) -> Callable:
    """A count of what is_right(score, target) says, as a share."""

    def accuracy(scores, targets):
        return share(sum(bool(is_right(s, t)) for s, t in zip(scores, targets)), len(scores))

    return accuracy


def sided(score, target):
    return (score.data > 0) == (target > 0)


def accuracy_of_one_class(scores, targets):
    return sum(s.data > 0 for s, t in zip(scores, targets) if t > 0) / len(scores)


def accuracy_leaving_early(scores, targets):
    for score, target in zip(scores, targets):
        return 1.0 if sided(score, target) else 0.0


register(
    Exercise(
        id="mlp.accuracy",
        lesson=4,
        title="How many are on the right side",
        statement="Scores are Values, targets +1 or -1. A score above 0 says +1, any other says -1. Give back the part of the points that is right, a plain number from 0 to 1.",
        signature="accuracy(scores, targets) -> a number from 0 to 1",
        trials=accuracy_trials,
        solution=accuracy,
        variants=(accuracy_by_mean, accuracy_by_misses, accuracy_by_arrays),
        hints=(
            "Go through the pairs and count. Nothing has to be differentiated here, so work with plain numbers: score.data.",
            "What does a score say? +1 if score.data > 0, else -1. It is right if that equals the target.",
            "Count the right ones, and divide by len(scores) with /, after the loop.",
        ),
        mistakes=(
            Mistake("count-returned", counted(sided, lambda right, count: right), "You gave the number of right ones, {actual}. Divide by how many there are: {expected}."),
            Mistake("percent-returned", counted(sided, lambda right, count: 100 * right / count), "That is in percent, {actual}. Asked is the part, from 0 to 1."),
            Mistake("integer-division", counted(sided, lambda right, count: right // count), "`//` throws away what is after the decimal point: everything below 1 becomes 0. Use `/`."),
            Mistake("misses-counted", counted(lambda s, t: not sided(s, t)), "That is the part that is wrong. The two are 1 together."),
            Mistake("threshold-one-half", counted(lambda s, t: (s.data > 0.5) == (t > 0)), "You draw the line at 0.5, as for probabilities. Scores are above or below 0."),
            Mistake("equal-to-the-target", counted(lambda s, t: s.data == t), "You ask whether the score *equals* the target. A score of 2.7 is right for +1 too: only its side counts."),
            Mistake("rounded-to-the-target", counted(lambda s, t: round(s.data) == t), "You round the score and compare. A score of 2.7 rounds to 3, and is right for +1 all the same: only its side counts."),
            Mistake("zero-says-plus", counted(lambda s, t: (s.data >= 0) == (t > 0)), "A score of exactly 0 counts as +1 with you. Asked: above 0 says +1, any other -1."),
            Mistake("product-not-negative", counted(lambda s, t: s.data * t >= 0), "score * target >= 0 is a good idea, but a score of exactly 0 is then right for both targets."),
            Mistake("product-positive", counted(lambda s, t: s.data * t > 0), "score * target > 0 is a good idea, but a score of exactly 0 is then wrong for both targets; it should say -1."),
            Mistake("one-class-only", accuracy_of_one_class, "Only points with target +1 can be right with you. Those below 0 with target -1 are right too."),
            Mistake("values-compared", counted(lambda s, t: (s > 0) == (t > 0)), "A Value cannot be compared with 0: your class says nothing about `>`. Take score.data."),
            Mistake("first-point-only", accuracy_leaving_early, "Only the first point is looked at: the `return` stands inside the loop."),
            Mistake("value-returned", lambda scores, targets: Value(accuracy(scores, targets)), "A Value came back. Nobody will differentiate this: give back a plain number."),
        ),
    )
)


# ------------------------------------------------------------------------------------------------------ zero_grad
def zero_grad(parameters):
    for parameter in parameters:
        parameter.grad = 0.0


def zero_grad_by_index(parameters):
    for i in range(len(parameters)):
        parameters[i].grad = 0


def zero_grad_by_setattr(parameters):
    for parameter in parameters:
        setattr(parameter, "grad", 0.0)  # noqa: B010


def zero_grad_in_a_comprehension(parameters):
    return [parameter.__dict__.update(grad=0.0) for parameter in parameters]


def cleared(data: list[float], grads: list[float], zero_grad: Callable) -> tuple:
    """The gradients afterwards, and the numbers, which must have stayed; and whether the list holds what it held."""
    values = [number_of(zero_grad)(x) for x in data]
    for value, grad in zip(values, grads):
        value.grad = grad
    given = list(values)
    zero_grad(given)
    same = "the same Values" if [*map(id, given)] == [*map(id, values)] else "other Values"
    return [number(v.grad) for v in values], [v.data for v in values], same


def cleared_between(x: float, zero_grad: Callable) -> float:
    """The gradient of x * x after two passes with zero_grad between them."""
    value = number_of(zero_grad)(x)
    (value * value).backward()
    zero_grad([value])
    (value * value).backward()
    return number(value.grad)


def zero_grad_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [([3.0], [5.0]), ([1.0, 2.0], [-4.0, 6.0]), ([1.0, 2.0, 3.0], [0.5, 0.0, -0.5]), ([], []), ([2.0, 4.0], [math.inf, 1.0]), (tidied(rng, 4), tidied(rng, 4, 3.0))]
    for data, grads in cases:
        yield Trial("gradients, numbers and the list afterwards", f"data = {row(data)}, gradients = {row(grads)}", partial(cleared, data, grads), ([0.0] * len(data), list(data), "the same Values"))
    for x in (3.0, tidy(rng.uniform(1, 5))):
        yield Trial("the gradient of x * x, after backward, zero_grad, and backward again", f"x = {x:g}", partial(cleared_between, x), 2 * x)


def zero_grad_rebinding(parameters):
    for parameter in parameters:
        grad = parameter.grad
        grad = 0.0  # noqa: F841


def zero_grad_of_the_first(parameters):
    for parameter in parameters:
        parameter.grad = 0.0
        return


def zero_grad_but_the_last(parameters):
    for i in range(len(parameters) - 1):
        parameters[i].grad = 0.0


def zero_grad_with_new_values(parameters):
    for i in range(len(parameters)):
        parameters[i] = Value(parameters[i].data)


def zero_grad_by_deleting(parameters):
    for parameter in parameters:
        del parameter.grad


def zero_grad_if_positive(parameters):
    for parameter in parameters:
        if parameter.grad > 0:
            parameter.grad = 0.0


def setting(**what: Callable) -> Callable:
    """A zero_grad that sets these attributes."""

    def zero_grad(parameters):
        for parameter in parameters:
            for name, new in what.items():
                setattr(parameter, name, new(parameter))

    return zero_grad


register(
    Exercise(
        id="mlp.zero_grad",
        lesson=4,
        title="Clear the gradients",
        statement="Put the gradient of every Value in the list back to 0. Their numbers, and the list, stay as they are.",
        signature="zero_grad(parameters)",
        trials=zero_grad_trials,
        solution=zero_grad,
        variants=(zero_grad_by_index, zero_grad_by_setattr, zero_grad_in_a_comprehension),
        hints=(
            "Go through the list. Each Value keeps its gradient in .grad.",
            "An assignment to a plain name changes no object: `g = p.grad; g = 0` leaves p as it was. Assign to the attribute itself.",
            "In the loop: `parameter.grad = 0.0`. Nothing has to be given back.",
        ),
        mistakes=(
            Mistake("name-rebound", zero_grad_rebinding, "The gradients are as they were. To assign to a plain name (`p = 0`, or `g = p.grad` and then `g = 0`) moves that name elsewhere, and the Value notices nothing. Assign to p.grad itself."),
            Mistake("numbers-cleared", setting(data=lambda p: 0.0), "You set .data to 0: the network has forgotten all it knew, and the gradients are still there. It is .grad."),
            Mistake("numbers-cleared-too", setting(data=lambda p: 0.0, grad=lambda p: 0.0), "The gradients are cleared, and the numbers too: the network has forgotten all it knew. Leave .data alone."),
            Mistake("set-to-none", setting(grad=lambda p: None), "The gradients are None now. PyTorch does it so, but your Value adds to its gradient, and None + 1 is an error. Use 0.0."),
            Mistake("set-to-one", setting(grad=lambda p: 1.0), "The gradients are 1 now. That is how a backward pass starts at the root; the parameters start from nothing, 0."),
            Mistake("set-to-a-value", setting(grad=lambda p: Value(0.0)), "The gradients are Values now. A gradient is a plain number: 0.0."),
            Mistake("multiplied-by-zero", setting(grad=lambda p: p.grad * 0), "A gradient that has become infinite does not go away like this: inf * 0 is nan (and inf - inf too). Assign 0.0."),
            Mistake("first-only", zero_grad_of_the_first, "Only the first is cleared: a `return` or `break` stands inside the loop."),
            Mistake("last-forgotten", zero_grad_but_the_last, "The last one keeps its gradient: range(len(parameters)) ends at the last index already, no - 1."),
            Mistake("negative-ones-kept", zero_grad_if_positive, "Gradients below 0 are still there. Clear all of them."),
            Mistake("new-values-in-the-list", zero_grad_with_new_values, "The list holds new Values now, and the network still holds the old ones. From here on you would train numbers that nobody uses. Change the Values you were given."),
            Mistake("attribute-deleted", zero_grad_by_deleting, "The attribute is gone. The next backward wants to add to it: set it to 0.0."),
        ),
    )
)


# ----------------------------------------------------------------------------------------------------- train_step
class Small:
    """v * tanh(w * x + b) + c, in any kind of number: a network of the check's own, with four parameters."""

    def __init__(self, number: type, numbers: Sequence[float], grads: Sequence[float]):
        self.knobs = [number(n) for n in numbers]
        for knob, grad in zip(self.knobs, grads):
            knob.grad = grad

    def __call__(self, x):
        w, b, v, c = self.knobs
        return v * (w * x[0] + b).tanh() + c

    def parameters(self):
        return list(self.knobs)


def small_loss(numbers: Sequence[float], points: Sequence, targets: Sequence[float]) -> float:
    w, b, v, c = numbers
    return plain_loss([v * math.tanh(w * x[0] + b) + c for x in points], targets)


def stepped(numbers: Sequence[float], points: Sequence, targets: Sequence[float], rate: float, steps: int) -> tuple:
    """(the loss before each step, the parameters at the end)."""
    losses, numbers = [], np.array(numbers)
    for _ in range(steps):
        losses.append(small_loss(numbers, points, targets))
        numbers = numbers - rate * np.array(nudged(lambda p: small_loss(p, points, targets), numbers))
    return losses, numbers.tolist()


def stepping(case: tuple, grads: Sequence[float], steps: int, train_step: Callable) -> tuple:
    numbers, points, targets, rate = case
    model = Small(number_of(train_step), numbers, grads)
    losses = [number(train_step(model, [list(x) for x in points], list(targets), rate)) for _ in range(steps)]
    return losses, [number(knob.data) for knob in model.knobs]


CLEAN, STALE = (0.0,) * 4, (5.0, -3.0, 2.0, 1.0)


def step_text(case: tuple, grads: Sequence[float], steps: int) -> str:
    numbers, points, targets, rate = case
    left = "" if grads == CLEAN else f", gradients left over: {row(grads)}"
    return f"w, b, v, c = {row(numbers)}, x = {row([x[0] for x in points])}, targets = {row(targets)}, learning rate {rate:g}, {steps} step{'s' * (steps > 1)}{left}"


def step_trials(rng: np.random.Generator) -> Iterator[Trial]:
    one = ([1.0, -2.0, 3.0, 0.5], [(2.0,)], [1.0], 1.0)
    two = ([0.5, 0.25, 1.0, -0.5], [(2.0,), (-1.0,)], [1.0, -1.0], 0.5)
    drawn = (tidied(rng, 4), [(tidy(x),) for x in rng.normal(size=3)], [1.0, -1.0, 1.0], tidy(rng.uniform(0.1, 2)))
    for case, grads, steps in ((one, CLEAN, 1), (two, CLEAN, 1), (two, STALE, 1), (two, CLEAN, 2), (drawn, CLEAN, 1), (drawn, STALE, 3)):
        numbers, points, targets, rate = case
        yield Trial("the losses given back, and w, b, v, c afterwards (the model is v * tanh(w * x + b) + c)", step_text(case, grads, steps), partial(stepping, case, grads, steps), stepped(numbers, points, targets, rate, steps))


def forward(model, points, targets):
    return loss([model(x) for x in points], targets)


def moved(parameters, rate):
    for p in parameters:
        p.data = p.data - rate * p.grad


def train_step(model, points, targets, learning_rate):
    scores = [model(x) for x in points]
    value = loss(scores, targets)
    zero_grad(model.parameters())
    value.backward()
    for parameter in model.parameters():
        parameter.data -= learning_rate * parameter.grad
    return value.data


def train_step_clearing_first(model, points, targets, learning_rate):
    parameters = model.parameters()
    zero_grad(parameters)
    out = loss(list(map(model, points)), targets)
    out.backward()
    for i in range(len(parameters)):
        parameters[i].data = parameters[i].data - learning_rate * parameters[i].grad
    return out.data


def train_step_by_difference(model, points, targets, learning_rate):
    """Gradients of this step: what is there afterwards, less what was there before."""
    before = [p.grad for p in model.parameters()]
    out = forward(model, points, targets)
    out.backward()
    for p, old in zip(model.parameters(), before):
        p.data += -learning_rate * (p.grad - old)
        p.grad = 0.0
    return float(out.data)


def train_step_point_by_point(model, points, targets, learning_rate):
    """The gradients of single points, collected by backward, and divided in the end."""
    zero_grad(model.parameters())
    total = 0.0
    for x, target in zip(points, targets):
        out = loss([model(x)], [target])
        out.backward()
        total += out.data
    moved(model.parameters(), learning_rate / len(points))
    return total / len(points)


def step_by(*parts: Callable, give: Callable = lambda out: out.data) -> Callable:
    """A step made of parts, each told (model, loss, learning rate)."""

    def train_step(model, points, targets, learning_rate):
        out = forward(model, points, targets)
        for part in parts:
            part(model, out, learning_rate)
        return give(out)

    return train_step


def clear(model, out, rate):
    zero_grad(model.parameters())


def back(model, out, rate):
    out.backward()


def move(model, out, rate):
    moved(model.parameters(), rate)


def moving(number: Callable) -> Callable:
    """Each parameter becomes number(parameter, learning rate)."""

    def part(model, out, rate):
        for p in model.parameters():
            p.data = number(p, rate)

    return part


def move_the_first(model, out, rate):
    moved(model.parameters()[:1], rate)


def train_step_after_each_point(model, points, targets, learning_rate):
    total = 0.0
    for x, target in zip(points, targets):
        zero_grad(model.parameters())
        out = loss([model(x)], [target])
        out.backward()
        moved(model.parameters(), learning_rate)
        total += out.data
    return total / len(points)


def train_step_on_the_first_point(model, points, targets, learning_rate):
    return train_step(model, points[:1], targets[:1], learning_rate)


def train_step_with_the_loss_afterwards(model, points, targets, learning_rate):
    train_step(model, points, targets, learning_rate)
    return forward(model, points, targets).data


register(
    Exercise(
        id="mlp.train_step",
        lesson=4,
        title="One step of training",
        statement="One step downhill for all parameters: scores of all points, their loss (your `loss`), gradients, and each parameter moves against its gradient, learning_rate times. Gradients left over from before must not count. Give back the loss before the step, a plain number. The check brings a small model of its own, made of the `Value` of your notebook.",
        signature="train_step(model, points, targets, learning_rate) -> the loss before the step, a plain number",
        trials=step_trials,
        solution=train_step,
        variants=(train_step_clearing_first, train_step_by_difference, train_step_point_by_point),
        hints=(
            "Four things in order: forward (scores, loss), clear the gradients, backward, move. You have written the first three as functions.",
            "Inputs collect gradients over passes, so clear before backward; after it you would throw away what you need. To move a parameter, change its .data.",
            "`value = loss([model(x) for x in points], targets)`, `zero_grad(model.parameters())`, `value.backward()`; then for every parameter `parameter.data -= ...`; at the end `return value.data`.",
        ),
        mistakes=(
            Mistake("never-cleared", step_by(back, move), "The first step is right. From the second on, gradients of all the steps before are in it. Clear them before backward."),
            Mistake("cleared-after-the-step-only", step_by(back, move, clear), "You clear after moving. Gradients that were there before the first step then count in it: clear before backward, and it does not matter who was here earlier."),
            Mistake("nothing-moves", step_by(back, clear, move), "No parameter has moved. Either the gradients were cleared between backward and the move, or a new number was put into a plain name (p = p - ...) and never into p.data."),
            Mistake("no-backward", step_by(move), "There is no backward pass: what moves the parameters are gradients left over from before."),
            Mistake("moved-before-backward", step_by(move, clear, back), "The parameters move before backward has found this step's gradients, so every step uses those of the step before."),
            Mistake("uphill", step_by(clear, back, moving(lambda p, rate: p.data + rate * p.grad)), "You go uphill: the gradient points to where the loss grows. Minus."),
            Mistake("learning-rate-forgotten", step_by(clear, back, moving(lambda p, rate: p.data - p.grad)), "The step is the gradient itself. Multiply it by the learning rate."),
            Mistake("divided-by-the-rate", step_by(clear, back, moving(lambda p, rate: p.data - p.grad / rate)), "You divide by the learning rate: a small rate should make small steps."),
            Mistake("number-replaced", step_by(clear, back, moving(lambda p, rate: -rate * p.grad)), "The parameter *becomes* the step: what it was before is lost. `-=`, not `= -`."),
            Mistake("sign-only", step_by(clear, back, moving(lambda p, rate: p.data - rate * (p.grad > 0) + rate * (p.grad < 0))), "Every parameter moves by the same amount: the size of the gradient is lost, only its sign is used."),
            Mistake("number-scaled", step_by(clear, back, moving(lambda p, rate: p.data * (1 - rate * p.grad))), "You multiply the parameter by (1 - rate * gradient). The step is subtracted; it does not depend on how large the parameter is."),
            Mistake("first-parameter-only", step_by(clear, back, move_the_first), "Only the first parameter moves: is something inside the loop that belongs after it?"),
            Mistake("a-step-for-each-point", train_step_after_each_point, "You move after each point, so the second point meets other parameters. That is a method too (lesson 02's batches of one); asked is one step with the loss of all points."),
            Mistake("first-point-only", train_step_on_the_first_point, "Only the first point is used. The loss is the mean over all of them."),
            Mistake("loss-afterwards", train_step_with_the_loss_afterwards, "The parameters are right. The loss you give back is the one after the step; asked is the one you have anyway, from before."),
            Mistake("loss-as-a-value", step_by(clear, back, move, give=lambda out: out), "You gave back the Value, which keeps its whole graph alive. Give back its .data."),
        ),
        points=2,
    )
)


# ------------------------------------------------------------------------------------------------ beyond the rebuild
def count_parameters(inputs, hidden):
    count = 0
    for width in [*hidden, 1]:
        count += width * (inputs + 1)
        inputs = width
    return count


def count_by_pairs(inputs, hidden):
    sizes = (inputs, *hidden, 1)
    return sum(n * m + m for n, m in pairwise(sizes))


def count_by_building(inputs, hidden):
    return len(MLP(inputs, hidden, random.Random(0)).parameters())


def count_by_arrays(inputs, hidden):
    sizes = np.array([inputs, *hidden, 1])
    return int(sizes[1:] @ (sizes[:-1] + 1))


def counted_twice(inputs: int, hidden: tuple, count: Callable) -> tuple:
    """The count, and the list afterwards."""
    given = list(hidden)
    return number(count(inputs, given)), given


def count_trials(rng: np.random.Generator) -> Iterator[Trial]:
    drawn = [(int(rng.integers(2, 9)), tuple(map(int, rng.integers(1, 9, n)))) for n in (1, 2, 3)]
    for inputs, hidden in [(2, ()), (2, (8,)), (3, (4,)), (2, (4, 3)), (1, (1,)), (5, (2, 3, 4)), (64, (100, 50)), *drawn]:
        expected = 0
        sizes = [inputs, *hidden, 1]
        for neurons, ends in zip(sizes[1:], sizes):
            expected += sum(1 for _ in range(neurons) for _ in range(ends)) + neurons
        yield Trial("how many parameters, and the list afterwards", f"inputs = {inputs}, hidden = {list(hidden)}", partial(counted_twice, inputs, hidden), (expected, list(hidden)))


def count_with(term: Callable, sizes: Callable = lambda inputs, hidden: [inputs, *hidden, 1]) -> Callable:
    """The sum of term(ends, neurons) over the layers."""

    def count_parameters(inputs, hidden):
        chosen = sizes(inputs, hidden)
        return sum(term(n, m) for n, m in pairwise(chosen))

    return count_parameters


def count_changing_the_list(inputs, hidden):
    hidden.append(1)
    return count_by_pairs(inputs, hidden[:-1])


def count_from_the_points(inputs, hidden):
    return sum(width * (inputs + 1) for width in [*hidden, 1])


register(
    Exercise(
        id="mlp.count_parameters",
        lesson=4,
        title="How many parameters?",
        statement="How many parameters has MLP(inputs, hidden, rng), weights and biases? A whole number, from the sizes alone. `hidden` stays as it is.",
        signature="count_parameters(inputs, hidden) -> a whole number",
        trials=count_trials,
        solution=count_parameters,
        variants=(count_by_pairs, count_by_building, count_by_arrays),
        hints=(
            "How many has one neuron with n inputs? And m of them?",
            "A layer from n to m numbers has m * (n + 1). Go through the layers; what comes out of one goes into the next, and the last one has 1 neuron.",
            "In a loop over [*hidden, 1]: add width * (inputs + 1), and then let inputs be width.",
        ),
        mistakes=(
            Mistake("biases-forgotten", count_with(lambda n, m: n * m), "You counted the weights, {actual}. Every neuron has a bias as well."),
            Mistake("output-neuron-forgotten", count_with(lambda n, m: (n + 1) * m, lambda inputs, hidden: [inputs, *hidden]), "The last neuron is missing: one weight for each number that comes out of the last hidden layer, and a bias."),
            Mistake("bias-of-the-output-forgotten", count_with(lambda n, m: n * m + (m if m > 1 else 0)), "A layer of a single neuron has a bias too."),
            Mistake("inputs-never-change", count_from_the_points, "You count as if every layer got the points themselves. A layer has as many inputs as the one before has neurons."),
            Mistake("one-bias-for-each-layer", count_with(lambda n, m: n * m + 1), "You counted one bias for each layer. Every neuron has its own."),
            Mistake("bias-for-each-input", count_with(lambda n, m: n * m + n), "You counted a bias for each *input* of a layer: (m + 1) * n. The biases belong to the neurons: m of them."),
            Mistake("sums-for-products", count_with(lambda n, m: n + m), "You added the sizes. Every neuron is connected with every input: multiply."),
            Mistake("neurons-counted", count_with(lambda n, m: m), "That is how many neurons there are. Each has a weight for each of its inputs, and a bias."),
            Mistake("first-layer-only", count_with(lambda n, m: (n + 1) * m, lambda inputs, hidden: [inputs, *hidden, 1][:2]), "Only the first layer is counted: is the `return` inside the loop?"),
            Mistake("inputs-have-biases", lambda inputs, hidden: count_by_pairs(inputs, hidden) + inputs, "You counted a bias for each input of the network. Inputs are no neurons: they are just numbers."),
            Mistake("list-changed", count_changing_the_list, "The count is right, but the caller's list has grown by one entry. Make a new list: [*hidden, 1]."),
        ),
    )
)


def weight_decay(parameters, strength):
    total = 0
    for parameter in parameters:
        total = total + parameter * parameter
    return strength / 2 * total


def decay_by_powers(parameters, strength):
    return sum(p**2 * (0.5 * strength) for p in parameters)


def decay_by_halving(parameters, strength):
    total = Value(0.0)
    for p in parameters:
        total = total + p * (p * strength)
    return total / 2


def decay_by_pairs(parameters, strength):
    squares = [p * p for p in parameters]
    while len(squares) > 1:
        squares = [sum(squares[i : i + 2]) for i in range(0, len(squares), 2)]
    return squares[0] * strength * 0.5


def decay_answer(numbers: list[float], strength: float, decay: Callable) -> tuple:
    values = [number_of(decay)(x) for x in numbers]
    out = a_value(decay(list(values), strength))
    out.backward()
    return out.data, tuple(v.grad for v in values), [v.data for v in values]


def decay_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [([3.0], 1.0), ([3.0], 0.1), ([-2.0], 0.5), ([1.0, -2.0], 0.5), ([1.0, 2.0, 3.0], 2.0), ([0.0, 4.0], 0.25), (tidied(rng, 4, 2.0), 0.01), (tidied(rng, 3), tidy(rng.uniform(0.1, 3)))]
    for numbers, strength in cases:
        price = lambda p: strength / 2 * float(np.dot(p, p))  # noqa: B023
        expected = price(numbers), nudged(price, numbers), list(numbers)
        yield Trial("the price, its gradient in each parameter, and their numbers afterwards", f"parameters = {row(numbers)}, strength = {strength:g}", partial(decay_answer, numbers, strength), expected)


def price_of(term: Callable, factor: Callable = lambda strength, count: strength / 2) -> Callable:
    """factor * the sum of term(parameter)."""

    def weight_decay(parameters, strength):
        return sum(term(p) for p in parameters) * factor(strength, len(parameters))

    return weight_decay


def square(p):
    return p * p


def decay_of_the_last(parameters, strength):
    for p in parameters:
        total = p * p
    return strength / 2 * total


def decay_at_once(parameters, strength):
    for p in parameters:
        p.data = p.data * (1 - strength)
    return weight_decay(parameters, strength)


register(
    Exercise(
        id="mlp.weight_decay",
        lesson=4,
        title="A price on large weights",
        statement="Give back strength / 2 times the sum of the squares of all parameters, as a Value that can be added to the loss. Its gradient in a parameter p is then strength * p.",
        signature="weight_decay(parameters, strength) -> Value",
        trials=decay_trials,
        solution=weight_decay,
        variants=(decay_by_powers, decay_by_halving, decay_by_pairs),
        hints=(
            "Square each parameter, add up, multiply by strength / 2. All with the Values themselves, so that backward finds its way.",
            "The slope of p * p is 2 * p; with the half in front it is p, and strength times that.",
            "`total = total + parameter * parameter` in the loop, from total = 0; after it `return strength / 2 * total`.",
        ),
        mistakes=(
            Mistake("half-forgotten", price_of(square, lambda strength, count: strength), "Yours is {ratio} times as large: half of the strength is asked, so that the slope comes out as strength * p."),
            Mistake("not-squared", price_of(lambda p: p), "You add up the parameters themselves. A weight of -5 would then be a gain. Squares."),
            Mistake("absolute-values", price_of(lambda p: p.relu() + (-p).relu(), lambda strength, count: strength), "That is the sum of the absolute values (L1 regularization, another good idea). Asked are squares."),
            Mistake("root-taken", lambda parameters, strength: (sum(p * p for p in parameters)) ** 0.5 * (strength / 2), "You took the root of the sum. Asked is the sum of squares itself."),
            Mistake("averaged", price_of(square, lambda strength, count: strength / 2 / count), "You divided by the number of parameters. Asked is the sum."),
            Mistake("strength-forgotten", price_of(square, lambda strength, count: 0.5), "The strength takes no part: you have {actual} whatever it is. Multiply the sum by strength / 2."),
            Mistake("strength-squared", price_of(square, lambda strength, count: strength**2 / 2), "The strength counts twice: is it inside the square, or in the loop and after it?"),
            Mistake("square-of-the-sum", lambda parameters, strength: strength / 2 * sum(parameters) ** 2, "You squared the sum. Then +5 and -5 cost nothing together. Sum the squares."),
            Mistake("sign-flipped", price_of(square, lambda strength, count: -strength / 2), "The sign is wrong: large weights would be rewarded, and grow without end."),
            Mistake("cubed", price_of(lambda p: p * p * p), "That is the third power, which is negative for negative weights. The square."),
            Mistake("last-only", decay_of_the_last, "Only the last parameter counts: the total is overwritten in each turn."),
            Mistake("parameters-shrunk-at-once", decay_at_once, "The parameters have changed. Nothing is to be moved here: only the price is named, and the training step does the rest."),
            Mistake("plain-number-returned", lambda parameters, strength: strength / 2 * sum(p.data**2 for p in parameters), "A plain number came back. It has no slope, so adding it to the loss changes nothing in training. Leave out .data."),
            Mistake("graph-cut", lambda parameters, strength: Value(strength / 2 * sum(p.data**2 for p in parameters)), "The number is right, and its gradients are 0: a new Value made of plain numbers knows nothing of the parameters."),
        ),
    )
)


# --------------------------------------------------------------------------------------------- predict, then run
PREDICTED = ("c.grad", "v.grad", "b.grad", "w.grad")


def predicted_network(numbers: Sequence[float]) -> float:
    """The loss of one point x = 2 with target +1, from (c, v, b, w)."""
    c, v, b, w = numbers
    return plain_loss([v * math.tanh(w * 2.0 + b) + c], [1.0])


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for place, slope in enumerate(nudged(predicted_network, [0.0, 3.0, -2.0, 1.0])):
        yield Trial(PREDICTED[place], PREDICTED[place], partial(judged, place, slope), "right")


def judged(place: int, value: float, predict: Callable) -> str:
    """Only right or wrong, so that a report does not give the number away."""
    answer = predict()[place]
    return "right" if math.isclose(answer, value, rel_tol=1e-6, abs_tol=1e-6) else f"not {answer:g}"


def prediction():
    # The sum is 1 * 2 - 2 = 0, so h = tanh(0) = 0 and the score is 0. The loss there falls with slope -1/2.
    # c: -1/2.  v: -1/2 * h = 0.  h gets -1/2 * 3 = -3/2, tanh is steepest at 0 (slope 1), so b: -3/2, w: -3/2 * 2 = -3.
    return -0.5, 0.0, -1.5, -3.0


register(
    Exercise(
        id="mlp.predict",
        lesson=4,
        title="Predict, then run: four gradients of a network with two neurons",
        statement="h = tanh(w * x + b) and score = v * h + c, at w = 1, b = -2, v = 3, c = 0, x = 2, target +1, logistic loss: the gradients of c, v, b and w. On paper.",
        signature="prediction() -> (c.grad, v.grad, b.grad, w.grad)",
        trials=prediction_trials,
        solution=prediction,
        variants=(lambda: [-0.5, 0, -1.5, -3], lambda: np.array([-0.5, 0.0, -1.5, -3.0]), saying(-1 / 2, 0, -3 / 2, -6 / 2)),
        hints=(
            "Forward first: what is w * x + b, what is h, what is the score? The numbers are chosen so that you need no calculator.",
            "The slope of log(1 + exp(-score)) at score 0 is -1/2. That is what arrives at c. v's slope is h, and h's slope is v.",
            "h receives -1/2 times v. tanh has slope 1 - h * h there. What comes out arrives at b; w gets it times x.",
        ),
        mistakes=(
            Mistake("slope-of-the-loss-one", saying(-1, 0, -3, -6), "Everything is twice too large: at score 0 the loss has slope -1/2, not -1. (Half of the way from the flat right side to the slope of -1 far on the left.)"),
            Mistake("sign-flipped", saying(0.5, 0, 1.5, 3), "The sizes are right, the signs are not: a larger score makes this loss smaller."),
            Mistake("value-of-the-loss", saying(0.69, 0, 2.08, 4.16), "You started with the loss itself, log 2. Backward starts with its slope."),
            Mistake("output-weight-gets-x", saying(-0.5, -1, -1.5, -3), "v multiplies h, not x: its gradient is -1/2 times h."),
            Mistake("output-weight-gets-itself", saying(-0.5, -1.5, -1.5, -3), "v's slope is the other factor, h; you used v itself."),
            Mistake("way-through-v-forgotten", saying(-0.5, 0, -0.5, -1), "On its way to w and b the gradient passes the product v * h, and is multiplied by v = 3."),
            Mistake("tanh-blocks", saying(-0.5, 0, 0, 0), "tanh's slope is 1 - h * h. At h = 0 that is 1, not 0: tanh is steepest there."),
            Mistake("input-forgotten", saying(-0.5, 0, -1.5, -1.5), "b's gradient is right. w's has one factor more: w is multiplied by x = 2."),
            Mistake("bias-as-weight", saying(-0.5, 0, -3, -3), "w's gradient is right. b is not multiplied by x: it gets what arrives at the sum."),
            Mistake("hidden-layer-forgotten", saying(-0.5, 0, -0.5, -3), "w's gradient is right. The same goes to b, without the factor x."),
        ),
    )
)


# -------------------------------------------------------------------------------------------------- find the bug
BUG = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return BUG if letter == "C" else f"not {letter}"


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for trial in layer_trials(rng):
        yield Trial(trial.label, trial.inputs, lambda repair, run=trial.run: run(repair()[0]), trial.expected)
    yield Trial("the letter", "cause", cause_of, BUG)


class Broken(Layer):
    def __init__(self, inputs, outputs, rng, linear=False):
        self.neurons = [Neuron(inputs, rng, linear)] * outputs


def repair():
    class Repaired(Broken):
        def __init__(self, inputs, outputs, rng, linear=False):
            self.neurons = [Neuron(inputs, rng, linear) for _ in range(outputs)]  # one after the other, each of its own

    return Repaired, "C"


def copied_shallow(inputs, outputs, rng, linear):
    """Other neurons, with the same lists of weights in them."""
    first = Neuron(inputs, rng, linear)
    others = [Neuron(inputs, rng, linear) for _ in range(outputs - 1)]
    for other in others:
        other.weights = first.weights
    return [first, *others]


def copied_deep(inputs, outputs, rng, linear):
    """Neurons of their own, which start with the same numbers."""
    first = Neuron(inputs, rng, linear)
    others = [Neuron(inputs, rng, linear) for _ in range(outputs - 1)]
    for other in others:
        other.weights = [Value(w.data) for w in first.weights]
    return [first, *others]


def started_at_zero(inputs, outputs, rng, linear):
    neurons = [Neuron(inputs, rng, linear) for _ in range(outputs)]
    for p in (w for neuron in neurons for w in neuron.weights):
        p.data = 0.0
    return neurons


register(
    Exercise(
        id="mlp.find_the_bug",
        lesson=4,
        title="Find the bug: eight neurons that draw a straight line",
        statement="Repair the class, and name the cause by its letter.",
        signature="repair() -> (the repaired class, the letter of the cause)",
        trials=bug_trials,
        solution=repair,
        variants=(saying(Layer, "C"), saying(LayerByLoops, "c"), saying(LayerOfRows, " C ")),
        hints=(
            "Make it small: a layer of two neurons. Look at what the two answer, and at their weights, before any training.",
            "How many different Values are in parameters()? len(set(map(id, ...))) counts objects; two names for one object count once.",
            "`[x] * 3` does not make x three times: it makes a list with three places, in all of which stands the same x.",
        ),
        mistakes=(
            Mistake("named-not-repaired", saying(Broken, "C"), "That is the cause; the class still has it. Every place in the list needs a neuron that was made for it."),
            Mistake("cause-A", saying(Layer, "A"), "The repair works. But the weights did not start at 0: print them."),
            Mistake("cause-B", saying(Layer, "B"), "The repair works. But tanh was there: ask one hidden neuron for x = [10, 10], and it stays below 1."),
            Mistake("cause-D", saying(Layer, "D"), "The repair works. But the gradients were cleared: it is your own train_step that trains."),
            Mistake("cause-E", saying(Layer, "E"), "The repair works. But the hidden parameters were listed, eight times over even, and they did move."),
            Mistake("weights-still-shared", saying(layer_of(copied_shallow), "C"), "There are different neurons now, but they share one list of weights: a copy of an object (copy.copy) holds the very same list. Make each one new."),
            Mistake("all-start-alike", saying(layer_of(copied_deep), "C"), "The neurons are different ones now, and all start with the same weights (copy.deepcopy, perhaps). Then all get the same gradients, and stay alike for ever. Draw each one anew."),
            Mistake("all-start-at-zero", saying(layer_of(started_at_zero), "C"), "The neurons are different ones now, and all start with weights of 0: they stay alike for ever. Draw the weights."),
            Mistake("one-neuron-is-left", saying(layer_of(lambda inputs, outputs, rng, linear: [Neuron(inputs, rng, linear)]), "C"), "Only one neuron is left. The layer should have `outputs` of them."),
        ),
        points=2,
    )
)
