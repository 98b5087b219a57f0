"""Hold an OpenF1 account, its hourly bearer token, and when to renew it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from pitwall.errors import FeedUnavailableError

USUAL_LIFE_S = 3600.0
_RENEWED_BEFORE = timedelta(minutes=5)  # a connection opened with it should live a while


class OpenF1TokenRefusedError(FeedUnavailableError):
    """The server refused the account or its token."""


@dataclass(frozen=True, slots=True)
class OpenF1Account:
    """A paid OpenF1 account: the user is its e-mail address."""

    user: str
    password: str = field(repr=False)


class Bearer:
    """The token of an account.

    Attributes:
        account: The account it belongs to.
        token: The current token; "" before the first.
    """

    def __init__(self, account: OpenF1Account) -> None:
        self.account = account
        self.token = ""
        self._until: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Return whether the token is valid for some minutes more."""
        return self._until is not None and now < self._until

    def take(self, body: bytes, now: datetime) -> None:
        """Store the token in an answer to `POST /token`.

        Raises:
            FeedUnavailableError: It holds no token.
        """
        try:
            answer = orjson.loads(body)
            token = answer["access_token"]
            life_s = float(answer.get("expires_in") or USUAL_LIFE_S)
        except (ValueError, KeyError, TypeError, AttributeError):
            token, life_s = None, USUAL_LIFE_S
        if not isinstance(token, str) or not token:
            raise FeedUnavailableError("OpenF1's answer to the account holds no token.")
        life = timedelta(seconds=min(max(life_s, 0.0), 86_400.0))
        self.token = token
        self._until = now + max(life - _RENEWED_BEFORE, life / 2)

    def drop(self) -> None:
        """Forget the token, which the server no longer accepts."""
        self._until = None
