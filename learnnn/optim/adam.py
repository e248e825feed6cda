"""Adam and AdamW."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import wrap
from ..tensor import Tensor
from .optimizer import Optimizer, checked


class Adam(Optimizer):
    """Steps of about lr in every direction: the mean gradient over its root mean square (Kingma and Ba 2015).

    m and v are running means of g and g^2, divided by 1 - beta^step because they begin at 0;
    p -= lr * m / (sqrt(v) + eps).

    >>> import learnnn as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    remembers = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: Any = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: Any = None,
        decoupled_weight_decay: bool = False,
    ):
        checked(
            {
                "learning rate": (lr, lr >= 0),
                "epsilon value": (eps, eps >= 0),
                "beta parameter at index 0": (betas[0], 0 <= betas[0] < 1),
                "beta parameter at index 1": (betas[1], 0 <= betas[1] < 1),
                "weight_decay value": (weight_decay, weight_decay >= 0),
                "differentiable": (differentiable, not differentiable),
            }
        )
        settings = {k: v for k, v in locals().items() if k not in ("self", "params", "__class__")}
        super().__init__(params, settings)

    def begin(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        state["step"] = wrap(np.zeros((), np.float32))
        for name in self.remembers[: 3 if group["amsgrad"] else 2]:
            state[name] = wrap(np.zeros_like(p.array))

    def advance(self, state: dict[str, Any]) -> Any:
        state["step"].array += 1
        return state["step"].array.item()

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        root = math.sqrt(1 - beta2**now)
        return {
            "beta1": beta1, "beta2": beta2,
            "rate": lr / (1 - beta1**now) * root, "eps": group["eps"] * root,  # root * m / (sqrt(v) + root * eps)
            "shrink": 1 - lr * decay if group["decoupled_weight_decay"] else 1.0,
            "decay": 0.0 if group["decoupled_weight_decay"] else decay,
        }  # fmt: skip

    def update(self, p, g, memory, t, *, beta1, beta2, rate, eps, shrink, decay):
        m, v, *largest = memory
        if shrink != 1.0:
            p *= shrink
        if decay:
            g = g + decay * p
        np.subtract(g, m, out=t)
        t *= 1 - beta1
        m += t  # m = beta1 * m + (1 - beta1) * g
        np.multiply(g, g, out=t)
        t *= 1 - beta2
        v *= beta2
        v += t
        if largest:
            v = np.maximum(largest[0], v, out=largest[0])
        np.sqrt(v, out=t)
        t += eps
        np.divide(m, t, out=t)
        t *= rate
        p -= t


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself, not its gradient (Loshchilov and Hutter 2019)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        **others: Any,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **others, decoupled_weight_decay=True)
