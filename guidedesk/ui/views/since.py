"""The card of what is news to her, on the counter home: a button a line, each leading to its list (DESIGN-UI.md 2)."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.presenters.since import NewsLine, SinceState
from guidedesk.ui.views.day_words import NEWS_ICONS, left_words, news_words
from guidedesk.ui.widgets.access import Role, announce, set_role
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.flow import Flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import fit_count, placed, row

MOST_COMPACT: Final = 4


class NewsButton(Button):
    """One line. `opened(kind)`."""

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__("", size="s", trailing="chevron-right")
        self._kind = ""
        self.clicked.connect(self._open)

    def show_line(self, line: NewsLine) -> None:
        """Show it."""
        self._kind = line.kind
        self.set_icon(NEWS_ICONS[line.kind])
        self.set_text(news_words(line))

    def _open(self) -> None:
        self.opened.emit(self._kind)


class SinceCard(Card):
    """`opened(kind)` for the list behind a line, `put_away(kind)` for each line shown when she has seen them. Where
    text is large only the first lines are shown; the others follow."""

    opened = Signal(str)
    put_away = Signal(str)

    def __init__(self) -> None:
        super().__init__(gap=1, pad=3)
        self._title = Label("", "body_strong", lines=1)
        self.seen = Button("", "quiet", size="s").say("since.seen")
        self.seen.clicked.connect(self._put_away)
        self._kinds: tuple[str, ...] = ()
        head = row(self._title, self.seen, gap=3)
        head.setStretch(0, 1)
        self._flow = Flow(gap=2, line_gap=1)
        self._lines = QWidget()
        self._lines.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self._lines.setSizePolicy(policy)
        self.body.put(head, self._lines, None)
        self.setSizePolicy(policy)
        set_role(self, Role.Grouping)
        self.hide()

    def render_state(self, state: SinceState, *, compact: bool = False) -> None:
        """Show what is news, or hide."""
        lines, was_hidden = state.lines[: MOST_COMPACT if compact else None], self.isHidden()
        self._kinds = tuple(line.kind for line in lines)
        self.setVisible(bool(lines))
        if not lines or state.news is None:
            return
        self._title.set_text(left_words(state.news.left_ms, state.now_ms))
        for button, line in zip(fit_count(self._flow, len(lines), self._button), lines, strict=True):
            button.show_line(line)
        spoken = i18n.t("since.spoken", title=self._title.text(), lines="; ".join(news_words(line) for line in lines))
        self.setAccessibleName(spoken)
        if was_hidden:
            announce(self, spoken)

    def _put_away(self) -> None:
        for kind in self._kinds:
            self.put_away.emit(kind)

    def has_keyboard(self) -> bool:
        """Whether one of its buttons has the focus."""
        return any(button.hasFocus() for button in (*placed(self._flow), self.seen))

    def first_button(self) -> QWidget:
        """What takes the keyboard where nothing else is shown."""
        return next(iter(placed(self._flow)), self.seen)

    def _button(self) -> NewsButton:
        button = NewsButton()
        button.opened.connect(self.opened)
        return button
