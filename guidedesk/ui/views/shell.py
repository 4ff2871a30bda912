"""Keeps rail, top bar, key bar and the user's menu in step with the shell's state."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from guidedesk.ui import i18n
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.shell import ShellPresenter, ShellState
from guidedesk.ui.shell.rail import RailItem
from guidedesk.ui.shell.topbar import UserChip
from guidedesk.ui.theme import look
from guidedesk.ui.views.sign_in_parts import names_join, role_and_number
from guidedesk.ui.views.sync_chip import sync_chip
from guidedesk.ui.widgets.labels import person_name

RAIL: Final = (
    RailItem("home", "scan", "rail.home", "Ctrl 1"),
    RailItem("members", "users", "rail.members", "Ctrl 2"),
    RailItem("codes", "qr", "rail.codes", "Ctrl 3"),
    RailItem("tasks", "tasks", "rail.tasks", "Ctrl 4"),
    RailItem("earnings", "yuan", "rail.earnings", "Ctrl 5"),
    RailItem("team", "chart", "rail.team", "Ctrl 6"),
    RailItem("segments", "segments", "rail.segments", "Ctrl 7"),
    RailItem("close", "ledger", "rail.close", "Ctrl 8"),
    RailItem("sync", "sync", "rail.sync", "Ctrl 9", low=True),
    RailItem("settings", "settings", "rail.settings", "Ctrl ,", low=True),
)


class ShellBinder(QObject):
    """Renders `ShellState` into a window and sends its lock and sync commands to the presenter."""

    def __init__(self, window: MainWindow, presenter: ShellPresenter | None = None) -> None:
        super().__init__(window)
        self._window, self._presenter = window, presenter
        self._state = ShellState()
        self._pages: tuple[str, ...] = ()
        window.top.user_opened.connect(self._open_menu)
        look().retranslated.connect(self._retranslate)
        if presenter is not None:
            presenter.state_changed.connect(self.render_state)
            window.commanded.connect(self._run)
            self.render_state(presenter.state)

    def render_state(self, state: ShellState) -> None:
        """Show a state."""
        self._state = state
        lang = i18n.language()
        if state.pages != self._pages:
            self._pages = state.pages
            self._window.set_rail(tuple(item for item in RAIL if item.page in state.pages))
        self._window.set_sync(sync_chip(state.status))
        staff = state.staff
        self._window.set_user(
            UserChip("", "") if staff is None else UserChip(person_name(staff.name.pick(lang)), role_and_number(staff))
        )
        self._window.key_bar.set_place(names_join(state.store.pick(lang), state.counter))
        button = self._window.rail.button("sync")
        if button is not None:
            is_offline = state.status is not None and state.status.is_offline
            button.set_icon("cloud-off" if is_offline else "sync")
            needs = state.status is not None and state.status.needs_person
            button.set_count(state.sync_count, "sync.chip.needs_person" if needs else "rail.waiting")

    def _retranslate(self) -> None:
        self.render_state(self._state)

    def _run(self, name: str) -> None:
        if self._presenter is None:
            return
        if name == "lock":
            self._presenter.lock()
        elif name == "sync_now":
            self._presenter.sync_now()

    def _open_menu(self) -> None:
        menu = QMenu(self._window)
        menu.addAction(f"{i18n.t('keys.lock')}\tF9", self._lock)
        menu.addAction(f"{i18n.t('help.turn_to_customer')}\tCtrl Shift H", self._turn)
        menu.addAction(i18n.t("day.close"), self._close_day)
        corner = self._window.top.user
        menu.popup(corner.mapToGlobal(QPoint(0, corner.height())))

    def _turn(self) -> None:
        self._window.run_command("turn_to_customer")

    def _close_day(self) -> None:
        self._window.run_command("close_day")

    def _lock(self) -> None:
        self._run("lock")
