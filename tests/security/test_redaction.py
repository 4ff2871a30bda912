"""What is planted in log calls of every kind is not in the log (S-12)."""

from __future__ import annotations

import io
import json
import logging
import random
import re
import sys
import threading
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.enrolment import new_code, show_code
from guidedesk.domain.errors import GuideDeskError
from guidedesk.sync.redaction import Personal, RedactingHandler, configure_logging, data, log_uncaught_errors
from guidedesk.sync.scrubbing import Scrubber

SALT = b"installation salt"
SCRUBBER = Scrubber(SALT)
UUID = "0190a1b2-c3d4-7000-8000-000000000001"
SURNAMES = "王李张刘陈杨黄赵吴周沈单曾仇解"
GIVEN = "静知远文博欣怡子涵梓萱浩宇"


class Seeded:
    """Random bytes that are the same in every run."""

    def __init__(self) -> None:
        self.source = random.Random(7)

    def bytes(self, count: int) -> bytes:
        return self.source.randbytes(count)


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The redacting log, with the process's own logging put back afterwards."""
    root = logging.getLogger()
    kept = (root.handlers[:], root.level, warnings.formatwarning, warnings.showwarning)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    stream = io.StringIO()
    configure_logging(stream, logging.DEBUG, SALT)
    log_uncaught_errors()
    yield stream
    logging.captureWarnings(capture=False)
    root.handlers[:] = kept[0]
    root.setLevel(kept[1])
    warnings.formatwarning, warnings.showwarning = kept[2], kept[3]
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def log_without_pytest() -> logging.Logger:
    """A logger whose records reach our handler only; pytest adds its own after the fixtures ran."""
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if isinstance(handler, RedactingHandler)]
    return logging.getLogger("guidedesk.test")


def written(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def spaced(digits: str) -> list[str]:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in digits)
    return [digits, f"+86 {digits}", f"{digits[:3]}-{digits[3:7]}-{digits[7:]}", f"{digits[:3]} {digits[3:]}", wide]


def planted() -> list[tuple[str, str]]:
    """(kind, secret): fifty of each of six kinds, always the same."""
    source, letters = random.Random(20261121), Seeded()
    found: list[tuple[str, str]] = []
    for number in range(50):
        phone = f"1{source.randint(3, 9)}{source.randrange(10**9):09d}"
        found.append(("phone", spaced(phone)[number % 5]))
        found.append(("pin", f"{source.randrange(10**6):06d}"))
        found.append(("token", source.randbytes(16 + number % 33).hex() if number % 2 else b64(source, 18 + number)))
        found.append(("signature", f"sig=:{b64(source, 64, '+/')}=:"))
        found.append(("name", source.choice(SURNAMES) + source.choice(GIVEN) + source.choice(GIVEN)))
        digits = (22, 12, 205)[number % 3]
        code = "".join(str(source.randint(0, 9)) for _ in range(digits))
        found.append(("code", show_code(new_code(letters)) if number % 5 == 0 else code))
    return found


def b64(source: random.Random, size: int, last: str = "-_") -> str:
    import base64

    return base64.b64encode(source.randbytes(size), last.encode()).decode().rstrip("=")


class RowError(Exception):
    """As database errors do, quotes the values it failed on."""


def by_message(log: logging.Logger, kind: str, secret: str) -> None:
    log.info(f"look_up {secret} failed")


def by_argument(log: logging.Logger, kind: str, secret: str) -> None:
    log.warning("look_up %s failed after %d ms", secret, 12)


def by_repr(log: logging.Logger, kind: str, secret: str) -> None:
    log.info("values %r and %s", {"x": secret}, ascii(secret))


def by_field(log: logging.Logger, kind: str, secret: str) -> None:
    log.info("looked_up", extra=data(value=secret, nested={"list": [secret, {"deep": secret}]}))


def by_named_field(log: logging.Logger, kind: str, secret: str) -> None:
    log.info("looked_up", extra=data(**{kind: secret, f"member_{kind}": secret}))


def by_personal(log: logging.Logger, kind: str, secret: str) -> None:
    log.info("spoke to %s", Personal(secret), extra=data(who=Personal(secret)))


def by_exception(log: logging.Logger, kind: str, secret: str) -> None:
    try:
        try:
            raise RowError(f"[parameters: ('{secret}', 'Anna Lee')]")
        except RowError as error:
            raise GuideDeskError("row_refused", **{f"the_{kind}": secret, "seen": secret}) from error
    except GuideDeskError:
        log.exception("apply_failed")


def by_address(log: logging.Logger, kind: str, secret: str) -> None:
    logging.getLogger("uvicorn.access").info('%s - "GET /v1/members?q=%s HTTP/1.1" 200', "203.0.113.9:5", secret)


def by_crash(log: logging.Logger, kind: str, secret: str) -> None:
    error = RowError(secret)
    sys.excepthook(RowError, error, None)


def by_warning(log: logging.Logger, kind: str, secret: str) -> None:
    warnings.warn(f"odd value {secret}", RuntimeWarning, stacklevel=1)


def by_wrong_call(log: logging.Logger, kind: str, secret: str) -> None:
    log.info("%d of %d", secret)


def by_unknown_object(log: logging.Logger, kind: str, secret: str) -> None:
    log.info("kept", extra=data(row=RowError(secret), raw=secret.encode()))


WAYS: list[Callable[[logging.Logger, str, str], None]] = [
    by_message,
    by_argument,
    by_repr,
    by_field,
    by_named_field,
    by_personal,
    by_exception,
    by_address,
    by_crash,
    by_warning,
    by_wrong_call,
    by_unknown_object,
]


@pytest.mark.filterwarnings("always")
def test_three_hundred_planted_secrets_are_found_nowhere(
    log_lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_without_pytest()
    secrets = planted()
    assert len({secret for _, secret in secrets}) == 300
    for kind, secret in secrets:
        for way in WAYS:
            way(log, kind, secret)
    text = log_lines.getvalue()
    assert len(text.splitlines()) == len(secrets) * len(WAYS)
    console = capsys.readouterr()
    everything = "\n".join([text, *texts(written(log_lines)), console.out, console.err])
    found = [secret for kind, secret in secrets if shows(everything, kind, secret)]
    assert found == []


def texts(value: object) -> Iterator[str]:
    """Every text in a decoded log, as a reader of it would see it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield str(value)


def shows(everything: str, kind: str, secret: str) -> bool:
    plain = unicodedata.normalize("NFKC", secret)
    forms = {secret, plain, ascii(secret)[1:-1], re.sub(r"[ +-]", "", plain)}
    if kind == "signature":
        forms.add(secret[5:-2])
    if kind == "pin":
        return re.search(rf"(?<![0-9]){secret}(?![0-9+])", without_times(everything)) is not None
    return any(form in everything for form in forms)


def without_times(text: str) -> str:
    return re.sub(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.+]+", "", text)


def test_an_error_shows_what_and_where_but_not_whose(log_lines: io.StringIO) -> None:
    log = log_without_pytest()
    try:
        try:
            raise RowError("[parameters: ('Grace Hopper',)]")
        except RowError as error:
            raise GuideDeskError("row_refused", table="member", staff_name="Anna Lee") from error
    except GuideDeskError:
        log.exception("apply_failed")
    assert not re.search("Grace|Hopper|Anna|Lee", log_lines.getvalue())
    (line,) = written(log_lines)
    error_shown = line["error"]
    assert isinstance(error_shown, dict)
    assert error_shown["code"] == "row_refused"
    assert error_shown["params"] == {"table": "member", "staff_name": "[personal]"}
    assert error_shown["cause"].endswith("RowError")
    assert error_shown["at"][-1].endswith("test_an_error_shows_what_and_where_but_not_whose")


def test_what_support_needs_stays_readable(log_lines: io.StringIO) -> None:
    fields = data(op_id=UUID, count=1_469_307, at_ms=1_790_000_000_000, took_ms=3.5, is_new=True, error_code="stale")
    logging.getLogger("guidedesk.sync.engine").info("push_applied to /v1/sync/push in 12 ms", extra=fields)
    (line,) = written(log_lines)
    assert line["event"] == "push_applied to /v1/sync/push in 12 ms"
    assert line["data"] == fields["guidedesk_data"]
    assert (line["level"], line["logger"]) == ("INFO", "guidedesk.sync.engine")


@pytest.mark.filterwarnings("always")
def test_warnings_and_wrong_calls_show_their_place_only(log_lines: io.StringIO) -> None:
    log = log_without_pytest()
    by_warning(log, "name", "Grace Hopper")
    by_wrong_call(log, "name", "Grace Hopper")
    events = [str(line["event"]) for line in written(log_lines)]
    assert events[0].startswith("RuntimeWarning at test_redaction.py")
    assert events[1] == "unreadable_message in test_redaction"
    assert "Grace" not in log_lines.getvalue()


def test_a_phone_in_mixed_digits_is_hidden_whole() -> None:
    assert SCRUBBER.text("call 138\u0660\u0660138000 now") == "call [phone] now"
    assert SCRUBBER.text("call 138\u200b0013\u200b8000 now") == "call [phone] now"


@pytest.mark.parametrize(
    "text",
    [
        f"op {UUID} accepted",
        f"GET /v1/sync/snapshot/{UUID}/12 200",
        "2026-11-21T21:33:05.123Z started",
        "guidedesk.sync.strict_json.JsonRefused: json_refused",
        "SomeVeryLongClassNameWithHumps and a_very_long_function_name_here",
        "phone 138****8000 shown",
        "listening on 127.0.0.1:8000",
    ],
)
def test_harmless_texts_are_kept(text: str) -> None:
    assert SCRUBBER.text(text) == text


def test_one_code_has_one_mark_in_every_writing_and_none_without_the_salt() -> None:
    digits = "1" + "7" * 21
    mark = SCRUBBER.code_mark(digits)
    assert re.fullmatch(r"\[code [0-9a-f]{8}\]", mark)
    assert SCRUBBER.text(f"scan {digits} now") == f"scan {mark} now"
    assert SCRUBBER.field("code", f"HTTPS://GUIDE.EXAMPLE/Q/{digits}") == mark
    assert SCRUBBER.code_mark("123456789012") == SCRUBBER.code_mark("1234 5678 9012")
    assert Scrubber(b"other").code_mark(digits) != mark
    with pytest.raises(ValueError, match="salt"):
        Scrubber(b"")


@given(st.text(max_size=200), st.text(max_size=30))
def test_each_record_is_one_printable_line(text: str, name: str) -> None:
    from guidedesk.sync.redaction import JsonFormatter

    record = logging.LogRecord("a\r\nb\x1b[2J", logging.INFO, "x", 1, text + "\r\n\x1b\x7f\x9b\u2028", None, None)
    record.guidedesk_data = {name: text}
    line = JsonFormatter(SCRUBBER).format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["level"] == "INFO"


@given(st.text(alphabet="0123456789+-. ()/aA=:@?%\\u_", max_size=300))
def test_scrubbing_never_fails_and_leaves_no_phone(text: str) -> None:
    assert not re.search(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])", SCRUBBER.text(text))


def test_hostile_texts_are_scrubbed_in_linear_time() -> None:
    started = time.process_time()
    for text in ("1" * 16_000, "1-" * 8_000, "a@" * 8_000, "=:" * 8_000, "pin=" * 4_000, "%41" * 5_000, "A" * 16_384):
        SCRUBBER.text(text)
    assert SCRUBBER.text("x" * 16_385) == "[16385 characters]"
    # Processor time, with a hundredfold margin: quadratic matching would take minutes.
    assert time.process_time() - started < 20


def test_a_handler_that_was_there_before_writes_nothing_any_more(log_lines: io.StringIO) -> None:
    leaky, old = logging.getLogger("some.library"), io.StringIO()
    leaky.addHandler(logging.StreamHandler(old))
    leaky.propagate = False
    configure_logging(log_lines, logging.INFO, SALT)
    leaky.info("token %s", "abc")
    assert old.getvalue() == ""
    assert "some.library" in log_lines.getvalue()


def test_a_full_disk_does_not_print_the_record(capsys: pytest.CaptureFixture[str], log_lines: io.StringIO) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    configure_logging(Full(), logging.INFO, SALT)
    log_without_pytest().info("pin %s", "739506")
    shown = capsys.readouterr()
    assert shown.out + shown.err == ""
