"""A gradient check in JupyterLab: the element under the pointer, arrow keys, and the plot of the step."""

import pytest

CHECK = """
import numpy as np
from learnnn import inspection
def square(x, w):
    return x * x * w, lambda g: (3 * x * w * g, x * x * g)
report = inspection.gradcheck(square, (np.array([[1.0, 2.0], [3.0, -1.0]]), np.ones((2, 2))), names=["x", "w"])
report
"""
KINK = """
inspection.gradcheck(lambda x: (np.maximum(x, 0), lambda g: (g * (x > 0),)), np.array([0.0, 1.0]))
"""


@pytest.fixture(scope="module")
def check(lab):
    page = lab.open(lab.write("gradcheck.ipynb", CHECK, KINK, "report.widget()", "report.update()"))
    page.run_all()
    page.page.wait_for_function("() => document.querySelectorAll('.ln-steps').length === 3", timeout=90_000)
    yield page
    assert not page.errors


def form(check, k):
    return check.page.locator(".ln").nth(k)


def ink(canvas):
    """How many kinds of pixels are on a canvas."""
    return canvas.evaluate(
        """node => new Set(new Uint32Array(
          node.getContext('2d').getImageData(0, 0, node.width, node.height).data.buffer)).size"""
    )


def test_the_worst_element_is_shown_first(check):
    shown = form(check, 0)
    assert "✗ gradcheck: 1 of 2 gradients wrong" in shown.locator(".ln-verdict").inner_text()
    assert "1.5 times too large" in shown.inner_text()
    assert "✗ wrong" in shown.locator(".ln-element").inner_text()


def test_the_pointer_shows_an_element(check):
    shown = form(check, 0)
    shown.locator(".ln-map").nth(0).hover(position={"x": 45, "y": 15})
    said = shown.locator(".ln-element").inner_text()
    assert "x[0, 1]" in said
    assert "0.333" in said
    shown.locator(".ln-map").nth(1).hover(position={"x": 15, "y": 45})
    said = shown.locator(".ln-element").inner_text()
    assert "w[1, 0] ✓ agrees" in said


def test_arrow_keys_walk_over_the_elements(check):
    shown = form(check, 0)
    shown.locator(".ln-map").nth(0).focus()
    where = lambda: shown.locator(".ln-element b").inner_text()
    check.page.keyboard.press("Home")
    assert where() == "x[0, 0]"
    for key, place in (
        ("ArrowRight", "x[0, 1]"), ("ArrowRight", "x[0, 1]"), ("ArrowDown", "x[1, 1]"), ("ArrowLeft", "x[1, 0]"),
        ("ArrowUp", "x[0, 0]"), ("End", "x[1, 1]"),
    ):  # fmt: skip
        check.page.keyboard.press(key)
        assert where() == place
    check.page.keyboard.press("Tab")
    assert where().startswith("w[")


def test_the_step_is_plotted_and_can_be_walked(check):
    shown = form(check, 0)
    plot = shown.locator(".ln-steps")
    assert ink(plot) > 8
    shown.locator(".ln-map").nth(0).hover(position={"x": 45, "y": 15})
    assert "whatever the step" in plot.get_attribute("aria-label")
    plot.focus()
    check.page.keyboard.press("ArrowRight")
    first = shown.locator(".ln-under").inner_text()
    check.page.keyboard.press("ArrowLeft")
    assert first != shown.locator(".ln-under").inner_text()
    assert "your gradient, against the slope: 0.333" in first
    box = plot.bounding_box()
    plot.hover(position={"x": box["width"] - 13, "y": 60})
    assert "step 0.1" in shown.locator(".ln-under").inner_text()


def test_a_kink_is_explained(check):
    shown = form(check, 1)
    assert "It never settles" in shown.inner_text()
    assert "on a kink" in shown.locator(".ln-element").inner_text()


def test_a_right_input_has_its_own_plot(check):
    shown = form(check, 0)
    shown.locator(".ln-map").nth(1).hover(position={"x": 15, "y": 15})
    assert "for w[" in shown.locator(".ln-steps").get_attribute("aria-label")


def test_the_widget_shows_the_same(check):
    assert form(check, 2).locator(".ln-verdict").inner_text() == form(check, 0).locator(".ln-verdict").inner_text()
    assert form(check, 2).locator(".ln-map").count() == 2
