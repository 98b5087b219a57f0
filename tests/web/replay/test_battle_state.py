"""Test that panels follow their own tab's replay, and show nothing that is hidden."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, Self

import pytest

from pitwall.domain.forecasts import Condition
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.scenario import Scenario, SeenBattle
from pitwall.web.replay.battle_rows import forecast_row, what_if_row
from pitwall.web.replay.battle_state import BattleState
from tests.contributing import made_up
from tests.store.duels import at
from tests.web.replay.test_battle_charts import COMPARED, STORY

follow: Callable[..., Awaitable[None]] = BattleState.follow.fn  # type: ignore[attr-defined]
change: Callable[..., Awaitable[None]] = BattleState.change.fn  # type: ignore[attr-defined]
pick: Callable[..., None] = BattleState.pick.fn  # type: ignore[attr-defined]

SEEN = SeenBattle({}, (), Scenario(gap_s=0.8, has_mode=True), Forecast(0.4))
NOW = at(50).isoformat()


class FakeTab:
    """The part of the state that its events touch."""

    def __init__(self) -> None:
        self._asked = self._lap = self._turn = 0
        self._pair = (0, 0)
        self._at = self._drawn = self._drawn_lap = ""
        self._wanted: dict[str, str] = {}
        session = SimpleNamespace(client_token="tab", session_id="socket")
        self.router = SimpleNamespace(session=session)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None: ...


class Stage:
    """What is sent to the tab, and the fakes behind it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[dict[str, Any]] = []
        self.asked: list[Scenario] = []
        self.sought: list[Any] = []
        self.tab = FakeTab()
        self.replay = SimpleNamespace(
            race_id=STORY.race_id,
            visible_until=None,
            seek=self.sought.append,
            woken=SimpleNamespace(set=lambda: None),
        )
        ports = SimpleNamespace(
            battle_cache=SimpleNamespace(story=self.story, lap=self.lap), battle_inspector=self
        )
        monkeypatch.setattr("pitwall.services.current", lambda: ports)
        monkeypatch.setattr("pitwall.web.replay.tab.tabs.get", lambda _tab: self.replay)
        monkeypatch.setattr("pitwall.web.shared.relay.relay.show_tab", self.show_tab)

    async def show_tab(self, tab: str, rows: object, beside: dict[str, dict[str, Any]]) -> None:
        (own,) = beside.values()
        self.sent.append(own)

    async def story(self, *_: object) -> Any:
        return STORY

    async def lap(self, *_: object) -> Any:
        return COMPARED

    async def seen(self, *_: object) -> SeenBattle:
        return SEEN

    async def what_if(self, seen: SeenBattle, scenario: Scenario) -> Forecast:
        self.asked.append(scenario)
        return Forecast(0.7)

    def range_of(self, feature: str) -> tuple[float, float] | None:
        return (0.05, 2.0) if feature == "interval_s" else None

    def last(self, name: str) -> Any:
        return next(rows[name] for rows in reversed(self.sent) if name in rows)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


async def test_a_chosen_battle_is_drawn_with_what_the_model_saw(stage: Stage) -> None:
    await follow(stage.tab, STORY.race_id, 81, 4, NOW)

    assert stage.last("battle")["title"] == "ATT attacks DEF"
    assert stage.last("forecast")["data"]
    assert stage.last("telemetry")["data"]
    assert stage.last("seen")["percent"] == "40"
    assert stage.last("controls")["gap_s"] == "0.80"
    assert stage.last("limits")["most_gap_s"] == "2.00"


async def test_what_is_drawn_already_is_not_sent_again(stage: Stage) -> None:
    await follow(stage.tab, STORY.race_id, 81, 4, NOW)
    stage.sent.clear()

    await follow(stage.tab, STORY.race_id, 81, 4, at(51).isoformat())
    assert [name for rows in stage.sent for name in rows if name in {"forecast", "telemetry"}] == []

    stage.tab.router.session.session_id = "a new socket, whose page is empty"
    await follow(stage.tab, STORY.race_id, 81, 4, at(52).isoformat())
    assert stage.last("forecast")["data"]


async def test_under_a_veil_nothing_later_is_told(stage: Stage) -> None:
    stage.replay.visible_until = at(50)

    await follow(stage.tab, STORY.race_id, 81, 4, NOW)

    assert "passes" not in stage.last("forecast_words")
    (line,) = [each for each in stage.last("forecast")["data"] if each["name"] == "P(overtake)"]
    assert line["x"][-1] == "2026-07-05 13:00:50.000"


@pytest.mark.parametrize(
    ("race_id", "moment"), [("2026-another-race", NOW), (STORY.race_id, "soon")]
)
async def test_another_race_than_the_tab_replays_is_not_told(
    stage: Stage, race_id: str, moment: str
) -> None:
    await follow(stage.tab, race_id, 81, 4, moment)

    assert stage.sent == []


async def test_without_a_battle_the_panels_are_put_away(stage: Stage) -> None:
    await follow(stage.tab, STORY.race_id, 0, 0, NOW)

    assert stage.last("battle")["key"] == ""


async def test_what_if_changes_one_thing_after_the_other(stage: Stage) -> None:
    await follow(stage.tab, STORY.race_id, 81, 4, NOW)

    await change(stage.tab, "gap_s", 0.4)
    await change(stage.tab, "has_mode", "no")

    assert stage.asked[-1] == Scenario(gap_s=0.4, has_mode=False)
    assert stage.last("moved") == "+30 points"
    assert stage.last("controls")["mode"] == "no"

    await change(stage.tab, "reset", "")
    assert stage.last("moved") == "no change"
    assert stage.last("controls")["gap_s"] == "0.80"


@pytest.mark.parametrize(
    ("what", "value"), [("gap_s", "wide"), ("gap_s", "nan"), ("no_such", "1"), ("has_mode", "?")]
)
async def test_what_is_not_understood_changes_nothing(stage: Stage, what: str, value: str) -> None:
    await follow(stage.tab, STORY.race_id, 81, 4, NOW)

    await change(stage.tab, what, value)

    assert stage.asked == []
    assert stage.last("moved") == "no change"


def test_a_point_that_was_clicked_is_gone_to(stage: Stage) -> None:
    pick(stage.tab, "2026-07-05 13:00:50")
    pick(stage.tab, "lap 3")

    assert stage.sought == [at(50)]


def test_controls_stand_where_the_scenario_puts_them() -> None:
    row = what_if_row(SEEN, Scenario(gap_s=0.35), "1")

    assert (row.gap_s, row.mode, row.attacker_tyre_laps) == ("0.35", "yes", "")


def test_a_forecast_is_told_with_what_moved_it_and_its_condition() -> None:
    row = forecast_row(made_up(-2.0, (0.3, 1.1, -0.6), condition=Condition.FRESH), "13:00")

    assert (row.percent, row.mix.situation, row.mix.kept) == ("23", "12", "83")
    assert [(one.name, one.points) for one in row.mix.experts] == [
        ("om", 4),
        ("boost", 16),
        ("aero", -9),
    ]
    assert [reason.expert for reason in row.reasons] == ["situation", "om", "boost", "aero"]
    assert row.condition == "fresh from the pits"
