"""The optimizers themselves, let loose from one place on the same hills. Drag the start, turn the learning rates (where
a kernel runs), play the race, and see who is ahead."""

from learnnn import inspection

inspection.optimizer_race("rosenbrock")
