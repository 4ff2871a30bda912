"""Head office and a chain of stores for `bench storm`, and how counters are let in without the ceremony."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import func, insert, select

from guidedesk.bench import people
from guidedesk.bench.sync_data import DATABASE, SECRETS, StoreData, bare, portions
from guidedesk.bench.sync_office import Office
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.server_tables import device, device_directory, op_log
from guidedesk.server.connectors.landing import land_people, land_reference, prepare
from guidedesk.server.context import SystemClock, SystemRandom
from guidedesk.server.database import open_server
from guidedesk.server.secrets import load_secrets, new_secrets, write_secrets
from guidedesk.sync.identity import Identity
from guidedesk.sync.protocol import GENESIS, SCHEMA

SEED: Final = 20_261_130
# Of each store, unless told otherwise. With fewer, each batch of answers is about nearly everybody, and the counters,
# which share these processors with the server, lay their whole day anew for each.
MEMBERS: Final = 200


def shop_id(number: int) -> str:
    """The store of this number."""
    return derived_id("bench", "storm-store", str(number))


def associate_id(number: int) -> str:
    """Who works there."""
    return derived_id("bench", "storm-staff", str(number))


def make_chain(folder: Path, shops: int, members: int = MEMBERS) -> StoreData:
    """A server's SQLite file with so many stores, each with an associate and so many members."""
    folder.mkdir()
    write_secrets(folder / SECRETS, new_secrets(SystemRandom()))
    secrets = load_secrets(folder / SECRETS)
    database = open_server(f"sqlite:///{folder / DATABASE}")
    try:
        prepare(database, "bench-storm", [shop_id(number) for number in range(shops)])
        settings = [bare(row) for row in people.reference_rows()["setting"]]
        stores = [
            {"id": shop_id(n), "code": f"S{n}", "name": f"{n}号店", "name_en": f"Shop {n}", "kind": "store"}
            for n in range(shops)
        ]
        staff = [
            {"id": associate_id(n), "number": f"{n + 1:06d}", "name": f"导购{n}", "name_en": f"Associate {n}",
             "role": "associate", "store_id": shop_id(n), "is_active": 1, "joined_at_ms": people.BASE_MS - DAY_MS}
            for n in range(shops)
        ]  # fmt: skip
        land_reference(database, {"store": stores, "staff": staff, "setting": settings})
        everyone = [one for some in portions(people.members(members * shops, SEED)) for one in some]
        for number in range(shops):
            mine = everyone[number * members : (number + 1) * members]
            land_people(database, shop_id(number), mine, secrets.phone_key, people.BASE_MS)
    finally:
        database.close()
    return StoreData(folder, members * shops)


def let_in(office: Office, made: Mapping[str, tuple[str, bytes]], stores: Mapping[str, str]) -> dict[str, Identity]:
    """Enrol counters: name -> (device id, public key), name -> store; who each is from now on."""
    secrets, now_ms = load_secrets(office.folder / SECRETS), SystemClock().wall_ms()
    with office.database() as database:
        chain_id = database.chain_id()
        rows = [
            {
                "scope_id": stores[name], "device_id": device_id, "label": name, "host": "bench", "epoch": 1,
                "last_seq": 0, "last_hash": GENESIS, "schema_ver": SCHEMA, "state": "active",
                "enrolled_at_ms": now_ms, "public_key": public_key,
            }
            for name, (device_id, public_key) in made.items()
        ]  # fmt: skip
        known = [{"device_id": row["device_id"], "scope_id": row["scope_id"]} for row in rows]
        database.write_directory(lambda conn: conn.execute(insert(device_directory), known))
        for store_id in sorted(set(stores.values())):
            mine = [row for row in rows if row["scope_id"] == store_id]
            if mine:
                database.write(store_id, lambda opened, mine=mine: opened.conn.execute(insert(device), mine))  # type: ignore[misc]
    keys = {
        "phone_key_hex": secrets.phone_key.hex(),
        "server_key_hex": secrets.signing_public().hex(),
        "seal_key_hex": secrets.sealing_public().hex(),
    }
    return {
        name: Identity(
            device_id=device_id, store_id=stores[name], chain_id=chain_id, server_url=office.server.url, label=name,
            **keys,
        )
        for name, (device_id, _) in made.items()
    }  # fmt: skip


def decided(office: Office, identities: Sequence[Identity]) -> dict[str, int]:
    """How many operations of these counters the server's log holds, by status."""
    found: dict[str, int] = {}
    with office.database() as database, database.read() as conn:
        for store_id in sorted({identity.store_id for identity in identities}):
            mine = [identity.device_id for identity in identities if identity.store_id == store_id]
            query = (
                select(op_log.c.status, func.count().label("n"))
                .where(op_log.c.scope_id == store_id, op_log.c.device_id.in_(mine))
                .group_by(op_log.c.status)
            )
            for row in conn.execute(query):
                found[row.status] = found.get(row.status, 0) + row.n
    return found


