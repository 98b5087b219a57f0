"""Build the wide table: three hundred columns of every battle at the line, race by race.

    python -m ml.wide_dataset --archive DIR --rows ROWS.parquet --out build/wide.parquet

All rows are kept, labelled or not: what happens in a race tells of later battles of it.
The columns of earlier seasons are filled season by season, from labelled battles before it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pandas as pd

from ml.races import KEYS, LABELS, asked, replay_races, write_table
from ml.replay import RaceStory, battle_of, zero_of_race
from ml.rulebook import read_rules
from ml.wide_columns import with_resolutions, write_columns
from pitwall.feeds.timing import TimingFeed
from pitwall.prediction.wide import history
from pitwall.prediction.wide.history import Names, Outcome, WideHistory, count_history
from pitwall.prediction.wide.knowledge import Knowledge
from pitwall.prediction.wide.matrix import WideBook, wide_matrix, wide_names

NAMES: Final = ("attacker_code", "defender_code", "attacker_team", "defender_team")


def build(archive: Path, rows_file: Path, cache: Path, n_jobs: int = 2) -> pd.DataFrame:
    """Return one row for each battle of the evaluation rows, races in time.

    Args:
        archive: The timing archive.
        rows_file: The evaluation rows.
        cache: Where finished races are kept.
        n_jobs: Processes; 1 stays in this one.
    """
    rows = pd.read_parquet(rows_file, columns=[*KEYS, *LABELS])
    return with_history(replay_races(archive, rows, cache, wide_features, n_jobs))


def wide_features(archive: Path, session_id: int, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the wide columns and the names of one race's rows, by row index.

    What the state at a row holds is told at `ml.replay.race_features`.
    """
    zero = zero_of_race(archive, session_id)
    story = RaceStory(TimingFeed(archive, str(session_id)).messages())
    book, knowledge = WideBook(), Knowledge(rules=read_rules())
    ordered = rows.sort_values("t_ms", kind="stable")
    values: list[list[float]] = []
    names: list[tuple[str, ...]] = []
    for row in ordered.to_dict("records"):
        at = zero + timedelta(milliseconds=int(row["t_ms"]))
        battle = battle_of(row, at)
        race = story.at_crossing(at, int(row["lap"]), (battle.defender, battle.attacker))
        values.append(wide_matrix(race, [battle], knowledge, book)[0].tolist())
        both = [race.cars.get(number) for number in (battle.attacker, battle.defender)]
        codes = [car.driver.code if car else "" for car in both]
        names.append((*codes, *(car.driver.team if car else "" for car in both)))
    table = pd.DataFrame(values, columns=list(wide_names()), index=ordered.index, dtype="float64")
    told = pd.DataFrame(names, columns=list(NAMES), index=ordered.index)
    return table.join(told).reindex(rows.index)


def with_history(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the columns of earlier seasons filled, each from the years before."""
    outcomes = outcomes_of(table)
    filled = table.copy()
    for year in sorted(set(table.year.tolist())):
        here = (table.year == year).to_numpy()
        columns = history.values(count_history(outcomes, int(year)), _names(table[here]))
        for name, column in columns.items():
            filled.loc[here, name] = column
    return filled


def history_before(table: pd.DataFrame, season: int) -> WideHistory:
    """Return the tables that a model for `season` carries."""
    return count_history(outcomes_of(table), season)


def outcomes_of(table: pd.DataFrame) -> list[Outcome]:
    """Return the labelled battles of well-recorded races, as the tables count them."""
    known = table[table.y1.notna() & (table.quality == "good")]
    return [
        Outcome(int(year), names, gap_ms / 1000, passed)
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    chosen = asked("ml.wide_dataset", __doc__, Path("build/wide"), arguments)
    table = build(chosen.archive, chosen.rows, chosen.cache, chosen.jobs)
    write_table(with_resolutions(table, chosen.archive), chosen.out)
    write_columns(chosen.out.with_name(f"{chosen.out.stem}-columns.json"))


if __name__ == "__main__":
    main()
