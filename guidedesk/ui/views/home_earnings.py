"""Own earnings on the counter home: both sums with a bar, and what came to her last (mockup 02)."""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from guidedesk.services.earnings import Earnings, EarningsLine, Figure
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.earnings_feed import FeedState
from guidedesk.ui.widgets.bars import Bar, Part, permille
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card, TitledCard
from guidedesk.ui.widgets.chips import IconBox
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, Box, column, fit_count, holder, row, rule
from guidedesk.ui.widgets.states import StaleChip

RECENT: Final = 3
LINE_ICONS: Final = {"store": "bag", "online": "globe", "mini": "sms"}


class EarningsCard(Card):
    """`hidden(bool)` when she hides or shows them; `opened()` to the earnings screen."""

    hidden = Signal(bool)

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._title = Label("", "heading", lines=1)
        self._stale = StaleChip()
        self._stale.hide()
        self.eye = Button("", "quiet", icon="eye", size="s")
        self.eye.clicked.connect(self._turn)
        head = row(self._title, self._stale, self.eye, gap=2)
        head.setStretch(0, 1)
        self._sums = {name: _Sum(name) for name in ("confirmed", "provisional")}
        self._bar = Bar()
        self._left = Label("", "caption", "text2", lines=1)
        self._right = Label("", "caption", "text2", align=ALIGN_RIGHT)
        figures = row(*self._sums.values(), None, gap=6)
        foot = row(self._left, self._right, gap=2)
        foot.setStretch(0, 1)
        self._shown = holder(column(figures, self._bar, foot, gap=2))
        self._covered = Label("", "body", "text3").say("earn.home.hidden")
        self.body.put(head, self._shown, self._covered)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._is_hidden = False

    def render_state(self, feed: FeedState, data: Earnings, today: date, *, is_hidden: bool, short: bool) -> None:
        """Sums of the month; covered, only that there are some."""
        self._is_hidden = is_hidden
        month = formats.month_text(int(data.period[5:]))
        self._title.set_text(t("earn.home.title", month=month))
        self._stale.show_time(formats.time_text(data.as_of_ms) if feed.is_old else "")
        self.eye.set_text(t("earn.home.show" if is_hidden else "earn.home.hide"))
        self.eye.set_icon("eye-off" if is_hidden else "eye")
        self._shown.setVisible(not is_hidden)
        self._covered.setVisible(is_hidden)
        if is_hidden:
            return
        totals = data.totals
        for name, part in self._sums.items():
            part.show_figure(getattr(totals, name), data.currency)
        confirmed, provisional = (max(0, each.amount_minor) for each in (totals.confirmed, totals.provisional))
        whole = confirmed + provisional
        parts = (Part(permille(confirmed, whole), "success"), Part(permille(provisional, whole), "warning"))
        self._bar.show_parts(parts if whole else (), words.brief_text(data))
        self._left.set_text(words.figure_note("provisional", totals.provisional, today))
        day = words.day_of(data.next_confirm_on, today)
        self._right.set_text(t("earn.next_confirm", date=day) if day else "")
        self._right.setVisible(bool(day) and not short)

    def _turn(self) -> None:
        self.hidden.emit(not self._is_hidden)


class _Sum(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        dot = Label("●", "caption", words.STATE_TONES[name])
        dot.setAccessibleName(" ")
        self._word = Label("", "label", "text2").say(words.STATE_KEYS[name])
        self._value = Label("", "title")
        self.setLayout(column(row(dot, self._word, None, gap=1), self._value, gap=0))

    def show_figure(self, figure: Figure, currency: str) -> None:
        self._value.set_text(formats.money(figure.amount_minor, currency))
        self._value.setAccessibleName(formats.money_spoken(figure.amount_minor, self._word.text(), currency))


class RecentCard(TitledCard):
    """The newest lines: `all_wanted()`, `line_opened(id)`."""

    all_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("earn.home.recent")
        self.all = Button("", "link", size="s", trailing="chevron-right").say("earn.home.all")
        self.all.clicked.connect(self.all_wanted)
        self.aside(self.all)
        self._lines: Box = column(gap=0)
        self._none = Label("", "caption", "text2", wrap=True).say("earn.home.none")
        self._empty = holder(column(self._none, pad=4))
        self.body.put(self._lines, self._empty, None)

    def show_lines(self, lines: tuple[EarningsLine, ...], today: date, *, is_hidden: bool) -> None:
        """The newest of them; without amounts while they are hidden."""
        shown = lines[:RECENT]
        for widget, line in zip(fit_count(self._lines, len(shown), _Line), shown, strict=True):
            widget.show_line(line, today, is_hidden=is_hidden)
        self._empty.setVisible(not shown)


class _Line(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "plain")
        self._icon = IconBox("bag")
        self._title, self._note = Label("", "body", lines=1), Label("", "caption", "text2", lines=1)
        self._amount = Label("", "body_strong", align=ALIGN_RIGHT)
        self._state = Label("", "caption", "warning", align=ALIGN_RIGHT)
        words_column = column(self._title, self._note, gap=0)
        line = row(self._icon, words_column, column(self._amount, self._state, gap=0), gap=3, pad=(1, 4))
        line.setStretch(1, 1)
        self.setLayout(column(line, rule(), gap=0))

    def show_line(self, line: EarningsLine, today: date, *, is_hidden: bool) -> None:
        shown = words.shown_state(line)
        sale = line.sale
        is_back = line.amount_minor < 0
        self._icon.show_icon("return" if is_back else LINE_ICONS.get(sale.channel, "bag") if sale else "star")
        who = words.who_text(line)
        place = words.channel_text(sale) if sale is not None else ""
        paid = formats.money(sale.paid_minor, line.currency) if sale is not None and not is_hidden else ""
        self._title.set_text(" · ".join(part for part in (who, " ".join((place, paid)).strip()) if part))
        day = formats.day_text(formats.local_day(line.at_ms), today)
        self._note.set_text(f"{day} {formats.time_text(line.at_ms)}")
        self._amount.set_text("" if is_hidden else formats.money(line.amount_minor, line.currency, signed=True))
        self._state.set_text(words.state_word(line))
        self._state.set_ink(words.STATE_TONES[shown] if words.STATE_TONES[shown] != "neutral" else "text3")
