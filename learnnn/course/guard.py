"""Limits of time and memory around code that may never end."""

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

REPEAT = 0.2  # seconds until a time limit that the code swallowed (a bare `except:`) strikes again


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


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def strike(*_):
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
    done, turn, victim = threading.Event(), threading.Lock(), threading.get_ident()

    def watch():
        wait = seconds
        while not done.wait(wait):
            with turn:
                _raise_in(victim, None if done.is_set() else TimeUp)
            wait = REPEAT

    watcher = threading.Thread(target=watch, daemon=True)
    try:
        watcher.start()
    except RuntimeError:  # a browser tab has no threads
        done.set()
    try:
        yield
    finally:
        done.set()
        with turn:
            _raise_in(victim, None)  # one still on its way would strike the code after us


def _raise_in(thread: int, exception: type[BaseException] | None) -> None:
    raised = ctypes.py_object(exception) if exception else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


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
