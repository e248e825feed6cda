"""Settings every test shares. The threads are set before anything imports numpy."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(variable, "1")

import shutil  # noqa: E402
from importlib.util import find_spec  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `parity` compare with PyTorch, and are skipped where it is not installed."""
    if find_spec("torch") is None:
        for item in items:
            if item.get_closest_marker("parity"):
                item.add_marker(pytest.mark.skip(reason="PyTorch is not installed: nothing to compare with"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that Playwright can drive; the test is skipped where there is none."""
    pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or pytest.skip("no Chromium on this machine: `apt-get install chromium`")
