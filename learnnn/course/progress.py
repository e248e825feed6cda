"""The framework as a map, with the parts that are the learner's in their colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from learnnn.course import swap
from learnnn.course.exercise import Exercise, exercises
from learnnn.inspection.face.picture import Picture
from learnnn.inspection.face.scene import Box, Group, Scene, Shape, Text, text_width

WIDTH, MARGIN, CHIP, GAP, SIZE = 760.0, 16.0, 24.0, 7.0, 12.5
WORDS = {"yours": "yours, running now", "kept": "yours, kept in your folder", "open": "learnnn's own so far"}
LOOK = {"yours": ("yours", "yours-edge"), "kept": ("paper", "yours-edge"), "open": ("box", "edge")}


class Progress(Picture):
    """What is the learner's by now. `data` is {id: {"lesson", "title", "replaces", "state"}}.

    A state is "yours" (learnnn runs your code), "kept" (your folder has it; `course.load_mine()` brings it back)
    or "open".
    """

    title = "your framework"

    def __init__(self, found: Iterable[Exercise]):
        used = set(swap._mine)
        self.states = {exercise: _state(exercise, used) for exercise in found}

    @property
    def data(self) -> dict[str, Any]:
        return {
            e.id: {"lesson": e.lesson, "title": e.title, "replaces": e.replaces, "state": state}
            for e, state in self.states.items()
        }

    @property
    def done(self) -> int:
        """How many components are the learner's."""
        return sum(state != "open" for state in self.states.values())

    @property
    def text(self) -> str:
        lines = [f"{self.done} of {len(self.states)} components are yours"]
        for room, found in self.rooms().items():
            lines.append(f"  {room}: " + ", ".join(f"{_name(e)} ({self.states[e]})" for e in found))
        return "\n".join(lines)

    def rooms(self) -> dict[str, list[Exercise]]:
        """The exercises by the room of the framework that they stand in, in the order of the lessons."""
        rooms: dict[str, list[Exercise]] = {}
        for exercise in self.states:
            rooms.setdefault(_room(exercise), []).append(exercise)
        order = sorted(rooms, key=lambda room: (rooms[room][0].replaces is None, rooms[room][0].lesson))
        return {room: rooms[room] for room in order}

    def scene(self) -> Scene:
        """The drawing itself: a box a room, a chip a component."""
        shapes: list[Shape] = [Text(MARGIN, MARGIN + 12, self.text.splitlines()[0], 15, bold=True)]
        y = MARGIN + 30
        for room, found in self.rooms().items():
            drawn, height = self._room(room, found, y)
            shapes += drawn
            y += height + 10
        return Scene(WIDTH, y + 24, self.title, self.text, [*shapes, *_key(y + 2)])

    def _room(self, room: str, found: list[Exercise], y: float) -> tuple[list[Shape], float]:
        x, top = MARGIN + 12, y + 28
        chips: list[Shape] = []
        for exercise in found:
            width = text_width(_name(exercise), SIZE) + 20
            if x + width > WIDTH - MARGIN - 12:
                x, top = MARGIN + 12, top + CHIP + GAP
            chips.append(self._chip(exercise, x, top, width))
            x += width + GAP
        height = top + CHIP + 12 - y
        walls = Box(MARGIN, y, WIDTH - 2 * MARGIN, height, "paper", "edge", 8)
        return [walls, Text(MARGIN + 12, y + 18, room, 12.5, "muted", bold=True), *chips], height

    def _chip(self, exercise: Exercise, x: float, y: float, width: float) -> Group:
        state = self.states[exercise]
        fill, edge = LOOK[state]
        line = 1.0 if state == "open" else 1.6
        box = Box(x, y, width, CHIP, fill, edge, 12, line, dashed=state == "kept")
        words = Text(x + width / 2, y + 16.5, _name(exercise), SIZE, "ink", "middle", bold=state == "yours")
        return Group(f"{exercise.id}, lesson {exercise.lesson}: {WORDS[state]}", (box, words), (("state", state),))


def progress() -> Progress:
    """The framework as a map: which components are yours and running, kept in your folder, or still learnnn's own.

    >>> progress().data["tensor.matmul"]["replaces"]
    'learnnn.ops.matmul'
    """
    return Progress(exercises())


def _state(exercise: Exercise, used: set[str]) -> str:
    return "yours" if exercise.id in used else "kept" if swap.path_of(exercise).exists() else "open"


def _name(exercise: Exercise) -> str:
    return exercise.id.split(".")[-1]


def _room(exercise: Exercise) -> str:
    """Where in the framework it stands; some exercises take nobody's place there."""
    return exercise.replaces.rpartition(".")[0] if exercise.replaces else f"lesson {exercise.lesson:02}"


def _key(y: float) -> list[Shape]:
    shapes, x = list[Shape](), MARGIN
    for state, words in WORDS.items():
        fill, edge = LOOK[state]
        shapes += [Box(x, y, 18, 12, fill, edge, 6, 1.4, state == "kept"), Text(x + 24, y + 10.5, words, 12, "muted")]
        x += 24 + text_width(words, 12) + 18
    return shapes
