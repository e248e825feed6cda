"""`saliency` and `grad_cam` in a page: another class, another measure, numbers, opacity."""

import numpy as np
import pytest

import learnnn
from learnnn import nn
from learnnn.inspection import grad_cam, saliency

IMAGE = np.random.default_rng(0).random((1, 8, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def net():
    learnnn.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 6))


@pytest.fixture
def show(browser, tmp_path):
    page = browser.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def opened(picture):
        page.goto(picture.save(tmp_path / "page.html").as_uri())
        return page

    yield opened
    assert not complaints
    page.close()


def said(page):
    return page.locator(".ln-status").inner_text().replace("−", "-")


def large(page):
    """The large drawing's pixels, once it is painted."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.get_by_label("the map over the image", exact=False).evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()"
    )


def test_another_measure_is_chosen(net, show):
    picture = saliency(net, IMAGE, target=2)
    page = show(picture)
    assert said(page).startswith("Class 2, |gradient|: half of it lies on")
    before = large(page)
    page.get_by_role("button", name="integrated gradients").click()
    assert picture.note(2, "integrated").replace("−", "-") in said(page)
    assert large(page) != before
    assert page.get_by_role("button", name="integrated gradients").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="gradient × input").focus()
    page.keyboard.press("Enter")
    assert "gradient × input" in said(page)


def test_another_class_is_chosen_by_its_bar(net, show):
    picture = saliency(net, IMAGE, target=2, labels=list("abcdef"))
    page, other = show(picture), picture.targets[1]
    before = large(page)
    page.get_by_role("button", name=f"class {picture.asked.label(other)},").click()
    assert said(page).startswith(f"Class {picture.asked.label(other)}, ")
    assert picture.note(other, "gradient") in said(page)
    assert large(page) != before
    left_out = ({*range(6)} - {*picture.targets}).pop()
    assert page.get_by_role("button", name=f"class {picture.asked.label(left_out)},").is_disabled()


def test_numbers_are_read_off_by_pointer_and_keys(net, show):
    picture = saliency(net, IMAGE, target=2, method="input")
    page = show(picture)
    drawing = page.get_by_label("the map over the image", exact=False)
    box = drawing.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 3.5 / 8, box["y"] + box["height"] * 5.5 / 8)
    place, value = said(page).split(": ")
    assert place == "Row 5, column 3"
    assert float(value) == pytest.approx(picture.map[5, 3], abs=float(np.ptp(picture.map)) / 250)
    page.mouse.move(0, 0)
    drawing.focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert said(page).startswith("Row 3, column 3")


def test_the_opacity_uncovers_the_image(net, show):
    page = show(saliency(net, IMAGE))
    before = large(page)
    page.get_by_label("opacity").fill("0")
    bare = [int(v) for v in large(page).split(",")]
    assert large(page) != before
    assert bare[0] == bare[1] == bare[2] == round(255 * IMAGE[0, 0, 0])


def test_grad_cam_has_a_map_for_each_layer(net, show):
    picture = grad_cam(net, IMAGE, target=2)
    page = show(picture)
    assert said(page).startswith("Class 2, 1 · ReLU: 6 × 6 places")
    before = large(page)
    page.get_by_role("button", name="0 · Conv2d").click()
    assert said(page) == f"Class 2, 0 · Conv2d: {picture.note(2, '0')}."
    assert large(page) != before
    page.set_viewport_size({"width": 320, "height": 800})
    large(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


CELLS = (
    "import numpy as np, learnnn\nfrom learnnn import inspection, nn\nlearnnn.manual_seed(0)\n"
    "net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))",
    "look = inspection.saliency(net, np.ones((8, 8)), target=1); look.widget()",
    "inspection.grad_cam(net, np.ones((8, 8)), target=1)",
    "with learnnn.no_grad():\n    net[3].weight.zero_()\nlook.update()",
)


def test_in_jupyterlab_it_follows_the_model(lab):
    page = lab.open(lab.write("saliency.ipynb", *CELLS))
    page.run_all()
    page.page.wait_for_function(
        """() => {
          const said = [...document.querySelectorAll('.ln-status')].map(e => e.textContent);
          return said.some(s => s.includes('0 everywhere')) && said.some(s => s.includes('6 × 6 places'));
        }""",
        timeout=90_000,
    )
    assert not page.errors
