"""Runs one of the site's web applications on a loopback port of its own choice and writes that port to a file.

`python -m operations.practice.serve FOLDER MODULE PORT_FILE`: the module's `create()` makes the application.
"""

from __future__ import annotations

import importlib
import logging
import socket
import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM; open requests get two seconds."""
    folder, module, port_file = arguments
    if folder:
        sys.path.insert(0, folder)
    import uvicorn

    application = importlib.import_module(module).create()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    target = Path(port_file)
    fresh = target.with_name(target.name + ".new")
    fresh.write_text(str(listener.getsockname()[1]), "ascii")
    fresh.replace(target)
    logging.basicConfig(level=logging.WARNING)
    configuration = uvicorn.Config(
        application, log_level="warning", access_log=False, timeout_graceful_shutdown=2, timeout_keep_alive=30
    )
    uvicorn.Server(configuration).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1:])
