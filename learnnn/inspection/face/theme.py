"""One look for every picture: colours that colour-blind eyes tell apart, for light pages and for dark ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

# Each role has a light and a dark colour. Text on paper, and white on an accent, have a contrast above 4.5.
COLOURS = {
    "paper": ("#ffffff", "#16191d"),
    "ink": ("#1f2933", "#e4e8ec"),
    "muted": ("#5c6873", "#9ba7b3"),
    "line": ("#8b97a3", "#76828e"),
    "box": ("#f4f6f8", "#22272d"),
    "edge": ("#c3cbd3", "#454d56"),
    "input": ("#e6eef6", "#1c2d3d"),
    "input-edge": ("#2a7ab8", "#5aa9e6"),
    "parameter": ("#ddf1ea", "#16322a"),
    "parameter-edge": ("#0b7a5c", "#3fbf97"),
    "yours": ("#fff1cf", "#3c2f10"),
    "yours-edge": ("#b26a00", "#f0b13c"),
    "folded": ("#eceff2", "#2b3138"),
    "folded-edge": ("#8b97a3", "#76828e"),
    "badge": ("#3b4754", "#c9d1d9"),
    "badge-ink": ("#ffffff", "#16191d"),
    "wrong": ("#d3691e", "#e58a46"),
    "wrong-ink": ("#a8480c", "#ffab66"),
    "right": ("#2a7ab8", "#5aa9e6"),
}
# Relative error, from agreement to nonsense: lightness alone already orders them.
ERRORS = (
    ("#eef3f8", "#20282f"),
    ("#c6dbee", "#2c4358"),
    ("#f6c99b", "#7d4a1c"),
    ("#e08a3c", "#c4702a"),
    ("#a8480c", "#ffab66"),
)
# Small to large, and negative (orange) over nothing to positive (blue): light pages, then dark ones.
SEQUENTIAL = (
    ("#f4f6f8", "#c9dceb", "#8fbbd9", "#4a93c4", "#1f6ba5", "#0b4577", "#062848"),
    ("#22272d", "#25425c", "#2b6290", "#3b86bd", "#62abdd", "#a0cff0", "#e0f1fc"),
)
DIVERGING = (
    ("#8f3f08", "#d3691e", "#f0b98a", "#f4f6f8", "#8fbce0", "#2a7ab8", "#0b4f8a"),
    ("#ffb27a", "#e58a46", "#8a4f22", "#22272d", "#24507a", "#5aa9e6", "#b4dcff"),
)
# Classes on a plane: Okabe and Ito's set, ordered so that neighbours differ in lightness too.
CLASSES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#5d5d5d", "#7b4fa3", "#8c6d31")

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

COLOURS |= {f"error-{i}": pair for i, pair in enumerate(ERRORS)}

# Where a page says which theme it wears (JupyterLab, VS Code, Colab, Sphinx), that wins over the system's wish.
LIGHT_PAGES = ('[data-jp-theme-light="true"]', "body.vscode-light", 'html[data-theme="light"]')
DARK_PAGES = ('[data-jp-theme-light="false"]', "body.vscode-dark", 'html[theme="dark"]', 'html[data-theme="dark"]')


def colour(role: str, dark: bool = False) -> str:
    """The colour of a role, as #rrggbb.

    >>> colour("paper"), colour("paper", dark=True)
    ('#ffffff', '#16191d')
    """
    return COLOURS[role][dark]


def ramp(stops: Sequence[str], values: Any) -> np.ndarray:
    """Values in 0..1 (any shape) -> colours (..., 3) of uint8 along a ramp of #rrggbb stops; nan is the first stop.

    >>> ramp(("#000000", "#ffffff"), [0, 0.5, 1]).tolist()
    [[0, 0, 0], [128, 128, 128], [255, 255, 255]]
    """
    table = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    at = np.clip(np.nan_to_num(np.asarray(values, dtype=float)), 0, 1)
    channels = [np.interp(at, np.linspace(0, 1, len(table)), table[:, k]) for k in range(3)]
    return np.stack(channels, -1).round().astype(np.uint8)


def css(scope: str = ".learnnn") -> str:
    """The style sheet of an SVG: a variable a role, and the classes that use them."""
    light, dark = (";".join(f"--{role}:{pair[i]}" for role, pair in COLOURS.items()) for i in (0, 1))
    on = {i: ",".join(f"{page} {scope}" for page in pages) for i, pages in enumerate((LIGHT_PAGES, DARK_PAGES))}
    fills = "".join(f"{scope} .f-{role}{{fill:var(--{role})}}" for role in COLOURS)
    strokes = "".join(f"{scope} .s-{role}{{stroke:var(--{role})}}" for role in COLOURS)
    return (
        f"{scope}{{{light}}}@media (prefers-color-scheme:dark){{{scope}{{{dark}}}}}{on[0]}{{{light}}}{on[1]}{{{dark}}}"
        f"{scope} .night{{display:none}}@media (prefers-color-scheme:dark){{{scope} .night{{display:inline}}"
        f"{scope} .day{{display:none}}}}"
        f"{fills}{strokes}{scope} path{{fill:none}}{scope} path.arrow{{fill:var(--line)}}"
        f"{scope} text{{font-family:{SANS}}}{scope} text.mono{{font-family:{MONO}}}{scope} text.bold{{font-weight:600}}"
    )


def follow_page(selector: str) -> str:
    """Style rules by which an embedded picture wears the page's theme."""
    light, dark = (",".join(f"{page} {selector}" for page in pages) for pages in (LIGHT_PAGES, DARK_PAGES))
    return f"{light}{{color-scheme:light}}{dark}{{color-scheme:dark}}"
