"""The size of the code, held against STYLE.md's numbers. Run it with `make stats`.

A line counts where it holds code: blank lines, comments and docstrings do not. A function's length is its lines of
code, from `def` to its end, with the functions inside it.
"""

import ast
import io
import statistics
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "learnnn"
FRAMEWORK = (
    "autograd", "ops", "tensor.py", "creation.py", "random.py", "linalg.py", "devices.py", "nn", "distributions",
    "optim", "utils", "serialization.py", "onnx", "datasets", "training", "__init__.py",
)  # fmt: skip
WANTED = {"lines of code": 4000, "median function": 5, "90th percentile": 20}
SILENT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
    tokenize.ENCODING,
}  # fmt: skip
DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(tree: ast.AST) -> Iterator[ast.stmt]:
    """Every string that stands alone as a statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node


def span(first: int, last: int | None) -> range:
    return range(first, (last or first) + 1)


def code_lines(source: str) -> set[int]:
    """The numbers of the lines that hold code."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {line for t in tokens if t.type not in SILENT for line in span(t.start[0], t.end[0])}
    return lines.difference(*(span(node.lineno, node.end_lineno) for node in docstrings(ast.parse(source))))


def functions(source: str) -> dict[str, int]:
    """`name:line` -> lines of code, of every function and method."""
    lines, found = code_lines(source), [n for n in ast.walk(ast.parse(source)) if isinstance(n, DEFINITION)]
    return {f"{f.name}:{f.lineno}": len(lines.intersection(span(f.lineno, f.end_lineno))) for f in found}


def rooms(names: Iterable[str]) -> dict[str, str]:
    """path -> source, of every module in these rooms of the package."""
    paths = [path for name in names for path in ([PACKAGE / name] if name.endswith(".py") else (PACKAGE / name).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(paths)}


def measure(sources: dict[str, str]) -> dict[str, float]:
    lengths = [n for source in sources.values() for n in functions(source).values()]
    return {
        "lines of code": sum(len(code_lines(source)) for source in sources.values()),
        "median function": statistics.median(lengths),
        "90th percentile": statistics.quantiles(lengths, n=10, method="inclusive")[-1],
        "functions": len(lengths),
        "files": len(sources),
    }


def longest(sizes: dict[str, int], count: int = 3) -> list[str]:
    first = sorted(sizes, key=lambda name: -sizes[name])[:count]
    return [f"{sizes[name]:8}  {name}" for name in first]


def report() -> str:
    framework = rooms(FRAMEWORK)
    whole = {str(p.relative_to(ROOT)): p.read_text("utf-8") for p in sorted(PACKAGE.rglob("*.py"))}
    ours, all_of_it = measure(framework), measure(whole)
    lines = [f"{'':18}{'framework':>10}{'wanted':>10}{'whole':>10}"]
    for name, value in ours.items():
        wanted = f"<= {WANTED[name]}" if name in WANTED else ""
        over = "  over" if value > WANTED.get(name, float("inf")) else ""
        lines.append(f"{name:18}{value:10g}{wanted:>10}{all_of_it[name]:10g}{over}")
    lines += ["", "each room of the framework, in lines of code"]
    by_room = {room: sum(len(code_lines(s)) for s in rooms([room]).values()) for room in FRAMEWORK}
    lines += longest(by_room, len(by_room))
    lines += ["", "longest files", *longest({name: len(code_lines(s)) for name, s in framework.items()})]
    parts = {f"{name} {f}": n for name, s in framework.items() for f, n in functions(s).items()}
    return "\n".join([*lines, "", "longest functions", *longest(parts)])


if __name__ == "__main__":
    print(report())
