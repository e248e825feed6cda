"""Builds the gallery of learnnn.inspection from docs/gallery/*.py, one hook a file:

docs/GALLERY.md with docs/images/gallery/*.svg (still, for a code-hosting page), docs/gallery.ipynb (to run), and
build/gallery.html (still and live, no kernel needed).

    python docs/build_gallery.py            all three
    python docs/build_gallery.py graph      the page alone, with these entries
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

HERE = Path(__file__).parent
ENTRIES, IMAGES = HERE / "gallery", HERE / "images" / "gallery"
PAGE = HERE.parent / "build" / "gallery.html"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
# In the order of the lessons. Every file of docs/gallery stands here, which a test checks.
ORDER = {
    "Gradients and graphs": [
        "graph", "graph_player", "graph_model", "gradcheck", "gradgradcheck", "broadcast", "unbroadcast", "predict",
    ],
    "Models on a plane": ["decision_boundary", "decision_boundary_estimator", "playground"],
    "Training": [
        "watch", "live_metrics", "dashboard", "runs", "replay", "landscape", "landscape_ball", "optimizer_race",
        "profile",
    ],
    "Images": ["kernels", "feature_maps", "saliency", "grad_cam"],
    "Sequences": ["embedding_map", "gates", "attention", "residual_lens", "sampling"],
    "Models that make something": ["latent", "film", "denoise"],
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A hook in one call: what it is for, and the code whose last line is the call."""

    name: str
    caption: str
    code: str

    def picture(self) -> Any:
        """Run the code -> what its last line gives."""
        tree = ast.parse(self.code)
        last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
        space: dict[str, Any] = {"__name__": f"gallery.{self.name}"}
        exec(compile(tree, self.name, "exec"), space)
        return eval(compile(last, self.name, "eval"), space)


def entry(path: Path) -> Entry:
    """Read one file of the gallery."""
    text = path.read_text("utf-8")
    first = ast.parse(text).body[0]
    caption = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
    code = "\n".join(text.splitlines()[first.end_lineno :]).strip("\n")
    return Entry(path.stem, caption, code)


def gallery() -> dict[str, list[Entry]]:
    """Every entry, by section."""
    return {section: [entry(ENTRIES / f"{name}.py") for name in names] for section, names in ORDER.items()}


# ------------------------------------------------------------------------------------------------- three forms
def markdown(sections: dict[str, list[Entry]]) -> str:
    """The still gallery; writes the pictures it shows."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    parts = [HEAD]
    for section, entries in sections.items():
        parts.append(f"## {section}\n")
        for e in entries:
            picture = e.picture()
            picture.save(IMAGES / f"{e.name}.svg")
            alt = picture.text.splitlines()[0].replace("[", "(").replace("]", ")")
            code = f"```python\n{e.code}\n```"
            parts.append(f"### {e.name}\n\n{e.caption}\n\n{code}\n\n![{alt}](images/gallery/{e.name}.svg)\n")
    return "\n".join(parts)


HEAD = """# Gallery

Everything that `learnnn.inspection` can show, in one call each. The pictures here are still; in a notebook
([gallery.ipynb](gallery.ipynb)) and on the page that `make gallery` builds they are live. This file is built by
`docs/build_gallery.py` from the files in `gallery/`.
"""


def notebook(sections: dict[str, list[Entry]]) -> nbformat.NotebookNode:
    """The gallery to run."""
    cells = [v4.new_markdown_cell("# Gallery\n\nEverything that `learnnn.inspection` can show, in one call each.")]
    for section, entries in sections.items():
        cells.append(v4.new_markdown_cell(f"## {section}"))
        for e in entries:
            cells += [v4.new_markdown_cell(f"### {e.name}\n\n{e.caption}"), v4.new_code_cell(e.code)]
    for i, cell in enumerate(cells):
        cell["id"] = f"gallery-{i}"
    return v4.new_notebook(cells=cells, metadata=KERNEL)


def page(sections: dict[str, list[Entry]]) -> str:
    """The gallery as one page that needs no kernel: each hook live, and its still form in a fold."""
    links, parts = [], []
    for section, entries in sections.items():
        links.append(f"<b>{escape(section)}</b> " + " ".join(f'<a href="#{e.name}">{e.name}</a>' for e in entries))
        parts.append(f"<h2>{escape(section)}</h2>")
        parts += [_section(e) for e in entries]
    template = (ENTRIES / "page.html").read_text("utf-8")
    return template.replace("LINKS", "<br>".join(links)).replace("PARTS", "\n".join(parts))


def _section(e: Entry) -> str:
    picture = e.picture()
    still = picture.to_html(live=False) if hasattr(picture, "script") else ""
    fold = f"<details><summary>still form and text</summary>{still}<pre>{escape(picture.text)}</pre></details>"
    return (
        f'<section id="{e.name}"><h3>{e.name}</h3><p>{escape(e.caption)}</p><pre><code>{escape(e.code)}</code></pre>'
        f"{picture.to_html()}{fold}</section>"
    )


def main(names: list[str]) -> None:
    """Build what was asked for."""
    PAGE.parent.mkdir(exist_ok=True)
    if names:
        PAGE.write_text(page({"Chosen": [entry(ENTRIES / f"{name}.py") for name in names]}), "utf-8")
        return
    sections = gallery()
    (HERE / "GALLERY.md").write_text(markdown(sections), "utf-8")
    nbformat.write(notebook(sections), HERE / "gallery.ipynb")
    PAGE.write_text(page(sections), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
