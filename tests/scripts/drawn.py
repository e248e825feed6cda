"""What the scripts share: parameters and noise drawn by numpy, so that both libraries start alike, and the printing."""

import numpy as np
import torch


def parameters(*models, seed=0):
    """Draw every parameter anew: uniform, scaled by the size of its last axis."""
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for model in models:
            for p in model.parameters():
                bound = 1 / p.shape[-1] ** 0.5
                p.copy_(torch.from_numpy(rng.uniform(-bound, bound, tuple(p.shape))))


def normal(rng, *size):
    return torch.from_numpy(rng.standard_normal(size))


def show(step, *losses):
    print(step, *(torch.as_tensor(loss).detach().double().item() for loss in losses))


def checksums(*models):
    """A line for each parameter and buffer: its name, its size, and its product with a fixed vector."""
    for model in models:
        for name, value in model.state_dict().items():
            x = value.detach().double().numpy().ravel()
            print(name, x.size, float(x @ np.cos(np.arange(x.size))))
