"""What every `RateLimiter` must do."""

from __future__ import annotations

import pytest

from pitwall.cache.limits import MemoryRateLimiter
from pitwall.domain.limits import LimitPolicy

POLICY = LimitPolicy("tries", quota=3, window_s=60)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> MemoryRateLimiter:
    return MemoryRateLimiter(clock)


async def test_counts_down_and_then_refuses(limiter: MemoryRateLimiter, clock: Clock) -> None:
    standings = []
    for _ in range(5):
        standings.append(await limiter.take(POLICY, "1.2.3.4"))
        clock.now_s += 10

    assert [standing.allowed for standing in standings] == [True, True, True, False, False]
    assert [standing.remaining for standing in standings] == [2, 1, 0, 0, 0]
    assert [standing.reset_s for standing in standings] == [60, 50, 40, 30, 20]


async def test_is_whole_again_after_the_window_however_often_it_refused(
    limiter: MemoryRateLimiter, clock: Clock
) -> None:
    for _ in range(9):
        await limiter.take(POLICY, "1.2.3.4")

    clock.now_s += 60

    assert (await limiter.take(POLICY, "1.2.3.4")).remaining == 2


async def test_askers_and_policies_do_not_share(limiter: MemoryRateLimiter) -> None:
    for _ in range(3):
        await limiter.take(POLICY, "1.2.3.4")

    assert (await limiter.take(POLICY, "1.2.3.5")).allowed
    assert (await limiter.take(LimitPolicy("others", 1, 60), "1.2.3.4")).allowed


async def test_what_is_given_back_can_be_taken_again(limiter: MemoryRateLimiter) -> None:
    await limiter.give_back(POLICY, "1.2.3.4")
    for _ in range(3):
        await limiter.take(POLICY, "1.2.3.4")
    await limiter.give_back(POLICY, "1.2.3.4")

    assert (await limiter.take(POLICY, "1.2.3.4")).allowed
    assert not (await limiter.take(POLICY, "1.2.3.4")).allowed


async def test_memory_is_bounded_and_forgets_the_oldest(clock: Clock) -> None:
    limiter = MemoryRateLimiter(clock, most=2)
    for asker in ("first", "second", "third"):
        await limiter.take(POLICY, asker)

    assert (await limiter.take(POLICY, "third")).remaining == 1
    assert (await limiter.take(POLICY, "first")).remaining == 2
