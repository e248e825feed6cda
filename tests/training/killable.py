"""A run that can be killed: `python killable.py DIRECTORY KILL_AT EVERY PHASE` prints a digest of how it ended.

It is killed with SIGKILL at step KILL_AT (0: never), PHASE says where: "after" the step was saved, "before" it is, or
"writing" while the file is half written. Called again with KILL_AT 0 it goes on from what is in DIRECTORY.
"""

import hashlib
import os
import random
import signal
import sys
from itertools import chain

import numpy as np

import learnnn as torch
from learnnn import nn, optim, serialization
from learnnn.training import Callback, Checkpoint, EarlyStopping, Trainer, resuming

STEPS = 6 * 7  # epochs times batches


def digest(state):
    """A fingerprint of every bit of a state: the numbers of tensors, floats and text, whatever the nesting."""
    found = hashlib.sha256()

    def add(value):
        if isinstance(value, dict):
            for key in value:
                found.update(repr(key).encode())
                add(value[key])
        elif isinstance(value, list | tuple):
            found.update(str(len(value)).encode())
            for part in value:
                add(part)
        elif hasattr(value, "array") or isinstance(value, np.ndarray):
            array = getattr(value, "array", value)
            found.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
        else:
            found.update(repr(value).encode())

    add({key: value for key, value in state.items() if key != "seconds"})
    return found.hexdigest()


class Data(torch.utils.data.Dataset):
    """Examples that are made noisy when they are drawn: from the default generator, numpy's and python's."""

    def __len__(self):
        return 26

    def __getitem__(self, i):
        x = np.sin(np.arange(5) * (i + 1)).astype(np.float32)
        noise = torch.randn(5) * 0.1 + float(np.random.normal(0, 0.1) + random.gauss(0, 0.1))
        return torch.tensor(x) + noise, torch.tensor(i % 3)


def make(metrics=("accuracy", "f1")):
    torch.manual_seed(7)
    np.random.seed(3)
    random.seed(4)
    model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Dropout(0.3), nn.Linear(16, 3))
    optimizer = optim.Adam(model.parameters(), lr=0.02, amsgrad=True)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    return Trainer(
        model, nn.CrossEntropyLoss(), optimizer, list(metrics), scheduler=schedule, schedule="batch", clip_norm=1.0
    )


def fit(trainer, directory, every, extra=()):
    return trainer.fit(
        Data(), epochs=6, batch_size=3, validation_split=0.2, generator=torch.Generator().manual_seed(5), verbose=False,
        callbacks=[Checkpoint(directory, every_steps=every, keep=2), EarlyStopping(patience=50), *extra],
        resume=directory,
    )  # fmt: skip


class Kill(Callback):
    def __init__(self, step, phase):
        self.step, self.last = step, phase == "after"

    def on_batch_end(self, batch, logs):
        if self.trainer.steps == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def kill_while_writing(step):
    """Kill it when half of the file that saves this step is there."""
    whole = serialization._file

    def half(state):
        parts = whole(state)
        if state["steps"] != step:
            return parts
        return chain(parts[: len(parts) // 2], kill())

    serialization._file = half


def kill():
    yield b""
    os.kill(os.getpid(), signal.SIGKILL)


def main(directory, kill_at, every, phase):
    trainer = make()
    if kill_at and phase == "writing":
        kill_while_writing(kill_at - kill_at % every or every)
    fit(trainer, directory, every, [Kill(kill_at, phase)] if kill_at and phase != "writing" else [])
    print(trainer.steps, digest(resuming.state_of(trainer)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
