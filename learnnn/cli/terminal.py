"""How the command speaks to its user."""

import importlib.util

NOTEBOOKS = 'pip install "learnnn[notebooks]"'


class Problem(Exception):
    """Something the user can mend: printed as one line, then the exit code."""

    def __init__(self, message: str, code: int = 1):
        super().__init__(message)
        self.code = code


def say(text: str = "") -> None:
    print(text, flush=True)


def installed(package: str) -> bool:
    """Whether `package` could be imported; it is not."""
    return importlib.util.find_spec(package) is not None
