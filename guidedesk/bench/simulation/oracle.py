"""What the server must hold: accepted operations told again in their order, by code that shares nothing with apply.

Plain dictionaries, written from SYNC.md 6 and COMMISSION.md 2. What an operation was (its type, fields, actor, time)
and how it was decided is read from the log in the order of decision; the state that follows is told here and compared
with the rows of the server. It is the oracle that says when something was accepted that may not have been.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from guidedesk.domain.ids import derived_id

Rows = dict[str, set[tuple[Any, ...]]]
DAY_MS: Final = 86_400_000
_ZONE_MS: Final = 8 * 3_600_000  # Asia/Shanghai, no summer time since 1991
_PROTECTED_DAYS: Final = 30
_DONE: Final = ("accepted", "merged")


class Contradiction(Exception):
    """An operation was decided as it may not have been, or the rows are not what the operations say."""


@dataclass(slots=True)
class Operation:
    """One decided operation."""

    op_id: str
    scope: str
    type: str
    status: str
    reason: str | None
    params: dict[str, Any]
    actor: str
    assurance: int
    at_ms: int
    said: dict[str, Any]  # body and personal fields


@dataclass(slots=True)
class _Person:
    name: str
    birthday: str | None
    phone: str | None
    merged_into: str | None
    by: str
    at_ms: int
    changes: dict[str, list[tuple[int, str, Any]]] = field(default_factory=dict)
    meetings: list[tuple[int, int, str, str]] = field(default_factory=list)  # time, rank, id, associate

    def now(self, name: str, first: Any) -> Any:
        """What a field says: the latest change by corrected time, else what was there first."""
        found = self.changes.get(name)
        return max(found)[2] if found else first


@dataclass(slots=True)
class _Promise:
    scope: str
    member: str
    associate: str
    state: str = "open"
    by: str | None = None
    ended_by_op: str | None = None


@dataclass(slots=True)
class _Sale:
    member: str
    total: int
    lines: dict[int, tuple[int, int]]  # number -> what may still come back: pieces, amount
    back: int = 0


@dataclass
class Story:
    """The state of the chain after some operations."""

    people: dict[str, _Person] = field(default_factory=dict)
    tags: dict[tuple[str, str, str], tuple[int, str, int]] = field(default_factory=dict)
    yes: dict[tuple[str, str, str], int] = field(default_factory=dict)  # the withdrawal the best yes knew of
    no: dict[tuple[str, str, str], int] = field(default_factory=dict)  # the last withdrawal
    asked: set[tuple[str, str, str]] = field(default_factory=set)
    visits: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    talks: dict[str, list[Any]] = field(default_factory=dict)  # scope, member, associate, kind, withdrawn
    promises: dict[str, _Promise] = field(default_factory=dict)
    sales: dict[tuple[str, str], _Sale] = field(default_factory=dict)
    returns: dict[str, tuple[str, int]] = field(default_factory=dict)
    claims: dict[tuple[str, str], str] = field(default_factory=dict)
    coupons: dict[str, str] = field(default_factory=dict)
    uses: dict[str, tuple[str, str]] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)  # handle -> the operation that was first
    erased: set[str] = field(default_factory=set)  # what said something about them is gone, from the log too
    sale_names: dict[str, tuple[str, str]] = field(default_factory=dict)  # row id -> (scope, number)

    def tell(self, op: Operation) -> None:
        """One more operation. Raises `Contradiction` where its acceptance cannot be."""
        if op.status not in _DONE:
            return
        getattr(self, f"_{op.type}")(op)

    def who(self, member: str) -> str:
        """The person an id means."""
        seen = self.people.get(member)
        if seen is None:
            raise Contradiction(f"something was accepted about {member}, whom nobody registered")
        return member if seen.merged_into is None else self.who(seen.merged_into)

    # --- members ---

    def _register(self, op: Operation) -> None:
        said = op.said
        merged_into = op.params.get("member_id") if op.status == "merged" else None
        if said["member_id"] in self.people:
            raise Contradiction(f"{said['member_id']} was registered twice")
        is_told = merged_into is not None and merged_into not in self.erased
        if is_told and said.get("phone_hash") not in self._numbers_of(str(merged_into)):
            raise Contradiction(f"{op.op_id} was merged into {merged_into}, who never had that number")
        name, birthday, phone = said.get("name", ""), said.get("birthday"), said.get("phone_hash")
        person = _Person(name, birthday, phone, merged_into, op.actor, op.at_ms)
        self.people[said["member_id"]] = person
        if merged_into is not None:
            return
        for purpose, is_given in said.get("consents", ()):
            self.asked.add((op.scope, said["member_id"], purpose))
            if is_given:
                self.yes[op.scope, said["member_id"], purpose] = 0
        if said.get("code_digits") and op.params.get("code") != "refused":
            # The id of what happened decides between two at one moment (COMMISSION.md 1), and no operation carries it.
            meeting_id = derived_id("binding", said["member_id"], "registered")
            person.meetings.append((op.at_ms, 4, meeting_id, op.actor))

    def _numbers_of(self, member: str) -> set[str | None]:
        person = self.people.get(self.who(member))
        return set() if person is None else {person.phone, *(c[2] for c in person.changes.get("phone", ()))}

    def _edit(self, op: Operation) -> None:
        person = self.people[self.who(op.said["member_id"])]
        told = set(op.params.get("fields", ())) if op.status == "merged" else set()
        lost: set[str] = set()
        for name in op.said["fields"]:
            if name == "phone" and op.reason == "phone_taken":
                continue
            value = op.said.get("phone_hash" if name == "phone" else name)
            person.changes.setdefault(name, []).append((op.at_ms, op.op_id, value))
            if max(person.changes[name])[1] != op.op_id:
                lost.add(name)
        if op.reason != "phone_taken" and lost != told:
            raise Contradiction(f"{op.op_id} lost {sorted(lost)}, but was told {sorted(told)}")

    def _consent(self, op: Operation) -> None:
        key = (op.scope, self.who(op.said["member_id"]), op.said["purpose"])
        self.asked.add(key)
        if op.said["is_given"]:
            self.yes[key] = max(self.yes.get(key, 0), min(op.said.get("seen_ms") or 0, op.at_ms))
        else:
            self.no[key] = max(self.no.get(key, 0), op.at_ms)

    def _tag(self, op: Operation) -> None:
        key = (op.scope, self.who(op.said["member_id"]), op.said.get("tag", ""))
        said = (op.at_ms, op.op_id, int(op.said["is_on"]))
        self.tags[key] = max(self.tags.get(key, said), said)

    # --- engagement ---

    def _visit(self, op: Operation) -> None:
        self.visits[op.said["visit_id"]] = (op.scope, self.who(op.said["member_id"]), op.actor)

    def _interaction(self, op: Operation) -> None:
        member = self.who(op.said["member_id"])
        self.talks[op.said["interaction_id"]] = [op.scope, member, op.actor, op.said["kind"], 0]

    def _served_no_purchase(self, op: Operation) -> None:
        member = self.who(op.said["member_id"])
        self.talks[op.said["interaction_id"]] = [op.scope, member, op.actor, "served_no_purchase", 0]
        self.people[member].meetings.append((op.at_ms, 5, op.said["interaction_id"], op.actor))

    def _follow_up(self, op: Operation) -> None:
        self.promises[op.said["follow_up_id"]] = _Promise(op.scope, self.who(op.said["member_id"]), op.actor)

    def _promise(self, op: Operation) -> _Promise:
        found = self.promises.get(op.said["follow_up_id"])
        if found is None or found.scope != op.scope:
            raise Contradiction(f"{op.op_id} is about a follow-up that is not there")
        return found

    def _end(self, op: Operation, state: str) -> None:
        promise = self._promise(op)
        if promise.state != "open":
            raise Contradiction(f"{op.op_id} ended a follow-up that {promise.ended_by_op} had ended")
        promise.state, promise.by, promise.ended_by_op = state, op.actor, op.op_id

    def _follow_up_done(self, op: Operation) -> None:
        self._end(op, "done")

    def _follow_up_cancel(self, op: Operation) -> None:
        self._end(op, "cancelled")

    def _follow_up_reassign(self, op: Operation) -> None:
        promise = self._promise(op)
        if promise.state != "open" or promise.associate != op.said["from_id"]:
            raise Contradiction(f"{op.op_id} moved a follow-up that was {promise.state} or another's")
        promise.associate = op.said["to_id"]

    def _retract(self, op: Operation) -> None:
        if op.said.get("interaction_id"):
            talk = self.talks.get(op.said["interaction_id"])
            if talk is None or talk[2] != op.actor:
                raise Contradiction(f"{op.op_id} took back what was not hers")
            talk[4] = 1
            person = self.people[talk[1]]
            person.meetings = [m for m in person.meetings if m[2] != op.said["interaction_id"]]
            return
        promise = self._promise(op)
        if promise.state != "open":
            if promise.ended_by_op != op.said["op_id"] or promise.by != op.actor:
                raise Contradiction(f"{op.op_id} took back another's ending")
            promise.state, promise.by, promise.ended_by_op = "open", None, None

    def _bind(self, op: Operation) -> None:
        person = self.people[self.who(op.said["member_id"])]
        person.meetings.append((op.at_ms, 4, op.said["binding_id"], op.said["associate_id"]))

    # --- sales ---

    def _sale(self, op: Operation) -> None:
        said = op.said
        number = said.get("receipt_no") or f"M-{said['sale_id'][-10:].upper()}"
        member, key = self.who(said["member_id"]), (op.scope, number)
        known = self.sales.get(key)
        if known is None:
            lines = {line["line_no"]: (line["qty"], line["amount_minor"]) for line in said["lines"]}
            self.sales[key] = _Sale(member, said["total_minor"], lines)
        elif (known.member, known.total) != (member, said["total_minor"]):
            raise Contradiction(f"{op.op_id} sold receipt {number} a second time, to somebody else or for more")

    def _return(self, op: Operation) -> None:
        key = self.sale_names.get(op.said["purchase_id"])
        sale = self.sales.get(key) if key else None
        if sale is None:
            raise Contradiction(f"{op.op_id} gave back what was never sold")
        if op.said["return_id"] in self.returns:
            raise Contradiction(f"{op.op_id} is a return that was there")
        for line in op.said["lines"]:
            pieces, amount = sale.lines.get(line["line_no"], (0, 0))
            pieces, amount = pieces - line["qty"], amount - line["amount_minor"]
            if pieces < 0 or amount < 0:
                raise Contradiction(f"{op.op_id} gave back more than was bought")
            sale.lines[line["line_no"]] = (pieces, amount)
            sale.back += line["amount_minor"]
        total = sum(line["amount_minor"] for line in op.said["lines"])
        self.returns[op.said["return_id"]] = (op.said["purchase_id"], total)

    def _claim(self, op: Operation) -> None:
        key, member = (op.scope, op.said["receipt_no"]), self.who(op.said["member_id"])
        first = self.claims.setdefault(key, member)
        if first != member:
            raise Contradiction(f"{op.op_id} claimed a receipt that was {first}'s")

    # --- coupons ---

    def _issue_coupon(self, op: Operation) -> None:
        member = self.who(op.said["member_id"])
        if self.coupons.setdefault(op.said["handle"], member) != member:
            raise Contradiction(f"{op.op_id} gave a coupon away that was given to another")

    def _redeem_coupon(self, op: Operation) -> None:
        handle = op.said["handle"]
        if op.status == "accepted" and handle in self.used:
            raise Contradiction(f"{op.op_id} used the coupon that {self.used[handle]} had used")
        if op.status == "accepted":
            self.used[handle] = op.op_id
        self.uses[op.said["use_id"]] = (handle, self.who(op.said["member_id"]))

    # --- the rows that follow ---

    def rows(self) -> Rows:
        """What the server's tables hold, as far as it is told here."""
        return {
            "member": {
                (i, p.now("name", p.name), p.now("birthday", p.birthday), p.now("phone", p.phone), p.merged_into, p.by)
                for i, p in self.people.items()
                if i not in self.erased
            },
            "binding": {
                (i, owner) for i, person in self.people.items() if (owner := owner_of(person.meetings)) is not None
            },
            "member_tag": {(*k, is_on) for k, (_, _, is_on) in self.tags.items() if k[1] not in self.erased},
            "consent": {
                (*k, int(k in self.yes and self.yes[k] >= self.no.get(k, 0)))
                for k in self.asked
                if k[1] not in self.erased
            },
            "visit": {(i, *row) for i, row in self.visits.items()},
            "interaction": {(i, *row) for i, row in self.talks.items()},
            "follow_up": {
                (i, p.scope, p.member, p.associate, p.state, p.by)
                for i, p in self.promises.items()
                if p.member not in self.erased
            },
            "purchase": {(*key, sale.member, sale.total) for key, sale in self.sales.items()},
            "purchase_return": {(i, *row) for i, row in self.returns.items()},
            "sale_claim": {(*key, member) for key, member in self.claims.items()},
            "coupon": {(h, m, "redeemed" if self._is_used(h) else "issued") for h, m in self.coupons.items()},
            "coupon_use": {(i, *row) for i, row in self.uses.items()},
        }

    def _is_used(self, handle: str) -> bool:
        return any(used == handle for used, _ in self.uses.values())


def owner_of(meetings: list[tuple[int, int, str, str]]) -> str | None:
    """Whose member somebody is after these meetings (COMMISSION.md 2): the first associate binds her; another one
    only on a day after the thirtieth since the owner bound her or met her last."""
    owner, last_ms = None, 0
    for at_ms, _, _, associate in sorted(meetings):
        is_free = owner is None or _day(at_ms) > _day(last_ms) + _PROTECTED_DAYS
        if is_free or associate == owner:
            owner, last_ms = associate, at_ms
    return owner


def _day(at_ms: int) -> int:
    return (at_ms + _ZONE_MS) // DAY_MS


_QUERIES: Final = {
    "member": "SELECT id, name, birthday, phone_hash, merged_into, registered_by FROM member",
    "binding": "SELECT id, owner_id FROM binding",
    "member_tag": "SELECT scope_id, member_id, tag, is_on FROM member_tag",
    "consent": "SELECT scope_id, member_id, purpose, is_given FROM consent",
    "visit": "SELECT id, scope_id, member_id, associate_id FROM visit",
    "interaction": "SELECT id, scope_id, member_id, associate_id, kind, is_withdrawn FROM interaction",
    "follow_up": "SELECT id, scope_id, member_id, associate_id, state, done_by FROM follow_up",
    "purchase": "SELECT scope_id, order_no, member_id, total_minor FROM purchase",
    "purchase_return": "SELECT return_no, purchase_id, total_minor FROM purchase_return",
    "sale_claim": "SELECT scope_id, receipt_no, member_id FROM sale_claim",
    "coupon": "SELECT handle, member_id, state FROM coupon",
    "coupon_use": "SELECT id, handle, member_id FROM coupon_use",
}
_LOG: Final = (
    "SELECT o.op_id, o.scope_id, o.type, o.status, o.result, o.body, o.received_at_ms, o.actor_id, p.json "
    "FROM op_log o LEFT JOIN op_personal p ON p.scope_id = o.scope_id AND p.op_id = o.op_id ORDER BY o.rowid"
)


def _plain(value: Any) -> Any:
    """Ids as text."""
    if isinstance(value, bytes) and len(value) == 16:
        text = value.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    return value


def decided(server: Any) -> list[Operation]:
    """The log in the order of decision, through a plain connection."""
    found: list[Operation] = []
    for op_id, scope, kind, status, result, body, received_ms, actor, personal in server.execute(_LOG).fetchall():
        envelope, answer = json.loads(body), json.loads(result)
        said = envelope.get("body", {}) | (json.loads(personal) if personal else {})
        at_ms = min(envelope.get("occurred_at_ms", received_ms), received_ms)
        found.append(
            Operation(
                _plain(op_id), _plain(scope), kind, status, answer["reason"], answer["params"], _plain(actor),
                envelope.get("assurance", 0), at_ms, said,
            )
        )  # fmt: skip
    return found


def actual(server: Any) -> dict[str, list[tuple[Any, ...]]]:
    """The server's rows, as far as the oracle tells them."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table, query in _QUERIES.items():
        rows = server.execute(f"{query} WHERE deleted_at_ms IS NULL").fetchall()
        found[table] = [tuple(_plain(value) for value in row) for row in rows]
    found["binding"] = [row for row in found["binding"] if row[1] is not None]
    return found


def judge(server: Any) -> int:
    """Tell the whole log again and compare; how many operations. Raises `Contradiction`."""
    story = Story(erased={_plain(row[0]) for row in server.execute("SELECT id FROM erasure")})
    for row_id, scope, number in server.execute("SELECT id, scope_id, order_no FROM purchase").fetchall():
        story.sale_names[_plain(row_id)] = (_plain(scope), number)
    log = decided(server)
    for op in log:
        story.tell(op)
    told, there = story.rows(), actual(server)
    for table, rows in told.items():
        if len(there[table]) != len(set(there[table])):
            raise Contradiction(f"{table} holds a row twice")
        missing, more = rows - set(there[table]), set(there[table]) - rows
        if missing or more:
            raise Contradiction(f"{table}: {_some(missing)} should be there, {_some(more)} is")
    return len(log)


def _some(rows: set[tuple[Any, ...]]) -> str:
    return f"{sorted(rows, key=repr)[0]} ({len(rows)})" if rows else "nothing"
