"""Pooling layers: a line of a table each."""

from __future__ import annotations

from typing import Any

from ..ops.image import each
from ._settings import REQUIRED, Settled, settled


class Pool(Settled):
    """A pooling of nn.functional as a module; without a stride, windows lie side by side.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.MaxPool2d(2)(torch.zeros(5, 3, 8, 8)).shape
    (5, 3, 4, 4)
    """

    stride: Any

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if "stride" in self.settings and self.stride is None:
            self.stride = self.kernel_size


class MaxPool(Pool):
    """The largest element of each window."""

    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")


class AvgPool(Pool):
    """The mean of each window."""

    shown = ("kernel_size", "stride", "padding")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.function == "avg_pool1d":  # PyTorch keeps these as tuples, in this one
            self.kernel_size, self.stride, self.padding = [each(getattr(self, name), 1) for name in self.shown]


_MAX: dict[str, Any] = {
    "kernel_size": REQUIRED, "stride": None, "padding": 0, "dilation": 1, "return_indices": False, "ceil_mode": False,
}  # fmt: skip
_AVG: dict[str, Any] = {
    "kernel_size": REQUIRED, "stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True,
}  # fmt: skip
MaxPool1d = settled("MaxPool1d", "max_pool1d", MaxPool, **_MAX)
MaxPool2d = settled("MaxPool2d", "max_pool2d", MaxPool, **_MAX)
AvgPool1d = settled("AvgPool1d", "avg_pool1d", AvgPool, **_AVG)
AvgPool2d = settled("AvgPool2d", "avg_pool2d", AvgPool, **_AVG, divisor_override=None)
AdaptiveAvgPool2d = settled("AdaptiveAvgPool2d", "adaptive_avg_pool2d", Pool, output_size=REQUIRED)
