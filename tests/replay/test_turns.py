"""Test that few viewers play at once, guests last, and that viewers and queue are bounded."""

from __future__ import annotations

import asyncio

import pytest

from pitwall.errors import BusyError
from pitwall.replay.turns import Places, Stage


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Player:
    """Plays on a stage until it is told to stop."""

    def __init__(self, stage: Stage, order: list[str], name: str, *, is_guest: bool) -> None:
        self.done = asyncio.Event()
        self.task = asyncio.create_task(self._play(stage, order, name, is_guest=is_guest))

    async def _play(self, stage: Stage, order: list[str], name: str, *, is_guest: bool) -> None:
        async with stage.lane(is_guest=is_guest):
            order.append(name)
            await self.done.wait()


async def test_guests_play_last_and_never_on_every_place() -> None:
    stage, order = Stage(at_once=2, guests_at_once=1), list[str]()
    guests = [Player(stage, order, f"guest {n}", is_guest=True) for n in range(3)]
    await settle()
    assert order == ["guest 0"]

    members = [Player(stage, order, f"member {n}", is_guest=False) for n in range(2)]
    await settle()
    assert order == ["guest 0", "member 0"]
    guests[0].done.set()
    await settle()
    assert order == ["guest 0", "member 0", "member 1"]
    for player in (*members, *guests):
        player.done.set()
    await asyncio.gather(*(player.task for player in (*members, *guests)))
    assert order[3:] == ["guest 1", "guest 2"]


async def test_who_gives_up_waiting_takes_no_turn_along() -> None:
    stage, order = Stage(at_once=1, guests_at_once=1), list[str]()
    first = Player(stage, order, "first", is_guest=False)
    await settle()
    gone = Player(stage, order, "gone", is_guest=False)
    next_one = Player(stage, order, "next", is_guest=False)
    await settle()

    first.done.set()
    gone.task.cancel()  # as its turn comes, perhaps
    await settle()

    assert order == ["first", "next"]
    next_one.done.set()
    await next_one.task
    last = Player(stage, order, "last", is_guest=True)
    await settle()
    assert order[-1] == "last"
    last.done.set()
    await last.task


async def test_a_queue_moves_up_and_calls_the_first() -> None:
    places = Places(most=1, most_each=2, most_waiting=2)
    inside, second, third = (places.enter(asker) for asker in "abc")
    assert [place.number for place in (inside, second, third)] == [0, 1, 2]

    with pytest.raises(BusyError, match="queue"):
        places.enter("d")
    second.leave()
    assert third.number == 1
    inside.leave()
    inside.leave()
    await asyncio.wait_for(third.wait(5.0), 1.0)

    assert third.number == 0
    assert places.enter("d").number == 1


async def test_one_asker_has_a_share_and_waiting_has_an_end() -> None:
    places = Places(most=5, most_each=2, most_waiting=5)
    own = [places.enter("a") for _ in range(2)]

    with pytest.raises(BusyError, match="2 replays are open"):
        places.enter("a")
    assert places.enter("b").number == 0
    own[0].leave()
    assert places.enter("a").number == 0

    full = Places(most=0, most_each=1, most_waiting=1).enter("a")
    await full.wait(0.01)
    assert full.number == 1
