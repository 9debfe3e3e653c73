"""A tiny real site: serves the release folder it was started in. `restart` ends the old process and starts a new one.

Run as a program by the release platform's restart command: siteserver.py restart ROOT PORT WATCHED-PID
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar


class Site(ThreadingHTTPServer):
    """Several may listen on one port while one takes over from the other."""

    daemon_threads = True
    allow_reuse_port = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


class Pages(BaseHTTPRequestHandler):
    """Answers from the release folder, read once when the process starts."""

    release: ClassVar[dict[str, Any]] = {}
    folder = Path()

    def do_GET(self) -> None:
        faults = Path(self.folder, "faults").read_text().split() if Path(self.folder, "faults").exists() else []
        if self.path == "/api/version":
            self._send(200, "application/json", json.dumps(self.release).encode())
        elif self.path == "/api/health":
            sick = "health" in faults
            body = {"status": "unhealthy" if sick else "healthy", "services": {"database": "healthy"}}
            self._send(503 if sick else 200, "application/json", json.dumps(body).encode())
        elif self.path == "/login":
            self._send(500 if "login" in faults else 200, "application/json", b'{"session": "yes"}')
        elif self.path == "/":
            self._send(200, "text/html", b'<html><script src="/assets/app.js"></script>Dispatch</html>')
        elif self.path == "/assets/app.js":
            self._send(200, "text/javascript", b"start()")
        else:
            self._send(404, "text/plain", b"not here")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def serve(root: Path, port: int, watched: int) -> None:
    """Serve until killed, or until the test process that started all this is gone."""
    Pages.folder = Path.cwd()
    Pages.release = json.loads((Pages.folder / "release.json").read_text())
    server = Site(("127.0.0.1", port), Pages)
    (root / "server.pid.new").write_text(str(os.getpid()))
    (root / "server.pid.new").replace(root / "server.pid")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while Path(f"/proc/{watched}").exists():
        time.sleep(0.5)


def restart(root: Path, port: str, watched: str) -> int:
    """The restart command. A file `restart-lies` makes it report success without doing anything."""
    if (root / "restart-fails").exists():
        print("unit not found")
        return 3
    if (root / "restart-lies").exists():
        return 0
    stop(root)
    subprocess.Popen(
        [sys.executable, __file__, "serve", str(root), port, watched],
        cwd=os.path.realpath(root / "current"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not (root / "server.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return 0 if (root / "server.pid").exists() else 4


def stop(root: Path) -> None:
    """End the running server, if there is one, and wait until it serves no more."""
    try:
        pid = int((root / "server.pid").read_text())
    except FileNotFoundError:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    while _runs(pid):
        time.sleep(0.005)
    (root / "server.pid").unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


if __name__ == "__main__":
    act, folder, port_number, watched_pid = sys.argv[1:]
    if act == "restart":
        sys.exit(restart(Path(folder), port_number, watched_pid))
    serve(Path(folder), int(port_number), int(watched_pid))
