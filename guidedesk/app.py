"""The counter app put together: the only module that knows profile, counter, window, scanner and sync loop."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from guidedesk.config import Settings, change, load_settings, save_settings
from guidedesk.domain.errors import GuideDeskError, StorageError
from guidedesk.resources import resource_path
from guidedesk.sync.counter import Counter
from guidedesk.sync.engine import SyncEngine
from guidedesk.sync.file_lock import FileLock
from guidedesk.sync.hints import HintListener
from guidedesk.sync.open_counter import forget_secret, open_counter
from guidedesk.sync.orders import TakenOff
from guidedesk.sync.system import SystemClock, SystemRandom
from guidedesk.sync.transport import StreamTransport
from guidedesk.sync.wipe import wipe_counter
from guidedesk.ui import formats, i18n, messages
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.desk import Desk
from guidedesk.ui.idle_lock import IdleLock
from guidedesk.ui.presenters.scanner_settings import ScannerChoices
from guidedesk.ui.presenters.settings import WindowChoices
from guidedesk.ui.scan_burst import WedgeSettings
from guidedesk.ui.scan_camera import has_cameras
from guidedesk.ui.scan_serial import port_names
from guidedesk.ui.scanner import ScannerInput
from guidedesk.ui.scanners import Scanners
from guidedesk.ui.stop_signals import stopping_by
from guidedesk.ui.sync_loop import SyncLoop
from guidedesk.ui.tasks import Tasks
from guidedesk.ui.theme import look, start_look

# How long a thread that reads keeps the window waiting for its turn. Painting one picture asks for dozens of turns, and
# Python's own five milliseconds, waited for some of them, are most of what a person sees of a reading beside it.
_SWITCH_SECONDS: Final = 0.0002
# One window a profile: two people's drafts and sessions must not write into each other. Commands stay welcome.
WINDOW_LOCK: Final = "window.lock"


def make_application() -> QApplication:
    """The one QApplication, with our name and icon."""
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication(["guidedesk"])
    app.setApplicationName("GuideDesk")
    app.setQuitOnLastWindowClosed(True)
    app.setWindowIcon(QIcon(str(resource_path("icons", "scan.svg"))))
    return app


class CounterApp(QObject):
    """A running counter: window, background work, scanner, sync. Close it to end everything in order."""

    def __init__(self, counter: Counter, settings: Settings, folder: Path, *, is_demo: bool) -> None:
        super().__init__()
        self.counter = counter
        self.settings = settings
        self._folder = folder
        self.tasks = Tasks(self)
        self.desk = Desk(counter, self.tasks, self)
        chain = counter.settings()
        formats.use_zone(chain.zone)
        self.window = CounterWindow(self.desk, self)
        self.window.language_chosen.connect(self._choose_language)
        self.window.theme_chosen.connect(self._choose_theme)
        if is_demo:
            self.window.window.mark_demo()
        wedge = WedgeSettings(
            prefix=settings.scanner_prefix,
            fast_gap_ms=settings.scanner_gap_ms,
            silence_ms=settings.scanner_silence_ms,
        )
        self.scanner = ScannerInput(SystemClock(), wedge, parent=self)
        self.scanners = Scanners(self.scanner, SystemClock(), self.tasks, self.window.window, self)
        self.scanners.use(settings.scanner_port, has_camera=settings.scanner_camera == "on")
        self.scanners.scanned.connect(self.window.on_scanned)
        self._begin_scanner_settings()
        self._begin_settings()
        self.sync = SyncLoop(self.desk, self._engine, self, listener=self._hint_listener)
        self.sync.leaving.connect(self._lock)
        self.sync.taken_off.connect(self._leave)
        self.is_taken_off = False
        self.idle = IdleLock(settings.lock_after_s, self)
        self.idle.idled.connect(self._lock)
        self.scanners.scanned.connect(self.idle.touched)

    def start(self) -> None:
        """Show the window, listen to the scanner, begin to sync."""
        sys.excepthook = crashes_told_by(self.tasks)
        self.window.open()
        self.window.window.show()
        self.scanners.start()
        self.sync.start()
        sys.setswitchinterval(_SWITCH_SECONDS)
        # What stands now stands until the end: looking through all of it for garbage would hold a scan for 50 ms.
        gc.freeze()
        gc.enable()

    def close(self) -> None:
        """Finish what is being written; what is unsent stays in the journal."""
        self.idle.stop()
        self.scanners.stop()
        self.sync.close()
        session = self.desk.session
        if session is not None:  # the window was closed without a lock: she left here and now all the same
            self.tasks.write(self.counter.day.leave, session.staff.id, failed=_no_matter)
        self.tasks.close()
        self.window.window.close()
        self.counter.close()
        sys.excepthook = sys.__excepthook__

    def _engine(self) -> SyncEngine:
        return self.counter.engine

    def _hint_listener(self) -> HintListener | None:
        identity = self.counter.identity
        line = self.counter.new_transport(identity)
        if not isinstance(line, StreamTransport):
            return None
        scopes = (identity.chain_id, identity.store_id)
        return HintListener(line, scopes, SystemRandom(), self.counter.engine.stream_alive)

    def _lock(self) -> None:
        if self.desk.session is not None:
            self.window.shell.lock()

    def _leave(self) -> None:
        self.is_taken_off = True
        QApplication.quit()

    def _begin_scanner_settings(self) -> None:
        presenter, settings = self.window.scanner_settings, self.settings
        choices = ScannerChoices(
            settings.scanner_prefix, settings.scanner_gap_ms, settings.scanner_silence_ms, settings.scanner_port,
            settings.scanner_camera == "on", settings.scanner_sound == "on",
        )  # fmt: skip
        self.window.sound.is_on = choices.has_sound
        presenter.begin(choices, port_names, may_use_camera=has_cameras())
        presenter.chosen.connect(self._choose_scanner)
        self.scanners.port_changed.connect(presenter.take_port_state)

    def _begin_settings(self) -> None:
        kept, presenter = self.settings, self.window.settings.presenter
        presenter.begin(WindowChoices(kept.language, kept.theme, kept.text_scale, kept.lock_after_s))
        presenter.chosen.connect(self._choose_window)

    def _choose_window(self, choices: WindowChoices) -> None:
        before = self.settings
        if choices.language != before.language:
            self._choose_language(choices.language)
        if (choices.theme, choices.text_scale) != (before.theme, before.text_scale):
            look().apply(theme=choices.theme, scale=choices.text_scale / 100)
        self.idle.wait(choices.lock_after_s)
        self._keep(theme=choices.theme, text_scale=choices.text_scale, lock_after_s=choices.lock_after_s)

    def _choose_scanner(self, choices: ScannerChoices) -> None:
        before = (self.settings.scanner_port, self.settings.scanner_camera == "on")
        self.scanner.configure(
            WedgeSettings(prefix=choices.prefix, fast_gap_ms=choices.gap_ms, silence_ms=choices.silence_ms)
        )
        self.window.sound.is_on = choices.has_sound
        if before != (choices.port, choices.has_camera):
            self.scanners.use(choices.port, has_camera=choices.has_camera)
        self._keep(
            scanner_prefix=choices.prefix, scanner_gap_ms=choices.gap_ms, scanner_silence_ms=choices.silence_ms,
            scanner_port=choices.port, scanner_camera="on" if choices.has_camera else "off",
            scanner_sound="on" if choices.has_sound else "off",
        )  # fmt: skip

    def _choose_language(self, code: str) -> None:
        look().apply(language=code)
        self._keep(language=code)
        self._tell_settings()

    def _choose_theme(self, theme: str) -> None:
        look().apply(theme=theme)
        self._keep(theme=theme)
        self._tell_settings()

    def _tell_settings(self) -> None:
        """Chosen on the sign-in screen: the settings show it too."""
        kept = self.settings
        self.window.settings.presenter.begin(
            WindowChoices(kept.language, kept.theme, kept.text_scale, kept.lock_after_s)
        )

    def _keep(self, **values: str | int) -> None:
        self.settings = change(self.settings, **values)
        try:
            save_settings(self._folder, self.settings)
        except OSError:
            self.tasks.failed.emit(GuideDeskError("settings_unsaved"))


def _no_matter(_error: Exception) -> None:
    """What is new since then is only told once more."""


def crashes_told_by(tasks: Tasks) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """What happens to an exception nobody foresaw: a sentence in the window, its place on standard error.

    A traceback would quote people's data, and the window goes on.
    """

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        steps = traceback.extract_tb(trace)
        place = f"{Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else "-"
        sys.stderr.write(f"{kind.__name__} at {place}\n")
        if isinstance(error, Exception):
            tasks.failed.emit(error)

    return told


def run_counter(folder: Path, *, has_demo_key: bool, server_url: str | None, lang: str | None) -> int:
    """Open the window on a profile until it is closed; exit code 1 when it could not open.

    A profile without enrolment shows the code for the manager first, which needs `server_url`.
    """
    app = make_application()
    try:
        settings = load_settings(folder)
    except GuideDeskError as error:
        usual = Settings()
        start_look(app, usual.theme, usual.text_scale / 100, lang or usual.language)
        return _tell(app, error)
    if lang is not None:
        settings = change(settings, language=lang)
    start_look(app, settings.theme, settings.text_scale / 100, settings.language)
    try:
        counter = open_counter(folder, has_demo_key=has_demo_key)
        with FileLock(folder / WINDOW_LOCK).try_hold() as is_only:
            if not is_only:
                counter.close()
                raise StorageError("storage_locked", file=WINDOW_LOCK)
            return _run_window(app, counter, settings, folder, has_demo_key=has_demo_key, server_url=server_url)
    except GuideDeskError as error:
        return _tell(app, error)


def _run_window(
    app: QApplication, counter: Counter, settings: Settings, folder: Path, *, has_demo_key: bool, server_url: str | None
) -> int:
    running: list[CounterApp] = []

    def begin() -> None:
        running.append(CounterApp(counter, settings, folder, is_demo=has_demo_key))
        running[0].start()

    if counter.is_enrolled:
        begin()
    elif server_url is None:
        return _tell(app, GuideDeskError("not_enrolled"))
    else:
        # Late, as everything that a counter at work does not need.
        from guidedesk.sync.enrol_client import EnrolDesk
        from guidedesk.ui.enrol_window import EnrolWindow

        enrol = EnrolWindow(EnrolDesk(counter, server_url), app)
        enrol.enrolled.connect(begin)
        enrol.start()
        gc.enable()  # somebody may look at this screen for a long time
    with stopping_by(app.quit) as stops:
        code = app.exec()
    for one in running:
        one.close()
    if any(one.is_taken_off for one in running):
        wipe_counter(counter, lambda: forget_secret(folder, has_demo_key=has_demo_key))
        return _tell(app, TakenOff())
    if stops:
        raise KeyboardInterrupt  # closed in order by now; the command line says what is safe
    return code


def _tell(app: QApplication, error: GuideDeskError) -> int:
    """What happened, what is safe, what to do: in a window where there is a screen, and on standard error."""
    message = messages.message_for(error)
    sys.stderr.write(message.text + "\n")
    if app.platformName() not in ("offscreen", "minimal"):
        from guidedesk.ui.widgets.notice_window import NoticeWindow

        window = NoticeWindow(i18n.t("app.title"), message.text, message.detail)
        window.show()
        app.exec()
    return 1
