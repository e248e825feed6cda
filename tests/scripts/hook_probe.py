"""Probing a network by hooks: activations, gradients by depth, a saliency map, a layer switched off."""

import drawn
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(8)

model = nn.Sequential()
model.add_module("stem", nn.Linear(6, 10))
model.add_module("act1", nn.Tanh())
model.add_module("middle", nn.Sequential(nn.Linear(10, 10), nn.Hardswish(), nn.RMSNorm(10)))
model.add_module("head", nn.Linear(10, 3))
drawn.parameters(model)

activations, gradients, seen = {}, {}, []


def keep(name):
    def hook(module, args, output):
        activations[name] = output.detach()

    return hook


def keep_gradient(name):
    def hook(module, grad_input, grad_output):
        gradients[name] = grad_output[0].norm().item()

    return hook


handles = []
for name, module in model.named_modules():
    if not list(module.children()):
        handles.append(module.register_forward_hook(keep(name)))
        handles.append(module.register_full_backward_hook(keep_gradient(name)))
handles.append(model.stem.register_forward_pre_hook(lambda module, args: (args[0] * 0.9,)))
handles.append(model.head.weight.register_hook(lambda g: g.clamp(-0.05, 0.05)))
handles.append(model.middle.register_forward_hook(lambda module, args, output: output + 0.5 * args[0]))

optimizer = torch.optim.NAdam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
x = drawn.normal(rng, 40, 6)
y = torch.from_numpy(rng.integers(0, 3, 40))
for step in range(20):
    optimizer.zero_grad()
    hidden = model.stem(x)
    hidden.retain_grad()
    hidden.register_hook(lambda g: seen.append(g.sum().item()))
    loss = F.cross_entropy(model.head(model.middle(model.act1(hidden))), y)
    loss.backward()
    optimizer.step()
    scheduler.step(loss.item())
    dead = (activations["middle.1"] <= 0).double().mean()
    drawn.show(step, loss, hidden.grad.norm(), dead, seen[-1], *gradients.values())

print("depth", *gradients)
print("activations", *activations, *(a.mean().item() for a in activations.values()))
for handle in handles:
    handle.remove()
image = x[:1].clone().requires_grad_()
model(image)[0, y[0]].backward()
print("saliency", *image.grad.abs().flatten().tolist())
with torch.no_grad():
    handle = model.middle.register_forward_hook(lambda module, args, output: torch.zeros_like(output))
    print("ablated", F.cross_entropy(model(x), y).item())
    handle.remove()
    print("whole", F.cross_entropy(model(x), y).item())
drawn.checksums(model)
