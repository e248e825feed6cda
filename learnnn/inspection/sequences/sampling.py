"""`sampling`: the distribution of the next token, and the dials that bend it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import SMALL, number
from ..face.live import Live
from ..face.scene import Box, Line, Scene, Shape, Text, text_width
from ..models.kind import as_array
from ..models.model import Model
from ..models.parts import is_number
from .distribution import drawn, next_token, ranked, tempered, uniform
from .tokens import Labels, entropy, joined, shown, words

ROWS = 20
NAMED = 500  # tokens whose names travel to the page
TRACK = 300.0


def sampling(
    model_or_logits: Any,
    *,
    prompt: Any = None,
    tokens: Labels = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    title: str | None = None,
) -> Sampling:
    """Draw the distribution of the next token as bars, with dials for temperature, top-k and top-p.

    The scores are divided by the temperature; then all but the k likeliest are cut (Fan et al. 2018); then all but the
    smallest set of the likeliest that has the mass p (Holtzman et al. 2020); what is kept is made to sum to 1. Of equal
    tokens the one with the lower number comes first. At temperature 0 the likeliest is certain.

    On the page the dials act at once; what they cut is hatched. "Draw" draws a token: with a kernel it is appended to
    the prompt and the model is asked again; without one, draws are counted and shown against the bars.

    Args:
        model_or_logits: Scores (V,); or a model of whole numbers (N, L) -> scores (N, L, V), or (N, V).
        prompt: What the model has read: numbers of tokens, or their names where `tokens` lists them.
        tokens: The vocabulary: a name for each number from 0 on, or a function of a number.
        temperature, top_k, top_p: Where the dials stand first; None cuts nothing.
        seed: Of the draws, which are the same in python (`draw`) and on the page.
        title: A heading.

    Raises ValueError for dials out of range, an unknown token in the prompt, and scores of another shape.

    >>> picture = sampling(np.log([0.5, 0.3, 0.2]), tokens="abc", top_k=2)
    >>> picture
    next token: a 0.63, b 0.37; 2 of 3 tokens kept, 80% of the mass; 0.954 bits
    >>> picture.draw(6)
    'babaaa'
    """
    if is_number(model_or_logits) or isinstance(model_or_logits, list | tuple):
        if prompt is not None:
            raise TypeError("a prompt is for a model to read: scores alone have none")
        return Sampling(None, as_array(model_or_logits), [], tokens, (temperature, top_k, top_p), seed, title)
    if prompt is None:
        raise TypeError("sampling(model, prompt=...): there is no prompt for the model to go on from")
    numbers = numbered(prompt, tokens)
    return Sampling(Model(model_or_logits), None, numbers, tokens, (temperature, top_k, top_p), seed, title)


class Sampling(Live):
    """The next token. `prompt` has the numbers of those before it, `logits` (V,) the scores, `probabilities` (V,)."""

    script = Path(__file__).with_name("sampling.js")

    def __init__(
        self, model: Model | None, logits: Any, prompt: list[int], tokens: Labels, dials: tuple, seed: int, title: Any
    ):
        self.model, self.tokens, self.seed = model, tokens, int(seed)
        self.kernel = model is not None
        self.start, self.prompt, self.draws = list(prompt), list(prompt), 0
        self.logits = _checked(logits, tokens) if model is None else self._asked(prompt)
        self.title = title or "next token"
        self.turn(*dials)

    def turn(self, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None) -> None:
        """Set the dials. ValueError for what is out of range, and nothing is changed."""
        if not 0 <= temperature < np.inf:
            raise ValueError(f"temperature={temperature}: it is 0 (the likeliest is certain) or more")
        if top_k is not None and (top_k < 1 or top_k != int(top_k)):
            raise ValueError(f"top_k={top_k}: it is 1 (the likeliest alone) or more, or None for all")
        if top_p is not None and not 0 < top_p <= 1:
            raise ValueError(f"top_p={top_p}: it is above 0 and at most 1, or None for all")
        self.temperature, self.top_k, self.top_p = float(temperature), None if top_k is None else int(top_k), top_p

    def look(self) -> None:
        """Ask the model what comes next."""
        if self.model is not None:
            self.logits = self._asked(self.prompt)

    def _asked(self, prompt: Sequence[int]) -> np.ndarray:
        assert self.model is not None
        answer = self.model.ask(np.array(prompt)[None])
        if answer.ndim not in (2, 3) or len(answer) != 1:
            raise ValueError(f"{self.model.name} gives {answer.shape} for one sequence: (1, L, V) or (1, V) is needed")
        return _checked(answer[0] if answer.ndim == 2 else answer[0, -1], self.tokens)

    @property
    def probabilities(self) -> np.ndarray:
        """From which the next token is drawn, (V,): 0 for those that are cut."""
        return next_token(self.logits, self.temperature, self.top_k, self.top_p)

    def draw(self, count: int = 1) -> str:
        """Draw tokens, and give them joined. A model reads each before the next is drawn."""
        picked = [self._draw() for _ in range(count)]
        return self._written(picked)

    def _draw(self) -> int:
        token = drawn(self.probabilities, uniform(self.seed, self.draws))
        if self.model is not None:
            self.logits = self._asked([*self.prompt, token])  # first: a model may fail on one token more
            self.prompt.append(token)
        self.draws += 1
        return token

    @property
    def data(self) -> dict[str, Any]:
        p = self.probabilities
        return {
            "prompt": words(self.tokens, self.prompt), "temperature": self.temperature, "top_k": self.top_k,
            "top_p": self.top_p, "uncut": tempered(self.logits, self.temperature).tolist(),
            "probabilities": p.tolist(), "entropy": float(entropy(p)),
        }  # fmt: skip

    @property
    def text(self) -> str:
        p, ranks = self.probabilities, ranked(self.logits)
        likeliest = [k for k in ranks[:8].tolist() if p[k] > 0]
        named = ", ".join(
            f"{shown(w)} {number(float(p[k]), 2)}" for w, k in zip(words(self.tokens, likeliest), likeliest)
        )
        kept = int((p > 0).sum())
        mass = float(tempered(self.logits, self.temperature)[p > 0].sum())
        read = f" after “{self._read()}”" if self.prompt else ""
        told = f"{kept} of {len(p)} tokens kept, {mass:.0%} of the mass; {number(float(entropy(p)), 3)} bits"
        return f"{self.title}{read}: {named}{', …' * (kept > len(likeliest))}; {told}"

    def _read(self) -> str:
        """The end of the prompt."""
        return self._written(self.prompt[-60:])

    def _written(self, numbers: Sequence[int]) -> str:
        names = words(self.tokens, numbers)
        return " ".join(names) if self.tokens is None else joined(names)

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        dials = {"temperature": self.temperature, "top_k": self.top_k, "top_p": self.top_p}
        return {"title": self.title, "asks": self.model is not None, "seed": self.seed, **dials, **self.frame()}

    def frame(self) -> dict[str, Any]:
        named = ranked(self.logits)[:NAMED].tolist()
        return {
            "logits": self.logits, "read": self._read(), "draws": self.draws,
            "named": dict(zip(map(str, named), map(shown, words(self.tokens, named)))),
        }  # fmt: skip

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The page draws a token with its dials, or starts again."""
        if event["type"] == "draw":
            self.turn(event["temperature"], event["top_k"], event["top_p"])
            self._draw()
            return {"picked": shown(words(self.tokens, self.prompt[-1:])[0]), **self.frame()}
        self.prompt, self.draws = list(self.start), 0
        self.look()
        return self.frame()

    def update(self) -> None:
        """Ask the model again, and show what it says now."""
        self.look()
        super().update()

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """A bar a token, the likeliest first; those that are cut are hatched."""
        p, whole, ranks = self.probabilities, tempered(self.logits, self.temperature), ranked(self.logits)[:ROWS]
        names = [shown(word) for word in words(self.tokens, ranks.tolist())]
        left = 24 + max(text_width(name, 12) for name in names)
        most = float(max(p.max(), whole.max()))
        shapes: list[Shape] = [Text(16, 28, self.title, 15, bold=True)]
        read = f"after “{shown(self._read())}” · " if self.prompt else ""
        shapes.append(Text(16, 48, read + self._dials(), SMALL, "muted"))
        for i, (name, k) in enumerate(zip(names, ranks.tolist())):
            shapes += _bar(name, float(p[k]), float(whole[k]), left, 62 + 22 * i, TRACK / most)
        low = 62 + 22 * len(ranks) + 8
        shapes.append(Text(16, low + 12, self._summary(p, whole), SMALL, "muted"))
        wide = max(left + TRACK + 76, *(32 + text_width(s.text, s.size) for s in shapes if isinstance(s, Text)))
        return Scene(wide, low + 28, self.title, self.text, shapes)

    def _dials(self) -> str:
        k = "all" if self.top_k is None else self.top_k
        return f"temperature {number(self.temperature, 3)} · top-k {k} · top-p {number(self.top_p or 1.0, 3)}"

    def _summary(self, p: np.ndarray, whole: np.ndarray) -> str:
        kept, more = p > 0, len(p) - ROWS
        told = f"kept {int(kept.sum())} of {len(p)} tokens, {float(whole[kept].sum()):.1%} of the mass"
        told += f" · entropy {number(float(entropy(p)), 3)} bits" + (" · hatched: cut" if not kept.all() else "")
        return told + (f" · {more} more are not shown" if more > 0 else "")


def numbered(prompt: Any, tokens: Labels) -> list[int]:
    """The numbers of a prompt's tokens, which may be given by their names.

    >>> numbered("cab", "abc"), numbered([2, 0], None)
    ([2, 0, 1], [2, 0])
    """
    if len(prompt := list(as_array(prompt).reshape(-1)) if is_number(prompt) else list(prompt)) == 0:
        raise ValueError("the prompt is empty: a model needs one token at least to go on from")
    if not isinstance(prompt[0], str):
        return [int(n) for n in prompt]
    if tokens is None or callable(tokens):
        raise ValueError(f"the prompt {''.join(prompt)!r} has words: pass its numbers, or tokens=[...] in their order")
    places = {str(name): i for i, name in reversed(list(enumerate(tokens)))}
    for word in prompt:
        if word not in places:
            close = get_close_matches(word, places, n=1)
            raise ValueError(f"the prompt's {word!r} is no token{f': did you mean {close[0]!r}?' if close else ''}")
    return [places[word] for word in prompt]


def _checked(logits: Any, tokens: Labels) -> np.ndarray:
    """Scores (V,) in double precision, rounded as the page has them."""
    array = np.asarray(logits)
    if array.ndim != 1 or array.size < 2 or array.dtype.kind not in "fiu":
        raise ValueError(f"scores of the next token are (V,), one for each token, and here have shape {array.shape}")
    if np.isnan(array).any() or np.isposinf(array).any() or np.isneginf(array).all():
        raise ValueError("some scores are nan or infinite: only -inf, for tokens that are impossible, may be")
    words(tokens, [len(array) - 1])  # has each a name?
    return array.astype(np.float32).astype(float)


def _bar(name: str, kept: float, whole: float, x: float, y: float, scale: float) -> list[Shape]:
    """The name, the bar, and the probability; hatched if it is cut."""
    shapes: list[Shape] = [Text(x - 8, y + 13, name, 12, "ink" if kept else "muted", "end")]
    width = max((kept or whole) * scale, 0.5)
    if kept:
        shapes.append(Box(x, y + 2, width, 14, "input-edge", "input-edge", 2))
    else:
        shapes.append(Box(x, y + 2, width, 14, "", "line", 2))
        starts = np.arange(x + 8, x + width, 7).tolist()
        shapes += [Line(((at - 7, y + 15), (at, y + 3)), "line", 1) for at in starts]
    told = number(kept, 3) if kept else f"cut ({number(whole, 2)})"
    return [*shapes, Text(x + width + 6, y + 13, told, SMALL, "ink" if kept else "muted")]
