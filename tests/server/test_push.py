"""What becomes of operations: each on its own, once, and explained (SYNC.md 5 and 6)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select

from guidedesk.models import engagement, people
from guidedesk.models import server_tables as tables
from guidedesk.server import batch_run
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.quarantine import release_device
from guidedesk.server.settings import CHAIN_SETTINGS
from guidedesk.services.apply import apply_operation
from guidedesk.services.operations import (
    CompleteFollowUp,
    RecordVisit,
    ScheduleFollowUp,
    SetTag,
)
from guidedesk.sync.protocol import canonical, chain_hash
from guidedesk.sync.server_signing import Purpose, acknowledgement_payload, server_verify
from tests.server.people_at_work import PHONE, hello, interaction, joined, registration
from tests.server.shop import Counter, Shop


def count(shop: Shop, table: Any) -> int:
    with shop.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def test_registering_reaches_the_other_counter_of_the_store(shop: Shop) -> None:
    one, two, elsewhere = shop.counter(), shop.counter(), shop.counter(1)
    operation = registration(shop, phone=PHONE)
    result = one.do(operation)
    assert result["status"] == "accepted"
    assert {tbl for tbl, _ in result["rows"]} >= {"member", "consent"}
    two.pull()
    elsewhere.pull()
    [row] = two.table("member")
    assert (row["name"], row["phone_masked"], row["initials"]) == ("沈知微", "138****8000", "szw")
    assert elsewhere.table("member") == []
    assert len(two.table("staff")) == 9


def test_answer_is_signed_and_a_repeat_says_the_first_result(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    envelope = counter.envelope(interaction(shop, member_id), "a1")
    first = counter.results(envelope)[0]
    shop.clock.now_ms += 5_000
    again = counter.results(envelope)[0]
    assert (again["status"], again["params"]["first_status"]) == ("already_applied", "accepted")
    assert (again["received_at_ms"], again["signature"]) == (first["received_at_ms"], first["signature"])
    assert count(shop, engagement.interaction) == 1
    payload = acknowledgement_payload(envelope.op_id, envelope.body_hash(), first["received_at_ms"])
    key = Ed25519PublicKey.from_public_bytes(shop.secrets.signing_public())
    server_verify(Purpose.ACKNOWLEDGEMENT, payload, first["signature"], key)


def test_same_id_with_other_content_keeps_the_first(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    first = counter.envelope(interaction(shop, member_id, "first"), "a1")
    counter.results(first)
    body = dict(first.body) | {"outcome": "bought"}
    changed = replace(first, body=body, device_seq=counter.seq + 1, prev_hash=counter.link)
    counter.seq, counter.link = counter.seq + 1, changed.chain_hash()
    after = counter.envelope(interaction(shop, member_id), "a1")
    results = counter.results(changed, after)
    assert [r["status"] for r in results] == ["quarantined", "accepted"]
    with shop.database.read() as conn:
        outcomes = set(conn.execute(select(engagement.interaction.c.outcome)).scalars())
    assert outcomes == {"tried"}
    context = ServerContext.create(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)
    for verdict, ended in ((True, {"rejected": 1}), (False, {})):  # whoever looks at it, once
        done = release_device(context, counter.device_id, is_accepted=verdict, reason="seen")
        assert done.counts == ended
    for _ in range(2):  # the counter asks what became of it, and hears its end
        [told] = counter.results(changed)
        assert (told["status"], told["reason"], told["params"]) == ("rejected", "validation", {"why": "other_content"})
    assert counter.results(first)[0]["status"] == "already_applied"


def test_refused_unreadable_and_failing_leave_the_others_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    fails = interaction(shop, member_id, "boom")
    real = apply_operation

    def flaky(conn: Any, operation: Any, context: Any) -> Any:
        effect = real(conn, operation, context)
        if operation == fails:
            raise RuntimeError("boom")
        return effect

    monkeypatch.setattr(batch_run, "apply_operation", flaky)
    refused = counter.envelope(RecordVisit(visit_id=shop.new_id(), member_id=shop.new_id()), "a1")
    strange = counter.envelope(interaction(shop, member_id), "a1").to_wire()
    strange["body"] = {**strange["body"], "extra": 1}
    chained = {k: v for k, v in strange.items() if k not in ("device_seq", "prev_hash", "personal")}
    body_hash = hashlib.sha256(canonical(chained).encode()).digest()
    counter.link = chain_hash(refused.chain_hash(), counter.seq, body_hash)
    broken = {"device_seq": counter.seq + 1, "nonsense": [1, 2]}
    counter.seq += 1
    bad = counter.envelope(fails, "a1")
    good = counter.envelope(interaction(shop, counter_member(shop, counter), "good"), "a1")
    batch: list[Any] = [refused, strange, broken, bad, good]
    first = counter.results(*batch)
    assert [r["status"] for r in first] == ["rejected", "rejected", "rejected", "retry", "accepted"]
    assert [r["reason"] for r in first[:3]] == ["not_found", "validation", "validation"]
    assert first[0]["absent"]
    for _ in range(3):
        assert counter.results(*batch)[3]["status"] == "retry"
    last = counter.results(*batch)
    assert [r["status"] for r in last] == [
        "already_applied",
        "already_applied",
        "already_applied",
        "parked",
        "already_applied",
    ]
    assert count(shop, engagement.interaction) == 1


def counter_member(shop: Shop, counter: Counter) -> str:
    """Somebody else, so that she is another lane; registered by another counter of the store."""
    return joined(shop, shop.counter(), name="另一位")


def test_gap_is_told_and_nothing_is_taken(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    counter.envelope(interaction(shop, member_id), "a1")
    later = counter.envelope(interaction(shop, member_id), "a1")
    answer = counter.push(later)
    assert (answer.status_code, answer.json()["error"]) == (409, {"code": "seq_gap", "params": {"expected": 2}})
    assert count(shop, engagement.interaction) == 0


def test_cloned_disk_is_quarantined_and_loses_nothing(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    seq, link = counter.seq, counter.link
    counter.do(interaction(shop, member_id, "one disk"))
    counter.seq, counter.link = seq, link
    other = interaction(shop, member_id, "other disk")
    answer = counter.push(counter.envelope(other, "a1"))
    assert answer.status_code == 409
    assert answer.json()["error"] == {"code": "device_forked", "params": {"epoch": 2, "history": 1}}
    counter.epoch, counter.seq, counter.link = 2, 0, b"\0" * 32
    result = counter.do(other)
    assert (result["status"], result["reason"]) == ("quarantined", "device_suspended")
    assert (
        counter.call("GET", "/v1/sync/changes", query=f"scope={counter.scope_id}&epoch=1&after=0&limit=9").status_code
        == 403
    )
    assert count(shop, engagement.interaction) == 1
    assert count(shop, tables.audit) > 0


def test_what_depends_on_a_refused_operation_is_parked(shop: Shop) -> None:
    counter = shop.counter()
    operation = registration(shop, birthday="13-45")
    born = counter.envelope(operation, "a1")
    note = counter.envelope(interaction(shop, operation.member_id), "a1", deps=(born.op_id,))
    results = counter.results(born, note)
    assert [r["status"] for r in results] == ["rejected", "parked"]
    assert results[0]["params"]["why"] == "birthday_invalid"


def test_the_client_cannot_choose_who_or_when(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    foreign = counter.do(interaction(shop, member_id), actor="a3")
    nobody = counter.do(interaction(shop, member_id), actor=shop.new_id())
    assert [(r["status"], r["reason"]) for r in (foreign, nobody)] == [("rejected", "forbidden")] * 2
    ahead = counter.do(interaction(shop, member_id), occurred_at_ms=shop.clock.now_ms + 86_400_000)
    [(_, row)] = [entry for entry in ahead["rows"] if entry[0] == "interaction"]
    assert row["occurred_at_ms"] <= shop.clock.now_ms


def test_one_phone_is_one_person(shop: Shop) -> None:
    one, two = shop.counter(), shop.counter(1)
    first = joined(shop, one, phone=PHONE)
    second = registration(shop, name="同一人", phone=PHONE)
    result = two.do(second, actor="a3")
    assert (result["status"], result["reason"], result["params"]["member_id"]) == ("merged", "same_phone", first)
    two.pull()
    by_id = {row["id"]: row for row in two.table("member")}
    assert by_id[second.member_id]["merged_into"] == first
    assert by_id[first]["name"] == "沈知微"
    # what the second store says under the id it made is about the one person
    said = two.do(SetTag(member_id=second.member_id, tag="vip", is_on=True), actor="a3")
    assert said["status"] == "accepted"
    one.pull()
    assert [row["tag"] for row in one.table("member_tag")] == ["vip"]


def test_a_refused_registration_does_not_keep_the_phone(shop: Shop) -> None:
    counter = shop.counter()
    assert counter.do(registration(shop, phone=PHONE, birthday="99-99"))["status"] == "rejected"
    assert counter.do(registration(shop, phone=PHONE))["status"] == "accepted"


def test_a_phone_that_is_not_the_hashed_one_is_refused(shop: Shop) -> None:
    counter = shop.counter()
    honest = registration(shop, phone=PHONE)
    result = counter.do(replace(honest, phone_tail="9999"))
    assert (result["status"], result["reason"]) == ("rejected", "validation")


def test_first_completion_wins_and_the_loser_sees_it(shop: Shop) -> None:
    one, two = shop.counter(), shop.counter()
    member_id = joined(shop, one)
    task = ScheduleFollowUp(follow_up_id=shop.new_id(), member_id=member_id, due_date="2026-12-01", text="call")
    one.do(task)
    done = CompleteFollowUp(follow_up_id=task.follow_up_id, member_id=member_id, result="ok")
    assert two.do(done, actor="a2")["status"] == "accepted"
    late = one.do(done)
    assert (late["status"], late["reason"], late["params"]["staff_id"]) == (
        "rejected",
        "stale_precondition",
        shop.staff["a2"],
    )
    [(_, row)] = late["rows"]
    assert row["done_by"] == shop.staff["a2"]


def test_card_code_comes_from_the_pool_once(shop: Shop) -> None:
    counter = shop.counter()
    codes = counter.call("POST", "/v1/sync/hello", hello()).json()["codes"]
    assert len(codes) == int(CHAIN_SETTINGS["code_pool"][0])
    digits, typed = codes[0]
    joined(shop, counter, code_digits=digits, code_typed=typed)
    result = counter.do(registration(shop, name="第二人", code_digits=digits))
    assert result["params"] == {"code": "refused"}
    counter.pull()
    assert [row["digits"] for row in counter.table("member_code")] == [digits]
    assert [row["owner_id"] for row in counter.table("binding")] == [shop.staff["a1"]]
    with shop.database.read() as conn:
        effect = conn.execute(select(tables.op_log.c.effect_seq)).scalars().all()
        assert all(seq for seq in effect)
        assert conn.execute(select(func.count()).select_from(people.member)).scalar_one() == 2


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "another process wrote meanwhile"])
def test_the_log_names_where_in_the_feed_an_effect_stands(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, is_alone: bool
) -> None:
    if not is_alone:
        monkeypatch.setattr(ScopeWrite, "likely_numbers", lambda opened: dict.fromkeys(opened.mark(), 1_000_000))
    counter = shop.counter()
    member_id = joined(shop, counter)
    talks = [interaction(shop, member_id) for _ in range(8)]
    envelopes = [counter.envelope(talk, "a1") for talk in talks]
    assert {result["status"] for result in counter.results(*envelopes)} == {"accepted"}
    log, feed = tables.op_log.c, tables.feed.c
    with shop.database.read() as conn:
        noted = {row.op_id: row.effect_seq for row in conn.execute(select(log.op_id, log.effect_seq))}
        talks_in_feed = select(feed.row_id, feed.seq).where(feed.tbl == "interaction")
        seqs = {row.row_id: row.seq for row in conn.execute(talks_in_feed)}
    assert [noted[envelope.op_id] for envelope in envelopes] == [seqs[talk.interaction_id] for talk in talks]
