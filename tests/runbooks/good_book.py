"""One good runbook that each mistake is made in."""

from __future__ import annotations

from textwrap import dedent
from typing import NamedTuple

GOOD = dedent(
    """\
    ---
    title: Is the kettle on?
    start: "#is-it-on"
    owner: operations
    reviewed: 2026-11-21
    review-every: 90d
    escalate: [on-call 0m, team lead 15m]
    ---

    # Is the kettle on?

    Read [the reference](#reference) first.

    ## Is it on?

    <!-- label: K1; timebox: 5m; on-expire: #call-for-help -->

    ```bash {check=kettle timeout=10s}
    curl -sS --max-time 8 "$APP_URL/kettle"
    ```

    - **Yes** → [Done](#done)
      <!-- when: kettle.ok and errors.rate <= 5%; path: on -->
    - **No** → [Switch it on](#-switch-it-on)
      <!-- when: kettle.failed; path: off -->
    - **Cannot tell** → [Call for help](#call-for-help)
      <!-- path: on? -->

    ## ⚠ Switch it on

    <!-- label: K2; unless: database.waiters >= 3 -->

    - [ ] **Ops:** look for water <!-- due: 5m -->

    ```bash {action=flag}
    vigie flag kettle on --env production
    ```

    - **It went on** → [Done](#done)
      <!-- exit: 0; path: it went on -->
    - **Not yet** → [Is it on?](#is-it-on)
      <!-- wait: 5m; at-most: 3; then: #call-for-help; path: not yet -->
    - **Cannot tell** → [Call for help](#call-for-help)
      <!-- path: went on? -->

    ## Call for help

    <!-- label: E1; help -->

    - **Somebody came** → [Go on where you were](#is-it-on)
      <!-- go: caller; path: help is here -->
    - **They say it is over** → [Done](#done)
      <!-- path: over -->

    ## Done

    <!-- label: END; end -->

    # Reference

    Kettles are round.

    ```text {message=initial lang=en due=5m}
    No tea since [started].
    ```

    ```text {message=initial lang=fr}
    Pas de thé depuis [started].
    ```
    """
)


class Mistake(NamedTuple):
    """Replacements in the good book, a part of the line that is then named, and what is found: `error target`."""

    edits: tuple[tuple[str, str], ...]
    where: str
    found: str
    words: str


def changed(*edits: tuple[str, str]) -> str:
    """The good book with each old text, which stands in it once, replaced by the new one."""
    text = GOOD
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
