"""A recipe builds a model again."""

from collections import OrderedDict

import pytest

import learnnn as torch
from learnnn import nn
from learnnn.inspection.models.recipe import recipe

LAYERS = [
    nn.Linear(2, 3), nn.Linear(2, 3, bias=False), nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(1, 2, (3, 5), stride=2),
    nn.Conv1d(1, 2, 3, padding="same", padding_mode="circular"), nn.BatchNorm2d(3), nn.BatchNorm1d(3, affine=False),
    nn.LayerNorm(4), nn.LayerNorm((3, 3)), nn.MaxPool2d(3, stride=2), nn.AvgPool1d(2), nn.Dropout(0.1),
    nn.LeakyReLU(0.2), nn.GELU("tanh"), nn.Softmax(-1), nn.Flatten(), nn.Unflatten(1, (2, 2)), nn.Reshape(2, 2),
    nn.Embedding(5, 3, padding_idx=1), nn.LSTM(2, 3, num_layers=2, bidirectional=True), nn.PReLU(4),
    nn.RNN(2, 3, nonlinearity="relu"), nn.ReLU(inplace=True), nn.Upsample(scale_factor=2), nn.GroupNorm(2, 4),
    nn.Linear(2, 2).double(), nn.Sequential(), nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Flatten(0)),
    nn.Sequential(OrderedDict(first=nn.Linear(2, 2), then=nn.Sequential(OrderedDict(tanh=nn.Tanh())))),
]  # fmt: skip


@pytest.mark.parametrize("model", LAYERS, ids=lambda m: type(m).__name__)
def test_a_recipe_builds_the_model_again(model):
    before = torch.get_rng_state()
    again = eval(recipe(model), {"nn": nn, "OrderedDict": OrderedDict})
    assert repr(again) == repr(model)
    shapes = [{name: (t.shape, t.dtype) for name, t in m.state_dict().items()} for m in (model, again)]
    assert shapes[0] == shapes[1]
    torch.set_rng_state(before)
    recipe(model)
    assert torch.get_rng_state() == before


def test_a_recipe_is_brief():
    model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(inplace=True), nn.Dropout(0.1))
    layers = ["nn.Conv2d(1, 8, 3, padding=1)", "nn.ReLU(inplace=True)", "nn.Dropout(0.1)"]
    assert recipe(model).splitlines() == ["nn.Sequential(", *(f"    {layer}," for layer in layers), ")"]


def test_what_has_no_recipe():
    class Mine(nn.Module):
        pass

    line = nn.Linear(2, 2)
    tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    tied[1].weight = tied[0].weight
    for model, said in [
        (nn.Sequential(nn.ReLU(), Mine()), "'1', a Mine, is no layer of learnnn's"),
        (nn.Sequential(line, nn.ReLU(), line), "'0' and '2' are the same layer"),
        (tied, "'0.weight' and '1.weight' are the same parameter"),
        (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2).double()), "several precisions"),
        (nn.TransformerEncoderLayer(4, 2), "a TransformerEncoderLayer has no recipe"),
        (abs, "is no module of learnnn's"),
    ]:
        with pytest.raises(ValueError, match=said):
            recipe(model)
