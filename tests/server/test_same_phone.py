"""One phone, one person; and taken back when it was two (SYNC.md 6)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.models import people
from guidedesk.models.entities import load_rows
from guidedesk.server.context import ServerContext
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.merges import void_merge
from guidedesk.server.phone_claims import PhoneClaim, claim_phones
from guidedesk.server.quarantine import release_device
from guidedesk.server.sharding import cross_scope
from guidedesk.services import operations as ops
from guidedesk.sync.protocol import GENESIS, SCHEMA
from tests.server.people_at_work import PHONE, interaction, joined, registration, suspend
from tests.server.shop import Counter, Shop


def rows(shop: Shop, name: str, scope_id: str, *row_ids: str) -> list[dict[str, Any]]:
    with shop.database.read() as conn:
        return load_rows(conn, name, scope_id, row_ids)


def context(shop: Shop) -> ServerContext:
    return ServerContext.create(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)


@cross_scope  # an operator's hand: which store the counter is in does not matter
def blank_code(shop: Shop, counter: Counter) -> tuple[str, str]:
    answer = counter.call("POST", "/v1/sync/hello", {
        "device_epoch": 1, "next_seq": 1, "schema": [1, SCHEMA], "cursors": [], "t0": 5, "codes_left": 0, "unsent": 0,
    })  # fmt: skip
    assert answer.status_code == 200, answer.text
    digits, typed = answer.json()["codes"][0]
    return digits, typed


def merged(shop: Shop, counter: Counter, by: str = "a1") -> tuple[str, str, str]:
    """(the one known first, the later registration, the later one's card)."""
    first = joined(shop, shop.counter(), name="沈知微", phone=PHONE)
    digits, typed = blank_code(shop, counter)
    later = registration(shop, name="沈小姐", phone=PHONE, code_digits=digits, code_typed=typed, birthday="01-02")
    answer = counter.do(later, by)
    assert (answer["status"], answer["reason"], answer["params"]["member_id"]) == ("merged", "same_phone", first)
    return first, later.member_id, digits


def test_the_known_persons_fields_and_answers_win_and_the_new_card_is_hers(shop: Shop) -> None:
    counter = shop.counter()
    first, later, digits = merged(shop, counter)
    counter.pull()
    people = {row["id"]: row for row in counter.table("member")}
    assert (people[first]["name"], people[first]["birthday"]) == ("沈知微", None)
    assert people[later]["merged_into"] == first
    assert [row["member_id"] for row in counter.table("member_code") if row["digits"] == digits] == [first]
    assert {row["member_id"] for row in counter.table("consent")} == {first}
    assert counter.table("binding") == []
    talk = interaction(shop, later)
    assert counter.do(talk)["status"] == "accepted"
    [row] = rows(shop, "interaction", shop.stores[0], talk.interaction_id)
    assert row["member_id"] == first


def test_nobody_becomes_one_person_with_somebody_whom_a_manager_has_not_let_in(shop: Shop) -> None:
    counter = shop.counter()
    early, later = registration(shop, phone=PHONE), registration(shop, phone=PHONE)
    month_ago = shop.clock.now_ms - 30 * 86_400_000
    batch = [counter.envelope(early, "a1", occurred_at_ms=month_ago), counter.envelope(later, "a1")]
    assert [answer["status"] for answer in counter.results(*batch)] == ["quarantined", "accepted"]
    release_device(context(shop), counter.device_id, is_accepted=True, reason="her handwriting")
    [row] = rows(shop, "member", shop.stores[0], early.member_id)
    assert row["merged_into"] == later.member_id


def test_a_manager_lets_somebody_in_whose_number_was_claimed_for_nobody(shop: Shop) -> None:
    """The server stopped between claiming a number for one and writing her down; a manager does not wait for her."""
    counter, elsewhere = shop.counter(), shop.counter(1)
    missing, later = registration(shop, phone=PHONE), registration(shop, phone=PHONE)
    claim = PhoneClaim(str(missing.phone_hash), missing.member_id, shop.stores[1])
    claim_phones(shop.database, [claim], shop.clock.now_ms)
    suspend(shop, counter)
    assert counter.do(later)["status"] == "quarantined"
    released = release_device(context(shop), counter.device_id, is_accepted=True, reason="looked at it")
    assert released.counts == {"accepted": 1}
    [row] = rows(shop, "member", shop.stores[0], later.member_id)
    assert row["merged_into"] is None
    answer = elsewhere.do(missing, "a3")
    assert (answer["status"], answer["params"]["member_id"]) == ("merged", later.member_id)


def test_nobody_becomes_one_person_with_somebody_who_was_refused_in_the_same_batch(shop: Shop) -> None:
    counter = shop.counter()
    refused = registration(shop, phone=PHONE, birthday="13-45")
    then, last = (registration(shop, phone=PHONE) for _ in range(2))
    batch = [counter.envelope(each, "a1") for each in (refused, then, last)]
    answers = counter.results(*batch)
    assert [answer["status"] for answer in answers] == ["rejected", "accepted", "merged"]
    assert answers[2]["params"]["member_id"] == then.member_id
    again = shop.counter(1).do(registration(shop, phone=PHONE), "a3")
    assert (again["status"], again["params"]["member_id"]) == ("merged", then.member_id)


def test_nobody_becomes_one_person_with_somebody_who_was_to_get_the_number_and_did_not(shop: Shop) -> None:
    """The server stopped between claiming a number for a member whose card was edited and writing the change."""
    counter, elsewhere = shop.counter(), shop.counter(1)
    known = joined(shop, counter)
    later = registration(shop, phone=PHONE)
    claim_phones(shop.database, [PhoneClaim(str(later.phone_hash), known, shop.stores[0])], shop.clock.now_ms)
    sent = elsewhere.envelope(later, "a3")
    assert [answer["status"] for answer in elsewhere.results(sent)] == ["retry"]
    shop.clock.now_ms += 600_001
    assert [answer["status"] for answer in elsewhere.results(sent)] == ["accepted"]
    phone = {name: getattr(later, name) for name in ("phone_hash", "phone_masked", "phone_tail", "phone_sealed")}
    answer = counter.do(ops.EditMember(member_id=known, fields=("phone",), **phone))
    assert (answer["status"], answer["reason"]) == ("merged", "phone_taken")


def test_a_number_typed_for_the_wrong_member_and_refused_is_free_for_the_right_one(shop: Shop) -> None:
    counter = shop.counter()
    wrong, right = joined(shop, counter), joined(shop, counter)
    asked = registration(shop, phone=PHONE)
    phone = {name: getattr(asked, name) for name in ("phone_hash", "phone_masked", "phone_tail", "phone_sealed")}
    edits = (
        ops.EditMember(member_id=wrong, fields=("phone", "birthday"), birthday="13-45", **phone),
        ops.EditMember(member_id=right, fields=("phone",), **phone),
    )
    answers = counter.results(*(counter.envelope(edit, "a1") for edit in edits))
    assert [answer["status"] for answer in answers] == ["rejected", "accepted"]
    again = shop.counter(1).do(asked, "a3")
    assert (again["status"], again["params"]["member_id"]) == ("merged", right)


def test_two_of_yesterday_that_come_at_the_same_moment_become_one_person(shop: Shop) -> None:
    """After an outage both registrations are old, and one is asked for while the other's batch is being decided."""
    counter, elsewhere = shop.counter(), shop.counter(1)
    first, later = registration(shop, phone=PHONE), registration(shop, phone=PHONE)
    yesterday = shop.clock.now_ms - 86_400_000
    claim_phones(shop.database, [PhoneClaim(str(first.phone_hash), first.member_id, shop.stores[0])], shop.clock.now_ms)
    sent = elsewhere.envelope(later, "a3", occurred_at_ms=yesterday)
    assert [answer["status"] for answer in elsewhere.results(sent)] == ["retry"]
    assert counter.results(counter.envelope(first, "a1", occurred_at_ms=yesterday))[0]["status"] == "accepted"
    [answer] = elsewhere.results(sent)
    assert (answer["status"], answer["params"]["member_id"]) == ("merged", first.member_id)


def test_a_batch_that_comes_before_its_turn_leaves_no_claim(shop: Shop) -> None:
    """Her number is the first one's, though what comes after her had arrived before, and was refused (`seq_gap`)."""
    counter = shop.counter()
    first, second = (counter.envelope(registration(shop, phone=PHONE), "a1") for _ in range(2))
    assert counter.push(second).status_code == 409
    answers = counter.results(first, second)
    assert [answer["status"] for answer in answers] == ["accepted", "merged"]
    assert answers[1]["params"]["member_id"] == first.body["member_id"]


def test_a_copied_disk_that_is_found_out_leaves_no_claim(shop: Shop) -> None:
    """What it brought waits for a manager; nobody else waits for whom it would have registered."""
    counter, elsewhere = shop.counter(), shop.counter(1)
    joined(shop, counter)
    counter.seq, counter.link = 0, GENESIS
    copied = counter.envelope(registration(shop, phone=PHONE), "a1")
    assert counter.push(copied).json()["error"]["code"] == "device_forked"
    assert elsewhere.do(registration(shop, phone=PHONE), "a3")["status"] == "accepted"


def test_a_number_on_its_way_home_is_hers(shop: Shop) -> None:
    counter, elsewhere = shop.counter(), shop.counter(1)
    known = joined(shop, counter)
    later = registration(shop, phone=PHONE)
    phone = {name: getattr(later, name) for name in ("phone_hash", "phone_masked", "phone_tail", "phone_sealed")}
    assert counter.do(ops.EditMember(member_id=known, fields=("phone",), **phone))["status"] == "accepted"
    with shop.as_owner() as conn:  # as if its way home were long
        conn.execute(update(people.member).values(phone_hash=None))
    answer = elsewhere.do(later, "a3")
    assert (answer["status"], answer["params"]["member_id"]) == ("merged", known)


def test_a_merge_taken_back_gives_two_people_and_the_card_to_the_later(shop: Shop) -> None:
    counter, elsewhere = shop.counter(1), shop.counter()
    first, later, digits = merged(shop, counter, "a3")
    elsewhere.pull()
    assert [row["member_id"] for row in elsewhere.table("member_code")] == [first]
    assert void_merge(shop.database, later, reason="mother and daughter", now_ms=shop.clock.now_ms) == first
    counter.pull()
    elsewhere.pull()
    assert elsewhere.table("member_code") == []
    assert {row["id"] for row in elsewhere.table("member")} == {first}
    people = {row["id"]: row for row in counter.table("member")}
    assert (people[later]["merged_into"], people[later]["name"], people[later]["phone_hash"]) == (None, "沈小姐", None)
    assert people[later]["is_incomplete"] == 1
    assert [row["member_id"] for row in counter.table("member_code") if row["digits"] == digits] == [later]
    assert {(row["member_id"], row["purpose"]) for row in counter.table("consent")} == {
        (first, "service"), (later, "service"),
    }  # fmt: skip
    assert [(row["id"], row["owner_id"]) for row in counter.table("binding")] == [(later, shop.staff["a3"])]
    assert [row["outcome"] for row in counter.table("binding_event")] == ["bound"]
    again = counter.do(registration(shop, phone=PHONE), "a3")
    assert again["params"]["member_id"] == first
    tag = ops.SetTag(member_id=later, is_on=True, tag="羊绒")
    counter.do(tag, "a3")
    [row] = rows(shop, "member_tag", shop.stores[1], derived_id("tag", shop.stores[1], later, "羊绒"))
    assert row["member_id"] == later


def test_only_a_merge_can_be_taken_back_and_only_once(shop: Shop) -> None:
    first, later, _ = merged(shop, shop.counter())
    void_merge(shop.database, later, reason="x", now_ms=shop.clock.now_ms)
    wrong = {later: "not_merged", first: "not_merged", shop.new_id(): "not_found", "x": "not_found"}
    for member, code in wrong.items():
        with pytest.raises(Refused) as refused:
            void_merge(shop.database, member, reason="x", now_ms=shop.clock.now_ms)
        assert refused.value.code == code


def test_a_different_person_is_saved_without_the_phone(shop: Shop) -> None:
    counter = shop.counter()
    joined(shop, counter, phone=PHONE)
    other = joined(shop, counter, name="沈女士")
    [row] = rows(shop, "member", shop.stores[0], other)
    assert (row["phone_hash"], row["is_incomplete"], row["merged_into"]) == (None, 1, None)
