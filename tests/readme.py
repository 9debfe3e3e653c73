"""The README's generated parts: `python -m tests.readme` writes them; a test compares."""

from __future__ import annotations

import re
from pathlib import Path

from operations.commands.codes import codes_of_commands
from operations.engine.orders import COMMON_MEANINGS
from tui.actions import table

README = Path(__file__).parent.parent / "README.md"


def codes_table() -> str:
    """Every exit code, from the code that ends with it: a row for commands that share theirs."""
    shared: dict[str, list[str]] = {}
    for command, codes in codes_of_commands().items():
        told = " · ".join(f"{code} {meaning}" for code, meaning in codes.items())
        shared.setdefault(told, []).append(f"`vigie {command}`")
    common = {code: meaning for code, meaning in COMMON_MEANINGS.items() if code in (75, 130, 143)}
    shared[" · ".join(f"{code} {meaning}" for code, meaning in common.items())] = ["every operation, besides"]
    shared["0 done · 1 invalid arguments, refused, or no settings"] = ["every other command"]
    shared["70 unexpected failure; where its report lies is said"] = ["every command, besides"]
    rows = [f"| {', '.join(commands)} | {told} |" for told, commands in shared.items()]
    return "\n".join(["| Command | Codes |", "|---|---|", *rows]) + "\n"


def generated(text: str) -> str:
    """The README with its generated parts as they should be."""
    for name, body in (("keys", table()), ("codes", codes_table())):
        pattern = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        text = pattern.sub(lambda found, body=body: f"{found[1]}{body}{found[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    README.write_text(generated(README.read_text("utf-8")), "utf-8")
