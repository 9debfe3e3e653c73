"""The preview of a message: to whom, in which words, and every reason why it must not leave. Pure; sends nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from operations.engine.confirm import confirmation
from operations.engine.model import Confirm, Guard, Plan, PlanLine, PlannedStep
from operations.errors import VigieError
from operations.incident.message_facts import moment_words
from operations.incident.message_shapes import PLANNED, Parcel
from operations.incident.messages import Draft, is_restricted, overlooked
from operations.incident.model import Incident
from operations.incident.secret_scan import NEVER_ALLOWED, Finding
from operations.incident.sent_messages import Message
from operations.incident.unwanted import findings_in, names_for
from operations.settings import MessageTarget, Settings
from operations.settings_messages import ALL
from operations.text import clean, one_line
from operations.watch.model import Snapshot

REFUSED, UNFINISHED = 1, 2
JUST_NOW = timedelta(minutes=2)
"""Two messages of one kind within this time are more likely one message sent twice."""
ONCE = frozenset({"initial", "resolved"})
PUBLIC = "PUBLIC"
ASKED = "nothing in it that users should not read"
"""The guard that a person may get past: what it found is meant."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A message ready to be confirmed: what would leave, to whom, and the plan that shows it."""

    message: str
    incident: Incident | None
    environment: str
    kind: str
    texts: Mapping[str, str]
    targets: tuple[MessageTarget, ...]
    plan: Plan
    promised: datetime | None = None
    allowed: tuple[str, ...] = ()
    again: bool = False
    told: Mapping[str, str] = field(default_factory=dict)
    """What a person said of the incident for this message: recorded with it, so that the next one has it."""

    @property
    def audience(self) -> str:
        """Everybody who gets it, in words; PUBLIC in capitals."""
        return "; ".join(target.readers for target in self.targets)

    @property
    def public(self) -> bool:
        """True when anybody may read it somewhere."""
        return any(target.public for target in self.targets)

    @property
    def restricted(self) -> bool:
        """True for a message of a restricted incident."""
        return is_restricted(self.incident)

    def parcel(self, settings: Settings, head: str = "") -> Parcel:
        """What is handed to each target."""
        service = one_line(settings.messages.service or settings.site.name, 80)
        one = self.incident
        id = one.id if one is not None and not self.restricted else ""
        state = one.state if one is not None else None
        return Parcel(self.message, self.kind, self.texts, service, id, state, self.promised, head)


def chosen_targets(settings: Settings, names: Sequence[str], *, restricted: bool) -> tuple[MessageTarget, ...]:
    """The targets of those names; without names all that are not public. Raises VigieError (code 1).

    For a restricted incident each one has to be named: neither nothing nor `all` names any.
    """
    known = {target.name: target for target in settings.messages.targets}
    listed = ", ".join(known) or "none"
    if not known:
        raise VigieError(
            "The settings name no target for messages.",
            means="vigie message draft shows the text; it can be copied from there.",
            next_step='Add one: [[messages.targets]] name = "channel", kind = "slack", address = "${CHAT_WEBHOOK}"',
        )
    unknown = [name for name in names if name not in known and name != ALL]
    if unknown:
        raise VigieError(f"There is no target {one_line(unknown[0], 60)!r}.", next_step=f"There is: {listed}.")
    if restricted and (not names or ALL in names):
        raise VigieError(
            "The incident is restricted: each target has to be named.", next_step=f"--to NAME; there is: {listed}."
        )
    if ALL in names:
        return tuple(known.values())
    chosen = [known[name] for name in dict.fromkeys(names)] or [one for one in known.values() if not one.public]
    if not chosen:
        raise VigieError(
            "Every target is public: name those that are meant.", next_step=f"--to NAME; there is: {listed}."
        )
    return tuple(chosen)


def prepare(
    settings: Settings,
    draft: Draft,
    targets: Sequence[MessageTarget],
    past: Sequence[Message],
    now: datetime,
    *,
    incident: Incident | None,
    environment: str,
    message: str,
    snapshot: Snapshot | None = None,
    edited: Mapping[str, str] | None = None,
    allow: Collection[str] = (),
    again: bool = False,
    told: Mapping[str, str] | None = None,
) -> Sending:
    """The message and its plan. `edited` replaces texts by language; `allow` are the findings a person answers for.

    `past` are the messages so far, `again` says that one of the same kind is meant to go out once more.
    """
    texts = {**draft.texts, **{one: tidy(text) for one, text in (edited or {}).items()}}
    spoken = {one for target in targets for one in (target.languages or texts)}
    texts = {one: text for one, text in texts.items() if one in spoken and text}
    promised = _still_promised(draft.promised, texts)
    names = names_for(settings, incident, snapshot, restricted=is_restricted(incident))
    found = [(one, finding) for one, text in texts.items() for finding in findings_in(text, settings, names)]
    when = moment_words(promised, now, settings.messages.zone) if promised else ""
    plan = Plan(
        operation="message", site=settings.site.name, environment=environment, config=settings.path,
        title=f"{draft.kind} message", request={"kind": draft.kind},
        lines=(
            *_audience(targets),
            *([PlanLine("Promises", f"the next update at {when}")] if when else []),
            *([PlanLine("Restricted", "details and other targets stay out", "warn")] if names.restricted else []),
            *(PlanLine("Note", words, "warn") for words in draft.remarks),
        ),
        guards=(
            _blanks(draft, texts, edited or {}), *_found(found, frozenset(allow)), _languages(targets, texts),
            not_twice(draft.kind, past, now, again=again), *_drill(settings, targets), *_kinds(draft.kind, targets),
        ),
        steps=_steps(targets),
        confirm=_confirm(settings, any(target.public for target in targets)),
        details={"message": message, "texts": texts},
        decisive={"To": ", ".join(one.name for one in targets), **{f"Text {one}": text for one, text in texts.items()}},
    )  # fmt: skip
    used = tuple(sorted({one.kind for _, one in found if one.may_be_allowed}))
    return Sending(
        message, incident, environment, draft.kind, texts, tuple(targets), plan, promised, used, again, told or {}
    )


def tidy(text: str) -> str:
    """A text as somebody edited it: no control characters, no blanks at ends of lines, no two empty lines."""
    lines = [line.replace("\t", " ").rstrip() for line in clean(text).strip().splitlines()]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept)


def retry_plan(
    settings: Settings, message: Message, targets: Sequence[MessageTarget], environment: str, now: datetime
) -> Plan:
    """The preview of sending a message again, word for word, to targets that do not have it."""
    over = message.promised is not None and message.promised < now
    words = "the time it promises is over: an update would be better" if over else ""
    public = any(target.public for target in targets)
    return Plan(
        operation="message", site=settings.site.name, environment=environment, config=settings.path,
        title=f"{message.kind} message {message.id}, again", request={"message": message.id},
        lines=_audience(targets),
        guards=(Guard("still true", "warn" if over else "pass", words),),
        steps=_steps(targets),
        confirm=_confirm(settings, public),
        details={"message": message.id, "texts": dict(message.texts)},
        decisive={"To": ", ".join(one.name for one in targets)},
    )  # fmt: skip


def _audience(targets: Sequence[MessageTarget]) -> tuple[PlanLine, ...]:
    return tuple(PlanLine("To", _target_words(one), "warn" if one.public else "plain") for one in targets)


def _steps(targets: Sequence[MessageTarget]) -> tuple[PlannedStep, ...]:
    return tuple(PlannedStep(f"send-{one.name}", f"send to {one.name}", 1.0, "it can be read there") for one in targets)


def _confirm(settings: Settings, public: bool) -> Confirm:
    """A yes; where anybody may read it its own word, which in a drill is another one."""
    word = f"drill {PUBLIC}" if settings.drill else PUBLIC
    return confirmation("public-message" if public else "message", production=False, phrase=word)


def _still_promised(promised: datetime | None, texts: Mapping[str, str]) -> datetime | None:
    """The time of the next update, where a text that was edited still names it."""
    if promised is None or not any(f"{promised.astimezone(UTC):%H:%M}" in text for text in texts.values()):
        return None
    return promised


def _target_words(target: MessageTarget) -> str:
    languages = f", {' and '.join(target.languages)}" if target.languages else ""
    return f"{target.readers}  ({target.name}, {target.kind}{languages})"


def _blanks(draft: Draft, texts: Mapping[str, str], edited: Mapping[str, str]) -> Guard:
    left = {one: names for one, names in draft.blanks.items() if one in texts and one not in edited}
    for one in edited:
        # An edited text may have brackets of its own; those that the draft had are blanks nobody filled.
        still = overlooked(texts.get(one, ""), draft.missing)
        left |= {one: still} if still else {}
    if not left:
        return Guard("nothing is left blank", "pass")
    names = dict.fromkeys(name for found in left.values() for name in found)
    words = "; ".join(f"{name} ({draft.why[name]})" if name in draft.why else name for name in names)
    return Guard("nothing is left blank", "refuse", f"still to be said: {words}", UNFINISHED)


def _found(found: Sequence[tuple[str, Finding]], allow: frozenset[str]) -> Iterator[Guard]:
    never = [f"{one.words} in {language}" for language, one in found if one.kind in NEVER_ALLOWED]
    asked = [(one, f"{one.words} in {language}") for language, one in found if one.may_be_allowed]
    open_ones = [words for one, words in asked if one.kind not in allow]
    kinds = " ".join(f"--allow {kind}" for kind in dict.fromkeys(one.kind for one, _ in asked if one.kind not in allow))
    if never:
        yield Guard("nothing secret in it", "refuse", f"{'; '.join(dict.fromkeys(never))}: take it out", UNFINISHED)
    if open_ones:
        words = f"{'; '.join(dict.fromkeys(open_ones))}: take it out, or say that it is meant ({kinds})"
        yield Guard(ASKED, "refuse", words, UNFINISHED)
    elif asked:
        yield Guard(ASKED, "warn", f"meant: {'; '.join(words for _, words in asked)}")
    if not never and not asked:
        yield Guard("nothing secret in it", "pass")


def _languages(targets: Sequence[MessageTarget], texts: Mapping[str, str]) -> Guard:
    silent = [one.name for one in targets if not any(language in texts for language in one.languages or texts)]
    if silent:
        return Guard(
            "a text for everybody", "refuse", f"there is no text in the language of {', '.join(silent)}", UNFINISHED
        )
    return Guard("a text for everybody", "pass")


def not_twice(kind: str, past: Sequence[Message], now: datetime, *, again: bool) -> Guard:
    name = "not sent already"
    before = [one for one in past if one.kind == kind and one.sent_at is not None]
    last = max(before, key=lambda one: one.sent_at or now, default=None)
    if last is None or last.sent_at is None or (kind not in ONCE and abs(now - last.sent_at) > JUST_NOW):
        return Guard(name, "pass")
    words = f"{last.by or 'somebody'} sent one at {last.sent_at:%H:%M:%SZ} ({last.id})"
    return Guard(name, "warn", words) if again else Guard(name, "refuse", f"{words}; --again sends one more", REFUSED)


def _drill(settings: Settings, targets: Sequence[MessageTarget]) -> Iterator[Guard]:
    if settings.drill is not None:
        from operations.practice.containment import message_refusals

        problems = message_refusals(settings, targets)
        verdict = "refuse" if problems else "pass"
        yield Guard("only the practice site's own", verdict, "; ".join(problems), REFUSED)  # type: ignore[arg-type]


def _kinds(kind: str, targets: Sequence[MessageTarget]) -> Iterator[Guard]:
    pages = [one.name for one in targets if one.kind == "statuspage"]
    if kind in PLANNED and pages:
        words = f"{', '.join(pages)} has no place for it: plan the window on the page itself, and leave it out here"
        yield Guard("every target takes it", "refuse", words, REFUSED)
