"""Optimizers that divide each gradient by its own size so far: Adagrad, RMSprop, Adadelta."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .optimizer import Optimizer, checked, settings


class Adagrad(Optimizer):
    """p -= lr * g / sqrt(sum of g^2 so far): steps shrink most where gradients were large (Duchi et al. 2011).

    >>> import learnnn as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    remembers = ("sum",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: Any = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: Any = None,
        decoupled_weight_decay: bool = False,
        l1: float = 0,
    ):
        checked(
            {
                "lr_decay value": (lr_decay, lr_decay >= 0),
                "initial_accumulator_value": (initial_accumulator_value, initial_accumulator_value >= 0),
                "epsilon value": (eps, eps >= 0),
            }
        )
        super().__init__(params, settings(locals()))
        for group in self.param_groups:  # PyTorch does so too, before the first step
            for p in group["params"]:
                self.begin(self.state[p], p, group)

    def begin(self, state: dict[str, Any], p: Tensor, group: dict[str, Any]) -> None:
        super().begin(state, p, group)
        state["sum"].array += group["initial_accumulator_value"]

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        return {"rate": group["lr"] / (1 + (now - 1) * group["lr_decay"]), "eps": group["eps"]}

    def update(self, p, g, memory, t, *, rate, eps):
        (total,) = memory
        total += np.multiply(g, g, out=t)
        p -= rate * g / (np.sqrt(total, out=t) + eps)


class RMSprop(Optimizer):
    """p -= lr * g / sqrt(running mean of g^2) (Hinton's lecture 6e, 2012); centered: of (g - mean g)^2 (Graves 2013).

    >>> import learnnn as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    remembers = ("square_avg", "momentum_buffer", "grad_avg")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: Any = None,
        maximize: bool = False,
        differentiable: bool = False,
        *,
        decoupled_weight_decay: bool = False,
        l1: float = 0,
    ):
        checked(
            {
                "alpha value": (alpha, alpha >= 0),
                "epsilon value": (eps, eps >= 0),
                "momentum value": (momentum, momentum >= 0),
            }
        )
        super().__init__(params, settings(locals()))

    def kept(self, group: dict[str, Any]) -> tuple[str, ...]:
        needed = (True, group["momentum"] > 0, group["centered"])
        return tuple([name for name, kept in zip(self.remembers, needed, strict=True) if kept])

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        return {name: group[name] for name in ("lr", "alpha", "eps", "momentum", "centered")}

    def update(self, p, g, memory, t, *, lr, alpha, eps, momentum, centered):
        v, *others = memory
        v *= alpha
        v += (1 - alpha) * g * g
        size = v
        if centered:
            mean = others.pop()
            mean += (1 - alpha) * (g - mean)
            size = v - mean * mean
        step = g / (np.sqrt(size, out=t) + eps)
        if momentum:
            (b,) = others
            b *= momentum
            b += step
            step = b
        p -= lr * step


class Adadelta(Optimizer):
    """RMSprop whose rate follows from the steps it took: no learning rate to choose (Zeiler 2012).

    p -= lr * g * sqrt(running mean of step^2 + eps) / sqrt(running mean of g^2 + eps)
    """

    remembers = ("square_avg", "acc_delta")

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: Any = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
        decoupled_weight_decay: bool = False,
        l1: float = 0,
    ):
        checked({"rho value": (rho, 0 <= rho <= 1), "epsilon value": (eps, eps >= 0)})
        super().__init__(params, settings(locals()))

    def numbers(self, group: dict[str, Any], now: Any) -> dict[str, Any]:
        return {name: group[name] for name in ("lr", "rho", "eps")}

    def update(self, p, g, memory, t, *, lr, rho, eps):
        squares, steps = memory
        squares *= rho
        squares += (1 - rho) * g * g
        step = np.sqrt((steps + eps) / (squares + eps)) * g
        steps *= rho
        steps += (1 - rho) * step * step
        p -= lr * step
