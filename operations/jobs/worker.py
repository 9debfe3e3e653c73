"""The worker process of a job: `python -m operations.jobs.worker JOB --config PATH`. It outlives whoever started it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from operations.desk import utc_now
from operations.engine.orders import order_of
from operations.engine.redaction import Redactor
from operations.engine.runner import run_worker
from operations.engine.worker import worker_arguments, worker_book
from operations.errors import VigieError
from operations.jobs import operation_named
from operations.jobs.launch import desk_for
from operations.jobs.notices import channels_for, hushed
from operations.lease import hold_lease
from operations.places import places_for
from operations.settings_reader import load_settings


def main(argv: Sequence[str]) -> int:
    """Run one job to its end; the exit code is the operation's. What stops it before that goes to stderr, redacted."""
    redactor = Redactor()
    try:
        arguments = worker_arguments(argv)
        settings = load_settings(arguments.config)
        redactor.add(*settings.secrets())
        # A practice site ends when nobody holds its lease: this job is a reason for it to stay.
        lease = hold_lease(settings.drill.lease) if settings.drill else None
        if settings.drill and lease is None:
            raise VigieError("The practice site is gone.")
        places = places_for(settings)
        book = worker_book(arguments, places, redactor, utc_now)
        order = order_of(book, arguments.job)
        desk = desk_for(settings, order.environment, watching=False)
        operation = operation_named(order.operation)
    except VigieError as error:
        sys.stderr.write(redactor.redact(str(error)) + "\n")
        return error.code
    listener = channels_for(operation, settings, redactor, lambda: hushed(book, order))
    return run_worker(operation, desk, book, order, places=places, redactor=redactor, now=utc_now, listener=listener)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
