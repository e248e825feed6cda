"""MNIST: reading, and every way in which a file can be bad, on files of a few images made here."""

import functools
import gzip
import http.server
import struct
import sys
import threading

import numpy as np
import pytest

from learnnn.datasets import _mnist, mnist

RNG = np.random.default_rng(0)


def idx(array, magic=None):
    header = struct.pack(f">{1 + array.ndim}I", 2048 + array.ndim if magic is None else magic, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write(folder, part, n, **changed):
    """The two files of one part, n images; `images=` or `labels=` replaces a file's bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = RNG.integers(0, 256, (n, 28, 28)), RNG.integers(0, 10, n)
    good = {"images": gzip.compress(idx(images)), "labels": gzip.compress(idx(labels))} | changed
    for kind, dims in (("images", 3), ("labels", 1)):
        (folder / f"{part}-{kind}-idx{dims}-ubyte.gz").write_bytes(good[kind])
    return images, labels


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty $LEARNNN_DATA/mnist, far from any other copy of MNIST."""
    monkeypatch.setenv("LEARNNN_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(_mnist, "_PROJECT", tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "mnist"


def test_reading(folder):
    images, labels = write(folder, "t10k", 10)
    X, y = mnist()
    assert X.dtype == np.float32
    assert y.dtype == np.int64
    np.testing.assert_allclose(X, images.reshape(10, 784) / 255, rtol=1e-6)
    assert (y == labels).all()
    assert mnist(images=True).X.shape == (10, 1, 28, 28)
    training, held_out = mnist(split=True)
    assert (len(training.y), len(held_out.y)) == (8, 2)
    assert len(mnist().feature_names) == 784


def test_its_own_split_where_all_files_are_there(folder):
    write(folder, "train", 12)
    _, test_labels = write(folder, "t10k", 4)
    training, held_out = mnist(split=True)
    assert (len(training.y), len(held_out.y)) == (12, 4)
    assert (held_out.y == test_labels).all()
    assert len(mnist().y) == 16
    assert [len(part.y) for part in mnist(split=0.25)] == [12, 4]


@pytest.mark.parametrize("place", ["data", "shared"])
def test_where_it_is_looked_for(place, tmp_path, monkeypatch):
    monkeypatch.setattr(_mnist, "_PROJECT", tmp_path / "nowhere" / "learnnn")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    if place == "data":
        monkeypatch.setenv("LEARNNN_DATA", str(tmp_path / "mine"))
        write(tmp_path / "mine", "t10k", 3)
    else:
        monkeypatch.delenv("LEARNNN_DATA", raising=False)
        write(tmp_path / "shared" / "data" / "mnist", "t10k", 3)
    assert len(mnist().y) == 3


WHOLE = gzip.compress(idx(np.zeros((5, 28, 28))))
BAD = {
    "truncated gzip": ({"images": WHOLE[: len(WHOLE) // 2]}, "images", "expected a whole gzip file"),
    "no gzip": ({"images": b"<html>not found</html>"}, "images", "expected a whole gzip file"),
    "corrupt gzip": ({"labels": gzip.compress(b"x" * 999)[:-6] + b"wrong!"}, "labels", "expected a whole gzip file"),
    "empty": ({"labels": b""}, "labels", "expected a header of 8 bytes, got 0"),
    "short": ({"images": gzip.compress(b"\0\0\x08\x03")}, "images", "expected a header of 16 bytes, got 4"),
    "magic": ({"images": gzip.compress(idx(np.zeros((5, 28, 28)), 1234))}, "images", "magic number 2051, got 1234"),
    "labels for images": ({"images": gzip.compress(idx(np.zeros(99)))}, "images", "magic number 2051, got 2049"),
    "cut": ({"images": gzip.compress(idx(np.zeros((5, 28, 28)))[:-7])}, "images", "= 3920 bytes of data, got 3913"),
    "too long": ({"labels": gzip.compress(idx(np.zeros(5)) + b"!")}, "labels", "5 = 5 bytes of data, got 6"),
    "counts": ({"labels": gzip.compress(idx(np.zeros(4)))}, "labels", "5 images"),
    "range": ({"labels": gzip.compress(idx(np.full(5, 17)))}, "labels", "label 17"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_and_left_where_it_is(name, folder):
    changed, kind, said = BAD[name]
    write(folder, "t10k", 5, **changed)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(RuntimeError) as caught:
        mnist()
    assert said in str(caught.value)
    assert f"t10k-{kind}-idx" in str(caught.value)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_missing_and_not_to_be_downloaded(folder):
    with pytest.raises(RuntimeError, match="LEARNNN_DATA"):
        mnist(download=False)
    write(folder, "t10k", 3)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(RuntimeError, match="t10k-labels-idx1-ubyte"):
        mnist(download=False)


def test_without_pooch_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r'pip install "learnnn\[data\]"'):
        mnist()


# ------------------------------------------------------------------------------- downloads, from a server of our own
@pytest.fixture
def server(tmp_path, monkeypatch):
    """A mirror on this machine; returns the folder it serves."""
    pytest.importorskip("pooch", reason="pooch is not installed: it downloads MNIST")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    served = tmp_path / "served"
    served.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=served)) as mirror:
        thread = threading.Thread(target=mirror.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setattr(_mnist, "_MIRROR", f"http://127.0.0.1:{mirror.server_port}/")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield served
        mirror.shutdown()
        thread.join()


def accept(served, monkeypatch):
    """Take what the mirror serves for the real thing."""
    import hashlib

    sums = {name: hashlib.md5((served / name).read_bytes()).hexdigest() for name in _mnist._FILES}
    monkeypatch.setattr(_mnist, "_FILES", sums)


def test_download_once(folder, server, monkeypatch):
    write(server, "train", 6)
    write(server, "t10k", 3)
    accept(server, monkeypatch)
    assert len(mnist().y) == 9
    for file in server.iterdir():
        file.unlink()
    assert len(mnist().y) == 9
    assert sorted(p.name for p in folder.iterdir()) == sorted(_mnist._FILES)


@pytest.mark.parametrize("damage", ["checksum", "missing", "refused"])
def test_a_failed_download_leaves_no_file(damage, folder, server, monkeypatch):
    write(server, "train", 6)
    write(server, "t10k", 3)
    if damage == "missing":
        (server / "train-images-idx3-ubyte.gz").unlink()
    if damage == "refused":
        monkeypatch.setattr(_mnist, "_MIRROR", "http://127.0.0.1:1/")
    with pytest.raises(RuntimeError, match="train-images-idx3-ubyte.gz could not be downloaded"):
        mnist()
    assert not folder.exists() or list(folder.iterdir()) == []


def test_the_checksums_are_those_of_the_files(monkeypatch):
    """On a machine that has them."""
    import hashlib

    folder = _mnist._folder()
    if folder is None:
        pytest.skip("MNIST is not on this machine")
    for name in _mnist._TEST:
        assert hashlib.md5((folder / name).read_bytes()).hexdigest() == _mnist._FILES[name]
    assert len(mnist(download=False).y) in (10_000, 70_000)
