"""Measure in fresh processes, one library in each, the libraries taking turns.

A fresh process has no other library's memory, threads or caches in it. Taking turns lets a slow minute of the
machine fall on every library alike, so that the ratio of a round means more than any of its times.
"""

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def environment(threads: int | None) -> dict[str, str]:
    """This process's environment with `threads` threads of BLAS, or with nothing said of them for None."""
    kept = {name: value for name, value in os.environ.items() if name not in THREADS}
    limits = {} if threads is None else dict.fromkeys(THREADS, str(threads))
    path = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return kept | limits | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}


def cpu_of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def in_fresh_process(script: Path, arguments: list[str], threads: int | None = 1) -> dict:
    """Run `python script *arguments` -> the JSON object on the last line that it prints.

    `process_seconds` is added: the CPU seconds of the whole process, from its start to its end.
    A process that fails ends this one with what it wrote to stderr.
    """
    before = cpu_of_children()
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, env=environment(threads), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{Path(script).name} {' '.join(arguments)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]) | {"process_seconds": cpu_of_children() - before}


def alternate(measure: Callable[[str], dict], libraries: Sequence[str], rounds: int) -> list[dict[str, dict]]:
    """`measure(library)` for each library, `rounds` times, every second round in the opposite order -> the rounds."""
    orders = [libraries[::-1] if number % 2 else libraries for number in range(rounds)]
    return [{library: measure(library) for library in order} for order in orders]


# ------------------------------------------------------------------------ what such a process finds about itself
def resident(peak: bool = False) -> float:
    """MiB of this process's memory that are in RAM, now or at the highest since `forget_peak`."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # not Linux: only ever the highest
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return int(re.search(r"VmHWM:\s+(\d+)" if peak else r"VmRSS:\s+(\d+)", status)[1]) / 2**10


def forget_peak() -> None:
    """From here on the peak counts anew, where the system can do that."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return
