"""Embedding: a table of vectors, one for each word, item or class."""

from __future__ import annotations

from typing import Any

from ..autograd import no_grad
from ..creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from ._module import Module
from .parameter import Parameter


class Embedding(Module):
    """Numbers of rows (...) -> the rows of the table (..., embedding_dim).

    weight (num_embeddings, embedding_dim) begins standard normal; row `padding_idx` begins as zeros and is not trained.
    Rows longer than `max_norm` are shortened when used. IndexError for a number out of range, RuntimeError for floats.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Embedding(10, 3)(torch.tensor([[1, 2], [4, 4]])).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise AssertionError("Padding_idx must be within num_embeddings")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        table = empty(num_embeddings, embedding_dim, dtype=dtype, device=device) if _weight is None else _weight
        if table.shape != (num_embeddings, embedding_dim):
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        self.weight = Parameter(table, requires_grad=not _freeze)
        if _weight is None:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """New random values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """A layer around a table (num_embeddings, embedding_dim) that exists; not trained if `freeze`.

        >>> import learnnn as torch
        >>> Embedding.from_pretrained(torch.eye(3))(torch.tensor([2])).tolist()
        [[0.0, 0.0, 1.0]]
        """
        if embeddings.ndim != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, size = embeddings.shape
        rest = padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
        return cls(rows, size, *rest, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Any) -> Any:
        rest = self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        return F.embedding(input, self.weight, self.padding_idx, *rest)

    def extra_repr(self) -> str:
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        extra = [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        return ", ".join([f"{self.num_embeddings}, {self.embedding_dim}", *extra])
