"""Rows and sentences of the sync centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guidedesk.domain.outbox import MOST_UNSENT
from guidedesk.sync.status import OperationInfo, SyncStatus, chip_state
from guidedesk.ui import formats, i18n, operation_words, spans
from guidedesk.ui.link_blocks import LinkPicture
from guidedesk.ui.presenters.sync_centre import SyncState, Tab, count_text, is_parked_here
from guidedesk.ui.tables.model import Cell, ColumnSpec
from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.labels import untrusted

OVER: Final = frozenset({"accepted", "merged"})
STATE_ICONS: Final = {
    "rejected": "x-circle", "merged": "conflict", "accepted": "check-circle", "quarantined": "hourglass",
}


@dataclass(frozen=True, slots=True)
class OpRow:
    """A row of one of the tables."""

    row_id: str
    cells: tuple[Cell, ...]

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in self.cells if cell.text)


def cells_of(row: OpRow) -> tuple[Cell, ...]:
    """For the table model."""
    return row.cells


def columns(tab: Tab) -> tuple[ColumnSpec, ...]:
    """The columns of a tab in the current language."""
    time = ColumnSpec(i18n.t("sync.col_time"), 130)
    by = ColumnSpec(i18n.t("sync.col_by"), 120)
    if tab == "needs":
        what = ColumnSpec(i18n.t("sync.col_what"), 220)
        return (time, what, by, ColumnSpec(i18n.t("sync.col_why"), 0))
    what = ColumnSpec(i18n.t("sync.col_what"), 0)
    state = ColumnSpec(i18n.t("sync.col_state"), 260 if tab == "queued" else 130)
    if tab in ("queued", "sent"):
        return (time, what, by, state)
    return (time, what, by, state, ColumnSpec(i18n.t("sync.col_rule"), 190))


def table_row(operation: OperationInfo, tab: Tab, state: SyncState) -> OpRow:
    """One operation as a row of a tab."""
    time = Cell(formats.moment_text(operation.occurred_at_ms, state.now_ms), ink="text2")
    about = untrusted(operation_words.what_about(operation))
    what = Cell(about, icon=operation_words.icon_of(operation))
    by = Cell(operation_words.name_of(operation.actor_id, state.names), ink="text2")
    if tab == "needs":
        why = Cell(operation_words.why(operation, state.names, state.now_ms), ink="danger")
        return OpRow(operation.op_id, (time, what, by, why))
    word = Cell(_state_words(operation, state.is_offline), tone=operation_words.tone_of(operation))
    if tab in ("queued", "sent"):
        return OpRow(operation.op_id, (time, what, by, word))
    rule = operation_words.rule(operation)
    return OpRow(operation.op_id, (time, what, by, word, Cell(rule, tone="violet" if rule else "")))


def _state_words(operation: OperationInfo, is_offline: bool) -> str:
    if operation.state == "queued":
        return i18n.t("sync.state_offline" if is_offline else "sync.state_waiting")
    return operation_words.state_word(operation)


@dataclass(frozen=True, slots=True)
class Headline:
    """The first card: icon, tone, what is going on, and what it means."""

    icon: str
    tone: ToneName
    title: str
    detail: str


def headline(state: SyncState) -> Headline:
    """What a person should know first (red, then amber, then indigo, then green)."""
    status = state.status
    if status is None:
        return Headline("cloud", "neutral", i18n.t("sync.chip.connecting"), i18n.t("sync.detail_never"))
    detail = _contact_words(status)
    if status.is_storage_low:
        return Headline("database", "danger", i18n.t("sync.title_storage"), detail)
    if status.fullness == "full":
        limit = formats.count(MOST_UNSENT)
        return Headline("queue", "danger", i18n.t("sync.title_full"), i18n.t("sync.detail_full", limit=limit))
    if status.is_sign_in_expired:
        return Headline("key", "danger", i18n.t("sync.title_expired"), detail)
    if status.is_offline and status.offline_since_ms is not None:
        return _outage(status, status.offline_since_ms)
    if status.is_first_load or status.loading is not None:
        return Headline("download", "accent", _loading_title(status), i18n.t("sync.detail_loading"))
    needs = len(state.rows("needs"))
    if needs:
        key = "sync.title_needs_waiting" if status.waiting else "sync.title_needs"
        return Headline("alert", "danger", i18n.t(key, n=needs), detail)
    if status.waiting or chip_state(status) == "sending":
        tone: ToneName = "warning" if status.fullness == "filling" else "accent"
        return Headline("queue", tone, i18n.t("sync.title_waiting", n=status.waiting), _with_filling(status, detail))
    return Headline("cloud-check", "success", i18n.t("sync.title_ok"), detail)


def brief(state: SyncState) -> str:
    """What must be said even where there is little room: that there is no more for records, else the likely cause of an
    outage, for whose picture there is none. Empty where neither is so."""
    status = state.status
    if status is None:
        return ""
    if status.fullness == "full":
        return i18n.t("sync.detail_full_brief")
    if status.fullness == "filling":
        return i18n.t("sync.detail_filling", n=formats.count(MOST_UNSENT - status.waiting))
    return cause_text(status) if state.is_offline else ""


def _loading_title(status: SyncStatus) -> str:
    if status.loading is None:
        return i18n.t("sync.title_first_load")
    done, total = status.loading
    return i18n.t("sync.title_loading", done=done, total=total)


def _outage(status: SyncStatus, since_ms: int) -> Headline:
    lasted = status.now_ms - since_ms
    title = i18n.t("sync.title_offline_now")
    if lasted >= spans.MINUTE_MS:
        title = i18n.t("sync.title_offline", time=spans.span(lasted))
    detail = i18n.t("sync.detail_offline", time=formats.time_text(since_ms))
    return Headline("cloud-off", "warning", title, _with_filling(status, detail))


def _with_filling(status: SyncStatus, detail: str) -> str:
    """From 60 % of what this PC may hold on, how much room is left."""
    if status.fullness != "filling":
        return detail
    return f"{i18n.t('sync.detail_filling', n=formats.count(MOST_UNSENT - status.waiting))} {detail}"


def _contact_words(status: SyncStatus) -> str:
    if status.last_contact_ms is None:
        return i18n.t("sync.detail_never")
    following = ""
    if status.next_try_ms is not None:
        following = i18n.t("sync.detail_next", time=spans.until(status.next_try_ms - status.now_ms))
    return i18n.t("sync.detail_ok", ago=spans.ago(status.now_ms - status.last_contact_ms), next=following).strip()


@dataclass(frozen=True, slots=True)
class Kpi:
    """A small card: icon, label, figure, remark."""

    icon: str
    tone: ToneName
    label: str
    value: str
    note: str


def kpis(state: SyncState) -> tuple[Kpi, ...]:
    """Queued, needs you, settled, last contact."""
    queued, needs, settled = (state.rows(tab) for tab in ("queued", "needs", "settled"))
    oldest = i18n.t("sync.kpi_queued_none")
    if queued:
        oldest = i18n.t("sync.kpi_queued_oldest", time=formats.moment_text(queued[0].occurred_at_ms, state.now_ms))
    status = state.status
    contact, following = i18n.t("sync.kpi_never"), ""
    if status is not None and status.last_contact_ms is not None:
        contact = formats.time_text(status.last_contact_ms)
    if status is not None and status.next_try_ms is not None:
        following = i18n.t("sync.kpi_contact_next", time=spans.until(status.next_try_ms - status.now_ms))
    return (
        Kpi("upload", "accent" if queued else "success", i18n.t("sync.kpi_queued"), waiting_text(state), oldest),
        Kpi("alert", "danger" if needs else "neutral", i18n.t("sync.kpi_needs"), count_text(len(needs)),
            i18n.t("sync.kpi_needs_some" if needs else "sync.kpi_needs_none")),
        Kpi("conflict", "violet", i18n.t("sync.kpi_settled"), count_text(len(settled)),
            i18n.t("sync.kpi_settled_note")),
        Kpi("cloud", "info", i18n.t("sync.kpi_contact"), contact, following),
    )


def waiting_text(state: SyncState) -> str:
    """How many wait: after a long outage more than are listed."""
    listed = len(state.rows("queued"))
    waiting = state.status.waiting if state.status is not None else 0
    return formats.count(max(listed, waiting))


def tab_count(state: SyncState, tab: Tab) -> str:
    """The number behind a tab's word."""
    return waiting_text(state) if tab == "queued" else count_text(len(state.rows(tab)))


def contact_line(status: SyncStatus) -> str:
    """`上次联系 今天 10:09 · 下次自动重试 26 秒后`."""
    contact = status.last_contact_ms
    when = formats.moment_text(contact, status.now_ms) if contact else i18n.t("sync.net_never")
    parts = [f"{i18n.t('sync.net_contact')} {when}"]
    if status.next_try_ms is not None:
        parts.append(f"{i18n.t('sync.net_next')} {spans.until(status.next_try_ms - status.now_ms)}")
    return " · ".join(parts)


def foot(state: SyncState) -> str:
    """What is safe, and while offline how long somebody may still sign in."""
    if not state.is_offline or state.status is None:
        return i18n.t("sync.foot")
    limit = state.status.offline_until_ms
    parts = [i18n.t("sync.foot_offline")]
    if limit is not None:
        parts.append(f"{i18n.t('sync.net_limit')} {spans.span(limit - state.status.now_ms)}")
    return " · ".join(parts)


def next_words(operation: OperationInfo) -> str:
    """What a person may do about it."""
    if is_parked_here(operation):
        return i18n.t("sync.next_parked")
    return i18n.t("sync.next_refused" if operation.state == "rejected" else "sync.next_held")


def cause_text(status: SyncStatus) -> str:
    """The likely cause of an outage, in a sentence."""
    return i18n.t(f"sync.cause_{status.cause or 'unknown'}")


def cause_chips(status: SyncStatus) -> tuple[tuple[str, ToneName, str], ...]:
    """What works and where it ends: text, tone and icon, from this PC outwards."""
    steps = {
        "network": (("network", False),),
        "name": (("network", True), ("outside", False)),
        "refused": (("network", True), ("outside", True), ("centre", False)),
        "silent": (("network", True), ("centre", False)),
        "tls": (("network", True), ("outside", True), ("tls", False)),
    }.get(status.cause, ())
    return tuple(
        (i18n.t(f"sync.chip_{name}_{'ok' if works else 'bad'}"), "success" if works else "warning",
         "check" if works else "alert")
        for name, works in steps
    )  # fmt: skip


def link_summary(picture: LinkPicture) -> str:
    """The row of blocks in words."""
    start = formats.time_text(picture.from_ms)
    if not picture.breaks:
        return i18n.t("sync.link_summary_none", **{"from": start})
    span = spans.span(picture.down_ms)
    return i18n.t("sync.link_summary", n=len(picture.breaks), span=span, **{"from": start})


def recorded_words(operation: OperationInfo, state: SyncState) -> str:
    """`今天 10:42 由林晓夏记下`."""
    time, name = formats.moment_text(operation.occurred_at_ms, state.now_ms), ""
    name = operation_words.name_of(operation.actor_id, state.names)
    if not name:
        return i18n.t("sync.drawer_recorded_plain", time=time)
    return i18n.t("sync.drawer_recorded", time=time, name=name)
