"""Binder's files, followed in an empty environment: the course installs, its start page opens and runs."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from learnnn.cli import lab as jupyter

START = Path("chapters/00_start.ipynb")
TOKEN = "of-this-test"
LEFT_OUT = shutil.ignore_patterns(".venv*", ".git", "__pycache__", ".*_cache", "learnnn-course", "results")


def test_the_files_say_what_binder_reads(root):
    assert re.fullmatch(r"python-3\.\d+\n", (root / "binder/runtime.txt").read_text())
    assert (root / "binder/requirements.txt").read_text() == ".[notebooks]\n"
    assert (root / START).is_file()
    assert f"urlpath=lab/tree/{START.as_posix()}" in (root / "README.md").read_text("utf-8")


def test_the_python_asked_for_is_one_that_learnnn_supports(root):
    asked = (root / "binder/runtime.txt").read_text().strip().removeprefix("python-")
    assert f"Programming Language :: Python :: {asked}" in (root / "pyproject.toml").read_text()


def run(*command: object, cwd: Path) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def binder(root, tmp_path_factory):
    """(python, repository) as Binder has them when it has built the image."""
    place = tmp_path_factory.mktemp("binder")
    home = shutil.copytree(root, place / "home", ignore=LEFT_OUT)
    run(sys.executable, "-m", "venv", place / "env", cwd=place)
    python = place / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, "-m", "pip", "install", "-q", "-r", "binder/requirements.txt", cwd=home)
    for script in filter(Path.exists, [home / "binder" / "postBuild"]):
        run("bash", script, cwd=home)
    return python, home


@pytest.mark.slow
def test_the_course_is_installed(binder):
    python, home = binder
    ready = run(python, "-m", "learnnn.cli", "doctor", cwd=home)
    assert "Everything the course needs is here" in ready


@pytest.mark.slow
def test_the_start_page_runs_there(binder):
    python, home = binder
    convert = (python, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--output", "ran.ipynb")
    run(*convert, START, cwd=home)
    cells = json.loads((home / START.with_name("ran.ipynb")).read_text("utf-8"))["cells"]
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code" and cell["source"])


@pytest.fixture
def lab(binder):
    """The address of JupyterLab as Binder's image starts it."""
    python, home = binder
    port = jupyter.pick_port(None)
    command = [str(python), *jupyter.lab_command(home, port, browser=False)[1:]]
    server = subprocess.Popen(command, cwd=home, env={**os.environ, "JUPYTER_TOKEN": TOKEN})
    try:
        jupyter.wait_for(server, f"http://127.0.0.1:{port}/api")
        yield f"http://127.0.0.1:{port}"
    finally:
        jupyter.stop(server)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("api", "expected"), [("lab/tree", b"jupyter-config-data"), ("api/contents", b'"cells"')]
)
def test_jupyterlab_serves_the_start_page_there(lab, api, expected):
    with urllib.request.urlopen(f"{lab}/{api}/{START.as_posix()}?token={TOKEN}", timeout=20) as page:
        assert expected in page.read()
