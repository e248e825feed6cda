"""A film of a generator and a reverse diffusion in JupyterLab: scrubbed, played, switched, and filmed live."""

import pytest

SETUP = """
import numpy as np
import learnnn as torch
from learnnn import inspection, nn
rng = np.random.default_rng(0)
real = rng.normal(np.repeat([[0.0, 0.0], [3.0, 3.0]], 40, 0), 0.2)
film = inspection.film(
    lambda z: z, real, noise=rng.normal(size=(50, 2)), discriminator=lambda p: p[:, :1], centres=[[0, 0], [3, 3]]
)
for step in range(6):
    film.add(10 * step, rng.normal(size=(50, 2)) * 0.1 + 0.6 * step, loss=1 / (1 + step))
"""
DENOISE = """
inspection.denoise(lambda x, t: x / 2, steps=20, shape=(60, 2), data=rng.normal(size=(60, 2)), keep=21)
"""
IMAGES = "inspection.film([rng.uniform(size=(9, 6, 6)) * k for k in (0.2, 0.6, 1)], rng.uniform(size=(9, 6, 6)))"
YOUNG = """
young = inspection.film(lambda z: z + 1, real, noise=rng.normal(size=(50, 2)), discriminator=lambda p: p[:, :1])
young.widget()
"""
MORE = """
for step in range(8):
    young.record(step, loss=1 / (1 + step))
young.update()
print("filmed", "on")
"""
PIXELS = "canvas => canvas.toDataURL()"


@pytest.fixture(scope="module")
def live(lab):
    page = lab.open(lab.write("film.ipynb", SETUP, "film", DENOISE, IMAGES))
    page.run_all()
    page.page.wait_for_function("() => document.querySelectorAll('.ln').length === 3", timeout=90_000)
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


def test_the_film_is_scrubbed_by_slider_and_keys(live):
    root = hook(live, 0)
    canvas, status, scrub = (
        root.locator("canvas").first,
        root.locator(".ln-status"),
        root.locator("input[aria-label=moment]"),
    )
    before = canvas.evaluate(PIXELS)
    scrub.fill("0")
    assert status.inner_text().startswith("step 0 · loss 1 · modes covered 1")
    assert changed(live, canvas, before)
    scrub.press("ArrowRight")
    assert status.inner_text().startswith("step 10")
    root.get_by_role("button", name="one step forward").press("End")
    assert status.inner_text().startswith("step 50")
    assert not live.errors


def test_the_film_plays(live):
    root = hook(live, 0)
    root.locator("input[aria-label=moment]").fill("0")
    root.get_by_role("button", name="▶ Play").click()
    live.page.wait_for_function(
        "() => document.querySelector('.ln-status').textContent.startsWith('step 50')", timeout=30_000
    )


@pytest.mark.parametrize("name", ["real points", "belief of the discriminator", "density of what is made"])
def test_what_is_drawn_can_be_chosen(live, name):
    root = hook(live, 0)
    canvas = root.locator("canvas").first
    before = canvas.evaluate(PIXELS)
    root.get_by_label(name).click()
    assert changed(live, canvas, before)
    root.get_by_label(name).click()


def test_a_click_on_the_numbers_goes_to_the_moment(live):
    root = hook(live, 0)
    chart = root.locator(".ln-numbers canvas")
    box = chart.bounding_box()
    live.page.mouse.click(box["x"] + 0.55 * box["width"], box["y"] + 40)
    told = root.locator(".ln-status").inner_text()
    assert told.startswith(("step 20", "step 30"))


def test_noise_becomes_data(live):
    root = hook(live, 1)
    canvases = root.locator("canvas")
    assert canvases.count() == 3  # what is made, the data noised, the numbers
    root.locator("input[aria-label=moment]").fill("0")
    assert root.locator(".ln-status").inner_text().startswith("step 0 of 20 · spread: made")
    before = canvases.first.evaluate(PIXELS)
    root.get_by_label("score").click()
    assert changed(live, canvases.first, before)
    before = canvases.nth(1).evaluate(PIXELS)
    root.locator("input[aria-label=moment]").fill("20")
    assert changed(live, canvases.nth(1), before)
    assert not live.errors


def test_images_are_shown_beside_the_real_ones(live):
    root = hook(live, 2)
    canvases = root.locator("canvas")
    assert canvases.count() == 2
    made, real = (canvases.nth(k).evaluate(PIXELS) for k in (0, 1))
    root.locator("input[aria-label=moment]").fill("0")
    assert changed(live, canvases.first, made)
    assert canvases.nth(1).evaluate(PIXELS) == real


def test_a_widget_follows_the_training(live, lab):
    page = lab.open(lab.write("filmed.ipynb", SETUP, YOUNG, MORE))
    page.run_all()
    page.wait_for_text("filmed on")
    page.page.wait_for_function(
        "() => (document.querySelector('.ln-status')?.textContent ?? '').startsWith('step 7')", timeout=60_000
    )
    assert page.page.locator(".ln-numbers").is_visible()
    assert page.page.get_by_label("belief of the discriminator").is_visible()
    assert not page.errors
