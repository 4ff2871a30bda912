"""One module a component kind (COMMISSION.md 4); `KINDS` says which pays what within a month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guidedesk.domain.commission.components import (
    accelerator,
    attainment_bonus,
    cap,
    minimum,
    override,
    pool,
    spiff,
    tier,
)
from guidedesk.domain.commission.components.month import PeriodComponent

PERIOD_COMPONENTS: Final[Mapping[str, PeriodComponent]] = {
    "tier": tier.pay,
    "accelerator": accelerator.pay,
    "attainment_bonus": attainment_bonus.pay,
    "spiff": spiff.pay,
    "pool": pool.pay,
    "override": override.pay,
    "cap": cap.pay,
    "minimum": minimum.pay,
}
