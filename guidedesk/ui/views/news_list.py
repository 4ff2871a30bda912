"""The members behind a line of news: Enter opens a card."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.domain.day import NewsAbout
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.since import NewsLine
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.tables.rows import LineRow
from guidedesk.ui.theme import look
from guidedesk.ui.views.day_words import NEWS_ICONS, news_words
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.labels import person_name, untrusted
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.overlay import Dialog
from guidedesk.ui.widgets.rows import LineDelegate


class NewsListDialog(Dialog):
    """`member_opened(id)`, `closed()`."""

    member_opened = Signal(str)

    def __init__(self, line: NewsLine, now_ms: int) -> None:
        super().__init__(news_words(line))
        self._members = {str(n): one.member_id for n, one in enumerate(line.about)}
        model = RowsModel()
        model.set_rows([_row(str(n), line, one, now_ms) for n, one in enumerate(line.about)])
        self.list = ListView(model, LineDelegate(), "since.list")
        self.list.choose("0")
        self.list.row_opened.connect(self._open)
        self.body.addWidget(self.list, 1)
        leave = Button("", key="Esc").say("dialog.close")
        leave.clicked.connect(self.closed)
        self.foot.put(None, leave)

    def first_focus(self) -> QWidget:
        return self.list

    def wanted_size(self) -> tuple[int, int]:
        m = look().m
        rows = len(self._members) * self.list.sizeHintForRow(0)
        return m.dialog_small_w, min(m.dialog_h, m.dialog_head_h + m.dialog_foot_h + rows + 3 * m.card_pad)

    def main_action(self) -> None:
        if self.list.chosen_id():
            self._open(self.list.chosen_id())

    def _open(self, row_id: str) -> None:
        self.member_opened.emit(self._members[row_id])


def _row(row_id: str, line: NewsLine, one: NewsAbout, now_ms: int) -> LineRow:
    """Who, and since when; of a claim, which receipt and whether it is hers."""
    when = formats.moment_text(one.at_ms, now_ms)
    if line.kind != "claims":
        return LineRow(row_id, NEWS_ICONS[line.kind], "accent", person_name(one.name), when)
    detail = t("since.claim", receipt=untrusted(one.receipt_no, 40), when=when)
    state = t("since.claim_hers" if one.is_hers else "since.claim_lost")
    return LineRow(
        row_id, NEWS_ICONS[line.kind], "neutral", person_name(one.name), detail, state=state,
        state_tone="success" if one.is_hers else "danger",
    )  # fmt: skip
