"""The gates of an LSTM that learned Python's names letter by letter, and how its gradient fades on the way back."""

import builtins

import learnnn as torch
from learnnn import inspection, nn, optim

torch.manual_seed(0)
text = " ".join(name.lower() for name in dir(builtins) if name.isalpha())
x = torch.tensor([" abcdefghijklmnopqrstuvwxyz".index(letter) for letter in text[-1000:]]).reshape(40, 25)
letters, lstm, out = nn.Embedding(27, 16), nn.LSTM(16, 24, batch_first=True), nn.Linear(24, 27)
optimizer = optim.Adam([p for part in (letters, lstm, out) for p in part.parameters()], lr=0.01)
for _ in range(150):
    optimizer.zero_grad()
    nn.functional.cross_entropy(out(lstm(letters(x[:, :-1]))[0]).reshape(-1, 27), x[:, 1:].reshape(-1)).backward()
    optimizer.step()
inspection.gates(lambda x: out(lstm(letters(x))[0]), x[-1], labels=text[-25:])
