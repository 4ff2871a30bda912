"""The step of a tour about points: what she has as at the server, and some of it spent by keys on a manager's word."""

from __future__ import annotations

from guidedesk.demo import hands
from guidedesk.demo.eyes import wait_for
from guidedesk.demo.steps import SERVER, TREE
from guidedesk.demo.steps_commission import manager_of
from guidedesk.demo.tour import Seen, Tour
from guidedesk.ui import formats
from guidedesk.ui.i18n import t

_HAS = "select sum(earned) - sum(spent) from points_balance where id=:m"
SPENT = 100


def points(tour: Tour) -> Seen:
    """Her card was scanned, which proves too little: a manager confirms with number and PIN."""
    member, (number, pin) = tour.facts["member"], manager_of(tour)
    had = tour.eyes.one(_HAS, m=member) or 0
    shown = tour.shows(formats.points(had))
    hands.press(tour.window, "Ctrl+R")
    wait_for(lambda: tour.window.overlays.dialog is not None)
    hands.press(tour.window, "Ctrl+A")
    hands.type_text(tour.window, str(SPENT))
    for text in (number, pin):
        hands.press(tour.window, "Tab")
        hands.type_text(tour.window, text)
    hands.press(tour.window, "Ctrl+Return")
    spent = tour.arrived(
        "select points from points_entry where kind='redeem' and member_id=:m and row_ver>0", m=member
    )
    left = tour.eyes.one(_HAS, m=member)
    said = tour.shows(formats.points(had - SPENT), t("timeline.points_redeem"))
    seen = f"{had} points shown: {shown}; entry at the server: {spent}, left there: {left}; the card says so: {said}"
    return Seen(f"Ctrl R on the card, {SPENT}, Tab, the manager's number, Tab, her PIN, Ctrl Enter",
                f"the points of the server's ledger on the card, {SPENT} less after it", seen, f"{TREE}; {SERVER}",
                bool(shown and spent == -SPENT and left == had - SPENT and said))  # fmt: skip
