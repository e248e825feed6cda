"""Measure what learnnn promises of itself: `python benchmarks/promises.py` prints a line a promise.

CPU time, one thread. Two sides of a ratio alternate, in fresh processes where a process is what is timed, and the
median of the rounds is shown. `bound` is what the project holds itself to.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "",
}  # fmt: skip
IMPORT = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
DEMO = """
import json, os, sys, time, sklearn.datasets, matplotlib.figure, learnnn.training, learnnn.optim
from learnnn import cli
begin = time.process_time()
cli.main(["demo", "--data", sys.argv[1], "--out", sys.argv[2]])
print(time.process_time() - begin)
"""


def run(code: str, *arguments: str) -> str:
    """What a fresh process prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=ENVIRONMENT, check=True, text=True, capture_output=True).stdout


def import_over_numpy(library: str = "learnnn") -> float:
    """Seconds of CPU that importing `library` takes beyond `import numpy`, each in a fresh process."""
    theirs, numpys = (float(run(IMPORT.format(name))) for name in (library, "numpy"))
    return theirs - numpys


def demo(data: str) -> tuple[float, float]:
    """(accuracy, seconds of CPU for the whole command after its imports)."""
    with tempfile.TemporaryDirectory() as folder:
        printed = run(DEMO, data, str(Path(folder) / "demo.png"))
    accuracy = next(line for line in printed.splitlines() if line.startswith("accuracy")).split(": ")[1].split("%")[0]
    return float(accuracy), float(printed.split()[-1])


def doubling(times: int) -> None:
    import learnnn as torch

    x = y = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    for _ in range(times):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**times


def recurrence(steps: int) -> None:
    import learnnn as torch

    w = torch.tensor(0.999, dtype=torch.float64, requires_grad=True)
    h = torch.tensor(1.0, dtype=torch.float64)
    for _ in range(steps):
        h = h * w
    h.backward()
    assert abs(w.grad.item() / (steps * 0.999 ** (steps - 1)) - 1) < 1e-9


def growth(function, size: int, rounds: int = 9) -> float:
    """Time for twice the size over time for the size: 2 where time is linear."""

    def seconds(n: int) -> float:
        begin = time.process_time()
        function(n)
        return time.process_time() - begin

    return statistics.median(seconds(2 * size) / seconds(size) for _ in range(rounds))


def main() -> None:
    import_over_numpy()  # bytecode is compiled once, at installation
    seconds = statistics.median(import_over_numpy() for _ in range(11))
    lines = [("import learnnn over numpy", f"{seconds:.3f} s", "0.1 s")]
    for data, bound in (("digits", "97 % in 5 s"), ("mnist", "94 % after 5 epochs")):
        try:
            accuracy, seconds = demo(data)
            lines.append((f"learnnn demo, {data}", f"{accuracy} % in {seconds:.1f} s", bound))
        except subprocess.CalledProcessError as error:
            lines.append((f"learnnn demo, {data}", error.stderr.strip().splitlines()[-1], bound))
    sys.path.insert(0, str(ROOT))
    lines.append(("y = y + y, 500 -> 1,000 times", f"x {growth(doubling, 500):.2f}", "linear: 2"))
    lines.append(("recurrence, 5,000 -> 10,000 steps", f"x {growth(recurrence, 5000):.2f}", "linear: 2"))
    for what, figure, bound in lines:
        print(f"{what:36} {figure:22} bound {bound}")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
