"""Where a paper goes: to stdout, or into a new file for its owner's eyes. A file that is there is left as it is."""

from __future__ import annotations

import os
from pathlib import Path

import click

from operations.documents.html import html
from operations.documents.markdown import markdown
from operations.documents.model import Document
from operations.errors import VigieError

FORMATS = click.Choice(["md", "json", "html"])


def rendered(document: Document, how: str, *, out: Path | None = None, picture: Path | None = None) -> str:
    """The paper as `md` or `html`; Markdown names the picture's file as seen from its own."""
    if how == "html":
        return html(document)
    where = "" if picture is None else os.path.relpath(picture, out.parent if out is not None else Path())
    return markdown(document, where)


def put(text: str, out: Path | None) -> None:
    """Print it, or write it into that new file."""
    if out is None:
        click.echo(text, nl=False)
    else:
        write_new(out, text.encode())


def write_new(path: Path, content: bytes) -> None:
    """A new file (mode 0600), whole or not at all. Raises VigieError where one is there, or it cannot be written."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # Unlike a rename this fails where one is there.
            os.link(half, path)
        finally:
            half.unlink(missing_ok=True)
    except FileExistsError:
        raise VigieError(f"{path} is there already, and was left as it is.", next_step="Name another file.") from None
    except OSError as error:
        raise VigieError(f"{path} cannot be written: {error.strerror or error}.") from None
