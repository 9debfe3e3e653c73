"""A paper as one HTML file that needs nothing else: no script, no request, readable in light, in dark and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from operations.documents.model import Blank, Block, Bullets, Document, Paragraph, Picture, Subtitle, Table, Verbatim
from operations.text import clean

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1f2937;
  background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2rem; border-bottom: 1px solid #d1d5db; }
h3 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .25rem .5rem;
  min-width: 4.5rem; border-bottom: 1px solid #d1d5db; }
pre { white-space: pre-wrap; padding: .75rem; background: #f3f4f6; }
.blank { border-left: 4px solid #b45309; padding: .25rem .75rem; background: #fef3c7; }
svg { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { body { color: #e5e7eb; background: #111827; } pre { background: #1f2937; }
  .blank { background: #451a03; } h2, th, td { border-color: #4b5563; } }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr, pre { break-inside: avoid; } }
""".strip()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(document: Document) -> str:
    """The whole file. Its policy lets a browser run nothing and load nothing, whatever stands in it."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    title = shown(document.title)
    yield "<!doctype html>"
    yield f'<html lang="{shown(document.language)}">'
    yield '<head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>"
    yield f"<style>{_STYLE}</style></head>"
    yield f"<body><h1>{title}</h1>"
    for section in document.sections:
        yield f"<section><h2>{shown(section.title)}</h2>"
        for block in section.blocks:
            yield from _block(block)
        yield "</section>"
    yield "</body></html>"


def shown(text: str) -> str:
    """Text that HTML shows as it is, in an element and in a quoted attribute."""
    return escape(clean(text), quote=True)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(text):
            yield f"<p>{shown(text)}</p>"
        case Subtitle(text):
            yield f"<h3>{shown(text)}</h3>"
        case Blank(asks):
            yield f'<p class="blank"><strong>To be written:</strong> {shown(asks)}</p>'
        case Verbatim(text):
            yield f"<pre>{shown(text)}</pre>"
        case Bullets():
            yield f"<ul>{''.join(f'<li>{item}</li>' for item in _items(block))}</ul>"
        case Table(head, rows) if rows:
            yield f"<table><thead><tr>{''.join(f'<th>{shown(cell)}</th>' for cell in head)}</tr></thead><tbody>"
            for row in rows:
                yield f"<tr>{''.join(f'<td>{shown(cell)}</td>' for cell in row)}</tr>"
            yield "</tbody></table>"
        case Picture(title, svg, _):
            yield f'<figure aria-label="{shown(title)}">{svg}</figure>'


def _items(block: Bullets) -> Iterator[str]:
    for number, item in enumerate(block.items):
        box = f"{'☑' if block.done[number] else '☐'} " if block.done else ""
        yield f"{box}{shown(item)}"
