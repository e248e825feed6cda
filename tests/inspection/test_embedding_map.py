"""`embedding_map`: PCA against its definition and scikit-learn's, likeness against a loop over pairs."""

import json
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn
from learnnn import nn, optim
from learnnn.inspection import Recorder, embedding_map, replay
from learnnn.inspection.sequences.projections import neighbours, pca

X = np.random.default_rng(0).normal(size=(9, 4)) * [3, 1, 0.5, 0.1]


@given(st.integers(2, 8), st.integers(1, 5), st.integers(0, 99))
@settings(deadline=None)
def test_pca_keeps_the_most_variance_that_two_directions_can(count, size, seed):
    x = np.random.default_rng(seed).normal(size=(count, size))
    positions, held = pca(x)
    of_all = np.linalg.eigvalsh(np.atleast_2d(np.cov(x.T, bias=True)))[::-1]
    assert np.allclose(positions.mean(0), 0)
    assert np.allclose(positions.var(0), np.pad(of_all, (0, 1))[:2], atol=1e-9)
    assert np.allclose(held, np.pad(of_all, (0, 1))[:2] / of_all.sum(), atol=1e-9)
    assert (x == np.random.default_rng(seed).normal(size=(count, size))).all()


def test_pca_agrees_with_scikit_learn_up_to_signs():
    decomposition = pytest.importorskip("sklearn.decomposition")
    model = decomposition.PCA(2).fit(X)
    positions, held = pca(X)
    assert np.allclose(np.abs(positions), np.abs(model.transform(X)))
    assert np.allclose(held, model.explained_variance_ratio_)


def test_likeness_is_the_cosine_of_the_angle():
    near, cosines = neighbours(X, 3)
    for i, row in enumerate(X):
        others = sorted(
            (-(row @ other) / (row @ row) ** 0.5 / (other @ other) ** 0.5, j) for j, other in enumerate(X) if j != i
        )
        assert near[i].tolist() == [j for _, j in others[:3]]
        assert np.allclose(cosines[i], [-c for c, _ in others[:3]])
    near, cosines = neighbours(np.array([[0.0, 0], [1, 0], [2, 0]]), 5)
    assert cosines.tolist() == [[0, 0], [1, 0], [1, 0]]  # a vector of zeros is like none


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_tables_of_all_kinds(method):
    if method == "tsne":
        pytest.importorskip("sklearn")

    class Own:
        weight = X

    layer = nn.Embedding.from_pretrained(learnnn.tensor(X.tolist(), dtype=learnnn.float64))
    pictures = [embedding_map(thing, method=method) for thing in (X, X.tolist(), Own(), layer, learnnn.tensor(X))]
    for picture in pictures:
        assert np.allclose(picture.positions, pictures[0].positions, atol=1e-6)
        assert picture.names == list("012345678")
    assert ("t-SNE" if method == "tsne" else "PCA keeps 9") in pictures[0].text


@pytest.mark.parity
def test_a_table_of_pytorchs():
    torch = pytest.importorskip("torch")
    layer = torch.nn.Embedding(9, 4)
    picture = embedding_map(layer)
    assert np.allclose(picture.vectors, layer.weight.detach())
    want = torch.nn.functional.cosine_similarity(layer.weight[0], layer.weight).detach()
    assert picture.nearest(0, 1)[0][1] == pytest.approx(float(want[1:].max()), abs=1e-6)
    assert layer.weight.grad is None and layer.weight.requires_grad


def test_tsne_keeps_two_heaps_apart():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    heaps = np.concatenate([rng.normal(size=(12, 5)), rng.normal(size=(12, 5)) + 20])
    at = embedding_map(heaps, method="tsne").positions
    apart = np.linalg.norm(at[:12].mean(0) - at[12:].mean(0))
    assert apart > 1.5 * max(np.linalg.norm(part - part.mean(0), axis=1).mean() for part in (at[:12], at[12:]))


def test_nearest_by_label_and_the_data():
    picture = embedding_map(X, labels="abcdefghi")
    near, cosines = neighbours(X, 2)
    assert picture.nearest("c", 2) == [("abcdefghi"[j], pytest.approx(c)) for j, c in zip(near[2], cosines[2])]
    assert picture.nearest(2, 2) == picture.nearest("c", 2)
    assert picture.data["nearest"][2][:2] == [name for name, _ in picture.nearest("c", 2)]
    json.dumps(picture.data)
    with pytest.raises(ValueError, match="did you mean 'c'"):
        picture.nearest("cc")


def test_colours_are_classes_or_numbers():
    words = embedding_map(X, colours=["b", "a", "c"] * 3)
    assert words.class_names == ["a", "b", "c"] and words.classes[:3].tolist() == [1, 0, 2]
    assert embedding_map(X, colours=np.arange(9) % 2).class_names == ["0", "1"]
    numbers = embedding_map(X, colours=np.linspace(0, 1, 9))
    assert numbers.classes is None and "from 0 (light) to 1 (dark)" in numbers.to_svg()


def test_update_reads_again_and_does_not_turn_the_picture_round():
    layer = nn.Embedding.from_pretrained(learnnn.tensor(X), freeze=False)
    picture = embedding_map(layer)
    before = picture.positions
    with learnnn.no_grad():
        layer.weight.mul_(-2.0)  # each direction turns round
    picture.update()
    assert np.allclose(np.abs(picture.positions), 2 * np.abs(before))
    assert ((picture.positions * before).sum(0) > 0).all()


def test_it_is_replayed_through_training():
    learnnn.manual_seed(0)
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5))
    recorder, optimizer = Recorder(model), optim.SGD(model.parameters(), lr=1.0)
    t = learnnn.arange(5)
    for _ in range(4):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(t), t).backward()
        optimizer.step()
        recorder.step()
    picture = embedding_map(model[0])
    last = picture.positions
    film = replay(recorder, picture)
    assert film.to_html().count("learnnn-hook") and np.allclose(picture.positions, last)


def test_the_still_forms():
    Image = pytest.importorskip("PIL.Image")
    picture = embedding_map(X, labels=lambda i: f"<{i}>", colours=["x", "y", "z"] * 3, title="mine")
    assert "mine" in picture.to_svg() and "&lt;3&gt;" in picture.to_svg()
    light, dark = (np.asarray(Image.open(BytesIO(picture.to_png(1, dark))).convert("L")) for dark in (False, True))
    assert light[2, 2] > 240 and dark[2, 2] < 60
    assert len(embedding_map(np.random.default_rng(0).normal(size=(2000, 50))).to_html()) < 900_000


@pytest.mark.parametrize(
    ("thing", "options", "error", "words"),
    [
        (nn.Linear(2, 2), {"labels": "abc"}, ValueError, "3 labels for 2 vectors"),
        (np.ones(4), {}, ValueError, r"shape \(4,\)"),
        (np.ones((1, 4)), {}, ValueError, "a row a vector"),
        (np.ones((3001, 1)), {}, ValueError, "3,001 vectors are too many"),
        (X * np.nan, {}, ValueError, "9 of the 9 vectors hold nan"),
        (X, {"method": "umap"}, ValueError, "'pca' or 'tsne'"),
        (X[:3], {"method": "tsne"}, ValueError, "four vectors"),
        (X, {"colours": [1, 2]}, ValueError, "for 9 vectors"),
        (np.ones((12, 2)), {"colours": list(range(12))}, ValueError, "12 classes"),
        (X, {"colours": [float("nan")] * 9}, ValueError, "nan"),
        (nn.ReLU(), {}, TypeError, "no .weight"),
    ],
)
def test_what_does_not_fit_is_said(thing, options, error, words):
    with pytest.raises(error, match=words):
        embedding_map(thing, **options)


def test_vectors_that_are_all_the_same_are_drawn():
    picture = embedding_map(np.ones((4, 3)))
    assert (picture.positions == 0).all() and "PCA keeps 0%" in picture.text and picture.to_svg()
