"""The only way out of the program: an address on the list, opened by the system (SECURITY.md S-10)."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from guidedesk.domain.channels import is_listed


def open_external(url: str) -> bool:
    """Open an https address of a listed host; False, and nothing happens, for any other."""
    return is_listed(url) and QDesktopServices.openUrl(QUrl(url))
