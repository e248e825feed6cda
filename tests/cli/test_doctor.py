"""`learnnn doctor` names what is missing, how to get it, and answers by its exit code."""

import pytest

from learnnn import cli
from learnnn.cli import doctor


@pytest.fixture
def healthy(monkeypatch, tmp_path):
    """A machine where all is well, whatever this one is."""
    monkeypatch.setattr(doctor, "version_of", lambda package: "99.0")
    monkeypatch.setattr(doctor, "originals", lambda: tmp_path)
    monkeypatch.setattr(doctor, "look_at_kernel", lambda: iter(()))
    return tmp_path


def test_all_is_well(healthy, capsys):
    assert cli.main(["doctor", str(healthy / "course")]) == 0
    assert "Next: learnnn start" in capsys.readouterr().out


def test_a_missing_package_is_named_with_its_extra(healthy, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "version_of", lambda package: None if package == "jupyterlab" else "99.0")
    assert cli.main(["doctor", str(healthy / "course")]) == 1
    shown = capsys.readouterr().out
    assert "MISSING  jupyterlab" in shown
    assert 'To mend:\n  pip install "learnnn[notebooks]"\n' in shown


def test_an_old_package_is_named_with_both_versions(healthy, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "version_of", lambda package: "3.9.1" if package == "matplotlib" else "99.0")
    assert cli.main(["doctor", str(healthy / "course")]) == 1
    assert "3.9.1, older than 3.10" in capsys.readouterr().out


def test_what_only_some_need_does_not_fail(healthy, monkeypatch, capsys):
    missing = ("nbgrader", "mypy")
    monkeypatch.setattr(doctor, "version_of", lambda package: None if package in missing else "99.0")
    assert cli.main(["doctor", str(healthy / "course")]) == 0
    assert "-        [classroom]       for teachers: not installed: nbgrader" in capsys.readouterr().out


def test_missing_lessons_are_reported(healthy, monkeypatch, capsys):
    def none() -> None:
        raise doctor.Problem("no lessons anywhere")

    monkeypatch.setattr(doctor, "originals", none)
    assert cli.main(["doctor", str(healthy)]) == 1
    assert "no lessons anywhere" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written(healthy, monkeypatch, capsys):
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert cli.main(["doctor", str(healthy / "course")]) == 1
    assert "learnnn start ANOTHER_FOLDER" in capsys.readouterr().out


def test_this_machine_answers(capsys):
    assert cli.main(["doctor"]) in (0, 1)
    shown = capsys.readouterr().out
    for heading in ("Python", "Course", "Packages", "Data", "Optional"):
        assert heading in shown


def test_extras_are_those_of_pyproject(root):
    import tomllib

    listed = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(doctor.extras()) == set(listed)


@pytest.mark.parametrize(
    ("older", "newer"), [("2.9", "2.10"), ("3.11.2", "3.12"), ("2.13.0rc1", "2.13.1"), ("2.12.0+cpu", "2.13")]
)
def test_versions_compare_as_numbers(older, newer):
    assert doctor.numbers(older) < doctor.numbers(newer)
