"""Programs of a runbook trust the environment's private authority beside the system's certificates."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from operations.checking import run_check
from operations.child_trust import BESIDE, INSTEAD, trusting
from operations.errors import PrerequisiteMissing
from tests.operations.station import Station


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    (tmp_path / "authority.pem").write_bytes(made.cert_pem.bytes())
    return made


@pytest.fixture
def door(authority: trustme.CA) -> Iterator[int]:
    """The port of a server whose certificate only that authority vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0, ssl=context))
    serving = threading.Thread(target=loop.run_forever)
    serving.start()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    serving.join()
    loop.close()


def station(folder: Path, *, drill: bool = False, authority: str = "authority.pem") -> Station:
    tail = f'authority = "{authority}"\n'
    return Station(folder, {}, tail=tail + ('[drill]\nhome = "practice"\nlease = "lease"\n' if drill else ""))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("drill", [True, False])
def test_curl_in_a_check_trusts_the_private_authority(door: int, drill: bool, tmp_path: Path) -> None:
    settings = station(tmp_path, drill=drill).settings()
    (tmp_path / "practice" / "home").mkdir(parents=True)
    result = run_check(settings, "staging", f"curl -sS --noproxy '*' https://127.0.0.1:{door}/", 20.0)
    assert (result.exit_code, result.out) == (0, "ok")


def test_the_systems_certificates_stay_trusted_outside_a_drill(authority: trustme.CA, tmp_path: Path) -> None:
    with trusting(station(tmp_path).settings(), "staging") as names:
        assert sorted(names) == sorted((*INSTEAD, BESIDE))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(names["SSL_CERT_FILE"])
        file = Path(names["SSL_CERT_FILE"])
        assert authority.cert_pem.bytes() in file.read_bytes()
    assert context.cert_store_stats()["x509_ca"] > 20
    assert names[BESIDE] == str(tmp_path / "authority.pem")
    assert not file.exists()


def test_a_drill_trusts_its_own_authority_alone(tmp_path: Path) -> None:
    with trusting(station(tmp_path, drill=True).settings(), "staging") as names:
        assert set(names.values()) == {str(tmp_path / "authority.pem")}


def test_without_an_authority_nothing_is_set(tmp_path: Path) -> None:
    with trusting(Station(tmp_path, {}).settings(), "staging") as names:
        assert names == {}


def test_an_authority_that_cannot_be_read_is_code_2(tmp_path: Path) -> None:
    with (
        pytest.raises(PrerequisiteMissing, match=r"certificates of staging cannot be read"),
        trusting(station(tmp_path, authority="nowhere.pem").settings(), "staging"),
    ):
        pass
