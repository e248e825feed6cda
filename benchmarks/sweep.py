"""Cost against size: time and memory of a training step over batch, width, depth and sequence, beside PyTorch's.

Each measurement is a fresh process with one library in it, on one thread; the two take turns, and the figures are
the median ratio of CPU time and the median memory. A size whose losses differ between the libraries, or where a step
takes more than three times PyTorch's, fails; so does a sweep in which memory grows by more than PyTorch's.

Memory is the peak of the resident set during the steps, above what was resident before the model was built. A first
tiny step is taken before that, because PyTorch loads a good part of itself in its first step, and would look worse.
The floor is the machine's: see limits.py.
"""

import argparse
import gc
import importlib
import json
import os
import statistics
import sys
import time
from pathlib import Path

from fresh import alternate, forget_peak, in_fresh_process, resident
from limits import Work, floor
from machine import about
from measure import one_thread
from report import markdown_table, three_digits
from rows import LIBRARIES, ratios, same
from sizes import SWEEPS, Sweep

HERE = Path(__file__).resolve().parent
CLIFF = 3.0  # times PyTorch's time
NOISE_MIB, NOISE = 5, 0.05  # by so much, and this part of PyTorch's, two measured growths of memory may differ


# ------------------------------------------------------------------------------------- in a process of its own
def timed(step, budget: float, blocks: int = 5) -> float:
    """CPU seconds a step: the median of some blocks, that a busy moment may spoil one; together they take `budget`."""
    return statistics.median(block(step, budget / blocks) for _ in range(blocks))


def block(step, budget: float) -> float:
    """CPU seconds a step, the mean over as many as fill `budget`, and one at least."""
    steps, begin, spent = 0, time.process_time(), 0.0
    while steps == 0 or spent < budget:
        step()
        steps, spent = steps + 1, time.process_time() - begin
    return spent / steps


def measure(library: str, name: str, size: int, budget: float) -> dict:
    """In this process: the first losses, the time a step, and the memory that all of it took."""
    torch, sweep = importlib.import_module(library), SWEEPS[name]
    one_thread(torch)
    sweep.build(torch, sweep.sizes[0])()
    gc.collect()
    before = resident()
    step = sweep.build(torch, size)
    forget_peak()
    found = {"losses": [step().item() for _ in range(3)], "seconds": timed(step, budget)}
    return found | {"memory": resident(peak=True) - before, "version": torch.__version__}


# ------------------------------------------------------------------------------------------ of many processes
def alike(rounds: list[dict[str, dict]]) -> bool:
    """Whether both libraries computed the same losses, in every round."""
    return all(same(found["learnnn"]["losses"], found["torch"]["losses"]) for found in rounds)


def summary(size: int, work: Work, optimizer: str, limits: dict, rounds: list[dict[str, dict]]) -> dict:
    """One point of a sweep: medians of its rounds, its floor, and the rounds themselves."""
    least, bound = floor(work, optimizer, limits)
    middle = {
        what: {library: statistics.median(found[library][what] for found in rounds) for library in LIBRARIES}
        for what in ("seconds", "memory")
    }
    over = ratios(rounds, "seconds")
    known = {"size": size, "alike": alike(rounds), "ratio": statistics.median(over), "ratios": over}
    return known | middle | {"floor": least, "bound": bound, "flops": work.flops, "rounds": rounds}


def point(name: str, size: int, limits: dict, rounds: int, budget: float) -> dict:
    def measured(library: str) -> dict:
        return in_fresh_process(HERE / "sweep.py", ["--measure", library, name, str(size), str(budget)])

    sweep = SWEEPS[name]
    found = alternate(measured, LIBRARIES, rounds)
    return summary(size, sweep.work(size), sweep.optimizer, limits, found)


def measured_limits() -> dict[str, float]:
    """The machine's limits: the best rate of either library's matrix products, and numpy's of memory."""
    found = [in_fresh_process(HERE / "limits.py", [library]) for library in ("numpy", "torch")]
    return {what: max(rates[what] for rates in found) for what in ("flops", "cache", "memory")}


# ----------------------------------------------------------------------------------------------------- judged
def complaint(point: dict) -> str:
    """What is wrong with the time of a point, or nothing."""
    return "LOSSES DIFFER" if not point["alike"] else "CLIFF" if point["ratio"] > CLIFF else ""


def growth(points: list[dict], library: str) -> list[float]:
    """MiB that each size takes more than the smallest."""
    return [p["memory"][library] - points[0]["memory"][library] for p in points]


def outgrown(points: list[dict]) -> list[int]:
    """The sizes at which memory has grown by more than PyTorch's, beyond noise."""
    grown = zip(points, growth(points, "learnnn"), growth(points, "torch"), strict=True)
    return [p["size"] for p, ours, theirs in grown if ours > theirs + NOISE_MIB + NOISE * max(theirs, 0)]


def verdict(sweep: Sweep, points: list[dict]) -> tuple[bool, str]:
    """Whether a sweep holds, and a line that says why."""
    wrong = [f"{complaint(p)} at {p['size']:,}" for p in points if complaint(p)]
    wrong += [f"MEMORY grows faster than PyTorch's up to {size:,}" for size in outgrown(points)]
    worst = max(points, key=lambda p: p["ratio"])
    ours, theirs = (growth(points, library)[-1] for library in LIBRARIES)
    told = f"at worst {worst['ratio']:.2f} of PyTorch's time, at {sweep.grows} {worst['size']:,}; "
    told += f"memory grew by {ours:.0f} MiB, PyTorch's by {theirs:.0f} MiB"
    return not wrong, f"{'FAILS: ' + '; '.join(wrong) + '; ' if wrong else 'holds: '}{told}"


# ------------------------------------------------------------------------------------------------------ shown
HEADINGS = (
    "learnnn ms", "PyTorch ms", "ratio", "floor ms", "bound by", "reached", "learnnn MiB", "PyTorch MiB", "ratio", "",
)  # fmt: skip


def cells(point: dict) -> list[str]:
    ours, theirs = (point["seconds"][library] for library in LIBRARIES)
    memory, of_torch = (point["memory"][library] for library in LIBRARIES)
    least = point["floor"]
    return [
        f"{point['size']:,}", three_digits(1e3 * ours), three_digits(1e3 * theirs), f"{point['ratio']:.2f}",
        three_digits(1e3 * least) if point["flops"] else "-", point["bound"] if point["flops"] else "-",
        f"{100 * least / ours:.0f} %" if point["flops"] else "-",
        f"{memory:.1f}", f"{of_torch:.1f}", f"{memory / of_torch:.2f}" if of_torch > NOISE_MIB else "-",
        complaint(point),
    ]  # fmt: skip


def text_line(texts: list[str]) -> str:
    return "".join(f"{text:>13}" for text in texts).rstrip()


def told(limits: dict) -> str:
    """The machine's limits, in words."""
    gigabytes = " and ".join(f"{limits[where] / 1e9:.0f} GB/s in {where}" for where in ("memory", "cache"))
    return f"one thread of this machine: {limits['flops'] / 1e9:.0f} GFLOP/s in float32 matrix products, {gigabytes}"


def run_sweep(name: str, args: argparse.Namespace, limits: dict) -> dict:
    """Measure and print one sweep -> its points and whether it holds."""
    sweep, points = SWEEPS[name], []
    print(f"\n{name}: {sweep.what}\n{text_line([sweep.grows, *HEADINGS])}")
    for size in sweep.sizes[:: 3 if args.quick else 1]:
        if not args.sizes or size in args.sizes:
            points.append(point(name, size, limits, args.rounds, args.budget))
            print(text_line(cells(points[-1])), flush=True)
    holds, why = verdict(sweep, points)
    print(f"{name} {why}", flush=True)
    return {"grows": sweep.grows, "what": sweep.what, "holds": holds, "verdict": why, "points": points}


def page(found: dict) -> str:
    """All of it as Markdown."""
    parts = [f"{told(found['limits'])[:1].upper()}{told(found['limits'])[1:]}."]
    for sweep in found["sweeps"].values():
        title, _, rest = sweep["what"].partition("; ")
        table = markdown_table([sweep["grows"], *HEADINGS], [cells(p) for p in sweep["points"]])
        parts.append(f"### {title}\n\n{rest}\n\n{table}\n\n{sweep['verdict']}")
    return "\n\n".join(parts) + "\n"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description="time and memory of a training step against size, beside PyTorch's")
    made.add_argument("sweeps", nargs="*", help=f"{' '.join(SWEEPS)} (all)")
    made.add_argument("--sizes", type=int, nargs="+", help="only these sizes")
    made.add_argument("--rounds", type=int, default=3, help="fresh processes of each library (%(default)s)")
    made.add_argument("--budget", type=float, default=0.6, help="seconds of CPU a measurement (%(default)s)")
    made.add_argument("--quick", action="store_true", help="every third size, one round")
    made.add_argument("--json", type=Path, default=HERE / "results" / "sweep.json", help="%(default)s")
    made.add_argument("--markdown", type=Path, help="also write the tables as Markdown, to this file")
    made.add_argument("--picture", type=Path, help="also draw it, to this file (needs matplotlib)")
    made.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    return made


def checked(args: argparse.Namespace) -> argparse.Namespace:
    if unknown := set(args.sweeps) - set(SWEEPS):
        raise SystemExit(f"no sweep {', '.join(sorted(unknown))}: there are {', '.join(SWEEPS)}")
    args.sweeps = args.sweeps or list(SWEEPS)
    for name in args.sweeps:
        if args.sizes and not set(args.sizes) & set(SWEEPS[name].sizes):
            raise SystemExit(f"{name} has the sizes {', '.join(map(str, SWEEPS[name].sizes))}")
    args.rounds = 1 if args.quick else args.rounds
    return args


def write(args: argparse.Namespace, found: dict) -> None:
    """The files asked for."""
    for path in filter(None, (args.json, args.markdown)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n" if path == args.json else page(found))
    if args.picture:
        from sweep_picture import draw

        draw(found["sweeps"], args.picture)
    written = [os.path.relpath(path) for path in (args.json, args.markdown, args.picture) if path]
    print(f"\nwritten to {', '.join(written)}")


def main() -> int:
    args = parser().parse_args()
    if args.measure:
        library, name, size, budget = args.measure
        print(json.dumps(measure(library, name, int(size), float(budget))))
        return 0
    checked(args)
    limits = measured_limits()
    print(told(limits))
    sweeps = {name: run_sweep(name, args, limits) for name in args.sweeps}
    write(args, {"about": about() | {"rounds": args.rounds}, "limits": limits, "sweeps": sweeps})
    return 0 if all(found["holds"] for found in sweeps.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
