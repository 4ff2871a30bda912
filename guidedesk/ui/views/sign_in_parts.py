"""Bar and people of the sign-in screen."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.services.read_models import StaffInfo
from guidedesk.sync.status import SyncStatus
from guidedesk.ui import formats, i18n
from guidedesk.ui.presenters.sign_in import SignInState
from guidedesk.ui.shell.rail import Logo
from guidedesk.ui.theme import look
from guidedesk.ui.views.sync_chip import sync_chip
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import Chip, IconBox, IconLabel
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.labels import Label, person_name
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, Grid, clear, column, holder, row
from guidedesk.ui.widgets.tile import PersonTile

TILE_COLUMNS: Final = 3
THEMES: Final = ("light", "dark", "system")
_GREETINGS: Final = ((5, "evening"), (9, "morning"), (12, "forenoon"), (14, "noon"), (18, "afternoon"), (24, "evening"))


def role_and_number(staff: StaffInfo) -> str:
    """`导购 · A017`."""
    return f"{i18n.t(f'role.{staff.role}')} · {staff.number}"


def names_join(*parts: str) -> str:
    """`松屿 · 杭州湖滨店 · 收银台 2`, without the parts that are not known yet."""
    return " · ".join(part for part in parts if part)


class SignInBar(QWidget):
    """Brand and place at the left; sync chip, language and theme at the right."""

    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._place = Label("", "caption", "text3", lines=1)
        self._sync = Chip("", large=True)
        self._language = Button("", icon="globe").say("signin.language")
        self._theme = Button("", icon="sun")
        self._language.clicked.connect(self._change_language)
        self._theme.clicked.connect(self._change_theme)
        words = column(None, Label("", "body_strong").say("signin.brand"), self._place, None, gap=0)
        line = row(Logo(), words, self._sync, self._language, self._theme, gap=3, pad=(0, 7, 0, 7))
        line.setStretch(1, 1)
        self.setLayout(line)
        look().restyled.connect(self._restyle)
        self._restyle()

    def show_place(self, place: str, status: SyncStatus | None = None) -> None:
        """Show where this is and how sync is doing."""
        self._place.set_text(place)
        chip = sync_chip(status)
        self._sync.show_state(chip.text, chip.tone, chip.icon)
        self._sync.setVisible(bool(chip.text))
        self._language.setAccessibleName(i18n.t("signin.language_name"))
        self._name_theme()

    def _name_theme(self) -> None:
        theme = look().theme
        words = i18n.t(f"signin.theme_{theme}")
        self._theme.set_text(words)
        self._theme.set_icon({"light": "sun", "dark": "moon"}.get(theme, "monitor"))
        self._theme.setAccessibleName(i18n.t("signin.theme_name", name=words))

    def _change_language(self) -> None:
        chosen = "en" if i18n.language() == "zh_CN" else "zh_CN"
        look().apply(language=chosen)
        self.language_chosen.emit(chosen)

    def _change_theme(self) -> None:
        chosen = THEMES[(THEMES.index(look().theme) + 1) % len(THEMES)]
        look().apply(theme=chosen)
        self._name_theme()
        self.theme_chosen.emit(chosen)

    def _restyle(self) -> None:
        self.setFixedHeight(look().m.sign_in_bar)


class PeopleSide(QWidget):
    """Greeting, clock, tiles, the way in for somebody without a tile, and what switching keeps safe."""

    person_chosen = Signal(int)
    cursor_moved = Signal(int)
    number_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.columns = 3
        self._tiles: list[PersonTile] = []
        self._at: int | None = None
        self._says_safe = True
        self._greeting = Label("", "hero", lines=1)
        self._hint = Label("", "body", "text2", wrap=True)
        self._time = Label("", "hero", align=ALIGN_RIGHT)
        self._date = Label("", "caption", "text3", align=ALIGN_RIGHT)
        self._people = Label("", "body_strong", "text2")
        self._note = Label("", "caption", "text3", lines=1, align=ALIGN_RIGHT).say("signin.people_note")
        self._grid = Grid(gap=3)
        self._grid_box = holder(self._grid)
        self.other = Button("", icon="user-plus").say("signin.other")
        self.other.clicked.connect(self.number_wanted)
        self._safe = Label("", "caption", "text3", wrap=True)
        self._lock = Chip("")
        self._build()

    def _build(self) -> None:
        hello = column(self._greeting, self._hint, None, gap=1)
        head = row(hello, column(self._time, self._date, None, gap=1), gap=4, pad=(4, 0, 1, 0))
        head.setStretch(0, 1)
        over = row(self._people, self._note, gap=4)
        over.setStretch(1, 1)
        forgot = Label("", "label", "text2", lines=1).say("signin.forgot")
        ways = row(self.other, IconLabel("help", "text2", "iconSmall"), forgot, gap=3)
        ways.setStretch(2, 1)
        inner = holder(column(head, over, self._grid_box, ways, None, gap=3, pad=(0, 1, 0, 1)))
        words = column(None, Label("", "body").say("signin.safe_title"), self._safe, None, gap=0)
        line = row(IconBox("shield-check", "accent"), words, self._lock, gap=4)
        line.setStretch(1, 1)
        safe = Card(line, pad=3)
        safe.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._scroll = ScrollColumn(inner)
        outer = column(self._scroll, row(safe, pad=(0, 1, 0, 1)), gap=3)
        outer.setStretch(0, 1)
        self.setLayout(outer)
        self._scroll_safe = safe

    def render_state(self, state: SignInState) -> None:
        """Show the time, the people and who is under the cursor."""
        hour = formats.local(state.now_ms).hour
        part = next(name for until, name in _GREETINGS if hour < until)
        self._greeting.set_text(i18n.t(f"signin.{part}"))
        self._hint.set_text(i18n.t("signin.scan_early" if state.is_scan_early else "signin.hint"))
        self._hint.set_ink("warning" if state.is_scan_early else "text2")
        self._time.set_text(formats.time_text(state.now_ms))
        self._date.set_text(formats.weekday_date(formats.local_day(state.now_ms)))
        key = "signin.people" if state.tiles else "signin.nobody"
        self._people.set_text(i18n.t(key, n=len(state.tiles)))
        self._note.setVisible(bool(state.tiles))
        self._show_tiles(state)
        self._show_safe(state)

    def show_safe(self, shown: bool) -> None:
        """Whether to say that switching loses nothing; how a day ended says more."""
        self._says_safe = shown
        self._scroll_safe.setVisible(shown and self.height() > look().m.sign_in_short)

    def cursor_tile(self) -> PersonTile | None:
        """The tile that takes the keyboard."""
        return self._tiles[self._at or 0] if self._tiles else None

    def reveal(self, tile: QWidget) -> None:
        """Scroll to a tile where text is so large that not all fit."""
        self._scroll.ensureWidgetVisible(tile)

    def _show_tiles(self, state: SignInState) -> None:
        if len(self._tiles) != len(state.tiles):
            clear(self._grid)
            self._tiles = [PersonTile(number + 1) for number in range(len(state.tiles))]
            for tile in self._tiles:
                tile.clicked.connect(self._picked)
                tile.stepped.connect(self._step)
            self._place()
        self._at = state.at
        for number, (widget, info) in enumerate(zip(self._tiles, state.tiles, strict=True)):
            name = person_name(info.staff.name.pick(i18n.language()))
            drafts = i18n.t("signin.drafts", n=info.drafts) if info.drafts else ""
            spoken = i18n.t("signin.tile", n=number + 1, name=name, role=i18n.t(f"role.{info.staff.role}"),
                            number=info.staff.number)
            widget.show_person(name, role_and_number(info.staff), drafts, spoken)
            widget.set_chosen(number == state.at)
            widget.setFocusPolicy(_tab_stop(number == (state.at or 0)))

    def _show_safe(self, state: SignInState) -> None:
        with_draft = next((tile for tile in state.tiles if tile.drafts), None)
        if with_draft is None:
            self._safe.set_text(i18n.t("signin.safe"))
        else:
            name = person_name(with_draft.staff.name.pick(i18n.language()))
            self._safe.set_text(i18n.t("signin.safe_drafts", name=name, n=with_draft.drafts))
        self._lock.set_text(i18n.t("signin.auto_lock", n=look().tokens.timing["autoLockS"] // 60))

    def _step(self, across: int, down: int) -> None:
        self.cursor_moved.emit(across + down * self.columns)

    def _picked(self) -> None:
        tile = self.sender()
        if isinstance(tile, PersonTile):
            self.person_chosen.emit(tile.number - 1)

    def _place(self) -> None:
        for number, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, number // self.columns, number % self.columns)
        for number in range(TILE_COLUMNS):
            self._grid.setColumnStretch(number, 1 if number < self.columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        m = look().m
        columns = max(1, min(TILE_COLUMNS, self.width() // m.tile_min_w))
        # The note about safety may go before a name has to scroll.
        self._scroll_safe.setVisible(self._says_safe and self.height() > m.sign_in_short)
        self._lock.setVisible(self.width() > m.tile_min_w * 2)
        if columns != self.columns:
            self.columns = columns
            self._place()


def _tab_stop(is_current: bool) -> Qt.FocusPolicy:
    return Qt.FocusPolicy.StrongFocus if is_current else Qt.FocusPolicy.ClickFocus
