"""A small model learned to copy what stands before the bar: after it, each place looks where its letter stood."""

import learnnn as torch
from learnnn import inspection, nn, optim

torch.manual_seed(0)
parts = attend, letters, places, out = (
    nn.MultiheadAttention(24, 2, batch_first=True), nn.Embedding(9, 24), nn.Embedding(13, 24), nn.Linear(24, 9),
)  # fmt: skip
mask = torch.triu(torch.ones(13, 13), 1) > 0
model = lambda t: out(attend(x := letters(t) + places(torch.arange(13)), x, x, attn_mask=mask)[0])
optimizer = optim.Adam([p for part in parts for p in part.parameters()], lr=0.02)
for _ in range(150):
    t = torch.randint(8, (64, 6))
    t = torch.cat([t, torch.full((64, 1), 8), t], 1)
    nn.functional.cross_entropy(model(t)[:, 6:12].reshape(-1, 9), t[:, 7:].reshape(-1)).backward()
    optimizer.step()
    optimizer.zero_grad()
inspection.attention(model, t[0], labels=["abcdefgh|"[i] for i in t[0].tolist()])
