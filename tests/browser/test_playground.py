"""The playground in a real JupyterLab: trained, turned, edited, shared; and in a page without Python."""

import re
from statistics import median

import pytest

SETUP = """
from learnnn import inspection
p = inspection.playground("moons", layers=(3, 2), learning_rate=0.1)
p
"""
PIXELS = """canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return data.reduce((hash, byte) => (31 * hash + byte) | 0, 0);
}"""
CSV = "x,y,kind\n" + "".join(f"{i},{i % 3},{'abc'[i % 3]}\n" for i in range(30))


@pytest.fixture(scope="module")
def notebook(lab):
    """A notebook with a playground that answers."""
    page = lab.open(lab.write("playground.ipynb", SETUP), height=1300)
    page.run_all()
    page.page.locator(".ln .ln-net canvas").wait_for(timeout=90_000)
    return page


@pytest.fixture
def play(notebook):
    """The playground as it was made: whatever a test does is taken back by opening the first state."""
    form = Form(notebook)
    form.open(form.first_state)
    yield form
    assert not notebook.errors


class Form:
    """What a reader sees and can press."""

    first: str = ""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.root = notebook.page.locator(".ln").first

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def dial(self, name):
        return self.root.get_by_label(name, exact=True)

    @property
    def status(self):
        return self.root.locator(".ln-status").inner_text()

    @property
    def step(self):
        return int(re.search(r"step ([\d,]+)", self.root.inner_text()).group(1).replace(",", ""))

    @property
    def net(self):
        return self.root.locator(".ln-net canvas")

    @property
    def plane(self):
        return self.root.locator(".ln-side canvas").first

    def number(self, name):
        return self.root.locator(f'[data-name="{name}"]').inner_text()

    def until(self, text):
        """Wait for a word in the status line."""
        self.page.wait_for_function(
            "text => document.querySelector('.ln .ln-status').textContent.includes(text)", arg=text, timeout=20_000
        )

    def until_pixels(self, canvas, before):
        """Wait until a canvas shows something else."""
        for _ in range(100):
            if canvas.evaluate(PIXELS) != before:
                return
            self.page.wait_for_timeout(50)
        pytest.fail("the picture did not change")

    def unfold(self, name):
        fold = self.root.locator("details", has_text=name)
        if not fold.evaluate("fold => fold.open"):
            fold.locator("summary").click()

    @property
    def state(self):
        self.unfold("Share")
        self.button("Copy the state").click()
        self.until("the state")
        return self.root.get_by_label("the state as text").input_value()

    @property
    def first_state(self):
        Form.first = Form.first or self.state
        return Form.first

    def open(self, state):
        self.unfold("Share")
        self.root.get_by_label("the state as text").fill(state)
        self.button("Open this state").click()
        self.until("opened")


def test_step_epoch_and_reset(play):
    assert play.step == 0
    before = play.plane.evaluate(PIXELS)
    play.button("Step").click()
    play.until("Step: done")
    assert play.step == 1
    play.button("Epoch").click()
    play.until("Epoch: done")
    assert play.step == 15
    play.until_pixels(play.plane, before)
    play.button("Reset").click()
    play.until("first weights")
    assert play.step == 0


def loss_of(play):
    return float(play.number("train_loss").replace("−", "-"))


def test_it_trains_frame_by_frame_and_pauses_at_once(play):
    loss = loss_of(play)
    for pace in ("epoch", "fast"):
        play.dial("pace").select_option(pace)
        play.button("▶ Train").click()
        play.page.wait_for_timeout(500)
        play.notebook.forget_frames()
        play.page.wait_for_timeout(3000)
        times = play.notebook.frame_times()
        play.button("⏸ Pause").click()
        print(f"\nplayground, {pace}: {len(times)} frames, median {median(times):.1f} ms")  # printed, not judged
        assert len(times) > 15
    play.page.wait_for_timeout(400)  # the few frames that were on their way
    stopped = play.step
    play.page.wait_for_timeout(500)
    assert play.step == stopped > 500
    assert loss_of(play) < loss / 2


def test_turning_dials_and_undo(play):
    play.dial("activation").select_option("relu")
    play.page.wait_for_function("() => document.querySelector('.ln [aria-label=activation]').value === 'relu'")
    play.button("layer 1: one unit more").click()
    play.page.wait_for_selector(".ln-head output:text-is('4')")
    play.button("one hidden layer more").click()
    play.page.wait_for_selector(".ln-head:nth-child(4) output")
    assert play.root.locator(".ln-head output").all_inner_texts() == ["4", "2", "2"]
    for left in (["4", "2"], ["3", "2"]):
        play.button("↶ Undo").click()
        play.until("undone")
        play.page.wait_for_function(
            "left => [...document.querySelectorAll('.ln-head output')].map(o => o.textContent).join() === left.join()",
            arg=left,
        )
    assert play.dial("activation").input_value() == "relu"
    play.button("↶ Undo").click()
    play.page.wait_for_function("() => document.querySelector('.ln [aria-label=activation]').value === 'tanh'")
    play.button("↷ Redo").click()
    play.page.wait_for_function("() => document.querySelector('.ln [aria-label=activation]').value === 'relu'")


def test_features_and_data(play):
    pixels = play.net.evaluate(PIXELS)
    play.dial("sin x₁").check()
    play.until_pixels(play.net, pixels)
    points = play.plane.evaluate(PIXELS)
    play.dial("data").select_option("spiral")
    play.until_pixels(play.plane, points)


def test_a_weight_is_chosen_by_keys_and_typed(play):
    loss = play.number("train_loss")
    play.net.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        play.page.keyboard.press(key)
    assert "weight layer 2 unit 1 → output" in play.status
    play.page.keyboard.press("Enter")
    play.page.keyboard.type("3.25")
    play.page.keyboard.press("Enter")
    play.until("3.25")
    assert play.number("train_loss") != loss
    assert "first=" in play.state


def test_a_link_is_clicked(play):
    box = play.net.bounding_box()
    for y in range(60, int(box["height"]) - 40, 6):
        play.net.click(position={"x": box["width"] * 0.25, "y": y})
        if "weight x" in play.status:
            break
    assert re.match(r"weight x[₁₂] → layer 1 unit [123]: ", play.status)
    play.root.get_by_label("value, by slider").fill("-2")
    play.until("−2")
    assert play.root.get_by_label("value", exact=True).input_value() == "-2"


def test_a_point_is_added_by_click_and_by_keys(play):
    before = play.plane.evaluate(PIXELS)
    play.button("class 1").click()
    play.plane.click(position={"x": 200, "y": 40})
    play.until("a point of class 1")
    play.until_pixels(play.plane, before)
    play.plane.focus()
    play.page.keyboard.press("ArrowLeft")
    play.page.keyboard.press("Enter")
    play.until("a point of class 1 at (−0.1")
    assert "added_x" in play.state


def test_points_as_csv(play):
    play.unfold("Your own points")
    text = play.root.get_by_label("points as CSV")
    text.fill(CSV + "oops,1,a\n")
    play.button("Use these points").click()
    play.until("row 32: 'oops' is not a number")
    assert text.input_value().endswith("oops,1,a\n")
    assert play.button("class 0").count() == 1  # nothing was lost
    text.fill(CSV)
    play.button("Use these points").click()
    play.until("30 points of 3 classes")
    assert play.button("class c").is_visible()
    assert play.dial("data").input_value() == "own"


def test_the_state_is_copied_and_opened_again(play):
    play.button("Epoch").click()
    play.until("Epoch: done")
    state, loss = play.state, play.number("train_loss")
    play.button("Epoch").click()
    play.page.wait_for_function("() => document.querySelector('.ln').textContent.includes('step 28')")
    assert play.number("train_loss") != loss
    play.open(state)
    assert play.step == 14
    assert play.number("train_loss") == loss
    play.root.get_by_label("the state as text").fill(state.replace("tanh", "tann"))
    play.button("Open this state").click()
    play.until("did you mean 'tanh'?")
    assert play.step == 14


def test_the_code_is_shown_and_runs(play):
    play.button("Step").click()
    play.until("Step: done")
    play.unfold("Show the code")
    play.page.wait_for_function("() => document.querySelector('.ln pre').textContent.includes('range(0, 1)')")
    names: dict = {}
    exec(play.root.locator("pre").inner_text(), names)
    assert len(list(names["model"].parameters())) == 6


def test_a_model_that_is_no_chain_is_drawn_as_a_plane_alone(browser, tmp_path):
    from learnnn.inspection import playground

    path = playground("xor", model=lambda X: X[:, 0] * X[:, 1], train_step=print).save(tmp_path / "model.html")
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    form = page.locator(".learnnn-stage .ln")
    words = form.inner_text()
    assert "<lambda> is no chain of linear layers" in words and "null" not in words
    assert form.locator(".ln-net canvas").is_hidden() and form.locator(".ln-side canvas").first.is_visible()
    assert "Only a picture" in form.locator(".ln-status").inner_text()
    assert not errors
    page.close()


def test_a_page_without_python_plays_a_recording(browser, tmp_path):
    from learnnn.inspection import playground

    path = playground("circles", layers=(3,), learning_rate=0.1).save(tmp_path / "playground.html")
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    form = page.locator(".learnnn-stage .ln")
    assert "run this cell where Python runs" in form.locator(".ln-status").inner_text()
    assert form.get_by_label("activation", exact=True).is_disabled()
    plane = form.locator(".ln-side canvas").first
    end = plane.evaluate(PIXELS)
    scrub = form.get_by_label("of the training", exact=True)
    scrub.focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => document.querySelector('.learnnn-stage').textContent.includes('step 0')")
    page.wait_for_timeout(100)
    start = plane.evaluate(PIXELS)
    assert start != end
    form.get_by_role("button", name="▶ Play").click()
    form.get_by_role("button", name="⏸ Pause").wait_for()
    page.wait_for_timeout(600)
    assert plane.evaluate(PIXELS) != start
    assert not errors
    page.close()
