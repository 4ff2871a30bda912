"""The child of `bench start`: `guidedesk run` on a profile, ended as soon as its window has taken a scan.

Prints the monotonic moment and the memory in MB. With `--empty`: PySide6 and an empty window, the floor.
"""

from __future__ import annotations

import sys
import time
from typing import Any


def _say() -> None:
    ready = time.perf_counter()
    from guidedesk.bench.figures import rss_mb

    sys.stdout.write(f"{ready} {rss_mb()}\n")
    sys.stdout.flush()


def empty() -> int:
    """An empty window, painted."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication([])
    window = QMainWindow()
    window.show()

    def painted() -> None:
        _say()
        app.quit()

    QTimer.singleShot(0, painted)
    return app.exec()


def counter(folder: str) -> int:
    """The counter app as `guidedesk run` opens it; once it is shown and painted, a scan is typed."""
    from guidedesk.cli import main

    _watch_start()
    return main(["run", "--profile", folder, "--demo-key", "--lang", "en"])


def _watch_start() -> None:
    from guidedesk import app as product

    start = product.CounterApp.start

    def started(self: Any) -> None:
        from guidedesk.bench.paint import PaintWatch

        watch = PaintWatch(self.window.window)
        start(self)
        self.scanner.scanned.connect(lambda _scan: _end(self))
        watch.painted = lambda: _scan_once(self, watch)

    product.CounterApp.start = started  # type: ignore[method-assign]


def _scan_once(app: Any, watch: Any) -> None:
    from guidedesk.bench.keys import scanner_keys

    watch.painted = lambda: None
    for key in scanner_keys("1" * 22):
        key(app.window.window)


def _end(app: Any) -> None:
    from PySide6.QtWidgets import QApplication

    _say()
    app.window.window.close()
    QApplication.quit()


if __name__ == "__main__":
    sys.exit(empty() if sys.argv[1] == "--empty" else counter(sys.argv[1]))
