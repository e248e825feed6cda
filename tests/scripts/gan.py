"""A GAN on a ring of points (Goodfellow et al., 2014): two optimizers, detach, one network frozen for the other."""

import drawn
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(5)


class Generator(nn.Module):
    def __init__(self, latent=4):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(latent, 16), nn.BatchNorm1d(16), nn.ReLU(True), nn.Linear(16, 2), nn.Tanh())

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(2, 16),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(16, 16),
            nn.PReLU(),
            nn.Linear(16, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.main(x).squeeze(-1)


def weights_init(m):
    if m.__class__.__name__.find("BatchNorm") != -1:
        nn.init.constant_(m.weight, 1.0)
        nn.init.constant_(m.bias, 0)


G, D = Generator(), Discriminator()
drawn.parameters(G, D)
G.apply(weights_init)
D.apply(weights_init)
optimizer_d = optim.Adam(D.parameters(), lr=0.01, betas=(0.5, 0.999))
optimizer_g = optim.RMSprop(G.parameters(), lr=0.005, alpha=0.9, centered=True)
criterion = nn.BCELoss()
for step in range(20):
    angle = rng.uniform(0, 2 * np.pi, 24)
    real = torch.tensor(np.stack([np.cos(angle), np.sin(angle)], 1) * 0.8)
    z = drawn.normal(rng, 24, 4)

    D.zero_grad()
    loss_real = criterion(D(real), torch.full((24,), 0.9))
    loss_real.backward()
    fake = G(z)
    loss_fake = criterion(D(fake.detach()), torch.zeros(24))
    loss_fake.backward()
    optimizer_d.step()

    for p in D.parameters():
        p.requires_grad_(False)
    G.zero_grad()
    loss_g = criterion(D(fake), torch.ones(24))
    loss_g.backward()
    optimizer_g.step()
    for p in D.parameters():
        p.requires_grad_(True)
    drawn.show(step, loss_real + loss_fake, loss_g, fake.norm(dim=1).mean())

drawn.checksums(G, D)
