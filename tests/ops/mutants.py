"""Gradients broken on purpose, to see that the tests notice: `python -m tests.ops.mutants` prints the list.

An operation is rebuilt around the same forward with one of its rules replaced, and stands in for the shipped one
while its own cases from `cases.py` run. A mutant that passes them all has survived, and the tests are too weak.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isfunction
from types import ModuleType
from typing import Any

import numpy as np

from learnnn import autograd, ops
from tests.ops.cases import Case, cases
from tests.ops.test_gradients import FLAT, check

CALLERS = {
    "_attention": ("scaled_dot_product_attention",),
    "_join": ("cat", "stack"),
    "_binary_cross_entropy": ("binary_cross_entropy_with_logits",),
    "_max_pool": ("max_pool1d", "max_pool2d"),
    "_avg_pool": ("avg_pool1d", "avg_pool2d"),
    "_normalize": ("batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"),
}
# of operations without a public name; that of `_x` is usually `x`


def values(x: Any) -> np.ndarray:
    return x.array if isinstance(x, autograd.Variable) else np.asarray(x)


# Each takes what the right rule returned and g. `python -m tests.ops.mutants` shows them by these names.
RESULTS: dict[str, Callable[[Any, Any], Any]] = {
    "1 % too large": lambda right, g: right * 1.01,
    "sign flipped": lambda right, g: -right,
    "zero": lambda right, g: right * 0,
    "missing": lambda right, g: None,
    "not the chain rule: g passed on": lambda right, g: g,
    "elements in reverse": lambda right, g: values(right).ravel()[::-1].reshape(values(right).shape),
    "first element only": lambda right, g: right * (np.arange(values(right).size).reshape(values(right).shape) == 0),
}
SECOND = {
    "cut off from the graph": lambda right, g: (
        autograd.wrap(values(right)) if isinstance(right, autograd.Variable) else right
    )
}


@dataclass(frozen=True)
class Mutant:
    """One wrong gradient: of which operation, for which argument, and how it is wrong."""

    op: str
    argument: str
    fault: str
    broken: Callable
    derivatives: int = 1

    def __str__(self) -> str:
        return f"{self.op}.{self.argument}: {self.fault}"

    def escapes(self) -> bool:
        """Whether every case of the operation passes although its gradient is wrong."""
        with standing_in(self.op, self.broken):
            return all(passes(case, self.derivatives) for case in own_cases(self.op))


def own_cases(op: str) -> list[Case]:
    return [case for name in CALLERS.get(op, (op.strip("_"),)) for case in cases(name)]


def passes(case: Case, derivatives: int) -> bool:
    try:
        if case.smooth or derivatives == 1:
            check(case, derivatives=derivatives)
    except Exception:  # a crash is noticed as surely as a wrong number
        return False
    return True


@contextmanager
def standing_in(op: str, broken: Callable) -> Iterator[None]:
    """The operation exchanged wherever learnnn.ops keeps it."""
    right = operations()[op]
    rooms = [m for name, m in sys.modules.items() if name.startswith("learnnn.ops")]
    places = [(room, key) for room in rooms for key, value in vars(room).items() if value is right]
    try:
        for room, key in places:
            setattr(room, key, broken)
        yield
    finally:
        for room, key in places:
            setattr(room, key, right)


def operations() -> dict[str, Callable]:
    """Everything in learnnn.ops that has gradient rules, or one backward for all its inputs."""
    rooms = [value for value in vars(ops).values() if isinstance(value, ModuleType)]
    named = [(name, value) for room in rooms for name, value in vars(room).items() if isfunction(value)]
    return dict(sorted((name, op) for name, op in named if getattr(op, "rules", None) or has_one_backward(op)))


def has_one_backward(op: Callable) -> bool:
    return op.__code__.co_qualname == "from_backward.<locals>.operation"


# -------------------------------------------------------------------------------------------- making mutants
def like(rule: Callable, body: Callable) -> Callable:
    """A rule with the parameters of `rule`, by whose names it says what it needs."""
    names = ", ".join(rule.__code__.co_varnames[: rule.__code__.co_argcount])
    return eval(f"lambda {names}: body({names})", {"body": body})


def rebuilt(op: str, argument: str, body: Callable) -> Callable:
    right = operations()[op]
    rules = right.rules | {argument: like(right.rules[argument], body)}
    return autograd.differentiable(quiet=True, **rules)(right.__wrapped__)


def ones_for(x: Any) -> Any:
    array = values(x)
    return np.ones(array.shape, array.dtype) if isinstance(x, autograd.Variable | np.ndarray | np.generic) else x


def rule_mutants(op: str, argument: str, rule: Callable) -> Iterator[Mutant]:
    for fault, change in RESULTS.items():
        yield Mutant(op, argument, fault, rebuilt(op, argument, lambda g, *rest, c=change: c(rule(g, *rest), g)))
    for fault, change in SECOND.items():
        yield Mutant(op, argument, fault, rebuilt(op, argument, lambda g, *rest, c=change: c(rule(g, *rest), g)), 2)
    yield Mutant(op, argument, "does not depend on g", rebuilt(op, argument, lambda g, *rest: rule(g * 0 + 1, *rest)))
    names = rule.__code__.co_varnames[1 : rule.__code__.co_argcount]
    for i, name in enumerate(names):
        if name in ("y", "input", "other", "exponent", "weight", "start", "end", "mask", "condition", "min", "max"):
            yield Mutant(
                op, argument, f"takes {name} for 1",
                rebuilt(op, argument, lambda g, *rest, i=i: rule(g, *rest[:i], ones_for(rest[i]), *rest[i + 1 :])),
            )  # fmt: skip


def backward_mutants(op: str) -> Iterator[Mutant]:
    """For an operation with one backward for all inputs: each fault in all of them, and the inputs mixed up."""
    forward = operations()[op].__wrapped__

    def broken(change: Callable) -> Callable:
        def function(*args: Any, **kwargs: Any) -> tuple:
            out, backward = forward(*args, **kwargs)
            return out, lambda *g: change(backward(*g), g[0])

        return autograd.from_backward(function, twice=True)

    for fault, change in RESULTS.items():
        yield Mutant(op, "all", fault, broken(lambda grads, g, c=change: [c(right, g) for right in grads]))
    if op == "_join":
        yield Mutant(op, "all", "the inputs' gradients exchanged", broken(lambda grads, g: grads[::-1]))
        yield Mutant(op, "all", "the last one missing", broken(lambda grads, g: [*grads[:-1], None]))


def mutants(op: str) -> Iterator[Mutant]:
    rules = getattr(operations()[op], "rules", None)
    if rules is None:
        yield from backward_mutants(op)
    for argument, rule in (rules or {}).items():
        yield from (m for m in rule_mutants(op, argument, rule) if not same(m))


# ------------------------------------------------------------------- faults that are none: the right rule again
HANDS_G_ON = {
    "add.input", "add.other", "sub.input", "remainder.input", "broadcast_to.input", "clone.input", "to.input",
    "linear.bias",  # the sweep would sum it over the rows all the same
}  # fmt: skip
ONE_NUMBER = {"masked_fill.value"}  # in reverse it is itself


def same(mutant: Mutant) -> bool:
    """Whether the change changes nothing: zero stays zero, and a rule that hands g on may hand g on."""
    rule = f"{mutant.op}.{mutant.argument}"
    if mutant.op in FLAT:
        return mutant.fault not in {"missing", "not the chain rule: g passed on"}
    return (rule in HANDS_G_ON and mutant.fault == "not the chain rule: g passed on") or (
        rule in ONE_NUMBER and mutant.fault == "elements in reverse"
    )


def report() -> bool:
    print(f"{'rule':28} {'caught':>9}   survivors")
    caught = total = 0
    for op in operations():
        by_rule: dict[str, list[Mutant]] = {}
        for mutant in mutants(op):
            by_rule.setdefault(f"{op.strip('_')}.{mutant.argument}", []).append(mutant)
        for rule, made in by_rule.items():
            survivors = [mutant.fault for mutant in made if mutant.escapes()]
            print(f"{rule:28} {len(made) - len(survivors):4}/{len(made):<4}   {', '.join(survivors)}".rstrip())
            caught, total = caught + len(made) - len(survivors), total + len(made)
    print(f"\n{len(operations())} operations, {total} broken gradients, {caught} caught")
    return caught == total


if __name__ == "__main__":
    raise SystemExit(not report())
