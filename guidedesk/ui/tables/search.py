"""Search results as rows: who, phone, tier, whose member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guidedesk.services.member_models import MemberHit, OfficeHit
from guidedesk.services.read_models import Bilingual
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.theme import ToneName

# The row of what head office answered: it has no member's id until the card is opened.
OFFICE_ROW: Final = "office"
MATCH_SHOWN: Final = 24
TIER_TONES: dict[str, ToneName] = {"casual": "neutral", "ordinary": "info", "super": "gold"}


@dataclass(frozen=True, slots=True)
class HitRow:
    """A member found; `owner` is a name, `me` or empty for nobody."""

    row_id: str
    name: str
    detail: str
    phone: str
    tier: str
    tier_tone: ToneName
    owner: str
    owner_tone: ToneName

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(part for part in (self.name, self.detail, self.phone, self.tier, self.owner) if part)


def hit_row(hit: MemberHit, viewer: Bilingual, now_ms: int) -> HitRow:
    """A search result in words."""
    owner = hit.owner.pick(i18n.language())
    is_mine = bool(owner) and hit.owner == viewer
    number = formats.card_no(hit.card_no) if hit.card_no else ""
    last = ""
    if hit.last_purchase_ms is not None:
        day = formats.day_text(formats.local_day(hit.last_purchase_ms), formats.local_day(now_ms))
        last = t("search.last", date=day)
    return HitRow(
        row_id=hit.member_id,
        name=person_name(hit.name),
        detail=_detail(hit, number, last),
        phone=formats.phone(hit.phone_masked) if hit.phone_masked else "",
        tier=t(f"tier.short.{hit.tier}"),
        tier_tone=TIER_TONES[hit.tier],
        owner=t("member.owner_chip.mine") if is_mine else owner or t("member.owner_chip.none"),
        owner_tone="accent" if is_mine else "violet" if owner else "neutral",
    )


def office_row(hit: OfficeHit) -> HitRow:
    """Whom head office found: name and masked phone, and where she was found."""
    return HitRow(
        row_id=OFFICE_ROW,
        name=person_name(hit.name),
        detail=t("search.office.row"),
        phone=formats.phone(hit.phone_masked) if hit.phone_masked else "",
        tier="",
        tier_tone="neutral",
        owner=t("search.office.chip"),
        owner_tone="info",
    )


def _detail(hit: MemberHit, number: str, last: str) -> str:
    """What was found where that is not in the row anyway, else the card; then when she last bought."""
    found = ""
    if hit.matched:
        found = f"#{untrusted(hit.matched, MATCH_SHOWN)}" if hit.match == "tag" else untrusted(hit.matched, MATCH_SHOWN)
    return " · ".join(part for part in (found or number, last) if part) or t(f"search.match.{hit.match}")
