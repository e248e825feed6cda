"""What a small network reaches on real digits. How fast: benchmarks/promises.py."""

import pytest

import learnnn as torch
from learnnn import datasets, nn, optim
from learnnn.training import Trainer


def train(parts, hidden, lr, epochs):
    (X, y), held_out = parts
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(X.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, 10))
    optimizer = optim.Adam(model.parameters(), lr=lr)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=["accuracy"])
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    slower = lambda epoch, logs: schedule.step()
    history = trainer.fit(X, y, epochs=epochs, batch_size=32, validation_data=held_out, callbacks=[slower])
    return history["val_accuracy"][-1]


def test_digits():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: it brings the digits")
    assert train(datasets.digits(split=0.2), hidden=128, lr=0.003, epochs=25) >= 0.97


@pytest.mark.slow
def test_mnist():
    try:
        parts = datasets.mnist(split=True, download=False)
    except RuntimeError:
        pytest.skip("MNIST is not on this machine")
    assert train(parts, hidden=128, lr=0.004, epochs=5) >= 0.94
