"""The application behind a real HTTP server on loopback, in a thread of the test."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI

from guidedesk.server.app import stop_streams


class _Server(uvicorn.Server):
    """Stops when told: uvicorn looks only ten times a second, a fifth of a second for each of a thousand tests."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none", timeout_keep_alive=5)
        )
        self.ready = threading.Event()
        self._app = app
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """From any thread."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def startup(self, sockets: Any = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1)

    async def shutdown(self, sockets: Any = None) -> None:
        stop_streams(self._app)
        for listener in self.servers:
            listener.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        while state.connections or state.tasks:
            await asyncio.sleep(0.001)
        await self.lifespan.shutdown()


class HttpServer:
    """Serves until closed; `request` keeps one connection."""

    def __init__(self, app: FastAPI) -> None:
        self._server = _Server(app)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        assert self._server.ready.wait(20)
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
        if self.is_running:
            self._server.stop()
        self._thread.join(20)
