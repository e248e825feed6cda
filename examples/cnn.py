"""Digits of 8 x 8 pixels by a convolutional network with batch normalization and max pooling."""

import learnnn as torch
from learnnn import datasets, nn, optim
from learnnn.training import Trainer, summary


def main() -> dict[str, float]:
    torch.manual_seed(0)
    (X, y), (X_test, y_test) = datasets.digits(split=0.2, images=True)  # (N, 1, 8, 8), (N,)

    model = nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),  # (N, 16, 4, 4)
        nn.Conv2d(16, 32, kernel_size=3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),  # (N, 32, 2, 2)
        nn.Flatten(), nn.Linear(128, 10),
    )  # fmt: skip
    print(summary(model, (32, 1, 8, 8)))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=["accuracy"], scheduler=scheduler)
    trainer.fit(X, y, epochs=10, batch_size=32, validation_data=(X_test, y_test))
    return {"test accuracy": trainer.evaluate(X_test, y_test)["accuracy"]}


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.1%}")
