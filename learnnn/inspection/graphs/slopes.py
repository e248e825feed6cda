"""The local derivative of a step in each of its parents: as a formula in words, and as numbers where they are few."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np

from .card import lines, norm, shape_words
from .pulls import Pulls
from .tape import GraphNode

# What a step computes, and its derivative in each argument. {a}, {b}, {c} are the arguments, y the output; a formula
# in g, the gradient of the output, says what the argument is sent: there the table of all derivatives would be huge.
FORMULAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "add": ("{a} + {b}", ("1", "1")),
    "sub": ("{a} − {b}", ("1", "−1")),
    "mul": ("{a} × {b}", ("{b}", "{a}")),
    "div": ("{a} / {b}", ("1 / {b}", "−{a} / {b}²")),
    "neg": ("−{a}", ("−1",)),
    "pow": ("{a}^n", ("n × {a}^(n − 1)", "y × log {a}")),
    "square": ("{a}²", ("2 × {a}",)),
    "exp": ("exp({a})", ("exp({a})",)),
    "log": ("log({a})", ("1 / {a}",)),
    "sqrt": ("√{a}", ("1 / (2 √{a})",)),
    "tanh": ("tanh({a})", ("1 − tanh²({a})",)),
    "sigmoid": ("σ({a})", ("σ({a}) × (1 − σ({a}))",)),
    "relu": ("relu({a})", ("1 where {a} > 0, else 0",)),
    "abs": ("|{a}|", ("the sign of {a}",)),
    "sin": ("sin({a})", ("cos({a})",)),
    "cos": ("cos({a})", ("−sin({a})",)),
    "matmul": ("{a} @ {b}", ("g @ {b}ᵀ", "{a}ᵀ @ g")),
    "linear": ("{a} @ {b}ᵀ + {c}", ("g @ {b}", "gᵀ @ {a}", "g summed over the rows")),
    "addmm": ("{a} + {b} @ {c}", ("g summed over the rows", "g @ {c}ᵀ", "{b}ᵀ @ g")),
    "sum": ("sum({a})", ("1 for each number summed",)),
    "mean": ("mean({a})", ("1 / n, over n numbers",)),
    "softmax": ("softmax({a})", ("y × (g − sum(g × y))",)),
    "log_softmax": ("log softmax({a})", ("g − softmax({a}) × sum(g)",)),
    "cross_entropy": ("cross entropy({a})", ("g × (softmax({a}) − target) / n",)),
    "permute": ("{a}, turned", ("g, turned back",)),
    "reshape": ("{a}, in another shape", ("g, in the shape of {a}",)),
    "getitem": ("{a}[…]", ("g where it was picked, else 0",)),
    "expand": ("{a}, copied", ("g summed over the copies",)),
}
SAME = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul", "**": "pow", "mm": "matmul", "bmm": "matmul",
    "t": "permute", "transpose": "permute", "view": "reshape", "unsafe_view": "reshape", "squeeze": "reshape",
    "unsqueeze": "reshape", "flatten": "reshape", "select": "getitem", "slice": "getitem",
}  # fmt: skip
EACH = {"add", "sub", "mul", "div", "neg", "pow", "square", "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "abs",
        "sin", "cos", "gelu", "silu", "leaky_relu", "elu", "softplus", "clamp"}  # fmt: skip
FEW, MANY = 4, 100_000  # outputs or inputs of a table that is written out; numbers worth a pass to know their size


def kind(op: str) -> str:
    """The name in `FORMULAS` of what somebody calls an operation.

    >>> kind("*"), kind("**2"), kind("tanh")
    ('mul', 'pow', 'tanh')
    """
    return SAME.get(op, "pow" if op.startswith("**") else op)


def formula(op: str, place: int, names: Sequence[str]) -> str:
    """The derivative in the argument at `place`, of which `names` has the names, "" where one has none.

    >>> formula("*", 0, ["w", ""])
    '∂(w × b)/∂w = b'
    >>> formula("@", 1, ["", ""])
    'to b: aᵀ @ g'
    """
    letters = dict(zip(ascii_lowercase, _letters(names)))
    own = letters[ascii_lowercase[place]]
    whole, parts = FORMULAS.get(kind(op), (f"{op}(…)", ()))
    if place >= len(parts):
        return f"∂{op}/∂{own}"
    part = parts[place].format(**letters)
    if re.search(r"\bg(ᵀ|\b)", part):
        return f"to {own}: {part}"
    power = re.fullmatch(r"\*\*(-?[\d.]+)", op)
    words = f"∂({whole.format(**letters)})/∂{own} = {part}"
    return re.sub(r"\bn\b", power[1], words) if power else words


def _letters(names: Sequence[str]) -> list[str]:
    """A short name for each of at least three arguments: its own, or a letter that no other one has."""
    given = [name if name and len(name) <= 8 and "." not in name else "" for name in names] + [""] * (3 - len(names))
    spare = iter([c for c in ascii_lowercase[3:] if c not in given and c not in "gny"])
    own = [letter if letter not in given else next(spare) for letter in ascii_lowercase[: len(given)]]
    return [name or letter for name, letter in zip(given, own)]


def slope(pulls: Pulls, nodes: Sequence[GraphNode], i: int, k: int) -> str:
    """The numbers of the local derivative of node i in its k-th parent, or, of many, how many and how large."""
    out, into = pulls.shapes[i], pulls.shapes[pulls.parents[i][k]]
    if out is None or into is None:
        return ""
    n, m = int(np.prod(out)), int(np.prod(into))
    if kind(nodes[i].op) in EACH and n <= MANY and _fits(into, out):
        return _each(pulls.shown(pulls.raw(i, pulls.seed(i))[k]))
    if 0 < n <= FEW and 0 < m <= FEW:
        return "\n".join(lines(_table(pulls, i, k, n)))
    return f"{n * m:,} numbers"


def _fits(into: tuple[int, ...], out: tuple[int, ...]) -> bool:
    return len(into) <= len(out) and all(a in (1, b) for a, b in zip(into[::-1], out[::-1]))


def _each(found: np.ndarray | None) -> str:
    """A derivative that has one number for each element of the output."""
    if found is None:
        return ""
    return "\n".join(lines(found)) or f"{shape_words(found.shape)} numbers of norm {norm(found)}"


def _table(pulls: Pulls, i: int, k: int, n: int) -> np.ndarray:
    """All derivatives (outputs, inputs), a row for each pull."""
    rows = [pulls.shown(pulls.shares(i, pulls.seed(i, row.reshape(pulls.shapes[i] or ())))[k]) for row in np.eye(n)]
    table = np.array([np.ravel(row) for row in rows if row is not None])
    return table.reshape(()) if table.size == 1 else table
