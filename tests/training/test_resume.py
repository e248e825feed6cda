"""Exact resume: a run that was stopped anywhere and goes on ends with the same bits as one that was not."""

import importlib.util
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn, optim, serialization
from learnnn.training import Callback, Checkpoint, EarlyStopping, Trainer, checkpoint, resuming
from learnnn.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("killable", HERE / "killable.py")
killable = importlib.util.module_from_spec(spec)
spec.loader.exec_module(killable)


def run(directory, kill_at=0, every=1, phase="after"):
    command = [sys.executable, HERE / "killable.py", *map(str, (directory, kill_at, every, phase))]
    path = os.pathsep.join([str(HERE.parent.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})


@pytest.mark.slow
def test_killed_at_random_steps(tmp_path, capsys):
    whole = run(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.startswith(f"{killable.STEPS} ")
    equal, draw = 0, random.Random(20)
    for i, step in enumerate(draw.sample(range(1, killable.STEPS + 1), 20)):
        every, phase = draw.choice([1, 2, 3, 5]), ("after", "before", "writing")[i % 3]
        killed = run(tmp_path / str(step), step, every, phase)
        assert killed.returncode == -signal.SIGKILL, (step, every, phase, killed.stderr)
        again = run(tmp_path / str(step), 0, every)
        equal += again.stdout == whole.stdout
        assert again.stdout == whole.stdout, (step, every, phase, again.stderr)
    with capsys.disabled():
        print(f"\nkilled and resumed: {equal} of 20 runs equal to the bit")


class Stop(Exception):
    pass


class StopAt(Callback):
    last = True  # after the checkpoint, as the list has it

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, batch, logs):
        if self.trainer.steps == self.step:
            raise Stop


@pytest.mark.parametrize("every", [1, 4])
def test_stopped_at_many_steps(tmp_path, every):
    whole = killable.make()
    killable.fit(whole, tmp_path / "whole", every)
    expected = killable.digest(resuming.state_of(whole))
    for step in range(1, killable.STEPS + 1, 3 if every == 1 else 5):
        with pytest.raises(Stop):
            killable.fit(killable.make(), tmp_path / str(step), every, [StopAt(step)])
        again = killable.make()
        if step >= every:
            torch.rand(3)  # whatever else was drawn in between
        history = killable.fit(again, tmp_path / str(step), every)
        assert killable.digest(resuming.state_of(again)) == expected, step
        assert history == whole.history


RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(24, 4)).astype(np.float32), RNG.integers(0, 3, 24)
PAIRS = TensorDataset(torch.tensor(X), torch.tensor(Y))


def make(optimizer=None, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3))
    made = (optimizer or (lambda p: optim.SGD(p, lr=0.1, momentum=0.9)))(model.parameters())
    return Trainer(model, nn.CrossEntropyLoss(), made, ["accuracy"], **options)


class Lazy:
    """Batches that are drawn one by one as they are asked for."""

    def __init__(self, generator):
        self.generator = generator

    def __iter__(self):
        for _ in range(4):
            rows = torch.randint(0, 24, (6,), generator=self.generator).numpy()
            yield torch.tensor(X[rows]), torch.tensor(Y[rows])


LOADERS = {
    "arrays": lambda: (X, Y),
    "a shuffled loader": lambda: (DataLoader(PAIRS, 6, shuffle=True, generator=torch.Generator().manual_seed(1)),),
    "a weighted sampler": lambda: (DataLoader(PAIRS, 6, sampler=WeightedRandomSampler(np.arange(1, 25), 24)),),
    "a lazy iterable": lambda: (Lazy(torch.Generator().manual_seed(2)),),
}


@pytest.mark.parametrize("loader", LOADERS)
def test_every_kind_of_loader_goes_on(tmp_path, loader):
    runs = []
    for stop in (None, 7):
        trainer, data = make(), LOADERS[loader]()
        saver = Checkpoint(tmp_path / str(stop), every_steps=1)
        if stop:
            with pytest.raises(Stop):
                trainer.fit(*data, epochs=3, batch_size=6, callbacks=[saver, StopAt(stop)])
            trainer, data = make(), LOADERS[loader]()
        trainer.fit(*data, epochs=3, batch_size=6, callbacks=[saver], resume=tmp_path / str(stop))
        runs.append(killable.digest(resuming.state_of(trainer)))
    assert runs[0] == runs[1]


OPTIMIZERS = {
    "SGD": {"momentum": 0.9, "dampening": 0.1}, "Adam": {}, "AdamW": {"amsgrad": True}, "NAdam": {}, "RAdam": {},
    "RMSprop": {"momentum": 0.5, "centered": True}, "Adagrad": {}, "Adadelta": {}, "LBFGS": {"max_iter": 3},
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_on(tmp_path, name):
    same_after_a_stop(lambda: make(lambda p: getattr(optim, name)(p, lr=0.05, **OPTIMIZERS[name])), tmp_path)


schedules = optim.lr_scheduler
SCHEDULES = {
    "LambdaLR": lambda o: schedules.LambdaLR(o, lambda epoch: 0.8**epoch),
    "StepLR": lambda o: schedules.StepLR(o, 2),
    "MultiStepLR": lambda o: schedules.MultiStepLR(o, [1, 3]),
    "ExponentialLR": lambda o: schedules.ExponentialLR(o, 0.7),
    "CosineAnnealingLR": lambda o: schedules.CosineAnnealingLR(o, 5),
    "CosineAnnealingWarmRestarts": lambda o: schedules.CosineAnnealingWarmRestarts(o, 2),
    "LinearLR": lambda o: schedules.LinearLR(o),
    "OneCycleLR": lambda o: schedules.OneCycleLR(o, 0.2, total_steps=20),
    "ReduceLROnPlateau": lambda o: schedules.ReduceLROnPlateau(o, patience=0, threshold=0.1),
    "SequentialLR": lambda o: schedules.SequentialLR(
        o, [schedules.LinearLR(o), schedules.ExponentialLR(o, 0.5)], milestones=[2]
    ),
}


@pytest.mark.parametrize("schedule", ["epoch", "batch"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_goes_on(tmp_path, name, schedule):
    def start():
        trainer = make(schedule=schedule)
        trainer.scheduler = SCHEDULES[name](trainer.optimizer)
        return trainer

    same_after_a_stop(start, tmp_path)


def same_after_a_stop(start, directory):
    whole = start()
    history = whole.fit(X, Y, epochs=4, batch_size=6)
    with pytest.raises(Stop):
        start().fit(X, Y, epochs=4, batch_size=6, callbacks=[Checkpoint(directory, every_steps=1), StopAt(10)])
    again = start()
    assert again.fit(X, Y, epochs=4, batch_size=6, resume=directory) == history
    assert killable.digest(resuming.parts_of(again)) == killable.digest(resuming.parts_of(whole))


def test_a_finished_run_can_be_made_longer(tmp_path):
    whole = make()
    whole.fit(X, Y, epochs=5)
    make().fit(X, Y, epochs=3, callbacks=[Checkpoint(tmp_path)])
    longer = make()
    assert longer.fit(X, Y, epochs=5, resume=tmp_path).epochs == [1, 2, 3, 4, 5]
    assert longer.history == whole.history
    assert all((a.array == b.array).all() for a, b in zip(longer.model.parameters(), whole.model.parameters()))
    assert longer.fit(X, Y, epochs=3, resume=tmp_path).epochs == [1, 2, 3]


def test_early_stopping_goes_on(tmp_path):
    def fit(trainer, directory, extra=()):
        stop = EarlyStopping("loss", patience=1, min_delta=0.3)
        trainer.fit(X, Y, epochs=9, callbacks=[Checkpoint(directory), stop, *extra], resume=directory)
        return stop

    whole, again = make(), make()
    stop = fit(whole, tmp_path / "a")
    assert stop.stopped_epoch
    with pytest.raises(Stop):
        fit(make(), tmp_path / "b", [StopAt(stop.stopped_epoch)])  # one batch an epoch
    assert vars(fit(again, tmp_path / "b"))["best_epoch"] == stop.best_epoch
    assert all((a.array == b.array).all() for a, b in zip(again.model.parameters(), whole.model.parameters()))
    done = make()
    fit(done, tmp_path / "a")  # which had come to its end
    assert all((a.array == b.array).all() for a, b in zip(done.model.parameters(), whole.model.parameters()))


# ------------------------------------------------------------------------------------------------- files
def test_how_many_are_kept(tmp_path):
    make().fit(X, Y, epochs=4, batch_size=6, callbacks=[Checkpoint(tmp_path, None, every_steps=3, keep=2)])
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"step-{n:08d}.safetensors" for n in (12, 15)]
    make().fit(X, Y, epochs=4, callbacks=[Checkpoint(tmp_path / "all", every_epochs=2, keep=None)])
    assert len(checkpoint.checkpoints(tmp_path / "all")) == 2


def test_a_new_run_in_an_old_directory_is_what_resume_finds(tmp_path):
    make().fit(X, Y, epochs=5, callbacks=[Checkpoint(tmp_path)])
    make().fit(X, Y, epochs=2, callbacks=[Checkpoint(tmp_path, keep=2)])
    assert checkpoint.read(tmp_path)["finished"] == 2


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    trainer, path = make(), tmp_path / "run.safetensors"
    trainer.save(path)
    before = path.read_bytes()

    def full(state):
        yield b"half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(serialization, "_file", full)
    trainer.fit(X, Y)
    with pytest.raises(OSError, match="No space"):
        trainer.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_cleared(tmp_path):
    left = tmp_path / "step-00000001.safetensors.99.tmp"
    left.write_bytes(b"half")
    make().fit(X, Y, callbacks=[Checkpoint(tmp_path)])
    assert not left.exists()


def test_save_and_load(tmp_path):
    trainer, other = make(), make()
    trainer.fit(X, Y, epochs=3)
    trainer.model[0].weight.requires_grad_(False)
    other.load(trainer.save(tmp_path / "run.safetensors"))
    assert other.history == trainer.history
    assert not other.model[0].weight.requires_grad
    assert other.evaluate(X, Y) == trainer.evaluate(X, Y)
    saved = {name: resuming.parts_of(trainer)[name] for name in ("model", "optimizer", "history")}
    assert killable.digest(saved) == killable.digest({name: resuming.parts_of(other)[name] for name in saved})


def test_a_model_that_is_only_a_function(tmp_path):
    def function():
        w = torch.zeros(4, 1, requires_grad=True)
        return w, Trainer(lambda x: x @ w, nn.MSELoss(), optim.SGD([w], lr=0.1))

    (w, trainer), (v, other) = function(), function()
    trainer.fit(X, X[:, :1], epochs=2, callbacks=[Checkpoint(tmp_path)])
    other.fit(X, X[:, :1], epochs=2, resume=tmp_path)
    assert (w.array == v.array).all()
    third = Trainer(lambda x: x, nn.MSELoss(), optim.SGD([torch.zeros(3, requires_grad=True)]))
    with pytest.raises(ValueError, match="number or shape"):
        third.load(tmp_path)


# -------------------------------------------------------------------------------------------- what is refused
def wider():
    model = nn.Sequential(nn.Linear(4, 7), nn.ReLU(), nn.Dropout(0.5), nn.Linear(7, 3))
    return Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1, momentum=0.9))


def scheduled():
    trainer = make()
    trainer.scheduler = optim.lr_scheduler.StepLR(trainer.optimizer, 1)
    return trainer


def grouped():
    return make(lambda p: optim.SGD([{"params": [q]} for q in p], lr=0.1))


REFUSED = {
    "other sizes": (wider, {}, RuntimeError, "size mismatch for 0.weight"),
    "other groups": (grouped, {}, ValueError, "different number of parameter groups"),
    "a scheduler more": (scheduled, {}, ValueError, "without a scheduler"),
    "other batches": (make, {"batch_size": 5}, ValueError, "saved with 4 batches an epoch, and this data gives 5"),
    "other callbacks": (make, {"callbacks": [EarlyStopping("loss")]}, ValueError, "has ['EarlyStopping']"),
    "another generator": (make, {"generator": torch.Generator()}, ValueError, "saved with 1 generators"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_run_that_does_not_fit_is_refused_and_nothing_changed(tmp_path, name):
    start, options, error, said = REFUSED[name]
    make().fit(X, Y, epochs=1, batch_size=6, callbacks=[Checkpoint(tmp_path)])
    trainer = start()
    trainer.fit(X, Y, epochs=1, batch_size=6)
    trainer.model.eval()
    before = killable.digest(resuming.parts_of(trainer) | {"history": 0})
    with pytest.raises(error) as caught:
        trainer.fit(X, Y, **{"epochs": 2, "batch_size": 6, "resume": tmp_path, **options})
    assert said in str(caught.value)
    assert killable.digest(resuming.parts_of(trainer) | {"history": 0}) == before
    assert not trainer.model.training


def test_files_that_are_no_checkpoints(tmp_path):
    trainer, path = make(), tmp_path / "step-00000001.safetensors"
    with pytest.raises(FileNotFoundError):
        trainer.fit(X, Y, resume=path)
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        trainer.load(tmp_path)
    serialization.save({"weight": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="is no checkpoint of a Trainer"):
        trainer.fit(X, Y, resume=tmp_path)
    trainer.save(path)
    with pytest.raises(ValueError, match="saved outside of fit"):
        trainer.fit(X, Y, resume=path)
    before = killable.digest(resuming.parts_of(trainer))
    content = path.read_bytes()
    for broken in (b"", content[: len(content) // 2], content[:-1], b"PK" + content[2:], os.urandom(200)):
        path.write_bytes(broken)
        with pytest.raises((EOFError, RuntimeError)):
            trainer.fit(X, Y, resume=path)
        with pytest.raises((EOFError, RuntimeError)):
            trainer.load(path)
        assert path.read_bytes() == broken
    assert killable.digest(resuming.parts_of(trainer)) == before


@pytest.mark.parametrize("options", [{"every_epochs": 0}, {"every_steps": 1.5}, {"keep": -1}, {"every_epochs": None}])
def test_bad_settings(tmp_path, options):
    with pytest.raises(ValueError, match=r"Checkpoint"):
        Checkpoint(tmp_path, **options)
