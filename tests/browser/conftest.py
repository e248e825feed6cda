"""A real JupyterLab in a real browser: one server and one Chromium for all tests that need them."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
KERNEL_READY = """async () => {
  const widget = window.jupyterapp.shell.currentWidget;
  await widget.context.ready;
  await widget.sessionContext.ready;
  await widget.sessionContext.session.kernel.info;
}"""


def pytest_collection_modifyitems(items: list) -> None:
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Lab:
    """A JupyterLab at `url` that shows the files in `folder`, and the browser to look at it with."""

    url: str
    folder: Path
    browser: Any
    pages: list = field(default_factory=list)

    def write(self, name: str, *cells: str) -> str:
        """A notebook of code cells -> its name."""
        import nbformat
        from nbformat import v4

        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells], metadata=kernel)
        nbformat.write(notebook, self.folder / name)
        return name

    def open(self, name: str, width: int = 1100, height: int = 1000, dark: bool = False) -> "Page":
        """Open a notebook in a page of its own and wait for its kernel."""
        scheme = "dark" if dark else "light"
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = Page(context.new_page())
        self.pages.append(context)
        page.open(f"{self.url}/lab/workspaces/auto-{len(self.pages)}/tree/{name}?reset")
        return page


class Page:
    """One notebook in JupyterLab. `page` is Playwright's page, `errors` what JavaScript complained of."""

    def __init__(self, page: Any):
        self.page, self.errors = page, []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> None:
        self.page.goto(url, wait_until="domcontentloaded")
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
        # run-all before the session is ready pops up a "Select Kernel" dialog that blocks everything
        self.page.evaluate(KERNEL_READY)
        if self.page.locator(".jp-Dialog").count():
            self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def run_all(self) -> None:
        """Start to run all cells; await what they should show, not this."""
        self.page.evaluate("() => { void window.jupyterapp.commands.execute('notebook:run-all-cells') }")

    def frame_times(self, root: str = ".ln") -> list[float]:
        """Milliseconds between the frames that a live picture has painted since `forget_frames`."""
        times = self.page.locator(root).first.evaluate("root => root.learnnn.times")
        return [b - a for a, b in pairwise(times)]

    def forget_frames(self, root: str = ".ln") -> None:
        """Measure from now on."""
        self.page.locator(root).first.evaluate("root => { root.learnnn.times.length = 0 }")

    def wear(self, theme: str) -> None:
        """Change the theme: "JupyterLab Dark" or "JupyterLab Light"."""
        self.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        light = "false" if "Dark" in theme else "true"
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached", timeout=30_000)

    def wait_for_text(self, text: str, timeout: float = 60_000) -> None:
        """Until some output says so; a cell's error is raised at once."""
        self.page.wait_for_function(
            """text => {
              const said = [...document.querySelectorAll('.jp-OutputArea-output')].map(e => e.textContent);
              const failed = document.querySelector('[data-mime-type="application/vnd.jupyter.error"]');
              return said.some(s => s.includes(text)) || failed;
            }""",
            arg=text,
            timeout=timeout,
        )
        said = self.page.locator(".jp-OutputArea-output").all_inner_texts()
        assert any(text in s for s in said), said


@pytest.fixture(scope="session")
def lab(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running JupyterLab with this repository's learnnn; skipped where JupyterLab is not installed."""
    pytest.importorskip("jupyterlab")
    folder, home = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.port_retries": 0, "ServerApp.root_dir": folder,
        "IdentityProvider.token": "", "ServerApp.password": "", "ServerApp.disable_check_xsrf": True,
        "LabApp.news_url": "", "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.expose_app_in_browser": True,
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTERLAB_SETTINGS_DIR": "settings"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LEARNNN_HOME": str(home / "mine")}
    environment |= {variable: str(home / name) for variable, name in places.items()}
    quiet = home / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews": "false"}')  # no question about news on top of the page
    server = subprocess.Popen(
        [*command, *[f"--{name}={value}" for name, value in options.items()]],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_until_up(server, f"http://127.0.0.1:{port}/api")
        lab = Lab(f"http://127.0.0.1:{port}", folder, browser)
        yield lab
        for context in lab.pages:
            context.close()
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_up(server: subprocess.Popen, url: str) -> None:
    for _ in range(240):
        if server.poll() is not None:
            pytest.fail(f"JupyterLab ended with {server.returncode} before it answered")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail("JupyterLab did not answer within two minutes")
