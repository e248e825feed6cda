"""A prediction: what is right, what is kept back until the reader commits, and what python is told."""

import base64
import html
import json
import re
from io import BytesIO

import numpy as np
import pytest

import learnnn
from learnnn.inspection import predict

COLOURS = {"options": ["red", "green", "blue"]}


def state(page):
    return json.loads(re.search(r'hydrate\(render, "\w+", (\{.*?\}), "', page).group(1))


def unsealed(sealed):
    return json.loads(base64.b64decode(sealed))


def test_an_option_is_right_or_not():
    asked = predict("Which?", "green", **COLOURS)
    assert asked.right("green")
    assert not asked.right("red")
    assert asked.answer == "green"
    assert predict("Is it?", True, options=[True, False]).answer == "True"


@pytest.mark.parametrize(
    ("answer", "tolerance", "right", "wrong"),
    [
        (6, None, 6, 6.01),
        (0.5, None, 0.504, 0.506),
        (0.5, 0.1, 0.41, 0.39),
        (-2.0, 0, -2, 2),
        ([[1, 2], [3, 4]], None, [[1, 2], [3, 4]], [[1, 2], [4, 3]]),
        ([0.0, 10.5], None, [0.1, 10.6], [0.2, 10.5]),
        (learnnn.tensor([1.0, 2.0]), None, [1, 2], [1, 1]),
    ],
)
def test_numbers_are_right_within_the_tolerance(answer, tolerance, right, wrong):
    asked = predict("How much?", answer, tolerance=tolerance)
    assert asked.right(right)
    assert not asked.right(wrong)


def test_the_answer_is_not_readable_in_the_page():
    asked = predict("Which?", "a secret word", options=["a", "a secret word"], because="since mice like cheese")
    page = asked.to_html()
    assert "mice like cheese" not in page
    assert page.count("a secret word") <= 2  # the option itself: in the text for those who cannot see, and in the state
    assert asked.state()["sealed"] not in ("", "a secret word")
    assert "mice like cheese" not in asked.text + asked.svg + str(asked.data)
    sealed = unsealed(state(page)["sealed"])
    assert sealed["answer"] == "a secret word"
    assert sealed["because"] == "since mice like cheese"


def test_a_page_without_scripts_has_the_answer_in_a_fold():
    still = predict("How many?", [1.5, 2], because="One and a half, and two.").to_html(live=False)
    assert "<script" not in still
    fold = re.search(r"<details.*?</details>", still).group(0)
    assert "[1.5, 2]. One and a half, and two." in html.unescape(fold)
    assert "One and" not in fold


def test_a_function_is_asked_when_a_page_is_built_and_once():
    asked = []
    question = predict("How many calls?", lambda: asked.append(1) or len(asked))
    assert not asked
    question.to_html()
    question.to_html()
    assert asked == [1]
    assert question.answer == 1


def test_with_a_kernel_a_function_is_asked_on_commit_only():
    pytest.importorskip("anywidget")
    asked = []
    question = predict("How many calls?", lambda: asked.append(1) or 7.0)
    widget = question.widget()
    assert widget.kernel
    assert widget.state["sealed"] == ""
    assert "when you commit" in html.unescape(question.to_html())
    assert not asked
    widget._handle_custom_msg({"type": "commit", "choice": [6]}, [])
    assert asked == [1]
    assert unsealed(widget.frame["sealed"])["answer"] == [7.0]
    assert question.committed == 6.0
    assert question.data == {"question": "How many calls?", "options": None, "committed": 6.0, "right": False}
    widget._handle_custom_msg({"type": "again"}, [])
    assert question.committed is None
    assert question.data["right"] is None


def test_what_was_committed_has_the_form_of_the_answer():
    matrix = predict("What?", [[1, 2], [3, 4]])
    matrix.event({"type": "commit", "choice": [1, 2, 3, 4]})
    assert matrix.committed == [[1, 2], [3, 4]]
    assert matrix.data["right"]
    word = predict("Which?", "green", **COLOURS)
    word.event({"type": "commit", "choice": "red"})
    assert word.committed == "red"
    assert word.state()["committed"] == "red"


def test_it_asks_anew():
    answers = iter((1.0, 2.0))
    asked = predict("What?", lambda: next(answers))
    assert asked.answer == 1
    asked.committed = 1.0
    asked.update()
    assert asked.committed is None
    assert asked.answer == 2


def test_every_form(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    long = "Why " + "is this question so long " * 12 + "?"
    for asked in (predict(long, "green", **COLOURS), predict("A?", 3), predict("A?", np.eye(3)), predict("A?", [1, 2])):
        for dark in (False, True):
            assert Image.open(BytesIO(asked.to_png(1, dark))).width == 640
        assert asked.to_html().index("<img") < asked.to_html().index("<script")
    assert predict("A?", np.eye(3)).svg.count(">?<") == 9
    assert predict("Which?", "green", **COLOURS).text.splitlines()[:2] == ["Which?", "    1. red"]
    assert predict("A?", 3, title="three").title == "three"


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: predict("A?", "violet", **COLOURS), ValueError, "'violet' is not among the options: 'red', 'green'"),
        (lambda: predict("A?", "red", options=["red"]), ValueError, "two different ones"),
        (lambda: predict("A?", "red", options=["red", "red"]), ValueError, "two different ones"),
        (lambda: predict("A?", "red"), TypeError, "is no number: give `options`"),
        (lambda: predict("A?", float("nan")), ValueError, "finite numbers"),
        (lambda: predict("A?", np.ones((7, 7))), ValueError, r"1 to 36 finite numbers.*\(7, 7\)"),
        (lambda: predict("A?", []), ValueError, "1 to 36"),
        (lambda: predict("A?", 3, tolerance=-1), ValueError, "0 or more"),
        (lambda: predict("A?", 3, tolerance=float("nan")), ValueError, "0 or more"),
        (lambda: predict("A?", "red", tolerance=1, **COLOURS), ValueError, "for an answer in numbers"),
    ],
)
def test_misuse_is_explained(call, error, said):
    with pytest.raises(error, match=said):
        call()
