"""A function of two numbers as hills: drop a ball, set its learning rate and momentum, and watch gradient descent find
its way down, swing, or fly off the map."""

import math

from learnnn import inspection

hills = lambda x, y: x * x + 2 * y * y - 1.5 * math.cos(3 * x) - math.cos(4 * y)
inspection.landscape(hills, extent=(-2.5, 2.5, -2, 2), title="a bowl with ripples")
