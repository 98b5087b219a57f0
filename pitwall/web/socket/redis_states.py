"""Hold Reflex's states in Redis while it answers, and in this worker's memory while it does not.

A tab whose worker is gone finds its state at the next one. While Redis is away a tab begins with
a fresh state; what it must not lose, such as the TV delay, is stored in its browser.

This module touches Reflex internals, as do `pitwall.web.shared.relay` and the rest of this package:
where the app holds its state manager and its token manager, and their clients.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import reflex as rx
from reflex.istate.manager.redis import StateManagerRedis
from reflex.istate.manager.token import BaseStateToken
from reflex.state import BaseState, State
from reflex.utils.token_manager import RedisTokenManager

from pitwall.web.socket.tab_states import TabStates, tab_states

log = logging.getLogger(__name__)

GIVES_UP_S = 2.0  # longer than it takes to notice that Redis is away


class SharedStates(StateManagerRedis):
    """Reflex's state manager for several workers, which falls back to memory without Redis.

    Attributes:
        is_away: Whether Redis is known not to answer.
        errors: The exceptions that its client raises.
        own: Holds the states while it is away.
    """

    is_away: Callable[[], bool]
    errors: tuple[type[Exception], ...]
    own: TabStates

    async def get_state(self, token: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401  as Reflex types it
        """Return the state of a tab, or a fresh one."""
        if not self.is_away():
            try:
                async with asyncio.timeout(GIVES_UP_S):
                    return await super().get_state(token, *args, **options)
            except self.errors:
                self._warn("read")
        return await self.own.get_state(token)

    async def set_state(self, token: Any, state: Any, **context: Any) -> None:  # noqa: ANN401
        """Store the state of a tab."""
        if not self.is_away():
            try:
                async with asyncio.timeout(GIVES_UP_S):
                    await super().set_state(token, state, **context)
            except self.errors:
                self._warn("written")
            else:
                return
        await self.own.set_state(token, state)

    @asynccontextmanager
    async def modify_state(self, token: Any, **context: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        """Lock the state of a tab, and store it afterwards."""
        async with AsyncExitStack() as held:
            state = None
            if not self.is_away():
                try:
                    async with asyncio.timeout(GIVES_UP_S):
                        modifying = super().modify_state(token, **context)
                        state = await held.enter_async_context(modifying)
                except self.errors:
                    self._warn("locked")
            if state is None:
                state = await held.enter_async_context(self.own.modify_state(token, **context))
            yield state

    async def forget_shared(self, tab: str) -> None:
        """Forget the state of a tab that is closed, here and in Redis."""
        self.own.forget(tab, after_s=0.0)
        if self.is_away():
            return  # they expire by themselves
        keys = [str(BaseStateToken(ident=tab, cls=state)) for state in _family(State)]
        try:
            async with asyncio.timeout(GIVES_UP_S):
                await self.redis.delete(*keys)
        except self.errors:
            self._warn("forgotten")

    def _warn(self, what: str) -> None:
        log.warning("a tab's state could not be %s in Redis", what)


def share_states(
    app: rx.App, redis: object, is_away: Callable[[], bool], errors: tuple[type[Exception], ...]
) -> None:
    """Make `app` use `SharedStates` for its states; call this before it serves.

    Args:
        app: An app that Reflex is configured to run with Redis.
        redis: The client to use, as Reflex's own waits too long before it gives up.
        is_away: Whether Redis is known not to answer.
        errors: The exceptions that the client raises when Redis does not answer.

    Raises:
        RuntimeError: The app does not run with Redis.
    """
    made, sockets = app._state_manager, app.event_namespace
    if not isinstance(made, StateManagerRedis) or sockets is None:
        message = "Reflex is not configured to store its states in Redis"
        raise RuntimeError(message)
    # Reflex defines its abstract methods twice, by version, which mypy reads as not implemented;
    # and pages do not know the client's type.
    kind: Any = SharedStates
    states: SharedStates = kind(
        redis=redis,
        token_expiration=made.token_expiration,
        lock_expiration=made.lock_expiration,
        lock_warning_threshold=made.lock_warning_threshold,
    )
    states.is_away, states.errors = is_away, errors
    states.own = tab_states(lambda tab: tab in sockets._token_manager.token_to_socket)
    app._state_manager = states
    tokens = sockets._token_manager
    if isinstance(tokens, RedisTokenManager):
        tokens.redis = redis  # type: ignore[assignment]


def _family(state: type[BaseState]) -> list[type[BaseState]]:
    return [state, *(each for below in state.get_substates() for each in _family(below))]
