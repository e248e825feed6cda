"""Where the nodes of a graph go: layers by longest path, few crossings by barycentres, edges routed around nodes.

After Sugiyama, Tagawa and Toda 1981. It needs no other program, and takes milliseconds for a graph of a lesson.
Inside, "along" is the direction of the flow and "across" is the other one; `down` decides which of them is x.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
Edge = tuple[int, int]
GAP, SPACING, LANE = 40.0, 18.0, 12.0  # between layers; between nodes; between wires that run side by side


@dataclass(frozen=True)
class Layout:
    """Centres of the nodes, stations of the edges (as given), and the size of the whole, in pixels."""

    centres: list[Point]
    routes: list[tuple[Point, ...]]
    width: float
    height: float
    layers: list[int]


def layered(sizes: Sequence[Point], edges: Sequence[Edge], down: bool = False) -> Layout:
    """Lay out nodes of the given (width, height); every edge (from, to) goes forward: right, or down.

    Raises ValueError for a cycle.

    >>> layered([(40, 20), (40, 20)], [(0, 1)]).centres
    [(20.0, 10.0), (100.0, 10.0)]
    """
    boxes = [(h, w) if down else (w, h) for w, h in sizes]  # (along, across)
    layer = assign_layers(len(boxes), edges)
    rows = _Rows(layer, edges, [across for _, across in boxes])
    rows.order()
    across = rows.place()
    begin, end = _bands([along for along, _ in boxes], layer, rows, across)
    centres = [(round((begin[i] + end[i]) / 2, 2), a) for i, a in zip(layer, across)]
    routes = _routes(rows, boxes, centres, across, begin, end)
    height = max((a + box[1] / 2 for (_, a), box in zip(centres, boxes)), default=0.0)
    height = max([height, *[a + LANE / 2 for a in across[len(boxes) :]]])
    extent = (end[-1] if end else 0.0, height)
    if down:
        flip = lambda points: [(y, x) for x, y in points]
        return Layout(flip(centres), [tuple(flip(r)) for r in routes], extent[1], extent[0], layer)
    return Layout(centres, [tuple(r) for r in routes], *extent, layer)


# ------------------------------------------------------------------------------------------------- layers
def assign_layers(count: int, edges: Sequence[Edge]) -> list[int]:
    """The longest path from a source to each node; sources and what hangs on one alone move next to their use.

    >>> assign_layers(4, [(0, 1), (1, 2), (3, 2)])
    [0, 1, 2, 1]
    """
    parents, children = _neighbours(count, edges)
    order, waiting = [i for i in range(count) if not parents[i]], [len(p) for p in parents]
    layer = [0] * count
    for node in order:
        for child in children[node]:
            layer[child] = max(layer[child], layer[node] + 1)
            waiting[child] -= 1
            if not waiting[child]:
                order.append(child)
    if len(order) < count:
        raise ValueError("the graph has a cycle: a value cannot be computed from itself")
    tail = [False] * count
    for i in order:
        tail[i] = not parents[i] or (len(set(parents[i])) == 1 and tail[parents[i][0]])
    for i in reversed(order):
        if tail[i] and children[i]:
            layer[i] = min(layer[c] for c in children[i]) - 1
    return layer


def _neighbours(count: int, edges: Sequence[Edge]) -> tuple[list[list[int]], list[list[int]]]:
    parents: list[list[int]] = [[] for _ in range(count)]
    children: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        parents[b].append(a)
        children[a].append(b)
    return parents, children


# -------------------------------------------------------------------------------------------- rows of nodes
class _Rows:
    """The layers with all that stands in them: nodes, and a bend for each layer that an edge passes through.

    The edges that leave one node share their bends, as the lines of a bus share a stretch of road; a value that
    is used in each of 500 steps so costs 500 bends and not 125,000.
    """

    def __init__(self, layer: list[int], edges: Sequence[Edge], across: list[float]):
        self.nodes, self.layer, self.across = len(layer), list(layer), list(across)
        self.chains: list[list[int]] = []  # for each edge: from, bends, to
        bends: dict[Edge, int] = {}
        for a, b in edges:
            chain = [a]
            for level in range(layer[a] + 1, layer[b]):
                if (a, level) not in bends:
                    bends[a, level] = len(self.layer)
                    self.layer.append(level)
                    self.across.append(LANE)
                chain.append(bends[a, level])
            self.chains.append([*chain, b])
        links = {pair for chain in self.chains for pair in itertools.pairwise(chain)}
        self.above, self.below = _neighbours(len(self.layer), sorted(links))
        # the main stream keeps straight: what was computed pulls more than an input or the bend of a long wire
        self.pull = [5.0 if i < self.nodes and parents else 1.0 for i, parents in enumerate(self.above)]
        self.both = [a + b for a, b in zip(self.above, self.below)]
        self.rows: list[list[int]] = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for i in self._depth_first():
            self.rows[self.layer[i]].append(i)

    def _depth_first(self) -> list[int]:
        """A first order that keeps what belongs together side by side: walk up from the results."""
        seen: dict[int, None] = {}
        stack = [i for i in range(len(self.layer)) if not self.below[i]][::-1]
        while stack:
            i = stack.pop()
            if i not in seen:
                seen[i] = None
                stack += self.above[i][::-1]
        return list(seen)

    def order(self) -> None:
        """Sort each row by the mean position of its neighbours, to and fro; keep the order with fewest crossings."""
        best, least, rank = [list(row) for row in self.rows], self.crossings(), self._ranks()
        for sweep in range(12 if len(self.layer) < 400 else 4 if len(self.layer) < 2000 else 2):
            if not least:
                break
            forth = sweep % 2 == 0
            for row in self.rows[1:] if forth else self.rows[-2::-1]:
                self._sort(row, self.above if forth else self.below, rank)
            crossings = self.crossings()
            if crossings < least:
                best, least = [list(row) for row in self.rows], crossings
        self.rows = best

    def _sort(self, row: list[int], neighbours: list[list[int]], rank: dict[int, int]) -> None:
        mean = {i: sum(rank[j] for j in near) / len(near) if (near := neighbours[i]) else rank[i] for i in row}
        row.sort(key=mean.__getitem__)
        rank.update({i: k for k, i in enumerate(row)})

    def _ranks(self) -> dict[int, int]:
        return {i: k for row in self.rows for k, i in enumerate(row)}

    def crossings(self) -> int:
        """How many pairs of links cross."""
        rank, total = self._ranks(), 0
        for row in self.rows[1:]:
            seen: list[int] = []
            for i in row:
                ends = [rank[j] for j in self.above[i]]
                total += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total

    def place(self) -> list[float]:
        """The across position of everything: as near to its neighbours as the others in its row allow."""
        position = [0.0] * len(self.layer)
        for row in self.rows:
            for i, offset in zip(row, self._offsets(row)):
                position[i] = offset
        for sides in (self.above, self.below) * 3 + (self.both, self.both, self.below, self.above):
            for row in self.rows[::-1] if sides is self.below else self.rows:
                self._settle(row, position, sides)
        low = min((p - self.across[i] / 2 for i, p in enumerate(position)), default=0.0)
        return [round(p - low, 2) for p in position]

    def _offsets(self, row: list[int]) -> list[float]:
        """Positions of a row packed as tightly as it goes."""
        offsets, at = [], 0.0
        for k, i in enumerate(row):
            if k:
                lanes = i >= self.nodes and row[k - 1] >= self.nodes
                at += (self.across[row[k - 1]] + self.across[i]) / 2 + (LANE / 4 if lanes else SPACING)
            offsets.append(at)
        return offsets

    def _settle(self, row: list[int], position: list[float], sides: list[list[int]]) -> None:
        """Move a row towards its neighbours on one side; what has none there looks at the other side."""
        offsets, wishes, weights = self._offsets(row), [], []
        for i, offset in zip(row, offsets):
            near = sides[i] or self.both[i]
            total = sum(self.pull[j] for j in near)
            wishes.append((sum(self.pull[j] * position[j] for j in near) / total if near else position[i]) - offset)
            weights.append((4.0 if i >= self.nodes else 1.0) if sides[i] else 0.1)
        for i, offset, shift in zip(row, offsets, isotonic(wishes, weights)):
            position[i] = offset + shift


def isotonic(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nondecreasing numbers nearest to the wishes in weighted squares (pool adjacent violators).

    >>> isotonic([1, 3, 2], [1, 1, 1])
    [1.0, 2.5, 2.5]
    """
    blocks: list[list[float]] = []  # mean, weight, length
    for wish, weight in zip(wishes, weights):
        blocks.append([float(wish), weight, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean, w, n = blocks.pop()
            last = blocks[-1]
            blocks[-1] = [(last[0] * last[1] + mean * w) / (last[1] + w), last[1] + w, last[2] + n]
    return [mean for mean, _, n in blocks for _ in range(int(n))]


# ------------------------------------------------------------------------------------------------- along
def _bands(along: list[float], layer: list[int], rows: _Rows, across: list[float]) -> tuple[list[float], list[float]]:
    """Where each layer begins and ends; steep wires get a wider gap to climb in."""
    thick = [max((along[i] for i in row if i < len(along)), default=0.0) for row in rows.rows]
    climb = [0.0] * len(thick)
    for i, parents in enumerate(rows.above):
        for j in parents:
            climb[rows.layer[i]] = max(climb[rows.layer[i]], abs(across[i] - across[j]))
    begin, end, at = [], [], 0.0
    for k, size in enumerate(thick):
        at += GAP + min(50.0, 0.12 * climb[k]) if k else 0.0
        begin.append(round(at, 2))
        at = round(at + size, 2)
        end.append(at)
    return begin, end


def _routes(rows: _Rows, boxes, centres, across, begin, end) -> list[list[Point]]:
    """For each edge its stations: straight through a layer, a curve in the gap between two."""
    ports = _ports(rows, boxes, centres, across)
    routes = []
    for edge, chain in enumerate(rows.chains):
        (first, *bends, last), level = chain, rows.layer
        leave, arrive = centres[first][1], ports[edge]
        start, stop = centres[first][0] + boxes[first][0] / 2, centres[last][0] - boxes[last][0] / 2
        points = [(round(start, 1), leave), (max(end[level[first]], round(start, 1)), leave)]
        for i in bends:
            points += [(begin[level[i]], across[i]), (end[level[i]], across[i])]
        points += [(begin[level[last]], arrive), (max(round(stop, 1), begin[level[last]]), arrive)]
        routes.append([p for k, p in enumerate(points) if k == 0 or p != points[k - 1]])
    return routes


def _ports(rows: _Rows, boxes, centres, across) -> list[float]:
    """Where each edge arrives on the side of its node: spread out, in the order in which the edges come in."""
    arriving: dict[int, list[tuple[float, int]]] = {}
    for edge, chain in enumerate(rows.chains):
        arriving.setdefault(chain[-1], []).append((across[chain[-2]], edge))
    ports = [0.0] * len(rows.chains)
    for node, found in arriving.items():
        step = min(14.0, 0.7 * boxes[node][1] / len(found))
        for k, (_, edge) in enumerate(sorted(found)):
            ports[edge] = round(centres[node][1] + step * (k - (len(found) - 1) / 2), 2)
    return ports
