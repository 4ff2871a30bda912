"""A bad line on loopback: an asyncio proxy between real counters and a real server that does to HTTP what networks do.

It speaks to the server with a connection of its own for each request, so that a fault of one is not one of the next.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import Counter as Tally
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

_PART: Final = 37  # bytes of a drip: no boundary of anything
_ROUNDS: Final = 3
_STALLED_S: Final = 60.0
_RESET: Final = struct.pack("ii", 1, 0)  # linger of no seconds: closing sends RST
_SESSION_OVER: Final = b'{"error": {"code": "session_expired", "params": {}}}'
_BUSY: Final = b'{"error": {"code": "server_busy", "params": {}}}'
FAULTS: Final = (
    "refused",  # the connection is closed before anything is read
    "request_lost",  # read, and not passed on
    "request_cut",  # half of the body is passed on, then both lines break
    "answer_lost",  # the server has done it and nobody hears of it
    "answer_cut",  # half an answer
    "answer_reset",  # RST instead of an answer
    "doubled",  # carried to the server twice, the first answer comes back
    "doubled_at_once",  # the same at the same time
    "second_answer",  # carried twice, the second answer comes back
    "late_double",  # carried again after the next request
    "stalled",  # done, and the answer never comes while the line stays open
    "drip",  # request and answer in small pieces
    "error_500",
    "error_502_after",  # what stands between says 502 though the server has done it
    "busy_503",
    "garbled",  # an answer of other bytes of the same length
    "empty",  # 200 and nothing
)
Choice = Callable[[str, str], str | None]  # (method, path) -> a fault, or None for a good line


class FaultProxy:
    """Listens on a port of its own; `choose` says for each request what happens to it."""

    def __init__(self, authority: str, choose: Choice) -> None:
        self._host, _, port = authority.partition(":")
        self._port = int(port)
        self.choose = choose
        self.done: Tally[str] = Tally()
        self._late: list[bytes] = []
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.authority = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="fault-proxy", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it and every line over it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)

    def deafen(self) -> None:
        """Take no more calls and end those there are: as if nothing were here."""
        asyncio.run_coroutine_threadsafe(self._deafened(), self._loop).result(20)

    def listen(self) -> None:
        """Take calls again, at the same place."""
        host, _, port = self.authority.partition(":")
        made = asyncio.start_server(self._serve, host, int(port))
        self._server = asyncio.run_coroutine_threadsafe(made, self._loop).result(20)

    async def _deafened(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listening))
        self._loop.run_forever()
        self._server.close()
        self._loop.run_until_complete(self._hang_up())
        self._loop.close()

    async def _hang_up(self) -> None:
        # A line that was just taken begins to be served meanwhile.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for writer in self._writers:
                writer.transport.abort()
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)  # what was closed is let go of in the next rounds

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._pass_on(reader, writer):
                    pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the line is still good for another."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        fault = self.choose(method.decode(), path.decode())
        self.done[fault or "good"] += 1
        if fault == "refused":
            return False
        request = head + await reader.readexactly(_length(head))
        if fault is None or fault == "drip":
            answer = await self._ask(request, is_drip=fault == "drip")
            await _write(writer, answer, is_drip=fault == "drip")
            return True
        return await self._spoil(fault, request, writer)

    async def _spoil(self, fault: str, request: bytes, writer: asyncio.StreamWriter) -> bool:
        if fault == "request_lost":
            return False
        if fault == "request_cut":
            await self._ask(request[: len(request) - max(1, (len(request) - request.index(b"\r\n\r\n")) // 2)])
            return False
        if fault == "session_over":
            writer.write(b"HTTP/1.1 401 X\r\nContent-Length: %d\r\n\r\n%s" % (len(_SESSION_OVER), _SESSION_OVER))
            return True
        if fault == "busy_503":  # as head office says it
            writer.write(b"HTTP/1.1 503 X\r\nRetry-After: 1\r\nContent-Length: %d\r\n\r\n%s" % (len(_BUSY), _BUSY))
            return True
        if fault in ("error_500", "no_server_502", "no_server_503"):  # as something in between does
            writer.write(b"HTTP/1.1 %s X\r\nContent-Length: 2\r\n\r\n{}" % fault[-3:].encode())
            return True
        if fault == "doubled_at_once":
            answer, _ = await asyncio.gather(self._ask(request), self._ask(request))
        else:
            answer = await self._ask(request)
        if fault in ("doubled", "second_answer"):
            second = await self._ask(request)
            answer = second if fault == "second_answer" else answer
        if fault == "late_double":
            self._late.append(request)
        elif self._late:
            await self._ask(self._late.pop())
        return await self._answer(fault, answer, writer)

    async def _answer(self, fault: str, answer: bytes, writer: asyncio.StreamWriter) -> bool:
        if fault == "answer_lost":
            return False
        if fault == "answer_reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
            return False
        if fault == "answer_cut":
            writer.write(answer[: len(answer) // 2])
            await writer.drain()
            return False
        if fault == "stalled":
            await asyncio.sleep(_STALLED_S)  # the counter gives up long before
            return False
        if fault == "error_502_after":
            answer = b"HTTP/1.1 502 X\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<htm>"
        elif fault == "garbled":
            cut = answer.index(b"\r\n\r\n") + 4
            answer = answer[:cut] + bytes(byte ^ 0x55 for byte in answer[cut:])
        elif fault == "empty":
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        writer.write(answer)
        await writer.drain()
        return True

    async def _ask(self, request: bytes, *, is_drip: bool = False) -> bytes:
        """What the server says, as it says it; nothing where it hangs up."""
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        except OSError as error:
            raise ConnectionResetError from error  # the server is away: so is the line
        try:
            await _write(writer, request, is_drip=is_drip)
            end = request.find(b"\r\n\r\n")
            if end < 0 or _length(request) > len(request) - end - 4:
                return b""  # cut, in its head or its body: there will be no answer
            head = await reader.readuntil(b"\r\n\r\n")
            return head + (await reader.readexactly(_length(head)) if b" 304 " not in head[:20] else b"")
        finally:
            writer.close()


async def _write(writer: asyncio.StreamWriter, data: bytes, *, is_drip: bool) -> None:
    for start in range(0, len(data), _PART if is_drip else len(data) or 1):
        writer.write(data[start : start + _PART] if is_drip else data)
        await writer.drain()
        await asyncio.sleep(0)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
