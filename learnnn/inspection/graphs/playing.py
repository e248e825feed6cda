"""What the live form of a graph is sent: its boxes at each fold, and backward turn by turn, all numbers in words."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from .card import Card, called, lines, norm, role, shape_words
from .counterfactual import Player
from .engines import WRONG, Run
from .layout import Layout, layered
from .modules import Call, View
from .slopes import formula, slope
from .tape import GraphNode

Texts = Mapping[int, Sequence[str]]
PLAYED, LISTED = 150, 12  # of more nodes than that a wrong engine is not played, and its first results are listed
WORK = 2_000_000  # where backward is more work than that it runs once for a picture, and not five times
ROUTED = 6000  # more stations than that are not drawn twice where wires share a stretch


def words(array: Any) -> str:
    """An array as its numbers, a line a row, or as its norm; nothing for what is no array.

    >>> words(np.eye(2)), words(np.ones((3, 12))), words(None)
    ('[1, 0]\\n[0, 1]', 'norm 6', '')
    """
    if array is None:
        return ""
    return "\n".join(lines(array)) or f"norm {norm(array)}"


# ---------------------------------------------------------------------------------------------------- the nodes
def node_facts(node: GraphNode, call: Call | None) -> dict[str, Any]:
    """What the panel says of a node."""
    facts = {
        "role": role(node), "kind": node.kind.replace("operation", ""), "op": node.op, "name": called(node),
        "value": words(node.value), "grad": words(node.gradient), "by": call.words if call else "",
        "shape": shape_words(node.shape) if node.shape else "",
    }  # fmt: skip
    return {key: value for key, value in facts.items() if value != ""} | ({"path": call.path} if call else {})


def drawn_alone(views: Sequence[View]) -> set[int]:
    """The nodes of the whole graph that some view draws as themselves."""
    found: set[int] = set()
    for view in views:
        alone = [call is None and node.kind != "folded" for call, node in zip(view.calls, view.record.nodes)]
        found |= {i for i, at in enumerate(view.place) if at >= 0 and alone[at]}
    return found


# ---------------------------------------------------------------------------------------------------- the turns
def packed_run(player: Player, run: Run, shown: set[int]) -> list[list[Any]]:
    """Each turn as [node or -1, its gradient, [[to, place, share, before, after], ...]]."""
    say = lambda g: words(player.pulls.shown(g))
    found = []
    for turn in run.turns:
        if turn.node is None or turn.node in shown:
            shares = [[s.to, s.place, say(s.piece), say(s.before), say(s.after)] for s in turn.shares]
            found.append([-1 if turn.node is None else turn.node, say(turn.gradient), shares])
    return found


def packed_slopes(player: Player, shown: set[int]) -> dict[int, list[list[str]]]:
    """Of each step the local derivative in each parent: [formula, numbers]."""
    nodes, found = player.record.nodes, {}
    for i in sorted(shown):
        if player.pulls.parents[i]:
            names, places = _arguments(player, i), player.pulls.places(i)
            both = [[formula(nodes[i].op, at, names), _numbers(player, i, k)] for k, at in enumerate(places)]
            found[i] = both
    return found


def _arguments(player: Player, i: int) -> list[str]:
    """The name of each argument of a step, "" for one that has none."""
    names = [""] * (max(player.pulls.places(i)) + 1)
    for place, j in zip(player.pulls.places(i), player.pulls.parents[i]):
        names[place] = player.record.nodes[j].label
    return names


def _numbers(player: Player, i: int, k: int) -> str:
    try:
        return slope(player.pulls, player.record.nodes, i, k)
    except (ValueError, TypeError, RuntimeError, IndexError):
        return ""  # a step that cannot be asked for a single entry: its formula is enough


def packed_player(player: Player, views: Sequence[View]) -> dict[str, Any]:
    """All runs, what is to be said of the wrong ones, and the numbers that each node may come to show."""
    shown = drawn_alone(views)
    order = [i for i in player.order if i in shown]
    if player.right.stopped:
        return {"order": order, "stuck": player.right.stopped, "runs": {}, "slopes": {}, "wrong": {}}
    runs, wrong = {"right": packed_run(player, player.right, shown)}, {}
    for name, label in WRONG.items() if work(player) <= WORK else ():
        run, found = player.wrong(name)
        table = [[i, words(found.wrong.get(i)), words(found.right.get(i))] for i in found.differs if i in shown]
        played = bool(table) and len(shown) <= PLAYED
        wrong[name] = {
            "label": label,
            "why": found.why,
            "count": len(table),
            "table": table[: None if played else LISTED],
        }
        if played:
            runs[name] = packed_run(player, run, shown)
    return {"order": order, "stuck": "", "runs": runs, "slopes": packed_slopes(player, shown), "wrong": wrong}


def work(player: Player) -> int:
    """How long backward takes, in numbers computed; a step by itself takes as long as about a thousand."""
    return sum(1000 + prod(shape or ()) for shape in player.pulls.shapes)


def possible(runs: Mapping[str, Any]) -> Texts:
    """All single lines that the gradient of a node may read during the runs: its box must be wide enough."""
    found: dict[int, set[str]] = defaultdict(set)
    for run in runs.values():
        for _, _, shares in run:
            for to, *_, after in shares:
                found[to].update(_short(line) for line in after.split("\n"))
    return {i: sorted(texts) for i, texts in found.items()}


def _short(line: str) -> str:
    return line.removeprefix("norm ")


# ---------------------------------------------------------------------------------------------------- the boxes
def packed_view(view: View, down: bool, gradients: Mapping[int, np.ndarray], room: Texts) -> dict[str, Any]:
    """A view as the script draws it: boxes with their places, wires, and the size of the sheet."""
    whole = {at: i for i, at in enumerate(view.place) if at >= 0 and view.calls[at] is None}
    cards = []
    for n, node in enumerate(view.record.nodes):
        i = whole.get(n, -1) if node.kind != "folded" else -1
        grown = replace(node, gradient=gradients.get(i, node.gradient)) if i >= 0 else node
        cards.append((i, Card(grown, view.record.scalar, room.get(i, ()))))
    layout = layered([(card.width, card.height) for _, card in cards], view.record.edges, down)
    boxes = [packed_card(i, card, at, view.calls[n]) for n, ((i, card), at) in enumerate(zip(cards, layout.centres))]
    return {
        "name": view.name, "down": down, "width": layout.width, "height": layout.height, "cards": boxes,
        "wires": _wires(view, layout), "place": view.place, "open": sorted(view.open),
    }  # fmt: skip


def packed_card(i: int, card: Card, centre: tuple[float, float], call: Call | None) -> dict[str, Any]:
    """A box. Of its rows those marked v show its value and those marked g its gradient, as the player goes."""
    node, values = card.node, len(lines(card.node.value))
    shape = next((k for k, (key, _) in enumerate(card.rows) if key == "shape"), -1)
    what = lambda k: "" if node.kind == "folded" or k == shape else "v" if k < values else "g"
    facts = {
        "i": i, "x": round(centre[0] - card.width / 2, 1), "y": round(centre[1] - card.height / 2, 1),
        "w": round(card.width, 1), "h": card.height, "head": card.head, "name": card.name, "role": role(node),
        "rows": [[key, value, what(k)] for k, (key, value) in enumerate(card.rows)],
    }  # fmt: skip
    if card.badge:
        facts |= {"badge": card.badge, "size": card.badge_size, "bw": round(card.badge_width, 1)}
    if node.output:
        facts["out"] = True
    if node.kind == "folded":
        facts |= {"title": called(node), "path": call.path if call else None}
    return facts


def _wires(view: View, layout: Layout) -> list[list[Any]]:
    """[from, to, [x, y, x, y, ...]] for each edge."""
    routes: Sequence[Sequence[tuple[float, float]]] = layout.routes
    if sum(map(len, routes)) > ROUTED:
        routes = list(once(routes))
    return [[a, b, [round(c, 1) for point in r for c in point]] for (a, b), r in zip(view.record.edges, routes)]


def once(routes: Sequence[Sequence[tuple[float, float]]]) -> list[Sequence[tuple[float, float]]]:
    """The routes without what another one drew before: edges from one node share their first stretch."""
    drawn: set[Any] = set()
    found = []
    for route in routes:
        pieces = list(itertools.pairwise(route))
        new = next((k for k, piece in enumerate(pieces) if piece not in drawn), len(pieces) - 1)
        drawn.update(pieces)
        found.append(route[new:])
    return found
