"""Secrets are masked in every form they are printed in, and a stream cut anywhere gives what the whole gives."""

from __future__ import annotations

import base64
import json
import shlex
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from operations.engine.redaction import Redactor
from operations.settings import MASK

SECRET = "p@ss 'w\"o/rd+é$1"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps({"password": SECRET}),
        json.dumps({"password": SECRET}, ensure_ascii=False),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower().replace("%c3%a9", "%c3%a9"),
        quote_plus(SECRET),
        shlex.quote(SECRET),
        "'" + SECRET.replace("'", "'\\''") + "'",
        "'" + SECRET.replace("'", "''") + "'",
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_masked_however_it_is_written(written: str) -> None:
    masked = Redactor([SECRET]).redact(f"before {written} after")
    assert MASK in masked
    assert masked.startswith("before ") and masked.endswith(" after")
    assert "rd" not in masked.replace("before", "").replace("password", "")


@given(secret=st.binary(min_size=6, max_size=40), before=st.binary(max_size=8), after=st.binary(max_size=8))
def test_a_secret_inside_a_longer_base64_text_is_masked(secret: bytes, before: bytes, after: bytes) -> None:
    text = secret.hex()
    encoded = base64.b64encode(before + text.encode() + after).decode()
    masked = Redactor([text]).redact(encoded)
    assert MASK in masked
    left = len(encoded) - (len(masked.replace(MASK, "")))
    assert left >= len(text) * 8 // 6 - 4


def test_overlapping_secrets_leave_no_rest() -> None:
    assert Redactor(["abcdef", "defghi"]).redact("-abcdefghi-") == f"-{MASK}-"


def test_short_secrets_are_handed_back_and_not_masked() -> None:
    redactor = Redactor(["abc", "", "abcd"])
    assert redactor.too_short == ("abc",)
    assert redactor.redact("abc abcd") == f"abc {MASK}"
    assert "abc" not in repr(redactor)


def test_the_lines_of_a_key_are_masked_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nq3Zk9sLmX0pWvT\n-----END KEY-----\n"
    assert "q3Zk9sLmX0pWvT" not in Redactor([key]).redact("error near q3Zk9sLmX0pWvT!")


def test_data_is_masked_in_names_values_and_depth() -> None:
    redactor = Redactor(["hunter22"])
    assert redactor.data({"hunter22": [{"a": "x hunter22"}], "n": 3}) == {MASK: [{"a": f"x {MASK}"}], "n": 3}


def test_a_secret_added_later_is_masked_in_a_running_stream() -> None:
    redactor = Redactor()
    stream = redactor.stream()
    assert stream.feed("hello ") == "hello "
    redactor.add("swordfish")
    assert stream.feed("sword") == ""
    assert stream.feed("fish!") + stream.finish() == f"{MASK}!"


def test_a_stream_holds_back_no_more_than_the_beginning_of_a_secret() -> None:
    stream = Redactor(["x" + "y" * 5000]).stream()
    assert stream.feed("step 3 done\n") == "step 3 done\n"


_LETTERS = st.text(alphabet="ab'/ %=Y\n", max_size=60)


@settings(max_examples=200, deadline=None)
@example(secrets=["'aa'"], text="'aa'", cuts=[4, 5], planted=True)
@given(
    secrets=st.lists(st.text(alphabet="ab'/ ", min_size=1, max_size=8), max_size=4),
    text=_LETTERS,
    cuts=st.lists(st.integers(0, 60), max_size=8),
    planted=st.booleans(),
)
def test_any_split_of_a_stream_equals_masking_the_whole(
    secrets: list[str], text: str, cuts: list[int], planted: bool
) -> None:
    redactor = Redactor(secrets)
    if planted and secrets:
        text = text[:30] + secrets[0] + text[30:] + base64.b64encode(b"a" + secrets[0].encode()).decode()
    edges = sorted({0, len(text), *(cut for cut in cuts if cut <= len(text))})
    stream = redactor.stream()
    pieces = [stream.feed(text[start:end]) for start, end in pairwise(edges)]
    assert "".join(pieces) + stream.finish() == redactor.redact(text)


@given(text=_LETTERS, secret=st.text(alphabet="ab'/ ", min_size=4, max_size=8))
def test_no_secret_survives(text: str, secret: str) -> None:
    assert secret not in Redactor([secret]).redact(text + secret + text)
