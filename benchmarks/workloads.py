"""The workloads, written once in PyTorch's names and run under learnnn and under PyTorch.

A workload is a function of the library, `torch`, that returns `step`: one training step, forward, backward
and optimizer, which returns a tensor (the loss) by which the libraries are compared before they are timed.
"""

import numpy as np


def parameters_from(rng, model, torch):
    """Give `model` parameters that both libraries draw alike: uniform, scaled by the fan-in."""
    with torch.no_grad():
        for p in model.parameters():
            bound = 1 / np.sqrt(p.shape[-1])
            p.copy_(torch.tensor(rng.uniform(-bound, bound, tuple(p.shape)).astype("float32")))


def w1(torch):
    """MLP 784-100-100-10, ReLU, cross-entropy, SGD, batch 64."""
    nn, F, rng = torch.nn, torch.nn.functional, np.random.default_rng(1)
    model = nn.Sequential(
        nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10)
    )
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


def trainer(model, X, y, criterion, optimizer):
    def step():
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


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

    return step


#        function, steps to warm up, steps to time, bound and aim for the ratio to PyTorch
WORKLOADS = {
    "W1": (w1, 30, 300, 0.62, 0.55),
    "W2": (w2, 50, 500, 0.20, 0.12),
    "W6": (w6, 5, 40, 0.75, 0.50),
}
