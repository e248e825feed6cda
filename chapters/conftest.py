"""For `pytest --nbval chapters/solved`: one thread of BLAS, and for each lesson a fresh folder for what it keeps."""

import os
import tempfile
from collections import defaultdict

import pytest

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

HOMES = defaultdict(lambda: tempfile.mkdtemp(prefix="learnnn-mine-"))


@pytest.hookimpl(tryfirst=True)  # before nbval starts the kernel of a notebook's first cell
def pytest_runtest_setup(item: pytest.Item) -> None:
    os.environ["LEARNNN_HOME"] = HOMES[item.path]
