"""Files that are encrypted page by page are SQLCipher's own in every way."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import StorageError
from guidedesk.models.cipher_file import PAGE, RESERVED, CipherFile, empty_image
from guidedesk.models.database import open_encrypted
from guidedesk.sync.system import SystemRandom

KEY = bytes(range(32))
PORTION = 4
ROWS = [(n, f"客人{n}" * 40) for n in range(600)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A plain file of some forty pages."""
    path = tmp_path_factory.mktemp("plain") / "plain.db"
    empty_image(path)
    with sqlite3.connect(path) as conn:
        conn.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT)")
        conn.execute("CREATE INDEX by_name ON person (name)")
        conn.executemany("INSERT INTO person VALUES (?, ?)", ROWS)
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    conn.close()
    made = path.read_bytes()
    assert made[20] == RESERVED
    assert len(made) > 40 * PAGE
    return made


def write(path: Path, plain: bytes, size: int = PORTION * PAGE) -> None:
    file = CipherFile(path, KEY, SystemRandom())
    for start in range(0, len(plain), size):
        file.append(plain[start : start + size])
    file.close()


def rows(path: Path, key: bytes = KEY) -> list[tuple[int, str]]:
    database = open_encrypted(path, key, name="cache", synchronous="NORMAL")
    try:
        with database.write() as conn:
            assert conn.exec_driver_sql("PRAGMA cipher_integrity_check").fetchall() == []
            assert conn.exec_driver_sql("PRAGMA integrity_check").fetchall() == [("ok",)]
            conn.exec_driver_sql("INSERT INTO person VALUES (100000, 'x')")
            found = conn.exec_driver_sql("SELECT id, name FROM person WHERE id < 100000 ORDER BY id").fetchall()
            return [(row[0], row[1]) for row in found]
    finally:
        database.close()


@pytest.mark.parametrize("size", [PAGE, 3 * PAGE, 1 << 22])
def test_sqlcipher_reads_and_writes_what_was_written(tmp_path: Path, plain: bytes, size: int) -> None:
    path = tmp_path / "made.db"
    write(path, plain, size)
    assert "客人".encode() not in path.read_bytes()
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert rows(path) == ROWS


def test_another_key_opens_nothing(tmp_path: Path, plain: bytes) -> None:
    path = tmp_path / "made.db"
    write(path, plain)
    with pytest.raises(StorageError):
        rows(path, bytes(32))


def test_no_two_files_are_alike(tmp_path: Path, plain: bytes) -> None:
    for name in ("a.db", "b.db"):
        write(tmp_path / name, plain)
    blocks = [
        {(tmp_path / name).read_bytes()[at : at + 16] for at in range(0, len(plain), 16)} for name in ("a.db", "b.db")
    ]
    assert not blocks[0] & blocks[1]


@given(at=st.integers(0, 39 * PAGE), cut=st.booleans())
def test_what_was_spoilt_is_written_again_and_nothing_before_it(
    tmp_path_factory: pytest.TempPathFactory, plain: bytes, at: int, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("spoilt") / "made.db"
    write(path, plain[: 40 * PAGE])
    spoilt = bytearray(path.read_bytes())
    if cut:
        del spoilt[at:]
    else:
        spoilt[at] ^= 1
    path.write_bytes(spoilt)
    file = CipherFile(path, KEY, SystemRandom())
    # A spoilt salt makes another key of the HMACs: then no page is ours.
    kept = file.resume(PORTION)
    assert kept == (0 if at < 16 else at // PAGE // PORTION * PORTION)
    file.append(plain[kept * PAGE :])
    file.close()
    assert rows(path) == ROWS


def test_a_full_disk_is_said_so(tmp_path: Path, plain: bytes) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    link = tmp_path / "full.db"
    link.symlink_to("/dev/full")
    file = CipherFile(link, KEY, SystemRandom())
    with pytest.raises(StorageError) as failed:
        file.append(plain[:PAGE])
    assert failed.value.code == "storage_full"
    file.close()
