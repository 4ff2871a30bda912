"""Making a cache anew on a disk that is full: nothing works until there is room, and then it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from guidedesk.bench.simulation.memory import MemoryFiles, counter_disk
from guidedesk.domain.errors import StorageError
from guidedesk.sync.cache import Cache


def test_a_cache_that_could_not_be_made_anew_is_made_as_soon_as_there_is_room() -> None:
    disk = counter_disk("pc")
    cache = Cache(Path("cache.db"), bytes(32), MemoryFiles(disk))
    disk.fill(is_full=True)
    with pytest.raises(StorageError, match="storage_full"):
        cache.rebuild()
    damaged = [cache.is_damaged]  # the next step of the engine makes it anew
    with pytest.raises(StorageError, match="storage_corrupt"):
        cache.cursors()
    disk.fill(is_full=False)
    cache.rebuild()
    assert [*damaged, cache.is_damaged] == [True, False]
    assert cache.cursors() == {}


def test_a_file_that_was_lost_while_it_was_swapped_in_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = counter_disk("pc")
    files = MemoryFiles(disk)
    cache = Cache(Path("cache.db"), bytes(32), files)

    def lose(path: Path, target: Path) -> None:
        disk.remove(target.name)
        raise StorageError("storage_locked", file="cache")

    monkeypatch.setattr(files, "move", lose)
    with pytest.raises(StorageError, match="storage_locked"):
        cache.replace(Path("cache.next.db"), lambda: None)
    assert cache.is_damaged
    with pytest.raises(StorageError, match="storage_corrupt"):
        cache.cursors()
    cache.rebuild()
    assert cache.cursors() == {}
