"""`learnnn start`: bring the lessons into a folder of the learner's, then open them."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import lab
from .terminal import NOTEBOOKS, Problem, installed, say

RECORD = ".learnnn.json"


def fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_record(folder: Path) -> dict[str, str]:
    """What earlier starts laid out: {notebook: fingerprint of the edition}; empty if unreadable."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_whole(path: Path, data: bytes) -> None:
    """Write so that an interruption leaves the old file or the new one, never half of either."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def beside(path: Path) -> Iterator[Path]:
    """03_x.ipynb -> 03_x.new.ipynb, 03_x.new2.ipynb, ..."""
    yield path.with_suffix(".new.ipynb")
    yield from (path.with_suffix(f".new{n}.ipynb") for n in range(2, 1000))


def put_beside(path: Path, data: bytes) -> Path:
    """Write `data` to the first free name beside `path`."""
    for name in beside(path):
        if not name.exists() or name.read_bytes() == data:
            write_whole(name, data)
            return name
    raise Problem(f"{path.parent} is full of new editions: delete the *.new*.ipynb that you do not need")


def place(path: Path, data: bytes, laid_out: str | None) -> tuple[str, Path]:
    """Bring one lesson into the learner's folder -> (what was done, where it stands).

    A file the learner has written in is never touched: a newer edition goes beside it, once.
    """
    if not path.exists():
        write_whole(path, data)
        return "new", path
    here = fingerprint(path.read_bytes())
    if fingerprint(data) in (here, laid_out):
        return "kept", path
    if here == laid_out:
        write_whole(path, data)
        return "updated", path
    return "beside", put_beside(path, data)


def lay_out(lessons: Path, folder: Path) -> dict[str, list[Path]]:
    """Put every lesson of `lessons` into `folder` -> {"new" | "kept" | "updated" | "beside": paths}."""
    folder.mkdir(parents=True, exist_ok=True)
    record, done = read_record(folder), {"new": [], "kept": [], "updated": [], "beside": []}  # type: ignore[var-annotated]
    for lesson in sorted(lessons.glob("*.ipynb")):
        data = lesson.read_bytes()
        what, where = place(folder / lesson.name, data, record.get(lesson.name))
        record[lesson.name] = fingerprint(data)
        done[what].append(where)
    write_whole(folder / RECORD, json.dumps(record, indent=1).encode())
    return done


def count(paths: Sequence[Path]) -> str:
    return f"{len(paths)} lesson{'s' * (len(paths) != 1)}"


def report_layout(done: dict[str, list[Path]], folder: Path) -> None:
    if done["new"]:
        say(f"{count(done['new'])} laid out in {folder}")
    if done["kept"]:
        say(f"{count(done['kept'])} in {folder} left as you had them")
    for path in done["updated"]:
        say(f"  {path.name}: you had not changed it, so it is now the newer edition")
    for path in done["beside"]:
        say(f"  {path.name}: a newer edition, beside the one with your work")


def originals() -> Path:
    """The folder of the exercise edition that came with learnnn."""
    from ..course import chapters_path

    try:
        lessons = Path(chapters_path())
    except FileNotFoundError as error:
        raise Problem(str(error)) from None
    if not any(lessons.glob("*.ipynb")):
        raise Problem(f"no lessons in {lessons}: reinstall with {NOTEBOOKS}, or build them: make notebooks")
    return lessons


def learners_folder(name: str, lessons: Path) -> Path:
    folder = Path(name).expanduser().resolve()
    if folder.exists() and not folder.is_dir():
        raise Problem(f"{folder} is a file: name a folder, for instance `learnnn start my-course`", 2)
    if folder == lessons.resolve():
        raise Problem(f"{folder} holds the originals: name another folder to work in", 2)
    return folder


def run(args: argparse.Namespace) -> int:
    """Lay the lessons out in `args.folder` and, unless `args.layout_only`, open JupyterLab there."""
    lessons = originals()
    folder = learners_folder(args.folder, lessons)
    report_layout(lay_out(lessons, folder), folder)
    if args.layout_only:
        return 0
    if not installed("jupyterlab"):
        raise Problem(f"to open them, JupyterLab is missing: {NOTEBOOKS}")
    lab.serve(folder, lab.pick_port(args.port), args.browser)
    return 0
