"""Short scripts that train something and print how well: `python -m examples`, or `python -m examples.iris`."""
