"""The sample chain as people meet it: complete, believable, always the same, and only once there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from guidedesk.codes.decoder import decode
from guidedesk.domain.errors import Refused
from guidedesk.domain.people import phone_hash
from guidedesk.domain.time import local_midnight_ms
from guidedesk.models import engagement, people, sales
from guidedesk.models.entities import entity_tables
from guidedesk.models.server_tables import feed, phone_directory, scope_grant
from guidedesk.server.connectors.sample_chain import import_sample
from guidedesk.server.connectors.sample_names import PINS
from guidedesk.server.connectors.sample_world import ZONE, staff_id, store_id
from guidedesk.server.database import ServerDatabase, open_server

TODAY = date(2026, 11, 21)
MEMBERS = 300


@dataclass(frozen=True)
class Secrets:
    phone_key: bytes = b"k" * 32


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerDatabase]:
    database = open_server(f"sqlite:///{tmp_path_factory.mktemp('sample') / 'server.db'}")
    import_sample(database, Secrets(), members=MEMBERS, today=TODAY)
    yield database
    database.close()


def counts(database: ServerDatabase) -> dict[str, int]:
    with database.read() as conn:
        return {
            name: conn.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in [*entity_tables().items(), ("line", sales.purchase_line), ("feed", feed)]
        }


def contents(database: ServerDatabase) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as conn:
        return {
            name: sorted(tuple(row) for row in conn.execute(select(*[c for c in table.columns if c.name != "row_ver"])))
            for name, table in entity_tables().items()
            if name in ("member", "member_code", "binding", "purchase", "follow_up", "interaction")
        }


def test_the_shop_has_three_stores_an_online_shop_and_24_associates(chain: ServerDatabase) -> None:
    with chain.read() as conn:
        stores = {r.code: (r.name, r.name_en, r.kind) for r in conn.execute(select(people.store))}
        roles = [r.role for r in conn.execute(select(people.staff))]
        known = {r.number: r.name_en for r in conn.execute(select(people.staff))}
    assert stores["HB"] == ("湖滨店", "Lakeside", "store")
    assert stores["WEB"][2] == "online"
    assert len(stores) == 4
    assert roles.count("associate") == 24
    assert roles.count("manager") == 3
    assert known["A017"] == "Lin Xiaoxia"


def test_pins_keep_the_rules_of_sign_in() -> None:
    for _, pin in PINS:
        assert len(pin) == 6
        assert pin.isdecimal()
        assert len(set(pin)) >= 4
    assert len({pin for _, pin in PINS}) == len(PINS)


def test_a_first_look_finds_shen_zhiwei_by_her_code(chain: ServerDatabase) -> None:
    with chain.read() as conn:
        member = conn.execute(select(people.member).where(people.member.c.initials == "szw")).first()
        assert member is not None
        assert (member.name, member.name_en, member.tier) == ("沈知微", "Shen Zhiwei", "super")
        assert (member.phone_masked, member.phone_tail) == ("138****2746", "2746")
        code = conn.execute(select(people.member_code).where(people.member_code.c.member_id == member.id)).one()
        owner = conn.execute(select(people.binding.c.owner_id).where(people.binding.c.id == member.id)).scalar()
        back = conn.execute(
            select(sales.purchase_return.c.total_minor).where(sales.purchase_return.c.member_id == member.id)
        ).scalars().all()
        held = conn.execute(
            select(phone_directory.c.member_id).where(
                phone_directory.c.phone_hash == phone_hash("+8613800002746", Secrets.phone_key)
            )
        ).scalar()
    assert getattr(decode(code.digits), "digits", None) == code.digits
    assert code.typed == member.card_no
    assert owner == staff_id("A017")
    assert back == [45_900]
    assert held == member.id


def test_nothing_happened_after_the_start_of_today(chain: ServerDatabase) -> None:
    midnight = local_midnight_ms(TODAY, ZONE)
    with chain.read() as conn:
        for column in (
            sales.purchase.c.paid_at_ms,
            sales.purchase_return.c.returned_at_ms,
            engagement.visit.c.occurred_at_ms,
            engagement.interaction.c.occurred_at_ms,
            people.binding.c.last_touch_ms,
            people.member.c.joined_at_ms,
        ):
            assert conn.execute(select(func.max(column))).scalar_one() < midnight


def test_the_day_has_follow_ups_overdue_due_and_coming(chain: ServerDatabase) -> None:
    with chain.read() as conn:
        mine = conn.execute(
            select(engagement.follow_up).where(
                engagement.follow_up.c.associate_id == staff_id("A017"), engagement.follow_up.c.state == "open"
            )
        ).all()
        states = {r.state for r in conn.execute(select(engagement.follow_up.c.state))}
    due = [r.due_date for r in mine]
    today = TODAY.isoformat()
    assert any(d < today for d in due)
    assert due.count(today) >= 4
    assert any(d > today for d in due)
    assert {"birthday", "reorder", "visit", "promised"} <= {r.reason for r in mine}
    assert states == {"open", "done"}


def test_no_contact_is_planned_by_a_channel_she_refused(chain: ServerDatabase) -> None:
    consent, follow_up = people.consent, engagement.follow_up
    with chain.read() as conn:
        given = {(r.member_id, r.purpose) for r in conn.execute(select(consent).where(consent.c.is_given == 1))}
        planned = conn.execute(select(follow_up).where(follow_up.c.channel.is_not(None))).all()
    assert planned
    assert all((r.member_id, r.channel) in given for r in planned)


def test_totals_are_the_sums_of_their_lines_and_returns_stay_within_their_sale(chain: ServerDatabase) -> None:
    line, back = sales.purchase_line, sales.purchase_return
    with chain.read() as conn:
        per_sale = conn.execute(
            select(line.c.purchase_id, func.sum(line.c.amount_minor)).group_by(line.c.purchase_id)
        )
        sums = {row[0]: row[1] for row in per_sale}
        orders = {r.id: r for r in conn.execute(select(sales.purchase))}
        returns = conn.execute(select(back)).all()
    assert sums == {key: r.total_minor for key, r in orders.items()}
    assert {r.channel for r in orders.values()} == {"store", "online", "mini"}
    assert returns
    for r in returns:
        assert 0 < r.total_minor <= orders[r.purchase_id].total_minor
        assert r.returned_at_ms > orders[r.purchase_id].paid_at_ms


def test_a_store_sees_its_members_and_those_it_served(chain: ServerDatabase) -> None:
    lakeside = store_id("HB")
    with chain.read() as conn:
        granted = set(
            conn.execute(select(scope_grant.c.member_id).where(scope_grant.c.scope_id == lakeside)).scalars()
        )
        home = set(conn.execute(select(people.member.c.id).where(people.member.c.scope_id == lakeside)).scalars())
        served = set(
            conn.execute(select(sales.purchase.c.member_id).where(sales.purchase.c.store_id == lakeside)).scalars()
        )
        shown = set(
            conn.execute(select(feed.c.row_id).where(feed.c.scope_id == lakeside, feed.c.tbl == "member")).scalars()
        )
        history = set(
            conn.execute(select(feed.c.row_id).where(feed.c.scope_id == lakeside, feed.c.tbl == "purchase")).scalars()
        )
        bought = set(conn.execute(select(sales.purchase.c.id).where(sales.purchase.c.member_id.in_(granted))).scalars())
    assert granted == home | served
    assert shown == granted
    assert history == bought


def test_running_it_again_adds_nothing(chain: ServerDatabase) -> None:
    before = counts(chain)
    import_sample(chain, Secrets(), members=MEMBERS, today=TODAY)
    assert counts(chain) == before


def test_another_day_is_refused_rather_than_mixed_in(chain: ServerDatabase) -> None:
    with pytest.raises(Refused, match="other_data"):
        import_sample(chain, Secrets(), members=MEMBERS, today=date(2026, 11, 22))


def test_a_larger_chain_contains_the_smaller_one(chain: ServerDatabase, tmp_path: Path) -> None:
    other = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    import_sample(other, Secrets(), members=60, today=TODAY)
    import_sample(other, Secrets(), members=MEMBERS, today=TODAY)
    try:
        assert contents(other) == contents(chain)
    finally:
        other.close()


def test_a_size_out_of_range_is_refused(tmp_path: Path) -> None:
    database = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    with pytest.raises(Refused):
        import_sample(database, Secrets(), members=100_001)
    database.close()
