"""What is written when a part of the screen changed."""

from __future__ import annotations

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.lines import Line, line
from tui.panels.block import APART, differing
from tui.wire import ChangedCells

CONSOLE = Console(width=80, color_system="truecolor", force_terminal=True)
RED = Style.parse("bold #f7768e on #111318")


def header(since: str, age: str, due: str) -> Line:
    left = line(" DRILL ", (" X DOWN", "bad"), (f" {since}", "bad"), "  1122-zjh P0 ", age)
    return (*left, ("  UPDATE DUE ", "warn"), (due, "plain"))


def written(text: str, *spans: tuple[int, int]) -> str:
    strip = Strip([Segment(text, RED)])
    update = ChopsUpdate([{0: strip}], [(0, left, right) for left, right in spans], [[80]])
    return ChangedCells.of(update).render_segments(CONSOLE)


def test_of_a_header_with_three_running_clocks_only_their_digits_are_painted() -> None:
    before, after = header("16m29s", "1m06s", "53s"), header("16m30s", "1m07s", "52s")
    regions = differing(before, after, 0, 80)
    assert [(region.width, region.height) for region in regions] == [(2, 1), (1, 1), (1, 1)]
    text, changed = ("".join(text for text, _ in row) for row in (before, after))
    for region in regions:
        assert text[region.x : region.right] != changed[region.x : region.right]
        text = text[: region.x] + changed[region.x : region.right] + text[region.right :]
    assert text == changed


def test_places_near_each_other_are_painted_as_one() -> None:
    between = "-" * (APART - 1)
    before, after = line(f"a{between}a"), line(f"b{between}b")
    assert differing(before, after, 3, 80) == [Region(0, 3, APART + 1, 1)]


def test_a_row_whose_length_or_cells_are_others_is_painted_whole() -> None:
    whole = [Region(0, 0, 80, 1)]
    assert differing(header("9s", "1s", "5s"), header("10s", "1s", "5s"), 0, 80) == whole
    assert differing((("日本", "plain"),), (("日曜", "plain"),), 0, 80) == whole


def test_an_update_writes_the_cells_of_its_spans_and_nothing_beside_them() -> None:
    found = written("down for 16m30s, update due in 52s", (12, 14), (31, 33))
    assert found.count("\x1b[1;") == 4, "two places, and a colour for each"
    assert "\x1b[1;13H" in found
    assert "\x1b[1;32H" in found
    assert "30" in found
    assert "52" in found
    assert "down" not in found
    assert "update" not in found


def test_wide_characters_are_never_cut_in_half() -> None:
    found = written("日本日本", (3, 6))
    assert "\x1b[1;1H" in found
    assert "日本日" in found
