"""A picture in a real JupyterLab: its still form is exchanged for the live one, which wears the theme of the page."""

from io import BytesIO

import pytest

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
    stage = page.page.locator(".learnnn-stage .ln-stage")
    stage.wait_for(timeout=60_000)
    image = page.page.locator(".learnnn-picture img")  # the still form, which a page without scripts shows
    assert image.is_hidden()
    assert "tanh (output)" in image.get_attribute("alt")
    assert stage.locator("text").all_text_contents().count("grad") == 4
    # what the page shows, read off a screenshot: the paper is light, then dark
    light = _corner(stage)
    page.wear("JupyterLab Dark")
    page.page.wait_for_timeout(300)
    assert light > 240
    assert _corner(stage) < 60
    assert not page.errors


def _corner(element) -> int:
    """The brightness of the paper, a few pixels in."""
    Image = pytest.importorskip("PIL.Image")
    return Image.open(BytesIO(element.screenshot())).convert("L").getpixel((5, 5))
