"""Read queries as OpenF1 takes them: `session_key=latest&date>=2025-08-31&csv=true`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from pitwall.errors import RefusedFieldError
from pitwall.wire.values import NotAValueError, read_instant

LATEST: Final = "latest"
_MOST_CONDITIONS: Final = 50
_CONDITION: Final = re.compile(r"([a-z][a-z0-9_]{0,40})(>=|<=|>|<|=)(.{0,200})")
_OFFSET: Final = re.compile(r"[0-9]\+[0-9]{2}(:|%3A)?[0-9]{2}$")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip
_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One comparison of a field with a value."""

    field: str
    compare: str
    text: str

    def holds(self, value: object) -> bool:
        """Whether a row's value fulfils it; a missing value fulfils none.

        Raises:
            RefusedFieldError: The text cannot be compared with values of this kind.
        """
        if value is None or (self.compare != "=" and isinstance(value, str)):
            return False  # "+1 LAP" is neither above nor below a number
        return _COMPARE[self.compare](value, self._like(value))

    def _like(self, value: object) -> object:
        """Return the text as a value of the same kind as another."""
        try:
            if isinstance(value, bool):
                return _TRUTH[self.text.lower()]
            if isinstance(value, int | float):
                return float(self.text)
            if isinstance(value, datetime):
                return read_instant(self.text)
        except (ValueError, KeyError, NotAValueError):
            kind = "an ISO 8601 time" if isinstance(value, datetime) else "a number"
            kind = "true or false" if isinstance(value, bool) else kind
            raise RefusedFieldError(self.field, f"{self.field} is compared with {kind}.") from None
        return self.text


@dataclass(frozen=True, slots=True)
class OpenF1Query:
    """What a request asks for.

    Attributes:
        conditions: A row fulfils all of them; of several `=` on one field, one is enough.
        csv: Whether the answer is CSV, not JSON.
    """

    conditions: tuple[FieldTest, ...] = ()
    csv: bool = False

    def equal_to(self, field: str) -> list[str]:
        """Return the values that a field may have; empty where it may have any."""
        return [
            each.text for each in self.conditions if each.field == field and each.compare == "="
        ]

    def replacing(self, word: str, values: Mapping[str, str]) -> OpenF1Query:
        """Return the query with another text where a field is compared with a word."""
        conditions = tuple(
            replace(each, text=values[each.field])
            if each.text == word and each.field in values
            else each
            for each in self.conditions
        )
        return OpenF1Query(conditions, self.csv)

    def without(self, *fields: str) -> OpenF1Query:
        """Return the query without the conditions on some fields."""
        kept = tuple(each for each in self.conditions if each.field not in fields)
        return OpenF1Query(kept, self.csv)

    def matching(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the rows that fulfil the conditions.

        Raises:
            RefusedFieldError: The rows have no such field, or its values are of another kind.
        """
        by_field: dict[str, list[FieldTest]] = {}
        others: list[FieldTest] = []
        for each in self.conditions:
            if each.compare == "=":
                by_field.setdefault(each.field, []).append(each)
            else:
                others.append(each)
        is_checked = False
        for row in rows:
            if not is_checked:
                self._check(row)
                is_checked = True
            if all(each.holds(row[each.field]) for each in others) and all(
                any(each.holds(row[field]) for each in same) for field, same in by_field.items()
            ):
                yield row

    def _check(self, row: Mapping[str, Any]) -> None:
        for each in self.conditions:
            if each.field not in row:
                message = f"There is no field {each.field!r}; there are {', '.join(row)}."
                raise RefusedFieldError(each.field, message)


def read_query(query_string: str) -> OpenF1Query:
    """Read a query string.

    Comparisons stand in it as they are, which no form encoding knows: `date>=2025-08-31`.

    Raises:
        RefusedFieldError: A part is no comparison, or there are too many.

    Example:
        >>> read_query("session_key=latest&lap_number>=5&csv=true").conditions[1]
        FieldTest(field='lap_number', compare='>=', text='5')
    """
    conditions: list[FieldTest] = []
    csv = False
    for part in filter(None, query_string.split("&")):
        # A plus is a space, as in forms, but for the offset of a time.
        text = unquote(part if _OFFSET.search(part) else part.replace("+", " "))
        match = _CONDITION.fullmatch(text)
        if match is None or len(conditions) >= _MOST_CONDITIONS:
            message = f"{text[:80]!r} is not a filter such as driver_number=4 or date>=2025-08-31."
            raise RefusedFieldError("filter", message)
        if match[1] == "csv":
            csv = match[3].lower() == "true"
        else:
            conditions.append(FieldTest(match[1], match[2], match[3]))
    return OpenF1Query(tuple(conditions), csv)
