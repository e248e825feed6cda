"""`sampling`: the order of temperature, top-k and top-p against a reference written token by token, and the draws."""

import json
import math
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import nn
from learnnn.inspection import sampling
from learnnn.inspection.sequences.distribution import drawn, next_token, uniform

LOGITS = np.log(np.array([0.1, 0.4, 0.2, 0.05, 0.25]))


def reference(logits, temperature, top_k, top_p):
    """Holtzman et al. 2020 after Fan et al. 2018, as one would by hand: walk from the likeliest down."""
    top = max(logits)
    powers = [math.exp((x - top) / temperature) for x in logits]
    order = sorted(range(len(logits)), key=lambda i: (-logits[i], i))[: top_k or len(logits)]
    mass = math.fsum(powers[i] for i in order)
    kept, seen = [], 0.0
    for i in order:
        if kept and top_p is not None and seen >= top_p:
            break
        kept.append(i)
        seen += powers[i] / mass
    total = math.fsum(powers[i] for i in kept)
    return [powers[i] / total if i in kept else 0.0 for i in range(len(logits))]


@given(
    st.lists(st.integers(-6, 6), min_size=2, max_size=9),  # whole numbers tie often
    st.floats(0.1, 3), st.none() | st.integers(1, 10), st.none() | st.floats(0.013, 0.997),
)  # fmt: skip
@settings(deadline=None, max_examples=200)
def test_the_kept_tokens_are_those_of_the_reference(logits, temperature, top_k, top_p):
    got = next_token(np.array(logits, float), temperature, top_k, top_p)
    want = reference(logits, temperature, top_k, top_p)
    if np.array_equal(got > 0, np.array(want) > 0):
        assert np.allclose(got, want, atol=1e-12)
    else:  # a sum that reaches top_p exactly may fall on either side by rounding
        nearly = [reference(logits, temperature, top_k, (top_p or 1) + eps) for eps in (-1e-9, 1e-9)]
        assert any(np.allclose(got, each, atol=1e-12) for each in nearly)


@pytest.mark.parity
def test_temperature_and_top_k_are_pytorchs():
    torch = pytest.importorskip("torch")
    logits = torch.randn(20, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kth = (logits / 0.7).topk(5).values[-1]
    want = torch.softmax((logits / 0.7).masked_fill(logits / 0.7 < kth, -torch.inf), -1)
    assert np.allclose(next_token(logits.numpy(), 0.7, 5), want)


def test_the_dials_at_their_ends():
    assert next_token(LOGITS, 0).tolist() == [0, 1, 0, 0, 0]
    assert next_token(LOGITS, 1, 1).tolist() == [0, 1, 0, 0, 0]
    assert next_token(LOGITS, 1, None, 1e-9).tolist() == [0, 1, 0, 0, 0]
    assert np.allclose(next_token(LOGITS, 1, 99, 1.0), np.exp(LOGITS))
    assert np.allclose(next_token(LOGITS, 1e6), 0.2, atol=1e-5)
    assert next_token(np.array([1.0, 2.0, 2.0]), 1, 1).tolist() == [0, 1, 0]  # of equal ones the first
    assert next_token(np.array([0.0, -np.inf]), 1).tolist() == [1, 0]


def test_draws_follow_the_distribution_and_the_seed():
    p = next_token(LOGITS, 1.3, 4)
    counts = np.bincount([drawn(p, uniform(3, n)) for n in range(4000)], minlength=5)
    assert np.abs(counts / 4000 - p).max() < 0.03 and counts[3] == 0
    picture = sampling(LOGITS, tokens="abcde", seed=7)
    assert picture.draw(20) == sampling(LOGITS, tokens="abcde", seed=7).draw(20)
    assert picture.draw(20) != sampling(LOGITS, tokens="abcde", seed=8).draw(20)
    assert 0 <= min(uniform(s, n) for s in range(9) for n in range(99)) < 0.01


@pytest.mark.parametrize("u", [0.0, 0.3, 0.999999999])
def test_a_cut_token_is_never_drawn(u):
    assert drawn(np.array([0.0, 0.5, 0.0, 0.5, 0.0]), u) in (1, 3)


# ------------------------------------------------------------------------------------------------ models
class Next(nn.Module):
    """Says with certainty the token after the last, and takes eight at most."""

    def forward(self, tokens):
        if tokens.shape[1] > 8:
            raise IndexError("at most 8 tokens")
        return nn.functional.one_hot((tokens + 1) % 5, 5) * 50.0


def test_a_model_reads_what_was_drawn():
    picture = sampling(Next(), prompt="ab", tokens="abcde", top_k=3)
    assert picture.draw(4) == "cdea"
    assert picture.prompt == [0, 1, 2, 3, 4, 0] and picture.data["prompt"] == list("abcdea")
    assert picture.kernel and not sampling(LOGITS).kernel
    picture.draw(2)
    with pytest.raises(IndexError, match="at most 8"):
        picture.draw()
    assert len(picture.prompt) == 8 and picture.draws == 6


def test_events_draw_append_and_start_again():
    picture = sampling(Next(), prompt=[0], tokens="abcde")
    frame = picture.event({"type": "draw", "temperature": 0.5, "top_k": 2, "top_p": None})
    assert frame["picked"] == "b" and frame["read"] == "ab" and frame["draws"] == 1
    assert (picture.temperature, picture.top_k) == (0.5, 2) and frame["logits"].argmax() == 2
    assert picture.event({"type": "reset"})["read"] == "a" and picture.draws == 0


@pytest.mark.parity
def test_a_model_of_pytorchs_and_one_of_the_last_token():
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Embedding(5, 4), torch.nn.Dropout(), torch.nn.Linear(4, 5))
    want = torch.softmax(model.eval()(torch.tensor([[1, 3]]))[0, -1], -1).detach()
    model.train()
    assert np.allclose(sampling(model, prompt=[1, 3]).probabilities, want, atol=1e-6)
    assert model.training
    last = lambda tokens: model[2](model[0](tokens))[:, -1]
    assert np.allclose(sampling(last, prompt=[1, 3]).probabilities, want, atol=1e-6)


class Bigrams:
    """A learner's own: a table of scores."""

    def __init__(self):
        self.table = np.random.default_rng(0).normal(size=(5, 5))

    def __call__(self, tokens):
        return self.table[tokens]


def test_your_own_class_and_update():
    model = Bigrams()
    picture = sampling(model, prompt=["e"], tokens="abcde")
    assert np.allclose(picture.logits, model.table[4], atol=1e-6)
    model.table[4] = [0, 0, 9, 0, 0]
    picture.update()
    assert picture.probabilities.argmax() == 2


# ------------------------------------------------------------------------------------------------ forms
def test_data_text_and_the_still_forms():
    Image = pytest.importorskip("PIL.Image")
    picture = sampling(LOGITS, tokens=["a", "b", " ", "d", "\n"], top_p=0.6, title="mine")
    p = picture.probabilities
    assert picture.data["entropy"] == pytest.approx(-sum(x * np.log2(x) for x in p if x))
    assert picture.text.startswith("mine: b 0.62, ⏎ 0.38; 2 of 5 tokens kept, 65% of the mass")
    assert "cut (0.2)" in picture.to_svg() and "hatched: cut" in picture.to_svg()
    light, dark = (np.asarray(Image.open(BytesIO(picture.to_png(1, dark))).convert("L")) for dark in (False, True))
    assert light[2, 2] > 240 and dark[2, 2] < 60
    json.dumps(picture.data)
    html = sampling(np.random.default_rng(0).normal(size=20_000)).to_html()
    assert len(html) < 300_000 and "19980 more are not shown" in sampling(np.arange(20_000)).to_svg()


@pytest.mark.parametrize(
    ("thing", "options", "error", "words"),
    [
        (LOGITS, {"temperature": -1}, ValueError, "temperature=-1"),
        (LOGITS, {"temperature": float("nan")}, ValueError, "temperature=nan"),
        (LOGITS, {"top_k": 0}, ValueError, "top_k=0"),
        (LOGITS, {"top_p": 0}, ValueError, "top_p=0"),
        (LOGITS, {"top_p": 1.2}, ValueError, "top_p=1.2"),
        (LOGITS, {"tokens": "abc"}, ValueError, "only 3 labels"),
        (LOGITS, {"prompt": [1]}, TypeError, "scores alone"),
        (LOGITS[None], {}, ValueError, r"shape \(1, 5\)"),
        (LOGITS * np.nan, {}, ValueError, "nan"),
        (Next(), {}, TypeError, "no prompt"),
        (Next(), {"prompt": []}, ValueError, "empty"),
        (Next(), {"prompt": "ax", "tokens": "abcde"}, ValueError, "'x' is no token"),
        (Next(), {"prompt": ["hous"], "tokens": ["house", "b", "c", "d", "e"]}, ValueError, "did you mean 'house'"),
        (Next(), {"prompt": "a"}, ValueError, "has words"),
        (lambda x: np.zeros((2, 5)), {"prompt": [1]}, ValueError, "for one sequence"),
    ],
)
def test_what_does_not_fit_is_said(thing, options, error, words):
    with pytest.raises(error, match=words):
        sampling(thing, **options)


def test_dials_out_of_range_change_nothing():
    picture = sampling(LOGITS, top_k=2)
    with pytest.raises(ValueError, match="top_p"):
        picture.turn(0.5, 3, 7.0)
    assert (picture.temperature, picture.top_k, picture.top_p) == (1.0, 2, None)


def test_the_model_is_as_it_was():
    model = nn.Sequential(nn.Embedding(5, 4), nn.Dropout(), nn.Linear(4, 5))
    before, state = [p.array.copy() for p in model.parameters()], learnnn.get_rng_state()
    sampling(model, prompt=[1]).draw(3)
    assert model.training and all((p.array == b).all() and p.grad is None for p, b in zip(model.parameters(), before))
    assert (np.asarray(learnnn.get_rng_state()) == np.asarray(state)).all()


def test_a_vocabulary_of_words_is_written_with_spaces():
    words = ["the", "cat", "sat", "on", "mat"]
    assert "after “the cat”" in sampling(Next(), prompt=["the", "cat"], tokens=words).text
    assert sampling(Next(), prompt=["the"], tokens=words).draw(2) == "cat sat"
    assert sampling(Next(), prompt=[0]).draw(2) == "1 2"
