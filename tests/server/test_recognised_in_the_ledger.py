"""From a pushed sale of somebody unknown to the money of two associates, once she is recognised."""

from __future__ import annotations

import csv
from pathlib import Path

from sqlalchemy import select

from guidedesk.commands.import_files import tell_both
from guidedesk.domain.time import DAY_MS
from guidedesk.models.people import member
from guidedesk.server import commission_book, recognition, webhooks
from guidedesk.server.commission_reads import lines_of
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.connectors.file_run import start_run
from guidedesk.server.connectors.member_files import import_members
from guidedesk.services import operations as ops
from tests.server.people_at_work import PHONE, registration
from tests.server.shop import Shop
from tests.server.test_order_push import SOURCE, back, order, push

PLAN = {
    "plan": "p", "version": 1, "effective_from": "2026-01-01",
    "components": [{"id": "c", "kind": "line_rate", "rules": [{"rate_bp": 1000}]}],
}  # fmt: skip


def earned(shop: Shop) -> dict[str, int]:
    """What each of the staff has earned so far, by number."""
    commission_book.refresh(shop.database, shop.clock.now_ms)
    numbers = {staff_id: number for number, staff_id in shop.staff.items()}
    sums: dict[str, int] = {}
    with shop.database.read() as conn:
        for line in lines_of(conn, shop.chain_id):
            name = numbers.get(line.beneficiary, line.beneficiary)
            sums[name] = sums.get(name, 0) + line.amount
    return {name: amount for name, amount in sums.items() if amount}


def bring_in(shop: Shop, folder: Path) -> str:
    """A member of a2's since the 19th, whose phone nobody knows."""
    path = folder / "members.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [
                ["name", "store", "associate", "joined_at", "external_source", "external_id"],
                ["沈知微", "S1", "a2", "2026-11-19", "webshop", "c-1"],
            ]
        )
    run = start_run(shop.database, "members", now_ms=shop.clock.now_ms, preset=None, is_dry=False)
    import_members(run, path, phone_key=shop.secrets.phone_key, random=shop.random, tell=tell_both)
    with shop.database.read() as conn:
        return str(conn.execute(select(member.c.id).where(member.c.scope_id == shop.stores[0])).scalar_one())


def test_her_associate_is_paid_once_she_is_recognised_and_returns_take_it_back(shop: Shop, tmp_path: Path) -> None:
    publish_plan(shop.database, PLAN, actor=None, now_ms=shop.clock.now_ms)
    secret = webhooks.add_source(shop.database, shop.secrets, SOURCE, shop.clock.now_ms, rotate=False)
    shop.clock.now_ms += 5 * DAY_MS  # everybody works here by now
    her = bring_in(shop, tmp_path)
    push(shop, secret, order("A1", phone=PHONE, at="2026-11-20T10:00:00+08:00"))
    assert earned(shop) == {"a1": 2_270}
    edited = registration(shop, phone=PHONE)
    shop.counter().do(
        ops.EditMember(
            member_id=her, fields=("phone",), phone_masked=edited.phone_masked, phone_tail=edited.phone_tail,
            phone_hash=edited.phone_hash, phone_sealed=edited.phone_sealed,
        )
    )  # fmt: skip
    recognition.recognise_all(shop.database, shop.clock.now_ms)  # or the server's own round was there first
    assert earned(shop) == {"a1": 1_589, "a2": 681}
    push(shop, secret, back("f1", "A1", "refund", line=2, amount=5_000, at="2026-11-21T10:00:00+08:00"))
    push(shop, secret, back("c1", "A1", "cancel", at="2026-11-22T10:00:00+08:00"))
    assert earned(shop) == {}
