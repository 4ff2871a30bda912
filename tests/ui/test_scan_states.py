"""Every unusual scan through the whole window: what is said, what is recorded, where the two ways lead (mockup 07)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from sqlalchemy import insert

from guidedesk.codes.forms import CodeType, Reason
from guidedesk.codes.signer import sign_code
from guidedesk.codes.trust import EPOCH_S, IssuerKey, TrustedKeys, Verifier
from guidedesk.models import people
from guidedesk.services.operations import MeetCard, RecordVisit
from guidedesk.services.queries.members import get_member_card
from guidedesk.ui.counter_window import MEMBERS, SCAN_RESULT, SIGN_IN
from guidedesk.ui.presenters.counter import ScanResult
from guidedesk.ui.scan_sound import ScanSound
from guidedesk.ui.views.scan_result import ScanResultPage
from tests.codes.test_signed import KEY, OTHER, SEED, SIGNED_TYPES, public
from tests.helpers.shop import CHAIN, HE, LIN, NOW, SHEN
from tests.ui.member_desk import make_desk
from tests.ui.whole_window import Shop

UNKNOWN_CODE = "1000000000000000000144"
NOW_S = NOW // 1000
HANDLE = bytes(range(8))
BADGE_OF_HE = "4000000000000000000088"


def signed(kind: CodeType = CodeType.MEMBER_DYNAMIC, *, end_s: int = NOW_S + 30, serial: int = 1, **other: Any) -> str:
    values: dict[str, Any] = {"seed": SEED, "key_id": KEY, "handle": HANDLE, "generation": 1} | other
    tail = {CodeType.MEMBER_DYNAMIC: serial.to_bytes(4, "big"), CodeType.COUPON: bytes(8)}
    tail[CodeType.STAFF_BADGE] = b"\0\1"
    return sign_code(values.pop("seed"), kind=kind, expires=end_s - EPOCH_S, tail=tail.get(kind, b""), **values)


def trust(**more: Any) -> Verifier:
    keys = TrustedKeys({KEY: IssuerKey(KEY, public(SEED), frozenset(SIGNED_TYPES), 0, 1 << 40)})
    return Verifier(keys, NOW_S, **more)


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    made = Shop(make_desk(signed_in=False))
    made.desk.counter.codes.known = trust()
    made.desk.counter.codes.handles[HANDLE.hex()] = SHEN
    made.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(made.ui.window)
    return made


def result(shop: Shop) -> ScanResult:
    found = shop.ui.counter.state.result
    assert shop.page == SCAN_RESULT
    assert found is not None
    return found


def give_badge(shop: Shop, digits: str, staff_id: str) -> None:
    row = {"scope_id": CHAIN, "id": staff_id, "row_ver": 1, "digits": digits}
    row |= {"staff_id": staff_id, "state": "live", "issued_at_ms": 0}
    with shop.desk.counter.read() as connection:
        connection.execute(insert(people.staff_code), [row])


def test_an_unknown_member_is_served_while_offline(shop: Shop) -> None:
    shop.desk.counter.codes.is_cut = True
    shop.scan(UNKNOWN_CODE)
    assert (result(shop).kind, result(shop).tail) == ("unknown_offline", "0144")
    ((operations, assurance),) = shop.desk.counter.recorded
    assert ([op.TYPE for op in operations], assurance) == (["meet_card", "visit"], 1)
    met = operations[0]
    assert isinstance(met, MeetCard)
    assert met.code_digits == UNKNOWN_CODE
    shop.ui.window.run_command("choice_1")
    assert shop.page == MEMBERS
    card = shop.ui.member.state.card
    assert card is not None
    assert (card.member_id, card.name, card.is_incomplete) == (met.member_id, "···· 0144", True)
    shop.ui.member.add_tag("羊绒")
    with shop.desk.counter.read() as connection:
        assert get_member_card(connection, met.member_id, LIN, NOW).tags == ("羊绒",)


def test_the_same_unknown_card_again_opens_what_was_begun(shop: Shop) -> None:
    shop.desk.counter.codes.is_cut = True
    shop.scan(UNKNOWN_CODE)
    shop.ui.counter._gate.forget()
    shop.scan(UNKNOWN_CODE)
    assert shop.page == MEMBERS
    assert shop.desk.counter.types() == ["meet_card", "visit", "visit"]


def test_details_later_leads_back(shop: Shop) -> None:
    shop.desk.counter.codes.is_cut = True
    shop.scan(UNKNOWN_CODE)
    shop.ui.window.run_command("choice_2")
    assert shop.page == "home"


def test_a_dynamic_code_opens_the_card_with_its_assurance(shop: Shop) -> None:
    shop.scan(signed())
    assert (shop.page, shop.ui.member.state.card.member_id) == (MEMBERS, SHEN)  # type: ignore[union-attr]
    assert [assurance for _, assurance in shop.desk.counter.recorded] == [2]


def test_a_dynamic_code_goes_into_the_visit_and_counts_less_by_a_wrong_clock(shop: Shop) -> None:
    shop.desk.counter.codes.known = trust(is_clock_trusted=False)
    shop.scan(signed(serial=7))
    (((visit,), assurance),) = shop.desk.counter.recorded
    assert isinstance(visit, RecordVisit)
    assert (visit.code_handle, visit.code_serial, assurance) == (HANDLE.hex(), 7, 1)


def test_a_code_that_was_taken_opens_the_same_card_for_a_while_and_nothing_later(shop: Shop) -> None:
    shop.ui.counter._mono_ms = lambda: 10**12
    shop.scan(signed(serial=7))
    shop.desk.counter.codes.known = trust(used=frozenset({(HANDLE, 7)}))
    shop.ui.window.show_page("home")
    shop.ui.counter._mono_ms = lambda: 10**12 + 3_000
    shop.scan(signed(serial=7))
    assert (shop.page, len(shop.desk.counter.recorded)) == (MEMBERS, 1)
    shop.ui.counter._gate.forget()
    shop.scan(signed(serial=7))
    assert (result(shop).reason, len(shop.desk.counter.recorded)) == (Reason.REPLAYED, 1)


def test_her_next_dynamic_code_is_no_second_visit(shop: Shop) -> None:
    shop.scan(signed(serial=1))
    shop.ui.counter._mono_ms = lambda: 10**12
    shop.scan(signed(serial=2))
    assert len(shop.desk.counter.recorded) == 2  # ten minutes are over by then
    shop.scan(signed(serial=3))
    assert len(shop.desk.counter.recorded) == 2


@pytest.mark.parametrize(
    ("text", "held_against", "kind", "reason"),
    [
        (signed(end_s=NOW_S - 700), trust(), "refused", "expired"),
        (signed(end_s=NOW_S + 700), trust(), "refused", "not_yet_valid"),
        (signed(seed=OTHER), trust(), "refused", "bad_signature"),
        (signed(), trust(generations={HANDLE: 2}), "refused", "revoked"),
        (signed(), trust(used={(HANDLE, 1)}), "refused", "replayed"),
        (signed(key_id=KEY + 1), trust(), "other_brand", None),
        (signed(), None, "refused", "unknown_key"),
        (signed(CodeType.COUPON, end_s=NOW_S - 700), trust(is_clock_trusted=False), "clock", None),
        (signed(CodeType.COUPON), trust(), "other_kind", None),
        ("5000000000000000000037", None, "other_kind", None),
        ("6135791357913579135783", None, "other_kind", None),
        ("4999999999999999999940", None, "other_kind", None),
        ("6901234567892", None, "refused", "product"),
        ("134567890123456789", None, "refused", "payment_or_identity_number"),
        ("11010519491231002X", None, "refused", "payment_or_identity_number"),
        ("HTTPS://OTHER.EXAMPLE/MENU", None, "refused", "not_a_code"),
    ],
)
def test_an_unusual_scan_is_told_and_records_nothing(
    shop: Shop, text: str, held_against: Verifier | None, kind: str, reason: str | None
) -> None:
    shop.desk.counter.codes.known = held_against
    shop.scan(text)
    found = result(shop)
    assert (found.kind, found.reason and found.reason.value) == (kind, reason)
    assert shop.desk.counter.recorded == []
    assert text[-12:] not in repr(shop.ui.counter.state)


def test_an_expired_dynamic_code_says_when_it_was_made_and_asks_for_a_fresh_one(shop: Shop) -> None:
    shop.scan(signed(end_s=NOW_S - 700))
    assert (result(shop).made_ms, result(shop).ends_ms) == (NOW - 760_000, NOW - 700_000)
    shop.ui.window.run_command("choice_1")
    assert shop.page == "home"


def test_what_a_forged_code_says_of_itself_is_not_shown(shop: Shop) -> None:
    shop.scan(signed(seed=OTHER, end_s=NOW_S - 700))
    assert (result(shop).made_ms, result(shop).ends_ms) == (None, None)


def test_a_clock_that_is_off_is_named_with_its_minutes(shop: Shop) -> None:
    shop.desk.counter.codes.known = trust(is_clock_trusted=False)
    shop.desk.counter.at_ms = NOW + 17 * 60_000
    shop.scan(signed(CodeType.COUPON, end_s=NOW_S - 700))
    assert "17" in shop.child(ScanResultPage).sentence.text()


def test_after_two_poor_reads_the_phone_tail_comes_first(shop: Shop) -> None:
    poor = UNKNOWN_CODE[:-1] + "5"
    page = shop.child(ScanResultPage)
    shop.scan(poor)
    assert page.first.text() != page.second.text()
    before = (page.first.text(), page.second.text())
    shop.scan(poor)
    assert (page.second.text(), page.first.text()) == before
    shop.scan("6901234567892")
    shop.scan(poor)
    assert (page.first.text(), page.second.text()) == before


@pytest.mark.parametrize("code", [BADGE_OF_HE, signed(CodeType.STAFF_BADGE)], ids=["short", "signed"])
def test_a_badge_at_the_sign_in_picks_who_signs_in_and_no_more(shop: Shop, code: str) -> None:
    give_badge(shop, BADGE_OF_HE if code == BADGE_OF_HE else HANDLE.hex(), HE)
    shop.desk.set_session(None)
    shop.scan(code)
    state = shop.ui.sign_in.state
    assert (state.mode, state.number or (state.person and state.person.number)) == ("pin", "A021")
    assert (shop.desk.session, shop.page) == (None, SIGN_IN)


def test_a_customers_code_while_locked_is_not_recorded(shop: Shop) -> None:
    shop.desk.set_session(None)
    shop.scan()
    assert (shop.ui.sign_in.state.is_scan_early, shop.desk.counter.recorded) == (True, [])


def test_another_ones_staff_badge_locks_and_picks_her(shop: Shop) -> None:
    give_badge(shop, HANDLE.hex(), HE)
    shop.scan(signed(CodeType.STAFF_BADGE))
    state = shop.ui.sign_in.state
    assert (shop.desk.session, shop.page, state.mode) == (None, SIGN_IN, "pin")
    assert (state.number or (state.person and state.person.number)) == "A021"


def test_ones_own_staff_badge_is_just_told(shop: Shop) -> None:
    give_badge(shop, HANDLE.hex(), LIN)
    shop.scan(signed(CodeType.STAFF_BADGE))
    assert (result(shop).kind, result(shop).code_type) == ("other_kind", CodeType.STAFF_BADGE)


def test_a_coupon_goes_to_whoever_takes_coupons(shop: Shop) -> None:
    taken: list[Any] = []
    shop.ui.counter.takes_coupons = True
    shop.ui.counter.coupon_scanned.connect(taken.append)
    shop.scan(signed(CodeType.COUPON))
    assert [scan.record.handle for scan in taken] == [HANDLE]


def test_a_card_ticks_once_and_a_refusal_twice_unless_sound_is_off(shop: Shop, qtbot: Any) -> None:
    ticks: list[bool] = []
    sound = ScanSound(beep=lambda: ticks.append(True))
    shop.ui.counter.member_scanned.connect(sound.good)
    shop.ui.counter.scan_failed.connect(sound.not_good)
    shop.scan()
    assert len(ticks) == 1
    shop.scan("6901234567892")
    qtbot.waitUntil(lambda: len(ticks) == 3)
    sound.is_on = False
    shop.scan("6901234567892")
    assert len(ticks) == 3
