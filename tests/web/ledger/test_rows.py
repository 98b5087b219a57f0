"""Test the ledger page's rows, figures and state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pitwall import services
from pitwall.analysis.track_record import TrackRecords, track_record
from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.ledger import Call, LedgerContents, LedgerHead, Made
from pitwall.errors import StoreError
from pitwall.live.publishing import FrameRing
from pitwall.web.ledger.charts import log_loss_figure, reliability_figure, reliability_table
from pitwall.web.ledger.rows import call_rows, ledger_row, race_rows
from pitwall.web.ledger.state import LedgerState
from pitwall.web.shared.chart_theme import NO_FIGURE
from tests.analysis.test_track_record import AT, HEAD, a_run, contents

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

    async def head(self) -> LedgerHead | None:
        return LedgerHead(1, "", AT)

    async def contents(self, made: Made, *, simulated: bool) -> LedgerContents:
        if self.is_away:
            message = "The database does not answer as it should: gone."
            raise StoreError(message)
        return contents(a_run()) if made is Made.IMPORT and not simulated else contents()


@pytest.fixture
def reader() -> Reader:
    reader = Reader()
    services.install(
        services.Services(
            live=MemoryLiveCache(),
            tab_is_open=lambda _token: True,
            frame_buffer=FrameRing(),
            records=TrackRecords(reader),
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
