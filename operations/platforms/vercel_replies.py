"""What Vercel's API answers, validated once: only the fields we use, each of the right type or the answer is refused.

Names and meanings: Vercel's REST reference (projects, deployments), as its own client 56.x reads them. Times are
milliseconds since 1970, UTC, by Vercel's clock. Words of a closed set that we do not know become "unknown".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, get_args

import msgspec

from operations.text import one_line

JobStatus = Literal["pending", "in-progress", "succeeded", "failed", "skipped", "unknown"]
AliasJob = Literal["promote", "rollback", "unknown"]
ReadyState = Literal[
    "QUEUED", "INITIALIZING", "ANALYZING", "BUILDING", "DEPLOYING", "READY", "ERROR", "CANCELED", "BLOCKED", "DELETED",
    "unknown",
]  # fmt: skip
Substate = Literal["STAGED", "ROLLING", "PROMOTED", "unknown", ""]
_JOB_STATUSES, _ALIAS_JOBS = frozenset(get_args(JobStatus)), frozenset(get_args(AliasJob))
_READY_STATES, _SUBSTATES = frozenset(get_args(ReadyState)), frozenset(get_args(Substate))


class Reply(msgspec.Struct, frozen=True, rename="camel"):
    """Base of every answer; fields that we do not name are passed over."""


class Page(Reply, frozen=True):
    """Where the next page begins; None on the last one."""

    next: int | float | None = None


class AliasRequest(Reply, frozen=True):
    """The last rollback or promote of a project, whoever asked for it (`lastAliasRequest`)."""

    to_deployment_id: str
    requested_at: int | float
    job_status: str = ""
    type: str = ""
    from_deployment_id: str | None = None

    @property
    def status(self) -> JobStatus:
        """How far its job is."""
        return self.job_status if self.job_status in _JOB_STATUSES else "unknown"  # type: ignore[return-value]

    @property
    def kind(self) -> AliasJob:
        """Which way it goes."""
        return self.type if self.type in _ALIAS_JOBS else "unknown"  # type: ignore[return-value]

    @property
    def running(self) -> bool:
        """Whether it is under way, by a word we know."""
        return self.status in ("pending", "in-progress")


class Target(Reply, frozen=True):
    """The deployment that a target of the project (production) leads to."""

    id: str


class Project(Reply, frozen=True):
    """GET /v9/projects/{p}?rollbackInfo=true."""

    id: str
    name: str = ""
    account_id: str = ""
    targets: dict[str, Target | None] | None = None
    last_alias_request: AliasRequest | None = None
    auto_assign_custom_domains: bool | None = None

    @property
    def production(self) -> str:
        """The id of the deployment that production leads to; empty when there is none yet."""
        found = (self.targets or {}).get("production")
        return found.id if found else ""

    @property
    def pinned(self) -> bool:
        """Whether new deployments get no production domain until somebody promotes one, as after a rollback."""
        return self.auto_assign_custom_domains is False


class TokenScope(Reply, frozen=True):
    """What a token may act in: the user's own account, or one team."""

    type: str = ""
    team_id: str | None = None


class Token(Reply, frozen=True):
    """A token as Vercel describes it; nothing of its value."""

    name: str = ""
    expires_at: int | float | None = None
    scopes: list[TokenScope] = []

    @property
    def ends(self) -> datetime | None:
        """When it expires, UTC; None when it never does."""
        return to_time(self.expires_at)

    @property
    def teams(self) -> tuple[str, ...]:
        """Ids of the teams it is for; empty when it is for all that its user may do."""
        if any(scope.type != "team" for scope in self.scopes):
            return ()
        return tuple(scope.team_id for scope in self.scopes if scope.team_id)


class TokenAnswer(Reply, frozen=True):
    """GET /v5/user/tokens/current."""

    token: Token


class Creator(Reply, frozen=True):
    """Who made a deployment."""

    username: str | None = None


class Meta(Reply, frozen=True):
    """What came with a deployment: from its git integration, or from `vigie` (`vercel deploy --meta`)."""

    github_commit_sha: str | None = None
    gitlab_commit_sha: str | None = None
    bitbucket_commit_sha: str | None = None
    github_commit_message: str | None = None
    gitlab_commit_message: str | None = None
    bitbucket_commit_message: str | None = None
    vigie_release: str | None = None
    vigie_commit: str | None = None
    vigie_who: str | None = None
    vigie_title: str | None = None


class Complaint(Reply, frozen=True):
    """A code and a message for people, in error bodies and beside a deployment that got no domain."""

    code: str = ""
    message: str = ""


class Deployment(Reply, frozen=True):
    """One of GET /v6/deployments (`uid`), or GET /v13/deployments/{id} (`id`)."""

    uid: str = ""
    id: str = ""
    url: str | None = None
    ready_state: str = ""
    ready_substate: str | None = None
    target: str | None = None
    created: int | float | None = None
    created_at: int | float | None = None
    alias_assigned: int | float | bool | None = None
    is_rollback_candidate: bool | None = None
    creator: Creator | None = None
    meta: Meta | None = None
    alias_error: Complaint | None = None
    project_id: str | None = None

    @property
    def key(self) -> str:
        """Its id, whichever call told it."""
        return self.uid or self.id

    @property
    def state(self) -> ReadyState:
        """How far its build is."""
        return self.ready_state if self.ready_state in _READY_STATES else "unknown"  # type: ignore[return-value]

    @property
    def substate(self) -> Substate:
        """STAGED until it served production; empty where Vercel does not tell."""
        word = self.ready_substate or ""
        return word if word in _SUBSTATES else "unknown"  # type: ignore[return-value]

    @property
    def was_live(self) -> bool:
        """Whether it served production at some time, by Vercel's word."""
        return self.substate == "PROMOTED" or self.is_rollback_candidate is True


class Deployments(Reply, frozen=True):
    """GET /v6/deployments."""

    deployments: list[Deployment]
    pagination: Page = Page()


class Alias(Reply, frozen=True):
    """A domain, and the deployment it leads to."""

    alias: str


class AliasState(Reply, frozen=True):
    """How one alias fared in a rollback or promote."""

    alias: Alias
    status: str = ""


class Aliases(Reply, frozen=True):
    """GET /v9/projects/{p}/rollback/aliases (and promote/aliases)."""

    aliases: list[AliasState]
    pagination: Page = Page()


class ErrorBody(Reply, frozen=True):
    """The body of every refusal: `{"error": {"code", "message"}}`."""

    error: Complaint


def to_time(milliseconds: float | None) -> datetime | None:
    """A moment of Vercel's clock as aware UTC; None for none, and for a number that is no time."""
    if milliseconds is None or isinstance(milliseconds, bool):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def word(text: str | None, limit: int = 60) -> str:
    """Foreign text as one cleaned line."""
    return one_line(text or "", limit)
