"""The rows of the table: what each measures, what it is held to, and what its rounds say of that.

A figure is a median over rounds of fresh processes, and so is a ratio: over the rounds' ratios, because a slow
minute of the machine falls on both libraries of a round.
"""

from dataclasses import asdict, dataclass
from statistics import median

from workloads import WORKLOADS

LIBRARIES = ("learnnn", "torch")


@dataclass(frozen=True)
class Row:
    """`figure` is held to `bound` and `aim`: as a ratio to PyTorch's, or as learnnn's own where `ratio` is False."""

    what: str
    kind: str
    workload: str
    bound: float
    aim: float
    figure: str = "cpu"
    unit: str = "s"
    ratio: bool = True


def threads(workload: str, bound: float, aim: float) -> Row:
    return Row(f"{workload} on the default threads, by the clock", "threads", workload, bound, aim, "clock")


def memory(workload: str, bound: float, aim: float) -> Row:
    return Row(f"peak memory above the import, {workload}", "memory", workload, bound, aim, "memory", "MiB")


ROWS = {
    name: Row(build.__doc__.rstrip("."), "steps", name, bound, aim)
    for name, (build, _, _, bound, aim) in WORKLOADS.items()
} | {
    "import": Row("import, CPU beyond numpy's own import", "import", "", 0.1, 0.03, "seconds", ratio=False),
    "cold": Row("a whole process: import and 200 steps of W2", "cold", "W2", 0.08, 0.05, "process_seconds"),
    "W3-memory": memory("W3", 0.7, 0.5),
    "W5-memory": memory("W5", 0.7, 0.5),
    "W1-threads": threads("W1", 0.7, 0.6),
    "W3-threads": threads("W3", 1.7, 1.25),
    "W5-threads": threads("W5", 1.5, 1.0),
}


def same(ours: list[float], theirs: list[float]) -> bool:
    """Whether two lists of losses are the same computation, up to the rounding of float32."""
    return all(abs(a - b) <= 1e-5 + 1e-4 * abs(b) for a, b in zip(ours, theirs, strict=True))


def ratios(rounds: list[dict], figure: str, over: str = "torch", library: str = "learnnn") -> list[float]:
    return [found[library][figure] / found[over][figure] for found in rounds]


def spread(values: list[float]) -> dict[str, float]:
    return {"value": median(values), "low": min(values), "high": max(values)}


def reached(value: float, bound: float, aim: float) -> str:
    return "aim" if value <= aim else "bound" if value <= bound else "MISSED"


def summary(row: Row, rounds: list[dict]) -> dict:
    """All that is known of a row: what it is, the medians, the spread, what was reached, and the rounds themselves."""
    figures = {library: [found[library][row.figure] for found in rounds] for library in LIBRARIES}
    held = spread(ratios(rounds, row.figure) if row.ratio else figures["learnnn"])
    middle = {library: median(values) for library, values in figures.items()}
    also = {"cpu_ratio": median(ratios(rounds, "cpu"))} if row.figure == "clock" else {}
    verdict = {"reached": reached(held["value"], row.bound, row.aim)}
    return asdict(row) | middle | held | also | verdict | {"rounds": rounds}


def beside_others(rounds: list[dict], reasons: dict[str, str]) -> dict:
    """Ratios to PyTorch of every library in `rounds`, and which frameworks took less time than learnnn."""
    against_torch = {library: spread(ratios(rounds, "cpu", library=library)) for library in rounds[0]}
    against_ours = {library: median(ratios(rounds, "cpu", "learnnn", library)) for library in rounds[0]}
    faster = {library: ratio for library, ratio in against_ours.items() if ratio < 1 and library not in LIBRARIES}
    return {"ratios": against_torch, "faster": faster, "reasons": reasons, "rounds": rounds}
