"""The style sheet of one theme at one text scale, compiled from tokens and metrics.

Names in square brackets are dynamic properties: `type` is a text style, `ink` a token colour, `kind` a button or
frame variant. Widgets that paint themselves (chips, buttons, rings) take nothing from here.
"""

from __future__ import annotations

from guidedesk.ui.theme.metrics import Metrics
from guidedesk.ui.theme.tokens import TONES, Tokens

INKS = ("text", "text2", "text3", "accent", "on_primary", "on_accent", *TONES)


def make_qss(tokens: Tokens, m: Metrics) -> str:
    """One style sheet for the whole application."""
    measured = (part(tokens, m) for part in (_frames, _fields, _lists, _bars))
    return "\n".join([_base(tokens), _labels(tokens), *measured])


def _base(t: Tokens) -> str:
    c = t.colour
    families = ",".join(f'"{name}"' for name in t.families)
    return f"""
QWidget{{color:{c.text};placeholder-text-color:{c.text3};font-family:{families};font-size:{t.px(t.type("body").px)}px}}
QWidget[kind=canvas]{{background:{c.canvas}}}
QWidget[kind=surface]{{background:{c.surface}}}
QToolTip{{background:{c.primary};color:{c.on_primary};border:0;padding:{t.space(1)}px {t.space(2)}px;
 font-size:{t.px(t.type("caption").px)}px}}
QMenu{{background:{c.surface};border:1px solid {c.line_strong};padding:{t.space(1)}px 0}}
QMenu::item{{padding:{t.space(2)}px {t.space(4)}px}}
QMenu::item:selected{{background:{c.accent_soft};color:{c.text}}}
QMenu::item:disabled{{color:{c.text3}}}
"""


def _labels(t: Tokens) -> str:
    rules = [f"QLabel{{border:0;background:transparent;color:{t.colour.text}}}"]
    for name, style in t.types.items():
        extra = f";font-family:{','.join(chr(34) + f + chr(34) for f in t.mono)}" if name == "code" else ""
        rules.append(f"QLabel[type={name}]{{font-size:{t.px(style.px)}px;font-weight:{style.weight}{extra}}}")
    rules += [f"QLabel[ink={ink}]{{color:{t.colour.named(ink)}}}" for ink in INKS]
    return "\n".join(rules)


def _frames(t: Tokens, m: Metrics) -> str:
    c = t.colour
    tints = "\n".join(
        f"QFrame[kind=tint][tone={tone}]{{background:{c.soft(tone)};border:0;border-radius:{m.banner_radius}px}}"
        for tone in TONES
    )
    return f"""
QFrame[kind=card]{{background:{c.surface};border:1px solid {c.line};border-radius:{m.card_radius}px}}
QFrame[kind=card][accented=true]{{border-color:{c.accent_line}}}
QFrame[kind=card][chosen=true]{{border:2px solid {c.accent};background:{c.accent_soft}}}
QFrame[kind=facts]{{background:{c.surface2};border:1px solid {c.line};border-radius:{m.banner_radius}px}}
QFrame[kind=plain]{{border:0;background:transparent}}
QFrame[kind=line]{{background:{c.line};border:0}}
QFrame[kind=side]{{background:{c.surface2};border:0;border-left:1px solid {c.line};
 border-bottom-right-radius:{m.dialog_radius}px}}
QFrame[kind=dialog]{{background:{c.surface};border:1px solid {c.line_strong};border-radius:{m.dialog_radius}px}}
QFrame[kind=drawer]{{background:{c.surface};border:1px solid {c.line};border-radius:{m.card_radius}px}}
QFrame[kind=rail]{{background:{c.canvas};border:0;border-right:1px solid {c.line}}}
QFrame[kind=topbar]{{background:{c.surface};border:0;border-bottom:1px solid {c.line}}}
QFrame[kind=keybar]{{background:{c.canvas};border:0;border-top:1px solid {c.line}}}
QFrame[kind=toast]{{background:{c.primary};border:0;border-radius:{m.toast_radius}px}}
QFrame[kind=toast] QLabel{{color:{c.on_primary}}}
QScrollArea{{background:transparent;border:0}}
QScrollArea > QWidget > QWidget[kind=plain]{{background:transparent}}
{tints}
"""


def _fields(t: Tokens, m: Metrics) -> str:
    c = t.colour
    # The focused border is one pixel wider, so the padding is one smaller: the text must not move.
    return f"""
QLineEdit,QPlainTextEdit,QDateEdit,QTimeEdit,QComboBox{{border:1px solid {c.control};border-radius:{m.button_radius}px;
 background:{c.surface};color:{c.text};selection-background-color:{c.accent_soft};selection-color:{c.text}}}
QDateEdit{{padding:0 {m.field_pad}px}}
QDateEdit::drop-down{{border:0;width:{m.field_h}px}}
QDateEdit::down-arrow{{image:none}}
QLineEdit{{padding:0 {m.field_pad}px;min-height:{m.field_h - 2}px;max-height:{m.field_h - 2}px}}
QLineEdit[large=true]{{min-height:{m.field_lg_h - 2}px;max-height:{m.field_lg_h - 2}px;
 font-size:{t.px(t.type("heading").px)}px}}
QLineEdit[bare=true]{{border:0;padding:0;background:transparent;min-height:0}}
QLineEdit:focus{{border:2px solid {c.focus};padding:0 {m.field_pad - 1}px;
 min-height:{m.field_h - 4}px;max-height:{m.field_h - 4}px}}
QLineEdit[large=true]:focus{{min-height:{m.field_lg_h - 4}px;max-height:{m.field_lg_h - 4}px}}
QLineEdit[bare=true]:focus{{border:0;padding:0;min-height:0}}
QLineEdit[wrong=true]{{border:2px solid {c.danger};padding:0 {m.field_pad - 1}px;
 min-height:{m.field_h - 4}px;max-height:{m.field_h - 4}px}}
QLineEdit[large=true][wrong=true]{{min-height:{m.field_lg_h - 4}px;max-height:{m.field_lg_h - 4}px}}
QLineEdit:disabled,QPlainTextEdit:disabled{{background:{c.sunken};color:{c.text3};border-color:{c.line}}}
QDateEdit QLineEdit{{border:0;padding:0;min-height:0;background:transparent}}
QPlainTextEdit{{padding:{m.field_pad - 1}px}}
QPlainTextEdit:focus{{border:2px solid {c.focus};padding:{m.field_pad - 2}px}}
"""


def _lists(t: Tokens, m: Metrics) -> str:
    c = t.colour
    return f"""
QAbstractItemView{{background:transparent;border:0;outline:0;selection-background-color:{c.accent_soft};
 selection-color:{c.text}}}
QHeaderView{{background:{c.surface2};border:0}}
QHeaderView::section{{background:{c.surface2};color:{c.text3};border:0;border-bottom:1px solid {c.line};
 padding:0 {m.row_cell_pad}px;font-size:{t.px(t.type("caption").px)}px;font-weight:500}}
QHeaderView::section:first{{padding-left:{m.row_pad}px}}
"""


def _bars(t: Tokens, m: Metrics) -> str:
    c = t.colour
    return f"""
QScrollBar{{background:transparent;border:0;margin:0}}
QScrollBar:vertical{{width:{m.scroll_w}px}}
QScrollBar:horizontal{{height:{m.scroll_w}px}}
QScrollBar::handle{{background:{c.line_strong};border-radius:{m.scroll_radius}px;margin:2px}}
QScrollBar::handle:vertical{{min-height:{m.scroll_min}px}}
QScrollBar::handle:horizontal{{min-width:{m.scroll_min}px}}
QScrollBar::handle:hover{{background:{c.control}}}
QScrollBar::add-line,QScrollBar::sub-line{{width:0;height:0}}
QScrollBar::add-page,QScrollBar::sub-page{{background:transparent}}
"""
