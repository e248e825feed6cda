"""The one device, and the lines by which scripts look for another."""

import pytest

import learnnn


def test_the_usual_lines_end_on_the_cpu():
    device = learnnn.device("cuda" if learnnn.cuda.is_available() else "cpu")
    assert learnnn.zeros(2, device=device).to(device).cpu().device == device
    assert learnnn.accelerator.current_accelerator() is None
    assert not learnnn.backends.mps.is_available()
    learnnn.cuda.manual_seed_all(0)
    learnnn.backends.cudnn.deterministic = True
    learnnn.use_deterministic_algorithms(True)
    learnnn.set_default_device("cpu")


def test_what_cannot_be_honoured_is_refused():
    for wrong in (
        lambda: learnnn.device("cuda:0"),
        lambda: learnnn.zeros(2, device="mps"),
        lambda: learnnn.ones(2).cuda(),
        lambda: learnnn.set_default_device("cuda"),
    ):
        with pytest.raises(RuntimeError, match="CPU only"):
            wrong()
