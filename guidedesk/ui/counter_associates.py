"""An associate's page put together with the window: who is opened, what is given away, what both are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.services.associates import Batch, Told
from guidedesk.services.session import Session
from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.associate import AssociatePresenter
from guidedesk.ui.presenters.hand_over import HandOverPresenter, HandOverState
from guidedesk.ui.safe_text import person_name
from guidedesk.ui.when_shown import WhenShown

if TYPE_CHECKING:
    from guidedesk.ui.views.hand_over import HandOverDialog

ASSOCIATE: Final = "associate"


class CounterAssociates(QObject):
    """`member_wanted(id)` leads to her card; `undo_offered` says that Ctrl Z now means the last step here."""

    member_wanted = Signal(str)
    undo_offered = Signal()

    def __init__(self, desk: Desk, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._window = desk, window
        self._undoable = ""
        self._dialog: HandOverDialog | None = None
        self.presenter = AssociatePresenter(desk, self)
        self.leaving = HandOverPresenter(desk, self)
        self.presenter.opened.connect(self._show_page)
        self.presenter.done.connect(self._tell_done)
        self.presenter.undone.connect(self._tell_undone)
        self.leaving.state_changed.connect(self._render_dialog)
        self.leaving.done.connect(self._handed_over)
        window.undo_requested.connect(self._undo)
        desk.session_changed.connect(self._take_session)

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.associate import AssociatePage  # late: a window takes a scan first

        page, presenter = AssociatePage(), self.presenter
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        page.filtered.connect(presenter.filter)
        page.ticked.connect(presenter.tick)
        page.range_ticked.connect(presenter.tick_range)
        page.all_ticked.connect(presenter.tick_all)
        page.end_near.connect(presenter.read_more)
        page.member_opened.connect(self.member_wanted)
        page.taker_chosen.connect(presenter.choose_taker)
        page.reason_chosen.connect(presenter.choose_reason)
        page.reassigned.connect(presenter.reassign)
        page.undone.connect(presenter.undo)
        page.hand_over_started.connect(self._open_hand_over)
        page.retried.connect(presenter.reload)
        page.returned.connect(presenter.open)
        page.left.connect(self._go_back)
        page.render_state(presenter.state)
        self._window.add_page(ASSOCIATE, page)

    def open(self, associate_id: str) -> None:
        """Show somebody of the store; nobody but a manager gets there."""
        self.presenter.open(associate_id)

    def leave(self) -> None:
        """Something else comes first: no PIN is kept."""
        if self._dialog is not None:
            self._dialog = None
            self.leaving.leave()

    def _show_page(self) -> None:
        if self._window.current != ASSOCIATE:
            self._window.show_page(ASSOCIATE)

    def _go_back(self) -> None:
        self._window.back()

    # --- given away, and back ---

    def _tell_done(self, batch: Batch) -> None:
        self.undo_offered.emit()
        self._undoable = batch.id
        self._window.toast(_words("associate.told.done", batch), undo=True)

    def _tell_undone(self, batch: Batch) -> None:
        self._undoable = ""
        self._window.toast(_words("associate.told.undone", batch))

    def forget_undo(self) -> None:
        """Ctrl Z means something else from now on."""
        self._undoable = ""

    def _undo(self) -> None:
        batch_id, self._undoable = self._undoable, ""
        if batch_id:
            self.presenter.undo(batch_id)

    # --- somebody leaves ---

    def _open_hand_over(self) -> None:
        data = self.presenter.state.data
        if data is None:
            return
        from guidedesk.ui.views.hand_over import HandOverDialog

        dialog, presenter = HandOverDialog(), self.leaving
        dialog.kind_chosen.connect(presenter.choose_kind)
        dialog.rule_chosen.connect(presenter.choose_rule)
        dialog.colleague_ticked.connect(presenter.tick)
        dialog.store_chosen.connect(presenter.choose_store)
        dialog.proved.connect(presenter.prove)
        dialog.closed.connect(self._close_dialog)
        self._dialog = dialog
        presenter.open(data)
        dialog.render_state(presenter.state)
        self._window.open_dialog(dialog)

    def _render_dialog(self, state: HandOverState) -> None:
        if self._dialog is not None:
            self._dialog.render_state(state)

    def _close_dialog(self) -> None:
        if self._dialog is not None:
            self._dialog = None
            self._window.overlays.close()
            self.leaving.leave()

    def _handed_over(self, key: str) -> None:
        name = "" if self.leaving.state.data is None else self.leaving.state.data.person.name.pick(i18n.language())
        self._close_dialog()
        self._desk.sync_wanted.emit()
        self._window.toast(i18n.t(key, name=person_name(name)))
        self.presenter.reload()

    # --- both are told ---

    def _take_session(self, session: Session | None) -> None:
        self._undoable = ""
        self.leave()
        if session is None or not self._desk.may("commission.own"):
            return

        def told(found: Told) -> None:
            if self._desk.session is session and found.batches:
                self._tell(found, session)

        self._desk.tasks.fetch(
            self._desk.counter.office.told, done=told, failed=self._no_matter, latest="associates.told"
        )

    def _tell(self, found: Told, session: Session) -> None:
        """The last step in a sentence; all of them are seen with it, her list shows the rest."""
        last = found.batches[-1]
        key = "came" if last.taker_id == session.staff.id else "went"
        key = f"{key}_back" if last.voided_at_ms is not None else key
        self._window.toast(_words(f"associate.told.{key}", last))
        ids = [one.id for one in found.batches]
        self._desk.tasks.fetch(self._desk.counter.office.mark_told, ids, failed=self._no_matter)

    def _no_matter(self, _error: Exception) -> None:
        """She is told next time."""


def _words(key: str, batch: Batch) -> str:
    lang = i18n.language()
    giver, taker = person_name(batch.giver.pick(lang)), person_name(batch.taker.pick(lang))
    return i18n.t(key, n=batch.members, giver=giver, taker=taker, by=person_name(batch.made_by.pick(lang)))
