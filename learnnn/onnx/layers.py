"""What stands for each layer: convolution, pooling, normalization, embedding, attention, recurrent networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..autograd import wrap
from ..nn import functional
from ..ops.image import each
from ..tensor import Tensor
from .trace import Trace


def _pads(padding: Any, kernel: Any, stride: Any, dilation: Any) -> list[int]:
    """ONNX writes all beginnings, then all ends."""
    if padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return [n // 2 for n in totals] + [n - n // 2 for n in totals]
    return [*each(0 if padding == "valid" else padding, len(kernel))] * 2


def _in_batch(t: Trace, x: Any, y: Any, dims: int, translate: Callable[[str], str]) -> str:
    """Layers over images take a batch in ONNX; one image alone is made a batch of one."""
    if x.ndim == dims + 2:
        return translate(t.name(x))
    return t.add("Squeeze", translate(t.add("Unsqueeze", t.name(x), t.ints(0))), t.ints(0))


def _convolved(dims: int) -> Callable:
    def translate(t, y, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        kernel, stride, dilation = weight.shape[2:], each(stride, dims), each(dilation, dims)
        tied = bias is not None and bias.ndim == 1
        how = {"strides": stride, "dilations": dilation, "group": groups, "kernel_shape": kernel}
        how["pads"] = _pads(padding, kernel, stride, dilation)
        inputs = [t.name(weight), *([t.name(bias)] if tied else [])]

        def one(name: str) -> str:
            name = t.add("Conv", name, *inputs, **how)
            return name if tied or bias is None else t.add("Add", name, t.name(bias))

        return _in_batch(t, x, y, dims, one)

    return translate


def _convolved_back(dims: int) -> Callable:
    def translate(t, y, x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        how = {"strides": each(stride, dims), "dilations": each(dilation, dims), "group": groups}
        how |= {"output_padding": each(output_padding, dims), "pads": [*each(padding, dims)] * 2}
        inputs = [t.name(weight), *([] if bias is None else [t.name(bias)])]
        return _in_batch(t, x, y, dims, lambda name: t.add("ConvTranspose", name, *inputs, **how))

    return translate


def _largest_pooled(dims: int) -> Callable:
    def translate(t, y, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        if return_indices:
            raise RuntimeError("ONNX counts the positions of a max pooling otherwise: return_indices has no operator")
        kernel = each(kernel_size, dims)
        how = {"kernel_shape": kernel, "strides": kernel if stride is None else each(stride, dims)}
        how |= {"pads": [*each(padding, dims)] * 2, "dilations": each(dilation, dims), "ceil_mode": int(ceil_mode)}
        return _in_batch(t, x, y, dims, lambda name: t.add("MaxPool", name, **how))

    return translate


def _mean_pooled(dims: int) -> Callable:
    def translate(t, y, x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor=None):
        kernel = each(kernel_size, dims)
        how = {"kernel_shape": kernel, "strides": kernel if stride is None else each(stride, dims)}
        how |= {"pads": [*each(padding, dims)] * 2, "ceil_mode": int(ceil_mode)}
        how["count_include_pad"] = int(count_include_pad or divisor is not None)
        name = _in_batch(t, x, y, dims, lambda name: t.add("AveragePool", name, **how))
        return name if divisor is None else t.add("Mul", name, t.name(np.prod(kernel) / divisor, x.dtype))

    return translate


def _padded(t: Trace, y: Any, x: Any, pad: Any, mode: str = "constant", value: Any = None) -> str:
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    kinds = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    widths = t.ints([[a for a, _ in pairs], [b for _, b in pairs]])
    return t.add("Pad", t.name(x), widths, t.name(value or 0, x.dtype), mode=kinds[mode])


def _as_columns(
    t: Trace, y: Any, x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Windows as columns are a convolution with kernels that pick one place each."""
    kernel, channels = each(kernel_size, 2), x.shape[-3]
    picks = np.eye(channels * kernel[0] * kernel[1], dtype=x.dtype).reshape(-1, channels, *kernel)
    return ops.flatten(ops.conv2d(x, wrap(picks), None, stride, padding, dilation), -2)


def _from_columns(
    t: Trace, y: Any, x: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> str:
    how: dict[str, Any] = {"dilations": each(dilation, 2), "pads": [*each(padding, 2)] * 2, "strides": each(stride, 2)}
    sizes = t.ints(each(output_size, 2)), t.ints(each(kernel_size, 2))
    return _in_batch(t, x, y, 1, lambda name: t.add("Col2Im", name, *sizes, **how))


def _scaled(t: Trace, value: Any, default: float, like: Any, size: Any) -> str:
    return t.name(np.full(size, default, like.dtype) if value is None else value)


def _batch_normed(t, y, x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    if training:
        return _normed(x, weight, bias, (0, *range(2, x.ndim)), eps)
    scale, shift = _scaled(t, weight, 1, x, x.shape[1]), _scaled(t, bias, 0, x, x.shape[1])
    return t.add("BatchNormalization", t.name(x), scale, shift, t.name(mean), t.name(var), epsilon=eps)


def _normed(x: Any, weight: Any, bias: Any, dims: Any, eps: float) -> Any:
    centred = x - ops.mean(x, dims, True)
    z = centred / ops.sqrt(ops.mean(centred * centred, dims, True) + eps)
    shape = (-1, *[1] * (x.ndim - 2))
    z = z if weight is None else z * weight.reshape(shape)
    return z if bias is None else z + bias.reshape(shape)


def _instance_normed(t, y, x, mean=None, var=None, weight=None, bias=None, own=True, momentum=0.1, eps=1e-5):
    if not own:
        return _batch_normed(t, y, x, mean, var, weight, bias, False, momentum, eps)
    scale, shift = _scaled(t, weight, 1, x, x.shape[1]), _scaled(t, bias, 0, x, x.shape[1])
    return t.add("InstanceNormalization", t.name(x), scale, shift, epsilon=eps)


def _group_normed(t, y, x, num_groups, weight=None, bias=None, eps=1e-5):
    scale, shift = _scaled(t, weight, 1, x, x.shape[1]), _scaled(t, bias, 0, x, x.shape[1])
    return t.add("GroupNormalization", t.name(x), scale, shift, epsilon=eps, num_groups=num_groups)


def _layer_normed(t, y, x, normalized_shape, weight=None, bias=None, eps=1e-5):
    shift = [] if bias is None else [t.name(bias)]
    scale = _scaled(t, weight, 1, x, tuple(normalized_shape))
    return t.add("LayerNormalization", t.name(x), scale, *shift, axis=-len(normalized_shape), epsilon=eps)


def _rms_normed(t, y, x, normalized_shape, weight=None, eps=None):
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    dims = tuple(range(-len(normalized_shape), 0))
    z = x / ops.sqrt(ops.mean(x * x, dims, True) + eps)
    return z if weight is None else z * weight


def _attended(t, y, q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    if enable_gqa:
        k, v = (functional._shared_heads(x, q.shape[-3]) for x in (k, v))
    scores = ops.matmul(q * (q.shape[-1] ** -0.5 if scale is None else scale), ops.transpose(k, -2, -1))
    seen = np.tri(q.shape[-2], k.shape[-2], dtype=bool) if is_causal else attn_mask
    if seen is not None and seen.dtype == bool:
        scores = ops.where(wrap(seen) if isinstance(seen, np.ndarray) else seen, scores, -np.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    return ops.matmul(ops.softmax(scores, -1), v)


def _looked_up(t: Trace, y: Any, index: Any, weight: Any, *rest: Any) -> str:
    return t.add("Gather", t.name(weight), t.name(index), axis=0)


def _hot(t: Trace, y: Any, labels: Any, num_classes: int = -1) -> Any:
    if num_classes == -1:
        raise RuntimeError("one_hot takes its number of classes from the labels here: say num_classes to export it")
    return ops.eq(ops.unsqueeze(labels, -1), wrap(np.arange(num_classes))).to(np.int64)


_GATES = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2]}  # ONNX's order, in numbers of PyTorch's


def recurrent(t: Trace, out: Any, self: Any, input: Any, hx: Any = None) -> Any:
    """RNN, LSTM and GRU: one ONNX operator a layer, for both directions."""
    if not isinstance(input, Tensor):
        raise RuntimeError("ONNX has no packed sequences: export the layer for padded ones")
    batched, kind = input.ndim == 3, self.mode.partition("_")[0]
    x = t.name(input) if batched else t.add("Unsqueeze", t.name(input), t.ints(1))
    turned = self.batch_first and batched
    x = t.add("Transpose", x, perm=[1, 0, 2]) if turned else x
    first = [] if hx is None else [t.name(s) for s in (hx if self.states > 1 else [hx])]
    first = first if batched else [t.add("Unsqueeze", s, t.ints(1)) for s in first]
    ways, states = 1 + self.bidirectional, self.states
    ends: list[list[str]] = [[] for _ in range(states)]
    for layer in range(self.num_layers):
        given = [t.add("Slice", s, t.ints(layer * ways), t.ints((layer + 1) * ways), t.ints(0)) for s in first]
        y, *last = t.add(kind, x, *_packed(t, self, layer, kind), "", *given, outputs=1 + states, **_kind(self, kind))
        y = t.add("Transpose", y, perm=[0, 2, 1, 3])  # (T, D, B, H) -> (T, B, D, H)
        x = t.add("Reshape", y, t.ints([0, 0, -1]))  # 0 keeps a size
        for end, state in zip(ends, last, strict=True):
            end.append(state)
    joined = [t.add("Concat", *end, axis=0) for end in ends]
    x = t.add("Transpose", x, perm=[1, 0, 2]) if turned else x
    return [x, *joined] if batched else [t.add("Squeeze", name, t.ints(1)) for name in (x, *joined)]


def _kind(layer: Any, kind: str) -> dict[str, Any]:
    ways = 1 + layer.bidirectional
    how = {"hidden_size": layer.hidden_size, "direction": "bidirectional" if ways == 2 else "forward"}
    if kind == "RNN":
        how["activations"] = ["Relu" if layer.mode.endswith("RELU") else "Tanh"] * ways
    return how | ({"linear_before_reset": 1} if kind == "GRU" else {})


def _packed(t: Trace, layer: Any, number: int, kind: str) -> list[str]:
    """Weights (D, k H, F) and (D, k H, H) and biases (D, 2 k H), with the gates in ONNX's order."""
    found: list[list[np.ndarray]] = [[], [], []]
    for way in ("", "_reverse") if layer.bidirectional else ("",):
        w_ih, w_hh, *biases = layer._weights(f"_l{number}{way}")
        nothing = np.zeros(len(w_ih), w_ih.dtype)
        b = [nothing if bias is None else _reordered(bias.array, kind) for bias in biases]
        rows = (_reordered(w_ih.array, kind), _reordered(w_hh.array, kind), np.concatenate(b))
        for column, value in zip(found, rows, strict=True):
            column.append(value)
    return [t.name(np.stack(column)) for column in found]


def _reordered(weight: np.ndarray, kind: str) -> np.ndarray:
    order = _GATES.get(kind, [0])
    return np.concatenate([np.split(weight, len(order))[i] for i in order])


def _on_channels(weight: Any, x: Any) -> Any:
    return weight if weight.array.size == 1 else ops.reshape(weight, (-1, *[1] * (x.ndim - 2)))


LAYERS: dict[str, Callable] = {
    "conv1d": _convolved(1), "conv2d": _convolved(2),
    "conv_transpose1d": _convolved_back(1), "conv_transpose2d": _convolved_back(2),
    "max_pool1d": _largest_pooled(1), "max_pool2d": _largest_pooled(2),
    "avg_pool1d": _mean_pooled(1), "avg_pool2d": _mean_pooled(2),
    "pad": _padded, "im2col": _as_columns, "col2im": _from_columns,
    "batch_norm": _batch_normed, "instance_norm": _instance_normed, "group_norm": _group_normed,
    "layer_norm": _layer_normed, "rms_norm": _rms_normed,
    "prelu": lambda t, y, x, weight: t.add("PRelu", t.name(x), t.name(_on_channels(weight, x))),
}  # fmt: skip
FUNCTIONS: dict[str, Callable] = {
    "embedding": _looked_up, "one_hot": _hot, "scaled_dot_product_attention": _attended,
}  # fmt: skip
