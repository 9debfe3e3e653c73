"""A clock that is set forward, set back or stood still neither loses a reminder nor says one twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from operations.incident.book import IncidentBook
from operations.incident.clock import clock_of, header_words, unsaid
from operations.incident.model import Incident
from operations.incident.reminding import arm, remind, snooze
from tests.operations.incident.stage import ID, SETTINGS, START, Stage

NOTICED = timedelta(minutes=1)
"""Consoles look, and write something, that often."""


class Watched(Stage):
    """Two consoles look at the incident; `heard` is what either of them said, and when it truly was."""

    def __init__(self) -> None:
        super().__init__(assumed=True)
        self.heard: list[tuple[str, timedelta]] = []
        self.books = {"a": IncidentBook(), "b": IncidentBook()}
        self.places = {"a": 0, "b": 0}
        self.seen: dict[str, Incident] = {}
        for console in self.books:
            self.read(console)

    def read(self, console: str) -> None:
        """The console takes in what the journal has."""
        rows = self.rows[self.places[console] :]
        self.places[console] += len(rows)
        self.books[console].feed([event for _, event in rows])
        found = self.books[console].get(ID)
        assert found is not None
        self.seen[console] = found

    def look(self, console: str = "a", *, read: bool = True) -> tuple[str, ...]:
        """The console says what is due; without `read` it does not know yet what the other one wrote."""
        if read:
            self.read(console)
        said = remind(self, self.seen[console], SETTINGS, self.now)
        self.heard += [(words, self.true) for words in said]
        self.read(console)
        if read:
            assert remind(self, self.seen[console], SETTINGS, self.now) == (), "what was said is not said again"
        return said

    def beat(self, times: int, every: timedelta = NOTICED) -> None:
        """Time goes by; the watch writes something, and a console looks."""
        for _ in range(times):
            self.true += every
            self.append("change.seen", {"title": "x"})
            self.look()

    def times(self, words: str) -> int:
        """How often something was said."""
        return sum(words in said for said, _ in self.heard)

    def first(self, words: str) -> timedelta:
        """When it was truly said first."""
        return next(at for said, at in self.heard if words in said)


def keys(stage: Stage) -> Counter[str]:
    """How many consoles said each thing, by the events that count."""
    said = [event for event in stage.incident().events if event.kind == "timer.said"]
    return Counter(f"{event.data['timer']} {event.data['key']}" for event in said)


def test_what_fell_due_while_nothing_ran_is_said_first_thing_and_once() -> None:
    stage = Watched()
    stage.wait(hours=2)
    said = stage.look()
    assert said[0] == "nobody is incident commander (since 03:02Z, 1h58m ago)"
    assert "first notice to users: was due 03:05Z, 1h55m ago" in said
    assert [words for words in said if words.startswith("an hour is over")]
    assert sum(words.startswith("call the") for words in said) == 3
    assert stage.look() == ()
    assert stage.look("b") == ()


def test_two_consoles_that_look_at_once_say_it_once() -> None:
    stage = Watched().wait(minutes=6)
    assert isinstance(stage, Watched)
    first, second = stage.look("a", read=False), stage.look("b", read=False)
    assert len(first) == 4  # commander, severity, first notice, and the next window
    assert second == ()
    assert max(keys(stage).values()) == 1


def test_no_commander_is_said_five_times_at_most() -> None:
    stage = Watched()
    stage.beat(60)
    assert stage.times("nobody is incident commander") == 5
    assert stage.times("nobody has said how bad") == 5
    assert stage.first("nobody is incident commander") == timedelta(minutes=2)


def test_a_suspended_machine_says_on_waking_what_fell_due_in_its_sleep_and_no_backlog() -> None:
    stage = Watched()
    stage.beat(3)
    stage.wait(hours=8)
    said = stage.look()
    assert sum("nobody is incident commander" in words for words in said) == 1
    assert sum("first notice" in words for words in said) == 1


def test_set_forward_by_an_hour_everything_is_said_and_nothing_again_when_it_is_set_back() -> None:
    stage = Watched()
    stage.beat(3)
    stage.turn(hours=1)
    said = stage.look()
    assert [words for words in said if "call the CTO" in words]
    stage.turn(hours=-1)
    before = list(stage.heard)
    stage.beat(70)
    again = [words for words, _ in stage.heard[len(before) :]]
    assert not [words for words in again if "call the" in words]


def test_set_back_behind_the_opening_it_is_said_and_spans_go_on() -> None:
    stage = Watched()
    stage.append("role.taken", {"role": "commander"})
    stage.beat(10)
    stage.turn(hours=-1)
    said = stage.look()
    assert said[0].startswith("the clock of this machine went back 1h")
    stage.beat(10)
    assert timedelta(minutes=15) <= stage.first("call the team lead") <= timedelta(minutes=16)
    assert stage.times("the clock of this machine") == 1
    assert stage.first("first notice") == timedelta(minutes=5)


def test_set_back_twice_both_are_noticed() -> None:
    stage = Watched()
    for _ in range(2):
        stage.beat(4)
        stage.turn(minutes=-30)
        stage.look()
    stage.beat(12)
    assert stage.times("the clock of this machine") == 2
    assert timedelta(minutes=15) <= stage.first("call the team lead") <= timedelta(minutes=17)


def test_a_console_that_may_write_nothing_counts_on_from_now_as_well() -> None:
    stage = Stage().wait(minutes=10)
    stage.append("change.seen", {})
    stage.turn(hours=-1)
    lead = next(one for one in clock_of(stage.incident(), SETTINGS, stage.now).due if "team lead" in one.words)
    assert lead.due_at - stage.now == timedelta(minutes=5)


def test_summer_time_and_zones_change_nothing() -> None:
    paris = ZoneInfo("Europe/Paris")
    stage = Stage()
    begin = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)  # ten minutes before Paris puts its clocks back
    stage.off = begin - START
    stage.rows.clear()
    stage.append("incident.opened", {"severity": "P0"}, at=begin.astimezone(paris))
    for passed in range(0, 130, 5):
        stage.true = timedelta(minutes=passed)
        here, there = stage.now, stage.now.astimezone(paris)
        one, other = clock_of(stage.incident(), SETTINGS, here), clock_of(stage.incident(), SETTINGS, there)
        assert one == other
        assert header_words(one, here) == header_words(other, there)
        assert unsaid(stage.incident(), SETTINGS, here) == unsaid(stage.incident(), SETTINGS, there)
    lead = next(one for one in one.due if "team lead" in one.words)
    assert lead.due_at == begin + timedelta(minutes=15)


def test_put_off_it_is_said_again_when_that_time_comes() -> None:
    stage = Watched()
    stage.append("role.taken", {"role": "commander"})
    stage.beat(6)
    until = stage.now + timedelta(minutes=20)
    snooze(stage, stage.incident(), SETTINGS, "update", until, "the writer is on the phone", stage.now)
    put_off = clock_of(stage.incident(), SETTINGS, stage.now)
    assert header_words(put_off, stage.now) == "SEVERITY OVERDUE 1m", "what was put off is no longer overdue"
    stage.beat(19)
    assert stage.times("first notice") == 1
    stage.beat(2)
    assert stage.times("first notice") == 2


def test_a_reminder_of_ones_own_set_before_the_clock_went_back_keeps_its_distance() -> None:
    stage = Watched()
    stage.append("role.taken", {"role": "commander"})
    arm(stage, stage.incident(), "look at the queue", stage.now + timedelta(minutes=10))
    stage.turn(hours=-2)
    stage.look()
    stage.beat(12)
    assert timedelta(minutes=10) <= stage.first("look at the queue") <= timedelta(minutes=11)


jumps = st.lists(
    st.tuples(
        st.integers(0, 20),  # looks before it
        st.one_of(st.integers(-7200, 7200), st.integers(-90, 90)),  # seconds it is set by
        st.booleans(),  # whether anything runs just then
        st.sampled_from(["a", "b"]),
        st.booleans(),  # whether that console has read what the other one wrote
    ),
    max_size=8,
)


# Set back, what is due by that was said only at the look after the one that noticed it.
@example(
    [(11, -7, True, "a", False), (0, 0, False, "a", False), (2, 0, False, "a", False), (0, -1614, True, "a", True)]
)
@settings(max_examples=25)
@given(jumps)
def test_whatever_the_clock_does_each_reminder_is_said_once_and_none_is_lost(
    story: list[tuple[int, int, bool, str, bool]],
) -> None:
    stage = Watched()
    back, sound = timedelta(), True
    for looks, seconds, runs, console, reads in story:
        stage.beat(looks)
        stage.turn(seconds=seconds)
        back += timedelta(seconds=max(0, -seconds))
        sound = sound and seconds >= 0
        if runs:
            stage.look(console, read=reads)
        else:
            stage.wait(minutes=7)
    stage.beat(100)
    stage.beat(30, timedelta(minutes=15))
    assert max(keys(stage).values()) == 1
    counts = Counter(words.partition(": was due")[0].partition(" (since")[0] for words, _ in stage.heard)
    for once in ("call the team lead: Ana +33 1", "call the CTO: Rui"):
        assert counts[once] == 1
    for at_most_five in ("nobody is incident commander", "nobody has said how bad it is; it counts as P0"):
        assert counts[at_most_five] == 5
    assert stage.times("first notice to users") == 5
    # Set forward a reminder comes early, never late. Set back it may be as late as that, and a look besides.
    slack = NOTICED + timedelta(minutes=7) * len(story) + (timedelta() if sound else back)
    assert stage.first("call the team lead") <= timedelta(minutes=15) + slack
    assert stage.first("call the CTO") <= timedelta(minutes=60) + slack


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 15), st.integers(61, 7200)), max_size=6))
def test_set_back_while_consoles_run_a_reminder_is_late_by_a_look_for_each_time(story: list[tuple[int, int]]) -> None:
    stage = Watched()
    for looks, seconds in story:
        stage.beat(looks)
        stage.turn(seconds=-max(seconds, 60 * looks + 61))  # behind all that this turn has written
        stage.look()
    stage.beat(90)
    assert stage.first("call the team lead") <= timedelta(minutes=15) + NOTICED * (len(story) + 1)
    assert stage.first("call the team lead") >= timedelta(minutes=15)
