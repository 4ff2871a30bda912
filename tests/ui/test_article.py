"""A product's label is scanned: its card opens, nothing of it is kept, and a name on it leads to a member."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import Row, store_rows
from guidedesk.services.queries.article_card import MayLike, find_article, list_may_like
from guidedesk.services.read_models import NOBODY, Bilingual
from guidedesk.ui.counter_articles import ARTICLE
from guidedesk.ui.counter_window import MEMBERS, SCAN_RESULT
from guidedesk.ui.presenters.article import ArticlePresenter
from guidedesk.ui.scan_source import Scan
from guidedesk.ui.views.article import ArticlePage
from tests.helpers.shop import CHAIN, HE, LAKESIDE, LIN, NOW, QIN, SHEN, WULIN, Shop, full, open_shop, purchase_row
from tests.ui.member_desk import make_desk, session_of
from tests.ui.whole_window import drawn_window

EAN, OTHER_EAN = "6901234567892", "4006381333931"


def product(sku: str, size: str, colour: str, **more: Any) -> Row:
    return full(
        "product", scope_id=CHAIN, id=derived_id("product", sku), sku=sku, name="针织开衫", name_en="Cardigan",
        category="针织", category_en="Knitwear", size=size, colour=colour, colour_en="blue", **more,
    )  # fmt: skip


def counted(sku: str, quantity: int, hours_ago: int, store: str = LAKESIDE) -> Row:
    return full(
        "stock", scope_id=store, id=derived_id("stock", store, sku), sku=sku, quantity=quantity, shelf="A-3",
        as_of_ms=NOW - hours_ago * 3_600_000,
    )  # fmt: skip


def owned(member_id: str, owner_id: str = LIN) -> list[tuple[str, Row]]:
    consent = full(
        "consent", scope_id=LAKESIDE, id=derived_id("consent", member_id), member_id=member_id, purpose="personalised",
        is_given=1, text_version="1", lang="zh_CN", channel="counter", answered_at_ms=NOW,
    )  # fmt: skip
    binding = full(
        "binding", scope_id=LAKESIDE, id=member_id, owner_id=owner_id, bound_at_ms=NOW, last_touch_ms=NOW,
        cause="scanned",
    )  # fmt: skip
    return [("consent", consent), ("binding", binding)]


def fill(shop: Shop) -> Shop:
    """A cardigan in three sizes, counted here and elsewhere; Shen bought what it goes with, Qin three of its kind."""
    rows = [
        *(("product", product(sku, size, "雾蓝", barcode="0" + EAN if size == "M" else None, price_minor=69_900,
                              currency="CNY"))
          for sku, size in (("K-S", "S"), ("K-M", "M"), ("K-XL", "XL"))),
        ("product", product("K-O", "M", "燕麦") | {"name": "针织背心"}),
        ("stock", counted("K-S", 4, 2)), ("stock", counted("K-M", 1, 14)), ("stock", counted("K-XL", 0, 2)),
        ("stock", counted("K-O", 9, 2)), ("stock", counted("K-M", 7, 1, WULIN)),
        ("often_next", full("often_next", scope_id=LAKESIDE, id=derived_id("n", 1), article="阔腿裤",
                            article_en="Trousers", place=1, partner="针织开衫", partner_en="Cardigan", takers=6,
                            customers=9)),
        ("often_next", full("often_next", scope_id=LAKESIDE, id=derived_id("n", 2), article="针织开衫",
                            article_en="Cardigan", place=1, partner="阔腿裤", partner_en="Trousers", takers=6,
                            customers=12)),
        ("purchase", purchase_row(1, SHEN, 9, ("阔腿裤", "裤装", 49_900))),
        *(("purchase", purchase_row(n, QIN, 90 * n, ("圆领毛衣", "针织", 59_900))) for n in (2, 3, 4)),
        *owned(SHEN), *owned(QIN),
    ]  # fmt: skip
    with shop.engine.begin() as conn:
        for name, row in rows:
            store_rows(conn, name, [row])
    return shop


def test_the_card_has_what_is_counted_here_the_scanned_one_first_and_the_oldest_time() -> None:
    shop = fill(open_shop())
    with shop.engine.connect() as conn:
        card = find_article(conn, EAN, LAKESIDE)
        assert card is not None
        by_number = find_article(conn, "K-S", LAKESIDE)
        assert find_article(conn, OTHER_EAN, LAKESIDE) is None
    assert (card.name.en, card.price_minor, card.size, by_number and by_number.size) == ("Cardigan", 69_900, "M", "S")
    assert [(line.size, line.quantity, line.shelf) for line in card.stock] == [
        ("M", 1, "A-3"), ("S", 4, "A-3"), ("XL", 0, "A-3"),
    ]  # fmt: skip
    assert card.as_of_ms == NOW - 14 * 3_600_000
    assert [(one.name.zh, one.takers, one.customers) for one in card.often_next] == [("阔腿裤", 6, 12)]


def test_who_of_hers_may_like_it_is_told_with_the_reason_and_only_who_wants_advice() -> None:
    shop = fill(open_shop())
    with shop.engine.begin() as conn:
        card = find_article(conn, EAN, LAKESIDE)
        assert card is not None
        assert list_may_like(conn, card, LIN, NOW) == (
            MayLike(SHEN, "沈知微", "goes_with", Bilingual("阔腿裤", "Trousers")),
            MayLike(QIN, "秦之恒", "category", NOBODY, 3),
        )
        assert list_may_like(conn, card, HE, NOW) == ()
        assert [one.member_id for one in list_may_like(conn, card, LIN, NOW + 60 * DAY_MS)] == [QIN]
        consent = dict(owned(SHEN))["consent"] | {"is_given": 0, "withdrawn_at_ms": NOW, "row_ver": 2}
        store_rows(conn, "consent", [consent])
        assert [one.member_id for one in list_may_like(conn, card, LIN, NOW)] == [QIN]


def test_who_wished_for_it_comes_first_until_she_has_it() -> None:
    shop = fill(open_shop())
    wish = full(
        "wish", scope_id=LAKESIDE, id=derived_id("wish", 1), member_id=QIN, words="针织开衫", size="m", colour="",
        associate_id=LIN, wished_at_ms=NOW - DAY_MS, ended="",
    )  # fmt: skip
    other = wish | {"id": derived_id("wish", 2), "member_id": SHEN, "size": "S", "colour": "雾蓝"}
    with shop.engine.begin() as conn:
        store_rows(conn, "wish", [wish, other])
        card = find_article(conn, EAN, LAKESIDE)
        assert card is not None
        assert list_may_like(conn, card, LIN, NOW) == (
            MayLike(QIN, "秦之恒", "wish"), MayLike(SHEN, "沈知微", "wish_other", Bilingual("雾蓝 · S", "雾蓝 · S")),
        )  # fmt: skip
        store_rows(conn, "purchase", [purchase_row(9, QIN, 0, ("针织开衫", "针织", 69_900))])
        assert [one.why for one in list_may_like(conn, card, LIN, NOW)] == ["wish_other", "category"]


def test_a_label_opens_its_card_keeps_nothing_and_leads_to_a_member(dressed: None) -> None:
    desk = make_desk()
    fill(desk.counter.shop)
    ui = drawn_window(desk)
    desk.set_session(session_of())
    ui.on_scanned(Scan(EAN, NOW, "wedge", False))
    page = ui.window.page(ARTICLE)
    assert ui.window.current == ARTICLE
    assert isinstance(page, ArticlePage)
    assert (page.model.rowCount(), list(page.likely_model.ids)) == (3, [SHEN, QIN])
    assert desk.counter.recorded == []
    QTest.keyClick(page.likely, Qt.Key.Key_Return)
    assert (ui.window.current, ui.member.workable_id) == (MEMBERS, SHEN)
    ui.window.run_command("back")
    assert ui.window.current == ARTICLE
    ui.on_scanned(Scan(OTHER_EAN, NOW, "wedge", False))
    assert ui.window.current == SCAN_RESULT  # an article nobody told this PC of
    desk.set_session(None)
    assert ui.articles.presenter.state.card is None


def test_stock_that_comes_while_a_label_is_looked_up_is_shown() -> None:
    desk = make_desk()
    fill(desk.counter.shop)
    articles = ArticlePresenter(desk)
    with desk.counter.shop.engine.begin() as conn:
        early = find_article(conn, EAN, LAKESIDE)
        assert early is not None
        store_rows(conn, "stock", [counted("K-M", 0, 0)])
    articles.show_scanned(EAN, early)
    assert articles.state.card is not None
    assert [line.quantity for line in articles.state.card.stock if line.size == "M"] == [0]
