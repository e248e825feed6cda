"""`find_the_bug`: a mistake from the bank in a model that worked, to be repaired and to be named."""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

import learnnn as torch
from learnnn import nn
from learnnn.course.check import check
from learnnn.course.exercise import Exercise, Mistake, exercises, find
from learnnn.course.help import Source
from learnnn.course.report import Report
from learnnn.course.source import names_used
from learnnn.course.workbench import Trained, train

CHOICES = 5
LONGEST = 45  # lines of a broken component
KNOWN: dict[str, Any] = {"np": np, "math": math, "torch": torch, "nn": nn}  # what a broken component may use


@dataclass(frozen=True)
class Bug:
    """A component with a mistake in it. `source` is what to read, `component` the object, `choices` the suspects.

    `losses()` trains a network on digits with the component in place: what went wrong shows there, or in what the
    network does afterwards.
    `check(repaired, cause)` judges your repair and the name that you give the mistake.
    """

    id: str
    seed: int
    source: Source
    component: Any = field(repr=False)
    choices: tuple[str, ...]
    _cause: str = field(repr=False)

    def losses(self, component: Any = None) -> list[float] | str:
        """The loss after each step of a small network that uses the component, or the error that ended its training."""
        found = train({self.id: self.component if component is None else component})
        return found.error or list(found.losses[::2])  # beside each loss stands the length of its gradient

    def check(self, repaired: Any, cause: str) -> Report:
        """Is it repaired, and is that the mistake it had?

        Raises:
            ValueError: cause is none of `choices`.
        """
        if cause not in self.choices:
            raise ValueError(f"{cause!r} is none of the suspects: choose from {', '.join(self.choices)}")
        report = check(self.id, repaired)
        if not report.passed:
            return report.noted("It is not repaired yet. What you named is judged once the repair passes.")
        if cause == self._cause:
            return report.noted(f"repaired, and rightly named: {cause}")
        other = _hint(self.id, cause)
        message = f"repaired, but the mistake was not {cause!r}"
        return Report(self.id, report.title, "failed", message, hint=f"That one would show like this: {other}")

    def __str__(self) -> str:
        return f"{self.source}\n# suspects: {', '.join(self.choices)}"

    def _repr_markdown_(self) -> str:
        suspects = "\n".join(f"- `{name}`" for name in self.choices)
        head = f"Lesson {find(self.id).lesson}, `{self.id}`, with a bug:"
        return f"{head}\n\n```python\n{self.source}```\n\nSuspects:\n\n{suspects}"


def find_the_bug(seed: int, lesson: int | None = None) -> Bug:
    """Draw a mistake from the bank and put it into a component of a working model: find it, repair it, name it.

    The same seed gives the same bug. Only mistakes that change how the network trains are drawn.

    Args:
        seed: which bug.
        lesson: one of this lesson's components; of any lesson by default.

    Raises:
        LookupError: that lesson has no component whose mistakes would show in the network.
    """
    rng = np.random.default_rng(seed)
    found = [(e, m) for e in exercises(lesson) if e.replaces for m in e.mistakes if _source(e, m)]
    for at in rng.permutation(len(found)):
        exercise, mistake = found[at]
        source = _source(exercise, mistake)
        component = _run(exercise, source)
        if check(exercise.id, component, seed=seed).diagnosis == mistake.name and _shows(exercise.id, component):
            return Bug(exercise.id, seed, Source(source), component, _suspects(exercise, mistake, rng), mistake.name)
    where = "no lesson" if lesson is None else f"lesson {lesson}: none"
    raise LookupError(f"{where} has a component with a mistake that shows in a network which trains on digits")


def _suspects(exercise: Exercise, mistake: Mistake, rng: np.random.Generator) -> tuple[str, ...]:
    others = [m.name for m in exercise.mistakes if m.name != mistake.name]
    few = rng.permutation(others)[: CHOICES - 1].tolist()
    return tuple(sorted([mistake.name, *few]))


def _hint(id: str, name: str) -> str:
    hint = next(m.hint for m in find(id).mistakes if m.name == name)
    for field_name in ("actual", "expected", "ratio", "inputs"):
        hint = hint.replace("{" + field_name + "}", "…")
    return hint


# ------------------------------------------------------------------------------------------------ its source
@cache
def _source(exercise: Exercise, mistake: Mistake) -> str:
    """The mistake under the component's name, with the helpers it needs; empty where that cannot be told apart from
    the solution, or is too long to read."""
    tree, calls = _parsed(inspect.getmodule(exercise.trials))
    code = calls.get((exercise.id, mistake.name))
    if code is None or exercise.solution.__name__ in _names(_original(code, _definitions(tree))):
        return ""
    name, tops = exercise.id.split(".")[-1], _definitions(tree)
    blocks = _collected(_named(code, name, tops), tops, exercise.solution.__name__)
    text = "\n\n\n".join(map(ast.unparse, blocks)) + "\n"
    return text if blocks and text.count("\n") <= LONGEST else ""


def _named(code: ast.expr, name: str, tops: dict[str, ast.stmt]) -> ast.stmt:
    """What `Mistake(name, code)` holds, as a definition of `name`: the bank's own names would give the cause away."""
    if isinstance(code, ast.Name) and code.id in tops:
        return _Renamed(code.id, name).visit(copy.deepcopy(tops[code.id]))
    if isinstance(code, ast.Lambda):
        return ast.parse(f"def {name}({ast.unparse(code.args)}):\n    return {ast.unparse(code.body)}").body[0]
    return ast.parse(f"{name} = {ast.unparse(code)}").body[0]


def _original(code: ast.expr, tops: dict[str, ast.stmt]) -> ast.stmt:
    return tops[code.id] if isinstance(code, ast.Name) and code.id in tops else ast.Expr(code)


class _Renamed(ast.NodeTransformer):
    def __init__(self, old: str, new: str):
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.new if node.id == self.old else node.id
        return node

    def visit_FunctionDef(self, node: Any) -> Any:
        node.name = self.new if node.name == self.old else node.name
        return self.generic_visit(node)

    visit_ClassDef = visit_FunctionDef


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """The functions, classes and plain values of a bank, by name."""
    found: dict[str, ast.stmt] = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node
    return found


def _collected(node: ast.stmt, tops: dict[str, ast.stmt], solution: str) -> list[ast.stmt]:
    """A definition and, before it, what it uses; nothing where that is the solution, or stands outside the bank."""
    blocks, met = list[ast.stmt](), set[str]()

    def collect(part: ast.stmt) -> bool:
        for name in _names(part):
            if name in KNOWN or name in met or hasattr(builtins, name):
                continue
            met.add(name)
            if name == solution or name not in tops or not collect(tops[name]):
                return False
        blocks.append(part)
        return True

    return blocks if collect(node) else []


def _names(node: ast.stmt) -> list[str]:
    bare: ast.AST = copy.deepcopy(node.value if isinstance(node, ast.Assign) else node)
    for part in ast.walk(bare):  # hints of types are no use of a name
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        elif isinstance(part, ast.arg):
            part.annotation = None
    return names_used(ast.unparse(bare))


@cache
def _parsed(module: Any) -> tuple[ast.Module, dict[tuple[str, str], ast.expr]]:
    """A bank's tree, and the second argument of every `Mistake(...)`, by exercise and name."""
    tree = ast.parse(inspect.getsource(module))
    return tree, {(id, name): code for id, name, code in _mistakes(tree, module)}


def _mistakes(tree: ast.Module, module: Any) -> Iterator[tuple[str, str, ast.expr]]:
    """Mistakes are told apart by the objects they hold: the bank's own, found again by name and place."""
    known = {e.id: [m.name for m in e.mistakes] for e in exercises() if inspect.getmodule(e.trials) is module}
    for statement in tree.body:
        calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call) and ast.unparse(n.func) == "Mistake"]
        names = [str(n.args[0].value) for n in calls if n.args and isinstance(n.args[0], ast.Constant)]
        id = next((id for id, listed in known.items() if listed == names and names), None)
        if id:
            yield from ((id, name, call.args[1]) for name, call in zip(names, calls) if len(call.args) > 1)


def _run(exercise: Exercise, source: str) -> Any:
    space = dict(KNOWN)
    exec(compile("from __future__ import annotations\n" + source, f"<{exercise.id} with a bug>", "exec"), space)
    return space[exercise.id.split(".")[-1]]


# -------------------------------------------------------------------------------------------- the working model
@cache
def _right() -> Trained:
    return train()


def _shows(id: str, component: Any) -> bool:
    """Does the network train differently with it?"""
    return not train({id: component}).same(_right())
