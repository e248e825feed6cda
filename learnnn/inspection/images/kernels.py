"""`kernels`: the kernels of a convolution, moved over an image by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..face.chart import SMALL, heat_map, number
from ..face.live import Live
from ..face.scene import Box, Raster, Scene, Shape, Text
from .convolution import PRESETS, Convolution, convolution
from .image import as_image, fitted, photograph, pixels, raster, shape_words, smaller, value_range

LARGEST = 160  # pixels: a larger image is made smaller
MOST = 64  # kernels on a page
LUMA = np.array((0.299, 0.587, 0.114), np.float32)[:, None, None]  # how bright red, green and blue look (ITU-R BT.601)


def kernels(conv: Any, image: Any = None, *, channel: int = 0, title: str | None = None) -> Kernels:
    """The kernels of a convolution, an image, and what a kernel makes of it.

    On the page a window is moved over the image: what lies under it, times the kernel, cell by cell, sums to one pixel
    of the result. Kernels are changed by typing, by dragging, or to a known one, and the result follows. With a kernel
    of Jupyter's, "Write into the layer" puts the numbers into `conv`, and "Undo" takes them out again.

    Args:
        conv: A Conv2d, learnnn's or PyTorch's; an object of yours with a `.weight`; an array (out, in, kh, kw) or
            (kh, kw); or a name: "identity", "edge", "laplacian", "sobel-x", "sobel-y", "sharpen", "emboss", "blur",
            "gaussian".
        image: (H, W), (C, H, W) or (H, W, 3); a photograph, if not given. Made smaller where it is above 160 pixels.
        channel: The output channel to begin with.
        title: A heading.

    As in all frameworks this is cross-correlation: the kernel is not flipped. Raises TypeError for what has no
    kernels, ValueError for shapes that do not fit.

    >>> picture = kernels([[0.0, 1.0], [1.0, 0.0]], np.arange(9.0).reshape(3, 3))
    >>> picture.data["result"]
    [[4.0, 6.0], [10.0, 12.0]]
    """
    known = convolution(conv)
    return Kernels(known, _fitting(image, known), _checked_channel(channel, known), title)


class Kernels(Live):
    """Kernels, an image, and the result of one of them. `result` is (H', W')."""

    script = Path(__file__).with_name("kernels.js")

    def __init__(self, conv: Convolution, image: np.ndarray, channel: int, title: str | None):
        self.conv, self.channel, self.given = conv, channel, image.shape
        self.image = smaller(image, LARGEST)
        self.title = title or f"kernels: {conv.name}"
        self.kernel = conv.is_writable()
        self._before: list[np.ndarray] = []
        _check_size(conv, self.image)

    @property
    def result(self) -> np.ndarray:
        """What the chosen kernel makes of the image."""
        return self.conv(self.image)[self.channel]

    @property
    def data(self) -> dict[str, Any]:
        return {
            "name": self.conv.name, "channel": self.channel, "kernel": self.conv.weight[self.channel].tolist(),
            "bias": float(self.conv.bias[self.channel]), "image": list(self.image.shape), "stride": self.conv.stride,
            "padding": self.conv.padding, "result": self.result.tolist(),
        }  # fmt: skip

    @property
    def text(self) -> str:
        out, _, height, width = self.conv.weight.shape
        result, kernel = self.result, self.conv.weight[self.channel, 0]
        rows = " | ".join(" ".join(number(float(w), 3) for w in row) for row in kernel[:7, :7])
        thinner = f", made smaller from {shape_words(self.given)}" if self.given != self.image.shape else ""
        return (
            f"{self.conv.name}: kernel {self.channel} of {out}, {height} × {width}: {rows}. Over an image "
            f"{shape_words(self.image.shape)}{thinner} it gives {shape_words(result.shape)} numbers from "
            f"{number(float(result.min()))} to {number(float(result.max()))}."
        )

    # ------------------------------------------------------------------------------------------------- live
    def state(self) -> dict[str, Any]:
        conv = self.conv
        return {
            "title": self.title, "image": _in_few_bytes(self.image), "stride": conv.stride, "padding": conv.padding,
            "dilation": conv.dilation, "groups": conv.groups, "mode": conv.mode, "channel": self.channel,
            "presets": PRESETS, "writable": self.kernel, "out": len(conv.weight), **self.frame(),
        }  # fmt: skip

    def frame(self) -> dict[str, Any]:
        shown = max(MOST, self.channel + 1)
        return {"weight": self.conv.weight[:shown], "bias": self.conv.bias[:shown], "undo": len(self._before)}

    def update(self) -> None:
        """Look at the layer again, and show what it has learned."""
        self.conv.reread()
        super().update()

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """Write a kernel into the layer ("apply"), or what was there before ("undo")."""
        if event["type"] == "apply":
            self._apply(int(event["channel"]), np.array(event["kernel"], self.conv.weight.dtype))
            return {**self.frame(), "said": f"Written into {self.conv.name}: kernel {event['channel']}."}
        if not self._before:
            return {**self.frame(), "said": "Nothing to undo."}
        self.conv.write(self._before.pop())
        return {**self.frame(), "said": f"Undone: {self.conv.name} is as it was before."}

    def _apply(self, channel: int, kernel: np.ndarray) -> None:
        weight = self.conv.weight.copy()
        if not np.isfinite(kernel).all():
            raise ValueError("a kernel is made of finite numbers; nothing was written")
        weight[channel] = kernel.reshape(weight.shape[1:])
        before = self.conv.weight.copy()
        self.conv.write(weight)
        self._before.append(before)

    # ------------------------------------------------------------------------------------------------- still
    def scene(self) -> Scene:
        """The image, the chosen kernel and the result side by side, all kernels below."""
        side, top = 200.0, 58.0
        shapes: list[Shape] = [Text(20, 28, self.title, 15, bold=True)]
        image, width = pixels(self.image), fitted(self.image.shape, side, side)
        shapes += [_caption(20, top, f"image {shape_words(self.image.shape)}"), raster(image, 20, top, *width)]
        shapes += [Text(238, top + 72, "∗", 20, "muted", "middle"), *self._cells(256, top, 132)]
        shapes += [Text(408, top + 72, "=", 18, "muted", "middle"), *self._outcome(428, top, side)]
        low, below = self._all(20, top + side + 38)
        return Scene(648, below, self.title, self.text, [*shapes, *low])

    def _cells(self, x: float, y: float, side: float) -> list[Shape]:
        """The kernel, with its numbers where they fit; of several input channels the first."""
        kernel = self.conv.weight[self.channel, 0].astype(float)
        width, height = fitted(kernel.shape, side, side)
        name = f"kernel {self.channel}" + (", input 0" if self.conv.weight.shape[1] > 1 else "")
        shapes: list[Shape] = [_caption(x, y, name), heat_map(kernel, x, y, width, height, diverging=True)]
        shapes += [Box(x, y, width, height, "", "edge", 0), *_numbers_in(kernel, x, y, width, height)]
        bias = float(self.conv.bias[self.channel])
        return [*shapes, Text(x, y + height + 18, f"bias {number(bias)}", SMALL, "muted")]

    def _outcome(self, x: float, y: float, side: float) -> list[Shape]:
        result = self.result
        width, height = fitted(result.shape, side, side)
        lo, hi = number(float(result.min()), 3), number(float(result.max()), 3)
        drawn: Raster = heat_map(result, x, y, width, height, diverging=True)
        limits = grey_limits(result, float(self.conv.weight[self.channel].sum()))
        words = f"{lo} (orange) to {hi} (blue)"
        if limits:
            drawn, words = raster(pixels(result[None], limits), x, y, width, height), f"{lo} (dark) to {hi} (light)"
        below = Text(x, y + height + 18, words, SMALL, "muted")
        return [_caption(x, y, f"result {shape_words(result.shape)}"), drawn, below]

    def _all(self, x: float, y: float) -> tuple[list[Shape], float]:
        """All kernels as small images, up to three rows of twelve -> the shapes, and where they end."""
        weight = self.conv.weight[:36]
        if len(self.conv.weight) == 1:
            return [], y - 4
        shapes: list[Shape] = [_caption(x, y, f"{len(weight)} of {len(self.conv.weight)} kernels")]
        for k, kernel in enumerate(weight):
            left, top = x + 51.5 * (k % 12), y + 51.5 * (k // 12)
            shapes.append(_thumb(kernel, left, top, 44))
            chosen = k == self.channel
            shapes.append(Box(left, top, 44, 44, "", "ink" if chosen else "edge", 0, 2.5 if chosen else 1))
        return shapes, y + 51.5 * (-(-len(weight) // 12)) + 12


def grey_limits(result: np.ndarray, total: float) -> tuple[float, float] | None:
    """What is black and what is white in a result that looks like an image; None for one that is of both signs."""
    if result.mean() <= result.std() / 2:
        return None
    return (0.0, 1.0) if abs(total - 1) < 1e-3 else (float(result.min()), float(result.max()))


def _numbers_in(kernel: np.ndarray, x: float, y: float, width: float, height: float) -> Iterator[Text]:
    """The numbers of a small kernel, on its cells."""
    (rows, columns), strongest = kernel.shape, float(np.abs(kernel).max()) or 1.0
    for (r, c), weight in np.ndenumerate(kernel) if max(rows, columns) <= 5 else ():
        place = (x + (c + 0.5) * width / columns, y + (r + 0.5) * height / rows + 4)
        fill, size = "paper" if abs(weight) > 0.55 * strongest else "ink", 12 if columns < 5 else 9
        yield Text(*place, _short(float(weight), strongest, columns), size, fill, "middle", mono=True)


def _short(value: float, most: float, columns: int) -> str:
    """A number in a narrow cell, among numbers up to `most`."""
    text = f"{round(value, 0 if most >= 10 else 1 if most >= 1 and columns > 3 else 2) + 0.0:g}"
    return text.replace("-", "−").replace("0.", ".") if columns > 3 else text.replace("-", "−")


def _thumb(kernel: np.ndarray, x: float, y: float, side: float) -> Raster:
    """A kernel over red, green and blue as colours around grey; of others the first input channel."""
    if len(kernel) == 3:
        strongest = float(np.abs(kernel).max()) or 1.0
        return raster(pixels(kernel, (-strongest, strongest)), x, y, side, side)
    return heat_map(kernel[0], x, y, side, side, diverging=True)


def _caption(x: float, y: float, words: str) -> Text:
    return Text(x, y - 7, words, SMALL, "muted")


def _in_few_bytes(image: np.ndarray) -> dict[str, Any]:
    """Bytes where the image was made of bytes, so that the page computes with the very same numbers."""
    lo, hi = value_range(image)
    if (lo, hi) == (0.0, 1.0) and np.allclose(np.round(image * 255), image * 255, atol=1e-3):
        return {"values": np.round(image * 255).astype(np.uint8), "scale": 1 / 255, "lo": 0.0, "hi": 1.0}
    return {"values": image, "scale": 1.0, "lo": lo, "hi": hi}


# ------------------------------------------------------------------------------------------------ what fits
def _fitting(image: Any, conv: Convolution) -> np.ndarray:
    """The image with as many channels as the kernels read."""
    due = conv.channels
    if image is None and due not in (1, 3):
        raise ValueError(
            f"{conv.name} reads {due} channels, no photograph: pass image=(C, H, W), as the layer before gives"
        )
    found = photograph() if image is None else as_image(image)
    if len(found) == 3 and due == 1:
        return (found * LUMA).sum(0, keepdims=True)
    if len(found) == 1 and due == 3:
        return found.repeat(3, 0)
    if len(found) != due:
        raise ValueError(f"{conv.name} reads {due} channels, and the image {found.shape} has {len(found)}")
    return found


def _checked_channel(channel: int, conv: Convolution) -> int:
    out = len(conv.weight)
    if not -out <= channel < out:
        raise IndexError(f"{conv.name} has {out} output channels, 0 to {out - 1}, and no channel {channel}")
    return channel % out


def _check_size(conv: Convolution, image: np.ndarray) -> None:
    above, below, left, right = conv.padding
    inside = (image.shape[1] + above + below, image.shape[2] + left + right)
    due = [d * (k - 1) + 1 for d, k in zip(conv.dilation, conv.weight.shape[2:])]
    if inside[0] < due[0] or inside[1] < due[1]:
        raise ValueError(f"the image {image.shape} with its padding is {inside}, smaller than the kernel {tuple(due)}")
