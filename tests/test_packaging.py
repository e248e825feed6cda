"""The wheel carries the lessons: without a clone, `learnnn start` lays them out."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PARTS = ("learnnn", "chapters", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    source, dist = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for part in PARTS:
        copy = shutil.copytree if (root / part).is_dir() else shutil.copy
        copy(root / part, source / part)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(dist), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_file_of_the_lessons_is_inside(names, root):
    shipped = [
        path.relative_to(root / "chapters").as_posix()
        for path in (root / "chapters").rglob("*")
        if path.is_file() and not {".ipynb_checkpoints", "__pycache__", "mine", "conftest.py"} & set(path.parts)
    ]
    assert "00_start.ipynb" in shipped
    assert {f"learnnn/_chapters/{name}" for name in shipped} <= names


def test_every_file_of_the_package_is_inside(names, root):
    files = [path for path in (root / "learnnn").rglob("*") if path.suffix in (".py", ".js", ".css", ".json")]
    assert {path.relative_to(root).as_posix() for path in files} <= names


def test_nothing_else_is_inside(names):
    assert {name.split("/")[0] for name in names} == {"learnnn", "learnnn-0.1.0.dist-info"}


def test_numpy_is_all_it_requires(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read("learnnn-0.1.0.dist-info/METADATA").decode()
    lines = [line for line in metadata.splitlines() if line.startswith("Requires-")]
    assert [line for line in lines if "extra" not in line and "Dist" in line] == ["Requires-Dist: numpy>=2.0"]
    assert not any("<" in line for line in lines), "lower bounds only"


def test_the_lessons_are_laid_out_without_a_clone(wheel, root, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "learnnn.cli", "start", "course", "--layout-only"],
        cwd=tmp_path / "empty",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    laid_out = {path.name for path in (tmp_path / "empty" / "course").glob("*.ipynb")}
    assert laid_out == {path.name for path in (root / "chapters").glob("*.ipynb")}
