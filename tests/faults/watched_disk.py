"""A disk that tells what is done to it, or fails when told: a VFS of SQLite under the program's own statements.

SQLCipher cannot be opened over it, so files are in the clear here: the same schema, pragmas and statements otherwise
(FACTS.md). `Disk` is what happens to the files below one folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

import apsw

Kind = Literal["write", "truncate", "sync", "delete"]
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing done to a file; `number` is an offset, or the new size of a truncation."""

    kind: Kind | Literal["mark"]
    name: str
    number: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """Keeps events in order while `is_recording`; `fails` may raise instead of letting one happen."""

    events: list[Event] = field(default_factory=list)
    is_recording: bool = False
    done: int = 0
    failed: set[Kind] = field(default_factory=set)  # what did not happen, until somebody empties it
    fails: Callable[[int, Kind], Exception | None] = lambda _number, _kind: None

    def comes(self, kind: Kind, name: str, number: int = 0, data: bytes = b"") -> None:
        """It is about to happen."""
        self.done += 1
        error = self.fails(self.done, kind)
        if error is not None:
            self.failed.add(kind)
            raise error
        if self.is_recording:
            self.events.append(Event(kind, Path(name).name, number, data))

    def mark_operation(self, op_id: str) -> None:
        """A person, or a counter, was told that it is kept."""
        self.events.append(Event("mark", op_id.replace("-", "")))


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.comes("write", self._name, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._disk.comes("truncate", self._name, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        self._disk.comes("sync", self._name)
        super().xSync(flags)


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, "unix")
        self._disk = disk

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._disk.comes("delete", filename)
        super().xDelete(filename, syncdir)

    def excepthook(self, etype: Any, evalue: Any, etraceback: Any) -> bool:
        """A fault was wanted: SQLite has its number, nobody needs it on the terminal."""
        return True


class Cursor:
    """DB-API over apsw, as far as SQLAlchemy's SQLite dialect uses it."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: Iterator[Any] = iter(())

    def execute(self, sql: str, parameters: Any = ()) -> Cursor:
        return self._run(sql, [parameters])

    def executemany(self, sql: str, many: Any) -> Cursor:
        return self._run(sql, many)

    def _run(self, sql: str, many: Any) -> Cursor:
        raw = self._connection.raw
        described: list[Any] = []

        def traced(cursor: apsw.Cursor, _sql: str, _bindings: Any) -> bool:
            described.append(cursor.get_description())
            return True

        before, rows = raw.total_changes(), list[Any]()
        with _translated():
            cursor = raw.cursor()
            cursor.exec_trace = traced
            for parameters in many:
                rows += cursor.execute(sql, tuple(parameters)).fetchall()
        shape = described[-1] if described else ()
        self.description = [(name, None, None, None, None, None, None) for name, *_ in shape] or None
        self.rowcount = raw.total_changes() - before if sql.lstrip()[:6].upper() in _CHANGING else -1
        self.lastrowid = raw.last_insert_rowid()
        self._rows = iter(rows)
        return self

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[Any]:
        return [row for row, _ in zip(self._rows, range(size), strict=False)]

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def close(self) -> None:
        self._rows = iter(())


_CHANGING: Final = frozenset({"INSERT", "UPDATE", "DELETE"})


class Connection:
    """One connection over the watched disk."""

    isolation_level: str | None = ""

    def __init__(self, raw: apsw.Connection) -> None:
        self.raw = raw

    def cursor(self) -> Cursor:
        return Cursor(self)

    def execute(self, sql: str, parameters: Any = ()) -> Cursor:
        return self.cursor().execute(sql, parameters)

    def commit(self) -> None:
        if self.raw.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.raw.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        # What cannot be written at the end stays for the next start: as a driver does that lets go anyway.
        with _translated():
            self.raw.close(True)

    def create_function(self, name: str, arguments: int, function: Any, **_more: Any) -> None:
        self.raw.create_scalar_function(name, function, arguments)


class Warning(Exception):
    pass


class Error(Exception):
    """`sqlite_errorcode` as Python's own drivers give it."""

    sqlite_errorcode: int = 0


class InterfaceError(Error):
    pass


class DatabaseError(Error):
    pass


class DataError(DatabaseError):
    pass


class OperationalError(DatabaseError):
    pass


class IntegrityError(DatabaseError):
    pass


class InternalError(DatabaseError):
    pass


class ProgrammingError(DatabaseError):
    pass


class NotSupportedError(DatabaseError):
    pass


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        kind: type[Error] = IntegrityError if isinstance(error, apsw.ConstraintError) else OperationalError
        known = kind(str(error))
        known.sqlite_errorcode = getattr(error, "extendedresult", None) or getattr(error, "result", 0) or 0
        raise known from error


class Driver:
    """What stands for the module `sqlcipher3.dbapi2`, or `sqlite3`, while a test runs over one disk."""

    apilevel, paramstyle, threadsafety = "2.0", "qmark", 1
    sqlite_version = apsw.sqlite_lib_version()
    sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))
    version, version_info = "2.6.0", (2, 6, 0)
    Binary = bytes
    Warning, Error, InterfaceError, DatabaseError, DataError = Warning, Error, InterfaceError, DatabaseError, DataError
    OperationalError, IntegrityError, InternalError = OperationalError, IntegrityError, InternalError
    ProgrammingError, NotSupportedError = ProgrammingError, NotSupportedError
    PARSE_DECLTYPES, PARSE_COLNAMES = 1, 2

    def __init__(self, disk: Disk) -> None:
        self._name = f"watched-{next(_numbers)}"
        self._vfs = _Vfs(self._name, disk)

    def connect(self, path: str, timeout: float = 5.0, **_more: Any) -> Connection:
        with _translated():
            raw = apsw.Connection(str(path), vfs=self._name)
        raw.set_busy_timeout(int(timeout * 1000))
        return Connection(raw)
