"""Reports as text and as a card."""

import dataclasses
from html.parser import HTMLParser

import pytest

from learnnn import course
from learnnn.course.exercise import Exercise, Mistake, Trial, find, register
from learnnn.course.report import ACCENTS, GLYPHS


class Balance(HTMLParser):
    """Every tag that opens also closes, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.words = [], ""

    def handle_starttag(self, tag, attributes):
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def words_of(html: str) -> str:
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    return parser.words


def wrong(a, b):
    return a * b, (a, b)


def raising(a, b):
    return {}["<b>key</b>"]


def unwritten(a, b):
    raise NotImplementedError()


ANSWERS = {
    "right": lambda a, b: (a * b, (b, a)),
    "wrong": wrong,
    "raising": raising,
    "unwritten": unwritten,
    "None": None,
    "text": lambda a, b: "<script>alert(1)</script>`tick",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_card_says_what_the_text_says(answer):
    report = course.check("toy.mul", ANSWERS[answer], seed=0)
    words = words_of(report._repr_html_())
    assert GLYPHS[report.status] in words
    assert GLYPHS[report.status] in repr(report)
    for _, said in report.rows():
        assert said.split("    (")[0].replace("`", "") in words.replace("`", "")


def test_a_learners_html_is_only_text():
    html = course.check("toy.mul", ANSWERS["text"])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<b>key" not in course.check("toy.mul", raising)._repr_html_()


def test_a_passed_report_is_the_same_every_time():
    reports = [course.check("toy.mul", ANSWERS["right"]) for _ in range(3)]
    assert {repr(report) for report in reports} == {"✓ toy.mul: passed"}
    assert len({report._repr_html_() for report in reports}) == 1


def test_what_a_report_holds():
    report = course.check("toy.mul", wrong)
    assert not report
    assert not report.passed
    assert report.failure.expected != report.failure.actual
    assert report.failure.inputs.startswith("a = ")
    assert report.diagnosis == "slopes-swapped"
    assert report.hint
    assert report.message.endswith("trials went wrong")
    assert bool(course.check("toy.mul", ANSWERS["right"])) is True


def test_the_line_that_raised_is_shown():
    assert 'raised in line 2 of raising: return {}["<b>key</b>"]' in repr(course.check("toy.mul", raising))


def test_every_status_has_its_glyph_and_colour():
    assert len(set(GLYPHS.values())) == len(GLYPHS)
    assert GLYPHS.keys() == ACCENTS.keys()


def test_colours_do_not_assume_a_background():
    html = course.check("toy.mul", wrong)._repr_html_()
    assert "color:inherit" in html
    assert "var(--jp-" in html
    assert "background:#fff" not in html.replace(" ", "")


def test_hints_and_solution():
    assert [course.hint("toy.mul").step for _ in range(5)] == [1, 2, 3, 3, 3]
    assert "hint 2 of 3 for toy.mul: Second." in repr(course.hint("toy.mul", step=2))
    assert "course.solution" in repr(course.hint("toy.mul", step=3))
    assert "return a * b, (b, a)" in repr(course.solution("toy.mul"))
    assert "```python" in course.solution("toy.mul")._repr_markdown_()
    with pytest.raises(ValueError, match="hints 1 to 3"):
        course.hint("toy.mul", step=4)


def test_the_list_of_exercises_is_a_table():
    listed = course.exercises(lesson=0)
    assert "toy.mul" in repr(listed)
    assert "toy.mul" in words_of(listed._repr_html_())
    assert "a * b" not in repr(listed)
    assert repr(find("toy.mul")) == "Exercise('toy.mul', lesson=0, title='Multiplication')"
    assert isinstance(course.exercises(), list)
    assert callable(course.exercises)
    lessons = [exercise.lesson for exercise in course.exercises()]
    assert lessons == sorted(lessons)


def test_an_id_or_a_mistake_cannot_be_entered_twice():
    again = find("toy.mul")
    with pytest.raises(ValueError, match="registered already"):
        register(again)
    twice = Mistake("same", wrong, "")
    with pytest.raises(ValueError, match="a mistake twice"):
        register(dataclasses.replace(again, id="toy.other", mistakes=(twice, twice)))


def test_a_hint_may_hold_braces_of_its_own():
    def trials(rng):
        yield Trial("", "x = 1", lambda f: f(1), 2.0)

    mistake = Mistake("halved", lambda x: 1.0, "{inputs}: {actual} is {ratio} of {expected}; use {} or {x: 1}")
    register(Exercise("toy.braces", 0, "", "", "", trials, lambda x: 2.0, mistakes=(mistake,)))
    assert course.check("toy.braces", lambda x: 1).hint == "x = 1: 1 is 0.5 of 2; use {} or {x: 1}"
