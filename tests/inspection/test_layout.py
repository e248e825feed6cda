"""Layouts of random graphs: boxes apart, every edge forward and around the boxes."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnnn.inspection.graphs.layout import assign_layers, isotonic, layered


@st.composite
def graphs(draw):
    """Sizes of nodes, and edges that each go from an earlier node to a later one."""
    count = draw(st.integers(1, 16))
    size = st.tuples(st.integers(20, 200), st.integers(20, 120))
    pairs = [(a, b) for b in range(count) for a in range(b)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=30)) if pairs else []
    order = draw(st.permutations(range(count)))
    return draw(st.lists(size, min_size=count, max_size=count)), [(order[a], order[b]) for a, b in edges]


def boxes(sizes, layout):
    return [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(layout.centres, sizes)]


@given(graphs(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_two_boxes_overlap_and_all_lie_on_the_sheet(graph, down):
    sizes, edges = graph
    layout = layered(sizes, edges, down)
    found = boxes(sizes, layout)
    for i, a in enumerate(found):
        assert a[0] > -0.1
        assert a[1] > -0.1
        assert a[2] < layout.width + 0.1
        assert a[3] < layout.height + 0.1
        for b in found[:i]:
            assert a[2] <= b[0] + 0.1 or b[2] <= a[0] + 0.1 or a[3] <= b[1] + 0.1 or b[3] <= a[1] + 0.1


@given(graphs(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_edge_goes_forward_from_box_to_box(graph, down):
    sizes, edges = graph
    layout = layered(sizes, edges, down)
    for (a, b), route in zip(edges, layout.routes):
        along = [point[down] for point in route]
        assert along == sorted(along)
        assert along[0] == pytest.approx(layout.centres[a][down] + sizes[a][down] / 2, abs=0.1)
        assert along[-1] == pytest.approx(layout.centres[b][down] - sizes[b][down] / 2, abs=0.1)
        assert layout.layers[a] < layout.layers[b]


@given(graphs(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_edge_runs_through_a_box(graph, down):
    sizes, edges = graph
    layout = layered(sizes, edges, down)
    found = boxes(sizes, layout)
    for edge, route in zip(edges, layout.routes):
        for x, y in (point for piece in itertools.pairwise(route) for point in sampled(piece, down)):
            assert not any(x0 + 1 < x < x1 - 1 and y0 + 1 < y < y1 - 1 for x0, y0, x1, y1 in found), edge


def sampled(piece, down):
    """Points on the S-curve between two stations."""
    (x0, y0), (x1, y1) = piece
    for k in range(11):
        t = k / 10
        ease, run = 3 * t**2 - 2 * t**3, 1.5 * t - 1.5 * t**2 + t**3
        s, u = (ease, run) if down else (run, ease)
        yield x0 + s * (x1 - x0), y0 + u * (y1 - y0)


def test_a_cycle_is_refused():
    with pytest.raises(ValueError, match="cycle"):
        layered([(10, 10)] * 2, [(0, 1), (1, 0)])


def test_an_input_stands_next_to_its_use():
    assert assign_layers(5, [(0, 1), (1, 2), (2, 3), (4, 3)]) == [0, 1, 2, 3, 2]


def test_crossings_are_untangled():
    layout = layered([(40, 20)] * 4, [(0, 3), (1, 2)])
    (a, b, c, d) = (y for _, y in layout.centres)
    assert (a < b) == (d < c)


def test_a_chain_is_straight():
    layout = layered([(40, 20), (90, 50), (30, 20)], [(0, 1), (1, 2)])
    assert len({y for _, y in layout.centres}) == 1


def test_nothing_and_one():
    assert layered([], []).centres == []
    assert layered([(40, 20)], []).width == 40


@pytest.mark.parametrize(
    "edges",
    [
        [(i, i + 1) for i in range(499)] + [(0, i) for i in range(2, 500, 2)],
        [(i // 2, i) for i in range(1, 500)],
        [(max(0, i - k), i) for i in range(3, 500) for k in (1, 2, 3)],
    ],
    ids=["a value used 250 times", "tree", "every step uses the last three"],
)
def test_500_nodes_are_placed_apart(edges):
    sizes = [(90, 50)] * 500
    found = boxes(sizes, layered(sizes, edges, down=True))
    rows = {}
    for left, top, right, _ in found:
        rows.setdefault(top, []).append((left, right))
    for row in rows.values():
        row.sort()
        assert all(right <= left + 0.1 for (_, right), (left, _) in itertools.pairwise(row))


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=8))
def test_isotonic_is_nondecreasing_and_keeps_the_sum(wishes):
    found = isotonic(wishes, [1.0] * len(wishes))
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(found))
    assert sum(found) == pytest.approx(sum(wishes))
