"""Enrolment as the counter does it (SECURITY.md D-1): show a code, wait for a manager, keep what the server gives."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from guidedesk.domain.enrolment import POLL_MS, fingerprint, show_code
from guidedesk.domain.errors import TransportError
from guidedesk.domain.ids import is_id
from guidedesk.services.keys import DerivedKeys
from guidedesk.sync.calls import call_in_time
from guidedesk.sync.counter import Counter
from guidedesk.sync.identity import Identity
from guidedesk.sync.local_store import BlankCode
from guidedesk.sync.transport import Transport

# What stands for the device in a signed request before the server has given it an id.
NEW_DEVICE: Final = "new"
_NOTHING: Final = "00" * 32
_Phase = Literal["waiting", "approved", "loading", "ready", "expired", "refused"]


@dataclass(frozen=True, slots=True)
class EnrolOffer:
    """What head office gave this PC to show. `code` is 8 letters; `fingerprint` six groups of four digits."""

    code: str
    fingerprint: str
    host_name: str
    valid_ms: int
    poll_ms: int = POLL_MS


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """How far it is. `rows` of `rows_total` of the first data have come (0 of 0: not begun)."""

    phase: _Phase
    poll_ms: int = POLL_MS
    store: str = ""
    label: str = ""
    rows: int = 0
    rows_total: int = 0


def public_key(keys: DerivedKeys) -> bytes:
    """The raw public half of the key this counter signs with."""
    key = Ed25519PrivateKey.from_private_bytes(keys.signing_seed)
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


class Enrolment:
    """One code: asked for, shown, polled until the counter is enrolled."""

    def __init__(self, counter: Counter, server_url: str, transport: Transport, offer: EnrolOffer) -> None:
        self._counter = counter
        self._server_url = server_url
        self._transport = transport
        self.offer = offer
        self.next_poll_ms = offer.poll_ms
        self.store = ""

    @classmethod
    def begin(cls, counter: Counter, server_url: str, label: str) -> Enrolment:
        """Ask for a code; raises `bad_server_url`, `TransportError` or `SyncRefused`."""
        transport = counter.new_transport(_provisional(server_url, label))
        key = public_key(counter.keys)
        host = host_name()
        asked = {"public_key": key.hex(), "host": host, "label": label}
        answer = call_in_time(counter.clock, transport, "/v1/enrol", asked)
        try:
            offer = EnrolOffer(
                str(answer["code"]), fingerprint(key), host, int(answer["valid_ms"]), int(answer["poll_ms"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise TransportError("bad_answer") from error
        return cls(counter, server_url, transport, offer)

    @property
    def shown_code(self) -> str:
        """The code as it stands on the screen: `BCDF-GHJK`."""
        return show_code(self.offer.code)

    @property
    def fingerprint(self) -> str:
        """What the manager compares."""
        return self.offer.fingerprint

    def poll(self) -> bool:
        """Whether this counter is enrolled now. `enrol_expired` or `enrol_refused` when it never will be."""
        if self._counter.is_enrolled:
            return True
        answer = call_in_time(self._counter.clock, self._transport, "/v1/enrol/poll", {"code": self.offer.code})
        try:
            if answer["state"] != "approved":
                self.next_poll_ms = int(answer["poll_ms"])
                return False
            grant = answer["grant"]
            identity, codes = _identity(grant, self._server_url), _codes(grant)
            self.store = str(grant["store"])
        except (KeyError, TypeError, ValueError) as error:
            raise TransportError("bad_answer") from error
        # Codes first: a crash in between asks for the same ones again.
        self._counter.local.add_blank_codes(codes)
        self._counter.enrolled(identity)
        return True


class EnrolDesk:
    """The enrolling side of a counter as its screen asks it (`ui.presenters.enrol.EnrolPort`)."""

    def __init__(self, counter: Counter, server_url: str, label: str = "") -> None:
        self._counter = counter
        self._server_url = server_url
        self._label = label
        self._enrolment: Enrolment | None = None

    @property
    def server(self) -> str:
        """Name of the server asked, as a person knows it."""
        return urlsplit(self._server_url).netloc or self._server_url

    def host_name(self) -> str:
        """What this PC calls itself."""
        return host_name()

    def ask(self) -> EnrolOffer:
        """Ask for a fresh code."""
        self._enrolment = Enrolment.begin(self._counter, self._server_url, self._label)
        return self._enrolment.offer

    def poll(self) -> EnrolAnswer:
        """Whether a manager approved it; the call after that makes the first download."""
        enrolment = self._enrolment
        if not self._counter.is_enrolled:
            if enrolment is None or not enrolment.poll():
                return EnrolAnswer("waiting", POLL_MS if enrolment is None else enrolment.next_poll_ms)
            return self._answer("approved")
        outcome = self._counter.engine.step()
        if outcome.error is not None:
            raise outcome.error
        return self._answer("ready" if outcome.is_contact else "loading")

    def _answer(self, phase: _Phase) -> EnrolAnswer:
        store = self._enrolment.store if self._enrolment else ""
        return EnrolAnswer(phase, 0, store, self._counter.label)


def host_name() -> str:
    """What this PC calls itself."""
    return socket.gethostname()[:60] or "PC"


def _provisional(server_url: str, label: str) -> Identity:
    return Identity(
        device_id=NEW_DEVICE,
        store_id="",
        chain_id="",
        server_url=server_url,
        label=label,
        phone_key_hex=_NOTHING,
        server_key_hex=_NOTHING,
        seal_key_hex=_NOTHING,
    )


def _identity(grant: dict[str, Any], server_url: str) -> Identity:
    ids = {name: str(grant[name]) for name in ("device_id", "store_id", "chain_id")}
    keys = {f"{name}_hex": str(grant[name]) for name in ("phone_key", "server_key", "seal_key")}
    if not all(is_id(value) for value in ids.values()) or any(len(bytes.fromhex(k)) != 32 for k in keys.values()):
        raise ValueError("not an identity")
    return Identity(server_url=server_url, label=str(grant["label"]), **ids, **keys)


def _codes(grant: dict[str, Any]) -> list[BlankCode]:
    return [BlankCode(str(digits), str(typed)) for digits, typed in grant["codes"]]
