"""What a counter can tell support about itself: counts, words and times; nobody's data, no key, no address."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from typing import Any, Final

from guidedesk import __version__
from guidedesk.domain.time import iso_utc
from guidedesk.sync.cache import schema_version
from guidedesk.sync.protocol import SCHEMA
from guidedesk.sync.status import SyncStatus, chip_state

# Words of the program's own; anything else could be text somebody typed and is left out.
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MIB: Final = 1 << 20


def describe(
    *,
    status: SyncStatus,
    is_enrolled: bool,
    device_id: str,
    store_id: str,
    kinds: Mapping[tuple[str, str, str], int],
    cursors: Mapping[str, tuple[int, int]],
    clock: tuple[str, int],
    files: Mapping[str, int],
    free_bytes: int,
) -> dict[str, Any]:
    """One document of plain values, in the order in which support reads it."""
    return {
        "made_at": iso_utc(status.now_ms),
        "program": {
            "version": __version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()}",
            "wire_schema": SCHEMA,
            "cache_schema": schema_version(),
        },
        "counter": {"is_enrolled": is_enrolled, "device_id": device_id, "store_id": store_id},
        "sync": {
            "state": chip_state(status),
            "last_contact_at": _moment(status.last_contact_ms),
            "offline_since": _moment(status.offline_since_ms),
            "cause": status.cause,
            "next_try_at": _moment(status.next_try_ms),
            "waiting": status.waiting,
            "needs_person": status.needs_person,
            "loading_pages": list(status.loading) if status.loading is not None else None,
            "is_first_load": status.is_first_load,
            "is_sign_in_expired": status.is_sign_in_expired,
        },
        "line": [
            {"from": iso_utc(span.from_ms), "to": iso_utc(span.to_ms), "is_up": span.is_up} for span in status.links
        ],
        "operations": [
            {"type": _word(kind), "state": _word(state), "reason": _word(why), "count": n}
            for (kind, state, why), n in sorted(kinds.items())
        ],
        "cursors": [{"scope_id": scope, "epoch": epoch, "seq": seq} for scope, (epoch, seq) in sorted(cursors.items())],
        "clock": {"confidence": clock[0], "offset_ms": clock[1]},
        "storage": {
            "files_mib": {name: size // _MIB for name, size in sorted(files.items())},
            "free_mib": free_bytes // _MIB,
            "is_low": status.is_storage_low,
        },
    }


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else "" if not text else "other"


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso_utc(at_ms)
