"""Surfaces to walk on: the loss around a model, functions of two numbers, and races of optimizers on them."""
