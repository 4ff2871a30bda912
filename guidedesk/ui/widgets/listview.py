"""List and table views over a PagedModel: keyboard first, rows painted, order never jumps."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QListView, QTableView

from guidedesk.ui import i18n
from guidedesk.ui.tables.model import PAGE, Index, PagedModel
from guidedesk.ui.theme import look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.rows import RowDelegate, TableDelegate

_BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class ListView(QListView):
    """`row_chosen(id)` when the current row changes, `row_opened(id)` on Enter or double click, `row_ticked(id)` on
    Space, `row_removed(id)` on Delete, `action_chosen(id)` when a row's own button was clicked."""

    row_chosen = Signal(str)
    row_opened = Signal(str)
    row_ticked = Signal(str)
    row_removed = Signal(str)
    action_chosen = Signal(str)

    def __init__(self, model: PagedModel, delegate: RowDelegate, name_key: str, *, round_bottom: bool = False) -> None:
        super().__init__()
        self._model, self._delegate, self._name_key = model, delegate, name_key
        self._wanted = ""
        self.setProperty("roundBottom", round_bottom)
        self.setModel(model)
        delegate.setParent(self)
        self.setItemDelegate(delegate)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(self._open)
        model.modelReset.connect(self._after_reset)
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._rename)
        self._rename()

    def choose(self, row_id: str) -> None:
        """Make a row current without taking the keyboard; unknown ids choose none."""
        number = self._model.number_of(row_id)
        if number >= 0:
            self.setCurrentIndex(self._model.index(number, 0))

    def chosen_id(self) -> str:
        """The id of the current row, or an empty text."""
        number = self.currentIndex().row()
        return self._model.ids[number] if 0 <= number < len(self._model.ids) else ""

    def step(self, rows: int) -> None:
        """Move the current row by so many (arrow keys of a search field)."""
        count = self._model.rowCount()
        if count:
            at = self.currentIndex().row()
            target = min(count - 1, max(0, at + rows if at >= 0 else 0))
            self.setCurrentIndex(self._model.index(target, 0))

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid():
            self._wanted = self.chosen_id()
            self.row_chosen.emit(self._wanted)

    def _after_reset(self) -> None:
        # A reload must not lose the row a person is on.
        number = self._model.number_of(self._wanted)
        if self._model.rowCount():
            self.selectionModel().setCurrentIndex(
                self._model.index(max(0, number), 0), QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _open(self, index: Index) -> None:
        if 0 <= index.row() < len(self._model.ids):
            self.row_opened.emit(self._model.ids[index.row()])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.property("keyboardFocus"):  # the digits of a scanner come here too: not a picture for each burst
            self.setProperty("keyboardFocus", True)
            self.viewport().update()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(self.currentIndex())
        elif event.key() == Qt.Key.Key_Space and self.chosen_id():
            self.row_ticked.emit(self.chosen_id())
        elif event.key() == Qt.Key.Key_Delete and self.chosen_id():
            self.row_removed.emit(self.chosen_id())
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        position = event.position().toPoint()
        index = self.indexAt(position)
        row = self._model.row_at(index.row()) if index.isValid() else None
        if row is not None and self._delegate.action_target(self.visualRect(index), row).contains(position):
            self.action_chosen.emit(self._model.ids[index.row()])

    def focusInEvent(self, event: QFocusEvent) -> None:
        # A page that opens with its list focused shows no ring until a key is used (DESIGN-UI.md 5.2).
        self.setProperty("keyboardFocus", event.reason() in _BY_KEY)
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            self.step(0)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Rows are lower in a low window (DESIGN-UI.md 3).
        self.scheduleDelayedItemsLayout()

    def _restyle(self) -> None:
        self.doItemsLayout()

    def _rename(self) -> None:
        self.setAccessibleName(i18n.t(self._name_key))


class TableView(QTableView):
    """A table whose columns have fixed widths and one that takes the rest. Signals as in `ListView`;
    `header_chosen(column)` asks for another order."""

    row_chosen = Signal(str)
    row_opened = Signal(str)
    header_chosen = Signal(int)

    def __init__(self, model: PagedModel, name_key: str, *, row_metric: str = "row_table") -> None:
        super().__init__()
        self._model, self._name_key, self._row_metric = model, name_key, row_metric
        self._wanted = ""
        self._folding: tuple[int, ...] = ()
        self.setModel(model)
        self.setItemDelegate(TableDelegate(self))
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(True)
        head.sectionClicked.connect(self.header_chosen)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.doubleClicked.connect(self._open)
        model.modelReset.connect(self._after_reset)
        model.headerDataChanged.connect(self._columns_changed)
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._rename)
        self._restyle()
        self._rename()

    def fold(self, *columns: int) -> None:
        """Columns that give way, in this order, where there is not room for all."""
        self._folding = columns
        self._share()

    def choose(self, row_id: str) -> None:
        """Make a row current; unknown ids choose none."""
        number = self._model.number_of(row_id)
        if number >= 0:
            self.selectRow(number)
            self.setCurrentIndex(self._model.index(number, 0))

    def chosen_id(self) -> str:
        """The id of the current row, or an empty text."""
        number = self.currentIndex().row()
        return self._model.ids[number] if 0 <= number < len(self._model.ids) else ""

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and current.row() != previous.row():
            self._wanted = self.chosen_id()
            self.row_chosen.emit(self._wanted)

    def _after_reset(self) -> None:
        self._rename()
        self._share()
        if self._model.rowCount():
            self.choose(self._model.ids[max(0, self._model.number_of(self._wanted))])

    def _open(self, index: Index) -> None:
        if 0 <= index.row() < len(self._model.ids):
            self.row_opened.emit(self._model.ids[index.row()])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(self.currentIndex())
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self._model.ids:
            # Rows are what is chosen here, so these keys move over rows (DESIGN-UI.md 7), not along one.
            is_first = event.key() == Qt.Key.Key_Home
            self.setCurrentIndex(self._model.index(0 if is_first else len(self._model.ids) - 1, 0))
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()
        two_rows = 2 * self.verticalHeader().defaultSectionSize()
        if event.oldSize().height() < two_rows <= event.size().height():
            # While it was that low a chosen row was scrolled to; now the rows before it have room again.
            self.scrollToTop()
            self.scrollTo(self.currentIndex())

    def minimumSizeHint(self) -> QSize:
        # A low window at large text keeps the head and the beginning of a row.
        return QSize(super().minimumSizeHint().width(), look().m.row_head + TARGET)

    def sizeHint(self) -> QSize:
        # No more: what stands above and below is whole before another row is.
        return QSize(super().sizeHint().width(), self.minimumSizeHint().height())

    def _restyle(self) -> None:
        high = int(getattr(look().m, self._row_metric))
        self.verticalHeader().setDefaultSectionSize(high)
        self.verticalHeader().setMinimumSectionSize(high)
        self.horizontalHeader().setFixedHeight(look().m.row_head)
        self._share()

    def _columns_changed(self, _side: Qt.Orientation, _first: int, _last: int) -> None:
        # Another language needs other widths.
        self._share()

    def _share(self) -> None:
        columns = self._model.columns
        widths = [look().tokens.px(column.width) for column in columns]
        for number, column in enumerate(columns):
            if column.right:
                widths[number] = max(widths[number], self._figures_width(number))
        least, hidden = look().m.avatar_xl * 2, set[int]()
        for number in self._folding:
            if self.viewport().width() - sum(widths) < least:
                hidden.add(number)
                widths[number] = 0
        rest = max(least, self.viewport().width() - sum(widths))
        for number, width in enumerate(widths):
            self.setColumnHidden(number, number in hidden)
            self.setColumnWidth(number, width or rest)

    def _figures_width(self, number: int) -> int:
        """What the figures of the first rows need: no digit of an amount may be cut."""
        rows = range(min(self._model.rowCount(), PAGE))
        texts = (self._model.index(row, number).data() or "" for row in rows)
        font = look().font("body", 600)
        return max((paint.width_of(text, font) for text in texts), default=0) + 2 * look().m.row_cell_pad + 1

    def _rename(self) -> None:
        count = i18n.t("list.rows", n=self._model.rowCount())
        self.setAccessibleName(i18n.t(self._name_key))
        self.setAccessibleDescription(count)
