"""200 real households: what the server holds equals what the parquet files come to, household by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from guidedesk.demo.real_totals import first_households, households_after, real_totals
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import local_datetime
from guidedesk.models import people, sales
from guidedesk.models.server_tables import feed, scope_grant
from guidedesk.server.connectors.completejourney import ImportSummary, import_completejourney
from guidedesk.server.connectors.generated_people import member_id
from guidedesk.server.connectors.sample_chain import import_sample
from guidedesk.server.database import ServerDatabase, open_server

HOUSEHOLDS = 200
ZONE = "America/New_York"


@dataclass(frozen=True)
class Secrets:
    phone_key: bytes = b"k" * 32


@dataclass(frozen=True)
class Imported:
    database: ServerDatabase
    summary: ImportSummary


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    database = open_server(f"sqlite:///{tmp_path_factory.mktemp('real') / 'server.db'}")
    yield Imported(database, import_completejourney(database, Secrets(), households=HOUSEHOLDS))
    database.close()


def test_every_household_and_month_has_the_sums_of_the_data(real: Imported) -> None:
    households = {member_id(h): h for h in first_households(HOUSEHOLDS)}
    expected = real_totals(households.values())
    cents: Counter[tuple[int, str]] = Counter()
    baskets: Counter[tuple[int, str]] = Counter()
    lines: Counter[tuple[int, str]] = Counter()
    line = sales.purchase_line
    with real.database.read() as conn:
        rows = conn.execute(
            select(
                sales.purchase.c.member_id,
                sales.purchase.c.paid_at_ms,
                func.sum(line.c.amount_minor).label("cents"),
                func.count().label("lines"),
            )
            .join(line, (line.c.scope_id == sales.purchase.c.scope_id) & (line.c.purchase_id == sales.purchase.c.id))
            .group_by(sales.purchase.c.scope_id, sales.purchase.c.id)
        ).all()
    for row in rows:
        key = (households[row.member_id], f"{local_datetime(row.paid_at_ms, ZONE):%Y-%m}")
        cents[key] += row.cents
        baskets[key] += 1
        lines[key] += row.lines
    assert len({household for household, _ in baskets}) == HOUSEHOLDS
    assert cents == expected.cents
    assert baskets == expected.baskets
    assert lines == expected.lines


def test_every_order_has_the_total_of_its_basket(real: Imported) -> None:
    expected = real_totals(first_households(HOUSEHOLDS)).basket_cents
    with real.database.read() as conn:
        held = {int(r.order_no): r.total_minor for r in conn.execute(select(sales.purchase))}
    assert held == expected


def test_dirt_is_counted_by_name_and_nothing_is_lost(real: Imported) -> None:
    summary = real.summary
    assert 50_000 <= summary.read <= 70_000
    assert summary.read == summary.landed + summary.unchanged + sum(summary.skipped.values())
    assert summary.skipped == {}
    counted = dict(summary.noticed)
    # A rounding error of the data is no cent: on the server such a line is worth 0 like the others.
    counted["value_zero"] += counted.pop("value_below_a_cent")
    assert set(counted) == {"quantity_zero", "value_zero", "quantity_over_100", "product_missing"}
    line = sales.purchase_line
    with real.database.read() as conn:
        for name, found in (
            ("quantity_zero", line.c.qty == 0),
            ("value_zero", line.c.amount_minor == 0),
            ("quantity_over_100", line.c.qty > 100),
            ("product_missing", line.c.category.is_(None)),
        ):
            held = conn.execute(select(func.count()).select_from(line).where(found)).scalar_one()
            assert held == counted[name] > 0, name


def test_every_product_that_was_sold_is_an_article(real: Imported) -> None:
    line, product = sales.purchase_line, sales.product
    with real.database.read() as conn:
        known = select(line.c.sku).where(line.c.category.is_not(None))
        sold = {row.sku: row for row in conn.execute(select(line).where(line.c.sku.in_(known)))}
        held = {row.sku: row for row in conn.execute(select(product))}
    assert real.summary.products == len(held) > 1_000
    assert {sku: (r.name, r.name_en, r.category, r.size) for sku, r in held.items()} == {
        sku: (r.name, r.name_en, r.category, r.size) for sku, r in sold.items()
    }


def test_a_second_run_adds_nothing(real: Imported) -> None:
    def sizes() -> list[int]:
        with real.database.read() as conn:
            tables = (sales.purchase, sales.purchase_line, sales.product, people.member, feed, scope_grant)
            return [conn.execute(select(func.count()).select_from(t)).scalar_one() for t in tables]

    before = sizes()
    again = import_completejourney(real.database, Secrets(), households=HOUSEHOLDS)
    assert (again.landed, again.unchanged, again.skipped) == (0, real.summary.read, {})
    assert sizes() == before


def test_the_first_counter_sees_every_household_with_all_its_purchases(real: Imported) -> None:
    store = real.summary.store_id
    with real.database.read() as conn:
        shown = {
            tbl: set(conn.execute(select(feed.c.row_id).where(feed.c.scope_id == store, feed.c.tbl == tbl)).scalars())
            for tbl in ("member", "purchase", "member_code")
        }
        bought = set(conn.execute(select(sales.purchase.c.id)).scalars())
    assert len(shown["member"]) == len(shown["member_code"]) == HOUSEHOLDS
    assert shown["purchase"] == bought


def test_names_phones_and_staff_come_from_the_ids(real: Imported) -> None:
    with real.database.read() as conn:
        members = conn.execute(select(people.member)).all()
        sellers = set(
            conn.execute(select(sales.purchase.c.seller_id).where(sales.purchase.c.channel == "store")).scalars()
        )
        staff = set(conn.execute(select(people.staff.c.id)).scalars())
        channels = set(conn.execute(select(sales.purchase.c.channel)).scalars())
        stores = [r.name_en for r in conn.execute(select(people.store))]
    assert len({m.phone_hash for m in members}) == HOUSEHOLDS
    assert all(m.name and m.name_en and m.card_no for m in members)
    assert {m.tier for m in members} == {"casual", "ordinary", "super"}
    assert sellers <= staff
    assert channels == {"store", "online"}
    assert len(set(stores)) == len(stores)


def test_more_households_join_those_already_there(tmp_path: Path) -> None:
    database = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    first = import_completejourney(database, Secrets(), households=3)
    more = import_completejourney(database, Secrets(), households=5)
    database.close()
    assert more.unchanged == first.read
    assert more.landed == more.read - first.read > 0


def test_real_and_made_up_chains_do_not_mix(real: Imported) -> None:
    with pytest.raises(Refused, match="other_data"):
        import_sample(real.database, Secrets(), members=5)


def test_months_are_those_of_the_shops_clock() -> None:
    late = households_after(datetime(2018, 1, 1))  # noqa: DTZ001  (the data's own naive UTC)
    months = {month for _, month in real_totals(late).cents}
    assert late
    assert max(months) == "2017-12"
