"""One look for every picture: colours that colour-blind eyes tell apart, for light pages and for dark ones."""

from __future__ import annotations

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


def css(scope: str = ".learnnn") -> str:
    """The style sheet of an SVG: a variable a role, and the classes that use them."""
    light, dark = (";".join(f"--{role}:{pair[i]}" for role, pair in COLOURS.items()) for i in (0, 1))
    on = {i: ",".join(f"{page} {scope}" for page in pages) for i, pages in enumerate((LIGHT_PAGES, DARK_PAGES))}
    fills = "".join(f"{scope} .f-{role}{{fill:var(--{role})}}" for role in COLOURS)
    strokes = "".join(f"{scope} .s-{role}{{stroke:var(--{role})}}" for role in COLOURS)
    return (
        f"{scope}{{{light}}}@media (prefers-color-scheme:dark){{{scope}{{{dark}}}}}{on[0]}{{{light}}}{on[1]}{{{dark}}}"
        f"{fills}{strokes}{scope} path{{fill:none}}{scope} path.arrow{{fill:var(--line)}}"
        f"{scope} text{{font-family:{SANS}}}{scope} text.mono{{font-family:{MONO}}}{scope} text.bold{{font-weight:600}}"
    )


def follow_page(selector: str) -> str:
    """Style rules by which an embedded picture wears the page's theme."""
    light, dark = (",".join(f"{page} {selector}" for page in pages) for pages in (LIGHT_PAGES, DARK_PAGES))
    return f"{light}{{color-scheme:light}}{dark}{{color-scheme:dark}}"
