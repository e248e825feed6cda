"""The size of the code, held against STYLE.md's numbers. Run it with `make stats`.

A line counts where it holds code: blank lines, comments and docstrings do not. A function's length is its lines of
code, from `def` to its end, with the functions inside it.
"""

import ast
import io
import statistics
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "learnnn"
ABOVE = ("compat", "inspection", "course", "classroom", "cli", "__main__")  # the floors above the framework
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


def room(path: Path) -> str:
    """learnnn/nn/_linear.py -> nn"""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> dict[Path, str]:
    """Every module of the package."""
    return {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def size(texts: Iterable[str]) -> int:
    return sum(len(code_lines(text)) for text in texts)


def measure(texts: Iterable[str]) -> dict[str, float]:
    texts = list(texts)
    lengths = [n for text in texts for n in functions(text).values()]
    return {
        "lines of code": size(texts),
        "median function": statistics.median(lengths),
        "90th percentile": statistics.quantiles(lengths, n=10, method="inclusive")[-1],
        "functions": len(lengths),
        "files": len(texts),
    }


def longest(sizes: dict[str, int], count: int = 3) -> list[str]:
    return [f"{sizes[name]:8}  {name}" for name in sorted(sizes, key=lambda name: -sizes[name])[:count]]


def verdict(name: str, value: float) -> str:
    """STYLE.md's number, and whether it is kept."""
    if name not in WANTED:
        return ""
    return f"{f'<= {WANTED[name]}':>14}  {'kept' if value <= WANTED[name] else 'over'}"


def report() -> str:
    whole = sources()
    framework = {path: text for path, text in whole.items() if room(path) not in ABOVE}
    ours, everything = measure(framework.values()), measure(whole.values())
    lines = [f"{'':18}{'whole':>10}{'framework':>12}{'wanted of it':>14}"]
    lines += [f"{name:18}{everything[name]:10g}{value:12g}{verdict(name, value)}" for name, value in ours.items()]
    files = {path.relative_to(ROOT).as_posix(): size([text]) for path, text in framework.items()}
    rooms = Counter[str]()
    for path, text in framework.items():
        rooms[room(path)] += size([text])
    parts = {f"{file} {f}": n for file, text in zip(files, framework.values()) for f, n in functions(text).items()}
    lines += ["", "the framework, a room a line", *longest(rooms, len(rooms)), "", "its longest files", *longest(files)]
    return "\n".join([*lines, "", "its longest functions", *longest(parts)])


if __name__ == "__main__":
    print(report())
