"""Test the ledger page's rows, figures and state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from pitwall import services
from pitwall.analysis.track_record import TrackRecords, track_record
from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.ledger import Call, LedgerContents, LedgerHead, Made
from pitwall.domain.stored_races import RaceFilter, RaceSummary
from pitwall.domain.timeline import Digest
from pitwall.errors import StoreError
from pitwall.live.publishing import FrameRing
from pitwall.web.ledger.charts import log_loss_figure, reliability_figure, reliability_table
from pitwall.web.ledger.rows import call_rows, ledger_row, race_rows
from pitwall.web.ledger.state import LedgerState
from pitwall.web.shared.chart_theme import NO_FIGURE
from tests.analysis.test_track_record import AT, HEAD, a_run, contents
from tests.web.shared.test_spoilers import a_race

CALL = Call(
    race_id="2026-a-race",
    race="A Grand Prix 2026",
    source="live",
    made_at=datetime(2026, 7, 5, 13, 2, 3, 250_000, tzinfo=UTC),
    lap=12,
    position=3,
    attacker=4,
    defender=81,
    attacker_code="NOR",
    defender_code="PIA",
    interval_s=0.84,
    p_overtake=0.0031,
    gap_only=0.41,
    outcome="held",
    is_stored=True,
)


def test_a_call_leads_to_its_moment_and_battle() -> None:
    kept, gone = call_rows((CALL, replace(CALL, is_stored=False)))

    assert kept.href == "/replay/2026-a-race?t=2026-07-05T13:02:03.250Z&battle=4-81"
    assert (kept.battle, kept.forecast, kept.gap_only) == ("NOR behind PIA", "0.3 %", "41 %")
    assert kept.outcome == "stayed behind"
    assert gone.href == ""


def test_an_empty_ledger_says_so_and_shows_no_numbers() -> None:
    row = ledger_row("live", track_record(LedgerContents(None, (), (), (), ())))

    assert row.nothing.startswith("The ledger is empty")
    assert (row.figures, row.digest) == ([], "")


def test_forecasts_made_afterwards_are_said_to_prove_nothing() -> None:
    row = ledger_row("import", track_record(contents(a_run())))

    assert "prove nothing" in row.about
    assert row.digest == HEAD.digest


def test_a_race_leads_to_its_replay_only_while_it_is_kept() -> None:
    rows = race_rows(track_record(contents(a_run(1), a_run(2, is_stored=False))))

    assert [(row.name, row.href) for row in rows] == [
        ("Grand Prix 2 2026", ""),
        ("Grand Prix 1 2026", "/replay/2026-race-1"),
    ]


def test_the_diagram_and_its_table_say_the_same() -> None:
    record = track_record(contents(a_run()))
    (one,) = record.reliability

    points = reliability_figure(record)["data"][1]
    (numbers,) = reliability_table(record).rows

    assert (points["x"], points["y"]) == ([0.12], [0.1])
    assert points["error_y"]["array"] == [round(one.share_high - one.share_passed, 4)]
    assert numbers == ["0.10 to 0.15", "100", "20", "10", "0.120", "0.100", numbers[-1]]


def test_one_race_is_no_course_of_time() -> None:
    assert log_loss_figure(track_record(contents(a_run()))) == NO_FIGURE
    figure = log_loss_figure(track_record(contents(a_run(1), a_run(2))))
    assert [trace["name"] for trace in figure["data"]] == ["forecast", "gap only"]


class Reader:
    """A `LedgerReader` with imported forecasts alone, or none at all."""

    def __init__(self) -> None:
        self.is_away = False
        self.stored: list[RaceSummary] = []

    async def races(
        self, wanted: RaceFilter, most: int, _cursor: str | None = None
    ) -> tuple[list[RaceSummary], None]:
        return [each for each in self.stored if wanted.source in {None, each.source}][:most], None

    async def digest(self, race: RaceSummary) -> Digest:
        return Digest(passes=3, called=2, missed=1, failed=0)

    async def head(self) -> LedgerHead | None:
        return LedgerHead(1, "", AT)

    async def contents(self, made: Made, *, simulated: bool) -> LedgerContents:
        if self.is_away:
            message = "The database does not answer as it should: gone."
            raise StoreError(message)
        called = tuple(replace(CALL, race_id=f"2026-race-{number}") for number in (1, 2))
        told = replace(contents(a_run(1), a_run(2, circuit="Elsewhere")), best=called, worst=called)
        return told if made is Made.IMPORT and not simulated else contents()


@pytest.fixture
def reader() -> Reader:
    reader = Reader()
    services.install(
        services.Services(
            live=MemoryLiveCache(),
            tab_is_open=lambda _token: True,
            frame_buffer=FrameRing(),
            records=TrackRecords(reader),
            stored_races=cast("Any", reader),
            replays=cast("Any", reader),
        )
    )
    return reader


def a_state() -> LedgerState:
    return LedgerState(_reflex_internal_init=True)  # type: ignore[call-arg]  # Reflex's way in tests


async def test_the_page_opens_with_what_there_is(reader: Reader) -> None:
    state = a_state()

    await LedgerState.show.fn(state)  # type: ignore[attr-defined]

    assert [view.key for view in state.views if view.is_chosen] == ["import"]
    assert state.head.figures
    await LedgerState.choose.fn(state, "live")  # type: ignore[attr-defined]
    assert state.head.figures == []
    assert state.head.nothing != ""
    await LedgerState.choose.fn(state, "nonsense")  # type: ignore[attr-defined]
    assert [view.key for view in state.views if view.is_chosen] == ["live"]


async def test_without_a_database_the_page_says_why(reader: Reader) -> None:
    reader.is_away = True
    state = a_state()

    await LedgerState.show.fn(state)  # type: ignore[attr-defined]

    assert "gone" in state.trouble


async def test_a_hidden_race_is_nowhere_on_the_page_until_it_was_played(reader: Reader) -> None:
    reader.stored = [a_race("2026-race-2"), a_race("2026-race-1")]
    state = a_state()

    await LedgerState.show.fn(state)  # type: ignore[attr-defined]

    hidden, shown = state.races
    assert (hidden.name, hidden.veil) == ("Grand Prix 2 2026", "hidden until you have played it")
    assert hidden.came_true == hidden.forecasts == hidden.log_loss == hidden.verdict == ""
    assert shown.came_true == "10"
    assert [call.key.split()[0] for call in (*state.best, *state.worst)] == ["2026-race-1"] * 2
    assert [row.name for row in state.circuits] == ["Somewhere"]
    assert state.head.hidden.startswith("1 race left out here")
    assert state.log_loss == NO_FIGURE  # one race is left
    state.played = "2026-race-2"
    await LedgerState.choose.fn(state, "import")  # type: ignore[attr-defined]
    assert state.races[0].came_true == "10"
    assert len(state.best) == 2
    assert state.head.hidden == ""


async def test_with_all_races_hidden_their_names_are_all_that_is_told(reader: Reader) -> None:
    reader.stored = [a_race("2026-race-2"), a_race("2026-race-1")]
    state = a_state()
    await LedgerState.show.fn(state)  # type: ignore[attr-defined]

    await LedgerState.set_spoilers.fn(state, "hide")  # type: ignore[attr-defined]

    assert state.head.figures == []
    assert state.head.nothing == ""
    assert state.reliability == NO_FIGURE
    assert [row.veil != "" for row in state.races] == [True, True]
    await LedgerState.set_spoilers.fn(state, "show")  # type: ignore[attr-defined]
    assert state.head.figures[0].value == "240"


def test_passes_are_counted_beside_the_forecasts_that_came_true() -> None:
    record = track_record(contents(a_run(1), a_run(2)))
    passes = {"2026-race-1": 3, "2026-race-2": 4}

    figures = {row.name: row for row in ledger_row("live", record, 0, passes).figures}
    (newest, _) = race_rows(record, passes=passes)

    assert figures["Passes"].value == "7"
    assert figures["Decided"].beside == "20 of these forecasts came true"
    assert (newest.passes, newest.came_true) == ("4", "10")


def test_passes_are_not_summed_before_all_are_counted() -> None:
    record = track_record(contents(a_run(1), a_run(2)))

    names = [row.name for row in ledger_row("live", record, 0, {"2026-race-1": 3}).figures]

    assert "Passes" not in names
