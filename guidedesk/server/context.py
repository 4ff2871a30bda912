"""What every route of one server process shares."""

from __future__ import annotations

import os
import secrets as system_random
import time
from dataclasses import dataclass, field
from typing import Final

from guidedesk.domain.ports import Clock, Random
from guidedesk.server.background import AtOnce, Background
from guidedesk.server.carrying_later import CarryingLater
from guidedesk.server.code_senders import CodeSender, NoSender
from guidedesk.server.database import ServerDatabase
from guidedesk.server.events import HeadWatch
from guidedesk.server.expected_work import ExpectedWork
from guidedesk.server.large_pushes import LargePushes
from guidedesk.server.limits import RateLimits, RequestLimiter
from guidedesk.server.metrics import Metrics
from guidedesk.server.rounds import Rounds
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.segment_stores import SegmentStores
from guidedesk.server.signer import Signer
from guidedesk.server.turns import Turns
from guidedesk.sync.nonces import NonceCache

_BOOT: Final = str(os.getpid())


class SystemClock:
    """This machine's clocks."""

    def wall_ms(self) -> int:
        """UTC milliseconds."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Milliseconds that never go back."""
        return time.monotonic_ns() // 1_000_000

    def boot_id(self) -> str:
        """This process: its monotonic readings are compared with its own only."""
        return _BOOT


class SystemRandom:
    """The operating system's randomness."""

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        return system_random.token_bytes(count)


@dataclass(frozen=True, slots=True)
class ServerContext:
    """The database, the keys, the ports and the limits of one server process."""

    database: ServerDatabase
    secrets: ServerSecrets
    clock: Clock
    random: Random
    limiter: RequestLimiter
    nonces: NonceCache = field(repr=False)
    heads: HeadWatch = field(repr=False)
    device_scopes: dict[str, str] = field(default_factory=dict, repr=False)  # of counters that were let in
    carrying: Rounds = field(default_factory=Rounds, repr=False)
    # Where there is one, what other stores must see goes there after the answer.
    carrying_later: CarryingLater | None = field(default=None, repr=False)
    pushing: Turns = field(default_factory=Turns, repr=False)
    sender: CodeSender = field(default_factory=NoSender, repr=False)
    background: Background = field(default_factory=AtOnce, repr=False)
    signer: Signer | None = field(default=None, repr=False)
    deciders: LargePushes | None = field(default=None, repr=False)
    metrics: Metrics = field(default_factory=Metrics, repr=False)
    segments: SegmentStores = field(default_factory=SegmentStores, repr=False)
    expected: ExpectedWork = field(default_factory=ExpectedWork, repr=False)

    @classmethod
    def create(
        cls,
        database: ServerDatabase,
        secrets: ServerSecrets,
        clock: Clock,
        random: Random,
        limits: RateLimits,
        sender: CodeSender | None = None,
        background: Background | None = None,
        signer: Signer | None = None,
        deciders: LargePushes | None = None,
        carrying_later: CarryingLater | None = None,
    ) -> ServerContext:
        """A context with fresh nonce and rate memories; without a `background`, long work is done at once."""
        limiter, nonces = RequestLimiter(limits, clock.mono_ms), NonceCache(clock.mono_ms)
        heads, sender, later = HeadWatch(database), sender or NoSender(), background or AtOnce()
        return cls(
            database, secrets, clock, random, limiter, nonces, heads, sender=sender, background=later, signer=signer,
            deciders=deciders, carrying_later=carrying_later,
        )  # fmt: skip
