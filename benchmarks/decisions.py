"""The figures behind docs/PERFORMANCE.md's decisions: threads, a replayed tape, memory, a compiled kernel.

    python benchmarks/decisions.py              all of them
    python benchmarks/decisions.py threads      one

Each figure is a ratio of two ways to do the same thing, taken by turns in fresh processes: the median of the rounds.
"""

import argparse
import importlib.util
import json
import os
import statistics
import sys
import threading
import time
from pathlib import Path

import numpy as np
from fresh import alternate, in_fresh_process
from measure import begin, timed
from workloads import WORKLOADS

HERE = Path(__file__).resolve().parent


# -------------------------------------------------------------------------------- ways to do it, one a process
def plain(workload: str):
    """A step as it is."""
    return begin("learnnn", workload)[0]


def halves(workload: str):
    """The batch in two halves, each forward and backward in a thread of its own; then one step of the optimizer."""
    import learnnn as torch

    whole = WORKLOADS[workload][0](torch)
    model, X, y, criterion, optimizer = _closed(whole)
    cut = len(X) // 2
    labels = len(y) // len(X)  # a GPT has one for each token
    parts = [(X[:cut], y[: cut * labels]), (X[cut:], y[cut * labels :])]
    parameters = list(model.parameters())

    def of_half(place: int, found: list) -> None:
        inputs, targets = parts[place]
        loss = criterion(model(inputs), targets)
        found[place] = loss, torch.autograd.grad(loss, parameters)

    def step():
        found = [None, None]
        other = threading.Thread(target=of_half, args=(1, found))
        other.start()
        of_half(0, found)
        other.join()
        for p, *grads in zip(parameters, *(grads for _, grads in found)):
            p.grad = (grads[0] + grads[1]) / 2
        optimizer.step()
        return (found[0][0] + found[1][0]) / 2

    return step


def _closed(step) -> list:
    """model, X, y, criterion, optimizer: what the step of a workload closes over."""
    cells = dict(zip(step.__code__.co_freevars, step.__closure__))
    return [cells[name].cell_contents for name in ("model", "X", "y", "criterion", "optimizer")]


def replay(workload: str):
    """W2 as a replayed tape would run it: its numpy calls alone, into memory that is there, in the recorded order."""
    parameters, X, y = plain("W2").start
    shapes, X, y = [p.array.shape for p in parameters], X.array, y.array
    flat, g, m, v, t = np.zeros((5, sum(p.array.size for p in parameters)), np.float32)
    W0, b0, W1, b1, W2, b2 = _parts(flat, shapes)
    gW0, gb0, gW1, gb1, gW2, gb2 = _parts(g, shapes)
    for part, p in zip(_parts(flat, shapes), parameters):
        part[...] = p.array
    h0, h1, d0, d1, s = *np.empty((4, 32, 16), "f"), np.empty((32, 1), "f")
    ones, taken = np.ones(32, "f"), [0]

    def step():
        np.tanh(np.add(np.matmul(X, W0.T, out=h0), b0, out=h0), out=h0)
        np.tanh(np.add(np.matmul(h0, W1.T, out=h1), b1, out=h1), out=h1)
        z = h1 @ W2.T + b2
        loss = (np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0) - z * y).mean()
        np.tanh(0.5 * z, out=s)
        s[...] = (0.5 * s + 0.5 - y) / len(y)
        _linear_back(s, h1, W2, gW2, gb2, d1, ones)
        np.multiply(d1, 1 - h1 * h1, out=d1)
        _linear_back(d1, h0, W1, gW1, gb1, d0, ones)
        np.multiply(d0, 1 - h0 * h0, out=d0)
        _linear_back(d0, X, None, gW0, gb0, None, ones)
        taken[0] += 1
        _adam(flat, g, m, v, t, taken[0])
        return loss

    return step


def _parts(flat: np.ndarray, shapes: list) -> list[np.ndarray]:
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes)]


def _linear_back(g, x, w, gw, gb, gx, ones) -> None:
    np.matmul(g.T, x, out=gw)
    np.matmul(ones, g, out=gb)
    if gx is not None:
        np.matmul(g, w, out=gx)


def _adam(p, g, m, v, t, n) -> None:
    np.multiply(g, 0.1, out=t)
    m *= 0.9
    m += t
    t *= g
    t *= 0.01
    v *= 0.999
    v += t
    np.sqrt(v, out=t)
    t += 1e-8
    np.divide(m, t, out=t)
    t *= 1e-3 * np.sqrt(1 - 0.999**n) / (1 - 0.9**n)
    p -= t


def gelu(into: str):
    """GELU forward and backward at the size of W5, into new arrays or into ones that are kept for it."""
    x, g = np.random.default_rng(0).standard_normal((2, 16, 64, 256)).astype("f")
    kept = [np.empty_like(x) for _ in range(4)]

    def step():
        inner, y, square, slope = kept if into == "kept" else [np.empty_like(x) for _ in range(4)]
        np.multiply(x, x, out=inner)
        inner *= 0.0356774
        inner += 0.7978846
        inner *= x
        np.tanh(inner, out=inner)
        np.multiply(x, inner, out=y)
        np.multiply(x, x, out=square)
        square *= 0.2140644
        square += 1.5957691
        np.subtract(1, inner, out=slope)
        slope *= inner
        slope *= square
        slope *= g
        return y

    return step


def kernel(_: str):
    """W6 with all of Adam in one compiled loop. What importing the compiler and compiling take is `step.start`."""
    begun = time.process_time()
    import numba

    @numba.njit(fastmath=True)
    def update(p, g, m, v, rate, eps):
        for i in range(p.size):
            m[i] += np.float32(0.1) * (g[i] - m[i])
            v[i] += np.float32(0.001) * (g[i] * g[i] - v[i])
            p[i] -= rate * m[i] / (np.sqrt(v[i]) + eps)

    arrays = np.random.default_rng(0).random((10, 4, 100_000), np.float32)

    def step():
        for parts in arrays:
            update(*parts, np.float32(1e-3), np.float32(1e-8))
        return arrays[0, 0]

    step()
    step.start = time.process_time() - begun
    return step


# -------------------------------------------------------------------------------------------------- comparisons
def compared(ways: dict[str, tuple], figure: str, rounds: int) -> dict[str, float]:
    """{way: its median ratio to the first way}. A way is (what a process runs, its argument, threads, setting)."""

    def measured(way: str) -> dict:
        kind, argument, threads, keep = ways[way]
        os.environ["LEARNNN_KEEP_PAGES"] = keep
        return in_fresh_process(HERE / "decisions.py", ["--measure", kind, argument], threads)

    first, *others = ways
    found = alternate(measured, list(ways), rounds)
    return {way: statistics.median(r[way][figure] / r[first][figure] for r in found) for way in others}


def show(what: str, ratios: dict[str, float]) -> None:
    print(f"  {what}: " + ", ".join(f"{way} {ratio:.2f}" for way, ratio in ratios.items()), flush=True)


def decide_threads(rounds: int) -> None:
    print("threads: the clock's time of a step, over that on one thread")
    for workload in ("W1", "W3", "W5"):
        ways = {
            "one": ("plain", workload, 1, "1"),
            "as many as BLAS takes": ("plain", workload, None, "1"),
            "two halves of the batch": ("halves", workload, 1, "1"),
        }
        show(workload, compared(ways, "clock", rounds))


def decide_replay(rounds: int) -> None:
    print("replay: CPU time of a step of W2, over learnnn's")
    ways = {"learnnn": ("plain", "W2", 1, "1"), "its numpy calls alone": ("replay", "W2", 1, "1")}
    show("W2", compared(ways, "cpu", rounds))


def decide_memory(rounds: int) -> None:
    print("memory: CPU time with the C library's own habits, over that with pages kept")
    for workload in ("W1", "W3", "W4", "W5"):
        ways = {"pages kept": ("plain", workload, 1, "1"), "given back": ("plain", workload, 1, "0")}
        show(workload, compared(ways, "cpu", rounds))
    ways = {
        "new arrays": ("gelu", "new", 1, "1"),
        "reused arrays": ("gelu", "kept", 1, "1"),
        "new arrays, pages given back": ("gelu", "new", 1, "0"),
    }
    show("GELU", compared(ways, "cpu", rounds))


def decide_kernel(rounds: int) -> None:
    print("kernel: CPU time of a step of W6, over learnnn's")
    if importlib.util.find_spec("numba") is None:
        print("  left out, numba is not installed: pip install numba")
        return
    ways = {"learnnn": ("plain", "W6", 1, "1"), "one loop, compiled": ("kernel", "", 1, "1")}
    show("W6", compared(ways, "cpu", rounds))
    start = in_fresh_process(HERE / "decisions.py", ["--measure", "kernel", ""])["start"]
    print(f"  to import the compiler and to compile: {start:.1f} s of CPU")


DECISIONS = {"threads": decide_threads, "replay": decide_replay, "memory": decide_memory, "kernel": decide_kernel}
AS_OFTEN_AS = {"gelu": "W5", "kernel": "W6"}  # the workload whose numbers of steps are taken
WAYS = {"plain": plain, "halves": halves, "replay": replay, "gelu": gelu, "kernel": kernel}


def measure(kind: str, argument: str) -> dict:
    """In this process: the time of a step, and what came before the first."""
    import learnnn  # noqa: F401  which decides about pages, for every way

    step = WAYS[kind](argument)
    start = step.start if kind == "kernel" else 0
    return {"start": start} | timed(step, AS_OFTEN_AS.get(kind, argument))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("decisions", nargs="*", choices=[[], *DECISIONS], help=f"{' '.join(DECISIONS)} (all)")
    parser.add_argument("--rounds", type=int, default=5, help="fresh processes of each way (%(default)s)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(*args.measure)))
        return
    for name in args.decisions or DECISIONS:
        DECISIONS[name](args.rounds)


if __name__ == "__main__":
    sys.exit(main())
