"""What can listen to training, and take a hand in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..autograd import wrap

Logs = Mapping[str, float]


class Callback:
    """Something that is told how training goes. Override what you need; `self.trainer` is the trainer.

    `logs` are the numbers so far: after a batch its loss, after an epoch all that the history records. Setting
    `self.trainer.stop = True` ends training after the epoch. on_train_end is called after an error too. What a callback
    must remember for a run to be resumed exactly, its state_dict says; an epoch that is resumed does not begin again.

    >>> class Say(Callback):
    ...     def on_epoch_end(self, epoch, logs):
    ...         print(epoch, sorted(logs))
    """

    trainer: Any = None
    last: bool = False  # told after all others

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of this callback: nothing, unless you say."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; comes after on_train_begin."""

    def on_train_begin(self) -> None:
        """Before the first epoch."""

    def on_train_end(self) -> None:
        """After the last epoch, or after an error."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Before an epoch; the first is 1."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """After an epoch and its validation."""

    def on_batch_begin(self, batch: int) -> None:
        """Before a batch; the first of each epoch is 1."""

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """After the optimizer's step on a batch."""


HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


class Callbacks:
    """Several callbacks as one: `tell("on_epoch_end", ...)` calls whoever wrote that hook.

    A callback is any object with some of the hooks, or a function of (epoch, logs), called after each epoch.
    """

    def __init__(self, callbacks: Iterable[Any], trainer: Any):
        self.listeners: dict[str, list[Any]] = {hook: [] for hook in HOOKS}
        self.all = sorted(callbacks, key=lambda callback: bool(getattr(callback, "last", False)))
        for callback in self.all:
            self._add(callback, trainer)

    def _add(self, callback: Any, trainer: Any) -> None:
        found = [hook for hook in HOOKS if _writes(callback, hook)]
        if not found and (isinstance(callback, type) or not callable(callback)) and not isinstance(callback, Callback):
            hint = f": did you mean {callback.__name__}()?" if isinstance(callback, type) else ""
            raise TypeError(f"{callback!r} is no callback: it has none of {', '.join(HOOKS)}{hint}")
        if not found and callable(callback):
            self.listeners["on_epoch_end"].append(callback)
            return
        callback.trainer = trainer
        for hook in found:
            self.listeners[hook].append(getattr(callback, hook))

    def tell(self, hook: str, *args: Any) -> None:
        for listener in self.listeners[hook]:
            listener(*args)

    def state_dict(self) -> list[dict[str, Any]]:
        """The state of those that have one."""
        states = [(type(c).__name__, c.state_dict()) for c in self.all if hasattr(c, "state_dict")]
        return [{"type": name, "state": state} for name, state in states if state]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        """Give each its state back. ValueError if this run has other callbacks with a state."""
        mine = [c for c in self.all if hasattr(c, "state_dict") and c.state_dict()]
        saved, here = [state["type"] for state in states], [type(c).__name__ for c in mine]
        if saved != here:
            raise ValueError(
                f"the run was saved with the callbacks {saved or 'none'}, and this one has {here or 'none'}"
            )
        for callback, state in zip(mine, states, strict=True):
            callback.load_state_dict(state["state"])


def _writes(callback: Any, hook: str) -> bool:
    """Whether the callback has this hook and it is not the empty one."""
    method = getattr(type(callback), hook, None)
    return method is not None and method is not getattr(Callback, hook)


class EarlyStopping(Callback):
    """Stop when `monitor` has not got better for `patience` epochs, and put the best parameters back.

    Better is smaller, or larger for mode="max"; "auto" takes larger for accuracies and smaller for the rest.
    `stopped_epoch` is where it stopped (None if it did not), `best_epoch` the one whose parameters the model has now.
    Source: Prechelt 1998.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        mode: str = "auto",
        restore_best: bool = True,
    ):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is 'auto', 'min' or 'max', not {mode!r}")
        self.monitor, self.patience, self.min_delta, self.restore_best = monitor, patience, min_delta, restore_best
        self.sign = -1 if mode == "max" or (mode == "auto" and "acc" in monitor) else 1

    def on_train_begin(self) -> None:
        self.best, self.best_epoch = math.inf, 0
        self.stopped_epoch: int | None = None
        self.weights: dict[str, np.ndarray] | None = None

    def state_dict(self) -> dict[str, Any]:
        kept = {name: getattr(self, name) for name in ("best", "best_epoch", "stopped_epoch")}
        weights = None if self.weights is None else {name: wrap(array) for name, array in self.weights.items()}
        return {**kept, "best": kept["best"] if kept["best_epoch"] else None, "weights": weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best = math.inf if state["best"] is None else state["best"]
        self.best_epoch, self.stopped_epoch = state["best_epoch"], state["stopped_epoch"]
        weights = state["weights"]
        self.weights = None if weights is None else {name: tensor.array for name, tensor in weights.items()}

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.monitor not in logs:
            raise ValueError(
                f"EarlyStopping watches {self.monitor!r}, but there are {', '.join(logs)}: give fit validation_data or "
                "validation_split, or watch another"
            )
        value = self.sign * logs[self.monitor]
        if value < self.best - self.min_delta or not self.best_epoch:
            self.best, self.best_epoch = value, epoch
            if self.restore_best:
                self.weights = {k: v.array.copy() for k, v in self.trainer.model.state_dict().items()}
        elif epoch - self.best_epoch >= self.patience:
            self.stopped_epoch, self.trainer.stop = epoch, True

    def on_train_end(self) -> None:
        if self.weights is not None:
            self.trainer.model.load_state_dict(self.weights)
