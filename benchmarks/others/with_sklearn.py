"""scikit-learn's multilayer perceptron: one `partial_fit` is one step on the batch that it is given."""

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

VERSION = sklearn.__version__


def perceptron(start, classes, **options):
    """A classifier with the parameters to start from: a first fit builds its arrays, and its optimizer holds them."""
    weights, biases = start.parameters[::2], start.parameters[1::2]
    hidden = [len(bias) for bias in biases[:-1]]
    model = MLPClassifier(hidden, alpha=0, batch_size=len(start.X), shuffle=False, **options)
    labels = start.y.ravel().astype(int)
    model.partial_fit(start.X, labels, classes=classes)
    for ours, theirs in zip(model.coefs_ + model.intercepts_, [w.T for w in weights] + biases):
        ours[...] = theirs
    del model._optimizer  # it has taken a step: the next call makes a new one

    def step():
        model.partial_fit(start.X, labels)
        return np.float64(model.loss_)

    return step


def w1(start):
    return perceptron(start, np.arange(10), solver="sgd", momentum=0, learning_rate_init=0.01)


def w2(start):
    return perceptron(start, np.arange(2), activation="tanh", learning_rate_init=0.001)


def w6(start):
    """Its optimizers are private and belong to its estimators; this one is called as they call it."""
    optimizer = AdamOptimizer(start.parameters, 0.001)

    def step():
        optimizer.update_params(start.parameters, list(start.X))
        return start.parameters[0]

    return step


TRAINERS = {"W1": w1, "W2": w2, "W6": w6}
