"""`attention`: the weights that models compute, held against PyTorch's own and against the formula."""

import json
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import nn
from learnnn.inspection import attention
from learnnn.inspection.models.model import Model
from learnnn.inspection.sequences.looking import weights_of
from learnnn.nn import functional as F
from tests.inspection.lessons import lesson_names

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1, 5, 8)).astype(np.float32)


def by_loop(q, k, causal=False):
    """softmax(q k^T / sqrt(d)), a number at a time."""
    out = np.zeros((len(q), len(k)))
    for i, row in enumerate(q):
        powers = [np.exp(sum(row * key) / len(row) ** 0.5) * (not causal or j <= i) for j, key in enumerate(k)]
        out[i] = np.array(powers) / sum(powers)
    return out


class SelfAttention(nn.Module):
    """As GPTs are written: one Linear for queries, keys and values, then the function."""

    def __init__(self, d, heads, framework=F):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(d, 3 * d), nn.Sequential(nn.Linear(d, d), nn.Dropout(0.5))

    def forward(self, x):
        N, L, d = x.shape
        q, k, v = (part.reshape(N, L, self.heads, -1).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (N, heads, L, d / heads)
        return self.proj(y.transpose(1, 2).reshape(N, L, d))


@pytest.fixture
def gpt():
    learnnn.manual_seed(0)
    blocks = nn.Sequential(SelfAttention(8, 2), SelfAttention(8, 4))
    return nn.Sequential(nn.Embedding(6, 8), blocks, nn.Linear(8, 6))


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.booleans())
@settings(deadline=None)
def test_the_weights_are_those_of_the_formula(length, steps, d, causal):
    q, k = RNG.normal(size=(length, d)), RNG.normal(size=(steps, d))
    assert np.allclose(weights_of(q, k, is_causal=causal), by_loop(q, k, causal))


def test_a_gpt_shows_every_layer_and_head(gpt):
    picture = attention(gpt, [1, 2, 3, 0])
    assert [layer["layer"] for layer in picture.data] == ["1.0", "1.1"]
    assert [np.shape(layer["weights"]) for layer in picture.data] == [(2, 4, 4), (4, 4, 4)]
    for layer in picture.data:
        weights = np.array(layer["weights"])
        assert np.allclose(weights.sum(-1), 1)
        assert (weights[:, ~np.tri(4, dtype=bool)] == 0).all()
    x = gpt[0](learnnn.tensor([[1, 2, 3, 0]]))
    q, k, _ = (part.array[0] for part in gpt[1][0].qkv(x).chunk(3, -1))
    for head in range(2):
        at = slice(4 * head, 4 * head + 4)
        assert np.allclose(picture.data[0]["weights"][head], by_loop(q[:, at], k[:, at], causal=True), atol=1e-6)


def test_multihead_attention_and_the_encoder_layer():
    learnnn.manual_seed(0)
    alone = nn.MultiheadAttention(8, 2, batch_first=True)
    x = learnnn.tensor(X)
    want = alone(x, x, x, average_attn_weights=False)[1].array[0]
    assert np.allclose(attention(alone, X).data[0]["weights"], want, atol=1e-6)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2).eval()
    picture = attention(encoder, X)
    assert [layer["layer"] for layer in picture.data] == ["layers.0.self_attn", "layers.1.self_attn"]
    first = encoder.layers[0].self_attn(x, x, x, average_attn_weights=False)[1].array[0]
    assert np.allclose(picture.data[0]["weights"], first, atol=1e-6)


@pytest.mark.parametrize("wanted", [{}, {"average_attn_weights": False}, {"need_weights": False}])
def test_who_asks_for_weights_gets_the_same_as_ever(wanted):
    learnnn.manual_seed(0)
    head, got = nn.MultiheadAttention(8, 2, batch_first=True), []

    def model(x):
        out, weights = head(x, x, x, **wanted)
        got.append(None if weights is None else weights.array.copy())
        return out

    attention(model, X)
    Model(model).ask(X)
    seen, unseen = got
    assert (seen is None and unseen is None) or np.allclose(seen, unseen)


@pytest.mark.parity
def test_pytorchs_layers():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    encoder = torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2).eval()
    x, mask = torch.tensor(X), torch.nn.Transformer.generate_square_subsequent_mask(5)
    picture = attention(lambda x: encoder(x, mask=mask, is_causal=True), x)
    layer = encoder.layers[0].self_attn
    want = layer(x, x, x, attn_mask=mask, average_attn_weights=False)[1][0].detach()
    assert [look["layer"] for look in picture.data] == ["encoder.layers.0.self_attn", "encoder.layers.1.self_attn"]
    assert np.allclose(picture.data[0]["weights"], want, atol=1e-6)
    assert torch.backends.mha.get_fastpath_enabled()
    assert not layer._forward_pre_hooks and not layer._forward_hooks


@pytest.mark.parity
def test_pytorchs_function():
    torch = pytest.importorskip("torch")

    class Attend(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.key = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)

        def forward(self, x, mask):
            q, k = self.query(x), self.key(x)
            return torch.nn.functional.scaled_dot_product_attention(q, k, x, attn_mask=mask)

    model, mask = Attend(), np.tri(5, dtype=bool)
    plain = torch.nn.functional.scaled_dot_product_attention
    picture = attention(model, (torch.tensor(X), torch.tensor(mask)))
    assert torch.nn.functional.scaled_dot_product_attention is plain
    q, k = (layer(torch.tensor(X))[0].detach() for layer in (model.query, model.key))
    want = torch.softmax((q @ k.T / 8**0.5).masked_fill(~torch.tensor(mask), -torch.inf), -1)
    assert np.allclose(picture.data[0]["weights"], want, atol=1e-6)
    assert model.training and all(p.grad is None for p in model.parameters())


# ------------------------------------------------------------------------------------------------ your own classes
def softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


class Head:
    """Attention on arrays that keeps its weights, as a lesson's class may."""

    def __init__(self, d, seed):
        rng = np.random.default_rng(seed)
        self.w_q, self.w_k = rng.normal(size=(d, 3)), rng.normal(size=(d, 3))

    def __call__(self, x):
        q, k = x @ self.w_q, x @ self.w_k
        self.weights = softmax(q @ k.T / 3**0.5)
        return self.weights @ x


class Heads:
    def __init__(self):
        self.heads = [Head(8, 0), Head(8, 1)]

    def __call__(self, x):
        return sum(head(x) for head in self.heads)


def test_your_classes_that_keep_their_weights():
    model = Heads()
    picture = attention(model, X[0].astype(float))
    assert [layer["layer"] for layer in picture.data] == ["heads"]
    for head, weights in zip(model.heads, picture.data[0]["weights"]):
        assert np.allclose(weights, by_loop(X[0] @ head.w_q, X[0] @ head.w_k))
    assert type(model.heads[0]) is Head and not hasattr(model.heads[0], "weights")


def test_your_functions_that_return_their_weights():
    def model(x):
        weights = softmax(x @ x.T / 8**0.5)
        return weights @ x, weights

    picture = attention(model, X[0].astype(float))
    assert np.allclose(picture.data[0]["weights"][0], by_loop(X[0], X[0]))


def test_the_lessons_tensors():
    Tensor = lesson_names(5).Tensor

    class Attend:
        def __init__(self):
            self.w = Tensor(np.eye(8))

        def __call__(self, x):
            scores = (x @ self.w).data @ (x @ self.w).data.T / 8**0.5
            return x, softmax(scores)

    assert np.allclose(attention(Attend(), X[0]).data[0]["weights"][0], by_loop(X[0], X[0]))


def test_the_same_weights_are_told_once():
    class Inner(nn.Module):
        def forward(self, x):
            self.attn = F.softmax(x @ x.transpose(-1, -2), -1)
            return self.attn @ x, self.attn

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def forward(self, x):
            return self.inner(x)

    assert [layer["layer"] for layer in attention(Outer(), X).data] == ["inner"]


# ------------------------------------------------------------------------------------------------ arrays
def test_arrays_of_any_depth():
    weights = softmax(RNG.normal(size=(3, 2, 4, 5)))
    picture = attention(weights, layer=2, head=1, labels=(list("abcd"), list("vwxyz")))
    assert np.allclose([layer["weights"] for layer in picture.data], weights)
    p = weights[2, 1]
    assert picture.layers[2].entropies[1] == pytest.approx(-(p * np.log2(p)).sum(-1).mean())
    assert "layer 2, head 1" in picture.text
    assert f"a -> {'vwxyz'[p[0].argmax()]}" in picture.text
    assert len(attention(weights[0]).layers) == 1 and attention(weights[0, 0]).layers[0].weights.shape == (1, 4, 5)


def test_entropy_of_the_extremes():
    even, one, blind = np.full((2, 8), 1 / 8), np.eye(8)[:2], np.zeros((2, 8))
    picture = attention(np.stack([even, one, np.r_[even[:1], blind[:1]]]))
    assert np.allclose(picture.layers[0].entropies, [3, 0, 3])  # a row that may look nowhere does not count


def test_queries_and_keys():
    q, k = RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2))
    picture = attention(q, k, labels=(list("abc"), list("wxyz")))
    assert np.allclose(picture.data["weights"], by_loop(q, k))
    assert "softmax(Q Kᵀ / √2)" in picture.text and picture.to_svg().startswith("<svg")
    assert np.allclose(picture.state()["k"], k)


def test_many_weights_travel_as_bytes():
    weights = softmax(RNG.normal(size=(4, 3, 64, 64)) * 4)
    picture = attention(weights)
    for layer, sent in zip(weights, picture.state()["layers"]):
        assert sent["weights"].dtype == np.uint8
        assert np.abs(sent["weights"] / 255 * sent["top"] - layer).max() <= sent["top"] / 255
        assert ((sent["weights"] == 0) == (layer == 0)).all()
    assert len(picture.to_html()) < 300_000


def test_the_still_forms_and_the_page(gpt):
    Image = pytest.importorskip("PIL.Image")
    picture = attention(gpt, [1, 2, 3, 0], labels=lambda i: f"<{i}>", title="mine")
    assert "mine" in picture.to_svg() and "&lt;3&gt;" in picture.to_svg()
    light, dark = (np.asarray(Image.open(BytesIO(picture.to_png(1, dark))).convert("L")) for dark in (False, True))
    assert light[2, 2] > 240 and dark[2, 2] < 60
    html = picture.to_html()
    assert html.index("<img") < html.index("<script")
    json.dumps(picture.data)


def test_the_model_is_as_it_was_and_update_looks_again(gpt):
    before = {name: array.array.copy() for name, array in gpt.state_dict().items()}
    plain, state = F.scaled_dot_product_attention, learnnn.get_rng_state()
    picture = attention(gpt, [1, 2])
    assert gpt.training and all(p.grad is None for p in gpt.parameters())
    assert all((gpt.state_dict()[name].array == array).all() for name, array in before.items())
    assert (np.asarray(learnnn.get_rng_state()) == np.asarray(state)).all()
    with learnnn.no_grad():
        gpt[1][0].qkv.weight.zero_()
    picture.update()
    assert np.allclose(picture.data[0]["weights"], [[[1, 0], [0.5, 0.5]]] * 2)
    with pytest.raises(IndexError):
        attention(gpt, [1, 99])
    assert F.scaled_dot_product_attention is plain and not gpt[1][0]._hooks


# ------------------------------------------------------------------------------------------------ what does not fit
@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((nn.Linear(2, 2), np.zeros((1, 2))), {}, ValueError, "computes no attention"),
        ((nn.Linear(2, 2),), {}, TypeError, "no tokens"),
        ((np.zeros((2, 2)) + 3,), {}, ValueError, "before the softmax"),
        ((np.eye(3)[0],), {}, ValueError, "not \\(3,\\)"),
        ((np.eye(3),), {"labels": "ab"}, ValueError, "2 labels for 3 queries"),
        ((np.eye(3),), {"head": 1}, ValueError, "heads 0 to 0"),
        ((np.eye(3),), {"layer": 4}, ValueError, "layer 4"),
        ((np.ones((3, 2)), np.ones((3, 4))), {}, ValueError, "same size d"),
        ((np.ones((30, 2)), np.ones((30, 2))), {}, ValueError, "too much to edit"),
        ((np.full((3, 2), np.nan), np.ones((3, 2))), {}, ValueError, "nan"),
        ((nn.MultiheadAttention(4, 1, batch_first=True), np.zeros((3, 2, 4))), {}, ValueError, "3 sequences"),
        ((nn.MultiheadAttention(4, 1), [1.0, np.nan]), {}, ValueError, "nan"),
        ((nn.MultiheadAttention(4, 1), []), {}, ValueError, "no tokens"),
        ((nn.MultiheadAttention(4, 1), ["a", "b"]), {}, TypeError, "encode the words"),
        ((3, [1]), {}, TypeError, "is no model"),
    ],
)
def test_what_does_not_fit_is_said(arguments, options, error, words):
    with pytest.raises(error, match=words):
        attention(*arguments, **options)


def test_a_layer_without_attention_is_said(gpt):
    assert attention(gpt, [1, 2], layer=gpt[1][1]).layer == 1
    with pytest.raises(ValueError, match="computes no attention: these do: '1.0', '1.1'"):
        attention(gpt, [1, 2], layer="0")
    with pytest.raises(ValueError, match="did you mean"):
        attention(gpt, [1, 2], layer="1.5")
