"""Who is at the counter, then her PIN (DESIGN-UI.md 5.1, SECURITY.md D-7 to D-10).

The PIN passes through and is kept nowhere here. Locks and waits are the counter's; this screen shows them. A badge or
any other scan never signs anybody in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, QTimer

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.queries.reference import get_settings, get_store
from guidedesk.services.read_models import NOBODY, Bilingual, ChainSettings, StaffInfo, StoreInfo
from guidedesk.services.session import Session, SignInTile
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.badges import read_badge
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.scan_source import Scan

NUMBER_LIMIT: Final = 12
TILES: Final = 9
TICK_MS: Final = 1000
Mode = Literal["choose", "number", "pin", "checking"]


@dataclass(frozen=True, slots=True)
class SignInState:
    """What the screen shows. `at` is the tile under the cursor; a new `turn` means that the PIN cells begin empty."""

    now_ms: int
    counter: str = ""
    brand: Bilingual = NOBODY
    store: Bilingual = NOBODY
    tiles: tuple[SignInTile, ...] = ()
    at: int | None = None
    number: str = ""  # staff number typed by somebody without a tile
    mode: Mode = "choose"
    turn: int = 0
    fault: str = ""  # code of why the last try did not work
    tries_left: int | None = None
    wait_s: int = 0
    status: SyncStatus | None = None
    is_scan_early: bool = False  # a code was scanned before anybody signed in; nothing was recorded

    @property
    def tile(self) -> SignInTile | None:
        """The tile of who is about to sign in, unless she typed her number."""
        return None if self.at is None or self.number else self.tiles[self.at]

    @property
    def person(self) -> StaffInfo | None:
        """Who is about to sign in, where this PC knows her."""
        return None if self.tile is None else self.tile.staff

    @property
    def is_offline(self) -> bool:
        """No contact with the server."""
        return self.status is not None and self.status.is_offline

    @property
    def may_type(self) -> bool:
        """Whether the PIN cells take digits now."""
        return self.mode == "pin" and self.wait_s == 0


def read_shop(connection: Any, store_id: str) -> tuple[ChainSettings, StoreInfo]:
    """The chain's settings and the store's names."""
    return get_settings(connection), get_store(connection, store_id)


class SignInPresenter(StatePresenter[SignInState]):
    """Emits one `SignInState` per change; `signed_in` is told by the desk's `session_changed`."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(SignInState(now_ms=desk.now_ms(), counter=desk.counter.label), parent)
        self._desk = desk
        self._wait_from_ms = 0
        self._status: SyncStatus | None = None
        self._is_opening = False
        self._wanted: StaffInfo | None = None  # by her badge, while the tiles are still being read
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        desk.status_changed.connect(self._take_status)

    def open(self) -> None:
        """Start afresh with the last user chosen, as after a lock."""
        self._leave("choose")
        self._show(status=self._status)
        self._is_opening, self._wanted = True, None
        self._timer.start(TICK_MS)
        self._desk.read(read_shop, self._desk.counter.store_id, done=self._take_shop, latest="sign_in.shop")
        self._desk.tasks.read(self._desk.counter.status, done=self._take_status, latest="sign_in.status")
        self._desk.tasks.read(self._desk.counter.sign_in_tiles, done=self._open_tiles, latest="sign_in.tiles")

    def close(self) -> None:
        """The screen is left: stop the clock."""
        self._timer.stop()

    def tick(self) -> None:
        """Move the clock and the countdown; the counter's word counts again when the countdown ends."""
        now_ms = self._desk.now_ms()
        passed_s = max(0, (now_ms - self._wait_from_ms) // 1000)
        self._wait_from_ms += passed_s * 1000
        was_waiting = self.state.wait_s > 0
        self._show(now_ms=now_ms, wait_s=max(0, self.state.wait_s - passed_s))
        if was_waiting and self.state.wait_s == 0:
            self._reload_tiles()

    # --- choosing a person ------------------------------------------------------------------------

    def choose(self, at: int) -> None:
        """Take the person of a tile (0-8); anything else is ignored."""
        if 0 <= at < len(self.state.tiles) and self.state.mode != "checking":
            self._begin_pin(at=at, number="", tile=self.state.tiles[at])

    def move(self, step: int) -> None:
        """Move the cursor among the tiles without taking anybody."""
        if self.state.tiles and self.state.mode == "choose":
            at = 0 if self.state.at is None else self.state.at + step
            self._show(at=max(0, min(at, len(self.state.tiles) - 1)))

    def take_cursor(self) -> None:
        """Enter on a tile."""
        if self.state.mode == "choose" and self.state.at is not None:
            self.choose(self.state.at)

    def ask_number(self) -> None:
        """Somebody without a tile wants to type her staff number."""
        if self.state.mode != "checking":
            self._leave("number")

    def submit_number(self, typed: str) -> None:
        """Her number is typed; go on to the PIN. Whether it exists is not told (SECURITY.md D-9)."""
        number = "".join(typed.split()).upper()[:NUMBER_LIMIT]
        if number and self.state.mode == "number":
            known = next((n for n, tile in enumerate(self.state.tiles) if tile.staff.number.upper() == number), None)
            if known is not None:
                self.choose(known)
            else:
                self._begin_pin(at=None, number=number, tile=None)

    def back(self) -> None:
        """Esc: another person."""
        if self.state.mode != "checking":
            self._leave("choose", at=None if self.state.number else self.state.at)

    # --- the PIN ----------------------------------------------------------------------------------

    def press_digit(self, digit: str) -> None:
        """A digit key while nobody is chosen picks a person."""
        if self.state.mode == "choose" and len(digit) == 1 and digit in "123456789":
            self.choose(int(digit) - 1)

    def begin_typing(self) -> None:
        """The first digit of another try: what was wrong before is gone."""
        self._show(fault="", is_scan_early=False)

    def enter_pin(self, pin: str) -> None:
        """All six digits are there: let the counter check them."""
        if not self.state.may_type:
            return
        person = self.state.person
        number = self.state.number if person is None else person.number
        self._show(mode="checking", fault="")
        self._desk.tasks.ask(
            self._desk.counter.sign_in, number, pin, done=self._signed_in, failed=self._refused, latest="sign_in"
        )

    def on_scanned(self, scan: Scan) -> None:
        """A badge picks who signs in; a customer's code while locked is not recorded (DESIGN-UI.md 8.8)."""
        if not scan.text or scan.garbled:
            self._show(is_scan_early=bool(scan.text))
            return

        def read(staff: StaffInfo | None) -> None:
            if self._desk.session is not None or self.state.mode == "checking":
                return
            if staff is None or not staff.is_active:
                self._show(is_scan_early=True)
            else:
                self.choose_staff(staff)

        self._desk.tasks.read(read_badge, self._desk.counter, scan.text, done=read, latest="sign_in.badge")

    def choose_staff(self, staff: StaffInfo) -> None:
        """Take somebody by her badge, with a tile here or not; her PIN is still asked for."""
        at = next((n for n, tile in enumerate(self.state.tiles) if tile.staff.id == staff.id), None)
        if self._is_opening:
            self._wanted = staff
        elif at is not None:
            self.choose(at)
        elif self.state.mode != "checking":
            self._begin_pin(at=None, number=staff.number, tile=None)

    def _signed_in(self, session: Session) -> None:
        self.close()
        self._leave("choose")
        self._desk.set_session(session)

    def _refused(self, error: Exception) -> None:
        code = error.code if isinstance(error, GuideDeskError) else "unexpected"
        params = error.params if isinstance(error, GuideDeskError) else {}
        tries, wait_s = params.get("tries_left"), params.get("wait_s")
        self._wait_from_ms = self._desk.now_ms()
        self._show(
            mode="pin", turn=self.state.turn + 1, fault=code,
            tries_left=tries if isinstance(tries, int) else self.state.tries_left,
            wait_s=wait_s if isinstance(wait_s, int) else 0,
        )
        self._reload_tiles()

    def _begin_pin(self, *, at: int | None, number: str, tile: SignInTile | None) -> None:
        self._wait_from_ms = self._desk.now_ms()
        self._show(
            mode="pin", at=at, number=number, turn=self.state.turn + 1, fault="", is_scan_early=False,
            tries_left=tile.tries_left if tile else None, wait_s=tile.wait_s if tile else 0,
        )

    def _leave(self, mode: Mode, at: int | None = None) -> None:
        self._show(mode=mode, at=at, number="", turn=self.state.turn + 1, fault="", tries_left=None, wait_s=0,
                   is_scan_early=False)

    # --- what this PC knows -----------------------------------------------------------------------

    def _reload_tiles(self) -> None:
        self._desk.tasks.read(self._desk.counter.sign_in_tiles, done=self._take_tiles, latest="sign_in.tiles")

    def _open_tiles(self, tiles: tuple[SignInTile, ...]) -> None:
        self._show(tiles=tiles[:TILES])
        self._is_opening = False
        if self._wanted is not None:
            self.choose_staff(self._wanted)
            return
        last = next((at for at, tile in enumerate(self.state.tiles) if tile.is_last), None)
        if last is not None:
            self.choose(last)
        elif not self.state.tiles:
            self.ask_number()

    def _take_tiles(self, tiles: tuple[SignInTile, ...]) -> None:
        chosen = self.state.person
        shown = tiles[:TILES]
        at = next((n for n, tile in enumerate(shown) if chosen and tile.staff.id == chosen.id), None)
        if chosen is not None and at is not None and self.state.mode == "pin":
            self._wait_from_ms = self._desk.now_ms()
            self._show(tiles=shown, at=at, tries_left=shown[at].tries_left, wait_s=shown[at].wait_s)
        else:
            self._show(tiles=shown, at=at)

    def _take_shop(self, shop: tuple[ChainSettings, StoreInfo]) -> None:
        settings, store = shop
        self._show(brand=settings.brand, store=store.name)

    def _take_status(self, status: SyncStatus) -> None:
        self._status = status
        if self._desk.session is None:  # behind an open window nobody sees it
            self._show(status=status)
