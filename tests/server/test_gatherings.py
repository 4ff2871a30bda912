"""Seats at a gathering, on both databases: the server gives them, says when it is full, and who waits moves up."""

from __future__ import annotations

from typing import Any

from guidedesk.domain.time import iso_utc
from guidedesk.server import gathering_desk
from guidedesk.services import operations as ops
from guidedesk.services.apply_gatherings import seat_id
from tests.server.people_at_work import joined
from tests.server.shop import START_MS, Counter, Shop

HOUR_MS = 3_600_000


def announced(shop: Shop, seats: int = 2, starts_ms: int = START_MS + 48 * HOUR_MS) -> str:
    made = shop.new_id()
    values = {
        "store": "S1", "title": "羊绒护理课", "title_en": "Cashmere care", "topic": "养护", "place": "二楼",
        "host": "a1", "at": iso_utc(starts_ms), "minutes": 90, "seats": seats,
    }  # fmt: skip
    assert gathering_desk.announce(shop.database, made, values) == shop.stores[0]
    return made


def state(shop: Shop, evening: str) -> tuple[int, int, dict[str, str]]:
    with shop.database.read() as conn:
        (row,) = gathering_desk.gatherings_of(conn, shop.stores[0])
        seats = gathering_desk.seats_at(conn, shop.stores[0], evening)
    return row["taken"], row["waiting"], {one["member_id"]: one["state"] for one in seats}


def sign_up(counter: Counter, evening: str, member: str, *, may_wait: bool = False) -> dict[str, Any]:
    return counter.do(ops.SignUp(gathering_id=evening, member_id=member, may_wait=may_wait))


def test_seats_go_by_arrival_nobody_waits_unasked_and_who_waits_longest_moves_up(shop: Shop) -> None:
    evening = announced(shop)
    here, there = shop.counter(), shop.counter()
    anna, bea, cleo, dora, emma = (joined(shop, here, name=f"客人{n}") for n in range(5))
    assert [sign_up(here, evening, who)["status"] for who in (anna, bea)] == ["accepted", "accepted"]
    refused = sign_up(there, evening, cleo)
    assert (refused["status"], refused["reason"], refused["params"]["why"]) == (
        "rejected", "stale_precondition", "gathering_full",
    )  # fmt: skip
    waits = sign_up(there, evening, dora, may_wait=True)
    assert (waits["status"], waits["reason"]) == ("merged", "waiting_list")
    sign_up(here, evening, emma, may_wait=True)
    assert sign_up(here, evening, anna, may_wait=True)["status"] == "accepted"  # she has a seat and keeps it
    assert state(shop, evening) == (2, 2, {anna: "seated", bea: "seated", dora: "waiting", emma: "waiting"})
    here.do(ops.SignOff(gathering_id=evening, member_id=bea))
    assert state(shop, evening) == (2, 1, {anna: "seated", bea: "left", dora: "seated", emma: "waiting"})
    there.pull()
    seen = {row["member_id"]: row["state"] for row in there.table("gathering_seat")}
    assert (seen[bea], seen[dora], seen[emma]) == ("left", "seated", "waiting")
    assert [(row["taken"], row["waiting"]) for row in there.table("gathering")] == [(2, 1)]
    # Whoever signed off and comes back waits behind the others, even while a seat is being freed.
    assert sign_up(here, evening, bea, may_wait=True)["reason"] == "waiting_list"
    here.do(ops.SignOff(gathering_id=evening, member_id=anna))
    assert state(shop, evening)[2] == {anna: "left", bea: "waiting", dora: "seated", emma: "seated"}


def test_the_same_sign_up_sent_twice_takes_one_seat(shop: Shop) -> None:
    evening = announced(shop)
    counter = shop.counter()
    member = joined(shop, counter)
    envelope = counter.envelope(ops.SignUp(gathering_id=evening, member_id=member, may_wait=False), "a1")
    first, again = counter.results(envelope)[0], counter.results(envelope)[0]
    assert (first["status"], again["status"]) == ("accepted", "already_applied")
    assert state(shop, evening) == (1, 0, {member: "seated"})


def test_who_came_is_kept_once_it_has_begun_and_a_cancelled_one_takes_nobody(shop: Shop) -> None:
    evening = announced(shop, starts_ms=START_MS + 2 * HOUR_MS)
    counter = shop.counter()
    member = joined(shop, counter)
    sign_up(counter, evening, member)
    early = counter.do(ops.NoteAttendance(gathering_id=evening, member_id=member, attendance="came"))
    assert early["params"]["why"] == "gathering_not_begun"
    shop.clock.now_ms += 2 * HOUR_MS
    counter.do(ops.NoteAttendance(gathering_id=evening, member_id=member, attendance="came"))
    with shop.database.read() as conn:
        (seat,) = gathering_desk.seats_at(conn, shop.stores[0], evening)
    assert (seat["id"], seat["attendance"]) == (seat_id(evening, member), "came")
    gathering_desk.cancel(shop.database, shop.stores[0], evening)
    late = sign_up(counter, evening, joined(shop, counter, name="后来的"))
    assert late["params"]["why"] == "gathering_cancelled"
