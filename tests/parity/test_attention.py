"""Attention, MultiheadAttention and the Transformer, against PyTorch."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.sequences import draw, filled, raised, run

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:enable_nested_tensor"),
    pytest.mark.filterwarnings("ignore:Support for mismatched"),
]


def derivatives(t, f, *arrays):
    """Value, gradients under a random cotangent, and the gradients of those."""
    xs = [t.tensor(a, requires_grad=True) for a in arrays]
    y = f(*xs)
    first = t.autograd.grad((y * t.tensor(draw(99, *y.shape))).sum(), xs, create_graph=True)
    second = t.autograd.grad(sum((g * t.tensor(draw(98, *g.shape))).sum() for g in first), xs)
    return y, [g.detach() for g in first], [g.detach() for g in second]


def attention(t, *args, **kwargs):
    if t.__name__ == "torch":  # the one of its ways that can be differentiated twice, and that others approximate
        with t.nn.attention.sdpa_kernel(t.nn.attention.SDPBackend.MATH):
            return t.nn.functional.scaled_dot_product_attention(*args, **kwargs)
    return t.nn.functional.scaled_dot_product_attention(*args, **kwargs)


# ------------------------------------------------------------------------------------- the function
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 3), max_size=2),
    st.tuples(*[st.integers(1, 4)] * 4),
    st.sampled_from(["none", "causal", "bool", "float", "scale"]),
)
def test_scaled_dot_product_attention(batch, sizes, kind):
    length, steps, size, width = sizes
    q, k, v = draw(1, *batch, length, size), draw(2, *batch, steps, size), draw(3, *batch, steps, width)

    def options(t):
        choices = {
            "none": {}, "causal": {"is_causal": True}, "scale": {"scale": 0.3},
            "bool": {"attn_mask": t.tensor(draw(4, length, steps) > -1)},
            "float": {"attn_mask": t.tensor(draw(4, *batch, length, steps))},
        }  # fmt: skip
        return choices[kind]

    same(lambda t: derivatives(t, lambda *x: attention(t, *x, **options(t)), q, k, v))


def test_attention_of_shared_heads_of_broadcast_batches_and_of_blind_queries():
    q, k, v, one = draw(1, 2, 4, 3, 5), draw(2, 2, 2, 6, 5), draw(3, 2, 2, 6, 5), draw(2, 1, 1, 6, 5)
    seen = draw(4, 3, 6) > 0
    seen[1] = False
    mask = np.where(seen, 0, -np.inf)

    def steps(t, *given, **options):
        return derivatives(t, lambda *x: attention(t, *x, **options), *given)

    collect(
        [
            ("gqa", lambda t: steps(t, q, k, v, enable_gqa=True)),
            ("broadcast", lambda t: steps(t, q, one, one)),
            ("blind", lambda t: steps(t, q, one, one, attn_mask=t.tensor(seen))),
            ("blind, floats", lambda t: steps(t, q, one, one, attn_mask=t.tensor(mask))),
            ("empty", lambda t: attention(t, *[t.zeros(0, 2, 3)] * 3)),
            ("mask with a gradient", lambda t: derivatives(t, lambda *x: attention(t, *x), q, one, one, draw(4, 3, 6))),
            ("strided", lambda t: derivatives(t, lambda x: attention(t, x.mT, x.mT, x.mT), draw(1, 2, 5, 4))),
            ("float32", lambda t: attention(t, *(t.tensor(a).float() for a in (q, one, one)))),
        ]
    )


def test_attention_drops_as_often_as_asked_and_keeps_the_mean():
    import learnnn as torch

    torch.manual_seed(0)
    q, v = torch.zeros(400, 1, 2), torch.ones(400, 50, 1)
    out = torch.nn.functional.scaled_dot_product_attention(q, torch.zeros(400, 50, 2), v, dropout_p=0.5)
    assert abs(out.mean().item() - 1) < 0.02
    assert abs(out.std().item() - 1 / np.sqrt(50)) < 0.02  # of a mean of 50 that are 0 or 2


# ------------------------------------------------------------------------------------- several heads
MASKS = {
    None: lambda length, steps: None,
    "bool": lambda length, steps: np.triu(np.ones((length, steps), bool), 1),
    "float": lambda length, steps: draw(5, length, steps),
    "each head": lambda length, steps: draw(5, 6, length, steps),
}
SETTINGS = list(itertools.product((False, True), (False, True), (False, True), (None, 5)))


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("mask", MASKS)
def test_multihead_attention(mask, padded, batched):
    if mask == "each head" and not batched:
        mask = None

    def call(t, i, bias, extra, batch_first, dim):
        m, p = MASKS[mask](4, 5), np.arange(5) >= np.array([[3], [4], [5]])
        options = {"need_weights": i % 3 > 0, "average_attn_weights": i % 2 > 0}
        options |= {"attn_mask": None if m is None else t.tensor(m)}
        options |= {"key_padding_mask": t.tensor(p if batched else p[0]) if padded else None}
        places = {"batch_first": batch_first, "kdim": dim, "vdim": dim}
        layer = t.nn.MultiheadAttention(8, 2, 0.0, bias, add_bias_kv=extra, add_zero_attn=extra and i > 4, **places)
        shapes = [(4, 8), (5, dim or 8), (5, dim or 8)]
        if batched:
            shapes = [(3, *s) if batch_first else (s[0], 3, s[1]) for s in shapes]
        arrays = [draw(10 + j, *s) for j, s in enumerate(shapes)]
        return run(t, layer, lambda layer, *x: layer(*x, **options), *arrays)

    collect((f"{s}", lambda t, i=i, s=s: call(t, i, *s)) for i, s in enumerate(SETTINGS))


def test_attention_to_oneself_adds_three_gradients():
    same(lambda t: run(t, t.nn.MultiheadAttention(6, 3), lambda m, x: m(x, x, x), draw(1, 4, 2, 6)))


# ------------------------------------------------------------------------------------- the Transformer
LAYERS = list(itertools.product(("relu", "gelu"), (False, True), (False, True), (False, True)))


def arrays(batch_first):
    return [draw(1, *((2, 5) if batch_first else (5, 2)), 8), draw(2, *((2, 4) if batch_first else (4, 2)), 8)]


def transformer_layer(t, kind, activation, batch_first, norm_first, bias):
    places = {"batch_first": batch_first, "norm_first": norm_first, "bias": bias}
    return getattr(t.nn, kind)(8, 2, 12, 0.0, activation, **places)


def test_encoder_layer_and_encoder():
    padding = np.arange(5) >= np.array([[5], [3]])

    def one(t, activation, batch_first, norm_first, bias):
        layer = transformer_layer(t, "TransformerEncoderLayer", activation, batch_first, norm_first, bias)
        model = t.nn.TransformerEncoder(layer, 2, t.nn.LayerNorm(8) if bias else None)
        causal = t.nn.Transformer.generate_square_subsequent_mask(5, dtype=t.float64)
        masks = {"mask": causal, "src_key_padding_mask": t.tensor(padding)}
        (x, _) = arrays(batch_first)
        return run(t, layer, lambda m, x: m(x), x), run(t, model, lambda m, x: (m(x), m(x, **masks)), x)

    collect((f"{s}", lambda t, s=s: one(t, *s)) for s in LAYERS)


def test_decoder_layer_and_decoder():
    padding = np.arange(5) >= np.array([[5], [3]])

    def one(t, activation, batch_first, norm_first, bias):
        layer = transformer_layer(t, "TransformerDecoderLayer", activation, batch_first, norm_first, bias)
        model = t.nn.TransformerDecoder(layer, 2, t.nn.LayerNorm(8) if bias else None)
        later = t.tensor(np.triu(np.ones((4, 4), bool), 1))
        masks = {"tgt_mask": later, "memory_key_padding_mask": t.tensor(padding), "memory_mask": t.zeros(4, 5).double()}
        memory, x = arrays(batch_first)
        return (
            run(t, layer, lambda m, x, y: m(x, y, **masks), x, memory),
            run(t, model, lambda m, x, y: (m(x, y), m(x, y, later)), x, memory),
        )

    collect((f"{s}", lambda t, s=s: one(t, *s)) for s in LAYERS)


def test_transformer():
    def one(t, activation, batch_first, norm_first, bias):
        places = {"batch_first": batch_first, "norm_first": norm_first, "bias": bias, "activation": activation}
        model = t.nn.Transformer(8, 2, 1, 2, 12, 0.0, **places)
        causal = model.generate_square_subsequent_mask(4).double()
        return run(t, model, lambda m, x, y: (m(x, y), m(x, y, tgt_mask=causal)), *arrays(batch_first))

    collect((f"{s}", lambda t, s=s: one(t, *s)) for s in LAYERS)
    same(lambda t: t.nn.Transformer.generate_square_subsequent_mask(3))
    same(lambda t: t.nn.Transformer.generate_square_subsequent_mask(0))


def test_an_activation_may_be_a_function():
    def layer(t):
        return t.nn.TransformerEncoderLayer(8, 2, 12, 0.0, t.nn.functional.silu)

    def module(t):
        return t.nn.TransformerDecoderLayer(8, 2, 12, 0.0, t.nn.SiLU())

    same(lambda t: run(t, layer(t), lambda m, x: m(x), draw(1, 5, 2, 8)))
    same(lambda t: run(t, module(t), lambda m, x: m(x, x), draw(1, 5, 2, 8)))


def test_dropout_acts_in_training_only():
    import learnnn as torch

    x = torch.tensor(draw(1, 5, 2, 8))
    for model in (torch.nn.TransformerEncoderLayer(8, 2, 12, 0.5), torch.nn.TransformerEncoderLayer(8, 2, 12, 0.0)):
        filled(torch, model)
        dropped = not np.allclose(model(x).detach(), model(x).detach())
        assert dropped == (model.dropout.p > 0)
        assert np.allclose(model.eval()(x).detach(), model(x).detach())


def test_copies_of_a_layer_learn_apart():
    import learnnn as torch

    model = torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(8, 2, 12), 2)
    assert len(set(map(id, model.parameters()))) == 24
    with torch.no_grad():
        model.layers[0].linear1.weight.zero_()
    assert model.layers[1].linear1.weight.abs().sum() > 0


ERRORS = {
    "heads": lambda t: t.nn.MultiheadAttention(8, 3),
    "no heads": lambda t: t.nn.MultiheadAttention(8, 0),
    "query size": lambda t: t.nn.MultiheadAttention(8, 2)(*[t.zeros(5, 1, 6)] * 3),
    "hint without mask": lambda t: t.nn.MultiheadAttention(8, 2)(*[t.zeros(5, 1, 8)] * 3, is_causal=True),
    "mask shape": lambda t: t.nn.MultiheadAttention(8, 2)(*[t.zeros(5, 1, 8)] * 3, attn_mask=t.zeros(3, 5)),
    "padding shape": lambda t: t.nn.MultiheadAttention(8, 2)(
        *[t.zeros(5, 1, 8)] * 3, key_padding_mask=t.zeros(1, 4).bool()
    ),
    "axes": lambda t: t.nn.MultiheadAttention(8, 2)(*[t.zeros(5)] * 3),
    "axes of keys": lambda t: t.nn.MultiheadAttention(8, 2)(t.zeros(5, 1, 8), t.zeros(5, 8), t.zeros(5, 8)),
    "keys and values": lambda t: t.nn.MultiheadAttention(8, 2)(
        t.zeros(5, 1, 8), t.zeros(4, 1, 8), t.zeros(3, 1, 8), need_weights=False
    ),
    "function: sizes": lambda t: attention(t, t.zeros(1, 2, 3), t.zeros(1, 2, 4), t.zeros(1, 2, 3)),
    "function: dtypes": lambda t: attention(t, t.zeros(1, 2, 3), t.zeros(1, 2, 3).double(), t.zeros(1, 2, 3)),
    "function: two masks": lambda t: attention(t, *[t.zeros(1, 2, 3)] * 3, t.zeros(2, 2), is_causal=True),
    "activation": lambda t: t.nn.TransformerEncoderLayer(8, 2, activation="selu"),
    "batch": lambda t: t.nn.Transformer(8, 2, 1, 1, 4)(t.zeros(5, 2, 8), t.zeros(5, 3, 8)),
    "model size": lambda t: t.nn.Transformer(8, 2, 1, 1, 4)(t.zeros(5, 2, 6), t.zeros(5, 2, 6)),
}


def test_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collect((label, lambda t, f=f: raised(lambda: f(t)) or "nothing raised") for label, f in ERRORS.items())
