"""MNIST by a network of dense layers: dropout, first weights by activation, early stopping with the best weights."""

import learnnn as torch
from learnnn import datasets, nn, optim
from learnnn.training import EarlyStopping, Trainer


def main() -> dict[str, float]:
    torch.manual_seed(0)
    (X, y), (X_test, y_test) = datasets.mnist(split=True)
    X, y = X[:8000], y[:8000]  # (8000, 784): enough, and quick

    model = nn.Sequential(
        nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(64, 10),
    )  # fmt: skip
    nn.init.by_activation_(model)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3), metrics=["accuracy"])
    stopping = EarlyStopping(monitor="val_loss", patience=3, restore_best=True)
    trainer.fit(X, y, epochs=30, batch_size=64, validation_split=0.2, callbacks=[stopping])
    print(f"the best weights are those of epoch {stopping.best_epoch}")
    return {"test accuracy": trainer.evaluate(X_test, y_test)["accuracy"]}


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.1%}")
