"""Saving and loading: what goes in comes out, a damaged file never does, and other programs read the same numbers."""

import io
import json
import math
import os
from collections import Counter, OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

import learnnn as torch
from learnnn import nn, optim
from learnnn.serialization import load, save

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")


def again(obj):
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file)


def equal(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.requires_grad == b.requires_grad and equal(a.detach().numpy(), b.detach().numpy())
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict):
        return equal(list(a), list(b)) and equal(list(a.values()), list(b.values()))
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays_of.arrays(dtype, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
)
keys = st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.none(), st.tuples(st.integers(), st.text()))
plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), arrays, arrays.map(torch.tensor))
objects = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
        st.dictionaries(keys, inner, max_size=3).map(OrderedDict),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(objects)
def test_what_is_saved_is_loaded(obj):
    assert equal(again(obj), obj)


ODD = {
    "parameter": nn.Parameter(torch.ones(2)),
    "frozen": nn.Parameter(torch.ones(2), requires_grad=False),
    "leaf": torch.ones(2, requires_grad=True),
    "scalar": np.float32(0.1),
    "dtype": torch.float16,
    "device": torch.device("cpu"),
    "size": torch.ones(2, 3).shape,
    "set": {1, "two", (3,)},
    "frozenset": frozenset({1}),
    "counter": Counter([3, 3, 5]),
    "big": 2**200,
    "names that meet": {"a": {"b": torch.zeros(1)}, "a.b": torch.ones(2), "": torch.ones(3)},
    "one tensor twice": [torch.ones(2)] * 2,
    "__metadata__": torch.ones(1),
    "nan": [math.nan, torch.ones(1)],
    "surrogate": "\ud800",
    "turned": torch.arange(6).reshape(2, 3).T,
    "every other": torch.arange(6)[::2],
    "broadcast": torch.ones(1).expand(3),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_ones(name):
    assert equal(again({name: ODD[name]}), {name: ODD[name]})
    assert equal(again(ODD[name]), ODD[name])


def test_what_is_loaded_is_a_copy_that_can_be_changed():
    x = torch.ones(2)
    y = again(x)
    y += 1
    assert x.tolist() == [1, 1] and y.tolist() == [2, 2]


def model():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))


def test_training_goes_on_from_a_checkpoint(tmp_path):
    """Model, optimizer, schedule and random state: the steps after loading are those that would have followed."""
    torch.manual_seed(0)
    net, x = model(), torch.randn(8, 3)
    adam = optim.Adam(net.parameters(), lr=0.01)
    schedule = optim.lr_scheduler.MultiStepLR(adam, [2, 4])

    def steps(n, net, adam, schedule):
        for _ in range(n):
            adam.zero_grad()
            (net(x + 0.1 * torch.randn(8, 3)) ** 2).mean().backward()
            adam.step()
            schedule.step()
        return [p.detach().numpy().copy() for p in net.parameters()]

    steps(3, net, adam, schedule)
    parts = {"model": net, "optimizer": adam, "schedule": schedule}
    state = {name: part.state_dict() for name, part in parts.items()} | {"random": torch.get_rng_state()}
    torch.save(state, tmp_path / "checkpoint.safetensors")
    expected = steps(3, net, adam, schedule)

    state = torch.load(tmp_path / "checkpoint.safetensors")
    net = model()
    adam = optim.Adam(net.parameters())
    schedule = optim.lr_scheduler.MultiStepLR(adam, [])
    for name, part in {"model": net, "optimizer": adam, "schedule": schedule}.items():
        part.load_state_dict(state[name])
    torch.set_rng_state(state["random"])
    for a, b in zip(expected, steps(3, net, adam, schedule), strict=True):
        np.testing.assert_array_equal(a, b)


# ------------------------------------------------------------------------------------------------ other programs
def test_other_programs_read_our_file(tmp_path):
    reader = pytest.importorskip("safetensors.numpy")
    net = model()
    torch.save(net.state_dict(), tmp_path / "model.safetensors")
    found = reader.load_file(tmp_path / "model.safetensors")
    assert found.keys() == net.state_dict().keys()
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(found[name], value.numpy())


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=4).filter(lambda name: name != "__metadata__"), arrays, max_size=4))
def test_we_read_the_files_of_other_programs_and_they_ours(expected):
    theirs = pytest.importorskip("safetensors.numpy")
    found = load(io.BytesIO(theirs.save(expected)))
    assert found.keys() == expected.keys()
    assert all(equal(found[name].numpy(), array) for name, array in expected.items())
    file = io.BytesIO()
    save(expected, file)
    back = theirs.load(file.getvalue())
    assert back.keys() == expected.keys()
    assert all(equal(back[name], array) for name, array in expected.items())


@pytest.mark.parity
def test_a_pytorch_model_loads_by_name_and_back(tmp_path):
    pytorch, files = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    theirs = pytorch.nn.Sequential(pytorch.nn.Linear(3, 4), pytorch.nn.ReLU(), pytorch.nn.Linear(4, 1))
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    files.save_file(theirs.state_dict(), tmp_path / "pytorch.safetensors")
    ours = model()
    assert not any(ours.load_state_dict(torch.load(tmp_path / "pytorch.safetensors")))
    expected = theirs(pytorch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours(torch.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)

    other = model()
    torch.save(other.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(files.load_file(tmp_path / "ours.safetensors"))
    np.testing.assert_array_equal(theirs[0].weight.detach().numpy(), other[0].weight.detach().numpy())


@pytest.mark.parity
def test_bfloat16_becomes_float32():
    pytorch, files = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    x = pytorch.tensor([1.0, -3.141, 1e30, float("inf")], dtype=pytorch.bfloat16)
    found = load(io.BytesIO(files.save({"x": x})))["x"]
    np.testing.assert_array_equal(found.numpy(), x.float().numpy())
    eight = files.save({"x": pytorch.ones(2).to(pytorch.float8_e4m3fn)})
    with pytest.raises(RuntimeError, match="F8_E4M3"):
        load(io.BytesIO(eight))


@pytest.mark.parity
def test_a_pickle_is_refused_and_explained(tmp_path):
    pytorch = pytest.importorskip("torch")
    for zipped in (True, False):
        pytorch.save({"x": pytorch.ones(2)}, tmp_path / "model.pt", _use_new_zipfile_serialization=zipped)
        with pytest.raises(RuntimeError, match="can run any code"):
            torch.load(tmp_path / "model.pt")


# ------------------------------------------------------------------------------------------------- what goes wrong
def whole_file():
    file = io.BytesIO()
    save({"weight": torch.arange(5.0), "epoch": 3, "rates": [0.1, 0.2], "name": "a model"}, file)
    return file.getvalue()


def test_every_truncated_file_is_refused():
    whole = whole_file()
    for n in range(1, len(whole)):
        with pytest.raises(RuntimeError, match="truncated, damaged"):
            load(io.BytesIO(whole[:n]))
    with pytest.raises(RuntimeError, match="truncated, damaged"):
        load(io.BytesIO(whole + b"\0"))
    with pytest.raises(EOFError, match="empty"):
        load(io.BytesIO(b""))


def test_every_flipped_bit_is_noticed_or_harmless():
    whole = whole_file()
    expected, noticed = load(io.BytesIO(whole)), 0
    for place in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        try:
            assert equal(load(io.BytesIO(bytes(damaged))), expected)  # a letter that only other programs look at
        except RuntimeError:
            noticed += 1
    assert noticed > 7.5 * len(whole)


FORGED = {
    "no object": [],
    "a number": 3,
    "no dtype": {"x": {"shape": [1], "data_offsets": [0, 4]}},
    "unknown dtype": {"x": {"dtype": "F33", "shape": [1], "data_offsets": [0, 4]}},
    "wrong shape": {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
    "negative shape": {"x": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
    "shape of text": {"x": {"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]}},
    "beyond the end": {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}},
    "before the start": {"x": {"dtype": "F32", "shape": [2], "data_offsets": [-4, 4]}},
    "a hole": {"x": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}},
    "overlap": {k: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for k in "xy"},
    "metadata": {"__metadata__": 3, "x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}},
    "no tree": {"__metadata__": {"learnnn.tree": "[]"}, "x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}},
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_header_is_refused(name):
    header = json.dumps(FORGED[name]).encode()
    with pytest.raises(RuntimeError, match="truncated, damaged"):
        load(io.BytesIO(len(header).to_bytes(8, "little") + header + bytes(4)))


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=60))
def test_noise_is_refused(noise):
    with pytest.raises(RuntimeError):
        load(io.BytesIO(noise))


@pytest.mark.parametrize("bad", [lambda: 3, object(), nn.Linear(1, 1), nn.Linear, b"x", 1j, np.array(["a"]), [print]])
def test_code_and_objects_are_not_saved(bad):
    with pytest.raises(TypeError, match="never code"):
        save({"deep": [bad]}, io.BytesIO())


def test_what_cannot_be_saved_is_named():
    with pytest.raises(TypeError, match=r"the model\.0 of type Linear: save its state_dict\(\)"):
        save({"model": [nn.Linear(1, 1)]}, io.BytesIO())
    circle = []
    circle.append(circle)
    with pytest.raises(ValueError, match="contains itself"):
        save(circle, io.BytesIO())


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    save({"x": 1}, path)
    with pytest.raises(TypeError):
        save({"x": print}, path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save({"x": 2}, path)
    assert load(path) == {"x": 1}
    assert os.listdir(tmp_path) == ["model.safetensors"]


def test_paths_links_and_files(tmp_path):
    save([1], str(tmp_path / "a"))
    (tmp_path / "b").symlink_to(tmp_path / "a")
    save([2], tmp_path / "b")
    assert load(tmp_path / "a") == [2] and (tmp_path / "b").is_symlink()
    with open(tmp_path / "c", "wb") as file:
        save([3], file)
    with open(tmp_path / "c", "rb") as file:
        assert load(file) == [3]
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "d")


def test_arguments_of_pytorch():
    file = io.BytesIO()
    torch.save([1], file, pickle_protocol=4)
    for options in ({"map_location": "cpu"}, {"map_location": torch.device("cpu"), "weights_only": True}, {}):
        file.seek(0)
        assert torch.load(file, **options) == [1]
    with pytest.raises(RuntimeError, match="CPU only"):
        torch.load(file, map_location="cuda")
    for call in (lambda: torch.save([1], file, json), lambda: torch.load(file, pickle_module=json)):
        with pytest.raises(ValueError, match="run code"):
            call()
