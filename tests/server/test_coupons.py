"""Coupons at the server: given from a lease, used once in the whole chain, with the proof their worth asks for."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.codes.trust import Verifier
from guidedesk.codes.trust_file import read_trust
from guidedesk.domain.coupons import read_tail
from guidedesk.domain.errors import Refused, StorageError
from guidedesk.models.entities import load_row
from guidedesk.server import push
from guidedesk.server.code_keys import TRUST_ID
from guidedesk.server.context import ServerContext
from guidedesk.server.coupon_desk import claim_coupons, coupon_used, put_campaign, used_twice
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.quarantine import release_device
from guidedesk.services import operations as ops
from tests.server.people_at_work import PHONE, hello, interaction, joined, registration, suspend
from tests.server.shop import START_MS, Counter, Shop

DAY = 86_400_000
TWO_HUNDRED: dict[str, Any] = {
    "number": 7, "name": "满 1,500 减 200", "name_en": "200 off 1,500", "kind": "amount", "value_minor": 20_000,
    "threshold_minor": 150_000, "currency": "CNY", "ends_at_ms": START_MS + 9 * DAY, "week_count": 2,
    "week_minor": 60_000,
}  # fmt: skip


@pytest.fixture
def campaign(shop: Shop) -> int:
    return put_campaign(shop.database, TWO_HUNDRED)


def leases(counter: Counter) -> list[tuple[str, str, int]]:
    answer = counter.call("POST", "/v1/sync/hello", hello(codes_left=200, coupons_left=0)).json()
    return [(handle, digits, number) for handle, digits, number in answer["coupons"]]


def give(counter: Counter, member_id: str, handle: str, by: str = "a1") -> dict[str, Any]:
    return counter.do(ops.IssueCoupon(member_id=member_id, handle=handle, campaign_no=7), by)


def use(shop: Shop, member_id: str, handle: str, **more: Any) -> ops.RedeemCoupon:
    values: dict[str, Any] = {"value_minor": 20_000, "is_final": False} | more
    return ops.RedeemCoupon(use_id=shop.new_id(), member_id=member_id, handle=handle, campaign_no=7, **values)


def coupon_rows(counter: Counter) -> dict[str, str]:
    counter.pull()
    return {row["handle"]: row["state"] for row in counter.table("coupon")}


def test_a_counter_holds_ten_signed_coupons_of_each_open_campaign(shop: Shop, campaign: int) -> None:
    counter = shop.counter()
    held = leases(counter)
    assert len(held) == 10
    assert leases(counter) == held
    with shop.database.read() as conn:
        row = load_row(conn, "trust_list", shop.chain_id, TRUST_ID)
    assert row is not None
    trust = Verifier(read_trust(row["document"]), shop.clock.now_ms // 1000)
    handle, digits, number = held[0]
    read = decode(digits, trust=trust)
    assert isinstance(read, CodeOk)
    assert read.record is not None
    assert (read.type, read.record.handle.hex()) == (CodeType.COUPON, handle)
    tail = read_tail(read.record.tail)
    assert (tail.campaign_no, tail.kind, tail.value, number) == (campaign, 1, 20_000, campaign)
    # A counter of an earlier program is not told; one of another store has its own.
    assert counter.call("POST", "/v1/sync/hello", hello()).json()["coupons"] == [list(one) for one in held]
    assert not {one[0] for one in leases(shop.counter(1))} & {one[0] for one in held}
    shop.clock.now_ms = TWO_HUNDRED["ends_at_ms"] + 1
    assert leases(counter) == []


def test_given_shown_everywhere_used_once(shop: Shop, campaign: int) -> None:
    home, visited = shop.counter(), shop.counter(1)
    member = joined(shop, home, phone=PHONE)
    visited.do(registration(shop, phone=PHONE), "a3")
    handle = leases(home)[0][0]
    assert give(home, member, handle)["status"] == "accepted"
    assert coupon_rows(home) == coupon_rows(visited) == {handle: "issued"}
    used = visited.do(use(shop, member, handle), "a3", assurance=2)
    assert used["status"] == "accepted", used
    assert coupon_rows(home) == coupon_rows(visited) == {handle: "redeemed"}
    again = home.do(use(shop, member, handle), assurance=2)
    assert (again["status"], again["reason"], again["params"]["why"]) == (
        "rejected", "stale_precondition", "coupon_used",
    )  # fmt: skip
    [row] = visited.table("coupon_use")
    assert (row["member_id"], row["value_minor"], row["assurance"]) == (member, 20_000, 2)
    assert home.table("coupon_use") == []


@pytest.mark.parametrize("is_turned", [False, True])
def test_of_two_stores_offline_the_first_to_reach_the_server_counts(shop: Shop, campaign: int, is_turned: bool) -> None:
    home, visited = shop.counter(), shop.counter(1)
    member = joined(shop, home, phone=PHONE)
    visited.do(registration(shop, phone=PHONE), "a3")
    handle = leases(home)[0][0]
    give(home, member, handle)
    one = (home, home.envelope(use(shop, member, handle), "a1", assurance=2))
    two = (visited, visited.envelope(use(shop, member, handle), "a3", assurance=2))
    order = [two, one] if is_turned else [one, two]
    states = [counter.results(envelope)[0]["status"] for counter, envelope in order]
    assert states == ["accepted", "rejected"]
    repeated = order[0][0].results(order[0][1])[0]
    assert (repeated["status"], repeated["params"]["first_status"]) == ("already_applied", "accepted")
    [twice] = used_twice(shop.database)
    late = shop.staff["a1" if is_turned else "a3"]
    assert (twice["handle"], twice["staff_id"], twice["value_minor"]) == (handle, late, 20_000)
    with shop.database.read() as conn:
        told = coupon_used(conn, handle)
    assert told is not None
    assert told[1] == shop.stores[1 if is_turned else 0]


def test_a_use_told_of_before_the_giving_ends_the_coupon_all_the_same(shop: Shop, campaign: int) -> None:
    home, visited = shop.counter(), shop.counter(1)
    member = joined(shop, home, phone=PHONE)
    visited.do(registration(shop, phone=PHONE), "a3")
    handle = leases(home)[0][0]
    given = home.envelope(ops.IssueCoupon(member_id=member, handle=handle, campaign_no=7), "a1")
    assert visited.do(use(shop, member, handle), "a3", assurance=2)["status"] == "accepted"
    assert home.results(given)[0]["status"] == "accepted"
    assert coupon_rows(home) == {handle: "redeemed"}


def test_what_is_refused_leaves_the_coupon_as_it_was(shop: Shop, campaign: int) -> None:
    counter = shop.counter()
    member, other = joined(shop, counter), joined(shop, counter, name="陈默")
    handle, unknown = leases(counter)[0][0], "00" * 8
    give(counter, member, handle)

    def why(operation: ops.Operation, **more: Any) -> Any:
        answer = counter.do(operation, **({"assurance": 2} | more))
        assert answer["status"] == "rejected", answer
        return answer["params"].get("why") or answer["params"].get("what")

    assert why(use(shop, other, handle)) == "coupon_not_hers"
    assert why(use(shop, member, handle, value_minor=30_000)) == "bad_value"
    assert why(use(shop, member, handle), assurance=1) == "coupon_proof"
    assert why(use(shop, member, handle, override_by=shop.staff["a2"]), assurance=1) == "not_a_manager"
    assert why(use(shop, member, unknown)) == "coupon"
    with shop.database.read() as conn:
        assert coupon_used(conn, handle) is None
    assert coupon_rows(counter) == {handle: "issued"}
    assert counter.do(use(shop, member, handle), assurance=2)["status"] == "accepted"


def test_a_managers_word_stands_in_under_a_cap_a_day(shop: Shop, campaign: int) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    first, second = (one[0] for one in leases(counter)[:2])
    for handle in (first, second):
        assert give(counter, member, handle)["status"] == "accepted"
    boss = shop.staff["m1"]
    taken = counter.do(use(shop, member, first, override_by=boss), assurance=1)
    assert taken["status"] == "accepted", taken
    over = counter.do(use(shop, member, second, override_by=boss), assurance=1)
    assert over["params"]["why"] == "coupon_cap"
    shop.clock.now_ms += DAY
    assert counter.do(use(shop, member, second, override_by=boss), assurance=1)["status"] == "accepted"


def test_an_associate_gives_within_her_allowance_of_the_week(shop: Shop, campaign: int) -> None:
    counter, beside = shop.counter(), shop.counter()
    member = joined(shop, counter)
    handles = [one[0] for one in leases(counter)]
    assert give(beside, member, handles[0])["params"]["why"] == "not_from_this_pool"
    assert [give(counter, member, handle)["status"] for handle in handles[:2]] == ["accepted", "accepted"]
    assert give(counter, member, handles[0])["status"] == "accepted", "given already: nothing changes"
    assert give(counter, member, handles[2])["params"]["why"] == "coupon_allowance"
    assert give(counter, member, handles[3], "a2")["status"] == "accepted", "a colleague has her own"
    shop.clock.now_ms += 7 * DAY
    assert give(counter, member, handles[2])["status"] == "accepted"


def test_what_is_over_is_neither_given_nor_used(shop: Shop, campaign: int) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    handles = [one[0] for one in leases(counter)]
    give(counter, member, handles[0])
    late = TWO_HUNDRED["ends_at_ms"] + 60_000
    shop.clock.now_ms = late
    assert counter.do(use(shop, member, handles[0]), assurance=2)["params"]["why"] == "coupon_over"
    assert give(counter, member, handles[1])["params"]["why"] == "coupon_over"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": 0}, "number"), ({"kind": "free"}, "kind"), ({"value_minor": 0}, "value_minor"),
        ({"value_minor": -1}, "value_minor"), ({"percent_bp": 12_000, "kind": "percent"}, "value_minor"),
        ({"name": " "}, "name"), ({"currency": "Y"}, "currency"), ({"colour": 1}, "colour"),
        ({"value_minor": 0, "kind": "percent", "percent_bp": 12_000}, "percent_bp"),
    ],
)  # fmt: skip
def test_nonsense_in_a_campaign_is_named(shop: Shop, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as told:
        put_campaign(shop.database, TWO_HUNDRED | change)
    assert told.value.params["field"] == field


def test_what_two_pcs_of_one_disk_gave_is_the_first_ones(shop: Shop, campaign: int) -> None:
    counter = shop.counter()
    first, second = joined(shop, counter), joined(shop, counter)
    handle = leases(counter)[0][0]
    assert [give(counter, member, handle)["status"] for member in (first, first, second)] == [
        "accepted", "accepted", "rejected",
    ]  # fmt: skip


def test_a_use_refused_with_the_giving_leaves_the_coupon_to_whose_it_is(shop: Shop, campaign: int) -> None:
    """A counter brings both again after head office was restored, and somebody had become another person meanwhile."""
    counter = shop.counter()
    member, other = joined(shop, counter), joined(shop, counter, name="陈默")
    handle = leases(counter)[0][0]
    given = counter.envelope(ops.IssueCoupon(member_id=member, handle=handle, campaign_no=7), "a1")
    wrong = counter.envelope(use(shop, other, handle), "a1", assurance=2)
    assert [one["status"] for one in counter.results(given, wrong)] == ["accepted", "rejected"]
    assert coupon_rows(counter) == {handle: "issued"}
    assert counter.do(use(shop, member, handle), assurance=2)["status"] == "accepted"
    assert coupon_rows(counter) == {handle: "redeemed"}


def test_a_use_decided_in_the_batch_that_gives_the_coupon_ends_it(shop: Shop, campaign: int) -> None:
    """Two PCs of one disk: this one used what its twin had given, and then gives the same one itself."""
    counter = shop.counter()
    member = joined(shop, counter)
    handle = leases(counter)[0][0]
    used = counter.envelope(use(shop, member, handle), "a1", assurance=2)
    given = counter.envelope(ops.IssueCoupon(member_id=member, handle=handle, campaign_no=7), "a1")
    assert [one["status"] for one in counter.results(used, given)] == ["accepted", "accepted"]
    assert coupon_rows(counter) == {handle: "redeemed"}


def test_a_use_in_another_store_that_is_not_decided_yet_ends_the_coupon_when_it_is(
    shop: Shop, campaign: int
) -> None:
    home, visited = shop.counter(), shop.counter(1)
    member = joined(shop, home, phone=PHONE)
    visited.do(registration(shop, phone=PHONE), "a3")
    handle = leases(home)[0][0]
    first = visited.envelope(use(shop, member, handle), "a3", assurance=2)
    claim_coupons(shop.database, visited.scope_id, [(first.op_id, handle, first.occurred_at_ms)])
    assert give(home, member, handle)["status"] == "accepted"
    assert coupon_rows(home) == {handle: "issued"}
    assert visited.results(first)[0]["status"] == "accepted"
    assert coupon_rows(home) == {handle: "redeemed"}


def test_a_server_that_stops_after_refusing_a_use_keeps_the_coupon_for_nobody(
    shop: Shop, campaign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = shop.counter()
    member, other = joined(shop, counter), joined(shop, counter, name="陈默")
    handle = leases(counter)[0][0]
    give(counter, member, handle)
    wrong = counter.envelope(use(shop, other, handle), "a1", assurance=2)
    with monkeypatch.context() as stopped:
        stopped.setattr(push, "release_claims", stop)
        assert counter.push(wrong).status_code == 503
    assert counter.results(wrong)[0]["status"] == "already_applied"
    assert counter.do(use(shop, member, handle), assurance=2)["status"] == "accepted"


def stop(*_: object) -> None:
    raise StorageError("server_busy")


def test_a_right_use_sent_with_a_wrong_one_is_put_off_and_then_taken(shop: Shop, campaign: int) -> None:
    counter = shop.counter()
    member, other = joined(shop, counter), joined(shop, counter, name="陈默")
    handle = leases(counter)[0][0]
    give(counter, member, handle)
    wrong, dear = use(shop, other, handle), use(shop, member, handle, value_minor=30_000)
    right, twice = use(shop, member, handle), use(shop, member, handle)
    batch = [counter.envelope(each, "a1", assurance=2) for each in (wrong, dear, right, twice)]
    first = counter.results(*batch)
    assert [one["status"] for one in first] == ["rejected", "rejected", "retry", "retry"]
    assert [one["params"].get("why") for one in first[:2]] == ["coupon_not_hers", "bad_value"]
    assert coupon_rows(counter) == {handle: "issued"}
    later = counter.envelope(interaction(shop, member), "a1")
    assert counter.push(later).status_code == 409, "what comes after does not overtake what was put off"
    second = counter.results(*batch, later)
    assert [one["status"] for one in second] == [
        "already_applied", "already_applied", "accepted", "rejected", "accepted",
    ]  # fmt: skip
    assert second[3]["params"]["why"] == "coupon_used"
    assert coupon_rows(counter) == {handle: "redeemed"}


def test_a_use_that_was_made_before_a_wrong_one_and_is_decided_after_it_is_taken(shop: Shop, campaign: int) -> None:
    """The directory goes by when they were made, the batch by their numbers: the clock was put back in between."""
    counter = shop.counter()
    member, other = joined(shop, counter), joined(shop, counter, name="陈默")
    handle = leases(counter)[0][0]
    give(counter, member, handle)
    right = counter.envelope(use(shop, member, handle), "a1", assurance=2)
    early = shop.clock.now_ms - 60_000
    wrong = counter.envelope(use(shop, other, handle), "a1", assurance=2, occurred_at_ms=early)
    assert [one["status"] for one in counter.results(right, wrong)] == ["retry", "rejected"]
    assert [one["status"] for one in counter.results(right, wrong)] == ["accepted", "already_applied"]


def test_a_manager_who_lets_both_in_lets_the_right_one_use_the_coupon(shop: Shop, campaign: int) -> None:
    counter = shop.counter()
    member, other = joined(shop, counter), joined(shop, counter, name="陈默")
    handle = leases(counter)[0][0]
    give(counter, member, handle)
    batch = [counter.envelope(use(shop, who, handle), "a1", assurance=2) for who in (other, member)]
    suspend(shop, counter)
    assert [one["status"] for one in counter.results(*batch)] == ["quarantined", "quarantined"]
    context = ServerContext.create(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)
    released = release_device(context, counter.device_id, is_accepted=True, reason="seen")
    assert released.counts == {"rejected": 1, "accepted": 1}
    assert coupon_rows(counter) == {handle: "redeemed"}
