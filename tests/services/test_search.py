"""Everything a customer may say finds her, both readings of a surname too; nothing that is typed can break it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import Style, pinyin
from sqlalchemy import Connection

from guidedesk.domain.ids import derived_id
from guidedesk.domain.search import NameKey, name_key, read_query
from guidedesk.models.entities import store_rows
from guidedesk.services.names import DOUBLE_SURNAMES, SURNAMES, search_keys
from guidedesk.services.queries import preview, search
from guidedesk.services.queries.prepared import Prepared
from guidedesk.services.queries.preview import get_member_preview
from guidedesk.services.queries.search import search_members
from tests.helpers.shop import LAKESIDE, LIN, NOW, QIN, SHEN, WULIN, full, member_row, open_shop, purchase_row

NAMES = ("单小文", "曾单", "仇冬", "尉迟远", "万俟静", "吕梁", "Anna Shen", "O'Neil", "沈 知薇", "石丹")
ALPHABET = "沈知单曾仇石秦之恒abcdqsxzhenanu2746 #-'HB0aA"


@pytest.fixture(scope="module")
def conn() -> Iterator[Connection]:
    shop = open_shop()
    with shop.engine.begin() as opened:
        rows = [
            member_row(derived_id("named", n), name, *search_keys(name), phone_tail=f"{n:04d}", card_no=f"7700{n:08d}")
            for n, name in enumerate(NAMES)
        ]
        store_rows(opened, "member", rows)
        orders = [purchase_row(n, member, n, ("大衣", "外套", 100)) for n, member in ((4, QIN), (5, SHEN))]
        store_rows(opened, "purchase", orders)
        store_rows(opened, "member_tag", [tag(1, QIN, "羊绒"), tag(2, QIN, "Cashmere"), tag(3, SHEN, "羊毛")])
        yield opened


def tag(number: int, member_id: str, text: str, is_on: int = 1, at_ms: int = NOW, scope_id: str = LAKESIDE):
    return full(
        "member_tag", scope_id=scope_id, id=derived_id("tag", number), member_id=member_id, tag=text, is_on=is_on,
        changed_by=LIN, changed_at_ms=at_ms,
    )  # fmt: skip


def names(conn: Connection, typed: str, **more: object) -> list[str]:
    return [hit.name for hit in search_members(conn, typed, **more)]  # type: ignore[arg-type]


def test_a_surname_is_found_in_each_of_its_readings() -> None:
    shop = open_shop()
    with shop.engine.begin() as conn:
        for number, (surname, readings) in enumerate(SURNAMES.items()):
            member = f"{surname}文"
            keys = search_keys(member)
            assert keys == (f"{readings[0]}wen", f"{readings[0][0]}w")
            row = member_row(derived_id("m", number), member, *keys, phone_tail=f"{number:04d}")
            store_rows(conn, "member", [row])
        for number, (surname, readings) in enumerate(SURNAMES.items()):
            common = pinyin(surname, style=Style.NORMAL)[0][0]
            for reading in (*readings, common):
                for typed in (f"{reading}w", f"{reading} wen", reading, f"{reading[0]}w", f"{number:04d}{reading}"):
                    assert f"{surname}文" in names(conn, typed, limit=100), typed
            assert f"{surname}文" not in names(conn, f"{readings[0]}q", limit=100)


def test_a_name_is_read_without_the_dictionary_of_phrases() -> None:
    """46 MB of a counter's memory: a name is read character by character."""
    look = "from pypinyin.constants import PHRASES_DICT; print(search_keys('沈知微'), len(PHRASES_DICT))"
    code = f"from guidedesk.services.names import search_keys; search_keys('沈知'); {look}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYPINYIN")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == "('shenzhiwei', 'szw') 0"


@pytest.mark.parametrize(("surname", "reading"), DOUBLE_SURNAMES.items())
def test_a_surname_of_two_characters_has_its_own_reading(surname: str, reading: tuple[str, str]) -> None:
    assert search_keys(f"{surname}文") == ("".join(reading) + "wen", reading[0][0] + reading[1][0] + "w")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("单", ["单小文"]),
        ("danx", ["单小文"]),
        ("dxw", ["单小文"]),
        ("shanxiao", ["单小文"]),
        ("dan", ["单小文", "石丹"]),
        ("cd", ["曾单", "仇冬"]),
        ("cs", []),  # in a given name 单 is read as everywhere
        ("yuchi", ["尉迟远"]),
        ("moqi", ["万俟静"]),
        ("lyul", ["吕梁"]),
        ("lül", ["吕梁"]),
        ("anna", ["Anna Shen"]),
        ("Anna Sh", ["Anna Shen"]),
        ("o'ne", ["O'Neil"]),
        ("ＳＺＷ", ["沈 知薇", "沈知微"]),
        ("２７４６ 沈", ["沈知微"]),
        ("2746szw", ["沈知微"]),
        ("szw2746", ["沈知微"]),
        ("0000dan", ["单小文"]),
        ("8830 0000 2746", ["沈知微"]),
        ("883", []),
        ("hb-000004", ["秦之恒"]),
        ("HB-00000", ["秦之恒", "沈知微"]),
        ("#羊", ["沈知微", "秦之恒"]),
        ("＃羊绒", ["秦之恒"]),
        ("#cash", ["秦之恒"]),
        ("#", []),
        ("12", []),
    ],
)
def test_what_is_typed_and_who_is_meant(conn: Connection, typed: str, found: list[str]) -> None:
    assert sorted(names(conn, typed)) == sorted(found)


def test_a_row_says_which_receipt_or_tag_it_was(conn: Connection) -> None:
    assert [hit.matched for hit in search_members(conn, "hb-00000")] == ["HB-000004", "HB-000005"]
    assert [hit.matched for hit in search_members(conn, "#Cash")] == ["Cashmere"]


def test_a_tag_taken_off_later_in_another_store_is_off() -> None:
    shop = open_shop()
    with shop.engine.begin() as conn:
        store_rows(conn, "member_tag", [tag(1, SHEN, "丝绸"), tag(2, SHEN, "丝绸", 0, NOW + 1, WULIN)])
        assert names(conn, "#丝绸") == []
        store_rows(conn, "member_tag", [tag(3, QIN, "丝绸", 0, NOW - 1, WULIN), tag(4, QIN, "丝绸")])
        assert names(conn, "#丝绸") == ["秦之恒"]


def test_a_whole_phone_is_found_by_its_hash_only(conn: Connection) -> None:
    assert names(conn, "13800002746") == []
    assert names(conn, "13800002746", phone_hash="aa" * 16) == ["沈知微"]


@settings(max_examples=200, deadline=None)
@given(typed=st.text(alphabet=ALPHABET, max_size=8), more=st.text(alphabet=ALPHABET, max_size=4))
def test_who_is_nobody_stays_nobody_however_the_name_goes_on(conn: Connection, typed: str, more: str) -> None:
    query = read_query(typed)
    if query.is_only_name and not search_members(conn, typed):
        longer = typed + more
        assert search_members(conn, longer, nobody=query.name) == search_members(conn, longer)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_only_text(conn: Connection, typed: str) -> None:
    first = search_members(conn, typed)
    assert first == search_members(conn, typed)
    assert len(first) <= search.LIMIT
    assert len({hit.member_id for hit in first}) == len(first)


@given(st.text(max_size=40))
def test_a_query_keeps_within_its_bounds(text: str) -> None:
    query = read_query(text)
    assert len(query.text) <= 80
    assert not (query.digits and query.name)
    assert read_query(query.text) == query
    assert name_key(text) == NameKey() or query.tag or query.digits or query.name or not query.text


PREPARED = {
    name: found for module in (search, preview) for name, found in vars(module).items() if isinstance(found, Prepared)
}


@pytest.mark.parametrize("name", sorted(set(PREPARED) - {"_EVERYBODY"}))
def test_no_statement_of_a_keystroke_scans_or_sorts(conn: Connection, name: str) -> None:
    statement = PREPARED[name]
    if not statement._sql:
        statement._compile()
    plan = conn.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement._sql}", [0] * len(statement._binds))
    steps = [row[3] for row in plan.fetchall()]
    assert not [step for step in steps if step.startswith("SCAN") and "anon" not in step]
    # One phone is one person, and sizes are counted over thirty orders: nothing to speak of.
    assert name in ("_BY_PHONE", "_SIZE") or not [step for step in steps if "TEMP B-TREE" in step]


def test_the_preview_says_what_helps_to_recognise_her(conn: Connection) -> None:
    seen = get_member_preview(conn, SHEN, LIN, NOW)
    assert (seen.name, seen.last_amount_minor, seen.size, seen.owner.state) == ("沈知微", 100, "M", "none")
    assert (seen.wechat.is_given, seen.follow_up) == (None, None)
