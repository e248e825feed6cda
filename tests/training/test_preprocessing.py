"""Preprocessing: scikit-learn's classes, tokenizers against counts by hand, windows against a loop."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnnn as torch
from learnnn import serialization
from learnnn.training import preprocessing
from learnnn.training.preprocessing import BPETokenizer, CharTokenizer, sliding_windows


def test_scalers_are_scikit_learns():
    sklearn = pytest.importorskip("sklearn.preprocessing")
    from sklearn.impute import SimpleImputer

    for name in ("StandardScaler", "MinMaxScaler", "RobustScaler", "OneHotEncoder"):
        assert getattr(preprocessing, name) is getattr(sklearn, name)
    assert preprocessing.SimpleImputer is SimpleImputer
    assert "StandardScaler" in dir(preprocessing)
    training, held_out = np.array([[1.0], [3.0]]), np.array([[5.0]])
    assert preprocessing.StandardScaler().fit(training).transform(held_out) == 3
    with pytest.raises(AttributeError, match="no attribute 'PCA'"):
        preprocessing.PCA  # noqa: B018


def test_it_is_imported_when_it_is_used():
    code = "import sys\nfrom learnnn.training import preprocessing\nassert 'sklearn' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "sklearn.preprocessing", raising=False)
    with pytest.raises(ImportError, match=r'pip install "learnnn\[data\]"'):
        preprocessing.MinMaxScaler  # noqa: B018


# ------------------------------------------------------------------------------------------------- tokenizers
TEXTS = st.text("abc  \nä", min_size=1, max_size=60)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 30))
def test_what_is_encoded_decodes_to_the_same(text, size):
    for tokenizer in (CharTokenizer(), BPETokenizer(size)):
        numbers = tokenizer.fit_transform(text)
        assert tokenizer.decode(numbers) == tokenizer.inverse_transform(torch.tensor(numbers)) == text
        assert (numbers < tokenizer.vocab_size).all() and numbers.dtype == np.int64
        again = type(tokenizer)()
        again.load_state_dict(tokenizer.state_dict())
        assert again.encode(text) == numbers.tolist()


def test_merges_of_the_paper():
    """The example of Sennrich et al. 2016, figure 1, without the mark at the end of words."""
    text = "\n".join(["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3)
    tokenizer = BPETokenizer(vocab_size=11 + 4).fit(text)
    counts = {"es": 9, "est": 9, "lo": 7, "low": 7}  # each counted in the text as it stands then
    assert ["".join(pair) for pair in tokenizer.merges] == list(counts)
    assert [tokenizer.tokens[i] for i in tokenizer.encode("lowest")] == ["low", "est"]
    assert [tokenizer.tokens[i] for i in tokenizer.encode("lower")] == ["low", "e", "r"]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text("ab", min_size=1, max_size=6), min_size=1, max_size=8))
def test_each_merge_is_the_most_frequent_pair(words):
    """Against a plain recount from the text for every merge."""
    tokenizer = BPETokenizer(vocab_size=8).fit("\n".join(words))
    pieces = [list(word) for word in words]
    for left, right in tokenizer.merges:
        pairs = [pair for parts in pieces for pair in pairwise(parts)]
        assert pairs.count((left, right)) == max(map(pairs.count, pairs)) >= 2
        for parts in pieces:
            i = 0
            while i < len(parts) - 1:
                if (parts[i], parts[i + 1]) == (left, right):
                    parts[i : i + 2] = [left + right]
                i += 1
    for word, parts in zip(words, pieces):
        assert [tokenizer.tokens[i] for i in tokenizer.encode(word)] == parts


def test_a_tokenizer_is_saved(tmp_path):
    tokenizer, other = BPETokenizer(40).fit(["hello hello", "help"]), BPETokenizer()
    serialization.save(tokenizer.state_dict(), tmp_path / "tokens.safetensors")
    other.load_state_dict(serialization.load(tmp_path / "tokens.safetensors"))
    assert other.encode("hello help") == tokenizer.encode("hello help")
    assert repr(other) == f"BPETokenizer({len(tokenizer)} tokens)"
    assert repr(CharTokenizer()) == "CharTokenizer()"


@pytest.mark.parametrize("kind", [CharTokenizer, BPETokenizer])
def test_bad_input_is_explained(kind):
    with pytest.raises(ValueError, match="call fit"):
        kind().encode("a")
    with pytest.raises(ValueError, match="call fit"):
        len(kind())
    with pytest.raises(ValueError, match="no text"):
        kind().fit("")
    with pytest.raises(TypeError, match="list of texts"):
        kind().fit([1, 2])
    tokenizer = kind().fit("abc")
    with pytest.raises(ValueError, match="'z' was not in the text"):
        tokenizer.encode("abz")
    with pytest.raises(ValueError, match="there is no token 7"):
        tokenizer.decode([0, 7])
    with pytest.raises(ValueError, match="vocab_size"):
        BPETokenizer(0)


# ---------------------------------------------------------------------------------------------------- windows
@given(st.integers(1, 20), st.integers(1, 5), st.integers(0, 3), st.integers(1, 4))
def test_windows(T, length, horizon, step):
    series = np.arange(2 * T).reshape(T, 2)
    if length + horizon > T:
        with pytest.raises(ValueError, match=r"the series is \(\d+, 2\)"):
            sliding_windows(series, length, horizon, step)
        return
    X, y = sliding_windows(series, length, horizon, step)
    starts = range(0, T - length - horizon + 1, step)
    np.testing.assert_array_equal(X, [series[s : s + length] for s in starts])
    np.testing.assert_array_equal(y, [series[s + length : s + length + horizon] for s in starts])
    X[:] = -1  # a copy
    assert series.min() == 0


@pytest.mark.parametrize("settings", [{"length": 0}, {"length": 2, "step": 0}, {"length": 2, "horizon": -1}])
def test_bad_windows(settings):
    with pytest.raises(ValueError, match="sliding_windows"):
        sliding_windows(np.arange(9), **settings)
