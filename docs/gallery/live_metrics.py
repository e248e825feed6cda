"""Loss and accuracy while they come in, with the time that is left: a callback that draws in the cell that trains."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim, training


def train(metrics):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.003), ["accuracy"])
    trainer.fit(*datasets.digits(), epochs=12, validation_split=0.2, callbacks=[metrics], verbose=False)
    return metrics


train(inspection.LiveMetrics())
