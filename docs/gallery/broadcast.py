"""Broadcasting, and the way back: a row and a column are copied until their shapes meet, and the gradients of the
copies are summed into the shapes they came from. Play it, scrub it, point at a number to see where it comes from."""

from learnnn import inspection

inspection.broadcast([1.0, 2.0, 3.0], [[10.0], [20.0]])
