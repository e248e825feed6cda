"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import ops
from ..autograd import no_grad
from ..nn import Module
from ..tensor import Tensor
from . import feed
from . import metrics as _metrics
from .callbacks import Callbacks, ProgressBar
from .history import History


class Trainer:
    """Trains a model: `fit`, `evaluate`, `predict`, on arrays, tensors, data sets or loaders.

    `loss(output, target)` gives the number to make small, `optimizer` holds the model's parameters, `metrics` are
    names, functions of (output, target), or a dict of them.

    >>> import learnnn as torch
    >>> from learnnn import nn, optim
    >>> model = nn.Linear(1, 1)
    >>> trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> X = torch.linspace(-1, 1, 20).reshape(20, 1)
    >>> history = trainer.fit(X, 3 * X, epochs=30)
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    def __init__(self, model: Any, loss: Callable, optimizer: Any, metrics: Any = None):
        if isinstance(loss, type) or isinstance(optimizer, type):
            wrong = loss if isinstance(loss, type) else optimizer
            raise TypeError(f"{wrong.__name__} is a class: did you mean {wrong.__name__}(...), with parentheses?")
        self.model, self.loss, self.optimizer, self.metrics = model, loss, optimizer, _metrics.named(metrics)
        if "loss" in self.metrics:
            raise ValueError("a metric cannot be called 'loss': that is the name of the loss itself")
        self.history, self.stop = History(), False
        self.epochs = 0
        self.batches: int | None = None

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
    ) -> History:
        """Train for some epochs and return what was measured.

        data: inputs (N, ...) with target (N, ...), or (inputs, target) in a tuple, a Dataset, or a loader of batches.
        validation_data: the same forms, measured after each epoch; or validation_split, the fraction of the examples
        to hold out, drawn at random. callbacks: objects with hooks, or functions of (epoch, logs). verbose: a bar in
        the terminal. ValueError for data that is empty or does not fit together, FloatingPointError when the loss
        stops being a number. Whatever happens, the model's mode is put back.
        """
        training = feed.as_dataset(data, target, self._dtype())
        if validation_split:
            if validation_data is not None:
                raise ValueError("give validation_data or validation_split, not both")
            training, validation_data = feed.hold_out(training, validation_split, generator)
        batches = feed.loader(training, batch_size, shuffle, generator)
        checks = None if validation_data is None else self._batches(validation_data, None, batch_size)
        told = Callbacks([*callbacks, *([ProgressBar()] if verbose else [])], self)
        self.history, self.stop, self.epochs, self.batches = History(), False, epochs, feed.length(batches)
        with self._mode(training=True), np.errstate(all="ignore"):
            try:
                told.tell("on_train_begin")
                self._fit(batches, checks, told)
            finally:
                told.tell("on_train_end")
        return self.history

    def _fit(self, batches: Any, checks: Any, told: Callbacks) -> None:
        for epoch in range(1, self.epochs + 1):
            told.tell("on_epoch_begin", epoch)
            logs = self._epoch(epoch, batches, told)
            if checks is not None:
                logs |= {f"val_{name}": value for name, value in self._measure(checks).items()}
            self.history.add(logs)
            told.tell("on_epoch_end", epoch, logs)
            if self.stop:
                return

    def _epoch(self, epoch: int, batches: Any, told: Callbacks) -> dict[str, float]:
        sums = Means()
        for number, batch in enumerate(batches, 1):
            told.tell("on_batch_begin", number)
            try:
                logs, size = self._step(*feed.split_batch(batch))
            except Exception as error:
                error.add_note(f"(in epoch {epoch}, batch {number})")
                raise
            sums.add(logs, size)
            told.tell("on_batch_end", number, logs)
        return sums.means()

    def _step(self, inputs: tuple, target: Any) -> tuple[dict[str, float], int]:
        """One step of the optimizer -> (loss and metrics of the batch, its size)."""
        self.optimizer.zero_grad()
        output = self.model(*inputs)
        loss = self.loss(output, target)
        value = loss.item()
        if not math.isfinite(value):
            raise FloatingPointError(self._explain(value, inputs, target))
        loss.backward()
        self.optimizer.step()
        return {"loss": value, **self._scores(output, target)}, len(target)

    def _scores(self, output: Any, target: Any) -> dict[str, float]:
        output = output.detach() if isinstance(output, Tensor) else output
        return {name: float(metric(output, target)) for name, metric in self.metrics.items()}

    def _explain(self, value: float, inputs: tuple, target: Any) -> str:
        """Why a loss may have become nan or infinite."""
        said = f"the loss became {value}, so training stopped before this step"
        for name, tensor in [*(("inputs", x) for x in inputs), ("targets", target)]:
            if isinstance(tensor, Tensor) and not np.isfinite(tensor.array).all():
                return f"{said}: the {name} of this batch hold nan or inf. Clean the data first"
        rates = sorted({group["lr"] for group in getattr(self.optimizer, "param_groups", [])})
        return (
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
        sums = Means()
        with self._mode(training=False), no_grad():
            for batch in batches:
                inputs, target = feed.split_batch(batch)
                output = self.model(*inputs)
                sums.add({"loss": self.loss(output, target).item(), **self._scores(output, target)}, len(target))
        return sums.means()

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


class Means:
    """Running means of named numbers, weighted by how many examples each stands for."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.count = 0

    def add(self, values: dict[str, float], size: int) -> None:
        self.count += size
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * size

    def means(self) -> dict[str, float]:
        return {name: total / self.count for name, total in self.sums.items()} if self.count else {}
