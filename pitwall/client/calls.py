"""Define what can be asked of the server, each call once, as steps to its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict
from urllib.parse import quote

from pitwall.client.answers import (
    AccountInfo,
    BattlesNow,
    Forecasts,
    LedgerReport,
    MadeUpFeature,
    MadeUpForecast,
    RaceHead,
    RacesPage,
    RaceTimeline,
    ServerHealth,
    SessionNow,
    StoredRace,
)
from pitwall.client.asking import Request, RequestSteps, Steps, decoded, part_of_path, query_of
from pitwall.client.battles import NEEDED, battles_in
from pitwall.client.frames import frame_of, frame_of_rows, read_parquet
from pitwall.client.stream import Drivers, comma_separated

if TYPE_CHECKING:
    import polars

TableName = Literal[
    "export", "entries", "statuses", "race_control", "weather", "stints", "standings", "laps",
    "timing", "predictions", "telemetry",
]  # fmt: skip
FileKind = Literal["csv", "parquet"]

_PAGE: Final = 200
_PARQUET: Final = "application/vnd.apache.parquet"


class RaceQuery(TypedDict, total=False):
    """Which stored races: of a year, a circuit's key, a kind of session, a source, a driver."""

    year: int
    circuit: str
    kind: str
    source: str
    driver: str


class RacePart(TypedDict, total=False):
    """Which part of a race: rows from `since` on and before `until`, about these `drivers`."""

    since: datetime
    until: datetime
    drivers: Drivers


class BattleFilter(TypedDict, total=False):
    """Which battles: below an interval, with at least a chance; also those that are `fading`."""

    below_s: float
    min_p: float
    fading: bool


class ForecastQuery(TypedDict, total=False):
    """Which forecasts: of these cars, by number or three letters; of a stored race at a moment."""

    attacker: str | int
    defender: str | int
    race_id: str
    at: datetime


class LedgerQuery(TypedDict, total=False):
    """Which forecasts: `made` before the outcome or by an import; of simulated races."""

    made: Literal["live", "import"]
    simulated: bool


@dataclass(frozen=True, slots=True)
class Calls:
    """Makes the steps of every call.

    Args:
        steps: How each request is asked.
    """

    steps: RequestSteps

    def races(self, wanted: RaceQuery) -> Steps[list[StoredRace]]:
        """List races, page by page until the last."""
        found: list[StoredRace] = []
        cursor: str | None = None
        while True:
            query = {**wanted, "limit": _PAGE, "cursor": cursor}
            page = yield from self.steps.value(Request("/history", query), RacesPage)
            found += page.races
            cursor = page.next_cursor
            if cursor is None:
                return found

    def race(self, race_id: str) -> Steps[StoredRace]:
        """Read what is known of a race as a whole."""
        query = {"tables": "entries", "limit": 1}
        request = Request(f"/history/{part_of_path(race_id)}", query)
        return (yield from self.steps.value(request, RaceHead)).race

    def timeline(self, race_id: str) -> Steps[RaceTimeline]:
        """Read a race at a glance."""
        return self.steps.value(Request(f"/history/{part_of_path(race_id)}/timeline"), RaceTimeline)

    def file(self, race_id: str, table: TableName, kind: FileKind, part: RacePart) -> Steps[bytes]:
        """Read a table of a race as a file."""
        request = _file(race_id, table, kind, part)
        return (yield from self.steps.answer(request)).content

    def table(self, race_id: str, table: TableName, part: RacePart) -> Steps[polars.DataFrame]:
        """Read a table of a race as a data frame."""
        content = yield from self.file(race_id, table, "parquet", part)
        return read_parquet(content, f"{race_id}/{table}.parquet")

    def battles(self, race_id: str, part: RacePart) -> Steps[polars.DataFrame]:
        """Find the battles of a race."""
        forecasts = yield from self.table(race_id, "predictions", part)
        return frame_of(battles_in({name: forecasts[name].to_list() for name in NEEDED}))

    def live_battles(self, wanted: BattleFilter) -> Steps[BattlesNow]:
        """Read the battles now."""
        return self.steps.value(Request("/live-battles", query_of(wanted)), BattlesNow)

    def live(self) -> Steps[SessionNow]:
        """Read the session now."""
        return self.steps.value(Request("/live"), SessionNow)

    def predict(self, wanted: ForecastQuery) -> Steps[Forecasts]:
        """Read forecasts that are made on request."""
        query: dict[str, Any] = dict(wanted)
        if "at" in wanted:
            query["at"] = wanted["at"].isoformat()
        return self.steps.value(Request("/predict", query), Forecasts)

    def what_if(self, features: Mapping[str, float]) -> Steps[MadeUpForecast]:
        """Read the forecast of a made-up battle."""
        body = {"features": dict(features)}
        return self.steps.value(Request("/predict", method="POST", body=body), MadeUpForecast)

    def features(self) -> Steps[list[MadeUpFeature]]:
        """List the features of a made-up battle."""
        return self.steps.value(Request("/predict/features"), list[MadeUpFeature])

    def ledger(self, wanted: LedgerQuery) -> Steps[LedgerReport]:
        """Read how forecasts came out."""
        return self.steps.value(Request("/ledger", query_of(wanted)), LedgerReport)

    def openf1(self, table: str, filters: Sequence[str]) -> Steps[polars.DataFrame]:
        """Read rows as OpenF1 gives them."""
        query = "&".join(quote(each, safe="=<>:,.+-") for each in filters)
        path = f"/v1/{part_of_path(table)}" + (f"?{query}" if query else "")
        answer = yield from self.steps.answer(Request(path))
        return frame_of_rows(decoded(answer.content, list[dict[str, Any]], path))

    def health(self) -> Steps[ServerHealth]:
        """Read the state of the server; one that answers 503 has a state too."""
        return self.steps.value(Request("/health", answers=frozenset({503})), ServerHealth)

    def account(self) -> Steps[AccountInfo]:
        """Read who asks."""
        return self.steps.value(Request("/auth/me"), AccountInfo)

    def log_in(self, email: str, password: str) -> Steps[AccountInfo]:
        """Log in; the answer sets a cookie."""
        body = {"email": email, "password": password}
        request = Request("/auth/login", method="POST", body=body, may_repeat=False)
        account = yield from self.steps.value(request, AccountInfo)
        self.steps.known.clear()
        return account

    def log_out(self) -> Steps[None]:
        """Log out."""
        yield from self.steps.answer(Request("/auth/logout", method="POST", may_repeat=False))
        self.steps.known.clear()


def _file(race_id: str, table: TableName, kind: FileKind, part: RacePart) -> Request:
    query = {
        "from": _instant(part.get("since")),
        "to": _instant(part.get("until")),
        "drivers": comma_separated(part.get("drivers")),
    }
    path = f"/history/{part_of_path(race_id)}/{part_of_path(table)}.{kind}"
    return Request(path, query, accept=_PARQUET if kind == "parquet" else "text/csv")


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
