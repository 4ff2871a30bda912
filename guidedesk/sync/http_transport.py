"""Signed requests over HTTPS (SECURITY.md D-3, S-5, S-6): time-outs always, redirects never, checks never off."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guidedesk.domain.errors import GuideDeskError, TransportError
from guidedesk.domain.ports import Random
from guidedesk.services.keys import DerivedKeys
from guidedesk.sync.identity import Identity
from guidedesk.sync.signing import NONCE_BYTES, sign_request
from guidedesk.sync.transport import Request, Response

if TYPE_CHECKING:
    import requests

CONNECT_S: Final = 5
READ_S: Final = 30


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

    def send(self, request: Request) -> Response:
        """The answer, whatever its status; `TransportError` when none came."""
        answer = self._ask(request, is_stream=False)
        return Response(answer.status_code, answer.content, _lowered(answer.headers))

    def open_stream(self, request: Request) -> HttpStream:
        """An answer that goes on; silence longer than a read may take ends it (heartbeats come more often)."""
        return HttpStream(self._ask(request, is_stream=True))

    def _ask(self, request: Request, *, is_stream: bool) -> requests.Response:
        import requests

        headers = {**request.headers, **self._signature(request)}
        try:
            return self._session.request(
                request.method,
                self._base + request.path,
                data=request.body or None,
                headers=headers,
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=is_stream,
            )
        except requests.exceptions.SSLError as error:
            raise TransportError("tls_failed") from error
        except requests.exceptions.ReadTimeout as error:
            raise TransportError("timeout") from error
        except requests.exceptions.ConnectionError as error:
            raise TransportError("connection_lost" if _was_sent(error) else "unreachable") from error
        except requests.exceptions.RequestException as error:
            raise TransportError("connection_lost") from error

    @cached_property
    def _session(self) -> requests.Session:
        """Kept connections; made, and the library read, with the first request: the window does not wait for it."""
        import requests

        session = requests.Session()
        session.verify = True if self._ca_file is None else str(self._ca_file)
        return session

    def close(self) -> None:
        """Close kept connections."""
        if "_session" in self.__dict__:
            self._session.close()

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


class HttpStream:
    """One answer held open."""

    def __init__(self, answer: requests.Response) -> None:
        self._answer = answer
        self.status = answer.status_code

    def parts(self) -> Generator[bytes]:
        """What comes, as it comes; `connection_lost` where the line broke or stayed silent too long."""
        import requests

        try:
            yield from self._answer.iter_content(chunk_size=None)
        except (requests.exceptions.RequestException, OSError, ValueError, AttributeError) as error:
            # The last two are what the library raises where another thread closed the answer.
            raise TransportError("connection_lost") from error
        finally:
            self._answer.close()

    def close(self) -> None:
        """End it: a read that waits in another thread returns at once."""
        # Released already, or over a kind of connection that cannot be shut from here: the read ends by its time-out.
        with suppress(ValueError, RuntimeError, OSError):
            self._answer.raw.shutdown()


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


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


def _was_sent(error: requests.exceptions.ConnectionError) -> bool:
    """Whether the connection stood before it broke: then the server may have carried the request out."""
    import requests

    return not isinstance(error, requests.exceptions.ConnectTimeout) and "NewConnectionError" not in repr(error)
