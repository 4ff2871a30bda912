"""The real `guidedesk serve` in a process of its own that may die at any commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import uvicorn.protocols.http.h11_impl  # noqa: F401  (read before the fork, as all that follows)

from guidedesk.cli import main
from guidedesk.commands import serve as serve_command  # noqa: F401
from guidedesk.server import app as app_module
from guidedesk.server import snapshots
from guidedesk.server.limits import UNLIMITED
from tests.faults.crash_points import CrashPlan, CrashPoints
from tests.faults.forked import Tell


def serve(told: Mapping[str, Any], tell: Tell) -> None:
    """`database`, `secrets` and `listen` as the command takes them; `plan` where to die.

    Nobody is told to slow down (a thousand lives of a counter are over in minutes), and a first sync comes in so many
    pages that there is something between them.
    """
    points = CrashPoints(CrashPlan(**told["plan"]) if told.get("plan") else None)
    points.watch()
    plain = app_module.create_app

    def create_app(*args: Any, **named: Any) -> Any:
        return plain(*args, **named | {"limits": UNLIMITED})

    app_module.create_app = create_app
    snapshots._PORTION = 5  # type: ignore[misc]
    words = ["--database", told["database"], "--secrets", told["secrets"], "--listen", told["listen"]]
    tell({"code": main(["serve", *words, *told.get("more", [])])})
    tell({"reached": points.reached})
