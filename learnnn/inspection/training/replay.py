"""`replay`: training played back and forth, in every picture at once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import number
from ..face.live import Live, pack
from .recorder import Moment, Recorder
from .scripts import together
from .strip import Sheet

ROOM = 1_500_000  # bytes of frames on a page: where they are more, moments are left out


class Replay(Live):
    """What `replay` returns; `update()` looks again at a recorder that has recorded more."""

    title = "replay"

    def __init__(self, recorder: Recorder, pictures: Sequence[Live], frames: int, title: str | None):
        self.recorder, self.pictures, self.most = recorder, list(pictures), frames
        self.heading = title or f"Training of {recorder.model.name}, replayed"
        self.script = together([picture.script for picture in pictures], Path(__file__).with_name("replay.js"))
        self._film()

    # ---------------------------------------------------------------------------------------------- the recording
    def _film(self) -> None:
        """Load each moment, let every picture look, and keep what it sees; then all is as it was."""
        recorded = self.recorder.moments
        places = np.unique(np.linspace(0, len(recorded) - 1, min(self.most, len(recorded))).round().astype(int))
        self.moments = [recorded[i] for i in places]
        with self._visiting() as look:
            frames = []
            for moment in self.moments:
                look(moment)
                frames.append([pack(_frame(picture, moment.step), as_text=True) for picture in self.pictures])
            self._states = [pack(picture.state(), as_text=True) for picture in self.pictures]
            self._texts = [picture.text for picture in self.pictures]
        while len(packed := _squeezed(frames)) > ROOM and len(frames) > 2:
            frames, self.moments = ([*kept[:-1:2], kept[-1]] for kept in (frames, self.moments))
        self._frames = np.frombuffer(packed, np.uint8)
        self._sheet = self._still()

    @contextmanager
    def _visiting(self) -> Iterator[Callable[[Moment], None]]:
        """To look at the model as it was, in every picture; afterwards model and pictures are as before."""

        def look(moment: Moment) -> None:
            self.recorder.visit(moment)
            for picture in self.pictures:
                picture.update()

        try:
            with self.recorder.visit(self.moments[-1]):
                yield look
        finally:
            for picture in self.pictures:
                picture.update()

    def _still(self) -> Sheet:
        """One picture at four moments, or several pictures at the last."""
        last, paired = len(self.moments) - 1, len(self.pictures) == 1
        self._places = np.unique(np.linspace(0, last, 4).round().astype(int)).tolist() if paired else [last]
        svgs = self._pictured(lambda picture: picture.to_svg())
        labels = [self.said(i) for i in self._places] if paired else [self.said(last)] + [""] * (len(svgs) - 1)
        return Sheet(self.heading, self.text, labels, svgs, paired)

    def _pictured(self, draw: Callable[[Live], Any]) -> list[Any]:
        """What is drawn of every picture at the moments that the still form shows."""
        drawn = []
        with self._visiting() as look:
            for i in self._places:
                look(self.moments[i])
                drawn += [draw(picture) for picture in self.pictures]
        return drawn

    # --------------------------------------------------------------------------------------------- what it says
    def said(self, i: int) -> str:
        """A moment in words: its step, and the numbers that were recorded with it."""
        moment = self.moments[i]
        return " · ".join([f"step {moment.step}", *(f"{name} {number(v)}" for name, v in moment.numbers.items())])

    @property
    def numbers(self) -> dict[str, list[float | None]]:
        """What was recorded beside the parameters, a number for each moment, None where there is none."""
        names = dict.fromkeys(name for moment in self.moments for name in moment.numbers)
        return {name: [moment.numbers.get(name) for moment in self.moments] for name in names}

    @property
    def data(self) -> dict[str, Any]:
        """The steps that are shown, their numbers, and the titles of the pictures."""
        titles = [picture.title for picture in self.pictures]
        return {"steps": [moment.step for moment in self.moments], "numbers": self.numbers, "pictures": titles}

    @property
    def text(self) -> str:
        head = f"replay of {self.recorder.model.name}: {len(self.moments)} moments, from step {self.moments[0].step} to"
        return "\n".join([f"{head} {self.said(-1)}", *self._texts])

    def to_svg(self) -> str:
        return self._sheet.to_svg()

    def to_png(self, scale: float = 2, dark: bool = False) -> bytes:
        return self._sheet.to_png(self._pictured(lambda picture: picture.to_png(scale, dark)), scale, dark)

    def state(self) -> dict[str, Any]:
        return {"title": self.heading, "states": self._states, **self.frame()}

    def frame(self) -> dict[str, Any]:
        return {"steps": [moment.step for moment in self.moments], "numbers": self.numbers, "frames": self._frames}

    def update(self) -> None:
        self._film()
        super().update()


def _frame(picture: Live, step: int) -> dict[str, Any]:
    """What a picture shows of a model that was put back to a step; one that has its own memory of it looks there."""
    at = getattr(picture, "frame_at", None)
    return at(step) if at is not None else picture.frame()


def _squeezed(frames: list[Any]) -> bytes:
    return gzip.compress(json.dumps(frames, allow_nan=False, separators=(",", ":")).encode(), 6, mtime=0)


def replay(recorder: Recorder, *pictures: Live, frames: int = 32, title: str | None = None) -> Replay:
    """Play recorded training back and forth: one scrubber drives every picture.

    `pictures` are live pictures of the recorded model (`decision_boundary(model, X, y)`, `watch(model)`, ...). For each
    of `frames` moments of the recorder, evenly chosen, its parameters are put into the model and the pictures look
    again; then the model is as it was. The result needs no kernel; at most about 1.5 MB of frames are kept.

    Raises TypeError for what is no recorder or no live picture, ValueError where nothing was recorded.

    >>> import learnnn as torch
    >>> from learnnn import inspection, nn
    >>> from learnnn.inspection.training.recorder import Recorder
    >>> model = nn.Linear(2, 1)
    >>> boundary = inspection.decision_boundary(model, [[0.0, 0.0], [1.0, 1.0]], [0, 1], resolution=4)
    >>> recorder = Recorder(model)
    >>> recorder.step(loss=0.5)
    >>> replay(recorder, boundary).data["steps"]
    [0, 1]
    """
    if not isinstance(recorder, Recorder):
        given = type(recorder).__name__
        raise TypeError(f"replay plays what a Recorder recorded, not a {given}: Recorder(model), then train")
    for picture in pictures:
        if not isinstance(picture, Live):
            raise TypeError(f"a {type(picture).__name__} cannot follow training: pass live pictures of the model")
    if not pictures:
        raise ValueError("name the pictures to play: replay(recorder, inspection.decision_boundary(model, X, y))")
    if len(recorder) < 2:
        raise ValueError(
            "nothing was recorded yet: pass the recorder to Trainer.fit(callbacks=[recorder]), or call recorder.step() "
            "after each step of the optimizer"
        )
    if not isinstance(frames, int) or frames < 2:
        raise ValueError(f"frames is how many moments to show, an integer from 2, not {frames!r}")
    return Replay(recorder, pictures, frames, title)
