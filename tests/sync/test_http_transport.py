"""The line to a server that hangs, breaks, redirects or is not there."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from guidedesk.domain.errors import GuideDeskError, TransportError
from guidedesk.sync import http_transport
from guidedesk.sync.http_transport import HttpTransport, check_server_url
from guidedesk.sync.transport import Request
from tests.helpers.counter_parts import DEVICE, START_MS, SeededRandom

HELLO = Request("POST", "/v1/sync/hello?x=1", b"{}", {"Content-Type": "application/json"})


class GivesUp:
    """A server that answers a request, and gives the kept connection up when the next one comes; so each time."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    self._read(connection)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                    self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        request = b""
        while not request.endswith(b"{}"):
            part = connection.recv(65_536)
            if not part:
                return
            request += part
        self.asked.append(request)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@contextmanager
def server(answer: Callable[[socket.socket, bytes], None], *, peek: bool = False) -> Iterator[str]:
    """A server that takes one connection and does with it what it is told; `peek` leaves the request unread."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            answer(connection, connection.recv(65_536, socket.MSG_PEEK if peek else 0))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.join(5)
    listener.close()


def transport(url: str) -> HttpTransport:
    return HttpTransport(
        url, random=SeededRandom(1), now_ms=lambda: START_MS, device_id=DEVICE, signing_seed=bytes(range(32))
    )


def fails_with(url: str) -> str:
    line = transport(url)
    with pytest.raises(TransportError) as failed:
        line.send(HELLO)
    line.close()
    return failed.value.code


def test_nobody_there_is_told_apart_from_a_broken_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert fails_with(f"http://127.0.0.1:{port}") == "unreachable"
    with server(lambda connection, _: connection.close()) as url:
        assert fails_with(url) == "connection_lost"


def test_a_kept_connection_that_was_given_up_costs_the_exchange_nothing() -> None:
    giving_up = GivesUp()
    line = transport(giving_up.url)
    assert [line.send(HELLO).status for _ in range(3)] == [200, 200, 200]
    line.close()
    giving_up.close()
    assert len(giving_up.asked) == 5  # the second and the third were asked again
    nonces = {part for one in giving_up.asked for part in one.split(b";") if part.startswith(b"nonce=")}
    assert len(nonces) == 5  # each signed for itself: the first may have been read


def test_what_could_take_effect_twice_is_not_asked_again_by_itself() -> None:
    giving_up = GivesUp()
    line = transport(giving_up.url)
    sign_in = Request("POST", "/v1/sign-in", b"{}", {"Content-Type": "application/json"})
    assert line.send(sign_in).status == 200
    with pytest.raises(TransportError) as failed:
        line.send(sign_in)
    assert failed.value.code == "connection_lost"
    line.close()
    giving_up.close()
    assert len(giving_up.asked) == 2


def test_a_server_that_never_answers_does_not_hang_the_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_transport, "READ_S", 0.05)
    release = threading.Event()

    def keep_silent(_connection: socket.socket, _request: bytes) -> None:
        release.wait(5)

    with server(keep_silent) as url:
        assert fails_with(url) == "timeout"
        release.set()


def test_requests_are_signed_and_redirects_are_not_followed() -> None:
    heard: list[bytes] = []

    def redirect(connection: socket.socket, request: bytes) -> None:
        heard.append(request)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")

    with server(redirect) as url:
        line = transport(url)
        assert line.send(HELLO).status == 302
        line.close()
    lowered = heard[0].lower()
    assert all(
        name in lowered for name in (b"signature:", b"signature-input:", b"content-digest:", b"guidedesk-device:")
    )


def test_a_call_begun_ahead_is_answered_once_and_fails_where_it_is_asked_for() -> None:
    heard: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        heard.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with server(answer) as url:
        line = transport(url)
        line.ahead(HELLO)
        assert line.send(HELLO).json() == {}
    line.ahead(HELLO)  # nobody is there any more
    with pytest.raises(TransportError) as failed:
        line.send(HELLO)
    assert failed.value.code == "unreachable"
    line.close()
    assert len(heard) == 1


def certificate(folder: Path) -> Path:
    """A certificate of this PC's own, with its key, in one file."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None)
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return path


def test_only_a_server_with_a_trusted_certificate_is_spoken_to(tmp_path: Path) -> None:
    trusted = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted)
    heard: list[bytes] = []

    def answer(connection: socket.socket, _request: bytes) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            said = b""
            while not said.endswith(HELLO.body):
                said += secured.recv(65_536)
            heard.append(said)
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    for ca_file, is_trusted in ((trusted, True), (None, False)):
        with server(answer, peek=True) as url:
            line = HttpTransport(
                url.replace("http:", "https:"), random=SeededRandom(1), now_ms=lambda: START_MS, ca_file=ca_file
            )
            if is_trusted:
                assert line.send(HELLO).json() == {}
            else:
                with pytest.raises(TransportError) as failed:
                    line.send(HELLO)
                assert failed.value.code == "tls_failed"
            line.close()
    assert len(heard) == 1


@pytest.mark.parametrize(
    "url",
    ["http://shop.example", "ftp://shop.example", "https://", "https://user@shop.example", "https://a.example/x", "x"],
)
def test_only_https_or_this_pc_itself_is_a_server(url: str) -> None:
    with pytest.raises(GuideDeskError) as refused:
        check_server_url(url)
    assert refused.value.code == "bad_server_url"


def test_good_urls_lose_their_slash() -> None:
    assert check_server_url(" https://head.example:8443/ ") == "https://head.example:8443"
    assert check_server_url("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"
    assert check_server_url("http://[::1]:8000") == "http://[::1]:8000"
