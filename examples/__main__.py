"""Every example, one after another, and a table of what each reached: `python -m examples`, or with some names."""

import sys
import time
from contextlib import redirect_stderr
from importlib import import_module
from io import StringIO

# What each example prints, and between which bounds it must lie to count as reached.
GOALS: dict[str, dict[str, tuple[float, float]]] = {
    "iris": {"training accuracy": (0.98, 1), "validation accuracy": (0.98, 1)},
    "mnist_mlp": {"test accuracy": (0.95, 1)},
    "cnn": {"test accuracy": (0.975, 1)},
    "regression": {"test RMSE": (0, 57), "test R2": (0.45, 1)},
    "autoencoder": {"test MSE": (0, 0.02), "share of PCA's": (0, 0.8)},
    "mnist_presets": {f"{preset}, test accuracy": (0.95, 1) for preset in ("dense", "tied", "untied")},
    "functional_training": {"test accuracy": (0.97, 1)},
    "text_generation": {"test loss": (0, 2.2), "share of pairs'": (0, 0.9)},
}
MAY_BE_ABSENT = ("MNIST is not on this machine", "matplotlib", "sklearn", "scikit-learn")


def missed(name: str, figures: dict[str, float]) -> list[str]:
    """The figures of an example that are not where they must be."""
    return [what for what, (low, high) in GOALS[name].items() if not low <= figures[what] <= high]


def row(name: str) -> tuple[str, bool]:
    """(line of the table, whether all went well) of an example, after it has run."""
    begin = time.perf_counter()
    try:
        with redirect_stderr(StringIO()):  # progress bars
            figures = import_module(f"examples.{name}").main()
    except (ImportError, RuntimeError) as reason:
        if not any(absent in str(reason) for absent in MAY_BE_ABSENT):
            raise
        return f"{name:20} skipped: {reason}", True
    wrong = missed(name, figures)
    told = ", ".join(f"{what} {value:.3f}{' (MISSED)' if what in wrong else ''}" for what, value in figures.items())
    return f"{name:20} {time.perf_counter() - begin:4.0f} s  {told}", not wrong


def main(names: list[str]) -> int:
    """Run some examples, or all -> 0 if each reached its goals."""
    rows = [row(name) for name in names or GOALS]
    print("\n" + "\n".join(line for line, _ in rows))
    return 0 if all(fine for _, fine in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
