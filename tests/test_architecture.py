"""The house has one direction: a module imports from its own floor and the floors below, never from above."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "learnnn"

# Bottom to top. "learnnn" alone is the face of the framework: `import learnnn`, `from learnnn import Tensor`.
FLOORS = (
    ("learnnn.autograd", "learnnn.pages"),
    ("learnnn.ops",),
    ("learnnn.tensor", "learnnn.creation", "learnnn.random", "learnnn.linalg", "learnnn.devices", "learnnn.printing"),
    ("learnnn.nn", "learnnn.distributions"),
    ("learnnn.optim",),
    ("learnnn.utils", "learnnn.serialization", "learnnn.onnx"),
    ("learnnn.datasets",),
    ("learnnn.training",),
    ("learnnn",),
    ("learnnn.compat",),
    ("learnnn.inspection",),
    ("learnnn.course",),
    ("learnnn.cli", "learnnn.__main__"),
)
FLOOR = {module: height for height, rooms in enumerate(FLOORS) for module in rooms}


def room(module: str) -> str:
    """learnnn.nn.linear -> learnnn.nn"""
    return ".".join(module.split(".")[:2])


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    return {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that can run: function bodies too, `if TYPE_CHECKING:` not."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not for_types_only(child):
            yield from nodes(child)


def base(node: ast.ImportFrom, importer: str, is_package: bool) -> str:
    """The absolute name that `from .x import y` starts from."""
    if not node.level:
        return node.module or ""
    parts = importer.split(".") + ([""] if is_package else [])
    return ".".join(filter(None, [*parts[: len(parts) - node.level], node.module]))


def imports(source: str, importer: str, is_package: bool, known: set[str]) -> Iterator[tuple[int, str]]:
    """(line, module) of everything in `source` that is imported, wherever it stands."""
    for node in nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = base(node, importer, is_package)
            for alias in node.names:
                name = f"{origin}.{alias.name}"
                yield node.lineno, name if name in known else origin
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def upward(source: str, importer: str, is_package: bool, known: set[str]) -> list[str]:
    """A line for each import that goes up a floor."""
    return [
        f"{importer}:{line} imports {target}, which is above it"
        for line, target in imports(source, importer, is_package, known)
        if room(target) in FLOOR and FLOOR[room(target)] > FLOOR[room(importer)]
    ]


@pytest.mark.parametrize("module", modules())
def test_every_module_stands_on_a_floor(module):
    assert room(module) in FLOOR, f"{module} has no floor: give it one in FLOORS and in docs/ARCHITECTURE.md"


@pytest.mark.parametrize("module", modules())
def test_no_import_goes_up(module):
    path = modules()[module]
    found = upward(path.read_text("utf-8"), module, path.name == "__init__.py", set(modules()))
    assert not found, "\n".join(found)


PLANTED = [
    ("learnnn.ops.pointwise", "import learnnn.nn"),
    ("learnnn.ops.pointwise", "from learnnn import nn"),
    ("learnnn.ops.pointwise", "from learnnn import Tensor"),
    ("learnnn.ops.pointwise", "from ..nn import functional"),
    ("learnnn.ops.pointwise", "from .. import tensor"),
    ("learnnn.autograd", "def sweep():\n    from .ops import add"),
    ("learnnn.nn.linear", "class Linear:\n    def f(self):\n        import learnnn.training.trainer as t"),
    ("learnnn.training.trainer", "from importlib import import_module\nimport_module('learnnn.inspection')"),
    ("learnnn.course.check", "try:\n    from learnnn import cli\nexcept ImportError:\n    pass"),
]
ALLOWED = [
    ("learnnn.nn.linear", "import numpy as np\nfrom .. import autograd, ops\nfrom ..tensor import Tensor"),
    ("learnnn.autograd", "if TYPE_CHECKING:\n    from .tensor import Tensor"),
    ("learnnn.tensor", "from . import creation, random"),
    ("learnnn.course.check", "from learnnn import Tensor, inspection\nimport learnnn as torch"),
    ("learnnn.cli", "def start():\n    from .course import chapters_path"),
]
KNOWN = {m for floor in FLOORS for m in floor} | {importer for importer, _ in PLANTED + ALLOWED}


@pytest.mark.parametrize(("importer", "source"), PLANTED)
def test_a_planted_upward_import_is_caught(importer, source):
    assert upward(source, importer, False, KNOWN)


@pytest.mark.parametrize(("importer", "source"), ALLOWED)
def test_an_import_from_below_is_free(importer, source):
    assert not upward(source, importer, False, KNOWN)


def test_a_package_resolves_its_own_dots():
    assert upward("from . import nn", "learnnn.ops", True, KNOWN) == []  # this is learnnn.ops.nn
    assert upward("from .. import nn", "learnnn.ops", True, KNOWN)
    assert upward("from ..nn import Linear", "learnnn.ops", True, KNOWN)


LATE = (
    "matplotlib", "ipywidgets", "sklearn", "pooch", "tqdm", "anywidget", "IPython", "scipy", "torch", "onnx",
    "onnxruntime", "safetensors",
)  # fmt: skip


def test_importing_learnnn_imports_numpy_only():
    code = f"import sys, learnnn; print([m for m in {LATE!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_nothing_but_numpy_and_the_standard_library_is_imported_at_the_top_of_the_framework():
    late = []
    for module, path in modules().items():
        top = ast.parse(path.read_text("utf-8")).body
        for node in (n for n in top if isinstance(n, ast.Import | ast.ImportFrom)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if getattr(node, "level", 0) == 0:
                late += [f"{module}:{node.lineno} {n}" for n in names if n.split(".")[0] not in HOUSEHOLD]
    # The builder of the notebooks is a tool of the dev extra, never imported by the rest.
    assert [line for line in late if not line.startswith("learnnn.course.build")] == []


HOUSEHOLD = sys.stdlib_module_names | {"numpy", "learnnn"}


def test_the_architecture_page_names_every_room():
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text("utf-8")
    rooms = [
        path.name
        for path in sorted(PACKAGE.iterdir())
        if not path.name.startswith(("_", ".")) and (path.is_dir() or path.suffix == ".py")
    ]
    assert rooms
    assert [name for name in rooms if name not in page] == []
