"""What a phone asked for, read strictly: fields of a form, language, where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from guidedesk.domain.errors import Refused

_MOST_BODY: Final = 8 * 1024
_MOST_FIELDS: Final = 24
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page. `fields` holds every value of a form's field in order."""

    client: str
    accepted: str
    is_secure: bool = False
    cookie: str = ""
    digits: str = ""
    channel: str = ""
    lang: str = ""
    hello: str = ""
    fields: Mapping[str, list[str]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """A field's first value, empty where it was left out."""
        return self.fields.get(name, [""])[0]

    @property
    def chosen_lang(self) -> str:
        """The language the page was in or is asked for in; empty where the phone's own counts."""
        return self.one("lang") or self.lang

    @property
    def address(self) -> str:
        """Where this page is: only for digits that are a code of ours."""
        return f"/q/{self.digits}" + (f"?c={self.channel}" if self.channel else "")


def read_form(body: bytes, content_type: str) -> dict[str, list[str]]:
    """The fields of a form; `form_invalid` for anything that no page of ours sends."""
    if len(body) > _MOST_BODY or content_type.partition(";")[0].strip().lower() != _FORM:
        raise Refused("form_invalid")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict", encoding="utf-8"
        )
    except ValueError:  # UnicodeDecodeError is one
        raise Refused("form_invalid") from None
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
