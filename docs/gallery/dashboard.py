"""The curves of two runs over each other, to be hovered, smoothed and put on a logarithmic axis."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim, training


def train(dropout):
    torch.manual_seed(0)
    X, y = datasets.digits()
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(dropout), nn.Linear(64, 10))
    trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.003), ["accuracy"])
    return trainer.fit(X[:600], y[:600], epochs=25, validation_split=0.5, verbose=False)


inspection.dashboard({"without dropout": train(0.0), "with dropout": train(0.5)})
