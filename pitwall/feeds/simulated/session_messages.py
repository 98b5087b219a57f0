"""Write the session's topics of a simulated race: status, laps, flags, weather, heartbeat."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from pitwall.domain.race import TrackStatus
from pitwall.feeds.simulated import timing_messages
from pitwall.feeds.simulated.cars import RaceCar
from pitwall.feeds.simulated.events import (
    Announced,
    Happening,
    LeaderLapBegun,
    RaceFinished,
    StatusSet,
)
from pitwall.feeds.simulated.outbox import QueuedMessage
from pitwall.feeds.simulated.setup import PRE_RACE_S, RaceSetup

HEARTBEAT_S = 15.0
WEATHER_S = 60.0
_FINALISED_S = 155.0  # after the winner's flag
ENDS_S = 215.0

_STATUS = {
    TrackStatus.CLEAR: ("1", "AllClear"),
    TrackStatus.YELLOW: ("2", "Yellow"),
    TrackStatus.SAFETY_CAR: ("4", "SCDeployed"),
    TrackStatus.RED: ("5", "Red"),
    TrackStatus.VIRTUAL_SAFETY_CAR: ("6", "VSCDeployed"),
    TrackStatus.VSC_ENDING: ("7", "VSCEnding"),
}


def opening(setup: RaceSetup, cars: list[RaceCar]) -> list[QueuedMessage]:
    """Return the first snapshot of the feed, and the messages before the start."""
    at_s = -PRE_RACE_S
    stints = timing_messages.opening_stints(cars)
    disabled = Announced(-90.0, "Other", "OVERTAKE DISABLED")
    return [
        QueuedMessage(at_s, "SessionInfo", session_info(setup, "Inactive")),
        QueuedMessage(at_s + 0.1, "TrackStatus", _track_status(TrackStatus.CLEAR)),
        QueuedMessage(at_s + 0.2, "DriverList", driver_list(setup)),
        QueuedMessage(at_s + 0.3, "SessionStatus", {"Status": "Inactive", "Started": "Inactive"}),
        QueuedMessage(at_s + 0.4, "LapCount", {"CurrentLap": 1, "TotalLaps": setup.laps}),
        QueuedMessage(
            at_s + 0.5, timing_messages.TIMING_TOPIC, timing_messages.opening_lines(setup)
        ),
        QueuedMessage(at_s + 0.6, timing_messages.TYRE_TOPIC, timing_messages.opening_grid(setup)),
        QueuedMessage(at_s + 20.0, timing_messages.TYRE_TOPIC, stints),
        QueuedMessage(
            disabled.at_s, "RaceControlMessages", {"Messages": [_control(setup, disabled, 1)]}
        ),
        QueuedMessage(-0.05, "SessionInfo", session_info(setup, "Started")),
        QueuedMessage(0.0, "SessionStatus", {"Status": "Started", "Started": "Started"}),
    ]


def session_info(setup: RaceSetup, status: str) -> dict[str, object]:
    """Return the payload that names the race."""
    circuit = setup.circuit
    # The programme's hour, which lights out follows by some minutes. Local time is UTC here.
    start = setup.lights_out_at.replace(minute=0, second=0, microsecond=0, tzinfo=None)
    slug = circuit.meeting.replace(" ", "_")
    day = start.date().isoformat()
    key = 900_000 + setup.seed
    return {
        "Meeting": {
            "Key": key,
            "Name": circuit.meeting,
            "OfficialName": f"{circuit.meeting.upper()} {start.year}",
            "Location": circuit.name,
            "Number": setup.seed,
            "Country": {"Key": 0, "Code": circuit.country_code, "Name": circuit.country},
            "Circuit": {"Key": 0, "ShortName": circuit.name},
        },
        "SessionStatus": status,
        "ArchiveStatus": {"Status": "Generating"},
        "Key": key,
        "Type": "Race",
        "Name": "Race",
        "StartDate": start.isoformat(),
        "EndDate": (start + timedelta(hours=2)).isoformat(),
        "GmtOffset": "00:00:00",
        "Path": f"{start.year}/{day}_{slug}/{day}_Race/",
    }


def driver_list(setup: RaceSetup) -> dict[str, object]:
    """Return the payload of the driver list."""
    return {
        str(e.number): {
            "RacingNumber": str(e.number),
            "BroadcastName": f"{e.first_name[0]} {e.last_name.upper()}",
            "FullName": f"{e.first_name} {e.last_name.upper()}",
            "Tla": e.code,
            "Line": place,
            "TeamName": e.team,
            "TeamColour": e.colour,
            "FirstName": e.first_name,
            "LastName": e.last_name,
            "Reference": f"SIM{e.code}01",
        }
        for place, e in enumerate(setup.entrants, start=1)
    }


class SessionMessages:
    """Turns events into messages of the session topics; mutable, it counts laps and messages."""

    def __init__(self, setup: RaceSetup) -> None:
        self._setup = setup
        self._lap = 1
        self._announced = 1  # the opening has one message

    def messages(self, happening: Happening) -> list[QueuedMessage]:
        """Return the session messages of an event; none for most kinds."""
        match happening:
            case StatusSet(at_s=at_s, status=status):
                return [QueuedMessage(at_s, "TrackStatus", _track_status(status))]
            case LeaderLapBegun(at_s=at_s, lap=lap):
                self._lap = lap
                return [QueuedMessage(at_s + 0.1, "LapCount", {"CurrentLap": lap})]
            case Announced():
                return [self._announce(happening)]
            case RaceFinished(at_s=at_s):
                return self._finish(at_s)
        return []

    def _announce(self, announced: Announced) -> QueuedMessage:
        patch = {str(self._announced): _control(self._setup, announced, self._lap)}
        self._announced += 1
        return QueuedMessage(announced.at_s, "RaceControlMessages", {"Messages": patch})

    def _finish(self, at_s: float) -> list[QueuedMessage]:
        flag = Announced(at_s + 0.3, "Flag", "CHEQUERED FLAG", flag="CHEQUERED", scope="Track")
        finalised_s = at_s + _FINALISED_S
        done: dict[str, object] = {"Status": "Finalised", "Started": "Finished"}
        ends: dict[str, object] = {"Status": "Ends", "Started": "Finished"}
        return [
            self._announce(flag),
            QueuedMessage(
                at_s + 0.4, "SessionStatus", {"Status": "Finished", "Started": "Finished"}
            ),
            QueuedMessage(finalised_s, "SessionStatus", done),
            QueuedMessage(finalised_s + 0.1, "SessionInfo", session_info(self._setup, "Finalised")),
            QueuedMessage(at_s + ENDS_S, "SessionStatus", ends),
        ]


class Sky:
    """The weather of the day, one reading a minute: a slow random walk, and dry."""

    def __init__(self, air_c: float, rng: Random) -> None:
        self._rng = rng
        self._air_c = air_c
        self._track_c = air_c + rng.uniform(4.0, 20.0)
        self._wind_deg = rng.uniform(0.0, 359.0)
        self._wind_mps = rng.uniform(0.6, 3.0)
        self._humidity_pct = max(20.0, min(80.0, rng.gauss(53.0, 15.0)))
        self._pressure_hpa = rng.uniform(985.0, 1018.0)

    def reading(self, at_s: float) -> QueuedMessage:
        """Return the reading of `at_s`; call in order of time."""
        rng = self._rng
        self._air_c += rng.gauss(0.0, 0.05)
        self._track_c += rng.gauss(-0.03, 0.15)
        self._wind_deg = (self._wind_deg + rng.gauss(0.0, 15.0)) % 360.0
        self._humidity_pct = max(12.0, min(90.0, self._humidity_pct + rng.gauss(0.0, 0.4)))
        payload: dict[str, object] = {
            "AirTemp": f"{self._air_c:.1f}",
            "Humidity": f"{self._humidity_pct:.1f}",
            "Pressure": f"{self._pressure_hpa + rng.gauss(0.0, 0.1):.1f}",
            "Rainfall": "0",
            "TrackTemp": f"{self._track_c:.1f}",
            "WindDirection": str(int(self._wind_deg)),
            "WindSpeed": f"{abs(rng.gauss(self._wind_mps, 0.5)):.1f}",
        }
        return QueuedMessage(at_s, "WeatherData", payload)


def heartbeat(setup: RaceSetup, at_s: float) -> QueuedMessage:
    """Return the heartbeat of `at_s`."""
    at = (setup.lights_out_at + timedelta(seconds=at_s)).replace(tzinfo=None)
    return QueuedMessage(at_s, "Heartbeat", {"Utc": f"{at.isoformat(timespec='microseconds')}Z"})


def _track_status(status: TrackStatus) -> dict[str, object]:
    digit, message = _STATUS[status]
    return {"Status": digit, "Message": message}


def _control(setup: RaceSetup, announced: Announced, lap: int) -> dict[str, object]:
    at = (setup.lights_out_at + timedelta(seconds=announced.at_s)).replace(tzinfo=None)
    message: dict[str, object] = {
        "Utc": at.isoformat(timespec="seconds"),
        "Lap": lap,
        "Category": announced.category,
    }
    number = None if announced.number is None else str(announced.number)
    optional = {
        "Flag": announced.flag,
        "Status": announced.status,
        "Mode": announced.mode,
        "Scope": announced.scope,
        "Sector": announced.sector,
        "RacingNumber": number,
    }
    message |= {key: value for key, value in optional.items() if value is not None}
    message["Message"] = announced.message
    return message
