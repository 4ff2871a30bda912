"""Erasing a person (SECURITY.md P-2, P-3, P-4): at head office, at every counter, and in what comes in late."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert, select

from guidedesk.cli import main
from guidedesk.domain.errors import Refused
from guidedesk.models import counter_tables as t
from guidedesk.models import server_tables as tables
from guidedesk.models.base import SERVER
from guidedesk.models.entities import entity_tables, load_row
from guidedesk.models.intake_tables import member_external, recognition_mark
from guidedesk.models.join_tables import phone_check
from guidedesk.models.people import erasure
from guidedesk.models.segment_tables import segment_member
from guidedesk.server.audit import verify_audit
from guidedesk.server.database import ServerDatabase
from guidedesk.server.erasures import erase_member, sweep_erasures
from guidedesk.server.grant_ends import end_members
from guidedesk.server.member_folds import fold
from guidedesk.server.secrets import write_secrets
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import MEMBER_TABLES, STORE_TABLES
from guidedesk.services import operations as ops
from guidedesk.services.erasing import ERASED_TABLES
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.sales import receipt_of, sale_row_id, source_of
from guidedesk.sync import erasing
from guidedesk.sync.local_store import Draft
from guidedesk.sync.transport import Response
from tests.helpers.plain_pages import found_in
from tests.helpers.world import Till, World, settle
from tests.sync.test_grants_end import scanned
from tests.sync.test_remaining_operations import assert_equal, bind, do, rows, sale

PHONE = "13912345678"


def word(name: str) -> str:
    """A text of its own for each field, that nothing else in the world holds."""
    return f"{name}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"


SECRETS = {
    name: word(name)
    for name in (
        "name", "name2", "tag", "tag2", "own", "own2", "note", "note2", "note3", "talk", "served", "served2", "promise",
        "promise2", "promise3", "result", "reason", "wish", "size", "colour", "wish2", "size2", "colour2", "back",
        "export", "draft", "draft2", "late_name", "late_note", "late_tag", "late_promise", "late_wish", "other_note",
        "other_tag",
    )
}  # fmt: skip


@dataclass
class Known:
    """Somebody whom two counters of her store know well, and a third of another store a little."""

    world: World
    a: Till
    b: Till
    other: Till
    member: str
    bought: ops.RecordSale
    secrets: dict[str, str]

    @property
    def tills(self) -> tuple[Till, Till, Till]:
        return self.a, self.b, self.other

    def erase(self) -> None:
        self.world.clock.tick()
        erase_member(self.world.database, self.member, reason="her letter", now_ms=self.world.clock.wall_ms())


def talk(till: Till, member: str, note: str) -> ops.LogInteraction:
    return ops.LogInteraction(
        interaction_id=till.counter.new_id(), member_id=member, kind="phone", outcome="tried", note=note
    )


def promise(till: Till, member: str, text: str) -> ops.ScheduleFollowUp:
    return ops.ScheduleFollowUp(
        follow_up_id=till.counter.new_id(), member_id=member, due_date="2026-12-20", text=text
    )


def wish(till: Till, member: str, number: str) -> ops.AddWish:
    return ops.AddWish(
        wish_id=till.counter.new_id(), member_id=member, words=SECRETS[f"wish{number}"],
        size=SECRETS[f"size{number}"], colour=SECRETS[f"colour{number}"],
    )  # fmt: skip


def give_back(till: Till, member: str, bought: ops.RecordSale, reason: str, amount: int) -> ops.RecordReturn:
    return ops.RecordReturn(
        return_id=till.counter.new_id(), member_id=member,
        purchase_id=sale_row_id(source_of(till.store_id), receipt_of(bought)), currency="CNY",
        lines=(ops.ReturnLine(line_no=1, qty=1, amount_minor=amount),), reason=reason,
    )  # fmt: skip


@pytest.fixture
def known(world: World) -> Known:
    """Every text field of every operation about her holds a secret of its own."""
    a, b = world.till(), world.till()
    other = world.till(world.open_store("S2"))
    settle(a, b, other)
    member, s, counter = a.counter.new_id(), SECRETS, a.counter
    phone = counter.phone_fields(PHONE)
    blank = counter.local.find_blank_code()
    assert blank is not None
    do(a, "a1", ops.RegisterMember(
        member_id=member, name=s["name"], birthday="03-08", consents=(("service", True), ("profiling", True)),
        code_digits=blank.digits, code_typed=blank.typed, **phone,
    ))  # fmt: skip
    bought, kept = sale(a, member), promise(a, member, s["promise2"])
    visit = ops.RecordVisit(visit_id=counter.new_id(), member_id=member)
    dropped = promise(a, member, s["promise3"])
    do(a, "a1", bind(a, member, "a1"), visit, talk(a, member, s["note"]), bought, promise(a, member, s["promise"]))
    do(a, "a1", ops.SetTag(member_id=member, is_on=True, tag=s["tag"]), wish(a, member, ""), kept, dropped)
    do(a, "a1", ops.SetOwnTag(member_id=member, owner_id=world.staff["a1"], is_on=True, tag=s["own"]))
    do(a, "a1", ops.ServedNoPurchase(interaction_id=counter.new_id(), member_id=member, note=s["served"]))
    do(a, "a1", ops.CompleteFollowUp(follow_up_id=kept.follow_up_id, member_id=member, result=s["result"]))
    do(a, "a1", ops.CancelFollowUp(follow_up_id=dropped.follow_up_id, member_id=member, reason=s["reason"]))
    export = ops.RecordExport(
        export_id=counter.new_id(), member_id=member, purpose="other", form="csv", lines=1, note=s["export"]
    )
    do(a, "m1", export)
    settle(a, b)
    do(b, "a2", ops.EditMember(member_id=member, fields=("name",), name=s["name2"]), talk(b, member, s["note2"]))
    do(b, "a2", ops.SetTag(member_id=member, is_on=True, tag=s["tag2"]), wish(b, member, "2"))
    do(b, "a2", give_back(b, member, bought, s["back"], 10_000), talk(b, member, s["talk"]))
    do(b, "a2", ops.SetOwnTag(member_id=member, owner_id=world.staff["a2"], is_on=True, tag=s["own2"]))
    settle(a, b)
    scanned(other, member, a)
    settle(other, a, b)
    do(other, "S2", talk(other, member, s["other_note"]), ops.SetTag(member_id=member, is_on=True, tag=s["other_tag"]))
    settle(other, a, b, other)
    for till, who, subject, text in ((a, "a1", member, s["draft"]), (b, "a2", "form", s["draft2"])):
        value = {"member": member, "text": text}
        draft = Draft(staff_id=world.staff[who], kind="log", subject=subject, value=value, saved_at_ms=1)
        till.counter.local.save_draft(draft)
    assert set(world.recorded().values()) == {"accepted"}
    phone.pop("phone_tail")  # four digits stand in many a code
    found = {**SECRETS, **phone, "phone": PHONE}
    return Known(world, a, b, other, member, bought, found)


def kept_fields(till: Till) -> set[str]:
    """Types of the operations whose personal fields a counter's journal holds."""
    with till.counter.journal.db.read() as conn:
        query = select(t.operation.c.type).join(t.op_personal, t.op_personal.c.op_id == t.operation.c.op_id)
        return set(conn.execute(query).scalars())


@cross_scope  # the test looks everywhere
def every_text(conn: Connection, name: str) -> str:
    return json.dumps([[str(value) for value in row] for row in conn.execute(SERVER.tables[name].select())])


def at_head_office(known: Known) -> set[tuple[str, str]]:
    """(table, what) of each secret in the rows of the server."""
    found: set[tuple[str, str]] = set()
    with known.world.database.read() as conn:
        for name in SERVER.tables:
            text = every_text(conn, name)
            found |= {(name, what) for what, secret in known.secrets.items() if secret in text}
    return found


def test_nothing_personal_of_her_is_left_at_head_office_and_the_facts_are(known: Known) -> None:
    assert {name for name, _ in at_head_office(known)} >= {
        "member", "member_change", "member_tag", "own_tag", "wish", "interaction", "follow_up", "purchase_return",
        "op_personal", "phone_directory",
    }  # fmt: skip
    known.erase()
    assert at_head_office(known) == set()
    with known.world.database.read() as conn:
        row = load_row(conn, "member", known.world.store_id, known.member)
        assert row is not None
        assert row["deleted_at_ms"] == known.world.clock.wall_ms()
        sold = load_row(conn, "purchase", known.world.store_id, purchase_of(known))
        assert sold is not None
        assert (sold["member_id"], sold["total_minor"]) == (known.member, 30_000)
        talks = conn.execute(select(entity_tables()["interaction"])).all()
        assert {row.member_id for row in talks} == {known.member}
        assert {row.note for row in talks} == {""}
        assert verify_audit(conn, known.world.chain_id).first_bad is None


def purchase_of(known: Known) -> str:
    return sale_row_id(source_of(known.world.store_id), receipt_of(known.bought))


def test_the_log_can_be_proved_after_an_erasure(known: Known) -> None:
    known.erase()
    with known.world.database.read() as conn:
        for row in logged(conn):
            assert hashlib.sha256(row.body.encode()).digest() == bytes(row.body_hash)


@cross_scope
def logged(conn: Connection) -> Iterator[Any]:
    return iter(conn.execute(select(tables.op_log)).all())


def test_each_counter_follows_and_says_so_to_whoever_looks(known: Known) -> None:
    known.erase()
    settle(*known.tills)
    for till in known.tills:
        with till.counter.read() as conn:
            assert get_member_card(conn, known.member, "", till.counter.now_ms()).is_erased
        assert kept_fields(till) == set()
        assert till.counter.local.list_drafts(known.world.staff["a1"]) == ()
        for name in ("member_change", "member_tag", "own_tag", "wish", "follow_up", "consent", "consent_answer"):
            assert [row for row in rows(till, name) if row["deleted_at_ms"] is None] == []
    assert_equal(*known.tills)
    with pytest.raises(Refused) as refused:
        do(known.a, "a1", talk(known.a, known.member, "x"))
    assert refused.value.params["why"] == "member_erased"


def test_a_counter_that_ceased_to_see_her_erases_what_its_journal_holds(known: Known) -> None:
    end_members(known.world.database, known.other.store_id, [known.member])
    settle(known.other)
    assert rows(known.other, "member") == []
    assert kept_fields(known.other) >= {"interaction", "tag"}
    known.erase()
    settle(known.other)
    assert kept_fields(known.other) == set()
    assert_equal(known.other)


def test_other_people_keep_everything(known: Known) -> None:
    member = known.a.counter.new_id()
    do(known.a, "a1", ops.RegisterMember(member_id=member, name="林晚"), talk(known.a, member, "喜欢羊绒"))
    settle(known.a, known.b)
    known.erase()
    settle(known.a, known.b)
    assert [r["note"] for r in rows(known.b, "interaction") if r["member_id"] == member] == ["喜欢羊绒"]
    assert kept_fields(known.a) == {"register", "interaction"}


def test_what_comes_in_late_keeps_its_money_and_brings_nobody_back(known: Known) -> None:
    """P-3. The counter was away; what it sends still carries her details, and head office keeps none of them."""
    a, member, s = known.a, known.member, SECRETS
    a.wire.is_cut = True
    sold = sale(a, member, total=50_000)
    fact = do(a, "a1", talk(a, member, s["late_note"]))
    money = do(a, "a1", sold)
    back = do(a, "a1", give_back(a, member, known.bought, s["late_note"], 5_000))
    refused = [
        do(a, "a1", ops.EditMember(member_id=member, fields=("name",), name=s["late_name"])),
        do(a, "a1", ops.SetTag(member_id=member, is_on=True, tag=s["late_tag"])),
        do(a, "a1", promise(a, member, s["late_promise"])),
        do(a, "a1", ops.SetConsent(member_id=member, purpose="sms", is_given=True)),
    ]
    known.erase()
    a.wire.is_cut = False
    settle(*known.tills)
    recorded = known.world.recorded()
    assert [recorded[op_id] for op_id in (fact, money, back)] == ["accepted"] * 3
    assert [recorded[op_id] for op_id in refused] == ["rejected"] * 4
    assert {a.counter.journal.find(op_id).result["params"]["why"] for op_id in refused} == {"member_erased"}  # type: ignore[union-attr, index]
    assert at_head_office(known) == set()
    with known.world.database.read() as conn:
        late = load_row(conn, "purchase", a.store_id, sale_row_id(source_of(a.store_id), receipt_of(sold)))
        assert late is not None
        assert late["total_minor"] == 50_000
        row = load_row(conn, "member", a.store_id, member)
        assert row is not None
        assert (row["name"], row["deleted_at_ms"] is None) == ("", False)
    assert kept_fields(a) == set()
    assert_equal(*known.tills)


def test_a_late_return_of_another_stores_sale_brings_no_words_there(known: Known) -> None:
    """It is written where the sale is, before the batch is decided."""
    other = known.other
    other.wire.is_cut = True
    purchase = purchase_of(known)
    op_id = do(other, "S2", ops.RecordReturn(
        return_id=other.counter.new_id(), member_id=known.member, purchase_id=purchase, currency="CNY",
        lines=(ops.ReturnLine(line_no=1, qty=1, amount_minor=7_000),), reason=SECRETS["late_note"],
    ))  # fmt: skip
    known.erase()
    other.wire.is_cut = False
    settle(other)
    assert known.world.recorded()[op_id] == "accepted"
    with known.world.database.read() as conn:
        assert '"7000"' in every_text(conn, "purchase_return")
    assert at_head_office(known) == set()


def test_a_change_that_was_on_its_way_home_changes_nothing_of_her_any_more(known: Known) -> None:
    known.erase()
    home = known.world.store_id
    with known.world.database.read() as conn:
        before = every_text(conn, "member"), every_text(conn, "member_change")
    assert fold(known.world.database, "member", home, known.member) is None
    with known.world.database.read() as conn:
        assert (every_text(conn, "member"), every_text(conn, "member_change")) == before


def test_what_waits_here_goes_on_without_her_details_and_is_taken_by_its_digest(known: Known) -> None:
    """Heard of while its own operations still wait: they lose what is personal, not their place."""
    a, member = known.a, known.member
    a.wire.is_cut = True
    waits = do(a, "a1", talk(a, member, SECRETS["late_note"]))
    tagged = do(a, "a1", ops.SetTag(member_id=member, is_on=True, tag=SECRETS["late_tag"]))
    before = [entry.envelope.chain_hash() for entry in a.counter.journal.pending()]
    known.erase()
    a.wire.is_cut = False
    a.wire.on_send = lambda request: Response(500) if request.path.endswith("/push") else None
    a.counter.engine.step()
    a.wire.on_send = lambda _request: None
    assert [entry.envelope.chain_hash() for entry in a.counter.journal.pending()] == before
    assert [dict(entry.envelope.personal) for entry in a.counter.journal.pending()] == [{}, {}]
    known.world.clock.tick(600_000)
    settle(a)
    recorded = known.world.recorded()
    assert (recorded[waits], recorded[tagged]) == ("accepted", "rejected")
    assert_equal(a)


def test_every_id_that_means_her_goes(known: Known) -> None:
    later = known.b.counter.new_id()
    same: dict[str, Any] = {**known.b.counter.phone_fields(PHONE)}
    do(known.b, "a2", ops.RegisterMember(member_id=later, name=SECRETS["late_name"], **same))
    do(known.b, "a2", talk(known.b, later, SECRETS["note3"]))
    settle(known.b, known.a)
    assert set(known.world.recorded().values()) == {"accepted", "merged"}
    done = erase_member(known.world.database, later, reason="x", now_ms=known.world.clock.wall_ms())
    assert done.member_ids == tuple(sorted((known.member, later)))
    assert at_head_office(known) == set()
    settle(*known.tills)
    assert [kept_fields(till) for till in known.tills] == [set(), set(), set()]
    assert_equal(*known.tills)


def test_what_leads_to_her_from_elsewhere_goes_and_so_does_every_snapshot(known: Known) -> None:
    here, member, some_id = known.world.store_id, known.member, known.a.counter.new_id()
    with known.world.database.write_all() as conn:
        number = conn.execute(select(entity_tables()["member"].c.phone_hash)).scalar_one()
        kept: dict[Table, dict[str, Any]] = {
            member_external: {"external_id": "crm-77", "source": "crm", "member_id": member, "home_scope_id": here},
            recognition_mark: {
                "mark": f"phone:{number}", "purchase_id": some_id, "scope_id": here, "noted_at_ms": 1,
            },
            phone_check: {
                "phone_hash": number, "code_hash": bytes(32), "sent_at_ms": 1, "failures": 0, "sent_count": 1,
                "counted_from_ms": 1,
            },
            segment_member: {
                "scope_id": here, "segment_id": some_id, "member_id": member, "added_at_ms": 1,
            },
            tables.snapshot: {
                "scope_id": here, "snap_id": some_id, "schema_ver": 1, "epoch": 1, "seq": 1, "manifest": "{}",
                "built_at_ms": 1,
            },
            tables.snapshot_page: {"scope_id": here, "snap_id": some_id, "page_no": 0, "body": b"her rows"},
        }  # fmt: skip
        for table, row in kept.items():
            conn.execute(insert(table), [row])
    known.erase()
    with known.world.database.read() as conn:
        for name in (
            "member_external", "recognition_mark", "phone_check", "segment_member", "snapshot", "snapshot_page",
            "member_phone", "phone_directory",
        ):  # fmt: skip
            assert every_text(conn, name) == "[]", name


def test_her_number_is_free_for_whoever_comes_with_it(known: Known) -> None:
    known.erase()
    settle(known.b)
    anew = known.b.counter.new_id()
    phone: dict[str, Any] = {**known.b.counter.phone_fields(PHONE)}
    do(known.b, "a2", ops.RegisterMember(member_id=anew, name="林晚", **phone))
    settle(known.b)
    assert set(known.world.recorded().values()) == {"accepted"}
    with known.world.database.read() as conn:
        row = load_row(conn, "member", known.world.store_id, anew)
    assert row is not None
    assert (row["name"], row["merged_into"]) == ("林晚", None)


def test_an_erasure_that_was_broken_off_is_carried_on(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, left = ServerDatabase.write, [2]

    def breaking(self: ServerDatabase, scope_id: str, work: Any) -> Any:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return whole(self, scope_id, work)

    monkeypatch.setattr(ServerDatabase, "write", breaking)
    with pytest.raises(KeyboardInterrupt):
        known.erase()
    monkeypatch.undo()
    assert at_head_office(known)
    settle(*known.tills)
    assert sweep_erasures(known.world.database, known.world.clock.wall_ms()) == 1
    assert at_head_office(known) == set()
    assert sweep_erasures(known.world.database, known.world.clock.wall_ms()) == 0
    settle(*known.tills)
    assert_equal(*known.tills)


def test_erasing_again_changes_nothing_and_a_stranger_is_nobody(known: Known) -> None:
    first = erase_member(known.world.database, known.member, reason="x", now_ms=1)
    assert erase_member(known.world.database, known.member, reason="x", now_ms=2) == first
    with known.world.database.read() as conn:
        row = load_row(conn, "erasure", known.world.chain_id, known.member)
    assert row is not None
    assert (row["serial"], row["erased_at_ms"], row["is_done"], row["row_ver"]) == (1, 1, 1, 2)
    for nobody in ("x", known.a.counter.new_id()):
        with pytest.raises(Refused) as refused:
            erase_member(known.world.database, nobody, reason="x", now_ms=3)
        assert refused.value.code == "not_found"


@pytest.mark.parametrize("is_cache_lost", [False, True])
def test_nothing_of_her_is_in_any_file_after_each_counter_is_back(known: Known, is_cache_lost: bool) -> None:
    """P-4: every page, free ones and logs included, of the files of three counters (one of them was away) and of the
    server's database."""
    world = known.world
    held = [hits(till, known) for till in known.tills]
    assert len({what for _, what in held[0]}) > 20
    assert {what for _, what in held[2]} >= {"name2", "other_note", "other_tag"}
    known.b.wire.is_cut = True
    end_members(world.database, known.other.store_id, [known.member])
    do(known.b, "a2", talk(known.b, known.member, SECRETS["late_note"]), sale(known.b, known.member))
    known.erase()
    settle(known.a, known.other)
    assert hits(known.a, known) == hits(known.other, known) == set()
    if is_cache_lost:
        known.b.close()
        for path in known.b.folder.glob("cache.db*"):
            path.unlink()
    assert {what for _, what in hits(known.b, known)} >= {"name2", "late_note", "draft2"} - (
        {"name2"} if is_cache_lost else set()
    )
    known.b.wire.is_cut = False
    settle(known.b, known.a, known.other)
    assert [hits(till, known) for till in known.tills] == [set(), set(), set()]
    for till in known.tills:
        till.close()
        assert hits(till, known) == set()
    if world.backend.name == "sqlite":
        assert found_in(world.folder, known.secrets, {}) == set(), "the server's file, open as it is"


def hits(till: Till, known: Known) -> set[tuple[str, str]]:
    keys = till.counter.keys
    return found_in(till.folder, known.secrets, {"journal.db": keys.journal_key, "cache.db": keys.cache_key})


@pytest.mark.parametrize("place", ["_erase_shown", "_note_applied"])
def test_a_counter_that_stops_half_way_goes_on_when_it_starts(
    known: Known, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """P-4: killed after the journal let go of her, or before the erasure is noted as applied."""

    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    known.erase()
    monkeypatch.setattr(erasing, place, stop)
    with pytest.raises(KeyboardInterrupt):
        settle(known.b)
    monkeypatch.undo()
    known.b.close()
    settle(known.b)
    assert hits(known.b, known) == set()
    with known.b.counter.journal.db.read() as conn:
        assert conn.execute(select(t.erased.c.member_id)).scalars().all() == [known.member]
    assert_equal(known.b)


def test_the_operators_command_says_what_it_did(known: Known, capsys: pytest.CaptureFixture[str]) -> None:
    secrets = known.world.folder / "secrets.json"
    write_secrets(secrets, known.world.context.secrets)
    place = ["--reason", "her letter", "--database", known.world.url, "--secrets", str(secrets), "--json"]
    assert main(["admin", "member", "erase", known.member, *place]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"member": known.member, "serial": 1, "ids": [known.member]}
    assert at_head_office(known) == set()
    assert main(["admin", "member", "erase", known.a.counter.new_id(), *place]) == 1


def test_every_text_about_a_member_is_looked_at() -> None:
    """A new table or column with words in it is either erased or said here to be a fact."""
    facts = {
        "member": {"tier"},
        "member_change": {"field"},
        "member_code": {"digits", "typed", "handle"},  # random, and stand in the chained body of operations
        "consent": {"purpose", "text_version", "lang", "channel"},
        "consent_answer": {"purpose", "text_version", "lang", "channel"},
        "family_date": {"relation", "event"},
        "wish": {"until_date", "ended"},
        "binding": {"cause"},
        "binding_event": {"kind", "outcome", "reason"},
        "interaction": {"kind", "outcome"},
        "follow_up": {"due_date", "due_time", "reason", "channel", "state"},
        "visit": {"channel"},
        "purchase": {"source", "order_no", "channel", "currency"},
        "purchase_return": {"source", "return_no", "currency"},
        "sale_claim": {"receipt_no", "state"},
        "coupon": {"handle", "state"},
        "coupon_use": {"handle"},
        "gathering_seat": {"state", "attendance"},
        "points_entry": {"kind", "tier", "lines", "order_no", "currency"},
    }
    for name in (*MEMBER_TABLES, *STORE_TABLES):
        table = entity_tables()[name]
        texts = {c.name for c in table.columns if str(c.type) == "TEXT"}
        blank = texts - facts.get(name, set())
        assert name in ERASED_TABLES or not blank, (name, blank)
    assert erasure.info["feed"] == "chain"
