"""An own tag on the member card: put on by keys, shown with a lock to its author alone, and taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from guidedesk.services.queries.members import get_member_card
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.member import MemberPresenter
from guidedesk.ui.presenters.undo import Notice
from guidedesk.ui.views.member import MemberPage
from guidedesk.ui.widgets.tags import TagChip
from tests.helpers.shop import HE, LIN, NOW, SHEN
from tests.ui.shop_desk import ShopDesk

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def own_tags(shop: ShopDesk, who: str) -> tuple[str, ...]:
    with shop.counter.read() as connection:
        return get_member_card(connection, SHEN, who, NOW).own_tags


def chips(page: MemberPage) -> list[str]:
    """What a screen reader says of the tags shown."""
    return [chip.accessibleName() for chip in page.consents.tags.findChildren(TagChip) if not chip.isHidden()]


def test_a_tag_for_herself_is_put_on_by_keys_and_taken_back(shop: ShopDesk, show: Callable[..., QWidget]) -> None:
    presenter, page = MemberPresenter(shop.desk), MemberPage()
    told: list[Notice] = []
    presenter.noticed.connect(told.append)
    presenter.state_changed.connect(page.render_state)
    page.own_tag_added.connect(presenter.add_own_tag)
    page.own_tag_removed.connect(presenter.remove_own_tag)
    presenter.open(SHEN)
    show(page)
    tags = page.consents.tags
    tags.begin()
    QTest.keyClick(tags.own, Qt.Key.Key_Space)
    tags.line.setText("怕冷场")
    QTest.keyClick(tags.line, Qt.Key.Key_Return)
    spoken = t("member.tag_own_chip", name=t("member.tag_remove", tag="怕冷场"))
    assert spoken in chips(page)
    assert (own_tags(shop, LIN), own_tags(shop, HE)) == (("怕冷场",), ())
    card = presenter.state.card
    assert card is not None
    assert "怕冷场" not in card.tags
    shop.counter.at_ms += 1_000
    shop.desk.record(*told[-1].undo)
    assert own_tags(shop, LIN) == ()
    shop.counter.at_ms += 1_000
    presenter.add_own_tag("怕冷场")
    shop.counter.at_ms += 1_000
    presenter.remove_own_tag("怕冷场")
    assert own_tags(shop, LIN) == ()
    tags.line.left.emit()
    assert not tags.own.isVisible()


def test_the_colleague_who_signs_in_next_does_not_see_it(shop: ShopDesk, show: Callable[..., QWidget]) -> None:
    presenter, page = MemberPresenter(shop.desk), MemberPage()
    presenter.state_changed.connect(page.render_state)
    presenter.open(SHEN)
    presenter.add_own_tag("怕冷场")
    show(page)
    assert any("怕冷场" in name for name in chips(page))
    shop.sign_in(HE)
    presenter.open(SHEN)
    assert not any("怕冷场" in name for name in chips(page))
