"""The settings put together with the window: its groups, the dialogs that decide, and what leads on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.services.session import Session
from guidedesk.ui import i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.accounts import AccountsPresenter, OwnPinPresenter
from guidedesk.ui.presenters.codes import CodesState
from guidedesk.ui.presenters.scanner_settings import ScannerSettingsPresenter
from guidedesk.ui.presenters.settings import SettingsPresenter
from guidedesk.ui.presenters.store_counters import CountersPresenter
from guidedesk.ui.presenters.store_log import StoreLogPresenter
from guidedesk.ui.when_shown import WhenShown

if TYPE_CHECKING:
    from guidedesk.ui.views.settings import SettingsPage
    from guidedesk.ui.widgets.overlay import Dialog

SETTINGS: Final = "settings"


class CounterSettings(QObject):
    """`associate_wanted(id)`, `printers_wanted`, `screen_wanted`, `takes_down_switched(bool)`, `centre_wanted`,
    `diagnostics_wanted`, `sync_wanted`: what other parts of the window do."""

    associate_wanted = Signal(str)
    printers_wanted = Signal()
    screen_wanted = Signal()
    takes_down_switched = Signal(bool)
    centre_wanted = Signal()
    diagnostics_wanted = Signal()
    sync_wanted = Signal()

    def __init__(
        self, desk: Desk, window: MainWindow, scanner: ScannerSettingsPresenter, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._window, self._scanner = desk, window, scanner
        self._page: SettingsPage | None = None
        self._dialog: Dialog | None = None
        self._owner: QObject | None = None
        self._render: Callable[..., None] | None = None
        self.presenter = SettingsPresenter(desk, self)
        self.counters, self.accounts = CountersPresenter(desk, self), AccountsPresenter(desk, self)
        self.own_pin, self.log = OwnPinPresenter(desk, self), StoreLogPresenter(desk, self)
        for deciding in (self.counters, self.accounts, self.own_pin):
            deciding.state_changed.connect(self._render_dialog)
            deciding.done.connect(self._tell)
        desk.session_changed.connect(self._take_session)

    @property
    def takes_scans(self) -> bool:
        """Whether a scan is a test now: only while the scanner's own group is in front."""
        return self._window.current == SETTINGS and self.presenter.state.group == "scanner"

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.settings import SettingsPage  # late: a window takes a scan first

        page, presenter = SettingsPage(), self.presenter
        self._page = page
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        page.group_chosen.connect(self._choose_group)
        page.look.language_chosen.connect(presenter.choose_language)
        page.look.theme_chosen.connect(presenter.choose_theme)
        page.look.scale_chosen.connect(presenter.choose_scale)
        page.lock.lock_chosen.connect(presenter.choose_lock)
        page.lock.own_pin_wanted.connect(self._open_own_pin)
        page.printers.printers_wanted.connect(self.printers_wanted)
        page.customer.screen_wanted.connect(self.screen_wanted)
        page.customer.takes_down_switched.connect(self.takes_down_switched)
        page.data.sync_wanted.connect(self.sync_wanted)
        page.data.centre_wanted.connect(self.centre_wanted)
        page.data.diagnostics_wanted.connect(self.diagnostics_wanted)
        self._connect_lists(page)
        self._connect_scanner(page)
        page.render_state(presenter.state)
        self._window.add_page(SETTINGS, page)

    def _connect_lists(self, page: SettingsPage) -> None:
        self.counters.state_changed.connect(WhenShown(page.counters, page.counters.render_state).take)
        page.counters.chosen.connect(self.counters.choose)
        page.counters.adding_wanted.connect(self._open_enrol)
        page.counters.taking_off_wanted.connect(self._open_revoke)
        page.counters.retried.connect(self.counters.reload)
        page.counters.render_state(self.counters.state)
        self.accounts.state_changed.connect(WhenShown(page.people, page.people.render_state).take)
        page.people.chosen.connect(self.accounts.choose)
        page.people.opened.connect(self.associate_wanted)
        page.people.pin_wanted.connect(self._open_pin)
        page.people.adding_wanted.connect(self._open_account)
        page.people.retried.connect(self.accounts.reload)
        page.people.render_state(self.accounts.state)
        self.log.state_changed.connect(WhenShown(page.log, page.log.render_state).take)
        page.log.filtered.connect(self.log.filter)
        page.log.searched.connect(self.log.search)
        page.log.end_near.connect(self.log.read_more)
        page.log.proof_wanted.connect(self.log.prove)
        page.log.retried.connect(self.log.reload)
        page.log.render_state(self.log.state)

    def _connect_scanner(self, settings: SettingsPage) -> None:
        page, presenter = settings.scanner, self._scanner
        presenter.state_changed.connect(page.render_state)
        page.prefix_typed.connect(presenter.set_prefix)
        page.gap_chosen.connect(presenter.set_gap)
        page.silence_chosen.connect(presenter.set_silence)
        page.port_chosen.connect(presenter.set_port)
        page.camera_switched.connect(presenter.set_camera)
        page.sound_switched.connect(presenter.set_sound)
        page.measured_taken.connect(presenter.use_measured)
        page.test_typed.connect(presenter.type)
        page.render_state(presenter.state)

    def open(self) -> None:
        """The page came to the front."""
        self.presenter.open()
        self._scanner.open()
        self._ask(self.presenter.state.group)

    def take_codes(self, state: CodesState) -> None:
        """What the customer's screen does by itself is set with the codes."""
        self.presenter.take_screen(takes_down=state.takes_down)

    def leave(self) -> None:
        """Something else comes first: no PIN is kept."""
        self._dialog = None

    def _choose_group(self, name: str) -> None:
        self.presenter.show_group(name)
        self._window.refresh_keys()
        self._ask(name)

    def _ask(self, group: str) -> None:
        ask = {"counters": self.counters.reload, "people": self.accounts.reload, "log": self.log.reload}.get(group)
        if ask is not None:
            ask()

    # --- dialogs ---

    def _open_enrol(self) -> None:
        from guidedesk.ui.views.settings_dialogs import EnrolCounterDialog

        self.counters.begin()
        dialog = EnrolCounterDialog()
        dialog.code_typed.connect(self.counters.type_code)
        dialog.label_typed.connect(self.counters.type_label)
        dialog.looked.connect(self.counters.look)
        dialog.approved.connect(self.counters.approve)
        dialog.refused.connect(self.counters.refuse)
        self._show(dialog, dialog.render_state, self.counters)

    def _open_revoke(self) -> None:
        from guidedesk.ui.views.settings_dialogs import RevokeDialog

        if self.counters.state.why_not_off:
            return
        self.counters.begin()
        dialog = RevokeDialog()
        dialog.mode_chosen.connect(self.counters.choose_mode)
        dialog.reason_typed.connect(self.counters.type_reason)
        dialog.proved.connect(self.counters.revoke)
        self._show(dialog, dialog.render_state, self.counters)

    def _open_pin(self) -> None:
        from guidedesk.ui.views.settings_dialogs import PinDialog

        if self.accounts.state.why_not_pin:
            return
        self.accounts.begin()
        dialog = PinDialog(own=False)
        dialog.proved.connect(self.accounts.reset_pin)
        self._show(dialog, dialog.render_state, self.accounts)

    def _open_account(self) -> None:
        from guidedesk.ui.views.settings_dialogs import AddAccountDialog

        self.accounts.begin()
        dialog = AddAccountDialog()
        dialog.proved.connect(self.accounts.add)
        self._show(dialog, dialog.render_state, self.accounts)

    def _open_own_pin(self) -> None:
        from guidedesk.ui.views.settings_dialogs import PinDialog

        self.own_pin.begin()
        dialog = PinDialog(own=True)
        dialog.proved.connect(self.own_pin.change)
        self._show(dialog, dialog.render_state, self.own_pin)

    def _show(
        self, dialog: Dialog, render: Callable[..., None],
        owner: CountersPresenter | AccountsPresenter | OwnPinPresenter,
    ) -> None:  # fmt: skip
        render(owner.state)
        dialog.closed.connect(self._close)
        self._dialog, self._render, self._owner = dialog, render, owner
        self._window.open_dialog(dialog)

    def _render_dialog(self, state: object) -> None:
        if self._dialog is not None and self._render is not None and self.sender() is self._owner:
            self._render(state)

    def _close(self) -> None:
        if self._dialog is not None:
            self._dialog = None
            self._window.overlays.close()

    def _tell(self, key: str) -> None:
        self._close()
        self._window.toast(i18n.t(key))

    def _take_session(self, _session: Session | None) -> None:
        self.leave()
