"""What must not leave is found though nobody told Vigie of it; ordinary English and French is left alone."""

from __future__ import annotations

import base64
import string
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.incident.secret_scan import NEVER_ALLOWED, scan
from operations.incident.unwanted import LONGEST, Names, findings_in, names_for
from operations.settings import Contact, Environment, MessageSettings, Provider, Secret, Settings, Site
from operations.watch.model import Overall, ProbeState, Snapshot, Status
from tests.attack.poison import EVIL

LETTERS = string.ascii_letters + string.digits
SECRET = {
    "AWS access key": "key AKIAQ3EGR7BZ2X4TUV5W here",
    "AWS secret": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY",
    "GitHub token": "ghp_" + "a1B2" * 9,
    "fine-grained GitHub token": "github_pat_" + "11ABCDEFG0" * 4,
    "GitLab token": "glpat-" + "x1Y2z3" * 4,
    "Slack token": "xoxb-1234567890-AbCdEfGhIj",
    "Slack webhook": "https://hooks.slack.com/services/T0AAAAAAA/B0AAAAAAA/x1y2z3x1y2z3",
    "Teams webhook": "https://prod-07.westeurope.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke",
    "Stripe key": "sk_live_" + "4eC39Hq" * 3,
    "Google key": "AIza" + "Sy9" * 11 + "Ab",
    "SendGrid key": "SG." + "a1B2c3D4" * 3 + "." + "e5F6g7H8" * 4,
    "Vault token": "hvs." + "CAESIJ12" * 4,
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0",
    "Supabase key": "sbp_" + "0a1b2c3d" * 5,
    "PEM": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "OpenSSH": "-----BEGIN OPENSSH PRIVATE KEY-----",
    "password with =": "run it with password=hunter2",
    "password in a sentence": "the password is Tr0ub4dor&3",
    "mot de passe": "mdp : azerty123",
    "variable": "SUPABASE_SERVICE_ROLE_KEY=abcd",
    "libpq": "PGPASSWORD=geheim psql",
    "clé": "clé d'API : a8f5f167f44f4964e6c998dee827110c",
    "bearer": "Authorization: Bearer abc123def456ghi",
    "basic": "Basic " + base64.b64encode(b"ana:geheim").decode(),
    "address with a password": "https://ana:s3cret@db.example.com/x",
    "database with a password": "postgresql://app:p@ss@db.example.com/app",
    "address with a token": "https://example.com/in?token=abcdef123",
    "hex": "it says 9e107d9d372bb6826bd81d3542a419d6",
}
ALLOWABLE = {
    "write to ana.durand@example.com": "mail",
    "écrivez à été@exemple.fr": "mail",
    "10.0.3.17 is down": "host",
    "2001:db8::17 n'est pas joignable": "host",
    "db-prod-01 is slow": "host",
    "ip-10-0-0-1 restarted": "host",
    "pg.internal": "host",
    "xyzcompany.supabase.co is slow": "host",
    "db.example.com:5432": "host",
    "localhost:3000": "host",
    "postgres://db.example.com/app": "host",
}
ORDINARY = """Nous rencontrons un problème avec Pro Remorque.
Ce que vous pouvez constater : les demandes ne peuvent pas être enregistrées (erreur 503)
Depuis : 03:07 UTC (04:07 Europe/Paris)
Depuis : 2026-11-21 23:50 UTC (2026-11-22 00:50 Europe/Paris)
Nous cherchons la cause. Prochaine nouvelle : 03:30 UTC (04:30 Europe/Paris)
Le mot de passe : utilisez le lien « oublié » sur la page de connexion.
Votre mot de passe est inchangé. Mot de passe : Réinitialisez-le.
Des données ont-elles été perdues : non
Your password is unchanged. Password: unchanged. The token is expired. key: none
Passwords are not affected; the secret is: patience.
Basic authentication is not affected. Basic internationalization works.
The key: restart the application. A bearer of good news-and-more.
Version 2.4.1 was taken back; v1.2.3.4 is next. Zone 3, A/B, 24/7, 5xx 38%.
Call +33 1 23 45 67 89 between 08:00 and 18:30. Ticket 1121-kfp, INC-2026-001234.
See https://status.example.com/incidents/2026-11-22-zones-indisponibles-dans-toute-la-france
Anticonstitutionnellement, rendez-vous-de-production-numero-deux-mille-vingt-six
2026-11-22T03:10:00Z 03:10:22 12:30:00 ratio 3:1; chapter 3:16, 100:200
Connexion avec Google: indisponible; secret: it is a surprise; la clé est la patience
The api is slow. web 2.0, top-10, covid-19, utf-8, ISO-8601, RFC-2119
Please select a date from the list, delete from your cart, update your profile.
Facture n° FR76 3000 4000 0312 3456 7890 143, réf. 550e8400-e29b-41d4-a716-446655440000
N'utilisez pas la fonction devis/express (voir 2026/11/22). C'est la clé: recommencez demain.
Montant: 1234567890123456789012 EUR; tél:0123456789
Le nœud du problème : l'API des cartes. À bientôt, l'équipe @ Harbour Tow.
"""


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_nobody_told_us_of_is_found_and_no_word_sends_it(name: str) -> None:
    found = scan(f"Bonjour, {SECRET[name]} merci")
    assert any(not one.may_be_allowed for one in found)
    assert all(len(one.masked) < 20 for one in found)


@pytest.mark.parametrize("text", ALLOWABLE)
def test_addresses_and_hosts_are_found_and_a_person_may_answer_for_them(text: str) -> None:
    assert [one.kind for one in scan(text)] == [ALLOWABLE[text]]
    assert scan(text)[0].may_be_allowed


@pytest.mark.parametrize("line", ORDINARY.splitlines())
def test_ordinary_english_and_french_is_left_alone(line: str) -> None:
    assert [one.words for one in scan(line)] == []


def test_the_templates_of_the_library_are_left_alone() -> None:
    from runbooks.shelf import names, open_book

    texts = [code.text for name in names() for section in open_book(name).sections for code in section.codes("message")]
    assert len(texts) > 30
    assert [one.words for text in texts for one in findings_in(text, Settings(), Names())] == []


@given(st.text(LETTERS, min_size=40, max_size=64), st.text(max_size=30), st.text(max_size=30))
def test_a_random_key_behind_its_name_is_found_wherever_it_stands(key: str, before: str, after: str) -> None:
    found = scan(f"{before} api_key={key} {after}")
    assert any(not one.may_be_allowed for one in found)
    assert all(key not in one.words for one in found)


@given(st.text(max_size=300))
def test_a_finding_lies_in_the_text_and_none_lies_in_another(text: str) -> None:
    found = scan(text + EVIL)
    assert all(0 <= one.start < one.end <= len(text + EVIL) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_what_is_public_anyway_may_be_named() -> None:
    text = "support@example.com or shop.vercel.app"
    assert len(scan(text)) == 2
    assert scan(text, ("Support@example.com", "shop.vercel.app")) == ()


def settings(**messages: object) -> Settings:
    production = Environment(
        kind="production", url="https://tow.example", database=Secret("postgresql://app:hunter22@10.1.2.3/app")
    )
    staging = Environment(kind="staging", url="https://staging.tow.example")
    return Settings(
        site=Site(name="tow"), environments={"production": production, "staging": staging}, operator="marc",
        contacts=(Contact(name="Ana Durand"),), providers=(Provider(name="Supabase", status="https://s.example"),),
        messages=msgspec.convert(messages, MessageSettings),
    )  # fmt: skip


def snapshot(status: Status) -> Snapshot:
    state = ProbeState("provider Supabase", "Supabase", False, 60, 10, status)
    now = datetime(2026, 11, 21, 3, tzinfo=UTC)
    return Snapshot(now, "production", Overall.DOWN, now, (state,), (), {}, (), now, True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ana Durand is on it", "person"),
        ("Marc s'en occupe", "person"),
        ("staging.tow.example works", "host"),
        ("it is Supabase", "provider"),
        ("since a1b2c3d", "code"),
        ("SELECT id FROM calls fails", "code"),
        ("delete from calls where id = 1", "code"),
        ("@channel look", "mention"),
        ("<!here> look", "mention"),
    ],
)
def test_what_users_should_not_read_is_found_by_name(text: str, kind: str) -> None:
    site = settings()
    found = findings_in(text, site, names_for(site, None, None, restricted=False))
    assert [one.kind for one in found] == [kind]
    assert found[0].may_be_allowed


def test_the_sites_own_public_address_may_be_named() -> None:
    site = settings()
    assert findings_in("tow.example is slow", site, names_for(site, None, None, restricted=False)) == ()


def test_a_provider_may_be_named_once_its_own_page_says_so() -> None:
    site = settings()
    text = "Supabase has trouble"
    well = names_for(site, None, snapshot(Status.OK), restricted=False)
    ill = names_for(site, None, snapshot(Status.DOWN), restricted=False)
    assert [one.kind for one in findings_in(text, site, well)] == ["provider"]
    assert findings_in(text, site, ill) == ()


def test_a_known_secret_is_never_sent_in_whatever_form() -> None:
    site = settings()
    for text in ("it is hunter22", "it is " + base64.b64encode(b"hunter22").decode()):
        assert [one.kind for one in findings_in(text, site, Names())] == ["known"]
    assert "known" in NEVER_ALLOWED


def test_details_stay_out_of_a_restricted_incident_only() -> None:
    text = "Une attaque a compromis des mots de passe"
    assert findings_in(text, settings(), Names()) == ()
    assert {one.kind for one in findings_in(text, settings(), Names(restricted=True))} == {"detail"}


def test_a_flood_is_refused_without_being_read() -> None:
    assert [one.kind for one in findings_in("x" * (LONGEST + 1), settings(), Names())] == ["size"]
