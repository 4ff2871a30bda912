"""Staff and their PINs as head office keeps them (SECURITY.md D-7): rows of the chain scope, secrets beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import new_id
from guidedesk.domain.people import ROLES, Role, clean_name, clean_phone, phone_hash
from guidedesk.domain.pins import pin_problems
from guidedesk.domain.ports import Clock, Random
from guidedesk.models.entities import load_row, upsert
from guidedesk.models.people import staff, store
from guidedesk.models.server_tables import staff_phone, staff_pin, staff_session
from guidedesk.server import fanout
from guidedesk.server.audit import record_audit
from guidedesk.server.badges import badge_text, live_badges, live_staff_badges, new_badge, new_staff_badge
from guidedesk.server.code_keys import current_key
from guidedesk.server.commission_events import record_events
from guidedesk.server.commission_facts import of_badge, of_staff
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.fanout_tasks import add_folds
from guidedesk.server.member_folds import owned_by
from guidedesk.server.own_members import note_own_members
from guidedesk.server.rows import put_row
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.sharding import cross_scope
from guidedesk.services.pin_verifier import STANDARD_COST, PinCost, make_verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """Somebody who begins to work in a store."""

    number: str
    name: str
    name_en: str
    role: Role
    store_id: str


@dataclass(frozen=True, slots=True)
class StaffOffice:
    """What head office does with staff; `actor` None is the operator at the command line."""

    database: ServerDatabase
    secrets: ServerSecrets
    clock: Clock
    random: Random
    cost: PinCost = STANDARD_COST

    def add(self, person: NewStaff, actor: Actor | None = None) -> str:
        """Her new id. Refuses a number in use (`staff_number_taken`), an unknown store or role, an empty name."""
        number = clean_number(person.number)
        if person.role not in ROLES:
            raise Refused("role_unknown", role=str(person.role)[:40])
        staff_id = new_id(self.clock.wall_ms(), self.random.bytes(10))
        badge = new_badge(staff_id, self.random, self.clock.wall_ms())

        def work(opened: ScopeWrite) -> None:
            if find_number(opened.conn, opened.scope_id, number) is not None:
                raise Refused("staff_number_taken", number=number)
            known = select(store.c.id).where(store.c.scope_id == opened.scope_id, store.c.id == person.store_id)
            if opened.conn.execute(known).first() is None:
                raise Refused("not_found", what="store")
            row = {"id": staff_id, "number": number, "role": person.role, "store_id": person.store_id, "is_active": 1}
            names = {"name": clean_name(person.name), "name_en": clean_name(person.name_en or person.name)}
            now_ms = self.clock.wall_ms()
            put_row(opened, "staff", row | names | {"joined_at_ms": now_ms})
            put_row(opened, "staff_code", badge)
            record_events(opened, [*of_staff("join", row, now_ms, now_ms), of_badge(badge, now_ms)])
            self._audit(opened, actor, "staff.added", staff_id, {"role": person.role, "store": person.store_id})

        self.database.write(self.database.chain_id(), work)
        return staff_id

    def id_of(self, number: str) -> str:
        """The id of a staff number; `not_found`."""
        with self.database.read() as conn:
            return _known(conn, self.database.chain_id(), number)

    def set_pin(self, number: str, pin: str, actor: Actor | None = None) -> None:
        """A new PIN, which also ends every wait. `pin_refused` with the first `problem` of `domain.pins`."""
        problems = pin_problems(pin)
        if problems:
            raise Refused("pin_refused", problem=problems[0].value)

        def work(opened: ScopeWrite) -> None:
            staff_id = _known(opened.conn, opened.scope_id, number)
            _put_pins(opened, self.secrets, self.random, self.clock.wall_ms(), [(staff_id, pin)], self.cost)
            self._audit(opened, actor, "staff.pin_set", staff_id, {})

        self.database.write(self.database.chain_id(), work)

    def set_phone(self, number: str, phone: str, actor: Actor | None = None) -> None:
        """Her own phone, empty for none any more: a member with this number is she herself (COMMISSION.md 8).

        Only its keyed hash is kept. Refused: `not_found`, and what `clean_phone` says of a number that is none.
        """
        hashed = phone_hash(clean_phone(phone), self.secrets.phone_key) if phone.strip() else None
        now_ms = self.clock.wall_ms()

        def work(opened: ScopeWrite) -> None:
            staff_id = _known(opened.conn, opened.scope_id, number)
            _forget_phone(opened, staff_id)
            if hashed is not None:
                row = {"scope_id": opened.scope_id, "staff_id": staff_id, "phone_hash": hashed}
                opened.conn.execute(insert(staff_phone), [row])
            self._audit(opened, actor, "staff.phone_set", staff_id, {"has_phone": str(hashed is not None).lower()})

        self.database.write(self.database.chain_id(), work)
        if hashed is not None:
            note_own_members(self.database, [hashed], now_ms)

    def new_badge(self, number: str, actor: Actor | None = None) -> str:
        """The digits of a fresh badge; the ones she had end now, also at a counter once it has heard of it."""
        return self.renew_badge(self.id_of(number), actor)

    def renew_badge(self, staff_id: str, actor: Actor | None = None) -> str:
        """`new_badge` by her id."""
        at_ms = self.clock.wall_ms()

        def work(opened: ScopeWrite) -> str:
            for badge_id in live_badges(opened.conn, opened.scope_id, staff_id):
                # Scans made before this moment and sent later still count (COMMISSION.md 9).
                put_row(opened, "staff_code", {"id": badge_id, "expires_at_ms": at_ms})
            badge = new_badge(staff_id, self.random, at_ms)
            put_row(opened, "staff_code", badge)
            record_events(opened, [of_badge(badge, at_ms)])
            self._audit(opened, actor, "staff.badge_issued", staff_id, {})
            return str(badge["digits"])

        return self.database.write(self.database.chain_id(), work)

    def staff_badge(self, number: str, actor: Actor | None = None) -> str:
        """The digits of a fresh signed badge, by which a counter sees who is about to sign in (her PIN is asked for
        still); the one she had ends at each counter once it has heard of it. Customers scan her own code instead."""
        return self.renew_staff_badge(self.id_of(number), actor)

    def renew_staff_badge(self, staff_id: str, actor: Actor | None = None) -> str:
        """`staff_badge` by her id."""
        now_ms = self.clock.wall_ms()
        key = current_key(self.database, self.secrets, now_ms)
        badge = new_staff_badge(staff_id, self.random, now_ms)

        def work(opened: ScopeWrite) -> str:
            _end_staff_badges(opened, staff_id)
            put_row(opened, "staff_code", badge)
            self._audit(opened, actor, "staff.signed_badge_issued", staff_id, {})
            row = load_row(opened.conn, "staff", opened.scope_id, staff_id)
            return badge_text(badge, str(row["store_id"]) if row is not None else opened.scope_id, key)

        return self.database.write(self.database.chain_id(), work)

    def change_role(self, number: str, role: Role, actor: Actor | None = None) -> None:
        """Another role from her next sign-in on."""
        if role not in ROLES:
            raise Refused("role_unknown", role=str(role)[:40])

        def work(opened: ScopeWrite) -> None:
            staff_id = _known(opened.conn, opened.scope_id, number)
            row = put_row(opened, "staff", {"id": staff_id, "role": role})
            record_events(opened, of_staff("move", row, self.clock.wall_ms(), self.clock.wall_ms()))
            self._audit(opened, actor, "staff.role_changed", staff_id, {"role": role})

        self.database.write(self.database.chain_id(), work)

    def leave(self, number: str, actor: Actor | None = None) -> None:
        """She works here no longer: no sign-in at the server, and none at a counter once it has heard of it.

        Her members are the store's from now on; one whose bind is still on its way is so when it arrives.
        """

        chain_id, now_ms = self.database.chain_id(), self.clock.wall_ms()
        with self.database.read() as conn:
            owned = owned_by(conn, _known(conn, chain_id, number))

        def work(opened: ScopeWrite) -> None:
            staff_id = _known(opened.conn, opened.scope_id, number)
            row = put_row(opened, "staff", {"id": staff_id, "is_active": 0})
            _forget_phone(opened, staff_id)
            _forget_pin(opened, staff_id)
            _end_staff_badges(opened, staff_id)
            record_events(opened, of_staff("leave", row, now_ms, now_ms))
            # Her members fall to the store's pool (COMMISSION.md 2), each where she is at home.
            add_folds(opened, [("binding", home, member_id, staff_id) for home, member_id in owned])
            self._audit(opened, actor, "staff.left", staff_id, {})

        self.database.write(chain_id, work)
        end_sessions(self.database, self.id_of(number), now_ms)
        fanout.run(self.database, chain_id)

    def move(self, number: str, store_id: str, actor: Actor | None = None) -> None:
        """She works in another store from now on and signs in there; her members stay hers (COMMISSION.md 2, keep).

        Refused: `not_found` (staff, store).
        """
        now_ms = self.clock.wall_ms()

        def work(opened: ScopeWrite) -> None:
            staff_id = _known(opened.conn, opened.scope_id, number)
            known = select(store.c.id).where(store.c.scope_id == opened.scope_id, store.c.id == store_id)
            if opened.conn.execute(known).first() is None:
                raise Refused("not_found", what="store")
            row = put_row(opened, "staff", {"id": staff_id, "store_id": store_id})
            record_events(opened, of_staff("move", row, now_ms, now_ms))
            self._audit(opened, actor, "staff.moved", staff_id, {"store": store_id})

        self.database.write(self.database.chain_id(), work)
        end_sessions(self.database, self.id_of(number), now_ms)

    def _audit(
        self, opened: ScopeWrite, actor: Actor | None, action: str, staff_id: str, detail: dict[str, str]
    ) -> None:
        at_ms = self.clock.wall_ms()
        record_audit(opened, at_ms=at_ms, actor=actor, action=action, subject=staff_id, detail=detail)


def _end_staff_badges(opened: ScopeWrite, staff_id: str) -> None:
    for badge in live_staff_badges(opened.conn, opened.scope_id, staff_id):
        put_row(opened, "staff_code", {"id": badge, "state": "revoked"})


def set_pins(
    database: ServerDatabase,
    secrets: ServerSecrets,
    random: Random,
    now_ms: int,
    pins: Iterable[tuple[str, str]],
    cost: PinCost = STANDARD_COST,
) -> None:
    """(staff number, PIN) of invented people, in one transaction; for the demo and tests."""
    wanted = list(pins)

    def work(opened: ScopeWrite) -> None:
        known = [(_known(opened.conn, opened.scope_id, number), pin) for number, pin in wanted]
        _put_pins(opened, secrets, random, now_ms, known, cost)

    database.write(database.chain_id(), work)


def clean_number(typed: str) -> str:
    """A staff number as kept: 1 to 12 letters and digits, upper case; `staff_number_invalid`."""
    number = "".join(typed.split()).upper()
    if not (1 <= len(number) <= 12 and number.isascii() and number.replace("-", "").isalnum()):
        raise Refused("staff_number_invalid")
    return number


def find_number(conn: Connection, chain_id: str, number: str) -> str | None:
    """The id of whoever has this number, working or not."""
    return conn.execute(select(staff.c.id).where(staff.c.scope_id == chain_id, staff.c.number == number)).scalar()


def _known(conn: Connection, chain_id: str, number: str) -> str:
    found = find_number(conn, chain_id, clean_number(number))
    if found is None:
        raise Refused("not_found", what="staff")
    return found


@cross_scope
def end_sessions(database: ServerDatabase, staff_id: str, now_ms: int) -> int:
    """Sign her out wherever she is signed in; how many sessions that were."""
    s, ended = staff_session.c, 0
    with database.read() as conn:
        scopes = conn.execute(
            select(s.scope_id).where(s.staff_id == staff_id, s.ended_at_ms.is_(None)).distinct()
        ).scalars().all()  # fmt: skip
    for scope_id in sorted(scopes):

        def work(opened: ScopeWrite) -> int:
            mine = (s.scope_id == opened.scope_id, s.staff_id == staff_id, s.ended_at_ms.is_(None))
            return int(opened.conn.execute(update(staff_session).where(*mine).values(ended_at_ms=now_ms)).rowcount)

        ended += database.write(scope_id, work)
    return ended


def _forget_pin(opened: ScopeWrite, staff_id: str) -> None:
    p = staff_pin.c
    opened.conn.execute(delete(staff_pin).where(p.scope_id == opened.scope_id, p.staff_id == staff_id))


def _forget_phone(opened: ScopeWrite, staff_id: str) -> None:
    p = staff_phone.c
    opened.conn.execute(delete(staff_phone).where(p.scope_id == opened.scope_id, p.staff_id == staff_id))


def _put_pins(
    opened: ScopeWrite,
    secrets: ServerSecrets,
    random: Random,
    now_ms: int,
    pins: Iterable[tuple[str, str]],
    cost: PinCost,
) -> None:
    rows = [
        {
            "scope_id": opened.scope_id,
            "staff_id": staff_id,
            "verifier": make_verifier(pin, staff_id, secrets.pin_pepper, random, cost).to_text(),
            "changed_at_ms": now_ms,
            "failures": 0,
            "locked_until_ms": None,
        }
        for staff_id, pin in pins
    ]
    upsert(opened.conn, staff_pin, rows)
