"""Lines on a grid, by marching squares: where two classes are level, and where one is so far ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator

import numpy as np

Point = tuple[float, float]  # column, row
Piece = tuple[Point, Point]


def border(labels: np.ndarray, lead: np.ndarray) -> list[list[Point]]:
    """The lines between the regions of `labels` (R, C), placed between the grid points by the winners' `lead`.

    >>> border(np.array([[0, 1], [0, 1]]), np.array([[0.25, 0.75], [0.75, 0.25]]))
    [[(0.25, 0), (0.75, 1)]]
    """
    share = lambda a, b: a / np.maximum(a + b, 1e-12)
    return joined(_pieces(labels, share(lead[:, :-1], lead[:, 1:]), share(lead[:-1], lead[1:])))


def level(values: np.ndarray, at: float) -> list[list[Point]]:
    """The lines along which `values` (R, C) are `at`; there are none beside values that are nan.

    >>> level(np.array([[0.0, 1.0], [0.0, 1.0]]), 0.25)
    [[(0.25, 0), (0.25, 1)]]
    """
    share = lambda a, b: (at - a) / np.where(a == b, 1, b - a)
    pieces = _pieces(values > at, share(values[:, :-1], values[:, 1:]), share(values[:-1], values[1:]))
    return joined(piece for piece in pieces if np.isfinite(piece).all())


def _pieces(regions: np.ndarray, across: np.ndarray, up: np.ndarray) -> Iterator[Piece]:
    """A piece of line in each cell whose corners lie in two regions, and a star in one whose corners lie in more.

    `across` (R, C - 1) and `up` (R - 1, C) say how far from a grid point to the next the line crosses.
    """
    row, column = regions[:, 1:] != regions[:, :-1], regions[1:] != regions[:-1]
    for r, c in np.argwhere(row[:-1] | row[1:] | column[:, :-1] | column[:, 1:]).tolist():
        ends: list[Point] = [(c + float(across[s, c]), s) for s in (r, r + 1) if row[s, c]]
        ends += [(s, r + float(up[r, s])) for s in (c, c + 1) if column[r, s]]
        if len(ends) == 2:
            yield ends[0], ends[1]
        else:
            middle = (sum(x for x, _ in ends) / len(ends), sum(y for _, y in ends) / len(ends))
            yield from ((end, middle) for end in ends)


def joined(pieces: Iterator[Piece]) -> list[list[Point]]:
    """Pieces that meet end to end as lines; they part where three meet.

    >>> joined(iter([((0, 0), (1, 0)), ((2, 1), (1, 0))]))
    [[(0, 0), (1, 0), (2, 1)]]
    """
    links: dict[Point, list[Point]] = defaultdict(list)
    for a, b in pieces:
        if a != b:
            links[a].append(b)
            links[b].append(a)
    ends = {point: near for point, near in links.items() if len(near) != 2}
    starts = [start for start in (*ends, *links) for _ in links[start]]
    return [_walk(links, ends, start) for start in starts if links[start]]


def _walk(links: dict[Point, list[Point]], ends: Container[Point], start: Point) -> list[Point]:
    """Along the links, taking them away, to the next end or back to the start."""
    line = [start]
    while links[line[-1]] and (len(line) == 1 or line[-1] not in ends):
        following = links[line[-1]].pop()
        links[following].remove(line[-1])
        line.append(following)
    return line
