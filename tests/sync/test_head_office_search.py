"""A store searches for somebody it does not see: head office answers exact numbers only, and keeps who asked."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import select, update

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import ROLES, Role
from guidedesk.models.people import member, member_code, staff
from guidedesk.models.server_tables import audit
from guidedesk.server.audit import verify_audit
from guidedesk.server.context import ServerContext
from guidedesk.server.limits import PER_MINUTE, RateLimits
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.services.member_models import OfficeHit
from guidedesk.services.operations import RegisterMember
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.search import search_members
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.sync.client import SyncRefused
from tests.helpers.counter_parts import START_MS, SeededRandom, record
from tests.helpers.world import DirectLine, Till, World, settle

PHONE = "13800002746"
RECEIPT = "HB-261121-0031"
KINDS = ("phone", "card", "receipt")
SHEN = OfficeHit("沈知微", "138****2746")


def at_work(till: Till, name: str, role: Role = "associate") -> None:
    person = StaffInfo(till.world.staff[name], name, Bilingual(name, name), role, till.store_id)
    session_id = derived_id("session", till.store_id)
    till.counter.resume(Session(session_id, person, till.store_id, True, till.world.clock.wall_ms()))


@pytest.fixture
def home(world: World) -> Till:
    till = world.till()
    settle(till)
    return till


@pytest.fixture
def away(world: World) -> Till:
    till = world.till(world.open_store("S2"))
    settle(till)
    at_work(till, "S2")
    return till


@pytest.fixture
def her(home: Till, away: Till) -> dict[str, Any]:
    """A member of the other store, with a phone, a card and a receipt."""
    pair = home.counter.codes.take_blank()
    assert pair is not None
    fields = home.counter.phone_fields(PHONE)
    joining = RegisterMember(
        member_id=home.counter.new_id(),
        name="沈知微",
        code_digits=pair[0],
        code_typed=pair[1],
        phone_masked=fields["phone_masked"],
        phone_tail=fields["phone_tail"],
        phone_hash=fields["phone_hash"],
        phone_sealed=fields["phone_sealed"],
    )
    record(home.counter, joining, actor=home.actor("a1"))
    settle(home, away)
    line = LineIn(line_no=1, sku="A-M", name="针织开衫", qty=1, amount_minor=79_900)
    order = OrderIn(
        source="till", external_id=RECEIPT, channel="store", paid_at_ms=START_MS, currency="CNY", lines=(line,),
        member_id=joining.member_id, store_id=home.store_id,
    )  # fmt: skip
    record_order(home.world.database, order, now_ms=START_MS)
    return {"id": joining.member_id, "phone": fields["phone_hash"], "card": pair[1], "receipt": RECEIPT}


def audited(world: World, scope_id: str) -> list[Any]:
    with world.database.read() as conn:
        rows = conn.execute(select(audit).where(audit.c.scope_id == scope_id).order_by(audit.c.n)).all()
        assert verify_audit(conn, scope_id).first_bad is None
    return [row for row in rows if row.action.startswith("member.")]


def test_an_exact_number_is_answered_with_name_and_masked_phone(away: Till, her: dict[str, Any]) -> None:
    for kind in KINDS:
        assert away.counter.codes.ask_head_office(kind, her[kind]) == SHEN
    with away.counter.read() as conn:
        assert search_members(conn, "沈知微") == ()  # nothing came with it
    entries = audited(away.world, away.store_id)
    assert {(e.action, e.subject, e.actor_id) for e in entries} == {
        ("member.looked_up", her["id"], away.world.staff["S2"])
    }
    assert [f'"kind":"{kind}"' in entry.detail for kind, entry in zip(KINDS, entries, strict=True)] == [True] * 3
    assert not any(her[kind] in entry.detail for kind in KINDS for entry in entries)


def test_opening_for_a_reason_lets_the_store_see_her_from_then_on(
    home: Till, away: Till, her: dict[str, Any]
) -> None:
    assert away.counter.codes.open_from_head_office("phone", her["phone"], "after_sales") == her["id"]
    with away.counter.read() as conn:
        now_ms = away.world.clock.wall_ms()
        assert get_member_card(conn, her["id"], away.world.staff["S2"], now_ms).name == "沈知微"
        assert [hit.matched for hit in search_members(conn, RECEIPT)] == [RECEIPT]
    settle(away, home)
    assert all(check.is_equal for till in (home, away) for check in till.counter.engine.check())
    (entry,) = audited(away.world, away.store_id)
    assert (entry.action, entry.subject) == ("member.granted", her["id"])
    assert '"why":"after_sales"' in entry.detail
    for kind in ("card", "receipt"):  # seen already, and still kept
        assert away.counter.codes.open_from_head_office(kind, her[kind], "here_now") == her["id"]
        assert '"why":"here_now"' in audited(away.world, away.store_id)[-1].detail


def test_nobody_a_cancelled_card_and_an_erased_person_are_one_answer(away: Till, her: dict[str, Any]) -> None:
    ask = away.counter.codes.ask_head_office
    assert [ask("phone", "0" * 32), ask("card", "1" * 12), ask("receipt", "HB-000000")] == [None] * 3
    assert away.counter.codes.open_from_head_office("card", "1" * 12, "here_now") is None
    with away.world.database.engine.begin() as conn:
        conn.execute(update(member_code).where(member_code.c.typed == her["card"]).values(state="revoked"))
    assert ask("card", her["card"]) is None
    with away.world.database.engine.begin() as conn:
        conn.execute(update(member).where(member.c.id == her["id"]).values(deleted_at_ms=START_MS))
    assert [ask(kind, her[kind]) for kind in ("phone", "receipt")] == [None, None]
    assert {entry.subject for entry in audited(away.world, away.store_id)} == {away.store_id}


def test_other_questions_and_reasons_are_refused(away: Till, her: dict[str, Any]) -> None:
    for kind, value, reason in (
        ("phone", PHONE, "here_now"),  # never the number itself
        ("name", "沈知微", "here_now"),
        ("card", "2746", "here_now"),
        ("receipt", "HB-26", "here_now"),
        ("receipt", "HB 261121\n0031", "here_now"),
        ("card", her["card"], "curious"),
        ("card", her["card"], ""),
    ):
        with pytest.raises(SyncRefused, match="validation"):
            away.counter.codes.open_from_head_office(kind, value, reason)
    assert audited(away.world, away.store_id) == []


def test_who_works_in_the_store_with_members_may_ask(home: Till, away: Till, her: dict[str, Any]) -> None:
    for role in ROLES:
        for store_id in (away.store_id, home.store_id):
            with away.world.database.engine.begin() as conn:
                who = staff.c.id == away.world.staff["S2"]
                conn.execute(update(staff).where(who).values(role=role, store_id=store_id))
            before = len(audited(away.world, away.store_id))
            if role != "admin" and store_id == away.store_id:
                assert away.counter.codes.ask_head_office("card", her["card"]) == SHEN
                continue
            with pytest.raises(SyncRefused, match="forbidden"):
                away.counter.codes.ask_head_office("card", her["card"])
            with pytest.raises(SyncRefused, match="forbidden"):
                away.counter.codes.open_from_head_office("card", her["card"], "here_now")
            assert len(audited(away.world, away.store_id)) == before


def test_a_merged_person_is_found_as_who_she_is_now(home: Till, away: Till, her: dict[str, Any]) -> None:
    other = RegisterMember(member_id=home.counter.new_id(), name="沈微")
    record(home.counter, other, actor=home.actor("a1"))
    settle(home, away)
    with home.world.database.engine.begin() as conn:
        conn.execute(update(member).where(member.c.id == her["id"]).values(merged_into=other.member_id))
    assert away.counter.codes.ask_head_office("receipt", RECEIPT) == OfficeHit("沈微", "")
    assert away.counter.codes.open_from_head_office("receipt", RECEIPT, "here_now") == other.member_id


def test_a_receipt_number_two_tills_gave_out_names_nobody(home: Till, away: Till, her: dict[str, Any]) -> None:
    other = RegisterMember(member_id=home.counter.new_id(), name="宋子雯")
    record(home.counter, other, actor=home.actor("a1"))
    settle(home)
    line = LineIn(line_no=1, sku="A-M", name="针织开衫", qty=1, amount_minor=79_900)
    order = OrderIn(
        source="other", external_id=RECEIPT, channel="store", paid_at_ms=START_MS, currency="CNY", lines=(line,),
        member_id=other.member_id, store_id=away.store_id,
    )  # fmt: skip
    record_order(home.world.database, order, now_ms=START_MS)
    assert away.counter.codes.ask_head_office("receipt", RECEIPT) is None


def test_without_contact_or_sign_in_nothing_is_guessed(home: Till, away: Till, her: dict[str, Any]) -> None:
    away.wire.is_cut = True
    with pytest.raises(TransportError):
        away.counter.codes.ask_head_office("card", her["card"])
    with pytest.raises(Refused, match="not_signed_in"):
        home.counter.codes.ask_head_office("card", her["card"])


def test_a_counter_asks_at_most_120_times_a_minute(away: Till, her: dict[str, Any]) -> None:
    world = away.world
    away.counter.codes.ask_head_office("card", "1" * 12)  # opens the line
    line = away.wire.inner
    assert isinstance(line, DirectLine)
    line.context = ServerContext.create(
        world.database, world.context.secrets, world.clock, SeededRandom(1), RateLimits(PER_MINUTE)
    )
    for _ in range(120):
        away.counter.codes.ask_head_office("card", "1" * 12)
    with pytest.raises(SyncRefused) as refused:
        away.counter.codes.ask_head_office("card", her["card"])
    assert (refused.value.code, refused.value.retry_after_ms is not None) == ("rate_limited", True)


def test_what_was_asked_is_in_no_log_and_no_row(
    away: Till, her: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = {"phone": "ab" * 16, "card": "990011223344", "receipt": "ZZ-PLANTED-0001"}
    for kind, value in planted.items():
        away.counter.codes.ask_head_office(kind, value)
        away.counter.codes.open_from_head_office(kind, value, "here_now")
    with pytest.raises(SyncRefused):
        away.counter.codes.ask_head_office("card", "PLANTED")
    said = caplog.text
    with away.world.database.read() as conn:
        said += "".join(str(row) for row in conn.execute(select(audit)))
    folder = away.folder
    kept = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    for value in (*planted.values(), "PLANTED"):
        assert value not in said
        assert value.encode() not in kept
    assert SHEN.name not in caplog.text
