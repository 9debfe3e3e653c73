"""What a smoke run found, as data: for the screen, for JSON, and as JUnit XML for a build server. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from operations.text import clean

SKIPPED = "skipped: not configured"
CheckKind = Literal["", "auth", "third-party"]


@dataclass(frozen=True, slots=True)
class Split:
    """Where the seconds of one request went; None where it did not get that far."""

    lookup: float | None = None
    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class SmokeCheck:
    """One check: what was expected, what came. `ok` is None for one that was skipped, which is neither good nor bad.

    `first_lines` holds the beginning of a wrong answer, `cache` what the answer says of caches on its way.
    """

    name: str
    ok: bool | None
    expected: str
    actual: str
    seconds: float = 0.0
    split: Split | None = None
    kind: CheckKind = ""
    first_lines: str = ""
    cache: str = ""


@dataclass(frozen=True, slots=True)
class SmokeReport:
    """One run against `url`. `at` is UTC, `seconds` the whole run."""

    environment: str
    url: str
    at: datetime
    seconds: float
    checks: tuple[SmokeCheck, ...]

    @property
    def failed(self) -> tuple[SmokeCheck, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.ok is False)

    @property
    def ok(self) -> bool:
        """True when something was checked and nothing failed."""
        return not self.failed and any(check.ok for check in self.checks)

    @property
    def failed_kind(self) -> str:
        """`none`, or `auth` or `third-party` when only checks of such a kind failed, else `other`."""
        kinds = {check.kind for check in self.failed}
        if not kinds:
            return "none"
        if "" in kinds:
            return "other"
        return "auth" if "auth" in kinds else "third-party"

    @property
    def says(self) -> str:
        """One line: "6 of 7 tests passed; login: 500 instead of 200"."""
        passed = sum(1 for check in self.checks if check.ok)
        ran = sum(1 for check in self.checks if check.ok is not None)
        wrong = "; ".join(f"{check.name}: {check.actual}" for check in self.failed[:3])
        return f"{passed} of {ran} tests passed" + (f"; {wrong}" if wrong else "")

    def as_data(self) -> dict[str, Any]:
        """JSON types, with what is derived in it too."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        return {**body, "ok": self.ok, "failed_kind": self.failed_kind, "says": self.says}


def report_from(data: Mapping[str, Any]) -> SmokeReport:
    """The report that `as_data` made. Raises msgspec.ValidationError for anything else."""
    return msgspec.convert(dict(data), SmokeReport)


def junit(report: SmokeReport) -> str:
    """The report as JUnit XML, one test case a check."""
    from xml.etree import ElementTree

    counts = {
        "tests": str(len(report.checks)),
        "failures": str(len(report.failed)),
        "skipped": str(sum(1 for check in report.checks if check.ok is None)),
        "time": f"{report.seconds:.3f}",
    }
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": f"smoke {report.environment}", "timestamp": report.at.isoformat(), **counts}
    )
    for check in report.checks:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": "smoke", "name": check.name, "time": f"{check.seconds:.3f}"}
        )
        if check.ok is None:
            ElementTree.SubElement(case, "skipped", {"message": check.actual})
        elif not check.ok:
            failure = ElementTree.SubElement(case, "failure", {"message": f"expected {check.expected}: {check.actual}"})
            failure.text = _xml_text(check.first_lines)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, "unicode") + "\n"


def _xml_text(text: str) -> str:
    """XML 1.0 cannot hold two characters that survive cleaning."""
    return clean(text).replace("\ufffe", "").replace("\uffff", "")
