"""Single ideas to play with: broadcasting and its way back, a prediction before the answer."""
