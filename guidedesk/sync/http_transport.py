"""Signed requests over HTTPS (SECURITY.md D-3, S-5, S-6): time-outs always, redirects never, checks never off."""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guidedesk.domain.errors import GuideDeskError, TransportError
from guidedesk.domain.ports import Random
from guidedesk.services.keys import DerivedKeys
from guidedesk.sync.contact import why_unreachable
from guidedesk.sync.identity import Identity
from guidedesk.sync.signing import NONCE_BYTES, sign_request
from guidedesk.sync.transport import Request, Response

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool

CONNECT_S: Final = 5
READ_S: Final = 30
_KEPT: Final = 2  # connections: of a long queue one batch is sent while the server is at the one before
_LINES_BYTES: Final = 14  # " HTTP/1.1", line ends, and the empty line
_HEADER_BYTES: Final = 4  # ": " and the line's end
_MAY_COME_TWICE: Final = "/v1/sync/"  # what the exchange asks takes effect once, however often it comes


@dataclass(slots=True)
class Traffic:
    """Bytes of HTTP over one line so far, headers included; TLS and TCP come on top. Streams are not counted."""

    sent: int = 0
    received: int = 0


class HttpTransport:
    """Sends to one server. With `device_id` every request is signed; without (enrolment) none is.

    `now_ms` is server time as far as it is known; `ca_file` replaces the system's trusted authorities.
    """

    def __init__(
        self,
        server_url: str,
        *,
        random: Random,
        now_ms: Callable[[], int],
        device_id: str | None = None,
        signing_seed: bytes | None = None,
        session_id: Callable[[], str | None] = lambda: None,
        ca_file: Path | None = None,
    ) -> None:
        self._base = check_server_url(server_url)
        self._authority = urlsplit(self._base).netloc
        self._random = random
        self._now_ms = now_ms
        self._device_id = device_id
        self._key = Ed25519PrivateKey.from_private_bytes(signing_seed) if signing_seed else None
        self._session_id = session_id
        self._ca_file = ca_file
        self.traffic = Traffic()
        self._begun: deque[_Begun] = deque()

    def send(self, request: Request) -> Response:
        """The answer, whatever its status; `TransportError` when none came."""
        if self._begun and self._begun[0].request == request:
            return self._begun.popleft().answer()
        self._begun.clear()
        return self._exchange(request)

    def ahead(self, request: Request) -> None:
        """Begin a call in a thread of its own, while the caller still works on the answer before."""
        self._begun.append(_Begun(self._exchange, request))

    def _exchange(self, request: Request) -> Response:
        opened = self._pool.num_connections
        try:
            answer, headers = self._ask(request, is_stream=False)
        except TransportError as error:
            is_kept = self._pool.num_connections == opened
            if error.code != "connection_lost" or not is_kept or not request.path.startswith(_MAY_COME_TWICE):
                raise
            # The other side may have given the kept connection up while we asked: a new one tells.
            answer, headers = self._ask(request, is_stream=False)
        received = {name.lower(): value for name, value in answer.headers.items()}
        self._count(request, headers, answer.data, received)
        return Response(answer.status, answer.data, received)

    def open_stream(self, request: Request) -> HttpStream:
        """An answer that goes on; silence longer than a read may take ends it (heartbeats come more often)."""
        return HttpStream(self._ask(request, is_stream=True)[0])

    def _ask(self, request: Request, *, is_stream: bool) -> tuple[BaseHTTPResponse, dict[str, str]]:
        from urllib3 import Timeout, exceptions

        headers = {**request.headers, **self._signature(request)}
        try:
            answer = self._pool.urlopen(
                request.method,
                request.path,
                body=request.body or None,
                headers=headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=Timeout(connect=CONNECT_S, read=READ_S),
                preload_content=not is_stream,
                # As it came: whether the library could unpack it depends on what it was built with.
                decode_content=False,
            )
        except exceptions.SSLError as error:
            raise TransportError("tls_failed") from error
        except exceptions.ReadTimeoutError as error:
            raise TransportError("timeout") from error
        except (exceptions.NewConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyError) as error:
            raise TransportError("unreachable", why=why_unreachable(error)) from error
        except exceptions.HTTPError as error:
            # The connection stood before it broke: the server may have carried the request out.
            raise TransportError("connection_lost") from error
        return answer, headers

    @cached_property
    def _pool(self) -> HTTPConnectionPool:
        """Kept connections; made, and the library read, with the first request: the window does not wait for it."""
        import urllib3

        if self._base.startswith("http:"):  # this PC itself: no proxy, no certificate
            return urllib3.PoolManager(maxsize=_KEPT).connection_from_url(self._base)
        from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy

        trusted: dict[str, Any] = {
            "cert_reqs": "CERT_REQUIRED",
            "ca_certs": str(self._ca_file or DEFAULT_CA_BUNDLE_PATH),
        }
        proxy = select_proxy(self._base, get_environ_proxies(self._base, no_proxy=None))
        trusted["maxsize"] = _KEPT
        manager = urllib3.ProxyManager(proxy, **trusted) if proxy else urllib3.PoolManager(**trusted)
        return manager.connection_from_url(self._base)

    def close(self) -> None:
        """Close kept connections."""
        if "_pool" in self.__dict__:
            self._pool.close()

    def _count(self, request: Request, sent: Mapping[str, str], body: bytes, received: Mapping[str, str]) -> None:
        line = len(request.method) + len(request.path) + _LINES_BYTES
        self.traffic.sent += line + len(request.body) + sum(len(k) + len(v) + _HEADER_BYTES for k, v in sent.items())
        self.traffic.received += _LINES_BYTES + len(body)
        self.traffic.received += sum(len(k) + len(v) + _HEADER_BYTES for k, v in received.items())

    def _signature(self, request: Request) -> dict[str, str]:
        if self._key is None or self._device_id is None:
            return {}
        path, _, query = request.path.partition("?")
        return sign_request(
            request.method,
            self._authority,
            path,
            query,
            request.body,
            device_id=self._device_id,
            key_id=self._device_id,
            session_id=self._session_id(),
            created=self._now_ms() // 1000,
            nonce=self._random.bytes(NONCE_BYTES),
            private_key=self._key,
        )


class _Begun:
    """A call that is under way."""

    def __init__(self, exchange: Callable[[Request], Response], request: Request) -> None:
        self.request = request
        self._exchange = exchange
        self._found: Response | Exception = TransportError("connection_lost")
        # Nobody waits for it at the end of the program: what it brings can be asked for again.
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self) -> Response:
        """What came, or what went wrong."""
        self._thread.join()
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    def _run(self) -> None:
        try:
            self._found = self._exchange(self.request)
        except Exception as error:  # told where it is asked for
            self._found = error


class HttpStream:
    """One answer held open."""

    def __init__(self, answer: BaseHTTPResponse) -> None:
        self._answer = answer
        self.status = answer.status

    def parts(self) -> Generator[bytes]:
        """What comes, as it comes; `connection_lost` where the line broke or stayed silent too long."""
        from urllib3.exceptions import HTTPError

        try:
            yield from self._answer.stream(None)
        except (HTTPError, OSError, ValueError, AttributeError) as error:
            # The last two are what the library raises where another thread closed the answer.
            raise TransportError("connection_lost") from error
        finally:
            self._answer.close()

    def close(self) -> None:
        """End it: a read that waits in another thread returns at once."""
        # Released already, or over a kind of connection that cannot be shut from here: the read ends by its time-out.
        with suppress(ValueError, RuntimeError, OSError):
            self._answer.shutdown()


def http_transports(
    random: Random, session_id: Callable[[], str | None] = lambda: None, ca_file: Path | None = None
) -> Callable[[Identity, DerivedKeys, Callable[[], int]], HttpTransport]:
    """What `Counter.open` takes to reach the server it was enrolled at."""

    def make(identity: Identity, keys: DerivedKeys, now_ms: Callable[[], int]) -> HttpTransport:
        return HttpTransport(
            identity.server_url,
            random=random,
            now_ms=now_ms,
            device_id=identity.device_id,
            signing_seed=keys.signing_seed,
            session_id=session_id,
            ca_file=ca_file,
        )

    return make


def check_server_url(url: str) -> str:
    """The URL without a trailing slash; `bad_server_url` unless it is https, or http to this PC itself (the demo)."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:  # half a bracket, a port beyond 65535
        raise GuideDeskError("bad_server_url", url=url[:200]) from error
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username or not host:
        raise GuideDeskError("bad_server_url", url=url[:200])
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_pc(host)):
        raise GuideDeskError("bad_server_url", url=url[:200])
    return f"{parts.scheme}://{parts.netloc}"


def _is_this_pc(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
