"""What `graph` was given: tensors, values, or a model and its input; and what to call the things in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import autograd
from ...tensor import Tensor
from ..models import parts
from ..models.kind import is_module, is_torch_tensor
from ..models.model import Model
from ..models.tapes import tapes
from .modules import Call, Calls, noting
from .tape import Record, is_value, read_tensors, read_torch, read_values, torch_end

Names = Mapping[str, Any]


@dataclass
class Reading:
    """A record, and of each of its nodes the call of the model's part that made it."""

    record: Record
    made: list[Call | None]


def read(outputs: Sequence[Any], known: Names, gradients: bool | None) -> Record:
    """The record behind values, whoever computed them. TypeError for what is no computed value."""
    if not outputs:
        raise TypeError("graph() needs something to draw: a tensor, a value with .parents, or a model and its input")
    for test, reader in ((is_torch_tensor, read_torch), (is_tensor, read_tensors), (is_value, read_values)):
        if all(map(test, outputs)):
            names, alive = _by_identity(known)
            record = reader(outputs, names, gradients)
            del alive
            return record
    odd = next((type(o).__name__ for o in outputs if not is_computed(o)), "mixture of kinds")
    raise TypeError(
        f"graph() draws tensors, values with .parents and .data, or a model with its input, and this is a {odd}. A "
        "plain number or array does not remember how it was computed"
    )


def is_computed(thing: Any) -> bool:
    """Could it remember how it was computed?"""
    return is_torch_tensor(thing) or is_tensor(thing) or is_value(thing)


def is_tensor(thing: Any) -> bool:
    """Is it learnnn's?"""
    return isinstance(thing, Tensor)


def is_model(thing: Any) -> bool:
    """Can it be given an input?"""
    return is_module(thing) or (callable(thing) and not is_computed(thing) and not isinstance(thing, type))


# ----------------------------------------------------------------------------------------------------- names
def _by_identity(known: Names) -> tuple[dict[int, str], list[Any]]:
    """Name by id() of the tensor and of its node, and the list that keeps those alive meanwhile."""
    names, alive = {}, []
    for name, thing in known.items():
        node = _end(thing) if is_tensor(thing) or is_torch_tensor(thing) else None
        names[id(thing)] = name
        if node is not None and node is not thing:
            names[id(node)] = name
        alive.append((thing, node))
    return names, alive


def _end(tensor: Any) -> Any:
    """What recorded a tensor; of a value that is the value itself."""
    if is_tensor(tensor):
        return autograd.edge(tensor) if tensor.requires_grad else None
    return tensor.grad_fn if is_torch_tensor(tensor) else tensor


def variables(frame: Any) -> dict[str, Any]:
    """The caller's variables that could stand in the graph. Of two names for one thing the first one counts."""
    found = [(n, v) for n, v in frame.f_locals.items() if n.isidentifier() and not n.startswith("_") and _nameless(v)]
    return dict(found[::-1])


def _nameless(thing: Any) -> bool:
    """Could it stand in a graph, and has no name of its own?"""
    return is_computed(thing) and not isinstance(thing, type) and not getattr(thing, "label", "")


# ----------------------------------------------------------------------------------------------------- a model
def run(model: Any, inputs: Sequence[Any], names: Names, gradients: bool | None) -> Reading:
    """Run a model on its inputs, which are made to ask for gradients so that they stand in the picture.

    The model is afterwards as it was.
    """
    if not inputs:
        raise TypeError("graph(model, x): a model needs an input, to see what it does with it")
    whole = Model(model)
    parameters = parts.parameters(whole.owner)
    tape = tapes(list(parameters.values()), inputs, whole.kind, True)[0]
    calls = Calls(_origins, _ends)
    with whole.kept(), noting(whole.owner, calls):
        given = tape.given(inputs, True)
        every = given if isinstance(given, list) else [given]
        answers = [model(*arguments) for arguments in every]
        if not is_module(model):
            calls.note("", whole.name, answers, calls.given(every))
    outputs = list(_computed(answers))
    if not outputs:
        raise TypeError(f"{whole.name} gave nothing that remembers how it was computed, but {answers[0]!r}"[:200])
    record = read(outputs, {**_inputs(every), **parameters, **names}, gradients)
    for node in record.nodes:
        if node.kind == "input" and node.label in parameters:  # of a learner's own model, whose leaves all look alike
            node.kind = "parameter"
    return Reading(record, [calls.made.get(id(thing)) for thing in record.things])


def _inputs(every: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The tensors that the model was given, by name."""
    found: dict[str, Any] = {}
    for row, arguments in enumerate(every):
        for i, argument in enumerate(arguments):
            name = "input" if len(arguments) == 1 else f"input {i}"
            name += f", row {row}" if len(every) > 1 else ""
            tensors = list(_computed(argument))
            found |= {name: tensors[0]} if len(tensors) == 1 else {f"{name}[{k}]": t for k, t in enumerate(tensors)}
    return found


def _computed(answer: Any) -> Iterable[Any]:
    """The tensors or values in an answer, or in arguments, however they are packed."""
    if is_computed(answer):
        yield answer
    elif isinstance(answer, list | tuple | Mapping):
        for part in answer.values() if isinstance(answer, Mapping) else answer:
            yield from _computed(part)


def _ends(thing: Any) -> list[Any]:
    """The recorded steps that the tensors in something come from."""
    ends = [torch_end(t) if is_torch_tensor(t) else _end(t) for t in _computed(thing)]
    return [end for end in ends if end is not None]


def _origins(step: Any) -> Iterable[Any]:
    """What a recorded step was computed from."""
    if hasattr(step, "next_functions") and not hasattr(step, "edges"):
        return [origin for origin, _ in step.next_functions if origin is not None]
    return step.parents or ()
