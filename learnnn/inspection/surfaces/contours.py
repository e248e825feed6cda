"""Lines of equal height on a grid: marching squares (Lorensen and Cline 1987, in two dimensions)."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

Point = tuple[float, float]
Edge = tuple[int, int, int]  # row, column, 0 for the edge that runs along the row, 1 for the one along the column

# By which corners of a cell are above (1 lower left, 2 lower right, 4 upper right, 8 upper left): the pairs of edges
# that the line joins; edges are 0 below, 1 right, 2 above, 3 left. In the saddles, 5 and 10, what is above stays apart.
JOINS = {
    1: [(3, 0)], 2: [(0, 1)], 3: [(3, 1)], 4: [(1, 2)], 5: [(3, 0), (1, 2)], 6: [(0, 2)], 7: [(3, 2)],
    8: [(2, 3)], 9: [(2, 0)], 10: [(0, 1), (2, 3)], 11: [(2, 1)], 12: [(1, 3)], 13: [(1, 0)], 14: [(0, 3)],
}  # fmt: skip


def contour(values: np.ndarray, level: float) -> list[np.ndarray]:
    """The lines along which values (rows, columns) are at the level, each as points (n, 2) of (column, row).

    Cells with a value that is not finite have no line.

    >>> contour(np.array([[0.0, 1.0], [0.0, 1.0]]), 0.25)
    [array([[0.25, 0.  ],
           [0.25, 1.  ]])]
    """
    ends: dict[Edge, list[Edge]] = defaultdict(list)
    for a, b in _segments(values, level):
        ends[a].append(b)
        ends[b].append(a)
    return [np.array([_crossing(values, level, edge) for edge in chain]) for chain in _chains(ends)]


def _segments(values: np.ndarray, level: float) -> list[tuple[Edge, Edge]]:
    above = values > level
    corners = (above[:-1, :-1], above[:-1, 1:], above[1:, 1:], above[1:, :-1])
    kind = np.sum([corner.astype(int) << k for k, corner in enumerate(corners)], axis=0)
    whole = np.isfinite(values)
    whole = whole[:-1, :-1] & whole[:-1, 1:] & whole[1:, 1:] & whole[1:, :-1]
    cells = np.argwhere((kind != 0) & (kind != 15) & whole)
    return [(_edge(r, c, a), _edge(r, c, b)) for r, c in cells.tolist() for a, b in JOINS[int(kind[r, c])]]


def _edge(row: int, column: int, side: int) -> Edge:
    return ((row, column, 0), (row, column + 1, 1), (row + 1, column, 0), (row, column, 1))[side]


def _crossing(values: np.ndarray, level: float, edge: Edge) -> Point:
    row, column, up = edge
    low, high = float(values[row, column]), float(values[row + up, column + 1 - up])
    part = (level - low) / (high - low)
    return (column, row + part) if up else (column + part, row)


def _chains(ends: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """Segments joined end to end: open lines first, which begin where only one segment ends; then the rings."""
    chains = []
    for start in [*(edge for edge, near in ends.items() if len(near) == 1), *ends]:
        chain = [start]
        while ends[chain[-1]]:
            following = ends[chain[-1]].pop()
            ends[following].remove(chain[-1])
            chain.append(following)
        if len(chain) > 1:
            chains.append(chain)
    return chains


def contours(
    xs: np.ndarray, ys: np.ndarray, values: np.ndarray, levels: np.ndarray
) -> list[tuple[float, list[np.ndarray]]]:
    """(level, its lines as points (n, 2) of (x, y)) for each level, on a grid values[row of y, column of x]."""
    return [(float(level), [_placed(line, xs, ys) for line in contour(values, level)]) for level in levels]


def _placed(line: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(line[:, 0], range(len(xs)), xs), np.interp(line[:, 1], range(len(ys)), ys)], 1)
