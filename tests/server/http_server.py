"""The application behind a real HTTP server on loopback, in a thread of the test."""

from __future__ import annotations

import threading
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI

from guidedesk.server.app import stop_streams


class HttpServer:
    """Serves until closed; `request` keeps one connection."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none", timeout_keep_alive=5)
        self._server = uvicorn.Server(config)
        self._ready = threading.Event()
        real_startup = self._server.startup

        async def startup(sockets: Any = None) -> None:
            await real_startup(sockets=sockets)
            self._ready.set()

        self._server.startup = startup  # type: ignore[method-assign]
        real_shutdown = self._server.shutdown

        async def shutdown(sockets: Any = None) -> None:
            stop_streams(app)
            await real_shutdown(sockets=sockets)

        self._server.shutdown = shutdown  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        assert self._ready.wait(20)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.authority = f"127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False

    def request(self, method: str, url: str, content: bytes = b"", headers: Any = None) -> requests.Response:
        full = f"http://{self.authority}{url}"
        return self._session.request(method, full, data=content, headers=headers, timeout=(5, 30))

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        self._session.close()
        self._server.should_exit = True
        self._thread.join(20)
