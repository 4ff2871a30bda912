"""The facts kept after the feed are what a full recompute says, whatever happened in whatever order."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.models.segment_tables import member_fact, member_fact_word
from guidedesk.models.server_tables import scope_grant
from guidedesk.server.merges import void_merge
from guidedesk.server.order_types import Channel, LineIn, OrderIn, ReturnIn, ReturnLineIn
from guidedesk.server.orders import record_order, record_return
from guidedesk.server.segment_facts import read_facts
from guidedesk.server.segment_fold import fact_rules, fold_scope, pack, rebuild
from guidedesk.server.segments import sweep_segments
from guidedesk.services.operations import LogInteraction, RecordVisit, Retract, SetConsent, SetTag
from tests.segments.desk import DAY, Desk
from tests.segments.test_audiences import CASHMERE
from tests.server.people_at_work import PHONE, joined, registration
from tests.server.shop import Shop

KEPT = [name for name in member_fact.c.keys() if name not in ("scope_id", "seq", "is_here", "is_home", "words")]  # noqa: SIM118


def folded(shop: Shop, scope_id: str) -> dict[str, dict[str, Any]]:
    """Member -> what the table keeps of her; words by what they say, as numbers differ."""
    with shop.database.read() as conn:
        w = member_fact_word.c
        rows = conn.execute(select(w.number, w.kind, w.word).where(w.scope_id == scope_id))
        words = {row.number: f"{row.kind}:{row.word}" for row in rows}
        found = {}
        for row in conn.execute(select(member_fact).where(member_fact.c.scope_id == scope_id)):
            numbers = memoryview(row.words).cast("q")
            said = {words[numbers[at]]: numbers[at + 1] for at in range(0, len(numbers), 2)}
            kept = {name: getattr(row, name) for name in KEPT}
            found[row.member_id] = kept | {"words": said, "is_here": bool(row.is_here)}
    return found


def recomputed(shop: Shop, scope_id: str, known: list[str]) -> dict[str, dict[str, Any]]:
    with shop.database.read() as conn:
        g = scope_grant.c
        granted = set(conn.execute(select(g.member_id).where(g.scope_id == scope_id)).scalars())
        facts = read_facts(conn, scope_id, granted | set(known), fact_rules(shop.database))
    found = {}
    for member_id, one in facts.items():
        if member_id not in known and not one.is_here:
            continue
        keys = [*one.facts.bought, *(("tag", tag) for tag in one.facts.tags)]
        packed = pack(one.facts, {key: n for n, key in enumerate(keys)})
        said = {f"{kind}:{word}": day for (kind, word), day in one.facts.bought.items()}
        said |= {f"tag:{tag}": at_ms for tag, at_ms in one.facts.tags.items()}
        kept = {name: packed.get(name, member_id) for name in KEPT}
        found[member_id] = kept | {"words": said, "is_here": one.is_here}
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_following_the_feed_says_what_a_recompute_says(desk: Desk, seed: int) -> None:
    shop, random = desk.shop, Random(seed)
    other = shop.counter(1)
    store, members, orders = shop.stores[0], [desk.member("沈知微", phone=PHONE)], list[str]()
    talks: list[tuple[str, str, str]] = []

    def sale(who: str) -> None:
        orders.append(f"T-{len(orders)}")
        category, currency = random.choice(["羊绒", "大衣", "护理液"]), random.choice(["CNY", "CNY", "EUR"])
        lines = tuple(
            LineIn(n, f"SKU{n}-{category}", category, 2, 10_000 * n, category=category, colour="雾蓝") for n in (1, 2)
        )
        place = random.choice([shop.stores[0], shop.stores[1], None])
        channel: Channel = "online" if place is None else "store"
        record_order(
            shop.database,
            OrderIn(source="till", external_id=orders[-1], channel=channel, store_id=place, lines=lines, member_id=who,
                    paid_at_ms=shop.clock.now_ms - random.randrange(90 * DAY), currency=currency),
            now_ms=shop.clock.now_ms,
        )  # fmt: skip

    def give_back(_who: str) -> None:
        if orders:
            whole = random.random() < 0.5
            lines = [ReturnLineIn(line_no=n, qty=2 if whole else 1, amount_minor=10_000 * n) for n in (1, 2)]
            record_return(
                shop.database,
                ReturnIn(source="till", external_id=f"R-{shop.new_id()}", order_external_id=random.choice(orders),
                         returned_at_ms=shop.clock.now_ms, currency="CNY", lines=tuple(lines[: 2 if whole else 1])),
                now_ms=shop.clock.now_ms,
            )  # fmt: skip

    def talk(who: str) -> None:
        kind, outcome = random.choice(["wechat", "phone", "visit"]), random.choice(["tried", "deciding"])
        op = LogInteraction(interaction_id=shop.new_id(), member_id=who, kind=kind, outcome=outcome)
        sent = desk.counter.envelope(op, "a1")
        desk.counter.results(sent)
        talks.append((sent.op_id, who, op.interaction_id))

    def take_back(_who: str) -> None:
        if talks:
            op_id, who, interaction_id = talks.pop()
            desk.counter.do(Retract(op_id=op_id, member_id=who, interaction_id=interaction_id))

    def merge(_who: str) -> None:
        if random.random() < 0.5:
            other.do(registration(shop, "沈小姐", PHONE), "a3")
        else:
            members.append(joined(shop, desk.counter, name=f"客人{len(members)}"))

    happenings = [
        sale, sale, sale, give_back, talk, take_back, merge,
        lambda who: desk.counter.do(SetTag(member_id=who, is_on=random.random() < 0.7, tag="投诉")),
        lambda who: other.do(SetConsent(member_id=who, purpose="wechat", is_given=random.random() < 0.6), "a3"),
        lambda who: desk.counter.do(RecordVisit(visit_id=shop.new_id(), member_id=who)),
        lambda who: desk.bind(who, random.choice(["a1", "a2"])),
    ]  # fmt: skip
    fold_scope(shop.database, store)
    for _ in range(36):
        shop.clock.now_ms += random.randrange(2 * 3_600_000)
        random.choice(happenings)(random.choice(members))
        if random.random() < 0.4:
            fold_scope(shop.database, store, portions=1)
    assert fold_scope(shop.database, store)
    after = folded(shop, store)
    assert after == recomputed(shop, store, list(after))
    assert len([one for one in after.values() if one["is_here"]]) >= len(members)
    rebuild(shop.database, store)
    assert folded(shop, store) == after


def test_a_registration_of_somebody_known_is_nobody_of_her_own(desk: Desk) -> None:
    shop = desk.shop
    desk.member("沈知微", phone=PHONE)
    before = desk.count().total
    twin = registration(shop, "沈小姐", PHONE)
    assert desk.counter.do(twin)["status"] == "merged"
    assert desk.count().total == before
    void_merge(shop.database, twin.member_id, reason="另一位", now_ms=shop.clock.now_ms)
    assert desk.count().total == before + 1


def test_dynamic_audiences_are_counted_anew_at_two_at_night(desk: Desk) -> None:
    shop, stores = desk.shop, desk.stores
    who = desk.member("沈知微")
    desk.buy("HB-1", who)
    saved = desk.save(CASHMERE)
    desk.count()  # the store is followed from now on
    sweep_segments(shop.database, stores, shop.clock.now_ms)
    assert desk.board().segments[0].members == 1
    desk.buy("HB-2", desk.member("秦之恒"))
    assert sweep_segments(shop.database, stores, shop.clock.now_ms) == 0
    shop.clock.now_ms += DAY
    assert sweep_segments(shop.database, stores, shop.clock.now_ms) == 1
    desk.later(0)
    found = desk.board().segments[0]
    assert (found.id, found.members, found.counted_at_ms) == (saved.id, 2, shop.clock.now_ms)
