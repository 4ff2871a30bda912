"""Faults of the database itself, told from those of what it was asked (SCALE.md 3.8, 3.9: by SQLSTATE, never by words).

What lies in the moment is tried again, or answered with "come back": taken for a fault of the operation, it would be
counted against somebody's work.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneIsFree

_SQLITE_BUSY: Final = frozenset({5, 6})  # SQLITE_BUSY, SQLITE_LOCKED
_SQLITE_FULL: Final = 13
# Serialisation failure, deadlock, lock timeout, a fault of another node; a transaction that idled for too long; the
# server going away or being full of us.
_RETRIED_STATES: Final = frozenset({"40001", "40P01", "55P03", "XX000", "25P03", "57P01", "57P02", "57P03", "53300"})
_TIMED_OUT: Final = "57014"
_FULL: Final = "53100"


def is_transient(error: DBAPIError) -> bool:
    """Whether the whole transaction should be tried again: the fault lies in the moment, not in the statement."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_BUSY
    state = _state(error)
    return error.connection_invalidated or state in _RETRIED_STATES or state.startswith("08") or _is_away(error)


def is_outage(error: Exception) -> bool:
    """Whether the database, not what it was asked, is at fault: busy, unreachable, full."""
    if isinstance(error, NoneIsFree):  # every connection this process may have is in use
        return True
    if not isinstance(error, DBAPIError):
        return False
    return is_transient(error) or _state(error) == _TIMED_OUT or is_full(error)


def is_full(error: DBAPIError) -> bool:
    """Whether its disk is."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return (code is not None and code & 0xFF == _SQLITE_FULL) or _state(error) == _FULL


def _is_away(error: DBAPIError) -> bool:
    """Whether nobody answered or let us in. The driver gives no SQLSTATE where a connection cannot be made, whatever
    the server says of it (too many clients, starting up); each error of a statement has one."""
    return isinstance(error, OperationalError) and hasattr(error.orig, "sqlstate") and not _state(error)


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
