"""The figures of the Team board worked out a second time, from a database file alone, by plain SQL and loops.

Nothing of the product is imported: neither its rules nor its statements. It follows docs/team.md and COMMISSION.md 2
and 3 with the product's defaults, as slowly and plainly as can be.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

RANK = {"assign": 2, "unbind": 3, "scan": 4, "interaction": 5, "order": 6}
HALF = 60


def text(value: bytes | None) -> str | None:
    return None if value is None else str(uuid.UUID(bytes=bytes(value)))


class Checker:
    """One database file, read once."""

    def __init__(self, file: Path | str) -> None:
        self.db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        found = {r["name"]: r["value"] for r in self.ask("select name, value from setting where deleted_at_ms is null")}
        self.zone = ZoneInfo(found.get("zone", "Asia/Shanghai"))
        self.window = int(found.get("window_days", "15"))
        self.protection = int(found.get("protection_days", "30"))
        self.chain = text(self.ask("select scope_id from scope where kind='chain'")[0][0])
        self.local = cache(lambda ms: datetime.fromtimestamp(ms / 1000, UTC).astimezone(self.zone))
        self.read_events()
        self.read_sales()

    def ask(self, query: str) -> list[sqlite3.Row]:
        return self.db.execute(query).fetchall()

    def day(self, ms: int) -> date:
        return self.local(ms).date()

    # --- who was whose -------------------------------------------------------------------------------------------

    def read_events(self) -> None:
        rows = self.ask("select type, at_ms, event_id, payload from commission_event")
        events = [dict(r) | json.loads(r["payload"]) for r in rows]
        said: dict[str, tuple[int, str, str]] = {}
        for e in events:
            if e["type"] == "review":
                said[e["target"]] = max(said.get(e["target"], (0, "", "")), (e["at_ms"], e["event_id"], e["decision"]))
        events = [e for e in events if said.get(e["event_id"], ("", "", ""))[2] != "void"]
        self.parent: dict[str, str] = {}
        for e in events:
            if e["type"] == "member.merge":
                a, b = sorted((self.root(e["from"]), self.root(e["into"])))
                self.parent[b] = a
        self.posts: dict[str, list[tuple[int, bool, str | None]]] = defaultdict(list)
        for e in sorted(events, key=lambda e: (e["at_ms"], e["event_id"])):
            if e["type"].startswith("staff."):
                self.posts[e["associate"]].append((e["at_ms"], e["type"] != "staff.leave", e.get("store")))
        self.meetings: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for e in events:
            if e["type"] in ("scan", "interaction", "assign"):
                self.meetings[self.root(e["member"])].append(e)
        for met in self.meetings.values():
            met.sort(key=lambda e: (e["at_ms"], RANK[e["type"]], e["event_id"]))
        self.orders = {e["order"]: e for e in events if e["type"] == "order"}

    def root(self, member: str) -> str:
        while member in self.parent:
            member = self.parent[member]
        return member

    def post(self, who: str, ms: int) -> tuple[bool, str | None]:
        posts = self.posts.get(who)
        if not posts:
            return True, None
        known = [p for p in posts if p[0] <= ms]
        return (known[-1][1], known[-1][2]) if known else (False, None)

    def within(self, anchor: int, ms: int, days: int) -> bool:
        return anchor <= ms and self.day(ms) <= self.day(anchor) + timedelta(days)

    def owner(self, member: str, ms: int, order_id: str) -> str | None:
        """Whose she is at that moment, if one of the owner's touches is in window."""
        owner: str | None = None
        since = 0
        touches: list[tuple[int, str]] = []
        steps: list[tuple[Any, ...]] = [
            ((e["at_ms"], RANK[e["type"]], e["event_id"]), e["type"], e) for e in self.meetings[member]
        ]
        for who, posts in self.posts.items():
            steps += [((at, 0, ""), "left", {"associate": who}) for at, active, _ in posts if not active]
        for key, kind, e in sorted(steps, key=lambda s: s[0]):
            if key >= (ms, 6, order_id):
                break
            who = e["associate"]
            if kind == "left":
                owner = None if owner == who else owner
                continue
            if kind == "interaction" and e["kind"] != "served_no_purchase":
                continue
            if kind != "assign" and not self.post(who, key[0])[0]:
                continue
            if kind == "assign":
                owner, since = who, key[0] if owner != who else since
            elif owner is None:
                owner, since = who, key[0]
            elif owner != who:
                anchor = max([since, *(t for t, w in touches if w == owner)])
                if self.protection == 0 or not self.within(anchor, key[0], self.protection):
                    owner, since = who, key[0]
            touches.append((key[0], who))
        if owner is None or not self.post(owner, ms)[0]:
            return None
        return owner if any(w == owner and self.within(t, ms, self.window) for t, w in touches) else None

    # --- sales and returns -----------------------------------------------------------------------------------------

    def read_sales(self) -> None:
        """`entries`: (board, moment, kind, who or None, minor units, sale, member or None)."""
        self.entries: list[tuple[str, int, str, str | None, int, str, str | None]] = []
        gone = "select id, merged_into from member where merged_into is not null and deleted_at_ms is null"
        self.merged = {text(r["id"]): text(r["merged_into"]) for r in self.ask(gone)}
        bought = "select id, scope_id, channel, paid_at_ms, total_minor from purchase where deleted_at_ms is null"
        back = "select purchase_id, returned_at_ms, total_minor from purchase_return where deleted_at_ms is null"
        sales = {text(r["id"]): dict(r) for r in self.ask(bought)}
        self.parties: dict[str, list[tuple[str, int]]] = {}
        for sale_id, s in sales.items():
            assert sale_id is not None
            event = self.orders.get(sale_id)
            member = None if event is None else self.root(event["member"])
            owner = None if event is None or member is None else self.owner(member, s["paid_at_ms"], event["event_id"])
            seller = None if event is None else event.get("seller")
            if seller is not None and not self.post(seller, s["paid_at_ms"])[0]:
                seller = None
            if s["channel"] != "store":
                self.parties[sale_id] = [(owner, 10)] if owner else []
            elif owner and seller and owner != seller:
                self.parties[sale_id] = [(owner, 3), (seller, 7)]
            else:
                self.parties[sale_id] = [(who, 10) for who in (owner or seller,) if who]
            self.enter(sale_id, s, "sale", s["paid_at_ms"], s["total_minor"], member)
        for r in self.ask(back):
            sale_id = text(r["purchase_id"])
            assert sale_id is not None
            event = self.orders.get(sale_id)
            member = None if event is None else self.root(event["member"])
            self.enter(sale_id, sales[sale_id], "return", r["returned_at_ms"], r["total_minor"], member)

    def enter(self, sale_id: str, s: dict[str, Any], kind: str, ms: int, total: int, member: str | None) -> None:
        sign = 1 if kind == "sale" else -1
        parties = self.parties[sale_id]
        shares = {who: total * tenths // 10 for who, tenths in parties}
        for who, _ in sorted(parties, key=lambda p: -(total * p[1] % 10))[: total - sum(shares.values())]:
            shares[who] += bool(parties)
        whose = self.person(member) if member else None
        home = text(s["scope_id"])
        for who, minor in shares.items():
            board = home if home != self.chain else self.post(who, s["paid_at_ms"])[1]
            assert board is not None
            self.entries.append((board, ms, kind, who, sign * minor, sale_id, whose))
        if home != self.chain:
            self.entries.append((str(home), ms, kind, None, sign * (total - sum(shares.values())), sale_id, whose))

    def person(self, member: str) -> str | None:
        while member in self.merged:
            member = str(self.merged[member])
        return None if member.startswith("order:") else member

    # --- figures -------------------------------------------------------------------------------------------------

    def spans(self, today: date) -> dict[str, tuple[date, date, date, date]]:
        last = today - timedelta(1)
        month = last.replace(day=1)
        quarter = last.replace(month=(last.month - 1) // 3 * 3 + 1, day=1)
        found = {
            "today": (today, today, last, last),
            "week": (last - timedelta(6), last, last - timedelta(13), last - timedelta(7)),
        }
        for name, first, months in (("month", month, 1), ("quarter", quarter, 3)):
            before = first
            for _ in range(months):
                before = (before - timedelta(1)).replace(day=1)
            after = first
            for _ in range(months):
                after = (after + timedelta(31)).replace(day=1)
            whole = today == after
            until = first - timedelta(1) if whole else min(before + (last - first), first - timedelta(1))
            found[name] = (first, last, before, until)
        return found

    def figures(self, store: str, first: date, last: date, today: date, until: int | None = None) -> dict[str, Any]:
        """Everything a board says of some days; `until`: as it stood at a moment of the last of them."""
        ok = lambda ms: first <= self.day(ms) <= last and (until is None or ms < until)  # noqa: E731
        mine = [e for e in self.on_board(store) if until is None or e[1] < until]
        inside = [e for e in mine if first <= self.day(e[1]) <= last]
        attributed = sum(e[4] for e in inside if e[3])
        total = sum(e[4] for e in inside)
        sold = [e for e in inside if e[2] == "sale"]
        scope = uuid.UUID(store).bytes.hex()
        people: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for e in inside:
            if e[3]:
                people[e[3]]["sales"] += e[4]
        out: dict[str, Any] = {"sales": (attributed, total), "share": (attributed, total)}
        out["basket"] = (sum(e[4] for e in sold), len({e[5] for e in sold}))
        joined = [
            r for r in self.ask(f"select joined_at_ms, registered_by from member where hex(scope_id)=upper('{scope}') "
                                "and merged_into is null and deleted_at_ms is null") if ok(r["joined_at_ms"])
        ]  # fmt: skip
        out["new_members"] = (len(joined), 0)
        for r in joined:
            if r["registered_by"]:
                people[str(text(r["registered_by"]))]["new_members"] += 1
        out["repeat"] = self.repeat(mine, last)
        on_time = due = 0
        for r in self.ask("select due_date, state, done_at_ms, associate_id from follow_up where state != 'cancelled' "
                          f"and hex(scope_id)=upper('{scope}') and deleted_at_ms is null"):  # fmt: skip
            day = date.fromisoformat(r["due_date"])
            if not first <= day <= last:
                continue
            done = r["state"] == "done" and (until is None or r["done_at_ms"] < until)
            who = people[str(text(r["associate_id"]))]
            is_good = done and self.day(r["done_at_ms"]) <= day
            due, on_time = due + 1, on_time + is_good
            who["due"] += 1
            who["on_time"] += is_good
            who["late"] += done and not is_good
            who["missed"] += not done and day < today and until is None
        out["on_time"] = (on_time, due)
        out["interactions"], out["served"] = self.talks(scope, mine, ok, people)
        out["scans"] = self.scans(scope, mine, ok)
        out["people"] = {who: dict(values) for who, values in people.items() if any(values.values())}
        hours: dict[tuple[int, int], set[str]] = defaultdict(set)
        for e in sold:
            if e[6]:
                local = self.local(e[1])
                hours[local.weekday(), local.hour].add(e[6])
        out["hours"] = {slot: len(who) if len(who) >= 5 else None for slot, who in hours.items()}
        days: dict[date, list[int]] = defaultdict(lambda: [0, 0])
        for e in inside:
            days[self.day(e[1])][0 if e[3] else 1] += e[4]
        out["days"] = {day: tuple(minor) for day, minor in days.items() if any(minor)}
        return out

    @cache  # noqa: B019 - a checker lives as long as its test
    def on_board(self, store: str) -> list[Any]:
        return [e for e in self.entries if e[0] == store]

    def repeat(self, mine: list[Any], last: date) -> tuple[int, int]:
        bought: dict[str, set[date]] = defaultdict(set)
        for e in mine:
            if e[2] == "sale" and e[6] and last - timedelta(HALF) < self.day(e[1]) <= last:
                bought[e[6]].add(self.day(e[1]))
        return sum(len(days) > 1 for days in bought.values()), len(bought)

    def talks(self, scope: str, mine: list[Any], ok: Any, people: Any) -> tuple[tuple[int, int], tuple[int, int]]:
        count = served = came = 0
        for r in self.ask("select member_id, associate_id, occurred_at_ms, kind from interaction where is_withdrawn=0 "
                          f"and hex(scope_id)=upper('{scope}') and deleted_at_ms is null"):  # fmt: skip
            if not ok(r["occurred_at_ms"]):
                continue
            count += 1
            people[str(text(r["associate_id"]))]["interactions"] += 1
            if r["kind"] == "served_no_purchase":
                served += 1
                who, at = self.person(str(text(r["member_id"]))), r["occurred_at_ms"]
                came += any(
                    e[2] == "sale" and e[6] == who and e[1] > at
                    and self.day(e[1]) <= self.day(at) + timedelta(self.window)
                    for e in mine
                )  # fmt: skip
        return (count, 0), (came, served)

    def scans(self, scope: str, mine: list[Any], ok: Any) -> tuple[int, int]:
        met = {
            (self.person(str(text(r["member_id"]))), self.day(r["occurred_at_ms"]))
            for r in self.ask("select member_id, occurred_at_ms from visit where deleted_at_ms is null "
                              f"and hex(scope_id)=upper('{scope}')") if ok(r["occurred_at_ms"])
        }  # fmt: skip
        bought = {(e[6], self.day(e[1])) for e in mine if e[2] == "sale"}
        return len(met & bought), len(met)

    # --- tiers ---------------------------------------------------------------------------------------------------

    def tiers(self, store: str, on: date) -> dict[str, str]:
        """Member at home in the store -> tier on that day."""
        scope = uuid.UUID(store).bytes.hex()
        spent, reachable = self.spent()
        found = {}
        for r in self.ask(f"select id, joined_at_ms from member where hex(scope_id)=upper('{scope}') "
                          "and merged_into is null and deleted_at_ms is null"):  # fmt: skip
            who = str(text(r["id"]))
            since = date(on.year - 1, on.month, min(on.day, 28 if on.month == 2 else on.day))
            counted = [minor for day, minor in spent[who].values() if minor > 0 and since < day <= on]
            tier = "ordinary" if counted else "casual"
            if len(counted) >= 3 and sum(counted) >= 300_000 and who in reachable:
                tier = "super"
            if self.day(r["joined_at_ms"]) <= on or counted:
                found[who] = tier
        return found

    @cache  # noqa: B019
    def spent(self) -> tuple[dict[str, dict[str, list[Any]]], set[str]]:
        spent: dict[str, dict[str, list[Any]]] = defaultdict(dict)
        for e in self.entries:
            if e[6]:
                sale = spent[e[6]].setdefault(e[5], [None, 0])
                sale[1] += e[4]
                sale[0] = self.day(e[1]) if e[2] == "sale" else sale[0]
        for who, sale_id, day, minor in self.online_of_nobody():
            sale = spent[who].setdefault(sale_id, [day, 0])
            sale[0], sale[1] = day, sale[1] + minor
        return spent, self.reachable()

    def online_of_nobody(self) -> list[tuple[str, str, date, int]]:
        found = []
        sales = {text(r["id"]): r for r in self.ask("select id, scope_id, paid_at_ms, total_minor from purchase")}
        back: dict[str | None, int] = defaultdict(int)
        for r in self.ask("select purchase_id, total_minor from purchase_return"):
            back[text(r["purchase_id"])] += r["total_minor"]
        for sale_id, parties in self.parties.items():
            if parties:
                continue
            s = sales[sale_id]
            event = self.orders.get(sale_id)
            who = self.person(self.root(event["member"])) if event else None
            if text(s["scope_id"]) != self.chain or who is None:
                continue
            found.append((who, sale_id, self.day(s["paid_at_ms"]), s["total_minor"] - back[sale_id]))
        return found

    def reachable(self) -> set[str]:
        yes: dict[tuple[str, str], list[tuple[int | None, int | None]]] = defaultdict(list)
        said = "select member_id, purpose, is_given, withdrawn_at_ms, seen_ms from consent where deleted_at_ms is null"
        for r in self.ask(f"{said} and purpose in ('wechat', 'sms', 'phone')"):
            seen = 0 if r["seen_ms"] is None and r["is_given"] else r["seen_ms"]
            yes[str(text(r["member_id"])), r["purpose"]].append((r["withdrawn_at_ms"], seen))
        return {
            who for (who, _), rows in yes.items()
            if any(s is not None for _, s in rows)
            and max(s for _, s in rows if s is not None) >= max(w or 0 for w, _ in rows)
        }  # fmt: skip
