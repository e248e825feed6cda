"""`latent` in a page and in JupyterLab: drag, keys, walk; between the grid, and exactly."""

import numpy as np
import pytest

from learnnn.inspection import latent

POINTS = np.array([[-1.5, -1.5], [1.5, 1.5]]), np.array(["low", "high"])


def ramps(z):
    """Images (N, 3, 3): the first row is z0, the others z1, from 0 to 1 over the plane."""
    z = (np.asarray(z) + 2) / 4
    return np.stack([np.repeat(z[:, :1], 3, 1), *[np.repeat(z[:, 1:], 3, 1)] * 2], 1)


@pytest.fixture
def page(browser, tmp_path):
    page = browser.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    picture = latent(ramps, POINTS, encode=lambda x: x, extent=2, grid=8)
    page.goto(picture.save(tmp_path / "latent.html").as_uri())
    yield page
    assert not complaints
    page.close()


def said(page):
    return page.locator(".ln-status").inner_text().replace("−", "-")


def place(page, x, y):
    """Where a place on the plane is on the screen; the plot is {x: 56, y: 6, w: w - 64, h: h - 44} in the canvas."""
    box = page.get_by_label("the latent plane", exact=False).bounding_box()
    left, top, wide, tall = box["x"] + 56, box["y"] + 6, box["width"] - 64, box["height"] - 44
    return left + wide * (x + 2) / 4, top + tall * (2 - y) / 4


def shown(page):
    """The decoding on the page: (z0, z1), read off the pixels' numbers."""
    rows = page.evaluate("() => Array.from(document.querySelector('.ln').learnnn.decoding)")
    return rows[0] / 255 * 4 - 2, rows[-1] / 255 * 4 - 2


def test_a_point_is_dragged_over_the_plane(page):
    page.mouse.move(*place(page, 0.5, -1))
    page.mouse.down()
    assert shown(page) == pytest.approx((0.5, -1), abs=0.03)
    page.mouse.move(*place(page, -1.1, 1.3), steps=4)
    page.mouse.up()
    assert shown(page) == pytest.approx((-1.1, 1.3), abs=0.03)  # between the 8 x 8 decodings, which are linear
    assert "between the 8 × 8 decodings of the grid, as no kernel is running" in said(page)
    page.mouse.move(*place(page, 1.6, 0.9))
    page.mouse.down()
    page.mouse.up()
    assert "the nearest point is of class high" in said(page)


def test_arrow_keys_move_it(page):
    page.get_by_label("the latent plane", exact=False).focus()
    before = shown(page)
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    assert shown(page) == pytest.approx((before[0] + 0.2, before[1] + 0.1), abs=0.03)


def test_a_walk_is_scrubbed_stepped_and_played(page):
    scrub = page.get_by_label("walk from A to B", exact=True)
    scrub.fill("0")
    begin = shown(page)
    scrub.fill("24")
    end = shown(page)
    assert begin == pytest.approx((-1.4, -1.2), abs=0.03) and end == pytest.approx((1.4, 1.2), abs=0.03)
    page.get_by_role("button", name="one step back").click()
    assert shown(page) == pytest.approx((1.4 - 2.8 / 24, 1.2 - 2.4 / 24), abs=0.03)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('.ln-play output').textContent.startsWith('100')")
    assert shown(page) == pytest.approx(end, abs=0.01)


def test_the_ends_of_the_walk_are_dragged_and_set(page):
    page.mouse.move(*place(page, -1.4, -1.2))
    page.mouse.down()
    page.mouse.move(*place(page, -1, 1), steps=4)
    page.mouse.up()
    page.get_by_label("walk from A to B", exact=True).fill("0")
    assert shown(page) == pytest.approx((-1, 1), abs=0.03)
    page.mouse.move(*place(page, 0, -1.5))
    page.mouse.down()
    page.mouse.up()
    page.get_by_role("button", name="End it here").click()
    page.get_by_label("walk from A to B", exact=True).fill("12")
    assert shown(page) == pytest.approx((-0.5, -0.25), abs=0.03)


def test_layers_of_the_plane_are_switched_off(page):
    drawing = lambda: page.get_by_label("the latent plane", exact=False).evaluate(
        """c => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
          () => done(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()))))"""
    )
    seen = {drawing()}
    for name in ("decodings", "encodings"):
        page.get_by_label(name, exact=True).uncheck()
        seen.add(drawing())
    assert len(seen) == 3
    page.set_viewport_size({"width": 320, "height": 800})
    drawing()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


CELLS = (
    "import numpy as np\nfrom learnnn import inspection",
    "def square(z):\n    return np.repeat(np.asarray(z) ** 2 / 4, 8, 1)",
    "inspection.latent(square, extent=2, grid=2)",
)


def test_in_jupyterlab_the_model_itself_decodes(lab):
    page = lab.open(lab.write("latent.ipynb", *CELLS))
    page.run_all()
    page.page.locator(".ln").first.wait_for(timeout=90_000)
    decoded = "() => document.querySelector('.ln-status').textContent.includes('decoded by the model')"
    page.page.wait_for_function(decoded)
    page.page.mouse.move(*place(page.page, 0, 0))
    page.page.mouse.down()
    page.page.mouse.move(*place(page.page, 1.8, -0.2), steps=12)
    page.page.mouse.up()
    page.page.wait_for_function(decoded)
    assert "z0 1.8" in page.page.locator(".ln-status").inner_text()
    # the square at z0 = 1.8 is 0.81; between the four decodings of the grid it would be 0.25
    page.page.wait_for_function(
        """() => {
          const drawing = document.querySelector('canvas[aria-label="the decoding of the point"]');
          return Math.abs(drawing.getContext('2d').getImageData(20, 20, 1, 1).data[0] - 255 * 0.81) < 12;
        }"""
    )
    assert not page.errors
