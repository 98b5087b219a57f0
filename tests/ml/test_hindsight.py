"""Test what became of battles by an archive: within three laps, and whether a pass stood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.hindsight import Hindsight

NAN = float("nan")
LAP = 100_000.0  # ms
LAPS = 12
STATUS = ("session_id", "t_ms", "status")


def an_archive(
    directory: Path,
    *,
    swaps_ms: tuple[float, ...] = (),
    pits: dict[int, tuple[float, float]] | None = None,
    status: tuple[tuple[float, str], ...] = (),
    stops_after: int = LAPS,
) -> Hindsight:
    """Write a race of cars 1 and 2, who starts behind, and read it back.

    Args:
        directory: Where to write.
        swaps_ms: When the two change places.
        pits: By car, when it went in and came out; NaN where the feed did not say.
        status: When which digit was shown.
        stops_after: The last lap of car 2.
    """
    placed = [(0.0, 1, 1), (0.0, 2, 2)]
    for number, swap_ms in enumerate(swaps_ms, start=1):
        placed += [(swap_ms, 1, 1 + number % 2), (swap_ms, 2, 2 - number % 2)]
    stream = pd.DataFrame(placed, columns=["t_ms", "car", "pos"])
    laps = pd.DataFrame(
        [
            (car, lap, lap * LAP + car, NAN, NAN)
            for car in (1, 2)
            for lap in range(1, LAPS + 1)
            if car == 1 or lap <= stops_after
        ],
        columns=["car", "lap", "t_ms", "pit_in_ms", "pit_out_ms"],
    )
    for car, (into, out) in (pits or {}).items():
        row = laps.index[laps.car == car][0]
        laps.loc[row, ["pit_in_ms", "pit_out_ms"]] = into, out
    shown = pd.DataFrame([(1, *one) for one in status], columns=list(STATUS))
    shown = shown.astype({"session_id": int, "t_ms": float, "status": str})
    for name, table in (("timing_stream", stream), ("laps", laps)):
        table.assign(session_id=1).to_parquet(directory / f"{name}.parquet")
    shown.to_parquet(directory / "track_status.parquet")
    return Hindsight.of(directory, 1)


def rows(*at_laps: float) -> pd.DataFrame:
    """Return battles of car 2 behind car 1 so many laps into the race."""
    return pd.DataFrame(
        {"t_ms": [LAP * at for at in at_laps], "horizon_ms": LAP, "attacker": 2, "defender": 1}
    )


def three(seen: Hindsight, y1: float, at: float = 2.0) -> float:
    return float(seen.within_three(rows(at), np.array([y1]))[0])


def kept(seen: Hindsight, y1: float = 1.0, at: float = 2.0) -> float:
    return float(seen.kept(rows(at), np.array([y1]), np.array([(at + 1) * LAP]))[0])


@pytest.mark.parametrize(
    ("swaps_ms", "y1", "expected"),
    [
        ((), 0.0, 0.0),
        ((3.5 * LAP,), 0.0, 1.0),  # in the second lap
        ((4.5 * LAP,), 0.0, 1.0),  # in the third
        ((5.5 * LAP,), 0.0, 0.0),  # in the fourth
        ((2.5 * LAP,), 1.0, 1.0),
        ((2.5 * LAP, 3.5 * LAP), 1.0, 1.0),  # passed back, but it had passed
        ((), NAN, NAN),  # the first lap was interrupted
    ],
)
def test_a_pass_counts_in_any_of_three_laps(
    tmp_path: Path, swaps_ms: tuple[float, ...], y1: float, expected: float
) -> None:
    found = three(an_archive(tmp_path, swaps_ms=swaps_ms), y1)

    assert found == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("digit", ["4", "5", "6", "7"])
def test_an_interruption_leaves_three_laps_open_but_undoes_no_pass(
    tmp_path: Path, digit: str
) -> None:
    stopped = ((4.2 * LAP, digit), (4.4 * LAP, "1"))
    held = an_archive(tmp_path, status=stopped)
    assert np.isnan(three(held, 0.0))
    assert three(held, 0.0, at=5.0) == 0.0  # it is over
    assert three(held, 0.0, at=0.5) == 0.0  # it comes later

    passed = an_archive(tmp_path, status=stopped, swaps_ms=(3.5 * LAP,))
    assert three(passed, 0.0) == 1.0
    assert three(passed, 1.0) == 1.0


@pytest.mark.parametrize("digit", ["1", "2"])
def test_a_yellow_is_no_interruption(tmp_path: Path, digit: str) -> None:
    assert three(an_archive(tmp_path, status=((4.2 * LAP, digit),)), 0.0) == 0.0


def test_an_archive_without_track_status_knows_no_interruption(tmp_path: Path) -> None:
    seen = an_archive(tmp_path)

    assert seen.stopped == ()
    assert three(seen, 0.0) == 0.0


@pytest.mark.parametrize("car", [1, 2])
@pytest.mark.parametrize(
    "visit", [(4.2 * LAP, 4.4 * LAP), (4.2 * LAP, NAN), (NAN, 4.4 * LAP), (2.5 * LAP, 4.4 * LAP)]
)
def test_a_visit_to_the_pits_leaves_it_open(
    tmp_path: Path, car: int, visit: tuple[float, float]
) -> None:
    assert np.isnan(three(an_archive(tmp_path, pits={car: visit}), 0.0))


def test_a_visit_before_or_after_the_three_laps_does_not_matter(tmp_path: Path) -> None:
    assert three(an_archive(tmp_path, pits={1: (1.2 * LAP, 1.4 * LAP)}), 0.0) == 0.0
    assert three(an_archive(tmp_path, pits={1: (6.2 * LAP, 6.4 * LAP)}), 0.0) == 0.0


def test_a_car_that_stops_or_the_flag_leaves_it_open(tmp_path: Path) -> None:
    assert np.isnan(three(an_archive(tmp_path, stops_after=4), 0.0))
    assert three(an_archive(tmp_path, stops_after=6), 0.0) == 0.0
    assert np.isnan(three(an_archive(tmp_path), 0.0, at=LAPS - 2))


def test_an_unknown_car_leaves_it_open(tmp_path: Path) -> None:
    seen, asked = an_archive(tmp_path), rows(2.0).assign(defender=9)

    assert np.isnan(seen.within_three(asked, np.zeros(1))).all()
    assert not seen.is_ahead(asked, np.array([3 * LAP])).any()


@pytest.mark.parametrize(
    ("swaps_ms", "expected"),
    [
        ((2.5 * LAP,), 1.0),
        ((2.5 * LAP, 4.5 * LAP), 0.0),  # passed back
        ((2.5 * LAP, 3.5 * LAP, 4.5 * LAP), 1.0),  # and again
        ((2.5 * LAP, 5.5 * LAP), 1.0),  # after the two laps
    ],
)
def test_a_pass_stands_if_it_does_two_laps_later(
    tmp_path: Path, swaps_ms: tuple[float, ...], expected: float
) -> None:
    assert kept(an_archive(tmp_path, swaps_ms=swaps_ms)) == expected


def test_only_a_pass_that_nothing_interrupts_is_asked_whether_it_stands(tmp_path: Path) -> None:
    swaps = (2.5 * LAP,)

    assert np.isnan(kept(an_archive(tmp_path, swaps_ms=swaps), y1=0.0))
    assert np.isnan(kept(an_archive(tmp_path, swaps_ms=swaps), y1=NAN))
    stopped = an_archive(tmp_path, swaps_ms=swaps, status=((4.2 * LAP, "4"), (4.4 * LAP, "1")))
    assert np.isnan(kept(stopped))
    pitted = an_archive(tmp_path, swaps_ms=swaps, pits={2: (4.2 * LAP, 4.4 * LAP)})
    assert np.isnan(kept(pitted))
    unknown = an_archive(tmp_path, swaps_ms=swaps)
    assert np.isnan(unknown.kept(rows(2.0), np.ones(1), np.array([NAN]))).all()
