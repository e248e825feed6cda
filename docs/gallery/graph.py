"""How a number was computed: a neuron as a graph of its steps. Press play to watch the values come forward and the
gradient go back, rule by rule; click a node to look into it."""

import learnnn as torch
from learnnn import inspection

x1, x2, w1, w2, b = (torch.tensor(v, requires_grad=True) for v in (2.0, 0.5, -0.5, 1.0, 0.75))
out = (x1 * w1 + x2 * w2 + b).tanh()

inspection.graph(out, gradients=True, title="a neuron")
