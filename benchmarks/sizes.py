"""What the sweep over sizes trains: one quantity grows, all else stays.

As in workloads.py, everything is written once in PyTorch's names, as anyone would write it, and run under both
libraries. A sweep builds `step` from (torch, size) and says how much work a step of that size is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from limits import Work, causal_attention, convolution, linear, lstm
from workloads import convolutional, gpt, parameters_from, reader, trainer


@dataclass(frozen=True)
class Sweep:
    """`grows` names the quantity; `optimizer` says what a step touches, "SGD" or "Adam" for it and its kin."""

    grows: str
    sizes: tuple[int, ...]
    build: Callable
    work: Callable[[int], Work]
    optimizer: str

    @property
    def what(self) -> str:
        """Its title; and what else it is."""
        return self.build.__doc__


def labelled(torch, rng, batch, *shape):
    """Inputs of that shape, drawn in float32 so that drawing them takes no more memory than they do; ten classes."""
    X = rng.standard_normal((batch, *shape), dtype=np.float32)
    return torch.tensor(X), torch.tensor(rng.integers(0, 10, batch))


def mlp(torch, batch):
    """MLP 784-100-100-10; ReLU, cross-entropy, SGD"""
    nn, F, rng = torch.nn, torch.nn.functional, np.random.default_rng(11)
    model = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
    parameters_from(rng, model, torch)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return trainer(model, *labelled(torch, rng, batch, 784), F.cross_entropy, optimizer)


def mlp_work(batch):
    return linear(batch, 784, 100, first=True) + linear(batch, 100, 100) + linear(batch, 100, 10)


def cnn(torch, batch):
    """CNN on 28 x 28; conv 16, conv 32, each with ReLU and pool, linear, Adam"""
    F, rng = torch.nn.functional, np.random.default_rng(12)
    model = convolutional(torch)
    parameters_from(rng, model, torch)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    return trainer(model, *labelled(torch, rng, batch, 1, 28, 28), F.cross_entropy, optimizer)


def cnn_work(batch):
    second = convolution(batch * 14 * 14, 16, 32, 3)
    return convolution(batch * 28 * 28, 1, 16, 3, first=True) + second + linear(batch, 32 * 7 * 7, 10)


def wide(torch, width):
    """MLP width-width-width; ReLU, squared error, Adam, batch 64"""
    nn, F, rng = torch.nn, torch.nn.functional, np.random.default_rng(13)
    model = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
    parameters_from(rng, model, torch)
    X, y = (torch.tensor(rng.standard_normal((64, width), dtype=np.float32)) for _ in range(2))
    return trainer(model, X, y, F.mse_loss, torch.optim.Adam(model.parameters(), lr=0.001))


def wide_work(width):
    return linear(64, width, width, first=True) + linear(64, width, width)


def deep(torch, depth):
    """MLP of many layers; each Linear(32, 32) and tanh, squared error, SGD, batch 32"""
    nn, F, rng = torch.nn, torch.nn.functional, np.random.default_rng(14)
    model = nn.Sequential(*[layer for _ in range(depth) for layer in (nn.Linear(32, 32), nn.Tanh())])
    orthogonal(rng, model, torch)
    X, y = (torch.tensor(rng.standard_normal((32, 32), dtype=np.float32)) for _ in range(2))
    return trainer(model, X, y, F.mse_loss, torch.optim.SGD(model.parameters(), lr=0.01))


def orthogonal(rng, model, torch):
    """Weights that are rotations, biases 0: through a thousand layers nothing vanishes and nothing explodes."""
    with torch.no_grad():
        for p in model.parameters():
            turn = np.linalg.qr(rng.standard_normal(p.shape))[0] if p.ndim == 2 else np.zeros(p.shape)
            p.copy_(torch.tensor(turn.astype("float32")))


def deep_work(depth):
    return sum((linear(32, 32, 32) for _ in range(depth - 1)), start=linear(32, 32, 32, first=True))


def chain(torch, length):
    """Chain h = h * w + x; on 16 x 16 numbers, squared error, SGD"""
    nn, F, rng = torch.nn, torch.nn.functional, np.random.default_rng(15)

    class Chain(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.tensor(rng.uniform(0, 0.5, (16, 16)).astype("float32")))

        def forward(self, x):
            h = x
            for _ in range(length):
                h = h * self.w + x
            return h

    model = Chain()
    X, y = (torch.tensor(rng.random((16, 16), dtype=np.float32)) for _ in range(2))
    return trainer(model, X, y, F.mse_loss, torch.optim.SGD(model.parameters(), lr=0.001))


def chain_work(length):
    return Work(parameters=16 * 16)


def transformer(torch, T):
    """GPT; 2 layers, d 64, 4 heads, batch 4, AdamW"""
    F, rng = torch.nn.functional, np.random.default_rng(16)
    model = gpt(torch, layers=2, width=64, heads=4, context=T, vocabulary=65)
    parameters_from(rng, model, torch)
    text = torch.tensor(rng.integers(0, 65, (4, T + 1)))
    X, y = text[:, :-1], text[:, 1:].reshape(-1)
    return trainer(model, X, y, F.cross_entropy, torch.optim.AdamW(model.parameters(), lr=0.001))


def transformer_work(T):
    rows, norm = 4 * T, Work(parameters=2 * 64)
    mixing = linear(rows, 64, 3 * 64) + causal_attention(4, 4, T, 16) + linear(rows, 64, 64)
    block = mixing + linear(rows, 64, 4 * 64) + linear(rows, 4 * 64, 64) + norm + norm
    embedding = Work(parameters=(65 + T) * 64)
    return embedding + block + block + norm + linear(rows, 64, 65, bias=0)


def recurrent(torch, T):
    """LSTM 32 -> 64; linear, cross-entropy, Adam, batch 16"""
    F, rng = torch.nn.functional, np.random.default_rng(17)
    model = reader(torch, hidden=64)
    parameters_from(rng, model, torch)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    return trainer(model, *labelled(torch, rng, 16, T, 32), F.cross_entropy, optimizer)


def recurrent_work(T):
    return lstm(16, T, 32, 64) + linear(16, 64, 10)


FOURFOLD = (1, 4, 16, 64, 256, 1024, 4096)
THREEFOLD = (1, 3, 10, 30, 100, 300, 1000)

SWEEPS = {
    "batch-mlp": Sweep("batch", FOURFOLD, mlp, mlp_work, "SGD"),
    "batch-cnn": Sweep("batch", FOURFOLD[:6], cnn, cnn_work, "Adam"),
    "width": Sweep("width", (16, 64, 256, 1024, 2048, 4096), wide, wide_work, "Adam"),
    "depth": Sweep("layers", THREEFOLD, deep, deep_work, "SGD"),
    "chain": Sweep("steps", THREEFOLD, chain, chain_work, "SGD"),
    "sequence-gpt": Sweep("tokens", (16, 64, 256, 1024), transformer, transformer_work, "Adam"),
    "sequence-lstm": Sweep("steps", (16, 64, 256, 1024), recurrent, recurrent_work, "Adam"),
}
