"""Saving and loading without code: tensors as safetensors, everything around them as JSON, in one file.

The file is an ordinary safetensors file (https://huggingface.co/docs/safetensors): eight bytes that say how long the
header is, the header in JSON (name, dtype, shape and place of every tensor), then the numbers. How the tensors hang
together stands in the header's metadata. Whoever reads such a file can only ever get numbers and text out of it, while
PyTorch's own checkpoints are pickles, which may run anything. The format is small enough to be written out here, so
that saving needs nothing but numpy.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from .autograd import wrap
from .devices import device
from .nn import Parameter
from .tensor import Size, Tensor

TREE, CHECKSUM = "learnnn.tree", "learnnn.crc32"
NAMES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "F32": "float32", "F64": "float64",
}  # fmt: skip
CODES = {dtype: code for code, dtype in NAMES.items()}
BFLOAT16 = "BF16"  # which numpy has not: its two bytes are the upper half of a float32


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2) -> None:
    """Save tensors, numbers, text, None and dtypes, in lists, tuples, sets and dicts, to a path or an open file.

    A file at that path is replaced in one go once all is written, and left as it was if anything goes wrong.
    TypeError for anything else, such as a whole model: save its state_dict.

    >>> import io, learnnn as torch
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2), "epoch": 3}, file)
    >>> file.seek(0)
    0
    >>> torch.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    if pickle_module is not None:
        raise ValueError("pickle_module cannot be honoured: learnnn never pickles, since loading a pickle can run code")
    replace(f, _file(obj))


def load(
    f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = None, mmap: Any = None
) -> Any:
    """What `save` wrote; or, of any other safetensors file, a dict of its tensors by name.

    No code in the file is ever executed, whatever `weights_only` says. FileNotFoundError if there is no such file,
    EOFError if it is empty, RuntimeError if it is truncated, damaged, or a pickle of PyTorch's.
    """
    if pickle_module is not None:
        raise ValueError("pickle_module cannot be honoured: learnnn never unpickles, since that can run code")
    if map_location is not None and not callable(map_location) and not isinstance(map_location, dict):
        device(map_location)
    if hasattr(f, "read"):
        return _parsed(f.read(), getattr(f, "name", "the file"))
    with open(f, "rb") as file:
        return _parsed(file.read(), os.fspath(f))


# ----------------------------------------------------------------------------------------------------- writing
def _file(obj: Any) -> list[bytes]:
    """The whole file, in pieces: length, header, and each tensor's bytes."""
    arrays: dict[str, np.ndarray] = {}
    try:
        text = json.dumps(_told(obj, "", arrays), allow_nan=False)
    except RecursionError:
        raise ValueError("this object contains itself, or is nested too deeply to be saved") from None
    pieces = [a.astype(a.dtype.newbyteorder("<"), copy=False).tobytes() for a in arrays.values()]
    entries, start = {}, 0
    for (name, a), piece in zip(arrays.items(), pieces, strict=True):
        place = [start, start + len(piece)]
        entries[name] = {"dtype": CODES[a.dtype.name], "shape": list(a.shape), "data_offsets": place}
        start += len(piece)
    metadata = {"format": "pt", TREE: text, CHECKSUM: str(_checksum(entries, text, pieces))}
    header = json.dumps({"__metadata__": metadata, **entries}).encode()
    header += b" " * (-len(header) % 8)  # so that the numbers begin at a multiple of 8
    return [len(header).to_bytes(8, "little"), header, *pieces]


def _checksum(entries: dict[str, Any], text: str, pieces: list[Any]) -> int:
    checksum = zlib.crc32(json.dumps([entries, text]).encode())
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return checksum


def replace(f: Any, parts: list[bytes]) -> None:
    """Write to an open file, or to a path: at every moment that holds the old file or the new one, whole."""
    if hasattr(f, "write"):
        f.writelines(parts)
        return
    path = os.path.realpath(f)
    if not os.path.isdir(os.path.dirname(path)):
        raise RuntimeError(f"Parent directory {os.path.dirname(path)} does not exist: make it first, then save")
    beside = f"{path}.{os.getpid()}.tmp"  # renamed when it is complete
    try:
        with open(beside, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.remove(beside)
        raise


_KINDS = {"Parameter": Parameter, "Tensor": Tensor, "ndarray": np.ndarray, "scalar": np.generic}
_CONTAINERS = {"list": list, "tuple": tuple, "Size": Size, "set": set, "frozenset": frozenset}
_MAPPINGS = {"dict": dict, "OrderedDict": OrderedDict, "Counter": Counter}


def _told(x: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """An object as JSON: plain values as they are, all others as {kind: ...}; arrays are put aside by name."""
    if x is None or type(x) in (bool, int, str):
        return x
    if type(x) is float:
        return x if math.isfinite(x) else {"float": str(x)}
    kind = type(x).__name__
    if type(x) is _CONTAINERS.get(kind):
        return {kind: [_told(item, _under(path, i), arrays) for i, item in enumerate(x)]}
    if type(x) is _MAPPINGS.get(kind):
        return {kind: [[_told(k, path, arrays), _told(v, _under(path, k), arrays)] for k, v in x.items()]}
    if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
        return {"dtype": np.dtype(x).name}
    if isinstance(x, device):
        return {"device": str(x)}
    return _array_told(x, path, arrays)


def _array_told(x: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    array = x.array if isinstance(x, Tensor) else np.asarray(x) if isinstance(x, np.ndarray | np.generic) else None
    if array is not None and array.dtype.name in CODES:
        name = path or "tensor"
        while name in arrays or name == "__metadata__":
            name += "_"
        arrays[name] = array
        kind = next(kind for kind, accepted in _KINDS.items() if isinstance(x, accepted))
        return {kind: name, "requires_grad": True} if getattr(x, "requires_grad", False) else {kind: name}
    hint = ": save its state_dict()" if hasattr(x, "state_dict") else ""
    raise TypeError(
        f"cannot save {'the ' + path if path else 'an object'} of type {type(x).__name__}{hint}. What is saved is "
        "numbers, text, None, tensors and dtypes, in lists, tuples, sets and dicts; never code"
    )


def _under(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


# ----------------------------------------------------------------------------------------------------- reading
def _parsed(data: bytes, name: str) -> Any:
    if not data:
        raise EOFError(f"{name} is empty: was writing it interrupted?")
    try:
        header, body = _split(data)
        metadata = header.pop("__metadata__", {})
        arrays = {key: _array(entry, body) for key, entry in _in_order(header, len(body))}
        if not {TREE, CHECKSUM} & metadata.keys():
            return {key: wrap(array) for key, array in arrays.items()}
        if metadata[CHECKSUM] != str(_checksum(header, metadata[TREE], [body])):
            raise ValueError("the checksum is wrong")
        return _built(json.loads(metadata[TREE]), arrays)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        _explain(data, name, error)


def _explain(data: bytes, name: str, error: Exception) -> NoReturn:
    if data[:2] in (b"PK", b"\x80\x02", b"\x80\x04"):
        raise RuntimeError(
            f"{name} is a checkpoint that PyTorch pickled; loading one can run any code, so learnnn never does. Where "
            "PyTorch is installed, safetensors.torch.save_file(torch.load(path), new_path) turns a state_dict into "
            "a file that loads here"
        ) from None
    raise RuntimeError(f"{name} is truncated, damaged, or no safetensors file: {error}") from None


def _split(data: bytes) -> tuple[dict[str, Any], memoryview]:
    """(header, numbers)"""
    length = int.from_bytes(data[:8], "little")
    if length > len(data) - 8:
        raise ValueError(f"its header should have {length} bytes, the file has {len(data)}")
    return json.loads(data[8 : 8 + length]), memoryview(data)[8 + length :]


def _in_order(header: dict[str, Any], size: int) -> Iterator[tuple[str, Any]]:
    """The header's entries; ValueError unless their bytes follow each other and fill the file."""
    places = sorted(tuple(entry["data_offsets"]) for entry in header.values())
    ends = [0, *[end for _, end in places]]
    if ends[:-1] != [start for start, _ in places] or ends[-1] != size:
        raise ValueError(f"the header speaks of {max(ends)} bytes of numbers, the file has {size}")
    yield from header.items()


def _array(entry: dict[str, Any], body: memoryview) -> np.ndarray:
    (start, end), shape, code = entry["data_offsets"], entry["shape"], entry["dtype"]
    if code == BFLOAT16:
        halves = np.frombuffer(body[start:end], "<u2").astype(np.uint32) << np.uint32(16)
        return halves.view(np.float32).reshape(shape)
    if code not in NAMES:
        raise ValueError(f"it holds numbers of type {code}, which numpy has not")
    dtype = np.dtype(NAMES[code])
    array = np.frombuffer(body[start:end], dtype.newbyteorder("<")).astype(dtype)
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"a shape cannot be {shape}")
    return array.reshape(shape)


def _built(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The object that `_told` told."""
    if not isinstance(tree, dict):
        return tree
    kind, value = next(iter(tree.items()))
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](_built(item, arrays) for item in value)
    if kind in _MAPPINGS:
        return _MAPPINGS[kind]({_built(k, arrays): _built(v, arrays) for k, v in value})
    if kind in _TEXTS:
        return _TEXTS[kind](value)
    return _ARRAYS[kind](arrays[value], tree.get("requires_grad", False))


_TEXTS = {"float": float, "dtype": np.dtype, "device": device}
_ARRAYS: dict[str, Any] = {
    "Parameter": lambda array, requires_grad: Parameter(wrap(array), requires_grad),
    "Tensor": lambda array, requires_grad: wrap(array).requires_grad_(requires_grad),
    "ndarray": lambda array, _: array,
    "scalar": lambda array, _: array[()],
}
