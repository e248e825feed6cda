"""Regression on a table: how far diabetes has progressed a year later, from ten measurements of 442 patients.

Each fifth of the patients is predicted once, by a network trained on the others: with so few, one split is luck.
"""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold

import learnnn as torch
from learnnn import nn, optim
from learnnn.training import Trainer
from learnnn.training.metrics import r2, root_mean_squared_error
from learnnn.training.preprocessing import StandardScaler


def fit_and_predict(X: np.ndarray, y: np.ndarray, X_test: np.ndarray) -> np.ndarray:
    """(N, 10), (N, 1), (M, 10) -> (M, 1), in the unit of y"""
    inputs, targets = StandardScaler().fit(X), StandardScaler().fit(y)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
    optimizer = optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1.0)
    trainer = Trainer(model, nn.MSELoss(), optimizer, metrics=["rmse", "r2"])
    trainer.fit(inputs.transform(X), targets.transform(y), epochs=80, verbose=False)
    return targets.inverse_transform(trainer.predict(inputs.transform(X_test)).numpy())


def main() -> dict[str, float]:
    torch.manual_seed(0)
    X, y = load_diabetes(return_X_y=True, scaled=False)
    y = y[:, None]  # (442, 1), from 25 to 346
    predicted = np.empty_like(y)
    for rest, part in KFold(5, shuffle=True, random_state=0).split(X):
        predicted[part] = fit_and_predict(X[rest], y[rest], X[part])
    return {"test RMSE": root_mean_squared_error(predicted, y), "test R2": r2(predicted, y)}


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.3g}")
