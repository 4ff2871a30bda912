"""What an event is about: members and orders that hang together, and how to find them (COMMISSION.md 6).

An event table that is indexed by `subjects` can be asked for everything one event bears on. Members and orders linked
by orders, exchanges and merges form a family; what happens in one never changes another's lines, owners or flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Doc = Mapping[str, Any]
Subject = tuple[str, str]
MEMBER: Final = "member"
ORDER: Final = "order"
CODE: Final = "code"
ISSUE: Final = "issue"
REVIEW: Final = "review"
# events that change what every family stands on, so that only a wider recomputation is right
WIDE_TYPES: Final = frozenset({"staff.join", "staff.move", "staff.leave", "plan.publish", "period.close"})


def subjects(document: Doc) -> tuple[Subject, ...]:
    """What an event is to be found by, once each."""
    kind = document["type"]
    if kind == "review":
        return ((REVIEW, document["target"]),)
    if kind == "code.issue":
        return ((ISSUE, document["code"]),)
    return tuple(dict.fromkeys([*_links(document), *([(CODE, document["code"])] if _has_code(document) else [])]))


def leads_to(document: Doc) -> tuple[Subject, ...]:
    """What else of its family an event leads to; reviews of it and the issue of its code included."""
    found = [(REVIEW, document["id"]), *_links(document)]
    if _has_code(document):
        found.append((ISSUE, document["code"]))
    return tuple(found)


def _has_code(document: Doc) -> bool:
    return document["type"] == "scan" and document.get("code") is not None


def _links(document: Doc) -> list[Subject]:
    kind = document["type"]
    if kind == "member.merge":
        return [(MEMBER, document["from"]), (MEMBER, document["into"])]
    found: list[Subject] = []
    if kind in _OF_MEMBERS and document.get("member") is not None:
        found.append((MEMBER, document["member"]))
    if kind in _OF_ORDERS:
        found.append((ORDER, document["order"]))
        if kind == "exchange":
            found.append((ORDER, document["new_order"]))
    return found


_OF_MEMBERS: Final = frozenset({"scan", "interaction", "assign", "unbind", "order"})
_OF_ORDERS: Final = frozenset({"order", "return", "refund", "cancel", "exchange"})
