"""The least time a training step can take on this machine: its matrix products, and its optimizer's memory.

`floor` divides a step's floating-point operations by the measured rate of matrix products, and the bytes that its
optimizer reads and writes by the measured bandwidth, of the caches where all of them fit in there. The two come
one after the other, so they add. Elementwise operations, copies and Python itself are not in it.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from measure import one_thread

MB = 2**20
CACHE = 16 * MB  # bytes that are taken to stay in the caches from step to step
TOUCHED = {"SGD": 3, "Adam": 7}  # numbers an optimizer reads and writes a parameter: p, g, p; m, v, m, v


@dataclass(frozen=True)
class Work:
    """Floating-point operations of a step, forward and backward, and the parameters of what takes it."""

    flops: int = 0
    parameters: int = 0

    def __add__(self, other: "Work") -> "Work":
        return Work(self.flops + other.flops, self.parameters + other.parameters)


def linear(rows: int, n_in: int, n_out: int, first: bool = False, bias: int = 1) -> Work:
    """y = x W + b, for `rows` rows: a product forward, one for W's gradient, one for x's unless x is the data."""
    return Work(2 * rows * n_in * n_out * (2 if first else 3), (n_in + bias) * n_out)


def convolution(pixels: int, c_in: int, c_out: int, k: int, first: bool = False) -> Work:
    """A k x k convolution with as many `pixels` out, of all images, as in: a row of c_in k k numbers for each."""
    return linear(pixels, c_in * k * k, c_out, first)


def causal_attention(batch: int, heads: int, T: int, d: int) -> Work:
    """Scores and their mixture, each a product forward and two backward, for the pairs where s <= t."""
    return Work(6 * 2 * batch * heads * d * (T * (T + 1) // 2))


def lstm(batch: int, T: int, n_in: int, n_hidden: int) -> Work:
    """Four gates from the data and four from the state before; the first state is 0 and needs no gradient."""
    states = linear(batch * (T - 1), n_hidden, 4 * n_hidden)
    return linear(batch * T, n_in, 4 * n_hidden, first=True) + states


def floor(work: Work, optimizer: str, limits: dict[str, float]) -> tuple[float, str]:
    """(seconds, what most of them go to) for a step at the machine's `limits`."""
    touched = 4 * TOUCHED[optimizer] * work.parameters
    products = work.flops / limits["flops"]
    update = touched / limits["cache" if touched <= CACHE else "memory"]
    return products + update, "gemm" if products >= update else "memory"


# ------------------------------------------------------------------------------------------------- measured
def best(call: Callable, budget: float = 0.3) -> float:
    """Seconds of the fastest call, of as many as `budget` seconds of CPU allow."""
    call()
    begin, fastest = time.process_time(), float("inf")
    while time.process_time() - begin < budget:
        start = time.perf_counter()
        call()
        fastest = min(fastest, time.perf_counter() - start)
    return fastest


def gemm_rate(library: str) -> float:
    """Operations a second of float32 matrix products, at the best of four sizes."""
    torch = importlib.import_module(library)
    multiply, give = (np.matmul, np.asarray) if library == "numpy" else (torch.mm, torch.from_numpy)
    one_thread(torch)
    rates = []
    for n in (256, 512, 1024, 2048):
        a, b, c = (give(np.ones((n, n), np.float32)) for _ in range(3))
        rates.append(2 * n**3 / best(lambda a=a, b=b, c=c: multiply(a, b, out=c)))
    return max(rates)


def bandwidth(nbytes: int) -> float:
    """Bytes a second that `a + b` into `c` reads and writes, at the best; each array has `nbytes` bytes."""
    a, b, c = (np.ones(nbytes // 4, np.float32) for _ in range(3))
    return 3 * nbytes / best(lambda: np.add(a, b, out=c))


def measure(library: str) -> dict[str, float]:
    """Rates a second: of operations in matrix products, of bytes in the caches and in memory."""
    return {"flops": gemm_rate(library), "cache": bandwidth(MB), "memory": bandwidth(128 * MB)}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
