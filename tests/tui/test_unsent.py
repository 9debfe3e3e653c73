"""Messages that did not leave: what was typed stays, and the times in them are those of now."""

from __future__ import annotations

from operations.incident.messages import Draft
from tui.unsent import Unsent, newest_texts, place_of


def draft(text: str, *blanks: str) -> Draft:
    return Draft("update", {"en": text}, {"en": blanks} if blanks else {}, {}, (), None, "site-down")


def test_a_persons_own_words_name_the_promise_of_now() -> None:
    left = Unsent(edited={"en": "Soon. Next: 03:15 UTC"}, promise="03:15 UTC")
    assert left.edited_for("03:40 UTC") == {"en": "Soon. Next: 03:40 UTC"}
    assert left.edited_for("") == {"en": "Soon. Next: 03:15 UTC"}, "nothing is promised now: it is theirs to change"
    fresh = newest_texts(draft("Next: 03:40 UTC"), left, {"en": "old"}, "03:40 UTC")
    assert fresh == {"en": "Soon. Next: 03:40 UTC"}


def test_what_somebody_else_filled_is_read_as_it_was_kept() -> None:
    made = draft("You may notice: [impact]", "impact")
    assert newest_texts(made, Unsent(), {"en": "You may notice: no quotes"}, "") == {"en": "You may notice: no quotes"}
    assert newest_texts(made, Unsent(), {"en": "You may notice: [impact]"}, "") == made.texts


def test_planned_work_belongs_to_no_incident() -> None:
    assert place_of(None, "maintenance") == ("", "maintenance")
