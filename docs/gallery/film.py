"""A GAN learns a ring of eight bells: what the generator makes, what the discriminator believes, and how many of the
bells are covered, at each moment of the training."""

import numpy as np

import learnnn as torch
from learnnn import inspection, nn, optim

torch.manual_seed(0)
centres = 2 * np.stack([np.cos(np.pi / 4 * np.arange(8)), np.sin(np.pi / 4 * np.arange(8))], 1)
real = torch.tensor(np.random.default_rng(0).normal(np.repeat(centres, 32, 0), 0.12)).float()
net = lambda a, b: nn.Sequential(nn.Linear(a, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, b))
G, D, bce = net(4, 2), net(2, 1), nn.BCEWithLogitsLoss()
g, d = (optim.Adam(model.parameters(), lr=2e-3, betas=(0.5, 0.9)) for model in (G, D))


def train(film):
    for step in range(801):
        made = G(torch.randn(256, 4))
        d.zero_grad()
        (bce(D(real), torch.ones(256, 1)) + bce(D(made.detach()), torch.zeros(256, 1))).backward()
        d.step()
        g.zero_grad()
        bce(D(made), torch.ones(256, 1)).backward()
        g.step()
        if step % 25 == 0:
            film.record(step)
    return film


train(inspection.film(G, real, noise=torch.randn(256, 4), discriminator=D, centres=centres))
