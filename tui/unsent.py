"""What was typed for a message that did not leave: it is shown again as it was left, with the times of now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from operations.incident.messages import Draft
    from operations.incident.model import Incident


@dataclass(frozen=True, slots=True)
class Unsent:
    """What blanks were filled with, texts in a person's own words by language, and the promise as they name it."""

    given: Mapping[str, str] = field(default_factory=dict)
    edited: Mapping[str, str] = field(default_factory=dict)
    promise: str = ""

    def edited_for(self, promise: str) -> dict[str, str]:
        """The edited texts, naming this promise in the place of the one before."""
        if not self.promise or not promise:
            return dict(self.edited)
        return {one: text.replace(self.promise, promise) for one, text in self.edited.items()}


def place_of(incident: Incident | None, kind: str) -> tuple[str, str]:
    """What an unsent message is kept under; planned work belongs to no incident."""
    of_one = incident is not None and kind not in ("maintenance", "post-deployment")
    return (incident.id if incident is not None and of_one else "", kind)


def promise_words(draft: Draft, now: datetime, zone: str) -> str:
    """The promised time as the draft's texts name it; empty where they name none."""
    from operations.incident.message_facts import moment_words

    return moment_words(draft.promised, now, zone) if draft.promised is not None else ""


def newest_texts(draft: Draft, unsent: Unsent, recorded: Mapping[str, str], promise: str) -> Mapping[str, str]:
    """The texts of a draft as they would leave now; those recorded where somebody else filled what is blank here."""
    texts = {**draft.texts, **unsent.edited_for(promise)}
    return recorded if draft.missing and not unsent.edited and "[" not in "".join(recorded.values()) else texts


def as_left(draft: Draft, edited: Mapping[str, str]) -> Draft:
    """The draft with a person's own words in it, to be recorded."""
    return replace(draft, texts={**draft.texts, **edited})
