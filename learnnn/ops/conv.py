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
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..autograd import differentiable
from .image import Pairs, _batched, each, overlaid, padded, steps, windows


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


def _in_rows(weight_shape: tuple[int, ...], how: Geometry) -> bool:
    """Whether the faster way serves: dense kernels, moved by one, over more than one channel."""
    plain = how.stride == how.dilation == (1, 1) and how.groups == 1
    return plain and weight_shape[1] > 1 and weight_shape[3] > 1


# -------------------------------------------------------------------------------------------- two ways to compute
BLOCK = 1 << 17  # numbers: what is copied for a convolution stays in the processor's cache, a few images at a time


def _blocks(images: int, numbers: int) -> Iterator[slice]:
    """The batch in pieces, of images that need so many numbers each."""
    count = max(1, BLOCK // max(numbers, 1))
    return (slice(i, i + count) for i in range(0, images, count))


def _columns(x: np.ndarray, kernel: Any, size: Any, how: Geometry) -> np.ndarray:
    """(N, C, H, W) -> (N, G, C/G * kh * kw, P): every window as a column, which copies the image kh * kw times."""
    seen = windows(padded(x, how.padding), kernel, how.stride, how.dilation, size)
    return seen.reshape(len(x), how.groups, x.shape[1] // how.groups * math.prod(kernel), math.prod(size))


def _shifted(x: np.ndarray, kw: int) -> np.ndarray:
    """(N, C, H, W) -> (N, kw * C, H * ow): the image kw times, each a column further.

    Moved down by i rows it is a plain slice, from i * ow on: this copies kw times where columns copy kh * kw times.
    """
    n, c, h, w = x.shape
    out = np.empty((n, kw, c, h, w - kw + 1), x.dtype)
    for j in range(kw):
        out[:, j] = x[..., j : j + w - kw + 1]
    return out.reshape(n, kw * c, -1)


def _rows_times(x: np.ndarray, weight: np.ndarray, padding: Pairs, out: np.ndarray) -> None:
    """The convolution of images into `out`, one product for each row of the kernel."""
    n, o, oh, ow = out.shape
    kh, kw = weight.shape[2:]
    rows = weight.transpose(2, 0, 3, 1).reshape(kh, o, -1)  # (kh, O, kw * C)
    for block in _blocks(n, rows.shape[2] * oh * ow):
        shifted = _shifted(padded(x[block], padding), kw)
        total = rows[0] @ shifted[..., : oh * ow]  # (N, O, P)
        for i in range(1, kh):
            total += rows[i] @ shifted[..., i * ow : (i + oh) * ow]
        out[block] = total.reshape(-1, o, oh, ow)


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
    n, (o, _, *kernel) = len(input), weight.shape
    size = how.size(input.shape, kernel)
    out = np.empty((n, o, *size), input.dtype)
    if _in_rows(weight.shape, how):
        _rows_times(input, weight, how.padding, out)
    else:
        grouped = weight.reshape(how.groups, o // how.groups, math.prod(weight.shape[1:]))
        for block in _blocks(n, input.shape[1] * math.prod(kernel) * math.prod(size)):
            product = grouped @ _columns(input[block], kernel, size, how)  # (N, G, O/G, P)
            out[block] = product.reshape(-1, o, *size)
    if bias is not None:
        out += bias if bias.ndim > 1 else bias[:, None, None]
    return out


@differentiable(
    quiet=True,
    input=lambda g, input_shape, weight, how: _first(ops.convolve(g, weight, None, how), input_shape),
    weight=lambda g, input, weight_shape, how: ops.conv_weight(g, input, tuple(weight_shape), how),
)
def conv_input(input, weight, shape, how):
    """(N, O, oh, ow), (O, C/G, kh, kw) -> `shape`, (N, C, H, W): each number spread over the window it came from."""
    (n, o, *size), kernel = input.shape, weight.shape[2:]
    out = np.empty(shape, input.dtype)
    (a, b), (c, d) = around = tuple([(k - 1 - a, k - 1 - b) for k, (a, b) in zip(kernel, how.padding, strict=True)])
    if _in_rows(weight.transpose(1, 0, 2, 3).shape, how) and min(a, b, c, d) >= 0:
        turned = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)  # the same operation, with the kernel turned round
        _rows_times(input, turned, around, out)
        return out
    grouped = weight.reshape(how.groups, o // how.groups, math.prod(weight.shape[1:])).mT  # (G, C/G * kh * kw, O/G)
    for block in _blocks(n, shape[1] * math.prod(kernel) * math.prod(size)):
        columns = grouped @ input[block].reshape(-1, how.groups, o // how.groups, math.prod(size))
        columns = columns.reshape(-1, shape[1], *kernel, *size)
        out[block] = overlaid(columns, (len(columns), *shape[1:]), how.padding, how.stride, how.dilation)
    return out


@differentiable(
    quiet=True,
    input=lambda g, input_shape, grad, how: ops.conv_input(grad, g, tuple(input_shape), how),
    grad=lambda g, input, grad_shape, how: _first(ops.convolve(input, g, None, how), grad_shape),
)
def conv_weight(input, grad, shape, how):
    """(N, C, H, W), (N, O, oh, ow) -> `shape`, (O, C/G, kh, kw): how each window goes with what became of it."""
    (n, o, *size), (kh, kw), p = grad.shape, shape[2:], math.prod(grad.shape[2:])
    if _in_rows(shape, how):
        out, flat = np.zeros((kh, o, kw * shape[1]), input.dtype), grad.reshape(n, o, p)
        for block in _blocks(n, kw * shape[1] * p):
            x = _shifted(padded(input[block], how.padding), kw)
            for i in range(kh):
                out[i] += (flat[block] @ x[..., i * size[1] : i * size[1] + p].mT).sum(0)
        return out.reshape(kh, o, kw, shape[1]).transpose(1, 3, 0, 2)
    out, flat = np.zeros(shape, input.dtype), grad.reshape(n, how.groups, o // how.groups, p)
    for block in _blocks(n, input.shape[1] * kh * kw * p):
        out += (flat[block] @ _columns(input[block], (kh, kw), size, how).mT).sum(0).reshape(shape)
    return out


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
