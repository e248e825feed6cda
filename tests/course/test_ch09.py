"""Lesson 09's bank: its truth is true, and what a learner writes runs the framework wherever the framework goes."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import learnnn as torch
import learnnn.nn.functional as F
from learnnn import course, nn, optim, training
from learnnn.course.exercise import find
from learnnn.course.exercises import ch09_training_and_regularization as bank
from learnnn.training import metrics
from learnnn.utils import data

IDS = (
    "training.split",
    "training.standardize",
    "training.batches",
    "training.DataLoader",
    "training.dropout",
    "training.penalty",
    "training.fit",
    "training.evaluate",
    "training.EarlyStopping",
    "training.confusion_matrix",
    "training.precision_recall",
    "training.k_fold",
    "training.predict",
    "training.find_the_bug",
)
COMPONENTS = [id for id in IDS if find(id).replaces]
RIGHT = [(id, code) for id in COMPONENTS for code in (find(id).solution, *find(id).variants)]
RNG = np.random.default_rng(0)


def solutions() -> dict:
    return {id: find(id).solution for id in COMPONENTS}


def test_the_lesson_asks_these_exercises():
    assert {exercise.id for exercise in course.exercises(lesson=9)} == set(IDS)


@pytest.mark.parametrize("id", IDS)
def test_every_hint_says_something(id):
    exercise = find(id)
    assert all(len(mistake.hint) > 30 for mistake in exercise.mistakes)
    assert all(len(hint) > 30 for hint in exercise.hints)


def test_a_hint_speaks_of_the_learners_numbers():
    def train_epoch(model, loss_fn, optimizer, loader):
        model.train()
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    report = course.check("training.fit", train_epoch)
    assert report.diagnosis == "means-averaged"
    assert "is right, with lr = 0.1" in report.hint


def test_a_check_leaves_random_numbers_where_they_were():
    torch.manual_seed(3)
    before = torch.rand(4).tolist()
    torch.manual_seed(3)
    for id in IDS:
        assert course.check(id, find(id).solution).passed
    assert torch.rand(4).tolist() == before


# ------------------------------------------------------------------------------------------------- the truth
def test_standardizing_is_the_closed_form():
    train, other = RNG.normal(size=(7, 3)), RNG.normal(size=(4, 3))
    found = bank.standardized(train, other)
    assert found[0] == pytest.approx((train - train.mean(0)) / train.std(0))
    assert found[1] == pytest.approx((other - train.mean(0)) / train.std(0))


@pytest.mark.parametrize("n", [0, 1, 5, 12])
@pytest.mark.parametrize("drop_last", [False, True])
def test_the_truth_about_batches_is_that_of_the_shipped_sampler(n, drop_last):
    assert bank.in_batches(n, 4, drop_last) == list(data.BatchSampler(range(n), 4, drop_last))


def test_the_line_trained_by_formula_is_the_line_trained_by_autograd():
    batches = bank.some_batches(np.random.default_rng(1), 4, 2)
    mean, numbers = bank.line_trained(batches, 0.05, 3)
    found, afterwards = bank.train_line(batches, 0.05, 3, 0, bank.train_epoch)
    assert found == pytest.approx(mean)
    assert afterwards == pytest.approx(numbers)


@pytest.mark.parametrize(("losses", "options"), bank.STOPS)
def test_the_truth_about_stopping_is_that_of_the_shipped_callback(losses, options):
    model = bank.Stepped()
    stopper = training.EarlyStopping("loss", **{"patience": 5, **options})
    stopper.trainer = type("Trainer", (), {"model": model, "stop": False})()
    stopper.on_train_begin()
    for epoch, loss in enumerate(losses, 1):
        model.at(epoch)
        stopper.on_epoch_end(epoch, {"loss": loss})
        if stopper.trainer.stop:
            break
    stopper.on_train_end()
    assert (stopper.stopped_epoch or 0, model.numbers(), stopper.best) == bank.stopping_defined(losses, **options)


def test_the_truth_about_tables_is_sklearns():
    sklearn = pytest.importorskip("sklearn.metrics")
    answers, labels = RNG.integers(0, 4, 50), RNG.integers(0, 4, 50)
    table = bank.counted(answers, labels, 4)
    assert (table == sklearn.confusion_matrix(labels, answers)).all()
    precision, recall, *_ = sklearn.precision_recall_fscore_support(labels, answers, zero_division=0)
    assert bank.shares(table)[0] == pytest.approx(precision)
    assert bank.shares(table)[1] == pytest.approx(recall)


def test_the_penalty_is_weight_decay():
    w = torch.tensor([3.0, -4.0], dtype=torch.float64, requires_grad=True)
    bank.penalty([w], l2=0.1).backward()
    assert w.grad.numpy() == pytest.approx([0.3, -0.4])
    by_penalty = w.detach() - 0.5 * w.grad
    w.grad = torch.zeros(2, dtype=torch.float64)
    optim.SGD([w], lr=0.5, weight_decay=0.1).step()
    assert w.detach().numpy() == pytest.approx(by_penalty.numpy())


# ---------------------------------------------------------------------------- the learner's code in the framework
def digits(n=60):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 8)).astype(np.float32), rng.integers(0, 3, n)


def trained(epochs=4, **fit):
    """History and weights of a run with a loader, dropout, early stopping and metrics."""
    torch.manual_seed(0)
    X, y = map(torch.tensor, digits())
    loader = data.DataLoader(data.TensorDataset(X[:40], y[:40]), batch_size=16, shuffle=True)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
    stopper = training.EarlyStopping(patience=2)
    trainer = training.Trainer(model, F.cross_entropy, optim.Adam(model.parameters(), lr=0.05), ["accuracy", "recall"])
    fit = {"validation_data": (X[40:], y[40:]), "callbacks": [stopper], "verbose": False, **fit}
    history = trainer.fit(loader, epochs=epochs, **fit)
    return history, [p.detach().numpy().copy() for p in model.parameters()], stopper


def same_run(one, other):
    assert one[0].keys() == other[0].keys()
    for name in one[0]:
        assert one[0][name] == pytest.approx(other[0][name], rel=1e-6)
    for a, b in zip(one[1], other[1], strict=True):
        assert a == pytest.approx(b, rel=1e-5, abs=1e-6)
    assert (one[2].best_epoch, one[2].stopped_epoch) == (other[2].best_epoch, other[2].stopped_epoch)
    assert one[2].best == pytest.approx(other[2].best, rel=1e-6)


def test_a_whole_run_with_the_learners_parts_is_the_shipped_run():
    shipped = trained(epochs=30)
    assert shipped[2].stopped_epoch  # it does stop early
    with course.swapped(solutions()):
        same_run(shipped, trained(epochs=30))


DRAWS_OTHERWISE = {bank.dropout_by_bernoulli}  # from the same generator, in float64: other numbers, as random


@pytest.mark.parametrize(("id", "code"), RIGHT)
def test_any_right_way_to_write_it_trains_the_same_network(id, code):
    shipped = trained(epochs=5)
    with course.swapped({id: code}):
        mine = trained(epochs=5)
    if code in DRAWS_OTHERWISE:
        assert mine[0]["loss"] == pytest.approx(shipped[0]["loss"], rel=0.3)
    else:
        same_run(shipped, mine)


# DataLoader
def pairs(n=10):
    return data.TensorDataset(torch.arange(2.0 * n).reshape(n, 2), torch.arange(n))


class Words(data.Dataset):
    """Examples that are no pair of tensors."""

    def __len__(self):
        return 5

    def __getitem__(self, i):
        return {"word": "abcde"[i], "number": i, "row": np.full(2, i)}


class Stream(data.IterableDataset):
    def __iter__(self):
        return iter(range(5))


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


LOADERS = {
    "in order": lambda: data.DataLoader(pairs(), 4),
    "one by one": lambda: data.DataLoader(pairs()),
    "dropping": lambda: data.DataLoader(pairs(), batch_size=4, drop_last=True),
    "shuffled": lambda: data.DataLoader(pairs(), 3, True, generator=seeded()),
    "a subset": lambda: data.DataLoader(data.Subset(data.Subset(pairs(), [7, 1, 3, 5]), [3, 0, 1]), 2),
    "a concatenation": lambda: data.DataLoader(pairs(3) + pairs(2), 2, shuffle=True, generator=seeded()),
    "one tensor": lambda: data.DataLoader(data.TensorDataset(torch.arange(5)), 2),
    "three tensors": lambda: data.DataLoader(data.TensorDataset(*[torch.arange(5)] * 3), 2),
    "dictionaries": lambda: data.DataLoader(Words(), 2, shuffle=True, generator=seeded()),
    "a list": lambda: data.DataLoader([1.0, 2.0, 3.0], 2),
    "a collate_fn": lambda: data.DataLoader(pairs(), 4, collate_fn=len),
    "a sampler": lambda: data.DataLoader(pairs(), 4, sampler=data.SequentialSampler(range(3))),
    "a batch sampler": lambda: data.DataLoader(pairs(), batch_sampler=[[1, 2], [0]]),
    "no batches": lambda: data.DataLoader(pairs(3), batch_size=None),
    "a stream": lambda: data.DataLoader(Stream(), 2),
    "nothing": lambda: data.DataLoader(pairs(0), 2),
}


def told(thing):
    if isinstance(thing, dict):
        return {key: told(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [type(thing).__name__, *map(told, thing)]
    return (str(thing.dtype), thing.tolist()) if hasattr(thing, "tolist") else thing


def rounds(make):
    loader = make()
    try:
        length = len(loader)
    except TypeError:
        length = None
    return [length, *(told(batch) for _ in range(2) for batch in loader)]


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("code", [bank.DataLoader, *find("training.DataLoader").variants])
def test_every_loader_gives_what_it_gave(name, code):
    shipped = rounds(LOADERS[name])
    with course.swapped({"training.DataLoader": code}):
        assert rounds(LOADERS[name]) == shipped


BAD_LOADERS = [
    lambda: data.DataLoader(pairs(), batch_size=0),
    lambda: data.DataLoader(pairs(), batch_size=2.5),
    lambda: data.DataLoader(pairs(), shuffle=True, sampler=[1]),
    lambda: data.DataLoader(pairs(), batch_size=None, drop_last=True),
    lambda: data.DataLoader(Stream(), shuffle=True),
    lambda: list(data.DataLoader([object(), object()], 2)),
    lambda: data.DataLoader(pairs(), 4, no_such_option=1),
]


@pytest.mark.parametrize("bad", BAD_LOADERS)
def test_bad_loaders_are_refused_in_the_frameworks_words(bad):
    with pytest.raises(Exception) as plain:
        bad()
    with course.swapped(solutions()), pytest.raises(type(plain.value)) as mine:
        bad()
    assert str(mine.value) == str(plain.value)


def test_a_learners_loader_is_a_loader():
    shipped = data.DataLoader
    with course.swapped(solutions()):
        loader = data.DataLoader(pairs(), 4, True, generator=seeded(2))
        assert isinstance(loader, shipped)
        assert (loader.batch_size, len(loader.dataset), loader.drop_last) == (4, 10, False)
        again = pickle.loads(pickle.dumps(loader))
        assert told(list(copy.deepcopy(loader))) == told(list(again))
        assert repr(type(loader)) == repr(shipped)
    assert data.DataLoader is shipped


# dropout
CALLS = {
    "module": lambda x: nn.Dropout(0.4)(x),
    "evaluation": lambda x: nn.Dropout(0.4).eval()(x) + F.dropout(x, 0.4, training=False),
    "nothing": lambda x: F.dropout(x, 0.0),
    "everything": lambda x: F.dropout(x, 1.0),
    "in place": lambda x: F.dropout(x * 1, 0.5, inplace=True),
    "channels": lambda x: nn.Dropout2d(0.5)(x.reshape(2, 2, 1, 3)),
    "attention": lambda x: F.scaled_dot_product_attention(*[x.reshape(2, 2, 3)] * 3, dropout_p=0.3),
    "recurrent": lambda x: nn.LSTM(3, 2, num_layers=2, dropout=0.5).to(x.dtype)(x.reshape(2, 2, 3))[0],
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_with_a_learners_dropout_every_call_gives_what_it_gave(call, dtype):
    plain = output_and_gradient(CALLS[call], dtype)
    with course.swapped(solutions()):
        mine = output_and_gradient(CALLS[call], dtype)
    for one, other in zip(plain, mine, strict=True):
        assert one.dtype == other.dtype
        assert other.numpy() == pytest.approx(one.numpy(), rel=1e-5)


def output_and_gradient(call, dtype):
    torch.manual_seed(0)
    x = torch.tensor(np.random.default_rng(0).normal(size=(4, 3)), dtype=dtype, requires_grad=True)
    out = call(x)
    out.sum().backward()
    return out.detach(), x.grad


BAD_DROPOUTS = [
    lambda: F.dropout(torch.ones(2), 1.5),
    lambda: F.dropout(torch.ones(2), -0.1),
    lambda: nn.Dropout(2.0),
    lambda: F.dropout(torch.arange(3), 0.5),
    lambda: F.dropout([1.0, 2.0], 0.5),
]


@pytest.mark.parametrize("bad", BAD_DROPOUTS)
def test_bad_dropout_is_refused_in_the_frameworks_words(bad):
    with pytest.raises(Exception) as plain:
        bad()
    with course.swapped(solutions()), pytest.raises(type(plain.value)) as mine:
        bad()
    assert str(mine.value) == str(plain.value)


def test_what_the_learners_dropout_computed_is_marked_as_theirs():
    with course.swapped(solutions()):
        out = F.dropout(torch.ones(3, requires_grad=True), 0.5)
    assert out.grad_fn.origin == "yours"


def test_the_gradient_of_the_learners_dropout_is_right():
    def same_mask(x):
        torch.manual_seed(0)
        return F.dropout(x, 0.4)

    x = torch.tensor(RNG.normal(size=(3, 4)), requires_grad=True)
    with course.swapped(solutions()):
        assert torch.autograd.gradcheck(same_mask, (x,))


def test_second_derivatives_go_through_the_learners_dropout():
    with course.swapped(solutions()):
        torch.manual_seed(0)
        x = torch.ones(6, dtype=torch.float64, requires_grad=True)
        (first,) = torch.autograd.grad((F.dropout(x, 0.5) ** 3).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x)
    assert set(np.round(second.numpy(), 9)) == {0.0, 48.0}  # 3 * 2 * 2 ** 3 where it was kept


# EarlyStopping
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"monitor": "val_accuracy"},
        {"monitor": "loss", "mode": "min"},
        {"restore_best": False},
        {"min_delta": 0.05},
        {"patience": 1},
    ],
)
@pytest.mark.parametrize("code", [bank.EarlyStopping, *find("training.EarlyStopping").variants])
def test_every_stopper_does_what_it_did(options, code):
    def run():
        stopper = training.EarlyStopping(**{"patience": 2, **options})
        return *trained(epochs=12, callbacks=[stopper])[:2], stopper

    shipped = run()
    with course.swapped({"training.EarlyStopping": code}):
        same_run(shipped, run())


def test_a_stopper_that_watches_what_is_not_there_says_so():
    with course.swapped(solutions()), pytest.raises(ValueError, match="EarlyStopping watches 'val_f1'"):
        trained(callbacks=[training.EarlyStopping("val_f1")])


@pytest.mark.parametrize("code", [bank.EarlyStopping, *find("training.EarlyStopping").variants])
@pytest.mark.parametrize("split", [2, 4])
def test_a_run_with_a_learners_stopper_can_be_resumed(code, split, tmp_path):
    shipped = trained(epochs=12)
    with course.swapped({"training.EarlyStopping": code}):
        saving = [training.EarlyStopping(patience=2), training.Checkpoint(tmp_path)]
        trained(epochs=split, callbacks=saving)
        stopper = training.EarlyStopping(patience=2)
        history, weights, _ = trained(epochs=12, callbacks=[stopper, training.Checkpoint(tmp_path)], resume=tmp_path)
    same_run(shipped, (history, weights, stopper))


# metrics
OUTPUTS = [
    (RNG.normal(size=(30, 4)), RNG.integers(0, 4, 30)),
    (RNG.integers(0, 3, 20), RNG.integers(0, 3, 20)),
    (RNG.normal(size=(20, 1)), RNG.integers(0, 2, 20)),
    (RNG.normal(size=20), RNG.integers(0, 2, 20).astype(float)),
    (RNG.normal(size=(6, 3, 2)), RNG.integers(0, 3, (6, 2))),
    (np.array([0, 0]), np.array([0, 0])),
]


@pytest.mark.parametrize(("output", "target"), OUTPUTS)
@pytest.mark.parametrize("code", [bank.confusion_matrix, *find("training.confusion_matrix").variants])
def test_the_metrics_stand_on_a_learners_table(output, target, code):
    def found():
        measures = (metrics.confusion_matrix, metrics.precision, metrics.recall, metrics.f1)
        return [measure(output, target) for measure in measures]

    shipped = found()
    with course.swapped({"training.confusion_matrix": code}):
        for one, other in zip(shipped, found(), strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("bad", [([0, 1], [0, 1, 1]), ([0, -1], [0, 1]), ([0, 1], [0, 0.5]), ([], [])])
def test_bad_labels_are_refused_in_the_frameworks_words(bad):
    with pytest.raises(ValueError) as plain:
        metrics.confusion_matrix(*map(np.array, bad))
    with course.swapped(solutions()), pytest.raises(ValueError) as mine:
        metrics.confusion_matrix(*map(np.array, bad))
    assert str(mine.value) == str(plain.value)


# ------------------------------------------------------------------------------------------------ loops of one's own
def test_the_learners_loop_is_the_trainers():
    X, y = map(torch.tensor, digits())
    found = []
    for by_hand in (False, True):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        loader = data.DataLoader(data.TensorDataset(X[:40], y[:40]), 16, True)
        check = data.DataLoader(data.TensorDataset(X[40:], y[40:]), 7)
        if by_hand:
            losses = []
            for _ in range(3):
                loss = bank.train_epoch(model, F.cross_entropy, optimizer, loader)
                losses.append((loss, *bank.evaluate(model, F.cross_entropy, check)))
        else:
            trainer = training.Trainer(model, F.cross_entropy, optimizer, ["accuracy"])
            history = trainer.fit(loader, validation_data=check, epochs=3, verbose=False)
            losses = list(zip(history["loss"], history["val_loss"], history["val_accuracy"], strict=True))
        found.append(losses)
    assert np.array(found[0]) == pytest.approx(np.array(found[1]), rel=1e-6)


def test_the_answer_of_a_prediction_is_not_given_away():
    report = course.check("training.predict", lambda: (9, 3.5, 15, 4))
    assert not report.passed
    assert "2.6" not in repr(report)


def test_no_solution_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for id in IDS:
            assert course.check(id, find(id).solution, seed=0).passed
