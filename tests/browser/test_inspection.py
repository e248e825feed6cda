"""The inspections in a real JupyterLab: what is asserted on is what the page shows."""

import pytest

SETUP = """
import time
import learnnn as torch
from learnnn import datasets, inspection, nn, optim, training
torch.manual_seed(0)
X, y = datasets.moons()
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
boundary = inspection.decision_boundary(model, X, y)
"""
TRAIN = """
trainer = training.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.03))
pause = lambda epoch, logs: time.sleep(0.03)  # as long as a larger model would take
trainer.fit(X, y, epochs=40, batch_size=32, callbacks=[boundary.callback(), pause])
print("trained", "to the end")
"""
PIXELS = """canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return [...data.filter((_, i) => i % 997 === 0)].join();
}"""


@pytest.fixture(scope="module")
def live(lab):
    """A notebook whose widget is shown before, and follows while, something changes."""
    lab.write("boundary.ipynb", SETUP, "boundary.widget()", "boundary", 'print("ready", "to go")', TRAIN)
    page = lab.open("boundary.ipynb")
    page.run_all()
    return page


def test_the_canvas_follows_the_training(live):
    canvas = live.page.locator(".learnnn-boundary > canvas")
    canvas.wait_for(timeout=90_000)
    before = canvas.evaluate(PIXELS)
    live.wait_for_text("trained to the end")
    live.page.wait_for_function("() => document.querySelector('.learnnn-status').textContent.startsWith('epoch 40')")
    assert canvas.evaluate(PIXELS) != before
    assert len(set(before.split(","))) > 20  # a picture, and no blank sheet
    assert int(canvas.get_attribute("data-frames")) > 5  # it was drawn on the way, not at the end only
    assert not live.errors


def test_the_widget_speaks(live):
    live.wait_for_text("trained to the end")
    assert "points on the right side" in live.page.locator(".learnnn-status").inner_text()
    assert "2 classes (0, 1)" in live.page.locator(".learnnn-boundary > canvas").get_attribute("aria-label")
    assert live.page.locator(".learnnn-key span").all_inner_texts()[:3] == ["0", "1", "◯ wrong side"]


def test_the_picture_is_there_without_a_widget(live):
    live.wait_for_text("trained to the end")
    image = live.page.locator(".jp-RenderedImage img").first
    assert image.evaluate("image => image.complete && image.naturalWidth > 400")


def test_the_widget_wears_the_theme_of_the_page(live):
    live.wait_for_text("trained to the end")
    canvas = live.page.locator(".learnnn-boundary > canvas")
    paper = lambda: live.page.locator(".learnnn-boundary").evaluate("e => getComputedStyle(e).backgroundColor")
    light, pixels = paper(), canvas.evaluate(PIXELS)
    live.wear("JupyterLab Dark")
    live.page.wait_for_function(
        "light => getComputedStyle(document.querySelector('.learnnn-boundary')).backgroundColor !== light", arg=light
    )
    assert canvas.evaluate(PIXELS) != pixels
    live.wear("JupyterLab Light")


GRAPH = """
import learnnn as torch
from learnnn import inspection
a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(-3.0, requires_grad=True)
inspection.graph((a * b).tanh(), gradients=True)
"""


def test_a_graph_is_shown_and_wears_the_theme(lab):
    page = lab.open(lab.write("graph.ipynb", GRAPH))
    page.run_all()
    image = page.page.locator(".learnnn-picture img")
    image.wait_for(timeout=60_000)
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 200
    assert "tanh (output)" in image.get_attribute("alt")
    # what the page shows, read off a screenshot: the paper is light, then dark
    light = _corner(image)
    page.wear("JupyterLab Dark")
    page.page.wait_for_timeout(300)
    assert light > 240
    assert _corner(image) < 60


def _corner(image) -> int:
    """The brightness of the paper, a few pixels in."""
    from io import BytesIO

    Image = pytest.importorskip("PIL.Image")
    return Image.open(BytesIO(image.screenshot())).convert("L").getpixel((12, 8))
