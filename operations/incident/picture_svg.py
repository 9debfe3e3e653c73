"""The curve as SVG: two plots over one time axis, marks as numbered lines, their words below. No script, no link.

Colours follow the reader's light or dark; without such a reader it is light.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from operations.incident.curve import Curve
from operations.incident.picture import Plot, mark_words, plot_of, round_top, runs_of, tick_words, ticks_of
from operations.text import clean

WIDTH = 920
_LEFT, _RIGHT = 64, 16
_INNER = WIDTH - _LEFT - _RIGHT
_LINE = 19
_LEVELS = 3
_STYLE = (
    ".vc-page{fill:#ffffff}.vc-text{fill:#1f2937;font:13px system-ui,sans-serif}.vc-small{font-size:12px}"
    ".vc-grid{stroke:#d1d5db;stroke-width:1}.vc-band{fill:#f59e0b;fill-opacity:.35}"
    ".vc-errors{stroke:#b91c1c;fill:none;stroke-width:2}.vc-p95{stroke:#1d4ed8;fill:none;stroke-width:2}"
    ".vc-area{fill:#b91c1c;fill-opacity:.12}"
    ".vc-change{stroke:#92400e;fill:#92400e}.vc-act{stroke:#047857;fill:#047857}"
    ".vc-message{stroke:#6d28d9;fill:#6d28d9}.vc-state{stroke:#4b5563;fill:#4b5563}"
    ".vc-mark{stroke-width:1.2;stroke-dasharray:4 3}.vc-badge{stroke:none}"
    ".vc-number{fill:#ffffff;font:11px system-ui,sans-serif;text-anchor:middle}"
    "@media (prefers-color-scheme:dark){.vc-page{fill:#111827}.vc-text{fill:#e5e7eb}.vc-grid{stroke:#4b5563}"
    ".vc-errors{stroke:#f87171}.vc-p95{stroke:#93c5fd}.vc-area{fill:#f87171}"
    ".vc-change{stroke:#fbbf24;fill:#fbbf24}.vc-act{stroke:#34d399;fill:#34d399}"
    ".vc-message{stroke:#c4b5fd;fill:#c4b5fd}.vc-state{stroke:#9ca3af;fill:#9ca3af}.vc-number{fill:#111827}}"
)


@dataclass(frozen=True, slots=True)
class _Panel:
    """One plot: its top, its height, the end of its scale, and how its figures are named."""

    top: int
    height: int
    most: float
    unit: str

    def y(self, value: float) -> float:
        return self.top + self.height * (1 - min(1.0, value / self.most))

    @property
    def bottom(self) -> int:
        return self.top + self.height


def curve_svg(curve: Curve, title: str) -> str:
    """The picture as one SVG element with its own size; empty without points. All text in it is inert."""
    if not curve.points:
        return ""
    plot = plot_of(curve, _INNER // 2)
    errors = _Panel(96, 150, round_top(plot.errors, 1.0), "%")
    slow = _Panel(errors.bottom + 40, 90, round_top(plot.p95, 0.1), " s")
    rows = len(plot.marks) + (1 if plot.left_out else 0) + (1 if curve.onset else 0)
    height = slow.bottom + 40 + _LINE * rows
    return "".join(_parts(curve, plot, errors, slow, height, title))


def _parts(curve: Curve, plot: Plot, errors: _Panel, slow: _Panel, height: int, title: str) -> Iterator[str]:
    name = _text(title)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        f' role="img" aria-label={quoteattr(_plain(title))}>'
    )
    yield f"<style>{_STYLE}</style>"
    yield f'<rect class="vc-page" x="0" y="0" width="{WIDTH}" height="{height}"/>'
    yield _words(_LEFT, 22, name)
    yield _words(_LEFT, 42, "failed requests (5xx), % of all", small=True)
    yield _words(_LEFT, slow.top - 8, "answer time (p95: 95% are quicker), seconds", small=True)
    yield from _axes(errors)
    yield from _axes(slow)
    yield from _times(plot, errors, slow)
    yield from _onset(curve, plot, errors, slow)
    yield from _line(plot.errors, errors, "errors")
    yield from _line(plot.p95, slow, "p95")
    yield from _marks(plot, errors, slow)
    yield from _legend(curve, plot, slow.bottom + 44)
    yield "</svg>"


def _axes(panel: _Panel) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        y = panel.y(panel.most * share)
        yield f'<line class="vc-grid" x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        yield _words(_LEFT - 8, y + 4, f"{panel.most * share:.4g}{panel.unit}", small=True, anchor="end")


def _times(plot: Plot, errors: _Panel, slow: _Panel) -> Iterator[str]:
    for at in ticks_of(plot.start, plot.end):
        x = _x(plot.place(at))
        for panel in (errors, slow):
            yield f'<line class="vc-grid" x1="{x:.1f}" y1="{panel.bottom}" x2="{x:.1f}" y2="{panel.bottom + 5}"/>'
        yield _words(x, slow.bottom + 18, tick_words(at, plot.start, plot.end), small=True, anchor="middle")
    yield _words(WIDTH - _RIGHT, 22, "times in UTC", small=True, anchor="end")


def _onset(curve: Curve, plot: Plot, errors: _Panel, slow: _Panel) -> Iterator[str]:
    if curve.onset is None:
        return
    left, right = _x(plot.place(curve.onset.earliest)), _x(plot.place(curve.onset.latest))
    width = max(2.0, right - left)
    yield (
        f'<rect class="vc-band" x="{right - width:.1f}" y="{errors.top}" width="{width:.1f}"'
        f' height="{slow.bottom - errors.top}"/>'
    )


def _line(values: Sequence[float | None], panel: _Panel, name: str) -> Iterator[str]:
    """The known stretches, a step for each value; between them the line is broken."""
    count = len(values)
    for run in runs_of(values):
        path = " ".join(
            f"{_x(edge / count):.1f},{panel.y(value):.1f}" for column, value in run for edge in (column, column + 1)
        )
        if name == "errors":
            left, right = _x(run[0][0] / count), _x((run[-1][0] + 1) / count)
            yield f'<polygon class="vc-area" points="{left:.1f},{panel.bottom} {path} {right:.1f},{panel.bottom}"/>'
        yield f'<polyline class="vc-{name}" points="{path}"/>'


def _marks(plot: Plot, errors: _Panel, slow: _Panel) -> Iterator[str]:
    """A dashed line through both plots for each mark, and over the lines their numbered badges."""
    spots = list(_spots(plot, errors))
    for mark, (x, y) in zip(plot.marks, spots, strict=True):
        yield f'<line class="vc-mark vc-{mark.kind}" x1="{x:.1f}" y1="{y}" x2="{x:.1f}" y2="{slow.bottom}"/>'
    for number, (mark, (x, y)) in enumerate(zip(plot.marks, spots, strict=True), 1):
        yield from _badge(x, y, number, mark.kind)


def _spots(plot: Plot, errors: _Panel) -> Iterator[tuple[float, int]]:
    """Where each badge goes: one that would meet another goes a level up."""
    taken: list[tuple[float, int]] = []
    for number, mark in enumerate(plot.marks):
        x = _x(plot.place(mark.at))
        near = {level for at, level in taken if abs(x - at) < 19}
        level = next((free for free in range(_LEVELS) if free not in near), number % _LEVELS)
        taken.append((x, level))
        yield x, errors.top - 10 - level * 18


def _legend(curve: Curve, plot: Plot, y: int) -> Iterator[str]:
    if curve.onset is not None:
        yield f'<rect class="vc-band" x="{_LEFT - 9}" y="{y - 11}" width="18" height="14"/>'
        exactly = f", or up to {curve.onset.margin:.0f} s before" if curve.onset.margin >= 1 else ""
        words = f"{curve.onset.latest:%H:%M:%SZ} errors began{exactly}"
        yield _words(_LEFT + 18, y, words, small=True)
        y += _LINE
    for number, mark in enumerate(plot.marks, 1):
        yield from _badge(_LEFT, y - 4, number, mark.kind)
        yield _words(_LEFT + 18, y, _text(mark_words(mark)), small=True)
        y += _LINE
    if plot.left_out:
        yield _words(_LEFT + 18, y, f"and {plot.left_out} more", small=True)


def _badge(x: float, y: float, number: int, kind: str) -> Iterator[str]:
    yield f'<circle class="vc-badge vc-{kind}" cx="{x:.1f}" cy="{y}" r="8.5"/>'
    yield f'<text class="vc-number" x="{x:.1f}" y="{y + 4}">{number}</text>'


def _words(x: float, y: float, words: str, *, small: bool = False, anchor: str = "start") -> str:
    """A line of text; `words` are escaped already."""
    kind = "vc-text vc-small" if small else "vc-text"
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def _x(place: float) -> float:
    return _LEFT + _INNER * place


def _text(words: str) -> str:
    return escape(_plain(words))


def _plain(words: str) -> str:
    """One line of characters that XML 1.0 may hold."""
    return " ".join(clean(words).replace("\ufffe", "").replace("\uffff", "").split())
