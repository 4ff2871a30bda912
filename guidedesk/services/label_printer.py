"""Sending a label to a printer on the shop's network (TCP 9100): it answers in time, or the job is kept."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import Final

from guidedesk.domain.errors import Refused

DEFAULT_PORT: Final = 9100
_TIMEOUT_S: Final = 4.0
_MOST_PORT: Final = 65_535
_ADDRESS: Final = re.compile(r"(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?")


class PrinterError(Refused):
    """`printer_silent`: nothing answered in time, or it broke off; `printer_address`: no such way to write one."""


@dataclass(frozen=True, slots=True)
class PrinterAddress:
    """Where a printer listens."""

    host: str
    port: int = DEFAULT_PORT

    @property
    def text(self) -> str:
        """As people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORT else f"{host}:{self.port}"


def read_address(text: str) -> PrinterAddress:
    """`192.168.1.40`, `printer.shop:9101` or `[fe80::1]`; `printer_address` for anything else."""
    found = _ADDRESS.fullmatch(text.strip())
    port = int(found["port"] or DEFAULT_PORT) if found else 0
    if found is None or not 0 < port <= _MOST_PORT:
        raise PrinterError("printer_address", text=text.strip()[:40])
    return PrinterAddress(found["host"].strip("[]"), port)


def send_label(address: PrinterAddress, data: bytes) -> None:
    """Hand the bytes over; `printer_silent` when the printer does not take them, then nothing counts as printed.

    Printers of this kind answer nothing: taken by its network side is all that can be known.
    """
    try:
        with socket.create_connection((address.host, address.port), timeout=_TIMEOUT_S) as line:
            line.settimeout(_TIMEOUT_S)
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
    except OSError as error:
        raise PrinterError("printer_silent", printer=address.text) from error
