"""The system's wish for high contrast, and switches of the look while a screen is open."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from guidedesk.ui.audit import audit
from guidedesk.ui.screens import close_screen, open_screen, settle
from guidedesk.ui.theme import look
from guidedesk.ui.theme.tokens import THEMES, load_tokens


@pytest.fixture
def contrast():
    look().follow_contrast(Qt.ContrastPreference.HighContrast)
    yield
    look().follow_contrast(Qt.ContrastPreference.NoPreference)


@pytest.mark.parametrize("theme", THEMES)
def test_high_contrast_has_no_grey_words_and_lines_as_dark_as_words(theme):
    usual, strong = load_tokens(theme).colour, load_tokens(theme, strong=True).colour
    assert {strong.text2, strong.text3, strong.line, strong.control} == {usual.text}
    assert strong.canvas == strong.danger_soft == usual.surface


@pytest.mark.parametrize(("name", "state"), [("home", "plain"), ("member", "mine"), ("history", "receipt")])
def test_an_open_screen_follows_the_system_both_ways(name, state):
    window = open_screen(name, state, "en", "dark")
    before = window.grab().toImage()
    look().follow_contrast(Qt.ContrastPreference.HighContrast)
    settle()
    assert audit(window) == []
    assert window.grab().toImage() != before
    look().follow_contrast(Qt.ContrastPreference.NoPreference)
    settle()
    assert window.grab().toImage() == before, "paddings and colours are those of before"
    close_screen(window)


@pytest.mark.usefixtures("contrast")
def test_another_theme_keeps_the_contrast():
    look().apply(theme="dark")
    assert look().colour.text3 == look().colour.text
