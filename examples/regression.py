"""Regression on a table: how far diabetes has progressed a year later, from ten measurements of 442 patients."""

from sklearn.datasets import load_diabetes

import learnnn as torch
from learnnn import nn, optim
from learnnn.training import EarlyStopping, Trainer
from learnnn.training.metrics import r2, root_mean_squared_error
from learnnn.training.preprocessing import StandardScaler


def main() -> dict[str, float]:
    torch.manual_seed(0)
    X, y = load_diabetes(return_X_y=True, scaled=False)  # (442, 10), (442,)
    order = torch.randperm(len(y)).numpy()
    train, test = order[:354], order[354:]
    inputs, targets = StandardScaler().fit(X[train]), StandardScaler().fit(y[train, None])
    X, Y = inputs.transform(X), targets.transform(y[:, None])  # (442, 10), (442, 1)

    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
    optimizer = optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
    trainer = Trainer(model, nn.MSELoss(), optimizer, metrics=["rmse", "r2"])
    stopping = EarlyStopping(patience=20)
    trainer.fit(X[train], Y[train], epochs=200, batch_size=32, validation_split=0.2, callbacks=[stopping])

    predicted = targets.inverse_transform(trainer.predict(X[test]).numpy())[:, 0]  # in the unit of y, 25 to 346
    return {"test RMSE": root_mean_squared_error(predicted, y[test]), "test R2": r2(predicted, y[test])}


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.3g}")
