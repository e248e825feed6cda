"""What a page can ask of its playground, an entry of a table each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .points import read_csv
from .settings import real, whole

if TYPE_CHECKING:
    from .playground import Playground

Event = dict[str, Any]


def answer(playground: Playground, event: Event) -> dict[str, Any]:
    """What the page is told: the answer, which question it is for ("asked"), and what was wrong with it ("problem").

    An edit has sent all that is new to every view already.
    """
    playground.drag = event.get("drag")
    try:
        ask = ASKED.get(str(event.get("type")))
        if ask is None:
            raise ValueError(f"the playground answers no event of the type {event.get('type')!r}")
        found = ask(playground, event)
    except Exception as error:  # a train_step of yours may raise anything, and the page waits for an answer
        found = {"problem": str(error) or type(error).__name__}
    finally:
        playground.drag = None
    return {**(found if isinstance(found, dict) else {}), "asked": event.get("asked")}


def run(playground: Playground, event: Event) -> dict[str, Any]:
    """Train for so many steps, or until the time is up, and show what moved; several `frames` times if asked to.

    A page that asks for two frames at once shows more of them: the status of the kernel that goes with each question
    costs JupyterLab about as much as a frame does.
    """
    steps, seconds = whole("steps", event["steps"], 1, 10**6), real("seconds", event["seconds"], 0, 1)
    for _ in range(whole("frames", event.get("frames", 1), 1, 10) - 1):
        playground.learner.step(steps, seconds)
        playground.refresh(**playground.frame())
    playground.learner.step(steps, seconds)
    return playground.frame()


ASKED: dict[str, Callable[[Playground, Event], Any]] = {
    "run": run,
    "look": lambda playground, event: playground.everything(),
    "link": lambda playground, event: {"link": playground.link},
    "code": lambda playground, event: {"code": playground.code},
    "set": lambda playground, event: playground.set(**event["settings"]),
    "edit": lambda playground, event: playground.edit(*[event[name] for name in ("layer", "unit", "source", "value")]),
    "add": lambda playground, event: playground.add(event["x"], event["y"], event["label"]),
    "csv": lambda playground, event: playground.load(*read_csv(event["text"])),
    "open": lambda playground, event: playground.open(event["text"]),
    "reset": lambda playground, event: playground.reset(),
    "undo": lambda playground, event: playground.undo(),
    "redo": lambda playground, event: playground.redo(),
}
