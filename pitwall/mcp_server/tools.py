"""Define the tools: what a model can ask, and which request of the API answers it.

The docstring of a tool is what the model reads of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import AwareDatetime, Field

from pitwall import __version__
from pitwall.mcp_server import answers
from pitwall.mcp_server.rest_api import RestApi

INSTRUCTIONS: Final = (
    "Pitwall follows the battles of Formula 1 races: two cars on neighbouring places within two "
    "seconds. For each it estimates the probability that the car behind is ahead a lap later. "
    "Every answer names its `source`: `live`, `recorded`, `reconstructed` (from archives) or "
    "`simulated`. Never present a simulated race as a real one. Probabilities are estimates, "
    "given that neither car pits and the track stays clear; tell them with their reasons. A race "
    "is named by its `race_id`, which list_races gives. Times are UTC."
)
MOST_ROWS: Final = 500

Table = Literal[
    "entries", "laps", "stints", "standings", "race_control", "statuses", "weather", "predictions",
    "timing",
]  # fmt: skip
RaceIdArgument = Annotated[
    str,
    Field(
        description="As list_races gives it, such as 2025-dutch-grand-prix-race.",
        pattern=r"^[a-z0-9][a-z0-9-]{0,95}$",  # it becomes a part of a path
    ),
]
DriverArgument = Annotated[
    str | None, Field(description="Three letters or the number of a car, such as NOR or 4.")
]
CursorArgument = Annotated[str | None, Field(description="`next_cursor` of the page before.")]
OffsetArgument = Annotated[int, Field(ge=0, description="`next_offset` of the page before.")]
LimitArgument = Annotated[int, Field(ge=1, le=MOST_ROWS, description="At most so many.")]
ChanceArgument = Annotated[
    float, Field(ge=0, le=1, description="Only battles with this chance or more.")
]

Item = TypeVar("Item")


def build_server(api: RestApi) -> MCPServer:
    """Return an MCP server whose tools ask this API."""
    server: MCPServer = MCPServer(
        "pitwall",
        title="Pitwall",
        description="Formula 1 battles, and the chance that each ends in an overtake",
        instructions=INSTRUCTIONS,
        version=__version__,
        log_level="WARNING",
    )
    tools = Tools(api)
    for tool in (
        tools.live_battles,
        tools.predict,
        tools.what_if,
        tools.what_if_features,
        tools.list_races,
        tools.race_overview,
        tools.race_battles,
        tools.race_passes,
        tools.race_table,
        tools.ledger_summary,
    ):
        reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
        server.add_tool(tool, annotations=reads)
    return server


class Tools:
    """The tools, each a method; none of them changes anything."""

    def __init__(self, api: RestApi) -> None:
        self._api = api

    async def live_battles(
        self,
        min_chance: ChanceArgument = 0.0,
        below_s: Annotated[
            float, Field(gt=0, le=2, description="Only battles closer than this, in seconds.")
        ] = 2.0,
    ) -> answers.LiveBattlesAnswer:
        """List the battles on track now, with the chance of a pass and what moved it.

        Works without an API key. Outside of race weekends the race on show may be recorded or
        simulated: look at `source`.
        """
        parameters = {"min_p": min_chance, "below_s": below_s}
        return await self._api.get(answers.LiveBattlesAnswer, "/live-battles", parameters)

    async def predict(
        self,
        attacker: DriverArgument = None,
        defender: DriverArgument = None,
        race_id: Annotated[
            str | None, Field(description="A stored race instead of the one on show; needs `at`.")
        ] = None,
        at: Annotated[
            AwareDatetime | None, Field(description="A moment of it, with its offset from UTC.")
        ] = None,
    ) -> answers.PredictAnswer:
        """Run the model on the race on show, or on a stored race as it stood at a moment.

        Forecasts of stored races are made from what was known then. Without such a battle the list
        is empty. Needs an API key.
        """
        parameters = {
            "attacker": attacker,
            "defender": defender,
            "race_id": race_id,
            "at": _instant(at),
        }
        return await self._api.get(answers.PredictAnswer, "/predict", parameters)

    async def what_if(
        self,
        features: Annotated[
            dict[str, float],
            Field(description="Known features and their values; what_if_features lists them."),
        ],
    ) -> answers.WhatIfAnswer:
        """Forecast a made-up battle that is described by its features alone.

        Leave out what is not known; the answer lists it as `unknown`. Values outside of what
        occurred in training are refused. Needs an API key.
        """
        return await self._api.post(answers.WhatIfAnswer, "/predict", {"features": features})

    async def what_if_features(self) -> answers.FeaturesAnswer:
        """List the features of made-up battles, with unit, meaning and range.

        Call this before what_if. Needs an API key.
        """
        found = await self._api.get(answers.McpFeatures, "/predict/features")
        return answers.FeaturesAnswer(features=found.root)

    async def list_races(  # noqa: PLR0913  each is a filter of its own
        self,
        year: int | None = None,
        circuit: Annotated[
            str | None, Field(description="The circuit's id, such as zandvoort.")
        ] = None,
        driver: Annotated[
            str | None, Field(description="The driver's id, such as lando-norris.")
        ] = None,
        kind: Annotated[str | None, Field(description="Such as Race, Sprint, Qualifying.")] = None,
        source: Literal["live", "recorded", "reconstructed", "simulated"] | None = None,
        limit: Annotated[int, Field(ge=1, le=200)] = 20,
        cursor: CursorArgument = None,
    ) -> answers.RacesAnswer:
        """List the sessions that this server has stored, the newest first.

        Needs an API key.
        """
        parameters = {
            "year": year,
            "circuit": circuit,
            "driver": driver,
            "kind": kind,
            "source": source,
            "limit": limit,
            "cursor": cursor,
        }
        return await self._api.get(answers.RacesAnswer, "/history", parameters)

    async def race_overview(self, race_id: RaceIdArgument) -> answers.OverviewAnswer:
        """Tell what happened in a stored race: drivers, flags, stops, how forecasts came out.

        Begin with this; race_battles and race_passes have the details. Needs an API key.
        """
        line = await self._timeline(race_id)
        return answers.OverviewAnswer(
            race=line.race,
            started=line.started,
            drivers=line.drivers,
            flags=line.flags,
            stops=line.stops,
            battles=len(line.battles),
            digest=line.digest,
        )

    async def race_battles(
        self,
        race_id: RaceIdArgument,
        driver: DriverArgument = None,
        min_chance: ChanceArgument = 0.0,
        only_false_alarms: bool = False,
        offset: OffsetArgument = 0,
        limit: LimitArgument = 50,
    ) -> answers.BattlesOfRaceAnswer:
        """List the battles of a stored race in order of time, each with its highest forecast.

        Needs an API key.
        """
        line = await self._timeline(race_id)
        car = _car(line, driver)
        found = [
            answers.McpBattleOfRace(
                attacker=_code(line, each.attacker),
                defender=_code(line, each.defender),
                since=each.since,
                until=each.until,
                lap=_lap(line, each.since),
                most_p=each.most_p,
                p_before_pass=each.p_before_pass,
                is_false_alarm=each.is_false_alarm,
            )
            for each in line.battles
            if car in {None, each.attacker, each.defender}
            and each.most_p >= min_chance
            and (each.is_false_alarm or not only_false_alarms)
        ]
        page, next_offset = _page(found, offset, limit)
        return answers.BattlesOfRaceAnswer(
            race=line.race, battles=page, total=len(found), next_offset=next_offset
        )

    async def race_passes(
        self,
        race_id: RaceIdArgument,
        driver: DriverArgument = None,
        offset: OffsetArgument = 0,
        limit: LimitArgument = 50,
    ) -> answers.PassesOfRaceAnswer:
        """List the passes on the track in a stored race, each with the forecast before it.

        Changes of place by a pit stop, at the start or by a retirement are none. Needs an API key.
        """
        line = await self._timeline(race_id)
        car = _car(line, driver)
        found = [
            answers.McpPassOfRace(
                at=each.at,
                lap=_lap(line, each.at),
                attacker=_code(line, each.attacker),
                defender=_code(line, each.defender),
                position=each.position,
                p_before=each.p_before,
            )
            for each in line.passes
            if car in {None, each.attacker, each.defender}
        ]
        page, next_offset = _page(found, offset, limit)
        return answers.PassesOfRaceAnswer(
            race=line.race, passes=page, total=len(found), next_offset=next_offset
        )

    async def race_table(  # noqa: PLR0913  the API's own filters
        self,
        race_id: RaceIdArgument,
        table: Annotated[
            Table,
            Field(
                description="`entries`: who drove; `laps`: times, sectors and speeds; `stints`: "
                "tyres; `standings`: of qualifying and practice; `race_control`: its messages; "
                "`statuses`: phases, flags and laps; `weather`; `predictions`: every forecast, one "
                "a second and battle; `timing`: places and gaps as they changed."
            ),
        ],
        drivers: Annotated[
            str | None, Field(description="Codes or numbers of cars, separated by commas.")
        ] = None,
        from_time: Annotated[
            AwareDatetime | None, Field(description="Rows from this time on, with its offset.")
        ] = None,
        to_time: Annotated[
            AwareDatetime | None, Field(description="Rows before this time, with its offset.")
        ] = None,
        limit: LimitArgument = 100,
        cursor: CursorArgument = None,
    ) -> answers.TableAnswer:
        """Read rows of one table of a stored race, page by page.

        `predictions` and `timing` have tens of thousands of rows: name drivers or a time. Needs
        an API key.
        """
        parameters = {
            "tables": table,
            "drivers": drivers,
            "from": _instant(from_time),
            "to": _instant(to_time),
            "limit": limit,
            "cursor": cursor,
        }
        return await self._api.get(answers.TableAnswer, f"/history/{race_id}", parameters)

    async def ledger_summary(
        self,
        made: Annotated[
            Literal["live", "import"],
            Field(description="`live`: made before the outcome; `import`: computed afterwards."),
        ] = "live",
        simulated: bool = False,
    ) -> answers.LedgerAnswer:
        """Tell how all forecasts came out, against a forecast from the gap alone.

        Works without an API key.
        """
        parameters = {"made": made, "simulated": simulated}
        return await self._api.get(answers.LedgerAnswer, "/ledger", parameters)

    async def _timeline(self, race_id: str) -> answers.McpTimeline:
        return await self._api.get(answers.McpTimeline, f"/history/{race_id}/timeline")


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _page(found: Sequence[Item], offset: int, limit: int) -> tuple[list[Item], int | None]:
    """Return a page, and where the next begins; None on the last."""
    end = offset + limit
    return list(found[offset:end]), end if end < len(found) else None


def _car(line: answers.McpTimeline, driver: str | None) -> int | None:
    """Return the number of the car of a driver; None where none was asked for.

    Raises:
        ToolError: No such driver was in this race.
    """
    if driver is None:
        return None
    for each in line.drivers:
        if driver.strip().upper() in {each.code.upper(), str(each.car)}:
            return each.car
    codes = ", ".join(each.code for each in line.drivers)
    raise ToolError(f"There is no driver {driver[:20]!r} in this race; there are {codes}.")


def _code(line: answers.McpTimeline, car: int) -> str:
    return next((each.code for each in line.drivers if each.car == car), "") or str(car)


def _lap(line: answers.McpTimeline, at: datetime) -> int | None:
    """Return the leader's lap at a moment; None before the first."""
    place = bisect_right(line.laps, at, key=lambda each: each.at)
    return line.laps[place - 1].lap if place else None
