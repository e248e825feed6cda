"""JupyterLab on a folder: find it a port, start it, say where it is, stop it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from .terminal import Problem, say

START_PAGE = "00_start.ipynb"
SETTINGS = Path(__file__).with_name("jupyter")  # no question about news over a learner's first lesson


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def pick_port(wanted: int | None) -> int:
    """The port asked for, else the first free one from Jupyter's usual 8888 on."""
    if wanted is None:
        return next(filter(free, range(8888, 65536)))
    if not free(wanted):
        raise Problem(f"port {wanted} is taken: choose another, or leave --port out", 2)
    return wanted


def lab_command(folder: Path, port: int, browser: bool) -> list[str]:
    options = [
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.answer_yes=True",
        "--ServerApp.log_level=ERROR",
        "--LabApp.log_level=ERROR",
        f"--LabApp.default_url=/lab/tree/{START_PAGE}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    options += [] if browser else ["--no-browser"]
    options += ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    return [sys.executable, "-m", "jupyterlab", *options]


def answers(url: str) -> bool:
    """Whether a server answers; asked directly, because a proxy does not know this machine's own address."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2):
            return True
    except OSError:
        return False


def wait_for(server: subprocess.Popen, url: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not answers(url):
        if server.poll() is not None:
            raise Problem(f"JupyterLab stopped as it started (exit code {server.returncode}): see above")
        if time.monotonic() > deadline:
            raise Problem(f"JupyterLab did not answer on {url} within {seconds:.0f} s")
        time.sleep(0.2)


def stop(server: subprocess.Popen) -> None:
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()


def serve(folder: Path, port: int, browser: bool) -> None:
    """Run JupyterLab on `folder` until it is stopped."""
    token = secrets.token_hex(16)
    paths = os.pathsep.join(filter(None, [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")]))
    environment = {**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": paths}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = subprocess.Popen(lab_command(folder, port, browser), env=environment)
    try:
        wait_for(server, f"http://127.0.0.1:{port}/api")
        say(f"\n  http://127.0.0.1:{port}/lab/tree/{START_PAGE}?token={token}\n")
        say("Your browser opens this page. Ctrl-C here stops the course." if browser else "Ctrl-C stops it.")
        server.wait()
    except KeyboardInterrupt:
        say(f"\nStopped. Your work is in {folder}.")
    finally:
        stop(server)
