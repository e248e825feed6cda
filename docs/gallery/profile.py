"""Where the time and the memory of a training step go, by operation and by module, forward and backward."""

import learnnn as torch
from learnnn import inspection, nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
inspection.profile(model, torch.randn(256, 64), repeat=3)
