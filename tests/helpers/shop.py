"""A tiny shop in a real database: two stores, three people of staff, two members, a few purchases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine

from guidedesk.domain.access import Actor
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models import counter_tables as _tables  # noqa: F401 - importing it puts the tables into CACHE
from guidedesk.models.base import CACHE
from guidedesk.models.entities import Row, entity_tables, store_rows
from guidedesk.services.apply import ApplyContext, CounterSide, Side

CHAIN = derived_id("scope", "chain")
LAKESIDE = derived_id("store", "lakeside")
WULIN = derived_id("store", "wulin")
LIN = derived_id("staff", "lin")
HE = derived_id("staff", "he")
GAO = derived_id("staff", "gao")
SHEN = derived_id("member", "shen")
QIN = derived_id("member", "qin")
NOW = 1_795_228_920_000  # 2026-11-21 10:42 in Shanghai
SHEN_CODE = "1" + "0" * 19 + "47"


def full(table: str, /, **values: Any) -> Row:
    """A row with every column, as the server renders it."""
    row: Row = {c.name: None for c in entity_tables()[table].columns}
    return row | {"row_ver": 1} | values


def staff_row(staff_id: str, number: str, name: str, name_en: str, role: str, store_id: str) -> Row:
    return full(
        "staff", scope_id=CHAIN, id=staff_id, number=number, name=name, name_en=name_en, role=role, store_id=store_id,
        is_active=1, joined_at_ms=NOW - 900 * DAY_MS,
    )  # fmt: skip


def member_row(member_id: str, name: str, pinyin: str, initials: str, **values: Any) -> Row:
    row = full(
        "member", scope_id=LAKESIDE, id=member_id, name=name, pinyin=pinyin, initials=initials, tier="ordinary",
        joined_at_ms=NOW - 860 * DAY_MS, is_incomplete=0,
    )  # fmt: skip
    return row | values


def purchase_row(number: int, member_id: str, days_ago: int, *lines: tuple[str, str, int], **values: Any) -> Row:
    """A purchase of (name, category, amount_minor) lines paid some days ago."""
    row = full(
        "purchase", scope_id=LAKESIDE, id=derived_id("purchase", number), source="till", order_no=f"HB-{number:06d}",
        member_id=member_id, store_id=LAKESIDE, channel="store", paid_at_ms=NOW - days_ago * DAY_MS, currency="CNY",
        total_minor=sum(amount for _, _, amount in lines), seller_id=LIN,
    )  # fmt: skip
    row["lines"] = [
        {
            "line_no": n, "sku": f"SKU{n}", "name": name, "name_en": name.upper(), "category": category,
            "category_en": category.upper(), "size": "M", "colour": "雾蓝", "colour_en": "dusty blue", "qty": 1,
            "amount_minor": amount,
        }
        for n, (name, category, amount) in enumerate(lines, 1)
    ]  # fmt: skip
    return row | values


def fill(conn: Connection) -> None:
    """Put the shop into a cache."""
    setting = [("window_days", "15"), ("protection_days", "30"), ("zone", "Asia/Shanghai"), ("currency", "CNY")]
    store_rows(
        conn, "setting",
        [full("setting", scope_id=CHAIN, id=derived_id("setting", n), name=n, value=v) for n, v in setting],
    )  # fmt: skip
    store_rows(
        conn, "store",
        [
            full("store", scope_id=CHAIN, id=LAKESIDE, code="HB", name="湖滨店", name_en="Lakeside", kind="store"),
            full("store", scope_id=CHAIN, id=WULIN, code="WL", name="武林店", name_en="Wulin", kind="store"),
        ],
    )  # fmt: skip
    store_rows(
        conn, "staff",
        [
            staff_row(LIN, "A017", "林晓夏", "Lin Xiaoxia", "associate", LAKESIDE),
            staff_row(HE, "A021", "何静怡", "He Jingyi", "associate", LAKESIDE),
            staff_row(GAO, "M002", "高岚", "Gao Lan", "manager", LAKESIDE),
        ],
    )  # fmt: skip
    store_rows(
        conn, "member",
        [
            member_row(SHEN, "沈知微", "shenzhiwei", "szw", phone_masked="138****2746", phone_tail="2746",
                       phone_hash="aa" * 16, card_no="883000002746", tier="super", birthday="03-08"),
            member_row(QIN, "秦之恒", "qinzhiheng", "qzh", phone_tail="2746"),
        ],
    )  # fmt: skip
    store_rows(
        conn, "member_code",
        [full("member_code", scope_id=LAKESIDE, id=derived_id("code", SHEN_CODE), digits=SHEN_CODE, member_id=SHEN,
              typed="883000002746", state="live", bound_at_ms=NOW - 860 * DAY_MS)],
    )  # fmt: skip


@dataclass(frozen=True)
class Shop:
    """An engine with the shop in it."""

    engine: Engine

    def context(self, op_id: str, *, actor_id: str = LIN, at_ms: int = NOW, side: Side | None = None) -> ApplyContext:
        return ApplyContext(
            op_id=op_id,
            scope_id=LAKESIDE,
            actor=Actor(actor_id, "associate", frozenset({LAKESIDE})),
            device_id=derived_id("device", 1),
            assurance=1,
            at_ms=at_ms,
            side=side or CounterSide(),
        )


def open_shop() -> Shop:
    """A fresh shop in memory."""
    engine = create_engine("sqlite://")
    CACHE.create_all(engine)
    with engine.begin() as conn:
        fill(conn)
    return Shop(engine)
