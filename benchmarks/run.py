"""Time learnnn against PyTorch: CPU time a training step, one thread, as a ratio. Run it with `make bench`.

Each measurement is a fresh process with one library in it; the two alternate, and the figure is the median
of the ratios of the rounds, because milliseconds drift with the machine and ratios do not. Before it is
timed, a workload must compute the same losses under both libraries from the same parameters.
"""

import argparse
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
LIBRARIES = ("learnnn", "torch")


def losses(step, count: int) -> list[float]:
    """What `count` steps return, each as one number."""
    return [float(step().mean()) for _ in range(count)]


def timed(step, warm: int, steps: int) -> float:
    """CPU seconds a step."""
    for _ in range(warm):
        step()
    begin = time.process_time()
    for _ in range(steps):
        step()
    return (time.process_time() - begin) / steps


def measure(library: str, workload: str) -> dict:
    """In this process: the first losses, then the time a step."""
    from workloads import WORKLOADS

    torch = importlib.import_module(library)
    if library == "torch":
        torch.set_num_threads(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    build, warm, steps, *_ = WORKLOADS[workload]
    step = build(torch)
    found = {"losses": losses(step, 10), "seconds": timed(step, warm, steps), "version": torch.__version__}
    return found | {"peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before}


def in_fresh_process(library: str, workload: str) -> dict:
    paths = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(HERE / "run.py"), "--measure", library, workload],
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{workload} under {library} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def same(ours: list[float], theirs: list[float]) -> bool:
    return all(abs(a - b) <= 1e-5 + 1e-4 * abs(b) for a, b in zip(ours, theirs, strict=True))


def compare(workload: str, rounds: int) -> dict:
    """Alternate the two libraries for `rounds` rounds -> their times and the median of the ratios."""
    seconds: dict[str, list[float]] = {library: [] for library in LIBRARIES}
    for number in range(rounds):
        order = LIBRARIES if number % 2 else LIBRARIES[::-1]
        found = {library: in_fresh_process(library, workload) for library in order}
        if not same(found["learnnn"]["losses"], found["torch"]["losses"]):
            raise SystemExit(f"{workload}: the losses differ, so its times mean nothing: {found}")
        for library in LIBRARIES:
            seconds[library].append(found[library]["seconds"])
    ratios = [ours / theirs for ours, theirs in zip(seconds["learnnn"], seconds["torch"])]
    versions = {library: found[library]["version"] for library in LIBRARIES}
    return {"ratio": statistics.median(ratios), "ratios": ratios, "seconds": seconds, "versions": versions}


def line(workload: str, result: dict) -> str:
    from workloads import WORKLOADS

    build, _, _, bound, aim = WORKLOADS[workload]
    ours, theirs = (1e6 * statistics.median(result["seconds"][library]) for library in LIBRARIES)
    spread = f"{min(result['ratios']):.2f}-{max(result['ratios']):.2f}"
    verdict = "aim" if result["ratio"] <= aim else "bound" if result["ratio"] <= bound else "MISSED"
    figures = f"{ours:>8.0f} {theirs:>8.0f}   {result['ratio']:>5.2f}  {spread:<10} {bound:>5.2f} {aim:>5.2f}"
    return f"{workload}  {figures}  {verdict:<7} {build.__doc__}"


HEADING = "        learnnn    torch   ratio  spread     bound   aim  reached  (microseconds of CPU a step)"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description="learnnn against PyTorch, CPU time a step, one thread")
    made.add_argument("workloads", nargs="*", help="W1 W2 W6 (all)")
    made.add_argument("--rounds", type=int, default=5, help="fresh processes of each library (%(default)s)")
    made.add_argument("--json", type=Path, default=HERE / "results" / "latest.json", help="%(default)s")
    made.add_argument("--measure", nargs=2, metavar=("LIBRARY", "WORKLOAD"), help=argparse.SUPPRESS)
    return made


def main() -> None:
    from workloads import WORKLOADS

    args = parser().parse_args()
    if args.measure:
        print(json.dumps(measure(*args.measure)))
        return
    if unknown := set(args.workloads) - set(WORKLOADS):
        raise SystemExit(f"no workload {', '.join(sorted(unknown))}: there are {', '.join(WORKLOADS)}")
    print(HEADING)
    results = {}
    for workload in args.workloads or WORKLOADS:
        results[workload] = compare(workload, args.rounds)
        print(line(workload, results[workload]), flush=True)
    args.json.parent.mkdir(parents=True, exist_ok=True)
    about = {"python": platform.python_version(), "machine": platform.machine(), "rounds": args.rounds}
    args.json.write_text(json.dumps({"about": about, "results": results}, indent=1) + "\n")
    print(f"written to {args.json}")


if __name__ == "__main__":
    main()
