"""The workloads, written once in PyTorch's names and run under learnnn and under PyTorch.

A workload is a function of the library, `torch`, that returns `step`: one training step, forward, backward
and optimizer, which returns a tensor (the loss) by which the libraries are compared before they are timed.
They are written as anyone would write them: no special model class, no option set for speed.
`step.start` holds what it starts from, (parameters, X, y), so that a framework with other names can start there too.
"""

import numpy as np


def parameters_from(rng, model, torch):
    """Give `model` parameters that both libraries draw alike: uniform, scaled by the fan-in."""
    with torch.no_grad():
        for p in model.parameters():
            bound = 1 / np.sqrt(np.prod(p.shape[1:], dtype=int) if p.ndim > 1 else p.shape[0])
            p.copy_(torch.tensor(rng.uniform(-bound, bound, tuple(p.shape)).astype("float32")))


def trainer(model, X, y, criterion, optimizer):
    """The step that every workload with a model shares."""

    def step():
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        optimizer.step()
        return loss

    step.start = [*model.parameters()], X, y
    return step


def w1(torch):
    """MLP 784-100-100-10, ReLU, cross-entropy, SGD, batch 64."""
    nn, F, rng = torch.nn, torch.nn.functional, np.random.default_rng(1)
    model = nn.Sequential(nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
    parameters_from(rng, model, torch)
    X = torch.tensor(rng.standard_normal((64, 784)).astype("float32"))
    y = torch.tensor(rng.integers(0, 10, 64))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return trainer(model, X, y, F.cross_entropy, optimizer)


def w2(torch):
    """MLP 2-16-16-1, tanh, binary cross-entropy on logits, Adam, batch 32."""
    nn, F, rng = torch.nn, torch.nn.functional, np.random.default_rng(2)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    parameters_from(rng, model, torch)
    X = torch.tensor(rng.standard_normal((32, 2)).astype("float32"))
    y = torch.tensor(rng.integers(0, 2, (32, 1)).astype("float32"))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    return trainer(model, X, y, F.binary_cross_entropy_with_logits, optimizer)


def convolutional(torch):
    """Two convolutions with ReLU and pooling over pictures of 28 x 28, and ten classes."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 10),
    )  # fmt: skip


def w3(torch):
    """CNN: conv 16, ReLU, pool, conv 32, ReLU, pool, linear, 28x28, batch 64, Adam."""
    F, rng = torch.nn.functional, np.random.default_rng(3)
    model = convolutional(torch)
    parameters_from(rng, model, torch)
    X = torch.tensor(rng.random((64, 1, 28, 28)).astype("float32"))
    y = torch.tensor(rng.integers(0, 10, 64))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    return trainer(model, X, y, F.cross_entropy, optimizer)


def reader(torch, hidden):
    """An LSTM over sequences of 32 features, and ten classes from its last output."""
    nn = torch.nn

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(32, hidden, batch_first=True)
            self.head = nn.Linear(hidden, 10)

        def forward(self, x):  # (B, T, 32)
            output, _ = self.lstm(x)
            return self.head(output[:, -1])

    return Reader()


def w4(torch):
    """LSTM 32 -> 128, 64 steps, batch 32, Adam."""
    F, rng = torch.nn.functional, np.random.default_rng(4)
    model = reader(torch, hidden=128)
    parameters_from(rng, model, torch)
    X = torch.tensor(rng.standard_normal((32, 64, 32)).astype("float32"))
    y = torch.tensor(rng.integers(0, 10, 32))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    return trainer(model, X, y, F.cross_entropy, optimizer)


def gpt(torch, layers, width, heads, context, vocabulary):
    """A GPT with pre-norm blocks and GPT-2's GELU."""
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attend, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(
                nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width)
            )

        def forward(self, x):
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

        def attention(self, x):
            B, T, C = x.shape
            q, k, v = (
                part.view(B, T, heads, C // heads).transpose(1, 2)  # (B, heads, T, d)
                for part in self.attend(x).split(C, dim=2)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.project(y.transpose(1, 2).reshape(B, T, C))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.Sequential(*[Block() for _ in range(layers)])
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

        def forward(self, tokens):  # (B, T) -> (B * T, vocabulary)
            x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
            return self.head(self.norm(self.blocks(x))).flatten(0, 1)

    return GPT()


def w5(torch):
    """GPT, 4 layers, d 64, 4 heads, 64 tokens, batch 16, AdamW, scaled_dot_product_attention."""
    F, rng = torch.nn.functional, np.random.default_rng(5)
    model = gpt(torch, layers=4, width=64, heads=4, context=64, vocabulary=65)
    parameters_from(rng, model, torch)
    text = torch.tensor(rng.integers(0, 65, (16, 65)))
    X, y = text[:, :-1], text[:, 1:].reshape(-1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001)
    return trainer(model, X, y, F.cross_entropy, optimizer)


def w6(torch):
    """Adam alone, on a million parameters in ten tensors."""
    rng = np.random.default_rng(6)
    draws = rng.standard_normal((2, 10, 250, 400)).astype("float32")
    parameters = [torch.nn.Parameter(torch.tensor(draw)) for draw in draws[0]]
    for p, grad in zip(parameters, draws[1]):
        p.grad = torch.tensor(grad)
    optimizer = torch.optim.Adam(parameters, lr=0.001)

    def step():
        optimizer.step()
        return parameters[0]

    step.start = parameters, torch.tensor(draws[1]), None
    return step


#        function, steps to warm up, steps to time, bound and aim for the ratio to PyTorch
WORKLOADS = {
    "W1": (w1, 200, 1500, 0.62, 0.55),
    "W2": (w2, 500, 3000, 0.20, 0.12),
    "W3": (w3, 3, 20, 1.10, 0.90),
    "W4": (w4, 3, 20, 1.30, 1.10),
    "W5": (w5, 3, 12, 1.15, 0.95),
    "W6": (w6, 20, 200, 0.75, 0.50),
}
