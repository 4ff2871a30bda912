"""A page nobody sees waits with its newest state, and pages behind another read nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from guidedesk.sync.status import OperationInfo
from guidedesk.ui.presenters.home import HomePresenter
from guidedesk.ui.presenters.sync_centre import SyncCentrePresenter
from guidedesk.ui.when_shown import WhenShown
from tests.ui.shop_desk import open_desk


def test_only_the_newest_state_is_drawn_once_the_page_shows(qtbot):
    page = QWidget()
    drawn: list[object] = []
    qtbot.addWidget(page)
    late = WhenShown(page, drawn.append)
    late.take("first")
    late.take("second")
    assert drawn == []
    page.show()
    assert drawn == ["second"]
    late.take("third")
    assert drawn == ["second", "third"]
    page.hide()
    page.show()
    assert drawn == ["second", "third"]


def test_a_page_that_is_typed_over_is_drawn_when_the_search_leaves(qtbot):
    page = QWidget()
    drawn: list[object] = []
    qtbot.addWidget(page)
    late = WhenShown(page, drawn.append)
    page.show()
    late.cover(True)
    late.take("first")
    late.take("second")
    assert drawn == []
    late.cover(False)
    assert drawn == ["second"]
    late.cover(False)
    late.take("third")
    assert drawn == ["second", "third"]


def test_pages_behind_another_read_nothing_until_they_open(qapp):
    shop = open_desk()
    home, sync = HomePresenter(shop.desk), SyncCentrePresenter(shop.desk)
    asked: list[int] = []

    def latest(limit: int) -> tuple[OperationInfo, ...]:
        asked.append(limit)
        return ()

    shop.counter.records.latest = latest  # type: ignore[method-assign]
    for presenter in (home, sync):
        presenter.open()
        presenter.rest()
    asked.clear()
    shop.desk.tasks.announce(None)
    shop.desk.status_changed.emit(shop.counter.status())
    assert asked == []
    home.open()
    assert asked
