"""Test that a closed tab's state is removed from Redis when workers share it."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State

import pitwall.web.races.state
from pitwall.web.socket.redis_states import SharedStates
from pitwall.web.socket.tab_states import tab_states
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.slow


async def test_a_closed_tabs_state_is_deleted_and_others_stay(redis_server: RedisServer) -> None:
    redis = Redis.from_url(redis_server.url)
    kind: Any = SharedStates
    states: SharedStates = kind(redis=redis)
    states.is_away, states.errors = (lambda: False), ()
    states.own = tab_states(lambda _tab: True)
    for tab in ("closed", "open"):
        async with states.modify_state(BaseStateToken(ident=tab, cls=State)) as state:
            state.is_hydrated = True
            (await state.get_state(pitwall.web.races.state.RacesState)).text = "x"
    try:
        assert len(await redis.keys("closed*")) >= 2

        await states.forget_shared("closed")

        assert [key for key in await redis.keys("closed*") if not key.endswith(b"lock")] == []
        assert len(await redis.keys("open*")) >= 2
    finally:
        await states.close()  # type: ignore[no-untyped-call]  # Reflex tells no types
        await redis.aclose()
