"""The page of codes put together with the window: the customer's screen, printing, saving."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.access import Permission
from guidedesk.services.label_printer import PrinterError, read_address, send_label
from guidedesk.ui import formats, i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.codes import CodesPresenter, CodesState
from guidedesk.ui.presenters.file_export import documents
from guidedesk.ui.presenters.member import MemberState
from guidedesk.ui.presenters.printers import PrintersPresenter
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.when_shown import WhenShown

# What is drawn is imported where it is made: a window takes a scan before anybody shows a code.
if TYPE_CHECKING:
    from guidedesk.ui.views.customer_screen import CustomerScreen

CODES: Final = "codes"
PNG_MM: Final = 60
PNG_DPI: Final = 300


class CounterCodes(QObject):
    """`search_wanted()` when a member is to be found first."""

    search_wanted = Signal()

    def __init__(
        self, desk: Desk, window: MainWindow, is_allowed: Callable[[Permission], bool], parent: QObject | None = None,
        *, folder: Callable[[], Path] = documents,
    ) -> None:
        super().__init__(parent)
        self._desk, self._window, self._is_allowed, self._folder = desk, window, is_allowed, folder
        self.presenter = CodesPresenter(desk, self)
        self.printers = PrintersPresenter(desk, self)
        self._screen: CustomerScreen | None = None
        self.presenter.state_changed.connect(self._show_screen)
        self.presenter.opened.connect(self._open)

    @property
    def screen(self) -> CustomerScreen:
        """The customer's own window, made when it is first shown; it goes with the program's."""
        if self._screen is None:
            from guidedesk.ui.views.customer_screen import CustomerScreen

            self._screen = CustomerScreen()
            self._window.closed.connect(self._screen.close)
            self._window.destroyed.connect(self._screen.deleteLater)
        return self._screen

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.codes import CodesPage

        page, presenter = CodesPage(), self.presenter
        presenter.state_changed.connect(WhenShown(page, page.render_state).take)
        page.kind_chosen.connect(presenter.choose)
        page.screen_switched.connect(presenter.toggle_screen)
        page.card_wanted.connect(self._print_card)
        page.label_wanted.connect(self._print_label)
        page.picture_wanted.connect(self._save_picture)
        page.badge_wanted.connect(self._save_badge)
        page.printers_wanted.connect(self.printers.open)
        page.invitation_wanted.connect(presenter.invite)
        page.member_wanted.connect(self.search_wanted)
        page.asked.connect(presenter.ask)
        page.reissued.connect(presenter.reissue)
        page.take_down_set.connect(presenter.set_takes_down)
        page.offer_chosen.connect(presenter.choose_offer)
        page.given.connect(presenter.give)
        page.renewed.connect(presenter.renew)
        self.printers.opened.connect(self._open_printers)
        self.printers.saved.connect(self._printers_saved)
        self.printers.left.connect(self._window.overlays.close)
        page.render_state(presenter.state)
        self._window.add_page(CODES, page)

    def serve(self, state: MemberState) -> None:
        """Whose card is open: another one can be made for her."""
        self.presenter.serve(state.card)

    def run(self, name: str) -> bool:
        """Act on a key of the whole window: F3 and F12."""
        if name == "my_code":
            if self._is_allowed("code.issue"):
                self.presenter.open("own")
            return True
        if name == "customer_screen":
            if self.presenter.state.is_on_screen:
                self.presenter.take_down()
            elif self._is_allowed("code.issue"):
                self.presenter.open("own")
            return True
        return False

    def _open(self) -> None:
        if self._window.current != CODES:
            self._window.show_page(CODES)

    def _show_screen(self, state: CodesState) -> None:
        if self._screen is None and not state.is_on_screen:
            return
        was = self.screen.isVisible()
        self.screen.render_state(state)
        if state.is_on_screen and not was:
            self.screen.open_beside(self._window)
        if self.screen.isVisible() != was:
            # Some window systems hand the keyboard to whatever window came last; it belongs to the associate.
            self._window.activateWindow()

    def _save_picture(self, wanted: str) -> None:
        from guidedesk.codes.render import PictureKind, draw

        kind: PictureKind = "svg" if wanted == "svg" else "pdf" if wanted == "pdf" else "png"
        state, path = self.presenter.state, self.presenter.file_name(kind, self._folder())

        def work() -> str:
            path.write_bytes(draw(state.text, kind, mm=PNG_MM, dpi=PNG_DPI))
            return path.name

        self.presenter.write(work, self._saved)

    def _save_badge(self) -> None:
        from guidedesk.codes.render import draw

        path = self.presenter.file_name("pdf", self._folder(), "badge")

        def write(digits: str) -> str:
            path.write_bytes(draw(digits, "pdf", mm=PNG_MM, dpi=PNG_DPI))
            return path.name

        self.presenter.staff_badge(write, self._badge_saved)

    def _badge_saved(self, name: str) -> None:
        self._window.toast(i18n.t("codes.badge_saved", name=untrusted(name)))

    def _print_card(self) -> None:
        from guidedesk.ui.printing.card import CardWords, write_card

        state, path = self.presenter.state, self.presenter.file_name("pdf", self._folder())
        card, info = state.card, state.info
        if card is None or info is None:
            return
        lang = i18n.language()
        words = CardWords(
            brand=info.brand.pick(lang), tier=card.member.tier, name=card.member.name, number=card.typed,
            joined_at_ms=card.member.joined_at_ms, store=info.store.name.pick(lang), code=state.text,
        )  # fmt: skip
        printer = self.printers.saved_settings().card

        def work() -> str:
            write_card(words, path, printer)
            return printer or path.name

        self.presenter.write(work, self._printed if printer else self._saved)

    def _print_label(self) -> None:
        from guidedesk.ui.printing.label import LabelWords, label_picture
        from guidedesk.ui.views.codes import shown_for
        from guidedesk.ui.views.customer_screen import first_name

        state = self.presenter.state
        info, settings = state.info, self.printers.saved_settings()
        if info is None or not state.text:
            return
        if not settings.label:
            self.printers.open()
            return
        lang = i18n.language()
        name, what = shown_for(state, info)
        if state.given is not None and state.kind == "coupon":
            # On paper a member is called as customers call each other, never by her whole name (DESIGN-UI.md 13).
            end = formats.full_date(formats.local_day(state.given.offer.ends_at_ms))
            what = i18n.t("print.coupon", name=first_name(state.given.member.name), date=end)
        place = f"{info.store.name.pick(lang)} {self._desk.counter.label}".strip()
        words = LabelWords(info.brand.pick(lang), info.store.name.pick(lang), name, what, state.text, state.eye,
                           self._desk.now_ms(), place)

        def work() -> str:
            address = read_address(settings.label)
            send_label(address, label_picture(words, settings.width, settings.language))
            return address.text

        self.presenter.write(work, self._printed)

    def _saved(self, name: str) -> None:
        self._window.toast(i18n.t("codes.saved", name=untrusted(name)))

    def _printed(self, name: str) -> None:
        self._window.toast(i18n.t("codes.printed", name=untrusted(name)))

    def _open_printers(self) -> None:
        from guidedesk.ui.views.printers import PrintersDialog

        dialog, presenter = PrintersDialog(), self.printers
        dialog.label_written.connect(presenter.write_label)
        dialog.language_chosen.connect(presenter.choose_language)
        dialog.width_chosen.connect(presenter.choose_width)
        dialog.card_chosen.connect(presenter.choose_card)
        dialog.submitted.connect(presenter.submit)
        dialog.closed.connect(presenter.leave)
        presenter.state_changed.connect(dialog.render_state)
        dialog.render_state(presenter.state)
        self._window.open_dialog(dialog)

    def _printers_saved(self) -> None:
        self._window.overlays.close()
        self._window.toast(i18n.t("printers.saved"))


__all__ = ["CODES", "CounterCodes", "PrinterError"]
