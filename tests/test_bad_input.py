"""Bad input, everywhere: what is raised, that the message tells the numbers, and that nothing was changed.

One table. An entry builds what a call could change, and makes a call that must fail; `tests/parity/test_bad_input.py`
makes the same calls under PyTorch and compares the exceptions.
"""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import learnnn


class Bad(NamedTuple):
    """A call that must fail: `call(t, kept)`, where `kept = build(t)` must be afterwards what it was before."""

    error: type[Exception]
    says: str  # numbers and names that the message must hold, with blanks between
    call: Callable[..., Any]
    build: Callable[..., Any] = lambda t: None


# ------------------------------------------------------------------------------------------ what must not change
def snapshot(x: Any) -> Any:
    """Everything in an object that a failed call could have changed, as plain bytes."""
    if isinstance(x, dict):
        return {str(k): snapshot(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [snapshot(v) for v in x]
    if isinstance(x, Path):
        return {str(p.relative_to(x)): p.read_bytes() for p in sorted(x.rglob("*")) if p.is_file()}
    if hasattr(x, "modules"):
        modes = [m.training for m in x.modules()]
        return [snapshot(dict(x.state_dict())), modes, [snapshot(p.grad) for p in x.parameters()]]
    if hasattr(x, "state_dict"):
        return snapshot(x.state_dict())
    if hasattr(x, "detach"):
        a = x.detach().numpy()
        return [a.tobytes(), a.shape, str(a.dtype), None if x.grad_fn else snapshot(x.grad)]
    return x if isinstance(x, str | int | float | bool | None) else repr(x)


def outcome(bad: Bad, t: Any, kept: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bad.call(t, kept)
    except (Exception, SystemExit) as error:
        return error


# ------------------------------------------------------------------------------------------ layers, one by one
def zeros(*shape: int) -> Callable[[Any], Any]:
    return lambda t: t.zeros(shape)


LAYERS: dict[str, tuple[Callable[[Any], Any], tuple[tuple[int, ...], ...]]] = {
    "Linear": (lambda nn: nn.Linear(3, 4), ((2, 3),)),
    "Bilinear": (lambda nn: nn.Bilinear(3, 5, 4), ((2, 3), (2, 5))),
    "Embedding": (lambda nn: nn.Embedding(3, 4), ((2, 3),)),
    "Flatten": (lambda nn: nn.Flatten(), ((2, 3),)),
    "Unflatten": (lambda nn: nn.Unflatten(1, (2, 3)), ((2, 6),)),
    "Conv1d": (lambda nn: nn.Conv1d(3, 4, 3), ((2, 3, 7),)),
    "Conv2d": (lambda nn: nn.Conv2d(3, 4, 3), ((2, 3, 7, 7),)),
    "ConvTranspose1d": (lambda nn: nn.ConvTranspose1d(3, 4, 3), ((2, 3, 7),)),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(3, 4, 3), ((2, 3, 7, 7),)),
    "MaxPool1d": (lambda nn: nn.MaxPool1d(2), ((2, 3, 6),)),
    "MaxPool2d": (lambda nn: nn.MaxPool2d(2), ((2, 3, 6, 6),)),
    "AvgPool1d": (lambda nn: nn.AvgPool1d(2), ((2, 3, 6),)),
    "AvgPool2d": (lambda nn: nn.AvgPool2d(2), ((2, 3, 6, 6),)),
    "AdaptiveAvgPool2d": (lambda nn: nn.AdaptiveAvgPool2d(2), ((2, 3, 6, 6),)),
    "Upsample": (lambda nn: nn.Upsample(scale_factor=2), ((2, 3, 6, 6),)),
    "Unfold": (lambda nn: nn.Unfold(2), ((2, 3, 6, 6),)),
    "Fold": (lambda nn: nn.Fold((4, 4), 2, stride=2), ((2, 12, 4),)),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(3), ((4, 3),)),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(3), ((4, 3, 2, 2),)),
    "LayerNorm": (lambda nn: nn.LayerNorm(3), ((4, 3),)),
    "GroupNorm": (lambda nn: nn.GroupNorm(2, 4), ((2, 4, 3),)),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), ((2, 3, 4, 4),)),
    "RMSNorm": (lambda nn: nn.RMSNorm(3), ((4, 3),)),
    "Dropout": (lambda nn: nn.Dropout(0.5), ((4, 3),)),
    "PReLU": (lambda nn: nn.PReLU(3), ((4, 3),)),
    "GLU": (lambda nn: nn.GLU(), ((4, 6),)),
    "Softmax": (lambda nn: nn.Softmax(1), ((4, 6),)),
    "LogSoftmax": (lambda nn: nn.LogSoftmax(1), ((4, 6),)),
    **{
        name: (lambda nn, name=name: getattr(nn, name)(), ((4, 6),))
        for name in (
            "ReLU", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Softplus", "Hardtanh",
            "Hardswish", "ReLU6", "LogSigmoid",
        )
    },
    "RNN": (lambda nn: nn.RNN(3, 4), ((5, 2, 3),)),
    "LSTM": (lambda nn: nn.LSTM(3, 4), ((5, 2, 3),)),
    "GRU": (lambda nn: nn.GRU(3, 4), ((5, 2, 3),)),
    "RNNCell": (lambda nn: nn.RNNCell(3, 4), ((2, 3),)),
    "LSTMCell": (lambda nn: nn.LSTMCell(3, 4), ((2, 3),)),
    "GRUCell": (lambda nn: nn.GRUCell(3, 4), ((2, 3),)),
    "MultiheadAttention": (lambda nn: nn.MultiheadAttention(4, 2), ((5, 2, 4),) * 3),
    "TransformerEncoderLayer": (lambda nn: nn.TransformerEncoderLayer(4, 2, 8), ((5, 2, 4),)),
    "TransformerDecoderLayer": (lambda nn: nn.TransformerDecoderLayer(4, 2, 8), ((5, 2, 4), (6, 2, 4))),
    "TransformerEncoder": (lambda nn: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2), ((5, 2, 4),)),
    "TransformerDecoder": (
        lambda nn: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2), ((5, 2, 4), (6, 2, 4)),
    ),
    "Transformer": (lambda nn: nn.Transformer(4, 2, 1, 1, 8), ((5, 2, 4), (6, 2, 4))),
}  # fmt: skip

# What is done to the first input of a layer; all others stay as they are.
SPOILED: dict[str, Callable[..., Any]] = {
    "wider": lambda t, s: t.zeros((*s[:-1], s[-1] + 8)),
    "other channels": lambda t, s: t.zeros((s[0], s[1] + 8, *s[2:])),
    "a number": lambda t, s: t.zeros(()),
    "one axis": lambda t, s: t.zeros(11),
    "two axes more": lambda t, s: t.zeros((1, 1, *s)),
    "no axis of examples": lambda t, s: t.zeros(s[1:]),
    "float64": lambda t, s: t.zeros(s, dtype=t.float64),
    "integers": lambda t, s: t.zeros(s, dtype=t.int64),
    "truth values": lambda t, s: t.zeros(s, dtype=t.bool),
    "no examples": lambda t, s: t.zeros((0, *s[1:])),
    "one example": lambda t, s: t.zeros((1, *s[1:])),
    "no features": lambda t, s: t.zeros((*s[:-1], 0)),
    "nan": lambda t, s: t.full(s, float("nan")),
    "a list": lambda t, s: [1.0, 2.0],
    "None": lambda t, s: None,
}


def fed(name: str, how: str) -> tuple[Callable, Callable]:
    """(build, call) of a layer and a spoiled input."""
    build, (first, *others) = LAYERS[name]
    return lambda t: build(t.nn), lambda t, layer: layer(SPOILED[how](t, first), *[t.zeros(s) for s in others])


# ------------------------------------------------------------------------------------- calls, with what they change
def net(t: Any) -> Any:
    """A small model with buffers, and gradients to lose."""
    model = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.BatchNorm1d(4), t.nn.Linear(4, 2))
    model(t.ones(5, 3)).sum().backward()
    return model


def trained(t: Any, name: str = "Adam") -> Any:
    """(model, optimizer) after a step, so that the optimizer has a state."""
    model = net(t)
    optimizer = getattr(t.optim, name)(model.parameters(), lr=0.1)
    optimizer.step()
    return model, optimizer


def widened(t: Any) -> Any:
    """The optimizer of a model with as many parameters, in other shapes."""
    model = t.nn.Sequential(t.nn.Linear(6, 5), t.nn.BatchNorm1d(5), t.nn.Linear(5, 2))
    model(t.ones(5, 6)).sum().backward()
    optimizer = t.optim.Adam(model.parameters())
    optimizer.step()
    return optimizer


def scheduled(t: Any) -> Any:
    model, optimizer = trained(t)
    return model, optimizer, t.optim.lr_scheduler.StepLR(optimizer, 2)


def one(t: Any) -> list[Any]:
    return [t.ones(3, requires_grad=True)]


def folder(t: Any) -> Path:
    """Files to load: a good one, and every kind of bad one."""
    path = Path(tempfile.mkdtemp())
    t.save({"a": t.arange(100.0)}, path / "good")
    data = (path / "good").read_bytes()
    (path / "truncated").write_bytes(data[: len(data) // 2])
    (path / "empty").write_bytes(b"")
    (path / "text").write_bytes(b"epoch 3, loss 0.25")
    return path


def model_without(key: str) -> Callable[..., Any]:
    return lambda t, m: m.load_state_dict({k: v for k, v in m.state_dict().items() if k != key})


def model_with(**changed: Any) -> Callable[..., Any]:
    def call(t: Any, m: Any) -> Any:
        return m.load_state_dict(m.state_dict() | {k.replace("_", ".", 1): f(t) for k, f in changed.items()})

    return call


def F(name: str, *shapes: Any, **options: Any) -> Callable[..., Any]:
    """A call of nn.functional on tensors of ones of these shapes; a shape may be a function of the library."""
    return lambda t, _: getattr(t.nn.functional, name)(*[s(t) if callable(s) else t.ones(s) for s in shapes], **options)


def None_(t: Any) -> None:
    return None


def labels(*values: Any) -> Callable[[Any], Any]:
    return lambda t: t.tensor(values)


LOSSES = {
    "mse": Bad(RuntimeError, "2 3 4", F("mse_loss", (2, 3), (2, 4))),
    "l1": Bad(RuntimeError, "2 3 4", F("l1_loss", (2, 3), (2, 4))),
    "huber": Bad(RuntimeError, "2 3 4", F("huber_loss", (2, 3), (2, 4))),
    "smooth l1": Bad(RuntimeError, "2 3 4", F("smooth_l1_loss", (2, 3), (2, 4))),
    "kl": Bad(RuntimeError, "2 3 4", F("kl_div", (2, 3), (2, 4), reduction="sum")),
    "huber delta": Bad(RuntimeError, "-1", F("huber_loss", (2,), (2,), delta=-1.0)),
    "reduction": Bad(ValueError, "average", F("mse_loss", (2,), (2,), reduction="average")),
    "cross-entropy label": Bad(IndexError, "7", F("cross_entropy", (2, 4), labels(1, 7))),
    "cross-entropy label below": Bad(IndexError, "-1", F("cross_entropy", (2, 4), labels(1, -1))),
    "cross-entropy count": Bad(ValueError, "2 3", F("cross_entropy", (2, 4), labels(1, 1, 1))),
    "cross-entropy floats": Bad(RuntimeError, "float32", F("cross_entropy", (2, 4), (2,))),
    "cross-entropy column": Bad(RuntimeError, "2 1", F("cross_entropy", (2, 4), lambda t: t.zeros(2, 1).long())),
    "cross-entropy whole probabilities": Bad(
        RuntimeError, "int64", F("cross_entropy", (2, 4), lambda t: t.zeros(2, 4).long())
    ),
    "cross-entropy weight": Bad(
        RuntimeError, "4 3", lambda t, _: t.nn.functional.cross_entropy(t.ones(2, 4), t.tensor([1, 1]), t.ones(3))
    ),
    "cross-entropy smoothing": Bad(RuntimeError, "1.5", F("cross_entropy", (2, 4), labels(1, 1), label_smoothing=1.5)),
    "nll label": Bad(IndexError, "7", F("nll_loss", (2, 4), labels(1, 7))),
    "nll count": Bad(ValueError, "2 3", F("nll_loss", (2, 4), labels(1, 1, 1))),
    "nll floats": Bad(RuntimeError, "float32", F("nll_loss", (2, 4), (2,))),
    "bce shape": Bad(ValueError, "2 3", F("binary_cross_entropy", (2,), (3,))),
    "bce range": Bad(RuntimeError, "between 0 and 1", F("binary_cross_entropy", lambda t: t.tensor([2.0]), (1,))),
    "bce nan": Bad(
        RuntimeError, "between 0 and 1", F("binary_cross_entropy", lambda t: t.tensor([float("nan")]), (1,))
    ),
    "bce labels": Bad(RuntimeError, "int64", F("binary_cross_entropy", (2,), labels(1, 0))),
    "bce logits shape": Bad(ValueError, "2 1", F("binary_cross_entropy_with_logits", (2, 1), (2,))),
    "bce pos_weight": Bad(
        RuntimeError,
        "4 3",
        lambda t, _: t.nn.BCEWithLogitsLoss(pos_weight=t.ones(3))(t.ones(2, 4), t.ones(2, 4)),
    ),
    "gaussian shape": Bad(ValueError, "2 5", F("gaussian_nll_loss", (2, 3), (2, 3), (5,))),
    "gaussian variance": Bad(ValueError, "var negative", F("gaussian_nll_loss", (2,), (2,), lambda t: -t.ones(2))),
    "triplet": Bad(RuntimeError, "3 4", F("triplet_margin_loss", (2, 3), (2, 4), (2, 3))),
    "cosine": Bad(RuntimeError, "3 4", F("cosine_embedding_loss", (2, 3), (2, 4), (2,))),
    "cosine target": Bad(RuntimeError, "target", F("cosine_embedding_loss", (2, 3), (2, 3), (2, 2))),
    "one_hot": Bad(RuntimeError, "7 3", F("one_hot", labels(1, 7), num_classes=3)),
    "embedding": Bad(IndexError, "out of range", F("embedding", labels(1, 7), (4, 2))),
    "embedding floats": Bad(RuntimeError, "float32", F("embedding", (2,), (4, 2))),
    "dropout": Bad(ValueError, "1.5", F("dropout", (2,), p=1.5)),
    "linear": Bad(RuntimeError, "5 3 4", F("linear", (2, 5), (3, 4))),
    "attention": Bad(RuntimeError, "3 5", F("scaled_dot_product_attention", (2, 4, 3), (2, 4, 5), (2, 4, 5))),
    "normalize": Bad(IndexError, "5", F("normalize", (2, 3), dim=5)),
    "pad": Bad(RuntimeError, "1, 1, 1", F("pad", (2, 3), pad=(1, 1, 1))),
    "interpolate": Bad(ValueError, "size", F("interpolate", (1, 1, 2, 2))),
}

MADE = {
    "Linear sizes": Bad(RuntimeError, "-1", lambda t, _: t.nn.Linear(-1, 2)),
    "Dropout": Bad(ValueError, "2", lambda t, _: t.nn.Dropout(2)),
    "Conv2d groups": Bad(ValueError, "3 2", lambda t, _: t.nn.Conv2d(3, 4, 3, groups=2)),
    "GroupNorm": Bad(ValueError, "5 2", lambda t, _: t.nn.GroupNorm(2, 5)),
    "MultiheadAttention": Bad(AssertionError, "5 2", lambda t, _: t.nn.MultiheadAttention(5, 2)),
    "RNN sizes": Bad(ValueError, "hidden_size", lambda t, _: t.nn.RNN(3, 0)),
    "RNN nonlinearity": Bad(ValueError, "gelu", lambda t, _: t.nn.RNN(3, 4, nonlinearity="gelu")),
    "LSTM dropout": Bad(ValueError, "dropout", lambda t, _: t.nn.LSTM(3, 4, dropout=2.0)),
    "Embedding padding": Bad(AssertionError, "num_embeddings", lambda t, _: t.nn.Embedding(3, 2, padding_idx=3)),
    "Sequential of a class": Bad(TypeError, "ReLU", lambda t, _: t.nn.Sequential(t.nn.ReLU)),
    "Parameter": Bad(TypeError, "str bias", lambda t, m: setattr(m[0], "bias", "none"), net),
    "a module for a parameter": Bad(TypeError, "bias", lambda t, m: m.register_parameter("bias", 3), net),
    "buffer": Bad(TypeError, "list mean", lambda t, m: m.register_buffer("mean", [0.0]), net),
    "missing attribute": Bad(AttributeError, "head", lambda t, m: m.head, net),
    "missing layer": Bad(AttributeError, "9", lambda t, m: m.get_submodule("9"), net),
    "Sequential index": Bad(IndexError, "9", lambda t, m: m[9], net),
    "train": Bad(ValueError, "mode", lambda t, m: m.train("yes"), net),
    "to integers": Bad(TypeError, "int64", lambda t, m: m.to(t.int64), net),
    "not called": Bad(NotImplementedError, "forward", lambda t, _: t.nn.Module()(1)),
    "a wrong batch through a model": Bad(RuntimeError, "5", lambda t, m: m(t.zeros(2, 5)), net),
    "one example through a batch norm": Bad(ValueError, "1", lambda t, m: m(t.zeros(1, 3)), net),
    "initial fan": Bad(ValueError, "2 dim", lambda t, x: t.nn.init.kaiming_normal_(x[0]), one),
    "initial mode": Bad(ValueError, "in", lambda t, m: t.nn.init.kaiming_normal_(m[0].weight, mode="in"), net),
    "initial gain": Bad(ValueError, "swish", lambda t, _: t.nn.init.calculate_gain("swish")),
    "initial eye": Bad(ValueError, "2 dim", lambda t, x: t.nn.init.eye_(x[0]), one),
    "initial orthogonal": Bad(ValueError, "2", lambda t, x: t.nn.init.orthogonal_(x[0]), one),
    "initial dirac": Bad(ValueError, "3 4 5", lambda t, m: t.nn.init.dirac_(m[0].weight), net),
}

STATES = {
    "missing": Bad(RuntimeError, "Missing 0.weight", model_without("0.weight"), net),
    "unexpected": Bad(RuntimeError, "Unexpected head", model_with(head=lambda t: t.ones(2)), net),
    "size": Bad(RuntimeError, "0.weight 4 3 5", model_with(**{"0_weight": lambda t: t.ones(4, 5)}), net),
    "size of a later one": Bad(RuntimeError, "2.bias 2 9", model_with(**{"2_bias": lambda t: t.ones(9)}), net),
    "size of a buffer": Bad(
        RuntimeError, "1.running_var 4 1", model_with(**{"1_running_var": lambda t: t.ones(1)}), net
    ),
    "an array": Bad(RuntimeError, "0.weight", model_with(**{"0_weight": lambda t: [1.0]}), net),
    "no dict": Bad(TypeError, "list", lambda t, m: m.load_state_dict([1, 2]), net),
    "optimizer: other groups": Bad(
        ValueError,
        "group",
        lambda t, k: k[1].load_state_dict(t.optim.Adam([{"params": [p]} for p in k[0].parameters()]).state_dict()),
        trained,
    ),
    "optimizer: another model": Bad(
        ValueError,
        "size of optimizer's group",
        lambda t, k: k[1].load_state_dict(t.optim.Adam(t.nn.Linear(1, 1).parameters()).state_dict()),
        trained,
    ),
    "optimizer: no groups": Bad(KeyError, "param_groups", lambda t, k: k[1].load_state_dict({"state": {}}), trained),
    "optimizer: a model of other shapes": Bad(
        ValueError,
        "exp_avg 4 3 5 6",
        lambda t, k: k[1].load_state_dict(widened(t).state_dict()),
        trained,
    ),
    "optimizer: nothing": Bad(KeyError, "param_groups", lambda t, k: k[1].load_state_dict({}), trained),
}

OPTIMIZERS = {
    **{
        f"{name} {label}": Bad(error, says, lambda t, _, n=name, c=call: c(t, getattr(t.optim, n)))
        for name in ("SGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "LBFGS")
        for label, (error, says, call) in {
            "of nothing": (ValueError, "empty", lambda t, optimizer: optimizer([], lr=0.1)),
            "of one tensor": (TypeError, "Tensor", lambda t, optimizer: optimizer(t.ones(2), lr=0.1)),
            "of a model": (TypeError, "Linear", lambda t, optimizer: optimizer(t.nn.Linear(1, 1), lr=0.1)),
            "of numbers": (TypeError, "float", lambda t, optimizer: optimizer([1.0], lr=0.1)),
            "of a result": (ValueError, "leaf", lambda t, optimizer: optimizer([one(t)[0] * 2], lr=0.1)),
            "rate": (ValueError, "-1", lambda t, optimizer: optimizer(one(t), lr=-1)),
        }.items()
    },
    "Adam betas": Bad(ValueError, "1.5", lambda t, _: t.optim.Adam(one(t), betas=(1.5, 0.9))),
    "Adam second beta": Bad(ValueError, "-1", lambda t, _: t.optim.Adam(one(t), betas=(0.9, -1))),
    "Adam eps": Bad(ValueError, "-1", lambda t, _: t.optim.Adam(one(t), eps=-1)),
    "Adam decay": Bad(ValueError, "-1", lambda t, _: t.optim.Adam(one(t), weight_decay=-1)),
    "SGD momentum": Bad(ValueError, "-1", lambda t, _: t.optim.SGD(one(t), momentum=-1)),
    "SGD nesterov": Bad(ValueError, "momentum", lambda t, _: t.optim.SGD(one(t), nesterov=True)),
    "RMSprop alpha": Bad(ValueError, "-1", lambda t, _: t.optim.RMSprop(one(t), alpha=-1)),
    "Adadelta rho": Bad(ValueError, "2", lambda t, _: t.optim.Adadelta(one(t), rho=2)),
    "Adagrad decay": Bad(ValueError, "-1", lambda t, _: t.optim.Adagrad(one(t), lr_decay=-1)),
    "NAdam decay": Bad(ValueError, "-1", lambda t, _: t.optim.NAdam(one(t), momentum_decay=-1)),
    "a parameter in two groups": Bad(
        ValueError, "more than one", lambda t, x: t.optim.SGD([{"params": x}, {"params": x}], lr=0.1), one
    ),
    "a group that is no dict": Bad(TypeError, "list", lambda t, k: k[1].add_param_group([1]), trained),
    "a group again": Bad(
        ValueError, "more than one", lambda t, k: k[1].add_param_group({"params": list(k[0].parameters())}), trained
    ),
    "LBFGS of two groups": Bad(
        ValueError, "groups", lambda t, _: t.optim.LBFGS([{"params": one(t)}, {"params": one(t)}])
    ),
    "LBFGS without closure": Bad(
        TypeError, "closure", lambda t, k: k[1].step(), lambda t: (x := one(t), t.optim.LBFGS(x))
    ),
    "a closure that fails": Bad(ZeroDivisionError, "division", lambda t, k: k[1].step(lambda: 1 / 0), trained),
    "clip to less than nothing": Bad(
        RuntimeError,
        "non-finite",
        lambda t, x: t.nn.utils.clip_grad_norm_(x, 1.0, error_if_nonfinite=True),
        lambda t: [spoil(x, t) for x in one(t)],
    ),
    "vector too short": Bad(
        RuntimeError, "3", lambda t, x: t.nn.utils.vector_to_parameters(t.ones(2), x), one
    ),
    "StepLR of a model": Bad(TypeError, "Optimizer", lambda t, k: t.optim.lr_scheduler.StepLR(k, 2), net),
    "LambdaLR count": Bad(
        ValueError, "1 2", lambda t, k: t.optim.lr_scheduler.LambdaLR(k[1], [abs, abs]), trained
    ),
    "LinearLR": Bad(ValueError, "factor", lambda t, k: t.optim.lr_scheduler.LinearLR(k[1], 2.0), trained),
    "OneCycleLR": Bad(ValueError, "total_steps", lambda t, k: t.optim.lr_scheduler.OneCycleLR(k[1], 0.1), trained),
    "ReduceLROnPlateau factor": Bad(
        ValueError, "Factor", lambda t, k: t.optim.lr_scheduler.ReduceLROnPlateau(k[1], factor=1.5), trained
    ),
    "ReduceLROnPlateau mode": Bad(
        ValueError, "up", lambda t, k: t.optim.lr_scheduler.ReduceLROnPlateau(k[1], mode="up"), trained
    ),
    "CosineAnnealingWarmRestarts": Bad(
        ValueError, "-1", lambda t, k: t.optim.lr_scheduler.CosineAnnealingWarmRestarts(k[1], -1), trained
    ),
    "SequentialLR": Bad(
        ValueError, "milestone", lambda t, k: t.optim.lr_scheduler.SequentialLR(k[1], [k[2]], [1, 2]), scheduled
    ),
}  # fmt: skip


def spoil(x: Any, t: Any) -> Any:
    x.grad = t.full_like(x, float("nan")).detach()
    return x


def data(t: Any) -> Any:
    return t.utils.data.TensorDataset(t.arange(10), t.ones(10, 2))


def stream(t: Any) -> Any:
    return type("Stream", (t.utils.data.IterableDataset,), {"__iter__": lambda self: iter(range(3))})()


def loader(**options: Any) -> Callable[..., Any]:
    return lambda t, d: list(t.utils.data.DataLoader(d, **options))


DATA = {
    "batch size 0": Bad(ValueError, "batch_size 0", loader(batch_size=0), data),
    "batch size -1": Bad(ValueError, "batch_size -1", loader(batch_size=-1), data),
    "batch size 1.5": Bad(ValueError, "batch_size 1.5", loader(batch_size=1.5), data),
    "sampler and shuffle": Bad(ValueError, "sampler shuffle", loader(sampler=[1], shuffle=True), data),
    "batch sampler and size": Bad(ValueError, "batch_sampler", loader(batch_sampler=[[1]], batch_size=2), data),
    "no batches to drop": Bad(ValueError, "drop_last", loader(batch_size=None, drop_last=True), data),
    "index": Bad(IndexError, "10", lambda t, d: d[10], data),
    "sampler out of range": Bad(IndexError, "99", loader(sampler=[1, 99]), data),
    "tensors of two lengths": Bad(
        AssertionError, "Size", lambda t, _: t.utils.data.TensorDataset(t.ones(2), t.ones(3))
    ),
    "nothing to join": Bad(AssertionError, "empty", lambda t, _: t.utils.data.ConcatDataset([])),
    "joined too far": Bad(ValueError, "length", lambda t, d: (d + d)[-21], data),
    "split": Bad(ValueError, "length", lambda t, d: t.utils.data.random_split(d, [3, 3]), data),
    "split in parts": Bad(ValueError, "length", lambda t, d: t.utils.data.random_split(d, [0.5, 0.2]), data),
    "no draws": Bad(ValueError, "num_samples 0", lambda t, d: t.utils.data.RandomSampler(d, num_samples=0), data),
    "no weighted draws": Bad(
        ValueError, "num_samples 0", lambda t, _: t.utils.data.WeightedRandomSampler([1.0], 0)
    ),
    "batches of none": Bad(ValueError, "batch_size 0", lambda t, _: t.utils.data.BatchSampler([1], 0, False)),
    "uneven examples": Bad(
        RuntimeError, "2 3", lambda t, _: list(t.utils.data.DataLoader([t.ones(2), t.ones(3)], 2))
    ),
    "objects": Bad(TypeError, "object", lambda t, _: list(t.utils.data.DataLoader([object(), object()], 2))),
    "no __getitem__": Bad(NotImplementedError, "__getitem__", lambda t, _: t.utils.data.Dataset()[0]),
    "shuffled stream": Bad(
        ValueError, "shuffle", lambda t, _: t.utils.data.DataLoader(stream(t), shuffle=True)
    ),
}  # fmt: skip

CHANCE = {
    "Normal scale": Bad(ValueError, "scale", lambda t, _: t.distributions.Normal(0.0, -1.0)),
    "Normal nan": Bad(ValueError, "loc", lambda t, _: t.distributions.Normal(t.tensor([float("nan")]), 1.0)),
    "Normal shapes": Bad(RuntimeError, "2 3", lambda t, _: t.distributions.Normal(t.ones(2), t.ones(3))),
    "Bernoulli": Bad(ValueError, "probs", lambda t, _: t.distributions.Bernoulli(1.5)),
    "Bernoulli of nothing": Bad(ValueError, "probs logits", lambda t, _: t.distributions.Bernoulli()),
    "Bernoulli of both": Bad(ValueError, "probs logits", lambda t, _: t.distributions.Bernoulli(0.5, 0.5)),
    "Bernoulli value": Bad(ValueError, "2", lambda t, _: t.distributions.Bernoulli(0.5).log_prob(t.tensor(2.0))),
    "Categorical": Bad(ValueError, "probs", lambda t, _: t.distributions.Categorical(t.tensor([-1.0, 2.0]))),
    "Categorical number": Bad(ValueError, "dim", lambda t, _: t.distributions.Categorical(t.tensor(1.0))),
    "Categorical value": Bad(
        ValueError, "5", lambda t, _: t.distributions.Categorical(t.ones(3)).log_prob(t.tensor(5))
    ),
    "Categorical rsample": Bad(
        NotImplementedError, "Categorical sample()", lambda t, _: t.distributions.Categorical(t.ones(3)).rsample()
    ),
    "kl": Bad(
        NotImplementedError,
        "Normal Bernoulli",
        lambda t, _: t.distributions.kl_divergence(t.distributions.Normal(0.0, 1.0), t.distributions.Bernoulli(0.5)),
    ),
    "multinomial": Bad(RuntimeError, "nan 0", lambda t, _: t.multinomial(t.tensor([-1.0, 2.0]), 1)),
    "multinomial too many": Bad(RuntimeError, "3 2", lambda t, _: t.multinomial(t.ones(2), 3)),
    "bernoulli": Bad(RuntimeError, "1.5", lambda t, _: t.bernoulli(t.tensor([1.5]))),
    "randint": Bad(RuntimeError, "5 2", lambda t, _: t.randint(5, 2, (3,))),
    "normal": Bad(RuntimeError, "-1", lambda t, _: t.normal(0.0, -1.0, (3,))),
    "randperm": Bad(RuntimeError, "-1", lambda t, _: t.randperm(-1)),
}  # fmt: skip


def grid(t: Any) -> Any:
    return t.arange(6.0).reshape(2, 3)


TENSORS = {
    "ragged": Bad(ValueError, "2 1", lambda t, _: t.tensor([[1, 2], [3]])),
    "text": Bad(TypeError, "str", lambda t, _: t.tensor("a")),
    "texts": Bad(ValueError, "str", lambda t, _: t.tensor(["a"])),
    "zeros": Bad(RuntimeError, "-1", lambda t, _: t.zeros(-1)),
    "ones": Bad(TypeError, "float", lambda t, _: t.ones(1.5)),
    "arange": Bad(RuntimeError, "0 5 -1", lambda t, _: t.arange(0, 5, -1)),
    "arange by 0": Bad(RuntimeError, "5 0", lambda t, _: t.arange(0, 5, 0)),
    "linspace": Bad(RuntimeError, "-1", lambda t, _: t.linspace(0, 1, -1)),
    "eye": Bad(RuntimeError, "-1", lambda t, _: t.eye(-1)),
    "from_numpy": Bad(TypeError, "list", lambda t, _: t.from_numpy([1])),
    "integers with gradients": Bad(RuntimeError, "float", lambda t, _: t.tensor([1], requires_grad=True)),
    "zeros on cuda": Bad(RuntimeError, "cuda", lambda t, _: t.zeros(2, device="cuda")),
    "tensor on cuda": Bad(RuntimeError, "cuda", lambda t, _: t.tensor([1.0], device="cuda")),
    "to cuda": Bad(RuntimeError, "cuda", lambda t, x: x.to("cuda"), grid),
    "cuda()": Bad(RuntimeError, "cuda", lambda t, x: x.cuda(), grid),
    "model to cuda": Bad(RuntimeError, "cuda", lambda t, m: m.to("cuda"), net),
    "layer on cuda": Bad(RuntimeError, "cuda", lambda t, _: t.nn.Linear(2, 2, device="cuda")),
    "a device that is none": Bad(RuntimeError, "abacus", lambda t, _: t.device("abacus")),
    "row": Bad(IndexError, "2", lambda t, x: x[2], grid),
    "column": Bad(IndexError, "3", lambda t, x: x[0, 3], grid),
    "too many axes": Bad(IndexError, "3 2", lambda t, x: x[0, 0, 0], grid),
    "row among rows": Bad(IndexError, "5", lambda t, x: x[[0, 5]], grid),
    "rows by floats": Bad(IndexError, "integer", lambda t, x: x[t.tensor([0.5])], grid),
    "row by a float": Bad(IndexError, "integers", lambda t, x: x[0.5], grid),
    "row by a name": Bad(TypeError, "a", lambda t, x: x["a"], grid),
    "mask": Bad(IndexError, "3 2", lambda t, x: x[t.tensor([True, False, True])], grid),
    "backwards": Bad(ValueError, "step", lambda t, x: x[::-1], grid),
    "assign a row": Bad(RuntimeError, "2 3", lambda t, x: x.__setitem__(0, t.ones(2)), grid),
    "assign out of range": Bad(IndexError, "2", lambda t, x: x.__setitem__(2, 1.0), grid),
    "assign text": Bad(TypeError, "str", lambda t, x: x.__setitem__(0, "a"), grid),
    "reshape": Bad(RuntimeError, "4 6", lambda t, x: x.reshape(4), grid),
    "view": Bad(RuntimeError, "reshape 3, 2", lambda t, x: x.T.view(6), grid),
    "two unknown sizes": Bad(RuntimeError, "-1", lambda t, x: x.reshape(-1, -1), grid),
    "transpose": Bad(IndexError, "2", lambda t, x: x.transpose(0, 2), grid),
    "permute": Bad(RuntimeError, "[0, 0]", lambda t, x: x.permute(0, 0), grid),
    "expand": Bad(RuntimeError, "5", lambda t, x: x.expand(5, 3), grid),
    "squeeze": Bad(IndexError, "5", lambda t, x: x.squeeze(5), grid),
    "sum": Bad(IndexError, "5", lambda t, x: x.sum(5), grid),
    "max of nothing": Bad(RuntimeError, "[0]", lambda t, _: t.zeros(0).max()),
    "argmax of nothing": Bad(IndexError, "[0]", lambda t, _: t.zeros(0).argmax()),
    "mean of integers": Bad(RuntimeError, "int64", lambda t, _: t.arange(3).mean()),
    "item": Bad(RuntimeError, "6", lambda t, x: x.item(), grid),
    "truth": Bad(RuntimeError, "any()", lambda t, x: bool(x), grid),
    "length": Bad(TypeError, "0-d", lambda t, _: len(t.tensor(1.0))),
    "add": Bad(RuntimeError, "3 2", lambda t, x: x + t.ones(2), grid),
    "add in place": Bad(RuntimeError, "3 2", lambda t, x: x.add_(t.ones(2)), grid),
    "integers in place": Bad(RuntimeError, "int64", lambda t, x: x.add_(0.5), lambda t: t.arange(3)),
    "add text": Bad(TypeError, "str", lambda t, x: x + "a", grid),
    "matmul": Bad(RuntimeError, "2 3", lambda t, x: x @ x, grid),
    "matmul dtypes": Bad(RuntimeError, "float64", lambda t, x: x @ x.T.double(), grid),
    "mm": Bad(RuntimeError, "[2, 3] [3]", lambda t, x: t.mm(x, t.ones(3)), grid),
    "einsum": Bad(RuntimeError, "3", lambda t, x: t.einsum("ij,jk->ik", x, x), grid),
    "cat": Bad(RuntimeError, "2 4", lambda t, x: t.cat([x, t.ones(3, 4)], 1), grid),
    "cat of nothing": Bad(ValueError, "empty", lambda t, _: t.cat([])),
    "stack": Bad(RuntimeError, "2 3 4", lambda t, x: t.stack([x, t.ones(2, 4)]), grid),
    "split": Bad(RuntimeError, "3 1", lambda t, x: x.split([1, 1], 1), grid),
    "chunk": Bad(RuntimeError, "0", lambda t, x: x.chunk(0), grid),
    "gather": Bad(RuntimeError, "9", lambda t, x: x.gather(1, t.tensor([[9], [0]])), grid),
    "index_select": Bad(IndexError, "9 2", lambda t, x: x.index_select(0, t.tensor([9])), grid),
    "topk": Bad(RuntimeError, "9 3", lambda t, x: x.topk(9), grid),
    "inv": Bad(RuntimeError, "[2, 3]", lambda t, x: t.linalg.inv(x), grid),
    "inv of a singular one": Bad(RuntimeError, "singular", lambda t, _: t.linalg.inv(t.zeros(2, 2))),
    "bincount": Bad(RuntimeError, "-1 int64", lambda t, _: t.bincount(t.tensor([-1]))),
    "numpy": Bad(RuntimeError, "detach", lambda t, x: x[0].numpy(), one),
    "change a leaf": Bad(RuntimeError, "leaf in-place", lambda t, x: x[0].add_(1), one),
    "backward of many": Bad(RuntimeError, "scalar", lambda t, x: (x[0] * 2).backward(), one),
    "backward without gradients": Bad(RuntimeError, "grad", lambda t, x: x.sum().backward(), grid),
    "gradient of another shape": Bad(RuntimeError, "2 3", lambda t, x: (x[0] * 2).backward(t.ones(2)), one),
    "grad unused": Bad(RuntimeError, "allow_unused", lambda t, x: t.autograd.grad(x[0].sum(), one(t)), one),
    "assigned gradient": Bad(RuntimeError, "[5] [3]", lambda t, x: setattr(x[0], "grad", t.ones(5)), one),
}  # fmt: skip

FILES = {
    "missing": Bad(FileNotFoundError, "nowhere", lambda t, p: t.load(p / "nowhere"), folder),
    "empty": Bad(EOFError, "empty", lambda t, p: t.load(p / "empty"), folder),
    "truncated": Bad(RuntimeError, "truncated", lambda t, p: t.load(p / "truncated"), folder),
    "a folder": Bad(OSError, "directory", lambda t, p: t.load(p), folder),
    "to nowhere": Bad(RuntimeError, "directory no", lambda t, p: t.save({"a": t.ones(1)}, p / "no" / "x"), folder),
}


def rnn(t: Any) -> Any:
    return t.nn.utils.rnn


# Functions beneath the layers, called with parameters that do not fit, and what else a script calls.
FUNCTIONS = {
    "conv1d weight": Bad(RuntimeError, "3 5", F("conv1d", (2, 3, 7), (4, 5, 3))),
    "conv2d rank": Bad(RuntimeError, "2", F("conv2d", (3, 7), (4, 3, 3, 3))),
    "conv2d kernel too large": Bad(RuntimeError, "9 7", F("conv2d", (1, 3, 7, 7), (4, 3, 9, 9))),
    "conv2d bias": Bad(RuntimeError, "4 5", F("conv2d", (1, 3, 7, 7), (4, 3, 3, 3), (5,))),
    "conv_transpose2d": Bad(RuntimeError, "3 5", F("conv_transpose2d", (1, 3, 7, 7), (5, 4, 3, 3))),
    "max_pool2d too large": Bad(RuntimeError, "4) 9)", F("max_pool2d", (1, 3, 4, 4), kernel_size=9)),
    "avg_pool1d kernel 0": Bad(RuntimeError, "0", F("avg_pool1d", (1, 3, 4), kernel_size=0)),
    "batch_norm": Bad(RuntimeError, "3 5", F("batch_norm", (4, 3), (5,), (5,))),
    "batch_norm without moments": Bad(RuntimeError, "running_mean", F("batch_norm", (4, 3), None_, None_)),
    "layer_norm": Bad(RuntimeError, "3 5", F("layer_norm", (4, 3), normalized_shape=(5,))),
    "group_norm": Bad(RuntimeError, "3 2", F("group_norm", (4, 3), num_groups=2)),
    "fold": Bad(RuntimeError, "4 sliding", F("fold", (1, 12, 5), output_size=(4, 4), kernel_size=2, stride=2)),
    "softmax dim": Bad(IndexError, "2", F("softmax", (2, 3), dim=2)),
    "glu": Bad(RuntimeError, "3", F("glu", (2, 3))),
    "gelu": Bad(RuntimeError, "quick", F("gelu", (2, 3), approximate="quick")),
    "prelu": Bad(RuntimeError, "3 4", F("prelu", (2, 3), (4,))),
    "bilinear": Bad(RuntimeError, "3 4", F("bilinear", (2, 3), (2, 3), (5, 4, 3))),
    "cosine_similarity": Bad(RuntimeError, "3 4", F("cosine_similarity", (2, 3), (2, 4))),
    "pad mode": Bad(NotImplementedError, "mirror", F("pad", (1, 1, 3), pad=(1, 1), mode="mirror")),
    "reflect too far": Bad(RuntimeError, "5 3 2", F("pad", (1, 1, 3), pad=(5, 5), mode="reflect")),
    "interpolate mode": Bad(NotImplementedError, "sharp", F("interpolate", (1, 1, 2, 2), size=4, mode="sharp")),
    "attention mask and causal": Bad(
        RuntimeError,
        "is_causal",
        lambda t, _: t.nn.functional.scaled_dot_product_attention(
            *[t.ones(1, 2, 3)] * 3, attn_mask=t.ones(2, 2), is_causal=True
        ),
    ),
    "pack: lengths": Bad(RuntimeError, "2", lambda t, _: rnn(t).pack_padded_sequence(t.ones(5, 2, 3), [5, 4, 3])),
    "pack: length 0": Bad(RuntimeError, "0", lambda t, _: rnn(t).pack_padded_sequence(t.ones(5, 2, 3), [5, 0])),
    "pack: not sorted": Bad(RuntimeError, "sort", lambda t, _: rnn(t).pack_padded_sequence(t.ones(5, 2, 3), [2, 5])),
    "pad: nothing": Bad(RuntimeError, "empty", lambda t, _: rnn(t).pad_sequence([])),
    "pad: widths": Bad(RuntimeError, "3 4", lambda t, _: rnn(t).pad_sequence([t.ones(2, 3), t.ones(2, 4)])),
    "hidden state": Bad(RuntimeError, "7", lambda t, m: m(t.ones(5, 2, 3), t.ones(1, 2, 7)), lambda t: t.nn.GRU(3, 4)),
    "hidden states of an LSTM": Bad(
        RuntimeError,
        "9",
        lambda t, m: m(t.ones(5, 2, 3), (t.ones(1, 2, 4), t.ones(1, 9, 4))),
        lambda t: t.nn.LSTM(3, 4),
    ),
    "embedding layer": Bad(IndexError, "4 9", lambda t, m: m(t.tensor([0, 9])), lambda t: t.nn.Embedding(4, 2)),
    "embedding layer, max_norm": Bad(
        IndexError, "4 9", lambda t, m: m(t.tensor([0, 9])), lambda t: t.nn.Embedding(4, 2, max_norm=0.1)
    ),
    "jacobian of no tensor": Bad(TypeError, "3", lambda t, _: t.autograd.functional.jacobian(lambda x: 3, t.ones(2))),
    "grad of a constant": Bad(RuntimeError, "grad", lambda t, x: t.autograd.grad(x.sum(), x), grid),
    "a function without backward": Bad(
        (NotImplementedError, RuntimeError),
        "backward",
        lambda t, x: forward_only(t).apply(x[0]).sum().backward(),
        one,
    ),
    "a function that gives too many": Bad(
        RuntimeError, "2", lambda t, x: too_many(t).apply(x[0]).sum().backward(), one
    ),
    "changed since": Bad(RuntimeError, "modified", lambda t, x: change(t, x[0]), one),
    "seed": Bad((TypeError, ValueError, RuntimeError), "one", lambda t, _: t.manual_seed("one")),
    "state of chance": Bad(TypeError, "str get_rng_state", lambda t, _: t.set_rng_state("one")),
    "default dtype": Bad(TypeError, "int64", lambda t, _: t.set_default_dtype(t.int64)),
    "where": Bad(RuntimeError, "3 2", lambda t, x: t.where(x > 0, x, t.ones(2)), grid),
    "masked_select": Bad(RuntimeError, "2 3", lambda t, x: x.masked_select(t.ones(2).bool()), grid),
    "scatter": Bad(RuntimeError, "9", lambda t, x: x.scatter_(1, t.tensor([[9]]), 1.0), grid),
    "index_add": Bad(IndexError, "9 2", lambda t, x: x.index_add_(0, t.tensor([9]), t.ones(1, 3)), grid),
    "repeat": Bad(RuntimeError, "[2] 3]", lambda t, x: x.repeat(2), grid),
    "unflatten": Bad(RuntimeError, "3 2", lambda t, x: x.unflatten(1, (2, 2)), grid),
    "diag": Bad(RuntimeError, "3D", lambda t, x: t.diag(t.ones(2, 2, 2)), grid),
    "solve": Bad(RuntimeError, "3) 2)", lambda t, x: t.linalg.solve(t.eye(3), t.ones(2, 2)), grid),
    "dot": Bad(RuntimeError, "2 3", lambda t, _: t.dot(t.ones(2), t.ones(3))),
    "std of text": Bad((TypeError, RuntimeError), "str", lambda t, x: x.std("a"), grid),
    "clamp": Bad(RuntimeError, "min max", lambda t, x: x.clamp(), grid),
    "~ of floats": Bad((TypeError, RuntimeError), "float32", lambda t, x: ~x, grid),
    "& of floats": Bad((TypeError, RuntimeError), "float32", lambda t, x: x & x, grid),
    "normal with a negative spread in place": Bad(RuntimeError, "-1", lambda t, x: x.normal_(0, -1), grid),
    "uniform from above to below": Bad(RuntimeError, "2 1", lambda t, x: x.uniform_(2, 1), grid),
    "copy": Bad(RuntimeError, "2 3", lambda t, x: x.copy_(t.ones(2)), grid),
    "root of integers in place": Bad(RuntimeError, "float32 int64", lambda t, x: x.sqrt_(), lambda t: t.arange(3)),
}


def forward_only(t: Any) -> Any:
    return type("Half", (t.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)})


def too_many(t: Any) -> Any:
    body = {"forward": staticmethod(lambda ctx, x: x * 2), "backward": staticmethod(lambda ctx, g: (g, g))}
    return type("Generous", (t.autograd.Function,), body)


def change(t: Any, x: Any) -> None:
    y = x.exp()
    loss = (y * y).sum()
    y.add_(1)
    loss.backward()


# --------------------------------------------------------------------------------------- what PyTorch has not
def trainer(t: Any = learnnn) -> Any:
    t.manual_seed(0)
    model = t.nn.Sequential(t.nn.Linear(4, 8), t.nn.BatchNorm1d(8), t.nn.Linear(8, 2))
    return t.training.Trainer(model, t.nn.CrossEntropyLoss(), t.optim.Adam(model.parameters()))


def held(t: Any) -> Any:
    """(model, optimizer, trainer), the last of which keeps nothing of its own that matters."""
    made = trainer(t)
    return made.model, made.optimizer, made


def another_run(t: Any) -> Any:
    """(model, optimizer, trainer, folder), in which there is the run of a larger model."""
    kept, path = held(t), folder(t)
    model = t.nn.Sequential(t.nn.Linear(4, 9), t.nn.BatchNorm1d(9), t.nn.Linear(9, 2))
    other = t.training.Trainer(model, t.nn.CrossEntropyLoss(), t.optim.Adam(model.parameters()))
    other.fit(X, Y, verbose=False)
    other.save(path / "other.safetensors")
    return (*kept, path)


RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 4)).astype(np.float32), RNG.integers(0, 2, 20)


def fits(X: Any = X, Y: Any = Y, **options: Any) -> Callable[..., Any]:
    return lambda t, k: k[2].fit(X, Y, verbose=False, **options)


OURS = {
    "nan in the data": Bad(FloatingPointError, "nan inputs", fits(X * np.nan), held),
    "inf in the data": Bad(FloatingPointError, "nan inputs", fits(X * np.float32(np.inf)), held),
    "no data": Bad(ValueError, "0", fits(X[:0], Y[:0]), held),
    "no batches": Bad(ValueError, "no data", lambda t, k: k[2].fit([], verbose=False), held),
    "lengths": Bad(ValueError, "20 19", fits(X, Y[:19]), held),
    "a number": Bad(ValueError, "axis", lambda t, k: k[2].fit(t.tensor(1.0), t.tensor(1), verbose=False), held),
    "split above 1": Bad(ValueError, "1.5", fits(validation_split=1.5), held),
    "split below 0": Bad(ValueError, "-0.5", fits(validation_split=-0.5), held),
    "split of almost nothing": Bad(ValueError, "0.01 20", fits(validation_split=0.01), held),
    "split and data": Bad(ValueError, "both", fits(validation_split=0.5, validation_data=(X, Y)), held),
    "epochs": Bad(ValueError, "-1", fits(epochs=-1), held),
    "batch size": Bad(ValueError, "0", fits(batch_size=0), held),
    "width": Bad(RuntimeError, "Linear '0' 4 3", fits(X[:, :3]), held),
    "label": Bad(IndexError, "7 2 epoch batch", fits(X, Y * 0 + 7), held),
    "float labels": Bad(RuntimeError, "float32 long", fits(X, Y.astype(float)), held),
    "evaluate lengths": Bad(ValueError, "20 19", lambda t, k: k[2].evaluate(X, Y[:19]), held),
    "evaluate nothing": Bad(ValueError, "no data", lambda t, k: k[2].evaluate(X[:0], Y[:0]), held),
    "predict nothing": Bad(ValueError, "no data", lambda t, k: k[2].predict(X[:0]), held),
    "predict width": Bad(RuntimeError, "4 3", lambda t, k: k[2].predict(X[:, :3]), held),
    "load missing": Bad(FileNotFoundError, "nowhere", lambda t, k: k[2].load("/nowhere/at/all"), held),
    "load text": Bad(
        RuntimeError, "truncated", lambda t, k: k[2].load(k[3] / "text"), lambda t: (*held(t), folder(t))
    ),
    "load empty": Bad(EOFError, "empty", lambda t, k: k[2].load(k[3] / "empty"), lambda t: (*held(t), folder(t))),
    "load another file": Bad(
        ValueError, "good checkpoint", lambda t, k: k[2].load(k[3] / "good"), lambda t: (*held(t), folder(t))
    ),
    "resume from text": Bad(
        RuntimeError, "truncated", lambda t, k: fits(resume=k[3] / "text")(t, k), lambda t: (*held(t), folder(t))
    ),
    "load the run of another model": Bad(
        RuntimeError, "0.weight 9 8", lambda t, k: k[2].load(k[3] / "other.safetensors"), another_run
    ),
    "resume from the run of another model": Bad(
        RuntimeError, "0.weight 9 8", lambda t, k: fits(resume=k[3] / "other.safetensors")(t, k), another_run
    ),
    "metrics of two lengths": Bad(
        ValueError, "3 2", lambda t, _: t.training.metrics.accuracy(t.ones(3, 2), t.ones(2).long())
    ),
    "compat missing": Bad(SystemExit, "nowhere.py", lambda t, _: compat("nowhere.py")),
    "loading text": Bad(RuntimeError, "text safetensors", lambda t, p: t.load(p / "text"), folder),
    "saving a model": Bad(TypeError, "Sequential state_dict", lambda t, k: t.save(k[0], k[1] / "good"),
                          lambda t: (net(t), folder(t))),
    "saving a function": Bad(TypeError, "function", lambda t, p: t.save({"f": abs}, p / "good"), folder),
}  # fmt: skip


def compat(script: str) -> None:
    from learnnn.compat import main

    main([script])


TABLES = {
    "loss": LOSSES, "module": MADE, "state": STATES, "optimizer": OPTIMIZERS, "data": DATA, "chance": CHANCE,
    "tensor": TENSORS, "function": FUNCTIONS, "file": FILES,
}  # fmt: skip
CALLS = {f"{table}: {name}": bad for table, entries in TABLES.items() for name, bad in entries.items()}


# ------------------------------------------------------------------------------------------------------ the tests
def check(bad: Bad, t: Any = learnnn) -> None:
    kept = bad.build(t)
    before = snapshot(kept)
    raised = outcome(bad, t, kept)
    assert isinstance(raised, bad.error), f"{raised!r} instead of {bad.error}"
    told = str(raised) + "".join(getattr(raised, "__notes__", []))
    assert bad.says and told.strip() and "ufunc" not in told
    missing = [word for word in bad.says.split() if word not in told]
    assert not missing, f"{told!r} does not tell {missing}"
    assert snapshot(kept) == before


@pytest.fixture(autouse=True)
def _files_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_call(name: str) -> None:
    check(CALLS[name])


@pytest.mark.parametrize("name", OURS)
def test_a_bad_call_above_pytorch(name: str) -> None:
    check(OURS[name])


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_fed_badly_says_why_and_stays(name: str) -> None:
    """A refusal tells the size or dtype that was given, comes from learnnn and not from numpy, and changes nothing."""
    for how, spoil_input in SPOILED.items():
        build, call = fed(name, how)
        layer = build(learnnn)
        before = snapshot(layer)
        raised = outcome(Bad(Exception, "", call), learnnn, layer)
        if not isinstance(raised, Exception):
            continue
        given = spoil_input(learnnn, LAYERS[name][1][0])
        words = [type(given).__name__, "float", "Float"]
        if hasattr(given, "shape"):
            words += [str(given.dtype), str(given.ndim), str(given.shape), *map(str, given.shape), "[]", "size = 1"]
        assert any(word in str(raised) for word in words), f"{name}, {how}: {raised!r}"
        assert "ufunc" not in str(raised), f"{name}, {how}: {raised!r}"
        assert not isinstance(raised, AttributeError), f"{name}, {how}: {raised!r}"
        assert snapshot(layer) == before, f"{name}, {how}"


def test_every_layer_is_in_the_table() -> None:
    containers = {"Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Module", "RNNBase"}
    others = {"Identity", "Dropout2d", "Reshape"}  # which take anything, or warn; the last is not PyTorch's
    layers = {
        name
        for name, kind in vars(learnnn.nn).items()
        if isinstance(kind, type) and issubclass(kind, learnnn.nn.Module) and not name.endswith("Loss")
    }
    assert layers - containers - others == set(LAYERS)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta"])
def test_a_refused_batch_leaves_training_as_if_it_had_not_been(name: str) -> None:
    """The same steps with and without bad batches between them, to the bit."""

    def run(bad: bool) -> Any:
        learnnn.manual_seed(0)
        model = net(learnnn)
        optimizer = getattr(learnnn.optim, name)(model.parameters(), lr=0.01)
        for _ in range(3):
            if bad:
                with pytest.raises(RuntimeError):
                    model(learnnn.zeros(2, 5))
                with pytest.raises(ValueError, match="more than 1 value"):
                    model(learnnn.zeros(1, 3))
                with pytest.raises(IndexError):
                    learnnn.nn.functional.cross_entropy(model.eval()(learnnn.ones(2, 3)), learnnn.tensor([0, 9]))
                with pytest.raises(RuntimeError):
                    model.train().load_state_dict({})
            optimizer.zero_grad()
            model(learnnn.arange(12.0).reshape(4, 3)).square().sum().backward()
            optimizer.step()
        return snapshot([model, optimizer])

    assert run(True) == run(False)
