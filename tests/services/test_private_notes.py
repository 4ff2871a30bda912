"""Who reads what an associate noted about her protected member (DESIGN-UI.md 5.7, mockup 07b)."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.member_models import MemberCard
from guidedesk.services.queries.members import TIMELINE_PAGE, get_member_card, list_timeline_of
from tests.helpers.shop import GAO, HE, LAKESIDE, LIN, NOW, SHEN, WULIN, full, open_shop, staff_row

SECRET, OURS, PROMISE = "喜欢讲价", "试了 M 号", "问她先生的尺码"
AREA = derived_id("staff", "area")


def talk(number: int, who: str, note: str, **more: Any) -> dict[str, Any]:
    values = {"member_id": SHEN, "associate_id": who, "kind": "wechat", "outcome": "tried", "is_withdrawn": 0}
    at_ms = NOW - (1 + number) * DAY_MS
    values |= {"note": note, "occurred_at_ms": at_ms} | more
    return full("interaction", scope_id=LAKESIDE, id=derived_id("talk", number), **values)


def card_for(viewer: str, *, bound_days: int = 5, many: int = 0) -> tuple[MemberCard, str]:
    """Her card as the viewer reads it, and everything of it, further pages included."""
    with open_shop().engine.begin() as conn:
        bound_ms = NOW - bound_days * DAY_MS
        bound = {"owner_id": HE, "bound_at_ms": bound_ms, "last_touch_ms": bound_ms, "cause": "scanned"}
        store_rows(conn, "binding", [full("binding", scope_id=LAKESIDE, id=SHEN, **bound)])
        rows = [talk(0, HE, SECRET), talk(1, LIN, OURS), *(talk(2 + n, HE, f"{SECRET}{n}") for n in range(many))]
        store_rows(conn, "interaction", rows)
        promise = full(
            "follow_up", scope_id=LAKESIDE, id=derived_id("promise"), member_id=SHEN, associate_id=HE,
            due_date="2026-11-25", reason="promised", text=PROMISE, created_at_ms=NOW - DAY_MS, state="open",
        )  # fmt: skip
        store_rows(conn, "follow_up", [promise])
        store_rows(conn, "staff", [staff_row(AREA, "R001", "程", "Cheng", "area_manager", WULIN)])
        card = get_member_card(conn, SHEN, viewer, NOW)
        pages = [card.timeline]
        while len(pages[-1]) == TIMELINE_PAGE:
            pages.append(list_timeline_of(card, conn, pages[-1][-1].at_ms))
    return card, repr((card, pages))


def test_a_colleague_reads_her_own_notes_and_not_the_owners() -> None:
    card, everything = card_for(LIN, many=TIMELINE_PAGE + 5)
    assert card.hides_notes
    assert OURS in everything
    assert SECRET not in everything
    assert PROMISE not in everything
    private = [entry for entry in card.timeline if entry.is_private]
    assert private
    assert all(entry.note == "" for entry in private)
    assert [(item.text, item.associate_id) for item in card.follow_ups] == [("", HE)]


def test_scripts_and_support_read_everything() -> None:
    card, everything = card_for("")  # `guidedesk counter show member`: nobody is signed in, the PC's key opens it
    assert not card.hides_notes
    assert SECRET in everything


@pytest.mark.parametrize("viewer", [HE, GAO, AREA])
def test_the_owner_and_managers_read_everything(viewer: str) -> None:
    card, everything = card_for(viewer)
    assert not card.hides_notes
    assert not any(entry.is_private for entry in card.timeline)
    assert all(text in everything for text in (SECRET, OURS, PROMISE))


def test_once_the_protection_is_over_the_next_associate_reads_them() -> None:
    card, everything = card_for(LIN, bound_days=40)
    assert not card.hides_notes
    assert SECRET in everything

