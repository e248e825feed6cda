"""The loss landscape in JupyterLab: turned, read, walked, and with a ball that rolls."""

import pytest

SETUP = """
import numpy as np
import learnnn as torch
from learnnn import inspection, nn
torch.manual_seed(0)
rng = np.random.default_rng(0)
X = rng.normal(size=(50, 3))
model = nn.Linear(3, 1).double()
w = model.weight.detach().numpy().copy()
to_go = np.linspace(1, 0, 10)
path = [{"weight": w + t * np.array([[2.0, 0, 1]]) + t**2 * np.array([[0, 1.0, 0]]), "bias": [0.0]} for t in to_go]
picture = inspection.landscape(model, (X, X @ [1.0, -2, 0.5]), path=path)
"""
BALL = 'inspection.landscape(lambda x, y: x * x + 4 * y * y, extent=(-2, 2, -2, 2), title="bowl")'
LINE = "inspection.landscape(model, (X, X @ [1.0, -2, 0.5]), directions=1)"
PIXELS = """canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return data.filter((_, i) => i % 997 === 0).join();
}"""


@pytest.fixture(scope="module")
def live(lab):
    page = lab.open(lab.write("landscape.ipynb", SETUP, "picture", BALL, LINE, "picture.widget()"))
    page.run_all()
    page.page.wait_for_function("() => document.querySelectorAll('.ln').length === 4", timeout=90_000)
    return page


def hook(live, n):
    root = live.page.locator(".ln").nth(n)
    root.scroll_into_view_if_needed()
    return root


def changed(live, canvas, before):
    for _ in range(50):
        if canvas.evaluate(PIXELS) != before:
            return True
        live.page.wait_for_timeout(100)
    return False


def drag(live, canvas, dx, dy):
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    live.page.mouse.move(x, y)
    live.page.mouse.down()
    live.page.mouse.move(x + dx / 2, y + dy / 2)
    live.page.mouse.move(x + dx, y + dy)
    live.page.mouse.up()


def test_the_surface_turns_by_drag_and_by_keys(live):
    surface = hook(live, 0).locator(".ln-surface")
    before = surface.evaluate(PIXELS)
    drag(live, surface, 80, 30)
    assert changed(live, surface, before)
    before = surface.evaluate(PIXELS)
    surface.press("ArrowLeft")
    assert changed(live, surface, before)
    assert not live.errors


def test_the_map_is_read_by_pointer_and_keys(live):
    root = hook(live, 0)
    root.locator(".ln-map").hover(position={"x": 150, "y": 100})
    live.page.wait_for_function("() => document.querySelector('.ln-hovered').textContent.startsWith('at the pointer')")
    status = root.locator(".ln-status")
    drag(live, root.locator(".ln-map"), 40, 0)
    before = status.inner_text()
    assert ": loss" in before
    root.locator(".ln-map").press("ArrowUp")
    assert status.inner_text() != before


def test_the_path_is_walked(live):
    root = hook(live, 0)
    scrub = root.locator("input[aria-label='step of the path']")
    scrub.fill("0")
    said = root.locator(".ln-play output")
    first = said.inner_text()
    assert first.startswith("1 of 10: loss")
    scrub.fill("9")
    assert said.inner_text().startswith("10 of 10")
    assert float(said.inner_text().split("loss ")[1]) < float(first.split("loss ")[1])


def test_scale_and_view_are_chosen(live):
    root = hook(live, 0)
    chart = root.locator(".ln-map")
    before = chart.evaluate(PIXELS)
    root.locator("input[aria-label='scale']").fill("0")
    assert changed(live, chart, before)
    root.locator("select[aria-label='show']").select_option("surface")
    assert chart.is_hidden()
    root.locator("select[aria-label='show']").select_option("both")
    assert chart.is_visible()


def test_a_ball_is_dropped_and_rolls_to_the_bottom(live):
    root = hook(live, 1)
    box = root.locator(".ln-map").bounding_box()
    live.page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    live.page.wait_for_function(
        "() => document.querySelectorAll('.ln')[1].querySelector('.ln-status').textContent.includes('lies still')",
        timeout=60_000,
    )
    told = root.locator(".ln-status").inner_text()
    height = float(told.split("height ")[1].split(",")[0].replace("−", "-"))
    assert height < 1e-3
    assert not live.errors


def test_one_step_is_gradient_descent(live):
    """x - lr 2x and y - lr 8y, on a parabola the grid's slopes are exact."""
    root = hook(live, 1)
    root.locator(".ln-map").press("Shift+ArrowRight")
    root.get_by_role("button", name="Back").click()
    ball = "e => e.learnnn.state && e.querySelector('.ln-status').textContent"
    x0, y0 = place(root.evaluate(ball))
    root.locator("input[aria-label='learning rate']").fill("-1")
    root.get_by_role("button", name="Step").click()
    x1, y1 = place(root.evaluate(ball))
    assert x1 == pytest.approx(0.8 * x0, abs=2e-3)
    assert y1 == pytest.approx(0.2 * y0, abs=2e-3)


def test_too_large_a_learning_rate_throws_the_ball_off_the_map(live):
    root = hook(live, 1)
    root.locator("input[aria-label='learning rate']").fill("0")
    box = root.locator(".ln-map").bounding_box()
    live.page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    live.page.wait_for_function(
        "() => document.querySelectorAll('.ln')[1].querySelector('.ln-status').textContent.includes('left the map')",
        timeout=30_000,
    )


def test_the_curve_is_read_by_keys(live):
    root = hook(live, 2)
    root.locator("canvas").press("Home")
    assert root.locator(".ln-status").inner_text().startswith("−1 along the direction")


def test_the_widget_follows_the_model(live, lab):
    page = lab.open(
        lab.write(
            "landscape_moves.ipynb",
            SETUP,
            "picture.widget()",
            "with torch.no_grad():\n    model.weight += 0.5\npicture.update()\nprint('moved', 'on')",
        )
    )
    page.run_all()
    page.wait_for_text("moved on")
    page.page.wait_for_function(
        """() => {
          const said = document.querySelector('.ln-status')?.textContent ?? '';
          return said.includes(': loss') && !said.includes('1st direction 0,');
        }""",
        timeout=60_000,
    )
    assert not page.errors


def place(told):
    x, y = (told.split(f"{name} ")[1].split(",")[0].split(":")[0].replace("−", "-") for name in ("x", " y"))
    return float(x), float(y)
