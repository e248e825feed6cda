"""For `pytest --nbval chapters/solved`: one thread of BLAS, for each lesson a fresh folder for what it keeps, and
pictures compared by their words: an HTML picture holds all its numbers, to a digit that another machine rounds
otherwise."""

import os
import tempfile
from collections import defaultdict

import pytest

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

HTML = "text/html"
HOMES = defaultdict(lambda: tempfile.mkdtemp(prefix="learnnn-mine-"))


@pytest.hookimpl(tryfirst=True)  # before nbval starts the kernel of a notebook's first cell
def pytest_runtest_setup(item: pytest.Item) -> None:
    os.environ["LEARNNN_HOME"] = HOMES[item.path]
    compared_not = getattr(item.parent, "skip_compare", None)
    if compared_not is not None and HTML not in compared_not:
        item.parent.skip_compare = (*compared_not, HTML)
