"""Finding a part by what a learner calls it, and saying what there is where it is not found."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

SHOWN = 20  # paths in an error message


def find(wanted: Any, known: Mapping[str, Any], name: str) -> str:
    """The path of a part of the model `name`, told by its path, by its place, or by itself. ValueError if none is."""
    if isinstance(wanted, str):
        if wanted in known:
            return wanted
        raise ValueError(_missing(f"layer '{wanted}'", list(known), name, near=wanted))
    for path, part in known.items():
        if part is wanted:
            return path
    return _at(wanted, known, name)


def _at(place: Any, known: Mapping[str, Any], name: str) -> str:
    """The path of the model's own part at an index, as in model[0]."""
    try:
        index = operator.index(place)
    except TypeError:
        kind = "layer None" if place is None else f"such {type(place).__name__} among its parts"
        raise ValueError(_missing(kind, list(known), name)) from None
    own = [path for path in known if path and not _is_inside(path, known)]
    if not -len(own) <= index < len(own):
        raise ValueError(_missing(f"part number {index}", own, name))
    return own[index]


def _is_inside(path: str, known: Collection[str]) -> bool:
    """Is there a part, other than the model itself, that holds this one?"""
    names = path.split(".")
    return any(".".join(names[:i]) in known for i in range(1, len(names)))


def _missing(what: str, known: Sequence[str], name: str, near: str = "") -> str:
    close = get_close_matches(near, known, n=1) if near else []
    return f"{name} has no {what}: {f'did you mean {close[0]!r}? ' if close else ''}it has {listed(known)}"


def check_names(given: Collection[str], known: Collection[str], name: str) -> None:
    """ValueError unless both name the same parameters."""
    if missing := [path for path in known if path not in given]:
        raise ValueError(f"{name}: there are no numbers for {listed(missing)}, and all parameters need some")
    for path in given:
        if path not in known:
            raise ValueError(_missing(f"parameter '{path}'", list(known), name, near=path))


def listed(paths: Sequence[str]) -> str:
    """
    >>> listed(["", "0", "1"])
    "'', '0', '1'"
    """
    more = [f"and {len(paths) - SHOWN} more"] if len(paths) > SHOWN else []
    return ", ".join([*map(repr, paths[:SHOWN]), *more]) or "none"
