"""Adam and its kin: AdamW, NAdam, RAdam."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Optimizer, checked, count, settings


def check_means(betas: Any, eps: float) -> None:
    """ValueError for a running mean that cannot be."""
    within = {f"beta parameter at index {i}": (beta, 0 <= beta < 1) for i, beta in enumerate(betas)}
    checked({"epsilon value": (eps, eps >= 0), **within})


def follow(m: np.ndarray, v: np.ndarray, g: np.ndarray, t: np.ndarray, beta1: float, beta2: float) -> None:
    """Take g into the running means, m of g and v of g^2; t is scratch."""
    np.subtract(g, m, out=t)
    t *= 1 - beta1
    m += t  # m = beta1 * m + (1 - beta1) * g
    np.multiply(g, g, out=t)
    t *= 1 - beta2
    v *= beta2
    v += t


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
    ours = ("l1",)

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
        l1: float = 0,
    ):
        check_means(betas, eps)
        super().__init__(params, settings(locals()))

    def kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self.remembers[: 3 if group["amsgrad"] else 2]

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        lr, (beta1, beta2) = group["lr"], group["betas"]
        root = math.sqrt(1 - beta2**now)
        return {
            "beta1": beta1, "beta2": beta2,
            "rate": lr / (1 - beta1**now) * root, "eps": group["eps"] * root,  # root * m / (sqrt(v) + root * eps)
        }  # fmt: skip

    def update(self, p, g, memory, t, *, beta1, beta2, rate, eps):
        m, v, *largest = memory
        follow(m, v, g, t, beta1, beta2)
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


class NAdam(Adam):
    """Adam that looks a step ahead along its momentum, as Nesterov does (Dozat 2016).

    The weight mu of the momentum grows from beta1 / 2 towards beta1, the slower the smaller `momentum_decay`;
    `mu_product` in the state is the product of all so far.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: Any = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        l1: float = 0,
    ):
        check_means(betas, eps)
        checked({"momentum_decay value": (momentum_decay, momentum_decay >= 0)})
        Optimizer.__init__(self, params, settings(locals()))

    def kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self.remembers[:2]

    def begin(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        state["mu_product"] = count(1)
        super().begin(state, p, group)

    def advance(self, state: dict[str, Any], group: dict[str, Any]) -> Any:
        step = super().advance(state, group)
        state["mu_product"].array *= _weight(group, step)
        return step, state["mu_product"].array.item()

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        (step, product), (beta1, beta2) = now, group["betas"]
        mu, following = _weight(group, step), _weight(group, step + 1)
        return {
            "beta1": beta1, "beta2": beta2, "root": math.sqrt(1 - beta2**step), "eps": group["eps"],
            "of_g": group["lr"] * (1 - mu) / (1 - product),
            "of_m": group["lr"] * following / (1 - product * following),
        }  # fmt: skip

    def update(self, p, g, memory, t, *, beta1, beta2, root, eps, of_g, of_m):
        m, v = memory
        follow(m, v, g, t, beta1, beta2)
        np.sqrt(v, out=t)
        t /= root
        t += eps
        p -= (of_g * g + of_m * m) / t


def _weight(group: dict[str, Any], step: float) -> float:
    """mu: how much the momentum counts at this step."""
    return group["betas"][0] * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"]))


class RAdam(Adam):
    """Adam that trusts v only once it has seen enough gradients, and so needs no warm-up (Liu et al. 2020)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: Any = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        l1: float = 0,
    ):
        check_means(betas, eps)
        Optimizer.__init__(self, params, settings(locals()))

    def kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        return self.remembers[:2]

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        lr, (beta1, beta2) = group["lr"] / (1 - group["betas"][0] ** now), group["betas"]
        most = 2 / (1 - beta2) - 1  # length of the simple mean that v comes to be like
        length = most - 2 * now * beta2**now / (1 - beta2**now)
        trusted = length > 5
        if trusted:
            rectify = ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length)
            lr *= math.sqrt(rectify * (1 - beta2**now))
        return {"beta1": beta1, "beta2": beta2, "rate": lr, "eps": group["eps"], "trusted": trusted}

    def update(self, p, g, memory, t, *, beta1, beta2, rate, eps, trusted):
        m, v = memory
        follow(m, v, g, t, beta1, beta2)
        p -= rate * m / (np.sqrt(v) + eps) if trusted else rate * m
