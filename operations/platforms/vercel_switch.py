"""Asking Vercel for a rollback or promote, once, and following that very request to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from operations.errors import VigieError
from operations.platforms.base import Progress, Undecided
from operations.platforms.vercel_api import FAILED, NoAnswer, Refused, VercelApi, part
from operations.platforms.vercel_reading import VercelReading
from operations.platforms.vercel_replies import Project, word

SwitchKind = Literal["rollback", "promote"]
_VERSION = {"rollback": "v9", "promote": "v10"}
_TRIES = 3
_QUEUED = 202


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: `reference` is the `requestedAt` of the request before it, or with `itself` its own.

    `queued`: Vercel put it behind a rolling release that is under way.
    """

    kind: SwitchKind
    release: str
    reference: float
    itself: bool = False
    queued: bool = False

    @property
    def id(self) -> str:
        """As one word list that `parse` reads."""
        return " ".join(
            [self.kind, self.release, "at" if self.itself else "after", repr(self.reference)]
            + (["queued"] if self.queued else [])
        )

    @staticmethod
    def parse(id: str) -> Asked:
        """The request of that id. Raises VigieError (code 1) when it is none."""
        match id.split(" "):
            case [("rollback" | "promote") as kind, release, ("at" | "after") as which, reference, *rest]:
                try:
                    return Asked(kind, release, float(reference), which == "at", rest == ["queued"])
                except ValueError:
                    pass
        raise VigieError(f"{word(id)!r} is no request to Vercel.", code=1)

    def is_of(self, project: Project) -> bool:
        """Whether the project's last request is this one. Only times of Vercel's own clock are compared."""
        last = project.last_alias_request
        if last is None or last.to_deployment_id != self.release or last.kind != self.kind:
            return False
        return last.requested_at == self.reference if self.itself else last.requested_at > self.reference


class Switching:
    """The acting side of one project."""

    def __init__(self, api: VercelApi, reading: VercelReading) -> None:
        self._api = api
        self._reading = reading

    def ask(self, release: str, kind: SwitchKind, before: float) -> Asked:
        """POST it, and after an unclear answer look before asking again. `before`: `requestedAt` read just now, or 0.

        Raises Undecided when it may have taken and that cannot be seen; other VigieErrors when it did not.
        """
        asked = Asked(kind, release, before)
        deadline = self._api.pace.now() + self._api.pace.act
        project_id = part(self._reading.project().id)
        path = f"/{_VERSION[kind]}/projects/{project_id}/{kind}/{part(release)}"
        for tries in range(_TRIES):
            try:
                status = self._api.send("POST", path)
                return Asked(kind, release, before, queued=status == _QUEUED)
            except Refused as no:
                if tries and self._took(asked, no):
                    return asked
                raise
            except NoAnswer as trouble:
                may_go_on = self._api.pace.back_off(tries, trouble.wait, deadline)
                if self._took(asked, trouble):
                    return asked
                if not may_go_on or tries == _TRIES - 1:
                    raise _given_up(trouble) from None
        raise AssertionError("the last try returns or raises")

    def progress(self, asked: Asked) -> Progress:
        """How far that request is. Raises VigieError when Vercel does not tell."""
        project = self._reading.project(fresh=True)
        last = project.last_alias_request
        if last is None or (last.requested_at <= asked.reference and not asked.is_of(project)):
            return Progress("pending", _WAITING if asked.queued else "asked for; Vercel has not begun")
        if not asked.is_of(project):
            if asked.queued:
                return Progress("pending", _WAITING)
            other = f"{last.kind} to {word(last.to_deployment_id)}, {last.status}"
            return Progress("failed", f"somebody else's request came between: {other}", partly=True)
        if last.status == "succeeded":
            return Progress("succeeded", f"Vercel: {asked.kind} succeeded")
        if last.status == "failed":
            return Progress("failed", f"Vercel: {asked.kind} failed; {self._left_behind(project, asked)}", partly=True)
        if last.status == "skipped":
            return Progress("failed", f"Vercel skipped the {asked.kind}", partly=True)
        told = word(last.job_status, 40) if last.status == "unknown" else last.status
        return Progress("pending", f"Vercel: {asked.kind} {told or 'without a status'}")

    def _took(self, asked: Asked, trouble: VigieError) -> bool:
        """Look whether the request is there. Raises Undecided when nobody can look, VigieError when another's is."""
        try:
            project = self._reading.project(fresh=True)
        except VigieError as blind:
            says = f"{trouble.what} Whether it took cannot be seen either: {blind.what}"
            raise Undecided(says, next_step="Look at the project on Vercel.", code=FAILED) from None
        if asked.is_of(project):
            return True
        last = project.last_alias_request
        if last is not None and last.running:
            other = f"{last.kind} to {word(last.to_deployment_id)}, {last.status}"
            raise VigieError(f"{trouble.what} Somebody else's is under way: {other}.", code=FAILED)
        return False

    def _left_behind(self, project: Project, asked: Asked) -> str:
        try:
            names = self._reading.failed_aliases(project, asked.kind)
        except VigieError as error:
            return f"which aliases stayed behind cannot be read: {error.what}"
        return f"stayed behind: {', '.join(names)}" if names else "it names no alias that stayed behind"


_WAITING = "queued behind a rolling release: it goes live by itself when that one is complete"


def _given_up(trouble: NoAnswer) -> VigieError:
    if trouble.throttled:
        return trouble
    says = f"{trouble.what} It did not take so far; it may still."
    return Undecided(says, next_step="Look at the project on Vercel.", code=FAILED)
