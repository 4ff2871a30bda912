"""Names of amounts: what a ledger key is."""

from __future__ import annotations

from guidedesk.domain.commission.bodies import LineId

# beneficiary, origin month, component, ref, line: a ledger key without its posting period
TargetKey = tuple[str, int, str, str | None, LineId | None]
