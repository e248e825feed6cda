"""Limits of time and memory around code that may never end."""

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType

REPEAT = 0.2  # seconds until a time limit that the code swallowed (a bare `except:`) strikes again,
STRIKES = 50  # and how often, in a thread other than the main one
OWN = {__file__, contextlib.__file__, threading.__file__}


class TimeUp(BaseException):
    """The code took longer than allowed. No Exception, so that `except Exception` does not stop it."""


@contextmanager
def limits(seconds: float, extra_bytes: int = 1 << 30) -> Iterator[None]:
    """Run a block under limits: `TimeUp` after `seconds`, MemoryError for `extra_bytes` more than now.

    Works in any thread. Where the platform has neither signals nor threads (a browser tab) or cannot
    limit memory (Windows, macOS), that limit is absent. One call into C is not interrupted midway.

    Example:
        >>> try:
        ...     with limits(seconds=0.05):
        ...         while True:
        ...             pass
        ... except TimeUp:
        ...     print("stopped")
        stopped
    """
    with _memory_limit(extra_bytes), _time_limit(seconds):
        yield


def _time_limit(seconds: float):
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and hasattr(signal, "setitimer"):
        return _alarm(seconds)
    return _watchdog(seconds)


def _may_strike(frame: FrameType | None) -> bool:
    """Never inside the guard itself, where a block begins or ends: it would not be cleaned up."""
    return frame is not None and frame.f_code.co_filename not in OWN


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def strike(_, frame):
        if _may_strike(frame):
            raise TimeUp

    before = signal.signal(signal.SIGALRM, strike)
    start, pending = time.monotonic(), signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        _resume(pending, time.monotonic() - start)


def _resume(pending: tuple[float, float], elapsed: float) -> None:
    """Somebody else's timer that ran before ours goes on, with what is left of it."""
    delay, interval = pending
    if delay:
        signal.setitimer(signal.ITIMER_REAL, max(delay - elapsed, 1e-3), interval)


@contextmanager
def _watchdog(seconds: float) -> Iterator[None]:
    done, turn = threading.Event(), threading.Lock()
    watcher = threading.Thread(target=_watch, args=(threading.get_ident(), seconds, done, turn), daemon=True)
    try:
        watcher.start()
    except RuntimeError:  # a browser tab has no threads
        done.set()
    try:
        yield
    finally:
        _call_off(done, turn)


def _watch(victim: int, seconds: float, done: threading.Event, turn: threading.Lock) -> None:
    for wait in [seconds] + [REPEAT] * STRIKES:
        if done.wait(wait):
            return
        with turn:
            if not done.is_set() and _may_strike(sys._current_frames().get(victim)):
                _raise_in(victim)


def _raise_in(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))


def _call_off(done: threading.Event, turn: threading.Lock) -> None:
    """No strike after this. One still on its way has to be met here: taking it back (by a null pointer)
    leaves Python 3.11 looking for it forever, and a profiler set later then hangs."""
    while True:
        try:
            with turn:
                done.set()
            for _ in range(100):
                pass
            return
        except TimeUp:
            continue


def _memory_limit(extra_bytes: int):
    try:
        import resource

        with open("/proc/self/statm") as statm:
            now = int(statm.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return nullcontext()
    return _address_space(now + extra_bytes)


@contextmanager
def _address_space(limit: int) -> Iterator[None]:
    from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit, setrlimit

    soft, hard = getrlimit(RLIMIT_AS)
    tighter = limit if soft == RLIM_INFINITY else min(limit, soft)
    setrlimit(RLIMIT_AS, (tighter, hard))
    try:
        yield
    finally:
        setrlimit(RLIMIT_AS, (soft, hard))
