"""The console script `vigie`: hands the command line a function that opens the console, imported only then."""

from __future__ import annotations

import sys

from operations.cli import Session, run


def open_console(session: Session) -> int:
    """Open the full-screen console; returns its exit code."""
    from tui.start import start

    return start(session)


def main() -> None:
    """Entry point of the command `vigie`."""
    sys.exit(run(open_console))


if __name__ == "__main__":
    main()
