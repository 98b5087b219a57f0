"""Test that a tab joins the shared frames, or gets its own while it has a delay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Self, cast

import pytest

from pitwall import services
from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.frames import LiveFrame
from pitwall.live.publishing import FrameRing
from pitwall.web.live.state import LiveState, parse_delay
from pitwall.web.shared.page_rows import PageRows
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually
from tests.web.frames import make_frame

watch: Callable[[Any], Awaitable[None]] = LiveState.watch.fn  # type: ignore[attr-defined]
set_delay: Callable[[Any, str], object] = LiveState.set_delay.fn  # type: ignore[attr-defined]
shift_delay: Callable[[Any, int], object] = LiveState.shift_delay.fn  # type: ignore[attr-defined]


class FakeTab:
    """The part of a background-task state that the events touch."""

    def __init__(self, delay: str = "0") -> None:
        self._watcher = 0
        self.tv_delay = delay
        self.router = SimpleNamespace(session=SimpleNamespace(client_token="tab"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None: ...


class FakeRelay:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.shown: list[PageRows] = []

    async def join(self, client_token: str) -> None:
        self.asked.append(f"join {client_token}")

    async def leave(self, client_token: str) -> None:
        self.asked.append(f"leave {client_token}")

    async def show_tab(self, client_token: str, rows: PageRows) -> bool:
        self.asked.append(f"show {client_token}")
        self.shown.append(rows)
        return True


@dataclass
class FakeServices:
    """What the page may use, and the strings to pull."""

    cache: MemoryLiveCache = field(default_factory=MemoryLiveCache)
    relay: FakeRelay = field(default_factory=FakeRelay)
    open_tabs: set[str] = field(default_factory=lambda: {"tab"})
    past: dict[float, LiveFrame] = field(default_factory=dict)

    def at(self, delay_s: float) -> LiveFrame | None:
        return self.past.get(delay_s)


def fake_services(monkeypatch: pytest.MonkeyPatch) -> FakeServices:
    fakes = FakeServices()
    about = services.About(revision=None, model_version="", model_trained_at=None)
    built = services.Services(
        live=fakes.cache,
        tab_is_open=fakes.open_tabs.__contains__,
        frame_buffer=cast("FrameRing", fakes),
        about=about,
    )
    monkeypatch.setattr(services, "_installed", built)
    monkeypatch.setattr("pitwall.web.live.state.relay", fakes.relay)
    monkeypatch.setattr("pitwall.web.live.state.REFRESH_S", 0)
    monkeypatch.setattr("pitwall.aio.LEAST_REST_S", 0)
    return fakes


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> FakeServices:
    return fake_services(monkeypatch)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_without_a_delay_a_tab_joins_the_room_and_costs_no_loop(fakes: FakeServices) -> None:
    await asyncio.wait_for(watch(FakeTab()), timeout=1)

    assert fakes.relay.asked == ["join tab"]


async def test_with_a_delay_a_tab_gets_the_frames_of_then(fakes: FakeServices) -> None:
    fakes.past[30] = make_frame(7)
    tab = FakeTab("30")
    watching = asyncio.ensure_future(watch(tab))
    await turns()
    fakes.past[30] = make_frame(8)
    await turns()

    fakes.open_tabs.clear()
    await asyncio.wait_for(watching, timeout=1)

    assert fakes.relay.asked[0] == "leave tab"
    assert [rows["pulse"]["sequence"] for rows in fakes.relay.shown] == [7, 8]


def test_a_delayed_tab_has_four_pictures_a_second_whatever_one_takes(
    fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pitwall.web.live.state.REFRESH_S", 0.25)

    async def shows_slowly(_client_token: str, rows: PageRows) -> bool:
        sequence = len(fakes.relay.shown) + 1
        fakes.relay.shown.append(rows)
        fakes.past[30] = make_frame(sequence + 1)
        await asyncio.sleep(0.1)
        return True

    async def watch_ten_seconds(loop: VirtualTimeLoop) -> None:
        fakes.past[30] = make_frame(1)
        loop.call_later(10, fakes.open_tabs.clear)
        await watch(FakeTab("30"))

    monkeypatch.setattr(fakes.relay, "show_tab", shows_slowly)
    run_virtually(watch_ten_seconds)

    assert len(fakes.relay.shown) == pytest.approx(40, abs=1)


async def test_a_delay_before_the_first_frame_shows_a_waiting_page(fakes: FakeServices) -> None:
    watching = asyncio.ensure_future(watch(FakeTab("30")))
    await turns(12)

    fakes.open_tabs.clear()
    await asyncio.wait_for(watching, timeout=1)

    pulses = [rows["pulse"]["sequence"] for rows in fakes.relay.shown]
    assert pulses == sorted(set(pulses))
    assert all(rows["cards"] == [] for rows in fakes.relay.shown)


async def test_a_later_watcher_ends_the_earlier_one(fakes: FakeServices) -> None:
    fakes.past[30] = make_frame(7)
    tab = FakeTab("30")
    first = asyncio.ensure_future(watch(tab))
    await turns()

    set_delay(tab, "0")
    await watch(tab)
    await asyncio.wait_for(first, timeout=1)

    assert fakes.relay.asked[-1] == "join tab"


def test_setting_a_delay_starts_watching_anew() -> None:
    tab = FakeTab()

    assert set_delay(tab, "12") is LiveState.watch
    assert tab.tv_delay == "12"


@pytest.mark.parametrize(
    ("before", "shift", "after"),
    [("0", -5, "0"), ("10", 5, "15"), ("298", 5, "300"), ("x", 1, "1")],
)
def test_a_delay_is_shifted_within_its_limits(before: str, shift: int, after: str) -> None:
    tab = FakeTab(before)

    shift_delay(tab, shift)

    assert tab.tv_delay == after


@pytest.mark.parametrize(("typed", "seconds"), [("nan", 0), ("inf", 0), ("2.6", 3), ("", 0)])
def test_odd_delays_are_harmless(typed: str, seconds: int) -> None:
    assert parse_delay(typed) == seconds
