"""Test the pace at which one tab's replay is drawn, in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from pitwall.engine.clock import ReplayClock, wall_now
from pitwall.web.replay import state
from pitwall.web.replay.tab import TabReplay
from pitwall.web.shared.page_rows import PageRows
from pitwall.web.shared.relay import relay
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually


class SlowReplay:
    """A replay each of whose pictures takes some time."""

    def __init__(self, work_s: float, *, plays: bool) -> None:
        self.woken = asyncio.Event()
        self.clock = ReplayClock(wall_now())
        if not plays:
            self.clock.pause()
        self.battle = None
        self.race_id = "2025-zandvoort-race"
        self.at = wall_now()
        self.pictures: list[float] = []
        self._work_s = work_s

    async def rows(self) -> tuple[PageRows, PageRows]:
        self.pictures.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._work_s)
        return {}, {}


@pytest.fixture(autouse=True)
def page(monkeypatch: pytest.MonkeyPatch) -> None:
    async def show_tab(*_args: Any) -> bool:
        return True

    monkeypatch.setattr(relay, "show_tab", show_tab)
    monkeypatch.setattr(state, "followers", [lambda *_: "panels"])


def test_a_playing_race_has_four_pictures_a_second_whatever_one_takes() -> None:
    async def watch(loop: VirtualTimeLoop) -> list[float]:
        replay = SlowReplay(0.1, plays=True)
        showing = state._PictureSender("tab", cast("TabReplay", replay))
        while loop.time() < 10:
            await showing.turn()
        return replay.pictures

    assert len(run_virtually(watch)) == pytest.approx(40, abs=1)


def test_panels_follow_a_command_once_when_it_has_settled() -> None:
    async def watch(loop: VirtualTimeLoop) -> list[float]:
        replay = SlowReplay(0.1, plays=False)
        showing = state._PictureSender("tab", cast("TabReplay", replay))
        followed = []
        for at_s in (4.0, 4.2):
            loop.call_later(at_s, replay.woken.set)
        while loop.time() < 10:
            if await showing.turn():
                followed.append(loop.time())
        return followed

    settles_s = state.SETTLED_S + 0.1
    assert run_virtually(watch) == pytest.approx([settles_s, 4.2 + settles_s], abs=0.01)
