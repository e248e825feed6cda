"""melpy: tensors with gradients, layers with a forward and a backward, float64 whatever it is given."""

from importlib.metadata import version

import numpy as np
from melpy.layers import LSTM, Dense
from melpy.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from melpy.NeuralNetworks import Sequential
from melpy.optimizers import SGD, Adam
from melpy.Tensor import Parameter, Tensor

VERSION = version("melpy")


def adam():
    optimizer = Adam(0.001)
    optimizer.epsilon = 1e-8  # 1e-7 in melpy, and no argument
    return optimizer


def trainer(layers, loss, optimizer, X, y):
    """`Sequential.fit`'s inner loop, without its progress bars and accuracy."""
    model = Sequential(X, y)
    for layer in layers:
        model.add(layer)
    model.compile(loss, optimizer)
    model.train_input_batch, model.train_target_batch = model.train_inputs, model.train_targets

    def step():
        model.forward()
        for layer in layers:
            layer.zero_grad()
        loss.zero_grad()
        model.backward()
        for layer in layers:
            optimizer.update_layer(layer)
        optimizer.step += 1
        return loss.output.array

    return step


def dense(weight, bias, activation):
    layer = Dense(*weight.T.shape, activation)
    layer.parameters[:] = Parameter(weight.T), Parameter(bias[None])
    return layer


def mlp(parameters, *activations):
    return [dense(*pair) for pair in zip(parameters[::2], parameters[1::2], activations)]


def one_hot(labels, classes=10):
    return np.eye(classes)[labels]


def w1(start):
    """Its gradients come out four times too large here: the loss and the softmax both pass theirs on to the end."""
    layers = mlp(start.parameters, "relu", "relu", "softmax")
    return trainer(layers, CategoricalCrossEntropy(), SGD(0.01 / 4), start.X, one_hot(start.y))


def w2(start):
    """Adam does not mind gradients that are too large by a constant."""
    layers = mlp(start.parameters, "tanh", "tanh", "sigmoid")
    return trainer(layers, BinaryCrossEntropy(), adam(), start.X, start.y)


def w4(start):
    """Its LSTM has one bias where PyTorch has two: the second is the weight of an input that is always 1."""
    W, U, b, bias, *head = start.parameters
    lstm = LSTM(33, 128)
    lstm.cells[0].parameters[:] = Parameter(np.vstack([W.T, bias])), Parameter(U.T), Parameter(b[None])
    X = np.concatenate([start.X, np.ones((*start.X.shape[:2], 1))], axis=2)  # (B, T, 32 + 1)
    layers = [lstm, dense(*head, "softmax")]
    return trainer(layers, CategoricalCrossEntropy(), adam(), X, one_hot(start.y))


def w6(start):
    optimizer, parameters = adam(), [Parameter(p) for p in start.parameters]
    for p, grad in zip(parameters, start.X):
        p.grad = Tensor(grad)

    def step():
        for p in parameters:
            optimizer.update_parameter(p)
        optimizer.step += 1
        return parameters[0].array

    return step


TRAINERS = {"W1": w1, "W2": w2, "W4": w4, "W6": w6}
