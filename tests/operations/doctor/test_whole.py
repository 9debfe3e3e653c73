"""The whole command: one document, its exit codes, no secret, no endless wait, and nothing changed."""

from __future__ import annotations

import socket
import socketserver
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from tests.attack.site import a_site, echo
from tests.operations.doctor.clinic import diagnose, told
from tests.operations.jobs.vault import Vault

SECRETS = {
    "password": "pw-sup3r-s3cret-one",
    "access": "AKIA-sup3r-s3cret-two",
    "key": "key-sup3r-s3cret-three",
    "header": "hdr-sup3r-s3cret-four",
    "hook": "hook-sup3r-s3cret-five",
}
WHOLE = """
[site]
name = "dispatch"
[environments.production]
kind = "production"
url = "{url}"
version = "/api/version#commit"
metrics = "/metrics"
database = "postgresql://ana:{password}@127.0.0.1:{port}/{password}"
database_readonly = "postgresql://ana:{password}@127.0.0.1:{port}/other"
headers = {{ authorization = "Bearer {header}" }}
[environments.production.backups]
bucket = "backups"
endpoint = "{url}"
access_key = "{access}"
secret_key = "{key}"
[watch]
control_targets = ["{url}/one", "{url}/two"]
[[providers]]
name = "Provider"
status = "{url}/status"
[[contacts]]
name = "Ana"
call = "https://pager.example/{hook}"
"""


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as server:
        yield int(server.getsockname()[1])


class QuotingDatabase(socketserver.BaseRequestHandler):
    """A PostgreSQL that lets nobody in and quotes all that it was told (protocol 3.0: SSLRequest, 'E')."""

    def handle(self) -> None:
        told = b""
        while piece := self.request.recv(4096):
            if len(piece) == 8:
                self.request.sendall(b"N")  # no TLS, or GSS, here
                continue
            told += piece
            fields = b"SFATAL\0C28000\0M" + told[8:].replace(b"\0", b" ") + b"\0\0"
            self.request.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
            return


@pytest.fixture
def quoting() -> Iterator[int]:
    """The port of a database that quotes whoever comes."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), QuotingDatabase) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def write(folder: Path, url: str, port: int) -> None:
    file = folder / "vigie.toml"
    file.write_text(WHOLE.format(url=url, port=port, **SECRETS))
    file.chmod(0o644)


def test_the_document_has_the_head_of_every_command_and_a_finding_has_all_its_parts(vault: Vault) -> None:
    vault.settings()
    found = diagnose(vault.folder, "--env", "staging")
    head = ("schema", "command", "site", "environment", "ok", "exit_code", "meaning", "result")
    assert tuple(found.document) == head
    assert (found.document["command"], found.document["site"], found.document["environment"]) == (
        "doctor",
        "dispatch",
        "staging",
    )
    assert found.document["exit_code"] == found.code
    assert found.document["ok"] == (found.code == 0)
    assert sum(found.document["result"]["counts"].values()) == len(found.findings)
    assert {tuple(one) for one in found.findings} == {("group", "environment", "name", "verdict", "says", "mend")}


def test_a_warning_or_failure_is_never_without_a_way_to_mend_it(vault: Vault) -> None:
    vault.settings()
    found = diagnose(vault.folder)
    bad = [one for one in found.findings if one["verdict"] in ("warn", "fail")]
    assert bad
    assert [one["name"] for one in bad if not one["mend"]] == []


def test_what_a_person_sees_has_a_sign_a_line_and_the_way_to_mend_it_below(vault: Vault) -> None:
    vault.settings()
    code, said = told(vault.folder, "doctor", "--env", "staging")
    lines = said.splitlines()
    assert lines[0].startswith("dispatch staging   (")
    mark = next(number for number, line in enumerate(lines) if line.startswith("  ▲ mark "))
    assert lines[mark + 1] == "      → vigie mark --env staging"
    assert "database of staging" in lines
    assert lines[-1].endswith("a prerequisite is missing" if code else "no prerequisite is missing")


def test_ascii_signs_are_drawn_where_they_are_asked_for(tmp_path: Path) -> None:
    _, said = told(tmp_path, "--ascii", "doctor")
    assert "  X settings" in said and "  + Python" in said


def test_no_secret_is_in_anything_it_says_whatever_servers_quote(tmp_path: Path, quoting: int) -> None:
    with a_site() as site:
        for path in list(site.routes):
            site.routes[path] = echo(500)
        site.rest = echo(403)
        write(tmp_path, site.url, quoting)
        everything = diagnose(tmp_path).said + told(tmp_path, "doctor")[1] + told(tmp_path, "doctor", "--offline")[1]
    assert [name for name, secret in SECRETS.items() if secret in everything] == []
    assert "s3cret" not in everything
    assert "Traceback" not in everything
    assert "user ana database" in everything, "the database was asked, and quoted"


def test_servers_that_never_answer_are_named_and_it_ends_in_time(tmp_path: Path, silent: int) -> None:
    write(tmp_path, f"http://127.0.0.1:{silent}", silent)
    began = time.monotonic()
    found = diagnose(tmp_path)
    assert time.monotonic() - began < 11
    assert found.code == 2
    named = {(one["group"], one["name"]) for one in found.findings if one["verdict"] == "fail"}
    assert {("site", "address"), ("database", "answers"), ("bucket", "answers"), ("watch", "control targets")} <= named


def test_readonly_leaves_the_bucket_as_it_is_and_says_so(vault: Vault) -> None:
    vault.settings()
    found = diagnose(vault.folder, "--readonly", "doctor")
    assert found.named("s3:PutObject")["says"] == "not tried: this session is read-only"
    assert found.named("s3:ListBucket")["verdict"] == "ok"


def test_it_changes_neither_bucket_nor_database_nor_folder(vault: Vault) -> None:
    vault.settings()
    before = (
        vault.names(),
        sorted(path.name for path in vault.folder.iterdir()),
        vault.run("select count(*) from calls"),
    )
    diagnose(vault.folder)
    after = (
        vault.names(),
        sorted(path.name for path in vault.folder.iterdir()),
        vault.run("select count(*) from calls"),
    )
    assert before == after


def test_offline_asks_nothing_over_a_network(tmp_path: Path, silent: int) -> None:
    write(tmp_path, f"http://127.0.0.1:{silent}", silent)
    found = diagnose(tmp_path, "--offline")
    assert {one["group"] for one in found.findings} == {
        "machine", "terminal", "folders", "settings", "git checkout", "programs", "people",
    }  # fmt: skip
