"""A note in which `#tags` are shown in the accent colour."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from guidedesk.ui.theme import look
from guidedesk.ui.widgets.fields import NoteField

_TAG: Final = re.compile(r"(?<![^\s，。；、,.;])[#＃][^\s#＃，。；、,.;]+")


class TagHighlighter(QSyntaxHighlighter):
    """Colours what will become a tag; the text itself stays plain."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        look().restyled.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        style = QTextCharFormat()
        style.setForeground(look().q("accent"))
        style.setFontWeight(QFont.Weight.Medium)
        for found in _TAG.finditer(text):
            self.setFormat(found.start(), found.end() - found.start(), style)


class TagNote(NoteField):
    """A note field with highlighted tags."""

    def __init__(self, name_key: str, hint_key: str = "") -> None:
        super().__init__(name_key, hint_key)
        self._highlighter = TagHighlighter(self.document())
        look().restyled.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(look().m.pane_min, look().m.note_h)

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, look().m.note_h)
