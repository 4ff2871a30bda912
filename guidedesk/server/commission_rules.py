"""The rules of commission a chain has: configuration versions and plan versions, never edited (COMMISSION.md 6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, desc, func, insert, select

from guidedesk.domain.access import Actor
from guidedesk.domain.commission import reading
from guidedesk.domain.commission.canonical_json import canonical_json, content_hash
from guidedesk.domain.commission.plans import PlanVersion, check_plans, read_plan
from guidedesk.domain.commission.reading import DocumentError
from guidedesk.domain.commission.settings import PRODUCT_DEFAULTS, merge_config, read_history
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import local_date, local_midnight_ms
from guidedesk.models.commission_tables import brand_config, period_close, plan_version
from guidedesk.server.audit import record_audit
from guidedesk.server.commission_events import authoritative, record_events
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.rows import put_row
from guidedesk.server.settings import read_settings

FIRST_DAY: Final = "1970-01-01"
Version = dict[str, Any]  # {version, effective_from, body}


def config_versions(conn: Connection, chain_id: str, *, through: int | None = None) -> list[Version]:
    """Every version of the configuration, oldest first; before one was set, the product's with the chain's settings.

    `through`: as it was when this version was the newest.
    """
    c = brand_config.c
    query = select(c.version, c.effective_from, c.body).where(c.scope_id == chain_id).order_by(c.version)
    found = [
        {"version": row.version, "effective_from": row.effective_from, "body": json.loads(row.body)}
        for row in conn.execute(query)
        if through is None or row.version <= through
    ]
    return found or [{"version": 0, "effective_from": FIRST_DAY, "body": _from_settings(read_settings(conn, chain_id))}]


def _from_settings(found: Mapping[str, str]) -> dict[str, Any]:
    changes = {
        "tz": found["zone"],
        "currency": found["currency"],
        "window": {"days": int(found["window_days"])},
        "protection": {"days": int(found["protection_days"])},
        "max_offline_lag_hours": int(found["max_offline_lag_hours"]),
    }
    return merge_config(PRODUCT_DEFAULTS, changes)


def keep_config(opened: ScopeWrite, now_ms: int) -> None:
    """Write down the configuration in force where it stands in the settings only: a sealed month rests on it."""
    c = brand_config.c
    known = opened.conn.execute(select(func.max(c.version)).where(c.scope_id == opened.scope_id)).scalar()
    if known is None:
        body = _from_settings(read_settings(opened.conn, opened.scope_id))
        _insert_config(opened, 0, FIRST_DAY, body, None, now_ms)


def set_config(
    database: ServerDatabase, changes: Mapping[str, Any], effective_from: str, *, actor: Actor | None, now_ms: int
) -> int:
    """A new version: the present configuration with these keys changed, from a local date on. Its number.

    What counters show of it (window, protection) is kept in step. Raises `DocumentError` naming the key.
    """
    chain_id = database.chain_id()
    reading.day({"effective_from": effective_from}, "effective_from", "")

    def work(opened: ScopeWrite) -> int:
        keep_config(opened, now_ms)
        versions = config_versions(opened.conn, chain_id)
        body = merge_config(versions[-1]["body"], changes)
        version = int(versions[-1]["version"]) + 1
        read_history([*versions, {"version": version, "effective_from": effective_from, "body": body}])
        _insert_config(opened, version, effective_from, body, actor, now_ms)
        _keep_in_step(opened, body)
        detail = {"version": version, "effective_from": effective_from, "keys": sorted(changes)}
        record_audit(opened, at_ms=now_ms, actor=actor, action="config.set", subject=chain_id, detail=detail)
        return version

    return database.write(chain_id, work)


def _insert_config(
    opened: ScopeWrite, version: int, effective_from: str, body: Mapping[str, Any], actor: Actor | None, now_ms: int
) -> None:
    row = {
        "scope_id": opened.scope_id,
        "version": version,
        "effective_from": effective_from,
        "body": canonical_json(body),
        "hash": content_hash(body),
        "set_at_ms": now_ms,
        "set_by": None if actor is None else actor.id,
    }
    opened.conn.execute(insert(brand_config), [row])


def _keep_in_step(opened: ScopeWrite, body: Mapping[str, Any]) -> None:
    shown = {
        "window_days": body["window"]["days"],
        "protection_days": body["protection"]["days"],
        "max_offline_lag_hours": body["max_offline_lag_hours"],
    }
    for name, value in shown.items():
        if value is not None:
            put_row(opened, "setting", {"id": derived_id("setting", name), "name": name, "value": str(value)})


def is_kept(conn: Connection, chain_id: str) -> bool:
    """Whether configuration versions exist: from then on they are changed by `set_config` only."""
    c = brand_config.c
    return conn.execute(select(c.version).where(c.scope_id == chain_id).limit(1)).first() is not None


# --- Plans --------------------------------------------------------------------------------------------------------


def publish_plan(database: ServerDatabase, document: Mapping[str, Any], *, actor: Actor | None, now_ms: int) -> str:
    """A new plan version, told to the engine as an event; its hash. Publishing the same again changes nothing.

    Raises `DocumentError` naming the key: a bad document, a version known with other content, a period component
    changed in the middle of a month.
    """
    chain_id = database.chain_id()
    plan = read_plan(document, "plan")
    body_hash = content_hash(document)

    def work(opened: ScopeWrite) -> None:
        known = plan_versions(opened.conn, chain_id)
        same = next((one for one in known if (one.plan, one.version) == (plan.plan, plan.version)), None)
        if same is not None:
            if content_hash(same.document) == body_hash:
                return
            raise DocumentError("twice", "version", "plan", f"{plan.plan} {plan.version}")
        check_plans([*((one, "plan") for one in known), (plan, "plan")])
        _check_month(plan, known)
        _insert_plan(opened, plan, document, body_hash, actor, now_ms)

    database.write(chain_id, work)
    return body_hash


def _check_month(plan: PlanVersion, known: list[PlanVersion]) -> None:
    """Period components are a month's: a version that begins in the middle of one may not change them."""
    start = date.fromordinal(plan.effective_from)
    if start.day == 1:
        return
    earlier = [one for one in known if one.plan == plan.plan and one.effective_from <= plan.effective_from]
    before = max(earlier, key=lambda one: (one.effective_from, one.version), default=None)
    if _period_parts(plan) != ([] if before is None else _period_parts(before)):
        raise DocumentError("mid_month", "effective_from", "plan", start.isoformat())


def _period_parts(plan: PlanVersion) -> list[str]:
    parts = plan.document["components"]
    return sorted(canonical_json(part) for part in parts if part["kind"] != "line_rate")


def _insert_plan(
    opened: ScopeWrite, plan: PlanVersion, document: Mapping[str, Any], body_hash: str, actor: Actor | None, now_ms: int
) -> None:
    row = {
        "scope_id": opened.scope_id,
        "plan": plan.plan,
        "version": plan.version,
        "effective_from": str(document["effective_from"]),
        "body": canonical_json(document),
        "hash": body_hash,
        "published_at_ms": now_ms,
        "published_by": None if actor is None else actor.id,
    }
    opened.conn.execute(insert(plan_version), [row])
    event_id = derived_id("plan", plan.plan, plan.version)
    record_events(opened, [authoritative("plan.publish", event_id, now_ms, now_ms, plan=dict(document))])
    detail = {"version": plan.version, "hash": body_hash, "effective_from": row["effective_from"]}
    record_audit(opened, at_ms=now_ms, actor=actor, action="plan.published", subject=plan.plan, detail=detail)


def plan_versions(conn: Connection, chain_id: str) -> list[PlanVersion]:
    """Every published version, by name and number."""
    p = plan_version.c
    query = select(p.body).where(p.scope_id == chain_id).order_by(p.plan, p.version)
    return [read_plan(json.loads(text), "plan") for text in conn.execute(query).scalars()]


def list_plans(conn: Connection, chain_id: str) -> list[dict[str, Any]]:
    """Every published version as printed."""
    p = plan_version.c
    query = (
        select(p.plan, p.version, p.effective_from, p.hash, p.published_at_ms)
        .where(p.scope_id == chain_id)
        .order_by(p.plan, p.version)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


# --- Months -------------------------------------------------------------------------------------------------------


def zone_and_currency(conn: Connection, chain_id: str) -> tuple[str, str]:
    """The chain's zone and the ledger's currency."""
    body = config_versions(conn, chain_id)[-1]["body"]
    return str(body["tz"]), str(body["currency"])


def closed_through(conn: Connection, chain_id: str) -> str | None:
    """The last sealed month (YYYY-MM), None before the first close."""
    p = period_close.c
    query = select(p.period).where(p.scope_id == chain_id).order_by(desc(p.period)).limit(1)
    return conn.execute(query).scalar()


def open_period(conn: Connection, chain_id: str, now_ms: int) -> str:
    """The month that figures are posted in now: this one, or the one after the last sealed."""
    zone = read_settings(conn, chain_id)["zone"]
    now = f"{local_date(now_ms, zone):%Y-%m}"
    closed = closed_through(conn, chain_id)
    return now if closed is None or closed < now else next_period(closed)


def next_period(period: str) -> str:
    """The month after this one."""
    return reading.month_text(reading.month_index(period) + 1)


def month_start_ms(period: str, zone: str) -> int:
    """The first instant of a month in a zone."""
    return local_midnight_ms(date.fromisoformat(f"{period}-01"), zone)


def check_period(text: str) -> str:
    """A month as YYYY-MM; `validation` for anything else."""
    try:
        reading.month({"period": text}, "period", "")
    except DocumentError:
        raise Refused("validation", field="period", why="bad_value") from None
    return text


