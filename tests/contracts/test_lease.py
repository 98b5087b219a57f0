"""Test what every `Lease` adapter must do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pitwall.cache.memory import MemoryLease
from pitwall.cache.redis_lease import RedisLease
from pitwall.cache.shared_lease import FileLease
from pitwall.ports.cache import Lease


class Wall:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(params=["memory", "file", "redis"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Lease]:
    """Return a function that makes leases; all but those in memory compete for one right."""
    if request.param == "memory":
        return MemoryLease
    if request.param == "file":
        return lambda: FileLease(tmp_path / "lease")
    redis = request.getfixturevalue("redis")
    return lambda: RedisLease(redis)


async def test_is_not_held_before_it_is_asked_for(make: Callable[[], Lease]) -> None:
    lease = make()

    assert not lease.is_held
    assert not await lease.renew()


async def test_is_held_from_the_grant_to_the_release(make: Callable[[], Lease]) -> None:
    lease = make()

    assert await lease.acquire()
    assert lease.is_held
    assert await lease.renew()
    await lease.release()
    assert not lease.is_held
    assert not await lease.renew()


async def test_can_be_taken_again_after_a_release(make: Callable[[], Lease]) -> None:
    lease = make()
    await lease.acquire()
    await lease.release()

    assert await make().acquire()
    assert not lease.is_held


async def test_a_release_of_what_is_not_held_does_nothing(make: Callable[[], Lease]) -> None:
    holder, other = make(), make()
    await holder.acquire()

    await other.release()

    assert holder.is_held
    assert await holder.renew()


@pytest.mark.parametrize("make", ["file", "redis"], indirect=True)
async def test_only_one_holds_it(make: Callable[[], Lease]) -> None:
    first, second = make(), make()
    assert await first.acquire()

    assert not await second.acquire()
    assert not second.is_held

    await first.release()
    assert await second.acquire()
