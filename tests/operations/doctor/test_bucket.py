"""A real bucket whose rights are taken away one by one; what is in it stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from operations.desk import utc_now
from operations.doctor import bucket
from operations.doctor.backups import check_backups
from operations.doctor.bucket import check_bucket
from operations.doctor.bucket_trial import BODY, LEFT, OWN_OBJECT
from operations.doctor.finding import Finding
from operations.doctor.rights import ABORT, DELETE, GET, LIST, PUT, RIGHTS, UPLOADS, Right, Where, grant
from operations.settings import BackupSettings, Environment, Secret, Settings, Site
from tests.attack.site import Asked, Reply, a_site
from tests.operations.doctor.clinic import by_name
from tests.s3faults import FaultyS3, Harm, faulty_s3
from tests.servers import S3Server

PREFIX = "dispatch/backups/staging/"
DENIED = Harm(status=403, code="AccessDenied")


def settings(
    endpoint: str, bucket: str, access: str = "key", secret: str = "secret", kind: str = "staging"
) -> Settings:
    place = BackupSettings(bucket=bucket, endpoint=endpoint, access_key=Secret(access), secret_key=Secret(secret))
    env = Environment(kind=kind, backups=place)  # type: ignore[arg-type]
    return Settings(site=Site(name="dispatch"), environments={"staging": env})


class Ward:
    """A bucket with one backup's object in it, behind a proxy that can refuse."""

    def __init__(self, s3: S3Server, faulty: FaultyS3) -> None:
        self.s3, self.faulty = s3, faulty
        self.bucket = s3.new_bucket()
        s3.client().put_object(Bucket=self.bucket, Key=f"{PREFIX}mine.sql.gz", Body=b"a backup")

    def checked(self, readonly: bool = False, behind: timedelta = timedelta(), **changes: str) -> dict[str, Finding]:
        given = {"access": self.s3.access_key, "secret": self.s3.secret_key, "bucket": self.bucket, **changes}
        made = settings(self.faulty.endpoint, **given)
        return by_name(check_bucket(made, "staging", readonly=readonly, now=lambda: utc_now() - behind))

    def without(self, action: str) -> None:
        """From now on that action is refused, as AWS does."""
        self.faulty.pick = lambda method, path: DENIED if action_of(method, path) == action else None

    def names(self) -> list[str]:
        found = self.s3.client().list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [one["Key"].removeprefix(PREFIX) for one in found]

    def written(self) -> set[str]:
        """The keys that anything but a reading was asked of."""
        return {urlsplit(path).path for method, path in self.faulty.seen if method not in ("GET", "HEAD")}


@pytest.fixture
def ward(s3: S3Server) -> Iterator[Ward]:
    with faulty_s3(s3.endpoint) as faulty:
        yield Ward(s3, faulty)


def action_of(method: str, path: str) -> str:
    """The permission that this request needs, by S3's own table."""
    asked = parse_qs(urlsplit(path).query, keep_blank_values=True)
    whole_bucket = urlsplit(path).path.strip("/").count("/") == 0
    if whole_bucket and method == "GET":
        others = {"versioning": "s3:GetBucketVersioning", "encryption": "s3:GetEncryptionConfiguration"}
        other = next((action for name, action in others.items() if name in asked), LIST.action)
        return UPLOADS.action if "uploads" in asked else other
    if method == "DELETE":
        return ABORT.action if "uploadId" in asked else DELETE.action
    return {"GET": GET.action, "HEAD": GET.action, "PUT": PUT.action}[method]


def test_with_every_right_each_is_said_to_be_there_and_nothing_is_left(ward: Ward) -> None:
    found = ward.checked()
    assert {found[right.action].verdict for right in RIGHTS} == {"ok"}
    assert found[OWN_OBJECT].verdict == "ok"
    assert found["clock"].verdict == "ok"
    assert found["closed to strangers"].verdict == "ok"
    assert ward.names() == ["mine.sql.gz"]


def test_nothing_but_the_doctors_own_object_is_ever_touched(ward: Ward) -> None:
    ward.checked()
    (own,) = ward.written()
    assert own.startswith(f"/{ward.bucket}/{PREFIX}vigie-doctor/")


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: str(right.action))
def test_a_missing_right_alone_is_named_with_why_it_is_wanted_and_how_to_grant_it(ward: Ward, right: Right) -> None:
    ward.without(right.action)
    found = ward.checked()
    mine = found[right.action]
    assert mine.verdict == right.missing
    assert right.why in mine.says
    where = ward.bucket if right.whole_bucket else f"{ward.bucket}/{PREFIX}*"
    assert mine.mend.startswith(f'Allow "{right.action}" on "arn:aws:s3:::{where}"')
    assert "docs/operations.md" in mine.mend
    assert {other.action for other in RIGHTS if found[other.action].verdict != "ok"} == {right.action}


def test_where_it_may_not_remove_its_object_it_says_which_stays_and_leaves_one_however_often_it_runs(
    ward: Ward,
) -> None:
    ward.without(DELETE.action)
    for _ in range(3):
        found = ward.checked()
    assert sorted(ward.names()) == ["mine.sql.gz", LEFT]
    assert found[OWN_OBJECT].verdict == "warn"
    assert found[OWN_OBJECT].mend == f"Remove it: aws s3 rm s3://{ward.bucket}/{PREFIX}{LEFT}"


def test_a_read_only_session_asks_for_nothing_that_writes(ward: Ward) -> None:
    found = ward.checked(readonly=True)
    assert not ward.written()
    assert {found[right.action].verdict for right in (PUT, GET, ABORT, DELETE)} == {"skip"}
    assert found[LIST.action].verdict == "ok"


@pytest.mark.parametrize(
    ("change", "mend"),
    [
        (("bucket", "no-such-bucket"), "Make the bucket"),
        (("access", "nobody"), "access_key"),
        (("secret", "wrong"), "secret_key"),
    ],
)
def test_a_bucket_or_key_that_is_wrong_is_one_failure_and_not_six(
    ward: Ward, change: tuple[str, str], mend: str
) -> None:
    found = ward.checked(False, timedelta(), **dict([change]))
    assert found["answers"].verdict == "fail"
    assert mend in found["answers"].mend
    assert set(found) == {"clock", "answers"}


def test_a_bucket_in_another_region_names_the_setting(ward: Ward) -> None:
    elsewhere = Harm(status=301, code="PermanentRedirect")
    ward.faulty.pick = lambda method, path: None if method == "HEAD" else elsewhere
    assert "backups.region" in ward.checked()["answers"].mend


@pytest.mark.parametrize(("minutes", "verdict"), [(0.5, "ok"), (3, "warn"), (20, "fail")])
def test_a_clock_that_is_wrong_is_said_with_how_far(ward: Ward, minutes: float, verdict: str) -> None:
    found = ward.checked(readonly=True, behind=timedelta(minutes=minutes))["clock"]
    assert found.verdict == verdict
    assert ("timedatectl" in found.mend) == (verdict != "ok")


def test_an_object_that_does_not_come_back_fails_and_names_no_right(ward: Ward) -> None:
    missing = Harm(status=404, code="NoSuchKey")
    ward.faulty.pick = lambda method, path: missing if action_of(method, path) == GET.action else None
    found = ward.checked()[GET.action]
    assert (found.verdict, found.says) == ("fail", "what was just written is not there")


def test_an_object_that_anybody_may_read_fails(ward: Ward) -> None:
    # The proxy answers for a stranger, who alone asks with HEAD.
    ward.faulty.pick = lambda method, path: Harm(status=200, code="") if method == "HEAD" else None
    found = ward.checked()["closed to strangers"]
    assert (found.verdict, found.says) == ("fail", "anybody can read the backups without a key")
    assert "put-public-access-block" in found.mend


def test_what_the_key_may_not_ask_is_skipped_with_the_action_it_would_need(ward: Ward) -> None:
    ward.without("s3:GetBucketVersioning")
    found = ward.checked()["versioning"]
    assert (found.verdict, found.says) == ("skip", "not known: this key may not ask (s3:GetBucketVersioning)")


def test_a_bucket_without_versioning_is_a_warning_with_the_command(ward: Ward) -> None:
    found = ward.checked()["versioning"]
    assert found.verdict == "warn"
    assert f"put-bucket-versioning --bucket {ward.bucket}" in found.mend


def test_an_upload_that_is_cut_off_says_so_and_still_takes_its_object_back(ward: Ward) -> None:
    ward.faulty.pick = lambda method, path: Harm("reset") if method == "PUT" else None
    found = ward.checked()
    assert found["answers"].verdict == "fail"
    assert "the bucket does not answer" in found["answers"].says
    assert found[OWN_OBJECT].verdict == "ok"
    assert [method for method, path in ward.faulty.seen if method in ("PUT", "DELETE")][-2:] == ["PUT", "DELETE"]


def test_where_nothing_could_be_written_nothing_is_said_to_be_removed(ward: Ward) -> None:
    ward.without(PUT.action)
    found = ward.checked()[OWN_OBJECT]
    assert (found.verdict, found.says) == ("skip", "nothing was written")


def test_a_bucket_too_slow_to_take_the_object_back_in_time_is_written_nothing(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "TIME_IN_ALL", 4.0)
    found = ward.checked()
    assert {found[right.action].verdict for right in (PUT, GET)} == {"skip"}
    assert "too slowly" in found[PUT.action].says
    assert not [path for method, path in ward.faulty.seen if method == "PUT"]


def test_with_a_key_of_kms_its_own_rights_are_named_too() -> None:
    where = Where("b", "p/", "k", kms=True)
    assert "kms:GenerateDataKey" in grant(PUT, where)
    assert "kms" not in grant(LIST, where)


def test_a_kept_bucket_open_to_strangers_with_versions_is_told_as_it_is(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        if "versioning" in asked.path:
            return Reply("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", kind="text/xml")
        return Reply("<ListBucketResult></ListBucketResult>", kind="text/xml")

    with a_site() as site:
        site.rest = answer
        found = by_name(check_bucket(settings(site.url, "open"), "staging", readonly=True))
    assert found["versioning"].verdict == "ok"
    assert (found["closed to strangers"].verdict, found["closed to strangers"].says) == (
        "fail",
        "anybody can list the backups without a key",
    )


@pytest.mark.parametrize(
    "body",
    ["<Error><Code>[red]Nö[/red]</Code></Error>", "<Error><Code>\x1b[31mNo</Code></Error>", "\x1b]0;no\x07", "{}"],
)
def test_an_answer_that_is_no_s3_answer_is_a_finding_and_no_trace(body: str) -> None:
    with a_site() as site:
        site.rest = Reply(body, 418, "text/xml")
        found = by_name(check_bucket(settings(site.url, "odd"), "staging", readonly=True))
    assert found
    assert all(finding.verdict != "ok" or name == "clock" for name, finding in found.items() if name != "answers")
    assert not any("\x1b" in finding.says for finding in found.values())


def test_with_the_policy_of_the_page_no_right_is_missing_and_the_rest_is_skipped(ward: Ward) -> None:
    page = (Path(__file__).parents[3] / "docs/operations.md").read_text("utf-8")
    policy = json.loads(page.partition("```json")[2].partition("```")[0])
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {right.action for right in RIGHTS} == allowed
    ward.faulty.pick = lambda method, path: None if action_of(method, path) in allowed else DENIED
    found = ward.checked()
    assert {name for name, finding in found.items() if finding.verdict != "ok"} == {"versioning"}
    assert found["versioning"].verdict == "skip"


def test_without_a_key_the_settings_for_one_are_named(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    found = ward.checked(access="", secret="")["answers"]
    assert (found.verdict, "AWS_ACCESS_KEY_ID" in found.mend) == ("fail", True)


def test_without_a_bucket_nothing_is_asked() -> None:
    found = by_name(check_bucket(settings("http://127.0.0.1:9", ""), "staging", readonly=False))
    assert [finding.verdict for finding in found.values()] == ["skip"]


def test_production_without_a_backup_fails_and_staging_without_one_is_a_warning(s3: S3Server) -> None:
    for kind, verdict in (("production", "fail"), ("staging", "warn")):
        made = settings(s3.endpoint, s3.new_bucket(), s3.access_key, s3.secret_key, kind)
        found = by_name(check_backups(made, "staging"))["newest"]
        assert (found.verdict, found.says) == (verdict, "there is no backup yet")
        assert "vigie backup --env staging" in found.mend


def test_what_it_writes_says_what_it_is() -> None:
    assert b"vigie doctor" in BODY
