"""The server asks its own row whether something may be taken back, whatever a counter claims."""

from __future__ import annotations

from guidedesk.services.apply import RETRACT_MS
from guidedesk.services.operations import Retract
from tests.server.people_at_work import interaction, joined
from tests.server.shop import Shop


def test_only_who_logged_it_takes_it_back_and_only_in_time(shop: Shop) -> None:
    counter = shop.counter()
    talk = interaction(shop, joined(shop, counter))
    made = counter.do(talk, "a1")
    back = Retract(op_id=made["op_id"], interaction_id=talk.interaction_id, member_id=talk.member_id)
    refused = counter.do(back, "a2")
    assert (refused["status"], refused["reason"]) == ("rejected", "forbidden")
    taken = counter.do(back, "a1")
    assert taken["status"] == "accepted"
    assert [row["is_withdrawn"] for tbl, row in taken["rows"] if tbl == "interaction"] == [1]
    late = interaction(shop, talk.member_id)
    made = counter.do(late, "a1")
    shop.clock.now_ms += RETRACT_MS + 1
    back = Retract(op_id=made["op_id"], interaction_id=late.interaction_id, member_id=late.member_id)
    refused = counter.do(back, "a1")
    assert (refused["status"], refused["reason"]) == ("rejected", "stale_precondition")
    assert [row["is_withdrawn"] for tbl, row in refused["rows"] if tbl == "interaction"] == [0]
    foreign = Retract(op_id=made["op_id"], interaction_id=shop.new_id(), member_id=late.member_id)
    assert counter.do(foreign, "a1")["reason"] == "not_found"
