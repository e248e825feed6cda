"""Training without a module or an optimizer: parameters in a dictionary, gradients returned, nothing changed in place.

`autograd.grad` hands the gradients back and stores them nowhere; each step makes new parameters out of the old.
"""

from itertools import pairwise

import learnnn as torch
from learnnn import datasets
from learnnn.nn import functional as F

RATE, DECAY = 0.2, 1e-3  # decoupled decay: weights shrink by themselves, not through the loss
L1, L2, SMOOTHING = 1e-5, 1e-4, 0.05


def initial(sizes: tuple[int, ...] = (64, 48, 10)) -> dict[str, torch.Tensor]:
    """W1 (64, 48), b1 (48,), W2 (48, 10), b2 (10,)"""
    params = {}
    for i, (m, n) in enumerate(pairwise(sizes), 1):
        params[f"W{i}"] = (torch.randn(m, n) * (2 / m) ** 0.5).requires_grad_()
        params[f"b{i}"] = torch.zeros(n, requires_grad=True)
    return params


def predict(params: dict, x: torch.Tensor) -> torch.Tensor:
    """(N, 64) -> scores (N, 10)"""
    return F.relu(x @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]


def loss(params: dict, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    weights = [p for name, p in params.items() if name.startswith("W")]
    penalty = sum(L1 * w.abs().sum() + L2 / 2 * (w * w).sum() for w in weights)
    return F.cross_entropy(predict(params, x), y, label_smoothing=SMOOTHING) + penalty


def step(params: dict, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
    """The parameters after one step, as new tensors."""
    grads = torch.autograd.grad(loss(params, x, y), list(params.values()))
    shrink = {name: 1 - RATE * DECAY if name.startswith("W") else 1 for name in params}
    return {
        name: (p.detach() * shrink[name] - RATE * g).requires_grad_()
        for (name, p), g in zip(params.items(), grads, strict=True)
    }


def main() -> dict[str, float]:
    torch.manual_seed(0)
    (X, y), (X_test, y_test) = (map(torch.from_numpy, part) for part in datasets.digits(split=0.2))
    params = initial()
    for _ in range(30):
        for rows in torch.randperm(len(y)).split(32):
            params = step(params, X[rows], y[rows])
    return {"test accuracy": (predict(params, X_test).argmax(1) == y_test).float().mean().item()}


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.1%}")
