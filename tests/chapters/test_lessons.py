"""What a learner opens and what a reader sees: both as the text of the lesson says, with nothing given away."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("jupytext")
pytest.importorskip("nbclient")

from learnnn import course
from learnnn.course import build

CHAPTERS = Path(__file__).resolve().parent.parent.parent / "chapters"
SOURCES = build.sources(CHAPTERS)
ALLOWED = {"learnnn", "numpy", "matplotlib", "IPython"} | sys.stdlib_module_names
NEEDLESS = {"os", "subprocess", "socket", "urllib", "shutil", "ctypes"}  # a lesson does not touch the machine

lesson = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)


def read(path: Path, edition: str = "") -> nbformat.NotebookNode:
    return nbformat.read(CHAPTERS / edition / f"{path.stem}.ipynb", as_version=4)


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_exercise(cell) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


@lesson
def test_both_notebooks_are_built_from_the_text(path):
    assert build.check(path, CHAPTERS, execute=False) == []


def test_no_notebook_without_a_text():
    assert build.strays(CHAPTERS) == []


@lesson
def test_the_exercise_edition_gives_nothing_away(path):
    notebook = read(path)
    everything = "\n".join(_squeezed(cell.source) for cell in notebook.cells)
    for cell, original in zip(notebook.cells, build.read_source(path).cells, strict=True):
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        for block in build.solutions(original.source):
            assert _squeezed(block) not in _squeezed(cell.source)
            assert len(_squeezed(block)) < 60 or _squeezed(block) not in everything, f"given away elsewhere: {block}"
    assert "### BEGIN SOLUTION" not in everything


def _squeezed(code: str) -> str:
    """Its lines without indents and blanks; a line break at both ends, so that only whole lines are found in it."""
    return "\n" + "\n".join(line.strip() for line in code.splitlines() if line.strip()) + "\n"


@lesson
@pytest.mark.parametrize("edition", ["", "solved"])
def test_every_cell_is_valid(path, edition):
    notebook = read(path, edition)
    nbformat.validate(notebook)
    for cell in code_cells(notebook):
        ast.parse(cell.source)
    assert notebook.metadata == build.METADATA


@lesson
def test_the_solved_edition_was_run_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(read(path, "solved")) if cell.source.strip()]
    assert counts == list(range(1, len(counts) + 1))


@lesson
def test_only_allowed_imports(path):
    for cell in code_cells(read(path, "solved")):
        for node in ast.walk(ast.parse(cell.source)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            roots = {name.split(".")[0] for name in names}
            assert roots <= ALLOWED - NEEDLESS, f"a lesson imports {roots - ALLOWED or roots & NEEDLESS}"


@lesson
def test_every_exercise_of_the_lesson_is_asked_and_checked(path):
    number = int(path.stem[:2])
    code = "\n".join(cell.source for cell in code_cells(read(path)))
    asked = {cell.metadata.nbgrader.grade_id for cell in code_cells(read(path)) if is_exercise(cell)}
    for exercise in course.exercises(lesson=number):
        assert f'"{exercise.id}"' in code, f"{exercise.id} is not checked in its lesson"
        assert exercise.id in asked, f"{exercise.id} has no cell to write it in"


@lesson
def test_nbgrader_can_grade_every_check(path):
    """In the text each check has points and a hidden test, which fails unless it passes; no notebook shows that."""
    import jupytext

    source = jupytext.reads(path.read_text("utf-8"), fmt="py:percent")
    graded = [cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert {f"check.{e.id}" for e in course.exercises(lesson=int(path.stem[:2]))} == {
        cell.metadata.nbgrader.grade_id for cell in graded
    }
    for cell in graded:
        shown, hidden = cell.source.split("\n### BEGIN HIDDEN TESTS\n")
        assert hidden == f"assert {shown}\n### END HIDDEN TESTS"
        assert cell.metadata.nbgrader.points > 0
    for edition in ("", "solved"):
        assert not any("HIDDEN" in cell.source for cell in read(path, edition).cells)


RUN = """
import contextlib, io, json, sys
import matplotlib
matplotlib.use("agg")
from IPython.core.interactiveshell import InteractiveShell
from learnnn import course
from learnnn.course import report

made = []
init = report.Report.__init__

def watched(self, *args, **kwargs):
    init(self, *args, **kwargs)
    made.append([self.id, self.status])

report.Report.__init__ = watched  # every report is noted, whatever the cell does with it
shell = InteractiveShell()
for code in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        shell.run_cell(code, store_history=False)
print("REPORTS" + json.dumps(made))
"""


def reports(cells: list[str], folder: Path) -> dict[str, set[str]]:
    """Exercise -> statuses of its checks, when the cells run one after the other, whatever fails on the way."""
    here = str(CHAPTERS.parent)
    environment = {**os.environ, "LEARNNN_HOME": str(folder / "mine"), "IPYTHONDIR": str(folder), "PYTHONPATH": here}
    command = [sys.executable, "-W", "ignore", "-c", RUN]
    done = subprocess.run(
        command, input=json.dumps(cells), cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert "REPORTS" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, set[str]] = {}
    for id, status in json.loads(done.stdout.split("REPORTS")[1]):
        found.setdefault(id, set()).add(status)
    return found


def exercise_ids(path: Path) -> set[str]:
    return {exercise.id for exercise in course.exercises(lesson=int(path.stem[:2]))}


with_exercises = pytest.mark.parametrize(
    "path", [path for path in SOURCES if exercise_ids(path)], ids=lambda path: path.stem
)


@pytest.mark.slow
@with_exercises
def test_the_solved_lesson_passes_every_check(path, tmp_path):
    found = reports([cell.source for cell in code_cells(read(path, "solved"))], tmp_path)
    assert {id for id, statuses in found.items() if "passed" in statuses} >= exercise_ids(path)


@pytest.mark.slow
@with_exercises
def test_an_unsolved_lesson_passes_no_check(path, tmp_path):
    found = reports([cell.source for cell in code_cells(read(path))], tmp_path)
    assert [id for id in exercise_ids(path) if "passed" in found.get(id, ())] == []
    assert any("unwritten" in statuses for statuses in found.values())


@pytest.mark.slow
@with_exercises
def test_an_emptied_or_broken_cell_passes_no_check(path, tmp_path):
    for damage in (lambda code: "", lambda code: code + "\n    return (", lambda code: code.replace("):", ")", 1)):
        cells = code_cells(read(path, "solved"))
        sources = [damage(cell.source) if is_exercise(cell) else cell.source for cell in cells]
        found = reports(sources, tmp_path)
        assert [id for id in exercise_ids(path) if "passed" in found.get(id, ())] == []
