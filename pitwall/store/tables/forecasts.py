"""Define the tables of forecasts, and `predictions`, the view through which they are read.

A race has some 50,000 forecasts, two thirds of its bytes. So a row of `forecasts` holds numbers in
place of names and words, and no share that follows from its contributions to the last bit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, MetaData, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from pitwall.store.instants import Instant

views = MetaData()
"""The views, which are read like tables. Migrations make them, and compare only tables."""


class CompactForecast(SQLModel, table=True):
    """One forecast of one battle as it is stored; `predictions` shows it whole.

    Source: the model bundle that `model_number` names.

    Attributes:
        id: Rises with every row. None before it is stored. Source: counted up.
        made_at: When it was made, on the race's clock.
        settled_at: When the outcome was known. None while it is open.
        interval_s: As in `predictions`.
        p_overtake: As in `predictions`.
        p_overtake_3: As in `predictions`. None as there.
        p_low: As in `predictions`. None as there.
        p_high: As in `predictions`. None as there.
        p_om: As in `predictions`. None as there.
        w_om: The weight of OM. None where it is OM's share of the contributions, if all three are
            known, and else where it is not known itself. `NO_SHARE` where they are known and it is
            not.
        p_boost: As in `predictions`. None as there.
        w_boost: The weight of BOOST. None where `w_om` would be.
        p_aero: As in `predictions`. None as there.
        w_aero: The weight of AERO. None where `w_om` would be.
        p_pit: As in `predictions`. None as there.
        p_neutralised: As in `predictions`. None as there.
        p_retired: As in `predictions`. None as there.
        c_base: As in `predictions`. None as there.
        c_om: As in `predictions`. None as there.
        c_boost: As in `predictions`. None as there.
        c_aero: As in `predictions`. None as there.
        p_kept: As in `predictions`. None as there.
        race_number: The race. Source: `races.number`.
        attacker_number: Who attacks, the car behind. Source: `drivers.number`.
        defender_number: Who defends, the car directly ahead. Source: `drivers.number`.
        lap, position: As in `predictions`.
        model_number: Which model bundle made it. Source: `forecast_words.number`.
        outcome_number: The outcome. None while it is open. Source: `forecast_words.number`.
        condition_number: The condition in which the battle was fought. None where an earlier
            release made it. Source: `forecast_words.number`.
    """

    __tablename__ = "forecasts"
    __table_args__ = (
        UniqueConstraint(
            "race_number",
            "made_at",
            "attacker_number",
            "defender_number",
            name="forecasts_battle_instant",
        ),
    )

    # PostgreSQL aligns what takes eight bytes, so these come first.
    id: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite")
    )
    made_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    interval_s: float
    p_overtake: float
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
    c_base: float | None = None
    c_om: float | None = None
    c_boost: float | None = None
    c_aero: float | None = None
    p_kept: float | None = None
    race_number: int = Field(foreign_key="races.number", ondelete="CASCADE")
    attacker_number: int = Field(foreign_key="drivers.number")
    defender_number: int = Field(foreign_key="drivers.number")
    lap: int
    position: int = Field(sa_type=SmallInteger)
    model_number: int = Field(sa_type=SmallInteger)
    outcome_number: int | None = Field(default=None, sa_type=SmallInteger)
    condition_number: int | None = Field(default=None, sa_type=SmallInteger)


class ForecastWord(SQLModel, table=True):
    """A word of forecasts, for which their rows hold a number. Source: the recorder.

    Attributes:
        number: Counted up.
        word: A model bundle, an outcome or a condition.
    """

    __tablename__ = "forecast_words"

    number: int = Field(
        primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    word: str = Field(max_length=80, unique=True)


class _View(SQLModel):
    metadata = views


class Prediction(_View, table=True):
    """One forecast of one battle. Source: the model bundle that `model_version` names.

    A view of `forecasts`, with names and words in place of numbers.

    The columns from `c_base` on are newer than the others; see alembic's revision 0003.

    Attributes:
        id: Rises with every row. None before it is stored. Source: counted up.
        race_id: The race. Source: `races.id`.
        attacker_id: Who attacks, the car behind. Source: `drivers.id`.
        defender_id: Who defends, the car directly ahead. Source: `drivers.id`.
        lap: The leader's lap then. Source: `LapCount`, or the leader's line crossings.
        made_at: When it was made, on the race's clock.
        position: The place at stake; 1 is the lead. Source: `TimingData` `Position`.
        interval_s: From defender to attacker then. Source: `TimingData` `IntervalToPositionAhead`.
        p_overtake: Probability that the attacker is ahead a lap from then, if neither pits and the
            track stays clear; without a forecast there is no row.
        p_overtake_3: The same within three laps. None where one model answered alone.
        p_low: Lower end of a 90 % interval of `p_overtake`. None where one model answered alone.
        p_high: Upper end of a 90 % interval of `p_overtake`. None where one model answered alone.
        p_om: The forecast of the expert OM (DRS or Overtake Mode). None where one model answered
            alone.
        w_om: The weight of OM. None where one model answered alone.
        p_boost: The forecast of the expert BOOST (energy). None where one model answered alone.
        w_boost: The weight of BOOST. None where one model answered alone.
        p_aero: The forecast of the expert AERO (the wake). None where one model answered alone.
        w_aero: The weight of AERO. None where one model answered alone.
        p_pit: Probability that one of the two pits first. None where one model answered alone.
        p_neutralised: Probability that a safety car, VSC or red flag comes first. None where one
            model answered alone.
        p_retired: Probability that one of the two retires first. None where one model answered
            alone.
        model_version: Which model bundle made it.
        outcome: The outcome. Range: `passed`, `held`, or why it could not be decided. None
            while it is open. Source: line crossings and places a lap later.
        settled_at: When the outcome was known, on the race's clock. None while it is open.
        c_base: The logit of the situation, to which the experts add. With the next three it adds
            up to the logit of `p_overtake`. None where an earlier release, or one model alone,
            answered.
        c_om: What the expert OM adds to the logit. None where `c_base` is.
        c_boost: What the expert BOOST adds to the logit. None where `c_base` is.
        c_aero: What the expert AERO adds to the logit. None where `c_base` is.
        p_kept: Probability that a pass made then still stands two laps later. None where an
            earlier release, or one model alone, answered.
        condition: The condition in which the battle was fought. Range: `clean`, `restart`,
            `yellow`, `fresh`, `early` or `wet`. None where an earlier release made it.
    """

    __tablename__ = "predictions"

    id: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite")
    )
    race_id: str = Field(max_length=96)
    attacker_id: str = Field(max_length=80)
    defender_id: str = Field(max_length=80)
    lap: int
    made_at: datetime = Field(sa_type=Instant)
    position: int = Field(sa_type=SmallInteger)
    interval_s: float
    p_overtake: float
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
    c_base: float | None = None
    c_om: float | None = None
    c_boost: float | None = None
    c_aero: float | None = None
    p_kept: float | None = None
    condition: str | None = Field(default=None, max_length=16)


NO_SHARE = -1.0
"""Stands for a weight that is not known although it would follow from the contributions."""
