"""Models as ONNX files, which other programs run without learnnn: `export(model, (x,), "model.onnx")`.

The model is run once on the example inputs, and every operation that is called on the way is written down as the ONNX
operator that stands for it (https://onnx.ai/onnx/operators; the tables are in `operators.py` and `layers.py`). What
does not depend on the inputs is computed at once and becomes a constant. A second run, on other numbers, finds what
only seems constant: branches on values, random numbers, and operations that have no operator.

Needs the onnx package: `pip install "learnnn[onnx]"`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..autograd import Variable
from ..nn import _recurrent, functional
from ..serialization import replace
from .layers import FUNCTIONS, LAYERS, recurrent
from .losses import LOSSES
from .operators import OPERATORS
from .trace import Line, Trace, code, trace

OPSET, IR_VERSION = 21, 10
PLACES: list[tuple[Any, dict[str, Callable]]] = [
    (ops, OPERATORS | LAYERS | LOSSES), (functional, FUNCTIONS), (_recurrent.RNNBase, {"forward": recurrent}),
]  # fmt: skip


def export(
    model: Any,
    args: Any,
    f: Any,
    *,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    dynamic_axes: dict[str, Any] | None = None,
    opset_version: int | None = None,
    **others: Any,
) -> None:
    """Write a model as ONNX to a path or an open file; see `onnx_model` for arguments and errors.

    Other arguments of PyTorch's are accepted; ValueError for an opset_version other than 21.
    """
    if opset_version not in (None, OPSET):
        raise ValueError(
            f"opset_version={opset_version} cannot be honoured: learnnn writes opset {OPSET}, leave it out"
        )
    made = onnx_model(model, args, input_names=input_names, output_names=output_names, dynamic_axes=dynamic_axes)
    replace(f, [made.SerializeToString()])


def onnx_model(
    model: Any,
    args: Any,
    *,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    dynamic_axes: dict[str, Any] | None = None,
) -> Any:
    """The onnx.ModelProto of a model or function, called with `args`, a tensor or a tuple of them.

    Modules are exported as in evaluation mode. `dynamic_axes={"x": {0: "batch"}}` names axes of inputs whose size may
    change; the others are fixed. The numbers in `args` should not be all the same: what depends on them is found by
    changing them. ImportError if the onnx package is missing, RuntimeError if an operation has no ONNX operator, if a
    result depends on random numbers or a python `if` on values, or if a size cannot be left open.
    """
    onnx = _package()
    args = args if isinstance(args, tuple | list) else (args,)
    names = list(input_names or (f"input_{i}" if len(args) > 1 else "input" for i in range(len(args))))
    free = {name: _axes_named(name, axes) for name, axes in (dynamic_axes or {}).items() if name in names}
    if len(names) != len(args):
        raise ValueError(f"{len(args)} inputs need as many names, got {names}")
    modules = list(model.modules()) if hasattr(model, "modules") else []
    modes = [module.training for module in modules]
    try:
        for module in modules:
            module.training = False
        arrays = [np.asarray(a.array if isinstance(a, Variable) else a) for a in args]
        first = trace(model, PLACES, names, arrays)
        second = trace(model, PLACES, names, [_altered(a, free.get(n, {})) for n, a in zip(names, arrays, strict=True)])
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
    _open_sizes(first, second)
    outputs = list(output_names or (f"output_{i}" if len(first.results) > 1 else "output" for i in range(99)))
    return _written(onnx, first, second, names, outputs[: len(first.results)], free)


def _package() -> Any:
    try:
        import onnx
    except ImportError:
        raise ImportError('exporting needs the onnx package: pip install "learnnn[onnx]"') from None
    return onnx


def _axes_named(name: str, axes: Any) -> dict[int, str]:
    return dict(axes) if isinstance(axes, dict) else {axis: f"{name}_{axis}" for axis in axes}


def _altered(a: np.ndarray, free: dict[int, str]) -> np.ndarray:
    """Another input of the same kind: other numbers, and one more along the axes that may change."""
    if a.dtype.kind in "iu" and a.size and (a == a.flat[0]).all():
        a = np.maximum(a, 1) - a.dtype.type(1)  # whole numbers may be positions in a table: none larger
    a = np.flip(a)
    for axis in free:
        a = np.concatenate([a, np.take(a, [0], axis)], axis)
    factor = -0.75 if a.dtype.kind == "f" and (a < 0).any() else 0.75  # positive numbers may have to stay so
    return ~a if a.dtype == bool else a * a.dtype.type(factor) if a.dtype.kind == "f" else a.copy()


# ------------------------------------------------------------------------------ from two traces to one file
def _open_sizes(first: Trace, second: Trace) -> None:
    """Compare two runs: sizes that differ are left open where they can be. RuntimeError for any other difference."""
    same = len(first.lines) == len(second.lines) and first.constants.keys() == second.constants.keys()
    if not same or any(_bare(a) != _bare(b) for a, b in zip(first.lines, second.lines, strict=True)):
        raise RuntimeError(
            "the model takes another way for other numbers or sizes (a python if or loop that depends on them), and "
            "ONNX writes down one way only"
        )
    sized = {line.inputs[1]: line for line in first.lines if line.operator in ("Reshape", "Expand")}
    for name, a in first.constants.items():
        b = second.constants[name]
        if np.array_equal(a, b, equal_nan=a.dtype.kind == "f") or (name in sized and _opened(sized[name], a, b, first)):
            continue
        raise RuntimeError(
            f"a constant of shape {list(a.shape)} depends on the inputs, on their sizes, or on random numbers"
            + (f", through {first.origins[name]!r}" if first.origins.get(name) else "")
            + ": ONNX has no operator for how it was computed, or that is not known here"
        )


def _opened(line: Line, a: np.ndarray, b: np.ndarray, first: Trace) -> bool:
    """Leave the sizes open by which two shapes differ: -1 follows from the rest, 1 keeps what the input has."""
    differ = a != b if a.shape == b.shape else np.ones(2, bool)
    if line.operator == "Reshape" and differ.sum() == 1:
        a[differ] = -1
        return True
    before = first.shapes.get(line.inputs[0], ())
    kept = np.array([1] * (len(a) - len(before)) + list(before))
    if line.operator != "Expand" or a.shape != b.shape or (kept != a)[differ].any():
        return False
    a[differ] = 1
    return True


def _bare(line: Line) -> Any:
    return line.operator, line.inputs, line.outputs, {k: repr(v) for k, v in line.attributes.items()}


def _written(onnx: Any, first: Trace, second: Trace, names: list[str], outputs: list[str], free: dict[str, Any]) -> Any:
    h = onnx.helper
    lines = [h.make_node(x.operator, x.inputs, x.outputs, **x.attributes) for x in first.lines]
    ends = [h.make_node("Identity", [first.name(r)], [n]) for r, n in zip(first.results, outputs, strict=True)]
    used = {name for node in (*lines, *ends) for name in node.input}
    constants = [onnx.numpy_helper.from_array(np.ascontiguousarray(a).reshape(a.shape), n)
                 for n, a in first.constants.items() if n in used]  # fmt: skip
    known = {name: value for value, name, _ in first._known.values()}
    sizes = {n: [free.get(n, {}).get(i, s) for i, s in enumerate(known[n].shape)] for n in names}
    inputs = [h.make_tensor_value_info(n, code(known[n].dtype), sizes[n]) for n in names]
    results = [
        h.make_tensor_value_info(n, code(a.dtype), [s if s == r else f"{n}_{i}" for i, (s, r) in _sizes(a, b)])
        for n, a, b in zip(outputs, first.results, second.results, strict=True)
    ]
    graph = h.make_graph([*lines, *ends], "learnnn", inputs, results, constants)
    model = h.make_model(
        graph, opset_imports=[h.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="learnnn"
    )
    onnx.checker.check_model(model)
    return model


def _sizes(a: Any, b: Any) -> Any:
    return enumerate(zip(a.shape, b.shape, strict=True))
