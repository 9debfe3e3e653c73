"""Traffic is read as it is written: logs that rotate, pages of counters, and where a run of errors began."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.watch.traffic.figures import find_run, fold_error, fold_path, quantile, usual_rate
from operations.watch.traffic.metrics import between, read_metrics
from operations.watch.traffic.prometheus import run_of
from operations.watch.traffic.request_log import LogLine, LogReader
from operations.watch.traffic.table import RequestTable

T = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def _line(seconds: float, status: int = 200, path: str = "/api/calls", error: str = "", took: float = 0.1) -> LogLine:
    return LogLine(T + timedelta(seconds=seconds), path, status, took, error)


def _text(*lines: LogLine) -> str:
    import msgspec

    return "".join(msgspec.json.encode(line).decode() + "\n" for line in lines)


def test_a_log_is_read_as_it_grows_and_half_lines_wait(tmp_path: Path) -> None:
    path = tmp_path / "log"
    whole, half = _text(_line(0), _line(1)), _text(_line(2))
    path.write_text(whole + half[:20])
    reader = LogReader(path)
    assert len(list(reader.new_lines())) == 2
    assert list(reader.new_lines()) == []
    with path.open("a") as file:
        file.write(half[20:])
    assert [line.at for line in list(reader.new_lines())] == [T + timedelta(seconds=2)]
    reader.close()


def test_a_rotated_log_loses_no_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(_text(_line(0)))
    reader = LogReader(path)
    list(reader.new_lines())
    with path.open("a") as file:
        file.write(_text(_line(1)))
    path.rename(tmp_path / "log.1")
    path.write_text(_text(_line(2), _line(3)))
    assert len(list(reader.new_lines())) == 3
    reader.close()


def test_a_truncated_log_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(_text(*(_line(n) for n in range(5))))
    reader = LogReader(path)
    list(reader.new_lines())
    path.write_text(_text(_line(9)))
    assert len(list(reader.new_lines())) == 1
    reader.close()


def test_a_long_log_is_read_from_its_end_only(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(_text(*(_line(n) for n in range(100))))
    reader = LogReader(path, back=1000)
    assert 5 < len(list(reader.new_lines())) < 15
    reader.close()


def test_lines_that_are_no_requests_are_counted_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'[/x]\n\xff\xfe\n{"at": 1}\n' + _text(_line(0)).encode() + b"\n")
    reader = LogReader(path)
    assert len(list(reader.new_lines())) == 1
    assert reader.unreadable == 3
    reader.close()


def test_a_missing_log_is_an_error_and_one_that_comes_later_is_read(tmp_path: Path) -> None:
    reader = LogReader(tmp_path / "log")
    with pytest.raises(FileNotFoundError):
        list(reader.new_lines())
    (tmp_path / "log").write_text(_text(_line(0)))
    assert len(list(reader.new_lines())) == 1
    reader.close()


def _noisy(onset: float, end: float, share: float, noise: float = 0.002, every: float = 0.2) -> RequestTable:
    chance = Random(7)
    table = RequestTable()
    at, lines = -1800.0, []
    while at < end:
        failed = chance.random() < (share if at >= onset else noise)
        lines.append(_line(at, 500 if failed else 200, error=f"TypeError: zone {at}" if failed else ""))
        at += every
    table.add(lines)
    return table


@pytest.mark.parametrize("share", [0.05, 0.38, 0.9, 1.0])
def test_the_onset_is_found_in_noise(share: float) -> None:
    table = _noisy(-300.0, 0.0, share)
    figures = table.figures(T, 60.0, frozenset())
    assert figures.rate is not None
    run = table.run(T, figures.rate, 1.0)
    assert run is not None and run.last_good is not None
    assert abs((run.first_bad - T).total_seconds() + 300) < 15
    assert run.last_good < run.first_bad


def test_a_good_answer_of_a_page_that_never_failed_is_no_sign_that_all_was_still_well() -> None:
    table = RequestTable()
    table.add(_line(n, 200, "/" if n % 3 else "/api/calls/7") for n in range(-600, -60))
    table.add(_line(n, 200) for n in range(-60, -58))
    table.add(_line(n, *((200, "/") if n % 3 else (500, "/api/calls/8"))) for n in range(-58, 0))
    run = table.run(T, 33.0, 1.0)
    assert run is not None and run.last_good is not None
    assert [(one - T).total_seconds() for one in (run.last_good, run.first_bad)] == [-63.0, -57.0]


def test_where_requests_fail_now_and_then_it_takes_many_good_ones_to_say_that_it_was_well() -> None:
    table = RequestTable()
    table.add(_line(n, 500 if n >= -100 and n % 4 == 0 else 200) for n in range(-900, 0))
    run = table.run(T, 25.0, 1.0)
    assert run is not None and run.last_good is not None
    assert [(one - T).total_seconds() for one in (run.last_good, run.first_bad)] == [-111.0, -100.0]


def test_calm_traffic_has_no_run() -> None:
    assert _noisy(1e9, 0.0, 0.0).run(T, 0.2, 1.0) is None


def test_errors_from_the_first_line_on_have_no_last_good_request() -> None:
    table = RequestTable()
    table.add(_line(n, 500) for n in range(-60, 0))
    run = table.run(T, 100.0, 1.0)
    assert run is not None and run.last_good is None


@given(st.lists(st.booleans(), max_size=200), st.floats(0.0, 1.0))
def test_a_run_begins_with_an_error_after_its_last_good_request(failed: list[bool], present: float) -> None:
    found = find_run(failed, 0.001, present)
    if found is not None:
        first, good = found
        assert failed[first]
        assert good is None or (good < first and not failed[good])


def test_figures_of_a_window_by_path_leave_our_own_paths_out_of_the_paths() -> None:
    table = RequestTable()
    table.add([_line(-30, took=0.1), _line(-20, 500, "/api/calls/17?x=1", took=2.0), _line(-10, 503, "/api/health")])
    table.add([_line(-90, 500), _line(-5, 404, "/nope")])
    figures = table.figures(T, 60.0, frozenset({"/api/health"}))
    assert (figures.requests, figures.errors, figures.client_errors, figures.rate) == (4, 2, 1, 50.0)
    assert set(figures.paths) == {"/api/calls", "/api/calls/:n", "/nope"}
    assert figures.p95 == 2.0


def test_no_traffic_is_no_rate() -> None:
    assert RequestTable().figures(T, 60.0, frozenset()).rate is None


def test_requests_that_failed_alike_count_as_one() -> None:
    table = RequestTable()
    table.add(_line(-n, 500, f"/api/calls/{n}", f"KeyError: 'zone {n}' at 0x{n:08x}") for n in range(50, 0, -1))
    [signature] = table.signatures(T)
    assert (signature.count, signature.path, signature.text) == (50, "/api/calls/:n", "KeyError: '…' at N")
    assert signature.first_seen == T - timedelta(seconds=50)
    assert signature.last_seen == T - timedelta(seconds=1)


def test_minutes_are_kept_by_the_clock() -> None:
    table = RequestTable()
    table.add(_line(second, 500 if second == 61 else 200) for second in range(300))
    minutes = table.minutes()
    first = int(T.timestamp() // 60)
    assert [row[:2] for row in minutes.values()] == [(60, 0), (60, 1), (60, 0), (60, 0), (60, 0)]
    assert list(minutes) == list(range(first, first + 5))
    assert list(table.minutes(first + 3)) == [first + 3, first + 4]


PAGE = """# TYPE http_requests_total counter
http_requests_total{path="/a",status="200"} %d
http_requests_total{path="/a",status="500"} %d
http_requests_total{path="/b \\"x\\"",code="2xx"} 5
http_request_duration_seconds_bucket{path="/a",le="0.1"} %d
http_request_duration_seconds_bucket{path="/a",le="1"} %d
http_request_duration_seconds_bucket{path="/a",le="+Inf"} %d
process_open_fds 7
http_requests_total{path="/a",status="nonsense"} NaN
garbage {{{ 1
"""


def test_counters_are_read_as_differences() -> None:
    old = read_metrics(PAGE % (100, 1, 90, 101, 101), T)
    new = read_metrics(PAGE % (160, 41, 140, 190, 201), T + timedelta(seconds=50))
    figures = between(old, new, frozenset())
    assert (figures.requests, figures.errors, figures.rate, figures.per_second) == (100, 40, 40.0, 2.0)
    assert figures.paths["/a"].errors == 40
    assert figures.p50 == pytest.approx(0.1)
    assert figures.p95 == 1.0


def test_a_counter_that_started_anew_counts_from_zero() -> None:
    old = read_metrics(PAGE % (1000, 10, 1, 1, 1), T)
    new = read_metrics(PAGE % (9, 1, 1, 1, 1), T + timedelta(seconds=10))
    assert between(old, new, frozenset()).requests == 10


@given(st.text(max_size=300))
def test_any_page_can_be_read(text: str) -> None:
    read_metrics(text + "\nhttp_requests_total{" + text, T)


def test_a_prometheus_range_gives_the_run_and_the_sample_before() -> None:
    samples = [(0.0, 0.1), (15.0, 3.0), (30.0, 0.2), (45.0, 0.1), (60.0, 9.0), (75.0, 0.5), (90.0, 30.0)]
    run = run_of(samples, 1.0)
    assert run is not None and run.last_good is not None
    assert (run.first_bad.timestamp(), run.last_good.timestamp()) == (60.0, 45.0)
    assert run_of([(0.0, 5.0)], 1.0) is not None
    assert run_of([(0.0, 5.0), (15.0, 0.1)], 1.0) is None
    assert run_of([], 1.0) is None


def test_small_helpers() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert quantile([], 0.5) is None
    assert usual_rate([(1000, 2), (1000, 500), (1000, 4)], 1.0) == 0.003
    assert fold_path("/a/0f3c9a77-1b2c-4d5e-8f90-aabbccddeeff/b?c=1") == "/a/:n/b"
    assert fold_error("timeout after 30.5 s for user 'Ana'") == "timeout after N s for user '…'"
    assert fold_error("answered 503 in 12 ms") == "answered 503 in N ms"
    assert fold_error("took 503 ms") == "took N ms"
    assert json.dumps(fold_error("[/x]")) == '"[/x]"'
