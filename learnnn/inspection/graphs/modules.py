"""Which call of which module made a step, and the picture with such calls folded into one box each."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..models import parts
from ..models.kind import is_module
from ..models.watching import watching
from .tape import GraphNode, Record, moved

Parents = Callable[[Any], Iterable[Any]]


@dataclass
class Call:
    """One call of a part of the model: its path, the name of its class, and the call it was made in."""

    path: str
    name: str
    within: Call | None = None

    @property
    def words(self) -> str:
        return f"{self.path} · {self.name}" if self.path else self.name

    def chain(self) -> list[Call]:
        """The calls around it, the outermost first, and itself."""
        return [*(self.within.chain() if self.within else []), self]


@dataclass
class Calls:
    """All calls of a run, and by id() of a recorded step the innermost call that made it."""

    parents: Parents
    ends: Callable[[Any], list[Any]]  # the recorded steps at which the tensors in an answer, or in arguments, end
    made: dict[int, Call] = field(default_factory=dict)
    alive: list[Any] = field(default_factory=list)

    def note(self, path: str, name: str, output: Any, before: Iterable[int]) -> None:
        """A call has finished: its steps are those behind the output and not behind those known `before`, by id().

        Steps that a call inside it made stay that one's.
        """
        call, seen = Call(path, name), set(before)
        todo = [end for end in self.ends(output) if id(end) not in seen]
        seen |= {id(end) for end in todo}
        for step in todo:  # the list grows while we walk it
            origins = list(self.parents(step))
            if origins:
                self._belongs(step, call)
            fresh = [origin for origin in origins if id(origin) not in seen]
            seen |= {id(origin) for origin in fresh}
            todo += fresh
        self.alive += todo

    def given(self, args: Any) -> set[int]:
        """The steps behind which a call did not look: those of its arguments."""
        ends = self.ends(args)
        self.alive += ends
        return {id(end) for end in ends}

    def elsewhere(self, path: str) -> set[int]:
        """The steps of earlier calls that were not made inside this one, by their paths."""
        inside = f"{path}." if path else ""
        return {step for step, call in self.made.items() if not call.path.startswith(inside)}

    def _belongs(self, step: Any, call: Call) -> None:
        outermost = self.made.setdefault(id(step), call).chain()[0]
        if outermost is not call:
            outermost.within = call


@contextmanager
def noting(model: Any, calls: Calls) -> Iterator[None]:
    """Within, `calls` learns of each call of a part of the model."""
    known = parts.layers(model)
    with ExitStack() as stack:
        for path, part in known.items():
            if is_module(part):
                stack.callback(part.register_forward_hook(partial(_module_told, calls, path)).remove)
        own = {path: part for path, part in known.items() if path and not is_module(part)}
        stack.enter_context(watching(own, partial(_own_told, calls, known)))
        yield


def _module_told(calls: Calls, path: str, part: Any, args: Any, output: Any) -> None:
    calls.note(path, type(part).__name__, output, calls.given(args))


def _own_told(calls: Calls, known: Mapping[str, Any], path: str, args: Any, output: Any) -> Any:
    """A learner's own part may be given what no tape knows: what is not yet another's is its own."""
    calls.note(path, type(known[path]).__name__, output, calls.elsewhere(path))
    return output


# -------------------------------------------------------------------------------------------------- folding
@dataclass
class View:
    """A picture of a graph: what is drawn, and which of its boxes stands for each step of the whole (-1: none)."""

    name: str
    record: Record
    place: list[int]
    calls: list[Call | None]  # of each box, where it is a call folded
    open: set[str] = field(default_factory=set)  # the paths of the parts that are unfolded


def views(record: Record, made: Sequence[Call | None]) -> list[View]:
    """With the calls of each depth folded, "model", "layers", "depth 2", ..., and the whole, "all"."""
    chains = [call.chain() for call in made if call]
    around = {id(call) for chain in chains for call in chain[:-1]}
    deep = max(map(len, chains), default=0)
    names = ["model", "layers", *[f"depth {d}" for d in range(2, deep)]][:deep]
    found = [folded(record, made, partial(_at, d, around), name) for d, name in enumerate(names)]
    found.append(folded(record, made, lambda chain: None, "all"))
    sizes = [len(view.record.nodes) for view in found]
    return [view for view, size, next_size in zip(found, sizes, [*sizes[1:], -1]) if size != next_size]


def _at(depth: int, around: Container[int], chain: Sequence[Call]) -> Call | None:
    """The call of a chain at a depth, or the last one if no call was made in it."""
    if depth < len(chain):
        return chain[depth]
    return None if id(chain[-1]) in around else chain[-1]


def opened(record: Record, made: Sequence[Call | None], paths: Iterable[str]) -> View:
    """With the calls of the given paths opened, and all others folded."""
    open_paths = set(paths)
    outermost = lambda chain: next((call for call in chain if call.path not in open_paths), None)
    return folded(record, made, outermost, "own")


def folded(
    record: Record, made: Sequence[Call | None], box_of: Callable[[Sequence[Call]], Call | None], name: str
) -> View:
    """Each step that `box_of` (a chain of calls -> one of them) gives a call is drawn in that call's box.

    A parameter is drawn only where something outside of boxes uses it.
    """
    boxes = [box_of(call.chain()) if call else None for call in made]
    hidden = _inside_only(record, boxes)
    keys = [None if i in hidden else id(box) if box else -1 - i for i, box in enumerate(boxes)]
    drawn = list(dict.fromkeys(key for key in keys if key is not None))
    number = {key: n for n, key in enumerate(drawn)}
    place = [-1 if key is None else number[key] for key in keys]
    members: list[list[int]] = [[] for _ in drawn]
    for i, n in enumerate(place):
        if n >= 0:
            members[n].append(i)
    by_box = [boxes[inside[-1]] for inside in members]
    nodes = [_box(record, n, box, inside) for n, (box, inside) in enumerate(zip(by_box, members))]
    unfolded = {around.path for call, box in zip(made, boxes) if call for around in _around(call, box)}
    return View(name, Record(nodes, _edges(record, place, by_box), record.scalar), place, by_box, unfolded)


def _around(call: Call, box: Call | None) -> list[Call]:
    """The calls around a step that are outside of its box."""
    chain = call.chain()
    return chain[: chain.index(box)] if box else chain


def _inside_only(record: Record, boxes: Sequence[Call | None]) -> set[int]:
    """Parameters, and nameless constants, that only folded steps use."""
    used: dict[int, list[bool]] = {}
    for a, b in record.edges:
        used.setdefault(a, []).append(boxes[b] is not None)
    leaves = [node for node in record.nodes if node.kind == "parameter" or (node.kind == "input" and not node.label)]
    return {node.id for node in leaves if all(used.get(node.id, [False]))}


def _box(record: Record, n: int, call: Call | None, inside: Sequence[int]) -> GraphNode:
    last = record.nodes[inside[-1]]
    if call is None:
        return moved(last, n)
    steps = [record.nodes[i] for i in inside]
    words = [f"{len(steps)} step{'s' * (len(steps) != 1)}"]
    if last.shape is not None:
        words.append("gives " + (" × ".join(map(str, last.shape)) or "one number"))
    yours = "yours" if any(step.origin == "yours" for step in steps) else None
    output = any(step.output for step in steps)
    return GraphNode(n, "folded", "", call.words, origin=yours, output=output, note=", ".join(words))


def _edges(record: Record, place: Sequence[int], boxes: Sequence[Call | None]) -> list[tuple[int, int]]:
    """Between what is drawn; several wires from or into one box are one."""
    moved_edges = [(place[a], place[b]) for a, b in record.edges if place[a] >= 0 and place[b] >= 0]
    outside = [(a, b) for a, b in moved_edges if a != b]
    seen: set[tuple[int, int]] = set()
    found = []
    for a, b in outside:
        if (a, b) not in seen or (boxes[a] is None and boxes[b] is None):
            found.append((a, b))
        seen.add((a, b))
    return found
