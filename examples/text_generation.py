"""Text, a character at a time, by an embedding and two stacked LSTM layers: it learns, then writes."""

import os
import pydoc
from pathlib import Path

import numpy as np

import learnnn as torch
from learnnn import nn, optim
from learnnn.training import Trainer
from learnnn.training.preprocessing import CharTokenizer, sliding_windows


class Writer(nn.Module):
    """Scores for the next character, at each place: (N, T) -> (N, C, T)."""

    def __init__(self, characters: int, size: int = 96):
        super().__init__()
        self.embedding = nn.Embedding(characters, 24)
        self.lstm = nn.LSTM(24, size, num_layers=2, batch_first=True)
        self.head = nn.Linear(size, characters)

    def forward(self, x, state=None, with_state=False):
        out, state = self.lstm(self.embedding(x), state)  # (N, T, size)
        scores = self.head(out).transpose(1, 2)  # (N, C, T)
        return (scores, state) if with_state else scores


def text() -> str:
    """$LEARNNN_DATA/names/names.txt, one first name a line, if it is here; else what Python's help says."""
    path = Path(os.environ.get("LEARNNN_DATA", "")) / "names" / "names.txt"
    if path.is_file():
        return path.read_text("utf-8")
    return "".join(pydoc.plain(pydoc.render_doc(kind)) for kind in (str, list, dict, set, int, float, bytes, os))


@torch.no_grad()
def write(model: Writer, tokenizer: CharTokenizer, length: int = 120) -> str:
    x, state, written = torch.tensor([tokenizer.encode("\n")]), None, []
    for _ in range(length):
        scores, state = model(x, state, with_state=True)
        x = torch.multinomial(torch.softmax(scores[:, :, -1] / 0.8, 1), 1)  # a temperature of 0.8: less daring
        written.append(x.item())
    return tokenizer.decode(written)


def by_pairs(train: np.ndarray, test: np.ndarray, characters: int) -> float:
    """The loss of counting which character follows which: what a network must beat."""
    counts = np.ones((characters, characters))
    np.add.at(counts, (train[:, :-1], train[:, 1:]), 1)
    return float(-np.log(counts / counts.sum(1, keepdims=True))[test[:, :-1], test[:, 1:]].mean())


def main() -> dict[str, float]:
    torch.manual_seed(0)
    tokenizer = CharTokenizer()
    numbers = tokenizer.fit_transform(text())
    windows, _ = sliding_windows(numbers, length=33, horizon=0, step=32)  # (N, 33)
    windows = windows[torch.randperm(len(windows)).numpy()[:4000]]  # enough, and quick
    test, train = windows[:300], windows[300:]
    model = Writer(len(tokenizer))
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=5e-3), clip_norm=1.0)
    trainer.fit(train[:, :-1], train[:, 1:], epochs=6, batch_size=32, validation_data=(test[:, :-1], test[:, 1:]))
    print(write(model.eval(), tokenizer))
    pairs = by_pairs(train, test, len(tokenizer))
    return {"test loss": trainer.history["val_loss"][-1], "share of pairs'": trainer.history["val_loss"][-1] / pairs}


if __name__ == "__main__":
    for name, figure in main().items():
        print(f"{name}: {figure:.3g}")
