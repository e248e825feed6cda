"""A model that guesses the next letter of Python's help texts gives each letter a vector: vowels come together."""

from pydoc_data.topics import topics

import learnnn as torch
from learnnn import inspection, nn, optim

torch.manual_seed(0)
letters = "abcdefghijklmnopqrstuvwxyz "
text = " ".join("".join(c if c in letters else " " for c in topics[t].lower()) for t in sorted(topics))
x = torch.tensor([letters.index(c) for c in " ".join(text.split())[:60000]])
model = nn.Sequential(nn.Embedding(27, 8), nn.Linear(8, 27))
optimizer = optim.Adam(model.parameters(), lr=0.02)
for i in torch.randint(len(x) - 1, (250, 1024)):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x[i]), x[i + 1]).backward()
    optimizer.step()
kinds = ["vowel" if c in "aeiouy" else "space" if c == " " else "consonant" for c in letters]
inspection.embedding_map(model[0], labels=letters, colours=kinds)
