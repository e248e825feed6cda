"""The tables as a picture: ratios to PyTorch on a logarithmic axis, with bound and aim marked."""

import re
from itertools import pairwise
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

# Colours that stay apart for the colour-blind (Okabe and Ito 2008), and markers that do so in grey as well.
OURS, MISSED, INK, GREY = "#0072B2", "#C24A00", "#222222", "#6b6b6b"
FRAMEWORKS = {
    "learnnn": (OURS, "o"),
    "mpneuralnetwork": ("#E69F00", "s"),
    "scikit-learn": ("#CC79A7", "v"),
    "autograd": ("#009E73", "D"),
    "tinygrad": ("#D55E00", "^"),
    "melpy": (GREY, "P"),
}
GROUPS = {  # kind of figure: its group, and how its rows are labelled
    "steps": (0, "{workload}  {what}"),
    "import": (1, "import"),
    "cold": (1, "import and 200 steps of {workload}"),
    "memory": (2, "{workload}  peak memory"),
    "threads": (3, "{workload}  default threads, clock"),
}
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
WIDTH, LEFT, RIGHT = 9.5, 2.4, 1.0  # inches
LINE, HEAD, FOOT = 0.3, 0.85, 0.4  # inches: a row, a panel's title and key, its axis


def over_torch(row: dict, value: float) -> float:
    """`value` as a ratio to PyTorch's figure; most are one already."""
    return value if row["ratio"] else value / row["torch"]


def places(rows: dict[str, dict]) -> list[float]:
    """Where each row stands, with a gap where another group of figures begins."""
    groups = [GROUPS[row["kind"]][0] for row in rows.values()]
    return [i + 0.6 * sum(a != b for a, b in pairwise(groups[: i + 1])) for i in range(len(groups))]


def label(row: dict) -> str:
    what = re.split("[,:]", row["what"])[0].replace("->", "→")
    return GROUPS[row["kind"]][1].format(workload=row["workload"], what=what)


def bar(axes, y: float, row: dict) -> None:
    """The spread as a line and the median as a dot, beside the marks of what the row is held to."""
    low, high, value, bound, aim = (over_torch(row, row[what]) for what in ("low", "high", "value", "bound", "aim"))
    missed = row["reached"] == "MISSED"
    colour = MISSED if missed else OURS
    for mark, style in ((bound, {"color": INK, "linewidth": 2.2}), (aim, {"color": GREY, "linewidth": 1.4})):
        axes.plot([mark, mark], [y - 0.36, y + 0.36], solid_capstyle="butt", **style)
    axes.plot([low, high], [y, y], color=colour, linewidth=3, alpha=0.45, solid_capstyle="round")
    axes.plot(value, y, "X" if missed else "o", color=colour, markersize=7, markeredgecolor="white")
    shown = f"{value:.2f}" + (" missed" if missed else "")
    axes.annotate(shown, (1.01, y), xycoords=("axes fraction", "data"), va="center", color=colour, fontsize=9)


def rows_panel(axes, rows: dict[str, dict]) -> None:
    where = places(rows)
    for y, row in zip(where, rows.values()):
        bar(axes, y, row)
    axes.set_yticks(where, [label(row) for row in rows.values()])
    marks = {
        "median and spread of the rounds": {"marker": "o", "color": OURS},
        "bound missed": {"marker": "X", "color": MISSED},
        "bound": {"marker": "|", "color": INK, "markersize": 11, "markeredgewidth": 2.2},
        "aim": {"marker": "|", "color": GREY, "markersize": 11, "markeredgewidth": 1.4},
    }
    for what, style in marks.items():
        axes.plot([], [], linestyle="", label=what, **style)
    dress(axes, where[-1], "learnnn's figure as a multiple of PyTorch's (further left is better)")


def others_panel(axes, others: dict[str, dict]) -> None:
    """A line a workload, a marker a framework, learnnn's over the others'."""
    for name, (colour, marker) in FRAMEWORKS.items():
        points = [
            (y, found["ratios"][name]["value"]) for y, found in enumerate(others.values()) if name in found["ratios"]
        ]
        ys, ratios = zip(*points) if points else ((), ())
        style = {"color": colour, "markersize": 8, "markeredgecolor": "white", "zorder": 4 if name == "learnnn" else 3}
        axes.plot(ratios, ys, marker, label=name if points else None, **style)
    axes.set_yticks(range(len(others)), list(others))
    dress(axes, len(others) - 1, "CPU time of a training step under each framework, as a multiple of PyTorch's")


def dress(axes, last: float, title: str) -> None:
    """Title, key, and a logarithmic axis with plain numbers and PyTorch's line at 1; rows from the top."""
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=28, x=(0.15 - LEFT) / (WIDTH - LEFT - RIGHT))
    corner = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1), "borderaxespad": 0.2}
    axes.legend(ncols=6, frameon=False, fontsize=9, handletextpad=0.2, columnspacing=1.2, **corner)
    axes.set_xscale("log")
    axes.set_xlim(*(limit * factor for limit, factor in zip(axes.get_xlim(), (0.9, 1.1))))
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: "1 = PyTorch" if ratio == 1 else f"{ratio:g}"))
    axes.axvline(1, color=GREY, linewidth=1, zorder=0)
    axes.grid(axis="x", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_ylim(last + 0.6, -0.6)
    axes.tick_params(length=0, labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)


def draw(found: dict, path: Path) -> None:
    """Write the picture of `found`, what run.py measured, to `path`, in the format that its suffix names."""
    panels = [
        (rows_panel, found["rows"], places(found["rows"])),
        (others_panel, found["others"], range(len(found["others"]))),
    ]
    panels = [(panel, part, LINE * (where[-1] + 1.2)) for panel, part, where in panels if part]
    height = sum(inches + HEAD + FOOT for _, _, inches in panels)
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    top = height
    for panel, part, inches in panels:
        top -= HEAD + inches
        panel(figure.add_axes([LEFT / WIDTH, top / height, (WIDTH - LEFT - RIGHT) / WIDTH, inches / height]), part)
        top -= FOOT
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
