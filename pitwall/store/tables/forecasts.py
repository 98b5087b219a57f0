"""The table of predictions: what was forecast of every battle, and what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant


class Prediction(SQLModel, table=True):
    """One forecast of one battle.

    Attributes:
        made_at: On the race's clock.
        position: The place at stake; 1 is the lead.
        lap: The leader's lap then.
        interval_s: Seconds from defender to attacker then.
        p_overtake: That the attacker is ahead a lap from then; None where the model did not
            answer.
        p_om, p_boost, p_aero, w_om, w_boost, w_aero: The experts' own probabilities and their
            weights; None where one model answers alone.
        p_overtake_3, p_low, p_high, p_pit, p_neutralised, p_retired: As in `MixedForecast`.
        outcome: `passed`, `held`, or why it could not be settled; None while it is open.
        settled_at: When the outcome was known, on the race's clock.
    """

    __tablename__ = "predictions"
    __table_args__ = (
        UniqueConstraint(
            "race_id", "made_at", "attacker_id", "defender_id", name="predictions_battle_instant"
        ),
        Index("predictions_attacker", "attacker_id", "race_id"),
        Index("predictions_defender", "defender_id", "race_id"),
    )

    id: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite")
    )
    race_id: str = Field(foreign_key="races.id", ondelete="CASCADE", max_length=96)
    attacker_id: str = Field(foreign_key="drivers.id", max_length=80)
    defender_id: str = Field(foreign_key="drivers.id", max_length=80)
    lap: int
    made_at: datetime = Field(sa_type=Instant)
    position: int = Field(sa_type=SmallInteger)
    interval_s: float
    p_overtake: float | None = None
    p_overtake_3: float | None = None
    p_low: float | None = None
    p_high: float | None = None
    p_om: float | None = None
    w_om: float | None = None
    p_boost: float | None = None
    w_boost: float | None = None
    p_aero: float | None = None
    w_aero: float | None = None
    p_pit: float | None = None
    p_neutralised: float | None = None
    p_retired: float | None = None
    model_version: str = Field(max_length=80)
    outcome: str | None = Field(default=None, max_length=16)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
