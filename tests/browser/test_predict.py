"""Predictions in JupyterLab: choose, type, commit, see; with the keyboard alone; with a kernel and without."""

import pytest

CELLS = (
    """
from learnnn import inspection
inspection.predict("Which is blue?", "the sky", options=["grass", "the sky", "snow"], because="Light is scattered.")
""",
    'inspection.predict("What is the slope of x² at 3?", 6, because="The slope of x² is 2x.")',
    'inspection.predict("And the matrix?", [[1, 2], [3, 4]])',
    """
asked = []
told = inspection.predict("How many?", lambda: asked.append(1) or 7.0, because="Counted just now.")
told.widget()
""",
    'print("asked", len(asked), told.committed)',
)


@pytest.fixture(scope="module")
def asked(lab):
    page = lab.open(lab.write("predict.ipynb", *CELLS), height=1600)
    page.run_all()
    page.page.wait_for_function("() => document.querySelectorAll('.ln-predict').length === 4", timeout=90_000)
    yield page
    assert not page.errors


def form(asked, k):
    return asked.page.locator(".ln").nth(k)


def button(asked, k, name):
    return form(asked, k).get_by_role("button", name=name)


def verdict(asked, k):
    return form(asked, k).locator(".ln-verdict").inner_text()


def test_nothing_is_shown_before_the_reader_commits(asked):
    for k in range(4):
        assert verdict(asked, k) == ""
        assert button(asked, k, "Commit").is_disabled()
    assert "scattered" not in form(asked, 0).inner_html()


def test_a_wrong_choice_then_the_right_one(asked):
    form(asked, 0).get_by_text("grass").click()
    button(asked, 0, "Commit").click()
    assert verdict(asked, 0).startswith("✗ Not right. The answer is the sky.")
    assert "Light is scattered." in verdict(asked, 0)
    assert form(asked, 0).get_by_role("radio").nth(1).is_disabled()  # what is committed stays
    assert form(asked, 0).locator(".ln-mark").all_inner_texts() == ["✗", "✓"]
    button(asked, 0, "Try again").click()
    assert verdict(asked, 0) == ""
    form(asked, 0).get_by_role("radio").nth(1).check()
    button(asked, 0, "Commit").click()
    assert verdict(asked, 0).startswith("✓ Right.")


def test_a_number_is_typed_with_the_keyboard_alone(asked):
    keys = asked.page.keyboard
    form(asked, 1).get_by_label("your answer").focus()
    keys.type("12 apples")
    assert "is no number" in form(asked, 1).locator(".ln-status").inner_text()
    assert button(asked, 1, "Commit").is_disabled()
    keys.press("Control+A")
    keys.type("12")
    keys.press("Enter")
    assert verdict(asked, 1).startswith("✗ Not right. Yours is too large by 6, 2 times too large. The answer is 6.")
    keys.press("Shift+Tab")  # from the verdict back to the button
    keys.press("Enter")
    keys.type("6,0")
    keys.press("Tab")
    keys.press("Space")
    assert verdict(asked, 1).startswith("✓ Right.")


def test_options_with_the_keyboard_alone(asked):
    if button(asked, 0, "Try again").is_visible():
        button(asked, 0, "Try again").click()
    keys = asked.page.keyboard
    form(asked, 0).get_by_role("radio").first.focus()
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    assert form(asked, 0).get_by_role("radio").nth(2).is_checked()
    keys.press("ArrowUp")
    keys.press("Enter")
    assert verdict(asked, 0).startswith("✓ Right.")


def test_several_numbers_have_a_field_each(asked):
    fields = form(asked, 2).get_by_role("textbox")
    assert fields.count() == 4
    for i, text in enumerate(("1", "2", "−3", "4")):
        fields.nth(i).fill(text)
    assert fields.nth(2).get_attribute("aria-label") == "row 2, column 1"
    button(asked, 2, "Commit").click()
    assert "3 of 4 numbers are." in verdict(asked, 2)
    assert form(asked, 2).locator(".ln-mark").all_inner_texts() == ["✓", "✓", "✗", "✓"]


def test_with_a_kernel_python_is_told(asked):
    asked.wait_for_text("asked 0 None")
    form(asked, 3).get_by_role("textbox").fill("5")
    button(asked, 3, "Commit").click()
    form(asked, 3).get_by_text("Counted just now.").wait_for(timeout=20_000)
    assert "Yours is too small by 2." in verdict(asked, 3)
    asked.page.evaluate("""() => {
      window.jupyterapp.shell.currentWidget.content.activeCellIndex = 4;
      void window.jupyterapp.commands.execute('notebook:run-cell');
    }""")
    asked.wait_for_text("asked 1 5.0")
    button(asked, 3, "Try again").click()
    assert verdict(asked, 3) == ""
