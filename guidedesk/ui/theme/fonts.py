"""The bundled fonts and the text styles as QFont (DESIGN-UI.md 4)."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase

from guidedesk.resources import resource_path
from guidedesk.ui.theme.tokens import Tokens, TypeName


@lru_cache(maxsize=1)
def load_fonts() -> tuple[str, ...]:
    """Register every bundled font once; returns the families now known. Needs a running application."""
    families: list[str] = []
    for path in sorted(resource_path("fonts").glob("*.ttf")):
        number = QFontDatabase.addApplicationFont(str(path))
        families.extend(QFontDatabase.applicationFontFamilies(number))
    return tuple(dict.fromkeys(families))


def base_font(tokens: Tokens) -> QFont:
    """The application font: tabular figures everywhere, so columns of money line up."""
    font = QFont()
    font.setFamilies(list(tokens.families))
    font.setPixelSize(tokens.px(tokens.type("body").px))
    for feature in tokens.features:
        font.setFeature(QFont.Tag(feature), 1)
    return font


def type_font(tokens: Tokens, name: TypeName, weight: int | None = None) -> QFont:
    """A text style as a font, for widgets that paint themselves; `weight` overrides the style's own."""
    style = tokens.type(name)
    font = base_font(tokens)
    font.setPixelSize(tokens.px(style.px))
    font.setWeight(QFont.Weight(weight or style.weight))
    if name == "code":
        font.setFamilies(list(tokens.mono))
    return font
