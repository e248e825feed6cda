"""Trainer: the loop against one written by hand, its forms of data, what it refuses, and how it leaves the model."""

import sys

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn, optim
from learnnn.training import Callback, EarlyStopping, History, ProgressBar, Trainer, metrics
from learnnn.utils.data import DataLoader, TensorDataset

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(np.int64)


def classifier(seed=0, lr=0.1):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 2))
    return Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=lr), metrics=["accuracy"])


def weights(trainer):
    return [p.detach().numpy().copy() for p in trainer.model.parameters()]


def equal(a, b):
    return all((x == y).all() for x, y in zip(a, b, strict=True))


# ------------------------------------------------------------------------------------------------- the loop
def test_it_is_the_loop_one_would_write():
    trainer = classifier()
    history = trainer.fit(X, Y, epochs=3, batch_size=16)
    twin = classifier()
    loader = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=16, shuffle=True)
    losses = []
    for _ in range(3):
        total = 0.0
        for x, y in loader:
            twin.optimizer.zero_grad()
            loss = twin.loss(twin.model(x), y)
            loss.backward()
            twin.optimizer.step()
            total += loss.item() * len(y)
        losses.append(total / 60)
    assert equal(weights(trainer), weights(twin))
    np.testing.assert_allclose(history["loss"], losses)


def test_it_learns_and_records():
    trainer = classifier()
    history = trainer.fit(X, Y, epochs=40, validation_split=0.25, batch_size=8)
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history.epochs == list(range(1, 41))
    assert history["loss"][-1] < history["loss"][0]
    assert history["val_accuracy"][-1] > 0.8
    assert trainer.history is history


FORMS = {
    "arrays": lambda: (X, Y),
    "lists": lambda: (X.tolist(), Y.tolist()),
    "float64 and int32": lambda: (X.astype(np.float64), Y.astype(np.int32)),
    "tensors": lambda: (torch.tensor(X), torch.tensor(Y)),
    "a tuple": lambda: ((X, Y),),
    "a dataset": lambda: (TensorDataset(torch.tensor(X), torch.tensor(Y)),),
    "a loader": lambda: (DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=60),),
    "a list of batches": lambda: ([(torch.tensor(X), torch.tensor(Y))] * 1,),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_data_is_the_same(form):
    if form == "a list of batches":
        data = (iter_of(FORMS[form]()[0]),)
    else:
        data = FORMS[form]()
    trainer, reference = classifier(), classifier()
    trainer.model[2].p = reference.model[2].p = 0.0
    trainer.fit(*data, epochs=2, batch_size=60, shuffle=False)
    reference.fit(X, Y, epochs=2, batch_size=60, shuffle=False)
    assert equal(weights(trainer), weights(reference))
    expected = reference.evaluate(X, Y)
    assert trainer.evaluate(*data) == pytest.approx(expected)
    history = reference.fit(X, Y, epochs=1, validation_data=data[0] if len(data) == 1 else data)
    assert "val_accuracy" in history


class iter_of:
    """Batches that know no length."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


def test_several_inputs():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(1))

        def forward(self, a, b):
            return self.w * (a + b)

    model = Sum()
    trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    a, b = torch.randn(20, 1), torch.randn(20, 1)
    trainer.fit(TensorDataset(a, b, 3 * (a + b)), epochs=60, batch_size=10)
    assert model.w.item() == pytest.approx(3, abs=0.05)
    assert trainer.predict(DataLoader(TensorDataset(a, b, a), batch_size=7)).shape == (20, 1)


def test_a_float64_model_gets_float64():
    model = nn.Linear(4, 1).double()
    trainer = Trainer(
        model, nn.MSELoss(), optim.SGD(model.parameters()), metrics={"off by": metrics.mean_absolute_error}
    )
    history = trainer.fit(X, X[:, :1], epochs=1)
    assert list(history) == ["loss", "off by"]
    assert trainer.predict(X).dtype == np.float64


def test_a_model_that_is_only_a_function():
    w = torch.zeros(4, 1, requires_grad=True)
    trainer = Trainer(lambda x: x @ w, nn.MSELoss(), optim.SGD([w], lr=0.1))
    assert trainer.fit(X, X[:, :1], epochs=5)["loss"][-1] < 0.5


def test_predict():
    trainer = classifier()
    out = trainer.predict(X, batch_size=7)
    assert out.shape == (60, 2)
    assert not out.requires_grad
    trainer.model.eval()
    np.testing.assert_allclose(out.numpy(), trainer.model(torch.tensor(X)).detach().numpy(), rtol=1e-5, atol=1e-6)
    assert trainer.predict(X[:2]).shape == (2, 2)
    assert trainer.predict([[0.0] * 4, [1.0] * 4]).shape == (2, 2)


def test_the_generator_decides_order_and_split():
    found = []
    for seed in (1, 1, 2):
        trainer = classifier()
        trainer.model[2].p = 0.0
        trainer.fit(X, Y, epochs=2, validation_split=0.3, generator=torch.Generator().manual_seed(seed))
        found.append(weights(trainer))
    assert equal(found[0], found[1])
    assert not equal(found[0], found[2])


# ---------------------------------------------------------------------------------------- modes and exceptions
@pytest.mark.parametrize("mode", [True, False])
def test_every_layer_gets_its_mode_back(mode):
    trainer = classifier()
    trainer.model.train(mode)
    trainer.model[2].train(not mode)
    before = [m.training for m in trainer.model.modules()]
    seen = []
    trainer.model[2].register_forward_hook(lambda m, a, o: seen.append(m.training))
    trainer.fit(X, Y, epochs=1, batch_size=60, validation_data=(X, Y))
    trainer.evaluate(X, Y)
    trainer.predict(X)
    assert seen == [True, False, False, False]
    assert [m.training for m in trainer.model.modules()] == before


def test_an_error_says_where_and_leaves_the_model_usable():
    trainer, bad = classifier(), Y.copy()
    bad[40] = 7
    trainer.model.eval()
    with pytest.raises(IndexError, match="Target 7 is out of bounds") as caught:
        trainer.fit(X, bad, epochs=2, batch_size=16, shuffle=False)
    assert caught.value.__notes__ == ["(in epoch 1, batch 3)"]
    assert not trainer.model.training
    assert trainer.fit(X, Y, epochs=1).epochs == [1]


def test_nan_stops_with_likely_causes():
    trainer = classifier(lr=0.25)
    poisoned = X.copy()
    poisoned[20, 1] = np.nan
    before = None

    def remember(batch, logs):
        nonlocal before
        before = weights(trainer)

    watcher = Callback()
    watcher = type("Watcher", (Callback,), {"on_batch_end": lambda self, batch, logs: remember(batch, logs)})()
    with pytest.raises(FloatingPointError, match="the inputs of this batch hold nan or inf") as caught:
        trainer.fit(poisoned, Y, epochs=1, batch_size=16, shuffle=False, callbacks=[watcher])
    assert caught.value.__notes__ == ["(in epoch 1, batch 2)"]
    assert equal(weights(trainer), before)
    model = nn.Linear(1, 1)
    trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=1e6))
    with pytest.raises(FloatingPointError, match=r"a learning rate that is too high \(it is 1000000.0: try a tenth\)"):
        trainer.fit(np.ones((8, 1)), np.ones((8, 1)), epochs=50)


REFUSED = {
    "lengths": (lambda t: t.fit(X, Y[:-1]), ValueError, "X has 60 examples and y has 59"),
    "no data": (lambda t: t.fit(X[:0], Y[:0]), ValueError, "there is no data"),
    "empty loader": (lambda t: t.fit(DataLoader([1], batch_size=9, drop_last=True)), ValueError, "no data"),
    "no target": (lambda t: t.fit(X), ValueError, "(inputs, target)"),
    "a number": (lambda t: t.fit(3.0, 4.0), ValueError, "axis of examples"),
    "a generator": (lambda t: t.fit(b for b in [(X, Y)]), TypeError, "only once"),
    "both validations": (lambda t: t.fit(X, Y, validation_data=(X, Y), validation_split=0.1), ValueError, "not both"),
    "split": (lambda t: t.fit(X, Y, validation_split=1.0), ValueError, "between 0 and 1"),
    "tiny split": (lambda t: t.fit(X, Y, validation_split=0.001), ValueError, "one side empty"),
    "split of a loader": (lambda t: t.fit(DataLoader([(X, Y)]), validation_split=0.1), ValueError, "validation_data"),
    "batch size": (lambda t: t.fit(X, Y, batch_size=0), ValueError, "batch_size"),
    "epochs": (lambda t: t.fit(X, Y, epochs=2.5), ValueError, "integer from 0, not 2.5"),
    "callback": (lambda t: t.fit(X, Y, callbacks=[3]), TypeError, "no callback"),
    "callback class": (lambda t: t.fit(X, Y, callbacks=[EarlyStopping]), TypeError, "did you mean EarlyStopping()?"),
    "monitor": (lambda t: t.fit(X, Y, callbacks=[EarlyStopping()]), ValueError, "watches 'val_loss'"),
    "width": (lambda t: t.fit(X[:, :3], Y), RuntimeError, "Linear '0' expects 4 features, got 3"),
    "float labels": (lambda t: t.fit(X, Y.astype(float)), RuntimeError, "target.long()"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_explained(name):
    call, error, said = REFUSED[name]
    trainer = classifier()
    before = weights(trainer)
    with pytest.raises(error) as caught:
        call(trainer)
    assert said in str(caught.value)
    if name != "monitor":
        assert equal(weights(trainer), before)
    assert trainer.model.training


def test_bad_settings_are_explained():
    model = nn.Linear(4, 2)
    sgd = optim.SGD(model.parameters())
    with pytest.raises(TypeError, match=r"did you mean CrossEntropyLoss\(...\)"):
        Trainer(model, nn.CrossEntropyLoss, sgd)
    with pytest.raises(TypeError, match=r"did you mean SGD\(...\)"):
        Trainer(model, nn.CrossEntropyLoss(), optim.SGD)
    with pytest.raises(ValueError, match="there is no metric 'acuracy': there are accuracy"):
        Trainer(model, nn.CrossEntropyLoss(), sgd, metrics=["acuracy"])
    with pytest.raises(TypeError, match=r"metrics=\['accuracy'\]"):
        Trainer(model, nn.CrossEntropyLoss(), sgd, metrics="accuracy")
    with pytest.raises(ValueError, match="name of the loss"):
        Trainer(model, nn.CrossEntropyLoss(), sgd, metrics={"loss": metrics.accuracy})
    with pytest.raises(ValueError, match="mode is"):
        EarlyStopping(mode="smaller")


# ----------------------------------------------------------------------------------------------- callbacks
class Diary(Callback):
    def __init__(self):
        self.entries = []


def entry(hook):
    return lambda self, *args: self.entries.append((hook.removeprefix("on_"), *(a for a in args if isinstance(a, int))))


for _hook in [name for name in vars(Callback) if name.startswith("on_")]:
    setattr(Diary, _hook, entry(_hook))


def test_every_hook_in_order():
    diary = Diary()
    trainer = classifier()
    trainer.fit(X, Y, epochs=2, batch_size=30, callbacks=[diary])
    epoch = [("batch_begin", 1), ("batch_end", 1), ("batch_begin", 2), ("batch_end", 2)]
    assert diary.entries == [
        ("train_begin",),
        *[("epoch_begin", 1), *epoch, ("epoch_end", 1)],
        *[("epoch_begin", 2), *epoch, ("epoch_end", 2)],
        ("train_end",),
    ]
    assert diary.trainer is trainer


def test_train_end_comes_after_an_error_too():
    diary = Diary()
    with pytest.raises(IndexError):
        classifier().fit(X, Y + 5, callbacks=[diary])
    assert diary.entries[-1] == ("train_end",)


def test_a_function_and_any_object_with_hooks_will_do():
    seen = []

    class Duck:
        def on_batch_end(self, batch, logs):
            seen.append(sorted(logs))

    classifier().fit(X, Y, epochs=2, batch_size=60, callbacks=[lambda epoch, logs: seen.append(epoch), Duck()])
    assert seen == [["accuracy", "loss"], 1, ["accuracy", "loss"], 2]


class Script(Callback):
    """Sets one weight before each validation, so that the validation loss follows a script."""

    def __init__(self, values):
        self.values = values

    def on_batch_end(self, batch, logs):
        self.trainer.model.w.array[...] = self.values.pop(0)


class Weight(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.w * x


@pytest.mark.parametrize(
    ("values", "options", "stopped", "best"),
    [
        ([5, 3, 4, 4, 4, 4], {"patience": 2}, 4, 2),
        ([5, 3, 4, 2, 4, 4], {"patience": 2}, 6, 4),
        ([5, 4, 3, 2, 1, 0], {"patience": 2}, None, 6),
        ([5, 4.9, 4.8, 4.7, 4.6, 4.5], {"patience": 3, "min_delta": 2.9}, None, 4),
        ([1, 2, 1, 1, 1, 1], {"patience": 2, "mode": "max"}, 4, 2),
        ([3, 4, 4, 4, 4, 4], {"patience": 1, "monitor": "loss"}, None, 6),
    ],
)
def test_early_stopping(values, options, stopped, best):
    model = Weight()
    trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.0))
    stop = EarlyStopping(**options)
    one, zero = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    script = Script(list(values))
    if options.get("monitor") == "loss":
        stop.on_epoch_end = lambda epoch, logs, real=stop.on_epoch_end: real(epoch, {"loss": 1 / epoch})
    history = trainer.fit(one, zero, epochs=6, validation_data=(one, zero), callbacks=[script, stop])
    assert stop.stopped_epoch == stopped
    assert len(history.epochs) == (stopped or 6)
    assert stop.best_epoch == best
    assert model.w.item() == pytest.approx(values[best - 1])


def test_early_stopping_may_keep_the_last_parameters():
    model = Weight()
    trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.0))
    one = np.ones((1, 1), np.float32)
    stop = EarlyStopping(patience=1, restore_best=False)
    trainer.fit(one, 0 * one, epochs=9, validation_data=(one, 0 * one), callbacks=[Script([1, 2, 3]), stop])
    assert stop.stopped_epoch == 2
    assert model.w.item() == 2


def test_a_second_fit_begins_anew():
    trainer, stop = classifier(), EarlyStopping(patience=1)
    for _ in range(2):
        history = trainer.fit(X, Y, epochs=3, validation_data=(X, Y), callbacks=[stop])
        assert history.epochs[0] == 1
        assert stop.best_epoch <= 3


# --------------------------------------------------------------------------------------------- progress bar
def test_no_bar_without_a_terminal(capsys):
    pytest.importorskip("tqdm")
    classifier().fit(X, Y, epochs=2)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_bar_in_a_terminal(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda self: True, raising=False)
    classifier().fit(X, Y, epochs=2, batch_size=30)
    said = capsys.readouterr().err
    assert "epoch 2/2" in said
    assert "4/4" in said
    assert "accuracy=" in said
    classifier().fit(iter_of([(torch.tensor(X), torch.tensor(Y))]), epochs=1)
    classifier().fit(X, Y, verbose=False)


def test_a_bar_is_closed_after_an_error(monkeypatch):
    pytest.importorskip("tqdm")
    bar = ProgressBar()
    with pytest.raises(IndexError):
        classifier().fit(X, Y + 5, callbacks=[bar], verbose=False)
    assert bar.bar is None


def test_without_tqdm_it_trains_silently(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert classifier().fit(X, Y, epochs=1).epochs == [1]
    assert capsys.readouterr().err == ""


# --------------------------------------------------------------------------------------- history and metrics
def test_history_shows_itself():
    history = History()
    assert repr(history) == "History of no epochs"
    for i in range(25):
        history.add({"loss": 1 / (i + 1), "val_loss": 0.5})
    lines = repr(history).splitlines()
    assert lines[0].split() == ["epoch", "loss", "val_loss"]
    assert lines[1].split() == ["1", "1.0000", "0.5000"]
    assert lines[-1].split() == ["25", "0.0400", "0.5000"]
    assert len(lines) == 11
    assert history._repr_html_().count("<tr>") == 11
    assert "<th>val_loss</th>" in history._repr_html_()


def test_accuracy():
    scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    assert metrics.accuracy(scores, np.array([1, 0, 0, 1])) == 0.5
    assert metrics.accuracy(scores, np.array([[0, 1.0], [0.9, 0.1], [1, 0], [1, 0]])) == 0.75
    assert metrics.accuracy(np.array([[2.0], [-1.0]]), np.array([[1.0], [1.0]])) == 0.5
    assert metrics.accuracy(np.array([[2.0], [-1.0]]), np.array([1, 0])) == 1.0
    assert metrics.accuracy(np.array([2.0, -1.0]), np.array([1, 0])) == 1.0
    assert metrics.accuracy(np.zeros((2, 3, 4)), np.zeros((2, 4), int)) == 1.0
    assert metrics.accuracy(torch.tensor(scores), torch.tensor([1, 0, 0, 1])) == 0.5
    with pytest.raises(ValueError, match="do not fit together"):
        metrics.accuracy(scores, np.array([1, 0]))
    assert metrics.mean_squared_error([1.0, 3.0], [1.0, 1.0]) == 2
    assert metrics.mean_absolute_error([1.0, 3.0], [1.0, 1.0]) == 1
