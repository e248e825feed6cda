"""What there is to compute on: the CPU. The names by which scripts ask for more are here, and answer no."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class device:
    """Where a tensor lives. Here that is always the CPU; any other raises RuntimeError.

    >>> device("cpu")
    device(type='cpu')
    """

    type, index = "cpu", None

    def __init__(self, name: Any = "cpu", index: int | None = None):
        if str(getattr(name, "type", name)).split(":")[0] != "cpu":
            raise RuntimeError(f"learnnn computes on the CPU only, device {name!r} does not exist: use 'cpu'")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device)

    def __hash__(self) -> int:
        return hash("cpu")

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __enter__(self) -> device:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


def on_cpu(name: Any) -> None:
    """RuntimeError if a device is named and is not the CPU."""
    if name is not None:
        device(name)


def set_default_device(device: Any) -> None:
    """Accepted for the CPU; any other device raises RuntimeError."""
    on_cpu(device)


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted: everything here is deterministic already."""


def set_float32_matmul_precision(precision: str) -> None:
    """Accepted: float32 is multiplied as float32, the highest precision there is."""


def _nothing(*args: Any, **kwargs: Any) -> None:
    """What there is to do for a device that does not exist."""


def _absent(**more: Any) -> SimpleNamespace:
    """The functions of a kind of device of which there are none."""
    return SimpleNamespace(
        is_available=lambda: False, device_count=lambda: 0, synchronize=_nothing, empty_cache=_nothing,
        manual_seed=_nothing, manual_seed_all=_nothing, **more,
    )  # fmt: skip


accelerator = _absent(current_accelerator=_nothing)
cuda = _absent(is_bf16_supported=lambda: False)
mps = _absent()
backends = SimpleNamespace(
    cudnn=SimpleNamespace(is_available=lambda: False, enabled=False, deterministic=False, benchmark=False),
    mps=SimpleNamespace(is_available=lambda: False, is_built=lambda: False),
)
