"""RNN, GRU, LSTM, their cells, and packed sequences, against PyTorch."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import collect, same
from tests.parity.sequences import draw, filled, run

pytestmark = pytest.mark.parity
KINDS = [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("GRU", {}), ("LSTM", {})]
LAYOUTS = [
    dict(zip(("num_layers", "bidirectional", "batch_first", "bias"), values, strict=True))
    for values in itertools.product((1, 3), (False, True), (False, True), (False, True))
]


def states(kind, layers, *batch):
    """h_0, and c_0 for LSTM, of hidden size 4."""
    return [draw(50 + i, layers, *batch, 4) for i in range(2 if kind == "LSTM" else 1)]


def with_states(layer, x, *hx):
    return layer(x, hx if len(hx) > 1 else hx[0])


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_layer(kind, options):
    def layer(t, layout):
        return getattr(t.nn, kind)(3, 4, **options, **layout)

    checks = []
    for layout in LAYOUTS:
        x = draw(40, *((2, 5) if layout["batch_first"] else (5, 2)), 3)
        h = states(kind, layout["num_layers"] * (1 + layout["bidirectional"]), 2)
        one = states(kind, layout["num_layers"] * (1 + layout["bidirectional"]))
        checks += [
            (f"{layout}", lambda t, o=layout, x=x: run(t, layer(t, o), lambda m, x: m(x), x)),
            (f"{layout} states", lambda t, o=layout, x=x, h=h: run(t, layer(t, o), with_states, x, *h)),
            (f"{layout} no batch", lambda t, o=layout, h=one: run(t, layer(t, o), with_states, draw(41, 5, 3), *h)),
        ]
    collect(checks)


def test_dropout_between_layers_of_one_stays_off_in_eval():
    same(lambda t: run(t, t.nn.LSTM(3, 4, 2, dropout=0.5).eval(), lambda m, x: m(x), draw(40, 5, 2, 3)))
    same(lambda t: run(t, t.nn.LSTM(3, 4, 2, dropout=1.0), lambda m, x: m(x), draw(40, 5, 2, 3)))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_packed_sequences(kind, lengths, sort, bidirectional, batch_first):
    name, options = kind
    lengths = sorted(lengths, reverse=True) if sort else lengths
    longest, batch = max(lengths), len(lengths)

    def call(t, model, x, *h):
        rnn = t.nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, t.tensor(lengths), batch_first, enforce_sorted=sort)
        output, hidden = with_states(model, packed, *h)
        padded, sizes = rnn.pad_packed_sequence(output, batch_first, padding_value=0.5, total_length=longest + 1)
        return padded, sizes, hidden, output

    shape = (batch, longest, 3) if batch_first else (longest, batch, 3)

    def whole(t):
        model = getattr(t.nn, name)(3, 4, 2, bidirectional=bidirectional, batch_first=batch_first, **options)
        h = states(name, 2 * (1 + bidirectional), batch)
        return run(t, model, lambda m, x, *h: call(t, m, x, *h), draw(40, *shape), *h)

    same(whole)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.booleans(), st.booleans())
def test_padding_and_packing(lengths, batch_first, left):
    def sequences(t):
        return [t.tensor(draw(i, n, 2), requires_grad=True) for i, n in enumerate(lengths)]

    def padded(t):
        xs = sequences(t)
        out = t.nn.utils.rnn.pad_sequence(xs, batch_first, -1.0, "left" if left else "right")
        (out * out).sum().backward()
        return out, [x.grad for x in xs]

    def packed(t):
        xs = sequences(t)
        out = t.nn.utils.rnn.pack_sequence(xs, enforce_sorted=False)
        (out.data * out.data).sum().backward()
        return out, [x.grad for x in xs], t.nn.utils.rnn.unpack_sequence(out)

    same(padded)
    same(packed)
    same(lambda t: t.nn.utils.rnn.unpad_sequence(t.nn.utils.rnn.pad_sequence(sequences(t)), t.tensor(lengths)))


@pytest.mark.parametrize("kind", ["RNNCell", "GRUCell", "LSTMCell"])
def test_cell(kind):
    def cell(t, batch, bias, given):
        model = getattr(t.nn, kind)(3, 4, bias=bias)
        h = states(kind.removesuffix("Cell"), *batch) if batch else states(kind.removesuffix("Cell"), 1)
        h = [x if batch else x[0] for x in h] if given else []
        return run(t, model, lambda m, x, *h: with_states(m, x, *h) if h else m(x), draw(40, *batch, 3), *h)

    cases = itertools.product([(), (2,), (0,)], (True, False), (True, False))
    collect((f"{c}", lambda t, c=c: cell(t, *c)) for c in cases)


def test_cell_with_relu():
    same(lambda t: run(t, t.nn.RNNCell(3, 4, nonlinearity="relu"), lambda m, x: m(x), draw(40, 2, 3)))


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_a_layer_is_its_cell_in_a_loop(kind):
    import learnnn as torch

    layer, cell = filled(torch, getattr(torch.nn, kind)(3, 4)), getattr(torch.nn, f"{kind}Cell")(3, 4).double()
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x, state, outs = torch.tensor(draw(40, 5, 2, 3)), None, []
    for row in x:
        state = cell(row, state)
        outs.append(state[0] if kind == "LSTM" else state)
    np.testing.assert_allclose(layer(x)[0].detach(), torch.stack(outs).detach(), rtol=1e-12)


def rnn_of(t, *args, **kwargs):
    return t.nn.LSTM(3, 4, *args, **kwargs).double()


ERRORS = {
    "features": lambda t: rnn_of(t)(t.zeros(5, 2, 6, dtype=t.float64)),
    "dtype": lambda t: rnn_of(t)(t.zeros(5, 2, 3)),
    "4 axes": lambda t: rnn_of(t)(t.zeros(1, 5, 2, 3, dtype=t.float64)),
    "no steps": lambda t: rnn_of(t)(t.zeros(0, 2, 3, dtype=t.float64)),
    "state of another batch": lambda t: rnn_of(t)(t.zeros(5, 2, 3).double(), (t.zeros(1, 3, 4).double(),) * 2),
    "nonlinearity": lambda t: t.nn.RNN(3, 4, nonlinearity="gelu"),
    "dropout": lambda t: t.nn.GRU(3, 4, 2, dropout=1.5),
    "hidden size": lambda t: t.nn.GRU(3, 0),
    "hidden size float": lambda t: t.nn.GRU(3, 4.0),
    "layers": lambda t: t.nn.GRU(3, 4, num_layers=0),
    "proj_size of GRU": lambda t: t.nn.GRU(3, 4, proj_size=2),
    "cell features": lambda t: t.nn.GRUCell(3, 4)(t.zeros(2, 5)),
    "cell axes": lambda t: t.nn.GRUCell(3, 4)(t.zeros(1, 2, 3)),
    "cell state": lambda t: t.nn.LSTMCell(3, 4)(t.zeros(2, 3), (t.zeros(2, 5), t.zeros(2, 5))),
    "cell nonlinearity": lambda t: t.nn.RNNCell(3, 4, nonlinearity="x")(t.zeros(2, 3)),
    "lengths grow": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(3, 2, 1), [1, 3]),
    "length 0": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(3, 2, 1), [3, 0]),
    "count of lengths": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(3, 2, 1), [3]),
    "total length": lambda t: t.nn.utils.rnn.pad_packed_sequence(
        t.nn.utils.rnn.pack_sequence([t.zeros(3)]), total_length=2
    ),
    "nothing to pad": lambda t: t.nn.utils.rnn.pad_sequence([]),
    "side": lambda t: t.nn.utils.rnn.pad_sequence([t.zeros(2)], padding_side="top"),
}


def test_errors():
    collect(ERRORS.items())


def test_projections_are_refused_and_lone_dropout_is_warned_of():
    from learnnn import nn

    with pytest.raises(ValueError, match="proj_size is not supported"):
        nn.LSTM(3, 4, proj_size=2)
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        nn.LSTM(3, 4, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.LSTM(3, 4, 2, dropout=0.5)
