"""WGAN-GP's critic (Gulrajani et al., 2017): the norm of a gradient is part of the loss, differentiated again."""

import drawn
import numpy as np
import torch
import torch.nn as nn
from torch import autograd

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(6)

critic = nn.Sequential(
    nn.Conv1d(1, 4, 3, padding=1),
    nn.Tanh(),
    nn.LayerNorm([4, 6]),
    nn.Flatten(),
    nn.Linear(24, 12),
    nn.SiLU(),
    nn.Linear(12, 1),
)
drawn.parameters(critic)
optimizer = torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.0, 0.9))


def penalty(real, fake):
    weight = torch.from_numpy(rng.random((len(real), 1, 1))).expand_as(real)
    mixed = (weight * real + (1 - weight) * fake).requires_grad_(True)
    scores = critic(mixed)
    (gradient,) = autograd.grad(
        outputs=scores,
        inputs=mixed,
        grad_outputs=torch.ones_like(scores),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )
    return ((gradient.view(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()


for step in range(20):
    real = drawn.normal(rng, 10, 1, 6) + 1
    fake = 0.5 * drawn.normal(rng, 10, 1, 6)
    optimizer.zero_grad()
    gp = penalty(real, fake)
    distance = critic(real).mean() - critic(fake).mean()
    loss = -distance + 10 * gp
    loss.backward()
    optimizer.step()
    drawn.show(step, loss, distance, gp)

x = drawn.normal(rng, 1, 6)
hessian = torch.autograd.functional.hessian(lambda x: critic(x.unsqueeze(0)).sum(), x)
print("hessian", *hessian.shape, hessian.sum().item(), hessian.abs().max().item())
drawn.checksums(critic)
