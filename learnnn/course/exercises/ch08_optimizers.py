"""Lesson 08, optimizers: what is asked, what learners get wrong, and a truth of its own.

The truth keeps no running buffers. It has the list of all gradients so far, and sums over it: a momentum is a sum in
which a gradient of age k counts mu^k, Adam's corrected means are weighted means of the list with weights beta^k.
"""

# A mistake a line, so that the banks read as tables.
# fmt: off

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from typing import Any

import numpy as np

from learnnn import nn, optim
from learnnn.autograd import Variable, wrap
from learnnn.course.exercise import Exercise, Mistake, Trial, register
from learnnn.course.exercises.ch05_tensor_autograd import array, drawn, saying, spelled, strided

# ------------------------------------------------------------------------------------ truth: sums over the past
Rule = Callable[..., np.ndarray]  # (places, gradients, **settings) -> the next place


def aged(values: Sequence[Any], weight: float) -> Any:
    """The sum of all values, in which one of age k counts weight^k; the last one has age 0."""
    return sum(weight**age * value for age, value in enumerate(reversed(values)))


def weighted_mean(values: Sequence[Any], weight: float) -> Any:
    return aged(values, weight) / aged([1.0] * len(values), weight)


def squares(values: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [value * value for value in values]


def plainly_moved(places: list, grads: list, lr: float) -> np.ndarray:
    return places[-1] - lr * grads[-1]


def sgd_moved(places: list, grads: list, lr: float, momentum: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False) -> np.ndarray:
    pulls = [g + weight_decay * p for p, g in zip(places, grads)]
    speed = aged(pulls, momentum)
    return places[-1] - lr * (pulls[-1] + momentum * speed if nesterov else speed)


def rolled(places: list, grads: list, lr: float, momentum: float = 0.9) -> np.ndarray:
    return sgd_moved(places, grads, lr, momentum)


def looked_ahead(places: list, grads: list, lr: float, momentum: float = 0.9) -> np.ndarray:
    return sgd_moved(places, grads, lr, momentum, nesterov=True)


def rms_moved(places: list, grads: list, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-8) -> np.ndarray:
    size = np.sqrt((1 - alpha) * aged(squares(grads), alpha))
    return places[-1] - lr * grads[-1] / (size + eps)


def adam_moved(places: list, grads: list, lr: float = 0.001, betas: tuple = (0.9, 0.999), eps: float = 1e-8) -> np.ndarray:
    mean, size = weighted_mean(grads, betas[0]), np.sqrt(weighted_mean(squares(grads), betas[1]))
    return places[-1] - lr * mean / (size + eps)


def adamw_moved(places: list, grads: list, lr: float = 0.001, betas: tuple = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.01) -> np.ndarray:
    return adam_moved(places, grads, lr, betas, eps) - lr * weight_decay * places[-1]


def adagrad_moved(places: list, grads: list, lr: float = 0.01, eps: float = 1e-10) -> np.ndarray:
    return places[-1] - lr * grads[-1] / (np.sqrt(sum(squares(grads))) + eps)


def ended(rule: Rule, settings: dict, start: Any, grads: Sequence[Any], rates: Sequence[float] = ()) -> np.ndarray:
    """Where a parameter is in the end. A gradient is an array, a function of the place, or None: then it stays."""
    places, met = [np.asarray(start, float)], []
    for k, g in enumerate(grads):
        if g is not None:
            met.append(g(places[-1]) if callable(g) else g)
            now = settings | ({"lr": rates[k]} if rates else {})
            places.append(rule(places, met, **now))
    return places[-1]


# What each rule remembers, from the list of gradients alone.
def speed_kept(grads: list, momentum: float = 0.9, **others: Any) -> dict:
    return {"buf": aged(grads, momentum)}


def rms_kept(grads: list, alpha: float = 0.99, **others: Any) -> dict:
    return {"v": (1 - alpha) * aged(squares(grads), alpha)}


def adam_kept(grads: list, betas: tuple = (0.9, 0.999), **others: Any) -> dict:
    return {"t": len(grads), "m": (1 - betas[0]) * aged(grads, betas[0]), "v": (1 - betas[1]) * aged(squares(grads), betas[1])}


def adagrad_kept(grads: list, **others: Any) -> dict:
    return {"total": sum(squares(grads))}


# -------------------------------------------------------------------------------------------------- trials
class Parameter:
    """Numbers to be learned, and their gradient: None until a backward has come by."""

    def __init__(self, data: Any, grad: Any = None):
        self.data, self.grad = np.array(data, float), None if grad is None else np.array(grad, float)


class SharedState(AssertionError):
    """Two optimizers remember in one place."""


def made(cls: type, params: Any, settings: dict) -> Any:
    """A new optimizer, after making sure that another one has a memory of its own."""
    optimizer, other = cls(params, **settings), cls([Parameter(1.0)], **settings)
    if getattr(optimizer, "state", 0) is getattr(other, "state", None):
        raise SharedState("two optimizers that were made one after the other have the very same `.state`")
    return optimizer


def give(params: list, grads: Sequence[Any]) -> None:
    """To each parameter a copy of its gradient, or of what its function says at its place."""
    for p, g in zip(params, grads):
        found = g(p.data) if callable(g) else g
        p.grad = None if found is None else np.array(found, float)


def run(starts: Sequence[Any], grads: Sequence[Sequence[Any]], settings: dict, rates: Sequence[float], cls: type) -> Any:
    """Where the parameters are after the steps: one array, or a tuple of them."""
    params = [Parameter(start) for start in starts]
    optimizer = made(cls, params, settings)
    for k, now in enumerate(grads):
        give(params, now)
        optimizer.lr = rates[k] if rates else optimizer.lr
        optimizer.step()
    return params[0].data if len(params) == 1 else tuple(p.data for p in params)


def by_hand(place: np.ndarray, grad: np.ndarray, state: dict, settings: dict, cls: type) -> Any:
    """The next place, and what is remembered, of a single call of update."""
    memory = {name: np.copy(value) if isinstance(value, np.ndarray) else value for name, value in state.items()}
    names, moved = tuple(state), made(cls, [Parameter(place)], settings).update(place.copy(), grad.copy(), memory)
    return moved, tuple(memory.get(name) for name in names)


def same_gradient(place: np.ndarray, grad: np.ndarray, settings: dict, cls: type) -> Any:
    """The place and the gradient, after two steps in which nobody has touched the gradient."""
    p = Parameter(place, grad)
    optimizer = made(cls, [p], settings)
    optimizer.step()
    optimizer.step()
    return p.data, p.grad


def side_by_side(start: np.ndarray, grads: Sequence[np.ndarray], settings: dict, cls: type) -> Any:
    """Two optimizers of one kind, each with a parameter of its own, a step of one and a step of the other."""
    one, other = Parameter(start), Parameter(start)
    first, second = made(cls, [one], settings), made(cls, [other], settings)
    for g in grads:
        one.grad, other.grad = g.copy(), -2 * g
        first.step()
        second.step()
    return one.data, other.data


def told(settings: dict) -> str:
    return ", ".join(f"{name} = {value}" for name, value in settings.items())


def question(starts: Sequence[Any], grads: Sequence[Sequence[Any]], settings: dict) -> str:
    """p = [1, 2], gradients: [0.5, -1], then [1, 1]; lr = 0.1"""
    names = ["p"] if len(starts) == 1 else [f"p{i}" for i in range(1, len(starts) + 1)]
    places = ", ".join(f"{name} = {spelled(np.asarray(start, float))}" for name, start in zip(names, starts))
    several = len(grads) > 6 or sum(np.size(start) for start in starts) > 6
    each = f"{len(grads)} random gradients" if several else ", then ".join(_spelled_step(step) for step in grads)
    return f"{places}, gradient{'s' * (len(grads) > 1 or len(starts) > 1) if not several else ':'} {each}; {told(settings)}".replace("gradient: ", "")


def _spelled_step(step: Sequence[Any]) -> str:
    return " and ".join("None" if g is None else spelled(np.asarray(g, float)) for g in step)


def steps(rule: Rule, settings: dict, starts: Sequence[Any], grads: Sequence[Sequence[Any]], label: str = "", text: str = "", rates: Sequence[float] = ()) -> Trial:
    """Parameters go as many steps as there are rows of gradients."""
    ends = tuple(ended(rule, settings, start, [step[i] for step in grads], rates) for i, start in enumerate(starts))
    count = f"where p is after {len(grads)} steps" if len(grads) > 1 else "where p is after one step"
    ask = partial(run, starts, grads, settings, rates)
    return Trial(label or count, text or question(starts, grads, settings), ask, ends[0] if len(ends) == 1 else ends)


def alone(*values: Any) -> list:
    """Gradients of one parameter, a step each."""
    return [[array(value) if isinstance(value, list) else np.float64(value)] for value in values]


RAVINE = array([1, 25])  # f = (x * x + 25 * y * y) / 2, so the gradient is (x, 25 y)


def common_trials(rng: np.random.Generator, rule: Rule, settings: dict, kept: Callable | None, fixed: dict | None = None) -> Iterator[Trial]:
    """What every optimizer is asked; `fixed` are settings that make small numbers."""
    small = fixed or settings
    yield steps(rule, small, [1.0], alone(2.0))
    yield steps(rule, small, [array([1, -2])], alone([0.5, -1]))
    yield steps(rule, small, [1.0], alone(2.0, 2.0))
    yield steps(rule, small, [1.0], alone(2.0, 4.0))
    yield steps(rule, small, [array([1, -2])], alone([0.5, -1], [1, 3]))
    yield steps(rule, small, [1.0], alone(2.0, 0.0, 0.0), "where p is after three steps, of which two have gradient 0")
    yield steps(rule, small, [1.0], alone(0.0, 2.0), "where p is after two steps: the first has gradient 0")
    yield steps(rule, small, [1.0], alone(2.0, -3.0, 1.0), "where p is, when lr changes on the way", f"p = 1, gradients 2, then -3, then 1; {told(small)}, then lr = 0.05, then lr = 0.2", (small.get("lr", 0.1), 0.05, 0.2))
    yield steps(rule, settings, [drawn(rng, 2, 3)], [[drawn(rng, 2, 3)] for _ in range(12)])
    yield steps(rule, settings, [strided(rng, 3, 2)], [[strided(rng, 3, 2)] for _ in range(3)])
    yield steps(rule, settings, [np.zeros((0, 2))], [[np.zeros((0, 2))] for _ in range(2)])
    pairs = [[drawn(rng, 2) + 5, drawn(rng, 2) - 3, drawn(rng, 3, 1)] for _ in range(4)]
    for place, row in ((0, 1), (1, 0), (1, 2), (2, 0)):
        pairs[place][row] = None
    starts = [drawn(rng, 2), drawn(rng, 2), drawn(rng, 3, 1)]
    yield steps(rule, settings, starts, pairs, "three parameters, four steps", f"three parameters, of which now and then one has the gradient None; {told(settings)}")
    grads = [drawn(rng, 2) + 4 for _ in range(3)]
    two = ended(rule, settings, array([1, 2]), grads), ended(rule, settings, array([1, 2]), [-2 * g for g in grads])
    yield Trial("both parameters after three steps", f"two optimizers side by side, each with p = [1, 2] of its own, a step of one and a step of the other; {told(settings)}", partial(side_by_side, array([1, 2]), grads, settings), two)
    here, g = array([1, 2]), array([3, -1])
    yield Trial("(p, its gradient) after two steps", f"p = [1, 2], and one gradient [3, -1] for both steps, which nobody else changes; {told(settings)}", partial(same_gradient, here, g, settings), (ended(rule, settings, here, [g, g]), g))
    downhill = [[lambda p: RAVINE * p]] * 20
    yield steps(rule, settings, [array([1, 1])], downhill, "where (x, y) is after 20 steps", f"f = (x * x + 25 * y * y) / 2 from (1, 1); {told(settings)}")
    if kept:
        yield resumed(rule, kept, settings, array([1, 2]), [array([2, -1]), array([0.5, 3]), array([1, 1])])


def resumed(rule: Rule, kept: Callable, settings: dict, place: np.ndarray, grads: list) -> Trial:
    """update() as it goes on from what was remembered."""
    state, after = kept(grads[:-1], **settings), kept(grads, **settings)
    known = ", ".join(f'"{name}": {spelled(np.round(value, 6) if isinstance(value, np.ndarray) else value)}' for name, value in state.items())
    text = f"update(p = {spelled(place)}, g = {spelled(grads[-1])}, state = {{{known}}}); {told(settings)}"
    expected = rule([place] * len(grads), grads, **settings), tuple(after[name] for name in state)
    return Trial(f"(the new p, ({', '.join(after)}))", text, partial(by_hand, place, grads[-1], state, settings), expected)


# -------------------------------------------------------------------------- what the framework runs of a learner
def optimizer(shipped: type, names: Sequence[str], given: Callable, fits: Callable, decays: bool = False) -> Callable:
    """How a learner's class becomes the one in `learnnn.optim`: the same in everything, but for the rule itself.

    Groups, schedules, closures, state_dict, penalties and saved states stay the framework's; where a group is one the
    exercise speaks of (`fits(group)`), the numbers are changed by the learner's update(p, g, state). `names` are the
    exercise's words for what the shipped class remembers, in its order; `given(group)` are the settings. With `decays`
    the learner's rule has a weight decay of its own.
    """

    def adapt(rule: type) -> type:
        class Yours(shipped):
            def numbers(self, group: dict, now: Any) -> dict:
                return {"asked": dict(group), "now": now} if fits(group) else super().numbers(group, now)

            def _update(self, part: Any, group: dict, numbers: dict) -> None:
                own = decays and "asked" in numbers
                super()._update(part, {**group, "weight_decay": 0} if own else group, numbers)

            def update(self, p: np.ndarray, g: np.ndarray, memory: list, t: np.ndarray, **numbers: Any) -> None:
                if "asked" not in numbers:
                    return super().update(p, g, memory, t, **numbers)
                state = remembered(names, memory, numbers["now"])
                moved = rule([Parameter(p)], **given(numbers["asked"])).update(p, g, state)
                for name, place in zip(names, memory):
                    place[...] = state[name]
                if moved is not None:  # None: it changed p where it stands
                    p[...] = moved

        Yours.__name__, Yours.__qualname__, Yours.__module__, Yours.__doc__ = shipped.__name__, shipped.__name__, "learnnn.optim", shipped.__doc__
        return Yours

    return adapt


def remembered(names: Sequence[str], memory: list, now: Any) -> dict:
    """The state as the exercise speaks of it: nothing before the first step. SGD only says whether it is the first."""
    if now is True or now == 1:
        return {}
    return dict(zip(names, memory)) | ({"t": int(now) - 1} if "m" in names else {})


def optim_exercise(id: str, code: Any, **parts: Any) -> Exercise:
    return register(Exercise(id=f"optim.{id}", lesson=8, solution=code, **parts))


def by(cls: type, update: Callable) -> type:
    """The class with another rule."""
    return type(cls.__name__, (cls,), {"update": update})


def unreturned(cls: type) -> type:
    """The rule without its last word."""
    return by(cls, lambda self, p, g, state: (cls.update(self, p, g, state), None)[1])


def unkept(cls: type) -> type:
    """The rule, which looks into its memory and puts nothing there."""
    return by(cls, lambda self, p, g, state: cls.update(self, p, g, dict(state)))


def renamed(cls: type) -> type:
    """The rule, which remembers under names of its own."""
    return by(cls, lambda self, p, g, state: cls.update(self, p, g, state.setdefault("another", {})))


# Hints that several rules share.
RETURN_HINT = "update gives back None. Give back the new p in the last line, also if you change it in place: `return p`."
KEPT_HINT = "What you work out is not put back into state, so in the next step it is not there: every step starts over."
NAME_HINT = "It remembers, but under a name of its own. The names are those of the text, {names}: a training that was saved and goes on, `{inputs}`, finds it there."
SHARED_HINT = "Two parameters share one memory: each gets pushed by what the other remembers. What belongs to one parameter is kept in the `state` that update is handed, not on `self`."
GRADIENT_HINT = "The gradient itself has changed: an array was written into in place (`+=`, `*=`) that is also `p.grad`. If it is used again (gradients of several batches are added up, or clipped), it is wrong. Make a new array, `g = g + ...`."
BACKWARDS_HINT = "It goes uphill: the gradient points to where the loss grows, so the step is subtracted. Yours ended at {actual} and not at {expected}."
LR_HINT = "The learning rate is missing, or not the one of now: {actual} in place of {expected}."
ELEMENT_HINT = "You work out one size for the whole array (`mean`, `sum` or a norm). Each number has its own: keep `g * g` as an array, element by element."


# -------------------------------------------------------------------------------- the walk over the parameters
class Optimizer:
    """Gradient descent, and the walk over the parameters that every optimizer inherits."""

    def __init__(self, params, lr):
        self.params = list(params)
        self.lr = lr
        self.state = [{} for _ in self.params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for p, state in zip(self.params, self.state):
            if p.grad is not None:
                p.data = self.update(p.data, p.grad, state)

    def update(self, p, g, state):
        return p - self.lr * g


def walker(start: Callable | None = None, step: Callable | None = None, zero_grad: Callable | None = None, update: Callable | None = None) -> type:
    """The class with some of its methods written otherwise."""
    methods = {"__init__": start, "step": step, "zero_grad": zero_grad, "update": update}
    return type("Optimizer", (Optimizer,), {name: method for name, method in methods.items() if method})


class ByNumber:
    """A right variant: indices in place of zip, state made when it is first needed, changed in place."""

    def __init__(self, params, lr):
        self.params, self.lr, self.state = [*params], lr, {}

    def zero_grad(self):
        for i in range(len(self.params)):
            self.params[i].grad = None

    def step(self):
        for i in range(len(self.params)):
            if self.params[i].grad is None:
                continue
            self.state.setdefault(i, {})
            self.params[i].data[...] = self.update(self.params[i].data, self.params[i].grad, self.state[i])

    def update(self, p, g, state):
        return p + -self.lr * g


class ByIdentity:
    """A right variant: a dictionary from parameter to memory."""

    def __init__(self, params, lr):
        self.lr = lr
        self.state = {p: {} for p in params}

    def zero_grad(self):
        for p in self.state:
            p.grad = None

    def step(self):
        moving = [p for p in self.state if p.grad is not None]
        for p in moving:
            p.data = self.update(p.data, p.grad, self.state[p])

    def update(self, p, g, state):
        return np.subtract(p, np.multiply(self.lr, g))


def init_pairs(self, params, lr):
    self.lr, self.state = lr, [(p, {}) for p in params]
    self.params = [p for p, _ in self.state]


def step_over_pairs(self):
    for p, state in self.state:
        if not isinstance(p.grad, type(None)):
            p.data = self.update(p.data, p.grad, state)


def from_generator(starts: Sequence[np.ndarray], grads: Sequence, forget: bool, cls: type) -> Any:
    """The parameters come one by one, as from model.parameters()."""
    params = [Parameter(start) for start in starts]
    optimizer = cls((p for p in params), 0.1)
    for now in grads:
        if forget:
            optimizer.zero_grad()
        give(params, now)
        optimizer.step()
    return tuple(p.data for p in params)


def forgotten(cls: type) -> Any:
    """The gradients after zero_grad."""
    params = [Parameter([1, 2], [3, 4]), Parameter(1.0)]
    made(cls, params, {"lr": 0.1}).zero_grad()
    return tuple("None" if p.grad is None else p.grad for p in params)


def kept_after_step(cls: type) -> Any:
    p = Parameter([1, 2], [3, 4])
    made(cls, [p], {"lr": 0.1}).step()
    return "None" if p.grad is None else p.grad


def stands_still(cls: type) -> Any:
    params = [Parameter([1, 2], [3, 4]), Parameter(1.0)]
    optimizer = made(cls, params, {"lr": 0.1})
    optimizer.zero_grad()
    optimizer.step()
    return tuple(p.data for p in params)


def counted(starts: Sequence[np.ndarray], grads: Sequence, cls: type) -> Any:
    """With another rule, which counts the steps of each parameter in its memory."""

    class Counting(cls):
        def update(self, p, g, state):
            state["n"] = state.get("n", 0) + 1
            return p - state["n"] * g

    params = [Parameter(start) for start in starts]
    optimizer = made(Counting, params, {"lr": 0.1})
    for now in grads:
        give(params, now)
        optimizer.step()
    return tuple(p.data for p in params)


def walk_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield from common_trials(rng, plainly_moved, {"lr": 0.1}, None)
    starts, grads = [array([1, 2]), np.float64(3)], [[array([1, -1]), np.float64(2)], [array([0.5, 2]), None], [None, np.float64(-4)], [array([1, 1]), np.float64(1)]]
    ends = tuple(ended(plainly_moved, {"lr": 0.1}, start, [row[i] for row in grads]) for i, start in enumerate(starts))
    once = "params is a generator, as model.parameters() is: it can be gone through only once"
    yield Trial("(p1, p2) after one step", once, partial(from_generator, starts, grads[:1], False), (array([0.9, 2.1]), np.float64(2.8)))
    yield Trial("(p1, p2) after four steps, each with zero_grad before it", once, partial(from_generator, starts, grads, True), ends)
    yield Trial("the gradients after zero_grad()", "two parameters, gradients [3, 4] and None", forgotten, ("None", "None"))
    yield Trial("(p1, p2) after zero_grad() and step()", "p1 = [1, 2], p2 = 1, lr = 0.1: no gradient, no step", stands_still, (array([1, 2]), np.float64(1)))
    yield Trial("the gradient after a step: as it was", "p = [1, 2], gradient [3, 4]", kept_after_step, array([3, 4]))
    own = tuple(start - sum(n * row[i] for n, row in enumerate((row for row in grads if row[i] is not None), 1)) for i, start in enumerate(starts))
    yield Trial("(p1, p2) after four steps", 'a class that inherits from yours, with an update of its own: state["n"] counts the steps of each parameter, and the step is n * g', partial(counted, starts, grads), own)


def init_keeping_the_generator(self, params, lr):
    self.params, self.lr = params, lr
    self.state = {}


def step_keeping_the_generator(self):
    for p in self.params:
        if p.grad is not None:
            p.data = self.update(p.data, p.grad, self.state.setdefault(id(p), {}))


def init_asking_twice(self, params, lr):
    self.params, self.lr = list(params), lr
    self.state = [{} for _ in params]


def init_with_one_dictionary(self, params, lr):
    self.params, self.lr = list(params), lr
    self.state = [{}] * len(self.params)


def init_with_default(self, params, lr, state=[]):  # noqa: B006
    self.params, self.lr, self.state = list(params), lr, state
    while len(state) < len(self.params):
        state.append({})


def step_without_asking(self):
    for p, state in zip(self.params, self.state):
        p.data = self.update(p.data, p.grad, state)


def step_until_none(self):
    for p, state in zip(self.params, self.state):
        if p.grad is None:
            break
        p.data = self.update(p.data, p.grad, state)


def step_with_zeros_for_none(self):
    for p, state in zip(self.params, self.state):
        p.data = self.update(p.data, np.zeros_like(p.data) if p.grad is None else p.grad, state)


def step_dropping_the_result(self):
    for p, state in zip(self.params, self.state):
        if p.grad is not None:
            self.update(p.data, p.grad, state)


def step_with_fresh_memory(self):
    for p in self.params:
        if p.grad is not None:
            p.data = self.update(p.data, p.grad, {})


def step_by_itself(self):
    for p in self.params:
        if p.grad is not None:
            p.data = p.data - self.lr * p.grad


def step_and_forget(self):
    Optimizer.step(self)
    self.zero_grad()


def step_on_the_squeezed_list(self):
    for p, state in zip([p for p in self.params if p.grad is not None], self.state):
        p.data = self.update(p.data, p.grad, state)


def step_first_only(self):
    for p, state in zip(self.params, self.state):
        if p.grad is not None:
            p.data = self.update(p.data, p.grad, state)
        return


def zeros_for_none(self):
    for p in self.params:
        p.grad = np.zeros_like(p.data)


def zeros_where_there_is_one(self):
    for p in self.params:
        if p.grad is not None:
            p.grad = np.zeros_like(p.data)


def forgets_only_a_name(self):
    for p in self.params:
        g = p.grad
        g = None  # noqa: F841


optim_exercise(
    "Optimizer",
    Optimizer,
    title="The walk: a class that moves parameters",
    statement="Optimizer(params, lr) keeps a list of the parameters, the learning rate, and a dictionary `state` for each parameter, empty at first. zero_grad() sets every .grad to None. step() goes over the parameters that have a gradient and sets p.data to update(p.data, p.grad, state). update(p, g, state) is gradient descent: it gives p - lr * g.",
    signature="class Optimizer: Optimizer(params, lr), .step(), .zero_grad(), .update(p, g, state)",
    trials=walk_trials,
    variants=(ByNumber, ByIdentity, walker(start=init_pairs, step=step_over_pairs)),
    hints=(
        "Three things are kept: `list(params)` (params may be a generator, which is empty after one loop), lr, and one dictionary for each parameter.",
        "step is a loop over pairs of a parameter and its dictionary, `zip(self.params, self.state)`. Leave out parameters whose grad is None. What update gives back has to be put somewhere.",
        "`self.state = [{} for _ in self.params]` (not `[{}] * n`, which is one dictionary n times), and in the loop `p.data = self.update(p.data, p.grad, state)`.",
    ),
    points=2,
    mistakes=(
        Mistake("gradient-none", walker(step=step_without_asking), "A parameter without a gradient (None) makes it fail. Part of a network may not have been used in this step: skip it, `if p.grad is not None`."),
        Mistake("stopped-at-none", walker(step=step_until_none), "Where a parameter has no gradient you stop the walk (`break`, `return`). Those that come after it have one: `continue`, or put the work under an `if`."),
        Mistake("zeros-for-none", walker(step=step_with_zeros_for_none), "You treat a missing gradient as 0 and call update all the same. For plain gradient descent that changes nothing; a rule that remembers would move on, or count a step. No gradient, no call."),
        Mistake("generator-used-up", walker(start=init_keeping_the_generator, step=step_keeping_the_generator), "Right with a list. `model.parameters()` is a generator: after the first loop over it, it is empty, and from then on nothing moves. Keep `list(params)`."),
        Mistake("generator-asked-twice", walker(start=init_asking_twice), "You go over `params` twice, once for the list and once for the memories. A generator is empty the second time: no memories, so zip ends at once. Count over `self.params`."),
        Mistake("one-dictionary-for-all", walker(start=init_with_one_dictionary), "`[{}] * n` is a list of n names for one and the same dictionary. What one parameter remembers, all remember. `[{} for _ in self.params]` makes n of them."),
        Mistake("memory-shared-by-optimizers", walker(start=init_with_default), "Two optimizers have the same memory: a list or dictionary was made once, in the class or as a default argument, and not anew in __init__."),
        Mistake("memory-fresh-in-each-step", walker(step=step_with_fresh_memory), "update gets an empty dictionary in every step, so nothing can be remembered. Hand it the parameter's own, from self.state."),
        Mistake("memory-by-place-in-the-list", walker(step=step_on_the_squeezed_list), "You first leave out parameters without a gradient, and then pair the rest with the memories from the front. When one is missing, those behind it get each other's memory. Pair first, leave out then."),
        Mistake("result-dropped", walker(step=step_dropping_the_result), "Nothing moves: what update gives back is dropped, or only given a name. Put it into `p.data`."),
        Mistake("update-bypassed", walker(step=step_by_itself), "Right for gradient descent. But step has the rule built in, so a class that inherits and writes its own update changes nothing. Let step call self.update."),
        Mistake("first-parameter-only", walker(step=step_first_only), "Only the first parameter moves: a `return` stands inside the loop."),
        Mistake("uphill", walker(update=lambda self, p, g, state: p + self.lr * g), BACKWARDS_HINT),
        Mistake("nothing-returned", unreturned(Optimizer), RETURN_HINT),
        Mistake("rate-forgotten", walker(update=lambda self, p, g, state: p - g), LR_HINT),
        Mistake("zeros-not-none", walker(zero_grad=zeros_for_none), "zero_grad leaves arrays of zeros. Here, as in PyTorch, it leaves None, which says: no gradient has come by. (A zero is an answer too, and rules that remember would act on it.)"),
        Mistake("zeros-where-there-was-one", walker(zero_grad=zeros_where_there_is_one), "zero_grad turns gradients into zeros. Here, as in PyTorch, it turns them into None: no gradient has come by. (On a zero, rules that remember would act.)"),
        Mistake("only-a-name-forgotten", walker(zero_grad=forgets_only_a_name), "zero_grad changes nothing: a name of its own is set to None, not the attribute. `p.grad = None`."),
        Mistake("gradient-cleared-by-step", walker(step=step_and_forget), "step forgets the gradients. That is zero_grad's work: whoever looks at gradients after a step, or adds up several batches, needs them."),
    ),
)


# --------------------------------------------------------------------------------------------------- momentum
class Momentum(Optimizer):
    """Gradient descent with a running sum of gradients."""

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum

    def update(self, p, g, state):
        state["buf"] = self.momentum * state.get("buf", 0.0) + g
        return p - self.lr * state["buf"]


class Rolling(Optimizer):
    """What momentum is told: everything but the rule."""

    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, lr)
        self.momentum = momentum


def roll_with_zeros(self, p, g, state):
    if not state:
        state["buf"] = np.zeros_like(p)
    state["buf"] *= self.momentum
    state["buf"] += g
    p -= self.lr * state["buf"]
    return p


def roll_from_a_copy(self, p, g, state):
    if "buf" in state:
        buf = state["buf"] = state["buf"] * self.momentum + g
    else:
        buf = state["buf"] = g.copy()
    return p - buf * self.lr


def roll_number_by_number(self, p, g, state):
    old, moved = state.get("buf", np.zeros(p.shape)), p.copy()
    new = np.empty(p.shape)
    for place in np.ndindex(p.shape):
        new[place] = self.momentum * old[place] + g[place]
        moved[place] -= self.lr * new[place]
    state["buf"] = new
    return moved


def aliased(self, p, g, state):
    if "buf" not in state:
        state["buf"] = g
    else:
        state["buf"] *= self.momentum
        state["buf"] += g
    return p - self.lr * state["buf"]


def into_the_gradient(self, p, g, state):
    if "buf" in state:
        g += self.momentum * state["buf"]
    state["buf"] = g.copy()
    return p - self.lr * g


def on_self(self, p, g, state):
    self.buf = self.momentum * getattr(self, "buf", 0.0) + g
    return p - self.lr * self.buf


def late(self, p, g, state):
    old = state.get("buf", np.zeros_like(p))
    state["buf"] = self.momentum * old + g
    return p - self.lr * old


def rolling(mix: Callable, move: Callable = lambda self, p, g, buf: p - self.lr * buf) -> type:
    """Momentum with another running sum, mix(mu, old, g), or another step."""

    def update(self, p, g, state):
        state["buf"] = mix(self.momentum, state.get("buf", np.zeros_like(p)), g)
        return move(self, p, g, state["buf"])

    return by(Rolling, update)


def with_rate_inside(self, p, g, state):
    state["buf"] = self.momentum * state.get("buf", 0.0) + self.lr * g
    return p - state["buf"]


def not_kept(self, p, g, state):
    buf = self.momentum * state.get("buf", np.zeros_like(p)) + g
    return p - self.lr * buf


def momentum_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield from common_trials(rng, rolled, {"lr": 0.02, "momentum": 0.8}, speed_kept, {"lr": 0.1, "momentum": 0.9})
    yield steps(rolled, {"lr": 0.1}, [1.0], alone(1.0, 1.0, 1.0), "where p is after three steps, with the usual momentum of 0.9")
    yield steps(rolled, {"lr": 0.1, "momentum": 0.0}, [array([1, 2])], alone([1, 1], [2, 2]))


BUF = 'a running sum in state["buf"]: it becomes momentum * buf + g, and begins as g'
optim_exercise(
    "Momentum",
    Momentum,
    title="Momentum",
    statement=f"Keep {BUF}. The step is lr times this sum.",
    signature="class Momentum(Optimizer): Momentum(params, lr, momentum=0.9), .update(p, g, state) -> the new p",
    trials=momentum_trials,
    variants=(by(Rolling, roll_with_zeros), by(Rolling, roll_from_a_copy), by(Rolling, roll_number_by_number)),
    hints=(
        "With gradients 1, 1, 1 and momentum 0.9 the sums are 1, then 0.9 * 1 + 1 = 1.9, then 0.9 * 1.9 + 1 = 2.71.",
        'In the first step there is nothing in state yet: `state.get("buf", 0.0)` gives 0.0 then. Afterwards it gives what you have put there.',
        'Two lines: state["buf"] becomes momentum times the old one plus g; and p minus lr times the new one is returned.',
    ),
    mistakes=(
        Mistake("nothing-remembered", by(Rolling, not_kept), "In every step the sum starts over: it is worked out and not put back into state, so this is plain gradient descent."),
        Mistake("gradient-averaged", rolling(lambda mu, old, g: mu * old + (1 - mu) * g), "You weigh the gradient with 1 - momentum: a running mean. PyTorch's momentum is a running sum, mu * buf + g. (With the mean all steps are a tenth as long: {actual} in place of {expected}.)"),
        Mistake("rate-inside-the-sum", by(Rolling, with_rate_inside), "You put the learning rate into the sum, as many books do. As long as lr stays the same it makes no difference. When lr changes, what was collected keeps the old one, and that is not what PyTorch does: buf is a sum of gradients, and lr multiplies it at the end."),
        Mistake("one-step-late", by(Rolling, late), "You step along the old sum and add the gradient afterwards, so every step is one too late, and the first goes nowhere. Update buf, then step."),
        Mistake("last-gradient-only", by(Rolling, lambda self, p, g, state: (p - self.lr * (g + self.momentum * state.get("buf", 0.0)), state.update(buf=g))[0]), "You remember only the gradient before this one. What is remembered is the sum, in which all earlier ones live on, each a little fainter."),
        Mistake("gradient-counted-twice", rolling(lambda mu, old, g: mu * old + g, lambda self, p, g, buf: p - self.lr * (g + buf)), "The gradient is in buf already. You add it once more: {actual} in place of {expected}."),
        Mistake("never-fades", rolling(lambda mu, old, g: old + g), "The old sum is not multiplied by the momentum: nothing is ever forgotten. mu * buf + g."),
        Mistake("gradient-faded-too", rolling(lambda mu, old, g: mu * (old + g)), "You multiply the new gradient by the momentum as well. Only the old sum fades: mu * buf + g, not mu * (buf + g)."),
        Mistake("weights-turned-round", rolling(lambda mu, old, g: old + mu * g), "The momentum stands at the wrong one: the old sum fades, the new gradient counts in full. mu * buf + g."),
        Mistake("uphill", rolling(lambda mu, old, g: mu * old + g, lambda self, p, g, buf: p + self.lr * buf), BACKWARDS_HINT),
        Mistake("sum-with-a-minus", rolling(lambda mu, old, g: mu * old - g), "Your sum collects minus the gradient, and then you subtract it again: {actual} in place of {expected}."),
        Mistake("looks-ahead", rolling(lambda mu, old, g: mu * old + g, lambda self, p, g, buf: p - self.lr * (g + self.momentum * buf)), "That is Nesterov's step already, g + mu * buf. Plain momentum steps along buf."),
        Mistake("rate-forgotten", rolling(lambda mu, old, g: mu * old + g, lambda self, p, g, buf: p - buf), LR_HINT),
        Mistake("one-sum-for-all", by(Rolling, on_self), SHARED_HINT),
        Mistake("sum-is-the-gradient", by(Rolling, aliased), "Your buf *is* the gradient of the first step: `state[\"buf\"] = g` makes no copy. Then `*=` and `+=` write into it, and so into p.grad. Take a copy, or make a new array each time."),
        Mistake("gradient-overwritten", by(Rolling, into_the_gradient), GRADIENT_HINT),
        Mistake("nothing-returned", unreturned(Momentum), RETURN_HINT),
        Mistake("another-name", renamed(Momentum), NAME_HINT.replace("{names}", '`state["buf"]`')),
    ),
)


# --------------------------------------------------------------------------------------------------- Nesterov
class Nesterov(Momentum):
    """Momentum that looks a step ahead."""

    def update(self, p, g, state):
        state["buf"] = self.momentum * state.get("buf", 0.0) + g
        return p - self.lr * (g + self.momentum * state["buf"])


def ahead_by_correcting(self, p, g, state):
    moved = Momentum.update(self, p, g, state)  # a step of momentum, and from there
    return moved - self.lr * (g + (self.momentum - 1) * state["buf"])


def ahead_in_place(self, p, g, state):
    buf = state.setdefault("buf", np.zeros_like(p))
    np.multiply(buf, self.momentum, out=buf)
    np.add(buf, g, out=buf)
    p -= self.lr * g
    p -= self.lr * self.momentum * buf
    return p


def ahead_from_the_old_sum(self, p, g, state):
    mu, old = self.momentum, state.get("buf", np.zeros_like(p))
    state["buf"] = mu * old + g
    return p - self.lr * ((1 + mu) * g + mu**2 * old)


def ahead(move: Callable, keep: Callable = lambda mu, old, g: mu * old + g) -> type:
    """Nesterov with another step, move(mu, g, buf, old)."""

    def update(self, p, g, state):
        old = state.get("buf", np.zeros_like(p))
        buf = state["buf"] = keep(self.momentum, old, g)
        return p - self.lr * move(self.momentum, g, buf, old)

    return by(Rolling, update)


def ahead_overwriting(self, p, g, state):
    mu = self.momentum
    state["buf"] = g + mu * (mu * state.get("buf", 0.0) + g)
    return p - self.lr * state["buf"]


def ahead_into_the_gradient(self, p, g, state):
    state["buf"] = self.momentum * state.get("buf", 0.0) + g
    g += self.momentum * state["buf"]
    return p - self.lr * g


def nesterov_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield from common_trials(rng, looked_ahead, {"lr": 0.02, "momentum": 0.8}, speed_kept, {"lr": 0.1, "momentum": 0.9})
    yield steps(looked_ahead, {"lr": 0.1}, [1.0], alone(1.0, 1.0, 1.0), "where p is after three steps, with the usual momentum of 0.9")


optim_exercise(
    "Nesterov",
    Nesterov,
    title="Nesterov's momentum",
    statement="Keep the running sum of Momentum. The step is lr times (g + momentum * buf), with the new buf.",
    signature="class Nesterov(Momentum): Nesterov(params, lr, momentum=0.9), .update(p, g, state) -> the new p",
    trials=nesterov_trials,
    variants=(by(Rolling, ahead_by_correcting), by(Rolling, ahead_in_place), by(Rolling, ahead_from_the_old_sum)),
    hints=(
        "The sum is kept exactly as before. Only the last line is another one.",
        "First update buf. Then the step is what buf will be if the next gradient is the same as this one: mu * buf + g.",
        'state["buf"] as in Momentum; return p minus lr times the bracket (g + momentum * the new buf).',
    ),
    mistakes=(
        Mistake("plain-momentum", ahead(lambda mu, g, buf, old: buf), "That is plain momentum, ending at {actual}. If you wrote g + mu * buf, then with the *old* buf, and that is the new buf itself: update buf first."),
        Mistake("gradient-missing", ahead(lambda mu, g, buf, old: mu * buf), "Your step is mu * buf. The gradient of this step comes on top: g + mu * buf."),
        Mistake("sum-added-in-full", ahead(lambda mu, g, buf, old: g + buf), "You add buf in full. It fades once more: g + mu * buf."),
        Mistake("sum-for-the-gradient", ahead(lambda mu, g, buf, old: buf + mu * buf), "You have buf + mu * buf. The first of them is the gradient alone: g + mu * buf."),
        Mistake("gradient-faded", ahead(lambda mu, g, buf, old: buf + mu * g), "You have buf + mu * g: the momentum stands at the wrong one. g + mu * buf."),
        Mistake("look-ahead-kept", by(Rolling, ahead_overwriting), "Right in the first step. But you keep g + mu * buf as the new buf, so the look ahead is itself looked ahead from in the next step. Keep the plain sum in state, and look ahead only for the step."),
        Mistake("gradient-averaged", ahead(lambda mu, g, buf, old: g + mu * buf, lambda mu, old, g: mu * old + (1 - mu) * g), "The sum is a running mean here ((1 - mu) * g). PyTorch's is a sum: mu * buf + g."),
        Mistake("rate-forgotten", by(Rolling, lambda self, p, g, state: p - (p - Nesterov.update(self, p, g, state)) / self.lr), LR_HINT),
        Mistake("uphill", by(Rolling, lambda self, p, g, state: 2 * p - Nesterov.update(self, p, g, state)), BACKWARDS_HINT),
        Mistake("nothing-remembered", by(Rolling, lambda self, p, g, state: Nesterov.update(self, p, g, dict(state))), "The sum is not put back into state, so every step starts over."),
        Mistake("gradient-overwritten", by(Rolling, ahead_into_the_gradient), GRADIENT_HINT),
        Mistake("nothing-returned", unreturned(Nesterov), RETURN_HINT),
        Mistake("another-name", renamed(Nesterov), NAME_HINT.replace("{names}", '`state["buf"]`')),
    ),
)


# -------------------------------------------------------------------------------------------------------- SGD
class SGD(Optimizer):
    """Gradient descent with PyTorch's options."""

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr)
        self.momentum, self.weight_decay, self.nesterov = momentum, weight_decay, nesterov

    def update(self, p, g, state):
        g = g + self.weight_decay * p
        if self.momentum:
            state["buf"] = self.momentum * state.get("buf", 0.0) + g
            g = g + self.momentum * state["buf"] if self.nesterov else state["buf"]
        return p - self.lr * g


class Descending(Optimizer):
    """What SGD is told: everything but the rule."""

    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr)
        self.momentum, self.weight_decay, self.nesterov = momentum, weight_decay, nesterov


def descend_by_cases(self, p, g, state):
    pull = g if self.weight_decay == 0 else g + p * self.weight_decay
    if self.momentum == 0:
        return p - self.lr * pull
    if "buf" not in state:
        state["buf"] = np.zeros_like(pull)
    state["buf"] = state["buf"] * self.momentum + pull
    if self.nesterov:
        return p - self.lr * (pull + self.momentum * state["buf"])
    return p - self.lr * state["buf"]


def descend_always_with_a_sum(self, p, g, state):
    pull = np.add(g, self.weight_decay * p)
    buf = state["buf"] = np.multiply(self.momentum, state.get("buf", np.zeros_like(p))) + pull
    step = pull + self.momentum * buf if self.nesterov else buf
    return p - self.lr * step


def descend_by_number(self, p, g, state):
    buf, moved = np.array(state.get("buf", np.zeros(p.shape)), float), np.array(p)
    for place in np.ndindex(p.shape):
        pull = g[place] + self.weight_decay * p[place]
        buf[place] = self.momentum * buf[place] + pull
        moved[place] = p[place] - self.lr * (pull + self.momentum * buf[place] if self.nesterov else buf[place])
    if self.momentum:
        state["buf"] = buf
    return moved


def descending(pull: Callable = lambda self, p, g: g + self.weight_decay * p, mix: Callable = lambda mu, old, g: mu * old + g,
               look: Callable = lambda self, g, buf: g + self.momentum * buf if self.nesterov else buf,
               move: Callable = lambda self, p, g, step: p - self.lr * step) -> type:  # fmt: skip
    """SGD with some of its parts replaced."""

    def update(self, p, g, state):
        step = pulled = pull(self, p, g)
        if self.momentum:
            state["buf"] = mix(self.momentum, state.get("buf", np.zeros_like(p)), pulled)
            step = look(self, pulled, state["buf"])
        return move(self, p, g, step)

    return by(Descending, update)


def descend_into_the_gradient(self, p, g, state):
    g += self.weight_decay * p
    return undecayed(self, p, g, state)


def undecayed(self, p, g, state):
    """The step along a gradient that has its decay already."""
    plain = Descending([Parameter(p)], self.lr, self.momentum, 0.0, self.nesterov)
    return SGD.update(plain, p, g, state)


def first_of_all(self, p, g, state):
    """Decay in the gradient of the sum's first step only."""
    plain = Descending([Parameter(p)], self.lr, self.momentum, 0.0 if state else self.weight_decay, self.nesterov)
    return SGD.update(plain, p, g, state)


SGD_SETTINGS = (
    {"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.5}, {"lr": 0.1, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.5}, {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.5, "nesterov": True},
)


def sgd_trials(rng: np.random.Generator) -> Iterator[Trial]:
    for settings in SGD_SETTINGS:
        yield steps(sgd_moved, settings, [2.0], alone(1.0))
        yield steps(sgd_moved, settings, [2.0], alone(1.0, 3.0))
        yield steps(sgd_moved, settings, [2.0], alone(0.0, 0.0), "where p is after two steps with gradient 0")
        yield steps(sgd_moved, settings, [drawn(rng, 2, 2)], [[drawn(rng, 2, 2)] for _ in range(5)])
    settings = {"lr": 0.02, "momentum": 0.8, "weight_decay": 0.3}
    yield from common_trials(rng, sgd_moved, settings, None)
    yield from common_trials(rng, sgd_moved, settings | {"nesterov": True}, None)
    past = [array([2, -1]), array([0.5, 3]), array([1, 1])]
    yield resumed(sgd_moved, speed_kept, {"lr": 0.1, "momentum": 0.8}, array([1, 2]), past)
    yield Trial("what is remembered without momentum", "p = [1, 2], g = [1, 1], lr = 0.1", nothing_kept, array([0.9, 1.9]))


def nothing_kept(cls: type) -> Any:
    return made(cls, [Parameter([1, 2])], {"lr": 0.1}).update(array([1, 2]), array([1, 1]), {})


SGD_GIVEN = lambda group: {name: group[name] for name in ("lr", "momentum", "weight_decay", "nesterov")}
optim_exercise(
    "SGD",
    SGD,
    title="SGD with PyTorch's options",
    statement="Weight decay first: it adds weight_decay * p to the gradient. Then momentum, if it is not 0, in state[\"buf\"]; with nesterov the step is g + momentum * buf, where g has the decay in it.",
    signature="class SGD(Optimizer): SGD(params, lr, momentum=0.0, weight_decay=0.0, nesterov=False), .update(p, g, state) -> the new p",
    trials=sgd_trials,
    variants=(by(Descending, descend_by_cases), by(Descending, descend_always_with_a_sum), by(Descending, descend_by_number)),
    hints=(
        "The order: decay, sum, look ahead, step. Each is a line, and each changes what the next one calls g.",
        "`g = g + self.weight_decay * p` (a new array, not +=). If there is a momentum, buf becomes momentum * buf + g, with this g.",
        "In the end there is one step: g itself without momentum; buf with it; g + momentum * buf with nesterov. Return p minus lr times that.",
    ),
    replaces="learnnn.optim.SGD",
    adapt=optimizer(optim.SGD, ("buf",), SGD_GIVEN, lambda group: not group["dampening"] and not group.get("decoupled_weight_decay"), decays=True),
    points=2,
    mistakes=(
        Mistake("decay-after-the-momentum", descending(lambda self, p, g: g, move=lambda self, p, g, step: p - self.lr * (step + self.weight_decay * p)), "Without momentum it is right. With it, you add the decay to the step and not to the gradient, so it never gets into buf. PyTorch's SGD adds it to the gradient, before anything else. (To keep it out is a good idea too; that is AdamW's.)"),
        Mistake("decay-forgotten", descending(lambda self, p, g: g), "weight_decay changes nothing: {actual} in place of {expected}. It adds weight_decay * p to the gradient."),
        Mistake("grows-instead-of-decaying", descending(lambda self, p, g: g - self.weight_decay * p), "Your weights grow: minus minus is plus. The decay is added to the gradient, and the gradient is subtracted."),
        Mistake("decay-doubled", descending(lambda self, p, g: g + 2 * self.weight_decay * p), "You took the slope of weight_decay * p * p, which is 2 * weight_decay * p. By convention the penalty is half of that, so the 2 is gone."),
        Mistake("decay-by-sign", descending(lambda self, p, g: g + self.weight_decay * np.sign(p)), "You pull with the sign of p, equally hard on small and large weights. That is an L1 penalty. The decay is in proportion to p."),
        Mistake("decay-times-the-gradient", descending(lambda self, p, g: g * (1 + self.weight_decay)), "You made the gradient larger. The decay pulls the *parameter* towards 0, also where the gradient is 0: weight_decay * p."),
        Mistake("decay-times-lr-twice", descending(lambda self, p, g: g + self.lr * self.weight_decay * p), "The decay has the learning rate in it twice: once by itself, and once with the gradient it was added to. Add weight_decay * p; lr comes at the end, for both."),
        Mistake("nesterov-ignored", descending(look=lambda self, g, buf: buf), "nesterov=True changes nothing. Then the step is g + momentum * buf."),
        Mistake("always-nesterov", descending(look=lambda self, g, buf: g + self.momentum * buf), "You look ahead also where nesterov is False. Then the step is buf."),
        Mistake("nesterov-without-the-decay", descending(move=lambda self, p, g, step: p - self.lr * (step - self.weight_decay * p if self.nesterov and self.momentum else step)), "With nesterov, the g in g + momentum * buf has to be the one with the decay in it."),
        Mistake("momentum-ignored", descending(mix=lambda mu, old, g: g, look=lambda self, g, buf: g), "momentum changes nothing: {actual} in place of {expected}."),
        Mistake("gradient-averaged", descending(mix=lambda mu, old, g: mu * old + (1 - mu) * g), "You weigh the gradient with 1 - momentum: a running mean. PyTorch's momentum is a running sum, mu * buf + g."),
        Mistake("decay-in-the-first-step-only", by(Descending, first_of_all), "The decay is added once, when buf begins, and never again. It is part of every step's gradient."),
        Mistake("gradient-overwritten", by(Descending, descend_into_the_gradient), GRADIENT_HINT),
        Mistake("nothing-returned", unreturned(SGD), RETURN_HINT),
        Mistake("nothing-remembered", unkept(SGD), KEPT_HINT),
        Mistake("another-name", renamed(SGD), NAME_HINT.replace("{names}", '`state["buf"]`')),
        Mistake("uphill", descending(move=lambda self, p, g, step: p + self.lr * step), BACKWARDS_HINT),
    ),
)


# ---------------------------------------------------------------------------------------------------- RMSprop
class RMSprop(Optimizer):
    """Every number at its own scale: the gradient over its root mean square."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(params, lr)
        self.alpha, self.eps = alpha, eps

    def update(self, p, g, state):
        state["v"] = self.alpha * state.get("v", 0.0) + (1 - self.alpha) * g * g
        return p - self.lr * g / (np.sqrt(state["v"]) + self.eps)


class Scaling(Optimizer):
    """What RMSprop is told: everything but the rule."""

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(params, lr)
        self.alpha, self.eps = alpha, eps


def scale_towards(self, p, g, state):
    if not state:
        state["v"] = np.zeros_like(p)
    state["v"] += (1 - self.alpha) * (g**2 - state["v"])
    return p - self.lr * (g / (state["v"] ** 0.5 + self.eps))


def scale_in_place(self, p, g, state):
    v = state.setdefault("v", np.zeros_like(p))
    v *= self.alpha
    v += (1 - self.alpha) * np.square(g)
    p -= np.divide(self.lr * g, np.sqrt(v) + self.eps)
    return p


def scale_by_number(self, p, g, state):
    old, moved = state.get("v", np.zeros(p.shape)), p.copy()
    state["v"] = np.array([self.alpha * v + (1 - self.alpha) * x**2 for v, x in zip(old.ravel(), g.ravel())], float).reshape(p.shape)
    for place in np.ndindex(p.shape):
        moved[place] -= self.lr / (math.sqrt(state["v"][place]) + self.eps) * g[place]
    return moved


def scaling(mix: Callable = lambda self, old, g: self.alpha * old + (1 - self.alpha) * g * g,
            size: Callable = lambda self, v: np.sqrt(v) + self.eps, old: bool = False) -> type:  # fmt: skip
    """RMSprop with another running mean, or another size made of it."""

    def update(self, p, g, state):
        before = state.get("v", np.zeros_like(p))
        state["v"] = mix(self, before, g)
        return p - self.lr * g / size(self, before if old else state["v"])

    return by(Scaling, update)


def scale_with_a_clock(self, p, g, state):
    self.seen = getattr(self, "seen", 0) + 1
    state["v"] = self.alpha * state.get("v", 0.0) + (1 - self.alpha) * g * g
    return p - self.lr * g / (np.sqrt(state["v"] / (1 - self.alpha**self.seen)) + self.eps)


def scale_from_one(self, p, g, state):
    state.setdefault("v", np.ones_like(p))
    return RMSprop.update(self, p, g, state)


def scale_on_self(self, p, g, state):
    self.v = self.alpha * getattr(self, "v", 0.0) + (1 - self.alpha) * g * g
    return p - self.lr * g / (np.sqrt(self.v) + self.eps)


def scale_from_a_copy(self, p, g, state):
    kept = g.copy()
    g *= g
    state["v"] = self.alpha * state.get("v", 0.0) + (1 - self.alpha) * g
    return p - self.lr * kept / (np.sqrt(state["v"]) + self.eps)


def rms_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield from common_trials(rng, rms_moved, {"lr": 0.05, "alpha": 0.9, "eps": 0.01}, rms_kept, {"lr": 0.1, "alpha": 0.75, "eps": 1e-8})
    yield steps(rms_moved, {"lr": 0.1, "alpha": 0.75, "eps": 0.5}, [1.0], alone(2.0), "where p is after one step, with an eps so large that one sees where it stands")
    yield steps(rms_moved, {}, [array([1, 2])], alone([0.5, 20], [0.5, -20], [0.5, 20]), "where p is after three steps, with lr, alpha and eps as they are by default", "p = [1, 2], gradients [0.5, 20], then [0.5, -20], then [0.5, 20]; by default lr = 0.01, alpha = 0.99, eps = 1e-08")


optim_exercise(
    "RMSprop",
    RMSprop,
    title="RMSprop: every number at its own scale",
    statement='Keep a running mean of the squared gradient in state["v"]: v becomes alpha * v + (1 - alpha) * g * g, and begins at 0. The step is lr * g / (sqrt(v) + eps), each number by its own v.',
    signature="class RMSprop(Optimizer): RMSprop(params, lr=0.01, alpha=0.99, eps=1e-8), .update(p, g, state) -> the new p",
    trials=rms_trials,
    variants=(by(Scaling, scale_towards), by(Scaling, scale_in_place), by(Scaling, scale_by_number)),
    hints=(
        "v is a mean, not a sum: the old one counts alpha, the new square counts 1 - alpha, and these add up to 1.",
        "v is an array like p, and everything goes element by element. Update v first, then divide by its root.",
        "np.sqrt(v), then + eps, outside the root; lr * g divided by that; subtracted from p.",
    ),
    replaces="learnnn.optim.RMSprop",
    adapt=optimizer(optim.RMSprop, ("v",), lambda group: {name: group[name] for name in ("lr", "alpha", "eps")}, lambda group: not group["momentum"] and not group["centered"]),
    mistakes=(
        Mistake("eps-inside-the-root", scaling(size=lambda self, v: np.sqrt(v + self.eps)), "eps stands inside the root. Here and in PyTorch it comes after: sqrt(v) + eps. (With eps = 1e-8 it seems to make no difference; but the root of 1e-8 is 1e-4, and so small gradients get smaller steps.)"),
        Mistake("eps-forgotten", scaling(size=lambda self, v: np.sqrt(v)), "Without eps a gradient of 0 gives 0 / 0, and that is nan: from then on the parameter is lost."),
        Mistake("root-forgotten", scaling(size=lambda self, v: v + self.eps), "You divide by the mean square itself. Then twice the gradient makes *half* the step. Take the root: v is in squared units."),
        Mistake("old-mean", scaling(old=True), "You divide by the v of before. In the first step that is 0, and the step is enormous: {actual}. Update v first."),
        Mistake("weights-turned-round", scaling(mix=lambda self, old, g: (1 - self.alpha) * old + self.alpha * g * g), "alpha and 1 - alpha have changed places: the old mean counts alpha (most), the new square 1 - alpha."),
        Mistake("never-averaged", scaling(mix=lambda self, old, g: self.alpha * old + g * g), "You add g * g in full: a running sum, {actual} in place of {expected}. For a mean it counts 1 - alpha."),
        Mistake("sum-of-all-squares", scaling(mix=lambda self, old, g: old + g * g), "You add up all squares, and forget none. That is Adagrad: its steps get smaller and smaller. Here v is a running mean."),
        Mistake("mean-of-the-gradient", scaling(mix=lambda self, old, g: self.alpha * old + (1 - self.alpha) * g, size=lambda self, v: np.abs(v) + self.eps), "v is a mean of g, not of g * g. Gradients of different signs cancel in it, and then the step explodes."),
        Mistake("square-of-the-mean", scaling(mix=lambda self, old, g: (self.alpha * np.sqrt(old) + (1 - self.alpha) * np.abs(g)) ** 2), "You average the size |g|, and square afterwards. The mean of squares is another thing: large gradients count for more."),
        Mistake("one-size-for-all-numbers", scaling(mix=lambda self, old, g: self.alpha * old + (1 - self.alpha) * (np.mean(g * g) if g.size else 0.0)), ELEMENT_HINT),
        Mistake("begins-at-one", by(Scaling, scale_from_one), "Your v begins at 1. It begins at 0; a first gradient of 0.001 would else be divided by 1."),
        Mistake("begins-at-the-first-square", scaling(mix=lambda self, old, g: np.where(old == 0, g * g, self.alpha * old + (1 - self.alpha) * g * g)), "Your v begins at the first g * g in full. A good idea, and not PyTorch's: v begins at 0, so after the first step it is (1 - alpha) * g * g."),
        Mistake("corrected", by(Scaling, scale_with_a_clock), "You divide v by 1 - alpha ** t. That is Adam's correction, which comes next. RMSprop has none."),
        Mistake("sign-only", by(Scaling, lambda self, p, g, state: (p - self.lr * np.sign(g), state.update(v=self.alpha * state.get("v", 0.0) + (1 - self.alpha) * g * g))[0]), "Every step is exactly lr long: that is the sign of the gradient. Divide by the root of the *running* mean."),
        Mistake("one-mean-for-all", by(Scaling, scale_on_self), SHARED_HINT),
        Mistake("gradient-overwritten", by(Scaling, scale_from_a_copy), GRADIENT_HINT),
        Mistake("nothing-returned", unreturned(RMSprop), RETURN_HINT),
        Mistake("nothing-remembered", unkept(RMSprop), KEPT_HINT),
        Mistake("another-name", renamed(RMSprop), NAME_HINT.replace("{names}", '`state["v"]`')),
        Mistake("uphill", by(Scaling, lambda self, p, g, state: 2 * p - RMSprop.update(self, p, g, state)), BACKWARDS_HINT),
    ),
)


# ------------------------------------------------------------------------------------------------------- Adam
class Adam(Optimizer):
    """The mean gradient over the root mean square gradient, both corrected for their start at 0."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr)
        self.betas, self.eps = betas, eps

    def update(self, p, g, state):
        beta1, beta2 = self.betas
        state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g * g
        m = state["m"] / (1 - beta1 ** state["t"])
        v = state["v"] / (1 - beta2 ** state["t"])
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class Moments(Optimizer):
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr)
        self.betas, self.eps = betas, eps

    def follow(self, g, state):
        beta1, beta2 = self.betas
        state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g * g
        return state["t"], state["m"], state["v"]


class AdamByRate(Moments):
    """A right variant: both corrections go into the learning rate (section 2 of the paper, at its end)."""

    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        root = math.sqrt(1 - self.betas[1] ** t)
        return p - self.lr * root / (1 - self.betas[0] ** t) * m / (np.sqrt(v) + root * self.eps)


class AdamInPlace(Moments):
    """A right variant: zeros at first, changed where they stand."""

    def update(self, p, g, state):
        if not state:
            state.update(t=0, m=np.zeros_like(p), v=np.zeros_like(p))
        state["t"] += 1
        state["m"] += (1 - self.betas[0]) * (g - state["m"])
        state["v"] *= self.betas[1]
        state["v"] += (1 - self.betas[1]) * g**2
        corrected = [state[name] / (1 - beta ** state["t"]) for name, beta in zip("mv", self.betas)]
        p -= self.lr * corrected[0] / (corrected[1] ** 0.5 + self.eps)
        return p


class AdamByNumber(Moments):
    """A right variant: number by number."""

    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        moved = np.empty(p.shape)
        for place in np.ndindex(p.shape):
            mean, square = m[place] / (1 - self.betas[0] ** t), v[place] / (1 - self.betas[1] ** t)
            moved[place] = p[place] - self.lr * mean / (math.sqrt(square) + self.eps)
        return moved


class AdamUncorrected(Moments):
    def update(self, p, g, state):
        _, m, v = self.follow(g, state)
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamFirstCorrected(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        return p - self.lr * m / (1 - self.betas[0] ** t) / (np.sqrt(v) + self.eps)


class AdamSecondCorrected(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        return p - self.lr * m / (np.sqrt(v / (1 - self.betas[1] ** t)) + self.eps)


class AdamFromStepZero(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        m = m / (1 - self.betas[0] ** (t - 1))
        v = v / (1 - self.betas[1] ** (t - 1))
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamFromStepTwo(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        m = m / (1 - self.betas[0] ** (t + 1))
        v = v / (1 - self.betas[1] ** (t + 1))
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamAlwaysStepOne(Moments):
    def update(self, p, g, state):
        _, m, v = self.follow(g, state)
        m = m / (1 - self.betas[0])
        v = v / (1 - self.betas[1])
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamMultiplied(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        m = m / (1 - self.betas[0] * t)
        v = v / (1 - self.betas[1] * t)
        return p - self.lr * m / (np.sqrt(np.abs(v)) + self.eps)


class AdamKeepingTheCorrected(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        state["m"] = m / (1 - self.betas[0] ** t)
        state["v"] = v / (1 - self.betas[1] ** t)
        return p - self.lr * state["m"] / (np.sqrt(state["v"]) + self.eps)


class AdamEpsInside(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        m = m / (1 - self.betas[0] ** t)
        v = v / (1 - self.betas[1] ** t)
        return p - self.lr * m / np.sqrt(v + self.eps)


class AdamWithoutEps(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        m = m / (1 - self.betas[0] ** t)
        v = v / (1 - self.betas[1] ** t)
        return p - self.lr * m / np.sqrt(v)


class AdamWithoutRoot(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        m = m / (1 - self.betas[0] ** t)
        v = v / (1 - self.betas[1] ** t)
        return p - self.lr * m / (v + self.eps)


class AdamWithTheGradient(Moments):
    def update(self, p, g, state):
        t, _, v = self.follow(g, state)
        v = v / (1 - self.betas[1] ** t)
        return p - self.lr * g / (np.sqrt(v) + self.eps)


class AdamBetasExchanged(Moments):
    def update(self, p, g, state):
        beta2, beta1 = self.betas
        t = state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g * g
        m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamWithoutSquares(Moments):
    def update(self, p, g, state):
        beta1, beta2 = self.betas
        t = state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g
        m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
        return p - self.lr * m / (np.sqrt(np.abs(v)) + self.eps)


class AdamSquaringTheMean(Moments):
    def update(self, p, g, state):
        beta1, beta2 = self.betas
        t = state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * state["m"] ** 2
        m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamSumming(Moments):
    def update(self, p, g, state):
        beta1, beta2 = self.betas
        t = state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + g
        state["v"] = beta2 * state.get("v", 0.0) + g * g
        m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamOneSize(Moments):
    def update(self, p, g, state):
        beta1, beta2 = self.betas
        t = state["t"] = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * np.mean(g * g)
        m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamOneClock(Moments):
    t = 0

    def update(self, p, g, state):
        beta1, beta2 = self.betas
        self.t += 1
        state["t"] = self.t
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g * g
        m, v = state["m"] / (1 - beta1**self.t), state["v"] / (1 - beta2**self.t)
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamOnSelf(Moments):
    t, m, v = 0, 0.0, 0.0

    def update(self, p, g, state):
        beta1, beta2 = self.betas
        self.t += 1
        self.m = beta1 * self.m + (1 - beta1) * g
        self.v = beta2 * self.v + (1 - beta2) * g * g
        m, v = self.m / (1 - beta1**self.t), self.v / (1 - beta2**self.t)
        return p - self.lr * m / (np.sqrt(v) + self.eps)


class AdamUphill(Moments):
    def update(self, p, g, state):
        t, m, v = self.follow(g, state)
        m = m / (1 - self.betas[0] ** t)
        v = v / (1 - self.betas[1] ** t)
        return p + self.lr * m / (np.sqrt(v) + self.eps)


def adam_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield from common_trials(rng, adam_moved, {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.01}, adam_kept, {"lr": 0.1, "betas": (0.5, 0.75), "eps": 1e-8})
    yield steps(adam_moved, {"lr": 0.1, "betas": (0.5, 0.75), "eps": 0.5}, [1.0], alone(2.0), "where p is after one step, with an eps so large that one sees where it stands")
    yield steps(adam_moved, {}, [array([1, 2])], alone([0.5, 20], [0.5, -20], [0.5, 20]), "where p is after three steps, with lr, betas and eps as they are by default", "p = [1, 2], gradients [0.5, 20], then [0.5, -20], then [0.5, 20]; by default lr = 0.001, betas = (0.9, 0.999), eps = 1e-08")
    yield steps(adam_moved, {"lr": 0.1}, [np.float64(1)], [[lambda p: p]] * 60, "where p is after 60 steps", "f = p * p / 2 from p = 1, so the gradient is p; lr = 0.1, by default betas = (0.9, 0.999), eps = 1e-08")


ADAM_FITS = lambda group: not group["amsgrad"]
optim_exercise(
    "Adam",
    Adam,
    title="Adam",
    statement='Count the steps of each parameter in state["t"]. Keep running means of g in state["m"] (with beta1) and of g * g in state["v"] (with beta2). Divide each by 1 - beta ** t, and step by lr * m / (sqrt(v) + eps). What is kept in state is as it was before the division.',
    signature="class Adam(Optimizer): Adam(params, lr=0.001, betas=(0.9, 0.999), eps=1e-8), .update(p, g, state) -> the new p",
    trials=adam_trials,
    variants=(AdamByRate, AdamInPlace, AdamByNumber),
    hints=(
        "Three things are remembered: t, m, v. Update all three first, in three lines. In the first step t is 1.",
        "m and v are means as in RMSprop: beta * old + (1 - beta) * new, with g for m and g * g for v. Then make two new names for m / (1 - beta1 ** t) and v / (1 - beta2 ** t).",
        "The new p is p minus lr times the corrected m, divided by (root of the corrected v, plus eps). state keeps the uncorrected ones.",
    ),
    replaces="learnnn.optim.Adam",
    adapt=optimizer(optim.Adam, ("m", "v"), lambda group: {name: group[name] for name in ("lr", "betas", "eps")}, ADAM_FITS),
    points=3,
    mistakes=(
        Mistake("no-correction", AdamUncorrected, "The means begin at 0 and are too small at first; you use them as they are. m is too small by 1 - beta1 ** t, v by 1 - beta2 ** t, and with the usual betas the first steps come out several times too large. Divide by both."),
        Mistake("second-mean-not-corrected", AdamFirstCorrected, "You correct m and not v. v begins at 0 too, and is too small by 1 - beta2 ** t: with beta2 = 0.999 the first step is over thirty times too large."),
        Mistake("first-mean-not-corrected", AdamSecondCorrected, "You correct v and not m. m begins at 0 too: the first step has only 1 - beta1 of its length."),
        Mistake("counts-from-zero", AdamFromStepZero, "In the first step you use t = 0. Then 1 - beta ** 0 is 0, and 0 is what you divide by. Count first: the first step has t = 1."),
        Mistake("counts-one-too-many", AdamFromStepTwo, "Your t is one ahead: in the first step the correction is 1 - beta ** 2. Count once a step, beginning at 1."),
        Mistake("correction-stuck-at-step-one", AdamAlwaysStepOne, "Right in the first step. Afterwards you still divide by 1 - beta: there should be a power, 1 - beta ** t, which comes closer and closer to 1."),
        Mistake("multiplied-for-power", AdamMultiplied, "You have beta * t where beta ** t belongs. Right in the first step, and then 1 - beta * t even becomes negative."),
        Mistake("corrected-means-kept", AdamKeepingTheCorrected, "Right in the first step. But you put the corrected means back into state, so that the next step corrects them again. Keep the plain ones; the corrected ones are for this step only."),
        Mistake("eps-inside-the-root", AdamEpsInside, "eps stands inside the root. It comes after: sqrt(v) + eps."),
        Mistake("eps-forgotten", AdamWithoutEps, "Without eps a gradient of 0 gives 0 / 0, and that is nan."),
        Mistake("root-forgotten", AdamWithoutRoot, "You divide by v itself, which is in squared units. Take the root first."),
        Mistake("gradient-for-the-mean", AdamWithTheGradient, "You step along g, with RMSprop's division. Adam steps along m, the mean of the gradients."),
        Mistake("betas-exchanged", AdamBetasExchanged, "beta1 and beta2 have changed places. The first is for m, the second for v, which is the slower of the two."),
        Mistake("squares-forgotten", AdamWithoutSquares, "v is a mean of g. It has to be one of g * g, in which signs do not cancel."),
        Mistake("square-of-the-mean", AdamSquaringTheMean, "v averages m * m. It averages g * g: how large single gradients are, also where they cancel in m."),
        Mistake("never-averaged", AdamSumming, "The new gradient counts in full. In a mean it counts 1 - beta, and the old one beta."),
        Mistake("one-size-for-all-numbers", AdamOneSize, ELEMENT_HINT),
        Mistake("one-clock-for-all", AdamOneClock, "You count steps on self, and update runs once for each parameter: with three parameters your clock runs three times too fast. Keep t in state, as m and v."),
        Mistake("one-memory-for-all", AdamOnSelf, SHARED_HINT),
        Mistake("nothing-returned", unreturned(Adam), RETURN_HINT),
        Mistake("nothing-remembered", unkept(Adam), KEPT_HINT),
        Mistake("another-name", renamed(Adam), NAME_HINT.replace("{names}", '`state["t"]`, `state["m"]`, `state["v"]`')),
        Mistake("uphill", AdamUphill, BACKWARDS_HINT),
    ),
)


# ------------------------------------------------------------------------------------------------------ AdamW
class AdamW(Adam):
    """Adam, and apart from it a pull of the weights towards 0."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas, eps)
        self.weight_decay = weight_decay

    def update(self, p, g, state):
        p = p * (1 - self.lr * self.weight_decay)
        return super().update(p, g, state)


class Shrinking(Adam):
    """What AdamW is told: everything but the rule."""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas, eps)
        self.weight_decay = weight_decay


def shrink_by_subtracting(self, p, g, state):
    decay = self.lr * self.weight_decay * p
    return Adam.update(self, p, g, state) - decay


def shrink_in_place(self, p, g, state):
    p *= 1 - self.lr * self.weight_decay
    return Adam.update(self, p, g, state)


def shrink_in_one_line(self, p, g, state):
    step = p - Adam.update(self, p, g, state)
    return p - (step + self.lr * self.weight_decay * p)


def shrinking(update: Callable) -> type:
    return by(Shrinking, update)


def shrink_sideways(self, p, g, state):
    moved = Adam.update(self, p, g, state)
    root = np.sqrt(state["v"] / (1 - self.betas[1] ** state["t"])) + self.eps
    return moved - self.lr * self.weight_decay * p / root


def adamw_trials(rng: np.random.Generator) -> Iterator[Trial]:
    small = {"lr": 0.1, "betas": (0.5, 0.75), "eps": 1e-8, "weight_decay": 0.5}
    yield from common_trials(rng, adamw_moved, {"lr": 0.05, "betas": (0.8, 0.95), "eps": 0.01, "weight_decay": 0.4}, adam_kept, small)
    yield steps(adamw_moved, small, [1.0], alone(0.0), "where p is after one step with gradient 0: there is still the decay")
    yield steps(adamw_moved, small, [1.0], alone(1000.0), "where p is after one step with a huge gradient")
    yield steps(adamw_moved, {"lr": 0.1, "weight_decay": 0.0}, [array([1, 2])], alone([1, 1], [2, -2]))
    yield steps(adamw_moved, {}, [array([1, 2])], alone([0.5, 20], [0.5, -20]), "where p is after two steps, with everything as it is by default", "p = [1, 2], gradients [0.5, 20], then [0.5, -20]; by default lr = 0.001, betas = (0.9, 0.999), eps = 1e-08, weight_decay = 0.01")


optim_exercise(
    "AdamW",
    AdamW,
    title="AdamW: weight decay apart from the gradient",
    statement="First shrink the parameter: p becomes p * (1 - lr * weight_decay). Then Adam's step, with the gradient as it is.",
    signature="class AdamW(Adam): AdamW(params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01), .update(p, g, state) -> the new p",
    trials=adamw_trials,
    variants=(shrinking(shrink_by_subtracting), shrinking(shrink_in_place), shrinking(shrink_in_one_line)),
    hints=(
        "Adam's rule is there already: `super().update(p, g, state)` gives the new p. What has to happen to p before it?",
        "With lr = 0.1 and weight_decay = 0.5, p = 1 shrinks to 0.95, whatever the gradient is. Then comes Adam's step.",
        "Two lines: p becomes p times (1 - lr * weight_decay), as a new array; then return what Adam makes of it.",
    ),
    replaces="learnnn.optim.AdamW",
    adapt=optimizer(optim.AdamW, ("m", "v"), lambda group: {name: group[name] for name in ("lr", "betas", "eps", "weight_decay")}, ADAM_FITS, decays=True),
    mistakes=(
        Mistake("decay-in-the-gradient", shrinking(lambda self, p, g, state: Adam.update(self, p, g + self.weight_decay * p, state)), "You add the decay to the gradient. Then Adam divides it by the root of v, and weights with large gradients hardly decay at all: that is what AdamW is there to avoid. Shrink p itself."),
        Mistake("decay-forgotten", shrinking(Adam.update), "weight_decay changes nothing: {actual} in place of {expected}."),
        Mistake("decay-without-lr", shrinking(lambda self, p, g, state: Adam.update(self, p * (1 - self.weight_decay), g, state)), "The decay is taken whole. It is lr * weight_decay in each step, so that it follows the schedule of lr."),
        Mistake("shrunk-after-the-step", shrinking(lambda self, p, g, state: Adam.update(self, p, g, state) * (1 - self.lr * self.weight_decay)), "You shrink after Adam's step, so the step itself is shrunk too. First shrink, then step. (A small difference; but the same numbers as PyTorch's are the aim.)"),
        Mistake("grows-instead-of-decaying", shrinking(lambda self, p, g, state: Adam.update(self, p * (1 + self.lr * self.weight_decay), g, state)), "Your weights grow by lr * weight_decay. They shrink: 1 minus it."),
        Mistake("only-the-decay-remains", shrinking(lambda self, p, g, state: Adam.update(self, p * self.lr * self.weight_decay, g, state)), "You keep lr * weight_decay of p, where 1 - lr * weight_decay should be left."),
        Mistake("decayed-twice", shrinking(lambda self, p, g, state: Adam.update(self, p * (1 - self.lr * self.weight_decay) ** 2, g, state)), "p is shrunk twice in a step: {actual} in place of {expected}."),
        Mistake("both-decays", shrinking(lambda self, p, g, state: Adam.update(self, p * (1 - self.lr * self.weight_decay), g + self.weight_decay * p, state)), "You shrink p, and add the decay to the gradient as well. One of them is enough: the first."),
        Mistake("decay-by-sign", shrinking(lambda self, p, g, state: Adam.update(self, p - self.lr * self.weight_decay * np.sign(p), g, state)), "You pull with the sign of p, equally hard on small and large weights. The decay is in proportion to p."),
        Mistake("decay-divided-too", shrinking(shrink_sideways), "Your decay is divided by the root of v. It stands outside of Adam's fraction: only the mean gradient is divided."),
        Mistake("gradient-shrunk", shrinking(lambda self, p, g, state: Adam.update(self, p, g * (1 - self.lr * self.weight_decay), state)), "You shrink the gradient. What decays is the parameter."),
        Mistake("nothing-returned", unreturned(AdamW), RETURN_HINT),
    ),
)


# -------------------------------------------------------------------------------------------------- schedules
def step_schedule(epoch, lr, step_size, gamma=0.1):
    return lr * gamma ** (epoch // step_size)


def step_by_loop(epoch, lr, step_size, gamma=0.1):
    for e in range(1, epoch + 1):
        if e % step_size == 0:
            lr = lr * gamma
    return lr


def step_by_floor(epoch, lr, step_size, gamma=0.1):
    return lr * math.pow(gamma, math.floor(epoch / step_size))


def step_by_calling_itself(epoch, lr, step_size, gamma=0.1):
    return lr if epoch < step_size else gamma * step_by_calling_itself(epoch - step_size, lr, step_size, gamma)


def falling(epoch: int, lr: float, step_size: int, gamma: float) -> float:
    """The rate, multiplied once for each multiple of step_size that has been passed."""
    passed = len([e for e in range(1, epoch + 1) if e % step_size == 0])
    return math.prod([lr] + [gamma] * passed)


def asked(settings: dict, f: Callable) -> Any:
    return f(**settings)


def step_schedule_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [(epoch, 1.0, 3, 0.5) for epoch in (0, 1, 2, 3, 4, 5, 6, 7, 9)] + [(4, 0.2, 1, 0.5), (0, 0.2, 1, 0.5), (30, 0.1, 10, 0.1)]
    cases += [(int(rng.integers(60)), float(np.round(rng.uniform(0.01, 2), 2)), int(rng.integers(2, 9)), 0.5) for _ in range(4)]
    for epoch, lr, step_size, gamma in cases:
        settings = {"epoch": epoch, "lr": lr, "step_size": step_size, "gamma": gamma}
        yield Trial("the rate", told(settings), partial(asked, settings), falling(**settings), 1e-9)
    settings = {"epoch": 25, "lr": 1.0, "step_size": 10}
    yield Trial("the rate", told(settings) + ", gamma by default", partial(asked, settings), 0.01, 1e-9)


SCHEDULERS = optim.lr_scheduler


def schedule(shipped: type, given: Callable, until: Callable = lambda self: math.inf) -> Callable:
    """How a learner's f(epoch, lr, ...) becomes a class of `learnnn.optim.lr_scheduler`.

    It says the rate as long as nobody else has changed it: schedules may work together, each on the rate that the
    others have left, and then the shipped one goes on. So it does beyond `until(self)`, of which the exercise says nothing.
    """

    def adapt(f: Callable) -> type:
        class Yours(shipped):
            def rate(self, base: float, epoch: int) -> float:
                return float(f(epoch, base, **given(self)))

            def get_lr(self) -> list[float]:
                usual, epoch = super().get_lr(), self.last_epoch
                if self._is_initial or epoch > until(self):
                    return usual
                alone = [math.isclose(lr, self.rate(base, epoch - 1), rel_tol=1e-9) for lr, base in zip(self.rates(), self.base_lrs)]
                return [self.rate(base, epoch) if mine else lr for mine, base, lr in zip(alone, self.base_lrs, usual)]

            def closed(self) -> list[float]:
                if self.last_epoch > until(self):
                    return super().closed()
                return [self.rate(base, self.last_epoch) for base in self.base_lrs]

        Yours.__name__, Yours.__qualname__, Yours.__module__, Yours.__doc__ = shipped.__name__, shipped.__name__, "learnnn.optim.lr_scheduler", shipped.__doc__
        return Yours

    return adapt


optim_exercise(
    "step_schedule",
    step_schedule,
    title="A schedule in steps",
    statement="The learning rate of an epoch (0, 1, 2, ...): it begins as lr and is multiplied by gamma every step_size epochs.",
    signature="step_schedule(epoch, lr, step_size, gamma=0.1) -> the rate",
    trials=step_schedule_trials,
    variants=(step_by_loop, step_by_floor, step_by_calling_itself),
    hints=(
        "With step_size = 3, epochs 0, 1, 2 have lr; 3, 4, 5 have lr * gamma; 6, 7, 8 have lr * gamma * gamma. How often has it been multiplied in epoch e?",
        "As often as step_size fits into epoch, in whole numbers: python's `//`.",
        "lr times a power of gamma, with `epoch // step_size` as the exponent.",
    ),
    replaces="learnnn.optim.lr_scheduler.StepLR",
    adapt=schedule(SCHEDULERS.StepLR, lambda self: {"step_size": self.step_size, "gamma": self.gamma}),
    mistakes=(
        Mistake("falls-all-the-time", lambda epoch, lr, step_size, gamma=0.1: lr * gamma ** (epoch / step_size), "Yours falls a little in every epoch: `/` gives fractions. In between the rate stays: `//`."),
        Mistake("falls-in-every-epoch", lambda epoch, lr, step_size, gamma=0.1: lr * gamma**epoch, "You multiply in every epoch. Only every step_size epochs."),
        Mistake("one-epoch-early", lambda epoch, lr, step_size, gamma=0.1: lr * gamma ** ((epoch + 1) // step_size), "One epoch early: epochs are counted from 0, so the first that falls is epoch step_size. Here {inputs}."),
        Mistake("one-epoch-late", lambda epoch, lr, step_size, gamma=0.1: lr * gamma ** (max(0, epoch - 1) // step_size), "One epoch late. Epoch step_size is the first with the lower rate. Here {inputs}."),
        Mistake("falls-once", lambda epoch, lr, step_size, gamma=0.1: lr * gamma if epoch >= step_size else lr, "It falls only once. Every step_size epochs it is multiplied again: a power of gamma."),
        Mistake("falls-for-one-epoch", lambda epoch, lr, step_size, gamma=0.1: lr * gamma if epoch and epoch % step_size == 0 else lr, "The lower rate holds for a single epoch, and then it is lr again. (`lr * gamma` in epochs that step_size divides: but each call begins from the first lr.)"),
        Mistake("multiplied-for-power", lambda epoch, lr, step_size, gamma=0.1: lr * gamma * (epoch // step_size) if epoch >= step_size else lr, "You multiply by gamma times the number of falls. Falling twice is gamma * gamma: a power."),
        Mistake("rounded", lambda epoch, lr, step_size, gamma=0.1: lr * gamma ** round(epoch / step_size), "You round, so it falls half a step_size too early. It falls when step_size epochs are complete: round down."),
        Mistake("remainder", lambda epoch, lr, step_size, gamma=0.1: lr * gamma ** (epoch % step_size), "`%` is the remainder. How often step_size fits is `//`."),
        Mistake("taken-away", lambda epoch, lr, step_size, gamma=0.1: lr - gamma * (epoch // step_size), "You subtract gamma. It multiplies."),
        Mistake("upside-down", lambda epoch, lr, step_size, gamma=0.1: lr / gamma ** (epoch // step_size), "Yours grows: {actual} in place of {expected}. Multiply by gamma."),
        Mistake("gamma-ignored", lambda epoch, lr, step_size, gamma=0.1: lr * 0.1 ** (epoch // step_size), "You always take 0.1. Use gamma."),
    ),
)


def cosine_schedule(epoch, lr, T_max, eta_min=0.0):
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * epoch / T_max)) / 2


def cosine_by_square(epoch, lr, T_max, eta_min=0.0):
    part = np.cos(np.pi * epoch / (2 * T_max)) ** 2  # cos^2 of the half angle
    return part * lr + (1 - part) * eta_min


def cosine_by_sine(epoch, lr, T_max, eta_min=0.0):
    return lr - (lr - eta_min) * math.sin(0.5 * math.pi * epoch / T_max) ** 2


def cosine_by_middle(epoch, lr, T_max, eta_min=0.0):
    middle, swing = (lr + eta_min) / 2, (lr - eta_min) / 2
    return middle + swing * math.cos(epoch / T_max * math.pi)


def slid(epoch: int, lr: float, T_max: int, eta_min: float) -> float:
    """The height of a point on a half circle's rim, as it goes round at an even pace from the top to the bottom."""
    rim = complex(0, 1) ** (2 * epoch / T_max)  # e^(i pi epoch / T_max)
    return eta_min + (lr - eta_min) * (rim.real + 1) / 2


def cosine_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [(0, 1.0, 10, 0.0), (5, 1.0, 10, 0.0), (10, 1.0, 10, 0.0), (2, 1.0, 6, 0.0), (3, 1.0, 9, 0.0), (0, 1.0, 10, 0.2), (5, 1.0, 10, 0.2), (10, 1.0, 10, 0.2), (1, 0.3, 1, 0.1)]
    for _ in range(5):
        T_max, eta_min = int(rng.integers(5, 50)), float(np.round(rng.uniform(0.01, 0.1), 2))
        cases.append((int(rng.integers(1, T_max)), float(np.round(rng.uniform(0.2, 2), 2)), T_max, eta_min))
    for epoch, lr, T_max, eta_min in cases:
        settings = {"epoch": epoch, "lr": lr, "T_max": T_max, "eta_min": eta_min}
        yield Trial("the rate", told(settings), partial(asked, settings), round(slid(**settings), 12))
    settings = {"epoch": 5, "lr": 1.0, "T_max": 10}
    yield Trial("the rate", told(settings) + ", eta_min by default", partial(asked, settings), 0.5)


optim_exercise(
    "cosine_schedule",
    cosine_schedule,
    title="A schedule along a cosine",
    statement="The learning rate of an epoch from 0 to T_max: half a cosine, from lr at epoch 0 down to eta_min at epoch T_max.",
    signature="cosine_schedule(epoch, lr, T_max, eta_min=0.0) -> the rate",
    trials=cosine_trials,
    variants=(cosine_by_square, cosine_by_sine, cosine_by_middle),
    hints=(
        "cos goes from 1 at angle 0 to -1 at angle pi. Which angle belongs to epoch, if pi belongs to T_max?",
        "(1 + cos) / 2 goes from 1 to 0. Stretch that so that it goes from lr to eta_min.",
        "eta_min plus (lr - eta_min) times (1 + cos(pi * epoch / T_max)) / 2.",
    ),
    replaces="learnnn.optim.lr_scheduler.CosineAnnealingLR",
    adapt=schedule(SCHEDULERS.CosineAnnealingLR, lambda self: {"T_max": self.T_max, "eta_min": self.eta_min}, lambda self: self.T_max),
    mistakes=(
        Mistake("half-forgotten", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * (1 + math.cos(math.pi * epoch / T_max)), "1 + cos goes from 2 to 0, so yours begins at twice the rate. Halve it."),
        Mistake("negative-half", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * math.cos(math.pi * epoch / T_max), "cos goes from 1 down to -1, and so does your rate: in the second half you walk uphill. (1 + cos) / 2 goes from 1 to 0."),
        Mistake("pi-forgotten", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * (1 + math.cos(epoch / T_max)) / 2, "The angle has to be pi at T_max; yours is 1."),
        Mistake("whole-turn", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * (1 + math.cos(2 * math.pi * epoch / T_max)) / 2, "Yours comes up again: 2 * pi is a whole turn. Half a turn goes from the top to the bottom."),
        Mistake("quarter-turn", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * math.cos(math.pi / 2 * epoch / T_max), "That is a quarter of a turn: it ends at full speed. Half a turn, (1 + cos) / 2, begins and ends gently."),
        Mistake("in-degrees", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * (1 + math.cos(180 * epoch / T_max)) / 2, "python's cos takes radians: half a turn is pi, not 180."),
        Mistake("bottom-added-on-top", lambda epoch, lr, T_max, eta_min=0.0: eta_min + lr * (1 + math.cos(math.pi * epoch / T_max)) / 2, "Yours begins at lr + eta_min. What swings is the difference, lr - eta_min."),
        Mistake("bottom-ignored", lambda epoch, lr, T_max, eta_min=0.0: lr * (1 + math.cos(math.pi * epoch / T_max)) / 2, "It goes down to 0, and should end at eta_min."),
        Mistake("cut-at-the-bottom", lambda epoch, lr, T_max, eta_min=0.0: max(eta_min, lr * (1 + math.cos(math.pi * epoch / T_max)) / 2), "You go down to 0 and cut off what is below eta_min. The curve itself ends there: stretch it."),
        Mistake("upside-down", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * (1 - math.cos(math.pi * epoch / T_max)) / 2, "Yours begins at the bottom: 1 - cos goes from 0 to 2."),
        Mistake("sine", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * (1 + math.sin(math.pi * epoch / T_max)) / 2, "That is a sine: it begins in the middle."),
        Mistake("straight", lambda epoch, lr, T_max, eta_min=0.0: lr + (eta_min - lr) * epoch / T_max, "That is a straight line. Right at both ends and in the middle, and not in between."),
        Mistake("bottom-one-epoch-early", lambda epoch, lr, T_max, eta_min=0.0: eta_min + (lr - eta_min) * (1 + math.cos(math.pi * epoch / max(1, T_max - 1))) / 2, "Your bottom is at epoch T_max - 1. It is at T_max."),
    ),
)


# ----------------------------------------------------------------------------------------- clipping gradients
def clip_grad_norm_(params, max_norm):
    params = [p for p in params if p.grad is not None]
    total = math.sqrt(sum(float((p.grad**2).sum()) for p in params))
    factor = min(1.0, max_norm / (total + 1e-6))
    for p in params:
        p.grad = p.grad * factor
    return total


def clip_in_place(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    total = np.linalg.norm([np.linalg.norm(g) for g in grads])
    for g in grads:
        g *= np.minimum(1.0, max_norm / (total + 1e-6))
    return total


def clip_as_one_vector(params, max_norm):
    params = list(params)
    vector = np.concatenate([p.grad.ravel() for p in params if p.grad is not None] or [np.zeros(0)])
    norm = np.sqrt(vector @ vector)
    for p in params:
        if p.grad is not None and norm + 1e-6 > max_norm:
            p.grad = p.grad / (norm + 1e-6) * max_norm
    return norm


def clip_with_two_loops(params, max_norm):
    seen, total = [], 0.0
    for p in params:
        if p.grad is None:
            continue
        seen.append(p)
        for x in p.grad.ravel():
            total += x * x
    total = total**0.5
    for p in seen:
        p.grad *= max_norm / max(total + 1e-6, max_norm)
    return total


def length_of(grads: Sequence[np.ndarray]) -> float:
    return math.hypot(*[float(x) for g in grads if g is not None for x in np.ravel(g)])


def clipped(grads: Sequence[Any], max_norm: float, lazily: bool, f: Callable) -> Any:
    """(what came back, the gradients afterwards)"""
    params = [Parameter(0.0 if g is None else np.zeros_like(g), g) for g in grads]
    came_back = f(iter(params) if lazily else params, max_norm)
    return came_back, tuple("None" if p.grad is None else p.grad for p in params)


def clip_trials(rng: np.random.Generator) -> Iterator[Trial]:
    large = [drawn(rng, 3, 2) * 5 + 20, drawn(rng, 4) * 5 + 20, drawn(rng) + 30]
    cases: tuple[tuple[list, float], ...] = (
        ([array([3, 4])], 1.0), ([array([30, 40])], 5.0), ([array([3, 4])], 5.0), ([array([3, 4])], 10.0), ([array([6, 0]), array([0, 8])], 5.0), ([array([3]), array([40])], 5.0),
        ([array([6, 0]), None, array([0, 8])], 5.0), ([array([0, 0])], 1.0), ([array([-6, 8])], 5.0), ([array([6, 8]), array([0, 0])], 2.0), ([None, None], 1.0), ([array([600, 800])], 0.5), ([array([3e-6, 4e-6])], 2e-6), (large, 3.0), (large, 500.0),
    )
    for grads, max_norm in cases:
        total = length_of(grads)
        after = tuple("None" if g is None else g * min(1.0, max_norm / (total + 1e-6)) for g in grads)
        text = f"gradients {', '.join('None' if g is None else spelled(g) for g in grads)}; max_norm = {max_norm:g}"
        yield Trial("(the norm before, the gradients afterwards)", text, partial(clipped, grads, max_norm, False), (total, after))
    yield Trial("(the norm before, the gradients afterwards)", "params is a generator, gradients [6, 0], [0, 8]; max_norm = 5", partial(clipped, [array([6, 0]), array([0, 8])], 5.0, True), (10.0, (array([3, 0]), array([0, 4]))))


def adapt_clip(f: Callable) -> Callable:
    shipped = nn.utils.clip_grad_norm_

    @wraps(shipped)
    def yours(parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: Any = None) -> Any:
        parameters = [parameters] if isinstance(parameters, Variable) else list(parameters)
        if float(norm_type) != 2.0 or error_if_nonfinite:
            return shipped(parameters, max_norm, norm_type, error_if_nonfinite, foreach)
        slots = [Parameter(0.0, None if p.grad is None else p.grad.array) for p in parameters]
        total = f(slots, float(max_norm))
        moved = [(p.grad.array, slot.grad) for p, slot in zip(parameters, slots) if p.grad is not None]
        for place, grad in moved:
            place[...] = grad
        return wrap(np.asarray(total, moved[0][0].dtype if moved else np.float32))

    return yours


def clipping(norm: Callable = lambda grads: np.sqrt(sum((g * g).sum() for g in grads)), scale: Callable = lambda norm, most: min(1.0, most / (norm + 1e-6)),
             back: Callable = lambda norm, after: norm, shrink: Callable = lambda g, scale, most: g * scale) -> Callable:  # fmt: skip
    """Clipping with some of its parts replaced."""

    def clip(params, max_norm):
        params = [p for p in params if p.grad is not None]
        total = norm([p.grad for p in params]) if params else 0.0
        for p in params:
            p.grad = shrink(p.grad, scale(total, max_norm), max_norm)
        return back(total, norm([p.grad for p in params]) if params else 0.0)

    return clip


def clip_one_by_one(params, max_norm):
    params = [p for p in params if p.grad is not None]
    total = np.sqrt(sum((p.grad**2).sum() for p in params))
    for p in params:
        own = np.sqrt((p.grad**2).sum())
        p.grad = p.grad * min(1.0, max_norm / (own + 1e-6))
    return total


def clip_a_name(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    total = np.sqrt(sum((g * g).sum() for g in grads))
    for g in grads:
        g = g * min(1.0, max_norm / (total + 1e-6))
    return total


def clip_without_asking(params, max_norm):
    params = list(params)
    total = np.sqrt(sum((p.grad**2).sum() for p in params))
    for p in params:
        p.grad = p.grad * min(1.0, max_norm / (total + 1e-6))
    return total


def clip_asking_twice(params, max_norm):
    total = np.sqrt(sum((p.grad**2).sum() for p in params if p.grad is not None))
    for p in params:
        if p.grad is not None:
            p.grad = p.grad * min(1.0, max_norm / (total + 1e-6))
    return total


def clip_in_one_loop(params, max_norm):
    for p in params:
        if p.grad is not None:
            norm = np.sqrt((p.grad**2).sum())
            p.grad = p.grad * min(1.0, max_norm / (norm + 1e-6))
    return norm


def clip_in_one_loop_from_zero(params, max_norm):
    norm = 0.0
    for p in params:
        if p.grad is not None:
            norm = np.sqrt((p.grad**2).sum())
            p.grad = p.grad * min(1.0, max_norm / (norm + 1e-6))
    return norm


def clip_on_the_way(params, max_norm):
    total = 0.0
    for p in params:
        if p.grad is not None:
            total += (p.grad**2).sum()
            p.grad = p.grad * min(1.0, max_norm / (np.sqrt(total) + 1e-6))
    return np.sqrt(total)


optim_exercise(
    "clip_grad_norm_",
    clip_grad_norm_,
    title="Clipping the gradient",
    statement="The norm of all gradients together, as one long vector: the root of the sum of all squares. Multiply all gradients by one and the same factor, max_norm / (norm + 1e-6), or by 1 where that would be more: so they come down to max_norm, and short ones stay as they are. Give back the norm that they had. Parameters whose grad is None are left alone.",
    signature="clip_grad_norm_(params, max_norm) -> the norm before clipping",
    trials=clip_trials,
    variants=(clip_in_place, clip_as_one_vector, clip_with_two_loops),
    hints=(
        "Two loops: one that adds up the squares of all gradients, one that scales. The factor is the same for all, so that the direction stays.",
        "The factor is max_norm / (norm + 1e-6), but never more than 1. And params may be a generator: make a list of it first, or the second loop finds nothing.",
        "`params = [p for p in params if p.grad is not None]`; the norm is the root of the sum of `(p.grad ** 2).sum()`; in the second loop `p.grad = p.grad * factor`.",
    ),
    replaces="learnnn.nn.utils.clip_grad_norm_",
    adapt=adapt_clip,
    mistakes=(
        Mistake("each-by-itself", clip_one_by_one, "You clip each parameter by its own norm. Then their proportions change, and with them the direction. One norm over all of them, one factor for all."),
        Mistake("one-loop", clip_in_one_loop, "One loop cannot do it: you clip each parameter by its own norm (and give back the last of them). Only when all squares have been added up is the norm known. A second loop then scales all gradients by one factor."),
        Mistake("one-loop-from-zero", clip_in_one_loop_from_zero, "One loop cannot do it: you clip each parameter by its own norm, and give back the last of them. Only when all squares have been added up is the norm known. A second loop then scales all gradients by one factor."),
        Mistake("clipped-while-adding-up", clip_on_the_way, "You clip while you are still adding up, so the first gradients are scaled by a norm that is not complete. Add up in one loop, scale in a second."),
        Mistake("element-by-element", clipping(shrink=lambda g, scale, most: np.clip(g, -most, most)), "You cut each number to the range from -max_norm to max_norm. That turns the gradient into another direction. (PyTorch has it as clip_grad_value_.)"),
        Mistake("always-scaled", clipping(scale=lambda norm, most: most / (norm + 1e-6)), "You scale small gradients *up* to max_norm. A gradient that is short enough stays as it is: the factor is at most 1."),
        Mistake("norm-afterwards", clipping(back=lambda norm, after: after), "You gave back the norm after clipping. Asked is the one before: it is what one watches during training."),
        Mistake("nothing-returned", clipping(back=lambda norm, after: None), "The gradients are right. Give back the norm that they had."),
        Mistake("root-forgotten", clipping(norm=lambda grads: sum((g * g).sum() for g in grads)), "You took the sum of squares for the norm: {actual} in place of {expected}. Its root is missing."),
        Mistake("sum-of-norms", clipping(norm=lambda grads: sum(np.sqrt((g * g).sum()) for g in grads)), "You added up the norms of the parameters. Norms do not add: [6, 0] and [0, 8] together have the norm 10, not 14. Add the squares, then take the root."),
        Mistake("absolute-values", clipping(norm=lambda grads: sum(np.abs(g).sum() for g in grads)), "You added up absolute values: that is another norm (of order 1). Here it is the root of the sum of squares."),
        Mistake("largest-element", clipping(norm=lambda grads: max(np.abs(g).max() for g in grads)), "You took the largest element for the norm. It is the root of the sum of all squares."),
        Mistake("mean-for-sum", clipping(norm=lambda grads: np.sqrt(sum((g * g).sum() for g in grads) / sum(g.size for g in grads))), "You took the mean of the squares. Then large networks would hardly be clipped at all. The norm is the root of their *sum*."),
        Mistake("divided-by-the-norm", clipping(scale=lambda norm, most: 1 / (norm + 1e-6) if norm > most else 1.0), "You scale to a norm of 1. It should come out as max_norm."),
        Mistake("multiplied-by-the-limit", clipping(scale=lambda norm, most: most if norm > most else 1.0), "You multiply by max_norm. The factor is max_norm / norm."),
        Mistake("only-a-name-changed", clip_a_name, "The norm is right, and no gradient has changed: `g = g * factor` makes a new array and gives it a name. Put it into p.grad, or write into the array (`*=`)."),
        Mistake("small-number-forgotten", clipping(scale=lambda norm, most: min(1.0, most / norm) if norm else 1.0), "Nearly: the norm in the fraction has 1e-6 added to it, norm + 1e-6, as in PyTorch. With gradients as tiny as {inputs} one sees it; and a gradient of 0 needs no special case."),
        Mistake("gradient-none", clip_without_asking, "A parameter without a gradient (None) makes it fail: leave it out."),
        Mistake("generator-used-up", clip_asking_twice, "Right with a list. With a generator, as `model.parameters()` is one, the second loop finds nothing. Make a list first."),
    ),
)


# ---------------------------------------------------------------------------------------- warm-up (graded)
def warmup(step, lr, warm, total):
    if step < warm:
        return lr * (step + 1) / warm
    return cosine_schedule(step - warm, lr, total - warm)


def warmup_by_minimum(step, lr, warm, total):
    up = (step + 1) / warm if warm else 1.0
    down = 0.5 * (1 + math.cos(math.pi * max(0, step - warm) / (total - warm)))
    return lr * min(up, 1.0) * down


def warmup_by_table(step, lr, warm, total):
    rates = [lr * k / warm for k in range(1, warm + 1)]
    rates += [lr * math.cos(math.pi / 2 * k / (total - warm)) ** 2 for k in range(total - warm + 1)]
    return rates[step]


def warmup_by_condition(step, lr, warm, total):
    part = (step - warm) / (total - warm)
    return lr / warm * (step + 1) if part < 0 else lr / 2 + lr / 2 * math.cos(part * math.pi)


def warmed(step: int, lr: float, warm: int, total: int) -> float:
    """Counted up in equal parts, then along the rim of a half circle."""
    if step < warm:
        return math.fsum([lr / warm] * (step + 1))
    return slid(step - warm, lr, total - warm, 0.0)


def warmup_trials(rng: np.random.Generator) -> Iterator[Trial]:
    cases = [(step, 1.0, 4, 10) for step in (0, 1, 3, 4, 5, 7, 9, 10)] + [(0, 0.5, 0, 8), (4, 0.5, 0, 8), (0, 0.3, 1, 5), (1, 0.3, 1, 5)]
    for _ in range(4):
        warm = int(rng.integers(2, 20))
        total = warm + int(rng.integers(5, 60))
        cases += [(int(rng.integers(total)), float(np.round(rng.uniform(0.1, 2), 2)), warm, total)]
    for case in cases:
        settings = dict(zip(("step", "lr", "warm", "total"), case))
        yield Trial("the rate", told(settings), partial(asked, settings), round(warmed(*case), 12))


def warming(up: Callable = lambda step, warm: (step + 1) / warm, down: Callable = lambda step, warm, total: (1 + math.cos(math.pi * (step - warm) / (total - warm))) / 2, ends: Callable = lambda step, warm: step < warm) -> Callable:
    """The two halves and where they meet, some of them replaced."""
    return lambda step, lr, warm, total: lr * (up(step, warm) if ends(step, warm) else down(step, warm, total))


optim_exercise(
    "warmup",
    warmup,
    title="Warm up, then cool down",
    statement="The rate at a step (0, 1, 2, ...): in the first `warm` steps it climbs in a straight line, lr * (step + 1) / warm; from step `warm` on it goes down along half a cosine, from lr at step `warm` to 0 at step `total`. Without warm-up (warm = 0) the cosine begins at once.",
    signature="warmup(step, lr, warm, total) -> the rate",
    trials=warmup_trials,
    variants=(warmup_by_minimum, warmup_by_table, warmup_by_condition),
    hints=(
        "Two cases: step < warm, and the rest. Write down the rates for warm = 4, lr = 1: 0.25, 0.5, 0.75, 1, and then?",
        "For the second case you have a function already. How many steps has the cosine behind it, and how many are there in all?",
        "`cosine_schedule(step - warm, lr, total - warm)`: both counted from the end of the warm-up.",
    ),
    points=2,
    mistakes=(
        Mistake("begins-at-zero", warming(up=lambda step, warm: step / warm), "Your first step has the rate 0: a step that goes nowhere. (step + 1) / warm begins above it, and reaches lr in the last step of the warm-up."),
        Mistake("cosine-from-the-start", warming(down=lambda step, warm, total: (1 + math.cos(math.pi * step / total)) / 2), "Your cosine counts from step 0, so the rate jumps down when the warm-up ends: {actual} in place of {expected}. Its first step is step `warm`."),
        Mistake("ends-too-late", warming(down=lambda step, warm, total: (1 + math.cos(math.pi * (step - warm) / total)) / 2), "Your cosine takes `total` steps from the end of the warm-up, and so is not down at step `total`. It has total - warm."),
        Mistake("straight-down", warming(down=lambda step, warm, total: (total - step) / (total - warm)), "Down in a straight line. Asked is half a cosine."),
        Mistake("never-down", warming(down=lambda step, warm, total: 1.0), "After the warm-up the rate stays at lr. It goes down along half a cosine."),
        Mistake("warmed-one-step-too-long", warming(ends=lambda step, warm: step <= warm), "Step `warm` still belongs to your warm-up, and gets more than lr: {actual}. `step < warm`."),
        Mistake("warm-zero-fails", lambda step, lr, warm, total: lr * min(1.0, (step + 1) / warm) * (1 + math.cos(math.pi * max(0, step - warm) / (total - warm))) / 2, "With warm = 0 you divide by 0. Ask for step < warm first."),
        Mistake("both-at-once", lambda step, lr, warm, total: lr * (min(1.0, (step + 1) / warm) if warm else 1.0) * (1 + math.cos(math.pi * step / total)) / 2, "Warm-up and cosine are multiplied from step 0 on, so lr itself is never reached. The cosine begins when the warm-up has ended."),
        Mistake("half-forgotten", warming(down=lambda step, warm, total: 1 + math.cos(math.pi * (step - warm) / (total - warm))), "1 + cos goes from 2 to 0: halve it."),
        Mistake("never-quite-there", warming(up=lambda step, warm: (step + 1) / (warm + 1)), "Your warm-up ends below lr: the last of its steps has warm / (warm + 1) of it. Divide by warm."),
        Mistake("climbs-by-itself", warming(up=lambda step, warm: 1 / warm), "Your warm-up does not climb: each of its steps has lr / warm. The k-th has k times that."),
        Mistake("warm-up-along-a-cosine", warming(up=lambda step, warm: (1 - math.cos(math.pi * (step + 1) / warm)) / 2), "Your warm-up follows a cosine too. Asked is a straight line."),
    ),
)


# ---------------------------------------------------------------------------------------- Adagrad (graded)
class Adagrad(Optimizer):
    """The gradient over the root of the sum of all squares so far."""

    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, lr)
        self.eps = eps

    def update(self, p, g, state):
        state["total"] = state.get("total", 0.0) + g * g
        return p - self.lr * g / (np.sqrt(state["total"]) + self.eps)


class Summing(Optimizer):
    """What Adagrad is told: everything but the rule."""

    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, lr)
        self.eps = eps


def sum_in_place(self, p, g, state):
    if not state:
        state["total"] = np.zeros_like(p)
    state["total"] += g**2
    p -= self.lr * g / (state["total"] ** 0.5 + self.eps)
    return p


def sum_by_norm(self, p, g, state):
    root = np.hypot(np.sqrt(state.get("total", 0.0)), g)
    state["total"] = root**2
    return p - self.lr / (root + self.eps) * g


def sum_by_number(self, p, g, state):
    total, moved = np.array(state.get("total", np.zeros(p.shape)), float), np.array(p)
    for place in np.ndindex(p.shape):
        total[place] += g[place] * g[place]
        moved[place] -= self.lr * g[place] / (math.sqrt(total[place]) + self.eps)
    state["total"] = total
    return moved


def summing(mix: Callable = lambda old, g: old + g * g, size: Callable = lambda total, eps: np.sqrt(total) + eps, old: bool = False) -> type:
    """Adagrad with another sum, or another size made of it."""

    def update(self, p, g, state):
        before = state.get("total", np.zeros_like(p))
        state["total"] = mix(before, g)
        return p - self.lr * g / size(before if old else state["total"], self.eps)

    return by(Summing, update)


def sum_on_self(self, p, g, state):
    self.total = getattr(self, "total", 0.0) + g * g
    return p - self.lr * g / (np.sqrt(self.total) + self.eps)


def sum_locally(self, p, g, state):
    total = state.get("total", 0.0) + g * g
    return p - self.lr * g / (np.sqrt(total) + self.eps)


def adagrad_trials(rng: np.random.Generator) -> Iterator[Trial]:
    yield from common_trials(rng, adagrad_moved, {"lr": 0.3, "eps": 0.01}, adagrad_kept, {"lr": 0.1, "eps": 1e-10})
    yield steps(adagrad_moved, {"lr": 0.1, "eps": 0.5}, [1.0], alone(2.0), "where p is after one step, with an eps so large that one sees where it stands")
    yield steps(adagrad_moved, {"lr": 0.1}, [1.0], alone(3.0, 4.0), "where p is after two steps: the root of 9 + 16 is 5")
    yield steps(adagrad_moved, {}, [array([1, 2])], alone([0.5, 20], [0.5, -20]), "where p is after two steps, with lr and eps as they are by default", "p = [1, 2], gradients [0.5, 20], then [0.5, -20]; by default lr = 0.01, eps = 1e-10")


optim_exercise(
    "Adagrad",
    Adagrad,
    title="Adagrad",
    statement='Add up the squares of all gradients in state["total"], and forget none. The step is lr * g / (sqrt(total) + eps), each number by its own total.',
    signature="class Adagrad(Optimizer): Adagrad(params, lr=0.01, eps=1e-10), .update(p, g, state) -> the new p",
    trials=adagrad_trials,
    variants=(by(Summing, sum_in_place), by(Summing, sum_by_norm), by(Summing, sum_by_number)),
    hints=(
        "It is RMSprop with a sum in place of the running mean.",
        'state["total"] begins at 0 and grows by g * g in every step, element by element. Add first, then divide by the root.',
        'Two lines, as in RMSprop; in the first neither alpha nor 1 - alpha.',
    ),
    replaces="learnnn.optim.Adagrad",
    adapt=optimizer(optim.Adagrad, ("total",), lambda group: {name: group[name] for name in ("lr", "eps")}, lambda group: not group["lr_decay"] and not group["initial_accumulator_value"]),
    points=2,
    mistakes=(
        Mistake("running-mean", summing(mix=lambda old, g: 0.99 * old + 0.01 * g * g), "That is RMSprop: a running mean forgets. Adagrad adds up all squares."),
        Mistake("root-forgotten", summing(size=lambda total, eps: total + eps), "You divide by the sum of squares itself. Take the root: {actual} in place of {expected}."),
        Mistake("eps-inside-the-root", summing(size=lambda total, eps: np.sqrt(total + eps)), "eps stands inside the root. It comes after: sqrt(total) + eps."),
        Mistake("eps-forgotten", summing(size=lambda total, eps: np.sqrt(total)), "Without eps a first gradient of 0 gives 0 / 0, and that is nan."),
        Mistake("old-sum", summing(old=True), "You divide by the sum of before. In the first step that is 0. Add first, then divide."),
        Mistake("squares-forgotten", summing(mix=lambda old, g: old + g, size=lambda total, eps: np.abs(total) + eps), "You add up g, in which signs cancel. Add up g * g, and take the root."),
        Mistake("absolute-values", summing(mix=lambda old, g: old + np.abs(g), size=lambda total, eps: total + eps), "You add up |g|. It is the root of the sum of squares: for 3 and 4 that is 5, not 7."),
        Mistake("one-size-for-all-numbers", summing(mix=lambda old, g: old + (g * g).sum()), ELEMENT_HINT),
        Mistake("nothing-remembered", by(Summing, sum_locally), "The sum is not put back into state, so every step is lr long: the sign of the gradient."),
        Mistake("one-sum-for-all", by(Summing, sum_on_self), SHARED_HINT),
        Mistake("nothing-returned", unreturned(Adagrad), RETURN_HINT),
        Mistake("another-name", renamed(Adagrad), NAME_HINT.replace("{names}", '`state["total"]`')),
        Mistake("uphill", by(Summing, lambda self, p, g, state: 2 * p - Adagrad.update(self, p, g, state)), BACKWARDS_HINT),
    ),
)


# --------------------------------------------------------------------------------------- predict, then run
PREDICTED = ("SGD with momentum", "Adam", "SGD with weight decay")


def judged(place: int, value: float, predict: Callable) -> str:
    """Only right or wrong, so that a report does not give the number away."""
    answer = predict()[place]
    return "right" if math.isclose(answer, value, rel_tol=1e-6) else f"not {answer:g}"


def prediction_trials(rng: np.random.Generator) -> Iterator[Trial]:
    gradients = [np.float64(4), np.float64(4)]
    rules: tuple[tuple[Rule, dict], ...] = ((sgd_moved, {"lr": 0.1, "momentum": 0.9}), (adam_moved, {"lr": 0.1}), (sgd_moved, {"lr": 0.1, "weight_decay": 0.5}))
    for place, (rule, settings) in enumerate(rules):
        yield Trial("where w is after two steps", PREDICTED[place], partial(judged, place, float(ended(rule, settings, 1.0, gradients))), "right")


def prediction():
    # momentum: buf is 4, then 0.9 * 4 + 4 = 7.6:            1 - 0.4 - 0.76 = -0.16
    # Adam: the corrected means are 4 and 16, 4 / 4 = 1:     1 - 0.1 - 0.1 = 0.8
    # decay: 4 + 0.5 * 1 = 4.5, then w = 0.55: 4.275:        1 - 0.45 - 0.4275 = 0.1225
    return -0.16, 0.8, 0.1225


optim_exercise(
    "predict",
    prediction,
    title="Predict, then run: two steps, three rules",
    statement="w = 1 and lr = 0.1. The gradient is 4 in both of two steps. Where is w afterwards with SGD and momentum 0.9; with Adam; with SGD and weight_decay 0.5? On paper.",
    signature="prediction() -> (SGD with momentum, Adam, SGD with weight decay)",
    trials=prediction_trials,
    variants=(lambda: [-0.16, 0.8, 0.1225], lambda: np.array([-0.16, 0.8, 0.1225]), saying(1 - 0.4 - 0.76, 4 / 5, 0.55 - 0.4275)),
    hints=(
        "One step after the other, each rule in a row of its own: what is remembered, the step, the new w.",
        "Momentum: buf is 4, then 3.6 + 4. Adam: when all gradients are the same, what are their corrected mean and their corrected root mean square? Decay: the second step starts from another w.",
        "Momentum: 1 - 0.1 * 4 - 0.1 * 7.6. Adam: each step is 0.1 * 4 / 4. Decay: gradients of 4 + 0.5 * 1, and then of 4 + 0.5 * 0.55.",
    ),
    mistakes=(
        Mistake("momentum-forgotten", saying(0.2, 0.8, 0.1225), "0.2 is plain SGD. In the second step buf is 0.9 * 4 + 4."),
        Mistake("momentum-as-a-mean", saying(0.884, 0.8, 0.1225), "You weighed the gradient with 1 - 0.9. PyTorch's momentum is a sum: 4, then 0.9 * 4 + 4."),
        Mistake("momentum-not-faded", saying(-0.2, 0.8, 0.1225), "You took 8 for the second buf. The first 4 counts only 0.9 of itself by then."),
        Mistake("nesterov", saying(-0.844, 0.8, 0.1225), "That is Nesterov's step. Plain momentum goes along buf itself."),
        Mistake("adam-in-proportion", saying(-0.16, 0.2, 0.1225), "You let Adam take steps of 0.4. It divides by the size of the gradients: how long is its step, if all gradients are the same?"),
        Mistake("adam-one-step", saying(-0.16, 0.9, 0.1225), "0.9 is where Adam is after the first step."),
        Mistake("adam-not-corrected", saying(-0.16, round(1 - 0.1 * (0.4 / math.sqrt(0.016) + 0.76 / math.sqrt(0.031984)), 6), 0.1225), "You left out the correction: without it the first step would be 0.4 / sqrt(0.016), over three times as long."),
        Mistake("decay-forgotten", saying(-0.16, 0.8, 0.2), "0.2 is without decay. It adds 0.5 * w to each gradient."),
        Mistake("decay-with-the-first-w", saying(-0.16, 0.8, 0.1), "Your decay is 0.5 * 1 in both steps. In the second step w is smaller already."),
        Mistake("decay-without-lr", saying(-0.16, 0.8, -0.35), "The decay is part of the gradient, so it is multiplied by lr as well."),
        Mistake("decay-the-wrong-way", saying(-0.16, 0.8, 0.2825), "You subtracted the decay from the gradient. It is added, so that the step goes further towards 0."),
        Mistake("one-step-only", saying(0.6, 0.9, 0.55), "Those are the places after one step. There are two."),
    ),
)


# -------------------------------------------------------------------------------------------- find the bug
class Tidy(Adam):
    """A colleague's: leaves out parameters that have no gradient, and then goes on as before."""

    def step(self):
        moving = [p for p in self.params if p.grad is not None]
        for p, state in zip(moving, self.state):
            p.data = self.update(p.data, p.grad, state)


def stepping(step: Callable) -> type:
    return type("Repaired", (Tidy,), {"step": step})


mended = stepping(Optimizer.step)


def step_by_pairs(self):
    for p, state in [(p, state) for p, state in zip(self.params, self.state) if p.grad is not None]:
        p.data = self.update(p.data, p.grad, state)


def step_by_index(self):
    for i in range(len(self.params)):
        if self.params[i].grad is not None:
            self.params[i].data = self.update(self.params[i].data, self.params[i].grad, self.state[i])


def step_keyed(self):
    self.known = getattr(self, "known", {})
    for p in self.params:
        if p.grad is not None:
            p.data = self.update(p.data, p.grad, self.known.setdefault(id(p), {}))


def step_all_or_nothing(self):
    if all(p.grad is not None for p in self.params):
        Optimizer.step(self)


def step_sorted(self):
    states = self.state[len(self.params) - len([p for p in self.params if p.grad is not None]) :]
    for p, state in zip([p for p in self.params if p.grad is not None], states):
        p.data = self.update(p.data, p.grad, state)


def step_one_for_all(self):
    for p in self.params:
        if p.grad is not None:
            p.data = self.update(p.data, p.grad, self.state[0])


def repair():
    class Repaired(Tidy):
        def step(self):
            for p, state in zip(self.params, self.state):  # pair first
                if p.grad is not None:  # leave out then
                    p.data = self.update(p.data, p.grad, state)

    return Repaired, "C"


CAUSE = "the cause of what you saw"


def cause_of(repair: Callable) -> str:
    letter = str(repair()[1]).strip().upper()
    return CAUSE if letter == "C" else f"not {letter}"


def stepped(starts: Sequence[Any], grads: Sequence[Sequence[Any]], settings: dict, repair: Callable) -> Any:
    return run(starts, grads, settings, (), repair()[0])


def bug_trials(rng: np.random.Generator) -> Iterator[Trial]:
    settings = {"lr": 0.1, "betas": (0.5, 0.75)}
    here = [array([1]), array([2])]
    rows: list[tuple[list, list]] = [
        (here, [[array([1]), array([2])], [array([1]), array([2])]]),
        (here, [[array([1]), array([100])], [None, array([100])]]),
        (here, [[array([1]), None], [None, array([100])], [array([1]), None]]),
        (here, [[None, None], [array([1]), array([2])]]),
    ]
    starts = [drawn(rng, 2) for _ in range(3)]
    gaps = [[drawn(rng, 2) + 3, drawn(rng, 2) - 20, drawn(rng, 2) + 9] for _ in range(6)]
    for step, i in ((1, 1), (2, 2), (3, 0), (4, 0), (4, 1)):
        gaps[step][i] = None
    rows.append((starts, gaps))
    for places, grads in rows:
        ends = tuple(ended(adam_moved, settings, place, [row[i] for row in grads]) for i, place in enumerate(places))
        yield Trial("where the parameters are", question(places, grads, settings), partial(stepped, places, grads, settings), ends)
    yield Trial("the letter", "cause", cause_of, CAUSE)


optim_exercise(
    "find_the_bug",
    repair,
    title="Find the bug: the head that forgets",
    statement="Repair step(), and name the cause by its letter.",
    signature="repair() -> (the repaired class, the letter of the cause)",
    trials=bug_trials,
    variants=(saying(stepping(step_by_pairs), "C"), saying(stepping(step_by_index), "c"), saying(stepping(step_keyed), " C ")),
    hints=(
        "Make it small: two parameters, and a step in which only the second has a gradient. With which memory is update called then?",
        "Write down `moving` and `self.state` for that step, one above the other, as zip pairs them.",
        "Pair every parameter with its own memory first, `zip(self.params, self.state)`, and only then leave out those without a gradient.",
    ),
    points=2,
    mistakes=(
        Mistake("named-not-repaired", saying(Tidy, "C"), "That is the cause; the code still has it. Here: {inputs}"),
        Mistake("cause-A", saying(mended, "A"), "The repair works. But every gradient was a new one in each step: nothing was left over."),
        Mistake("cause-B", saying(mended, "B"), "The repair works. But the bias correction is your own Adam's, and it is right: with one head everything went well."),
        Mistake("cause-D", saying(mended, "D"), "The repair works. But the learning rate was the same for both heads, and for your own Adam."),
        Mistake("cause-E", saying(mended, "E"), "The repair works. But no gradient was written into: print them before and after a step of the broken version."),
        Mistake("zero-for-none", saying(stepping(step_with_zeros_for_none), "C"), "Now a missing gradient counts as 0. Adam goes on along its old mean all the same, and counts a step: parameters move that took no part. Leave them out."),
        Mistake("only-when-all-have-one", saying(stepping(step_all_or_nothing), "C"), "Now nothing moves as soon as one gradient is missing. Those that have one should."),
        Mistake("stops-at-none", saying(stepping(step_until_none), "C"), "Now the walk ends at the first parameter without a gradient. Those behind it may have one."),
        Mistake("memory-fresh-in-each-step", saying(stepping(step_with_fresh_memory), "C"), "Now each step begins with an empty memory, so Adam never remembers anything."),
        Mistake("paired-from-the-back", saying(stepping(step_sorted), "C"), "Now the memories are handed out from the back. That is right if those at the front are missing, and wrong if any other is."),
        Mistake("one-memory-for-all", saying(stepping(step_one_for_all), "C"), "Now all parameters have one memory. Each needs its own."),
    ),
)
