"""The speed of learnnn beside PyTorch and beside the other frameworks, in ratios. Run it with `make bench`.

    python benchmarks/run.py                        every row, then every framework
    python benchmarks/run.py W1 import --only-torch some rows
    python benchmarks/run.py W2 --only-others       one workload under all frameworks
    python benchmarks/compare.py OLD.json NEW.json  what became slower

Each measurement is a fresh process with one library in it, on one thread of linear algebra unless the row says
otherwise; the libraries take turns. Before a time counts, the workload must have computed PyTorch's losses.
"""

import argparse
import json
from pathlib import Path

from fresh import alternate, in_fresh_process
from machine import about
from others import FRAMEWORKS
from promises import import_over_numpy
from report import HEADS, cells, markdown, notes, others_text, ran, text_line
from rows import LIBRARIES, ROWS, beside_others, same, summary
from workloads import WORKLOADS

HERE = Path(__file__).resolve().parent


def measured(kind: str, library: str, workload: str) -> dict:
    """One measurement, in a process of its own."""
    if kind == "import":
        return {"seconds": import_over_numpy(library)}
    arguments = [kind, library, workload]
    return in_fresh_process(HERE / "measure.py", arguments, threads=None if kind == "threads" else 1)


def measured_row(name: str, rounds: int) -> dict:
    row = ROWS[name]
    found = alternate(lambda library: measured(row.kind, library, row.workload), LIBRARIES, rounds)
    for one in found:
        if row.kind != "import" and not same(one["learnnn"]["losses"], one["torch"]["losses"]):
            raise SystemExit(f"{name}: the losses differ, so its figures mean nothing: {one}")
    return summary(row, found)


def attempt(library: str, workload: str) -> dict:
    """A framework that fails is a reason in the table, not the end of it."""
    try:
        return measured("steps", library, workload)
    except SystemExit as error:
        if library in LIBRARIES:
            raise
        return {"failed": str(error).strip().splitlines()[-1]}


def objection(library: str, rounds: list[dict]) -> str:
    """Why the times of `library` do not count, or nothing."""
    for found in rounds:
        if "failed" in found[library]:
            return f"failed: {found[library]['failed']}"
        if not same(found[library]["losses"], found["torch"]["losses"]):
            return f"computes other losses: {found[library]['losses'][:3]}, not {found['torch']['losses'][:3]}"
    return ""


def measured_others(workload: str, names: list[str], rounds: int) -> dict:
    """All frameworks that can express `workload`, beside learnnn and PyTorch, and why the others cannot."""
    reasons = {name: FRAMEWORKS[name].cannot.get(workload) or FRAMEWORKS[name].missing() for name in names}
    able = [name for name, reason in reasons.items() if not reason]
    found = alternate(lambda library: attempt(library, workload), [*LIBRARIES, *able], rounds)
    reasons |= {name: objection(name, found) for name in able}
    counted = [name for name in [*LIBRARIES, *names] if not reasons.get(name)]
    reasons = {name: reason for name, reason in reasons.items() if reason}
    return beside_others([{name: one[name] for name in counted} for one in found], reasons)


def versions(results: dict) -> dict[str, str]:
    rounds = [found["rounds"][0] for part in ("rows", "others") for found in results[part].values()]
    return {name: one["version"] for found in rounds for name, one in found.items() if "version" in one}


def parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    made.add_argument("rows", nargs="*", help=f"{' '.join(ROWS)} (all)")
    made.add_argument("--rounds", type=int, default=5, help="fresh processes of each library (%(default)s)")
    made.add_argument("--json", type=Path, default=HERE / "results" / "latest.json", help="results/latest.json")
    made.add_argument("--picture", type=Path, help="an .svg or .png to draw")
    made.add_argument("--markdown", type=Path, help="a file for the tables in Markdown")
    made.add_argument("--others", nargs="+", metavar="NAME", help=f"only these of {', '.join(FRAMEWORKS)}")
    tables = made.add_mutually_exclusive_group()
    tables.add_argument("--only-torch", action="store_true", help="the first table alone")
    tables.add_argument("--only-others", action="store_true", help="the second table alone")
    return made


def checked(args: argparse.Namespace) -> argparse.Namespace:
    if unknown := set(args.rows) - set(ROWS):
        raise SystemExit(f"no row {', '.join(sorted(unknown))}: there are {', '.join(ROWS)}")
    if unknown := set(args.others or ()) - set(FRAMEWORKS):
        raise SystemExit(f"no framework {', '.join(sorted(unknown))}: there are {', '.join(FRAMEWORKS)}")
    if args.rounds < 1:
        raise SystemExit(f"--rounds {args.rounds}: at least one is needed")
    return args


def first_table(names: list[str], rounds: int) -> dict:
    print(text_line(HEADS))
    results = {}
    for name in names:
        results[name] = measured_row(name, rounds)
        print(text_line(cells(name, results[name])), flush=True)
    return results


def second_table(workloads: list[str], names: list[str], rounds: int) -> dict:
    results = {}
    for workload in workloads:
        print(f"\r{workload} under every framework ... ", end="", flush=True)
        results[workload] = measured_others(workload, names, rounds)
    print("\rCPU time of a step as a multiple of PyTorch's")
    print("\n".join([others_text(results), *notes(results, remarks(names))]))
    return results


def remarks(names: list[str]) -> dict[str, str]:
    return {name: FRAMEWORKS[name].remark for name in names}


def write(args: argparse.Namespace, results: dict) -> None:
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(results, indent=1) + "\n")
    print(f"written to {args.json}")
    if args.markdown:
        args.markdown.write_text(markdown(results))
    if args.picture:
        from picture import draw

        draw(results, args.picture)


def main() -> None:
    args = checked(parser().parse_args())
    names, frameworks = args.rows or list(ROWS), args.others or list(FRAMEWORKS)
    where = about() | {"rounds": args.rounds}
    for library in LIBRARIES:  # bytecode is written once, at installation
        measured("cold", library, "W2")
    rows = {} if args.only_others else first_table(names, args.rounds)
    workloads = [] if args.only_torch else [name for name in names if name in WORKLOADS]
    others = second_table(workloads, frameworks, args.rounds) if workloads else {}
    results = {"about": where, "rows": rows, "others": others, "remarks": remarks(frameworks)}
    results["about"]["versions"] = versions(results)
    print(ran(results["about"]))
    write(args, results)


if __name__ == "__main__":
    main()
