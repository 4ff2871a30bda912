"""A profile as `guidedesk run` and `guidedesk counter` open it, let in at a server of the test's world."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import update

from guidedesk.models import server_tables as tables
from guidedesk.sync.open_counter import open_counter
from tests.helpers.world import World, identity_of


@dataclass(frozen=True)
class Profile:
    """A counter's folder and its id at the server."""

    folder: Path
    device_id: str


def new_profile(world: World, authority: str, name: str = "profile") -> Profile:
    """A counter that was let in, and has fetched nothing yet."""
    till = world.till()
    till.close()
    folder = world.folder / name
    counter = open_counter(folder, has_demo_key=True)
    public = Ed25519PrivateKey.from_private_bytes(counter.keys.signing_seed).public_key()
    key = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    with world.database.engine.begin() as conn:
        mine = tables.device.c.device_id == till.device_id
        conn.execute(update(tables.device).where(mine).values(public_key=key))
    counter.enrolled(identity_of(till, server_url=f"http://{authority}"))
    counter.close()
    return Profile(folder, till.device_id)
