"""Encode the engine's state as bytes and decode it, so that a replay can start anywhere.

A keyframe only saves time, as the raw messages of the race lead to the same state. It carries a
hash of the fields of the values it was made of. A release that changes one of them refuses the
keyframe, and the replay plays from further back.

Most of a state are laps and traces of cars. They are written by columns, and instants of a column
as differences, which takes a fifth less room. Earlier releases wrote them by row, under zlib.
"""

from __future__ import annotations

import hashlib
import lzma
import types
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from itertools import accumulate
from operator import sub
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import orjson

from pitwall.domain.forecasts import Reason
from pitwall.domain.race import START_OF_TIME, LapRecord
from pitwall.domain.sessions import SessionType, type_of
from pitwall.engine.race_engine import EngineState

_MICROSECOND = timedelta(microseconds=1)
_LEVEL = 3  # of LZMA: the higher ones take four times as long for a fifth less room
_ZLIB: Final = b"\x78"  # how all of its blocks begin, and none of LZMA's
_FEWEST_ROWS = 3
_LAPS_HELD = 4_000  # of two races
_STAMP_BYTES = 8
# Stamps of earlier releases whose keyframes are still read: in the first a reason was one line; in
# the first two the memory had a feature cache, which was not written; in all of them forecasts had
# no contributions and no condition, and states knew races only: fields added at the end. The last
# had no order of the battles, which then begins anew.
_READ_ON = frozenset(
    map(
        bytes.fromhex,
        (
            *("ac5ea550f43f6178", "2c84a524718daf11", "62597c7b8ec32f95", "16de0f9055701237"),
            "87c66cb325c0837e",  # cars without the sectors told of in their lap
        ),
    )
)
Coder = Callable[[Any], Any]


def encode_keyframe(state: EngineState) -> bytes:
    """Return the state as bytes; about 22 kB late in a race."""
    plain = orjson.dumps(_coders(EngineState)[0](state), option=orjson.OPT_NON_STR_KEYS)
    return _stamp() + lzma.compress(plain, check=lzma.CHECK_NONE, preset=_LEVEL)


def decode_keyframe(body: bytes) -> EngineState | None:
    """Return the state; None when another release made it with other fields, or it is damaged."""
    stamp = body[:_STAMP_BYTES]
    if stamp != _stamp() and stamp not in _READ_ON:
        return None
    try:
        document = orjson.loads(_unpacked(body[_STAMP_BYTES:]))
        state: EngineState = _coders(EngineState)[1](document)
    except (zlib.error, lzma.LZMAError, ValueError, TypeError, LookupError):
        return None
    # An earlier release followed qualifying and practice as if they were races.
    is_race = type_of(state.race.info.kind) is SessionType.RACE
    return state if is_race or state.race.timed is not None else None


def _unpacked(packed: bytes) -> bytes:
    return zlib.decompress(packed) if packed.startswith(_ZLIB) else lzma.decompress(packed)


@cache
def _stamp() -> bytes:
    """Return a hash of every class inside the state, with the names and types of its fields."""
    _coders(EngineState)
    shapes = sorted(
        f"{kind.__name__} {[(f.name, str(f.type)) for f in fields(kind)]}" for kind in _seen
    )
    return hashlib.sha256("\n".join(shapes).encode()).digest()[:_STAMP_BYTES]


_seen: set[Any] = set()


@cache
def _coders(kind: Any) -> tuple[Coder, Coder]:  # noqa: ANN401  any type annotation
    """Return the functions that write a value of this type as JSON and read it back."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _union(inner)
    if origin is tuple:
        return _tuple(inner)
    if origin is frozenset:
        write, read = _coders(inner[0])
        return lambda v: sorted(map(write, v)), lambda v: frozenset(map(read, v))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(inner)
    if is_dataclass(kind):
        return _dataclass(kind)
    return _scalar(kind)


def _scalar(kind: Any) -> tuple[Coder, Coder]:  # noqa: ANN401
    if kind is datetime:
        return (
            lambda v: (v - START_OF_TIME) // _MICROSECOND,
            lambda v: START_OF_TIME + timedelta(microseconds=v),
        )
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda v: v.value, {member.value: member for member in kind}.__getitem__
    if kind is float:
        return float, float  # JSON has one kind of number
    return _same, _same


def _same(value: object) -> object:
    return value


def _dataclass(kind: Any) -> tuple[Coder, Coder]:  # noqa: ANN401
    _seen.add(kind)
    hints = get_type_hints(kind)
    names = [each.name for each in fields(kind)]
    needed = sum(
        each.default is MISSING and each.default_factory is MISSING for each in fields(kind)
    )
    parts = [_coders(hints[name]) for name in names]
    writes = [(name, write) for name, (write, _) in zip(names, parts, strict=True)]
    reads = [read for _, read in parts]

    needed = sum(_has_no_default(each) for each in fields(kind))

    def read_all(items: list[Any]) -> Any:  # noqa: ANN401
        # An earlier release wrote no fields that were added at the end since.
        if not needed <= len(items) <= len(names):
            message = f"a {kind.__name__} of {len(items)} fields"
            raise ValueError(message)
        values = [read(item) for read, item in zip(reads, items, strict=False)]
        return kind(**dict(zip(names, values, strict=False)))

    def read_text_too(value: Any) -> Any:  # noqa: ANN401
        return kind.of_text(value) if isinstance(value, str) else read_all(value)

    read_one = read_text_too if kind is Reason else read_all

    def write_all(value: Any) -> list[Any]:  # noqa: ANN401
        return [write(getattr(value, name)) for name, write in writes]

    return _remembering(write_all) if kind is LapRecord else write_all, read_one


def _remembering(write: Coder) -> Coder:
    """Return a coder that writes each object once: a lap is in all keyframes after it."""
    written: dict[int, tuple[object, Any]] = {}

    def write_once(value: object) -> Any:  # noqa: ANN401
        known = written.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        if len(written) >= _LAPS_HELD:
            written.clear()
        document = write(value)
        written[id(value)] = (value, document)
        return document

    return write_once


def _has_no_default(each: Field[Any]) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _tuple(inner: tuple[Any, ...]) -> tuple[Coder, Coder]:
    if len(inner) == 2 and inner[1] is Ellipsis:
        write, read = _coders(inner[0])
        if is_dataclass(inner[0]):
            return _columns(inner[0], write, read)
        return lambda v: [write(each) for each in v], lambda v: tuple([read(each) for each in v])
    writes, reads = zip(*(_coders(each) for each in inner), strict=True)
    return (
        lambda v: [write(each) for write, each in zip(writes, v, strict=True)],
        lambda v: tuple([read(each) for read, each in zip(reads, v, strict=True)]),
    )


def _columns(kind: Any, write: Coder, read: Coder) -> tuple[Coder, Coder]:  # noqa: ANN401
    """Return the coders of a tuple of dataclasses, which is written by columns where it is long.

    A column of instants without a gap is written as the first and the differences.
    """
    hints = get_type_hints(kind)
    instants = [hints[each.name] is datetime for each in fields(kind)]
    writes = [(each.name, _coders(hints[each.name])[0]) for each in fields(kind)]

    def columns_of(values: tuple[Any, ...]) -> Iterable[Sequence[Any]]:
        if kind is LapRecord:  # written before, mostly
            return zip(*(write(each) for each in values), strict=True)
        return [[write_one(getattr(each, name)) for each in values] for name, write_one in writes]

    def write_rows(values: tuple[Any, ...]) -> Any:  # noqa: ANN401
        if len(values) < _FEWEST_ROWS:
            return [write(each) for each in values]
        return {
            "columns": [
                [column[0], *map(sub, column[1:], column)] if is_instant else column
                for column, is_instant in zip(columns_of(values), instants, strict=True)
            ]
        }

    def read_rows(document: Any) -> tuple[Any, ...]:  # noqa: ANN401
        if not isinstance(document, dict):
            return tuple([read(each) for each in document])
        columns = [
            accumulate(column) if is_instant else column
            for column, is_instant in zip(document["columns"], instants, strict=False)
        ]
        return tuple([read(list(row)) for row in zip(*columns, strict=True)])

    return write_rows, read_rows


def _mapping(inner: tuple[Any, ...]) -> tuple[Coder, Coder]:
    write_key, read_key = _coders(inner[0])
    write, read = _coders(inner[1])
    return (
        lambda v: [[write_key(key), write(each)] for key, each in v.items()],
        lambda v: {read_key(key): read(each) for key, each in v},
    )


def _union(inner: tuple[Any, ...]) -> tuple[Coder, Coder]:
    kinds = [kind for kind in inner if kind is not type(None)]
    if len(kinds) == 1:  # X | None
        write, read = _coders(kinds[0])
        return (
            lambda v: None if v is None else write(v),
            lambda v: None if v is None else read(v),
        )
    numbers = {kind: number for number, kind in enumerate(kinds)}
    coders = [_coders(kind) for kind in kinds]
    return (
        lambda v: [numbers[type(v)], coders[numbers[type(v)]][0](v)],
        lambda v: coders[v[0]][1](v[1]),
    )
