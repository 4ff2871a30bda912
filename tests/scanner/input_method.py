"""A real Chinese input method on a virtual screen: ibus with its pinyin engine, on a message bus of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ENGINE: Final = "libpinyin"
PROGRAMS: Final = ("ibus-daemon", "ibus", "dbus-daemon")
_ENGINE_FILE: Final = Path("/usr/share/ibus/component/libpinyin.xml")
_WAIT_S: Final = 30.0


def is_there() -> bool:
    """Whether this PC has it (Debian: ibus, ibus-libpinyin, dbus)."""
    return all(map(shutil.which, PROGRAMS)) and _ENGINE_FILE.exists()


@contextmanager
def pinyin(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a program whose typing goes through the engine; settings are its own and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="guidedesk-ibus-") as home:
        own = {**environment, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_RUNTIME_DIR": home, "XDG_CACHE_HOME": home,
               "QT_IM_MODULE": "ibus", "IBUS_ENABLE_SYNC_MODE": "1"}
        bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address=1"], env=own, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )
        assert bus.stdout is not None
        own["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        daemon = subprocess.Popen(
            ["ibus-daemon", "--panel=disable", "--xim"], env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _choose(own)
            yield own
        finally:
            for process in (daemon, bus):
                process.terminate()
                process.wait(timeout=_WAIT_S)
            bus.stdout.close()


def _choose(environment: dict[str, str]) -> None:
    deadline = time.monotonic() + _WAIT_S
    said = ""
    while time.monotonic() < deadline:
        subprocess.run(["ibus", "engine", ENGINE], env=environment, capture_output=True, timeout=_WAIT_S, check=False)
        asked = subprocess.run(
            ["ibus", "engine"], env=environment, capture_output=True, text=True, timeout=_WAIT_S, check=False
        )
        said = asked.stdout.strip()
        if said == ENGINE:
            return
        time.sleep(0.2)
    raise AssertionError(f"the input method did not start: {said}")
