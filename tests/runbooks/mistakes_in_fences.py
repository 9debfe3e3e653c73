"""Mistakes in the fences of a runbook: checks, acts, messages, and the attributes behind their language."""

from __future__ import annotations

from tests.runbooks.good_book import Mistake

# fmt: off
IN_FENCES: dict[str, Mistake] = {
    "a fence has an unknown attribute": Mistake(
        (("{check=kettle timeout=10s}", "{check=kettle timeout=10s retries=3}"),),
        "retries=3", "error fence", "“retries” is no attribute",
    ),
    "a fence has an attribute that does nothing": Mistake(
        (("{check=kettle timeout=10s}", "{check=kettle timeout=10s lang=en}"),),
        "lang=en}", "error fence", "“lang” does nothing on check",
    ),
    "a fence has two purposes": Mistake(
        (("{action=flag}", "{action=flag message=flag}"),),
        "{action=flag", "error fence", "make two",
    ),
    "a purpose has no name": Mistake(
        (("Kettles are round.", "```bash {check timeout=5s}\ntrue\n```"),),
        "{check timeout", "error fence", "“check” needs a name",
    ),
    "a check has no time limit": Mistake(
        (("{check=kettle timeout=10s}", "{check=kettle}"),),
        "{check=kettle}", "error check", "no time limit",
    ),
    "a check's limit is no duration": Mistake(
        (("timeout=10s", "timeout=10"),),
        "timeout=10", "error value", "“timeout=10”",
    ),
    "a check changes something": Mistake(
        (('curl -sS --max-time 8 "$APP_URL/kettle"', 'curl -sS -X POST "$APP_URL/kettle"'),),
        "-X POST", "error check", "“curl POST” changes something",
    ),
    "a check destroys something": Mistake(
        (('curl -sS --max-time 8 "$APP_URL/kettle"', "rm -rf /srv/kettle"),),
        "rm -rf", "error check", "removes a whole folder",
    ),
    "nothing in a check runs": Mistake(
        (("```bash {check=kettle", "```python {check=kettle"),),
        "{check=kettle", "error check", "nothing in the check “kettle” runs",
    ),
    "a check is two groups": Mistake(
        (('curl -sS --max-time 8 "$APP_URL/kettle"', "uptime\n\nuptime"),),
        "{check=kettle", "error check", "one group of lines",
    ),
    "a check's name cannot be asked for": Mistake(
        (
            ("Kettles are round.", "```bash {check=big-kettle timeout=5s}\nuptime\n```"),
            ("# Reference", "# Ref"),
            ("(#reference)", "(#is-it-on)"),
        ),
        "{check=big-kettle", "error check", "no condition can ask for “big-kettle”",
    ),
    "a check has the name of live facts": Mistake(
        (
            ("{check=kettle timeout=10s}", "{check=errors timeout=10s}"),
            ("kettle.ok and ", ""),
            ("when: kettle.failed; ", ""),
        ),
        "{check=errors", "warning check", "also the name of live facts",
    ),
    "two checks have one name": Mistake(
        (
            (
                "- **Yes** → [Done](#done)",
                "```bash {check=kettle timeout=9s}\n"
                "uptime\n```\n\n- **Yes** → [Done](#done)",
            ),
        ),
        "timeout=9s", "error check", "could mean either",
    ),
    "an action is no operation of ours": Mistake(
        (("{action=flag}", "{action=kettle-on}"),),
        "{action=kettle-on}", "error action", "no operation of ours",
    ),
    "a confirmation is unknown": Mistake(
        (("{action=flag}", "{action=flag confirm=never}"),),
        "confirm=never", "error action", "“confirm=never” is not known",
    ),
    "a confirmation is lowered": Mistake(
        (("{action=flag}", "{action=flag confirm=yes}"),),
        "confirm=yes", "error action", "no file lowers",
    ),
    "a confirmation does nothing": Mistake(
        (("{action=flag}", "{action=flag confirm=type-env}"),),
        "confirm=type-env", "error action", "“confirm=type-env” does nothing on “flag”",
    ),
    "a destructive act asks for a mere yes": Mistake(
        (("{action=flag}\nvigie flag kettle on --env production", "{action=own confirm=yes}\nrm -rf /srv/kettle"),),
        "{action=own", "error action", "confirm=type-env",
    ),
    "a message has no French twin": Mistake(
        (("{message=initial lang=fr}", "{message=tea lang=fr}"),),
        "{message=initial lang=en", "warning message", "no French twin",
    ),
    "the twins differ in their blanks": Mistake(
        (("depuis [started]", "depuis [ended]"),),
        "lang=fr", "warning message", "[ended], [started]",
    ),
    "two messages are the same": Mistake(
        (("{message=initial lang=fr}", "{message=initial lang=en}"),),
        "{message=initial lang=en}", "error message", "stands on line",
    ),
}
# fmt: on
