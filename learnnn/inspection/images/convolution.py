"""A convolution, whoever wrote it: its kernels, its settings, and what it makes of an image."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from ... import autograd
from ...nn import functional as F
from ..models.kind import as_array
from ..models.model import Model

_SOBEL = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
PRESETS: dict[str, np.ndarray] = {
    "identity": np.array(((0, 0, 0), (0, 1, 0), (0, 0, 0)), float),
    "edge": np.array(((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)), float),
    "laplacian": np.array(((0, 1, 0), (1, -4, 1), (0, 1, 0)), float),
    "sobel-x": np.array(_SOBEL, float),
    "sobel-y": np.array(_SOBEL, float).T,
    "sharpen": np.array(((0, -1, 0), (-1, 5, -1), (0, -1, 0)), float),
    "emboss": np.array(((-2, -1, 0), (-1, 1, 1), (0, 1, 2)), float),
    "blur": np.full((3, 3), 1 / 9),
    "gaussian": np.outer((1, 2, 1), (1, 2, 1)) / 16,
}
PAD = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # PyTorch's word: numpy's


@dataclass
class Convolution:
    """Kernels (out, in / groups, kh, kw) with a bias (out,), and how they are moved over an image."""

    weight: np.ndarray
    bias: np.ndarray
    name: str
    layer: Any = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)  # above, below, left, right
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    mode: str = "zeros"

    @property
    def channels(self) -> int:
        """How many channels an image needs."""
        return self.weight.shape[1] * self.groups

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The images (out, H', W') that the kernels make of one (in, H, W), by learnnn's conv2d."""
        above, below, left, right = self.padding
        padded: Any = np.pad(image, ((0, 0), (above, below), (left, right)), mode=PAD[self.mode])  # type: ignore[call-overload]
        tensors = [autograd.wrap(np.asarray(a, self.weight.dtype)) for a in (padded[None], self.weight, self.bias)]
        return F.conv2d(*tensors, self.stride, 0, self.dilation, self.groups).array[0]

    def reread(self) -> None:
        """Look at the layer again: it may have learned."""
        if self.layer is not None:
            self.weight, self.bias = _numbers(self.layer)

    def write(self, weight: np.ndarray) -> None:
        """Other kernels, in the layer too."""
        model = Model(self.layer)
        model.load({**model.parameters(), "weight": weight})
        self.reread()

    def is_writable(self) -> bool:
        """Can the kernels be written into a layer?"""
        try:
            return self.layer is not None and "weight" in Model(self.layer).parameters()
        except TypeError:  # an object with a weight that cannot be called
            return False


def convolution(conv: Any) -> Convolution:
    """From a Conv2d (learnnn's, PyTorch's, or an object with a `.weight`), an array, or the name of a preset."""
    if isinstance(conv, str):
        return _preset(conv)
    if hasattr(conv, "weight"):
        return _layer(conv)
    try:
        kernels = as_array(conv)
    except (TypeError, ValueError):
        raise TypeError(_no_convolution(conv)) from None
    if kernels.dtype.kind not in "fiub":
        raise TypeError(_no_convolution(conv))
    kernels = kernels if kernels.dtype.kind == "f" else kernels.astype(np.float32)
    weight = _checked(kernels[None, None] if kernels.ndim == 2 else kernels, "the array")
    return Convolution(weight, np.zeros(len(weight), weight.dtype), "array")


def _preset(name: str) -> Convolution:
    if name not in PRESETS:
        near = get_close_matches(name, PRESETS, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ValueError(f"there is no kernel called '{name}': {hint}there are {', '.join(PRESETS)}")
    return Convolution(PRESETS[name].astype(np.float32)[None, None], np.zeros(1, np.float32), name)


def _layer(layer: Any) -> Convolution:
    name = type(layer).__name__
    if getattr(layer, "transposed", False):
        raise TypeError(
            f"{name} is a transposed convolution, which spreads each number out instead of summing a window"
        )
    weight, bias = _numbers(layer)
    _checked(weight, f"{name}.weight")
    settings = {key: _pair(getattr(layer, key, 1)) for key in ("stride", "dilation")}
    padding = _around(getattr(layer, "padding", 0), weight.shape[2:], settings["dilation"])
    groups, mode = int(getattr(layer, "groups", 1)), getattr(layer, "padding_mode", "zeros")
    return Convolution(weight, bias, name, layer, padding=padding, groups=groups, mode=mode, **settings)


def _numbers(layer: Any) -> tuple[np.ndarray, np.ndarray]:
    """Copies of the weight and of the bias, zeros where there is none."""
    weight, bias = np.array(as_array(layer.weight)), getattr(layer, "bias", None)
    return weight, np.zeros(len(weight), weight.dtype) if bias is None else np.array(as_array(bias)).reshape(-1)


def _pair(value: Any) -> tuple[int, int]:
    first, second = value if isinstance(value, tuple | list) else (value, value)
    return int(first), int(second)


def _around(padding: Any, size: Any, dilation: tuple[int, int]) -> tuple[int, int, int, int]:
    """Above, below, left and right; "same" puts the odd one below and right, as PyTorch does."""
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, size)]
        return total[0] // 2, total[0] - total[0] // 2, total[1] // 2, total[1] - total[1] // 2
    down, across = (0, 0) if padding == "valid" else _pair(padding)
    return down, down, across, across


def _checked(weight: np.ndarray, what: str) -> np.ndarray:
    if weight.ndim != 4 or 0 in weight.shape:
        few = {3: ": a convolution over signals, Conv1d?", 2: ": a matrix, as of a Linear layer?"}.get(weight.ndim, "")
        raise ValueError(f"kernels are (out, in, height, width), and {what} has shape {weight.shape}{few}")
    if bad := int((~np.isfinite(weight)).sum()):
        raise ValueError(f"{bad} of the {weight.size} numbers of {what} are nan or infinite")
    return weight


def _no_convolution(thing: Any) -> str:
    told = "pass a Conv2d, an array (out, in, height, width) or (height, width), or the name of a kernel"
    try:
        inside = [path for path, part in Model(thing).layers().items() if path and is_convolution(part)]
    except TypeError:
        inside = []
    found = f"; it holds convolutions: {', '.join(inside)}" if inside else ""
    return f"a {type(thing).__name__} has no kernels of its own: {told}{found}"


def is_convolution(part: Any) -> bool:
    """Has a part of a model kernels (out, in, kh, kw)?"""
    weight = getattr(part, "weight", None)
    return weight is not None and not getattr(part, "transposed", False) and len(getattr(weight, "shape", ())) == 4
