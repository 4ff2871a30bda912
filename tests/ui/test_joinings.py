"""A customer who joined on her phone is told of at the counter, once, by whose code it was (DESIGN-UI.md 15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from sqlalchemy import insert

from guidedesk.models.base import CACHE
from guidedesk.services.changes import Changes
from guidedesk.ui.audit import accessible_texts
from tests.helpers.shop import HE, LAKESIDE, LIN, NOW, SHEN
from tests.ui.member_desk import make_desk
from tests.ui.whole_window import Shop


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    made = Shop(make_desk(signed_in=False))
    made.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(made.ui.window)
    return made


def joined(shop: Shop, n: int, staff_id: str | None = LIN, **more: Any) -> None:
    row = {
        "scope_id": LAKESIDE, "id": f"00000000-0000-8000-8000-{n:012x}", "row_ver": 1, "member_id": SHEN,
        "staff_id": staff_id, "kind": "associate", "channel": "badge", "is_new": 1, "outcome": "bound",
        "seen_at_ms": NOW - 60_000, "joined_at_ms": NOW - 1_000,
    }  # fmt: skip
    with shop.desk.counter.read() as connection:
        connection.execute(insert(CACHE.tables["joining"]), [row | more])
    shop.desk.tasks.committed.emit(Changes(frozenset({"joining"})))


def says(shop: Shop) -> str:
    return "\n".join(accessible_texts(shop.ui.window))


@pytest.mark.parametrize(("staff_id", "more", "said"), [
    (LIN, {}, "扫了你的码入会，现在是你的会员"), (LIN, {"is_new": 0, "outcome": "kept"}, "扫了你的码，是你的会员"),
    (HE, {}, "的码入会"), (LIN, {"is_new": 0, "outcome": "protected"}, "专属导购不变"),
    (None, {"outcome": "none"}, "扫了门店码入会"),
])  # fmt: skip
def test_who_joined_is_told_by_name(shop: Shop, staff_id: str | None, more: dict[str, Any], said: str) -> None:
    page = shop.page
    joined(shop, 1, staff_id, **more)
    assert "沈知微" in says(shop)
    assert said in says(shop)
    assert shop.page == page, "nothing opens by itself over somebody working"


def test_each_is_told_once_and_old_news_not_at_all(shop: Shop) -> None:
    told: list[object] = []
    shop.ui.joinings.joined.connect(told.append)
    joined(shop, 1)
    joined(shop, 2, joined_at_ms=NOW - 10 * 60_000)
    joined(shop, 3)
    assert len(told) == 2
    shop.desk.set_session(None)
    joined(shop, 4)
    assert len(told) == 2
