"""A kernel moved over a photograph: type or drag its numbers, move the window, and read the sum behind each pixel."""

from learnnn import inspection

inspection.kernels("sobel-x")
