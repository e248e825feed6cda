"""An autoencoder of dense layers: images of 28 x 28 pixels through 16 numbers and back, against PCA with 16."""

import numpy as np
from sklearn.decomposition import PCA

import learnnn as torch
from learnnn import datasets, nn, optim
from learnnn.training import Trainer


def images() -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 784) to train on and to test with: MNIST's if they are here, else small digits made larger."""
    try:
        (X, _), (X_test, _) = datasets.mnist(split=True, download=False)
        return X[:8000], X_test[:2000]
    except RuntimeError:
        (X, _), (X_test, _) = datasets.digits(split=0.2)
        return enlarged(X), enlarged(X_test)


def enlarged(X: np.ndarray) -> np.ndarray:
    """(N, 64) -> (N, 784): each pixel becomes 3 x 3, with a margin of 2."""
    big = X.reshape(-1, 8, 8).repeat(3, 1).repeat(3, 2)  # (N, 24, 24)
    return np.pad(big, ((0, 0), (2, 2), (2, 2))).reshape(-1, 784)


def main() -> dict[str, float]:
    torch.manual_seed(0)
    X, X_test = images()
    encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 16))
    decoder = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())
    model = nn.Sequential(encoder, decoder)
    trainer = Trainer(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=2e-3))
    trainer.fit(X, X, epochs=160_000 // len(X), batch_size=64)  # the target is the input

    pca = PCA(16, random_state=0).fit(X)  # the best that straight lines can do with 16 numbers
    straight = pca.inverse_transform(pca.transform(X_test))
    error = trainer.evaluate(X_test, X_test)["loss"]
    return {"test MSE": error, "share of PCA's": error / float(np.square(straight - X_test).mean())}


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.3g}")
