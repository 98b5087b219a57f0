"""Test that a tab joins the shared frames, or gets its own while it has a delay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Self, cast

import pytest

from pitwall import services
from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import Phase
from pitwall.live.publishing import FrameRing
from pitwall.web.live.live_clock import LiveClock
from pitwall.web.live.state import LiveState, parse_delay
from pitwall.web.shared.page_rows import PageRows
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually
from tests.web.frames import LIGHTS_OUT, make_frame

watch: Callable[[Any], Awaitable[None]] = LiveState.watch.fn  # type: ignore[attr-defined]
set_delay: Callable[[Any, str], object] = LiveState.set_delay.fn  # type: ignore[attr-defined]
shift_delay: Callable[[Any, float], object] = LiveState.shift_delay.fn  # type: ignore[attr-defined]


leave_delay: Callable[[Any, str], object] = LiveState.leave_delay.fn  # type: ignore[attr-defined]
no_delay: Callable[[Any], object] = LiveState.no_delay.fn  # type: ignore[attr-defined]
hold: Callable[[Any], object] = LiveState.hold.fn  # type: ignore[attr-defined]
tv_shows: Callable[[Any, str], object] = LiveState.tv_shows.fn  # type: ignore[attr-defined]
lift_veil: Callable[[Any], object] = LiveState.lift_veil.fn  # type: ignore[attr-defined]


class FakeTab:
    """The part of a background-task state that the events touch."""

    def __init__(self, delay: str = "0") -> None:
        self._watcher = 0
        self._clock = LiveClock()
        self._presses: list[float] = []
        self._lifted = ""
        self.tv_delay = delay
        self.spoilers, self.played = "auto", ""
        self.delay_drawn = 0
        self.delay_note = self.sync_words = ""
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
    kept: list[LiveFrame] = field(default_factory=list)

    def at(self, delay_s: float) -> LiveFrame | None:
        return self.past.get(delay_s)

    def of_newest_race(self) -> list[LiveFrame]:
        return self.kept


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

    assert fakes.relay.asked == ["join tab", "show tab"]
    assert fakes.relay.shown == [{"clock": {"mode": "live", "words": ""}}]


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

    assert fakes.relay.asked[-2:] == ["join tab", "show tab"]


def test_setting_a_delay_starts_watching_anew() -> None:
    tab = FakeTab()

    assert set_delay(tab, "12") is LiveState.watch
    assert tab.tv_delay == "12"


@pytest.mark.parametrize(
    ("before", "shift", "after"),
    [("0", -5, "0"), ("10", 5, "15"), ("298", 5, "300"), ("x", 1, "1"), ("12.2", 0.1, "12.3")],
)
def test_a_delay_is_shifted_within_its_limits(before: str, shift: float, after: str) -> None:
    tab = FakeTab(before)

    shift_delay(tab, shift)

    assert tab.tv_delay == after


@pytest.mark.parametrize(("typed", "seconds"), [("nan", 0), ("inf", 0), ("2.64", 2.6), ("", 0)])
def test_odd_delays_are_harmless(typed: str, seconds: int) -> None:
    assert parse_delay(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "delay", "note"),
    [
        ("", "12", ""),
        ("banana", "12", '"banana" is no number of seconds.'),
        ("7,5", "7.5", ""),
        ("400", "300", "A delay can be 0 to 300 seconds."),
        ("-1", "0", "A delay can be 0 to 300 seconds."),
    ],
)
def test_an_emptied_or_wrong_field_never_jumps_to_live(typed: str, delay: str, note: str) -> None:
    tab = FakeTab("12")

    set_delay(tab, typed)

    assert (tab.tv_delay, tab.delay_note) == (delay, note)
    assert tab.delay_drawn == 0, "a field that is typed in is not drawn anew"
    leave_delay(tab, typed)
    assert (tab.tv_delay, tab.delay_drawn) == (delay, 1)


async def test_a_pause_holds_everything_and_shows_how_far_behind_it_is(
    fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [LIGHTS_OUT]
    monkeypatch.setattr("pitwall.web.live.state.wall_now", lambda: now[0])
    tab = FakeTab()
    assert hold(tab) is LiveState.watch
    fakes.past = {0.0: make_frame(40), 3.0: make_frame(7)}
    now[0] += timedelta(seconds=3)
    watching = asyncio.ensure_future(watch(tab))
    await turns()

    (rows,) = fakes.relay.shown
    assert rows["clock"] == {"mode": "paused", "words": "Paused, 3 s behind"}
    assert rows["pulse"]["feed"] == "paused"
    hold(tab)
    assert tab._clock.runs
    now[0] += timedelta(seconds=4)  # plays six of the seven seconds
    fakes.past[1.0] = make_frame(30)
    second = asyncio.ensure_future(watch(tab))
    await turns()
    assert (
        fakes.relay.shown[-1]["clock"]["words"]
        == "Catching up at 1.5\N{MULTIPLICATION SIGN}, 1 s behind"
    )
    now[0] += timedelta(seconds=2)
    await asyncio.wait_for(asyncio.gather(watching, second), timeout=1)
    assert fakes.relay.asked[-2:] == ["join tab", "show tab"]
    assert tab._clock == LiveClock()


async def test_a_result_is_hidden_from_who_comes_after_the_flag_and_not_from_who_saw_it(
    fakes: FakeServices,
) -> None:
    running = live(make_frame(7))
    over = replace(running, header=replace(running.header, phase=Phase.FINISHED))
    saw, late = FakeTab(), FakeTab()
    fakes.past[0] = running
    await watch(saw)
    fakes.past[0] = over

    await watch(saw)
    assert fakes.relay.asked[-2:] == ["join tab", "show tab"]
    watching = asyncio.ensure_future(watch(late))
    await turns()
    shown = fakes.relay.shown[-1]
    assert shown["clock"]["mode"] == "hidden"
    assert shown["tower"] == shown["ended"] == shown["alerts"] == []
    assert "Dutch" not in str(shown)
    lift_veil(late)
    await watch(late)
    await asyncio.wait_for(watching, timeout=1)
    assert fakes.relay.asked[-2:] == ["join tab", "show tab"]
    assert late.played == "2026-dutch-grand-prix-race"


def test_presses_give_the_delay_with_its_spread(
    fakes: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [make_frame(nth) for nth in range(20)]
    lap = (frames[0].header.lap or 0) + 1
    next_lap = replace(frames[10].header, lap=lap)
    fakes.kept = [*frames[:10], *(replace(each, header=next_lap) for each in frames[10:])]
    tab = FakeTab()
    for late_s, delay, words in (
        (12.0, "12", "12.0 s, from one press. Press again to see how sure that is."),
        (12.8, "12.4", "12.4 s ± 0.6 s, from 2 presses."),
    ):
        now = frames[10].published_at + timedelta(seconds=late_s)
        monkeypatch.setattr("pitwall.web.live.state.wall_now", lambda now=now: now)

        assert tv_shows(tab, f"lap {lap}") is LiveState.watch

        assert (tab.tv_delay, tab.sync_words) == (delay, words)
    assert tv_shows(tab, f"lap {lap + 1}") is None
    assert "does not show that moment" in tab.sync_words
    assert tab.tv_delay == "12.4"
    no_delay(tab)
    assert (tab.tv_delay, tab.sync_words, tab._presses) == ("0", "", [])


def live(frame: LiveFrame) -> LiveFrame:
    return replace(frame, header=replace(frame.header, source="live"))
