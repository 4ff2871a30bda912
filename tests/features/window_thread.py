"""Who asked the database or the network on the window's thread (DESIGN-UI.md 15: nobody but a list's page read)."""

from __future__ import annotations

import http.client
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, event

import guidedesk.ui

_UI: Final = str(Path(guidedesk.ui.__file__).parent)
_PAGE_READ: Final = "load_rows"  # what list models call for 64 rows by key

_BESIDE: Final = "InlineTasks._run"  # beside the window but in stories that run every work at once


@contextmanager
def watched() -> Iterator[list[str]]:
    """What the window itself asks for on its thread while this lasts, as "file:function: what"."""
    window, found = threading.get_ident(), list[str]()

    def note(what: str) -> None:
        if threading.get_ident() != window:
            return
        frame: Any = sys._getframe(2)
        asked_by = ""
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(_UI):
                if code.co_name == _PAGE_READ or code.co_qualname == _BESIDE:
                    return
                asked_by = asked_by or f"{Path(code.co_filename).name}:{code.co_name}"
            frame = frame.f_back
        if asked_by:
            found.append(f"{asked_by}: {what[:60]}")

    def executed(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        note(statement)

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((http.client.HTTPConnection, "putrequest"), (socket, "create_connection")):
            _call_first(patch, owner, name, note)
        event.listen(Engine, "before_cursor_execute", executed)
        try:
            yield found
        finally:
            event.remove(Engine, "before_cursor_execute", executed)


def _call_first(patch: pytest.MonkeyPatch, owner: Any, name: str, note: Any) -> None:
    whole = getattr(owner, name)

    def asked(*args: Any, **more: Any) -> Any:
        note(name)
        return whole(*args, **more)

    patch.setattr(owner, name, asked)
