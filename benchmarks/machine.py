"""Where and with what a benchmark ran."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import numpy as np


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def linear_algebra() -> str:
    """numpy's library of linear algebra, and the kernel that it chose for this processor where threadpoolctl knows."""
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return f"{built['name']} {built['version']}"
    kernels = {pool["architecture"] for pool in threadpool_info() if "architecture" in pool}
    return f"{built['name']} {built['version']} {' '.join(sorted(kernels))}".rstrip()


def about() -> dict:
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "linear algebra": linear_algebra(),
    }
