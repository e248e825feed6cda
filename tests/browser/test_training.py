"""`watch`, `LiveMetrics`, `dashboard`, `runs`, `replay` in a real browser: in pages alone, and while training runs."""

import re

import numpy as np
import pytest

import learnnn
from learnnn import inspection, nn, optim
from learnnn.inspection.training.curves import smoothed
from learnnn.training import Trainer

PIXELS = """canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return [...data.filter((_, i) => i % 31 === 0)].join();
}"""


def trained():
    """A small network, what watched it, and its recorder."""
    learnnn.manual_seed(0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    with learnnn.no_grad():
        model[0].bias[:8] = -30.0
    recorder, w = inspection.Recorder(model), inspection.watch(model)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.02), ["accuracy"])
    trainer.fit(X, y, epochs=10, validation_split=0.2, callbacks=[recorder, w], verbose=False)
    return trainer, w, recorder, inspection.decision_boundary(model, X, y, resolution=30)


@pytest.fixture(scope="module")
def run():
    return trained()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a picture as a page of its own."""
    pages = []

    def open_page(picture, width=1100):
        page = browser.new_page(viewport={"width": width, "height": 1000})
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(picture.save(tmp_path / f"{len(pages)}.html").as_uri())
        page.locator(".ln").first.wait_for()
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        assert not page.errors
        page.close()


def status(page, nth=0):
    return page.locator(".ln").nth(nth).locator("> .ln-status").inner_text()


# ----------------------------------------------------------------------------------------------------------- watch
def test_watch_is_scrubbed_and_asked(opened, run):
    _, w, *_ = run
    page = opened(w)
    steps, layers = w.data["steps"], w.data["layers"]
    assert status(page).startswith(f"step {steps[-1]} · layer 0 Linear")
    page.get_by_label("layer", exact=True).select_option(label="layer 2 Linear")
    page.get_by_role("slider", name="step").fill("0")
    said = status(page)
    assert said.startswith("step 1 · layer 2 Linear")
    ratio = re.search(r"update/weight ([\d.]+)", said)[1]
    assert float(ratio) == pytest.approx(layers["2"]["ratio"][0], rel=1e-2)
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="one step forward").click()
    assert status(page).startswith("step 3 ·")


def test_watch_says_what_is_wrong_and_leads_there(opened, run):
    page = opened(run[1])
    flag = page.locator(".ln-flags li", has_text="units gave 0 for every example")
    dead = run[1].data["layers"]["1"]["dead"][-1]
    assert f"{dead} of 16 units" in flag.inner_text()
    flag.get_by_role("button").click()
    assert "layer 1 ReLU · " in status(page) and f"{dead} of 16 units dead" in status(page)


def test_a_click_in_the_rows_chooses_layer_and_step(opened, run):
    page = opened(run[1])
    rows = page.locator("canvas").first
    box = rows.bounding_box()
    rows.click(position={"x": box["width"] * 0.5, "y": 24 + (box["height"] - 50) / 3 * 1.5})
    place = int(re.match(r"step (\d+) · layer 1 ReLU", status(page))[1])
    assert 0.4 < place / run[1].data["steps"][-1] < 0.6
    before = rows.evaluate(PIXELS)
    page.get_by_label("show", exact=True).select_option("gradients")
    page.wait_for_function(f"before => ({PIXELS})(document.querySelector('canvas')) !== before", arg=before)


@pytest.mark.parametrize("width", [320, 1100])
def test_nothing_sticks_out_of_a_narrow_page(opened, run, width):
    trainer, w, recorder, _ = run
    pictures = [w, inspection.dashboard(trainer), inspection.runs(trainer.report("a")), inspection.replay(recorder, w)]
    for picture in pictures:
        page = opened(picture, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


# ------------------------------------------------------------------------------------------------ dashboard, runs
def test_dashboard_tells_values_where_the_pointer_is(opened, run):
    trainer = run[0]
    page = opened(inspection.dashboard(trainer))
    panel = page.locator("canvas").first
    box = panel.bounding_box()
    panel.hover(position={"x": 54 + (box["width"] - 66) * 4 / 9, "y": 60})
    said = status(page)
    assert said.startswith("epoch 5 · ")
    loss, checked = re.search(r"loss ([\d.]+), validation ([\d.]+)", said).groups()
    assert float(loss) == pytest.approx(trainer.history["loss"][4], rel=1e-3)
    assert float(checked) == pytest.approx(trainer.history["val_loss"][4], rel=1e-3)
    page.mouse.move(5, 900)
    assert status(page).startswith("Hover a panel")


def test_dashboard_works_from_the_keyboard(opened, run):
    page = opened(inspection.dashboard(run[0]))
    page.locator("canvas").first.focus()
    for key, epoch in (("ArrowRight", 1), ("ArrowRight", 2), ("End", 10), ("ArrowLeft", 9), ("Home", 1)):
        page.keyboard.press(key)
        assert status(page).startswith(f"epoch {epoch} ·")
    page.keyboard.press("Escape")
    assert status(page).startswith("Hover")


def test_dashboard_smooths_and_changes_its_axis(opened, run):
    page = opened(inspection.dashboard(run[0]))
    shot = lambda: page.locator("canvas").first.evaluate(PIXELS)
    changed = f"before => ({PIXELS})(document.querySelector('canvas')) !== before"
    first = shot()
    page.get_by_role("slider", name="smoothing").fill("0.8")
    page.wait_for_function(changed, arg=first)
    smooth = shot()
    page.get_by_label("log axis").check()
    page.wait_for_function(changed, arg=smooth)
    assert page.locator("output").first.inner_text() == "0.80"


def test_the_page_smooths_as_python_does(opened, run):
    values = [3.0, 1.0, float("nan"), 2.0, 5.0]
    page = opened(inspection.dashboard({"loss": values}))
    script = (inspection.dashboard({"loss": values}).script).read_text("utf-8")
    function = script[script.index("function smooth(") :]
    call = "smooth([3, 1, NaN, 2, 5], 0.7).map((q) => (Number.isNaN(q) ? null : q))"
    found = page.evaluate(f"() => {{ {function}; return {call}; }}")
    expected = [None if np.isnan(v) else v for v in smoothed(values, 0.7)]
    assert found == pytest.approx(expected)


def test_runs_are_hidden_and_compared(opened, run):
    history = dict(run[0].history)
    other = {name: [2 * v for v in column] for name, column in history.items()}
    page = opened(inspection.runs({"mine": history, "theirs": other}))
    assert page.locator("td.ln-best").count() == 4
    assert "★" in page.locator("tr", has_text="mine").inner_text()
    page.locator("canvas").first.focus()
    page.keyboard.press("End")
    assert "theirs" in status(page)
    page.get_by_label("show theirs").uncheck()
    assert "theirs" not in status(page) and "mine" in status(page)


# ---------------------------------------------------------------------------------------------------------- replay
def test_one_scrubber_drives_two_pictures(opened, run):
    _, w, recorder, boundary = run
    r = inspection.replay(recorder, boundary, w, frames=6)
    page = opened(r)
    page.locator(".ln[data-ready]").wait_for()
    plane, rows = page.locator(".ln-part").nth(0).locator("canvas").first, page.locator(".ln-part").nth(1)
    last = plane.evaluate(PIXELS)
    scrub = page.get_by_role("slider", name="moment of training")
    scrub.fill("1")
    step = r.data["steps"][1]
    assert status(page).startswith(f"step {step} · epoch")
    assert rows.locator(".ln-status").inner_text().startswith(f"step {step} · layer 0")
    page.wait_for_function(f"last => ({PIXELS})(document.querySelector('.ln-part canvas')) !== last", arg=last)
    scrub.fill("5")  # and forth again: the same picture as before
    page.wait_for_function(f"last => ({PIXELS})(document.querySelector('.ln-part canvas')) === last", arg=last)
    assert rows.locator(".ln-status").inner_text().startswith(f"step {w.data['steps'][-1]}")


def test_replay_plays_and_goes_where_the_curve_is_clicked(opened, run):
    _, w, recorder, _ = run
    page = opened(inspection.replay(recorder, w, frames=5))
    page.locator(".ln[data-ready]").wait_for()
    curve = page.locator(".ln-curve")
    box = curve.bounding_box()
    curve.click(position={"x": 54 + (box["width"] - 66) * 0.5, "y": 50})
    assert status(page).startswith("step 15 ·")
    page.get_by_role("button", name="▶ Play").first.click()
    page.wait_for_function("() => document.querySelector('.ln > .ln-status').textContent.startsWith('step 30 ')")
    assert page.get_by_label("curve", exact=True).input_value() == "loss"


# ------------------------------------------------------------------------------------------------ while it trains
NOTEBOOK = (
    """
import numpy as np, time
import learnnn as torch
from learnnn import inspection, nn, optim, training
torch.manual_seed(0)
X = np.random.default_rng(0).normal(size=(256, 8)).astype("float32")
y = (X[:, 0] > 0).astype(int)
model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 2))
w, live = inspection.watch(model), inspection.LiveMetrics(interval=0.05)
class Slow(training.Callback):
    def on_batch_end(self, batch, logs):
        time.sleep(0.05)
w
""",
    """
trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), ["accuracy"])
h = trainer.fit(X, y, epochs=15, validation_split=0.25, callbacks=[w, live, Slow()], verbose=False)
""",
    """print("ready", trainer.finished, w.flags)""",
)


def test_watch_and_metrics_follow_training(lab):
    notebook = lab.open(lab.write("training.ipynb", *NOTEBOOK))
    notebook.run_all()
    page = notebook.page
    watched, metrics = page.locator(".ln", has_text="watched").first, page.locator(".ln", has_text="Training of").first
    metrics.wait_for(timeout=60_000)
    seen = set()
    for _ in range(200):
        seen.add((watched.locator("> .ln-status").inner_text()[:9], metrics.locator("> .ln-status").inner_text()))
        if any(told == "done" for _, told in seen):
            break
        page.wait_for_timeout(60)
    assert len({step for step, _ in seen}) > 3, seen  # it moved while training ran
    assert any(re.match(r"epoch \d+ of 15 · \d+ s left", told) for _, told in seen), seen
    notebook.wait_for_text("ready 15")
    assert watched.locator("> .ln-status").inner_text().startswith("step 90 ")
    assert "Nothing looks wrong" in watched.inner_text()
    page.locator("canvas[aria-label='loss over the epochs']").focus()
    page.keyboard.press("End")
    assert (
        page.locator(".ln", has_text="Training of").locator("> .ln-status").inner_text().startswith("epoch 15 · loss")
    )
    assert not notebook.errors
