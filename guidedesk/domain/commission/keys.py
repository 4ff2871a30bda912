"""Names of amounts: what a ledger key is."""

from __future__ import annotations

from guidedesk.domain.commission.bodies import LineId

# beneficiary, origin month, component, ref, line: a ledger key without its posting period
TargetKey = tuple[str, int, str, str | None, LineId | None]
# origin month, component, order, line, amount: what a line component pays one beneficiary
PaidLine = tuple[int, str, str, LineId, int]
