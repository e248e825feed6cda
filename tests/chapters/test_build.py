"""The builder of the notebooks, on a small lesson of its own."""

import ast
import json

import nbformat
import pytest

pytest.importorskip("jupytext")
pytest.importorskip("nbclient")

from learnnn.course import build

GRADED = '{"grade_id": "toy", "solution": true, "grade": false, "locked": false, "schema_version": 3, "task": false}'
LESSON = f"""# %% [markdown]
# # A toy lesson

# %%
print("one")
print("two")

# %% tags=["exercise"] nbgrader={GRADED}
def double(x):
    \"\"\"Twice x.\"\"\"
    ### BEGIN SOLUTION
    secret = 2
    return secret * x
    ### END SOLUTION


# %%
print("one")
print("two")

# %% collapsed=true
double(21)
"""


@pytest.fixture
def chapters(tmp_path):
    (tmp_path / "source").mkdir()
    write(tmp_path, LESSON)
    return tmp_path


def write(chapters, text):
    (chapters / "source" / "01_toy.py").write_text(text)


def command(chapters, *words) -> int:
    return build.main(["--chapters", str(chapters), *words])


def cells(path):
    return nbformat.read(path, as_version=4).cells


def test_the_exercise_edition(chapters):
    assert command(chapters, "--no-execute") == 0
    notebook = cells(chapters / "01_toy.ipynb")
    assert [cell.cell_type for cell in notebook] == ["markdown", "code", "code", "code", "code"]
    code = notebook[2].source
    assert code == 'def double(x):\n    """Twice x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    assert notebook[2].metadata == {"tags": ["exercise"], "nbgrader": json.loads(GRADED)}
    assert "collapsed" not in notebook[4].metadata
    assert "secret" not in (chapters / "01_toy.ipynb").read_text()
    assert len({cell.id for cell in notebook}) == 5, "cells with the same text have ids of their own"


@pytest.mark.slow
def test_the_solved_edition_runs_and_rebuilding_changes_nothing(chapters):
    assert command(chapters) == 0
    files = [chapters / "01_toy.ipynb", chapters / "solved" / "01_toy.ipynb"]
    before = [path.read_bytes() for path in files]
    notebook = cells(files[1])
    assert notebook[1].outputs[0].text == "one\ntwo\n"
    assert notebook[4].outputs[0].data["text/plain"] == "42"
    assert "### " not in notebook[2].source
    assert "return secret * x" in notebook[2].source
    assert command(chapters) == 0
    assert [path.read_bytes() for path in files] == before
    assert command(chapters, "--check") == 0
    tampered = files[1].read_text().replace('"42"', '"43"')
    files[1].write_text(tampered)
    assert command(chapters, "--check") == 1
    assert command(chapters, "--check", "--no-execute") == 0, "outputs are compared only where they are made"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("1 / 0", "does not run"),
        ("object()", "machine to machine"),
        ("import os; print(os.getcwd())", "machine to machine"),
        ("import sys; print('careful', file=sys.stderr)", "stderr"),
    ],
)
def test_a_lesson_that_differs_by_machine_or_fails_is_refused(chapters, capsys, code, says):
    write(chapters, f"# %%\n{code}\n")
    assert command(chapters) == 1
    assert says in capsys.readouterr().err
    assert not (chapters / "01_toy.ipynb").exists()


def test_check_finds_what_was_changed(chapters, capsys):
    assert command(chapters, "--check", "--no-execute") == 1
    assert "missing" in capsys.readouterr().err
    command(chapters, "--no-execute")
    assert command(chapters, "--check", "--no-execute") == 0
    write(chapters, LESSON.replace("one", "three", 1))
    assert command(chapters, "--check", "--no-execute") == 1
    assert "01_toy.ipynb, cell 1: source differs" in capsys.readouterr().err
    write(chapters, LESSON)
    (chapters / "solved" / "02_gone.ipynb").write_text("{}")
    assert command(chapters, "--check", "--no-execute") == 1
    assert "02_gone.ipynb has no source" in capsys.readouterr().err


def test_only(chapters, capsys):
    assert command(chapters, "--no-execute", "--only", "01") == 0
    assert command(chapters, "--no-execute", "--only", "02") == 1
    assert "there are 01_toy" in capsys.readouterr().err


@pytest.mark.parametrize(
    "broken",
    [
        LESSON.replace("    ### END SOLUTION\n", ""),
        LESSON.replace("    ### BEGIN SOLUTION\n", ""),
        LESSON.replace('"solution": true', '"solution": false'),
        LESSON.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""),
    ],
)
def test_markers_must_be_right(chapters, capsys, broken):
    write(chapters, broken)
    assert command(chapters, "--no-execute") == 1
    assert "solution" in capsys.readouterr().err.lower()


def test_several_solutions_in_a_cell_each_get_a_stub():
    block = "    def {}(self):\n        ### BEGIN SOLUTION\n        return {}\n        ### END SOLUTION\n"
    code = "class A:\n" + block.format("f", 1) + block.format("g", 2)
    assert build.cut(code).count("        raise NotImplementedError()") == 2
    assert "return" not in build.cut(code)
    assert build.solutions(code) == ["        return 1", "        return 2"]
    ast.parse(build.cut(code))
    assert "###" not in build.unmark(code)


def test_streams_are_joined_and_views_of_widgets_dropped():
    stream = lambda text, name="stdout": nbformat.v4.new_output("stream", name=name, text=text)
    shown = nbformat.v4.new_output("display_data", data={"text/plain": "Plot()", build.WIDGET: {}, "image/png": "x"})
    joined = build.tidy([stream("a"), stream("b"), stream("c", "stderr"), shown, stream("d")])
    assert [output.get("text") for output in joined] == ["ab", "c", None, "d"]
    assert build.WIDGET not in joined[2].data
