"""Runs side by side: the settings in which they differ, and what came of each."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim, training


def train(name, make, **settings):
    torch.manual_seed(0)
    X, y = datasets.digits()
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    trainer = training.Trainer(model, nn.CrossEntropyLoss(), make(model.parameters(), **settings), ["accuracy"])
    trainer.fit(X, y, epochs=8, validation_split=0.2, verbose=False)
    return trainer.report(name)


slow, heavy = train("plain", optim.SGD, lr=0.05), train("momentum", optim.SGD, lr=0.05, momentum=0.9)
inspection.runs(slow, heavy, train("Adam", optim.Adam, lr=0.003))
