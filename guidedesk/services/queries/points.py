"""Points as this PC's copy has them: the balance, what it rests on, and what she may spend now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from guidedesk.domain.points import PointsRules, read_rules, rules_on
from guidedesk.domain.time import local_date
from guidedesk.models.points import points_balance, points_entry, points_rules
from guidedesk.services.queries.prepared import Prepared

_b, _e = points_balance.c, points_entry.c
_who: Final[Any] = bindparam("member_id")
_BALANCE: Final = Prepared(
    select(
        func.coalesce(func.sum(_b.earned), 0).label("earned"),
        func.coalesce(func.sum(_b.spent), 0).label("spent"),
        func.count().label("scopes"),
    ).where(_b.id == _who, _b.deleted_at_ms.is_(None))
)
# Spent here and not yet answered by head office: no balance knows of it.
_PENDING: Final = Prepared(
    select(func.coalesce(func.sum(_e.points), 0).label("points")).where(_e.member_id == _who, _e.row_ver == 0)
)
_RULES: Final = Prepared(
    select(points_rules.c.version, points_rules.c.document).where(points_rules.c.deleted_at_ms.is_(None))
)


@dataclass(frozen=True, slots=True)
class PointsInfo:
    """What a member has; `pending` of it went here and head office has not answered. Below zero she owes points: a
    return took back what was spent. `rules` are those of today, None where the chain gives no points."""

    balance: int
    pending: int
    rules: PointsRules | None

    @property
    def worth_minor(self) -> int:
        """What the most that can be spent now takes off, in minor units."""
        points = 0 if self.rules is None else self.rules.most(self.balance)
        return self.rules.worth(points) if self.rules is not None and points else 0


def get_points(conn: Connection, member_id: str, now_ms: int, zone: str) -> PointsInfo:
    """Her points by this PC's copy and what was spent here since."""
    found = _BALANCE.first(conn, member_id=member_id)
    pending = -int(_PENDING.scalar(conn, member_id=member_id))
    return PointsInfo(found.earned - found.spent - pending, pending, points_rules_at(conn, now_ms, zone))


def points_rules_at(conn: Connection, at_ms: int, zone: str) -> PointsRules | None:
    """The chain's rules in force at a moment, as head office last told them."""
    versions = [read_rules(json.loads(row.document), row.version) for row in _RULES.all(conn)]
    return rules_on(versions, local_date(at_ms, zone))
