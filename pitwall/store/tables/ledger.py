"""Define the tables of the ledger: its entries, and the sums counted from them.

`ledger_entries` and `ledger_runs` are only ever added to: triggers refuse anything else. None of
the five refers to the tables of races, so that a removed race stays in the ledger.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant


class LedgerEntry(SQLModel, table=True):
    """One link of the chain; `pitwall.store.ledger.entries` reads its body.

    Source: the ledger writer, in the transaction that writes the forecasts.

    Attributes:
        number: From 1, without gaps.
        kind: The kind of entry. Range: 1 a race begins, 2 drivers, 3 forecasts, 4 outcomes, 5
            outcomes that came too late to prove anything.
        run: The run that it is about.
        items: How many forecasts or outcomes it holds.
        written_at: When it was written, by the server's clock.
        body: Its content, as bytes that `docs/ledger.md` describes.
        digest: SHA-256 over the digest of the entry before, this row and its body.
    """

    __tablename__ = "ledger_entries"

    number: int = Field(
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
        sa_column_kwargs={"autoincrement": False},
    )
    kind: int = Field(sa_type=SmallInteger)
    run: int
    items: int
    written_at: datetime = Field(sa_type=Instant)
    body: bytes = Field(sa_type=LargeBinary)
    digest: bytes = Field(sa_type=LargeBinary)


class LedgerRunRow(SQLModel, table=True):
    """One run of forecasts of a race: the content of its first entry, for look-ups.

    Source: the first entry of the run.

    Attributes:
        run: Its number in the ledger, from 1.
        race_id: The race; it may have been removed since.
        race_born: `races.created_at` of the race: one that is removed and imported again is another
            run.
        name: The name of the race.
        year: The season.
        circuit: The circuit's short name.
        source: What kind of data it was. Range: `live`, `recorded`, `reconstructed` or `simulated`.
        made: When the forecasts were made. Range: `live` before their outcome was known, `import`
            after it.
        model_version: The model bundle of its first forecast.
        first_at: When its first forecast was made, on the race's clock.
    """

    __tablename__ = "ledger_runs"

    run: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    race_id: str = Field(max_length=96, index=True)
    race_born: datetime = Field(sa_type=Instant)
    name: str = Field(max_length=120)
    year: int = Field(sa_type=SmallInteger)
    circuit: str = Field(max_length=80)
    source: str = Field(max_length=16)
    made: str = Field(max_length=8)
    model_version: str = Field(max_length=80)
    first_at: datetime = Field(sa_type=Instant)


class LedgerCell(SQLModel, table=True):
    """Sums over forecasts of a run, so that no page reads them all; see `ForecastTally`.

    Source: counted from the entries; `ledger verify` counts again.

    Attributes:
        run: The run.
        made: A `Made` of each forecast: one written late does not count as live. Range: `live`
            or `import`.
        outcome: `passed`, `held`, why it was undecided, or `said` for every forecast made.
        bin: Which twentieth of `p_overtake`; 0 for `said`. Range: 0 to 19.
        forecasts: How many forecasts.
        laps: Rows of `ledger_laps` that they were the first of.
        p_sum: Sum of `p_overtake`.
        brier: Sum of the Brier scores.
        log_loss: Sum of the log-losses, natural logarithm.
        gap_brier: Sum of the Brier scores of a forecast that knows the gap alone.
        gap_log_loss: Sum of the log-losses of a forecast that knows the gap alone.
    """

    __tablename__ = "ledger_cells"

    run: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    made: str = Field(primary_key=True, max_length=8)
    outcome: str = Field(primary_key=True, max_length=16)
    bin: int = Field(primary_key=True, sa_type=SmallInteger)
    forecasts: int
    laps: int
    p_sum: float
    brier: float
    log_loss: float
    gap_brier: float
    gap_log_loss: float


class LedgerLap(SQLModel, table=True):
    """A lap of a battle with decided forecasts of one bin, which counts as one case, not eighty.

    Source: counted from the entries.

    Attributes:
        run: Which run.
        lap: The leader's lap.
        made: As in `ledger_cells`.
        attacker: The attacker's car number.
        defender: The defender's car number.
        bin: As in `ledger_cells`.
    """

    __tablename__ = "ledger_laps"

    run: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    lap: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    made: str = Field(primary_key=True, max_length=8)
    attacker: int = Field(primary_key=True, sa_type=SmallInteger)
    defender: int = Field(primary_key=True, sa_type=SmallInteger)
    bin: int = Field(primary_key=True, sa_type=SmallInteger)


class LedgerCall(SQLModel, table=True):
    """The best forecast of each pair of a run, compared with the gap alone, and the worst one.

    Source: counted from the entries.

    Attributes:
        run: Which run.
        made: As in `ledger_cells`.
        which: Which of the two it is. Range: `best` or `worst`.
        attacker: The attacker's car number.
        defender: The defender's car number.
        attacker_id: Who attacked.
        defender_id: Who defended.
        made_at: When it was made, on the race's clock.
        lap: The leader's lap then.
        position: The place at stake; 1 is the lead.
        interval_s: From defender to attacker then.
        p_overtake: The forecast probability.
        gap_only: The forecast from the gap alone. Range: 0 to 1.
        outcome: The outcome. Range: `passed` or `held`.
        score: Log-loss gained over the gap alone for the best, log-loss for the worst; natural
            logarithm.
    """

    __tablename__ = "ledger_calls"

    run: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    made: str = Field(primary_key=True, max_length=8)
    which: str = Field(primary_key=True, max_length=8)
    attacker: int = Field(primary_key=True, sa_type=SmallInteger)
    defender: int = Field(primary_key=True, sa_type=SmallInteger)
    attacker_id: str = Field(max_length=80)
    defender_id: str = Field(max_length=80)
    made_at: datetime = Field(sa_type=Instant)
    lap: int
    position: int = Field(sa_type=SmallInteger)
    interval_s: float
    p_overtake: float
    gap_only: float
    outcome: str = Field(max_length=16)
    score: float
