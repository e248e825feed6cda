"""Custom autograd functions: a straight-through sign, a cube with its own second derivative, and gradcheck."""

import drawn
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Function, gradcheck, gradgradcheck
from torch.autograd.function import once_differentiable

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(7)


class Binarize(Function):
    """The sign forward; backward as if it were the identity on [-1, 1] (Hubara et al., 2016)."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1)


class ScaledCube(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.scale = scale
        ctx.save_for_backward(x)
        return scale * x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * ctx.scale * x**2, None


class LinearFunction(Function):
    """The example of PyTorch's notes on extending autograd."""

    @staticmethod
    def forward(ctx, input, weight, bias=None):
        ctx.save_for_backward(input, weight, bias)
        output = input.mm(weight.t())
        return output + bias.unsqueeze(0).expand_as(output) if bias is not None else output

    @staticmethod
    def backward(ctx, g):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = g.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = g.t().mm(input)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = g.sum(0)
        return grad_input, grad_weight, grad_bias


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(8, 5))
        self.bias = nn.Parameter(torch.empty(8))
        self.head = nn.Linear(8, 2)
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, x):
        self.steps += 1
        h = LinearFunction.apply(x, self.weight, self.bias)
        return self.head(Binarize.apply(h) + ScaledCube.apply(h, 0.1))

    def extra_repr(self):
        return f"weight={tuple(self.weight.shape)}"


model = Net()
drawn.parameters(model)
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
x = drawn.normal(rng, 30, 5)
y = torch.stack([x[:, 0] * x[:, 1], x[:, 2].abs()], dim=1)
for step in range(20):
    optimizer.zero_grad()
    loss = F.huber_loss(model(x), y, delta=0.8)
    loss.backward()
    optimizer.step()
    drawn.show(step, loss)

z = drawn.normal(rng, 4).requires_grad_()
print("gradcheck", int(gradcheck(ScaledCube.apply, (z, 0.5))), int(gradgradcheck(ScaledCube.apply, (z, 0.5))))
inputs = tuple(drawn.normal(rng, *size).requires_grad_() for size in ((3, 5), (2, 5), (2,)))
print("gradcheck", int(gradcheck(LinearFunction.apply, inputs)))
print("steps", model.steps.item())
drawn.checksums(model)
