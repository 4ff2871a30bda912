"""Whether the record of commission is as it was written: every hash walked again, and every sealed month replayed."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from guidedesk.domain.commission.canonical_json import content_hash
from guidedesk.domain.commission.statements import Balance
from guidedesk.domain.commission.timeline import content
from guidedesk.models.commission_tables import (
    brand_config,
    commission_event,
    ledger_line,
    period_close,
    plan_version,
    statement,
)
from guidedesk.server.commission_close import (
    GENESIS,
    LINE_COLUMNS,
    close_hash,
    row_hash,
    seal,
    shared_part,
    statement_hash,
)
from guidedesk.server.commission_events import chain_hash
from guidedesk.server.commission_reckoning import books_of, read_closes
from guidedesk.server.commission_rules import config_versions


@dataclass(frozen=True, slots=True)
class BadRow:
    """The first row of a table that is not what was written; `row` names it as a person can look it up."""

    table: str
    row: str


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What was read, and what is bad: at most one row a table (and scope, for events)."""

    rows: int
    bad: tuple[BadRow, ...]


def verify_events(conn: Connection, scope_id: str, *, least: int = 0) -> LedgerReport:
    """A scope's events: numbers without gaps, contents and links. `least`: so many a sealed month counts on."""
    link, expected, rows = GENESIS, 1, 0
    for found in _events(conn, scope_id):
        row = dict(found._mapping)
        named = f"{scope_id} {expected}"
        if row["seq"] != expected:
            return LedgerReport(rows, (BadRow("commission_event", named),))
        row["content_hash"] = bytes(row["content_hash"])
        if not _is_content(row) or chain_hash(link, row) != bytes(row["chain_hash"]):
            return LedgerReport(rows, (BadRow("commission_event", named),))
        link, expected, rows = bytes(row["chain_hash"]), expected + 1, rows + 1
    if rows < least:
        return LedgerReport(rows, (BadRow("commission_event", f"{scope_id} {rows + 1}"),))
    return LedgerReport(rows, ())


def _events(conn: Connection, scope_id: str) -> Iterator[Any]:
    e = commission_event.c
    query = select(commission_event).where(e.scope_id == scope_id).order_by(e.seq)
    with conn.execute(query.execution_options(yield_per=2_000)) as rows:
        yield from rows


def _is_content(row: dict[str, Any]) -> bool:
    try:
        document = json.loads(row["payload"])
        said = content_hash(content(document))
    except (ValueError, AttributeError, TypeError):
        return False
    return said == row["content_hash"].hex() and (document.get("id"), document.get("type")) == (
        row["event_id"],
        row["type"],
    )


def verify_ledger(conn: Connection, chain_id: str) -> LedgerReport:
    """Plans, configuration, closes, ledger lines and statements."""
    bad: list[BadRow] = []
    rows = 0
    for report in (
        _verify_rules(conn, chain_id),
        _verify_lines(conn, chain_id),
        _verify_statements(conn, chain_id),
        _verify_closes(conn, chain_id),
    ):
        rows += report.rows
        bad += report.bad
    return LedgerReport(rows, tuple(bad))


def _verify_rules(conn: Connection, chain_id: str) -> LedgerReport:
    bad: list[BadRow] = []
    rows = 0
    p, c = plan_version.c, brand_config.c
    plans = select(p.plan, p.version, p.body, p.hash).where(p.scope_id == chain_id).order_by(p.plan, p.version)
    for row in conn.execute(plans):
        rows += 1
        if not bad and not _is_hash(row.body, row.hash):
            bad.append(BadRow("plan_version", f"{row.plan} {row.version}"))
    known = len(bad)
    for made in conn.execute(select(c.version, c.body, c.hash).where(c.scope_id == chain_id).order_by(c.version)):
        rows += 1
        if len(bad) == known and not _is_hash(made.body, made.hash):
            bad.append(BadRow("brand_config", str(made.version)))
    return LedgerReport(rows, tuple(bad))


def _is_hash(body: str, stored: str) -> bool:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest() == stored


def _lines(conn: Connection, chain_id: str) -> Iterator[Any]:
    x = ledger_line.c
    query = (
        select(*(x[name] for name in LINE_COLUMNS))
        .where(x.scope_id == chain_id)
        .order_by(x.posting_period, x.n)
        .execution_options(yield_per=2_000)
    )
    with conn.execute(query) as rows:
        yield from rows


def _verify_lines(conn: Connection, chain_id: str) -> LedgerReport:
    p = period_close.c
    columns = (p.period, p.line_count, p.lines_hash)
    closes = list(conn.execute(select(*columns).where(p.scope_id == chain_id).order_by(p.period)))
    link, rows, sealed = GENESIS, 0, 0  # `sealed`: rows up to the last month that was looked at
    period, number = "", 0
    for row in _lines(conn, chain_id):
        while closes and closes[0].period < row.posting_period:
            close = closes.pop(0)
            if (rows - sealed, link) != (close.line_count, bytes(close.lines_hash)):
                return LedgerReport(rows, (BadRow("ledger_line", f"{close.period} {number + 1}"),))
            sealed = rows
        if row.posting_period != period:
            period, number = row.posting_period, 0
        number += 1
        if row.n != number or row_hash(link, tuple(row)[:-1]) != bytes(row.row_hash):
            return LedgerReport(rows, (BadRow("ledger_line", f"{period} {number}"),))
        link, rows = bytes(row.row_hash), rows + 1
    for close in closes:
        if (rows - sealed, link) != (close.line_count, bytes(close.lines_hash)):
            return LedgerReport(rows, (BadRow("ledger_line", f"{close.period} {number + 1}"),))
        sealed = rows
    return LedgerReport(rows, ())


def _verify_statements(conn: Connection, chain_id: str) -> LedgerReport:
    """Each from its lines, what the month rests on, and the one before."""
    shared = {row["period"]: row for row in _shared(conn, chain_id)}
    lines: dict[str, list[list[Any]]] = defaultdict(list)
    for row in _lines(conn, chain_id):
        if row.statement_id is not None:
            number = None if row.line is None else json.loads(row.line)
            lines[row.statement_id].append(
                [row.posting_period, row.beneficiary, row.origin_period, row.component, row.ref, number, row.amount]
            )
    s = statement.c
    previous: dict[str, tuple[str, int]] = {}
    rows = 0
    query = select(statement).where(s.scope_id == chain_id).order_by(s.period, s.associate)
    for row in conn.execute(query):
        rows += 1
        before, carried = previous.get(row.associate, (None, row.carry_in))
        balance = Balance(row.net, row.carry_in, row.payable, row.carry_out)
        mine = lines.get(f"{row.associate}:{row.period}", [])
        rests_on = shared.get(row.period)
        is_good = (
            rests_on is not None
            and row.prev_hash == before
            and row.carry_in == carried
            and row.line_count == len(mine)
            and row.hash == statement_hash(rests_on, row.associate, mine, before, balance)
        )
        if not is_good:
            return LedgerReport(rows, (BadRow("statement", f"{row.associate} {row.period}"),))
        previous[row.associate] = (row.hash, row.carry_out)
    return LedgerReport(rows, ())


def _shared(conn: Connection, chain_id: str) -> Iterator[dict[str, Any]]:
    p = period_close.c
    for row in conn.execute(select(period_close).where(p.scope_id == chain_id).order_by(p.period)):
        yield shared_part(
            {
                "engine": row.engine,
                "period": row.period,
                "events": row.events_hash,
                "plans": json.loads(row.plans),
                "config": row.config_hash,
            }
        )


def _verify_closes(conn: Connection, chain_id: str) -> LedgerReport:
    s, p = statement.c, period_close.c
    hashes: dict[str, list[str]] = defaultdict(list)
    for made in conn.execute(select(s.period, s.hash).where(s.scope_id == chain_id)):
        hashes[made.period].append(made.hash)
    before: str | None = None
    rows = 0
    for close in conn.execute(select(period_close).where(p.scope_id == chain_id).order_by(p.period)):
        row: dict[str, Any] = dict(close._mapping)
        rows += 1
        if row["prev_hash"] != before or row["hash"] != close_hash(row, hashes[row["period"]]):
            return LedgerReport(rows, (BadRow("period_close", row["period"]),))
        before = row["hash"]
    return LedgerReport(rows, ())


def least_events(conn: Connection, chain_id: str) -> dict[str, int]:
    """Scope -> how many events its last sealed month counts on."""
    found: dict[str, int] = {}
    for close in read_closes(conn, chain_id):
        found.update(close.heads)
    return found


# --- Replay -------------------------------------------------------------------------------------------------------


def replay(conn: Connection, chain_id: str) -> LedgerReport:
    """Every sealed month again from the table of events: the same lines, statements and hashes, or which differs."""
    closes = read_closes(conn, chain_id)
    p, s = period_close.c, statement.c
    rows = 0
    previous: dict[str, str] = {}
    for place, close in enumerate(closes):
        row = conn.execute(
            select(p.config_version, p.events_hash, p.plans, p.config_hash, p.engine).where(
                p.scope_id == chain_id, p.period == close.period
            )
        ).one()
        config = config_versions(conn, chain_id, through=row.config_version)
        books = books_of(conn, chain_id, close.heads, closes[:place], config, closing=close.period)
        sealed = seal(books, chain_id, close.period)
        after = closes[place - 1].period if place else ""
        bad = _first_other_line(conn, chain_id, list(sealed.rows()), after, close.period)
        if bad is not None:
            return LedgerReport(rows, (bad,))
        rows += len(sealed.lines)
        rests_on = {
            "engine": row.engine,
            "period": close.period,
            "events": sealed.events_hash,
            "plans": sealed.plans,
            "config": sealed.config_hash,
        }
        if (sealed.events_hash, sealed.config_hash) != (row.events_hash, row.config_hash):
            return LedgerReport(rows, (BadRow("period_close", close.period),))
        mine: dict[str, list[list[Any]]] = defaultdict(list)
        for line in sealed.lines:
            mine[line.beneficiary].append(line.as_list())
        query = select(statement).where(s.scope_id == chain_id, s.period == close.period).order_by(s.associate)
        for found in conn.execute(query):
            rows += 1
            balance = Balance(found.net, found.carry_in, found.payable, found.carry_out)
            lines, before = mine.get(found.associate, []), previous.get(found.associate)
            if found.hash != statement_hash(rests_on, found.associate, lines, before, balance):
                return LedgerReport(rows, (BadRow("statement", f"{found.associate} {found.period}"),))
            previous[found.associate] = found.hash
    return LedgerReport(rows, ())


def _first_other_line(
    conn: Connection, chain_id: str, lines: list[tuple[Any, ...]], after: str, period: str
) -> BadRow | None:
    x = ledger_line.c
    query = (
        select(*(x[name] for name in LINE_COLUMNS[:-1]))
        .where(x.scope_id == chain_id, x.posting_period > after, x.posting_period <= period)
        .order_by(x.posting_period, x.n)
    )
    stored = [tuple(row) for row in conn.execute(query)]
    for number, (there, made) in enumerate(zip(stored, lines, strict=False), start=1):
        if there != made:
            return BadRow("ledger_line", f"{there[1]} {there[2]} ({number})")
    if len(stored) != len(lines):
        return BadRow("ledger_line", f"{period} {min(len(stored), len(lines)) + 1}")
    return None
