"""What is packed is what every gunzip unpacks; a sink that fails or is slow is felt by the writer; nothing hangs."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operations.dump.packing import LocalCopy, Packer


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=5000), max_size=30))
def test_it_unpacks_to_what_was_written_and_its_sum_is_the_files(pieces: list[bytes]) -> None:
    first, second = bytearray(), bytearray()
    packer = Packer([first.extend, second.extend])
    for piece in pieces:
        packer.write(piece)
    packed = packer.finish()
    assert gzip.decompress(first) == b"".join(pieces)
    assert first == second
    assert (packed.plain, packed.size) == (sum(map(len, pieces)), len(first))
    assert packed.sha256 == hashlib.sha256(first).hexdigest()


def test_the_same_bytes_in_other_pieces_are_read_by_gunzip(tmp_path: Path) -> None:
    copy = LocalCopy(tmp_path / "kept" / "backup.sql.gz")
    packer = Packer([copy.write])
    for n in range(40):
        packer.write(b"%d some rows\n" % n * 20_000)
    packer.finish()
    copy.finish()
    plain = subprocess.run(["gunzip", "-c", str(copy.path)], capture_output=True, check=True, timeout=60).stdout
    assert plain == b"".join(b"%d some rows\n" % n * 20_000 for n in range(40))
    assert [found.name for found in copy.path.parent.iterdir()] == ["backup.sql.gz"]
    assert copy.path.stat().st_mode & 0o777 == 0o600


def test_a_sink_that_fails_is_told_to_the_writer() -> None:
    def refuse(_packed: bytes) -> None:
        raise OSError("disk full")

    packer = Packer([refuse])
    with pytest.raises(OSError, match="disk full"):
        for n in range(100_000):
            packer.write(hashlib.shake_128(b"%d" % n).digest(10_000))


def test_a_writer_waits_for_a_slow_sink_and_can_still_give_up() -> None:
    sizes: list[int] = []

    def slow(packed: bytes) -> None:
        time.sleep(0.3)
        sizes.append(len(packed))

    packer = Packer([slow])
    for n in range(9):
        packer.write(hashlib.shake_128(b"%d" % n).digest(100_000))
    packer.stop()
    taken = len(sizes)
    assert taken < 5
    time.sleep(0.4)
    assert len(sizes) == taken


def test_a_copy_that_is_given_up_leaves_nothing_and_one_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    copy = LocalCopy(tmp_path / "b.gz")
    copy.write(b"half")
    copy.abort()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "b.gz").write_bytes(b"there")
    second = LocalCopy(tmp_path / "b.gz")
    second.write(b"new")
    with pytest.raises(FileExistsError):
        second.finish()
    second.abort()
    assert (tmp_path / "b.gz").read_bytes() == b"there"
    assert len(list(tmp_path.iterdir())) == 1
