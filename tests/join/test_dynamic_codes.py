"""A member's changing code: fifteen ahead, believed offline, used once in the chain (CODES.md Q-3, Q-6)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeRefused, CodeType, Reason
from guidedesk.codes.trust import EPOCH_S, serial_of
from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.joining import Answers
from guidedesk.domain.time import DAY_MS, TrustedTime
from guidedesk.models.engagement import visit
from guidedesk.models.entities import load_row
from guidedesk.server.code_keys import TRUST_ID, refresh_trust_list, rotate_keys
from guidedesk.server.code_lookup import member_of_code
from guidedesk.server.double_uses import read_double_uses, rule_double_use
from guidedesk.server.join.dynamic_codes import AHEAD, coming_codes
from guidedesk.server.join.inviters import find_inviter
from guidedesk.server.join.joining import join
from guidedesk.server.join.own_card import OwnCard, read_card
from guidedesk.server.join.phone_checks import send_code
from guidedesk.server.join.tokens import MemberToken, PageToken
from guidedesk.server.quarantine import release_device
from guidedesk.server.rows import put_row
from guidedesk.services.double_uses import DoubleUseDecision
from guidedesk.services.operations import RecordVisit
from guidedesk.services.queries.code_handles import find_member_by_handle, is_handle_revoked
from guidedesk.services.queries.coupons import proof_of
from guidedesk.sync.code_trust import code_trust
from tests.helpers.world import Till, World, badge_of, settle
from tests.join.phone import ON_SQLITE, PHONE, Sent


@pytest.fixture
def world(world: World) -> World:
    world.context = replace(world.context, sender=Sent())
    return world


def member(world: World) -> OwnCard:
    """Somebody who joined by a1's badge, as she sees herself."""
    context, now_ms = world.context, world.clock.wall_ms()
    digits = badge_of(world.staff["a1"])["digits"]
    with world.database.read() as conn:
        inviter = find_inviter(conn, world.chain_id, digits, now_ms)
    assert inviter is not None
    assert isinstance(context.sender, Sent)
    send_code(context, PHONE, "en")
    page = PageToken(digits, world.store_id, "badge", now_ms, "one page")
    answers = Answers(PHONE, "沈知微", None, frozenset({"service"}))
    joined = join(context, page, inviter, answers, context.sender.last, "en")
    card = read_card(context, MemberToken(joined.member_id, joined.phone_hash[:12], now_ms))
    assert card is not None
    return card


def take(till: Till, text: str, by: str = "a1") -> str:
    """A counter takes a dynamic code, as its window does; the operation's id."""
    trust = till.counter.codes.trust()
    assert trust is not None
    found = decode(text, trust=trust.verifier)
    assert isinstance(found, CodeOk), found
    assert found.record is not None
    with till.counter.read() as conn:
        who = find_member_by_handle(conn, found.record.handle.hex(), found.record.generation)
    assert who is not None
    visit = RecordVisit(
        visit_id=till.counter.new_id(), member_id=who, code_handle=found.record.handle.hex(),
        code_serial=serial_of(found.record),
    )  # fmt: skip
    return till.counter.record_operations([visit], till.actor(by), trust.assurance).op_ids[0]


def refusal(till: Till, text: str) -> Reason | None:
    trust = till.counter.codes.trust()
    found = decode(text, trust=trust.verifier if trust else None)
    return found.reason if isinstance(found, CodeRefused) else None


@ON_SQLITE
def test_fifteen_codes_ahead_are_believed_offline_each_in_its_minute(world: World) -> None:
    till, card = world.till(), member(world)
    codes = coming_codes(world.context, card, "q.example.com")
    assert coming_codes(world.context, card, "q.example.com") == codes, "a reload is the same code"
    assert len(set(codes)) == AHEAD
    assert refusal(till, codes[0]) is Reason.UNKNOWN_KEY, "nothing is believed before the list is here"
    settle(till)
    till.wire.is_cut = True
    trust = till.counter.codes.trust()
    assert trust is not None
    assert trust.assurance == 2
    found = decode(codes[0], trust=trust.verifier)
    assert isinstance(found, CodeOk)
    assert (found.form, found.type) == ("signed", CodeType.MEMBER_DYNAMIC)
    with till.counter.read() as conn:
        assert find_member_by_handle(conn, found.record.handle.hex(), 0) == card.member_id  # type: ignore[union-attr]
    assert refusal(till, codes[2]) is Reason.NOT_YET_VALID
    world.clock.tick(2 * 60_000)
    assert refusal(till, codes[2]) is None
    assert refusal(till, codes[0]) is Reason.EXPIRED


@ON_SQLITE
def test_a_code_is_taken_once_here_also_after_a_restart(world: World) -> None:
    till, card = world.till(), member(world)
    (code, *_) = coming_codes(world.context, card, "q.example.com")
    settle(till)
    take(till, code)
    assert refusal(till, code) is Reason.REPLAYED
    till.close()
    assert refusal(till, code) is Reason.REPLAYED
    with till.counter.read() as conn:
        handle = str(load_row(conn, "member_code", card.code_scope, card.code["id"])["handle"])  # type: ignore[index]
    serial = till.counter.journal.used_codes(0)
    visit = RecordVisit(
        visit_id=till.counter.new_id(), member_id=card.member_id, code_handle=handle, code_serial=next(iter(serial))[1]
    )
    with pytest.raises(Refused, match="code_replayed"):
        till.counter.record_operations([visit], till.actor("a1"), 2)
    settle(till)
    assert [entry.state for entry in till.counter.journal.pending()] == []


def test_a_second_use_elsewhere_is_put_to_a_manager(world: World) -> None:
    a, b, card = world.till(), world.till(), member(world)
    (code, *_) = coming_codes(world.context, card, "q.example.com")
    settle(a, b)
    a.wire.is_cut = b.wire.is_cut = True
    first, second = take(a, code), take(b, code, "a2")
    a.wire.is_cut = b.wire.is_cut = False
    settle(b, a)
    assert {op: world.recorded()[op] for op in (second, first)} == {second: "accepted", first: "quarantined"}
    settle(a, b)
    assert world.recorded()[first] == "quarantined"
    assert a.counter.status().waiting == 0
    with pytest.raises(Refused, match="not_found"):
        release_device(world.context, a.device_id, is_accepted=True, reason="?", only=second)
    released = release_device(world.context, a.device_id, is_accepted=True, reason="screenshot, both here", only=first)
    assert (released.state, released.counts, world.recorded()[first]) == ("active", {"accepted": 1}, "accepted")


def proof(till: Till, card: OwnCard) -> int:
    with till.counter.read() as conn:
        return proof_of(conn, till.counter.store_id, card.member_id, till.counter.now_ms())


def test_the_servers_word_makes_her_code_proof_of_who_she_is(world: World) -> None:
    till, card = world.till(), member(world)
    (code, *_) = coming_codes(world.context, card, "q.example.com")
    settle(till)
    till.wire.is_cut = True
    take(till, code)
    assert proof(till, card) == 2, "alone, this PC cannot know whether somebody else used it"
    till.wire.is_cut = False
    settle(till)
    assert proof(till, card) == 3
    world.clock.tick(11 * 60_000)
    assert proof(till, card) == 0, "she may have left"


@ON_SQLITE
@pytest.mark.parametrize("fault", ["claimed", "no code", "another's", "not its minute"])
def test_no_counter_can_say_it_for_the_server(world: World, fault: str) -> None:
    till, card = world.till(), member(world)
    settle(till)
    coming_codes(world.context, card, "q.example.com")
    with world.database.read() as conn:
        row = load_row(conn, "member_code", card.code_scope, card.code["id"])
    assert row is not None
    handle = str(row["handle"]) if fault != "another's" else "ab" * 8
    minute = (world.clock.wall_ms() // 1000 - EPOCH_S) // 60
    shown = {} if fault in ("no code", "claimed") else {
        "code_handle": handle, "code_serial": minute - 5 if fault == "not its minute" else minute
    }  # fmt: skip
    seen = RecordVisit(visit_id=till.counter.new_id(), member_id=card.member_id, **shown)  # type: ignore[arg-type]
    till.counter.record_operations([seen], till.actor("a1"), 3 if fault == "claimed" else 2)
    settle(till)
    assert list(world.recorded().values()) == ["accepted"]
    assert proof(till, card) == 2


@pytest.mark.parametrize(("decision", "then"), [("keep", "accepted"), ("refuse", "rejected")])
@ON_SQLITE
def test_her_manager_decides_about_the_second_use(world: World, decision: DoubleUseDecision, then: str) -> None:
    a, b, card = world.till(), world.till(), member(world)
    (code, *_) = coming_codes(world.context, card, "q.example.com")
    settle(a, b)
    a.wire.is_cut = b.wire.is_cut = True
    second = take(a, code)
    take(b, code, "a2")
    a.wire.is_cut = b.wire.is_cut = False
    settle(b, a)
    manager = Actor(world.staff["m1"], "manager", frozenset({world.store_id}))
    [item] = read_double_uses(world.context, world.store_id, manager).items
    assert (item.id, item.kind, item.state, item.member_name) == (second, "member_code", "open", "沈知微")
    assert (item.first.staff.en, item.second.staff.en) == ("a2", "a1")
    rule_double_use(
        world.context, scope_id=world.store_id, op_id=second, decision=decision, reason="截图", actor=manager
    )
    assert world.recorded()[second] == then
    [settled] = read_double_uses(world.context, world.store_id, manager).items
    assert (settled.state, settled.decision) == ("decided", decision)
    with world.database.read() as conn:
        levels = conn.execute(select(visit.c.assurance).where(visit.c.scope_id == world.store_id)).scalars().all()
    assert sorted(levels) == ([2, 3] if decision == "keep" else [3]), "a manager's word is not the server's"
    world.clock.tick(DAY_MS)
    settle(a)
    entry = a.counter.journal.find(second)
    assert entry is not None
    assert entry.state == then, "its counter asks again about what head office holds"


def test_a_cancelled_card_takes_its_code_along(world: World) -> None:
    till, card = world.till(), member(world)
    (code, *_) = coming_codes(world.context, card, "q.example.com")
    world.database.write(
        card.code_scope, lambda opened: put_row(opened, "member_code", {"id": card.code["id"], "state": "revoked"})
    )
    settle(till)
    trust = till.counter.codes.trust()
    found = decode(code, trust=trust.verifier) if trust else None
    assert isinstance(found, CodeOk)
    with till.counter.read() as conn:
        handle = found.record.handle.hex()  # type: ignore[union-attr]
        assert find_member_by_handle(conn, handle, 0) is None
        assert is_handle_revoked(conn, handle, 0)
    with world.database.read() as conn:
        from guidedesk.models.people import member_code

        assert member_of_code(conn, handle, member_code.c.handle) is None


@ON_SQLITE
def test_an_untrusted_clock_or_an_old_list_proves_no_more_than_a_card(world: World) -> None:
    till, card = world.till(), member(world)
    coming_codes(world.context, card, "q.example.com")
    settle(till)
    later = TrustedTime(world.clock.wall_ms() + 15 * DAY_MS, 0, "good")
    with till.counter.read() as conn:
        old = code_trust(conn, till.counter.identity.server_key_hex, later, frozenset())
    assert old is not None
    assert (old.is_confirmed, old.assurance) == (False, 1)
    codes = coming_codes(world.context, card, "q.example.com")
    settle(till)
    till.close()
    world.clock.boot, world.clock.wall_error_ms = "boot-2", -5 * 3_600_000  # restarted with a wrong clock
    trust = till.counter.codes.trust()
    assert trust is not None
    assert (trust.is_confirmed, trust.verifier.is_clock_trusted, trust.assurance) == (True, False, 1)
    assert refusal(till, codes[0]) is None, "as good as a card"


def test_the_list_only_grows_and_is_believed_only_with_the_servers_signature(world: World) -> None:
    till, context, now_ms = world.till(), world.context, world.clock.wall_ms()
    card = member(world)
    first = refresh_trust_list(world.database, context.secrets, now_ms)
    assert refresh_trust_list(world.database, context.secrets, now_ms + 1) == first
    later = refresh_trust_list(world.database, context.secrets, now_ms + DAY_MS)
    assert (later["counter"], later["current"]) == (first["counter"] + 1, first["current"])
    assert len({key["key_id"] for key in first["keys"]}) == 2, "the current key and the next"
    (old, *_) = coming_codes(context, card, "q.example.com")
    turned = rotate_keys(world.database, context.secrets, now_ms + DAY_MS, is_emergency=True)
    assert turned["current"] == first["current"] + 1
    settle(till)
    assert refusal(till, old) is Reason.REVOKED
    world.clock.tick(60_000)
    assert refusal(till, coming_codes(context, card, "q.example.com")[0]) is None
    world.database.write(world.chain_id, lambda o: put_row(o, "trust_list", {"id": TRUST_ID, "counter": 99}))
    forged = '{"keys":[],"revoked":[]}'
    world.database.write(world.chain_id, lambda o: put_row(o, "trust_list", {"id": TRUST_ID, "document": forged}))
    settle(till)
    assert till.counter.codes.trust() is None
