"""Training, watched: what flows through the layers, the curves, runs side by side, and training played back."""
