"""The invented people of the pictures with names, texts and amounts as real shops have them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from PySide6.QtWidgets import QWidget

from guidedesk.ui.fixtures import history, home, log, member, member_care, register, search, sync, tasks
from guidedesk.ui.fixtures.frame import in_window
from guidedesk.ui.fixtures.window import in_window as in_shell
from guidedesk.ui.views.history import HistoryPage
from guidedesk.ui.views.home import HomePage
from guidedesk.ui.views.log_interaction import LogDialog
from guidedesk.ui.views.member import MemberPage
from guidedesk.ui.views.new_member import NewMemberPage
from guidedesk.ui.views.search import SearchOverlay
from guidedesk.ui.views.sync_centre import SyncPage
from guidedesk.ui.views.tasks import TasksPage

PEOPLE: Final = frozenset({
    "沈知微", "秦之恒", "叶青禾", "许嘉树", "江雨桐", "陆思远", "唐可欣", "宋子雯", "孙梓汶", "苏昭文", "方颖",
    "方若溪", "羊绒", "针织开衫", "羊毛混纺开衫", "Knit cardigan", "Wool-blend cardigan", "好看，周末想来试大衣",
    "回访围巾搭配", "试穿的羊绒大衣是否合适", "羊绒护理液",
    "cashmere care", "针织", "knitwear", "尺码偏大", "Shen Zhiwei",
})  # fmt: skip
TIMES: Final = 10_000


def real(value: Any, name: str) -> Any:
    """The same data with this name wherever people typed something, and every amount ten thousand times larger."""
    if isinstance(value, str):
        return name if value in PEOPLE else value
    if isinstance(value, tuple):
        return tuple(real(item, name) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _field(field.name, getattr(value, field.name), name)
                                 for field in fields(value) if field.init})
    return value


def _field(key: str, value: Any, name: str) -> Any:
    is_amount = key.endswith("_minor") and isinstance(value, int)
    return value * TIMES if is_amount else real(value, name)


def screens_with(name: str) -> dict[str, QWidget]:
    """Every screen that shows people, with this name; each window is made when asked for."""
    card = real(member.SHEN, name)
    overlay_window = in_window("members", member.make_page(card))
    overlay = SearchOverlay(overlay_window.top.search, overlay_window.ground)
    overlay.render_state(real(search.FOUND, name))
    dialog = LogDialog()
    dialog.render_state(real(log.TYPED, name))
    return {
        "member": in_window("members", _rendered(MemberPage(), real(member.member_state(card), name))),
        "home": in_shell("home", _rendered(HomePage(), real(home.BASE, name))),
        "tasks": in_shell("tasks", _rendered(TasksPage(), real(tasks.BASE, name))),
        "next": in_window("members", _with_care(card, name)),
        "sync": in_shell("sync", _rendered(SyncPage(), real(sync.BASE, name))),
        "history": in_window("members", _history(name)),
        "log": in_window("members", member.make_page(card), dialog),
        "register": in_window("members", _rendered(NewMemberPage(), real(register.STATES["duplicate"], name))),
        "search": overlay_window,
    }


def _rendered(page: Any, state: Any) -> Any:
    page.render_state(state)
    return page


def _with_care(card: Any, name: str) -> MemberPage:
    page = member.make_page(card)
    page.render_care(real(member_care.CARE, name))
    return page


def _history(name: str) -> HistoryPage:
    rows = {ref: real(row, name) for ref, row in history.BY_REF.items()}
    page = HistoryPage(lambda refs: tuple(rows[ref] for ref in refs))
    page.render_state(real(history.STATE, name))
    return page
