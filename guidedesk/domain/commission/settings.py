"""The configuration document and its effective-dated versions (COMMISSION.md 0, 9 "Time and ledger")."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.matching import LINE_KEYS, Match, read_match
from guidedesk.domain.commission.models import Model, read_model
from guidedesk.domain.commission.reading import Doc, DocumentError

MERGED: Final = ("window", "protection", "base", "velocity")
MODES: Final = ("calendar", "exact")
MAX_DAYS: Final = 100_000

ENGINE_DEFAULTS: Final[Mapping[str, Any]] = {
    "tz": "Asia/Shanghai",
    "currency": "CNY",
    "window": {"days": 15, "mode": "calendar"},
    "window_overrides": [],
    "protection": {"days": 30, "anchor": "last_touch", "mode": "calendar"},
    "qualifying_touches": ["scan"],
    "assign_is_touch": True,
    "transfer": "keep",
    "fallback": "none",
    "staff_purchase": "flag",
    "clawback_days": None,
    "max_offline_lag_hours": 168,
    "velocity": {"count": 20, "minutes": 60},
    "base": {"tax": "exclude", "shipping": "exclude"},
    "attribution": [
        {
            "match": {"channel": "store"},
            "model": {"kind": "owner_seller", "owner_bp": 3000, "seller_bp": 7000, "missing": "other"},
        },
        {"match": {}, "model": {"kind": "owner"}},
    ],
    "binding_interactions": [],
    "hold_days": 0,
    "freeze_after_months": None,
}
# a chain's starting point: who served someone that left and bought online later earns her share
PRODUCT_DEFAULTS: Final[Mapping[str, Any]] = {
    **ENGINE_DEFAULTS,
    "qualifying_touches": ["scan", "served_no_purchase"],
    "binding_interactions": ["served_no_purchase"],
    "fallback": "store_pool",
    "hold_days": 7,
}


@dataclass(frozen=True, slots=True)
class Window:
    """A number of days (None: unlimited) counted by calendar or exactly."""

    days: int | None
    mode: str


@dataclass(frozen=True, slots=True)
class Settings:
    """One configuration version, checked; names as in the document."""

    tz: str
    window: Window
    window_overrides: tuple[tuple[Match, Window], ...]
    protection: Window
    protection_anchor: str
    qualifying_touches: frozenset[str]
    binding_interactions: frozenset[str]
    assign_is_touch: bool
    transfer: str
    fallback: str
    staff_purchase: str
    clawback_days: int | None
    max_offline_lag_ms: int | None
    velocity_count: int | None
    velocity_ms: int
    taxed_base: bool
    attribution: tuple[tuple[Match, Model], ...]
    hold_days: int
    freeze_after_months: int | None


class SettingsHistory:
    """The version in force on a local date; the earliest one also serves every date before it."""

    def __init__(self, versions: Sequence[tuple[int, Settings]]) -> None:
        self._days = [day for day, _ in versions]
        self._versions = [settings for _, settings in versions]
        self._known: dict[int, Settings] = {}
        # the one version of a chain that never changed its configuration, None with several
        self.only = self._versions[0] if len(self._versions) == 1 else None

    def on(self, day: int) -> Settings:
        """Settings of the local date with this ordinal."""
        found = self._known.get(day)
        if found is None:
            found = self._known[day] = self._versions[max(0, bisect_right(self._days, day) - 1)]
        return found

    @property
    def longest_velocity_ms(self) -> int:
        """The longest stretch in which any version counts binds."""
        return max(settings.velocity_ms for settings in self._versions)

    @property
    def longest_hold(self) -> int:
        """The most days any version holds an amount back."""
        return max(settings.hold_days for settings in self._versions)

    @property
    def zone(self) -> str:
        """The chain's one zone: it never changes with a version."""
        return self._versions[0].tz


def merge_config(defaults: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Top-level keys replaced; the four dict keys of section 0 merged key by key."""
    merged = {**defaults, **changes}
    for key in MERGED:
        if isinstance(changes.get(key), Mapping) and isinstance(defaults.get(key), Mapping):
            merged[key] = {**defaults[key], **changes[key]}
    return merged


def read_history(config: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> SettingsHistory:
    """One document, or versions `{version, effective_from, body}` in any order."""
    if isinstance(config, Mapping):
        return SettingsHistory([(1, read_settings(config, "config"))])
    versions: list[tuple[int, int, Settings]] = []
    for position, entry in enumerate(config):
        where = f"config[{position}]"
        version = reading.whole(entry, "version", where)
        start = reading.day(entry, "effective_from", where).toordinal()
        body = reading.mapping(entry.get("body"), "body", where)
        versions.append((start, version, read_settings(body, f"{where}.body")))
    if not versions:
        raise DocumentError("missing", "config", "")
    versions.sort(key=lambda entry: entry[:2])
    for earlier, later in pairwise(versions):
        if earlier[:2] == later[:2]:
            raise DocumentError("twice", "version", "config", later[1])
        if earlier[2].tz != later[2].tz:
            raise DocumentError("changes", "tz", "config", later[2].tz)
    return SettingsHistory([(start, settings) for start, _, settings in versions])


def read_settings(config: Mapping[str, Any], where: str) -> Settings:
    """A checked configuration; absent keys take the engine's defaults."""
    reading.only_keys(config, frozenset(ENGINE_DEFAULTS), where)
    doc = merge_config(ENGINE_DEFAULTS, config)
    parts = {key: reading.mapping(doc[key], key, where) for key in MERGED}
    for key in MERGED:
        reading.only_keys(parts[key], frozenset(ENGINE_DEFAULTS[key]), f"{where}.{key}")
    window, protection = parts["window"], parts["protection"]
    velocity, base = parts["velocity"], parts["base"]
    reading.choice(base, "shipping", f"{where}.base", ("exclude",))
    _check_currency(doc, where)
    default = _window(window, f"{where}.window", "calendar")
    lag = reading.optional_whole(doc, "max_offline_lag_hours", where, 0, 10_000_000)
    return Settings(
        tz=_zone(doc, where),
        window=default,
        window_overrides=_overrides(doc, where, default.mode),
        protection=_window(protection, f"{where}.protection", "calendar"),
        protection_anchor=reading.choice(protection, "anchor", f"{where}.protection", ("bind", "last_touch")),
        qualifying_touches=frozenset(reading.texts(doc, "qualifying_touches", where)),
        binding_interactions=frozenset(reading.texts(doc, "binding_interactions", where)),
        assign_is_touch=reading.flag(doc, "assign_is_touch", where),
        transfer=reading.choice(doc, "transfer", where, ("keep", "pool")),
        fallback=reading.choice(doc, "fallback", where, ("none", "store_pool")),
        staff_purchase=reading.choice(doc, "staff_purchase", where, ("flag", "exclude")),
        clawback_days=reading.optional_whole(doc, "clawback_days", where, 0, MAX_DAYS),
        max_offline_lag_ms=None if lag is None else lag * 3_600_000,
        velocity_count=reading.optional_whole(velocity, "count", f"{where}.velocity", 1),
        velocity_ms=reading.whole(velocity, "minutes", f"{where}.velocity", 0, 10_000_000) * 60_000,
        taxed_base=reading.choice(base, "tax", f"{where}.base", ("exclude", "include")) == "include",
        attribution=_attribution(doc, where),
        hold_days=reading.whole(doc, "hold_days", where, 0, MAX_DAYS),
        freeze_after_months=reading.optional_whole(doc, "freeze_after_months", where, 0, 12_000),
    )


def _window(doc: Doc, where: str, mode: str) -> Window:
    if "days" not in doc:
        raise DocumentError("missing", "days", where)
    days = reading.optional_whole(doc, "days", where, 0, MAX_DAYS)
    return Window(days, reading.choice(doc, "mode", where, MODES, mode))


def _overrides(doc: Doc, where: str, mode: str) -> tuple[tuple[Match, Window], ...]:
    found = []
    for entry, place in reading.objects(doc, "window_overrides", where):
        reading.only_keys(entry, frozenset({"match", "days", "mode"}), place)
        found.append((read_match(entry, place, LINE_KEYS), _window(entry, place, mode)))
    return tuple(found)


def _attribution(doc: Doc, where: str) -> tuple[tuple[Match, Model], ...]:
    found = []
    for entry, place in reading.objects(doc, "attribution", where):
        reading.only_keys(entry, frozenset({"match", "model"}), place)
        model = reading.mapping(entry.get("model"), "model", place)
        found.append((read_match(entry, place, LINE_KEYS), read_model(model, f"{place}.model")))
    return tuple(found)


def _zone(doc: Doc, where: str) -> str:
    name = reading.text(doc, "tz", where)
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise DocumentError("unknown_zone", "tz", where, name) from None


def _check_currency(doc: Doc, where: str) -> None:
    name = reading.text(doc, "currency", where)
    if len(name) != 3 or not name.isascii() or not name.isalpha() or not name.isupper():
        raise DocumentError("unknown_currency", "currency", where, name)
