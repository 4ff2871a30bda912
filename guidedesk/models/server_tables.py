"""Tables only the server has: scopes and feed, devices, operation log, people's secrets, audit (SYNC.md 3)."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, SmallInteger, Table, Text, UniqueConstraint

from guidedesk.models import (  # noqa: F401  (tables of the same metadata)
    commission_tables,
    intake_tables,
    segment_tables,
    team_tables,
)
from guidedesk.models.base import SERVER, big_col, id_col, text_col

_SCOPE = {"shard": "scope_id"}
# Added to and never changed: rights (PostgreSQL) and triggers (SQLite) of server.schema see to it.
_GROWS = {"append_only": True}

scope = Table(
    "scope",
    SERVER,
    id_col("scope_id", primary_key=True),
    text_col("kind"),  # store | chain
    Column("epoch", Integer, nullable=False),
    big_col("head"),
    big_col("floor"),
    info=_SCOPE,
)

# Where the feed stood, once a day: how old a deletion is (SYNC.md 6, retention).
scope_mark = Table(
    "scope_mark",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("at_ms", big_col("at_ms").type, primary_key=True, autoincrement=False),
    big_col("head"),
    info=_SCOPE,
)

# Pointers, not bodies: writing a row again moves its pointer to the new seq. op: 1 upsert 2 delete 3 evict.
# row_scope_id says where the row itself lives, so that an order of another store can be in this store's feed.
feed = Table(
    "feed",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("seq", big_col("seq").type, primary_key=True, autoincrement=False),
    text_col("tbl"),
    id_col("row_id"),
    id_col("row_scope_id"),
    Column("op", SmallInteger, nullable=False),
    big_col("row_ver"),
    UniqueConstraint("scope_id", "tbl", "row_id", "row_scope_id"),
    info=_SCOPE,
)

scope_grant = Table(
    "scope_grant",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("member_id", primary_key=True),
    Column("reason", Text, primary_key=True),  # home | served | task | scanned | opened
    id_col("home_scope_id"),
    big_col("until_ms", nullable=True),
    info=_SCOPE,
)

# Which stores see a member: a directory of its own, hashed by the member, for fan-out.
member_reach = Table(
    "member_reach",
    SERVER,
    id_col("member_id", primary_key=True),
    id_col("scope_id", primary_key=True),
    id_col("home_scope_id"),
    info={"shard": "member_id"},
)

# A member on her way from this store to another one's scope (delete and insert: a shard key is never updated).
home_move = Table(
    "home_move",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("member_id", primary_key=True),
    id_col("target_scope"),
    big_col("begun_at_ms"),
    info=_SCOPE,
)

phone_directory = Table(
    "phone_directory",
    SERVER,
    Column("phone_hash", Text, primary_key=True),
    id_col("member_id"),
    id_col("home_scope_id"),
    big_col("claimed_at_ms", nullable=True),  # when it was asked for, before she was there; None where she came first
    info={"shard": "phone_hash"},
)

# In which scope a card code's row lives, for a scan or a typed card number in a store that does not know it: the 22
# digits of its picture and the 12 printed for the eye.
code_directory = Table(
    "code_directory",
    SERVER,
    Column("digits", Text, primary_key=True),
    id_col("scope_id"),
    info={"shard": "digits"},
)

member_phone = Table(
    "member_phone",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("member_id", primary_key=True),
    text_col("phone", nullable=True),
    Column("phone_sealed", LargeBinary, nullable=True),
    info=_SCOPE,
)

device = Table(
    "device",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("device_id", primary_key=True),
    text_col("label"),
    text_col("host"),
    Column("epoch", Integer, nullable=False),
    big_col("last_seq"),
    Column("last_hash", LargeBinary(32), nullable=False),
    Column("schema_ver", Integer, nullable=False),
    # active; suspended: its pushes go to quarantine; revoked: taken off, for good once it said that it is wiped.
    text_col("state"),
    Column("public_key", LargeBinary(32), nullable=False),
    big_col("enrolled_at_ms"),
    big_col("last_contact_ms", nullable=True),
    big_col("reported_unsent", nullable=True),
    text_col("order_mode", nullable=True),  # drain | now: what it is told at its next contact (SECURITY.md D-12)
    big_col("ordered_at_ms", nullable=True),
    big_col("wiped_at_ms", nullable=True),
    info=_SCOPE,
)

# Finds a device's store from the device id in a signed request; read before the scope is known.
device_directory = Table(
    "device_directory",
    SERVER,
    id_col("device_id", primary_key=True),
    id_col("scope_id"),
    info={"shard": "device_id"},
)

op_log = Table(
    "op_log",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("op_id", primary_key=True),
    id_col("device_id"),
    Column("device_epoch", Integer, nullable=False),
    big_col("device_seq"),
    text_col("type"),
    Column("v", Integer, nullable=False),
    text_col("body"),  # the envelope without personal fields, canonical JSON
    Column("body_hash", LargeBinary(32), nullable=False),
    id_col("actor_id"),
    big_col("received_at_ms"),
    big_col("occurred_at_ms"),
    text_col("status"),
    text_col("result"),  # canonical JSON of the first answer
    big_col("effect_seq", nullable=True),
    info=_SCOPE,
)
op_personal = Table(
    "op_personal",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("op_id", primary_key=True),
    text_col("salt"),
    text_col("json"),
    info=_SCOPE,
)
device_op = Table(
    "device_op",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("device_id", primary_key=True),
    Column("device_epoch", Integer, primary_key=True, autoincrement=False),
    Column("device_seq", big_col("x").type, primary_key=True, autoincrement=False),
    id_col("op_id"),
    Column("chain_hash", LargeBinary(32), nullable=False),
    info=_SCOPE,
)
op_parked = Table(
    "op_parked",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("op_id", primary_key=True),
    Column("attempts", Integer, nullable=False),
    text_col("error"),
    text_col("body"),
    info=_SCOPE,
)
fanout_task = Table(
    "fanout_task",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("task_id", primary_key=True),
    id_col("target_scope"),
    text_col("tbl"),
    id_col("row_id"),
    big_col("row_ver"),
    info=_SCOPE,
)

# What touches or binds a member, where it happened: the events that `binding` is folded from (COMMISSION.md 2).
member_contact = Table(
    "member_contact",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("event_id", primary_key=True),
    id_col("member_id"),
    id_col("associate_id"),
    text_col("kind"),  # registered | scanned | served | assigned | imported
    big_col("occurred_at_ms"),
    # Whom the counter knew as her owner then: who lost to a bind it could not know of is told so.
    id_col("seen_owner_id", nullable=True),
    id_col("op_id", nullable=True),
    id_col("given_by", nullable=True),  # of an assigned one: the manager, and why
    text_col("reason", nullable=True),
    Index("ix_member_contact_scope_id_member_id", "scope_id", "member_id"),
    info=_SCOPE,
)

# A large scope at one moment, for first syncs: the manifest (JSON) and the packed pages it names.
snapshot = Table(
    "snapshot",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("snap_id", primary_key=True),
    Column("schema_ver", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    big_col("seq"),
    text_col("manifest"),
    big_col("built_at_ms"),
    info=_SCOPE,
)
snapshot_page = Table(
    "snapshot_page",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("snap_id", primary_key=True),
    Column("page_no", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    info=_SCOPE,
)

code_pool = Table(
    "code_pool",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("digits", Text, primary_key=True),
    text_col("typed"),
    id_col("device_id"),
    text_col("state"),  # blank | bound | revoked
    text_col("kind", default="member"),  # member | invitation
    big_col("issued_at_ms"),
    info=_SCOPE,
)

# Staff secrets stay on the server; counters get verifiers made for them (SECURITY.md D-8).
staff_pin = Table(
    "staff_pin",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("staff_id", primary_key=True),
    text_col("verifier"),
    big_col("changed_at_ms"),
    Column("failures", Integer, nullable=False, server_default="0"),
    big_col("locked_until_ms", nullable=True),
    info=_SCOPE,
)
# What staff's own phones are, as the keyed hash of people.phone_hash and no more: somebody who binds herself is seen.
staff_phone = Table(
    "staff_phone",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("staff_id", primary_key=True),
    text_col("phone_hash"),
    Index("ix_staff_phone_scope_id_phone_hash", "scope_id", "phone_hash"),
    info=_SCOPE,
)
# How often somebody was shown a whole number on a local day (SECURITY.md A-3); who and why stands in the audit.
phone_reveal = Table(
    "phone_reveal",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("staff_id", primary_key=True),
    Column("day", Text, primary_key=True),  # YYYY-MM-DD, the chain's zone
    Column("times", Integer, nullable=False),
    info=_SCOPE,
)
# Guesses counted before they are looked at: unknown staff numbers, devices, managers typing enrolment codes.
guess_guard = Table(
    "guess_guard",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("subject", Text, primary_key=True),
    text_col("json"),
    big_col("changed_at_ms"),
    info=_SCOPE,
)
staff_session = Table(
    "staff_session",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("session_id", primary_key=True),
    id_col("staff_id"),
    id_col("device_id"),
    big_col("started_at_ms"),
    big_col("ended_at_ms", nullable=True),
    info=_SCOPE,
)
enrolment = Table(
    "enrolment",
    SERVER,
    Column("code_hash", Text, primary_key=True),
    id_col("device_id"),
    text_col("host"),
    text_col("label"),
    Column("public_key", LargeBinary(32), nullable=False),
    big_col("created_at_ms"),
    id_col("scope_id", nullable=True),
    id_col("approved_by", nullable=True),
    text_col("state"),  # waiting | approved | done | refused
    info={"shard": "code_hash"},
)

# The raw record of every sale that came in, by source and id: the base of idempotence and of later proof.
order_raw = Table(
    "order_raw",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("source", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    text_col("kind"),  # sale | return
    id_col("row_id"),
    text_col("content_hash"),
    text_col("payload"),
    big_col("received_at_ms"),
    info=_SCOPE | _GROWS,
)

# Which scope a sale or return lives in, claimed before it is written: one home for one (source, id).
order_directory = Table(
    "order_directory",
    SERVER,
    Column("external_id", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    id_col("scope_id"),
    info={"shard": "external_id"},
)

# A manager's word on a coupon or a changing code that turned up twice (CODES.md ): one a use.
double_use_ruling = Table(
    "double_use_ruling",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("op_id", primary_key=True),  # the later use
    text_col("decision"),  # keep | refuse
    text_col("reason"),
    id_col("ruled_by", nullable=True),  # None is the operator at the command line
    big_col("ruled_at_ms"),
    info=_SCOPE,
)

# Members and promises a manager gave to other associates in one step; taken back as a whole (COMMISSION.md 2).
assignment_batch = Table(
    "assignment_batch",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("batch_id", primary_key=True),
    id_col("from_id"),
    id_col("to_id"),
    text_col("kind"),  # reassign | leave | move
    text_col("reason"),
    Column("members", Integer, nullable=False),
    Column("follow_ups", Integer, nullable=False),
    text_col("content_hash"),  # of what was asked for: the same id with something else is refused
    id_col("made_by"),
    big_col("made_at_ms"),
    id_col("voided_by", nullable=True),
    big_col("voided_at_ms", nullable=True),
    text_col("told"),  # JSON: who of the two has seen it
    Index("ix_assignment_batch_scope_id_made_at_ms", "scope_id", "made_at_ms"),
    info=_SCOPE,
)
assignment = Table(
    "assignment",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("batch_id", primary_key=True),
    id_col("row_id", primary_key=True),  # the member, or the promise
    text_col("kind"),  # member | follow_up
    id_col("home_scope_id"),  # where the member is at home
    id_col("event_id"),  # the assignment's own event
    info=_SCOPE,
)

audit = Table(
    "audit",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("n", big_col("n").type, primary_key=True, autoincrement=False),
    big_col("at_ms"),
    id_col("actor_id", nullable=True),
    text_col("actor_role"),
    text_col("action"),
    text_col("subject"),
    text_col("detail"),
    Column("prev_hash", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    info=_SCOPE | _GROWS,
)

Index("ix_scope_grant_scope_id_until_ms", scope_grant.c.scope_id, scope_grant.c.until_ms)
Index("ix_op_log_scope_id_received_at_ms", op_log.c.scope_id, op_log.c.received_at_ms)
# What did not simply take effect is little; what a manager looks through must not read a year of operations.
Index(
    "ix_op_log_scope_id_status",
    op_log.c.scope_id,
    op_log.c.status,
    sqlite_where=op_log.c.status != "accepted",
    postgresql_where=op_log.c.status != "accepted",
)
