"""The picture of a code (CODES.md 1 and Q-10): whole dots a module, quiet zone of 4, pure black on white."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final, Literal

from guidedesk.codes.forms import SHORT_DIGITS
from guidedesk.codes.signed_record import BYTES_BY_DIGITS
from guidedesk.domain.errors import GuideDeskError

QUIET: Final = 4
LEAST_MODULE_UM: Final = 500  # 4 dots at 203 dpi
_UM_PER_INCH: Final = 25_400
_ROUNDING_UM: Final = 10  # 4 dots at 203 dpi are 500.5 um; a printer's dpi is a round figure
PictureKind = Literal["png", "svg", "pdf"]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The modules of one QR code without its quiet zone; `rows[y][x]` is True for black."""

    version: int
    rows: tuple[tuple[bool, ...], ...]

    @property
    def side(self) -> int:
        """Modules along one side, quiet zone included."""
        return len(self.rows) + 2 * QUIET


def code_matrix(text: str) -> Matrix:
    """The smallest symbol: level Q for short codes, M for signed ones (CODES.md 1).

    Raises GuideDeskError("not_a_code_to_draw") where the text does not end in the digits of a code.
    """
    digits = len(text) - len(text.rstrip("0123456789"))
    if digits != SHORT_DIGITS and digits not in BYTES_BY_DIGITS:
        raise GuideDeskError("not_a_code_to_draw")
    return text_matrix(text, "Q" if digits == SHORT_DIGITS else "M")


def text_matrix(text: str, level: str = "M") -> Matrix:
    """The smallest symbol that holds any text: for the scanner's self-test, which is no code of ours."""
    import zxingcpp  # late: the window that shows no code does not wait for it

    # It parts prefix and digits into modes of their own, which is what keeps the symbol small.
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    picture: Any = symbol.to_image(scale=1, add_quiet_zones=False)
    side = picture.shape[0]
    cells = [value == 0 for value in bytes(picture)]
    return Matrix((side - 17) // 4, tuple(tuple(cells[at : at + side]) for at in range(0, side * side, side)))


def draw(text: str, kind: PictureKind, *, mm: int = 30, dpi: int = 203) -> bytes:
    """A picture `mm` wide with the code in its middle, as large as whole printer dots allow.

    Raises GuideDeskError("code_too_small", mm) where a module would be under 0.5 mm; `mm` is what it needs.
    """
    matrix = code_matrix(text)
    dots = _dots(matrix, mm, dpi)
    if kind == "svg":
        return _svg(matrix, mm, dots, dpi)
    return _raster(matrix, kind, mm, dots, dpi)


def _dots(matrix: Matrix, mm: int, dpi: int) -> int:
    """Printer dots a module."""
    if mm <= 0 or dpi <= 0:
        raise GuideDeskError("bad_code_field", field="mm" if mm <= 0 else "dpi")
    dots = mm * 1000 * dpi // (_UM_PER_INCH * matrix.side)
    least = -(-(LEAST_MODULE_UM - _ROUNDING_UM) * dpi // _UM_PER_INCH)
    if dots < least:
        needed = -(-least * matrix.side * _UM_PER_INCH // (dpi * 1000))
        raise GuideDeskError("code_too_small", mm=needed)
    return dots


def _raster(matrix: Matrix, kind: PictureKind, mm: int, dots: int, dpi: int) -> bytes:
    from PIL import Image

    across = mm * 1000 * dpi // _UM_PER_INCH
    inner = len(matrix.rows)
    small = Image.frombytes("L", (inner, inner), bytes(0 if cell else 255 for row in matrix.rows for cell in row))
    picture = Image.new("1", (across, across), 1)
    corner = (across - inner * dots) // 2
    picture.paste(small.resize((inner * dots, inner * dots), Image.Resampling.NEAREST).convert("1"), (corner, corner))
    out = io.BytesIO()
    if kind == "png":
        picture.save(out, "PNG", dpi=(dpi, dpi))
    else:
        picture.save(out, "PDF", resolution=dpi)
    return out.getvalue()


def _svg(matrix: Matrix, mm: int, dots: int, dpi: int) -> bytes:
    across = mm * 1000 * dpi // _UM_PER_INCH
    corner = (across - len(matrix.rows) * dots) // 2
    squares = "".join(
        f"M{corner + start * dots} {corner + y * dots}h{(end - start) * dots}v{dots}h-{(end - start) * dots}z"
        for y, row in enumerate(matrix.rows)
        for start, end in runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{mm}mm" height="{mm}mm" viewBox="0 0 {across} {across}" '
        f'shape-rendering="crispEdges"><rect width="{across}" height="{across}" fill="#fff"/>'
        f'<path d="{squares}" fill="#000"/></svg>\n'
    ).encode()


def runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Black stretches of a row of modules: (first, one past the last)."""
    found: list[tuple[int, int]] = []
    for x, cell in enumerate(row):
        if cell and found and found[-1][1] == x:
            found[-1] = (found[-1][0], x + 1)
        elif cell:
            found.append((x, x + 1))
    return found
