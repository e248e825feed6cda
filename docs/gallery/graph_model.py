"""A network for handwritten digits, folded into its layers; unfold a layer to see the steps it is made of."""

import learnnn as torch
from learnnn import datasets, inspection, nn

torch.manual_seed(0)
X, _ = datasets.digits()
features = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
model = nn.Sequential(features, nn.Linear(72, 10), nn.LogSoftmax(dim=1))

inspection.graph(model, X[:4].reshape(4, 1, 8, 8), fold="depth 2", title="a network for digits, folded into its layers")
