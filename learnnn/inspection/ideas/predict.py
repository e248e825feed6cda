"""`predict`: a question whose answer is shown when the reader has committed to one."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import number
from ..face.live import Live
from ..face.picture import Picture
from ..face.scene import Box, Dot, Scene, Shape, Text, paragraph
from ..models.kind import as_array

MOST_FIELDS = 36
WIDE = 640.0


class _Folded(Picture):
    """A picture with its answer in a fold below: what a page without scripts shows."""

    def fold(self) -> str:
        """What is in the fold, in words."""
        raise NotImplementedError

    def to_html(self) -> str:
        words = "".join(f"&#{ord(sign)};" for sign in self.fold())  # a browser reads it; an eye in the source does not
        return (
            f'{super().to_html()}<details style="margin:6px 0"><summary>Answer (open it when you have decided)'
            f'</summary><p style="margin:6px 0;white-space:pre-wrap">{words}</p></details>'
        )


class Prediction(Live, _Folded):
    """A question with its answer kept back. `committed` is what the reader of the live form chose: None before that.

    `widget()` tells python; without it the page keeps the answer to itself.
    """

    script = Path(__file__).with_name("predict.js")

    def __init__(
        self, question: str, answer: Any, options: list[str] | None, tolerance: float | None, because: str, title: str
    ):
        self.question, self.options, self.because, self.title = question, options, because, title
        self.committed: Any = None
        self._given, self._tolerance = answer, tolerance
        self._solved: Any = None if callable(answer) else _solution(answer, options)

    @property
    def answer(self) -> Any:
        """The right answer: the words of an option, or an array of numbers. A function is called now, and only once."""
        return self.solve()

    def solve(self) -> Any:
        """Find the answer, unless it is known."""
        if self._solved is None:
            self._solved = _solution(self._given() if callable(self._given) else self._given, self.options)
        return self._solved

    @property
    def tolerance(self) -> float:
        """How far off a number may be: by default not at all where the answer is whole, else a hundredth of it."""
        if self._tolerance is not None:
            return self._tolerance
        whole = np.all(self.answer == np.round(self.answer))
        return 1e-9 if whole else 0.01 * float(np.abs(self.answer).max())

    def right(self, choice: Any) -> bool:
        """Is this the answer, or near enough?"""
        if self.options:
            return bool(choice == self.answer)
        return bool(np.all(np.abs(np.asarray(choice, float) - self.answer) <= self.tolerance))

    @property
    def data(self) -> dict[str, Any]:
        """The question, and what was committed (None before); not the answer, which `.answer` gives."""
        known = self.committed is not None
        return {
            "question": self.question, "options": self.options, "committed": self.committed,
            "right": self.right(self.committed) if known else None,
        }  # fmt: skip

    @property
    def text(self) -> str:
        lines = [self.question, *[f"    {i}. {option}" for i, option in enumerate(self.options or (), 1)]]
        return "\n".join([*lines, "    Decide, then look: the answer is in .answer"])

    def fold(self) -> str:
        if self.widgets and self._solved is None:
            return "It is computed when you commit to one."
        return " ".join(filter(None, [_written(self.answer), self.because]))

    def scene(self) -> Scene:
        """The question with its choices, or with the fields to fill in."""
        shapes, y = paragraph(self.question, 16, 8, WIDE - 32, size=14, bold=True)
        more, y = self._choices(y + 20) if self.options else self._fields(y + 20)
        return Scene(WIDE, y + 6, self.title, self.text, [*shapes, *more])

    def _choices(self, y: float) -> tuple[list[Shape], float]:
        shapes: list[Shape] = []
        for option in self.options or ():
            words, bottom = paragraph(option, 44, y - 9.5, WIDE - 64, size=13)
            shapes += [Dot(26, y + 4, 7, "box", "line", line=1.2), *words]
            y = bottom + 19
        return shapes, y

    def _fields(self, y: float) -> tuple[list[Shape], float]:
        shapes: list[Shape] = []
        rows, columns = self.grid
        for i in range(rows):
            for j in range(columns):
                x, top = 16.0 + j * 78, y - 6 + i * 36
                shapes += [Box(x, top, 70, 28, "box", "line"), Text(x + 35, top + 18.5, "?", 13, "muted", "middle")]
        return shapes, y + rows * 36

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of fields. A function must be asked how many numbers there are, unless they are one."""
        if callable(self._given) and self._solved is None:
            return 1, 1
        shape = np.shape(self.answer)
        return (1, 1) if not shape else (1, shape[0]) if len(shape) == 1 else (int(np.prod(shape[:-1])), shape[-1])

    # ------------------------------------------------------------------------------------ live
    def to_html(self, live: bool = True) -> str:
        if not self.widgets:
            self.solve()  # a page has nobody to ask later
        return super().to_html(live)

    def widget(self) -> Any:
        """The live form that tells this kernel what was chosen, in `.committed` (needs anywidget)."""
        widget = super().widget()
        widget.kernel = True
        return widget

    def state(self) -> dict[str, Any]:
        return {
            "question": self.question, "options": self.options, "grid": self.grid, "committed": self.committed,
            "sealed": self.sealed() if self._solved is not None else "",
        }  # fmt: skip

    def sealed(self) -> str:
        """The answer as a page keeps it, so that nobody reads it by accident: base64, which is no secret."""
        answer = self.answer if self.options else np.ravel(self.answer).tolist()
        tolerance = None if self.options else self.tolerance
        shown = {"answer": answer, "tolerance": tolerance, "words": _written(self.answer), "because": self.because}
        return base64.b64encode(json.dumps(shown).encode()).decode()

    def event(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """The reader committed to a choice, or starts again."""
        if event["type"] == "commit":
            self.committed = event["choice"] if self.options else _as_asked(event["choice"], np.shape(self.answer))
            return {"sealed": self.sealed(), "committed": event["choice"]}
        self.committed = None
        return {"committed": None}

    def update(self) -> None:
        """Ask a function anew; what was committed is forgotten."""
        if callable(self._given):
            self._solved = None
        self.committed = None
        super().update()


def predict(
    question: str,
    answer: Any,
    *,
    options: Sequence[Any] | None = None,
    tolerance: float | None = None,
    because: str = "",
    title: str | None = None,
) -> Prediction:
    """Ask before you show: the reader commits to an answer, then sees whether it was right, and why.

    With `options` the reader chooses one, and `answer` is that option. Else a number is typed, or several where
    `answer` is an array: right if within `tolerance` (by default exact for whole numbers, a hundredth of the largest
    otherwise). `answer` may be a function without arguments: with `widget()` it is called when the reader has
    committed, for a page when that is built. `because` is shown with the answer. What was chosen in a widget is in
    `.committed`.

    Raises ValueError for an answer that is not among the options, for fewer than two options, and for numbers that
    are not finite or more than fit.

    >>> predict("What is the slope of x² at 3?", 6, because="The slope of x² is 2x.")
    What is the slope of x² at 3?
        Decide, then look: the answer is in .answer
    """
    words = None if options is None else [str(option) for option in options]
    if words is not None and (len(words) < 2 or len(set(words)) < len(words)):
        raise ValueError(f"options needs two different ones at least, not {words}")
    if tolerance is not None and (words or not tolerance >= 0):
        raise ValueError("tolerance is for an answer in numbers, and is 0 or more")
    return Prediction(str(question), answer, words, tolerance, because, title or "prediction")


# ------------------------------------------------------------------------------------------- the answer
def _solution(answer: Any, options: list[str] | None) -> Any:
    if options is not None:
        if str(answer) not in options:
            raise ValueError(f"the answer {str(answer)!r} is not among the options: {', '.join(map(repr, options))}")
        return str(answer)
    array = np.array(as_array(answer))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"the answer {answer!r} is no number: give `options` for the reader to choose from")
    if not 1 <= array.size <= MOST_FIELDS or not np.isfinite(array).all():
        raise ValueError(
            f"the answer must be 1 to {MOST_FIELDS} finite numbers, one field each; its shape is {array.shape}"
        )
    return array.astype(float)


def _as_asked(numbers: Sequence[float], shape: tuple[int, ...]) -> Any:
    """What was typed, in the shape of the answer: a float, or lists of them."""
    return np.array(numbers, float).reshape(shape).tolist()


def _written(answer: Any) -> str:
    if isinstance(answer, str):
        return answer + ("" if answer.endswith((".", "!", "?")) else ".")
    return f"{_nested(answer)}."


def _nested(array: np.ndarray) -> str:
    return number(float(array), 5) if array.ndim == 0 else f"[{', '.join(_nested(part) for part in array)}]"
