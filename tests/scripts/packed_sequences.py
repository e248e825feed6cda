"""A sequence model with packed batches: ragged sequences through a two-way LSTM, a GRU over its output, one label."""

import drawn
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(11)


class Runs(Dataset):
    """Sequences of 2 to 7 tokens; the label says whether more than half of them are odd."""

    def __init__(self, count):
        self.rows = [torch.from_numpy(rng.integers(1, 9, rng.integers(2, 8))) for _ in range(count)]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.rows[i], float((self.rows[i] % 2).double().mean() > 0.5)


def collate(batch):
    rows, labels = zip(*batch)
    lengths = torch.tensor([len(row) for row in rows])
    return pad_sequence(rows, batch_first=True, padding_value=0), lengths, torch.tensor(labels)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 4, padding_idx=0)
        self.lstm = nn.LSTM(4, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(10, 6)
        self.rnn = nn.RNN(10, 3, nonlinearity="relu", batch_first=True)
        self.cell = nn.GRUCell(4, 3)
        self.head = nn.Linear(6 + 3 + 3 + 10, 1)

    def forward(self, rows, lengths):
        e = self.embed(rows)
        packed = pack_padded_sequence(e, lengths, batch_first=True, enforce_sorted=False)
        packed, (h, _) = self.lstm(packed)
        _, last = self.gru(packed)
        padded, sizes = pad_packed_sequence(packed, batch_first=True)  # (B, T, 10)
        assert torch.equal(sizes, lengths)
        _, plain = self.rnn(padded)
        state = torch.zeros(len(rows), 3)
        for t in range(e.shape[1]):
            state = self.cell(e[:, t], state)
        ends = torch.cat([h[-2], h[-1]], dim=1)
        return self.head(torch.cat([last[-1], plain[-1], state, ends], dim=1)).squeeze(1)


loader = DataLoader(Runs(32), batch_size=8, collate_fn=collate)
model = Model()
drawn.parameters(model)
optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.5)
step = 0
for _ in range(5):
    for rows, lengths, labels in loader:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(rows, lengths), labels, pos_weight=torch.tensor(1.5))
        loss.backward()
        optimizer.step()
        scheduler.step()
        drawn.show(step, loss, rows.shape[1])
        step += 1

with torch.no_grad():
    rows, lengths, labels = next(iter(loader))
    one = torch.cat([model(row[:length].unsqueeze(0), length.view(1)) for row, length in zip(rows, lengths)])
    print("alone", one.sum().item())  # one by one: nothing is padded
drawn.checksums(model)
