"""Iris: three species from four lengths, with scaled inputs, one-hot targets, live curves, and everything saved.

50 flowers are held out. Which ones matters more than the network: of other splits, many leave two wrong, not one.
"""

import tempfile
from pathlib import Path

import numpy as np

import learnnn as torch
from learnnn import datasets, nn, optim
from learnnn.training import LivePlot, Trainer
from learnnn.training.preprocessing import StandardScaler


def build() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))


def main() -> dict[str, float]:
    torch.manual_seed(0)
    (X, y), (X_val, y_val) = datasets.iris(split=1 / 3, seed=7, scale=False)  # cm
    scaler = StandardScaler().fit(X)  # on the training part alone
    X, X_val = scaler.transform(X), scaler.transform(X_val)
    one_hot = np.eye(3)
    Y, Y_val = one_hot[y], one_hot[y_val]  # (N, 3)

    model = build()
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), metrics=["accuracy"])
    folder = Path(tempfile.mkdtemp(prefix="learnnn-iris-"))
    plot = LivePlot(folder / "curves.png", interval=2)  # redrawn while it trains
    history = trainer.fit(X, Y, epochs=100, batch_size=16, validation_data=(X_val, Y_val), callbacks=[plot])

    torch.save(model.state_dict(), folder / "parameters.safetensors")
    torch.save(dict(history), folder / "history.safetensors")
    print(f"parameters, history and curves are in {folder}")

    again = build()  # a new model, with the parameters from the file
    again.load_state_dict(torch.load(folder / "parameters.safetensors"))
    trainer = Trainer(again, nn.CrossEntropyLoss(), optim.Adam(again.parameters()), metrics=["accuracy"])
    return {
        "training accuracy": trainer.evaluate(X, Y)["accuracy"],
        "validation accuracy": trainer.evaluate(X_val, Y_val)["accuracy"],
    }


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.1%}")
