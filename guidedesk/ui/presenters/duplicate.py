"""Two cards that may be one person: said by whoever notices, looked at by a manager (SECURITY.md 2, merge members)."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from guidedesk.services.operations import Operation, ReassignFollowUp, ScheduleFollowUp
from guidedesk.services.queries.care import DUPLICATE
from guidedesk.services.queries.duplicates import MaybeSame, read_maybe_same
from guidedesk.ui import formats, i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.undo import Notice
from guidedesk.ui.safe_text import person_name


class DuplicatePresenter(QObject):
    """`noticed(Notice)` when a manager has it on her list: a follow-up, so that it survives an outage and reaches her
    wherever she signs in."""

    noticed = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._first = ""

    def begin(self, member_id: str) -> None:
        """The card on show may be somebody else's too; whose, is picked next."""
        self._first = member_id

    def suggest(self, other_id: str) -> None:
        """It is this one."""
        session = self._desk.session
        if session is not None and self._first:
            self._desk.read(
                read_maybe_same, self._first, other_id, session.store_id, session.staff.id, done=self._record,
                latest="duplicate.pair",
            )  # fmt: skip

    def _record(self, pair: MaybeSame) -> None:
        if pair.is_told:
            self.noticed.emit(Notice("duplicate.told_before"))
            return
        mine, today = self._desk.who.staff.id, formats.local_day(self._desk.now_ms())
        card = formats.card_no(pair.other_card) if pair.other_card else i18n.t("duplicate.no_card")
        plan = ScheduleFollowUp(
            follow_up_id=pair.follow_up_id, member_id=pair.member_id, due_date=today.isoformat(), reason=DUPLICATE,
            text=i18n.t("duplicate.text", name=person_name(pair.other_name), card=card),
        )  # fmt: skip
        operations: tuple[Operation, ...] = (plan,)
        if pair.manager.id != mine:
            give = ReassignFollowUp(
                follow_up_id=plan.follow_up_id, member_id=plan.member_id, from_id=mine, to_id=pair.manager.id
            )
            operations = (plan, give)
        name = pair.manager.name.pick(i18n.language())
        self._desk.record(*operations, done=lambda _changes: self.noticed.emit(Notice("duplicate.told", name)))
