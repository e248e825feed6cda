"""A model layer by layer: parameters, output shapes, memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import numpy as np

from .. import ops
from ..autograd import no_grad, wrap
from ..nn import Module
from ..tensor import Tensor
from .randomness import Randomness

HEADINGS = ("layer", "type", "output", "parameters", "trained", "memory")


@dataclass(frozen=True)
class Row:
    """One layer. `output` is its shape (None if the layer was not called), `memory` bytes of parameters and output."""

    name: str
    type: str
    output: tuple[int, ...] | None
    parameters: int
    trained: int
    memory: int

    def cells(self) -> tuple[str, ...]:
        shape = "not called" if self.output is None else " × ".join(map(str, self.output)) or "a number"
        return (self.name, self.type, shape, f"{self.parameters:,}", f"{self.trained:,}", in_bytes(self.memory))


class Summary:
    """What `summary` found: print it, or read `rows`, `parameters`, `trained` and `memory`."""

    def __init__(self, name: str, rows: list[Row], parameters: int, trained: int, memory: int):
        self.name, self.rows = name, rows
        self.parameters, self.trained, self.memory = parameters, trained, memory

    @property
    def data(self) -> dict[str, Any]:
        """The same in plain python."""
        totals = {"parameters": self.parameters, "trained": self.trained, "memory": self.memory}
        return {"model": self.name, "layers": [asdict(row) for row in self.rows], **totals}

    def _total(self) -> tuple[str, ...]:
        return (self.name, "", "", f"{self.parameters:,}", f"{self.trained:,}", in_bytes(self.memory))

    def __repr__(self) -> str:
        cells = [HEADINGS, *(row.cells() for row in self.rows), self._total()]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(c.rjust(w) if i > 2 else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
            for row in cells
        ]
        rule = "─" * max(map(len, lines))
        return "\n".join(line.rstrip() for line in (lines[0], rule, *lines[1:-1], rule, lines[-1]))

    def _repr_html_(self) -> str:
        head = _html_row(HEADINGS, "th")
        body = "".join(_html_row(row.cells(), "td") for row in self.rows)
        return (
            f"<table><thead>{head}</thead><tbody>{body}</tbody><tfoot>{_html_row(self._total(), 'th')}</tfoot></table>"
        )


def summary(model: Module, *inputs: Any) -> Summary:
    """Every layer with its output shape, its parameters and the memory that these and its output take.

    inputs: what the model is called with, tensors or arrays; or the shape of its one input, as in (32, 784), for
    which zeros are taken. The model runs once, in evaluation mode; it and all random numbers are left as they were.

    >>> from learnnn import nn
    >>> model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    >>> summary(model, (32, 784))
    layer       type    output    parameters  trained    memory
    ────────────────────────────────────────────────────────────
    0           Linear  32 × 128     100,480  100,480  408.5 KiB
    1           ReLU    32 × 128           0        0   16.0 KiB
    2           Linear  32 × 10        1,290    1,290    6.3 KiB
    ────────────────────────────────────────────────────────────
    Sequential                       101,770  101,770  430.8 KiB
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary takes a model, an nn.Module, not {type(model).__name__}")
    leaves = {m: name or type(m).__name__ for name, m in model.named_modules() if _is_row(m)}
    outputs = _run(model, leaves, tuple(_tensor(x, model) for x in inputs))
    seen: set[int] = set()
    rows = [_row(module, name, outputs.get(module), seen) for module, name in leaves.items()]
    everything = list(model.parameters())
    trained = sum(p.numel() for p in everything if p.requires_grad)
    return Summary(
        type(model).__name__, rows, sum(p.numel() for p in everything), trained, sum(row.memory for row in rows)
    )


def in_bytes(count: float) -> str:
    """A number of bytes for people.

    >>> in_bytes(999), in_bytes(2048), in_bytes(5 * 2**20)
    ('999 B', '2.0 KiB', '5.0 MiB')
    """
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def _html_row(cells: tuple[str, ...], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _is_row(module: Module) -> bool:
    """Layers without layers in them, and those that keep parameters of their own beside them."""
    own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    return bool(own) or not list(module.children())


def _tensor(given: Any, model: Module) -> Any:
    kind = next((p.dtype for p in model.parameters()), ops.get_default_dtype())
    if isinstance(given, tuple) and all(isinstance(size, int) for size in given):
        return wrap(np.zeros(given, kind))
    if isinstance(given, Tensor):
        return given
    array = np.asarray(given)
    return wrap(array.astype(kind) if array.dtype.kind == "f" else array)


def _run(model: Module, leaves: dict[Module, str], inputs: tuple) -> dict[Module, Tensor]:
    """What each layer gives for these inputs; nothing without inputs."""
    outputs: dict[Module, Tensor] = {}
    if not inputs:
        return outputs
    with _hooks(leaves, outputs), _untouched(model), no_grad(), np.errstate(all="ignore"):
        model(*inputs)
    return outputs


@contextmanager
def _hooks(leaves: dict[Module, str], outputs: dict[Module, Any]) -> Iterator[None]:
    handles = [m.register_forward_hook(lambda m, args, out: outputs.update({m: _first(out)})) for m in leaves]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _first(out: Any) -> Any:
    """The output itself, or the first of several, as of an LSTM."""
    while isinstance(out, tuple | list) and out:
        out = out[0]
    return out


@contextmanager
def _untouched(model: Module) -> Iterator[None]:
    """Evaluation mode within; modes and random numbers as they were afterwards."""
    randomness, modes = Randomness([]), {m: m.training for m in model.modules()}
    before = randomness.state()
    model.eval()
    try:
        yield
    finally:
        randomness.restore(before)
        for module, mode in modes.items():
            module.training = mode


def _row(module: Module, name: str, out: Any, seen: set[int]) -> Row:
    kept = [p for p in module.parameters(recurse=False) if id(p) not in seen]
    seen.update(map(id, kept))  # a parameter that two layers share counts once
    arrays = [t.array for t in (*kept, *module.buffers(recurse=False))]
    shape = out.shape if isinstance(out, Tensor) else None
    held = sum(a.nbytes for a in arrays) + (out.array.nbytes if isinstance(out, Tensor) else 0)
    trained = sum(p.numel() for p in kept if p.requires_grad)
    return Row(name, type(module).__name__, shape, sum(p.numel() for p in kept), trained, held)
