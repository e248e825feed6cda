"""Save what a workload starts from: `python start.py W1 FILE.npz` draws it with learnnn."""

import sys

import numpy as np
from workloads import WORKLOADS

import learnnn

if __name__ == "__main__":
    workload, path = sys.argv[1:]
    parameters, X, y = WORKLOADS[workload][0](learnnn).start
    arrays = {f"parameter{i:03}": p.detach().numpy() for i, p in enumerate(parameters)}
    np.savez(path, **arrays, **{name: part.numpy() for name, part in (("X", X), ("y", y)) if part is not None})
    print("{}")
