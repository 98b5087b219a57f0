"""Accept only events that pages can send, with the payload that they send; refuse all others."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reflex.state import BaseState, State
from reflex_base.event import Event, EventHandler
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

WORDS_AT_MOST: Final = 500
_TRACE: Final = 4_000
_STORED: Final = 10_000  # the ids of two hundred played races
_ADDRESS: Final = 2_000
_QUERIES: Final = 20
_HASHES: Final = 64
_NAME: Final = re.compile(r"reflex___state____state\.[A-Za-z0-9_.]+")
_LOADS: Final = f"{State.get_full_name()}.hydrate_and_load"
_ROOT: Final = State.get_full_name()
# The events of Reflex itself that a page needs. The script of each page also names
# `update_vars_internal`, but sends it only for storage shared between tabs, which no page uses.
_OF_REFLEX: Final = frozenset(
    {
        _LOADS,
        f"{_ROOT}.reflex___state____on_load_internal_state.on_load_internal",
        f"{_ROOT}.reflex___state____frontend_event_exception_state.handle_frontend_exception",
    }
)


class RefusedEventError(ValueError):
    """An event that no page sends.

    Attributes:
        reason: Why it is refused, one of a few fixed texts.
        name: The name of the event as it was sent; "" where there is none.
    """

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.reason, self.name = reason, name


@dataclass(frozen=True, slots=True)
class _Parameter:
    kinds: tuple[type, ...]
    is_needed: bool


class Offers:
    """The events that pages can send.

    Args:
        names: Names of those events.
    """

    def __init__(self, names: Iterable[str]) -> None:
        handlers = RegistrationContext.get().event_handlers
        self.names = frozenset(names) & handlers.keys()
        self._parameters = {name: _parameters(handlers[name].handler) for name in self.names}
        self._stored = frozenset(_stored(State))

    @classmethod
    def of_build(cls, folder: Path) -> Offers:
        """Return the events that the scripts of a build can send."""
        found: set[str] = set()
        for script in folder.rglob("*.js"):
            found.update(_NAME.findall(script.read_text(encoding="utf-8")))
        ours = {name for name in found if ".pitwall___" in name}
        return cls(ours | _OF_REFLEX)

    def read(self, message: object) -> Event:
        """Return the event that a page sent, reduced to its known parts.

        Raises:
            RefusedEventError: No page sends this.
        """
        if not isinstance(message, dict):
            raise RefusedEventError("an event that is none")
        name = message.get("name")
        if not isinstance(name, str):
            raise RefusedEventError("an event without a name")
        if name not in self.names:
            raise RefusedEventError("an event that no page offers", name)
        payload = message.get("payload") or {}
        if not isinstance(payload, dict):
            raise RefusedEventError("an event with a payload that is none", name)
        if name == _LOADS:
            payload = self._loading(payload)
        else:
            self._check(name, payload)
        return Event(name=name, payload=payload, router_data=_where(message.get("router_data")))

    def _check(self, name: str, payload: Mapping[str, object]) -> None:
        known = self._parameters[name]
        if not payload.keys() <= known.keys():
            raise RefusedEventError("an event with a payload that no page sends", name)
        most = _TRACE if name in _OF_REFLEX else WORDS_AT_MOST
        for parameter, wanted in known.items():
            if parameter not in payload:
                if wanted.is_needed:
                    raise RefusedEventError("an event without its payload", name)
                continue
            value = payload[parameter]
            is_right = type(value) in wanted.kinds
            if not is_right or (isinstance(value, str) and len(value) > most):
                raise RefusedEventError("an event with a payload of a wrong kind or size", name)
            if type(value) is int and abs(value) > 2**53:
                raise RefusedEventError("an event with a payload of a wrong kind or size", name)

    def _loading(self, payload: Mapping[str, object]) -> dict[str, object]:
        """Return what a loading page may send: what its browser stores, and hashes of states."""
        variables, hashes = payload.get("vars"), payload.get("hashes")
        items = variables.items() if isinstance(variables, dict) else ()
        stored = {
            name: value
            for name, value in items
            if name in self._stored and isinstance(value, str) and len(value) <= _STORED
        }
        loading: dict[str, object] = {"vars": stored}
        if isinstance(hashes, list) and len(hashes) <= _HASHES:
            loading["hashes"] = [text for text in hashes if isinstance(text, str)]
        return loading


def _where(address: object) -> dict[str, Any]:
    """Return the address that a page sent, reduced to what an address can be."""
    if not isinstance(address, dict):
        return {}
    where: dict[str, Any] = {}
    for name in ("pathname", "asPath"):
        value = address.get(name)
        # Joined to the page's origin, anything else would make an address that cannot be parsed.
        if isinstance(value, str) and value.startswith("/") and len(value) <= _ADDRESS:
            where[name] = value
    query = address.get("query")
    if isinstance(query, dict) and len(query) <= _QUERIES:
        where["query"] = {
            name: value
            for name, value in query.items()
            if isinstance(value, str) and len(name) + len(value) <= WORDS_AT_MOST
        }
    return where


def _parameters(handler: EventHandler) -> dict[str, _Parameter]:
    hints = typing.get_type_hints(handler.fn)
    own = list(inspect.signature(handler.fn).parameters.values())[1:]
    return {
        each.name: _Parameter(
            _kinds(hints.get(each.name)), is_needed=each.default is inspect.Parameter.empty
        )
        for each in own
    }


def _kinds(hint: object) -> tuple[type, ...]:
    """Return the JSON types that a parameter accepts; a float may also be an integer."""
    options = typing.get_args(hint) or (hint,)
    kinds = {each for each in options if each in {str, int, float, bool, type(None)}}
    if float in kinds:
        kinds.add(int)
    return tuple(kinds)


def _stored(state: type[BaseState]) -> Iterable[str]:
    """Yield the variables that browsers store, by the names that their scripts use."""
    for name in state.base_vars:
        if state._is_client_storage(name):
            yield f"{state.get_full_name()}.{name}_rx_state_"
    for below in state.get_substates():
        yield from _stored(below)


def name_of(handler: EventHandler) -> str:
    """Return the name under which an event is sent."""
    return format_event_handler(handler)
