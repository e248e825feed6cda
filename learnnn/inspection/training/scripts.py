"""Several pictures' scripts in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Script:
    """A script and its style sheet, read as if the two were files beside each other."""

    code: str
    css: str

    def read_text(self, encoding: str = "utf-8") -> str:
        """The script.

        >>> Script("let a;", "p {}").with_suffix(".css").read_text()
        'p {}'
        """
        return self.code

    def with_suffix(self, suffix: str) -> Script:
        """The style sheet."""
        return Script(self.css, "")

    def exists(self) -> bool:
        """It is always there."""
        return True


def together(scripts: Sequence[Any], player: Path) -> Any:
    """The scripts of several pictures and that of their player: each keeps its names to itself, and all share the kit.

    The player finds their `render` functions, in order, as PARTS.
    """
    different = list(dict.fromkeys(scripts))
    parts = ",\n".join(f"(() => {{\n{script.read_text('utf-8')}\nreturn render;\n}})()" for script in different)
    order = ", ".join(str(different.index(script)) for script in scripts)
    code = (
        f"const SCRIPTS = [\n{parts}\n];\nconst PARTS = [{order}].map((i) => SCRIPTS[i]);\n{player.read_text('utf-8')}"
    )
    sheets = [script.with_suffix(".css") for script in (*different, player)]
    return Script(code, "\n".join(sheet.read_text("utf-8") for sheet in sheets if sheet.exists()))
