"""The screen turned to the customer: what is hers is there, and nothing else is seen, heard or reached by a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.codes.checks import mod97_10_digits
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import store_rows
from guidedesk.services.operations import LogInteraction
from guidedesk.ui import counter_turn
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.counter_window import HOME, MEMBERS, SCAN_RESULT, SIGN_IN
from guidedesk.ui.fixtures.member import SHEN as SHEN_CARD
from guidedesk.ui.fixtures.member import member_state
from guidedesk.ui.fixtures.member_care import KEEPS
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.member_care import MemberCareState
from guidedesk.ui.presenters.turn import turned_person
from guidedesk.ui.theme import look
from guidedesk.ui.views.turned import TurnedPage
from guidedesk.ui.widgets import overlay
from tests.helpers.shop import CHAIN, LAKESIDE, NOW, QIN, SHEN, full, purchase_row
from tests.ui.member_desk import make_desk, session_of
from tests.ui.whole_window import Shop, said

QIN_CODE = (payload := "1" + "0" * 18 + "1") + mod97_10_digits(payload)
HIDDEN = ("羊绒控", "嫌贵", "林晓夏", "138", "2746", "业绩", "专属", "标签", "跟进", "扫码台", "记互动", "收银台 2")


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    """Shen's card is in front, with a tag, a talk and a purchase; another member has a code too."""
    made = Shop(make_desk(signed_in=False))
    with made.desk.counter.shop.engine.begin() as conn:
        store_rows(conn, "purchase", [purchase_row(1, SHEN, 20, ("羊毛袜", "袜", 9_900))])
        store_rows(conn, "member_code", [
            full("member_code", scope_id=LAKESIDE, id=derived_id("code", QIN_CODE), digits=QIN_CODE, member_id=QIN,
                 typed="885103940017", state="live", bound_at_ms=NOW)
        ])  # fmt: skip
        store_rows(conn, "setting", [
            full("setting", scope_id=CHAIN, id=derived_id("setting", f"brand{lang}"), name=name, value=value)
            for lang, name, value in (("", "brand", "松屿"), ("en", "brand_en", "SONGYU"))
        ])  # fmt: skip
    show(made.ui.window)
    made.scan()
    made.ui.member.add_tag("羊绒控")
    made.desk.record(LogInteraction(
        interaction_id=derived_id("talk", 1), member_id=SHEN, kind="visit", outcome="tried", note="嫌贵"
    ))  # fmt: skip
    QApplication.processEvents()
    return made


def turn(shop: Shop) -> None:
    """Ctrl Shift H, as the keyboard sends it."""
    keys = Qt.KeyboardModifier
    QTest.keyClick(shop.ui.window, Qt.Key.Key_H, keys.ControlModifier | keys.ShiftModifier)
    QApplication.processEvents()


def is_turned(shop: Shop) -> bool:
    """Whether the page for the customer lies over everything."""
    return shop.ui.window.is_covered


def test_she_sees_hers_and_nothing_hidden_is_in_the_accessibility_tree(shop: Shop) -> None:
    before = said(shop.ui)
    assert all(word in before for word in HIDDEN if word not in ("业绩",)), "what is hidden has to be there first"
    turn(shop)
    after = said(shop.ui)
    assert [word for word in ("沈知微", "超级会员", "羊毛袜", "¥99.00", "11 月 1 日") if word not in after] == []
    assert [word for word in HIDDEN if word in after] == []
    page = shop.child(TurnedPage)
    assert page.isAncestorOf(shop.ui.window.focusWidget()) or shop.ui.window.focusWidget() is page
    assert all(page.isAncestorOf(stop) for stop in shop.ui.window.tab_order())


def test_of_her_wishes_she_reads_the_articles_and_not_what_was_written_about_them() -> None:
    assert KEEPS.care is not None
    known, in_words = KEEPS.care.wishes
    unknown = replace(in_words, wish=replace(in_words.wish, sku="SY-9999"))
    care = MemberCareState(replace(KEEPS.care, wishes=(known, in_words, unknown)))
    person = turned_person(member_state(SHEN_CARD), care)
    assert person is not None
    assert [one.wish.id for one in person.wishes] == [known.wish.id]


def test_the_top_bar_says_only_the_brand_in_the_language_shown(shop: Shop) -> None:
    turn(shop)
    page = shop.child(TurnedPage)
    assert accessible_texts(page.bar) == ["松屿"]
    look().apply(language="en")
    QApplication.processEvents()
    assert accessible_texts(page.bar) == ["SONGYU"]
    assert "Purchases" in said(shop.ui)
    assert "羊绒控" not in said(shop.ui)


def test_the_same_keys_turn_back_and_no_other_key_does(shop: Shop) -> None:
    window = shop.ui.window
    turn(shop)
    for command in ("close", "back", "log", "search", "earnings", "rail_5", "history", "help", "undo", "choice_1"):
        window.run_command(command)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Return)  # the end of a scan that was none
    assert is_turned(shop)
    assert window.overlays.dialog is None
    turn(shop)
    assert not is_turned(shop)
    assert shop.page == MEMBERS
    assert "羊绒控" in said(shop.ui)
    assert "沈知微" not in "".join(accessible_texts(shop.child(TurnedPage)))


def test_the_button_of_the_top_bar_turns_and_the_one_at_the_foot_turns_back(shop: Shop) -> None:
    assert shop.ui.window.top.turn.accessibleName() == "转给顾客看"
    shop.ui.window.top.turn.click()
    assert is_turned(shop)
    shop.child(TurnedPage).foot.button.click()
    assert not is_turned(shop)


def test_somebody_elses_code_takes_her_card_away_and_shows_nobody(shop: Shop) -> None:
    turn(shop)
    shop.scan(QIN_CODE)
    shown = said(shop.ui)
    assert [word for word in ("沈知微", "羊毛袜", "秦之恒", *HIDDEN) if word in shown] == []
    assert "柜台有新的内容" in shown
    assert shop.desk.counter.types().count("visit") == 2  # she was recorded all the same
    shop.scan()
    assert "沈知微" not in said(shop.ui)
    shop.scan(QIN_CODE)
    turn(shop)
    assert "秦之恒" in said(shop.ui)


def test_with_nobodys_card_in_front_she_who_is_scanned_reads_her_own(shop: Shop) -> None:
    shop.ui.window.show_page(HOME)
    turn(shop)
    assert "沈知微" not in said(shop.ui)
    shop.ui.member.open(SHEN)  # not a scan: it may be anybody
    assert "沈知微" not in said(shop.ui)
    shop.scan(QIN_CODE)
    assert "秦之恒" in said(shop.ui)
    assert "柜台有新的内容" not in said(shop.ui)


def test_a_refused_code_waits_behind(shop: Shop) -> None:
    turn(shop)
    shop.scan("6901234567892")
    assert "商品条码" not in said(shop.ui)
    assert "柜台有新的内容" in said(shop.ui)
    assert "沈知微" in said(shop.ui)
    turn(shop)
    assert shop.page == SCAN_RESULT
    assert "这是商品条码" in said(shop.ui)


def test_a_talk_half_written_is_behind_it_and_goes_on_afterwards(shop: Shop) -> None:
    shop.ui.member.log()
    shop.ui.log.write("写到一半")
    turn(shop)
    assert "写到一半" not in said(shop.ui)
    turn(shop)
    assert "写到一半" in said(shop.ui)
    assert shop.ui.window.overlays.dialog is not None
    assert shop.ui.window.overlays.dialog.isAncestorOf(shop.ui.window.focusWidget())


def test_what_the_window_has_to_say_waits_unspoken(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken: list[str] = []
    for module in (overlay, counter_turn):
        monkeypatch.setattr(module, "announce", lambda _widget, text: spoken.append(text))
    turn(shop)
    shop.ui.window.toast("已记下 林晓夏")
    assert spoken == [t("turned.on")]
    assert "已记下" not in said(shop.ui)
    turn(shop)
    assert spoken[1:] == ["已记下 林晓夏", t("turned.off")]
    assert "已记下 林晓夏" in said(shop.ui)


@pytest.mark.parametrize("how", ["key", "idle", "badge"])
def test_locking_and_another_user_end_it(shop: Shop, how: str) -> None:
    turn(shop)
    if how == "key":
        QTest.keyClick(shop.ui.window, Qt.Key.Key_F9)
    elif how == "idle":
        shop.ui.shell.lock()
    else:
        shop.ui.counter.badge_scanned.emit(session_of().staff)
    assert shop.page == SIGN_IN
    assert not is_turned(shop)
    assert "沈知微" not in said(shop.ui)
    shop.desk.set_session(session_of())
    assert shop.page == HOME
    assert shop.ui.turn.presenter.state.person is None
    assert "可以扫码了" in said(shop.ui)
