"""A small diffusion model, trained for a moment on the two moons, turns noise into data; beside it the moons, noised as
much. The arrows are the score that it has learned."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim

torch.manual_seed(0)
moons = torch.tensor((datasets.moons()[0] - [0.5, 0.25]) * 1.5).float()
betas = torch.linspace(0.002, 0.4, 50)
left = (1 - betas).cumprod(0)  # of the data, after each step
net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
eps = lambda x, t: net(torch.cat([x, left[t, None].sqrt(), (1 - left[t, None]).sqrt()], 1))
optimizer = optim.Adam(net.parameters(), lr=0.005)
for _ in range(1500):
    t, noise = torch.randint(50, (500,)), torch.randn(500, 2)
    x = left[t, None].sqrt() * moons + (1 - left[t, None]).sqrt() * noise
    optimizer.zero_grad()
    nn.functional.mse_loss(eps(x, t), noise).backward()
    optimizer.step()
inspection.denoise(eps, betas=betas, shape=(200, 2), data=moons)
