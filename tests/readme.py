"""The README's generated parts: `python -m tests.readme` writes them; a test compares."""

from __future__ import annotations

import re
from pathlib import Path

from operations.commands.backups import VERIFY_CODES
from operations.commands.init import CODES as INIT_CODES
from operations.commands.look import EXIT_CODES
from operations.doctor.finding import CODES as DOCTOR_CODES
from operations.engine.orders import COMMON_MEANINGS
from operations.jobs import OPERATIONS
from tui.actions import table

README = Path(__file__).parent.parent / "README.md"


def codes_table() -> str:
    """Every exit code, from the code that ends with it."""
    rows = ["| Command | Code | Meaning |", "|---|---|---|"]
    for name, operation in OPERATIONS.items():
        if "-" in name:
            # Options of another command (restore --undo), with its codes.
            continue
        command = {"prune": "backups prune"}.get(name, name)
        rows += [f"| `vigie {command}` | {code} | {meaning} |" for code, meaning in operation.codes.items()]
    rows += [f"| `vigie status` | {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    rows += [f"| `vigie backups verify` | {code} | {meaning} |" for code, meaning in VERIFY_CODES.items()]
    rows += [f"| `vigie doctor` | {code} | {meaning} |" for code, meaning in DOCTOR_CODES.items()]
    rows += [f"| `vigie init` | {code} | {meaning} |" for code, meaning in INIT_CODES.items()]
    rows += ["| `vigie drill` | 0 | passed |", "| `vigie drill` | 1 | not passed |"]
    shared = {code: meaning for code, meaning in COMMON_MEANINGS.items() if code in (75, 130, 143)}
    rows += [f"| every operation | {code} | {meaning} |" for code, meaning in shared.items()]
    return "\n".join(rows) + "\n"


def generated(text: str) -> str:
    """The README with its generated parts as they should be."""
    for name, body in (("keys", table()), ("codes", codes_table())):
        pattern = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        text = pattern.sub(lambda found, body=body: f"{found[1]}{body}{found[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    README.write_text(generated(README.read_text("utf-8")), "utf-8")
