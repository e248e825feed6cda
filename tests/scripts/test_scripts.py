"""Scripts as learners write them for PyTorch, run unedited under both libraries: 20 steps agree to 1e-7.

Every script starts from parameters drawn by numpy, trains in float64, and prints a line for each step and a checksum
of each entry of its state_dict; all words have to be the same, and all numbers to be as near.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.parity
HERE = Path(__file__).resolve().parent
SCRIPTS = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in ("conftest", "drawn", "test_scripts"))
LIBRARIES = {"torch": (), "learnnn": ("-W", "error", "-m", "learnnn.compat")}


def printed(script, library, root):
    """What a script prints under a library, in words."""
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    line = [sys.executable, *LIBRARIES[library], str(script)]
    done = subprocess.run(line, capture_output=True, text=True, cwd=root, env=environment)
    assert done.returncode == 0, f"{script.name} under {library}\n{done.stderr}"
    return [line.split() for line in done.stdout.splitlines()]


def number(word):
    try:
        return float(word)
    except ValueError:
        return None


def differences(ours, theirs):
    """The pairs of words that are neither the same nor the same number to 1e-7."""
    pairs = [pair for rows in zip(ours, theirs, strict=True) for pair in zip(*rows, strict=True)]
    return [(a, b) for a, b in pairs if a != b and not near(number(a), number(b))]


def near(a, b):
    return None not in (a, b) and bool(np.isclose(a, b, rtol=1e-7, atol=1e-9))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_gives_what_it_gives_under_pytorch(script, root):
    ours, theirs = (printed(HERE / f"{script}.py", library, root) for library in ("learnnn", "torch"))
    assert differences(ours, theirs) == []
    losses = np.array([float(line[1]) for line in theirs if line[0].isdigit()])
    assert len(losses) == 20 and np.isfinite(losses).all() and len(set(losses)) == 20  # it did train


def test_every_kind_of_script_is_there():
    assert len(SCRIPTS) >= 11


def test_a_wrong_number_or_word_is_found():
    right = [["0", "1.25"], ["head.weight", "6", "0.5"]]
    assert differences(right, [["0", "1.25000001"], ["head.weight", "6", "0.5"]]) == []
    assert differences(right, [["0", "1.250001"], ["head.bias", "6", "nan"]]) == [
        ("1.25", "1.250001"), ("head.weight", "head.bias"), ("0.5", "nan"),
    ]  # fmt: skip


def test_a_script_that_trains_otherwise_is_found(tmp_path, root):
    """The same script with another epsilon: Adam's trajectory differs, and the comparison says so."""
    changed = tmp_path / "gradient_penalty.py"
    text = (HERE / "gradient_penalty.py").read_text("utf-8")
    changed.write_text(text.replace("betas=(0.0, 0.9)", "betas=(0.0, 0.9), eps=1e-7"))
    (tmp_path / "drawn.py").write_text((HERE / "drawn.py").read_text("utf-8"))
    ours, theirs = printed(HERE / "gradient_penalty.py", "learnnn", root), printed(changed, "torch", root)
    assert len(differences(ours, theirs)) > 20
