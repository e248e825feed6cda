"""The picture shows every row and framework."""

import pytest


def test_the_picture_names_every_row_and_what_was_missed(module, results, tmp_path):
    pytest.importorskip("matplotlib")
    import matplotlib

    results["others"]["W1"]["ratios"]["autograd"] = {"value": 3.0, "low": 3.0, "high": 3.0}
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        module("picture").draw(results, tmp_path / "made" / "picture.svg")
    drawn = (tmp_path / "made" / "picture.svg").read_text()
    labels = "W1  MLP 784-100-100-10", "import", "W3  default threads, clock"
    for text in (*labels, "2.00 missed", "autograd", "1 = PyTorch"):
        assert f">{text}<" in drawn


def test_one_table_is_a_picture_too(module, results, tmp_path):
    pytest.importorskip("matplotlib")
    module("picture").draw(results | {"others": {}}, tmp_path / "rows.png")
    module("picture").draw(results | {"rows": {}}, tmp_path / "others.png")
    assert (tmp_path / "rows.png").stat().st_size > 10_000 and (tmp_path / "others.png").exists()
