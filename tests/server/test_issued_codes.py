"""Invitations and reprinted cards at the server: once, in time, and the old card is void everywhere (CODES.md Q-5)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import load_row
from guidedesk.models.server_tables import code_pool, staff_session
from guidedesk.server.badges import badges_of
from guidedesk.server.chain import renew_store_code
from guidedesk.server.code_counts import CodeFact, count_code
from guidedesk.server.database import ScopeWrite
from guidedesk.server.invitations import find_invitation, use_invitation
from guidedesk.services import operations as ops
from guidedesk.services.apply_codes import INVITATION_MS
from tests.server.people_at_work import PHONE, hello, joined, registration
from tests.server.shop import Counter, Shop


def signed_in(shop: Shop, counter: Counter, name: str) -> str:
    """An open session of somebody at a counter."""
    row = {
        "scope_id": counter.scope_id, "session_id": shop.new_id(), "staff_id": shop.staff[name],
        "device_id": counter.device_id, "started_at_ms": shop.clock.now_ms,
    }  # fmt: skip
    shop.database.write(counter.scope_id, lambda opened: opened.conn.execute(insert(staff_session), [row]))
    return str(row["session_id"])


def blanks(counter: Counter, name: str, **more: Any) -> list[Any]:
    body = hello(codes_left=0, invitations_left=0) | more
    found: list[Any] = counter.call("POST", "/v1/sync/hello", body).json()[name]
    return found


def invite(counter: Counter, digits: str, by: str = "a1", **when: Any) -> dict[str, Any]:
    operation = ops.IssueInvitation(invitation_id=derived_id("invitation", digits), code_digits=digits)
    return counter.do(operation, by, **when)


def test_a_counter_holds_twenty_invitations_and_gets_more_below_a_quarter(shop: Shop) -> None:
    counter = shop.counter()
    given = blanks(counter, "invitations")
    assert (len(given), {digits[0] for digits in given}) == (20, {"6"})
    assert blanks(counter, "invitations", invitations_left=5) == given
    assert len(blanks(counter, "invitations", invitations_left=4)) == 36
    # A counter of an earlier program never asked for any.
    assert shop.counter(1).call("POST", "/v1/sync/hello", hello()).json()["invitations"] == []
    assert not set(given) & {digits for digits, _ in blanks(counter, "codes")}


def test_an_invitation_is_good_for_ten_minutes_and_one_person(shop: Shop) -> None:
    counter = shop.counter()
    digits, other = blanks(counter, "invitations")[:2]
    now_ms = shop.clock.now_ms
    with shop.database.read() as conn:
        assert find_invitation(conn, digits, now_ms) is None, "nobody was shown it yet"
    assert invite(counter, digits)["status"] == "accepted"
    assert invite(counter, other)["status"] == "accepted"
    with shop.database.read() as conn:
        found = find_invitation(conn, digits, now_ms)
        assert found is not None
        assert (found.staff_id, found.scope_id) == (shop.staff["a1"], shop.stores[0])
        end = found.expires_at_ms
        assert 0 <= end - now_ms - INVITATION_MS < 1_000
        assert find_invitation(conn, digits, end) is not None
        assert find_invitation(conn, digits, end + 1) is None
    first, second = joined(shop, counter), joined(shop, counter, name="陈默")

    def use(code: str, member_id: str, seen_ms: int) -> bool:
        return shop.database.write(
            shop.stores[0], lambda opened: use_invitation(opened, code, member_id, now_ms, seen_ms)
        )

    assert use(digits, first, now_ms)
    assert use(digits, first, now_ms), "a repeated request is the same person"
    assert not use(digits, second, now_ms)
    assert not use(other, second, end + INVITATION_MS), "the page was loaded too late"
    with shop.database.read() as conn:
        assert find_invitation(conn, digits, now_ms) is None
    counter.pull()
    used = {row["digits"]: row["member_id"] for row in counter.table("invitation")}
    assert used == {digits: first, other: None}


def test_only_the_counter_that_holds_an_invitation_shows_it_and_only_once(shop: Shop) -> None:
    counter, beside = shop.counter(), shop.counter()
    digits = blanks(counter, "invitations")[0]
    [card, _] = blanks(counter, "codes")[0]
    for code in (card, "6" + "0" * 21):
        refused = invite(counter, code)
        assert (refused["status"], refused["params"]["why"]) == ("rejected", "not_from_this_pool")
    assert invite(beside, digits)["params"]["why"] == "not_from_this_pool"
    assert invite(counter, digits)["status"] == "accepted"
    assert invite(counter, digits, "a2")["status"] == "accepted", "shown again: nothing changes"
    [row] = pulled(counter, "invitation")
    assert row["staff_id"] == shop.staff["a1"]


def pulled(counter: Counter, name: str) -> list[dict[str, Any]]:
    counter.pull()
    return counter.table(name)


def test_another_card_voids_the_ones_she_had_in_every_store(shop: Shop) -> None:
    home, visited = shop.counter(), shop.counter(1)
    (first, first_no), (second, second_no), *_ = blanks(home, "codes")
    made = registration(shop, phone=PHONE, code_digits=first, code_typed=first_no)
    home.do(made)
    # Registered once more elsewhere: the same person, with a card of that store.
    (there, there_no), (third, third_no), *_ = blanks(visited, "codes")
    merged = visited.do(registration(shop, phone=PHONE, code_digits=there, code_typed=there_no), "a3")
    assert merged["status"] == "merged"
    again = visited.do(ops.ReissueCard(member_id=made.member_id, code_digits=third, code_typed=third_no), "a3")
    assert again["status"] == "accepted", again
    home.pull()
    visited.pull()
    for counter in (home, visited):
        states = {row["digits"]: row["state"] for row in counter.table("member_code")}
        assert states == {first: "revoked", there: "revoked", third: "live"}
        [person] = [row for row in counter.table("member") if row["id"] == made.member_id]
        assert person["card_no"] == third_no
    for old in (first, there):
        asked = home.call("POST", "/v1/codes/resolve", {"digits": old, "staff_id": shop.staff["a1"]})
        assert asked.status_code == 404
    found = home.call("POST", "/v1/codes/resolve", {"digits": third, "staff_id": shop.staff["a1"]})
    assert found.json()["member_id"] == made.member_id
    # A code that is hers already is no reason to void it; somebody else's is refused and changes nothing.
    other = joined(shop, home, name="陈默")
    taken = home.do(ops.ReissueCard(member_id=other, code_digits=third, code_typed=third_no))
    assert (taken["status"], taken["reason"]) == ("rejected", "stale_precondition")
    assert home.do(ops.ReissueCard(member_id=other, code_digits=second, code_typed=second_no))["status"] == "accepted"


def test_a_code_is_counted_by_its_local_day(shop: Shop) -> None:
    counter = shop.counter()
    late = 1_764_345_500_000  # 2025-11-28 23:58:20 in Shanghai
    facts: list[tuple[int, CodeFact]] = [
        (late, "scanned"), (late, "scanned"), (late, "joined"), (late + 120_000, "scanned")
    ]  # fmt: skip

    def work(opened: ScopeWrite) -> None:
        for at_ms, fact in facts:
            count_code(opened, "4" * 22, shop.staff["a1"], fact, at_ms, "Asia/Shanghai")

    shop.database.write(shop.stores[0], work)
    found = {row["day"]: (row["scanned"], row["joined"]) for row in pulled(counter, "code_count")}
    assert found == {"2025-11-28": (2, 1), "2025-11-29": (1, 0)}


def test_a_blank_code_is_of_one_kind(shop: Shop) -> None:
    counter = shop.counter()
    digits = blanks(counter, "invitations")[0]
    answer = counter.do(registration(shop, code_digits=digits, code_typed="123456789012"))
    assert (answer["status"], answer["params"]) == ("accepted", {"code": "refused"})
    with shop.database.read() as conn:
        state = conn.execute(
            select(code_pool.c.state).where(code_pool.c.scope_id == shop.stores[0], code_pool.c.digits == digits)
        ).scalar_one()
        assert state == "blank"
        assert load_row(conn, "member_code", shop.stores[0], derived_id("code", digits)) is None


def test_a_store_has_one_code_that_counters_know_and_a_new_one_ends_it(shop: Shop) -> None:
    counter = shop.counter()
    store_id = shop.stores[0]
    first = renew_store_code(shop.database, store_id, clock=shop.clock, random=shop.random)
    second = renew_store_code(shop.database, store_id, clock=shop.clock, random=shop.random)
    found = {row["digits"]: row["state"] for row in pulled(counter, "store_code") if row["store_id"] == store_id}
    assert (found[first], found[second], [*found.values()].count("live")) == ("revoked", "live", 1)
    read = decode(second)
    assert isinstance(read, CodeOk)
    assert read.type is CodeType.STORE


def test_an_associate_gives_her_own_code_up_and_nobody_elses(shop: Shop) -> None:
    counter = shop.counter()
    with shop.database.read() as conn:
        before = badges_of(conn, shop.chain_id)
    other = counter.call("POST", "/v1/codes/badge", {"staff_id": shop.staff["a2"]})
    assert other.status_code == 403
    session = signed_in(shop, counter, "a1")
    answer = counter.call("POST", "/v1/codes/badge", {"staff_id": shop.staff["a1"]}, session=session)
    assert answer.status_code == 200, answer.text
    with shop.database.read() as conn:
        after = badges_of(conn, shop.chain_id)
    assert after[shop.staff["a1"]] == answer.json()["digits"] != before[shop.staff["a1"]]
    assert after[shop.staff["a2"]] == before[shop.staff["a2"]]
    signed = counter.call("POST", "/v1/codes/staff-badge", {"staff_id": shop.staff["a1"]}, session=session)
    assert (signed.status_code, 196 <= len(signed.json()["digits"]) <= 215) == (200, True)
    hers = counter.call("POST", "/v1/codes/staff-badge", {"staff_id": shop.staff["a2"]}, session=session)
    assert hers.status_code == 403
    stranger = counter.call("POST", "/v1/codes/badge", {"staff_id": shop.staff["a2"]}, session=session)
    assert stranger.status_code == 403


def test_a_session_that_is_no_id_is_refused_like_any_broken_claim(shop: Shop) -> None:
    counter = shop.counter()
    asked = {"digits": "1" * 22, "staff_id": shop.staff["a1"]}
    for session in ("session", "0", "x" * 36):
        answer = counter.call("POST", "/v1/codes/resolve", asked, session=session)
        assert answer.status_code == 401, answer.text
