"""The tables of the ledger: its entries, and what is counted from them.

`ledger_entries` and `ledger_runs` are only ever added to: triggers refuse anything else. None of
the five points to the tables of races: a race that is removed stays in the ledger.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant


class LedgerEntry(SQLModel, table=True):
    """One link of the chain; `pitwall.store.ledger.bodies` reads its body.

    Attributes:
        number: From 1, without gaps.
        kind: An `EntryKind`.
        run: Which race it is about.
        items: Forecasts or outcomes in it.
        written_at: By the server's clock.
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
    """A race as it was forecast once: what its first entry says, to be found.

    Attributes:
        race_born: `races.created_at` of the race: one that is removed and imported again is
            another run.
        made: A `Made`.
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
    """Sums over forecasts of a run, so that no page reads them all; see `Tally`.

    Attributes:
        made: A `Made`, of each forecast: what was written late does not count as live.
        outcome: `passed`, `held`, why it was undecided, or `said` for every forecast made.
        bin: Which twentieth of `p_overtake`; 0 for `said`.
        laps: Rows of `LedgerLap` that they were the first of.
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
    """A lap of a battle of which forecasts of one bin were decided: one case, not eighty.

    Attributes:
        lap: The leader's.
        bin: As in `LedgerCell`.
    """

    __tablename__ = "ledger_laps"

    run: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    lap: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    made: str = Field(primary_key=True, max_length=8)
    attacker: int = Field(primary_key=True, sa_type=SmallInteger)
    defender: int = Field(primary_key=True, sa_type=SmallInteger)
    bin: int = Field(primary_key=True, sa_type=SmallInteger)


class LedgerCall(SQLModel, table=True):
    """Of each pair of a run the forecast that was best against the gap alone, and the worst.

    Attributes:
        which: `best` or `worst`.
        score: Log-loss gained over the gap alone, or log-loss; natural logarithm.
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
