"""What a new member gets for joining by a code: one coupon of the offer the chain chose, on her card at once.

The house gives it: it counts against nobody's weekly allowance. It is no reward for an optional consent, which would
be none given freely (SECURITY.md P-1): joining alone brings it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.codes.encoder import short_url
from guidedesk.codes.signer import HANDLE_BYTES
from guidedesk.models.coupons import coupon, coupon_campaign, coupon_directory
from guidedesk.models.entities import Row
from guidedesk.server.code_keys import current_key
from guidedesk.server.context import ServerContext
from guidedesk.server.coupon_desk import coupon_digits, open_campaigns
from guidedesk.server.database import ScopeWrite
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.rows import put_row
from guidedesk.server.settings import read_settings
from guidedesk.server.visibility import insert_missing
from guidedesk.services.coupon_rows import coupon_id

_MOST_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Welcome:
    """The coupon that whoever joins now gets; `handle` is its name in the signed code."""

    campaign: Row
    handle: str


@dataclass(frozen=True, slots=True)
class OwnCoupon:
    """A coupon on her card and what its code says."""

    campaign: Row
    text: str
    ends_at_ms: int


def welcome_offer(conn: Connection, chain_id: str, now_ms: int) -> Row | None:
    """The offer new members get, while it is open; None where the chain gives nothing."""
    number = int(read_settings(conn, chain_id)["welcome_coupon"])
    if not number:
        return None
    return next((row for row in open_campaigns(conn, chain_id, now_ms) if row["number"] == number), None)


def prepare_welcome(context: ServerContext, store_id: str, now_ms: int) -> Welcome | None:
    """A fresh coupon, entered in the directory before it is given out."""
    database = context.database
    with database.read() as conn:
        campaign = welcome_offer(conn, database.chain_id(), now_ms)
    if campaign is None:
        return None
    handle = context.random.bytes(HANDLE_BYTES).hex()
    entry = {
        "handle": handle, "scope_id": store_id, "campaign_no": campaign["number"],
        "expires_at_ms": campaign["ends_at_ms"],
    }  # fmt: skip
    database.write_directory(lambda conn: insert_missing(conn, coupon_directory, [entry]))
    return Welcome(campaign, handle)


def give_welcome(opened: ScopeWrite, welcome: Welcome, member_id: str, join_id: str, now_ms: int) -> None:
    """Put it on her card, in the transaction that makes her a member."""
    row = put_row(
        opened,
        "coupon",
        {
            "id": coupon_id(welcome.handle),
            "handle": welcome.handle,
            "campaign_no": welcome.campaign["number"],
            "member_id": member_id,
            "staff_id": opened.scope_id,
            "device_id": join_id,
            "state": "issued",
            "value_minor": welcome.campaign["value_minor"],
            "issued_at_ms": now_ms,
            "expires_at_ms": welcome.campaign["ends_at_ms"],
        },
    )
    add_tasks(opened, [("coupon", row["id"], row["row_ver"])])


def coupons_of(conn: Connection, chain_id: str, scopes: Iterable[str], member_id: str, now_ms: int) -> list[Row]:
    """What is on her card and can still be used, the one that ends first before the others, each with its offer."""
    c, offer = coupon.c, coupon_campaign.c
    found: list[Row] = []
    for scope_id in sorted(scopes):
        query = select(coupon).where(
            c.scope_id == scope_id, c.member_id == member_id, c.state == "issued", c.expires_at_ms > now_ms,
            c.deleted_at_ms.is_(None),
        )  # fmt: skip
        found += [dict(row._mapping) for row in conn.execute(query)]
    numbers = {row["campaign_no"] for row in found}
    offers: dict[Any, Row] = {}
    if numbers:
        query = select(coupon_campaign).where(
            offer.scope_id == chain_id, offer.number.in_(numbers), offer.deleted_at_ms.is_(None)
        )
        offers = {row.number: dict(row._mapping) for row in conn.execute(query)}
    shown = [row | {"campaign": offers[row["campaign_no"]]} for row in found if row["campaign_no"] in offers]
    return sorted(shown, key=lambda row: (row["expires_at_ms"], row["handle"]))[:_MOST_SHOWN]


def coupon_texts(context: ServerContext, rows: Iterable[Row], host: str) -> list[OwnCoupon]:
    """Each with its code, signed anew with the key of now, so that a turn of the keys takes nothing from her."""
    key = current_key(context.database, context.secrets, context.clock.wall_ms())
    found: list[OwnCoupon] = []
    for row in rows:
        # What it was worth when it was given, whatever the offer became.
        given = row["campaign"] | {"value_minor": row["value_minor"], "ends_at_ms": row["expires_at_ms"]}
        digits = coupon_digits(given, bytes.fromhex(row["handle"]), key)
        found.append(OwnCoupon(row["campaign"], short_url(host, digits), row["expires_at_ms"]))
    return found
