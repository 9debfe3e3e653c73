"""Where addresses lead: two ways to one database are one, two tenants behind one pooler are two."""

from __future__ import annotations

import pytest

from operations.errors import VigieError
from operations.proof.place import place_of_database
from operations.settings import Secret

REF, OTHER = "abcdefghijklmnopqrst", "zyxwvutsrqponmlkjihg"


def meet(one: str, other: str) -> str:
    return place_of_database(Secret(one)).meets(place_of_database(Secret(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("postgresql://a:b@localhost/app", "postgresql://c@127.0.0.1:5432/app"),
        ("postgresql://a@LOCALHOST./app", "postgresql://a@localhost/app"),
        ("postgresql://a@[::1]/app", "postgresql://a@127.0.0.1/app"),
        ("postgresql://a@127.0.0.1:6543/app", "postgresql://a@127.0.0.1:5432/app"),
        ("postgresql:///app?host=/var/run/postgresql", "postgresql://a@127.0.0.1/app"),
        ("postgresql://a@10.0.0.1,127.0.0.1/app", "postgresql://a@127.0.0.1/app"),
        ("postgresql://a@nowhere.invalid/app", "postgresql://b@nowhere.invalid/app"),
        (
            f"postgresql://postgres@db.{REF}.supabase.co/postgres",
            f"postgresql://postgres.{REF}@127.0.0.1:6543/postgres",
        ),
        ("postgresql://a@ep-cool-1.eu.neon.invalid/app", "postgresql://a@ep-cool-1-pooler.eu.neon.invalid/app"),
        ("postgresql://a@127.0.0.1/app?options=reference%3Dab-c", "postgresql://a.ab-c@pooler.invalid:6543/app"),
        ("postgresql://a@127.0.0.1", "postgresql://a@127.0.0.1/a"),
        ("postgresql://svc.staging@127.0.0.1/app", "postgresql://svc.prod@127.0.0.1/app"),
        ("postgresql://a@[::ffff:10.1.2.3]/app", "postgresql://a@10.1.2.3/app"),
    ],
)
def test_two_ways_to_one_database_meet(one: str, other: str) -> None:
    assert meet(one, other)
    assert meet(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("postgresql://a@127.0.0.1/app", "postgresql://a@127.0.0.1/app_staging"),
        ("postgresql://a@127.0.0.1:5433/app", "postgresql://a@127.0.0.1:5432/app"),
        ("postgresql://a@10.0.0.1/app", "postgresql://a@10.0.0.2/app"),
        (
            f"postgresql://postgres.{REF}@127.0.0.1:6543/postgres",
            f"postgresql://postgres.{OTHER}@127.0.0.1:6543/postgres",
        ),
    ],
)
def test_two_databases_do_not(one: str, other: str) -> None:
    assert meet(one, other) == ""


def test_a_pooler_without_a_tenant_on_one_side_counts_as_the_same() -> None:
    assert meet(f"postgresql://postgres.{REF}@127.0.0.1:6543/postgres", "postgresql://postgres@127.0.0.1/postgres")


def test_a_host_that_nobody_knows_is_named_and_nothing_hangs() -> None:
    place = place_of_database(Secret("postgresql://a@no-such-host.invalid/app"))
    assert (place.unresolved, place.addresses) == (("no-such-host.invalid",), frozenset())
    assert place.words == "no-such-host.invalid:5432/app"


def test_an_address_that_is_none_is_an_error_without_the_address() -> None:
    with pytest.raises(VigieError) as caught:
        place_of_database(Secret("postgresql://u:geheim@[host/app"))
    assert "geheim" not in str(caught.value)
