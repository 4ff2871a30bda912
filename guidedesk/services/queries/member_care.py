"""What to say to a member who stands here, and how far she has come: read after her card is shown, never before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from guidedesk.domain.contact_limits import best_channel
from guidedesk.domain.family import FamilyDate
from guidedesk.domain.follow_ups.occasions import goes_with
from guidedesk.domain.follow_ups.plan import Planned, next_best
from guidedesk.domain.people import Tier
from guidedesk.domain.tag_ideas import tag_ideas
from guidedesk.domain.tiers import Bought, TierRules, TierStanding, first_day, standing
from guidedesk.domain.time import local_date, local_midnight_ms
from guidedesk.models import people, sales
from guidedesk.services.member_models import FollowUpInfo
from guidedesk.services.queries.care import CareMember, read_care
from guidedesk.services.queries.contacts import agreed_purposes
from guidedesk.services.queries.family import family_dates
from guidedesk.services.queries.follow_ups import explained, list_follow_ups, suggested_item
from guidedesk.services.queries.often_next import ADVICE, read_pairings
from guidedesk.services.queries.points import PointsInfo, get_points
from guidedesk.services.queries.preferences import get_preferences
from guidedesk.services.queries.reference import get_settings, get_staff
from guidedesk.services.queries.wishes import WishInfo, list_wishes
from guidedesk.services.read_models import ChainSettings


@dataclass(frozen=True, slots=True)
class MemberCare:
    """The actions that could be next, the best first, the tier by her own orders, her wishes and family dates.

    `store_id`: the store of whoever looks; times in UTC ms."""

    member_id: str
    today: date
    actions: tuple[FollowUpInfo, ...]
    standing: TierStanding
    rules: TierRules
    currency: str
    recorded: Tier  # what her card says: as registered, imported or set by head office
    now_ms: int = 0
    store_id: str = ""
    wishes: tuple[WishInfo, ...] = ()
    family: tuple[FamilyDate, ...] = ()
    points: PointsInfo | None = None
    tag_ideas: tuple[str, ...] = ()  # what her own purchases suggest, where she agreed to suggestions


def get_member_care(conn: Connection, member_id: str, viewer_id: str, now_ms: int) -> MemberCare | None:
    """As `viewer_id` would look after her; None for an erased member or one this counter has no copy of.

    What was promised for today or earlier goes before what her data tells, in the order of the tasks.
    """
    settings = get_settings(conn)
    today = local_date(now_ms, settings.zone)
    who = next(iter(read_care(conn, [member_id], viewer_id, settings, now_ms)), None)
    if who is None:
        return None
    found = list_follow_ups(conn, now_ms, settings.zone, member_id=member_id)
    mine = tuple(item for item in found if item.associate_id == viewer_id and item.days_overdue >= 0)
    channel = best_channel(who.person.contact, settings.contact_policy)
    # What others took is told only to who wants to be advised (SECURITY.md P-1).
    wants_advice = bool(agreed_purposes(conn, [member_id], (ADVICE,)))
    paired = goes_with(member_id, read_pairings(conn, member_id, settings.zone, now_ms) if wants_advice else ())
    told = tuple(
        suggested_item(who, Planned(one, channel), viewer_id, today, today)
        for one in next_best(who.person, today, paired)
    )
    return MemberCare(
        member_id, today, (*explained(mine, (who,)), *told), _standing(conn, who, settings, today),
        settings.tier_rules, settings.currency, who.tier, now_ms, get_staff(conn, viewer_id).store_id,
        list_wishes(conn, who.member_id, settings.zone, now_ms),
        family_dates(conn, [who.member_id], keeps_children=settings.keeps_children).get(who.member_id, ()),
        get_points(conn, who.member_id, now_ms, settings.zone),
        _tag_ideas(conn, who.member_id, settings, now_ms),
    )  # fmt: skip


def _tag_ideas(conn: Connection, member_id: str, settings: ChainSettings, now_ms: int) -> tuple[str, ...]:
    """Nothing is told by her purchases to whom she did not allow it (P-1, personalised)."""
    if not agreed_purposes(conn, [member_id], ("personalised",)).get(member_id):
        return ()
    likes = get_preferences(conn, member_id, settings.zone, now_ms)
    table = people.member_tag.c
    known = conn.execute(select(table.tag).where(table.member_id == member_id, table.deleted_at_ms.is_(None)))
    return tag_ideas(
        [(word.zh, times) for word, times in likes.categories], [(word.zh, times) for word, times in likes.colours],
        known=set(known.scalars()),
    )  # fmt: skip


def _standing(conn: Connection, who: CareMember, settings: ChainSettings, today: date) -> TierStanding:
    """Orders of the months that count, in the chain's currency, less what came back."""
    order, back = sales.purchase.c, sales.purchase_return.c
    since = local_midnight_ms(first_day(today, settings.tier_rules.months), settings.zone)
    backs = conn.execute(
        select(back.purchase_id, func.sum(back.total_minor).label("total_minor"))
        .where(back.member_id == who.member_id, back.deleted_at_ms.is_(None))
        .group_by(back.purchase_id)
    )
    returned = {row.purchase_id: row.total_minor for row in backs}
    rows = conn.execute(
        select(order.id, order.paid_at_ms, order.total_minor).where(
            order.member_id == who.member_id, order.paid_at_ms >= since, order.currency == settings.currency,
            order.deleted_at_ms.is_(None),
        )
    )  # fmt: skip
    bought = [
        Bought(local_date(row.paid_at_ms, settings.zone), row.total_minor - returned.get(row.id, 0)) for row in rows
    ]
    return standing(bought, bool(who.person.contact.consents), today, settings.tier_rules)
