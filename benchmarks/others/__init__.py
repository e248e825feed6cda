"""The other frameworks: which there are, what each needs, and what it cannot express of the workloads, and why.

Each has a module here, `with_NAME`, whose `TRAINERS` hold a function a workload. It takes the `start`, the parameters
and data that the workload starts from under PyTorch, and returns `step`, which must then compute PyTorch's losses.
"""

import importlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from fresh import in_fresh_process

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Framework:
    """`cannot` says why a workload is left out; `remark` is what a reader of its times must know."""

    module: str
    packages: tuple[str, ...]
    programs: tuple[str, ...] = ()
    remark: str = ""
    cannot: dict[str, str] = field(default_factory=dict)

    def missing(self) -> str:
        """How to get what is not there, or nothing."""
        if not all(map(find_spec, self.packages)):
            return f"not installed: pip install {' '.join(self.packages)}".replace("sklearn", "scikit-learn")
        absent = [program for program in self.programs if shutil.which(program) is None]
        return f"needs {', '.join(absent)}: on Debian and Ubuntu, apt-get install {' '.join(absent)}" if absent else ""


FRAMEWORKS = {
    "mpneuralnetwork": Framework(
        "with_mpneuralnetwork",
        ("mpneuralnetwork",),
        remark="layers with backward passes written by hand; no automatic differentiation",
        cannot={"W4": "it has no recurrent layer", "W5": "it has no embedding, attention or layer normalization"},
    ),
    "melpy": Framework(
        "with_melpy",
        ("melpy", "h5py"),
        remark="computes in float64, whatever it is given",
        cannot={
            "W3": "it does not train its convolutions: their gradient never reaches the optimizer",
            "W5": "it has no attention or layer normalization",
        },
    ),
    "autograd": Framework(
        "with_autograd",
        ("autograd",),
        remark="numpy with gradients; models and optimizers' steps are written out in numpy",
    ),
    "scikit-learn": Framework(
        "with_sklearn",
        ("sklearn",),
        remark="MLPClassifier.partial_fit on the batch; W6 calls its private AdamOptimizer",
        cannot={"W3": "it has no convolution", "W4": "it has no recurrent layer", "W5": "it has no attention"},
    ),
    "tinygrad": Framework(
        "with_tinygrad",
        ("tinygrad",),
        programs=("clang",),
        remark="CPU device on one core, the step captured once by TinyJit; not a numpy framework",
        cannot={"W4": "compiling the LSTM's unrolled steps did not end within 400 seconds"},
    ),
}


def start(workload: str) -> SimpleNamespace:
    """What `workload` starts from, in numpy arrays. A process of its own draws it, so that this one stays fresh."""
    with tempfile.TemporaryDirectory() as folder:
        in_fresh_process(HERE / "start.py", [workload, f"{folder}/start.npz"])
        with np.load(f"{folder}/start.npz") as found:
            parameters = [found[name] for name in sorted(found.files) if name.startswith("parameter")]
            return SimpleNamespace(parameters=parameters, X=found["X"], y=found.get("y"))


def trainer(framework: str, workload: str) -> tuple[Callable[[], object], str]:
    """(a step of `workload` under `framework`, the framework's version)."""
    module = importlib.import_module(f"others.{FRAMEWORKS[framework].module}")
    return module.TRAINERS[workload](start(workload)), module.VERSION
