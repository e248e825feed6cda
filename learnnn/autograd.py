"""The tape: what a node is, the backward sweep, grad, no_grad, Function. It knows no operation.

Every operation on tensors that require gradients leaves a `Node` behind: who its parents are, what it saved,
and how a gradient of its output becomes gradients of its inputs. `sweep` walks these nodes once, consumers
before their parents, and that is all of reverse-mode differentiation (Baydin et al. 2018, section 3.2).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from itertools import count
from operator import attrgetter
from typing import Any

import numpy as np

tensor_type: type[Variable]  # what operations hand back; the floor above (tensor.py) fills this in
SMALL = 64  # outputs up to this size stay on their node, so that a drawn graph can show numbers


# ---------------------------------------------------------------------------------------------- grad mode
class _Mode(threading.local):
    enabled = True


_mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether operations are recorded at the moment."""
    return _mode.enabled


class _Switch:
    """Recording on or off, inside a `with` block or inside a decorated function."""

    def __init__(self, mode: bool):
        self.mode, self.before = mode, []

    def __enter__(self) -> None:
        self.before.append(_mode.enabled)
        _mode.enabled = self.mode

    def __exit__(self, *exc: object) -> None:
        _mode.enabled = self.before.pop()

    def __call__(self, function: Callable) -> Callable:
        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with _Switch(self.mode):
                return function(*args, **kwargs)

        return wrapped


class set_grad_enabled(_Switch):
    """As a `_Switch`, and also a plain call that acts on the lines after it, as in PyTorch.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    """

    def __init__(self, mode: bool):
        super().__init__(mode)
        self.was = _mode.enabled
        _mode.enabled = mode

    def __enter__(self) -> None:
        self.before.append(self.was)
        _mode.enabled = self.mode

    def __call__(self, function: Callable) -> Callable:
        _mode.enabled = self.was
        return super().__call__(function)


def no_grad(function: Callable | None = None) -> Any:
    """Record nothing: `with no_grad():` or `@no_grad()`, for evaluation and for updating parameters."""
    return _Switch(False)(function) if function else _Switch(False)


def enable_grad(function: Callable | None = None) -> Any:
    """Record again, inside a `no_grad` block."""
    return _Switch(True)(function) if function else _Switch(True)


def inference_mode(mode: bool = True) -> Any:
    """PyTorch's stricter `no_grad`; here the same thing."""
    return _Switch(not mode)


# -------------------------------------------------------------------------------------------------- nodes
class Node:
    """One recorded step: where its inputs came from and how gradients go back to them.

    `edges` has one entry an input, None where that input needs no gradient; `parents` are the others.
    """

    __slots__ = ("__weakref__", "dtype", "edges", "hooks", "order", "parents", "shape", "value")
    name: Any = "node"
    origin: Any = None  # "yours" where the learner's own code computed this step
    next_order = count().__next__

    def __init__(self, edges: tuple[Node | None, ...], out: np.ndarray):
        self.edges = edges
        self.parents = edges if None not in edges else tuple([e for e in edges if e is not None])
        self.order = Node.next_order()  # a consumer is always made after its parents
        self.hooks: list[Callable] = []
        self.shape, self.dtype = out.shape, out.dtype
        self.value = out if out.size <= SMALL else None

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        """Gradients of the inputs, given that of the output; only those whose edge is not None matter."""
        return ()

    def release(self) -> None:
        """Forget what was saved for backward."""

    def leaf(self) -> Variable | None:
        """The leaf tensor whose gradient ends here, if this is where one ends."""
        return None

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """PyTorch's spelling of `edges`."""
        return tuple((edge, 0) for edge in self.edges)

    def __repr__(self) -> str:
        return f"<{''.join(word.capitalize() for word in self.name.split('_'))}Backward0>"


class Leaf(Node):
    """Where a gradient comes to rest: stands for a tensor made by the user, without keeping it alive."""

    __slots__ = ("tensor",)
    name = "leaf"

    def __init__(self, tensor: Variable):
        super().__init__((), tensor.array)
        self.tensor = weakref.ref(tensor)

    def leaf(self) -> Variable | None:
        return self.tensor()

    def __repr__(self) -> str:
        return "<AccumulateGrad>"


class Step(Node):
    """A node that saved values for its backward, and notices when one was freed or overwritten since."""

    __slots__ = ("plan", "saved", "versions")

    def __init__(self, plan: Plan, edges: tuple[Node | None, ...], out: np.ndarray, saved: Any, watched: Iterable):
        super().__init__(edges, out)
        self.plan, self.saved = plan, saved
        self.versions = [(counter, counter[0]) for counter in watched]

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.plan.name

    @property
    def origin(self) -> str | None:  # type: ignore[override]
        return self.plan.origin

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        if self.saved is None:
            raise RuntimeError(SECOND_TIME)
        for counter, version in self.versions:
            if counter[0] != version:
                raise RuntimeError(OVERWRITTEN.format(self, list(self.shape), counter[0], version))
        return self.plan.backward(self, grad, edges, create_graph)

    def release(self) -> None:
        if self.saved != ():  # a step that saved nothing can be swept again
            self.saved = None


SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have "
    "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
    "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if "
    "you need to access saved tensors after calling backward."
)
OVERWRITTEN = (
    "one of the variables needed for gradient computation has been modified by an inplace operation: {} (output "
    "shape {}) saved a tensor that is at version {}; expected version {} instead. Hint: write the step that "
    "changed it without the trailing underscore, += or [...] =, so that it makes a new tensor."
)


class Plan:
    """How one kind of step goes backward. Subclasses say what `Step.saved` holds."""

    def __init__(self, name: str, origin: str | None = None):
        self.name, self.origin = name, origin

    def backward(self, step: Step, g: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        raise NotImplementedError


# ------------------------------------------------------------------------- operations, form 1: rules by input
class Rules(Plan):
    """One gradient rule an input. Which values a step must keep follows from what the rules name."""

    def __init__(self, name: str, arguments: tuple[str, ...], rules: dict[str, Callable], active: tuple[int, ...]):
        super().__init__(name)
        self.inputs = [arguments.index(key) for key in rules]
        self.output = len(arguments)
        place = {key: i for i, key in enumerate((*arguments, "y"))}
        place |= {f"{key}_shape": ~i for key, i in place.items()}  # ~i: keep the shape of value i only
        needs = [[place[p] for p in _parameters(rule)[1:]] for rule in rules.values()]
        kept = {i for at, need in zip(self.inputs, needs, strict=True) if at in active for i in need}
        self.keep = sorted(kept)
        slot = {i: k for k, i in enumerate(self.keep)}
        self.rules = [
            (rule, [slot.get(i, 0) for i in need]) for rule, need in zip(rules.values(), needs, strict=True)
        ]

    def record(self, args: Sequence[Any], values: list[Any], result: Variable) -> Step:
        """The step that links `result` to its inputs; `values` are the arguments as arrays."""
        edges = tuple([edge(args[i]) if isinstance(args[i], Variable) else None for i in self.inputs])
        values = [*values, result.array]
        saved = [values[i] if i >= 0 else np.shape(values[~i]) for i in self.keep]
        tensors = [*args, result]
        watched = [tensors[i].counter() for i in self.keep if i >= 0 and isinstance(tensors[i], Variable)]
        return Step(self, edges, result.array, saved or (), watched)

    def backward(self, step: Step, g: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        saved = self.tensors(step) if create_graph else step.saved
        return [
            rule(g, *[saved[k] for k in need]) if edge is not None else None
            for edge, (rule, need) in zip(edges, self.rules, strict=True)
        ]

    def tensors(self, step: Step) -> list[Any]:
        """What was saved, as tensors that remember where they came from: for higher derivatives."""
        nodes = dict(zip(self.inputs, step.edges, strict=True)) | {self.output: step}
        return [
            value if nodes.get(i) is None else wrap(value, nodes[i])
            for i, value in zip(self.keep, step.saved, strict=True)
        ]


def _parameters(function: Callable) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def differentiable(view: bool = False, quiet: bool = False, **rules: Callable) -> Callable[[Callable], Callable]:
    """Make an operation on tensors from a function on arrays and a gradient rule for each of its inputs.

    A rule gets `g`, the gradient of the output, and what else it names: `y` (the output), any argument of the
    function, or only its shape (`input_shape`). Nothing else is kept in memory. Rules use operators that work
    on arrays and tensors alike: under `create_graph` they are given tensors, and so are recorded in turn.
    Where no argument is a tensor, the operation is the plain function. `view` says that the output may share
    memory with the input; `quiet` that inf and nan are proper answers, so numpy need not warn of them.

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
        arguments = _parameters(function)
        arity, inputs = len(arguments), {arguments.index(key) for key in rules}
        plans: dict[tuple[int, ...], Rules] = {}
        compute = np.errstate(all="ignore")(function) if quiet else function

        @wraps(function)
        def operation(*args: Any, **kwargs: Any) -> Any:
            if kwargs or len(args) != arity:
                args = _bind(function, arguments, args, kwargs)
            places = [i for i, a in enumerate(args) if isinstance(a, Variable)]
            if not places:
                return compute(*args)
            values = list(args)
            for i in places:
                values[i] = args[i].array
            result = wrap(compute(*values))
            if _mode.enabled:
                active = tuple([i for i in places if args[i]._requires_grad and i in inputs])
                if active:
                    plan = plans.get(active)
                    if plan is None:
                        plan = plans[active] = Rules(function.__name__, arguments, rules, active)
                    result._node, result._requires_grad = plan.record(args, values, result), True
            if view and np.may_share_memory(result.array, values[0]):
                result._is_view_of(args[0], lambda base: operation(base, *args[1:]))
            return result

        operation.rules = rules  # type: ignore[attr-defined]
        return operation

    return decorate


def _bind(function: Callable, arguments: tuple[str, ...], args: tuple, kwargs: dict[str, Any]) -> tuple:
    """All arguments by position, with keywords and defaults filled in."""
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


# ------------------------------------------------------------- operations, form 2: the output and its backward
class Closure(Plan):
    """A step whose `saved` is one function, from the output's gradient to those of all inputs."""

    def __init__(self, name: str, origin: str | None, plain: Callable | None, twice: bool):
        super().__init__(name, origin)
        self.plain, self.twice = plain, twice

    def backward(self, step: Step, g: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        pull, args, kwargs = step.saved
        if self.twice or not create_graph:
            grads = pull(g)
            return grads if isinstance(grads, tuple | list) else (grads,)
        if self.plain is None:
            raise RuntimeError(
                f"{self.name} knows its first derivative only, and create_graph=True asks for more: its backward "
                "works on arrays. Write it with operations on tensors where higher derivatives are needed."
            )
        # differentiate the plain spelling instead, which is recorded and so can be differentiated again
        fresh = [wrap(a, Alias((e,), a)) if e else a for a, e in zip(args, edges, strict=True)]
        inputs = [a for a in fresh if isinstance(a, Variable)]
        found = iter(grad(self.plain(*fresh, **kwargs), inputs, g, create_graph=True, allow_unused=True))
        return [next(found) if isinstance(a, Variable) else None for a in fresh]


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
) -> Callable:
    """Make an operation of `f(*arrays) -> (output, backward)`, where `backward(g)` gives a tuple of gradients.

    The form of fused operations, whose gradients share work, and of those that learners write. For higher
    derivatives, `plain` is the same thing spelled with differentiable operations, through which they go; or
    `twice` says that `backward` works on a tensor as it does on an array.

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
        return lambda f: from_backward(f, origin=origin, plain=plain, twice=twice)
    plan = Closure(function.__name__.strip("_"), origin, plain, twice)

    @wraps(function)
    def operation(*args: Any, **kwargs: Any) -> Any:
        values = tuple([a.array if isinstance(a, Variable) else a for a in args])
        out, backward = function(*values, **kwargs)
        if not any(isinstance(a, Variable) for a in args):
            return out
        result = wrap(out)
        edges = tuple([edge(a) if isinstance(a, Variable) else None for a in args])
        if _mode.enabled and any(edges):
            watched = [a.counter() for a in args if isinstance(a, Variable)]
            saved = (backward, values if plan.plain else (), kwargs)
            result._node = Step(plan, edges, result.array, saved, watched)
            result._requires_grad = True
        return result

    return operation


# ----------------------------------------------------------------------- operations, form 3: PyTorch's Function
class Context:
    """What `forward` hands to `backward`: saved tensors, and any attribute you set."""

    def __init__(self, needs_input_grad: tuple[bool, ...]):
        self.needs_input_grad = needs_input_grad
        self.materialize, self.constant = True, set()
        self._saved: list[tuple[Variable, int]] | None = []

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs or outputs of forward, safely: a later change in place is noticed."""
        self._saved = [(t, None if t is None else t._version) for t in tensors]

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        if self._saved is None:
            raise RuntimeError(SECOND_TIME)
        for tensor, version in self._saved:
            if tensor is not None and tensor._version != version:
                shape = list(tensor.array.shape)
                raise RuntimeError(OVERWRITTEN.format("save_for_backward", shape, tensor._version, version))
        return tuple(tensor for tensor, _ in self._saved)

    def mark_non_differentiable(self, *tensors: Variable) -> None:
        """These outputs need no gradient, as indices do."""
        self.constant = {id(t) for t in tensors}

    def set_materialize_grads(self, value: bool) -> None:
        """Whether an output that was not used sends zeros to backward (the default) or None."""
        self.materialize = value


class Function:
    """An operation with a gradient of your own: subclass, write `forward` and `backward`, call `apply`.

    >>> import learnnn
    >>> class Square(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * grad
    >>> x = learnnn.tensor(3.0, requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)
    """

    setup_context: Any = None

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise NotImplementedError("You must implement the backward function for your custom autograd.Function.")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward unrecorded and, where an input requires a gradient, put one node for all of it on the tape."""
        edges = tuple([edge(a) if isinstance(a, Variable) and _mode.enabled else None for a in args])
        ctx = Context(tuple(e is not None for e in edges))
        with _Switch(False):
            if cls.setup_context is None:
                out = cls.forward(ctx, *args)
            else:
                out = cls.forward(*args)  # PyTorch 2's form: the context is filled in afterwards
                cls.setup_context(ctx, args, out)
        outs = out if isinstance(out, tuple) else (out,)
        if not any(edges):
            return out
        hub = Custom(edges, cls, ctx, outs)
        linked = tuple(
            o if not isinstance(o, Variable) or id(o) in ctx.constant else wrap(o.array, Port((hub,), o.array, i))
            for i, o in enumerate(outs)
        )
        return linked if isinstance(out, tuple) else linked[0]


class Custom(Node):
    """The step of a `Function`. Its gradient is a `Parcel`: one entry for each output that was used."""

    __slots__ = ("ctx", "function", "outs")

    def __init__(self, edges: tuple[Node | None, ...], function: type[Function], ctx: Context, outs: tuple):
        super().__init__(edges, np.empty(0))
        self.function, self.ctx, self.value = function, ctx, None
        self.shape = self.dtype = None  # type: ignore[assignment]
        self.outs = [o.array if isinstance(o, Variable) else None for o in outs]

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.function.__name__

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        incoming = [self.incoming(grad.get(i), out) for i, out in enumerate(self.outs)]
        grads = self.function.backward(self.ctx, *incoming)
        grads = grads if isinstance(grads, tuple | list) else (grads,)
        if len(grads) != len(self.edges):
            raise RuntimeError(
                f"function {self.name}Backward returned an incorrect number of gradients (expected "
                f"{len(self.edges)}, got {len(grads)}): one for each argument of forward, None where none is due"
            )
        return grads if create_graph else [g.array if isinstance(g, Variable) else g for g in grads]

    def incoming(self, grad: Any, out: np.ndarray | None) -> Any:
        if grad is None and self.ctx.materialize and out is not None:
            grad = np.zeros_like(out)
        return wrap(grad) if isinstance(grad, np.ndarray | np.generic) else grad

    def release(self) -> None:
        self.ctx._saved = self.ctx._saved and None


class Port(Node):
    """One of several outputs of a step."""

    __slots__ = ("index",)

    def __init__(self, edges: tuple[Node], out: np.ndarray, index: int):
        super().__init__(edges, out)
        self.index = index

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.parents[0].name

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        return (Parcel({self.index: grad}),)


class Parcel(dict):
    """Gradients of several outputs on their way to one node; adding two puts their entries together."""

    shape = dtype = None

    def __add__(self, other: dict) -> Parcel:
        return Parcel({**self, **other})


# ------------------------------------------------------------------------------------------------ variable
class Variable:
    """What autograd needs of a tensor: an array, its gradient, and the node that made it."""

    array: np.ndarray
    grad: Any = None
    _requires_grad: bool = False
    _node: Node | None = None  # of the operation that made it
    _leaf: Leaf | None = None  # of a tensor that the user made
    _counter: list[int] | None = None  # how often the numbers were overwritten; shared between views
    _base: Variable | None = None  # this tensor is a view of that one
    _replay: Callable[[Variable], Variable]  # and is got from it so
    _seen: int = 0

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Ask for this tensor's gradient, or stop asking.

        Raises RuntimeError for integers, and for tensors that an operation made.
        """
        if requires_grad and self.array.dtype.kind not in "fc":
            raise RuntimeError(
                f"only Tensors of floating point dtype can require gradients, this one is {self.array.dtype}: "
                "use x.float(), or write the numbers with a decimal point"
            )
        if self._node is not None and not requires_grad:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        self._requires_grad = requires_grad
        return self

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that made this tensor; None for a leaf."""
        return edge(self) if self._node is not None else None

    @property
    def is_leaf(self) -> bool:
        return self._node is None

    @property
    def _version(self) -> int:
        return self.counter()[0]

    def counter(self) -> list[int]:
        """The count of in-place changes, in a list that all views of the same numbers share."""
        if self._counter is None:
            self._counter = [0]
        return self._counter

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor with respect to every leaf below it to that leaf's `.grad`."""
        backward(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(grad)` when this tensor's gradient is ready; what it returns, if not None, replaces it."""
        node = edge(self)
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return RemovableHandle(node.hooks, hook)

    def retain_grad(self) -> None:
        """Keep `.grad` on this tensor too, although it is not a leaf."""
        if not self._requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self._node is not None:
            tensor = weakref.ref(self)
            self.register_hook(lambda grad: _accumulate(tensor(), grad.array, grad if grad._node else None))

    def _is_view_of(self, base: Variable, replay: Callable[[Variable], Variable]) -> None:
        self._base, self._replay = base, replay
        self._counter = base.counter()
        self._seen = self._counter[0]


def wrap(array: Any, node: Node | None = None) -> Any:
    """A tensor around an array, without copying; the result of `node` if one is given."""
    tensor = tensor_type.__new__(tensor_type)
    tensor.array = array if type(array) is np.ndarray else np.asarray(array)
    if node is not None:
        tensor._node, tensor._requires_grad = node, True
    return tensor


def edge(tensor: Variable) -> Node | None:
    """The node to which a gradient of this tensor is sent; None if it needs none."""
    if tensor._base is not None and tensor._seen != tensor.counter()[0]:
        _refresh(tensor)
    if tensor._node is not None:
        return tensor._node
    if not tensor._requires_grad:
        return None
    if tensor._leaf is None:
        tensor._leaf = Leaf(tensor)
    return tensor._leaf


class RemovableHandle:
    """Takes its hook out of a list of hooks again."""

    def __init__(self, hooks: list[Callable], hook: Callable):
        self.hooks, self.hook = hooks, hook
        hooks.append(hook)

    def remove(self) -> None:
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


# -------------------------------------------------------------------------------------------- in-place changes
def overwrite(tensor: Variable, node: Node | None) -> None:
    """`tensor`'s numbers were changed in place, by `node` if the change is recorded: mend its history."""
    tensor.counter()[0] += 1
    if _mode.enabled:
        _rebase(tensor, node)


def _rebase(tensor: Variable, node: Node | None) -> None:
    base, old = tensor._base, None
    if base is not None:
        old = edge(base)
    tensor._node, tensor._requires_grad = node, node is not None
    tensor._seen = tensor.counter()[0]
    if base is not None and (node is not None or old is not None):  # the change shows in the base as well
        _rebase(base, Patch((old, node), base.array, tensor._replay))
        _refresh(tensor)


def _refresh(view: Variable) -> None:
    """Take a view again, from its base as it is now."""
    assert view._base is not None
    view._seen = view.counter()[0]
    if _mode.enabled:
        again = view._replay(view._base)
        view._node, view._requires_grad = again._node, again._requires_grad


def check_overwritable(tensor: Variable) -> None:
    """Refuse an in-place change that would cut a parameter off from its gradient."""
    if _mode.enabled and tensor._requires_grad:
        if tensor._node is None:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation. Wrap the update in "
                "`with no_grad():`, or write x = x + 1 for x += 1."
            )
        if tensor._base is not None and tensor._base.is_leaf and tensor._base._requires_grad:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place operation. Wrap the "
                "update in `with no_grad():`."
            )


class Patch(Node):
    """A base whose view was overwritten: outside the view the old gradient, inside it that of the new values."""

    __slots__ = ("replay",)
    name = "patch"

    def __init__(self, edges: tuple[Node | None, Node | None], base: np.ndarray, replay: Callable):
        super().__init__(edges, base)
        self.replay = replay

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        outside = wrap(grad.array.copy()) if create_graph else wrap(grad.copy())
        self.replay(outside).array[...] = 0
        if not create_graph:
            return outside.array, self.replay(wrap(grad)).array
        mask = wrap(np.ones_like(grad.array))
        self.replay(mask).array[...] = 0
        return grad * mask, self.replay(grad)


# ---------------------------------------------------------------------------------------------- the sweep
def topological_order(root: Node) -> list[Node]:
    """Every node that `root` was computed from, each consumer before its parents, each once.

    >>> import learnnn
    >>> x = learnnn.tensor(3.0, requires_grad=True)
    >>> [node.name for node in topological_order((x * x + x).grad_fn)]
    ['add', 'mul', 'leaf']
    """
    seen, nodes = {root}, [root]
    for node in nodes:  # the list grows while we walk it: no recursion, however deep the graph
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                nodes.append(parent)
    nodes.sort(key=attrgetter("order"), reverse=True)
    return nodes


def unbroadcast(grad: Any, shape: tuple[int, ...]) -> Any:
    """Sum a gradient over the axes along which a value of `shape` was repeated by broadcasting.

    A value used k times gets the sum of k gradients; broadcasting is use. Works on arrays and on tensors.

    >>> unbroadcast(np.ones((4, 3)), (1, 3)).tolist()
    [[4.0, 4.0, 4.0]]
    """
    extra = grad.ndim - len(shape)
    axes = [i for i in range(grad.ndim) if i < extra or (shape[i - extra] == 1 and grad.shape[i] != 1)]
    return grad.sum(tuple(axes)).reshape(shape) if axes else grad.reshape(shape)


def _fit(grad: Any, node: Node) -> Any:
    """The gradient in the shape and dtype of the value it belongs to."""
    if grad.shape != node.shape:
        grad = unbroadcast(grad, node.shape)
    if grad.dtype != node.dtype:
        grad = grad.to(node.dtype) if isinstance(grad, Variable) else grad.astype(node.dtype)
    return grad


def sweep(
    root: Node, grad: Any, retain_graph: bool = False, create_graph: bool = False, wanted: set[Node] | None = None
) -> dict[Node, Any]:
    """Send `grad` from `root` down to the leaves, or to the `wanted` nodes, and return what arrives there.

    Gradients are arrays, or recorded tensors under `create_graph`. No state is left on the nodes but what
    `release` drops, so an error half way through loses nothing.
    """
    order = topological_order(root)
    useful = _leading_to(wanted, order) if wanted is not None else None
    pending, mine, found = {root: grad}, set(), {}
    with _Switch(create_graph), np.errstate(all="ignore"):
        for node in order:
            grad = pending.pop(node, None)
            if grad is None:
                continue
            for hook in tuple(node.hooks):
                grad = _call_hook(hook, grad)
            if (type(node) is Leaf) if wanted is None else (node in wanted):
                found[node] = grad
            edges = node.edges if useful is None else [e if e in useful else None for e in node.edges]
            for parent, piece in zip(edges, node.backward(grad, edges, create_graph), strict=False):
                if parent is None or piece is None:
                    continue
                if piece.shape != parent.shape or piece.dtype is not parent.dtype:
                    piece = _fit(piece, parent)
                if parent not in pending:
                    pending[parent] = piece
                elif parent in mine:  # a sum that nobody else holds: add to it in place
                    pending[parent] += piece
                else:
                    pending[parent] = pending[parent] + piece
                    if not create_graph:
                        mine.add(parent)
            if not retain_graph:
                node.release()
    return found


def _leading_to(wanted: set[Node], order: list[Node]) -> set[Node]:
    """The nodes through which a gradient passes on its way to the wanted ones."""
    useful = set(wanted)
    for node in reversed(order):
        if not useful.isdisjoint(node.parents):
            useful.add(node)
    return useful


def _call_hook(hook: Callable, grad: Any) -> Any:
    as_tensor = grad if isinstance(grad, Variable) else wrap(grad)
    changed = hook(as_tensor)
    if changed is None:
        return grad
    return changed if isinstance(grad, Variable) else changed.array


class _Join(Node):
    """Several outputs, each with its own gradient, as one root."""

    __slots__ = ("grads",)

    def __init__(self, edges: tuple[Node, ...], grads: list[Any]):
        super().__init__(edges, np.empty(0))
        self.grads = grads

    def backward(self, grad: Any, edges: Sequence[Node | None], create_graph: bool) -> Sequence[Any]:
        return self.grads


def _start(outputs: Sequence[Variable], gradients: Sequence[Any], create_graph: bool) -> tuple[Node, Any]:
    """The root of a sweep and the gradient to begin with: one for a scalar, else the user's."""
    nodes, grads = [], []
    for i, (output, gradient) in enumerate(zip(outputs, gradients, strict=True)):
        node = edge(output)
        if node is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        if gradient is None:
            if output.array.size != 1:
                raise RuntimeError(
                    f"grad can be implicitly created only for scalar outputs, this one has shape "
                    f"{list(output.array.shape)}: reduce it first, as in loss.mean().backward()"
                )
            gradient = wrap(np.ones_like(output.array))
        if np.shape(gradient) != output.array.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of {list(np.shape(gradient))} and output[{i}] "
                f"has a shape of {list(output.array.shape)}."
            )
        nodes.append(node)
        grads.append(gradient if create_graph else gradient.array.astype(output.array.dtype, copy=False))
    if len(nodes) == 1:
        return nodes[0], grads[0]
    return _Join(tuple(nodes), grads), grads[0]


def _sequence(value: Any, length: int | None = None) -> list[Any]:
    if value is None and length is not None:
        return [None] * length
    return [value] if isinstance(value, Variable) else list(value)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradient of `tensors` to the `.grad` of every leaf, or of `inputs` only.

    Raises RuntimeError if nothing requires a gradient, if an output that is no scalar comes without its
    gradient, and at a second call on a graph that was not retained.
    """
    outputs = _sequence(tensors)
    root, grad = _start(outputs, _sequence(grad_tensors, len(outputs)), create_graph)
    wanted = None if inputs is None else {node for node in map(edge, _sequence(inputs)) if node}
    keep = create_graph if retain_graph is None else retain_graph
    for node, gradient in sweep(root, grad, keep, create_graph, wanted).items():
        tensor = node.leaf()
        if tensor is not None:
            array = gradient.array if create_graph else gradient
            _accumulate(tensor, array, gradient if create_graph else None)


def _accumulate(tensor: Variable | None, array: np.ndarray, recorded: Any = None) -> None:
    """Add to `.grad`. The first gradient is stored as it is where no one else can hold its memory."""
    if tensor is None:
        return
    if recorded is not None:
        tensor.grad = recorded if tensor.grad is None else tensor.grad + recorded
    elif tensor.grad is None:
        tensor.grad = wrap(array.copy())
    else:
        tensor.grad.array += array


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, returned and stored nowhere (PyTorch's autograd.grad).

    >>> import learnnn
    >>> x = learnnn.tensor(3.0, requires_grad=True)
    >>> (first,) = grad(x * x * x, x, create_graph=True)
    >>> grad(first, x)
    (tensor(18.),)
    """
    ends, starts = _sequence(inputs), _sequence(outputs)
    nodes = [edge(tensor) for tensor in ends]
    if None in nodes:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    root, first = _start(starts, _sequence(grad_outputs, len(starts)), create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    found = sweep(root, first, keep, create_graph, {node for node in nodes if node})
    if not allow_unused and any(node not in found for node in nodes):
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True "
            "if this is the desired behavior."
        )
    grads = [found.get(node) for node in nodes if node]
    return tuple([g if g is None or isinstance(g, Variable) else wrap(g) for g in grads])

