"""Parameters that are updated together, or in blocks: the same numbers, to the bit, as one by one."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn as torch
from learnnn import optim
from learnnn.optim import bundle
from tests.optim.test_optim import MAKERS, parameters

SHAPES = ((3, 4), (5,), (), (0, 3), (70, 70), (2, 2, 2), (9000,))


def gradients(params, step):
    """New gradients, for all parameters but those whose turn it is to have none."""
    rng = np.random.default_rng(step)
    for i, p in enumerate(params):
        grad = torch.tensor(rng.standard_normal(p.shape)).to(p.dtype)
        p.grad = None if step % 3 == 2 and i % 2 else grad


def trained(maker, params, steps=6):
    optimizer = maker(params)
    for step in range(steps):
        gradients(params, step)
        optimizer.step()
    return optimizer


def same(params, others):
    for p, q in zip(params, others, strict=True):
        np.testing.assert_array_equal(p.array, q.array, strict=True)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("order", [1, -1])
def test_together_or_one_by_one(name, order, monkeypatch):
    shapes = SHAPES[::order]  # a large parameter at either end
    together, alone = parameters(*shapes), parameters(*shapes)
    for params in (together, alone):
        params[1].data = params[1].array.astype("float32")
    trained(MAKERS[name], together)
    monkeypatch.setattr(bundle, "SMALL", -1)
    optimizer = trained(MAKERS[name], alone)
    assert {type(part) for _, part in optimizer._arrangements[0].parts} == {bundle.Single}
    same(together, alone)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(1, 50))
@settings(max_examples=30, deadline=None)
def test_bundles_and_blocks_of_any_size(sizes, block):
    together, alone = ([torch.arange(n, dtype=torch.float64).requires_grad_() for n in sizes] for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "BLOCK", block)
        patch.setattr(bundle, "SMALL", min(20, block))
        optimizer = trained(MAKERS["Adam"], together, 3)
    parts = [part.memory[0].size for _, part in optimizer._arrangements[0].parts]
    assert sum(parts) <= sum(sizes)
    trained(MAKERS["Adam"], alone, 3)
    same(together, alone)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("shape", [(5, 7), (70_001,)])
def test_large_parameters_are_updated_in_blocks_with_the_same_result(name, shape, monkeypatch):
    found = []
    monkeypatch.setattr(bundle, "SMALL", 0)
    for block in (3, 10_000_000):
        monkeypatch.setattr(bundle, "BLOCK", block if shape == (5, 7) else block + 32_768)
        found.append(parameters(shape))
        trained(MAKERS[name], found[-1], 3)
    same(*found)


def test_blocks_are_of_about_one_size():
    sizes = [piece.size for piece, _ in bundle.blocks(np.zeros(100_000), np.zeros(100_000))]
    assert sum(sizes) == 100_000
    assert max(sizes) <= bundle.BLOCK
    assert max(sizes) - min(sizes) < len(sizes)


def test_small_parameters_share_an_update(monkeypatch):
    calls = []
    update = optim.Adam.update
    counted = lambda self, p, *rest, **kw: calls.append(p.size) or update(self, p, *rest, **kw)
    monkeypatch.setattr(optim.Adam, "update", counted)
    params = parameters((3, 4), (5,), (70, 70), (2,))
    optim.Adam(params).step()
    assert sorted(calls) == [19, 4900]


@pytest.mark.parametrize("name", MAKERS)
def test_a_loaded_state_is_used_from_the_next_step_on(name):
    params, others = parameters((3, 4), (5,)), parameters((3, 4), (5,))
    first = trained(MAKERS[name], params, 2)
    second = trained(MAKERS[name], others, 2)
    saved = copy.deepcopy(first.state_dict())
    trained_further = [p.array.copy() for p in params]
    gradients(params, 3)
    first.step()  # away from the saved state
    first.load_state_dict(saved)
    for p, array in zip(params, trained_further, strict=True):
        p.array[...] = array
    for optimizer, each in ((first, params), (second, others)):
        gradients(each, 4)
        optimizer.step()
    for p, q in zip(params, others, strict=True):  # NAdam's mu_product is loaded in the dtype of p, as in PyTorch
        np.testing.assert_allclose(p.array, q.array, rtol=1e-6 if name == "NAdam" else 0)


def test_what_a_user_puts_into_the_state_is_used():
    (p, q), (r, s) = parameters((3,), (2,)), parameters((3,), (2,))
    optimizer, other = (trained(MAKERS["RMSprop"], params, 2) for params in ((p, q), (r, s)))
    optimizer.state[p]["square_avg"] = torch.ones(3, dtype=torch.float64)  # another tensor
    other.state[r]["square_avg"].array[...] = 1  # the numbers of the same one
    for each, params in ((optimizer, (p, q)), (other, (r, s))):
        gradients(params, 3)
        each.step()
    same((p, q), (r, s))


def test_numbers_replaced_by_data_are_used_and_the_old_ones_left_alone():
    params, others = parameters((3, 4), (5,)), parameters((3, 4), (5,))
    optimizer, other = (trained(MAKERS["Adam"], each, 2) for each in (params, others))
    before = params[0].array
    params[0].data = torch.tensor(before.copy())
    kept = before.copy()
    for each, of in ((optimizer, params), (other, others)):
        gradients(of, 3)
        each.step()
    np.testing.assert_array_equal(before, kept)
    same(params, others)


def test_a_copied_optimizer_goes_its_own_way():
    params, others = parameters((3, 4), (5,)), parameters((3, 4), (5,))
    trained(MAKERS["Adam"], others, 4)
    optimizer = trained(MAKERS["Adam"], params, 2)
    twin = copy.deepcopy(optimizer)
    copied = twin.param_groups[0]["params"]
    for step in (2, 3):
        gradients(copied, step)
        twin.step()
    same(copied, others)
    for step in (2, 3):
        gradients(params, step)
        optimizer.step()
    same(params, others)


def test_the_memory_in_the_state_is_what_is_used():
    params = parameters((3,), (2,))
    optimizer = optim.SGD(params, lr=0.1, momentum=0.5)
    optimizer.step()
    for p in params:
        np.testing.assert_array_equal(optimizer.state[p]["momentum_buffer"].array, p.grad.array)
