"""What is chosen from a list first: the switches (maintenance mode, flags, a freeze), and a backup to verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from operations.beside import beside
from tui.lines import line
from tui.operating import OperatingActions

if TYPE_CHECKING:
    from operations.desk import Desk

Choice = tuple[str, str, Mapping[str, Any]]
"""What is shown, the operation, and its request."""


class SwitchingActions(OperatingActions):
    """Part of the app."""

    def action_switches(self) -> None:
        """Ask which switch, and plan to turn it."""
        self.run_worker(self._switches(), name="switches", group="switches", exit_on_error=False, exclusive=True)

    async def _switches(self) -> None:
        from tui.dialogs.small import AskDialog, ChooseDialog

        desk = self.live.desk()
        choices = await self._waited("Looking what the site shows", beside(switch_choices, desk))
        question = [line((f"Switches of {desk.site} {desk.environment}; each shows its plan first.", "dim"))]
        chosen = await self.push_screen_wait(ChooseDialog("Switches", question, [words for words, _, _ in choices]))
        if chosen is None:
            return
        _, operation, request = choices[chosen]
        asked = dict(request)
        for key, words in ((key, str(value)) for key, value in request.items() if str(value).endswith("?")):
            answer = await self.push_screen_wait(AskDialog("Switches", words))
            if not answer:
                return
            asked[key] = answer
        self._start(operation, asked)

    def action_backups(self) -> None:
        """Show the backups, and verify the one that is chosen."""
        self.run_worker(self._backups(), name="backups", group="switches", exit_on_error=False, exclusive=True)

    async def _backups(self) -> None:
        from operations.jobs.verify import backup_choices
        from tui.dialogs.small import ChooseDialog

        desk = self.live.desk()
        choices = await self._waited("Looking into the bucket", beside(backup_choices, desk))
        if not choices:
            self.say(f"There is no backup of {desk.site} {desk.environment} in the bucket. B makes one.")
            return
        question = [line((f"Backups of {desk.site} {desk.environment}; the chosen one is downloaded again.", "dim"))]
        chosen = await self.push_screen_wait(ChooseDialog("Backups", question, [words for _, words in choices]))
        if chosen is not None:
            self._start("verify", {"file": choices[chosen][0]})


def switch_choices(desk: Desk) -> Sequence[Choice]:
    """What can be switched here; a request's value that ends with a question mark is asked for. Blocks."""
    from operations.freezes import freeze_of
    from operations.jobs.switches import known_flags

    switches = desk.settings.switches
    choices: list[Choice] = []
    if switches.maintenance:
        choices.append(("close the site: maintenance mode on", "maintenance", {"value": "on"}))
        choices.append(("open the site: maintenance mode off", "maintenance", {"value": "off"}))
    if switches.flag:
        for name, on in known_flags(desk).items():
            turned = "off" if on else "on"
            shown = "on" if on else "off"
            choices.append((f"flag {name}: {shown}, turn it {turned}", "flag", {"name": name, "value": turned}))
        for value in ("off", "on"):
            choices.append((f"another flag {value}", "flag", {"name": f"Which flag goes {value}?", "value": value}))
    if freeze_of(desk.settings, desk.environment, desk.now()):
        choices.append(("lift the freeze", "unfreeze", {}))
    else:
        choices.append(("freeze: no deploys of new commits, no restores", "freeze", {"why": "Why the freeze?"}))
    return choices
