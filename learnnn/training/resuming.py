"""The state of a run: everything that must be as it was for training to go on to the same bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from ..autograd import no_grad
from ..nn import Module
from .checkpoint import FORMAT
from .history import History
from .randomness import Randomness


def state_of(trainer: Any) -> dict[str, Any]:
    """The run as dicts, lists, numbers and tensors."""
    here = {name: getattr(trainer, name) for name in ("finished", "batch", "batches", "steps", "stop")}
    random = None if trainer.randomness is None else {**trainer.drawn, "now": trainer.randomness.state()}
    return {
        "format": FORMAT,
        **parts_of(trainer),
        **here,
        "tally": trainer.tally.state_dict(),
        "random": random,
        "callbacks": trainer.told.state_dict(),
    }


def parts_of(trainer: Any) -> dict[str, Any]:
    """Model, optimizer, scheduler and history."""
    scheduler = trainer.scheduler
    return {
        "model": _numbers(trainer),
        "frozen": [name for name, p in _named(trainer).items() if not p.requires_grad],
        "optimizer": trainer.optimizer.state_dict(),
        "optimizer_steps": getattr(trainer.optimizer, "steps_taken", 0),
        "scheduler": None if scheduler is None else scheduler.state_dict(),
        "history": dict(trainer.history),
        "seconds": list(trainer.seconds),
    }


def _named(trainer: Any) -> dict[str, Any]:
    """The parameters by name; of a model that is only a function, those that the optimizer has, by number."""
    if isinstance(trainer.model, Module):
        return dict(trainer.model.named_parameters())
    return {str(i): p for i, p in enumerate(p for g in trainer.optimizer.param_groups for p in g["params"])}


def _numbers(trainer: Any) -> dict[str, Any]:
    if isinstance(trainer.model, Module):
        return dict(trainer.model.state_dict())
    return {name: p.detach() for name, p in _named(trainer).items()}


# ---------------------------------------------------------------------------------------------------- going back
def restore(trainer: Any, state: Mapping[str, Any]) -> None:
    """Put a run that has just begun to where the saved one stood. An error leaves model and optimizer as they were."""
    if state["random"] is None:
        raise ValueError(
            "this file was saved outside of fit: trainer.load takes it over, but there is no run to resume"
        )
    if state["batches"] != trainer.batches:
        raise ValueError(
            f"the run was saved with {state['batches']} batches an epoch, and this data gives {trainer.batches}: "
            "resume with the same data and batch_size"
        )
    restore_parts(trainer, state, also=lambda: trainer.told.load_state_dict(state["callbacks"]))
    for name in ("finished", "batch", "steps", "stop"):
        setattr(trainer, name, state[name])
    trainer.tally.load_state_dict(state["tally"])
    trainer.drawn = {name: state["random"][name] for name in ("begin", "epoch")}
    trainer.randomness.restore(state["random"]["now"])


def restore_parts(trainer: Any, state: Mapping[str, Any], also: Any = lambda: None) -> None:
    """Take over what `parts_of` gave, all of it or nothing."""
    before = deepcopy(parts_of(trainer))
    try:
        _take(trainer, state)
        also()
    except Exception:
        _take(trainer, before)
        raise


def _take(trainer: Any, state: Mapping[str, Any]) -> None:
    if (state["scheduler"] is None) != (trainer.scheduler is None):
        with_, without = ("with", "without") if trainer.scheduler is None else ("without", "with")
        raise ValueError(f"the run was saved {with_} a scheduler, and this trainer is {without} one")
    _load_numbers(trainer, state["model"])
    for name, parameter in _named(trainer).items():
        parameter.requires_grad_(name not in state["frozen"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    trainer.optimizer.steps_taken = state["optimizer_steps"]
    if trainer.scheduler is not None:
        trainer.scheduler.load_state_dict(state["scheduler"])
    trainer.history = History({name: list(column) for name, column in state["history"].items()})
    trainer.seconds = list(state["seconds"])


def _load_numbers(trainer: Any, numbers: Mapping[str, Any]) -> None:
    if isinstance(trainer.model, Module):
        trainer.model.load_state_dict(numbers)
        return
    mine = _named(trainer)
    if {n: p.shape for n, p in mine.items()} != {n: p.shape for n, p in numbers.items()}:
        raise ValueError("the parameters in the file differ from the optimizer's in number or shape")
    with no_grad():
        for name, parameter in mine.items():
            parameter.copy_(numbers[name])


@contextmanager
def from_the_beginning(state: Mapping[str, Any] | None, randomness: Randomness) -> Iterator[None]:
    """Random numbers as they stood when the saved run began, so that data is divided as it was then."""
    before = randomness.state()
    try:
        if state is not None and state["random"] is not None:
            randomness.restore(state["random"]["begin"])
        yield
    except Exception:
        randomness.restore(before)
        raise
