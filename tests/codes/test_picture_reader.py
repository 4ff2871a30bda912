"""Codes in pictures: the three formats we look for, in whatever file a customer sends, and nothing that breaks."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from guidedesk.bench.codes import FRAME, _frame
from guidedesk.codes.picture_reader import MAX_FILE_BYTES, read_file, read_grey, read_picture
from guidedesk.codes.render import draw
from guidedesk.domain.errors import GuideDeskError

MEMBER = "1012345678901234567837"
URL = "HTTPS://GD.EXAMPLE/Q/" + MEMBER


def code_picture() -> Image.Image:
    return Image.open(io.BytesIO(draw(URL, "png", mm=34))).convert("L")


def file_of(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def linear(text: str, name: str) -> Image.Image:
    symbol = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, name))
    drawn: Any = symbol.to_image(scale=3)
    height, width = drawn.shape
    return Image.frombytes("L", (width, height), bytes(drawn))


def test_a_camera_frame_is_read():
    assert read_grey(_frame(URL), *FRAME) == (URL,)


def test_rows_may_be_longer_than_the_picture():
    picture = code_picture()
    wide = Image.new("L", (picture.width + 17, picture.height), 0)
    wide.paste(picture, (0, 0))
    assert read_grey(wide.tobytes(), *picture.size, wide.width) == (URL,)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5), (10, 11)])
def test_too_few_pixels_are_refused_before_the_library_sees_them(size):
    with pytest.raises(ValueError, match="too few"):
        read_grey(bytes(100), *size)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"])
def test_any_usual_picture_file_is_read(kind, tmp_path):
    path = tmp_path / "code"
    path.write_bytes(file_of(code_picture(), kind))
    assert read_file(path) == (URL,)


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 33])
def test_a_picture_may_lie_any_way(turn):
    assert read_picture(file_of(code_picture().rotate(turn, expand=True, fillcolor=255))) == (URL,)


def test_a_code_in_the_corner_of_a_large_photo_is_found():
    photo = Image.new("L", (4000, 3000), 120)
    photo.paste(code_picture(), (3400, 2500))
    assert read_picture(file_of(photo)) == (URL,)


def test_a_code_without_a_background_is_read_as_if_on_white():
    clear = Image.new("RGBA", code_picture().size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=code_picture().point(lambda value: 255 - value))
    assert read_picture(file_of(clear)) == (URL,)


def test_product_codes_and_code_128_are_read_and_no_other_format_is():
    assert read_picture(file_of(linear("6901234567892", "EAN13"))) == ("6901234567892",)
    assert read_picture(file_of(linear(MEMBER, "Code128"))) == (MEMBER,)
    assert read_picture(file_of(linear(MEMBER, "DataMatrix"))) == ()


def test_two_codes_are_both_told():
    both = Image.new("L", (code_picture().width * 2, code_picture().height), 255)
    both.paste(code_picture(), (0, 0))
    other = Image.open(io.BytesIO(draw(MEMBER, "png", mm=34))).convert("L")
    both.paste(other, (code_picture().width, 0))
    assert set(read_picture(file_of(both))) == {URL, MEMBER}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "picture_unreadable"),
        (b"%PDF-1.4", "picture_unreadable"),
        (b"\x89PNG\r\n\x1a\n", "picture_unreadable"),
        (bytes(MAX_FILE_BYTES + 1), "picture_too_large"),
        (file_of(Image.new("1", (7_000, 7_000))), "picture_too_large"),
    ],
    ids=["empty", "pdf", "cut", "heavy", "wide"],
)
def test_what_is_no_picture_is_one_sentence(raw, code):
    with pytest.raises(GuideDeskError) as caught:
        read_picture(raw)
    assert caught.value.code == code


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(GuideDeskError, match="picture_unreadable"):
            read_file(path)


GOOD = file_of(code_picture())


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_a_broken_file_is_read_or_refused_but_never_breaks(place, value, length):
    broken = bytearray(GOOD)
    broken[place] = value
    found: tuple[str, ...] = ()
    with suppress(GuideDeskError):
        found = read_picture(bytes(broken[:length]))
    assert found in ((), (URL,))
