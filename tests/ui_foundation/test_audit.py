"""The audit finds what a careful person would, and the sheets of parts pass it in every look."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from guidedesk.ui import screens
from guidedesk.ui.audit import accessible_texts, audit
from guidedesk.ui.screens import close_screen, open_screen, render
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column

UI = Path(__file__).resolve().parents[2] / "guidedesk" / "ui"
SIZERS = {
    "setFixedSize", "setFixedWidth", "setFixedHeight", "setMinimumWidth", "setMinimumHeight", "setMaximumWidth",
    "setMaximumHeight", "setContentsMargins", "setSpacing", "setPixelSize", "setPointSize", "QSize", "QMargins",
    "addSpacing", "setIndent", "setMargin",
}
STATES = ("all", "lists")


def problems(window: QWidget, kind: str) -> list[str]:
    return [problem.widget for problem in audit(window) if problem.kind == kind]


def test_cut_words_are_found(show):
    ground, label = QWidget(), Label("一句放不下的话，后面还有很多")
    label.setParent(ground)
    label.setGeometry(10, 10, 60, 22)
    assert problems(show(ground, 300, 100), "clipped") == ["Label(一句放不下的话，后面还有很多)"]


def test_words_cut_by_a_parent_are_found(show):
    ground, frame, label = QWidget(), QWidget(), Label("在外面")
    frame.setParent(ground)
    label.setParent(frame)
    frame.setGeometry(0, 0, 40, 40)
    label.setGeometry(20, 10, 80, 24)
    assert problems(show(ground, 300, 100), "clipped") == ["Label(在外面)"]


def test_words_on_top_of_words_are_found(show):
    ground = QWidget()
    for left in (10, 30):
        label = Label("沈知微", parent=ground)
        label.setGeometry(left, 10, 80, 24)
    assert len(problems(show(ground, 300, 100), "overlap")) == 1


def test_controls_without_a_name_are_found(show):
    ground, line = QWidget(), QLineEdit()
    ground.setLayout(column(line, None))
    show(ground, 300, 100)
    assert problems(ground, "unnamed") == ["QLineEdit"]
    line.setAccessibleName("姓名")
    assert problems(ground, "unnamed") == []


def test_colours_that_no_token_knows_are_found(show):
    ground, button = QWidget(), QPushButton("灰")
    ground.setLayout(column(button, None))
    palette = button.palette()
    palette.setColor(QPalette.ColorRole.Button, QColor("magenta"))
    button.setPalette(palette)
    assert problems(show(ground, 300, 100), "colour") == ["QPushButton(灰)"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("lang", ["zh_CN", "en"])
@pytest.mark.parametrize(("theme", "scale"), [("light", 1.0), ("dark", 1.0), ("light", 1.5), ("dark", 2.0)])
def test_the_sheets_of_parts_pass(state, lang, theme, scale):
    window = open_screen("components", state, lang, theme, scale)
    found = audit(window)
    close_screen(window)
    assert found == []


@pytest.mark.parametrize("size", [(1280, 680), (1920, 1080)])
def test_the_sheets_pass_in_small_and_large_windows(size):
    for state in STATES:
        window = open_screen("components", state, size=size)
        found = audit(window)
        close_screen(window)
        assert found == []


def test_a_picture_is_drawn_in_the_look_asked_for():
    light, dark = render("components"), render("components", theme="dark", scale=1.3, size=(1280, 680))
    assert (light.width(), light.height()) == (1366, 768)
    assert light.pixelColor(2, 2).name() == "#f6f5f2"
    assert dark.pixelColor(2, 2).name() == "#121315"


def test_an_unknown_screen_is_a_key_error():
    with pytest.raises(KeyError):
        render("no such screen")
    assert ("components", "all") in {(screen.name, screen.state) for screen in screens.list_screens()}


def test_what_a_screen_says_is_read_aloud():
    window = open_screen("components", "lists", "en")
    texts = accessible_texts(window)
    close_screen(window)
    assert {"Lists and states", "PIN, 3 of 6 digits typed", "Plan one"} <= set(texts)
    assert "秦之恒, Super, 2 days overdue: did the coat fit?, WeChat" in texts


def test_sheets_can_be_switched_while_they_are_open():
    window = open_screen("components", "all", "zh_CN", "light", 1.0)
    look().apply(theme="dark", scale=1.3, language="en")
    screens.settle()
    found = [problem for problem in audit(window) if problem.kind != "clipped"]
    texts = accessible_texts(window)
    close_screen(window)
    assert found == []
    assert "Components and tokens" in texts


def test_no_pixel_number_outside_the_theme():
    found = [
        f"{path.relative_to(UI)}:{node.lineno}"
        for path in UI.rglob("*.py") if path.parent.name != "theme"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in SIZERS
        and any(isinstance(arg, ast.Constant) and isinstance(arg.value, int) and arg.value > 2 for arg in node.args)
    ]
    assert found == []
