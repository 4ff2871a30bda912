"""A PC that may hold no more says so before anything is typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.domain.outbox import MOST_UNSENT, NEARLY_FULL
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.presenters.consent import ConsentPresenter
from guidedesk.ui.presenters.edit_member import EditMemberPresenter
from guidedesk.ui.presenters.log_interaction import LogPresenter
from guidedesk.ui.presenters.new_member import NewMemberPresenter
from guidedesk.ui.presenters.sale import SalePresenter
from tests.helpers.shop import NOW, SHEN
from tests.ui.member_desk import MemberDesk, heard, make_desk

FORMS: dict[str, Callable[[MemberDesk], object]] = {
    "log": lambda desk: _opened(LogPresenter(desk), SHEN),
    "edit": lambda desk: _opened(EditMemberPresenter(desk), SHEN),
    "consent": lambda desk: _opened(ConsentPresenter(desk), SHEN),
    "sale": lambda desk: _opened(SalePresenter(desk), SHEN),
    "register": lambda desk: _opened(NewMemberPresenter(desk), ""),
}


def _opened(
    presenter: LogPresenter | EditMemberPresenter | ConsentPresenter | SalePresenter | NewMemberPresenter, subject: str
) -> list[object]:
    opened = heard(presenter.opened)
    presenter.open(subject)
    return opened


@pytest.mark.parametrize("form", FORMS)
def test_no_form_opens_and_a_sentence_says_why(form: str) -> None:
    desk = make_desk()
    told = heard(desk.tasks.failed)
    desk.status_changed.emit(SyncStatus(NOW, waiting=MOST_UNSENT))
    assert FORMS[form](desk) == []
    assert [(type(error), error.code, error.params) for error in told] == [
        (Refused, "journal_full", {"limit": MOST_UNSENT})
    ]
    desk.status_changed.emit(SyncStatus(NOW, waiting=NEARLY_FULL))
    assert len(FORMS[form](desk)) == 1  # type: ignore[arg-type]
    assert len(told) == 1
