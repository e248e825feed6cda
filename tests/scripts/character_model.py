"""A character model: embedded context into a hidden layer of tanh, as in Bengio et al. (2003), then greedy text."""

import drawn
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
words = ["emma", "olivia", "ava", "isabella", "sophia", "charlotte", "mia", "amelia", "harper", "evelyn"]
characters = [".", *sorted(set("".join(words)))]
index = {c: i for i, c in enumerate(characters)}
block_size = 3

contexts, nexts = [], []
for word in words:
    context = [0] * block_size
    for c in word + ".":
        contexts.append(context)
        nexts.append(index[c])
        context = [*context[1:], index[c]]
X, Y = torch.tensor(contexts), torch.tensor(nexts)


class Model(nn.Module):
    def __init__(self, vocabulary, width=5, hidden=24):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width, padding_idx=0)
        self.hidden = nn.Linear(block_size * width, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, x):
        e = self.embed(x)  # (B, context, width)
        return self.head(torch.tanh(self.norm(self.hidden(e.view(x.shape[0], -1)))))


model = Model(len(characters))
drawn.parameters(model)
decay = [p for p in model.parameters() if p.dim() > 1]
rest = [p for p in model.parameters() if p.dim() <= 1]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": rest}], lr=0.02, betas=(0.9, 0.95))
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[8, 15], gamma=0.5)
rng = np.random.default_rng(0)
for step in range(20):
    batch = torch.from_numpy(rng.integers(0, len(X), 32))
    logits = model(X[batch])
    loss = F.cross_entropy(logits, Y[batch], reduction="mean")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    scheduler.step()
    drawn.show(step, loss)

model.eval()
context, text = [0] * block_size, []
with torch.no_grad():
    for _ in range(10):
        probabilities = F.softmax(model(torch.tensor([context])), dim=-1)
        chosen = probabilities.topk(1).indices
        text.append(chosen.item())
        context = [*context[1:], chosen.item()]
counts = torch.zeros(len(characters) ** 2, dtype=torch.int64)
counts.scatter_add_(0, X[:, -1] * len(characters) + Y, torch.ones_like(Y))
counts = counts.view(len(characters), len(characters))
bigram = (counts + 1).double() / (counts + 1).sum(1, keepdim=True)
print("text", *text)
print("bigram", -bigram[X[:, -1], Y].log().mean().item())
drawn.checksums(model)
