"""The migrations of a deploy: shown, applied as the commit holds them, believed from the database's own record.

What failed is told only after the server does nothing for it any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from operations.applied_migrations import read_applied
from operations.database_sessions import end_sessions, session_name
from operations.desk import Desk
from operations.dump.connection import way_to
from operations.dump.tools import find_tool
from operations.engine.model import StepFailed
from operations.engine.steps import Completed, StepContext
from operations.errors import VigieError
from operations.jobs.going_live import GoingLive, how_it_ended
from operations.migrating import calls_of, migration_environment, psql_call, sql_file
from operations.migration_locks import Running, running_of
from operations.migration_names import in_record, is_migration
from operations.text import one_line

MIGRATIONS_FAILED = 4
_PREVIEW_LIMIT = 120.0
_PSQL_PLACE = re.compile(r"^psql:(\S+?):(\d+): ")


class Migrating(GoingLive):
    """The steps that preview and apply what is pending. A plan's details hold `pending` and `baseline`, too."""

    def preview(self, context: StepContext) -> None:
        """Show what the migrations would do, and change nothing."""
        for one in self._pending:
            context.say(f"pending: {shown([one['name']])}, {one['word']}")
        self._check_unaltered(context)
        calls = calls_of(self._desk.settings.deploy, self._desk.env.database)
        if not calls.preview:
            return
        with migration_environment(self._desk.env.database, session_name(context.job)) as environment:
            done = context.run(calls.preview, cwd=self._folder(context), env=environment, limit=_PREVIEW_LIMIT)
        if done.timed_out or done.code not in calls.previews_with:
            raise StepFailed(MIGRATIONS_FAILED, f"the preview of the migrations failed: {how_it_ended(done)}")

    def migrate(self, context: StepContext) -> None:
        """Apply what is pending, and believe the database's own record that it is in."""
        self._check_still_live()
        self._check_unaltered(context)
        names = [str(one["name"]) for one in self._pending]
        session = session_name(context.job)
        left = context.leaves("migrations", f"migrations begun: {shown(names[:3])}", names=names, session=session)
        context.no_return()
        try:
            self._apply(context)
            missing = self._not_recorded(names)
            if missing:
                raise StepFailed(MIGRATIONS_FAILED, f"reported as applied, but not recorded: {shown(missing[:3])}")
        except (StepFailed, VigieError):
            self._after_failed(context, names, session, left)
            raise
        if missing is None:
            context.say("the database keeps no record of migrations: not verified", "warn")
        context.settled(left)
        context.memory["migrated"] = names
        context.report(migrations=names, migrations_verified=missing is not None)

    def _check_unaltered(self, context: StepContext) -> None:
        """A program runs what lies in the checkout: that is what the plan judged, whatever the build did."""
        driver, under = self._desk.settings.deploy.migrations, self._desk.settings.site.migrations
        if driver == "sql":
            return
        try:
            found = self._repository.altered_in(self._folder(context), self._text("to_commit"), under)
        except VigieError as error:
            says = f"whether the build left the migrations as they were cannot be told: {error.what}"
            raise StepFailed(MIGRATIONS_FAILED, says) from None
        altered = [path for path in found if is_migration(path, driver)]
        if altered:
            says = f"the build altered {shown(altered[:3])}: what would be applied is not what the plan judged"
            raise StepFailed(MIGRATIONS_FAILED, f"{says}. Have the build leave {one_line(under)} alone, or commit that")

    def _apply(self, context: StepContext) -> None:
        try:
            if self._desk.settings.deploy.migrations == "sql":
                self._apply_sql(context)
            else:
                self._apply_by_program(context)
        except OSError as error:
            says = f"the migrations could not be handed on: {error.strerror or type(error).__name__}"
            raise StepFailed(MIGRATIONS_FAILED, says) from None

    def _apply_sql(self, context: StepContext) -> None:
        """Each file by a psql of its own: the statement that fails is shown, and what ran before it stays recorded.

        Files come from the commit: what lies in the checkout the build had in its hands.
        """
        deploy, address = self._desk.settings.deploy, self._desk.env.database
        tool = find_tool("psql", at_least=0, loopback=way_to(address).is_loopback)
        baseline = tuple(str(name) for name in self._details.get("baseline") or ())
        session = session_name(context.job)
        for count, one in enumerate(self._pending):
            name = str(one["name"])
            context.progress(f"{count} of {len(self._pending)}, now {shown([name])}")
            text = self._repository.text_at(self._text("to_commit"), str(one["path"]))
            if text is None:
                raise StepFailed(MIGRATIONS_FAILED, f"{shown([name])} cannot be read from git: it was not applied")
            running = running_of(text)
            with migration_environment(address, session) as environment, sql_file(text) as file:
                call = psql_call(
                    tool.path,
                    file,
                    name,
                    running,
                    lock_timeout=deploy.lock_timeout,
                    limit=deploy.migrate_limit,
                    session=session,
                    baseline=baseline,
                )
                done = context.run(call, env={**environment, "PGCLIENTENCODING": "UTF8"}, limit=deploy.migrate_limit)
            if done.code or done.timed_out:
                words = _statement(done, Path(str(one["path"])).name)
                left = self._left_of(name, running, session)
                raise StepFailed(MIGRATIONS_FAILED, f"{shown([name])} failed: {words}; {left}".replace(";; ", "; "))

    def _left_of(self, name: str, running: Running, session: str) -> str:
        """What a file that failed left, once the server is done with it."""
        try:
            end_session(self._desk, session)
            recorded = read_applied(self._desk.env.database) or ()
        except VigieError as error:
            return f"what of it stayed cannot be told. {error.what}"
        if not running.wrapped:
            return "what ran before it stayed: mend it by hand"
        there = in_record((row for row in recorded if not row.failed), [name])
        return "all the same it is in the database" if there else "nothing of it stayed"

    def _apply_by_program(self, context: StepContext) -> None:
        deploy, address = self._desk.settings.deploy, self._desk.env.database
        session = session_name(context.job)
        call = calls_of(deploy, address).apply
        with migration_environment(address, session) as environment:
            done = context.run(call, cwd=self._folder(context), env=environment, limit=deploy.migrate_limit)
        if not done.code and not done.timed_out:
            return
        says = f"the migrations failed: {_statement(done)}"
        if done.timed_out or done.code < 0:
            # It may have given its sessions another name than ours, or not have taken ours over.
            says += ". It was ended; a session that it named itself may still be running: look at pg_stat_activity"
        raise StepFailed(MIGRATIONS_FAILED, says)

    def _after_failed(self, context: StepContext, names: Sequence[str], session: str, left: str) -> None:
        """The checkout goes, and what the database has of them is said; where nobody can tell, that stays open."""
        self._drop_checkout(context)
        try:
            say_migrations(self._desk, names, lambda words: context.say(words, "warn"), session=session)
        except VigieError as error:
            context.say(f"what is in the database cannot be told: {error.what}", "error")
        else:
            context.settled(left)

    def _not_recorded(self, names: Sequence[str]) -> Sequence[str] | None:
        """Which of them the database does not say it has; None where it keeps no record known here."""
        recorded = read_applied(self._desk.env.database)
        if recorded is None:
            return None
        there = in_record((row for row in recorded if not row.failed), names)
        return [name for name in names if name not in there]

    @property
    def _pending(self) -> Sequence[dict[str, Any]]:
        return cast("Sequence[dict[str, Any]]", self._details.get("pending") or ())

    def _folder(self, context: StepContext) -> Path:
        return Path(context.memory["folder"])


def say_migrations(desk: Desk, names: Sequence[str], say: Callable[[str], None], *, session: str = "") -> None:
    """End what still runs under that name, and say which of them the database has.

    Raises VigieError where it does not answer or goes on with them: then nobody knows.
    """
    if session:
        end_session(desk, session)
    recorded = read_applied(desk.env.database)
    if recorded is None:
        say(f"whether {shown(names)} are in, the database does not say: look at its schema")
        return
    there = in_record((row for row in recorded if not row.failed), names)
    broken = in_record((row for row in recorded if row.failed), names)
    for name in names:
        if name in there:
            say(f"{shown([name])} is in the database; the code it was made for may not be live")
        elif name in broken:
            say(f"{shown([name])} stopped half way: finish or reverse it by hand, then in the record")
        else:
            say(f"{shown([name])} is not in the database")


def end_session(desk: Desk, session: str) -> None:
    """End the sessions of that name. Raises VigieError where that is not certain: what they do may go on."""
    look = f"Look for application_name {session} in pg_stat_activity"
    try:
        if end_sessions(desk.env.database, session):
            return
    except VigieError as error:
        raise VigieError(f"It may still be running: {error.what} {look}.", code=2) from None
    raise VigieError(f"It is still running, and the server does not end it. {look}.", code=2)


def shown(names: Sequence[str]) -> str:
    """Names of migrations, fit to be shown."""
    return ", ".join(one_line(name, 200) for name in names)


def _statement(done: Completed, file: str = "") -> str:
    """The error with the statement it came from, as psql and the programs print them; `file` is what psql ran."""
    if done.timed_out:
        return how_it_ended(done)
    lines = list(done.tail)
    first = next((n for n, line in enumerate(lines) if re.search(r"\b(ERROR|FATAL|Error)\b", line)), None)
    if first is None:
        return how_it_ended(done)
    return one_line(" ".join(_named(line, file) for line in lines[first : first + 6]), 400)


def _named(line: str, file: str) -> str:
    """psql's place with the file's own name: what it was given is a path that leads to its text."""
    return _PSQL_PLACE.sub(lambda found: f"{file or Path(found[1]).name}:{found[2]}: ", line)
