"""The files of a counter that was just made: the same for a secret each time, so made once a run and copied."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from guidedesk.models import database
from guidedesk.services.keys import MasterSecret, derive
from guidedesk.sync.counter import Counter
from guidedesk.sync.system import SystemClock, SystemRandom
from guidedesk.sync.transport import Transport

_DRIVER = vars(database)["sqlcipher"]


def put_new_files(folder: Path, secret: bytes) -> None:
    """Journal, cache and header as `Counter.open` makes them; nothing on a disk of a test's own, which has to see
    them being written, and has no cipher."""
    if vars(database)["sqlcipher"] is not _DRIVER:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in _new_files(secret).items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)


@cache
def _new_files(secret: bytes) -> dict[str, bytes]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        keys = derive(MasterSecret(secret))
        Counter.open(folder, keys, SystemClock(), SystemRandom(), lambda _identity, _keys, _now: _no_line()).close()
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _no_line() -> Transport:
    raise AssertionError("a counter that nobody let in has no line")
