"""The face that every inspection shares: show, to_html, to_svg, to_png, save, data, and a text form."""

from __future__ import annotations

import base64
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from . import theme
from .scene import Scene


class Picture:
    """Something to look at. Subclasses give `data`, `text` and `scene`; a notebook shows the picture by itself.

    `data` is plain python (numbers, lists, dictionaries): what a test or another program reads.
    `text` is the same for a terminal and for a screen reader.
    """

    title: str = "picture"

    @property
    def data(self) -> Any:
        """What the picture shows, in plain python."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """What the picture shows, in words."""
        raise NotImplementedError

    def scene(self) -> Scene:
        """The drawing itself, from which SVG and PNG are painted."""
        raise NotImplementedError

    def to_svg(self) -> str:
        """The picture as an SVG document."""
        return self.scene().to_svg()

    def to_png(self, scale: float = 2, dark: bool = False) -> bytes:
        """The picture as PNG bytes, `scale` pixels a pixel (needs matplotlib)."""
        return self.scene().to_png(scale, dark)

    @property
    def svg(self) -> str:
        """As `to_svg()`."""
        return self.to_svg()

    def to_html(self) -> str:
        """The picture as a piece of a page, with its text form for those who cannot see it.

        The SVG stands in an <img>: code-hosting pages strip inline SVG and styles, but keep that.
        """
        image = base64.b64encode(self.to_svg().encode()).decode()
        return (
            f'<div class="learnnn-picture" style="overflow-x:auto"><style>{theme.follow_page(".learnnn-picture img")}'
            f'</style><img style="max-width:none" alt="{escape(self.text)}" src="data:image/svg+xml;base64,{image}">'
            "</div>"
        )

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file: .svg, .png or .html by its name."""
        path = Path(path)
        writers: dict[str, Callable[[], str | bytes]]
        writers = {".svg": self.to_svg, ".png": self.to_png, ".html": self._page}
        write = writers.get(path.suffix.lower())
        if write is None:
            raise ValueError(f"cannot save a picture as {path.name!r}: the name must end in .svg, .png or .html")
        content = write()
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def show(self) -> None:
        """Show the picture here in a notebook, in the browser elsewhere."""
        if in_notebook():
            from IPython.display import display

            display(self)
        else:
            with tempfile.NamedTemporaryFile("w", suffix=".html", delete=False, encoding="utf-8") as file:
                file.write(self._page())
            webbrowser.open(Path(file.name).as_uri())

    def _page(self) -> str:
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(self.title)}</title>'
            f'<meta name="color-scheme" content="light dark"><body>{self.to_html()}</body></html>'
        )

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return self.text


def in_notebook() -> bool:
    """Is somebody reading this in a notebook?"""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return type(shell).__name__ not in ("NoneType", "TerminalInteractiveShell")
