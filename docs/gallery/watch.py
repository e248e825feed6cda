"""A network of tanh layers that begins with weights far too large. Watched while it trains, it tells: which layers are
saturated, how the gradient flows back, and whether the steps have a healthy size."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim, training


def train(w):
    trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.05))
    trainer.fit(*datasets.digits(), epochs=2, callbacks=[w], verbose=False)
    return w


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 10))
with torch.no_grad():
    model[0].weight.mul_(30)
train(inspection.watch(model))
