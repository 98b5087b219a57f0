"""Write `docs/dictionary.md`: every field of frame, `/live`, `/live-battles` and the tables.

    python scripts/dictionary.py [--check]

The meaning of a field is read from the docstring of its class (`Attributes:`) or from the
description in its schema. Three kinds of sentence in it fill columns of their own:

- `None ...` or `Null ...` says when there is no value;
- `Range: ...` says which values there are, where type and schema do not;
- `Source: ...` says what it comes from; one in the class's own text holds for all its fields.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sqlmodel import SQLModel

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pitwall.api.live_schemas import BattlesOut  # noqa: E402  the checkout is not installed
from pitwall.api.session_schemas import LiveOut  # noqa: E402
from pitwall.domain.frames import LiveFrame  # noqa: E402
from pitwall.store.tables import metadata, views  # noqa: E402

WRITTEN = ROOT / "docs" / "dictionary.md"

_UNITS = {
    "_s_per_lap": "s a lap",
    "_kmh": "km/h",
    "_mps": "m/s",
    "_hpa": "hPa",
    "_pct": "%",
    "_deg": "°",
    "_laps": "laps",
    "_at": "UTC",
    "_s": "s",
    "_m": "m",
    "_c": "°C",
}
_SHARES = re.compile(r"(p|w)_[a-z0-9_]+|lap_share|weight|heat")
_LOGITS = re.compile(r"c_[a-z]+|base|contribution")
_ATTRIBUTE = re.compile(r" {4}(?P<names>[a-z_0-9]+(?:, [a-z_0-9]+)*): (?P<text>.*)")
_SENTENCE = re.compile(r"(?<=[.;])\s+(?=[A-Z`])")
_SIMPLE = {"str": "text", "int": "whole number", "float": "number", "bool": "yes or no"}


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One field as the dictionary describes it; every value is text for people."""

    name: str
    type: str
    unit: str
    range: str
    null: str
    source: str
    meaning: str


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """One class or table: its name, what it is, and its fields."""

    name: str
    about: str
    rows: tuple[Row, ...]


def main() -> int:
    """Write the dictionary, or compare it with what is written; return the exit code."""
    text, gaps = dictionary()
    for gap in gaps:
        sys.stderr.write(f"{gap}\n")
    if gaps:
        return 1
    if "--check" in sys.argv:
        current = WRITTEN.read_text(encoding="utf-8") if WRITTEN.is_file() else ""
        if current != text:
            sys.stderr.write("docs/dictionary.md is stale: run python scripts/dictionary.py\n")
            return 1
        return 0
    WRITTEN.write_text(text, encoding="utf-8")
    return 0


def dictionary() -> tuple[str, list[str]]:
    """Return the dictionary as Markdown, and a sentence for each field that lacks something."""
    parts = (
        ("The frame", "What a page is drawn from, four times a second.", [*_nested(LiveFrame)]),
        ("`/live-battles`", "What the route answers, as JSON.", [*_nested(BattlesOut)]),
        ("`/live`", "What the route answers, as JSON.", [*_only_in(LiveOut, BattlesOut)]),
        ("The stored tables", "In SQLite and PostgreSQL alike.", [*_tables()]),
    )
    lines = [
        "# Dictionary of fields",
        "",
        "Written by `python scripts/dictionary.py` from docstrings and schemas; do not edit.",
        "",
        "Instants are UTC. A probability is in [0, 1]. Null is missing, never 0.",
    ]
    gaps: list[str] = []
    for title, about, sections in parts:
        lines += ["", f"## {title}", "", about]
        for section in sections:
            lines += ["", *_as_markdown(section)]
            gaps += _gaps(section)
    return "\n".join(lines) + "\n", gaps


def _only_in(root: type, shown: type) -> Iterator[Section]:
    """Yield the sections of `root` that `shown` does not have."""
    known = {section.name for section in _nested(shown)}
    yield from (section for section in _nested(root) if section.name not in known)


def _nested(root: type) -> Iterator[Section]:
    """Yield a class and, in order, every class that its fields hold."""
    waiting, seen = [root], {root}
    while waiting:
        current = waiting.pop(0)
        hints = typing.get_type_hints(current, include_extras=True)
        yield _section(current, current.__name__, hints)
        for hint in hints.values():
            for inner in _classes_in(hint):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)


def _tables() -> Iterator[Section]:
    by_table = {model.__tablename__: model for model in _models(SQLModel)}
    for table in sorted({**metadata.tables, **views.tables}):
        model = by_table[table]
        hints = typing.get_type_hints(model)
        yield _section(model, f"{table}", {n: hints[n] for n in model.model_fields})


def _models(base: type[SQLModel]) -> Iterator[type[SQLModel]]:
    for model in base.__subclasses__():
        if "__tablename__" in vars(model):
            yield model
        yield from _models(model)


def _section(owner: type, name: str, hints: dict[str, Any]) -> Section:
    about, documented = _read(inspect.getdoc(owner) or "")
    common, about_kept = _clauses(about)
    fields = _fields(owner)
    rows = []
    for field, hint in hints.items():
        if field.startswith("__") or typing.get_origin(hint) is typing.ClassVar:
            continue
        info = fields.get(field)
        text = documented.get(field) or (info.description if info else None) or ""
        clauses, meaning = _clauses(text)
        optional, bare = _optional(hint)
        rows.append(
            Row(
                field,
                _type_name(bare),
                _unit(field, bare),
                clauses.get("range") or _range(bare, info, field),
                clauses.get("null", "") if optional else "never",
                clauses.get("source") or common.get("source", ""),
                meaning,
            )
        )
    return Section(name, about_kept, tuple(rows))


def _fields(owner: type) -> dict[str, FieldInfo]:
    return dict(owner.model_fields) if issubclass(owner, BaseModel) else {}


def _read(doc: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its own text and what it says of each attribute."""
    head, _, tail = doc.partition("\nAttributes:\n")
    documented: dict[str, str] = {}
    names: list[str] = []
    for line in tail.splitlines():
        if line and not line.startswith(" "):
            break
        found = _ATTRIBUTE.fullmatch(line)
        if found:
            names = found["names"].split(", ")
            documented |= dict.fromkeys(names, found["text"])
        else:
            documented |= {name: f"{documented[name]} {line.strip()}" for name in names}
    return " ".join(head.split()), {name: text.strip() for name, text in documented.items()}


def _clauses(text: str) -> tuple[dict[str, str], str]:
    """Take the sentences out that have columns of their own; return them and the rest."""
    taken: dict[str, str] = {}
    rest = []
    for sentence in _SENTENCE.split(text):
        word, _, said = sentence.partition(" ")
        if word in {"None", "Null"} and "null" not in taken:
            taken["null"] = said.rstrip(".;")
        elif word in {"Range:", "Source:"}:
            taken[word[:-1].lower()] = said.rstrip(".;")
        else:
            rest.append(sentence)
    kept = " ".join(rest)
    return taken, f"{kept[:-1]}." if kept.endswith(";") else kept


def _optional(hint: Any) -> tuple[bool, Any]:  # noqa: ANN401  a type is anything
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        inner = [part for part in typing.get_args(hint) if part is not type(None)]
        optional = len(inner) < len(typing.get_args(hint))
        return optional, inner[0] if len(inner) == 1 else typing.Union[tuple(inner)]  # noqa: UP007
    return False, hint


def _classes_in(hint: Any) -> Iterator[type]:  # noqa: ANN401  a type is anything
    _, bare = _optional(hint)
    if isinstance(bare, type) and (dataclasses.is_dataclass(bare) or _is_schema(bare)):
        yield bare
    for inner in typing.get_args(bare):
        yield from _classes_in(inner)


def _is_schema(kind: type) -> bool:
    return issubclass(kind, BaseModel) and not issubclass(kind, SQLModel)


def _type_name(hint: Any) -> str:  # noqa: ANN401  a type is anything
    if typing.get_origin(hint) is Literal:
        return "text"
    if typing.get_origin(hint) in {tuple, list}:
        return f"list of {_type_name(typing.get_args(hint)[0])}"
    if typing.get_origin(hint) is collections.abc.Mapping:
        key, value = typing.get_args(hint)
        return f"{_type_name(value)} by {_type_name(key)}"
    if isinstance(hint, typing.NewType):
        return _type_name(hint.__supertype__)
    name = getattr(hint, "__name__", str(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "text"
    return {**_SIMPLE, "datetime": "instant", "bytes": "bytes", "UUID": "UUID"}.get(name, name)


def _unit(field: str, hint: Any) -> str:  # noqa: ANN401  a type is anything
    if hint not in {int, float} and "datetime" not in str(hint):
        return ""
    if hint is float and _SHARES.fullmatch(field):
        return "share" if not field.startswith("p_") else "probability"
    if hint is float and _LOGITS.fullmatch(field):
        return "logit"
    return next((unit for ending, unit in _UNITS.items() if field.endswith(ending)), "")


def _range(hint: Any, info: FieldInfo | None, field: str) -> str:  # noqa: ANN401
    if typing.get_origin(hint) is Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(f"`{member.value}`" for member in hint)
    bounds = {type(each).__name__: each for each in (info.metadata if info else ())}
    if "Ge" in bounds and "Le" in bounds:
        return f"{bounds['Ge'].ge} to {bounds['Le'].le}"
    if "Ge" in bounds:
        return f"from {bounds['Ge'].ge}"
    if "MaxLen" in bounds:
        return f"up to {bounds['MaxLen'].max_length} characters"
    return "0 to 1" if hint is float and _SHARES.fullmatch(field) else ""


def _as_markdown(section: Section) -> Iterator[str]:
    yield f"### {section.name}"
    yield ""
    yield section.about
    yield ""
    yield "| field | type | unit | range | null | source | meaning |"
    yield "|---|---|---|---|---|---|---|"
    for row in section.rows:
        cells = (f"`{row.name}`", *dataclasses.astuple(row)[1:])
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _gaps(section: Section) -> Iterator[str]:
    for row in section.rows:
        place = f"{section.name}.{row.name}"
        if not row.meaning:
            yield f"{place} has no meaning: say it in the docstring or the schema"
        if not row.null:
            yield f"{place} may be null and does not say when"
        if not row.source:
            yield f"{place} does not say what it comes from"


if __name__ == "__main__":
    sys.exit(main())
