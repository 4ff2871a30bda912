"""Codes in a picture, by zxing-cpp: a camera's frame, a file, what was copied or dropped (CODES.md Q-15).

Only QR, EAN-13 and Code 128 are looked for: allowing every format takes twelve times as long and reads wrong things.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from guidedesk.domain.errors import GuideDeskError

MAX_FILE_BYTES: Final = 20_000_000
MAX_PIXELS: Final = 40_000_000
_LARGE: Final = 2_000  # a photo's side; a code fills enough of it to be read at this size


def read_grey(pixels: bytes | memoryview, width: int, height: int, stride: int = 0) -> tuple[str, ...]:
    """The texts of all codes in an 8-bit grey picture, in the order they were found; `stride`: bytes a row.

    Quick: upright, dark on light, as a camera sees a card. Raises ValueError where the pixels are too few.
    """
    row = stride or width
    if width <= 0 or height <= 0 or row < width or len(pixels) < row * (height - 1) + width:
        raise ValueError("too few pixels")
    return _texts(pixels, (width, height), row, is_patient=False)


def read_picture(raw: bytes) -> tuple[str, ...]:
    """The texts of all codes in a picture file's bytes: patiently, whatever way it lies.

    Raises GuideDeskError("picture_unreadable") for what is no picture, ("picture_too_large") for a huge one.
    """
    from PIL import Image, UnidentifiedImageError

    if len(raw) > MAX_FILE_BYTES:
        raise GuideDeskError("picture_too_large")
    try:
        with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise GuideDeskError("picture_too_large")
            flat = _on_white(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise GuideDeskError("picture_unreadable") from error
    if max(flat.size) > _LARGE:
        small = flat.copy()
        small.thumbnail((_LARGE, _LARGE))
        if found := _texts(small.tobytes(), small.size, small.width, is_patient=True):
            return found
    return _texts(flat.tobytes(), flat.size, flat.width, is_patient=True)


def read_file(path: Path) -> tuple[str, ...]:
    """`read_picture` of a file. Raises as it does, and `picture_unreadable` where the file cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise GuideDeskError("picture_unreadable") from error
    return read_picture(raw)


def _on_white(picture: Any) -> Any:
    """Grey, what is see-through on white: a code without a background is otherwise black on black."""
    from PIL import Image

    clear = picture.convert("RGBA")
    ground = Image.new("RGBA", clear.size, "white")
    ground.alpha_composite(clear)
    return ground.convert("L")


def _texts(pixels: bytes | memoryview, size: tuple[int, int], row: int, *, is_patient: bool) -> tuple[str, ...]:
    import zxingcpp  # late: the window that looks at no picture does not wait for it

    wanted = zxingcpp.BarcodeFormats(
        [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.EAN13, zxingcpp.BarcodeFormat.Code128]
    )
    # The view borrows the pixels without holding them: `pixels` must live until they have been read.
    borrowed: Any = pixels
    view = zxingcpp.ImageView(borrowed, *size, zxingcpp.ImageFormat.Lum, row, 1)
    found: Sequence[Any] = zxingcpp.read_barcodes(
        view, formats=wanted, try_rotate=is_patient, try_downscale=is_patient, try_invert=is_patient
    )
    return tuple(dict.fromkeys(one.text for one in found if one.valid and one.text))
