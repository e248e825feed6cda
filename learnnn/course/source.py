"""Turn a function or class of a notebook into a file that stands on its own."""

import ast
import builtins
import inspect
import linecache
import symtable
import sys
import textwrap
import types
from dataclasses import dataclass, field
from typing import Any

HOME_PACKAGE = "learnnn_mine"  # modules loaded from the learner's folder are called learnnn_mine.scalar_mul


class NotSelfContained(Exception):
    """The object cannot be written to a file; the message says what stands in the way."""


@dataclass
class _Collection:
    """What a file needs: imports, plain values, and definitions, each after what it uses."""

    imports: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def self_contained(obj: Any) -> tuple[str, str]:
    """Source of `obj` with every import, constant, helper function and class it uses, and the name it has there.

    Raises:
        NotSelfContained: the source is not to be found, or a name it uses holds something that no file can hold.
    """
    collected = _Collection()
    name = _collect(_unwrapped(obj), collected)
    if collected.missing:
        raise NotSelfContained(_told(obj, collected.missing))
    head = "\n".join([*sorted(collected.imports.values()), *collected.values.values()])
    return "\n\n\n".join(filter(None, [head, *collected.definitions.values()])) + "\n", name


def _told(obj: Any, missing: list[str]) -> str:
    one = len(missing) == 1
    return (
        f"{_name_of(obj)} uses {', '.join(missing)}, which cannot be written to a file: create "
        f"{'it' if one else 'them'} inside the function, or pass {'it' if one else 'them'} as an argument"
    )


def _name_of(obj: Any) -> str:
    return getattr(obj, "__name__", type(obj).__name__)


def _unwrapped(obj: Any) -> Any:
    if isinstance(obj, types.FunctionType) or inspect.isclass(obj):
        return obj
    raise NotSelfContained(f"{_name_of(obj)} is neither a function (def) nor a class, so it has no source to keep")


def _collect(obj: Any, collected: _Collection) -> str:
    """Add the source of `obj` and, before it, all it uses; returns its name in the file."""
    name, source = _named_source(obj)
    if name in collected.definitions:
        return name
    collected.definitions[name] = ""  # marks it as under way: functions that call each other
    around = surroundings(obj)
    for used in names_used(source):
        if used in around:
            _collect_name(used, around[used], collected)
    del collected.definitions[name]
    collected.definitions[name] = source
    return name


def _collect_name(name: str, value: Any, collected: _Collection) -> None:
    if name in collected.definitions or name in collected.imports or name in collected.values:
        return
    if line := import_line(name, value):
        collected.imports[name] = line
    elif isinstance(value, types.FunctionType) or inspect.isclass(value):
        _collect_definition(name, value, collected)
    elif _is_literal(value):
        collected.values[name] = f"{name} = {value!r}"
    else:
        collected.missing.append(f"{name} (a {type(value).__name__})")


def _collect_definition(name: str, value: Any, collected: _Collection) -> None:
    defined = _collect(value, collected)
    if defined != name:
        collected.definitions[name] = f"{name} = {defined}"


# Where things come from


def import_line(name: str, value: Any) -> str | None:
    """The import that binds `value` to `name` in any Python process, or None if no import does."""
    if isinstance(value, types.ModuleType):
        return f"import {name}" if name == value.__name__ else f"import {value.__name__} as {name}"
    module, known = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not isinstance(module, str) or not isinstance(known, str) or not _is_installed(module):
        return None
    if getattr(sys.modules.get(module), known, None) is not value:
        return None
    return f"from {module} import {known}" + (f" as {name}" if name != known else "")


def _is_installed(module: str) -> bool:
    """Not a notebook, not a test, not the learner's own folder: a module that other processes find too."""
    root = module.split(".")[0]
    if root in sys.stdlib_module_names or root == "learnnn":
        return root not in ("__main__", "__mp_main__")
    return "site-packages" in (getattr(sys.modules.get(root), "__file__", None) or "")


def _is_literal(value: Any) -> bool:
    try:
        return bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, SyntaxError, TypeError):
        return False


def surroundings(obj: Any) -> dict[str, Any]:
    """The names that code of `obj` can see outside itself: its module's, and those of a function around it."""
    functions = _functions_of(obj)
    seen = dict(vars(sys.modules[obj.__module__])) if obj.__module__ in sys.modules else {}
    for function in functions:
        seen |= function.__globals__
    for function in functions:
        seen |= _enclosed(function)
    return {name: value for name, value in seen.items() if value is not getattr(builtins, name, seen)}


def _enclosed(function: types.FunctionType) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: cell.cell_contents for name, cell in cells if cell != types.CellType() and name != "__class__"}


def _functions_of(obj: Any) -> list[types.FunctionType]:
    """A function itself; the methods of a class, property functions too."""
    if isinstance(obj, types.FunctionType):
        return [inspect.unwrap(obj)]
    parts = [part for member in vars(obj).values() for part in _parts(member)]
    return [inspect.unwrap(part) for part in parts if isinstance(part, types.FunctionType)]


def _parts(member: Any) -> list:
    if isinstance(member, property):
        return [member.fget, member.fset, member.fdel]
    return [getattr(member, "__func__", member)]


def names_used(source: str) -> list[str]:
    """Names that a piece of source takes from outside itself, in order.

    Example:
        >>> names_used("def f(x):\\n    y = x * scale\\n    return np.sum(y)")
        ['np', 'scale']
    """
    table = symtable.symtable(source, "<learner>", "exec")
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced() and not s.is_assigned()}
    tables = list(table.get_children())
    while tables:
        inner = tables.pop()
        tables += inner.get_children()
        used |= {s.get_name() for s in inner.get_symbols() if s.is_global() and s.is_referenced()}
    return sorted(used)


# Finding source


def _named_source(obj: Any) -> tuple[str, str]:
    try:
        source = _class_source(obj) if inspect.isclass(obj) else textwrap.dedent(inspect.getsource(obj))
        ast.parse(source)
    except (OSError, TypeError, SyntaxError) as error:
        advice = "write it with `def` in a cell and run that cell"
        raise NotSelfContained(f"the source of {_name_of(obj)} was not found: {advice}") from error
    return _named_lambda(source) if _name_of(obj) == "<lambda>" else (obj.__name__, source.rstrip())


def _named_lambda(source: str) -> tuple[str, str]:
    """`square = lambda x: x * x` is as good as a def; a lambda inside a call has no name to keep it under."""
    tree = ast.parse(source)
    first = tree.body[0]
    if isinstance(first, ast.Assign) and isinstance(first.targets[0], ast.Name) and isinstance(first.value, ast.Lambda):
        return first.targets[0].id, source.rstrip()
    raise NotSelfContained("a lambda has no name to keep it under: write it with `def`")


def _class_source(cls: type) -> str:
    """Source of a class, also of one defined in a notebook cell (inspect cannot find those)."""
    for function in _functions_of(cls):
        linecache.checkcache(function.__code__.co_filename)
        lines = linecache.getlines(function.__code__.co_filename)
        if found := _class_around("".join(lines), cls.__name__, function.__code__.co_firstlineno):
            return found
    return textwrap.dedent(inspect.getsource(cls))


def _class_around(text: str, name: str, line: int) -> str | None:
    classes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef) and node.name == name]
    around = [node for node in classes if node.lineno <= line <= (node.end_lineno or 0)]
    if not around:
        return None
    node = around[-1]
    start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return textwrap.dedent("\n".join(text.splitlines()[start - 1 : node.end_lineno]))
