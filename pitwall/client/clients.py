"""Ask a pitwall server: `Pitwall` blocks, `AsyncPitwall` awaits; both offer the same calls."""

from __future__ import annotations

import asyncio
import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Coroutine, Generator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

import httpx
from httpx_sse import EventSource

from pitwall import __version__
from pitwall.client.answers import (
    AccountInfo,
    BattlesNow,
    Forecasts,
    LedgerReport,
    MadeUpFeature,
    MadeUpForecast,
    RaceTimeline,
    ServerHealth,
    SessionNow,
    StoredRace,
)
from pitwall.client.asking import Pause, RequestSteps, RetryPolicy, Steps
from pitwall.client.calls import Calls
from pitwall.client.errors import ClientError
from pitwall.client.stream import SILENT_S, Following, News
from pitwall.client.tables import RaceTables

if TYPE_CHECKING:
    from typing import Unpack

    import polars

    from pitwall.client.calls import (
        BattleFilter,
        FileKind,
        ForecastQuery,
        LedgerQuery,
        RacePart,
        RaceQuery,
        TableName,
    )
    from pitwall.client.stream import StreamFilter

T = TypeVar("T")
Transport = TypeVar("Transport")
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)

HERE: Final = "http://127.0.0.1:8000"
_CONNECT_S: Final = 10.0
_ADDRESS: Final = re.compile(r"https?://[^\s/?#]+(?:/[^\s?#]*)?", re.IGNORECASE)


class PitwallClient(ABC, Generic[Transport, Http]):
    """What both clients have in common: where the server is, who asks, and how patiently.

    Args:
        url: The server's address; None is `PITWALL_URL`, or else this machine.
        key: An API key; None is `PITWALL_KEY`. Without one only open routes answer, until a log-in.
        retry: How often and how patiently a request is repeated.
        timeout_s: How long the server may take to go on with an answer.
        transport: How requests are sent, for proxies and tests; None is over the network.

    Raises:
        ClientError: The address is none.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        retry: RetryPolicy | None = None,
        timeout_s: float = 60.0,
        transport: Transport | None = None,
    ) -> None:
        self.url = (url or os.environ.get("PITWALL_URL") or HERE).rstrip("/")
        if not _ADDRESS.fullmatch(self.url):
            message = f"{self.url!a} is no address of a server, such as https://HOST[:PORT]."
            raise ClientError(message)
        self.retry = retry or RetryPolicy()
        self._calls = Calls(RequestSteps(self.retry))
        headers = {"User-Agent": f"pitwall-client/{__version__}"}
        secret = os.environ.get("PITWALL_KEY", "") if key is None else key
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        self._http: Http = self._open(
            base_url=self.url,
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=_CONNECT_S),
            transport=transport,
        )

    @abstractmethod
    def _open(self, **settings: Any) -> Http:  # noqa: ANN401  passed on as they are
        """Return httpx's client."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"


def _listening(request: httpx.Request) -> httpx.Request:
    """Return a request for the stream, which may be silent between two heartbeats."""
    request.extensions["timeout"] = {**request.extensions["timeout"], "read": SILENT_S}
    return request


class Pitwall(PitwallClient[httpx.BaseTransport, httpx.Client]):
    """Asks a pitwall server, and blocks until it has answered; `PitwallClient` says what it takes.

    Example:
        with Pitwall("http://localhost:8000", key="pw_...") as pitwall:
            for race in pitwall.races(year=2025):
                print(race.race_id)
    """

    def _open(self, **settings: Any) -> httpx.Client:  # noqa: ANN401  passed on as they are
        return httpx.Client(**settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def race(self, race_id: str) -> Race:
        """Return a stored race; nothing is asked yet."""
        return Race(race_id, self)

    def races(self, **wanted: Unpack[RaceQuery]) -> list[StoredRace]:
        """List the stored races, the newest first."""
        return self._take(self._calls.races(wanted))

    def live(self) -> SessionNow:
        """Return the session on show, of whatever kind, with all cars."""
        return self._take(self._calls.live())

    def live_battles(self, **wanted: Unpack[BattleFilter]) -> BattlesNow:
        """Return the battles on show with their forecasts, front of the field first."""
        return self._take(self._calls.live_battles(wanted))

    def stream(self, **wanted: Unpack[StreamFilter]) -> Generator[News, None, None]:
        """Yield frames and events of the race on show as they come; a broken stream goes on.

        Raises:
            ProblemError: The server refused.
            UnreachableError: It failed several times in a row.
        """
        following = Following(wanted, self.retry)
        while True:
            try:
                request = _listening(following.request.build(self._http))
                answer = self._http.send(request, stream=True)
                try:
                    if not answer.is_success:
                        answer.read()
                    wait_s = following.check(answer)
                    if wait_s is None:
                        for event in EventSource(answer).iter_sse():
                            if (news := following.news(event)) is not None:
                                yield news
                        wait_s = following.ended()
                finally:
                    answer.close()
            except httpx.RequestError as error:
                wait_s = following.broke(error)
            time.sleep(wait_s)

    def predict(self, **wanted: Unpack[ForecastQuery]) -> Forecasts:
        """Return forecasts made on request: of this moment, or of one of a stored race."""
        return self._take(self._calls.predict(wanted))

    def what_if(self, features: Mapping[str, float]) -> MadeUpForecast:
        """Return the forecast of a made-up battle, described by its known features."""
        return self._take(self._calls.what_if(features))

    def features(self) -> list[MadeUpFeature]:
        """List the features of a made-up battle, with units and ranges."""
        return self._take(self._calls.features())

    def ledger(self, **wanted: Unpack[LedgerQuery]) -> LedgerReport:
        """Return how forecasts came out according to the ledger."""
        return self._take(self._calls.ledger(wanted))

    def openf1(self, table: str, *filters: str) -> polars.DataFrame:
        """Return rows as OpenF1 gives them.

        Args:
            table: Such as `laps`; see `/v1` in the API's documentation.
            filters: As OpenF1 takes them: `session_key=latest`, `lap_number<5`.
        """
        return self._take(self._calls.openf1(table, filters))

    def health(self) -> ServerHealth:
        """Return the state of the server and its feed."""
        return self._take(self._calls.health())

    def account(self) -> AccountInfo:
        """Return the account that asks."""
        return self._take(self._calls.account())

    def log_in(self, email: str, password: str) -> AccountInfo:
        """Log in, in place of an API key, until `log_out`."""
        return self._take(self._calls.log_in(email, password))

    def log_out(self) -> None:
        """End the log-in."""
        self._take(self._calls.log_out())

    def _take(self, steps: Steps[T]) -> T:
        """Take all steps, and return their result."""
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    time.sleep(step.seconds)
                    step = steps.send(None)
                    continue
                try:
                    answer = self._http.send(step.build(self._http))
                except httpx.RequestError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result


class AsyncPitwall(PitwallClient[httpx.AsyncBaseTransport, httpx.AsyncClient]):
    """Asks a pitwall server; every call is awaited, and `PitwallClient` says what it takes.

    Example:
        async with AsyncPitwall() as pitwall:
            battles = await pitwall.live_battles(min_p=0.2)
    """

    def _open(self, **settings: Any) -> httpx.AsyncClient:  # noqa: ANN401  passed on as they are
        return httpx.AsyncClient(**settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def race(self, race_id: str) -> AsyncRace:
        """Return a stored race; nothing is asked yet."""
        return AsyncRace(race_id, self)

    async def races(self, **wanted: Unpack[RaceQuery]) -> list[StoredRace]:
        """List the stored races, the newest first."""
        return await self._take(self._calls.races(wanted))

    async def live(self) -> SessionNow:
        """Return the session on show, of whatever kind, with all cars."""
        return await self._take(self._calls.live())

    async def live_battles(self, **wanted: Unpack[BattleFilter]) -> BattlesNow:
        """Return the battles on show with their forecasts, front of the field first."""
        return await self._take(self._calls.live_battles(wanted))

    async def stream(self, **wanted: Unpack[StreamFilter]) -> AsyncGenerator[News, None]:
        """Yield frames and events of the race on show as they come; a broken stream goes on.

        Close it where you leave it early: `async with contextlib.aclosing(pitwall.stream())`.

        Raises:
            ProblemError: The server refused.
            UnreachableError: It failed several times in a row.
        """
        following = Following(wanted, self.retry)
        while True:
            try:
                request = _listening(following.request.build(self._http))
                answer = await self._http.send(request, stream=True)
                try:
                    if not answer.is_success:
                        await answer.aread()
                    wait_s = following.check(answer)
                    if wait_s is None:
                        async for event in EventSource(answer).aiter_sse():
                            if (news := following.news(event)) is not None:
                                yield news
                        wait_s = following.ended()
                finally:
                    await answer.aclose()
            except httpx.RequestError as error:
                wait_s = following.broke(error)
            await asyncio.sleep(wait_s)

    async def predict(self, **wanted: Unpack[ForecastQuery]) -> Forecasts:
        """Return forecasts made on request: of this moment, or of one of a stored race."""
        return await self._take(self._calls.predict(wanted))

    async def what_if(self, features: Mapping[str, float]) -> MadeUpForecast:
        """Return the forecast of a made-up battle, described by its known features."""
        return await self._take(self._calls.what_if(features))

    async def features(self) -> list[MadeUpFeature]:
        """List the features of a made-up battle, with units and ranges."""
        return await self._take(self._calls.features())

    async def ledger(self, **wanted: Unpack[LedgerQuery]) -> LedgerReport:
        """Return how forecasts came out according to the ledger."""
        return await self._take(self._calls.ledger(wanted))

    async def openf1(self, table: str, *filters: str) -> polars.DataFrame:
        """Return rows as OpenF1 gives them; see `Pitwall.openf1`."""
        return await self._take(self._calls.openf1(table, filters))

    async def health(self) -> ServerHealth:
        """Return the state of the server and its feed."""
        return await self._take(self._calls.health())

    async def account(self) -> AccountInfo:
        """Return the account that asks."""
        return await self._take(self._calls.account())

    async def log_in(self, email: str, password: str) -> AccountInfo:
        """Log in, in place of an API key, until `log_out`."""
        return await self._take(self._calls.log_in(email, password))

    async def log_out(self) -> None:
        """End the log-in."""
        await self._take(self._calls.log_out())

    async def _take(self, steps: Steps[T]) -> T:
        """Take all steps, and return their result."""
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    step = steps.send(None)
                    continue
                try:
                    answer = await self._http.send(step.build(self._http))
                except httpx.RequestError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result


class Race(RaceTables["polars.DataFrame"]):
    """A stored race, read from a server.

    Example:
        Race("2025-dutch-grand-prix-race").laps()

    Args:
        race_id: The id, as `Pitwall.races` lists it.
        client: Asks the server; None is a client that `PITWALL_URL` and `PITWALL_KEY` describe.
    """

    def __init__(self, race_id: str, client: Pitwall | None = None) -> None:
        self.race_id = race_id
        self._client = client or usual_client()

    def __repr__(self) -> str:
        return f"Race({self.race_id!r})"

    def info(self) -> StoredRace:
        """Return what is known of the race as a whole."""
        return self._client._take(self._client._calls.race(self.race_id))

    def timeline(self) -> RaceTimeline:
        """Return the race at a glance: battles, passes, stops, flags, laps."""
        return self._client._take(self._client._calls.timeline(self.race_id))

    def table(self, name: TableName, **part: Unpack[RacePart]) -> polars.DataFrame:
        """Return a table by its name; `export` is the whole race without telemetry."""
        return self._client._take(self._client._calls.table(self.race_id, name, part))

    def battles(self, **part: Unpack[RacePart]) -> polars.DataFrame:
        """Return one row a battle; see `RaceTables.battles`."""
        return self._client._take(self._client._calls.battles(self.race_id, part))

    def file(self, name: TableName, kind: FileKind, **part: Unpack[RacePart]) -> bytes:
        """Return a table as the bytes of a CSV or Parquet file."""
        return self._client._take(self._client._calls.file(self.race_id, name, kind, part))


class AsyncRace(RaceTables[Coroutine[Any, Any, "polars.DataFrame"]]):
    """A stored race, read from a server; every call is awaited.

    Args:
        race_id: The id, as `AsyncPitwall.races` lists it.
        client: Asks the server.
    """

    def __init__(self, race_id: str, client: AsyncPitwall) -> None:
        self.race_id = race_id
        self._client = client

    def __repr__(self) -> str:
        return f"AsyncRace({self.race_id!r})"

    async def info(self) -> StoredRace:
        """Return what is known of the race as a whole."""
        return await self._client._take(self._client._calls.race(self.race_id))

    async def timeline(self) -> RaceTimeline:
        """Return the race at a glance: battles, passes, stops, flags, laps."""
        return await self._client._take(self._client._calls.timeline(self.race_id))

    async def table(self, name: TableName, **part: Unpack[RacePart]) -> polars.DataFrame:
        """Return a table by its name; `export` is the whole race without telemetry."""
        return await self._client._take(self._client._calls.table(self.race_id, name, part))

    async def battles(self, **part: Unpack[RacePart]) -> polars.DataFrame:
        """Return one row a battle; see `RaceTables.battles`."""
        return await self._client._take(self._client._calls.battles(self.race_id, part))

    async def file(self, name: TableName, kind: FileKind, **part: Unpack[RacePart]) -> bytes:
        """Return a table as the bytes of a CSV or Parquet file."""
        return await self._client._take(self._client._calls.file(self.race_id, name, kind, part))


@cache
def usual_client() -> Pitwall:
    """Return the client of all races that name none."""
    return Pitwall()
