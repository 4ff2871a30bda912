"""A customer joins from the page of a code: member made or recognised, and bound (CODES.md Q-9, COMMISSION.md 2).

One page load joins one person: sent twice, reloaded or gone back to, it answers what came of it the first time.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from guidedesk.codes.encoder import MemberCodePair, new_member_pair
from guidedesk.domain.access import Actor
from guidedesk.domain.binding_story import Meeting
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.joining import ASSURANCE_PAGE, ASSURANCE_VERIFIED, PURPOSES, Answers, is_load_counted
from guidedesk.domain.people import clean_phone, mask_phone, phone_hash, phone_tail
from guidedesk.models.entities import load_row, upsert
from guidedesk.models.join_tables import join_record, page_scan
from guidedesk.models.server_tables import member_phone
from guidedesk.server import fanout
from guidedesk.server.code_counts import count_code
from guidedesk.server.code_lookup import FoundMember, announce_codes, living_member
from guidedesk.server.commission_events import authoritative, record_events
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.fanout_tasks import add_folds, add_tasks
from guidedesk.server.invitations import use_invitation
from guidedesk.server.join.answers import Said, evidence_hash, keep_answers
from guidedesk.server.join.inviters import Inviter
from guidedesk.server.join.phone_checks import code_hash, prove_phone
from guidedesk.server.join.tokens import PageToken
from guidedesk.server.join.welcome import Welcome, give_welcome, prepare_welcome
from guidedesk.server.own_members import note_own_members
from guidedesk.server.phone_claims import PhoneClaim, claim_phones
from guidedesk.server.points_birthday import thank_new_member
from guidedesk.server.rows import put_row
from guidedesk.server.server_side import Desk, ServerSide
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.visibility import Grant, announce_reach, grant_in, insert_missing
from guidedesk.services.apply_core import ApplyContext
from guidedesk.services.names import search_keys
from guidedesk.services.sealing import seal


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of a page: who she is, whether she is new, and what the scan did to whose member she is."""

    member_id: str
    phone_hash: str
    is_new: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class _Joining:
    page: PageToken
    answers: Answers
    language: str
    inviter: Inviter
    phone_hash: str
    code_hash: bytes
    member: FoundMember
    is_new: bool
    card: MemberCodePair
    phone_box: bytes
    now_ms: int
    since_ms: int
    zone: str
    welcome: Welcome | None

    @property
    def store_id(self) -> str:
        return self.inviter.store.id


def note_scan(context: ServerContext, page: PageToken, inviter: Inviter) -> None:
    """A phone opened this page: a fact of the store, with its channel and the server's time (Q-9)."""
    row = {
        "scope_id": inviter.store.id,
        "scan_id": page.join_id,
        "staff_id": inviter.staff_id,
        "kind": inviter.kind,
        "channel": page.channel,
        "assurance": ASSURANCE_PAGE,
        "at_ms": page.seen_at_ms,
    }
    with context.database.read() as conn:
        zone = read_settings(conn, context.database.chain_id())["zone"]

    def work(opened: ScopeWrite) -> None:
        insert_missing(opened.conn, page_scan, [row])
        count_code(opened, page.digits, inviter.staff_id, "scanned", page.seen_at_ms, zone)

    context.database.write(inviter.store.id, work)


def joined_before(context: ServerContext, page: PageToken, phone: str, digits: str) -> Joined | None:
    """What came of this page already; None where nothing did, `page_used` for anybody but who joined by it."""
    with context.database.read() as conn:
        known = _record(conn, page.scope_id, page.join_id)
    if known is None:
        return None
    try:
        hashed = phone_hash(clean_phone(phone), context.secrets.phone_key)
    except Refused:
        raise Refused("page_used") from None
    return _again(known, hashed, code_hash(context, hashed, digits))


def join(
    context: ServerContext, page: PageToken, inviter: Inviter, answers: Answers, digits: str, language: str
) -> Joined:
    """Prove the phone, make or recognise the member, bind her. `digits` is the one-time code as typed.

    `page_over` for a page opened over 30 minutes ago, `code_over` for an invitation that somebody used meanwhile;
    the refusals of `prove_phone`.
    """
    hashed = phone_hash(answers.phone, context.secrets.phone_key)
    now_ms, chain_id = context.clock.wall_ms(), context.database.chain_id()
    with context.database.read() as conn:
        settings = read_settings(conn, chain_id)
    told = code_hash(context, hashed, digits)
    if not is_load_counted(page.seen_at_ms, now_ms):
        raise Refused("page_over")
    prove_phone(context, hashed, digits, page.join_id)
    member, is_new = _who(context, hashed, page, inviter)
    joining = _Joining(
        page=page,
        answers=answers,
        language=language,
        inviter=inviter,
        phone_hash=hashed,
        code_hash=told,
        member=member,
        is_new=is_new,
        card=new_member_pair(context.random),
        phone_box=seal(answers.phone.encode(), context.secrets.sealing_public(), context.random),
        now_ms=now_ms,
        since_ms=history_since_ms(settings, now_ms),
        zone=settings["zone"],
        welcome=prepare_welcome(context, inviter.store.id, now_ms) if is_new else None,
    )
    announce_reach(context.database, joining.store_id, dict([member]))
    if is_new:
        announce_codes(context.database, joining.store_id, [joining.card.short, joining.card.typed])
    found = context.database.write(joining.store_id, lambda opened: _write(opened, joining, chain_id))
    note_own_members(context.database, [hashed], now_ms)
    fanout.run(context.database, joining.store_id)
    return found


def _who(context: ServerContext, hashed: str, page: PageToken, inviter: Inviter) -> tuple[FoundMember, bool]:
    """The person whose number this is, or a new one who has it from now on."""
    fresh = derived_id("joined", page.join_id)
    claim = PhoneClaim(hashed, fresh, inviter.store.id)
    owners = claim_phones(context.database, [claim], context.clock.wall_ms())
    owner_id, home = owners[hashed, fresh]
    if owner_id == fresh:
        return (fresh, home), True
    with context.database.read() as conn:
        found = living_member(conn, owner_id)
    if found is None:
        raise Refused("ask_in_store")
    return found, False


def _write(opened: ScopeWrite, j: _Joining, chain_id: str) -> Joined:
    known = _record(opened.conn, j.store_id, j.page.join_id)
    if known is not None:
        return _again(known, j.phone_hash, j.code_hash)
    member_id, home = j.member
    if j.inviter.kind == "invitation":
        is_mine = use_invitation(opened, j.page.digits, member_id, j.now_ms, j.page.seen_at_ms)
        if not is_mine:
            raise Refused("code_over")
    until_ms = None if j.is_new else j.now_ms + j.now_ms - j.since_ms
    if j.is_new:
        _make_member(opened, j, chain_id)
        if j.welcome is not None:
            give_welcome(opened, j.welcome, member_id, j.page.join_id, j.now_ms)
    grant = Grant(member_id, home, "home" if j.is_new else "scanned", until_ms)
    grant_in(opened, [grant], chain_id, j.since_ms)
    refused = set(PURPOSES) - j.answers.given if j.is_new else set()
    keep_answers(opened, Said(member_id, j.answers.given, refused, j.now_ms, j.language, j.page.join_id))
    outcome = _bind(opened, j, chain_id)
    if j.is_new:
        count_code(opened, j.page.digits, j.inviter.staff_id, "joined", j.now_ms, j.zone)
    about = {
        "scope_id": j.store_id,
        "join_id": j.page.join_id,
        "member_id": member_id,
        "phone_hash": j.phone_hash,
        "code_hash": j.code_hash,
        "staff_id": j.inviter.staff_id,
        "channel": j.page.channel,
        "assurance": ASSURANCE_VERIFIED,
        "is_new": int(j.is_new),
        "outcome": outcome,
        "seen_at_ms": j.page.seen_at_ms,
        "joined_at_ms": j.now_ms,
        "lang": j.language,
        "evidence_hash": evidence_hash(j.language, _called(j), j.answers.given, member_id, j.now_ms),
    }
    opened.conn.execute(insert(join_record), [about])
    told = {name: about[name] for name in ("member_id", "staff_id", "channel", "is_new", "outcome", "seen_at_ms")}
    put_row(opened, "joining", {"id": j.page.join_id, "kind": j.inviter.kind, "joined_at_ms": j.now_ms, **told})
    return Joined(member_id, j.phone_hash, j.is_new, outcome)


def _make_member(opened: ScopeWrite, j: _Joining, chain_id: str) -> None:
    phone = j.answers.phone
    # Who gives no name is called by what the counter may know of her number.
    name = j.answers.name or mask_phone(phone)
    pinyin, initials = search_keys(name)
    member_id = j.member[0]
    member = {
        "id": member_id,
        "name": name,
        "pinyin": pinyin,
        "initials": initials,
        "card_no": j.card.typed,
        "phone_masked": mask_phone(phone),
        "phone_tail": phone_tail(phone),
        "phone_hash": j.phone_hash,
        "birthday": j.answers.birthday,
        "tier": "casual",
        "joined_at_ms": j.now_ms,
        "registered_by": j.inviter.staff_id,
        "is_incomplete": 0,
    }
    code = {
        "id": derived_id("code", j.card.short),
        "digits": j.card.short,
        "typed": j.card.typed,
        "member_id": member_id,
        "state": "live",
        "bound_at_ms": j.now_ms,
    }
    made = [("member", put_row(opened, "member", member)), ("member_code", put_row(opened, "member_code", code))]
    add_tasks(opened, [(name, row["id"], row["row_ver"]) for name, row in made])
    if j.answers.birthday:
        thank_new_member(opened, member_id, chain_id, j.since_ms, j.now_ms)
    box = {"scope_id": j.store_id, "member_id": member_id, "phone": None, "phone_sealed": j.phone_box}
    upsert(opened.conn, member_phone, [box])


def _bind(opened: ScopeWrite, j: _Joining, chain_id: str) -> str:
    """A scan of the associate's own code at the time of the page load (Q-9); a store's code binds nobody."""
    staff_id = j.inviter.staff_id
    if staff_id is None:
        return "none"
    member_id, home = j.member
    event_id = derived_id("joined_scan", j.page.join_id)
    now = load_row(opened.conn, "binding", home, member_id)
    meeting = Meeting(
        event_id=event_id,
        member_id=member_id,
        associate_id=staff_id,
        kind="scanned",
        at_ms=j.page.seen_at_ms,
        store_id=j.store_id,
        seen_owner_id=None if now is None else now["owner_id"],
    )
    side = ServerSide()
    side.sit_down(Desk(opened, chain_id, j.since_ms, j.now_ms))
    actor = Actor(staff_id, j.inviter.role, frozenset({j.store_id}))
    context = ApplyContext(
        op_id=j.page.join_id,
        scope_id=j.store_id,
        actor=actor,
        device_id=j.page.join_id,
        assurance=ASSURANCE_VERIFIED,
        at_ms=j.page.seen_at_ms,
        side=side,
    )
    settled, touched = side.meet(opened.conn, meeting, home, context)
    add_folds(opened, [("binding", row_home, row_id, event_id) for tbl, row_home, row_id in touched.later
                       if tbl == "binding"])  # fmt: skip
    # The time is the server's own, so it is the fact's (COMMISSION.md 1.1); where and how well it was seen goes along.
    about = {"channel": j.page.channel, "assurance": ASSURANCE_VERIFIED}
    scan = authoritative(
        "scan", event_id, j.page.seen_at_ms, j.now_ms, associate=staff_id, member=member_id, **about
    )
    record_events(opened, [scan])
    return settled.outcome


def _record(conn: Connection, scope_id: str, join_id: str) -> Any:
    r = join_record.c
    return conn.execute(select(join_record).where(r.scope_id == scope_id, r.join_id == join_id)).first()


def _again(known: Any, hashed: str, told: bytes) -> Joined:
    """The same page once more: only whoever proved that phone with that code hears what came of it."""
    if known.phone_hash != hashed or not hmac.compare_digest(bytes(known.code_hash), told):
        raise Refused("page_used")
    return Joined(known.member_id, known.phone_hash, bool(known.is_new), known.outcome)


def _called(j: _Joining) -> str:
    if j.inviter.staff_id is None:
        return j.inviter.store.name if j.language == "zh_CN" else j.inviter.store.name_en
    return j.inviter.name if j.language == "zh_CN" else j.inviter.name_en
