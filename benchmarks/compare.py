"""What became slower between two runs: `python benchmarks/compare.py OLD.json NEW.json`.

A row became slower where its figure (a ratio to PyTorch's, or learnnn's own seconds) grew by more than a tenth and
every round of the new run lies above every round of the old one. The exit status is 1 if a row did, 0 if none.
"""

import argparse
import json
import sys
from pathlib import Path

from report import held

CHANGE = 0.10
WATCHED = ("processor", "linear algebra", "python", "numpy")  # ratios change with these too


def load(path: str) -> dict:
    """The results in `path`, or an end with what is wrong with it."""
    try:
        found = json.loads(Path(path).read_text())
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}; benchmarks/run.py --json {path} writes one") from None
    except ValueError as error:
        raise SystemExit(f"{path}: no JSON: {error}") from None
    if not written_by_run(found):
        raise SystemExit(f"{path}: not written by benchmarks/run.py: it has no 'about' and no 'rows' with figures")
    return found


def written_by_run(found: object) -> bool:
    rows = found.get("rows") if isinstance(found, dict) and "about" in found else None
    return isinstance(rows, dict) and all(
        set(row) >= {"value", "low", "high", "ratio", "unit"} for row in rows.values()
    )


def verdict(old: dict, new: dict) -> str:
    """'slower', 'faster' or 'same'."""
    change = new["value"] / old["value"]
    if change > 1 + CHANGE and new["low"] > old["high"]:
        return "slower"
    return "faster" if change < 1 / (1 + CHANGE) and new["high"] < old["low"] else "same"


def line(name: str, old: dict, new: dict) -> str:
    was, now = (f"{held(row['value'], row)} ({held(row['low'], row)} - {held(row['high'], row)})" for row in (old, new))
    change = f"{100 * (new['value'] / old['value'] - 1):+.0f} %"
    return f"{name:<11} {was:>28} {now:>28} {change:>7}  {verdict(old, new)}"


def cautions(old: dict, new: dict) -> list[str]:
    """What a reader must know before believing the comparison."""
    pairs = [(what, old["about"].get(what), new["about"].get(what)) for what in WATCHED]
    changed = [f"{what} was {was}, now {now}" for what, was, now in pairs if was != now]
    gone = [f"{name}: only in the old run" for name in old["rows"] if name not in new["rows"]]
    return changed + gone + [f"{name}: only in the new run" for name in new["rows"] if name not in old["rows"]]


def compare(old: dict, new: dict) -> tuple[list[str], bool]:
    """(the lines to print, whether a row became slower)."""
    shared = [name for name in old["rows"] if name in new["rows"]]
    if not shared:
        raise SystemExit(f"no row is in both: {', '.join(old['rows'])} and {', '.join(new['rows'])}")
    lines = [line(name, old["rows"][name], new["rows"][name]) for name in shared]
    slower = [name for name in shared if verdict(old["rows"][name], new["rows"][name]) == "slower"]
    told = f"slower: {', '.join(slower)}" if slower else f"none of {len(shared)} rows became slower"
    return [*cautions(old, new), *lines, told], bool(slower)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", help="results of the earlier run")
    parser.add_argument("new", help="results of the later run")
    args = parser.parse_args()
    lines, slower = compare(load(args.old), load(args.new))
    print("\n".join(lines))
    return int(slower)


if __name__ == "__main__":
    sys.exit(main())
