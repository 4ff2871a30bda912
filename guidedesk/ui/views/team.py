"""The Team board (mockups 10, 10b): figures with comparison, days, people, members, follow-ups, hours."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.services.team import KPIS, Kpi, TeamBoard, TeamPeriod
from guidedesk.ui import formats, messages
from guidedesk.ui import team_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.team import TeamState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views.team_cards import (
    ChartCard,
    DaysCard,
    FollowUpsCard,
    FunnelCard,
    HoursCard,
    PeopleCard,
    StoresCard,
)
from guidedesk.ui.views.team_head import TeamHead
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.kpi import KpiFace, KpiTile, KpiWall
from guidedesk.ui.widgets.layouts import Box, column, holder, row
from guidedesk.ui.widgets.pages import Pages
from guidedesk.ui.widgets.states import Skeleton, empty_state, error_state, no_permission_state

CUES: Final = (
    KeyCue("F2", "keys.search"), KeyCue("Enter", "team.key.open"), KeyCue("Alt T", "team.key.table"),
    KeyCue("Ctrl E", "export.open"), KeyCue("Ctrl Enter", "team.key.note"), KeyCue("F5", "keys.sync"),
    KeyCue("F6", "keys.pane"), KeyCue("F9", "keys.lock"),
)  # fmt: skip
_TALL: Final = 5
_PANES: Final = ("figures", "days", "people", "funnel", "follow_ups", "hours")


class TeamPage(Page):
    """Emits what the manager did; ids are those of associates, tiers and figures."""

    period_chosen = Signal(str)
    area_chosen = Signal(bool)
    tables_switched = Signal()
    kpi_opened = Signal(str)
    day_opened = Signal(int)
    person_opened = Signal(str)
    follow_ups_opened = Signal(str)
    tier_opened = Signal(str)
    hour_opened = Signal(int, int)
    export_started = Signal()
    note_started = Signal()
    meaning_wanted = Signal()
    retried = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: TeamState | None = None
        self._pane = "figures"
        self.body.setSpacing(look().tokens.space(3))
        self.head = TeamHead()
        self.banner = Banner(closable=False)
        self.banner.hide()
        self.tiles = {name: KpiTile() for name in KPIS}
        self.wall = KpiWall(tuple(self.tiles.values()), _TALL)
        self._wall_scroll = ScrollColumn(self.wall)
        self.tabs = ChoiceGroup("team.panes", style="tab", breaks=True)
        self.days, self.people, self.funnel = DaysCard(), PeopleCard(), FunnelCard()
        self.follow_ups, self.hours, self.stores = FollowUpsCard(), HoursCard(), StoresCard()
        self._upper = _line((self.stores, 32), (self.days, 18), (self.people, 11))
        self._lower = _line((self.funnel, 37), (self.follow_ups, 43), (self.hours, 43))
        board = column(self.tabs, self._wall_scroll, self._upper, self._lower, gap=3)
        board.setStretch(2, 21)
        board.setStretch(3, 20)
        self._board = holder(board)
        self._loading, self._locked = Skeleton(), no_permission_state()
        self._error, self._empty = error_state(), empty_state("chart")
        self._pages = Pages()
        for page in (self._board, self._loading, self._locked, self._error, self._empty):
            self._pages.add(page)
        self.body.put(self.head, self.banner, self._pages)
        self.body.setStretch(2, 1)
        self._connect()

    @property
    def _cards(self) -> dict[str, ChartCard]:
        return {
            "days": self.days, "people": self.people, "funnel": self.funnel, "follow_ups": self.follow_ups,
            "hours": self.hours, "stores": self.stores,
        }  # fmt: skip

    def _connect(self) -> None:
        head = self.head
        head.period_chosen.connect(self.period_chosen)
        head.area_chosen.connect(self.area_chosen)
        head.tables_switched.connect(self.tables_switched)
        head.exported.connect(self.export_started)
        head.note_wanted.connect(self.note_started)
        head.meaning_wanted.connect(self.meaning_wanted)
        for name, tile in self.tiles.items():
            tile.clicked.connect(partial(self.kpi_opened.emit, name))
        self.days.opened.connect(self.day_opened)
        self.people.opened.connect(self.person_opened)
        self.follow_ups.opened.connect(self.follow_ups_opened)
        self.funnel.opened.connect(self.tier_opened)
        self.hours.opened.connect(self.hour_opened)
        self.tabs.chosen.connect(self._choose_pane)
        self._error.acted.connect(self._retry)

    def render_state(self, state: TeamState) -> None:
        """Show a state."""
        self._state = state
        board, shown = state.board, state.shown
        self.head.render_state(state, compact=self._is_tight)
        self._show_banner(state)
        if board is None or shown is None:
            self._show_nothing(state)
            return
        if state.is_empty:
            self._empty.show_text(t("team.empty"), t("team.empty_text"))
            self._pages.show_page(self._empty)
            return
        self._pages.show_page(self._board)
        self._show_tiles(board, shown)
        self._place(state)
        brief, low = self._is_tight, self._is_low
        self.days.show_period(board, shown, as_table=state.as_tables, brief=brief)
        self.people.show_period(board, shown, as_table=state.as_tables, brief=brief)
        self.funnel.show_period(board, shown, as_table=state.as_tables, brief=low)
        self.follow_ups.show_period(board, shown, as_table=state.as_tables, brief=low)
        self.hours.show_period(board, shown, as_table=state.as_tables, brief=brief)
        if board.stores:
            self.stores.show_board(board, shown)

    # --- what is where ---------------------------------------------------------------------------------------------

    @property
    def _is_tight(self) -> bool:
        """Too narrow or low for everything at once: one part at a time."""
        m = look().m
        return self.width() < m.page_narrow + m.rail or self.height() < m.page_short * 2 // 3

    @property
    def _is_low(self) -> bool:
        return self.height() < look().m.page_short * 9 // 10

    def _place(self, state: TeamState) -> None:
        tight, area = self._is_tight, bool(state.board and state.board.stores)
        panes = (("stores",) if area else ()) + _PANES
        if self._pane not in panes:
            self._pane = panes[0]
        self.tabs.setVisible(tight)
        self.tabs.show_choices([Choice(name, t(f"team.pane.{name}")) for name in panes], self._pane)
        shown = {self._pane} if tight else set(panes) - ({"people"} if area else set())
        self._wall_scroll.setVisible("figures" in shown)
        self.wall.set_grid(tight)
        high = self.wall.heightForWidth(max(1, self.width()))
        self._wall_scroll.setMaximumHeight(look().m.page_max_w * 4 if tight else high)
        self._wall_scroll.setMinimumHeight(0 if tight else high)
        for name, card in self._cards.items():
            card.setVisible(name in shown)
        self._upper.setVisible(bool(shown & {"stores", "days", "people"}))
        self._lower.setVisible(bool(shown & {"funnel", "follow_ups", "hours"}))

    def _choose_pane(self, name: str) -> None:
        self._pane = name
        if self._state is not None:
            self.render_state(self._state)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _show_tiles(self, board: TeamBoard, shown: TeamPeriod) -> None:
        for name, tile in self.tiles.items():
            tile.show_face(face_of(shown.kpi(name), shown, board.currency))

    def _show_banner(self, state: TeamState) -> None:
        is_shown = state.board is not None and state.is_old and state.is_offline and not self._is_low
        self.banner.setVisible(is_shown)
        if is_shown and state.board is not None:
            time = formats.moment_text(state.board.as_of_ms, state.now_ms)
            self.banner.show_text(t("team.offline_title", time=time), t("team.offline_text"))

    def _show_nothing(self, state: TeamState) -> None:
        if state.is_forbidden:
            self._locked.show_text(t("team.forbidden"), t("team.forbidden_text"))
            self._pages.show_page(self._locked)
        elif state.problem is not None or state.is_offline:
            text = messages.message_for(state.problem).text if state.problem is not None else t("team.offline")
            if state.is_offline:
                text = t("team.offline")
            self._error.show_text(t("team.error"), text, (t("state.retry"),))
            self._pages.show_page(self._error)
        else:
            self._loading.setAccessibleName(f"{t('team.loading')}. {t('team.loading_text')}")
            self._pages.show_page(self._loading)

    def _retry(self, _number: int) -> None:
        self.retried.emit()

    # --- the window ------------------------------------------------------------------------------------------------

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        # Before the first answer there is no period to choose, and the keyboard must be somewhere.
        return self.head.periods if self.head.periods.isVisible() else self.head.meaning

    def panes(self) -> list[QWidget]:
        cards = [card.focus_target() for card in self._cards.values() if card.isVisible()]
        return [self.head.periods, *([self.tiles["sales"]] if self._wall_scroll.isVisible() else []), *cards]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name == "table_view":
            self.tables_switched.emit()
        elif name == "export":
            if self.head.export.isEnabled():
                self.export_started.emit()
        elif name == "main_action":
            if self.head.note.isEnabled():
                self.note_started.emit()
        else:
            return False
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.retranslate()


def face_of(kpi: Kpi, period: TeamPeriod, currency: str) -> KpiFace:
    """A figure as a tile says it: green and red only for better or worse."""
    change, trend = words.change_of(kpi)
    tone = "text3" if not trend else "success" if trend > 0 else "danger"
    spoken = words.kpi_spoken(kpi, currency)
    target = words.target_text(period, currency) if kpi.name == "sales" else ""
    if target:
        change, spoken = f"{change} · {target}" if trend else target, f"{spoken}, {target}"
    return KpiFace(words.kpi_name(kpi.name), words.value_text(kpi, kpi.value, currency), change, trend, tone,
                   kpi.series, spoken, t("team.kpi_hint", define=t(f"team.define.{kpi.name}")))  # fmt: skip


def _line(*cards: tuple[QWidget, int]) -> QWidget:
    line: Box = row(gap=3)
    for card, share in cards:
        line.addWidget(card, share)
    frame = holder(line)
    frame.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    return frame
