"""HIPS autograd: numpy with gradients. It has no layers, so the models are written out in numpy.

Its own optimizers run a whole training at once: here are their formulas for one step, on each parameter alone, which is
faster than on the one flat vector that they make of all.
"""

from importlib.metadata import version

import autograd.numpy as np
from autograd import value_and_grad
from autograd.scipy.special import logsumexp

VERSION = version("autograd")


def sgd(lr):
    return lambda x, g: x - lr * g


def adam(lr, decay=0.0):
    """autograd.misc.optimizers.adam, a step at a time; `decay` is AdamW's."""
    m = v = 0.0
    t = 0

    def update(x, g):
        nonlocal m, v, t
        t += 1
        m = 0.1 * g + 0.9 * m
        v = 0.001 * g**2 + 0.999 * v
        step = lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return (x * (1 - lr * decay) if decay else x) - step

    return update


def trainer(loss, update, start):
    """`loss` is a function of the list of parameters, and `update` makes the update of each."""
    parameters, updates = start.parameters, [update() for _ in start.parameters]
    loss_and_grad = value_and_grad(loss)

    def step():
        found, grads = loss_and_grad(parameters)
        parameters[:] = [one(p, grad) for one, p, grad in zip(updates, parameters, grads)]
        return found

    return step


def cross_entropy(logits, labels):
    rows = np.arange(len(labels))
    return np.mean(logsumexp(logits, axis=1) - logits[rows, labels])


def binary_cross_entropy(logits, targets):
    return np.mean(np.logaddexp(0, logits) - logits * targets)


def linear(x, W, b):
    return np.dot(x, W.T) + b


def relu(x):
    return np.maximum(x, 0)


def mlp(parameters, x, activation):
    *hidden, (W, b) = zip(parameters[::2], parameters[1::2])
    for weight, bias in hidden:
        x = activation(linear(x, weight, bias))
    return linear(x, W, b)


def w1(start):
    return trainer(lambda p: cross_entropy(mlp(p, start.X, relu), start.y), lambda: sgd(0.01), start)


def w2(start):
    return trainer(lambda p: binary_cross_entropy(mlp(p, start.X, np.tanh), start.y), lambda: adam(0.001), start)


def conv(x, W, b):
    """A 3 x 3 convolution as one matmul over shifted views: a third of autograd.scipy.signal.convolve's time."""
    B, C, H, _ = x.shape
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="constant")
    shifted = [x[:, :, i : i + H, j : j + H] for i in range(3) for j in range(3)]
    columns = np.stack(shifted, axis=2).reshape(B, C * 9, H * H)
    return (np.matmul(W.reshape(len(W), -1), columns) + b[:, None]).reshape(B, len(W), H, H)


def pool(x):
    B, C, H, W = x.shape
    return np.max(x.reshape(B, C, H // 2, 2, W // 2, 2), axis=(3, 5))


def w3(start):
    def loss(p):
        x = pool(relu(conv(start.X, *p[:2])))
        x = pool(relu(conv(x, *p[2:4])))
        return cross_entropy(linear(x.reshape(len(x), -1), *p[4:]), start.y)

    return trainer(loss, lambda: adam(0.001), start)


def sigmoid(x):
    return 0.5 * (np.tanh(0.5 * x) + 1)


def w4(start):
    xs = np.ascontiguousarray(start.X.transpose(1, 0, 2))  # (T, B, 32)

    def loss(p):
        W, U, b, bias, *head = p
        h = c = np.zeros((len(start.X), 128), dtype=np.float32)
        for x in xs:
            gates = np.dot(x, W.T) + np.dot(h, U.T) + (b + bias)  # (B, 4 * 128)
            i, f, g, o = np.split(gates, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        return cross_entropy(linear(h, *head), start.y)

    return trainer(loss, lambda: adam(0.001), start)


def layer_norm(x, W, b):
    centered = x - np.mean(x, axis=-1, keepdims=True)
    return centered / np.sqrt(np.mean(centered**2, axis=-1, keepdims=True) + 1e-5) * W + b


def gelu(x):
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def attention(x, W, b, future, heads=4):
    B, T, C = x.shape
    q, k, v = (
        np.transpose(part.reshape(B, T, heads, C // heads), (0, 2, 1, 3))  # (B, heads, T, d)
        for part in np.split(linear(x, W, b), 3, axis=2)
    )
    scores = np.matmul(q, np.transpose(k, (0, 1, 3, 2))) * (C // heads) ** -0.5 + future  # (B, heads, T, T)
    return np.transpose(np.matmul(softmax(scores), v), (0, 2, 1, 3)).reshape(B, T, C)


def block(x, p, future):
    x = x + linear(attention(layer_norm(x, *p[0:2]), *p[4:6], future), *p[6:8])
    return x + linear(gelu(linear(layer_norm(x, *p[2:4]), *p[8:10])), *p[10:12])


def w5(start):
    T = start.X.shape[1]
    future = np.triu(np.full((T, T), -np.inf, dtype=np.float32), 1)

    def loss(p):
        tokens, positions, *blocks = p[:-3]
        x = tokens[start.X] + positions  # (B, T, d)
        for layer in range(0, len(blocks), 12):
            x = block(x, blocks[layer : layer + 12], future)
        logits = np.dot(layer_norm(x, *p[-3:-1]), p[-1].T)
        return cross_entropy(logits.reshape(-1, logits.shape[-1]), start.y)

    return trainer(loss, lambda: adam(0.001, decay=0.01), start)


def w6(start):
    parameters, updates = start.parameters, [adam(0.001) for _ in start.parameters]

    def step():
        parameters[:] = [update(p, grad) for update, p, grad in zip(updates, parameters, start.X)]
        return parameters[0]

    return step


TRAINERS = {"W1": w1, "W2": w2, "W3": w3, "W4": w4, "W5": w5, "W6": w6}
