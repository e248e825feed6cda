"""L-BFGS: Newton's method with a curvature guessed from the last few steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autograd import enable_grad, no_grad, overwrite, wrap
from ..tensor import Tensor
from .optimizer import Optimizer, settings


class LBFGS(Optimizer):
    """Up to `max_iter` quasi-Newton steps a call, for smooth losses over all data (Liu and Nocedal 1989).

    `step(closure)` calls the closure many times: it must zero the gradients, compute the loss, go backward and return
    the loss. `line_search_fn="strong_wolfe"` looks for a good step length along each direction. ValueError for more
    than one parameter group, RuntimeError for another line search.

    >>> import learnnn as torch
    >>> w = torch.tensor([5.0], requires_grad=True)
    >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 2) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(9., grad_fn=<SumBackward0>)
    >>> w
    tensor([2.], requires_grad=True)
    """

    ours = ("weight_decay", "decoupled_weight_decay", "l1")

    def __init__(
        self,
        params: Any,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
        *,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        l1: float = 0,
    ):
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        super().__init__(params, settings(locals()))
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @no_grad()
    def step(self, closure: Callable) -> Any:
        """Go on along quasi-Newton directions; returns the loss before."""
        group, state = self.param_groups[0], self.state[self.param_groups[0]["params"][0]]
        self.steps_taken += 1
        self._shrink(group)
        loss, f, g = self._evaluate(closure)
        evaluations, start = 1, state.setdefault("func_evals", 0)
        small, tiny, search = group["tolerance_grad"], group["tolerance_change"], group["line_search_fn"]
        done = group["max_iter"] < 1 or _largest(g) <= small
        last = state.setdefault("n_iter", 0) + group["max_iter"]
        while not done:
            state["n_iter"] += 1
            d = _direction(state, g, group["history_size"])
            t = group["lr"] * (min(1.0, 1.0 / np.abs(g).sum()) if state["n_iter"] == 1 else 1)
            here = Point(0.0, f, g, g @ d)
            state.update(d=wrap(d), t=float(t), prev_flat_grad=wrap(g), prev_loss=f)
            if here.slope > -tiny:
                break
            line = Line(self, closure, self._read(), d)
            if search:
                found = _wolfe(line, here, t, group["max_eval"] - evaluations, tiny, search)
                f, g, t = found.f, found.g, found.t
                state["t"] = float(t)
            line.go(t)
            if not search and state["n_iter"] != last:
                f, g = self._evaluate(closure)[1:]
                line.evaluations += 1
            evaluations += line.evaluations
            done = state["n_iter"] == last or evaluations >= group["max_eval"] or _largest(g) <= small
            done = done or _largest(t * d) <= tiny or abs(f - here.f) < tiny
        state["func_evals"] = start + evaluations
        return loss

    def _evaluate(self, closure: Callable) -> tuple[Any, float, np.ndarray]:
        """The loss that the closure returns, then loss and gradient with the penalties, as a number and a vector."""
        with enable_grad():
            loss = closure()
        group = self.param_groups[0]
        pieces = [np.zeros(p.shape, p.dtype) if p.grad is None else p.grad.array for p in group["params"]]
        f, g = float(loss), np.concatenate([piece.ravel() for piece in pieces])
        l1, l2 = group.get("l1", 0), 0 if group.get("decoupled_weight_decay") else group.get("weight_decay", 0)
        if l1 or l2:
            x = self._read()
            f, g = f + float(l1 * np.abs(x).sum() + l2 / 2 * x @ x), g + l1 * np.sign(x) + l2 * x
        return loss, f, g

    def _shrink(self, group: dict[str, Any]) -> None:
        if group.get("decoupled_weight_decay") and group.get("weight_decay"):
            self._write(self._read() * (1 - group["lr"] * group["weight_decay"]))

    def _read(self) -> np.ndarray:
        """All parameters as one vector."""
        return np.concatenate([p.array.ravel() for p in self.param_groups[0]["params"]])

    def _write(self, x: np.ndarray) -> None:
        params: list[Tensor] = self.param_groups[0]["params"]
        ends = np.cumsum([p.array.size for p in params])
        for p, piece in zip(params, np.split(x, ends[:-1]), strict=True):
            p.array[...] = piece.reshape(p.shape)
            overwrite(p, None)


def _largest(x: np.ndarray) -> Any:
    return np.abs(x).max(initial=0)


def _direction(state: dict[str, Any], g: np.ndarray, most: int) -> np.ndarray:
    """Minus the gradient times the inverse curvature seen in the last steps: the two loops of Nocedal (1980)."""
    if state["n_iter"] == 1:
        state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
        return -g
    _remember(state, g - state["prev_flat_grad"].array, state["d"].array * float(state["t"]), most)
    past = [(y.array, s.array, float(r)) for y, s, r in _columns(state)]
    d, weights = -g, []
    for y, s, r in reversed(past):
        weights.append(s @ d * r)
        d = d - weights[-1] * y
    d = d * float(state["H_diag"])
    for (y, s, r), weight in zip(past, reversed(weights), strict=True):
        d = d + (weight - y @ d * r) * s
    return d


def _columns(state: dict[str, Any]) -> Any:
    return zip(*[state[name] for name in ("old_dirs", "old_stps", "ro")], strict=True)


def _remember(state: dict[str, Any], y: np.ndarray, s: np.ndarray, most: int) -> None:
    """Keep a step s and the change y of the gradient along it, if the loss curves up there."""
    curvature = y @ s
    if curvature <= 1e-10:
        return
    for name, value in (("old_dirs", wrap(y)), ("old_stps", wrap(s)), ("ro", float(1 / curvature))):
        state[name] = [*state[name], value][-most:]
    state["H_diag"] = float(curvature / (y @ y))


# ------------------------------------------------------------------------------------------- along a direction
class Point(NamedTuple):
    """A place on a line: how far along, the loss there, its gradient, and its slope along the line."""

    t: Any
    f: float
    g: np.ndarray
    slope: Any


class Line:
    """The loss along direction d from x."""

    def __init__(self, optimizer: LBFGS, closure: Callable, x: np.ndarray, d: np.ndarray):
        self.optimizer, self.closure, self.x, self.d, self.evaluations = optimizer, closure, x, d, 0

    def go(self, t: Any) -> None:
        self.optimizer._write(self.x + self.d * self.x.dtype.type(t))

    def at(self, t: Any) -> Point:
        self.go(t)
        self.evaluations += 1
        _, f, g = self.optimizer._evaluate(self.closure)
        return Point(t, f, g, g @ self.d)


DROP, FLAT = 1e-4, 0.9  # Wolfe's two conditions: the loss falls by so much of the slope; the slope falls to so much


def _wolfe(line: Line, start: Point, t: Any, most: int, tiny: float, name: str) -> Point:
    """A step that meets the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6)."""
    if name != "strong_wolfe":
        raise RuntimeError(f"only 'strong_wolfe' is supported as line_search_fn, not {name!r}")
    before, point = start, line.at(t)
    for tries in range(most):
        if _too_high(start, point) or (tries > 1 and point.f >= before.f):
            return _zoom(line, start, [before, point], most - tries, tiny)
        if _flat(start, point):
            return point
        if point.slope >= 0:
            return _zoom(line, start, [before, point], most - tries, tiny)
        t = point.t
        before, point = point, line.at(_cubic(before, point, t + 0.01 * (t - before.t), 10 * t))
    return min(start, point, key=lambda p: p.f)


def _too_high(start: Point, point: Point) -> bool:
    return point.f > start.f + DROP * point.t * start.slope


def _flat(start: Point, point: Point) -> bool:
    return abs(point.slope) <= -FLAT * start.slope


def _zoom(line: Line, start: Point, ends: list[Point], most: int, tiny: float) -> Point:
    """A good step between two others: the bracket is narrowed around the lower end."""
    low, slow, size = int(ends[0].f > ends[1].f), False, _largest(line.d)
    for _ in range(most):
        left, right = sorted((ends[0].t, ends[1].t))
        if (right - left) * size < tiny:
            break
        t, margin = _cubic(ends[0], ends[1], left, right), 0.1 * (right - left)
        slow, push = _near_an_end(t, left, right, margin, slow)
        if push:
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
        point = line.at(t)
        if _too_high(start, point) or point.f >= ends[low].f:
            ends[1 - low] = point
            low = int(ends[0].f > ends[1].f)
            continue
        if _flat(start, point):
            return point
        if point.slope * (ends[1 - low].t - ends[low].t) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = point
    return ends[low]


def _near_an_end(t: Any, left: Any, right: Any, margin: Any, slow: bool) -> tuple[bool, bool]:
    """(is progress slow, is t to be moved inwards)."""
    if min(right - t, t - left) >= margin:
        return False, False
    push = slow or t >= right or t <= left
    return not push, push


@np.errstate(all="ignore")
def _cubic(a: Point, b: Point, lowest: Any, highest: Any) -> Any:
    """Where the cubic through two points with their slopes is least, within bounds."""
    a, b = (a, b) if a.t <= b.t else (b, a)
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / np.float64(a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (lowest + highest) / 2
    d2 = np.sqrt(square)
    least = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(least, lowest), highest)
