"""The results as text for a terminal and as Markdown for a page, from what run.py writes as JSON."""

HEADS = ["row", "learnnn", "PyTorch", "ratio", "spread", "bound", "aim", "reached", "what"]
LINE = "{:<11}{:>9}{:>9}{:>9}{:>19}{:>8}{:>8}  {:<8} {}"
SECONDS = {"s": 1, "ms": 1e3, "µs": 1e6}
REACHED = {"aim": "**aim**", "bound": "bound", "MISSED": "**missed**"}  # in Markdown


def three_digits(value: float) -> str:
    """Three digits that count, and no exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def amount(value: float, unit: str) -> str:
    """With its unit; seconds in whichever of s, ms and µs reads best."""
    if unit == "s":
        unit = "s" if value >= 1 else "ms" if value >= 1e-3 else "µs"
        value *= SECONDS[unit]
    return f"{three_digits(value)} {unit}"


def held(value: float, row: dict) -> str:
    return f"{value:.2f}" if row["ratio"] else amount(value, row["unit"])


def cells(name: str, row: dict) -> list[str]:
    """One row of the first table."""
    figures = [amount(row[library], row["unit"]) for library in ("learnnn", "torch")]
    low, high = held(row["low"], row), held(row["high"], row)
    what = row["what"] + (f" (CPU: {row['cpu_ratio']:.2f})" if "cpu_ratio" in row else "")
    limits = [held(row[limit], row) for limit in ("bound", "aim")]
    return [name, *figures, held(row["value"], row), f"{low} - {high}", *limits, row["reached"], what]


def text_line(texts: list[str]) -> str:
    return LINE.format(*texts).rstrip()


def markdown_table(heads: list[str], lines: list[list[str]]) -> str:
    rule = ["---", *["---:" if head not in ("reached", "what") else "---" for head in heads[1:]]]
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, rule, *lines])


def marked(name: str, workload: str, results: dict) -> str:
    """A framework's ratio to PyTorch, with a star where it takes less time than learnnn; a dash where there is none."""
    found = results[workload]
    if name not in found["ratios"]:
        return "-"
    return f"{found['ratios'][name]['value']:.2f}" + ("*" if name in found["faster"] else "")


def others_lines(results: dict) -> list[list[str]]:
    """The second table: a row a framework, a column a workload."""
    names = dict.fromkeys(name for found in results.values() for name in [*found["ratios"], *found["reasons"]])
    shown = [name for name in names if name != "torch"]
    return [[name, *(marked(name, workload, results) for workload in results)] for name in shown]


def others_text(results: dict) -> str:
    lines = [["", *results], *others_lines(results)]
    return "\n".join(line[0].ljust(16) + "".join(f"{text:>9}" for text in line[1:]) for line in lines)


def notes(results: dict, remarks: dict[str, str]) -> list[str]:
    """What the second table cannot say: who was faster, what a framework is, why a place is empty."""
    faster = [
        f"* {name} takes {ratio:.2f} of learnnn's time on {workload}"
        for workload, found in results.items()
        for name, ratio in found["faster"].items()
    ]
    because: dict[tuple[str, str], list[str]] = {}
    for workload, found in results.items():
        for name, reason in found["reasons"].items():
            because.setdefault((name, reason), []).append(workload)
    empty = [f"{name}, {' '.join(workloads)}: {reason}" for (name, reason), workloads in because.items()]
    measured = {name for found in results.values() for name in found["ratios"]}
    return faster + [f"{name}: {text}" for name, text in remarks.items() if name in measured and text] + empty


def ran(about: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    computer = f"{about['processor']}, {about['cores']} cores, {about['linear algebra']}"
    return f"{computer}; Python {about['python']}, numpy {about['numpy']}, {versions}; {about['rounds']} round(s)"


def markdown(found: dict) -> str:
    """Both tables, as a page can hold them."""
    parts = [f"Measured on {ran(found['about'])}."]
    if found["rows"]:
        lines = [cells(name, row) for name, row in found["rows"].items()]
        parts.append(markdown_table(HEADS, [[*line[:7], REACHED[line[7]], line[8]] for line in lines]))
    if found["others"]:
        parts.append("CPU time of a step as a multiple of PyTorch's:")
        parts.append(markdown_table(["framework", *found["others"]], others_lines(found["others"])))
        parts.append(
            "\n".join(f"- {note}".replace("- *", "- \\*") for note in notes(found["others"], found["remarks"]))
        )
    return "\n\n".join(parts) + "\n"
