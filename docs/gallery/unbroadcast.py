"""The way back alone: the bias of a layer was copied for every example of a batch, so its gradient is the sum over
the batch."""

import learnnn as torch
from learnnn import inspection
from learnnn.nn import functional as F

torch.manual_seed(0)
out = (torch.randn(5, 6) @ torch.randn(6, 4) + torch.zeros(4)).requires_grad_()
F.cross_entropy(out, torch.tensor([0, 1, 2, 3, 0])).backward()
inspection.unbroadcast(out.grad, (4,))
