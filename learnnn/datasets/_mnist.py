"""MNIST: read from the files where they are, downloaded once where they are not."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ._data import Data, divided

_MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FILES = {  # name: MD5 sum
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
_TRAIN, _TEST = list(_FILES)[:2], list(_FILES)[2:]
_PROJECT = Path(__file__).resolve().parents[2]


def mnist(split: float | bool | None = None, seed: int = 0, images: bool = False, download: bool = True) -> Any:
    """70,000 handwritten digits of 28 x 28 pixels, ink from 0 to 1.

    Returns Data: X (N, 784), or (N, 1, 28, 28) with images=True, and y (N,) from 0 to 9. split=True gives MNIST's own
    (training, test) parts, or holds out a fifth where only its test files are there; a fraction holds out that much.

    The files are looked for in $LEARNNN_DATA/mnist, then in ../shared/data/mnist, then downloaded (12 MB, once).
    RuntimeError for a damaged file, which it names, and where the download fails. Source: LeCun et al. 1998.
    """
    folder = _folder() or _downloaded(download)
    test = _read_pair(folder, _TEST)
    if not _has(folder, _TRAIN):
        return divided(_as_data(*test, images), split, seed)
    train = _read_pair(folder, _TRAIN)
    if split is True:
        return _as_data(*train, images), _as_data(*test, images)
    both = [np.concatenate(parts) for parts in zip(train, test, strict=True)]
    return divided(_as_data(both[0], both[1], images), split, seed)


def _as_data(images: np.ndarray, labels: np.ndarray, as_images: bool) -> Data:
    X = images.astype(np.float32) / 255
    X = X[:, None] if as_images else X.reshape(len(X), -1)
    names = [f"pixel_{i}_{j}" for i in range(images.shape[1]) for j in range(images.shape[2])]
    return Data.named(X, labels.astype(np.int64), feature_names=names, target_names=range(10))


# ------------------------------------------------------------------------------------------- finding the files
def _has(folder: Path, names: list[str]) -> bool:
    return all((folder / name).is_file() for name in names)


def _candidates() -> list[Path]:
    own = os.environ.get("LEARNNN_DATA")
    shared = [root.parent / "shared" / "data" for root in (_PROJECT, Path.cwd())]
    return [Path(own) / "mnist", Path(own), *(s / "mnist" for s in shared)] if own else [s / "mnist" for s in shared]


def _folder() -> Path | None:
    """The first folder that holds at least MNIST's test files."""
    return next((folder for folder in _candidates() if _has(folder, _TEST)), None)


def _downloaded(allowed: bool) -> Path:
    """The folder with all four files, downloaded and compared with their checksums."""
    if not allowed:
        raise RuntimeError(f"MNIST is not on this machine. {_advice()}")
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            'MNIST is downloaded by pooch, which is not installed: pip install "learnnn[data]"'
        ) from error
    own = os.environ.get("LEARNNN_DATA")
    folder = (Path(own) if own else Path(pooch.os_cache("learnnn"))) / "mnist"
    fetch = pooch.HTTPDownloader(timeout=10)
    for name, md5 in _FILES.items():
        try:
            pooch.retrieve(_MIRROR + name, f"md5:{md5}", name, folder, downloader=fetch)
        except (OSError, ValueError) as error:  # no network, and a wrong checksum: pooch keeps no partial file
            raise RuntimeError(
                f"MNIST is not on this machine, and {name} could not be downloaded from {_MIRROR}: "
                f"{str(error).splitlines()[0]}. {_advice()}"
            ) from error
    return folder


def _advice() -> str:
    return (
        f"Without a network, put {_TEST[0]} and {_TEST[1]} (and the train- files, if you have them) into a folder "
        "mnist, and set LEARNNN_DATA to the folder above it."
    )


# -------------------------------------------------------------------------------------------- reading a file
def _read_pair(folder: Path, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    images, labels = read_idx(folder / names[0], ndim=3), read_idx(folder / names[1], ndim=1)
    if len(images) != len(labels):
        raise RuntimeError(
            f"{folder / names[0]} has {len(images)} images, but {folder / names[1]} has {len(labels)} labels: they are "
            "not from the same data set"
        )
    if labels.max(initial=0) > 9:
        raise RuntimeError(f"{folder / names[1]} holds the label {labels.max()}: expected digits from 0 to 9")
    return images, labels


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """The array of bytes in a gzipped IDX file: magic number 2048 + ndim, the ndim sizes, the bytes.

    RuntimeError that names the file, what was expected and what was found.
    """
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, f"cannot be read: expected a whole gzip file, but {error}") from error
    header = 4 + 4 * ndim
    if len(content) < header:
        raise _damaged(path, f"is too short: expected a header of {header} bytes, got {len(content)}")
    magic, *shape = struct.unpack(f">{1 + ndim}I", content[:header])
    if magic != 2048 + ndim:
        raise _damaged(path, f"is no IDX file of this kind: expected the magic number {2048 + ndim}, got {magic}")
    wanted, got = math.prod(shape), len(content) - header
    if wanted != got:
        sizes = " x ".join(map(str, shape))
        raise _damaged(path, f"is damaged: expected {sizes} = {wanted} bytes of data, got {got}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _damaged(path: Path, how: str) -> RuntimeError:
    return RuntimeError(f"{path} {how}. Delete it and get {path.name} again.")
