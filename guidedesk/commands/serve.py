"""`guidedesk serve`: the central server, until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import gc
import logging
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from guidedesk.server.database import ServerDatabase
    from guidedesk.server.helpers import Helpers
    from guidedesk.server.secrets import ServerSecrets

_HEADER_BYTES: Final = 16 * 1024  # S-1
_KEEP_ALIVE_SECONDS: Final = 5
_STOP_SECONDS: Final = 10
_LOOK_SECONDS: Final = 1  # between two looks for a database that is away
_SWITCH_SECONDS: Final = 0.0005
_OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000
_MOST_AT_ONCE: Final = 512
_PUBLIC: Final = re.compile(r"https://[A-Za-z0-9.-]{1,64}(:[0-9]{1,5})?/?")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class _CannotListen(Exception):
    """Somebody else has the address, or it is none of this machine."""


def add_parser(sub: argparse._SubParsersAction[Any]) -> None:
    """Options of `serve`."""
    parser = sub.add_parser(
        "serve",
        help="the central server",
        epilog="example: guidedesk serve --database sqlite:///server.db --secrets secrets.json --init",
    )
    parser.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE or postgresql://...")
    parser.add_argument("--secrets", required=True, type=Path, metavar="FILE", help="made by 'guidedesk admin init'")
    parser.add_argument("--listen", default="127.0.0.1:8765", metavar="HOST:PORT", help="port 0: any free one")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain, with --tls-key")
    parser.add_argument("--tls-key", type=Path, metavar="FILE")
    parser.add_argument("--behind-proxy", action="store_true", help="believe X-Forwarded-* of a proxy on this machine")
    parser.add_argument("--public-url", metavar="URL", help="where customers' phones reach this server: https://HOST")
    parser.add_argument(
        "--sender-command", metavar="COMMAND", help="program that sends one-time codes (docs/verification-sender.md)"
    )
    parser.add_argument(
        "--sync-queue", type=int, metavar="N", help="exchanges of counters that may wait; the rest come back later"
    )
    parser.add_argument("--init", action="store_true", help="create or migrate the schema first")
    parser.add_argument("--distribute", action="store_true", help="spread the tables over a Citus (docs/growing.md)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve; prints one line with the address once it answers."""
    from guidedesk.server.helpers import start_helpers
    from guidedesk.server.secrets import load_secrets

    where = _address(args.listen)
    if where is None or bool(args.tls_cert) != bool(args.tls_key):
        problem = "--listen is HOST:PORT, such as 127.0.0.1:8765" if where is None else "give --tls-cert and --tls-key"
        sys.stderr.write(f"guidedesk serve: {problem}.\n")
        return 2
    problem = _fault_of_pages(args, where[0])
    if problem:
        sys.stderr.write(f"guidedesk serve: {problem}.\n")
        return 2
    secrets = load_secrets(args.secrets)
    helpers = start_helpers(args.database, secrets, _suit_many_threads)
    try:
        database = _open_once_there(args, where, secrets)
        if database is None:
            return 0
        try:
            return _serve(args, where, database, secrets, helpers)
        finally:
            database.close()
    except _CannotListen as error:
        sys.stderr.write(f"guidedesk serve: cannot listen on {args.listen}: {error}.\n")
        return 1
    finally:
        helpers.close()


def _fault_of_pages(args: argparse.Namespace, host: str) -> str:
    """Customers join by a code sent to their phone: a server they can reach must have a way to send it."""
    if args.public_url and not _PUBLIC.fullmatch(args.public_url):
        return "--public-url is https://HOST, such as https://q.example.com"
    if args.sender_command or not (args.public_url or args.behind_proxy or host not in _LOOPBACK):
        return ""
    return (
        "customers' phones can reach this server, so say how it sends one-time codes: --sender-command PROGRAM "
        "(docs/verification-sender.md)"
    )


def _open_once_there(
    args: argparse.Namespace, where: tuple[str, int], secrets: ServerSecrets
) -> ServerDatabase | None:
    """The database, ready to be served; None where this server was told to stop while it waited for it."""
    from sqlalchemy.exc import DBAPIError

    from guidedesk.domain.errors import StorageError
    from guidedesk.server.database_wait import is_there, may_be_away

    refusals, is_told = 0, False
    while True:
        try:
            return _opened(args, secrets)
        except (StorageError, DBAPIError) as error:
            if not may_be_away(error):
                raise
            if is_there(args.database):
                refusals += 1
                if refusals > 1:  # the first time it may have come back just now
                    raise
                continue
            refusals = 0
            why = str(error.params.get("why")) if isinstance(error, StorageError) else "it went away"
        if not _wait(args, where, "" if is_told else why):
            return None
        is_told = True


def _wait(args: argparse.Namespace, where: tuple[str, int], why: str) -> bool:
    """Tell everybody to come back until the database is there; False where this server was told to stop.

    `why` it is not there is said in the log; empty where that was said before.
    """
    from guidedesk.server.database_wait import come_back, is_there

    def look() -> None:
        while not server.should_exit:
            if is_there(args.database):
                there.set()
                server.should_exit = True
            else:
                time.sleep(_LOOK_SECONDS)

    there = threading.Event()
    with _listening(where) as listening:
        server = _http_server(args, come_back)
        if why:
            sys.stderr.write(
                f"guidedesk serve: the database cannot be reached ({why}). Waiting for it: until it is there, every "
                f"call to {_url(args, listening)} is answered 503 (come back).\n"
            )
            sys.stderr.flush()
        threading.Thread(target=look, name="database", daemon=True).start()
        server.run(sockets=[listening])
    return there.is_set()


def _opened(args: argparse.Namespace, secrets: ServerSecrets) -> ServerDatabase:
    """The database with its schema and what is written at each start. May be done again."""
    from guidedesk.server.database import open_server

    database = open_server(args.database)
    try:
        _make_ready(args, database, secrets)
    except BaseException:
        database.close()
        raise
    return database


def _make_ready(args: argparse.Namespace, database: ServerDatabase, secrets: ServerSecrets) -> None:
    from guidedesk.server.chain import init_chain
    from guidedesk.server.code_keys import refresh_trust_list
    from guidedesk.server.context import SystemClock, SystemRandom
    from guidedesk.server.distribute import distribute, is_distributed
    from guidedesk.server.roles import APP, can_rewrite
    from guidedesk.server.schema import check_schema, create_schema
    from guidedesk.server.settings import write_settings

    clock, random = SystemClock(), SystemRandom()
    if args.init:
        create_schema(database)
        init_chain(database, clock, random)
    check_schema(database)
    if args.distribute or (args.init and is_distributed(database)):
        spread = distribute(database)
        sys.stdout.write(f"Spread {len(spread)} tables over the nodes.\n")
    refresh_trust_list(database, secrets, clock.wall_ms())
    if args.public_url:
        # Codes are printed with this host from now on; those printed before keep the one they have.
        write_settings(database, {"code_host": args.public_url.removeprefix("https://").rstrip("/")})
    if can_rewrite(database):
        sys.stderr.write(
            f"guidedesk serve: this database role could change the audit log; connect as {APP} instead "
            "(guidedesk admin init makes it).\n"
        )


def _serve(
    args: argparse.Namespace,
    where: tuple[str, int],
    database: ServerDatabase,
    secrets: ServerSecrets,
    helpers: Helpers,
) -> int:
    from guidedesk.server.admission import MOST_WAITING
    from guidedesk.server.app import create_app, stop_streams
    from guidedesk.server.code_senders import CommandSender, LogSender
    from guidedesk.server.context import SystemClock, SystemRandom
    from guidedesk.sync.redaction import configure_logging, log_uncaught_errors

    configure_logging(sys.stderr, logging.INFO, secrets.log_salt)
    log_uncaught_errors()
    with _listening(where) as listening:
        sender = CommandSender.of(args.sender_command) if args.sender_command else LogSender(sys.stderr)
        app = create_app(
            database, secrets, SystemClock(), SystemRandom(), sender=sender, signer=helpers.signer,
            deciders=helpers.deciders,
            most_waiting=MOST_WAITING if args.sync_queue is None else max(0, args.sync_queue),
        )  # fmt: skip
        _suit_many_threads()
        said = f"GuideDesk server on {_url(args, listening)}\n"
        _http_server(args, app, said, lambda: stop_streams(app)).run(sockets=[listening])
    return 0


def _http_server(
    args: argparse.Namespace, app: ASGIApp, said: str = "", before_stop: Callable[[], None] = lambda: None
) -> uvicorn.Server:
    """A server of this application; `said` once it answers."""
    import uvicorn

    from guidedesk.server.events import MOST_STREAMS

    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=_HEADER_BYTES,
        limit_concurrency=_MOST_AT_ONCE + MOST_STREAMS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        proxy_headers=args.behind_proxy,
        ssl_certfile=args.tls_cert,
        ssl_keyfile=args.tls_key,
    )
    found: uvicorn.Server = _server_class()(config, said, before_stop)
    return found


def _suit_many_threads() -> None:
    """A push asks the database thirty times: each answer waited five milliseconds for a thread that reads another
    push to let go, and the collector looked through every library for each few hundred objects of a batch."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 10, 10)


def _server_class() -> Any:
    import uvicorn

    class Announced(uvicorn.Server):
        """Says where it listens, and ends quietly when told to stop."""

        def __init__(self, config: uvicorn.Config, said: str, before_stop: Callable[[], None]) -> None:
            super().__init__(config)
            self._said = said
            self._before_stop = before_stop

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                sys.stdout.write(self._said)
                sys.stdout.flush()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            self._before_stop()
            await super().shutdown(sockets=sockets)

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            # The library's own raises the signal again after stopping, which would look like a crash.
            before = {n: signal.signal(n, self.handle_exit) for n in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    return Announced


def _address(text: str) -> tuple[str, int] | None:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        return None
    return host.strip("[]"), int(port)


@contextmanager
def _listening(where: tuple[str, int]) -> Iterator[socket.socket]:
    try:
        listening = listen(*where)
    except OSError as error:
        raise _CannotListen(error.strerror) from error
    with listening:
        yield listening


def listen(host: str, port: int) -> socket.socket:
    """A socket that counters may connect to; port 0: any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=256)
    # Taken over by every connection. The event loop sets it only where a socket says that it is TCP, and one made this
    # way does not: each answer's body then waited forty milliseconds for the other side to confirm its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _url(args: argparse.Namespace, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"{'https' if args.tls_cert else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
