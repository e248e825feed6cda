"""What one fresh process measures: `python benchmarks/measure.py KIND LIBRARY WORKLOAD` prints it as JSON.

Every kind returns the first losses with its figures, because figures of different computations mean nothing.
"""

import importlib
import json
import sys
import time

from fresh import forget_peak, resident
from workloads import WORKLOADS

COLD = 200  # steps of a cold process


def one_thread(torch):
    """PyTorch has threads of its own beside those of its linear algebra library."""
    if torch.__name__ == "torch":
        torch.set_num_threads(1)


def begin(library: str, workload: str, limit=one_thread):
    """(a step of `workload` under `library`, the library's version)."""
    if library not in ("learnnn", "torch"):
        return importlib.import_module("others").trainer(library, workload)
    torch = importlib.import_module(library)
    limit(torch)
    return WORKLOADS[workload][0](torch), torch.__version__


def losses(step, count: int = 10) -> list[float]:
    """The first number of what each of `count` steps returns."""
    return [float(step().reshape(-1)[0].item()) for _ in range(count)]


def timed(step, workload: str, share: int = 1) -> dict[str, float]:
    """Seconds a step, of CPU over all threads and of the clock. Reading the last loss waits for a queue to empty.

    Takes the workload's number of steps, or one in `share` of them.
    """
    _, warm, steps, *_ = WORKLOADS[workload]
    warm, steps = -(-warm // share), -(-steps // share)
    losses(step, warm)
    cpu, clock = time.process_time(), time.perf_counter()
    for _ in range(steps - 1):
        step()
    losses(step, 1)
    return {"cpu": (time.process_time() - cpu) / steps, "clock": (time.perf_counter() - clock) / steps}


def check(library: str, workload: str) -> dict:
    """The first losses, and nothing else."""
    step, version = begin(library, workload)
    return {"version": version, "losses": losses(step)}


def steps(library: str, workload: str) -> dict:
    """Time of a training step, on one thread; of other frameworks over fewer steps: some are a hundred times slower."""
    step, version = begin(library, workload)
    share = 1 if library in ("learnnn", "torch") else 10
    return {"version": version, "losses": losses(step)} | timed(step, workload, share)


def threads(library: str, workload: str) -> dict:
    """Time of a training step, with as many threads as the library takes by itself."""
    step, version = begin(library, workload, limit=lambda torch: None)
    return {"version": version, "losses": losses(step)} | timed(step, workload)


def memory(library: str, workload: str) -> dict:
    """MiB that building and training take at their peak, above what is resident after the import.

    This counts code that a library loads when it is first used; PyTorch loads a good part of itself so.
    """
    one_thread(importlib.import_module(library))
    before = resident()
    forget_peak()
    step, version = begin(library, workload)
    return {"version": version, "losses": losses(step), "memory": resident(peak=True) - before}


def cold(library: str, workload: str) -> dict:
    """A short script: import, build, train. Its time is the whole process's, which is seen from outside."""
    step, version = begin(library, workload)
    return {"version": version, "losses": losses(step, COLD)[:10]}


KINDS = {function.__name__: function for function in (check, steps, threads, memory, cold)}

if __name__ == "__main__":
    kind, library, workload = sys.argv[1:]
    print(json.dumps(KINDS[kind](library, workload)))
