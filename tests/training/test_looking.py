"""Freezing, summary, clipping and schedules, reports, the live plot and the bar in a notebook."""

import json
import re
import sys
import types

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn, optim
from learnnn.training import (
    Callback,
    LivePlot,
    ProgressBar,
    Report,
    Trainer,
    compare,
    freeze,
    frozen,
    notebook,
    report,
    summary,
    unfreeze,
)  # fmt: skip

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 4)).astype(np.float32), RNG.integers(0, 3, 40)


def make(optimizer=None, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    optimizer = optimizer or optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    return Trainer(model, nn.CrossEntropyLoss(), optimizer, ["accuracy"], **options)


# ------------------------------------------------------------------------------------------------- freezing
def test_frozen_layers_stay_as_they_are():
    trainer = make()
    trainer.fit(X, Y)  # so that there is momentum
    assert freeze(trainer.model, "0", "*.bias") == ["0.weight", "0.bias", "3.bias"]
    before = {name: p.array.copy() for name, p in trainer.model.named_parameters()}
    trainer.fit(X, Y, epochs=2)
    changed = [name for name, p in trainer.model.named_parameters() if (p.array != before[name]).any()]
    assert changed == ["3.weight"]
    assert unfreeze(trainer.model) == list(before)
    assert frozen(trainer.model) == []
    trainer.fit(X, Y)
    assert all((p.array != before[name]).any() for name, p in trainer.model.named_parameters())


def test_names_that_are_not_there():
    model = make().model
    with pytest.raises(ValueError, match=r"no parameter of the model has the name 'head': there are 0.weight"):
        freeze(model, "0", "head")
    assert frozen(model) == []
    with pytest.raises(TypeError, match="nn.Module"):
        freeze(model.parameters())


# ------------------------------------------------------------------------------------- clipping and schedules
@pytest.mark.parametrize(("bound", "size"), [({"clip_norm": 0.01}, 2), ({"clip_value": 0.003}, np.inf)])
def test_gradients_are_clipped(bound, size):
    trainer = make(**bound)
    trainer.fit(X, Y, batch_size=8)
    flat = np.concatenate([p.grad.array.ravel() for p in trainer.model.parameters()])
    assert np.linalg.norm(flat, size) <= next(iter(bound.values())) * 1.001


def test_schedules_step_when_they_are_due():
    for schedule, lr in (("epoch", [0.1, 0.05, 0.025]), ("batch", [0.1 / 2**5, 0.1 / 2**10, 0.1 / 2**15])):
        trainer = make()
        halves = optim.lr_scheduler.ExponentialLR(trainer.optimizer, 0.5)
        trainer = Trainer(trainer.model, trainer.loss, trainer.optimizer, scheduler=halves, schedule=schedule)
        np.testing.assert_allclose(trainer.fit(X, Y, epochs=3, batch_size=8)["lr"], lr)


def test_a_scheduler_that_watches_gets_the_validation_loss():
    class Watching:
        patience = 1

        def __init__(self):
            self.seen = []

        def step(self, metrics):
            self.seen.append(metrics)

    watching = Watching()
    trainer = make(scheduler=watching)
    history = trainer.fit(X, Y, epochs=2, validation_data=(X, Y))
    assert watching.seen == history["val_loss"]
    history = trainer.fit(X, Y, epochs=2)
    assert watching.seen[2:] == history["loss"]


def test_bad_settings_are_explained():
    other = optim.lr_scheduler.StepLR(make().optimizer, 1)
    for options, error, said in (
        ({"schedule": "step"}, ValueError, "'epoch' or 'batch'"),
        ({"clip_norm": 0}, ValueError, "clip_norm is a positive number"),
        ({"clip_value": -1.0}, ValueError, "clip_value is a positive number"),
        ({"scheduler": other}, ValueError, "belongs to another optimizer"),
        ({"scheduler": optim.lr_scheduler.StepLR}, TypeError, r"did you mean StepLR\(...\)"),
    ):
        with pytest.raises(error, match=said):
            make(**options)


# -------------------------------------------------------------------------------------------------- summary
def test_summary_counts():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))
            self.a, self.b, self.unused = nn.Linear(3, 3), nn.Linear(3, 3), nn.ReLU()
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x)) * self.scale

    model = Tied()
    freeze(model, "a.bias")
    state, modes = torch.get_rng_state(), [m.training for m in model.modules()]
    found = summary(model, np.zeros((5, 3)))
    assert torch.get_rng_state() == state and [m.training for m in model.modules()] == modes
    assert [(r.name, r.type, r.output, r.parameters, r.trained) for r in found.rows] == [
        ("Tied", "Tied", (5, 3), 3, 3), ("a", "Linear", (5, 3), 12, 9), ("b", "Linear", (5, 3), 3, 3),
        ("unused", "ReLU", None, 0, 0),
    ]  # fmt: skip
    assert found.parameters == sum(p.numel() for p in model.parameters()) == 18 and found.trained == 15
    assert found.memory == 18 * 4 + 3 * 15 * 4
    assert found._repr_html_().count("<tr>") == 6
    assert "not called" in repr(found)
    assert found.data["layers"][1]["output"] == (5, 3)
    assert not any(m._hooks for m in model.modules())


def test_summary_without_and_with_wrong_inputs():
    model = make().model
    assert {row.output for row in summary(model).rows} == {None}
    with pytest.raises(RuntimeError, match="expects 4 features"):
        summary(model, (2, 5))
    assert not any(m._hooks for m in model.modules())
    with pytest.raises(TypeError, match="nn.Module"):
        summary(3)


# -------------------------------------------------------------------------------------------------- reports
def reported(name="a run", **options):
    trainer = make(clip_norm=1.0)
    trainer.fit(X, Y, epochs=3, validation_data=(X, Y), **options)
    return trainer, trainer.report(name)


def test_a_report_is_saved_and_read(tmp_path):
    trainer, made = reported()
    again = Report.load(made.save(tmp_path / "runs" / "a.json"))
    assert again.data == made.data
    assert again.history == trainer.history
    assert made.data["model"]["parameters"] == 4 * 8 + 8 + 8 * 3 + 3
    assert made.data["optimizer"] == {"name": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}
    assert (made.data["epochs"], made.data["steps"], made.data["loss"]) == (3, 6, "CrossEntropyLoss")
    assert re.fullmatch(r"Report of 'a run': 3 epochs in \d+\.\d s", repr(made))
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["a.json"]


def test_a_report_holds_no_nan():
    trainer, _ = reported()
    trainer.history["loss"][1] = float("nan")
    data = json.loads(json.dumps(trainer.report().data, allow_nan=False))
    assert data["history"]["loss"][1] is None and data["name"] == "Sequential"


def test_the_page_needs_nothing_else(tmp_path):
    _, made = reported("</script><script>alert(1)//")
    for page in (made.save(tmp_path / "one.html"), compare(made, made).save(tmp_path / "two.html")):
        text = page.read_text("utf-8")
        assert not re.search(r"(src|href)\s*=|@import|url\(|https?://(?!www.w3.org/2000/svg)", text)
        assert text.count("</script>") == 2
        assert "{{" not in text
        data = re.search(r'id="runs">(.*?)</script>', text, re.S)[1]
        assert json.loads(data)[0] == made.data
    assert "<iframe srcdoc=" in made._repr_html_() and 'sandbox="allow-scripts"' in compare(made)._repr_html_()
    assert repr(compare(made)).startswith("Comparison of ")


def test_reports_that_are_none(tmp_path):
    _, made = reported()
    with pytest.raises(ValueError, match=r"must end in .json or .html"):
        made.save(tmp_path / "a.txt")
    for content in ("", "{}", "[1, 2]", "{"):
        (tmp_path / "x.json").write_text(content)
        with pytest.raises(ValueError, match=r"x\.json"):
            compare(tmp_path / "x.json")
    with pytest.raises(FileNotFoundError):
        Report.load(tmp_path / "none.json")
    with pytest.raises(ValueError, match="at least one"):
        compare()
    with pytest.raises(ValueError, match=r"ends in .html"):
        compare(made).save(tmp_path / "a.json")
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_draws_the_curves(tmp_path, chromium, scheme):
    from playwright.sync_api import sync_playwright

    _, a = reported("first")
    _, b = reported("second", batch_size=8)
    page_file = compare(a, b).save(tmp_path / "runs.html")
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page, errors = browser.new_page(color_scheme=scheme, viewport={"width": 1100, "height": 900}), []
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(page_file.as_uri())
        assert page.locator("h2").all_inner_texts() == ["loss", "accuracy"]
        assert page.locator("svg path.line").count() == 2 * 2 * 2
        page.get_by_role("button", name="second").click()
        assert page.locator("svg path.line").count() == 2 * 2
        page.get_by_role("button", name="log scale").click()
        page.keyboard.press("ArrowRight")
        loss = a.history["loss"][0]
        assert f"{loss:.4g}" in page.locator(".read").first.inner_text()
        page.locator("svg").first.hover()
        assert "epoch 2" in page.locator(".read").first.inner_text()
        before = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button", name="switch between").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
        assert page.evaluate("document.documentElement.scrollWidth") <= 1100
        assert errors == []
        browser.close()


# -------------------------------------------------------------------------------- the live plot and notebooks
class Shown(list):
    """Stands for a notebook's output: what was displayed and what it was exchanged for."""

    def display(self, bundle, raw, display_id):
        self.append(bundle)
        return types.SimpleNamespace(update=lambda bundle, raw: self.append(bundle))


@pytest.fixture
def shown(monkeypatch):
    """A notebook, as far as these callbacks can tell."""
    found, kernel = Shown(), types.SimpleNamespace(kernel=1)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: kernel, version_info=(9, 0)))
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=found.display))
    return found


def test_no_notebook_here():
    assert not notebook.in_notebook()


def test_the_bar_in_a_notebook(shown):
    trainer = make()
    trainer.fit(X, Y, epochs=2, batch_size=8)
    last = shown[-1]["text/plain"]
    assert last.startswith("━" * 24 + "  epoch 2/2  loss ")
    assert f"accuracy {trainer.history['accuracy'][-1]:.3g}" in last
    count = len(shown)
    trainer.fit(X, Y, epochs=2, verbose=False)
    assert len(shown) == count
    trainer.fit(X, Y, epochs=0)
    assert isinstance(ProgressBar(), Callback)


@pytest.mark.slow
def test_the_live_plot(shown, tmp_path):
    pytest.importorskip("matplotlib")
    plot = LivePlot(tmp_path / "plots" / "run.png", interval=0.0)
    trainer = make()
    trainer.fit(X, Y, epochs=3, validation_data=(X, Y), callbacks=[plot], verbose=False)
    assert len(shown) == 4  # three epochs and the end
    assert all(bundle["image/png"].startswith(b"\x89PNG") for bundle in shown)
    assert shown[-1]["text/plain"] == repr(trainer.history)
    assert (tmp_path / "plots" / "run.png").read_bytes().startswith(b"\x89PNG")
    axes = plot.figure().axes
    assert [a.get_title(loc="left") for a in axes] == ["loss", "accuracy"]
    for a, name in zip(axes, ("loss", "accuracy")):
        training, validation = a.lines
        assert list(training.get_ydata()) == trainer.history[name]
        assert list(validation.get_ydata()) == trainer.history[f"val_{name}"]
    assert "matplotlib.pyplot" not in sys.modules or plot._repr_png_()


def test_the_live_plot_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "learnnn\[notebooks\]"'):
        make().fit(X, Y, callbacks=[LivePlot()])
    assert report.TEMPLATE.exists()
