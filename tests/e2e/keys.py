"""What a person at the console does again and again, as keys."""

from __future__ import annotations

from operations.incident.messages import KINDS, Kind
from tests.e2e.terminal import Terminal


def open_incident(console: Terminal) -> None:
    """`I`, then the highest severity."""
    console.press_meant("I", r"How bad is it\?")
    console.press_meant("1", r"── Site down")


def to_rollback_plan(console: Terminal) -> None:
    """From the section that rolls back to its plan."""
    console.wait_for(r"rollback +Enter shows its plan")
    console.press_meant("enter", r"Type +drill production")
    console.settle()


def type_confirmation(console: Terminal, reason: str) -> None:
    """Reason and phrase; the focus is on the confirming button then."""
    console.press("tab", reason, "enter", "drill production", "enter")
    console.settle()


def say_yes(console: Terminal, pattern: str) -> None:
    """Tab to the confirming button, and Enter; once more where the console says that it came too fast to be meant."""
    console.press("tab")
    console.press_meant("enter", rf"{pattern}|too fast to be meant")
    if "too fast to be meant" in console.text:
        console.press_meant("enter", pattern)


def take_command(console: Terminal) -> None:
    """On the incident's page: `Enter`, the roles, commander, I take it."""
    console.press_meant("enter", r"What about it\?")
    console.press_meant("1", r"Which role\?")
    console.press_meant("1", r"I take it")
    console.press_meant("1", r"is commander now")


def tell_everybody(console: Terminal, kind: Kind, *blanks: str) -> None:
    """`U`, the kind (the first notice is shown at once), its blanks, and to all targets."""
    first = r"Fill in" if blanks else r"To whom\?"
    console.press_meant("U", rf"Which message\?|{first}")
    if "Which message?" in console.text:
        console.press_meant(str(KINDS.index(kind) + 1), first)
    for words in blanks:
        console.settle()
        console.press(words, "enter")
    if blanks:
        console.press_meant("enter", r"To whom\?")
    console.press_meant("4", r"Type +drill PUBLIC")
    console.settle()
    console.press("tab", "drill PUBLIC", "enter")
    console.press_meant("enter", rf"{kind} message sent to")


def resolve(console: Terminal) -> None:
    """Say that it is over; where it was not quiet for long enough, with a reason."""
    console.press_meant("r", r"Is it over\?|or say in one line")
    if "or say in one line" in console.text:
        console.press("seen to work", "enter")
        console.wait_for("; resolved")
    else:
        say_yes(console, r"; resolved")


def incident_page(console: Terminal) -> None:
    """The page of the open incident."""
    console.press_meant("I", r"── Incident \d{4}-")
