"""What onnxruntime computes from an exported model is what learnnn computes."""

import sys

import numpy as np
import pytest

import learnnn as torch
import learnnn.nn.functional as F
from learnnn import nn

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from learnnn.onnx import IR_VERSION, OPSET, export, onnx_model  # noqa: E402


def run(made, inputs):
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    feed = {i.name: x.numpy() for i, x in zip(session.get_inputs(), inputs, strict=True)}
    return session.run(None, feed)


def flat(out):
    return [y for part in out for y in flat(part)] if isinstance(out, tuple | list) else [out]


def check(model, *inputs, **options):
    """The exported model, on the example's numbers and on others; the numbers of learnnn's own are the truth."""
    made = onnx_model(model, inputs, **options)
    if isinstance(model, nn.Module):
        model.eval()
    for x in (inputs, [other(x) for x in inputs]):
        for mine, theirs in zip(flat(model(*x)), run(made, x), strict=True):
            mine = mine.detach().numpy()
            assert mine.shape == theirs.shape and mine.dtype == theirs.dtype
            np.testing.assert_allclose(theirs, mine, rtol=2e-4, atol=2e-5)
    return made


def other(x):
    return torch.tensor(np.flip(x.numpy()).copy()) if x.dtype.kind != "f" else torch.tensor(-0.5 * x.numpy() + 0.1)


def randn(*shape):
    return torch.tensor(np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32))


def settled(layer):
    """With statistics that are not those of a new layer."""
    torch.manual_seed(0)
    for buffer in layer.buffers():
        if buffer.dtype.kind == "f":
            buffer.copy_(torch.rand(*buffer.shape) + 0.5)
    for p in layer.parameters():
        p.data = torch.randn(*p.shape) * 0.5
    return layer


IMAGE, SIGNAL, ROWS = (2, 4, 9, 8), (2, 4, 11), (3, 6)
LAYERS = {
    "Linear": (lambda: nn.Linear(6, 5), ROWS),
    "Linear, no bias": (lambda: nn.Linear(6, 5, bias=False), ROWS),
    "Linear, more axes": (lambda: nn.Linear(6, 5), (2, 3, 6)),
    "Linear, one": (lambda: nn.Linear(6, 5), (6,)),
    "Identity": (lambda: nn.Sequential(nn.Identity(), nn.ReLU()), ROWS),
    "Flatten": (lambda: nn.Flatten(), IMAGE),
    "Reshape": (lambda: nn.Reshape(2, 3), ROWS),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 3)), ROWS),
    "Dropout": (lambda: nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 2)), ROWS),
    "Dropout2d": (lambda: nn.Sequential(nn.Dropout2d(0.5), nn.ReLU()), IMAGE),
    "Conv1d": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1), SIGNAL),
    "Conv1d, same": (lambda: nn.Conv1d(4, 6, 4, padding="same", dilation=2), SIGNAL),
    "Conv2d": (lambda: nn.Conv2d(4, 6, 3), IMAGE),
    "Conv2d, all": (lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), groups=2, bias=False), IMAGE),
    "Conv2d, same": (lambda: nn.Conv2d(4, 6, (3, 4), padding="same"), IMAGE),
    "Conv2d, reflect": (lambda: nn.Conv2d(4, 6, 3, padding=(1, 2), padding_mode="reflect"), IMAGE),
    "Conv2d, circular": (lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="circular"), IMAGE),
    "Conv2d, replicate": (lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="replicate"), IMAGE),
    "Conv2d, one image": (lambda: nn.Conv2d(4, 6, 3), IMAGE[1:]),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1), SIGNAL),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2, dilation=2), IMAGE),
    "MaxPool1d": (lambda: nn.MaxPool1d(3, 2, 1), SIGNAL),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGE),
    "MaxPool2d, all": (lambda: nn.MaxPool2d((3, 2), (2, 1), (1, 0), dilation=(1, 2), ceil_mode=True), IMAGE),
    "AvgPool1d": (lambda: nn.AvgPool1d(3, 2, 1), SIGNAL),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False), IMAGE),
    "AvgPool2d, divisor": (lambda: nn.AvgPool2d(2, divisor_override=3), IMAGE),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(1), IMAGE),
    "AdaptiveAvgPool2d, bins": (lambda: nn.AdaptiveAvgPool2d((4, 3)), IMAGE),
    "Upsample": (lambda: nn.Upsample(scale_factor=2), IMAGE),
    "Upsample, bilinear": (lambda: nn.Upsample((13, 5), mode="bilinear"), IMAGE),
    "Upsample, corners": (lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), IMAGE),
    "Upsample, linear": (lambda: nn.Upsample(7, mode="linear"), SIGNAL),
    "Unfold": (lambda: nn.Unfold((3, 2), padding=1, stride=2), IMAGE),
    "Fold": (lambda: nn.Fold((5, 4), (2, 2)), (2, 12, 12)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(6), ROWS),
    "BatchNorm1d, signals": (lambda: nn.BatchNorm1d(4), SIGNAL),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4), IMAGE),
    "BatchNorm2d, plain": (lambda: nn.BatchNorm2d(4, affine=False), IMAGE),
    "BatchNorm2d, own": (lambda: nn.BatchNorm2d(4, track_running_stats=False), IMAGE),
    "LayerNorm": (lambda: nn.LayerNorm(6), ROWS),
    "LayerNorm, two axes": (lambda: nn.LayerNorm((9, 8), elementwise_affine=False), IMAGE),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), IMAGE),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(4, affine=True), IMAGE),
    "InstanceNorm2d, running": (lambda: nn.InstanceNorm2d(4, track_running_stats=True), IMAGE),
    "RMSNorm": (lambda: nn.RMSNorm(6), ROWS),
    "RNN": (lambda: nn.RNN(6, 5, 2), (4, 3, 6)),
    "RNN, relu": (lambda: nn.RNN(6, 5, nonlinearity="relu", bias=False, batch_first=True), (4, 3, 6)),
    "LSTM": (lambda: nn.LSTM(6, 5), (4, 3, 6)),
    "LSTM, all": (lambda: nn.LSTM(6, 5, 2, batch_first=True, bidirectional=True, dropout=0.5), (4, 3, 6)),
    "LSTM, one": (lambda: nn.LSTM(6, 5, 2), (4, 6)),
    "GRU": (lambda: nn.GRU(6, 5), (4, 3, 6)),
    "GRU, all": (lambda: nn.GRU(6, 5, 2, batch_first=True, bidirectional=True), (4, 3, 6)),
    "RNNCell": (lambda: nn.RNNCell(6, 5), ROWS),
    "LSTMCell": (lambda: nn.LSTMCell(6, 5), ROWS),
    "GRUCell": (lambda: nn.GRUCell(6, 5), ROWS),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(6, 2, 12, batch_first=True), (3, 5, 6)),
    "TransformerEncoderLayer, first": (lambda: nn.TransformerEncoderLayer(6, 2, 12, norm_first=True), (3, 5, 6)),
    "TransformerEncoder": (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 12), 2), (3, 5, 6)),
}
ACTIVATIONS = {
    "ReLU": {}, "LeakyReLU": {"negative_slope": 0.2}, "PReLU": {"num_parameters": 4}, "ELU": {"alpha": 0.7},
    "SELU": {}, "GELU": {}, "SiLU": {}, "Mish": {}, "Sigmoid": {}, "Tanh": {},
    "Softplus": {"beta": 2.0, "threshold": 1.0},
    "Hardtanh": {"min_val": -0.3, "max_val": 0.7}, "Hardswish": {}, "ReLU6": {}, "LogSigmoid": {},
    "Softmax": {"dim": 1}, "LogSoftmax": {"dim": -1}, "GLU": {"dim": 1},
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    make, shape = LAYERS[name]
    check(settled(make()), randn(*shape))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name):
    layer = getattr(nn, name)(**ACTIVATIONS[name])
    check(layer, randn(*IMAGE))
    if hasattr(layer, "inplace"):
        check(nn.Sequential(nn.Linear(6, 4), getattr(nn, name)(**ACTIVATIONS[name], inplace=True)), randn(*ROWS))


def test_gelu_by_tanh():
    check(nn.GELU(approximate="tanh"), randn(*ROWS))


def test_layers_of_several_inputs():
    attend = nn.MultiheadAttention(6, 2, batch_first=True)
    check(settled(attend), randn(3, 5, 6), randn(3, 4, 6), randn(3, 4, 6))
    decoder = nn.TransformerDecoderLayer(6, 2, 12, batch_first=True)
    check(settled(decoder), randn(3, 5, 6), randn(3, 4, 6))
    check(settled(nn.TransformerDecoder(decoder, 2)), randn(3, 5, 6), randn(3, 4, 6))
    check(settled(nn.Transformer(6, 2, 1, 1, 12)), randn(5, 3, 6), randn(4, 3, 6))


PIXELS = torch.tensor([[2, 0], [0, 1], [5, 3]])
LABELS, WEIGHT = torch.tensor([2, 0, 5]), torch.tensor([1.0, 2.0, 0.5, 3.0, 1.0, 1.0])
PROBABILITIES = torch.tensor(np.full((3, 6), 1 / 6, np.float32))
POSITIVE = torch.tensor(np.linspace(0.1, 0.9, 18, dtype=np.float32).reshape(3, 6))
LOSSES = {
    "CrossEntropyLoss": (lambda: nn.CrossEntropyLoss(weight=WEIGHT, ignore_index=0), [randn(3, 6), LABELS]),
    "CrossEntropyLoss, sum": (lambda: nn.CrossEntropyLoss(reduction="sum"), [randn(3, 6, 2), PIXELS]),
    "CrossEntropyLoss, none": (lambda: nn.CrossEntropyLoss(reduction="none"), [randn(3, 6), LABELS]),
    "CrossEntropyLoss, soft": (lambda: nn.CrossEntropyLoss(WEIGHT, label_smoothing=0.1), [randn(3, 6), PROBABILITIES]),
    "NLLLoss": (lambda: nn.NLLLoss(weight=WEIGHT), [randn(3, 6), LABELS]),
    "BCEWithLogitsLoss": (lambda: nn.BCEWithLogitsLoss(pos_weight=WEIGHT), [randn(3, 6), POSITIVE]),
    "BCELoss": (lambda: nn.BCELoss(), [POSITIVE, POSITIVE * 0.5]),
    "KLDivLoss": (lambda: nn.KLDivLoss(reduction="batchmean"), [randn(3, 6), POSITIVE]),
    "GaussianNLLLoss": (lambda: nn.GaussianNLLLoss(full=True), [randn(3, 6), POSITIVE, POSITIVE]),
    "TripletMarginLoss": (lambda: nn.TripletMarginLoss(), [randn(3, 6), POSITIVE, randn(3, 6) * 2]),
    "CosineEmbeddingLoss": (lambda: nn.CosineEmbeddingLoss(0.1), [randn(3, 6), POSITIVE, torch.tensor([1, -1, 1])]),
    "HuberLoss": (lambda: nn.HuberLoss(delta=0.5), [randn(3, 6), POSITIVE]),
    "SmoothL1Loss": (lambda: nn.SmoothL1Loss(beta=0.5), [randn(3, 6), POSITIVE]),
    "MSELoss": (lambda: nn.MSELoss(reduction="none"), [randn(3, 6), POSITIVE]),
    "L1Loss": (lambda: nn.L1Loss(reduction="sum"), [randn(3, 6), POSITIVE]),
}


@pytest.mark.parametrize("name", LOSSES)
def test_loss(name):
    make, inputs = LOSSES[name]
    made = onnx_model(make(), inputs)
    for x in (inputs, [inputs[0] * 0.7, *inputs[1:]]):
        np.testing.assert_allclose(run(made, x)[0], make()(*x).numpy(), rtol=2e-4, atol=2e-5)


def test_every_layer_is_exported_here():
    layers = {name for name, kind in vars(nn).items() if isinstance(kind, type) and issubclass(kind, nn.Module)}
    tested = {name.partition(",")[0] for name in (*LAYERS, *ACTIVATIONS, *LOSSES)}
    assert layers - tested - BY_NAME - COMPUTING_NOTHING == set()


BY_NAME = {
    "Bilinear", "Embedding", "MultiheadAttention", "Sequential", "Transformer", "TransformerDecoder",
    "TransformerDecoderLayer",
}  # fmt: skip
COMPUTING_NOTHING = {"Module", "RNNBase", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}


@pytest.mark.skipif(not hasattr(nn, "Bilinear"), reason="there is no Bilinear yet")
def test_bilinear():
    check(nn.Bilinear(3, 4, 2), randn(5, 3), randn(5, 4))


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_first_states(name):
    layer = settled(getattr(nn, name)(6, 5, 2, bidirectional=True))
    states = [randn(4, 3, 5)] * (2 if name == "LSTM" else 1)

    def model(x, *states):
        return layer(x, states if name == "LSTM" else states[0])

    check(model, randn(7, 3, 6), *states)


def test_embedding_and_ids():
    ids = torch.tensor([[0, 4, 2], [1, 1, 3]])
    check(nn.Sequential(nn.Embedding(5, 3, padding_idx=1), nn.Linear(3, 2)), ids)
    check(lambda ids: F.one_hot(ids, 5), ids)


class GPT(nn.Module):
    """A small one, as chapters write it."""

    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(11, 8), nn.Embedding(6, 8)
        self.norm, self.qkv, self.head = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 11, bias=False)
        self.register_buffer("mask", torch.tril(torch.ones(6, 6)).view(1, 1, 6, 6))

    def forward(self, ids):
        B, T = ids.shape
        x = self.tokens(ids) + self.places(torch.arange(T))
        q, k, v = [y.view(B, T, 2, 4).transpose(1, 2) for y in self.qkv(self.norm(x)).split(8, dim=-1)]
        scores = (q @ k.transpose(-2, -1)) * 4**-0.5
        scores = scores.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
        x = x + (torch.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(B, T, 8)
        x = x + F.scaled_dot_product_attention(x, x, x, is_causal=True)
        return self.head(x)[:, -1]


def test_a_gpt():
    check(settled(GPT()), torch.tensor([[1, 5, 2, 10, 0, 3], [4, 4, 9, 8, 7, 6]]))


FUNCTIONS = {
    "arithmetic": lambda x: (x + 2) * x / (x * x + 1) - 0.5 * x**3 + 2**x - (-x).abs(),
    "powers": lambda x: (x.abs() + 1) ** 0.5 + x.square() + (x * x + 1).rsqrt() + (x * x).sqrt().reciprocal(),
    "logs": lambda x: x.exp().log() + (x * x + 1).log() + (x * x).log1p() + (x * x + 1).log2() + x.expm1(),
    "waves": lambda x: x.sin() * x.cos() + x.tan() + torch.tanh(x) + torch.erf(x) + torch.atan(x),
    "rounding": lambda x: x.floor() + x.ceil() + x.round() + x.sign() + x % 0.7 + x // 0.3 + x.trunc(),
    "bounds": lambda x: x.clamp(-0.5) + x.clamp(-1, 0.3) + torch.minimum(x, x[0]),
    "choices": lambda x: torch.where((x > 0) & ~(x > 1) | (x <= -1), x, 0.0) + torch.maximum(x, x * 2),
    "comparisons": lambda x: (x == 0).float() + (x != 1).float() + (x < 0.2).float() + (x >= 1).float(),
    "sums": lambda x: x.sum() + x.mean(1, keepdim=True) + x.amax(0) + x.var(1, keepdim=True) + x.std() + x.prod(),
    "extremes": lambda x: (x.max(1), x.min(0), x.argmax(), x.argmax(1), x.argmin(0, keepdim=True)),
    "running": lambda x: x.cumsum(1) + torch.logsumexp(x, 1, keepdim=True),
    "shapes": lambda x: x.T.reshape(2, -1).unsqueeze(1).expand(2, 3, 9).flatten(1).permute(1, 0).squeeze(),
    "cutting": lambda x: (x[1:, ::2], x[:, -1], x[0, 1:4], x[..., None, 2], x[[0, 2]], x[:, torch.tensor([1, 1])]),
    "joining": lambda x: (torch.cat([x, x * 2], 1), torch.stack([x, -x]), *x.chunk(3, 1), *x.unbind(0)),
    "rolling": lambda x: x.roll(1, 0) + x.roll((2, -1), (1, 0)) + x.roll(5),
    "turning": lambda x: x.flip(0, 1) + torch.tril(x) + torch.triu(x, 1) + x.repeat(2, 1)[3:],
    "products": lambda x: (x @ x.T, torch.einsum("ij,kj->ik", x, x), x[0].dot(x[1]), torch.outer(x[0], x[1])),
    "picking": lambda x: x.gather(1, torch.tensor([[0, 1], [2, 3], [5, 4]])),
    "changing": lambda x: (x * 2).add_(1).relu_().mul_(x),
    "lengths": lambda x: x.norm() + x.norm(3, 1, keepdim=True) + x.norm(1, 0) + x.norm(float("inf"), 0),
    "functional": lambda x: F.normalize(x, dim=1) + F.cosine_similarity(x, x + 1, dim=1)[:, None],
    "losses": lambda x: F.mse_loss(x, x * 2) + F.smooth_l1_loss(x, x * 3) + F.l1_loss(x, x * 0.5),
    "dictionary": lambda x: [x + 1, (x * 2, x - 1)],
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_operations(name):
    check(FUNCTIONS[name], randn(3, 6))


def test_a_size_left_open():
    """The same file serves other batches, here of 1, 5 and 8 images."""
    model = settled(nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4), nn.Softmax(1)
    )).eval()  # fmt: skip
    made = check(model, randn(2, 1, 8, 8), dynamic_axes={"input": {0: "batch"}})
    assert made.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    for n in (1, 5, 8):
        x = randn(n, 1, 8, 8)
        np.testing.assert_allclose(run(made, [x])[0], model(x).detach().numpy(), rtol=1e-4, atol=1e-5)
    gpt = settled(GPT()).eval()
    made = check(gpt, torch.zeros(2, 6, dtype=torch.int64), dynamic_axes={"input": [0]})
    ids = torch.arange(30).reshape(5, 6) % 11
    np.testing.assert_allclose(run(made, [ids])[0], gpt(ids).detach().numpy(), rtol=1e-4, atol=1e-5)


OPEN = {
    "view by size": lambda x: x.view(x.size(0), -1) + 1,
    "view by -1": lambda x: x.view(-1, 2) + x.reshape(-1, x.shape[-1])[0, 0],
    "last": lambda x: (x[-1], x[1:], x[:, -1], x[-2:-1]),
    "centred": lambda x: x - x.mean(0, keepdim=True),
    "heads": lambda x: x.reshape(x.shape[0], 2, 2, 3).transpose(1, 2).reshape(x.shape[0], 2, -1),
    "repeated": lambda x: x.unsqueeze(1).expand(x.shape[0], 5, *x.shape[1:]),
}


@pytest.mark.parametrize("name", OPEN)
def test_open_sizes(name):
    made = onnx_model(OPEN[name], randn(3, 2, 6), dynamic_axes={"input": {0: "n"}})
    for n in (2, 3, 7):
        x = randn(n, 2, 6)
        for mine, theirs in zip(flat(OPEN[name](x)), run(made, [x]), strict=True):
            np.testing.assert_allclose(theirs, mine.numpy(), rtol=1e-5, atol=1e-6)


CLOSED = {
    "as many": lambda x: x.mean(0, keepdim=True).expand(x.shape[0], 2, 6),
    "a constant": lambda x: x + torch.zeros(x.shape[0], 1, 1),
    "a loop": lambda x: sum(x[i] for i in range(len(x))),
    "a number": lambda x: x / len(x),
}


@pytest.mark.parametrize("name", CLOSED)
def test_sizes_that_cannot_be_left_open_are_refused(name):
    with pytest.raises(RuntimeError, match="sizes"):
        onnx_model(CLOSED[name], randn(3, 2, 6), dynamic_axes={"input": {0: "n"}})
    check(CLOSED[name], randn(3, 2, 6))


def test_the_file(tmp_path):
    model = nn.Linear(3, 2)
    export(model, torch.zeros(1, 3), tmp_path / "model.onnx", input_names=["x"], output_names=["y"], opset_version=21)
    made = onnx.load(tmp_path / "model.onnx")
    assert (made.ir_version, made.opset_import[0].version) == (IR_VERSION, OPSET) == (10, 21)
    assert [i.name for i in made.graph.input] == ["x"] and [o.name for o in made.graph.output] == ["y"]
    assert {c.name for c in made.graph.initializer} == {"weight", "bias"}
    assert [n.op_type for n in made.graph.node] == ["Gemm", "Identity"]


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(), nn.BatchNorm1d(2)).train()
    model[1].eval()
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    relu, forward = torch.ops.relu, nn.LSTM.forward
    onnx_model(model, torch.ones(4, 3))
    assert [m.training for m in model.modules()] == [True, True, False, True]
    assert all((model.state_dict()[name].numpy() == value).all() for name, value in before.items())
    assert torch.ops.relu is relu and nn.LSTM.forward is forward and torch.relu is relu


def changed_by_index(x):
    y = x * 2
    y[0] = x[1]
    return y + 1


REFUSED = {
    "random numbers": (lambda x: x + torch.randn(3), "random numbers"),
    "a branch": (lambda x: x * 2 if x.sum() > 0 else x, "another way"),
    "a number read": (lambda x: x * x.sum().item(), "depends on the inputs"),
    "no operator": (lambda x: x + torch.sort(x)[0], "depends on the inputs"),
    "assignment": (changed_by_index, "in place"),
    "no connection": (lambda x: torch.ones(3), "no output"),
    "pooling positions": (lambda x: F.max_pool1d(x[None], 2, return_indices=True), "positions"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_onnx_cannot_is_refused(name):
    model, words = REFUSED[name]
    with pytest.raises(RuntimeError, match=words):
        onnx_model(model, torch.tensor([[1.0, -2.0, 4.0], [3.0, 1.0, -5.0]]))


def test_arguments_are_checked(monkeypatch):
    with pytest.raises(ValueError, match="opset_version=11"):
        export(nn.Linear(1, 1), torch.ones(1), "never", opset_version=11)
    with pytest.raises(ValueError, match="as many names"):
        onnx_model(nn.Linear(1, 1), torch.ones(1), input_names=["a", "b"])
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "learnnn\[onnx\]"'):
        onnx_model(nn.Linear(1, 1), torch.ones(1))
