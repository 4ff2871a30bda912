"""Golden bytes: what printers are sent, to the byte (issue of codes; FACTS.md, printing)."""

from __future__ import annotations

import socket
import threading

import pytest

from guidedesk.codes.label_bytes import Bitmap, label_bytes
from guidedesk.services.label_printer import PrinterAddress, PrinterError, read_address, send_label
from guidedesk.services.printers import PrinterSettings, checked_printers, read_printers

PICTURE = Bitmap(12, (b"\xff\xf0", b"\x80\x10", b"\xff\xf0"))


def test_escpos() -> None:
    assert label_bytes(PICTURE, "escpos") == (
        b"\x1b@" b"\x1dv0\x00" b"\x02\x00" b"\x03\x00" b"\xff\xf0\x80\x10\xff\xf0" b"\n\n\n" b"\x1dVB\x00"
    )


def test_a_long_label_goes_in_bands() -> None:
    data = label_bytes(Bitmap(8, (b"\x01",) * 300), "escpos")
    assert data.count(b"\x1dv0\x00") == 2
    assert b"\x1dv0\x00\x01\x00\x00\x01" + b"\x01" * 256 + b"\x1dv0\x00\x01\x00\x2c\x00" + b"\x01" * 44 in data


def test_zpl() -> None:
    wanted = b"^XA^PW12^LL3^LH0,0^FO0,0^GFA,6,6,2,FFF08010FFF0^FS^PQ1^XZ\n"
    assert label_bytes(PICTURE, "zpl") == wanted


def test_tspl_prints_zeros() -> None:
    wanted = b"SIZE 2 mm,1 mm\r\nCLS\r\nBITMAP 0,0,2,3,0,\x00\x0f\x7f\xef\x00\x0f\r\nPRINT 1,1\r\n"
    assert label_bytes(PICTURE, "tspl") == wanted


@pytest.mark.parametrize(("width", "lines"), [(0, (b"",)), (9, (b"\x00",)), (8, ())])
def test_a_bitmap_is_as_wide_as_it_says(width: int, lines: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="as long as its width"):
        Bitmap(width, lines)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" 192.168.1.40 ", PrinterAddress("192.168.1.40", 9100)),
        ("printer.shop:9101", PrinterAddress("printer.shop", 9101)),
        ("[fe80::1]:9100", PrinterAddress("fe80::1", 9100)),
    ],
)
def test_addresses_as_people_write_them(text: str, wanted: PrinterAddress) -> None:
    assert read_address(text) == wanted
    assert read_address(wanted.text) == wanted


@pytest.mark.parametrize("text", ["", "http://x", "192.168.1.40:0", "a:99999", "a b", "192.168.1.40:９１００", "x;rm"])
def test_nonsense_is_no_address(text: str) -> None:
    with pytest.raises(PrinterError) as told:
        read_address(text)
    assert told.value.code == "printer_address"


def test_a_printer_gets_exactly_the_bytes() -> None:
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            line, _ = server.accept()
            with line:
                while part := line.recv(65_536):
                    got.append(part)

        printer = threading.Thread(target=take)
        printer.start()
        data = label_bytes(Bitmap(384, (b"\xaa" * 48,) * 500), "escpos")
        send_label(PrinterAddress("127.0.0.1", server.getsockname()[1]), data)
        printer.join(10)
    assert b"".join(got) == data


def test_a_printer_that_is_off_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PrinterError) as told:
        send_label(PrinterAddress("127.0.0.1", port), b"x")
    assert (told.value.code, told.value.params["printer"]) == ("printer_silent", f"127.0.0.1:{port}")


@pytest.mark.parametrize(
    "kept", [None, [], {"label": "a b"}, {"label": "x", "language": "pcl", "width": 384}, {"width": 7}]
)
def test_what_was_kept_and_is_no_use_is_no_printer(kept: object) -> None:
    assert read_printers(kept) == PrinterSettings()


def test_printers_are_kept_as_they_were_set() -> None:
    settings = PrinterSettings("192.168.1.40", "zpl", 576, "Zebra ZC300")
    assert read_printers(settings.to_dict()) == settings
    assert checked_printers(PrinterSettings(" 192.168.1.40:9100 ")).label == "192.168.1.40"
