"""JSON from outside, parsed so that no input means two things (SECURITY.md S-2), and canonical JSON.

Python's own parser takes duplicate keys, NaN, `1e400` and lone surrogates, and fails with RecursionError or
ValueError on depth and long digits; here each is one typed refusal, which the server answers with 400.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, TypeAlias, cast

from guidedesk.domain.errors import Refused

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"

MAX_INTEGER = 2**53
_UTF8_BOM = b"\xef\xbb\xbf"


class JsonFault(StrEnum):
    """Why a text was refused; the value is the `reason` of the error."""

    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    BOM = "bom"
    SYNTAX = "syntax"
    TRAILING_DATA = "trailing_data"
    DUPLICATE_KEY = "duplicate_key"
    NOT_FINITE = "not_finite"
    INTEGER_RANGE = "integer_range"
    FLOAT = "float"
    LONE_SURROGATE = "lone_surrogate"
    NUL = "nul"
    TOO_DEEP = "too_deep"
    STRING_TOO_LONG = "string_too_long"
    NOT_AN_OBJECT = "not_an_object"
    NOT_JSON_TYPE = "not_json_type"


class JsonRefused(Refused):
    """A text or value that is not the JSON we take; code `json_refused`, parameter `reason` a `JsonFault`."""

    def __init__(self, fault: JsonFault) -> None:
        super().__init__("json_refused", reason=fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Limits:
    """What one text may hold (SECURITY.md S-1). Sizes are bytes of UTF-8; depth counts lists and objects."""

    max_bytes: int = 4 * 1024 * 1024
    max_depth: int = 16
    max_string_bytes: int = 8 * 1024
    allow_floats: bool = True


DEFAULT_LIMITS = Limits()


def loads(data: bytes, limits: Limits = DEFAULT_LIMITS) -> JsonValue:
    """The value of one JSON text, or `JsonRefused`; no other exception for any input."""
    if len(data) > limits.max_bytes:
        raise JsonRefused(JsonFault.TOO_LARGE)
    if data.startswith(_UTF8_BOM):
        raise JsonRefused(JsonFault.BOM)
    text = _decode(data)
    value = _parse(text, limits)
    _check(value, limits, is_plain="\\" not in text or "\\u" not in text)
    return value


def loads_object(data: bytes, limits: Limits = DEFAULT_LIMITS) -> JsonObject:
    """As `loads`, for bodies that must be an object."""
    value = loads(data, limits)
    if not isinstance(value, dict):
        raise JsonRefused(JsonFault.NOT_AN_OBJECT)
    return value


def check(value: object, limits: Limits = DEFAULT_LIMITS) -> None:
    """That a value which came in another form than text (MessagePack) is one that `loads` could have given."""
    # Its texts were UTF-8, so that no half of a surrogate came through; NUL could.
    _check(value, limits, is_plain=True, may_hold_nul=True)


def unique_keys(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    """An object of its pairs; refused where a key comes twice, which parsers read in different ways."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonRefused(JsonFault.DUPLICATE_KEY)
    return found


def dumps(value: object) -> bytes:
    """Canonical UTF-8 (RFC 8785 for our values): keys in UTF-16 order, no spaces, no floats.

    Takes None, bool, int, str, list, tuple and mappings of those; what it writes, `loads` reads back equal
    (tuples as lists). Raises `JsonRefused` for anything else.
    """
    ordered = _ordered(value, DEFAULT_LIMITS.max_depth)
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonRefused(JsonFault.NOT_UTF8) from None


def _parse(text: str, limits: Limits) -> JsonValue:
    parse_float = _finite_float if limits.allow_floats else _no_float
    decoder = json.JSONDecoder(
        object_pairs_hook=unique_keys,
        parse_float=parse_float,
        parse_constant=_no_constant,
    )
    try:
        return cast(JsonValue, decoder.decode(text))
    except RecursionError:
        raise JsonRefused(JsonFault.TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise JsonRefused(
            JsonFault.TRAILING_DATA if error.msg == "Extra data" else JsonFault.SYNTAX
        ) from None
    except ValueError:
        # Python reads no integer of more than 4,300 digits: longer ones take it too long.
        raise JsonRefused(JsonFault.INTEGER_RANGE) from None


def _finite_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise JsonRefused(JsonFault.NOT_FINITE)
    return number


def _no_float(_digits: str) -> NoReturn:
    raise JsonRefused(JsonFault.FLOAT)


def _no_constant(_name: str) -> NoReturn:
    raise JsonRefused(JsonFault.NOT_FINITE)


def _check(root: object, limits: Limits, *, is_plain: bool, may_hold_nul: bool = False) -> None:
    """Depth, numbers and texts, level by level: the value may be as deep as the parser allows.

    A push has tens of thousands of values, so the common case of each is one comparison. `is_plain`: no text of
    it can hold what only an escape can write.
    """
    # Characters that fit whatever they are: none takes more than four bytes.
    certain = limits.max_string_bytes // 4 if is_plain else -1
    good_keys: set[str] = set()
    level: list[Any] = [[root]]
    depth = 0
    while level:
        inner: list[Any] = []
        for container in level:
            values = container
            if type(container) is dict:
                if not container.keys() <= good_keys:
                    _check_keys(container, limits)
                    good_keys.update(container)
                values = container.values()
            for value in values:
                kind = type(value)
                if kind is str:
                    if len(value) > certain or (may_hold_nul and "\0" in value):
                        _check_text(value, limits.max_string_bytes)
                elif kind is int:
                    if not -MAX_INTEGER <= value <= MAX_INTEGER:
                        raise JsonRefused(JsonFault.INTEGER_RANGE)
                elif kind is dict or kind is list:
                    inner.append(value)
                elif kind is float:
                    if not math.isfinite(value):
                        raise JsonRefused(JsonFault.NOT_FINITE)
                elif value is not None and kind is not bool:
                    raise JsonRefused(JsonFault.NOT_JSON_TYPE)
        level, depth = inner, depth + 1
        if level and depth > limits.max_depth:
            raise JsonRefused(JsonFault.TOO_DEEP)


def _check_keys(container: dict[Any, Any], limits: Limits) -> None:
    for key in container:
        if not isinstance(key, str):
            raise JsonRefused(JsonFault.NOT_JSON_TYPE)
        _check_text(key, limits.max_string_bytes)


def _check_text(text: str, max_bytes: int | None) -> None:
    if "\0" in text:
        raise JsonRefused(JsonFault.NUL)
    try:
        size = len(text) if text.isascii() else len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise JsonRefused(JsonFault.LONE_SURROGATE) from None
    if max_bytes is not None and size > max_bytes:
        raise JsonRefused(JsonFault.STRING_TOO_LONG)


def _ordered(value: object, depth_left: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise JsonRefused(JsonFault.INTEGER_RANGE)
        return int(value)
    if isinstance(value, str):
        _check_text(value, None)
        return str(value)
    if isinstance(value, float):
        raise JsonRefused(JsonFault.FLOAT)
    if depth_left == 0:
        raise JsonRefused(JsonFault.TOO_DEEP)
    if isinstance(value, list | tuple):
        return [_ordered(item, depth_left - 1) for item in value]
    if isinstance(value, Mapping):
        return _ordered_object(value, depth_left - 1)
    raise JsonRefused(JsonFault.NOT_JSON_TYPE)


def _ordered_object(value: Mapping[object, object], depth_left: int) -> dict[str, object]:
    keys: list[str] = []
    for key in value:
        if not isinstance(key, str):
            raise JsonRefused(JsonFault.NOT_JSON_TYPE)
        _check_text(key, None)
        keys.append(key)
    keys.sort(key=_utf16)
    return {key: _ordered(value[key], depth_left) for key in keys}


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be")
