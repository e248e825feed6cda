"""mpneuralnetwork: layers with a forward and a backward, and a loop over them that `Model.train` writes out."""

from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
from mpneuralnetwork.activations import ReLU, Tanh
from mpneuralnetwork.layers import Convolutional, Dense, Flatten, MaxPooling2D
from mpneuralnetwork.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from mpneuralnetwork.model import Model
from mpneuralnetwork.optimizers import SGD, Adam

VERSION = version("mpneuralnetwork")


def load(layer, weight, bias):
    """Dense keeps (in, out) and a row of biases, Convolutional what PyTorch keeps."""
    dense = isinstance(layer, Dense)
    layer.load_params({"weights": weight.T, "biases": bias[None]} if dense else {"kernels": weight, "biases": bias})


def trainer(layers, loss, optimizer, start, y):
    """`Model.train`'s inner loop, without its shuffling, metrics and printing."""
    model = Model(layers, loss, optimizer)
    for layer, weight, bias in zip(
        (one for one in layers if one.params), start.parameters[::2], start.parameters[1::2]
    ):
        load(layer, weight, bias)

    def step():
        output, found = model.evaluate(start.X, y, training=True, compute_metrics=False)
        grad = loss.prime(output, y)
        for layer in reversed(layers):
            grad = layer.backward(grad)
        optimizer.step(layers)
        return found["loss"]

    return step


def one_hot(labels, classes=10):
    return np.eye(classes, dtype=np.float32)[labels]


def w1(start):
    layers = [Dense(100, input_size=784), ReLU(), Dense(100), ReLU(), Dense(10)]
    optimizer = SGD(learning_rate=0.01, weight_decay=0, momentum=0)
    return trainer(layers, CategoricalCrossEntropy(), optimizer, start, one_hot(start.y))


def w2(start):
    layers = [Dense(16, input_size=2), Tanh(), Dense(16), Tanh(), Dense(1)]
    return trainer(layers, BinaryCrossEntropy(), Adam(weight_decay=0), start, start.y)


def w3(start):
    layers = [
        Convolutional(16, 3, input_shape=(1, 28, 28), padding="same"), ReLU(), MaxPooling2D(),
        Convolutional(32, 3, padding="same"), ReLU(), MaxPooling2D(),
        Flatten(), Dense(10),
    ]  # fmt: skip
    return trainer(layers, CategoricalCrossEntropy(), Adam(weight_decay=0), start, one_hot(start.y))


def w6(start):
    optimizer = Adam(weight_decay=0)
    layer = SimpleNamespace(params={str(i): pair for i, pair in enumerate(zip(start.parameters, start.X))})

    def step():
        optimizer.step([layer])
        return start.parameters[0]

    return step


TRAINERS = {"W1": w1, "W2": w2, "W3": w3, "W6": w6}
