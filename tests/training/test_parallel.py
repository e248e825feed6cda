"""ParallelTrainer: synchronous against one worker with the whole batch, asynchronous against a loop written by hand."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn, optim
from learnnn.training import Callback, Checkpoint, EarlyStopping, ParallelTrainer, Trainer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4))
Y = RNG.integers(0, 3, 50)


def make(kind=Trainer, dropout=0.0, lr=0.1, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 3)).double()
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    return kind(model, nn.CrossEntropyLoss(), optimizer, ["accuracy"], **options)


def weights(trainer):
    return [p.array.copy() for p in trainer.model.parameters()]


def equal(a, b):
    return all((x == y).all() for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 20])
def test_synchronous_is_one_worker_with_the_whole_batch(workers):
    settings = {"epochs": 3, "batch_size": 16, "validation_data": (X, Y), "shuffle": False}
    one, several = make(clip_norm=0.5), make(ParallelTrainer, workers=workers, clip_norm=0.5)
    expected, found = one.fit(X, Y, **settings), several.fit(X, Y, **settings)  # the last batch has 2 examples
    for a, b in zip(weights(several), weights(one)):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    assert list(found) == list(expected)
    for name, column in expected.items():
        np.testing.assert_allclose(found[name], column, rtol=1e-10)


class Stale:
    """Asynchronous training as one would simulate it on one thread: a gradient is `late` steps old."""

    def __init__(self, trainer, late, compensation):
        self.t, self.late, self.compensation = trainer, late, compensation

    def gradient(self, parameters, x, y):
        before = weights(self.t)
        self.set(parameters)
        self.t.model.zero_grad()
        self.t.loss(self.t.model(torch.tensor(x)), torch.tensor(y)).backward()
        found = [p.grad.array for p in self.t.model.parameters()]
        self.set(before)
        return found

    def set(self, arrays):
        for p, a in zip(self.t.model.parameters(), arrays):
            p.array[...] = a

    def run(self, epochs, size):
        for _ in range(epochs):
            seen = []
            for j, start in enumerate(range(0, len(X), size)):
                seen.append(weights(self.t))
                then = seen[max(0, j - self.late)]
                g = self.gradient(then, X[start : start + size], Y[start : start + size])
                for p, a, old in zip(self.t.model.parameters(), g, then):
                    p.grad = torch.tensor(a + self.compensation * a * a * (p.array - old))
                self.t.optimizer.step()


@pytest.mark.parametrize("compensation", [0.0, 1.0])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_asynchronous_is_the_simulation(workers, compensation):
    trainer = make(ParallelTrainer, workers=workers, asynchronous=True, compensation=compensation)
    trainer.fit(X, Y, epochs=2, batch_size=8, shuffle=False)
    twin = make()
    Stale(twin, workers - 1, compensation).run(2, 8)
    for a, b in zip(weights(trainer), weights(twin)):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_compensation_helps():
    """On log-likelihoods, where g * g stands for the curvature: nearer to the path without delay."""
    paths = {}
    for name, options in {
        "none": {"workers": 1}, "late": {"workers": 4, "compensation": 0.0}, "mended": {"workers": 4}
    }.items():  # fmt: skip
        trainer = make(ParallelTrainer, lr=0.02, asynchronous=True, **options)
        trainer.fit(X, Y, epochs=3, batch_size=1, shuffle=False)
        paths[name] = np.concatenate([w.ravel() for w in weights(trainer)])
    off = {name: np.linalg.norm(path - paths["none"]) for name, path in paths.items()}
    assert off["mended"] < off["late"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_runs_are_repeatable_with_dropout(asynchronous):
    found = []
    for _ in range(3):
        trainer = make(ParallelTrainer, dropout=0.5, workers=3, asynchronous=asynchronous)
        trainer.fit(X, Y, epochs=2, batch_size=8)
        found.append(weights(trainer))
    assert equal(found[0], found[1]) and equal(found[0], found[2])
    assert torch.default_generator is torch.random.default_generator


class Stop(Callback):
    last = True

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, batch, logs):
        if self.trainer.steps == self.step:
            raise KeyError("stop")


@pytest.mark.parametrize(("asynchronous", "every"), [(False, {"every_steps": 1}), (True, {})])
def test_it_goes_on_exactly(tmp_path, asynchronous, every):
    options = {"dropout": 0.5, "workers": 3, "asynchronous": asynchronous}
    whole = make(ParallelTrainer, **options)
    whole.fit(X, Y, epochs=4, batch_size=8)
    with pytest.raises(KeyError):
        make(ParallelTrainer, **options).fit(
            X, Y, epochs=4, batch_size=8, callbacks=[Checkpoint(tmp_path, **every), Stop(17)]
        )
    again = make(ParallelTrainer, **options)
    again.fit(X, Y, epochs=4, batch_size=8, resume=tmp_path)
    assert equal(weights(again), weights(whole))
    assert again.history == whole.history


def test_it_learns_with_everything_else():
    schedule = {}
    for asynchronous in (False, True):
        trainer = make(ParallelTrainer, workers=2, asynchronous=asynchronous)
        trainer.scheduler = optim.lr_scheduler.StepLR(trainer.optimizer, 10)
        labels = (X[:, 0] > 0).astype(int)
        stop = EarlyStopping(patience=30)
        history = trainer.fit(X, labels, epochs=30, batch_size=10, validation_data=(X, labels), callbacks=[stop])
        assert history["val_accuracy"][-1] > 0.9
        schedule[asynchronous] = history["lr"]
    assert schedule[False] == schedule[True]
    np.testing.assert_allclose(schedule[True][::10], [0.1, 0.01, 0.001])


def test_errors_come_from_the_threads_and_leave_the_parameters():
    bad = Y.copy()
    bad[20] = 9
    for asynchronous, epochs in ((False, 1), (True, 1)):
        trainer = make(ParallelTrainer, workers=2, asynchronous=asynchronous, lr=0.0)
        before = weights(trainer)
        with pytest.raises(IndexError, match="Target 9") as caught:
            trainer.fit(X, bad, epochs=epochs, batch_size=8, shuffle=False)
        assert caught.value.__notes__ == ["(in epoch 1, batch 3)"]
        assert equal(weights(trainer), before)
        poisoned = np.full_like(X, np.nan)
        with pytest.raises(FloatingPointError, match="the inputs of this batch hold nan"):
            trainer.fit(poisoned, Y)
        assert torch.default_generator is torch.random.default_generator


def test_what_is_refused(tmp_path):
    with pytest.raises(ValueError, match="workers is a positive integer"):
        make(ParallelTrainer, workers=0)
    with pytest.raises(TypeError, match="replicas of an nn.Module"):
        ParallelTrainer(lambda x: x, nn.MSELoss(), optim.SGD([torch.zeros(1, requires_grad=True)]))
    trainer = make()
    with pytest.raises(ValueError, match="LBFGS"):
        ParallelTrainer(trainer.model, trainer.loss, optim.LBFGS(trainer.model.parameters()))
    trainer = make(ParallelTrainer, asynchronous=True)
    with pytest.raises(ValueError, match="between epochs only"):
        trainer.fit(X, Y, callbacks=[Checkpoint(tmp_path, every_steps=2)])


def test_buffers_come_back_to_the_model():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 3)
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, x):
            if self.training:
                self.seen = self.seen + len(x)
            return self.layer(x)

    for asynchronous, expected in ((False, 25.0), (True, 50.0)):  # the first worker's half; all of the only one
        model = Counting()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        workers = 1 if asynchronous else 2
        trainer = ParallelTrainer(model, nn.CrossEntropyLoss(), optimizer, workers=workers, asynchronous=asynchronous)
        trainer.fit(X.astype(np.float32), Y, batch_size=10)
        assert model.seen.item() == expected
