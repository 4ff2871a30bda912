"""The four-hop scan: code, member, owner, card."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.presenters.counter import CounterPresenter
from guidedesk.ui.scan_source import Scan
from tests.helpers.shop import NOW, SHEN, SHEN_CODE
from tests.ui.member_desk import MemberDesk, heard, make_desk, session_of

HE_SESSION = {"number": "A021", "name": "何静怡"}
UNKNOWN_CODE = "1000000000000000000144"


def scan(text: str, *, garbled: bool = False) -> Scan:
    return Scan(text, NOW, "wedge", garbled)


class Counter:
    """A counter with a clock that a test moves."""

    def __init__(self, desk: MemberDesk) -> None:
        self.desk = desk
        self.mono = 1_000_000
        self.presenter = CounterPresenter(desk, mono_ms=lambda: self.mono)
        self.cards = heard(self.presenter.member_scanned)
        self.failures = heard(self.presenter.scan_failed)

    def scan(self, text: str = SHEN_CODE, *, after_ms: int = 0, **values: Any) -> None:
        self.mono += after_ms
        self.presenter.on_scanned(scan(text, **values))


@pytest.fixture
def counter() -> Counter:
    return Counter(make_desk())


def test_a_scan_shows_the_card_and_records_one_visit_that_was_scanned(counter: Counter) -> None:
    counter.scan()
    (state,) = counter.cards
    assert (state.card.member_id, state.card.name, state.is_new_visit) == (SHEN, "沈知微", True)
    ((operations, assurance),) = counter.desk.counter.recorded
    assert [op.TYPE for op in operations] == ["visit"]
    assert assurance == 1


def test_the_card_is_shown_before_the_visit_is_recorded(counter: Counter) -> None:
    seen_at_picture: list[int] = []
    counter.presenter.member_scanned.connect(lambda _s: seen_at_picture.append(len(counter.desk.counter.recorded)))
    counter.scan()
    assert seen_at_picture == [0]


def test_the_same_code_within_two_seconds_does_nothing(counter: Counter) -> None:
    counter.scan()
    counter.scan(after_ms=1_999)
    assert len(counter.cards) == 1


def test_within_ten_minutes_the_card_reopens_without_a_second_visit(counter: Counter) -> None:
    counter.scan()
    counter.scan(after_ms=9 * 60_000)
    assert [state.is_new_visit for state in counter.cards] == [True, False]
    assert counter.desk.counter.types() == ["visit"]


def test_after_ten_minutes_it_is_a_new_visit(counter: Counter) -> None:
    counter.scan()
    counter.scan(after_ms=10 * 60_000)
    assert counter.desk.counter.types() == ["visit", "visit"]


def test_another_associate_makes_her_own_visit_at_once(counter: Counter) -> None:
    counter.scan()
    counter.desk.set_session(session_of(**HE_SESSION))
    counter.scan(after_ms=3_000)
    assert counter.desk.counter.types() == ["visit", "visit"]


def test_an_unknown_code_is_told_and_becomes_a_visit_once_it_is_known(counter: Counter) -> None:
    counter.scan(UNKNOWN_CODE)
    assert (counter.failures[0].kind, counter.failures[0].tail) == ("unknown", "0144")
    assert counter.desk.counter.recorded == []
    with counter.desk.counter.shop.engine.begin() as connection:
        connection.exec_driver_sql(f"update member_code set digits = '{UNKNOWN_CODE}'")
    counter.scan(UNKNOWN_CODE, after_ms=3_000)
    assert counter.cards[0].is_new_visit


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://q.other.example/q/", "other_brand"),
        ("HTTPS://Q.GUIDEDESK.EXAMPLE/Q/", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_number_nobody_gave_out_behind_anothers_address_is_another_brands(
    counter: Counter, url: str, kind: str
) -> None:
    counter.scan(url + UNKNOWN_CODE)
    assert (counter.failures[0].kind, counter.desk.counter.recorded) == (kind, [])
    assert UNKNOWN_CODE[-8:] not in repr(counter.failures)


def test_offline_the_unknown_code_says_that_this_pc_is_offline(counter: Counter) -> None:
    status = SyncStatus(NOW, last_contact_ms=NOW - 60_000, offline_since_ms=NOW - 60_000)
    counter.desk.status_changed.emit(status)
    counter.scan(UNKNOWN_CODE)
    assert (counter.failures[0].kind, counter.failures[0].last_contact_ms) == ("unknown_offline", NOW - 60_000)


def test_a_customer_of_another_store_is_asked_for_and_shown_when_she_comes(counter: Counter) -> None:
    def comes(digits: str) -> str:
        with counter.desk.counter.shop.engine.begin() as connection:
            connection.exec_driver_sql(f"update member_code set digits = '{digits}'")
        return SHEN

    counter.desk.counter.codes.on_resolve = comes
    counter.scan(UNKNOWN_CODE)
    assert [state.card.member_id for state in counter.cards] == [SHEN]
    assert (counter.cards[0].is_new_visit, counter.failures) == (True, [])


def test_a_server_out_of_reach_is_said_at_once_before_the_chip_turns_amber(counter: Counter) -> None:
    counter.desk.counter.codes.is_cut = True
    counter.scan(UNKNOWN_CODE)
    assert [failure.kind for failure in counter.failures] == ["unknown_offline"]
    counter.desk.counter.codes.is_cut = False
    counter.scan(UNKNOWN_CODE, after_ms=3_000)
    # What was begun for her goes on; sync says who she is.
    assert (len(counter.desk.counter.codes.resolved), len(counter.failures), len(counter.cards)) == (1, 1, 1)


def test_a_cancelled_card_opens_nothing(counter: Counter) -> None:
    with counter.desk.counter.shop.engine.begin() as connection:
        connection.exec_driver_sql("update member_code set state = 'revoked'")
    counter.scan()
    assert counter.failures[0].kind == "revoked"
    assert (counter.cards, counter.desk.counter.recorded) == ([], [])


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("6901234567892", "refused", "product"),
        ("4111111111111111", "refused", "payment_or_identity_number"),
        (SHEN_CODE[:-1] + "6", "refused", "bad_check_digits"),
        ("hello", "refused", "not_a_code"),
    ],
)
def test_what_is_no_member_code_is_refused_with_its_reason(
    counter: Counter, text: str, kind: str, reason: str
) -> None:
    counter.scan(text)
    assert (counter.failures[0].kind, counter.failures[0].reason.value) == (kind, reason)


def test_no_refusal_keeps_what_was_read(counter: Counter) -> None:
    counter.scan("4111111111111111")
    assert "4111" not in repr(counter.presenter.state)


def test_a_wrong_keyboard_layout_is_named(counter: Counter) -> None:
    counter.scan("１２３", garbled=True)
    assert counter.failures[0].kind == "garbled"


def test_before_sign_in_a_member_code_is_not_recorded() -> None:
    counter = Counter(make_desk(signed_in=False))
    counter.scan()
    assert counter.failures[0].kind == "sign_in_first"
    assert counter.desk.counter.recorded == []


def test_a_lock_leaves_nothing_of_the_last_customer(counter: Counter) -> None:
    counter.scan()
    counter.desk.set_session(None)
    assert counter.presenter.state.card is None


def test_a_visit_that_could_not_be_recorded_is_tried_with_the_next_scan(counter: Counter) -> None:
    told = heard(counter.desk.tasks.failed)
    counter.desk.counter.refusal = Refused("disk_full")
    counter.scan()
    assert len(told) == 1
    counter.desk.counter.refusal = None
    counter.scan(after_ms=3_000)
    assert counter.desk.counter.types() == ["visit"]
