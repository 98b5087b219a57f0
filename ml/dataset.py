"""Build the training table: the features of every battle at the line, race by race.

    python -m ml.dataset --archive DIR --rows ROWS.parquet --out build/battles.parquet
    python -m ml.dataset --archive DIR --moments MOMENTS.parquet ... --out build/moments.parquet
    python -m ml.dataset --archive DIR --rows ROWS.parquet --out build/cadence.parquet --cadence

All rows are kept, labelled or not, as each helps to forecast later battles of its race.
The columns of earlier seasons are filled season by season, from labelled battles before it.
With `--moments` the rows are battles at any second, in every condition; see `ml.moments`. Of
several files, the first that has a race is used for it. With `--cadence` they are those of
`ml.cadence`, as the first release was scored. Both need `battles.parquet` beside their own file.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Hashable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ml import moments
from ml.cadence import FIRST_SEASON, cadence_table
from ml.cluster import on
from ml.hindsight import Hindsight
from ml.races import KEYS, LABELS, TableOf, replay_races
from ml.replay import NAMES, RaceStory, battle_of, names_of, zero_of_race
from ml.resolutions import with_resolutions
from ml.rulebook import read_rules
from pitwall.domain.battles import Battle
from pitwall.domain.forecasts import Condition
from pitwall.domain.race import RaceState
from pitwall.feeds.timing import TimingFeed
from pitwall.feeds.timing.tables import RaceEntry
from pitwall.prediction.columns import history
from pitwall.prediction.columns.history import Histories, Names, PastBattle, count_histories
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.conditions import condition, refusal
from pitwall.prediction.features import FeatureCache, feature_matrix, feature_names

log = logging.getLogger(__name__)

_COUNTED: Final = (
    *("year", "circuit", "quality", "gap_ms", "y1", "attacker_code", "defender_code"),
    *("attacker_team", "defender_team"),
)


def battle_rows(archive: Path, entry: RaceEntry, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one race's rows with their features, both cars' names, and the race's description.

    The state at a row holds every message sent up to its `t_ms`. Of later messages it holds
    one: that the two cars have crossed the line, which the row itself says. The feed reports a
    crossing a few hundredths of a second after it happened; here it counts as reported at
    `t_ms`. The battle is the row's own: its two cars, and the gap of their crossings.
    """
    zero = zero_of_race(archive, entry.session_id)
    story = RaceStory(TimingFeed(archive, str(entry.session_id)).messages())
    feature_cache, knowledge = FeatureCache(), Knowledge(rules=read_rules())
    ordered = rows.sort_values("t_ms", kind="stable")
    values: list[list[float]] = []
    cars: list[tuple[str | bool, ...]] = []
    for row in ordered.to_dict("records"):
        at = zero + timedelta(milliseconds=int(row["t_ms"]))
        battle = battle_of(row, at)
        race = story.at_crossing(at, int(row["lap"]), (battle.defender, battle.attacker))
        values.append(feature_matrix(race, [battle], knowledge, feature_cache)[0].tolist())
        known = battle.attacker in race.cars and battle.defender in race.cars
        kind = str(condition(race, battle)) if known else ""
        refused = str(refusal(race, battle) or "")
        cars.append((*names_of(race, battle), _is_answerable(race, battle), kind, refused))
    features = pd.DataFrame(
        values, columns=list(feature_names()), index=ordered.index, dtype="float64"
    )
    names = pd.DataFrame(
        cars, columns=[*NAMES, "answerable", "kind", "refused"], index=ordered.index
    )
    table = rows.join(features).join(names)
    return table.assign(race_id=entry.race_id, circuit=entry.circuit, quality=entry.quality)


def _is_answerable(race: RaceState, battle: Battle) -> bool:
    """Return whether it is still open whether and how the battle is interrupted.

    Where the lap just completed was not clear, the fixed rows call the battle neutralised
    whatever comes next: a model would learn the past from such a row.
    """
    if refusal(race, battle) is not None or condition(race, battle) in _NOT_ASKED:
        return False
    both = [race.cars[number] for number in (battle.attacker, battle.defender)]
    return all(car.laps[-1].track_clear for car in both if car.laps)


_NOT_ASKED: Final = frozenset({Condition.WET, Condition.EARLY, Condition.FRESH, Condition.YELLOW})


def with_history(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the columns of earlier seasons filled, each from the years before."""
    return filled_with(table, histories_of(table))


def filled_with(table: pd.DataFrame, histories: Histories) -> pd.DataFrame:
    """Return the table with the columns of earlier seasons filled from `histories`."""
    filled = table.copy()
    for year in sorted(set(table.year.tolist())):
        here = (table.year == year).to_numpy()
        columns = history.values(histories.of(int(year)), _names(table[here]))
        for name, column in columns.items():
            filled.loc[here, name] = column
    return filled


def histories_of(table: pd.DataFrame) -> Histories:
    """Return the tables of earlier seasons that a model trained on this table carries."""
    return count_histories(outcomes_of(table))


def outcomes_of(table: pd.DataFrame) -> list[PastBattle]:
    """Return the labelled battles of well-recorded races, for counting."""
    known = table[table.y1.notna() & (table.quality == "good")]
    return [
        PastBattle(int(year), names, gap_ms / 1000, passed)
        for year, names, gap_ms, passed in zip(
            known.year.tolist(),
            _names(known),
            known.gap_ms.tolist(),
            known.y1.tolist(),
            strict=True,
        )
    ]


def _names(table: pd.DataFrame) -> list[Names]:
    rows: Iterable[dict[Hashable, object]] = table[["circuit", *NAMES]].to_dict("records")
    return [Names(*(str(row[name]) for name in ("circuit", *NAMES))) for row in rows]


def with_later_outcomes(table: pd.DataFrame, archive: Path) -> pd.DataFrame:
    """Return the table of battles at the line with `kept`, as moments have."""
    kept = pd.Series(np.nan, index=table.index)
    for session_id, of_race in table.groupby("session_id"):
        seen = Hindsight.of(archive, int(str(session_id)))
        rows = of_race.assign(horizon_ms=1000.0 * of_race.lap_pair_duration_s)
        labels, ends = of_race.y1.to_numpy(np.float64), of_race.resolve_t.to_numpy(np.float64)
        kept[of_race.index] = seen.kept(rows, labels, ends)
    return table.assign(kept=kept)


def with_starts(table: pd.DataFrame, archive: Path) -> pd.DataFrame:
    """Return the table with `starts_at`, when each race began, by which races are ordered."""
    sessions = pd.read_parquet(archive / "sessions.parquet").set_index("session_id")
    starts = sessions.start_local.fillna(sessions.date).astype(str)
    return table.assign(starts_at=table.session_id.map(starts))


def _asked(chosen: argparse.Namespace) -> tuple[pd.DataFrame, TableOf]:
    """Return the rows of the command line, and what makes a race's table from them."""
    if chosen.moments is not None:
        tables: list[pd.DataFrame] = []
        for file in chosen.moments:
            one = pd.read_parquet(file, columns=list(moments.KEYS))
            known = {race for table in tables for race in table.session_id.unique()}
            tables.append(one[~one.session_id.isin(known)])
        return pd.concat(tables, ignore_index=True), moments.moment_rows
    rows = pd.read_parquet(chosen.rows, columns=[*KEYS, *LABELS])
    if chosen.cadence:
        return rows[rows.year >= FIRST_SEASON], cadence_table
    return rows, battle_rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.dataset", description=__doc__)
    parser.add_argument("--archive", type=Path, required=True, help="folder of the archive")
    parser.add_argument("--rows", type=Path, help="the evaluation rows at the line")
    parser.add_argument("--moments", type=Path, nargs="+", help="the rows at any second")
    parser.add_argument("--out", type=Path, required=True, help="parquet file to write")
    parser.add_argument("--cadence", action="store_true", help="rows between the lines")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--cache", type=Path, default=Path("build/races"), help="finished races")
    parser.add_argument("--dask", metavar="SCHEDULER", help="address of a Dask scheduler")
    chosen = parser.parse_args(arguments)
    if (chosen.rows is None) == (chosen.moments is None):
        parser.error("give either --rows or --moments")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rows, table_of = _asked(chosen)
    with on(chosen.dask):
        table = replay_races(chosen.archive, rows, chosen.cache, table_of, chosen.jobs)
    if table_of is battle_rows:
        table = with_later_outcomes(
            with_resolutions(with_history(table), chosen.archive), chosen.archive
        )
    else:
        # The columns of earlier seasons come from battles at the line only.
        line = pd.read_parquet(chosen.out.with_name("battles.parquet"), columns=list(_COUNTED))
        table = filled_with(table, histories_of(line))
    table = with_starts(table, chosen.archive)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(chosen.out, index=False)
    log.info("%d rows of %d races -> %s", len(table), table.race_id.nunique(), chosen.out)


if __name__ == "__main__":
    main()
