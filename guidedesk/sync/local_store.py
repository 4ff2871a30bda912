"""What a counter keeps beside its operations: facts about itself, drafts, blank codes, known staff, lockouts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, select

from guidedesk.models import counter_tables as t
from guidedesk.models.database import Database
from guidedesk.models.entities import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStaff:
    """Somebody who signed in online on this device (SECURITY.md D-8); `record` is the server-signed JSON."""

    staff_id: str
    number: str
    verifier: str
    record: str
    signature: str
    online_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Something half written by one associate about one subject."""

    staff_id: str
    kind: str
    subject: str
    value: Any
    saved_at_ms: int


BlankKind = Literal["member", "invitation", "coupon"]


@dataclass(frozen=True, slots=True)
class BlankCode:
    """A code of this counter's pool that nobody has yet: a card, an invitation (which has nothing to read out), or a
    coupon: its `digits` are its handle, and `typed` holds its campaign and what its picture says."""

    digits: str
    typed: str
    kind: BlankKind = "member"

    @classmethod
    def coupon(cls, handle: str, digits: str, campaign_no: int) -> BlankCode:
        """A leased coupon."""
        return cls(str(handle), f"{int(campaign_no)}:{digits}", "coupon")

    @property
    def coupon_parts(self) -> tuple[str, int, str]:
        """(handle, campaign, what the picture says) of a coupon."""
        number, _, digits = self.typed.partition(":")
        return self.digits, int(number), digits


def read_meta(conn: Connection, name: str) -> Any:
    """The value kept under a name, or None."""
    text = conn.exec_driver_sql("SELECT value FROM meta WHERE name = ?", (name,)).scalar()
    return None if text is None else json.loads(text)


def write_meta(conn: Connection, name: str, value: Any) -> None:
    """Keep a JSON value under a name."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    upsert(conn, t.meta, [{"name": name, "value": text}])


class LocalStore:
    """Each method is one durable transaction of the journal file."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get_meta(self, name: str) -> Any:
        """The JSON value kept under a name, or None."""
        with self._db.read() as conn:
            return read_meta(conn, name)

    def set_meta(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""
        with self._db.write() as conn:
            write_meta(conn, name, value)

    def save_draft(self, draft: Draft) -> None:
        """Keep a draft in place of the one about the same subject."""
        row = {"staff_id": draft.staff_id, "kind": draft.kind, "subject": draft.subject}
        row |= {"json": json.dumps(draft.value, ensure_ascii=False), "saved_at_ms": draft.saved_at_ms}  # type: ignore[dict-item]
        with self._db.write() as conn:
            upsert(conn, t.draft, [row])

    def list_drafts(self, staff_id: str) -> tuple[Draft, ...]:
        """An associate's drafts, newest first."""
        query = select(t.draft).where(t.draft.c.staff_id == staff_id).order_by(t.draft.c.saved_at_ms.desc())
        with self._db.read() as conn:
            return tuple(
                Draft(
                    staff_id=r.staff_id,
                    kind=r.kind,
                    subject=r.subject,
                    value=json.loads(r.json),
                    saved_at_ms=r.saved_at_ms,
                )
                for r in conn.execute(query)
            )

    def delete_draft(self, staff_id: str, kind: str, subject: str) -> None:
        """Forget a draft."""
        d = t.draft.c
        with self._db.write() as conn:
            conn.execute(delete(t.draft).where(d.staff_id == staff_id, d.kind == kind, d.subject == subject))

    def delete_drafts(self) -> None:
        """Forget what anybody was typing."""
        with self._db.write() as conn:
            conn.execute(delete(t.draft))

    def add_blank_codes(self, codes: Iterable[BlankCode]) -> None:
        """Take codes into the pool; ones already here (blank or taken) stay as they are."""
        with self._db.write() as conn:
            known = set(conn.exec_driver_sql("SELECT digits FROM blank_code").scalars())
            rows = [
                {"digits": c.digits, "typed": c.typed, "op_id": None, "kind": c.kind}
                for c in codes
                if c.digits not in known
            ]
            upsert(conn, t.blank_code, rows)

    def find_blank_code(self, kind: BlankKind = "member") -> BlankCode | None:
        """The next free code; it is taken when an operation with it is recorded."""
        query = "SELECT digits, typed FROM blank_code WHERE op_id IS NULL AND kind = ? ORDER BY digits LIMIT 1"
        with self._db.read() as conn:
            row = conn.exec_driver_sql(query, (kind,)).first()
        return None if row is None else BlankCode(row.digits, row.typed, kind)

    def list_blank_coupons(self) -> tuple[BlankCode, ...]:
        """Every coupon that can still be given here."""
        code = t.blank_code.c
        query = select(t.blank_code).where(code.op_id.is_(None), code.kind == "coupon").order_by(code.digits)
        with self._db.read() as conn:
            return tuple(BlankCode(row.digits, row.typed, "coupon") for row in conn.execute(query))

    def coupon_text(self, handle: str) -> str | None:
        """What the picture of a coupon says that was leased to this counter, given or not; None for another's."""
        code = t.blank_code.c
        query = select(code.typed).where(code.digits == handle, code.kind == "coupon")
        with self._db.read() as conn:
            typed = conn.execute(query).scalar()
        return None if typed is None else str(typed).partition(":")[2]

    def count_blank_codes(self, kind: BlankKind = "member") -> int:
        """How many codes of a kind are still free."""
        return self.count_blanks().get(kind, 0)

    def count_blanks(self) -> dict[str, int]:
        """How many codes are still free, by kind; kinds without any are left out."""
        query = "SELECT kind, count(*) FROM blank_code WHERE op_id IS NULL GROUP BY kind"
        with self._db.read() as conn:
            return dict(iter(conn.exec_driver_sql(query)))

    def save_known_staff(self, person: KnownStaff) -> None:
        """Keep the newest record of somebody."""
        row = {name: getattr(person, name) for name in t.known_staff.columns.keys()}  # noqa: SIM118
        with self._db.write() as conn:
            upsert(conn, t.known_staff, [row])

    def find_known_staff(self, number: str) -> KnownStaff | None:
        """Who has this staff number, if she signed in online here before."""
        with self._db.read() as conn:
            row = conn.execute(select(t.known_staff).where(t.known_staff.c.number == number)).first()
        return None if row is None else KnownStaff(**row._mapping)

    def list_known_staff(self) -> tuple[KnownStaff, ...]:
        """Everybody who signed in online here, by number."""
        with self._db.read() as conn:
            rows = conn.execute(select(t.known_staff).order_by(t.known_staff.c.number)).all()
        return tuple(KnownStaff(**row._mapping) for row in rows)

    def delete_known_staff(self, staff_id: str) -> None:
        """Forget somebody who may no longer sign in."""
        with self._db.write() as conn:
            conn.execute(delete(t.known_staff).where(t.known_staff.c.staff_id == staff_id))

    def get_lockout(self, subject: str) -> Mapping[str, Any] | None:
        """The lockout state of a staff number or of the device, or None."""
        with self._db.read() as conn:
            text = conn.execute(select(t.lockout.c.json).where(t.lockout.c.subject == subject)).scalar()
        return None if text is None else json.loads(text)

    def set_lockout(self, subject: str, state: Mapping[str, Any]) -> None:
        """Keep a lockout state; on disk when this returns, before any PIN is looked at (D-9)."""
        with self._db.write() as conn:
            upsert(conn, t.lockout, [{"subject": subject, "json": json.dumps(dict(state))}])

    def delete_lockout(self, subject: str) -> None:
        """Forget failures after a success."""
        with self._db.write() as conn:
            conn.execute(delete(t.lockout).where(t.lockout.c.subject == subject))
