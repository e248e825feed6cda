"""`gates`: the unrolled cells against the layers themselves and PyTorch, their gradients against autograd."""

import json
from io import BytesIO

import numpy as np
import pytest

import learnnn
from learnnn import nn
from learnnn.inspection import gates

X = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
LAYERS = [("LSTM", {}), ("GRU", {}), ("RNN", {}), ("RNN", {"nonlinearity": "relu"})]
SHAPES = [{}, {"num_layers": 2}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True, "bias": False}]
FRAMEWORKS = ["learnnn", pytest.param("torch", marks=pytest.mark.parity)]


def framework(name):
    return learnnn if name == "learnnn" else pytest.importorskip("torch")


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("kind", "options"), LAYERS)
def test_the_last_states_are_the_layers_own(name, kind, options, shape):
    torch = framework(name)
    torch.manual_seed(0)
    rnn = getattr(torch.nn, kind)(3, 4, **options, **shape)
    output, last = rnn(torch.tensor(X))
    h = (last[0] if kind == "LSTM" else last).detach().numpy()
    picture = gates(rnn, X)
    assert len(picture.passes) == len(h)
    for step, state in zip(picture.passes, h):
        assert np.allclose(step.gates["hidden"][0 if step.backwards else -1], state, atol=1e-6)
    if kind == "LSTM":
        c = last[1].detach().numpy()
        ends = [step.gates["cell"][0 if step.backwards else -1] for step in picture.passes]
        assert np.allclose(ends, c, atol=1e-6)
    top = [step for step in picture.passes if f"layer {shape.get('num_layers', 1) - 1}" in step.name]
    assert np.allclose(np.concatenate([step.gates["hidden"] for step in top], 1), output.detach().numpy(), atol=1e-6)


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize(("kind", "options"), LAYERS)
def test_the_gradients_are_those_of_autograd(name, kind, options):
    """The cell, step by step, with every state kept: the gradient of the last hidden state's sum in each of them."""
    torch = framework(name)
    torch.manual_seed(0)
    cell = getattr(torch.nn, f"{kind}Cell")(3, 4, **options).double()
    state = torch.zeros(1, 4, dtype=torch.float64), torch.zeros(1, 4, dtype=torch.float64)
    hidden, cells = [], []
    for row in X.astype(float):
        got = cell(torch.tensor(row)[None], state if kind == "LSTM" else state[0])
        state = got if kind == "LSTM" else (got, got)
        hidden.append(state[0])
        cells.append(state[1])
    picture = gates(cell, X.astype(float)).passes[0]
    for found, states in ((picture.slopes, hidden), (picture.cell_slopes, cells)):
        if found is not None:
            want = torch.autograd.grad(hidden[-1].sum(), states, retain_graph=True)
            assert np.allclose(found, [g.numpy()[0] for g in want], atol=1e-9)
    assert np.allclose(picture.gates["hidden"], [h.detach().numpy()[0] for h in hidden], atol=1e-9)


def test_a_sequence_runs_backwards_as_its_mirror():
    learnnn.manual_seed(0)
    rnn = nn.GRU(3, 4, bidirectional=True)
    with learnnn.no_grad():
        for name, p in list(rnn.named_parameters()):
            if name.endswith("_reverse"):
                p.copy_(getattr(rnn, name.removesuffix("_reverse")))
    forward, back = gates(rnn, X).passes
    mirror = gates(rnn, X[::-1].copy()).passes[0]
    assert np.allclose(back.gates["reset"], mirror.gates["reset"][::-1])
    assert np.allclose(back.slopes, mirror.slopes[::-1])
    assert forward.name == "layer 0" and back.name == "layer 0, backwards"


# ------------------------------------------------------------------------------------------------ inside a model
class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.rnn, self.head = nn.Embedding(9, 3), nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 9)

    def forward(self, tokens):
        state = (learnnn.ones(1, len(tokens), 4) * 0.5, learnnn.ones(1, len(tokens), 4) * -0.5)
        return self.head(self.rnn(self.embed(tokens), state)[0])


def test_a_layer_inside_a_model_is_found_with_its_first_states():
    learnnn.manual_seed(0)
    model = Reader()
    picture = gates(model, [4, 0, 8], labels="abc")
    x = model.embed(learnnn.tensor([[4, 0, 8]]))
    out, _ = model.rnn(x, (learnnn.ones(1, 1, 4) * 0.5, learnnn.ones(1, 1, 4) * -0.5))
    assert np.allclose(picture.passes[0].gates["hidden"], out.detach().array[0], atol=1e-6)
    assert picture.passes[0].name == "rnn, layer 0" and picture.names == ["a", "b", "c"]
    assert gates(model, [4, 0, 8]).names == ["4", "0", "8"]
    assert gates(model, [4, 0, 8], labels="abcdefghi".__getitem__).names == ["e", "a", "i"]


class Loop:
    """A learner's own cell, called once a step."""

    def __init__(self, cell):
        self.cell = cell

    def __call__(self, x):
        h = np.zeros(4)
        for row in x:
            h = self.cell(row, h)
        return h


class OwnCell:
    """An RNN in numpy, with weights as PyTorch lays them out."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.weight_ih, self.weight_hh = rng.normal(size=(4, 3)), rng.normal(size=(4, 4))
        self.bias_ih = rng.normal(size=4)

    def __call__(self, x, h):
        return np.tanh(self.weight_ih @ x + self.bias_ih + self.weight_hh @ h)


def test_your_own_cell():
    cell = OwnCell()
    inside, alone = gates(Loop(cell), X.astype(float)), gates(cell, X.astype(float))
    assert np.allclose(inside.passes[0].gates["hidden"][-1], Loop(cell)(X))
    assert np.allclose(alone.passes[0].gates["hidden"], inside.passes[0].gates["hidden"])
    assert (inside.passes[0].name, inside.passes[0].mode, type(cell)) == ("cell", "RNN", OwnCell)


# ------------------------------------------------------------------------------------------------ forms
def test_data_and_text_tell_how_far_the_gradient_reaches():
    learnnn.manual_seed(0)
    rnn = nn.RNN(3, 4)
    with learnnn.no_grad():
        rnn.weight_hh_l0.copy_(learnnn.eye(4) * 0.5)
        rnn.weight_ih_l0.zero_(), rnn.bias_ih_l0.zero_(), rnn.bias_hh_l0.zero_()
    picture = gates(rnn, X)
    assert np.allclose(picture.data[0]["gradient"], 2 * 0.5 ** np.arange(6, -1, -1))  # tanh'(0) is 1
    assert f"{0.5**6:.2g} of it is left after 6 steps back" in picture.text
    json.dumps(picture.data)


def test_the_still_forms_and_the_page():
    Image = pytest.importorskip("PIL.Image")
    picture = gates(nn.LSTM(3, 80), X, title="mine")
    assert "mine" in picture.to_svg()
    light, dark = (np.asarray(Image.open(BytesIO(picture.to_png(1, dark))).convert("L")) for dark in (False, True))
    assert light[2, 2] > 240 and dark[2, 2] < 60
    sent = picture.state()["passes"][0]
    assert sent["gates"]["forget"].shape == (7, 64) and sent["units"] == 80
    assert np.allclose(sent["lines"]["hidden state"], picture.data[0]["gradient"])
    long = gates(nn.LSTM(3, 80, num_layers=3), np.zeros((300, 3), np.float32))
    assert len(long.to_html()) < 400_000


def test_the_model_is_as_it_was_and_update_looks_again():
    model = Reader()
    before = {name: array.array.copy() for name, array in model.state_dict().items()}
    state = learnnn.get_rng_state()
    picture = gates(model, [1, 2])
    assert model.training and all(p.grad is None for p in model.parameters()) and not model.rnn._hooks
    assert all((model.state_dict()[name].array == array).all() for name, array in before.items())
    assert (np.asarray(learnnn.get_rng_state()) == np.asarray(state)).all()
    with learnnn.no_grad():
        for p in model.rnn.parameters():
            p.zero_()
    picture.update()
    assert np.allclose(picture.passes[0].gates["forget"], 0.5)


@pytest.mark.parametrize(
    ("model", "x", "options", "error", "words"),
    [
        (nn.Linear(3, 2), X, {}, ValueError, "no recurrent layer"),
        (nn.LSTM(3, 2), np.zeros((4, 2, 3)), {}, ValueError, "a batch of 2 sequences"),
        (nn.LSTM(3, 2), X, {"labels": "ab"}, ValueError, "2 labels for 7 steps"),
        (nn.LSTM(3, 2), X[:, :2], {}, RuntimeError, "Expected 3"),
        (nn.LSTMCell(3, 2), X[:, :2], {}, ValueError, "takes 3 features"),
        (nn.LSTMCell(3, 2), X[0], {}, ValueError, "shape \\(3,\\)"),
        (nn.RNN(1, 2), np.zeros((500, 1)), {}, ValueError, "500 steps are too many"),
        (nn.RNN(3, 2), X * np.nan, {}, ValueError, "nan"),
    ],
)
def test_what_does_not_fit_is_said(model, x, options, error, words):
    with pytest.raises(error, match=words):
        gates(model, x, **options)


def test_weights_of_other_shapes_are_said():
    cell = OwnCell()
    cell.weight_ih = cell.weight_ih.T
    with pytest.raises(ValueError, match="weight_ih is"):
        gates(cell, X)


def test_weights_that_diverged_are_said():
    rnn = nn.LSTM(3, 2)
    with learnnn.no_grad():
        rnn.weight_hh_l0.fill_(float("nan"))
    with pytest.raises(ValueError, match="diverged"):
        gates(rnn, X)
