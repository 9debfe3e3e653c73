"""The towing company's data as SQL: zones, trucks, drivers, calls, invoices. Same size, same rows, always.

Calls are numbered through forty days that end at the anchor, so an earlier day's backup simply holds fewer of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

DAYS = 40
CALLS = 24_000
ZONES, TRUCKS, DRIVERS = 24, 60, 90
MIGRATIONS = Path(__file__).with_name("source") / "migrations"
BACKUP_DAYS = 5
NEWEST_BACKUP_AGE = timedelta(hours=14)

MIGRATIONS_TABLE = (
    "CREATE TABLE IF NOT EXISTS vigie_migrations ("
    "name text PRIMARY KEY, applied_at timestamptz, finished_at timestamptz, error text)"
)
_FIXED = f"""
INSERT INTO zones (id, slug, title, base_fee)
SELECT i, 'zone-' || i, 'Harbour zone ' || i, 60 + (i * 7) % 45 FROM generate_series(1, {ZONES}) i;
INSERT INTO trucks (id, name, zone_id, capacity_tonnes, latitude, longitude)
SELECT i, 'Truck ' || i, 1 + i % {ZONES}, 3 + i % 9, 43.3 + i * 0.001, -1.4 - i * 0.002
FROM generate_series(1, {TRUCKS}) i;
INSERT INTO drivers (id, name, truck_id, phone)
SELECT i, CASE i WHEN 1 THEN 'dispatch' ELSE 'Driver ' || i END, 1 + i % {TRUCKS}, '+33 5 00 ' || lpad(i::text, 6, '0')
FROM generate_series(1, {DRIVERS}) i;
"""  # noqa: S608 - only our own numbers
_CALLS = """
INSERT INTO calls (id, zone_id, truck_id, plate, status, created_at, note)
SELECT i, 1 + (i * 7) % {zones}, 1 + (i * 13) % {trucks}, upper(substr(md5(i::text), 1, 7)),
  (array['done', 'done', 'done', 'open', 'cancelled'])[1 + (i * 11) % 5],
  timestamptz '{anchor}' - interval '{days} days' + i * interval '1 second' * {step},
  CASE WHEN i % 3 = 0 THEN 'Left beside ' || md5((i * 31)::text) || ', keys with ' || md5((i * 17)::text) END
FROM generate_series({first}, {last}) i;
INSERT INTO invoices (id, call_id, amount, paid_at, created_at)
SELECT id, id, 60 + (id * 37) % 400, CASE WHEN id % 4 > 0 THEN created_at + interval '6 hours' END,
  created_at + interval '1 hour'
FROM calls WHERE id BETWEEN {first} AND {last} AND status = 'done';
"""
_SEQUENCES = """
SELECT setval(pg_get_serial_sequence('calls', 'id'), (SELECT max(id) FROM calls));
SELECT setval(pg_get_serial_sequence('invoices', 'id'), (SELECT max(id) FROM invoices));
ANALYZE;
"""


def migration_files() -> tuple[Path, ...]:
    """The product's migrations in order."""
    return tuple(sorted(MIGRATIONS.glob("*.sql")))


def fixed_rows() -> str:
    """SQL for what never grows."""
    return _FIXED


def calls_between(first: int, last: int, size: float, anchor: datetime) -> str:
    """SQL for the calls numbered `first` to `last` and their invoices."""
    step = DAYS * 86_400 / total_calls(size)
    return _CALLS.format(
        zones=ZONES, trucks=TRUCKS, anchor=anchor.isoformat(), days=DAYS, step=step, first=first, last=last
    )


def closing() -> str:
    """SQL to run after the last row."""
    return _SEQUENCES


def total_calls(size: float) -> int:
    """How many calls a site of that size has."""
    return max(200, int(CALLS * size))


def calls_at_backup(days_before_newest: int, size: float) -> int:
    """The number of the last call that the backup so many days before the newest one holds."""
    age = NEWEST_BACKUP_AGE + timedelta(days=days_before_newest)
    return int(total_calls(size) * (1 - age / timedelta(days=DAYS)))
