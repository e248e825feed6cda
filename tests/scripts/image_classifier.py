"""An image classifier: convolutions, batch normalization, pooling, dropout; SGD with momentum under OneCycleLR."""

import drawn
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(1)


class Dropout(nn.Module):
    """Dropout with numpy's noise."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        keep = torch.from_numpy(rng.random(tuple(x.shape)) >= self.p)
        return x * keep / (1 - self.p)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding="same", bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3, stride=1, padding=1, groups=2),
            nn.GroupNorm(4, 8),
            nn.LeakyReLU(0.1),
            nn.AvgPool2d(2),
            nn.Conv2d(8, 8, 3, padding=2, dilation=2, padding_mode="circular"),
            nn.AdaptiveAvgPool2d(1),
        )
        self.classifier = nn.Sequential(nn.Flatten(), Dropout(0.25), nn.Linear(8, 3))

    def forward(self, x):
        return self.classifier(self.features(x))


images = rng.standard_normal((50, 1, 12, 12))
labels = rng.integers(0, 3, 50)
for i, label in enumerate(labels):
    images[i, 0, 4 * label : 4 * label + 4] += 1  # a bright band tells the class
train = TensorDataset(torch.from_numpy(images[:40]), torch.tensor(labels[:40]))
loader = DataLoader(train, batch_size=10, shuffle=False, drop_last=True)

model = Net()
drawn.parameters(model)
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3, nesterov=True)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.3, total_steps=20)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)

step = 0
for _ in range(5):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        drawn.show(step, loss.item(), norm, scheduler.get_last_lr()[0])
        step += 1

model.eval()
with torch.no_grad():
    logits = model(torch.from_numpy(images[40:]))
    right = (logits.argmax(dim=1) == torch.tensor(labels[40:])).sum().item()
    print("test", F.cross_entropy(logits, torch.tensor(labels[40:])).item(), right)
drawn.checksums(model)
