"""A playground as one line of text: its settings in words, its weights and points as bytes in base64.

    learnnn-playground-1?data=moons&layers=4,4&...&steps=120&weights=m8Gk...;

Numbers come back exactly, so that the training goes on from there as it would have.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from ... import optim
from ...autograd import wrap
from ..models.model import Model
from .learner import Place
from .network import Weights, build
from .points import MOST_CLASSES, Own
from .settings import MOST_POINTS, NAMES, OPTIMIZERS, Settings, whole

START, VERSION, END = "learnnn-playground-", 1, ";"
MOMENTS = ("exp_avg", "exp_avg_sq")  # what Adam remembers of each parameter, beside the number of its steps


# ------------------------------------------------------------------------------------------------------- writing
def write(place: Place) -> str:
    """The place as a line of text."""
    words = {name: _said(getattr(place.settings, name)) for name in NAMES}
    words |= {"steps": str(place.steps), "began": str(place.began), **_own_words(place.own)}
    if place.first is not None:
        words["first"] = _bytes(*place.first.values())
    if place.weights is not None and place.steps > place.began:
        words["weights"] = _bytes(*place.weights.values())
        moments = _moments(place)
        words |= {"memory": _bytes(*moments)} if moments else {}
    return f"{START}{VERSION}?" + "&".join(f"{name}={word}" for name, word in words.items()) + END


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(quote(str(entry), safe="*()") for entry in value)
    return "none" if value is None else repr(value) if isinstance(value, float) else str(value)


def _own_words(own: Own) -> dict[str, str]:
    words = {"names": _said(own.names)} if own.names != Own().names or len(own.X) else {}
    if len(own.X):
        words |= {"points_x": _bytes(own.X), "points_y": _bytes(own.y, kind="u1")}
        words["scale"] = ",".join(map(repr, (*own.mean, *own.std)))
    if len(own.X_added):
        words |= {"added_x": _bytes(own.X_added), "added_y": _bytes(own.y_added, kind="u1")}
    return words


def _bytes(*arrays: Any, kind: str = "<f4") -> str:
    raw = b"".join(np.ascontiguousarray(array, kind).tobytes() for array in arrays)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _moments(place: Place) -> list[np.ndarray]:
    state = place.memory["state"] if place.memory else {}
    return [np.asarray(state[i][name]) for i in sorted(state) for name in MOMENTS if name in state[i]]


# ------------------------------------------------------------------------------------------------------- reading
def read(text: str) -> Place:
    """The place that a line of text tells; ValueError names what is wrong with it.

    >>> read("learnnn-playground-1?data=moons;")
    Traceback (most recent call last):
    ValueError: the state lacks layers, activation, noise, learning_rate, regularization, rate, batch_size, optimizer, \
seed, features, points, test, data_seed, steps, began
    """
    words = _words(text)
    missing = [name for name in (*NAMES, "steps", "began") if name not in words]
    if missing:
        raise ValueError(f"the state lacks {', '.join(missing)}")
    settings = Settings(**{f.name: _value(f.name, words[f.name], f.default) for f in fields(Settings)})
    own = _read_own(words, settings)
    steps = whole("steps", _number("steps", words["steps"], int), 0, 2**53)
    began = whole("began", _number("began", words["began"], int), 0, steps)
    return _with_weights(Place(settings, own, steps, began=began), words)


def _words(text: str) -> dict[str, str]:
    """The parts of the text, by name."""
    if not isinstance(text, str):
        raise TypeError(f"a state is a line of text, as .link gives it, not a {type(text).__name__}")
    line = re.sub(r"\s", "", text)
    head, question, rest = line.partition("?")
    if not head.startswith(START) or not question:
        raise ValueError(f"this is no state of a playground: it begins with {line[:20]!r}, not '{START}{VERSION}?'")
    if head != f"{START}{VERSION}":
        raise ValueError(f"the state is of form {head[len(START) :][:9]!r}, and this learnnn reads form {VERSION}")
    if not rest.endswith(END):
        raise ValueError(f"the state is cut off: its last letter is {END!r}, and this one ends in {line[-12:]!r}")
    words: dict[str, str] = {}
    for part in rest[: -len(END)].split("&"):
        name, sign, word = part.partition("=")
        if not sign or name in words or name not in KNOWN:
            what = "twice in the state" if name in words else "no part of a state"
            raise ValueError(f"{part[:40]!r} is {what}: the parts are {', '.join(KNOWN)}, each name=value")
        words[name] = word
    return words


BINARY = ("first", "weights", "memory", "points_x", "points_y", "added_x", "added_y")
KNOWN = (*NAMES, "steps", "began", "names", "scale", *BINARY)


def _value(name: str, word: str, default: Any) -> Any:
    """A setting from its word, of the kind of its default."""
    if isinstance(default, tuple):
        entries = [unquote(entry) for entry in word.split(",")] if word else []
        return tuple(_number(name, entry, int) for entry in entries) if name == "layers" else tuple(entries)
    if name == "regularization":
        return None if word == "none" else word
    return word if isinstance(default, str) else _number(name, word, type(default))


def _number(name: str, word: str, kind: Callable[[str], Any]) -> Any:
    try:
        return kind(word)
    except ValueError:
        raise ValueError(f"{name}={word[:30]!r} in the state: a number is needed") from None


def _read_own(words: dict[str, str], settings: Settings) -> Own:
    names = tuple(unquote(name) for name in words["names"].split(",")) if "names" in words else Own().names
    if not 2 <= len(names) <= MOST_CLASSES or (settings.data != "own" and names != Own().names):
        raise ValueError(f"names={words.get('names')!r} in the state: data={settings.data} has other classes")
    scale = [_number("scale", word, float) for word in words.get("scale", "0,0,1,1").split(",")]
    if len(scale) != 4 or not np.isfinite(scale).all() or min(scale[2:]) <= 0:
        raise ValueError(f"scale={words.get('scale')!r} in the state: two means and two deviations are needed")
    X, y = _read_points(words, "points", len(names))
    if (settings.data == "own") != (len(X) > 0):
        raise ValueError(f"data={settings.data} in the state, and {len(X)} points in points_x: only data=own has those")
    added = _read_points(words, "added", len(names))
    return Own(X, y, *added, names, (scale[0], scale[1]), (scale[2], scale[3]))


def _read_points(words: dict[str, str], name: str, classes: int) -> tuple[np.ndarray, np.ndarray]:
    X = _read_bytes(f"{name}_x", words.get(f"{name}_x", "")).reshape(-1)
    y = _read_bytes(f"{name}_y", words.get(f"{name}_y", ""), "u1").astype(np.int64)
    if len(X) != 2 * len(y) or len(y) > MOST_POINTS or not np.isfinite(X).all() or (y >= classes).any():
        raise ValueError(
            f"{name}_x and {name}_y in the state: {len(X) / 2:g} points and {len(y)} labels do not make points of "
            f"{classes} classes"
        )
    return X.reshape(-1, 2), y


def _read_bytes(name: str, word: str, kind: str = "<f4") -> np.ndarray:
    try:
        raw = base64.b64decode(word.encode() + b"=" * (-len(word) % 4), altchars=b"-_", validate=True)
        return np.frombuffer(raw, kind).astype(np.dtype(kind).newbyteorder("="))
    except (ValueError, binascii.Error):
        raise ValueError(f"{name}={word[:12]!r}... in the state is damaged: it is no base64 of whole numbers") from None


def _with_weights(place: Place, words: dict[str, str]) -> Place:
    """The place with its weights, and with what the optimizer remembers."""
    net = build(place.settings, len(place.own.names))
    shapes = {path: array.shape for path, array in Model(net).parameters().items()}
    first = _read_weights("first", words, shapes)
    if first is None and place.began:
        raise ValueError(f"began={place.began} in the state, and no first: the weights of that moment are missing")
    ran = place.steps > place.began
    weights = _read_weights("weights", words, shapes)
    if ran != (weights is not None):
        with_ = "without" if ran else "with"
        raise ValueError(f"steps={place.steps} and began={place.began} in the state, {with_} weights")
    memory = _read_memory(place, words, net) if ran else None
    changes = {"first": first, "weights": weights if ran else first, "memory": memory}
    return Place(place.settings, place.own, place.steps, began=place.began, **changes)  # type: ignore[arg-type]


def _read_weights(name: str, words: dict[str, str], shapes: dict[str, tuple[int, ...]]) -> Weights | None:
    if name not in words:
        return None
    numbers, ends = _read_bytes(name, words[name]), np.cumsum([np.prod(shape) for shape in shapes.values()])
    if len(numbers) != ends[-1]:
        raise ValueError(f"{name} in the state holds {len(numbers)} numbers, and a network like this has {ends[-1]}")
    pieces = np.split(numbers, ends[:-1].astype(int))
    return {path: piece.reshape(shape) for piece, (path, shape) in zip(pieces, shapes.items())}


def _read_memory(place: Place, words: dict[str, str], net: Any) -> dict[str, Any]:
    """The optimizer's state as its state_dict has it."""
    settings = place.settings
    optimizer = getattr(optim, OPTIMIZERS[settings.optimizer])(net.parameters(), lr=settings.learning_rate)
    state = optimizer.state_dict()
    if settings.optimizer != "adam":
        return state
    shapes = [(i, name, parameter.shape) for i, parameter in enumerate(net.parameters()) for name in MOMENTS]
    numbers = _read_bytes("memory", words.get("memory", ""))
    ends = np.cumsum([np.prod(shape) for *_, shape in shapes])
    if len(numbers) != ends[-1]:
        raise ValueError(f"memory in the state holds {len(numbers)} numbers, and Adam remembers {ends[-1]} here")
    for piece, (i, name, shape) in zip(np.split(numbers, ends[:-1].astype(int)), shapes):
        entry = state["state"].setdefault(i, {"step": wrap(np.float32(place.steps - place.began))})
        entry[name] = wrap(piece.reshape(shape))
    return state
