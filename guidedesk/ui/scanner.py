"""Scans from a keyboard-wedge scanner, whatever has the focus (CODES.md Q-13 to Q-15).

One event filter on the application, ahead of shortcuts and fields. It holds nothing back while it
decides (except for PIN boxes and buttons, see `scan_guard`), and takes out again what leaked.
"""

from __future__ import annotations

from unicodedata import category

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent

from guidedesk.domain.ports import Clock
from guidedesk.ui.scan_burst import Burst, Stroke, WedgeSettings
from guidedesk.ui.scan_guard import KeyGuard, is_guarded
from guidedesk.ui.scan_keys import LOST, KeyKind, KeyReader, key_place, press_identity
from guidedesk.ui.scan_raw_keys import RawKeys
from guidedesk.ui.scan_restore import give_back, key_target, remember
from guidedesk.ui.scan_source import Ending, Scan, ScannerSource

__all__ = ["Scan", "ScannerInput", "ScannerSource"]

_WATCHED = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.KeyRelease,
        QEvent.Type.ShortcutOverride,
        QEvent.Type.InputMethod,
    }
)
_TYPED = (QKeyEvent, QInputMethodEvent)
# A timer this late means that the event loop stood still and keys may be waiting behind it.
_LATE_MS = 20
_LOOK_AGAIN_MS = 10
_PATIENCE = 3  # times the silence, for scanners known to end with a key
# No keyboard repeats a held key so soon: X11 takes one key pressed twice within a millisecond for one held down.
_REPEATS_AFTER_MS = 10
_WORDS_MS = 1_000
_WORDS = frozenset({"Lo", "So"})


class ScannerInput(ScannerSource):
    """The keyboard wedge: gathers bursts of keys, swallows them and emits `scanned`."""

    _gathered = Signal(object)

    def __init__(
        self,
        clock: Clock,
        settings: WedgeSettings | None = None,
        platform: str | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._settings = settings or WedgeSettings()
        name = QGuiApplication.platformName() if platform is None else platform
        self._keys, self._raw = KeyReader(name), RawKeys(name)
        self._burst = Burst(self._settings)
        self._guard = KeyGuard()
        self._skew_ms = 0
        self._ended_at_ms: int | None = None
        self._composed_at_ms: int | None = None
        self._is_composing = self._is_reordering = False
        self._is_garbled = False
        self._ends_by_key = False
        self._swallowed: set[int] = set()
        self._judged: tuple[int, int, str] | None = None
        self._verdict = False
        self._is_repeat = False
        self._pressed_at_ms: dict[int, int] = {}
        self._is_listening = False
        # Queued: a listener that opens a dialog must not do so while the last key is still on its way.
        self._gathered.connect(self._announce, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timer)
        self._due_ms = 0
        self._was_late = False

    def start(self) -> None:
        app = QCoreApplication.instance()
        if app is not None and not self._is_listening:
            app.installEventFilter(self)
            self._is_listening = True

    def stop(self) -> None:
        app = QCoreApplication.instance()
        if app is not None and self._is_listening:
            app.removeEventFilter(self)
        self._is_listening = False
        self._timer.stop()
        self._burst.reset()
        self._guard.drop()
        self._raw.rest()

    def configure(self, settings: WedgeSettings) -> None:
        """Use other thresholds from the next key on."""
        self._settings = settings
        self._burst = Burst(settings)

    def tick(self) -> None:
        """End a burst that has fallen silent and hand on held keys. Called by a timer; tests with a
        clock of their own call it themselves."""
        now = self._clock.mono_ms() + self._skew_ms
        if self._burst.is_running and not self._burst.is_near(now, self._silence_ms):
            self._finish(None)
        if self._guard.is_due(now, self._settings.guard_ms):
            self._guard.deliver()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # By class first: every event of every widget passes here, and asking for its type costs ten times as much.
        if not isinstance(event, _TYPED) or event.type() not in _WATCHED or self._guard.is_delivering:
            return False
        if self._is_reordering:
            return False
        if isinstance(event, QKeyEvent):
            return self._on_key(event)
        return self._on_input_method(watched, event)

    # --- one physical key tells of itself several times -------------------------------------------

    def _on_key(self, event: QKeyEvent) -> bool:
        """A press comes as ShortcutOverride and KeyPress, each to the window, its widget and parents."""
        if event.type() == QEvent.Type.KeyRelease:
            return self._on_release(event)
        if self._guard.is_holding_words:
            self._guard.deliver()  # words between two keys are a person's; where this key goes is seen only then
        if self._judged != press_identity(event):
            self._judged = press_identity(event)
            self._verdict = self._judge(event)
        if event.type() == QEvent.Type.ShortcutOverride:
            if self._verdict:
                event.accept()  # no shortcut may have it
            return self._verdict
        if self._verdict:
            self._swallowed.add(key_place(event))
            return True
        self._swallowed.discard(key_place(event))
        return self._hold_if_guarded(event)

    def _on_release(self, event: QKeyEvent) -> bool:
        self._judged = None
        if event.isAutoRepeat():
            return key_place(event) in self._swallowed
        if key_place(event) in self._swallowed:
            self._swallowed.discard(key_place(event))
            return True
        return self._guard.hold_release(event)

    def _hold_if_guarded(self, event: QKeyEvent) -> bool:
        kind, _ = self._keys.read(event)
        at_ms = self._time_of(event)
        if self._guard.is_due(at_ms, self._settings.guard_ms):
            # The loop stood still past the timer: by their own times these keys are apart, so they count in order.
            self._guard.deliver()
        target = key_target()
        is_acting = kind in (KeyKind.CHARACTER, KeyKind.ENDING)
        if target is None or not is_acting or not is_guarded(target):
            if kind is not KeyKind.MODIFIER:
                self._guard.deliver()
            return False
        if not self._is_repeat:
            self._guard.hold(target, event, at_ms)
            self._arm(self._settings.guard_ms)
        return True

    # --- what a press means -----------------------------------------------------------------------

    def _judge(self, event: QKeyEvent) -> bool:
        """Whether this press belongs to a scanner and must reach nobody."""
        at_ms = self._time_of(event)
        self._end_if_silent(at_ms)
        self._rest_after_words(at_ms)
        self._is_repeat = self._is_held_down(event, at_ms)
        if self._is_repeat:
            return self._burst.is_running or key_place(event) in self._swallowed
        kind, char = self._keys.read(event)
        if kind is KeyKind.CHARACTER:
            return self._take(char, at_ms)
        if kind is KeyKind.ENDING:
            return self._on_ending(at_ms)
        if self._burst.is_running:
            return True
        if kind is KeyKind.COMBINATION:
            return self._on_combination(at_ms)
        if kind is KeyKind.OTHER:
            self._burst.reset()  # a person moved or corrected something
        return False

    def _is_held_down(self, event: QKeyEvent, at_ms: int) -> bool:
        """Whether this is the repeat of a key somebody holds, rather than the same key again right away."""
        place = key_place(event)
        pressed = self._pressed_at_ms.get(place)
        is_too_late = pressed is None or not 0 <= at_ms - pressed < _REPEATS_AFTER_MS
        if event.isAutoRepeat() and is_too_late and not self._was_kept(event, at_ms):
            return True
        self._pressed_at_ms[place] = at_ms
        return False

    def _was_kept(self, event: QKeyEvent, at_ms: int) -> bool:
        """Of two equal keys of a scan an input method kept the first as a choice: the second is no held key."""
        if not self._raw.is_watching:
            return False
        return self._raw.was_pressed_before(self._keys.read(event)[1], at_ms, _REPEATS_AFTER_MS)

    def _take(self, char: str, at_ms: int) -> bool:
        was_running = self._burst.is_running
        leaked = self._burst.add(Stroke(at_ms, char, remember(None if was_running else key_target())))
        if self._burst.is_running:
            if not was_running:
                self._on_recognised(leaked, at_ms)
            self._arm(self._silence_ms)
        return self._burst.is_running

    def _on_recognised(self, leaked: list[Stroke], at_ms: int) -> None:
        self._guard.drop()
        for stroke in reversed(leaked):
            stroke.undo()
        began = leaked[0].at_ms if leaked else at_ms
        composed = self._composed_at_ms
        self._is_garbled = composed is not None and 0 <= began - composed <= self._settings.fast_gap_ms

    def _on_ending(self, at_ms: int) -> bool:
        if self._burst.is_running:
            self._finish(at_ms)
            return True
        self._burst.reset()
        return self._is_tail(at_ms)

    def _is_tail(self, at_ms: int) -> bool:
        return self._ended_at_ms is not None and 0 <= at_ms - self._ended_at_ms <= self._settings.tail_ms

    def _on_combination(self, at_ms: int) -> bool:
        """A scanner sends control characters as combinations, right behind a character."""
        if self._burst.is_near(at_ms, self._settings.fast_gap_ms) or self._is_tail(at_ms):
            return True
        self._burst.reset()
        return False

    # --- input methods ----------------------------------------------------------------------------

    def _on_input_method(self, watched: QObject, event: QInputMethodEvent) -> bool:
        at_ms = self._clock.mono_ms() + self._skew_ms
        self._end_if_silent(at_ms)
        committed = event.commitString()
        was_composing, self._is_composing = self._is_composing, bool(event.preeditString())
        if self._is_composing:
            self._raw.watch()
        if self._burst.is_running:
            return self._on_words_in_a_scan(event, at_ms)
        if len(committed) == 1 and committed.isprintable() and not was_composing and not _are_words(committed):
            return self._take(committed, at_ms) or self._guard.hold_words(event, may_be_scanned=True)
        if committed:
            self._composed_at_ms = at_ms  # its last key may have been a scan's first, lost as a choice
            early = [stroke for stroke in self._burst.take_back() if at_ms - stroke.at_ms <= self._settings.tail_ms]
            if early and self._raw.is_watching:
                return self._put_behind(watched, event, early)
        return self._guard.hold_words(event)

    def _on_words_in_a_scan(self, event: QInputMethodEvent, at_ms: int) -> bool:
        """What was being composed when the scan came is settled by its digits, and late: it is the field's. What an
        input method makes of the scan itself is not."""
        committed, preedit = event.commitString(), event.preeditString()
        if (committed or preedit) and not _are_words(committed + preedit):
            for char in committed:
                self._take(char, at_ms)
            return True
        if committed:
            self._composed_at_ms = at_ms
        return False

    def _put_behind(self, watched: QObject, event: QInputMethodEvent, early: list[Stroke]) -> bool:
        """The words of an input method come after keys that were pressed behind the choice: they go first, so that
        the keys can be taken out again if they are a scan's."""
        for stroke in reversed(early):
            stroke.undo()
        self._is_reordering = True
        try:
            QCoreApplication.sendEvent(watched, event)
        finally:
            self._is_reordering = False
        for stroke in early:
            self._burst.add(Stroke(stroke.at_ms, stroke.char, remember(key_target())))
            give_back(stroke.char)
        return True

    # --- the end ----------------------------------------------------------------------------------

    def _end_if_silent(self, at_ms: int) -> None:
        if self._burst.is_running and not self._burst.is_near(at_ms, self._silence_ms):
            self._finish(None)

    def _finish(self, ended_at_ms: int | None) -> None:
        """Close the burst: by a key at `ended_at_ms`, or by silence."""
        last_ms = self._burst.last_at_ms or 0
        text, has_prefix, gaps_ms = self._burst.text, self._burst.has_prefix, self._burst.gaps_ms
        if self._raw.is_watching:
            text = self._with_lost_keys(text)
        garbled = self._is_garbled or not text.isascii()
        if not self._is_composing:
            self._raw.rest()
        self._burst.reset()
        self._timer.stop()
        if has_prefix and ended_at_ms is None and len(text) < self._settings.min_keys:
            give_back(self._settings.prefix + text)
            return
        self._ended_at_ms = last_ms + self._silence_ms if ended_at_ms is None else ended_at_ms
        self._ends_by_key = ended_at_ms is not None
        ended_by: Ending = "silence" if ended_at_ms is None else "key"
        scan = Scan(text.replace(LOST, ""), self._clock.wall_ms(), "wedge", garbled, gaps_ms, ended_by)
        self._gathered.emit(scan)

    def _rest_after_words(self, at_ms: int) -> None:
        """What a person types well after her words is not noted (it may be a PIN)."""
        composed = self._composed_at_ms
        is_old = composed is None or not -_WORDS_MS <= at_ms - composed <= _WORDS_MS
        if self._raw.is_watching and not self._is_composing and is_old and not self._burst.is_running:
            self._raw.rest()

    def _with_lost_keys(self, text: str) -> str:
        """The whole scan where an input method kept some of its keys as choices, and what came is the rest of it."""
        pressed = self._raw.run_of_digits(self._silence_ms)
        if len(pressed) <= len(text) or not _is_left_of(text, pressed):
            return text
        self._is_garbled = False
        if pressed.endswith(text):
            # The PC stood still behind the scan's first keys: they looked like a person's, and are in her field.
            for stroke in reversed(self._burst.just_before(pressed[: len(pressed) - len(text)])):
                stroke.undo()
        return pressed

    @property
    def _silence_ms(self) -> int:
        """A scanner that ends with a key has not ended before it comes: a PC that stood still must not cut its scan."""
        return self._settings.silence_ms * (_PATIENCE if self._ends_by_key else 1)

    def _time_of(self, event: QKeyEvent) -> int:
        """The system's time of the key where there is one: a busy program must not make typing fast."""
        now, at_ms = self._clock.mono_ms(), event.timestamp()
        if not at_ms:
            return now + self._skew_ms
        self._skew_ms = at_ms - now
        return at_ms

    def _announce(self, scan: Scan) -> None:
        if self._is_listening:
            self.scanned.emit(scan)

    def _arm(self, delay_ms: int) -> None:
        self._due_ms = self._clock.mono_ms() + delay_ms
        self._timer.start(delay_ms)

    def _on_timer(self) -> None:
        is_late = self._clock.mono_ms() - self._due_ms > _LATE_MS
        self._was_late = is_late and not self._was_late
        if not self._was_late:  # else: look once more, after the keys that wait
            self.tick()
        if self._burst.is_running or self._guard.is_holding:
            self._arm(_LOOK_AGAIN_MS)


def _are_words(text: str) -> bool:
    """Whether a person meant it: no scanner has Chinese characters or pictures; full-width digits it may have."""
    return any(category(char) in _WORDS for char in text)


def _is_left_of(text: str, pressed: str) -> bool:
    """Whether `text` is `pressed` without some of its keys."""
    rest = iter(pressed)
    return all(char in rest for char in text)
