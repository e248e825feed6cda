"""`watch`: the numbers against hand-made ones, each fault planted and found, and training left as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import inspection, nn, optim
from learnnn.inspection.training.measures import BINS, Units, by_unit, common_reach, spread
from learnnn.inspection.training.thinning import Thinned
from learnnn.training import Trainer

from .lessons import TensorMLP, ValueMLP

pytestmark = pytest.mark.slow

finite = st.floats(-1e6, 1e6, allow_nan=False)


@pytest.fixture(autouse=True)
def seeded():
    learnnn.manual_seed(0)


def data(n=128, d=8, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)).astype(np.float32)
    return learnnn.tensor(X), learnnn.tensor((X[:, :classes] * [2, 1, 1]).argmax(1))


def mlp(act=nn.ReLU, depth=1, width=32, d=8, out=3):
    inner = [layer for i in range(depth) for layer in (nn.Linear(d if i == 0 else width, width), act())]
    return nn.Sequential(*inner, nn.Linear(width, out))


def train(model, lr=0.1, epochs=3, optimizer=optim.SGD, batch_size=32, **options):
    w = inspection.watch(model, **options)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters(), lr=lr))
    try:
        trainer.fit(*data(), epochs=epochs, batch_size=batch_size, callbacks=[w], verbose=False)
    except FloatingPointError as error:
        w.stopped = error
    return w


def kinds(w):
    return {flag.kind for flag in w.flags}


# ------------------------------------------------------------------------------------------------------- measures
@settings(deadline=None)
@given(st.lists(st.integers(-(2**12) + 1, 2**12 - 1), min_size=1), st.integers(0, 8))
def test_a_spread_is_a_histogram_and_can_be_widened_exactly(whole, wider):
    values = (np.array(whole) + 0.5) / 2**12  # on no edge of any bin
    found = spread(values)
    assert found.counts.sum() == len(values)
    assert np.abs(values).max() <= found.reach <= max(2 * np.abs(values).max(), 2**-12)
    reach = found.reach * 2**wider
    expected, _ = np.histogram(values, BINS, (-reach, reach))
    assert np.array_equal(found.within(reach), expected)


@settings(deadline=None)
@given(st.lists(finite, min_size=1))
def test_a_narrower_look_keeps_at_most_what_was_there(values):
    found = spread(np.array(values))
    assert found.within(found.reach / 4).sum() <= len(values) + 1e-6
    assert np.allclose(found.within(found.reach), found.counts)


def test_a_spread_leaves_out_what_is_not_finite():
    found = spread(np.array([np.nan, np.inf, 0.25, -np.inf]))
    assert found.counts.sum() == 1 and found.reach == 0.25
    assert spread(np.zeros(0)).counts.sum() == 0
    assert common_reach([spread(np.array([1.0]))] * 30 + [spread(np.array([1e9]))]) == 1.0


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(2, 40), st.integers(1, 5), st.integers(0, 3))
def test_thinning_keeps_the_first_the_newest_and_even_steps_between(n, keep, every, first):
    records, steps = Thinned(keep, every), [first + every * i for i in range(n)]
    for step in steps:
        records.add(step, step * step)
    assert len(records) <= keep
    assert records.steps[0] == first and records.steps[-1] == steps[-1]
    assert [*records] == [step * step for step in records.steps]
    assert len(set(np.diff(records.steps[:-1]))) <= 1
    assert len(records) >= min(n, keep // 2)
    for step in steps:
        assert abs(records.steps[records.nearest(step)] - step) == min(abs(s - step) for s in records.steps)


def test_what_would_not_stay_need_not_be_added():
    """A recorder leaves out what would be dropped: in the end the same is there."""
    every_one, needed = Thinned(7), Thinned(7)
    for step in range(100):
        every_one.add(step, step)
        if needed.stays(step):
            needed.add(step, step)
    needed.add(99, 99)
    assert needed.steps == every_one.steps


def test_units_are_channels_of_images_and_last_axes_of_sequences():
    assert by_unit(np.zeros((2, 3, 4, 5)), "Conv2d").shape == (40, 3)
    assert by_unit(np.zeros((2, 3, 4)), "Conv1d").shape == (8, 3)
    assert by_unit(np.zeros((2, 3, 4)), "LSTM").shape == (6, 4)
    assert by_unit(np.zeros(4), "Neuron").shape == (4, 1)


def test_a_unit_is_dead_only_if_no_example_of_the_window_woke_it():
    units = Units("ReLU")
    batch = np.zeros((40, 3))
    batch[5, 1] = 2
    units.add(batch)
    for _ in range(2):
        units.add(np.zeros((40, 3)))
    assert units.examples == 120 and units.dead.tolist() == [True, False, True]
    units.add(np.zeros((40, 3)))  # the first batch has left the window
    assert units.dead.all()


# ------------------------------------------------------------------------------------- the numbers, by other means
def by_hand(model, X, y, lr):
    """One SGD step in numpy: a Linear, ReLU, Linear with a softmax cross-entropy."""
    W1, b1, W2, b2 = (p.array.astype(np.float64) for p in model.parameters())
    h = X @ W1.T + b1
    a = np.maximum(h, 0)
    z = a @ W2.T + b2
    e = np.exp(z - z.max(1, keepdims=True))
    gz = (e / e.sum(1, keepdims=True) - np.eye(z.shape[1])[y]) / len(X)
    ga = gz @ W2
    gh = ga * (h > 0)
    first = np.concatenate([(gh.T @ X).ravel(), gh.sum(0)])
    rms = lambda v: np.sqrt(np.mean(v**2))
    weights = np.concatenate([W1.ravel(), b1])
    return {
        "mean": [h.mean(), a.mean(), z.mean()], "std": [h.std(), a.std(), z.std()], "flow": [rms(gh), rms(ga), rms(gz)],
        "norm": np.linalg.norm(first), "ratio": lr * rms(first) / rms(weights), "zero": np.mean(a == 0),
    }  # fmt: skip


def check(w, expected):
    layers = [w.data["layers"][path] for path in ("0", "1", "2")]
    for what in ("mean", "std", "flow"):
        assert [layer[what][0] for layer in layers] == pytest.approx(expected[what], rel=2e-4, abs=1e-7)
    assert layers[0]["norm"][0] == pytest.approx(expected["norm"], rel=1e-4)
    assert layers[0]["ratio"][0] == pytest.approx(expected["ratio"], rel=1e-3)
    assert layers[1]["zero"][0] == pytest.approx(expected["zero"])
    assert layers[1]["norm"][0] is None


def test_the_numbers_of_a_step_are_those_of_a_step_by_hand():
    model, (X, y), lr = mlp(), data(), 0.1
    expected = by_hand(model, X.array, y.array, lr)
    optimizer, w = optim.SGD(model.parameters(), lr=lr), inspection.watch(model)
    with w:
        nn.CrossEntropyLoss()(model(X), y).backward()
        optimizer.step()
        w.step()
    check(w, expected)


def test_the_trainer_and_asking_once_more_see_the_same():
    model, (X, y) = mlp(), data()
    expected = by_hand(model, X.array, y.array, 0.0)
    w = train(model, lr=0.0, epochs=1, batch_size=128)
    check(w, expected)
    asked = inspection.watch(model)
    asked.step(X, lambda out: nn.functional.cross_entropy(out, y))
    check(asked, expected)
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parity
def test_a_pytorch_model_is_watched_alike():
    torch = pytest.importorskip("torch")
    mine, (X, y), lr = mlp(), data(), 0.1
    theirs = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(inplace=True), torch.nn.Linear(32, 3))
    with torch.no_grad():
        for p, q in zip(theirs.parameters(), mine.parameters()):
            p.copy_(torch.tensor(q.array))
    optimizer, w = torch.optim.SGD(theirs.parameters(), lr=lr), inspection.watch(theirs)
    before = torch.get_rng_state()
    with w:
        torch.nn.functional.cross_entropy(theirs(torch.tensor(X.array)), torch.tensor(y.array)).backward()
        optimizer.step()
        w.step()
    check(w, by_hand(mine, X.array, y.array, lr))
    assert torch.equal(before, torch.get_rng_state())
    assert not theirs[0]._forward_hooks
    assert "layer 1 ReLU" in w.text


def test_a_lessons_own_tensors_are_watched():
    model, (X, y) = TensorMLP(8, 16, 3), data(32)
    wanted = np.eye(3)[y.array]
    loss = lambda out: ((out - wanted) * (out - wanted)).mean()
    w = inspection.watch(model)
    for _ in range(3):
        loss(model(type(model.head.weight)(X.array.astype(float)))).backward()
        for p in (model.body["first"].weight, model.head.weight):
            p.data = p.data - 0.01 * p.grad
        before = model.head.weight.grad.copy()
        w.step(X.array, loss)
        assert np.array_equal(model.head.weight.grad, before)
    assert [*w.names.values()] == ["layer body.first Affine", "layer body.squash Tanh", "layer head Affine"]
    layer = w.data["layers"]["head"]
    out = np.tanh(X.array @ model.body["first"].weight.data + model.body["first"].bias.data)
    assert w.data["layers"]["body.squash"]["mean"][-1] == pytest.approx(out.mean())
    out = out @ model.head.weight.data + model.head.bias.data
    assert layer["flow"][-1] == pytest.approx(np.sqrt(np.mean((2 * (out - wanted) / out.size) ** 2)))
    assert layer["ratio"][-1] > 0
    assert w.data["layers"]["body.squash"]["saturated"][-1] is not None


def test_a_network_of_single_numbers_is_watched():
    model, X = ValueMLP(2, 3, 1), np.array([[0.5, -1.0], [1.0, 2.0], [0.0, 0.3]])
    w = inspection.watch(model)
    w.step(X, lambda answers: sum((a * a for a in answers), 0.0))
    neuron = w.data["layers"]["layers.0.neurons.0"]
    part = model.layers[0].neurons[0]
    by_hand = np.tanh(X @ [v.data for v in part.w] + part.b.data)
    assert neuron["mean"][0] == pytest.approx(by_hand.mean())
    assert neuron["flow"][0] > 0 and neuron["norm"][0] > 0
    whole = inspection.watch(model, layers=["layers.0"])
    whole.step(X)
    assert [*whole.data["layers"]] == ["layers.0"]


# ------------------------------------------------------------------------------------------------- planted faults
def test_a_healthy_run_has_no_flag():
    w = train(mlp(depth=2), lr=0.05, epochs=6)
    assert w.flags == []
    assert "!" not in w.text and "Nothing looks wrong" in w.to_svg()


def test_dead_units_are_counted():
    model = mlp()
    with learnnn.no_grad():
        model[0].bias[:12] = -50.0
    (flag,) = [flag for flag in train(model, lr=0.01).flags if flag.kind == "dead"]
    assert flag.layer == "1"
    assert flag.words.startswith("layer 1 ReLU: 12 of 32 units gave 0 for every example in the last 128 examples")


def test_dead_units_are_told_where_they_begin():
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
    with learnnn.no_grad():
        model[0].bias[:] = -50.0
    assert [flag.layer for flag in train(model, lr=0.01).flags if flag.kind == "dead"] == ["1"]


@pytest.mark.parametrize("act", [nn.Tanh, nn.Sigmoid])
def test_saturation_is_told(act):
    model = mlp(act)
    with learnnn.no_grad():
        model[0].weight.mul_(60)
    (flag,) = [flag for flag in train(model, lr=0.001).flags if flag.kind == "saturated"]
    part = int(flag.words.split("%")[0].split()[-1])
    assert flag.layer == "1" and 50 < part <= 100


def test_a_vanishing_gradient_is_told_and_is_not_a_small_learning_rate():
    w = train(mlp(nn.Sigmoid, depth=7))
    (flag,) = [flag for flag in w.flags if flag.kind == "vanishing"]
    assert "vanishing gradient" in flag.words and "layer 14 Linear" in flag.words and flag.layer == "0"
    assert "small update" not in kinds(w)


def test_an_exploding_gradient_is_told():
    model = mlp(nn.ReLU, depth=6)
    with learnnn.no_grad():
        for layer in model[::2]:
            layer.weight.mul_(12)
    w = inspection.watch(model)
    w.step(data()[0], lambda out: out.mean())
    (flag,) = [flag for flag in w.flags if flag.kind == "exploding"]
    flows = [w.data["layers"][path]["flow"][0] for path in ("0", "12")]
    assert flows[0] / flows[1] > 1000 and "times larger" in flag.words


def test_updates_that_are_too_large_or_too_small_are_told():
    assert "large update" in kinds(train(mlp(), lr=0.3, optimizer=optim.Adam))
    small = [flag for flag in train(mlp(), lr=1e-7).flags if flag.kind == "small update"]
    assert [flag.layer for flag in small] == ["0", "2"] and "larger learning rate" in small[0].words


def test_a_layer_that_never_moves_is_told():
    model = mlp()
    w = inspection.watch(model)
    Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model[2].parameters(), lr=0.1)).fit(
        *data(), epochs=2, callbacks=[w], verbose=False
    )
    (flag,) = w.flags
    assert (flag.kind, flag.layer) == ("small update", "0") and "in the optimizer" in flag.words


class Log(nn.Module):
    def forward(self, x):
        return x.log()


def test_nan_is_told_with_the_first_layer_and_step():
    model = nn.Sequential(nn.Linear(8, 4), Log(), nn.Linear(4, 3))
    w = train(model)
    assert w.stopped is not None
    (flag,) = w.flags
    assert (flag.kind, flag.layer) == ("not finite", "1")
    assert "first at step 1" in flag.words and "layer 1 Log" in flag.words


def test_overflow_is_told_at_its_step():
    model = mlp()
    w = inspection.watch(model)
    with w:
        for step in (1, 2, 3):
            model(data()[0]).sum().backward()
            if step == 2:
                with learnnn.no_grad():
                    model[0].weight[0, 0] = np.inf
            w.step()
    (flag,) = w.flags
    assert (flag.kind, flag.layer) == ("not finite", "0")
    assert "the weights held ∞ first at step 2" in flag.words


# -------------------------------------------------------------------------------------- bounds, and what it leaves
def test_training_is_the_same_watched_or_not():
    def weights(watched):
        learnnn.manual_seed(3)
        model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
        callbacks = [inspection.watch(model)] if watched else []
        trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()))
        trainer.fit(*data(), epochs=2, validation_split=0.25, callbacks=callbacks, verbose=False)
        assert all(not part._hooks for part in model.modules())
        return [t.array.copy() for t in model.state_dict().values()]

    for a, b in zip(weights(True), weights(False), strict=True):
        assert np.array_equal(a, b)


def test_memory_is_bounded_and_every_thins():
    w = train(mlp(), epochs=20, keep=16)
    assert len(w.records) <= 16 and w.data["steps"][-1] == 80
    assert train(mlp(), epochs=2, every=3).data["steps"] == [3, 6]
    assert all(v is not None for v in train(mlp(), epochs=2, every=3).data["layers"]["0"]["ratio"])


def test_validation_leaves_no_trace():
    model = mlp()
    w = inspection.watch(model)
    with w:
        model(data()[0]).sum().backward()
        with learnnn.no_grad():
            model(1000 * data()[0])
        w.step()
    assert w.data["layers"]["0"]["std"][0] < 10


def test_it_can_be_asked_twice_and_trained_on():
    model = mlp()
    w = train(model)
    Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1)).fit(
        *data(), epochs=2, callbacks=[w], verbose=False
    )
    assert w.data["steps"][-1] == 20


def test_bad_arguments_are_told():
    with pytest.raises(ValueError, match="integer from 1"):
        inspection.watch(mlp(), every=0)
    with pytest.raises(ValueError, match="from 2"):
        inspection.watch(mlp(), keep=1)
    with pytest.raises(ValueError, match="no layer '7'"):
        inspection.watch(mlp(), layers=["7"])
    with pytest.raises(ValueError, match="name the layers"):
        inspection.watch(mlp(), layers=[])
    with pytest.raises(TypeError, match="no model"):
        inspection.watch(3)
    with pytest.raises(ValueError, match="inside `with w:`"):
        inspection.watch(mlp()).step()
    with pytest.raises(TypeError, match="function of the model's answer"):
        inspection.watch(mlp()).step(data()[0], 0.3)
    with pytest.raises(TypeError, match="w.step"), inspection.watch(TensorMLP(2, 3, 1)):
        pass


# ------------------------------------------------------------------------------------------------------ the picture
def test_every_form_of_the_picture():
    empty = inspection.watch(mlp())
    assert "nothing recorded yet" in empty.text and "Nothing is recorded yet" in empty.to_svg()
    assert "hydrate(render" in empty.to_html()
    w = train(mlp(nn.Sigmoid, depth=8))
    assert "vanishing gradient" in w.to_svg() and "layers left out: 5" in w.to_svg()
    assert w.to_png(1).startswith(b"\x89PNG") and w.to_png(1, dark=True) != w.to_png(1)
    assert "<script" in w.to_html() and "gradient rms" in w.text
    assert len(w.state()["steps"]) == len(w.places())
    assert w.frame_at(7) == {"at": 7}


def test_what_a_page_is_sent_stays_small():
    w = inspection.watch(mlp(depth=20))
    w.step(data()[0], lambda out: out.mean())
    for _ in range(199):
        w.records.add(w.taken, w.records[0])
    sent = w.frame()
    size = sum(found["cells"].nbytes for what in ("outputs", "flows") for found in sent[what]) + sent["numbers"].nbytes
    assert size < 400_000


def test_a_page_is_sent_what_was_recorded():
    w = train(mlp(), epochs=1)
    cells, lo, hi = w.heat("1", "outputs")
    assert cells.shape[0] == 4 and cells.max() == 255
    assert lo == 0 and hi > 0  # the output of a ReLU
    numbers = w.frame()["numbers"]
    assert numbers.shape == (3, 4, 9)
    assert numbers[0, :, 0] == pytest.approx(w.data["layers"]["0"]["mean"])
