"""What training recorded."""

from __future__ import annotations

from collections.abc import Mapping

_ROWS = 10  # of a table that is shown


class History(dict[str, list[float]]):
    """A list of numbers for each thing measured, one an epoch: history["loss"], history["val_accuracy"].

    >>> history = History()
    >>> history.add({"loss": 0.5, "accuracy": 0.75})
    >>> history["loss"], history.epochs
    ([0.5], [1])
    >>> history
    epoch    loss  accuracy
        1  0.5000    0.7500
    """

    @property
    def epochs(self) -> list[int]:
        """The numbers of the epochs, from 1."""
        return list(range(1, 1 + max(map(len, self.values()), default=0)))

    def add(self, logs: Mapping[str, float]) -> None:
        """Record one more epoch."""
        for name, value in logs.items():
            self.setdefault(name, []).append(value)

    def _table(self) -> list[list[str]]:
        """The heading and at most `_ROWS` epochs, evenly chosen, the first and the last among them."""
        n = len(self.epochs)
        chosen = range(n) if n <= _ROWS else sorted({round(i * (n - 1) / (_ROWS - 1)) for i in range(_ROWS)})
        rows = [[str(i + 1), *(f"{column[i]:.4f}" for column in self.values())] for i in chosen]
        return [["epoch", *self], *rows]

    def __repr__(self) -> str:
        if not self:
            return "History of no epochs"
        table = self._table()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return "\n".join("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in table)

    def _repr_html_(self) -> str:
        head, *rows = self._table()
        lines = ["<tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr>"]
        lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
        return "<table>" + "".join(lines) + "</table>"
