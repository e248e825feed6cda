"""A variational autoencoder (Kingma and Welling, 2014): the reparametrization trick, and KL by hand and by name."""

import drawn
import numpy as np
import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(4)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 4, stride=2, padding=1), nn.SiLU(), nn.Conv2d(4, 8, 4, 2, 1), nn.ELU(), nn.Flatten()
        )
        self.mean = nn.Linear(32, 3)
        self.log_variance = nn.Linear(32, 3)
        self.decoder = nn.Sequential(
            nn.Linear(3, 32),
            nn.Softplus(),
            nn.Unflatten(1, (8, 2, 2)),
            nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1),
            nn.Mish(),
            nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1),
        )

    def reparameterize(self, mean, log_variance):
        return mean + torch.exp(0.5 * log_variance) * torch.from_numpy(rng.standard_normal(tuple(mean.shape)))

    def forward(self, x):
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        return self.decoder(self.reparameterize(mean, log_variance)), mean, log_variance


model = VAE()
drawn.parameters(model)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, amsgrad=True)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.95)
images = (rng.random((16, 1, 8, 8)) < np.linspace(0.1, 0.9, 8)).astype("float64")
x = torch.tensor(images)
for step in range(20):
    logits, mean, log_variance = model(x)
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
    named = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(torch.zeros(3), torch.ones(3))).sum()
    likelihood = -Bernoulli(logits=logits).log_prob(x).sum()
    loss = (reconstruction + likelihood) / 2 + (kl + named) / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    drawn.show(step, loss / len(x), kl, named)

with torch.no_grad():
    grid = torch.sigmoid(model.decoder(torch.eye(3)))
    large = F.interpolate(grid, scale_factor=2, mode="bilinear")
    print("grid", grid.mean().item(), grid.std().item(), large.max().item())
drawn.checksums(model)
