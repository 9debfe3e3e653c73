"""A tiny real site: serves the release folder that was live when it was last restarted, over loopback.

The restart is a command of its own, as a platform runs it; a process a site would cost more than most of the tests.
"""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RESTART = """
cd "$1" || exit 4
if [ -e restart-fails ]; then echo unit not found; exit 3; fi
if [ -e restart-lies ]; then exit 0; fi
cp -P --remove-destination current served.new && mv -T served.new served
"""


def restart_command(root: Path) -> list[str]:
    """The restart command of the site in `root`.

    A file `restart-fails` makes it fail, `restart-lies` makes it report success without doing anything.
    """
    return ["sh", "-c", RESTART, "restart", str(root)]


class SiteServer:
    """The site of one test: what `served` in `root` leads to. Stops answering when it is stopped."""

    def __init__(self, root: Path) -> None:
        site = self
        self.root = root

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body = site.answer(self.path)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def stop(self) -> None:
        """From now on nobody answers there; twice does no harm."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, type and body of a page of the served release."""
        served = self.root / "served"
        if not served.is_dir():
            return 502, "text/plain", b"nothing runs"
        folder = Path(os.path.realpath(served))
        faults = (folder / "faults").read_text().split() if (folder / "faults").exists() else []
        if path == "/api/version":
            return 200, "application/json", (folder / "release.json").read_bytes()
        if path == "/api/health":
            sick = "health" in faults
            body = {"status": "unhealthy" if sick else "healthy", "services": {"database": "healthy"}}
            return 503 if sick else 200, "application/json", json.dumps(body).encode()
        if path == "/login":
            return 500 if "login" in faults else 200, "application/json", b'{"session": "yes"}'
        if path == "/":
            return 200, "text/html", b'<html><script src="/assets/app.js"></script>Dispatch</html>'
        if path == "/assets/app.js":
            return 200, "text/javascript", b"start()"
        return 404, "text/plain", b"not here"
