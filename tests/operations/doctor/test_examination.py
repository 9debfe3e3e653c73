"""Checks run side by side: one that hangs, breaks or quotes a secret is a finding in plain words."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from operations.doctor.examination import examine
from operations.doctor.finding import Check, Finding, ok, warn
from operations.engine.redaction import Redactor
from operations.errors import VigieError

SECRET = "sup3r-s3cret-word"


def broken() -> Iterator[Finding]:
    yield ok("first", "found before")
    raise RuntimeError(f"cannot open {SECRET}\nTraceback")


def refused() -> Iterator[Finding]:
    raise VigieError("it is closed", next_step="open it")
    yield


def hostile() -> Iterator[Finding]:
    yield warn("\x1b[31mname", "says \x1b]0;title\x07[bold]x[/bold] sup3r\x1b[0m-s3cret-word\nmore", f"try {SECRET}")


def examined(look: object, limit: float = 5.0) -> tuple[Finding, ...]:
    check = Check("group", "thing", look, limit=limit)  # type: ignore[arg-type]
    return examine([check], Redactor([SECRET])).parts[0].findings


def test_a_check_that_raises_keeps_what_it_found_and_says_why_in_words() -> None:
    first, second = examined(broken)
    assert first == ok("first", "found before")
    assert (second.name, second.verdict) == ("thing", "fail")
    assert second.says == "could not be looked at: RuntimeError: cannot open •••"
    assert second.mend


def test_an_error_of_ours_keeps_its_own_words() -> None:
    assert examined(refused) == (Finding("thing", "fail", "it is closed", "open it"),)


def test_a_check_that_hangs_ends_within_its_limit_and_loses_no_other() -> None:
    never = threading.Event()

    def hangs() -> Iterator[Finding]:
        yield ok("first", "quick")
        never.wait(60)

    checks = [Check("g", "slow", hangs, limit=0.2), Check("g", "quick", lambda: [ok("other", "done")])]
    began = time.monotonic()
    slow, quick = examine(checks, Redactor()).parts
    assert time.monotonic() - began < 3
    never.set()
    assert [finding.verdict for finding in slow.findings] == ["ok", "fail"]
    assert "no answer within 0.2 s" in slow.findings[1].says
    assert quick.findings == (ok("other", "done"),)


def test_checks_are_limited_together_and_not_one_after_the_other() -> None:
    never = threading.Event()

    def hangs() -> Iterator[Finding]:
        never.wait(60)
        yield ok("late", "")

    checks = [Check("g", str(number), hangs, limit=0.3) for number in range(10)]
    began = time.monotonic()
    examine(checks, Redactor())
    assert time.monotonic() - began < 2
    never.set()


def test_codes_and_secrets_in_foreign_words_are_gone_and_markup_stays_text() -> None:
    (found,) = examined(hostile)
    assert found.name == "name"
    assert found.says == "says [bold]x[/bold] •••"
    assert found.mend == "try •••"


def test_the_exit_code_is_2_when_something_fails_and_0_for_warnings_alone() -> None:
    assert examine([Check("g", "n", lambda: [warn("n", "s", "m")])], Redactor()).exit_code == 0
    assert examine([Check("g", "n", refused)], Redactor()).exit_code == 2
