"""A step of the tour: codes as an associate shows them, read off the screen as a phone would."""

from __future__ import annotations

from typing import Any

import zxingcpp
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk
from guidedesk.demo import hands
from guidedesk.demo.eyes import wait_for
from guidedesk.demo.steps import SERVER
from guidedesk.demo.tour import Seen, Tour
from guidedesk.ui.counter_codes import CODES
from guidedesk.ui.views.codes import CodesPage


def issue_code(tour: Tour) -> Seen:
    """F3 and Alt 2: her own code, then an invitation; what they mean is read at the server."""
    number = tour.facts["number"]
    hands.press(tour.window, "F3")
    own = _shown(tour, "")
    owner = tour.eyes.one(
        "select s.number from staff_code c join staff s on s.id=c.staff_id where c.digits=:d and c.state='live'", d=own
    )
    hands.press(tour.window, "Alt+2")
    invitation = _shown(tour, own)
    minutes = tour.arrived(
        "select (i.expires_at_ms - i.issued_at_ms) / 60000 from invitation i join staff s on s.id=i.staff_id"
        " where i.digits=:d and s.number=:n and i.used_at_ms is null",
        d=invitation, n=number,
    )  # fmt: skip
    hands.press(tour.window, "F12")
    screen = next((w for w in _windows(tour) if _read(w) == invitation), None)
    hands.press(tour.window, "F12")
    seen = (
        f"the code on the screen is {owner}'s at the server; the invitation stands there for {minutes} minutes; "
        f"on the customer's screen: {screen is not None}"
    )
    return Seen(
        "pressed F3, read the code off the screen, Alt 2 for an invitation, F12 to show it to the customer",
        f"{number}'s own code; an invitation of hers, good for 10 minutes, on the customer's screen too",
        seen, f"{SERVER}; pixels of the screens, by zxing-cpp",
        owner == number and minutes == 10 and screen is not None,
    )  # fmt: skip


def _shown(tour: Tour, but: str) -> str:
    """The digits of the code in front, once another than `but` is there."""
    page = tour.window.page(CODES)
    view = page.shown.code if isinstance(page, CodesPage) else page
    return str(wait_for(lambda: found if (found := _read(view)) != but else "") or "")


def _windows(tour: Tour) -> list[QWidget]:
    from PySide6.QtWidgets import QApplication

    return [w for w in QApplication.topLevelWidgets() if w is not tour.window and w.isVisible()]


def _read(widget: QWidget) -> str:
    """What a phone reads off a widget; empty where there is no code of ours."""
    grey = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    data, across = bytes(grey.constBits()), grey.bytesPerLine()
    lines = [data[y * across :][: grey.width()] for y in range(grey.height())]
    picture: Any = Image.frombytes("L", (grey.width(), grey.height()), b"".join(lines))
    for barcode in zxingcpp.read_barcodes(picture):
        found = decode(barcode.text)
        if isinstance(found, CodeOk):
            return found.digits
    return ""
