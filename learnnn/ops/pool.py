"""Pooling: the largest element or the mean of every window of an image. Signals are images of height 1.

Computed by going over the places of the window, each of which is a strided slice of the whole image; the plain
spelling unfolds the image into windows first, and is what higher derivatives go through.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..autograd import Variable, from_backward, wrap
from .conv import _as_image, _back
from .image import Pairs, _batched, each, padded, places, windows


class Window(NamedTuple):
    """Where the windows lie: their size, steps, gaps and padding, and how many there are."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: Pairs  # what is asked for before; as much after as the last window needs
    size: tuple[int, int]

    def over(self, x: np.ndarray, value: float = 0) -> np.ndarray:
        """(N, C, H, W) -> (N, C, kh, kw, oh, ow), with `value` in the padding. A view of x where there is none."""
        return windows(padded(x, self.padding, value), self.kernel, self.stride, self.dilation, self.size)

    def columns(self, input: Any, value: float) -> Any:
        """The same as `over` for tensors, and with one axis for the window: (N, C, kh * kw, oh, ow)."""
        whole = ops.frame(input, ((0, 0), (0, 0), *self.padding), value)
        found = ops.slide(whole, self.kernel, self.dilation, (0, 0), self.stride)
        return ops.reshape(found, (*input.shape[:2], math.prod(self.kernel), *self.size))

    def collected(self, pieces: Iterable[np.ndarray], shape: Any, dtype: Any) -> np.ndarray:
        """The gradient of an image (N, C, H, W) from those of each place of the window, (N, C, oh, ow)."""
        (top, bottom), (left, right) = self.padding
        n, c, h, w = shape
        whole = np.zeros((n, c, h + top + bottom, w + left + right), dtype)
        seen = windows(whole, self.kernel, self.stride, self.dilation, self.size)
        disjoint = all(s > d * (k - 1) for k, s, d in zip(self.kernel, self.stride, self.dilation, strict=True))
        for place, piece in zip(places(self.kernel), pieces, strict=False):
            if disjoint:
                seen[place] = piece
            else:
                seen[place] += piece
        return whole[:, :, top : top + h, left : left + w]


def _count(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """How many windows there are along one axis; with `ceil_mode` also one that hangs over the end."""
    room = n + 2 * p - d * (k - 1) - 1
    count = (-(-room // s) if ceil_mode else room // s) + 1
    return count - 1 if ceil_mode and (count - 1) * s >= n + p else count  # none that lies in the padding only


def _window(shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, dims: int) -> Window:
    kernel = each(kernel, dims)
    stride = kernel if stride is None or stride == [] else each(stride, dims, "stride")
    padding, dilation = each(padding, dims, "padding"), each(dilation, dims, "dilation")
    for name, values in (("kernel size", kernel), ("stride", stride), ("dilation", dilation)):
        if min(values) < 1:
            raise RuntimeError(f"{name} should be greater than zero, but got {values}")
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if not 0 <= p <= (d * (k - 1) + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, and not negative: got pad={p}, kernel_size={k}"
            )
    one, zero = (2 - dims) * (1,), (2 - dims) * (0,)
    kernel, stride, padding, dilation = one + kernel, one + stride, zero + padding, one + dilation
    axes = list(zip(shape[2:], kernel, stride, padding, dilation, strict=True))
    size = tuple([_count(*axis, ceil_mode) for axis in axes])
    if min(size) < 1:
        raise RuntimeError(
            f"Given input size {tuple(shape[1:])}, a window {kernel} makes the output {size}. Output size is too "
            "small: were there too many poolings before it?"
        )
    ends = [max((o - 1) * s + d * (k - 1) + 1 - n - p, 0) for o, (n, k, s, p, d) in zip(size, axes, strict=True)]
    return Window(kernel, stride, dilation, tuple(zip(padding, ends, strict=True)), size)  # type: ignore[arg-type]


def _lowest(dtype: np.dtype) -> float:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


# -------------------------------------------------------------------------------------------------------- maximum
def _max_pool_plain(input: Any, window: Window) -> Any:
    return ops.max(window.columns(input, -np.inf), 2).values


def _taken(g: np.ndarray, largest: list[np.ndarray]) -> Iterator[np.ndarray]:
    """What each place gets of the gradient: the first of equals takes it, and leaves nothing to the others."""
    left = np.array(g)
    for mask in largest:
        taken = left * mask
        left -= taken
        yield taken


@from_backward(plain=_max_pool_plain)
def _max_pool(input, window):
    seen, shape = window.over(input, _lowest(input.dtype)), input.shape
    planes = [seen[place].copy() for place in places(window.kernel)]  # copied: 3 times as fast to compare
    out = functools.reduce(np.maximum, planes)
    largest = [plane == out for plane in planes]
    return out, lambda g: (window.collected(_taken(g, largest), shape, g.dtype),)


def _winners(x: np.ndarray, window: Window) -> np.ndarray:
    """Where in the flattened image the largest element of each window stands: (N, C, oh, ow)."""
    seen = window.over(x, _lowest(x.dtype))
    best = seen.reshape(*x.shape[:2], -1, *window.size).argmax(2)
    at = []
    for axis, place in enumerate(np.divmod(best, window.kernel[1])):
        start = np.arange(window.size[axis]) * window.stride[axis] - window.padding[axis][0]
        at.append((start[:, None] if axis == 0 else start) + place * window.dilation[axis])
    return at[0] * x.shape[3] + at[1]


def _max(
    input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool, dims: int
) -> Any:
    if input.dtype == bool:
        raise RuntimeError(f"max_pool{dims}d takes numbers, got bool: use x.float()")
    x, batched = _batched(input, dims + 2, f"max_pool{dims}d")
    x = _as_image(x, dims)
    window = _window(x.shape, kernel, stride, padding, dilation, ceil_mode, dims)
    out = _back(_max_pool(x, window), dims, batched)
    if not return_indices:
        return out
    values = x.array if isinstance(x, Variable) else x
    return out, _back(wrap(_winners(values, window)), dims, batched)


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window of a signal: (N, C, L) -> (N, C, L'); see `max_pool2d`."""
    return _max(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 1)


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window: (N, C, H, W) -> (N, C, H', W'), with steps as long as the window is.

    `ceil_mode` adds a window that hangs over the end; `return_indices` hands back where each maximum stands, too.
    The first of equal elements takes the gradient. RuntimeError if no window fits, or half of one is padding.

    >>> import learnnn
    >>> max_pool2d(learnnn.arange(16.0).reshape(1, 1, 4, 4), 2).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """
    return _max(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, 2)


# ----------------------------------------------------------------------------------------------------------- mean
def _avg_pool_plain(input: Any, divisor: Any, window: Window) -> Any:
    return ops.sum(window.columns(input, 0), 2) / divisor


@from_backward(plain=_avg_pool_plain)
def _avg_pool(input, divisor, window):
    seen, shape = window.over(input), input.shape
    out = sum(seen[place] for place in places(window.kernel))
    return out / divisor, lambda g: (window.collected(itertools.repeat(g / divisor), shape, g.dtype),)


def _counts(shape: Any, window: Window, include_padding: bool) -> np.ndarray:
    """How many elements each window has, (oh, ow): of the image alone, or of the padding asked for as well."""
    counts = []
    for n, k, s, (p, _), o in zip(shape, window.kernel, window.stride, window.padding, window.size, strict=True):
        start = np.arange(o) * s - p
        end = np.minimum(start + k, n + p)
        counts.append(end - start if include_padding else np.minimum(end, n) - np.maximum(start, 0))
    return np.outer(*counts)


def _avg(
    input: Any, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, include: bool, divisor: Any, dims: int
) -> Any:
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    x, batched = _batched(input, dims + 2, f"avg_pool{dims}d")
    x = _as_image(x, dims)
    if x.dtype.kind != "f":
        raise RuntimeError(f"avg_pool{dims}d takes floats, got {x.dtype}: use x.float()")
    window = _window(x.shape, kernel, stride, padding, 1, ceil_mode, dims)
    if divisor is None:
        divisor = _counts(x.shape[2:], window, include).astype(x.dtype)
    return _back(_avg_pool(x, divisor, window), dims, batched)


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window of a signal: (N, C, L) -> (N, C, L'); see `avg_pool2d`."""
    return _avg(input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, 1)


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window: (N, C, H, W) -> (N, C, H', W'), with steps as long as the window is.

    The zeros of the padding count as elements unless `count_include_pad` is False; `divisor_override` divides the
    sum by something else. RuntimeError if no window fits, or half of one is padding.

    >>> import learnnn
    >>> avg_pool2d(learnnn.arange(16.0).reshape(1, 1, 4, 4), 2).tolist()
    [[[[2.5, 4.5], [10.5, 12.5]]]]
    """
    return _avg(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, 2)


def _bins(n: int, out: int, dtype: Any) -> np.ndarray:
    """The matrix (out, n) whose rows are means over n elements cut into `out` bins, which may overlap."""
    i, at = np.arange(out)[:, None], np.arange(n)
    inside = (at >= i * n // out) & (at < -(-(i + 1) * n // out))
    return (inside / inside.sum(1, keepdims=True)).astype(dtype)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Means over as many windows as asked for: (..., H, W) -> (..., *output_size); None keeps a size.

    >>> import learnnn
    >>> adaptive_avg_pool2d(learnnn.ones(2, 3, 7, 5), (1, 1)).shape
    (2, 3, 1, 1)
    """
    wanted = output_size if isinstance(output_size, tuple | list) else (output_size,) * 2
    if len(wanted) != 2 or any(o is not None and o < 0 for o in wanted):
        raise RuntimeError(f"adaptive_avg_pool2d: output_size must be 2 numbers that are not negative, got {wanted}")
    if tuple(wanted) == (1, 1):
        return ops.mean(input, (-2, -1), True)
    if input.dtype.kind != "f":
        raise RuntimeError(f"adaptive_avg_pool2d takes floats, got {input.dtype}: use x.float()")
    if input.ndim not in (3, 4):
        raise RuntimeError(f"adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got {list(input.shape)}")
    if not all(input.shape[-3:]):
        raise RuntimeError(
            f"adaptive_avg_pool2d(): Expected input to have non-zero size for non-batch dimensions, but input has "
            f"sizes {list(input.shape)}"
        )
    h, w = [n if o is None else o for n, o in zip(input.shape[-2:], wanted, strict=True)]
    return _bins(input.shape[-2], h, input.dtype) @ input @ _bins(input.shape[-1], w, input.dtype).T
