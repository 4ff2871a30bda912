"""Whose a sale is, by what it says of its member: card code, phone, or another program's id. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from guidedesk.domain import people
from guidedesk.domain.ids import is_id
from guidedesk.models.base import among
from guidedesk.models.intake_tables import member_external
from guidedesk.models.people import member, member_code
from guidedesk.models.server_tables import code_directory, phone_directory
from guidedesk.server.code_lookup import living_member
from guidedesk.server.feed import chunks
from guidedesk.server.order_types import Hints, Unmatched
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import reach_of

# Why nobody is known for a sale; stable words, each with its sentence (orders.unmatched.*).
NOT_NAMED: Final = "not_named"
NOBODY: Final = "nobody_known"
SEVERAL: Final = "several_people"
NO_KEY: Final = "phones_unreadable"  # without the server's secrets a phone says nothing
REASONS: Final = (NOT_NAMED, NOBODY, SEVERAL, NO_KEY)
_CARD_DIGITS: Final = (12, 22)


@dataclass(slots=True)
class Matcher:
    """One portion's look-ups, all at once. `phone_key` None: phones cannot be looked up."""

    source: str
    phone_key: bytes | None
    _marks: dict[str, str | None] = field(default_factory=dict)

    def read(self, conn: Connection, hints: Iterable[Hints]) -> None:
        """Look up everything these hints name."""
        wanted = {mark for hint in hints for mark in self.marks(hint)} - self._marks.keys()
        self._marks.update(people_of_marks(conn, wanted))

    def marks(self, hints: Hints) -> tuple[str, ...]:
        """What would tell whose it is, in the order in which it is believed."""
        found: list[str] = []
        if is_card(hints.code):
            found.append(f"code:{hints.code}")
        elif hints.code:
            found.append(id_mark(self.source, hints.code))
        if hints.external_id:
            found.append(id_mark(self.source, hints.external_id))
        if hints.phone and self.phone_key is not None:
            found.append(f"phone:{people.phone_hash(hints.phone, self.phone_key)}")
        return tuple(found)

    def match(self, hints: Hints | None) -> str | Unmatched | None:
        """The member, or why none; None where the sale names nobody at all."""
        if hints is None or not any(hints):
            return None
        marks = self.marks(hints)
        known = sorted({member_id for mark in marks if (member_id := self._marks.get(mark)) is not None})
        if len(known) == 1:
            return known[0]
        if known:
            return Unmatched(SEVERAL, shown(hints))
        return Unmatched(NOBODY if marks else NO_KEY, shown(hints), marks)


def is_card(text: str) -> bool:
    """Whether this has the form of a card number: the 12 digits for the eye or the 22 of the picture."""
    return len(text) in _CARD_DIGITS and text.isascii() and text.isdecimal()


def id_mark(source: str, external_id: str) -> str:
    """The mark of another program's id; an id of ours is one as well."""
    return f"member:{external_id}" if is_id(external_id) else f"id:{source}:{external_id}"


def shown(hints: Hints) -> str:
    """What a person may see of the hints: a phone masked."""
    said = (hints.code, hints.external_id, people.mask_phone(hints.phone) if hints.phone else "")
    return " · ".join(text for text in said if text)


def people_of_marks(conn: Connection, marks: Iterable[str]) -> dict[str, str | None]:
    """Mark -> the living member it means now, merges followed; None where it means nobody or several."""
    wanted = sorted(set(marks))
    by_kind: dict[str, list[str]] = {}
    for mark in wanted:
        kind, _, value = mark.partition(":")
        by_kind.setdefault(kind, []).append(value)
    found: dict[str, str] = {f"member:{text}": text for text in by_kind.get("member", ())}
    found |= {f"phone:{text}": member_id for text, member_id in _by_phone(conn, by_kind.get("phone", ())).items()}
    found |= {f"code:{text}": member_id for text, member_id in _by_code(conn, by_kind.get("code", ())).items()}
    found |= {f"id:{text}": member_id for text, member_id in _by_other_id(conn, by_kind.get("id", ())).items()}
    living = _living(conn, set(found.values()))
    return {mark: living.get(found[mark]) if mark in found else None for mark in wanted}


@cross_scope
def _by_phone(conn: Connection, hashes: Sequence[str]) -> dict[str, str]:
    d = phone_directory.c
    return {
        row.phone_hash: row.member_id
        for chunk in chunks(list(hashes))
        for row in conn.execute(select(d.phone_hash, d.member_id).where(among(conn, d.phone_hash, chunk)))
    }


@cross_scope
def _by_code(conn: Connection, texts: Sequence[str]) -> dict[str, str]:
    d, c = code_directory.c, member_code.c
    by_scope: dict[str, list[str]] = {}
    for chunk in chunks(list(texts)):
        for row in conn.execute(select(d.digits, d.scope_id).where(among(conn, d.digits, chunk))):
            by_scope.setdefault(row.scope_id, []).append(row.digits)
    found: dict[str, str] = {}
    for scope_id, digits in sorted(by_scope.items()):
        for column in (c.digits, c.typed):
            for chunk in chunks(digits):
                for row in conn.execute(
                    select(column.label("text"), c.member_id).where(
                        c.scope_id == scope_id,
                        among(conn, column, chunk),
                        c.state == "live",
                        c.deleted_at_ms.is_(None),
                    )
                ):
                    found[row.text] = row.member_id
    return found


@cross_scope
def _by_other_id(conn: Connection, names: Sequence[str]) -> dict[str, str]:
    """`source:id` -> member: what that program calls her, else the only person whom any program calls so."""
    by_id: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        source, _, external_id = name.partition(":")
        by_id.setdefault(external_id, []).append((name, source))
    known: dict[str, dict[str, str]] = {}
    e = member_external.c
    for chunk in chunks(sorted(by_id)):
        for row in conn.execute(
            select(e.external_id, e.source, e.member_id).where(among(conn, e.external_id, chunk))
        ):
            known.setdefault(row.external_id, {})[row.source] = row.member_id
    found: dict[str, str] = {}
    for external_id, by_source in known.items():
        for name, source in by_id[external_id]:
            if source in by_source:
                found[name] = by_source[source]
            elif len(set(by_source.values())) == 1:
                found[name] = next(iter(by_source.values()))
    return found


@cross_scope
def _living(conn: Connection, member_ids: set[str]) -> dict[str, str]:
    """Id -> the living person it means."""
    homes: dict[str, list[str]] = {}
    for member_id, stores in reach_of(conn, member_ids).items():
        for home in set(stores.values()):
            homes.setdefault(home, []).append(member_id)
    found: dict[str, str] = {}
    m = member.c
    for home, ids in sorted(homes.items()):
        for chunk in chunks(sorted(ids)):
            for row in conn.execute(
                select(m.id, m.merged_into).where(
                    m.scope_id == home, among(conn, m.id, chunk), m.deleted_at_ms.is_(None)
                )
            ):
                if row.merged_into is None:
                    found[row.id] = row.id
                elif (person := living_member(conn, row.merged_into)) is not None:
                    found[row.id] = person[0]
    return found


def reason_counts(reasons: Iterable[str]) -> Mapping[str, int]:
    """How many of each."""
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return counts
