"""Who else on the replay page wants to know the moment and the battle that are looked at.

A panel that draws something of a battle adds an event handler of its own state to `followers`
when its module is imported. The replay page then calls it whenever a battle is chosen, after a
seek, when the race is paused, and every few seconds while it plays; never for each step of a drag.

    class GapState(rx.State):
        @rx.event(background=True)
        async def follow(self, race_id: str, attacker: int, defender: int, at: str) -> None: ...

    followers.append(as_handler(GapState.follow))

`race_id` is the kept race's; `attacker` and `defender` are car numbers, both 0 while no battle is
chosen; `at` is the moment on the race's own clock, UTC, ISO 8601 with microseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

followers: list[Callable[..., Any]] = []
