"""A server that is started before its database, as after a power cut: it keeps its address and tells everybody to come
back, until the database answers.

Only a PostgreSQL is waited for, and only one that does not answer or lets nobody in yet. One that answers and refuses
this server (another password, no such database) would do so for ever.
"""

from __future__ import annotations

import time
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping
from sqlalchemy import make_url
from starlette.types import Receive, Scope, Send

from guidedesk.domain.errors import StorageError
from guidedesk.server.outages import is_outage
from guidedesk.server.routing import busy_response

_CONNECT_SECONDS: Final = 5


def may_be_away(error: Exception) -> bool:
    """Whether this may have come of a database that was not there."""
    if isinstance(error, StorageError):
        return error.code in ("database_unreachable", "server_busy")
    return is_outage(error)


def is_there(url: str) -> bool:
    """Whether waiting for the database at this address helps nothing: it is there, though it may refuse this server.

    The driver tells no reason for a connection that cannot be made; its library does when it is asked whether anybody
    is there. Words are not read: they are in the database's own language.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        return True
    parsed = parsed.set(drivername="postgresql+psycopg")
    _, given = parsed.get_dialect()().create_connect_args(parsed)
    told = make_conninfo(**{"connect_timeout": _CONNECT_SECONDS} | dict(given))
    try:
        psycopg.connect(told).close()
    except psycopg.errors.ConnectionTimeout:
        return False  # not asked the other way: until it gives up, no other thread would run
    except psycopg.OperationalError:
        return PGconn.ping(told.encode()) not in (Ping.NO_RESPONSE, Ping.REJECT)
    return True


async def come_back(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every call as one that cannot be served now, `/v1/health` too."""
    if scope["type"] != "http":
        raise ValueError(scope["type"])  # how an application says that it knows of nothing else
    await busy_response(time.time_ns() // 1_000_000)(scope, receive, send)
