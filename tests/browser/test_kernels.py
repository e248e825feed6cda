"""`kernels` in a page and in JupyterLab: the numbers on the page are those of learnnn's conv2d."""

import numpy as np
import pytest

import learnnn
from learnnn import nn
from learnnn.inspection import kernels
from learnnn.nn import functional as F

RESULT = "() => Array.from(document.querySelector('.ln').learnnn.result)"
IMAGE = np.random.default_rng(0).random((2, 12, 10)).astype(np.float32)


@pytest.fixture(scope="module")
def conv():
    learnnn.manual_seed(0)
    return nn.Conv2d(2, 4, 3, stride=2, padding=1)


@pytest.fixture
def page(browser, tmp_path, conv):
    page = browser.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(kernels(conv, IMAGE, channel=1).save(tmp_path / "kernels.html").as_uri())
    yield page
    assert not page.complaints
    page.close()


def due(weight, bias, **settings):
    tensors = [learnnn.tensor(np.asarray(a, np.float32)) for a in (IMAGE[None], weight, bias)]
    return F.conv2d(*tensors, **settings).array[0]


def shown(page):
    return np.array(page.evaluate(RESULT))


def test_the_page_computes_what_learnnn_computes(page, conv):
    weight, bias = conv.weight.array, conv.bias.array
    assert np.allclose(shown(page), due(weight, bias, stride=2, padding=1)[1].ravel(), atol=1e-6)
    page.get_by_label("padding").fill("2")
    page.get_by_label("stride").fill("1")
    assert np.allclose(shown(page), due(weight, bias, padding=2)[1].ravel(), atol=1e-6)
    assert "result 14 × 12" in page.locator(".ln").inner_text()


def test_typing_and_keys_change_the_kernel(page, conv):
    weight = conv.weight.array.copy()
    page.get_by_label("kernel, row 0, column 2").fill("1.5")
    weight[1, 0, 0, 2] = 1.5
    assert np.allclose(shown(page), due(weight, conv.bias.array, stride=2, padding=1)[1].ravel(), atol=1e-6)
    page.keyboard.press("ArrowUp")
    weight[1, 0, 0, 2] = 1.6
    assert np.allclose(shown(page), due(weight, conv.bias.array, stride=2, padding=1)[1].ravel(), atol=1e-6)
    page.get_by_label("kernel, row 0, column 2").fill("")
    page.keyboard.press("Tab")
    assert "needs a number; it stays 1.6" in page.locator(".ln-status").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert np.allclose(shown(page), due(conv.weight.array, conv.bias.array, stride=2, padding=1)[1].ravel(), atol=1e-6)


def test_a_cell_is_dragged(page):
    before, cell = shown(page), page.get_by_label("kernel, row 1, column 1")
    box = cell.bounding_box()
    page.mouse.move(box["x"] + 15, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + 15, box["y"] - 45, steps=6)
    page.mouse.up()
    assert not np.allclose(shown(page), before)
    assert np.abs(shown(page) - before).max() < 1


def test_known_kernels_and_normalizing(page, conv):
    page.get_by_label("kernel", exact=True).select_option("blur")
    blur = np.full((4, 2, 3, 3), 1 / 18)
    assert np.allclose(shown(page), due(blur, conv.bias.array, stride=2, padding=1)[1].ravel(), atol=1e-6)
    page.get_by_label("kernel, row 1, column 1").fill("1")
    page.get_by_role("button", name="Normalize").click()
    blur[1, 0, 1, 1] = 1
    blur[1] /= blur[1].sum()
    assert np.allclose(shown(page), due(blur, conv.bias.array, stride=2, padding=1)[1].ravel(), atol=1e-6)
    page.get_by_label("input channel").select_option("1")
    middle = page.get_by_label("kernel, row 1, column 1").input_value()
    assert float(middle) == pytest.approx(blur[1, 1, 1, 1], abs=0.01)


def test_the_window_moves_by_pointer_and_by_keys(page, conv):
    result = due(conv.weight.array, conv.bias.array, stride=2, padding=1)[1]
    box = page.get_by_label("the result", exact=False).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 1.5 / 5, box["y"] + box["height"] * 2.5 / 6)
    said = lambda: page.locator(".ln-kernels-sums").inner_text().replace("−", "-")
    assert f"row 2, column 1: {result[2, 1]:.4g}"[:22] in said()
    page.mouse.down()  # gives it the focus
    page.mouse.up()
    page.keyboard.press("ArrowDown")
    assert f"row 3, column 1: {result[3, 1]:.4g}"[:22] in said()
    box = page.get_by_label("the image", exact=False).bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    assert f"row 0, column 0: {result[0, 0]:.4g}"[:22] in said()


def test_another_kernel_is_chosen_by_click_and_keys(page, conv):
    thumbs = page.get_by_label("all kernels", exact=False)
    box = thumbs.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 3.5 / 4, box["y"] + 10)
    result = due(conv.weight.array, conv.bias.array, stride=2, padding=1)
    assert np.allclose(shown(page), result[3].ravel(), atol=1e-6)
    page.mouse.click(box["x"] + 10, box["y"] + 10)
    thumbs.focus()
    page.keyboard.press("ArrowRight")
    assert np.allclose(shown(page), result[1].ravel(), atol=1e-6)


def test_without_a_kernel_writing_is_off_and_says_so(page):
    assert page.get_by_role("button", name="Write into the layer").is_disabled()
    assert "needs a running kernel" in page.locator(".ln").inner_text()


def test_it_is_narrow_enough_for_a_phone(page):
    page.set_viewport_size({"width": 320, "height": 800})
    page.wait_for_timeout(100)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


CELLS = (
    "import numpy as np\nfrom learnnn import inspection, nn\nconv = nn.Conv2d(1, 2, 3)",
    "before = conv.weight.array.copy()",
    "inspection.kernels(conv, np.eye(8))",
    "print('written', conv.weight[0, 0, 0, 0].item())",
    "print('undone', (conv.weight.array == before).all())",
)


def test_in_jupyterlab_the_layer_is_written_and_undone(lab):
    page = lab.open(lab.write("kernels.ipynb", *CELLS))
    page.run_all()
    page.page.locator(".ln").first.wait_for(timeout=90_000)
    page.page.get_by_label("kernel, row 0, column 0").fill("7")
    page.page.get_by_role("button", name="Write into the layer").click()
    said = "words => document.querySelector('.ln-status').textContent.includes(words)"
    page.page.wait_for_function(said, arg="Written into Conv2d")
    rerun(page, 3)
    page.wait_for_text("written 7.0")
    page.page.get_by_role("button", name="Undo").click()
    page.page.wait_for_function(said, arg="Undone")
    rerun(page, 4)
    page.wait_for_text("undone True")
    assert not page.errors


def rerun(page, cell):
    page.page.evaluate(
        """async cell => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.activeCellIndex = cell;
          await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        cell,
    )
