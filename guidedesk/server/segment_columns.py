"""The facts of one store's members in memory, a column each, so that an audience is counted while somebody types.

A million members are looked through in milliseconds, which no statement did (docs/segments.md). The columns only ever
repeat `member_fact`; what changed there since is taken before each count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, literal, select, tuple_

from guidedesk.domain.contact_limits import CAP_DAYS, ContactPolicy
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.domain.segments import (
    BOUGHT,
    NOBODY,
    Asking,
    Audience,
    Condition,
    birthdays,
    hours_of,
)
from guidedesk.domain.tiers import ORDER, first_day
from guidedesk.domain.time import DAY_MS
from guidedesk.models.base import IdType
from guidedesk.models.segment_tables import member_fact, member_fact_word
from guidedesk.server.segment_pools import Ints, OrderPool, Pool, Rows, WordPool, longer, room

Mask = npt.NDArray[np.bool_]
_A_READ: Final = 10_000
_LAST: Final = "ffffffff-ffff-ffff-ffff-ffffffffffff"  # behind every member
_MASKS: Final = 32
_FEW: Final = 2_000
_BITS: Final = {purpose: 1 << at for at, purpose in enumerate(CONSENT_PURPOSES)}
_CHANNELS: Final = _BITS["wechat"] | _BITS["sms"] | _BITS["phone"]
_YEAR: Final = 365
_DAY_OF_YEAR: Final = 1_232
_FIRST_SCALAR: Final = 6  # after the columns that `refresh` names one by one
_SCALARS: Final = (
    "is_here", "is_home", "consents", "birthday", "hour", "in_store_on", "contacted_on", "touched_on", "tried_on",
    "planned",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reasons:
    """How many of an audience may be contacted, and why the others may not."""

    reachable: int
    no_consent: int
    muted: int
    capped: int


@dataclass(frozen=True, slots=True)
class Counted:
    """An audience counted: the members left after each condition, whom it means, and who of them may be contacted."""

    total: int
    steps: tuple[int, ...]
    matched: int
    reasons: Reasons
    by_owner: tuple[tuple[str | None, int], ...]
    orders: int
    spent_minor: int
    in_top_tier: int


@dataclass(frozen=True, slots=True)
class Line:
    """One member of an audience: her tier's place in `ORDER`, her orders of a year, when she was last in the store."""

    member_id: str
    owner_id: str | None
    tier: int
    orders: int
    spent_minor: int
    in_store_on: int


@dataclass(frozen=True, slots=True)
class Lines:
    """The first members of an audience, and what all of them come to."""

    total: int
    orders: int
    spent_minor: int
    members: tuple[Line, ...]


@dataclass(slots=True)
class Columns:
    """One store. Not safe between threads: `segment_stores` gives it to one at a time."""

    seq: int = 0
    count: int = 0
    ids: list[str] = field(default_factory=list)
    row_of: dict[str, int] = field(default_factory=dict)
    owners: list[str | None] = field(default_factory=lambda: [None])
    owner_code: dict[str | None, int] = field(default_factory=lambda: {None: 0})
    columns: dict[str, Rows] = field(default_factory=dict)
    words: dict[tuple[str, str], int] = field(default_factory=dict)
    orders: OrderPool = field(default_factory=OrderPool)
    has_words: WordPool = field(default_factory=WordPool)
    contacts: Pool = field(default_factory=lambda: Pool(np.int64))
    _masks: dict[Any, Any] = field(default_factory=dict)

    def refresh(self, conn: Connection, scope_id: str) -> None:
        """Take what was folded since the last time."""
        f = member_fact.c
        wanted = [f.member_id, f.seq, f.owner_id, f.orders, f.words, f.contacts_ms, *(f[name] for name in _SCALARS)]
        place = (self.seq, _LAST)
        changed: list[Any] = []
        while True:
            later = tuple_(f.seq, f.member_id) > tuple_(literal(place[0], f.seq.type), literal(place[1], IdType()))
            query = select(*wanted).where(f.scope_id == scope_id, later).order_by(f.seq, f.member_id).limit(_A_READ)
            rows = conn.execute(query).all()
            if rows:
                self._take(rows)
                changed.extend(rows)
                place = (rows[-1].seq, rows[-1].member_id)
            if len(rows) < _A_READ:
                break
        self.seq = place[0]
        if changed:
            w = member_fact_word.c
            listed = conn.execute(select(w.kind, w.word, w.number).where(w.scope_id == scope_id))
            self.words = {(row.kind, row.word): row.number for row in listed}
            self._renew(changed)

    def _renew(self, rows: Sequence[Any]) -> None:
        """Bring what was computed before to what these rows say now: a few members need not cost a look at all."""
        if len(rows) > _FEW:
            self._masks.clear()
            self.orders.settle()
            self.has_words.settle()
            return
        latest = list({row.member_id: row for row in rows}.values())
        few = Columns(owners=self.owners, owner_code=self.owner_code, words=self.words)
        few._take(latest)
        at = np.array([self.row_of[row.member_id] for row in latest], np.int32)
        kept, self._masks = self._masks, {}
        for key, value in kept.items():
            name, *about = key
            if name == "word":
                stays = ~np.isin(value[0], at)
                mine, values = few._postings(about[0])
                fresh = np.concatenate([value[0][stays], at[mine]]), np.concatenate([value[1][stays], values])
                self._masks[key] = fresh
            elif name != "popular":
                renewed = longer(value, self.count)
                renewed[at] = few._computed(name, about)
                self._masks[key] = renewed

    def _computed(self, name: str, about: Sequence[Any]) -> Any:
        """What is kept under this name, for each member here."""
        if name == "base":
            return self._base(about[0])
        if name == "orders":
            return self._orders_since(about[0])
        if name == "spent":
            return self._spent_since(about[0])
        if name == "tier":
            return self._tier_of(about[0])
        kind, words, days, least, most, asking = about
        return self._condition(Condition(kind=kind, words=words, days=days, least=least, most=most), asking)

    def _take(self, rows: Sequence[Any]) -> None:
        at: list[int] = []
        for row in rows:
            known = self.row_of.get(row.member_id)
            if known is None:
                known = self.row_of[row.member_id] = len(self.ids)
                self.ids.append(row.member_id)
            at.append(known)
            if row.owner_id not in self.owner_code:
                self.owner_code[row.owner_id] = len(self.owners)
                self.owners.append(row.owner_id)
        self.count = len(self.ids)
        places = np.array(at, np.int32)
        given = {name: [row[at] for row in rows] for at, name in enumerate(_SCALARS, _FIRST_SCALAR)}
        given["owner"] = [self.owner_code[row.owner_id] for row in rows]
        for name, values in given.items():
            column = room(self.columns.get(name, np.empty(0, np.int32)), self.count)
            column[places] = values
            self.columns[name] = column
        self.orders.take(places, [row.orders for row in rows], self.count)
        self.has_words.take(places, [row.words for row in rows], self.count)
        self.contacts.take(places, [row.contacts_ms for row in rows], self.count)

    def _column(self, name: str) -> Rows:
        return self.columns[name][: self.count] if name in self.columns else np.zeros(0, np.int32)

    # --- asking ------------------------------------------------------------------------------------------------------

    def mask(self, audience: Audience, asking: Asking, base: Mask) -> Mask:
        """Whom an audience means."""
        return self._narrowed(audience, asking, base)[0]

    def _narrowed(self, audience: Audience, asking: Asking, base: Mask) -> tuple[Mask, tuple[int, ...]]:
        """Whom an audience means, and how many are left after each of its conditions."""
        wanted: Mask | None = None  # by the conditions so far that do not take away; None: everybody
        away = np.zeros(self.count, np.bool_)
        found, steps = base, list[int]()
        for one in audience.conditions:
            meant = self._meets(one, asking)
            if one.is_not:
                away |= meant
            elif wanted is None:
                wanted = meant.copy()
            elif audience.mode == "any":
                wanted |= meant
            else:
                wanted &= meant
            found = base & ~away if wanted is None else base & wanted & ~away
            steps.append(int(np.count_nonzero(found)))
        return found, tuple(steps)

    def base(self, elsewhere: Iterable[str], only: Iterable[str] | None = None) -> Mask:
        """The members this store may ask for: it sees them, and they are not those of a colleague `elsewhere`. What is
        nobody's belongs to where it is at home. `only`: these and nobody else."""
        others = frozenset(elsewhere)
        found: Mask = self._kept(("base", others), lambda: self._base(others))
        if only is None:
            return found
        listed = np.zeros(self.count, np.bool_)
        listed[[self.row_of[member] for member in only if member in self.row_of]] = True
        return found & listed

    def _base(self, elsewhere: frozenset[str]) -> Mask:
        owner = self._column("owner")
        is_theirs = np.zeros(len(self.owners), np.bool_)
        is_theirs[[self.owner_code[staff] for staff in elsewhere if staff in self.owner_code]] = True
        here: Mask = (self._column("is_here") > 0) & ~is_theirs[owner]
        return here & ((owner > 0) | (self._column("is_home") > 0))

    def counted(
        self, audience: Audience, asking: Asking, base: Mask, *, channel: str, policy: ContactPolicy,
        cap_week: int | None, now_ms: int,
    ) -> Counted:  # fmt: skip
        """Everything the builder shows of an audience, at once."""
        found, steps = self._narrowed(audience, asking, base)
        free, reasons = self.reachable(found, channel=channel, policy=policy, cap_week=cap_week, now_ms=now_ms)
        by_owner = np.bincount(self._column("owner")[free], minlength=len(self.owners))
        orders, spent = self._basket(found, asking)
        return Counted(
            total=int(np.count_nonzero(base)),
            steps=steps,
            matched=int(np.count_nonzero(found)),
            reasons=reasons,
            by_owner=tuple((self.owners[at], int(n)) for at, n in enumerate(by_owner) if n),
            orders=orders,
            spent_minor=spent,
            in_top_tier=int(np.count_nonzero(found & (self._tier(asking) == len(ORDER) - 1))),
        )

    def reachable(
        self, found: Mask, *, channel: str, policy: ContactPolicy, cap_week: int | None, now_ms: int
    ) -> tuple[Mask, Reasons]:
        """Who of these may be contacted: `domain.contact_limits.why_not_contact` for all of them (tests compare)."""
        consented = found & ((self._column("consents") & _BITS.get(channel, 0)) > 0)
        muted = self._muted(policy, now_ms)
        heard = consented & ~muted
        capped = self._contacts(now_ms) + self._column("planned") >= policy.within(cap_week)
        free = heard & ~capped
        left = [int(np.count_nonzero(each)) for each in (found, consented, heard, free)]
        return free, Reasons(left[3], left[0] - left[1], left[1] - left[2], left[2] - left[3])

    def members(self, mask: Mask) -> list[str]:
        """Their ids, sorted."""
        return sorted(self.ids[at] for at in np.flatnonzero(mask))

    def listed(self, mask: Mask, asking: Asking, most: int) -> Lines:
        """These members, who bought most in a year first; at most so many."""
        since = asking.today - _YEAR
        orders, spent, tier = self._orders_since(since), self._spent_since(since), self._tier(asking)
        at = np.flatnonzero(mask)
        first = at[np.lexsort((-self._column("in_store_on")[at], -spent[at]))][:most]
        seen, owner = self._column("in_store_on"), self._column("owner")
        members = tuple(
            Line(self.ids[n], self.owners[int(owner[n])], int(tier[n]), int(orders[n]), int(spent[n]), int(seen[n]))
            for n in first
        )
        return Lines(len(at), int(orders[at].sum()), int(spent[at].sum()), members)

    def owner_of(self, member_id: str) -> str | None:
        """Whose member she is."""
        return self.owners[int(self._column("owner")[self.row_of[member_id]])]

    def popular(self, kind: str, most: int) -> list[str]:
        """Words of a kind by how many members have them, most of them first."""
        numbers = {number: word for (name, word), number in self.words.items() if name == kind}
        if not numbers:
            return []
        counts = self._kept(("popular",), self._word_counts)
        ranked = sorted(numbers, key=lambda number: (-int(counts[number]), numbers[number]))
        return [numbers[number] for number in ranked[:most] if counts[number]]

    def _word_counts(self) -> Ints:
        pool = self.has_words
        live = pool.rows[: pool.used] >= 0
        most = max(self.words.values(), default=0)
        counts: Ints = np.bincount(pool.values[0][: pool.used][live], minlength=most + 1)
        return counts

    def _kept(self, key: Any, make: Any) -> Any:
        """What was computed before, or is now; what nobody asked for the longest time makes room."""
        found = self._masks.pop(key, None)
        if found is None:
            found = make()
            while len(self._masks) >= _MASKS:  # after `make`: it may have kept something itself
                self._masks.pop(next(iter(self._masks)))
        self._masks[key] = found
        return found

    def _meets(self, one: Condition, asking: Asking) -> Mask:
        key = ("meets", one.kind, one.words, one.days, one.least, one.most, asking)
        mask: Mask = self._kept(key, lambda: self._condition(one, asking))
        return mask

    def _condition(self, one: Condition, asking: Asking) -> Mask:
        since = asking.today - (one.days or 0)
        if one.kind in BOUGHT:
            return self._with_word(one.kind, one.words, since)
        if one.kind == "not_in_store":
            return self._column("in_store_on") < since
        if one.kind == "last_bought":
            return self._orders_since(since) > 0
        if one.kind == "orders":
            return _within(self._orders_since(since), one)
        if one.kind == "spent":
            return _within(self._spent_since(since), one)
        if one.kind == "hour":
            is_meant = np.zeros(25, np.bool_)
            is_meant[sorted(hours_of(one))] = True  # -1, no hour known, is the last place
            return is_meant[self._column("hour")]
        if one.kind == "tag":
            return self._with_word("tag", one.words, 0)
        if one.kind == "birthday":
            is_day = np.zeros(_DAY_OF_YEAR, np.bool_)
            is_day[sorted(birthdays(asking.today, one.days or 0))] = True
            return is_day[self._column("birthday")]
        if one.kind == "tier":
            is_tier = np.array([name in one.words for name in ORDER])
            return is_tier[self._tier(asking)]
        if one.kind == "consent":
            return (self._column("consents") & sum(_BITS[word] for word in one.words)) > 0
        if one.kind == "last_contact":
            return self._column("contacted_on") < since
        if one.kind == "owner":
            is_owner = np.array([(owner or NOBODY) in one.words for owner in self.owners])
            return is_owner[self._column("owner")]
        if one.kind == "window_ends":
            left = self._column("touched_on") + asking.window_days - asking.today
            is_owned: Mask = (self._column("owner") > 0) & (self._column("touched_on") > 0)
            return is_owned & (left >= 0) & (left <= (one.days or 0))
        return (self._column("tried_on") >= since) & (self._column("tried_on") > 0)

    def _with_word(self, kind: str, words: Sequence[str], since: int) -> Mask:
        found = np.zeros(self.count, np.bool_)
        for word in words:
            number = self.words.get((kind, word))
            if number is not None:
                rows, values = self._kept(("word", number), lambda number=number: self._postings(number))
                found[rows[values >= since]] = True
        return found

    def _postings(self, number: int) -> tuple[Rows, Ints]:
        return self.has_words.having(number)

    def _orders_since(self, since: int) -> Rows:
        counts: Rows = self._kept(("orders", since), lambda: self.orders.counted_since(since))
        return counts

    def _spent_since(self, since: int) -> Ints:
        spent: Ints = self._kept(("spent", since), lambda: self.orders.spent_since(self._orders_since(since)))
        return spent

    def _tier(self, asking: Asking) -> Ints:
        tier: Ints = self._kept(("tier", asking), lambda: self._tier_of(asking))
        return tier

    def _tier_of(self, asking: Asking) -> Ints:
        rules = asking.tiers
        since = first_day(date.fromordinal(asking.today), rules.months).toordinal()
        orders, spent = self._orders_since(since), self._spent_since(since)
        top = (orders > 0) & (orders >= rules.super_orders) & (spent >= rules.super_spent_minor)
        if rules.needs_consent:
            top &= (self._column("consents") & _CHANNELS) > 0
        return np.where(top, 2, np.where(orders > 0, 1, 0))

    def _muted(self, policy: ContactPolicy, now_ms: int) -> Mask:
        since = now_ms - policy.mute_days * DAY_MS
        complaints = [word for kind, word in self.words if kind == "tag" and word.casefold() in policy.complaint_tags]
        return self._with_word("tag", complaints, since + 1)

    def _contacts(self, now_ms: int) -> Ints:
        pool = self.contacts
        return pool.how_many(pool.values[0][: pool.used] > now_ms - CAP_DAYS * DAY_MS)

    def _basket(self, found: Mask, asking: Asking) -> tuple[int, int]:
        since = asking.today - _YEAR
        orders, spent = self._orders_since(since) * found, self._spent_since(since) * found
        return int(orders.sum()), int(spent.sum())


def _within(values: Any, one: Condition) -> Mask:
    found = np.ones(len(values), np.bool_)
    if one.least is not None:
        found &= values >= one.least
    if one.most is not None:
        found &= values <= one.most
    return found
