"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .. import ops
from ..autograd import no_grad
from ..nn import Module, utils
from ..optim import LBFGS
from ..serialization import save
from ..tensor import Tensor
from . import checkpoint, feed, resuming
from . import metrics as _metrics
from .callbacks import Callbacks
from .history import History
from .progress import ProgressBar
from .randomness import Randomness
from .report import Report
from .tally import Tally


class Trainer:
    """Trains a model: `fit`, `evaluate`, `predict`, on arrays, tensors, data sets or loaders.

    `loss(output, target)` gives the number to make small, `optimizer` holds the model's parameters, `metrics` are
    names, functions of (output, target), or a dict of them. `scheduler` changes the learning rate after each
    "epoch", or each "batch" if `schedule` says so; the history then records "lr", as it was at the end of each epoch.
    `clip_norm` and `clip_value` keep gradients in bounds before each step.

    >>> import learnnn as torch
    >>> from learnnn import nn, optim
    >>> model = nn.Linear(1, 1)
    >>> trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> X = torch.linspace(-1, 1, 20).reshape(20, 1)
    >>> history = trainer.fit(X, 3 * X, epochs=30)
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    saves_within_epochs = True

    def __init__(
        self,
        model: Any,
        loss: Callable,
        optimizer: Any,
        metrics: Any = None,
        *,
        scheduler: Any = None,
        schedule: str = "epoch",
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ):
        for given in (loss, optimizer, scheduler):
            if isinstance(given, type):
                raise TypeError(f"{given.__name__} is a class: did you mean {given.__name__}(...), with parentheses?")
        if schedule not in ("epoch", "batch"):
            raise ValueError(f"schedule is 'epoch' or 'batch', not {schedule!r}")
        for name, bound in {"clip_norm": clip_norm, "clip_value": clip_value}.items():
            if bound is not None and not bound > 0:
                raise ValueError(f"{name} is a positive number, not {bound!r}: None clips nothing")
        self.model, self.loss, self.optimizer, self.metrics = model, loss, optimizer, _metrics.named(metrics)
        for name, kept in {"loss": "loss itself", "lr": "learning rate"}.items():
            if name in self.metrics:
                raise ValueError(f"a metric cannot be called {name!r}: that is the name of the {kept}")
        if getattr(scheduler, "optimizer", optimizer) is not optimizer:
            raise ValueError("the scheduler belongs to another optimizer than the one the trainer was given")
        self.scheduler, self.schedule = scheduler, schedule
        self.clip_norm, self.clip_value = clip_norm, clip_value
        self._begin_anew(epochs=0)

    def _begin_anew(self, epochs: int) -> None:
        self.history, self.stop, self.epochs = History(), False, epochs
        self.finished, self.batch, self.steps = 0, 0, 0  # epochs, batches of the next one, batches altogether
        self.batches: int | None = None
        self.seconds: list[float] = []  # that each epoch took
        self.tally = Tally(self.metrics)
        self.randomness: Randomness | None = None
        self.drawn: dict[str, Any] = {}  # where random numbers stood when fit and the epoch began
        self.told = Callbacks([], self)

    # ------------------------------------------------------------------------------------------------- fit
    def fit(
        self,
        data: Any,
        target: Any = None,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        validation_data: Any = None,
        validation_split: float = 0.0,
        callbacks: Iterable[Any] = (),
        verbose: bool = True,
        shuffle: bool = True,
        generator: Any = None,
        resume: str | Path | None = None,
    ) -> History:
        """Train for some epochs and return what was measured.

        data: inputs (N, ...) with target (N, ...), or (inputs, target) in a tuple, a Dataset, or a loader of batches.
        validation_data: the same forms, measured after each epoch; or validation_split, the fraction of the examples
        to hold out, drawn at random. callbacks: objects with hooks, or functions of (epoch, logs). verbose: a bar in
        terminal and notebook. resume: a checkpoint, or a directory of them: the run that was saved goes on, to the
        same bits as if it had not stopped; a directory that holds none yet begins a new run. ValueError for data that
        is empty or does not fit together, FloatingPointError when the loss stops being a number. Whatever happens, the
        model's mode is put back.
        """
        if not isinstance(epochs, int) or epochs < 0:
            raise ValueError(f"epochs is how many times to go through the data, an integer from 0, not {epochs!r}")
        saved = None if resume is None else checkpoint.read(resume)
        randomness = Randomness([generator, data])
        with resuming.from_the_beginning(saved, randomness):
            begin = randomness.state()
            batches, checks = self._feeds(
                data, target, batch_size, shuffle, generator, validation_data, validation_split
            )
            told = Callbacks([*callbacks, *([ProgressBar()] if verbose else [])], self)
        self._begin_anew(epochs)
        self.batches, self.told, self.randomness = feed.length(batches), told, randomness
        self.drawn = {"begin": begin, "epoch": begin}
        with self._mode(training=True), np.errstate(all="ignore"):
            try:
                told.tell("on_train_begin")
                if saved is not None:
                    resuming.restore(self, saved)
                self._fit(batches, checks)
            finally:
                told.tell("on_train_end")
        return self.history

    def _feeds(
        self, data: Any, target: Any, size: int, shuffle: bool, generator: Any, checks: Any, split: float
    ) -> tuple[Any, Any]:
        """(batches to train on, batches to validate with or None)"""
        training = feed.as_dataset(data, target, self._dtype())
        if split:
            if checks is not None:
                raise ValueError("give validation_data or validation_split, not both")
            training, checks = feed.hold_out(training, split, generator)
        batches = feed.loader(training, size, shuffle, generator)
        return batches, None if checks is None else self._batches(checks, None, size)

    def _fit(self, batches: Any, checks: Any) -> None:
        while self.finished < self.epochs and not self.stop:
            begin, epoch = time.perf_counter(), self.finished + 1
            if not self.batch:
                self.told.tell("on_epoch_begin", epoch)
            logs = self._epoch(epoch, batches)
            if checks is not None:
                logs |= {f"val_{name}": value for name, value in self._measure(checks).items()}
            if self.scheduler is not None:
                logs["lr"] = self.optimizer.param_groups[0]["lr"]
                self._reschedule("epoch", logs)
            self.history.add(logs)
            self.seconds.append(time.perf_counter() - begin)
            self.finished, self.batch, self.tally = epoch, 0, Tally(self.metrics)
            self.told.tell("on_epoch_end", epoch, logs)

    def _epoch(self, epoch: int, batches: Any) -> dict[str, float]:
        buffers = list(self.model.buffers()) if isinstance(self.model, Module) else []
        for batch in self._rest(batches):
            self.told.tell("on_batch_begin", self.batch + 1)
            before = [b.array.copy() for b in buffers]
            try:
                logs = self._step(*feed.split_batch(batch))
            except Exception as error:
                for b, values in zip(buffers, before, strict=True):  # running means have seen the bad batch by now
                    b.array[...] = values
                error.add_note(f"(in epoch {epoch}, batch {self.batch + 1})")
                raise
            self._reschedule("batch", logs)
            self.batch, self.steps = self.batch + 1, self.steps + 1
            self.told.tell("on_batch_end", self.batch, logs)
        return self.tally.results()

    def _rest(self, batches: Any) -> Iterator[Any]:
        """The batches of this epoch that are still to come; of a resumed one, drawn as they were then."""
        randomness = self.randomness
        assert randomness is not None
        if not self.batch:
            self.drawn["epoch"] = randomness.state()
            return feed.going_on(batches, 0)
        now = randomness.state()
        randomness.restore(self.drawn["epoch"])
        return feed.going_on(batches, self.batch, lambda: randomness.restore(now))

    def _step(self, inputs: tuple, target: Any) -> dict[str, float]:
        """One step of the optimizer -> loss and metrics of the batch, as they were before it."""
        found = []

        def closure() -> Any:
            self.optimizer.zero_grad()
            output = self.model(*inputs)
            loss = self.loss(output, target)
            found.append((self._checked(loss.item(), inputs, target), _plain(output)))
            loss.backward()
            self._clip()
            return loss

        if isinstance(self.optimizer, LBFGS):
            self.optimizer.step(closure)
        else:
            closure()
            self.optimizer.step()
        value, output = found[0]
        return self.tally.add(value, output, target, len(target))

    def _clip(self) -> None:
        if self.clip_value is None and self.clip_norm is None:
            return
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        if self.clip_value is not None:
            utils.clip_grad_value_(parameters, self.clip_value)
        if self.clip_norm is not None:
            utils.clip_grad_norm_(parameters, self.clip_norm)

    def _reschedule(self, after: str, logs: dict[str, float]) -> None:
        """Step the scheduler if it is its turn; one that watches a number gets the validation loss, or the loss."""
        if self.scheduler is None or self.schedule != after:
            return
        if hasattr(self.scheduler, "patience"):
            self.scheduler.step(logs.get("val_loss", logs["loss"]))
        else:
            self.scheduler.step()

    def _checked(self, value: float, inputs: tuple, target: Any) -> float:
        """The loss; FloatingPointError that says why it may have become nan or infinite."""
        if math.isfinite(value):
            return value
        said = f"the loss became {value}, so training stopped before this step"
        for name, tensor in [*(("inputs", x) for x in inputs), ("targets", target)]:
            if isinstance(tensor, Tensor) and not np.isfinite(tensor.array).all():
                raise FloatingPointError(f"{said}: the {name} of this batch hold nan or inf. Clean the data first")
        rates = sorted({group["lr"] for group in getattr(self.optimizer, "param_groups", [])})
        raise FloatingPointError(
            f"{said}. Likely causes: a learning rate that is too high (it is {', '.join(map(str, rates))}: try a "
            "tenth), the logarithm of 0 or a division by 0 in the model or loss, inputs that are not scaled"
        )

    # ------------------------------------------------------------------------------------ evaluate and predict
    def evaluate(self, data: Any, target: Any = None, *, batch_size: int = 256) -> dict[str, float]:
        """Loss and metrics on data, in evaluation mode and without gradients: {"loss": ..., "accuracy": ...}."""
        with np.errstate(all="ignore"):
            return self._measure(self._batches(data, target, batch_size))

    def predict(self, data: Any, *, batch_size: int = 256) -> Tensor:
        """The model's outputs (N, ...), in evaluation mode and without gradients; targets in a loader are ignored."""
        columns = feed.as_dataset(data, None, self._dtype())
        with self._mode(training=False), no_grad(), np.errstate(all="ignore"):
            return ops.cat([self.model(*feed.inputs_of(batch)) for batch in feed.loader(columns, batch_size)])

    def _batches(self, data: Any, target: Any, batch_size: int) -> Any:
        return feed.loader(feed.as_dataset(data, target, self._dtype()), batch_size)

    def _measure(self, batches: Any) -> dict[str, float]:
        tally = Tally(self.metrics)
        with self._mode(training=False), no_grad():
            for batch in batches:
                inputs, target = feed.split_batch(batch)
                output = self.model(*inputs)
                tally.add(self.loss(output, target).item(), output, target, len(target))
        return tally.results()

    # ----------------------------------------------------------------------------------------- saving and loading
    def save(self, path: str | Path) -> Path:
        """Write the run to a file, whole or not at all: model, optimizer, scheduler, history, where it stands."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        save(resuming.state_of(self), path)
        return path

    def load(self, path: str | Path) -> None:
        """Take over model, optimizer, scheduler and history of a saved run; to go on with it, use fit's `resume`.

        FileNotFoundError, or EOFError, ValueError and RuntimeError for a file that does not fit; then nothing changed.
        """
        state = checkpoint.read(path)
        if state is None:
            raise FileNotFoundError(f"there is no checkpoint in {path}")
        resuming.restore_parts(self, state)

    def report(self, name: str | None = None) -> Report:
        """What was trained, how, and what came of it: to be saved as JSON, looked at, and compared with other runs."""
        return Report.of(self, name)

    # ------------------------------------------------------------------------------------------------- helpers
    def _dtype(self) -> Any:
        """The dtype of the model's parameters, in which plain arrays are given to it."""
        parameters = self.model.parameters() if isinstance(self.model, Module) else ()
        return next((p.dtype for p in parameters), ops.get_default_dtype())

    @contextmanager
    def _mode(self, training: bool) -> Iterator[None]:
        """The model in training or evaluation mode, and every layer back in its own mode afterwards."""
        before = {m: m.training for m in self.model.modules()} if isinstance(self.model, Module) else {}
        if before:
            self.model.train(training)
        try:
            yield
        finally:
            for module, mode in before.items():
                module.training = mode


def _plain(output: Any) -> Any:
    return output.detach() if isinstance(output, Tensor) else output
