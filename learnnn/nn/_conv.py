"""Convolutions: a kernel moved over signals and images, and the transposed kind that makes them larger."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

from ..creation import empty
from ..ops.image import each
from ..tensor import Tensor
from . import functional as F
from . import init
from ._module import Module
from .parameter import Parameter

_MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Module):
    """What all convolutions share. Weights and bias begin evenly within 1 / sqrt(fan in), as in PyTorch."""

    dims: int
    transposed = False
    bias: Any
    padding: Any

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        output_padding: Any,
        dilation: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
        untied: Any = None,
    ):
        super().__init__()
        _check_settings(in_channels, out_channels, groups, stride, padding, padding_mode, self.transposed)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = each(kernel_size, self.dims), each(stride, self.dims, "stride")
        self.padding = padding if isinstance(padding, str) else each(padding, self.dims, "padding")
        self.dilation = each(dilation, self.dims, "dilation")
        self.output_padding = each(output_padding, self.dims, "output_padding")
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(first, second // groups, *self.kernel_size, dtype=dtype))
        places = () if untied is None else each(untied, self.dims, "untied_bias")
        self.register_parameter("bias", Parameter(empty(out_channels, *places, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """New random values."""
        fan_in = math.prod(self.weight.shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0
        for parameter in self.parameters(recurse=False):
            init.uniform_(parameter, -bound, bound)

    def _try(self, function: Callable, input: Any, *args: Any) -> Any:
        try:
            return function(input, self.weight, self.bias, *args)
        except (TypeError, ValueError, RuntimeError, AttributeError) as error:
            self._explain(input, error)

    def _explain(self, input: Any, error: Exception) -> NoReturn:
        """Raise what is wrong with the input, or else the error itself, in the name of this layer."""
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{self._label()} takes a Tensor, got {type(input).__name__}: make one with torch.tensor(...)"
            ) from None
        shape = tuple(input.shape)
        channels = shape[-self.dims - 1] if len(shape) in (self.dims + 1, self.dims + 2) else None
        if channels is not None and channels != self.in_channels:
            raise RuntimeError(
                f"{self._label()} expects {self.in_channels} channels, got {channels}: the input is {shape}"
                + self._hint(shape)
            ) from None
        raise type(error)(f"{self._label()}: {error}") from None

    def _hint(self, shape: tuple[int, ...]) -> str:
        if len(shape) == self.dims + 1 and self.in_channels == 1:
            return f"; did you mean x.unsqueeze(1), which makes it {(shape[0], 1, *shape[1:])}?"
        if shape[-1] == self.in_channels:
            return "; are the channels its last axis? Then move them, as in x.movedim(-1, 1)"
        return f"; did you mean nn.{type(self).__name__}({shape[-self.dims - 1]}, {self.out_channels}, ...)?"

    def extra_repr(self) -> str:
        none, one = (0,) * self.dims, (1,) * self.dims
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        usual = {"padding": none, "dilation": one, "output_padding": none, "groups": 1, "padding_mode": "zeros"}
        told = [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        if self.bias is None:
            told.insert(len(told) - (self.padding_mode != "zeros"), "bias=False")
        return ", ".join(parts + told)


def _check_settings(
    in_channels: int, out_channels: int, groups: int, stride: Any, padding: Any, mode: str, transposed: bool
) -> None:
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise ValueError(f"{name} must be divisible by groups: {channels} channels, {groups} groups")
    if isinstance(padding, str) and (transposed or padding not in ("same", "valid")):
        raise ValueError(f"Invalid padding string {padding!r}, should be one of 'same', 'valid', or numbers")
    if padding == "same" and any(s != 1 for s in (stride if isinstance(stride, tuple | list) else [stride])):
        raise ValueError("padding='same' is not supported for strided convolutions: say how much, as in padding=1")
    if mode not in _MODES or (transposed and mode != "zeros"):
        raise ValueError(f"padding_mode must be one of {_MODES}, zeros only where transposed, but got {mode!r}")


class _Forward(_Conv):
    """A convolution, from outside to inside."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        *,
        untied_bias: Any = None,
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode, dtype,
            untied_bias,
        )  # fmt: skip

    def forward(self, input: Any) -> Any:
        return self._try(self._convolve, input)

    def _convolve(self, input: Any, weight: Any, bias: Any) -> Any:
        function = F.conv1d if self.dims == 1 else F.conv2d
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._around(), self.padding_mode), 0
        return function(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def _around(self) -> list[int]:
        """(before, after) for each axis, the last first, as `F.pad` takes them."""
        if self.padding == "valid":
            return [0] * (2 * self.dims)
        spans = [d * (k - 1) for k, d in zip(self.kernel_size, self.dilation, strict=True)]
        pairs = [(s // 2, s - s // 2) for s in spans] if self.padding == "same" else [(p, p) for p in self.padding]
        return [p for pair in reversed(pairs) for p in pair]


class Conv1d(_Forward):
    """A kernel moved along signals: (N, in, L) -> (N, out, L').

    `untied_bias` is the length of the output where each place is to have a bias of its own. RuntimeError for an
    input with another number of channels, or shorter than the kernel.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Conv1d(2, 4, kernel_size=3)(torch.zeros(5, 2, 10)).shape
    (5, 4, 8)
    """

    dims = 1


class Conv2d(_Forward):
    """A kernel moved over images: (N, in, H, W) -> (N, out, H', W') (LeCun et al. 1989).

    kernel_size, stride, padding and dilation are one number, or one for each axis; padding may be 'same'.
    `untied_bias` is the size of the output where each place is to have a bias of its own. RuntimeError for an input
    with another number of channels, or smaller than the kernel.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Conv2d(1, 8, kernel_size=(3, 5), padding="same")(torch.zeros(2, 1, 28, 28)).shape
    (2, 8, 28, 28)
    """

    dims = 2


class _Transposed(_Conv):
    """The gradient of a convolution, as a layer: from inside to outside."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, groups, bias,
            padding_mode, dtype,
        )  # fmt: skip

    def forward(self, input: Any, output_size: Any = None) -> Any:
        """`output_size` chooses among the sizes that a stride leaves open."""
        function = F.conv_transpose1d if self.dims == 1 else F.conv_transpose2d
        extra = self.output_padding if output_size is None else self._missing(input, output_size)
        return self._try(function, input, self.stride, self.padding, extra, self.groups, self.dilation)

    def _missing(self, input: Any, output_size: Any) -> list[int]:
        """The output padding that leads to `output_size`."""
        wanted = list(output_size)[-self.dims :]
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[-self.dims :], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        extra = [w - size for w, size in zip(wanted, least, strict=True)]
        if any(not 0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
            largest = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {largest} (for an input "
                f"of {list(input.shape)})"
            )
        return extra


class ConvTranspose1d(_Transposed):
    """Signals made longer: (N, in, L) -> (N, out, L'), about `stride` times as long.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.ConvTranspose1d(4, 2, kernel_size=2, stride=2)(torch.zeros(5, 4, 10)).shape
    (5, 2, 20)
    """

    dims = 1


class ConvTranspose2d(_Transposed):
    """Images made larger: (N, in, H, W) -> (N, out, H', W'), about `stride` times as large (Zeiler et al. 2010).

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.ConvTranspose2d(8, 3, kernel_size=4, stride=2, padding=1)(torch.zeros(2, 8, 7, 7)).shape
    (2, 3, 14, 14)
    """

    dims = 2
