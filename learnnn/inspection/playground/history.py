"""What a training has reached, epoch by epoch, thinned so that it stays short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

LONGEST = 400
COLUMNS = ("step", "train_loss", "test_loss", "train_accuracy", "test_accuracy")
Row = tuple[float, ...]  # the COLUMNS


@dataclass
class History:
    """Rows of COLUMNS. When there are too many, every second is dropped, and from then on every second is kept."""

    rows: list[Row] = field(default_factory=list)
    stride: int = 1
    offered: int = 0

    def offer(self, row: Callable[[], Row]) -> None:
        """Another row, which is computed only if it is kept."""
        if self.offered % self.stride == 0:
            self.rows.append(row())
        self.offered += 1
        if len(self.rows) > LONGEST:
            self.rows = self.rows[::2]
            self.stride *= 2

    def copy(self) -> History:
        """Another history with the same rows."""
        return History(list(self.rows), self.stride, self.offered)

    def array(self, now: Row) -> np.ndarray:
        """All rows and the one of this moment, (rows, columns) of float32."""
        rows = self.rows if self.rows and self.rows[-1][0] == now[0] else [*self.rows, now]
        return np.array(rows, np.float32)
