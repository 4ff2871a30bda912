"""`guidedesk admin points`: the chain's rules of points, and whether the ledger says what the facts say."""

from __future__ import annotations

import argparse

from guidedesk.commands.admin_actions import open_desk, say
from guidedesk.commands.admin_money import read_raw
from guidedesk.server.points_desk import publish_rules
from guidedesk.server.points_ledger import read_versions
from guidedesk.server.points_recount import bring_up_to_date, recount
from guidedesk.sync import strict_json


def publish(args: argparse.Namespace) -> int:
    """A new version of the rules from a JSON file; the first one counts what is known already."""
    document = strict_json.loads_object(read_raw(args.file))
    with open_desk(args) as desk:
        now_ms = desk.clock.wall_ms()
        version = publish_rules(desk.database, document, now_ms)
        entered = bring_up_to_date(desk.database, now_ms)
    told = f"Version {version} of the rules of points is published; {entered} entries were added to the ledger."
    return say(args, {"version": version, "entered": entered}, told)


def listed(args: argparse.Namespace) -> int:
    """Every version."""
    with open_desk(args) as desk, desk.database.read() as conn:
        found = read_versions(conn, desk.database.chain_id())
    rows = [
        {
            "version": one.version, "effective_from": one.effective_from.isoformat(), "points": one.points,
            "per_minor": one.per_minor, "redeem_points": one.redeem_points, "redeem_minor": one.redeem_minor,
        }
        for one in found
    ]  # fmt: skip
    told = "\n".join(
        f"{row['version']}  from {row['effective_from']}  {row['points']} for {row['per_minor']} minor units; "
        f"{row['redeem_points']} take off {row['redeem_minor']}"
        for row in rows
    )
    return say(args, {"versions": rows}, told or "No rules of points are published: nobody gets any.")


def check(args: argparse.Namespace) -> int:
    """Tell the ledger once more from the facts; with `--mend` enter first what is missing. 1 where it differs."""
    with open_desk(args) as desk:
        now_ms = desk.clock.wall_ms()
        entered = bring_up_to_date(desk.database, now_ms) if args.mend else 0
        found = recount(desk.database, now_ms)
    document = {"right": found.is_right, "entered": entered, "sales": found.different, "balances": found.balances}
    if found.is_right:
        told = "Every entry and every balance is what the sales and returns say."
    else:
        first = ", ".join((*found.different, *found.balances)[:5])
        told = f"{len(found.different)} sales and {len(found.balances)} members' balances differ: {first}"
    return say(args, document, told) or int(not found.is_right)
