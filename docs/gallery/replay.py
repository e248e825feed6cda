"""Training, played back and forth: one slider moves every picture of the model to the same moment."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim, training

torch.manual_seed(0)
X, y = datasets.moons(200, noise=0.2)
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
recorder, w = inspection.Recorder(model), inspection.watch(model)
trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.02))
trainer.fit(X, y, epochs=40, callbacks=[recorder, w], verbose=False)
inspection.replay(recorder, inspection.decision_boundary(model, X, y, resolution=80), w)
