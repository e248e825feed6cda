"""Measured numbers as people say them."""


def in_seconds(seconds: float) -> str:
    """A time for people, to three figures.

    >>> in_seconds(1.5), in_seconds(0.00214), in_seconds(0.000034), in_seconds(0)
    ('1.50 s', '2.14 ms', '34.0 µs', '0 µs')
    """
    unit, factor = next(((u, f) for u, f in UNITS if seconds * f >= 1), UNITS[-1])
    number = seconds * factor
    return f"{number:.{max(0, 3 - len(str(int(number))))}f} {unit}" if number else f"0 {unit}"


UNITS = (("s", 1.0), ("ms", 1e3), ("µs", 1e6))
