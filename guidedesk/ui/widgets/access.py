"""Names and roles for widgets that paint themselves (DESIGN-UI.md 9)."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from guidedesk.ui.safe_text import tip_text

Role = QAccessible.Role
ROLE_PROPERTY = "accessibleRole"
_interfaces: list[QAccessibleInterface] = []
_installed: list[bool] = []


def set_role(widget: QWidget, role: QAccessible.Role, name: str = "") -> None:
    """Give a painted widget a role for screen readers, and a name if it has one already."""
    install()
    widget.setProperty(ROLE_PROPERTY, int(role.value))
    if name:
        widget.setAccessibleName(name)


def install() -> None:
    """Register the factory once; widgets without our property keep Qt's own interfaces."""
    if not _installed:
        QAccessible.installFactory(_make)
        _installed.append(True)


def tip(widget: QWidget, text: str) -> None:
    """A tool tip of plain text; the only place that sets one (SECURITY.md S-9)."""
    shown = tip_text(text)
    widget.setToolTip(shown)
    if shown != text:
        widget.setAccessibleDescription(text)


def announce(widget: QWidget, text: str, *, assertive: bool = False) -> None:
    """Let a screen reader say a sentence; assertive only when unsaved work is at risk."""
    event = QAccessibleAnnouncementEvent(widget, text)
    manner = QAccessible.AnnouncementPoliteness
    event.setPoliteness(manner.Assertive if assertive else manner.Polite)
    QAccessible.updateAccessibility(event)


def _make(_class_name: str, target: QObject) -> QAccessibleInterface | None:
    if not isinstance(target, QWidget):
        return None
    role = target.property(ROLE_PROPERTY)
    if not isinstance(role, int):
        return None
    made = QAccessibleWidget(target, Role(role))
    # Qt deletes the interface with its widget; Python only has to keep it until Qt took it over.
    _interfaces.append(made)
    del _interfaces[:-64]
    return made
