"""An operation that does what its request says, and the worker that runs it: real processes for the engine's tests."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.desk import utc_now
from operations.engine.model import Guard, LockName, Plan, PlannedStep, Step, StepFailed
from operations.engine.orders import order_of
from operations.engine.redaction import Redactor
from operations.engine.runner import run_worker
from operations.engine.steps import StepContext
from operations.engine.worker import worker_arguments, worker_book
from operations.errors import VigieError
from operations.places import Places

SECRET = "hunter22-swordfish"


@dataclass(frozen=True)
class PlainDesk:
    """The least an operation needs."""

    site: str = "shop"
    environment: str = "staging"
    config: str = "vigie.toml"


class Scripted:
    """Steps are lists of words: `hold NAME`, `leave NAME`, `settle`, `no-return`, `child CODE`, `fail CODE`, …"""

    name = "scripted"
    title = "A scripted job"
    codes: Mapping[int, str] = {0: "success", 1: "invalid arguments", 5: "deployment failed"}
    lock: LockName | None = "change"
    runs_without_journal = False

    def plan(self, desk: Any, request: Mapping[str, Any]) -> Plan:
        """The plan of the script in `request`; `decisive` comes from a file, so that it may change."""
        if request.get("nonsense"):
            raise VigieError("That makes no sense.")
        decisive = Path(request["folder"]) / "decisive"
        refuse = (Path(request["folder"]) / "refuse").exists()
        return Plan(
            operation=self.name,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=self.title,
            request=request,
            guards=(Guard("willing", "refuse" if refuse else "pass", "the folder says no", 2),),
            steps=tuple(
                PlannedStep(name, f"Step {name}", 1.0, no_return="no-return-step" in actions)
                for name, actions in request["steps"]
            ),
            decisive={"To": decisive.read_text() if decisive.exists() else "v1"},
        )

    def steps(self, desk: Any, plan: Plan) -> Sequence[Step]:
        """One step for each list of words."""
        return [self._step(name, actions, Path(plan.request["folder"])) for name, actions in plan.request["steps"]]

    def clean(self, desk: Any, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Remove the file that was left."""
        path = Path(debris["path"])
        if (path.parent / "refuse-clean").exists():
            raise OSError("the folder refuses")
        assert debris["kind"] == "file"
        path.unlink(missing_ok=True)

    def _step(self, name: str, actions: Sequence[str], folder: Path) -> Step:
        def run(context: StepContext) -> None:
            for action in actions:
                _act(context, action, folder)

        return Step(name, run)


class Unlogged(Scripted):
    """As a rollback: it runs when the journal cannot be written."""

    name = "unlogged"
    runs_without_journal = True


def _act(context: StepContext, action: str, folder: Path) -> None:
    word, _, rest = action.partition(" ")
    if word == "leave":
        path = folder / rest
        context.memory["left"] = context.leaves("file", f"the file {rest}", path=str(path))
        path.touch()
    elif word == "settle":
        context.settled(context.memory["left"])
    elif word == "hold":
        (folder / rest).touch()
        while not (folder / f"{rest}.go").exists():
            context.wait(0.02)
    elif word == "deaf":
        (folder / rest).touch()
        while not (folder / f"{rest}.go").exists():
            time.sleep(0.02)
    elif word == "no-return":
        context.no_return()
    elif word == "child":
        completed = context.run([sys.executable, "-c", rest], limit=60, cwd=folder)
        context.report(child=completed.code)
    elif word == "program":
        context.run([rest], limit=5)
    elif word == "fail":
        raise StepFailed(int(rest), "the platform said no", pieces=3)
    elif word == "boom":
        raise RuntimeError(f"no such host {SECRET}")
    elif word == "say":
        context.say(rest)
        context.progress(rest)
    elif word == "report":
        context.report(says=rest, seen="v1")


def main() -> int:
    """The worker: as operations.jobs.worker, with these operations and places from a JSON file."""
    arguments = worker_arguments(sys.argv[1:])
    config = json.loads(arguments.config.read_text())
    if config.get("broken"):
        sys.stderr.write("the settings are broken\n")
        return 2
    state = Path(config["state"])
    places = Places(state, Path(config["locks"]), state / "jobs", state / "journal.sqlite", shared=True)
    redactor = Redactor([SECRET])
    book = worker_book(arguments, places, redactor, utc_now)
    order = order_of(book, arguments.job)
    operation = Unlogged() if order.operation == "unlogged" else Scripted()
    desk = PlainDesk(environment=order.environment)
    return run_worker(operation, desk, book, order, places=places, redactor=redactor, now=utc_now, grace=2.0)


if __name__ == "__main__":
    sys.exit(main())
