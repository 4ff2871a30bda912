"""The steps of a tour. Each acts with keys and scanner, and looks with the accessibility tree or at the server."""

from __future__ import annotations

from typing import Any

from guidedesk.demo import hands
from guidedesk.demo.eyes import journal_rows, wait_for
from guidedesk.demo.tour import Seen, Tour
from guidedesk.ui import formats, i18n

SERVER = "server database, second connection"
TREE = "accessibility tree of the window"


def sign_in(tour: Tour) -> Seen:
    """Pick yourself, type the PIN."""
    number, pin = tour.world.pins[0]
    chinese, english = tour.eyes.rows("select name, name_en from staff where number=:n", n=number)[0]
    name = chinese if tour.lang == "zh_CN" else english
    hands.press(tour.window, "Esc")  # the last user is offered first: take somebody else
    at = [tile.staff.number for tile in tour.app.counter.sign_in_tiles()].index(number)
    hands.press(tour.window, str(at + 1))
    hands.type_text(tour.window, pin)
    shown = tour.shows(i18n.t("home.ready"), name)
    session = tour.arrived(
        "select count(*) from staff_session s join staff p on p.id=s.staff_id"
        " where p.number=:n and s.ended_at_ms is null",
        n=number,
    )
    tour.facts |= {"number": number, "pin": pin, "staff": name}
    seen = f"'{i18n.t('home.ready')}' and '{name}' shown: {shown}; open sessions of {number}: {session}"
    return Seen(f"Esc, {at + 1}, typed the PIN", f"{name} at the counter home", seen, f"{TREE}; {SERVER}",
                shown and session == 1)  # fmt: skip


def scan(tour: Tour) -> Seen:
    """A member holds out her card."""
    code, member_id, name, card = _someone(tour, 0)
    hands.scan(tour.window, code)
    shown = tour.shows(name, formats.card_no(card))
    visits = tour.arrived("select count(*) from visit where member_id=:m and row_ver>0 and occurred_at_ms>:t",
                          m=member_id, t=tour.facts["began_ms"])  # fmt: skip
    tour.facts |= {"member": member_id, "name": name}
    seen = f"name and card number shown: {shown}; visits at the server since the tour began: {visits}"
    return Seen(f"scanned the card of {name}", "her card at once, one visit", seen, f"{TREE}; {SERVER}",
                shown and visits == 1)  # fmt: skip


def history(tour: Tour) -> Seen:
    """When did I buy that?"""
    member = tour.facts["member"]
    paid = tour.eyes.one("select sum(total_minor) from purchase where member_id=:m", m=member) or 0
    back = tour.eyes.one("select sum(total_minor) from purchase_return where member_id=:m", m=member) or 0
    orders = tour.eyes.one("select count(*) from purchase where member_id=:m", m=member)
    currency = tour.eyes.one("select currency from purchase where member_id=:m limit 1", m=member) or "CNY"
    hands.press(tour.window, "Ctrl+H")
    expected = formats.money_short(paid - back, currency)
    shown = tour.shows(expected, str(orders))
    of_member = "select order_no from purchase where member_id=:m order by paid_at_ms desc limit 1"
    newest = tour.eyes.one(of_member, m=member)
    receipt = tour.shows(newest)
    seen = f"'{expected}' and '{orders}' shown: {shown}; newest receipt {newest} shown: {receipt}"
    return Seen("Ctrl H on the card", f"{orders} orders, {expected} net of returns, as at the server", seen,
                TREE, shown and receipt)  # fmt: skip


def log(tour: Tour) -> Seen:
    """A conversation, by keys alone."""
    note = "试了雾蓝大衣，等家人看过再定" if tour.lang == "zh_CN" else "Tried the coat, asks at home first"
    hands.press(tour.window, "Esc")  # from the history back to the card
    hands.press(tour.window, "F4")
    wait_for(lambda: tour.window.overlays.dialog is not None)
    hands.press(tour.window, "1")
    hands.press(tour.window, "Tab")
    hands.press(tour.window, "3")
    hands.press(tour.window, "Tab")
    hands.type_text(tour.window, f"{note} #大衣 ")
    hands.press(tour.window, "Ctrl+Return")
    arrived = tour.arrived("select count(*) from interaction where note like :n and row_ver>0", n=f"{note}%")
    tags = tour.arrived("select count(*) from member_tag where tag='大衣' and is_on=1 and member_id=:m",
                        m=tour.facts["member"])  # fmt: skip
    promised = tour.eyes.one("select due_date from follow_up where member_id=:m and created_at_ms>:t",
                             m=tour.facts["member"], t=tour.facts["began_ms"])  # fmt: skip
    shown = tour.shows(note)
    seen = f"interactions {arrived}, tags {tags}, follow-up due {promised}; note on the timeline: {shown}"
    ok = arrived == 1 and tags == 1 and bool(promised) and shown
    return Seen("F4, 1, Tab, 3, Tab, typed a note with a #tag, Ctrl Enter",
                "one interaction, one tag, one follow-up at the server; on the timeline", seen, f"{SERVER}; {TREE}",
                ok)  # fmt: skip


def served_no_purchase(tour: Tour) -> Seen:
    """Served, left without buying: two keys from the scan."""
    hands.press(tour.window, "Ctrl+B")
    arrived = tour.arrived(
        "select count(*) from interaction where kind='served_no_purchase' and occurred_at_ms>:t and row_ver>0",
        t=tour.facts["began_ms"],
    )
    status = tour.eyes.one("select status from op_log where type='served_no_purchase' order by received_at_ms desc")
    seen = f"{arrived} at the server, status {status}"
    return Seen("Ctrl B on the card", "accepted, within ten minutes of the visit", seen, SERVER,
                arrived == 1 and status == "accepted")  # fmt: skip


def outage(tour: Tour) -> Seen:
    """The network goes; work goes on."""
    before = len(_operations(tour))
    tour.world.server.stop()
    code, member_id, name, card = _someone(tour, 1)
    hands.scan(tour.window, code)
    shown = tour.shows(name, formats.card_no(card))
    hands.press(tour.window, "Ctrl+B")
    wait_for(lambda: len(_operations(tour)) >= before + 2)
    waiting = [row for row in _operations(tour) if row[1] in ("queued", "inflight")]
    amber = bool(wait_for(lambda: _offline_words(tour), 40))
    tour.facts |= {"offline_member": member_id, "offline_ops": [row[0] for row in waiting]}
    seen = f"card of {name} shown: {shown}; waiting in the journal: {len(waiting)}; offline said: {amber}"
    return Seen("stopped the server process, scanned another card, Ctrl B",
                "the card as ever, two operations waiting in the journal, the chip says offline", seen,
                f"{TREE}; journal, second connection", shown and len(waiting) == 2 and amber)  # fmt: skip


def reconnect(tour: Tour) -> Seen:
    """The server is back: everything arrives once."""
    tour.world.server.start()
    waited = wait_for(lambda: not [r for r in _operations(tour) if r[1] in ("queued", "inflight")], 60)
    ids = tour.facts["offline_ops"]
    times = [tour.eyes.one("select count(*) from op_log where op_id=:i", i=op_id) for op_id in ids]
    green = wait_for(lambda: not _offline_words(tour), 20)
    seen = f"journal empty of waiting: {bool(waited)}; at the server: {times}; offline gone: {green}"
    return Seen("started the server process again", "both operations exactly once, the chip is green again", seen,
                f"{SERVER}; journal, second connection; {TREE}",
                bool(waited) and times == [1] * len(ids) and bool(green))  # fmt: skip


def _operations(tour: Tour) -> list[tuple[bytes, str]]:
    rows = journal_rows(tour.app.counter.folder, "select op_id, state from operation order by device_seq")
    return [(row[0], row[1]) for row in rows]


def _offline_words(tour: Tour) -> bool:
    word = "离线" if tour.lang == "zh_CN" else "Offline"
    return tour.window.top.sync.accessibleName().startswith(word)


def _someone(tour: Tour, at: int) -> tuple[Any, ...]:
    """Code, id, name and card number of a member of this store who bought here, by number; one's own come first, as
    sums of a colleague's are not shown. Chosen once: what the tour does changes whose they are."""
    if "people" in tour.facts:
        return tuple(tour.facts["people"][at])
    rows = tour.facts["people"] = tour.eyes.rows(
        "select c.digits, m.id, m.name, m.card_no from member m join member_code c"
        " on c.member_id=m.id and c.scope_id=m.scope_id and c.state='live'"
        " left join binding b on b.id=m.id left join staff o on o.id=b.owner_id"
        " where m.scope_id=:s and m.deleted_at_ms is null and m.merged_into is null"
        " and (select count(*) from purchase p where p.member_id=m.id)>=3"
        " order by case when o.number=:n then 0 when b.owner_id is null then 1 else 2 end, m.id limit 2",
        s=_store(tour), n=tour.facts["number"],
    )  # fmt: skip
    return rows[at]


def _store(tour: Tour) -> bytes:
    return bytes.fromhex(tour.world.store_id.replace("-", ""))

