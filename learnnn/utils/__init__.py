"""PyTorch's torch.utils: data sets and loaders."""

from . import data

__all__ = ["data"]
