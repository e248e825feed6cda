"""One output in a notebook that can be exchanged: its last content stays when the notebook is saved."""

from __future__ import annotations

import sys
from typing import Any


class Output:
    """Shows bundles of MIME types, each in place of the one before; does nothing outside a notebook."""

    def __init__(self) -> None:
        self.handle: Any = None

    def show(self, bundle: dict[str, Any]) -> None:
        if not in_notebook():
            return
        if self.handle is not None:
            self.handle.update(bundle, raw=True)
            return
        from IPython.display import display

        self.handle = display(bundle, raw=True, display_id=True)


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython and ipython.get_ipython(), "kernel", None) is not None
