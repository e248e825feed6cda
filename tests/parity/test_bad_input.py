"""The calls of tests/test_bad_input.py under PyTorch: the same exceptions, or a reason why not."""

import tempfile
import warnings
from typing import Any

import pytest

import learnnn
from tests.parity.both import RAISED, alike, differences, plain, torch
from tests.test_bad_input import CALLS, LAYERS, SPOILED, Bad, fed, outcome, snapshot, trained

pytestmark = pytest.mark.parity

CPU_BUILD = "PyTorch without CUDA raises AssertionError, one with CUDA and no GPU RuntimeError, which one can catch"
STRICTER = "PyTorch takes it, and goes wrong later or silently; the message here says what to do"
RANKS = "PyTorch trips over the missing axis; here the message says which numbers of axes there may be"
EMPTY = "the result has no numbers, or none that depend on the input; PyTorch has no kernel for it"

# Where learnnn differs on purpose: by call, or by (layer, what is done to its input).
DIFFERENT: dict[Any, str] = {
    **dict.fromkeys((name for name in CALLS if name.endswith("cuda") or name.endswith("cuda()")), CPU_BUILD),
    "tensor: inv of a singular one": "torch._C._LinAlgError and learnnn's LinAlgError are both RuntimeErrors",
    "state: optimizer: a model of other shapes": STRICTER + ": PyTorch's next step() fails half way",
    "function: index_add": "PyTorch raises IndexError for a vector, and RuntimeError for more axes",
    ("AvgPool1d", "integers"): "PyTorch rounds the means of integers down",
    ("AvgPool2d", "integers"): "PyTorch rounds the means of integers down",
    ("Hardtanh", "integers"): "bounds are floats, so the result is",
    ("ReLU6", "integers"): "bounds are floats, so the result is",
    ("Hardtanh", "truth values"): "bounds are floats, so the result is",
    ("ReLU6", "truth values"): "bounds are floats, so the result is",
    ("BatchNorm1d", "no features"): STRICTER,
    ("ConvTranspose1d", "no features"): EMPTY,
    ("ConvTranspose2d", "no features"): EMPTY,
    ("InstanceNorm2d", "no examples"): EMPTY,
    **{(layer, how): RANKS for layer in ("AvgPool2d", "Unfold") for how in ("a number", "one axis")},
    ("TransformerEncoder", "a number"): RANKS,
    ("TransformerDecoder", "a number"): RANKS,
}
# An AttributeError of PyTorch's about what is no tensor at all is a TypeError here, as from most of its functions.


def under(t: Any, bad: Bad) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = bad.build(t)
    return outcome(bad, t, kept)


@pytest.fixture(autouse=True)
def _files_here(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("name", CALLS)
def test_the_same_exception(name):
    theirs, ours = under(torch, CALLS[name]), under(learnnn, CALLS[name])
    assert isinstance(ours, Exception)
    agree = isinstance(theirs, Exception) and alike(theirs, ours)
    assert agree != (name in DIFFERENT), f"PyTorch: {theirs!r}, learnnn: {ours!r}"


def result(x: Any) -> Any:
    """What a layer gave, without its numbers: both libraries begin with other ones."""
    if isinstance(x, Exception):
        return x
    if isinstance(x, tuple | list):
        return [result(part) for part in x]
    return x if x is None else plain(x)[1:3]


def agree(theirs: Any, ours: Any) -> bool:
    if not isinstance(theirs, Exception):
        return theirs == ours
    if isinstance(theirs, AttributeError):
        return isinstance(ours, AttributeError | TypeError)
    no_kernel = isinstance(theirs, NotImplementedError) and "not implemented for" in str(theirs)
    return no_kernel or (isinstance(ours, (*RAISED, AssertionError)) and alike(theirs, ours))


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_takes_and_refuses_what_pytorch_does(name):
    found = []
    for how in SPOILED:
        bad = Bad(Exception, "", *reversed(fed(name, how)))
        theirs, ours = result(under(torch, bad)), result(under(learnnn, bad))
        if agree(theirs, ours) == ((name, how) in DIFFERENT):
            found.append(f"{how}: PyTorch: {theirs!r}, learnnn: {ours!r}")
    assert not found, "\n".join(found)


def test_every_difference_is_of_something_tested():
    assert {key for key in DIFFERENT if isinstance(key, str)} <= CALLS.keys()
    assert {key for key in DIFFERENT if not isinstance(key, str)} <= {(n, how) for n in LAYERS for how in SPOILED}


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta"])
def test_a_step_with_nan_gradients_leaves_nan_where_pytorch_does(name):
    """Neither raises: one gradient is nan in one element, the other parameter has none."""

    def run(t):
        a, b = (t.tensor([1.0, 2.0], dtype=t.float64, requires_grad=True) for _ in range(2))
        optimizer = getattr(t.optim, name)([a, b], lr=0.1)
        for _ in range(2):
            a.grad = t.tensor([float("nan"), 1.0], dtype=t.float64)
            optimizer.step()
        return plain((a, b))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = run(torch)
    assert not differences(theirs, run(learnnn))


def test_pytorch_too_is_left_as_it_was():
    """The comparison of states sees changes: a step is one, a refused state dict is none."""
    for t in (torch, learnnn):
        model, optimizer = trained(t)
        before = snapshot([model, optimizer])
        with pytest.raises(RuntimeError):
            model.load_state_dict({})
        assert snapshot([model, optimizer]) == before
        optimizer.step()
        assert snapshot([model, optimizer]) != before
