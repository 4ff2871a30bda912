"""Steps of a tour about commission: an order online after a served visit, why one is not hers, a month closed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from guidedesk.demo import hands
from guidedesk.demo.eyes import texts, wait_for
from guidedesk.demo.steps import SERVER, TREE
from guidedesk.demo.tour import Seen, Tour
from guidedesk.domain.ids import from_bytes
from guidedesk.ui import formats, i18n
from guidedesk.ui.views.close import ClosePage

ORDER_NO: Final = "SY-TOUR-0001"
OTHER_NO: Final = "SY-TOUR-0002"
VERDICTS: Final = (
    "earned", "someone_else", "no_touch", "touch_not_counted", "window_over", "protected", "bound_later", "unbound",
    "inactive", "no_member", "staff_purchase", "returned", "no_rate", "waiting",
)  # fmt: skip
PAID: Final = "868.00"
HOLD_DAYS: Final = 7  # of the product: no data sets another
# In force only where the data brought no plan of its own, from before its first sale: 2.5 % of what was sold.
PLAN: Final[dict[str, Any]] = {
    "plan": "sales", "version": 1, "effective_from": "2017-01-01",
    "components": [{"id": "sales", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": 250}]}],
}  # fmt: skip
# A year of real purchases is reckoned for the first time while somebody asks; on a busy PC that takes minutes.
RECKONED_S: Final = 400


def earnings(tour: Tour) -> Seen:
    """Served, left, bought online: the associate sees her share, that it is provisional, until when, and why."""
    _publish(tour)
    card = tour.eyes.one("select card_no from member where id=:m", m=tour.facts["member"])
    _order(tour, ORDER_NO, card)
    order = tour.arrived("select id from purchase where order_no=:o", o=ORDER_NO)
    hands.press(tour.window, "F8")
    hands.press(tour.window, "F5")
    wait_for(lambda: _own_line(tour, order), RECKONED_S)
    name = tour.facts["name"]
    due = i18n.t("earn.provisional")
    shown = bool(wait_for(lambda: _asks(tour) and ORDER_NO in texts(tour.window), 40))
    seen_why = texts(tour.window)
    line = _own_line(tour, order)
    amount = formats.money(int(line[0]), _currency(tour)) if line else "?"
    zone_day = formats.local_day(tour.app.counter.now_ms()) + timedelta(days=HOLD_DAYS)
    until = formats.month_day(zone_day.month, zone_day.day)
    said = [amount, due, until, name, i18n.t("earn.event.served.me")]
    missing = [word for word in said if word not in seen_why]
    picture = f"line of {ORDER_NO} shown: {shown}; amount at the server: {amount}; not said: {missing}"
    return Seen("an order online an hour after the served visit, then F8",
                f"{amount}, provisional until {until}, the visit and the order as evidence", picture,
                f"{TREE}; {SERVER}", shown and line is not None and not missing)  # fmt: skip


def why(tour: Tour) -> Seen:
    """She serves a colleague's member, who buys online: the window says whose the order is, and why.

    The colleague's while she is protected; hers where nobody had met the member for longer (COMMISSION.md 2).
    """
    code, member, card, owner, owner_en, met_ms = _colleagues_member(tour)
    days = int(tour.eyes.one("select value from setting where name='protection_days'") or 30)
    now_ms = tour.app.counter.now_ms()
    is_protected = formats.local_day(met_ms) + timedelta(days=days) >= formats.local_day(now_ms)
    hands.scan(tour.window, code)
    wait_for(lambda: tour.window.current == "members")
    hands.press(tour.window, "Ctrl+B")
    served = "select count(*) from interaction where member_id=:m and kind='served_no_purchase' and occurred_at_ms>:t"
    wait_for(lambda: tour.eyes.one(served, m=member, t=tour.facts["began_ms"]), 60)
    _order(tour, OTHER_NO, card)
    order = tour.arrived("select id from purchase where order_no=:o", o=OTHER_NO)
    hands.press(tour.window, "F8")
    _asks(tour)
    wait_for(lambda: tour.eyes.rows("select 1 from open_line where ref=:r", r=from_bytes(order)), RECKONED_S)
    hands.press(tour.window, "Alt+3")
    hands.type_text(tour.window, OTHER_NO)
    hands.press(tour.window, "Ctrl+Return")
    verdicts = {key: i18n.t(f"earn.verdict_text.{key}") for key in VERDICTS}
    wait_for(lambda: any(_plain(text) in texts(tour.window) for text in verdicts.values()), 40)
    said = [key for key, text in verdicts.items() if _plain(text) in texts(tour.window)]
    name = owner if tour.lang == "zh_CN" else owner_en
    named = name in texts(tour.window)
    takers = [row[0] for row in tour.eyes.rows("select beneficiary from open_line where ref=:r", r=from_bytes(order))]
    owner_id = tour.eyes.one("select owner_id from binding where id=:m", m=member)
    me = tour.eyes.one("select id from staff where number=:n", n=tour.facts["number"])
    rightly = owner_id != me if is_protected else owner_id == me
    picture = (f"asked about {OTHER_NO}; said: {said}; {name} named: {named}; lines at the server: {len(takers)}, "
               f"all the owner's: {takers == [from_bytes(owner_id)] * len(takers)}; "
               f"the owner is {'she' if owner_id == me else name}")  # fmt: skip
    verdicts_right = (["protected"], ["someone_else"]) if is_protected else (["earned"],)
    ok = said in verdicts_right and named and rightly and takers == [from_bytes(owner_id)]
    expected = (f"that it counts for {name}, who is protected" if is_protected
                else f"that it counts for her: {name}'s protection was over when she served the member")  # fmt: skip
    return Seen("scanned a colleague's member, Ctrl B, an order online; F8, Alt 3, typed its number, Ctrl Enter",
                expected, picture, f"{TREE}; {SERVER}", ok)  # fmt: skip


def close(tour: Tour) -> Seen:
    """The manager confirms her store's month with her PIN, head office closes it, and nobody can change it."""
    number, pin = manager_of(tour)
    hands.press(tour.window, "F9")
    tour.app.desk.set_session(tour.app.counter.sign_in(number, pin))
    wait_for(lambda: tour.window.current == "home")
    hands.press(tour.window, "Ctrl+8")
    period = _month_to_close(tour)
    year, month = period.split("-")
    title = i18n.t("earn.month", year=year, month=formats.month_text(int(month)))
    opened = bool(wait_for(lambda: _month_says(tour, title), RECKONED_S))
    confirmed: Any = "not asked"
    confirm = i18n.t("close.confirm")
    page = tour.window.page("close")
    if not isinstance(page, ClosePage):
        raise TypeError("another page")
    if page.confirm.isVisible():
        page.confirm.click()
        wait_for(lambda: tour.window.overlays.dialog is not None)
        hands.type_text(tour.window, pin)
        hands.press(tour.window, "Ctrl+Return")
        confirmed = wait_for(lambda: tour.eyes.one(
            "select count(*) from close_confirmation where period=:p", p=period), 30)  # fmt: skip
    done = _guidedesk(tour, "admin", "month", "close", period, "--reason", "tour", "--json")
    sealed = tour.arrived("select count(*) from period_close where period=:p", p=period)
    lines = tour.eyes.one("select count(*) from ledger_line where posting_period=:p", p=period)
    hands.press(tour.window, "Ctrl+1")
    hands.press(tour.window, "Ctrl+8")
    wait_for(lambda: not _month_says(tour, title), RECKONED_S)  # the month that comes next
    page.before.click()
    locked = i18n.t("earn.closed_on", date=i18n.t("date.today"))
    told = bool(wait_for(lambda: _month_says(tour, title, locked), RECKONED_S))
    verified = _guidedesk(tour, "admin", "audit", "verify", "--json")
    picture = (f"{title} opened: {opened}; confirmed ({confirm}): {confirmed}; closed: {done.returncode == 0}, "
               f"{lines} lines sealed; '{locked}' shown: {told}; audit verify: {verified.returncode}")  # fmt: skip
    ok = opened and done.returncode == 0 and sealed == 1 and told and verified.returncode == 0
    return Seen("signed in as the manager, Ctrl 8, confirmed with the PIN; head office closed the month for a reason,"
                " whatever gate was still shut",
                f"{title} sealed once, its chain of hashes whole", picture, f"{TREE}; {SERVER}; admin audit verify",
                ok)  # fmt: skip


def _asks(tour: Tour) -> bool:
    """Head office may have had the order after the last answer: ask again while it is not there."""
    tour.app.window.earnings.presenter.reload()
    wait_for(lambda: False, 0.4)
    return True


def _month_says(tour: Tour, *wanted: str) -> bool:
    """A year may take longer to reckon than a window waits: what was not answered is asked again."""
    presenter = tour.app.window.close.presenter
    if presenter.state.problem is not None and not presenter.state.is_asking:
        presenter.reload()
    return all(word in texts(tour.window) for word in wanted)


def _own_line(tour: Tour, order: bytes) -> tuple[Any, ...] | None:
    me = tour.eyes.one("select id from staff where number=:n", n=tour.facts["number"])
    values = {"b": from_bytes(me), "r": from_bytes(order)}
    for table in ("open_line", "ledger_line"):
        query = f"select amount, posting_period from {table} where beneficiary=:b and ref=:r"  # noqa: S608 - own names
        rows = tour.eyes.rows(query, **values)
        if rows:
            return rows[0]
    return None


def _currency(tour: Tour) -> str:
    return str(tour.eyes.one("select value from setting where name='currency'") or "CNY")


def _publish(tour: Tour) -> None:
    if not tour.eyes.one("select count(*) from plan_version"):
        path = tour.world.folder / "plan.json"
        path.write_text(json.dumps(PLAN), encoding="utf-8")
        _guidedesk(tour, "admin", "plan", "publish", str(path))


def _order(tour: Tour, number: str, card: str) -> None:
    """The online shop tells head office of an order, as a file would."""
    # A file knows whole seconds: the next one, so that the order does not come before the visit.
    at = datetime.fromtimestamp(tour.app.counter.now_ms() // 1000 + 1, UTC).isoformat(timespec="seconds")
    path = tour.world.folder / f"{number}.csv"
    head = "order_id,line_id,type,channel,paid_at,member_code,sku,qty,net_paid,currency"
    path.write_text(f"{head}\n{number},1,sale,online,{at},{card},COAT-1,1,{PAID},{_currency(tour)}\n", encoding="utf-8")
    done = _guidedesk(tour, "import", "orders", str(path), "--json", secrets=False)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)


def _colleagues_member(tour: Tour) -> tuple[Any, ...]:
    """Code, id, card number of somebody whose owner is another associate, touched most lately; the owner's names, and
    when the owner met her last."""
    rows = tour.eyes.rows(
        "select c.digits, m.id, m.card_no, o.name, o.name_en, coalesce(b.last_touch_ms, b.bound_at_ms)"
        " from binding b join staff o on o.id=b.owner_id"
        " join member m on m.id=b.id and m.scope_id=b.scope_id join member_code c"
        " on c.member_id=m.id and c.scope_id=m.scope_id and c.state='live'"
        " where m.scope_id=:s and o.number<>:n and m.deleted_at_ms is null and m.merged_into is null"
        " and m.id<>:x order by b.last_touch_ms desc limit 1",
        s=bytes.fromhex(tour.world.store_id.replace("-", "")), n=tour.facts["number"],
        x=tour.facts.get("offline_member", b""),
    )  # fmt: skip
    return rows[0]


def manager_of(tour: Tour) -> tuple[str, str]:
    for number, pin in tour.world.pins:
        if tour.eyes.one("select role from staff where number=:n", n=number) == "manager":
            return number, pin
    raise RuntimeError("no manager in this store")


def _month_to_close(tour: Tour) -> str:
    last = tour.eyes.one("select max(period) from period_close")
    if last is not None:
        year, month = (int(part) for part in str(last).split("-"))
        return f"{year + month // 12}-{month % 12 + 1:02d}"
    now = f"{formats.local_day(tour.app.counter.now_ms()):%Y-%m}"
    return str(tour.eyes.one("select max(posting_period) from open_line where posting_period<:m", m=now) or now)


def _guidedesk(tour: Tour, *words: str, secrets: bool = True) -> subprocess.CompletedProcess[str]:
    """A command of the operator, as another process."""
    where = ["--database", tour.world.database_url]
    if secrets:
        where += ["--secrets", str(tour.world.secrets_path)]
    command = [sys.executable, "-m", "guidedesk", *words, *where]
    return subprocess.run(command, capture_output=True, text=True, timeout=RECKONED_S, check=False)


def _plain(text: str) -> str:
    """The part of a sentence before its first slot."""
    return text.split("{", maxsplit=1)[0] or text
