"""What `guidedesk code inspect` says of one text (COMMANDS.md)."""

from __future__ import annotations

import base64

from guidedesk.codes.decoder import as_bytes, decode
from guidedesk.codes.forms import CodeOk, SignedRecord, TrustList

InspectValue = None | bool | str | dict[str, str | int]


def inspect_payload(
    payload: str | bytes, typed: bool = False, trust: TrustList | None = None
) -> dict[str, InspectValue]:
    """The JSON-ready result for one text; `base64` is there only when `text` is null (not UTF-8)."""
    result = decode(payload, typed, trust)
    shown = _shown(as_bytes(payload))
    if not isinstance(result, CodeOk):
        return {
            **shown,
            "ok": False,
            "form": None,
            "type": None,
            "reason": result.reason.value,
            "fields": None,
        }
    return {
        **shown,
        "ok": True,
        "form": result.form,
        "type": result.type.value,
        "reason": None,
        "fields": _fields(result),
    }


def _shown(raw: bytes) -> dict[str, InspectValue]:
    try:
        return {"text": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": None, "base64": base64.b64encode(raw).decode("ascii")}


def _fields(found: CodeOk) -> dict[str, str | int]:
    if found.record is None:
        return {"digits": found.digits}
    return _record_fields(found.record)


def _record_fields(record: SignedRecord) -> dict[str, str | int]:
    return {
        "key_id": record.key_id,
        "handle_hex": record.handle.hex(),
        "generation": record.generation,
        "expires": record.expires,
        "tail": record.tail.hex(),
    }
