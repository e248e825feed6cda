"""Limits hold, and leave everything as it was."""

import signal
import sys
import threading
import time

import numpy as np
import pytest

from learnnn.course.guard import TimeUp, limits


def spin():
    while True:
        pass


def in_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join(20)
    return found[0]


def stopped_after() -> float:
    start = time.monotonic()
    with pytest.raises(TimeUp), limits(0.2):
        spin()
    return time.monotonic() - start


@pytest.mark.parametrize("call", [lambda f: f(), in_thread], ids=["main thread", "other thread"])
def test_a_loop_is_stopped(call):
    assert call(stopped_after) < 3


def test_nothing_strikes_afterwards():
    def calm():
        for _ in range(20):
            with limits(0.02):
                pass
        time.sleep(0.1)
        return "calm"

    assert in_thread(calm) == calm() == "calm"


def profiled_sum():
    """A profiler over a few calls: it hung where a strike had been taken back."""
    before = sys.getprofile()
    sys.setprofile(lambda *_: None)
    try:
        return sum([abs(i) for i in range(10)])
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize("call", [lambda f: f(), in_thread], ids=["main thread", "other thread"])
def test_a_profiler_works_afterwards(call):
    def limited():
        with limits(5):
            pass
        stopped_after()
        return profiled_sum()

    assert call(limited) == profiled_sum() == 45


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signals here")
def test_someone_elses_alarm_goes_on():
    rang = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with limits(5):
            time.sleep(0.05)
        time.sleep(0.4)
        assert rang
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_memory_is_limited_for_the_block_only():
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), limits(5, extra_bytes=1 << 26):
        np.ones(1 << 25)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert np.ones(1 << 20).sum() == 1 << 20
