"""A desk whose counter is a small real database in memory; the network is in the test's hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import Role
from guidedesk.services.apply import apply_operation
from guidedesk.services.changes import Changes
from guidedesk.services.export_file import write_export
from guidedesk.services.operations import Operation, members_of
from guidedesk.services.printers import PrinterSettings
from guidedesk.services.queries.reference import get_staff
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.session import Session, SignInTile
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.tasks import InlineTasks, Lane
from tests.helpers.shop import GAO, HE, LAKESIDE, LIN, NOW, Shop, open_shop
from tests.ui.codes_at_hand import CodesAtHand
from tests.ui.days_at_hand import DaysAtHand
from tests.ui.office_figures import OfficeFigures
from tests.ui.office_people import OfficePeople
from tests.ui.office_segments import OfficeSegments
from tests.ui.records_at_hand import RecordsAtHand
from tests.ui.team_at_hand import TeamAtHand

PIN = "271828"


@dataclass
class ShopCounter:
    """A `CounterPort` over the shop; what the server would say is set by the test."""

    shop: Shop
    at_ms: int = NOW
    sync: SyncStatus = field(default_factory=lambda: SyncStatus(NOW, last_contact_ms=NOW - 60_000))
    tiles: list[SignInTile] = field(default_factory=list)
    refusals: list[GuideDeskError] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    signed_out: list[str] = field(default_factory=list)
    drafts: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    people: dict[str, StaffInfo] = field(default_factory=dict)  # read once: memory belongs to one thread
    printer_settings: PrinterSettings = field(default_factory=PrinterSettings)
    made: int = 0
    store_id: str = LAKESIDE
    label: str = "收银台 2"

    commission: OfficeFigures = field(default_factory=OfficeFigures)
    records: RecordsAtHand = field(default_factory=RecordsAtHand)
    day: DaysAtHand = field(default_factory=DaysAtHand)
    codes: CodesAtHand = field(default_factory=CodesAtHand)
    office: OfficePeople = field(default_factory=OfficePeople)
    segments: OfficeSegments = field(default_factory=OfficeSegments)
    team: TeamAtHand = field(default_factory=TeamAtHand)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.shop.engine.begin() as connection:
            yield connection

    def now_ms(self) -> int:
        return self.at_ms

    def new_id(self) -> str:
        self.made += 1
        return derived_id("made", self.made)

    def record(self, operations: list[Operation], session: Session, assurance: int) -> Changes:
        kinds: set[str] = set()
        op_ids = tuple(self.new_id() for _ in operations)
        for op_id, operation in zip(op_ids, operations, strict=True):
            context = self.shop.context(op_id, actor_id=session.staff.id, at_ms=self.at_ms)
            with self.shop.engine.begin() as connection:
                effect = apply_operation(connection, operation, replace(context, assurance=assurance))
            kinds |= {table for table, _, _ in effect.touched}
        members = frozenset(one for operation in operations for one in members_of(operation))
        return Changes(frozenset(kinds), members, op_ids)

    def status(self) -> SyncStatus:
        return replace(self.sync, now_ms=self.at_ms)

    def diagnostics(self) -> dict[str, Any]:
        return {"made_at": "2026-11-21T02:42:00.000Z", "sync": {"waiting": len(self.records.kept)}}

    def export_unsent(self, path: Path) -> object:
        write_export(path, b"sealed", lambda: None)
        return None

    def sign_in_tiles(self) -> tuple[SignInTile, ...]:
        return tuple(self.tiles)

    def sign_in(self, number: str, pin: str) -> Session:
        self.asked.append((number, pin))
        if self.refusals:
            raise self.refusals.pop(0)
        if pin != PIN:
            raise Refused("wrong_pin", tries_left=4)
        return self.session(GAO if number == "M002" else LIN)

    def sign_out(self, session: Session) -> None:
        self.signed_out.append(session.session_id)

    def session(self, staff_id: str = LIN) -> Session:
        return Session("session-1", self.people[staff_id], LAKESIDE, True, self.at_ms)

    @property
    def device_id(self) -> str:
        return derived_id("device", 1)

    def prove_manager(self, number: str, pin: str) -> str:
        if self.codes.is_cut or pin != PIN:
            raise Refused("wrong_pin", left=4)
        if number != "M002":
            raise Refused("not_a_manager")
        return GAO

    def printers(self) -> PrinterSettings:
        return self.printer_settings

    def save_printers(self, settings: PrinterSettings) -> None:
        self.printer_settings = settings

    def phone_fields(self, phone: str) -> dict[str, str]:
        raise Refused("phone_invalid")

    def phone_hash(self, phone: str) -> str:
        raise Refused("phone_invalid")

    def save_draft(self, staff_id: str, kind: str, subject: str, data: dict[str, Any] | None) -> None:
        self.drafts.pop((staff_id, kind, subject), None)
        if data is not None:
            self.drafts[(staff_id, kind, subject)] = data

    def load_draft(self, staff_id: str, kind: str, subject: str) -> dict[str, Any] | None:
        return self.drafts.get((staff_id, kind, subject))


class LateReads(InlineTasks):
    """From `late = []` on, reads finish only when told to, as on a busy PC."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[Callable[[], None]] | None = None

    def _run(self, lane: Lane, run: Callable[[], None]) -> None:
        if lane == "read" and self.late is not None:
            self.late.append(run)
        else:
            run()

    def finish(self) -> None:
        late, self.late = self.late or [], None
        for run in late:
            run()


@dataclass
class ShopDesk:
    """The desk and the counter behind it."""

    desk: Desk
    counter: ShopCounter

    def sign_in(self, who: str = LIN, role: Role | None = None) -> None:
        """Somebody of the shop, with another role if the test wants one."""
        session = self.counter.session(who)
        self.desk.set_session(replace(session, staff=replace(session.staff, role=role or session.staff.role)))


def open_desk() -> ShopDesk:
    """A desk with Lin signed in; Lin, He and Gao have tiles."""
    counter = ShopCounter(open_shop())
    with counter.read() as connection:
        counter.people = {staff_id: get_staff(connection, staff_id) for staff_id in (LIN, HE, GAO)}
    counter.tiles = [
        SignInTile(staff, int(at == 1), at == 0, 5, 0) for at, staff in enumerate(counter.people.values())
    ]
    desk = Desk(counter, InlineTasks())
    desk.set_session(counter.session())
    return ShopDesk(desk, counter)
