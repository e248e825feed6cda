"""Build the notebooks of every lesson from its one text: `python -m learnnn.course.build`.

    chapters/source/NN_name.py      the text, in jupytext's percent format
    chapters/NN_name.ipynb          exercise edition: solutions cut, no outputs
    chapters/solved/NN_name.ipynb   solved edition: run, with its outputs

Building twice gives the same files. `--check` builds nothing and fails where a notebook differs from its text;
pictures may differ from machine to machine, text may not.
"""

import argparse
import hashlib
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent.parent
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
HIDDEN = re.compile(r"\n### BEGIN HIDDEN TESTS\n.*?\n### END HIDDEN TESTS", re.DOTALL)
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
KEPT_METADATA = ("tags", "nbgrader", "jupyter")
WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_SECONDS = 120
MACHINE_BOUND = re.compile(r"\bat 0x[0-9a-f]{6,}|/(?:home|root|tmp|Users|work|opt)/\S+")
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class BuildError(Exception):
    """A lesson cannot be built, or a notebook differs from its text."""


# From the text to both editions


def read_source(path: Path) -> NotebookNode:
    """The lesson's text as a notebook, markers of solutions still in it, with ids that depend on nothing but the text.

    Hidden tests are left out: a check shows its report, and nbgrader, which reads the text itself, needs an error.
    """
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: Counter[str] = Counter()
    for number, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in KEPT_METADATA})
        cell.source = HIDDEN.sub("", cell.source)
        cell.id = _cell_id(cell, seen)
        _refuse_bad_markers(cell, f"{path.name}, cell {number}")
    return notebook


def _cell_id(cell: NotebookNode, seen: Counter) -> str:
    digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _refuse_bad_markers(cell: NotebookNode, where: str) -> None:
    marks = [line.strip() for line in cell.source.splitlines() if line.strip() in (BEGIN, END)]
    if marks != [BEGIN, END] * (len(marks) // 2):
        raise BuildError(f"{where}: {BEGIN} and {END} do not alternate")
    if bool(marks) != bool(cell.metadata.get("nbgrader", {}).get("solution")):
        raise BuildError(f"{where}: a cell with nbgrader's solution: true has markers of a solution, and no other has")


def exercise_edition(source: NotebookNode) -> NotebookNode:
    """What a learner opens: `raise NotImplementedError()` where a solution was."""
    return _edition(source, cut)


def solved_edition(source: NotebookNode) -> NotebookNode:
    """What a reader sees, before it is run: solutions without their markers."""
    return _edition(source, unmark)


def _edition(source: NotebookNode, change) -> NotebookNode:
    notebook = nbformat.from_dict(source)
    for cell in notebook.cells:
        cell.source = change(cell.source)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.validate(notebook)
    return notebook


def cut(code: str) -> str:
    """The code with every solution replaced by nbgrader's stub.

    Example:
        >>> print(cut("def f(x):\\n    ### BEGIN SOLUTION\\n    return x\\n    ### END SOLUTION"))
        def f(x):
            # YOUR CODE HERE
            raise NotImplementedError()
    """
    kept, inside = [], False
    for line in code.split("\n"):
        mark = line.strip()
        if mark == BEGIN:
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + stub for stub in STUB]
        inside = mark == BEGIN or (inside and mark != END)
        if not inside and mark != END:
            kept.append(line)
    return "\n".join(kept)


def unmark(code: str) -> str:
    """The code without the lines of the markers."""
    return "\n".join(line for line in code.split("\n") if line.strip() not in (BEGIN, END))


def solutions(code: str) -> list[str]:
    """The blocks between the markers."""
    return re.findall(rf"{BEGIN}\n(.*?)\n[ \t]*{END}", code, flags=re.DOTALL)


# Running


def run(notebook: NotebookNode, name: str) -> NotebookNode:
    """The notebook with its outputs: run in a folder of its own, on one thread, offline as everything here.

    Raises:
        BuildError: a cell failed, or shows something that another machine would not (an address, a path).
    """
    with _environment() as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute()
        except Exception as error:
            raise BuildError(f"{name} does not run: {error}") from error
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs = tidy(cell.outputs)
            _refuse_machine_bound(cell, f"{name}, cell {number}")
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


@contextmanager
def _environment() -> Iterator[str]:
    """An empty folder, also as the learner's own; this package first on the path; one thread of BLAS."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        before = dict(os.environ)
        os.environ.update(threads, PYTHONPATH=path, LEARNNN_HOME=str(Path(folder) / "mine"))
        try:
            yield folder
        finally:
            os.environ.clear()
            os.environ.update(before)


def tidy(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs without what changes from run to run: how a stream was chopped, ids of widgets."""
    kept: list[NotebookNode] = []
    for output in outputs:
        last = kept[-1] if kept else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            kept.append(_without_widget(output))
    return kept


def _without_widget(output: NotebookNode) -> NotebookNode:
    """A widget's picture stays; its view, which only the kernel that made it can show, goes."""
    data = output.get("data", {})
    if len(data) > 1:
        data.pop(WIDGET, None)
    return output


def _refuse_machine_bound(cell: NotebookNode, where: str) -> None:
    for said in text_of(cell):
        if found := MACHINE_BOUND.search(said):
            raise BuildError(f"{where} shows {found.group()!r}, which differs from machine to machine")
    if any(output.get("name") == "stderr" for output in cell.outputs):
        raise BuildError(f"{where} writes to stderr: {text_of(cell)}")


def text_of(cell: NotebookNode) -> list[str]:
    """What a cell says in plain text, the part that has to be the same everywhere."""
    return [_text_of_output(output) for output in cell.get("outputs", [])]


def _text_of_output(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return output.data.get("text/plain", "")


# Comparing


def differences(built: NotebookNode, path: Path, outputs: bool) -> list[str]:
    """How the notebook at `path` differs from what would be built; `outputs` compares their text too."""
    if not path.exists():
        return [f"{path.name} is missing"]
    there = nbformat.read(path, as_version=4)
    if len(there.cells) != len(built.cells):
        return [f"{path.name} has {len(there.cells)} cells, its source {len(built.cells)}"]
    found = [] if there.metadata == built.metadata else [f"{path.name}: metadata differ"]
    for number, (old, new) in enumerate(zip(there.cells, built.cells, strict=True)):
        found += [f"{path.name}, cell {number}: {what} differs" for what in _cell_differences(old, new, outputs)]
    return found


def _cell_differences(old: NotebookNode, new: NotebookNode, outputs: bool) -> list[str]:
    fields = [name for name in ("cell_type", "id", "source", "metadata") if old.get(name) != new.get(name)]
    return fields + (["output"] if outputs and text_of(old) != text_of(new) else [])


# The command


def sources(chapters: Path, only: list[str] | None = None) -> list[Path]:
    """Texts of the lessons; `only` picks those whose names start so.

    Raises:
        BuildError: a name in `only` picks none.
    """
    found = sorted((chapters / "source").glob("[0-9][0-9]_*.py"))
    for start in only or []:
        if not any(path.name.startswith(start) for path in found):
            raise BuildError(f"no lesson starts with {start!r}: there are {', '.join(p.stem for p in found)}")
    return [path for path in found if not only or path.name.startswith(tuple(only))]


def build(path: Path, chapters: Path, execute: bool = True) -> None:
    """Write both editions of one lesson. Without `execute` the solved one keeps no outputs."""
    source = read_source(path)
    solved = solved_edition(source)
    if execute:
        solved = run(solved, path.stem)
    _write(exercise_edition(source), chapters / f"{path.stem}.ipynb")
    _write(solved, chapters / "solved" / f"{path.stem}.ipynb")


def _write(notebook: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def check(path: Path, chapters: Path, execute: bool = True) -> list[str]:
    """How both notebooks of a lesson differ from its text; without `execute`, outputs are not compared."""
    source = read_source(path)
    solved = solved_edition(source)
    if execute:
        solved = run(solved, path.stem)
    learner, reader = chapters / f"{path.stem}.ipynb", chapters / "solved" / f"{path.stem}.ipynb"
    found = differences(exercise_edition(source), learner, outputs=True)
    return found + [f"solved/{line}" for line in differences(solved, reader, outputs=execute)]


def strays(chapters: Path) -> list[str]:
    """Notebooks of lessons that have no text."""
    known = {path.stem for path in sources(chapters)}
    built = [*chapters.glob("*.ipynb"), *(chapters / "solved").glob("*.ipynb")]
    return [f"{path.relative_to(chapters)} has no source" for path in sorted(built) if path.stem not in known]


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m learnnn.course.build", description="Build the lessons' notebooks.")
    parser.add_argument("--chapters", type=Path, default=ROOT / "chapters", help="folder with source/ in it")
    parser.add_argument("--only", action="append", metavar="03", help="lessons whose names start so (repeatable)")
    parser.add_argument("--check", action="store_true", help="build nothing, fail where notebooks and text differ")
    parser.add_argument("--no-execute", action="store_true", help="do not run the solved edition")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    chosen = _arguments(words)
    try:
        paths = sources(chosen.chapters, chosen.only)
        found = strays(chosen.chapters) if chosen.check else []
        for path in paths:
            step = check if chosen.check else build
            found += step(path, chosen.chapters, not chosen.no_execute) or []
            print(f"{path.stem} {'checked' if chosen.check else 'built'}")
    except BuildError as error:
        found = [str(error)]
    print(*found, sep="\n", file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
