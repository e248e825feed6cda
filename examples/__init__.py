"""Short scripts that train something and print how well: `python -m examples` runs all, `python -m examples.iris` one."""
