"""How often each waiting counter asks (RFC 8628 3.5), in memory of one process."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from guidedesk.domain.enrolment import PollAnswer, PollPace, poll

_MOST_WAITING: Final = 10_000


class EnrolmentPaces:
    """The pace of each code; the longest silent is forgotten first."""

    def __init__(self) -> None:
        self._paces: OrderedDict[str, PollPace] = OrderedDict()
        self._lock = Lock()

    def ask(self, code_hash: str, now_ms: int) -> tuple[PollPace, PollAnswer]:
        """Counts a question, on the monotonic clock."""
        with self._lock:
            pace, answer = poll(self._paces.pop(code_hash, PollPace()), now_ms)
            self._paces[code_hash] = pace
            while len(self._paces) > _MOST_WAITING:
                self._paces.popitem(last=False)
        return pace, answer
