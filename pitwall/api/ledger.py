"""Serve `GET /ledger`: how all forecasts came out; open to everyone."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from pitwall.analysis.track_record import RaceScore, Reliability, Score, TrackRecord
from pitwall.api import examples
from pitwall.api.guards import CurrentServices
from pitwall.api.problems import invalid_response, problem_response
from pitwall.api.shared_paths import ForPrograms
from pitwall.domain.ledger import Call, LedgerHead, Made


class HeadOut(BaseModel):
    """The newest entry. Note it: `python -m pitwall ledger verify --head` checks against it."""

    number: int = Field(examples=[22])
    digest: str = Field(
        description="SHA-256, 64 hex digits.",
        examples=["9da53e6754286e2de347572d7a0dfce941338db4a66f898765b47e2d96f548ad"],
    )
    written_at: datetime = Field(examples=["2026-11-24T19:05:51.763805Z"])

    @classmethod
    def of(cls, head: LedgerHead) -> HeadOut:
        """Convert from the domain value."""
        return cls(**asdict(head))


class ScoreOut(BaseModel):
    """Mean scores of forecasts whose outcome is known; lower is better.

    Fields that begin with `gap_` are of a forecast made from the gap alone.
    """

    name: str = Field(
        description="A race, a season or a circuit; `all` for all of them.",
        examples=["Dutch Grand Prix"],
    )
    forecasts: int = Field(examples=[51304])
    came_true: int = Field(
        description="How many of the forecasts came true. A forecast is made each second, so one "
        "pass makes many of them true.",
        examples=[1890],
    )
    passes: int = Field(
        description="The same number under its earlier name, which promised passes: use "
        "`came_true`. The ledger page and the list of races count passes.",
        deprecated=True,
        examples=[1890],
    )
    races: int = Field(examples=[1])
    log_loss: float = Field(description="Log-loss, nats.", examples=[0.0889])
    gap_log_loss: float = Field(examples=[0.1365])
    brier: float = Field(examples=[0.024])
    gap_brier: float = Field(examples=[0.0328])

    @classmethod
    def of(cls, score: Score) -> ScoreOut:
        """Convert from the domain value."""
        return cls(**asdict(score), came_true=score.passes)


class RaceScoreOut(ScoreOut):
    """The scores of one race."""

    race_id: str = Field(examples=[examples.RACE_ID])
    year: int = Field(examples=[2025])
    circuit: str = Field(examples=["Zandvoort"])
    first_at: datetime = Field(
        description="When its first forecast was made.", examples=["2025-08-31T13:05:58Z"]
    )
    model_version: str = Field(examples=[examples.MODEL_VERSION])
    can_be_replayed: bool = Field(examples=[True])

    @classmethod
    def of_race(cls, race: RaceScore) -> RaceScoreOut:
        """Convert from the domain value."""
        run = race.run
        return cls(
            **asdict(race.score),
            came_true=race.score.passes,
            race_id=run.race_id,
            year=run.year,
            circuit=run.circuit,
            first_at=run.first_at,
            model_version=run.model_version,
            can_be_replayed=run.is_stored,
        )


class ReliabilityOut(BaseModel):
    """Forecasts of about the same probability, and how many of them came true."""

    low: float = Field(examples=[0.1])
    high: float = Field(examples=[0.15])
    forecasts: int = Field(examples=[1276])
    passes: int = Field(description="How many of them came true.", examples=[158])
    laps: int = Field(
        description="Laps of battles that they come from; one forecast is made each second.",
        examples=[153],
    )
    said: float = Field(description="Mean forecast.", examples=[0.1215])
    came: float = Field(description="Share of them that ended in a pass.", examples=[0.1238])
    came_low: float = Field(
        description="95 % Wilson interval of `came`, counting each lap of a battle once.",
        examples=[0.0807],
    )
    came_high: float = Field(examples=[0.1854])

    @classmethod
    def of(cls, group: Reliability) -> ReliabilityOut:
        """Convert from the domain value."""
        return cls(
            low=group.low,
            high=group.high,
            forecasts=group.forecasts,
            passes=group.passes,
            laps=group.laps,
            said=group.mean_forecast,
            came=group.share_passed,
            came_low=group.share_low,
            came_high=group.share_high,
        )


class CallOut(BaseModel):
    """One forecast worth a look."""

    race_id: str = Field(examples=[examples.RACE_ID])
    race: str = Field(examples=["Dutch Grand Prix 2025"])
    source: str = Field(examples=[examples.SOURCE])
    made_at: datetime = Field(examples=["2025-08-31T13:39:04Z"])
    lap: int = Field(description="The leader's.", examples=[27])
    position: int = Field(description="The place at stake.", examples=[8])
    attacker: int = Field(examples=[12])
    defender: int = Field(examples=[31])
    attacker_code: str = Field(examples=["ANT"])
    defender_code: str = Field(examples=["OCO"])
    interval_s: float = Field(examples=[0.443])
    p_overtake: float = Field(examples=[0.6479])
    gap_only: float = Field(description="The forecast from the gap alone.", examples=[0.1709])
    outcome: str = Field(description="`passed` or `held`.", examples=["passed"])
    is_kept: bool = Field(description="Whether the race can be replayed.", examples=[True])

    @classmethod
    def of(cls, call: Call) -> CallOut:
        """Convert from the domain value."""
        fields = asdict(call)
        return cls(is_kept=fields.pop("is_stored"), **fields)


class LedgerOut(BaseModel):
    """How all forecasts of one kind came out."""

    made: Made = Field(
        description="`live`: written down before the outcome; `import`: computed afterwards.",
        examples=["import"],
    )
    simulated: bool = Field(description="Whether the races are simulated.", examples=[False])
    head: HeadOut | None = Field(
        description="The newest entry of the whole ledger; null while it is empty."
    )
    forecasts: int = Field(examples=[56441])
    undecided: dict[str, int] = Field(
        description="Number of interrupted forecasts, by reason.",
        examples=[{"finished": 1153, "neutralised": 2562, "pitted": 1422}],
    )
    overall: ScoreOut | None
    gain: tuple[float, float] | None = Field(
        description="95 % interval over races of the log-loss gained over the gap alone; null "
        "below five races.",
        examples=[(0.0108, 0.0715)],
    )
    reliability: list[ReliabilityOut]
    races: list[RaceScoreOut]
    seasons: list[ScoreOut]
    circuits: list[ScoreOut]
    best: list[CallOut]
    worst: list[CallOut]

    @classmethod
    def of(cls, record: TrackRecord, made: Made, *, simulated: bool) -> LedgerOut:
        """Convert from the domain value."""
        contents = record.contents
        return cls(
            made=made,
            simulated=simulated,
            head=None if contents.head is None else HeadOut.of(contents.head),
            forecasts=record.forecasts,
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


router = APIRouter(prefix="/ledger", tags=["ledger"], route_class=ForPrograms)


@router.get(
    "",
    summary="How forecasts came out",
    responses={
        422: invalid_response(
            "A parameter is not valid.", "made", "Input should be 'live' or 'import'"
        ),
        503: problem_response(
            "The database does not answer.",
            "This server has no database, so it stores no accounts and no races.",
        ),
    },
)
async def ledger(
    services: CurrentServices,
    response: Response,
    made: Annotated[
        Made,
        Query(
            description="`live`: made before the outcome; `import`: computed afterwards.",
            examples=["import"],
        ),
    ] = Made.LIVE,
    simulated: Annotated[
        bool, Query(description="Whether to return forecasts of simulated races.", examples=[False])
    ] = False,
) -> LedgerOut:
    """Return how forecasts came out according to the ledger; at most some seconds old.

    A browser that opens this address gets the ledger page instead.
    """
    response.headers["Vary"] = "Accept"
    response.headers["Cache-Control"] = "no-cache"
    record = await services.track_records().record(made, simulated=simulated)
    return LedgerOut.of(record, made, simulated=simulated)
