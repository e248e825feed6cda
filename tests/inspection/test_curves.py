"""`dashboard`, `runs` and `LiveMetrics`: the numbers they tell, where they take them from, and every form."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import inspection, nn, optim
from learnnn.inspection.training import metrics
from learnnn.inspection.training.curves import Run, smoothed
from learnnn.training import EarlyStopping, Trainer

HISTORY = {
    "loss": [1.0, 0.6, 0.4, 0.3], "val_loss": [1.1, 0.7, 0.8, 0.9],
    "accuracy": [0.2, 0.6, 0.8, 0.9], "val_accuracy": [0.3, 0.5, 0.7, 0.6], "lr": [0.1, 0.1, 0.05, 0.05],
}  # fmt: skip


def fit(lr=0.1, optimizer=optim.SGD, callbacks=(), epochs=4, **options):
    learnnn.manual_seed(0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    model = nn.Linear(2, 2)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters(), lr=lr, **options), ["accuracy"])
    trainer.fit(X, y, epochs=epochs, validation_split=0.25, callbacks=callbacks, verbose=False)
    return trainer


# ------------------------------------------------------------------------------------------------------- dashboard
def test_the_numbers_are_the_historys():
    d = inspection.dashboard(HISTORY)
    assert d.data["training"]["history"] == HISTORY
    assert d.data["training"]["best"]["loss"] == (2, 0.7)
    assert d.data["training"]["best"]["accuracy"] == (3, 0.7)
    assert d.metrics == ["loss", "accuracy", "lr"]
    assert "loss 0.3 / 0.9 (best 0.7 in epoch 2)" in d.text


def test_a_best_that_is_not_finite_is_passed_over():
    assert Run("a", {"loss": np.array([np.nan, 2.0, np.inf, 1.5])}).best("loss") == (4, 1.5)
    assert Run("a", {"loss": np.array([np.nan])}).best("loss") is None
    assert Run("a", {"accuracy": np.array([np.inf, 0.2])}).best("accuracy") == (2, 0.2)


def test_a_column_that_began_late_ends_with_the_others():
    run = Run("a", {"loss": np.arange(5.0), "val_loss": np.array([3.0, 1.0])})
    assert run.best("loss") == (5, 1.0)


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.floats(0, 0.97))
def test_smoothing_is_a_weighted_mean_of_the_past(values, weight):
    for i, found in enumerate(smoothed(values, weight)):
        weights = weight ** np.arange(i, -1, -1.0)
        assert found == pytest.approx(np.dot(weights, values[: i + 1]) / weights.sum(), abs=1e-6)


def test_smoothing_keeps_gaps():
    assert np.isnan(smoothed([1.0, np.nan, 1.0], 0.5)).tolist() == [False, True, False]


def test_every_source_of_curves(tmp_path):
    trainer = fit()
    history = trainer.history
    path = trainer.report("a line").save(tmp_path / "a.json")
    fit(lr=0.01).report("slow").save(tmp_path / "b.json")
    names = lambda source: [run.name for run in inspection.dashboard(source).runs]
    assert names(history) == names(trainer) == ["training"]
    assert names(trainer.report("a line")) == names(path) == names(str(path)) == ["a line"]
    assert names(tmp_path) == ["a line", "slow"]
    assert names({"mine": history, "theirs": path}) == ["mine", "theirs"]
    assert names([history, trainer.report("x")]) == ["run 1", "x"]
    assert inspection.dashboard(path).data["a line"]["history"] == dict(history)


def test_what_holds_no_curves_is_told(tmp_path):
    with pytest.raises(ValueError, match="no epoch to show"):
        inspection.dashboard({})
    with pytest.raises(ValueError, match="no report in"):
        inspection.dashboard(tmp_path)
    with pytest.raises(FileNotFoundError):
        inspection.dashboard(tmp_path / "none.json")
    with pytest.raises(TypeError, match="a int holds no curves"):
        inspection.dashboard(3)
    with pytest.raises(TypeError, match="a int holds no curves"):
        inspection.dashboard({"loss": 3})
    with pytest.raises(ValueError, match="smoothing is from 0"):
        inspection.dashboard(HISTORY, smoothing=1)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("history", [HISTORY, {"loss": [1.0]}, {"loss": [1.0, -1.0, np.nan]}, {"loss": [0.5] * 300}])
def test_every_form_of_the_picture(history, log):
    d = inspection.dashboard(history, smoothing=0.6, log=log, title="a title")
    assert "a title" in d.to_svg()
    assert d.to_png(1).startswith(b"\x89PNG")
    assert "hydrate(render" in d.to_html() and d.text
    assert d.frame()["runs"][0]["epochs"] == len(history["loss"])


def test_the_still_form_says_the_best_epoch():
    svg = inspection.dashboard(HISTORY).to_svg()
    assert "best 0.7 in epoch 2" in svg and "validation" in svg


# ------------------------------------------------------------------------------------------------------------ runs
def test_runs_tell_what_differs_and_what_is_best():
    reports = [fit(lr=0.01).report("slow"), fit(lr=0.5).report("fast"), fit(0.01, optim.Adam).report("adam")]
    found = inspection.runs(*reports)
    head, *rows = found.table()
    assert found.data["differing"] == ["optimizer", "lr"]
    assert head == [
        "run", "optimizer ≠", "lr ≠", "best val_loss", "last val_loss", "best val_accuracy", "last val_accuracy"
    ]  # fmt: skip
    assert [row[:3] for row in rows] == [["slow", "SGD", "0.01"], ["fast", "SGD", "0.5"], ["adam", "Adam", "0.01"]]
    last = [report.history["val_loss"][-1] for report in reports]
    assert [i for i, row in enumerate(rows) if "★" in row[4]] == [int(np.argmin(last))]
    assert "parameters 6" in found.note() and "architecture" not in found.note() and "betas" not in found.note()
    assert found.data["runs"]["slow"]["settings"]["loss"] == "CrossEntropyLoss"
    assert "slow" in found.to_svg() and found.to_png(1).startswith(b"\x89PNG")
    assert json.loads(json.dumps(found.data)) is not None


def test_a_setting_that_one_run_of_an_optimizer_lacks_differs():
    found = inspection.runs(fit().report("plain"), fit(momentum=0.9).report("heavy"))
    assert found.differing == ["momentum"]
    assert [row[1] for row in found.table()] == ["momentum ≠", "–", "0.9"]


def test_many_runs_with_long_names_stay_on_the_sheet():
    found = inspection.runs({f"a run with a long name {i}": HISTORY for i in range(8)})
    scene = found.scene()
    assert all(shape.x <= scene.width for shape in scene.shapes if hasattr(shape, "text"))


def test_runs_that_cannot_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="two runs are called 'Linear'"):
        inspection.runs(fit().report(), fit().report())
    with pytest.raises(ValueError, match="no run to show"):
        inspection.runs()


def test_one_run_tells_its_settings():
    assert "optimizer SGD" in inspection.runs(fit().report("one")).note()


# ----------------------------------------------------------------------------------------------------- LiveMetrics
def test_live_metrics_follow_the_trainer():
    live = inspection.LiveMetrics()
    trainer = fit(callbacks=[live])
    assert live.data["Linear"]["history"] == dict(trainer.history)
    assert live.heading == "Training of Linear" and live.frame()["status"] == "done"
    assert live.text.endswith("done")


def test_live_metrics_tell_the_time_left(monkeypatch):
    clock = iter(np.arange(0.0, 1000.0))  # a second between two looks at it
    monkeypatch.setattr(metrics.time, "monotonic", lambda: float(next(clock)))
    live, told = inspection.LiveMetrics(interval=0), []

    class Note:
        last = True

        def on_batch_end(self, batch, logs):
            told.append((live.trainer.steps, live.status))

    fit(callbacks=[live, Note()])
    step, status = told[-2]
    assert status.startswith("epoch 4 of 4 · ") and status.endswith(" s left")
    assert step == 7 and 0 < int(status.split()[-3]) <= 10
    assert any("epoch 1 of 4" in status for _, status in told)


def test_live_metrics_say_that_training_stopped_early():
    live = inspection.LiveMetrics(title="mine")
    fit(callbacks=[live, EarlyStopping(patience=1, min_delta=1e9)], epochs=9)
    assert live.status == "stopped early" and live.heading == "mine"


def test_live_metrics_before_training_say_so():
    live = inspection.LiveMetrics()
    assert "no epochs yet" in live.text and "No epochs yet" in live.to_svg() and "hydrate" in live.to_html()


def test_live_metrics_can_be_used_again():
    live = inspection.LiveMetrics()
    fit(callbacks=[live])
    fit(callbacks=[live], epochs=2)
    assert live.runs[0].epochs == 2


def test_time_is_told_of_runs_long_enough_to_tell():
    report = fit().report("a")
    report.data["seconds"] = [1.5, 2.0]
    assert [row[-1] for row in inspection.runs(report).table()] == ["time", "3.5 s"]
    report.data["seconds"] = [0.01]
    assert "time" not in inspection.runs(report).table()[0]


class Shown:
    """Stands in for a notebook's output: what it was told to show."""

    def __init__(self):
        self.handle, self.bundles = None, []

    def show(self, bundle):
        self.handle = self
        self.bundles.append(bundle)


@pytest.mark.parametrize("widgets", [True, False])
def test_in_a_notebook_one_output_is_kept_up_to_date(monkeypatch, widgets):
    if widgets:
        pytest.importorskip("anywidget")
    else:
        monkeypatch.setattr(metrics.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(metrics, "in_notebook", lambda: True)
    monkeypatch.setattr(metrics, "Output", Shown)
    live = inspection.LiveMetrics(interval=0)
    fit(callbacks=[live])
    bundles = live.output.bundles
    assert len(live.widgets) == int(widgets)
    assert (len(bundles) == 2) if widgets else (len(bundles) > 5)  # a widget moves by itself
    assert bundles[-1]["text/plain"].endswith("done") and "best" in bundles[-1]["text/plain"]
    assert "<img" in bundles[-1]["text/html"]
    if widgets:
        assert live.widgets[0].frame["status"] == "done"
        assert "application/vnd.jupyter.widget-view+json" in bundles[0]


@pytest.mark.slow
def test_a_notebook_that_is_run_from_the_command_line_keeps_text_and_picture():
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    code = """
import learnnn as torch
from learnnn import inspection, nn, optim, training
model, X = nn.Linear(2, 1), torch.ones(8, 2)
trainer = training.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
_ = trainer.fit(X, X[:, :1], epochs=3, callbacks=[inspection.LiveMetrics()], verbose=False)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert "Linear, 3 epochs: loss" in output["data"]["text/plain"] and "done" in output["data"]["text/plain"]
    assert "hydrate(render" in output["data"]["text/html"]
