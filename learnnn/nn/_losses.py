"""Losses as modules: a line of a table each."""

from __future__ import annotations

from typing import Any

from . import functional as F
from ._settings import Settled, settled

_WEIGHTS = ("weight", "pos_weight")  # tensors, kept as buffers
_OLD = ("size_average", "reduce")  # PyTorch's older way to say reduction


class Loss(Settled):
    """A loss of nn.functional as a module: loss(input, target) -> a number, unless reduction is 'none'.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.MSELoss(reduction="sum")(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.0]))
    tensor(5.)
    """

    shown = ()
    reduction: Any

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if "reduce" in self.settings:
            size_average, reduce = [self.__dict__.pop(name) for name in _OLD]
            self.reduction = F._reduction(size_average, reduce, self.reduction)
        for name in _WEIGHTS:
            if name in self.settings:
                self.register_buffer(name, self.__dict__.pop(name))

    def forward(self, *inputs: Any) -> Any:
        chosen = {name: getattr(self, name) for name in self.settings if name not in _OLD}
        return getattr(F, self.function)(*inputs, **chosen)


def _loss(name: str, function: str, **settings: Any) -> Any:
    return settled(name, function, Loss, **settings)


_MEAN: dict[str, Any] = {"size_average": None, "reduce": None, "reduction": "mean"}
MSELoss = _loss("MSELoss", "mse_loss", **_MEAN)
L1Loss = _loss("L1Loss", "l1_loss", **_MEAN)
SmoothL1Loss = _loss("SmoothL1Loss", "smooth_l1_loss", **_MEAN, beta=1.0)
HuberLoss = _loss("HuberLoss", "huber_loss", reduction="mean", delta=1.0)
BCELoss = _loss("BCELoss", "binary_cross_entropy", weight=None, **_MEAN)
BCEWithLogitsLoss = _loss(
    "BCEWithLogitsLoss", "binary_cross_entropy_with_logits", weight=None, **_MEAN, pos_weight=None
)
NLLLoss = _loss("NLLLoss", "nll_loss", weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean")
CrossEntropyLoss = _loss(
    "CrossEntropyLoss", "cross_entropy", weight=None, size_average=None, ignore_index=-100, reduce=None,
    reduction="mean", label_smoothing=0.0,
)  # fmt: skip
KLDivLoss = _loss("KLDivLoss", "kl_div", **_MEAN, log_target=False)
GaussianNLLLoss = _loss("GaussianNLLLoss", "gaussian_nll_loss", full=False, eps=1e-6, reduction="mean")
TripletMarginLoss = _loss(
    "TripletMarginLoss", "triplet_margin_loss", margin=1.0, p=2.0, eps=1e-6, swap=False, **_MEAN
)  # fmt: skip
CosineEmbeddingLoss = _loss("CosineEmbeddingLoss", "cosine_embedding_loss", margin=0.0, **_MEAN)
