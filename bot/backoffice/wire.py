"""The port's dataclasses as JSON and back: for storage, for receipts and for HTTP.

``Decimal`` travels as a string, dates in ISO form, tuples as lists. :func:`load` checks types, so a
wrong answer of another system is an error here and not somewhere later.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast

T = TypeVar("T")


class WireError(ValueError):
    """A JSON value does not have the shape of the type asked for."""


def dump(value: Any) -> Any:
    """JSON-able form of a value of the port."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    names = _names(value.__class__)
    if names:
        return {name: dump(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [dump(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def load(kind: type[T], value: Any) -> T:
    """A value of ``kind`` out of its JSON form. ``WireError`` names what is wrong."""
    return cast(T, _load(kind, value, getattr(kind, "__name__", str(kind))))


@lru_cache(maxsize=64)
def _names(kind: type) -> tuple[str, ...]:
    """Fields of a dataclass; empty for anything else."""
    return tuple(f.name for f in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _load(kind: Any, value: Any, where: str) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, UnionType):
        if value is None and type(None) in args:
            return None
        return _load(next(arg for arg in args if arg is not type(None)), value, where)
    if origin is Literal:
        if value not in args:
            raise WireError(f"{where}: {value!r} is not one of {args}")
        return value
    if origin is tuple:
        items = _expect(list, value, where)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_load(args[0], item, f"{where}[{n}]") for n, item in enumerate(items))
        if len(items) != len(args):
            raise WireError(f"{where}: {len(args)} values expected")
        return tuple(_load(arg, item, f"{where}[{n}]") for n, (arg, item) in enumerate(zip(args, items, strict=True)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {
            _load(args[0], key, where): _load(args[1], item, f"{where}.{key}")
            for key, item in _expect(dict, value, where).items()
        }
    if dataclasses.is_dataclass(kind):
        return _load_dataclass(cast(type, kind), _expect(dict, value, where), where)
    return _load_scalar(kind, value, where)


def _load_dataclass(kind: type, value: dict[str, Any], where: str) -> Any:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            found[field.name] = _load(_hints(kind)[field.name], value[field.name], f"{where}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise WireError(f"{where}.{field.name} is missing")
    return kind(**found)


def _load_scalar(kind: Any, value: Any, where: str) -> Any:
    try:
        if kind is Decimal:
            number = Decimal(_expect(str, value, where))
            if not number.is_finite():
                raise WireError(f"{where}: not a finite number")
            return number
        if kind is datetime:
            instant = datetime.fromisoformat(_expect(str, value, where).replace("Z", "+00:00"))
            if instant.tzinfo is None:
                raise WireError(f"{where}: an instant needs its offset")
            return instant
        if kind is date:
            return date.fromisoformat(_expect(str, value, where))
    except (ValueError, InvalidOperation) as error:
        raise WireError(f"{where}: {value!r} is not a {kind.__name__}") from error
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is int and isinstance(value, bool):
        raise WireError(f"{where}: a number is expected")
    return _expect(kind, value, where)


def _expect(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise WireError(f"{where}: {kind.__name__} expected, {type(value).__name__} found")
    return value
