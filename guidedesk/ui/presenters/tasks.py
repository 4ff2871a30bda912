"""An associate's tasks: whom to contact, why today, what to say, and what came of it (DESIGN-UI.md 5, Tasks)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.contact_limits import is_quiet
from guidedesk.domain.errors import Refused
from guidedesk.domain.scripts import MODES, Script
from guidedesk.domain.time import local_datetime
from guidedesk.services import follow_up_steps as steps
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import FollowUpInfo, MemberCard, TaskList
from guidedesk.services.operations import Operation
from guidedesk.services.queries.follow_ups import contacts_this_week, get_tasks
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.reference import get_scripts, get_settings, get_store
from guidedesk.services.read_models import NOBODY, Bilingual, ChainSettings
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.care_feed import CareFeed, CareState
from guidedesk.ui.presenters.follow_up import FollowUpRef
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.presenters.task_groups import GROUPS, Group, counts, in_group
from guidedesk.ui.presenters.undo import Notice

ASKED: Final = "task_result"  # the kind of draft that remembers a contact nobody told the result of
# Why she is not contacted at all, whatever the hour: her card can be opened.
NO_CONTACT: Final = ("no_consent", "muted", "capped", "duplicate")
SHOWN_KINDS: Final = frozenset({
    "follow_up", "interaction", "member", "consent", "member_tag", "setting", "binding", "purchase", "coupon",
    "family_date", "wish", "stock", "gathering", "gathering_seat",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What is needed to speak to somebody: her card, how often she was contacted, who speaks and where."""

    card: MemberCard
    contacts: int
    settings: ChainSettings
    store: Bilingual
    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True, slots=True)
class Copied:
    """Words for the clipboard, the channel they are for, and where it opens (empty: by the person herself)."""

    words: str
    channel: str
    url: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A contact that was begun and whose result nobody told; asked for once."""

    follow_up_id: str
    member_id: str
    name: str


@dataclass(frozen=True, slots=True)
class TasksState:
    """What the screen shows. `tasks` is None until the first reading came; `facts` are of the chosen entry; `turn`
    counts how often another script was wanted."""

    now_ms: int
    zone: str = "Asia/Shanghai"
    tasks: TaskList | None = None
    group: Group = "today"
    text: str = ""
    chosen_id: str = ""
    facts: TaskFacts | None = None
    speaker: Bilingual = NOBODY
    mode: str = MODES[0]
    turn: int = 0
    script: str = ""  # as adapted; empty: as it comes
    asked: Asked | None = None
    as_of_ms: int | None = None
    is_loading: bool = False
    is_forbidden: bool = False

    @property
    def items(self) -> tuple[FollowUpInfo, ...]:
        """The entries of the group, in the order in which they are shown."""
        return in_group(self.tasks, self.group, self.text) if self.tasks is not None else ()

    @property
    def counts(self) -> dict[Group, int]:
        """How many entries each group has."""
        return counts(self.tasks) if self.tasks is not None else dict.fromkeys(GROUPS, 0)

    @property
    def chosen(self) -> FollowUpInfo | None:
        """The entry the drawer is about."""
        return next((item for item in self.items if item.id == self.chosen_id), None)

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is contacted at this time of day."""
        policy = self.facts.settings.contact_policy if self.facts is not None else ChainSettings().contact_policy
        return is_quiet(local_datetime(self.now_ms, self.zone).time(), policy)

    @property
    def refusal(self) -> str:
        """Why she must not be contacted now, or an empty text: a reason of `domain.contact_limits`."""
        item = self.chosen
        if item is None or item.is_done:
            return ""
        if item.channel is None:
            return item.refusal or "no_consent"
        return "quiet" if self.is_quiet else ""


class TasksPresenter(StatePresenter[TasksState]):
    """`state_changed(TasksState)`; `copied(Copied)` when words are to be copied and a channel opened;
    `member_opened(id)`, `log_wanted(FollowUpInfo)`, `change_wanted(FollowUpRef)` lead on; `noticed(Notice)`."""

    copied = Signal(object)
    member_opened = Signal(str)
    log_wanted = Signal(object)
    change_wanted = Signal(object)
    noticed = Signal(object)

    def __init__(self, desk: Desk, care: CareFeed, parent: QObject | None = None) -> None:
        super().__init__(TasksState(desk.now_ms()), parent)
        self._desk, self._care = desk, care
        self._is_resting = True
        self._begun = ""  # the entry whose channel was opened last
        desk.session_changed.connect(self._take_session)
        desk.status_changed.connect(self._take_status)
        desk.tasks.committed.connect(self._committed)
        care.state_changed.connect(self._take_care)

    def open(self) -> None:
        """The page came to the front: read, and ask once for what was left without a result."""
        self._is_resting = False
        self._show(now_ms=self._desk.now_ms(), is_forbidden=not self._desk.may("follow_up.complete"))
        self.reload()
        self._ask()

    def rest(self) -> None:
        """Another page is in front: read nothing until `open`."""
        self._is_resting = True
        self._show(asked=None)

    def reload(self) -> None:
        """Read the list of whoever is signed in."""
        session = self._desk.session
        if session is None or self.state.is_forbidden:
            return
        people = self._care.state.people

        def taken(found: tuple[TaskList, str]) -> None:
            if self._desk.session is session:
                self._take_tasks(*found)

        self._desk.read(
            _read_tasks, session.staff.id, self._desk.now_ms(), people, done=taken, latest="tasks.list"
        )  # fmt: skip

    def choose_group(self, group: str) -> None:
        """Another group at the left."""
        chosen = next((one for one in GROUPS if one == group), None)
        if chosen is not None and chosen != self.state.group:
            self._show(group=chosen, text="")
            self._choose_first()

    def narrow(self, text: str) -> None:
        """Only entries whose member or words have this in them."""
        self._show(text=text)
        self._choose_first()

    def choose(self, follow_up_id: str) -> None:
        """Another entry: its drawer is read."""
        if follow_up_id != self.state.chosen_id:
            self._show(chosen_id=follow_up_id, script="", turn=0, facts=self._facts_for(follow_up_id))
        self._read_facts()

    def choose_mode(self, mode: str) -> None:
        """Another way of working: shopping assistant, topic expert, private partner."""
        if mode in MODES:
            self._show(mode=mode, script="", turn=0)

    def another_script(self) -> None:
        """The next script for this occasion."""
        self._show(turn=self.state.turn + 1, script="")

    def adapt(self, text: str) -> None:
        """The words were changed by hand."""
        self._show(script=text)

    def act(self, words: str) -> None:
        """The main action: copy the words and open the channel; where nobody may contact her, open her card."""
        item, facts = self.state.chosen, self.state.facts
        if item is None or facts is None:
            return
        refusal = self.state.refusal
        if item.is_done or refusal in NO_CONTACT:
            self.member_opened.emit(item.member_id)
        elif refusal:
            return
        else:
            urls = {"wechat": facts.settings.channel_wechat, "sms": facts.settings.channel_sms}
            self._remember(Asked(item.id, item.member_id, item.member_name))
            self.copied.emit(Copied(words, item.channel or "", urls.get(item.channel or "", "")))

    def open_item(self, follow_up_id: str) -> None:
        """Enter: her card."""
        item = self._find(follow_up_id)
        if item is not None:
            self.member_opened.emit(item.member_id)

    def complete(self, follow_up_id: str) -> None:
        """Space: done."""
        item = self._find(follow_up_id)
        if item is not None and not item.is_done:
            self._record(item, steps.complete(item), "member.follow_up_done")

    def snooze(self, follow_up_id: str) -> None:
        """Ctrl Right: tomorrow, or a day later than planned."""
        item = self._find(follow_up_id)
        if item is None or item.is_done or self.state.tasks is None:
            return
        to = max(self.state.tasks.today, date.fromisoformat(item.due_date)) + timedelta(days=1)
        self._record(item, steps.snooze(item, to), "tasks.snoozed", to)

    def dismiss(self, follow_up_id: str) -> None:
        """Not suitable: it does not come back."""
        item = self._find(follow_up_id)
        if item is not None and not item.is_done:
            self._record(item, steps.dismiss(item), "tasks.dismissed")

    def log(self, follow_up_id: str) -> None:
        """F4: write down what came of it; the task is done with it."""
        item = self._find(follow_up_id)
        if item is not None and not item.is_done:
            self._told(item.id)
            self.log_wanted.emit(item)

    def change(self, follow_up_id: str) -> None:
        """Delete: hand it over or cancel it."""
        item = self._find(follow_up_id)
        if item is not None and not item.is_done:
            self.change_wanted.emit(FollowUpRef(item.member_id, item.id))

    def answer_asked(self, answer: str) -> None:
        """What came of the contact that was asked for: `done`, `log`, or `later`, which is not asked again."""
        asked = self.state.asked
        if asked is None:
            return
        self._show(asked=None)
        if answer == "done":
            self.complete(asked.follow_up_id)
        elif answer == "log":
            item = self._find(asked.follow_up_id)
            if item is not None:
                self.log_wanted.emit(item)

    # --- inside -----------------------------------------------------------------------------------

    def _record(
        self, item: FollowUpInfo, operations: tuple[Operation, ...], key: str, day: date | None = None
    ) -> None:
        self._told(item.id)

        def told(changes: Changes) -> None:
            undo = steps.undo_of(operations, changes.op_ids)
            self.noticed.emit(Notice(key, item.member_name, day, undo))

        self._desk.record(*operations, done=told)

    def _find(self, follow_up_id: str) -> FollowUpInfo | None:
        tasks = self.state.tasks
        every = (*tasks.open, *tasks.done) if tasks is not None else ()
        return next((item for item in every if item.id == follow_up_id), None)

    def _take_tasks(self, tasks: TaskList, zone: str) -> None:
        before = [item.id for item in self.state.items]
        self._show(tasks=tasks, zone=zone, now_ms=self._desk.now_ms())
        if self.state.chosen is None:
            self._choose_next(before)
        else:
            self._read_facts()

    def _choose_first(self) -> None:
        items = self.state.items
        self.choose(items[0].id if items else "")

    def _choose_next(self, before: list[str]) -> None:
        """The entry that takes the place of the one that is gone: the hand stays where it is."""
        at = before.index(self.state.chosen_id) if self.state.chosen_id in before else 0
        items = self.state.items
        self.choose(items[min(at, len(items) - 1)].id if items else "")

    def _facts_for(self, follow_up_id: str) -> TaskFacts | None:
        item, facts = self._find(follow_up_id), self.state.facts
        is_same = item is not None and facts is not None and facts.card.member_id == item.member_id
        return facts if is_same else None

    def _read_facts(self) -> None:
        session, item = self._desk.session, self.state.chosen
        if session is None or item is None:
            return

        def taken(facts: TaskFacts) -> None:
            if self._desk.session is session and self.state.chosen_id == item.id:
                self._show(facts=facts, speaker=session.staff.name)

        self._desk.read(
            _read_facts, item.member_id, session.staff.id, self._desk.counter.store_id, self._desk.now_ms(), done=taken,
            failed=self._no_facts, latest="tasks.facts",
        )  # fmt: skip

    def _no_facts(self, error: Exception) -> None:
        # Erased, or no longer to be seen here: the list is read again and closes up.
        if not isinstance(error, Refused):
            self._desk.tasks.failed.emit(error)

    def _ask(self) -> None:
        session = self._desk.session
        if session is None:
            return

        def taken(found: dict[str, Any] | None) -> None:
            if found and self._desk.session is session and not self._is_resting:
                self._remember(None)  # once
                self._show(asked=Asked(str(found.get("id")), str(found.get("member")), str(found.get("name"))))

        self._desk.tasks.read(
            self._desk.counter.load_draft, session.staff.id, ASKED, "", done=taken, latest="tasks.asked"
        )  # fmt: skip

    def _told(self, follow_up_id: str) -> None:
        if self._begun == follow_up_id:
            self._remember(None)
        if self.state.asked is not None and self.state.asked.follow_up_id == follow_up_id:
            self._show(asked=None)

    def _remember(self, asked: Asked | None) -> None:
        """Kept on this PC at once, under her name: a lock or a crash does not forget it."""
        session = self._desk.session
        if session is not None:
            found = asked and {"id": asked.follow_up_id, "member": asked.member_id, "name": asked.name}
            self._begun = asked.follow_up_id if asked is not None else ""
            self._desk.tasks.write(self._desk.counter.save_draft, session.staff.id, ASKED, "", found)

    def _take_session(self, session: Session | None) -> None:
        self._begun = ""
        before = self.state
        self._show_state(
            TasksState(self._desk.now_ms(), mode=before.mode, as_of_ms=before.as_of_ms, is_loading=before.is_loading)
        )
        self._is_resting = True

    def _take_status(self, status: SyncStatus) -> None:
        self._show(as_of_ms=status.last_contact_ms if status.is_offline else None, is_loading=status.is_first_load)

    def _take_care(self, _state: CareState) -> None:
        if not self._is_resting:
            self.reload()

    def _committed(self, changes: object) -> None:
        if self._is_resting or not isinstance(changes, Changes):
            return
        if not changes.kinds or changes.kinds & SHOWN_KINDS:
            self.reload()


def _read_tasks(connection: Any, staff_id: str, now_ms: int, people: Any) -> tuple[TaskList, str]:
    zone = get_settings(connection).zone
    return get_tasks(connection, staff_id, now_ms, zone, people), zone


def _read_facts(connection: Any, member_id: str, viewer_id: str, store_id: str, now_ms: int) -> TaskFacts:
    card = get_member_card(connection, member_id, viewer_id, now_ms)
    return TaskFacts(
        card=replace(card, timeline_counts=()),
        contacts=contacts_this_week(connection, card.member_id, now_ms),
        settings=get_settings(connection),
        store=get_store(connection, store_id).name,
        scripts=get_scripts(connection),
    )
