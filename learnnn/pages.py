"""Memory that stays: big arrays come and go at every step, and their pages need not go back to the system each time.

The C library of most Linux systems (glibc) hands an array of over 128 kB straight back to the system when it is freed.
The next one gets new pages, each of which costs a page fault and is zeroed first: a third of the time of a training
step. Told to keep them, it hands out the same pages again. That is a setting of the whole process, so it can be left
alone: set LEARNNN_KEEP_PAGES=0 before Python starts.
"""

from __future__ import annotations

import os

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
LARGE = 64 << 20  # bytes: an array above this still comes from the system and goes back to it
KEPT = 256 << 20  # bytes: more than this, free at the end of the memory, goes back


def keep_pages() -> bool:
    """Keep the memory of freed arrays for the next ones; whether that could be done.

    Not where the C library is another one, nor where the environment has settings for its memory.
    """
    if os.environ.get("LEARNNN_KEEP_PAGES") == "0" or _has_settings() or not _is_glibc():
        return False
    import ctypes

    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE) and mallopt(M_TRIM_THRESHOLD, KEPT))


def _has_settings() -> bool:
    """Whether whoever started this process has decided about its memory."""
    return any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ)


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):  # Windows, macOS, musl
        return False
