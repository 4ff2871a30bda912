"""Family dates and wishes at two counters and another store: offline, withdrawn, bought, arrived."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.domain.family import FamilyDate
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import local_date
from guidedesk.server.rows import put_row
from guidedesk.server.settings import write_settings
from guidedesk.services import operations as ops
from guidedesk.services.queries.family import family_dates
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.queries.wishes import WishInfo, list_wishes
from tests.helpers.counter_parts import register
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, World, settle
from tests.sync.test_occasions import tasks
from tests.sync.test_remaining_operations import assert_equal, bind, do, last, rows, sale


def family(till: Till, member: str) -> tuple[FamilyDate, ...]:
    with till.counter.read() as conn:
        keeps = get_settings(conn).keeps_children
        return family_dates(conn, [member], keeps_children=keeps).get(member, ())


def wishes(till: Till, member: str) -> tuple[WishInfo, ...]:
    with till.counter.read() as conn:
        return list_wishes(conn, member, get_settings(conn).zone, till.counter.now_ms())


def keep(member: str, day: str, *, relation: str = "partner", old: bool = True) -> ops.SetFamilyDate:
    return ops.SetFamilyDate(
        member_id=member, is_on=True, is_of_age=old, relation=relation, event="birthday", month_day=day
    )


def agree(member: str, is_given: bool = True) -> ops.SetConsent:
    return ops.SetConsent(member_id=member, purpose="family", is_given=is_given)


@pytest.fixture
def known(world: World) -> tuple[Till, Till, str]:
    """Two counters of a store that know a member of a1's."""
    a, b = world.till(), world.till()
    settle(a, b)
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    do(a, "a1", bind(a, member, "a1"))
    settle(a, b)
    return a, b, member


def test_a_family_date_kept_offline_is_told_at_the_other_counter_and_gone_with_the_consent(
    known: tuple[Till, Till, str]
) -> None:
    a, b, member = known
    with a.counter.read() as conn:
        soon = local_date(a.counter.now_ms(), get_settings(conn).zone) + timedelta(days=3)
    with pytest.raises(Refused, match="family_consent"):
        do(a, "a1", keep(member, f"{soon:%m-%d}"))
    a.wire.is_cut = True
    do(a, "a1", agree(member), keep(member, f"{soon:%m-%d}"))
    with pytest.raises(Refused, match="family_under_age"):
        do(a, "a1", keep(member, "06-01", relation="child", old=False))
    assert len(family(a, member)) == 1
    a.wire.is_cut = False
    settle(a, b)
    assert family(b, member) == family(a, member) == (FamilyDate("partner", "birthday", f"{soon:%m-%d}", True),)
    assert [item.reason for item in tasks(b).open] == ["family"]
    assert rows(a, "family_date") == rows(b, "family_date")
    assert_equal(a, b)
    b.wire.is_cut = True
    do(b, "a2", agree(member, is_given=False))
    do(a, "a1", keep(member, "12-24"))  # by a counter that does not know of the withdrawal yet
    b.wire.is_cut = False
    settle(b, a)
    assert (last(a).state, last(a).params["why"]) == ("rejected", "family_consent")
    assert family(a, member) == family(b, member) == ()
    assert tasks(a).open == ()
    assert_equal(a, b)


def test_a_chain_may_keep_dates_of_children_and_stop_it_again(world: World, known: tuple[Till, Till, str]) -> None:
    a, b, member = known
    write_settings(world.database, {"family_under_14": "1"})
    settle(a, b)
    do(a, "a1", agree(member), keep(member, "06-01", relation="child", old=False))
    settle(a, b)
    assert [one.relation for one in family(b, member)] == ["child"]
    write_settings(world.database, {"family_under_14": "0"})
    settle(a, b)
    assert family(b, member) == ()


def test_a_wish_travels_with_her_arrives_and_closes_itself_when_bought(
    world: World, known: tuple[Till, Till, str]
) -> None:
    a, b, member = known
    do(a, "a1", ops.SetConsent(member_id=member, purpose="wechat", is_given=True))
    a.wire.is_cut = True
    coat, scarf = a.counter.new_id(), a.counter.new_id()
    do(a, "a1", ops.AddWish(wish_id=coat, member_id=member, words="羊绒大衣", size="M"))
    do(a, "a1", ops.AddWish(wish_id=scarf, member_id=member, words="围巾", until_date="2020-01-01"))
    a.wire.is_cut = False
    settle(a, b)
    assert {one.wish.id: one.state for one in wishes(b, member)} == {coat: "open", scarf: "over"}
    world.clock.tick()
    chain, store = world.database.chain_id(), a.store_id
    article = {"id": derived_id("product", "C-1"), "sku": "C-1", "name": "羊绒大衣", "name_en": "Cashmere coat",
               "category": "外套", "category_en": "coats", "size": "M"}  # fmt: skip
    world.database.write(chain, lambda opened: put_row(opened, "product", article))
    counted = {"id": derived_id("stock", "C-1"), "sku": "C-1", "quantity": 2, "shelf": "A3",
               "as_of_ms": world.clock.wall_ms()}  # fmt: skip
    world.database.write(store, lambda opened: put_row(opened, "stock", counted))
    settle(a, b)
    (open_one,) = (one for one in wishes(b, member) if one.state == "open")
    assert open_one.in_stock is not None
    assert (open_one.in_stock.quantity, open_one.in_stock.shelf) == (2, "A3")
    assert [(item.reason, item.suggestion and item.suggestion.subject.zh) for item in tasks(b).open] == [
        ("arrival", "羊绒大衣")
    ]
    do(b, "a2", ops.EndWish(wish_id=scarf, member_id=member, how="gone"))
    do(a, "a1", sale(a, member))  # 羊绒大衣, of no size a till told
    settle(a, b)
    assert {one.wish.id: one.state for one in wishes(a, member)} == {coat: "open", scarf: "gone"}
    world.clock.tick()
    big = ops.SaleLine(line_no=1, name="羊绒大衣", qty=1, amount_minor=100, size="M")
    do(b, "a2", ops.RecordSale(sale_id=b.counter.new_id(), member_id=member, currency="CNY", total_minor=100,
                               lines=(big,)))  # fmt: skip
    settle(a, b)
    assert {one.wish.id: one.state for one in wishes(a, member)} == {coat: "bought", scarf: "gone"}
    assert "arrival" not in {item.reason for item in tasks(a).open}
    assert rows(a, "wish") == rows(b, "wish")
    assert_equal(a, b)


def test_the_first_ending_of_a_wish_counts(known: tuple[Till, Till, str]) -> None:
    a, b, member = known
    wish = a.counter.new_id()
    do(a, "a1", ops.AddWish(wish_id=wish, member_id=member, words="围巾", until_date=date(2030, 1, 1).isoformat()))
    settle(a, b)
    do(a, "a1", ops.EndWish(wish_id=wish, member_id=member, how="bought"))
    do(b, "a2", ops.EndWish(wish_id=wish, member_id=member, how="gone"))
    settle(a, b)
    assert [one.state for one in wishes(b, member)] == ["bought"]
    assert (last(b).state, last(b).params["why"]) == ("rejected", "already_done")
