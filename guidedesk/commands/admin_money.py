"""`guidedesk admin config | plan | month | audit`: rules of money, closing months, whether all is as written."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.commands.admin_actions import open_desk, say, table
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import local_date
from guidedesk.models.server_tables import scope
from guidedesk.server.audit import verify_audit
from guidedesk.server.commission_audit import BadRow, least_events, replay, verify_events, verify_ledger
from guidedesk.server.commission_close import close_period, preview
from guidedesk.server.commission_rules import config_versions, is_kept, list_plans, publish_plan, set_config
from guidedesk.server.database import ServerDatabase
from guidedesk.server.settings import check_setting, read_settings, write_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.sync import strict_json

# Settings that the configuration of commission repeats: where versions are kept, both change together.
_SHARED: Final[Mapping[str, str | None]] = {
    "window_days": "window", "protection_days": "protection", "max_offline_lag_hours": None,
}  # fmt: skip


def config_set(args: argparse.Namespace) -> int:
    """Store the settings of a JSON file, all or none; `commission` in it makes a version of the commission rules."""
    document = strict_json.loads_object(read_raw(args.file))
    changes = document.pop("commission", None)
    starts = document.pop("effective_from", None)
    if changes is not None and not isinstance(changes, dict):
        raise Refused("setting_invalid", name="commission", value=json.dumps(changes)[:80])
    if starts is not None and not isinstance(starts, str):
        raise Refused("setting_invalid", name="effective_from", value=json.dumps(starts)[:80])
    values: dict[str, str] = {}
    for name, given in document.items():
        # Scripts are a list in the file and a text in the settings, as every setting is.
        value = json.dumps(given, ensure_ascii=False) if name == "scripts" and isinstance(given, list) else given
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise Refused("setting_invalid", name=name, value=json.dumps(value)[:80])
        values[name] = str(value)
        check_setting(name, values[name])
    with open_desk(args) as desk:
        now_ms = desk.clock.wall_ms()
        with desk.database.read() as conn:
            chain_id = desk.database.chain_id()
            kept = is_kept(conn, chain_id)
            zone = read_settings(conn, chain_id)["zone"]
        changes = {**(_repeated(values) if kept else {}), **(changes or {})}
        version = None
        start = starts or str(local_date(now_ms, zone) + timedelta(days=1))
        if changes:
            version = set_config(desk.database, changes, start, actor=None, now_ms=now_ms)
        write_settings(desk.database, values)
    said = f"{len(values)} settings are stored; counters get them with their next pull."
    if version is not None:
        said += f" Version {version} of the commission rules holds from {start} on."
    return say(args, {"set": values, "commission_version": version}, said)


def _repeated(values: Mapping[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, key in _SHARED.items():
        if name in values:
            changes |= {name: int(values[name])} if key is None else {key: {"days": int(values[name])}}
    return changes


def read_raw(file: str) -> bytes:
    """The bytes of a file, or of standard input for `-`; `settings_unreadable`."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError:
        raise Refused("settings_unreadable", file=Path(file).name) from None


def config_show(args: argparse.Namespace) -> int:
    """Every setting, and the commission rules in force with their versions."""
    with open_desk(args) as desk, desk.database.read() as conn:
        chain_id = desk.database.chain_id()
        values: dict[str, Any] = dict(read_settings(conn, chain_id))
        versions = config_versions(conn, chain_id)
    lines = [f"{name} = {value}" for name, value in sorted(values.items())]
    for one in versions:
        lines.append(f"commission version {one['version']} from {one['effective_from']}:")
        lines += [f"  {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in sorted(one["body"].items())]
    return say(args, values | {"commission": versions}, "\n".join(lines))


def plan_publish(args: argparse.Namespace) -> int:
    """A new version of a plan."""
    document = strict_json.loads_object(read_raw(args.file))
    with open_desk(args) as desk:
        made = publish_plan(desk.database, document, actor=None, now_ms=desk.clock.wall_ms())
    told = {"plan": document["plan"], "version": document["version"], "hash": made}
    since = document["effective_from"]
    return say(args, told, f"{told['plan']} version {told['version']} holds from {since} on. It is never edited.")


def plan_list(args: argparse.Namespace) -> int:
    """Every version of every plan."""
    with open_desk(args) as desk, desk.database.read() as conn:
        found = list_plans(conn, desk.database.chain_id())
    return say(args, {"plans": found}, table(found, ("plan", "version", "effective_from", "hash"), "No plan yet."))


def month_preview(args: argparse.Namespace) -> int:
    """What closing a month would come to, and what stands in the way; 1 when something does."""
    with open_desk(args) as desk:
        found = preview(desk.database, args.period, desk.clock.wall_ms())
    document = asdict(found) | {"blocked_by": found.blocked_by}
    document["balances"] = {name: balance.as_dict() for name, balance in found.balances.items()}
    rows = [{"associate": name, **balance.as_dict()} for name, balance in sorted(found.balances.items())]
    columns = ("associate", "carry_in", "net", "payable", "carry_out")
    text = table(rows, columns, "Nobody earned anything.")
    blocked = "Nothing stands in the way." if found.blocked_by is None else f"It waits for: {found.blocked_by}."
    say(args, document, f"{text}\n{found.line_count} lines. {blocked}")
    return 0 if found.blocked_by is None else 1


def month_close(args: argparse.Namespace) -> int:
    """Seal a month."""
    with open_desk(args) as desk:
        now_ms = desk.clock.wall_ms()
        done = close_period(desk.database, args.period, actor=None, now_ms=now_ms, forced_reason=args.reason)
    text = f"{done.period} is sealed: {done.line_count} lines, {done.statement_count} statements. Hash {done.hash}."
    return say(args, asdict(done), text)


@cross_scope
def audit_verify(args: argparse.Namespace) -> int:
    """Walk every chain of hashes; 1 when a row was changed, removed, added or moved, naming the first of each."""
    with open_desk(args) as desk, desk.database.read_snapshot() as conn:
        scopes = conn.execute(select(scope.c.scope_id).order_by(scope.c.scope_id)).scalars().all()
        reports = {scope_id: verify_audit(conn, scope_id) for scope_id in scopes}
        money_rows, money_bad = _verify_money(conn, desk.database, scopes, is_replayed=args.replay)
    bad: list[dict[str, Any]] = [
        {"table": "audit", "scope": scope_id, "n": r.first_bad, "row": f"{scope_id} {r.first_bad}"}
        for scope_id, r in reports.items()
        if r.first_bad is not None
    ]
    bad += [{"table": one.table, "row": one.row} for one in money_bad]
    rows = sum(report.rows for report in reports.values()) + money_rows
    heads = {scope_id: report.head.hex() for scope_id, report in reports.items() if report.rows}
    first = "".join(f" The first bad one of {one['table']} is {one['row']}." for one in bad)
    told = f"{rows} entries are as they were written." if not bad else f"{rows} entries were read.{first}"
    say(args, {"rows": rows, "bad": bad, "heads": heads}, told)
    return 1 if bad else 0


def _verify_money(
    conn: Connection, database: ServerDatabase, scopes: Any, *, is_replayed: bool
) -> tuple[int, list[BadRow]]:
    chain_id = database.chain_id()
    least = least_events(conn, chain_id)
    reports = [verify_events(conn, scope_id, least=least.get(scope_id, 0)) for scope_id in scopes]
    reports.append(verify_ledger(conn, chain_id))
    bad = [one for report in reports for one in report.bad]
    if is_replayed and not bad:
        bad += replay(conn, chain_id).bad
    return sum(report.rows for report in reports), bad
