"""Whether two race states say the same: order, laps, gaps, tyres, flags."""

from __future__ import annotations

from pitwall.domain.race import CarState, RaceState


def view_of(race: RaceState) -> dict[str, object]:
    """Return what people see of a race, by a name for each thing."""
    view: dict[str, object] = {
        "race": race.info.race_id,
        "lap": race.lap,
        "total_laps": race.total_laps,
        "phase": race.phase,
        "track_status": race.track_status,
        "control": frozenset(message.message for message in race.control),
    }
    for number, car in race.cars.items():
        view[f"car {number}"] = _car(car)
    return view


def _car(car: CarState) -> tuple[object, ...]:
    return (
        car.driver.code,
        car.position,
        car.laps_completed,
        car.gap_to_leader,
        car.interval,
        car.in_pit,
        car.pit_stops,
        car.retired,
        car.stopped,
        car.last_lap_s,
        tuple((stint.compound, stint.tyre_life_laps, stint.fresh_tyre) for stint in car.stints),
    )


def differences(seen: RaceState, truth: RaceState) -> list[str]:
    """Return what differs, in words; nothing when the two agree."""
    ours, theirs = view_of(seen), view_of(truth)
    return [
        f"{name}: {ours.get(name)!r} but {theirs.get(name)!r}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]
