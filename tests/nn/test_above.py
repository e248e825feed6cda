"""What stands above PyTorch in nn: Reshape, and first weights chosen by the activation that follows."""

import numpy as np
import pytest

import learnnn as torch
from learnnn import nn


def std(layer):
    return layer.weight.detach().numpy().std()


def test_first_weights_follow_the_activation():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(400, 300), nn.BatchNorm1d(300), nn.ReLU(), nn.Dropout(0.1), nn.Linear(300, 100), nn.Tanh(),
        nn.Sequential(nn.Linear(100, 200), nn.SELU()), nn.Linear(200, 300, bias=False),
    )  # fmt: skip
    norm = model[1].weight.detach().numpy().copy()
    assert nn.init.by_activation_(model) is model
    expected = {0: 2 / 400, 4: 2 / 400, 7: 2 / 500}  # He: 2 / fan in; Glorot: 2 / (fan in + fan out)
    for i, variance in expected.items():
        assert np.isclose(std(model[i]), variance**0.5, rtol=0.03)
    assert np.isclose(std(model[6][0]), (1 / 100) ** 0.5, rtol=0.03)  # SELU asks for 1 / fan in
    assert not model[0].bias.detach().numpy().any()
    assert np.array_equal(model[1].weight.detach().numpy(), norm)


def test_convolutions_too_and_embeddings_not():
    conv, table = nn.Conv2d(16, 64, 5), nn.Embedding(9, 4)
    before = table.weight.detach().numpy().copy()
    nn.init.by_activation_(nn.Sequential(conv, nn.MaxPool2d(2), nn.GELU()))
    nn.init.by_activation_(nn.Sequential(table, nn.ReLU()))
    assert np.isclose(std(conv), (2 / (16 * 25)) ** 0.5, rtol=0.03)
    assert np.array_equal(table.weight.detach().numpy(), before)


def test_reshape_keeps_the_batch():
    x = torch.arange(24).reshape(2, 12)
    assert np.array_equal(nn.Reshape(3, 4)(x).numpy(), x.numpy().reshape(2, 3, 4))
    assert nn.Reshape(-1, 2)(x).shape == (2, 6, 2)
    assert repr(nn.Reshape(3, 4)) == "Reshape(3, 4)"
    with pytest.raises(RuntimeError, match="invalid for input of size 24"):
        nn.Reshape(5)(x)
