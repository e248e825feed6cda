"""`learnnn demo`: train a network in the terminal, look at what it learned."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .terminal import NOTEBOOKS, Problem, installed, say

if TYPE_CHECKING:
    from ..datasets import Data
    from ..training import Trainer

INK, GREY, PALE = "#1f2933", "#8a94a0", "#eef1f4"
HELD_OUT, WRONG = "#1769aa", "#c2410c"


class Recipe(NamedTuple):
    """What suits a data set: how long to train, how fast, how wide."""

    title: str
    epochs: int
    batch: int
    rate: float
    hidden: int


RECIPES = {
    "digits": Recipe("handwritten digits, 8 x 8 pixels", 40, 32, 0.005, 256),
    "mnist": Recipe("MNIST, 28 x 28 pixels", 5, 32, 0.004, 256),
}


def load(name: str, seed: int) -> tuple[Data, Data]:
    """(training data, held-out data); which images are held out is drawn by `seed`."""
    from .. import datasets

    try:
        return getattr(datasets, name)(split=True, seed=seed)
    except RuntimeError as missing:
        raise Problem(str(missing)) from missing


def one_thread() -> AbstractContextManager:
    """Matrices this small gain nothing from a second thread, and beside a busy process they lose much."""
    if not installed("threadpoolctl"):
        return nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def train(recipe: Recipe, epochs: int, training: Data, held_out: Data) -> Trainer:
    """A network with one hidden layer, trained by Adam in steps that shrink to nothing along a cosine."""
    from .. import nn, optim
    from ..training import Trainer

    first, last = nn.Linear(training.X.shape[1], recipe.hidden), nn.Linear(recipe.hidden, 10)
    model = nn.Sequential(first, nn.ReLU(), nn.Dropout(0.3), last)
    optimizer = optim.Adam(model.parameters(), lr=recipe.rate)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=["accuracy"])
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    slow_down = [lambda epoch, logs: schedule.step()]
    trainer.fit(training, epochs=epochs, batch_size=recipe.batch, validation_data=held_out, callbacks=slow_down)
    return trainer


def probabilities(trainer: Trainer, X: np.ndarray) -> np.ndarray:
    """What the network believes: (N, pixels) -> (N, 10)."""
    from ..nn import functional as F

    return F.softmax(trainer.predict(X), dim=1).numpy()


# ---------------------------------------------------------------- the picture


def clean(axes: Any) -> None:
    """A plot without the ink that says nothing."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GREY)
    axes.tick_params(colors=GREY, labelsize=9, length=0)
    axes.grid(axis="y", color=PALE, linewidth=1)
    axes.set_axisbelow(True)


def draw_curve(axes: Any, history: Mapping[str, Sequence[float]]) -> None:
    """Errors by epoch, on both parts of the data; each line carries its own name."""
    wrong = {key: 100 * (1 - np.asarray(history[key])) for key in ("accuracy", "val_accuracy")}
    apart, middle = 0.06 * max(map(max, wrong.values())), sum(line[-1] for line in wrong.values()) / 2
    for key, name, color in (("accuracy", "training", GREY), ("val_accuracy", "held out", HELD_OUT)):
        epochs, last = np.arange(1, len(wrong[key]) + 1), wrong[key][-1]
        up = np.sign(last - middle) or (1 if key == "accuracy" else -1)
        height = up * max(up * last, up * middle + apart / 2)  # names side by side stay readable
        axes.plot(epochs, wrong[key], color=color, linewidth=2, marker="o", markersize=3, clip_on=False)
        axes.text(epochs[-1], height, f"   {name} {last:.1f}%", color=color, fontsize=9, va="center")
    clean(axes)
    axes.set_ylim(bottom=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("epoch", color=GREY, fontsize=9)
    axes.set_title("wrong answers, %", loc="left", color=INK, fontsize=9.5)


def draw_prediction(axes: Any, image: np.ndarray, belief: np.ndarray, label: int) -> None:
    side = int(len(image) ** 0.5)
    axes.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    answer = int(belief.argmax())
    right = answer == label
    for spine in axes.spines.values():
        spine.set(color=PALE if right else WRONG, linewidth=1 if right else 2)
    text = f"{answer}  {belief[answer]:.0%}" + ("" if right else f", is {label}")
    axes.set_title(text, fontsize=8.5, color=INK if right else WRONG, pad=3)


def to_show(beliefs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Twelve images to look at: six as they come, then the six with the least belief in their label."""
    order = np.argsort(beliefs[np.arange(len(labels)), labels])
    return np.r_[np.setdiff1d(np.arange(len(labels)), order[:6])[:6], order[:6]]


def draw(title: str, history: Mapping[str, Sequence[float]], held_out: Data, beliefs: np.ndarray) -> Any:
    """The learning curve and twelve held-out images -> a matplotlib Figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.9), dpi=150, facecolor="white")
    figure.text(0.035, 0.93, title, color=INK, fontsize=13, fontweight="bold", va="center")
    draw_curve(figure.add_axes((0.035, 0.13, 0.3, 0.65)), history)
    edges = {"left": 0.49, "right": 0.985, "top": 0.76, "bottom": 0.04, "wspace": 0.18, "hspace": 0.55}
    grid = np.ravel(figure.subplots(2, 6, gridspec_kw=edges))
    for axes, k in zip(grid, to_show(beliefs, held_out.y)):
        draw_prediction(axes, held_out.X[k], beliefs[k], int(held_out.y[k]))
    for axes, heading in ((grid[0], "held-out images: its answer, and how sure it is"), (grid[6], "the hardest six")):
        axes.text(0, 1.3, heading, transform=axes.transAxes, color=INK, fontsize=9.5)
    return figure


def picture_path(name: str) -> Path:
    """The file to write, found writable before anything is trained."""
    path = Path(name).expanduser()
    path = path if path.suffix else path.with_suffix(".png")
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise Problem(f"--out {name}: the picture can be a .png, .svg or .pdf", 2)
    if not path.parent.is_dir():
        raise Problem(f"--out {name}: there is no folder {path.parent}", 2)
    return path


def run(args: argparse.Namespace) -> int:
    """Train on `args.data`, print the accuracy on held-out data, save the picture, name the next step."""
    import learnnn as torch

    path, recipe = picture_path(args.out), RECIPES[args.data]
    torch.manual_seed(args.seed)
    training, held_out = load(args.data, args.seed)
    say(f"{recipe.title}: {len(training.y):,} to learn from, {len(held_out.y):,} held out\n")
    begin = time.perf_counter()
    with one_thread():
        trainer = train(recipe, args.epochs or recipe.epochs, training, held_out)
    seconds, beliefs = time.perf_counter() - begin, probabilities(trainer, held_out.X)
    accuracy = (beliefs.argmax(1) == held_out.y).mean()
    say(f"\n{trainer.model}\n")
    say(f"accuracy on held-out data: {accuracy:.1%}, after {seconds:.1f} s of training")
    save(path, f"{accuracy:.1%} right on {args.data} that it had never seen", trainer.history, held_out, beliefs)
    say("next, type: learnnn start")
    return 0


def save(path: Path, title: str, *shown: Any) -> None:
    if not installed("matplotlib"):
        say(f"picture: not drawn, matplotlib is missing: {NOTEBOOKS}")
        return
    draw(title, *shown).savefig(path)
    say(f"picture: {path}")
