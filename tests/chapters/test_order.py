"""A lesson uses nothing that only later lessons build.

But for the finished thing, which it shows first, and for cells with the tag "shipped", in which learnnn itself runs
with the learner's parts inside: what is yours is to be seen at work in the whole. No exercise is such a cell.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("jupytext")

import nbformat

from learnnn import course
from learnnn.course import build

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
SOURCES = build.sources(CHAPTERS)
# The lesson that builds what a dotted name begins with; the longest prefix counts.
BUILT = {
    "learnnn.ops": 5, "learnnn.nn.functional": 5, "learnnn.nn": 6, "learnnn.optim": 8, "learnnn.utils.data": 9,
    "learnnn.training": 9, "learnnn.tensor": 5, "learnnn.Tensor": 5, "learnnn.distributions": 19,
    **{f"learnnn.{where}.{name}": 7 for where in ("nn", "ops", "nn.functional") for name in (
        "softmax", "log_softmax", "logsumexp", "cross_entropy", "nll_loss", "binary_cross_entropy",
        "binary_cross_entropy_with_logits", "Softmax", "LogSoftmax", "CrossEntropyLoss", "NLLLoss", "BCELoss",
        "BCEWithLogitsLoss", "KLDivLoss", "kl_div", "one_hot",
    )},
    **{f"learnnn.{where}.{name}": 9 for where in ("nn", "nn.functional") for name in ("Dropout", "dropout")},
    **{f"learnnn.{where}.{name}": 10 for where in ("nn", "nn.functional") for name in (
        "LayerNorm", "BatchNorm1d", "BatchNorm2d", "GroupNorm", "RMSNorm", "InstanceNorm1d", "layer_norm", "batch_norm",
        "group_norm", "rms_norm",
    )},
    **{f"learnnn.{where}.{name}": 11 for where in ("nn", "nn.functional") for name in (
        "Conv1d", "Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Unfold", "conv1d",
        "conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "unfold",
    )},
    **{f"learnnn.{where}.{name}": 13 for where in ("nn", "nn.functional") for name in ("Embedding", "embedding")},
    **{f"learnnn.nn.{name}": 14 for name in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")},
    "learnnn.nn.functional.scaled_dot_product_attention": 16, "learnnn.nn.MultiheadAttention": 16,
    "learnnn.nn.Transformer": 17, "learnnn.nn.TransformerEncoderLayer": 17, "learnnn.nn.TransformerEncoder": 17,
    "learnnn.nn.utils.clip_grad_norm_": 8, "learnnn.nn.utils.clip_grad_value_": 8,
}  # fmt: skip
SHIPPED = "shipped"
METHODS = {"softmax": 7, "log_softmax": 7, "logsumexp": 7}  # of tensors
FIRST = "finished thing"

lesson = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)


def built_in(dotted: str) -> int:
    """The lesson that builds a dotted name; 0 where none does."""
    parts = dotted.split(".")
    prefixes = (".".join(parts[:i]) for i in range(len(parts), 0, -1))
    return next((BUILT[prefix] for prefix in prefixes if prefix in BUILT), 0)


def imported(tree: ast.AST) -> dict[str, str]:
    """Name in the notebook -> what it stands for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.split(".")[0]
                names[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    """nn.functional.softmax -> learnnn.nn.functional.softmax"""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value, names)}.{node.attr}"
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


def used(code: str, names: dict[str, str]) -> Iterator[tuple[str, int]]:
    """What a cell uses, with the lesson that builds it."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute):
            yield (whole := dotted(node, names)), built_in(whole)
            if not whole.startswith(("learnnn.", "numpy.")):
                yield f".{node.attr}", METHODS.get(node.attr, 0)
        elif isinstance(node, ast.Name) and node.id in names:
            yield names[node.id], built_in(names[node.id]) if names[node.id].count(".") > 1 else 0


def cells_after_the_first_section(notebook) -> Iterator[str]:
    inside = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.lstrip().startswith("## "):
            inside = FIRST in cell.source.split("\n")[0].lower()
        if cell.cell_type == "code" and not inside and SHIPPED not in cell.metadata.get("tags", ()):
            yield cell.source


def ahead(notebook, number: int) -> list[str]:
    """What the notebook of that lesson uses too early."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    names = {}
    for code in cells:
        names |= imported(ast.parse(code))
    found = [use for code in cells_after_the_first_section(notebook) for use in used(code, names)]
    return sorted({f"{name} is built in lesson {built}" for name, built in found if built > number})


@lesson
@pytest.mark.parametrize("edition", ["", "solved"])
def test_nothing_of_a_later_lesson_is_used(path, edition):
    notebook = nbformat.read(CHAPTERS / edition / f"{path.stem}.ipynb", as_version=4)
    assert ahead(notebook, int(path.stem[:2]) or 99) == []


def notebook(*cells: str):
    from nbformat import v4

    return v4.new_notebook(cells=[v4.new_markdown_cell(c) if c.startswith("#") else v4.new_code_cell(c) for c in cells])


IMPORTS = "import learnnn as torch\nfrom learnnn import nn, optim, ops\nimport learnnn.nn.functional as F"


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("F.softmax(x, 1)", 6), ("nn.Linear(2, 3)", 5), ("optim.Adam(p)", 7), ("x.softmax(1)", 6),
        ("torch.tensor(1)", 4),
        ("torch.nn.functional.layer_norm(x, (3,))", 9), ("from learnnn.training import Trainer\nTrainer(m)", 8),
        ("from learnnn.optim import SGD\nSGD(p)", 7), ("nn.init.xavier_uniform_(w)", 5),
    ],
)  # fmt: skip
def test_a_planted_use_is_found(code, number):
    assert ahead(notebook(IMPORTS, "## 3 · Rebuild", code), number)
    assert not ahead(notebook(IMPORTS, "## 3 · Rebuild", code), number + 1)
    assert not ahead(notebook(IMPORTS, "## 1 · The finished thing", code), number)


@lesson
def test_no_exercise_is_a_shipped_cell(path):
    for cell in build.read_source(path).cells:
        assert SHIPPED not in cell.metadata.get("tags", ()) or not cell.metadata.get("nbgrader")


def test_what_an_exercise_replaces_is_built_in_its_lesson():
    for exercise in course.exercises():
        if exercise.replaces:
            assert built_in(exercise.replaces) <= exercise.lesson, exercise.id
