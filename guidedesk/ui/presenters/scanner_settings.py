"""The scanner's page of the settings: how it types, a test that names what is garbled, other ways to read (Q-13, Q-15).

Nothing scanned while this page is in front reaches the counter; of what was scanned only its kind is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType, Reason
from guidedesk.codes.self_test import SELF_TEST, Diagnosis, diagnose
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.counter import monotonic_ms
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.scan_source import Ending, Scan, ScanOrigin

GAPS_MS: Final = (20, 35, 50, 80)
SILENCES_MS: Final = (60, 80, 120, 200)
ENOUGH: Final = 3  # scans before their rhythm is believed
_KEPT: Final = 20
_MOST_GAP_MS: Final = 80
_MOST_SILENCE_MS: Final = 300


@dataclass(frozen=True, slots=True)
class ScannerChoices:
    """What a person chose, as the PC's settings keep it."""

    prefix: str = "~"
    gap_ms: int = 35
    silence_ms: int = 80
    port: str = ""
    has_camera: bool = False
    has_sound: bool = True


@dataclass(frozen=True, slots=True)
class TriedScan:
    """What the last test scan was: a diagnosis of the test code, else what kind of code, never its digits."""

    source: ScanOrigin
    diagnosis: Diagnosis | None = None
    code_type: CodeType | None = None
    reason: Reason | None = None
    garbled: bool = False
    median_gap_ms: int | None = None
    longest_gap_ms: int | None = None
    ended_by: Ending = ""
    was_typed: bool = False  # too slow to be told from a person; read from the test field


@dataclass(frozen=True, slots=True)
class ScannerState:
    """What the page shows. `ports`: (device, what the system calls it); `measured`: (gap, silence) to use."""

    choices: ScannerChoices = ScannerChoices()
    ports: tuple[tuple[str, str], ...] = ()
    port_state: str = "off"
    may_use_camera: bool = False
    last: TriedScan | None = None
    scans: int = 0
    measured: tuple[int, int] | None = None
    is_prefix_wrong: bool = False


class ScannerSettingsPresenter(StatePresenter[ScannerState]):
    """`state_changed(ScannerState)`; `chosen(ScannerChoices)` asks the program to keep and use them."""

    chosen = Signal(object)

    def __init__(
        self, desk: Desk, parent: QObject | None = None, *, mono_ms: Callable[[], int] = monotonic_ms
    ) -> None:
        super().__init__(ScannerState(), parent)
        self._desk, self._mono_ms = desk, mono_ms
        self._rhythms: list[tuple[int, ...]] = []
        self._typed_at_ms: list[int] = []
        self._list_ports: Callable[[], tuple[tuple[str, str], ...]] = tuple

    def begin(
        self, choices: ScannerChoices, list_ports: Callable[[], tuple[tuple[str, str], ...]], *, may_use_camera: bool
    ) -> None:
        """What is set on this PC, and how its serial ports are found."""
        self._list_ports = list_ports
        self._show(choices=choices, may_use_camera=may_use_camera)

    def open(self) -> None:
        """The page comes to the front: a fresh test."""
        self._rhythms.clear()
        self._typed_at_ms.clear()
        self._show(last=None, scans=0, measured=None, is_prefix_wrong=False)
        self._desk.tasks.read(self._list_ports, done=self._take_ports, latest="scanner.ports")

    def take(self, scan: Scan) -> None:
        """A scan while the page is in front: say what it was and how it came."""
        found = decode(scan.text)
        diagnosis = diagnose(scan.text, garbled=scan.garbled)
        is_ok = isinstance(found, CodeOk)
        if scan.gaps_ms:
            self._rhythms = [*self._rhythms[1 - _KEPT :], scan.gaps_ms]
        self._show(
            scans=self.state.scans + 1, measured=measured(self._rhythms),
            last=TriedScan(
                scan.source, diagnosis, found.type if isinstance(found, CodeOk) else None,
                None if is_ok or diagnosis is not None else found.reason, scan.garbled,  # type: ignore[union-attr]
                round(median(scan.gaps_ms)) if scan.gaps_ms else None,
                max(scan.gaps_ms) if scan.gaps_ms else None, scan.ended_by,
            ),
        )  # fmt: skip

    def type(self, text: str) -> None:
        """What arrives in the test field came too slowly for a scan: its rhythm is measured all the same."""
        self._typed_at_ms = [] if len(text) <= 1 else self._typed_at_ms
        self._typed_at_ms.append(self._mono_ms())
        diagnosis = diagnose(text)
        if diagnosis is None or len(text) < len(SELF_TEST) - 2:
            return
        times = self._typed_at_ms
        gaps = tuple(later - earlier for earlier, later in pairwise(times))
        if not gaps:
            return
        gap = min(_MOST_GAP_MS, max(gaps) + 5)
        self._show(
            measured=(gap, min(_MOST_SILENCE_MS, 3 * gap)), scans=self.state.scans + 1,
            last=TriedScan("wedge", diagnosis, median_gap_ms=round(median(gaps)), longest_gap_ms=max(gaps),
                          was_typed=True),
        )  # fmt: skip

    def use_measured(self) -> None:
        """Take the rhythm that was measured."""
        if self.state.measured is not None:
            gap_ms, silence_ms = self.state.measured
            self._choose(gap_ms=gap_ms, silence_ms=silence_ms)

    def set_prefix(self, text: str) -> None:
        """The character the scanner sends first: one sign that is no letter or digit, or none."""
        is_wrong = len(text) > 1 or (text != "" and (text.isalnum() or not text.isprintable() or text == " "))
        self._show(is_prefix_wrong=is_wrong)
        if not is_wrong:
            self._choose(prefix=text)

    def set_gap(self, value: str) -> None:
        """The longest median gap of a scan, in ms."""
        self._choose(gap_ms=int(value))

    def set_silence(self, value: str) -> None:
        """The silence that ends a scan, in ms."""
        self._choose(silence_ms=int(value))

    def set_port(self, device: str) -> None:
        """The serial port to read; empty for none."""
        self._choose(port=device)

    def set_camera(self, is_on: bool) -> None:
        """Whether the camera reads codes."""
        self._choose(has_camera=is_on and self.state.may_use_camera)

    def set_sound(self, is_on: bool) -> None:
        """Whether scans tick."""
        self._choose(has_sound=is_on)

    def take_port_state(self, state: str) -> None:
        """Whether the scanner on the serial port is there."""
        self._show(port_state=state)

    def _take_ports(self, ports: tuple[tuple[str, str], ...]) -> None:
        self._show(ports=ports)

    def _choose(self, **changed: Any) -> None:
        choices = replace(self.state.choices, **changed)
        if choices != self.state.choices:
            self._show(choices=choices)
            self.chosen.emit(choices)


def measured(rhythms: list[tuple[int, ...]]) -> tuple[int, int] | None:
    """(longest median gap, silence) that fit this scanner with room to spare; None before enough was scanned."""
    if len(rhythms) < ENOUGH:
        return None
    slowest = max(median(gaps) for gaps in rhythms)
    longest = max(max(gaps) for gaps in rhythms)
    gap = min(35, max(12, int(2 * slowest) + 8))  # never so wide that a fast typist is a scanner
    return gap, min(_MOST_SILENCE_MS, max(60, 3 * longest))
