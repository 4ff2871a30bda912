"""Oversized, deep and packed bodies cost the server a refusal each, and no memory to speak of (SECURITY.md S-1)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import urlsplit

import msgpack
import pytest
import requests
import zstandard

from guidedesk.demo.server_process import ServerProcess
from guidedesk.server.secrets import write_secrets
from guidedesk.sync.protocol import MAX_BODY
from tests.server.shop import Counter, Shop, open_shop

COUNTERS = 4
ROUNDS = 2
MOST_GROWTH = 64 << 20
PACKED = {"Content-Type": "application/msgpack", "Content-Encoding": "zstd"}


class Remote:
    """The server as another process, for several threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.authority = urlsplit(url).netloc
        self._local = local()

    def request(self, method: str, url: str, content: bytes = b"", headers: Any = None) -> requests.Response:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False
        session: requests.Session = self._local.session
        return session.request(method, self._url + url, data=content, headers=headers, timeout=(5, 30))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.close()


def bodies() -> list[tuple[str, bytes, dict[str, str], set[int]]]:
    """(what, body, headers, statuses that are right)."""
    pack = zstandard.ZstdCompressor().compress
    wide = b"{" + b",".join(b'"%d":1' % n for n in range(90_000)) + b"}"
    return [
        ("too long", b" " * (MAX_BODY + 1), {}, {413}),
        ("deep", b"[" * (MAX_BODY - 1), {}, {400}),
        ("wide", wide, {}, {400}),
        ("long text", b'{"a":"' + b"x" * (MAX_BODY - 20) + b'"}', {}, {400}),
        ("bomb", pack(bytes(256 << 20)), PACKED, {413}),
        ("deep and packed", pack(b"\x81\xa1a" + b"\x91\xc0\xc0" * 100_000), PACKED, {400, 413}),
        ("says it is long", pack(b"\x81\xa1a\xdd\xff\xff\xff\xff"), PACKED, {400}),
        ("lists in lists", msgpack.packb({"ops": [[[]] * 300] * 300}), {"Content-Type": PACKED["Content-Type"]}, {400}),
        ("many operations", json.dumps({"batch_id": "x", "epoch": 1, "first_seq": 1, "ops": [{}] * 501}).encode(),
         {}, {400}),
    ]  # fmt: skip


def resident(server: ServerProcess) -> int:
    """Bytes of memory the process holds now."""
    assert server._process is not None
    status = Path(f"/proc/{server._process.pid}/status")
    if not status.exists():
        pytest.skip("this system does not say how much memory a process holds")
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


def test_they_are_refused_and_the_server_stays_small(shop: Shop, tmp_path: Path) -> None:
    write_secrets(tmp_path / "secrets.json", shop.secrets)
    server = ServerProcess(shop.url, tmp_path / "secrets.json", tmp_path / "server.log")
    server.start()
    own, shop.client = shop.client, Remote(server.url)  # type: ignore[assignment]
    try:
        shop.clock.now_ms = time.time_ns() // 1_000_000
        counters = [shop.counter() for _ in range(COUNTERS)]
        hostile = bodies()

        def send(counter: Counter) -> None:
            for what, raw, headers, right in hostile:
                answer = counter.call("POST", "/v1/sync/push", raw=raw, headers=headers)
                assert answer.status_code in right, (what, answer.status_code, answer.text[:200])

        with ThreadPoolExecutor(COUNTERS) as threads:
            list(threads.map(send, counters[:1]))  # what the first of each kind loads stays loaded
            before = resident(server)
            for _ in range(ROUNDS):
                list(threads.map(send, counters))
        assert resident(server) - before < MOST_GROWTH
        assert shop.client.request("GET", "/v1/health").json()["status"] == "ok"
    finally:
        server.stop()
        shop.client = own
    assert "Traceback" not in (tmp_path / "server.log").read_text(encoding="utf-8")
