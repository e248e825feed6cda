"""Optimizer: parameter groups, state, and the walk over parameters that every optimizer shares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from ..autograd import enable_grad, wrap
from ..ops import get_default_dtype
from ..tensor import Tensor
from .bundle import Arrangement, Desk, blocks


class Optimizer:
    """The base of all optimizers. A subclass says what it remembers of each parameter, and how to change one.

    `params` are tensors, or dicts of tensors and settings (parameter groups). Steps change parameters in place and
    never their gradients.
    """

    remembers: tuple[str, ...] = ()  # names of arrays in the state, in the shape of the parameter
    ours: tuple[str, ...] = ("l1", "decoupled_weight_decay")  # beyond PyTorch's: in the groups only if asked for

    def __init__(self, params: Any, defaults: dict[str, Any]):
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            hint = ": did you mean model.parameters()?" if hasattr(params, "parameters") else ""
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{type(params).__name__}{hint}"
            )
        for name, called in _NEVER_NEGATIVE.items():
            checked({called: (defaults.get(name), name not in defaults or defaults[name] >= 0)})
        self.defaults = {k: v for k, v in defaults.items() if v or k not in self.ours}
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self.steps_taken = 0  # for schedulers, which come after the first step
        self._desks: dict[np.dtype, Desk] = {}
        self._arrangements: dict[int, Arrangement] = {}
        entries = list(params)
        if not entries:
            raise ValueError("optimizer got an empty parameter list: does the model keep its layers as attributes?")
        for group in entries if isinstance(entries[0], dict) else [{"params": entries}]:
            self.add_param_group(group)

    # ----------------------------------------------------------------------------------------------- groups
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize more parameters, with settings of their own; the rest of the settings are the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        params = [given] if isinstance(given, Tensor) else list(given)
        for p in params:
            _check_parameter(p)
        known = {p for group in self.param_groups for p in group["params"]}
        if not known.isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append({**self.defaults, **param_group, "params": list(dict.fromkeys(params))})

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients: to be called once a step, or they add up."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p.grad is not None:
                    p.grad = wrap(np.zeros_like(p.grad.array))

    # ------------------------------------------------------------------------------------------------- steps
    def step(self, closure: Callable | None = None) -> Any:
        """Change every parameter that has a gradient. A closure computes the loss again, which is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        self.steps_taken += 1
        for number, group in enumerate(self.param_groups):
            self._step_group(number, group)
        return loss

    def _step_group(self, number: int, group: dict[str, Any]) -> None:
        params = [p for p in group["params"] if p._grad is not None]
        states = [self.state[p] or self._begun(p, group) for p in params]
        nows = [self.advance(state, group) for state in states]
        numbers: dict[Any, Any] = {}  # of this step, by how far a parameter has come
        ages = [numbers.setdefault(now, len(numbers)) for now in nows]
        arrangement = self._arrangements.get(number)
        if arrangement is None or not arrangement.fits(params, states, ages):
            arrangement = Arrangement(params, states, ages, self.remembers, self._desk)
            self._arrangements[number] = arrangement
        for now in numbers:
            numbers[now] = self.numbers(group, now)
        for first, part in arrangement.parts:
            self._update(part, group, numbers[nows[first]])
        for p in params:
            p.counter()[0] += 1  # a graph that saved the old numbers cannot be used any more

    def _begun(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        self.begin(self.state[p], p, group)
        return self.state[p]

    def _update(self, part: Any, group: dict[str, Any], numbers: dict[str, Any]) -> None:
        p, g = part.collect()
        if group.get("maximize"):
            g = -g
        for x, slope, *kept in blocks(p, g, *part.memory):
            self.update(x, _penalized(x, slope, group), kept, part.desk.scratch_like(x), **numbers)
        part.hand_back()

    def _desk(self, dtype: np.dtype) -> Desk:
        if dtype not in self._desks:
            self._desks[dtype] = Desk(dtype)
        return self._desks[dtype]

    def kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        """Which of the arrays in `remembers` these settings need."""
        return self.remembers

    def begin(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        """Fill the state of a parameter before its first step."""
        state["step"] = count(0)
        state.update({name: wrap(np.zeros_like(p.array)) for name in self.kept(group)})

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> Any:
        """Count a step of one parameter; what is returned, `numbers` may depend on."""
        step = state["step"].array
        now = step.item() + 1
        step.fill(now)
        return now

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        """The settings of this step, for `update`."""
        raise NotImplementedError

    def update(self, p: np.ndarray, g: np.ndarray, memory: list[np.ndarray], t: np.ndarray, **numbers: Any) -> None:
        """Change p and the memory in place, given the gradient g; t is for intermediate values."""
        raise NotImplementedError

    # ---------------------------------------------------------------------------------------- saving and loading
    def state_dict(self) -> dict[str, Any]:
        """Settings and state, with the parameters by number: {"state": {0: ...}, "param_groups": [...]}."""
        number = {p: i for i, p in enumerate(self._parameters())}
        groups = [{**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups]
        ordered = [{k: v for k, v in g.items() if k != "params"} | {"params": g["params"]} for g in groups]
        return {"state": {number[p]: dict(s) for p, s in self.state.items() if s}, "param_groups": ordered}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a saved state. ValueError if the groups, or the shapes, are those of another model."""
        if not {"state", "param_groups"} <= state_dict.keys():
            raise KeyError(f"an optimizer's state dict holds 'state' and 'param_groups', this one {list(state_dict)}")
        saved, mine = state_dict["param_groups"], self.param_groups
        if len(saved) != len(mine):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(saved)}, not {len(mine)}"
            )
        if any(len(s["params"]) != len(m["params"]) for s, m in zip(saved, mine, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        params = dict(zip(chain.from_iterable(g["params"] for g in saved), self._parameters(), strict=True))
        state = {}
        for number, values in state_dict["state"].items():
            p = params[number]
            for name in self.remembers:
                if name in values and np.shape(values[name]) != p.shape:
                    raise ValueError(
                        f"loaded state dict is of another model: {name} of parameter {number} has the shape "
                        f"{tuple(values[name].shape)}, the parameter {tuple(p.shape)}"
                    )
            state[p] = {name: _like(p, value, name) for name, value in values.items()}
        self.state.clear()
        self.state.update(state)
        for s, m in zip(saved, mine, strict=True):
            m.update({k: v for k, v in s.items() if k != "params"})

    def _parameters(self) -> Iterator[Tensor]:
        return chain.from_iterable(group["params"] for group in self.param_groups)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def _check_parameter(p: Any) -> None:
    if not isinstance(p, Tensor):
        raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
    if not p.is_leaf:
        raise ValueError("can't optimize a non-leaf Tensor: it was computed, so its gradient does not stay with it")


def _penalized(p: np.ndarray, g: np.ndarray, group: dict[str, Any]) -> np.ndarray:
    """The gradient with those of the L1 and L2 penalties added; decoupled decay shrinks the parameter instead."""
    decay, l1 = group.get("weight_decay"), group.get("l1")
    if decay and group.get("decoupled_weight_decay"):
        p *= 1 - group["lr"] * decay
    elif decay:
        g = g + decay * p
    return g + l1 * np.sign(p) if l1 else g


_NEVER_NEGATIVE = {"lr": "learning rate", "weight_decay": "weight_decay value", "l1": "l1 value"}


def settings(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an `__init__`, as its locals() gives them, without what is no setting."""
    if arguments.get("differentiable"):
        raise ValueError("differentiable=True is not supported: a step changes parameters, and records nothing")
    return {k: v for k, v in arguments.items() if k not in ("self", "params", "__class__")}


def count(start: float) -> Tensor:
    """A number in the state, as PyTorch keeps it."""
    return wrap(np.array(start, np.float64 if get_default_dtype() == np.float64 else np.float32))


def _like(p: Tensor, value: Any, name: str) -> Any:
    """A saved value as this parameter's state: its own copy, in the parameter's dtype unless it counts steps."""
    if isinstance(value, list | tuple):
        return [_like(p, item, name) for item in value]
    if not isinstance(value, Tensor):
        return value
    return wrap(value.array.astype(value.dtype if name == "step" else p.dtype))


def checked(limits: dict[str, tuple[Any, bool]]) -> None:
    """Raise ValueError for the first setting that is not fine: {"learning rate": (-1, False)}."""
    for name, (value, fine) in limits.items():
        if not fine:
            raise ValueError(f"Invalid {name}: {value}")
