"""Watching a step of a PyTorch model. PyTorch is there already, or nobody could pass one; this imports its parts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

import numpy as np

from ..graphs.tape import torch_name
from .clock import Clock, Place, Run
from .watching import Watcher, called, replaced, tensors_in


class TorchWatcher(Watcher):
    """Operations are PyTorch's own small ones (aten), modules tell the clock by their call, nodes by their hooks."""

    traced = False  # tracemalloc knows nothing of PyTorch's memory

    def __init__(self, model: Callable, inputs: Sequence[Any], loss: Callable | None):
        self.torch = sys.modules["torch"]
        self.module, self.watched = self.torch.nn.Module, False
        self.made: set[int] = set()  # where the memory begins that operations of this run asked for
        self.ran: list[tuple[tuple[str, ...], list[Any], list[Any]]] = []  # modules, with the nodes before and after
        super().__init__(model, inputs, loss)

    def tensors(self, thing: Any) -> Iterator[Any]:
        return tensors_in(thing, self.torch.Tensor)

    def fresh(self, x: Any) -> Any:
        if isinstance(x, self.torch.Tensor):
            return x.detach().clone().requires_grad_(x.requires_grad)
        if isinstance(x, np.ndarray):
            x = self.torch.tensor(x)
            floats = [p.dtype for p in getattr(self.model, "parameters", tuple)()] + [x.dtype]
            return x.to(floats[0]) if x.is_floating_point() else x
        return x

    def start(self, end: Any) -> Any:
        random = np.random.default_rng(0).normal(size=tuple(end.shape))
        return self.torch.ones_like(end) if end.numel() == 1 else self.torch.as_tensor(random).to(end)

    def set_aside(self, ends: Sequence[Any]) -> None:
        for node in self.nodes(ends):
            if (leaf := getattr(node, "variable", None)) is not None:
                self.untouched.keep(leaf)
                leaf.grad = None

    def nodes(self, ends: Sequence[Any]) -> list[Any]:
        found = dict.fromkeys(end.grad_fn for end in ends if end.grad_fn is not None)
        todo = list(found)
        for node in todo:  # the list grows while we walk it
            fresh = [n for n, _ in node.next_functions if n is not None and n not in found]
            found |= dict.fromkeys(fresh)
            todo += fresh
        return sorted(todo, key=lambda node: node._sequence_nr())

    def backward(self, ends: Sequence[Any], starts: Sequence[Any]) -> None:
        self.torch.autograd.backward(ends, starts)

    # ---------------------------------------------------------------------------------------------- the watching
    @contextmanager
    def watching(self, clock: Clock, only: Any = None) -> Iterator[None]:
        """Modules tell the clock; operations and nodes are watched in each run."""
        self.watched = True
        try:
            with replaced([(self.module, "__call__", called(clock, self, self.module.__call__))]):
                yield
        finally:
            self.watched = False

    def run(self, clock: Clock, path: str, kind: str, call: Callable, args: Sequence[Any], kwargs: dict) -> Any:
        """And note between which nodes the module ran: what it made is theirs."""
        out = super().run(clock, path, kind, call, args, kwargs)
        if self.watched:
            clock.pause()
            self.ran.append(((*clock.stack, path), self._made_by([args, kwargs]), self._made_by(out)))
            clock.resume()
        return out

    def _made_by(self, thing: Any) -> list[Any]:
        return [t.grad_fn for t in self.tensors(thing) if t.grad_fn is not None]

    def forward_watched(self, clock: Clock) -> AbstractContextManager:
        self.ran.clear()
        self.made.clear()
        return _mode()(clock, self) if self.watched else nullcontext()

    @contextmanager
    def backward_watched(self, clock: Clock, ends: Sequence[Any]) -> Iterator[None]:
        handles = []
        for node in self.nodes(ends) if self.watched else ():
            if not hasattr(node, "variable"):
                place = self._place(node)
                handles.append(node.register_prehook(lambda *_, p=place: clock.start(p.operation, p.stack)))
                handles.append(node.register_hook(lambda *_: clock.stop()))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def note_kept(self, run: Run, ends: Sequence[Any], inputs: Any) -> None:
        for node in self.nodes(ends):
            saved = [getattr(node, name) for name in dir(node) if name.startswith("_saved_")]
            for storage in [t.untyped_storage() for t in self.tensors(saved)]:
                if storage.data_ptr() in self.made:
                    run.kept[self._place(node)] += storage.nbytes()
                    self.made.remove(storage.data_ptr())

    def _send_back(self, clock: Clock, memory: Any, ends: Sequence[Any], inputs: Any) -> None:
        if self.watched:
            self._find_owners()
        super()._send_back(clock, memory, ends, inputs)

    def _find_owners(self) -> None:
        """For each node the modules in whose forward it was made: inner ones ran first and have theirs already."""
        for stack, before, after in self.ran:
            seen, todo = set(before), list(after)
            while todo:
                node = todo.pop()
                if node not in seen:
                    seen.add(node)
                    self.owners.setdefault(node, (None, stack))
                    todo += [n for n, _ in node.next_functions if n is not None]

    def _place(self, node: Any) -> Place:
        return Place(_operation(torch_name(node)), False, self.owners.get(node, (None, ()))[1])


@cache
def _mode() -> type:
    """The mode in which every operation passes by, made when it is first asked for."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watched(TorchDispatchMode):
        def __init__(self, clock: Clock, watcher: TorchWatcher):
            super().__init__()
            self.clock, self.watcher = clock, watcher

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.clock.start(_operation(func.overloadpacket.__name__))
            out = None
            try:
                out = func(*args, **(kwargs or {}))
                return out
            finally:
                self.clock.pause()
                self.clock.stop(output=self.new_bytes(out, [args, kwargs]), calls=1)

        def new_bytes(self, out: Any, given: Any) -> int:
            there = {t.untyped_storage().data_ptr() for t in self.watcher.tensors(given)}
            new = [t for t in self.watcher.tensors(out) if t.untyped_storage().data_ptr() not in there]
            self.watcher.made.update(t.untyped_storage().data_ptr() for t in new)
            return sum(t.nbytes for t in new)

    return Watched


def _operation(name: str) -> str:
    """One name for an operation and for its node: `_softmax`, `relu_` and `nll_loss_forward` are written plainly."""
    return name.strip("_").removesuffix("_forward")
