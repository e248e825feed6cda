"""The optimizer race in JupyterLab and in a page without a kernel: played, started elsewhere, and with other rates."""

import pytest

SETUP = "from learnnn import inspection, optim"
RACE = """
race = inspection.optimizer_race("ravine", {
    "SGD": lambda p: optim.SGD(p, lr=0.03), "Adam": lambda p: optim.Adam(p, lr=0.1),
}, steps=50)
race
"""


@pytest.fixture(scope="module")
def live(lab):
    page = lab.open(lab.write("race.ipynb", SETUP, RACE))
    page.run_all()
    page.page.locator(".ln-race-map").wait_for(timeout=90_000)
    return page


@pytest.fixture
def alone(browser, tmp_path):
    from learnnn import inspection

    path = inspection.optimizer_race("ravine", steps=50).save(tmp_path / "race.html")
    page = browser.new_page()
    page.failures = []
    page.on("pageerror", lambda error: page.failures.append(str(error)))
    page.goto(path.as_uri())
    yield page
    assert not page.failures
    page.close()


def status(page):
    return page.locator(".ln-status").inner_text()


def until(page, words):
    page.wait_for_function(
        "words => document.querySelector('.ln-status').textContent.includes(words)", arg=words, timeout=20_000
    )


def test_the_race_is_scrubbed_and_played(live):
    page = live.page
    scrub = page.locator("input[aria-label=step]")
    scrub.fill("0")
    assert status(page).startswith("step 0 from (−4.5, 2): nobody is ahead")
    scrub.press("ArrowRight")
    assert status(page).startswith("step 1 ")
    page.get_by_role("button", name="▶ Play").click()
    until(page, "step 50 ")
    assert "is ahead" in status(page)
    assert not live.errors


def test_the_start_is_dragged_and_moved_by_keys(live):
    page, chart = live.page, live.page.locator(".ln-race-map")
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.up()
    page.wait_for_function("() => !document.querySelector('.ln-status').textContent.includes('(−4.5, 2)')")
    page.wait_for_timeout(500)
    said = status(page)
    before = start_of(said)
    assert before[0] > 0
    chart.press("ArrowUp")
    page.wait_for_function(
        "said => document.querySelector('.ln-status').textContent !== said", arg=said, timeout=20_000
    )
    after = start_of(status(page))
    assert after[0] == pytest.approx(before[0], abs=0.01)
    assert after[1] > before[1]
    assert not live.errors


def test_a_learning_rate_is_turned(live):
    page = live.page
    page.locator("input[aria-label='learning rate of SGD']").fill("0.5")
    page.wait_for_function(
        "() => document.querySelector('.ln-race-table').textContent.includes('lost')", timeout=20_000
    )
    assert "Adam is ahead" in status(page)


def test_an_optimizer_is_hidden(live):
    page = live.page
    pixels = "canvas => canvas.toDataURL().length + canvas.toDataURL()"
    before = page.locator(".ln-race-map").evaluate(pixels)
    page.locator("input[aria-label='show Adam']").uncheck()
    page.wait_for_timeout(300)
    assert page.locator(".ln-race-map").evaluate(pixels) != before
    page.locator("input[aria-label='show Adam']").check()


def test_without_a_kernel_other_starts_are_known(alone):
    alone.locator(".ln-race-map").click(position={"x": 300, "y": 60})
    assert "(−4.5, 2)" not in status(alone)
    assert alone.locator("input[aria-label='learning rate of SGD']").is_disabled()
    assert "run this in a notebook" in alone.locator(".ln").inner_text()
    first = status(alone)
    alone.locator(".ln-race-map").press("ArrowLeft")
    assert status(alone) != first


def test_the_curves_jump_to_a_step(alone):
    alone.locator(".ln-race-curves").click(position={"x": 120, "y": 60})
    step = int(status(alone).split("step ")[1].split(" ")[0])
    assert 0 < step < 30


def start_of(told):
    x, y = told.split("from (")[1].split(")")[0].replace("−", "-").split(", ")
    return float(x), float(y)
