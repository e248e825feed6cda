"""What if backward took the nodes in a wrong order? The player runs the same graph on an engine with a mistake, and
shows its gradients beside the right ones."""

import learnnn as torch
from learnnn import inspection

a, b, c = (torch.tensor(v, requires_grad=True) for v in (2.0, 3.0, 4.0))
m = a * b
out = m * c + m

inspection.graph(out, wrong="order", title="backward in a wrong order")
