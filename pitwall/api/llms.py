"""Serve `/llms.txt`: what this server is and where its API is, for language models.

The form is that of https://llmstxt.org: a title, a summary, then lists of links.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from pitwall import __version__

_TEXT: Final = f"""\
# Pitwall

> Formula 1 battles, live, and the chance that each ends in an overtake. For every two cars on
> neighbouring places within two seconds, pitwall estimates the probability that the car behind is
> ahead a lap later, and says what moved it.

This is a server that somebody runs, release {__version__}. What it shows may be a live race, a
recorded one, one reconstructed from archives, or a simulation: every answer says which in `source`.
A simulated race is no real one; never present it as one. Probabilities are estimates, given that
neither car pits and the track stays clear. Times are UTC.

## API

- [OpenAPI](/openapi.json): every route, parameter and field, with examples
- [Documentation](/docs): the same, to read and to try
- [Battles now](/live-battles): JSON, open to everyone; send the `ETag` back in `If-None-Match`
- [Battles as they change](/live-battles/stream): server-sent events, open to everyone
- [The session now](/live): all cars, open to everyone
- [How forecasts came out](/ledger): with `Accept: application/json`, open to everyone
- [Health](/health): whether the data can be trusted now
- [Stored races](/history): with an API key; `/history/RACE_ID/timeline` has battles and passes
- [Forecasts](/predict): with an API key; of any moment of a stored race, or of a made-up battle
- [OpenF1's tables](/v1/sessions): with an API key, on the server's own machine without; rows and
  filters as api.openf1.org has them

Errors are problem details (RFC 9457) whose `detail` says what was wrong. API keys are made on
[the account page](/account) and sent as `Authorization: Bearer KEY`.

## Terms

- Ask as often as the `RateLimit` headers allow; after 429 wait for `Retry-After`.
- Name the source of the data, and that a probability is an estimate.
- Pitwall is free software (MIT licence). It is unofficial and not associated with Formula 1. F1 and
  Formula 1 are trade marks of Formula One Licensing B.V. The timing data belongs to its owners.

## Optional

- `pitwall mcp` offers all this as tools of the Model Context Protocol (MCP).
- [About the forecasts](/about), for people
"""

router = APIRouter(tags=["documentation"])


@router.get("/llms.txt", include_in_schema=False)
async def llms() -> PlainTextResponse:
    """Return the text."""
    return PlainTextResponse(_TEXT, headers={"Cache-Control": "max-age=3600"})
