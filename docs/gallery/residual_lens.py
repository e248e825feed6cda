"""A small Transformer learned to copy what stands before the bar; this is what it would say after each block."""

import learnnn as torch
from learnnn import inspection, nn, optim

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(32, 4, 64, 0.0, batch_first=True, norm_first=True)
encoder = nn.TransformerEncoder(layer, 3, nn.LayerNorm(32))
letters, places, out = nn.Embedding(9, 32), nn.Embedding(11, 32), nn.Linear(32, 9)
mask = torch.triu(torch.ones(11, 11), 1) > 0
model = lambda t: out(encoder(letters(t) + places(torch.arange(11)), mask=mask))
optimizer = optim.Adam([p for part in (letters, places, encoder, out) for p in part.parameters()], lr=0.005)
for _ in range(250):
    t = torch.randint(8, (32, 5))
    t = torch.cat([t, torch.full((32, 1), 8), t], 1)
    nn.functional.cross_entropy(model(t)[:, 5:10].reshape(-1, 9), t[:, 6:].reshape(-1)).backward()
    optimizer.step(), optimizer.zero_grad()
inspection.residual_lens(model, t[0], labels="abcdefgh|")
