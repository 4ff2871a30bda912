"""What a run over millions of rows needs around it: its input read ahead, and little looking for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")
_END: Final = object()


@contextmanager
def little_garbage() -> Iterator[None]:
    """Look for garbage in circles less often: such a run makes none, and looking took a third of its time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def no_garbage() -> Iterator[None]:
    """Look for no garbage in circles at all, for a minute at most: all that is made meanwhile lives to the end."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def ahead(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """The items, each made in a thread of its own while the one before is used: one is waiting at most."""
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        yield _drawn(source, pool)


def _drawn(source: Iterator[T], pool: ThreadPoolExecutor) -> Iterator[T]:
    waiting: Future[T | object] = pool.submit(next, source, _END)
    while (item := waiting.result()) is not _END:
        waiting = pool.submit(next, source, _END)
        yield item  # type: ignore[misc]
