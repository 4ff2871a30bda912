"""Who is signed in between two calls of `guidedesk counter`: kept in the profile until signout or 15 minutes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from guidedesk.domain.errors import Refused
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.sync.counter import Counter

_META: Final = "command_session"
LASTS_MS: Final = 15 * 60_000


def keep_session(counter: Counter, session: Session) -> None:
    """Remember who signed in."""
    counter.local.set_meta(_META, asdict(session))


def forget_session(counter: Counter) -> None:
    """Nobody is signed in any more."""
    counter.local.set_meta(_META, None)


def kept_session(counter: Counter) -> Session:
    """Who signed in within the last 15 minutes; `not_signed_in` otherwise."""
    kept = counter.local.get_meta(_META)
    if kept is None or not 0 <= counter.now_ms() - kept["started_at_ms"] <= LASTS_MS:
        raise Refused("not_signed_in")
    staff = kept["staff"] | {"name": Bilingual(**kept["staff"]["name"])}
    session = Session(**(kept | {"staff": StaffInfo(**staff)}))
    counter.resume(session)
    return session
