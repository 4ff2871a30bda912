"""Numbers in the directory of phones: claimed before the batch that gives them to somebody is decided (SCALE.md 3.4).

One number is one person's, the first who claimed it (SYNC.md 6). What an operation that came to nothing had claimed is
free again, also for those who come later in the same batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, select, update

from guidedesk.models.people import member
from guidedesk.models.server_tables import phone_directory
from guidedesk.server.database import ServerDatabase
from guidedesk.server.visibility import insert_missing

Owner = tuple[str, str]  # member id, home scope


@dataclass(frozen=True, slots=True)
class PhoneClaim:
    """Somebody asks for a number: who, and where she is at home."""

    phone_hash: str
    member_id: str
    home_scope_id: str


@dataclass(slots=True)
class NumbersAsked:
    """What the operations of one batch asked for, and whose the numbers are: `owners` as the directory said before."""

    owners: Mapping[tuple[str, str], Owner] = field(default_factory=dict)  # (number, who asked) -> whose it is
    asked: Mapping[str, PhoneClaim] = field(default_factory=dict)  # by op id
    heirs: dict[str, PhoneClaim] = field(default_factory=dict)  # numbers whose owner came to nothing -> who came next
    _undone: set[tuple[str, str]] = field(default_factory=set)
    _unsettled: set[tuple[str, str]] = field(default_factory=set)

    def begin(self) -> None:
        """Nothing was decided yet, or what was is taken back."""
        self.heirs.clear()
        self._undone.clear()
        self._unsettled.clear()

    def owner(self, phone_hash: str, member_id: str, home_scope_id: str) -> Owner:
        """Whose a number is when she asks for it."""
        owner = self.owners.get((phone_hash, member_id), (member_id, home_scope_id))
        if (phone_hash, owner[0]) not in self._undone:
            return owner
        heir = self.heirs.setdefault(phone_hash, PhoneClaim(phone_hash, member_id, home_scope_id))
        return heir.member_id, heir.home_scope_id

    def must_wait(self, op_id: str) -> bool:
        """Whether its number is asked for by an earlier operation that could not be decided yet."""
        claim = self.asked.get(op_id)
        if claim is None or not self._unsettled:
            return False
        owner = self.owner(claim.phone_hash, claim.member_id, claim.home_scope_id)
        return owner[0] != claim.member_id and (claim.phone_hash, owner[0]) in self._unsettled

    def came_to_nothing(self, conn: Connection, op_id: str, *, is_settled: bool) -> None:
        """Whoever asks later in this batch does not become one person with the one this operation asked for; not
        `settled`, they wait."""
        claim = self.asked.get(op_id)
        if claim is None or has_number(conn, claim):
            return
        (self._undone if is_settled else self._unsettled).add((claim.phone_hash, claim.member_id))
        heir = self.heirs.get(claim.phone_hash)
        if heir is not None and heir.member_id == claim.member_id:
            del self.heirs[claim.phone_hash]


def has_number(conn: Connection, claim: PhoneClaim) -> bool:
    """Whether she has the number she asked for."""
    m = member.c
    query = select(m.phone_hash).where(m.scope_id == claim.home_scope_id, m.id == claim.member_id)
    row = conn.execute(query).first()
    return row is not None and row.phone_hash == claim.phone_hash


def claim_phones(
    database: ServerDatabase, claims: Sequence[PhoneClaim], now_ms: int
) -> dict[tuple[str, str], Owner]:
    """Enter each number in the directory, first come first served, and read who has it."""
    wanted = {claim.phone_hash: claim for claim in reversed(claims)}
    if not wanted:
        return {}

    def work(conn: Connection) -> dict[tuple[str, str], Owner]:
        rows = [
            {
                "phone_hash": text, "member_id": claim.member_id, "home_scope_id": claim.home_scope_id,
                "claimed_at_ms": now_ms,
            }
            for text, claim in sorted(wanted.items())
        ]
        insert_missing(conn, phone_directory, rows)
        owners: dict[str, Owner] = {}
        for text in sorted(wanted):
            row = conn.execute(
                select(phone_directory.c.member_id, phone_directory.c.home_scope_id).where(
                    phone_directory.c.phone_hash == text
                )
            ).one()
            owners[text] = (row.member_id, row.home_scope_id)
        return {(claim.phone_hash, claim.member_id): owners[claim.phone_hash] for claim in claims}

    return database.write_directory(work)


def claimed_at_ms(conn: Connection, phone_hash: str) -> int | None:
    """When the number was asked for by whom it is entered for; None where nobody knows, or nobody did."""
    d = phone_directory.c
    return conn.execute(select(d.claimed_at_ms).where(d.phone_hash == phone_hash)).scalar_one_or_none()


def take_phone(database: ServerDatabase, claim: PhoneClaim, holder_id: str, now_ms: int) -> Owner:
    """Take a number over from somebody who never came to be; whose it is then."""

    def work(conn: Connection) -> Owner:
        d = phone_directory.c
        conn.execute(
            update(phone_directory)
            .where(d.phone_hash == claim.phone_hash, d.member_id == holder_id)
            .values(member_id=claim.member_id, home_scope_id=claim.home_scope_id, claimed_at_ms=now_ms)
        )
        row = conn.execute(select(d.member_id, d.home_scope_id).where(d.phone_hash == claim.phone_hash)).one()
        return row.member_id, row.home_scope_id

    return database.write_directory(work)


def release_phones(
    database: ServerDatabase, refused: Sequence[PhoneClaim], heirs: Mapping[str, PhoneClaim] | None = None
) -> None:
    """Take back the claims of operations that came to nothing; a number that has an heir by now is the heir's."""
    if not refused:
        return

    def work(conn: Connection) -> None:
        d = phone_directory.c
        for claim in sorted(refused, key=lambda claim: (claim.phone_hash, claim.member_id)):
            is_its = (d.phone_hash == claim.phone_hash) & (d.member_id == claim.member_id)
            heir = heirs.get(claim.phone_hash) if heirs else None
            if heir is None:
                conn.execute(delete(phone_directory).where(is_its))
            else:
                to = {"member_id": heir.member_id, "home_scope_id": heir.home_scope_id}
                conn.execute(update(phone_directory).where(is_its).values(to))

    database.write_directory(work)
