"""The plane of codes of a small autoencoder of digits: drag the point, and see what each place decodes to."""

import learnnn as torch
from learnnn import datasets, inspection, nn, optim

torch.manual_seed(0)
X, y = datasets.digits()
encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
decoder = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid())
model, batches = nn.Sequential(encoder, decoder), torch.tensor(X).split(128)
optimizer = optim.Adam(model.parameters(), lr=0.005)
for batch in batches * 40:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(batch), batch).backward()
    optimizer.step()
inspection.latent(decoder, (X, y), encode=encoder)
