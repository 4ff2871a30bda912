"""The other kinds of scanner: a serial port (a pseudo terminal), pictures, the clipboard, drops, a camera's frames."""

from __future__ import annotations

import io
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QCoreApplication, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from guidedesk.bench.codes import FRAME, _frame
from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import MAX_BYTES, CodeRefused, Reason
from guidedesk.codes.render import draw
from guidedesk.ui.scan_frames import FrameSource
from guidedesk.ui.scan_lines import SILENCE_MS, LineGatherer
from guidedesk.ui.scan_picture import PictureSource
from guidedesk.ui.scan_serial import SerialSource
from guidedesk.ui.scan_source import Scan
from guidedesk.ui.tasks import InlineTasks
from tests.scanner.keyboard import MEMBER, FakeClock
from tests.scanner.wedge_window import RealClock

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
URL = "HTTPS://GD.EXAMPLE/Q/" + MEMBER
OTHER = "4999999999999999999940"


def heard(source) -> list[Scan]:
    scans: list[Scan] = []
    source.scanned.connect(scans.append)
    return scans


# --- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\t", b"\x03"])
def test_a_line_is_one_scan_whatever_ends_it(end):
    gatherer = LineGatherer()
    assert gatherer.take(b"\x02" + MEMBER.encode() + end + URL.encode() + end, 0) == [MEMBER, URL]


def test_silence_ends_a_line_too_and_the_next_one_is_its_own():
    gatherer = LineGatherer()
    assert gatherer.take(MEMBER.encode(), 0) == []
    assert gatherer.tick(SILENCE_MS - 1) == []
    assert gatherer.take(OTHER.encode(), SILENCE_MS) == [MEMBER]
    assert gatherer.tick(3 * SILENCE_MS) == [OTHER]
    assert gatherer.tick(9 * SILENCE_MS) == []


@given(st.lists(st.tuples(st.binary(max_size=700), st.integers(0, 200)), max_size=6))
def test_whatever_a_port_sends_is_gathered_and_never_grows(parts):
    gatherer, now = LineGatherer(), 0
    for data, later in parts:
        now += later
        for text in (*gatherer.take(data, now), *gatherer.tick(now)):
            assert text
            assert len(text) <= MAX_BYTES + 1


# --- serial ---------------------------------------------------------------------------------------


@pytest.fixture
def port(qtbot) -> Iterator[tuple[SerialSource, int]]:
    master, slave = pty.openpty()
    source = SerialSource(RealClock(), os.ttyname(slave))
    with qtbot.waitSignal(source.state_changed, timeout=20_000):
        source.start()
    assert source.state == "ready"
    yield source, master
    source.stop()
    os.close(slave)
    os.close(master)


def test_a_serial_scanner_is_heard_in_pieces_and_several_at_once(port, qtbot):
    source, master = port
    scans = heard(source)
    os.write(master, MEMBER[:9].encode())
    os.write(master, MEMBER[9:].encode() + b"\r\n" + URL.encode() + b"\r")
    qtbot.waitUntil(lambda: len(scans) == 2, timeout=20_000)
    assert [(scan.text, scan.source, scan.garbled) for scan in scans] == [
        (MEMBER, "serial", False), (URL, "serial", False)
    ]  # fmt: skip


def test_after_stop_nothing_is_told(port):
    source, master = port
    scans = heard(source)
    source.stop()
    os.write(master, MEMBER.encode() + b"\r")
    QCoreApplication.processEvents()
    assert (scans, source.state) == ([], "off")


def test_a_port_that_is_not_there_is_said(qtbot, tmp_path):
    source = SerialSource(RealClock(), str(tmp_path / "ttyNone"))
    with qtbot.waitSignal(source.state_changed, timeout=20_000):
        source.start()
    assert source.state == "missing"
    source.stop()


def test_without_a_port_nothing_starts():
    source = SerialSource(RealClock(), "")
    source.start()
    assert source.state == "off"


# --- pictures -------------------------------------------------------------------------------------


@pytest.fixture
def desk(qtbot) -> Iterator[tuple[PictureSource, QWidget, QLineEdit]]:
    window, line = QWidget(), QLineEdit()
    QVBoxLayout(window).addWidget(line)
    qtbot.addWidget(window)
    window.show()
    source = PictureSource(FakeClock(), InlineTasks(), window)
    source.start()
    yield source, window, line
    source.stop()
    QGuiApplication.clipboard().clear()


def code_file(tmp_path: Path, text: str = URL) -> Path:
    path = tmp_path / "code.png"
    path.write_bytes(draw(text, "png", mm=34))
    return path


def image_of(text: str = URL) -> QImage:
    return QImage.fromData(draw(text, "png", mm=34))


def two_codes() -> QImage:
    one, two = (Image.open(io.BytesIO(draw(text, "png", mm=34))).convert("L") for text in (URL, OTHER))
    both = Image.new("L", (one.width + two.width, max(one.height, two.height)), 255)
    both.paste(one, (0, 0))
    both.paste(two, (one.width, 0))
    out = io.BytesIO()
    both.save(out, "PNG")
    return QImage.fromData(out.getvalue())


def paste(target: QWidget) -> None:
    event = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier, "")
    QCoreApplication.sendEvent(target, event)


def drop(window: QWidget, data: QMimeData) -> bool:
    where, action, button = QPointF(5, 5), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(where.toPoint(), action, data, button, none)
    QCoreApplication.sendEvent(window, enter)
    QCoreApplication.sendEvent(window, QDropEvent(where, action, data, button, none))
    return enter.isAccepted()


def test_a_picture_file_is_a_scan(desk, tmp_path):
    source, _, _ = desk
    scans = heard(source)
    source.take_file(code_file(tmp_path))
    assert [(scan.text, scan.source) for scan in scans] == [(URL, "picture")]


def test_a_file_that_is_no_picture_is_told_by_the_tasks(desk, tmp_path):
    source, _, _ = desk
    failed: list[Exception] = []
    source._tasks.failed.connect(failed.append)
    (tmp_path / "x.png").write_text("hello")
    source.take_file(tmp_path / "x.png")
    assert [str(error) for error in failed] == ["picture_unreadable"]


@pytest.mark.parametrize(
    ("image", "text"),
    [(image_of(), URL), (two_codes(), f"{URL}\n{OTHER}"), (QImage(50, 50, QImage.Format.Format_Mono), "")],
    ids=["one", "two", "none"],
)
def test_a_copied_picture_is_one_scan_whatever_is_in_it(desk, image, text):
    source, window, _ = desk
    scans = heard(source)
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    QGuiApplication.clipboard().setImage(image)
    paste(window)
    assert [sorted(scan.text.splitlines()) for scan in scans] == [sorted(text.splitlines())]
    assert scans[0].source == "clipboard"


def test_copied_text_is_scanned_where_nobody_types_and_typed_where_she_does(desk):
    source, window, line = desk
    scans = heard(source)
    QGuiApplication.clipboard().setText(f" {MEMBER}\n")
    line.setFocus()
    paste(line)
    assert (scans, line.text().strip()) == ([], MEMBER)
    line.clearFocus()
    paste(window)
    assert [scan.text for scan in scans] == [MEMBER]


def test_a_dropped_file_picture_or_text_is_a_scan(desk, tmp_path):
    source, window, _ = desk
    scans = heard(source)
    file, picture, text, nothing = QMimeData(), QMimeData(), QMimeData(), QMimeData()
    file.setUrls([QUrl.fromLocalFile(str(code_file(tmp_path)))])
    picture.setImageData(image_of())
    text.setText(MEMBER)
    assert [drop(window, data) for data in (file, picture, text, nothing)] == [True, True, True, False]
    assert [(scan.text, scan.source) for scan in scans] == [(URL, "drop"), (URL, "drop"), (MEMBER, "drop")]


def test_a_dropped_address_of_another_pc_is_not_opened(desk, monkeypatch):
    source, window, _ = desk
    scans, opened = heard(source), []
    monkeypatch.setattr(source, "take_file", lambda path, _source: opened.append(path))
    data = QMimeData()
    data.setUrls([QUrl("file://evil/share/code.png"), QUrl("https://evil.example/code.png")])
    drop(window, data)
    assert opened == []
    assert [decode(scan.text) for scan in scans] == [CodeRefused(Reason.NOT_A_CODE)]


# --- frames ---------------------------------------------------------------------------------------


def frames() -> tuple[FrameSource, FakeClock, list[Scan]]:
    clock = FakeClock()
    source = FrameSource(clock, InlineTasks())
    source.start()
    return source, clock, heard(source)


def frame(text: str = URL) -> QImage:
    return QImage(_frame(text), *FRAME, FRAME[0], QImage.Format.Format_Grayscale8).copy()


def test_a_code_held_before_the_camera_is_one_scan():
    source, clock, scans = frames()
    for _ in range(40):
        source.take_image(frame())
        clock.now_ms += 100
    assert [(scan.text, scan.source) for scan in scans] == [(URL, "camera")]
    clock.now_ms += 2_000
    source.take_image(frame())
    assert len(scans) == 2


def test_frames_of_any_format_are_read_and_empty_ones_let_go():
    source, clock, scans = frames()
    for kind in (QImage.Format.Format_RGB32, QImage.Format.Format_RGB888, QImage.Format.Format_RGB16):
        clock.now_ms += 5_000
        source.take_image(frame().convertToFormat(kind))
    source.take_image(QImage())
    source.take_image(QImage(640, 480, QImage.Format.Format_Mono))
    assert len(scans) == 3
    source.stop()
    source.take_image(frame())
    assert len(scans) == 3


@pytest.mark.long  # needs the extra, which the gate does not install
@pytest.mark.qt_log_ignore("Couldn't (load|resolve)|Qt multimedia|RHI")
def test_the_camera_itself_gives_its_sinks_frames(qtbot):
    multimedia = pytest.importorskip("PySide6.QtMultimedia", reason="the extra `camera` is not installed")
    from guidedesk.ui.scan_camera import CameraSource

    source = CameraSource(FakeClock(), InlineTasks())
    source.start()
    scans = heard(source)
    source.sink.setVideoFrame(multimedia.QVideoFrame(frame().convertToFormat(QImage.Format.Format_RGB32)))
    qtbot.waitUntil(lambda: len(scans) == 1, timeout=10_000)
    source.stop()
    assert scans[0].text == URL
