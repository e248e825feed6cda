"""tinygrad on its CPU device, which compiles every kernel with clang.

A step is captured once by TinyJit and replayed from then on: many times as fast as running it line by line.
"""

import os
from importlib.metadata import version

os.environ |= {"DEV": "CPU", "NUM_CPU_THREADS": "1", "PARALLEL": "0"}

from tinygrad import Context, Tensor, TinyJit, nn

VERSION = version("tinygrad")


def captured(step):
    """Replay `step`, which ends with an optimizer's update."""
    replay = TinyJit(step)

    def train():
        with Context(TRAINING=1):
            return replay()

    return train


def trainer(loss, optimizer, start):
    """`loss` is a function of (parameters, X, y)."""
    parameters = [Tensor(p).is_param_() for p in start.parameters]
    X, y = Tensor(start.X).realize(), Tensor(start.y).realize()
    update = optimizer(parameters)

    def step():
        update.zero_grad()
        found = loss(parameters, X, y)
        found.backward()
        return found.realize(*update.schedule_step())

    return captured(step)


def linear(x, W, b=None):
    return x.linear(W.T, b)


def mlp(parameters, x, activation):
    *hidden, (W, b) = zip(parameters[::2], parameters[1::2])
    for pair in hidden:
        x = activation(linear(x, *pair))
    return linear(x, W, b)


def sgd(parameters):
    return nn.optim.SGD(parameters, lr=0.01)


def adam(parameters):
    return nn.optim.Adam(parameters, lr=0.001)


def adamw(parameters):
    return nn.optim.AdamW(parameters, lr=0.001, weight_decay=0.01)


def w1(start):
    return trainer(lambda p, X, y: mlp(p, X, Tensor.relu).sparse_categorical_crossentropy(y), sgd, start)


def w2(start):
    return trainer(lambda p, X, y: mlp(p, X, Tensor.tanh).binary_crossentropy_logits(y), adam, start)


def w3(start):
    def loss(p, X, y):
        x = X.conv2d(*p[:2], padding=1).relu().max_pool2d(2)
        x = x.conv2d(*p[2:4], padding=1).relu().max_pool2d(2)
        return linear(x.flatten(1), *p[4:]).sparse_categorical_crossentropy(y)

    return trainer(loss, adam, start)


def attention(x, W, b, heads=4):
    B, T, C = x.shape
    q, k, v = (
        part.reshape(B, T, heads, C // heads).transpose(1, 2)  # (B, heads, T, d)
        for part in linear(x, W, b).split(C, dim=2)
    )
    return q.scaled_dot_product_attention(k, v, is_causal=True).transpose(1, 2).reshape(B, T, C)


def norm(x, W, b):
    return x.layernorm() * W + b


def block(x, p):
    x = x + linear(attention(norm(x, *p[0:2]), *p[4:6]), *p[6:8])
    return x + linear(linear(norm(x, *p[2:4]), *p[8:10]).gelu(), *p[10:12])


def w5(start):
    def loss(p, X, y):
        embedding = nn.Embedding(65, 64)
        embedding.weight, positions, *blocks = p[:-3]
        x = embedding(X) + positions
        for layer in range(0, len(blocks), 12):
            x = block(x, blocks[layer : layer + 12])
        return linear(norm(x, *p[-3:-1]), p[-1]).flatten(0, 1).sparse_categorical_crossentropy(y)

    return trainer(loss, adamw, start)


def w6(start):
    parameters = [Tensor(p).is_param_() for p in start.parameters]
    for p, grad in zip(parameters, start.X):
        p.grad = Tensor(grad).realize()
    optimizer = adam(parameters)

    def step():
        optimizer.step()
        return parameters[0]

    return captured(step)


TRAINERS = {"W1": w1, "W2": w2, "W3": w3, "W5": w5, "W6": w6}
