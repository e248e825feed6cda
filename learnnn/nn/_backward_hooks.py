"""Full backward hooks: a gate before a module and one behind it, through which the gradients pass on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import autograd
from ..tensor import Tensor


class Gate(autograd.Function):
    """Tensors as they are; `seen` is told their gradients on the way back, and may replace them."""

    @staticmethod
    def forward(ctx: Any, seen: Callable, *tensors: Any) -> Any:
        ctx.seen = seen
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*[t for t in tensors if not t.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return None, *ctx.seen(grads)


def _through(seen: Callable, values: tuple) -> tuple:
    """`values` with the tensors among them sent through a gate."""
    tensors = iter(Gate.apply(seen, *[v for v in values if isinstance(v, Tensor)]))
    return tuple([next(tensors) if isinstance(v, Tensor) else v for v in values])


def _needs_grad(values: tuple) -> bool:
    return autograd.is_grad_enabled() and any(isinstance(v, Tensor) and v.requires_grad for v in values)


class BackwardHooks:
    """The backward hooks of one call of a module."""

    def __init__(self, module: Any, hooks: tuple[Callable, ...]):
        self.module, self.hooks = module, hooks
        self.grad_output: tuple = ()

    def inputs(self, args: tuple) -> tuple:
        """The arguments of forward, watched."""
        self.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        self.count, self.watched = len(args), _needs_grad(args)
        return _through(self._input_grads, args) if self.watched else args

    def outputs(self, out: Any) -> Any:
        """The output of forward, watched."""
        values = out if isinstance(out, tuple) else (out,)
        if not _needs_grad(values):
            return out
        values = _through(self._output_grads, values)
        return values if isinstance(out, tuple) else values[0]

    def _output_grads(self, grads: tuple) -> tuple:
        self.grad_output = grads
        if not self.watched and self._call((None,) * self.count) != (None,) * self.count:
            raise RuntimeError(
                "Backward hook for Modules where no input requires gradient should always return None or None for all "
                "gradients."
            )
        return grads

    def _input_grads(self, grads: tuple) -> tuple:
        spread: list[Any] = [None] * self.count
        for place, grad in zip(self.places, grads, strict=True):
            spread[place] = grad
        changed = self._call(tuple(spread))
        return tuple(changed[place] for place in self.places)

    def _call(self, grad_input: tuple) -> tuple:
        for hook in self.hooks:
            changed = hook(self.module, grad_input, self.grad_output)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != len(grad_input):
                raise RuntimeError(
                    f"Backward hook returned an invalid number of grad_input, got {len(changed)}, but expected "
                    f"{len(grad_input)}"
                )
            grad_input = changed
        return grad_input
