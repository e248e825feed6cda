"""Makes docs/images/readme.png: a graph, a gradient check and a decision boundary, as learnnn draws them.

Run from the root of the repository: python docs/make_readme_picture.py
"""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread

import learnnn as torch
from learnnn import autograd, datasets, inspection, nn, optim
from learnnn.inspection.face.picture import Picture
from learnnn.training import Trainer

INK = "#1f2933"
TARGET = Path(__file__).parent / "images" / "readme.png"


def neuron() -> inspection.Graph:
    """A neuron, its tanh written by a learner."""
    tanh = autograd.from_backward(my_tanh, origin="yours")
    x1, x2, w1, w2, b = (torch.tensor(x, requires_grad=True) for x in (2.0, 0.5, -0.5, 1.0, 0.75))
    out = tanh(x1 * w1 + x2 * w2 + b)
    return inspection.graph(out, gradients=True, direction="right")


def my_tanh(x: np.ndarray) -> Any:
    y = np.tanh(x)
    return y, lambda g: (g * (1 - y * y),)


def softmax(x: np.ndarray) -> Any:
    """With the mistake that everybody makes once."""
    e = np.exp(x - x.max(-1, keepdims=True))
    y = e / e.sum(-1, keepdims=True)
    return y, lambda g: (g * y * (1 - y),)


def check() -> inspection.GradientReport:
    """A check that fails, and says why."""
    return inspection.gradcheck(softmax, np.random.default_rng(2).normal(size=(3, 8)), names=["x"])


def boundary() -> inspection.Boundary:
    """A small network that learned two moons."""
    torch.manual_seed(0)
    X, y = datasets.moons(noise=0.25)
    X, y = X[:240], y[:240]
    model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01))
    trainer.fit(X, y, epochs=80, batch_size=32, verbose=False)
    return inspection.decision_boundary(model, X, y, resolution=240)


def paste(figure: Any, picture: Picture, left: float, top: float, scale: float) -> None:
    """Put a picture where its top left corner is at (left, top), in inches, `scale` inches for 100 pixels."""
    image = imread(BytesIO(picture.to_png(scale=3)))
    width, height = (n / 300 * scale for n in image.shape[1::-1])
    w, h = figure.get_size_inches()
    axes = figure.add_axes((left / w, 1 - (top + height) / h, width / w, height / h))
    axes.imshow(image, aspect="auto", interpolation="antialiased")
    axes.axis("off")


def caption(figure: Any, words: str, left: float, top: float, size: float = 12, color: str = INK, **style: Any) -> None:
    w, h = figure.get_size_inches()
    figure.text(left / w, 1 - top / h, words, fontsize=size, color=color, va="top", linespacing=1.35, **style)


def main() -> None:
    figure = Figure(figsize=(12, 9.15), dpi=150, facecolor="white")
    caption(figure, "the graph, with your own code in its own colour", 0.3, 0.25, fontweight="bold")
    paste(figure, neuron(), 0.16, 0.5, 0.86)
    caption(figure, "the gradient check, which says what is wrong", 0.3, 4.0, fontweight="bold")
    paste(figure, check(), 0.2, 4.3, 0.78)
    caption(figure, "the decision boundary, live while it learns", 6.75, 0.25, fontweight="bold")
    paste(figure, boundary(), 6.7, 0.5, 0.8)
    caption(figure, "five optimizers on their way down", 6.75, 4.6, fontweight="bold")
    paste(figure, inspection.optimizer_race("beale"), 6.7, 4.85, 0.66)
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET)
    print(TARGET.relative_to(Path.cwd()) if TARGET.is_relative_to(Path.cwd()) else TARGET)


if __name__ == "__main__":
    main()
