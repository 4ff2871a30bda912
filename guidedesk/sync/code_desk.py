"""Codes at one counter: what a scanned one means, asked here or at head office, and those that may be given out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.services.double_uses import DoubleUseDecision, DoubleUses
from guidedesk.services.member_models import OfficeHit
from guidedesk.services.queries.code_handles import find_member_by_handle, is_handle_revoked
from guidedesk.services.session import Session
from guidedesk.sync.cache import Cache
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.code_lookup import CodeAsker
from guidedesk.sync.code_trust import CodeTrust, code_trust, used_since
from guidedesk.sync.identity import get_identity
from guidedesk.sync.journal import Journal
from guidedesk.sync.local_store import LocalStore
from guidedesk.sync.overlay import LoadLanes
from guidedesk.sync.transport import Transport


class CodeDesk:
    """What reads, asks and gives out codes for whoever is signed in; head office is asked on a line of its own."""

    def __init__(
        self,
        cache: Cache,
        journal: Journal,
        local: LocalStore,
        read: Callable[[], AbstractContextManager[Connection]],
        clock: ServerClock,
        line: Callable[[], Transport],
        load_lanes: LoadLanes,
        session: Callable[[], Session | None],
    ) -> None:
        self._cache, self._journal, self._local = cache, journal, local
        self._read, self._clock = read, clock
        self._new_line, self._load_lanes, self._session = line, load_lanes, session
        self._asker: CodeAsker | None = None

    # --- what a scanned code means here ---

    def trust(self) -> CodeTrust | None:
        """What signed codes scanned now are believed by; None before the server's list is here (CODES.md Q-3)."""
        now = self._clock.now()
        used = self._journal.used_codes(used_since(now))
        with self._read() as conn:
            return code_trust(conn, get_identity(self._local).server_key_hex, now, used)

    def member_of_handle(self, handle_hex: str, generation: int = 0) -> str | None:
        """The member a signed code's handle means here; None for nobody this PC knows, or a cancelled card."""
        with self._read() as conn:
            return find_member_by_handle(conn, handle_hex, generation)

    def is_handle_revoked(self, handle_hex: str, generation: int) -> bool:
        """Whether this PC knows the card of a signed code as cancelled."""
        with self._read() as conn:
            return is_handle_revoked(conn, handle_hex, generation)

    # --- what head office is asked ---

    def resolve(self, digits: str) -> str | None:
        """The member of a code this PC does not know, asked of the server; None where the chain has no such card.

        Her rows are in the cache when this returns. Raises `TransportError` without contact, `not_signed_in`.
        """
        asker, staff_id = self._asking()
        return asker.resolve(digits, staff_id)

    def renew_badge(self) -> str:
        """A new code for whoever is signed in, from head office; hers of before no longer works once it is heard of.

        Raises `TransportError` without contact, `not_signed_in`, `forbidden`.
        """
        asker, staff_id = self._asking()
        return asker.renew_badge(staff_id)

    def staff_badge(self) -> str:
        """A new signed staff badge for whoever is signed in, by which counters see who is about to sign in; the one
        she had ends once they hear of it. Raises as `renew_badge`."""
        asker, staff_id = self._asking()
        return asker.staff_badge(staff_id)

    def ask_head_office(self, kind: str, value: str) -> OfficeHit | None:
        """Whom exactly this phone (as its keyed hash), card or receipt number means, anywhere in the chain.

        None for nobody. Raises `TransportError` without contact, `not_signed_in`, `rate_limited`.
        """
        asker, staff_id = self._asking()
        return asker.find(kind, value, staff_id)

    def open_from_head_office(self, kind: str, value: str, reason: str) -> str | None:
        """The member `ask_head_office` found, her rows in the cache and seen in this store from now on."""
        asker, staff_id = self._asking()
        return asker.open(kind, value, reason, staff_id)

    def double_uses(self) -> DoubleUses:
        """What a manager has to decide in this store. Raises `TransportError` without contact, `not_signed_in`,
        `forbidden`."""
        asker, staff_id = self._asking()
        return asker.double_uses("", {"staff_id": staff_id})

    def rule_double_use(self, op_id: str, decision: DoubleUseDecision, reason: str, pin: str) -> DoubleUses:
        """Her word on one of them, proved by her PIN; what there is then. Also `not_open`, `two_people`, `not_found`,
        `wrong_pin` (tries_left), `staff_wait`, `device_wait` (wait_s)."""
        asker, staff_id = self._asking()
        word = {"staff_id": staff_id, "op_id": op_id, "decision": decision, "reason": reason, "pin": pin}
        return asker.double_uses("/rule", word)

    # --- what may be given out ---

    def take_blank(self) -> tuple[str, str] | None:
        """(22 digits, 12 digits) of a card code nobody has yet; the registration recorded with it takes it."""
        code = self._local.find_blank_code()
        return None if code is None else (code.digits, code.typed)

    def take_invitation(self) -> str | None:
        """The 22 digits of an invitation nobody was shown yet; the operation recorded with it takes it."""
        code = self._local.find_blank_code("invitation")
        return None if code is None else code.digits

    def coupon_leases(self) -> tuple[tuple[str, int, str], ...]:
        """(handle, campaign, what the picture says) of coupons that can be given here, online or not."""
        return tuple(blank.coupon_parts for blank in self._local.list_blank_coupons())

    def _asking(self) -> tuple[CodeAsker, str]:
        session = self._session()
        if session is None:
            raise Refused("not_signed_in")
        if self._asker is None:
            self._asker = CodeAsker(self._cache, self._clock, self._new_line(), self._load_lanes)
        return self._asker, session.staff.id
