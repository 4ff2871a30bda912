"""Lines through discount, tax, exchange rates, returns and exchanges (COMMISSION.md 4, 9 "Orders")."""

from __future__ import annotations

from typing import Any

from tests.commission.support import (
    close,
    earned,
    event,
    events,
    exchange,
    give_back,
    lines,
    order,
    plan,
    rate,
    run,
    scan,
)

BIND = scan("s1", "G1", "M1", "03-01")
WHOLE = [plan({"id": "base", "kind": "line_rate", "rules": [{"rate_bp": 10000}]})]


def base(sale: dict[str, Any], *after: dict[str, Any], **config: Any) -> int:
    """The base of a line, seen through a rate of 100 %."""
    return sum(earned(run(events(BIND, sale, *after, plans=WHOLE, config=config))).values())


def refund(name: str, amount: int, when: str = "03-12", line: int = 1, target: str = "O1") -> dict[str, Any]:
    return event(name, "refund", when, order=target, line=line, amount=amount)


def cancel(name: str, target: str = "O1", when: str = "03-12") -> dict[str, Any]:
    return event(name, "cancel", when, order=target)


def test_tax_is_taken_out_unless_included() -> None:
    rows = [{"line": 1, "qty": 1, "amount": 1000, "tax_bp": 1300}]
    assert base(order("O1", "03-10", lines=rows)) == 885
    assert base(order("O1", "03-10", lines=rows), base={"tax": "include"}) == 1000


def test_the_rate_of_exchange_is_applied_after_tax_and_rounded_on_its_own() -> None:
    rows = [{"line": 1, "qty": 1, "amount": 1000, "tax_bp": 1300}]
    assert base(order("O1", "03-10", lines=rows, fx=[1, 2])) == 443


def test_discount_ties_go_to_the_earlier_line() -> None:
    rows = [{"line": n, "qty": 1, "amount": 100} for n in (2, 1, 3)]
    found = run(events(BIND, order("O1", "03-10", lines=rows, order_discount=100), plans=WHOLE))
    assert earned(found, "line") == {2: 66, 1: 67, 3: 67}


def test_many_partial_returns_leave_no_residue() -> None:
    sale = order("O1", "03-10", amount=100, qty=3)
    backs = [give_back(f"r{n}", "O1", f"03-1{n}", (1, 1)) for n in (1, 2, 3)]
    assert [base(sale, *backs[:n]) for n in range(4)] == [100, 67, 33, 0]


def test_refunds_lower_the_base_but_not_below_nothing() -> None:
    sale = order("O1", "03-10", amount=100, qty=2)
    assert base(sale, refund("f", 30)) == 70
    assert base(sale, refund("f", 30), refund("g", 30), give_back("r", "O1", "03-12", (1, 1))) == 0
    assert base(sale, refund("f", 10**9)) == 0


def test_all_returned_is_exactly_nothing_whatever_was_refunded() -> None:
    assert base(order("O1", "03-10", amount=100), refund("f", 0), cancel("c")) == 0


def test_per_unit_counts_net_quantity_and_ignores_refunds_and_exchange_rates() -> None:
    plans = [plan({"id": "unit", "kind": "line_rate", "rules": [{"per_unit": 7}]})]
    sale = order("O1", "03-10", amount=300, qty=3, fx=[7, 1])
    found = run(events(BIND, sale, refund("f", 300), give_back("r", "O1", "03-12", (1, 1)), plans=plans))
    assert earned(found) == {("G1", "O1"): 14}


def test_returning_more_than_sold_is_clamped_and_flagged() -> None:
    found = run(events(BIND, order("O1", "03-10"), give_back("r", "O1", "03-11", (1, 2))))
    assert (found.flags, earned(found)) == (["over_return:r"], {})
    twice = [cancel("c1"), cancel("c2", when="03-13")]
    assert run(events(BIND, order("O1", "03-10"), *twice)).flags == []


def test_an_unknown_order_waits_and_an_unknown_line_is_left_out() -> None:
    back = give_back("r", "O1", "03-11", (1, 1))
    assert run(events(BIND, back)).flags == ["orphan_return:r"]
    assert run(events(BIND, back, order("O1", "03-10"))).flags == []
    mixed = give_back("r", "O1", "03-11", (9, 1), (1, 1))
    found = run(events(BIND, order("O1", "03-10"), mixed, refund("f", 5, line=8)))
    assert (found.flags, earned(found)) == (["orphan_return:f", "orphan_return:r"], {})


def test_money_back_timed_before_the_sale_applies() -> None:
    for back in (give_back("r", "O1", "03-01", (1, 1)), refund("r", 10000, "03-01"), cancel("r", when="03-01")):
        assert base(order("O1", "03-10"), back) == 0


def test_clawback_counts_local_days_from_payment() -> None:
    config = {"clawback_days": 5}
    assert base(order("O1", "03-10"), give_back("r", "O1", "03-15 23:59", (1, 1)), **config) == 0
    found = run(events(BIND, order("O1", "03-10"), give_back("r", "O1", "03-16 00:00", (1, 1)), config=config))
    assert (found.flags, earned(found)) == (["clawback_expired:r"], {("G1", "O1"): 500})
    for late in (refund("r", 5, "03-16"), cancel("r", when="03-16")):
        assert run(events(BIND, order("O1", "03-10"), late, config=config)).flags == ["clawback_expired:r"]


def test_the_canonically_first_of_two_orders_with_one_id_is_kept() -> None:
    twin = {**order("O1", "03-09", amount=2000), "id": "twin"}
    found = run(events(BIND, order("O1", "03-10"), twin))
    assert (found.flags, earned(found)) == (["dup_order:O1"], {("G1", "O1"): 100})


class TestExchange:
    SALE = order("O1", "03-10", lines=[{"line": 1, "qty": 2, "amount": 10000, "category": "a"}])

    def test_copies_the_original_and_only_posts_in_its_own_month(self) -> None:
        plans = [plan(rate(500)), plan(rate(400), version=2, start="2026-04-01")]
        swap = exchange("x", "O1", "04-20", "X1", amount=7000)
        found = run(events(BIND, self.SALE, close("2026-03"), swap, plans=plans))
        assert lines(found)[1:] == [
            ["2026-04", "G1", "2026-03", "base", "O1", 1, -250],
            ["2026-04", "G1", "2026-03", "base", "X1", 1, 350],
        ]

    def test_new_lines_match_rules_by_their_own_category_and_the_orders_channel(self) -> None:
        rules = [{"match": {"category": "b", "channel": "online"}, "rate_bp": 1000}, {"rate_bp": 500}]
        plans = [plan({"id": "base", "kind": "line_rate", "rules": rules})]
        fresh = [{"line": 1, "qty": 1, "amount": 5000, "category": "b"}]
        found = run(events(BIND, self.SALE, exchange("x", "O1", "03-20", "X1", new_lines=fresh), plans=plans))
        assert earned(found) == {("G1", "O1"): 250, ("G1", "X1"): 500}

    def test_takes_participants_of_the_first_line_listed(self) -> None:
        rows = [{"line": n, "qty": 1, "amount": 1000, "seller": f"G{n}"} for n in (1, 2)]
        config = {"attribution": [{"match": {}, "model": {"kind": "seller"}}]}
        back = [{"line": 2, "qty": 1}, {"line": 1, "qty": 1}]
        swap = exchange("x", "O1", "03-20", "X1", amount=1000, lines=back)
        assert earned(run(events(order("O1", "03-10", lines=rows), swap, config=config))) == {("G2", "X1"): 50}

    def test_returning_nothing_is_ignored_as_a_whole(self) -> None:
        swap, later = exchange("x", "O1", "03-20", "X1"), give_back("r", "X1", "03-21", (1, 1))
        found = run(events(BIND, self.SALE, cancel("c"), swap, later))
        assert (found.flags, earned(found)) == (["orphan_return:r", "over_return:x"], {})
        expired = run(events(BIND, self.SALE, swap, later, config={"clawback_days": 5}))
        assert expired.flags == ["clawback_expired:x", "orphan_return:r"]

    def test_of_an_unknown_order_waits(self) -> None:
        assert run(events(exchange("x", "O1", "03-20", "X1"))).flags == ["orphan_return:x"]

    def test_to_a_used_order_id_is_ignored(self) -> None:
        other = order("X1", "03-11", amount=2000)
        found = run(events(BIND, self.SALE, other, exchange("x", "O1", "03-20", "X1")))
        assert (found.flags, earned(found)) == (["dup_order:X1"], {("G1", "O1"): 500, ("G1", "X1"): 100})

    def test_an_order_under_a_replacements_id_is_the_duplicate(self) -> None:
        other = order("X1", "03-25", amount=2000)
        found = run(events(BIND, self.SALE, exchange("x", "O1", "03-20", "X1"), other))
        assert (found.flags, earned(found)) == (["dup_order:X1"], {("G1", "O1"): 250, ("G1", "X1"): 500})

    def test_replacements_can_be_exchanged_and_returned(self) -> None:
        chain = [exchange("x1", "O1", "03-20", "X1"), exchange("x2", "X1", "03-21", "X2", amount=4000)]
        found = run(events(BIND, self.SALE, *chain, refund("f", 1000, "03-22", target="X2")))
        assert earned(found) == {("G1", "O1"): 250, ("G1", "X2"): 150}

    def test_the_clawback_clock_is_the_originals(self) -> None:
        chain = [exchange("x1", "O1", "03-14", "X1"), give_back("r", "X1", "03-16", (1, 1))]
        found = run(events(BIND, self.SALE, *chain, config={"clawback_days": 5}))
        assert found.flags == ["clawback_expired:r"]
