"""Audiences and outreach: conditions with their counts, who may be contacted, tasks after a preview (DESIGN-UI.md 12).

Whatever is changed is counted at once and saved a moment later; nothing goes out that was not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from threading import Lock
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.outreach import DUE_DAYS, FIELDS, TEMPLATE_LIMIT
from guidedesk.domain.segments import Audience, Condition, Mode, check_name
from guidedesk.services.segments import (
    AudienceCount,
    Board,
    OutreachInfo,
    OutreachPreview,
    SegmentInfo,
    SegmentKind,
)
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui import formats, i18n
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.segments_state import BY_HAND, PRESETS, Draft, SegmentsState, draft_of
from guidedesk.ui.presenters.state_presenter import StatePresenter

SAVE_AFTER_MS: Final = 900
DUE_AFTER_DAYS: Final = 6
TEMPLATES: Final = 3


class SegmentsPresenter(StatePresenter[SegmentsState]):
    """`state_changed(SegmentsState)`; `previewed()` when cases are there to look at; `told(key, n)` what was done."""

    previewed = Signal()
    left_preview = Signal()
    told = Signal(str, int)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(SegmentsState(desk.now_ms()), parent)
        self._desk = desk
        self._outreach_id = ""
        self._one_save = Lock()
        self._versions: dict[str, int] = {}  # what head office answered to a save, as soon as it did
        self._saver = QTimer(self)
        self._saver.setSingleShot(True)
        self._saver.setInterval(SAVE_AFTER_MS)
        self._saver.timeout.connect(self.save)
        desk.session_ending.connect(self._save_last)
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)

    # --- the list ---

    def open(self) -> None:
        """The page came to the front."""
        now_ms = self._desk.now_ms()
        due = self.state.due or formats.local_day(now_ms) + timedelta(days=DUE_AFTER_DAYS)
        template = self.state.template or self._template(1)
        self._show(now_ms=now_ms, due=due, template=template)
        if self.state.board is None:
            self._desk.tasks.read(self._port.last_board, done=self._take_last, latest="segments.last")
        self.reload()

    def reload(self) -> None:
        """Ask head office for the list again."""
        if not self._may():
            return
        self._show(is_asking=True)
        self._fetch(self._port.board, self._take_board, "is_asking", "problem", latest="segments.board")

    def choose(self, segment_id: str) -> None:
        """Another audience of the list; what was changed in the one before is saved first."""
        if self.state.draft is not None and self.state.draft.id == segment_id:
            return
        found = self._find(segment_id)
        if found is not None:
            self.save()
            self._begin(draft_of(found))

    def add(self, preset: str) -> None:
        """A new audience that begins with a preset, or a group kept by hand."""
        if not self._may() or self.state.is_offline:
            return
        self.save()
        kind: SegmentKind = "hand" if preset == BY_HAND else "dynamic"
        name = self._free_name(i18n.t(f"seg.preset.{preset}"))
        audience = Audience("all", PRESETS.get(preset, ()))
        self._begin(Draft(self._desk.counter.new_id(), name, kind, audience, is_changed=True))
        self.save()

    def copy(self) -> None:
        """The same conditions under another name."""
        draft = self.state.draft
        if draft is None or draft.kind == BY_HAND or self.state.is_offline:
            return
        self.save()
        name = self._free_name(draft.name)
        self._begin(replace(draft, id=self._desk.counter.new_id(), name=name, version=0, is_changed=True))
        self.save()

    def rename(self, text: str) -> None:
        """Another name."""
        try:
            name = check_name(text)
        except GuideDeskError as error:
            self._show(save_problem=error)
            return
        self._change(name=name)

    def remove(self) -> None:
        """Take the audience on show off the list."""
        draft, session = self.state.draft, self._desk.session
        if draft is None or self.state.is_offline:
            return
        self._saver.stop()

        def done(_: object) -> None:
            if self._desk.session is session:
                self._show(draft=None, count=None, save_problem=None)
                self.told.emit("seg.told.removed", 0)
                self.reload()

        if draft.version:
            self._desk.tasks.ask(lambda: self._port.remove(draft.id), done=done, failed=self._failer("", "problem"))
        else:
            done(None)

    def take_member(self, member_id: str) -> bool:
        """Her card was scanned while a group kept by hand is open: she is in it now, or out of it if she was in.

        Whether the scan was for the group.
        """
        draft, session = self.state.draft, self._desk.session
        if draft is None or draft.kind != BY_HAND or not draft.version or self.state.is_offline or not self._may():
            return False

        def change() -> tuple[SegmentInfo, bool]:
            is_in = draft.id not in self._port.groups_of(member_id)
            return self._port.put_member(draft.id, member_id, is_in=is_in), is_in

        def done(found: tuple[SegmentInfo, bool]) -> None:
            if self._desk.session is session:
                info, is_in = found
                self._show(board=self._with(info))
                self.told.emit("seg.told.added" if is_in else "seg.told.taken_out", info.members)
                self._count()

        self._desk.tasks.ask(change, done=done, failed=self._failer("", "count_problem"))
        return True

    # --- conditions ---

    def set_mode(self, mode: str) -> None:
        """All conditions, or any of them."""
        chosen: Mode = "any" if mode == "any" else "all"
        self._change_audience(lambda audience: replace(audience, mode=chosen))

    def add_condition(self, kind: str, *, is_not: bool = False) -> None:
        """One more condition, with what is usual to begin with."""
        first = self.state.first_of(kind)
        if first is not None and kind in self.state.kinds:
            wanted = replace(first, is_not=is_not)
            self._change_audience(lambda audience: replace(audience, conditions=(*audience.conditions, wanted)))

    def change_condition(self, at: int, condition: Condition) -> None:
        """Another condition in its place."""

        def changed(audience: Audience) -> Audience:
            conditions = audience.conditions
            return replace(audience, conditions=(*conditions[:at], condition, *conditions[at + 1 :]))

        if self.state.draft is not None and at < len(self.state.draft.audience.conditions):
            self._change_audience(changed)

    def remove_condition(self, at: int) -> None:
        """One condition less."""
        self._change_audience(
            lambda audience: replace(audience, conditions=audience.conditions[:at] + audience.conditions[at + 1 :])
        )

    def save(self) -> None:
        """Keep what was changed, now."""
        self._saver.stop()
        draft, session = self.state.draft, self._desk.session
        if draft is None or not draft.is_changed or session is None or self.state.is_offline or self.state.is_saving:
            return
        self._show(is_saving=True, save_problem=None)

        def done(found: SegmentInfo) -> None:
            if self._desk.session is not session:
                return
            now = self.state.draft
            if now is not None and now.id == found.id:
                same = (now.name, now.audience) == (draft.name, draft.audience)
                self._show(draft=replace(now, version=found.version, is_changed=not same))
            self._show(is_saving=False, saved_at_ms=self._desk.now_ms(), board=self._with(found))
            if self.state.draft is not None and self.state.draft.is_changed:
                self._saver.start()

        self._desk.tasks.ask(
            self._keep, draft, session.staff.id, done=done, failed=self._failer("is_saving", "save_problem")
        )

    def _save_last(self, session: Session) -> None:
        """The window is being locked: what was changed a moment ago goes out before she is signed out, in the same
        lane, and behind a save that is still on its way."""
        draft = self.state.draft
        if draft is None or not draft.is_changed or self.state.is_offline:
            return
        self._saver.stop()
        self._desk.tasks.network(self._keep, draft, session.staff.id)

    def _keep(self, draft: Draft, staff_id: str) -> SegmentInfo:
        with self._one_save:  # two lanes: the second of two saves begins with the version that the first made
            version = max(draft.version, self._versions.get(draft.id, 0))
            audience = draft.audience if draft.kind == "dynamic" else None
            found: SegmentInfo = self._port.save(staff_id, draft.id, version, draft.name, draft.kind, audience)
            self._versions[draft.id] = found.version
            return found

    # --- outreach ---

    def set_channel(self, channel: str) -> None:
        """How they are contacted; who may be is counted anew."""
        if self._show(channel=channel):
            self._count()

    def set_due(self, day: date) -> None:
        """The last day of the tasks."""
        if self.state.today <= day <= self.state.today + timedelta(days=DUE_DAYS):
            self._show(due=day)

    def set_cap(self, cap: int) -> None:
        """How many contacts a week these tasks may bring a member to; never above the chain's."""
        if self._show(cap=cap):
            self._count()

    def set_template(self, text: str) -> None:
        """What the tasks say, with fields in braces."""
        self._show(template=text[: TEMPLATE_LIMIT * 2], send_problem=None)

    def next_template(self) -> None:
        """Another of the ready-made texts."""
        made = [self._template(number) for number in range(1, TEMPLATES + 1)]
        at = made.index(self.state.template) + 1 if self.state.template in made else 0
        self.set_template(made[at % len(made)])

    def look(self) -> None:
        """Ctrl Enter: a few real cases first."""
        state, session = self.state, self._desk.session
        draft, due = state.draft, state.due
        if state.why_not_sent or draft is None or due is None:
            return
        self.save()
        self._outreach_id = self._desk.counter.new_id()
        self._show(is_previewing=True, send_problem=None, preview=None)
        wanted = (draft.id, state.channel, due.isoformat(), state.cap_week, state.template, i18n.language())

        def done(found: OutreachPreview) -> None:
            if self._desk.session is not session:
                return
            self._show(is_previewing=False)
            now = self.state.draft
            if now is not None and now.id == draft.id and not now.is_changed and self.state.save_problem is None:
                self._show(preview=found)  # of what is on show, not of what it was before
                self.previewed.emit()

        self._desk.tasks.ask(
            lambda: self._port.preview(*wanted), done=done, failed=self._failer("is_previewing", "send_problem")
        )

    def leave_preview(self) -> None:
        """Looked at, and not sent."""
        self._show(preview=None)

    def send(self) -> None:
        """The cases were looked at: hand the tasks out."""
        state, session = self.state, self._desk.session
        draft, due, outreach_id = state.draft, state.due, self._outreach_id
        if state.preview is None or draft is None or due is None or state.is_sending or not state.preview.tasks:
            return
        self._show(is_sending=True, send_problem=None)
        wanted = (draft.id, state.channel, due.isoformat(), state.cap_week, state.template, i18n.language())

        def done(found: OutreachInfo) -> None:
            if self._desk.session is session:
                self._show(is_sending=False, preview=None, now_ms=self._desk.now_ms())
                self.left_preview.emit()
                self.told.emit("seg.told.sent", found.sent)
                self._desk.sync_wanted.emit()
                self._count()

        self._desk.tasks.ask(
            lambda: self._port.send(outreach_id, *wanted), done=done, failed=self._failer("is_sending", "send_problem")
        )

    def recall(self) -> None:
        """Take the newest tasks back, as far as they are not done."""
        last, session = self.state.last, self._desk.session
        if last is None or self.state.is_sending or self.state.is_offline:
            return
        self._show(is_sending=True, send_problem=None)

        def done(found: OutreachInfo) -> None:
            if self._desk.session is session:
                self._show(is_sending=False)
                self.told.emit("seg.told.recalled", found.recalled)
                self._desk.sync_wanted.emit()
                self._count()

        self._desk.tasks.ask(
            lambda: self._port.recall(last.id), done=done, failed=self._failer("is_sending", "send_problem")
        )

    # --- inside ---

    @property
    def _port(self) -> Any:
        return self._desk.counter.segments

    def _may(self) -> bool:
        return self._desk.session is not None and self._desk.may("segment.manage")

    def _template(self, number: int) -> str:
        return i18n.t(f"seg.template.{number}", **{name: f"{{{name}}}" for name in FIELDS})

    def _find(self, segment_id: str) -> SegmentInfo | None:
        segments = () if self.state.board is None else self.state.board.segments
        return next((each for each in segments if each.id == segment_id), None)

    def _free_name(self, wanted: str) -> str:
        taken = set() if self.state.board is None else {each.name for each in self.state.board.segments}
        numbered = (wanted, *(f"{wanted} {number}" for number in range(2, 100)))
        return next(name for name in numbered if name not in taken)

    def _begin(self, draft: Draft) -> None:
        self._show(draft=draft, count=None, count_problem=None, save_problem=None, send_problem=None, saved_at_ms=0)
        self._count()

    def _change(self, **changed: Any) -> None:
        draft = self.state.draft
        if draft is None or self.state.is_offline:
            return
        after = replace(draft, **changed)
        if after != draft:
            self._show(draft=replace(after, is_changed=True))
            self._saver.start()

    def _change_audience(self, change: Callable[[Audience], Audience]) -> None:
        draft = self.state.draft
        if draft is not None and draft.kind == "dynamic" and not self.state.is_offline:
            before = draft.audience
            self._change(audience=change(before))
            if self.state.draft is not None and self.state.draft.audience != before:
                self._count()

    def _count(self) -> None:
        draft = self.state.draft
        if draft is None or not self._may() or self.state.is_offline:
            return
        audience = draft.audience if draft.kind == "dynamic" else None
        segment_id = draft.id if draft.version else None
        if audience is None and segment_id is None:
            return
        self._show(is_counting=True, count_problem=None)
        channel, cap = self.state.channel, self.state.cap_week
        self._fetch(
            lambda: self._port.count(segment_id, audience, channel, cap), self._take_count, "is_counting",
            "count_problem", latest="segments.count",
        )  # fmt: skip

    def _take_count(self, found: AudienceCount) -> None:
        draft, board = self.state.draft, self.state.board
        if board is not None and draft is not None and not draft.is_changed:
            changed = tuple(
                replace(each, members=found.matched) if each.id == draft.id else each for each in board.segments
            )
            board = replace(board, segments=changed)
        self._show(count=found, is_counting=False, board=board, now_ms=self._desk.now_ms())

    def _with(self, found: SegmentInfo) -> Board | None:
        board = self.state.board
        if board is None:
            return None
        rest = [each for each in board.segments if each.id != found.id]
        return replace(board, segments=tuple(sorted([*rest, found], key=lambda each: (each.name, each.id))))

    def _take_last(self, board: Board | None) -> None:
        if self.state.board is None and board is not None:
            self._show(board=board)

    def _take_board(self, board: Board) -> None:
        self._show(board=board, is_asking=False, problem=None)
        draft = self.state.draft
        if draft is None:
            if board.segments:
                self._begin(draft_of(board.segments[0]))
        elif not draft.is_changed and not self.state.is_saving:
            found = self._find(draft.id)
            if found is None:
                self._show(draft=None, count=None)
            else:
                self._show(draft=draft_of(found))
                self._count()

    def _fetch(
        self, ask: Callable[[], Any], take: Callable[[Any], None], busy: str, problem: str, *, latest: str
    ) -> None:
        session = self._desk.session

        def done(found: Any) -> None:
            if self._desk.session is session:
                take(found)

        self._desk.tasks.fetch(ask, done=done, failed=self._failer(busy, problem), latest=latest)

    def _failer(self, busy: str, problem: str) -> Callable[[Exception], None]:
        session = self._desk.session

        def failed(error: Exception) -> None:
            if self._desk.session is not session:
                return
            told: dict[str, Any] = {busy: False} if busy else {}
            if isinstance(error, GuideDeskError):
                self._show(**told, **{problem: error})
            else:
                self._show(**told)
                self._desk.tasks.failed.emit(error)

        return failed

    def _take_status(self, status: SyncStatus) -> None:
        was = self.state.is_offline
        self._show(is_offline=status.is_offline, now_ms=status.now_ms)
        if was and not status.is_offline and self.state.board is not None:
            self.reload()

    def _take_session(self, session: Session | None) -> None:
        self._saver.stop()
        self._show_state(SegmentsState(self._desk.now_ms(), is_offline=self.state.is_offline))
