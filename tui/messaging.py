"""Telling users: a message is drafted, its blanks are asked for, its plan is shown with every word, then it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from operations.beside import beside
from operations.errors import VigieError
from operations.text import one_line
from tui.lines import line, wrap
from tui.looking import LookingActions
from tui.message_lines import hint_for, message_lines, message_words, target_choices, with_texts
from tui.unsent import Unsent, as_left, newest_texts, place_of, promise_words

if TYPE_CHECKING:
    # Imported where they are used: none of it is needed before the first frame.
    from operations.engine.model import Plan
    from operations.incident.message_plan import Sending
    from operations.incident.messages import Draft
    from operations.incident.model import Incident
    from operations.incident.sent_messages import Delivery, Message
    from operations.settings import MessageTarget

AS_LEFT = " U shows it again as you left it."


class MessageActions(LookingActions):
    """Part of the app."""

    def action_update(self) -> None:
        """Draft the next message, show it whole, and send it; the first notice at once, of others the kind is asked."""
        if any(worker.group == "message" and not worker.is_finished for worker in self.workers):
            self.say("A message is being written already.")
            return
        self.run_worker(self._update(), name="message", group="message", exit_on_error=False)

    async def _update(self, *, first: bool = True) -> None:
        from operations.incident.sending import past_messages

        incident = self.live.incident
        past = past_messages(self.live.journal, incident, self.live.now()) if incident is not None else ()
        # Drafted as the incident opened: one key shows it.
        waiting = any(one.kind == "initial" for one in past) and not any(one.sent for one in past)
        kind = "initial" if first and waiting and incident and incident.open else await self._kind(incident, past)
        if kind is not None:
            await self._write(incident, kind, past)

    async def _write(self, incident: Incident | None, kind: str, past: tuple[Message, ...]) -> None:
        """Draft a message of that kind, fill it, choose to whom, and send it; what is left unsent is kept."""
        if kind in ("maintenance", "post-deployment"):
            incident = None
        draft, given = await self._draft_filled(incident, kind)
        if draft is None:
            return
        if not self.settings.messages.targets:
            self.copy_text("\n\n".join(draft.texts.values()))
            self.say("No target is set for messages: it was copied. [[messages.targets]] adds one.", "warning")
            return
        targets = await self._targets(incident, past)
        if targets is not None:
            await self._send(incident, draft, targets, given)
        else:
            self._keep_unsent(incident, draft, given, {})

    async def _send(
        self,
        incident: Incident | None,
        draft: Draft,
        targets: tuple[MessageTarget, ...],
        given: Mapping[str, str],
    ) -> None:
        """Show it with every word, let it be changed, ask of what users should not read, and send it."""
        from operations.incident.message_facts import fields_of
        from operations.incident.message_plan import prepare
        from operations.incident.sending import id_for, past_messages, send
        from tui.dialogs.edit import EditDialog

        kept = self.unsent.get(place_of(incident, draft.kind), Unsent())
        edited = kept.edited_for(promise_words(draft, self.live.now(), self.settings.messages.zone))
        allow: frozenset[str] = frozenset()
        id = ""
        while True:
            past = past_messages(self.live.journal, incident, self.live.now())
            id = id or id_for(draft.kind, past)
            sending = prepare(
                self.settings, draft, targets, past, self.live.now(), incident=incident, environment=self.environment,
                message=id, snapshot=self.live.snapshot, edited=edited, allow=allow, told=fields_of(given),
            )  # fmt: skip
            if not allow and await self._is_meant(sending):
                allow = frozenset(sending.allowed)
                continue
            answer = await self._choice_for(with_texts(sending.plan, sending.texts, can_edit=True))
            if answer == "edit":
                changed = await self.push_screen_wait(EditDialog({**draft.texts, **edited, **sending.texts}))
                if changed is not None:
                    edited = {one: text for one, text in changed.items() if text != draft.texts.get(one)}
                    allow = frozenset()
                continue
            if answer != "run":
                self._keep_unsent(incident, draft, given, edited, sending)
                return
            break
        came = await send(self.live.journal, self.settings, sending, self.live.now)
        self.unsent.pop(place_of(incident, draft.kind), None)
        for target in sending.targets:
            if target.kind == "clipboard":
                self.copy_text(sending.parcel(self.settings).text_for(target))
        self._say_came(came)
        self.read_back()

    def _keep_unsent(
        self,
        incident: Incident | None,
        draft: Draft,
        given: Mapping[str, str],
        edited: Mapping[str, str],
        sending: Sending | None = None,
    ) -> None:
        """Keep what was typed for a message that did not leave; on record only what would have been let out."""
        from operations.incident.sending import keep_draft, past_messages

        promise = promise_words(draft, self.live.now(), self.settings.messages.zone)
        self.unsent[place_of(incident, draft.kind)] = Unsent(dict(given), dict(edited), promise)
        self.say(f"Cancelled: nothing was sent.{AS_LEFT}")
        if sending is None or sending.plan.refusal is not None:
            return
        whole = as_left(draft, edited)
        past = past_messages(self.live.journal, incident, self.live.now())
        if not any(one.id == sending.message and (one.sent or one.texts == whole.texts) for one in past):
            keep_draft(self.live.journal, incident, whole, sending.message)
            self.live.read_journal()

    async def _is_meant(self, sending: Sending) -> bool:
        """Where only that holds it up: whether what users should not read is meant to stand there."""
        from operations.incident.message_plan import ASKED
        from tui.dialogs.small import YesNoDialog

        stops = [guard for guard in sending.plan.guards if guard.verdict == "refuse"]
        if [guard.name for guard in stops] != [ASKED]:
            return False
        words = wrap(stops[0].says.partition(": take it out")[0], min(96, self.size.width - 6))
        question = [*(line((row, "warn")) for row in words), line(("Is it meant for users?", "strong"))]
        answer = await self.push_screen_wait(YesNoDialog("This stands in it", question, "it is meant"))
        return answer is True

    async def _kind(self, incident: Incident | None, past: tuple[Message, ...]) -> str | None:
        from operations.incident.messages import KINDS
        from tui.dialogs.small import ChooseDialog

        sent = {message.kind for message in past if message.sent_at is not None}
        wanted = "maintenance" if incident is None else "initial" if "initial" not in sent else "update"
        if incident is not None and not incident.open:
            wanted = "resolved"
        words = [f"{kind}{'   sent' if kind in sent else ''}" for kind in KINDS]
        chosen = await self.push_screen_wait(
            ChooseDialog("Which message?", [], words, [str(kind) for kind in KINDS].index(wanted))
        )
        return None if chosen is None else KINDS[chosen]

    async def _draft_filled(self, incident: Incident | None, kind: str) -> tuple[Draft | None, dict[str, str]]:
        """The draft, every blank of it filled in both languages; None where the person left."""
        from operations.incident.messages import drafted
        from tui.dialogs.fill import Asked, FillDialog

        given: dict[str, str] = {}
        place = place_of(incident, kind)
        unsent = self.unsent.get(place, Unsent())
        while True:
            snapshot = self.live.snapshot
            draft = await beside(drafted, incident, kind, self.live.now(), self.settings, snapshot, given=dict(given))
            if not draft.missing:
                return draft, given
            asked = [
                Asked(written, f"{name} ({language})", unsent.given.get(written, ""), hint_for(name, language))
                for language, names in draft.blanks.items()
                for name in names
                for written in [name if language == "en" else f"{name}.{language}"]
            ]
            notes = [f"{name}: {why}" for name, why in draft.why.items() if name in draft.missing]
            text = "\n\n".join(draft.texts.values())
            dialog = FillDialog(text, asked, notes, leaves=True)
            answers = await self.push_screen_wait(dialog)
            if answers is not None:
                given.update(answers)
                continue
            # What was emptied is to be gone.
            left = {one: value for one, value in {**unsent.given, **given, **dialog.left}.items() if value.strip()}
            self.unsent[place] = unsent = replace(unsent, given=left)
            self.say(f"Cancelled: nothing was sent.{AS_LEFT if left or unsent.edited else ''}")
            return None, given

    async def _targets(self, incident: Incident | None, past: tuple[Message, ...]) -> tuple[MessageTarget, ...] | None:
        from operations.incident.message_plan import chosen_targets
        from operations.incident.messages import is_restricted
        from tui.dialogs.small import ChooseDialog

        restricted = is_restricted(incident)
        known = self.settings.messages.targets
        choices, at = target_choices(known, past if incident else (), restricted=restricted)
        words = [one_line(each, 90) for each, _ in choices]
        chosen = await self.push_screen_wait(ChooseDialog("To whom?", [], words, at))
        return None if chosen is None else chosen_targets(self.settings, choices[chosen][1], restricted=restricted)

    async def _choice_for(self, plan: Plan) -> str:
        from tui.dialogs.plan import PlanDialog

        answer = await self.push_screen_wait(PlanDialog(plan, glyphs=self.live.glyphs))
        return "" if answer is None else answer.choice

    def _say_came(self, came: tuple[Delivery, ...]) -> None:
        well = all(one.result == "delivered" for one in came)
        self.say("; ".join(one.words for one in came) or "Sent to nobody.", "information" if well else "warning")

    def action_messages(self) -> None:
        """What users were told, and what each target answered; one that failed is sent again."""
        self.run_worker(self._messages(), name="messages", group="message", exit_on_error=False)

    async def _messages(self) -> None:
        from operations.incident.sending import past_messages
        from tui.dialogs.small import ChooseDialog, ReadDialog

        past = list(reversed(past_messages(self.live.journal, self.live.incident, self.live.now())))
        if not past:
            self.say("No message has been drafted or sent here. U writes one.")
            return
        words = [message_words(one) for one in past]
        more = [] if self.readonly else ["write another one …"]
        chosen = await self.push_screen_wait(ChooseDialog("Messages", [], [*words, *more]))
        if chosen is None:
            return
        if chosen == len(past):
            await self._update(first=False)
            return
        one = past[chosen]
        width = min(96, self.size.width - 6)
        if not one.sent and not self.readonly:
            await self._draft_again(one, tuple(past[::-1]), width)
            return
        failed = [d for d in one.deliveries if d.result != "delivered"]
        if failed and not self.readonly:
            options = ["read it whole", "send it again to whom it failed", "I have looked: again where it is not known"]
            how = await self.push_screen_wait(ChooseDialog(message_words(one), [], options))
            if how is None:
                return
            if how:
                await self._again(one, looked=how == 2)
                return
        await self.push_screen_wait(ReadDialog("Message", message_lines(one, width)))

    async def _draft_again(self, one: Message, past: tuple[Message, ...], width: int) -> None:
        """A draft with the times of now: read it, or go on with it."""
        from operations.incident.messages import drafted
        from tui.dialogs.small import ChooseDialog, ReadDialog

        incident = self.live.incident
        how = await self.push_screen_wait(
            ChooseDialog(message_words(one), [], ["change it and send it", "read it whole, with the times of now"])
        )
        if how == 0:
            await self._write(incident, one.kind, past)
        if how != 1:
            return
        now, kept = self.live.now(), self.unsent.get(place_of(incident, one.kind), Unsent())
        draft = await beside(
            drafted, incident, one.kind, now, self.settings, self.live.snapshot, given=dict(kept.given)
        )
        texts = newest_texts(draft, kept, one.texts, promise_words(draft, now, self.settings.messages.zone))
        await self.push_screen_wait(ReadDialog("Message", message_lines(replace(one, texts=texts), width)))

    async def _again(self, message: Message, *, looked: bool) -> None:
        from operations.incident.message_plan import retry_plan
        from operations.incident.messages import is_restricted
        from operations.incident.sending import past_messages, retry, targets_to_retry, told_it_is_over

        now, incident = self.live.now(), self.live.incident
        chosen = await self._whom_again(message) if is_restricted(incident) else ()
        if chosen is None:
            return
        try:
            over = told_it_is_over(past_messages(self.live.journal, incident, now), message)
            targets = targets_to_retry(
                self.settings, message, chosen, looked=looked, restricted=is_restricted(incident), over=over
            )
            plan = retry_plan(self.settings, message, targets, self.environment, now)
            if await self._choice_for(with_texts(plan, message.texts)) != "run":
                self.say("Cancelled: nothing was sent.")
                return
            names = [target.name for target in targets]
            came = await retry(
                self.live.journal, self.settings, message.id, incident, self.live.now, names=names, looked=looked
            )
        except VigieError as error:
            self.say(str(error), "error")
            return
        self._say_came(came)
        self.read_back()

    async def _whom_again(self, message: Message) -> tuple[str, ...] | None:
        """A restricted incident's targets are named one by one."""
        from tui.dialogs.small import ChooseDialog

        left = [one.target for one in message.outstanding]
        chosen = await self.push_screen_wait(ChooseDialog("To whom again?", [], [one_line(name, 90) for name in left]))
        return None if chosen is None else (left[chosen],)
