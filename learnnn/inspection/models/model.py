"""Any model, whoever wrote it, through one face: asked for an answer, for its parts, and for what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MethodType
from typing import Any

import numpy as np

from . import parts
from .kind import arrays_in, as_array, is_module, is_torch
from .modes import in_mode, recorded
from .paths import check_names, find
from .seeing import Caught, Seen, Watch
from .tapes import NO_GRADIENTS, Given, Tape, first_tensor, tapes
from .untouched import kept
from .watching import watching


class Model:
    """A model as the hooks see it: learnnn's module, PyTorch's, or the learner's own class or function.

    `kind` is "learnnn", "torch" or "yours"; `name` the name of its class, or of the function. A method, such as
    `net.forward`, is seen with the parts and parameters of its object. TypeError for what cannot be called.

    >>> from learnnn import nn
    >>> model = Model(nn.Sequential(nn.Linear(2, 3), nn.ReLU()))
    >>> model.kind, model.name, list(model.layers())
    ('learnnn', 'Sequential', ['', '0', '1'])
    >>> model.ask([[1.0, 2.0]]).shape
    (1, 3)
    >>> Model(abs).ask([-1.0, 2.0])
    array([1., 2.])
    """

    def __init__(self, model: Any):
        self.model = model
        self.owner: Any = model.__self__ if isinstance(model, MethodType) else model
        self._call = _caller(model)
        self.kind = "yours" if not is_module(self.owner) else "torch" if is_torch(self.owner) else "learnnn"
        self.name = getattr(model, "__name__", type(model).__name__)

    # --------------------------------------------------------------------------------------------------- asking
    def ask(self, *inputs: Any) -> np.ndarray:
        """The answer to arrays or tensors, in evaluation mode, with nothing recorded; of several the first.

        A model of single numbers, as in lesson 03, is asked once for each row of a batch (N, d).
        """
        return self.answers(*inputs)[0]

    def answers(self, *inputs: Any) -> tuple[np.ndarray, ...]:
        """All arrays of the answer: the outputs and the states of an LSTM, say."""
        with self._left_alone(), self._mode(training=False), recorded(False):
            return self._answered(self._run(inputs, Watch(False))[1])

    def as_input(self, x: Any) -> Any:
        """Numbers as the model wants them: a tensor of the parameters' precision, or an array. Integers stay so."""
        return tapes(self._parameters(), [x], self.kind, track=False)[0].input(x)

    def _left_alone(self) -> AbstractContextManager:
        """A module changes nothing in evaluation mode but what it draws; of your own class that is not known."""
        return kept(None if is_module(self.owner) else self.owner)

    def _answered(self, answer: Any) -> tuple[np.ndarray, ...]:
        found = tuple(array.copy() for array in arrays_in(answer))
        if not found:
            raise TypeError(f"{self.name} returned {answer!r}, no numbers: does its function end without a return?")
        return found

    # ----------------------------------------------------------------------------------------------- parameters
    def parameters(self) -> dict[str, np.ndarray]:
        """Copies of all parameters, by dotted path: what the model lists itself, else what is found in it.

        >>> from learnnn import nn
        >>> {path: array.shape for path, array in Model(nn.Linear(2, 3)).parameters().items()}
        {'weight': (3, 2), 'bias': (3,)}
        """
        return {path: np.array(as_array(p)) for path, p in parts.parameters(self.owner).items()}

    def gradients(self) -> dict[str, np.ndarray | None]:
        """Copies of the parameters' `.grad`, None where there is none."""
        grads = {path: getattr(p, "grad", None) for path, p in parts.parameters(self.owner).items()}
        return {path: None if grad is None else np.array(as_array(grad)) for path, grad in grads.items()}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Other numbers for all parameters, in place. ValueError if names or shapes differ, and nothing is changed."""
        known = parts.parameters(self.owner)
        check_names(arrays.keys(), known.keys(), self.name)
        values = {path: as_array(array) for path, array in arrays.items()}
        for path, parameter in known.items():
            if values[path].shape != (due := as_array(parameter).shape):
                raise ValueError(f"{self.name}: '{path}' has shape {due}, and the array for it {values[path].shape}")
        with recorded(False):
            for path, parameter in known.items():
                parts.take_over(parameter, values[path])

    def _parameters(self) -> list[Any]:
        return list(parts.parameters(self.owner).values())

    # ---------------------------------------------------------------------------------------------------- parts
    def layers(self) -> dict[str, Any]:
        """Every part that computes, by its path, in order: the model as "", containers, and what they contain."""
        self._check_not_estimator()
        return parts.layers(self.owner)

    def leaves(self) -> dict[str, Any]:
        """The parts without parts of their own."""
        return {path: part for path, part in self.layers().items() if not parts.has_parts(part)}

    def layer(self, path_or_module: Any) -> str:
        """The path of a part, told by its path, its place among the model's own parts, or the part itself.

        Raises ValueError, with the paths there are, for what is not in the model.

        >>> from learnnn import nn
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        >>> Model(net).layer(-1), Model(net).layer(net[0])
        ('1', '0')
        """
        return find(path_or_module, self.layers(), self.name)

    def _check_not_estimator(self) -> None:
        if _is_estimator(self.model):
            raise TypeError(
                f"{self.name} is a scikit-learn estimator, which has no layers to look into: pass a network built from "
                "modules, or from your own classes"
            )

    # --------------------------------------------------------------------------------------------------- seeing
    def see(
        self,
        *inputs: Any,
        layers: Sequence[Any] | None = None,
        loss: Callable[[Any], Any] | None = None,
        gradients: bool = False,
        training: bool = False,
    ) -> Seen:
        """Run the model and see what each part gave; with `gradients` also those of a loss. See `Seen`.

        `layers` (paths, indices or parts) says which to watch, None all. `loss` is a function of the model's answer, in
        its own kind of tensor (for single numbers and a batch: the list of answers), to one number; if not given it is
        the answer's sum. The model is afterwards as it was, its `.grad` too, also after an error.

        Raises TypeError for gradients of a model that computes with plain arrays.

        >>> from learnnn import nn
        >>> seen = Model(nn.Sequential(nn.Linear(2, 3), nn.Tanh())).see([[1.0, 2.0]], gradients=True)
        >>> {path: array.shape for path, array in seen.outputs.items()}
        {'0': (1, 3), '1': (1, 3), '': (1, 3)}
        >>> seen.gradients["1"]
        array([[1., 1., 1.]], dtype=float32)
        """
        known = self.layers()
        chosen = known if layers is None else {path: known[path] for path in map(self.layer, layers)}
        watch = Watch(gradients)
        with self.kept(), self._mode(training), recorded(gradients):
            inner = {path: part for path, part in chosen.items() if path}
            with watching(inner, lambda path, args, output: watch.note(path, output)):
                given, answer = self._run(inputs, watch, gradients)
            return self._seen(watch, chosen, given, answer, loss)

    def kept(self) -> AbstractContextManager:
        """Within, the model may be trained, loaded or hooked: afterwards its parameters, buffers, `.grad`, modes, hooks
        and all random generators are as they were, also after an error."""
        return kept(self.owner)

    def _seen(self, watch: Watch, chosen: Mapping[str, Any], given: Given, answer: Any, loss: Any) -> Seen:
        seen = {path: calls for path, calls in watch.seen(isinstance(given, list)).items() if calls and path in chosen}
        outputs = {path: calls[-1].array for path, calls in seen.items()}
        calls = {path: [call.array for call in calls] for path, calls in seen.items()}
        out = Seen(self._answered(answer)[0], outputs, calls)
        if watch.gradients:
            self._add_gradients(out, watch.tape, {path: c[-1] for path, c in seen.items()}, given, answer, loss)
        elif loss is not None:
            out.loss = float(as_array(loss(answer)))
        return out

    def _add_gradients(
        self, out: Seen, tape: Tape, last: Mapping[str, Caught], given: Given, answer: Any, loss: Callable | None
    ) -> None:
        total = loss(answer) if loss is not None else tape.total(first_tensor(answer, tape))
        learned = {path: p for path, p in parts.parameters(self.owner).items() if tape.owns(p) and _wants_gradient(p)}
        inputs = [x if _wants_gradient(x) else None for x in (zip(*given) if isinstance(given, list) else given)]
        found = tape.gradients(total, [*inputs, *learned.values(), *(caught.handle for caught in last.values())])
        out.loss = float(as_array(total))
        out.input_gradients = tuple(found[: len(inputs)])
        named = dict(zip([*learned], found[len(inputs) :]))
        out.parameter_gradients = {path: g for path, g in named.items() if g is not None}
        named = dict(zip(last, found[len(inputs) + len(learned) :]))
        out.gradients = {path: g for path, g in named.items() if g is not None}

    # -------------------------------------------------------------------------------------------------- running
    def _run(self, inputs: Sequence[Any], watch: Watch, track: bool = False) -> tuple[Given, Any]:
        """(what the model was given, its answer), in the first of the ways to ask it that works."""
        ways, first = tapes(self._parameters(), inputs, self.kind, track), None
        for tape in ways:
            watch.start(tape)
            try:
                given = tape.given(inputs, track)
                answer = self._answer(given, watch)
                if not track or answer is None or first_tensor(answer, tape) is not None:
                    return given, answer
            except (TypeError, AttributeError, RuntimeError) as error:
                if len(ways) == 1:
                    raise
                first = first or error
        if track:
            raise TypeError(NO_GRADIENTS) from first
        raise first  # type: ignore[misc]  # one way at least has failed

    def _answer(self, given: Given, watch: Watch) -> Any:
        if isinstance(given, list):
            return [self._answer(arguments, watch) for arguments in given]
        watch.runs.append({})
        return watch.note("", self._call(*given))

    def _mode(self, training: bool) -> AbstractContextManager:
        held = [self.owner] if is_module(self.owner) else parts.layers(self.owner).values()
        inner = [part for thing in held for part in (thing.modules() if is_module(thing) else [thing])]
        return in_mode([part for part in inner if _has_modes(part)], training)


def _has_modes(part: Any) -> bool:
    return isinstance(getattr(part, "training", None), bool) and hasattr(part, "__dict__")


# ------------------------------------------------------------------------------------------------- what was given
def _caller(model: Any) -> Callable[..., Any]:
    """How a model is called; TypeError for what is none."""
    if isinstance(model, type):
        raise TypeError(f"{model.__name__} is a class: make a model of it first, as in {model.__name__}(...)")
    if callable(model):
        return model
    if callable(forward := getattr(model, "forward", None)):
        return forward
    if _is_estimator(model):
        return next(getattr(model, name) for name in _ESTIMATES if hasattr(model, name))
    raise TypeError(
        f"a {type(model).__name__} is no model: pass what can be called with an input, a module, a function, an object "
        "of your class with a __call__ or forward method, or a fitted scikit-learn estimator"
    )


_ESTIMATES = ("predict_proba", "decision_function", "predict")


def _is_estimator(model: Any) -> bool:
    return not callable(model) and hasattr(model, "fit") and hasattr(model, "predict")


def _wants_gradient(tensor: Any) -> bool:
    return getattr(tensor, "requires_grad", True)
