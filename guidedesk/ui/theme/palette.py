"""The Fusion palette made from the tokens; set before the style sheet (ARCHITECTURE.md 5)."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from guidedesk.ui.theme.tokens import Tokens

Role = QPalette.ColorRole


def palette_roles(tokens: Tokens) -> dict[QPalette.ColorRole, str]:
    """Which token colours which role of a live widget."""
    colour = tokens.colour
    return {
        Role.Window: colour.canvas,
        Role.WindowText: colour.text,
        Role.Base: colour.surface,
        Role.AlternateBase: colour.surface2,
        Role.Text: colour.text,
        Role.Button: colour.surface,
        Role.ButtonText: colour.text,
        Role.BrightText: colour.on_accent,
        Role.ToolTipBase: colour.primary,
        Role.ToolTipText: colour.on_primary,
        Role.PlaceholderText: colour.text3,
        Role.Highlight: colour.accent_soft,
        Role.HighlightedText: colour.text,
        Role.Accent: colour.accent,
        Role.Link: colour.accent,
        Role.LinkVisited: colour.violet,
        Role.Light: colour.surface,
        Role.Midlight: colour.sunken,
        Role.Mid: colour.line_strong,
        Role.Dark: colour.control,
        Role.Shadow: colour.line_strong,
    }


def make_palette(tokens: Tokens) -> QPalette:
    """The palette of the whole application."""
    palette = QPalette()
    for role, value in palette_roles(tokens).items():
        palette.setColor(role, QColor(value))
    muted = QColor(tokens.colour.text3)
    for role in (Role.WindowText, Role.Text, Role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, muted)
    return palette
