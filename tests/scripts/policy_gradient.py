"""Policy gradients: REINFORCE with a baseline and an entropy bonus on a small walk, discrete and continuous moves."""

import drawn
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical, Normal

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(9)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine = nn.Linear(2, 12)
        self.action_head = nn.Linear(12, 3)
        self.size_head = nn.Linear(12, 1)
        self.value_head = nn.Linear(12, 1)
        self.log_std = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        x = F.relu(self.affine(x))
        return F.softmax(self.action_head(x), dim=-1), self.size_head(x), self.value_head(x)


def choose(probabilities):
    """An action drawn by numpy from the policy's probabilities."""
    passed = probabilities.detach().cumsum(0) < rng.random()
    return passed.sum().clamp(max=2)


def episode(policy):
    """Walk 8 steps towards the origin -> log-probabilities, values, rewards and the mean entropy."""
    state, log_probs, values, rewards, entropies = rng.standard_normal(2), [], [], [], []
    for _ in range(8):
        probabilities, size, value = policy(torch.from_numpy(state))
        moves = Categorical(probabilities)
        action = choose(moves.probs)
        sizes = Normal(size, policy.log_std.exp())
        stride = (size + policy.log_std.exp() * drawn.normal(rng, 1)).detach()
        log_probs.append(moves.log_prob(action) + sizes.log_prob(stride).sum())
        entropies.append(moves.entropy() + sizes.entropy().sum())
        state = state + 0.3 * np.tanh(stride.item()) * np.array([[1, 0], [0, 1], [-1, -1]])[action.item()]
        rewards.append(-float(state @ state))
        values.append(value.squeeze())
    return torch.stack(log_probs), torch.stack(values), rewards, torch.stack(entropies).mean()


policy = Policy()
drawn.parameters(policy)
optimizer = optim.RAdam(policy.parameters(), lr=3e-2)
eps = np.finfo(np.float64).eps.item()
for step in range(20):
    log_probs, values, rewards, entropy = episode(policy)
    returns, R = [], 0.0
    for r in rewards[::-1]:
        R = r + 0.9 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    advantage = returns - values.detach()
    loss = -(log_probs * advantage).sum() + F.smooth_l1_loss(values, returns, reduction="sum") - 0.01 * entropy
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(policy.parameters(), 0.5)
    optimizer.step()
    drawn.show(step, loss, sum(rewards), entropy)

drawn.checksums(policy)
