"""Settings (mockup 14): the groups at the left, the chosen one beside them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk import __version__
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.settings import GROUPS, Group, SettingsState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.views.scanner_settings import CUES as SCANNER_CUES
from guidedesk.ui.views.scanner_settings import ScannerSettingsPage
from guidedesk.ui.views.settings_lists import AccountsPanel, CountersPanel, LogPanel
from guidedesk.ui.views.settings_panels import (
    CustomerPanel,
    DataPanel,
    LockPanel,
    LookPanel,
    PolicyPanel,
    PrintersPanel,
)
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.kind_list import Kind, NavList
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, rule
from guidedesk.ui.widgets.pages import Pages

CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("F6", "keys.pane"), KeyCue("F5", "keys.sync"), KeyCue("F9", "keys.lock"),
)  # fmt: skip
_ICONS: Final[dict[Group, str]] = {
    "counters": "device", "people": "users", "scanner": "scanner", "printers": "print", "customer": "monitor",
    "lock": "lock", "look": "globe", "policy": "store", "data": "database", "log": "shield",
}  # fmt: skip


class SettingsPage(Page):
    """`group_chosen(name)`; the panels have signals of their own."""

    group_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state = SettingsState()
        self.nav = NavList("settings.title")
        self._version = Label("", "caption", "text3", lines=1)
        self.counters, self.people, self.log = CountersPanel(), AccountsPanel(), LogPanel()
        self.scanner = ScannerSettingsPage()
        self.printers, self.customer, self.lock = PrintersPanel(), CustomerPanel(), LockPanel()
        self.look, self.policy, self.data = LookPanel(), PolicyPanel(), DataPanel()
        self.scanner.go_inside()
        self._panels: dict[Group, QWidget] = {
            "counters": self.counters, "people": self.people, "scanner": self.scanner, "printers": self.printers,
            "customer": self.customer, "lock": self.lock, "look": self.look, "policy": self.policy,
            "data": self.data, "log": self.log,
        }  # fmt: skip
        self._stack = Pages()
        for name in GROUPS:
            self._stack.add(self._panels[name])
        title = column(Label("", "title", lines=1).say("settings.title"), pad=(3, 4))
        foot = column(self._version, pad=(2, 4))
        side = QFrame()
        side.setProperty("kind", "card")
        whole = column(title, rule(), ScrollColumn(holder(column(self.nav, None, gap=0))), rule(), foot, gap=0)
        whole.setStretch(2, 1)
        side.setLayout(whole)
        self.columns = ColumnsPane(
            Pane(side, "settings.title", "settings_nav"), Pane(self._stack, "settings.chosen"), least="home_main_min"
        )
        self.body.addWidget(self.columns, 1)
        self.nav.chosen.connect(self._choose)
        self.render_state(self._state)

    def render_state(self, state: SettingsState) -> None:
        """Show a state."""
        self._state = state
        kinds = [Kind(name, _ICONS[name], "neutral", t(f"settings.{name}"), "", "") for name in state.groups]
        self.nav.show_kinds(kinds, state.group)
        self._stack.show_page(self._panels[state.group])
        self._version.set_text(f"GuideDesk {__version__}")
        for panel in (self.printers, self.customer, self.lock, self.look, self.policy, self.data):
            panel.render_state(state)

    def _choose(self, name: str) -> None:
        self.group_chosen.emit(name)
        self.columns.show_pane(1)

    def retranslate(self) -> None:
        self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        if self._state.group == "scanner":
            return self.scanner.first_focus()
        return self.nav.current()

    def panes(self) -> list[QWidget]:
        return [self.nav, self._stack]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return SCANNER_CUES if self._state.group == "scanner" else CUES

    def handle_command(self, name: str) -> bool:
        if name in ("close", "back") and self.columns.is_tabbed and self._stack.isVisible():
            self.columns.show_pane(0)
            return True
        return self._state.group == "scanner" and self.scanner.handle_command(name)

    def set_compact(self, compact: bool) -> None:
        super().set_compact(compact)
        self.scanner.set_compact(compact)
