"""A camera that made frames come from: a code comes into its view, and the card of its member is painted.

Thirty frames a second of 1280x720, whatever is in view; a code comes into it at a moment of its own, between two
frames, so that waiting for the next one counts. Frames go the way a camera's go: `CameraSource.take_frame` where the
extra `camera` is installed (Qt's own video frames), else `FrameSource.take_image`, which that calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Any, Final

from guidedesk.bench.card_watch import CardWatch
from guidedesk.bench.data import Profile

MEMBERS: Final = 20_000
LINES: Final = 200_000
FRAME_MS: Final = 33
_WARM_UP: Final = 3


def views_to_cards(
    profile: Profile, views: int, frame: Callable[[str], bytes], size: tuple[int, int], host: str
) -> tuple[list[float], str, bool]:
    """Seconds from a code in view to its painted card, by which way the frames went, and whether each was recorded."""
    from guidedesk.bench.desk import BenchDesk
    from guidedesk.codes.encoder import short_url

    desk = BenchDesk(profile)
    try:
        with desk.counter.read() as conn:
            query = "SELECT digits FROM member_code WHERE state = 'live' ORDER BY digits LIMIT ?"
            codes = [str(row[0]) for row in conn.exec_driver_sql(query, (views + _WARM_UP,))]
        camera, rng = _Camera(desk, size), Random(5)
        watch = CardWatch(desk)
        took: list[float] = []
        before = _visits(desk.counter)
        for number, digits in enumerate(codes):
            picture = camera.image(frame(short_url(host, digits)))
            desk.settle(FRAME_MS + rng.randrange(FRAME_MS))
            card, _ = watch.took(lambda picture=picture: camera.show(picture))  # type: ignore[misc]
            camera.clear()
            if number >= _WARM_UP:
                took.append(card)
        camera.stop()
        return took, camera.way, _visits(desk.counter) - before == len(codes)
    finally:
        desk.close()


class _Camera:
    def __init__(self, desk: Any, size: tuple[int, int]) -> None:
        from PySide6.QtCore import Qt, QTimer
        from PySide6.QtGui import QImage

        from guidedesk.sync.system import SystemClock
        from guidedesk.ui.scan_camera import CameraSource, has_cameras
        from guidedesk.ui.scan_frames import FrameSource

        self._size, self._image_type = size, QImage
        self.way = "CameraSource.take_frame" if has_cameras() else "FrameSource.take_image"
        self._source = (CameraSource if has_cameras() else FrameSource)(SystemClock(), desk.app.tasks)
        self._source.scanned.connect(desk.app.window.on_scanned)
        self._source.start()
        self._table = self.image(bytes([90]) * (size[0] * size[1]))
        self._seen = self._table
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._deliver)
        self._timer.start(FRAME_MS)

    def image(self, grey: bytes) -> Any:
        """A coloured picture, as cameras give them."""
        width, height = self._size
        made = self._image_type(grey, width, height, width, self._image_type.Format.Format_Grayscale8)
        return made.convertToFormat(self._image_type.Format.Format_RGB32)

    def show(self, picture: Any) -> float:
        """The code is in view from now on."""
        self._seen = picture
        return time.perf_counter()

    def clear(self) -> None:
        """Nothing but the table."""
        self._seen = self._table

    def stop(self) -> None:
        self._timer.stop()
        self._source.stop()

    def _deliver(self) -> None:
        if self.way.startswith("Camera"):
            from PySide6.QtMultimedia import QVideoFrame

            self._source.sink.setVideoFrame(QVideoFrame(self._seen))  # type: ignore[attr-defined]
        else:
            self._source.take_image(self._seen)


def _visits(counter: Any) -> int:
    with counter.journal.db.read() as conn:
        return int(conn.exec_driver_sql("SELECT count(*) FROM operation WHERE type = 'visit'").scalar_one())
