"""Convolution: three operations, each linear in both its inputs, that are each other's gradients.

    convolve(input, weight)  -> output      gradients: conv_input, conv_weight
    conv_input(output, weight) -> input     what a transposed convolution computes
    conv_weight(input, output) -> weight

So each rule is one line, and there are derivatives of any order. Letters in the shapes: N images, C channels in,
O out, G groups of channels, a kernel (kh, kw), outputs (oh, ow) with P = oh * ow places. A 1-d convolution is one
over images of height 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..autograd import differentiable
from .image import Pairs, _batched, each, overlaid, steps


class Geometry(NamedTuple):
    """How a kernel moves over an image: steps, (before, after) of padding, gaps inside the kernel, groups."""

    stride: tuple[int, int]
    padding: Pairs
    dilation: tuple[int, int]
    groups: int

    def size(self, shape: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[int, ...]:
        """(oh, ow)"""
        whole = [n + a + b for n, (a, b) in zip(shape[2:], self.padding, strict=True)]
        return steps(whole, kernel, self.stride, self.dilation)


# ------------------------------------------------------------------------------------------ images as matrices
# A convolution is a sum of products, one for each row of the kernel: that row of weights, (O, kw * C), times what it
# sees, (kw * C, P). For this the image is copied once for each column of the kernel, (kw, C, H, ow); what the next
# row of the kernel sees is then the same memory from one line further on, and need not be copied.
BLOCK = 1 << 18  # numbers: what is copied stays in the processor's cache, a few images or lines at a time
NARROW = 32  # places: an image with fewer goes side by side with others, because small products are slow


def _inside(n: int, before: int, shift: int, step: int, count: int) -> tuple[slice, slice]:
    """Of `count` steps over n elements with `before` zeros in front: those that hit an element, and the elements."""
    first, last = [min(max(-((shift - before - end) // step), 0), count) for end in (0, n)]
    start = first * step + shift - before
    return slice(first, last), slice(start, start + (last - first) * step, step)


def _blocks(images: int, lines: int, numbers: int) -> Iterator[tuple[slice, slice]]:
    """The batch in pieces, (images, lines): as many images as fit, or some lines of one. A line is so many numbers."""
    count, some = max(1, BLOCK // max(numbers * lines, 1)), max(1, BLOCK // max(numbers, 1))
    for i in range(0, images, count):
        for start in range(0, lines, some):
            yield slice(i, min(i + count, images)), slice(start, min(start + some, lines))


class _Unrolled:
    """The images of a convolution, copied for each column of the kernel, block by block.

    With a stride of s lines, every s-th line of an image is put together, so that lines are again taken one after
    the other. A block is (b, G, kw, C/G, s, H / s, m, ow): b matrices, each with m images side by side.
    """

    def __init__(self, x: np.ndarray, kernel: Any, size: Any, how: Geometry, out: int):
        self.x = x.reshape(len(x), how.groups, x.shape[1] // how.groups, *x.shape[2:])  # (N, G, C/G, H, W)
        self.kernel, self.size, self.how = kernel, size, how
        self.phases = min(how.stride[0], (kernel[0] - 1) * how.dilation[0] + 1)
        self.starts = [divmod(i * how.dilation[0], how.stride[0])[::-1] for i in range(kernel[0])]  # (phase, line)
        self.apart = math.prod(size) >= NARROW
        few = kernel[1] * self.x.shape[2] * how.groups <= out
        self.whole = few and kernel[0] > 1  # few channels are rather copied for each row of the kernel, too

    def __iter__(self) -> Iterator[tuple[slice, slice, list[np.ndarray]]]:
        """(images, lines of the output, what each row of the kernel sees: (b, G, kw * C/G, lines * m * ow))."""
        (_, g, c, *_), (oh, ow), kw = self.x.shape, self.size, self.kernel[1]
        memory = np.empty(0, self.x.dtype)  # used for every block, and so in the cache
        for images, lines in _blocks(len(self.x), oh, kw * c * g * self.phases * ow):
            n, count = images.stop - images.start, lines.stop - lines.start
            b, m = (n, 1) if self.apart else (1, n)
            shape = (b, g, kw, c, self.phases, count + self.starts[-1][1], m, ow)
            if memory.size < math.prod(shape):
                memory = np.empty(math.prod(shape), self.x.dtype)
            block = memory[: math.prod(shape)].reshape(shape)
            self.fill(block, self.x[images].reshape(b, m, *self.x.shape[1:]), lines.start)
            yield images, lines, self.seen(block, count)

    def fill(self, block: np.ndarray, x: np.ndarray, line: int) -> None:
        """Copy x, (b, m, G, C/G, H, W), into the block, from a line of the output on."""
        (top, left), (sh, sw), dw = (p[0] for p in self.how.padding), self.how.stride, self.how.dilation[1]
        block.fill(0)
        for phase in range(self.phases):
            down, rows = _inside(x.shape[4], top - line * sh, phase, sh, block.shape[5])
            for j in range(self.kernel[1]):
                along, columns = _inside(x.shape[5], left, j * dw, sw, block.shape[7])
                source = x[:, :, :, :, rows, columns].transpose(0, 2, 3, 4, 1, 5)  # (b, G, C/G, H, m, W)
                block[:, :, j, :, phase, down, :, along] = source

    def seen(self, block: np.ndarray, lines: int) -> list[np.ndarray]:
        """What each row of the kernel sees; if `whole`, what all of it does: (b, G, kh * kw * C/G, lines * m * ow)."""
        b, g, kw, c, _, height, m, ow = block.shape
        flat, line = block.reshape(b, g, kw * c, -1), m * ow
        starts = [(phase * height + start) * line for phase, start in self.starts]
        rows = [flat[..., start : start + lines * line] for start in starts]
        return [np.concatenate(rows, 2)] if self.whole else rows


def _side_by_side(x: np.ndarray, apart: bool) -> np.ndarray:
    """(n, O, lines, ow) -> (b, O, lines, m, ow), as a view."""
    return x[:, :, :, None] if apart else x.transpose(1, 2, 0, 3)[None]


def _correlate(x: np.ndarray, weight: np.ndarray, bias: Any, how: Geometry, out: np.ndarray) -> None:
    """The convolution of images, plus a bias (O, oh or 1, ow or 1), into `out`."""
    (o, c, kh, kw), g = weight.shape, how.groups
    unrolled = _Unrolled(x, (kh, kw), out.shape[2:], how, o)
    rows = weight.reshape(g, o // g, c, kh, kw).transpose(3, 0, 1, 4, 2)  # (kh, G, O/G, kw, C/G)
    if unrolled.whole:
        rows = rows.transpose(1, 2, 0, 3, 4)[None]
    rows = np.ascontiguousarray(rows).reshape(len(rows), g, o // g, -1)
    for images, lines, seen in unrolled:
        total = rows[0] @ seen[0]  # (b, G, O/G, lines * m * ow)
        for row, x in zip(rows[1:], seen[1:], strict=True):
            total += row @ x
        target = _side_by_side(out[images, :, lines], unrolled.apart)
        total = total.reshape(target.shape)
        if bias is None:
            target[...] = total
        else:
            np.add(total, (bias[:, lines] if bias.shape[1] > 1 else bias)[:, :, None], out=target)


class _Comb(NamedTuple):
    """Some places of an image, one in so many, and the part of a turned kernel that reaches them."""

    places: slice
    taps: slice
    before: int
    dilation: int


def _combs(n: int, k: int, stride: int, padding: tuple[int, int], dilation: int) -> Iterator[_Comb]:
    """Along one axis: the gradient of a convolution with a stride is several without, that take turns."""
    common = math.gcd(stride, dilation)
    apart = stride // common  # of the taps that reach the same places
    for first in range(min(k, apart)):
        count = len(range(first, k, apart))
        start = (first * dilation - padding[0]) % stride
        before = (count - 1) * (dilation // common) - (start + padding[0] - first * dilation) // stride
        turned = slice(k - 1 - first - (count - 1) * apart, k - first, apart)
        if start < n:
            yield _Comb(slice(start, n, stride), turned, before, dilation // common)


def _spread(x: np.ndarray, weight: np.ndarray, how: Geometry, out: np.ndarray) -> None:
    """The same, all at once: each place makes a window, and the windows are put back, overlaps added."""
    (o, _, *kernel), size, c = weight.shape, x.shape[2:], out.shape[1]
    grouped = weight.reshape(how.groups, o // how.groups, -1).mT  # (G, C/G * kh * kw, O/G)
    for images, _ in _blocks(len(x), 1, c * math.prod(kernel) * math.prod(size)):
        some = x[images].reshape(-1, how.groups, o // how.groups, math.prod(size))
        columns = (grouped @ some).reshape(-1, c, *kernel, *size)
        out[images] = overlaid(columns, out[images].shape, how.padding, how.stride, how.dilation)


# ------------------------------------------------------------------------------------------ the three operations
def _first(x: Any, shape: Any) -> Any:
    """Without the rows and columns that an output padding may have added."""
    return x if x.shape == shape else x[..., : shape[2], : shape[3]]


@differentiable(
    quiet=True,
    input=lambda g, input_shape, weight, how: ops.conv_input(g, weight, tuple(input_shape), how),
    weight=lambda g, input, weight_shape, how: ops.conv_weight(input, g, tuple(weight_shape), how),
    bias=lambda g, bias_shape: g.sum(0) if len(bias_shape) > 1 else g.sum((0, 2, 3)),
)
def convolve(input, weight, bias, how):
    """(N, C, H, W), (O, C/G, kh, kw), bias (O,), or (O, oh, ow) if it is not tied -> (N, O, oh, ow)."""
    out = np.empty((len(input), len(weight), *how.size(input.shape, weight.shape[2:])), input.dtype)
    _correlate(input, weight, bias if bias is None or bias.ndim > 1 else bias[:, None, None], how, out)
    return out


@differentiable(
    quiet=True,
    input=lambda g, input_shape, weight, how: _first(ops.convolve(g, weight, None, how), input_shape),
    weight=lambda g, input, weight_shape, how: ops.conv_weight(g, input, tuple(weight_shape), how),
)
def conv_input(input, weight, shape, how):
    """(N, O, oh, ow), (O, C/G, kh, kw) -> `shape`, (N, C, H, W): each number spread over the window it came from."""
    out, kernel = np.zeros(shape, input.dtype), weight.shape[2:]
    few = 2 * kernel[0] * shape[1] <= len(weight)  # channels to make, so that windows are smaller than what is copied
    if few or math.prod(shape[2:]) > 4 * math.prod(how.stride) * math.prod(input.shape[2:]):  # or else mostly padding
        _spread(input, weight, how, out)
        return out
    turned = weight.reshape(how.groups, -1, *weight.shape[1:]).swapaxes(1, 2)[..., ::-1, ::-1]  # (G, C/G, O/G, kh, kw)
    turned = turned.reshape(shape[1], -1, *kernel)
    combs = [_combs(*axis) for axis in zip(shape[2:], kernel, how.stride, how.padding, how.dilation, strict=True)]
    for down, along in product(*combs):
        padding = (down.before, 0), (along.before, 0)
        part = Geometry((1, 1), padding, (down.dilation, along.dilation), how.groups)
        _correlate(input, turned[:, :, down.taps, along.taps], None, part, out[:, :, down.places, along.places])
    return out


@differentiable(
    quiet=True,
    input=lambda g, input_shape, grad, how: ops.conv_input(grad, g, tuple(input_shape), how),
    grad=lambda g, input, grad_shape, how: _first(ops.convolve(input, g, None, how), grad_shape),
)
def conv_weight(input, grad, shape, how):
    """(N, C, H, W), (N, O, oh, ow) -> `shape`, (O, C/G, kh, kw): how each window goes with what became of it."""
    (o, c, kh, kw), g = shape, how.groups
    unrolled = _Unrolled(input, (kh, kw), grad.shape[2:], how, o)
    out = np.zeros((1 if unrolled.whole else kh, g, kh * kw * c if unrolled.whole else kw * c, o // g), input.dtype)
    for images, lines, seen in unrolled:
        flat = _side_by_side(grad[images, :, lines], unrolled.apart)
        flat = flat.reshape(len(flat), g, o // g, -1).mT  # (b, G, lines * m * ow, O/G)
        if len(out) > 1:
            flat = np.ascontiguousarray(flat)  # a product with a transposed matrix takes twice as long
        for total, x in zip(out, seen, strict=True):
            total += (x @ flat).sum(0)
    return out.reshape(-1, g, kh // len(out), kw, c, o // g).transpose(1, 5, 4, 0, 2, 3).reshape(shape)


# ----------------------------------------------------------------------------------------- PyTorch's arguments
def _same(kernel: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """The padding that keeps the size; an odd number has its larger half behind."""
    spans = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple([(span // 2, span - span // 2) for span in spans])


def _pairs(padding: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    if not isinstance(padding, str):
        return tuple([(p, p) for p in each(padding, len(kernel), "padding")])
    if padding not in ("same", "valid"):
        raise RuntimeError(f"Invalid padding string: {padding!r} is neither 'same' nor 'valid'")
    if padding == "same" and set(stride) != {1}:
        raise RuntimeError("padding='same' is not supported for strided convolutions: say how much, as in padding=1")
    return _same(kernel, dilation) if padding == "same" else ((0, 0),) * len(kernel)


def geometry(kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any, groups: int) -> Geometry:
    """PyTorch's arguments for 1 or 2 axes, checked, as a Geometry for 2."""
    dims = len(kernel)
    stride, dilation = each(stride, dims, "stride"), each(dilation, dims, "dilation")
    pairs = _pairs(padding, kernel, stride, dilation)
    for name, values, least in (
        ("stride", stride, 1), ("dilation", dilation, 1), ("groups", (groups,), 1), ("padding", sum(pairs, ()), 0)
    ):  # fmt: skip
        if min(values) < least:
            what = "non-positive" if least else "negative"
            raise RuntimeError(f"{what} {name} is not supported: got {name}={values}")
    flat = (2 - dims) * (1,)
    return Geometry((*flat, *stride), ((0, 0),) * (2 - dims) + pairs, (*flat, *dilation), groups)  # type: ignore


def _check(input: Any, weight: Any, bias: Any, channels: int, out: int, dims: int) -> None:
    if weight.ndim != dims + 2:
        raise RuntimeError(
            f"expected a {dims + 2}-dimensional weight for a {dims}-dimensional convolution, but got a weight "
            f"{list(weight.shape)}"
        )
    if input.shape[1] != channels:
        raise RuntimeError(
            f"Given a weight of size {list(weight.shape)}, expected input{list(input.shape)} to have {channels} "
            f"channels, but got {input.shape[1]} channels instead"
        )
    for other, name in ((weight, "weight"), (bias, "bias")):
        if other is not None and other.dtype != input.dtype:
            raise RuntimeError(
                f"Input type ({input.dtype}) and {name} type ({other.dtype}) should be the same: convert the input, "
                f"as in x.to(weight.dtype)"
            )
    if bias is not None and (bias.ndim not in (1, dims + 1) or bias.shape[0] != out):
        raise RuntimeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {out} elements, but "
            f"got bias of size {list(bias.shape)} instead"
        )


def _as_image(x: Any, dims: int) -> Any:
    """A signal (..., L) as an image of height 1 (..., 1, L)."""
    return x if x is None or dims == 2 or x.ndim == 1 else ops.unsqueeze(x, -2)


def _back(out: Any, dims: int, batched: bool) -> Any:
    out = out if dims == 2 else ops.squeeze(out, -2)
    return out if batched else ops.squeeze(out, 0)


def _conv(input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int, dims: int) -> Any:
    x, batched = _batched(input, dims + 2, f"conv{dims}d")
    how = geometry(tuple(weight.shape[2:]) or (1,) * dims, stride, padding, dilation, groups)
    _check(x, weight, bias, weight.shape[1] * groups, weight.shape[0], dims)
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size {list(weight.shape)} instead"
        )
    x, w, b = _as_image(x, dims), _as_image(weight, dims), _as_image(bias, dims)
    size = how.size(x.shape, w.shape[2:])
    if min(size) < 1:
        raise RuntimeError(
            f"Calculated padded input size per channel: {_padded_size(x, how)[2 - dims :]}. Kernel size: "
            f"{tuple(weight.shape[2:])}, dilation {how.dilation[2 - dims :]}. Kernel size can't be greater than actual "
            "input size: were there too many poolings before it?"
        )
    if b is not None and b.ndim > 1 and tuple(b.shape[1:]) != size:
        raise RuntimeError(f"an untied bias has one number for each output, {(len(b), *size)}, this one {b.shape}")
    return _back(ops.convolve(x, w, b, how), dims, batched)


def _padded_size(x: Any, how: Geometry) -> tuple[int, ...]:
    return tuple([n + a + b for n, (a, b) in zip(x.shape[2:], how.padding, strict=True)])


def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """A kernel moved along signals: (N, C, L), (O, C/groups, k), (O,) -> (N, O, L').

    RuntimeError for other numbers of channels or axes, or a kernel longer than the signal.

    >>> import learnnn
    >>> conv1d(learnnn.tensor([[[1.0, 2.0, 4.0]]]), learnnn.tensor([[[-1.0, 1.0]]])).tolist()
    [[[1.0, 2.0]]]
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, 1)


def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """A kernel moved over images: (N, C, H, W), (O, C/groups, kh, kw), (O,) -> (N, O, H', W').

    padding: numbers, "valid" for none, or "same" for as much as keeps the size. A bias (O, H', W') is not tied:
    every place has its own. RuntimeError for other numbers of channels or axes, or a kernel larger than the image.

    >>> import learnnn
    >>> conv2d(learnnn.ones(1, 3, 8, 8), learnnn.ones(5, 3, 3, 3), padding="same").shape
    (1, 5, 8, 8)
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, 2)


def _conv_transpose(
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
    dims: int,
) -> Any:
    x, batched = _batched(input, dims + 2, f"conv_transpose{dims}d")
    kernel = tuple(weight.shape[2:]) or (1,) * dims
    if isinstance(padding, str):
        raise TypeError(f"conv_transpose{dims}d(): argument 'padding' must be tuple of ints, not {padding!r}")
    how = geometry(kernel, stride, padding, dilation, groups)
    extra = (2 - dims) * (0,) + each(output_padding, dims, "output_padding")
    channels = (weight.shape[1] if weight.ndim > 1 else 1) * groups
    _check(x, weight, bias, weight.shape[0], channels, dims)
    if any(e >= max(s, d) or e < 0 for e, s, d in zip(extra, how.stride, how.dilation, strict=True)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got output_padding {output_padding}, "
            f"stride {stride} and dilation {dilation}"
        )
    x, w, b = _as_image(x, dims), _as_image(weight, dims), _as_image(bias, dims)
    axes = zip(x.shape[2:], how.stride, how.padding, how.dilation, w.shape[2:], extra, strict=True)
    size = [(n - 1) * s - p - q + d * (k - 1) + e + 1 for n, s, (p, q), d, k, e in axes]
    if min(size) < 1:
        raise RuntimeError(f"Given input size {list(x.shape)}, the output would have the size {size}: too small")
    out = ops.conv_input(x, w, (x.shape[0], channels, *size), how)
    if b is not None:
        out = out + (b if b.ndim > 1 else ops.reshape(b, (-1, 1, 1)))
    return _back(out, dims, batched)


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The gradient of conv1d with respect to its input, as an operation: (N, C, L), (C, O/groups, k) -> (N, O, L')."""
    return _conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 1)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The gradient of conv2d with respect to its input, as an operation: small images to larger ones.

    (N, C, H, W), (C, O/groups, kh, kw), (O,) -> (N, O, H', W') (Zeiler et al. 2010).

    >>> import learnnn
    >>> conv_transpose2d(learnnn.ones(1, 3, 4, 4), learnnn.ones(3, 5, 2, 2), stride=2).shape
    (1, 5, 8, 8)
    """
    return _conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation, 2)
