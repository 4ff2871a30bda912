"""What is left of a row about somebody who was erased (SECURITY.md P-2, P-3). Both sides take it from here.

What says who she is, what she likes and what was talked about goes. What was bought, what was paid for it and whose
work it was stays, under an id that leads to nobody any more: money is reckoned from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from guidedesk.models.entities import Row

_TOMBSTONE: Final = "deleted_at_ms"
# Table -> what its personal columns hold afterwards.
_BLANKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "member": {
        "name": "", "name_en": None, "pinyin": "", "initials": "", "card_no": None, "phone_masked": None,
        "phone_tail": None, "phone_hash": None, "birthday": None,
    },
    "member_change": {"value": None, "phone_tail": None, "phone_hash": None},
    "member_code": {"state": "revoked"},
    "member_tag": {"tag": ""},
    "own_tag": {"tag": ""},
    "consent": {},
    "consent_answer": {},
    "family_date": {"month_day": ""},
    "wish": {"sku": None, "words": "", "size": "", "colour": ""},
    "interaction": {"note": ""},
    "follow_up": {"text": "", "result": None},
    "purchase_return": {"reason": None},
}  # fmt: skip
# Of these nothing is needed afterwards; the others stay as facts.
_GONE: Final = frozenset(_BLANKS) - {"member_code", "interaction", "purchase_return"}
ERASED_TABLES: Final = tuple(_BLANKS)


def erased_row(name: str, row: Row, erased_at_ms: int) -> Row | None:
    """The row as an erasure leaves it, its version as it was; None where there is nothing to take away."""
    blank: dict[str, Any] = dict(_BLANKS.get(name, {}))
    if name in _GONE and row[_TOMBSTONE] is None:
        blank[_TOMBSTONE] = erased_at_ms
    return row | blank if any(row[column] != value for column, value in blank.items()) else None
