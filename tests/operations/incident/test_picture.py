"""The picture of the curve in its three forms: every mark on it, all text inert, the same for the same curve."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from unicodedata import category
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from operations.incident.curve import Curve, Mark, Point, curve_of
from operations.incident.picture import MOST_MARKS, plot_of, round_top, ticks_of
from operations.incident.picture_png import curve_png
from operations.incident.picture_svg import curve_svg
from operations.incident.picture_text import curve_lines
from operations.incident.refold import incident_from
from tests.operations.incident.tale import ID, NIGHT, bad_release

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {f"{SVG}{name}" for name in ("svg", "style", "rect", "line", "circle", "polyline", "polygon", "text")}
VALUES = st.one_of(st.none(), st.floats(0, 1e12))


def told() -> Curve:
    one = incident_from(bad_release().events, ID)
    assert one is not None
    return curve_of(one)


def test_the_text_form_shows_both_figures_and_each_mark_under_its_minute() -> None:
    lines = curve_lines(told(), 100)
    assert lines[0].startswith("5xx  ▁▁▁") and lines[0].endswith("up to 38%")
    assert lines[1].startswith("p95  ") and lines[1].endswith("up to 0.9 s")
    assert "  1  03:06:00Z release v2.4.1 a1b2c3d tom" in lines
    column = lines[2].index("1")
    assert lines[0][column] == "▁" and lines[0][column + 1] == "▆"


def test_the_text_form_keeps_within_its_width_and_knows_ascii() -> None:
    for width in (40, 80, 120):
        lines = curve_lines(told(), width, " .:-=+*#@")
        assert all(len(line) <= width for line in lines[:4])
        assert lines[0].isascii()


def test_marks_that_meet_at_the_right_edge_stand_beside_each_other_in_their_order() -> None:
    curve = told()
    last = curve.points[-1].at
    late = tuple(Mark(last + timedelta(seconds=n), "message", f"message {n}") for n in range(9))
    lines = curve_lines(replace(curve, marks=(*curve.marks[:1], *late)), 80)
    assert lines[2].rstrip().endswith("23456789a")
    assert len(lines[2]) <= len(lines[0])


def test_no_points_give_no_picture() -> None:
    empty = Curve((), (), None)
    assert (curve_lines(empty, 80), curve_svg(empty, "x")) == ((), "")


def test_the_svg_holds_axes_curves_and_numbered_marks_and_nothing_else() -> None:
    root = ElementTree.fromstring(curve_svg(told(), "5xx & p95"))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "5xx & p95" in texts and "03:17:07Z rollback to v2.4.0" in texts
    assert "03:07:00Z errors began, or up to 20 s before" in texts
    assert {element.tag for element in root.iter()} <= DRAWN
    assert len(list(root.iter(f"{SVG}circle"))) == 2 * len(told().marks)


def test_the_rollback_lies_right_of_the_release_where_the_errors_end() -> None:
    root = ElementTree.fromstring(curve_svg(told(), "x"))
    lines = {
        e.get("class", ""): float(e.get("x1", "0")) for e in root.iter(f"{SVG}line") if "vc-mark" in e.get("class", "")
    }
    first = root.find(f"{SVG}polyline[@class='vc-errors']")
    assert first is not None
    rise = [float(pair.split(",")[0]) for pair in (first.get("points") or "").split()]
    assert min(rise) < lines["vc-mark vc-change"] < lines["vc-mark vc-act"] < max(rise)


def test_it_reads_in_light_and_in_dark() -> None:
    style = re.search(r"<style>(.*?)</style>", curve_svg(told(), "x"))
    assert style is not None and "prefers-color-scheme:dark" in style[1]
    light, dark = style[1].split("@media", 1)
    assert set(re.findall(r"\.vc-[a-z0-9]+", dark)) <= set(re.findall(r"\.vc-[a-z0-9]+", light))


def test_the_png_is_the_svg_at_twice_its_size() -> None:
    svg = curve_svg(told(), "Coupé à 03:07 — 日本")
    height = int(ElementTree.fromstring(svg).get("height", "0"))
    png = curve_png(svg)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1840, 2 * height)


def test_more_marks_than_there_is_room_for_are_counted_and_acts_stay() -> None:
    curve = told()
    many = tuple(Mark(NIGHT + timedelta(seconds=n), "message", f"m{n}") for n in range(100))
    act = Mark(NIGHT + timedelta(seconds=200), "act", "rollback")
    plot = plot_of(replace(curve, marks=(*many, act)), 80)
    assert len(plot.marks) == MOST_MARKS and plot.marks[-1] == act and plot.left_out == 71


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_gets_out_of_its_place(title: str, words: str) -> None:
    hostile = replace(told(), marks=(Mark(NIGHT, "change", words + "</text><script>alert(1)</script>"),))
    root = ElementTree.fromstring(curve_svg(hostile, title + '"><script>'))
    assert {element.tag for element in root.iter()} <= DRAWN
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    assert not [c for line in curve_lines(hostile, 80) for c in line if category(c) in ("Cc", "Cs")]


@given(
    st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=400), st.integers(20, 200), st.sampled_from([1, 60, 86400])
)
def test_any_figures_are_drawn_within_their_frame(
    rows: list[tuple[float | None, float | None]], width: int, step: int
) -> None:
    found = tuple(Point(NIGHT + timedelta(seconds=n * step), *row) for n, row in enumerate(rows))
    curve = Curve(found, (), None, float(step))
    plot = plot_of(curve, width)
    assert len(plot.errors) == len(plot.p95) <= width
    known = [value for value, _ in rows if value is not None]
    assert max([v for v in plot.errors if v is not None], default=None) == max(known, default=None)
    root = ElementTree.fromstring(curve_svg(curve, "x"))
    height = float(root.get("height", "0"))
    for line in root.iter(f"{SVG}polyline"):
        for pair in (line.get("points") or "").split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= 920 and 0 <= y <= height


@given(st.floats(0, 1e15), st.floats(1e-6, 10))
def test_a_scale_holds_its_values_and_is_not_far_too_large(value: float, least: float) -> None:
    top = round_top([value, None], least)
    assert max(value, least) * 0.999 <= top <= max(value, least) * 2.6


@given(st.integers(1, 40_000_000))
def test_ticks_are_round_few_and_within(span: int) -> None:
    start = NIGHT.timestamp() + 17
    ticks = ticks_of(start, start + span)
    assert len(ticks) <= 10 and all(start <= tick.timestamp() <= start + span for tick in ticks)
