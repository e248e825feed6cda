"""Images as arrays (N, C, H, W): padding, cutting into windows, putting windows together, changing the size.

`slide` and `overlay` (PyTorch's unfold and fold) are each other's gradients, and the plain spelling of everything that
slides a window over an image: a convolution is a product with the unfolded image, a pooling a maximum or a mean over
each window.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .. import ops
from ..autograd import differentiable

Pairs = tuple[tuple[int, int], tuple[int, int]]  # of padding: (above, below), (left, right)


# ------------------------------------------------------------------------------------------- windows on arrays
def each(value: Any, dims: int, name: str = "kernel_size") -> tuple[int, ...]:
    """One number for all axes, or one for each. RuntimeError for another number of numbers.

    >>> each(3, 2), each((1, 2), 2)
    ((3, 3), (1, 2))
    """
    values = tuple(value) if isinstance(value, tuple | list) else (value,) * dims
    if len(values) == 1:
        values = values * dims
    if len(values) != dims or not all(isinstance(v, int | np.integer) for v in values):
        kind = RuntimeError if all(isinstance(v, int | np.integer) for v in values) else TypeError
        raise kind(f"{name} must be one whole number or {dims} of them, got {value!r}")
    return values


def steps(size: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[int, ...]:
    """How many positions a kernel takes on a padded image of this size, along each axis.

    >>> steps((5, 6), (3, 3), (1, 2), (1, 1))
    (3, 2)
    """
    return tuple([(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)])


def padded(x: np.ndarray, padding: Pairs, value: float = 0) -> np.ndarray:
    """`x` with `value` around it; x itself where nothing is added."""
    (top, bottom), (left, right) = padding
    if not (top or bottom or left or right):
        return x
    n, c, h, w = x.shape
    shape = (n, c, h + top + bottom, w + left + right)
    out = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    out[:, :, top : top + h, left : left + w] = x
    return out


def windows(x: np.ndarray, kernel: Any, stride: Any, dilation: Any, size: Any) -> np.ndarray:
    """(N, C, H, W) -> (N, C, kh, kw, oh, ow): what each place of the kernel sees at each position. A view."""
    n, c, h, w = x.strides
    along = (h * dilation[0], w * dilation[1], h * stride[0], w * stride[1])
    return as_strided(x, (*x.shape[:2], *kernel, *size), (n, c, *along))


def places(kernel: Any) -> Iterator[tuple[slice, slice, int, int]]:
    """An index into `windows` for each place of the kernel."""
    return ((slice(None), slice(None), i, j) for i in range(kernel[0]) for j in range(kernel[1]))


def overlaid(columns: np.ndarray, shape: tuple[int, ...], padding: Pairs, stride: Any, dilation: Any) -> np.ndarray:
    """(N, C, kh, kw, oh, ow) -> (N, C, H, W): every window put back where it came from, overlaps added."""
    (top, bottom), (left, right) = padding
    n, c, h, w = shape
    kernel, size = columns.shape[2:4], columns.shape[4:]
    out = np.zeros((n, c, h + top + bottom, w + left + right), columns.dtype)
    seen = windows(out, kernel, stride, dilation, size)
    for place in places(kernel):
        seen[place] += columns[place]
    return out[:, :, top : top + h, left : left + w]


# ---------------------------------------------------------------------------------------------- unfold and fold
def _both(padding: Any) -> Pairs:
    (h, w) = padding
    return (h, h), (w, w)


def _sliding(kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple[tuple[int, ...], ...]:
    names = ("kernel_size", "dilation", "padding", "stride")
    found = [each(v, 2, name) for v, name in zip((kernel_size, dilation, padding, stride), names, strict=True)]
    for values, name in zip(found, names, strict=True):
        least = 0 if name == "padding" else 1
        if min(values) < least:
            raise RuntimeError(f"{name} should be {'not be negative' if not least else 'greater than zero'}: {values}")
    return tuple(found)


def _batched(input: Any, ndim: int, name: str) -> tuple[Any, bool]:
    """The input with a batch axis, and whether it had one. RuntimeError for another number of axes."""
    if input.ndim == ndim:
        return input, True
    if input.ndim != ndim - 1:
        raise RuntimeError(
            f"Expected {ndim - 1}D (unbatched) or {ndim}D (batched) input to {name}, but got input of size: "
            f"{list(input.shape)}"
        )
    return ops.unsqueeze(input, 0), False


@differentiable(
    input=lambda g, input_shape, kernel, dilation, padding, stride: ops.overlay(
        g, tuple(input_shape), kernel, dilation, padding, stride
    )
)
def slide(input, kernel, dilation, padding, stride):
    """(N, C, H, W) -> (N, C * kh * kw, oh * ow), the windows as columns; `im2col` with its arguments checked."""
    x = padded(input, _both(padding))
    size = steps(x.shape[2:], kernel, stride, dilation)
    n, c = x.shape[:2]
    return windows(x, kernel, stride, dilation, size).reshape(n, c * math.prod(kernel), math.prod(size))


@differentiable(
    input=lambda g, kernel, dilation, padding, stride: ops.slide(g, kernel, dilation, padding, stride),
)
def overlay(input, shape, kernel, dilation, padding, stride):
    """(N, C * kh * kw, oh * ow) -> `shape`, (N, C, H, W): the columns put back, overlaps added."""
    size = steps([n + 2 * p for n, p in zip(shape[2:], padding, strict=True)], kernel, stride, dilation)
    return overlaid(input.reshape(*shape[:2], *kernel, *size), shape, _both(padding), stride, dilation)


def im2col(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """PyTorch's unfold: the windows of an image as columns, (N, C, H, W) -> (N, C * kh * kw, L).

    L is the number of positions of the window. RuntimeError if the window does not fit into the padded image.

    >>> import learnnn
    >>> im2col(learnnn.ones(1, 2, 4, 4), 3).shape
    (1, 18, 4)
    """
    kernel, dilation, padding, stride = _sliding(kernel_size, dilation, padding, stride)
    x, batched = _batched(input, 4, "unfold")
    size = steps([n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)], kernel, stride, dilation)
    if min(size) < 1:
        raise RuntimeError(
            f"unfold: a window {kernel} with dilation {dilation} and padding {padding} does not fit into the image "
            f"{tuple(x.shape[2:])}: there would be {size} positions"
        )
    out = ops.slide(x, kernel, dilation, padding, stride)
    return out if batched else ops.squeeze(out, 0)


def col2im(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """PyTorch's fold: columns put back as windows of an image, overlaps added.

    (N, C * kh * kw, L) -> (N, C, *output_size). RuntimeError if such an image has
    not as many columns, or not as long ones.

    >>> import learnnn
    >>> col2im(learnnn.ones(1, 4, 4), (3, 3), 2)[0, 0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    kernel, dilation, padding, stride = _sliding(kernel_size, dilation, padding, stride)
    x, batched = _batched(input, 3, "fold")
    image, place = each(output_size, 2, "output_size"), math.prod(kernel)
    if x.shape[1] % place:
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={x.shape[1]} and kernel_size={kernel}"
        )
    size = steps([n + 2 * p for n, p in zip(image, padding, strict=True)], kernel, stride, dilation)
    if min(size) < 1 or math.prod(size) != x.shape[2]:
        raise RuntimeError(
            f"Given output_size={image}, kernel_size={kernel}, dilation={dilation}, padding={padding}, stride={stride},"
            f" expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{' * '.join(map(str, size))} = {math.prod(size)}, but got input.size(2)={x.shape[2]}"
        )
    out = ops.overlay(x, (x.shape[0], x.shape[1] // place, *image), kernel, dilation, padding, stride)
    return out if batched else ops.squeeze(out, 0)


# ------------------------------------------------------------------------------------------------------- padding
@differentiable(input=lambda g, widths: ops.frame(g, tuple([(-a, -b) for a, b in widths]), 0))
def frame(input, widths, value):
    """`value` around the input, (before, after) for each axis; where a width is negative, so much is cut off."""
    kept = input[tuple([slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(input.shape, widths, strict=True)])]
    if all(a <= 0 and b <= 0 for a, b in widths):
        return kept.copy()
    return np.pad(kept, [(max(a, 0), max(b, 0)) for a, b in widths], constant_values=value)


_NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Elements added around, or with negative numbers cut off: `pad` has (before, after), the last axis first.

    mode: "constant" adds `value`, "reflect" a mirror image, "replicate" the edge, "circular" the other end.
    RuntimeError if more is mirrored or cut than there is.

    >>> import learnnn
    >>> pad(learnnn.tensor([1.0, 2.0, 3.0]), (1, 2)).tolist()
    [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]
    >>> pad(learnnn.tensor([[1.0, 2.0, 3.0]]), (2, 0), mode="reflect").tolist()
    [[3.0, 2.0, 1.0, 2.0, 3.0]]
    """
    pairs = list(zip(pad[::2], pad[1::2], strict=False))[::-1]
    if len(pad) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2: (before, after) for each axis, got {list(pad)}")
    if len(pairs) > input.ndim:
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {input.ndim}"
        )
    if mode != "constant":
        _check_mode(input, len(pairs), mode, value)
    widths = ((0, 0),) * (input.ndim - len(pairs)) + tuple(pairs)
    for axis, (n, (a, b)) in enumerate(zip(input.shape, widths, strict=True)):
        if n + a + b < 0 or (mode == "constant" and n + min(a, 0) + min(b, 0) < 0):
            raise RuntimeError(
                f"The input size {n}, plus negative padding {a} and {b}, resulted in a negative output size, at "
                f"dimension {axis}"
            )
    if mode == "constant":
        return ops.frame(input, widths, 0 if value is None else value)
    for axis, (a, b) in enumerate(widths):  # elements of the input itself: the index of where each comes from
        if a or b:
            index = _origins(input.shape[axis], a, b, mode)
            input = ops.getitem(input, (slice(None),) * axis + (index,))
    return input


def _check_mode(input: Any, count: int, mode: str, value: float | None) -> None:
    if mode not in _NUMPY_MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}: it is constant, {', '.join(_NUMPY_MODES)}")
    if value is not None:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if input.ndim - count not in (1, 2) or not 1 <= count <= 3:
        raise NotImplementedError(
            f"Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: the input is "
            f"{list(input.shape)}, and {count} axes are to be padded; the first or the first two cannot be"
        )


def _origins(n: int, before: int, after: int, mode: str) -> np.ndarray:
    """Which element stands at each place of a padded axis."""
    limit = {"reflect": n - 1, "circular": n, "replicate": max(before, after) if n else 0}[mode]
    if max(before, after) > limit:
        raise RuntimeError(
            f"Padding size should be less than the corresponding input dimension, but got: padding ({before}, {after})"
            f" at an axis of size {n}: {mode} padding can add at most {limit} there"
        )
    if n + before + after < 1 and mode != "circular":
        raise RuntimeError(f"input of size {n} is too small: padding ({before}, {after}) would leave nothing of it")
    ends = (max(before, 0), max(after, 0))
    index = np.pad(np.arange(n), ends, mode=_NUMPY_MODES[mode])  # type: ignore[call-overload]
    return index[max(-before, 0) : len(index) - max(-after, 0)]


# --------------------------------------------------------------------------------------------- another size
def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """An image (N, C, H, W) or signal (N, C, L) in another size, or larger by a factor.

    mode: "nearest" repeats elements; "linear" (signals) and "bilinear" (images) lie between neighbours;
    `align_corners` puts the first and last elements of both on each other, otherwise their outer edges.

    >>> import learnnn
    >>> interpolate(learnnn.tensor([[[1.0, 3.0]]]), scale_factor=2).tolist()
    [[[1.0, 1.0, 3.0, 3.0]]]
    >>> interpolate(learnnn.tensor([[[1.0, 3.0]]]), size=3, mode="linear", align_corners=True).tolist()
    [[[1.0, 2.0, 3.0]]]
    """
    dims = input.ndim - 2
    wanted = {"nearest": dims, "linear": 1, "bilinear": 2}.get(mode)
    if wanted is None or dims not in (1, 2) or antialias:
        raise NotImplementedError(
            f"interpolate knows nearest and linear for (N, C, L), nearest and bilinear for (N, C, H, W), without "
            f"antialias; asked for {mode!r} of an input {list(input.shape)}"
        )
    if wanted != dims:
        raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs {wanted + 2}D input")
    if mode == "nearest" and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    sizes, scales = _sizes(input.shape[2:], size, scale_factor, recompute_scale_factor)
    for axis, (out, scale) in enumerate(zip(sizes, scales, strict=True), 2):
        n = input.shape[axis]
        if mode == "nearest":
            index = _nearest(n, out, scale)
            input = ops.getitem(input, (slice(None),) * axis + (index,))
        else:
            matrix = _between(n, out, scale, bool(align_corners)).astype(input.dtype)  # (out, n)
            input = input @ matrix.T if axis == dims + 1 else matrix @ input
    return input


def _sizes(old: Any, size: Any, scale_factor: Any, recompute: bool | None) -> tuple[list[int], list[Any]]:
    """The new sizes, and for each axis how far apart its elements lie in the old one, if that was given."""
    if (size is None) == (scale_factor is None):
        both = "only one of size or scale_factor should be defined"
        raise ValueError(both if size is not None else "either size or scale_factor should be defined")
    given = size if scale_factor is None else scale_factor
    values = list(given) if isinstance(given, tuple | list) else [given] * len(old)
    if len(values) != len(old):
        raise ValueError(
            f"Input and output must have the same number of spatial dimensions, but got input with spatial dimensions "
            f"of {list(old)} and {'output size' if scale_factor is None else 'scale_factor'} of {given}"
        )
    if scale_factor is None:
        sizes, scales = values, [None] * len(old)
    else:
        sizes = [math.floor(n * factor) for n, factor in zip(old, values, strict=True)]
        scales = [None if recompute else 1 / factor for factor in values]
    if min(*sizes, *old, 1) < 1:
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got {list(old)} and {sizes}")
    return sizes, scales


def _nearest(n: int, out: int, scale: float | None) -> np.ndarray:
    step = np.float32(n / out if scale is None else scale)  # in single precision, as PyTorch does
    return np.minimum((np.arange(out, dtype=np.float32) * step).astype(int), n - 1)


def _between(n: int, out: int, scale: float | None, align_corners: bool) -> np.ndarray:
    """The matrix (out, n) that takes each new element from its two neighbours."""
    if align_corners:
        at = np.arange(out) * ((n - 1) / (out - 1) if out > 1 else 0)
    else:
        at = np.maximum((np.arange(out) + 0.5) * (n / out if scale is None else scale) - 0.5, 0)
    low = np.minimum(at.astype(int), n - 1)
    share, rows = at - low, np.arange(out)
    matrix = np.zeros((out, n))
    np.add.at(matrix, (rows, low), 1 - share)
    np.add.at(matrix, (rows, np.minimum(low + 1, n - 1)), share)
    return matrix
