"""Every answer a member gave: who asked, when, where, in which words (SECURITY.md P-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from guidedesk.models import people
from guidedesk.services.queries.reference import staff_names, store_names
from guidedesk.services.read_models import NOBODY, Bilingual


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentAnswer:
    """One answer. `staff` is nobody where she answered on her own phone; `channel`: counter, join, import."""

    purpose: str
    is_given: bool
    at_ms: int
    staff: Bilingual
    store: Bilingual
    channel: str
    version: str
    lang: str


def list_consent_answers(conn: Connection, member_id: str, most: int) -> tuple[ConsentAnswer, ...]:
    """The newest first. What she answered when she joined stands in the state itself until she answers again."""
    answer, state = people.consent_answer.c, people.consent.c
    mine = select(people.consent_answer).where(answer.member_id == member_id, answer.deleted_at_ms.is_(None))
    rows = list(conn.execute(mine.order_by(answer.answered_at_ms.desc(), answer.id).limit(most)))
    known = {(row.purpose, row.op_id, row.answered_at_ms) for row in rows}
    first = conn.execute(select(people.consent).where(state.member_id == member_id, state.deleted_at_ms.is_(None)))
    rows += [row for row in first if (row.purpose, row.op_id, row.answered_at_ms) not in known]
    rows.sort(key=lambda row: (-row.answered_at_ms, row.purpose))
    staff, stores = staff_names(conn), store_names(conn)
    return tuple(_answer(row, staff, stores) for row in rows[:most])


def _answer(row: Any, staff: dict[str, Bilingual], stores: dict[str, Bilingual]) -> ConsentAnswer:
    return ConsentAnswer(
        purpose=row.purpose,
        is_given=bool(row.is_given),
        at_ms=row.answered_at_ms,
        staff=staff.get(row.staff_id, NOBODY),
        store=stores.get(row.scope_id, NOBODY),
        channel=row.channel,
        version=row.text_version,
        lang=row.lang,
    )
