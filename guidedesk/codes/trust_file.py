"""The trust list as a file of people and merchants (COMMANDS.md, `code inspect --trust FILE`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from guidedesk.codes.forms import CodeType
from guidedesk.codes.trust import IssuerKey, TrustedKeys, is_small_order
from guidedesk.domain.errors import GuideDeskError

_KEY_ID_MAX: Final = 0xFFFF
_PUBLIC_KEY_BYTES: Final = 32
_HANDLE_BYTES: Final = 8
_ALWAYS: Final = (0, 1 << 40)


def read_trust(text: str) -> TrustedKeys:
    """The list a JSON text holds. Raises GuideDeskError("bad_trust_list", where): the first entry that is wrong."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GuideDeskError("bad_trust_list", where="JSON") from error
    if not isinstance(document, dict):
        raise GuideDeskError("bad_trust_list", where="JSON")
    keys: dict[int, IssuerKey] = {}
    for number, entry in enumerate(_entries(document, "keys")):
        with _naming(f"keys[{number}]"):
            key = _key(entry)
            keys[key.key_id] = key
    revoked: set[tuple[int, bytes]] = set()
    before: dict[int, int] = {}
    for number, entry in enumerate(_entries(document, "revoked")):
        with _naming(f"revoked[{number}]"):
            key_id = _key_id(entry)
            if "handle_hex" in entry:
                revoked.add((key_id, _hex(entry["handle_hex"], _HANDLE_BYTES)))
            else:
                before[key_id] = max(before.get(key_id, 0), seconds_of(entry["issued_before"]))
    return TrustedKeys(keys, frozenset(revoked), before)


def seconds_of(value: object) -> int:
    """UTC seconds of an ISO 8601 text (without a zone: UTC) or of a whole number of seconds; ValueError otherwise."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise ValueError("no time")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


class _naming:  # noqa: N801 (reads as a word at its place)
    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ValueError | KeyError | TypeError | OverflowError | AttributeError):
            raise GuideDeskError("bad_trust_list", where=self._where) from error


def _entries(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name, [])
    if not isinstance(found, list):
        raise GuideDeskError("bad_trust_list", where=name)
    return found


def _key(entry: Mapping[str, Any]) -> IssuerKey:
    public = _hex(entry["public_key_hex"], _PUBLIC_KEY_BYTES)
    if is_small_order(public):
        raise ValueError("a key of small order")
    first, last = entry.get("not_before"), entry.get("not_after")
    return IssuerKey(
        key_id=_key_id(entry),
        public_key=public,
        types=frozenset(CodeType(name) for name in entry["types"]),
        not_before=_ALWAYS[0] if first is None else seconds_of(first),
        not_after=_ALWAYS[1] if last is None else seconds_of(last),
    )


def _key_id(entry: Mapping[str, Any]) -> int:
    key_id = entry["key_id"]
    if isinstance(key_id, bool) or not isinstance(key_id, int) or not 0 <= key_id <= _KEY_ID_MAX:
        raise ValueError("no key id")
    return key_id


def _hex(value: object, size: int) -> bytes:
    if not isinstance(value, str):
        raise TypeError("no text")
    raw = bytes.fromhex(value)
    if len(raw) != size:
        raise ValueError("wrong length")
    return raw
