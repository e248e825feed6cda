"""Graph convolutions written densely (Kipf and Welling, 2017), with a graph attention layer on top."""

import drawn
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(10)


def normalized(edges, n):
    """D^-1/2 (A + I) D^-1/2 of an undirected graph."""
    A = torch.zeros(n, n)
    A[edges[0], edges[1]] = 1.0
    A = torch.maximum(A, A.T) + torch.eye(n)
    d = A.sum(dim=1).rsqrt()
    assert torch.allclose(torch.diag(d) @ A @ torch.diag(d), d[:, None] * A * d[None, :])
    return d.unsqueeze(1) * A * d.unsqueeze(0)


class GraphConvolution(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = Parameter(torch.empty(in_features, out_features))
        self.bias = Parameter(torch.empty(out_features))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x, A):
        return torch.einsum("nm,mi,io->no", A, x, self.weight) + self.bias


class GraphAttention(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.W = nn.Linear(in_features, out_features, bias=False)
        self.a = Parameter(torch.empty(2, out_features))

    def forward(self, x, A):
        h = self.W(x)
        scores = F.leaky_relu(torch.outer(h @ self.a[0], torch.ones(len(h))) + (h @ self.a[1]), 0.2)
        return torch.where(A > 0, scores, torch.full_like(scores, -9e15)).softmax(dim=1) @ h


class GCN(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.layers = nn.ModuleList([GraphConvolution(features, hidden), GraphConvolution(hidden, hidden)])
        self.attention = GraphAttention(hidden, classes)

    def forward(self, x, A):
        for layer in self.layers:
            x = F.elu(layer(x, A))
            keep = torch.from_numpy(rng.random(tuple(x.shape)) < 0.8)
            x = x.masked_fill(~keep, 0.0) / 0.8
        return F.log_softmax(self.attention(x, A), dim=1)


n, classes = 24, 3
labels = torch.arange(n) % classes
pairs = torch.from_numpy(rng.integers(0, n, (2, 120)))
edges = pairs[:, (labels[pairs[0]] == labels[pairs[1]]) | torch.from_numpy(rng.random(120) < 0.1)]
A = normalized(edges, n)
x = F.normalize(drawn.normal(rng, n, 5) + F.one_hot(labels, 5), dim=1)
train = torch.zeros(n, dtype=torch.bool)
train[: n // 2] = True

model = GCN(5, 8, classes)
drawn.parameters(model)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.95**epoch)
for step in range(20):
    optimizer.zero_grad()
    output = model(x, A)
    loss = F.nll_loss(output[train], labels[train])
    loss.backward()
    optimizer.step()
    scheduler.step()
    rest = ~train & (output.max(1)[1] == labels)
    drawn.show(step, loss, rest.sum())

degrees = torch.zeros(n).scatter_add(0, edges[0], torch.ones(edges.shape[1]))
print("graph", len(edges.unique()), torch.bincount(edges[1], minlength=n).max().item(), degrees.var().item())
sums = torch.zeros(classes, 5).index_add(0, labels, x)
inverse = torch.linalg.inv(A + n * torch.eye(n))
print("means", torch.linalg.norm(sums / 8).item(), torch.trace(A).item(), inverse.sum().item())
drawn.checksums(model)
