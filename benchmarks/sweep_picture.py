"""The sweep as a picture: time of a training step against size, a panel a sweep, both axes logarithmic."""

import math
from pathlib import Path
from textwrap import fill

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

# Colours that stay apart for the colour-blind and in grey (Okabe and Ito 2008), and markers that do so as well.
LINES = {
    "learnnn": ("learnnn", "#0072B2", "-", "o"),
    "torch": ("PyTorch", "#D55E00", "-", "s"),
    "floor": ("machine's floor", "#666666", "--", ""),
}
COLUMNS = 4
EXPLAINED = """Numbers over the lines: learnnn's time
as a multiple of PyTorch's. Floor: matrix
products and optimizer at full speed."""


def times(points: list[dict], line: str) -> list[float]:
    """Milliseconds a step, nan where there is no floor."""
    if line == "floor":
        return [1e3 * p["floor"] if p["flops"] else math.nan for p in points]
    return [1e3 * p["seconds"][line] for p in points]


def panel(axes, sweep: dict) -> None:
    """One sweep: the lines, and over each size how many times PyTorch's time learnnn takes."""
    points = sweep["points"]
    sizes = [p["size"] for p in points]
    for line, (_, colour, style, marker) in LINES.items():
        axes.plot(sizes, times(points, line), style, color=colour, marker=marker, markersize=4, linewidth=1.6)
    for p in points:
        at = p["size"], 1e3 * max(p["seconds"].values())
        axes.annotate(f"{p['ratio']:.2f}", at, (0, 7), textcoords="offset points", ha="center", fontsize=8)
    scales(axes, sizes)
    title, _, rest = sweep["what"].replace("->", "→").partition("; ")
    subtitle = fill(rest, 48)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=32)
    axes.text(0, 1.13, subtitle, transform=axes.transAxes, fontsize=8.5, color="#444444", va="top", in_layout=False)
    axes.set_xlabel(sweep["grows"], fontsize=9)


def apart(sizes: list[int]) -> list[int]:
    """The sizes that have room for a label: each well over the one before."""
    kept = sizes[-1:]
    for size in sizes[-2::-1]:
        kept += [size] if kept[-1] >= 2.5 * size else []
    return kept


def scales(axes, sizes: list[int]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(apart(sizes), [f"{size:,}" for size in apart(sizes)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda ms, _: f"{ms:,g}"))
    axes.tick_params(labelsize=8, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.08, y=0.12)


def key(axes) -> None:
    """What the lines are, in a panel of its own."""
    axes.axis("off")
    for i, (name, colour, style, marker) in enumerate(LINES.values()):
        y = 0.75 - 0.15 * i
        axes.plot([0, 0.18], [y, y], style, color=colour, marker=marker, markersize=4, linewidth=1.6)
        axes.text(0.24, y, name, color=colour, va="center", fontsize=10, fontweight="bold")
    axes.text(0, 0.28, EXPLAINED, fontsize=9, va="top")
    axes.set(xlim=(-0.05, 1), ylim=(0, 1))


def draw(sweeps: dict[str, dict], path: Path) -> None:
    """Write the picture of all sweeps to `path`, in the format that its suffix names."""
    columns = min(COLUMNS, len(sweeps) + 1)
    rows = math.ceil((len(sweeps) + 1) / columns)
    figure = Figure(figsize=(3.5 * columns, 3.3 * rows + 0.5), layout="constrained")
    figure.suptitle("Milliseconds of CPU for one training step on one thread", x=0.01, ha="left", fontsize=13)
    panels = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for axes, sweep in zip(panels, sweeps.values(), strict=False):
        panel(axes, sweep)
    key(panels[len(sweeps)])
    for axes in panels[len(sweeps) + 1 :]:
        axes.axis("off")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
