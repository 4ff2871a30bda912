"""The desk of `shop_desk` for screens about a member: remembers what was recorded, has blank codes, knows phones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtWidgets import QWidget

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import clean_phone, mask_phone, phone_tail
from guidedesk.services.changes import Changes
from guidedesk.services.operations import IssueCoupon, Operation
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.tasks import InlineTasks, Tasks
from tests.helpers.shop import LAKESIDE, LIN, NOW, open_shop
from tests.ui.shop_desk import ShopCounter

HASHES = {"+8613800002746": "aa" * 16}


@dataclass
class MemberCounter(ShopCounter):
    """Remembers each call of `record`; refuses with `refusal` while that is set."""

    recorded: list[tuple[list[Operation], int]] = field(default_factory=list)
    refusal: Refused | None = None

    def __post_init__(self) -> None:
        self.codes.blanks.append(("1" + "0" * 18 + "123", "885103940017"))

    def record(self, operations: list[Operation], session: Session, assurance: int) -> Changes:
        if self.refusal is not None:
            raise self.refusal
        changes = super().record(operations, session, assurance)
        given = {operation.handle for operation in operations if isinstance(operation, IssueCoupon)}
        self.codes.leases = [lease for lease in self.codes.leases if lease[0] not in given]
        self.recorded.append((operations, assurance))
        return changes

    def phone_fields(self, phone: str) -> dict[str, str]:
        number = clean_phone(phone)
        return {
            "phone_masked": mask_phone(number), "phone_tail": phone_tail(number),
            "phone_hash": HASHES.get(number, "bb" * 16), "phone_sealed": "c2VhbGVk",
        }  # fmt: skip

    def phone_hash(self, phone: str) -> str:
        return HASHES.get(clean_phone(phone), "bb" * 16)

    def types(self) -> list[str]:
        """What was recorded so far, in order."""
        return [operation.TYPE for operations, _ in self.recorded for operation in operations]


class MemberDesk(Desk):
    """A desk whose counter tests can look into."""

    counter: MemberCounter

    def __init__(self, tasks: Tasks | None = None) -> None:
        super().__init__(MemberCounter(open_shop()), tasks or InlineTasks())


def session_of(staff_id: str = LIN, number: str = "A017", name: str = "林晓夏") -> Session:
    """Somebody signed in."""
    staff = StaffInfo(staff_id, number, Bilingual(name, name), "associate", LAKESIDE)
    return Session(derived_id("session", number), staff, LAKESIDE, True, NOW)


def make_desk(*, signed_in: bool = True) -> MemberDesk:
    """A fresh shop with Lin signed in."""
    desk = MemberDesk()
    if signed_in:
        desk.set_session(session_of())
    return desk


def heard(signal: Any) -> list[Any]:
    """Everything a signal says from now on."""
    said: list[Any] = []
    signal.connect(lambda *args: said.append(args[0] if args else None))
    return said


def hosted(widget: QWidget, width: int = 1290, height: int = 684) -> QWidget:
    """A bare window around a page: offscreen Qt warns when a top-level window has a least size."""
    window = QWidget()
    widget.setParent(window)
    widget.setGeometry(0, 0, width, height)
    return window
