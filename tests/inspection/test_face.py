"""The face that all hooks share: pictures, charts, and the live form with and without a kernel."""

import base64
import json
import re
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnnn.inspection.face import theme
from learnnn.inspection.face.chart import Chart, heat_map, limits, number, ticks
from learnnn.inspection.face.live import Live, pack
from learnnn.inspection.face.scene import Box, Dot, Line, Raster, Scene, Text
from learnnn.inspection.face.svg import png

SCRIPT = """
function render({ model, el }) {
  const v = view({ model, el }, "counter");
  let n = v.state.start;
  const said = v.add(h("p", { class: "said" }, String(n)));
  v.add(button("more", () => (v.kernel ? v.send({ type: "more", n }) : (said.textContent = String(++n)))));
  v.frames((frame) => (n = frame.n, said.textContent = String(n)));
  const draw = (pen, w, t, c) => heat(pen, array(v.state.x), 1, 4, { x: 0, y: 0, w, h: t }, c.sequential);
  v.add(canvas(v, { width: 200, height: 50, label: "a ramp", draw }));
  return v.stop;
}
"""


@pytest.fixture
def counter(tmp_path):
    script = tmp_path / "counter.js"
    script.write_text(SCRIPT)

    class Counter(Live):
        title = "counter"
        data = text = "3"

        def __init__(self, kernel=False):
            self.script, self.kernel = script, kernel

        def to_svg(self):
            return Scene(100, 40, "counter", "a <number>", [Text(10, 20, "3")]).to_svg()

        def state(self):
            return {"start": 3, "x": np.linspace(0, 1, 4)}

        def event(self, event):
            return {"n": event["n"] + 10}

    return Counter


@given(st.floats(-1e3, 1e3), st.floats(1e-2, 1e6), st.integers(2, 9))
def test_ticks_are_round_and_inside(lo, span, count):
    found = ticks(lo, lo + span, count)
    assert all(lo - 1e-6 * span <= t <= lo + span + 1e-6 * span for t in found)
    assert len(found) <= 2 * count + 2
    if len(found) > 2:
        steps = np.diff(found)
        assert np.allclose(steps, steps[0])
        assert round(steps[0] / 10 ** np.floor(np.log10(steps[0]) + 1e-9), 4) in (1, 2, 5, 10)


def test_limits_of_nothing_and_of_one_number_are_no_empty_range():
    for values in ([], [np.nan], [3.0], [0.0], [-2, -2]):
        lo, hi = limits(values)
        assert lo < hi


def test_a_chart_places_points_where_the_axes_say():
    chart = Chart(10, 20, 100, 50, (1, 100), (0, 5), log="x")
    assert chart.at(10, 5) == pytest.approx((60, 20))
    chart.line([1, 10, 100], [0, np.nan, 5])
    chart.line([1, 10, 100], [1, 2, 50])
    (line,) = chart.drawn  # a single point between gaps is no line
    assert line.points[-1] == pytest.approx((110, 20))  # cut off at the border


def test_a_heat_map_is_orange_below_zero_and_blue_above():
    raster = heat_map([[-1, 0, 1]], 0, 0, 3, 1, diverging=True)
    (r0, _, b0), _, (r1, _, b1) = raster.light[0].astype(int)
    assert r0 > b0
    assert b1 > r1
    assert (raster.light[0, 1] == theme.ramp(theme.DIVERGING[0], 0.5)).all()


def test_png_bytes_hold_the_pixels():
    Image = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert (np.asarray(Image.open(BytesIO(png(pixels)))) == pixels).all()


def test_every_shape_is_painted_as_svg_and_png():
    Image = pytest.importorskip("PIL.Image")
    pixels = np.full((2, 2, 3), 200, np.uint8)
    shapes = [
        Box(5, 5, 10, 10, "#ff0000", ""), Line(((20, 5), (30, 15)), "#00ff00", 3), Dot(40, 10, 5, "#0000ff", "", 0),
        Dot(55, 10, 5, "#0000ff", "", 1), Raster(65, 5, 10, 10, pixels, pixels // 4), Text(5, 35, "a $b$ < c"),
    ]  # fmt: skip
    scene = Scene(90, 40, "shapes", "all of them", shapes)
    svg = scene.to_svg()
    for part in ("<rect", "<polyline", "<circle", "<polygon", '<image class="day"', "a $b$ &lt; c"):
        assert part in svg
    for dark, brightness in ((False, 200), (True, 50)):
        image = Image.open(BytesIO(scene.to_png(1, dark))).convert("RGB")
        assert image.getpixel((10, 10)) == (255, 0, 0)
        assert image.getpixel((40, 10)) == (0, 0, 255)
        assert image.getpixel((70, 10)) == (brightness,) * 3


def test_numbers_read_as_people_write_them():
    numbers = (0, -0.5, 1234.5678, 123456.0, 1e-7, float("inf"))
    assert [number(v) for v in numbers] == ["0", "−0.5", "1235", "1.23e5", "1.00e−7", "∞"]


def test_packing_keeps_values_and_shapes():
    x = np.arange(6).reshape(2, 3) / 7
    packed = pack({"x": x, "rows": [np.arange(2), True, "words"]}, as_text=True)
    raw = np.frombuffer(base64.b64decode(packed["x"]["data"]), np.float32).reshape(packed["x"]["shape"])
    assert np.allclose(raw, x)
    assert packed["rows"][0]["dtype"] == "int32"
    with pytest.raises(TypeError, match="only numbers"):
        pack(np.array(["a"]))


def test_a_page_holds_the_still_form_and_the_script(counter):
    html = counter().to_html()
    assert html.index("<img") < html.index("<script")
    assert "hydrate(render" in html
    assert "<script" not in counter().to_html(live=False)
    state = json.loads(re.search(r'hydrate\(render, "\w+", (\{.*?\}), "', html).group(1))
    assert state["start"] == 3
    assert html == counter().to_html()  # the same every time


def test_an_event_is_answered_and_a_mistake_is_said(counter, capsys):
    pytest.importorskip("anywidget")
    picture = counter(kernel=True)
    widget = picture.widget()
    widget._handle_custom_msg({"type": "more", "n": 3}, [])
    assert widget.frame == {"n": 13}
    widget._handle_custom_msg({"type": "more"}, [])
    assert "KeyError" in widget.frame["error"]
