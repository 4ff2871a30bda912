"""What label and receipt printers take: a picture as ESC/POS, ZPL or TSPL bytes. Golden bytes hold them in place.

Everything is printed as one picture: a thermal printer has no Chinese letters of its own to rely on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

PrinterLanguage = Literal["escpos", "zpl", "tspl"]
LANGUAGES: Final[tuple[PrinterLanguage, ...]] = ("escpos", "zpl", "tspl")
_BAND: Final = 256  # lines a command: small printers have memory for no more
_FEED: Final = b"\n" * 3
_CUT: Final = b"\x1dV\x42\x00"  # GS V: feed to the knife, cut partly; printers without one ignore it
_DOTS_PER_MM: Final = 8  # 203 dpi


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Black and white: `lines` of `(width + 7) // 8` bytes each, the highest bit leftmost, 1 is black."""

    width: int
    lines: tuple[bytes, ...]

    def __post_init__(self) -> None:
        across = (self.width + 7) // 8
        if self.width <= 0 or not self.lines or any(len(line) != across for line in self.lines):
            raise ValueError("lines of a bitmap are as long as its width")


def label_bytes(picture: Bitmap, language: PrinterLanguage) -> bytes:
    """One label, ready to be sent."""
    if language == "zpl":
        return _zpl(picture)
    return _tspl(picture) if language == "tspl" else _escpos(picture)


def _escpos(picture: Bitmap) -> bytes:
    across = len(picture.lines[0])
    out = bytearray(b"\x1b@")  # ESC @: forget what an earlier job left behind
    for start in range(0, len(picture.lines), _BAND):
        band = picture.lines[start : start + _BAND]
        out += b"\x1dv0\x00" + across.to_bytes(2, "little") + len(band).to_bytes(2, "little") + b"".join(band)
    return bytes(out + _FEED + _CUT)


def _zpl(picture: Bitmap) -> bytes:
    across, high = len(picture.lines[0]), len(picture.lines)
    size = across * high
    data = "".join(line.hex().upper() for line in picture.lines)
    head = f"^XA^PW{picture.width}^LL{high}^LH0,0^FO0,0^GFA,{size},{size},{across},"
    return f"{head}{data}^FS^PQ1^XZ\n".encode("ascii")


def _tspl(picture: Bitmap) -> bytes:
    across, high = len(picture.lines[0]), len(picture.lines)
    head = (
        f"SIZE {-(-picture.width // _DOTS_PER_MM)} mm,{-(-high // _DOTS_PER_MM)} mm\r\n"
        f"CLS\r\nBITMAP 0,0,{across},{high},0,"
    )
    # TSPL prints zeros.
    turned = b"".join(bytes(255 - byte for byte in line) for line in picture.lines)
    return head.encode("ascii") + turned + b"\r\nPRINT 1,1\r\n"
