"""Marks the few functions whose statements may name no single shard key (SCALE.md 3.3)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
_inside: ContextVar[bool] = ContextVar("guidedesk_cross_scope", default=False)


def cross_scope(function: Callable[P, R]) -> Callable[P, R]:
    """For reports, sweeps and directories of several keys: read-only or idempotent, never on the hot path."""

    @functools.wraps(function)
    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        token = _inside.set(True)
        try:
            return function(*args, **kwargs)
        finally:
            _inside.reset(token)

    return marked


def is_cross_scope() -> bool:
    """Whether a marked function is running; the statement hook of the tests asks."""
    return _inside.get()
