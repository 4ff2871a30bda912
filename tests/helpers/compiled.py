"""Statements put together once a run instead of once an engine: tests open thousands of databases of three kinds.

What SQLAlchemy keeps for an engine it keeps under the engine's own dialect; dialects of one kind here are alike.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Engine

_MOST: Final = 5_000  # statements of one kind of database; tests that think of their own shapes make many


class _Statements(dict[Any, Any]):
    """Stands where an engine has its own memory of compiled statements."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)  # the first is the dialect

    def __setitem__(self, key: Any, compiled: Any) -> None:
        if len(self) >= _MOST:
            self.clear()
        super().__setitem__(key[1:], compiled)


class _Shared:
    """In the place of an engine's attribute: what is put there is the memory of its kind instead of a new one."""

    def __init__(self) -> None:
        self._by_kind: dict[tuple[str, str], _Statements] = {}

    def __set__(self, engine: Engine, fresh: Any) -> None:
        kind = (engine.dialect.name, getattr(engine.dialect.dbapi, "__name__", ""))
        kept = None if fresh is None else self._by_kind.setdefault(kind, _Statements())
        engine.__dict__["_compiled_cache"] = kept


def share_compiled_statements() -> None:
    """From now on, for every engine that is made."""
    Engine._compiled_cache = _Shared()  # type: ignore[assignment]
