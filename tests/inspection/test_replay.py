"""`Recorder` and `replay`: what is recorded is what was there, all is put back, and each picture gets its frames."""

import gzip
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

import learnnn
from learnnn import inspection, nn, optim
from learnnn.inspection.face.live import Live, pack, source, style
from learnnn.inspection.face.scene import Scene, Text
from learnnn.inspection.models.model import Model
from learnnn.inspection.training import replay as replaying
from learnnn.inspection.training.scripts import together
from learnnn.training import Trainer

from .lessons import TensorMLP, ValueMLP

DIAL = """
function render({ model, el }) {
  const v = view({ model, el }, "dial");
  const said = v.add(h("p", { class: "dial" }, number(v.state.value)));
  v.frames((frame) => (said.textContent = number(frame.value)));
  return v.stop;
}
"""


def dial(script: Path, model, name="dial"):
    """A picture of one number of a model."""
    script.write_text(DIAL)

    class Dial(Live):
        title = name

        def __init__(self):
            self.script, self.looks = script, 0
            self.update()

        def update(self):
            self.looks += 1
            self.value = float(next(iter(Model(model).parameters().values())).ravel()[0])
            super().update()

        @property
        def data(self):
            return self.value

        @property
        def text(self):
            return f"{name} at {self.value:g}"

        def to_svg(self):
            return self.scene().to_svg()

        def to_png(self, scale=2, dark=False):
            return self.scene().to_png(scale, dark)

        def scene(self):
            return Scene(200, 80, name, self.text, [Text(20, 40, f"{self.value:.3f}")])

        def state(self):
            return {"value": self.value, "name": name}

        def frame(self):
            return {"value": self.value}

    return Dial()


def counted(steps=10, **options):
    """A model whose first weight is the step, and its recorder."""
    model = nn.Linear(2, 1)
    fill(model, 0)
    recorder = inspection.Recorder(model, **options)
    for step in range(1, steps + 1):
        fill(model, step)
        recorder.step(loss=1 / step)
    return model, recorder


def fill(model, value):
    with learnnn.no_grad():
        model.weight.fill_(float(value))


def unpacked(r):
    return json.loads(gzip.decompress(r.frame()["frames"].tobytes()))


# -------------------------------------------------------------------------------------------------------- Recorder
def test_every_step_is_recorded_and_can_be_visited():
    model, recorder = counted()
    assert recorder.steps == [*range(11)] and len(recorder) == 11
    assert [float(arrays["weight"][0, 0]) for arrays in recorder] == [*range(11)]
    with recorder.at(4) as moment:
        assert model.weight[0, 0].item() == 4 and moment.numbers == {"loss": 0.25}
    assert model.weight[0, 0].item() == 10
    recorder.at(3)
    assert model.weight[0, 0].item() == 3
    assert "11 moments, steps 0 to 10" in repr(recorder)


def test_the_model_comes_back_after_an_error_too():
    model, recorder = counted()
    with pytest.raises(ZeroDivisionError), recorder.at(2):
        1 / 0  # noqa: B018
    assert model.weight[0, 0].item() == 10


def test_memory_is_bounded_and_the_ends_stay():
    model, recorder = counted(1000, keep=20)
    assert len(recorder) <= 20 and recorder.steps[0] == 0 and recorder.steps[-1] == 1000
    for step in (0, 137, 500, 1000):
        with recorder.at(step) as moment:
            assert model.weight[0, 0].item() == moment.step
            assert abs(moment.step - step) <= 64
    assert counted(10, every=4)[1].steps == [0, 4, 8, 10]


def test_batchnorm_is_recorded_with_its_running_means():
    learnnn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    recorder, states, x = inspection.Recorder(model), [], learnnn.randn(16, 3)
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    for _ in range(5):
        model(x).sum().backward()
        optimizer.step()
        recorder.step()
        states.append({name: t.array.copy() for name, t in model.state_dict().items()})
    with recorder.at(2):
        for name, tensor in model.state_dict().items():
            assert np.array_equal(tensor.array, states[1][name]), name
        model(10 * x)  # which moves the running means once more
    for name, tensor in model.state_dict().items():
        assert np.array_equal(tensor.array, states[4][name]), name


def test_float64_comes_back_to_the_bit():
    model = nn.Linear(3, 3).double()
    before, recorder = model.weight.array.copy(), inspection.Recorder(model)
    with recorder.at(0):
        assert np.array_equal(model.weight.array, before.astype(np.float32))
    assert np.array_equal(model.weight.array, before)
    assert recorder.moments[0].parameters["weight"].dtype == np.float32


@pytest.mark.parity
def test_a_pytorch_model_is_recorded():
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    recorder, optimizer = inspection.Recorder(model), torch.optim.SGD(model.parameters(), lr=0.5)
    states = [{k: v.clone() for k, v in model.state_dict().items()}]
    for _ in range(3):
        model(torch.randn(8, 3)).square().sum().backward()
        optimizer.step()
        recorder.step()
        states.append({k: v.clone() for k, v in model.state_dict().items()})
    for step in (0, 2, 3):
        with recorder.at(step):
            assert all(torch.equal(v, states[step][k]) for k, v in model.state_dict().items())
    assert all(torch.equal(v, states[3][k]) for k, v in model.state_dict().items())


@pytest.mark.parametrize("make", [lambda: TensorMLP(2, 3, 1), lambda: ValueMLP(2, 2, 1)])
def test_a_lessons_own_model_is_recorded(make):
    model = make()
    recorder = inspection.Recorder(model)
    values = recorder.model.parameters()
    recorder.model.load({name: array + 1 for name, array in values.items()})
    recorder.step()
    with recorder.at(0):
        assert all(np.allclose(a, values[name]) for name, a in recorder.model.parameters().items())
    assert all(np.allclose(a, values[name] + 1) for name, a in recorder.model.parameters().items())


def test_the_trainer_feeds_a_recorder():
    model = nn.Linear(2, 1)
    recorder, X = inspection.Recorder(model, every=2), learnnn.ones(8, 2)
    trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    trainer.fit(X, X[:, :1], epochs=3, batch_size=4, callbacks=[recorder], verbose=False)
    assert recorder.steps == [0, 2, 4, 6]
    assert [moment.numbers.get("epoch") for moment in recorder.moments] == [None, 1, 2, 3]
    assert set(recorder.moments[1].numbers) == {"epoch", "loss"}


def test_what_a_recorder_cannot_do_is_told():
    _, recorder = counted()
    with pytest.raises(ValueError, match="the steps 0 to 10"):
        recorder.at(11)
    with pytest.raises(ValueError, match="the steps 0 to 10"):
        recorder.at(-1)
    with pytest.raises(ValueError, match="no parameters"):
        inspection.Recorder(nn.ReLU())
    with pytest.raises(ValueError, match="integer from 1"):
        inspection.Recorder(nn.Linear(1, 1), every=0)
    model = nn.Sequential(nn.Linear(1, 1))
    recorder = inspection.Recorder(model)
    model[0] = nn.Linear(1, 1)
    with pytest.raises(ValueError, match="other parameters"):
        recorder.at(0)


# ---------------------------------------------------------------------------------------------------------- replay
def test_every_picture_gets_a_frame_for_every_moment(tmp_path):
    model, recorder = counted()
    one, two = dial(tmp_path / "one.js", model), dial(tmp_path / "two.js", model, "other")
    r = inspection.replay(recorder, one, two)
    assert r.data["steps"] == [*range(11)] and r.data["pictures"] == ["dial", "other"]
    assert r.data["numbers"]["loss"][:3] == [None, 1, 0.5]
    assert unpacked(r) == [[{"value": float(i)}] * 2 for i in range(11)]
    assert r.state()["states"] == [{"value": 10.0, "name": "dial"}, {"value": 10.0, "name": "other"}]
    assert model.weight[0, 0].item() == 10 and one.value == 10  # all as it was
    assert r.text.endswith("dial at 10\nother at 10") and "11 moments, from step 0 to step 10 · loss 0.1" in r.text


def test_frames_are_chosen_evenly_and_kept_in_bounds(tmp_path, monkeypatch):
    model, recorder = counted(100)
    one = dial(tmp_path / "one.js", model)
    assert inspection.replay(recorder, one, frames=5).data["steps"] == [0, 25, 50, 75, 100]
    monkeypatch.setattr(replaying, "ROOM", 100)
    small = inspection.replay(recorder, one, frames=33)
    assert small.frame()["frames"].nbytes <= 100 or len(small.moments) == 2
    assert small.data["steps"][0] == 0 and small.data["steps"][-1] == 100
    assert len(unpacked(small)) == len(small.moments)


def test_a_replay_looks_again_after_more_training(tmp_path):
    model, recorder = counted(3)
    r = inspection.replay(recorder, dial(tmp_path / "one.js", model))
    fill(model, 4)
    recorder.step(loss=0.0)
    r.update()
    assert r.data["steps"][-1] == 4 and unpacked(r)[-1] == [{"value": 4.0}]


def test_scripts_that_share_a_page_keep_their_names_to_themselves(tmp_path):
    model, _ = counted(1)
    one, two = dial(tmp_path / "one.js", model), dial(tmp_path / "two.js", model)
    (tmp_path / "one.css").write_text(".ln .dial { color: red; }")
    script = together([one.script, two.script, one.script], Path(replaying.__file__).with_name("replay.js"))
    code = source(script)
    assert code.count('"dial");') == 2 and "[0, 1, 0].map" in code
    assert code.count("function pageModel") == 1
    assert ".ln .dial" in style(script) and ".ln-parts" in style(script)


def test_the_still_form_is_a_strip_of_one_picture_or_the_last_of_several(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    model, recorder = counted(9)
    one, two = dial(tmp_path / "one.js", model), dial(tmp_path / "two.js", model)
    strip, several = inspection.replay(recorder, one), inspection.replay(recorder, one, two)
    for value in ("0.000", "3.000", "6.000", "9.000"):
        assert f">{value}<" in strip.to_svg()
    assert several.to_svg().count(">9.000<") == 2 and "0.000" not in several.to_svg()
    assert strip.to_svg().count("<style>") == 1
    for r in (strip, several):
        light, dark = (Image.open(BytesIO(r.to_png(1, dark))) for dark in (False, True))
        assert light.size == dark.size and light.getpixel((3, 60))[0] > 200 > dark.getpixel((3, 60))[0]
    assert model.weight[0, 0].item() == 9
    assert "hydrate(render" in strip.to_html()


def test_it_drives_the_boundary_and_the_watch():
    learnnn.manual_seed(0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2)).astype(np.float32)
    y = (X.sum(1) > 0).astype(np.int64)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    recorder, w = inspection.Recorder(model), inspection.watch(model)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.5))
    trainer.fit(X, y, epochs=8, batch_size=20, callbacks=[recorder, w], verbose=False)
    before = [p.array.copy() for p in model.parameters()]
    boundary = inspection.decision_boundary(model, X, y, resolution=20)
    mine = boundary.text
    r = inspection.replay(recorder, boundary, w, frames=5)
    assert all(np.array_equal(p.array, b) for p, b in zip(model.parameters(), before))
    assert boundary.text == mine
    frames = unpacked(r)
    assert [frame[1]["at"] for frame in frames] == r.data["steps"] == [0, 4, 8, 12, 16]
    assert frames[0][0] != frames[-1][0]
    with recorder.at(0):
        boundary.update()
        assert json.loads(json.dumps(pack(boundary.frame(), as_text=True))) == frames[0][0]


def test_what_cannot_be_replayed_is_told(tmp_path):
    model, recorder = counted(2)
    one = dial(tmp_path / "one.js", model)
    with pytest.raises(TypeError, match="not a Linear"):
        inspection.replay(model, one)
    with pytest.raises(TypeError, match="a Linear cannot follow"):
        inspection.replay(recorder, model)
    with pytest.raises(ValueError, match="name the pictures"):
        inspection.replay(recorder)
    with pytest.raises(ValueError, match="nothing was recorded"):
        inspection.replay(inspection.Recorder(model), one)
    with pytest.raises(ValueError, match="integer from 2"):
        inspection.replay(recorder, one, frames=1)
