"""Arrays in PostgreSQL's own writing.

The driver writes them a value at a time in Python, which for a batch took longer than the database took to store
it; joining texts does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Dialect, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, TypeEngine


class TextArray(TypeDecorator[Any]):
    """An array parameter that goes to the database as its text.

    The text stays of no type until the statement says one: a cast of another type would be done for every row.
    """

    impl = ARRAY
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """As it is: `array_of` has written it."""
        return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def array_of(kind: TypeEngine[Any], values: Iterable[Any]) -> BindParameter[Any]:
    """These values as one parameter, an array of `kind`."""
    return literal(array_text(list(values)), TextArray(kind))


def array_text(values: Sequence[Any]) -> Any:
    """A one-dimensional array as text for a parameter cast to its type: ids, texts, whole numbers (True is 1), bytes.

    Values of other types are given back as a list, for the driver to write.
    """
    kinds = set(map(type, values))
    if kinds <= {int}:
        return "{" + ",".join(map(str, values)) + "}"
    if kinds <= {str}:
        return "{" + ",".join(map(_quoted, values)) + "}" if _needs_care(values) else _joined(values)
    if not kinds <= _WRITTEN.keys():
        return list(values)
    return "{" + ",".join(_WRITTEN[type(value)](value) for value in values) + "}"


def _needs_care(values: Sequence[str]) -> bool:
    text = "".join(values)
    return '"' in text or "\\" in text


def _joined(values: Sequence[str]) -> str:
    return '{"' + '","'.join(values) + '"}'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_WRITTEN: Final[dict[type, Callable[[Any], str]]] = {
    type(None): lambda _: "NULL",
    bool: lambda value: str(int(value)),
    int: str,
    str: _quoted,
    bytes: lambda raw: f'"\\\\x{raw.hex()}"',
}
