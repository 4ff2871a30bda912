"""Audiences and outreach put together with the window: a manager's page, the preview before anything goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from guidedesk.domain.access import Permission
from guidedesk.domain.segments import Condition
from guidedesk.ui import i18n
from guidedesk.ui.counter_segment_list import CounterSegmentList
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.segments import SegmentsPresenter
from guidedesk.ui.presenters.segments_state import SegmentsState
from guidedesk.ui.when_shown import WhenShown

if TYPE_CHECKING:
    from guidedesk.ui.views.segments_outreach import PreviewDialog
    from guidedesk.ui.widgets.overlay import Dialog

SEGMENTS: Final = "segments"


class CounterSegments(QObject):
    """An associate finds no way here: the rail has no entry for her, and head office answers her nothing."""

    def __init__(
        self, desk: Desk, window: MainWindow, is_allowed: Callable[[Permission], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._window, self._is_allowed = window, is_allowed
        self._dialog: Dialog | None = None
        self._preview: PreviewDialog | None = None
        self.presenter = SegmentsPresenter(desk, self)
        self.list = CounterSegmentList(desk, window, self)
        window.page_shown.connect(self._page_shown)

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.segments import SegmentsPage  # late: a window takes a scan first

        page, presenter = SegmentsPage(), self.presenter
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        presenter.state_changed.connect(self._show_preview_state)
        presenter.previewed.connect(self._open_preview)
        presenter.left_preview.connect(self._close)
        presenter.told.connect(self._tell)
        page.added.connect(presenter.add)
        page.retried.connect(presenter.reload)
        page.list.chosen.connect(presenter.choose)
        page.build.copied.connect(presenter.copy)
        page.build.rename_wanted.connect(self._ask_name)
        page.build.remove_wanted.connect(self._ask_remove)
        conditions = page.build.conditions
        conditions.changed.connect(self._change)
        conditions.removed.connect(presenter.remove_condition)
        conditions.mode_chosen.connect(presenter.set_mode)
        conditions.added.connect(self._add_condition)
        page.build.reach.members.clicked.connect(self._open_list)
        outreach = page.outreach
        outreach.channel_chosen.connect(presenter.set_channel)
        outreach.due_chosen.connect(presenter.set_due)
        outreach.cap_chosen.connect(presenter.set_cap)
        outreach.template_typed.connect(presenter.set_template)
        outreach.another_wanted.connect(presenter.next_template)
        outreach.looked.connect(presenter.look)
        outreach.recalled.connect(presenter.recall)
        page.render_state(presenter.state)
        self._window.add_page(SEGMENTS, page)

    def leave(self) -> None:
        """Something else comes first: nothing goes out, and what was changed is saved."""
        self.presenter.save()
        self.list.leave()
        if self._dialog is not None:
            self._close()
            self.presenter.leave_preview()

    def take_member(self, member_id: str) -> bool:
        """A scanned card that is meant for the group kept by hand on show; whether it was."""
        return self._window.current == SEGMENTS and self.presenter.take_member(member_id)

    def _page_shown(self, name: str) -> None:
        if name == SEGMENTS and self._is_allowed("segment.manage"):
            self.presenter.open()
        elif name != SEGMENTS:
            self.presenter.save()

    def _open_list(self) -> None:
        self.list.presenter.open(self.presenter.state)

    def _change(self, at: int, condition: object) -> None:
        if isinstance(condition, Condition):
            self.presenter.change_condition(at, condition)

    def _add_condition(self, kind: str, is_not: bool) -> None:
        self.presenter.add_condition(kind, is_not=is_not)

    def _open_preview(self) -> None:
        from guidedesk.ui.views.segments_outreach import PreviewDialog

        found = self.presenter.state.preview
        if found is None:
            return
        dialog = PreviewDialog(found)
        dialog.sent.connect(self.presenter.send)
        dialog.closed.connect(self._left_preview)
        self._open(dialog)
        self._preview = dialog

    def _left_preview(self) -> None:
        self._close()
        self.presenter.leave_preview()

    def _show_preview_state(self, state: object) -> None:
        if isinstance(state, SegmentsState) and self._preview is not None and state.preview is not None:
            self._preview.show_state(state.send_problem, is_sending=state.is_sending)

    def _ask_name(self) -> None:
        from guidedesk.ui.views.segments_outreach import NameDialog

        draft = self.presenter.state.draft
        if draft is None:
            return
        dialog = NameDialog(draft.name)
        dialog.named.connect(self._named)
        dialog.closed.connect(self._close)
        self._open(dialog)

    def _named(self, name: str) -> None:
        self._close()
        self.presenter.rename(name)

    def _ask_remove(self) -> None:
        from guidedesk.ui.views.segments_outreach import RemoveDialog

        draft = self.presenter.state.draft
        if draft is None:
            return
        dialog = RemoveDialog(draft.name)
        dialog.removed.connect(self._removed)
        dialog.closed.connect(self._close)
        self._open(dialog)

    def _removed(self) -> None:
        self._close()
        self.presenter.remove()

    def _open(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._window.open_dialog(dialog)

    def _close(self) -> None:
        if self._dialog is not None:
            self._dialog = self._preview = None
            self._window.overlays.close()

    def _tell(self, key: str, count: int) -> None:
        self._window.toast(i18n.t(key, n=count))
