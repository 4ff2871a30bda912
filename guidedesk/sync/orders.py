"""What head office tells a counter that it takes off, signed by the server (SECURITY.md D-12).

`drain`: nobody signs in any more, what waits is still sent, after 72 hours the data goes. `now`: what waits is sent if
that is possible this moment, then the data goes. Only `now` may take what was never sent with it (SYNC.md 7, I12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.sync import strict_json
from guidedesk.sync.identity import Identity
from guidedesk.sync.local_store import LocalStore
from guidedesk.sync.server_signing import Purpose, server_sign, server_verify

OrderMode = Literal["drain", "now"]
DRAIN_MS: Final = 72 * 3_600_000
_META: Final = "device_order"


class TakenOff(GuideDeskError):
    """This counter's data must go now: `Counter.wipe` is to be called once nothing else works on its files."""

    def __init__(self) -> None:
        super().__init__("device_taken_off")


@dataclass(frozen=True, slots=True)
class DeviceOrder:
    """One order; times are the server's, UTC ms."""

    mode: OrderMode
    ordered_at_ms: int

    @property
    def wipe_at_ms(self) -> int:
        """When the data must go."""
        return self.ordered_at_ms + (DRAIN_MS if self.mode == "drain" else 0)

    def to_wire(self, device_id: str, t0: int, key: Ed25519PrivateKey) -> dict[str, Any]:
        """As hello tells it; signed for one device and one hello, so that an old order is worth nothing."""
        return asdict(self) | {"signature": server_sign(Purpose.ORDER, self._payload(device_id, t0), key)}

    def _payload(self, device_id: str, t0: int) -> dict[str, object]:
        return {"device_id": device_id, "mode": self.mode, "ordered_at_ms": self.ordered_at_ms, "t0": t0}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any], device_id: str, t0: int, key: Ed25519PublicKey) -> DeviceOrder:
        """The order the server signed for this hello; `bad_server_signature` for anything else."""
        mode, at_ms, signature = wire.get("mode"), wire.get("ordered_at_ms"), wire.get("signature")
        if mode not in ("drain", "now") or not isinstance(at_ms, int) or not isinstance(signature, str):
            raise Refused("bad_server_signature", purpose=Purpose.ORDER.value)
        order = cls(mode, at_ms)
        server_verify(Purpose.ORDER, order._payload(device_id, t0), signature, key)
        return order


class OrderBook:
    """The order a counter is under, kept in its journal so that a restart does not forget it."""

    def __init__(self, local: LocalStore, identity: Identity) -> None:
        self._local = local
        self._identity = identity
        kept = local.get_meta(_META)
        self._order = None if kept is None else DeviceOrder(**kept)

    @property
    def order(self) -> DeviceOrder | None:
        """The order in force, or None."""
        return self._order

    def heard(self, wire: Mapping[str, Any] | None, t0: int) -> None:
        """Keep what a hello said; one that says nothing ends an order, one that is not signed changes nothing."""
        order = None
        if wire is not None:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self._identity.server_key_hex))
            order = DeviceOrder.from_wire(wire, self._identity.device_id, t0, key)
        if order != self._order:
            self._local.set_meta(_META, None if order is None else asdict(order))
            self._order = order

    def heard_in_refusal(self, text: object, t0: int) -> None:
        """An order told to a program too old for anything else, as JSON: "" says that there is none."""
        if not isinstance(text, str):
            return
        self.heard(strict_json.loads_object(text.encode()) if text else None, t0)
