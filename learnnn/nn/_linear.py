"""Linear, and the layers that only pass on or reshape."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from .. import ops
from ..autograd import check_tensor
from ..creation import empty
from ..tensor import Tensor
from . import functional as F
from . import init
from ._module import Module
from .parameter import Parameter


class Linear(Module):
    """y = x @ weight.T + bias: (..., in_features) -> (..., out_features).

    weight (out_features, in_features) and bias (out_features,) begin evenly within 1 / sqrt(in_features), as in
    PyTorch. RuntimeError for an input of another width or dtype.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Linear(3, 2)(torch.zeros(5, 3)).shape
    (5, 2)
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(empty(out_features, in_features, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """New random values."""
        bound = 1 / math.sqrt(self.in_features) if self.in_features else 0
        for parameter in self.parameters(recurse=False):
            init.uniform_(parameter, -bound, bound)

    def forward(self, input: Any) -> Any:
        own = self._parameters  # python would look for self.weight in two other places first
        try:
            return F.linear(input, own["weight"], own["bias"])
        except KeyError:  # someone put a plain tensor in its place
            return F.linear(input, self.weight, self.bias)
        except (TypeError, ValueError, RuntimeError, AttributeError) as error:
            self._explain(input, error)

    def _explain(self, input: Any, error: Exception) -> NoReturn:
        """Raise what is wrong with the input, or else the error itself."""
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{self._label()} takes a Tensor, got {type(input).__name__}: make one with torch.tensor(...)"
            ) from None
        features = input.shape[-1] if input.ndim else 0
        if features != self.in_features:
            raise RuntimeError(
                f"{self._label()} expects {self.in_features} features, got {features}: the input is {input.shape}; "
                f"did you mean nn.Linear({features}, {self.out_features})?" + _flatten_hint(input, self.in_features)
            ) from None
        if input.dtype != self.weight.dtype:
            raise RuntimeError(
                f"{self._label()} expects {self.weight.dtype}, got {input.dtype}: mat1 and mat2 must have the same "
                f"dtype; convert the input, as in x.to(torch.{self.weight.dtype})"
            ) from None
        raise error

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def _flatten_hint(input: Tensor, wanted: int) -> str:
    if input.ndim > 2 and math.prod(input.shape[1:]) == wanted:
        return f" Or nn.Flatten() before it, which makes the input {(input.shape[0], wanted)}"
    return ""


class Bilinear(Module):
    """y_o = x1 . weight_o . x2 + bias_o: (..., in1_features), (..., in2_features) -> (..., out_features).

    weight (out_features, in1_features, in2_features) and bias (out_features,) begin evenly within
    1 / sqrt(in1_features), as in PyTorch. RuntimeError for inputs of other widths, batches or dtypes.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Bilinear(3, 4, 2)(torch.zeros(5, 3), torch.zeros(5, 4)).shape
    (5, 2)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter(empty(out_features, in1_features, in2_features, dtype=dtype, device=device))
        self.register_parameter("bias", Parameter(empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """New random values."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters(recurse=False):
            init.uniform_(parameter, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Identity(Module):
    """Hands on its input; takes and ignores any arguments."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Module):
    """Several axes as one: (N, a, b) -> (N, a * b) unless told otherwise.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Flatten()(torch.zeros(5, 8, 8)).shape
    (5, 64)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        check_tensor("flatten", input)
        return ops.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Reshape(Module):
    """Every example in another shape: (N, ...) -> (N, *shape). Not in PyTorch, where it is written in forward.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Reshape(1, 8, 8)(torch.zeros(5, 64)).shape
    (5, 1, 8, 8)
    """

    def __init__(self, *shape: int):
        super().__init__()
        self.shape = shape

    def forward(self, input: Any) -> Any:
        return ops.reshape(input, (input.shape[0], *self.shape))

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.shape))


class Unflatten(Module):
    """One axis as several: (N, a * b) -> (N, a, b) for dim=1 and sizes (a, b)."""

    def __init__(self, dim: int, unflattened_size: Any):
        super().__init__()
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Any) -> Any:
        check_tensor("unflatten", input)
        return ops.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
