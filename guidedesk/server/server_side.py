"""What only the server may decide while applying an operation: phones, blank codes, who may be seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, select, update

from guidedesk.domain import people as people_rules
from guidedesk.domain.errors import Refused
from guidedesk.models.base import among
from guidedesk.models.people import member_code
from guidedesk.models.server_tables import code_pool, phone_directory, scope_grant
from guidedesk.server.database import ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.visibility import insert_missing
from guidedesk.services.operations import RegisterMember
from guidedesk.services.sealing import open_sealed

Owner = tuple[str, str]  # member id, home scope


@dataclass(frozen=True, slots=True)
class ServerSide:
    """The deciding side of `services.apply`; `claims` were settled before the transaction (SCALE.md 3.4)."""

    claims: Mapping[tuple[str, str], Owner]
    # What `read_homes` found: good only in the transaction that holds these grants.
    homes: dict[str, str] = field(default_factory=dict)
    is_server = True

    def member_home(self, conn: Connection, scope_id: str, member_id: str) -> str | None:
        """Home scope of a member granted to this store; None for anybody else, known or not (A-2)."""
        if member_id not in self.homes:
            self.read_homes(conn, scope_id, [member_id])
        return self.homes.get(member_id)

    def read_homes(self, conn: Connection, scope_id: str, member_ids: Collection[str]) -> None:
        """Home scopes of those of these members that are granted to this store, all at once."""
        for chunk in chunks(sorted(member_ids)):
            found = conn.execute(
                select(scope_grant.c.member_id, scope_grant.c.home_scope_id)
                .where(scope_grant.c.scope_id == scope_id, among(conn, scope_grant.c.member_id, chunk))
                .order_by(scope_grant.c.member_id)
                # a grant must not end before what rests on it is in the feed
                .with_for_update(read=True, key_share=True)
            )
            self.homes.update({row.member_id: row.home_scope_id for row in found})

    def phone_owner(self, conn: Connection, phone_hash: str, member_id: str, home_scope_id: str) -> Owner:
        """Who holds the number: the first to claim it."""
        return self.claims.get((phone_hash, member_id), (member_id, home_scope_id))

    def take_code(self, conn: Connection, scope_id: str, digits: str, member_id: str) -> bool:
        """A blank code of this store becomes the member's; one that is hers already stays hers."""
        taken = conn.execute(
            update(code_pool)
            .where(code_pool.c.scope_id == scope_id, code_pool.c.digits == digits, code_pool.c.state == "blank")
            .values(state="bound")
        )
        if taken.rowcount == 1:
            return True
        owner = conn.execute(
            select(member_code.c.member_id).where(
                member_code.c.scope_id == scope_id, member_code.c.digits == digits, member_code.c.state == "live"
            )
        ).scalar()
        return owner == member_id


def checked_phone(operation: RegisterMember, secrets: ServerSecrets) -> bytes | None:
    """The sealed phone of a registration, if its hash, mask and tail are what the number says (A-4)."""
    if operation.phone_sealed is None:
        return None
    try:
        box = base64.b64decode(operation.phone_sealed, validate=True)
        phone = people_rules.clean_phone(open_sealed(box, secrets.sealing_key).decode())
    except (binascii.Error, UnicodeDecodeError, Refused):
        raise Refused("validation", field="phone_sealed", why="unreadable") from None
    said = (operation.phone_hash, operation.phone_masked, operation.phone_tail)
    true = (
        people_rules.phone_hash(phone, secrets.phone_key),
        people_rules.mask_phone(phone),
        people_rules.phone_tail(phone),
    )
    if said != true:
        raise Refused("validation", field="phone_hash", why="differs")
    return box


def claim_phones(
    database: ServerDatabase, scope_id: str, operations: Sequence[RegisterMember]
) -> dict[tuple[str, str], Owner]:
    """Enter each registration's number in the directory, first come first served, and read who has it."""
    wanted = {op.phone_hash: op for op in reversed(operations) if op.phone_hash}
    if not wanted:
        return {}

    def work(conn: Connection) -> dict[tuple[str, str], Owner]:
        rows = [
            {"phone_hash": text, "member_id": op.member_id, "home_scope_id": scope_id}
            for text, op in sorted(wanted.items())
        ]
        insert_missing(conn, phone_directory, rows)
        owners: dict[str, Owner] = {}
        for text in sorted(wanted):
            row = conn.execute(
                select(phone_directory.c.member_id, phone_directory.c.home_scope_id).where(
                    phone_directory.c.phone_hash == text
                )
            ).one()
            owners[text] = (row.member_id, row.home_scope_id)
        return {(op.phone_hash, op.member_id): owners[op.phone_hash] for op in operations if op.phone_hash}

    return database.write_directory(work)


def release_phones(database: ServerDatabase, refused: Sequence[RegisterMember]) -> None:
    """Take back the claims of registrations that came to nothing."""
    mine = [(op.phone_hash, op.member_id) for op in refused if op.phone_hash]
    if not mine:
        return

    def work(conn: Connection) -> None:
        for text, member_id in sorted(mine):
            conn.execute(
                delete(phone_directory).where(
                    phone_directory.c.phone_hash == text, phone_directory.c.member_id == member_id
                )
            )

    database.write_directory(work)
