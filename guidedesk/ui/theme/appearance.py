"""The look of the running program: theme, text scale and language, switchable at any time.

Widgets read `look()` when they paint or measure, and connect `restyled` / `retranslated` when they keep anything.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication
from PySide6.QtWidgets import QApplication

from guidedesk.ui import i18n
from guidedesk.ui.theme.fonts import base_font, load_fonts, type_font
from guidedesk.ui.theme.metrics import Metrics
from guidedesk.ui.theme.palette import make_palette
from guidedesk.ui.theme.qss import make_qss
from guidedesk.ui.theme.tokens import Colours, ThemeName, Tokens, ToneName, TypeName, load_tokens, text_scales


class Appearance(QObject):
    """Holds the current tokens. `restyled` after theme or scale changed, `retranslated` after the language did."""

    restyled = Signal()
    retranslated = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.theme: str = "light"
        self.tokens: Tokens = load_tokens("light")
        self.m: Metrics = Metrics()
        self.is_strong = False
        # Asked for hundreds of times a repaint; callers get copies, which share their data until changed.
        self._inks: dict[str, QColor] = {}
        self._fonts: dict[tuple[TypeName, int | None], QFont] = {}

    @property
    def colour(self) -> Colours:
        """The colours of the current theme."""
        return self.tokens.colour

    def q(self, name: str) -> QColor:
        """A token colour as QColor."""
        found = self._inks.get(name)
        if found is None:
            found = self._inks[name] = QColor(self.tokens.colour.named(name))
        return QColor(found)

    def tone(self, tone: ToneName) -> QColor:
        """The strong colour of a tone."""
        return self.q(tone)

    def soft(self, tone: ToneName) -> QColor:
        """The tint of a tone."""
        return self.q(f"{tone}_soft")

    def font(self, name: TypeName, weight: int | None = None) -> QFont:
        """A text style at the current scale."""
        found = self._fonts.get((name, weight))
        if found is None:
            found = self._fonts[name, weight] = type_font(self.tokens, name, weight)
        return QFont(found)

    def apply(self, theme: str | None = None, scale: float | None = None, language: str | None = None) -> None:
        """Change any of theme (`light`, `dark`, `system`), text scale and language; ValueError if unknown."""
        if language is not None and language != i18n.shown():
            i18n.use_language(language)
            self.retranslated.emit()
        if theme is None and scale is None:
            return
        self.theme = theme or self.theme
        chosen = self.tokens.scale if scale is None else scale
        if self.theme not in ("light", "dark", "system") or chosen not in text_scales():
            raise ValueError(f"unknown look: {self.theme} at {chosen}")
        self.tokens = load_tokens(self._resolved(), chosen, strong=self.is_strong)
        self.m = Metrics().scaled(chosen)
        self._inks.clear()
        self._fonts.clear()
        self._dress()
        self.restyled.emit()

    def follow_system(self) -> None:
        """The system changed between light and dark; only matters when the user chose `system`."""
        if self.theme == "system":
            self.apply(theme="system")

    def follow_contrast(self, wanted: Qt.ContrastPreference) -> None:
        """The system asks for high contrast, or no longer does (DESIGN-UI.md 9)."""
        is_strong = wanted == Qt.ContrastPreference.HighContrast
        if is_strong != self.is_strong:
            self.is_strong = is_strong
            self.apply(theme=self.theme)

    def _resolved(self) -> ThemeName:
        if self.theme == "system":
            scheme = QGuiApplication.styleHints().colorScheme()
            return "dark" if scheme == Qt.ColorScheme.Dark else "light"
        return "dark" if self.theme == "dark" else "light"

    def _dress(self) -> None:
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        load_fonts()
        if app.style().objectName().lower() != "fusion":
            app.setStyle("Fusion")
        app.setFont(base_font(self.tokens))
        # Palette before sheet: a sheet resolves palette(...) when it is set (FACTS.md, PySide6).
        app.setPalette(make_palette(self.tokens))
        app.setStyleSheet(make_qss(self.tokens, self.m))


_look: list[Appearance] = []


def look() -> Appearance:
    """The one Appearance of this program."""
    if not _look:
        _look.append(Appearance())
    return _look[0]


def start_look(app: QApplication, theme: str = "light", scale: float = 1.0, language: str = "zh_CN") -> Appearance:
    """Dress a fresh application; call once before the first widget."""
    current = look()
    hints = app.styleHints()
    hints.colorSchemeChanged.connect(current.follow_system)
    hints.accessibility().contrastPreferenceChanged.connect(current.follow_contrast)
    current.is_strong = hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast
    current.apply(theme=theme, scale=scale, language=language)
    return current
