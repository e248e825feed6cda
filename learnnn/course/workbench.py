"""A classifier of digits in which every component of the course takes part: where a broken one shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import learnnn as torch
import learnnn.nn.functional as F
from learnnn import datasets, nn, optim, training
from learnnn.course.guard import TimeUp, limits
from learnnn.course.report import shown_error
from learnnn.course.swap import swapped
from learnnn.training import metrics
from learnnn.training.randomness import Randomness
from learnnn.utils import data

SECONDS = 20.0
HELD_OUT = 357


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    `losses` has the loss and the length of the gradient after each step, `accuracy` the part of held-out digits that is
    right, `numbers` what components gave on the way, `spreads` how wide they drew their first weights; `error` is what
    ended it, if something did.
    """

    losses: tuple[float, ...] = ()
    accuracy: float = 0.0
    numbers: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()
    error: str = ""

    def same(self, other: Trained) -> bool:
        """Did both go the same way, but for rounding, and but for chance in the spreads?"""
        sizes = [(len(t.losses), len(t.numbers)) for t in (self, other)]
        if self.error or other.error or sizes[0] != sizes[1]:
            return self.error == other.error and sizes[0] == sizes[1]
        return (
            np.allclose(self.losses, other.losses, rtol=1e-3, atol=2e-3)
            and np.allclose(self.numbers, other.numbers, rtol=0.01, atol=0.01)  # one picture may fall to either side
            and np.allclose(self.spreads, other.spreads, rtol=0.05)
        )


def train(components: Mapping[str, Any] | None = None, epochs: int = 2) -> Trained:
    """Train with these components in the framework, {id: object}; the same numbers every time."""
    randomness = Randomness([])
    before = randomness.state()
    try:
        with swapped(components or {}), limits(SECONDS), np.errstate(all="ignore"):
            return _train(epochs)
    except TimeUp:
        return Trained(error=f"no end after {SECONDS:g} s")
    except Exception as error:
        return Trained(error=shown_error(error))
    finally:
        randomness.restore(before)


def _train(epochs: int) -> Trained:
    torch.manual_seed(0)
    (X, y), (X_test, y_test) = _digits()
    loader = data.DataLoader(data.TensorDataset(X, y), batch_size=64, shuffle=True, generator=torch.Generator())
    network = Network()
    torch.manual_seed(1)  # the same chance for dropout, however many numbers the first weights took
    (optimizers, schedules), losses = _optimizers(network), list[float]()
    for _ in range(epochs):
        for pictures, wanted in loader:
            loss = network.loss(pictures, wanted)
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            length = nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            for optimizer in optimizers:
                optimizer.step()
            losses += [loss.item(), float(length)]
        for schedule in schedules:
            schedule.step()
    return _judged(network, losses, X_test, y_test)


def _digits() -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    X, y = datasets.digits()
    pixels = torch.tensor(X.reshape(len(X), -1).astype(np.float32) / X.max())  # (N, 64)
    order = np.random.default_rng(0).permutation(len(X))
    parts = order[HELD_OUT:], order[:HELD_OUT]
    first, second = ((pixels[part], torch.tensor(y[part])) for part in parts)
    return first, second


class Network(nn.Module):
    """64 pixels, three ways through the middle, 10 digits."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Any = nn.Parameter(torch.zeros(32, 64))
        self.shift: Any = nn.Parameter(torch.zeros(32))
        self.middle = nn.Sequential(nn.Linear(32, 32), nn.BatchNorm1d(32), nn.ReLU())
        self.second = nn.Sequential(nn.Linear(32, 32), nn.LayerNorm(32), nn.Tanh(), nn.RMSNorm(32))
        self.last = nn.Linear(32, 10)
        self.spreads = _spreads()
        draw = np.random.default_rng(1)
        for p in self.parameters():  # from here on the same weights, whoever drew the first ones, and how
            if p.ndim == 2:
                p.data = torch.tensor(draw.normal(0, p.shape[1] ** -0.5, tuple(p.shape)).astype(np.float32))
        for layer in (self.middle[0], self.second[0], self.last):
            layer.bias.data = torch.zeros(len(layer.bias))

    def forward(self, pixels: Any) -> Any:
        hidden = (pixels @ self.first.permute(1, 0) + self.shift).tanh() - 0.1 * self.shift  # (N, 32)
        hidden = hidden + self.second(self.middle(hidden))
        scores = self.last(F.dropout(hidden, 0.1, self.training))
        return 0.5 * (scores + F.linear(hidden, self.last.weight, self.last.bias))

    def loss(self, pixels: Any, wanted: Any) -> Any:
        """The usual loss, and a little of every other one."""
        scores = self(pixels)  # (N, 10)
        target = F.one_hot(wanted, 10).float()
        rows = torch.arange(len(wanted))
        spelled = (scores.exp().sum(1).log() - scores[rows, wanted]).mean()
        smooth = F.cross_entropy(scores, wanted, label_smoothing=0.1)
        others = F.nll_loss(F.log_softmax(scores, 1), wanted) + F.binary_cross_entropy_with_logits(scores, target)
        height, share = scores.logsumexp(1), (scores.softmax(1) * target).sum(1)
        sizes = (height * height).mean() - share.mean() + (self.first * self.first).mean()
        return F.cross_entropy(scores, wanted) + 0.1 * (spelled + smooth + others + sizes)


def _spreads() -> tuple[float, ...]:
    """How wide first weights are drawn, by each way to draw them."""
    linear, tall = nn.Linear(300, 200), torch.zeros(300, 200)
    drawn = [linear.weight, nn.init.kaiming_normal_(tall.clone()), nn.init.xavier_uniform_(tall.clone())]
    return (*(float(w.detach().numpy().std()) for w in drawn), float(linear.bias.detach().abs().max().item()))


def _optimizers(network: Network) -> tuple[list[Any], list[Any]]:
    """One optimizer a part, so that all of them have something to do."""
    optimizers = [
        optim.SGD([network.first, network.shift], lr=0.1, momentum=0.9),
        optim.Adam(network.middle.parameters(), lr=0.01),
        optim.RMSprop(network.second[0].parameters(), lr=0.003),
        optim.Adagrad([*network.second[1].parameters(), *network.second[3].parameters()], lr=0.05),
        optim.AdamW(network.last.parameters(), lr=0.01, weight_decay=0.01),
    ]
    schedules = [
        optim.lr_scheduler.StepLR(optimizers[0], step_size=1, gamma=0.7),
        optim.lr_scheduler.CosineAnnealingLR(optimizers[1], T_max=12),
    ]
    return optimizers, schedules


def _judged(network: Network, losses: list[float], X: Any, y: Any) -> Trained:
    network.eval()
    with torch.no_grad():
        scores = network(X)
    table = np.asarray(metrics.confusion_matrix(scores, y))
    shares = [float(n) / len(y) for n in table.ravel()]
    numbers = (*shares, *_stopped(X, y))
    return Trained(tuple(losses), float(np.trace(table) / table.sum()), numbers, network.spreads)


def _stopped(X: Any, y: Any) -> list[float]:
    """A training that goes wrong after a while, and is stopped early: its losses."""
    model = nn.Sequential(nn.Linear(64, 10))
    model[0].weight.data, model[0].bias.data = torch.zeros(10, 64), torch.zeros(10)
    torch.manual_seed(2)
    trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.1))
    stopping = training.EarlyStopping(patience=2)
    given: dict[str, Any] = {"validation_data": (X[100:], y[100:]), "callbacks": [stopping], "verbose": False}
    history = trainer.fit(X[:60], y[:60], epochs=40, batch_size=30, **given)
    return [*history["val_loss"], float(model[0].weight.abs().sum().item())]
