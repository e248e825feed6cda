"""Using, borrowing, keeping and bringing back a learner's components."""

import contextlib
import importlib.util
import math
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import learnnn as torch
from learnnn import course, ops
from learnnn.course.exercise import UnknownExercise, find
from learnnn.course.source import NotSelfContained, names_used, self_contained

FACTOR = 1.0
RNG = np.random.default_rng(0)


def helper(a):
    return FACTOR * float(np.multiply(a, 1))


def right(a, b):
    return helper(a) * b, (b, a)


def wrong(a, b):
    return a * b, (a, b)


# Swapping


def test_use_runs_yours_in_place_of_the_shipped_one(toy_framework):
    calls = []

    def mul(a, b):
        calls.append((a, b))
        return a * b, (b, a)

    report = course.use("toy.mul", mul)
    assert report.passed
    assert "toy_framework.mul is yours now" in repr(report)
    calls.clear()
    assert toy_framework.square(3.0) == 9.0
    assert calls == [(3.0, 3.0)]
    assert course.mine("toy.mul") is mul


def test_an_operation_is_swapped_under_each_of_its_names():
    calls = []

    def exp(x):
        calls.append(x.shape)
        return np.exp(x), lambda g: (g * np.exp(x),)

    x, before = torch.ones(3), torch.exp
    with course.swapped({"tensor.exp": exp}):
        for call in (torch.exp, ops.exp, lambda x: x.exp()):
            call(x)
    assert calls == [(3,)] * 3
    assert torch.exp is before


@pytest.mark.parametrize("thing", [wrong, None, lambda a: a])
def test_what_does_not_pass_is_neither_used_nor_kept(toy_framework, thing):
    before = toy_framework.mul
    assert not course.use("toy.mul", thing).passed
    assert toy_framework.mul is before
    assert not course.home().exists()


def test_borrowed_for_a_block_nested_and_through_exceptions(toy_framework):
    before = toy_framework.mul
    with course.swapped({"toy.mul": lambda a, b: (1, ())}):
        assert toy_framework.mul(5, 5) == 1
        with contextlib.suppress(RuntimeError), course.swapped({"toy.mul": lambda a, b: (2, ())}):
            assert toy_framework.mul(5, 5) == 2
            raise RuntimeError
        assert toy_framework.mul(5, 5) == 1
        assert course.mine("toy.mul")(5, 5) == (1, ())
    assert toy_framework.mul is before
    with pytest.raises(LookupError):
        course.mine("toy.mul")


def test_borrowing_over_what_is_used_gives_it_back(toy_framework):
    course.use("toy.mul", right)
    used = toy_framework.mul
    with course.swapped({"toy.mul": wrong, "toy.Counter": dict}):
        assert course.mine("toy.mul") is wrong
        assert course.mine("toy.Counter") is dict
    assert toy_framework.mul is used
    assert course.mine("toy.mul") is right


def test_an_unknown_name_swaps_nothing(toy_framework):
    before = toy_framework.mul
    with pytest.raises(UnknownExercise), course.swapped({"toy.mul": wrong, "toy.nothing": wrong}):
        pass
    assert toy_framework.mul is before


def test_restore(toy_framework):
    before = toy_framework.mul
    course.use("toy.mul", right)
    course.use("toy.mul", right)
    course.restore("toy.mul")
    assert toy_framework.mul is before
    assert course.mine("toy.mul")(2.0, 3.0) == (6.0, (3.0, 2.0)), "the file is still there"
    course.load_mine()
    assert toy_framework.mul is not before
    course.restore()
    assert toy_framework.mul is before


def test_a_shipped_operation_is_replaced_and_the_graph_says_whose_it_is():
    import learnnn
    from learnnn import ops

    ids = [e.id for e in course.exercises() if (e.replaces or "").startswith("learnnn.ops.")]
    for id in ids:
        exercise = find(id)
        name = exercise.replaces.rsplit(".", 1)[1]
        shipped = getattr(ops, name)
        with course.swapped({id: exercise.solution}):
            assert getattr(ops, name) is not shipped
        assert getattr(ops, name) is shipped
    with course.swapped({"tensor.mul": find("tensor.mul").solution}):
        x = learnnn.tensor([1.0, 2.0], requires_grad=True)
        y = x * x
        y.sum().backward()
    assert y.grad_fn.origin == "yours"
    assert (x * x).grad_fn.origin != "yours"
    assert x.grad.tolist() == [2.0, 4.0]


# Keeping


def kept_file(id="toy.mul") -> Path:
    return course.home() / f"{id.replace('.', '_')}.py"


def run_alone(path: Path):
    """Import the file in a fresh interpreter's way: nothing but itself around it."""
    spec = importlib.util.spec_from_file_location("alone", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_stands_alone_with_helpers_imports_and_constants():
    report = course.use("toy.mul", right)
    assert "kept as toy_mul.py" in repr(report)
    source = kept_file().read_text()
    assert source.startswith("# toy.mul: Multiplication\n")
    for line in ("import numpy as np", "FACTOR = 1.0", "def helper(a):", "def right(a, b):", "mul = right"):
        assert line in source
    assert run_alone(kept_file()).mul(2.0, 3.0) == (6.0, (3.0, 2.0))


def test_loaded_again_in_another_session(toy_framework):
    from learnnn.course import swap

    course.use("toy.mul", right)
    course.restore()
    swap._mine.clear()
    assert course.load_mine() == ["toy.mul"]
    assert repr(course.load_mine()) == "yours: toy.mul"
    assert toy_framework.square(4.0) == 16.0
    assert course.mine("toy.mul").__module__ == "learnnn_mine.toy_mul"


def test_what_was_loaded_can_be_used_again_and_stays_the_same_file():
    course.use("toy.mul", right)
    before = kept_file().read_text()
    course.restore()
    assert "kept" in course.use("toy.mul", course.mine("toy.mul")).note
    assert run_alone(kept_file()).mul(2.0, 3.0) == (6.0, (3.0, 2.0))
    assert before.split("\n\n\n")[0] in kept_file().read_text()


def test_no_earlier_version_is_lost():
    def mul(a, b):
        return a * b, (b, a)

    versions = [right, mul, lambda_named]
    texts = []
    for version in versions:
        assert "kept" in course.use("toy.mul", version).note
        texts.append(kept_file().read_text())
    assert [(course.home() / f"toy_mul.py.{n}").read_text() for n in (1, 2)] == texts[:2]
    course.use("toy.mul", lambda_named)
    assert len(list(course.home().iterdir())) == 3, "the same again is no new version"


lambda_named = lambda a, b: (a * b, (b, a))


class Tally:
    def __init__(self):
        self.n = 0

    def up(self):
        self.n = step(self.n)
        return self.n


def step(n):
    return n + math.ceil(0.5)


def test_a_class_and_what_its_methods_use():
    assert "kept" in course.use("toy.Counter", Tally).note
    source = kept_file("toy.Counter").read_text()
    assert "import math" in source
    assert source.index("def step") < source.index("class Tally")
    assert run_alone(kept_file("toy.Counter")).Counter().up() == 1


def test_names_from_a_function_around():
    scale = 1.0

    def inner(a):
        return a * scale

    def mul(a, b):
        return inner(a) * b, (b, a)

    assert "kept" in course.use("toy.mul", mul).note
    assert run_alone(kept_file()).mul(2.0, 3.0) == (6.0, (3.0, 2.0))


def test_what_no_file_can_hold_is_named_and_serves_in_this_session(toy_framework):
    def mul(a, b):
        RNG.normal()
        return a * b, (b, a)

    report = course.use("toy.mul", mul)
    assert report.passed
    assert "RNG (a Generator)" in report.note
    assert "this session only" in report.note
    assert not kept_file().exists()
    assert course.mine("toy.mul") is mul


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (np.multiply, "neither a function"),
        ((lambda: lambda a, b: (a * b, (b, a)))(), "lambda"),
        (eval("lambda a: a"), "not found"),
    ],
)
def test_no_source(thing, says):
    with pytest.raises(NotSelfContained, match=says):
        self_contained(thing)


def test_functions_that_call_each_other():
    source, name = self_contained(even)
    space = {}
    exec(source, space)
    assert (name, space["even"](10), space["even"](7)) == ("even", True, False)


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def test_names_used_sees_defaults_decorators_annotations_and_inner_scopes():
    source = """
    @decorate
    def f(x: Kind = start, *rest):
        total = sum(y * factor for y in rest)
        def inner():
            return total + outside
        return inner
    """
    assert names_used(textwrap.dedent(source)) == ["Kind", "decorate", "factor", "outside", "start", "sum"]


def test_a_broken_file_is_left_out_with_a_warning(toy_framework):
    before = toy_framework.mul
    course.home().mkdir()
    kept_file().write_text("def mul(a, b) return")
    with pytest.warns(UserWarning, match=r"toy_mul\.py was left out: SyntaxError"):
        assert course.load_mine() == []
    kept_file().write_text("x = 1")
    with pytest.warns(UserWarning, match="defines no 'mul'"):
        course.load_mine()
    assert toy_framework.mul is before


def test_mine_before_anything_is_kept():
    with pytest.raises(LookupError, match=r"course\.use\('toy\.mul'"):
        course.mine("toy.mul")
    assert course.mine("toy.mul", default=right) is right


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LEARNNN_HOME", str(tmp_path / "file" / "mine"))
    report = course.use("toy.mul", right)
    assert report.passed
    assert "this session only" in report.note


NOTEBOOK = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()

def run(cell):
    result = shell.run_cell(cell, store_history=True)
    result.raise_error()
    return result.result

run("import numpy as np\\nimport math as m\\nfrom learnnn import course\\nUNIT = 1.0")
run("def helper(x):\\n    return np.asarray(x, dtype=float) * UNIT")
run("def add(a, b):\\n    return None")
run("def add(a, b):\\n    return float(helper(a) + b), (m.cos(0), UNIT)")
print(run("course.use('scalar.add', add)"))
run("class Cell:\\n    def up(self): return 0")
run("@staticmethod\\ndef g(): pass")
run("class Cell:\\n    @property\\n    def n(self):\\n        return helper(3.0)")
print(run("from learnnn.course.source import self_contained\\nprint(self_contained(Cell)[0])"))
"""


def test_in_notebook_cells(tmp_path, root):
    pytest.importorskip("IPython")
    environment = {"LEARNNN_HOME": str(tmp_path), "PYTHONPATH": str(root), "IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, "-c", NOTEBOOK]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert "kept as scalar_add.py" in out.stdout, out.stdout + out.stderr
    assert "return helper(3.0)" in out.stdout
    source = (tmp_path / "scalar_add.py").read_text()
    for line in ("import math as m", "import numpy as np", "UNIT = 1.0", "def helper(x):"):
        assert line in source
    assert "return None" not in source
    assert run_alone(tmp_path / "scalar_add.py").add(1, 2) == (3.0, (1.0, 1.0))
