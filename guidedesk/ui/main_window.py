"""The window: rail, top bar, page stack, key bar, overlays, and the keyboard (DESIGN-UI.md 2, 3 and 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QToolTip, QVBoxLayout, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.shell.history import History, Place
from guidedesk.ui.shell.keybar import KeyBar
from guidedesk.ui.shell.keymap import HandlesCommands, bind_keys
from guidedesk.ui.shell.page import Page
from guidedesk.ui.shell.rail import Rail, RailItem
from guidedesk.ui.shell.topbar import SyncChip, TopBar, UserChip
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.overlay import Dialog, OverlayHost, Toast
from guidedesk.ui.widgets.paint import forget_texts
from guidedesk.ui.widgets.tab_order import bring_into_view, move_focus, tab_stops

UNDER_COVER: Final = frozenset({"full_screen", "next_pane", "previous_pane"})


class MainWindow(QMainWindow):
    """Shows pages by name. Every key becomes a command: the dialog, then the page, then the window may act on it;
    what is left is emitted as `commanded(name)` for the composition root.

    While a page covers the rest, `came_behind(page)` tells that one was shown behind it; for a dialog the text is
    empty."""

    commanded = Signal(str)
    page_shown = Signal(str)
    undo_requested = Signal()
    closed = Signal()
    came_behind = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._is_demo = False
        self._retitle()
        # Made in Tab order: top bar, rail, content (DESIGN-UI.md 9).
        self.top = TopBar()
        self.rail = Rail()
        self.key_bar = KeyBar()
        self.history = History()
        self.is_compact = False
        self._pages: dict[str, Page] = {}
        self._later: dict[str, Callable[[], None]] = {}
        self._current = ""
        self._full_page = ""
        self._cover = ""
        self._held: tuple[str, bool] | None = None
        self._pages_stack = QStackedWidget()
        # Overlays lie beside the stack: of a stack, screen readers hear only the page in front.
        self._ground = QWidget()
        self._outer = QStackedWidget()
        self._shell = self._build_shell()
        self._outer.addWidget(self._shell)
        self.setCentralWidget(self._outer)
        self.overlays = OverlayHost(self._ground)
        self._shortcuts = bind_keys(self)
        for shortcut in self._shortcuts:
            shortcut.fired.connect(self.run_command)
        self.setMinimumSize(*look().tokens.min_window)
        self.rail.chosen.connect(self.show_page)
        self.top.sync_opened.connect(self._open_sync)
        self.top.turn_wanted.connect(self._turn)
        look().restyled.connect(self._fit)
        look().retranslated.connect(self._retitle)
        self._fit()

    def add_page(self, name: str, page: Page, *, full: bool = False) -> None:
        """Register a page; a `full` one (sign-in) covers rail, top bar and key bar."""
        self._pages[name] = page
        (self._outer if full else self._pages_stack).addWidget(page)
        page.set_compact(self.is_compact)

    def add_page_later(self, name: str, add: Callable[[], None]) -> None:
        """A page that is made, by `add`, when it is first wanted: a window must take a scan before anybody asks for its
        month."""
        self._later[name] = add

    def page(self, name: str) -> Page:
        """A registered page; KeyError if there is none."""
        add = self._later.pop(name, None)
        if add is not None:
            add()
        return self._pages[name]

    @property
    def current(self) -> str:
        """The name of the page shown."""
        return self._current

    def show_page(self, name: str, *, remember: bool = True) -> None:
        """Bring a page to the front; the one before is remembered for Esc and Alt Left."""
        page = self.page(name)
        if self.overlays.dialog is not None:
            # The dialog hears that it is being left, so it can keep its draft.
            self.overlays.dialog.closed.emit()
        before = self._pages.get(self._current)
        if remember and before is not None and name != self._current and self._current != self._full_page:
            self.history.leave(Place(self._current, before.memento()))
        is_full = self._outer.indexOf(page) >= 0
        self._full_page = name if is_full else ""
        if is_full:
            self._forget_cover()
        if not self._cover:
            self._outer.setCurrentWidget(page if is_full else self._shell)
        if not is_full:
            self._pages_stack.setCurrentWidget(page)
            self.rail.set_current(name)
        self._current = name
        self.refresh_keys()
        if self._cover:
            self.came_behind.emit(name)
        else:
            target = page.first_focus() or page
            target.setFocus(Qt.FocusReason.OtherFocusReason)
        self.page_shown.emit(name)

    def cover(self, name: str) -> None:
        """Lay a `full` page over everything until `uncover` or the next full page (sign-in). What is behind it goes on
        as it was, dialogs with what is typed in them too, but is neither seen, heard nor reached by a key."""
        page = self.page(name)
        self.overlays.hush()
        QToolTip.hideText()
        self._cover = name
        self._outer.setCurrentWidget(page)
        (page.first_focus() or page).setFocus(Qt.FocusReason.OtherFocusReason)

    def uncover(self) -> None:
        """Take the cover off: the page, dialog and sentence behind it are there again."""
        if not self._cover:
            return
        held = self._held
        self._forget_cover()
        self._outer.setCurrentWidget(self._shell)
        dialog = self.overlays.dialog
        if dialog is not None:
            (dialog.first_focus() or dialog).setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.focus_page()
        if held is not None:
            self.toast(held[0], undo=held[1])

    @property
    def is_covered(self) -> bool:
        """Whether a page lies over everything."""
        return bool(self._cover)

    def _forget_cover(self) -> None:
        self._cover, self._held = "", None

    def back(self) -> bool:
        """Return to the place before; False at the beginning."""
        place = self.history.back()
        if place is None:
            return False
        self._pages[place.page].restore(place.memento)
        self.show_page(place.page, remember=False)
        return True

    def refresh_keys(self) -> None:
        """Read the key bar's keys from the page again."""
        if self._current:
            self.key_bar.set_cues(self._pages[self._current].key_cues())

    def set_user(self, user: UserChip) -> None:
        """Show who is signed in."""
        self.top.user.show_user(user)

    def set_rail(self, items: tuple[RailItem, ...]) -> None:
        """Show the entries this person may use."""
        self.rail.set_items(items)
        self.rail.set_current(self._current)

    def set_sync(self, state: SyncChip) -> None:
        """Show the sync state in the top bar."""
        self.top.set_sync(state)

    def open_dialog(self, dialog: Dialog) -> None:
        """Show a dialog over the page; one that is open hears that it is being left, so it can keep its draft."""
        if self.overlays.dialog is not None:
            self.overlays.dialog.closed.emit()
        self.overlays.open(dialog)
        if self._cover:
            self.came_behind.emit("")

    def toast(self, text: str, *, undo: bool = False) -> Toast:
        """Say one sentence at the bottom left; `undo` offers Ctrl Z for 10 s. Under a cover it waits, unspoken: it may
        name somebody."""
        if self._cover:
            self._held = (text, undo)
        toast = self.overlays.say(text, undo=undo, aloud=not self._cover)
        toast.undone.connect(self._undo)
        return toast

    def lock(self, page: str) -> None:
        """Close overlays, forget history, show the sign-in page."""
        self.overlays.close()
        self.overlays.hush()
        self.history.clear()
        forget_texts()
        self.top.search.set_text("")
        self.show_page(page, remember=False)
        self.history.clear()

    def run_command(self, name: str) -> None:
        """Let dialog, page and window act on a command, in this order."""
        if self._cover:
            if not self._pages[self._cover].handle_command(name) and name in UNDER_COVER:
                self._own_command(name)
            return
        handlers: list[HandlesCommands] = []
        if self.overlays.dialog is not None:
            handlers.append(self.overlays.dialog)
        elif self._current:
            handlers.append(self._pages[self._current])
        if any(handler.handle_command(name) for handler in handlers) or (self._full_page and name != "full_screen"):
            return
        if not self._own_command(name):
            self.commanded.emit(name)

    def _own_command(self, name: str) -> bool:
        if name == "search":
            self.top.search.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.top.search.line.selectAll()
        elif name == "help":
            from guidedesk.ui.shell.help import KeyHelp  # late: start does not need it

            self.open_dialog(KeyHelp())
        elif name.startswith("rail_"):
            self._open_rail(f"Ctrl {name[-1]}")
        elif name == "settings":
            self._open_rail("Ctrl ,")
        elif name in ("back", "close"):
            self.back()
        elif name in ("next_pane", "previous_pane"):
            self._move_pane(1 if name == "next_pane" else -1)
        elif name == "full_screen":
            self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        elif name == "undo" and self.overlays.toast is not None and self.overlays.toast.has_undo:
            self._undo()
        else:
            return False
        return True

    def _open_rail(self, key: str) -> None:
        button = next((b for b in self.rail.buttons if b.item.key == key), None)
        if button is not None and button.item.page in self._pages.keys() | self._later.keys():
            self.show_page(button.item.page)
        elif button is not None:
            self.commanded.emit(button.item.page)

    def _open_sync(self) -> None:
        self.run_command("rail_9")

    def _turn(self) -> None:
        self.run_command("turn_to_customer")

    def _undo(self) -> None:
        self.overlays.hush()
        self.undo_requested.emit()

    def _move_pane(self, step: int) -> None:
        panes = [pane for pane in self._pages[self._cover or self._current].panes() if pane.isVisible()]
        if not panes:
            return
        focus = QApplication.focusWidget()
        at = next((n for n, pane in enumerate(panes) if focus is not None and _holds(pane, focus)), -1)
        target = panes[(at + step) % len(panes)] if at >= 0 else panes[0 if step > 0 else -1]
        _focus_inside(target)

    def _build_shell(self) -> QWidget:
        shell = QWidget()
        shell.setProperty("kind", "canvas")
        shell.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        right = QVBoxLayout()
        lines = QHBoxLayout(shell)
        under = QVBoxLayout(self._ground)
        for layout in (right, lines, under):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        right.addWidget(self.top)
        under.addWidget(self._pages_stack)
        right.addWidget(self._ground, 1)
        right.addWidget(self.key_bar)
        lines.addWidget(self.rail)
        lines.addLayout(right, 1)
        return shell

    def _fit(self) -> None:
        compact = self.width() < look().m.page_narrow
        self.is_compact = compact
        self.rail.set_compact(compact)
        self.top.set_compact(compact)
        self.key_bar.set_compact(compact)
        for page in self._pages.values():
            page.set_compact(compact)

    @property
    def ground(self) -> QWidget:
        """What lies under overlays: the place of the pages beside the rail."""
        return self._ground

    def focus_page(self) -> None:
        """Give the keyboard back to the page shown."""
        if self._current:
            page = self._pages[self._current]
            (page.first_focus() or page).setFocus(Qt.FocusReason.OtherFocusReason)

    def mark_demo(self) -> None:
        """Say DEMO in the title: the people in this window are invented (SECURITY.md D-2)."""
        self._is_demo = True
        self._retitle()

    def _retitle(self) -> None:
        self.setWindowTitle(i18n.t("app.demo_title" if self._is_demo else "app.title"))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from top bar to rail to page; the key bar is skipped."""
        return move_focus(self.tab_order(), forward=forward)

    def tab_order(self) -> list[QWidget]:
        """What Tab stops at, in order; inside a dialog the dialog has its own."""
        if self._cover:
            return tab_stops(self._pages[self._cover])
        if self.overlays.dialog is not None:
            return tab_stops(self.overlays.dialog)
        parts = (self._pages[self._full_page],) if self._full_page else (self.top, self.rail, self._ground)
        return [stop for part in parts for stop in tab_stops(part)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closed.emit()
        super().closeEvent(event)


def _holds(pane: QWidget, widget: QWidget) -> bool:
    return pane is widget or pane.isAncestorOf(widget)


def _focus_inside(pane: QWidget) -> None:
    if pane.focusPolicy() != Qt.FocusPolicy.NoFocus or pane.focusProxy() is not None:
        pane.setFocus(Qt.FocusReason.TabFocusReason)
        bring_into_view(pane)
        return
    inner = next((w for w in pane.findChildren(QWidget)
                  if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible() and w.isEnabled()), None)
    if inner is not None:
        inner.setFocus(Qt.FocusReason.TabFocusReason)
        bring_into_view(inner)
