from __future__ import annotations

import re
import sys

import pytest
from PySide6.QtGui import QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from guidedesk.ui.theme import look
from guidedesk.ui.theme.icons import icon_names, icon_pixmap
from guidedesk.ui.theme.metrics import Metrics
from guidedesk.ui.theme.qss import make_qss
from guidedesk.ui.theme.tokens import THEMES, TONES, load_raw, load_tokens, semantic_tone, text_scales
from guidedesk.ui.widgets.labels import Label


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_every_pair_of_the_token_file_is_readable(theme):
    colours = load_raw()["colour"][theme]
    for pair in load_raw()["contrast"][theme]:
        assert contrast(colours[pair["fg"]], colours[pair["bg"]]) >= pair["min"], pair


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tone", TONES)
def test_words_on_every_tint_are_readable(theme, tone):
    colour = load_tokens(theme).colour
    assert contrast(colour.tone(tone), colour.soft(tone)) >= 4.5


def test_colours_with_alpha_are_turned_into_the_order_qt_reads():
    scrim = QColor(load_tokens("light").colour.scrim)
    assert (scrim.alpha(), scrim.red(), scrim.green()) == (0x66, 0x1D, 0x1C)


def test_every_meaning_has_a_tone_of_the_theme():
    for meaning in load_raw()["semantic"]:
        assert semantic_tone(meaning) in TONES


@pytest.mark.parametrize("scale", text_scales())
def test_sizes_grow_with_the_text(scale):
    tokens = load_tokens("light", scale)
    assert tokens.size("control") == round(36 * scale)
    assert Metrics().scaled(scale).chip_h == round(24 * scale)
    assert tokens.px(1) >= 1


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_has_only_token_colours_and_no_hole(theme):
    tokens = load_tokens(theme)
    sheet = make_qss(tokens, Metrics())
    assert set(re.findall(r"#[0-9a-fA-F]{6,8}", sheet)) <= {tokens.colour.named(n) for n in tokens.colour.names()}
    assert "None" not in sheet
    assert "{{" not in sheet


def test_a_switch_at_run_time_reaches_palette_sheet_and_widgets(qapp: QApplication, qtbot):
    label = Label("¥1,284.60", "title")
    qtbot.addWidget(label)
    label.ensurePolished()
    before = label.sizeHint().height()
    look().apply(theme="dark", scale=2.0)
    label.ensurePolished()
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == load_tokens("dark").colour.canvas.lower()
    assert label.palette().color(QPalette.ColorRole.WindowText).name() == load_tokens("dark").colour.text.lower()
    assert label.sizeHint().height() >= 2 * before - 2


def test_an_unknown_look_is_refused():
    with pytest.raises(ValueError, match="unknown look"):
        look().apply(theme="sepia")
    with pytest.raises(ValueError, match="unknown look"):
        look().apply(scale=3.0)


def test_figures_are_equally_wide_so_money_lines_up():
    metrics = QFontMetrics(look().font("body"))
    assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("8888")


def test_words_keep_their_own_hyphen_and_brackets():
    """Inter's tabular set also widens hyphens and asterisks: "follow -up", "138 * * * *"."""
    metrics = QFontMetrics(look().font("body"))
    assert metrics.horizontalAdvance("-" * 9) < metrics.horizontalAdvance("0" * 9) * 0.8
    assert metrics.horizontalAdvance("(" * 9) < metrics.horizontalAdvance("0" * 9) * 0.8


def test_every_icon_draws_in_the_colour_asked_for():
    for name in icon_names():
        image = icon_pixmap(name, 24, "#ff0000", 2.0).toImage()
        seen = [image.pixelColor(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() > 200]
        assert seen, name
        assert all(colour.red() > 240 and colour.green() < 16 for colour in seen), name


def test_qt_calls_do_not_eat_references_to_none(qtbot):
    """PySide6 6.12 on Python 3.11 drops one on every call and the program aborts after hours (FACTS.md)."""
    label = Label()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for number in range(1000):
        label.setText(str(number))
    assert abs(sys.getrefcount(None) - before) < 50
