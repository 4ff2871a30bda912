"""Attribution of an order line: participants with integer weights (COMMISSION.md 3, 9 "Attribution")."""

from __future__ import annotations

from guidedesk.domain.commission.calendar import Calendar, in_window
from guidedesk.domain.commission.component_documents import HOUSE, POOL
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.members import MemberHistory, Owner, Touch
from guidedesk.domain.commission.models import Model
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.rounding import BP
from guidedesk.domain.commission.sales import Attribution, Participant
from guidedesk.domain.commission.settings import Settings, SettingsHistory, Window
from guidedesk.domain.commission.timeline import Key

_NOBODY = MemberHistory()


class Attributor:
    """Applies the rules in force at placement to what was true at placement."""

    def __init__(
        self, history: SettingsHistory, calendar: Calendar, roster: Roster, members: dict[str, MemberHistory]
    ) -> None:
        self._history = history
        self._calendar = calendar
        self._roster = roster
        self._members = members
        self._by_goods: dict[int, bool] = {}
        # people alike in all that such a model looks at come out alike: a chain has few of them
        self._known: dict[tuple[int, int, str | None, str | None], Attribution] = {}
        self._pools: dict[tuple[int | None, str | None, str | None], Attribution] = {}

    def attribute(
        self, member: str | None, seller: str | None, facts: Facts, placement: Key, settings: Settings, fallback: str
    ) -> Attribution:
        """Participants of one line; `seller` is active, `settings` hold at placement, `fallback` at the sale."""
        story = self.story(member)
        owner = story.owner_at(placement)
        rule = kind = None
        for position, (match, model) in enumerate(settings.attribution):
            if match.holds(facts):
                rule, kind = position, model.kind
                window = self.window_for(settings, facts)
                if model.reads_touches:
                    found = participants(model, None, seller, self.touches_in_window(story, placement, window))
                    if found:
                        return _attribution(rule, kind, found)
                    break
                alike = (id(settings), position, self._earning_owner(story, owner, placement, window), seller)
                known = self._known.get(alike)
                if known is None:
                    known = self._known[alike] = _attribution(rule, kind, participants(model, alike[2], seller, []))
                if known.participants:
                    return known
                break
        if fallback == "store_pool":
            store = owner.pool if owner is not None and owner.pool is not None else facts.store
            if store is not None:
                return self._pool(rule, kind, store)
        return self._pool(rule, kind, None)

    def _pool(self, rule: int | None, kind: str | None, store: str | None) -> Attribution:
        """Nobody takes part: the store's pool does, or nobody."""
        alike = (rule, kind, store)
        known = self._pools.get(alike)
        if known is None:
            found = () if store is None else (Participant(POOL + store, 1, "pool"),)
            known = self._pools[alike] = _attribution(rule, kind, found)
        return known

    def _earning_owner(
        self, story: MemberHistory, owner: Owner | None, placement: Key, window: Window
    ) -> str | None:
        """The owner, if one of her own touches is in window: her last one, as good as always."""
        if owner is None or owner.associate is None:
            return None
        name, at_ms = owner.associate, placement[0]
        for touch in reversed(story.touches):
            if touch.associate == name and self._is_in_window(touch, placement, window):
                return name if self._roster.is_active(name, at_ms) else None
        return None

    def looks_at_goods(self, settings: Settings) -> bool:
        """Whether lines of one order can differ in who takes part: a rule or window asks for category or sku."""
        found = self._by_goods.get(id(settings))
        if found is None:
            rules = [match for match, _ in settings.attribution] + [match for match, _ in settings.window_overrides]
            found = self._by_goods[id(settings)] = any(match.looks_at_goods for match in rules)
        return found

    def settings_at(self, placement: Key) -> Settings:
        """The configuration of the local date of placement."""
        only = self._history.only
        return self._history.on(self._calendar.day(placement[0])) if only is None else only

    def story(self, member: str | None) -> MemberHistory:
        """The history of a canonical member, an empty one for nobody."""
        return _NOBODY if member is None else self._members.get(member, _NOBODY)

    def window_for(self, settings: Settings, facts: Facts) -> Window:
        """The earning window of a line: the first matching override, else the general one."""
        for match, window in settings.window_overrides:
            if match.holds(facts):
                return window
        return settings.window

    def touches_in_window(self, story: MemberHistory, placement: Key, window: Window) -> list[Touch]:
        """Touches an order placed there may use: unvoided, in window, of people active at placement."""
        return [
            touch
            for touch in story.touches
            if self._is_in_window(touch, placement, window)
            and self._roster.is_active(touch.associate, placement[0])
        ]

    def _is_in_window(self, touch: Touch, placement: Key, window: Window) -> bool:
        return touch.counts_for(placement) and in_window(
            self._calendar, touch.key[0], placement[0], window.days, window.mode
        )


def _attribution(rule: int | None, kind: str | None, found: tuple[Participant, ...]) -> Attribution:
    return Attribution(rule, kind, found, tuple([person.weight for person in found]))


def participants(
    model: Model, owner: str | None, seller: str | None, touches: list[Touch]
) -> tuple[Participant, ...]:
    """Participants of a model in its order; zero weights are dropped."""
    kind = model.kind
    if kind == "owner_seller":
        found = _owner_seller(model, owner, seller)
    elif kind in ("owner", "seller", "owner_else_seller"):
        found = _single(kind, owner, seller)
    elif not touches:
        found = []
    elif kind == "first_touch":
        found = [Participant(touches[0].associate, 1, "touch")]
    elif kind == "last_touch":
        found = [Participant(touches[-1].associate, 1, "touch")]
    else:
        people = list(dict.fromkeys(touch.associate for touch in touches))
        weights = [1] * len(people) if kind == "even" else _positions(model.weights, len(people))
        found = [Participant(name, weight, "touch") for name, weight in zip(people, weights, strict=True)]
    return tuple(participant for participant in found if participant.weight > 0)


def _single(kind: str, owner: str | None, seller: str | None) -> list[Participant]:
    if owner is not None and kind != "seller":
        return [Participant(owner, 1, "owner")]
    if seller is not None and kind != "owner":
        return [Participant(seller, 1, "seller")]
    return []


def _owner_seller(model: Model, owner: str | None, seller: str | None) -> list[Participant]:
    owner_bp, seller_bp = model.weights
    house = BP - owner_bp - seller_bp
    if owner is None and seller is None:
        return []
    if owner is not None and seller is not None:
        if owner == seller:
            found = [Participant(owner, owner_bp + seller_bp, "owner+seller")]
        else:
            found = [Participant(owner, owner_bp, "owner"), Participant(seller, seller_bp, "seller")]
    else:
        name, part, role = (owner, owner_bp, "owner") if owner is not None else (seller, seller_bp, "seller")
        if model.missing == "other":
            part = owner_bp + seller_bp
        house = BP - part
        found = [Participant(name or "", part, role)]
    return [*found, Participant(HOUSE, house, HOUSE)]


def _positions(weights: tuple[int, ...], count: int) -> list[int]:
    first, middle, last = weights
    if count == 1:
        return [1]
    if count == 2:
        return [first, last]
    return [first * (count - 2), *[middle] * (count - 2), last * (count - 2)]
