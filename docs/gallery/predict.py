"""Predict, then look: the reader commits to an answer before it is shown, and the page checks it."""

from learnnn import inspection

inspection.predict(
    "You double every weight of a network of three linear layers with relu between them, no biases. The output grows",
    "8 times",
    options=["2 times", "6 times", "8 times", "it depends on the input"],
    because="relu lets a positive factor through, relu(2x) = 2 relu(x), so each layer doubles it: 2 · 2 · 2.",
)
