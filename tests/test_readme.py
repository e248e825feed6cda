"""What README says is run as it stands."""

import os
import re
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_the_example_runs_as_is(readme, root, tmp_path):
    pytest.importorskip("sklearn")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.S)
    lines = [line for line in example.splitlines() if line.strip()]
    assert len(lines) <= 15
    (tmp_path / "example.py").write_text(example, "utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error", "example.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    accuracy = re.search(r"held-out accuracy: ([\d.]+)%", run.stdout)
    assert float(accuracy[1]) >= 95
    assert "(0): Linear(in_features=64, out_features=64, bias=True)" in run.stdout


def test_the_targets_it_names_exist(readme, root):
    makefile = (root / "Makefile").read_text()
    for target in set(re.findall(r"(?:^    |`)make ([a-z-]+)", readme, re.M)):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_commands_it_names_exist(readme):
    from learnnn import cli

    help_text = cli.parser().format_help()
    for command in set(re.findall(r"learnnn (start|demo|doctor)", readme)):
        assert command in help_text


def test_its_links_lead_somewhere(readme, root):
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert target.startswith("http") or (root / target).exists(), target
