"""A line that begins calls before their answers are wanted, as the real one does in threads of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from guidedesk.domain.errors import TransportError
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import Wire


@dataclass
class EagerWire(Wire):
    """Carries a call as soon as it is announced, or (`is_late`) only when its answer is asked for: what is never asked
    for then never arrives."""

    begun: list[tuple[Request, Response | Exception | None]] = field(default_factory=list)
    taken: int = 0
    is_late: bool = False

    def ahead(self, request: Request) -> None:
        """Begin a call; what went wrong, `send` tells."""
        found: Response | Exception | None = None
        if not self.is_late:
            try:
                found = super().send(request)
            except TransportError as error:
                found = error
        self.begun.append((request, found))

    def send(self, request: Request) -> Response:
        """The answer to what was begun first, or to a call of its own."""
        if not self.begun or self.begun[0][0] != request:
            self.begun.clear()
            return super().send(request)
        self.taken += 1
        _, found = self.begun.pop(0)
        if isinstance(found, Exception):
            raise found
        return super().send(request) if found is None else found
