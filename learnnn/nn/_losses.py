"""Losses as modules. All are one class over one table: the function of nn.functional and its settings."""

from __future__ import annotations

from typing import Any

from . import functional as F
from ._module import Module

_WEIGHTS = ("weight", "pos_weight")  # tensors, kept as buffers
_OLD = {"size_average": None, "reduce": None}


class Loss(Module):
    """A loss of nn.functional as a module: loss(input, target) -> a number, unless reduction is 'none'.

    >>> import learnnn as torch
    >>> from learnnn import nn
    >>> nn.MSELoss(reduction="sum")(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.0]))
    tensor(5.)
    """

    function: str
    settings: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()
        given = dict(zip(self.settings, args, strict=False)) | kwargs
        if len(args) > len(self.settings) or not given.keys() <= self.settings.keys():
            raise TypeError(f"{type(self).__name__}() takes ({', '.join(self.settings)}), got {[*args, *kwargs]}")
        values = self.settings | given
        size_average, reduce = values.pop("size_average"), values.pop("reduce")
        values["reduction"] = F._reduction(size_average, reduce, values["reduction"])
        for name, value in values.items():
            self.register_buffer(name, value) if name in _WEIGHTS else setattr(self, name, value)

    def forward(self, input: Any, target: Any) -> Any:
        chosen = {name: getattr(self, name) for name in self.settings if name not in _OLD}
        return getattr(F, self.function)(input, target, **chosen)


def _loss(name: str, function: str, **settings: Any) -> type[Loss]:
    purpose = getattr(F, function).__doc__.partition("\n")[0]
    doc = f"{purpose}\n\nThe module of `nn.functional.{function}`; settings: {', '.join(settings)}."
    return type(name, (Loss,), {"function": function, "settings": settings, "__doc__": doc, "__module__": __name__})


_MEAN = {**_OLD, "reduction": "mean"}
MSELoss = _loss("MSELoss", "mse_loss", **_MEAN)
L1Loss = _loss("L1Loss", "l1_loss", **_MEAN)
BCELoss = _loss("BCELoss", "binary_cross_entropy", weight=None, **_MEAN)
BCEWithLogitsLoss = _loss(
    "BCEWithLogitsLoss", "binary_cross_entropy_with_logits", weight=None, **_MEAN, pos_weight=None
)
NLLLoss = _loss("NLLLoss", "nll_loss", weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean")
CrossEntropyLoss = _loss(
    "CrossEntropyLoss", "cross_entropy", weight=None, size_average=None, ignore_index=-100, reduce=None,
    reduction="mean", label_smoothing=0.0,
)  # fmt: skip
