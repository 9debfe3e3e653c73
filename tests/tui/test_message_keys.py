"""Telling users by keys: the draft, its blanks, one's own words, who gets it, and what each target answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from operations.desk import utc_now
from operations.incident.sending import past_messages
from operations.incident.sent_messages import Message
from operations.incident.told import said_of
from operations.settings import MessageTarget
from tests.operations.incident.mailing import OK
from tests.operations.incident.post import Post, post_office
from tests.operations.web import hang, reply
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until
from tui.app import VigieApp
from tui.dialogs.base import Field
from tui.dialogs.edit import EditDialog
from tui.dialogs.fill import FillDialog
from tui.dialogs.plan import PlanDialog
from tui.dialogs.small import ChooseDialog
from tui.message_lines import target_choices

TARGETS = """
[messages]
service = "the dispatch board"
[[messages.targets]]
name = "chat"
kind = "slack"
address = "{url}/chat"
audience = "the dispatchers' channel"
limit = 0.5
[[messages.targets]]
name = "site"
kind = "webhook"
address = "{url}/site"
audience = "the page of the site"
public = true
"""


@pytest.fixture(autouse=True)
def _buttons_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.dialogs.base.SETTLE", 0.0)
    monkeypatch.setattr("tui.keys.HELD", 0.0)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with post_office() as opened:
        opened.at("/chat", OK)
        opened.at("/site", reply("{}"))
        yield opened


def console(make_app: MakeApp, post: Post) -> VigieApp:
    return make_app(Injected(fresh(down_snapshot())), more=TARGETS.format(url=post.web.url))


async def incident(pilot: Pilot[None]) -> None:
    """Open one, and wait for its first notice to be drafted."""
    await shows(pilot, "✖ DOWN")
    await pilot.press("I", "1")
    app = pilot.app
    assert isinstance(app, VigieApp)
    await until(pilot, lambda: bool(messages(app)), "the first notice is drafted")


def messages(app: VigieApp) -> tuple[Message, ...]:
    return past_messages(app.live.journal, app.live.incident, app.live.now())


async def opens(pilot: Pilot[None], dialog: type) -> None:
    try:
        await until(pilot, lambda: isinstance(pilot.app.screen, dialog), dialog.__name__)
    except TimeoutError:
        assert isinstance(pilot.app, VigieApp)
        pytest.fail(f"no {dialog.__name__}; it shows:\n{screen_text(pilot.app)}")


async def to_button(pilot: Pilot[None], id: str) -> None:
    for _ in range(8):
        if pilot.app.focused is not None and pilot.app.focused.id == id:
            return
        await pilot.press("tab")
    pytest.fail(f"no way to the button {id}; the focus is on {pilot.app.focused}")


async def fills(pilot: Pilot[None], *answers: str) -> None:
    """Fill every blank, and go on."""
    await opens(pilot, FillDialog)
    for field, words in zip(pilot.app.screen.query(Field), answers, strict=True):
        field.value = words
    await pilot.press(*["enter"] * len(answers))
    await shows(pilot, "Enter shows it whole")
    await pilot.press("enter")


async def sends(pilot: Pilot[None], phrase: str = "") -> None:
    """Confirm the plan that is shown."""
    await opens(pilot, PlanDialog)
    if phrase:
        await pilot.press("tab", *phrase, "enter")
    else:
        await to_button(pilot, "run")
    await pilot.press("enter")


def test_a_second_message_goes_to_whom_the_first_went_unless_somebody_chooses_another() -> None:
    known = [
        MessageTarget(name=name, kind="slack", audience="a", public=name == "page") for name in ("chat", "mail", "page")
    ]

    def offered(*targets: str, restricted: bool = False) -> tuple[str, int]:
        at = utc_now()
        sent = Message("m-1", "initial", {}, "ana", sent_at=at, targets=targets)
        draft = Message("m-2", "update", {}, "ana", drafted_at=at)
        choices, chosen = target_choices(known, (sent, draft) if targets else (draft,), restricted=restricted)
        return choices[chosen][0], chosen

    assert offered() == ("all that are not public: chat, mail", 0)
    assert offered("chat", "mail") == ("as before: all that are not public: chat, mail", 0)
    assert offered("page") == ("as before: page: PUBLIC: a", 3)
    assert offered("chat", "mail", "page") == ("as before: every one of them", 4)
    assert offered("chat", "page") == ("as before: chat, page", 5)
    assert offered("chat", "page", restricted=True) == ("chat: a", 0), "each one is named"
    assert offered("gone") == ("all that are not public: chat, mail", 0)


async def test_the_first_notice_is_drafted_at_the_opening_and_sent_after_one_key(make_app: MakeApp, post: Post) -> None:
    app = console(make_app, post)
    async with app.run_test(size=(80, 24)) as pilot:
        await incident(pilot)
        (draft,) = messages(app)
        assert (draft.kind, draft.result) == ("initial", "draft")
        assert "We are having trouble with the dispatch board." in draft.texts["en"]
        await pilot.press("U")
        await fills(pilot, "no quotes", "pas de devis")
        await opens(pilot, ChooseDialog)
        assert "3 site: PUBLIC: the page of the site" in option_text(app)
        await pilot.press("4")
        await opens(pilot, PlanDialog)
        await pilot.press("escape")
        await shows(pilot, "Cancelled: nothing was sent. U shows it again as you left it.")
        (kept,) = messages(app)
        assert (kept.id, kept.result) == (draft.id, "draft") and "What you may notice: no quotes" in kept.texts["en"]
        await pilot.press("M")
        await opens(pilot, ChooseDialog)
        await pilot.press("1")
        await until(pilot, lambda: "change it and send it" in str(getattr(app.screen, "options", "")), "it asks how")
        await pilot.press("1")
        await opens(pilot, FillDialog)
        assert [field.value for field in app.screen.query(Field)] == ["no quotes", "pas de devis"]
        await fills(pilot, "no quotes", "pas de devis")
        await opens(pilot, ChooseDialog)
        await pilot.press("4")
        await opens(pilot, PlanDialog)
        await shows(pilot, "PUBLIC: the page of the site")
        await shows(pilot, "Ce que vous pouvez constater : pas de devis")
        await pilot.press("tab", "enter", "enter")
        await shows(pilot, "Nothing was done yet: it needs exactly “PUBLIC” typed.")
        assert post.got == []
        await pilot.press(*"PUBLIC", "enter", "enter")
        await shows(pilot, "chat delivered; site delivered")
        (sent,) = messages(app)
        assert (sent.id, sent.result, sent.public) == (draft.id, "delivered", True)
        (told,) = post.bodies("/chat")
        assert "What you may notice: no quotes" in told["text"]
        assert app.live.incident is not None
        assert {one: said.text for one, said in said_of(app.live.incident)["impact"].items()} == {
            "": "no quotes", "fr": "pas de devis",
        }  # fmt: skip
        await pilot.press("U")
        await opens(pilot, ChooseDialog)
        assert "initial   sent" in option_text(app)


async def test_what_was_typed_into_a_blank_is_there_again_after_esc(make_app: MakeApp, post: Post) -> None:
    app = console(make_app, post)
    async with app.run_test(size=(80, 24)) as pilot:
        await incident(pilot)
        await pilot.press("U")
        await opens(pilot, FillDialog)
        await pilot.press("escape")
        await shows(pilot, "Cancelled: nothing was sent.")
        assert "as you left it" not in screen_text(app), "nothing was typed"
        await pilot.press("U")
        await opens(pilot, FillDialog)
        await pilot.press(*"half", "escape")
        await shows(pilot, "Cancelled: nothing was sent. U shows it again as you left it.")
        await pilot.press("U")
        await opens(pilot, FillDialog)
        assert [field.value for field in app.screen.query(Field)] == ["half", ""]
        await pilot.press(*"moitié", "shift+tab", "end", *["backspace"] * 4, "escape")
        await pilot.press("U")
        await opens(pilot, FillDialog)
        assert [field.value for field in app.screen.query(Field)] == ["", "moitié"], "what was emptied is gone"
        assert post.got == []


def option_text(app: VigieApp) -> str:
    dialog = app.screen
    assert isinstance(dialog, ChooseDialog)
    return "\n".join(f"{number} {words}" for number, words in enumerate(dialog.options, 1))


async def test_a_message_is_put_in_ones_own_words_and_a_mail_address_in_it_has_to_be_meant(
    make_app: MakeApp, post: Post
) -> None:
    app = console(make_app, post)
    async with app.run_test(size=(80, 24)) as pilot:
        await incident(pilot)
        await pilot.press("U")
        await fills(pilot, "no quotes", "pas de devis")
        await opens(pilot, ChooseDialog)
        await pilot.press("3")
        await opens(pilot, PlanDialog)
        await to_button(pilot, "edit")
        await pilot.press("enter")
        await opens(pilot, EditDialog)
        await pilot.press("enter", *"Ask a@tow.example.")
        assert app.screen.query_one("#text-en", TextArea).text.endswith("\nAsk a@tow.example.")
        await to_button(pilot, "plan")
        await pilot.press("enter")
        await shows(pilot, "Is it meant for users?")
        await pilot.press("enter")
        await opens(pilot, PlanDialog)
        await shows(pilot, "nothing in it that users should not read")
        assert not app.screen.query("#run")
        await to_button(pilot, "edit")
        await pilot.press("enter")
        await opens(pilot, EditDialog)
        await to_button(pilot, "plan")
        await pilot.press("enter")
        await shows(pilot, "Is it meant for users?")
        await pilot.press("tab", "enter")
        await sends(pilot, "PUBLIC")
        await shows(pilot, "site delivered")
        (told,) = post.bodies("/site")
        assert "a@tow.example." in str(told)
        assert "pas de devis" in str(told)


async def test_a_target_that_failed_gets_it_again_and_one_that_never_answered_only_after_a_look(
    make_app: MakeApp, post: Post
) -> None:
    post.at("/chat", reply("no_service", 503))
    app = console(make_app, post)
    async with app.run_test(size=(80, 24)) as pilot:
        await incident(pilot)
        await pilot.press("U")
        await fills(pilot, "no quotes", "pas de devis")
        await opens(pilot, ChooseDialog)
        await pilot.press("1")
        await sends(pilot)
        await shows(pilot, "chat failed: ")
        post.web.routes["/chat"] = hang
        await again(pilot, "2")
        await sends(pilot)
        await shows(pilot, "chat NOT KNOWN (attempt 2): no answer within 0.5 s")
        await again(pilot, "2")
        await shows(pilot, "Look there first.")
        post.at("/chat", OK)
        await again(pilot, "3")
        await sends(pilot)
        await shows(pilot, "chat delivered (attempt 3)")
        (sent,) = messages(app)
        assert [one.words for one in sent.deliveries] == ["chat delivered (attempt 3)"]


async def again(pilot: Pilot[None], how: str) -> None:
    """The newest message, and what to do with it."""
    await pilot.press("M")
    await opens(pilot, ChooseDialog)
    await pilot.press("1")
    await until(pilot, lambda: "read it whole" in str(getattr(pilot.app.screen, "options", "")), "it asks how")
    await pilot.press(how)


async def test_without_a_target_it_is_copied_and_read_only_the_messages_are_only_read(
    make_app: MakeApp, tmp_path: Path
) -> None:
    app = make_app(Injected(fresh(down_snapshot())))
    async with app.run_test(size=(80, 24)) as pilot:
        await incident(pilot)
        await pilot.press("U")
        await fills(pilot, "no quotes", "pas de devis")
        await shows(pilot, "No target is set for messages: it was copied.")
        assert "Since: " in (app.places.state / "copied.txt").read_text("utf-8")
        await pilot.press("U", "escape")
        await shows(pilot, "Cancelled: nothing was sent.")
    app = make_app(Injected(fresh(down_snapshot())), readonly=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("M")
        await opens(pilot, ChooseDialog)
        assert option_text(app).splitlines() == ["1 draft initial"]
        await pilot.press("1")
        await shows(pilot, "What you may notice: [impact]")
