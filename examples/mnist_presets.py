"""MNIST by presets, networks described in a table: each is trained and reported, and a page compares the runs."""

import tempfile
from pathlib import Path

import learnnn as torch
from learnnn import datasets, nn, optim
from learnnn.training import Trainer, compare


def dense() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))


def convolutional(untied: bool) -> nn.Sequential:
    """Kernels and strides that are no squares; a bias for each channel or, untied, for each place of each channel."""
    return nn.Sequential(
        nn.Conv2d(1, 8, (5, 3), stride=(2, 1), untied_bias=(12, 26) if untied else None),  # (N, 8, 12, 26)
        nn.ReLU(),
        nn.Conv2d(8, 16, (3, 4), stride=(2, 2), untied_bias=(5, 12) if untied else None),  # (N, 16, 5, 12)
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 5 * 12, 10),
    )


PRESETS = {
    "dense": {"build": dense, "l2": 1e-4, "clip_norm": None, "epochs": 12},
    "tied": {"build": lambda: convolutional(untied=False), "l2": 1e-4, "clip_norm": 1.0, "epochs": 7},
    "untied": {"build": lambda: convolutional(untied=True), "l2": 1e-4, "clip_norm": 1.0, "epochs": 7},
}


def main() -> dict[str, float]:
    (X, y), (X_test, y_test) = datasets.mnist(split=True, images=True)
    X, y, X_test, y_test = X[:8000], y[:8000], X_test[:2000], y_test[:2000]  # (N, 1, 28, 28)
    folder, reports, found = Path(tempfile.mkdtemp(prefix="learnnn-mnist-")), [], {}
    for name, preset in PRESETS.items():
        torch.manual_seed(0)
        model = preset["build"]()
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=preset["l2"])
        trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, ["accuracy"], clip_norm=preset["clip_norm"])
        trainer.fit(X, y, epochs=preset["epochs"], batch_size=64, validation_data=(X_test, y_test))
        reports.append(trainer.report(name))
        reports[-1].save(folder / f"{name}.json")
        found[f"{name}, test accuracy"] = trainer.evaluate(X_test, y_test)["accuracy"]
    print(f"the runs beside each other, in any browser: {compare(*reports).save(folder / 'runs.html')}")
    return found


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.1%}")
