"""commission, its last figure: a month sealed into PostgreSQL, lines with their explanations and statements written."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import psycopg

from guidedesk.bench.commission_data import Doc, History, Shape, history
from guidedesk.bench.figures import highest_rss_mb
from guidedesk.bench.local_postgres import SUPERUSER, LocalPostgres
from guidedesk.domain.time import to_ms
from guidedesk.server.commission_close import close_period
from guidedesk.server.commission_events import NewEvent, record_events
from guidedesk.server.commission_rules import publish_plan, set_config
from guidedesk.server.connectors.landing import prepare
from guidedesk.server.database import ScopeWrite, ServerDatabase, open_server
from guidedesk.server.schema import create_schema

_PERIOD: Final = "2026-01"
_NOW_MS: Final = to_ms(datetime.fromisoformat("2026-03-01T12:00:00+08:00"))
_A_TRANSACTION: Final = 20_000
_REASON: Final = "a measurement"


def close_figures(shape: Shape) -> dict[str, float]:
    """Seconds from the call to the committed month, events read and reckoned included; and what it came to.

    `close_cpu_s` is the time of this process alone: PostgreSQL's own goes by beside it on another core.
    """
    made = history(shape)
    with LocalPostgres(is_durable=True) as local:
        with psycopg.connect(local.url(SUPERUSER), autocommit=True) as conn:
            conn.execute("CREATE DATABASE bench_close")
        database = open_server(local.url("bench_close"))
        try:
            create_schema(database)
            _land(database, made)
            del made
            gc.collect()
            began, began_cpu = time.perf_counter(), time.process_time()
            month = close_period(database, _PERIOD, actor=None, now_ms=_NOW_MS, forced_reason=_REASON)
            return {
                "close_s": round(time.perf_counter() - began, 1),
                "close_cpu_s": round(time.process_time() - began_cpu, 1),
                "close_ledger_lines": month.line_count,
                "close_statements": month.statement_count,
                "close_rss_mb": highest_rss_mb(),
            }
        finally:
            database.close()


def _land(database: ServerDatabase, made: History) -> None:
    """The made-up history as the events of a chain."""
    chain_id = prepare(database, "bench", ())
    set_config(database, made.config, "2020-01-01", actor=None, now_ms=_NOW_MS)
    for plan in made.plans:
        publish_plan(database, plan, actor=None, now_ms=_NOW_MS)
    joined = [
        {"id": f"join:{doc['associate']}", "type": "staff.join", "at": "2020-01-01T00:00:00Z", **_plain(doc)}
        for doc in made.staff
    ]
    documents = [*joined, *made.events]
    for start in range(0, len(documents), _A_TRANSACTION):
        database.write(chain_id, partial(_record, documents=documents[start : start + _A_TRANSACTION]))


def _plain(doc: Doc) -> dict[str, Any]:
    return {name: doc[name] for name in ("associate", "store", "role", "member") if doc.get(name) is not None}


def _record(opened: ScopeWrite, documents: Sequence[Doc]) -> None:
    events = [NewEvent(dict(doc), to_ms(datetime.fromisoformat(str(doc["at"]))), _NOW_MS) for doc in documents]
    record_events(opened, events, are_new=True)
