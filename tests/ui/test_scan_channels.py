"""How a code came in stands in what is recorded of it, whatever it was (issue 4, "Attribution facts")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from guidedesk.codes.forms import CodeType
from guidedesk.services.member_models import TimelineEntry
from guidedesk.services.operations import SCAN_CHANNELS, BindMember, RecordVisit
from guidedesk.services.read_models import Bilingual
from guidedesk.ui import i18n
from guidedesk.ui.scan_source import ScanOrigin
from guidedesk.ui.tables.timeline import timeline_row
from tests.helpers.shop import HE, NOW, SHEN
from tests.ui.member_desk import make_desk
from tests.ui.test_scan_states import BADGE_OF_HE, HANDLE, UNKNOWN_CODE, give_badge, signed, trust
from tests.ui.whole_window import Shop

ORIGINS = get_args(ScanOrigin)


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    made = Shop(make_desk(signed_in=False))
    made.desk.counter.codes.known = trust()
    made.desk.counter.codes.handles[HANDLE.hex()] = SHEN
    made.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(made.ui.window)
    return made


def recorded(shop: Shop) -> list[Any]:
    return [operation for operations, _ in shop.desk.counter.recorded for operation in operations]


def test_every_way_in_has_its_word_in_an_operation() -> None:
    assert {*ORIGINS, "command"} == set(SCAN_CHANNELS)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_members_card_and_her_changing_code(shop: Shop, origin: ScanOrigin) -> None:
    shop.scan(channel=origin)
    shop.ui.counter._gate.forget()
    shop.scan(signed(serial=3), channel=origin)
    visits = recorded(shop)
    assert [(type(op), op.member_id, op.channel) for op in visits] == [(RecordVisit, SHEN, origin)] * 2
    assert [assurance for _, assurance in shop.desk.counter.recorded] == [1, 2]


def test_a_card_nobody_here_knows(shop: Shop) -> None:
    shop.desk.counter.codes.is_cut = True
    shop.scan(UNKNOWN_CODE, channel="camera")
    met, visit = recorded(shop)
    assert (met.code_digits, visit.channel) == (UNKNOWN_CODE, "camera")


def test_an_associates_code_beside_an_open_card(shop: Shop) -> None:
    give_badge(shop, BADGE_OF_HE, HE)
    shop.scan(channel="serial")
    shop.scan(BADGE_OF_HE, channel="picture")
    visit, bind = recorded(shop)
    assert isinstance(bind, BindMember)
    assert (visit.channel, bind.channel, bind.associate_id) == ("serial", "picture", HE)


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_timeline_says_what_is_not_a_scanner(lang: str) -> None:
    i18n.use_language(lang)

    def title(channel: str) -> str:
        entry = TimelineEntry(kind="visit", id="x", at_ms=NOW, staff=Bilingual("林晓夏", "Lin"), channel=channel)
        return timeline_row(entry, NOW).title

    usual = title("")
    assert {title("wedge"), title("serial"), title("command"), title("of tomorrow")} == {usual}
    others = [title(channel) for channel in ("camera", "picture", "clipboard", "drop")]
    assert len({usual, *others}) == 5
    assert not any("timeline." in text for text in others)


def test_a_badge_is_no_fact_about_a_customer(shop: Shop) -> None:
    give_badge(shop, HANDLE.hex(), HE)
    shop.scan(signed(CodeType.STAFF_BADGE), channel="camera")
    assert recorded(shop) == []
