"""A backup with the manuals' `.env.operations` and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from tests.attack.world import VIGIE, heard
from tests.e2e.terminal import Terminal
from tests.servers import PostgresServer, S3Server


def test_a_backup_with_nothing_but_operations_settings(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> None:
    """The manuals' one file, a real database and a real bucket: asked once what it stands for, never guessed."""
    folder, bucket = tmp_path / "site", s3.new_bucket()
    folder.mkdir()
    path = folder / ".env.operations"
    path.write_text(
        f"DB_URL={postgres.new_database()}\nAPP_URL=http://127.0.0.1:9\nS3_BUCKET={bucket}\nAWS_REGION=us-east-1\n"
        f"AWS_ENDPOINT_URL_S3={s3.endpoint}\nAWS_ACCESS_KEY_ID={s3.access_key}\nAWS_SECRET_ACCESS_KEY={s3.secret_key}\n"
    )
    argv = ("--config", str(path), "backup", "--env", "staging")
    said = heard(*argv, "--yes")
    assert (said.returncode, "which environment" in said.stderr) == (1, True)
    assert "Contents" not in s3.client().list_objects_v2(Bucket=bucket)
    around = {
        "HOME": str(tmp_path), "PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8",
        "VIGIE_STATE_DIR": str(tmp_path / "state"),
    }  # fmt: skip
    with Terminal([VIGIE, *argv], env=around, cwd=folder, columns=120) as terminal:
        terminal.wait_for("stand for")
        terminal.press("staging", "enter")
        assert terminal.wait_ended() == 0
    names = sorted(str(found.get("Key")) for found in s3.client().list_objects_v2(Bucket=bucket)["Contents"])
    assert [name.partition(".sql.gz")[2] for name in names] == ["", ".manifest.json", ".sha256"]
    assert "/backups/staging/" in names[0]
