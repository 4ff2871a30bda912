"""`guidedesk admin orders` and `admin source`: sales nobody is known for, and programs that push orders."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from guidedesk.commands.admin_actions import Desk, open_desk, say
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.models.entities import load_rows
from guidedesk.server import chain, webhooks
from guidedesk.server.order_conflicts import conflicts_of
from guidedesk.server.order_matching import people_of_marks
from guidedesk.server.order_waiting import list_waiting
from guidedesk.server.recognition import give_by_hand, recognise_all, unmatched_counts, unmatched_of
from guidedesk.ui import i18n
from guidedesk.ui.formats import money


def unmatched(args: argparse.Namespace) -> int:
    """Look once more whether anybody is known by now, then list what is left, store by store."""
    i18n.use_language("en")
    with open_desk(args) as desk:
        given = recognise_all(desk.database, desk.clock.wall_ms())
        scopes = _scopes(desk, args.store)
        document: dict[str, Any] = {"recognised_now": given, "stores": []}
        with desk.database.read() as conn:
            for scope_id, code in scopes:
                counts = {name: count for name, count in unmatched_counts(conn, scope_id).items() if count}
                sales = unmatched_of(conn, scope_id, max(1, args.limit), all_sales=args.all)
                others = conflicts_of(conn, scope_id, max(1, args.limit))
                if counts or others:
                    entry = {"store": code, "id": scope_id, "counts": counts, "sales": sales, "conflicts": others}
                    document["stores"].append(entry)
            total, waiting = list_waiting(conn, max(1, args.limit))
        document["waiting"] = {"count": total, "returns": waiting}
    return say(args, document, _told(document))


def _told(document: dict[str, Any]) -> str:
    said = [f"{document['recognised_now']} sales were recognised just now."]
    for entry in document["stores"]:
        said.append(f"{entry['store']}:")
        said += [f"  {count} {i18n.t(f'orders.unmatched.{name}')}" for name, count in sorted(entry["counts"].items())]
        for sale in entry["sales"]:
            why = i18n.t(f"orders.unmatched.{sale['reason']}")
            amount = money(sale["total_minor"], sale["currency"])
            said.append(f"    {sale['order_no']}  {amount}  {sale['shown']}  {why}  ({sale['purchase_id']})")
        again = "came again with other content; the first counts"
        said += [f"    {other['external_id']} of {other['source']} {again}" for other in entry["conflicts"]]
    waiting = document["waiting"]
    if waiting["count"]:
        said.append(f"{waiting['count']} returns wait for their sales:")
        said += [f"    {one['external_id']} of {one['order_external_id']}" for one in waiting["returns"]]
    if len(said) == 1:
        said.append("Every sale that names somebody is hers.")
    return "\n".join(said)


def match(args: argparse.Namespace) -> int:
    """A person says whose a sale is."""
    with open_desk(args) as desk:
        if not is_id(args.sale):
            sys.stderr.write("guidedesk admin orders match: ID is the id that `admin orders unmatched` shows.\n")
            return 2
        with desk.database.read() as conn:
            mark = f"member:{args.member}" if is_id(args.member) else f"code:{args.member}"
            member_id = people_of_marks(conn, [mark])[mark]
            scopes = [s for s, _ in _scopes(desk, None) if load_rows(conn, "purchase", s, [args.sale])]
        if member_id is None:
            raise Refused("not_found", what="member")
        if not scopes:
            raise Refused("not_found", what="order")
        give_by_hand(desk.database, scopes[0], args.sale, member_id, desk.clock.wall_ms(), None)
    return say(args, {"sale": args.sale, "member": member_id}, f"The sale is {member_id}'s now, returns included.")


def _scopes(desk: Desk, store: str | None) -> list[tuple[str, str]]:
    if store is not None:
        return [(chain.get_store(desk.database, store), store)]
    stores = [(row["id"], row["code"]) for row in chain.list_stores(desk.database)]
    return [*stores, (desk.database.chain_id(), "online")]


def source_add(args: argparse.Namespace) -> int:
    """Let a program push orders."""
    return _secret(args, rotate=False)


def source_rotate(args: argparse.Namespace) -> int:
    """A new secret for it."""
    return _secret(args, rotate=True)


def _secret(args: argparse.Namespace, *, rotate: bool) -> int:
    with open_desk(args) as desk:
        secret = webhooks.add_source(desk.database, desk.secrets, args.name, desk.clock.wall_ms(), rotate=rotate)
    until = " The secret before it counts seven days more." if rotate else ""
    return say(
        args,
        {"source": args.name, "secret": secret},
        f"{args.name} signs with this secret, shown only here: {secret}.{until}",
    )


def source_off(args: argparse.Namespace) -> int:
    """It may push no longer."""
    with open_desk(args) as desk:
        webhooks.stop_source(desk.database, args.name, desk.clock.wall_ms())
    return say(args, {"source": args.name, "state": "off"}, f"{args.name} may push no longer; what it pushed stays.")


def source_list(args: argparse.Namespace) -> int:
    """Every program."""
    with open_desk(args) as desk:
        sources = webhooks.list_sources(desk.database)
    lines = "\n".join(f"{row['source']}  {row['state']}" for row in sources)
    return say(args, {"sources": sources}, lines or "No program may push orders.")
