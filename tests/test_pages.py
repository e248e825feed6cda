"""Keeping the memory of freed arrays: what it saves, and when it is left alone."""

import os
import subprocess
import sys

import pytest

from learnnn import pages

FAULTS = """
import resource
import {module}
import numpy as np
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(1 << 20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
on_glibc = pytest.mark.skipif(not pages._is_glibc(), reason="the C library is not glibc")


def faults(module: str, **settings: str) -> int:
    """Page faults of making an array of a megabyte, 256 pages, fifty times."""
    decided = ("GLIBC_TUNABLES", "LEARNNN_KEEP_PAGES")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_") and k not in decided}
    command = [sys.executable, "-c", FAULTS.format(module=module)]
    done = subprocess.run(command, env=environment | settings, capture_output=True, text=True, check=True)
    return int(done.stdout)


@on_glibc
def test_pages_are_used_again():
    assert faults("learnnn") < 2 * 256


@on_glibc
def test_the_switch_leaves_the_process_alone():
    assert faults("learnnn", LEARNNN_KEEP_PAGES="0") == pytest.approx(faults("numpy"), rel=0.5, abs=300)


@on_glibc
@pytest.mark.parametrize("name", ["MALLOC_MMAP_THRESHOLD_", "MALLOC_ARENA_MAX", "GLIBC_TUNABLES"])
def test_settings_of_the_environment_stand(monkeypatch, name):
    for known in list(os.environ):
        if known.startswith("MALLOC_") or known in ("GLIBC_TUNABLES", "LEARNNN_KEEP_PAGES"):
            monkeypatch.delenv(known)
    assert pages.keep_pages()
    monkeypatch.setenv(name, "1")
    assert not pages.keep_pages()


@pytest.mark.parametrize("library", ["musl 1.2", "", None])
def test_another_c_library_is_left_alone(monkeypatch, library):
    monkeypatch.setattr(os, "confstr", lambda name: library, raising=False)
    assert not pages.keep_pages()


def test_a_system_without_the_question_is_left_alone(monkeypatch):
    monkeypatch.delattr(os, "confstr", raising=False)
    assert not pages.keep_pages()
