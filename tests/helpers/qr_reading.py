"""Reading a code from its modules, as a scanner reads the picture of them."""

from __future__ import annotations

import math
import re

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


def read_svg(svg: str) -> str:
    """The text of a code drawn in a page as strokes one module thick, quiet zone and all."""
    side = int(re.findall(r'viewBox="0 0 (\d+) ', svg)[0])
    picture = Image.new("L", (side, side), 255)
    x = y = 0
    for step, first, second in re.findall(r"([Mhm])(\d+)(?: ([\d.]+))?", re.findall(r'<path d="([^"]*)"', svg)[0]):
        if step == "M":
            x, y = int(first), int(float(second))
        else:
            if step == "h":
                for at in range(x, x + int(first)):
                    picture.putpixel((at, y), 0)
            x += int(first)
    (found,) = zxingcpp.read_barcodes(picture.resize((side * _SCALE, side * _SCALE), Image.Resampling.NEAREST))
    return str(found.text)
