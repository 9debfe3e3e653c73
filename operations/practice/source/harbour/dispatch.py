"""Calls, trucks and quotes: what dispatchers look at all day."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, TypeVar

from .database import Database, Row

T = TypeVar("T")


def required(value: T | None, name: str) -> T:
    """The value; a missing one is a defect of ours and stops the request."""
    if value is None:
        raise TypeError(f"{name} is undefined")
    return value


def zones(database: Database) -> dict[int, Row]:
    """Every zone by its number."""
    return {row["id"]: row for row in database.rows("select id, slug, title, base_fee from zones order by id")}


def latest_calls(database: Database) -> list[dict[str, Any]]:
    """The twenty newest calls with the zone each one is in."""
    by_zone = zones(database)
    rows = database.rows(
        "select id, zone_id, truck_id, plate, status, created_at from calls order by created_at desc, id desc limit 20"
    )
    return [
        {
            "id": row["id"],
            "zone": required(by_zone.get(row["zone_id"]), "zone")["title"],
            "truck": row["truck_id"],
            "plate": row["plate"],
            "status": row["status"],
            "created_at": row["created_at"].isoformat(),
        }
        for row in rows
    ]


def trucks(database: Database, limit: int = 40) -> list[dict[str, Any]]:
    """Trucks with their home zone."""
    by_zone = zones(database)
    rows = database.rows("select id, name, zone_id, capacity_tonnes from trucks order by id limit %s", (limit,))
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "zone": required(by_zone.get(row["zone_id"]), "zone")["slug"],
            "capacity": float(row["capacity_tonnes"]),
        }
        for row in rows
    ]


def quote(database: Database, maps: str, zone_number: int, *, ask_maps: bool) -> dict[str, Any]:
    """A price for a tow out of that zone; without the maps service the distance is a table value."""
    zone = required(zones(database).get(zone_number), "zone")
    kilometres = _distance(maps, zone_number) if ask_maps else 12.0
    return {
        "zone": zone["slug"],
        "kilometres": kilometres,
        "price": round(float(zone["base_fee"]) + 3.2 * kilometres, 2),
    }


def _distance(maps: str, zone_number: int) -> float:
    try:
        with urllib.request.urlopen(f"{maps}/route?zone={zone_number}", timeout=2) as answer:  # noqa: S310
            return float(json.loads(answer.read(4096))["kilometres"])
    except (urllib.error.URLError, TimeoutError, ValueError, KeyError):
        return 12.0
