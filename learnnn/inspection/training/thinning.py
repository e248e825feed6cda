"""Records of a run of unknown length, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Thinned:
    """At most `keep` records, evenly spread over the run, the first and the newest among them.

    Records come `every` so many steps. When there are too many, every other one is dropped, and from then on only every
    other one stays.

    >>> records = Thinned(keep=5)
    >>> for step in range(1, 101):
    ...     records.add(step, None)
    >>> records.steps
    [1, 33, 65, 97, 100]
    """

    def __init__(self, keep: int, every: int = 1):
        if not isinstance(keep, int) or keep < 2:
            raise ValueError(
                f"keep is how many records to hold, an integer from 2 (the first and the last), not {keep!r}"
            )
        self.keep, self.every, self.stride = keep, check_every(every), 1
        self._kept: list[tuple[int, Any]] = []

    def stays(self, step: int) -> bool:
        """Whether a record of this step would be kept when newer ones come."""
        return not self._kept or (step - self._kept[0][0]) % (self.every * self.stride) == 0

    def add(self, step: int, record: Any) -> None:
        """One more record, newer than all before. `step` is what it will be found by."""
        if self._kept and not self.stays(self._kept[-1][0]):
            self._kept.pop()  # it was kept as the newest only
        self._kept.append((step, record))
        while len(self._kept) > self.keep:
            self.stride *= 2
            self._kept = [kept for kept in self._kept[:-1] if self.stays(kept[0])] + self._kept[-1:]

    @property
    def steps(self) -> list[int]:
        """The steps of the records, in order."""
        return [step for step, _ in self._kept]

    def nearest(self, step: int) -> int:
        """The place of the record closest to a step, the earlier of two."""
        return min(range(len(self._kept)), key=lambda i: abs(self._kept[i][0] - step))

    def __getitem__(self, place: int) -> Any:
        return self._kept[place][1]

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Any]:
        return (record for _, record in self._kept)


def check_every(every: int) -> int:
    """How often to look: a whole number from 1. ValueError for anything else."""
    if not isinstance(every, int) or every < 1:
        raise ValueError(f"every is a number of steps, an integer from 1, not {every!r}")
    return every
