"""The decision boundary in a real browser: alone in a page, and in JupyterLab while it learns and is edited."""

import re
import statistics

import numpy as np
import pytest

from learnnn.inspection import decision_boundary

X = np.array([[-1.0, 0.0], [1.0, 0.0], [-0.5, 1.0], [0.5, -1.0]])
Y = np.array([0, 1, 0, 1])


def side(points):
    """A score that says which side of the line x₁ = 0."""
    return 5 * points[:, 0]


PIXELS = """canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return [...data.filter((_, i) => i % 101 === 0)].join();
}"""


class Plane:
    """A boundary on a page, as a reader uses it."""

    def __init__(self, page, nth=0):
        self.page = page
        self.root = page.locator(".ln").nth(nth)
        self.canvas = self.root.locator(".ln-plane canvas")
        self.canvas.wait_for(timeout=60_000)
        self.canvas.scroll_into_view_if_needed()

    def at(self, x, y, extent=(-1.16, 1.16, -1.16, 1.16)):
        """Where a point of the data is on the page."""
        box, (x0, x1, y0, y1) = self.canvas.bounding_box(), extent
        left, top, right, bottom = 52, 8, 8, 38
        across, up = (x - x0) / (x1 - x0), (y - y0) / (y1 - y0)
        width, height = box["width"] - left - right, box["height"] - top - bottom
        return box["x"] + left + across * width, box["y"] + top + (1 - up) * height

    def stand_still(self):
        """Until JupyterLab has scrolled to where it wants to be."""
        box, before = self.canvas.bounding_box(), None
        while box != before:
            self.page.wait_for_timeout(150)
            box, before = self.canvas.bounding_box(), box

    def tool(self, name, label=None):
        self.stand_still()
        self.root.get_by_role("button", name=name, exact=True).click()
        if label is not None:
            self.root.get_by_label("class", exact=True).select_option(label=label)

    def drag(self, start, end):
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=5)
        self.page.mouse.up()

    def click(self, *place):
        self.page.mouse.click(*self.at(*place))

    def press(self, *keys):
        self.canvas.focus()
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def status(self):
        return self.root.locator(".ln-status").inner_text()

    @property
    def readout(self):
        return self.root.locator(".ln-readout").inner_text()

    def wait_for(self, words, timeout=30_000):
        self.root.locator(".ln-status", has_text=words).wait_for(timeout=timeout)


# ------------------------------------------------------------------------------------------- a page without a kernel
@pytest.fixture(scope="module")
def html(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "b.html"
    decision_boundary(side, X, Y, class_names=["left", "right"]).save(path)
    return path.as_uri()


@pytest.fixture
def alone(browser, html):
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    errors: list = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(html)
    yield Plane(page)
    assert not errors
    page.close()


def test_the_plane_is_read_under_the_pointer(alone):
    alone.page.mouse.move(*alone.at(0.2, 0.5))
    words = alone.readout
    assert "right" in words
    p = 1 / (1 + np.exp(-1.0))
    said, ahead = (float(re.search(f"{name} (-?[0-9.]+)", words)[1]) for name in ("p =", "ahead by"))
    assert said == pytest.approx(p, abs=0.01)
    assert ahead == pytest.approx(2 * p - 1, abs=0.015)
    alone.page.mouse.move(*alone.at(-1, 0.5))
    assert "left, p = 0.99" in alone.readout


def test_points_are_dragged_added_painted_and_erased_and_all_is_undone(alone):
    assert alone.status == "4 of 4 points on the right side"
    alone.drag((-1, 0), (0.8, 0.6))
    assert alone.status == "3 of 4 points on the right side"
    alone.tool("Add", "right")
    alone.click(0.9, -0.9)
    assert alone.status == "4 of 5 points on the right side"
    alone.tool("Paint", "right")
    alone.drag((0.8, 0.5), (0.8, 0.7))
    assert alone.status == "5 of 5 points on the right side"
    alone.tool("Erase")
    alone.drag((0.4, -1), (0.95, -0.9))
    assert alone.status == "3 of 3 points on the right side"
    for said in ("5 of 5", "4 of 5", "3 of 4", "4 of 4"):
        alone.root.get_by_role("button", name="Undo").click()
        assert alone.status == f"{said} points on the right side"
    assert alone.root.get_by_role("button", name="Undo").is_disabled()
    for _ in range(4):
        alone.root.get_by_role("button", name="Redo").click()
    assert alone.status == "3 of 3 points on the right side"


def test_the_last_point_stays(alone):
    alone.tool("Erase")
    alone.drag((-1, 0), (1, 0))
    alone.drag((-0.5, 1), (-0.5, 1))
    alone.drag((0.5, -1), (0.5, -1))
    assert alone.status == "The last point stays."
    alone.tool("Add", "left")
    alone.click(-0.6, 0.3)
    assert alone.status == "2 of 2 points on the right side"


def test_everything_works_by_keyboard(alone):
    alone.press("Shift+ArrowRight", "Shift+ArrowRight")  # the crosshair begins in the middle
    assert "x₁ 0.464" in alone.readout
    alone.press("1", "Enter")
    assert alone.status == "4 of 5 points on the right side"
    alone.press("Space")
    assert "point of left" in alone.readout
    alone.press(*["Shift+ArrowLeft"] * 4)
    assert "x₁ −0.464" in alone.readout
    assert alone.status == "4 of 5 points on the right side" or alone.status.startswith("5 of 5")
    alone.press("2")
    assert alone.status == "4 of 5 points on the right side"
    alone.press("Control+z")  # the colour, then the four steps as one
    alone.wait_for("5 of 5")
    alone.press("Control+z")
    alone.wait_for("4 of 5")
    alone.press("Control+y", "Control+Shift+Z")
    alone.wait_for("4 of 5")
    alone.press("Space", "Delete")
    alone.wait_for("4 of 4")


def test_what_is_drawn_can_be_chosen(alone):
    seen = {alone.canvas.evaluate(PIXELS)}
    for label, option in (("shading", "flat"), ("shading", "none"), ("points", "none"), ("points", "only wrong ones")):
        alone.root.get_by_label(label, exact=True).select_option(label=option)
        alone.page.wait_for_timeout(60)
        seen.add(alone.canvas.evaluate(PIXELS))
    alone.root.get_by_label("points", exact=True).select_option(label="all")
    alone.root.get_by_label("dashed lines").uncheck()
    alone.page.wait_for_timeout(60)
    seen.add(alone.canvas.evaluate(PIXELS))
    assert len(seen) == 5  # none of the points is wrong, so none and only wrong ones look alike
    key = alone.root.locator(".ln-key span:visible").all_inner_texts()
    assert key == ["left", "right", "level", "p = 0.75", "wrong side"]


@pytest.mark.parametrize("width", [320, 1100])
def test_it_fits_narrow_and_wide_pages(browser, html, width):
    page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme="dark")
    page.goto(html)
    Plane(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".ln").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(22, 25, 29)"
    page.close()


DRAWN = """async () => {
  const { model } = document.querySelector('.ln').learnnn, canvas = document.querySelector('.ln-plane canvas');
  const next = (told) => new Promise((done) => requestAnimationFrame(() => (told?.(), done(performance.now()))));
  const state = model.get('state'), spent = [], raw = (data) => Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const bytes = ({ data, ...rest }) => ({ ...rest, data: raw(data) });
  const frame = { ...state, grid: bytes(state.grid), wrong: bytes(state.wrong) };  // as a kernel sends them
  for (let i = 0; i < 40; i++) {
    const begin = next();  // of the same screen frame, before it is painted and after
    const taken = performance.now();
    model.set('frame', { ...frame, points: null, status: `frame ${i}` });
    const taking = performance.now() - taken;
    const end = next(() => canvas.getContext('2d').getImageData(0, 0, 1, 1));  // the pen's orders are carried out
    spent.push(taking - (await begin) + (await end));
  }
  return spent;
}"""


def test_how_long_a_frame_takes_to_draw(browser, tmp_path):
    points = np.random.default_rng(0).normal(size=(500, 2))
    boundary = decision_boundary(lambda p: 3 * np.sin(3 * p[:, 0]) + 3 * p[:, 1], points, (points[:, 1] > 0) * 1)
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.goto(boundary.save(tmp_path / "b.html").as_uri())
    plane = Plane(page)
    before = plane.canvas.evaluate(PIXELS)
    spent = statistics.median(page.evaluate(DRAWN))
    print(f"\na frame of {len(points)} points is taken and drawn in {spent:.1f} ms")
    assert plane.status.startswith("frame 39")  # every frame was taken, the last one too
    assert plane.canvas.evaluate(PIXELS) == before  # and they are all the same picture
    page.close()


# ------------------------------------------------------------------------------------------- in JupyterLab
SETUP = """
import time
import numpy as np
import learnnn as torch
from learnnn import datasets, inspection, nn, optim, training
torch.manual_seed(0)
trained = looped = 0
X, y = datasets.moons()
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
boundary = inspection.decision_boundary(model, X, y)
boundary
"""
TRAIN = """
trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01))
trainer.fit(X, y, epochs=300, batch_size=128, callbacks=[boundary.callback()], verbose=False)
trained += 1
boundary.update(f"{boundary.status} · trained {trained}")
"""
LOOP = """
looped += 1
for step in range(60):
    model[0].weight.data = model[0].weight.data * 0.97
    boundary.update(f"step {step}")
boundary.update(f"looped {looped}")
"""
EDITED = """
centres = lambda X, y: np.stack([X[y == k].mean(0) for k in (0, 1)])  # the simplest model that can be trained again
where, calls = {"centres": np.array([[-1.0, 0.0], [1.0, 0.0]])}, []
nearer = lambda p: -((p[:, None] - where["centres"]) ** 2).sum(-1)
def retrain(X, y):
    where["centres"] = centres(X, y)
    calls.append(len(X))
P, L = np.array([[-1.0, 0.0], [1.0, 0.0], [-0.5, 1.0], [0.5, -1.0]]), np.array([0, 1, 0, 1])
edited = inspection.decision_boundary(nearer, P, L, retrain=retrain)
edited
"""
SAY = 'print("points", edited.X.round(1).tolist(), edited.y.tolist(), "trained", len(calls) > 0)'


RUN = """cell => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = cell;
  void notebook.scrollToCell(notebook.activeCell);  // what is out of sight need not be on the page
  void window.jupyterapp.commands.execute('notebook:run-cell');
}"""


@pytest.fixture(scope="module")
def live(lab):
    """A notebook whose cells a test runs one by one."""
    page = lab.open(lab.write("boundary.ipynb", SETUP, TRAIN, LOOP, EDITED, SAY))
    page.run = lambda cell: page.page.evaluate(RUN, cell)
    page.run(0)
    Plane(page.page)
    return page


def frames(live, cell, last):
    """Milliseconds between the frames while a cell runs, which are printed and not judged: machines differ."""
    live.forget_frames()
    live.run(cell)
    Plane(live.page)  # back in sight
    Plane(live.page).wait_for(f"{last} 1")
    times = live.frame_times()
    print(f"\nwhile it is {last}: {len(times)} frames, median {statistics.median(times):.1f} ms")
    return times


def test_it_follows_the_training(live):
    plane = Plane(live.page)
    before = plane.canvas.evaluate(PIXELS)
    assert len(set(before.split(","))) > 20  # a picture, and no blank sheet
    assert len(frames(live, 1, "trained")) > 5
    assert plane.canvas.evaluate(PIXELS) != before
    assert plane.status.startswith("epoch 300 · loss ")
    assert "points on the right side" in plane.canvas.get_attribute("aria-label")
    assert not live.errors


def test_it_follows_a_plain_loop(live):
    assert len(frames(live, 2, "looped")) > 5
    assert not live.errors


def test_edits_reach_python_and_the_model_is_trained_again(live):
    live.run(3)
    live.page.wait_for_function("document.querySelectorAll('.ln').length === 2")
    plane = Plane(live.page, 1)
    before = plane.canvas.evaluate(PIXELS)
    plane.tool("Add", "1")
    plane.click(-0.9, -0.9)
    plane.wait_for("of 5 points")
    plane.tool("Move")
    plane.drag((-1, 0), (-1, 0.8))
    plane.tool("Paint", "0")
    plane.drag((1, 0), (1, 0))
    plane.tool("Erase")
    plane.drag((0.5, -1), (0.5, -1))
    plane.wait_for("of 4 points")
    plane.root.get_by_role("button", name="Undo").click()
    plane.wait_for("of 5 points")
    plane.press("ArrowUp", "1", "Enter")  # keys stay in the picture: JupyterLab adds no cell, selects none
    plane.wait_for("of 6 points")
    live.page.wait_for_timeout(600)
    assert plane.canvas.evaluate(PIXELS) != before
    assert live.page.locator(".jp-CodeCell").count() == 5
    live.run(4)
    live.wait_for_text(
        "points [[-1.0, 0.8], [1.0, 0.0], [-0.5, 1.0], [0.5, -1.0], [-0.9, -0.9], [0.0, 0.0]] [0, 0, 0, 1, 1, 0]"
    )
    live.wait_for_text("trained True")
    assert not live.errors


def test_it_wears_the_theme_of_the_page(live):
    plane = Plane(live.page)
    paper = lambda: plane.root.evaluate("e => getComputedStyle(e).backgroundColor")
    light, pixels = paper(), plane.canvas.evaluate(PIXELS)
    live.wear("JupyterLab Dark")
    live.page.wait_for_function(
        "light => getComputedStyle(document.querySelector('.ln')).backgroundColor !== light", arg=light
    )
    assert plane.canvas.evaluate(PIXELS) != pixels
    live.wear("JupyterLab Light")
