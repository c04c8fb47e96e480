"""The embedded server for a script: a temporary SQLite database with the demo in it, on a free port."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_alive(base: str, process) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            if urllib.request.urlopen(f"{base}/healthz", timeout=5).status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("The embedded server does not answer.")


@contextlib.contextmanager
def embedded_server():
    """Migrate, load the demo and serve; gives the address, stops the server at the end."""
    machine.unwind_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="portal-") as folder:
        port = free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
            "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3",
            "PORTAL_URL": f"http://localhost:{port}",
        }

        def manage(*arguments):
            return subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment)

        for preparation in (["migrate", "--verbosity", "0"], ["load_demo"]):
            if manage(*preparation).wait():
                raise SystemExit(f"manage.py {preparation[0]} failed.")
        server = manage("serve", "--port", str(port))
        try:
            wait_until_alive(f"http://localhost:{port}", server)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait()
