"""The runbook that `vigie runbook new` writes: small, walkable, and without a finding of lint. Pure."""

from __future__ import annotations

from datetime import date


def new_book(name: str, today: date) -> str:
    """The text of a new runbook; `name` is its file's name without `.md`."""
    title = name.replace("-", " ").strip().capitalize() or "A runbook"
    return _TEXT.replace("TITLE", title).replace("TODAY", today.isoformat())


_TEXT = """---
title: TITLE
start: "#what-do-users-get"
severity: P1
applies-to: [production]
owner: operations
reviewed: TODAY
review-every: 90d
cadence: [P0 15m, P1 30m]
---

# TITLE

What this page is for, when to take it, and when not, in one or two sentences.

## What do users get?

<!-- label: N1; timebox: 5m; on-expire: #call-for-help -->

What to look at, and where.

- [ ] **IC:** say that you look into it <!-- due: 5m -->

```bash {check=look timeout=20s}
curl -sS --max-time 8 "$APP_URL/"
```

- **Errors** → [Mend it](#-mend-it)
  <!-- when: errors.rate > 5%; path: errors -->
- **Nothing is wrong** → [Is it over?](#is-it-over)
  <!-- when: errors.rate <= 1% and page.ok; path: all well -->
- **Cannot tell** → [Call for help](#call-for-help)
  <!-- path: users get? -->

## ⚠ Mend it

<!-- label: A1 -->

What it does, what speaks against it, and how to take it back.

```bash {action=redeploy}
vigie redeploy --env production
```

- **It went through** → [Is it over?](#is-it-over)
  <!-- exit: 0; path: mended -->
- **It did not** → [Call for help](#call-for-help)
  <!-- exit: 2, 3, 4, 5, 6; path: not mended -->
- **Cannot tell** → [Call for help](#call-for-help)
  <!-- path: mended? -->

## Is it over?

<!-- label: V1 -->

```bash {action=smoke}
vigie smoke --env production
```

- **Yes, and quiet for ten minutes** → [Stand down](#stand-down)
  <!-- when: smoke.ok and health.ok_for >= 10m; path: over -->
- **Not yet** → [Is it over?](#is-it-over) after five minutes; after three times, [call for help](#call-for-help)
  <!-- wait: 5m; at-most: 3; then: #call-for-help; path: not yet -->
- **Cannot tell** → [Call for help](#call-for-help)
  <!-- path: over? -->

## Call for help

<!-- label: E1; help -->

Who knows this part, and how to reach them.

- **Somebody came** → [Go on where you were](#what-do-users-get)
  <!-- go: caller; path: help is here -->
- **They say it is over** → [Is it over?](#is-it-over)
  <!-- path: mended by help -->

## Stand down

<!-- label: Z1; end -->

- [ ] **Comms:** say that it is over
- [ ] **IC:** mend this page where it led you astray
"""
