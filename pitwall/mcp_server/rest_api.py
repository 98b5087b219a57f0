"""Ask the API of a running pitwall, and tell refusals in words that a model can act on.

All rules are the API's own: who may read what, how much and how often. `pitwall.client` is not
used, because answers are validated as pydantic models (`answers`), which also describe the tools,
and because a refusal has to say what the owner of this server can do about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

import httpx
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, ValidationError

from pitwall import __version__

ANSWERS_WITHIN_S: Final = 30.0
_UNAUTHORIZED: Final = 401
_MOST_CHARACTERS: Final = 500
_WITH_KEY: Final = (
    "This server was started without an API key; its owner can make one on pitwall's account page "
    "and set PITWALL_KEY."
)

Answer = TypeVar("Answer", bound=BaseModel)
Parameters = Mapping[str, str | int | float | bool | list[str] | None]


class RestApi:
    """The API of one server; a context manager.

    Args:
        url: The server's address.
        key: An API key; "" asks as a guest.
        transport: How requests are sent; None over the network.
    """

    def __init__(
        self, url: str, key: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = _without_log_in(url)
        self._has_key = bool(key)
        headers = {"User-Agent": f"pitwall-mcp/{__version__}", "Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._client = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=ANSWERS_WITHIN_S, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def get(
        self, model: type[Answer], path: str, parameters: Parameters | None = None
    ) -> Answer:
        """Return what is at a path.

        Args:
            model: The shape of the answer; further fields are left out.
            path: Such as `/history`.
            parameters: The query; None values are left out.

        Raises:
            ToolError: There is no answer, or a refusal; its message says why.
        """
        query = {name: value for name, value in (parameters or {}).items() if value is not None}
        return self._read(model, await self._ask("GET", path, params=query))

    async def post(self, model: type[Answer], path: str, body: Mapping[str, Any]) -> Answer:
        """Return the answer to a question that is sent as JSON.

        Raises:
            ToolError: There is no answer, or a refusal; its message says why.
        """
        return self._read(model, await self._ask("POST", path, json=body))

    async def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:  # noqa: ANN401  httpx's own
        try:
            response = await self._client.request(method, path, **what)
        except httpx.TimeoutException:
            message = f"pitwall at {self._url} did not answer within {ANSWERS_WITHIN_S:.0f} s."
            raise ToolError(message) from None
        except httpx.HTTPError as error:
            message = (
                f"No pitwall answers at {self._url} ({type(error).__name__}). It has to be "
                "started, or its address given with --url or PITWALL_URL."
            )
            raise ToolError(message) from None
        if response.is_success:
            return response
        raise ToolError(self._refusal(response))

    def _refusal(self, response: httpx.Response) -> str:
        """Return the detail of a problem (RFC 9457), with its status."""
        try:
            problem = response.json()
            detail = str(problem["detail"])[:_MOST_CHARACTERS]
        except (ValueError, KeyError, TypeError):
            return f"{self._url} answered {response.status_code}, and not as pitwall does."
        hint = (
            f" {_WITH_KEY}" if response.status_code == _UNAUTHORIZED and not self._has_key else ""
        )
        return f"{detail}{hint} (status {response.status_code})"

    def _read(self, model: type[Answer], response: httpx.Response) -> Answer:
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            first = ".".join(str(part) for part in error.errors()[0]["loc"])
            message = (
                f"pitwall at {self._url} answered in a form that this release "
                f"({__version__}) cannot read, at {first or 'its beginning'}."
            )
            raise ToolError(message) from None


def _without_log_in(url: str) -> str:
    """Return an address as it may be told."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
