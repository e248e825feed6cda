"""`residual_lens`: what a model says after each block, against the norm and head applied by hand."""

import json
from io import BytesIO

import numpy as np
import pytest

import learnnn
from learnnn import nn
from learnnn.inspection import residual_lens

TOKENS = [3, 1, 4, 1]
FRAMEWORKS = ["learnnn", pytest.param("torch", marks=pytest.mark.parity)]


def framework(name):
    return learnnn if name == "learnnn" else pytest.importorskip("torch")


def gpt(torch, last_only=False):
    """Embedding, three blocks in a ModuleList, and a norm and a head that share the embedding's weights."""

    class GPT(torch.nn.Module):
        def __init__(self):
            super().__init__()
            new = lambda: torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            self.embed, self.norm = torch.nn.Embedding(6, 8), torch.nn.LayerNorm(8)
            self.blocks = torch.nn.ModuleList([new() for _ in range(3)])

        def forward(self, tokens):
            x = self.embed(tokens) * 2
            for block in self.blocks:
                x = block(x)
            scores = self.norm(x) @ self.embed.weight.T
            return scores[:, -1] if last_only else scores

    torch.manual_seed(0)
    return GPT()


def by_hand(torch, model):
    """The probabilities at each depth, and the states."""
    model.eval()
    with torch.no_grad():
        states = [model.embed(torch.tensor([TOKENS])) * 2]
        for block in model.blocks:
            states.append(block(states[-1]))
        said = [torch.softmax(model.norm(x) @ model.embed.weight.T, -1)[0].numpy() for x in states]
    model.train()
    return np.array(said), np.array([x.numpy()[0] for x in states])


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_each_depth_is_read_by_the_models_own_norm_and_head(name):
    torch = framework(name)
    model = gpt(torch)
    lens, (said, states) = residual_lens(model, TOKENS), by_hand(torch, model)
    assert lens.depths == ["input", "blocks.0", "blocks.1", "blocks.2"]
    assert np.allclose(lens.probabilities, said, atol=1e-5)
    assert np.allclose(lens.added, np.linalg.norm(states[1:] - states[:-1], axis=-1), atol=1e-4)
    assert np.allclose(lens.probabilities.sum(-1), 1)


def test_data_says_the_likeliest_token_and_what_the_final_one_had():
    model = gpt(learnnn)
    lens, (said, _) = residual_lens(model, TOKENS, labels="abcdef"), by_hand(learnnn, model)
    assert lens.data["top"] == [["abcdef"[k] for k in row] for row in said.argmax(-1)]
    final = said[-1].argmax(-1)
    assert np.allclose(lens.data["of the final token"], [[row[j, k] for j, k in enumerate(final)] for row in said])
    assert lens.data["tokens"] == list("dbeb")
    assert f"blocks.2 {'abcdef'[final[-1]]}" in lens.text
    json.dumps(lens.data)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_model_of_the_last_token_alone(name):
    torch = framework(name)
    lens, (said, _) = residual_lens(gpt(torch, last_only=True), TOKENS), by_hand(torch, gpt(torch))
    assert np.allclose(lens.probabilities[:, 0], said[:, -1], atol=1e-5)
    assert lens.names == ["1"] and lens.added.shape == (3, 1)


def test_blocks_and_unembed_may_be_given():
    model = gpt(learnnn)
    said, _ = by_hand(learnnn, model)
    lens = residual_lens(model, TOKENS, blocks=["blocks.0", model.blocks[2]])
    assert np.allclose(lens.probabilities, said[[0, 1, 3]], atol=1e-5)
    mine = residual_lens(model, TOKENS, unembed=lambda x: x @ model.embed.weight.T)
    assert not np.allclose(mine.probabilities, said, atol=1e-3)
    head = nn.Linear(8, 3)
    assert residual_lens(model, TOKENS, unembed=head).probabilities.shape == (4, 4, 3)


class Block:
    """A learner's own block: x + tanh(x W), written over its input as careless code does."""

    def __init__(self, seed):
        self.inner = Inner(seed)

    def __call__(self, x):
        x += self.inner(x)
        return x, "and something else"


class Inner:
    def __init__(self, seed):
        self.w = np.random.default_rng(seed).normal(size=(5, 5))

    def __call__(self, x):
        return np.tanh(x @ self.w)


class Own:
    def __init__(self):
        self.table, self.blocks = np.random.default_rng(9).normal(size=(6, 5)), [Block(0), Block(1)]

    def __call__(self, tokens):
        x = self.table[tokens]
        for block in self.blocks:
            x, _ = block(x)
        return x @ self.table.T


def test_your_own_classes_even_where_they_write_over_their_input():
    model = Own()
    states = [model.table[TOKENS]]
    for block in model.blocks:
        states.append(states[-1] + np.tanh(states[-1] @ block.inner.w))
    want = np.exp(np.array(states) @ model.table.T)
    lens = residual_lens(model, TOKENS)
    assert lens.depths == ["input", "blocks.0", "blocks.1"]
    assert np.allclose(lens.probabilities, want / want.sum(-1, keepdims=True))
    assert type(model.blocks[0]) is Block


def test_the_model_is_as_it_was_and_update_looks_again():
    model = gpt(learnnn)
    before = {name: array.array.copy() for name, array in model.state_dict().items()}
    state = learnnn.get_rng_state()
    lens = residual_lens(model, TOKENS)
    assert model.training and all(p.grad is None for p in model.parameters()) and not model.blocks[2]._hooks
    assert all((model.state_dict()[name].array == array).all() for name, array in before.items())
    assert (np.asarray(learnnn.get_rng_state()) == np.asarray(state)).all()
    with learnnn.no_grad():
        model.embed.weight.zero_()
    lens.update()
    assert np.allclose(lens.probabilities, 1 / 6)


def test_the_still_forms_and_the_page():
    Image = pytest.importorskip("PIL.Image")
    lens = residual_lens(gpt(learnnn), TOKENS * 6, labels=lambda i: f"a long word {i}", title="mine")
    assert "mine" in lens.to_svg() and "the last 16 places" in lens.to_svg()
    light, dark = (np.asarray(Image.open(BytesIO(lens.to_png(1, dark))).convert("L")) for dark in (False, True))
    assert light[2, 2] > 240 and dark[2, 2] < 60
    sent = lens.state()
    assert np.allclose(sent["p"][..., 0], lens.probabilities.max(-1)) and sent["p"].shape == (4, 24, 5)
    assert sent["words"][0][0][0].startswith("a␣long␣word")
    assert (np.diff(sent["p"], axis=-1) <= 0).all()


@pytest.mark.parametrize(
    ("tokens", "options", "error", "words"),
    [
        (TOKENS, {"blocks": []}, ValueError, "no block"),
        (TOKENS, {"blocks": ["block.1"]}, ValueError, "did you mean"),
        (TOKENS, {"blocks": ["blocks.0", "blocks.1.linear1"]}, ValueError, "the first block is given"),
        (TOKENS, {"labels": "abc"}, ValueError, "only 3 labels"),
        (TOKENS, {"labels": "abcde"}, ValueError, "only 5 labels"),
        ([TOKENS, TOKENS], {}, ValueError, "2 sequences"),
        ([9], {}, IndexError, "9"),
        ([0] * 200, {}, ValueError, "200 tokens"),
        (TOKENS, {"unembed": lambda x: x[:, :2]}, ValueError, "for 4 tokens"),
    ],
)
def test_what_does_not_fit_is_said(tokens, options, error, words):
    with pytest.raises(error, match=words):
        residual_lens(gpt(learnnn), tokens, **options)


def test_a_model_without_blocks_is_said():
    with pytest.raises(ValueError, match="no blocks were found in Sequential.*'0', '1'"):
        residual_lens(nn.Sequential(nn.Embedding(6, 8), nn.Linear(8, 6)), TOKENS)


def test_numbers_that_exploded_are_said():
    model = gpt(learnnn)
    with learnnn.no_grad():
        model.blocks[1].linear2.bias.fill_(float("inf"))
    with pytest.raises(ValueError, match="block 'blocks.1' of GPT gives numbers that are nan"):
        residual_lens(model, TOKENS)
