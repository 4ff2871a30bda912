"""All scripts, searched as they are typed for, copied with one key; a person fills in whom they are for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.scripts import OCCASIONS, Script, matching
from guidedesk.services.queries.reference import get_scripts, get_settings, get_store
from guidedesk.services.read_models import NOBODY, Bilingual
from guidedesk.services.session import Session
from guidedesk.ui import i18n, scripts
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.presenters.tasks import Copied


@dataclass(frozen=True, slots=True)
class ScriptsState:
    """The chain's own scripts, what is typed, and which one is chosen; `speaker`, `store`, `brand` fill them in."""

    own: tuple[Script, ...] = ()
    text: str = ""
    chosen_key: str = ""
    speaker: Bilingual = NOBODY
    store: Bilingual = NOBODY
    brand: Bilingual = NOBODY

    @property
    def found(self) -> tuple[Script, ...]:
        """Those that have what is typed, by occasion."""
        names = {occasion: i18n.t(f"scripts.occasion.{occasion}") for occasion in OCCASIONS}
        every = matching((*self.own, *scripts.built_in()), self.text, names, i18n.language())
        return tuple(every if self.text else sorted(every, key=lambda one: OCCASIONS.index(one.occasion)))

    @property
    def chosen(self) -> Script | None:
        """The one on show: the first where none was chosen."""
        found = self.found
        return next((one for one in found if one.key == self.chosen_key), found[0] if found else None)


class ScriptsPresenter(StatePresenter[ScriptsState]):
    """`state_changed(ScriptsState)`; `copied(Copied)`."""

    copied = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(ScriptsState(), parent)
        self._desk = desk
        desk.session_changed.connect(self._take_session)

    def open(self) -> None:
        """The page came to the front."""
        session = self._desk.session
        if session is None:
            return

        def taken(found: tuple[tuple[Script, ...], Bilingual, Bilingual]) -> None:
            if self._desk.session is session:
                own, store, brand = found
                self._show(own=own, store=store, brand=brand, speaker=session.staff.name)

        self._desk.read(_read, self._desk.counter.store_id, done=taken, latest="scripts.list")

    def search(self, text: str) -> None:
        """Only those that have this in them."""
        self._show(text=text, chosen_key="")

    def choose(self, key: str) -> None:
        """Another one."""
        self._show(chosen_key=key)

    def copy(self, words: str) -> None:
        """Into the clipboard."""
        if words:
            self.copied.emit(Copied(words, "", ""))

    def _take_session(self, _session: Session | None) -> None:
        self._show_state(ScriptsState())


def _read(connection: Any, store_id: str) -> tuple[tuple[Script, ...], Bilingual, Bilingual]:
    return get_scripts(connection), get_store(connection, store_id).name, get_settings(connection).brand
