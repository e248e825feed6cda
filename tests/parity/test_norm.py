"""Normalization under both libraries: training, evaluation, running moments, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.layers import derivatives, draw, fill, layer

pytestmark = pytest.mark.parity
sides = st.integers(1, 4)


@given(
    st.integers(0, 4), sides, st.lists(sides, max_size=2), st.booleans(), st.sampled_from(["both", "weight", "none"])
)
@settings(max_examples=120, deadline=None)
def test_batch_norm(n, c, rest, training, affine):
    arrays = [draw(1, n, c, *rest), *[draw(i, c) for i in range({"both": 2, "weight": 1, "none": 0}[affine])]]

    def run(t):
        mean, var = t.tensor(draw(5, c)), t.tensor(draw(6, c, low=0.5))
        norm = lambda x, w=None, b=None: t.nn.functional.batch_norm(x, mean, var, w, b, training, 0.3, 1e-3)
        return derivatives(t, norm, *arrays), mean, var

    if n or not training:  # of nothing, PyTorch's moments are nan
        same(run, f"{n} {c} {rest} {training} {affine}")


@given(sides, sides, sides, st.lists(sides, max_size=2), st.booleans())
@settings(max_examples=80, deadline=None)
def test_group_norm(n, groups, each, rest, affine):
    arrays = [draw(1, n, groups * each, *rest), *[draw(i, groups * each) for i in range(2 * affine)]]
    norm = lambda t, *xs: t.nn.functional.group_norm(xs[0], groups, *xs[1:])
    same(lambda t: derivatives(t, lambda *xs: norm(t, *xs), *arrays), f"{n} {groups} {each} {rest} {affine}")


@given(st.lists(st.integers(0, 3), max_size=2), st.lists(sides, min_size=1, max_size=2), st.booleans())
@settings(max_examples=80, deadline=None)
def test_layer_and_rms_norm(lead, shape, affine):
    arrays = [draw(1, *lead, *shape), *[draw(i, *shape) for i in range(2 * affine)]]
    layer_norm = lambda t, *xs: t.nn.functional.layer_norm(xs[0], tuple(shape), *xs[1:])
    rms_norm = lambda t, *xs: t.nn.functional.rms_norm(xs[0], tuple(shape), *xs[1:])
    collect([
        (f"layer {lead} {shape}", lambda t: derivatives(t, lambda *xs: layer_norm(t, *xs), *arrays)),
        (f"rms {lead} {shape}", lambda t: derivatives(t, lambda *xs: rms_norm(t, *xs), *arrays[:2])),
    ])  # fmt: skip


@given(sides, sides, sides, st.integers(2, 3), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_instance_norm(n, c, h, w, affine, running):
    arrays = [draw(1, n, c, h, w), *[draw(i, c) for i in range(2 * affine)]]

    def run(t):
        kept = (t.tensor(draw(5, c)), t.tensor(draw(6, c, low=0.5))) if running else (None, None)
        norm = lambda x, *wb: t.nn.functional.instance_norm(x, *kept, *wb, use_input_stats=True, momentum=0.2)
        return derivatives(t, norm, *arrays), kept

    same(run, f"{n} {c} {h} {w} {affine} {running}")


LAYERS = {
    "batch 1d": (lambda nn: nn.BatchNorm1d(3), (4, 3)),
    "batch 1d signals": (lambda nn: nn.BatchNorm1d(3, eps=0.1), (2, 3, 4)),
    "batch 2d": (lambda nn: nn.BatchNorm2d(3, momentum=0.5), (2, 3, 4, 2)),
    "batch, plain": (lambda nn: nn.BatchNorm2d(3, affine=False), (2, 3, 4, 2)),
    "batch, no bias": (lambda nn: nn.BatchNorm2d(3, bias=False), (2, 3, 4, 2)),
    "batch, untracked": (lambda nn: nn.BatchNorm2d(3, track_running_stats=False), (2, 3, 4, 2)),
    "batch, mean of all": (lambda nn: nn.BatchNorm1d(3, momentum=None), (4, 3)),
    "layer": (lambda nn: nn.LayerNorm(4), (2, 3, 4)),
    "layer, two axes": (lambda nn: nn.LayerNorm((3, 4), eps=0.1), (2, 3, 4)),
    "layer, list": (lambda nn: nn.LayerNorm([4], bias=False), (2, 3, 4)),
    "layer, plain": (lambda nn: nn.LayerNorm(4, elementwise_affine=False), (4,)),
    "group": (lambda nn: nn.GroupNorm(2, 4), (2, 4, 3)),
    "group, plain": (lambda nn: nn.GroupNorm(4, 4, affine=False), (2, 4, 3, 2)),
    "instance": (lambda nn: nn.InstanceNorm2d(3), (2, 3, 4, 2)),
    "instance, all": (lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), (2, 3, 4, 2)),
    "instance, alone": (lambda nn: nn.InstanceNorm2d(3, affine=True), (3, 4, 2)),
    "rms": (lambda nn: nn.RMSNorm(4), (2, 3, 4)),
    "rms, plain": (lambda nn: nn.RMSNorm((3, 4), eps=0.1, elementwise_affine=False), (2, 3, 4)),
}


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, train):
    build, shape = LAYERS[name]
    same(lambda t: layer(t, build, shape, train=train))


@pytest.mark.parametrize("name", ["batch 1d", "batch, mean of all", "batch, untracked", "instance, all"])
def test_running_moments_over_batches(name):
    build, shape = LAYERS[name]

    def run(t):
        norm = fill(t, build(t.nn))
        found = []
        for seed in range(3):
            norm(t.tensor(draw(seed, *shape)))
            found.append([value.clone() for value in norm.state_dict().values()])
        norm.eval()
        found.append(norm(t.tensor(draw(9, *shape))))
        kept = list(norm.state_dict().values())
        if norm.track_running_stats:
            norm.reset_running_stats()
        return found, kept

    same(run)


def test_in_single_precision():
    def run(t, build, *shape):
        norm = fill(t, build(t.nn)).float()
        x = t.tensor(draw(1, *shape)).float().requires_grad_()
        y = norm(x)
        (y * y * y).sum().backward()
        return y, x.grad, [p.grad for p in norm.parameters()], list(norm.state_dict().values())

    collect([
        ("batch", lambda t: run(t, lambda nn: nn.BatchNorm2d(3), 2, 3, 4, 4)),
        ("layer", lambda t: run(t, lambda nn: nn.LayerNorm(8), 5, 8)),
        ("rms", lambda t: run(t, lambda nn: nn.RMSNorm(8), 5, 8)),
    ])  # fmt: skip


ERRORS = {
    "rank": lambda t: t.nn.BatchNorm2d(3)(t.zeros(2, 3)),
    "rank 1d": lambda t: t.nn.BatchNorm1d(3)(t.zeros(2, 3, 4, 4)),
    "rank of instance": lambda t: t.nn.InstanceNorm2d(3)(t.zeros(2, 3)),
    "channels": lambda t: t.nn.BatchNorm2d(3)(t.zeros(2, 4, 5, 5)),
    "channels in evaluation": lambda t: t.nn.BatchNorm1d(3).eval()(t.zeros(2, 4)),
    "one example": lambda t: t.nn.BatchNorm1d(3)(t.zeros(1, 3)),
    "one place": lambda t: t.nn.InstanceNorm2d(3)(t.zeros(2, 3, 1, 1)),
    "nothing to run on": lambda t: t.nn.functional.batch_norm(t.zeros(2, 3), None, None),
    "weights": lambda t: t.nn.functional.batch_norm(t.zeros(2, 3), None, None, t.ones(4), training=True),
    "layer shape": lambda t: t.nn.LayerNorm(3)(t.zeros(2, 4)),
    "layer rank": lambda t: t.nn.LayerNorm((2, 3))(t.zeros(3)),
    "layer weight": lambda t: t.nn.functional.layer_norm(t.zeros(2, 3), (3,), t.ones(2)),
    "rms shape": lambda t: t.nn.RMSNorm(3)(t.zeros(2, 4)),
    "groups": lambda t: t.nn.GroupNorm(3, 4),
    "group channels": lambda t: t.nn.GroupNorm(2, 4)(t.zeros(2, 5)),
    "group weight": lambda t: t.nn.functional.group_norm(t.zeros(2, 4), 2, t.ones(3)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    collect([(name, ERRORS[name])])


def test_a_batch_that_is_refused_leaves_the_moments_as_they_were():
    import learnnn as torch
    from learnnn import nn

    norm = nn.Sequential(nn.BatchNorm1d(3))
    before = {name: value.numpy().copy() for name, value in norm.state_dict().items()}
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        norm(torch.ones(1, 3))
    with pytest.raises(RuntimeError, match=r"BatchNorm1d '0' expects 3 channels, got 4.*nn.BatchNorm1d\(4\)"):
        norm(torch.ones(2, 4))
    for name, value in norm.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])
