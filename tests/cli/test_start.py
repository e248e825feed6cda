"""`learnnn start`: a learner's work is never touched, and JupyterLab opens on the start page."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from learnnn import cli
from learnnn.cli import lab
from learnnn.cli import start as starting

FIRST, SECOND = b'{"edition": 1}', b'{"edition": 2}'


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder of two lessons that `learnnn start` takes for the ones it shipped with."""
    lessons = tmp_path / "shipped"
    lessons.mkdir()
    for name in (lab.START_PAGE, "03_scalar.ipynb"):
        (lessons / name).write_bytes(FIRST)
    (lessons / "solved").mkdir()
    (lessons / "solved" / "03_scalar.ipynb").write_bytes(b"solved")
    monkeypatch.setattr(starting, "originals", lambda: lessons)
    return lessons


@pytest.fixture
def course(tmp_path):
    return tmp_path / "my course"


def start(folder: Path) -> int:
    return cli.main(["start", str(folder), "--layout-only"])


def lessons_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}


def test_lays_out_the_exercise_edition_and_nothing_else(shipped, course, capsys):
    assert start(course) == 0
    assert {path.name for path in course.iterdir()} == {lab.START_PAGE, "03_scalar.ipynb", starting.RECORD}
    assert f"2 lessons laid out in {course}" in capsys.readouterr().out


def test_keeps_what_the_learner_wrote(shipped, course, capsys):
    start(course)
    (course / "03_scalar.ipynb").write_bytes(b"my work")
    capsys.readouterr()
    assert start(course) == 0
    assert lessons_in(course) == {lab.START_PAGE: FIRST, "03_scalar.ipynb": b"my work"}
    assert capsys.readouterr().out == f"2 lessons in {course} left as you had them\n"


def test_an_untouched_lesson_becomes_the_newer_edition(shipped, course, capsys):
    start(course)
    (shipped / "03_scalar.ipynb").write_bytes(SECOND)
    start(course)
    assert lessons_in(course) == {lab.START_PAGE: FIRST, "03_scalar.ipynb": SECOND}
    assert "03_scalar.ipynb: you had not changed it" in capsys.readouterr().out


def test_a_newer_edition_goes_beside_the_learners_work_once(shipped, course, capsys):
    start(course)
    (course / "03_scalar.ipynb").write_bytes(b"my work")
    (shipped / "03_scalar.ipynb").write_bytes(SECOND)
    start(course)
    after = {lab.START_PAGE: FIRST, "03_scalar.ipynb": b"my work", "03_scalar.new.ipynb": SECOND}
    assert lessons_in(course) == after
    assert "03_scalar.new.ipynb: a newer edition" in capsys.readouterr().out
    (course / "03_scalar.new.ipynb").unlink()
    start(course)
    assert "03_scalar.new.ipynb" not in lessons_in(course), "the edition was offered and declined"


def test_work_in_a_new_edition_is_kept_too(shipped, course):
    start(course)
    (course / "03_scalar.ipynb").write_bytes(b"my work")
    (shipped / "03_scalar.ipynb").write_bytes(SECOND)
    start(course)
    (course / "03_scalar.new.ipynb").write_bytes(b"more work")
    (shipped / "03_scalar.ipynb").write_bytes(b"third")
    start(course)
    assert lessons_in(course) == {
        lab.START_PAGE: FIRST,
        "03_scalar.ipynb": b"my work",
        "03_scalar.new.ipynb": b"more work",
        "03_scalar.new2.ipynb": b"third",
    }


def test_files_of_unknown_origin_are_kept(shipped, course):
    course.mkdir()
    (course / "03_scalar.ipynb").write_bytes(b"from elsewhere")
    (course / starting.RECORD).write_text("not json")
    assert start(course) == 0
    assert lessons_in(course)["03_scalar.ipynb"] == b"from elsewhere"
    assert lessons_in(course)["03_scalar.new.ipynb"] == FIRST


def test_a_deleted_lesson_comes_back_fresh(shipped, course):
    start(course)
    (course / "03_scalar.ipynb").unlink()
    start(course)
    assert lessons_in(course)["03_scalar.ipynb"] == FIRST


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and "Traceback" not in text


def test_a_file_in_the_way(shipped, tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert start(tmp_path / "taken") == 2
    error = capsys.readouterr().err
    assert one_line(error)
    assert "is a file" in error


def test_the_originals_are_not_a_place_to_work(shipped, capsys):
    assert start(shipped) == 2
    assert "originals" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(shipped, tmp_path, capsys):
    (tmp_path / "locked").mkdir(mode=0o500)
    assert start(tmp_path / "locked" / "course") == 1
    assert one_line(capsys.readouterr().err)


def test_without_jupyterlab_the_extra_is_named(shipped, course, monkeypatch, capsys):
    monkeypatch.setattr(starting, "installed", lambda package: package != "jupyterlab")
    assert cli.main(["start", str(course)]) == 1
    assert 'pip install "learnnn[notebooks]"' in capsys.readouterr().err
    assert len(lessons_in(course)) == 2


def test_a_taken_port_is_refused_and_the_next_one_found(shipped, course, monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.listen()
        monkeypatch.setattr(starting, "installed", lambda package: True)
        assert cli.main(["start", str(course), "--port", str(port)]) == 2
        assert f"port {port} is taken" in capsys.readouterr().err
    assert lab.free(lab.pick_port(None))


@pytest.mark.parametrize(
    "line",
    ["start --port 0", "start --port x", "start a b", "begin", "demo --epochs 0", "demo --data cats"],
)
def test_bad_usage_is_one_line_and_code_2(line, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(line.split())
    assert stopped.value.code == 2
    assert one_line(capsys.readouterr().err)


def test_no_command_prints_the_help(capsys):
    assert cli.main([]) == 0
    assert "start" in capsys.readouterr().out


def read_address(server: subprocess.Popen, seconds: float = 100) -> str:
    deadline = time.monotonic() + seconds
    for line in server.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
        assert time.monotonic() < deadline
    raise AssertionError(f"no address; exit code {server.wait(10)}")


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_jupyterlab_serves_the_learners_folder_and_stops_with_the_command(tmp_path, root, ending):
    pytest.importorskip("jupyterlab")
    server = subprocess.Popen(
        [sys.executable, "-m", "learnnn.cli", "start", str(tmp_path / "course"), "--no-browser"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    try:
        page = read_address(server)
        address, token = page.split("/lab/tree/")[0], page.split("token=")[1]
        assert b"jupyter" in get(page).lower()
        notebook = json.loads(get(f"{address}/api/contents/{lab.START_PAGE}?token={token}"))
        assert notebook["content"]["cells"]
        os.killpg(server.pid, ending) if ending == signal.SIGINT else server.send_signal(ending)
        assert server.wait(30) == 0
        assert lab.free(int(address.rsplit(":", 1)[1]))
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.stdout.close()
