"""`guidedesk admin team`: what the Team board stands on (docs/team.md)."""

from __future__ import annotations

import argparse

from guidedesk.commands.admin_actions import open_desk, say
from guidedesk.server.team_fold import fold_team, team_rows


def team_rebuild(args: argparse.Namespace) -> int:
    """Throw away what the board stands on and make it again from what happened; how many rows there are."""
    with open_desk(args) as desk:
        fold_team(desk.database, desk.clock.wall_ms(), anew=True)
        rows = team_rows(desk.database)
    told = f"Made again: {rows['parts']} shares of sales, {rows['days']} sums of days, {rows['moves']} moves of tiers."
    return say(args, rows, told)
