"""Which printers this counter uses: kept with the counter, not with a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.services.label_printer import read_address

LANGUAGE_NAMES: Final = ("escpos", "zpl", "tspl")
WIDTHS: Final = (384, 576)  # dots at 203 dpi: 58 mm paper prints 48 mm, 80 mm paper 72 mm


@dataclass(frozen=True, slots=True)
class PrinterSettings:
    """`label`: address of the label printer, empty for none; `language` it speaks; `width` in dots; `card`: name of a
    system printer for cards, empty to save a PDF."""

    label: str = ""
    language: str = "escpos"
    width: int = 384
    card: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return {"label": self.label, "language": self.language, "width": self.width, "card": self.card}


def read_printers(kept: object) -> PrinterSettings:
    """What was kept; the defaults where it is nothing this program can use."""
    if not isinstance(kept, Mapping):
        return PrinterSettings()
    found = PrinterSettings(
        str(kept.get("label", "")), str(kept.get("language", "")), kept.get("width", 0), str(kept.get("card", ""))
    )
    try:
        return checked_printers(found)
    except Refused:
        return PrinterSettings()


def checked_printers(settings: PrinterSettings) -> PrinterSettings:
    """The same, tidied; `printer_address` for an address nobody can reach, `validation` for other nonsense."""
    label = settings.label.strip()
    if label:
        label = read_address(label).text
    if settings.language not in LANGUAGE_NAMES or settings.width not in WIDTHS:
        raise Refused("validation", field="printer", why="bad_value")
    return PrinterSettings(label, settings.language, settings.width, settings.card.strip()[:200])
