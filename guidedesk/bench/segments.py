"""segments: an audience of a million members counted while somebody types, and the same after members changed.

Made members go into `member_fact` of a PostgreSQL of its own; each count is the server's whole answer (fold, columns,
steps, reasons, shares) for conditions that were not asked before. The floor is `count(*)` over the same rows in the
same database; `ratios.count` is the answer over the floor. `--check` also holds counts against the rule, member by
member. `holds` is False as well where the 95th percentile is 200 ms or more.
"""

from __future__ import annotations

import argparse
import time
from array import array
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

import psycopg
from sqlalchemy import func, insert, select, update

from guidedesk.bench.figures import percentile, rss_mb, summary, timed
from guidedesk.bench.local_postgres import SUPERUSER, LocalPostgres
from guidedesk.bench.options import positive
from guidedesk.domain.access import Actor
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.domain.segments import BOUGHT, Asking, Audience, Condition, MemberFacts, WordKind, matches
from guidedesk.domain.time import DAY_MS, local_date
from guidedesk.models.segment_tables import member_fact, member_fact_mark, member_fact_word
from guidedesk.server.bulk_sql import insert_tuples
from guidedesk.server.chain import add_store, init_chain
from guidedesk.server.context import ServerContext, SystemClock, SystemRandom
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.schema import create_schema
from guidedesk.server.secrets import new_secrets
from guidedesk.server.segments import count_audience
from guidedesk.server.staff import NewStaff, StaffOffice

SEED: Final = 20_261_121
_STAFF: Final = 40
_CATEGORIES: Final = 60
_ZONE: Final = "Asia/Shanghai"
_WORDS: Final[tuple[tuple[WordKind, int], ...]] = (("category", 60), ("product", 3_000), ("size", 12), ("colour", 40))
_TAGS: Final = 200
_PORTION: Final = 20_000
_FOLDED: Final = 500  # as the fold takes them
_CHECKED: Final = 20_000
_NAMES: Final = (
    "scope_id", "member_id", "seq", "is_here", "is_home", "owner_id", "consents", "birthday", "hour", "in_store_on",
    "contacted_on", "touched_on", "tried_on", "orders", "words", "contacts_ms", "planned",
)  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many members, orders and counts."""
    parser.add_argument("--members", type=positive, default=1_000_000, metavar="N", help="members of the store")
    parser.add_argument("--orders", type=positive, default=8, metavar="N", help="orders a member, on average")
    parser.add_argument("--counts", type=positive, default=60, metavar="N", help="audiences counted")
    parser.add_argument("--check", action="store_true", help="also hold counts against the rule, member by member")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """One run on a PostgreSQL of its own."""
    with LocalPostgres(is_durable=True) as local:
        with psycopg.connect(local.url("postgres", SUPERUSER), autocommit=True) as control:
            control.execute("CREATE DATABASE segments")
        database = open_server(local.url("segments"))
        try:
            return _measured(database, args)
        finally:
            database.close()


def _measured(database: ServerDatabase, args: argparse.Namespace) -> dict[str, Any]:
    clock, random = SystemClock(), Random(SEED)
    create_schema(database)
    secrets = new_secrets(SystemRandom())
    chain_id = init_chain(database, clock, SystemRandom())
    scope_id = add_store(database, "HB", "湖滨店", "Lakeside", clock=clock, random=SystemRandom())
    office = StaffOffice(database, secrets, clock, SystemRandom())
    people = [
        office.add(NewStaff(number=f"A{n:03d}", name=f"A{n}", name_en=f"A{n}", role="associate", store_id=scope_id))
        for n in range(_STAFF)
    ]
    boss = office.add(NewStaff(number="M001", name="M", name_en="M", role="manager", store_id=scope_id))
    today = local_date(clock.wall_ms(), _ZONE).toordinal()
    made_s, bytes_a_member = _fill(database, scope_id, people, today, clock.wall_ms(), args, random)
    context = ServerContext.create(database, secrets, clock, SystemRandom(), UNLIMITED)
    actor = Actor(boss, "manager", frozenset({scope_id}))
    before = rss_mb()

    def count(audience: Audience) -> Any:
        return count_audience(
            context, scope_id, actor, audience=audience, segment_id=None, channel="wechat", cap_week=2
        )

    began = time.perf_counter()
    count(Audience())
    load_s, memory = time.perf_counter() - began, rss_mb() - before
    took, took_changed = list[float](), list[float]()
    for _ in range(args.counts):
        audience = _audience(random)
        with timed(took):
            count(audience)
    for number in range(max(5, args.counts // 6)):
        _change(database, scope_id, args.members, number, random)
        audience = _audience(random)
        with timed(took_changed):
            count(audience)
    floor = _floor(database, scope_id)
    holds = not args.check or _holds(context, database, scope_id, today, random)
    counted = summary(took)
    return {
        "params": {"members": args.members, "orders": args.orders, "counts": args.counts, "chain": bool(chain_id)},
        "figures": {
            "count": counted,
            "count_after_a_change": summary(took_changed),
            "load_s": round(load_s, 1),
            "memory_bytes_a_member": round(memory * 1_000_000 / args.members),
            "made_s": round(made_s, 1),
            "stored_bytes_a_member": bytes_a_member,
        },
        "floor": {"count_star": summary(floor)},
        "ratios": {"count": round(counted["p50_ms"] / 1000 / percentile(floor, 50), 2)},
        "holds": holds and counted["p95_ms"] < 200,
    }


def _fill(
    database: ServerDatabase, scope_id: str, people: Sequence[str], today: int, now_ms: int, args: argparse.Namespace,
    random: Random,
) -> tuple[float, int]:  # fmt: skip
    """Members made up, as the fold would have left them; seconds, and bytes of lists a member."""
    numbers: dict[str, range] = {}
    first = 1
    for kind, count in (*_WORDS, ("tag", _TAGS)):
        numbers[kind] = range(first, first + count)
        first += count
    began, size = time.perf_counter(), 0

    def rows(start: int, end: int) -> Iterator[tuple[Any, ...]]:
        nonlocal size
        for n in range(start, end):
            row = _member(scope_id, n, people, today, now_ms, args.orders, numbers, random)
            size += sum(len(row[at]) for at in (13, 14, 15))
            yield row

    words = [
        {"scope_id": scope_id, "kind": kind, "word": f"{kind}-{n}", "number": number, "name": f"{kind} {n}",
         "name_en": f"{kind} {n}"}
        for kind, span in numbers.items()
        for n, number in enumerate(span)
    ]  # fmt: skip
    with database.write_all() as conn:
        conn.execute(insert(member_fact_word), words)
        mark = {
            "scope_id": scope_id,
            "epoch": 1,
            "feed_seq": 0,
            "fact_seq": args.members // _FOLDED + 1,
            "rebuilt_to": None,
        }
        conn.execute(insert(member_fact_mark), [mark | {"counted_at_ms": now_ms}])
    for start in range(0, args.members, _PORTION):
        made = list(rows(start, min(args.members, start + _PORTION)))  # before: a statement has five seconds
        with database.write_all() as conn:
            insert_tuples(conn, member_fact, _NAMES, made)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("SET statement_timeout = 0")
        conn.exec_driver_sql("VACUUM (ANALYZE) member_fact")
        conn.invalidate()
    return time.perf_counter() - began, size // args.members


def _member(
    scope_id: str, n: int, people: Sequence[str], today: int, now_ms: int, orders: int, numbers: dict[str, range],
    random: Random,
) -> tuple[Any, ...]:  # fmt: skip
    days = sorted(today - int(random.expovariate(1 / 200)) for _ in range(random.randrange(2 * orders + 1)))
    bought = array("q", [value for day in days for value in (day, random.randrange(5_000, 200_000))])
    said: dict[int, int] = {}
    for day in days:
        for kind, _ in _WORDS:
            said[random.choice(numbers[kind])] = day
    if random.random() < 0.2:
        said[random.choice(numbers["tag"])] = now_ms - random.randrange(400) * DAY_MS
    contacts = array("q", [now_ms - random.randrange(8 * DAY_MS) for _ in range(random.random() < 0.05)])
    words = array("q", [value for pair in sorted(said.items()) for value in pair])
    return (
        scope_id, derived_id("member", n), n // _FOLDED + 1, 1, 1,
        random.choice(people) if random.random() < 0.8 else None,
        random.randrange(256), random.randrange(1, 13) * 100 + random.randrange(1, 29), random.randrange(-1, 24),
        days[-1] if days else 0, today - 3 if contacts else 0, today - random.randrange(60),
        today - random.randrange(90) if random.random() < 0.1 else 0, bought.tobytes(), words.tobytes(),
        contacts.tobytes(), int(random.random() < 0.02),
    )  # fmt: skip


def _audience(random: Random) -> Audience:
    """Four conditions as a manager joins them, each with a number nobody asked for yet."""

    def back() -> int:
        return random.randrange(30, 730)

    pool = [
        Condition(kind="category", words=(f"category-{random.randrange(_CATEGORIES)}",), days=back()),
        Condition(kind="product", words=(f"product-{random.randrange(3_000)}",), days=back()),
        Condition(kind="not_in_store", days=random.randrange(10, 300)),
        Condition(kind="orders", days=random.randrange(30, 730), least=random.randrange(1, 5)),
        Condition(kind="spent", days=random.randrange(30, 730), least=random.randrange(1, 9) * 50_000),
        Condition(kind="tier", words=("ordinary", "super")),
        Condition(kind="hour", least=random.randrange(8, 18), most=random.randrange(19, 24)),
        Condition(kind="birthday", days=random.randrange(90)),
        Condition(kind="tag", words=(f"tag-{random.randrange(_TAGS)}",)),
        Condition(kind="last_contact", days=random.randrange(1, 60)),
    ]
    chosen = random.sample(pool, 4)
    return Audience(random.choice(["all", "all", "any"]), tuple(chosen))


def _change(database: ServerDatabase, scope_id: str, members: int, number: int, random: Random) -> None:
    """A few members were served: the next count has to take them in."""
    f = member_fact.c
    with database.write_all() as conn:
        for _ in range(5):
            who = derived_id("member", random.randrange(members))
            served = update(member_fact).where(f.scope_id == scope_id, f.member_id == who)
            conn.execute(served.values(seq=members // _FOLDED + 2 + number, in_store_on=f.in_store_on + 1))


def _floor(database: ServerDatabase, scope_id: str) -> list[float]:
    """What the database needs to count the same rows, asked nothing else."""
    took: list[float] = []
    query = select(func.count()).select_from(member_fact).where(member_fact.c.scope_id == scope_id)
    with database.read() as conn:
        conn.execute(query)
        for _ in range(7):
            with timed(took):
                conn.execute(query).scalar_one()
    return took


def _holds(context: ServerContext, database: ServerDatabase, scope_id: str, today: int, random: Random) -> bool:
    """Whether audiences mean what the rule says, for as many members as can be read here."""
    with context.segments.using(database, scope_id) as (columns, _), database.read() as conn:
        numbers = {number: key for key, number in columns.words.items()}
        query = select(member_fact).where(member_fact.c.scope_id == scope_id).limit(_CHECKED)
        known = [_facts(row, numbers) for row in conn.execute(query)]
        only = [each.member_id for each in known]
        for _ in range(20):
            audience, asking = _audience(random), Asking(today)
            found = set(columns.members(columns.mask(audience, asking, columns.base((), only))))
            if found != {each.member_id for each in known if matches(audience, each, asking)}:
                return False
    return True


def _facts(row: Any, numbers: dict[int, tuple[str, str]]) -> MemberFacts:
    said = {numbers[number]: value for number, value in _pairs(row.words)}
    return MemberFacts(
        member_id=row.member_id,
        owner_id=row.owner_id,
        consents=frozenset(purpose for at, purpose in enumerate(CONSENT_PURPOSES) if row.consents >> at & 1),
        birthday=row.birthday,
        hour=None if row.hour < 0 else row.hour,
        in_store_on=row.in_store_on or None,
        contacted_on=row.contacted_on or None,
        touched_on=row.touched_on or None,
        tried_on=row.tried_on or None,
        orders=tuple(_pairs(row.orders)),
        bought={(kind, word): day for (kind, word), day in said.items() if kind in BOUGHT},
        tags={word: at_ms for (kind, word), at_ms in said.items() if kind == "tag"},
    )


def _pairs(blob: bytes) -> list[tuple[int, int]]:
    numbers = array("q", bytes(blob))
    return list(zip(numbers[::2], numbers[1::2], strict=True))
