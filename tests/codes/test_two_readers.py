"""Codes as a counter meets them: printed, smeared, turned, noisy, and read by two decoders that share no code (Q-11).

What cannot be read is tried again by the person holding the scanner; what is read as something else is somebody
else's card. So unread codes are counted, misread ones forbidden.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import cv2
import numpy
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from guidedesk.codes.encoder import new_short, short_url
from guidedesk.codes.forms import CodeType
from guidedesk.codes.render import draw
from guidedesk.codes.signed_record import tail_bytes
from guidedesk.codes.signer import sign_code
from tests.codes.test_encoder import _Seeded

KINDS = [CodeType.MEMBER, CodeType.ASSOCIATE, CodeType.STORE, CodeType.INVITATION]
SIGNED = [CodeType.MEMBER, CodeType.MEMBER_DYNAMIC, CodeType.COUPON, CodeType.STAFF_BADGE]
DPI, CAMERA_DPI = 203, 305  # a camera sees a module as one and a half of the printer's dots
Reader = Callable[[Image.Image], str]


def by_zxing(picture: Image.Image) -> str:
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return found[0].text if found else ""


def by_opencv(picture: Image.Image) -> str:
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(numpy.asarray(picture))
    return str(text)


READERS: dict[str, Reader] = {"zxing": by_zxing, "opencv": by_opencv}


def code_text(number: int, rng: random.Random) -> str:
    """Seven of ten short, as on cards; the host in upper case, or in lower for mini programs."""
    is_lower = number % 5 == 4
    if number % 10 < 7:
        return short_url("gd.example", new_short(KINDS[number % 4], _Seeded(number)), lower_case=is_lower)
    kind = SIGNED[number % 4]
    digits = sign_code(
        rng.randbytes(32), key_id=number % 65_536, kind=kind, handle=rng.randbytes(8), generation=number % 9,
        expires=rng.randrange(1 << 32), tail=rng.randbytes(tail_bytes(kind)),
    )  # fmt: skip
    return short_url("gd.example", digits, lower_case=is_lower)


def as_seen(printed: Image.Image, rng: random.Random) -> Image.Image:
    """A print under a camera: turned by any angle, out of focus, at a distance, with a noisy sensor."""
    side = printed.size[0] * CAMERA_DPI // DPI
    seen = printed.convert("L").resize((side, side), Image.Resampling.BILINEAR)
    seen = seen.rotate(rng.uniform(0, 360), Image.Resampling.BILINEAR, expand=True, fillcolor=255)
    seen = seen.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 2.0)))
    noise = Image.frombytes("L", seen.size, rng.randbytes(seen.size[0] * seen.size[1]))
    return Image.blend(seen, noise, rng.uniform(0.0, 0.25))


def read_codes(count: int, seed: int) -> dict[str, dict[str, int]]:
    """For each reader, how many codes it read off the clean print and as seen; a misread fails at once."""
    rng = random.Random(seed)
    read = {name: {"printed": 0, "seen": 0} for name in READERS}
    for number in range(count):
        text = code_text(number, rng)
        printed = Image.open(io.BytesIO(draw(text, "png", mm=34, dpi=DPI))).convert("L")
        for name, reader in READERS.items():
            for how, picture in (("printed", printed), ("seen", as_seen(printed, rng))):
                found = reader(picture)
                assert found in ("", text), (name, how, number, found, text)
                read[name][how] += found == text
    return read


def check(read: dict[str, dict[str, int]], count: int) -> None:
    assert read["zxing"]["printed"] == count
    assert read["zxing"]["seen"] >= 0.9 * count
    # The second opinion finds fewer of the poor ones; it has to agree, not to be quick-eyed.
    assert read["opencv"]["printed"] >= 0.9 * count
    assert read["opencv"]["seen"] >= 0.5 * count


def test_two_readers_agree_on_what_was_printed():
    check(read_codes(40, seed=20_261_128), 40)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_thousand_codes_without_a_misread():
    check(read_codes(1_000, seed=4), 1_000)
