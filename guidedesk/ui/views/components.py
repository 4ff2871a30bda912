"""The sheet of all parts (mockup 16): what designers look at and the audit checks first."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.screens import register
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.theme.icons import icon_names
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import Role, set_role
from guidedesk.ui.widgets.bars import Bar, Part
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.charts import BarChart, Column
from guidedesk.ui.widgets.chips import Chip, KeyHint
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup, Tick, Toggle
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field, SearchField
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row
from guidedesk.ui.widgets.ring import Ring, RingState

ICONS_A_ROW: Final = 22
WINDOW_DAYS: Final = 15
SHOWN_SUM_MINOR: Final = 128460
VISITS: Final = (1, 1, 2, 2, 1, 1, 2, 3, 6, 9, 8, 3)


class IconSheet(QWidget):
    """All icons in a grid, painted by one widget."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        set_role(self, Role.Graphic, t("parts.icons"))
        look().restyled.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        rows = -(-len(icon_names()) // ICONS_A_ROW)
        step = look().m.rail_icon + look().tokens.space(2)
        return QSize(ICONS_A_ROW * step, rows * step)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        side, ink = look().m.rail_icon, look().q("text2")
        down = side + look().tokens.space(2)
        step = max(side, self.width() // ICONS_A_ROW)
        for number, name in enumerate(icon_names()):
            left, top = number % ICONS_A_ROW * step, number // ICONS_A_ROW * down
            paint.draw_icon(painter, left, top + down / 2, name, side, ink, self.devicePixelRatioF())


class ComponentsPage(Page):
    """Buttons, fields, chips, rings, choices, type, charts and icons on one page."""

    def __init__(self) -> None:
        super().__init__()
        head = row(Label("", "title").say("parts.title"), Label("", "caption", "text3", lines=1).say("parts.note"),
                   None, gap=3)
        sheet = QWidget()
        upper = row(_buttons(), _fields(), gap=3)
        upper.setStretch(1, 1)
        middle = row(_chips(), _rings(), gap=3)
        lower = row(_choices(), column(_types(), _icons(), gap=3), gap=3)
        for line in (middle, lower):
            line.setStretch(0, 1)
            line.setStretch(1, 1)
        sheet.setLayout(column(upper, middle, lower, None, gap=3))
        scroll = ScrollColumn(sheet)
        # A sheet of parts is no screen: at large text it may be wider than the window.
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setMinimumWidth(1)
        self.body.put(head, scroll)
        self.body.setStretch(1, 1)


def _titled(key: str, *items: object) -> Card:
    card = Card(Label("", "caption", "text3").say(key), gap=2)
    for item in items:
        card.body.put(item if isinstance(item, QWidget) else None)
    return card


def _buttons() -> Card:
    disabled = Button("").say("parts.disabled")
    disabled.allow(False, t("parts.why"))
    line = flow(
        Button("", "primary", key="Ctrl Enter").say("parts.save"), Button("", "accent").say("parts.do"),
        Button("").say("parts.default"), Button("", "quiet").say("parts.quiet"),
        Button("", "danger").say("parts.revoke"), disabled, gap=3,
    )
    return _titled("parts.buttons", line, Label("", "caption", "text3", wrap=True).say("parts.buttons_note"), None)


def _fields() -> Card:
    wrong = Field("parts.phone")
    wrong.set_text("138 00")
    wrong.set_note(t("parts.short"))
    search = SearchField("parts.rest")
    search.set_width(look().m.search_w // 2)
    name = Field("parts.name", hint_key="parts.rest")
    line = row(name, wrong, gap=3)
    line.setAlignment(name, Qt.AlignmentFlag.AlignTop)
    return _titled("parts.fields", holder(line), search, None)


def _chips() -> Card:
    states = flow(
        Chip("", "warning", icon="hourglass").say("earn.provisional"),
        Chip("", "success", icon="check").say("earn.confirmed"),
        Chip("", "danger", icon="return").say("earn.clawback"), Chip("", "violet", icon="flag").say("earn.disputed"),
        Chip("", icon="clock").say("earn.expired"), Chip("").say("tier.casual"), Chip("", "info").say("tier.ordinary"),
        Chip("", "gold", icon="crown").say("tier.super"), Chip("", "accent").say("bind.mine", n=9),
    )
    sync = flow(
        Chip("", "success", icon="cloud-check", large=True).say("parts.synced", time="10:41"),
        Chip("", "accent", icon="sync", large=True).say("parts.sending"),
        Chip("", "warning", icon="cloud-off", large=True).say("parts.offline", n=7),
        Chip("", "danger", icon="alert", large=True).say("parts.need", n=2),
    )
    return _titled("parts.chips", states, sync, None)


def _rings() -> Card:
    name = t("parts.sample")
    shown: tuple[tuple[int, ToneName], ...] = ((15, "accent"), (9, "accent"), (3, "warning"), (4, "violet"))
    rings = [
        Ring(RingState(left, WINDOW_DAYS, str(left), t("ring.days"), tone, t("parts.ring_spoken", name=name, n=left)))
        for left, tone in shown
    ]
    free = Ring(RingState(0, WINDOW_DAYS, "—", t("ring.none"), None, t("bind.none")))
    return _titled("parts.rings", flow(*rings, free, gap=6), None)


def _choices() -> Card:
    on, off, ticked = Toggle(t("parts.on")), Toggle(t("parts.off")), Tick().say("parts.agree")
    on.setChecked(True)
    ticked.setChecked(True)
    theme = ChoiceGroup("parts.choices", style="segment")
    theme.show_choices((Choice("light", t("parts.light")), Choice("dark", t("parts.dark"))), "light")
    tabs = ChoiceGroup("parts.choices", style="tab")
    tabs.show_choices((Choice("all", t("parts.all"), count="12"), Choice("due", t("parts.due"), count="4")), "all")
    ways = ChoiceGroup("parts.choices", digits=True)
    ways.show_choices((
        Choice("store", t("parts.store"), "store"), Choice("wechat", t("parts.wechat"), "chat"),
        Choice("phone", t("parts.phone_call"), "phone", reason=t("consent.no_call")),
    ), "store")
    bars = column(Label("", "caption", "text3").say("parts.bars"),
                  Bar((Part(820, "gold"),), t("parts.points")),
                  Bar((Part(514, "success"), Part(206, "warning", pale=True)), t("parts.points")),
                  BarChart(tuple(Column(value, str(hour) if hour % 2 == 0 else "", hour in (18, 19, 20))
                                 for hour, value in enumerate(VISITS, 10)), t("parts.hours")), gap=2)
    return _titled("parts.choices", holder(row(on, off, ticked, Tick().say("parts.unticked"), None, gap=3)),
                   flow(theme, tabs, KeyHint("Ctrl K"), gap=3), ways, holder(bars), None)


def _types() -> Card:
    money = formats.money(SHOWN_SUM_MINOR)
    return _titled(
        "parts.type", flow(Label(money, "display"), Label("28 hero 可以扫码了", "hero"), gap=6),
        flow(Label("20 title 沈知微", "title"), Label("16 heading", "heading"), Label("14 body 正文"),
             Label("13 label", "label", "text2"), Label("12 caption", "caption", "text3"), gap=4),
    )


def _icons() -> Card:
    return _titled("parts.icons", IconSheet(), None)


register("components", "all", ComponentsPage)
