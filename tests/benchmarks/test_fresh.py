"""A measurement runs in a process of its own, and the libraries take turns."""

import pytest


@pytest.fixture(scope="module")
def fresh(module):
    return module("fresh")


@pytest.fixture
def script(tmp_path):
    def made(text):
        path = tmp_path / "child.py"
        path.write_text(text)
        return path

    return made


def test_the_last_line_that_a_process_prints_is_its_result(fresh, script):
    child = script("import sys, json; print('noise'); print(json.dumps({'got': sys.argv[1:]}))")
    found = fresh.in_fresh_process(child, ["a", "b"])
    assert found["got"] == ["a", "b"]
    assert found["process_seconds"] > 0


def test_a_process_that_fails_ends_the_run_with_what_it_said(fresh, script):
    with pytest.raises(SystemExit, match="child.py W1 failed:\n(.|\n)*ValueError: too slow"):
        fresh.in_fresh_process(script("raise ValueError('too slow')"), ["W1"])


@pytest.mark.parametrize(("threads", "seen"), [(1, "1"), (3, "3"), (None, None)])
def test_threads_are_limited_or_nothing_is_said_of_them(fresh, script, threads, seen):
    child = script("import os, json; print(json.dumps({'seen': os.environ.get('OPENBLAS_NUM_THREADS')}))")
    assert fresh.in_fresh_process(child, [], threads=threads)["seen"] == seen


def test_every_second_round_goes_the_other_way(fresh):
    asked = []
    rounds = fresh.alternate(lambda library: asked.append(library) or {"n": len(asked)}, ("a", "b"), 3)
    assert asked == ["a", "b", "b", "a", "a", "b"]
    assert rounds[1] == {"b": {"n": 3}, "a": {"n": 4}}


def test_the_peak_of_memory_is_the_highest_since_it_was_forgotten(fresh):
    before = fresh.resident()
    fresh.forget_peak()
    block = bytearray(b"x") * (64 * 2**20)
    assert fresh.resident(peak=True) >= before
    assert fresh.resident() > 0 and len(block) == 64 * 2**20
