"""Second derivatives: the gradient itself, taken for a function, and checked in the same way. The relu is the
catch: exactly at zero it has a corner, and there no single number is a slope."""

import learnnn as torch
from learnnn import inspection


def smooth_but_for_a_corner(x):
    return torch.tanh(x) * x + torch.relu(x) ** 2


inspection.gradgradcheck(smooth_but_for_a_corner, torch.tensor([[-1.0, 0.0, 1.0], [0.5, -0.5, 2.0]]), names=["x"])
