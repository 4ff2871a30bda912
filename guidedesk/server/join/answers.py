"""A customer's own answers: kept for ever, and folded into her consents (SECURITY.md P-1, SYNC.md 6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from guidedesk.domain.consent import answered, state_of
from guidedesk.domain.ids import derived_id
from guidedesk.domain.joining import CONSENT_VERSION, PURPOSES
from guidedesk.models.entities import Row, load_row
from guidedesk.server.database import ScopeWrite
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.rows import put_row
from guidedesk.texts import say

CHANNEL = "join"


@dataclass(frozen=True, slots=True)
class Said:
    """Who answered which purposes how, when, and in which language she read them."""

    member_id: str
    given: Collection[str]
    refused: Collection[str]
    at_ms: int
    language: str
    cause_id: str


def keep_answers(opened: ScopeWrite, said: Said) -> None:
    """In the open scope, and to every store that sees her after the commit. Repeating it changes nothing."""
    made: list[tuple[str, Row]] = []
    for purpose in sorted({*said.given, *said.refused}):
        is_given = purpose in said.given
        about = {
            "member_id": said.member_id,
            "purpose": purpose,
            "is_given": int(is_given),
            "text_version": CONSENT_VERSION,
            "lang": said.language,
            "channel": CHANNEL,
            "staff_id": None,
            "answered_at_ms": said.at_ms,
            "op_id": said.cause_id,
        }
        answer_id = derived_id("answer", said.cause_id, purpose)
        if load_row(opened.conn, "consent_answer", opened.scope_id, answer_id) is not None:
            continue
        made.append(("consent_answer", put_row(opened, "consent_answer", about | {"id": answer_id})))
        consent_id = derived_id("consent", said.member_id, purpose)
        old = load_row(opened.conn, "consent", opened.scope_id, consent_id)
        if old is None and not is_given:
            # A box left empty says no, but takes nothing back.
            made.append(("consent", put_row(opened, "consent", about | {"id": consent_id, "seen_ms": None})))
            continue
        before = state_of(False, None, None) if old is None else state_of(
            bool(old["is_given"]), old["withdrawn_at_ms"], old["seen_ms"]
        )  # fmt: skip
        # Her own hand on her own phone: she knows of every withdrawal there is.
        after = answered(before, is_given=is_given, at_ms=said.at_ms, seen_ms=said.at_ms)
        folded = {"is_given": int(after.is_given), "withdrawn_at_ms": after.withdrawn_at_ms, "seen_ms": after.seen_ms}
        made.append(("consent", put_row(opened, "consent", about | {"id": consent_id} | folded)))
    add_tasks(opened, [(name, row["id"], row["row_ver"]) for name, row in made])


def evidence_hash(language: str, inviter: str, given: Collection[str], member_id: str, at_ms: int) -> str:
    """SHA-256 over the texts she was shown and what she ticked: proof of what was agreed to, without keeping it."""
    shown = {purpose: say(language, f"join.consent.{purpose}", name=inviter) for purpose in PURPOSES}
    about = {
        "version": CONSENT_VERSION,
        "language": language,
        "shown": shown,
        "given": sorted(given),
        "member": member_id,
        "at_ms": at_ms,
    }
    text = json.dumps(about, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
