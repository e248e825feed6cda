"""Broadcasting in JupyterLab: play, step, scrub, and where a number comes from."""

import pytest

FORWARD = """
from learnnn import inspection
inspection.broadcast([1.0, 2.0, 3.0], [[10.0], [20.0]], gradient=[[1, 2, 3], [100, 200, 300]])
"""
BACK = "inspection.unbroadcast([[1.0, 2.0], [10.0, 20.0]], (2,))"


@pytest.fixture(scope="module")
def film(lab):
    page = lab.open(lab.write("broadcast.ipynb", FORWARD, BACK))
    page.run_all()
    page.page.wait_for_function("() => document.querySelectorAll('.ln-stage').length === 2", timeout=90_000)
    yield page
    assert not page.errors


def form(film, k=0):
    return film.page.locator(".ln").nth(k)


def names(film, k=0):
    return form(film, k).locator(".ln-name").all_inner_texts()


def rewind(film, k=0):
    form(film, k).get_by_role("slider", name="film").fill("0")


def step(film, name, times=1, k=0):
    for _ in range(times):
        form(film, k).get_by_role("button", name=name).click()


def point(film, panel, column, row, k=0):
    canvas = form(film, k).locator(".ln-array canvas").nth(panel)
    width = canvas.bounding_box()["width"] / (3 - k)
    canvas.hover(position={"x": (column + 0.5) * width, "y": row * 30 + 15})
    return form(film, k).locator(".ln-status").inner_text()


def test_the_shapes_are_lined_up(film):
    rows = form(film).locator(".ln-shapes tr").all_inner_texts()
    assert [row.split() for row in rows[1:]] == [
        ["a", "—", "→", "2", "3"], ["b", "2", "1", "→", "3"], ["a", "+", "b", "2", "3"],
    ]  # fmt: skip


def test_stepping_goes_through_the_stages(film):
    rewind(film)
    assert names(film) == ["a (3,)", "b (2, 1)", "a + b (2, 3)"]
    step(film, "one step forward")
    assert "a has no axis 0" in form(film).locator(".ln-stage").inner_text()
    assert names(film)[0] == "a (2, 3)"
    step(film, "one step forward", 2)
    assert "they are added" in form(film).locator(".ln-stage").inner_text()
    step(film, "one step back")
    assert "Axis 1 of b has size 1" in form(film).locator(".ln-stage").inner_text()


def test_a_number_tells_where_it_comes_from(film):
    rewind(film)
    step(film, "one step forward", 3)
    assert point(film, 2, 2, 1) == "Element [1, 2] is a[2] + b[1, 0] = 3 + 20 = 23."
    assert point(film, 1, 0, 0) == "b[0, 0] = 10 is used 3 times, at [0, 0], [0, 1], [0, 2]."


def test_on_the_way_back_copies_are_summed(film):
    rewind(film)
    slider = form(film).get_by_role("slider", name="film")
    slider.focus()
    slider.press("End")
    assert names(film) == ["gradient of a (3,)", "gradient of b (2, 1)", "gradient that arrives (2, 3)"]
    assert point(film, 0, 2, 0) == "The gradient of a[2] is 3 + 300 = 303."
    assert point(film, 1, 0, 1) == "The gradient of b[1, 0] is 100 + 200 + 300 = 600."
    assert point(film, 2, 1, 0) == "The gradient at [0, 1] is 2: it goes to a[1] and to b[0, 0]."


def test_arrow_keys_walk_over_the_numbers(film):
    rewind(film)
    step(film, "one step forward", 3)
    film.page.mouse.move(0, 0)
    form(film).locator(".ln-array canvas").nth(2).focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"):
        film.page.keyboard.press(key)
    assert form(film).locator(".ln-status").inner_text().startswith("Element [1, 1] is a[1] + b[1, 0]")


def test_it_plays_to_the_end_frame_by_frame(film):
    rewind(film)
    film.forget_frames()
    form(film).get_by_role("button", name="Play").click()
    film.page.wait_for_function(
        "() => document.querySelector('.ln-play output').textContent.startsWith('9 of 9')", timeout=30_000
    )
    assert len(film.frame_times()) > 60


def test_unbroadcast_opens_on_the_way_back(film):
    rewind(film, 1)
    assert names(film, 1) == ["gradient of x (2, 2)"]
    assert "gradient that arrives" in form(film, 1).locator(".ln-stage").inner_text()
    step(film, "one step forward", 2, k=1)
    assert names(film, 1) == ["gradient of x (2,)"]
    assert point(film, 0, 0, 0, k=1) == "The gradient of x[0] is 1 + 10 = 11."
