"""Dropout."""

from __future__ import annotations

from typing import Any

from . import functional as F
from ._module import Module


class Dropout(Module):
    """In training each element becomes 0 with probability p, the others grow by 1 / (1 - p) (Srivastava et al. 2014).

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Dropout(0.5).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
