from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.ui.screens import settle
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.bars import permille
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.cards import TitledCard
from guidedesk.ui.widgets.charts import BarChart, Column
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup, Tick, Toggle
from guidedesk.ui.widgets.columns import ColumnsPane, Pane
from guidedesk.ui.widgets.fields import Field, NoteField, SearchField
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.focus import FocusRing
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import column
from guidedesk.ui.widgets.pin import PinCells, PinPad
from guidedesk.ui.widgets.ring import Ring, RingState

WAYS = (
    Choice("store", "到店", "store"), Choice("wechat", "微信", "chat"),
    Choice("phone", "电话", "phone", reason="客人不接电话"),
)


class OpenedWindows(QObject):
    """Notes every window that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.opened.append(type(watched).__name__)
        return False


def role_of(widget: QWidget) -> QAccessible.Role:
    return QAccessible.queryAccessibleInterface(widget).role()


def stage(*widgets: QWidget) -> QWidget:
    ground = QWidget()
    ground.setLayout(column(*widgets, None, pad=4))
    return ground


def test_a_name_that_looks_like_html_stays_a_name(qtbot, tmp_path):
    picture = look().font("body")
    label = Label(f'<img src="file://{tmp_path}/x.png">')
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.sizeHint().height() < picture.pixelSize() * 3
    tip(label, "<b>沈</b>")
    assert "&lt;b&gt;" in label.toolTip()


def test_hidden_characters_become_visible_and_long_names_end():
    assert untrusted("a\u202eb\x00") == "a⟨202E⟩b⟨0000⟩"
    assert person_name("  沈" + "知" * 80).endswith("…")
    assert len(person_name("x" * 500)) == 61
    assert untrusted("e\u0301") == "é"


def test_a_long_text_is_cut_with_dots_and_whole_in_the_tool_tip(show):
    short, long = Label("沈知微", lines=1), Label("沈知微" * 40, lines=1)
    show(stage(short, long), 300, 120)
    assert short.toolTip() == ""
    assert long.toolTip() == "沈知微" * 40


def test_words_follow_a_change_of_language(qtbot):
    key = "earn.confirmed"
    parts: list[Label | Chip | Button] = [Label().say(key), Chip().say(key), Button().say(key)]
    fixed = Label("沈知微")
    look().apply(language="en")
    assert [part.text() for part in parts] == ["Confirmed"] * 3
    assert fixed.text() == "沈知微"


def test_a_disabled_button_says_why(qtbot):
    button = Button("导出")
    button.allow(False, "这一步要店长来做")
    assert not button.isEnabled()
    assert button.toolTip() == button.accessibleDescription() == "这一步要店长来做"
    button.allow(True)
    assert button.toolTip() == ""


def test_an_icon_button_has_a_name_in_the_current_language(qtbot):
    button = icon_button("x", "dialog.close")
    assert button.accessibleName() == "关闭"
    look().apply(language="en")
    assert button.accessibleName() == "Close"


@pytest.mark.parametrize("scale", [1.0, 1.15, 1.3, 1.5, 2.0])
def test_buttons_keep_their_height_and_room_for_their_words(scale, qtbot):
    look().apply(scale=scale)
    button = Button("保存并返回", "primary", icon="note", key="Ctrl Enter")
    assert button.sizeHint().height() == round(36 * scale)
    assert button.sizeHint().width() > round(150 * scale)


def test_the_ring_appears_for_keys_and_not_for_the_mouse(show):
    first, second = Button("一"), Button("二")
    ground = show(stage(first, second), 300, 200)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    assert len(ground.findChildren(FocusRing)) == 1
    QTest.mouseClick(second, Qt.MouseButton.LeftButton)
    settle()
    second.setFocus(Qt.FocusReason.MouseFocusReason)
    settle()
    assert [ring for ring in ground.findChildren(FocusRing) if ring.isVisible()] == []


def test_the_ring_is_not_cut_by_a_tight_parent(show):
    group = ChoiceGroup("parts.choices", digits=True)
    group.show_choices(WAYS, "store")
    ground = show(stage(group), 500, 200)
    group.buttons[0].setFocus(Qt.FocusReason.TabFocusReason)
    ring = ground.findChildren(FocusRing)[0]
    assert ring.parentWidget().rect().contains(ring.geometry())
    assert not ring.visibleRegion().isEmpty()


def test_digits_choose_inside_the_focused_group_and_skip_what_is_refused(show, qtbot):
    group = ChoiceGroup("parts.choices", digits=True)
    group.show_choices(WAYS, "store")
    show(stage(group), 500, 200)
    group.setFocus(Qt.FocusReason.TabFocusReason)
    first = group.first_button()
    assert first is not None
    with qtbot.waitSignal(group.chosen) as caught:
        QTest.keyClick(first, Qt.Key.Key_2)
    assert caught.args == ["wechat"]
    QTest.keyClick(group.buttons[1], Qt.Key.Key_3)
    assert group.value() == "wechat"
    assert "客人不接电话" in group.buttons[2].accessibleDescription()


def test_a_group_is_one_tab_stop_with_arrows_inside(show):
    group, after = ChoiceGroup("parts.choices"), Button("后面")
    group.show_choices(WAYS, "store")
    ground = show(stage(group, after), 500, 200)
    group.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(group.buttons[0], Qt.Key.Key_Right)
    assert group.value() == "wechat"
    QTest.keyClick(group.buttons[1], Qt.Key.Key_Tab)
    assert ground.focusWidget() is after


def test_choosing_from_code_does_not_emit_and_keeps_the_focus(show, qtbot):
    group = ChoiceGroup("parts.choices")
    group.show_choices(WAYS, "store")
    ground = show(stage(group), 500, 200)
    group.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.assertNotEmitted(group.chosen):
        group.show_choices((*WAYS, Choice("sms", "短信")), "sms")
    assert group.value() == "sms"
    assert ground.focusWidget() is group.buttons[0]


def test_switch_and_tick_have_roles_and_toggle_by_space(show):
    switch, box = Toggle("声音"), Tick("同意")
    show(stage(switch, box), 300, 200)
    QTest.keyClick(switch, Qt.Key.Key_Space)
    QTest.mouseClick(box, Qt.MouseButton.LeftButton)
    assert switch.isChecked()
    assert box.isChecked()
    assert role_of(switch) == QAccessible.Role.CheckBox


def test_the_pin_is_complete_at_six_and_never_readable(show, qtbot):
    cells = PinCells()
    ground = show(stage(cells, PinPad(cells)), 400, 500)
    cells.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(cells.completed) as caught:
        QTest.keyClicks(cells, "12x3456")
    assert caught.args == ["123456"]
    assert "6" in cells.accessibleName()
    assert "123456" not in cells.accessibleName()
    cells.show_wrong()
    QTest.keyClick(cells, Qt.Key.Key_7)
    assert cells.accessibleName() == "PIN，已输入 1 位，共 6 位"
    pad = ground.findChild(PinPad)
    QTest.mouseClick(pad.findChildren(QWidget)[0], Qt.MouseButton.LeftButton)
    assert cells.accessibleName() == "PIN，已输入 2 位，共 6 位"
    QTest.keyClick(cells, Qt.Key.Key_Backspace)
    assert cells.accessibleName() == "PIN，已输入 1 位，共 6 位"


def test_a_field_shows_its_note_without_moving_its_text(show):
    field = Field("parts.phone")
    show(stage(field), 400, 200)
    height = field.line.height()
    field.line.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    assert field.line.height() == height
    field.set_note("还差 5 位")
    settle()
    assert field.line.height() == height
    assert field.line.accessibleDescription() == "还差 5 位"
    assert field.line.accessibleName() == "手机号"


def test_a_search_field_steps_through_results_and_clears_before_it_leaves(show, qtbot):
    search = SearchField("top.search")
    show(stage(search), 500, 200)
    search.line.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClicks(search.line, "szw")
    with qtbot.waitSignal(search.stepped) as stepped:
        QTest.keyClick(search.line, Qt.Key.Key_Down)
    assert stepped.args == [1]
    with qtbot.waitSignal(search.escaped):
        QTest.keyClick(search.line, Qt.Key.Key_Escape)
    assert search.text() == ""


def test_a_note_leaves_tab_and_ctrl_enter_to_the_dialog(show, qtbot):
    note, after = NoteField("parts.name"), Button("后面")
    ground = show(stage(note, after), 500, 300)
    note.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClicks(note, "hi")
    QTest.keyClick(note, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert note.toPlainText() == "hi"
    QTest.keyClick(note, Qt.Key.Key_Tab)
    assert ground.focusWidget() is after


def test_painted_pictures_have_a_role_and_a_sentence(qtbot):
    ring = Ring(RingState(9, 15, "9", "天", "accent", "专属导购 林晓夏，还剩 9 天，到 11 月 30 日"))
    chart = BarChart((Column(3, "10"), Column(0, "11")), "来店时段")
    qtbot.addWidget(ring)
    qtbot.addWidget(chart)
    assert role_of(ring) == QAccessible.Role.Graphic
    assert ring.accessibleName().startswith("专属导购 林晓夏")
    assert role_of(chart) == QAccessible.Role.Chart
    assert chart.table() == (("10", "3"), ("11", "0"))


def test_the_ring_shows_its_tone_and_its_share(qtbot):
    ring = Ring(RingState(15, 15, "15", "天", "accent", "x"))
    qtbot.addWidget(ring)
    image = ring.grab().toImage()
    accent = look().q("accent").rgb()
    assert image.pixelColor(image.width() // 2, 3).rgb() == accent
    assert image.pixelColor(image.width() // 2, image.height() - 4).rgb() == accent
    ring.show_state(RingState(0, 15, "—", "无主", None, "还没有专属导购"))
    image = ring.grab().toImage()
    assert image.pixelColor(image.width() // 2, image.height() - 4).rgb() == look().q("sunken").rgb()


def test_shares_of_a_bar_stay_within_the_bar():
    assert permille(5, 0) == 0
    assert permille(7, 5) == 1000
    assert permille(1284, 2500) == 513


def test_chips_wrap_instead_of_being_cut(show):
    chips = [Chip("不喜欢打折话术") for _ in range(6)]
    holder = flow(*chips)
    show(stage(holder), 300, 400)
    assert all(chip.width() >= chip.sizeHint().width() for chip in chips)
    assert len({chip.y() for chip in chips}) > 1


def test_columns_become_tabs_when_the_middle_gets_too_narrow(show, qtbot):
    left, middle, right = QWidget(), QWidget(), QWidget()
    columns = ColumnsPane(
        Pane(left, "parts.pin", "pane_left"), Pane(middle, "parts.timeline"), Pane(right, "parts.agenda", "pane_right")
    )
    window = show(stage(columns), 1300, 500)
    assert (columns.is_tabbed, left.width(), right.width()) == (False, 288, 320)
    look().apply(scale=2.0)
    settle()
    assert columns.is_tabbed
    assert [pane.isVisible() for pane in (left, middle, right)] == [True, False, False]
    QTest.mouseClick(columns.tabs.buttons[2], Qt.MouseButton.LeftButton)
    assert right.isVisible()
    assert not left.isVisible()
    look().apply(scale=1.0)
    settle()
    assert all(pane.isVisible() for pane in (left, middle, right))
    assert window.width() == 1300


def test_a_long_name_takes_two_lines_and_then_dots(show):
    short, long = Label("沈知微", lines=2), Label("沈知微的羊绒大衣" * 9, lines=2)
    show(stage(short, long), 260, 200)
    assert short.height() == 22
    assert long.height() == 44
    assert long.toolTip() == long.text()
    assert short.toolTip() == ""


def test_the_ring_follows_when_what_is_above_appears(show):
    banner, button = Label("A banner that comes later", "body"), Button("Save")
    banner.hide()
    tight = QWidget()
    tight.setLayout(column(button))
    ground = show(stage(banner, tight), 400, 200)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    ring = ground.findChildren(FocusRing)[0]
    banner.show()
    settle()
    middle = button.mapTo(ring.parentWidget(), button.rect().center())
    assert (ring.geometry().center() - middle).manhattanLength() <= 2


def test_a_note_that_is_filled_in_goes_on_where_it_ends(show):
    note = NoteField("parts.name")
    show(stage(note), 400, 200)
    note.set_text("likes silk")
    QTest.keyClicks(note, ", size M")
    assert note.toPlainText() == "likes silk, size M"


def test_a_control_never_told_that_it_lost_the_keyboard_loses_its_ring(show):
    hidden, first, other = Button("Log"), Button("Search"), Button("All")
    ground = show(stage(hidden, first, other), 400, 200)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    QCoreApplication.sendEvent(hidden, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    other.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    assert len([ring for ring in ground.findChildren(FocusRing) if ring.isVisible()]) == 1


def test_a_card_that_is_made_opens_no_window_beside_the_one_in_front(qapp: QApplication) -> None:
    """Its divider did for a blink, and the next key went nowhere."""
    windows = OpenedWindows()
    qapp.installEventFilter(windows)
    for divided in (True, False):
        card = TitledCard("home.agenda", divided=divided)
        assert (windows.opened, card._rule.isHidden()) == ([], not divided)
