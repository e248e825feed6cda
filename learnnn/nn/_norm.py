"""Normalization layers: over the batch, over each image, over groups of channels, over the last axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd import check_tensor, wrap
from ..creation import ones, zeros
from . import functional as F
from ._module import Module
from .parameter import Parameter


class _Norm(Module):
    """A scale of ones and a shift of zeros, where they are asked for."""

    weight: Any
    bias: Any

    def _affine(self, shape: tuple[int, ...], weight: bool, bias: bool, dtype: Any) -> None:
        self.register_parameter("weight", Parameter(ones(shape, dtype=dtype)) if weight else None)
        self.register_parameter("bias", Parameter(zeros(shape, dtype=dtype)) if weight and bias else None)

    def reset_parameters(self) -> None:
        """Back to ones and zeros."""
        for parameter, value in ((self.weight, 1), (self._parameters.get("bias"), 0)):
            if parameter is not None:
                parameter.data.fill_(value)


class _Tracking(_Norm):
    """A norm by channel that can keep running moments, for use in evaluation."""

    ranks: tuple[int, ...]  # numbers of axes that the input may have
    refusal: type[Exception] = RuntimeError  # of another number of channels

    def __init__(self, num_features: int, eps: float, momentum: Any, affine: bool, track: bool, dtype: Any, bias: bool):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track
        self._affine((num_features,), affine, bias, dtype)
        self.register_buffer("running_mean", zeros(num_features, dtype=dtype) if track else None)
        self.register_buffer("running_var", ones(num_features, dtype=dtype) if track else None)
        self.register_buffer("num_batches_tracked", wrap(np.zeros((), np.int64)) if track else None)

    def reset_running_stats(self) -> None:
        """Forget the moments of all batches so far."""
        if self.track_running_stats:
            for buffer, value in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
                buffer.fill_(value)

    def reset_parameters(self) -> None:
        """Back to ones and zeros, and nothing seen."""
        self.reset_running_stats()
        super().reset_parameters()

    def _check(self, input: Any) -> None:
        check_tensor(type(self).__name__, input)
        if input.ndim not in self.ranks:
            wanted = " or ".join(f"{rank}D" for rank in self.ranks)
            raise ValueError(f"{self._label()}: expected {wanted} input (got {input.ndim}D input)")
        channels = input.shape[self._channel_axis(input)]
        if channels != self.num_features and (self.affine or self.running_mean is not None):
            raise (self.refusal if self.affine else RuntimeError)(
                f"{self._label()} expects {self.num_features} channels, got {channels}: the input is "
                f"{tuple(input.shape)}; did you mean nn.{type(self).__name__}({channels})?"
            )

    def _channel_axis(self, input: Any) -> int:
        return 1

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Tracking):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype, bias)

    def forward(self, input: Any) -> Any:
        self._check(input)
        train = self.training or self.running_mean is None
        if not (self.training and self.track_running_stats):
            return F.batch_norm(input, *self._running(not train), self.weight, self.bias, train, 0.0, self.eps)
        seen = self.num_batches_tracked.item() + 1
        momentum = 1 / seen if self.momentum is None else self.momentum
        out = F.batch_norm(input, *self._running(True), self.weight, self.bias, True, momentum, self.eps)
        self.num_batches_tracked.fill_(seen)  # only now: an input that was refused is not counted
        return out

    def _running(self, used: bool) -> tuple[Any, Any]:
        return (self.running_mean, self.running_var) if used else (None, None)


class BatchNorm1d(_BatchNorm):
    """Each feature to mean 0 and variance 1 over the batch: (N, C) or (N, C, L) (Ioffe and Szegedy 2015).

    In evaluation by the running mean and variance, which move towards each batch's by `momentum`, or are the mean
    over all batches where it is None. ValueError for another number of axes, or one value a feature in training.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.BatchNorm1d(1, eps=0)(torch.tensor([[1.0], [3.0]])).tolist()
    [[-1.0], [1.0]]
    """

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Each channel to mean 0 and variance 1 over the batch and all places: (N, C, H, W); see BatchNorm1d.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> list(nn.BatchNorm2d(3).state_dict())
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
    """

    ranks = (4,)


class InstanceNorm2d(_Tracking):
    """Each channel of each image to mean 0 and variance 1: (N, C, H, W) or (C, H, W) (Ulyanov et al. 2016).

    ValueError for another number of axes, or images of one place in training.
    """

    ranks, refusal = (3, 4), ValueError

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype, bias)

    def _channel_axis(self, input: Any) -> int:
        return input.ndim - 3

    def forward(self, input: Any) -> Any:
        self._check(input)
        x = input if input.ndim == 4 else input.unsqueeze(0)
        own = self.training or not self.track_running_stats
        out = F.instance_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, own, self.momentum, self.eps
        )
        return out if input.ndim == 4 else out.squeeze(0)


class GroupNorm(_Norm):
    """Groups of channels of each example to mean 0 and variance 1: (N, C, ...) (Wu and He 2018).

    ValueError if the channels cannot be divided into so many groups.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.GroupNorm(2, 6)(torch.zeros(4, 6, 8, 8)).shape
    (4, 6, 8, 8)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._affine((num_channels,), affine, bias, dtype)

    def forward(self, input: Any) -> Any:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def _shape(sizes: Any) -> tuple[int, ...]:
    return tuple(sizes) if isinstance(sizes, tuple | list) else (sizes,)


class LayerNorm(_Norm):
    """The last axes, of shape `normalized_shape`, to mean 0 and variance 1 for each example (Ba et al. 2016).

    RuntimeError for an input that does not end in that shape.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.LayerNorm(2, eps=0)(torch.tensor([1.0, 3.0])).tolist()
    [-1.0, 1.0]
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape, self.eps, self.elementwise_affine = _shape(normalized_shape), eps, elementwise_affine
        self._affine(self.normalized_shape, elementwise_affine, bias, dtype)

    def forward(self, input: Any) -> Any:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Norm):
    """The last axes divided by the root of their mean square, times a weight (Zhang and Sennrich 2019).

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.RMSNorm(2)(torch.tensor([3.0, 3.0]))
    tensor([1., 1.], grad_fn=<NormalizeBackward0>)
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape, self.eps, self.elementwise_affine = _shape(normalized_shape), eps, elementwise_affine
        scale = Parameter(ones(self.normalized_shape, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", scale)

    def forward(self, input: Any) -> Any:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
