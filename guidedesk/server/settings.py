"""The chain's settings: rows of `setting` in the chain scope, with the product's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, bindparam, select

from guidedesk.domain.channels import NO_CHANNEL, is_listed
from guidedesk.domain.contact_limits import is_hour
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.scripts import parse_scripts
from guidedesk.domain.time import to_ms
from guidedesk.models.people import setting
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.rows import put_row

# name -> (default, least, most) for numbers, (default, None, None) for texts.
CHAIN_SETTINGS: Final[Mapping[str, tuple[str, int | None, int | None]]] = {
    "adjustment_threshold": ("20000", 0, 1_000_000_000),  # minor units; more takes two people (SECURITY.md 2)
    "brand": ("GuideDesk", None, None),
    "channel_sms": ("none", None, None),  # where a counter goes to send a text, of `domain.channels`
    "channel_wechat": ("https://web.wechat.com/", None, None),
    "code_host": ("q.guidedesk.example", None, None),
    "code_pool": ("200", 4, 1_000),
    "complaint_mute_days": ("30", 0, 3_650),
    "complaint_tags": ("投诉,complaint", None, None),  # a member with one of these tags is left in peace for a while
    "contact_cap_week": ("2", 0, 100),  # by everybody together, in seven days
    "coupon_cap_minor": ("20000", 0, 1_000_000_000),
    "counter_members": ("100000", 1, 1_000_000),
    "currency": ("CNY", None, None),
    "family_under_14": ("0", 0, 1),  # 1: dates of children under 14 may be kept (domain.family)
    "history_months": ("24", 1, 1_200),
    "max_offline_lag_hours": ("168", 1, 87_600),
    "offline_sign_in_days": ("7", 1, 14),
    "protection_days": ("30", 0, 3_650),
    "quiet_from": ("21:00", None, None),  # local times of day between which nobody is contacted
    "quiet_to": ("09:00", None, None),
    "scripts": ("[]", None, None),  # the chain's own, JSON as `domain.scripts` reads it (docs/follow-ups.md)
    "snapshot_rows": ("20000", 0, 100_000_000),
    "tier_months": ("12", 1, 120),  # what makes a super member (domain.tiers)
    "tier_needs_consent": ("1", 0, 1),
    "tier_super_orders": ("3", 1, 1_000),
    "tier_super_spent_minor": ("300000", 0, 1_000_000_000_000),
    "team_month_target": ("0", 0, 1_000_000_000_000),  # attributed sales a store aims at a month, minor units; 0: none
    "welcome_coupon": ("0", 0, 0xFFFF_FFFF),  # number of the offer that new members get; 0 for none
    "window_days": ("15", 0, 3_650),
    "zone": ("Asia/Shanghai", None, None),
}
_CURRENCY_LETTERS: Final = 3


_DEFAULTS: Final = {name: entry[0] for name, entry in CHAIN_SETTINGS.items()}
_STORED: Final = select(setting.c.name, setting.c.value).where(
    setting.c.scope_id == bindparam("the_chain"), setting.c.deleted_at_ms.is_(None)
)


def read_settings(conn: Connection, chain_id: str) -> dict[str, str]:
    """Every setting by name; the default where the chain set none."""
    return _DEFAULTS | dict(iter(conn.execute(_STORED, {"the_chain": chain_id})))


def check_setting(name: str, value: str) -> None:
    """`setting_unknown` or `setting_invalid` when this may not be stored."""
    if name not in CHAIN_SETTINGS:
        raise Refused("setting_unknown", name=name)
    _, least, most = CHAIN_SETTINGS[name]
    if least is not None and most is not None:
        good = value.isascii() and value.isdecimal() and least <= int(value) <= most
    elif name == "zone":
        good = _is_zone(value)
    elif name in ("quiet_from", "quiet_to"):
        good = is_hour(value)
    elif name == "scripts":
        parse_scripts(value)
        good = True
    elif name.startswith("channel_"):
        good = value == NO_CHANNEL or is_listed(value)
    elif name == "currency":
        good = len(value) == _CURRENCY_LETTERS and value.isascii() and value.isalpha() and value.isupper()
    else:
        good = bool(value.strip())
    if not good:
        raise Refused("setting_invalid", name=name, value=value[:80])


def _is_zone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def write_settings(database: ServerDatabase, values: Mapping[str, str]) -> None:
    """Store settings; every counter gets them with its next pull."""
    for name, value in values.items():
        check_setting(name, value)
    chain_id = database.chain_id()

    def work(opened: ScopeWrite) -> None:
        for name, value in sorted(values.items()):
            put_row(opened, "setting", {"id": derived_id("setting", name), "name": name, "value": value})

    database.write(chain_id, work)


def history_since_ms(settings: Mapping[str, str], now_ms: int) -> int:
    """The oldest moment of sales that counters keep (P-6): `history_months` before now."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    months = now.year * 12 + now.month - 1 - int(settings["history_months"])
    year, month = max(1970, months // 12), months % 12 + 1
    return to_ms(datetime(year, month, min(now.day, 28), tzinfo=UTC))
