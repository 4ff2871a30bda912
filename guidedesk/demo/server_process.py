"""The central server as a process of its own, so that an outage of the demo is a stopped process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from guidedesk.demo.leash import leash
from guidedesk.domain.errors import GuideDeskError

START_S: Final = 60
STOP_S: Final = 20
_URL: Final = re.compile(r"(http://\S+:(\d+))")


class ServerProcess:
    """`guidedesk serve` on a loopback port; the port stays the same when it is started again."""

    def __init__(self, database_url: str, secrets: Path, log: Path, options: Sequence[str] = ()) -> None:
        self._database_url = database_url
        self._secrets = secrets
        self._log = log
        self._options = options
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None
        self._held = 0
        self.url = ""

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process's id, while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it and wait until it says where it listens; `demo_server_failed` if it does not."""
        command = [
            sys.executable, "-m", "guidedesk", "serve", "--database", self._database_url,
            "--secrets", str(self._secrets), "--listen", f"127.0.0.1:{self._port}",
            *self._options,
        ]  # fmt: skip
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
            )
        self._held = leash().hold_process(self._process.pid)
        found: list[re.Match[str]] = []
        heard = threading.Event()
        self._listener = threading.Thread(target=self._listen, args=(self._process, found, heard), daemon=True)
        self._listener.start()
        if not heard.wait(START_S) or not found:
            self.stop()
            raise GuideDeskError("demo_server_failed", log=str(self._log))
        self.url, self._port = found[0][1], int(found[0][2])

    def stop(self) -> None:
        """Stop it as an operator would; kill what does not stop."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        leash().release(self._held)
        if self._listener is not None:
            self._listener.join(STOP_S)
        self._process = self._listener = None

    @staticmethod
    def _listen(process: subprocess.Popen[str], found: list[re.Match[str]], heard: threading.Event) -> None:
        # Reads to the end, so that the server never waits for somebody to read what it says.
        if process.stdout is not None:
            with process.stdout as lines:
                for line in lines:
                    match = _URL.search(line)
                    if match and not found:
                        found.append(match)
                        heard.set()
        heard.set()
