"""Steps of a tour that record something about a member: an associate's code, a sale, an answer about consent."""

from __future__ import annotations

from typing import Any

from guidedesk.demo import hands
from guidedesk.demo.eyes import texts, wait_for
from guidedesk.demo.steps import SERVER, TREE
from guidedesk.demo.tour import Seen, Tour
from guidedesk.ui import formats
from guidedesk.ui.i18n import t

AMOUNT = "1284.60"
AMOUNT_MINOR = 128_460
RECEIPT = "TOUR-0107"


def bind(tour: Tour) -> Seen:
    """An associate's code beside an open card: pending at once, then what head office decided."""
    number = tour.facts["number"]
    code, member_id, name = _nobodys(tour)
    of_number = "select c.digits from staff_code c join staff s on s.id=c.staff_id where s.number=:n and c.state='live'"
    badge = tour.eyes.one(of_number, n=number)
    hands.scan(tour.window, code)
    opened = tour.shows(name)
    hands.scan(tour.window, badge)
    owner = tour.arrived(
        "select s.number from binding b join staff s on s.id=b.owner_id where b.id=:m and b.row_ver>0", m=member_id
    )
    said = tour.shows(t("bind.result.bound", name=tour.facts["staff"]))
    tour.facts["bound_member"] = member_id
    seen = f"owner at the server: {owner}; the card says what head office decided: {said}"
    return Seen(f"scanned the card of {name}, whose member nobody was, then the code of {number}",
                f"{number} owns {name}, and the card says that head office decided so", seen, f"{SERVER}; {TREE}",
                opened and owner == number and said)  # fmt: skip


def sale(tour: Tour) -> Seen:
    """A sale for a shop without a till feed, the amount first, by keys alone: for the member who just joined, so that
    the totals of imported purchases stay what they are."""
    member = tour.eyes.one("select id from member where name=:n and phone_masked like '199%'", n=tour.facts["new_name"])
    hands.press(tour.window, "Alt+4")
    opened = bool(wait_for(lambda: tour.window.overlays.dialog is not None))
    hands.type_text(tour.window, AMOUNT)
    hands.press(tour.window, "Tab")
    hands.type_text(tour.window, RECEIPT)
    hands.press(tour.window, "Ctrl+Return")
    of_receipt = "select total_minor from purchase where order_no=:n and member_id=:m"
    minor = tour.arrived(of_receipt, n=RECEIPT, m=member)
    shown = tour.shows(RECEIPT, formats.money(AMOUNT_MINOR, tour.app.counter.settings().currency))
    seen = f"amount at the server in minor units: {minor}; on the timeline: {shown}"
    return Seen(f"Alt 4, typed {AMOUNT}, Tab, {RECEIPT}, Ctrl Enter", f"one purchase of {AMOUNT_MINOR} minor units",
                seen, f"{SERVER}; {TREE}", opened and minor == AMOUNT_MINOR and shown)  # fmt: skip


def consent(tour: Tour) -> Seen:
    """The customer does not want to be called: asked aloud, answered by keys, in force at once."""
    member = tour.facts["bound_member"]
    hands.press(tour.window, "Alt+2")
    wait_for(lambda: tour.window.overlays.dialog is not None)
    for key in ("Tab", "Tab", "1", "Ctrl+Return"):  # the third line asks about calls
        hands.press(tour.window, key)
    wait_for(lambda: tour.window.overlays.dialog is None)
    hands.press(tour.window, "Alt+2")
    wait_for(lambda: tour.window.overlays.dialog is not None)
    for key in ("Tab", "Tab", "2", "Ctrl+Return"):
        hands.press(tour.window, key)
    shown = bool(wait_for(lambda: t("consent.phone.no") in texts(tour.window)))
    given: Any = wait_for(lambda: tour.eyes.one(
        "select max(a.answered_at_ms)=max(c.withdrawn_at_ms) from consent_answer a join consent c"
        " on c.member_id=a.member_id and c.purpose=a.purpose where a.member_id=:m and a.purpose='phone'", m=member,
    ))  # fmt: skip
    seen = f"the last answer at the server is the withdrawal: {bool(given)}; the card says so: {shown}"
    return Seen("Alt 2, Tab, Tab, 1, Ctrl Enter; then the same with 2", "calls withdrawn on the card and at the server",
                seen, f"{SERVER}; {TREE}", bool(given) and shown)  # fmt: skip


def _nobodys(tour: Tour) -> tuple[Any, ...]:
    """Code, id and name of a member of this store whom nobody owns, and whom no other step scans: another scan within
    ten minutes is the same visit."""
    scanned = {person[1] for person in tour.facts["people"]}
    rows = tour.eyes.rows(
        "select c.digits, m.id, m.name from member m join member_code c"
        " on c.member_id=m.id and c.scope_id=m.scope_id and c.state='live'"
        " where m.scope_id=:s and m.deleted_at_ms is null and m.merged_into is null"
        " and not exists (select 1 from binding b where b.id=m.id and b.owner_id is not null) order by m.id limit 3",
        s=bytes.fromhex(tour.world.store_id.replace("-", "")),
    )
    return next(row for row in rows if row[1] not in scanned)
