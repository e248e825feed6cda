"""Metrics against scikit-learn's numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn as torch
from learnnn import nn, optim
from learnnn.training import Trainer, metrics

sk = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")

cases = settings(max_examples=60, deadline=None)
sizes = st.tuples(st.integers(2, 40), st.integers(2, 6), st.integers(0, 10**6))


def draw(n, classes, seed):
    """Scores with ties, and labels that may leave out a class."""
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(size=(n, classes)), 1), rng.integers(0, rng.integers(1, classes + 1), n)


@cases
@given(sizes)
def test_classes(size):
    scores, labels = draw(*size)
    answers, classes = scores.argmax(1), range(size[1])
    assert metrics.accuracy(scores, labels) == pytest.approx(sk.accuracy_score(labels, answers))
    assert (metrics.confusion_matrix(scores, labels) == sk.confusion_matrix(labels, answers, labels=classes)).all()
    for mine, theirs in (
        (metrics.precision, sk.precision_score), (metrics.recall, sk.recall_score), (metrics.f1, sk.f1_score)
    ):  # fmt: skip
        for average in ("macro", "micro"):
            found = theirs(labels, answers, average=average, zero_division=0)
            assert mine(scores, labels, average) == pytest.approx(found), (mine, average)
        each = theirs(labels, answers, average=None, labels=classes, zero_division=0)
        np.testing.assert_allclose(mine(scores, labels, "none"), each)
        assert mine(torch.tensor(scores), torch.tensor(labels)) == mine(scores, labels, "macro")


@cases
@given(st.integers(2, 40), st.integers(0, 10**6))
def test_yes_and_no(n, seed):
    rng = np.random.default_rng(seed)
    logits, labels = np.round(rng.normal(size=n), 1), rng.integers(0, 2, n)
    answers = logits > 0
    for scores in (logits, logits[:, None], answers.astype(int)):
        for mine, theirs in (
            (metrics.precision, sk.precision_score), (metrics.recall, sk.recall_score), (metrics.f1, sk.f1_score)
        ):  # fmt: skip
            found = theirs(labels, answers, zero_division=0)
            assert mine(scores, labels, "binary") == mine(scores, labels) == pytest.approx(found)
    if 0 < labels.sum() < n:
        expected = pytest.approx(sk.roc_auc_score(labels, logits))
        assert metrics.roc_auc(logits, labels) == expected
        assert metrics.roc_auc(np.stack([-logits, logits], 1), labels) == expected
    else:
        assert np.isnan(metrics.roc_auc(logits, labels))


@cases
@given(st.integers(1, 40), st.integers(3, 8), st.integers(1, 5), st.integers(0, 10**6))
def test_top_k(n, classes, k, seed):
    scores, labels = draw(n, classes, seed)
    found = sk.top_k_accuracy_score(labels, scores, k=min(k, classes - 1), labels=range(classes))
    assert metrics.top_k_accuracy(scores, labels, min(k, classes - 1)) == pytest.approx(found)


def test_auc_of_several_classes():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 200)
    p = rng.dirichlet(np.ones(4), 200)
    p[np.arange(200), labels] += 0.3
    p /= p.sum(1, keepdims=True)
    assert metrics.roc_auc(p, labels) == pytest.approx(sk.roc_auc_score(labels, p, multi_class="ovr"))


@cases
@given(st.integers(2, 30), st.integers(1, 3), st.integers(0, 10**6))
def test_regression(n, columns, seed):
    rng = np.random.default_rng(seed)
    out, wanted = rng.normal(size=(2, n, columns))
    if seed % 3 == 0:
        wanted[:, 0] = 1.0  # no spread
        out[:, 0] = 1.0 if seed % 2 else out[:, 0]
    assert metrics.mean_absolute_error(out, wanted) == pytest.approx(sk.mean_absolute_error(wanted, out))
    assert metrics.mean_squared_error(out, wanted) == pytest.approx(sk.mean_squared_error(wanted, out))
    root = sk.root_mean_squared_error(wanted.ravel(), out.ravel())
    assert metrics.root_mean_squared_error(out, wanted) == pytest.approx(root)
    assert metrics.r2(out, wanted) == pytest.approx(sk.r2_score(wanted, out))
    assert metrics.r2(out[:, :1], wanted[:, 0]) == pytest.approx(sk.r2_score(wanted[:, 0], out[:, 0]))


def test_a_column_is_not_broadcast_with_a_row():
    column, row = np.ones((3, 1)), np.zeros(3)
    assert metrics.mean_absolute_error(column, row) == metrics.mean_squared_error(row, column) == 1
    with pytest.raises(ValueError, match="do not fit together"):
        metrics.r2(np.ones((3, 2)), row)


REFUSED = {
    "lengths": (lambda: metrics.f1(np.ones((3, 2)), np.zeros(2, int)), "do not fit together"),
    "nothing": (lambda: metrics.accuracy(np.ones((0, 2)), np.zeros(0, int)), "no examples"),
    "negative labels": (lambda: metrics.confusion_matrix(np.ones((1, 2)), np.array([-1])), "whole numbers from 0"),
    "half labels": (lambda: metrics.confusion_matrix(np.ones((1, 2)), np.array([0.5])), "whole numbers from 0"),
    "average": (lambda: metrics.recall(np.ones((1, 3)), np.array([1]), "binary"), "average is"),
    "top k": (lambda: metrics.top_k_accuracy(np.ones(3), np.ones(3)), r"scores \(N, C\)"),
    "auc": (lambda: metrics.roc_auc(np.ones((3, 2)), np.ones(4)), r"labels \(N,\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_explained(name):
    call, said = REFUSED[name]
    with pytest.raises(ValueError, match=said):
        call()


def test_the_trainer_takes_whole_metrics_over_the_epoch():
    """F1, RMSE, AUC, ... are no means of their values on batches."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(53, 4)).astype(np.float32), rng.integers(0, 3, 53)
    model = nn.Linear(4, 3)
    names = ["accuracy", "precision", "recall", "f1", "auc", "top2"]
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.0), names)
    history = trainer.fit(X, y, epochs=1, batch_size=8, validation_data=(X, y))
    p = torch.softmax(trainer.predict(X), 1).numpy()
    expected = {
        "accuracy": sk.accuracy_score(y, p.argmax(1)), "precision": sk.precision_score(y, p.argmax(1), average="macro"),
        "recall": sk.recall_score(y, p.argmax(1), average="macro"), "f1": sk.f1_score(y, p.argmax(1), average="macro"),
        "top2": sk.top_k_accuracy_score(y, p, k=2),
    }  # fmt: skip
    found = trainer.evaluate(X, y, batch_size=7)
    assert list(found) == ["loss", *names]
    for name, value in expected.items():
        assert found[name] == history[name][0] == pytest.approx(value)
        assert history[f"val_{name}"][0] == pytest.approx(value)
    assert found["auc"] == metrics.roc_auc(trainer.predict(X), y)
    regressor = nn.Linear(4, 1)
    trainer = Trainer(regressor, nn.MSELoss(), optim.SGD(regressor.parameters()), ["rmse", "r2", "mae", "mse"])
    found = trainer.evaluate(X, X[:, :1], batch_size=7)
    assert found["rmse"] == pytest.approx(np.sqrt(found["mse"]))
    assert found["r2"] == pytest.approx(sk.r2_score(X[:, 0], trainer.predict(X).numpy()[:, 0]), rel=1e-5)
