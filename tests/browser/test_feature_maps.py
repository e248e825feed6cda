"""`feature_maps` in a page: click, keys, layers, reading numbers."""

import numpy as np
import pytest

import learnnn
from learnnn import nn
from learnnn.inspection import feature_maps

IMAGE = np.random.default_rng(0).random((8, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def picture():
    learnnn.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 4))
    return feature_maps(net, IMAGE)


@pytest.fixture
def page(browser, tmp_path, picture):
    page = browser.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(picture.save(tmp_path / "maps.html").as_uri())
    yield page
    assert not page.complaints
    page.close()


def said(page):
    return page.locator(".ln-status").inner_text().replace("−", "-")


def pixels(page, label):
    """A drawing, as numbers."""
    return page.get_by_label(label, exact=False).first.evaluate(
        "c => { c.parentNode.offsetWidth; return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join() }"
    )


def frame(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_a_channel_is_chosen_by_click_and_keys(page, picture):
    grid = page.get_by_label("arrow keys choose one", exact=False)
    before, box = pixels(page, "the chosen channel"), grid.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 4.5 / 6, box["y"] + 20)
    maps = np.array(picture.data["0"]["maps"])
    assert said(page) == f"Channel 4 of 6: from {maps[4].min():.3g} to {maps[4].max():.3g}"
    frame(page)
    assert pixels(page, "the chosen channel") != before
    page.mouse.click(box["x"] + 10, box["y"] + 20)
    grid.focus()
    page.keyboard.press("ArrowRight")
    assert said(page).startswith("Channel 1 of 6")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # there is none to the left of the first
    assert said(page).startswith("Channel 0 of 6")


def test_numbers_are_read_off_by_pointer_and_keys(page, picture):
    maps, large = np.array(picture.data["0"]["maps"]), page.get_by_label("the chosen channel", exact=False)
    box = large.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 2.5 / 6, box["y"] + box["height"] * 4.5 / 6)
    at, value = said(page).split("; at ")[1].split(": ")
    assert at == "row 4, column 2"
    assert float(value) == pytest.approx(maps[0, 4, 2], abs=np.ptp(maps[0]) / 250)
    page.mouse.move(0, 0)
    large.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert "row 2, column 3" in said(page)


def test_another_layer_is_chosen(page, picture):
    page.get_by_label("layer").select_option("1 · ReLU · 6 × 6 × 6")
    assert "from 0 to" in said(page)
    page.get_by_label("layer").select_option("3 · Linear · 4")
    assert said(page).startswith(f"Unit 0 of 4: {picture.data['3']['maps'][0]:.3g}"[:20])
    assert page.get_by_label("the chosen channel", exact=False).is_hidden()
    grid = page.get_by_label("arrow keys choose one", exact=False)
    grid.focus()
    page.keyboard.press("ArrowRight")
    assert said(page).startswith("Unit 1 of 4")


def test_the_overlay_fades_and_the_scales_part(page):
    before = pixels(page, "the channel over the image"), pixels(page, "arrow keys choose one")
    page.get_by_label("strength").fill("0")
    page.get_by_label("own scale", exact=False).check()
    frame(page)
    assert pixels(page, "the channel over the image") != before[0]
    assert pixels(page, "arrow keys choose one") != before[1]
    assert "its kernel, in '0': 3 × 3" in page.locator(".ln").inner_text()


def test_it_is_narrow_enough_for_a_phone(page):
    page.set_viewport_size({"width": 320, "height": 800})
    frame(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


CELLS = (
    "import numpy as np, learnnn\nfrom learnnn import inspection, nn\nlearnnn.manual_seed(0)\nnet = nn.Conv2d(1, 3, 3)",
    "maps = inspection.feature_maps(net, np.eye(8)); maps.widget()",
    "with learnnn.no_grad():\n    net.weight.zero_(); net.bias.fill_(0.5)\nmaps.update()",
    "maps",
)


def test_in_jupyterlab_it_follows_the_model(lab):
    page = lab.open(lab.write("maps.ipynb", *CELLS))
    page.run_all()
    page.page.wait_for_function(
        """() => [...document.querySelectorAll('.ln-status')]
          .filter(e => e.textContent === 'Channel 0 of 3: from 0.5 to 0.5, the same everywhere').length === 2""",
        timeout=90_000,
    )
    assert not page.errors
