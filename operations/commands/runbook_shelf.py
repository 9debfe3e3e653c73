"""Which runbooks a command sees: the team's folder from the settings where there are any, and our library."""

from __future__ import annotations

from operations.cli import Session
from operations.commands.session import say
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.runbook_files import Runbooks
from operations.settings import Settings
from operations.speech import learn


def runbooks_of(session: Session) -> Runbooks:
    """The shelf. Runbooks open on the worst of nights: without settings, or with broken ones, it is ours alone."""
    settings = settings_or_none(session)
    if settings is None or not settings.runbooks:
        return Runbooks()
    own = settings.resolve(settings.runbooks)
    if not own.is_dir():
        say(f"{settings.path}: there is no folder {own}; only our own library is here", "WARN")
        return Runbooks()
    return Runbooks(own)


def settings_or_none(session: Session) -> Settings | None:
    """The settings, where there are any that can be read; what is wrong with others is said."""
    from operations.settings_reader import load_settings

    try:
        path = session.path
        if path is None:
            return None
        settings = load_settings(path)
    except VigieError as error:
        if session.config is not None:
            raise
        say(f"the settings cannot be used, and the team's own runbooks are left out: {error.what}", "WARN")
        return None
    session.site = settings.site.name
    learn(Redactor(settings.secrets()))
    return settings
