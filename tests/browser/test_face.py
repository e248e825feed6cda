"""The live form of a picture in a real browser: in a page alone, and in JupyterLab with a kernel."""

import pytest

from tests.inspection.test_face import SCRIPT

COUNTER = f"""
from pathlib import Path
import numpy as np
from learnnn.inspection.face.live import Live
from learnnn.inspection.face.scene import Scene, Text
Path("counter.js").write_text({SCRIPT!r})

class Counter(Live):
    title, script, data, text = "counter", Path("counter.js"), "3", "3"
    def to_svg(self):
        return Scene(100, 40, "counter", "a number", [Text(10, 20, "3")]).to_svg()
    def state(self):
        return {{"start": 3, "x": np.linspace(0, 1, 4)}}
    def event(self, event):
        return {{"n": event["n"] + 10}}
"""


@pytest.fixture
def page(browser, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    space: dict = {}
    exec(COUNTER, space)
    path = space["Counter"]().save(tmp_path / "counter.html")
    page = browser.new_page()
    page.goto(path.as_uri())
    yield page
    page.close()


def test_a_page_without_a_kernel_comes_to_life(page):
    said = page.locator(".learnnn-stage .said")
    assert said.inner_text() == "3"
    page.get_by_role("button", name="more").click()
    assert said.inner_text() == "4"
    assert page.locator(".learnnn-still").is_hidden()


def test_the_page_wears_the_systems_theme(page):
    paper = lambda: page.locator(".ln").evaluate("e => getComputedStyle(e).backgroundColor")
    light = paper()
    page.emulate_media(color_scheme="dark")
    assert light == "rgb(255, 255, 255)"
    page.wait_for_function(
        "light => getComputedStyle(document.querySelector('.ln')).backgroundColor !== light", arg=light
    )
    assert paper() == "rgb(22, 25, 29)"


def test_in_jupyterlab_it_lives_with_and_without_the_kernel(lab):
    cells = [COUNTER, "Counter()", "c = Counter(); c.kernel = True; c"]
    page = lab.open(lab.write("counter.ipynb", *cells))
    page.run_all()
    pages = page.page.locator(".ln .said")
    page.page.wait_for_function("() => document.querySelectorAll('.ln .said').length === 2", timeout=60_000)
    for i, after in ((0, "4"), (1, "13")):
        page.page.get_by_role("button", name="more").nth(i).click()
        page.page.wait_for_function(
            "([i, after]) => document.querySelectorAll('.ln .said')[i].textContent === after", arg=[i, after]
        )
    assert pages.all_inner_texts() == ["4", "13"]
    assert not page.errors
