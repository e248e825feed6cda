"""Sequences of different lengths in one batch: padded with zeros, or packed without."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ... import ops
from ...autograd import Variable, wrap
from ...tensor import Tensor


class _Packed(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any = None
    unsorted_indices: Any = None


class PackedSequence(_Packed):
    """Sequences without padding: the first row of each, then the second of each that has one, and so on.

    `data` (N, ...) holds the rows, `batch_sizes` how many there are of each moment; `sorted_indices` is the order that
    put the longest first. What `pack_padded_sequence` returns and the recurrent layers take.
    """

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The rows in another dtype."""
        return PackedSequence(self.data.to(*args, **kwargs), *self[1:])

    def cpu(self) -> PackedSequence:
        return self

    def double(self) -> PackedSequence:
        """The rows in float64."""
        return self.to(np.float64)

    def float(self) -> PackedSequence:
        """The rows in float32."""
        return self.to(np.float32)


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The order that undoes an order."""
    return None if permutation is None else wrap(np.argsort(permutation.array))


def _rows(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(moment, sequence) of every packed row, and how many rows each moment has; the longest sequence comes first."""
    sizes = (lengths[None, :] > np.arange(lengths[0])[:, None]).sum(1)
    moments = np.repeat(np.arange(len(sizes)), sizes)
    return moments, np.arange(len(moments)) - np.repeat(np.cumsum(sizes) - sizes, sizes), sizes


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Drop the padding of (T, B, ...), or (B, T, ...) with `batch_first`; `lengths` (B,) are whole numbers above 0.

    RuntimeError for lengths that do not fit, or that grow although `enforce_sorted` says they do not.

    >>> import learnnn as torch
    >>> packed = pack_padded_sequence(torch.tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """
    input = ops.transpose(input, 0, 1) if batch_first else input
    sizes = np.asarray(lengths.array if isinstance(lengths, Variable) else lengths, np.int64)
    order = None if enforce_sorted else wrap(np.argsort(-sizes, kind="stable"))
    _check_lengths(input, sizes, enforce_sorted)
    if order is not None:
        sizes, input = sizes[order.array], input[:, order]
    moments, sequences, batch_sizes = _rows(sizes)
    return PackedSequence(input[moments, sequences], wrap(batch_sizes), order, invert_permutation(order))


def _check_lengths(input: Tensor, lengths: np.ndarray, enforce_sorted: bool) -> None:
    if lengths.shape != (input.shape[1],):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={input.shape[1]})"
        )
    if not lengths.size or lengths.min() <= 0:
        raise RuntimeError("Length of all samples has to be greater than 0: leave out the empty sequences")
    if enforce_sorted and (np.diff(lengths) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement"
        )
    if lengths.max() > input.shape[0]:
        raise RuntimeError(f"Expected lengths of at most {input.shape[0]} steps, which the input has, got {lengths}")


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Undo `pack_padded_sequence`: the padded batch, of `total_length` steps if given, and the lengths (B,).

    >>> import learnnn as torch
    >>> packed = pack_sequence([torch.tensor([1.0, 2.0]), torch.tensor([3.0])])
    >>> pad_packed_sequence(packed, batch_first=True)
    (tensor([[1., 2.],
            [3., 0.]]), tensor([2, 1]))
    """
    sizes = sequence.batch_sizes.array
    steps = len(sizes) if total_length is None else total_length
    if steps < len(sizes):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {len(sizes)}"
        )
    lengths = (sizes[:, None] > np.arange(sizes[0])).sum(0)  # (B,)
    moments, sequences, _ = _rows(lengths)
    data = sequence.data
    empty = wrap(np.full((steps, sizes[0], *data.shape[1:]), padding_value, data.dtype))
    padded = ops.replace(empty, (moments, sequences), data)
    if sequence.unsorted_indices is not None:
        order = sequence.unsorted_indices
        padded, lengths = padded[:, order], lengths[order.array]
    return ops.transpose(padded, 0, 1) if batch_first else padded, wrap(lengths)


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (T, ...) of different lengths as one batch (T, B, ...), or (B, T, ...), padded to the longest.

    >>> import learnnn as torch
    >>> pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True).tolist()
    [[1, 2], [3, 0]]
    """
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    steps = max(len(s) for s in sequences)
    padded = [_padded(s, steps, padding_value, padding_side) for s in sequences]
    return ops.stack(padded, 0 if batch_first else 1)


def _padded(sequence: Tensor, steps: int, value: float, side: str) -> Tensor:
    rest = wrap(np.full((steps - len(sequence), *sequence.shape[1:]), value, sequence.dtype))
    return ops.cat([sequence, rest] if side == "right" else [rest, sequence])


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each in its own length."""
    rows = padded_sequences if batch_first else ops.transpose(padded_sequences, 0, 1)
    return [row[: int(n)] for row, n in zip(rows, lengths, strict=True)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (T, ...) of different lengths."""
    sequences = list(sequences)
    return pack_padded_sequence(pad_sequence(sequences), [len(s) for s in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch, each in its own length."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
