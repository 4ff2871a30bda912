"""`guidedesk admin coupon`: what a chain offers, and coupons that turned up twice."""

from __future__ import annotations

import argparse

from guidedesk.commands.admin_actions import open_desk, say
from guidedesk.commands.admin_money import read_raw
from guidedesk.domain.time import iso_utc
from guidedesk.server.coupon_desk import open_campaigns, put_campaign, used_twice
from guidedesk.sync import strict_json


def put(args: argparse.Namespace) -> int:
    """Offer coupons from a JSON file; the same number again changes what is offered."""
    document = strict_json.loads_object(read_raw(args.file))
    with open_desk(args) as desk:
        number = put_campaign(desk.database, document)
    told = f"Coupons number {number} are offered; counters fetch theirs at the next contact."
    return say(args, {"number": number}, told)


def listed(args: argparse.Namespace) -> int:
    """What may be given now."""
    with open_desk(args) as desk, desk.database.read() as conn:
        found = open_campaigns(conn, desk.database.chain_id(), desk.clock.wall_ms())
    rows = [
        {name: row[name] for name in ("number", "name", "kind", "value_minor", "percent_bp", "week_count")}
        | {"ends_at": iso_utc(row["ends_at_ms"])}
        for row in found
    ]
    told = "\n".join(f"{row['number']}  {row['name']}  until {row['ends_at']}" for row in rows)
    return say(args, {"campaigns": rows}, told or "No coupons are offered.")


def conflicts(args: argparse.Namespace) -> int:
    """Coupons that a second counter took before it could know: for a manager to settle with her colleague."""
    with open_desk(args) as desk:
        found = used_twice(desk.database)
    told = "\n".join(
        f"{iso_utc(one['used_at_ms'])}  store {one['scope_id']}  member {one['member_id']}  by {one['staff_id']}  "
        f"worth {one['value_minor']}"
        for one in found
    )
    return say(args, {"conflicts": found}, told or "No coupon turned up twice.")
