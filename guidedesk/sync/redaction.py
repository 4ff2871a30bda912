"""Logs as one JSON line each, with personal data and secrets taken out by the handler (SECURITY.md S-12).

Callers use plain `logging`: a fixed word as the message, values as fields:
`log.info("push_applied", extra=data(device_id=device, count=12))`.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final, TextIO

from guidedesk.domain.errors import GuideDeskError
from guidedesk.sync.scrubbing import Personal, Scrubber, Shown

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["Personal", "configure_logging", "data", "log_uncaught_errors"]

_DATA: Final = "guidedesk_data"
_MOST_FRAMES: Final = 12
_crash_log = logging.getLogger("guidedesk.crash")


def data(**fields: object) -> dict[str, object]:
    """The `extra=` of a log call; wrap names and notes in `Personal`."""
    return {_DATA: fields}


def configure_logging(stream: TextIO, level: int, salt: bytes) -> logging.Handler:
    """Sends every logger's records, libraries' too, through one redacting handler on `stream`.

    Other handlers are taken off, since they would write the same records unredacted. `salt` is any secret of
    this installation; it keys the hashes of codes.
    """
    handler = RedactingHandler(stream)
    handler.setFormatter(JsonFormatter(Scrubber(salt)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in list(logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.captureWarnings(capture=True)
    # Shown by its category and place only: a warning's text quotes the line of source, and often data.
    warnings.formatwarning = _warning_place
    return handler


def log_uncaught_errors() -> None:
    """Crashes go to the log too, instead of a traceback with everybody's data on the console."""
    sys.excepthook = _on_crash
    threading.excepthook = _on_thread_crash
    sys.unraisablehook = _on_unraisable


class RedactingHandler(logging.StreamHandler[TextIO]):
    """Writes what its formatter made safe, and never falls back to printing the record itself."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- logging's own name
        """The library would print the message and its arguments to the console."""
        line = json.dumps({"level": "ERROR", "event": "log_failed", "logger": _plain(record.name)})
        try:
            self.stream.write(line + self.terminator)
        except (OSError, ValueError):
            # Nowhere left to write to; the work that was being logged goes on.
            return


class JsonFormatter(logging.Formatter):
    """One ASCII line: control, direction and other-script characters come out as JSON escapes."""

    def __init__(self, scrubber: Scrubber) -> None:
        super().__init__()
        self._scrubber = scrubber

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Shown] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": self._scrubber.text(record.name),
            "event": self._scrubber.text(_message(record)),
        }
        fields = getattr(record, _DATA, None)
        if fields:
            line["data"] = self._scrubber.field("", fields)
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = self._error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)

    def _error(self, error: BaseException) -> dict[str, Shown]:
        """What happened and where. Not the message: database errors quote the values of the row."""
        shown: dict[str, Shown] = {"type": _type_name(error), "at": _places(error.__traceback__)}
        if isinstance(error, GuideDeskError):
            shown["code"] = self._scrubber.text(error.code)
            shown["params"] = self._scrubber.field("", error.params)
        if isinstance(error, OSError) and error.errno is not None:
            shown["errno"] = error.errno
        cause = error.__cause__ or error.__context__
        if cause is not None:
            shown["cause"] = _type_name(cause)
            shown["cause_at"] = _places(cause.__traceback__)
        return shown


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # A wrong call (too few arguments, a failing __str__) must not lose the line or show its arguments.
        return f"unreadable_message in {record.module}"


def _places(trace: TracebackType | None) -> list[Shown]:
    frames = list(traceback.walk_tb(trace))[-_MOST_FRAMES:]
    return [f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}" for frame, line in frames]


def _type_name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _plain(name: str) -> str:
    return name if name.isascii() and name.replace(".", "").replace("_", "").isalpha() else "?"


def _warning_place(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    place = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{category.__name__} at {place}:{lineno}"


def _on_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _crash_log.critical("crashed", exc_info=(kind, error, trace))


def _on_thread_crash(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _crash_log.critical("thread_crashed", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))


def _on_unraisable(args: UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        _crash_log.error("unraisable", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))
