"""Data-parallel training: several threads, each with a replica of the model and a part of the data."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from .. import random as tensor_random
from ..autograd import wrap
from ..nn import Module
from ..optim import LBFGS
from ..random import Generator, source
from . import feed
from .trainer import Trainer


class ParallelTrainer(Trainer):
    """A Trainer whose work is shared by threads. What it computes does not depend on how fast each of them is.

    Synchronous: every batch is cut into `workers` parts, their gradients are averaged, and the step is that of one
    worker with the whole batch. Asynchronous: every worker has a batch of its own, and its gradient is applied as it
    stands although workers - 1 other steps came in between; `compensation` corrects it to first order, by
    g + compensation * g * g * (parameters now - parameters then), where 0 corrects nothing (Zheng et al. 2017).

    The loss must be a mean over examples. Layers that measure the batch, such as BatchNorm, measure their own part,
    and the model keeps what the first worker measured (asynchronous: the last). All gradients are applied at the end
    of an epoch; asynchronous runs can be saved only there.

    >>> import learnnn as torch
    >>> from learnnn import nn, optim
    >>> model = nn.Linear(1, 1)
    >>> trainer = ParallelTrainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1), workers=2)
    >>> X = torch.linspace(-1, 1, 20).reshape(20, 1)
    >>> trainer.fit(X, 3 * X, epochs=30)["loss"][-1] < 0.1
    True
    """

    def __init__(
        self,
        model: Any,
        loss: Callable,
        optimizer: Any,
        metrics: Any = None,
        *,
        workers: int = 2,
        asynchronous: bool = False,
        compensation: float = 1.0,
        **options: Any,
    ):
        if not isinstance(model, Module):
            raise TypeError(f"ParallelTrainer makes replicas of an nn.Module, and got {type(model).__name__}")
        if not isinstance(workers, int) or workers < 1:
            raise ValueError(f"workers is a positive integer, not {workers!r}")
        if isinstance(optimizer, LBFGS):
            raise ValueError("LBFGS computes the loss several times a step, which cannot be shared: use a Trainer")
        super().__init__(model, loss, optimizer, metrics, **options)
        self.workers, self.asynchronous, self.compensation = workers, asynchronous, compensation
        self.saves_within_epochs = not asynchronous
        self.replicas: list[Any] = []
        self.pool: Any = None

    def _fit(self, batches: Any, checks: Any) -> None:
        first = [] if self.asynchronous else [self.model]  # who is its own replica
        self.replicas = first + [deepcopy(self.model) for _ in range(self.workers - len(first))]
        with ThreadPoolExecutor(self.workers) as self.pool, _generator_of_each_thread():
            super()._fit(batches, checks)

    def _start(self, replica: Any, inputs: tuple, target: Any) -> Future:
        """Let a thread compute (loss, output, gradients). The seed makes it independent of the other threads."""
        seed = int(source(None).integers(2**63))
        return self.pool.submit(copy_context().run, self._work, replica, inputs, target, seed)

    def _work(self, replica: Any, inputs: tuple, target: Any, seed: int) -> tuple[float, Any, list[Any]]:
        tensor_random.default_generator.manual_seed(seed)
        replica.zero_grad()
        output = replica(*inputs)
        loss = self.loss(output, target)
        value = self._checked(loss.item(), inputs, target)
        loss.backward()
        return value, output.detach(), [None if p.grad is None else p.grad.array for p in replica.parameters()]

    def _refresh(self, replica: Any, copied: bool) -> None:
        """Give a replica the model's parameters, shared or copied, and its buffers."""
        for p, q in zip(self.model.parameters(), replica.parameters(), strict=True):
            q.data = wrap(p.array.copy()) if copied else p.data
            q.requires_grad_(p.requires_grad)
        for b, c in zip(self.model.buffers(), replica.buffers(), strict=True):
            c.data = wrap(b.array.copy())

    # ------------------------------------------------------------------------------------------------ synchronous
    def _step(self, inputs: tuple, target: Any) -> dict[str, float]:
        self.optimizer.zero_grad()
        parts = list(zip(self.replicas, _cut(inputs, target, self.workers)))
        for replica, _ in parts[1:]:
            self._refresh(replica, copied=False)
        found = _all([self._start(replica, *part) for replica, part in parts])
        shares = [len(part[1]) / len(target) for _, part in parts]
        losses, outputs, gradients = zip(*found, strict=True)
        for p, grads in zip(self.model.parameters(), zip(*gradients, strict=True), strict=True):
            present = [share * g for share, g in zip(shares, grads, strict=True) if g is not None]
            p.grad = wrap(sum(present[1:], present[0])) if present else None
        self._clip()
        self.optimizer.step()
        value = sum(share * loss for share, loss in zip(shares, losses, strict=True))
        return self.tally.add(value, ops.cat(list(outputs)), target, len(target))

    # ----------------------------------------------------------------------------------------------- asynchronous
    def _epoch(self, epoch: int, batches: Any) -> dict[str, float]:
        if not self.asynchronous:
            return super()._epoch(epoch, batches)
        free, under_way = deque(self.replicas), deque[_Job]()
        try:
            for batch in self._rest(batches):
                if not free:
                    free.append(self._finish(epoch, under_way.popleft()))
                under_way.append(self._send(free.popleft(), *feed.split_batch(batch)))
            while under_way:
                self._finish(epoch, under_way.popleft())
        finally:
            for job in under_way:
                job.future.exception()  # waits
        return self.tally.results()

    def _send(self, replica: Any, inputs: tuple, target: Any) -> _Job:
        self._refresh(replica, copied=True)
        then = [p.array for p in replica.parameters()]
        return _Job(replica, then, target, self._start(replica, inputs, target))

    def _finish(self, epoch: int, job: _Job) -> Any:
        """Apply the oldest gradient that is under way -> its replica, which is free again."""
        self.told.tell("on_batch_begin", self.batch + 1)
        try:
            value, output, gradients = job.future.result()
        except Exception as error:
            error.add_note(f"(in epoch {epoch}, batch {self.batch + 1})")
            raise
        for p, g, then in zip(self.model.parameters(), gradients, job.then, strict=True):
            p.grad = None if g is None else wrap(g + self.compensation * g * g * (p.array - then))
        for b, c in zip(self.model.buffers(), job.replica.buffers(), strict=True):
            b.data = wrap(c.array.copy())
        self._clip()
        self.optimizer.step()
        logs = self.tally.add(value, output, job.target, len(job.target))
        self._reschedule("batch", logs)
        self.batch, self.steps = self.batch + 1, self.steps + 1
        self.told.tell("on_batch_end", self.batch, logs)
        return job.replica


class _Job(NamedTuple):
    """A batch that a worker computes: `then` are the parameters it has."""

    replica: Any
    then: list[np.ndarray]
    target: Any
    future: Future


def _cut(inputs: tuple, target: Any, parts: int) -> Iterator[tuple[tuple, Any]]:
    """A batch in at most so many parts, whose sizes differ by one at most."""
    n = len(target)
    ends = [n * (i + 1) // min(parts, n) for i in range(min(parts, n))]
    for start, end in zip([0, *ends], ends):
        yield tuple(x[start:end] for x in inputs), target[start:end]


def _all(futures: list[Future]) -> list[Any]:
    """All results, in order; an error only when every thread has finished."""
    for future in futures:
        future.exception()
    return [future.result() for future in futures]


class _EachThread(threading.local):
    """Stands for the default generator: the real one in the thread that trains, a new one in every other."""

    def __init__(self, trains: int, real: Generator):
        self.own = real if threading.get_ident() == trains else Generator()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)


@contextmanager
def _generator_of_each_thread() -> Iterator[None]:
    real = tensor_random.default_generator
    tensor_random.default_generator = _EachThread(threading.get_ident(), real)  # type: ignore[assignment]
    try:
        yield
    finally:
        tensor_random.default_generator = real
