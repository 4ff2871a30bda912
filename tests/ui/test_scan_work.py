"""How much work a scan is for the window, counted: a clock would tell how busy the PC is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import store_rows
from guidedesk.services.member_models import MemberCard, TimelineEntry
from guidedesk.ui.fixtures.member import CARDS, member_state
from guidedesk.ui.fixtures.people import NOW_MS
from guidedesk.ui.tables.timeline import TimelineWords
from guidedesk.ui.theme import look
from guidedesk.ui.theme.tokens import text_scales
from guidedesk.ui.views.member import MemberHead, MemberPage
from guidedesk.ui.views.member_parts import ConsentCard, OwnerCard
from guidedesk.ui.widgets.labels import Label
from tests.helpers.shop import LAKESIDE, NOW, QIN, full
from tests.ui.member_desk import hosted, make_desk
from tests.ui.whole_window import Shop

QIN_CODE = "1000000000000000000144"
# A page that lays itself out level by level, and again for a line more, takes several times as much.
MEASURED_TEXTS, LAYOUTS = 40, 60
DRESSED = ((MemberHead, "show_state"), (OwnerCard, "show_owner"), (ConsentCard, "show_state"))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """What is done from here on, by name."""
    done: Counter[str] = Counter()

    def count(owner: type, name: str) -> None:
        whole = getattr(owner, name)

        def counted(*args: object, **more: object) -> object:
            done[f"{owner.__name__}.{name}"] += 1
            return whole(*args, **more)

        monkeypatch.setattr(owner, name, counted)

    for owner, name in (*DRESSED, (MemberPage, "render_state"), (Label, "_measure")):
        count(owner, name)
    watch = _Layouts(done)
    QApplication.instance().installEventFilter(watch)  # type: ignore[union-attr]
    yield done
    QApplication.instance().removeEventFilter(watch)  # type: ignore[union-attr]


class _Layouts(QObject):
    def __init__(self, done: Counter[str]) -> None:
        super().__init__()
        self._done = done

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self._done[event.type().name] += 1
        return False


@pytest.fixture
def page(show: Callable[..., QWidget]) -> MemberPage:
    made = MemberPage()
    made.render_state(member_state(CARDS["mine"]))
    show(hosted(made))
    return made


def dressed(work: Counter[str]) -> list[int]:
    return [work[f"{owner.__name__}.{name}"] for owner, name in DRESSED]


def with_visit(card: MemberCard) -> MemberCard:
    """The card as it is read again when the visit of its scan is recorded."""
    visit = TimelineEntry("visit", "v-new", NOW_MS)
    counts = tuple((name, n + (name in ("all", "visit"))) for name, n in card.timeline_counts)
    return replace(card, timeline=(visit, *card.timeline), timeline_counts=counts, last_visit_ms=NOW_MS)


def test_with_her_visit_a_card_gets_a_line_and_nothing_else(page: MemberPage, work: Counter[str]) -> None:
    before = page.timeline.model.rowCount()
    page.render_state(member_state(with_visit(CARDS["mine"])))
    assert page.timeline.model.rowCount() == before + 1
    assert dressed(work) == [0, 0, 0]
    assert work["Label._measure"] < 40


@pytest.mark.parametrize("name", ["other", "none", "erased", "incomplete", "coupons"])
def test_another_person_is_dressed_once_whatever_her_card_tells(
    page: MemberPage, work: Counter[str], name: str
) -> None:
    page.render_state(member_state(CARDS[name]))
    changed = dressed(work)
    page.render_state(member_state(CARDS[name]))
    assert dressed(work) == changed
    assert changed[0] == 1
    assert max(changed) == 1


def test_what_is_said_in_another_language_or_size_is_said_anew(page: MemberPage, work: Counter[str]) -> None:
    try:
        look().apply(language="en")
        page.retranslate()
        assert dressed(work) == [1, 1, 1]
        work.clear()
        look().apply(scale=text_scales()[-1])
        page.render_state(member_state(CARDS["mine"]))
        assert dressed(work)[1:] == [1, 1]
    finally:
        look().apply(language="zh_CN", scale=1.0)


def test_a_label_is_measured_again_for_other_words_and_another_size(show: Callable[..., QWidget]) -> None:
    label = Label("一句话", wrap=True)
    show(hosted(label))
    one = label.heightForWidth(60)
    label.set_text("很长的一句话，" * 8)
    longer = label.heightForWidth(60)
    assert longer > one
    look().apply(scale=text_scales()[-1])
    try:
        assert label.heightForWidth(60) > longer
    finally:
        look().apply(scale=1.0)


def test_a_scan_is_two_pictures_of_one_person_and_few_measurements(
    show: Callable[..., QWidget], work: Counter[str]
) -> None:
    shop = Shop(make_desk(signed_in=False))
    shop.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(shop.ui.window)
    with shop.desk.counter.shop.engine.begin() as conn:
        code = full(
            "member_code", scope_id=LAKESIDE, id=derived_id("code", QIN_CODE), digits=QIN_CODE, member_id=QIN,
            typed="883000009999", state="live", bound_at_ms=NOW,
        )  # fmt: skip
        store_rows(conn, "member_code", [code])
    shop.scan()
    QCoreApplication.processEvents()
    work.clear()
    widgets = len(shop.child(MemberPage).findChildren(QWidget))
    shop.scan(QIN_CODE)
    QCoreApplication.processEvents()
    assert shop.ui.member.state.card is not None
    assert shop.ui.member.state.card.member_id == QIN
    assert work["MemberPage.render_state"] == 2  # the card, and the card with the visit
    assert work["MemberHead.show_state"] == 1
    assert work["Label._measure"] < MEASURED_TEXTS
    assert work["LayoutRequest"] < LAYOUTS
    assert len(shop.child(MemberPage).findChildren(QWidget)) <= widgets + 2


def test_an_entry_is_put_into_words_once_and_forgotten_with_its_card() -> None:
    words, card = TimelineWords(), CARDS["mine"]
    first = words.rows(card.timeline, NOW_MS, hides_amounts=False)
    again = words.rows(with_visit(card).timeline, NOW_MS, hides_amounts=False)
    assert len(again) == len(first) + 1
    assert all(one is other for one, other in zip(again[1:], first, strict=True))
    hidden = words.rows(card.timeline, NOW_MS, hides_amounts=True)
    assert [row.row_id for row in hidden] == [row.row_id for row in first]
    assert not any(row.amount for row in hidden)
    assert words.rows((), NOW_MS, hides_amounts=True) == []
