"""Test calibration, skill and their intervals from the ledger's sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pitwall.analysis.track_record import TrackRecords, track_record, wilson
from pitwall.domain.ledger import (
    SCORE_BINS,
    ForecastTally,
    LedgerContents,
    LedgerHead,
    LedgerRun,
    Made,
)

AT = datetime(2026, 7, 5, 13, tzinfo=UTC)
HEAD = LedgerHead(7, "ab" * 32, AT)


def a_run(number: int = 1, gain: float = 0.1, **changes: object) -> LedgerRun:
    """Return a race with a hundred forecasts of 12 %, ten of which came true."""
    run = LedgerRun(
        run=number,
        race_id=f"2026-race-{number}",
        name=f"Grand Prix {number}",
        year=2026,
        circuit="Somewhere",
        source="live",
        first_at=AT + timedelta(days=number),
        model_version="mixture-1",
        made=Made.LIVE,
        is_stored=True,
        forecasts=120,
        decided=ForecastTally(100, 10, 20, 12.0, 9.0, 30.0, 10.0, 30.0 + 100 * gain),
        interrupted={"pitted": 5},
    )
    return replace(run, **changes)  # type: ignore[arg-type]  # fields by name


def contents(*runs: LedgerRun) -> LedgerContents:
    bins = [ForecastTally() for _ in range(SCORE_BINS)]
    bins[2] = sum((run.decided for run in runs), ForecastTally())
    return LedgerContents(HEAD, runs, tuple(bins), (), ())


def test_shares_and_scores_are_means_over_all_races() -> None:
    record = track_record(contents(a_run(1), a_run(2, gain=0.3, circuit="Elsewhere", year=2027)))

    assert record.overall is not None
    assert (record.forecasts, record.overall.forecasts, record.overall.races) == (240, 200, 2)
    assert record.overall.log_loss == pytest.approx(0.3)
    assert record.overall.gap_log_loss == pytest.approx(0.5)
    assert record.interrupted == {"pitted": 10}
    (one,) = record.reliability
    assert [one.low, one.high, one.mean_forecast, one.share_passed] == pytest.approx(
        [0.10, 0.15, 0.12, 0.10]
    )
    assert one.laps == 40
    assert [score.name for score in record.seasons] == ["2026", "2027"]
    assert {score.name: round(score.gap_log_loss, 3) for score in record.circuits} == {
        "Somewhere": 0.4,
        "Elsewhere": 0.6,
    }


def test_the_doubt_of_a_share_is_that_of_laps_and_not_of_seconds() -> None:
    (one,) = track_record(contents(a_run())).reliability

    assert (one.share_low, one.share_high) == pytest.approx(wilson(0.1, 20))
    assert one.share_high - one.share_low > wilson(0.1, 100)[1] - wilson(0.1, 100)[0]


def test_the_gain_has_an_interval_once_there_are_races_enough() -> None:
    few = track_record(contents(*(a_run(n) for n in range(1, 5))))
    many = track_record(contents(*(a_run(n, gain=0.02 * n) for n in range(1, 11))))

    assert few.gain is None
    assert many.gain is not None
    assert many.gain[0] < 0.11 < many.gain[1]
    assert many.gain[0] > 0.06
    assert many.gain[1] < 0.16


def test_an_undecided_ledger_has_no_scores() -> None:
    record = track_record(contents(a_run(decided=ForecastTally())))

    assert (record.overall, record.gain, record.reliability, record.races) == (None, None, (), ())
    assert record.forecasts == 120


class Reader:
    """A `LedgerReader` that counts how often it was read."""

    def __init__(self) -> None:
        self.contents_now = contents(a_run())

    async def head(self) -> LedgerHead | None:
        return HEAD

    async def contents(self, made: Made, *, simulated: bool) -> LedgerContents:
        return self.contents_now if made is Made.LIVE and not simulated else contents()


async def test_nothing_is_counted_again_before_the_ledger_was_read_again() -> None:
    reader = Reader()
    records = TrackRecords(reader)

    first = await records.record(Made.LIVE, simulated=False)
    same = await records.record(Made.LIVE, simulated=False)
    reader.contents_now = contents(a_run(), a_run(2))
    later = await records.record(Made.LIVE, simulated=False)

    assert same is first
    assert len(later.races) == 2
