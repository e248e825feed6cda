"""The live form of a picture: one script that runs as a widget (with a kernel) and in any page (without one)."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from . import theme
from .picture import Picture, in_notebook
from .require import require

HERE = Path(__file__).parent
LIVE_HINT = "A still picture. Where scripts run (JupyterLab, Notebook, VS Code, Colab, an exported page) it is live."
KERNEL_HINT = "A still picture. Run this cell in JupyterLab, Notebook or VS Code to play with it."
SHORT = {"f": np.float32, "i": np.int32, "u": np.int32, "b": np.uint8}  # what a script is sent, by numpy's kind


class Live(Picture):
    """A picture that becomes interactive: subclasses name a `script` and give its `state`.

    `state()` is what the script starts from: numbers, words, lists, dictionaries and arrays. `frame()` is the part of
    it that can change; `update()` looks again (at the model, say) and sends that part to every view. A live form that
    asks python back (`kernel = True`) overrides `event`, which is told what happened on the page.
    """

    script: Path
    kernel: bool = False

    def state(self) -> dict[str, Any]:
        """What the live form starts from."""
        raise NotImplementedError

    def frame(self) -> dict[str, Any]:
        """The part of the state that changes when the model does: all of it, unless a subclass knows better."""
        return self.state()

    def update(self) -> None:
        """Look again, and show what is new. Subclasses that keep what they found compute it anew first."""
        self.refresh(**self.frame())

    def event(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """Something happened on the page: {"type": ..., ...}. What is returned is sent to every view as a frame."""
        raise NotImplementedError(f"{type(self).__name__} answers no events")

    def refresh(self, **frame: Any) -> None:
        """Send what is new to every view that is open; views that open later start from it, as `state()` has it."""
        for widget in self.widgets:
            send(widget, pack(frame))

    @property
    def widgets(self) -> list[Any]:
        """The widgets that were made of this picture."""
        return self.__dict__.setdefault("_widgets", [])

    def widget(self) -> Any:
        """The live form as an ipywidget, which talks to this kernel (needs anywidget)."""
        widget = widget_type(self.script)(state=pack(self.state()), kernel=self.kernel, label=self.text)
        widget.picture = self
        widget.on_msg(lambda _, event, buffers: answer(self, widget, event))
        self.widgets.append(widget)
        return widget

    def to_html(self, live: bool = True) -> str:
        """The picture as a piece of a page: the still form, and with `live` the script that takes its place.

        Pages that run no scripts (a code-hosting page, mail, a notebook that is not trusted) keep the still form.
        """
        still = super().to_html()
        if not live:
            return still
        code, state = source(self.script), _as_script(pack(self.state(), as_text=True))
        key = hashlib.sha256((state + code).encode()).hexdigest()[:12]
        start = f'hydrate(render, "{key}", {state}, {json.dumps(style(self.script))});'
        hint = KERNEL_HINT if self.kernel else LIVE_HINT
        return (
            f'<div class="learnnn-hook" data-learnnn="{key}"><div class="learnnn-still">{still}'
            f'<p style="font-size:12px;opacity:.75;margin:4px 0 0">{escape(hint)}</p></div></div>'
            f'<script type="module">{code}\n{start}</script>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        still = {"text/plain": self.text, "text/html": self.to_html()}
        if not (self.kernel and in_notebook() and importlib.util.find_spec("anywidget")):
            return still
        shown = self.widget()._repr_mimebundle_()
        bundle, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        return {**bundle, **still}, metadata


def answer(picture: Live, widget: Any, event: dict[str, Any]) -> None:
    """Let the picture answer an event; a mistake is said on the page, and in the log of the kernel's process."""
    try:
        frame = picture.event(event)
    except Exception as error:
        send(widget, {"error": f"{type(error).__name__}: {error}"})
        print(f"learnnn: {type(picture).__name__}.event({event!r}): {error}", file=sys.__stderr__)
    else:
        if frame is not None:
            picture.refresh(**frame)


# -------------------------------------------------------------------------------------------- python -> page
def send(widget: Any, frame: dict[str, Any]) -> None:
    """A frame for a page, in one message. A page may wait for an answer that is the same as the last one: its turn
    is new."""
    with widget.hold_sync():
        widget.frame = frame
        widget.turn += 1


def pack(value: Any, as_text: bool = False) -> Any:
    """Values as a message can hold them: arrays as {dtype, shape, data} of bytes, or of base64 text for a page.

    Floats travel as float32, whole numbers as int32. A number that is not finite has no JSON: None.

    >>> pack({"x": np.zeros((1, 1)), "n": np.int64(3), "worst": float("nan")}, as_text=True)
    {'x': {'dtype': 'float32', 'shape': [1, 1], 'data': 'AAAAAA=='}, 'n': 3, 'worst': None}
    """
    if isinstance(value, np.ndarray):
        return _packed(value, as_text)
    if isinstance(value, Mapping):
        return {str(key): pack(item, as_text) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pack(item, as_text) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _packed(array: np.ndarray, as_text: bool) -> dict[str, Any]:
    if array.dtype.kind not in SHORT:
        raise TypeError(f"an array of {array.dtype} cannot be sent to a page: only numbers can")
    short = array if array.dtype == np.uint8 else array.astype(SHORT[array.dtype.kind])
    raw = np.ascontiguousarray(short).tobytes()
    data = base64.b64encode(raw).decode() if as_text else raw
    return {"dtype": short.dtype.name, "shape": list(array.shape), "data": data}


def _as_script(state: Any) -> str:
    """JSON that may stand in a page's script: no tag can begin or end in it."""
    return json.dumps(state, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


@cache
def source(script: Path) -> str:
    """The script of a live form, with what all of them share and the theme in front."""
    roles = json.dumps({role: theme.COLOURS[role] for role in theme.COLOURS})
    ramps = json.dumps({"sequential": theme.SEQUENTIAL, "diverging": theme.DIVERGING})
    head = f"const THEME = {roles};\nconst RAMPS = {ramps};\nconst CLASSES = {json.dumps(theme.CLASSES)};\n"
    return head + (HERE / "kit.js").read_text("utf-8") + script.read_text("utf-8")


@cache
def style(script: Path) -> str:
    """The style sheet of a live form: what all share, and its own where it has one."""
    own = script.with_suffix(".css")
    return (HERE / "kit.css").read_text("utf-8") + (own.read_text("utf-8") if own.exists() else "")


@cache
def widget_type(script: Path) -> Callable[..., Any]:
    """The widget class of a script, made when the first one is asked for: importing anywidget takes a while."""
    anywidget, traitlets = require("anywidget", "a live picture"), require("traitlets", "a live picture")

    class LivePicture(anywidget.AnyWidget):  # type: ignore[name-defined]
        """A picture's script, its state, and the last frame that it was sent."""

        _esm = source(script) + "\nexport default { render };"
        _css = style(script)
        state = traitlets.Dict({}).tag(sync=True)
        frame = traitlets.Dict({}).tag(sync=True)
        turn = traitlets.Int(0).tag(sync=True)  # counts frames: one may be like the one before
        kernel = traitlets.Bool(False).tag(sync=True)
        label = traitlets.Unicode("").tag(sync=True)

        def _repr_mimebundle_(self, **kwargs: Any) -> Any:
            shown = super()._repr_mimebundle_(**kwargs)
            bundle, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
            return {**bundle, "text/plain": self.picture.text, "text/html": self.picture.to_html()}, metadata

    return LivePicture
