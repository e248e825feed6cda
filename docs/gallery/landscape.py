"""The loss over the plane of parameters in which a training moved most, with its path: turn the surface, walk the path,
cut the hills along both axes."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim

torch.manual_seed(0)
X, y = datasets.moons()
model, path = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)), []
optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
for _ in range(40):
    path.append({name: p.detach().clone() for name, p in model.named_parameters()})
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(torch.tensor(X).float()), torch.tensor(y)).backward()
    optimizer.step()
inspection.landscape(model, (X, y), path=path)
