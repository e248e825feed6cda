"""`learnnn doctor`: what is here, what is missing, how to get it."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .start import count, originals
from .terminal import NOTEBOOKS, Problem, installed, say

HOME = Path(__file__).resolve().parent.parent


class Finding(NamedTuple):
    """One line of `learnnn doctor`; `advice` is what to do when it is not good."""

    good: bool
    needed: bool
    what: str
    detail: str
    advice: str = ""


def extras() -> dict[str, list[tuple[str, str]]]:
    """{extra: [(package, lowest version)]} as the installed learnnn, or else pyproject.toml, says."""
    try:
        lines = importlib.metadata.requires("learnnn") or []
    except importlib.metadata.PackageNotFoundError:
        lines = requirements_of_source()
    found: dict[str, list[tuple[str, str]]] = {}
    for line in lines:
        match = re.match(r"([\w.-]+)\s*>=\s*([\d.]+)\s*;\s*extra == ['\"](\w+)['\"]", line)
        if match:
            found.setdefault(match[3], []).append((match[1], match[2]))
    return found


def requirements_of_source() -> list[str]:
    import tomllib

    with (HOME.parent / "pyproject.toml").open("rb") as file:
        listed = tomllib.load(file)["project"]["optional-dependencies"]
    return [f"{line}; extra == '{extra}'" for extra, lines in listed.items() for line in lines]


def numbers(version: str) -> tuple[int, ...]:
    """A version to compare by: 2.13.0rc1 -> (2, 13, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[a-z+]", version)[0]))


def version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def look_at_package(package: str, lowest: str) -> Finding:
    version = version_of(package)
    if version is None:
        return Finding(False, True, package, "not installed", NOTEBOOKS)
    old = numbers(version) < numbers(lowest)
    detail = f"{version}, older than {lowest}" if old else version
    return Finding(not old, True, package, detail, f"{NOTEBOOKS} --upgrade")


def look_at_packages() -> Iterator[Finding]:
    """What the course needs, from both of its extras, each once."""
    wanted = dict(extras().get("data", []) + extras().get("notebooks", []))
    yield from (look_at_package(*item) for item in sorted(wanted.items()))


def look_at_extra(extra: str, purpose: str) -> Finding:
    """An extra that a learner does without, in one line."""
    missing = [package for package, _ in extras().get(extra, []) if version_of(package) is None]
    detail = f"not installed: {', '.join(missing)}" if missing else "installed"
    return Finding(not missing, False, f"[{extra}]", f"{purpose}: {detail}")


def look_at_python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info >= (3, 11), True, "python", version, "install Python 3.11 or newer")
    yield look_at_package("numpy", "2.0")
    installed_as = version_of("learnnn") or "not installed, run"
    yield Finding(True, False, "learnnn", f"{installed_as} in {HOME}")


def look_at_threads() -> Iterator[Finding]:
    if not installed("threadpoolctl"):
        return
    import numpy  # noqa: F401  the library has to be loaded to be seen
    from threadpoolctl import threadpool_info  # type: ignore[import-not-found,unused-ignore]

    for pool in (pool for pool in threadpool_info() if pool["user_api"] == "blas"):
        detail = f"{pool['internal_api']} {pool['version']}, threads: {pool['num_threads']}"
        yield Finding(True, False, "linear algebra", detail)


def look_at_course(folder: str) -> Iterator[Finding]:
    try:
        lessons = originals()
        yield Finding(True, True, "lessons", f"{count(list(lessons.glob('*.ipynb')))} in {lessons}")
    except Problem as problem:
        yield Finding(False, True, "lessons", "not found", str(problem))
    place = Path(folder).expanduser().resolve()
    parent = next(p for p in (place, *place.parents) if p.exists())
    writable = parent.is_dir() and os.access(parent, os.W_OK)
    yield Finding(writable, True, "your folder", str(place), "learnnn start ANOTHER_FOLDER")


def look_at_kernel() -> Iterator[Finding]:
    if not installed("jupyter_client"):
        return
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        kernel = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding(False, True, "kernel python3", "not found", "pip install --force-reinstall ipykernel")
        return
    program = Path(kernel.argv[0])
    ours = not program.is_absolute() or program.parent == Path(sys.executable).parent
    detail = "this Python" if ours else f"another Python, {program}"
    yield Finding(ours, True, "kernel python3", detail, "python -m ipykernel install --sys-prefix")


def look_at_data() -> Iterator[Finding]:
    """Where the data sets are, those that lessons need and those that are optional."""
    from ..datasets import _mnist

    bundled = installed("sklearn")
    detail = "with scikit-learn" if bundled else "scikit-learn brings them"
    yield Finding(bundled, True, "digits, iris", detail, NOTEBOOKS)
    folder = _mnist._folder()
    yield Finding(bool(folder), False, "mnist", str(folder or "not here: downloaded when first asked for, 12 MB"))


def examine(folder: str) -> Iterator[tuple[str, list[Finding]]]:
    """(heading, findings) for each part of the machine."""
    yield "Python", [*look_at_python(), *look_at_threads()]
    yield "Course", [*look_at_course(folder), *look_at_kernel()]
    yield "Packages", list(look_at_packages())
    yield "Data", list(look_at_data())
    others = {"classroom": "for teachers", "dev": "to change learnnn"}
    yield "Optional", [look_at_extra(*item) for item in others.items()]


def mark(finding: Finding) -> str:
    return "ok     " if finding.good else "MISSING" if finding.needed else "-      "


def run(args: argparse.Namespace) -> int:
    """Print every finding -> 1 when something the course needs is missing, else 0."""
    advice: dict[str, None] = {}
    for heading, findings in examine(args.folder):
        say(f"\n{heading}")
        for finding in findings:
            say(f"  {mark(finding)}  {finding.what:<16}  {finding.detail}")
            if finding.needed and not finding.good:
                advice[finding.advice] = None
    say("\nTo mend:" if advice else "\nEverything the course needs is here. Next: learnnn start")
    for line in advice:
        say(f"  {line}")
    return 1 if advice else 0
