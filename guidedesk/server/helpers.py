"""The processes beside a server process (`helper_process`), together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guidedesk.server.deciders import Deciders, start_deciders
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.signer import Signer, start_signer


@dataclass(frozen=True, slots=True)
class Helpers:
    """Who helps; None: the server does it by itself."""

    signer: Signer | None = None
    deciders: Deciders | None = None

    def close(self) -> None:
        """End them, the last first: it holds a copy of the pipes of those before it."""
        if self.deciders is not None:
            self.deciders.close()
        if self.signer is not None:
            self.signer.helper.close()


def start_helpers(database_url: str, secrets: ServerSecrets, suit: Callable[[], None]) -> Helpers:
    """To be called before the server has threads, connections or listens."""
    return Helpers(start_signer(secrets.signing_seed), start_deciders(database_url, secrets, suit))
