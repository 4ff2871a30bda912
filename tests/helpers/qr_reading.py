"""Reading a code from its modules, as a scanner reads the picture of them."""

from __future__ import annotations

import math

import zxingcpp
from PIL import Image

_SCALE = 4
_QUIET = 4


def read_modules(bits_hex: str) -> str:
    """The text of a square code whose modules are given row by row as hex."""
    bits = "".join(f"{int(digit, 16):04b}" for digit in bits_hex)
    side = math.isqrt(len(bits))
    picture = Image.new("L", (side + 2 * _QUIET, side + 2 * _QUIET), 255)
    for at in range(side * side):
        if bits[at] == "1":
            picture.putpixel((at % side + _QUIET, at // side + _QUIET), 0)
    large = picture.resize((picture.width * _SCALE, picture.height * _SCALE), Image.Resampling.NEAREST)
    (found,) = zxingcpp.read_barcodes(large)
    return str(found.text)
