"""Turns an error's code and values into a sentence for a person (DESIGN-UI.md 11); the code stays behind "details"."""

from __future__ import annotations

from dataclasses import dataclass

from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui import i18n


@dataclass(frozen=True, slots=True)
class Message:
    """What happened and what is safe (`text`), and what support may ask for (`detail`)."""

    text: str
    detail: str


def message_for(error: BaseException) -> Message:
    """The sentence of an error; an unknown one says that the work is kept and to try again."""
    if not isinstance(error, GuideDeskError):
        return Message(i18n.t("error.unexpected"), type(error).__name__)
    key = _key(error.code)
    closer = f"{key}_{error.params.get('what')}"  # a refusal with several causes may say which
    key = closer if i18n.has(closer) else key
    params = {name: value if isinstance(value, int) else str(value) for name, value in error.params.items()}
    text = i18n.t(key, **params) if i18n.has(key) else i18n.t("error.unexpected")
    return Message(text, str(error))


def sentence(code: str, **params: str | int) -> str:
    """The sentence of a code that arrived from the server or the journal."""
    key = _key(code)
    return i18n.t(key, **params) if i18n.has(key) else i18n.t("error.unexpected")


def _key(code: str) -> str:
    # A server, or something before it, that fails without a word of its own.
    return "error.server_failed" if code.startswith("http_5") else f"error.{code}"
