"""The picture of a profile: a bar an operation and a bar a module, forward and backward side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ...training.summary import in_bytes
from ..face.scene import Box, Group, Scene, Shape, Text, text_width
from ..face.units import in_seconds

FORWARD, BACKWARD = "right", "wrong"  # the theme's blue and its orange
MARGIN, ROW, BAR, INDENT = 12.0, 21.0, 140.0, 13.0
SIZE, SMALL = 12.5, 11.5
COLUMNS = (("time", 62.0), ("share", 48.0), ("kept", 66.0))
MOST_OPERATIONS, MOST_MODULES = 12, 26


class Bar(NamedTuple):
    """One row: its name, what is said more quietly beside it, and what it took."""

    name: str
    aside: str
    row: Any  # seconds forward and backward, bytes kept
    indent: int = 0
    yours: bool = False
    quiet: bool = False


def bar_chart(profile: Any) -> Scene:
    """Operations, the slowest first, and modules, each below the one that called it."""
    parts = [("operations", _operations(profile)), ("modules", _modules(profile))]
    label = min(300.0, max(_label_width(bar) for _, bars in parts for bar in bars) + 14)
    longest = max([bar.row.seconds for _, bars in parts for bar in bars if bar.row] + [1e-12])
    whole = profile.seconds or 1.0
    shapes, y = _head(profile)
    for title, bars in parts:
        shapes += _headings(title, label, y)
        for i, bar in enumerate(bars):
            shapes.append(_draw(bar, label, y + 13 + ROW * (i + 1), BAR / longest, whole))
        y += ROW * (len(bars) + 1) + 18
    width = max([MARGIN + label + BAR + sum(width for _, width in COLUMNS) + MARGIN, *_widths(shapes)])
    return Scene(width, y - 2, profile.title, profile.text, shapes)


def _widths(shapes: Iterable[Shape]) -> list[float]:
    texts = [s for s in shapes if isinstance(s, Text) and s.anchor == "start"]
    return [t.x + text_width(t.text, t.size, bold=t.bold) + MARGIN for t in texts]


# ---------------------------------------------------------------------------------------------------- its rows
def _operations(profile: Any) -> list[Bar]:
    rows = profile.operations
    shown = rows if len(rows) <= MOST_OPERATIONS else rows[: MOST_OPERATIONS - 1]
    bars = [Bar(row.name, _times(row.calls), row, yours=row.yours) for row in shown]
    if rest := rows[len(shown) :]:
        sums = [sum(row[i] for row in rest) for i in range(1, 6)]
        bars.append(Bar(f"{len(rest)} others", "", type(rest[0])("", *sums), quiet=True))
    return [*bars, Bar(profile.between.name, "", profile.between, quiet=True)]


def _modules(profile: Any) -> list[Bar]:
    bars, callers = [], list[str]()
    shown = _fewer(profile.modules)
    for row in profile.modules:
        callers[row.depth :] = [row.path]
        around = f"{callers[-2]}." if row.depth and callers[-2] else ""
        name = row.path.removeprefix(around) or profile.name
        if row in shown:
            aside = "" if name == row.kind else row.kind
            bars.append(Bar(name, " ".join(filter(None, [aside, _times(row.calls)])), row, row.depth))
    if hidden := len(profile.modules) - len(shown):
        bars.append(Bar(f"{hidden} more inside these: print it", "", None, 1, quiet=True))
    return [*bars, Bar(profile.outside.path, "", profile.outside, quiet=True)]


def _fewer(rows: Sequence[Any]) -> list[Any]:
    """Of too many modules the outer ones; of too many of these the slowest."""
    depth = max((row.depth for row in rows), default=0)
    while depth > 1 and sum(row.depth <= depth for row in rows) > MOST_MODULES:
        depth -= 1
    kept = [row for row in rows if row.depth <= depth]
    return sorted(kept, key=lambda row: -row.seconds)[:MOST_MODULES] if len(kept) > MOST_MODULES else kept


def _times(calls: int) -> str:
    return f"× {calls:,}" if calls > 1 else ""


# ------------------------------------------------------------------------------------------------- on the sheet
def _head(profile: Any) -> tuple[list[Shape], float]:
    """The whole in figures, which is also the key to the colours."""
    shapes: list[Shape] = [Text(MARGIN, 26, profile.title, 14, bold=True)]
    x = MARGIN
    for role, word, seconds in (FORWARD, "forward", profile.forward), (BACKWARD, "backward", profile.backward):
        text = f"{word} {in_seconds(seconds)}"
        shapes += [Box(x, 37, 12, 12, role, role, 3), Text(x + 18, 47.5, text, SIZE)]
        x += 18 + text_width(text, SIZE) + 16
    if any(row.yours for row in profile.operations):
        shapes += [Box(x, 37, 12, 12, "yours", "yours-edge", 3, 1.2), Text(x + 18, 47.5, "computed by your code", SIZE)]
    quiet = profile.facts()[1:]
    shapes += [Text(MARGIN, 68 + 17 * i, fact, SMALL, "muted") for i, fact in enumerate(quiet)]
    return shapes, 68 + 17 * len(quiet) + 6


def _headings(title: str, label: float, y: float) -> list[Shape]:
    shapes: list[Shape] = [Box(MARGIN, y - 8, label + BAR + sum(w for _, w in COLUMNS), 1, "edge", "edge", 0, 0)]
    shapes.append(Text(MARGIN, y + 13, title, SMALL, "muted", bold=True))
    x = MARGIN + label + BAR
    for name, width in COLUMNS:
        x += width
        shapes.append(Text(x, y + 13, name, SMALL, "muted", "end"))
    return shapes


def _label_width(bar: Bar) -> float:
    return bar.indent * INDENT + text_width(bar.name, SIZE) + (text_width(bar.aside, SMALL) + 14 if bar.aside else 0)


def _draw(bar: Bar, label: float, y: float, scale: float, whole: float) -> Group:
    """A row whose baseline is y."""
    x, row = MARGIN + bar.indent * INDENT, bar.row
    shapes: list[Shape] = []
    if bar.yours:
        shapes.append(Box(x - 5, y - 13.5, text_width(bar.name, SIZE) + 10, 18, "yours", "yours-edge", 5, 1.2))
    shapes.append(Text(x, y, bar.name, SIZE, "muted" if bar.quiet else "ink"))
    if bar.aside:
        shapes.append(Text(x + text_width(bar.name, SIZE) + (14 if bar.yours else 8), y, bar.aside, SMALL, "muted"))
    if row is None:
        return Group(bar.name, tuple(shapes))
    start = MARGIN + label
    for role, seconds in (FORWARD, row.forward), (BACKWARD, row.backward):
        if seconds * scale >= 0.3:
            shapes.append(Box(start, y - 10.5, seconds * scale, 12, role, role, 1.5, 0))
        start += seconds * scale
    return Group(_tooltip(bar), (*shapes, *_numbers(row, MARGIN + label + BAR, y, whole)))


def _numbers(row: Any, x: float, y: float, whole: float) -> list[Shape]:
    said = in_seconds(row.seconds), f"{row.seconds / whole:.1%}", in_bytes(row.kept) if row.kept else ""
    shapes: list[Shape] = []
    for text, (_, width) in zip(said, COLUMNS):
        x += width
        shapes += [Text(x, y, text, SMALL, "ink", "end")] if text else []
    return shapes


def _tooltip(bar: Bar) -> str:
    times = f"forward {in_seconds(bar.row.forward)}, backward {in_seconds(bar.row.backward)}"
    return f"{bar.name} {bar.aside}\n{times}\nkept {in_bytes(bar.row.kept)}"
