"""What `GET /ledger` answers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from pitwall.domain.ledger import Call, LedgerHead, Made
from pitwall.pipeline.track_record import RaceScore, Reliability, Score, TrackRecord


class HeadOut(BaseModel):
    """The newest entry. Keep it: `python -m pitwall ledger verify --head` asks for it later."""

    number: int
    digest: str = Field(description="SHA-256, 64 hex digits.")
    written_at: datetime

    @classmethod
    def of(cls, head: LedgerHead) -> HeadOut:
        """Return it as JSON knows it."""
        return cls(**asdict(head))


class ScoreOut(BaseModel):
    """Means over decided forecasts, lower is better; `gap_` is a forecast by the gap alone."""

    name: str
    forecasts: int
    passes: int
    races: int
    log_loss: float = Field(description="In nats.")
    gap_log_loss: float
    brier: float
    gap_brier: float

    @classmethod
    def of(cls, score: Score) -> ScoreOut:
        """Return it as JSON knows it."""
        return cls(**asdict(score))


class RaceScoreOut(ScoreOut):
    """One race."""

    race_id: str
    year: int
    circuit: str
    first_at: datetime = Field(description="When its first forecast was made.")
    model_version: str
    can_be_replayed: bool

    @classmethod
    def of_race(cls, race: RaceScore) -> RaceScoreOut:
        """Return it as JSON knows it."""
        run = race.run
        return cls(
            **asdict(race.score),
            race_id=run.race_id,
            year=run.year,
            circuit=run.circuit,
            first_at=run.first_at,
            model_version=run.model_version,
            can_be_replayed=run.is_kept,
        )


class ReliabilityOut(BaseModel):
    """Forecasts that said about the same, and how many of them came true."""

    low: float
    high: float
    forecasts: int
    passes: int
    laps: int = Field(description="Laps of battles they come from; one is made each second.")
    said: float = Field(description="Mean forecast.")
    came: float = Field(description="Share of passes.")
    came_low: float = Field(
        description="95 % Wilson interval of it, each lap of a battle one case."
    )
    came_high: float

    @classmethod
    def of(cls, one: Reliability) -> ReliabilityOut:
        """Return it as JSON knows it."""
        return cls(**asdict(one))


class CallOut(BaseModel):
    """One forecast worth a look."""

    race_id: str
    race: str
    source: str
    made_at: datetime
    lap: int
    position: int
    attacker: int
    defender: int
    attacker_code: str
    defender_code: str
    interval_s: float
    p_overtake: float
    gap_only: float
    outcome: str
    is_kept: bool = Field(description="Whether the race can be replayed.")

    @classmethod
    def of(cls, call: Call) -> CallOut:
        """Return it as JSON knows it."""
        return cls(**asdict(call))


class LedgerOut(BaseModel):
    """How forecasts came out."""

    made: Made = Field(
        description="`live`: written down before the outcome; `import`: computed afterwards."
    )
    simulated: bool = Field(description="Of made-up races, or of real ones.")
    head: HeadOut | None = Field(description="Of the whole ledger; null while it is empty.")
    forecasts: int
    undecided: dict[str, int] = Field(description="Forecasts that were interrupted, by reason.")
    overall: ScoreOut | None
    gain: tuple[float, float] | None = Field(
        description="95 % interval over races of the log-loss gained over the gap alone."
    )
    reliability: list[ReliabilityOut]
    races: list[RaceScoreOut]
    seasons: list[ScoreOut]
    circuits: list[ScoreOut]
    best: list[CallOut]
    worst: list[CallOut]

    @classmethod
    def of(cls, record: TrackRecord, made: Made, *, simulated: bool) -> LedgerOut:
        """Return it as JSON knows it."""
        contents = record.contents
        return cls(
            made=made,
            simulated=simulated,
            head=None if contents.head is None else HeadOut.of(contents.head),
            forecasts=record.said,
            undecided=record.interrupted,
            overall=None if record.overall is None else ScoreOut.of(record.overall),
            gain=record.gain,
            reliability=[ReliabilityOut.of(one) for one in record.reliability],
            races=[RaceScoreOut.of_race(one) for one in record.races],
            seasons=[ScoreOut.of(one) for one in record.seasons],
            circuits=[ScoreOut.of(one) for one in record.circuits],
            best=[CallOut.of(one) for one in contents.best],
            worst=[CallOut.of(one) for one in contents.worst],
        )
