"""Plays a drill without a person, through the same functions as console and command: watch, walk, plan, job, help,
messages.

`perfect` follows the suggestions, `rollback` always rolls back, `idle` only looks. It types what a person would have to
type, and nothing here can do what a person cannot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from operations.desk import Desk, utc_now
from operations.engine.jobs import JobBook
from operations.engine.journal import Journal
from operations.engine.record import JobRecord
from operations.errors import VigieError
from operations.incident.acts import open_incident, set_state
from operations.incident.book import IncidentBook
from operations.incident.brief import make_brief
from operations.incident.help import ask_after, call_for_help, contact_named
from operations.incident.messages import Kind
from operations.incident.model import Incident, IncidentState, Severity
from operations.incident.observe import observations
from operations.incident.quiet import QUIET
from operations.incident.roles import Role, take
from operations.incident.told import tell
from operations.incident.walks import load_book, record, start_walk, walk_of, walks_of
from operations.jobs.launch import launch
from operations.jobs.smoke_since import smoke_passed_since
from operations.jobs.watching import open_watch, recorded_traffic
from operations.places import places_for
from operations.practice.autopilot_telling import came_words, tell_users, update_is_due
from operations.settings import Settings
from operations.watch.model import Overall, Snapshot
from runbooks.events import Acted, Payload
from runbooks.suggest import answer, suggest
from runbooks.walk import WalkState, call_help, jump

Style = Literal["perfect", "rollback", "idle"]
ENVIRONMENT = "production"
PATIENCE = 60.0
"""Seconds the player waits for one thing before giving up on it."""
IDLE_SECONDS = 30.0
STEPS_MOST = 30
POLL = 0.2


class Player:
    """One player at one practice site."""

    def __init__(self, settings: Settings, journal: Journal, say: Callable[[str], None]) -> None:
        assert settings.drill is not None
        self.settings = settings
        self.journal = journal
        self.say = say
        self.speed = settings.drill.speed
        self.snapshot: Snapshot | None = None
        self.book = load_book(settings)
        self.jobs = JobBook(journal, now=utc_now, state=places_for(settings).state)
        self.incidents = IncidentBook()
        self._place = 0
        self._cause = ""
        """What made it happen, once the player knows."""

    async def play(self, style: Style) -> None:
        """Play to the end of what this style does."""
        source = open_watch(self.settings, ENVIRONMENT, self._history, snapshot=lambda: self.snapshot)
        watching = asyncio.create_task(source.run(self._take))
        try:
            if style == "idle":
                await asyncio.sleep(IDLE_SECONDS)
            elif await self.until(self._is_down, PATIENCE):
                self.say("the site is down")
                await (self._perfect() if style == "perfect" else self._roll_back_anyway())
            else:
                self.say("nothing seemed to be wrong")
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await source.close()

    async def _perfect(self) -> None:
        self._open()
        take(self.journal, self._standing(), Role.COMMANDER)
        await self._tell_users("initial")
        for _ in range(STEPS_MOST):
            await self._keep_users_told()
            state = self._walk()
            if state.section.is_help or state.section.label == "B1":
                await self._get_help(state)
                break
            if state.section.label == "V1":
                break
            if any(code.name == "rollback" for code in state.section.actions) and state.last_exit is None:
                done = await self._operate("rollback", "the evidence points to the release")
                self._cause = f"the release {done.plan.details.get('from_name', '')} fails"
                continue
            if not await self._answer_suggested():
                await self._get_help(self._walk())
                break
        await self._verify_and_resolve()

    async def _roll_back_anyway(self) -> None:
        self._open()
        await self._tell_users("initial")
        section = self.book.by_label("R1")
        if section is not None:
            self._keep(jump(self._walk(), section.anchor))
        await self._operate("rollback", "it is always the release")
        await self._verify_and_resolve()

    async def _answer_suggested(self) -> bool:
        """Take the suggestion as soon as there is one; False when none comes."""

        def is_clear() -> bool:
            return suggest(self._walk(), self._facts(), utc_now()).index is not None

        if not await self.until(is_clear, PATIENCE):
            said = suggest(self._walk(), self._facts(), utc_now()).why_not
            self.say(f"no suggestion at {self._walk().section.label}: {said}")
            return False
        state = self._walk()
        facts, now = self._facts(), utc_now()
        index = suggest(state, facts, now).index
        if index is None:
            return True
        self.say(f"{state.section.label} {state.section.title} {state.section.branches[index].answer}")
        self._keep(answer(state, index, facts, now))
        return True

    async def _operate(self, name: str, reason: str) -> JobRecord:
        """Plan, confirm as the plan asks, run, wait, and note it on the walk."""
        from operations.jobs import operation_named

        operation = operation_named(name)
        traffic = recorded_traffic(self.settings, ENVIRONMENT)
        desk = Desk(self.settings, ENVIRONMENT, utc_now, lambda: self.snapshot, self._history, traffic)
        plan = await asyncio.to_thread(operation.plan, desk, {})
        incident = self._incident()
        started = await asyncio.to_thread(
            launch, self.settings, self.journal, plan, reason=reason, incident=incident.id if incident else ""
        )
        state = self._walk()
        on_walk = any(code.name == name for code in state.section.actions)
        if on_walk:
            self._keep(Acted(state.current, name, started.id, None, str(plan.details.get("to_name", ""))))
        await self.until(lambda: not self._job(started.id).live, PATIENCE)
        ended = self._job(started.id)
        self.say(f"{name}: {ended.code} {ended.meaning}. {ended.says}")
        if on_walk and ended.code is not None:
            done = Acted(state.current, name, ended.id, ended.code, str(plan.details.get("to_name", "")))
            self._keep(done, key=f"acted:{ended.id}")
        return ended

    async def _get_help(self, state: WalkState) -> None:
        """Call whoever runs the database, and wait until what was asked for is done."""
        if not state.section.is_help and state.book.help:
            self._keep(call_help(state))
        incident = self._incident()
        if incident is None:
            return
        contact = contact_named(self.settings, kind="dba")
        need = "the database does not answer; bring it back"
        brief = make_brief(incident, self.snapshot, need=need, who=self.settings.operator, now=utc_now())
        result = await call_for_help(self.journal, incident, contact, brief)
        self.say(f"{contact.name} {'was called' if result.delivered else result.problem}")
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline and not self._is_well():
            self._read()
            incident = self._incident()
            for call in incident.calls if incident else ():
                if incident and (says := await ask_after(self.journal, incident, contact, call)):
                    self.say(f"{contact.name}: {says}")
                    self._cause = f"{contact.name}: {says}"
            await self._keep_users_told()
            await asyncio.sleep(POLL * 2)

    async def _verify_and_resolve(self) -> None:
        await self.until(self._is_well, PATIENCE)
        incident = self._incident()
        for _ in range(5):
            ended = await self._operate("smoke", "")
            if ended.code == 0:
                break
            await asyncio.sleep(2.0)
        self._read()
        incident = self._incident()
        if incident is None or not smoke_passed_since(incident, self._history(), utc_now()):
            self.say("the smoke tests do not pass; not resolved")
            return
        await self._watch_quietly(QUIET / self.speed + 1.0)
        if self._is_down():
            self.say("it went down again during the quiet watch; not resolved")
            return
        set_state(self.journal, self._standing(), IncidentState.RESOLVED)
        if self.snapshot is not None:
            await self._take(self.snapshot)
        self.say("resolved")
        await self._tell_users("resolved")

    async def _watch_quietly(self, seconds: float) -> None:
        """Let the quiet watch pass, and say meanwhile what only a person can tell the report."""
        deadline = asyncio.get_running_loop().time() + seconds
        if self._cause:
            tell(self.journal, self._standing(), "cause", self._cause)
            tell(self.journal, self._standing(), "summary", f"Users got errors: {self._cause}. It was mended and seen.")
        while asyncio.get_running_loop().time() < deadline:
            await self._keep_users_told()
            await asyncio.sleep(min(POLL * 5, seconds))

    async def _keep_users_told(self) -> None:
        """Send an update when the incident's clock asks for one."""
        if update_is_due(self._standing(), self.settings):
            await self._tell_users("update")

    async def _tell_users(self, kind: Kind) -> None:
        incident = self._standing()
        try:
            came = await tell_users(self.settings, self.journal, incident, kind, self.snapshot)
        except VigieError as error:
            self.say(f"{kind} notice: {error}")
            return
        self.say(came_words(kind, came))

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds; False when it does not within `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            self._read()
            if holds():
                return True
            await asyncio.sleep(POLL)
        return False

    async def _take(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        incident = self.incidents.latest_for(ENVIRONMENT)
        for seen in observations(snapshot, incident) if incident else ():
            self.journal.append(seen.kind, seen.data, at=seen.at, incident=incident.id if incident else "")

    def _open(self) -> None:
        open_incident(
            self.journal,
            self.incidents,
            site=self.settings.site.name,
            environment=ENVIRONMENT,
            severity=Severity.P0,
            title="the site is down for users",
            now=utc_now(),
            drill=True,
        )
        self._read()
        incident = self._incident()
        if incident is not None:
            start_walk(self.journal, incident, self.book)
        self._read()

    def _read(self) -> None:
        rows = self.journal.events(after=self._place)
        if rows:
            self._place = rows[-1][0]
            self.incidents.feed([event for _, event in rows])
        self.jobs.refresh()

    def _incident(self) -> Incident | None:
        return self.incidents.open_for(ENVIRONMENT)

    def _standing(self) -> Incident:
        """The incident as it stands now, open or over."""
        self._read()
        incident = self.incidents.latest_for(ENVIRONMENT)
        if incident is None:
            raise VigieError("The incident could not be opened.")
        return incident

    def _walk(self) -> WalkState:
        state = walk_of(self._standing(), self.book)
        if state is None:
            raise VigieError("The walk could not be begun.")
        return state

    def _keep(self, payload: Payload, key: str = "") -> None:
        incident = self._incident()
        if incident is not None:
            heads = walks_of(incident)
            record(self.journal, incident, payload, self.book, key, walk=heads[0].id if heads else "")
            self._read()

    def _facts(self) -> dict[str, Any]:
        return dict(self.snapshot.facts) if self.snapshot else {}

    def _history(self) -> tuple[JobRecord, ...]:
        return self.jobs.jobs(ENVIRONMENT)

    def _job(self, id: str) -> JobRecord:
        self._read()
        return self.jobs.get(id)

    def _is_down(self) -> bool:
        return self.snapshot is not None and self.snapshot.overall is Overall.DOWN

    def _is_well(self) -> bool:
        return self.snapshot is not None and self.snapshot.overall in (Overall.OK, Overall.DEGRADED)
