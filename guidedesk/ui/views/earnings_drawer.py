"""The side of the earnings screen: why a line is what it is, what changed, windows about to end, and "why not me"."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.services.earnings import Change, Earnings, EarningsLine, Evidence, Expiring, Person
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats, messages
from guidedesk.ui.earnings_sums import SumLine, sum_lines
from guidedesk.ui.i18n import has, language, t
from guidedesk.ui.presenters.earnings import EarningsState, WhyNotState
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.chips import Chip, IconLabel
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_TOP, Box, column, fit_count, holder, row, rule
from guidedesk.ui.widgets.pages import Pages
from guidedesk.ui.widgets.states import empty_state
from guidedesk.ui.widgets.story import Moment, Story

PANELS = ("line", "changes", "expiring", "why_not")


class SumBox(QFrame):
    """The reckoning, one figure a line, the result under a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "facts")
        self._lines: Box = column(gap=2)
        self._rule = rule()
        self._label, self._value = Label("", "body_strong", wrap=True), Label("", "body_strong")
        total = row(self._label, None, self._value, gap=3)
        self.setLayout(column(self._lines, self._rule, total, gap=2, pad=3))

    def show_lines(self, lines: tuple[SumLine, ...]) -> None:
        """Fill it in; the last line is the result."""
        parts, total = lines[:-1], lines[-1]
        for widget, line in zip(fit_count(self._lines, len(parts), _SumLine), parts, strict=True):
            widget.show_line(line)
        self._rule.setVisible(bool(parts))
        self._label.set_text(total.label)
        self._value.set_text(total.value)


class _SumLine(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._label = Label("", "label", "text2", wrap=True)
        self._value = Label("", "label")
        line = row(self._label, self._value, gap=3)
        line.setStretch(0, 1)
        self.setLayout(line)

    def show_line(self, line: SumLine) -> None:
        self._label.set_text(line.label)
        self._value.set_text(line.value)


class LinePanel(QWidget):
    """One line: title, evidence, sum, when it confirms, and the two ways on."""

    disputed = Signal()
    order_opened = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = Label("", "heading", wrap=True)
        self._place = Label("", "caption", "text3", wrap=True)
        self.close_button = icon_button("x", "drawer.close")
        self.close_button.clicked.connect(self.closed)
        top = row(self.title, self.close_button, gap=2)
        top.setStretch(0, 1)
        self._head = holder(column(top, self._place, gap=0, pad=4))
        self.story = Story()
        self.sums = SumBox()
        self._said = Label("", "caption", "text2", wrap=True)
        self._state_icon = IconLabel("hourglass", "warning", "iconSmall")
        self._state = Label("", "label", "text2", wrap=True)
        state = row(self._state_icon, self._state, gap=2)
        state.setStretch(1, 1)
        state.setAlignment(self._state_icon, ALIGN_TOP)
        self._dispute_note = Note("info", "flag")
        body = column(self.story, self.sums, self._said, holder(state), self._dispute_note, None, gap=4, pad=4)
        self._body = ScrollColumn(holder(body))
        self.dispute = Button("", icon="flag", key="Alt D").say("earn.dispute")
        self.order = Button("", icon="receipt").say("earn.see_order")
        self.dispute.clicked.connect(self.disputed)
        self.order.clicked.connect(self.order_opened)
        foot = column(rule(), row(flow(self.dispute, self.order, gap=2), pad=4), gap=0)
        self._none = empty_state("yuan")
        self._parts = (self._head, rule(), self._body, holder(foot))
        self.setLayout(column(*self._parts, self._none, gap=0))

    def show_line(self, state: EarningsState, today: date) -> None:
        """Fill it in, or say that none is chosen."""
        line, data = state.line, state.data
        for widget in self._parts:
            widget.setVisible(line is not None)
        self._none.setVisible(line is None)
        self._none.show_text(t("earn.line_none"), t("earn.line_none_text"))
        if line is None or data is None:
            return
        people = data.people
        amount = formats.money(line.amount_minor, line.currency)
        self.title.set_text(t("earn.why", amount=amount))
        self._place.set_text(_place(line, today))
        self.story.show_moments(moments(line.chain, people, state.me, line.currency, today))
        self.story.setVisible(bool(line.chain))
        self.sums.show_lines(sum_lines(line, people))
        said = reckoned(line)
        self._said.set_text(said)
        self._said.setVisible(bool(said))
        shown = words.shown_state(line)
        self._state_icon.show_icon(words.STATE_ICONS[shown], words.STATE_TONES[shown])
        self._state.set_text(state_sentence(line, today))
        self._show_dispute(line, people, today)
        reason = state.why_no_dispute
        self.dispute.allow(not reason, t(reason) if reason else "")
        has_order = line.sale is not None and bool(line.sale.member_id)
        self.order.setVisible(has_order)

    def _show_dispute(self, line: EarningsLine, people: tuple[Person, ...], today: date) -> None:
        dispute = line.dispute
        self._dispute_note.setVisible(dispute is not None)
        if dispute is None:
            return
        reason = t(f"earn.reason.{dispute.reason}")
        said = f"{reason}{t('earn.event.joint')}{untrusted(dispute.text, 200)}" if dispute.text else reason
        if dispute.state == "open":
            day = formats.day_text(formats.local_day(dispute.opened_at_ms), today)
            self._dispute_note.set_tone("violet", "flag")
            self._dispute_note.show_text(t("earn.dispute_since", date=day), said)
        else:
            ruled = t(f"earn.ruling.{dispute.ruling or 'keep'}", name=words.name_of(dispute.ruled_by, people))
            self._dispute_note.set_tone("info", "scale")
            self._dispute_note.show_text(ruled, untrusted(dispute.ruling_text, 200))


def _place(line: EarningsLine, today: date) -> str:
    sale = line.sale
    if sale is None:
        return " · ".join((words.who_text(line), words.period_text(line.origin_period)))
    member = person_name(sale.member_name) if sale.member_name else ""
    day = formats.day_text(formats.local_day(sale.paid_at_ms), today)
    when = f"{day} {formats.time_text(sale.paid_at_ms)}"
    parts = (member, words.channel_text(sale), untrusted(sale.order_no, 32), when)
    return " · ".join(part for part in parts if part)


def moments(
    chain: tuple[Evidence, ...], people: tuple[Person, ...], me: str, currency: str, today: date
) -> tuple[Moment, ...]:
    """Evidence as a story; after the touch that counted, the window it opened."""
    found: list[Moment] = []
    windows = [event for event in chain if event.until]
    for event in chain:
        if event.kind not in words.EVIDENCE_ICONS:
            continue
        if event.offline_ms and event.kind in words.BINDS:
            icon, tone = "cloud-off", words.STATE_TONES["provisional"]
        else:
            icon = words.EVIDENCE_ICONS[event.kind]
            plain: ToneName = "accent" if event.kind in ("order", *words.BINDS) else "neutral"
            tone = words.TOUCH_TONES.get(event.outcome, plain)
        when = f"{formats.day_text(formats.local_day(event.at_ms), today)} {formats.time_text(event.at_ms)}"
        title = words.evidence_title(event, people, me)
        found.append(Moment(icon, when, title, words.evidence_detail(event, currency, today), tone))
        if event.until and event is windows[-1]:
            found.append(_window(event, today))
    return tuple(found)


def _window(event: Evidence, today: date) -> Moment:
    first, last = formats.local_day(event.at_ms), date.fromisoformat(event.until or "1970-01-01")
    span = f"{formats.day_text(first, today)} – {formats.day_text(last, today)}"
    return Moment("clock", span, t("earn.window", n=(last - first).days), t("earn.window_rule"), "accent")


def reckoned(line: EarningsLine) -> str:
    """The plan version behind the amount, so that both sides can look it up."""
    plan, version = line.why.get("plan"), line.why.get("version")
    if not isinstance(plan, str):
        return ""
    return t("earn.plan", plan=untrusted(plan, 40), version=str(version))


def state_sentence(line: EarningsLine, today: date) -> str:
    """When it confirms, or what became of it."""
    parts = []
    if line.state == "provisional":
        key = "earn.confirm_on" if line.confirms_on else "earn.confirm_at_close"
        day = words.day_of(line.confirms_on, today) if line.confirms_on else words.period_text(line.origin_period)
        parts = [t(key, date=day) + t("earn.stop"), t("earn.if_returned")]
    else:
        parts = [t(f"earn.state.{line.state}")]
    if line.clawed_back_minor < 0:
        parts.append(t("earn.taken_back", amount=formats.money(line.clawed_back_minor, line.currency)))
    if line.posting_period != line.origin_period:
        parts.append(t("earn.posted_in", month=words.period_text(line.posting_period),
                       origin=words.period_text(line.origin_period)))
    return ("" if language() == "zh_CN" else " ").join(parts)


class ChangesPanel(QWidget):
    """What changed and why, until she says that she has seen it (COMMISSION.md 7)."""

    acknowledged = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        close = icon_button("x", "drawer.close")
        close.clicked.connect(self.closed)
        top = row(Label("", "heading", wrap=True).say("earn.changes.title"), close, gap=2)
        top.setStretch(0, 1)
        note = Label("", "caption", "text3", wrap=True).say("earn.changes.note")
        self.story = Story()
        self.seen = Button("", "primary", key="Ctrl Enter").say("earn.changes.seen")
        self.seen.clicked.connect(self.acknowledged)
        body = ScrollColumn(holder(column(note, self.story, None, gap=4, pad=4)))
        foot = holder(column(rule(), row(self.seen, None, gap=2, pad=4), gap=0))
        self.setLayout(column(holder(column(top, gap=0, pad=4)), rule(), body, foot, gap=0))

    def show_changes(self, state: EarningsState, today: date) -> None:
        """Fill it in."""
        data = state.feed.data
        changes = () if data is None else data.changes
        self.story.show_moments(tuple(_change(change, today) for change in changes))
        self.seen.allow(bool(changes) and not state.is_acknowledging, t("earn.changes.none"))


def _change(change: Change, today: date) -> Moment:
    before, after = (formats.money(each, change.currency) for each in (change.before_minor, change.after_minor))
    when = f"{formats.day_text(formats.local_day(change.at_ms), today)} {formats.time_text(change.at_ms)}"
    who = " · ".join(part for part in (person_name(change.member_name) if change.member_name else "",
                                       untrusted(change.order_no, 32)) if part)
    key = f"earn.cause.{change.cause}"
    why = t(key if has(key) else "earn.cause.other")
    title = t("earn.changes.line", before=before, after=after)
    detail = t("list.comma").join(part for part in (why, untrusted(change.text, 120)) if part)
    icon = words.EVIDENCE_ICONS.get(change.cause, "sync")
    went_down = change.after_minor < change.before_minor
    return Moment(icon, f"{when} · {who}" if who else when, title, detail, "danger" if went_down else "success")


class ExpiringPanel(QWidget):
    """Members of hers whose window ends within days: `member_opened(id)`."""

    member_opened = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        close = icon_button("x", "drawer.close")
        close.clicked.connect(self.closed)
        top = row(Label("", "heading", wrap=True).say("earn.expiring.title"), close, gap=2)
        top.setStretch(0, 1)
        note = Label("", "caption", "text3", wrap=True).say("earn.expiring.note")
        self._rows: Box = column(gap=2)
        body = ScrollColumn(holder(column(self._rows, None, gap=2, pad=4)))
        self.setLayout(column(holder(column(top, note, gap=0, pad=4)), rule(), body, gap=0))

    def show_members(self, members: tuple[Expiring, ...], today: date) -> None:
        """Fill it in."""
        for line, member in zip(fit_count(self._rows, len(members), self._line), members, strict=True):
            line.show_member(member, today)

    def _line(self) -> _ExpiringLine:
        line = _ExpiringLine()
        line.opened.connect(self.member_opened)
        return line


class _ExpiringLine(QWidget):
    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._id = ""
        self._name, self._left = Label("", "body", lines=1), Chip("", "warning", icon="clock")
        self._open = Button("", size="s").say("earn.expiring.open")
        self._open.clicked.connect(self._press)
        line = row(self._name, self._left, self._open, gap=2)
        line.setStretch(0, 1)
        self.setLayout(line)

    def show_member(self, member: Expiring, today: date) -> None:
        self._id = member.member_id
        name = person_name(member.member_name)
        self._name.set_text(name)
        left = (date.fromisoformat(member.until) - today).days
        self._left.set_text(t("earn.expiring.last") if left <= 0 else t("earn.expiring.left", n=left))
        self._open.setAccessibleName(t("earn.expiring.open_named", name=name))

    def _press(self) -> None:
        self.opened.emit(self._id)


class WhyNotPanel(QWidget):
    """"Why not me" for an order of a member she served: `asked(order number)`."""

    asked = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        close = icon_button("x", "drawer.close")
        close.clicked.connect(self.closed)
        top = row(Label("", "heading", wrap=True).say("earn.why_not.title"), close, gap=2)
        top.setStretch(0, 1)
        note = Label("", "caption", "text3", wrap=True).say("earn.why_not.note")
        self.number = Field("earn.why_not.order")
        self.ask = Button("", "primary", key="Ctrl Enter").say("earn.why_not.ask")
        self.ask.clicked.connect(self.send)
        self._verdict = Note("info", "scale")
        self.story = Story()
        self._sale = Label("", "caption", "text2", wrap=True)
        body = column(self.number, row(self.ask, None), self._verdict, self._sale, self.story, None, gap=4, pad=4)
        self.setLayout(
            column(holder(column(top, note, gap=0, pad=4)), rule(), ScrollColumn(holder(body)), gap=0)
        )

    def send(self) -> None:
        """Ctrl Enter."""
        if self.number.text().strip() and self.ask.isEnabled():
            self.asked.emit(self.number.text())

    def show_answer(self, why: WhyNotState, me: str, now_ms: int, *, is_offline: bool) -> None:
        """The question, and the verdict with its evidence once it is there."""
        today = formats.local_day(now_ms)
        if why.order_no and why.order_no != self.number.text().strip():
            self.number.set_text(why.order_no)
        self.ask.allow(not is_offline and not why.is_asking,
                       t("earn.why_not.asking" if why.is_asking else "earn.needs_office"))
        answer = why.answer
        self._verdict.setVisible(answer is not None or why.problem is not None)
        self.story.setVisible(answer is not None)
        self._sale.setVisible(answer is not None)
        if why.problem is not None:
            key = "earn.why_not.unknown" if why.problem.code == "not_found" else ""
            self._verdict.set_tone("warning", "alert")
            self._verdict.show_text("", t(key) if key else messages.message_for(why.problem).text)
        if answer is None:
            return
        until, winner = words.day_of(answer.until, today), words.name_of(answer.winner, answer.people)
        is_hers = answer.verdict == "earned"
        self._verdict.set_tone("success" if is_hers else "info", "check-circle" if is_hers else "scale")
        self._verdict.show_text(t(f"earn.verdict.{answer.verdict}", name=winner, date=until),
                                t(f"earn.verdict_text.{answer.verdict}", name=winner, date=until))
        day = formats.moment_text(answer.sale.paid_at_ms, now_ms)
        self._sale.set_text(" · ".join((untrusted(answer.order_no, 32), words.channel_text(answer.sale), day)))
        self.story.show_moments(moments(answer.chain, answer.people, me, answer.currency or "CNY", today))


class EarningsDrawer(QFrame):
    """The panels in one place; only one is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.line, self.changes = LinePanel(), ChangesPanel()
        self.expiring, self.why_not = ExpiringPanel(), WhyNotPanel()
        self._pages = Pages()
        self._panels = (self.line, self.changes, self.expiring, self.why_not)  # in the order of `PANELS`
        for panel in self._panels:
            self._pages.add(panel)
        self.setLayout(column(self._pages, gap=0))

    def render_state(self, state: EarningsState, today: date) -> None:
        """Show the panel asked for."""
        data: Earnings | None = state.feed.data
        self._pages.show_page(self._panels[PANELS.index(state.panel)])
        if state.panel == "line":
            self.line.show_line(state, today)
        elif state.panel == "changes":
            self.changes.show_changes(state, today)
        elif state.panel == "expiring":
            self.expiring.show_members(() if data is None else data.expiring, today)
        else:
            self.why_not.show_answer(state.why_not, state.me, state.now_ms, is_offline=state.feed.is_offline)
