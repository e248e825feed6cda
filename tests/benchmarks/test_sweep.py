"""The sweep over sizes counts the work there is, and fails where a step or its memory falls off a cliff."""

import importlib
import json
import sys
from argparse import Namespace
from itertools import product

import pytest

LIMITS = {"flops": 1e9, "memory": 1e8, "cache": 1e9}
PLAIN = ("batch-mlp", "batch-cnn", "width", "depth")  # sweeps whose products PyTorch counts one by one


@pytest.fixture(scope="module")
def module(root):
    """The modules of benchmarks/, by name."""
    sys.path.insert(0, str(root / "benchmarks"))
    yield importlib.import_module
    sys.path.remove(str(root / "benchmarks"))


@pytest.fixture(scope="module")
def sweep(module):
    return module("sweep")


@pytest.fixture(scope="module")
def sizes(module):
    return module("sizes")


@pytest.fixture(scope="module")
def limits(module):
    return module("limits")


def found(seconds: float, memory: float = 0.0, loss: float = 1.0) -> dict:
    """What a process measures."""
    return {"losses": [loss], "seconds": seconds, "memory": memory}


def point(sweep, limits, size: int, ours: dict, theirs: dict) -> dict:
    return sweep.summary(size, limits.Work(10**6, 10), "SGD", LIMITS, [{"learnnn": ours, "torch": theirs}])


# ----------------------------------------------------------------------------------------------- work, counted
def products(*ranges: int) -> int:
    """Two operations, a multiplication and an addition, each time round loops of those lengths."""
    return sum(2 for _ in product(*map(range, ranges)))


def test_a_linear_layer_is_three_products_and_two_where_its_input_is_the_data(limits):
    assert limits.linear(3, 4, 5).flops == 3 * products(3, 4, 5)
    assert limits.linear(3, 4, 5, first=True).flops == 2 * products(3, 4, 5)
    assert limits.linear(3, 4, 5).parameters == 4 * 5 + 5
    assert limits.linear(3, 4, 5, bias=0).parameters == 4 * 5


def test_a_convolution_multiplies_every_tap_for_every_pixel(limits):
    images, height, width, c_in, c_out, k = 2, 3, 4, 2, 3, 3
    forward = products(images, height, width, c_out, c_in, k, k)
    assert limits.convolution(images * height * width, c_in, c_out, k).flops == 3 * forward
    assert limits.convolution(images * height * width, c_in, c_out, k, first=True).flops == 2 * forward
    assert limits.convolution(1, c_in, c_out, k).parameters == c_out * c_in * k * k + c_out


def test_causal_attention_multiplies_the_pairs_it_may_see(limits):
    batch, heads, T, d = 2, 3, 5, 4
    pairs = sum(1 for t in range(T) for s in range(T) if s <= t)
    scores = mixture = products(batch, heads, pairs, d)
    assert limits.causal_attention(batch, heads, T, d).flops == 3 * (scores + mixture)


def test_an_lstm_multiplies_data_at_every_step_and_the_state_at_all_but_the_first(limits):
    batch, T, n_in, n_hidden = 2, 3, 4, 5
    counted = sum(
        2 * products(batch, n_in, 4 * n_hidden) + (3 * products(batch, n_hidden, 4 * n_hidden) if t else 0)
        for t in range(T)
    )
    assert limits.lstm(batch, T, n_in, n_hidden).flops == counted


def test_work_counts_the_parameters_that_the_model_has(sizes):
    import learnnn

    for name, one in sizes.SWEEPS.items():
        for size in one.sizes[:2]:
            parameters, _, _ = one.build(learnnn, size).start
            assert one.work(size).parameters == sum(p.numel() for p in parameters), name


def test_the_floor_adds_products_and_the_optimizers_memory(limits):
    seconds, bound = limits.floor(limits.Work(flops=10**9, parameters=1000), "SGD", LIMITS)
    assert seconds == pytest.approx(1 + 4 * 3 * 1000 / LIMITS["cache"])
    assert bound == "gemm"
    large = limits.CACHE // 4
    seconds, bound = limits.floor(limits.Work(flops=10**6, parameters=large), "Adam", LIMITS)
    assert seconds == pytest.approx(1e-3 + 4 * 7 * large / LIMITS["memory"])
    assert bound == "memory"


# -------------------------------------------------------------------------------------------------- the verdict
def test_a_point_is_the_median_of_its_rounds(sweep, limits):
    rounds = [
        {"learnnn": found(ours, memory), "torch": found(theirs, 10.0)}
        for ours, theirs, memory in ((1.0, 2.0, 1.0), (2.0, 8.0, 3.0), (30.0, 20.0, 50.0))
    ]
    told = sweep.summary(4, limits.Work(), "SGD", LIMITS, rounds)
    assert told["ratios"] == [0.5, 0.25, 1.5]
    assert told["ratio"] == 0.5
    assert told["seconds"] == {"learnnn": 2.0, "torch": 8.0}
    assert told["memory"] == {"learnnn": 3.0, "torch": 10.0}


def test_more_than_three_times_is_a_cliff(sweep, sizes, limits):
    points = [point(sweep, limits, size, found(ratio), found(1.0)) for size, ratio in ((1, 0.9), (4, 2.9), (16, 3.1))]
    assert [sweep.complaint(p) for p in points] == ["", "", "CLIFF"]
    assert "CLIFF" in sweep.text_line(sweep.cells(points[2]))
    holds, why = sweep.verdict(sizes.SWEEPS["batch-mlp"], points)
    assert not holds
    assert "CLIFF at 16" in why
    assert sweep.verdict(sizes.SWEEPS["batch-mlp"], points[:2])[0]


def test_different_losses_fail_a_point_however_fast_it_is(sweep, sizes, limits):
    wrong = point(sweep, limits, 1, found(0.1, loss=1.0), found(1.0, loss=1.001))
    assert sweep.complaint(wrong) == "LOSSES DIFFER"
    assert sweep.complaint(point(sweep, limits, 1, found(0.1, loss=float("nan")), found(1.0))) == "LOSSES DIFFER"
    assert sweep.complaint(point(sweep, limits, 1, found(0.1, loss=1.00001), found(1.0))) == ""
    assert not sweep.verdict(sizes.SWEEPS["width"], [wrong])[0]


@pytest.mark.parametrize(
    ("ours", "theirs", "outgrown"),
    [
        ((30, 40, 100), (1, 11, 71), []),  # more from the start on, and as much growth
        ((1, 10, 100), (2, 11, 400), []),
        ((1, 10, 100), (1, 10, 80), [3]),
        ((1, 100, 400), (1, 10, 395), [2]),  # a hump counts, an end within noise does not
        ((1, 4, 5), (1, 0, 0), []),  # a few megabytes are noise
    ],
)
def test_memory_may_grow_as_pytorchs_does_and_no_faster(sweep, sizes, limits, ours, theirs, outgrown):
    pairs = zip((1, 2, 3), ours, theirs, strict=True)
    points = [point(sweep, limits, size, found(1.0, mine), found(1.0, other)) for size, mine, other in pairs]
    assert sweep.outgrown(points) == outgrown
    holds, why = sweep.verdict(sizes.SWEEPS["width"], points)
    assert holds == (not outgrown)
    assert all(f"up to {size}" in why for size in outgrown)


def test_a_row_has_a_cell_for_every_heading(sweep, limits):
    row = sweep.cells(point(sweep, limits, 4096, found(0.002, 30.0), found(0.001, 20.0)))
    assert len(row) == 1 + len(sweep.HEADINGS)
    assert row[:5] == ["4,096", "2.00", "1.00", "2.00", "1.00"]
    assert row[-4:] == ["30.0", "20.0", "1.50", ""]


def test_a_sweep_is_measured_by_turns_printed_and_judged(sweep, monkeypatch, capsys):
    asked = []

    def pretended(script, arguments):
        asked.append(arguments)
        return found(2.0 if arguments[1] == "learnnn" else 1.0)

    monkeypatch.setattr(sweep, "in_fresh_process", pretended)
    args = Namespace(quick=True, sizes=None, rounds=2, budget=0.5)
    result = sweep.run_sweep("width", args, LIMITS)
    assert [p["size"] for p in result["points"]] == [16, 1024]
    assert result["holds"]
    assert [a[1] for a in asked[:4]] == ["learnnn", "torch", "torch", "learnnn"]
    assert asked[0] == ["--measure", "learnnn", "width", "16", "0.5"]
    assert "width holds: at worst 2.00 of PyTorch's time" in capsys.readouterr().out


def test_unknown_sweeps_and_sizes_are_refused(sweep):
    for arguments, message in ((["wdith"], "no sweep wdith"), (["width", "--sizes", "17"], "has the sizes 16, 64")):
        with pytest.raises(SystemExit, match=message):
            sweep.checked(sweep.parser().parse_args(arguments))


def test_the_picture_is_drawn(sweep, module, limits, tmp_path):
    pytest.importorskip("matplotlib")
    points = [point(sweep, limits, size, found(size / 9), found(size / 10)) for size in (1, 4, 16, 32)]
    module("sweep_picture").draw({"a": {"grows": "batch", "what": "A; b", "points": points}}, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000
    assert module("sweep_picture").apart([16, 1024, 2048, 4096]) == [4096, 1024, 16]


# -------------------------------------------------------------------------------------------------- beside PyTorch
@pytest.mark.slow
@pytest.mark.parity
def test_every_sweep_computes_what_pytorch_computes(sweep, sizes):
    torch, learnnn = pytest.importorskip("torch"), importlib.import_module("learnnn")
    for name, one in sizes.SWEEPS.items():
        steps = {"learnnn": one.build(learnnn, one.sizes[0]), "torch": one.build(torch, one.sizes[0])}
        losses = {library: {"losses": [step().item() for _ in range(3)]} for library, step in steps.items()}
        assert sweep.alike([losses]), (name, losses)


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("name", PLAIN)
def test_the_work_is_what_pytorch_counts(sizes, name):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    one = sizes.SWEEPS[name]
    step = one.build(torch, one.sizes[1])
    with FlopCounterMode(display=False) as counter:
        step()
    assert counter.get_total_flops() == one.work(one.sizes[1]).flops


@pytest.mark.slow
@pytest.mark.parity
def test_the_command_measures_writes_and_says_whether_it_holds(sweep, monkeypatch, tmp_path, capsys):
    pytest.importorskip("torch")
    monkeypatch.setattr(sweep, "measured_limits", lambda: LIMITS)
    to = ["--json", str(tmp_path / "sweep.json"), "--markdown", str(tmp_path / "sweep.md")]
    monkeypatch.setattr(sys, "argv", ["sweep.py", "width", "--sizes", "16", "--rounds", "1", "--budget", "0.01", *to])
    status = sweep.main()
    written = json.loads((tmp_path / "sweep.json").read_text())["sweeps"]["width"]
    assert status == (0 if written["holds"] else 1)
    assert [p["alike"] for p in written["points"]] == [True]
    assert "| 16 | " in (tmp_path / "sweep.md").read_text()
    assert "width holds" in capsys.readouterr().out or status
