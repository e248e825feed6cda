"""`learnnn demo`: it learns, it draws, it says what to type next."""

import re

import numpy as np
import pytest

from learnnn import cli
from learnnn.cli import demo

pytest.importorskip("sklearn")


def accuracy(text: str) -> float:
    return float(re.search(r"accuracy on held-out data: ([\d.]+)%", text)[1])


@pytest.mark.slow
def test_97_percent_of_held_out_digits(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert cli.main(["demo", "--out", str(tmp_path / "shown.png")]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"after [\d.]+ s of training", shown)
    assert accuracy(shown) >= 97
    assert (tmp_path / "shown.png").read_bytes().startswith(b"\x89PNG")
    assert shown.rstrip().endswith("next, type: learnnn start")


def test_the_seed_decides_the_network(capsys, tmp_path):
    shown = []
    for seed in ("1", "1", "2"):
        cli.main(["demo", "--epochs", "1", "--seed", seed, "--out", str(tmp_path / "shown.png")])
        shown.append(accuracy(capsys.readouterr().out))
    assert shown[0] == shown[1] != shown[2]


@pytest.mark.slow
def test_94_percent_of_mnist_after_5_epochs(tmp_path, capsys):
    from learnnn import datasets

    try:
        datasets.mnist(download=False)
    except RuntimeError as missing:
        pytest.skip(f"MNIST is not on this machine: {str(missing).splitlines()[0]}")
    assert cli.main(["demo", "--data", "mnist", "--epochs", "5", "--out", str(tmp_path / "shown.png")]) == 0
    assert accuracy(capsys.readouterr().out) >= 94


def test_without_matplotlib_it_still_ends_well(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "installed", lambda package: False)
    assert cli.main(["demo", "--epochs", "1", "--out", str(tmp_path / "shown.png")]) == 0
    assert 'pip install "learnnn[notebooks]"' in capsys.readouterr().out
    assert not (tmp_path / "shown.png").exists()


@pytest.mark.parametrize("name", ["nowhere/shown.png", "shown.docx"])
def test_a_picture_that_cannot_be_written_is_refused_before_training(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", "--out", name]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_the_hardest_images_are_shown_last():
    beliefs = np.full((20, 10), 0.1)
    beliefs[7] = np.eye(10)[3]
    shown = demo.to_show(beliefs, np.zeros(20, int))
    assert len(set(shown)) == 12
    assert shown[6] == 7
    assert 7 not in shown[:6]
