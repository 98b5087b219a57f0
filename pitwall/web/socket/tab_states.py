"""Hold states in this worker's memory while their tab is open, and a moment longer.

Reflex holds a state for an hour after its last event. But a tab that lost its connection returns
within seconds, and a tab that was closed starts again from what its browser stores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State

LINGERS_S: Final = 10.0
CLOSED_AT_MOST: Final = 300


class TabStates(StateManagerMemory):
    """Reflex's states in memory, dropped when their tab is gone.

    Attributes:
        is_open: Returns whether the tab of a state is connected.
    """

    is_open: Callable[[str], bool]
    _going: dict[str, asyncio.TimerHandle]

    def forget(self, tab: str, after_s: float = LINGERS_S) -> None:
        """Drop the state of a closed tab after a while, unless the tab has come back."""
        before = self._going.pop(tab, None)
        if before is not None:
            before.cancel()
        self._going[tab] = asyncio.get_running_loop().call_later(after_s, self._forget_now, tab)
        while len(self._going) > CLOSED_AT_MOST:
            oldest = next(iter(self._going))
            self._going[oldest].cancel()
            self._forget_now(oldest)

    def _forget_now(self, tab: str) -> None:
        self._going.pop(tab, None)
        token = BaseStateToken(ident=tab, cls=State)
        if self.is_open(tab) or token.cache_key not in self.states:
            return
        lock = self._states_locks.get(token.lock_key)
        if lock is not None and lock.locked():
            self.forget(tab)
        else:
            self._purge_token(token)

    def _track_token(self, token: Any) -> None:  # noqa: ANN401  as Reflex types it
        super()._track_token(token)
        # A task that outlives its tab creates the state again, which must not stay for an hour.
        if token.ident not in self._going and not self.is_open(token.ident):
            self.forget(token.ident)


def tab_states(is_open: Callable[[str], bool]) -> TabStates:
    """Return a manager of states that are dropped with their tabs."""
    kind: Any = TabStates  # Reflex's overloads only look abstract to mypy
    made: TabStates = kind()
    made.is_open, made._going = is_open, {}
    return made
