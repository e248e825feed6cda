"""Making operations of functions on arrays, in two forms: a rule for each input, or one backward for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from .function import Parcel, Port
from .mode import quietly, recording
from .node import Node, Saving
from .sweep import grad as gradient
from .variable import Variable, edge, wrap


class Plan:
    """What an operation keeps, and which rule gets what, when its arguments are of these kinds."""

    def __init__(self, name: str, arguments: tuple[str, ...], rules: dict[str, Callable], args: tuple[Any, ...]):
        self.name = name
        place = {key: i for i, key in enumerate((*arguments, "y"))}
        place |= {f"{key}_shape": ~i for key, i in place.items()}  # ~i: keep the shape of value i only
        tensors = [i for i, a in enumerate(args) if isinstance(a, Variable)]
        self.inputs = [place[key] for key in rules]
        self.every = self.inputs == list(range(len(args)))  # whether each argument has a rule, in their order
        wanted = [i in tensors and args[i]._requires_grad for i in self.inputs]
        self.active = any(wanted)
        self.numbers = len(tensors) < len(args)  # whether some argument is no tensor
        self.keep: list[int] = []  # places of the values kept, those for one rule side by side
        self.rules: list[tuple[Callable, int, int]] = []  # (rule, start, end of its values)
        for rule, active in zip(rules.values(), wanted, strict=True):
            start = len(self.keep)
            self.keep += [place[p] for p in _parameters(rule)[1:]] if active else []
            self.rules.append((rule, start, len(self.keep)))
        self.watched = sorted({i for i in self.keep if i in tensors})
        self.output = place["y"] if place["y"] in self.keep else None

    def record(self, args: tuple, values: list[Any], edges: list[Node | None], result: Variable) -> None:
        """Link `result` to the arguments it was computed from; `values` are these as arrays, `edges` their nodes."""
        versions, saved = [], []
        for i in self.watched:
            counter = args[i]._counter or args[i].counter()
            versions.append((counter, counter[0]))
        if self.output is not None:
            values.append(result.array)
            versions.append((result.counter(), 0))
        for i in self.keep:
            saved.append(values[i] if i >= 0 else np.shape(values[~i]))
        step = Step(tuple(edges if self.every else [edges[i] for i in self.inputs]), result.array)
        step.plan, step.saved, step.versions = self, saved, versions
        result._node, result._requires_grad = step, True


class Step(Saving):
    """A step of an operation with one rule an input."""

    __slots__ = ("plan",)
    plan: Plan

    @property
    def name(self) -> str:
        return self.plan.name

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        saved = self.unpack()
        if create_graph:
            saved = self.as_tensors(saved)
        rules = self.plan.rules
        if len(rules) == 1:  # as of most operations; then its values are all that was saved
            return (rules[0][0](grad, *saved),)
        pieces: list[Any] = []
        for parent, (rule, start, end) in zip(edges, rules):
            if parent is None:
                pieces.append(None)
            elif end == start + 1:  # a faster call than the next
                pieces.append(rule(grad, saved[start]))
            else:
                pieces.append(rule(grad, *saved[start:end]))
        return pieces

    def as_tensors(self, saved: list[Any]) -> list[Any]:
        """What was saved, as tensors that remember where they came from: for higher derivatives."""
        nodes = dict(zip(self.plan.inputs, self.edges, strict=True)) | {self.plan.output: self}
        kept = zip(self.plan.keep, saved, strict=True)
        return [wrap(value, nodes[i]) if nodes.get(i) else value for i, value in kept]


def _parameters(function: Callable) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def differentiable(
    view: bool = False, quiet: bool = False, variants: dict[Any, Callable] | None = None, **rules: Callable
) -> Callable[[Callable], Callable]:
    """Make an operation on tensors from a function on arrays and a gradient rule for each of its inputs.

    A rule gets `g`, the gradient of the output, and what else it names: `y` (the output), any argument of the
    function, or only its shape (`input_shape`). Nothing else is kept in memory. Rules use operators that work
    on arrays and tensors alike: under `create_graph` they are given tensors, and so are recorded in turn.
    Where no argument is a tensor, the operation is the plain function. `view` says that the output may share
    memory with the input; `quiet` that inf and nan are proper answers, so numpy need not warn of them. `variants`
    are called instead where the keyword is given, or that number of arguments, under which they stand.

    >>> import learnnn
    >>> @differentiable(input=lambda g, input: g * 3 * input * input)
    ... def cube(input):
    ...     return input * input * input
    >>> x = learnnn.tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    tensor(12.)
    """

    def decorate(function: Callable) -> Callable:
        arguments, name = _parameters(function), function.__name__
        arity, plans = len(arguments), dict[int, Plan]()
        compute = quietly(function) if quiet else function

        @wraps(function)
        def operation(*args: Any, **kwargs: Any) -> Any:
            if kwargs or len(args) != arity:
                if variants and (other := _variant(variants, args, kwargs)):
                    return other(*args, **kwargs)
                args = _bind(function, arguments, args, kwargs)
            values: list[Any] = []
            edges: list[Node | None] = []
            kinds = 0  # a digit an argument: 0 no tensor, 1 a constant one, 2 one with gradient
            for a in args:
                node = None
                if isinstance(a, Variable):
                    node = edge(a)
                    kinds = 3 * kinds + (1 if node is None else 2)
                    a = a.array
                else:
                    kinds *= 3
                values.append(a)
                edges.append(node)
            if kinds == 0:
                return _on_arrays(compute, name, args)
            plan = plans.get(kinds)
            if plan is None:
                plan = plans[kinds] = Plan(name, arguments, rules, args)
            if plan.numbers:  # a scalar of numpy beside a tensor is a python number, and widens nothing
                values = [v.item() if isinstance(v, np.generic) else v for v in values]
            try:
                result = wrap(compute(*values))
            except ValueError as error:
                raise _shapes_explained(error, name, values) from None
            if plan.active and recording.enabled:
                plan.record(args, values, edges, result)
            if view and np.may_share_memory(result.array, values[0]):
                result._is_view_of(args[0], lambda base, rest=args[1:]: operation(base, *rest))
            return result

        operation.rules = rules  # type: ignore[attr-defined]
        return operation

    return decorate


def _variant(variants: dict[Any, Callable], args: tuple, kwargs: dict[str, Any]) -> Callable | None:
    """The variant for this number of arguments, or for one of these keywords."""
    return next((variants[key] for key in (len(args), *kwargs) if key in variants), None)


def _on_arrays(compute: Callable, name: str, args: tuple) -> Any:
    try:
        return compute(*args)
    except AttributeError:
        check_tensor(name, args[0])
        raise


def check_tensor(name: str, value: Any) -> None:
    """TypeError for what is neither a tensor nor an array."""
    if not isinstance(value, Variable | np.ndarray | np.generic):
        kind = type(value).__name__
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {kind}: make one with torch.tensor(...)")


def _shapes_explained(error: ValueError, name: str, values: list[Any]) -> Exception:
    """PyTorch's error for shapes that do not broadcast; any other error as it is."""
    if "broadcast together" not in str(error):
        return error
    shapes = [list(np.shape(v)) for v in values if np.ndim(v)]
    return RuntimeError(
        f"The size of tensor a must match the size of tensor b at every axis, counted from the last, or one of the "
        f"two must be 1: {name} got the shapes {' and '.join(map(str, shapes))}"
    )


_OTHER_NAMES = {"axis": "dim", "keepdims": "keepdim", "unbiased": "correction"}


def torch_names(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keywords by PyTorch's names, where it takes numpy's and older ones too.

    >>> torch_names({"axis": 1, "keepdim": True})
    {'dim': 1, 'keepdim': True}
    """
    return {_OTHER_NAMES.get(key, key): value for key, value in kwargs.items()}


def _bind(function: Callable, arguments: tuple[str, ...], args: tuple, kwargs: dict[str, Any]) -> tuple:
    """All arguments by position, with keywords and defaults filled in."""
    kwargs = torch_names(kwargs) if kwargs else kwargs
    defaults, missing = function.__defaults__ or (), len(arguments) - len(args)
    if not kwargs and 0 < missing <= len(defaults):
        return args + defaults[-missing:]
    known = dict(zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True)) | kwargs
    rest = arguments[len(args) :]
    if len(args) > len(arguments) or not known.keys() >= set(rest) or not kwargs.keys() <= set(rest):
        raise TypeError(
            f"{function.__name__}() takes ({', '.join(arguments)}), got {len(args)} arguments by position"
            + (f" and {', '.join(kwargs)} by name" if kwargs else "")
        )
    return args + tuple([known[name] for name in rest])


class Fused(Saving):
    """A step whose one backward gives the gradients of all inputs; see `from_backward`."""

    __slots__ = ("name", "origin", "outs", "plain", "twice")
    outs: list[tuple[Any, Any]]  # shape and dtype of each output, where there are several
    plain: Callable | None
    twice: bool

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        pull, args, kwargs = self.unpack()
        given = self.each(grad) if isinstance(grad, Parcel) else (grad,)
        if self.twice or not create_graph:
            grads = pull(*given)
            return grads if isinstance(grads, tuple | list) else (grads,)
        if self.plain is None:
            raise RuntimeError(
                f"{self.name} knows its first derivative only, and create_graph=True asks for more: its backward "
                "works on arrays. Write it with operations on tensors where higher derivatives are needed."
            )
        # differentiate the plain spelling instead, which is recorded and so can be differentiated again
        # all inputs with a history are linked to it, for those derivatives; the gradients are of the wanted ones
        fresh = [wrap(a, Alias((e,), a)) if e else a for a, e in zip(args, self.edges, strict=True)]
        inputs = [a for a, wanted in zip(fresh, edges, strict=True) if wanted]
        found = iter(gradient(self.plain(*fresh, **kwargs), inputs, given, create_graph=True, allow_unused=True))
        return [next(found) if wanted else None for wanted in edges]

    def each(self, grad: Parcel) -> list[Any]:
        """The gradient of each of several outputs; zeros for one that was not used."""
        tensors = any(isinstance(g, Variable) for g in grad.values())
        zeros = (np.zeros(shape, dtype) for shape, dtype in self.outs)
        return [grad[i] if i in grad else wrap(z) if tensors else z for i, z in enumerate(zeros)]


class Alias(Node):
    """The same value under a node of its own, so that two uses of one tensor can be told apart."""

    __slots__ = ()
    name = "alias"

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        return (grad,)


def from_backward(
    function: Callable | None = None,
    *,
    origin: str | None = None,
    plain: Callable | None = None,
    twice: bool = False,
    quiet: bool = False,
) -> Callable:
    """Make an operation of `f(*arrays) -> (output, backward)`, where `backward(g)` gives a tuple of gradients.

    The form of fused operations, whose gradients share work, and of those that learners write. For higher
    derivatives, `plain` is the same thing spelled with differentiable operations, through which they go; or
    `twice` says that `backward` works on a tensor as it does on an array. `quiet` as for `differentiable`.

    >>> import learnnn
    >>> @from_backward
    ... def double(x):
    ...     return 2 * x, lambda g: (2 * g,)
    >>> x = learnnn.ones(3, requires_grad=True)
    >>> double(x).sum().backward()
    >>> x.grad
    tensor([2., 2., 2.])
    """
    if function is None:
        return lambda f: from_backward(f, origin=origin, plain=plain, twice=twice, quiet=quiet)
    name = function.__name__.strip("_")
    compute = quietly(function) if quiet else function

    @wraps(function)
    def operation(*args: Any, **kwargs: Any) -> Any:
        values, edges, versions = [], [], []
        for a in args:
            if isinstance(a, Variable):
                values.append(a.array)
                edges.append(edge(a))
                counter = a._counter or a.counter()
                versions.append((counter, counter[0]))
            else:
                values.append(a)
                edges.append(None)
        try:
            out, backward = compute(*values, **kwargs)
        except ValueError as error:
            raise _shapes_explained(error, name, values) from None
        if not versions:  # no tensor among the arguments
            return out
        several = isinstance(out, tuple)
        results = tuple([wrap(o) for o in out]) if several else (wrap(out),)
        if recording.enabled and any(edges):
            step = Fused(tuple(edges), results[0].array)
            step.name, step.origin, step.plain, step.twice = name, origin, plain, twice
            step.saved, step.versions = (backward, values if plain else (), kwargs), versions
            if several:
                _ports(step, results)
            else:
                results[0]._node, results[0]._requires_grad = step, True
        return results if several else results[0]

    return operation


def _ports(step: Fused, results: tuple[Any, ...]) -> None:
    """Link several outputs to the one step they come from, whose gradient is then a `Parcel`."""
    step.outs, step.value = [(r.array.shape, r.array.dtype) for r in results], None
    step.shape = step.dtype = None  # type: ignore[assignment]
    for i, result in enumerate(results):
        result._node, result._requires_grad = Port((step,), result.array, i), True
