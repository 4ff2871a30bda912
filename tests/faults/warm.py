"""What a process reads, compiles and puts together when it does something for the first time, done before the forks.

A life of a counter or a server is a fraction of a second, and half of that would be the same in each of a thousand.
Nothing of it is kept but what Python and SQLAlchemy remember of the program itself: the files are thrown away.
"""

from __future__ import annotations

import gc
import importlib
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from guidedesk.server.schema import check_schema
from tests.faults.counter_job import ACTS, Act
from tests.helpers.compiled import share_compiled_statements
from tests.helpers.counter_parts import register
from tests.helpers.postgres import SQLITE
from tests.helpers.world import open_world, settle

# Read by a life only when it comes to them.
_READ_LATE: Final = (
    "anyio._backends._asyncio",
    "anyio.streams.tls",
    "encodings.idna",
    "guidedesk.server.deciders",
    "guidedesk.server.distribute",
    "guidedesk.server.helpers",
    "multiprocessing.popen_fork",
    "urllib3",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.h11_impl",
)
_WARM: Final[tuple[Act, ...]] = (ACTS["shift"], ACTS["clean_up"])


def warm_up() -> None:
    """Let a counter and a server work for a moment in this process; nothing of it stays open."""
    share_compiled_statements()
    for name in _READ_LATE:
        importlib.import_module(name)
    with TemporaryDirectory() as folder:
        world = open_world(Path(folder), backend=SQLITE)
        check_schema(world.database)
        till = world.till()
        settle(till)
        members = [register(till.counter, actor=till.actor("a1")) for _ in range(3)]
        settle(till)
        told = {"actor": world.staff["a1"], "seed": 1, "members": members, "turns": 12}
        for act in _WARM:
            act(till.counter, told, Random(1), lambda _document: None)
        assert all(check.is_equal for check in till.counter.engine.check())
        till.close()
        world.close()
    # What is there now is the same for every copy: the collector need not touch it, and it stays shared.
    gc.collect()
    gc.freeze()
