"""`saliency` and `grad_cam`: which parts of an image a classifier's score depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..face.chart import number
from .feature_maps import new_ones
from .overlays import Overlays, Panel
from .scores import Maps, Scores, attribute, start_of

METHODS = {
    "gradient": Panel("gradient", "|gradient|", False),
    "smooth": Panel("smooth", "SmoothGrad", False),
    "input": Panel("input", "gradient × input", True),
    "integrated": Panel("integrated", "integrated gradients", True),
}
DEEPEST = 4  # layers with a map each


def saliency(
    model: Any,
    image: Any,
    *,
    target: Any = None,
    method: str = "gradient",
    labels: Sequence[Any] | None = None,
    baseline: Any = 0.0,
    steps: int = 32,
    seed: int = 0,
    title: str | None = None,
) -> Saliency:
    """How the score of a class depends on each pixel of an image.

    Four measures, side by side, for the class and for those with the highest scores besides:

    - "gradient": |d score / d pixel|, the largest over the channels (Simonyan et al. 2013, arXiv:1312.6034);
    - "smooth": the same of the mean gradient at `steps` noisy copies (SmoothGrad, Smilkov et al. 2017,
      arXiv:1706.03825);
    - "input": gradient × pixel, summed over the channels;
    - "integrated": the gradient integrated from the baseline to the image, times the difference (Sundararajan et al.
      2017, arXiv:1703.01365). Its pixels sum to the difference of the two scores.

    Args:
        model: learnnn's, PyTorch's or your own, that gives (N, classes); it is left as it was.
        image: What the model takes, without or with a batch of one: (C, H, W), (H, W), or a vector (D,).
        target: The class, by number or label; the one with the highest score, if not given.
        method: Which measure to begin with.
        labels: What the classes are called.
        baseline: An image without content: a number for all pixels, or an array.
        steps: How many noisy copies, and how many points of the integral.
        seed: Of the noise.
        title: A heading.

    Raises ValueError for an unknown method or label, IndexError for an unknown class, TypeError for a model that has no
    gradients.

    >>> from learnnn import nn
    >>> picture = saliency(nn.Linear(4, 2), np.ones(4), target=1)
    >>> picture.map.shape, picture.target
    ((1, 4), 1)
    """
    if method not in METHODS:
        raise ValueError(f"there is no method '{method}': there are {', '.join(METHODS)}")
    if steps < 1:
        raise ValueError(f"steps={steps}: at least one is needed")
    return Saliency(Scores(model, image, labels), target, method, (baseline, steps, seed), title)


class Saliency(Overlays):
    """What each pixel did for the scores of some classes. `map` is (H, W), of the chosen class and method."""

    kind = "saliency"
    key = ("a strong effect; where it has a sign, raises the score", "lowers the score")

    def __init__(self, asked: Scores, target: Any, method: str, how: tuple[Any, int, int], title: str | None):
        self._baseline, self._steps, self._seed = how
        self._start = start_of(asked.example, self._baseline)
        super().__init__(asked, target, method, title)

    @property
    def method(self) -> str:
        """The measure that is shown first."""
        return self.chosen

    def look(self) -> None:
        self.panels = list(METHODS.values())
        self._difference = self.asked.scores - self.asked.of(self._start)[0]
        for target in self.targets:
            found = attribute(self.asked, target, steps=self._steps, baseline=self._baseline, seed=self._seed)
            self.maps[target] = self._flat(found)

    def _flat(self, found: Maps) -> dict[str, np.ndarray]:
        """Over the channels: of unsigned measures the largest, of signed ones the sum -> (H, W)."""
        drawn = {name: values.reshape(self.asked.picture.shape) for name, values in found._asdict().items()}
        return {name: v.sum(0) if METHODS[name].signed else np.abs(v).max(0) for name, v in drawn.items()}

    def note(self, target: int, name: str) -> str:
        map = self.maps[target][name]
        if name == "integrated":
            total, due = number(float(map.sum())), number(float(self._difference[target]))
            return f"the pixels sum to {total}; from the baseline to the image the score rises by {due}"
        share = np.sort(np.abs(map).ravel())[::-1].cumsum()
        half = int(np.searchsorted(share, share[-1] / 2)) + 1
        place = np.unravel_index(np.abs(map).argmax(), map.shape)
        if not share[-1]:
            return "0 everywhere: the score does not depend on the image here"
        return f"half of it lies on {half} of {map.size} pixels, the strongest is row {place[0]}, column {place[1]}"


def grad_cam(
    model: Any,
    image: Any,
    *,
    layer: Any = None,
    target: Any = None,
    labels: Sequence[Any] | None = None,
    title: str | None = None,
) -> GradCam:
    """Where a convolutional network sees a class: Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391).

    The channels of a layer are added up, each weighted with the mean gradient of the score in it; what is positive
    speaks for the class. On the page: other classes, other layers, side by side.

    Args:
        model: A network with layers that give (N, C, H, W), and (N, classes) in the end.
        image: (C, H, W) or (H, W), without or with a batch of one.
        layer: A path, an index or the part itself; the last that gives more than one place, if not given.
        target: The class, by number or label; the one with the highest score, if not given.
        labels: What the classes are called.
        title: A heading.

    Raises ValueError where no layer, or not this one, gives (N, C, H, W).

    >>> from learnnn import nn
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    >>> picture = grad_cam(net, np.ones((8, 8)))
    >>> picture.layer, picture.map.shape
    ('1', (6, 6))
    """
    return GradCam(Scores(model, image, labels), target, layer, title)


class GradCam(Overlays):
    """Where layers see some classes. `map` is (h, w), of the chosen class and layer, in the layer's own size."""

    kind = "Grad-CAM"
    key = ("speaks for the class",)

    def __init__(self, asked: Scores, target: Any, layer: Any, title: str | None):
        self._wanted = None if layer is None else asked.model.layer(layer)
        self._leaves, self._parts = asked.model.leaves(), asked.model.layers()
        super().__init__(asked, target, "", title)

    @property
    def layer(self) -> str:
        """The layer that is shown first."""
        return self.chosen

    def look(self) -> None:
        for target in self.targets:
            seen = self.asked.see(self.asked.example, target, layers=None)
            paths = self._places(seen.outputs)
            self.maps[target] = {path: cam(seen.outputs[path], seen.gradients.get(path)) for path in paths}
        self.panels = [self._panel(path) for path in paths]
        self.chosen = self.chosen or self._wanted or paths[-1]

    def _places(self, outputs: dict[str, np.ndarray]) -> list[str]:
        """The layers that tell places apart, the last ones; and the one that was asked for."""
        wide = [path for path, output in outputs.items() if output.ndim == 4 and output[0, 0].size > 1]
        if self._wanted is not None and self._wanted not in wide:
            these = ", ".join(wide) or "none"
            raise ValueError(f"layer '{self._wanted}' does not give (N, C, H, W): these do: {these}")
        if not wide:
            raise ValueError(f"no layer of {self.asked.model.name} gives (N, C, H, W): grad_cam needs convolutions")
        new = set(new_ones(outputs, self._leaves)) & set(wide) or set(wide)
        last = [path for path in wide if path in new][-DEEPEST:]
        return [path for path in wide if path in last or path == self._wanted]

    def _panel(self, path: str) -> Panel:
        return Panel(path, f"{path or 'model'} · {type(self._parts[path]).__name__}", False, smooth=True)

    def note(self, target: int, name: str) -> str:
        map = self.maps[target][name]
        if not map.any():
            return "0 everywhere: nothing in this layer speaks for the class"
        place = np.unravel_index(map.argmax(), map.shape)
        return f"{map.shape[0]} × {map.shape[1]} places, the strongest is row {place[0]}, column {place[1]}"


def cam(output: np.ndarray, gradient: np.ndarray | None) -> np.ndarray:
    """A layer's channels (1, C, h, w), weighted with the mean gradients, where positive -> (h, w)."""
    if gradient is None:
        return np.zeros(output.shape[2:], output.dtype)
    weights = gradient[0].mean((1, 2))  # (C,)
    return np.maximum(np.tensordot(weights, output[0], 1), 0)
