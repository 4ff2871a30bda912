from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from guidedesk.domain.errors import GuideDeskError
from guidedesk.resources import resource_path
from guidedesk.ui import formats, i18n
from guidedesk.ui.messages import message_for, sentence

UI = Path(__file__).resolve().parents[2] / "guidedesk" / "ui"
SLOT = re.compile(r"\{(\w+)\}")
AT_MS = 1_795_228_920_000  # 2026-11-21 10:42 in Shanghai


@pytest.fixture
def english():
    i18n.use_language("en")
    yield
    i18n.use_language("zh_CN")


def areas(code):
    return sorted(resource_path("i18n", code).glob("*.json"))


def test_both_languages_have_the_same_areas_keys_and_values():
    assert [path.name for path in areas("zh_CN")] == [path.name for path in areas("en")]
    for mine, theirs in zip(areas("zh_CN"), areas("en"), strict=True):
        zh, en = i18n.read_area(mine), i18n.read_area(theirs)
        assert zh.keys() == en.keys(), mine.name
        for key in zh:
            assert slots(zh[key]) == slots(en[key]), key


def slots(entry):
    forms = [entry] if isinstance(entry, str) else list(entry.values())
    return {name for form in forms for name in SLOT.findall(form)}


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_no_sentence_guesses_whether_somebody_is_a_woman_or_a_man(code):
    # DESIGN-UI.md 11: 客人, 这位会员, or the name. "He Jingyi" is a name.
    guess = re.compile(r"她|(?<!其)他(?!人|们)|\b([Ss]he|[Hh]er(s|self)?|[Hh]im(self)?|[Hh]is|he|He(?! [A-Z]))\b")
    found = []
    for path in areas(code):
        for key, entry in i18n.read_area(path).items():
            forms = [entry] if isinstance(entry, str) else list(entry.values())
            found += [(key, form) for form in forms if guess.search(form)]
    assert found == []


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_no_key_is_in_two_areas(code):
    owner: dict[str, str] = {}
    for path in areas(code):
        for key in i18n.read_area(path):
            assert owner.setdefault(key, path.name) == path.name, key


def literal_keys():
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                key = node.args[0].value
                if name in ("t", "say", "heading") and isinstance(key, str) and re.fullmatch(r"[\w.]+", key):
                    yield path.name, key


def test_every_key_named_in_the_window_has_a_text():
    missing = sorted({(where, key) for where, key in literal_keys() if key not in i18n.catalogue("en")})
    assert missing == []


def test_texts_never_shout_or_blame():
    for code in i18n.LANGUAGES:
        for key, entry in i18n.catalogue(code).items():
            for form in [entry] if isinstance(entry, str) else entry.values():
                assert not set(form) & set("!！"), key
                assert "系统错误" not in form, key


def test_plurals_follow_the_number(english):
    assert i18n.t("bind.mine", n=1) == "Mine · 1 day left"
    assert i18n.t("bind.mine", n=9) == "Mine · 9 days left"


def test_a_value_meets_chinese_with_a_space_and_the_value_itself_stays_as_it_is():
    assert i18n.fill("卡号{no}已停用", {"no": "8830"}) == "卡号 8830 已停用"
    assert i18n.fill("备注：{note}", {"note": "M码3件"}) == "备注：M码3件"
    assert i18n.fill("这不是{brand}发的码", {"brand": "松屿"}) == "这不是松屿发的码"


def test_dates_read_as_people_say_them():
    today = date(2026, 11, 21)
    assert formats.day_text(today, today) == "今天"
    assert formats.day_text(date(2026, 11, 20), today) == "昨天"
    assert formats.day_text(date(2026, 8, 2), today) == "8 月 2 日"
    assert formats.day_text(date(2025, 12, 18), today) == "2025 年 12 月 18 日"
    assert formats.weekday_date(today) == "11 月 21 日 星期六"
    assert formats.moment_text(AT_MS, AT_MS) == "今天 10:42"


def test_dates_read_as_people_say_them_in_english(english):
    today = date(2026, 11, 21)
    assert formats.day_text(date(2026, 11, 20), today) == "yesterday"
    assert formats.full_date(today) == "21 Nov 2026"
    assert formats.weekday_date(today) == "Sat 21 Nov"
    assert formats.month_text(11) == "November"


@pytest.mark.parametrize(
    ("minor", "signed", "text"),
    [(128460, False, "¥1,284.60"), (-45900, False, "−¥459.00"), (3894, True, "+¥38.94"), (0, True, "¥0.00")],
)
def test_money_has_its_sign_and_its_cents(minor, signed, text):
    assert formats.money(minor, signed=signed) == text


def test_money_without_cents_rounds_and_other_currencies_keep_their_digits():
    assert formats.money_short(3846050) == "¥38,461"
    assert formats.money(1500, "JPY") == "¥1,500"
    assert formats.money(-1234, "USD") == "−$12.34"


def test_amounts_are_spoken_with_unit_and_state(english):
    assert formats.money_spoken(2170, "Provisional") == "21.70 yuan, Provisional"
    i18n.use_language("zh_CN")
    assert formats.money_spoken(2170, "待确认") == "21 元 7 角，待确认"
    assert formats.money_spoken(-100) == "负 1 元"


def test_numbers_of_people_and_cards_are_grouped():
    assert formats.phone("138****2746") == "138 **** 2746"
    assert formats.card_no("88302746") == "8830 2746"
    assert formats.count(-1284) == "−1,284"
    assert formats.percent(1, 18) == "5.6%"
    assert formats.percent(1, 0) == "0%"


def test_an_error_becomes_a_sentence_and_keeps_its_code_for_support():
    strange = message_for(GuideDeskError("never_heard_of", member="x"))
    assert strange.text == i18n.t("error.unexpected")
    assert "never_heard_of" in strange.detail
    assert message_for(KeyError("boom")).text == i18n.t("error.unexpected")
    assert sentence("never_heard_of") == i18n.t("error.unexpected")


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="no texts"):
        i18n.use_language("fr")
