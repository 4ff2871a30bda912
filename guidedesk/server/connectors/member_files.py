"""Files of people (COMMANDS.md, member rows): several rows of one phone, card or id elsewhere are one person.

Where rows of one person disagree, or differ from whom the chain knows already, it is listed and not guessed: the name
of the first row stands, any other field in question is left out, and somebody known stays as she is. Nobody brought in
has given a consent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.codes.checks import is_mod11_10, is_mod97_10
from guidedesk.codes.encoder import new_member_pair
from guidedesk.domain import people
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id, new_id
from guidedesk.domain.import_headers import Layout
from guidedesk.domain.import_rows import MemberRow, read_member_row
from guidedesk.domain.ports import Random
from guidedesk.models.base import among
from guidedesk.models.entities import Row, load_rows
from guidedesk.models.intake_tables import member_external
from guidedesk.models.people import staff
from guidedesk.models.server_tables import member_phone
from guidedesk.server.connectors import file_run
from guidedesk.server.connectors.file_run import FileRun, ImportReport, Tell
from guidedesk.server.connectors.landing import Person, land_people
from guidedesk.server.connectors.row_spool import RowSpool
from guidedesk.server.feed import chunks
from guidedesk.server.order_matching import is_card, people_of_marks
from guidedesk.server.order_names import Names, read_names
from guidedesk.server.recognition import recognise_all
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import insert_missing, reach_of
from guidedesk.services.names import search_keys
from guidedesk.services.table_files import open_table

_PORTION: Final = 1_000
_CARD: Final = "card"  # the source of member numbers that are not in our own form
_TYPED: Final = 12


@dataclass(slots=True)
class _OnePerson:
    """Everything a file says of one person."""

    rows: list[tuple[int, MemberRow]]

    @property
    def numbers(self) -> list[int]:
        """Her rows in the file."""
        return [number for number, _ in self.rows]


def import_members(run: FileRun, path: Path, *, phone_key: bytes | None, random: Random, tell: Tell) -> ImportReport:
    """Bring people in; a second run adds nobody. Sales that were waiting for them are theirs afterwards."""
    report = ImportReport()
    with open_table(path) as table, RowSpool() as spool:
        report.encoding = table.encoding
        rows: list[tuple[int, MemberRow]] = []
        cells: dict[int, Sequence[str]] = {}

        def keep(found: Mapping[str, str], layout: Layout, number: int, values: Sequence[str]) -> None:
            row = read_member_row(found, run.chain, layout)
            _check_card(row.card_no)
            rows.append((number, row))
            cells[number] = values

        layout = file_run.each_row(run, table, spool, report, keep)
        landing = _Landing(run, report, phone_key, random)
        for portion in chunks(_group(rows), _PORTION):
            for number, error in landing.land(portion):
                spool.reject(number, error, cells[number])
            run.progress("landing", report.landed + report.unchanged, report.read)
        file_run.close_report(report, spool)
        if report.rejected and not run.is_dry:
            file_run.write_rejected(path, layout, spool.rejected(), tell)
    if report.landed and not run.is_dry:
        report.noticed["sales_recognised"] = recognise_all(run.database, run.chain.now_ms)
    return report


def _check_card(text: str) -> None:
    if is_card(text) and not (is_mod11_10(text) if len(text) == _TYPED else is_mod97_10(text)):
        raise Refused("row_card_check", text=text)


def _names_of(row: MemberRow) -> list[str]:
    """What makes two rows one person."""
    said = [f"phone:{row.phone}" if row.phone else "", f"card:{row.card_no}" if row.card_no else ""]
    said.append(f"id:{row.external_source}:{row.external_id}" if row.external_id else "")
    return [name for name in said if name]


def _group(rows: Sequence[tuple[int, MemberRow]]) -> list[_OnePerson]:
    """Rows that share a phone, a card or an id elsewhere, also by way of others, in the order of the file."""
    parent = list(range(len(rows)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[str, int] = {}
    for place, (_, row) in enumerate(rows):
        for name in _names_of(row):
            one, other = sorted((root(first.setdefault(name, place)), root(place)))
            parent[other] = one
    groups: dict[int, _OnePerson] = {}
    for place, row_and_number in enumerate(rows):
        groups.setdefault(root(place), _OnePerson([])).rows.append(row_and_number)
    return list(groups.values())


class _Landing:
    """People on their way in."""

    def __init__(self, run: FileRun, report: ImportReport, phone_key: bytes | None, random: Random) -> None:
        self._run = run
        self._report = report
        self._phone_key = phone_key
        self._random = random
        self._names: Names = read_names(run.database, ())
        self._staff_stores = _staff_stores(run)

    def land(self, portion: Sequence[_OnePerson]) -> list[tuple[int, Refused]]:
        """Land those of these people whom nobody knows; what cannot be, row by row."""
        refused: list[tuple[int, Refused]] = []
        known = self._known(portion)
        fresh: dict[str, list[Person]] = defaultdict(list)
        others: list[dict[str, str]] = []
        for one in portion:
            marks = self._marks(one)
            found = {known[mark] for mark in marks if known.get(mark) is not None}
            try:
                if len(found) > 1:
                    raise Refused("row_two_people")
                if found:
                    member_id = str(next(iter(found)))
                    self._compare(one, member_id)
                    self._report.unchanged += len(one.rows)
                    others += self._elsewhere(one, member_id, "")
                    continue
                home, person = self._person(one)
            except Refused as error:
                refused += [(number, error) for number in one.numbers]
                continue
            self._report.landed += len(one.rows)
            fresh[home].append(person)
            others += self._elsewhere(one, person.member_id, home)
        if not self._run.is_dry:
            self._write(fresh, others)
        return refused

    def _write(self, fresh: Mapping[str, Sequence[Person]], others: list[dict[str, str]]) -> None:
        database = self._run.database
        ids = sorted({row["member_id"] for row in others if not row["home_scope_id"]})
        if ids:
            with database.read() as conn:
                homes = {m: next(iter(s.values())) for m, s in reach_of(conn, ids).items()}
            others = [row | {"home_scope_id": row["home_scope_id"] or homes[row["member_id"]]} for row in others]
        others.sort(key=lambda row: (row["external_id"], row["source"]))
        if others:
            database.write_directory(lambda conn: insert_missing(conn, member_external, others))
        for home, some in sorted(fresh.items()):
            land_people(database, home, some, self._phone_key, self._run.chain.now_ms)

    def _known(self, portion: Sequence[_OnePerson]) -> dict[str, str | None]:
        marks = {mark for one in portion for mark in self._marks(one)}
        with self._run.database.read() as conn:
            known = people_of_marks(conn, [mark for mark in marks if not mark.startswith("plain:")])
            plain = [mark.removeprefix("plain:") for mark in marks if mark.startswith("plain:")]
            found = {f"member:{member_id}": mark for mark, member_id in _by_plain_phone(conn, plain).items()}
            living = people_of_marks(conn, found)
        return known | {f"plain:{found[mark]}": member_id for mark, member_id in living.items()}

    def _marks(self, one: _OnePerson) -> list[str]:
        found: dict[str, None] = {}
        for _, row in one.rows:
            if row.phone and self._phone_key is not None:
                found[f"phone:{people.phone_hash(row.phone, self._phone_key)}"] = None
            elif row.phone:
                found[f"plain:{row.phone}"] = None
            if row.card_no:
                found[f"code:{row.card_no}" if is_card(row.card_no) else f"id:{_CARD}:{row.card_no}"] = None
            if row.external_id:
                found[f"id:{row.external_source}:{row.external_id}"] = None
        return list(found)

    def _said(self, one: _OnePerson, name: str) -> Any:
        """The one thing her rows say of a field; nothing where they disagree, which is listed."""
        said = list(dict.fromkeys(v for _, row in one.rows if (v := getattr(row, name)) not in ("", None)))
        if len(said) > 1:
            self._list(one, name, said)
        return said[0] if len(said) == 1 else None

    def _list(self, one: _OnePerson, name: str, said: Sequence[Any]) -> None:
        values = [str(value) for value in said]
        entry = {"row": one.numbers[0], "rows": one.numbers, "reason": "conflict", "field": name, "values": values}
        self._report.listed.append(entry)

    def _person(self, one: _OnePerson) -> tuple[str, Person]:
        said = {
            name: self._said(one, name)
            for name in ("name", "phone", "birthday", "store", "associate", "tier", "card_no", "joined_at_ms")
        }
        owner = self._names.associate(said["associate"] or "")
        home = self._names.store(said["store"] or "") or self._staff_stores.get(owner or "")
        if home is None and len(set(self._names.stores.values())) == 1:
            home = next(iter(self._names.stores.values()))
        if home is None:
            raise Refused("row_missing", column="store / 归属门店")
        now_ms = self._run.chain.now_ms
        joined_ms = said["joined_at_ms"] or now_ms
        member_id = self._member_id(one)
        name = said["name"] or one.rows[0][1].name
        pinyin, initials = search_keys(name)
        code = self._code(said["card_no"] or "", member_id, joined_ms)
        row: Row = {
            "id": member_id,
            "name": name,
            "pinyin": pinyin,
            "initials": initials,
            "card_no": code["typed"] if code else None,
            "birthday": said["birthday"],
            "tier": said["tier"] or "casual",
            "joined_at_ms": joined_ms,
        }
        rows: dict[str, Sequence[Row]] = {"member": [row], "member_code": [code] if code else []}
        rows["member_tag"] = self._tags(one, member_id, home, owner, joined_ms)
        if owner is not None:
            times = {"bound_at_ms": joined_ms, "last_touch_ms": joined_ms}
            rows["binding"] = [{"id": member_id, "owner_id": owner, **times, "cause": "imported"}]
        return home, Person(member_id, said["phone"], rows)

    def _member_id(self, one: _OnePerson) -> str:
        """Her id: from what another program calls her, so that a run broken off makes no second one."""
        for _, row in one.rows:
            if row.external_id:
                return derived_id("member", row.external_source, row.external_id)
            if row.card_no:
                return derived_id("member", _CARD, row.card_no)
        return new_id(self._run.chain.now_ms, self._random.bytes(10))

    def _code(self, card_no: str, member_id: str, at_ms: int) -> Row | None:
        if not is_card(card_no):
            return None
        pair = new_member_pair(self._random)
        digits, typed = (pair.short, card_no) if len(card_no) == _TYPED else (card_no, pair.typed)
        made = {"digits": digits, "typed": typed, "member_id": member_id}
        return made | {"id": derived_id("code", digits), "state": "live", "bound_at_ms": at_ms}

    def _tags(
        self, one: _OnePerson, member_id: str, home: str, owner: str | None, at_ms: int
    ) -> list[dict[str, Any]]:
        tags = dict.fromkeys(tag for _, row in one.rows for tag in row.tags)
        by = owner or home
        return [
            {"id": derived_id("tag", home, member_id, tag), "member_id": member_id, "tag": tag, "is_on": 1,
             "changed_by": by, "changed_at_ms": at_ms}
            for tag in tags
        ]  # fmt: skip

    def _elsewhere(self, one: _OnePerson, member_id: str, home: str) -> list[dict[str, str]]:
        """What other programs call her; `home` empty where it is looked up."""
        found: dict[tuple[str, str], None] = {}
        for _, row in one.rows:
            if row.external_id:
                found[row.external_id, row.external_source] = None
            if row.card_no and not is_card(row.card_no):
                found[row.card_no, _CARD] = None
        return [
            {"external_id": text, "source": source, "member_id": member_id, "home_scope_id": home}
            for text, source in found
        ]

    def _compare(self, one: _OnePerson, member_id: str) -> None:
        """Somebody known stays as she is; what the file says otherwise is listed."""
        with self._run.database.read() as conn:
            home = next(iter(reach_of(conn, [member_id])[member_id].values()))
            rows = load_rows(conn, "member", home, [member_id])
        for name in ("name", "birthday"):
            said = self._said(one, name)
            if rows and said is not None and rows[0][name] not in (None, said):
                self._list(one, name, [rows[0][name], said])


@cross_scope
def _by_plain_phone(conn: Connection, phones: Sequence[str]) -> dict[str, str]:
    """Phone -> member, for runs without the server's secrets: every store's list is read."""
    m = member_phone.c
    return {
        row.phone: row.member_id
        for some in chunks(sorted(phones))
        for row in conn.execute(select(m.phone, m.member_id).where(among(conn, m.phone, some)))
    }


def _staff_stores(run: FileRun) -> dict[str, str]:
    s = staff.c
    with run.database.read() as conn:
        rows = conn.execute(select(s.id, s.store_id).where(s.scope_id == run.database.chain_id()))
        return {row.id: row.store_id for row in rows}
