"""Layers that cut images into windows, put windows together, and change the size of images."""

from __future__ import annotations

from typing import Any

from ._settings import REQUIRED, Settled, settled

_STEPS: dict[str, Any] = {"kernel_size": REQUIRED, "dilation": 1, "padding": 0, "stride": 1}
Unfold = settled("Unfold", "unfold", **_STEPS)
Fold = settled("Fold", "fold", output_size=REQUIRED, **_STEPS)


class Upsample(Settled):
    """Images (N, C, H, W) or signals (N, C, L) of another size, or larger by a factor; see `nn.functional.interpolate`.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.Upsample(scale_factor=2, mode="bilinear")(torch.zeros(5, 3, 4, 4)).shape
    (5, 3, 8, 8)
    """

    function = "interpolate"
    settings = {  # noqa: RUF012
        "size": None, "scale_factor": None, "mode": "nearest", "align_corners": None, "recompute_scale_factor": None
    }  # fmt: skip
    scale_factor: Any

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        factor = self.scale_factor
        if factor is not None:
            self.scale_factor = tuple(map(float, factor)) if isinstance(factor, tuple) else float(factor)
        self.shown = ("size" if factor is None else "scale_factor", "mode")
