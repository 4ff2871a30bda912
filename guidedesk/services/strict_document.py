"""Frozen dataclasses to JSON and back, strictly: what an answer must hold is its class, and nothing is guessed."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_document(value: Any) -> Any:
    """A dataclass of documents as JSON values: objects, lists, text, whole numbers, true, false and null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_document(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_document(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [to_document(each) for each in value]
    return value


def read_document(kind: type[T], value: Any, where: str = "") -> T:
    """A dataclass out of JSON values. Keys it does not know are left out: a newer server may say more.

    ValueError, naming the place, for anything missing or of another type; a float is never a whole number.
    """
    found: T = _read(kind, value, where or kind.__name__)
    return found


def _read(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        (inner,) = (each for each in get_args(kind) if each is not type(None))
        return _read(inner, value, where)
    if origin is Literal:
        return _checked(value, value in get_args(kind), where)
    if origin is tuple:
        _checked(value, isinstance(value, list | tuple), where)
        return tuple(_read(get_args(kind)[0], each, f"{where}[{n}]") for n, each in enumerate(value))
    if origin is not None and issubclass(origin, Mapping):
        _checked(value, isinstance(value, Mapping), where)
        inner = get_args(kind)[1]
        return {name: _read(inner, each, f"{where}.{name}") for name, each in value.items()}
    if is_dataclass(kind):
        _checked(value, isinstance(value, Mapping), where)
        made: Any = kind
        return made(**{f.name: _field(f, hint, value, where) for f, hint in _hints(made)})
    return _checked(value, type(value) is kind, where)


def _field(field: Field[Any], hint: Any, value: Mapping[str, Any], where: str) -> Any:
    if field.name in value:
        return _read(hint, value[field.name], f"{where}.{field.name}")
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    raise ValueError(f"{where}.{field.name} is missing")


@cache
def _hints(kind: Any) -> tuple[tuple[Field[Any], Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in fields(kind))


def _checked(value: Any, is_right: bool, where: str) -> Any:
    if not is_right:
        raise ValueError(f"{where} is of another type")
    return value
