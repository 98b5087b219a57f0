"""Compare two race states: order, laps, gaps, tyres, flags."""

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
        for name, value in _car(car).items():
            view[f"car {number} {name}"] = value
    return view


def _car(car: CarState) -> dict[str, object]:
    stints = [(stint.compound, stint.tyre_life_laps, stint.fresh_tyre) for stint in car.stints]
    return {
        "driver": car.driver,
        "position": car.position,
        "laps": car.laps_completed,
        "gap": car.gap_to_leader,
        "interval": car.interval,
        "in_pit": car.in_pit,
        "pit_stops": car.pit_stops,
        "retired": car.retired,
        "stopped": car.stopped,
        "last_lap_s": car.last_lap_s,
        "stints": tuple(stints),
    }


def differences(seen: RaceState, truth: RaceState, also: RaceState | None = None) -> list[str]:
    """Return what differs, in words; nothing when the two agree.

    What `seen` has as `also` has it is right too: the feed clears some fields, which who
    followed from the beginning keeps, and who came later never saw.
    """
    ours, theirs = view_of(seen), view_of(truth)
    others = view_of(also) if also is not None else theirs
    return [
        f"{name}: {ours.get(name)!r} but {theirs.get(name)!r}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) not in (theirs.get(name), others.get(name))
    ]
