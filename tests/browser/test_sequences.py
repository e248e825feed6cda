"""The hooks of sequences in a page: click, drag, type, keys; and in JupyterLab, where the kernel answers."""

import numpy as np
import pytest

import learnnn
from learnnn import inspection, nn


@pytest.fixture
def show(browser, tmp_path):
    """Open a picture in a page of its own; nothing there may complain, and it must fit a phone."""
    opened = []

    def show(picture, width=1100):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(picture.save(tmp_path / f"{len(opened)}.html").as_uri())
        page.wait_for_selector(".learnnn-stage .ln")
        opened.append(page)
        return page

    yield show
    for page in opened:
        page.set_viewport_size({"width": 320, "height": 800})
        frame(page)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert not page.complaints
        page.close()


def frame(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def said(page):
    return page.locator(".ln-status").inner_text().replace("−", "-")


def pixels(node):
    """A drawing, as numbers."""
    frame(node.page)
    return node.evaluate("c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()")


def press(page, node, *keys):
    node.focus()
    for key in keys:
        page.keyboard.press(key)


def softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


# ------------------------------------------------------------------------------------------------ attention
@pytest.fixture(scope="module")
def looks():
    weights = softmax(np.random.default_rng(0).normal(size=(2, 3, 5, 5)) * 2) * np.tri(5)
    return weights / weights.sum(-1, keepdims=True)


def test_attention_is_read_by_pointer_and_keys(show, looks):
    page = show(inspection.attention(looks, labels=list("abcde")))
    large = page.get_by_label("the weights of the chosen head", exact=False)
    press(page, large, *["ArrowUp"] * 9, *["ArrowLeft"] * 9, "ArrowDown", "ArrowDown", "ArrowRight")
    assert said(page).startswith(f"“c” (2) looks at “b” (1): {looks[0, 0, 2, 1]:.3g}")
    press(page, large, "ArrowRight", "ArrowRight")
    assert "“c” (2) does not look at “d” (3): 0, masked out" in said(page)
    before, box = pixels(large), large.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 10, box["y"] + 10)
    assert "“a” (0) does not look at “e” (4)" in said(page)
    assert pixels(large) != before


def test_a_head_is_chosen_by_click_and_keys(show, looks):
    page = show(inspection.attention(looks, labels=list("abcde")))
    heads, caption = page.get_by_label("all heads", exact=False), page.locator(".ln-attention .ln-muted").first
    entropies = -(looks * np.log2(np.where(looks > 0, looks, 1))).sum(-1).mean(-1)
    press(page, heads, "ArrowRight", "ArrowDown")
    assert caption.inner_text().startswith(f"layer 1, head 1 of 3: entropy {entropies[1, 1]:.3g} bits")
    box = heads.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 5 / 6, box["y"] + 30)
    assert caption.inner_text().startswith("layer 0, head 2 of 3")
    page.get_by_label("layer", exact=True).select_option("1")
    assert caption.inner_text().startswith("layer 1, head 2 of 3")


def test_a_click_on_a_token_draws_lines_to_what_it_looks_at(show, looks):
    page = show(inspection.attention(looks, labels=list("abcde")))
    page.locator(".ln-links text[text-anchor=end]", has_text="b").last.click()
    assert page.locator(".ln-links line").count() == 2
    page.locator(".ln-links text[text-anchor=start]", has_text="a").first.click()
    assert said(page).startswith(f"“b” (1) looks at “a” (0): {looks[0, 0, 1, 0]:.3g}")
    press(page, page.locator(".ln-links svg"), "ArrowDown", "ArrowDown", "ArrowDown")
    assert page.locator(".ln-links line").count() == 5


def test_queries_and_keys_are_edited(show):
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(3, 2)).round(1), rng.normal(size=(3, 2)).round(1)
    page = show(inspection.attention(q, k))
    table = page.locator(".ln-weights")
    rows = lambda: [row.replace("–", "0").split("\t")[1:-1] for row in table.inner_text().split("\n")[2:]]
    read = lambda: np.array(rows(), dtype=float)
    want = lambda: softmax(q @ k.T / 2**0.5)
    assert np.allclose(read(), want(), atol=6e-4)
    field = page.get_by_label("Q, row q1, column 0")
    field.fill("3.5")
    start, q[1, 0] = q[1, 0], 3.5
    assert np.allclose(read(), want(), atol=6e-4)
    assert said(page).startswith("Q of q1: column 0 is now 3.5.")
    press(page, field, "ArrowUp")
    q[1, 0] = 3.6
    assert np.allclose(read(), want(), atol=6e-4)
    field.fill("")
    assert "no number" in said(page)
    assert np.allclose(read(), want(), atol=6e-4)
    page.get_by_label("causal mask").check()
    assert read()[0].tolist() == [1, 0, 0]
    page.get_by_label("scores times").fill("0")
    assert np.allclose(read()[2], 1 / 3, atol=6e-4)
    page.get_by_role("button", name="Start again").click()
    assert float(field.input_value()) == start


# ------------------------------------------------------------------------------------------------ gates
@pytest.fixture(scope="module")
def remembered():
    learnnn.manual_seed(0)
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    return inspection.gates(nn.LSTM(3, 5, num_layers=2), x, labels="abcdef")


def reading(picture, layer, unit, step):
    """What the page says of a unit at a step."""
    values = picture.passes[layer].gates
    told = ", ".join(f"{gate} {float(f'{rows[step, unit]:.3g}'):.3g}" for gate, rows in values.items())
    return f"Unit {unit} at step {step}, “{'abcdef'[step]}”: {told}"


def test_gates_are_read_by_keys_pointer_and_the_time_bar(show, remembered):
    page = show(remembered)
    maps = page.get_by_label("gates: units down", exact=False)
    assert said(page) == reading(remembered, 0, 0, 5)
    press(page, maps, "ArrowDown", "ArrowDown", "ArrowLeft")
    assert said(page) == reading(remembered, 0, 2, 4)
    box = maps.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 22)
    page.mouse.down()
    assert said(page) == reading(remembered, 0, 0, 0)
    page.mouse.move(box["x"] + box["width"] * 2.5 / 6, box["y"] + 22)
    page.mouse.up()
    assert said(page) == reading(remembered, 0, 0, 2)
    before = pixels(page.get_by_label("the gates of the chosen unit", exact=False))
    press(page, page.get_by_label("time", exact=True), "End")
    assert said(page) == reading(remembered, 0, 0, 5)
    assert pixels(page.get_by_label("the gates of the chosen unit", exact=False)) != before


def test_layer_gate_and_order_are_chosen(show, remembered):
    page = show(remembered)
    page.get_by_label("layer", exact=True).select_option("layer 1")
    assert said(page) == reading(remembered, 1, 0, 5)
    page.get_by_label("gate", exact=True).select_option("forget")
    frame(page)
    forget = remembered.passes[1].gates["forget"][5, 0]
    assert page.locator(".ln-curves tr").all_inner_texts() == [f"\tforget\t{forget:.3g}"]
    page.get_by_label("sort units", exact=False).check()
    peaks = np.abs(remembered.passes[1].gates["hidden"]).argmax(0)
    order = np.argsort(peaks, kind="stable")
    maps = page.get_by_label("gates: units down", exact=False)
    press(page, maps, *["ArrowUp"] * 5)
    assert said(page) == reading(remembered, 1, order[0], 5)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('.ln-status').textContent.includes('at step 3')")


# ------------------------------------------------------------------------------------------------ residual lens
@pytest.fixture(scope="module")
def lens():
    learnnn.manual_seed(0)
    block = lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.Sequential(nn.Embedding(6, 8), block(), block(), nn.Linear(8, 6))
    return inspection.residual_lens(model, [3, 1, 4, 0], labels="abcdef")


def test_the_lens_is_read_by_click_and_keys(show, lens):
    page = show(lens)
    table = page.get_by_label("the likeliest token by depth", exact=False)
    cells = [row.split("\t") for row in table.inner_text().split("\n")]
    assert cells == [[d, *row] for d, row in zip(lens.depths[::-1], lens.top[::-1])] + [["token", *"dbea"]]
    told = lambda d, j: f"at “{'dbea'[j]}” ({j}): {lens.top[d][j]} {lens.probabilities[d, j].max():.3g}"
    assert told(2, 3) in said(page)
    table.locator("td").nth(1).click()  # the last block, the second place
    assert told(2, 1) in said(page) and f"the block adds {lens.added[1, 1]:.3g}" in said(page)
    before = pixels(page.get_by_label("the probability of the final token", exact=False))
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    assert said(page) == f"Before the first block, {told(0, 0)}"
    page.keyboard.press("ArrowDown")  # there is nothing below
    assert said(page).startswith("Before the first block")
    best = page.locator(".ln-lens-top div").all_inner_texts()
    p = np.sort(lens.probabilities[0, 0])[::-1][:5]
    assert [float(line.split()[-1]) for line in best] == pytest.approx(p, rel=5e-3)
    assert pixels(page.get_by_label("the probability of the final token", exact=False)) != before


# ------------------------------------------------------------------------------------------------ sampling
LOGITS = np.random.default_rng(0).normal(size=24).round(1) * 2  # rounded: some tie
LETTERS = "abcdefghijklmnopqrstuvwx"


def bars(page):
    """{token: probability} of the bars that are kept."""
    rows = [row.split("\n") for row in page.locator(".ln-bars > div").all_inner_texts()]
    return {token: float(p.replace("−", "-")) for token, p, *_ in rows if not p.startswith("cut")}


def kept(picture):
    p = picture.probabilities
    shown = np.argsort(-picture.logits, kind="stable")[:20]
    return {LETTERS[k]: float(f"{p[k]:.3g}") for k in shown if p[k]}


def test_the_dials_bend_the_bars_as_python_does(show):
    picture = inspection.sampling(LOGITS, tokens=LETTERS)
    page = show(picture)
    assert bars(page) == pytest.approx(kept(picture), rel=0.01)
    for dial, value, turn in (
        ("temperature", "0.6", (0.6,)), ("top-k", "7", (0.6, 7)), ("top-p", "0.8", (0.6, 7, 0.8)),
        ("temperature", "2.5", (2.5, 7, 0.8)), ("top-k", "24", (2.5, None, 0.8)), ("temperature", "0", (0, None, 0.8)),
    ):  # fmt: skip
        page.get_by_label(dial).fill(value)
        picture.turn(*turn)
        assert bars(page) == pytest.approx(kept(picture), rel=0.01)
    assert "kept 1 of 24 tokens" in said(page)
    assert page.locator(".ln-bars .cut").count() == 19
    press(page, page.get_by_label("temperature"), "ArrowRight")
    picture.turn(0.05, None, 0.8)
    assert bars(page) == pytest.approx(kept(picture), rel=0.01)


def test_the_page_and_python_agree_on_any_scores(show):
    from learnnn.inspection.sequences.distribution import drawn, next_token, uniform

    page, rng = show(inspection.sampling(LOGITS)), np.random.default_rng(1)
    cases = [
        [rng.normal(size=rng.integers(2, 40)).round(1).tolist(), float(rng.choice([0, 0.3, 1, 2.2])),
         [None, 1, 3, 50][rng.integers(4)], [None, 0.131, 0.5, 0.93, 1][rng.integers(5)], int(rng.integers(-5, 10**9))]
        for _ in range(200)
    ]  # fmt: skip
    ask = """cases => cases.map(([logits, t, k, p, seed]) => {
      const { nextToken, drawn, uniform } = document.querySelector('.ln').learnnn;
      const { kept } = nextToken(logits, t, k, p);
      return [kept, uniform(seed, 5), drawn(kept, uniform(seed, 5))];
    })"""
    for (logits, t, k, p, seed), (page_kept, u, token) in zip(cases, page.evaluate(ask, cases)):
        mine = next_token(np.array(logits), t, k, p)
        assert np.allclose(mine, page_kept, atol=1e-9)
        assert uniform(seed, 5) == u
        assert drawn(mine, u) == token


def test_draws_are_counted_against_the_bars(show):
    picture = inspection.sampling(LOGITS, tokens=LETTERS, seed=3)
    page = show(picture)
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_role("button", name="Draw", exact=True).click()
    assert said(page) == f"Drawn: “{inspection.sampling(LOGITS, tokens=LETTERS, seed=3).draw(2)[-1]}”."
    page.get_by_role("button", name="Draw 100").click()
    text = picture.draw(102)
    counts = [row.split("\n")[2] for row in page.locator(".ln-bars > div").all_inner_texts()]
    order = np.argsort(-picture.logits, kind="stable")[:20]
    assert counts == [f"{text.count(LETTERS[k])} ×" for k in order]
    page.get_by_role("button", name="Start again").click()
    assert "×" not in page.locator(".ln-bars").inner_text()


SAMPLING = """
import numpy as np
from learnnn import inspection
def model(tokens):  # says what comes next in the alphabet
    return 9.0 * np.eye(26)[(tokens + 1) % 26]
picture = inspection.sampling(model, prompt="learn", tokens="abcdefghijklmnopqrstuvwxyz", temperature=0.1)
picture
"""


def test_in_jupyterlab_draw_goes_on_with_the_text(lab):
    page = lab.open(lab.write("sampling.ipynb", SAMPLING, "print('drawn so far', picture.prompt)"))
    page.run_all()
    page.page.wait_for_function("() => document.querySelector('.ln-read')?.textContent === 'learn'", timeout=90_000)
    for text in ("learno", "learnop"):
        page.page.get_by_role("button", name="Draw", exact=True).click()
        page.page.wait_for_function("text => document.querySelector('.ln-read').textContent === text", arg=text)
    assert "Drawn: “p”" in page.page.locator(".ln-status").inner_text()
    assert page.page.locator(".ln-bars > div").first.inner_text().startswith("q")
    page.page.get_by_role("button", name="Start again").click()
    page.page.wait_for_function("() => document.querySelector('.ln-read').textContent === 'learn'")
    assert not page.errors


# ------------------------------------------------------------------------------------------------ embedding map
@pytest.fixture(scope="module")
def embedded():
    rng = np.random.default_rng(0)
    names = ["apple", "apricot", "bear", "beaver", "cherry", "crow", "plum", "Wolf"]
    kinds = ["fruit", "fruit", "animal", "animal", "fruit", "animal", "fruit", "animal"]
    vectors = rng.normal(size=(8, 6)) + 2 * np.array([[kind == "fruit"] for kind in kinds])
    return inspection.embedding_map(vectors, labels=names, colours=kinds)


def told(picture, name):
    kind = picture.class_names[picture.classes[picture.names.index(name)]]
    near = ", ".join(f"{other} {float(f'{cosine:.3g}'):.3g}" for other, cosine in picture.nearest(name, 3))
    return f"“{name}”, {kind}: most like {near}"


def test_a_label_is_found_by_typing(show, embedded):
    page = show(embedded)
    field = page.get_by_label("search a label")
    field.press_sequentially("pl")
    assert said(page) == told(embedded, "plum")
    field.fill("wolf")
    assert said(page) == told(embedded, "Wolf")
    buttons = page.locator(".ln-near button")
    assert [b.split("\n")[0] for b in buttons.all_inner_texts()] == [n for n, _ in embedded.nearest("Wolf", 7)]
    buttons.first.click()
    assert said(page) == told(embedded, embedded.nearest("Wolf", 1)[0][0])
    field.fill("zebra")
    assert "No label has “zebra” in it" in said(page)
    field.fill("")
    assert said(page) == "8 points"


def place(embedded, box, name):
    """Where a point lies in the window."""
    at, (lo, hi) = embedded.positions, (embedded.positions.min(0), embedded.positions.max(0))
    unit = min((box["width"] - 90) / (hi - lo)[0], (box["height"] - 40) / (hi - lo)[1])
    x, y = (at[embedded.names.index(name)] - (lo + hi) / 2) * unit
    return box["x"] + box["width"] / 2 - 12 + x, box["y"] + box["height"] / 2 - y


def test_a_point_is_clicked_and_the_map_is_dragged_and_zoomed(show, embedded):
    page = show(embedded)
    chart = page.get_by_label("the map", exact=False)
    box = chart.bounding_box()
    x, y = place(embedded, box, "cherry")
    page.mouse.click(x, y)
    assert said(page) == told(embedded, "cherry")
    before = pixels(chart)
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 60, steps=3)
    page.mouse.up()
    assert said(page) == told(embedded, "cherry")  # to drag is not to click
    assert pixels(chart) != before
    bx, by = place(embedded, box, "bear")
    page.mouse.click(bx + 60, by + 40)
    assert said(page) == told(embedded, "bear")
    page.mouse.move(bx + 60, by + 40)
    page.mouse.wheel(0, -300)
    frame(page)
    page.mouse.click(bx + 60, by + 40)  # the point under the pointer stays there
    assert said(page) == told(embedded, "bear")
    page.get_by_role("button", name="Show all").click()
    press(page, chart, "+", "ArrowLeft", "ArrowUp", "0", "Escape")
    assert said(page) == "8 points"
    page.mouse.click(x, y)
    assert said(page) == told(embedded, "cherry")


def test_they_are_replayed_through_training(show):
    learnnn.manual_seed(0)
    model = nn.Sequential(nn.Embedding(4, 4), nn.TransformerEncoderLayer(4, 1, 8, batch_first=True), nn.Linear(4, 4))
    recorder, moments = inspection.Recorder(model), []
    pictures = [
        inspection.attention(model, [0, 1, 2]), inspection.residual_lens(model, [0, 1, 2]),
        inspection.sampling(model, prompt=[0]), inspection.embedding_map(model[0]),
    ]  # fmt: skip
    for scale in (1.0, 0.5, 0.0):  # the recorder has the start already
        with learnnn.no_grad():
            for p in model.parameters():
                p.mul_(scale)
        pictures[0].update()
        moments.append(float(f"{pictures[0].layers[0].entropies[0]:.3g}"))
        if scale < 1:
            recorder.step()
    page = show(inspection.replay(recorder, *pictures))
    scrub = page.locator("input[type=range]").first
    for step in (0, 2, 1, 2):
        scrub.fill(str(step))
        page.wait_for_function(
            "bits => document.querySelector('.ln-attention').textContent.includes(`entropy ${bits} bits`)",
            arg=moments[step],
        )
    assert moments[2] == 1.58 != moments[0]  # all weights are 0: all tokens are alike
    assert set(bars(page).values()) == {0.25}


CELLS = (
    "import numpy as np, learnnn\nfrom learnnn import inspection, nn\nlearnnn.manual_seed(0)\n"
    "table = nn.Embedding(4, 2)\nsequence = nn.RNN(2, 3)\nx = learnnn.zeros(5, 2)",
    "picture = inspection.embedding_map(table, labels='abcd'); picture.widget()",
    "remembered = inspection.gates(sequence, x); remembered.widget()",
    "with learnnn.no_grad():\n    table.weight.copy_(learnnn.tensor([[1.0, 0], [3, 0], [0, 1], [0, 2]]))\n"
    "    sequence.bias_ih_l0.fill_(0.5); sequence.bias_hh_l0.zero_(); sequence.weight_hh_l0.zero_()\n"
    "picture.update(); remembered.update()",
    "inspection.attention(np.eye(3))",
)


def test_in_jupyterlab_they_follow_the_model(lab):
    page = lab.open(lab.write("sequences.ipynb", *CELLS))
    page.run_all()
    page.page.wait_for_function("() => document.querySelectorAll('.ln').length === 3", timeout=90_000)
    page.page.get_by_label("search a label").press_sequentially("a")
    page.page.wait_for_function(
        "() => document.querySelector('.ln-status').textContent === '“a”: most like b 1, c 0, d 0'"
    )
    hidden = f"{np.tanh(0.5):.3g}"
    page.page.wait_for_function(f"() => document.querySelector('.ln-curves').textContent.includes('{hidden}')")
    page.page.get_by_label("all heads", exact=False).focus()
    assert "looks at" in page.page.locator(".ln-status").last.inner_text()
    assert not page.errors
