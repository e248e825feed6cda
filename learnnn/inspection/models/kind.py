"""Whose model, whose tensor?"""

from __future__ import annotations

import sys
from typing import Any


def is_torch(thing: Any) -> bool:
    """Is it PyTorch's tensor or module? Nothing is imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, (torch.Tensor, torch.nn.Module))
