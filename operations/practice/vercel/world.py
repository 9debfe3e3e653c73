"""The state behind the simulated API: deployments, aliases, and the one job that moves them. Thread-safe.

Behaves as Vercel's manuals say: a rollback pins the project, a promote unpins it, one job runs at a time.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from operations.practice.vercel.faults import Fault, Lies

JobKind = Literal["rollback", "promote"]
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass
class Build:
    """A deployment. Times are milliseconds since 1970 by the simulator's clock."""

    uid: str
    url: str
    created: int
    creator: str
    meta: dict[str, str]
    state: str = "READY"
    substate: str = "STAGED"
    candidate: bool = False
    alias_assigned: int | None = None
    target: str = "production"


@dataclass
class Job:
    """A rollback or promote: `polls_left` readings of the project until it ends, one alias after the other."""

    kind: JobKind
    to: str
    left: str
    requested_at: int
    status: str = "pending"
    polls_left: int = 2
    aliases: dict[str, str] = field(default_factory=dict)


class No(Exception):
    """A refusal with its status, code and message, as the API would give it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class World:
    """One project. `now` gives seconds since 1970; `polls` is how many readings a job takes."""

    def __init__(self, *, token: str, now: Callable[[], float] = time.time, polls: int = 2) -> None:
        self.token = token
        self.project_id = "prj_harbour0000000000000000000"
        self.project_name = "harbour"
        self.account_id = "team_harbour00000000000000000"
        self.wants_team = False
        self.token_scopes: list[dict[str, Any]] | None = [{"type": "user", "origin": "manual", "createdAt": 1}]
        """What the token may act in; None for one that may not ask about itself."""
        self.token_ends: float | None = None
        """Milliseconds since 1970; None for one that does not expire."""
        self.production = ""
        self.auto_assign = True
        self.aliases: dict[str, str] = {"harbour.example": "", "www.harbour.example": ""}
        self.builds: list[Build] = []
        self.job: Job | None = None
        self.job_before: Job | None = None
        self.queued: str = ""
        self.rolling = False
        self.hobby = False
        self.polls = polls
        self.lies = Lies()
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        self._now = now

    def milliseconds(self) -> int:
        """The simulator's clock, wrong by `lies.skew` seconds where a test says so."""
        return int((self._now() + self.lies.skew) * 1000)

    def build(
        self,
        commit: str = "",
        *,
        message: str = "",
        creator: str = "tom",
        ago: float = 0.0,
        meta: dict[str, str] | None = None,
        target: str = "production",
    ) -> Build:
        """A finished deployment from `ago` seconds before; a production one goes live unless the project is pinned."""
        at = self.milliseconds() - int(ago * 1000)
        own = "".join(secrets.choice(_LETTERS) for _ in range(9))
        told = {"githubCommitSha": commit, "githubCommitMessage": message} if commit else {}
        made = Build(
            uid=f"dpl_{secrets.token_hex(14)}",
            url=f"{self.project_name}-{own}-acme.vercel.app",
            created=at - 30_000,
            creator=creator,
            meta={**told, **(meta or {})},
            target=target,
        )
        with self.lock:
            self.builds.insert(0, made)
            if self.auto_assign and target == "production":
                made.substate, made.candidate, made.alias_assigned = "PROMOTED", True, at
                self._point(made.uid, *self.aliases)
        return made

    def find(self, id_or_host: str) -> Build:
        """A deployment by id or host. Raises No (404)."""
        with self.lock:
            for one in self.builds:
                if id_or_host in (one.uid, one.url):
                    return one
        raise No(404, "not_found", "The deployment could not be found")

    def switch(self, kind: JobKind, uid: str) -> int:
        """Take a rollback or promote; 201, or 202 when it waits behind a rolling release. Raises No."""
        with self.lock:
            target = self.find(uid)
            if self.job is not None and self.job.status in ("pending", "in-progress"):
                raise No(409, "conflict", "Another alias assignment is in progress for this project")
            if target.state != "READY":
                raise No(422, "unprocessable_entity", "The deployment is not ready")
            if kind == "rollback" and not target.candidate:
                raise No(422, "unprocessable_entity", "The deployment is not a candidate for a rollback")
            if kind == "rollback" and self.hobby and target is not self._previous():
                message = "To roll back further than the previous production deployment, upgrade to pro"
                raise No(402, "payment_required", message)
            if uid == self.production and not self._failed():
                raise No(409, "conflict", "The deployment is the current production deployment already")
            if kind == "promote" and self.rolling:
                self.queued = uid
                return 202
            self._begin(kind, uid)
            return 201

    def complete_rolling(self) -> None:
        """The rolling release ends; what was queued behind it begins."""
        with self.lock:
            self.rolling = False
            if self.queued:
                uid, self.queued = self.queued, ""
                self._begin("promote", uid)

    def read_project(self) -> Job | None:
        """The job as one reading of the project tells it; each reading takes a running job a step on."""
        with self.lock:
            if self.lies.stale_reads > 0:
                self.lies.stale_reads -= 1
                return self.job_before
            self._step()
            return self.job

    def remove(self, uid: str) -> None:
        """Delete a deployment. Raises No (404, or 409 for the live one)."""
        with self.lock:
            found = self.find(uid)
            if found.uid == self.production:
                raise No(409, "conflict", "The deployment serves production")
            self.builds.remove(found)

    def _begin(self, kind: JobKind, uid: str) -> None:
        self.job_before = self.job
        self.job = Job(kind, uid, self.production, self.milliseconds(), polls_left=self.polls)

    def _step(self) -> None:
        job = self.job
        if job is None or job.status not in ("pending", "in-progress") or self.lies.stuck:
            return
        job.polls_left -= 1
        job.status = "in-progress"
        if job.polls_left > 0:
            return
        failing = set(self.lies.failing_aliases)
        job.aliases = {alias: "failed" if alias in failing else "completed" for alias in self.aliases}
        moved = [alias for alias in self.aliases if alias not in failing]
        job.status = "failed" if failing else "succeeded"
        if moved:
            self._point(job.to, *moved, whole=not failing)
        if not failing:
            self.auto_assign = job.kind == "promote"

    def _point(self, uid: str, *aliases: str, whole: bool = True) -> None:
        for alias in aliases:
            self.aliases[alias] = uid
        if whole:
            self.production = uid
            target = self.find(uid)
            target.substate, target.candidate = "PROMOTED", True

    def _failed(self) -> bool:
        return self.job is not None and self.job.status == "failed"

    def _previous(self) -> Build | None:
        others = [one for one in self.builds if one.candidate and one.uid != self.production]
        return others[0] if others else None
