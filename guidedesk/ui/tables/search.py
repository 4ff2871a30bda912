"""Search results as painted rows: who, phone, tier, whose member."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter

from guidedesk.services.read_models import Bilingual, MemberHit
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.avatar import paint_avatar
from guidedesk.ui.widgets.labels import person_name
from guidedesk.ui.widgets.rows import RowDelegate, chip_width, paint_chip

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
        detail=" · ".join(part for part in (number, last) if part) or t(f"search.match.{hit.match}"),
        phone=formats.phone(hit.phone_masked) if hit.phone_masked else "",
        tier=t(f"tier.short.{hit.tier}"),
        tier_tone=TIER_TONES[hit.tier],
        owner=t("member.owner_chip.mine") if is_mine else owner or t("member.owner_chip.none"),
        owner_tone="accent" if is_mine else "violet" if owner else "neutral",
    )


class HitDelegate(RowDelegate):
    """Paints `HitRow`; what there is no room for is left out from the right."""

    height_metric = "row_result"

    def paint_row(self, painter: QPainter, rect: QRect, row: object, dpr: float) -> None:
        if not isinstance(row, HitRow):
            return
        current, m = look(), look().m
        side, gap = m.avatar_m, current.tokens.space(3)
        circle = QRect(rect.x() + m.row_pad, rect.y() + (rect.height() - side) // 2, side, side)
        paint_avatar(painter, circle, row.name, "m")
        left, right = circle.right() + 1 + gap, rect.right() - m.row_pad
        for text, tone in ((row.owner, row.owner_tone), (row.tier, row.tier_tone)):
            width = chip_width(text)
            if right - width - gap - left < m.pane_left // 2:
                break
            paint_chip(painter, right - width + 1, rect, text, tone)
            right -= width + gap
        small = current.font("label", 400)
        phone = paint.width_of(row.phone, small)
        if phone and right - phone - gap - left >= m.pane_left // 2:
            area = QRect(right - phone, rect.y(), phone + 1, rect.height())
            paint.text(painter, area, row.phone, small, current.q("text2"), paint.RIGHT)
            right -= phone + gap
        self._paint_words(painter, rect, row, left, right - left)

    def _paint_words(self, painter: QPainter, rect: QRect, row: HitRow, left: int, room: int) -> None:
        t_ = look().tokens
        first, second = t_.px(t_.type("body").line), t_.px(t_.type("caption").line)
        top = rect.y() + (rect.height() - first - second) // 2
        paint.text(painter, QRect(left, top, room, first), row.name, look().font("body", 600), look().q("text"))
        paint.text(painter, QRect(left, top + first, room, second), row.detail, look().font("caption"),
                   look().q("text3"))
