"""Every hook has an entry in the gallery, in one call; its still form needs no kernel and no script."""

import ast
import base64
import re
import sys
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("nbformat")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
import build_gallery  # noqa: E402

from learnnn import inspection  # noqa: E402

FILES = sorted(path.stem for path in build_gallery.ENTRIES.glob("*.py"))
LISTED = [name for names in build_gallery.ORDER.values() for name in names]
HOOKS = sorted(name for name in inspection.__all__ if name[0].islower())
each = pytest.mark.parametrize("name", FILES)


@cache
def picture(name):
    return build_gallery.entry(build_gallery.ENTRIES / f"{name}.py").picture()


def test_every_file_is_listed_once():
    assert sorted(LISTED) == FILES


def test_every_hook_is_shown():
    code = "\n".join(build_gallery.entry(build_gallery.ENTRIES / f"{name}.py").code for name in FILES)
    assert [hook for hook in HOOKS if f"{hook}(" not in code] == []


@each
def test_an_entry_is_one_call(name):
    entry = build_gallery.entry(build_gallery.ENTRIES / f"{name}.py")
    assert 20 < len(entry.caption) < 400
    assert entry.caption.endswith(".")
    lines = [line for line in entry.code.splitlines() if line.strip()]
    assert len(lines) <= 28  # most of them train the model; a GAN takes some
    assert isinstance(ast.parse(entry.code).body[-1], ast.Expr)


@pytest.mark.slow
@each
def test_an_entry_has_every_form(name):
    found = picture(name)
    assert len(found.text) > 20
    assert found.data is not None
    assert found.to_svg().startswith("<svg")
    assert found.to_png(scale=1)[:4] == b"\x89PNG"
    assert found.to_png(scale=1, dark=True) != found.to_png(scale=1)
    html = found.to_html()
    assert ("<script" in html) == hasattr(found, "script")
    assert "<script" not in html.split("<img")[0]  # the still form comes first
    assert len(html) < 1_000_000


@pytest.mark.slow
def test_still_forms_render_under_nbconvert_without_a_kernel(tmp_path, chromium):
    """A notebook that was run and saved -> HTML -> a browser that runs no scripts: every picture is there."""
    nbconvert, v4 = pytest.importorskip("nbconvert"), pytest.importorskip("nbformat.v4")
    cells = [v4.new_code_cell(name, outputs=[_output(v4, picture(name))]) for name in FILES]
    body, _ = nbconvert.HTMLExporter().from_notebook_node(v4.new_notebook(cells=cells))
    (tmp_path / "gallery.html").write_text(body, "utf-8")
    sizes = _sizes_without_scripts(tmp_path / "gallery.html", chromium)
    assert len(sizes) == len(FILES)
    assert all(width > 100 and height > 40 for width, height in sizes), dict(zip(FILES, sizes))


def _output(v4, found):
    data = {"text/plain": found.text, "text/html": found._repr_html_()}
    if getattr(found, "kernel", False):  # in JupyterLab it was a widget, which is gone
        data["application/vnd.jupyter.widget-view+json"] = {"model_id": "gone", "version_major": 2}
    return v4.new_output("execute_result", data=data, execution_count=1)


def _sizes_without_scripts(path, chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(path.as_uri())
        boxes = [image.bounding_box() for image in page.locator(".learnnn-picture img").all()]
        browser.close()
    return [(box["width"], box["height"]) for box in boxes]


def test_the_built_files_are_of_today():
    """Names, captions and code in GALLERY.md and gallery.ipynb are those of the entries; pictures are not compared."""
    text = (ROOT / "docs/GALLERY.md").read_text("utf-8")
    notebook = (ROOT / "docs/gallery.ipynb").read_text("utf-8")
    for name in FILES:
        entry = build_gallery.entry(build_gallery.ENTRIES / f"{name}.py")
        assert entry.code in text
        assert entry.caption in text
        assert (build_gallery.IMAGES / f"{name}.svg").exists()
        assert f"### {name}" in notebook


def test_no_picture_in_the_repository_runs_a_script():
    for path in build_gallery.IMAGES.glob("*.svg"):
        svg = path.read_text("utf-8")
        assert "<script" not in svg
        for data in re.findall(r"data:image/png;base64,([^\"]+)", svg):
            assert base64.b64decode(data)[:4] == b"\x89PNG"
