"""The site's own switches: feature flags and maintenance mode. Its command turns, and a look from outside decides."""

from __future__ import annotations

import asyncio
import re
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urljoin

from operations.coherence import Observed, check_story, story_guard
from operations.desk import Desk
from operations.engine.confirm import confirmation
from operations.engine.model import Guard, LockName, Plan, PlanLine, PlannedStep, Step, StepFailed
from operations.engine.steps import StepContext
from operations.errors import PrerequisiteMissing, VigieError
from operations.http import Answer, ask, client_for
from operations.jobs.going_live import how_it_ended
from operations.jobs.smoke_own import as_word, at_path
from operations.text import one_line

CODES = {
    0: "success",
    1: "invalid arguments or cancelled",
    2: "missing prerequisite",
    5: "the switch failed, or the site does not show it",
}
PREREQUISITE, FAILED = 2, 5
VALUES = ("on", "off")
_LOOK_LIMIT = 5.0
_PAUSE = 0.5
_MOST_FLAGS = 12
_WORDS = {True: "on", False: "off"}
_ON = frozenset({"true", "on", "1", "yes", "enabled"})
_OFF = frozenset({"false", "off", "0", "no", "disabled"})


class _Switch:
    """What both have in common. Neither takes a lock: closing the site must never wait for a deploy."""

    name = ""
    title = ""
    codes: Mapping[int, str] = CODES
    lock: LockName | None = None

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview, changing nothing. Raises VigieError (1, 2) for what cannot be switched."""
        name, value = self._wanted(request)
        command = self._command(desk, name, value)
        shown = self._shown(desk, name)
        return Plan(
            operation=self.name,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=f"{self._words(name)} {value}",
            request={**({"name": name} if name else {}), "value": value},
            lines=(
                PlanLine("Switch", f"{self._words(name)}: {value}"),
                PlanLine("Site shows", _WORDS[shown] if shown is not None else "it cannot be told", _tone(shown)),  # type: ignore[arg-type]
                PlanLine("Command", shlex.join(command)),
            ),
            guards=(
                story_guard(check_story(desk.settings, desk.environment, Observed())),
                self._seen(desk, shown, value == "on"),
            ),
            steps=(
                PlannedStep("switch", f"{self._words(name)} {value}", 2.0, self._effect(value), (shlex.join(command),)),
                PlannedStep("look", "look from outside", 2.0),
            ),
            confirm=confirmation(
                "maintenance" if self.name == "maintenance" else "flag",
                production=desk.is_production,
                phrase=desk.settings.phrase(desk.environment),
            ),
            decisive={"Command": shlex.join(command), "Value": value},
        )

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        name, value = str(plan.request.get("name") or ""), str(plan.request["value"])

        def switch(context: StepContext) -> None:
            context.memory["so_already"] = self._shown(desk, name) is (value == "on")
            context.no_return()
            done = context.run(self._command(desk, name, value), cwd=desk.settings.folder, limit=_limit(desk))
            if done.code or done.timed_out:
                raise StepFailed(FAILED, f"the command of {self._words(name)} failed: {how_it_ended(done)}")

        def look(context: StepContext) -> None:
            self._wait(desk, context, name, value)

        return (Step("switch", switch), Step("look", look))

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """A switch leaves nothing half done."""
        raise VigieError(f"A switch leaves nothing of the kind {debris.get('kind')}.")

    def _wait(self, desk: Desk, context: StepContext, name: str, value: str) -> None:
        """Twice in a row, so that one of several servers behind a balancer does not answer for all."""
        if not self._can_look(desk):
            context.report(says=f"{self._words(name)} is {value}: not verified, nothing shows it", verified=False)
            return
        began, row = time.monotonic(), 0
        while row < 2:
            shown = self._shown(desk, name)
            row = row + 1 if shown is (value == "on") else 0
            waited = time.monotonic() - began
            if row < 2 and waited > _limit(desk):
                seen = _WORDS[shown] if shown is not None else "nothing that can be read"
                says = f"the command went well, but after {waited:.0f} s the site still shows {seen}"
                raise StepFailed(FAILED, says)
            context.wait(_PAUSE)
        if context.memory.get("so_already"):
            # An outage answers as maintenance mode does: what was so before proves nothing.
            says = f"the command of {self._words(name)} went well; the site showed {value} before it: not verified"
            context.report(says=says, verified=False, value=value)
            return
        context.report(says=f"{self._words(name)} is {value}, seen from outside", verified=True, value=value)

    def _wanted(self, request: Mapping[str, Any]) -> tuple[str, str]:
        value = str(request.get("value") or "")
        if value not in VALUES:
            raise VigieError(f"{one_line(value, 40)!r} is not on or off.")
        return str(request.get("name") or ""), value

    def _words(self, name: str) -> str:
        raise NotImplementedError

    def _command(self, desk: Desk, name: str, value: str) -> tuple[str, ...]:
        raise NotImplementedError

    def _shown(self, desk: Desk, name: str) -> bool | None:
        raise NotImplementedError

    def _can_look(self, desk: Desk) -> bool:
        raise NotImplementedError

    def _effect(self, value: str) -> str:
        raise NotImplementedError

    def _seen(self, desk: Desk, shown: bool | None, wanted: bool) -> Guard:
        if not self._can_look(desk):
            return Guard("seen from outside", "warn", "nothing shows this switch: success cannot be verified")
        if shown is None:
            says = "a look just now told nothing: if none does afterwards, this counts as failed"
            return Guard("seen from outside", "warn", says)
        if shown is wanted:
            return Guard("seen from outside", "warn", "the site shows it so already: success cannot be verified")
        return Guard("seen from outside", "pass")


class Flag(_Switch):
    """`vigie flag NAME on|off`; request: `name`, `value`."""

    name = "flag"
    title = "Turn a flag"

    def _wanted(self, request: Mapping[str, Any]) -> tuple[str, str]:
        name, value = super()._wanted(request)
        if not name or name.startswith("-") or not name.isprintable() or len(name) > 100:
            raise VigieError(f"{one_line(name, 40)!r} is not a flag's name.")
        return name, value

    def _words(self, name: str) -> str:
        return f"flag {name}"

    def _command(self, desk: Desk, name: str, value: str) -> tuple[str, ...]:
        return _filled(desk, "flag", desk.settings.switches.flag, name, value)

    def _shown(self, desk: Desk, name: str) -> bool | None:
        path, _, field = desk.settings.switches.flag_check.partition("#")
        if not self._can_look(desk):
            return None
        answer = _get(desk, path.replace("{name}", quote(name, safe="")))
        if answer.status != 200:
            return None
        found = at_path(answer.body, field.replace("{name}", name)) if field else answer.body
        word = as_word(found).strip().lower() if isinstance(found, str | int | float | bool) else ""
        return True if word in _ON else False if word in _OFF else None

    def _can_look(self, desk: Desk) -> bool:
        return bool(desk.settings.switches.flag_check and desk.env.url)

    def _effect(self, value: str) -> str:
        return f"the flag is {value}"


class Maintenance(_Switch):
    """`vigie maintenance on|off`; request: `value`."""

    name = "maintenance"
    title = "Maintenance mode"

    def _words(self, name: str) -> str:
        return "maintenance mode"

    def _command(self, desk: Desk, name: str, value: str) -> tuple[str, ...]:
        return _filled(desk, "maintenance", desk.settings.switches.maintenance, name, value)

    def _shown(self, desk: Desk, name: str) -> bool | None:
        """On while the front page answers with the status of maintenance mode; off while it answers well."""
        if not self._can_look(desk):
            return None
        answer = _get(desk, desk.env.page)
        if answer.status == desk.settings.switches.maintenance_status:
            return True
        return False if answer.status == 200 else None

    def _can_look(self, desk: Desk) -> bool:
        return bool(desk.env.url)

    def _effect(self, value: str) -> str:
        return "users see the closed page" if value == "on" else "users see the site again"


def known_flags(desk: Desk) -> Mapping[str, bool]:
    """The flags that the site shows in one answer, by name; empty where it shows them one by one or not at all."""
    path, _, field = desk.settings.switches.flag_check.partition("#")
    if not path or "{name}" in path or "{name}" not in field or not desk.env.url:
        return {}
    answer = _get(desk, path)
    found = at_path(answer.body, field.partition("{name}")[0].rstrip("."))
    if answer.status != 200 or not isinstance(found, dict):
        return {}
    return {one_line(name, 60): on for name, on in list(found.items())[:_MOST_FLAGS] if isinstance(on, bool)}


def _filled(desk: Desk, what: str, command: Sequence[str], name: str, value: str) -> tuple[str, ...]:
    if not command:
        raise PrerequisiteMissing(
            f"switches.{what} is not set: nobody knows how this site is switched.",
            next_step=f'Set it, as {what} = ["bin/{what}", "{{environment}}", "{{value}}"].',
        )
    values = {"environment": desk.environment, "name": name, "value": value}
    # In one pass: what is filled in is not looked at again.
    return tuple(re.sub(r"\{(environment|name|value)\}", lambda found: values[found[1]], word) for word in command)


def _get(desk: Desk, path: str) -> Answer:
    return asyncio.run(_asked(desk, path))


async def _asked(desk: Desk, path: str) -> Answer:
    async with client_for(desk.settings, desk.environment) as client:
        return await ask(client, urljoin(desk.env.url, path), limit=_LOOK_LIMIT)


def _limit(desk: Desk) -> float:
    return desk.settings.switches.limit


def _tone(shown: bool | None) -> str:
    return "plain" if shown is not None else "warn"
