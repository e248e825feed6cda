"""The live graph in a real JupyterLab: stepped, played, scrubbed, folded, and asked what if."""

from itertools import pairwise
from statistics import median

import pytest

SETUP = """
import learnnn as torch
from learnnn import inspection, nn
torch.manual_seed(0)
a, b, c = (torch.tensor(v, requires_grad=True) for v in (2.0, 3.0, 4.0))
m = a * b
out = m * c + m
"""
SMALL = "inspection.graph(out)"
BIAS = """
x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
bias = torch.tensor([1.0, -1.0, 0.5], requires_grad=True)
inspection.graph((x + bias).sum())
"""
MODEL = """
model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 2)), nn.Softmax(dim=1))
g = inspection.graph(model, torch.ones(2, 3), fold="layers")
g
"""
CHAIN = """
w, y = torch.tensor(0.9, requires_grad=True), torch.tensor(0.5, requires_grad=True)
for _ in range(49):
    y = torch.tanh(y * w)
inspection.graph(y)
"""


UPDATE = """
with torch.no_grad():
    model[0].bias.fill_(2.0)
g.update()
print("updated", "now")
"""


@pytest.fixture(scope="module")
def live(lab):
    page = lab.open(lab.write("graphs.ipynb", SETUP, SMALL, BIAS, MODEL, CHAIN, UPDATE), height=3600)
    page.run_all()
    page.page.wait_for_function("() => document.querySelectorAll('.ln .ln-stage').length === 4", timeout=90_000)
    return page


def hook(live, k):
    return live.page.locator(".ln").nth(k)


def node(graph, name):
    """The box of a node, by the name in it."""
    return graph.locator(".ln-node").filter(has=graph.page.locator(f'.ln-name:text-is("{name}")'))


def numbers(graph, name):
    return node(graph, name).locator(".ln-number").all_text_contents()


def scrub(graph, place):
    graph.locator(".ln-play input").evaluate(
        "(input, place) => { input.value = place; input.dispatchEvent(new Event('input')) }", place
    )


@pytest.fixture
def small(live):
    graph = hook(live, 0)
    graph.get_by_label("backward", exact=True).select_option("right")
    return graph


def test_steps_go_forward_and_then_back(small):
    scrub(small, 0)
    panel = small.locator(".ln-panel")
    assert panel.locator("h4").inner_text() == "forward: a"
    assert numbers(small, "out") == ["", ""]
    more = small.get_by_label("one step forward")
    for _ in range(5):
        more.click()
    assert panel.locator("h4").inner_text() == "forward: out"
    assert numbers(small, "out") == ["30", ""]
    more.click()
    assert panel.locator("h4").inner_text() == "backward begins"
    assert numbers(small, "out") == ["30", "1"]
    more.click()
    more.click()
    assert panel.locator("h4").inner_text() == "backward: mul"
    said = panel.inner_text()
    assert "∂(m × c)/∂m = c" in said.replace("\n", " ")
    assert "1 + 4 = 5" in said.replace("\n", " ")
    assert numbers(small, "m") == ["6", "5"]
    assert numbers(small, "a") == ["2", ""]
    small.get_by_label("one step back").click()
    assert numbers(small, "m") == ["6", "1"]


def test_it_plays_to_the_end(small):
    scrub(small, 0)
    small.get_by_role("button", name="Play").click()
    small.page.wait_for_function(
        "root => root.querySelector('.ln-play output').textContent === 'backward 4 of 4'", arg=small.element_handle()
    )
    assert numbers(small, "a") == ["2", "15"]
    small.get_by_role("button", name="Play").wait_for()  # it has stopped by itself


def test_the_player_by_keyboard(small):
    small.locator(".ln-play input").focus()
    small.page.keyboard.press("Home")
    assert small.locator(".ln-play output").inner_text() == "forward 1 of 6"
    small.page.keyboard.press("End")
    assert small.locator(".ln-play output").inner_text() == "backward 4 of 4"
    assert numbers(small, "b") == ["3", "10"]


def test_a_node_is_clicked_and_its_neighbours_light_up(small):
    scrub(small, 9)
    node(small, "m").click()
    said = small.locator(".ln-panel").inner_text()
    for part in ("m\n", "value\t6", "gradient\t5", "from", "a\nb" if "a\nb" in said else "a", "used by"):
        assert part in said
    assert small.locator(".ln-node.ln-near").count() == 4  # a, b, the product and the sum
    small.locator(".ln-panel").get_by_role("button", name="out").click()
    assert small.locator(".ln-panel h4").inner_text() == "out"


def test_the_graph_by_keyboard(small):
    stage = small.locator(".ln-stage")
    stage.focus()
    small.page.keyboard.press("Escape")
    small.page.keyboard.press("ArrowRight")
    assert small.locator(".ln-panel h4").inner_text() == "a"
    small.page.keyboard.press("ArrowRight")
    assert small.locator(".ln-panel h4").inner_text() == "m"
    assert small.locator(".ln-panel").get_attribute("aria-live") == "polite"  # it is read aloud
    before = stage.locator("svg").get_attribute("width")
    small.page.keyboard.press("+")
    small.page.wait_for_function(
        "([svg, before]) => svg.getAttribute('width') !== before", arg=[stage.locator("svg").element_handle(), before]
    )
    small.page.keyboard.press("0")


@pytest.mark.parametrize(
    ("engine", "wrong", "why"),
    [
        ("order", {"a": "3", "b": "2"}, "m had its turn too early, with 1 where 5"),
        ("overwrite", {"m": "4", "a": "12", "b": "8"}, "m is used twice"),
        ("twice", {"a": "30", "b": "20", "c": "12"}, "zero_grad"),
    ],
)
def test_what_if_backward_went_wrong(small, engine, wrong, why):
    small.get_by_label("backward", exact=True).select_option(engine)
    right = {"a": "15", "b": "10", "c": "6", "m": "5"}
    for name, found in wrong.items():
        assert numbers(small, name)[1] == found
        assert "grad ≠" in node(small, name).locator(".ln-what").all_text_contents()
    said = small.locator(".ln-why").inner_text()
    assert why in said
    for name, found in wrong.items():
        assert f"{name} wrong ≠ {found} right {right[name]}" in said.replace("\n", " ")
    assert small.locator(".ln-node.ln-off").count() == len(wrong)


def test_what_cannot_go_wrong_here_is_said(small):
    small.get_by_label("backward", exact=True).select_option("broadcast")
    assert "no value was copied" in small.locator(".ln-why").inner_text()
    assert "(x + b).sum()" in small.locator(".ln-why").inner_text()
    assert small.locator(".ln-node.ln-off").count() == 0


def test_a_gradient_that_was_not_summed_over_copies(live):
    graph = hook(live, 1)
    graph.get_by_label("backward", exact=True).select_option("broadcast")
    assert numbers(graph, "bias")[1] == "2 rows"
    assert "bias (3) was copied to 2 × 3" in graph.locator(".ln-why").inner_text()


def test_modules_are_unfolded_and_folded_one_by_one(live):
    graph = hook(live, 2)
    names = lambda: graph.locator(".ln-name").all_text_contents()
    wait = lambda n: graph.page.wait_for_function(
        "([root, n]) => root.querySelectorAll('.ln-node').length === n", arg=[graph.element_handle(), n]
    )
    assert names() == ["input", "0 · Linear", "1 · Sequential", "2 · Softmax"]
    node(graph, "1 · Sequential").dblclick()
    wait(5)
    assert names() == ["input", "0 · Linear", "1.0 · Tanh", "1.1 · Linear", "2 · Softmax"]
    node(graph, "1.1 · Linear").click()
    graph.get_by_role("button", name="Unfold").click()
    wait(7)
    assert "1.1.weight" in names()
    graph.locator('.ln-node:not([data-path]):has(.ln-badge:text-is("linear"))').click()
    graph.get_by_role("button", name="Fold 1.1 · Linear").click()
    wait(5)
    graph.get_by_label("show", exact=True).select_option("model")
    wait(2)
    graph.get_by_label("show", exact=True).select_option("all")
    assert graph.locator(".ln-node").count() > 7


def test_it_follows_the_model(live):
    live.wait_for_text("updated now")
    graph = hook(live, 2)
    graph.get_by_label("show", exact=True).select_option("all")
    assert numbers(graph, "0.bias")[0] == "[2, 2, 2, 2]"


def test_without_a_kernel_unfolding_goes_to_the_next_level(browser, tmp_path):
    from learnnn import nn
    from learnnn.inspection import graph

    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 2)))
    page, errors = browser.new_page(viewport={"width": 320, "height": 800}), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(graph(model, [[1.0, 2.0, 3.0]], fold="model").save(tmp_path / "model.html").as_uri())
    boxes = page.locator(".ln .ln-node")
    for count in (2, 3, 4):
        assert boxes.count() == count
        boxes.nth(1).dblclick()
    assert boxes.count() == 8  # all of it: the input, four parameters, three steps
    assert page.locator(".ln").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert not errors
    page.close()


def test_it_is_dragged_and_zoomed(live):
    graph = hook(live, 3)
    graph.scroll_into_view_if_needed()
    svg, box = graph.locator(".ln-stage svg"), graph.locator(".ln-stage").bounding_box()
    graph.get_by_role("button", name="Fit").click()
    at = lambda: svg.evaluate("svg => { const m = new DOMMatrix(getComputedStyle(svg).transform); return [m.e, m.f] }")
    graph.page.wait_for_timeout(100)
    before, mouse = at(), graph.page.mouse
    mouse.move(box["x"] + 20, box["y"] + 40)
    mouse.down()
    mouse.move(box["x"] + 70, box["y"] + 60, steps=5)
    mouse.up()
    graph.page.wait_for_timeout(100)
    assert [round(b - a) for a, b in zip(before, at())] == [50, 20]
    wide = float(svg.get_attribute("width"))
    graph.get_by_label("zoom in").click()
    graph.page.wait_for_timeout(100)
    assert float(svg.get_attribute("width")) == pytest.approx(1.25 * wide)


def test_100_nodes_play_smoothly(live):
    graph = hook(live, 3)
    assert graph.locator(".ln-node").count() == 100
    graph.scroll_into_view_if_needed()
    times = graph.evaluate(
        """async root => {
          const input = root.querySelector('.ln-play input'), next = () => new Promise(requestAnimationFrame);
          root.learnnn.times.length = 0;
          for (let i = 0; i < 120; i++) {
            input.value = 20 + i;
            input.dispatchEvent(new Event('input'));
            await next();
          }
          return root.learnnn.times;
        }"""
    )
    frames = [after - before for before, after in pairwise(times)]
    print(f"player on 100 nodes: median {median(frames):.1f} ms, worst {max(frames):.1f} ms of {len(frames)} frames")
    assert len(frames) > 100


def test_500_nodes_are_moved_smoothly(browser, tmp_path):
    import learnnn as torch
    from learnnn.inspection import graph

    w, y = torch.tensor(0.9, requires_grad=True), torch.tensor(0.5, requires_grad=True)
    for _ in range(248):
        y = torch.tanh(y * w)
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.goto(graph(y).save(tmp_path / "long.html").as_uri())
    assert page.locator(".ln-node").count() == 498
    times = page.locator(".ln").evaluate(
        """async root => {
          const stage = root.querySelector('.ln-stage'), next = () => new Promise(requestAnimationFrame);
          stage.focus();
          root.learnnn.times.length = 0;
          for (let i = 0; i < 60; i++) {
            stage.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', shiftKey: true, bubbles: true }));
            await next();
          }
          return root.learnnn.times;
        }"""
    )
    frames = [after - before for before, after in pairwise(times)]
    print(f"moving 498 nodes: median {median(frames):.1f} ms, worst {max(frames):.1f} ms of {len(frames)} frames")
    assert len(frames) > 50
    page.close()


def test_nothing_was_complained_of(live):
    assert not live.errors
