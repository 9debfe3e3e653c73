"""The exported report of the bad release against what really happened, and read from its events alone elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from operations.desk import utc_now
from tests.attack.world import heard
from tests.e2e.conftest import Done, Stage
from tests.e2e.truth import Truth, moment, second

BLANKS = [
    "whether data was lost: yes, no, or not yet known",
    "the cause, and what made it possible or worse; causes, not people",
    "what went well, and should be kept",
    "what did not go well: tools, access, knowledge, time",
    "what could have made it worse, and did not happen",
    "what is done so that it does not come again, each with an owner and a date",
]
"""What only a person can say; all the rest is there."""
ELSEWHERE = 'state_dir = "{}"\n[site]\nname = "elsewhere"\n[environments.production]\nkind = "production"\n'
SECOND = timedelta(seconds=1)
TOLD = (
    "incident opened, P0", "is commander now", "impact: The list of calls stays empty.", "initial message sent",
    "Can this bastion see? Yes", "What do users get? Errors", "Where does a request stop? The site answers",
    "Does the database answer, to us and to the site? Yes", "Is a provider down in a part we use? No",
    "What changed just before the first errors? A release", "Can the old release run? Yes",
    "rollback production confirmed: v2.4.1 throws on every API call", "rollback: recovery tag",
    "rollback: promote v2.4.0", "rollback: wait for v2.4.0", "rollback: smoke", "rollback ended, exit 0: success",
    "Roll back: It went through", "smoke ended, exit 0: all passed", "incident resolved", "resolved message sent",
    "incident closed",
)  # fmt: skip
"""Every act and answer of the play, in the order in which they were done."""


class Moments:
    """When the player saw a thing happen: not before the first, and by the second of two moments."""

    def __init__(self) -> None:
        self.between: dict[str, tuple[datetime, datetime]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """It happens while this is done."""
        begun = utc_now()
        yield
        self.between[name] = (begun, utc_now())


def check_report(stage: Stage, truth: Truth, moments: Moments) -> None:
    """Times, order, answers, messages and marks of the play's one incident are those of the truth."""
    id = incident_of(stage)
    paper, body, page, picture = forms(stage.quickly, id, stage.folder / "here.svg")
    report = json.loads(body)
    check_times(report, truth, moments)
    check_order(report)
    check_messages(report, paper, truth)
    check_curve(report, picture, truth)
    assert report["to_be_written"] == BLANKS
    assert picture in page


def check_times(report: dict[str, Any], truth: Truth, moments: Moments) -> None:
    """Each moment lies where the player saw it, the onset within its bracket, and the spans are those between them."""
    at = {name: moment(one["at"]) for name, one in report["moments"].items()}
    for name, (begun, seen) in moments.between.items():
        assert begun <= at[name] <= seen, name
    assert moment(report["onset"]["earliest"]) <= truth.onset <= moment(report["onset"]["latest"]) == at["began"]
    assert at["began"] <= at["detected"] <= at["acknowledged"]
    assert truth.switched_back <= truth.last_error + SECOND <= at["mitigated"] + SECOND
    spans = {"acknowledge": ("detected", "acknowledged"), "diagnose": ("began", "diagnosed")}
    spans |= {"mitigate": ("began", "mitigated"), "resolve": ("began", "resolved")}
    for name, (start, end) in spans.items():
        assert report["seconds_to"][name] == (second(at[end]) - second(at[start])).total_seconds(), name


def check_order(report: dict[str, Any]) -> None:
    """Acts and answers are on the timeline in their order, and each answer stands with what spoke for it."""
    lines = iter(line["text"] for line in report["timeline"])
    for words in TOLD:
        assert any(words in line for line in lines), f"{words!r} is not there, or not in its place"
    assert [line["at"] for line in report["timeline"]] == sorted(line["at"] for line in report["timeline"])
    answered = [one for one in report["evidence"] if one["how"] == "as suggested"]
    asked = [words.partition("?")[0] + "?" for words in TOLD if "?" in words]
    assert [one["question"] for one in answered] == [*asked, "Roll back"]
    for one in answered:
        texts = [seen["text"] for seen in one["evidence"]]
        assert len(texts) == len(set(texts)) > 0, one
    assert [(job["operation"], job["exit_code"], job["to"]) for job in report["jobs"]] == [
        ("rollback", 0, "v2.4.0"), ("smoke", 0, ""),
    ]  # fmt: skip


def check_messages(report: dict[str, Any], paper: str, truth: Truth) -> None:
    """What arrived is what the report shows, word for word, in both languages."""
    assert [one["kind"] for one in report["messages"]] == ["initial", "resolved"]
    arrived = [row for row in truth.arrived if row["target"] == "dispatchers"]
    for one, row in zip(report["messages"], arrived, strict=True):
        assert row["text"] == f"{one['texts']['en']}\n\n{one['texts']['fr']}"
        assert abs(moment(one["at"]) - moment(row["at"])) < SECOND
        assert all(f"```text\n{words}\n```" in paper for words in one["texts"].values())
        assert [(to["target"], to["result"]) for to in one["deliveries"]] == [
            ("dispatchers", "delivered"), ("status page", "delivered"),
        ]  # fmt: skip


def check_curve(report: dict[str, Any], picture: str, truth: Truth) -> None:
    """Release and rollback lie on the curve to the second, and it is high between them alone."""
    marks = {one["text"].rpartition(" by ")[0] or one["text"]: moment(one["at"]) for one in report["curve"]["marks"]}
    release = next(name for name in marks if name.startswith("release v2.4.1 "))
    assert marks[release] == second(truth.released)
    assert abs(marks["rollback to v2.4.0"] - truth.switched_back) < SECOND
    for name in (release, "rollback to v2.4.0"):
        assert f"{marks[name]:%H:%M:%SZ} {name}" in picture
    minute = timedelta(seconds=report["curve"]["step"])
    known = [(moment(at), errors) for at, errors, _ in report["curve"]["points"] if errors is not None]
    assert all(errors == 0 for at, errors in known if at + minute <= truth.onset)
    during = [errors for at, errors in known if truth.onset <= at and at + minute <= truth.switched_back]
    assert len(during) >= 8 and min(during) > 20
    assert all(errors == 0 for at, errors in known if at > truth.last_error)


def same_elsewhere(stage: Stage, folder: Path) -> None:
    """Its events, exported and taken into an empty state directory, give the same report to the byte."""
    id = incident_of(stage)
    config = folder / "vigie.toml"
    config.write_text(ELSEWHERE.format(folder / "state"))

    def elsewhere(*arguments: str) -> Done:
        done = heard("--config", str(config), *arguments)
        return Done(done.returncode, done.stdout, done.stderr)

    assert stage.quickly("journal", "export", str(folder / "events"), "--incident", id).code == 0
    taken = elsewhere("journal", "import", str(folder / "events"))
    assert taken.code == 0 and ", 0 were here already" in taken.out, taken
    here, there = forms(stage.quickly, id, folder / "here.svg"), forms(elsewhere, id, folder / "there.svg")
    for name, mine, theirs in zip(("md", "json", "html", "svg"), here, there, strict=True):
        assert mine == theirs, name


def forms(run: Callable[..., Done], id: str, picture: Path) -> tuple[str, str, str, str]:
    """The report as Markdown, JSON and HTML, and its picture."""
    picture.unlink(missing_ok=True)
    papers = [run("incident", "export", id, "--format", form) for form in ("md", "json", "html")]
    drawn = run("incident", "export", id, "--picture", str(picture))
    assert [done.code for done in (*papers, drawn)] == [0] * 4, [done.err for done in (*papers, drawn)]
    return papers[0].out, papers[1].out, papers[2].out, picture.read_text("utf-8")


def incident_of(stage: Stage) -> str:
    """The id of the play's one incident."""
    [found] = stage.quickly("incident", "list", "--json").document["result"]
    return str(found["id"])
