"""Hold the state of the panels about the chosen battle: charts, what the model saw, what if.

The charts reach the browser through the relay and stay out of the server-side state, which holds
the battle and moment that they are about and the values of the what-if controls. Permission to see
a race was checked when the tab's replay was opened: without a replay there is nothing to follow.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

import reflex as rx

from pitwall import services
from pitwall.domain.race import Compound
from pitwall.domain.stories import BattleStory
from pitwall.errors import PitwallError
from pitwall.prediction.scenario import Scenario, SeenBattle
from pitwall.web.replay.battle_rows import (
    ChosenBattleRow,
    ForecastRow,
    LapChoiceRow,
    LimitsRow,
    WhatIfRow,
    difference,
    forecast_row,
    lap_rows,
    limits_row,
    story_rows,
    what_if_row,
)
from pitwall.web.replay.chart_axes import clock, instant
from pitwall.web.replay.tab import TabReplay, followers, tabs
from pitwall.web.shared.chart_theme import NO_FIGURE, Figure, Table
from pitwall.web.shared.page_rows import PageRows
from pitwall.web.shared.relay import relay
from pitwall.web.shared.typed import as_handler

_SCENARIO_WORDS: Final = 6  # as many as there are controls; no page sends more


class BattleState(rx.State):
    """The panels of one tab."""

    battle: ChosenBattleRow = ChosenBattleRow()
    forecast: Figure = NO_FIGURE
    forecast_table: Table = Table()
    forecast_words: str = ""
    gaps: Figure = NO_FIGURE
    gap_table: Table = Table()
    gap_words: str = ""
    sectors: Figure = NO_FIGURE
    traps: Figure = NO_FIGURE
    lap_table: Table = Table()
    lap_words: str = ""
    lap_choice: LapChoiceRow = LapChoiceRow()
    telemetry: Figure = NO_FIGURE
    telemetry_table: Table = Table()
    telemetry_words: str = ""
    seen: ForecastRow = ForecastRow()
    controls: WhatIfRow = WhatIfRow()
    limits: LimitsRow = LimitsRow()
    answer: ForecastRow = ForecastRow()
    moved: str = ""

    _asked: int = 0
    _pair: tuple[int, int] = (0, 0)
    _at: str = ""
    _lap: int = 0  # 0 follows the race
    _drawn: str = ""
    _drawn_lap: str = ""
    _wanted: dict[str, str] = {}
    _turn: int = 0  # rises whenever the controls start again

    @rx.event(background=True)
    async def follow(self, race_id: str, attacker: int, defender: int, at: str) -> None:
        """Show the battle of two cars at a moment; see `followers` in `pitwall.web.replay.tab`."""
        async with self:
            self._asked += 1
            asked, tab = self._asked, self.router.session.client_token
            drawn, drawn_lap = self._drawn, self._drawn_lap
            socket = self.router.session.session_id
            if (attacker, defender) != self._pair:
                self._lap = 0
            self._pair, self._at, self._wanted = (attacker, defender), at, {}
            self._turn += 1
            lap, turn = self._lap, self._turn
        replay, moment = _of_race(tab, race_id), _moment(at)
        if replay is None or moment is None:
            return
        if not attacker:
            await _send(tab, {"battle": asdict(ChosenBattleRow())})
            async with self:
                self._drawn = self._drawn_lap = ""
            return
        try:
            story = await _story(replay, (attacker, defender), moment)
            key = f"{socket} {_key(story, replay)}"
            if key != drawn:
                await _send(tab, await asyncio.to_thread(story_rows, story))
            lap_key = await _show_lap(tab, story, lap or _newest_lap(story, moment), drawn_lap, key)
            async with self:
                if self._asked != asked:
                    return
                self._drawn, self._drawn_lap = key, lap_key
            await _send(tab, await _seen_rows(race_id, (attacker, defender), moment, turn))
        except PitwallError as error:
            await _send(tab, {"battle": {**asdict(ChosenBattleRow()), "note": str(error)}})

    @rx.event(background=True)
    async def step_lap(self, by: int) -> None:
        """Compare the lap before or after the one on show."""
        async with self:
            tab, pair, at = self.router.session.client_token, self._pair, self._at
            shown = self._drawn_lap.rpartition(" ")[2]
        replay, moment = tabs.get(tab), _moment(at)
        if replay is None or moment is None or not pair[0]:
            return
        with suppress(PitwallError):
            story = await _story(replay, pair, moment)
            laps = [both.lap for both in story.laps]
            wanted = (int(shown) if shown.isdecimal() else 0) + (1 if by > 0 else -1)
            if wanted in laps:
                key = f"{self.router.session.session_id} {_key(story, replay)}"
                lap_key = await _show_lap(tab, story, wanted, "", key)
                async with self:
                    self._lap, self._drawn_lap = wanted, lap_key

    @rx.event
    def pick(self, x: str) -> None:
        """Go to the moment of the chart point that was clicked."""
        replay = tabs.get(self.router.session.client_token)
        if replay is not None:
            with suppress(ValueError):
                replay.seek(instant(x[:40]))
                replay.woken.set()

    @rx.event(background=True)
    async def change(self, what: str, value: str | float) -> None:
        """Ask the model again with one value changed; "reset" takes all changes back."""
        async with self:
            tab, pair, at = self.router.session.client_token, self._pair, self._at
            wanted = {} if what == "reset" else {**self._wanted, what[:30]: str(value)[:20]}
            if len(wanted) > _SCENARIO_WORDS:
                return
            self._wanted = wanted
            self._turn += what == "reset"
            turn = self._turn
        replay, moment, battles = tabs.get(tab), _moment(at), services.current().battle_inspector
        if replay is None or moment is None or battles is None or not pair[0]:
            return
        with suppress(PitwallError):
            seen = await battles.seen(replay.race_id, pair, moment)
            rows = await _answered(seen, _scenario(wanted), turn)
            async with self:
                is_newest = self._wanted == wanted
            if is_newest:
                await _send(tab, rows)


followers.append(as_handler(BattleState.follow))


def _of_race(tab: str, race_id: str) -> TabReplay | None:
    replay = tabs.get(tab)
    return replay if replay is not None and replay.race_id == race_id else None


def _moment(text: str) -> datetime | None:
    """Return the moment that a page sent; None where it sent none."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else None
    return None


async def _send(tab: str, rows: PageRows) -> None:
    await relay.show_tab(tab, {}, {BattleState.get_full_name(): rows})


async def _story(replay: TabReplay, pair: tuple[int, int], at: datetime) -> BattleStory:
    """Return the story of a battle, without what is hidden from this viewer."""
    battle_cache = services.current().battle_cache
    if battle_cache is None:
        raise PitwallError("This server has no database, so no races are stored.")
    story = await battle_cache.story(replay.race_id, pair, at)
    until = replay.visible_until
    return story if until is None else story.known_at(max(until, at))


def _key(story: BattleStory, replay: TabReplay) -> str:
    """Return a key of what is drawn, so that it is not sent twice."""
    pair = f"{story.attacker.car}-{story.defender.car}"
    counts = f"{len(story.forecasts)}/{len(story.gaps)}/{len(story.happenings)}/{len(story.laps)}"
    return f"{replay.race_id} {pair} {story.since.timestamp()} {counts}"


def _newest_lap(story: BattleStory, at: datetime) -> int:
    """Return the newest lap that both cars had completed; the story's first lap before that."""
    done = [
        both.lap
        for both in story.laps
        if max(both.attacker.completed_at, both.defender.completed_at) <= at
    ]
    return done[-1] if done else story.laps[0].lap if story.laps else 0


async def _show_lap(tab: str, story: BattleStory, lap: int, drawn: str, key: str) -> str:
    """Send the comparison of a lap unless it is already drawn, and return its key."""
    lap_key = f"{key} {lap}"
    if lap_key != drawn:
        battle_cache = services.current().battle_cache
        compared = await battle_cache.lap(story, lap) if battle_cache is not None else None
        await _send(tab, await asyncio.to_thread(lap_rows, story, lap, compared))
    return lap_key


async def _seen_rows(race_id: str, pair: tuple[int, int], at: datetime, turn: int) -> PageRows:
    """Return what the model saw at the moment, and the controls before any change."""
    battles = services.current().battle_inspector
    nothing: PageRows = {
        "controls": asdict(WhatIfRow()),
        "answer": asdict(ForecastRow()),
        "moved": "",
    }
    if battles is None:
        return {"seen": asdict(ForecastRow(no_forecast="no model is loaded")), **nothing}
    try:
        seen = await battles.seen(race_id, pair, at)
    except PitwallError as error:
        return {"seen": asdict(ForecastRow(at=clock(at), no_forecast=str(error))), **nothing}
    limits = limits_row(battles.range_of("interval_s"), battles.range_of("tyre_life_attacker_laps"))
    rows = await _answered(seen, Scenario(), turn)
    return {
        **rows,
        "seen": asdict(forecast_row(seen.forecast, clock(at))),
        "limits": asdict(limits),
    }


async def _answered(seen: SeenBattle, scenario: Scenario, turn: int) -> PageRows:
    """Return the model's answer to a scenario, and the values of the controls."""
    battles = services.current().battle_inspector
    forecast = seen.forecast
    if battles is not None and scenario != Scenario():
        forecast = await battles.what_if(seen, scenario)
    return {
        "answer": asdict(forecast_row(forecast)),
        "moved": difference(seen.forecast, forecast),
        "controls": asdict(what_if_row(seen, scenario, str(turn))),
    }


def _scenario(wanted: dict[str, str]) -> Scenario:
    """Return the scenario that the controls describe; values that are not valid are ignored."""
    scenario = Scenario()
    for name, text in wanted.items():
        with suppress(ValueError, KeyError):
            scenario = replace(scenario, **{name: _VALUES[name](text)})
    return scenario


def _in_range(least: float, most: float) -> Any:  # noqa: ANN401  one of several readers
    def read(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return read


def _compound(text: str) -> Compound:
    return Compound(text.upper())


def _yes(text: str) -> bool:
    return {"yes": True, "no": False}[text]


_VALUES: Final[dict[str, Any]] = {
    "gap_s": _in_range(0.0, 5.0),
    "attacker_tyre_laps": _in_range(0, 80),
    "defender_tyre_laps": _in_range(0, 80),
    "attacker_compound": _compound,
    "defender_compound": _compound,
    "has_mode": _yes,
}
