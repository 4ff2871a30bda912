"""What head office heard about an associate's commission since a moment: told when she signs in again."""

from __future__ import annotations

from guidedesk.domain.time import month_key
from guidedesk.server.commission_documents import read_earnings
from guidedesk.server.commission_rules import zone_and_currency
from guidedesk.server.database import ServerDatabase
from guidedesk.services.earnings import EarnedSince, EarningsLine, Figure


def read_since(database: ServerDatabase, associate: str, since_ms: int, now_ms: int) -> EarnedSince:
    """Sales attributed to her that head office heard of after a moment (UTC ms), and claims of hers decided after it.

    The month in progress and the one before it: who was away longer finds the rest in her statements.
    """
    with database.read() as conn:
        zone, currency = zone_and_currency(conn, database.chain_id())
    month = read_earnings(database, associate, None, now_ms)
    lines = list(month.lines)
    earlier = [period for period in month.periods if period < month.period]
    if earlier and month_key(since_ms, zone) < month.period:
        lines += read_earnings(database, associate, earlier[-1], now_ms).lines
    sold = [line for line in lines if line.sale is not None and _heard_ms(line) > since_ms]
    ruled = {
        line.dispute.id
        for line in lines
        if line.dispute is not None and line.dispute.ruled_at_ms is not None and line.dispute.ruled_at_ms > since_ms
    }
    return EarnedSince(
        as_of_ms=now_ms,
        associate=associate,
        since_ms=since_ms,
        currency=currency,
        sales=Figure(sum(line.amount_minor for line in sold), len({line.ref for line in sold})),
        rulings=len(ruled),
    )


def _heard_ms(line: EarningsLine) -> int:
    """When head office heard of the sale behind a line; 0 where nothing says so."""
    return max((event.at_ms + event.lag_ms for event in line.chain if event.kind == "order"), default=0)
