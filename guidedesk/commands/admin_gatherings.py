"""`guidedesk admin gathering`: what a store invites its members to, and who signed up (docs/gatherings.md)."""

from __future__ import annotations

import argparse

from guidedesk.commands.admin_actions import open_desk, say
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import new_id
from guidedesk.domain.time import iso_utc
from guidedesk.server import gathering_desk
from guidedesk.server.order_names import read_names

_SHOWN = ("id", "title", "topic", "place", "seats", "taken", "waiting")


def add(args: argparse.Namespace) -> int:
    """Announce one."""
    with open_desk(args) as desk:
        made = new_id(desk.clock.wall_ms(), desk.random.bytes(10))
        gathering_desk.announce(desk.database, made, vars(args))
    return say(args, {"id": made}, f"Announced: {made}. Counters of the store show it at the next contact.")


def cancel(args: argparse.Namespace) -> int:
    """It does not take place."""
    with open_desk(args) as desk:
        gathering_desk.cancel(desk.database, _store(read_names(desk.database, ()).store(args.store)), args.gathering)
    return say(args, {"id": args.gathering}, "Cancelled. Nobody is reminded of it any more.")


def listed(args: argparse.Namespace) -> int:
    """Every one of a store."""
    with open_desk(args) as desk:
        store_id = _store(read_names(desk.database, ()).store(args.store))
        with desk.database.read() as conn:
            found = gathering_desk.gatherings_of(conn, store_id)
    rows = [
        {name: row[name] for name in _SHOWN}
        | {"starts_at": iso_utc(row["starts_at_ms"]), "is_cancelled": bool(row["is_cancelled"])}
        for row in found
    ]
    told = "\n".join(
        f"{row['id']}  {row['starts_at']}  {row['title']}  {row['taken']} of {row['seats']} seats, "
        f"{row['waiting']} waiting{'  cancelled' if row['is_cancelled'] else ''}"
        for row in rows
    )
    return say(args, {"gatherings": rows}, told or "Nothing is announced.")


def show(args: argparse.Namespace) -> int:
    """Who signed up for one."""
    with open_desk(args) as desk:
        store_id = _store(read_names(desk.database, ()).store(args.store))
        with desk.database.read() as conn:
            found = gathering_desk.seats_at(conn, store_id, args.gathering)
    rows = [{name: row[name] for name in ("member_id", "state", "turn", "attendance")} for row in found]
    told = "\n".join(f"{row['state']:8} {row['turn']:4} {row['member_id']} {row['attendance']}" for row in rows)
    return say(args, {"seats": rows}, told or "Nobody signed up.")


def _store(store_id: str | None) -> str:
    if store_id is None:
        raise Refused("validation", field="store", why="missing")
    return store_id
