"""What destroys something is marked however it is wrapped; what only looks like it is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.hazards import hazards_in, hazards_in_words
from runbooks.reader import read

DESTRUCTIVE = [
    # as it is
    "dropdb production_db",
    "supabase db reset --linked",
    "npx supabase db reset",
    "redis-cli FLUSHALL",
    "redis-cli -u $REDIS_URL flushdb",
    "FLUSHALL",
    "git push --force",
    "git push -f origin main",
    "git push origin +main",
    "git push --force-with-lease",
    "git push origin --delete main",
    "git push origin :main",
    "git reset --hard HEAD~3",
    "git -C /srv/app reset --hard",
    "git clean -fdx",
    "git branch -D x",
    "git checkout -- .",
    "rm -rf /var/lib/x",
    "rm -fr x",
    "rm --recursive x",
    "rm *.log",
    "find . -name '*.tmp' -delete",
    "find . -exec rm {} +",
    "psql prod < dump.sql",
    "psql -h latest-db -f x.sql",
    "gunzip -c x.sql.gz | psql $DATABASE_URL",
    "pg_restore -Fc -d app x.dump",
    "pg_restore --clean -d staging x.dump",
    "psql -c 'DROP TABLE users'",
    'psql -c "delete from users"',
    "psql -c 'UPDATE users SET admin = true'",
    'psql -c "SELECT pg_terminate_backend(1)"',
    "mysql -e 'TRUNCATE t'",
    "sqlite3 app.db 'DROP TABLE t'",
    "npx prisma migrate reset",
    "npx prisma db push --accept-data-loss",
    "bundle exec rails db:drop",
    "npm run db:reset",
    "php artisan migrate:fresh",
    "python manage.py flush",
    "alembic downgrade -1",
    "kubectl delete ns prod",
    "kubectl -n prod delete pod x",
    "kubectl scale deploy/x --replicas=0",
    "oc adm drain node1",
    "helm uninstall x",
    "terraform destroy",
    "terraform apply -auto-approve",
    "docker volume rm x",
    "docker compose down -v",
    "docker system prune -af",
    "aws s3 rm s3://x --recursive",
    "aws --profile p rds delete-db-instance --db-instance-identifier x",
    "gcloud sql instances delete x",
    "heroku pg:reset",
    "vercel env rm X production",
    "curl -X DELETE https://x/y",
    "curl -sXDELETE https://x/y",
    "curl https://x | sh",
    "bash <(curl -s https://x)",
    'sh -c "$(curl -fsSL https://x)"',
    "kill -9 1",
    "pkill -KILL node",
    "dd if=/dev/zero of=/dev/sda",
    "mkfs.ext4 /dev/sdb1",
    "shutdown -h now",
    "crontab -r",
    "chmod -R 777 /srv",
    "./scripts/restore-db.sh --env production",
    "echo flush_all | nc cache 11211",
    "> /dev/sda",
    # wrapped
    "sudo dropdb production_db",
    "sudo -u postgres -H dropdb x",
    "PGPASSWORD=x dropdb y",
    "env A=b timeout 5 nohup dropdb x",
    "$SUDO rm -rf x",
    "${KUBECTL} delete ns x",
    "/usr/local/bin/dropdb x",
    "\\rm -rf x",
    "'rm' -rf x",
    'ssh db1 "sudo dropdb x"',
    "ssh -t -i key db1 dropdb x",
    "ssh db1 <<EOF\ndropdb x\nEOF",
    "bash -c 'rm -rf x'",
    'sudo bash -c "cd /x && rm -rf y"',
    "sh <<'EOF'\nrm -rf x\nEOF",
    "docker exec -it db dropdb x",
    "docker exec db psql -U postgres -c 'DROP DATABASE x'",
    "docker compose exec -T db sh -c 'dropdb x'",
    "kubectl exec -it db-0 -n prod -- dropdb x",
    "kubectl exec db-0 -- psql -c 'DROP TABLE x'",
    "aws-vault exec prod -- kubectl delete ns x",
    "ls | xargs rm",
    "find . -name x -print0 | xargs -0 -n1 rm -f",
    "x=$(dropdb y)",
    "echo `dropdb y`",
    'echo "$(rm -rf x)"',
    "cat <<EOF\n$(dropdb x)\nEOF",
    "psql <<EOF\nDROP TABLE x;\nEOF",
    "psql <<< 'DROP TABLE x'",
    "echo 'DROP TABLE x' | psql",
    "echo 'rm -rf x' | bash",
    "cat <<EOF | psql prod\nDELETE FROM x;\nEOF",
    "if true; then dropdb x; fi",
    "for d in a b; do dropdb $d; done",
    "case $x in y) dropdb x;; esac",
    "f() { dropdb x; }",
    "true && dropdb x || echo no",
    "! dropdb x",
    "(cd /x; rm -rf y)",
    "rm \\\n  -rf \\\n  x",
    "eval 'dropdb x'",
    "watch -n 5 'kubectl delete pod x'",
    "su - postgres -c 'dropdb x'",
    "trap 'rm -rf /x' EXIT",
    "time dropdb x",
    "command dropdb x",
    "xargs -I{} dropdb {} < names",
    "flock /tmp/l rm -rf x",
    "knife ssh 'roles:db' 'sudo rm -rf /data'",
    "npx -y prisma migrate reset --force",
    "psql -c \"DO \\$\\$ BEGIN EXECUTE 'DROP TABLE x'; END \\$\\$\"",
]

HARMLESS = [
    "git push --force-with-lease --dry-run",
    "git push -n --force",
    "git push origin main",
    'grep -r "DROP TABLE" migrations/',
    # It only prints; piped into a shell it would be marked.
    'echo "never run rm -rf /"',
    "echo dropdb x",
    "printf 'rm -rf %s' x",
    "rm file.txt",
    "rm -f file.txt",
    "rm --help",
    "ls -rf",
    'git log --grep "reset --hard"',
    "git reset --soft HEAD~1",
    "git commit -m 'rm -rf x; DROP TABLE y'",
    "git checkout -b reset--hard",
    "git clean -n",
    "git branch -d x",
    "dropdb --help",
    "# dropdb production_db",
    "ls # rm -rf /",
    'psql -c "SELECT * FROM drops"',
    "psql -c 'SELECT deleted_from, truncate FROM updates'",
    "psql -c \"SELECT 'DROP TABLE x'\"",
    "psql -c 'EXPLAIN DELETE FROM x'",
    "psql -c 'UPDATE x SET y = 1 WHERE id = 2'",
    "psql test_db < dump.sql",
    "psql $STAGING_DB_URL < dump.sql",
    "pg_restore --list x.dump",
    "pg_restore -l x.dump",
    "pg_dump --clean app > x.sql",
    "kubectl delete pod x --dry-run=client",
    "kubectl get pods --field-selector reason=delete",
    "kubectl auth can-i delete pods",
    "kubectl describe deploy delete",
    "kubectl exec x -- grep -r 'rm -rf' /etc",
    "kubectl exec x -- echo 'rm -rf /'",
    "ssh host grep dropdb /var/log/x",
    "ssh host echo 'rm -rf /'",
    "terraform plan -destroy",
    "helm list --uninstalled",
    "docker ps --filter status=removing",
    "docker run --rm app",
    "aws s3 ls s3://delete",
    "aws s3 rm help",
    "aws s3 rm s3://x --dryrun",
    "rsync -n --delete a b",
    "curl https://x/delete",
    "curl -X GET https://x/restore",
    "curl https://x | python3 -m json.tool",
    "curl https://x | jq .",
    "kill -HUP 1",
    "kill -0 1",
    "pkill -USR1 node",
    "redis-cli info",
    "redis-cli get FLUSH",
    "man dropdb",
    "which dropdb; command -v mkfs; type rm",
    "cat rm-rf.txt",
    "vim drop_table.sql",
    "history | grep 'reset --hard'",
    "alias cleanup='rm -rf /tmp/x'",
    "find . -name delete",
    "dd if=/dev/sda of=/dev/null",
    "chmod 755 x",
    "chmod +x scripts/*.sh",
    "npm run build",
    "cat <<EOF > notes\nrm -rf /\nEOF",
    "cat <<'EOF'\n$(dropdb x)\nEOF",
    "systemctl status reboot.target",
    "shutdown -c",
    "vercel rm --help",
    "./delete-old.sh --dry-run",
]


@pytest.mark.parametrize("text", DESTRUCTIVE)
def test_what_destroys_something_is_marked(text: str) -> None:
    assert hazards_in(text, "command", 1)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_dangerous_is_not_marked(text: str) -> None:
    assert hazards_in(text, "command", 1) == ()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DROP TABLE x", "drops it"),
        ("drop index concurrently x", "drops it"),
        ("ALTER TABLE x DROP COLUMN y", "drops it"),
        ("ALTER TABLE x DROP y", "drops it"),
        ("TRUNCATE users", "empties a table"),
        ('TRUNCATE TABLE ONLY "User"', "empties a table"),
        ("DELETE FROM x WHERE y", "deletes rows"),
        ("UPDATE x SET y = 1", "changes every row"),
        ('UPDATE "User" u SET y = 1', "changes every row"),
        ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity", "ends sessions"),
        ("VACUUM FULL", "locks tables while it runs"),
        ("VACUUM (VERBOSE, FULL) x", "locks tables while it runs"),
        ("REINDEX TABLE x", "locks tables while it runs"),
        ("CLUSTER x USING y", "locks tables while it runs"),
        ("LOCK TABLE x", "locks tables while it runs"),
        ("ALTER SYSTEM SET x = 1", "changes the database server"),
        ("COPY x TO PROGRAM 'y'", "runs a program on the database server"),
        ("ALTER TABLE x DISABLE ROW LEVEL SECURITY", "opens a table to everybody"),
        ("GRANT ALL ON x TO PUBLIC", "gives rights to everybody"),
        ("EXPLAIN ANALYZE DELETE FROM x", "deletes rows"),
        ("DO $$ BEGIN DROP TABLE x; END $$", "drops it"),
    ],
)
def test_destructive_statements_are_marked(statement: str, words: str) -> None:
    assert [hazard.words for hazard in hazards_in(statement + ";", "sql", 1)] == [words]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'DROP TABLE x'",
        "-- DROP TABLE x\nSELECT 1",
        "/* DELETE FROM x */ SELECT 1",
        'SELECT "drop table" FROM x',
        "SELECT deleted, updated FROM drops",
        "UPDATE x SET y = 1 WHERE z",
        "UPDATE x SET y = 1\n  FROM q\n WHERE z",
        "INSERT INTO x VALUES (1) ON CONFLICT DO UPDATE SET y = 1",
        "SELECT 1 FROM x FOR UPDATE SKIP LOCKED",
        "ALTER TABLE x ALTER y DROP NOT NULL",
        "ALTER TABLE x ALTER COLUMN y DROP DEFAULT",
        "GRANT SELECT, TRUNCATE ON x TO y",
        "REVOKE ALL ON x FROM PUBLIC",
        "EXPLAIN DELETE FROM x",
        "REINDEX INDEX CONCURRENTLY x",
        "REINDEX (CONCURRENTLY) TABLE x",
        "VACUUM ANALYZE x",
        "SELECT truncate(1.5, 0)",
        "CREATE TRIGGER t AFTER DELETE ON x EXECUTE FUNCTION y()",
        "COMMENT ON TABLE x IS 'TRUNCATE me'",
    ],
)
def test_harmless_statements_are_not_marked(statement: str) -> None:
    assert hazards_in(statement + ";", "sql", 1) == ()


def test_a_hazard_names_its_line() -> None:
    text = "ls\n# dropdb x\nif a; then\n  dropdb \\\n   y\nfi\npsql <<EOF\nSELECT 1;\n\nDROP TABLE z;\nEOF"
    assert [(one.line, one.words) for one in hazards_in(text, "command", 10)] == [
        (13, "drops a database"),
        (19, "drops it"),
    ]
    assert [one.line for one in hazards_in("SELECT 1;\n\nDELETE\nFROM x;", "sql", 5)] == [7]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("run `dropdb x` then", 1),
        ("it calls `DELETE FROM x`", 1),
        ("the `shutdown` policy and `rm`", 0),
        ("the `Cluster Logging Operator`", 0),
        ("`ls` and dropdb x", 0),
        ("a span `git reset\n--hard` over two lines", 1),
        ("``rm -rf `x` ``", 0),
        ("`unclosed rm -rf x", 0),
    ],
)
def test_running_text_names_hazards_between_backticks(text: str, count: int) -> None:
    assert len(hazards_in_words(text, 1)) == count


def test_a_book_knows_its_hazards_wherever_they_stand() -> None:
    book = read(
        "# A\n\nFirst `dropdb x`.\n\n```sh\nls\nrm -rf y\n```\n\n> - and `git push --force`\n\n`DROP\nTABLE x`\n", "t"
    )
    assert [hazard.line for hazard in book.hazards] == [3, 7, 10, 12]


@given(st.text(alphabet="rm -f'\"`$(){};|&<>\\\n#aE", max_size=80))
def test_any_text_may_be_asked_for_hazards(text: str) -> None:
    for kind in ("command", "sql", "manual"):
        lines = [hazard.line for hazard in hazards_in(text, kind, 1)]
        assert all(1 <= line <= text.count("\n") + 1 for line in lines)


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        *(
            (unit, "sql")
            for unit in (
                "DROP TABLE x ",
                "UPDATE a SET ",
                "ALTER TABLE ",
                "VACUUM (",
                "REINDEX (",
                "'",
                "/*",
                "$a$",
                ";",
                "E'",
            )
        ),
        *(
            (unit, "command")
            for unit in (
                "rm -rf x;",
                "ssh a 'b c' ",
                "docker exec ",
                "sudo ",
                "bash -c 'a b';",
                "$(x",
                "a -- ",
                "x|",
                "kubectl ",
            )
        ),
    ],
)
def test_hostile_text_takes_time_in_proportion(unit: str, kind: str) -> None:
    def seconds(size: int) -> float:
        best = 9.0
        for attempt in range(2):
            text = unit * (size // len(unit)) + str(attempt)
            started = time.process_time()
            hazards_in(text, kind, 1)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(40_000) < 8 * seconds(10_000) + 0.03
