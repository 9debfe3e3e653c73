"""What a person at the console does again and again, as keys."""

from __future__ import annotations

from tests.e2e.terminal import Terminal


def open_incident(console: Terminal) -> None:
    """`I`, then the highest severity."""
    console.press_meant("I", r"How bad is it\?")
    console.press_meant("1", r"── Site down")


def tell_users(console: Terminal, impact: str, effet: str) -> None:
    """`U`: the first notice, its impact in both languages, to everybody who is no public."""
    console.press_meant("U", r"Which message\?")
    console.press_meant("1", r"impact \(en\)")
    console.press(impact, "tab", effet, "enter")
    console.settle()
    console.press_meant("enter", r"To whom\?")
    console.press_meant("1", r"Will run +1 send to dispatchers")
    console.settle()
    say_yes(console, r"dispatchers: delivered")


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


def resolve(console: Terminal) -> None:
    """Say that it is over; where it was not quiet for long enough, with a reason."""
    console.press_meant("r", r"Is it over\?|Wait, or say in one line")
    if "Wait, or say" in console.text:
        console.press("seen to work", "enter")
        console.wait_for("; resolved")
    else:
        say_yes(console, r"; resolved")


def incident_page(console: Terminal) -> None:
    """The page of the open incident."""
    console.press_meant("I", r"── Timeline")
