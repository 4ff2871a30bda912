"""`guidedesk admin import-unsent`: what a counter could not send itself."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from guidedesk.commands.admin_actions import open_desk, say
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import iso_utc
from guidedesk.server.context import ServerContext
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.unsent_import import import_unsent


def import_file(args: argparse.Namespace) -> int:
    """Decide what a counter's sealed file holds."""
    try:
        data = args.file.read_bytes()
    except OSError:
        raise Refused("unsent_file_unreadable") from None
    with open_desk(args) as desk:
        context = ServerContext.create(desk.database, desk.secrets, desk.clock, desk.random, UNLIMITED)
        made = import_unsent(context, data)
    told = ", ".join(f"{count} {status}" for status, count in sorted(made.counts.items())) or "nothing new"
    if made.known:
        told += f"; {made.known} were here already and stay as they are"
    made_at = iso_utc(made.made_at_ms)
    return say(args, asdict(made), f"{made.operations} operations of counter {made.device_id}, {made_at}: {told}.")
