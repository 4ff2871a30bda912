"""What was recorded is never lost, renumbered wrongly, or changed after its final answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.services.operations import CompleteFollowUp, RegisterMember, ScheduleFollowUp
from guidedesk.sync.client import encode
from guidedesk.sync.counter import Counter
from guidedesk.sync.journal import KEEP_MS, Journal, Settlement
from guidedesk.sync.local_store import BlankCode
from guidedesk.sync.protocol import GENESIS
from tests.helpers.counter_parts import Shop, log, record, register


def check_chain(journal: Journal) -> None:
    """Numbers without a gap, each naming the link before it."""
    epoch = journal.chain().epoch
    entries = [e for e in journal.latest(10_000) if e.device_seq is not None and e.device_epoch == epoch]
    link, expected = GENESIS, 1
    for entry in sorted(entries, key=lambda e: e.device_seq or 0):
        assert entry.device_seq == expected
        assert entry.envelope.prev_hash == link
        link, expected = entry.envelope.chain_hash(), expected + 1
    assert (journal.chain().next_seq, journal.chain().head) == (expected, link)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Shop(tmp_path / "profile").open_enrolled()


def settle(counter: Counter, *op_ids: str, state: str = "accepted") -> None:
    answers = [Settlement(op_id, state, {"status": state}) for op_id in op_ids]  # type: ignore[arg-type]
    counter.journal.settle(answers, counter.now_ms())


def test_operations_form_one_chain_that_survives_a_restart(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "profile")
    counter = shop.open_enrolled()
    member = register(counter)
    log(counter, member)
    counter.close()
    counter = shop.open_enrolled()
    log(counter, member, "今天试了两件")
    check_chain(counter.journal)
    assert [e.envelope.type for e in counter.journal.pending()] == ["register", "interaction", "interaction"]


def test_what_is_done_with_a_new_member_depends_on_her_registration(counter: Counter) -> None:
    member_id, row_id = counter.new_id(), counter.new_id()
    together = record(
        counter,
        RegisterMember(member_id=member_id, name="沈知微"),
        ScheduleFollowUp(follow_up_id=row_id, member_id=member_id, due_date="2026-12-01"),
    )
    (later,) = record(counter, CompleteFollowUp(follow_up_id=row_id, member_id=member_id))
    deps = {e.envelope.op_id: e.envelope.deps for e in counter.journal.pending()}
    assert deps == {together[0]: (), together[1]: (together[0],), later: (together[0],)}


def test_a_refused_operation_writes_nothing(counter: Counter) -> None:
    with pytest.raises(Refused) as refused:
        log(counter, counter.new_id())
    assert refused.value.code == "not_found"
    assert counter.journal.latest(5) == []
    assert counter.journal.chain().next_seq == 1


def test_several_operations_are_recorded_together_or_not_at_all(counter: Counter) -> None:
    member_id = counter.new_id()
    with pytest.raises(Refused):
        record(
            counter,
            RegisterMember(member_id=member_id, name="沈知微"),
            CompleteFollowUp(follow_up_id=counter.new_id(), member_id=member_id),
        )
    assert counter.journal.latest(5) == []


def test_personal_fields_stay_outside_the_chain(counter: Counter) -> None:
    register(counter, "欧阳若兰")
    (entry,) = counter.journal.pending()
    with counter.journal.db.read() as conn:
        body = conn.exec_driver_sql("SELECT body FROM operation").scalar_one()
    assert "欧阳若兰" not in body
    assert entry.envelope.personal["name"] == "欧阳若兰"


def test_a_final_answer_never_changes(counter: Counter) -> None:
    register(counter)
    op_id = counter.journal.pending()[0].envelope.op_id
    settle(counter, op_id, state="rejected")
    settle(counter, op_id, state="accepted")
    entry = counter.journal.find(op_id)
    assert entry is not None
    assert entry.state == "rejected"


def test_a_fork_renumbers_what_is_unsettled_and_keeps_ids(counter: Counter) -> None:
    first = register(counter, "甲")
    log(counter, first)
    log(counter, first)
    before = [e.envelope.op_id for e in counter.journal.pending()]
    settle(counter, before[0])
    assert counter.journal.renumber(2) == 2
    after = counter.journal.pending()
    assert [e.envelope.op_id for e in after] == before[1:]
    assert [(e.device_epoch, e.device_seq) for e in after] == [(2, 1), (2, 2)]
    check_chain(counter.journal)
    log(counter, first)
    check_chain(counter.journal)


def test_what_is_sent_is_what_was_recorded_and_no_larger_than_said(counter: Counter) -> None:
    member = register(counter, "沈知微")
    log(counter, member, "看新到的\"羊绒\"大衣\u2028" * 30)
    log(counter, member)
    first, *_ = counter.journal.latest(9)[::-1]
    signed = {"status": "accepted", "received_at_ms": 1_795_000_000_000, "signature": "s" * 88}
    counter.journal.settle([Settlement(first.envelope.op_id, "accepted", signed)], 5)
    entries, sent = counter.journal.latest(9)[::-1], counter.journal.outgoing(1, 9)
    assert [one.wire for one in sent] == [entry.envelope.to_wire() for entry in entries]
    assert [one.wire.get("acknowledged") for one in sent] == [[1_795_000_000_000, "s" * 88], None, None]
    assert all(len(encode(one.wire)) <= one.size for one in sent)
    assert [(one.device_epoch, one.device_seq, one.state) for one in sent] == [
        (entry.device_epoch, entry.device_seq, entry.state) for entry in entries
    ]


def test_an_unreadable_operation_waits_alone_with_its_lane(counter: Counter) -> None:
    bad, good = register(counter, "坏"), register(counter, "好")
    log(counter, bad)
    log(counter, good)
    bad_op = counter.journal.pending()[0].envelope.op_id
    counter.journal.park_here(bad_op, "malformed")
    sendable = counter.journal.outgoing(1, 100)
    assert [e.wire["lane"] for e in sendable] == [good, good]
    check_chain(counter.journal)
    log(counter, bad)
    log(counter, good)
    assert [e.wire["lane"] for e in counter.journal.outgoing(1, 100)] == [good, good, good]
    assert counter.status().waiting == 3
    assert counter.journal.requeue_parked_here() == 3
    lanes = [e.wire["lane"] for e in counter.journal.outgoing(1, 100)]
    assert lanes == [good, good, good, bad, bad, bad]
    check_chain(counter.journal)


def test_settled_operations_go_after_thirty_days_but_unread_refusals_stay(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "profile")
    counter = shop.open_enrolled()
    member = register(counter)
    log(counter, member)
    log(counter, member)
    accepted, refused, waiting = (e.envelope.op_id for e in counter.journal.pending())
    settle(counter, accepted)
    settle(counter, refused, state="rejected")
    shop.clock.tick(KEEP_MS + 1_000)
    assert counter.journal.prune(counter.now_ms()) == 1
    assert {e.envelope.op_id for e in counter.journal.latest(5)} == {refused, waiting}
    counter.records.mark_seen(refused)
    assert counter.journal.prune(counter.now_ms()) == 1
    assert [e.envelope.op_id for e in counter.journal.latest(5)] == [waiting]


def test_a_registration_takes_its_code_out_of_the_pool(counter: Counter) -> None:
    counter.local.add_blank_codes([BlankCode("1" * 22, "1" * 12), BlankCode("2" * 22, "2" * 12)])
    code = counter.codes.take_blank()
    assert code == ("1" * 22, "1" * 12)
    operation = RegisterMember(member_id=counter.new_id(), name="沈知微", code_digits=code[0], code_typed=code[1])
    record(counter, operation)
    counter.local.add_blank_codes([BlankCode("1" * 22, "1" * 12)])
    assert counter.codes.take_blank() == ("2" * 22, "2" * 12)
    assert counter.local.count_blank_codes() == 1


def test_a_draft_is_there_after_a_restart(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "profile")
    counter = shop.open_enrolled()
    staff = counter.new_id()
    counter.save_draft(staff, "log", "m1", {"note": "半句"})
    counter.close()
    counter = shop.open_enrolled()
    assert counter.load_draft(staff, "log", "m1") == {"note": "半句"}
    assert counter.load_draft(counter.new_id(), "log", "m1") is None
    counter.save_draft(staff, "log", "m1", None)
    assert counter.load_draft(staff, "log", "m1") is None
