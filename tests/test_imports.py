"""What loads when: the command line's frame stays light, so that the console's first frame comes within a blink."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("textual", "boto3", "botocore", "httpx", "psycopg", "git", "pglast", "starlette", "uvicorn")


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(name for name, module in sys.modules.items() if module))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return {name.partition(".")[0] for name in run.stdout.split()}


@pytest.mark.parametrize(
    "statement",
    [
        "import operations.cli",
        "import operations.commands.operate",
        "import operations.commands.jobs",
        "import operations.commands.incident",
        "import operations.commands.drill",
        "import operations.commands.runbook",
        "import operations.commands.doctor",
        "import operations.commands.init",
        "import operations.settings_reader",
        "import operations.jobs.launch",
        "import operations.platforms.vercel",
        "import runbooks.walk, runbooks.view",
    ],
)
def test_nothing_heavy_loads_before_it_is_needed(statement: str) -> None:
    assert loaded_by(statement) & set(HEAVY) == set()


def test_the_console_loads_no_client_library_before_its_first_frame() -> None:
    assert loaded_by("import tui.app") & (set(HEAVY) - {"textual"}) == set()
