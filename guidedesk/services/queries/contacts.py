"""What decides whether members may be contacted: consents, contacts of the week by everybody, complaints."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import time

from sqlalchemy import Connection, select

from guidedesk.domain.consent import ConsentState, joined, state_of
from guidedesk.domain.contact_limits import (
    CAP_DAYS,
    CONTACT_CHANNELS,
    CONTACT_KINDS,
    ContactFacts,
    ContactPolicy,
    is_muted_by,
)
from guidedesk.domain.time import DAY_MS, local_datetime
from guidedesk.models import engagement, people


def contact_facts(
    conn: Connection, member_ids: Collection[str], policy: ContactPolicy, now_ms: int
) -> dict[str, ContactFacts]:
    """Facts of each of these members; tasks that are still open are not among them."""
    wanted = sorted(set(member_ids))
    if not wanted:
        return {}
    consents, contacts, tags = agreed_purposes(conn, wanted), _contacts(conn, wanted, now_ms), _tags(conn, wanted)
    return {
        member_id: ContactFacts(
            consents=consents.get(member_id, frozenset()),
            contacts=contacts[member_id],
            is_muted=is_muted_by(tags.get(member_id, ()), policy, now_ms),
        )
        for member_id in wanted
    }


def local_time(now_ms: int, zone: str) -> time:
    """The local time of day, which quiet hours are about."""
    return local_datetime(now_ms, zone).time()


def agreed_purposes(
    conn: Connection, member_ids: Sequence[str], purposes: Sequence[str] = CONTACT_CHANNELS
) -> dict[str, frozenset[str]]:
    """Those of these purposes each member agreed to, a withdrawal anywhere winning."""
    table = people.consent.c
    states: dict[tuple[str, str], ConsentState] = {}
    rows = conn.execute(
        select(table.member_id, table.purpose, table.is_given, table.withdrawn_at_ms, table.seen_ms).where(
            table.member_id.in_(member_ids), table.purpose.in_(purposes), table.deleted_at_ms.is_(None)
        )
    )
    for row in rows:
        key = (row.member_id, row.purpose)
        state = state_of(bool(row.is_given), row.withdrawn_at_ms, row.seen_ms)
        states[key] = joined((states.get(key, ConsentState()), state))
    found: dict[str, set[str]] = defaultdict(set)
    for (member_id, purpose), state in states.items():
        if state.is_given:
            found[member_id].add(purpose)
    return {member_id: frozenset(channels) for member_id, channels in found.items()}


def _contacts(conn: Connection, member_ids: list[str], now_ms: int) -> Counter[str]:
    table = engagement.interaction.c
    rows = conn.execute(
        select(table.member_id).where(
            table.member_id.in_(member_ids), table.occurred_at_ms > now_ms - CAP_DAYS * DAY_MS,
            table.kind.in_(CONTACT_KINDS), table.is_withdrawn == 0, table.deleted_at_ms.is_(None),
        )
    )  # fmt: skip
    return Counter(rows.scalars())


def _tags(conn: Connection, member_ids: list[str]) -> dict[str, list[tuple[str, int]]]:
    """Live tags and since when each is on; of several scopes' rows the latest change counts."""
    table = people.member_tag.c
    latest: dict[tuple[str, str], tuple[int, bool]] = {}
    rows = conn.execute(
        select(table.member_id, table.tag, table.is_on, table.changed_at_ms)
        .where(table.member_id.in_(member_ids), table.deleted_at_ms.is_(None))
        .order_by(table.changed_at_ms, table.op_id)
    )
    for row in rows:
        latest[row.member_id, row.tag] = (row.changed_at_ms, bool(row.is_on))
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (member_id, tag), (at_ms, is_on) in latest.items():
        if is_on:
            found[member_id].append((tag, at_ms))
    return found
