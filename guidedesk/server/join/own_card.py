"""A member's own page: her card, her associate, her consents (CODES.md Q-6, SECURITY.md P-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from guidedesk.domain.attribution import owner_window
from guidedesk.domain.consent import joined, state_of
from guidedesk.domain.errors import Refused
from guidedesk.domain.joining import PURPOSES
from guidedesk.models.entities import Row, load_row
from guidedesk.models.people import consent, member_code
from guidedesk.server import fanout
from guidedesk.server.code_lookup import living_member
from guidedesk.server.context import ServerContext
from guidedesk.server.join.answers import Said, keep_answers
from guidedesk.server.join.inviters import Inviter, associate
from guidedesk.server.join.tokens import MemberToken, read_member
from guidedesk.server.join.welcome import coupons_of
from guidedesk.server.member_folds import attribution_rules, scopes_of


@dataclass(frozen=True, slots=True)
class OwnCard:
    """What she may see of herself on her phone. `name` is None where she gave none."""

    member_id: str
    home: str
    name: str | None
    card_no: str
    code_scope: str
    code: Row
    owner: Inviter | None
    serves_until: date | None
    given: frozenset[str]
    coupons: tuple[Row, ...] = ()


def who_is(context: ServerContext, cookie: str) -> MemberToken | None:
    """Who is signed in on this phone, if anybody."""
    try:
        return read_member(context.secrets, cookie)
    except Refused:
        return None


def read_card(context: ServerContext, token: MemberToken) -> OwnCard | None:
    """Her card as it is now; None once she is gone, or her number is another one."""
    now_ms, chain_id = context.clock.wall_ms(), context.database.chain_id()
    with context.database.read() as conn:
        found = living_member(conn, token.member_id)
        row = load_row(conn, "member", found[1], found[0]) if found else None
        if found is None or row is None or not (row["phone_hash"] or "").startswith(token.phone):
            return None
        member_id, home = found
        scopes = scopes_of(conn, member_id) | {home}
        code = _live_code(conn, scopes, member_id)
        if code is None:
            return None
        binding = load_row(conn, "binding", home, member_id)
        owner_id = None if binding is None else binding["owner_id"]
        owner = associate(conn, chain_id, owner_id, "associate") if owner_id else None
        until = None
        if binding is not None and owner is not None:
            rules = attribution_rules(conn, chain_id)
            window = owner_window(binding["bound_at_ms"], binding["last_touch_ms"], now_ms, rules)
            until = window.earns_until if window.is_earning else None
        given = _given(conn, scopes, member_id)
        coupons = tuple(coupons_of(conn, chain_id, scopes, member_id, now_ms))
    name = None if row["name"] == row["phone_masked"] else row["name"]
    return OwnCard(member_id, home, name, code["typed"] or "", code["scope_id"], code, owner, until, given, coupons)


def change_answers(context: ServerContext, card: OwnCard, ticked: frozenset[str], language: str, cause_id: str) -> None:
    """Give or take back consents, as easily the one as the other; the terms stay as long as she is a member."""
    wanted = ticked.intersection(PURPOSES[1:])
    now = card.given.intersection(PURPOSES[1:])
    if wanted == now:
        return
    said = Said(card.member_id, wanted - now, now - wanted, context.clock.wall_ms(), language, cause_id)
    context.database.write(card.home, lambda opened: keep_answers(opened, said))
    fanout.run(context.database, card.home)


def _live_code(conn: Connection, scopes: set[str], member_id: str) -> Row | None:
    """The card issued last."""
    c = member_code.c
    found: list[Row] = []
    for scope_id in sorted(scopes):
        query = select(member_code).where(
            c.scope_id == scope_id, c.member_id == member_id, c.state == "live", c.deleted_at_ms.is_(None)
        )
        found += [dict(row._mapping) for row in conn.execute(query)]
    return max(found, key=lambda row: (row["bound_at_ms"], row["digits"])) if found else None


def _given(conn: Connection, scopes: set[str], member_id: str) -> frozenset[str]:
    c = consent.c
    states: dict[str, list[Row]] = {}
    for scope_id in sorted(scopes):
        query = select(consent).where(c.scope_id == scope_id, c.member_id == member_id, c.deleted_at_ms.is_(None))
        for row in conn.execute(query):
            states.setdefault(row.purpose, []).append(dict(row._mapping))
    return frozenset(
        purpose
        for purpose, rows in states.items()
        if joined(state_of(bool(r["is_given"]), r["withdrawn_at_ms"], r["seen_ms"]) for r in rows).is_given
    )
