"""Reads each body whole, within limits of size and time, before anything looks at it (SECURITY.md S-1, S-5)."""

from __future__ import annotations

import json
from typing import Final

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guidedesk.sync.encoding import ZSTD

BODY_SECONDS: Final = 30
_PASSED_OVER: Final = 4
# A packed body is unpacked later, once its signature is known to be a counter's.
_ENCODINGS: Final = (b"identity", ZSTD.encode())


class BodyLimit:
    """ASGI middleware: 413 past the limit, 408 past the time, 415 for a body packed as nobody asked for."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body already here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity") not in _ENCODINGS:
            await self._pass_over(receive)
            await _refuse(send, 415, "unsupported_encoding")
            return
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or len(announced) > 12 or int(announced) > self._max_bytes:
            await self._pass_over(receive)
            await _refuse(send, 413, "too_large")
            return
        body: bytes | None = None
        with anyio.move_on_after(BODY_SECONDS) as timer:
            body = await self._read(receive)
        if timer.cancelled_caught:
            await _refuse(send, 408, "too_slow")
        elif body is None:
            await self._pass_over(receive)
            await _refuse(send, 413, "too_large")
        else:
            await self._app(scope, _replay(body, receive), send)

    async def _pass_over(self, receive: Receive) -> None:
        """Let a body that is refused go by, up to a few times the limit: whoever is still sending when the answer comes
        sees a broken line instead of it, and a counter would send the same again instead of less."""
        left = _PASSED_OVER * self._max_bytes
        with anyio.move_on_after(BODY_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return

    async def _read(self, receive: Receive) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"".join(parts)
            part = message.get("body", b"")
            size += len(part)
            if size > self._max_bytes:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(send: Send, status: int, code: str) -> None:
    body = json.dumps({"error": {"code": code, "params": {}}}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
