"""The plane as a small network sees it after a second of training. Drag a point, add one, paint or erase: the verdict
follows."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim
from learnnn.training import Trainer

torch.manual_seed(0)
X, y = datasets.moons(300, noise=0.2)
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.03))
trainer.fit(X, y, epochs=40, batch_size=32, verbose=False)
inspection.decision_boundary(model, X, y)
