from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guidedesk.ui.scan_burst import WedgeSettings
from guidedesk.ui.scanner import ScannerInput
from tests.scanner.keyboard import Desk, FakeClock

DeskMaker = Callable[..., Desk]


@pytest.fixture
def desk(qtbot) -> Iterator[DeskMaker]:
    """Make a shown window with the given widgets and a scanner that listens."""
    scanners: list[ScannerInput] = []

    def make(*widgets: QWidget, settings: WedgeSettings | None = None, platform: str = "offscreen") -> Desk:
        window = QWidget()
        layout = QVBoxLayout(window)
        for widget in widgets:
            layout.addWidget(widget)
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        clock = FakeClock()
        scanner = ScannerInput(clock, settings, platform)
        scanner.start()
        scanners.append(scanner)
        made = Desk(window, scanner, clock)
        if widgets:
            made.focus(widgets[0])
        return made

    yield make
    for scanner in scanners:
        scanner.stop()
