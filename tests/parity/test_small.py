"""Small names under both libraries, those that no other comparison comes by."""

import pytest

from tests.parity.both import collect

pytestmark = pytest.mark.parity


def ramp(t, *size):
    return (t.arange(2 * 3 * 2 * 2).double() - 11).reshape(*size) / 2


def named(t):
    """A module with a child registered by name, and words of its own in its repr."""

    class Named(t.nn.Module):
        def extra_repr(self):
            return "size=3"

    module = Named()
    module.register_module("inner", t.nn.Linear(3, 2))
    module.register_module("nothing", None)
    return repr(module), [name for name, _ in module.named_modules()], list(module.state_dict())


def packed(t):
    sequence = t.nn.utils.rnn.PackedSequence(ramp(t, 24), t.tensor([9, 8, 7]))
    return sequence.data, sequence.batch_sizes, sequence.sorted_indices, isinstance(sequence, tuple)


def sampled(t):
    data = t.utils.data

    class Backwards(data.Sampler):
        def __init__(self, source):
            self.source = source

        def __iter__(self):
            return iter(range(len(self.source) - 1, -1, -1))

        def __len__(self):
            return len(self.source)

    source = data.TensorDataset(t.arange(5))
    batches = [x for (x,) in data.DataLoader(source, batch_size=2, sampler=Backwards(source))]
    return batches, list(data.SequentialSampler(source)), len(data.SequentialSampler(source))


def slope(t, f, *size):
    """f of a ramp, and its gradient."""
    x = ramp(t, *size).requires_grad_()
    y = f(t.nn.functional, x)
    (y * y).sum().backward()
    return y, x.grad


def kernel(t, *size):
    return ramp(t, 24).flatten()[: size[0] * size[1] * size[2]].reshape(*size)


FUNCTIONS = {
    "mish": lambda F, x: F.mish(x),
    "softplus": lambda F, x: F.softplus(x, beta=2, threshold=5),
    "hardswish": lambda F, x: F.hardswish(x),
    "logsigmoid": lambda F, x: F.logsigmoid(x),
    "max_pool1d": lambda F, x: F.max_pool1d(x, 3, stride=2, padding=1),
    "avg_pool1d": lambda F, x: F.avg_pool1d(x, 2, padding=1, count_include_pad=False),
    "cosine_embedding_loss": lambda F, x: F.cosine_embedding_loss(x[0], x[1], x[0, :, 0].sign(), margin=0.1),
}


def optimizer(t):
    """An optimizer of one's own, as PyTorch's base class has it."""

    class Sign(t.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @t.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["steps"] = self.state[p].get("steps", 0) + 1
                    p.add_(p.grad.sign(), alpha=-group["lr"])

    w = ramp(t, 24).requires_grad_()
    sign = Sign([w], lr=0.5)
    for _ in range(3):
        sign.zero_grad()
        (w * w).sum().backward()
        sign.step()
    state = sign.state_dict()
    return w, state["state"][0]["steps"], state["param_groups"][0]["lr"], state["param_groups"][0]["params"]


def datasets(t):
    data = t.utils.data
    both = data.ConcatDataset([data.TensorDataset(t.arange(3)), data.TensorDataset(t.arange(10, 12))])
    return [both[i][0] for i in (*range(len(both)), -1)], both.cumulative_sizes


def collated(t):
    return t.utils.data.default_collate([{"x": t.zeros(2), "y": (i, 0.5), "name": str(i)} for i in range(3)])["y"]


def drawn(t):
    """Shapes of what distributions draw, and whether a gradient flows through it."""
    mean = t.zeros(2, 1, requires_grad=True)
    distributions = t.distributions
    draws = (
        distributions.Normal(mean, t.ones(3)).sample((4,)),
        distributions.Normal(mean, t.ones(3)).rsample((4, 5)),
        distributions.Categorical(logits=t.zeros(2, 3)).sample((4,)),
        distributions.Bernoulli(t.full((2, 3), 0.5)).sample(),
    )
    return [(tuple(x.shape), str(x.dtype).removeprefix("torch."), x.requires_grad) for x in draws]


CHECKS = {
    **{name: lambda t, f=f: slope(t, f, 2, 3, 4) for name, f in FUNCTIONS.items()},
    "conv1d": lambda t: slope(t, lambda F, x: F.conv1d(x, kernel(t, 2, 3, 2), stride=2, padding=1), 2, 3, 4),
    "conv_transpose1d": lambda t: slope(t, lambda F, x: F.conv_transpose1d(x, kernel(t, 3, 2, 2), stride=2), 2, 3, 4),
    "get_default_dtype": lambda t: t.get_default_dtype(),
    "Optimizer": optimizer,
    "ConcatDataset": datasets,
    "BatchSampler": lambda t: list(t.utils.data.BatchSampler(range(7), batch_size=3, drop_last=False)),
    "default_collate": collated,
    "sample, rsample": drawn,
    "__len__": lambda t: len(ramp(t, 4, 6)),
    "__len__ of a scalar": lambda t: len(t.tensor(1.0)),
    "__bool__": lambda t: [bool(t.tensor(x)) for x in (0.0, 2.0, True, float("nan"), -1, [0], [[3]])],
    "__bool__ of several": lambda t: bool(t.zeros(2)),
    "__bool__ of none": lambda t: bool(t.zeros(0)),
    "register_module, extra_repr": named,
    "register_module of what is none": lambda t: t.nn.Module().register_module("inner", 3),
    "register_module with a dot": lambda t: t.nn.Module().register_module("a.b", t.nn.Identity()),
    "relu6": lambda t: t.nn.functional.relu6(ramp(t, 24) * 2),
    "dropout2d, all": lambda t: t.nn.functional.dropout2d(ramp(t, 2, 3, 2, 2), 1.0),
    "dropout2d, none": lambda t: t.nn.functional.dropout2d(ramp(t, 2, 3, 2, 2), 0.0),
    "dropout2d, not training": lambda t: t.nn.functional.dropout2d(ramp(t, 2, 3, 2, 2), 0.5, False),
    "dropout2d, beyond one": lambda t: t.nn.functional.dropout2d(ramp(t, 2, 3, 2, 2), 1.5),
    "PackedSequence": packed,
    "SequentialSampler": sampled,
    "detach": lambda t: t.detach(ramp(t, 24).requires_grad_() * 2),
}


def test_small_names():
    collect(CHECKS.items())


@pytest.mark.parametrize("library", ["torch", "learnnn"])
def test_dropout2d_drops_whole_channels(library):
    t = pytest.importorskip(library)
    t.manual_seed(0)
    x = t.ones(40, 5, 3, 3)
    y = t.nn.functional.dropout2d(x, 0.25).flatten(2)
    assert ((y == 0).all(-1) | (y == 1 / 0.75).all(-1)).all()
    assert 20 < (y[..., 0] == 0).sum().item() < 80
