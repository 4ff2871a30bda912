"""Coupons at the server: signed beforehand, leased to counters, used once (CODES.md Q-5 and Q-8).

Who was first to use a coupon is settled in its directory, before the transaction that writes it down: two stores never
decide about one coupon at the same moment.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from guidedesk.codes.forms import CodeType
from guidedesk.codes.signer import HANDLE_BYTES, sign_code
from guidedesk.codes.trust import EPOCH_S
from guidedesk.domain.coupons import LEASES, tail_of
from guidedesk.domain.errors import Refused
from guidedesk.domain.ports import Random
from guidedesk.models.coupons import coupon_campaign, coupon_directory, coupon_lease, coupon_use
from guidedesk.models.entities import Row, load_row
from guidedesk.models.server_tables import op_log, scope
from guidedesk.server.code_keys import IssuerSeed
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.rows import put_row
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import insert_missing
from guidedesk.services.apply_core import CouponClaim
from guidedesk.services.coupon_rows import campaign_id

KINDS: Final = ("amount", "percent", "gift")
_MOST_NUMBER: Final = 0xFFFF_FFFF
_USED: Final = ("accepted", "merged")  # what an operation came to that used a coupon


def put_campaign(database: ServerDatabase, values: Mapping[str, Any]) -> int:
    """Offer coupons, or change what is offered under this number; the number.

    `validation` names the field that cannot be. A changed worth counts for coupons given from now on.
    """
    checked = _checked(values)

    def work(opened: ScopeWrite) -> None:
        put_row(opened, "coupon_campaign", {"id": campaign_id(checked["number"]), **checked})

    database.write(database.chain_id(), work)
    return int(checked["number"])


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "name_en": values.get("name", ""), "terms": "", "terms_en": "", "value_minor": 0, "percent_bp": 0,
        "threshold_minor": 0, "week_count": 10, "week_minor": 0, "is_active": 1, **values,
    }  # fmt: skip
    wanted = {column.name for column in coupon_campaign.columns} - {"scope_id", "id", "row_ver", "deleted_at_ms"}
    for name in sorted(found.keys() ^ wanted):
        raise Refused("validation", field=name[:40], why="missing" if name in wanted else "unknown_field")
    for name in ("number", "value_minor", "percent_bp", "threshold_minor", "ends_at_ms", "week_count", "week_minor"):
        if type(found[name]) is not int or found[name] < 0:
            raise Refused("validation", field=name, why="bad_value")
    good = {
        "number": 1 <= found["number"] <= _MOST_NUMBER,
        "name": isinstance(found["name"], str) and 1 <= len(found["name"].strip()) <= 60,
        "kind": found["kind"] in KINDS,
        "value_minor": (found["kind"] == "amount") == (found["value_minor"] > 0),
        "percent_bp": (found["kind"] == "percent") == (0 < found["percent_bp"] <= 10_000),
        "currency": isinstance(found["currency"], str) and len(found["currency"]) == 3,
    }
    for name, is_good in good.items():
        if not is_good:
            raise Refused("validation", field=name, why="bad_value")
    return found


_campaign, _lease = coupon_campaign.c, coupon_lease.c
_OPEN: Final = (
    select(coupon_campaign)
    .where(
        _campaign.scope_id == bindparam("the_chain"), _campaign.is_active == 1,
        _campaign.ends_at_ms > bindparam("now"), _campaign.deleted_at_ms.is_(None),
    )
    .order_by(_campaign.number)
)  # fmt: skip
_OF_A_COUNTER: Final = (
    _lease.scope_id == bindparam("the_scope"), _lease.device_id == bindparam("the_device"), _lease.state == "leased",
)  # fmt: skip
_HELD: Final = select(_lease.campaign_no, func.count()).where(*_OF_A_COUNTER).group_by(_lease.campaign_no)
_LEASED: Final = (
    select(_lease.handle, _lease.digits, _lease.campaign_no)
    .where(*_OF_A_COUNTER, _lease.expires_at_ms > bindparam("now"))
    .order_by(_lease.campaign_no, _lease.handle)
)


def open_campaigns(conn: Connection, chain_id: str, now_ms: int) -> list[Row]:
    """What may be given now."""
    return [dict(row._mapping) for row in conn.execute(_OPEN, {"the_chain": chain_id, "now": now_ms})]


def lease_coupons(
    database: ServerDatabase, scope_id: str, device_id: str, key: IssuerSeed, random: Random, now_ms: int
) -> None:
    """Bring a counter's blank coupons of each open campaign to ten; not of what associates may not give."""
    with database.read() as conn:
        campaigns = [row for row in open_campaigns(conn, database.chain_id(), now_ms) if row["week_count"]]
        held = _held(conn, scope_id, device_id)
    fresh = [
        _signed(campaign, key, random)
        for campaign in campaigns
        for _ in range(LEASES - held.get(campaign["number"], 0))
    ]
    if not fresh:
        return
    entries = [
        {name: one[name] for name in ("handle", "campaign_no", "expires_at_ms")} | {"scope_id": scope_id}
        for one in fresh
    ]
    database.write_directory(lambda conn: insert_missing(conn, coupon_directory, entries))
    lease = {"scope_id": scope_id, "device_id": device_id, "state": "leased", "leased_at_ms": now_ms}
    database.write(scope_id, lambda opened: insert_missing(opened.conn, coupon_lease, [lease | one for one in fresh]))


def coupon_digits(campaign: Row, handle: bytes, key: IssuerSeed) -> str:
    """What the picture of a coupon of this offer says."""
    tail = tail_of(campaign["number"], campaign["kind"], campaign["value_minor"], campaign["percent_bp"])
    return sign_code(
        key.seed, key_id=key.key_id, kind=CodeType.COUPON, handle=handle, generation=0,
        expires=campaign["ends_at_ms"] // 1000 - EPOCH_S, tail=tail.to_bytes(),
    )  # fmt: skip


def _signed(campaign: Row, key: IssuerSeed, random: Random) -> dict[str, Any]:
    handle = random.bytes(HANDLE_BYTES)
    return {
        "handle": handle.hex(),
        "digits": coupon_digits(campaign, handle, key),
        "campaign_no": campaign["number"],
        "expires_at_ms": campaign["ends_at_ms"],
    }


def _held(conn: Connection, scope_id: str, device_id: str) -> dict[int, int]:
    found = conn.execute(_HELD, {"the_scope": scope_id, "the_device": device_id})
    return {int(number): int(count) for number, count in found}


def leased_coupons(conn: Connection, scope_id: str, device_id: str, now_ms: int) -> list[tuple[str, str, int]]:
    """(handle, digits, campaign) of what a counter may give and has not."""
    found = conn.execute(_LEASED, {"the_scope": scope_id, "the_device": device_id, "now": now_ms})
    return [(handle, digits, number) for handle, digits, number in found]


def take_lease(conn: Connection, scope_id: str, handle: str, campaign_no: int, device_id: str) -> bool:
    """Mark a coupon of this counter as given; once."""
    lease = coupon_lease.c
    taken = conn.execute(
        update(coupon_lease)
        .where(
            lease.scope_id == scope_id,
            lease.handle == handle,
            lease.campaign_no == campaign_no,
            lease.device_id == device_id,
            lease.state == "leased",
        )
        .values(state="issued")
    )
    return taken.rowcount == 1


def holds_lease(conn: Connection, scope_id: str, handle: str, device_id: str) -> bool:
    """Whether a coupon was leased to this counter, given out by now or not."""
    lease = coupon_lease.c
    found = conn.execute(select(lease.device_id).where(lease.scope_id == scope_id, lease.handle == handle)).scalar()
    return bool(found == device_id)


def coupon_used(
    conn: Connection, handle: str, among: Container[str] = (), device_id: str = ""
) -> tuple[int, str] | None:
    """When and in which store it was used.

    A use that was only claimed is none: it may yet be refused, and whose coupon it is could not use it. It writes the
    coupon's row itself once it is accepted. `among`: uses of this counter that are decided in this very transaction.
    """
    d, log = coupon_directory.c, op_log.c
    row = conn.execute(select(d.used_op_id, d.used_scope_id, d.used_at_ms).where(d.handle == handle)).first()
    if row is None or row.used_op_id is None:
        return None
    found = conn.execute(
        select(log.status).where(log.scope_id == row.used_scope_id, log.op_id == row.used_op_id)
    ).scalar()
    if found not in _USED and row.used_op_id in among:  # decided a moment ago: the log is written at the end
        is_done = row.used_op_id in redeemed(conn, row.used_scope_id, device_id, [row.used_op_id])
        found = _USED[0] if is_done else None
    return (row.used_at_ms, row.used_scope_id) if found in _USED else None


def redeemed(conn: Connection, scope_id: str, device_id: str, op_ids: Sequence[str]) -> set[str]:
    """Which of these operations of a counter used a coupon or spent points, also in this very transaction."""
    use = coupon_use.c
    found = conn.execute(
        select(use.op_id).where(use.scope_id == scope_id, use.device_id == device_id, use.op_id.in_(op_ids))
    )
    return set(found.scalars())


def claim_coupons(
    database: ServerDatabase, scope_id: str, uses: Sequence[tuple[str, str, int]]
) -> dict[str, CouponClaim]:
    """Enter each use (op id, handle, at ms) in its coupon's directory, first come first served; how each stands."""
    if not uses:
        return {}

    def work(conn: Connection) -> dict[str, CouponClaim]:
        d = coupon_directory.c
        found: dict[str, CouponClaim] = {}
        for op_id, handle, at_ms in sorted(uses, key=lambda use: (use[1], use[2], use[0])):
            conn.execute(
                update(coupon_directory)
                .where(d.handle == handle, d.used_op_id.is_(None))
                .values(used_op_id=op_id, used_scope_id=scope_id, used_at_ms=at_ms)
            )
            row = conn.execute(select(coupon_directory).where(d.handle == handle)).first()
            if row is not None:
                found[op_id] = CouponClaim(
                    row.scope_id, row.campaign_no, row.expires_at_ms, row.used_op_id == op_id, row.used_at_ms,
                    row.used_op_id,
                )  # fmt: skip
        return found

    return database.write_directory(work)


def release_coupons(database: ServerDatabase, op_ids: Mapping[str, str]) -> None:
    """Uses that came to nothing (op id -> handle) leave the coupon as it was."""
    if not op_ids:
        return

    def work(conn: Connection) -> None:
        d = coupon_directory.c
        for op_id, handle in sorted(op_ids.items()):
            conn.execute(
                update(coupon_directory)
                .where(d.handle == handle, d.used_op_id == op_id)
                .values(used_op_id=None, used_scope_id=None, used_at_ms=None)
            )

    database.write_directory(work)


def spend(opened: ScopeWrite, row_id: str) -> Row | None:
    """The coupon's row as its directory has it, written where it was given out; None where nothing changed."""
    row = load_row(opened.conn, "coupon", opened.scope_id, row_id)
    used = None if row is None else coupon_used(opened.conn, row["handle"])
    if row is None or used is None or row["state"] == "redeemed":
        return None
    return put_row(
        opened,
        "coupon",
        {"id": row_id, "state": "redeemed", "redeemed_at_ms": used[0], "redeemed_store_id": used[1]},
    )


def is_second_use(answer: Mapping[str, Any]) -> bool:
    """Whether an operation's answer says that the coupon had been used before."""
    return bool(answer["params"].get("why") == "coupon_used" or answer["reason"] == "coupon_twice")


@cross_scope
def used_twice(database: ServerDatabase) -> list[dict[str, Any]]:
    """Uses that reached the server second, newest first: who took the coupon, where, when (UTC ms), worth how much;
    `stands` for that of the counter that had given it out."""
    log, found = op_log.c, []
    with database.read() as conn:
        scopes = conn.execute(select(scope.c.scope_id).where(scope.c.kind == "store")).scalars().all()
        for scope_id in sorted(scopes):
            rows = conn.execute(
                select(log.actor_id, log.device_id, log.occurred_at_ms, log.body, log.result).where(
                    log.scope_id == scope_id, log.type == "redeem_coupon", log.status.in_(("rejected", "merged"))
                )
            )
            for row in rows:
                answer = json.loads(row.result)
                if is_second_use(answer):
                    body = json.loads(row.body)["body"]
                    found.append(
                        {
                            "scope_id": scope_id,
                            "device_id": row.device_id,
                            "staff_id": row.actor_id,
                            "used_at_ms": row.occurred_at_ms,
                            "handle": body["handle"],
                            "member_id": body["member_id"],
                            "value_minor": body["value_minor"],
                            "stands": answer["status"] == "merged",
                        }
                    )
    return sorted(found, key=lambda one: (-one["used_at_ms"], one["handle"]))
