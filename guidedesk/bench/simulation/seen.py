"""A world as it is seen by those who look at it or act in it."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

from guidedesk.bench.simulation.machine import Chain, ServerMachine, Till
from guidedesk.bench.simulation.ports import WorldTime


class SeenWorld(Protocol):
    """Its machines, and the one question that needs the product to answer."""

    chain: Chain
    server: ServerMachine
    tills: list[Till]
    time: WorldTime
    faults: Counter[str]

    def compare(self, till: Till) -> Any:
        """What differs between a counter and the server (I5); falsy for nothing."""
        ...
