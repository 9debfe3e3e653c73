"""What comes of a request is told by where it stopped, against real sockets that misbehave."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import trustme

from operations.http import ask, client_for
from operations.settings import DrillSettings, Environment, Secret, Settings
from tests.operations.web import hang, reply, reset, web_server


def _settings(**keys: object) -> Settings:
    return Settings(environments={"production": Environment(**keys)})  # type: ignore[arg-type]


async def test_an_answer_has_its_times_headers_and_body() -> None:
    async with web_server() as web, client_for(_settings(), "production") as client:
        web.routes["/"] = reply("hello", AGE="12")
        answer = await ask(client, web.url + "/")
    assert (answer.kind, answer.status, answer.body, answer.age) == ("http", 200, b"hello", "12")
    assert answer.lookup is not None and answer.connect is not None and answer.first_byte is not None
    assert answer.tls is None
    assert answer.connect <= answer.first_byte <= answer.total
    assert "cache-control: no-cache" in web.asked[0].lower()


async def test_extra_headers_of_the_environment_are_sent() -> None:
    settings = _settings(headers={"x-bypass": Secret("letmein")})
    async with web_server() as web, client_for(settings, "production") as client:
        await ask(client, web.url + "/")
    assert "x-bypass: letmein" in web.asked[0].lower()


@pytest.mark.parametrize("host", ["a" * 70 + ".test"])
async def test_a_name_that_does_not_resolve_is_dns(host: str) -> None:
    async with client_for(_settings(), "production") as client:
        answer = await ask(client, f"http://{host}/")
    assert answer.kind == "dns"
    assert answer.status is None
    assert "name not found" in answer.error


async def test_a_refused_connection_is_connect() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with client_for(_settings(), "production") as client:
            answer = await ask(client, f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert (answer.kind, answer.error) == ("connect", "connection refused")


async def test_a_connection_cut_before_the_answer_is_connect() -> None:
    async with web_server() as web, client_for(_settings(), "production") as client:
        web.routes["/"] = reset
        answer = await ask(client, web.url + "/")
    assert answer.kind == "connect"
    assert answer.error


async def test_silence_is_a_timeout_with_its_limit() -> None:
    async with web_server() as web, client_for(_settings(), "production") as client:
        web.routes["/"] = hang
        answer = await ask(client, web.url + "/", limit=0.2)
    assert (answer.kind, answer.error) == ("timeout", "no answer within 0.2 s")


async def test_an_answer_that_breaks_off_is_still_an_http_answer() -> None:
    async with web_server() as web, client_for(_settings(), "production") as client:
        web.routes["/"] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"
        answer = await ask(client, web.url + "/")
    assert (answer.kind, answer.status, answer.body) == ("http", 200, b"half")
    assert "broke off after 4 bytes" in answer.error


async def test_a_body_is_cut_at_its_cap() -> None:
    async with web_server() as web, client_for(_settings(), "production") as client:
        web.routes["/"] = reply(b"x" * 5_000_000)
        answer = await ask(client, web.url + "/", body_cap=1000)
    assert answer.truncated
    assert len(answer.body) == 1000


async def test_redirects_are_answers_and_followed_once_on_the_same_host_when_asked() -> None:
    async with web_server() as web, web_server() as other, client_for(_settings(), "production") as client:
        web.routes["/"] = reply("", 302, location="/home")
        web.routes["/home"] = reply("", 302, location="/again")
        web.routes["/away"] = reply("", 302, location=other.url + "/")
        assert (await ask(client, web.url + "/")).status == 302
        followed = await ask(client, web.url + "/", follow_same_host=True)
        assert (followed.url, followed.status) == (web.url + "/home", 302)
        away = await ask(client, web.url + "/away", follow_same_host=True)
        assert away.url == web.url + "/away"
    assert other.asked == []


@pytest.mark.parametrize("url", ["nonsense", "http://[::1", "ftp://127.0.0.1/", ""])
async def test_an_address_that_is_none_is_said_and_never_raised(url: str) -> None:
    async with client_for(_settings(), "production") as client:
        answer = await ask(client, url)
    assert answer.status is None
    assert answer.error


def _tls(authority: trustme.CA, **keys: object) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", **keys).configure_cert(context)  # type: ignore[arg-type]
    return context


async def test_a_private_authority_is_trusted_when_the_settings_name_it(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    settings = _settings(authority=str(tmp_path / "ca.pem"))
    async with web_server(_tls(authority)) as web, client_for(settings, "production") as client:
        web.routes["/"] = reply("{}")
        answer = await ask(client, web.url + "/")
    assert answer.status == 200
    assert answer.tls is not None


async def test_an_unknown_authority_is_tls() -> None:
    async with web_server(_tls(trustme.CA())) as web, client_for(_settings(), "production") as client:
        answer = await ask(client, web.url + "/")
    assert answer.kind == "tls"
    assert answer.error.startswith("certificate:")


async def test_an_expired_certificate_is_tls_in_words(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = _tls(authority, not_after=yesterday, not_before=yesterday - timedelta(days=1))
    settings = _settings(authority=str(tmp_path / "ca.pem"))
    async with web_server(expired) as web, client_for(settings, "production") as client:
        answer = await ask(client, web.url + "/")
    assert (answer.kind, answer.error) == ("tls", "certificate: certificate has expired")


async def test_a_cancelled_question_leaves_nothing_behind() -> None:
    async with web_server() as web, client_for(_settings(), "production") as client:
        web.routes["/"] = hang
        asking = asyncio.create_task(ask(client, web.url + "/"))
        await asyncio.wait_for(web.arrived.wait(), 20)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        web.routes["/"] = reply("hello")
        assert (await ask(client, web.url + "/")).status == 200


async def test_a_drill_trusts_its_own_authority_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, other = trustme.CA(), trustme.CA()
    for name, one in (("own.pem", authority), ("system.pem", other)):
        one.cert_pem.write_to_path(str(tmp_path / name))
    # The system's certificates, as far as this process can tell.
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    settings = _settings(authority=str(tmp_path / "own.pem"))
    drill = msgspec.structs.replace(settings, drill=DrillSettings(home=str(tmp_path), lease=str(tmp_path / "lease")))
    async with web_server(_tls(authority)) as web, web_server(_tls(other)) as system:
        web.routes["/"] = system.routes["/"] = reply("{}")
        for chosen, expected in ((settings, [200, 200]), (drill, [200, 0])):
            async with client_for(chosen, "production") as client:
                answers = [await ask(client, server.url + "/") for server in (web, system)]
            assert [answer.status or 0 for answer in answers] == expected


async def test_certificates_are_not_read_for_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*given: object, **named: object) -> None:
        raise AssertionError("nobody asked for TLS")

    monkeypatch.setattr("operations.http.trust", read)
    async with web_server() as web, client_for(_settings(), "production") as client:
        web.routes["/"] = reply("{}")
        assert (await ask(client, web.url + "/")).status == 200
