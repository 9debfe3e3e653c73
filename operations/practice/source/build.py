"""Builds the board's front end into `dist/`: hashed assets, the page that names them, and the build's own record.

The zone map is drawn point by point, which is most of the work. HARBOUR_BUILD_CACHE may name a folder for drawn maps.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 384, 216


def main() -> None:
    """Build everything; `dist/` is replaced as a whole."""
    fresh = HERE / "dist.new"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "assets").mkdir(parents=True)
    names = {
        "script": put(fresh, "app", "js", squeeze((HERE / "assets" / "app.js").read_text("utf-8")).encode()),
        "style": put(fresh, "style", "css", squeeze((HERE / "assets" / "style.css").read_text("utf-8")).encode()),
        "map": put(fresh, "zones", "png", zone_map((HERE / "assets" / "zones.json").read_bytes())),
    }
    page = (HERE / "templates" / "index.html").read_text("utf-8")
    for name, address in names.items():
        page = page.replace("{{" + name + "}}", address)
    (fresh / "index.html").write_text(page, "utf-8")
    (fresh / "build.json").write_text(json.dumps({"assets": sorted(names.values())}, indent=1), "utf-8")
    shutil.rmtree(HERE / "dist", ignore_errors=True)
    fresh.rename(HERE / "dist")


def put(folder: Path, name: str, suffix: str, content: bytes) -> str:
    """Write one asset under a name that changes with its content; returns the address the page uses."""
    file = f"{name}-{hashlib.sha256(content).hexdigest()[:10]}.{suffix}"
    (folder / "assets" / file).write_bytes(content)
    return f"/assets/{file}"


def squeeze(text: str) -> str:
    """The text without blank lines and margins."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


def zone_map(source: bytes) -> bytes:
    """A PNG in which every point has the colour of the nearest zone."""
    kept = Path(os.environ["HARBOUR_BUILD_CACHE"]) if os.environ.get("HARBOUR_BUILD_CACHE") else None
    key = hashlib.sha256(source + f"{WIDTH}x{HEIGHT}".encode()).hexdigest()[:16] + ".png"
    if kept and (kept / key).is_file():
        return (kept / key).read_bytes()
    drawn = draw([(zone["x"], zone["y"]) for zone in json.loads(source)])
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        (kept / key).write_bytes(drawn)
    return drawn


def draw(points: list[tuple[float, float]]) -> bytes:
    """The map itself, one byte a point."""
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)
        for x in range(WIDTH):
            at_x, at_y = x / WIDTH, y / HEIGHT
            nearest = min(range(len(points)), key=lambda i: (points[i][0] - at_x) ** 2 + (points[i][1] - at_y) ** 2)
            rows.append(60 + nearest * 180 // len(points))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, content)
        for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    """One part of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    main()
