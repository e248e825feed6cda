"""Dropout, of single elements and of whole channels."""

from __future__ import annotations

from typing import Any

from . import functional as F
from ._settings import Settled


class _Dropout(Settled):
    settings = {"p": 0.5, "inplace": False}  # noqa: RUF012
    function = "dropout"

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        F._check_rate(self.p)

    def forward(self, input: Any) -> Any:
        return getattr(F, self.function)(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training each element becomes 0 with probability p, the others grow by 1 / (1 - p) (Srivastava et al. 2014).

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Dropout(0.5).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """


class Dropout2d(_Dropout):
    """In training whole channels of (N, C, H, W) become 0 with probability p (Tompson et al. 2015)."""

    function = "dropout2d"
