"""The key bar at the foot: the eight keys that work now (four when the text is large), and where this PC stands."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.chips import KeyHint
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import row

MOST: Final = 8
MOST_COMPACT: Final = 4


class Cue(QWidget):
    """A key cap and its word."""

    def __init__(self, cue: KeyCue) -> None:
        super().__init__()
        self._cue = cue
        self.word = Label("", "caption", "text2").say(cue.text_key)
        self.setLayout(row(KeyHint(cue.key), self.word, gap=2))


class KeyBar(QFrame):
    """Not a Tab stop; it only tells."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "keybar")
        self._cues: list[Cue] = []
        self._compact = False
        self._place = Label("", "caption", "text2")
        self._help = Cue(KeyCue("F1", "keys.all"))
        self._row = QHBoxLayout(self)
        self._row.addStretch(1)
        self._row.addWidget(self._place)
        self._row.addWidget(self._help)
        self._shown: tuple[KeyCue, ...] = ()
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._fit)
        self._restyle()

    def set_cues(self, cues: tuple[KeyCue, ...]) -> None:
        """Show these keys, first ones first when room is short."""
        if cues == self._shown:
            return
        self._shown = cues
        for cue in self._cues:
            cue.hide()
            cue.deleteLater()
        self._cues = [Cue(cue) for cue in cues[:MOST]]
        for at, cue in enumerate(self._cues):
            self._row.insertWidget(at, cue)
        self._fit()

    def set_place(self, text: str) -> None:
        """Store and counter, at the right end."""
        if text != self._place.text():
            self._place.set_text(text)
            self._fit()

    def set_compact(self, compact: bool) -> None:
        """Four keys, and F1 for all of them."""
        self._compact = compact
        self._restyle()

    def _restyle(self) -> None:
        m = look().m
        self.setFixedHeight(m.key_bar)
        side = m.page_pad_x_compact if self._compact else m.page_pad_x
        self._row.setContentsMargins(side, 1, side, 0)
        self._row.setSpacing(m.page_pad_x_compact if self._compact else m.key_bar_gap)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._place.setVisible(not self._compact and bool(self._place.text()))
        self._help.setVisible(self._compact)
        end = self._help if self._compact else self._place
        m = look().m
        room = self.width() - 2 * m.page_pad_x - end.sizeHint().width() - m.key_bar_gap
        most = MOST_COMPACT if self._compact else MOST
        for at, cue in enumerate(self._cues):
            room -= cue.sizeHint().width() + self._row.spacing()
            cue.setVisible(at < most and room >= 0)


def spoken_keys(cues: tuple[KeyCue, ...]) -> str:
    """The keys in one line, for help and tests."""
    return ", ".join(f"{cue.key} {i18n.t(cue.text_key)}" for cue in cues)
