"""Pictures of codes are read back, and are what a printer needs (CODES.md 1, Q-10, Q-11)."""

from __future__ import annotations

import io
import random
import re

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from guidedesk.codes.encoder import new_short, short_url
from guidedesk.codes.forms import CodeType
from guidedesk.codes.render import code_matrix, draw
from guidedesk.codes.signer import sign_code
from guidedesk.domain.errors import GuideDeskError
from tests.codes.test_encoder import _Seeded

MEMBER = "1012345678901234567837"


def read(picture: Image.Image) -> str:
    found = zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return found[0].text if found else ""


def drawn(text: str, **how: int) -> Image.Image:
    return Image.open(io.BytesIO(draw(text, "png", **how)))


def signed(kind: CodeType, tail: bytes) -> str:
    return sign_code(bytes(32), key_id=1, kind=kind, handle=bytes(8), generation=1, expires=220_000_000, tail=tail)


@pytest.mark.parametrize(
    ("host", "lower", "version"),
    [("A" * 20, False, 3), ("A" * 21, False, 4), ("a" * 10, True, 3), ("a" * 11, True, 4)],
)
def test_a_short_code_takes_the_smallest_symbol(host, lower, version):
    assert code_matrix(short_url(host, MEMBER, lower_case=lower)).version == version


@pytest.mark.parametrize(
    ("kind", "tail", "host", "version"),
    [
        (CodeType.MEMBER, b"", "A" * 22, 6),
        (CodeType.MEMBER, b"", "A" * 23, 7),
        (CodeType.MEMBER_DYNAMIC, bytes(4), "A" * 16, 6),
        (CodeType.MEMBER_DYNAMIC, bytes(4), "A" * 17, 7),
        (CodeType.COUPON, bytes(8), "A" * 10, 6),
        (CodeType.COUPON, bytes(8), "A" * 11, 7),
    ],
)
def test_a_signed_code_takes_6_m_where_the_host_allows(kind, tail, host, version):
    assert code_matrix(short_url(host, signed(kind, tail))).version == version


def test_a_picture_for_a_label_printer_has_whole_dots_and_a_quiet_zone():
    picture = drawn(MEMBER, mm=30, dpi=203)
    assert picture.mode == "1"
    assert picture.size == (239, 239)
    assert round(picture.info["dpi"][0]) == 203
    black = picture.convert("L").point(lambda value: 255 - value).getbbox()
    assert black is not None
    left, top, right, bottom = black
    side = len(code_matrix(MEMBER).rows)
    dots = (right - left) // side
    assert (right - left, bottom - top) == (side * dots, side * dots)
    assert dots >= 4
    assert min(left, top, 239 - right, 239 - bottom) >= 4 * dots - 1


def test_a_signed_code_fits_30_mm_at_203_dpi_with_four_dots():
    text = short_url("GD.EXAMPLE", signed(CodeType.COUPON, bytes(8)))
    assert read(drawn(text, mm=30, dpi=203)) == text
    with pytest.raises(GuideDeskError) as caught:
        draw(text, "png", mm=20, dpi=203)
    assert caught.value.code == "code_too_small"
    needed = caught.value.params["mm"]
    assert isinstance(needed, int)
    assert read(drawn(text, mm=needed, dpi=203)) == text


def test_svg_and_pdf_hold_the_same_code():
    svg = draw(MEMBER, "svg").decode()
    size = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    picture = Image.new("L", (size, size), 255)
    for x, y, wide, high in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)", svg):
        left, top = int(x), int(y)
        picture.paste(0, (left, top, left + int(wide), top + int(high)))
    assert read(picture) == MEMBER
    assert 'width="30mm"' in svg
    pdf = draw(MEMBER, "pdf")
    assert pdf.startswith(b"%PDF-")
    box = re.search(rb"MediaBox \[ ?0 0 ([0-9.]+)", pdf)
    assert box is not None
    assert abs(float(box.group(1)) - 239 * 72 / 203) < 0.1


def test_codes_survive_printing_and_a_poor_camera():
    rng = random.Random(20_261_128)
    for number in range(40):
        kind = (CodeType.MEMBER, CodeType.ASSOCIATE, CodeType.STORE, CodeType.INVITATION)[number % 4]
        text = short_url("GD.EXAMPLE", new_short(kind, _Seeded(number)))
        seen = drawn(text, mm=30, dpi=203).convert("L").resize((358, 358), Image.Resampling.BILINEAR)
        seen = seen.rotate(rng.uniform(-25, 25), Image.Resampling.BILINEAR, expand=True, fillcolor=255)
        seen = seen.filter(ImageFilter.GaussianBlur(1.5))
        noise = Image.frombytes("L", seen.size, rng.randbytes(seen.size[0] * seen.size[1]))
        assert read(Image.blend(seen, noise, 0.15)) in (text, ""), number  # unread is told, misread is not
        assert read(seen) == text, number
