"""Closes, posting periods and reviews (COMMISSION.md 5, 8, 9 "Time and ledger")."""

from __future__ import annotations

import pytest

from guidedesk.domain.commission.reading import DocumentError
from tests.commission.support import close, earned, event, events, give_back, late, lines, order, review, run, scan

BIND = scan("s1", "G1", "M1", "03-01")


def test_the_first_close_also_closes_everything_before_it() -> None:
    old = order("O1", "02-10", member=None, store="S1", seller="G1", channel="store")
    found = run(events(close("2026-03"), old))
    assert lines(found) == [["2026-04", "G1", "2026-02", "base", "O1", 1, 500]]
    assert found.statements == []


def test_closes_follow_each_other() -> None:
    for wrong in ("2026-05", "2026-03", "2026-02"):
        again = {**close(wrong), "id": "again"}
        with pytest.raises(DocumentError) as refused:
            run(events(close("2026-03"), again))
        assert refused.value.key == "period"
    run(events(close("2026-03"), close("2026-03"), close("2026-04")))


def test_a_close_acts_where_it_arrives() -> None:
    sale = order("O1", "03-10")
    assert lines(run(events(BIND, sale, close("2026-03"))))[0][0] == "2026-03"
    assert lines(run(events(BIND, close("2026-03"), sale)))[0][0] == "2026-04"
    assert lines(run(events(BIND, close("2026-03"), close("2026-04"), sale)))[0][0] == "2026-05"


def test_a_close_is_no_target_of_a_review() -> None:
    voided = run(events(BIND, order("O1", "03-10"), close("2026-03"), review("v", "close-2026-03", "void", "03-11")))
    assert [line.posting for line in voided.lines] == [2026 * 12 + 2]


def test_a_return_of_next_month_posts_there_even_while_the_sale_is_open() -> None:
    found = run(events(BIND, order("O1", "03-10"), give_back("r", "O1", "04-02", (1, 1))))
    assert [(line[0], line[2], line[6]) for line in lines(found)] == [
        ("2026-03", "2026-03", 500),
        ("2026-04", "2026-03", -500),
    ]


class TestReviews:
    def test_void_takes_an_event_out_from_the_reviews_posting_period_on(self) -> None:
        found = run(events(BIND, order("O1", "03-10"), close("2026-03"), review("v", "e-O1", "void", "03-20")))
        assert [(line[0], line[6]) for line in lines(found)] == [("2026-03", 500), ("2026-04", -500)]

    def test_accept_undoes_void_and_the_last_in_canonical_order_decides(self) -> None:
        void, accept = review("v1", "e-O1", "void", "03-20"), review("v2", "e-O1", "accept", "03-21")
        assert earned(run(events(BIND, order("O1", "03-10"), accept, void))) == {("G1", "O1"): 500}
        earlier = review("v2", "e-O1", "accept", "03-19")
        assert earned(run(events(BIND, order("O1", "03-10"), earlier, void))) == {}

    def test_a_voided_review_does_not_decide(self) -> None:
        void, undo = review("v1", "e-O1", "void", "03-20"), review("v2", "v1", "void", "03-19")
        assert earned(run(events(BIND, order("O1", "03-10"), void, undo))) == {("G1", "O1"): 500}

    def test_reviews_in_a_circle_give_one_answer(self) -> None:
        circle = [review("v1", "v2", "void", "03-20"), review("v2", "v1", "void", "03-21")]
        sale = [BIND, order("O1", "03-10"), review("v3", "e-O1", "void", "03-22")]
        assert lines(run(events(*sale, *circle))) == lines(run(events(*reversed([*sale, *circle]))))

    def test_a_voided_event_raises_no_flag(self) -> None:
        refused = scan("s2", "G2", "M1", "03-02")
        assert run(events(BIND, refused, review("v", "s2", "void", "03-03"))).flags == []
        assert run(events(late(200), review("v", "s1", "void", "03-13"))).flags == []

    def test_any_event_can_be_voided(self) -> None:
        merge = event("m", "member.merge", "03-02", **{"from": "M2", "into": "M1"})
        assert run(events(BIND, merge)).owners["M2"] == "G1"
        assert run(events(BIND, merge, review("v", "m", "void", "03-03"))).owners["M2"] is None
        pay = event("a", "adjustment", "03-02", associate="G1", amount=50, reason="x")
        assert earned(run(events(pay, review("v", "a", "void", "03-03")))) == {}
