"""The server's keys, and boxes only it opens."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.server.secrets import ServerSecrets, load_secrets, new_secrets, write_secrets
from guidedesk.services.sealing import open_sealed, seal
from tests.server.shop import CountingRandom

SECRETS = new_secrets(CountingRandom())


def test_kept_and_read_back_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    write_secrets(path, SECRETS)
    assert load_secrets(path) == SECRETS
    assert path.stat().st_mode & 0o777 == 0o600
    assert SECRETS.phone_key.hex() not in repr(SECRETS)
    with pytest.raises(StorageError, match="secrets_exist"):
        write_secrets(path, SECRETS)
    os.chmod(path, 0o640)
    with pytest.raises(StorageError, match="secrets_readable"):
        load_secrets(path)


@pytest.mark.parametrize("spoiled", ["", "{}", "[]", '{"format": "other"}', "\x00", '{"format": 1'])
def test_a_damaged_file_is_refused(tmp_path: Path, spoiled: str) -> None:
    path = tmp_path / "secrets.json"
    with pytest.raises(StorageError, match="secrets_missing"):
        load_secrets(path)
    path.touch(0o600)
    path.write_text(spoiled)
    with pytest.raises(StorageError, match="secrets_damaged"):
        load_secrets(path)


def test_weak_or_repeated_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    write_secrets(path, SECRETS)
    kept = json.loads(path.read_text())
    for weak in ("00" * 32, kept["pin_pepper"], "ab", bytes(range(32)).hex()):
        path.write_text(json.dumps(kept | {"phone_key": weak}))
        with pytest.raises(StorageError, match="secrets_weak"):
            load_secrets(path)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_only_the_server_opens_a_box(plain: bytes, context: bytes) -> None:
    box = seal(plain, SECRETS.sealing_public(), CountingRandom(), context=context)
    assert open_sealed(box, SECRETS.sealing_key, context=context) == plain
    for spoiled in (box[:-1], box[:40], b"", bytes([box[-1] ^ 1]) + box[1:], box[:-1] + bytes([box[-1] ^ 1])):
        if spoiled != box:
            with pytest.raises(Refused):
                open_sealed(spoiled, SECRETS.sealing_key, context=context)
    with pytest.raises(Refused):
        open_sealed(box, SECRETS.phone_key, context=context)


def test_a_box_says_nothing_twice() -> None:
    random = CountingRandom()
    assert seal(b"x", SECRETS.sealing_public(), random) != seal(b"x", SECRETS.sealing_public(), random)


def test_secrets_are_a_frozen_set_of_five() -> None:
    assert len({getattr(SECRETS, name) for name in ServerSecrets.__dataclass_fields__}) == 5
