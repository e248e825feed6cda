"""Random tensors: repeatable from a seed, independent of each other, and of the right distribution."""

import numpy as np
import pytest

import learnnn

DRAWS = {
    "rand": lambda **kw: learnnn.rand(50, **kw),
    "randn": lambda **kw: learnnn.randn(50, **kw),
    "randint": lambda **kw: learnnn.randint(0, 1000, (50,), **kw),
    "randperm": lambda **kw: learnnn.randperm(50, **kw),
    "normal": lambda **kw: learnnn.normal(0.0, 1.0, (50,), **kw),
    "bernoulli": lambda **kw: learnnn.bernoulli(learnnn.full((50,), 0.5), **kw),
    "multinomial": lambda **kw: learnnn.multinomial(learnnn.ones(50), 20, **kw),
    "multinomial with replacement": lambda **kw: learnnn.multinomial(learnnn.ones(50), 20, True, **kw),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_repeats(name):
    draw = DRAWS[name]
    learnnn.manual_seed(3)
    first, second = draw().tolist(), draw().tolist()
    learnnn.manual_seed(3)
    assert (draw().tolist(), draw().tolist()) == (first, second)
    assert first != second
    mine = [draw(generator=learnnn.Generator().manual_seed(7)).tolist() for _ in range(2)]
    assert mine[0] == mine[1]


def test_a_generator_of_ones_own_leaves_the_other_alone():
    learnnn.manual_seed(0)
    expected = learnnn.rand(3).tolist()
    learnnn.manual_seed(0)
    learnnn.rand(5, generator=learnnn.Generator())
    assert learnnn.rand(3).tolist() == expected


def test_a_state_can_be_kept():
    learnnn.rand(3)
    state = learnnn.get_rng_state()
    expected = learnnn.randn(4).tolist()
    learnnn.rand(2)
    learnnn.set_rng_state(state)
    assert learnnn.randn(4).tolist() == expected


def test_distributions():
    learnnn.manual_seed(1)
    n = 20_000
    for dtype in (learnnn.float32, learnnn.float64):
        even, bell = learnnn.rand(n, dtype=dtype).numpy(), learnnn.randn(n, dtype=dtype).numpy()
        assert even.dtype == bell.dtype == dtype
        assert even.min() >= 0 and even.max() < 1
        np.testing.assert_allclose([even.mean(), even.var()], [1 / 2, 1 / 12], atol=0.01)
        np.testing.assert_allclose([bell.mean(), bell.var()], [0, 1], atol=0.04)
    whole = learnnn.randint(3, 7, (n,)).numpy()
    assert sorted(set(whole.tolist())) == [3, 4, 5, 6]
    assert sorted(learnnn.randperm(100).tolist()) == list(range(100))
    assert abs(learnnn.bernoulli(learnnn.full((n,), 0.3)).numpy().mean() - 0.3) < 0.02
    wide = learnnn.normal(learnnn.tensor([0.0, 100.0]).expand(n, 2), 2.0).numpy()
    np.testing.assert_allclose(wide.mean(0), [0, 100], atol=0.1)


@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial_follows_its_weights(replacement):
    learnnn.manual_seed(1)
    weights = learnnn.tensor([1.0, 0.0, 3.0]).expand(20_000, 3)
    drawn = learnnn.multinomial(weights, 1, replacement).numpy()[:, 0]
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / len(drawn), [0.25, 0, 0.75], atol=0.02)


def test_without_replacement_nothing_comes_twice():
    drawn = learnnn.multinomial(learnnn.rand(6, 10), 10)
    assert [sorted(row) for row in drawn.tolist()] == [list(range(10))] * 6


def test_bad_input():
    for wrong in (
        lambda: learnnn.bernoulli(learnnn.tensor([1.5])),
        lambda: learnnn.multinomial(learnnn.tensor([-1.0, 2.0]), 1),
        lambda: learnnn.multinomial(learnnn.zeros(3), 1),
        lambda: learnnn.multinomial(learnnn.tensor([np.nan, 1.0]), 1),
        lambda: learnnn.multinomial(learnnn.ones(3), 4),
    ):
        with pytest.raises(RuntimeError):
            wrong()


def test_seeds_and_gradients():
    assert learnnn.manual_seed(11).initial_seed() == 11
    assert learnnn.randn(2, requires_grad=True).is_leaf
    with pytest.raises(RuntimeError):
        learnnn.randint(0, 3, (2,), requires_grad=True)
